"""How a run ended, as an exit code that a scheduler can act on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

# A run of which a larger share of article pages was rejected or failed is no success.
TOLERATED = 0.1
BLOCKING = (401, 403, 407, 429)


class ExitCode(IntEnum):
    """Exit codes of ``crawl``.

    The other commands use OK, ERROR, USAGE, NOTHING_FOUND, MANY_REJECTED and NO_CONTACT alike.
    """

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
    """Finished, but more than a tenth of the article pages were rejected or failed, or most known articles that were
    looked at are missing."""
    BLOCKED = 7
    """The portal turns us away (robots.txt, 401, 403, 407, 429, a captcha, a challenge, a login): no article, or most
    of the lost ones were refused."""
    STOPPED = 8
    """Stopped before the end: by a signal, a limit or a closed terminal."""
    HOST_DOWN = 9
    """The host stopped answering, or asked to be left alone for longer than a run: the rest waits for another."""
    BUDGET_SPENT = 10
    """A budget of pages, bytes or time is spent: the rest waits for another run."""
    NO_CONTACT = 11
    """Never began: ``PORTAL_CONTACT`` is not set."""
    BROKEN_LISTS = 12
    """Finished, with articles, but a list was not read to its end: articles may be missing."""
    MOVED = 13
    """The portal's home page redirects to another host or folder: that is the portal now."""
    RUNNING = 14
    """Never began: another crawl of the portal is running."""


def verdict(stats: Mapping[str, Any], finish_reason: str | None, min_articles: int = 0) -> ExitCode:
    """The exit code of a run.

    Args:
        stats: Scrapy's stats at the end of the run.
        finish_reason: Scrapy's reason for closing the spider; None if it was never closed.
        min_articles: How many articles a full crawl should find at least.
    """
    # archive.feeds has stopped a run whose articles could not be kept, crawling.frontier one without a usable state.
    if finish_reason in ("start_error", "export_failed", "state_failed", "state_unusable") or stats.get("state/failed"):
        return ExitCode.ERROR
    if finish_reason != "finished":
        return ExitCode.RUNNING if finish_reason == "already_running" else ExitCode.STOPPED
    if (cut := _cut_short(stats)) is not None:
        return cut
    # A crawl that finds all as it was exports nothing, and is none the worse for it.
    articles = max(exported_articles(stats), stats.get("history/articles", 0))
    lost = lost_articles(stats)
    if not articles or _unreached(stats):
        return _without_articles(stats)
    if lost > TOLERATED * (articles + lost) or stats.get("history/doubted"):
        # A portal that begins to refuse us half-way is no portal with bad pages.
        return ExitCode.BLOCKED if 2 * _turned_away(stats) > lost else ExitCode.MANY_REJECTED
    whole = ExitCode.BROKEN_LISTS if stats.get("lists/broken") else ExitCode.OK
    return ExitCode.TOO_FEW if articles < min_articles else whole


def exported_articles(stats: Mapping[str, Any]) -> int:
    """How many articles a run has exported: Scrapy counts the records of those that are gone as well."""
    items: int = stats.get("item_scraped_count", 0) - stats.get("history/gone", 0)
    return max(0, items)


def lost_articles(stats: Mapping[str, Any]) -> int:
    """How many article pages gave no article: captured but rejected (not as duplicates or spam), or never captured."""
    # What strangers have planted is none of the portal's articles, and what is put off is captured once more.
    # A page in whose place an apology stands was captured, too, and its article's record is an item.
    passed = ("item_scraped_count", "rejected/duplicate", "rejected/spam", "history/unchanged", "history/put_off")
    exported = sum(stats.get(key, 0) for key in passed)
    rejected: int = max(0, stats.get("articles/captured", 0) - exported)
    failed: int = stats.get("failed/article", 0)
    return rejected + failed


def _unreached(stats: Mapping[str, Any]) -> bool:
    """Whether no home page came and nothing new either: what earlier runs know says nothing of the portal today."""
    again: int = sum(stats.get(f"history/{what}", 0) for what in ("changed", "back"))
    new = exported_articles(stats) - again
    return bool(stats.get("seeds/failed")) and not stats.get("seeds/reached") and not new


def _turned_away(stats: Mapping[str, Any]) -> int:
    statuses: int = sum(stats.get(f"downloader/response_status_count/{status}", 0) for status in BLOCKING)
    walls: int = sum(count for key, count in stats.items() if key.startswith("blocked/"))
    return statuses + walls


def _cut_short(stats: Mapping[str, Any]) -> ExitCode | None:
    """Why a run that had begun well left the rest to another, if it did."""
    if stats.get("hosts/blocked"):
        return ExitCode.BLOCKED
    # A run that goes on with a crawl may ask for no home page, and find all as it was.
    begun = stats.get("seeds/reached") or stats.get("item_scraped_count") or not stats.get("seeds/failed")
    if begun and (stats.get("hosts/down") or stats.get("hosts/left")):
        return ExitCode.HOST_DOWN
    return ExitCode.BUDGET_SPENT if stats.get("budget/postponed") else None


def _without_articles(stats: Mapping[str, Any]) -> ExitCode:
    reached = stats.get("seeds/reached", 0)
    refused = _turned_away(stats) + stats.get("rejected/not_fetched_robots", 0)
    if refused and (not reached or refused > stats.get("downloader/response_status_count/200", 0)):
        return ExitCode.BLOCKED
    if stats.get("seeds/moved") and not reached:
        return ExitCode.MOVED
    if stats.get("seeds/failed") and not reached:
        return ExitCode.UNREACHABLE
    if stats.get("rejected/error"):
        return ExitCode.ERROR
    return ExitCode.NOTHING_FOUND
