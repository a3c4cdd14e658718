"""Every page that became no article, with the reason, in a file beside the export."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from portal_crawler.archive.feeds import PartFile, stop, uri_params
from portal_crawler.items import Rejected

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)


class KeepRejects:
    """Extension: writes rejects as JSON Lines and counts them as ``rejected/<reason>``.

    Rejects come with the items that pipelines drop; an item or a callback that fails with an error is a reject, too.

    Settings:
        PORTAL_REJECTS: Path of the file, with the placeholders of feeds; empty: rejects are only counted.
    """

    def __init__(self, crawler: Crawler, path: str) -> None:
        self.crawler = crawler
        self.template = path
        self.file: PartFile | None = None
        self.failed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepRejects:
        """Connect to the signals of dropped and failed items.

        Raises:
            NotConfigured: if the setting is absent.
        """
        if (path := crawler.settings.get("PORTAL_REJECTS")) is None:
            raise NotConfigured("PORTAL_REJECTS is not set")
        extension = cls(crawler, str(path))
        crawler.signals.connect(extension.item_dropped, signal=signals.item_dropped)
        crawler.signals.connect(extension.item_error, signal=signals.item_error)
        crawler.signals.connect(extension.spider_error, signal=signals.spider_error)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def item_dropped(self, item: Any, exception: BaseException) -> None:
        """Keep the reject that was dropped, or that a pipeline's exception carries."""
        reject = item if isinstance(item, Rejected) else getattr(exception, "rejected", None)
        if isinstance(reject, Rejected):
            self.keep(reject)

    def item_error(self, item: Any, failure: Failure) -> None:
        """An item on which a pipeline failed."""
        url = str(getattr(item, "url", "") or "unknown")
        self.keep(self._failed(url, failure))

    def spider_error(self, failure: Failure, response: Response | Failure) -> None:
        """A page on which a callback failed; or an errback, and Scrapy gives the failure that it was called with."""
        request: Request | None = getattr(response, "request", None)
        url = response.url if isinstance(response, Response) else request.url if request is not None else "unknown"
        self.keep(self._failed(url, failure))

    def _failed(self, url: str, failure: Failure) -> Rejected:
        detail = f"{url}: {type(failure.value).__name__}: {failure.value}"
        assert self.crawler.spider is not None
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Rejected(url=url, reason="error", detail=detail, portal=self.crawler.spider.name, fetched_at=now)

    def keep(self, reject: Rejected) -> None:
        """Count a reject and write its line."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(f"rejected/{reject.reason}")
        if not self.template or self.failed:
            return
        path = self._path()
        line = json.dumps(asdict(reject), ensure_ascii=False)
        try:
            if self.file is None:
                self.file = PartFile(path)
            self.file.write(f"{line}\n".encode("utf-8", "replace"))
        except OSError as error:
            self.failed = True
            stop(self.crawler, path, error)

    def _path(self) -> Path:
        spider = self.crawler.spider
        assert isinstance(spider, Spider)
        return Path(self.template % uri_params({"name": spider.name}, spider))

    def spider_closed(self) -> None:
        """Give the file its name, if all of it is there."""
        if self.file is not None:
            if self.failed:
                self.file.close()
            else:
                self.file.complete()
