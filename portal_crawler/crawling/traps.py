"""Budgets that keep a crawl from going on for ever where a site has no end."""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal_crawler.crawling.patterns import pattern_of
from portal_crawler.crawling.rules import chain_key
from portal_crawler.crawling.sightings import LINKED, Sightings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


# From so many parameters on, an address is one of a faceted search's combinations, which share a budget.
FACETS = 3
# Folders of an address that have a budget of their own, from the host on.
FOLDERS = 4
# Pages that are not held against a budget because of links that look like articles, before one of that shape is one.
PROMISES = 3
# Addresses of an exhausted budget that are looked at all the same once the crawl has run dry, spread over all of them.
SAMPLES = 3
# Pages in a row whose addresses differ in numbers alone and that say what others have said: fewer than a budget has,
# because each of them leads to more before it is known for what it is.
SERIES = 10
# Links of one form on a home page: more of them are tags, filters or days, and no menu.
LARGEST_MENU = 40
# Pages that are remembered by their sentences, to know one again that is put together of them.
REMEMBERED = 64
# Addresses that are kept of an exhausted budget, for those looks.
MOST_HELD = 1000

DIGITS = re.compile(r"\d+")


def form_of(url: str) -> str:
    """The form of an address as far as budgets go: its pattern, combinations of many parameters taken together."""
    pattern, _, names = pattern_of(url).rpartition("?")
    return f"{pattern}?*" if names.count("&") + 1 >= FACETS else f"{pattern}?{names}"


@lru_cache(maxsize=8_192)
def shape_of(address: str) -> str:
    """The form of an address together with the folder it is in, digits masked."""
    return f"{DIGITS.sub('#', urlsplit(address).path.rpartition('/')[0])} {pattern_of(address)}"


@lru_cache(maxsize=8_192)
def grounds_of(url: str) -> tuple[str, ...]:
    """All that an address shares a budget with: its form, the folders above it, its program and the parameters of it.

    A calendar's months and days are of several forms, paths that grow are of ever new ones, and filters are combined:
    what they have in common is the folder, or the program and the parameter.
    """
    parts = urlsplit(url)
    path = DIGITS.sub("#", parts.path)
    folders = path.split("/")[1:-1][:FOLDERS]
    grounds = [form_of(url), *("/" + "/".join(folders[: depth + 1]) + "/" for depth in range(len(folders)))]
    if parts.query:
        names = {parameter.partition("=")[0] for parameter in parts.query.split("&") if parameter}
        grounds += [f"{path}?", *(f"{path}?{name}" for name in sorted(names))]
    return tuple(map(intern, grounds))  # many addresses have the same


def menu_of(urls: Iterable[str]) -> set[str]:
    """The lists that a home page links to, but for those of a form that is too common there to be a menu's."""
    by_form: dict[str, set[str]] = {}
    for url in urls:
        by_form.setdefault(form_of(url), set()).add(chain_key(url))
    return set().union(*(chains for chains in by_form.values() if len(chains) <= LARGEST_MENU))


def series_of(url: str) -> str:
    """What the addresses of a series have in common: all but their numbers."""
    return f"series {DIGITS.sub('#', url)}"


class PatternBudget:
    """Bounds the requests for pages that have something in common by what they bring: articles that no other has shown.

    Tag pages, calendars and faceted searches are endless in number and alike in their addresses; lists have a budget
    of their own (``chains.ListChains``). A page may name hundreds of them at once, so that requests under way count as
    well: what is beyond the budget is held back until pages of its kind have brought something. A folder, a program
    and a parameter have a budget only as long as no article has been found there: a whole portal may stand in one. A
    series of articles, whose addresses differ in numbers alone, has one of its own: articles that lead to ever more
    articles, put together of the same sentences, stand among the portal's own. What lists show is not held back by it:
    a portal's notices may well repeat each other word for word.

    Args:
        limit: Pages in a row that may bring nothing, for each form, folder, program and parameter.
        sightings: Where it is noted what its pages have linked to and said; None: in some of its own.
        mark: The mark of what they have linked to.
    """

    def __init__(self, limit: int, sightings: Sightings | None = None, mark: int = LINKED) -> None:
        self.limit = limit
        self._sightings = Sightings() if sightings is None else sightings
        self._mark = mark
        self._barren: dict[str, int] = {}
        self._open: dict[str, set[str]] = {}
        self._held: dict[str, deque[str]] = {}
        self._fertile: set[str] = set()
        self._proved: set[str] = set()
        self._promised: dict[str, int] = {}
        self._sampled: set[str] = set()
        self._series: dict[str, int] = {}
        self._recent: deque[frozenset[int]] = deque(maxlen=REMEMBERED)

    def __contains__(self, url: str) -> bool:
        """Whether a page was granted and has not come yet."""
        return url in self._open.get(form_of(url), ())

    def _grounds(self, url: str) -> list[str]:
        form, *others = grounds_of(url)
        return [form, *(ground for ground in others if ground not in self._fertile)]

    def exhausted(self, url: str) -> bool:
        """Whether pages of this kind are left alone, until others of it bring something."""
        return any(self._barren.get(ground, 0) >= self.limit for ground in self._grounds(url))

    def _full(self, url: str) -> str | None:
        """What keeps a page from being asked for now."""
        for ground in self._grounds(url):
            if self._barren.get(ground, 0) + len(self._open.get(ground, ())) >= self.limit:
                return ground
        return None

    def grants(self, url: str) -> bool:
        """Whether a page may be asked for now; else it is held back, and :meth:`released` may name it later."""
        full = self._full(url)
        if full is None:
            self._enter(url)
            return True
        self._hold(full, url)
        return False

    def goes_nowhere(self, url: str) -> bool:
        """Whether an address that an article links to goes on with a series that says nothing new; it is held back."""
        series = series_of(url) if self._series else ""
        if self._series.get(series, 0) < SERIES:
            return False
        self._hold(series, url)
        return True

    def _hold(self, full: str, url: str) -> None:
        held = self._held.setdefault(full, deque())
        if len(held) < MOST_HELD or not self.exhausted(url):
            held.append(url)

    def _enter(self, url: str) -> None:
        for ground in grounds_of(url):
            self._open.setdefault(ground, set()).add(url)

    def _leave(self, url: str) -> None:
        for ground in grounds_of(url):
            under_way = self._open.get(ground)
            if under_way is not None:
                under_way.discard(url)
                if not under_way:
                    del self._open[ground]

    def visited(
        self,
        url: str,
        articles: Collection[str],
        *,
        article: str | None = None,
        content: int | None = None,
        sentences: frozenset[int] = frozenset(),
        linked: Iterable[str] = (),
    ) -> bool:
        """Note a page; False if what it has in common with others is exhausted by it.

        Args:
            url: Its address.
            articles: Identities of the articles that it links to.
            article: Its own identity, if it is an article.
            content: What it says, as a number (``contents.content_of``): an article that says what another one has
                said is no yield.
            sentences: Of which sentences it is made (``contents.sentences_of``).
            linked: Identities of all pages that it links to: what proves to be an article later was shown here first.
        """
        if sentences:
            self._note_series(url, sentences)
        new = content is None or self._sightings.fresh(f"contents {self._mark}", (content,))
        proved, promised = self._yield(articles)
        self._link(linked)
        if article is not None and new:
            proved = True
            self._fertile.update(grounds_of(url)[1:])
            self._proved.add(shape_of(article))
        return self._note(url, fruitful=proved, promising=promised)

    def _note_series(self, url: str, sentences: frozenset[int]) -> None:
        """Count a page none of whose sentences is new against its series."""
        if sentences <= frozenset().union(*self._recent):
            self._series[series_of(url)] = self._series.get(series_of(url), 0) + 1
        elif self._series:
            self._series.pop(series_of(url), None)
        self._recent.append(sentences)

    def _yield(self, articles: Collection[str]) -> tuple[bool, bool]:
        """Whether a page shows an article that no other has shown; whether it shows what may be one."""
        shapes = {shape_of(key) for key in articles if self._sightings.mark(key, self._mark)}
        believed = [shape for shape in shapes - self._proved if self._promised.get(shape, 0) < PROMISES]
        for shape in believed:
            self._promised[shape] = self._promised.get(shape, 0) + 1
        return not shapes.isdisjoint(self._proved), bool(believed)

    def _link(self, linked: Iterable[str]) -> None:
        for key in linked:
            self._sightings.mark(key, self._mark)

    def _note(self, url: str, *, fruitful: bool = False, promising: bool = False) -> bool:
        goes_on = True
        self._leave(url)
        for ground in grounds_of(url):
            self._barren[ground] = 0 if fruitful else self._barren.get(ground, 0) + (not promising)
            goes_on &= promising or self._barren[ground] != self.limit or ground in self._fertile
        return goes_on

    def came(self, url: str, linked: Iterable[str]) -> None:
        """Note a page of a list that is followed to its end: what it links to is no longer new on other pages."""
        self._link(linked)
        self._leave(url)

    def failed(self, url: str) -> None:
        """Note a request that brought no page: it brought nothing."""
        if url in self._open.get(form_of(url), ()):
            self._note(url)

    def released(self, *, all_forms: bool = False, url: str = "") -> list[str]:
        """Addresses held back for which there is room now: of a page's kind, or of all when the crawl has run dry."""
        if all_forms:
            self._open.clear()  # redirected, dropped: none of them will come back
        freed: list[str] = []
        for ground in list(self._held) if all_forms else grounds_of(url):
            held = self._held.pop(ground, deque())
            while held and self._full(held[0]) != ground and self._series.get(ground, 0) < SERIES:
                following = held.popleft()
                if self.grants(following):
                    freed.append(following)
            if held:
                self._held[ground] = held
        return freed or self._samples() if all_forms else freed

    def _samples(self) -> list[str]:
        """A few addresses of each budget that is exhausted, once: what they bring may open it again."""
        freed = []
        for ground, held in self._held.items():
            if ground in self._sampled or not held:
                continue
            self._sampled.add(ground)
            self._sampled.update(self._grounds(held[0]))
            for place in sorted({(len(held) - 1) * part // (SAMPLES - 1) for part in range(SAMPLES)}, reverse=True):
                freed.append(held[place])
                del held[place]
        return freed
