"""The labour department's portal, in the manner of Liferay 6.2 with an asset publisher and a portlet for documents."""

from __future__ import annotations

import re
from html import escape

from portal_crawler.sample.markup import text
from portal_crawler.sample.portal import PAGE_SIZE, Answer, Asked, SamplePortal, page, redirect, slug
from portal_crawler.sample.story import Story
from portal_crawler.sample.truth import TruthArticle
from portal_crawler.sample.widgets import MARQUEE

PORTLET = "p_p_id=101&p_p_lifecycle=0&p_p_state=normal&p_p_mode=view&p_p_col_id=column-1&p_p_col_count=2"
DOCUMENT = (
    "p_p_id=4_WAR_portalvbpqportlet&p_p_lifecycle=0&p_p_state=normal&p_p_mode=view&p_p_col_id=column-1&p_p_col_count=2"
    "&_4_WAR_portalvbpqportlet_id={number}"
    "&_4_WAR_portalvbpqportlet_mvcPath=%2Fhtml%2Fportlet%2Flist%2Fview_detail.jsp"
)
ARTICLE = re.compile(
    r"^/(?:(?P<language>vi|en)/)?(?P<section>[\w-]+)/-/view_content/(?P<print>pop_up/)?(?P<number>\d+)-[^/;]*\.html"
    r"(?:;jsessionid=\w+)?(?:/(?:vi|en))*$"
)
LIST = re.compile(r"^/(?:(?P<language>vi|en)/)?(?P<section>[\w-]+)(?:;jsessionid=\w+)?$")
LABELS = {
    "vi": {"home": "Trang chủ", "date": "Ngày đăng", "others": "Các tin khác", "skip": "Truy cập nội dung luôn"},
    "en": {"home": "Home", "date": "Publish date", "others": "Other News", "skip": "Skip to Content"},
}
MISSING = 311101
CSS = """
body{margin:0;font:14px Arial,Helvetica,sans-serif;color:#222;background:#eef2f6}
.body,#main,#navigation .center,#footer .center{width:1100px;margin:0 auto;background:#fff}
#header{background:#b5121b linear-gradient(#c8202a,#93090f);color:#ffe680;padding:22px 30px;width:1040px;margin:0 auto}
#header b{font-size:24px;text-transform:uppercase}#header .egov_date{float:right;color:#fff;font-size:12px}
#skip-to-content{position:absolute;left:-999px}ul{padding-left:18px}
ul.navi{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;background:#0b4f94}
ul.navi>li{position:relative}ul.navi>li>a{display:block;color:#fff;padding:9px 9px;text-decoration:none;font-size:12px;font-weight:bold}
ul.navi ul{display:none}.row-fluid{display:flex}.span9{width:780px;padding:14px}.span3{width:290px;padding:14px 8px}
.portlet-topper{background:#0b4f94;color:#fff;padding:6px 10px}.portlet-title{font-size:14px;margin:0;text-transform:uppercase}
.portlet-body{border:1px solid #cdd9e5;padding:8px;margin-bottom:10px}a{color:#0b4f94}
.asset-full-content-title{font-size:21px;font-weight:bold;color:#b5121b;margin:8px 0}.block_timer{color:#777;font-size:12px}
.sapo{font-weight:bold}.journal-content-article{line-height:1.6;text-align:justify}.journal-content-article img{max-width:560px}
.asset-abstract{border-bottom:1px dotted #bbb;padding:8px 0;overflow:hidden}.asset-image{float:left;margin-right:10px}
.asset-image img{width:130px}.asset-title{margin:0;font-size:15px}.lfr-pagination a{padding:2px 7px;border:1px solid #ccc;margin:1px}
.lichvannien td{text-align:center}.homnay{background:#b5121b;color:#fff}#footer{background:#0b4f94;color:#fff;font-size:12px}
#footer .center{background:none;padding:14px;color:#fff}#footer a{color:#fff}select{width:100%}.vbpq-detail td{padding:4px;border-bottom:1px solid #ddd}
"""


class LiferayPortal(SamplePortal):
    """Labour portal on Liferay."""

    family = "Liferay 6.2"
    spider = "sample_sldtbxh"
    name = "sldtbxh"
    css = CSS
    widget_strings = ("Truy cập nội dung luôn", "In bài viết", "Gửi mail", "Các tin khác", "Other News", "View count",
                      "Thông tin thời tiết", "Thông tin tiện ích", "Tiếp nhận ý kiến")  # fmt: skip

    # Addresses

    def path(self, story: Story) -> str:
        """Canonical addresses carry no language."""
        section = self.department.sections[story.section].slug
        if story.record:
            return f"/{section}?{DOCUMENT.format(number=story.number)}"
        return f"/{section}/-/view_content/{story.number}-{slug(story.title)}.html"

    def aliases(self, story: Story) -> list[str]:
        """In Vietnamese, in English, to print."""
        plain = self.path(story)
        if story.record:
            return [f"/vi{plain}"]
        shown = plain.replace("view_content/", "view_content/pop_up/")
        return [f"/vi{plain}", f"/en{plain}", f"/vi{shown}?_101_viewMode=print"]

    def key_of(self, url: str) -> str | None:
        """The number in an address of either kind."""
        found = re.search(r"/view_content/(?:pop_up/)?(\d+)-|_portalvbpqportlet_id=(\d+)", url)
        return (found[1] or found[2]) if found else None

    def broken(self) -> dict[str, str]:
        """One article was withdrawn; the lists still have it."""
        return {f"/vi/tin-tuc-su-kien/-/view_content/{MISSING}-bai-viet-da-go-bo.html": "http_error"}

    def respond(self, asked: Asked) -> Answer | None:  # noqa: PLR0911 - a router returns where it finds the page
        """Home, lists, articles in three forms, documents."""
        if asked.path == "/":
            return redirect("/vi/trang-chu")
        if found := ARTICLE.match(asked.path):
            story = self.by_number.get(int(found["number"]))
            if story is None or story.record:
                return None
            if found["print"]:
                return page(self.print_view(story))
            return page(self.article(story, found["language"] or "vi", asked.path))
        if not (found := LIST.match(asked.path)):
            return None
        language, name = found["language"] or "vi", found["section"]
        if name == "trang-chu":
            return page(self.home(language))
        sections = [section.slug for section in self.department.sections]
        if name in sections:
            number = asked.query.get("_4_WAR_portalvbpqportlet_id", "")
            if number:
                document = self.by_number.get(int(number)) if number.isdecimal() else None
                return page(self.document(document)) if document and document.record else None
            current = asked.query.get("_101_cur", "1")
            return page(self.list_page(sections.index(name), int(current) if current.isdecimal() else 1, language))
        entry = self.menu_page(f"/vi/{name}")
        return (
            page(self.frame("vi", entry, [entry], self.portlet(entry, f"<p>{entry}: đang cập nhật.</p>")))
            if entry
            else None
        )

    def menu_path(self, entry: str) -> str:
        """Menu entries stand under the language."""
        return f"vi/{slug(entry)}"

    # Pages

    def portlet(self, title: str, body: str, identifier: str = "56_INSTANCE_lc01") -> str:
        """A portlet with its frame."""
        return (
            f'<div class="portlet-boundary portlet-boundary_{identifier.split("_", maxsplit=1)[0]}_ portlet-static" id="p_p_id_{identifier}_">'
            f'<span id="p_{identifier}"></span><section class="portlet" id="portlet_{identifier}">'
            f'<header class="portlet-topper"><h1 class="portlet-title"><span class="portlet-title-text">{title}</span></h1></header>'
            f'<div class="portlet-content"><div class="portlet-content-container"><div class="portlet-body">{body}</div></div></div>'
            "</section></div>\n"
        )

    def side(self) -> str:
        """The column at the right."""
        widgets = self.widgets
        counters = "".join(f"<div>{label}: <span>{value}</span></div>" for label, value in widgets.counters().items())
        return "".join(
            (
                self.portlet("Thông tin tiện ích", f"<h3>Lịch vạn niên</h3>{widgets.calendar()}", "77_INSTANCE_lich"),
                self.portlet("Thăm dò ý kiến", f'<div class="portlet-polls-display">{widgets.poll("/vi/ket-qua-tham-do")}</div>', "59_INSTANCE_poll"),
                self.portlet("Liên kết website", f'<div class="weblink-client-wrapper">{widgets.links("weblink")}</div>', "2_WAR_portallienketportlet"),
                self.portlet("Thông tin thời tiết", widgets.weather(), "2_WAR_portalweatherportlet"),
                self.portlet("Đăng nhập", widgets.login("/vi/quen-mat-khau"), "58"),
                self.portlet("Thống kê truy cập", f'<div class="thongke_truycap">{counters}</div>', "vistitor_WAR_visitorportlet"),
                self.portlet("Tiếp nhận ý kiến", '<a href="/vi/gop-y">Gửi ý kiến của bạn</a>', "56_INSTANCE_yk01"),
            )
        )  # fmt: skip

    def frame(self, language: str, title: str, crumbs: list[str], content: str, canonical: str | None = None) -> str:
        """A page around its content."""
        site = self.department.title
        labels = LABELS[language]
        current = "".join(f'<span class="tintuc"><p>{text(crumb)}</p></span>' for crumb in crumbs)
        sections = "".join(
            f'<li><a href="/{language}/{section.slug}">{section.title}</a></li>' for section in self.department.sections
        )
        link = f'<link href="{self.base}{escape(canonical)}" rel="canonical" />' if canonical else ""
        crumb = self.crumb_portlet(labels["home"], current)
        return f"""<!DOCTYPE html>
<html class="aui ltr" dir="ltr" lang="vi-VN">
<head><title>{text(title)} - {site}</title>
<meta content="text/html; charset=UTF-8" http-equiv="content-type" />{link}
<link class="lfr-css-file" href="/lamchau-theme/css/aui.css?browserId=other&amp;themeId=lamchau_WAR_lamchautheme&amp;languageId=vi_VN&amp;b=6201" rel="stylesheet" type="text/css" />
<script type="text/javascript">// <![CDATA[
var Liferay={{Browser:{{}},Language:{{}},currentURL:"/",ThemeDisplay:{{getLanguageId:function(){{return"vi_VN"}}}}}};Liferay.authToken="Kx3v9TzQ";
// ]]></script></head>
<body class="yui3-skin-sam controls-visible signed-out public-page site">
<a href="#main-content" id="skip-to-content">{labels["skip"]}</a>
<div class="body"><div id="header"><div id="contentheader"><a class="lang_us" href="/en/trang-chu">English</a>
<a class="lang_vi" href="/vi/trang-chu">Tiếng Việt</a><div class="egov_date"><div id="point_portal_egov_date">{self.widgets.clock_line()}</div></div>
<b>{site}</b><br>Tỉnh Lam Châu</div></div></div>
<nav id="navigation" role="navigation"><div id="menu"><div class="center clearfix"><ul class="navi">{self.menu(sections)}</ul>
<div class="nav-search"><input type="text" name="search" value="---Nhập từ tìm kiếm---"></div></div></div></nav>
<marquee>{MARQUEE}</marquee>
<div id="main"><div class="columns-2" id="main-content" role="main"><div class="portlet-layout row-fluid">
<div class="portlet-column portlet-column-first span9" id="column-1"><div class="portlet-dropzone" id="layout-column_column-1">
{crumb}{content}</div></div>
<div class="portlet-column portlet-column-last span3" id="column-2"><div class="portlet-dropzone" id="layout-column_column-2">
{self.side()}</div></div></div></div></div>
<div id="footer"><div class="center">{self.widgets.footer()}<a href="#header">Về đầu trang</a></div></div>
</body></html>"""

    def crumb_portlet(self, home: str, current: str) -> str:
        """The breadcrumb, a portlet without a frame."""
        return (
            '<div class="portlet-boundary portlet-borderless ddlk-portlet" id="p_p_id_ddlk_WAR_pointportalddlkportlet_INSTANCE_lc_">'
            '<div class="portlet-borderless-container"><div class="portlet-body"><div class="dd_chuyenmuc">'
            f'<span class="trangchu"><a href="/">{home}</a></span>{current}</div></div></div></div>\n'
        )

    def home(self, language: str) -> str:
        """The newest of every section; servlets put their session into the addresses of a first visit."""
        boxes = []
        for place, section in enumerate(self.department.sections):
            items = "".join(
                f'<li><a href="{self.link(story, language, session=True)}">{text(story.title)}</a></li>'
                for story in self.on_page(place, 1)[:5]
            )
            boxes.append(
                self.portlet(
                    section.title,
                    f'<ul class="asset-list">{items}</ul><a href="/{language}/{section.slug}">Xem tiếp</a>',
                    f"101_INSTANCE_h{place}",
                )
            )
        return self.frame(language, "Trang chủ", [], "".join(boxes))

    def link(self, story: Story, language: str, *, session: bool = False) -> str:
        """The address that a list gives a story."""
        path = self.path(story)
        if session and not story.record:
            path += ";jsessionid=7D31A0C5E94F"
        return escape(f"/{language}{path}")

    def list_page(self, section: int, current: int, language: str) -> str:
        """A page of a section's list."""
        kind = self.department.sections[section]
        rows = self.on_page(section, current)
        if section == self.department.documents:
            body = self.document_rows(rows, language)
        else:
            body = "".join(self.abstract(story, language) for story in rows)
            if section == 0 and current == 1:
                path = next(iter(self.broken()))
                body += f'<div class="asset-abstract"><h3 class="asset-title"><a href="{path}">Bài viết đã được gỡ bỏ theo yêu cầu</a></h3></div>'
        portlet = self.portlet("Tin tức nổi bật", body + self.pager(section, current, language), "101")
        return self.frame(language, kind.title, [kind.title], portlet)

    def abstract(self, story: Story, language: str) -> str:
        """One item of a list."""
        first = story.lead or next((part.text for part in story.parts if part.text), "")
        image = next((part.image for part in story.parts if part.image), None)
        shown = (
            f'<div class="asset-image"><a href="{self.link(story, language)}"><img src="/uploads/{image}" alt=""/></a></div>'
            if image
            else ""
        )
        return (
            f'<div class="asset-bounddary"><div class="asset-abstract"><div class="asset-content normal-news">{shown}'
            f'<div class="asset-content-custom"><h3 class="asset-title"><a href="{self.link(story, language)}">{text(story.title)}</a></h3>'
            f'{self.dateline(story, language, padded=True)}<div class="asset-summary">{text(first[:120])} ...</div></div></div></div></div>\n'
        )

    def dateline(self, story: Story, language: str, *, padded: bool = False) -> str:
        """Date, time and views, as the theme prints them: 12:00 AM where no time is known."""
        assert story.published is not None
        moment = story.published.replace(hour=0, minute=0) if story.place_holder else story.published
        hour = moment.strftime("%I:%M %p") if padded else f"{moment.hour % 12 or 12}:{moment:%M %p}"
        views = 40 + story.number % 900 + next(self.widgets.visits) % 7
        return (
            f'<div class="assetPublishDate block_timer">\n{LABELS[language]["date"]}\n{moment:%d/%m/%Y} | {hour}\n'
            f"&nbsp;|&nbsp;View count: {views}\n</div>"
        )

    def pager(self, section: int, current: int, language: str) -> str:
        """Links to the other pages."""
        last = self.pages(section)
        address = f"/{language}/{self.department.sections[section].slug}?{PORTLET}&_101_delta={PAGE_SIZE}&_101_keywords=&_101_advancedSearch=false"
        numbers = "".join(
            f'<li class="custom-paging"><a href="{escape(address)}&amp;_101_cur={number}" class="taglib-icon">{number}</a></li>'
            for number in range(1, last + 1)
            if number != current
        )
        more = (
            f'<a class="next" href="{escape(address)}&amp;_101_cur={current + 1}">Tiếp theo</a>'
            if current < last
            else ""
        )
        return f'<div class="taglib-page-iterator"><div class="clearfix lfr-pagination"><ul>{numbers}</ul>{more}</div></div>'

    def article(self, story: Story, language: str, path: str) -> str:
        """The asset publisher's full view."""
        kind = self.department.sections[story.section]
        labels = LABELS[language]
        lead = text(story.lead) if story.lead else ""
        files = "".join(
            f'<p>Tài liệu đính kèm: <a href="{self.file_path(story, i)}">{text(file.title)}</a></p>'
            for i, file in enumerate(story.files)
        )
        others = "".join(
            f'<li><a href="{self.link(other, language)}">{text(other.title)}</a> <span>({other.published:%d/%m/%Y})</span></li>'
            for other in self.neighbours(story)
        )
        shown = self.path(story).replace("view_content/", "view_content/pop_up/")
        content = f"""<div>
<div class="asset-full-content-title">{text(story.title)}</div>
{self.dateline(story, language)}
<div class="asset-full-content show-asset-title"><div class="asset-content" id="_101_{story.number}">
<div class="sapo-wrapper clearfix"><p class="sapo"><strong>{lead}</strong></p></div>
<div class="journal-content-article">
{self.body(story)}
{files}<p align="right" class="view-content-author"><strong><em>admin admin</em></strong></p>
</div></div></div>
<div class="asset-control-detail"><span class="print-action"><a href="/vi{shown}?_101_viewMode=print" class="taglib-icon"><img src="/lamchau-theme/spacer.png" width="16" height="16" alt=""/><span class="taglib-text">In bài viết</span></a></span>
<span class="mailto-action"><a href="mailto:"><span class="taglib-text">Gửi mail</span></a></span>
<a href="{escape(path)}/vi">Tiếng Việt</a> <a href="{escape(path)}/en">English</a></div>
{self.widgets.rating()}{self.widgets.share(self.base + self.path(story))}
<div class="related_asset"><div class="related_asset_title">{labels["others"]}</div><ul class="related_asset_list">{others}</ul></div>
</div>"""
        title = f"{story.title} - {kind.title}"
        return self.frame(
            language, title, [kind.title], self.portlet("Tin tức nổi bật", content, "101"), self.path(story)
        )

    def print_view(self, story: Story) -> str:
        """The article without its page."""
        lead = f'<p class="sapo"><strong>{text(story.lead)}</strong></p>' if story.lead else ""
        return (
            f'<!DOCTYPE html><html class="aui ltr"><head><title>{text(story.title)}</title></head><body class="portal-popup">'
            f'<div class="portlet-body"><div><div class="asset-full-content-title">{text(story.title)}</div>{self.dateline(story, "vi")}'
            f'<div class="asset-full-content"><div class="asset-content"><div class="sapo-wrapper">{lead}</div>'
            f'<div class="journal-content-article">{self.body(story)}</div></div></div></div></div></body></html>'
        )

    def document_rows(self, rows: list[Story], language: str) -> str:
        """The list of documents."""
        printed = "".join(
            f'<tr><td><a href="{self.link(story, language)}">{text(story.record.number)}</a></td>'
            f"<td>{story.record.issued_on:%d/%m/%Y}</td><td>{text(story.record.summary)}</td></tr>"
            for story in rows
            if story.record
        )
        return f'<div class="vbpq-list"><table><tr><th>Số ký hiệu</th><th>Ngày ban hành</th><th>Trích yếu</th></tr>{printed}</table></div>'

    def document(self, story: Story) -> str:
        """The detail page of a legal document: a table of labels and values, no headline."""
        rows = "".join(
            f'<tr><td class="vbpq-detail-col1">{label}</td><td>{text(value)}</td></tr>'
            for label, value in self.record_rows(story)
        )
        files = "".join(
            f'<tr><td><a href="{self.file_path(story, i)}"><img alt="" src="/portal-vbpq-portlet/PDF.png" width="16" height="16"/></a></td>'
            f'<td><a href="{self.file_path(story, i)}">{text(file.title)}</a></td></tr>'
            for i, file in enumerate(story.files)
        )
        others = "".join(
            f'<li><a href="{self.link(other, "vi")}">{text(other.record.number)}</a></li>'
            for other in self.neighbours(story)
            if other.record
        )
        kind = self.department.sections[story.section]
        portlet = (
            '<div class="portlet-boundary portlet-borderless portal-vbpq-4-portlet" id="p_p_id_4_WAR_portalvbpqportlet_">'
            '<div class="portlet-borderless-container"><div class="portlet-body">'
            f'<div class="vbpq-detail"><table style="width: 100%;">{rows}</table></div>'
            f'<div class="vbpq-attachfile"><div class="vbpq-tldk">Tệp đính kèm</div><table>{files}</table></div>'
            f'<div class="vbpq-attachfile"><div class="vbpq-tldk">Văn bản khác</div><ul>{others}</ul></div></div></div></div>'
        )
        return self.frame("vi", kind.title, [kind.title], portlet)

    # Truth

    def file_path(self, story: Story, place: int) -> str:
        """Liferay's document library."""
        return f"/documents/20182/{story.number}/{story.files[place].name}?t=1650423018000"

    def shown_date(self, story: Story) -> str | None:
        """Midnight stands for a time that is not known: the page prints it, and so it is read."""
        if story.record or story.published is None or not story.place_holder:
            return super().shown_date(story)
        return story.published.replace(hour=0, minute=0).isoformat()

    def truth_of(self, story: Story) -> TruthArticle:
        """A document's page has no headline: what it is about stands for one. Its text is the record."""
        truth = super().truth_of(story)
        if story.record:
            truth.title = story.record.summary
            truth.blocks = [" | ".join(row) for row in self.record_rows(story)]
            truth.document = self.record(story)
        else:
            truth.blocks += [f"Tài liệu đính kèm: {file.title}" for file in story.files]
        return truth
