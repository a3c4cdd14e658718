"""Files that look complete only when they are."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from scrapy.extensions.feedexport import FileFeedStorage

if TYPE_CHECKING:
    from scrapy import Spider

PART = ".part"


def uri_params(params: dict[str, Any], spider: Spider) -> dict[str, Any]:
    """Add ``%(run)s``, the UTC time of the run, to the placeholders of a feed's address (``FEED_URI_PARAMS``)."""
    run = getattr(spider, "run_id", None) or datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    return {**params, "run": run}


def open_part(path: Path, *, overwrite: bool = False) -> IO[bytes]:
    """Open ``path`` with ``.part`` behind its name, for writing a line at a time.

    The file is not buffered: a line handed over in one piece reaches the system in one piece, so that a killed process
    leaves whole lines.

    Raises:
        FileExistsError: if another run writes that file and ``overwrite`` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(f"{path}{PART}").open("wb" if overwrite else "xb", buffering=0)


def complete(file: IO[bytes], path: Path) -> None:
    """Close a file that :func:`open_part` opened and give it its name, once its bytes are on the disk."""
    if not file.closed:
        file.flush()
        os.fsync(file.fileno())
        file.close()
    os.replace(f"{path}{PART}", path)


class PartFileStorage(FileFeedStorage):
    """Scrapy's feed storage for local files, but for ``.part`` behind the name until the feed is closed.

    A feed that is appended to an existing file (``-o``) is written to that file, as Scrapy does: it has a name already.
    """

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        super().__init__(uri, feed_options=feed_options)
        self.appends = self.write_mode == "ab" and Path(self.path).exists()

    def open(self, spider: Spider) -> IO[bytes]:
        """Open the feed's file."""
        if self.appends:
            return super().open(spider)
        return open_part(Path(self.path), overwrite=self.write_mode == "wb")

    def store(self, file: IO[bytes]) -> None:
        """Close the feed's file and give it its name."""
        if self.appends:
            file.close()
        else:
            # With post-processing (compression) the file is a wrapper that closes what it wraps.
            if not hasattr(file, "fileno"):
                file.close()
            complete(file, Path(self.path))
