"""Extraction from captures: each host of the files is replayed by its portal's spider, several of them at once."""

from __future__ import annotations

import hashlib
import importlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from portal_crawler.archive.originals import Missing, Originals
from portal_crawler.archive.packed import ENDINGS, WACZ, is_capture
from portal_crawler.archive.warc import Payloads, numbered_captures
from portal_crawler.commands.pages import ENDINGS as PAGES
from portal_crawler.crawling.canonical import site_root
from portal_crawler.extraction.article import EXTRACTOR_VERSION
from portal_crawler.extraction.page import is_html
from portal_crawler.monitoring.summary import write_record
from portal_crawler.monitoring.verdict import ExitCode

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from scrapy.spiderloader import SpiderLoaderProtocol

UNSEEN = "unseen"
OK = range(200, 300)
# A host of so many pages is shared by several processes; what one learns takes a third of the time of all.
SHARED = 2_000
# But not if each process has so many of them to do: sharing costs processes that begin, and files that are read twice.
FEWEST_HOSTS = 4
# Bytes of captures that are looked at by several processes.
LARGE = 100_000_000
# Names of hosts that are names of folders as they stand; "a_80" could be that of "a:80".
PLAIN_NAME = re.compile(r"(?!.*_[0-9]+\Z)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
UNTOLD = re.compile(r"[^a-z0-9._-]+")
LONGEST_NAME = 200
# How the name of a run's record ends.
RECORD = ".run.json"
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


@dataclass(frozen=True, slots=True)
class Task:
    """A host to be replayed, or a share of it.

    Attributes:
        host: The host.
        folder: Where its articles go.
        share: Which part of how many; part 0 only learns.
        learned: What the first pass has learned, for all shares; None: the host is replayed by one process.
    """

    host: Host
    folder: Path
    share: tuple[int, int] = (1, 1)
    learned: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one host.

    Attributes:
        host: The host.
        code: Exit code of its replay; None if an earlier one has done it.
        articles: How many articles there are.
        error: The last line of what a failed replay has said.
        broken: What could not be read of its files.
        again: Whether an earlier replay has come to its end, but of other captures, or by another spider or extractor.
    """

    host: Host
    code: int | None
    articles: int
    error: str = ""
    broken: frozenset[str] = frozenset()
    again: bool = False


def capture_files(path: Path, problems: list[str] | None = None) -> list[Path]:
    """The WARC, ARC and WACZ files that a path is or holds, sorted; none if it is something else.

    They are told by their names, or else by how they begin: files that are being written have other names.

    Args:
        path: A file or a folder.
        problems: Gets what in a folder cannot be looked at, or is called a capture and is none.

    Raises:
        OSError: if the path is a file that cannot be read.
    """
    if not path.is_dir():
        return [path] if path.is_file() and _is_capture(path) else []
    found, wrong = [], problems if problems is not None else []
    for folder, folders, names in os.walk(path, onerror=lambda error: wrong.append(unread(error))):
        for one in (Path(folder, name) for name in names):
            try:
                if one.is_file() and _is_capture(one):
                    found.append(one)
                elif one.is_symlink() and not one.exists() and _is_called_capture(one):
                    wrong.append(f"{one}: it leads to no file")
            except OSError as error:
                wrong.append(unread(error, one))
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


def hosts_of(files: Sequence[Path], problems: list[str], jobs: int = 1, lost: list[Path] | None = None) -> list[Host]:
    """The hosts of which there are pages, those with most of them first.

    Args:
        files: WARC and WACZ files.
        problems: Gets what cannot be read.
        jobs: How many processes look at large files.
        lost: Gets the files of which nothing can be read.
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


def replayed(hosts: Sequence[Host], out: Path, jobs: int, cluster: str | None = None) -> Iterator[Outcome]:
    """Replay the hosts, so many at once, each in a process of its own; yields them as they end.

    A host that has a large part of all pages is shared by several processes: one learns what the pages have in common,
    then each extracts a part of the articles. What an earlier call has replayed to its end is not replayed again, if it
    has read the same captures by the same spider and extractor. Articles of other captures stay beside the new ones.

    Args:
        hosts: The hosts, with their spiders.
        out: Folder for their articles, a folder for each host.
        jobs: How many processes run at a time here; of a host that is shared, how many share it.
        cluster: Address of a Dask scheduler, whose workers replay instead; they see the same files.

    Raises:
        ImportError: if a cluster is named and the extra is not installed.
    """
    with executor(jobs, cluster) as pool:
        waiting: dict[Future[Outcome], tuple[Host, list[Task]]] = {}
        pages = sum(host.pages for host in hosts)
        for host in hosts:
            tasks = tasks_of(host, out, jobs, pages)
            waiting[pool.submit(replay_task, tasks[0])] = host, tasks[1:]
        shares: dict[str, list[Outcome]] = {}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                host, following = waiting.pop(future)
                outcomes = shares.setdefault(host.name, [])
                outcomes.append(future.result())
                if outcomes[-1].code in (None, *DONE):
                    waiting |= {pool.submit(replay_task, task): (host, []) for task in following}
                if not any(host is other for other, _ in waiting.values()):
                    yield _together(host, outcomes)


def executor(jobs: int, cluster: str | None) -> AbstractContextManager[Executor]:
    """What replays: processes that are waited for here, or the workers of a Dask cluster."""
    if cluster is None:
        return ThreadPoolExecutor(jobs)
    client = importlib.import_module("distributed").Client(cluster)
    return closing_both(client)


@contextmanager
def closing_both(client: Any) -> Iterator[Executor]:
    """A cluster's executor; a task whose worker dies is given to another one by the scheduler."""
    with client, client.get_executor(pure=False) as pool:
        yield pool


def tasks_of(host: Host, out: Path, jobs: int, pages: int) -> list[Task]:
    """What there is to do for a host: the first task before all others.

    Args:
        host: The host.
        out: Folder for the articles of all.
        jobs: How many processes there are.
        pages: How many pages all hosts have.
    """
    folder = host.folder(out)
    learned = folder / "learned.pickle"
    # A host that was shared before stays so: its parts are there.
    large = host.pages >= SHARED and (host.pages * jobs * FEWEST_HOSTS > pages or learned.is_file())
    if not large or jobs < 2:
        return [Task(host, folder)]
    return [Task(host, folder / f"share-{place}", (place, jobs), learned) for place in range(jobs + 1)]


def _together(host: Host, outcomes: list[Outcome]) -> Outcome:
    """What came of a host that several tasks have replayed."""
    wrong = next((one for one in outcomes if one.code not in (None, *DONE)), None)
    articles = sum(one.articles for one in outcomes)
    broken = frozenset().union(*(one.broken for one in outcomes))
    again = any(one.again for one in outcomes)
    if wrong is not None:
        return Outcome(host, wrong.code, articles, wrong.error, broken, again)
    made = [one.code for one in outcomes if one.code is not None]
    least = ExitCode.OK if ExitCode.OK in made or articles else min(made, default=ExitCode.OK)
    code = made[0] if len(made) == 1 else least if made else None
    return Outcome(host, code, articles, broken=broken, again=again)


def replay_task(task: Task) -> Outcome:
    """Replay a host, or a share of it, in a process of its own.

    That process may outlive the worker that has begun it: as long as it lives it holds a lock, and whoever is given the
    task next waits for it. What keeps it from beginning costs this host alone.
    """
    try:
        task.folder.mkdir(parents=True, exist_ok=True)
        with (task.folder / "lock").open("w") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            return _replay(task, lock.fileno())
    except (OSError, ValueError) as error:
        return Outcome(task.host, ExitCode.ERROR, 0, f"{type(error).__name__}: {error}")


def _replay(task: Task, lock: int) -> Outcome:
    host, folder = task.host, task.folder
    inputs, before = inputs_of(task), _finished(folder)
    same = [run for run, record in before.items() if record.get("inputs") == inputs]
    # What has been learned is of the newest of the replays that learn.
    learned = task.learned is None or task.share[0] or (task.learned.is_file() and same == [*before][-1:])
    if same and learned:
        others = before.keys() - {same[-1]}
        return Outcome(host, None, _articles(folder, others), broken=_broken(folder, others))
    others = before.keys() - set(same)
    # Those of a replay that was stopped or killed, or whose result is lost: it is made anew, from its beginning.
    _remove(folder, lambda run: run not in others)
    if task.learned is not None and not task.share[0]:
        task.learned.unlink(missing_ok=True)
    kept = (lock,) if fcntl is not None else ()
    done = subprocess.run(command_of(task), capture_output=True, text=True, check=False, pass_fds=kept)  # noqa: S603 - ourselves
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    error = said[-1] if said and done.returncode not in DONE else ""
    articles, broken = _articles(folder, others), _broken(folder, others)
    if done.returncode in DONE:
        for run in _finished(folder).keys() - others:
            _note_inputs(folder / f"{run}{RECORD}", inputs)
        paths = {one["path"] for one in inputs["captures"]}
        replaced = {run for run in others if paths.issuperset(before[run].get("captures") or ("",))}
        _remove(folder, lambda run: run in replaced)
    # A replay whose caller was killed has come to its end as well, but nobody has noted of what.
    again = any("inputs" in record for record in before.values())
    return Outcome(host, done.returncode, articles, error, broken, again=again)


def command_of(task: Task) -> list[str]:
    """The command that replays a host, or a share of it.

    Its captures are handed over in a file: of thousands the names are longer than a command may be.
    """
    host, folder = task.host, task.folder
    names = folder / "captures.list"
    with names.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(f"{path.absolute()}\n" for path in host.files)
    inside = str(folder).replace("%", "%%")
    feeds = {
        f"{inside}/%(run)s.jsonl": {"format": "jsonlines", "item_classes": ["portal_crawler.items.Article"]},
        f"{inside}/%(run)s.gone.jsonl": {
            "format": "jsonlines",
            "store_empty": False,
            "item_classes": ["portal_crawler.items.Gone"],
        },
    }
    settings = {
        "FEEDS": json.dumps(feeds),
        "PORTAL_REJECTS": f"{inside}/%(run)s.rejects.jsonl",
        "PORTAL_RUN_RECORD": f"{inside}/%(run)s{RECORD}",
        "LOG_LEVEL": "ERROR",
    }
    arguments = {"warc": f"@{names}"}
    if not host.own:
        arguments["url"] = host.seed
    if task.learned is not None:
        arguments |= {"share": f"{task.share[0]}/{task.share[1]}", "learned": str(task.learned)}
    command = [sys.executable, "-m", "portal_crawler.commands.console", "crawl", host.spider]
    command += [part for name, value in arguments.items() for part in ("-a", f"{name}={value}")]
    return command + [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]


def inputs_of(task: Task) -> dict[str, Any]:
    """What the result of a task depends on, as it stands in the record of its run.

    Raises:
        OSError: if a file is there no more.
    """
    captures = []
    for path in task.host.files:
        state = path.stat()
        captures.append({"path": str(path.absolute()), "bytes": state.st_size, "modified_ns": state.st_mtime_ns})
    share = None if task.learned is None else f"{task.share[0]}/{task.share[1]}"
    return {"captures": captures, "spider": task.host.spider, "share": share, "extractor": EXTRACTOR_VERSION}


def _finished(folder: Path) -> dict[str, dict[str, Any]]:
    """The records of the runs that came to their end, by their names, the oldest first."""
    found = {}
    for path in sorted(folder.glob(f"*{RECORD}")):
        try:
            record = json.loads(path.read_text("utf-8"))
            if record["exit_code"] in DONE:
                found[path.name.removesuffix(RECORD)] = record
        except (ValueError, KeyError, TypeError):
            continue  # half a record is no record
    return found


def _note_inputs(path: Path, inputs: dict[str, Any]) -> None:
    """Add to the record of a run what it has read."""
    write_record(path, json.loads(path.read_text("utf-8")) | {"inputs": inputs})


def _run_of(path: Path) -> str:
    return path.name.partition(".")[0]


def _remove(folder: Path, gone: Callable[[str], bool]) -> None:
    """Remove the files of some runs."""
    for path in folder.glob("[12]*Z.*"):
        if gone(_run_of(path)):
            path.unlink()


def _broken(folder: Path, others: Collection[str]) -> frozenset[str]:
    """What could not be read, by the rejects of all runs but some."""
    found = set()
    for path in folder.glob("*.rejects.jsonl"):
        if _run_of(path) in others:
            continue
        with path.open("rb") as file:  # whose lines end at line feeds alone: addresses may hold other separators
            rejects = map(json.loads, file)
            found |= {str(reject["detail"]) for reject in rejects if reject["reason"] == "unreadable"}
    return frozenset(found)


def _articles(folder: Path, others: Collection[str]) -> int:
    """How many articles there are of all runs but some."""
    count = 0
    for path in folder.glob("*.jsonl"):
        if path.name.count(".") == 1 and _run_of(path) not in others:
            with path.open("rb") as file:
                count += sum(1 for _ in file)
    return count
