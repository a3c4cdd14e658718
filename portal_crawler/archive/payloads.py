"""Which payloads are archived already: the index behind revisit records."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from portal_crawler.archive.records import Original
from portal_crawler.archive.renewable import renewable

if TYPE_CHECKING:
    from pathlib import Path

# It can be lost: then payloads are stored again.
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS payload (
  digest TEXT PRIMARY KEY, record_id TEXT NOT NULL, url TEXT NOT NULL, date TEXT NOT NULL, file TEXT NOT NULL,
  offset INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS page (url TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
"""
# Payloads that are noted in one transaction. What a killed run had not committed is only stored twice.
BATCH = 200


class PayloadIndex:
    """Digests of payloads, with the record that holds each, of all runs of a portal.

    It belongs to the thread that makes it; other processes may use the same file.

    Args:
        path: The SQLite file; None: in memory, for one run.
        folder: Where the WARC files are. A payload whose file is gone counts as not archived.

    Raises:
        OSError: if the file cannot be opened.
    """

    def __init__(self, path: Path | None, folder: Path) -> None:
        self.folder = folder
        self.there: dict[str, bool] = {}
        if path is not None:
            self.database = renewable(path, SCHEMA, timeout=60)
        else:
            self.database = sqlite3.connect(":memory:")
            self.database.executescript(SCHEMA)
        self.pending = 0

    def opened(self, file: str) -> None:
        """Note that a file of this name is being written."""
        self.there[file] = True

    def find(self, digest: str) -> Original | None:
        """The record that holds a payload."""
        query = "SELECT record_id, url, date, file, offset FROM payload WHERE digest = ?"
        row = self.database.execute(query, (digest,)).fetchone()
        if row is None:
            return None
        found = Original(*row)
        return found if self._kept(found.file) else None

    def last_of(self, url: str) -> tuple[str, Original] | None:
        """The digest of what an address has given last, and the record that holds it."""
        row = self.database.execute("SELECT digest FROM page WHERE url = ?", (url,)).fetchone()
        found = self.find(row[0]) if row else None
        return (row[0], found) if found else None

    def add(self, digest: str, original: Original) -> None:
        """Note the record that holds a payload."""
        values = (digest, original.record_id, original.url, original.date, original.file, original.offset)
        self.database.execute("INSERT OR REPLACE INTO payload VALUES (?, ?, ?, ?, ?, ?)", values)
        self._changed()

    def gave(self, url: str, digest: str) -> None:
        """Note what an address has given."""
        self.database.execute("INSERT OR REPLACE INTO page VALUES (?, ?)", (url, digest))
        self._changed()

    def _changed(self) -> None:
        self.pending += 1
        if self.pending >= BATCH:
            self.commit()

    def commit(self) -> None:
        """Let other processes see what was noted."""
        self.database.commit()
        self.pending = 0

    def close(self) -> None:
        """Commit and close."""
        try:
            self.commit()
        finally:
            self.database.close()

    def _kept(self, file: str) -> bool:
        if (there := self.there.get(file)) is None:
            there = self.there[file] = (self.folder / file).is_file()
        return there
