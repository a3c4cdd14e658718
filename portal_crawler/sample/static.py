"""A district's portal of the old kind: static .htm files, written by a program on somebody's desk, tables for layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from portal_crawler.sample.markup import text
from portal_crawler.sample.portal import Answer, Asked, SamplePortal, page, slug
from portal_crawler.sample.story import Story
from portal_crawler.sample.widgets import MARQUEE, MENUS

ARTICLE = re.compile(r"^/(?P<section>\w+(?:-\w+)*)/\d{4}/bai(?P<number>\d+)\.htm$")
LIST = re.compile(r"^/(?P<section>\w+(?:-\w+)*)/(?:index|trang-(?P<page>\d+))\.htm$")
# Few pages besides the news: those who wrote such sites by hand had no time for more.
ENTRIES = MENUS["Giới thiệu"][:4]
CSS = """
body{margin:0;font:13px Tahoma,Arial,sans-serif;background:#fffbe6;color:#222}table{border-collapse:collapse}td{vertical-align:top;padding:4px}
.dau{background:#8d1b1b;color:#ffe082;font-size:20px;font-weight:bold;padding:18px}.trai{width:190px;background:#fff3c4}.giua{width:620px;background:#fff}
.tieude{color:#8d1b1b;font-size:17px;font-weight:bold}.ngay{color:#777}.homnay{background:#c62828;color:#fff}a{color:#8d1b1b}select{width:100%}
"""


class StaticPortal(SamplePortal):
    """District portal of static files.

    Args:
        clock: Tells the time.
        limit: How many pieces of news it holds, and nothing else, in its first two sections; 0: all that was written.
    """

    family = ".htm (tĩnh)"
    spider = "sample_thachlinh"
    name = "thachlinh"
    css = CSS
    widget_strings = ("Tin đã đưa", "Trang trước", "Bình chọn trang")

    def __init__(self, clock: Callable[[], datetime], limit: int = 0) -> None:
        super().__init__(clock)
        if limit:
            self.shrink(limit)
        self.static = {f"/gioithieu/{slug(entry)}.htm": entry for entry in ENTRIES}

    def path(self, story: Story) -> str:
        """Section, year, number."""
        assert story.published is not None
        section = self.department.sections[story.section].slug
        return f"/{section}/{story.published.year}/bai{story.number:04}.htm"

    def key_of(self, url: str) -> str | None:
        """The number in the file's name, leading zeros left out."""
        found = re.search(r"/bai(\d+)\.htm", url.partition("?")[0], re.IGNORECASE)
        return str(int(found[1])) if found else None

    def respond(self, asked: Asked) -> Answer | None:
        """Home, lists, articles, the few other files."""
        if asked.path in ("/", "/index.htm"):
            return page(self.home())
        if found := ARTICLE.match(asked.path):
            story = self.by_number.get(int(found["number"]))
            return page(self.article(story)) if story and self.path(story) == asked.path else None
        if found := LIST.match(asked.path):
            slugs = [section.slug for section in self.department.sections]
            number = int(found["page"] or 1)
            if found["section"] in slugs and 0 < number <= self.pages(slugs.index(found["section"])):
                return page(self.list_page(slugs.index(found["section"]), number))
            return None
        entry = self.static.get(asked.path)
        return page(self.frame(entry, f"<b>{entry}</b><p>Nội dung đang được cập nhật.</p>")) if entry else None

    # Pages

    def frame(self, title: str, content: str, head: str = "") -> str:
        """A page around its content: one table in another."""
        widgets = self.widgets
        site = f"Trang thông tin điện tử {self.department.title}"
        sections = "".join(
            f'<tr><td><a href="/{section.slug}/index.htm">{section.title}</a></td></tr>'
            for place, section in enumerate(self.department.sections)
            if self.listed(place)
        )
        entries = "".join(f'<tr><td><a href="{path}">{entry}</a></td></tr>' for path, entry in self.static.items())
        figures = "<br>".join(f"{label}: {value}" for label, value in widgets.counters().items())
        return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>{text(title)} - {site}</title>{head}
<link rel="stylesheet" href="/style.css"></head><body bgcolor="#fffbe6"><table width="820" align="center" border="0">
<tr><td colspan="2" class="dau">{site}</td></tr><tr><td colspan="2"><marquee>{MARQUEE}</marquee> {widgets.clock_line()}</td></tr>
<tr><td class="trai"><table width="100%"><tr><td><a href="/index.htm">Trang chủ</a></td></tr>{sections}{entries}</table>
<hr><b>Lịch vạn niên</b>{widgets.calendar()}<hr>{widgets.weather()}<hr>{widgets.links("lienket")}<hr><b>Bình chọn trang</b>{widgets.poll("/gioithieu/thamdo.htm")}<hr>{figures}</td>
<td class="giua">{content}</td></tr><tr><td colspan="2">{widgets.footer()}<a href="#top">Về đầu trang</a></td></tr></table></body></html>"""

    def row(self, story: Story) -> str:
        """One line of a list."""
        return f'<tr><td><a href="{self.path(story)}">{text(story.title)}</a> <font class="ngay">({story.published:%d/%m/%Y})</font></td></tr>\n'

    def home(self) -> str:
        """The newest of every section."""
        boxes = "".join(
            f"<p><b>{section.title}</b></p><table>{''.join(map(self.row, self.on_page(place, 1)[:4]))}</table>"
            for place, section in enumerate(self.department.sections)
        )
        return self.frame("Trang chủ", boxes)

    def list_page(self, section: int, number: int) -> str:
        """A page of a section's list, with its pager."""
        kind = self.department.sections[section]
        steps = [f'<a href="/{kind.slug}/trang-{number + 1}.htm">Trang sau</a>'] if number < self.pages(section) else []
        if number > 1:
            steps.insert(
                0, f'<a href="/{kind.slug}/{f"trang-{number - 1}" if number > 2 else "index"}.htm">Trang trước</a>'
            )
        rows = "".join(map(self.row, self.on_page(section, number)))
        count = f"<p>Trang {number}/{self.pages(section)}</p>"
        content = f"<p><b>{kind.title}</b></p><table>{rows}</table>{count}<p>{' | '.join(steps)}</p>"
        return self.frame(kind.title, content)

    def article(self, story: Story) -> str:
        """An article's file."""
        lead = f"<p><b>{text(story.lead)}</b></p>" if story.lead else ""
        others = "".join(map(self.row, self.neighbours(story)))
        files = "".join(
            f'<p><a href="{self.file_path(story, place)}">{text(file.title)}</a></p>'
            for place, file in enumerate(story.files)
        )
        content = f"""<p class="tieude">{text(story.title)}</p><p class="ngay">Ngày đăng: {story.published:%d/%m/%Y %H:%M}</p>
{lead}<div class="noidung">{self.body(story)}</div>{files}
<p><b>Tin đã đưa</b></p><table>{others}</table>"""
        return self.frame(self.department.sections[story.section].title, content)
