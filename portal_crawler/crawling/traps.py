"""Budgets that keep a crawl from going on for ever where a site has no end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from portal_crawler.crawling.canonical import key_hash
from portal_crawler.crawling.patterns import pattern_of

if TYPE_CHECKING:
    from collections.abc import Collection


# From so many parameters on, an address is one of a faceted search's combinations, which share a budget.
FACETS = 3


def form_of(url: str) -> str:
    """The form of an address as far as budgets go: its pattern, combinations of many parameters taken together."""
    pattern, _, names = pattern_of(url).rpartition("?")
    return f"{pattern}?*" if names.count("&") + 1 >= FACETS else f"{pattern}?{names}"


class PatternBudget:
    """Bounds the requests for pages of one form by what such pages bring: articles that no other page has shown.

    Tag pages, calendars and faceted searches are endless in number and alike in form; lists have a budget of their own
    (``chains.ListChains``). A page may name hundreds of them at once, so that requests under way count as well: what is
    beyond the budget is held back until pages of its form have brought something.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._listed: set[int] = set()
        self._barren: dict[str, int] = {}
        self._open: dict[str, set[str]] = {}
        self._held: dict[str, deque[str]] = {}

    def exhausted(self, url: str) -> bool:
        """Whether pages of this form are left alone."""
        return self._barren.get(form_of(url), 0) >= self.limit

    def grants(self, url: str) -> bool:
        """Whether a page of this form may be asked for now; else it is held back, or its form is exhausted."""
        form = form_of(url)
        under_way = self._open.setdefault(form, set())
        if self._barren.get(form, 0) + len(under_way) < self.limit:
            under_way.add(url)
            return True
        if not self.exhausted(url):
            self._held.setdefault(form, deque()).append(url)
        return False

    def visited(self, url: str, articles: Collection[str], *, article: bool = False) -> bool:
        """Note a page with the articles it links to, or that it is one; False if its form is exhausted by it."""
        before = len(self._listed)
        self._listed.update(map(key_hash, articles))
        form = form_of(url)
        self._open.get(form, set()).discard(url)
        self._barren[form] = 0 if article or len(self._listed) > before else self._barren.get(form, 0) + 1
        return self._barren[form] != self.limit

    def failed(self, url: str) -> None:
        """Note a request that brought no page: it brought nothing."""
        form = form_of(url)
        if url in self._open.get(form, ()):
            self._open[form].discard(url)
            self._barren[form] = self._barren.get(form, 0) + 1

    def released(self, *, all_forms: bool = False, url: str = "") -> list[str]:
        """Addresses held back for which there is room now: of a page's form, or of all when the crawl has run dry."""
        freed = []
        for form in list(self._held) if all_forms else [form_of(url)]:
            held = self._held.get(form, deque())
            under_way = self._open.setdefault(form, set())
            if all_forms:
                under_way.clear()  # redirected, dropped: none of them will come back
            while held and self._barren.get(form, 0) + len(under_way) < self.limit:
                under_way.add(held[0])
                freed.append(held.popleft())
            if not held or self._barren.get(form, 0) >= self.limit:
                self._held.pop(form, None)
        return freed
