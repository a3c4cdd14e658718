"""``crawl NAME``: Scrapy's own, with an exit code that says how the run ended."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader

from portal_crawler.commands.console import refuse
from portal_crawler.monitoring.verdict import ExitCode, verdict

if TYPE_CHECKING:
    import argparse

    from scrapy.crawler import Crawler


class Command(ScrapyCrawl):
    """Run a spider; ``-a``, ``-o``, ``-O`` and ``-s`` as in Scrapy."""

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "Crawl a portal, or read its captures from a WARC file (-a warc=FILE)"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look at the command line before anything is started: a mistake in it is one line and exit code 2."""
        super().process_options(args, opts)
        if len(args) != 1:
            refuse("crawl takes one spider: portal-crawler crawl NAME (portal-crawler portals lists them)")
        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        if args[0] not in (names := loader.list()):
            near = get_close_matches(args[0], names, 3, 0.5)
            refuse(f"there is no spider {args[0]!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
        try:
            loader.load(args[0])(**opts.spargs)
        except (UsageError, TypeError, ValueError) as error:
            if getattr(opts, "loglevel", None) == "DEBUG":
                raise
            refuse(f"crawl {args[0]}: {error}")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, and set the exit code by what came of it."""
        assert self.crawler_process is not None
        crawler = self._create_crawler(args[0])
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        self.exitcode = ExitCode.ERROR if self.crawler_process.bootstrap_failed else _code(crawler)


def _code(crawler: Crawler) -> ExitCode:
    assert crawler.stats is not None
    stats = crawler.stats.get_stats()
    return verdict(stats, stats.get("finish_reason"), getattr(crawler.spidercls, "min_articles", 0))
