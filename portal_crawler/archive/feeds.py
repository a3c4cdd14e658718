"""Files that look complete only when they are."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast
from urllib.parse import unquote, urlsplit

from scrapy.exceptions import CloseSpider
from scrapy.exporters import JsonLinesItemExporter
from scrapy.extensions.feedexport import FeedExporter, FileFeedStorage
from scrapy.utils.defer import deferred_from_coro

from portal_crawler.items import Article, Gone, Rejected, as_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scrapy import Spider
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

PART = ".part"
# Behind the name of a file as it was before it was cut back.
CUT = ".cut"
# Scrapy's reason for closing a spider whose files cannot be written.
EXPORT_FAILED = "export_failed"
# How a run is named, by the time at which it began.
RUN_NAME = "%Y-%m-%dT%H-%M-%SZ"
# Signal: a file cannot be written, so that what the run has exported is not all that it has taken for exported.
export_failed = object()
# Endings of files that are whole after each of their lines.
LINES = (".jsonl", ".jl", ".jsonlines", ".ndjson", ".csv")
# Turns of the event loop that items in the pipelines are given to leave them.
PATIENCE = 10_000


def uri_params(params: dict[str, Any], spider: Spider) -> dict[str, Any]:
    """Add ``%(run)s``, the UTC time of the run, to the placeholders of a feed's address (``FEED_URI_PARAMS``)."""
    run = getattr(spider, "run_id", None) or datetime.now(UTC).strftime(RUN_NAME)
    return {**params, "run": run}


def feed_files(crawler: Crawler) -> list[Path]:
    """The files on this machine that a run's feeds are written to; Scrapy forgets them when it closes them."""
    exporter = crawler.get_extension(FeedExporter)
    found = []
    for slot in exporter.slots if exporter is not None else ():
        parts = urlsplit(slot.uri)
        if parts.scheme == "file":
            found.append(Path(unquote(parts.path)))
        elif len(parts.scheme) < 2:  # none, or the letter of a drive
            found.append(Path(slot.uri))
    return found


class RecordLines(JsonLinesItemExporter):
    """Scrapy's JSON Lines, which spends more time on turning an article into a record than the rest of the pipeline."""

    def get_serialized_fields(
        self, item: Any, default_value: Any = None, include_empty: bool | None = None
    ) -> Iterable[tuple[str, Any]]:
        """All fields of one of our items at once; of other items, or if the feed names its fields, as Scrapy does."""
        if self.fields_to_export is None and isinstance(item, (Article, Gone, Rejected)):
            return as_record(item).items()
        return super().get_serialized_fields(item, default_value, include_empty)


class LineFile(io.FileIO):
    """A file whose every write reaches the system in one piece or not at all.

    It has no buffer, so that a killed process leaves whole lines; what a full disk has cut off is taken back.

    Attributes:
        broken: The error that a write failed with; what was to be written then is lost.
        on_failure: Called with that error.
    """

    broken: OSError | None = None
    on_failure: Callable[[OSError], None] | None = None

    def write(self, data: Any, /) -> int:
        """Write all of ``data``; to a file that is broken already, nothing more is written.

        Raises:
            OSError: if it cannot be written and nobody is told by ``on_failure``. The file ends where it ended before.
        """
        rest = memoryview(data)
        size = rest.nbytes
        if self.broken is not None:
            return size
        before = self.seek(0, os.SEEK_END)
        try:
            while rest:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.broken = error
            with suppress(OSError):  # what is no plain file has nothing to take back
                self.truncate(before)
            if self.on_failure is None:
                raise
            self.on_failure(error)
        return size


class PartFile(LineFile):
    """A file that bears ``.part`` behind its name until :meth:`complete` is called.

    Args:
        path: The name that it gets in the end.
        overwrite: Whether a ``.part`` file that another run has left is written over.

    Raises:
        FileExistsError: if there is such a file and ``overwrite`` is false.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(f"{path}{PART}", "w" if overwrite else "x")
        self.path = path

    def complete(self) -> None:
        """Close the file and give it its name, once its bytes are on the disk.

        Raises:
            OSError: if a write has failed: the file keeps its ``.part``.
        """
        if not self.closed:
            os.fsync(self.fileno())
            self.close()
        if self.broken is not None:
            raise OSError(self.broken.errno, f"it is not complete ({self.broken.strerror})", f"{self.path}{PART}")
        Path(f"{self.path}{PART}").replace(self.path)


def recover(path: Path, size: int, *, clean: bool) -> bool:
    """Give a file that an earlier run has left as ``.part`` its name, with what counts of it.

    Args:
        path: The name that it should have got.
        size: How many of its bytes count; the next run writes the others again.
        clean: Whether that run came to its end: then nothing was written since, and a finished file is left alone.

    Returns:
        Whether there is such a file with something in it.
    """
    part = Path(f"{path}{PART}")
    if part.exists() and path.suffix not in LINES:
        logger.warning("%s was left by a run that was killed; its format has an end, which it lacks", part)
    elif part.exists() and not size:
        part.unlink()
    elif part.exists():
        os.truncate(part, min(size, part.stat().st_size))
        part.replace(path)
        logger.info("%s was left by a run that was killed: %d bytes of it count", path, size)
    elif path.exists() and not clean and path.stat().st_size > size:
        # The state could not be written, or an old copy of it has been put back: then articles may be gone since.
        kept = _set_aside(path, size)
        logger.warning("%s: cut back to the %d bytes that the state knows of; all of it is in %s", path, size, kept)
    return not clean and size > 0 and path.exists()


def _set_aside(path: Path, size: int) -> Path:
    """Cut a file back, and keep it as it was under another name; if that is taken, it is by what was kept before."""
    kept, part = Path(f"{path}{CUT}"), Path(f"{path}{CUT}{PART}")
    if not kept.exists():
        shutil.copy2(path, part)
        part.replace(kept)
    os.truncate(path, size)
    return kept


def stop(crawler: Crawler, path: Path, error: OSError) -> None:
    """Close a spider whose articles or rejects cannot be kept: crawling on would be for nothing."""
    logger.error("%s: %s; the crawl is stopped", path, error.strerror or error)
    crawler.signals.send_catch_log(export_failed)
    deferred_from_coro(_close(crawler))


def _running(crawler: Crawler) -> bool:
    try:
        return crawler.engine is not None
    except RuntimeError:  # Scrapy's answer while there is no engine
        return False


async def _close(crawler: Crawler) -> None:
    """Close the spider once no item is in the pipelines.

    Scrapy 2.19 looks for the end of a spider's work after responses only: an item that ``start()`` has given (every
    item of a replay) and that is still in the pipelines when closing begins would be waited for without end.
    """
    engine = crawler.engine
    assert engine is not None
    for _ in range(PATIENCE):
        if engine.scraper.slot is None or not engine.scraper.slot.itemproc_size:
            break
        await asyncio.sleep(0)
    await engine.close_spider_async(reason=EXPORT_FAILED)


class PartFileStorage(FileFeedStorage):
    """Scrapy's feed storage for local files, but for ``.part`` behind the name until the feed is closed.

    A feed that is appended to an existing file (``-o``) is written to that file, as Scrapy does: it has a name already.

    Raises:
        CloseSpider: if the folder cannot be written to, or a ``.part`` file is in the way.
    """

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None, crawler: Crawler | None = None) -> None:
        super().__init__(uri, feed_options=feed_options)
        self.crawler = crawler
        self.file_path = Path(self.path)
        # What a killed run had been told to overwrite, the run that goes on with its crawl must not.
        recovered = getattr(getattr(crawler, "spider", None), "recovered", ())
        taken_up = str(self.file_path.absolute()) in recovered
        self.appends = (self.write_mode == "ab" or taken_up) and self.file_path.exists()
        if crawler is None or not _running(crawler):
            return  # before a crawl Scrapy tries its storages, with their placeholders
        try:
            self._look()
        except OSError as error:
            # Scrapy opens a feed with its first item, and would then lose one item after the other.
            logger.error("%s: %s", error.filename or self.path, error.strerror)  # noqa: TRY400 - the cause is in it
            raise CloseSpider(EXPORT_FAILED) from None

    @classmethod
    def from_crawler(cls, crawler: Crawler, uri: str, *, feed_options: dict[str, Any] | None = None) -> Self:
        """Make the storage of a crawl."""
        return cls(uri, feed_options=feed_options, crawler=crawler)

    def _look(self) -> None:
        """Make the folder and see whether the file can be made in it."""
        self.file_path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(f"{self.file_path}{PART}")
        if self.write_mode != "wb" and not self.appends and part.exists():
            why = "it was left by a run that was killed, or is being written: keep, rename or delete it first"
            raise FileExistsError(17, why, str(part))
        place = self.file_path if self.appends else self.file_path.parent
        if not os.access(place, os.W_OK):
            raise PermissionError(13, "no permission to write", str(place))

    def open(self, spider: Spider) -> IO[bytes]:  # noqa: ARG002 - Scrapy's signature
        """Open the feed's file."""
        file: LineFile
        try:
            if self.appends:
                file = LineFile(self.path, "a")
            else:
                file = PartFile(self.file_path, overwrite=self.write_mode == "wb")
        except OSError as error:
            self._stop(error)
            raise
        file.on_failure = self._stop
        return cast("IO[bytes]", file)

    def _stop(self, error: OSError) -> None:
        if self.crawler is not None:
            stop(self.crawler, self.file_path, error)

    def store(self, file: IO[bytes]) -> None:
        """Close the feed's file and give it its name.

        Raises:
            OSError: if it is not complete; Scrapy counts it as ``feedexport/failed_count/PartFileStorage``.
        """
        if isinstance(file, PartFile):
            file.complete()
        else:
            file.close()
