"""The end of a run: a table for people, a record for programs."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured

from portal_crawler.monitoring.verdict import ExitCode, verdict

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class RunSummary:
    """Extension: prints a closing table and writes the record of the run.

    The record is one JSON object: spider, arguments, versions, start, finish, finish reason, exit code, all stats.

    Settings:
        PORTAL_RUN_RECORD: Path of the record, with the placeholders of feeds; empty: none is written.
    """

    def __init__(self, crawler: Crawler, path: str) -> None:
        self.crawler = crawler
        self.template = path

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunSummary:
        """Connect to the end of the spider.

        Raises:
            NotConfigured: if the setting is absent.
        """
        if (path := crawler.settings.get("PORTAL_RUN_RECORD")) is None:
            raise NotConfigured("PORTAL_RUN_RECORD is not set")
        extension = cls(crawler, str(path))
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Write the record and print the table."""
        assert self.crawler.stats is not None
        stats = self.crawler.stats.get_stats()
        code = verdict(stats, reason, getattr(spider, "min_articles", 0))
        run = getattr(spider, "run_id", datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ"))
        files = {"name": spider.name, "run": run}
        if self.template:
            write_record(Path(self.template % files), self._record(spider, reason, stats, code))
        Console(stderr=True).print(summary_table(spider.name, reason, stats, code))

    def _record(self, spider: Spider, reason: str, stats: dict[str, Any], code: ExitCode) -> dict[str, Any]:
        start = stats.get("start_time")
        return {
            "portal": spider.name,
            "seeds": list(getattr(spider, "start_urls", [])),
            "captures": list(getattr(spider, "warc", [])),
            "started_at": start.isoformat(timespec="seconds") if start else None,
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "finish_reason": reason,
            "exit_code": int(code),
            "verdict": code.name.lower(),
            "versions": {
                "portal_crawler": version("portal-crawler"),
                "scrapy": version("scrapy"),
                "lxml": version("lxml"),
                "python": platform.python_version(),
            },
            "stats": stats,
        }


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a JSON file that is there wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(f"{path}.part")
    part.write_text(json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n", "utf-8")
    os.replace(part, path)


def summary_table(name: str, reason: str, stats: dict[str, Any], code: ExitCode) -> Table:
    """What a run did, as a table of a few lines."""
    articles = stats.get("item_scraped_count", 0)
    seconds = _seconds(stats)
    table = Table(title=f"{name}: {code.name.lower().replace('_', ' ')} (exit code {int(code)})", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row(
        "articles", f"{articles:,}" + _together(stats, "articles/same_content", ", {} of them with a text met before")
    )
    if pages := stats.get("downloader/response_count", 0):
        size = stats.get("downloader/response_bytes", 0) / 1e6
        table.add_row("pages", f"{pages:,} answers, {size:,.1f} MB")
    if records := stats.get("replay/records", 0):
        table.add_row("captures", f"{records:,} records read")
    for label, prefix in (("rejects", "rejected/"), ("boilerplate", "removed/"), ("without", "missing/")):
        if counts := _counts(stats, prefix):
            table.add_row(label, ", ".join(f"{key} {count:,}" for key, count in counts))
    if seconds:
        table.add_row("time", f"{seconds:,.1f} s, {articles / seconds:,.1f} articles/s")
    table.add_row("ended", reason)
    return table


def _counts(stats: dict[str, Any], prefix: str) -> list[tuple[str, int]]:
    found = [(key.removeprefix(prefix), count) for key, count in stats.items() if key.startswith(prefix)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _seconds(stats: dict[str, Any]) -> float:
    if (elapsed := stats.get("elapsed_time_seconds")) is not None:
        return float(elapsed)
    start = stats.get("start_time")
    return (datetime.now(UTC) - start).total_seconds() if start else 0.0


def _together(stats: dict[str, Any], key: str, text: str) -> str:
    return text.format(f"{stats[key]:,}") if stats.get(key) else ""
