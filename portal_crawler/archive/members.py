"""Gzip members (RFC 1952): a WARC file has one for each record."""

from __future__ import annotations

import zlib
from typing import IO

# Bytes that are read, and unpacked, in one step.
STEP = 1 << 18


def whole_members(file: IO[bytes]) -> int:
    """Where the last whole gzip member of a file ends, in bytes from its beginning.

    Memory is bounded, whatever the members unpack to.
    """
    file.seek(0)
    end = place = 0
    reader = zlib.decompressobj(wbits=31)
    rest = b""
    while True:
        chunk = rest or file.read(STEP)
        if not chunk:
            return end
        try:
            reader.decompress(chunk, STEP)
        except zlib.error:
            return end
        rest = reader.unused_data if reader.eof else reader.unconsumed_tail
        place += len(chunk) - len(rest)
        if reader.eof:
            end = place
            reader = zlib.decompressobj(wbits=31)
