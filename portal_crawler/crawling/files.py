"""The files and pictures of articles: fetched as politely as pages, stored once by their SHA-256."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy.http.request import NO_CALLBACK

from portal_crawler.crawling.failures import failure_reason
from portal_crawler.crawling.scope import FOR_PAGE
from portal_crawler.extraction.documents import ENDINGS, HTML, READABLE, media_type
from portal_crawler.items import Article

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from portal_crawler.items import Attachment, Image

logger = logging.getLogger(__name__)

# How many files' records are remembered: one notice is often offered by several articles in a row.
REMEMBERED = 500
READERS = 2


class FetchFiles:
    """Item pipeline: fetches an article's attachments and pictures, if the spider was asked to.

    A file that cannot be had costs the article nothing: its ``error`` says why.

    Settings:
        PORTAL_FILES: Folder of the files, with the placeholders of feeds.
        PORTAL_FILE_MEGABYTES: The largest file that is fetched.
        PORTAL_DOCUMENT_SECONDS, PORTAL_DOCUMENT_MEGABYTES: What reading one document may use.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        settings = crawler.settings
        self.template = settings.get("PORTAL_FILES", "exports/%(name)s/files")
        self.largest = settings.getint("PORTAL_FILE_MEGABYTES", 64) << 20
        self.seconds = settings.getint("PORTAL_DOCUMENT_SECONDS", 60)
        self.megabytes = settings.getint("PORTAL_DOCUMENT_MEGABYTES", 2048)
        self._known: OrderedDict[tuple[str, bool], asyncio.Future[dict[str, Any]]] = OrderedDict()
        self._readers = asyncio.Semaphore(READERS)
        self._warned = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> FetchFiles:
        """Make the pipeline."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Fetch what the spider's ``attachments`` and ``images`` ask for."""
        if not isinstance(item, Article):
            return item
        spider = self.crawler.spider
        asked: list[tuple[bool, Sequence[Attachment | Image]]] = [
            (getattr(spider, "attachments", False), item.attachments),
            (getattr(spider, "images", False), item.images),
        ]
        for wanted, files in asked:
            for file in files if wanted else ():
                for name, value in (await self._once(file.url, picture=files is item.images)).items():
                    setattr(file, name, value)
        return item

    async def _once(self, url: str, *, picture: bool) -> dict[str, Any]:
        """The record of a file, which is fetched once."""
        key = (url, picture)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = asyncio.ensure_future(self._record(url, picture=picture))
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return await known

    async def _record(self, url: str, *, picture: bool) -> dict[str, Any]:
        what = "images" if picture else "attachments"
        try:
            body = await self._fetch(url)
            kind = _expected(body, picture=picture)
            record = self._store(body, kind)
        except (NoFileError, OSError) as error:
            self._count(f"{what}/failed")
            return {"error": f"not_kept: {error}" if isinstance(error, OSError) else str(error)}
        self._count(f"{what}/stored")
        if not picture and kind in READABLE:
            record |= await self._text(body)
        return record

    async def _fetch(self, url: str) -> bytes:
        engine = self.crawler.engine
        assert engine is not None
        meta = {"download_maxsize": self.largest, FOR_PAGE: True}
        try:
            response: Response = await engine.download_async(scrapy.Request(url, callback=NO_CALLBACK, meta=meta))
        except Exception as error:
            # Whatever goes wrong between here and a stranger's server is a file's failure, not the article's.
            reason, said = failure_reason(error) or ("error", type(error).__name__)
            if reason == "error":
                logger.exception("%s", url)
            raise NoFileError(f"{reason}: {error or said}"[:300]) from error
        if response.status != 200:
            raise NoFileError(f"http_error: HTTP {response.status}")
        if "truncated" in response.flags:
            raise NoFileError("truncated: the answer broke off")
        if not response.body:
            raise NoFileError("empty_body: the server sent nothing")
        return response.body

    def _store(self, body: bytes, kind: str) -> dict[str, Any]:
        """Keep a file under its digest: no name that a server or a page gives becomes a path."""
        digest = hashlib.sha256(body).hexdigest()
        folder = Path(self.template % {"name": getattr(self.crawler.spider, "name", "")})
        path = folder / digest[:2] / f"{digest}{ENDINGS.get(kind, '.bin')}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(body)
            part.replace(path)
        relative = f"{folder.name}/{digest[:2]}/{path.name}"
        return {"sha256": digest, "bytes": len(body), "content_type": kind, "path": relative}

    async def _text(self, body: bytes) -> dict[str, Any]:
        """What a document says, read in a process of its own: a crash, a bomb or a loop ends there."""
        async with self._readers:
            answer = await asyncio.to_thread(read_apart, body, self.megabytes, self.seconds)
        if answer.get("error") == "no_reader" and not self._warned:
            self._warned = True
            logger.warning("Documents are kept but not read: pip install 'portal-crawler[documents]'")
        if "error" in answer:
            self._count("attachments/unread")
        elif answer["scanned"]:
            self._count("attachments/scanned")
        return answer

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)


class NoFileError(Exception):
    """A file that could not be had; its message begins with the reason."""


def _expected(body: bytes, *, picture: bool) -> str:
    kind = media_type(body)
    if kind == HTML or (picture and not kind.startswith("image/")):
        raise NoFileError(f"not_a_file: {kind}")
    return kind


def read_apart(body: bytes, megabytes: int, seconds: int) -> dict[str, Any]:
    """The text of a document as ``extraction.documents`` prints it, or ``error``; never raises for a bad document.

    Args:
        body: The file.
        megabytes: Memory that its reader may use.
        seconds: Time that it may take.
    """
    command = [sys.executable, "-m", "portal_crawler.extraction.documents", str(megabytes), str(seconds)]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and nothing of the page's in the command
            command, input=body, capture_output=True, timeout=seconds + 5, check=False, start_new_session=True
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"error": f"unreadable: no end in {seconds} s"}
    except ValueError:
        return {"error": f"unreadable: the reader ended with {done.returncode}"}
    return answer
