"""Where the bodies stand that revisit records repeat, of however many records."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from portal_crawler.archive.packed import streams, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

# Records that are written in one step.
BATCH = 10_000
TABLES = """
CREATE TABLE originals (number INTEGER PRIMARY KEY, digest INT, record INT, at INT, file INT, offset INT, html INT);
CREATE TABLE missing (url TEXT, kind TEXT, digest INT, record INT, at INT, why TEXT);
"""
# One look-up for each way in which a record is named, the surest first.
LOOKUPS = (
    "SELECT file, offset, html FROM originals WHERE digest = ? ORDER BY number LIMIT 1",
    "SELECT file, offset, html FROM originals WHERE record = ? ORDER BY number LIMIT 1",
    "SELECT file, offset, html FROM originals WHERE at = ? ORDER BY number LIMIT 1",
)


@dataclass(frozen=True, slots=True)
class Names:
    """What tells a record from all others, as 64 bits each; None: not that.

    Attributes:
        digest: Of its body.
        record: Of its identifier.
        at: Of its address and its time, to the second.
    """

    digest: int | None
    record: int | None
    at: int | None

    @classmethod
    def of(cls, digest: str | None, record: str | None, url: str | None, date: str | None) -> Names:
        """Names as headers say them."""
        # As warcio writes the addresses of records.
        at = f"{url.strip('<> ').replace(' ', '%20')} {date[:19]}" if url and date else None
        return cls(_bits(digest), _bits(record.strip("<> ") if record else None), _bits(at))


def _bits(text: str | None) -> int | None:
    if not text:
        return None
    # The same in every process, as Python's own hashes are not.
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True, slots=True)
class Missing:
    """A revisit whose original stands in none of the files that were read.

    Attributes:
        url: Its address.
        kind: The media type that it says itself.
        names: What it says of its original.
        why: What is to be told if it stands nowhere.
    """

    url: str
    kind: str | None
    names: Names
    why: str


class Originals:
    """Where records with bodies begin, by what revisits may name them by; on disk, whatever their number.

    Args:
        path: A file that others read afterwards; default: one that goes with this object.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._rows: sqlite3.Connection | None = None
        self._new: list[tuple[int | None, ...]] = []
        self._indexed = False

    def add(self, names: Names, file: int, offset: int, *, html: bool) -> None:
        """Note a record: the number of its file, the byte at which it begins, and whether it may be a page."""
        self._new.append((names.digest, names.record, names.at, file, offset, int(html)))
        if len(self._new) >= BATCH:
            self._written()

    def find(self, names: Names) -> tuple[int, int, bool] | None:
        """File, offset and kind of the first record with one of the names; None if there is none."""
        rows = self._written()
        if not self._indexed:  # most files hold no revisit
            self._indexed = True
            for name in ("digest", "record", "at"):
                rows.execute(f"CREATE INDEX originals_{name} ON originals ({name})")
        for lookup, bits in zip(LOOKUPS, (names.digest, names.record, names.at), strict=True):
            if bits is not None and (found := rows.execute(lookup, (bits,)).fetchone()) is not None:
                return found[0], found[1], bool(found[2])
        return None

    def miss(self, one: Missing) -> None:
        """Note a revisit without its original."""
        names = (one.names.digest, one.names.record, one.names.at)
        row = (
            one.url.encode("utf-8", "replace").decode(),
            one.kind,
            *names,
            one.why.encode("utf-8", "replace").decode(),
        )
        self._written().execute("INSERT INTO missing VALUES (?, ?, ?, ?, ?, ?)", row)

    def missing(self) -> Iterator[Missing]:
        """The revisits without their originals."""
        for url, kind, digest, record, at, why in self._written().execute("SELECT * FROM missing ORDER BY rowid"):
            yield Missing(url, kind, Names(digest, record, at), why)

    def take(self, other: Originals, file: int) -> None:
        """Note the records of another file."""
        rows = "SELECT digest, record, at, offset, html FROM originals ORDER BY number"
        for digest, record, at, offset, html in other._written().execute(rows):
            self.add(Names(digest, record, at), file, offset, html=bool(html))

    def _written(self) -> sqlite3.Connection:
        if self._rows is None:
            # An empty name is a file that SQLite removes; what is in it need not outlive a crash.
            old = self._path is not None and self._path.is_file()
            self._rows = sqlite3.connect(str(self._path or ""), isolation_level=None)
            self._rows.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + ("" if old else TABLES))
        if self._new:
            insert = "INSERT INTO originals (digest, record, at, file, offset, html) VALUES (?, ?, ?, ?, ?, ?)"
            self._rows.execute("BEGIN")
            self._rows.executemany(insert, self._new)
            self._rows.execute("COMMIT")
            self._new.clear()
        return self._rows

    def close(self) -> None:
        """Give the file up; what others are to read is written."""
        if self._path is not None:
            self._written()
        if self._rows is not None:
            self._rows.close()
            self._rows = None


class Opened:
    """The file that was read last, kept open: revisits that follow each other repeat bodies that do."""

    def __init__(self) -> None:
        self._place: tuple[Path, Path] | None = None
        self._streams: Any = None
        self._stream: Any = None

    def at(self, path: Path, name: Path, offset: int) -> Any:
        """A WARC file, at a byte.

        Args:
            path: The file.
            name: The WARC file that it is or holds.
            offset: The byte.

        Raises:
            OSError: if it cannot be opened.
            ValueError: if it is there no more.
        """
        if self._place != (path, name):
            self.close()
            self._streams = _stored(path, name) if name != path else streams(path, lambda *_: None)
            self._stream = next((stream for stream, inside in self._streams if inside == name), None)
            self._place = path, name
        if self._stream is None:
            raise ValueError(f"{name} is there no more")
        self._stream.seek(offset)
        return self._stream

    def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            self._streams.close()
        self._place = self._streams = self._stream = None


def _stored(path: Path, name: Path) -> Iterator[tuple[Any, Path]]:
    """A WARC file in a WACZ file; one that is not packed once more, as the format has it, is read where it stands.

    Members of ZIP files can be gone back in from their beginnings only.
    """
    with path.open("rb") as file, zipfile.ZipFile(file) as pack:
        for one in pack.infolist():
            plain = one.compress_type == zipfile.ZIP_STORED and not one.flag_bits & 1
            if plain and path / Path(one.filename).name == name:
                file.seek(one.header_offset)
                head = file.read(30)
                begin = (
                    one.header_offset
                    + 30
                    + int.from_bytes(head[26:28], "little")
                    + int.from_bytes(head[28:30], "little")
                )
                yield unpacked(io.BufferedReader(Window(file, begin, one.file_size)), name, lambda *_: None), name
    yield from streams(path, lambda *_: None)


class Window(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, file: IO[bytes], begin: int, size: int) -> None:
        self._file, self._begin, self._size, self._place = file, begin, size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As much as is there."""
        self._file.seek(self._begin + self._place)
        data = self._file.read(min(len(buffer), max(0, self._size - self._place)))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._place = max(0, place + (0, self._place, self._size)[whence])
        return self._place
