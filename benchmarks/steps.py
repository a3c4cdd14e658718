"""What one page of a crawl costs, step by step, without Scrapy around it: CPU milliseconds a page of ``farm.py``.

    python benchmarks/steps.py [--pages 800] [--platform none]

The steps are those of a page on its way through the spider and the pipelines, called in their order on one core. The
first half of the pages is for learning and not counted.
"""

from __future__ import annotations

import argparse
import io
import time
from typing import TYPE_CHECKING, Any

import farm
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from portal_crawler.archive.feeds import RecordLines
from portal_crawler.crawling.learning import teach
from portal_crawler.crawling.rules import page_number
from portal_crawler.extraction.article import extract
from portal_crawler.extraction.contents import content_of
from portal_crawler.extraction.page import parse_page
from portal_crawler.extraction.template import Template
from portal_crawler.items import Article
from portal_crawler.pipelines import CheckArticle
from portal_crawler.sample.portal import Asked
from portal_crawler.spiders.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable

TYPE = {"Content-Type": "text/html; charset=utf-8"}


class Steps:
    """The stations of a page, each with a clock."""

    def __init__(self, base: str, platform: str) -> None:
        crawler = get_crawler(Unseen)
        crawler.stats = MemoryStatsCollector(crawler)
        self.spider = Unseen.from_crawler(crawler, url=f"{base}/", platform=platform)
        crawler.spider = self.spider
        self.spider.template = self.template = Template()
        self.spider.begin()
        self.check = CheckArticle.from_crawler(crawler)
        self.feed = RecordLines(io.BytesIO(), encoding="utf-8")
        self.spent: dict[str, float] = {}

    def timed(self, step: str, run: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = run()
        self.spent[step] = self.spent.get(step, 0.0) + time.process_time() - start
        return result

    def page(self, url: str, body: bytes) -> None:
        spider, timed = self.spider, self.timed
        link = spider.rules.judge(url)
        capture = timed(
            "capture", lambda: spider.receive(HtmlResponse(url, body=body, headers=TYPE, request=Request(url)))
        )
        page = timed("parse", lambda: parse_page(capture))
        one = timed("article?", lambda: spider.takes_for_article(link, page))
        found = timed("read links", lambda: spider.read_links(page, link, article=one))
        if one:
            timed("hand on", lambda: list(spider.hand_on(capture, link)))
        content = timed("content", lambda: content_of(page, None)) if one else None
        number = page_number(url) or 1
        timed("follow", lambda: list(spider.lead_on(page, link, found, number, None, content=content, planted=False)))
        timed(
            "learn the template",
            lambda: teach(self.template, page, link.key, spider.wrappers, article=one),
        )
        if not one:
            return
        article = timed("extract", lambda: extract(capture, spider))
        if isinstance(article, Article):
            timed("check", lambda: self.check.process_item(article))
            timed("export", lambda: self.feed.export_item(article))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=800)
    parser.add_argument("--platform", default="nukeviet", help="none: by evidence and template")
    options = parser.parse_args()
    portal = farm.Farm(farm.articles(options.pages))
    steps = Steps(portal.base, options.platform)
    paths = list(portal.addresses())
    for place, path in enumerate(paths):
        if place == len(paths) // 2:
            steps.spent.clear()
        steps.page(portal.base + path, portal.answer(Asked.parse("GET", path)).body)
    total, count = sum(steps.spent.values()), len(paths) - len(paths) // 2
    print("| step | CPU ms a page | share |\n| --- | --- | --- |")
    for step, seconds in steps.spent.items():
        print(f"| {step} | {1000 * seconds / count:.2f} | {seconds / total:.0%} |")
    print(f"| all | {1000 * total / count:.2f} | |")


if __name__ == "__main__":
    main()
