"""Is a corpus still what was exported, and do its lines still agree with the captures that they came from?"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from portal_crawler.corpus.formats import DAMAGED, opened
from portal_crawler.corpus.manifest import MANIFEST, file_record
from portal_crawler.extraction.article import content_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = "data"
LINES = ("articles.jsonl", "articles.jsonl.gz", "articles.jsonl.zst")


@dataclass(slots=True)
class Report:
    """What a verification has found.

    Attributes:
        files: Files that were hashed.
        lines: Articles whose text was hashed.
        records: WARC records that were read again.
        absent: Articles that name a WARC file which is not here.
        problems: Where something does not agree, and how.
    """

    files: int = 0
    lines: int = 0
    records: int = 0
    absent: int = 0
    problems: list[str] = field(default_factory=list)


def verify(folder: Path, archives: Callable[[str, str], Path | None]) -> Report:
    """Derive the digests of a corpus again.

    Args:
        folder: The corpus, or a bag of one.
        archives: Where the WARC file of a portal and name is; None if it is not here.

    Raises:
        FileNotFoundError: if there is no manifest.
        ValueError: if it is none.
    """
    report = Report()
    base = folder / DATA if (folder / "bagit.txt").is_file() else folder
    if base is not folder:
        _check_bag(folder, report)
    record = json.loads((base / MANIFEST).read_text("utf-8"))
    if not isinstance(record, dict) or not isinstance(record.get("files"), list):
        raise ValueError(f"{base / MANIFEST} lists no files")  # noqa: TRY004 - a wrong value in a file
    for file in record["files"]:
        _check_file(base, file, report)
    for name in LINES:
        if (base / name).is_file():
            _check_lines(base / name, archives, report)
    return report


def _check_bag(folder: Path, report: Report) -> None:
    try:
        import bagit  # noqa: PLC0415 - of an extra
    except ImportError:
        report.problems.append(f"{folder} is a bag, which needs bagit: pip install 'portal-crawler[corpus]'")
        return
    try:
        bagit.Bag(str(folder)).validate()
    except bagit.BagError as error:
        report.problems.append(f"{folder}: the bag is not valid: {error}")


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
            f"{file['path']}: SHA-256 is {found['sha256']} ({found['bytes']:,} bytes), the manifest says "
            f"{file['sha256']} ({file['bytes']:,} bytes)"
        )


def _check_lines(path: Path, archives: Callable[[str, str], Path | None], report: Report) -> None:
    try:
        with opened(path) as file:
            for number, line in enumerate(file, 1):
                report.problems += [f"{path.name}, line {number}: {why}" for why in _wrong(line, archives, report)]
    except DAMAGED as error:
        report.problems.append(f"{path.name}: it cannot be read to its end: {error}")


def _wrong(line: bytes, archives: Callable[[str, str], Path | None], report: Report) -> Iterator[str]:
    """What does not agree in one article."""
    try:
        record = json.loads(line)
        digest = content_hash(record["title"], record["lead"], record["text"])
        said, place = record["content_sha256"], record.get("archive")
    except (ValueError, KeyError, TypeError) as error:
        yield f"it is no article: {type(error).__name__}: {error}"
        return
    report.lines += 1
    if digest != said:
        yield f"{record.get('url')}: title, lead and text have SHA-256 {digest}, not {said}"
    if place is not None:
        yield from _archived_wrongly(record, place, archives, report)


def _archived_wrongly(
    record: dict[str, Any], place: dict[str, Any], archives: Callable[[str, str], Path | None], report: Report
) -> Iterator[str]:
    """What does not agree between an article and its WARC record."""
    revisit = bool(place.get("payload_file"))
    name, offset = (place["payload_file"], place["payload_offset"]) if revisit else (place["file"], place["offset"])
    path = archives(str(record.get("portal")), str(name))
    if path is None:
        report.absent += 1
        return
    try:
        named, payload = _record_at(path, int(offset))
    except (OSError, StopIteration, ArchiveLoadFailed, zlib.error, ValueError, EOFError) as error:
        yield f"{record.get('url')}: no record at {name}, byte {offset:,}: {type(error).__name__} {error}"
        return
    report.records += 1
    if not revisit and named != f"<{place['record_id']}>":
        yield f"{record.get('url')}: the record at {name}, byte {offset:,}, is {named}, not <{place['record_id']}>"
    digest = f"sha256:{hashlib.sha256(payload).hexdigest()}"
    if place.get("payload_digest") and digest != place["payload_digest"]:
        yield f"{record.get('url')}: the archived body has {digest}, not {place['payload_digest']}"


def _record_at(path: Path, offset: int) -> tuple[str, bytes]:
    with path.open("rb") as stream:
        stream.seek(offset)
        record = next(iter(ArchiveIterator(stream)))
        return record.rec_headers.get_header("WARC-Record-ID"), record.raw_stream.read()
