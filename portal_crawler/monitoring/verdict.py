"""How a run ended, as an exit code that a scheduler can act on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

# A run of which a larger share of article pages was rejected or failed is no success.
TOLERATED = 0.1
BLOCKING = (401, 403, 407, 429)


class ExitCode(IntEnum):
    """Exit codes of ``crawl``; the other commands use OK, ERROR, USAGE, NOTHING_FOUND and MANY_REJECTED alike."""

    OK = 0
    """Finished, with articles."""
    ERROR = 1
    """An error in the program: the log has the traceback."""
    USAGE = 2
    """The command line is wrong: an unknown spider, a missing file, a bad argument."""
    NOTHING_FOUND = 3
    """Finished, but no article was found."""
    UNREACHABLE = 4
    """The portal did not answer."""
    TOO_FEW = 5
    """Finished, with fewer articles than the spider's ``min_articles``."""
    MANY_REJECTED = 6
    """Finished, but more than a tenth of the article pages were rejected or failed."""
    BLOCKED = 7
    """The portal turns us away: robots.txt, 401, 403 or 429, and no article was found."""
    STOPPED = 8
    """Stopped before the end: by a signal, a limit or a closed terminal."""


def verdict(stats: Mapping[str, Any], finish_reason: str | None, min_articles: int = 0) -> ExitCode:
    """The exit code of a run.

    Args:
        stats: Scrapy's stats at the end of the run.
        finish_reason: Scrapy's reason for closing the spider.
        min_articles: How many articles a full crawl should find at least.
    """
    articles = stats.get("item_scraped_count", 0)
    if finish_reason not in ("finished", None):
        return ExitCode.ERROR if finish_reason == "start_error" else ExitCode.STOPPED
    if not articles:
        return _without_articles(stats)
    if articles < min_articles:
        return ExitCode.TOO_FEW
    lost = stats.get("failed/article", 0) + sum(rejected_articles(stats).values())
    return ExitCode.MANY_REJECTED if lost > TOLERATED * (articles + lost) else ExitCode.OK


def rejected_articles(stats: Mapping[str, Any]) -> dict[str, int]:
    """Rejects by reason that extraction and checks made, which are those of article pages."""
    reasons = ("empty_body", "not_html", "undecodable", "no_article", "invalid", "error")
    return {reason: stats[f"rejected/{reason}"] for reason in reasons if stats.get(f"rejected/{reason}")}


def _without_articles(stats: Mapping[str, Any]) -> ExitCode:
    turned_away = sum(stats.get(f"downloader/response_status_count/{status}", 0) for status in BLOCKING)
    if turned_away or stats.get("rejected/not_fetched_robots"):
        return ExitCode.BLOCKED
    if stats.get("seeds/failed") and not stats.get("seeds/reached"):
        return ExitCode.UNREACHABLE
    return ExitCode.NOTHING_FOUND
