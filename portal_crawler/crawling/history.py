"""What becomes of articles between runs: which are asked for again, what has changed in them, which are gone."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import DropItem

from portal_crawler.crawling.state import Known
from portal_crawler.extraction.dates import find_dates
from portal_crawler.items import Article, Gone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from scrapy.crawler import Crawler

    from portal_crawler.crawling.state import PortalState
    from portal_crawler.items import Rejected

# Lines of a difference that are kept: a text that was replaced wholly needs no more to be seen as that.
LONGEST_DIFFERENCE = 2_000
GONE = (404, 410)
# A page of fewer articles does not tell whether its list is as it was: all of them may be pinned.
FEWEST_LISTED = 4


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
        self.share = 0.0 if only_new else share
        self.full, self.margin = full, margin
        walked = state.get("walked") if state is not None else ""
        recent = bool(walked) and datetime.now(UTC) - datetime.fromisoformat(walked) < timedelta(days=every)
        self.incremental = bool(walked) and not full and (only_new or recent)
        self.since = since
        self._row: dict[str, int] = {}
        self._old: dict[str, int] = {}

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

    @property
    def _crawl(self) -> int:
        assert self.state is not None
        return self.state.crawl

    def passes_over(self, identifier: str) -> bool:
        """Whether a linked article is known and need not be asked for; that it is still there is noted."""
        if self.state is None or self.full or (known := self.known(identifier)) is None:
            return False
        self.state.listed(known.id, now())
        return True

    def reads_on(self, chain: str, identifiers: Collection[str]) -> bool:
        """Whether a list is followed further, after a page with these articles."""
        if self.state is None or not identifiers:
            return True
        # Its first page as it was: what comes behind is as it was, too.
        unchanged = chain not in self._row and not self.state.list_changed(chain, identifiers)
        self._row.setdefault(chain, 0)
        if not self.incremental:
            return True
        if unchanged and len(identifiers) >= FEWEST_LISTED:
            return False
        if any(self.known(each) is None for each in identifiers):
            self._row[chain] = 0
        else:
            self._row[chain] += len(identifiers)
        return self._row[chain] < self.margin

    def due(self) -> Iterator[Known]:
        """The known articles to be looked at again, whether the lists still show them or not."""
        if self.state is None or not self.state.get("walked"):
            return iter(())
        if self.full:
            return self.state.not_fetched()
        limit = ceil(self.share * self.state.count())
        return (known for known in self.state.due(limit, datetime.now(UTC)) if known.crawl < self._crawl)


def conditions(known: Known | None) -> dict[str, str]:
    """Request headers that let a server say "not modified" (RFC 9110, section 13.1)."""
    if known is None:
        return {}
    found = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in found.items() if value}


def gone(known: Known, reject: Rejected) -> Gone:
    """The record of an article that is no longer there."""
    return Gone(
        id=known.id,
        url=known.url,
        canonical_url=known.canonical_url,
        portal=reject.portal or "",
        title=known.title,
        version=known.version,
        content_sha256=known.content_sha256,
        first_seen=known.first_seen,
        last_seen=known.last_seen,
        gone_at=reject.fetched_at or now(),
        status=reject.status,
        evidence=reject.detail,
    )


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
            DropItem: if the portal's last version of it has been exported already.
        """
        spider: Any = self.crawler.spider
        state: PortalState | None = getattr(spider, "state", None)
        if state is None or not isinstance(item, Article):
            return item
        known = state.article(item.id)
        if known is not None and known.content_sha256 == item.content_sha256:
            state.unchanged(known, item.fetched_at)
            self._count("history/unchanged")
            raise DropItem(f"{item.url} is as it was", log_level="DEBUG")
        if known is not None:
            item.version, item.first_seen = known.version + 1, known.first_seen
            item.changes = difference(state.text(known.id), _told(item))
        return item

    def item_scraped(self, item: Any) -> None:
        """Keep an article that is exported as known."""
        spider: Any = self.crawler.spider
        state: PortalState | None = getattr(spider, "state", None)
        if state is None or not isinstance(item, Article):
            return
        known = state.article(item.id)
        self._count("history/changed" if known is not None else "history/new")
        state.keep(_kept(item, known, state.crawl), _told(item), spider.run_id)

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)


def _told(item: Article) -> str:
    return "\n".join(filter(None, (item.title, item.lead, item.text)))


def _kept(item: Article, known: Known | None, crawl: int) -> Known:
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
    )
    if known is None:
        return latest
    # One that was gone and is there again counts as found by this crawl.
    since = crawl if known.gone_at else known.since
    return replace(latest, first_seen=known.first_seen, checks=known.checks + 1, changes=known.changes + 1, since=since)
