"""Captures out of WARC files (ISO 28500)."""

from __future__ import annotations

import logging
import re
import zlib
from array import array
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warcio.recordloader import ArcWarcRecord

from portal_crawler.archive.codings import ERRORS, GZIP, dechunked, decoded
from portal_crawler.archive.digests import altered
from portal_crawler.archive.loader import ADDRESS, BROKEN, LENGTH, Records, cause
from portal_crawler.archive.originals import Missing, Names, Opened, Originals
from portal_crawler.archive.packed import streams
from portal_crawler.archive.records import FLAGS_FIELD, digest
from portal_crawler.items import BROKEN_RECORD, FLAGS, RENDERED, Archived, Capture

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    Report = Callable[[str, str], None]
    # Why a record does not end where it should, empty if it does; what is left of it is passed over.
    Ends = Callable[[], str]

logger = logging.getLogger(__name__)

HTTP = ("http://", "https://")
# What headers say of a record's place in the web and in time.
PLACES = ("Target-URI", "Date")
# Profiles of revisits that repeat a body; with others, that of a 304 above all, nothing came.
REPEATING = ("identical-payload-digest", "uri-agnostic-identical-payload-digest")
# And with that of a 304.
NOT_MODIFIED = "server-not-modified"
# Records that no page is read from, and revisits, of which some repeat one; ``arc_header`` is warcio's.
OTHERS = frozenset(("warcinfo", "request", "metadata", "revisit", "conversion", "continuation", "arc_header"))
# What ARC, the format before WARC, calls the headers of a record; its records have no names.
ARC = {
    "WARC-Target-URI": "uri",
    "WARC-Date": "archive-date",
    "Content-Type": "content-type",
    "Content-Length": "length",
}
# A year or a month, as WARC/1.1 allows (W3CDTF).
SHORT_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d\d))?", re.ASCII)
# A date in digits alone, as indices and the ARC format write it, at times without its seconds.
DIGITS = re.compile(r"\d{8,17}", re.ASCII)
# How the head of an answer begins; what takes answers from browsers may write that of HTTP/2 as it came.
PROTOCOL = re.compile(r"HTTP(?:/[\d.]+)?|:status:", re.ASCII | re.IGNORECASE)
STATUS = re.compile(r"\d{3}(?!\d)", re.ASCII)
# A body is not larger than what a crawl would fetch, packed or unpacked: else a bomb, or a film.
MOST_BYTES = 32 << 20

# How records and gzip members begin, and of how many bytes a file is read to find one.
WARC_RECORD = rb"WARC/\d\.\d\r?\n"
ARC_RECORD = rb"[a-z]{3,10}:[^\s]{1,2000} [0-9a-fA-F.:]{1,45} \d{8,14} [^\s]{1,100} \d{1,18}\r?\n"
RECORD = re.compile(WARC_RECORD + rb"|" + ARC_RECORD)
BEGINNINGS = re.compile(rb"(?:(?<=\n)|\A)(?:" + RECORD.pattern + rb")|\x1f\x8b\x08")
# Of what may be a gzip member so many bytes are looked at: every three bytes of a file may begin like one. The longest
# beginning of a record is half of that.
MEMBER = 4096
BLOCK = 1 << 16
# What stands between records, or fills up a file, and is no loss.
PADDING = b"\r\n \0"


def read_captures(
    paths: Path | str | Iterable[Path | str],
    on_error: Callable[[str, str], None] | None = None,
) -> Iterator[Capture]:
    """Read the captures of one or several WARC or WACZ files, one at a time, in the order of the files.

    Response and resource records with an ``http`` address are captures; content and transfer codings are undone
    (gzip, deflate, br, zstd). So are conversions into HTML, the pages that scripts have made of responses: they bear
    the flag ``rendered``; and revisits of a payload that another record of the files holds. Requests and metadata
    are passed over, and so are answers that nothing has been modified.

    Args:
        paths: WARC and ARC files, compressed by record, as a whole or not at all (gzip, zstd), and WACZ files, whose
            WARC files are read.
        on_error: Called with the address or file and the cause for every record that cannot be read, or is not what
            its digests and its length say (then its capture bears the flag ``broken_record``), and for all else that is
            damaged; default: a warning in the log. Behind damage that hides where the next record begins, it is looked
            for by its first bytes.

    Raises:
        OSError: if a file cannot be opened.
    """
    return (capture for _, capture in numbered_captures(paths, on_error))


def numbered_captures(
    paths: Path | str | Iterable[Path | str],
    on_error: Callable[[str, str], None] | None = None,
    wanted: Container[int] | None = None,
    payloads: Payloads | None = None,
) -> Iterator[tuple[int, Capture]]:
    """As :func:`read_captures`, each with its number, from 0; what cannot be read has a number, too.

    Revisits that stand before what they repeat come at the end.

    Args:
        paths: As there.
        on_error: As there.
        wanted: Numbers of the captures whose bodies are read; the others come without theirs, and so sooner.
        payloads: Notes where bodies stand, and is told of revisits whose bodies do not; closed at the end.

    Raises:
        OSError: if a file cannot be opened.
    """
    report = on_error or (lambda where, why: logger.warning("%s: %s", where, why))
    number = -1
    with closing(payloads or Payloads()) as known:
        for path in [paths] if isinstance(paths, (str, Path)) else paths:
            for stream, name in streams(Path(path), report):
                for record, url, offset, ends in _pages(stream, name, report):
                    number += 1
                    whole = wanted is None or number in wanted
                    try:
                        if record.rec_type != "revisit":
                            known.note(record, Path(path), name, offset)
                            capture = _capture(record, url, name, offset, whole=whole)
                            if whole and ends():
                                capture.flags = _flags(record, BROKEN_RECORD, *capture.flags)
                            elif BROKEN_RECORD in capture.flags:
                                report(url, f"the record at byte {offset:,} of {name} is not what its digests say")
                            yield number, capture
                        elif (place := known.find(record)) is not None:
                            yield number, known.repeated(record, place, name, offset, whole=whole)
                        else:
                            known.put_off(number, Path(path), name, offset)
                    except BROKEN as error:
                        if not ends():  # else it is told when it is passed
                            report(url, _unread(name, offset, error))
        yield from known.rest(wanted, report)


def _unread(name: Path, offset: int, error: Exception) -> str:
    return f"the record at byte {offset:,} of {name} cannot be read: {cause(error)}"


def _pages(stream: Any, name: Path, report: Report) -> Iterator[tuple[ArcWarcRecord, str, int, Ends]]:
    """The records of a file that pages are read from, with their addresses; else as :func:`_records`."""
    for record, offset, ends in _records(stream, name, report):
        if not _is_page(record):
            if unknown := _unknown(record):
                report(str(name), f"the record at byte {offset:,} cannot be read: {unknown}")
            continue
        url = _said(record, "WARC-Target-URI")
        if not url or not ADDRESS.match(url):
            what = "names no address" if not url else f"calls something an address that is none: {url[:200]!r}"
            report(str(name), f"the record at byte {offset:,} cannot be read: it {what}")
        elif url.lower().startswith(HTTP):
            yield record, url, offset, ends


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it stands in a file.

    Attributes:
        record_id: Its name, without angle brackets.
        payload_digest: Digest of its body, the transfer coding undone.
        problems: Digests that it names and does not have.
    """

    record_id: str
    payload_digest: str
    problems: tuple[str, ...]


def kept_at(stream: Any, offset: int) -> Kept:
    """The record that begins at a byte.

    Raises:
        ValueError: if there is none, or none that is whole.
    """
    stream.seek(offset)
    try:
        record = next(Records(stream, verified=True))
        payload, _ = _unframed(_received(record), _head(record)[1])
    except (StopIteration, *BROKEN) as error:
        raise ValueError(f"it is damaged, or begins elsewhere ({cause(error)})") from error
    return Kept(_identifier(record), digest(payload), tuple(record.digest_checker.problems))


class Payloads:
    """Where the bodies stand that other records repeat.

    Args:
        originals: Keeps the places.
        on_missing: Called for every revisit whose body stands in none of the files; default: it is reported.
    """

    def __init__(self, originals: Originals | None = None, on_missing: Callable[[Missing], None] | None = None) -> None:
        self._files: list[tuple[Path, Path]] = []
        self._originals = originals or Originals()
        self._on_missing = on_missing
        self._put_off = array("q")  # number, file, offset of each
        self._revisits, self._bodies = Opened(), Opened()

    def note(self, record: ArcWarcRecord, path: Path, name: Path, offset: int) -> None:
        """Note a record with a body.

        Args:
            record: The record.
            path: The file that it stands in.
            name: The WARC file, which may be one in a WACZ file.
            offset: Where it begins.
        """
        # A conversion has address and time of the answer that it was made of.
        url, date = (None if record.rec_type == "conversion" else _said(record, f"WARC-{of}") for of in PLACES)
        names = Names.of(_said(record, "WARC-Payload-Digest"), _said(record, "WARC-Record-ID"), url, date)
        heads = record.http_headers
        kind = _said(record, "Content-Type") if heads is None else heads.get_header("Content-Type")
        self._originals.add(names, self._number_of(path, name), offset, html="html" in (kind or "html").lower())

    def _number_of(self, path: Path, name: Path) -> int:
        if (path, name) not in self._files[-1:]:
            self._files.append((path, name))
        return len(self._files) - 1

    def find(self, record: ArcWarcRecord) -> tuple[int, int, bool] | None:
        """Where the body stands that a revisit repeats, if that has been noted."""
        return self._originals.find(_referred(record))

    def put_off(self, number: int, path: Path, name: Path, offset: int) -> None:
        """Note a revisit whose body may come behind it."""
        self._put_off.extend((number, self._number_of(path, name), offset))

    def rest(self, wanted: Container[int] | None, report: Callable[[str, str], None]) -> Iterator[tuple[int, Capture]]:
        """The revisits that stand before the bodies which they repeat."""
        for at in range(0, len(self._put_off), 3):
            number, file, offset = self._put_off[at : at + 3]
            path, name = self._files[file]
            url = str(name)
            try:
                record = next(Records(self._revisits.at(path, name, offset)))
                url = _said(record, "WARC-Target-URI") or ""
                if (place := self.find(record)) is not None:
                    whole = wanted is None or number in wanted
                    yield number, self.repeated(record, place, name, offset, whole=whole)
                    continue
                error = ValueError(f"its body stands in another file: {_wanted(record)}")
                if self._on_missing is None:
                    raise error
                kind = _head(record)[1].get("content-type", "") if record.http_headers is not None else None
                self._on_missing(Missing(url, kind, _referred(record), f"{url}: {_unread(name, offset, error)}"))
            except (StopIteration, *BROKEN) as error:
                report(url, _unread(name, offset, error))

    def repeated(
        self, record: ArcWarcRecord, place: tuple[int, int, bool], name: Path, offset: int, *, whole: bool
    ) -> Capture:
        """The capture of a revisit: its own head, if it has one, and the body that it repeats.

        Raises:
            ValueError: if that cannot be read, or is not the body that the revisit names.
        """
        url = _said(record, "WARC-Target-URI") or ""
        status, headers = _head(record)
        held = None
        if whole or record.http_headers is None:
            held = self._held(record, place, url, whole=whole)
            status, headers = (status, headers) if record.http_headers is not None else (held.status, held.headers)
        source, begin = self._files[place[0]][1], place[1]
        return Capture(
            url=url,
            body=held.body if held is not None else b"",
            fetched_at=_time(_said(record, "WARC-Date")),
            status=status,
            headers=headers,
            source=name.name,
            flags=_flags(record, *(held.flags if held is not None else ())),
            archive=Archived(
                file=name.name,
                offset=offset,
                record_id=_identifier(record),
                payload_digest=held.archive.payload_digest if held is not None and held.archive is not None else None,
                payload_file=source.name,
                payload_offset=begin,
            ),
        )

    def _held(self, revisit: ArcWarcRecord, place: tuple[int, int, bool], url: str, *, whole: bool) -> Capture:
        """The capture whose body is repeated."""
        path, source = self._files[place[0]]
        record = next(Records(self._bodies.at(path, source, place[1])))
        mine, theirs = ((_said(one, "WARC-Payload-Digest") or "").lower() for one in (revisit, record))
        same_kind = len(mine) == len(theirs) and mine.partition(":")[0] == theirs.partition(":")[0]
        if same_kind and mine != theirs:
            raise ValueError(f"the record that it refers to has another body: {theirs}, not {mine}")
        return _capture(record, url, source, place[1], whole=whole)

    def close(self) -> None:
        """Close what is open."""
        self._originals.close()
        self._revisits.close()
        self._bodies.close()


def _referred(record: ArcWarcRecord) -> Names:
    """What a revisit says of the record that it repeats."""
    url, date = (_said(record, f"WARC-Refers-To-{of}") for of in PLACES)
    return Names.of(_said(record, "WARC-Payload-Digest"), _said(record, "WARC-Refers-To"), url, date)


def _wanted(record: ArcWarcRecord) -> str:
    """What there is to look for the record by that a revisit repeats."""
    said = [_said(record, f"WARC-Refers-To-{of}") for of in PLACES]
    if any(said):
        return f"the record of {said[0] or '?'}, {said[1] or '?'}"
    name, body = _said(record, "WARC-Refers-To"), _said(record, "WARC-Payload-Digest")
    return f"the record {name}" if name else f"the record with the payload digest {body or '?'}"


def _profile(record: ArcWarcRecord) -> str:
    """What kind of revisit a record is."""
    # Heritrix says that it does not go by addresses: .../uri-agnostic-identical-payload-digest.
    profile: str = record.rec_headers.get_header("WARC-Profile") or ""
    return profile.rpartition("/")[2]


def _repeats(record: ArcWarcRecord) -> bool:
    """Whether a record says that an address has given once more what another record holds."""
    return record.rec_type == "revisit" and _profile(record) in REPEATING


def _unknown(record: ArcWarcRecord) -> str:
    """Why nobody can tell whether a record that is none of a page holds one; empty if it does not."""
    if record.rec_type not in OTHERS:
        return f"it is of no type that the standard names: {str(record.rec_type)[:200]!r}"
    if record.rec_type == "revisit" and _profile(record) != NOT_MODIFIED:
        return f"it is a revisit of an unknown kind: {_profile(record)[:200]!r}"
    return ""


def _said(record: ArcWarcRecord, name: str) -> str | None:
    """A header of a WARC record, or what an ARC record says instead of it."""
    known = ARC.get(name) if record.format == "arc" else name
    said: str | None = record.rec_headers.get_header(known) if known else None
    if said and name.endswith("Date") and DIGITS.fullmatch(said):
        return datetime.strptime(said[:14].ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC).isoformat()
    return said


def _identifier(record: ArcWarcRecord) -> str:
    return (_said(record, "WARC-Record-ID") or "").strip("<>")


def _records(stream: Any, path: Path, report: Report) -> Iterator[tuple[ArcWarcRecord, int, Ends]]:
    """The records of a file, each with the byte at which it begins and what reads over the rest of it.

    The length of a record may lie, and so hide where the next one begins: it is looked for behind the beginning of that
    record, by the first bytes of records and of the gzip members that hold them. Whatever is passed over is told.
    """
    start: int | None = 0
    while start is not None:
        stream.seek(start)
        records, at, broken, damage = Records(stream), start - 1, "", "there is no record"
        found = start > 0
        try:
            for record in records:
                found = True
                at = max(records.offset, at + 1)  # in the middle of a gzip member warcio counts what is unpacked
                yield record, at, records.ends
                if broken := records.ends():
                    where = _said(record, "WARC-Target-URI") or str(path)
                    report(where, f"the record at byte {at:,} of {path} is broken: {broken}")
                    break
        except BROKEN as error:
            damage = cause(error)
        begin = max(records.offset, at + 1)
        try:
            if broken:
                start = _next_record(stream, at + 1)
                continue
            # A member that ends with a block of what was read lets warcio take the next one, a whole one, for damaged.
            start = _next_record(stream, begin if begin > start else begin + 1)
            # What holds no record at all is told, whatever fills it.
            no_loss = (found or start is not None) and _is_padding(stream, begin, start)
            if start != begin and not no_loss:
                to = f"byte {start:,}" if start is not None else "its end"
                report(str(path), f"damaged from byte {begin:,} to {to}: {damage}")
        except OSError as error:  # of the disk
            report(str(path), f"it cannot be read behind byte {begin:,}: {error.strerror or error}")
            return


def _is_padding(stream: Any, begin: int, end: int | None) -> bool:
    """Whether nothing stands between two places of a file, or nothing that could have been a record."""
    data = _block_at(stream, begin)[: None if end is None else end - begin]
    if len(data) == BLOCK:
        return False
    if data.startswith(GZIP):  # a member of nothing, as some tools end with
        reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            return not reader.decompress(data, 1) and reader.eof and not reader.unused_data.strip(PADDING)
        except zlib.error:
            return False
    return not data.strip(PADDING)


def _next_record(stream: Any, start: int) -> int | None:
    """Where the next record begins, at a byte or behind it; None if there is none."""
    kept, place = b"", start
    while True:
        block = _block_at(stream, place)
        if not block and not (block := _block_at(stream, place)):  # else what stands behind a damaged frame
            return None
        if place in getattr(stream, "gaps", ()):  # what came before it goes on nowhere
            kept = b""
        window = kept + block
        for found in BEGINNINGS.finditer(window):
            at = place - len(kept) + found.start()
            if not found[0].startswith(GZIP) or _is_member(window[found.start() : found.start() + MEMBER]):
                return at
        place += len(block)
        kept = window[-MEMBER:]


def _block_at(stream: Any, place: int) -> bytes:
    """What is read at a place; nothing at the end, and before or in a damaged frame."""
    stream.seek(place)
    try:
        return bytes(stream.read(BLOCK))
    except ERRORS:
        return b""


def _is_page(record: ArcWarcRecord) -> bool:
    """Whether a record holds what an address has given, or what a browser has made of that."""
    if record.rec_type == "conversion":  # others make plain text of pages
        return (record.rec_headers.get_header("Content-Type") or "").startswith("text/html")
    return record.rec_type in ("response", "resource") or _repeats(record)


def _flags(record: ArcWarcRecord, *found: str) -> list[str]:
    """What was not as it should be about an exchange: what its record says, and what was found."""
    said = {flag.strip() for flag in (_said(record, FLAGS_FIELD) or "").split(",")} | set(found)
    if record.rec_type == "conversion":
        said.add(RENDERED)
    if _said(record, "WARC-Truncated") or _said(record, "WARC-Segment-Number"):  # what follows is not joined to it
        said.add("truncated")
    return [flag for flag in FLAGS if flag in said]


def _is_member(data: bytes) -> bool:
    """Whether some bytes are those of a gzip member with a record.

    They are of what has been read: to go back in a packed file is to unpack it again from its beginning.
    """
    try:
        begin = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, MEMBER)
        return RECORD.match(begin.lstrip(PADDING)) is not None
    except zlib.error:
        return False


def _head(record: ArcWarcRecord) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer; of a record without them, what it says itself."""
    headers: dict[str, str] = {}
    if record.http_headers is None:
        if record.rec_type == "response":
            raise ValueError("it holds no answer")
        kind = _said(record, "Content-Type")
        return 200, {"content-type": kind} if kind else {}
    for name, value in record.http_headers.headers:
        key, said = name.lower(), value.strip()  # blanks that fold a line are kept by warcio
        headers[key] = f"{headers[key]}, {said}" if key in headers else said
    status = STATUS.match(record.http_headers.statusline)
    if status is None or not PROTOCOL.fullmatch(record.http_headers.protocol):
        raise ValueError("its answer begins with no status line")
    return int(status[0]), headers


def _capture(record: ArcWarcRecord, url: str, path: Path, offset: int, *, whole: bool) -> Capture:
    status, headers = _head(record)
    received = _received(record) if whole else b""
    payload, all_received = _unframed(received, headers) if whole else (b"", True)
    body, all_decoded = decoded(payload, headers.get("content-encoding", "").split(","), MOST_BYTES)
    found = [] if all_received and all_decoded else ["truncated"]
    if whole and altered(record.rec_headers, getattr(record.raw_stream, "head", b""), received, (payload, body)):
        found.append(BROKEN_RECORD)
    return Capture(
        url=url,
        body=body,
        fetched_at=_time(_said(record, "WARC-Date")),
        status=status,
        headers=headers,
        source=path.name,
        flags=_flags(record, *found),
        archive=Archived(
            file=path.name,
            offset=offset,
            record_id=_identifier(record),
            payload_digest=digest(payload) if whole else None,
        ),
    )


def _received(record: ArcWarcRecord) -> bytes:
    """The body as it stands in the record."""
    stream = record.raw_stream
    length = _said(record, "Content-Length") or ""
    if not hasattr(stream, "limit"):
        raise ValueError("its record says no length in digits")
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise ValueError(f"it has {int(length):,} bytes; at most {MOST_BYTES:,} are read")
    received: bytes = stream.read()
    if stream.limit > 0:
        raise ValueError(f"it breaks off {stream.limit:,} bytes before its end")
    return received


def _unframed(received: bytes, headers: dict[str, str]) -> tuple[bytes, bool]:
    """A body without its transfer coding, and whether it is all there, by its frame."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return dechunked(received)
    length = headers.get("content-length", "")
    # Where a writer has undone a content coding, the length may be that of before.
    counts = LENGTH.fullmatch(length) and "content-encoding" not in headers
    return received, not counts or int(length) <= len(received)


def _time(date: str | None) -> datetime:
    written = (date or "").strip()
    if found := SHORT_DATE.fullmatch(written):
        written = f"{found['year']}-{found['month'] or '01'}-01"
    moment = datetime.fromisoformat(written)  # a record without a valid date is broken: the standard demands one
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
