"""Is a corpus still what was exported, and do its lines still agree with the captures that they came from?"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import unquote

from portal_crawler.corpus.formats import BATCH, DAMAGED, PARTITION, opened
from portal_crawler.corpus.manifest import DESCRIPTOR, MANIFEST, TEXTS, Statistics, figures, file_record
from portal_crawler.extraction.article import content_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ArchivedAt: TypeAlias = "Callable[[str, str, int], Iterator[Kept]]"

DATA = "data"
PARQUET = ".parquet"
CARD = "README.md"
OWN = frozenset((MANIFEST, DESCRIPTOR, CARD))
LINES = ("articles.jsonl", "articles.jsonl.gz", "articles.jsonl.zst")


@dataclass(slots=True)
class Report:
    """What a verification has found.

    Attributes:
        files: Files that were hashed.
        lines: Articles whose text was hashed, of every file that holds them whole.
        records: WARC records that were read again.
        absent: WARC files that are not here, each with the number of the articles that name it.
        problems: Where something does not agree, and how.
    """

    files: int = 0
    lines: int = 0
    records: int = 0
    absent: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Kept(Protocol):
    """What a WARC record is: its name, the digest of its body, and what does not agree with its own digests."""

    @property
    def record_id(self) -> str:
        """Its name."""

    @property
    def payload_digest(self) -> str:
        """Digest of its body."""

    @property
    def problems(self) -> Sequence[str]:
        """Digests that it names and does not have."""


def verify(folder: Path, archived: ArchivedAt) -> Report:
    """Derive the digests of a corpus again, and its figures.

    Args:
        folder: The corpus, or a bag of one.
        archived: The records of a portal at an offset of the WARC files of a name; none if no such file is here. It
            raises OSError or ValueError where there is no whole record.

    Raises:
        FileNotFoundError: if there is no manifest.
        ValueError: if it is none.
    """
    report = Report()
    base = folder / DATA if (folder / "bagit.txt").is_file() else folder
    if base is not folder:
        _check_bag(folder, report)
    try:
        record = json.loads((base / MANIFEST).read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{base / MANIFEST} is no manifest: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("files"), list):
        raise ValueError(f"{base / MANIFEST} lists no files")  # noqa: TRY004 - a wrong value in a file
    if not all(map(_names_a_file, record["files"])):
        raise ValueError(f"{base / MANIFEST}: a file's path, bytes or SHA-256 is not there, or no such thing")
    for file in [*record["files"], *_manifest_as_described(base)]:
        _check_file(base, file, report)
    _check_descriptor(base, record["files"], report)
    listed = {str(file["path"]) for file in record["files"]}
    _check_strangers(base, listed, report)
    _check_articles(base, record, listed, archived, report)
    return report


def _names_a_file(file: Any) -> bool:
    kinds = {"path": str, "bytes": int, "sha256": str}
    return isinstance(file, dict) and all(isinstance(file.get(name), kind) for name, kind in kinds.items())


def _check_bag(folder: Path, report: Report) -> None:
    try:
        import bagit  # noqa: PLC0415 - of an extra
    except ImportError:
        report.problems.append(f"{folder} is a bag, which needs bagit: pip install 'portal-crawler[corpus]'")
        return
    try:
        bagit.Bag(str(folder)).validate()
    except (bagit.BagError, OSError, UnicodeError) as error:
        report.problems.append(f"{folder}: the bag is not valid: {error}")


def _manifest_as_described(base: Path) -> Iterator[dict[str, Any]]:
    """What the Data Package descriptor says of the manifest."""
    return (file for file in _described(base) if file["path"] == MANIFEST)


def _described(base: Path) -> list[dict[str, Any]]:
    """What the Data Package descriptor says of the files whose digests it has; nothing if it is not there."""
    try:
        resources = json.loads((base / DESCRIPTOR).read_text("utf-8"))["resources"]
        return [
            {"path": one["path"], "bytes": one["bytes"], "sha256": one["hash"].removeprefix("sha256:")}
            for one in resources
            if isinstance(one["path"], str)  # texts are named together, and have no digests there
        ]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{base / DESCRIPTOR} is no Data Package descriptor: {error}") from error


def _check_descriptor(base: Path, files: list[dict[str, Any]], report: Report) -> None:
    """Report where manifest and descriptor differ: other tools check a corpus by the latter."""
    report.problems += [f"{name}: it is not there" for name in sorted(OWN) if not (base / name).is_file()]
    known = {file["path"]: file for file in files}
    described = _described(base)
    if (base / DESCRIPTOR).is_file():
        each = {MANIFEST, *(name for name in known if not name.startswith(TEXTS))}
        absent = sorted(each - {file["path"] for file in described})
        report.problems += [f"{DESCRIPTOR}: it does not name {name}" for name in absent]
    for file in described:
        if file["path"] != MANIFEST and file != known.get(file["path"]):
            report.problems.append(f"{DESCRIPTOR}: what it says of {file['path']} is not what {MANIFEST} says")


def _check_file(base: Path, file: dict[str, Any], report: Report) -> None:
    # A manifest may come from anywhere: it must not lead out of its folder.
    path = (base / file["path"]).resolve()
    if not path.is_relative_to(base.resolve()):
        report.problems.append(f"{file['path']}: it lies outside the corpus")
        return
    try:
        found = file_record(base, file["path"])
    except OSError as error:
        report.problems.append(f"{file['path']}: {error.strerror}")
        return
    report.files += 1
    if found["sha256"] != file["sha256"]:
        report.problems.append(
            f"{file['path']}: SHA-256 is {found['sha256']} ({found['bytes']:,} bytes), it should be "
            f"{file['sha256']} ({file['bytes']:,} bytes)"
        )


def _check_strangers(base: Path, listed: set[str], report: Report) -> None:
    """Report what lies in the corpus and is not in its manifest: whoever opens a folder of it reads that, too."""
    for path in sorted(base.rglob("*")):
        name = path.relative_to(base).as_posix()
        if path.is_file() and name not in listed and name not in OWN:
            report.problems.append(f"{name}: it is not in {MANIFEST}")


def _check_articles(base: Path, record: dict[str, Any], listed: set[str], archived: ArchivedAt, report: Report) -> None:
    """Check every article of each file that holds them whole, and the manifest's figures against the first of these."""
    counted: Statistics | None = None
    for path, rows in _tables(base, listed):
        statistics = Statistics()
        try:
            for number, row in enumerate(rows, 1):
                found = _wrong(row, archived, report, statistics)
                report.problems += [f"{path.relative_to(base)}, article {number}: {why}" for why in found]
        except (*DAMAGED, sqlite3.DatabaseError) as error:
            report.problems.append(f"{path.relative_to(base)}: it cannot be read to its end: {error}")
            continue
        if path.suffix != PARQUET:  # a part of the corpus only
            counted = counted or statistics
    for name, value in figures(counted).items() if counted is not None else ():
        if record.get(name) != value:
            report.problems.append(f"{MANIFEST}: {name} is {record.get(name)!r}, the articles give {value!r}")


def _tables(base: Path, listed: set[str]) -> Iterator[tuple[Path, Iterator[Any]]]:
    """The files that hold whole articles, each with these: lines, or what was made of them."""
    inside = base.resolve()  # what lies elsewhere is told, and not read
    there = [
        name for name in sorted(listed) if (path := (base / name).resolve()).is_relative_to(inside) and path.is_file()
    ]
    for name in there:
        if name in LINES:
            yield base / name, _lines(base / name)
    for name in there:
        if name == "articles.sqlite":
            yield base / name, _rows(base / name)
        elif name.endswith(PARQUET):
            yield base / name, _parquet(base / name)


def _lines(path: Path) -> Iterator[bytes]:
    with opened(path) as file:
        yield from file


def _rows(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        for (line,) in database.execute("SELECT record FROM articles ORDER BY rowid"):
            yield line


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - of an extra
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        return  # its digest was checked
    portal = unquote(path.parent.parent.name.removeprefix(PARTITION))
    try:
        with pa.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH):
                yield from ({**row, "portal": portal} for row in batch.to_pylist())
    except pa.ArrowException as error:  # some of which are ValueErrors: as if it were no corpus
        raise OSError(str(error)) from error


def _wrong(row: Any, archived: ArchivedAt, report: Report, statistics: Statistics) -> Iterator[str]:
    """What does not agree in one article."""
    try:
        record = row if isinstance(row, dict) else json.loads(row)
        digest = content_hash(record["title"], record["lead"], record["text"])
        said, place = record["content_sha256"], record.get("archive")
        statistics.add(record)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        yield f"it is no article: {type(error).__name__}: {error}"
        return
    report.lines += 1
    if digest != said:
        yield f"{record.get('url')}: title, lead and text have SHA-256 {digest}, not {said}"
    if place is not None:
        yield from _archived_wrongly(record, place, archived, report)


def _archived_wrongly(
    record: dict[str, Any], place: dict[str, Any], archived: ArchivedAt, report: Report
) -> Iterator[str]:
    """What does not agree between an article and its WARC record, or the two of a revisit."""
    own = (str(place["file"]), int(place["offset"]))
    body = (str(place["payload_file"]), int(place["payload_offset"])) if place.get("payload_file") else own
    for name, offset in dict.fromkeys((own, body)):
        wanted = (
            place["record_id"] if (name, offset) == own else None,
            place.get("payload_digest") if (name, offset) == body else None,
        )
        try:
            # Files of one name may be many, in folders of their own: the one that agrees is meant.
            records = list(archived(str(record.get("portal")), name, offset))
        except (OSError, ValueError) as error:
            yield f"{record.get('url')}: no whole record at {name}, byte {offset:,}: {error}"
            continue
        if not records:
            report.absent[name] += 1
            continue
        report.records += 1
        answers = [list(_differs(kept, *wanted)) for kept in records]
        yield from (f"{record.get('url')}: at {name}, byte {offset:,}, {why}" for why in min(answers, key=len))


def _differs(kept: Kept, record_id: str | None, payload_digest: str | None) -> Iterator[str]:
    """What of a WARC record is not as an article says."""
    yield from (f"the record: {why}" for why in kept.problems)
    if record_id and kept.record_id != record_id:
        yield f"the record is {kept.record_id}, not {record_id}"
    if payload_digest and kept.payload_digest != payload_digest:
        yield f"the archived body has {kept.payload_digest}, not {payload_digest}"
