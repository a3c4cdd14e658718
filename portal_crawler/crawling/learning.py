"""Learning a site's template while it is crawled."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import DropItem, NotConfigured
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.idle import Drain
from portal_crawler.crawling.sightings import CAPTURE
from portal_crawler.extraction.blocks import blocks
from portal_crawler.extraction.page import PageError, parse_page
from portal_crawler.extraction.spam import gambling_spam
from portal_crawler.extraction.template import Template
from portal_crawler.items import Capture, Rejected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from portal_crawler.extraction.page import Page
    from portal_crawler.extraction.wrapper import Wrapper

logger = logging.getLogger(__name__)


# Pages after which a template is no longer shown those that a wrapper reads, nor the lists of a site that has wrappers:
# it is only needed for articles of other layouts.
KNOWN_WELL = 200


def teach(template: Template, page: Page, key: str, wrappers: Collection[Wrapper], *, article: bool) -> None:
    """Show a page to a template, unless strangers have planted it: their pages are none of the site's.

    Args:
        template: What is to learn.
        page: The page.
        key: What it is a page of.
        wrappers: The spider's layouts.
        article: Whether it is taken for an article.
    """
    known_well = template.pages >= KNOWN_WELL and bool(wrappers)
    if known_well and (not article or any(wrapper.find(page.root) is not None for wrapper in wrappers)):
        return
    try:
        if not is_planted(page):
            template.learn(page, key)
    except Exception:  # a bug met on one page costs the template that page alone, and says so
        logger.exception("The template could not learn from %s", page.url)


def is_planted(page: Page) -> bool:
    """Whether a page advertises gambling; links that strangers have put onto the site's own pages do not count."""
    said = "\n\n".join(block.text for block in blocks(page) if not block.linked and not block.hidden)
    return gambling_spam(page.title or "", said, page.url) is not None


class LearnTemplate(BaseSpiderMiddleware):
    """Spider middleware: shows every page to the spider's template, and holds captures back until it can be trusted.

    Pages that meet one of the spider's wrappers are not held: they need no template. What is still held when the crawl
    has run dry is released then, with what the template knows; what is held when a crawl is stopped becomes a reject
    (:class:`HeldCaptures`).

    Settings:
        PORTAL_STATE_DIR: Where templates are kept between runs (``templates/<spider>.json``); empty: nowhere.
        PORTAL_HOLD_PAGES: How many captures are held at most; 0 holds none.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if not hasattr(crawler.spidercls, "wrappers"):
            raise NotConfigured("the spider has no wrappers and no template")
        state = crawler.settings.get("PORTAL_STATE_DIR", "state")
        self.folder = Path(state) / "templates" if state else None
        self.limit = crawler.settings.getint("PORTAL_HOLD_PAGES", 60)
        self.template = Template()
        crawler.signals.connect(self.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signal=signals.spider_closed)

    @property
    def spider(self) -> Any:
        """The crawler's spider: a portal spider, which this room does not know."""
        return self.crawler.spider

    def _path(self) -> Path | None:
        return self.folder / f"{self.spider.state_name}.json" if self.folder else None

    def spider_opened(self) -> None:
        """Load what earlier runs have learned."""
        path = self._path()
        if self.spider.template is not None:  # an unfinished crawl goes on
            self.template = self.spider.template
        elif path is not None and path.is_file():
            try:
                self.template = Template.load(path)
            except (OSError, ValueError, KeyError, TypeError) as error:
                logger.warning("The template %s cannot be read and is learned anew: %s", path, error)
        self.spider.template = self.template

    def spider_closed(self) -> None:
        """Keep what has been learned."""
        path = self._path()
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.template.save(path)
        except OSError as error:
            logger.error("The template could not be kept in %s: %s", path, error)  # noqa: TRY400 - the cause is in it

    # Learning and holding

    def learn(self, capture: Capture) -> None:
        """Show a page to the template, unless nobody has read it: the template knows the site well then."""
        if capture.unread:
            return
        try:
            page = parse_page(capture)
        except PageError:
            return  # extraction rejects it, with the reason
        key = capture.identity or page_key(capture.url)
        teach(self.template, page, key, self.spider.wrappers, article=capture.identity is not None)

    def pass_on(self, capture: Capture) -> Iterator[Capture]:
        """A capture, now or later, and with it those that have waited long enough."""
        if self.template.ready:
            yield from self.release()
            yield capture
        elif self.limit <= 0 or self._wrapped(capture):
            yield capture
        else:
            if len(self.spider.held) >= self.limit:
                yield self.spider.held.pop(0)
            capture.page = None  # its tree is many times larger than its body
            self.spider.held.append(capture)
            self._count("template/held")

    def release(self) -> Iterator[Capture]:
        """All captures held."""
        held, self.spider.held = self.spider.held, []
        yield from held

    def _wrapped(self, capture: Capture) -> bool:
        try:
            root = parse_page(capture).root
        except PageError:
            return True
        return any(wrapper.find(root) is not None for wrapper in self.spider.wrappers)

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)

    # Scrapy's doors

    def _after(self, response: Response | None) -> None:
        """A page that gave no capture (a list, a section) is learned once its links have been read."""
        capture = response.meta.pop(CAPTURE, None) if response is not None else None
        if isinstance(capture, Capture) and capture.identity is None:
            self.learn(capture)

    def process_spider_output(self, response: Response | None, result: Iterable[Any]) -> Iterator[Any]:  # type: ignore[override]
        """Learn from a page and pass on what it gave."""
        for item in result:
            if isinstance(item, Capture):
                self.learn(item)
                yield from self.pass_on(item)
            else:
                yield item
        self._after(response)

    async def process_spider_output_async(  # type: ignore[override]
        self, response: Response | None, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """As :meth:`process_spider_output`."""
        async for item in result:
            if isinstance(item, Capture):
                self.learn(item)
                for capture in self.pass_on(item):
                    yield capture
            else:
                yield item
        self._after(response)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass on the start, and release what is held when the crawl has run dry."""
        async for item in start:
            yield item
        await Drain(self.crawler).wait()
        for capture in self.release():
            yield capture


class HeldCaptures:
    """Item pipeline that does nothing until a crawl is stopped: captures still held become rejects then.

    So do articles whose further pages were still to come.

    A pipeline, because pipelines are closed before the files that keep the rejects.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> HeldCaptures:
        """Make one."""
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Let every item pass."""
        return item

    def close_spider(self) -> None:
        """Turn what :class:`LearnTemplate` still holds into rejects."""
        learning = self.crawler.get_spider_middleware(LearnTemplate)
        spider = self.crawler.spider
        if learning is None or spider is None or getattr(spider, "resumable", False):
            return  # an unfinished crawl keeps them for the run that goes on with it
        # Articles whose further pages were still to come.
        unfinished: dict[str, Capture] = getattr(spider, "unfinished", {})
        for capture in (*learning.release(), *unfinished.values()):
            rejected = Rejected(
                url=capture.url,
                reason="stopped",
                detail=f"{capture.url}: the crawl was stopped before {_awaited(capture, unfinished)}",
                portal=spider.name,
                status=capture.status,
                fetched_at=capture.fetched_at.isoformat(),
            )
            assert self.crawler.stats is not None
            self.crawler.signals.send_catch_log(
                signal=signals.item_dropped,
                item=rejected,
                response=None,
                exception=DropItem(rejected.detail),
                spider=spider,
            )


def _awaited(capture: Capture, unfinished: dict[str, Capture]) -> str:
    return "all its pages had come" if capture.url in unfinished else "the site's template was known"
