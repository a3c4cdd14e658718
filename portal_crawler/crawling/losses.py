"""Which articles that are not to be found are gone, and which does a portal in trouble only hide for a day?"""

from __future__ import annotations

import json
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
            rejected = Rejected(**json.loads(said))
            if believed:
                self.state.gone(known, rejected.fetched_at or datetime.now(UTC).isoformat(), rejected.status)
                yield gone(known, rejected)
            else:
                rejected.detail += f"; not taken for gone: {len(lost)} known articles are missing, {there} are there"
                yield rejected
        self.state.forget_lost()


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
