"""The health department's portal: an ASP.NET system of its own, whose lists are grids paged by postback."""

from __future__ import annotations

import re
from html import escape

from portal_crawler.sample.markup import text
from portal_crawler.sample.portal import Answer, Asked, SamplePortal, page, redirect
from portal_crawler.sample.postback import FormState
from portal_crawler.sample.story import Story
from portal_crawler.sample.truth import TruthArticle
from portal_crawler.sample.widgets import MARQUEE

GRID = "ctl00$cphMain$gvDanhSach"
WINDOW = 3
GONE, MOVED, SHELL = 7001, 7005, 7009
CSS = """
body{margin:0;font:14px "Segoe UI",Arial,sans-serif;background:#e6f1f7;color:#222}#aspnetForm{width:1080px;margin:0 auto;background:#fff}
.banner{background:#00838f linear-gradient(#26c6da,#006064);color:#fff;padding:24px;font-size:22px;font-weight:bold}
.mainmenu{background:#006064;list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap}.mainmenu a{color:#fff;display:block;padding:9px;font-size:12px;text-decoration:none}.mainmenu ul{display:none}
.wrap{display:flex}.cot-trai{width:220px;padding:8px}.cot-giua{width:800px;padding:10px}.hop{border:1px solid #b2d7de;margin-bottom:10px}.hop h3{background:#00838f;color:#fff;margin:0;padding:7px;font-size:14px}.hop .ruot{padding:8px;overflow:hidden}
h1.tieude{font-size:21px;color:#006064;margin:8px 0}.ngay{color:#888;font-size:12px}.sapo{font-weight:bold}.noidung{line-height:1.6;text-align:justify}.noidung img{max-width:560px;height:auto}
.grid td{padding:6px;border-bottom:1px dotted #bbb}.pager a,.pager span{padding:2px 8px;border:1px solid #aaa}.footer{background:#006064;color:#fff;padding:14px;font-size:12px}.footer a{color:#fff}
.homnay{background:#c62828;color:#fff}a{color:#006064}select{width:100%}.lichvannien{font-size:12px}.dangnhap input{width:95%}
"""


class AspNetPortal(SamplePortal):
    """Health portal on a system of its own."""

    family = "ASP.NET (riêng)"
    spider = "sample_syt"
    name = "syt"
    css = CSS
    widget_strings = ("Tin cùng chuyên mục", "Lượt xem:", "Xem theo ngày", "Số ca trực hôm nay", "In trang này")

    def __init__(self, clock: object) -> None:
        super().__init__(clock)  # type: ignore[arg-type]
        self.forms = FormState("aspnet-machine-key")

    def path(self, story: Story) -> str:
        """Menu and number of the news."""
        return f"/ChiTietTin.aspx?MenuID={story.section + 1}&NewsID={story.number}"

    def aliases(self, story: Story) -> list[str]:
        """An address with a session in it, as ASP.NET without cookies writes."""
        return [f"/(S(k3v0qz45d1hwmr55tnyp2a45)){self.path(story)}"]

    def key_of(self, url: str) -> str | None:
        """The NewsID."""
        found = re.search(r"[?&]NewsID=(\d+)", url)
        return found[1] if found else None

    def broken(self) -> dict[str, str]:
        """A dead link, an article that sends the reader home, a page without one."""
        address = "/ChiTietTin.aspx?MenuID=1&NewsID="
        return {f"{address}{GONE}": "http_error", f"{address}{SHELL}": "no_article"}

    def menu_path(self, entry: str) -> str:
        """Static pages."""
        return f"TrangTinh/{super().menu_path(entry)}.aspx"

    def respond(self, asked: Asked) -> Answer | None:
        """Home, grids, articles."""
        path = re.sub(r"^/\(S\(\w+\)\)", "", asked.path)
        if path in ("/", "/Default.aspx"):
            return page(self.home())
        menu = asked.query.get("MenuID", "")
        section = int(menu) - 1 if menu.isdecimal() else -1
        if path == "/DanhSachTin.aspx" and 0 <= section < len(self.department.sections):
            return self.listing(asked, section)
        if path == "/ChiTietTin.aspx":
            return self.detail(asked.query.get("NewsID", ""))
        entry = "Từ khóa" if path == "/Tag.aspx" else self.menu_page(asked.path)
        return page(self.frame(self.box(entry, "Nội dung đang được cập nhật."))) if entry else None

    def detail(self, number: str) -> Answer | None:
        """An article's page, or what stands in its place."""
        if number == str(MOVED):
            return redirect("/")
        if number == str(SHELL):
            return page(self.frame('<div id="ctl00_cphMain_pnlDetail"></div>'))
        story = self.by_number.get(int(number)) if number.isdecimal() else None
        return page(self.article(story)) if story else None

    def listing(self, asked: Asked, section: int) -> Answer:
        """A grid; its other pages come by postback, with the state of the page before."""
        address = f"MenuID={section + 1}"
        if asked.method != "POST":
            return page(self.list_page(section, 1))
        fired = self.forms.fired(asked, address)
        if isinstance(fired, Answer):
            return fired
        return page(self.list_page(section, min(int(fired[1].removeprefix("Page$")), self.pages(section))))

    # Pages

    def box(self, title: str, body: str) -> str:
        """A box."""
        return f'<div class="hop"><h3>{title}</h3><div class="ruot">{body}</div></div>\n'

    def frame(self, content: str, state: str = "", action: str = "./Default.aspx") -> str:
        """A page around its content."""
        widgets = self.widgets
        site = f"{self.department.title} tỉnh Lam Châu"
        sections = "".join(
            f'<li><a href="/DanhSachTin.aspx?MenuID={i}">{s.title}</a></li>'
            for i, s in enumerate(self.department.sections, 1)
        )
        counters = "<br/>".join(f"{label}: <b>{value}</b>" for label, value in widgets.counters().items())
        duty = 4 + widgets.clock().timetuple().tm_yday % 9
        return f"""<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head id="ctl00_Head1"><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>Chi tiết - {site}</title><link href="/App_Themes/SYT/style.css" type="text/css" rel="stylesheet" /></head>
<body><form method="post" action="{escape(action)}" id="aspnetForm">
{state}
<div class="banner">{site}</div><ul class="mainmenu">{self.menu(sections)}</ul>
<div class="topbar">{widgets.clock_line()} <input name="ctl00$txtTimKiem" type="text" value="" placeholder="Từ khóa" /> <a href="/Default.aspx?lang=en">English</a></div><marquee>{MARQUEE}</marquee>
<div class="wrap"><div class="cot-trai">{self.box("Lịch vạn niên", widgets.calendar())}{self.box("Thời tiết", widgets.weather())}{self.box("Trực đường dây nóng", f"Số ca trực hôm nay: {duty}")}
{self.box("Thăm dò ý kiến", widgets.poll("/TrangTinh/ket-qua-tham-do.aspx"))}{self.box("Liên kết website", widgets.links("ctl00_ddlLienKet"))}{self.box("Đăng nhập", widgets.login("/TrangTinh/quen-mat-khau.aspx"))}{self.box("Thống kê truy cập", counters)}</div>
<div class="cot-giua">{content}</div></div>
<div class="footer">{widgets.footer()}<a href="#aspnetForm">Về đầu trang</a></div></form></body></html>"""

    def home(self) -> str:
        """The newest of every section."""
        boxes = []
        for place, section in enumerate(self.department.sections):
            items = "".join(
                f'<li><a href="/(S(k3v0qz45d1hwmr55tnyp2a45)){escape(self.path(s))}">{text(s.title)}</a></li>'
                for s in self.on_page(place, 1)[:3]
            )
            boxes.append(
                self.box(
                    section.title, f'<ul>{items}</ul><a href="/DanhSachTin.aspx?MenuID={place + 1}">Xem tất cả</a>'
                )
            )
        return self.frame("".join(boxes))

    def list_page(self, section: int, current: int) -> str:
        """A grid with its pager: a window of numbers, an ellipsis to the next window."""
        rows = "".join(
            f'<tr><td><a href="{escape(self.path(s))}">{text(s.title)}</a> <span class="ngay">({s.published:%d/%m/%Y})</span></td></tr>'
            for s in self.on_page(section, current)
        )
        if section == 0 and current == 1:
            rows += "".join(
                f'<tr><td><a href="{escape(path)}">Bản tin y tế cũ số {i}</a></td></tr>'
                for i, path in enumerate(self.broken(), 1)
            )
        last = self.pages(section)
        start = (current - 1) // WINDOW * WINDOW + 1
        window = range(start, min(start + WINDOW, last + 1))
        steps = [(number, str(number)) for number in window]
        if start > 1:
            steps.insert(0, (start - 1, "..."))
        if start + WINDOW <= last:
            steps.append((start + WINDOW, "..."))
        cells = "".join(
            f"<td><span>{label}</span></td>"
            if number == current
            else f"<td><a href=\"javascript:__doPostBack('{GRID}','Page${number}')\">{label}</a></td>"
            for number, label in steps
        )
        pager = f'<tr class="pager"><td><table border="0"><tr>{cells}</tr></table></td></tr>' if last > 1 else ""
        address = f"MenuID={section + 1}"
        events = [(GRID, f"Page${number}") for number, _ in steps if number != current]
        state = self.forms.fields(address, current, events)
        title = self.department.sections[section].title
        grid = f'<div><table class="grid" cellspacing="0" id="{GRID.replace("$", "_")}" style="width:100%">{rows}{pager}</table></div>'
        return self.frame(self.box(title, grid), state, f"./DanhSachTin.aspx?{address}")

    def dateline(self, story: Story) -> str:
        """Published, and changed where it was: both with labels."""
        assert story.published is not None
        half = "CH" if story.published.hour >= 12 else "SA"
        shown = (
            f"Ngày đăng: {story.published:%d/%m/%Y} {story.published.hour % 12 or 12}:{story.published:%M}:00 {half}"
        )
        changed = (
            f'<span class="sua">Cập nhật lúc: {story.modified:%H:%M} ngày {story.modified:%d/%m/%Y}</span>'
            if story.modified
            else ""
        )
        return f'<div class="thoigian"><span class="ngaydang">{shown}</span> {changed}</div>'

    def article(self, story: Story) -> str:
        """The detail control."""
        lead = f'<div id="ctl00_cphMain_lblSapo" class="sapo">{text(story.lead)}</div>' if story.lead else ""
        files = "".join(
            f'<li><a href="{self.file_path(story, i)}">{text(file.title)}</a></li>'
            for i, file in enumerate(story.files)
        )
        attached = f'<div class="tailieu"><b>Tài liệu kèm theo</b><ul>{files}</ul></div>' if files else ""
        tags = ", ".join(f'<a href="/Tag.aspx?ten={place}">{tag}</a>' for place, tag in enumerate(story.tags))
        keywords = f'<div class="tukhoa">Từ khóa: {tags}</div>' if tags else ""
        others = "".join(
            f'<li><a href="{escape(self.path(o))}">{text(o.title)}</a> ({o.published:%d/%m/%Y})</li>'
            for o in self.neighbours(story)
        )
        views = 300 + story.number % 1700 + next(self.widgets.visits) % 11
        section = self.department.sections[story.section].title
        content = f"""<div class="duongdan breadcrumb"><a href="/">Trang chủ</a> &raquo; <a href="/DanhSachTin.aspx?MenuID={story.section + 1}">{section}</a></div>
<div id="ctl00_cphMain_pnlDetail" class="chitiet">
<h1 class="tieude">{text(story.title)}</h1>
{self.dateline(story)}<span class="luotxem">Lượt xem: {views}</span>
{lead}
<div id="ctl00_cphMain_divContent" class="noidung">
{self.body(story)}
</div>
{attached}{keywords}</div>
{self.widgets.share(self.base + self.path(story))}{self.widgets.rating()}<a href="javascript:window.print()">In trang này</a>
<div class="tincungloai"><h3>Tin cùng chuyên mục</h3><ul>{others}</ul></div>
<div class="theongay">Xem theo ngày <a href="/DanhSachTin.aspx?MenuID=1&amp;thang={self.widgets.clock().month}">Tháng này</a></div>"""
        return self.frame(content)

    def file_path(self, story: Story, place: int) -> str:
        """The upload folder."""
        return f"/UploadFiles/TaiLieu/{story.files[place].name}"

    def truth_of(self, story: Story) -> TruthArticle:
        """Tags and times of change are shown here."""
        truth = super().truth_of(story)
        truth.tags = list(story.tags)
        truth.modified_at = story.modified.isoformat() if story.modified else None
        return truth
