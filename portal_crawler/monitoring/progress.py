"""How a run goes, on a terminal."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.asyncio import create_looping_call

from portal_crawler.monitoring.verdict import exported_articles

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

# Times a second that the display is brought up to date.
RATE = 4


class Progress:
    """Extension: a live line of pages, articles, rejects, speed and time; log lines are printed above it.

    Elsewhere than on a terminal Scrapy's own log lines tell the same.
    """

    def __init__(self, crawler: Crawler, console: Console) -> None:
        self.crawler = crawler
        self.console = console
        self.bar = Bar(
            SpinnerColumn(),
            TextColumn("[bold]{task.fields[name]}"),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            auto_refresh=False,
        )
        self.clock = create_looping_call(self.update)
        # Log handlers that write to the terminal, and the one that stands in for them.
        self.replaced: list[logging.Handler] = []
        self.handler = RichHandler(self._level(), console=console, show_path=False, log_time_format="[%X]")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Progress:
        """Connect to the spider's life.

        Raises:
            NotConfigured: where standard error is no terminal.
        """
        if not sys.stderr.isatty():
            raise NotConfigured  # without a reason: Scrapy would warn of it at every run in a script
        extension = cls(crawler, Console(stderr=True))
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def _level(self) -> int:
        """Warnings and errors: the display tells what else the log would; a level that the user asks for is kept."""
        settings = self.crawler.settings
        asked = (settings.getpriority("LOG_LEVEL") or 0) > SETTINGS_PRIORITIES["project"]
        return logging.getLevelNamesMapping().get(settings["LOG_LEVEL"], 0) if asked else logging.WARNING

    def spider_opened(self, spider: Spider) -> None:
        """Begin; from here on what the log writes to the terminal goes through the display."""
        root = logging.getLogger()
        for handler in list(root.handlers):
            if isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stderr, sys.stdout):
                root.removeHandler(handler)
                self.replaced.append(handler)
        if self.replaced:
            root.addHandler(self.handler)
        self.task = self.bar.add_task("crawl", total=None, name=spider.name, told="")
        self.bar.start()
        self.clock.start(1 / RATE)

    def update(self) -> None:
        """Bring the display up to date."""
        assert self.crawler.stats is not None
        stats = self.crawler.stats.get_stats()
        articles = exported_articles(stats)
        rejects = sum(count for key, count in stats.items() if key.startswith("rejected/"))
        # A replay receives no responses.
        pages = stats.get("response_received_count", 0) or stats.get("articles/captured", 0)
        elapsed = self.bar.tasks[0].elapsed or 0.0
        speed = articles / elapsed if elapsed else 0.0
        told = f"{pages:,} pages  [green]{articles:,} articles[/]  {rejects:,} rejects  {speed:,.1f} articles/s"
        self.bar.update(self.task, told=told)
        self.bar.refresh()

    def spider_closed(self) -> None:
        """Leave the terminal and the log as they were."""
        if self.clock.running:
            self.clock.stop()
            self.update()
        self.bar.stop()
        root = logging.getLogger()
        root.removeHandler(self.handler)
        for handler in self.replaced:
            handler.addFilter(self._passes)
            root.addHandler(handler)
        self.replaced.clear()

    def _passes(self, record: logging.LogRecord) -> bool:
        """What is shown below the last line of the display: what was shown above it."""
        return record.levelno >= self.handler.level
