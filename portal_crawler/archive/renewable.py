"""SQLite files that may be lost: what a power failure has damaged is begun anew, and no crawl fails by it."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


def renewable(path: Path, schema: str, **options: Any) -> sqlite3.Connection:
    """Open a file whose rows are worth less than a crawl; a damaged one is deleted and made anew.

    Args:
        path: The file; it and its folder are made if they do not exist.
        schema: What makes its tables, unless they are there.
        options: As of :func:`sqlite3.connect`.

    Raises:
        OSError: if the file cannot be opened or written at all; it names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        try:
            return _opened(path, schema, options)
        except sqlite3.OperationalError:  # locked, no permission, a full disk: the rows may be as they should
            raise
        except sqlite3.DatabaseError as error:
            logger.warning("%s is damaged and begun anew: %s", path, error)
            for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                name.unlink(missing_ok=True)
            return _opened(path, schema, options)
    except sqlite3.Error as error:
        raise OSError(0, str(error), str(path)) from error


def _opened(path: Path, schema: str, options: dict[str, Any]) -> sqlite3.Connection:
    """Open a file and look at all its pages: damage would show only when a row on a damaged page is asked for."""
    database: sqlite3.Connection = sqlite3.connect(path, **options)
    try:
        database.executescript(schema)
        check_pages(database)
    except sqlite3.Error:
        database.close()
        raise
    return database


def check_pages(database: sqlite3.Connection) -> None:
    """Look at all pages of a file, which takes a tenth of a second for 100 MB.

    Raises:
        sqlite3.DatabaseError: if one is damaged.
    """
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(" ".join(found.split()))
