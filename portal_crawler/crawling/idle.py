"""When a crawl has nothing left to do: waiting for it inside ``start()``, and closing when it is stopped there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.utils.asyncio import call_later

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


def is_closing(crawler: Crawler) -> bool:
    """Whether a crawl is coming to its end: it makes no new requests, and waits for those under way."""
    engine = crawler.engine
    slot = engine._slot if engine is not None else None  # noqa: SLF001 - the engine tells it by no public name
    return slot is not None and slot.closing is not None


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
        self._settle(settled=True)
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
        self._settle(settled=False)

    def _settle(self, *, settled: bool) -> None:
        """Tell the frontier whether ``start()`` waits: between two of its requests no checkpoint is made."""
        self.crawler.spider.settled = settled  # type: ignore[union-attr]


class EndInStart:
    """Extension: lets a crawl come to its end behind the items that ``start()`` yields.

    Scrapy 2.19 looks only after a response whether a closing spider has items left in its pipelines. A replay has no
    responses: stopped by a limit or by Ctrl-C, it would wait for its last item for ever. Whether a spider is idle it
    looks after a response, too, and else every five seconds: so long would a crawl wait behind a reject at its end.
    """

    # Seconds between two looks.
    PAUSE = 0.05

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> EndInStart:
        """Connect to the end of each item's way."""
        extension = cls(crawler)
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(extension.item_done, signal=signal)
        return extension

    def item_done(self) -> None:
        """Look again once the item has left the pipelines, unless a response will come."""
        engine = self.crawler.engine
        if is_closing(self.crawler):
            call_later(self.PAUSE, self.look)
        elif engine is not None and not engine.downloader.active:
            call_later(self.PAUSE, self.go_on)

    def go_on(self) -> None:
        """Let the engine look what there is to do."""
        engine = self.crawler.engine
        slot = engine._slot if engine is not None else None  # noqa: SLF001 - as above
        if slot is not None:
            slot.nextcall.schedule()

    def look(self) -> None:
        """Close if nothing is left, or come back."""
        engine = self.crawler.engine
        scraper = engine.scraper if engine is not None else None
        if scraper is None or scraper.slot is None or (scraper.slot.closing and scraper.slot.closing.called):
            return
        if scraper.slot.closing and scraper.slot.is_idle():
            scraper._check_if_closing()  # noqa: SLF001 - what Scrapy itself calls after a response
        else:
            call_later(self.PAUSE, self.look)
