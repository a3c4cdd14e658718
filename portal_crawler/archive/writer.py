"""WARC files, written by one thread while the crawl goes on."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from portal_crawler.archive import records
from portal_crawler.archive.feeds import PART, PartFile
from portal_crawler.archive.members import whole_members
from portal_crawler.archive.payloads import PayloadIndex
from portal_crawler.archive.records import Exchange, Original
from portal_crawler.items import Archived

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# Bytes that may wait to be written before the crawl waits for the disk.
QUEUE = 32 << 20
# A payload that is not larger than the headers of a revisit record is not worth one.
SMALL = 256
ENDING = ".warc.gz"


class CaptureWriter:
    """Writes exchanges as WARC/1.1, one gzip member a record, into files of a bounded size.

    A file bears ``.part`` behind its name while it is written. What a killed run has left under such a name is cut
    behind its last whole record and gets its name when the next run begins.

    Args:
        folder: Where the files are.
        name: What their names begin with.
        size: Bytes after which the next file is begun.
        about: What each file's warcinfo record says.
        index: SQLite file of the payloads archived so far; None: in memory.
        on_failure: Called in the writing thread with the file and the error, if it cannot be written.

    Attributes:
        files: The files that are complete.
        counts: What was written.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        size: int,
        about: dict[str, str],
        index: Path | None,
        on_failure: Callable[[Path, OSError], None],
    ) -> None:
        self.folder, self.name, self.size, self.about = folder, name, size, about
        self.on_failure = on_failure
        self.files: list[Path] = []
        self.counts = {"responses": 0, "revisits": 0, "rendered": 0, "failures": 0, "files": 0, "bytes": 0}
        self._index_path = index
        self._file: PartFile | None = None
        self._file_name = ""
        self._number = 0
        self._broken = False
        self._waiting: deque[tuple[Exchange, Archived | None] | Future[None] | None] = deque()
        self._size = 0
        self._change = threading.Condition()
        self._room: list[Future[None]] = []
        self._thread = threading.Thread(target=self._run, name=f"archive of {name}", daemon=True)
        self._thread.start()

    # In the crawl's thread

    async def put(self, exchange: Exchange, archived: Archived | None) -> None:
        """Hand an exchange over; waits while the disk is behind.

        Args:
            exchange: What was sent and received.
            archived: Gets the record's file and offset once they are known; None where no answer came.
        """
        if (room := self._hand_over((exchange, archived), exchange.size)) is not None:
            await asyncio.wrap_future(room)

    async def written(self, archived: Archived) -> None:
        """Wait until an exchange has its place in a file; if none can be written any more, it has none."""
        if archived.file:
            return
        done: Future[None] = Future()
        self._hand_over(done, 0)
        await asyncio.wrap_future(done)

    def sync(self) -> None:
        """Wait until all that was handed over stands on the disk.

        Raises:
            OSError: if the disk does not take it.
        """
        if not self._thread.is_alive():
            return
        done: Future[None] = Future()
        self._hand_over(done, 0)
        done.result()
        # The thread waits for the next exchange now, and only the caller's thread hands one over.
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Write what waits, and give the last file its name."""
        self._hand_over(None, 0)
        self._thread.join()

    def _hand_over(
        self, what: tuple[Exchange, Archived | None] | Future[None] | None, size: int
    ) -> Future[None] | None:
        with self._change:
            self._waiting.append(what)
            self._size += size
            self._change.notify()
            if self._size <= QUEUE:
                return None
            room: Future[None] = Future()
            self._room.append(room)
            return room

    # In the writing thread

    def _run(self) -> None:
        try:
            index = PayloadIndex(self._index_path, self.folder)
        except OSError as error:
            self._fail(OSError(0, f"{error.filename}: {error.strerror}"))
            self._drain()
            return
        try:
            recover(self.folder, self.name)
            while (task := self._next()) is not None:
                if isinstance(task, Future):
                    task.set_result(None)
                else:
                    self._keep(*task, index)
        except BaseException as error:
            logger.exception("The archive is not written any more")
            self._fail(OSError(0, f"{type(error).__name__}: {error}"))
            self._drain()
        finally:
            with suppress(OSError):
                self._finish()
            try:
                index.close()
            except sqlite3.OperationalError as error:  # what it has not kept is stored again
                logger.warning("The index of archived payloads could not be written: %s", error)

    def _next(self) -> tuple[Exchange, Archived | None] | Future[None] | None:
        with self._change:
            while not self._waiting:
                self._change.wait()
            task = self._waiting.popleft()
            if isinstance(task, tuple):
                self._size -= task[0].size
            room = self._room if self._size <= QUEUE // 2 else []
            if room:
                self._room = []
        for waiting in room:
            waiting.set_result(None)
        return task

    def _drain(self) -> None:
        """Nothing is written any more; nobody must wait for it."""
        while (task := self._next()) is not None:
            if isinstance(task, Future):
                task.set_result(None)

    def _keep(self, exchange: Exchange, archived: Archived | None, index: PayloadIndex) -> None:
        if self._broken:
            return
        try:
            file = self._open(index)
            start = file.tell()
            block, payload = self._block(exchange, archived, index)
            file.write(block)
            if archived is not None:
                self._note(exchange, archived, payload, start, index)
            self.counts["bytes"] += len(block)
            if file.tell() >= self.size:
                self._finish()
                index.commit()
        except OSError as error:
            self._fail(error)
        except sqlite3.OperationalError as error:  # the disk of the index is full
            self._fail(OSError(0, f"the index of payloads: {error}"))

    def _block(
        self, exchange: Exchange, archived: Archived | None, index: PayloadIndex
    ) -> tuple[bytes, Original | None]:
        """The bytes of an exchange's records, and the record that holds its payload, if that is another."""
        if archived is None:
            self.counts["failures"] += 1
            return b"".join(map(records.member, records.companions(exchange, None))), None
        payload = archived.payload_digest or records.digest(exchange.body)
        original = None
        if exchange.made_of is not None:
            self.counts["rendered"] += 1
            return records.member(records.conversion(exchange, archived.record_id, payload)), None
        if exchange.status == 304 and (last := index.last_of(exchange.url)):
            archived.payload_digest, original = last
        elif len(exchange.body) > SMALL and not exchange.truncated:
            original = index.find(payload)
        self.counts["revisits" if original else "responses"] += 1
        made = [records.answer(exchange, archived.record_id, payload, original)]
        made += records.companions(exchange, archived.record_id)
        return b"".join(map(records.member, made)), original

    def _note(
        self, exchange: Exchange, archived: Archived, original: Original | None, start: int, index: PayloadIndex
    ) -> None:
        """Tell where the record stands, and remember its payload."""
        if original is not None:
            archived.payload_file, archived.payload_offset = original.file, original.offset
        elif not exchange.made_of and len(exchange.body) > SMALL and not exchange.truncated and archived.payload_digest:
            date = records.stamp(exchange.date)
            here = Original(archived.record_id, records.target(exchange.url), date, self._file_name, start)
            index.add(archived.payload_digest, here)
        if exchange.status == 200 and archived.payload_digest:
            index.gave(exchange.url, archived.payload_digest)
        archived.offset = start
        archived.file = self._file_name  # last: who sees a file's name may rely on the rest

    def _open(self, index: PayloadIndex) -> PartFile:
        """The file to write to; a new one begins with its warcinfo record."""
        if self._file is not None:
            return self._file
        self.folder.mkdir(parents=True, exist_ok=True)
        file = None
        while file is None:
            self._number += 1
            name = f"{self.name}-{self._number:05}{ENDING}"
            file = _claimed(self.folder / name)
        self._file_name, self._file = name, file
        self._file.write(records.member(records.warcinfo(name, datetime.now(UTC), self.about)))
        index.opened(name)
        self.counts["files"] += 1
        return self._file

    def _finish(self) -> None:
        file, self._file = self._file, None
        if file is not None and self._broken:
            file.close()  # it keeps its .part: the next run looks what of it is whole
        elif file is not None:
            lock = os.dup(file.fileno())  # held until the file has its name, or another run might give it one
            try:
                file.complete()
            finally:
                os.close(lock)
            self.files.append(file.path)

    def _fail(self, error: OSError) -> None:
        if not self._broken:
            self._broken = True
            self.on_failure(self.folder / self._file_name, error)


def _claimed(path: Path) -> PartFile | None:
    """A new file that no other run writes, has written, or takes for a killed one's; None if one was quicker."""
    part = Path(f"{path}{PART}")
    try:
        file = PartFile(path)
    except FileExistsError:
        return None
    # Between the two steps another run's recover() may have taken it.
    mine = (_lock(file) or sys.platform == "win32") and _stands_at(file, part)
    if mine and not path.exists():
        return file
    if sys.platform == "win32":  # no name of an open file can be taken away there, and nobody else would take it
        file.close()
    if mine:
        part.unlink()  # while the lock is held: without it, the name may be another run's by now
    file.close()
    return None


def _stands_at(file: IO[bytes] | PartFile, path: Path) -> bool:
    """Whether an open file is the one that has a name now."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock(file: IO[bytes] | PartFile) -> bool:
    """Mark a file as being written, until it is closed or the process ends; False if another process has done so."""
    if sys.platform == "win32":
        return False  # what killed runs have left keeps its .part
    import fcntl  # noqa: PLC0415 - only there

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def recover(folder: Path, name: str) -> list[Path]:
    """Give names to the files that killed runs have left, cut behind their last whole record.

    Files that a living process writes are let be: it holds a lock on them.

    Args:
        folder: Where they are.
        name: What their names begin with, up to the time of a run.

    Returns:
        The files.
    """
    found = []
    portal = name.rpartition("-")[0] or name
    for path in sorted(folder.glob(f"{portal}-*{ENDING}{PART}")):
        try:
            file = path.open("r+b")
        except FileNotFoundError:  # a living run has finished it since
            continue
        with file:
            if not _lock(file) or not _stands_at(file, path):
                continue
            end = whole_members(file)
            lost = path.stat().st_size - end
            file.truncate(end)
            if not end:  # not even its first record is whole
                path.unlink()
                continue
            whole = path.with_name(path.name.removesuffix(PART))
            path.replace(whole)  # while the lock is held, or two runs would do so
        logger.warning("%s was left by a run that was killed; %d bytes of a broken record were cut off", whole, lost)
        found.append(whole)
    return found
