"""Which articles and pages of earlier crawls are asked for again, and what lists say of them meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from portal_crawler.crawling import unlisted
from portal_crawler.crawling.apologies import TITLE_WORDS
from portal_crawler.crawling.canonical import key_hash, page_key
from portal_crawler.crawling.history import now
from portal_crawler.extraction.contents import all_said
from portal_crawler.extraction.dates import find_dates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from portal_crawler.crawling.known import Known
    from portal_crawler.crawling.state import PortalState
    from portal_crawler.items import Article

# A page of fewer articles does not tell whether its list is as it was: all of them may be pinned.
FEWEST_LISTED = 4
# So many articles may be modified between two looks at a sitemap, however few it names.
FEW_MODIFIED = 5


class Revisits:
    """Which articles and pages of earlier crawls a crawl asks for again.

    The first crawl walks the whole portal, and so does each that follows one which was cut short. After that a crawl
    is incremental: lists are followed until they show nothing new, pages that have led to nothing are left alone, and
    of the known articles those are fetched again whose time has come (``state.revisit_after``).

    Args:
        state: What earlier runs know; None: nothing is kept, every crawl is the first.
        full: Whether the whole portal is walked and every article looked at in any case.
        only_new: Whether no known article is looked at again.
        every: Days after which the whole portal is walked again.
        share: Share of the known articles that an incremental crawl looks at again, at most.
        margin: Known articles in a row, with no new one among them, after which a list is left: pinned ones stand
            before the new.
        since: A day (ISO 8601); what was published before it is not wanted.
    """

    def __init__(
        self,
        state: PortalState | None,
        *,
        full: bool,
        only_new: bool,
        every: float,
        share: float,
        margin: int,
        since: str | None = None,
    ) -> None:
        self.state = state
        self.only_new = only_new
        self.share = 0.0 if only_new else share
        self.full, self.margin = full, margin
        walked = state.get("walked") if state is not None else ""
        ago = datetime.now(UTC) - datetime.fromisoformat(walked) if walked else timedelta.max
        recent = timedelta(0) <= ago < timedelta(days=every)  # what lies ahead was noted by a clock that was wrong
        self.incremental = bool(walked) and not full and (only_new or recent)
        self.since = since
        self._row: dict[str, int] = {}
        self._emptied: set[str] = set()
        self._old: dict[str, int] = {}
        self._shown: dict[str, set[str]] = {}
        self._named: set[int] = set()

    @property
    def whole(self) -> bool:
        """Whether the crawl walks all of the portal, so that what it does not meet is not there."""
        return not self.incremental and self.since is None

    def excludes(self, listed: str | None) -> bool:
        """Whether a date that a list prints lies before the day from which on articles are wanted."""
        if self.since is None or listed is None or not (found := find_dates(listed)):
            return False
        return found[0].value[:10] < self.since

    def reaches(self, chain: str, listed: Collection[str | None]) -> bool:
        """Whether a list is followed further, after a page with articles of these dates.

        Lists are ordered by date, but for what is pinned to their tops: one is left after as many old articles in a row
        as it takes to leave one of which all is known.
        """
        if self.since is None or not listed:
            return True
        if all(map(self.excludes, listed)):
            self._old[chain] = self._old.get(chain, 0) + len(listed)
        else:
            self._old[chain] = 0
        return self._old[chain] < self.margin

    def known(self, identifier: str) -> Known | None:
        """An article that an earlier crawl has exported and that is not gone, perhaps under another title's address."""
        if self.state is None or self._crawl < 2:
            return None
        found = self.state.article(identifier)
        if found is None and (other := self.state.renamed(identifier)) is not None:
            found = self.state.article(other)
        return found if found is not None and found.gone_at is None and found.since < self._crawl else None

    def stands_for(self, identifier: str) -> Known | None:
        """The known article that another address shows, too, and under whose identifier it was exported."""
        other = self.state.alias_of(identifier) if self.state is not None else None
        return self.known(other) if other is not None else None

    def has(self, identifier: str) -> bool:
        """Whether an earlier crawl has exported an article that is not gone, perhaps as another one."""
        return self.known(identifier) is not None or self.stands_for(identifier) is not None

    def exported_as(self, item: Article) -> str | None:
        """The identifier under which an article that is not known has been exported, if it has been."""
        if self.state is None or (said := all_said(item)) is None or self.state.article(item.id) is not None:
            return None
        other = self.state.said_by(said)
        found = self.state.article(other) if other is not None else None
        return found.id if found is not None and found.gone_at is None else None

    @property
    def _crawl(self) -> int:
        assert self.state is not None
        return self.state.crawl

    def passes_over(
        self, identifier: str, url: str | None = None, title: str | None = None, date: str | None = None
    ) -> bool:
        """Whether a linked article is known and need not be asked for; that it is still there is noted.

        One of which a list says what none has said before is asked for: its title or its date has been changed.
        """
        if self.state is None or self.full:
            return False
        if (known := self.known(identifier)) is not None:
            self.state.listed(known.id, now())
            if url is not None and page_key(url) != page_key(known.url):
                self.state.announce_instead(known.id, "address", url)
        elif (other := self.stands_for(identifier)) is not None:
            known = replace(other, id=identifier)  # what its lists say is noted apart
        else:
            return False
        return self.only_new or not self.announces(known, title, date)

    def announces(self, known: Known, title: str | None, date: str | None) -> bool:
        """Note what a list says of a known article; True if that is another title or date than any before."""
        assert self.state is not None
        news = False
        for what, said in comparable(title, date):
            before = self.state.announcements(known.id, what)
            self.state.announce(known.id, what, said)
            if what == "title" and known.title:
                before.add(_plain(known.title))
            news |= bool(before) and not any(_agree(what, said, other) for other in before)
        return news

    def modified(self, identifiers: Mapping[str, str]) -> set[str]:
        """The known articles that a sitemap says to have been modified since it was last read.

        A sitemap that says so of most of its articles writes the time of its own making: it is not believed.

        Args:
            identifiers: Of the articles that it names, each with the time of its last change, as written.
        """
        if self.state is None or self.only_new:
            return set()
        known = changed = 0
        news = set()
        for identifier, said in identifiers.items():
            before = self.state.announcements(identifier, "lastmod")
            self.state.announce_instead(identifier, "lastmod", max({said} | before))
            if self.known(identifier) is None or not before:
                continue
            known += 1
            if said > max(before):
                changed += 1
                news.add(identifier)
        return news if changed <= max(FEW_MODIFIED, known // 2) else set()

    def note_named(self, file: str, identifiers: Iterable[str]) -> None:
        """Note the articles that a sitemap names: what it names no more may be gone (``unlisted``)."""
        if self.state is not None:
            self._named.add(key_hash(file))
            unlisted.note_named(self.state, key_hash(file), identifiers)

    def reads_on(self, chain: str, identifiers: Collection[str], none: Collection[str] = ()) -> bool:
        """Whether a list is followed further, after a page with these articles.

        What earlier pages of the list have shown as well is a box's or a menu's, and says nothing of this one.

        Args:
            chain: Key of the list.
            identifiers: Of all that the page shows.
            none: Those of them that have proved to be no articles.
        """
        if self.state is None:
            return True
        if not identifiers:
            if chain not in self._row and self.state.list_emptied(chain, forget=self.whole):
                self._emptied.add(chain)
            return True
        # Its first page as it was: what comes behind is as it was, too.
        unchanged = chain not in self._row and not self.state.list_changed(chain, identifiers)
        self._row.setdefault(chain, 0)
        if not self.incremental:
            return True
        if unchanged and len(identifiers) >= FEWEST_LISTED:
            return False
        shown = self._shown.setdefault(chain, set())
        own = set(identifiers) - shown - set(none)
        shown |= own
        if not all(map(self.has, own)):
            self._row[chain] = 0
        else:
            self._row[chain] += len(own)
        return self._row[chain] < self.margin

    def emptied(self) -> str | None:
        """Why an incremental crawl has not seen what is new: most lists that had articles show none; None if it has."""
        empty = len(self._emptied - self._row.keys())
        read = empty + len(self._row)
        return f"{empty} of {read} lists that have shown articles show none" if 2 * empty > read else None

    def due(self) -> Iterator[Known]:
        """The known articles to be looked at again, whether the lists still show them or not."""
        if self.state is None or self.only_new or not self.state.get("walked"):
            return iter(())
        if self.full:
            return self.state.not_fetched()
        unlisted.call(self.state, self._named, whole=self.whole)
        limit = ceil(self.share * self.state.count())
        return (known for known in self.state.due(limit, datetime.now(UTC)) if known.crawl < self._crawl)


def comparable(title: str | None, date: str | None) -> Iterator[tuple[str, str]]:
    """What a link says of its article that can be compared: a title of some words, a day that is over.

    The day of the crawl tells nothing until a later crawl still finds it: some lists print today's beside each article.
    """
    if title and len(title.split()) >= TITLE_WORDS:
        yield "title", _plain(title)
    if date and (found := find_dates(date)) and (day := found[0].value[:10]) < now()[:10]:
        yield "date", day


def _plain(title: str) -> str:
    return " ".join(title.casefold().rstrip(" .…").split())


def _agree(what: str, said: str, before: str) -> bool:
    """Whether two announcements say the same: boxes of the latest news cut titles off."""
    return said == before or (what == "title" and (said.startswith(before) or before.startswith(said)))


def conditions(known: Known | None) -> dict[str, str]:
    """Request headers that let a server say "not modified" (RFC 9110, section 13.1)."""
    if known is None:
        return {}
    found = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in found.items() if value}
