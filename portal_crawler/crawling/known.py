"""An article of an earlier run: what is known of it, and how long it may be left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import log

SOONEST, LATEST = timedelta(days=1), timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Known:
    """An article of an earlier run.

    Attributes:
        id: Its identifier.
        url: Address to ask for it at.
        canonical_url: The address that stands for all that show it.
        title: Its headline.
        published_at: ISO 8601 date that it bears.
        first_seen: ISO 8601 time of its first capture.
        last_seen: ISO 8601 time at which it was last found on the portal.
        status: HTTP status of the last answer.
        etag: ETag of the last capture.
        last_modified: Last-Modified of the last capture.
        content_sha256: Digest of the latest version, as it was exported.
        version: Number of the latest version, from 1.
        checks: How often it has been fetched again.
        changes: How many of these fetches showed another text.
        gone_at: ISO 8601 time at which it was found to be gone.
        since: Number of the crawl that found it.
        crawl: Number of the crawl that last fetched it.
        reading: By which extractor it was last read, and by what it told the article from its page.
        read_sha256: Digest of what was read then: that of the latest version, unless it was read otherwise since.
    """

    id: str
    url: str
    canonical_url: str
    title: str | None
    published_at: str | None
    first_seen: str
    last_seen: str
    status: int
    etag: str | None
    last_modified: str | None
    content_sha256: str
    version: int
    checks: int
    changes: int
    gone_at: str | None
    since: int
    crawl: int
    reading: str
    read_sha256: str


COLUMNS = ", ".join(Known.__dataclass_fields__)


def revisit_after(checks: int, changes: int, watched: timedelta, age: timedelta | None) -> timedelta:
    """How long an article may be left alone.

    The rate of change is the estimator of Cho and Garcia-Molina for pages that are looked at now and then and tell
    only whether they have changed ("Estimating frequency of change", ACM TOIT 2003): r = -ln((n - x + 0.5) / (n + 0.5))
    with x changes in n looks. It is 0 for one that has never changed: that is left alone for twice the time that it has
    been watched. An article that was never looked at again is given a quarter of its age: most edits come in the first
    days.

    Args:
        checks: How often it has been fetched again.
        changes: How many of these fetches showed a change.
        watched: Time between its first and its latest fetch.
        age: Time since its publication; None if the page bears no date.
    """
    if not checks or not watched:
        after = (age or timedelta(days=28)) / 4
    else:
        rate = -log((checks - changes + 0.5) / (checks + 0.5))
        after = watched / checks / rate if changes else 2 * watched
    return min(max(after, SOONEST), LATEST)
