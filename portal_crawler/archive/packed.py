"""WARC and ARC files as streams of records, however they are packed."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warcio.exceptions import ArchiveLoadFailed

from portal_crawler.archive.codings import ZSTD, zstd
from portal_crawler.archive.frames import Frames
from portal_crawler.archive.loader import BOM, BROKEN, Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Report = Callable[[str, str], None]

WACZ = ".wacz"
ENDINGS = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
INSIDE = "archive/"
# What a damaged pack raises while it is unpacked.
DAMAGED = (OSError, EOFError, zlib.error, zstd.ZstdError, zipfile.BadZipFile)
GZIP = b"\x1f\x8b"
# The frame that may hold the dictionary of all others ("Zstandard compression of WARC files", IIPC): 0x184D2A5D.
DICTIONARY = b"\x5d\x2a\x4d\x18"
LONGEST_DICTIONARY = 16 << 20
STEP = 1 << 16
ZIP = b"PK\x03\x04"
# How records begin: those of WARC files, and the first one of an ARC file.
RECORDS = (b"WARC/", b"filedesc:")


class Unpacked:
    """A stream whose records are not packed one by one, unpacked while it is read; places in it are of what comes out.

    Args:
        file: What unpacks it.
        name: Of the file.
        report: Called with name and cause where it cannot be unpacked any further; there it ends.
    """

    def __init__(self, file: Any, name: Path, report: Report) -> None:
        self._file, self._name, self._report = file, name, report
        self._told = False

    def read(self, size: int = -1) -> bytes:
        """As much as is there, ``size`` bytes at most; nothing at the end."""
        try:
            data: bytes = self._file.read1(size)
        except DAMAGED as error:
            if not self._told:
                self._report(str(self._name), f"it cannot be unpacked behind byte {self.tell():,}: {error}")
            self._told = True
            return b""
        return data

    def tell(self) -> int:
        """Where it is read next."""
        return int(self._file.tell())

    def seek(self, place: int) -> int:
        """Go to a place; to the last that can be had, if it is damaged before."""
        try:
            return int(self._file.seek(place))
        except DAMAGED:
            return self.tell()

    def close(self) -> None:
        """The stream below is closed by who has opened it."""
        self._file.close()


def is_capture(path: Path) -> bool:
    """Whether a file is a WARC, ARC or WACZ file, by how it begins, whatever it is called.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        begin = file.read(max(map(len, RECORDS)))
        file.seek(0)
        try:
            if begin.startswith(ZIP):
                with zipfile.ZipFile(file) as pack:
                    return any(map(_is_inside, pack.namelist()))
            if begin.startswith(GZIP):
                begin = gzip.GzipFile(fileobj=file).read(STEP).lstrip()
            elif begin.startswith((ZSTD, DICTIONARY)):
                with zstd.ZstdFile(file, zstd_dict=_dictionary(file)) as unpacking:
                    begin = unpacking.read(STEP)
        except (ValueError, NotImplementedError, *DAMAGED):
            return False
    return begin.removeprefix(BOM).startswith(RECORDS)


def _is_inside(name: str) -> bool:
    """Whether a member of a WACZ file is a WARC file."""
    return name.startswith(INSIDE) and name.lower().endswith(ENDINGS)


def streams(path: Path, report: Report) -> Iterator[tuple[Any, Path]]:
    """The WARC files that a file is or holds, each with its name, open until the next is asked for.

    Args:
        path: A WARC, ARC or WACZ file.
        report: Called with name and cause if it cannot be read, or not to its end.

    Raises:
        OSError: if it cannot be opened.
    """
    with path.open("rb") as stream:
        begin = stream.read(len(ZIP))
        if not begin:
            report(str(path), "it is empty")
            return
        if path.suffix.lower() != WACZ and begin != ZIP:
            stream.seek(0)
            yield unpacked(stream, path, report), path
            return
    try:
        with zipfile.ZipFile(path) as pack:
            names = sorted(filter(_is_inside, pack.namelist()))
            if not names:
                report(str(path), f"there is no WARC file in it ({INSIDE})")
            for inside in names:
                name = path / Path(inside).name
                try:
                    with pack.open(inside) as stream:
                        yield unpacked(Unpacked(stream, name, report), name, report), name
                except (NotImplementedError, RuntimeError) as error:  # a method that nobody knows, or a password
                    report(str(name), f"it cannot be unpacked: {error}")
    except zipfile.BadZipFile as error:
        report(str(path), f"it is no WACZ file that can be read: {error}; records are looked for in it")
        with path.open("rb") as stream:
            yield stream, path


def holders(folder: Path, report: Report) -> dict[str, list[Path]]:
    """The WARC files of a folder and of those below it, by name: each with the files that are or hold one of that name.

    Args:
        folder: The folder.
        report: Called with name and cause of what calls itself a WACZ file and cannot be read; it holds none.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        names = {path.name} if path.name.lower().endswith(ENDINGS) else set()
        if path.suffix.lower() == WACZ:
            try:
                with zipfile.ZipFile(path) as pack:
                    names = {Path(inside).name for inside in pack.namelist() if inside.startswith(INSIDE)}
            except (zipfile.BadZipFile, OSError) as error:
                report(str(path), f"it cannot be read: {getattr(error, 'strerror', None) or error}")
        for name in names:
            found.setdefault(name, []).append(path)
    return found


def named(path: Path, name: str) -> Iterator[Any]:
    """The WARC files of a name that a file is or holds, each open until the next is asked for.

    Raises:
        OSError: if it cannot be opened.
    """
    for stream, inside in streams(path, _silent):
        if inside.name == name:
            yield stream


def _silent(*_: str) -> None:
    """What cannot be read is told by who reads it."""


def unpacked(stream: Any, name: Path, report: Report) -> Any:
    """A stream of records: itself, if they are not packed or each is a gzip member, else what unpacks it as a whole.

    Args:
        stream: The file, at its beginning.
        name: What it is called.
        report: Called with name and cause where it cannot be unpacked any further.
    """
    begin = stream.read(4)
    stream.seek(0)
    if begin.startswith(GZIP) and _is_one(stream):
        return Unpacked(gzip.GzipFile(fileobj=stream), name, report)
    if begin in (ZSTD, DICTIONARY) or (name.suffix.lower() == ".zst" and not begin.startswith((GZIP, RECORDS[0][:4]))):
        try:
            return Frames(stream, _dictionary(stream), name, report)
        except (ValueError, *DAMAGED) as error:
            report(str(name), f"the dictionary that it is packed with cannot be read: {error}")
            return io.BytesIO()
    return stream


def _is_one(stream: Any) -> bool:
    """Whether gzip members and records do not go together: the first holds several, or less than one."""
    records = Records(stream)
    try:
        first = next(records).raw_stream
        while first.read(STEP):
            pass
        if getattr(first, "limit", 0) > 0:
            return True
        next(records)
    except ArchiveLoadFailed as error:
        return "non-chunked" in str(error)
    except (StopIteration, *BROKEN):
        return False  # read as it is, and told where it is damaged
    finally:
        stream.seek(0)
    return False


def _dictionary(stream: Any) -> Any:
    """The dictionary of a ``.warc.zst``, from its first frame; None if it has none."""
    head = stream.read(8)
    size = int.from_bytes(head[4:], "little")
    data = stream.read(size) if head.startswith(DICTIONARY) and size <= LONGEST_DICTIONARY else b""
    stream.seek(0)
    if not head.startswith(DICTIONARY):
        return None
    if data.startswith(ZSTD):
        data = zstd.ZstdDecompressor().decompress(data, LONGEST_DICTIONARY)
    return zstd.ZstdDict(data)
