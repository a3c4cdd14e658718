"""Waiting, inside ``start()``, for the moment at which a crawl has nothing left to do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scrapy import signals

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Drain:
    """Waits until the scheduler, the downloader and the scraper are empty.

    ``start()`` may go on producing after its seeds (Scrapy documents the ``scheduler_empty`` signal for this); while
    it waits the spider is not idle, so nothing closes it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._event = asyncio.Event()
        crawler.signals.connect(self._scheduler_empty, signal=signals.scheduler_empty)

    def _scheduler_empty(self) -> None:
        self._event.set()

    def _idle(self) -> bool:
        engine = self.crawler.engine
        assert engine is not None
        scheduler, scraper = engine.scheduler, engine.scraper.slot
        return not (
            engine.downloader.active
            or (scheduler is not None and scheduler.has_pending_requests())
            or (scraper is not None and not scraper.is_idle())
        )

    async def wait(self) -> None:
        """Return when the crawl is idle: twice over, so that no response is between two of its rooms."""
        calm = 0
        while calm < 2:
            self._event.clear()
            if not self._idle():
                calm = 0
                await self._event.wait()
            else:
                calm += 1
                for _ in range(5):
                    await asyncio.sleep(0)
