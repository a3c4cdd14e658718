"""Extraction from captures: each host of the files is replayed by its portal's spider, several of them at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal_crawler.archive.warc import ENDINGS, WACZ, read_captures
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scrapy.spiderloader import SpiderLoaderProtocol

UNSEEN = "unseen"
# How a replay ends that need not be made again.
DONE = frozenset((ExitCode.OK, ExitCode.NOTHING_FOUND, ExitCode.TOO_FEW, ExitCode.MANY_REJECTED, ExitCode.BROKEN_LISTS))


@dataclass(slots=True)
class Host:
    """A host of the captures.

    Attributes:
        name: Its name, and port where that is not the usual one.
        seed: Its address.
        pages: How many HTML pages of it there are.
        files: The files that hold them.
        spider: Who replays them.
    """

    name: str
    seed: str
    pages: int = 0
    files: list[Path] = field(default_factory=list)
    spider: str = UNSEEN

    def folder(self, out: Path) -> Path:
        """Where its articles go."""
        return out / self.name.replace(":", "_")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one host.

    Attributes:
        host: The host.
        code: Exit code of its replay; None if an earlier one has done it.
        articles: How many articles there are.
        error: The last line of what a failed replay has said.
    """

    host: Host
    code: int | None
    articles: int
    error: str = ""


def capture_files(path: Path) -> list[Path]:
    """The WARC and WACZ files that a path is or holds, sorted; none if it is something else."""
    inside = path.rglob("*") if path.is_dir() else [path]
    return sorted(one for one in inside if one.is_file() and one.name.lower().endswith((*ENDINGS, WACZ)))


def hosts_of(files: Sequence[Path], problems: list[str]) -> list[Host]:
    """The hosts of which there are pages, those with most of them first.

    Args:
        files: WARC and WACZ files.
        problems: Gets what cannot be read.
    """
    found: dict[str, Host] = {}
    for path in files:
        for capture in read_captures(path, lambda where, why: problems.append(f"{where}: {why}")):
            if "html" not in capture.headers.get("content-type", "") or not capture.body:
                continue
            parts = urlsplit(capture.url)
            name = parts.netloc.rpartition("@")[2].lower().removeprefix("www.")
            host = found.setdefault(name, Host(name, f"{parts.scheme}://{parts.netloc}/"))
            host.pages += 1
            if path not in host.files:
                host.files.append(path)
    return sorted(found.values(), key=lambda host: (-host.pages, host.name))


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


def replayed(hosts: Sequence[Host], out: Path, jobs: int) -> Iterator[Outcome]:
    """Replay the hosts, so many at once, each in a process of its own; yields them as they end.

    A host that an earlier call has replayed to its end is not replayed again.

    Args:
        hosts: The hosts, with their spiders.
        out: Folder for their articles, a folder for each host.
        jobs: How many processes run at a time.
    """
    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(_replay, host, out) for host in hosts]):
            yield done.result()


def _replay(host: Host, out: Path) -> Outcome:
    folder = host.folder(out)
    if _is_done(folder):
        return Outcome(host, None, _articles(folder))
    for left in folder.glob("[12]*Z.*"):  # of a replay that was stopped or killed: it is made anew, from its beginning
        left.unlink()
    inside = str(folder).replace("%", "%%")
    feed = {f"{inside}/%(run)s.jsonl": {"format": "jsonlines", "item_classes": ["portal_crawler.items.Article"]}}
    settings = {
        "FEEDS": json.dumps(feed),
        "PORTAL_REJECTS": f"{inside}/%(run)s.rejects.jsonl",
        "PORTAL_RUN_RECORD": f"{inside}/%(run)s.run.json",
        "LOG_LEVEL": "ERROR",
    }
    arguments = {"warc": " ".join(str(path.absolute()) for path in host.files)}
    if host.spider == UNSEEN:
        arguments["url"] = host.seed
    command = [sys.executable, "-m", "portal_crawler.commands.console", "crawl", host.spider]
    command += [part for name, value in arguments.items() for part in ("-a", f"{name}={value}")]
    command += [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves; no shell
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return Outcome(host, done.returncode, _articles(folder), said[-1] if said and done.returncode not in DONE else "")


def _is_done(folder: Path) -> bool:
    for path in folder.glob("*.run.json"):
        try:
            if json.loads(path.read_text("utf-8"))["exit_code"] in DONE:
                return True
        except (ValueError, KeyError, TypeError):
            continue  # half a record is no record
    return False


def _articles(folder: Path) -> int:
    files = [path for path in folder.glob("*.jsonl") if path.name.count(".") == 1]
    count = 0
    for path in files:
        with path.open("rb") as file:
            count += sum(1 for _ in file)
    return count
