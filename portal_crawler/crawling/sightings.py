"""What a crawl has seen of an article before it fetches it: its addresses, and what lists say about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portal_crawler.crawling.canonical import key_hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.items import Capture

# The key of ``response.meta`` under which a spider leaves the capture whose page it has parsed.
CAPTURE = "portal_capture"


@dataclass(slots=True)
class Sighting:
    """One article as its links show it.

    Attributes:
        addresses: All addresses met so far, in order.
        text: Longest link text.
        date: Date string beside a link, as printed.
        section: Breadcrumb of the list that shows it, outermost first.
        sure: How sure that section is: 2, the list's address is the beginning of the article's; 1, it is a list and no
            other one shows the article; 0, not known.
        asked: Whether a plain address has been requested.
        looks: How many links to it have been read.
    """

    addresses: list[str] = field(default_factory=list)
    text: str | None = None
    date: str | None = None
    section: list[str] = field(default_factory=list)
    sure: int = 0
    asked: bool = False
    looks: int = 0


class Sightings:
    """The articles of one crawl, by identity.

    What is known of an article is kept until its capture is handed on; of the past only the identities remain.
    """

    def __init__(self) -> None:
        self._open: dict[str, Sighting] = {}
        self._done: set[str] = set()

    def __len__(self) -> int:
        """How many articles have been seen, fetched or not."""
        return len(self._open) + len(self._done)

    def fetched(self) -> int:
        """How many articles' captures have been handed on."""
        return len(self._done)

    def done(self, key: str) -> bool:
        """Whether the article's capture has been handed on."""
        return key in self._done

    def hashes(self) -> set[int]:
        """Hashes of the identities of all articles whose captures have been handed on."""
        return set(map(key_hash, self._done))

    def respell(self, spell: Callable[[str], str]) -> None:
        """Put together what was known under keys that have proved to be one article's."""
        self._done |= set(map(spell, self._done))
        for key in list(self._open):
            if (plain := spell(key)) == key:
                continue
            old = self._open.pop(key)
            if plain in self._done:
                continue
            known = self._open.setdefault(plain, old)
            if known is not old:
                known.addresses += [url for url in old.addresses if url not in known.addresses]
                known.asked |= old.asked
                self.describe(plain, old.text, old.date)

    def pass_over(self, key: str) -> None:
        """Take an article for done that another run has handed on."""
        self._done.add(key)

    def reopen(self, key: str) -> None:
        """Let an article that was taken for done be fetched all the same."""
        self._done.discard(key)

    def see(self, link: Judgement) -> Sighting | None:
        """Note an address of an article; None if its capture has been handed on already."""
        if link.key in self._done:
            return None
        sighting = self._open.setdefault(link.key, Sighting())
        if link.url not in sighting.addresses:
            sighting.addresses.append(link.url)
        return sighting

    def get(self, key: str) -> Sighting | None:
        """What is known of an article whose capture is still to come."""
        return self._open.get(key)

    def date_of(self, key: str) -> str | None:
        """The date that lists print beside an article whose capture is still to come."""
        sighting = self._open.get(key)
        return sighting.date if sighting is not None else None

    def describe(self, key: str, text: str | None, date: str | None) -> None:
        """Add what a link says about an article: the longest text and the first date stay."""
        sighting = self._open.get(key)
        if sighting is None:
            return
        if text and len(text) > len(sighting.text or ""):
            sighting.text = text
        sighting.date = sighting.date or date

    def place(self, key: str, section: list[str], sure: int) -> None:
        """Add a section that lists an article.

        Blocks of the latest news show an article in every section: two lists that disagree tell nothing.
        """
        sighting = self._open.get(key)
        if sighting is None or not section or sure < sighting.sure:
            return
        if sure > sighting.sure:
            sighting.section, sighting.sure = section, sure
        elif sure == 1 and sighting.section != section:
            sighting.section = []

    def complete(self, key: str, capture: Capture) -> None:
        """Write into a capture what is known about its article, and close the article's record."""
        sighting = self._open.pop(key, None) or Sighting()
        self._done.add(key)
        capture.identity = key
        capture.link_text = sighting.text
        capture.listed_date = sighting.date
        capture.section = list(sighting.section)
        capture.also_at = [url for url in sighting.addresses if url not in (capture.url, capture.canonical_url)]

    def forget(self, key: str) -> None:
        """Drop the record of a page that proved to be no article."""
        self._open.pop(key, None)
