"""By which ways the articles of a portal were found, and what that tells of those that were not."""

from __future__ import annotations

from array import array
from itertools import combinations
from typing import TYPE_CHECKING, Any

from portal_crawler.crawling.canonical import key_hash
from portal_crawler.crawling.sightings import DONE, WAY, Sightings
from portal_crawler.items import WAYS

if TYPE_CHECKING:
    from collections.abc import Collection

# With fewer articles in both samples the estimate's bias and spread are too large to be of use: Robson and Regier,
# "Sample size in Petersen mark-recapture experiments" (1964).
FEWEST_SHARED = 7

BITS = {way: 1 << WAY + place for place, way in enumerate(WAYS)}


def chapman(first: int, second: int, both: int) -> float:
    """How many there are, by two independent samples: Lincoln-Petersen with Chapman's correction (1951).

    Args:
        first: Size of the one sample.
        second: Size of the other.
        both: How many are in both.
    """
    return (first + 1) * (second + 1) / (both + 1) - 1


class WaysIn:
    """The ways that led to each address: a list or another page, a sitemap, a feed.

    An article is found once its capture has been handed on.

    Args:
        sightings: Where they are noted.
    """

    def __init__(self, sightings: Sightings) -> None:
        self._sightings = sightings
        self._named: dict[str, array[int]] = {}
        self._way_of: dict[str, str] = {}

    def note(self, key: str, way: str, file: str = "") -> bool:
        """Note that a way leads to an article or to what may be one; of sitemaps and feeds, also which.

        Returns:
            Whether it has not led there before.
        """
        first = self._sightings.mark(key, BITS[way])
        if file:
            self._named.setdefault(file, array("q")).append(key_hash(key))
        return first

    def open(self, file: str, way: str) -> None:
        """Note that a sitemap or a feed has come, whatever it names."""
        self._named.setdefault(file, array("q"))
        self._way_of[file] = way

    def files(self) -> list[str]:
        """The sitemaps and feeds that have come."""
        return list(self._way_of)

    def come(self) -> set[str]:
        """The ways of the sitemaps and feeds that have come."""
        return set(self._way_of.values())

    def of(self, key: str) -> list[str]:
        """The ways known so far that lead to an article."""
        marks = self._sightings.of(key).marks
        return [way for way, bit in BITS.items() if marks & bit]

    def needed(self) -> set[str]:
        """The ways without which some article would not have been found, where all lists are read anyway."""
        without = [marks for marks in self._found() if not marks & BITS["listing"]]
        return {way for way, bit in BITS.items() if any(marks & bit for marks in without)}

    def needless(self, dated: Collection[str] = ()) -> set[str]:
        """The sitemaps and feeds that name no article but those that lists show, or others of their way name, too.

        Args:
            dated: Sitemaps that are worth a look for the times that they tell, if they name articles at all.
        """
        found = self._sightings.bearing(DONE, 0)
        unlisted = self._sightings.bearing(DONE, BITS["listing"])
        alone = {file: unlisted.intersection(self._named[file]) for file in self._way_of}
        covered: dict[str, set[int]] = {way: set() for way in WAYS}
        needless = set()
        for file in sorted(alone, key=lambda file: (file not in dated, -len(alone[file]))):
            its = covered[self._way_of[file]]
            if alone[file] <= its and (file not in dated or found.isdisjoint(self._named[file])):
                needless.add(file)
            its |= alone[file]
        return needless

    def _found(self) -> dict[int, int]:
        """How many articles were found by which ways."""
        marks = self._sightings.marks().items()
        return {each: count for each, count in marks if each & DONE and each >> WAY}

    def report(self) -> dict[str, Any]:
        """The figures of each way and each pair of ways.

        The ways are taken for independent samples of the articles. They are not quite (both are fed by one database),
        so that the estimate is rather too low.
        """
        counts = self._found()
        sizes = {way: _with(counts, bit) for way, bit in BITS.items()}
        pairs = []
        for first, second in combinations(WAYS, 2):
            if not (sizes[first] and sizes[second]):
                continue
            both = _with(counts, BITS[first] | BITS[second])
            estimate = round(chapman(sizes[first], sizes[second], both)) if both >= FEWEST_SHARED else None
            pairs.append({"ways": [first, second], "both": both, "estimate": estimate})
        return {"found": sum(counts.values()), "ways": sizes, "pairs": pairs}


def _with(counts: dict[int, int], mask: int) -> int:
    return sum(count for marks, count in counts.items() if marks & mask == mask)
