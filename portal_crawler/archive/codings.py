"""Content codings undone (RFC 9110, 8.4.1), for crawls and captures alike: the same bytes give the same page.

Bodies of portals break off, and scripts append to what their server has compressed already. What can be decoded is
kept, and it is told whether that is all.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Protocol

import brotli

try:
    from compression import zstd as zstd  # type: ignore[import-not-found] # noqa: PLC0414 - for the rest of this room
except ImportError:  # before Python 3.14
    from backports import zstd as zstd  # noqa: PLC0414

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Decoder = Callable[[bytes, int], tuple[bytes, bool]]

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
# So many bytes are decoded at a time; those around a fault one by one, so that all before it is had.
SLICE = 1 << 14
ERRORS = (zlib.error, brotli.error, zstd.ZstdError)
# How a chunk begins, with whatever a server says of it (RFC 9112, 7.1).
CHUNK = re.compile(rb"(?P<size>[0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
# What stands before the first tag of a page that is not coded at all.
BLANK = b"\xef\xbb\xbf \t\r\n"
# How pages, pictures and documents begin that are not coded.
UNCODED = (b"<", b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"PK\x03\x04")


class CodingError(ValueError):
    """A body of which nothing can be decoded."""


class TooLargeError(ValueError):
    """A body that is larger than it may be when it is decoded."""


class _Reader(Protocol):
    """Decodes one stream."""

    @property
    def ended(self) -> bool:
        """Whether the stream has come to its end."""

    @property
    def unused(self) -> int:
        """How many of the bytes fed last stand behind that end."""

    def feed(self, piece: bytes, most: int) -> bytes:
        """What some bytes stand for; not much more than ``most`` of it."""


class _Zlib:
    def __init__(self, window: int) -> None:
        self._reader = zlib.decompressobj(window)

    @property
    def ended(self) -> bool:
        return self._reader.eof

    @property
    def unused(self) -> int:
        return len(self._reader.unused_data)

    def feed(self, piece: bytes, _: int) -> bytes:
        return self._reader.decompress(piece)  # a slice gives a thousand times its size at most


class _Zstd:
    def __init__(self) -> None:
        self._reader = zstd.ZstdDecompressor()

    @property
    def ended(self) -> bool:
        return bool(self._reader.eof)

    @property
    def unused(self) -> int:
        return len(self._reader.unused_data)

    def feed(self, piece: bytes, most: int) -> bytes:
        return bytes(self._reader.decompress(piece, most))


class _Brotli:
    unused = 0  # it takes bytes behind its end for a fault, and so they are fed one by one

    def __init__(self) -> None:
        self._reader = brotli.Decompressor()

    @property
    def ended(self) -> bool:
        return bool(self._reader.is_finished())

    def feed(self, piece: bytes, most: int) -> bytes:
        made: bytes = self._reader.process(piece, output_buffer_limit=most)
        while len(made) < most and not self._reader.can_accept_more_data():
            made += self._reader.process(b"", output_buffer_limit=most - len(made))
        return made


def decoded(body: bytes, codings: Iterable[str], most: int) -> tuple[bytes, bool]:
    """Undo content codings.

    Bodies that are not coded as their headers say are let be: servers promise what they do not do, and writers of
    captures undo what their headers go on naming. So are codings that nobody knows.

    Args:
        body: The body as it was received, without its transfer coding.
        codings: Their names, in the order in which they were applied.
        most: How many bytes it may have, after each of them.

    Returns:
        The body, and whether it is all there: not so if it breaks off or is damaged; bytes behind its end do not count.

    Raises:
        CodingError: if nothing of it can be decoded.
        TooLargeError: if it is larger than it may be.
    """
    whole = True
    for coding in reversed([name.strip().lower() for name in codings]):
        decode = DECODERS.get(coding)
        if decode is None or not body or body.lstrip(BLANK).startswith(UNCODED):
            continue
        made, ended = decode(body, most)
        if len(made) > most:
            raise TooLargeError(f"it unpacks to more than {most:,} bytes")
        if not ended and _is_text(body):
            continue
        if not ended and not made:
            raise CodingError(f"nothing of it can be decoded as {coding}")
        body = made
        whole &= ended
    return body, whole


def _is_text(body: bytes) -> bool:
    """Whether bytes are text as they stand, as scripts and JSON are; one alone may begin anything."""
    try:
        return len(body) > 1 and "\0" not in body.decode("utf-8")
    except UnicodeDecodeError:
        return False


def dechunked(body: bytes) -> tuple[bytes, bool]:
    """Undo the transfer coding ``chunked`` (RFC 9112, 7.1), as far as it goes; trailers are no part of a body.

    A body that does not begin with a chunk is let be: writers of captures undo what their headers go on naming.

    Returns:
        The body, and whether it is all there: not so if it breaks off, or something else stands in a chunk's place.
    """
    made, at = bytearray(), 0
    while (chunk := CHUNK.match(body, at)) is not None:
        begin, size = chunk.end(), int(chunk["size"], 16)
        if not size:
            return bytes(made), True
        made += body[begin : begin + size]
        at = begin + size + len(b"\r\n")
        if not body.startswith(b"\r\n", begin + size):
            return bytes(made), False
    return (bytes(made), False) if at else (body, True)


def _stream(make: Callable[[], _Reader], body: bytes, at: int, most: int) -> tuple[bytes, bool, int]:
    """Decode the stream that begins at a byte, as far as it goes: its content, whether it has an end, and where."""
    careful = len(body)
    while True:
        reader, made, place = make(), bytearray(), at
        try:
            while place < len(body) and not reader.ended and len(made) <= most:
                piece = body[place : place + (SLICE if place < careful else 1)]
                made += reader.feed(piece, most + 1 - len(made))
                place += len(piece) - reader.unused
        except ERRORS:
            if place >= careful:
                return bytes(made), False, place
            careful = place
        else:
            return bytes(made), reader.ended, place


def _members(make: Callable[[], _Reader], begin: bytes) -> Decoder:
    """A decoder of bodies that several streams may follow one another in, each with the same first bytes."""

    def decode(body: bytes, most: int) -> tuple[bytes, bool]:
        first, whole, at = _stream(make, body, 0, most)
        made = bytearray(first)
        while whole and len(made) <= most and body.startswith(begin, at):
            more, whole, at = _stream(make, body, at, most - len(made))
            made += more
        return bytes(made), whole

    return decode


def _inflate(body: bytes, most: int) -> tuple[bytes, bool]:
    made, whole, _ = _stream(lambda: _Zlib(zlib.MAX_WBITS), body, 0, most)
    if not whole and len(made) <= most:  # many servers send the bare stream (RFC 9110, 8.4.1.2)
        bare, ended, _ = _stream(lambda: _Zlib(-zlib.MAX_WBITS), body, 0, most)
        if ended or not made:
            return bare, ended
    return made, whole


def _unbrotli(body: bytes, most: int) -> tuple[bytes, bool]:
    return _stream(_Brotli, body, 0, most)[:2]


_gunzip = _members(lambda: _Zlib(zlib.MAX_WBITS | 16), GZIP)
DECODERS: dict[str, Decoder] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _members(_Zstd, ZSTD),
}
