"""Captures out of WARC files (ISO 28500)."""

from __future__ import annotations

import logging
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from portal_crawler.items import Capture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

logger = logging.getLogger(__name__)

# What a broken record or stream raises while it is read.
BROKEN = (ArchiveLoadFailed, zlib.error, EOFError, ValueError, UnicodeError, OSError)

HTTP = ("http://", "https://")


def read_captures(
    paths: Path | str | Iterable[Path | str],
    on_error: Callable[[str, str], None] | None = None,
) -> Iterator[Capture]:
    """Read the captures of one or several WARC files, one at a time, in the order of the files.

    Response and resource records with an ``http`` address are captures; content and transfer codings are undone
    (gzip, deflate, br, and zstd where a module for it is installed). Requests, metadata and revisits (whose payload
    stands in another record) are passed over.

    Args:
        paths: WARC files, compressed by record or not at all.
        on_error: Called with the address or file and the cause for every record that cannot be read; default: a
            warning in the log. After damage that hides where the next record begins, the rest of the file is lost,
            which is reported too.

    Raises:
        OSError: if a file cannot be opened.
    """
    report = on_error or (lambda where, why: logger.warning("%s: %s", where, why))
    for path in [paths] if isinstance(paths, (str, Path)) else paths:
        with Path(path).open("rb") as stream:
            yield from _captures(stream, Path(path), report)


def _captures(stream: Any, path: Path, report: Callable[[str, str], None]) -> Iterator[Capture]:
    records = iter(ArchiveIterator(stream))
    while True:
        try:
            record = next(records)
        except StopIteration:
            return
        except BROKEN as error:
            report(str(path), f"damaged from byte {stream.tell():,} at the latest; the rest is not read: {error}")
            return
        url = record.rec_headers.get_header("WARC-Target-URI") or ""
        if record.rec_type not in ("response", "resource") or not url.startswith(HTTP):
            continue
        try:
            yield _capture(record, url, path)
        except BROKEN as error:
            report(url, f"the record cannot be read: {type(error).__name__}: {error}")


def _capture(record: ArcWarcRecord, url: str, path: Path) -> Capture:
    headers: dict[str, str] = {}
    status = 200
    if record.http_headers is not None:
        for name, value in record.http_headers.headers:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        status = int(record.http_headers.get_statuscode() or 0)
    elif kind := record.rec_headers.get_header("Content-Type"):
        headers["content-type"] = kind
    return Capture(
        url=url,
        body=_body(record, headers.get("content-encoding", "").strip().lower()),
        fetched_at=_time(record.rec_headers.get_header("WARC-Date")),
        status=status,
        headers=headers,
        source=path.name,
    )


def _body(record: ArcWarcRecord, coding: str) -> bytes:
    body: bytes = record.content_stream().read()
    declared = record.rec_headers.get_header("WARC-Truncated")
    if declared:
        logger.info(
            "%s: truncated when it was captured (%s)", record.rec_headers.get_header("WARC-Target-URI"), declared
        )
    if coding == "br" and "br" not in DecompressingBufferedReader.DECOMPRESSORS:
        raise ValueError("the body is compressed with Brotli, and no module for it is installed")
    # warcio does not know zstd; some writers store the decoded body and keep the header, hence the magic number.
    return _unzstd(body) if coding == "zstd" and body.startswith(b"\x28\xb5\x2f\xfd") else body


def _unzstd(body: bytes) -> bytes:
    try:
        from compression import zstd  # type: ignore[import-not-found]  # noqa: PLC0415 - Python 3.14's own
    except ImportError:
        try:
            from backports import zstd  # noqa: PLC0415 - what Scrapy installs before 3.14
        except ImportError:
            raise ValueError("the body is compressed with Zstandard, and no module for it is installed") from None
    try:
        decoded: bytes = zstd.decompress(body)
    except zstd.ZstdError as error:
        raise ValueError(f"the body is no valid Zstandard: {error}") from error
    return decoded


def _time(date: str | None) -> datetime:
    moment = datetime.fromisoformat(date or "")  # a record without a valid date is broken: the standard demands one
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
