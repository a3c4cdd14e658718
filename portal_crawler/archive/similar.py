"""Near-duplicates across portals: notices that are sent to every department and printed with small edits.

They are linked, never dropped: who printed what, and with which words, is what a researcher asks.
"""

from __future__ import annotations

import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured, UsageError

from portal_crawler.items import Article, Similar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scrapy.crawler import Crawler

# A MinHash signature of 128 values errs by some 0.09 (Broder, "On the resemblance and containment of documents", 1997);
# 32 bands of 4 find a pair of similarity s with probability 1 - (1 - s^4)^32: 0.9999 at 0.7, half at 0.38.
VALUES, BANDS = 128, 32
ROWS = VALUES // BANDS
SEED = 42
# Three words in a row: two texts share them only by copying.
SHINGLE = 3
# Below so many words "similar" means a form letter.
FEWEST_WORDS = 40
# Links of one article at most, the most similar first.
MOST_LINKS = 20

WORD = re.compile(r"\w+")

SCHEMA = """
CREATE TABLE IF NOT EXISTS article (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, portal TEXT NOT NULL, url TEXT NOT NULL, signature BLOB NOT NULL,
  UNIQUE (portal, id)
);
CREATE TABLE IF NOT EXISTS band (
  place INTEGER NOT NULL, hash BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (place, hash, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS band_of ON band (number);
"""


def shingles(text: str) -> list[str]:
    """The runs of three words in a text, in lower case; none for a text too short to compare."""
    words = WORD.findall(text.lower())
    if len(words) < FEWEST_WORDS:
        return []
    return [" ".join(words[place : place + SHINGLE]) for place in range(len(words) - SHINGLE + 1)]


def signature(text: str) -> bytes | None:
    """The MinHash signature of a text; None for a text too short to compare.

    Raises:
        ImportError: without the extra ``dedup``.
    """
    import rensa  # noqa: PLC0415 - of an extra

    if not (found := shingles(text)):
        return None
    sketch = rensa.RMinHash(num_perm=VALUES, seed=SEED)
    sketch.update(found)
    return struct.pack(f"<{VALUES}I", *sketch.digest())


def similarity(one: bytes, other: bytes) -> float:
    """The share of equal values in two signatures: an estimate of the Jaccard similarity of two texts."""
    first, second = struct.unpack(f"<{VALUES}I", one), struct.unpack(f"<{VALUES}I", other)
    equal = [mine == theirs for mine, theirs in zip(first, second, strict=True)]
    return equal.count(True) / VALUES


class SimilarityIndex:
    """Signatures of articles of all portals and runs, in one SQLite file.

    Args:
        path: The file; made where there is none.
        threshold: The least similarity that counts.
    """

    def __init__(self, path: Path, threshold: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.threshold = threshold
        # Several crawls may run at once: each waits for the others' short transactions.
        self.database = sqlite3.connect(path, timeout=60, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def add(self, article_id: str, portal: str, url: str, sketch: bytes) -> list[Similar]:
        """Keep an article's signature, in place of an older one, and give the articles of other portals like it."""
        bands = [(place, sketch[place * ROWS * 4 : (place + 1) * ROWS * 4]) for place in range(BANDS)]
        with self.database:
            self.database.execute("BEGIN IMMEDIATE")
            found = sorted(self._like(portal, bands, sketch), key=lambda each: (-each.score, each.url))
            self._replace(article_id, portal, url, sketch, bands)
        return found[:MOST_LINKS]

    def _like(self, portal: str, bands: Sequence[tuple[int, bytes]], sketch: bytes) -> Iterator[Similar]:
        numbers: set[int] = set()
        for band in bands:
            rows = self.database.execute("SELECT number FROM band WHERE place = ? AND hash = ?", band)
            numbers.update(number for (number,) in rows)
        for number in numbers:
            query = "SELECT id, portal, url, signature FROM article WHERE number = ? AND portal <> ?"
            for article_id, other, url, theirs in self.database.execute(query, (number, portal)):
                if (score := similarity(sketch, theirs)) >= self.threshold:
                    yield Similar(url=url, portal=other, id=article_id, score=round(score, 3))

    def _replace(
        self, article_id: str, portal: str, url: str, sketch: bytes, bands: Sequence[tuple[int, bytes]]
    ) -> None:
        with closing(self.database.cursor()) as cursor:
            known = cursor.execute("SELECT number FROM article WHERE portal = ? AND id = ?", (portal, article_id))
            for (number,) in known.fetchall():
                cursor.execute("DELETE FROM band WHERE number = ?", (number,))
                cursor.execute("DELETE FROM article WHERE number = ?", (number,))
            insert = "INSERT INTO article (id, portal, url, signature) VALUES (?, ?, ?, ?)"
            number = cursor.execute(insert, (article_id, portal, url, sketch)).lastrowid
            cursor.executemany("INSERT OR IGNORE INTO band VALUES (?, ?, ?)", [(*band, number) for band in bands])


class LinkSimilar:
    """Item pipeline: links an article to those of other portals that are nearly the same, whichever run found them.

    Settings:
        PORTAL_SIMILAR: The least similarity that counts, between 0 and 1; 0: articles are not compared.
        PORTAL_STATE_DIR: Where the index is kept (``similar.sqlite``).
    """

    def __init__(self, crawler: Crawler, path: Path, threshold: float) -> None:
        self.crawler = crawler
        self.index = SimilarityIndex(path, threshold)
        crawler.signals.connect(self.index.close, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> LinkSimilar:
        """Make the pipeline.

        Raises:
            NotConfigured: if articles are not to be compared.
            UsageError: if they are and cannot be.
        """
        threshold = crawler.settings.getfloat("PORTAL_SIMILAR")
        if not threshold:
            raise NotConfigured
        if not 0 < threshold <= 1:
            raise UsageError(f"PORTAL_SIMILAR is a similarity between 0 and 1, not {threshold}")
        folder = crawler.settings.get("PORTAL_STATE_DIR")
        if not folder:
            raise UsageError("PORTAL_SIMILAR keeps its index in PORTAL_STATE_DIR, which is empty")
        try:
            import rensa  # noqa: F401, PLC0415 - of an extra
        except ImportError as error:
            raise UsageError("PORTAL_SIMILAR needs the extra dedup: pip install 'portal-crawler[dedup]'") from error
        return cls(crawler, Path(folder) / "similar.sqlite", threshold)

    def process_item(self, item: Any) -> Any:
        """Link an article; items of other kinds pass."""
        if not isinstance(item, Article) or (sketch := signature(item.text)) is None:
            return item
        assert self.crawler.stats is not None
        item.similar_to = self.index.add(item.id, item.portal, item.canonical_url, sketch)
        if item.similar_to:
            self.crawler.stats.inc_value("articles/similar")
        return item
