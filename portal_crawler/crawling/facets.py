"""Filters of lists that stand in paths (``/kinh-te/nam-2021/sort-ten/``, ``/kinh-te/sort/ten/nam/2021/``).

A filter looks like a section below its list. What tells them apart is that filters are combined: the same list is there
with the one, with the other and with both, while a section stands below its own parent alone. As each combination is of
another form, and in another folder, nothing else holds them together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal_crawler.crawling.canonical import key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

# A filter is combined with so many others: a section may well stand in two places.
PARTNERS = 2
# Paths that are remembered, and segments of the longest of them.
MOST_PATHS, LONGEST = 50_000, 12
DIGITS = re.compile(r"\d+")


class PathFilters:
    """Learns from the addresses of a site which parts of paths are filters."""

    def __init__(self) -> None:
        self._paths: set[int] = set()
        self._partners: dict[str, set[str]] = {}
        self._folders: set[str] = set()  # of articles

    def learn(self, url: str) -> bool:
        """Note an address that is no article's; whether it proves a part of paths to be a filter."""
        path = _segments(url)
        if len(self._paths) < MOST_PATHS:
            self._paths.add(_key(path))
        proved = False
        for begin, width in _parts(path[:-1]):
            rest = path[begin + width :]
            # With the one, with the other, and here with both.
            if self._known(path[: begin + width]) and self._known(path[:begin] + rest):
                one, other = _masked(path[begin : begin + width]), _masked(rest[:width])
                proved |= self._pair(one, other) | self._pair(other, one)
        return proved

    def _known(self, path: list[str]) -> bool:
        return _key(path) in self._paths

    def _pair(self, one: str, other: str) -> bool:
        partners = self._partners.setdefault(one, set())
        before = len(partners)
        partners.add(other)
        return before < PARTNERS <= len(partners)

    def holds(self, url: str) -> bool:
        """Whether a part of an address's path is a filter."""
        if not self._partners:
            return False
        path = _segments(url)
        masked = (_masked(path[begin : begin + width]) for begin, width in _parts(path))
        return any(len(self._partners.get(part, ())) >= PARTNERS and part not in self._folders for part in masked)

    def bears_articles(self, url: str) -> None:
        """Note the address of an article: what it stands in is no filter."""
        path = _segments(url)[:-1]
        self._folders.update(_masked(path[begin : begin + width]) for begin, width in _parts(path))


def _segments(url: str) -> list[str]:
    path = urlsplit(url).path.split("/")
    return [segment for segment in path if segment][:LONGEST]


def _parts(path: list[str]) -> Iterator[tuple[int, int]]:
    """Places and widths of what may be a filter: a segment, or a name and its value, behind the first."""
    for begin in range(1, len(path)):
        yield begin, 1
        if begin + 1 < len(path):
            yield begin, 2


def _masked(segments: list[str]) -> str:
    return DIGITS.sub("#", "/".join(segments))


def _key(path: list[str]) -> int:
    return key_hash("/".join(path))
