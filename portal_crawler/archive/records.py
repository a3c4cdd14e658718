"""One exchange as WARC/1.1 records (ISO 28500:2017)."""

from __future__ import annotations

import hashlib
import http
import io
import uuid
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

VERSION = "WARC/1.1"
# On pages of portals zlib takes three quarters of the time of level 6 for 3 % more bytes; warcio's 9 takes far more.
LEVEL = 4
PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
RESPONSE = "application/http; msgtype=response"
REQUEST = "application/http; msgtype=request"
FIELDS = "application/warc-fields"
PAGE = "text/html; charset=utf-8"
# What stays as it is in the address of a record, so that it is the address that was asked for; all else (white space,
# line ends, letters outside ASCII) is percent-encoded.
URI_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '<>"')
# Passwords: never kept.
SECRET = frozenset((b"authorization", b"proxy-authorization"))
# The body is kept without its transfer coding; headers that no longer fit it are kept under such a name, as other
# crawlers do (Nutch, StormCrawler, Common Crawl).
RENAMED = b"X-Crawler-"
BODILESS = frozenset((204, 304))
NEWLINES = bytes.maketrans(b"\r\n\0", b"   ")

# A field of our own in the head of an answer's record, as the standard allows (ISO 28500:2017, 5.1): what was not as it
# should be about the exchange. The metadata record says the same, but only behind the answer.
FLAGS_FIELD = "X-Crawler-Flags"

Pairs = tuple[tuple[bytes, bytes], ...]


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request and what came of it, as sent and received.

    Attributes:
        url: Address that was asked for.
        date: When it was asked for.
        method: Of the request.
        sent: The request's headers.
        form: The request's body.
        status: HTTP status; None if no answer came.
        reason: The status line's phrase; None: the usual one.
        version: HTTP version, as in ``1.1``.
        received: The answer's headers.
        body: What came, without its transfer coding and before any content coding is undone.
        truncated: Why the body is not whole (``length``, ``time``, ``disconnect``), if it is not.
        address: IP address of the server.
        notes: What else is known of it: metadata.
        made_of: Name of the record of an answer; then this is no exchange, but the page that scripts made of that.
    """

    url: str
    date: datetime
    method: str = "GET"
    sent: Pairs = ()
    form: bytes = b""
    status: int | None = None
    reason: str | None = None
    version: str = "1.1"
    received: Pairs = ()
    body: bytes = field(default=b"", repr=False)
    truncated: str | None = None
    address: str | None = None
    notes: dict[str, str] = field(default_factory=dict)
    made_of: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it holds."""
        return 2000 + len(self.body) + len(self.form)


@dataclass(frozen=True, slots=True)
class Original:
    """The record that holds a payload which came again."""

    record_id: str
    url: str
    date: str
    file: str
    offset: int


def new_record_id() -> str:
    """A name for a record."""
    return f"urn:uuid:{uuid.uuid4()}"


def digest(payload: bytes) -> str:
    """A payload's digest as records name it: SHA-256 in hexadecimal digits."""
    return f"sha256:{hashlib.sha256(payload).hexdigest()}"


def stamp(moment: datetime) -> str:
    """A WARC-Date, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def target(url: str) -> str:
    """An address as it may stand in a record: a URI of ASCII characters, without white space or line ends."""
    return quote(url, safe=URI_SAFE, errors="replace")


class _Head(StatusAndHeaders):  # type: ignore[misc] # warcio has no types
    """The head of an HTTP message as bytes, which warcio would else encode anew."""

    def __init__(self, head: bytes) -> None:
        super().__init__("head", [])
        self.headers_buff = head

    def compute_headers_buffer(self, header_filter: Any = None) -> None:
        """It is made already."""


class _Digester:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.update = self._hash.update

    def __str__(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


class _Writer(WARCWriter):  # type: ignore[misc] # warcio has no types
    @staticmethod
    def _create_digester() -> _Digester:
        return _Digester()


def member(record: ArcWarcRecord) -> bytes:
    """A record as one gzip member."""
    plain = io.BytesIO()
    _Writer(plain, gzip=False, warc_version=VERSION).write_record(record)
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(plain.getbuffer()) + packer.flush()


def _record(
    kind: str,
    url: str | None,
    date: str,
    media: str,
    block: bytes,
    *,
    head: bytes | None = None,
    record_id: str | None = None,
    more: Iterable[tuple[str, str | None]] = (),
) -> ArcWarcRecord:
    headers = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", f"<{record_id or new_record_id()}>"),
        ("WARC-Date", date),
        *((name, value) for name, value in (("WARC-Target-URI", url), *more) if value is not None),
    ]
    return ArcWarcRecord(
        "warc",
        kind,
        StatusAndHeaders("", headers, protocol=VERSION),
        io.BytesIO(block),
        _Head(head) if head is not None else None,
        media,
        len(block),
        payload_length=len(block),
    )


def warcinfo(file: str, date: datetime, about: dict[str, str]) -> ArcWarcRecord:
    """The record that says who has made a file, and how."""
    return _record("warcinfo", None, stamp(date), FIELDS, _fields(about), more=[("WARC-Filename", file)])


def _fields(values: dict[str, str]) -> bytes:
    clean = {name: " ".join(value.split()) for name, value in values.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in clean.items() if value).encode("utf-8", "replace")


def answer(exchange: Exchange, record_id: str, payload: str, original: Original | None) -> ArcWarcRecord:
    """The response; a revisit record where another record holds its payload.

    Args:
        exchange: What was received.
        record_id: The record's name.
        payload: Digest of the body.
        original: That other record. For an answer 304 it is the page as it was received last.
    """
    url, date = target(exchange.url), stamp(exchange.date)
    common: list[tuple[str, str | None]] = [
        ("WARC-IP-Address", exchange.address),
        (FLAGS_FIELD, exchange.notes.get("flags")),
    ]
    if original is None:
        more = [*common, ("WARC-Payload-Digest", payload), ("WARC-Truncated", exchange.truncated)]
        return _record(
            "response", url, date, RESPONSE, exchange.body, head=response_head(exchange), record_id=record_id, more=more
        )
    same = exchange.status != http.HTTPStatus.NOT_MODIFIED
    more = [
        *common,
        ("WARC-Payload-Digest", payload if same else None),
        ("WARC-Profile", f"{PROFILE}{'identical-payload-digest' if same else 'server-not-modified'}"),
        ("WARC-Refers-To", f"<{original.record_id}>"),
        ("WARC-Refers-To-Target-URI", original.url),
        ("WARC-Refers-To-Date", original.date),
    ]
    return _record("revisit", url, date, RESPONSE, b"", head=response_head(exchange), record_id=record_id, more=more)


def conversion(exchange: Exchange, record_id: str, payload: str) -> ArcWarcRecord:
    """The page that scripts have made of an answer (ISO 28500:2017, 6.8)."""
    more = [
        ("WARC-Payload-Digest", payload),
        ("WARC-Refers-To", f"<{exchange.made_of}>"),
        (FLAGS_FIELD, exchange.notes.get("flags")),
    ]
    url, date = target(exchange.url), stamp(exchange.date)
    return _record("conversion", url, date, PAGE, exchange.body, record_id=record_id, more=more)


def companions(exchange: Exchange, record_id: str | None) -> list[ArcWarcRecord]:
    """The records beside the answer: the request, and what is known of the exchange.

    Args:
        exchange: What was sent.
        record_id: Name of the answer's record; None if none came.
    """
    url, date = target(exchange.url), stamp(exchange.date)
    asked = new_record_id()
    together = [("WARC-Concurrent-To", f"<{record_id or asked}>")]
    made = [
        _record(
            "request",
            url,
            date,
            REQUEST,
            exchange.form,
            head=request_head(exchange),
            record_id=asked,
            more=together if record_id else (),
        )
    ]
    if exchange.notes:
        made.append(_record("metadata", url, date, FIELDS, _fields(exchange.notes), more=together))
    return made


def request_head(exchange: Exchange) -> bytes:
    """The request's first line and headers, without passwords."""
    parts = urlsplit(target(exchange.url))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = [(name, value) for name, value in exchange.sent if name.lower() not in SECRET]
    if not any(name.lower() == b"host" for name, _ in sent):
        sent.insert(0, (b"Host", parts.netloc.rpartition("@")[2].encode()))
    return _head(f"{exchange.method} {path} HTTP/1.1".encode("ascii", "replace"), sent)


def response_head(exchange: Exchange) -> bytes:
    """The status line and headers of the answer, fit for the body as it is kept.

    Any reader must be able to take the body by its headers: a transfer coding is undone already, and a length that
    the body does not have would let a player wait for the rest. Both headers are kept under another name.
    """
    status = exchange.status or 0
    version = exchange.version if exchange.version in ("1.0", "1.1") else "1.1"  # of HTTP/2 there is no such text
    reason = exchange.reason if exchange.reason is not None else _phrase(status)
    kept: list[tuple[bytes, bytes]] = []
    unfit = False
    bodiless = exchange.method == "HEAD" or status in BODILESS
    for name, value in exchange.received:
        coded = name.lower() == b"transfer-encoding"
        false = name.lower() == b"content-length" and not bodiless and value.strip() != b"%d" % len(exchange.body)
        kept.append((RENAMED + name if coded or false else name, value))
        unfit = unfit or coded or false
    if unfit and not any(name.lower() == b"content-length" for name, _ in kept):
        kept.append((b"Content-Length", b"%d" % len(exchange.body)))
    return _head(f"HTTP/{version} {status:03} {reason}".rstrip().encode("utf-8", "replace"), kept)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _head(first: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = [first, *(b": ".join(pair) for pair in pairs)]
    return b"".join(line.translate(NEWLINES) + b"\r\n" for line in lines) + b"\r\n"
