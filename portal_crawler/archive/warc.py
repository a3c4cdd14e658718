"""Captures out of WARC files (ISO 28500)."""

from __future__ import annotations

import gzip
import io
import logging
import re
import zipfile
import zlib
from collections.abc import Callable
from contextlib import redirect_stderr
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli
from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from portal_crawler.archive.records import digest
from portal_crawler.items import RENDERED, Archived, Capture

try:
    from compression import zstd  # type: ignore[import-not-found]
except ImportError:  # before Python 3.14
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

logger = logging.getLogger(__name__)

WACZ = ".wacz"
ENDINGS = (".warc", ".warc.gz")
# What a broken record or stream raises while it is read.
BROKEN = (ArchiveLoadFailed, zlib.error, zstd.ZstdError, EOFError, ValueError, OverflowError, UnicodeError, OSError)

HTTP = ("http://", "https://")
# A body is not larger than what a crawl would fetch, packed or unpacked: else a bomb, or a film.
MOST_BYTES = 32 << 20

# How records and gzip members begin, and of how many bytes a file is read to find one.
BEGINNINGS = re.compile(rb"(?:(?<=\n)|\A)WARC/\d\.\d\r?\n|\x1f\x8b\x08")
LONGEST_BEGINNING = 16
BLOCK = 1 << 16


def read_captures(
    paths: Path | str | Iterable[Path | str],
    on_error: Callable[[str, str], None] | None = None,
) -> Iterator[Capture]:
    """Read the captures of one or several WARC or WACZ files, one at a time, in the order of the files.

    Response and resource records with an ``http`` address are captures; content and transfer codings are undone
    (gzip, deflate, br, zstd). So are conversions into HTML, the pages that scripts have made of responses: they bear
    the flag ``rendered``. Requests, metadata and revisits (whose payload stands in another record) are passed over.

    Args:
        paths: WARC files, compressed by record or not at all, and WACZ files, whose WARC files are read.
        on_error: Called with the address or file and the cause for every record that cannot be read; default: a
            warning in the log. Behind damage that hides where the next record begins, it is looked for by its first
            bytes.

    Raises:
        OSError: if a file cannot be opened.
    """
    return (capture for _, capture in numbered_captures(paths, on_error))


def numbered_captures(
    paths: Path | str | Iterable[Path | str],
    on_error: Callable[[str, str], None] | None = None,
    wanted: Container[int] | None = None,
) -> Iterator[tuple[int, Capture]]:
    """As :func:`read_captures`, each with its number, from 0; what cannot be read has a number, too.

    Args:
        paths: As there.
        on_error: As there.
        wanted: Numbers of the captures whose bodies are read; the others come without theirs, and so sooner.

    Raises:
        OSError: if a file cannot be opened.
    """
    report = on_error or (lambda where, why: logger.warning("%s: %s", where, why))
    number = -1
    for path in [paths] if isinstance(paths, (str, Path)) else paths:
        for stream, name in _streams(Path(path), report):
            for record, offset in _records(stream, name, report):
                url = record.rec_headers.get_header("WARC-Target-URI") or ""
                if not _is_page(record) or not url.startswith(HTTP):
                    continue
                number += 1
                try:
                    yield number, _capture(record, url, name, offset, whole=wanted is None or number in wanted)
                except BROKEN as error:
                    why = f"{type(error).__name__}: {error}"
                    report(url, f"the record at byte {offset:,} of {name} cannot be read: {why}")


def _streams(path: Path, report: Callable[[str, str], None]) -> Iterator[tuple[Any, Path]]:
    """The WARC files that a file is or holds, open."""
    if path.suffix != WACZ:
        with path.open("rb") as stream:
            yield stream, path
        return
    try:
        with zipfile.ZipFile(path) as pack:
            for name in sorted(pack.namelist()):
                if name.startswith("archive/") and name.endswith(ENDINGS):
                    with pack.open(name) as stream:
                        yield stream, path / Path(name).name
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        report(str(path), f"it is no WACZ file that can be read: {error}")


def _records(stream: Any, path: Path, report: Callable[[str, str], None]) -> Iterator[tuple[ArcWarcRecord, int]]:
    """The records of a file, each with the byte at which it begins; what is damaged is passed over.

    The length of a record may lie, and so hide where the next one begins: it is looked for behind the last record that
    could be read, by the first bytes of records and of the gzip members that hold them.
    """
    start: int | None = 0
    while start is not None:
        stream.seek(start)
        iterator, last, damage, record = ArchiveIterator(stream), -1, "", None
        while True:
            try:
                with redirect_stderr(io.StringIO()):  # where warcio tells of wrong lengths
                    record = next(iterator)
            except StopIteration:
                # The last one may have swallowed those behind it.
                cut = record is not None and record.raw_stream.limit > 0
                damage = "the last record breaks off" if cut else ""
                break
            except BROKEN as error:
                damage = str(error) or type(error).__name__
                break
            last = iterator.offset
            yield record, last
        if not damage and not iterator.err_count:
            return
        if last <= start and damage:
            report(str(path), f"damaged at byte {start:,}: {damage}")
        start = _next_record(stream, max(last, start) + 1)


def _next_record(stream: Any, start: int) -> int | None:
    """Where the next record begins, at a byte or behind it; None if there is none."""
    stream.seek(start)
    kept, place = b"", start
    while block := stream.read(BLOCK):
        window = kept + block
        for found in BEGINNINGS.finditer(window):
            at = place - len(kept) + found.start()
            if found[0].startswith(b"WARC/") or _is_member(stream, at):
                return at
        place += len(block)
        kept = window[-LONGEST_BEGINNING:]
        stream.seek(place)
    return None


def _is_page(record: ArcWarcRecord) -> bool:
    """Whether a record holds what an address has given, or what a browser has made of that."""
    if record.rec_type == "conversion":  # others make plain text of pages
        return (record.rec_headers.get_header("Content-Type") or "").startswith("text/html")
    return record.rec_type in ("response", "resource")


def _is_member(stream: Any, at: int) -> bool:
    """Whether a gzip member with a record begins at a byte."""
    stream.seek(at)
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(stream.read(BLOCK), 5) == b"WARC/"
    except zlib.error:
        return False


def _capture(record: ArcWarcRecord, url: str, path: Path, offset: int, *, whole: bool) -> Capture:
    headers: dict[str, str] = {}
    status = 200
    if record.http_headers is not None:
        for name, value in record.http_headers.headers:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        status = int(record.http_headers.get_statuscode() or 0)
    elif kind := record.rec_headers.get_header("Content-Type"):
        headers["content-type"] = kind
    payload = body = _payload(record, headers) if whole else b""
    for coding in reversed([name.strip() for name in headers.get("content-encoding", "").lower().split(",")]):
        body = _decoded(body, coding) if whole else body
    identifier = (record.rec_headers.get_header("WARC-Record-ID") or "").strip("<>")
    return Capture(
        url=url,
        body=body,
        fetched_at=_time(record.rec_headers.get_header("WARC-Date")),
        status=status,
        headers=headers,
        source=path.name,
        flags=[RENDERED] if record.rec_type == "conversion" else [],
        archive=Archived(
            file=path.name, offset=offset, record_id=identifier, payload_digest=digest(payload) if whole else None
        ),
    )


def _payload(record: ArcWarcRecord, headers: dict[str, str]) -> bytes:
    """The body as it was received, the transfer coding undone."""
    stream = record.raw_stream
    length = record.rec_headers.get_header("Content-Length") or ""
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise ValueError(f"it has {int(length):,} bytes; at most {MOST_BYTES:,} are read")
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    body: bytes = ChunkedDataReader(stream, decomp_type=None).read() if chunked else stream.read()
    stream.read()  # what follows the last chunk
    if stream.limit > 0:
        raise ValueError(f"it breaks off {stream.limit:,} bytes before its end")
    if declared := record.rec_headers.get_header("WARC-Truncated"):
        logger.info("%s was cut when it was captured (%s)", record.rec_headers.get_header("WARC-Target-URI"), declared)
    return body


def _decoded(body: bytes, coding: str) -> bytes:
    """Undo one content coding; bodies that are not coded as their headers say were decoded by the writer."""
    decode = DECODERS.get(coding)
    if decode is None or body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return body
    return decode(body)


def _bounded(decoded: bytes) -> bytes:
    """A body that was unpacked up to one byte more than it may have.

    Raises:
        ValueError: if it has that byte.
    """
    if len(decoded) > MOST_BYTES:
        raise ValueError(f"it unpacks to more than {MOST_BYTES:,} bytes")
    return decoded


def _gunzip(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
        return _bounded(file.read(MOST_BYTES + 1))


def _inflate(body: bytes) -> bytes:
    reader = zlib.decompressobj()
    try:
        decoded = reader.decompress(body, MOST_BYTES + 1)
    except zlib.error:  # many servers send the bare stream (RFC 9110, 8.4.1.2)
        reader = zlib.decompressobj(-zlib.MAX_WBITS)
        decoded = reader.decompress(body, MOST_BYTES + 1)
    if not reader.eof and len(decoded) <= MOST_BYTES:
        raise ValueError("its deflate stream has no end")
    return _bounded(decoded)


def _unbrotli(body: bytes) -> bytes:
    reader = brotli.Decompressor()
    try:
        decoded: bytes = reader.process(body, output_buffer_limit=MOST_BYTES + 1)
    except brotli.error as error:
        raise ValueError(f"its Brotli is broken: {error}") from error
    if not reader.is_finished() and len(decoded) <= MOST_BYTES:
        raise ValueError("its Brotli is broken: it has no end")
    return _bounded(decoded)


def _unzstd(body: bytes) -> bytes:
    with zstd.ZstdFile(io.BytesIO(body)) as file:
        return _bounded(file.read(MOST_BYTES + 1))


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


def _time(date: str | None) -> datetime:
    moment = datetime.fromisoformat(date or "")  # a record without a valid date is broken: the standard demands one
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
