"""Which articles that are not to be found are gone, and which does a portal in trouble only hide for a day?"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from portal_crawler.crawling.canonical import page_key
from portal_crawler.items import Gone, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal_crawler.crawling.state import Known, PortalState

# So long a portal has to be without most of its articles until they are taken for gone: maintenance ends before.
TROUBLE_ENDS = timedelta(days=7)
# Known articles that are asked for at most to see whether others are there: where more would be needed, most are not.
CONTROLS = 20
# Name under which the state keeps since when most articles are missing.
TROUBLE = "most missing since"


class Losses:
    """The known articles that a crawl has not found, judged together at its end.

    On a day of maintenance, of a broken database or of a hacked server each address answers as that of a deleted
    article does. Such a day is told by its extent: portals delete a few of their articles, not most of those that a
    crawl happens to look at. Where more are missing than there, others are looked at (:meth:`controls`); if most are
    missing all the same, none is gone before that has lasted a week.
    """

    def __init__(self, state: PortalState) -> None:
        self.state = state

    def note(self, known: Known, asked: str, rejected: Rejected) -> None:
        """Note that a known article was not found.

        Args:
            known: The article.
            asked: Address that it was asked for at.
            rejected: What was there instead.
        """
        self.state.lose(known.id, asked, json.dumps(asdict(rejected)))

    def elsewhere(self) -> Iterator[tuple[Known, str]]:
        """The articles that were not found at one address, each with another at which it may be: it may have moved."""
        for known, asked, _ in self.state.lost():
            linked = self.state.announcements(known.id, "address")
            others = [url for url in (*linked, known.url) if page_key(url) != page_key(asked)]
            if others:
                yield known, others[0]

    def controls(self) -> list[Known]:
        """Other known articles to look at, where more are missing than there: those that were seen last."""
        more = len(self.state.lost()) - self.state.found_again()
        return list(self.state.not_fetched(more)) if 0 < more <= CONTROLS else []

    def judge(self, there: int) -> Iterator[Gone | Rejected]:
        """The records of those that are gone; rejects of those that may be there another day.

        Args:
            there: How many known articles have been found.
        """
        lost = self.state.lost()
        if not lost and not there:
            return  # none was looked at: nothing is known of a trouble
        if len(lost) <= there:
            self.state.put(TROUBLE, "")
        elif not self.state.get(TROUBLE):
            self.state.put(TROUBLE, datetime.now(UTC).isoformat())
        since = self.state.get(TROUBLE)
        believed = not since or datetime.now(UTC) - datetime.fromisoformat(since) >= TROUBLE_ENDS
        for known, _, said in lost:
            yield self._end(known, Rejected(**json.loads(said)), len(lost), there, believed=believed)
        self.state.forget_lost()

    def judge_captures(self) -> Iterator[Gone | Rejected]:
        """As :meth:`judge`, of captures of many years: each by what else was there, or missing, about its time."""
        lost = [(known, Rejected(**json.loads(said))) for known, _, said in self.state.lost()]
        seen = sorted(map(datetime.fromisoformat, self.state.last_seen()))
        times = {known.id: _time(rejected) for known, rejected in lost}
        missed = sorted(times.values())
        # They count among those that are missing about that time, not among those that were seen.
        just_seen = sorted(
            times[known.id]
            for known, _ in lost
            if times[known.id] - datetime.fromisoformat(known.last_seen) <= TROUBLE_ENDS
        )
        for known, rejected in lost:
            first, last = (times[known.id] + TROUBLE_ENDS * way for way in (-1, 1))
            missing, counted = (bisect_right(each, last) - bisect_left(each, first) for each in (missed, just_seen))
            there = len(seen) - bisect_left(seen, first) - counted
            yield self._end(known, rejected, missing, there, believed=missing <= there)
        self.state.forget_lost()

    def _end(self, known: Known, rejected: Rejected, missing: int, there: int, *, believed: bool) -> Gone | Rejected:
        if believed:
            self.state.gone(known, rejected.fetched_at or datetime.now(UTC).isoformat(), rejected.status)
            return gone(known, rejected)
        rejected.detail += f"; not taken for gone: {missing} known articles are missing, {there} are there"
        return rejected


def _time(rejected: Rejected) -> datetime:
    return datetime.fromisoformat(rejected.fetched_at) if rejected.fetched_at else datetime.now(UTC)


def gone(known: Known, rejected: Rejected) -> Gone:
    """The record of an article that is no longer there."""
    return Gone(
        id=known.id,
        url=known.url,
        canonical_url=known.canonical_url,
        portal=rejected.portal or "",
        title=known.title,
        version=known.version,
        content_sha256=known.content_sha256,
        first_seen=known.first_seen,
        last_seen=known.last_seen,
        gone_at=rejected.fetched_at or datetime.now(UTC).isoformat(timespec="seconds"),
        status=rejected.status,
        evidence=rejected.detail,
    )
