"""RSS and Atom feeds: which addresses does one list, and what does it say of them?

Run as a program (``python -m portal_crawler.crawling.feeds ADDRESS < FEED``) it prints them as JSON. The library joins
addresses as it meets them, and some feeds are made to take hours: a large one is read in a process of its own.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from urllib.parse import urljoin

import feedparser

from portal_crawler.extraction.page import LONGEST_ADDRESS

# Bytes up to which no feed takes more than moments, unless it says what its addresses are relative to: elements inside
# each other may each say so anew, and each time it is joined.
LARGE = 64 * 1024
BASE = re.compile(rb"\bbase\s*=|\0")  # UTF-16 writes a zero beside each letter
# Seconds that a large one may take; one of 20,000 entries takes three.
SECONDS = 20.0

Entry = tuple[str, str | None, str | None]


class FeedError(ValueError):
    """A feed that cannot be read; its message names address and cause."""


def read_feed(url: str, body: bytes) -> list[Entry]:
    """Address, title and printed date of what a feed lists.

    Raises:
        FeedError: if it takes more than ``SECONDS`` to be read, or brings its reader down.
    """
    if len(body) <= LARGE and BASE.search(body) is None:
        return entries_of(url, body)
    command = [sys.executable, "-m", __name__, url]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and an address is one argument
            command, input=body, capture_output=True, timeout=SECONDS, check=False, start_new_session=True
        )
        return [(address, title, date) for address, title, date in json.loads(done.stdout)]
    except subprocess.TimeoutExpired as error:
        raise FeedError(f"the feed {url} cannot be read: no end in {SECONDS:g} s") from error
    except ValueError as error:
        raise FeedError(f"the feed {url} cannot be read: its reader ended with {done.returncode}") from error


def entries_of(url: str, body: bytes) -> list[Entry]:
    """As :func:`read_feed`, in this process, however long it takes."""
    # A stream, because feedparser takes a string for an address or a file name first.
    feed = feedparser.parse(io.BytesIO(body), response_headers={"content-location": url})
    return [
        (urljoin(url, entry.link), entry.get("title"), entry.get("published"))
        for entry in feed.entries
        if entry.get("link") and len(entry.link) <= LONGEST_ADDRESS
    ]


def main() -> None:
    """Print what the feed on standard input lists."""
    sys.stdout.write(json.dumps(entries_of(sys.argv[1], sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
