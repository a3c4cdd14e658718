"""A crawl that is killed, or whose disk is full, at a moment that the environment names."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from typing import Any

from scrapy import signals

from portal_crawler.archive.feeds import LineFile
from portal_crawler.commands.console import main
from portal_crawler.crawling.state import PortalState
from portal_crawler.platforms.portal import PortalSpider


def crawl() -> None:
    """Crawl as the command line says.

    ``KILL_AFTER``: after so many signals of the crawl it kills itself with ``KILL_WITH``. ``FULL_AFTER``: after so many
    articles its disk is full; ``FULL_AT_THE_END``: when its state is to be told that the crawl has ended.
    """
    if after := int(os.environ.get("KILL_AFTER", "0")):
        PortalSpider.from_crawler = classmethod(_killed(after))  # type: ignore[method-assign, assignment]
    else:
        PortalSpider.from_crawler = classmethod(_named)  # type: ignore[method-assign, assignment]
    if full := int(os.environ.get("FULL_AFTER", "0")):
        _fill(full)
    if os.environ.get("FULL_AT_THE_END"):
        PortalState.end_crawl = _full  # type: ignore[method-assign]
    main()


def _full(*_: Any, **__: Any) -> None:
    raise sqlite3.OperationalError("database or disk is full")


made = PortalSpider.from_crawler.__func__  # type: ignore[attr-defined]


def _named(cls: type[PortalSpider], *args: Any, **kwargs: Any) -> PortalSpider:
    """A run is named by its second; here several begin within one, and their names tell in which order."""
    spider: PortalSpider = made(cls, *args, **kwargs)
    spider.run_id = f"{spider.run_id}-{time.time_ns()}"
    return spider


def _killed(after: int) -> Any:
    passed: list[int] = []

    def count(**_: Any) -> None:
        passed.append(1)
        if len(passed) >= after:
            os.kill(os.getpid(), getattr(signal, os.environ["KILL_WITH"]))

    def from_crawler(cls: type[PortalSpider], crawler: Any, *args: Any, **kwargs: Any) -> PortalSpider:
        spider = _named(cls, crawler, *args, **kwargs)
        for one in (signals.response_received, signals.item_scraped, signals.request_scheduled, signals.item_dropped):
            crawler.signals.connect(count, signal=one, weak=False)
        return spider

    return from_crawler


def _fill(full: int) -> None:
    written, lines = LineFile.write, []

    def write(self: Any, data: Any) -> int:
        # As a full disk would: half of a line still fits.
        if b'"schema_version"' in bytes(data):
            lines.append(1)
            if len(lines) > full and self.broken is None:
                self.broken = OSError(28, "No space left on device")
                self.on_failure(self.broken)
                return len(data)
        return written(self, data)

    LineFile.write = write  # type: ignore[method-assign]
