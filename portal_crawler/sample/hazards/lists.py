"""Lists that hide what they hold: empty pages, early ends, buttons, dates, old news on top; sitemaps that bite."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from portal_crawler.sample.aspnet import AspNetPortal
from portal_crawler.sample.hazards.base import Hazard
from portal_crawler.sample.hazards.traps import shell
from portal_crawler.sample.portal import Answer, page
from portal_crawler.sample.postback import ERROR

if TYPE_CHECKING:
    from portal_crawler.sample.portal import Asked, SamplePortal
    from portal_crawler.sample.story import Story

XML = "text/xml; charset=utf-8"
BILLION = "".join(f'<!ENTITY z{n} "{f"&z{n - 1};" * 10}">' for n in range(1, 10))
LIST_ROW = re.compile(r"<tr><td><a [^>]*>[^<]*</a> <font.*?</tr>\s*", re.DOTALL)


def items(portal: SamplePortal, stories: list[Story] | tuple[Story, ...]) -> str:
    """Rows of a list."""
    return "".join(
        f'<li><a href="{portal.path(s)}">{escape(s.title)}</a> <span>({s.published:%d/%m/%Y})</span></li>'
        for s in stories
    )


class ListGap(Hazard):
    """The second page of every list is empty when it is first asked for, pager included."""

    name = "list-gap"
    about = "a list whose second page comes back empty the first time"
    costly = True

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    def join(self, portal: SamplePortal) -> None:
        """Let the lists be the only way to the articles."""
        portal.page_size, portal.related = 4, False

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """The empty page."""
        if not asked.path.endswith("/trang-2.htm") or answer.status != 200:
            return answer
        self._asked[asked.path] += 1
        if self._asked[asked.path] > 1:
            return answer
        return answer.saying(self.spoilt(answer.body.decode()))

    def spoilt(self, html: str) -> str:
        """Without articles and pager."""
        html = LIST_ROW.sub("", html)
        return re.sub(r"<p>(?:<a [^>]*>Trang (?:sau|trước)</a>(?: \| )?)+</p>", "", html)


class ListEnds(ListGap):
    """The second page of every list has no link to the third when it is first asked for."""

    name = "list-ends"
    about = "a list that ends after its second page the first time, though it prints 2/3"

    def spoilt(self, html: str) -> str:
        """Without the way on."""
        return re.sub(r'<a href="[^"]*">Trang sau</a>', "", html)


class ExpiredState(Hazard):
    """An ASP.NET list whose form state has expired by the time that its third page is asked for."""

    name = "expired-state"
    about = "a postback list whose view state expires on the way to the third page"
    portal = AspNetPortal
    costly = True

    def __init__(self) -> None:
        self._refused: dict[str, str] = {}

    def join(self, portal: SamplePortal) -> None:
        """Let the lists be the only way to the articles."""
        portal.page_size, portal.related = 4, False

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """What ASP.NET says to an old state, however often it comes."""
        state = asked.form.get("__VIEWSTATE", "")
        if asked.method != "POST" or asked.form.get("__EVENTARGUMENT") != "Page$3":
            return None
        menu = asked.query.get("MenuID", "")
        if self._refused.setdefault(menu, state) != state:
            return None
        return page(ERROR.format(said="The state information is invalid for this page and might be corrupted."), 500)


class HiddenBehind(Hazard):
    """Stories that the portal's own lists leave out, for another way to lead to them."""

    hidden: tuple[Story, ...] = ()

    def join(self, portal: SamplePortal) -> None:
        """Take the older half of the stories out of the lists."""
        self.hidden = tuple(portal.stories[len(portal.stories) // 2 :])
        portal.hidden |= {story.number for story in self.hidden}


class LoadMore(HiddenBehind):
    """A list that grows by a button: the rest comes as fragments from a JSON endpoint."""

    name = "load-more"
    about = "a list whose rest comes by a button (xem thêm) from a JSON endpoint"
    SIZE = 5

    def planted(self, portal: SamplePortal) -> str:
        """The list's beginning and its button."""
        return (
            f'<ul id="ds-tin">{items(portal, portal.stories[:3])}</ul><a class="btn-xem-them" href="#" '
            'data-url="/api/tin-moi?page=2" data-page="2">Xem thêm</a>'
        )

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """A fragment; the endpoint's pages begin where the lists end."""
        if asked.path != "/api/tin-moi":
            return None
        number = int(asked.query.get("page", "") or 1)
        start = (number - 2) * self.SIZE
        shown = self.hidden[start : start + self.SIZE] if start >= 0 else ()
        more = bool(shown) and start + self.SIZE < len(self.hidden)
        said = {"success": True, "html": items(portal, shown), "hasMore": more, "page": number}
        return Answer(json.dumps(said, ensure_ascii=False).encode(), content_type="application/json; charset=utf-8")


class DateArchive(HiddenBehind):
    """Old articles that only an archive by date shows, behind a form."""

    name = "date-archive"
    about = "old articles that only an archive by date shows, behind a form"
    costly = True  # a request a month

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The form."""
        years = sorted({story.published.year for story in self.hidden if story.published}, reverse=True)
        options = "".join(f'<option value="{year}">{year}</option>' for year in years)
        months = "".join(f'<option value="{month}">Tháng {month}</option>' for month in range(1, 13))
        return (
            f'<form method="get" action="/luu-tru.htm"><select name="nam">{options}</select>'
            f'<select name="thang">{months}</select><input type="submit" value="Xem theo tháng"></form>'
        )

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """A month's news."""
        if asked.path != "/luu-tru.htm":
            return None
        wanted = (asked.query.get("nam", ""), asked.query.get("thang", ""))
        shown = [s for s in portal.stories if s.published and (str(s.published.year), str(s.published.month)) == wanted]
        return shell("Lưu trữ", f"<ul>{items(portal, shown)}</ul>" if shown else "<p>Không có tin nào.</p>")


class Pinned(Hazard):
    """The oldest articles stand on top of every page of every list."""

    name = "pinned"
    about = "old articles pinned on top of every list"

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:
        """Three of them, before the list."""
        if not re.search(r"/(?:index|trang-\d+)\.htm$", asked.path) or answer.status != 200:
            return answer
        rows = f"<ul>{items(portal, portal.stories[-3:])}</ul>"
        return answer.saying(answer.body.decode().replace('<td class="giua">', f'<td class="giua">{rows}', 1))


class SitemapBomb(Hazard):
    """A sitemap whose entities unfold to a billion words."""

    name = "sitemap-bomb"
    about = "a sitemap with entities that unfold to gigabytes"

    def robots(self, portal: SamplePortal) -> str:
        """Its address."""
        return f"Sitemap: {portal.base}/sitemap.xml\n"

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """The bomb."""
        if asked.path != "/sitemap.xml":
            return None
        head = f'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY z0 "tin tức ">{BILLION}]>'
        body = f"<urlset><url><loc>{portal.base}/&z9;</loc></url></urlset>"
        return Answer((head + body).encode(), content_type=XML)


class DeadSitemap(Hazard):
    """A sitemap that names thousands of articles that are no more, among them those that are."""

    name = "dead-sitemap"
    about = "a sitemap whose articles are dead but for a few"
    trap = re.compile(r"^/tintuc/1999/")
    DEAD = 5000

    def robots(self, portal: SamplePortal) -> str:
        """Its address."""
        return f"Sitemap: {portal.base}/so-do.xml\n"

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """The sitemap."""
        if asked.path != "/so-do.xml":
            return None
        paths = [f"/tintuc/1999/bai{number:04}.htm" for number in range(self.DEAD)]
        paths[self.DEAD // 3 : self.DEAD // 3] = map(portal.path, portal.stories)
        entries = "".join(f"<url><loc>{portal.base}{path}</loc></url>" for path in paths)
        return Answer(f"<urlset>{entries}</urlset>".encode(), content_type=XML)


class EndlessSitemaps(Hazard):
    """Indexes of sitemaps that name themselves and ever more indexes."""

    name = "endless-sitemaps"
    about = "indexes of sitemaps that name themselves and ever more indexes"
    trap = re.compile(r"^/chi-muc-\d+\.xml")

    def robots(self, portal: SamplePortal) -> str:
        """The first of them."""
        return f"Sitemap: {portal.base}/chi-muc-1.xml\n"

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """Itself and some more."""
        found = re.match(r"^/chi-muc-(\d+)\.xml$", asked.path)
        if found is None:
            return None
        numbers = [int(found[1]), *(int(found[1]) * 5 + more for more in range(5))]
        entries = "".join(f"<sitemap><loc>{portal.base}/chi-muc-{number}.xml</loc></sitemap>" for number in numbers)
        return Answer(f"<sitemapindex>{entries}</sitemapindex>".encode(), content_type=XML)


class BrokenSitemaps(HiddenBehind):
    """An index of sitemaps: one in gzip, one cut off in the middle, one that is an error page, one that is missing."""

    name = "broken-sitemaps"
    about = "half of the articles stand in sitemaps only, some of which are broken"
    costly = True

    def robots(self, portal: SamplePortal) -> str:
        """The index's address."""
        return f"Sitemap: {portal.base}/sitemap_index.xml\n"

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:
        """The index and its parts."""
        hidden, half = self.hidden, len(self.hidden) // 2
        if asked.path == "/sitemap_index.xml":
            names = ("a.xml.gz", "b.xml", "c.xml", "d.xml")
            listed = "".join(f"<sitemap><loc>{portal.base}/sitemap-{name}</loc></sitemap>" for name in names)
            return Answer(f"<sitemapindex>{listed}</sitemapindex>".encode(), content_type=XML)
        if asked.path == "/sitemap-a.xml.gz":
            packed = gzip.compress(self._listed(portal, hidden[:half]).encode(), mtime=0)
            return Answer(packed, content_type="application/x-gzip")
        if asked.path == "/sitemap-b.xml":  # it breaks off in one entry more
            whole = self._listed(portal, hidden[half:]).removesuffix("</urlset>")
            return Answer(f"{whole}<url><loc>{portal.base}/tint".encode(), content_type=XML)
        return page("<html><body><h1>Lỗi hệ thống</h1></body></html>") if asked.path == "/sitemap-c.xml" else None

    @staticmethod
    def _listed(portal: SamplePortal, stories: tuple[Story, ...]) -> str:
        entries = "".join(f"<url><loc>{portal.base}{portal.path(story)}</loc></url>" for story in stories)
        return f'<?xml version="1.0" encoding="UTF-8"?><urlset>{entries}</urlset>'
