"""What has become of known articles: which have changed, and which are gone."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import DropItem

from portal_crawler.crawling.apologies import REGRET
from portal_crawler.crawling.known import Known
from portal_crawler.crawling.losses import Losses
from portal_crawler.crawling.reading import Reading, breaks_off, pieces, told_of
from portal_crawler.extraction.contents import all_said
from portal_crawler.items import Article, Rejected

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from portal_crawler.crawling.state import PortalState

# Lines of a difference that are kept: a text that was replaced wholly needs no more to be seen as that.
LONGEST_DIFFERENCE = 2_000
GONE = (404, 410)
# Characters of a page that says that an article is not there; articles that speak of what is not there are longer.
APOLOGY = 400
# Of a text that has replaced another: so large a share of it may have stood in the other one (greetings, signatures).
LEFT = 0.25


def now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def difference(before: str, after: str) -> str:
    """What has changed between two texts, as a unified difference of their lines; empty lines are left out."""
    old, new = ([line for line in text.splitlines() if line] for text in (before, after))
    lines = list(difflib.unified_diff(old, new, "before", "after", n=1, lineterm=""))
    more = [f"... {len(lines) - LONGEST_DIFFERENCE} more lines"] if len(lines) > LONGEST_DIFFERENCE else []
    return "\n".join(lines[:LONGEST_DIFFERENCE] + more)


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
        item.changes = "" if as_it_was else difference(state.text(known.id), told_of(item))
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
        told = told_of(item)
        said = pieces(told)
        left = said & pieces(state.text(known.id))
        if len(left) > LEFT * len(said):
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
        if "truncated" in item.http.flags and breaks_off(told_of(item), state.text(known.id)):
            self._count("history/cut_short")
            return True
        reading = Reading.of(item)
        if not reading.rereads(state.text(known.id), state.page(known.id)):
            return False
        self._count("history/reread")
        anew = replace(known, reading=reading.by, read_sha256=item.content_sha256)
        state.read_anew(anew, told_of(item), reading.packed())
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
        state.keep(kept, told_of(item), reading.packed(), spider.run_id)
        state.say(item.id, all_said(item))

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)


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
