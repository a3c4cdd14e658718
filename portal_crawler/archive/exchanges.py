"""Every exchange of a crawl goes to the archive, as it was sent and received."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import scrapy
from scrapy import signals
from scrapy.exceptions import NotConfigured

import portal_crawler
from portal_crawler.archive import records
from portal_crawler.archive.feeds import stop
from portal_crawler.archive.records import Exchange
from portal_crawler.archive.writer import CaptureWriter
from portal_crawler.items import ARCHIVED, FETCHED_AT, Archived, Article

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response

# What a response's flags say of a body that is not whole, and WARC's word for it.
CUT = {"dataloss": "disconnect", "download_stopped": "length"}


class ArchiveExchanges:
    """Downloader middleware, next to the downloader: writes every exchange to WARC files.

    It sees what the download handler gives: bodies before decompression, without their transfer coding. Requests that
    are never sent (forbidden by robots.txt, postponed) do not reach it; robots.txt, files and retries do. A failed
    request is kept as request and metadata.

    Settings:
        PORTAL_ARCHIVE: Whether a crawl is archived; the spider's argument ``archive`` goes before it.
        PORTAL_ARCHIVE_FILES: Folder of the files, with the placeholders of feeds.
        PORTAL_ARCHIVE_MEGABYTES: Size after which the next file is begun.
        PORTAL_STATE_DIR: Where the index of archived payloads is kept (``payloads/<portal>.sqlite``).
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.writer: CaptureWriter | None = None
        # The heads of answers as they came, until the answer has been read.
        self.heads: WeakKeyDictionary[Request, Any] = WeakKeyDictionary()
        self.asked: WeakKeyDictionary[Request, datetime] = WeakKeyDictionary()
        self.size = int(crawler.settings.getfloat("PORTAL_ARCHIVE_MEGABYTES", 1000) * 1_000_000)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchiveExchanges:
        """Make the middleware.

        Raises:
            NotConfigured: if the crawl is not to be archived, or makes no request.
        """
        spider: Any = crawler.spider
        wanted = getattr(spider, "archive", None)
        wanted = crawler.settings.getbool("PORTAL_ARCHIVE") if wanted is None else wanted
        if not wanted or getattr(spider, "warc", None):
            raise NotConfigured
        made = cls(crawler)
        crawler.signals.connect(made.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(made.headers_received, signal=signals.headers_received)
        crawler.signals.connect(made.spider_closed, signal=signals.spider_closed)
        return made

    def spider_opened(self) -> None:
        """Begin to write."""
        spider: Any = self.crawler.spider
        settings = self.crawler.settings
        run = getattr(spider, "run_id", None) or records.stamp(datetime.now(UTC))
        loop = asyncio.get_running_loop()
        state = settings.get("PORTAL_STATE_DIR")
        name = getattr(spider, "state_name", spider.name)
        self.writer = CaptureWriter(
            Path(settings.get("PORTAL_ARCHIVE_FILES", "exports/%(name)s/archive") % {"name": spider.name}),
            f"{spider.name}-{re.sub('[^0-9]', '', run)}",
            size=self.size,
            about=self._about(run),
            index=Path(state) / "payloads" / f"{name}.sqlite" if state else None,
            on_failure=lambda path, error: _in_loop(loop, self.crawler, path, error),
        )

    def _about(self, run: str) -> dict[str, str]:
        spider: Any = self.crawler.spider
        settings = self.crawler.settings
        return {
            "software": f"portal_crawler/{portal_crawler.__version__} Scrapy/{scrapy.__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": f"{spider.name} {run}",
            "operator": settings.get("PORTAL_CONTACT", ""),
            "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
            "http-header-user-agent": settings.get("USER_AGENT", ""),
            "description": (
                "Bodies without their transfer coding, content codings kept. Headers in the order and spelling of the "
                "wire, but where a metadata record says headers: normalised. A Transfer-Encoding, and a "
                "Content-Length that the kept body does not have, are renamed X-Crawler-. Passwords are left out."
            ),
        }

    def process_request(self, request: Request) -> None:
        """Note that a request goes out, and forget what an earlier try of it has left."""
        self.asked[request] = datetime.now(UTC)
        request.meta.pop(ARCHIVED, None)
        request.meta.pop(FETCHED_AT, None)

    def headers_received(self, headers: Headers, request: Request) -> None:
        """Note the head of an answer as it came."""
        if hasattr(headers, "received"):
            self.heads[request] = headers

    async def process_response(self, request: Request, response: Response) -> Response:
        """Hand an exchange to the archive."""
        if request not in self.asked:
            return response  # it comes from a cache
        assert self.writer is not None
        exchange = self._exchange(request)
        exchange.status, exchange.body = response.status, response.body
        exchange.truncated = next((word for flag, word in CUT.items() if flag in response.flags), None)
        exchange.address = str(response.ip_address) if response.ip_address else None
        if (head := self.heads.pop(request, None)) is not None:
            exchange.version, exchange.reason = head.version, head.reason
            exchange.received, exchange.sent = head.received, head.sent
        else:
            exchange.received = _pairs(response.headers)
            exchange.notes["headers"] = "normalised"
        if response.flags:
            exchange.notes["flags"] = ", ".join(response.flags)
        archived = Archived(record_id=records.new_record_id(), payload_digest=records.digest(response.body))
        request.meta[ARCHIVED], request.meta[FETCHED_AT] = archived, exchange.date
        await self.writer.put(exchange, archived)
        return response

    async def keep_rendered(self, request: Request, body: bytes, flags: list[str]) -> None:
        """Keep the page that scripts have made of an answer, beside it; the request names that record from now on.

        Args:
            request: What was asked for, once its answer has been archived.
            body: The page as HTML in UTF-8.
            flags: The answer's.
        """
        source: Archived | None = request.meta.get(ARCHIVED)
        if source is None:
            return
        assert self.writer is not None
        made = Archived(record_id=records.new_record_id(), payload_digest=records.digest(body))
        date = request.meta[FETCHED_AT]
        request.meta[ARCHIVED] = made
        notes = {"flags": ", ".join(flags)}
        await self.writer.put(
            Exchange(url=request.url, date=date, body=body, notes=notes, made_of=source.record_id), made
        )

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Keep a request that no answer came to, with the cause."""
        if request not in self.asked:
            return
        assert self.writer is not None
        self.heads.pop(request, None)
        exchange = self._exchange(request)
        exchange.notes["error"] = f"{type(exception).__name__}: {exception}"[:500]
        await self.writer.put(exchange, None)

    def _exchange(self, request: Request) -> Exchange:
        asked = self.asked.pop(request)
        latency = request.meta.get("download_latency")
        if latency is not None:
            # The request may have waited for its turn since.
            asked = max(asked, datetime.now(UTC) - timedelta(seconds=latency))
        notes = {
            "via": (request.headers.get(b"Referer") or b"").decode("latin-1"),
            "depth": str(request.meta.get("depth", "")),
            "fetchTimeMs": str(int(latency * 1000)) if latency is not None else "",
        }
        return Exchange(
            url=request.url,
            date=asked.replace(microsecond=0),
            method=request.method,
            sent=_pairs(request.headers),
            form=request.body,
            notes=notes,
        )

    def sync(self) -> None:
        """Wait until all exchanges so far stand on the disk.

        Raises:
            OSError: if the disk does not take them.
        """
        if self.writer is not None:
            self.writer.sync()

    async def spider_closed(self) -> None:
        """Finish the last file."""
        if self.writer is None:
            return
        await asyncio.to_thread(self.writer.close)
        assert self.crawler.stats is not None
        for name, count in self.writer.counts.items():
            self.crawler.stats.set_value(f"archive/{name}", count)
        self.crawler.spider.archive_files = self.writer.files  # type: ignore[union-attr]


class LocateCapture:
    """Item pipeline: waits until the page of an article stands in the archive, so that the article can say where."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> LocateCapture:
        """Make the pipeline."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Let an article pass once it is archived; if it could not be, it says nothing of it."""
        if not isinstance(item, Article) or item.archive is None or item.archive.file:
            return item
        archive = self.crawler.get_downloader_middleware(ArchiveExchanges)
        if archive is not None and archive.writer is not None:
            await archive.writer.written(item.archive)
        if not item.archive.file:
            item.archive = None
        return item


def _pairs(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, value) for name, values in headers.items() for value in values)


def _in_loop(loop: asyncio.AbstractEventLoop, crawler: Crawler, path: Path, error: OSError) -> None:
    loop.call_soon_threadsafe(stop, crawler, path, error)
