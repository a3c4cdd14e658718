"""The justice department's portal, in the manner of SharePoint 2010: web parts, lists paged by script."""

from __future__ import annotations

import re
from html import escape

from portal_crawler.sample.markup import text
from portal_crawler.sample.portal import PAGE_SIZE, Answer, Asked, SamplePortal, page, redirect
from portal_crawler.sample.story import Story
from portal_crawler.sample.truth import TruthArticle
from portal_crawler.sample.widgets import MARQUEE, WEEKDAYS

VIEW = "{5C1E0A47-93D2-4B6F-A1C8-2E7740B9D3F6}"
POST = re.compile(r"^/(?P<section>\w+)/Lists/Posts/Post\.aspx$", re.IGNORECASE)
LIST = re.compile(r"^/(?P<section>\w+)/Lists/Posts/AllPosts\.aspx$", re.IGNORECASE)
FAULTY, EMPTY = 1907, 1911
CSS = """
body{margin:0;font:13px Tahoma,Arial,sans-serif;background:#dfe8f0;color:#222}#s4-workspace{width:1000px;margin:0 auto;background:#fff}
.s4-titlerow{background:#0d5ea8 linear-gradient(#2b86d6,#0a3f78);color:#fff;padding:26px 24px;font-size:22px;font-weight:bold}
.menu-ngang{background:#0a3f78;margin:0;padding:0;list-style:none;display:flex;flex-wrap:wrap}.menu-ngang a{display:block;color:#fff;padding:8px;text-decoration:none;font-size:12px}
.menu-ngang ul{display:none}.snMain{display:flex}.snLeft{width:190px;padding:8px}.snCenter{width:590px;padding:8px}.snRight{width:190px;padding:8px}
.boxTitle{background:#0d5ea8;color:#fff;font-weight:bold;padding:6px;margin-top:8px}.boxBody{border:1px solid #b7cde2;padding:6px;overflow:hidden}
p.Title{font-size:18px;font-weight:bold;color:#0a3f78;margin:8px 0}.Time{color:#888;font-size:11px}.FolderTitle{font-weight:bold;color:#c00}
.lv_description_mode1{display:block;margin-bottom:8px}[class*=ExternalClass]{line-height:1.55;text-align:justify}[class*=ExternalClass] img{max-width:560px;height:auto}
.news-tab-li{list-style:none;border-bottom:1px dotted #bbb;padding:6px 0}.font-number{background:#222;color:#fff;padding:1px 4px;font-family:monospace}
.Footer-Text{background:#0a3f78;color:#fff;padding:14px;font-size:12px}.Footer-Text a{color:#fff}.homnay{background:#c00;color:#fff}td{vertical-align:top}a{color:#0a3f78}
.OtherTitle{font-weight:bold;color:#c00}select{width:100%}.lichvannien{font-size:11px}.dangnhap input{width:95%}
"""


class SharePointPortal(SamplePortal):
    """Justice portal on SharePoint."""

    family = "SharePoint 2010"
    spider = "sample_stp"
    name = "stp"
    css = CSS
    widget_strings = ("TIN ĐÃ ĐƯA", "SỐ LƯỢT TRUY CẬP", "SỐ LƯỢT ĐANG ONLINE", "This page location is", "Sign In",
                      "Số lượt người xem", "Currently selected", "Chỉnh sửa liên kết ảnh", "THƯ VIỆN ẢNH")  # fmt: skip

    def path(self, story: Story) -> str:
        """A list item's display form."""
        return f"/{self.slug(story)}/Lists/Posts/Post.aspx?ID={story.number}"

    def slug(self, story: Story) -> str:
        """Subsite of a story's section; SharePoint's have no hyphens."""
        return self.department.sections[story.section].slug.replace("-", "")

    def aliases(self, story: Story) -> list[str]:
        """The address of the system before, which redirects."""
        return [f"/tin/{story.number}.html"]

    def key_of(self, url: str) -> str | None:
        """The item's number."""
        found = re.search(r"[?&]ID=(\d+)|/tin/(\d+)\.html", url, re.IGNORECASE)
        return (found[1] or found[2]) if found else None

    def broken(self) -> dict[str, str]:
        """An item whose web part fails, and one that was emptied."""
        posts = f"/{self.department.sections[0].slug}/Lists/Posts/Post.aspx?ID="
        return {f"{posts}{FAULTY}": "http_error", f"{posts}{EMPTY}": "no_article"}

    def respond(self, asked: Asked) -> Answer | None:  # noqa: PLR0911 - a router returns where it finds the page
        """Home, lists, items, redirects."""
        if asked.path in ("/", "/en/Pages/default.aspx"):
            return redirect("/Pages/default.aspx")
        if asked.path == "/Pages/default.aspx":
            return page(self.home())
        if old := re.match(r"^/tin/(\d+)\.html$", asked.path):
            moved = self.by_number.get(int(old[1]))
            return redirect(self.path(moved), 301) if moved else None
        if POST.match(asked.path):
            return self.item(asked.query.get("ID", ""))
        if found := LIST.match(asked.path):
            slugs = [section.slug.replace("-", "") for section in self.department.sections]
            if found["section"] in slugs:
                first = asked.query.get("PageFirstRow", "1")
                return page(self.list_page(slugs.index(found["section"]), int(first) if first.isdecimal() else 1))
        if entry := self.menu_page(asked.path):
            return page(self.frame(f'<div class="postMain"><h2>{entry}</h2><p>Nội dung đang được cập nhật.</p></div>'))
        return None

    def item(self, number: str) -> Answer | None:
        """A list item, or what becomes of a faulty one."""
        if number == str(FAULTY):
            return page(
                "<html><head><title>Error</title></head><body>An unexpected error has occurred.</body></html>", 500
            )
        if number == str(EMPTY):
            return page(self.frame('<div class="postMain"><span class="ms-error">Item does not exist.</span></div>'))
        story = self.by_number.get(int(number)) if number.isdecimal() else None
        return page(self.article(story)) if story else None

    def menu_path(self, entry: str) -> str:
        """Pages have the .aspx ending."""
        return f"Pages/{super().menu_path(entry)}.aspx"

    # Pages

    def web_part(self, number: int, title: str, body: str) -> str:
        """A web part in its zone's cell."""
        return (
            f'<table class="s4-wpTopTable" border="0" cellpadding="0" cellspacing="0" width="100%"><tr><td valign="top">'
            f'<div webpartid="0a{number}f91c-77aa-4e1c-9b{number:02}-c0ffee{number:06}" id="WebPartWPQ{number}" width="100%" class="ms-WPBody">'
            f'<div class="boxTitle">{title}</div><div class="boxBody">{body}</div></div></td></tr></table>\n'
        )

    def digits(self, value: str) -> str:
        """A number with one digit in a cell."""
        cells = "".join(
            f'<td height="10" align="center"><table class="tb-HitCount" cellspacing="0" cellpadding="0"><tbody><tr>'
            f'<td class="background-img"><div class="font-number">{digit}</div></td></tr></tbody></table></td>'
            for digit in value
            if digit.isdecimal()
        )
        return f"<table><tbody><tr>{cells}</tr></tbody></table>"

    def hits(self) -> str:
        """The counter of this family."""
        counters = self.widgets.counters()
        return (
            '<div class="TruyCapOnLine"><div class="ThongKeTruyCap"><div class="divHitCount"><div class="HitTitle"><h3>SỐ LƯỢT TRUY CẬP</h3></div>'
            f'{self.digits(counters["Tổng lượt truy cập"])}</div><div class="divHitCount"><div class="HitTitle"><h3>SỐ LƯỢT ĐANG ONLINE</h3></div>'
            f"{self.digits(counters['Đang truy cập'])}</div></div></div>"
        )

    def frame(self, content: str) -> str:
        """A page around its content; its title is the site's on every page."""
        widgets = self.widgets
        site = f"Trang thông tin điện tử {self.department.title} tỉnh Lam Châu"
        sections = "".join(
            f'<li><a href="/{section.slug.replace("-", "")}/Lists/Posts/AllPosts.aspx">{section.title}</a></li>'
            for section in self.department.sections
        )
        side = "".join(
            f'<div class="allowMenu"><a href="https://banner{place}.lamchau.example/"><img src="/img/banner{place}.png" alt="" width="170" height="60"/></a></div>'
            for place in range(1, 5)
        )
        left = "".join(
            (
                self.web_part(4, "Lịch vạn niên", widgets.calendar()),
                self.web_part(
                    5,
                    "Liên kết website",
                    f'<div class="linkweb"><div class="linkweb-cnt">{widgets.links("cbo-weblink")}</div></div>',
                ),
                self.web_part(6, "Thời tiết", widgets.weather()),
            )
        )
        right = "".join(
            (
                self.web_part(7, "THƯ VIỆN ẢNH", f"{side}<a href='#'>Chỉnh sửa liên kết ảnh</a>"),
                self.web_part(8, "Thăm dò ý kiến", widgets.poll("/Pages/ket-qua-tham-do.aspx")),
                self.web_part(9, "Đăng nhập", widgets.login("/Pages/quen-mat-khau.aspx")),
                self.web_part(10, "Thống kê", self.hits()),
            )
        )
        return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns:o="urn:schemas-microsoft-com:office:office" lang="en-us" dir="ltr"><head>
<meta http-equiv="X-UA-Compatible" content="IE=8" /><meta name="GENERATOR" content="Microsoft SharePoint" />
<meta name="progid" content="SharePoint.WebPartPage.Document" /><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>{site}</title><link rel="stylesheet" type="text/css" href="/_layouts/1033/styles/Themable/corev4.css?rev=iIikGkMuXBs8CWzKDAyjsQ" />
<script type="text/javascript">var _spBodyOnLoadWrapper=function(){{}};function RefreshPageTo(e,u){{window.location=u}}</script></head>
<body scroll="no" class="v4master"><form name="aspnetForm" method="post" action="?" id="aspnetForm">
<input type="hidden" name="__REQUESTDIGEST" id="__REQUESTDIGEST" value="0x4F" />
<div id="s4-ribbonrow"><a href="#" class="ms-skip">Skip to main content</a> <a href="/_layouts/Authenticate.aspx">Sign In</a></div>
<div id="s4-workspace"><div id="s4-bodyContainer"><div class="s4-title s4-titlerow"><h1 style="display:none">Home</h1>{site}</div>
<ul class="menu-ngang">{self.menu(sections)}</ul><div style="display:none">This page location is: //Pages/default.aspx/</div>
<div class="ngay-gio">{widgets.clock_line()} <a href="/Pages/default.aspx">Tiếng Việt</a> | <a href="/en/Pages/default.aspx">English</a></div><marquee>{MARQUEE}</marquee>
<div class="snMain"><div class="snLeft">{left}</div>
<div class="snCenter" id="MSO_ContentTable">{content}</div>
<div class="snRight">{right}</div></div>
<div class="Footer-Text"><div class="repon">{widgets.footer()}</div><a href="#s4-workspace">Về đầu trang</a></div>
</div></div></form></body></html>"""

    def home(self) -> str:
        """The newest of every section."""
        boxes = []
        for place, section in enumerate(self.department.sections):
            items = "".join(self.row(story) for story in self.on_page(place, 1)[:4])
            more = f'<div class="news-tab-xemtiep"><a href="/{section.slug.replace("-", "")}/Lists/Posts/AllPosts.aspx">Xem tiếp</a></div>'
            boxes.append(self.web_part(20 + place, section.title, f"<ul>{items}</ul>{more}"))
        old = self.listed(0)[12]
        boxes.append(self.web_part(29, "Tin đọc nhiều", f'<a href="/tin/{old.number}.html">{text(old.title)}</a>'))
        return self.frame("".join(boxes))

    def row(self, story: Story) -> str:
        """One item of a list."""
        return (
            f'<li class="news-tab-li"><a href="{escape(self.path(story))}">{text(story.title)}</a>'
            f' <span class="ShowDate">({story.published:%d/%m/%Y})</span></li>'
        )

    def list_page(self, section: int, first: int) -> str:
        """A page of a list: the way on stands in an onclick."""
        listed = self.listed(section)
        number = (first - 1) // PAGE_SIZE + 1
        shown = self.on_page(section, number)
        rows = "".join(self.row(story) for story in shown)
        if section == 0 and number == 1:
            rows += "".join(
                f'<li class="news-tab-li"><a href="{path}">Tin đang được cập nhật nội dung số {place}</a></li>'
                for place, path in enumerate(self.broken(), 1)
            )
        last = first + len(shown) - 1
        more = ""
        if shown and last < len(listed):
            end = shown[-1]
            name = self.department.sections[section].slug.replace("-", "")
            moment = end.published.strftime("%Y%m%d%%20%H%%3a%M%%3a00") if end.published else ""
            address = (
                f"/{name}/Lists/Posts/AllPosts.aspx?Paged=TRUE\\u0026p_PublishedDate={moment}\\u0026p_ID={end.number}"
                f"\\u0026PageFirstRow={last + 1}\\u0026View={VIEW}"
            )
            more = (
                f'<td><a onclick="RefreshPageTo(event, &quot;{address}&quot;);javascript:return false;" href="javascript:">'
                '<img src="/_layouts/1033/images/next.gif" border="0" alt="Next" width="12" height="12"/></a></td>'
            )
        pager = (
            '<table width="100%" border="0" class="ms-bottompaging"><tr><td class="ms-vb" align="center"><table><tr>'
            f'<td class="ms-paging">{first} - {last}</td>{more}</tr></table></td></tr></table>'
        )
        title = self.department.sections[section].title
        return self.frame(f'<div class="postMain"><div class="boxTitle">{title}</div><ul>{rows}</ul>{pager}</div>')

    def dateline(self, story: Story) -> str:
        """Day of the week, then day, month and year with spaces between."""
        assert story.published is not None
        return f"{WEEKDAYS[story.published.weekday()].lower()}, {story.published:%d %m %Y %H:%M}"

    def article(self, story: Story) -> str:
        """The news web part's detail."""
        others = "".join(f"{self.row(other)}" for other in self.neighbours(story))
        section = self.department.sections[story.section].title
        mark = f"{story.number * 2654435761 % 2**64:016X}{story.number * 40503 % 2**64:016X}"
        files = "".join(
            f'<p>File đính kèm: <a href="{self.file_path(story, i)}">{text(file.title)}</a></p>'
            for i, file in enumerate(story.files)
        )
        reads = 100 + story.number % 700 + next(self.widgets.visits) % 5
        return self.frame(
            f"""<div class="postMain"><div id="WebPartWPQ2" class="ms-WPBody noindex">
<div class="container_top_mid2"><table border="0" cellspacing="0" cellpadding="0" width="100%"><tbody><tr class="ms-news-header">
<td class="FolderTitle" valign="top">{section}</td><td class="Time" align="right">{self.dateline(story)}</td></tr></tbody></table></div>
<div id="part1"><table id="tableforprint" border="0" cellspacing="0" cellpadding="0" width="100%"><tbody>
<tr><td width="100%"><p class="Title">{text(story.title)}</p></td></tr>
<tr><td style="text-align: justify"><b class="lv_description_mode1 allowMenu">{text(story.lead or "")}</b></td></tr>
<tr><td style="text-align: justify"><div class="ExternalClass{mark}">
{self.body(story)}
{files}</div></td></tr></tbody></table></div>
<div class="tools"><span class="css_readCounter">Số lượt người xem: {reads}</span> <a href="javascript:window.print()">Bản in </a>{self.widgets.share(self.base + self.path(story))}{self.widgets.rating()}</div>
<div id="part2"><table class="tbtinkhac" width="100%"><tbody><tr><td class="OtherTitle"><p class="OtherTitle">TIN ĐÃ ĐƯA</p></td></tr></tbody></table>
<table width="100%"><tbody><tr><td class="Other" width="100%"><ul>{others}</ul></td></tr></tbody></table></div></div></div>"""
        )

    def file_path(self, story: Story, place: int) -> str:
        """A document library."""
        return f"/{self.slug(story)}/Documents/{story.files[place].name}"

    def truth_of(self, story: Story) -> TruthArticle:
        """Files stand in the text."""
        truth = super().truth_of(story)
        truth.blocks += [f"File đính kèm: {file.title}" for file in story.files]
        return truth
