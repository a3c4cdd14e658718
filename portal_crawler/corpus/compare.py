"""What a new extraction changes over a corpus: articles that are added, lost or read differently, the worst first.

The old articles are put into an SQLite file of their own for as long as the comparison takes, so that memory does not
grow with the corpus.
"""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
import zlib
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from portal_crawler.corpus.formats import UNPACKING, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["added", "lost", "changed"]

# Of articles of which both sides have read the same capture, all are compared; of others the last one of each side.
PAIR = """
INSERT INTO shared SELECT DISTINCT id FROM old JOIN new USING (id, captured);
DELETE FROM old WHERE id NOT IN (SELECT id FROM shared)
    AND captured < (SELECT max(captured) FROM old AS other WHERE other.id = old.id);
DELETE FROM new WHERE id NOT IN (SELECT id FROM shared)
    AND captured < (SELECT max(captured) FROM new AS other WHERE other.id = new.id);
UPDATE old SET met = 1
    WHERE id IN (SELECT id FROM new EXCEPT SELECT id FROM shared) OR (id, captured) IN (SELECT id, captured FROM new);
"""
PAIRS = """
SELECT new.id, old.line, new.line FROM new LEFT JOIN old ON old.id = new.id
    AND (old.captured = new.captured OR new.id NOT IN (SELECT id FROM shared)) ORDER BY new.id, new.captured
"""
# What is of a run, not of an article: it differs between any two extractions.
OF_THE_RUN = frozenset(("archive", "changes", "content_sha256", "extraction", "fetched_at", "first_seen", "version"))
# What an article says, and is paired by, beside its id.
TEXTS = ("url", "fetched_at", "lead", "text")
PAIRED = ("id", "url", "fetched_at")
SURROGATE = re.compile(r"[\ud800-\udfff]")
# Lines of a text that are compared, from the first that differs: the time grows with their square, or worse.
MOST_COMPARED = 2000
# Lines of a difference that are told.
MOST_LINES = 40
SCHEMA = """
CREATE TABLE old (id TEXT, captured TEXT, url TEXT, line BLOB, met INTEGER, PRIMARY KEY (id, captured)) WITHOUT ROWID;
CREATE INDEX old_by_url ON old (url);
CREATE TABLE new (id TEXT, captured TEXT, line BLOB, PRIMARY KEY (id, captured)) WITHOUT ROWID;
CREATE TABLE shared (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE found (lost INTEGER, added INTEGER, id TEXT, change BLOB);
"""


class CompareError(ValueError):
    """A file that holds no articles; the message names it and the line."""


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of one article, or of one of several captures of it.

    Attributes:
        kind: ``added``, ``lost`` or ``changed``.
        id: Its identifier.
        url: Its address.
        captured: When it was captured; that of the new extraction if there is one.
        title: Its headline, the new one if it has one.
        words_lost: Words of lead and text that the new extraction does not have.
        words_added: Words that only the new one has.
        fields: Old and new value of every other field that differs.
        difference: Unified difference of the text, line by line; empty if it is the same.
    """

    kind: Kind
    id: str
    url: str
    captured: str
    title: str | None
    words_lost: int
    words_added: int
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    difference: str = ""


@dataclass(slots=True)
class Totals:
    """Figures of a comparison: articles before and after, those of each kind of change, fields that differ."""

    before: int = 0
    after: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    words_lost: int = 0
    words_added: int = 0


def compare(old: Iterable[Path], new: Iterable[Path], totals: Totals) -> Iterator[Change]:
    """Compare two extractions, article by article.

    Args:
        old: Files of articles (JSON Lines, ``.gz`` and ``.zst`` too). Lines are paired by id and time of capture; of
            articles of which the two have no capture in common, by id, and what was captured last counts.
        new: The same of the other extraction.
        totals: Gets the figures; complete once the first change is yielded.

    Yields:
        The changes, those that lose most words first, then those that add most.

    Raises:
        CompareError: if a line is no article, or a packed file is damaged.
        OSError: if a file cannot be read.
    """
    with TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "old.sqlite")) as database:
        database.executescript(SCHEMA)
        for record in _records(old):
            row = (record["id"], _captured(record), record.get("url"), _packed(record))
            database.execute("INSERT OR REPLACE INTO old VALUES (?, ?, ?, ?, 0)", row)
        for record in _records(new):
            latest = (record["id"], _captured(record), _packed(record))
            database.execute("INSERT OR REPLACE INTO new VALUES (?, ?, ?)", latest)
        _match(database, totals)
        lost = database.execute("SELECT id, line FROM old WHERE met = 0 ORDER BY id, captured")
        for identifier, line in lost:
            _keep(database, _change(identifier, _unpacked(line), None), totals)
        rows = database.execute("SELECT change FROM found ORDER BY lost DESC, added DESC, id")
        for (change,) in rows:
            yield Change(**_unpacked(change))


def _match(database: sqlite3.Connection, totals: Totals) -> None:
    """Compare each new article with the old one of its id; where rules name articles anew, with that of its address."""
    database.executescript(PAIR)
    totals.before, totals.after = (
        database.execute(f"SELECT count(*) FROM {side}").fetchone()[0]  # noqa: S608 - names of our own
        for side in ("old", "new")
    )
    pairs = database.cursor()
    pairs.execute(PAIRS)
    for identifier, before, after in pairs:
        if before is None and (before := _renamed(database, _unpacked(after).get("url"))) is None:
            _keep(database, _change(identifier, None, _unpacked(after)), totals)
        elif before != after and (change := _change(identifier, _unpacked(before), _unpacked(after))) is not None:
            _keep(database, change, totals)


def _renamed(database: sqlite3.Connection, url: str | None) -> bytes | None:
    """The old article of an address with which no new one has been compared; it is met then."""
    query = "SELECT id, captured, line FROM old WHERE url = ? AND met = 0 ORDER BY id, captured LIMIT 1"
    if (row := database.execute(query, (url,)).fetchone()) is None:
        return None
    database.execute("UPDATE old SET met = 1 WHERE id = ? AND captured = ?", row[:2])
    line: bytes = row[2]
    return line


def _captured(record: dict[str, Any]) -> str:
    return str(record.get("fetched_at") or "")


def _records(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        try:
            with opened(path) as lines:
                for number, line in enumerate(lines, 1):
                    yield _record(line, f"{path}, line {number}")
        except UNPACKING as error:
            raise CompareError(f"{path} cannot be read to its end: {error}") from error


def _record(line: bytes, place: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(line)
        said = {"id": record["id"], **{name: record.get(name) or "" for name in TEXTS}}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CompareError(f"{place}: no article ({error})") from error
    for name, value in said.items():
        if not isinstance(value, str):
            raise CompareError(f"{place}: its {name} is no string")
        if name in PAIRED and SURROGATE.search(value):
            raise CompareError(f"{place}: its {name} holds half of a character")
    return record


def _change(identifier: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change | None:
    """What has become of an article; None if nothing has."""
    latest = after or before
    assert latest is not None
    kind: Kind = "added" if before is None else "lost" if after is None else "changed"
    old, new = _text(before), _text(after)
    lost, added = _words(old, new), _words(new, old)
    fields = {}
    if before is not None and after is not None:
        names = sorted((before.keys() | after.keys()) - OF_THE_RUN - {"text", "lead"})
        fields = {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}
        if not fields and old == new:
            return None
    difference = _difference(old, new) if kind == "changed" else ""
    said = str(latest.get("url")), _captured(latest), latest.get("title")
    return Change(kind, identifier, *said, lost, added, fields, difference)


def _text(record: dict[str, Any] | None) -> str:
    return "\n".join(filter(None, (record.get("lead"), record.get("text")))) if record else ""


def _words(text: str, other: str) -> int:
    """How many words of a text another one does not have."""
    return (Counter(text.split()) - Counter(other.split())).total()


def _difference(old: str, new: str) -> str:
    before, after = ([line for line in text.splitlines() if line] for text in (old, new))
    if max(len(before), len(after)) > MOST_COMPARED:
        differ = (place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
        same = next(differ, min(len(before), len(after)))
        before, after = (lines[same : same + MOST_COMPARED] for lines in (before, after))
    lines = list(difflib.unified_diff(before, after, "old", "new", n=0, lineterm=""))
    more = [f"... {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join(lines[:MOST_LINES] + more)


def _keep(database: sqlite3.Connection, change: Change | None, totals: Totals) -> None:
    assert change is not None
    totals.kinds[change.kind] += 1
    totals.fields.update(change.fields.keys())
    totals.fields["text"] += bool(change.difference)
    totals.words_lost += change.words_lost
    totals.words_added += change.words_added
    written = {name: getattr(change, name) for name in Change.__dataclass_fields__}
    database.execute(
        "INSERT INTO found VALUES (?, ?, ?, ?)", (change.words_lost, change.words_added, change.id, _packed(written))
    )


def _packed(value: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"), 1)


def _unpacked(value: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(value).decode("utf-8", "surrogatepass"))
    return found
