"""Which articles that are not to be found are gone, and which does a portal in trouble only hide for a day?

On a day of maintenance, of a broken database or of a hacked server each address answers as that of a deleted article
does. So nothing is gone when its request fails. All that a crawl has not found is judged together, at its end:

1. What stands at another address has moved. It is gone from its own, and counts as there: the portal works.
2. Portals delete a few of their articles, not most of those that a crawl happens to look at. If more are missing than
   there, others are looked at (:meth:`Losses.controls`); if more are missing all the same, the portal is in trouble.
3. An old backup lacks the newest articles, which are no more than a few: if several are missing, all of them newer than
   any that is there, the portal is in trouble, too.
4. Trouble may begin while the portal is crawled. A few of the articles that were found are looked at once more
   (:meth:`Losses.found_before`); if most of them are missing by now, the portal is in trouble.
5. In trouble, none is gone before that has lasted a week. Otherwise all that are missing are.
6. A text that has little of an article may be its newest version, or stand in the place of all on a hacked server. It
   is looked at once more when the others have come (:meth:`Losses.replaced`), and is a version if no other has it.

Captures of many years have no end at which the portal could be asked: rule 2 is applied to the time about each loss.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from portal_crawler.crawling.canonical import page_key
from portal_crawler.items import Gone, Rejected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from portal_crawler.crawling.known import Known
    from portal_crawler.crawling.state import PortalState

# So long a portal has to be without most of its articles until they are taken for gone: maintenance ends before.
TROUBLE_ENDS = timedelta(days=7)
# Known articles that are asked for at most to see whether others are there: where more would be needed, most are not.
CONTROLS = 20
# Articles that were found and are looked at once more at the end: what is missing may be so since a moment ago.
LOOKED_AT_TWICE = 5
# So many of the newest that are missing at once are those of an old backup. Characters of an ISO 8601 day.
LEAST_NEWEST, DAY = 5, 10
# Names under which the state keeps since when most articles are missing, and since when most are in no list.
TROUBLE, UNLISTED = "most missing since", "most unlisted since"
# Name under which it keeps how many articles the last whole crawl has met. Of fewer, any share may be deleted.
MET, FEWEST_MET = "articles met", 10


class Losses:
    """The known articles that a crawl has not found, judged together at its end by the rules above."""

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
            linked, copies = (self.state.announcements(known.id, what) for what in ("address", "copy"))
            others = [url for url in (*linked, *copies, known.url) if page_key(url) != page_key(asked)]
            if others:
                yield known, others[0]

    def moved(self, known: Known, url: str) -> Rejected | None:
        """What is said of an article that was not found and stands at another address; None if it was not missing."""
        if (said := self.state.loss(known.id)) is None:
            return None
        rejected = Rejected(**json.loads(said))
        rejected.detail += f"; it stands at {url} now"
        return rejected

    def controls(self) -> list[Known]:
        """Other known articles to look at, where more are missing than there: those that were seen last."""
        more = len(self.state.lost()) - self.state.found_again()
        return list(self.state.not_fetched(more)) if 0 < more <= CONTROLS else []

    def found_before(self) -> list[Known]:
        """Articles that were found, to be looked at once more."""
        return self.state.look_twice(min(len(self.state.lost()), LOOKED_AT_TWICE))

    def replaced(self) -> Iterator[tuple[Known, str]]:
        """The articles in whose places other texts stand, each with where that is."""
        alone = self.state.replaced()
        return ((known, asked) for known, asked, _ in self.state.lost() if known.id in alone)

    def judge(self, there: int, twice: Collection[str] = ()) -> Iterator[Gone | Rejected]:
        """The records of those that are gone; rejects of those that may be there another day.

        Args:
            there: How many known articles have been found.
            twice: Those that were found and have been looked at once more.
        """
        lost = self.state.lost()
        if not lost and not there:
            return  # none was looked at: nothing is known of a trouble
        again = sum(known.crawl == self.state.crawl for known in map(self.state.article, twice) if known is not None)
        trouble = len(lost) > there or 2 * again < len(twice) or self._is_old_backup([known for known, *_ in lost])
        believed = lasts(self.state, TROUBLE) if trouble else True
        if not trouble:
            self.state.put(TROUBLE, "")
        alone = self.state.replaced()
        for known, _, said in lost:
            rejected = Rejected(**json.loads(said))
            item = self._end(known, rejected, len(lost), there, believed=believed and known.id not in alone)
            if isinstance(item, Rejected) and again < len(twice):
                item.detail += f", of {len(twice)} that were there before {len(twice) - again} no longer"
            yield item
        self.state.forget_lost()

    def _is_old_backup(self, lost: Sequence[Known]) -> bool:
        """Whether several articles are missing, all of them of later days than any that has been found again."""
        newest = self.state.newest_found()
        days = [known.published_at[:DAY] for known in lost if known.published_at is not None]
        return newest is not None and LEAST_NEWEST <= len(lost) == len(days) and min(days) > newest[:DAY]

    def judge_captures(self, hidden: Iterable[datetime]) -> Iterator[Gone | Rejected]:
        """As :meth:`judge`, of captures of many years: each by what else was there, or missing, about its time.

        Args:
            hidden: When articles were missing that are there in the end.
        """
        lost = [(known, Rejected(**json.loads(said))) for known, _, said in self.state.lost()]
        seen = sorted(map(datetime.fromisoformat, self.state.last_seen()))
        times = {known.id: _time(rejected) for known, rejected in lost}
        back = sorted(hidden)
        missed = sorted([*times.values(), *back])
        # They count among those that are missing about that time, not among those that were seen.
        just_seen = sorted(
            times[known.id]
            for known, _ in lost
            if times[known.id] - datetime.fromisoformat(known.last_seen) <= TROUBLE_ENDS
        )
        for known, rejected in lost:
            first, last = (times[known.id] + TROUBLE_ENDS * way for way in (-1, 1))
            missing, counted, later = (
                bisect_right(each, last) - bisect_left(each, first) for each in (missed, just_seen, back)
            )
            there = len(seen) - bisect_left(seen, first) - counted - later
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


def lasts(state: PortalState, trouble: str) -> bool:
    """Whether a trouble that is there has lasted so long that it is none; the state keeps since when."""
    now, noted = datetime.now(UTC), state.get(trouble)
    since = datetime.fromisoformat(noted) if noted else now
    state.put(trouble, min(since, now).isoformat())
    return now - since >= TROUBLE_ENDS


def falls_short(state: PortalState, met: int) -> str | None:
    """Why a whole crawl has not walked the portal as it is on other days: its lists show few of their articles.

    After a week that is how the portal is.

    Args:
        state: What earlier crawls know.
        met: How many articles lists, sitemaps and feeds have led to.
    """
    before = int(state.get(MET, "0"))
    if before >= FEWEST_MET and 2 * met < before and not lasts(state, UNLISTED):
        return f"its lists lead to {met} articles, those of the last whole crawl led to {before}"
    state.put(MET, str(met))
    state.put(UNLISTED, "")
    return None


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
