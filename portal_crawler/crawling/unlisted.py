"""Which known articles does nothing lead to any more? They are looked at before others: most of them have been deleted.

Articles rest for up to half a year between two looks, and what lists lead to need not be asked for. What has left the
lists tells more than the time that has gone by: in a crawl that has walked the whole portal nothing led to it, or the
sitemap that has named it, and was read, names it no more. It has to have been seen nowhere for a week: a portal that
shows an old backup for a day, or rebuilds its lists, has deleted nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from portal_crawler.crawling.losses import CONTROLS, TROUBLE_ENDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from portal_crawler.crawling.state import PortalState

# When they are due: before all others, but for those that may have moved.
BEFORE_OTHERS = "1"
# So many are looked at in one crawl: where all of these are missing, others can still outnumber them (``losses``).
AT_ONCE = CONTROLS // 2


def note_named(state: PortalState, file: int, identifiers: Iterable[str]) -> None:
    """Note the articles that a sitemap names.

    Args:
        state: What earlier crawls know.
        file: The sitemap's address, as a number (``canonical.key_hash``).
        identifiers: Of all that it names.
    """
    rows = ((identifier, file) for identifier in identifiers)
    state.database.executemany("INSERT OR REPLACE INTO named VALUES (?, ?)", rows)


def call(state: PortalState, files: Collection[int], *, whole: bool) -> None:
    """Make due what nothing has led to; to be called when lists and sitemaps have been read.

    Args:
        state: What earlier crawls know.
        files: The sitemaps that this crawl has read.
        whole: Whether it has walked the whole portal.
    """
    before = (datetime.now(UTC) - TROUBLE_ENDS).isoformat(timespec="seconds")
    read = "1" if whole else f"id IN (SELECT id FROM named WHERE file IN ({', '.join(map(str, files))}))"  # noqa: S608
    unseen = f"gone_at IS NULL AND crawl < ? AND last_seen < ? AND due > ? AND {read}"
    mark = f"UPDATE articles SET due = ? WHERE {unseen}"  # noqa: S608 - numbers of our own
    state.database.execute(mark, (BEFORE_OTHERS, state.crawl, before, BEFORE_OTHERS))
    # One that is there all the same is not called again: a sitemap may name the newest only.
    state.database.execute("DELETE FROM named WHERE id IN (SELECT id FROM articles WHERE due = ?)", (BEFORE_OTHERS,))
