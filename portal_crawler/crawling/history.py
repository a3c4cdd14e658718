"""What becomes of articles between runs: which are asked for again, what has changed in them, which are gone."""

from __future__ import annotations

import difflib
import re
from array import array
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any
from zlib import crc32

from scrapy import signals
from scrapy.exceptions import DropItem

from portal_crawler.crawling.apologies import REGRET, TITLE_WORDS
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.losses import Losses
from portal_crawler.crawling.state import Known
from portal_crawler.extraction.contents import all_said
from portal_crawler.extraction.dates import find_dates
from portal_crawler.items import Article, Rejected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from scrapy.crawler import Crawler

    from portal_crawler.crawling.state import PortalState

# Lines of a difference that are kept: a text that was replaced wholly needs no more to be seen as that.
LONGEST_DIFFERENCE = 2_000
GONE = (404, 410)
# A page of fewer articles does not tell whether its list is as it was: all of them may be pinned.
FEWEST_LISTED = 4
# So many articles may be modified between two looks at a sitemap, however few it names.
FEW_MODIFIED = 5
# Characters of a page that says that an article is not there; articles that speak of what is not there are longer.
APOLOGY = 400
# Of a text that has replaced another: so large a share of it may have stood in the other one (greetings, signatures).
LEFT = 0.25
# Sentences, lines and cells: what an extractor takes or leaves.
PIECE_ENDS = tuple(end.encode() for end in ".!?;:…")
OTHER_SPACES = re.compile(r"[^\S\n ]")


def now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def difference(before: str, after: str) -> str:
    """What has changed between two texts, as a unified difference of their lines; empty lines are left out."""
    old, new = ([line for line in text.splitlines() if line] for text in (before, after))
    lines = list(difflib.unified_diff(old, new, "before", "after", n=1, lineterm=""))
    more = [f"... {len(lines) - LONGEST_DIFFERENCE} more lines"] if len(lines) > LONGEST_DIFFERENCE else []
    return "\n".join(lines[:LONGEST_DIFFERENCE] + more)


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
        """An article that an earlier crawl has exported and that is not gone."""
        found = self.state.article(identifier) if self.state is not None else None
        return found if found is not None and found.gone_at is None and found.since < self._crawl else None

    def stands_for(self, identifier: str) -> Known | None:
        """The known article that another address shows, too, and under whose identifier it was exported."""
        other = self.state.alias_of(identifier) if self.state is not None else None
        return self.known(other) if other is not None else None

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
        for what, said in announced(title, date):
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
        if any(self.known(each) is None and self.stands_for(each) is None for each in own):
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
        limit = ceil(self.share * self.state.count())
        return (known for known in self.state.due(limit, datetime.now(UTC)) if known.crawl < self._crawl)


def announced(title: str | None, date: str | None) -> Iterator[tuple[str, str]]:
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


@dataclass(frozen=True, slots=True)
class Reading:
    """What was told from a page, and what the whole page was made of: an edit can be told from another reading by it.

    The text that is told from a page changes when the portal edits it, and also when the extractor does, or what has
    been learned of the site's template. In the second case all that is new in the text stood on the page before, and
    all that is missing from it still stands there.

    Attributes:
        by: The extractor's version and its method.
        told: The sentences and lines of headline, lead and text, in UTF-8.
        page: Checksums of those of the whole page: of the text, and of what was removed.
    """

    by: str
    told: frozenset[bytes]
    page: frozenset[int]

    @classmethod
    def of(cls, item: Article) -> Reading:
        """That of an article that was just extracted."""
        told = _pieces(_told(item))
        around = (item.subtitle or "", item.author or "", item.source or "", item.published_raw or "", *item.tags)
        removed = (block.text for block in item.extraction.removed)
        page = frozenset(map(crc32, told)).union(*map(_checksums, (*around, *removed)))
        return cls(f"{item.extraction.version} {item.extraction.method}", told, page)

    def packed(self) -> bytes:
        """The checksums of the page, as bytes."""
        return array("I", sorted(self.page)).tobytes()

    def rereads(self, text: str, page: bytes) -> bool:
        """Whether this differs from an earlier reading, of that text and that page, by how it was read alone."""
        before, stood = _pieces(text), array("I", page)
        missing, added = before - self.told, self.told - before
        return (
            bool(missing or added)
            and all(crc32(piece) in self.page for piece in missing)
            and set(map(crc32, added)) <= set(stood)
        )


def _pieces(text: str) -> frozenset[bytes]:
    """The sentences, lines and cells of a text, white space left out, in UTF-8."""
    # Bytes, and no loop over words: this is asked of each text and of each block around it.
    if not text.isprintable():
        text = OTHER_SPACES.sub(" ", text)
    said = text.encode("utf-8", "surrogatepass").replace(b"|", b"\n")
    for end in PIECE_ENDS:
        said = said.replace(end + b" ", end + b"\n")
    return frozenset(said.replace(b" ", b"").split(b"\n")) - {b""}


@lru_cache(maxsize=2_000)
def _checksums(text: str) -> frozenset[int]:
    # Remembered: menus and frames say the same on all pages of a site.
    return frozenset(map(crc32, _pieces(text)))


def _breaks_off(text: str, whole: str) -> bool:
    """Whether a text is another one up to where it breaks off, perhaps in the middle of a letter."""
    told = _pieces(whole)
    rest = _pieces(text.rstrip("\ufffd \n")) - told
    return not rest or (len(rest) == 1 and any(each.startswith(piece) for piece in rest for each in told))


def conditions(known: Known | None) -> dict[str, str]:
    """Request headers that let a server say "not modified" (RFC 9110, section 13.1)."""
    if known is None:
        return {}
    found = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in found.items() if value}


class MissingError(DropItem):
    """What stands in the place of an article that is gone.

    Attributes:
        rejected: What stands in the rejects file.
    """

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(f"{rejected.reason}: {rejected.detail}", log_level="DEBUG")
        self.rejected = rejected


class KeepHistory:
    """Item pipeline: numbers the versions of articles, and lets only those pass that are new or have changed.

    An unchanged article is no loss: an earlier export of the portal holds it. A new one is kept as known once it has
    passed all pipelines: what fails behind this one is not exported.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepHistory:
        """Connect to the end of each article's way."""
        pipeline = cls(crawler)
        crawler.signals.connect(pipeline.item_scraped, signal=signals.item_scraped)
        return pipeline

    def process_item(self, item: Any) -> Any:
        """Compare an article with what is known of it.

        Raises:
            DropItem: if the portal's last version of it has been exported already, or something else is in its place.
        """
        spider: Any = self.crawler.spider
        state: PortalState | None = getattr(spider, "state", None)
        if state is None or not isinstance(item, Article):
            return item
        known = state.article(item.id)
        if known is None:
            return item
        as_it_was = self._is_as_it_was(state, known, item)
        # One that was recorded as gone is exported though it is as it was: else its record would be the last word.
        if as_it_was and (known.gone_at is None or "truncated" in item.http.flags):
            self._keep_unchanged(state, known, item)
            raise DropItem(f"{item.url} is as it was", log_level="DEBUG")
        if not as_it_was and (why := self._why_missing(state, known, item)):
            raise self._missing(known, item, why)
        item.version, item.first_seen = known.version + 1, known.first_seen
        item.changes = "" if as_it_was else difference(state.text(known.id), _told(item))
        return item

    def _keep_unchanged(self, state: PortalState, known: Known, item: Article) -> None:
        """Note that an article is as it was; of one that was gone, what has broken off is no proof that it is back."""
        if known.gone_at is None:
            state.unchanged(known, item.fetched_at, item.url)
            if item.content_sha256 == known.content_sha256:
                state.say(item.id, all_said(item))
        self._count("history/unchanged")

    def _missing(self, known: Known, item: Article, why: str) -> DropItem:
        """What is raised of an article in whose place something else stands: it is gone, or was gone before."""
        detail, status, at = f"{item.url}: {why}", item.http.status, item.fetched_at
        reject = Rejected(
            url=item.url, reason="soft_404", detail=detail, portal=item.portal, status=status, fetched_at=at
        )
        spider: Any = self.crawler.spider
        if known.gone_at is not None or spider.letters:  # who asks again for a few pages judges no losses
            return MissingError(reject)
        Losses(spider.state).note(known, item.url, reject)
        return DropItem(f"{item.url} is not there", log_level="DEBUG")

    def _why_missing(self, state: PortalState, known: Known, item: Article) -> str | None:
        """Why what stands in an article's place is no version of it; None if it may be one."""
        told = _told(item)
        pieces = _pieces(told)
        left = pieces & _pieces(state.text(known.id))
        if len(left) > LEFT * len(pieces):
            return None
        if not left and len(told) < APOLOGY and REGRET.search(told.lower()):
            return "nothing of the article is left, and the page says that there is none"
        if state.exported_by_other(known.id, item.content_sha256):
            return "little of the article is left, and the page says what stands in another one's place"
        spider: Any = self.crawler.spider
        if known.gone_at is not None or spider.warc or spider.letters:
            return None  # it is not looked at once more, when the others have been
        if spider.confirming and state.stands_alone(known.id, item.content_sha256):
            return None
        state.replace(known.id, item.content_sha256)
        self._count("history/put_off")
        return "little of the article is left, and another text stands in its place"

    def _is_as_it_was(self, state: PortalState, known: Known, item: Article) -> bool:
        """Whether the portal shows what it showed before, however it is read by now."""
        if item.content_sha256 in (known.content_sha256, known.read_sha256):
            return True
        if "truncated" in item.http.flags and _breaks_off(_told(item), state.text(known.id)):
            self._count("history/cut_short")
            return True
        reading = Reading.of(item)
        if not reading.rereads(state.text(known.id), state.page(known.id)):
            return False
        self._count("history/reread")
        anew = replace(known, reading=reading.by, read_sha256=item.content_sha256)
        state.read_anew(anew, _told(item), reading.packed())
        return True

    def item_scraped(self, item: Any) -> None:
        """Keep an article that is exported as known."""
        spider: Any = self.crawler.spider
        state: PortalState | None = getattr(spider, "state", None)
        if state is None or not isinstance(item, Article):
            return
        known = state.article(item.id)
        again = "history/changed" if known is None or known.gone_at is None else "history/back"
        self._count("history/new" if known is None else again)
        reading = Reading.of(item)
        kept = _kept(item, known, state.crawl, reading.by)
        state.keep(kept, _told(item), reading.packed(), spider.run_id)
        state.say(item.id, all_said(item))

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)


def has_something_of(item: Article, text: str) -> bool:
    """Whether a sentence or a line of another text, or of an earlier version's, stands in an article."""
    return not _pieces(_told(item)).isdisjoint(_pieces(text))


def _told(item: Article) -> str:
    return "\n".join(filter(None, (item.title, item.lead, item.text)))


def _kept(item: Article, known: Known | None, crawl: int, reading: str) -> Known:
    latest = Known(
        id=item.id,
        url=item.url,
        canonical_url=item.canonical_url,
        title=item.title,
        published_at=item.published_at,
        first_seen=item.fetched_at,
        last_seen=item.fetched_at,
        status=item.http.status,
        etag=item.http.etag,
        last_modified=item.http.last_modified,
        content_sha256=item.content_sha256,
        version=item.version,
        checks=0,
        changes=0,
        gone_at=None,
        since=crawl,
        crawl=crawl,
        reading=reading,
        read_sha256=item.content_sha256,
    )
    if known is None:
        return latest
    # One that was gone and is there again counts as found by this crawl.
    since, changes = crawl if known.gone_at else known.since, known.changes + bool(item.changes)
    return replace(latest, first_seen=known.first_seen, checks=known.checks + 1, changes=changes, since=since)
