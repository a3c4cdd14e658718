"""The agriculture department's portal, in the manner of DotNetNuke with a Vietnamese news viewer; a sitemap in two parts."""

from __future__ import annotations

import gzip
import re
from html import escape

from portal_crawler.sample.markup import text
from portal_crawler.sample.portal import PAGE_SIZE, Answer, Asked, SamplePortal, page
from portal_crawler.sample.postback import FormState
from portal_crawler.sample.story import Story
from portal_crawler.sample.truth import TruthArticle
from portal_crawler.sample.widgets import MARQUEE

FIRST_TAB = 84
PAGER = "dnn$ctr421$newslist$ctl00$vbPaging$"
SCANNED, GONE, SHELL = 4101, 4103, 4107
DAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
CSS = """
body{margin:0;font:13px Arial,sans-serif;background:#e9f2e4;color:#222}#Form{width:1040px;margin:0 auto;background:#fff}
#dnn_header{background:#2e7d32 linear-gradient(#4caf50,#1b5e20);color:#fff;padding:24px}#dnn_header b{font-size:21px;text-transform:uppercase}
#dnn_menu{background:#1b5e20;margin:0;padding:0;list-style:none;display:flex;flex-wrap:wrap}#dnn_menu a{display:block;color:#fff;padding:9px;text-decoration:none;font-size:12px}#dnn_menu ul{display:none}
.cols{display:flex}#dnn_LeftPane,#dnn_RightPane{width:200px;padding:8px}#dnn_ContentPane{width:610px;padding:8px}
.DnnModule{border:1px solid #c5dfc0;margin-bottom:10px}.dnn_title{background:#388e3c;color:#fff;padding:6px 8px;font-weight:bold}.DNNModuleContent{padding:8px;overflow:hidden}
[id$=_lbTitle]{font-size:19px;color:#1b5e20;font-weight:bold;display:block}[id$=_lbDate]{color:#888;font-size:11px}[id$=_lbSummary]{font-weight:bold;display:block;margin:8px 0}
[id$=_lbContent]{display:block;line-height:1.6;text-align:justify}[id$=_lbContent] img{max-width:560px;height:auto}.tin{border-bottom:1px dotted #aaa;padding:7px 0}
.paging a,.paging span{padding:2px 8px;border:1px solid #aaa;margin-right:3px}#dnn_footer{background:#1b5e20;color:#fff;padding:14px;font-size:12px}#dnn_footer a{color:#fff}
.homnay{background:#c62828;color:#fff}a{color:#1b5e20}select{width:100%}.lichvannien{font-size:11px}.dangnhap input{width:95%}.titletinkhac{font-weight:bold;color:#c62828}
"""


class DotNetNukePortal(SamplePortal):
    """Agriculture portal on DotNetNuke."""

    family = "DotNetNuke"
    spider = "sample_snnptnt"
    name = "snnptnt"
    css = CSS
    widget_strings = (
        "Các tin khác",
        "Tin đọc nhiều nhất",
        "Cỡ chữ",
        "Gửi email cho bạn bè",
        "Giá nông sản hôm nay",
        "Cà phê nhân",
    )

    def __init__(self, clock: object) -> None:
        super().__init__(clock)  # type: ignore[arg-type]
        self.forms = FormState("dnn-machine-key")

    def tab(self, section: int) -> int:
        """Number of the page (tab) that shows a section."""
        return FIRST_TAB + section

    def path(self, story: Story) -> str:
        """A tab and the number of the article."""
        return f"/Default.aspx?tabid={self.tab(story.section)}&ID={story.number}"

    def key_of(self, url: str) -> str | None:
        """The ID parameter."""
        found = re.search(r"[?&]ID=(\d+)", url)
        return found[1] if found else None

    def hidden_stories(self) -> frozenset[int]:
        """Stories that fell out of their list and stand in the sitemap alone."""
        return frozenset(story.number for story in [s for s in self.stories if s.kind == "article"][30:33])

    def undated(self) -> int:
        """Number of the story that shows no date."""
        return [s for s in self.stories if s.kind == "article"][9].number

    def broken(self) -> dict[str, str]:
        """A scan served as a page, a dead link, a page without an article."""
        address = f"/Default.aspx?tabid={FIRST_TAB}&ID="
        return {f"{address}{SCANNED}": "not_html", f"{address}{GONE}": "http_error", f"{address}{SHELL}": "no_article"}

    def menu_path(self, entry: str) -> str:
        """DNN's page names."""
        return f"{super().menu_path(entry).title().replace('-', '')}.aspx"

    def robots(self) -> str:
        """With the sitemap."""
        return f"User-agent: *\nDisallow: /admin/\nDisallow: /App_Browsers/\nSitemap: {self.base}/sitemap.xml\n"

    def respond(self, asked: Asked) -> Answer | None:
        """Home, tabs, articles, sitemaps."""
        if asked.path in ("/sitemap.xml", "/sitemap-trang.xml", "/sitemap-tin.xml.gz"):
            return self.sitemap(asked.path)
        if asked.path in ("/", "/Default.aspx"):
            section = self.section_of(asked.query.get("tabid", ""))
            if section is None:
                return page(self.home()) if "tabid" not in asked.query else None
            if "ID" in asked.query:
                return self.detail(section, asked.query["ID"])
            return self.listing(asked, section)
        entry = self.menu_page(asked.path)
        return page(self.frame(entry, self.module(700, entry, "Nội dung đang được cập nhật."))) if entry else None

    def section_of(self, tab: str) -> int | None:
        """The section that a tab shows."""
        place = int(tab) - FIRST_TAB if tab.isdecimal() else -1
        return place if 0 <= place < len(self.department.sections) else None

    def detail(self, section: int, number: str) -> Answer | None:
        """An article's page, or what stands in its place."""
        if number == str(SCANNED):
            return Answer(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n")
        if number == str(SHELL):
            return page(self.frame(self.department.sections[section].title, self.module(421, "Chi tiết tin", "")))
        story = self.by_number.get(int(number)) if number.isdecimal() else None
        return page(self.article(story)) if story else None

    def listing(self, asked: Asked, section: int) -> Answer:
        """A list; its other pages come by postback."""
        address = f"tabid={self.tab(section)}"
        if asked.method != "POST":
            return page(self.list_page(section, 1))
        fired = self.forms.fired(asked, address)
        if isinstance(fired, Answer):
            return fired
        target, _, current = fired
        name = target.removeprefix(PAGER)
        steps = {"btnNext": current + 1, "btnPrev": current - 1, "btndau": 1, "btncuoi": self.pages(section)}
        number = steps.get(name) or int(name.removeprefix("btnPg"))
        return page(self.list_page(section, min(max(number, 1), self.pages(section))))

    # Pages

    def module(self, number: int, title: str, body: str) -> str:
        """A module in its container."""
        return (
            f'<!-- Start_Module_{number} --><div class="DnnModule DnnModule-{number}"><a name="{number}"></a><div class="dnn_title"><span id="dnn_ctr{number}_dnnTITLE_titleLabel" class="Head">{title}</span></div>'
            f'<div id="dnn_ctr{number}_ModuleContent" class="DNNModuleContent ModContent">{body}</div></div><!-- End_Module_{number} -->\n'
        )

    def frame(self, title: str, content: str, state: str = "", action: str = "/Default.aspx") -> str:
        """A page around its content; all of it stands in one form."""
        widgets = self.widgets
        site = f"{self.department.title} tỉnh Lam Châu"
        sections = "".join(
            f'<li><a href="/Default.aspx?tabid={self.tab(i)}">{s.title}</a></li>'
            for i, s in enumerate(self.department.sections)
        )
        counters = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in widgets.counters().items())
        day = widgets.clock().timetuple().tm_yday
        prices = "".join(
            f"<tr><td>{name}</td><td>{base + day * step % 900}</td></tr>"
            for name, base, step in (("Cà phê nhân", 58000, 37), ("Hồ tiêu", 77000, 53), ("Lợn hơi", 56000, 11))
        )
        return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xml:lang="vi-VN" lang="vi-VN" xmlns="http://www.w3.org/1999/xhtml"><head id="Head"><meta content="text/html; charset=UTF-8" http-equiv="Content-Type" />
<meta name="GENERATOR" content="DotNetNuke " /><title>{site} &gt; {text(title)}</title><link href="/Portals/0/portal.css" rel="stylesheet" type="text/css" />
<script src="/js/dnncore.js" type="text/javascript"></script></head><body id="Body">
<form method="post" action="{escape(action)}" id="Form" enctype="multipart/form-data">{state}
<div id="dnn_header"><span class="ngay">{widgets.clock_line()}</span><br><b>{site}</b> <a href="/Default.aspx?language=en-US">English</a></div>
<ul id="dnn_menu">{self.menu(sections)}</ul><marquee>{MARQUEE}</marquee>
<div class="cols"><div id="dnn_LeftPane" class="LeftPane">{self.module(401, "Lịch vạn niên", widgets.calendar())}{self.module(402, "Thời tiết", widgets.weather())}
{self.module(403, "Giá nông sản hôm nay", f"<table>{prices}</table>")}{self.module(404, "Đăng nhập", widgets.login("/QuenMatKhau.aspx"))}</div>
<div id="dnn_ContentPane" class="ContentPane">{content}</div>
<div id="dnn_RightPane" class="RightPane">{self.module(411, "Thăm dò ý kiến", widgets.poll("/KetQuaThamDo.aspx"))}{self.module(412, "Liên kết website", widgets.links("lienketweb"))}
{self.module(413, "Thống kê truy cập", f"<table>{counters}</table>")}{self.module(414, "Tin đọc nhiều nhất", self.most_read())}</div></div>
<div id="dnn_footer">{widgets.footer()}<a href="#Body">Về đầu trang</a></div>
</form></body></html>"""

    def most_read(self) -> str:
        """Links to some stories."""
        return "".join(f'<div><a href="{escape(self.path(s))}">{text(s.title)}</a></div>' for s in self.listed(1)[2:6])

    def home(self) -> str:
        """The newest of every section."""
        boxes = [
            self.module(430 + i, section.title, "".join(map(self.row, self.on_page(i, 1)[:4])))
            for i, section in enumerate(self.department.sections)
        ]
        return self.frame("Trang chủ", "".join(boxes))

    def row(self, story: Story) -> str:
        """One item of a list."""
        first = story.lead or next((part.text for part in story.parts if part.text), "")
        return (
            f'<div class="tin"><a class="titletin" href="{escape(self.path(story))}">{text(story.title)}</a>{self.day(story)}'
            f'<div class="tomtat">{text(first[:140])}...</div></div>\n'
        )

    def day(self, story: Story) -> str:
        """The day beside a link."""
        return "" if story.number == self.undated() else f' <span class="ngaydang">({story.published:%d/%m/%Y})</span>'

    def list_page(self, section: int, current: int) -> str:
        """A page of a list: its pager fires postbacks."""
        last = self.pages(section)
        buttons = [(f"btnPg{number}", str(number)) for number in range(1, last + 1) if number != current]
        if current < last:
            buttons += [("btnNext", "Tiếp"), ("btncuoi", "Cuối")]
        if current > 1:
            buttons = [("btndau", "Đầu"), ("btnPrev", "Trước"), *buttons]
        shown = "".join(
            f"<a id=\"{(PAGER + name).replace('$', '_')}\" href=\"javascript:__doPostBack('{PAGER}{name}','')\">{label}</a>"
            for name, label in buttons
        )
        rows = "".join(map(self.row, self.on_page(section, current)))
        if section == 0 and current == 1:
            rows += "".join(
                f'<div class="tin"><a class="titletin" href="{escape(path)}">Tài liệu tham khảo của ngành, kỳ {place}</a></div>'
                for place, path in enumerate(self.broken(), 1)
            )
        address = f"tabid={self.tab(section)}"
        state = self.forms.fields(address, current, [(PAGER + name, "") for name, _ in buttons])
        first = (current - 1) * PAGE_SIZE + 1
        pager = f'<div class="paging"><span>{current}</span>{shown} <i>Tin thứ {first} trở đi</i></div>'
        title = self.department.sections[section].title
        return self.frame(title, self.module(421, title, rows + pager), state, f"/Default.aspx?{address}")

    def article(self, story: Story) -> str:
        """The news viewer's detail."""
        assert story.published is not None
        viewer = "dnn_ctr421_newsviewer_ctl00"
        date = (
            ""
            if story.number == self.undated()
            else f"{DAYS[story.published.weekday()]}: {story.published:%H:%M} ngày {story.published:%d/%m/%Y}"
        )
        lead = f'<span id="{viewer}_lbSummary" class="sapo">{text(story.lead)}</span>' if story.lead else ""
        files = "".join(
            f'<div class="tepdinhkem">Tệp đính kèm: <a href="{self.file_path(story, i)}">{text(file.title)}</a></div>'
            for i, file in enumerate(story.files)
        )
        others = "".join(
            f'<li><a href="{escape(self.path(o))}">{text(o.title)}</a>{self.day(o)}</li>'
            for o in self.neighbours(story)
        )
        body = f"""<div id="{viewer}_pnDetail">
<span id="{viewer}_lbTitle" class="tieude">{text(story.title)}</span>
<span id="{viewer}_lbDate" class="ngaydang">{date}</span>
<div class="congcu">Cỡ chữ: <a href="javascript:void(0)">A-</a> <a href="javascript:void(0)">A+</a> <a href="javascript:window.print()">In trang</a> <a href="mailto:?subject=lamchau">Gửi email cho bạn bè</a></div>
{lead}<div id="{viewer}_lbContent" class="noidung">
{self.body(story)}
{files}</div></div>
{self.widgets.share(self.base + self.path(story))}{self.widgets.rating()}
<div id="box_other"><div class="titletinkhac">Các tin khác</div><ul>{others}</ul></div>"""
        return self.frame(story.title, self.module(421, "Chi tiết tin", body))

    def sitemap(self, path: str) -> Answer:
        """The index, the part for pages, and the gzip part for articles."""
        head = '<?xml version="1.0" encoding="UTF-8"?>'
        space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        if path == "/sitemap.xml":
            parts = "".join(
                f"<sitemap><loc>{self.base}/{name}</loc></sitemap>"
                for name in ("sitemap-trang.xml", "sitemap-tin.xml.gz")
            )
            return Answer(
                f"{head}<sitemapindex {space}>{parts}</sitemapindex>".encode(), content_type="text/xml; charset=utf-8"
            )
        if path == "/sitemap-trang.xml":
            paths = [f"/Default.aspx?tabid={self.tab(i)}" for i in range(len(self.department.sections))]
        else:
            paths = [self.path(story) for story in self.stories if story.number in self.hidden or story.number % 2]
        urls = "".join(f"<url><loc>{escape(self.base + path)}</loc></url>" for path in paths)
        xml = f"{head}<urlset {space}>{urls}</urlset>".encode()
        if path.endswith(".gz"):
            return Answer(gzip.compress(xml, mtime=0), content_type="application/x-gzip")
        return Answer(xml, content_type="text/xml; charset=utf-8")

    def shown_date(self, story: Story) -> str | None:
        """One story has lost its date."""
        return None if story.number == self.undated() else super().shown_date(story)

    def file_path(self, story: Story, place: int) -> str:
        """The portal's own folder."""
        return f"/Portals/0/TaiLieu/{story.files[place].name}"

    def truth_of(self, story: Story) -> TruthArticle:
        """Files stand in the text."""
        truth = super().truth_of(story)
        truth.blocks += [f"Tệp đính kèm: {file.title}" for file in story.files]
        return truth
