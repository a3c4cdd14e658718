"""Budgets that keep a crawl from going on for ever where a site has no end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_crawler.crawling.patterns import pattern_of

if TYPE_CHECKING:
    from collections.abc import Collection


class PatternBudget:
    """Stops asking for pages of a form that bring no article which no other page has shown.

    Tag pages, calendars and faceted searches are endless in number and alike in form; lists have a budget of their own
    (``chains.ListChains``).
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._listed: set[int] = set()
        self._barren: dict[str, int] = {}

    def allows(self, url: str) -> bool:
        """Whether another page of this form may be asked for."""
        return self._barren.get(pattern_of(url), 0) < self.limit

    def visited(self, url: str, articles: Collection[str]) -> bool:
        """Note a page with the articles it links to; False if its form has just used up its budget."""
        before = len(self._listed)
        self._listed.update(map(hash, articles))
        pattern = pattern_of(url)
        self._barren[pattern] = 0 if len(self._listed) > before else self._barren.get(pattern, 0) + 1
        return self._barren[pattern] != self.limit
