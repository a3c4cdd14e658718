"""Whether a page shows addresses that are not known yet, told from its bytes: most articles of a portal show none."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

# The value of an attribute in all forms that HTML knows: quoted in two manners, or not at all.
VALUE = re.compile(rb"""\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*)""")
NAME = b"href"
CANONICAL = re.compile(
    rb"""<link\b(?=[^<>]*\brel\s*=\s*["']?canonical["'\s>])[^<>]*?\bhref\s*=\s*("[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)""",
    re.IGNORECASE,
)
# So many addresses are remembered of one folder, and of so many folders; a portal's menus and boxes have some hundreds.
MOST, FOLDERS = 8_192, 64
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
        lower = body.lower()
        if b"\0" in body[:BEGINNING] or b"<base" in lower:
            return None
        written = set(_addresses(body, lower))
        for base in _bases(url):
            written -= self._settled.get(base, set())
        try:
            return {raw: unescape(_unquoted(raw).decode()).strip() for raw in written}
        except UnicodeDecodeError:
            return None

    def settle(self, url: str, raw: bytes) -> None:
        """Note that an address on a page needs no look any more."""
        host, folder = _bases(url)
        base = host if raw.lstrip(b"\"' \t\r\n")[:1] == b"/" or b"://" in raw[:12] else folder
        if base not in self._settled and len(self._settled) >= FOLDERS:
            self._settled.clear()
        known = self._settled.setdefault(base, set())
        if len(known) >= MOST:
            known.clear()
        known.add(raw)


def _unquoted(raw: bytes) -> bytes:
    # A value without quotes around it may end with one: <a href=/muc-1'>.
    return raw[1:-1] if raw[:1] in {b'"', b"'"} else raw


def _addresses(body: bytes, lower: bytes) -> list[bytes]:
    """The values of all that is called ``href``; scripts may hold some that are no addresses.

    To split at the name takes a fifth of a search through all of the page.

    Args:
        body: The page.
        lower: The same in small letters.
    """
    found = []
    beginning, *pieces = lower.split(NAME)
    place, end = len(beginning), 0
    for piece in pieces:
        # One that stands within a value is none.
        if place >= end and (value := VALUE.match(body, place + len(NAME))) is not None:
            found.append(value[1])
            end = value.end()
        place += len(NAME) + len(piece)
    return found


def _bases(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc}"
    return host, f"{host}{parts.path.rpartition('/')[0]}/"


def canonical_link(body: bytes) -> str | None:
    """The address that a page names as its canonical one (RFC 6596).

    Raises:
        ValueError: if only the parsed page can tell.
    """
    if b"canonical" not in body and b"canonical" not in body.lower():
        return None
    found = CANONICAL.search(body)
    if found is None:
        raise ValueError("the word stands elsewhere")
    return unescape(_unquoted(found[1]).decode()).strip()
