"""Which captures there are: the files of a folder, and the hosts of which they have pages."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import re
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal_crawler.archive.originals import Missing, Originals
from portal_crawler.archive.packed import ENDINGS, WACZ, is_capture
from portal_crawler.archive.warc import Payloads, numbered_captures
from portal_crawler.commands.pages import ENDINGS as PAGES
from portal_crawler.crawling.canonical import site_root
from portal_crawler.extraction.page import is_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scrapy.spiderloader import SpiderLoaderProtocol

UNSEEN = "unseen"
OK = range(200, 300)
# Bytes of captures that are looked at by several processes.
LARGE = 100_000_000
# Names of hosts that are names of folders as they stand; "a_80" could be that of "a:80".
PLAIN_NAME = re.compile(r"(?!.*_[0-9]+\Z)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
UNTOLD = re.compile(r"[^a-z0-9._-]+")
LONGEST_NAME = 200


@dataclass(slots=True)
class Host:
    """A host of the captures.

    Attributes:
        name: Its name, and port where that is not the usual one.
        seed: Its address.
        pages: How many HTML pages of it there are.
        files: The files that hold them.
        spider: Who replays them.
        own: Whether it is that spider's own portal; else it is told the address.
    """

    name: str
    seed: str
    pages: int = 0
    files: list[Path] = field(default_factory=list)
    spider: str = UNSEEN
    own: bool = False

    def folder(self, out: Path) -> Path:
        """Where its articles go: a folder of its own in another, whatever a capture says the host is called."""
        name = self.name.replace(":", "_", 1)
        if len(name) > LONGEST_NAME or not PLAIN_NAME.fullmatch(self.name):
            told = UNTOLD.sub("-", name)[:LONGEST_NAME].strip("-.")
            name = f"{told}~{hashlib.sha256(self.name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
        folder = out / name
        assert folder.parent == out
        return folder


def capture_files(path: Path, problems: list[str] | None = None, others: list[Path] | None = None) -> list[Path]:
    """The WARC, ARC and WACZ files that a path is or holds, sorted; none if it is something else.

    They are told by their names, or else by how they begin: files that are being written have other names.

    Args:
        path: A file or a folder.
        problems: Gets what in a folder cannot be looked at, or is called a capture and is none.
        others: Gets the files of a folder that are none.

    Raises:
        OSError: if the path is a file that cannot be read.
    """
    if not path.is_dir():
        return [path] if path.is_file() and _is_capture(path) else []
    found, wrong, rest = [], problems if problems is not None else [], others if others is not None else []
    for folder, folders, names in os.walk(path, onerror=lambda error: wrong.append(unread(error))):
        for one in (Path(folder, name) for name in names):
            try:
                if one.is_file() and _is_capture(one):
                    found.append(one)
                elif one.is_symlink() and not one.exists() and _is_called_capture(one):
                    wrong.append(f"{one}: it leads to no file")
                else:
                    rest.append(one)
            except OSError as error:
                wrong.append(unread(error, one))
        # A link may lead back to the folder that it stands in.
        for one in (Path(folder, name) for name in folders):
            if one.is_symlink():
                wrong.append(f"{one}: it is a link to a folder, and is not followed: name that folder, too")
        if _is_called_capture(Path(folder)) and not folders and not names:
            wrong.append(f"{folder}: it is a folder, and an empty one")
    return sorted(found)


def _is_called_capture(path: Path) -> bool:
    return path.name.lower().endswith((*ENDINGS, WACZ))


def _is_capture(path: Path) -> bool:
    return _is_called_capture(path) or (not path.name.lower().endswith(PAGES) and is_capture(path))


def unread(error: OSError, path: Path | None = None) -> str:
    """What is told of a file that cannot be read: which it is, and why."""
    return f"{path or error.filename}: it cannot be read: {error.strerror or error}"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a file has found.

    Attributes:
        hosts: The hosts of which it has pages.
        problems: What cannot be read of it.
        lacking: Whether it repeats bodies of other files.
        unread: Whether nothing can be read of it.
    """

    hosts: list[Host]
    problems: list[str]
    lacking: bool = False
    unread: bool = False


def hosts_of(
    files: Sequence[Path],
    problems: list[str],
    jobs: int = 1,
    lost: list[Path] | None = None,
    barren: list[Path] | None = None,
) -> list[Host]:
    """The hosts of which there are pages, those with most of them first.

    Args:
        files: WARC and WACZ files.
        problems: Gets what cannot be read.
        jobs: How many processes look at large files.
        lost: Gets the files of which nothing can be read.
        barren: Gets those that can be read and hold no page: metadata, plain text, pictures.
    """
    found: dict[str, Host] = {}
    lacking = False
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        indices = [folder / f"{number}.sqlite" for number in range(len(files))]
        each: Iterable[Look] = map(hosts_in, files, indices)
        if jobs > 1 and len(files) > 1 and sum(path.stat().st_size for path in files) > LARGE:
            # Not forked: this process has a reactor.
            pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
            each = stack.enter_context(pool).map(hosts_in, files, indices)
        for path, look in zip(files, each, strict=True):
            problems += look.problems
            lacking |= look.lacking
            if look.unread and lost is not None:
                lost.append(path)
            elif barren is not None and not (look.hosts or look.lacking or look.unread):
                barren.append(path)
            for host in look.hosts:
                known = found.setdefault(host.name, replace(host, pages=0, files=[]))
                known.pages += host.pages
                known.files += host.files
        if lacking:
            _add_revisits(files, indices, found, problems)
    return sorted(found.values(), key=lambda host: (-host.pages, host.name))


def hosts_in(path: Path, index: Path) -> Look:
    """The hosts of which a file has pages. One that cannot be read costs no other.

    Args:
        path: The file.
        index: Where its records are noted, and those that other files hold (``archive.originals``).
    """
    found: dict[str, Host] = {}
    problems: list[str] = []
    unsaid: set[int] = set()
    read = missing = 0
    originals = Originals(index)

    def note(one: Missing) -> None:
        nonlocal missing
        missing += 1
        originals.miss(one)

    def report(where: str, why: str) -> None:
        problems.append(f"{where}: {why}")

    try:
        for number, capture in numbered_captures(path, report, wanted=(), payloads=Payloads(originals, note)):
            read += 1
            kind = capture.headers.get("content-type", "")
            if kind and is_html(kind, b""):
                _count(capture.url, path, found, problems)
            elif not kind.strip() and capture.status in OK:
                unsaid.add(number)
        # Few servers do not say what they send, so that their files are read once more.
        for number, capture in numbered_captures(path, lambda *_: None, unsaid) if unsaid else ():
            if number in unsaid and capture.body and is_html(None, capture.body):
                _count(capture.url, path, found, problems)
    except OSError as error:
        problems.append(unread(error, path))
    return Look(list(found.values()), problems, missing > 0, unread=bool(problems) and not read + missing)


def _count(url: str, path: Path, found: dict[str, Host], problems: list[str]) -> None:
    """Count a page for its host."""
    try:
        seed = site_root(url)
    except ValueError as error:
        problems.append(f"{url}: it belongs to no host that can be replayed: {error}")
        return
    name = host_of(seed)
    found.setdefault(name, Host(name, seed, files=[path])).pages += 1


def _add_revisits(files: Sequence[Path], indices: list[Path], found: dict[str, Host], problems: list[str]) -> None:
    """Count what repeats bodies of other files, and give its hosts those files, which may hold no page of theirs.

    Args:
        files: All files.
        indices: The index of each.
        found: The hosts.
        problems: Gets the revisits whose bodies stand nowhere.
    """
    with closing(Originals()) as originals:
        for number, index in enumerate(indices):
            with closing(Originals(index)) as one:
                originals.take(one, number)
        read: dict[str, set[Path]] = defaultdict(set)
        for path, index in zip(files, indices, strict=True):
            with closing(Originals(index)) as one:
                for revisit in one.missing():
                    place = originals.find(revisit.names)
                    if place is None:
                        problems.append(revisit.why)
                        continue
                    if is_html(revisit.kind, b"") if revisit.kind else place[2]:
                        _count(revisit.url, path, found, problems)
                    read[_host_in(revisit.url)].update((path, files[place[0]]))
    order = {path: number for number, path in enumerate(files)}
    for host in found.values():
        host.files = sorted(read[host.name].union(host.files), key=order.__getitem__)


def host_of(seed: str) -> str:
    """The name of a site's host, and port where its address has one."""
    return urlsplit(seed).netloc.rpartition("@")[2].lower().removeprefix("www.")


def _host_in(url: str) -> str:
    """The host of an address; that of none if it cannot be split."""
    try:
        return host_of(site_root(url))
    except ValueError:
        return ""


def assign(hosts: Sequence[Host], loader: SpiderLoaderProtocol, spider: str | None) -> None:
    """Give each host its spider: that of its portal, or the one for unknown ones.

    Args:
        hosts: The hosts.
        loader: Knows the spiders.
        spider: Replays them all, if one is named.
    """
    own: dict[str, str] = defaultdict(lambda: UNSEEN)
    for name in loader.list():
        for url in getattr(loader.load(name), "start_urls", None) or ():
            own[urlsplit(url).netloc.lower().removeprefix("www.")] = name
    for host in hosts:
        host.spider = spider or own[host.name]
        host.own = host.spider == own[host.name] != UNSEEN
