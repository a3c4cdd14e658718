"""Records as warcio reads them, but bounded, and not taken at their word."""

from __future__ import annotations

import io
import re
import zlib
from contextlib import redirect_stderr
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.limitreader import LimitReader
from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader

from portal_crawler.archive.codings import ERRORS

# What a broken record or stream raises while it is read; the last three are warcio's, where a record lacks what it
# takes for granted.
BROKEN = (
    *(ArchiveLoadFailed, *ERRORS, EOFError, ValueError, OverflowError, UnicodeError, OSError),
    *(AttributeError, TypeError, LookupError),
)
# The headers of a record, and those of the answer in it, are no larger than this: else a bomb.
MOST_HEAD = 1 << 20
MOST_LINES = 10_000
# Answers before the answer, in one record with it (RFC 9110, 15.2); behind 101 comes no other.
INTERIM = re.compile(r"1(?:0[02-9]|[1-9]\d)\b", re.ASCII)
HTTP = "application/http"
# What some editors put before the first record.
BOM = b"\xef\xbb\xbf"
# Of lines elsewhere so many bytes are read at once.
MOST_LINE = 1 << 16
# How the address of an ARC record begins.
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# A length that int() takes without a word, but no other of the forms that it takes.
LENGTH = re.compile(r"\s*[0-9]{1,18}\s*")


class Block(LimitReader):  # type: ignore[misc] # warcio has no types
    """What a record holds, as far as its length says.

    Attributes:
        head: Its first bytes, which were read as the head of an HTTP message.
    """

    head = b""


class _Head:
    """A stream of which no more is read than the lines of a head."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.lines: list[bytes] = []
        self._left = MOST_HEAD

    def readline(self) -> bytes:
        """The next line.

        Raises:
            ArchiveLoadFailed: if that is more than a head has.
        """
        line: bytes = self._stream.readline(self._left)
        while not line.endswith(b"\n") and len(line) < self._left and (more := self._stream.readline(MOST_LINE)):
            line += more
        self._left -= len(line)
        self.lines.append(line)
        if self._left <= 0 or len(self.lines) > MOST_LINES:
            raise ArchiveLoadFailed(f"headers of more than {MOST_HEAD:,} bytes, or {MOST_LINES:,} lines")
        return line


class _Loader(ArcWarcRecordLoader):  # type: ignore[misc] # warcio has no types
    def __init__(self, *, verified: bool) -> None:
        super().__init__(verify_http=False, arc2warc=False)
        self._verified = verified
        self._is_message = False

    def _detect_type_load_headers(self, stream: Any, statusline: Any = None, known_format: Any = None) -> Any:
        head = _Head(stream)
        while statusline is None or not statusline.strip():  # some writers begin with the blank lines
            statusline = head.readline()
            if not statusline:
                raise EOFError
        try:
            kind, headers = super()._detect_type_load_headers(head, statusline.removeprefix(BOM), known_format)
        except ArchiveLoadFailed as error:
            if statusline.isascii():
                raise
            raise ArchiveLoadFailed("neither a WARC nor an ARC record, but bytes that are no text") from error
        if kind == "arc" and not ADDRESS.match(headers.get_header("uri") or ""):
            raise ArchiveLoadFailed("neither a WARC nor an ARC record")  # any five words are a head to warcio
        name = "length" if kind == "arc" else "Content-Length"
        if not LENGTH.fullmatch(headers.get_header(name) or ""):
            while headers.remove_header(name):  # warcio would make 0 of it, and lose what the record holds
                pass
        if kind == "warc":
            _normalise(headers)
            self._is_message = (headers.get_header("Content-Type") or "").lower().startswith(HTTP)
        return kind, headers

    def wrap_digest_verifying_stream(self, stream: Any, *more: Any, length: Any = None) -> Any:
        if self._verified:
            return super().wrap_digest_verifying_stream(stream, *more, length=length)
        return Block(stream.stream, length), False

    def load_http_headers(self, rec_type: Any, uri: Any, stream: Any, length: Any) -> Any:
        if not uri:
            return None
        if rec_type == "resource" and self._is_message:
            rec_type = "response"
        head = _Head(stream)
        try:
            headers = super().load_http_headers(rec_type, uri.lower(), head, length)  # warcio knows small letters only
            while rec_type == "response" and headers is not None and INTERIM.match(headers.statusline):
                headers = self.http_parser.parse(head)
        except EOFError:  # which would be the end of the file to warcio; its length says more
            return None
        if isinstance(stream, Block):
            stream.head = b"".join(head.lines)
        return headers


def _normalise(headers: Any) -> None:
    """Take from the headers of a record what says nothing: the blanks of folded lines, and capitals in its type."""
    headers.headers = [(name, value.strip()) for name, value in headers.headers]
    if kind := headers.get_header("WARC-Type"):
        headers.replace_header("WARC-Type", kind.lower())


class _Reader(DecompressingBufferedReader):  # type: ignore[misc] # warcio has no types
    decompressor: Any

    def readline(self, length: int | None = None) -> bytes:
        line: bytes = super().readline(min(length or MOST_LINE, MOST_LINE))
        return line

    def _decompress(self, data: bytes) -> bytes:
        if self.decompressor and data:
            try:
                return bytes(self.decompressor.decompress(data))
            except zlib.error:
                if self.num_block_read:
                    raise  # warcio would go on as if the file ended here
                self.decompressor = None
        return data


class Records(ArchiveIterator):  # type: ignore[misc] # warcio has no types
    """The records of a file from where it stands, until one is damaged.

    Args:
        stream: The file.
        verified: Whether all digests are taken while records are read, and those that do not agree noted in their
            ``digest_checker``.
    """

    def __init__(self, stream: Any, *, verified: bool = False) -> None:
        super().__init__(stream, check_digests=True)
        self.loader = _Loader(verified=verified)
        self.reader = _Reader(self.fh)
        self._why: str | None = None

    def __next__(self) -> ArcWarcRecord:
        self._why = None
        with redirect_stderr(io.StringIO()):  # where warcio tells of wrong lengths
            return super().__next__()

    def __iter__(self) -> Records:  # that of warcio goes past the above
        return self

    def ends(self) -> str:
        """Read over what is left of the record that was given last.

        Returns:
            Why it does not end where its length says; empty if it does.
        """
        if self._why is None:
            self._why = self._ends()
        return self._why

    def _ends(self) -> str:
        block = self.record.raw_stream
        if not isinstance(block, LimitReader):
            return "its record says no length in digits"
        try:
            with redirect_stderr(io.StringIO()):
                self.read_to_end()
        except BROKEN as error:
            return cause(error)
        if block.limit > 0:
            return f"it breaks off {block.limit:,} bytes before its end"
        return "its length is wrong: something else than a blank line follows" if self.err_count else ""


def cause(error: BaseException) -> str:
    """What an error says; warcio quotes what it has read, of any length and kind."""
    said = f"{type(error).__name__}: {error}"
    told = "".join(letter if letter.isprintable() else "\ufffd" for letter in said[:200])
    return told if len(told) == len(said) else f"{told} ..."
