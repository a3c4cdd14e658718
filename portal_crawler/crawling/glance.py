"""Whether a page shows addresses that are not known yet, told from its bytes: most articles of a portal show none."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

# An attribute in all forms that HTML knows: quoted in two manners, or not at all.
HREF = re.compile(rb"""href\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*)""", re.IGNORECASE)
CANONICAL = re.compile(
    rb"""<link\b(?=[^<>]*\brel\s*=\s*["']?canonical["'\s>])[^<>]*?\bhref\s*=\s*("[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)""",
    re.IGNORECASE,
)
# So many addresses are remembered of one folder; a portal's menus and boxes have some hundreds.
MOST = 50_000
# Bytes at the beginning among which UTF-16 and UTF-32 have zeros.
BEGINNING = 64


class Glance:
    """The addresses, as pages write them, that no page needs to be parsed for again."""

    def __init__(self) -> None:
        # By what a reference is resolved against: the host, for those that begin with a slash, else the folder.
        self._settled: dict[str, set[bytes]] = {}

    def clear(self) -> None:
        """Forget them all: addresses are judged anew."""
        self._settled.clear()

    def unsettled(self, url: str, body: bytes) -> dict[bytes, str] | None:
        """The addresses on a page that are not settled, as they are written and as they are read.

        Args:
            url: The page's address.
            body: Its bytes.

        Returns:
            None where only a parsed page can tell: other encodings than those that begin as ASCII does, a base of its
            own, letters in addresses that are no UTF-8.
        """
        if b"\0" in body[:BEGINNING] or b"<base" in body or b"<BASE" in body:
            return None
        written = set(HREF.findall(body))
        for base in _bases(url):
            written -= self._settled.get(base, set())
        try:
            return {raw: unescape(raw.strip(b"\"'").decode()).strip() for raw in written}
        except UnicodeDecodeError:
            return None

    def settle(self, url: str, raw: bytes) -> None:
        """Note that an address on a page needs no look any more."""
        host, folder = _bases(url)
        base = host if raw.lstrip(b"\"' \t\r\n")[:1] == b"/" or b"://" in raw[:12] else folder
        known = self._settled.setdefault(base, set())
        if len(known) >= MOST:
            known.clear()
        known.add(raw)


def _bases(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc}"
    return host, f"{host}{parts.path.rpartition('/')[0]}/"


def canonical_link(body: bytes) -> str | None:
    """The address that a page names as its canonical one (RFC 6596).

    Raises:
        ValueError: if only the parsed page can tell.
    """
    if b"canonical" not in body.lower():
        return None
    found = CANONICAL.search(body)
    if found is None:
        raise ValueError("the word stands elsewhere")
    return unescape(found[1].strip(b"\"'").decode()).strip()
