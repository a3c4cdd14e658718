"""Lists over several pages: when one has come to its end, and whether it was read to that end.

The commonest loss of crawlers is a list that breaks off in the middle while the run reports success; so every list of
which more than one page is known gets a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING

from portal_crawler.crawling.canonical import key_hash
from portal_crawler.crawling.rules import chain_key, page_number
from portal_crawler.crawling.sightings import SHOWN, Sightings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# Pages of one list, one after the other, that show nothing the list has not shown before: a server that answers every
# number past the end with its last page, or a postback that leads back.
BARREN_CHAIN = 3

# So many pages that show the same are what a server answers for all numbers past the end.
CLAMPED = 3

# A gap between two page numbers is told by so many numbers at most.
TOLD = 5


@dataclass(frozen=True, slots=True)
class BrokenList:
    """A list that was not read to its end.

    Attributes:
        chain: What its pages have in common; see :func:`~portal_crawler.crawling.rules.chain_key`.
        url: An address of it that a person can open.
        detail: One sentence: which pages are wrong, and how.
        again: Addresses to ask for once more; empty where its pages have none of their own (postbacks).
        first: Address of its first page known.
        numbers: Which of its pages are wrong.
    """

    chain: str
    url: str
    detail: str
    again: tuple[str, ...]
    first: str
    numbers: tuple[int, ...]


@dataclass(slots=True)
class _Page:
    url: str | None = None
    visited: bool = False
    missing: bool = False
    fresh: bool = False
    shown: int = 0
    # It shows nothing but what stands on the first page as well: what is pinned, and what stands beside.
    bare: bool = False
    failure: str | None = None
    # What it shows, as a number, and the highest page that its pager announces.
    content: int = 0
    furthest: int = 0


@dataclass(slots=True)
class _Chain:
    barren: int = 0
    postback: bool = False
    left: bool = False  # on purpose, before its end
    fertile: bool = False  # has shown an article that no other page had shown
    retried: bool = False
    last: int = 0  # the highest number that a page with new articles has announced
    loaded: bool = False  # piece by piece: there is no pager to hold it to
    opening: frozenset[int] = frozenset()  # what the first page shows
    begun: bool = False  # the first page has come, under the list's own address
    total: int = 0  # how many pages it says that it has
    pages: dict[int, _Page] = field(default_factory=dict)

    def promise(self, announced: Mapping[int, str | None]) -> None:
        """Note the pages that a pager announces."""
        self.last = max(self.last, *announced)
        self.postback |= None in announced.values()
        for number, address in announced.items():
            self.page(number).url = self.page(number).url or address

    def expect(self, total: int) -> None:
        """The list says that it has so many pages."""
        self.last, self.total = max(self.last, total), max(self.total, total)
        self.page(total)

    def page(self, number: int) -> _Page:
        return self.pages.setdefault(number, _Page())

    def end(self) -> int:
        """The last page that is to be held against the list: as far as pagers go, or where the server has told its end.

        Some servers answer all numbers past the end with the last page, under a pager that goes on from the number that
        was asked for: it announces more than any other page of the list. One that stays as it is tells what is missing.
        """
        visited = {number: page for number, page in self.pages.items() if page.visited and not page.missing}
        content = visited[max(visited)].content if visited else 0
        same = [number for number, page in visited.items() if page.content == content]
        others = [page.furthest for page in visited.values() if page.content != content]
        first = min(same, default=0)
        if (
            not content
            or len(same) < CLAMPED
            or len(same) < sum(number >= first for number in visited)
            or visited[max(same)].furthest <= max(others, default=visited[first].furthest)
        ):
            return self.last
        return min(self.last, max(first, self.total))

    def begins_again(self, number: int, shown: frozenset[int]) -> bool:
        """Whether a postback was answered with the first page: its form state had expired.

        Some pagers lead from the last page to the first: behind the pages that were announced, one look is enough.
        """
        if self.loaded or not self.postback or not shown:
            return False
        return shown == self.opening and (number <= self.last or not self.retried)


class ListChains:
    """Follows the lists of a portal and tells when one has come to its end, or turns in a circle, or was broken off.

    Args:
        limit: Pages in a row that may show nothing new.
        sightings: Where it is noted which articles they have shown; None: in some of its own.
    """

    def __init__(self, limit: int = BARREN_CHAIN, sightings: Sightings | None = None) -> None:
        self.limit = limit
        self._chains: dict[str, _Chain] = {}
        self._sightings = Sightings() if sightings is None else sightings

    def turn(
        self,
        chain: str,
        articles: Collection[str],
        number: int = 1,
        url: str | None = None,
        announced: Mapping[int, str | None] | None = None,
        *,
        total: int | None = None,
        loaded: bool = False,
        hidden: Collection[str] = (),
    ) -> bool:
        """Note a page of a list; False once the list is not to be followed further.

        Args:
            chain: Address of the list, or its key.
            articles: Identities of the articles that the page links to.
            number: Which page of the list it is.
            url: Address of the page.
            announced: The numbers in its pager, each with its address; None for those that a postback leads to.
            total: How many pages the list says that it has.
            loaded: Whether it is loaded piece by piece, each told by the one before.
            hidden: Those of the articles whose links no reader sees: some sites plant another one on each page.
        """
        name = chain_key(chain)
        known = self._chains.setdefault(name, _Chain())
        known.loaded |= loaded
        shown = frozenset(map(key_hash, articles))
        if number == 1:
            known.opening = shown
            known.begun |= _is_first(url, shown, announced or {})
        elif known.begins_again(number, shown):
            known.page(number).failure = "shows the first page again"
            return False
        known.fertile |= self._first_shown(articles)
        fresh = self._sightings.fresh(name, shown)
        known.barren = 0 if fresh else known.barren + 1
        page = known.page(number)
        page.url, page.visited, page.failure = url or page.url, True, None
        page.fresh |= fresh
        page.shown = max(page.shown, len(articles))
        page.content, page.furthest = hash(shown) if shown else 0, max(announced or (), default=0)
        page.bare = number > 1 and shown.difference(map(key_hash, hidden)) <= known.opening
        if fresh and announced:
            known.promise(announced)  # what a page beyond the end announces is no evidence: it would go on for ever
        # The first page often has an address of another form than the others (index.htm, trang-2.htm), and so another
        # key: it answers for the others only where it shows some of its own.
        if fresh and total and (number > 1 or _counts_pages(announced or {}, total)):
            known.expect(total)
        # A next page that only pages without anything of their own announce is not asked for: they would, for ever.
        over = number > 1 and not fresh and number >= known.last and (not shown or page.bare)
        return known.barren < self.limit and (loaded or not over)

    def _first_shown(self, articles: Collection[str]) -> bool:
        """Note what a page shows; whether it is the first page of any list that shows one of them."""
        return sum(self._sightings.mark(key, SHOWN) for key in articles) > 0

    def share(self, chain: str, other: str) -> None:
        """Let a list that stands on the pages of another know what that one has shown."""
        whole, own = chain_key(chain), chain_key(other)
        self._sightings.share(whole, own)
        self._chains[own].opening = self._chains[whole].opening

    def failed(self, chain: str, number: int, why: str, *, missing: bool) -> None:
        """Note a page of a known list that could not be had.

        Args:
            chain: As in :meth:`turn`.
            number: Which page of the list it is.
            why: The cause, in a few words.
            missing: Whether the server says that there is no such page (404, 410): right behind a list's end.
        """
        known = self._chains.get(chain_key(chain))
        # An ellipsis or an arrow leads on to a page whose number no pager has shown.
        if known is None or not (number in known.pages or (known.postback and number - 1 in known.pages)):
            return
        page = known.page(number)
        if missing:
            page.visited = page.missing = True
        elif not page.fresh:
            page.failure = why
            known.last = max(known.last, number)

    def fertile(self, chain: str) -> bool:
        """Whether a list has shown an article that no other page had shown before; filters and orders show none."""
        known = self._chains.get(chain_key(chain))
        return known is not None and known.fertile

    def leave(self, chain: str) -> None:
        """Note that a list is not followed further: the rest of it is known, or it brings nothing new."""
        if (known := self._chains.get(chain_key(chain))) is not None:
            known.left = True

    def beginning(self, chain: str) -> str | None:
        """Address of a list's first page known."""
        known = self._chains.get(chain_key(chain))
        return known.pages[min(known.pages)].url if known is not None and known.pages else None

    def walked(self) -> int:
        """How many lists of more than one page were met."""
        return sum(known.last > 0 for known in self._chains.values())

    def broken(self) -> Iterator[BrokenList]:
        """The lists that were not read to their end."""
        for chain, known in self._chains.items():
            wrong = {} if known.left else _wrong(known) if known.last else _emptied(known)
            if not wrong:
                continue
            first = known.pages[min(known.pages)].url or f"//{chain}"
            # A page of which no address is known is led to by the page before it.
            visited = sorted(number for number, page in known.pages.items() if page.visited and page.url)
            before = {max((each for each in visited if each < number), default=min(known.pages)) for number in wrong}
            numbers = before | set(wrong)
            pages = sorted(number for number in numbers if number in known.pages)
            again = tuple(dict.fromkeys(url for number in pages if (url := known.pages[number].url)))
            detail = f"{first}: the list goes to page {max(known.end(), *wrong)}, but {_said(wrong)}"
            yield BrokenList(chain, first, detail, () if known.postback else again, first, tuple(wrong))

    def has_begun(self, chain: str) -> bool:
        """Whether the first page of a list has come, so that its number one is the same page under another address.

        Its own pager tells: the page that is shown has no link. Where the list's plain address shows something else, or
        numbers begin with naught, page one has a link there.
        """
        known = self._chains.get(chain_key(chain))
        return known is not None and known.begun

    def resumes(self, chain: str) -> int:
        """The first page that was wrong of a list that is walked once more; 0 of any other."""
        known = self._chains.get(chain_key(chain))
        return min(_wrong(known), default=0) if known is not None and known.retried else 0

    def again(self, chain: str) -> None:
        """Let a list be walked once more from its beginning: its known pages are not held against it."""
        known = self._chains[chain]
        known.retried = True
        known.barren = -len(known.pages)


def _counts_pages(announced: Mapping[int, str | None], total: int) -> bool:
    """Whether a first page's pager counts pages, as the total does that is printed there, and not rows (10, 20, 30)."""
    return max(announced, default=0) in range(1, total + 1) and not announced.keys().isdisjoint((2, total))


def _is_first(url: str | None, shown: Collection[int], announced: Mapping[int, str | None]) -> bool:
    """Whether a page without a number is drawn as page one by its own pager."""
    return (
        bool(shown)
        and url is not None
        and page_number(url) is None
        and 1 not in announced
        and max(announced, default=0) > 1
    )


def _wrong(known: _Chain) -> dict[int, str]:
    """The pages of a list that are wrong, each with how."""
    wrong: dict[int, str] = {}
    last = known.end()
    for number, page in known.pages.items():
        if page.failure:
            wrong[number] = page.failure
        elif not page.visited and number <= last:
            wrong[number] = "never reached"
        elif number < last and not page.fresh:
            # The last page may well be empty, or hold what stands beside the list anyway.
            wrong[number] = "empty" if not page.shown else "shows only what the list has shown before"
        elif not known.retried and (_is_bare(known, number, last) or (_is_empty(page) and _full_before(known, number))):
            wrong[number] = "empty"  # one more look tells; a last page that is empty again was the end
    numbered = sorted(number for number in known.pages if number > 1)
    # Numbers may be those of rows, every twentieth say: the step tells which of them are left out.
    step = reduce(gcd, (number - numbered[0] for number in numbered), 0)
    for number in range(numbered[0], last, step) if step and not known.loaded else ():
        if number not in known.pages:
            wrong[number] = "never reached"
    return dict(sorted(wrong.items()))


def _emptied(known: _Chain) -> dict[int, str]:
    """The pages behind a list's first one that came without any article, where nothing says how far the list goes.

    An empty answer has lost its pager as well, and the first page may have an address of another form and so another
    key. One more look tells; a page that is empty again was the end.
    """
    pages = {} if known.retried else known.pages
    return {number: "empty" for number, page in pages.items() if number > 1 and _is_empty(page)}


def _full_before(known: _Chain, number: int) -> bool:
    """Whether a page that came empty may have held something: the piece before a list's end is often a short one."""
    before = [page for other, page in known.pages.items() if other < number and page.visited]
    return bool(before) and (not known.loaded or before[-1].shown >= max(page.shown for page in before))


def _is_bare(known: _Chain, number: int, last: int) -> bool:
    """Whether the last page that was announced shows no articles of its own list, though others may stand beside it."""
    return number == last and known.pages[number].bare and not known.loaded


def _is_empty(page: _Page) -> bool:
    return page.visited and not page.missing and not page.shown


def _said(wrong: Mapping[int, str]) -> str:
    by_cause: dict[str, list[int]] = {}
    for number, cause in wrong.items():
        by_cause.setdefault(cause, []).append(number)
    told = []
    for cause, numbers in by_cause.items():
        more = f" and {len(numbers) - TOLD} more" if len(numbers) > TOLD else ""
        told.append(f"page {', '.join(map(str, numbers[:TOLD]))}{more}: {cause}")
    return "; ".join(told)
