"""What is told from a page, sentence by sentence: whether the portal has edited it, or it is but read otherwise."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from portal_crawler.items import Article

# Sentences, lines and cells: what an extractor takes or leaves.
PIECE_ENDS = tuple(end.encode() for end in ".!?;:…")
OTHER_SPACES = re.compile(r"[^\S\n ]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was told from a page, and what the whole page was made of: an edit can be told from another reading by it.

    The text that is told from a page changes when the portal edits it, and also when the extractor does, or what has
    been learned of the site's template. In the second case all that is new in the text stood on the page before, and
    all that is missing from it still stands there.

    Attributes:
        by: The extractor's version and its method.
        told: The sentences and lines of headline, lead and text, in UTF-8.
        page: Checksums of those of the whole page: of the text, and of what was removed.
    """

    by: str
    told: frozenset[bytes]
    page: frozenset[int]

    @classmethod
    def of(cls, item: Article) -> Reading:
        """That of an article that was just extracted."""
        told = pieces(told_of(item))
        around = (item.subtitle or "", item.author or "", item.source or "", item.published_raw or "", *item.tags)
        removed = (block.text for block in item.extraction.removed)
        page = frozenset(map(crc32, told)).union(*map(_checksums, (*around, *removed)))
        return cls(f"{item.extraction.version} {item.extraction.method}", told, page)

    def packed(self) -> bytes:
        """The checksums of the page, as bytes."""
        return array("I", sorted(self.page)).tobytes()

    def rereads(self, text: str, page: bytes) -> bool:
        """Whether this differs from an earlier reading, of that text and that page, by how it was read alone."""
        before, stood = pieces(text), array("I", page)
        missing, added = before - self.told, self.told - before
        return (
            bool(missing or added)
            and all(crc32(piece) in self.page for piece in missing)
            and set(map(crc32, added)) <= set(stood)
        )


def pieces(text: str) -> frozenset[bytes]:
    """The sentences, lines and cells of a text, white space left out, in UTF-8."""
    # Bytes, and no loop over words: this is asked of each text and of each block around it.
    if not text.replace("\n", "").isprintable():
        text = OTHER_SPACES.sub(" ", text)
    said = text.encode("utf-8", "surrogatepass").replace(b"|", b"\n")
    for end in PIECE_ENDS:
        if end in said:  # to look for one byte costs nothing
            said = said.replace(end + b" ", end + b"\n")
    return frozenset(said.translate(None, b" ").split(b"\n")) - {b""}


@lru_cache(maxsize=2_000)
def _checksums(text: str) -> frozenset[int]:
    # Remembered: menus and frames say the same on all pages of a site.
    return frozenset(map(crc32, pieces(text)))


def breaks_off(text: str, whole: str) -> bool:
    """Whether a text is another one up to where it breaks off, perhaps in the middle of a letter."""
    told = pieces(whole)
    rest = pieces(text.rstrip("\ufffd \n")) - told
    return not rest or (len(rest) == 1 and any(each.startswith(piece) for piece in rest for each in told))


def has_something_of(item: Article, text: str) -> bool:
    """Whether a sentence or a line of another text, or of an earlier version's, stands in an article."""
    return not pieces(told_of(item)).isdisjoint(pieces(text))


def is_most_of(item: Article, text: str) -> bool:
    """Whether an article and another text share most of their sentences and lines."""
    told, other = pieces(told_of(item)), pieces(text)
    return 2 * len(told & other) > max(len(told), len(other))


def told_of(item: Article) -> str:
    """Headline, lead and text of an article."""
    return "\n".join(filter(None, (item.title, item.lead, item.text)))
