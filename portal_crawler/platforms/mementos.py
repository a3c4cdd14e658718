"""The captures of one address at several times (mementos, RFC 7089): handed on in the order of their times.

They are to a replay what the crawls of several years are to a portal's state: the first is the article, each that says
something else is a new version of it, and the last may say that it is gone.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from scrapy import signals

from portal_crawler.archive.warc import read_captures
from portal_crawler.crawling.losses import TROUBLE_ENDS
from portal_crawler.crawling.state import PortalState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from portal_crawler.items import Capture
    from portal_crawler.platforms.portal import PortalSpider


# So many seconds maintenance lasts at most.
LONGEST = TROUBLE_ENDS.total_seconds()


class Mementos:
    """Holds captures back until those of the same article that are older have come.

    Args:
        records: The records of each article, by its identity, in the order of their times.

    Attributes:
        keys: The article of each record.
        later: The records that are not the first of their articles.
        last: The records that are the last of their articles.
    """

    def __init__(self, records: Mapping[str, Sequence[int]]) -> None:
        self.keys = {number: key for key, numbers in records.items() for number in numbers}
        self.later = {number for numbers in records.values() for number in numbers[1:]}
        self.last = {numbers[-1] for numbers in records.values()}
        self._expected = {key: deque(numbers) for key, numbers in records.items() if len(numbers) > 1}
        self._held: dict[int, Capture] = {}

    def in_turn(self, record: int, capture: Capture) -> Iterator[tuple[int, Capture]]:
        """The captures whose turn it is, with their records, now that another has come."""
        expected = self._expected.get(self.keys[record])
        if expected is None:
            yield record, capture
            return
        self._held[record] = capture
        while expected and expected[0] in self._held:
            number = expected.popleft()
            yield number, self._held.pop(number)


class Outages:
    """When most articles were missing that were there again later: what was missing then need not be gone.

    Args:
        articles: The captures of each article: when, and whether it was there.

    Attributes:
        back: The times, sorted, at which articles were missing that are there in the end.
    """

    def __init__(self, articles: Iterable[Collection[tuple[float, bool]]]) -> None:
        there: list[float] = []
        hidden: list[float] = []
        self.back: list[datetime] = []
        for captures in articles:
            seen = [time for time, is_there in captures if is_there]
            missing = _apart(time for time, is_there in captures if not is_there and time < max(seen, default=0.0))
            hidden += missing
            # What was there an hour before it was missing does not speak for the portal.
            there += [time for time in _apart(seen) if all(abs(time - other) > LONGEST for other in missing)]
            if missing and max(captures)[1]:
                self.back += [datetime.fromtimestamp(time, UTC) for time in missing]
        self._there, self._hidden = sorted(there), sorted(hidden)
        self.back.sort()

    def cover(self, time: float) -> bool:
        """Whether a time lies within such a one: about it, as long as maintenance may last."""
        first, last = time - LONGEST, time + LONGEST
        there, hidden = (bisect_right(each, last) - bisect_left(each, first) for each in (self._there, self._hidden))
        return hidden > there


def _apart(times: Iterable[float]) -> list[float]:
    """Of times that belong to one trouble the first, so that however often an article was asked for, it counts once."""
    kept: list[float] = []
    for time in sorted(times):
        if not kept or time - kept[-1] > LONGEST:
            kept.append(time)
    return kept


def in_time(paths: Sequence[str]) -> list[str]:
    """WARC files in the order of their first captures, so that few have to be held back; those without any first."""

    def first(path: str) -> float:
        capture = next(read_captures(path, lambda *_: None), None)
        return capture.fetched_at.timestamp() if capture is not None else 0.0

    return sorted(paths, key=first) if len(paths) > 1 else list(paths)


def keep_history(spider: PortalSpider) -> PortalState:
    """Give a spider a state that lasts as long as its replay: what comes later is compared with it."""
    folder = TemporaryDirectory(prefix="portal-replay-")
    state = spider.state = PortalState(Path(folder.name) / "replay.sqlite")

    def forget() -> None:
        state.close()
        folder.cleanup()

    spider.crawler.signals.connect(forget, signal=signals.spider_closed, weak=False)
    return state


async def settled(spider: PortalSpider) -> None:
    """Wait until what was handed on has come through the pipelines: a later capture is compared with what they keep."""
    engine = spider.crawler.engine
    slot = engine.scraper.slot if engine is not None else None
    while slot is not None and slot.itemproc_size:  # noqa: ASYNC110 - no signal tells that the last one is through
        await asyncio.sleep(0)
