"""What a page says, as one number: two pages of one number are the same page under two addresses."""

from __future__ import annotations

import re

from portal_crawler.crawling.canonical import key_hash

# Everything that may differ between two visits: scripts, comments, links (boxes of the latest news), tags with the
# sessions in them, numbers (counters, clocks).
PASSING = re.compile(rb"<(script|style|noscript|a)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>|[\d\s]+", re.DOTALL | re.IGNORECASE)
TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)
FILE = re.compile(rb"""href\s*=\s*["']?([^"'\s>]+\.(?:pdf|docx?|xlsx?|zip|rar))\b""", re.IGNORECASE)


def content_of(body: bytes, announced: str | None = None) -> int:
    """The number of what a page says outside its links.

    Numbers are left out of the text, and with them counters and clocks; they stay in the title, in the names of its
    files and in the text of the link that led here, because the reports of two months may differ in nothing else.

    Args:
        body: The page.
        announced: Text of a link to it.
    """
    title = b"".join(TITLE.findall(body)[:1])
    files = b" ".join(sorted(set(FILE.findall(body))))
    said = b"\n".join((PASSING.sub(b"", body), title, files, (announced or "").encode()))
    return key_hash(said.decode("latin-1"))
