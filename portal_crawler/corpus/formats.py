"""The formats of a corpus: each takes articles one by one, in bounded memory; the same ones give the same bytes."""

from __future__ import annotations

import csv
import gzip
import json
import re
import sqlite3
import unicodedata
import zlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast
from urllib.parse import quote

from portal_crawler.corpus.metadata import dublin_core, schema_org
from portal_crawler.corpus.tables import COLUMNS, arrow_schema, flat, unfolded

try:
    from compression import zstd  # type: ignore[import-not-found]
except ImportError:  # before Python 3.14
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

# Rows that are written to Parquet and SQLite at once.
BATCH = 1000
# What a spreadsheet takes for a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What some programs pass over before they look for one.
BLANKS = re.compile(r"[\x00-\x08\x0a-\x0c\x0e-\x20\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]*")
# Begins the name of the folder of a portal's articles; Hive's name for a partition without a value.
PARTITION = "portal="
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
SAFE_NAME = re.compile(r"[^A-Za-z0-9_-]")


# What reading packed lines raises where they are damaged, and what else may befall a file.
UNPACKING = (gzip.BadGzipFile, EOFError, zlib.error, zstd.ZstdError)
DAMAGED = (OSError, *UNPACKING)


class MissingLibraryError(Exception):
    """A format needs a library that is not installed."""


class Writer(ABC):
    """Writes a corpus in one format.

    Attributes:
        files: What has been written, relative to the corpus' folder.
        notes: What a reader must know of how values were changed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[str] = []
        self.notes: dict[str, int] = {}

    def _new(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files.append(name)
        return path

    @abstractmethod
    def add(self, line: bytes, record: dict[str, Any]) -> None:
        """Write an article.

        Args:
            line: As it stands in its run.
            record: What it says.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the files."""

    def abandon(self) -> None:
        """Let the files go, of a corpus that comes to nothing."""
        self.close()

    def __enter__(self) -> Self:
        """As it is."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Finish the files, or let them go where something is raised."""
        if kind is None:
            self.close()
        else:
            self.abandon()


class Lines(Writer):
    """JSON Lines, byte for byte as in the runs; ``.gz`` and ``.zst`` without names and times in their headers."""

    def __init__(self, folder: Path, ending: str = "") -> None:
        super().__init__(folder)
        path = self._new(f"articles.jsonl{ending}")
        self._raw: IO[bytes] = path.open("wb")
        self._file: Any = self._raw
        if ending == ".gz":
            self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=self._raw, mtime=0)
        elif ending == ".zst":
            self._file = zstd.ZstdFile(self._raw, "wb", level=10)

    def add(self, line: bytes, record: dict[str, Any]) -> None:  # noqa: ARG002 - the line is what counts
        """Write a line."""
        self._file.write(line + b"\n")

    def close(self) -> None:
        """Finish the file."""
        if self._file is not self._raw:
            self._file.close()
        self._raw.close()


def opened(path: Path) -> IO[bytes]:
    """A file of JSON Lines that :class:`Lines` has written, unpacked while it is read."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return cast("IO[bytes]", zstd.open(path, "rb")) if path.suffix == ".zst" else path.open("rb")


class Mapped(Writer):
    """JSON Lines in another vocabulary."""

    def __init__(self, folder: Path, name: str, mapping: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(folder)
        self._file = self._new(name).open("w", encoding="utf-8", newline="\n")
        self._mapping = mapping

    def add(self, line: bytes, record: dict[str, Any]) -> None:  # noqa: ARG002 - what it says counts
        """Write a line."""
        self._file.write(json.dumps(self._mapping(record), ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class Csv(Writer):
    """CSV (RFC 4180), safe to open in a spreadsheet.

    It begins with a byte order mark, by which spreadsheets know UTF-8; cells that they would take for formulas begin
    with an apostrophe.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._file = self._new("articles.csv").open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.DictWriter(self._file, list(COLUMNS))
        self._csv.writeheader()
        self.notes["cells_with_an_apostrophe_before_them"] = 0

    def add(self, line: bytes, record: dict[str, Any]) -> None:  # noqa: ARG002 - what it says counts
        """Write a row."""
        self._csv.writerow({name: self._cell(value) for name, value in flat(record).items()})

    def _cell(self, value: Any) -> Any:
        # Letters of full width are read as those of the keyboard.
        if isinstance(value, str) and (blanks := BLANKS.match(value)):
            first = value[blanks.end() : blanks.end() + 1]
            if unicodedata.normalize("NFKC", first).startswith(FORMULA):
                self.notes["cells_with_an_apostrophe_before_them"] += 1
                return f"'{value}"
        return value

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class Sqlite(Writer):
    """A SQLite database with full-text search.

    ``articles_fts`` goes by the letters as written, ``articles_plain`` without diacritics ("dong nai" finds "Đồng
    Nai").
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._database = sqlite3.connect(self._new("articles.sqlite"), isolation_level=None)
        columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items())
        self._database.executescript(f"""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192;
            CREATE TABLE articles (rowid INTEGER PRIMARY KEY, {columns}, record TEXT NOT NULL);
            CREATE INDEX articles_by_id ON articles (id);
            CREATE INDEX articles_by_date ON articles (portal, published_at);
            CREATE INDEX articles_by_record ON articles (archive_record_id);
            CREATE VIRTUAL TABLE articles_fts USING fts5(title, lead, text, content="articles", content_rowid="rowid",
                tokenize="unicode61 remove_diacritics 0");
            CREATE VIRTUAL TABLE articles_plain USING fts5(title, lead, text, content='',
                tokenize="unicode61 remove_diacritics 2");
            BEGIN;
        """)
        self._rows = 0

    def add(self, line: bytes, record: dict[str, Any]) -> None:
        """Write a row."""
        self._rows += 1
        row = flat(record)
        words = [row["title"], row["lead"], row["text"]]
        marks = ", ".join("?" * (len(row) + 2))
        self._database.execute(
            f"INSERT INTO articles VALUES ({marks})",  # noqa: S608 - question marks
            [self._rows, *row.values(), line.decode("utf-8")],
        )
        self._database.execute("INSERT INTO articles_fts (rowid, title, lead, text) VALUES (?, ?, ?, ?)",
                               [self._rows, *words])  # fmt: skip
        self._database.execute("INSERT INTO articles_plain (rowid, title, lead, text) VALUES (?, ?, ?, ?)",
                               [self._rows, *map(unfolded, words)])  # fmt: skip

    def close(self) -> None:
        """Finish the file."""
        self._database.execute("COMMIT")
        self._database.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
        self._database.execute("INSERT INTO articles_plain (articles_plain) VALUES ('optimize')")
        self._database.execute("VACUUM")
        self.abandon()

    def abandon(self) -> None:
        """Let the file go: to finish it takes minutes, and would hide why there is no room for it."""
        self._database.close()


class Parquet(Writer):
    """Parquet files by portal and year (``portal=NAME/year=YYYY``), typed after the schema of the articles.

    The portal stands in the name of the folder alone, as Hive has it: readers refuse a column that is there twice.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        try:
            import pyarrow as pa  # noqa: PLC0415 - of an extra
            import pyarrow.parquet as parquet  # noqa: PLC0415, PLR0402 - as above
        except ImportError as error:
            raise MissingLibraryError("Parquet needs pyarrow: pip install 'portal-crawler[corpus]'") from error
        self._arrow, self._parquet = pa, parquet
        self._schema = arrow_schema(pa, without="portal")
        self._part = ""
        self._file: Any = None
        self._rows: list[dict[str, Any]] = []

    def add(self, line: bytes, record: dict[str, Any]) -> None:  # noqa: ARG002 - what it says counts
        """Write a row; articles come sorted by portal and date, so that one file is open at a time."""
        year = (record.get("published_at") or "")[:4] or NO_VALUE
        part = f"parquet/{PARTITION}{_partition(record['portal'])}/year={year}"
        if part != self._part:
            self._finish()
            self._part = part
            path = self._new(f"{part}/articles.parquet")
            self._file = self._parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._rows.append(record)
        if len(self._rows) == BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
            self._rows = []

    def _finish(self) -> None:
        if self._file is not None:
            self._flush()
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Finish the last file."""
        self._finish()


def _partition(name: str) -> str:
    """A name as the value of a partition, escaped as a part of an address; readers undo it."""
    return quote(name, safe="").replace(".", "%2E")


class Text(Writer):
    """A plain text file for each article, ``text/PORTAL/YEAR/ID.txt``: the headline, a blank line, the text."""

    def add(self, line: bytes, record: dict[str, Any]) -> None:  # noqa: ARG002 - what it says counts
        """Write a file."""
        year = (record.get("published_at") or "")[:4] or "undated"
        names = [SAFE_NAME.sub("_", str(name)) for name in (record["portal"], year, record["id"])]
        version = record.get("version", 1)
        names[-1] += f"-v{int(version)}" if version != 1 else ""
        name, number = f"text/{'/'.join(names)}", 1
        ending = ".txt"
        while (self.folder / f"{name}{ending}").exists():  # a version of that number in another series of captures
            number += 1
            ending = f".{number}.txt"
        content = "\n\n".join(filter(None, (record.get("title"), record["text"]))) + "\n"
        self._new(f"{name}{ending}").write_text(content, "utf-8", newline="\n")

    def close(self) -> None:
        """All files are finished."""


FORMATS: dict[str, Callable[[Path], Writer]] = {
    "jsonl": Lines,
    "jsonl.gz": lambda folder: Lines(folder, ".gz"),
    "jsonl.zst": lambda folder: Lines(folder, ".zst"),
    "parquet": Parquet,
    "csv": Csv,
    "sqlite": Sqlite,
    "text": Text,
    "dublin-core": lambda folder: Mapped(folder, "dublin-core.jsonl", dublin_core),
    "schema-org": lambda folder: Mapped(folder, "schema-org.jsonl", schema_org),
}
