"""Zstandard frames (RFC 8878) as one stream: a ``.warc.zst`` has one for each record, most often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal_crawler.archive.codings import ZSTD, zstd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Report = Callable[[str, str], None]

STEP = 1 << 16
# What fills up a file, and is no loss.
PADDING = b"\0\r\n "


class Frames:
    """A stream of frames, unpacked while it is read; places in it are of what comes out.

    Behind a damaged frame it goes on with the next that begins as one.

    Args:
        stream: The file, at its beginning.
        dictionary: What the frames are packed with, if they are with any.
        name: Of the file.
        report: Called with name, place and cause for each damage, once.

    Attributes:
        gaps: Places before which a damaged frame stood.
    """

    def __init__(self, stream: Any, dictionary: Any, name: Path, report: Report) -> None:
        self._stream, self._dictionary, self._name, self._report = stream, dictionary, name, report
        self._told: set[int] = set()
        self.gaps: set[int] = set()
        self._rewind()

    def _rewind(self) -> None:
        self._stream.seek(0)
        self._frame = self._place = 0
        self._reader: Any = None
        self._input = self._ready = b""
        self._damage: Exception | None = None
        self._within = False  # whether something of the frame has come out

    def read(self, size: int = -1) -> bytes:
        """As much as is there, ``size`` bytes at most; nothing at the end, and before a damaged frame.

        Who reads does not come past a damaged frame but by going to a place: else what stands before and what stands
        behind would be taken for one record.

        Raises:
            zstd.ZstdError: in the midst of a damaged frame.
        """
        try:
            if self._damage is not None:
                raise self._damage
            self._ready = self._ready or self._unpacked()
        except zstd.ZstdError:
            if self._within:
                raise
            return b""
        end = len(self._ready) if size < 0 else size
        data, self._ready = self._ready[:end], self._ready[end:]
        self._place += len(data)
        return data

    def tell(self) -> int:
        """Where it is read next."""
        return self._place

    def seek(self, place: int) -> int:
        """Go to a place, or to the end; where damage stands there, behind it."""
        if place < self._place:
            self._rewind()
        while True:
            self._damage = None
            try:
                while self._place < place and self.read(place - self._place):
                    pass
                self._ready = self._ready or self._unpacked()
            except zstd.ZstdError:
                continue
            if self._damage is None:
                return self._place

    def close(self) -> None:
        """The stream below is closed by who has opened it."""

    def _unpacked(self) -> bytes:
        """What comes out next, of whichever frame; nothing at the end of the file."""
        while True:
            data = b""
            if self._reader is None or self._reader.needs_input:
                data, self._input = self._input or self._stream.read(STEP), b""
                if self._reader is None and not data:
                    return b""
            if self._reader is None:
                self._reader, self._within = zstd.ZstdDecompressor(self._dictionary), False
            try:
                if not data and self._reader.needs_input:
                    raise zstd.ZstdError("it breaks off")  # noqa: TRY301 - damage as any other
                made: bytes = self._reader.decompress(data, STEP)
            except zstd.ZstdError as error:
                self._pass_over(error)
                continue
            if self._reader.eof:
                self._input, self._reader = self._reader.unused_data, None
                self._frame = self._stream.tell() - len(self._input)
            if made:
                self._within = True
                return made

    def _pass_over(self, error: Exception) -> None:
        """Go to the next frame behind one that cannot be unpacked.

        Raises:
            zstd.ZstdError: unless it is padding.
        """
        begin, self._frame, padded = self._frame, *self._next_frame()
        self._reader, self._input = None, b""
        self._stream.seek(self._frame)
        if padded:
            return
        if begin not in self._told:
            self._told.add(begin)
            self._report(
                str(self._name), f"damaged: its bytes {begin:,} to {self._frame:,} cannot be unpacked: {error}"
            )
        self.gaps.add(self._place)
        self._damage = error
        raise error

    def _next_frame(self) -> tuple[int, bool]:
        """Where the next frame begins, or the file ends; and whether nothing but padding stands before."""
        place, first, window, padded = self._frame, 1, b"", True
        self._stream.seek(place)
        while block := self._stream.read(STEP):
            window += block
            found = window.find(ZSTD, first)
            padded = padded and not window[: found if found >= 0 else None].strip(PADDING)
            if found >= 0:
                return place + found, padded
            place, window, first = place + len(window) - len(ZSTD), window[-len(ZSTD) :], 0
        return place + len(window), padded
