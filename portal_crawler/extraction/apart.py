"""Extraction in a process of its own, so that a crawl of a fast server uses more than one core.

Both ends of the pipe stand here. What goes through it are pickles behind their length: a capture one way, what was read
from it the other. A page that brings the process down, or to which it finds no end, costs itself alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import re
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from portal_crawler.extraction.article import extract, rejected
from portal_crawler.extraction.contents import content_of
from portal_crawler.extraction.page import PageError, parse_page
from portal_crawler.extraction.spam import gambling_spam
from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.items import Article, Capture, Rejected

if TYPE_CHECKING:
    from portal_crawler.extraction.article import Portal
    from portal_crawler.extraction.template import Template

logger = logging.getLogger(__name__)

LENGTH = struct.Struct(">Q")
# A template is told again once it has seen so many times more pages.
GROWN = 1.2
# Bytes in a pipe to a process; more is not allowed to everyone.
PIPE = 1 << 20
# Seconds from the end of a process's pipe to its own.
ENDING = 5.0
# Times what a page may take, after which a process ends by itself: the crawl that would end it has been killed.
ALONE = 2
HREF = re.compile(r'href="([^"]*)"')


@dataclass(slots=True)
class Site:
    """What extraction may know of a spider (see :class:`.article.Portal`), without the spider."""

    name: str
    province: str | None
    department: str | None
    wrappers: tuple[Wrapper, ...]
    template: Template | None


@dataclass(slots=True)
class Extracted:
    """What was read from a page.

    Attributes:
        found: The article, or why there is none; None if extraction failed.
        content: What the page says, as a number (:func:`.contents.content_of`), if that was asked for.
        error: The exception that extraction failed with, as text.
    """

    found: Article | Rejected | None
    content: int | None = None
    error: str = ""


class ReaderError(Exception):
    """A page that brought its reader down; the message says how."""


def read(capture: Capture, portal: Portal) -> Extracted:
    """What a page says, as a number, and its article; an error of ours is told, not raised.

    A planted advertisement for gambling is no article of the portal: it is a reject with the reason ``spam``.
    """
    try:
        content = content_of(parse_page(capture), capture.link_text) if capture.unread else None
    except PageError:
        content = None
    try:
        found = extract(capture, portal)
        if isinstance(found, Article) and (evidence := _advertises(found)) is not None:
            found = rejected(capture, portal, "spam", f"{found.url}: {evidence}")
        return Extracted(found, content)
    except Exception as error:  # a bug met on one page costs that page alone, and says so
        logger.exception("Extraction failed on %s", capture.url)
        return Extracted(None, content, f"{type(error).__name__}: {error}")


def _advertises(article: Article) -> str | None:
    return gambling_spam(article.title or "", article.text, article.url, HREF.findall(article.html))


class Reader:
    """A process that reads one page after the other; it begins with the first, and again after one that ended it.

    Args:
        seconds: Time that one page may take.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._process: asyncio.subprocess.Process | None = None
        self._told = -1
        self._beginning = asyncio.Lock()
        # Answers come in the order of the jobs, and whoever waits for this lock gets it in the order of asking.
        self._turn = asyncio.Lock()

    async def read(self, capture: Capture, portal: Portal) -> Extracted:
        """As :func:`read`.

        Several pages may be handed over at once: the next one is there when the process has done with one, however long
        the crawl takes to look after the answer. A page that ends the process costs none that wait behind it.

        Args:
            capture: The page; its parsed tree stays behind.
            portal: What is known of the site.

        Raises:
            ReaderError: if the process came to its end over the page, or to none in time.
        """
        job = pickle.dumps(_without_trees(capture), protocol=5)
        while True:
            if (found := await self._try(job, portal)) is not None:
                return found

    async def _try(self, job: bytes, portal: Portal) -> Extracted | None:
        """Hand a page over and wait for its turn; None if the process has ended before that."""
        async with self._beginning:
            process = await self._begun()
        self._tell_of(portal, process)
        _write(process, job)
        try:
            async with self._turn:
                return await self._answer(process) if process is self._process else None
        except asyncio.CancelledError:
            await self.end()  # an answer that nobody waits for would be taken for the next one
            raise

    async def _answer(self, process: asyncio.subprocess.Process) -> Extracted | None:
        """The answer that comes next; None if the process was ended for another page's sake."""
        try:
            async with asyncio.timeout(self.seconds):
                return await _answer(process)
        except TimeoutError as error:
            await self.end()
            raise ReaderError(f"no end in {self.seconds:g} s") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            if process is not self._process:
                return None
            # It is ending: to kill it before it has would hide with what.
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), ENDING)
            code = await self.end()
            raise ReaderError(f"its process ended with {code}") from error

    async def _begun(self) -> asyncio.subprocess.Process:
        if self._process is None:
            pipe = asyncio.subprocess.PIPE
            command = (sys.executable, "-c", f"from {__name__} import main; main({ALONE * self.seconds})")
            # Ctrl-C is for the crawl; the process ends with its pipe, however the crawl ends.
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, start_new_session=True, limit=2**20
            )
            self._told = -1
            _widen(self._process)
        return self._process

    def _tell_of(self, portal: Portal, process: asyncio.subprocess.Process) -> None:
        """Tell of the site, and again when its template has grown."""
        pages = portal.template.pages if portal.template is not None else 0
        if self._told < 0 or pages > GROWN * self._told:
            self._told = pages
            site = Site(portal.name, portal.province, portal.department, portal.wrappers, portal.template)
            _write(process, pickle.dumps(site, protocol=5))

    async def end(self) -> int | None:
        """End the process; returns its exit code, if there was one."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            process.kill()
        return await process.wait()


def _without_trees(capture: Capture) -> Capture:
    return replace(capture, page=None, parts=[replace(part, page=None) for part in capture.parts])


def _widen(process: asyncio.subprocess.Process) -> None:
    """Let the pipe to a process hold several pages: Linux' holds 64 kB at first, and the rest would wait for us."""
    assert process.stdin is not None
    pipe = process.stdin.transport.get_extra_info("pipe")
    with suppress(ImportError, AttributeError, OSError):  # another system, no pipe, or too many wide ones already
        import fcntl  # noqa: PLC0415 - absent on Windows

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE)


def _write(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(LENGTH.pack(len(data)) + data)


async def _answer(process: asyncio.subprocess.Process) -> Extracted:
    assert process.stdout is not None
    (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    answer: Extracted = pickle.loads(await process.stdout.readexactly(size))  # noqa: S301 - from our own process
    return answer


def main(seconds: float) -> None:
    """The process's end of the pipe: read captures until there are no more.

    Args:
        seconds: What a page may take before the process ends itself.
    """
    # What anything prints goes to the log, not among the answers.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        serve(sys.stdin.buffer, answers, seconds)


def serve(jobs: BinaryIO, answers: BinaryIO, seconds: float) -> None:
    """Answer captures in their order, each by the site that was told last."""
    site: Site | None = None
    while head := jobs.read(LENGTH.size):
        data = jobs.read(*LENGTH.unpack(head))
        _end_after(seconds)
        job: Site | Capture = pickle.loads(data)  # noqa: S301 - from the crawl that began us
        answer = b""
        if isinstance(job, Site):
            site = job
        else:
            assert site is not None
            answer = pickle.dumps(read(job, site), protocol=5)
        _end_after(0)  # a crawl that has been halted may take its answers late
        if answer:
            answers.write(LENGTH.pack(len(answer)) + answer)
            answers.flush()


def _end_after(seconds: float) -> None:
    """Let a signal end this process after so many seconds, wherever it is then; 0: none does."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
