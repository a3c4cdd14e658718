"""From capture to exported article: extract, check, drop duplicates.

Whatever is dropped carries a :class:`~portal_crawler.items.Rejected`, which ``archive.rejects.KeepRejects`` keeps.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

import fastjsonschema
from scrapy.exceptions import DropItem

from portal_crawler.extraction.apart import Extracted, Reader, ReaderError, read
from portal_crawler.extraction.article import rejected
from portal_crawler.extraction.contents import all_said
from portal_crawler.items import Article, Capture, Rejected, as_record
from portal_crawler.schema import article_schema

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

# Fields that many pages lack: how many, a site's own rhythm tells. Their absence is counted, never filled in.
OPTIONAL = ("title", "lead", "author", "published_at", "section", "images", "attachments")
# The country's first portals; what claims to be older, or younger than its capture, shows a date that is wrong.
FIRST_YEAR = 1990
# Pages that a process is handed at a time: one that it reads, and others that are there when it has done with that.
AT_A_TIME = 4
DATES = ("published_at", "modified_at")


class Dropped(DropItem):
    """An item that is not exported, with the record that says why.

    Attributes:
        rejected: What stands in the rejects file.
    """

    def __init__(self, rejected: Rejected) -> None:
        # Rejects are counted and kept in a file of their own: the log need not repeat them.
        super().__init__(f"{rejected.reason}: {rejected.detail}", log_level="DEBUG")
        self.rejected = rejected


class _Pipeline:
    """What the pipelines share: the crawler's spider and stats."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline."""
        return cls(crawler)

    @property
    def spider(self) -> Any:
        """The crawler's spider, which is a portal to extraction."""
        return self.crawler.spider

    def count(self, key: str, by: int = 1) -> None:
        """Add to a figure of the crawl's stats."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key, by)


class ExtractArticle(_Pipeline):
    """Turns a capture into an article; a page that is none, or on which extraction fails, is dropped with its cause.

    So is an advertisement for gambling that was planted on the portal: the rejects hold it, the export does not.

    Where extraction takes much of the crawl's time, which it never does at a polite pace, it goes to processes of its
    own. A replay extracts where it runs: captures are replayed by several processes already.

    Settings:
        PORTAL_READERS: How many processes there may be; 0: none.
        PORTAL_READER_SECONDS: Seconds that one of them may take over a page.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        seconds = crawler.settings.getfloat("PORTAL_READER_SECONDS", 60)
        self.readers = [Reader(seconds) for _ in range(crawler.settings.getint("PORTAL_READERS"))]
        # Each reader's places, by how many pages it has then: an idle one is asked first, and the first one of them.
        self.places: asyncio.PriorityQueue[tuple[int, int]] = asyncio.PriorityQueue()
        for place in range(AT_A_TIME):
            for which in range(len(self.readers)):
                self.places.put_nowait((place, which))
        self.share = Share()

    async def process_item(self, item: Any) -> Any:
        """Extract; items that are no captures pass through, rejects of the spider are dropped as what they are."""
        if isinstance(item, Rejected):
            raise Dropped(item)
        if not isinstance(item, Capture):
            return item
        reading = await self._read(item)
        found = reading.found or rejected(item, self.spider, "error", f"{item.url}: {reading.error}")
        if reading.content is not None:
            planted = isinstance(found, Rejected) and found.reason == "spam"
            self.spider.note_content(item, None if planted else reading.content)
        if isinstance(found, Rejected):
            if found.reason in ("no_article", "spam") and self.spider.note_none(item, found):
                raise DropItem(f"{item.url} is not there", log_level="DEBUG")
            raise Dropped(found)
        for widget, count in Counter(removed.widget for removed in found.extraction.removed).items():
            self.count(f"removed/{widget}", count)
        return found

    async def _read(self, item: Capture) -> Extracted:
        """Extract here, or elsewhere where that takes too much of the crawl's time."""
        if not self.readers or not self.share.large or getattr(self.spider, "warc", None):
            with self.share:
                return read(item, self.spider)
        place = await self.places.get()
        try:
            self.count("readers/pages")
            return await self.readers[place[1]].read(item, self.spider)
        except ReaderError as error:
            logger.error("%s: %s", item.url, error)  # noqa: TRY400 - the cause is in it
            self.count("readers/failed")
            return Extracted(None, error=str(error))
        finally:
            self.places.put_nowait(place)

    async def close_spider(self) -> None:
        """End the processes."""
        for reader in self.readers:
            await reader.end()


class Share:
    """How much of the time something takes: enter it when it begins, leave it when it ends.

    Attributes:
        large: Whether it has taken more than a quarter of the time of a hundred rounds; fewer are not worth a process.
    """

    rounds = 100
    most = 0.25

    def __init__(self) -> None:
        self.large = False
        self._since = time.monotonic()
        self._count = 0
        self._spent = self._began = 0.0

    def __enter__(self) -> None:
        """Begin."""
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        """End."""
        now = time.monotonic()
        self._spent += now - self._began
        self._count += 1
        if self._count == self.rounds:
            self.large = self._spent > self.most * (now - self._since)
            self._since, self._count, self._spent = now, 0, 0.0


class OnlySince(_Pipeline):
    """Leaves out what was published before the day that a crawl was given (``since``); articles without date pass."""

    def process_item(self, item: Any) -> Any:
        """Drop an article that is too old."""
        since = getattr(self.spider, "since", None)
        if since and isinstance(item, Article) and item.published_at and item.published_at[:10] < since:
            self.count("since/older")
            raise DropItem(f"{item.url} was published on {item.published_at[:10]}", log_level="DEBUG")
        return item


class CheckArticle(_Pipeline):
    """Lets only articles pass that the published JSON Schema allows and that hold something to read or to look at."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Compiled once to plain Python: interpreting the schema for each article cost as much as reading its links.
        self.validate = fastjsonschema.compile(article_schema(), use_default=False, use_formats=False)

    def process_item(self, item: Any) -> Any:
        """Check an article against the schema and its required fields."""
        if not isinstance(item, Article):
            return item
        if why := self._wrong(item):
            raise Dropped(_from_article(item, "invalid", f"{item.url}: {why}"))
        for name in OPTIONAL:
            if not getattr(item, name):
                self.count(f"missing/{name}")
        if not item.text:
            self.count("missing/text")
        for name in DATES:
            if implausible(getattr(item, name), item.fetched_at):
                self.count(f"implausible/{name}")  # it stays: that is what the page says
        return item

    def _wrong(self, item: Article) -> str | None:
        if not (item.text or item.images or item.attachments or item.title):
            return "neither text nor title, picture or file"
        for name in DATES:
            if not is_iso(getattr(item, name)):
                return f"$.{name}: {getattr(item, name)!r} is neither an ISO 8601 date nor a time with its zone"
        try:
            self.validate(as_record(item))
        except fastjsonschema.JsonSchemaValueException as error:
            return f"${error.message.removeprefix('data')[:200]}"
        return None


def is_iso(value: str | None) -> bool:
    """Whether a value is absent, a plain date, or a time with its zone."""
    if value is None:
        return True
    try:
        if len(value) == len("2026-01-31"):
            return bool(date.fromisoformat(value))
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def implausible(value: str | None, fetched_at: str) -> bool:
    """Whether a date lies before all portals or, by more than a day, after its capture."""
    if value is None:
        return False
    day = date.fromisoformat(value[:10])
    latest = datetime.fromisoformat(fetched_at).date() + timedelta(days=1)
    return day.year < FIRST_YEAR or day > latest


class DropDuplicates(_Pipeline):
    """One item an article.

    What has the same ``id`` is dropped, and so is what says the same under another one: headline, date, lead, text and
    files. A short text is no proof: notices of one day may differ in a file's address alone, or in nothing that is
    written. The same words with another headline or date are counted.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # What has been exported, by digests of 16 bytes: chance collisions do not come about. In a database that SQLite
        # keeps in a file without a name once it is large: a million articles would cost some 400 MB of memory.
        self.seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.seen.execute("PRAGMA journal_mode = OFF")
        self.seen.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, id TEXT) WITHOUT ROWID")

    def process_item(self, item: Any) -> Any:
        """Drop an article that this run, or an earlier one, has exported already under another address."""
        if not isinstance(item, Article):
            return item
        if hasattr(self.spider, "known_as"):
            item.id = self.spider.known_as(item)
        if hasattr(self.spider, "is_memento") and self.spider.is_memento(item):
            return item  # another version of what is in the export, or the same: history tells
        if hasattr(self.spider, "is_looked_at_twice") and self.spider.is_looked_at_twice(item):
            return item
        name = f"id {item.id}"
        if (known := self._first(name, item.id)) is None and (known := self._earlier(item) or self._same(item)):
            self.seen.execute("UPDATE seen SET id = ? WHERE digest = ?", (known, _digest(name)))  # it is not exported
        if known is not None:
            if known != item.id and hasattr(self.spider, "note_duplicate"):
                self.spider.note_duplicate(item.id, known, item.url)
            reject = _from_article(item, "duplicate", f"{item.url}: the article {known} is in the export already")
            reject.duplicate_of = known
            raise Dropped(reject)
        if self._first(f"content {item.content_sha256}", item.id) is not None:
            self.count("articles/same_content")
        return item

    def _first(self, what: str | bytes, identifier: str) -> str | None:
        """The article of which something was true first; None if it is this one, which is noted."""
        digest = what if isinstance(what, bytes) else _digest(what)
        added = self.seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, identifier)).rowcount
        if added:
            return None
        return str(self.seen.execute("SELECT id FROM seen WHERE digest = ?", (digest,)).fetchone()[0])

    def _earlier(self, item: Article) -> str | None:
        """The article of another ``id`` that an earlier run has exported, and that says all that a new one says."""
        if not hasattr(self.spider, "exported_as"):
            return None
        known: str | None = self.spider.exported_as(item)
        if known is not None:
            self.count("articles/same_article")
        return known

    def _same(self, item: Article) -> str | None:
        """The article of another ``id`` that says all that this one says, if there is one."""
        said = all_said(item)
        known = self._first(said, item.id) if said is not None else None
        if known is not None:
            self.count("articles/same_article")
        return known

    def close_spider(self) -> None:
        """Forget all."""
        self.seen.close()


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _from_article(item: Article, reason: str, detail: str) -> Rejected:
    return Rejected(
        url=item.url,
        reason=reason,
        detail=detail,
        portal=item.portal,
        status=item.http.status,
        fetched_at=item.fetched_at,
    )
