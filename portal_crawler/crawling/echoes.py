"""Articles that say only what others of their portal have said: links to a next one may go on so for ever."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Pages that are remembered by their sentences.
REMEMBERED = 1_000
# So much of an echo was said before. Articles quote each other, but not for the most part.
KNOWN = 0.8
# What stands on one in so many pages, and on more than a few, is the site's and no article's.
COMMON, FEW = 4, 3
# An article that says something new speaks for its like as much as so many echoes do against them.
WEIGHT = 2


class Echoes:
    """Knows articles again that are put together of sentences of others, and counts them by what they are alike in."""

    def __init__(self) -> None:
        self._recent: deque[frozenset[int]] = deque()
        self._said: Counter[int] = Counter()  # on how many of these pages each sentence stands
        self._counts: dict[str, int] = {}

    def is_one(self, sentences: frozenset[int]) -> bool:
        """Whether a page says hardly anything that the last pages have not said (``contents.sentences_of``)."""
        most = max(FEW, len(self._recent) // COMMON)
        told = [on for sentence in sentences if (on := self._said.get(sentence, 0)) <= most]
        return sum(on > 0 for on in told) >= KNOWN * len(told)

    def note(self, sentences: frozenset[int], kinds: Iterable[str], *, listed: bool = False) -> None:
        """Count a page for, or against, all that has something in common with it.

        What a list shows counts against nothing: a portal that writes in set phrases is no chain without an end.
        """
        by = -WEIGHT if not self.is_one(sentences) else 0 if listed else 1
        for kind in kinds:
            if (count := self._counts.pop(kind, 0) + by) > 0:
                self._counts[kind] = count
        self._recent.append(sentences)
        self._said.update(sentences)
        if len(self._recent) > REMEMBERED:
            for sentence in self._recent.popleft():
                self._said[sentence] -= 1
                if not self._said[sentence]:
                    del self._said[sentence]

    def count(self, kind: str) -> int:
        """How many echoes of a kind there are beyond what articles of that kind outweigh."""
        return self._counts.get(kind, 0)
