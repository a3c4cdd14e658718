"""The end of a run: a table for people, a record for programs."""

from __future__ import annotations

import json
import logging
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured

import portal_crawler
from portal_crawler.archive.feeds import RUN_NAME, feed_files
from portal_crawler.items import Article
from portal_crawler.monitoring.verdict import ExitCode, exported_articles, lost_articles, verdict

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

PACKAGES = ("scrapy", "twisted", "lxml", "parsel", "w3lib", "itemadapter")


class RunSummary:
    """Extension: prints a closing table and writes the record of the run, once all its files are closed.

    The record is one JSON object: portal, command line, seeds, versions, start, finish, finish reason, exit code,
    files, all stats; and the run's health in a few figures, which the log ends with as well.

    Settings:
        PORTAL_RUN_RECORD: Path of the record, with the placeholders of feeds; empty: none is written.
    """

    def __init__(self, crawler: Crawler, path: str) -> None:
        self.crawler = crawler
        self.template = path
        self.reason: str | None = None
        self.extractors: set[str] = set()
        self.feeds: list[Path] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunSummary:
        """Connect to the end of the run.

        Raises:
            NotConfigured: if the setting is absent.
        """
        if (path := crawler.settings.get("PORTAL_RUN_RECORD")) is None:
            raise NotConfigured("PORTAL_RUN_RECORD is not set")
        extension = cls(crawler, str(path))
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(extension.engine_stopped, signal=signals.engine_stopped)
        return extension

    def engine_started(self) -> None:
        """Note which files the run writes."""
        self.feeds = feed_files(self.crawler)

    def item_scraped(self, item: Any) -> None:
        """Note by which version of the extractor an article was made."""
        if isinstance(item, Article):
            self.extractors.add(item.extraction.version)

    def spider_closed(self, reason: str) -> None:
        """Note why the run ends."""
        self.reason = reason

    def engine_stopped(self) -> None:
        """Write the record and print the table."""
        spider = self.crawler.spider
        assert spider is not None
        assert self.crawler.stats is not None
        stats = self.crawler.stats.get_stats()
        code = verdict(stats, self.reason, getattr(spider, "min_articles", 0))
        run = getattr(spider, "run_id", None) or datetime.now(UTC).strftime(RUN_NAME)
        names = {"name": spider.name, "run": run}
        rejects = Path(str(self.crawler.settings.get("PORTAL_REJECTS") or "") % names)
        archive: list[Path] = getattr(spider, "archive_files", [])
        files = [path for path in (*self.feeds, rejects, *archive) if path.is_file()]
        if self.template:
            record = Path(self.template % names)
            try:
                write_record(record, self._record(spider, stats, code, files))
                files.append(record)
            except OSError as error:
                logger.error("%s: the record of the run could not be written: %s", record, error)  # noqa: TRY400
        told = ", ".join(
            f"{name} {'unknown' if value is None else value}" for name, value in health(spider, stats).items()
        )
        moved = getattr(spider, "moved_to", None)
        where = f"; its home page redirects to {moved}" if moved else ""
        logger.info("Health of %s: %s; %s (exit code %d)%s", spider.name, told, code.name.lower(), code, where)
        table = summary_table(spider.name, self.reason or "?", stats, code, files)
        for label, value in (
            ("coverage", coverage_line(getattr(spider, "coverage", dict)())),
            ("lists", "\n".join(getattr(spider, "broken_lists", []))),
            ("moved to", moved),
        ):
            if value:
                table.add_row(label, Text(value))
        Console(stderr=True).print(table)

    def _record(self, spider: Spider, stats: dict[str, Any], code: ExitCode, files: list[Path]) -> dict[str, Any]:
        start = stats.get("start_time")
        return {
            "portal": spider.name,
            "portal_platform": getattr(spider, "platform", ""),
            "command_line": sys.argv,
            "seeds": list(getattr(spider, "start_urls", [])),
            "captures": list(getattr(spider, "warc", [])),
            "started_at": start.isoformat(timespec="seconds") if start else None,
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "finish_reason": self.reason,
            "exit_code": int(code),
            "verdict": code.name.lower(),
            "health": health(spider, stats),
            "moved_to": getattr(spider, "moved_to", None),
            "broken_lists": list(getattr(spider, "broken_lists", [])),
            "coverage": getattr(spider, "coverage", dict)(),
            "files": [str(path) for path in files],
            "versions": {
                "portal_crawler": portal_crawler.__version__,
                "extractor": sorted(self.extractors),
                "python": platform.python_version(),
                "platform": platform.platform(),
                **{name: version(name) for name in PACKAGES},
            },
            "stats": stats,
        }


def health(spider: Spider, stats: dict[str, Any]) -> dict[str, float | None]:
    """How a portal fared in a run, in figures to be watched from run to run.

    Returns:
        ``articles`` exported, ``new``, ``changed`` and ``gone`` ones, ``rejects`` of any reason, those of them that a
        wall or a refusal has ``blocked``, and ``coverage``: the share of all articles that was found, by the largest
        estimate of two ways (``crawling.coverage``); None where no two ways tell.
    """
    rejected = {key.partition("/")[2]: count for key, count in stats.items() if key.startswith("rejected/")}
    found: dict[str, Any] = getattr(spider, "coverage", dict)()
    estimates = [pair["estimate"] for pair in found.get("pairs", ()) if pair["estimate"] is not None]
    articles = exported_articles(stats)
    return {
        "articles": articles,
        "new": stats.get("history/new", 0),
        "changed": stats.get("history/changed", 0) + stats.get("history/back", 0),
        "gone": stats.get("history/gone", 0),
        "rejects": sum(rejected.values()),
        "blocked": rejected.get("blocked", 0) + rejected.get("not_fetched_robots", 0),
        "coverage": round(found["found"] / max(found["found"], *estimates), 3)
        if estimates and found["found"]
        else None,
    }


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a JSON file that is there wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(f"{path}.part")
    try:
        part.write_text(json.dumps(record, ensure_ascii=False, indent=1, default=_plain) + "\n", "utf-8")
    except OSError:
        part.unlink(missing_ok=True)  # no later run would complete it
        raise
    part.replace(path)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def summary_table(name: str, reason: str, stats: dict[str, Any], code: ExitCode, files: list[Path]) -> Table:
    """What a run did, as a table of a few lines."""
    articles = exported_articles(stats)
    said = f"{name}: {code.name.lower().replace('_', ' ')} (exit code {int(code)})"
    table = Table(title=Text(said, "bold green" if code is ExitCode.OK else "bold red"), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in (
        ("articles", f"{articles:,}{_of(stats, 'articles/same_content', 'with a text met before')}"),
        ("lost", _figure(lost_articles(stats), "article pages gave no article")),
        ("pages", _figure(stats.get("downloader/response_count", 0), "answers", _size(stats))),
        ("history", _history(stats)),
        ("captures", _figure(stats.get("replay/records", 0), "records read")),
        ("rejects", _counts(stats, "rejected/")),
        ("boilerplate", _counts(stats, "removed/")),
        ("without", _counts(stats, "missing/")),
        ("log", _counts(stats, "log_count/", ("WARNING", "ERROR", "CRITICAL"))),
        ("time", _time(stats, articles)),
        ("ended", reason),
        ("files", "\n".join(f"{path} ({path.stat().st_size:,} bytes)" for path in files)),
    ):
        if value:
            table.add_row(label, Text(value))
    return table


def coverage_line(coverage: dict[str, Any]) -> str:
    """What the ways that led to the articles tell, in a line; empty where there was one way only."""
    told = []
    for pair in coverage.get("pairs", ()):
        first, second = pair["ways"]
        sizes = coverage["ways"]
        about = f", so about {pair['estimate']:,} in all" if pair["estimate"] is not None else ""
        told.append(f"{first} {sizes[first]:,}, {second} {sizes[second]:,}, both {pair['both']:,}{about}")
    return f"{coverage['found']:,} found; {'; '.join(told)}" if told else ""


def _figure(count: int, noun: str, more: str = "") -> str:
    return f"{count:,} {noun}{more}" if count else ""


def _of(stats: dict[str, Any], key: str, said: str) -> str:
    return f", {stats[key]:,} of them {said}" if stats.get(key) else ""


def _history(stats: dict[str, Any]) -> str:
    """What has become of the articles of earlier runs; empty where nothing is kept of them."""
    told = {
        "new": stats.get("history/new", 0),
        "changed": stats.get("history/changed", 0),
        "back again": stats.get("history/back", 0),
        "gone": stats.get("history/gone", 0),
        "looked at and unchanged": stats.get("history/unchanged", 0) + stats.get("history/not_modified", 0),
        "known in all": stats.get("history/articles", 0),
    }
    return ", ".join(f"{count:,} {what}" for what, count in told.items()) if stats.get("history/articles") else ""


def _size(stats: dict[str, Any]) -> str:
    return f", {stats.get('downloader/response_bytes', 0) / 1e6:,.1f} MB received"


def _counts(stats: dict[str, Any], prefix: str, only: tuple[str, ...] = ()) -> str:
    found = [(key.removeprefix(prefix), count) for key, count in stats.items() if key.startswith(prefix)]
    chosen = [pair for pair in found if not only or pair[0] in only]
    return ", ".join(f"{key} {count:,}" for key, count in sorted(chosen, key=lambda pair: (-pair[1], pair[0])))


def _time(stats: dict[str, Any], articles: int) -> str:
    start = stats.get("start_time")
    seconds = stats.get("elapsed_time_seconds") or ((datetime.now(UTC) - start).total_seconds() if start else 0.0)
    return f"{seconds:,.1f} s, {articles / seconds:,.1f} articles/s" if seconds else ""
