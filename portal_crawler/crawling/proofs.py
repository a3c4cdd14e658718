"""Pages that were taken for articles and proved to be none once they were read: the credit that they gave is undone."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# So many refuted ones, and none that was not: what shares an address with them is believed only once it has been read.
SUSPECT = 3
# Pages that are waited for.
MOST = 1_000


class Proofs:
    """Counts, for all that addresses have in common, the articles that were found there and not refuted since."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._refuted: Counter[str] = Counter()
        self._unread: OrderedDict[str, None] = OrderedDict()  # have given credit, and their text has not been read yet

    def __getstate__(self) -> dict[str, Any]:
        # What is under way is asked for again after a kill; what is held back until then keeps the credit that it gave.
        return {**vars(self), "_unread": OrderedDict()}

    def suspects(self, grounds: Collection[str]) -> bool:
        """Whether a page that looks like an article is not believed before it has been read."""
        return any(self._refuted[ground] >= SUSPECT and not self._found[ground] for ground in grounds)

    def vain(self) -> set[str]:
        """What has nothing but refuted ones, and several of them."""
        return {ground for ground, times in self._refuted.items() if times >= SUSPECT and not self._found[ground]}

    def credit(self, url: str, grounds: Collection[str], *, read: bool) -> None:
        """Note an article."""
        self._found.update(grounds)
        if not read:
            self._unread[url] = None
            if len(self._unread) > MOST:
                self._unread.popitem(last=False)

    def read(self, url: str) -> bool:
        """Note that a page has been read; whether it has given credit."""
        return self._unread.pop(url, self) is None

    def refute(self, url: str, grounds: Collection[str]) -> Iterator[tuple[str, int]]:
        """Note a page that is no article; of what has none left, how many were refuted."""
        credited = self.read(url)
        for ground in grounds:
            self._refuted[ground] += 1
            self._found[ground] -= credited and self._found[ground] > 0
            if not self._found[ground]:
                yield ground, self._refuted[ground]
