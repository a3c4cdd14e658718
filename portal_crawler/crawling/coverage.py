"""By which ways the articles of a portal were found, and what that tells of those that were not."""

from __future__ import annotations

from array import array
from itertools import combinations
from typing import TYPE_CHECKING, Any

from portal_crawler.crawling.canonical import key_hash
from portal_crawler.items import WAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# With fewer articles in both samples the estimate's bias and spread are too large to be of use: Robson and Regier,
# "Sample size in Petersen mark-recapture experiments" (1964).
FEWEST_SHARED = 7


def chapman(first: int, second: int, both: int) -> float:
    """How many there are, by two independent samples: Lincoln-Petersen with Chapman's correction (1951).

    Args:
        first: Size of the one sample.
        second: Size of the other.
        both: How many are in both.
    """
    return (first + 1) * (second + 1) / (both + 1) - 1


class WaysIn:
    """The ways that led to each address: a list or another page, a sitemap, a feed."""

    def __init__(self) -> None:
        # One small integer an address, a bit a way: 100,000 addresses take some 10 MB.
        self._ways: dict[int, int] = {}
        self._named: dict[str, array[int]] = {}
        self._way_of: dict[str, str] = {}

    def note(self, key: str, way: str, file: str = "") -> None:
        """Note that a way leads to an article or to what may be one; of sitemaps and feeds, also which."""
        which = key_hash(key)
        self._ways[which] = self._ways.get(which, 0) | 1 << WAYS.index(way)
        if file:
            self._named.setdefault(file, array("q")).append(which)

    def open(self, file: str, way: str) -> None:
        """Note that a sitemap or a feed has come, whatever it names."""
        self._named.setdefault(file, array("q"))
        self._way_of[file] = way

    def files(self) -> list[str]:
        """The sitemaps and feeds that have come."""
        return list(self._way_of)

    def of(self, key: str) -> list[str]:
        """The ways known so far that lead to an article."""
        bits = self._ways.get(key_hash(key), 0)
        return [way for place, way in enumerate(WAYS) if bits >> place & 1]

    def needed(self, found: Callable[[int], bool]) -> set[str]:
        """The ways without which some article would not have been found, where all lists are read anyway.

        Args:
            found: Whether the hash of a key is that of an article.
        """
        without = {bits for which, bits in self._ways.items() if not bits & 1 << WAYS.index("listing") and found(which)}
        return {way for place, way in enumerate(WAYS) if any(bits >> place & 1 for bits in without)}

    def needless(self, found: Callable[[int], bool], dated: Collection[str] = ()) -> set[str]:
        """The sitemaps and feeds that name no article but those that lists show, or others of their way name, too.

        Args:
            found: Whether the hash of a key is that of an article.
            dated: Sitemaps that are worth a look for the times that they tell, if they name articles at all.
        """
        listed = 1 << WAYS.index("listing")
        articles = {file: set(filter(found, self._named[file])) for file in self._way_of}
        alone = {file: {each for each in named if not self._ways[each] & listed} for file, named in articles.items()}
        covered: dict[str, set[int]] = {way: set() for way in WAYS}
        needless = set()
        for file in sorted(alone, key=lambda file: (file not in dated, -len(alone[file]))):
            its = covered[self._way_of[file]]
            if alone[file] <= its and not (file in dated and articles[file]):
                needless.add(file)
            its |= alone[file]
        return needless

    def report(self, found: Callable[[int], bool]) -> dict[str, Any]:
        """The figures of each way and each pair of ways.

        The ways are taken for independent samples of the articles. They are not quite (both are fed by one database),
        so that the estimate is rather too low.

        Args:
            found: Whether the hash of a key is that of an article.
        """
        counts = dict.fromkeys(range(1 << len(WAYS)), 0)
        for which, bits in self._ways.items():
            if found(which):
                counts[bits] += 1
        sizes = {way: _with(counts, 1 << place) for place, way in enumerate(WAYS)}
        pairs = []
        for (place, first), (other, second) in combinations(enumerate(WAYS), 2):
            if not (sizes[first] and sizes[second]):
                continue
            both = _with(counts, 1 << place | 1 << other)
            estimate = round(chapman(sizes[first], sizes[second], both)) if both >= FEWEST_SHARED else None
            pairs.append({"ways": [first, second], "both": both, "estimate": estimate})
        return {"found": sum(counts.values()), "ways": sizes, "pairs": pairs}


def _with(counts: dict[int, int], mask: int) -> int:
    return sum(count for bits, count in counts.items() if bits & mask == mask)
