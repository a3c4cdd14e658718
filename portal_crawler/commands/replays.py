"""Extraction from captures: each host is replayed by its portal's spider, several of them at once, in shares."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal_crawler.commands.captures import Host
from portal_crawler.extraction.article import EXTRACTOR_VERSION
from portal_crawler.monitoring.summary import write_record
from portal_crawler.monitoring.verdict import ExitCode

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

# A host of so many pages is shared by several processes; what one learns takes a third of the time of all.
SHARED = 2_000
# But not if each process has so many of them to do: sharing costs processes that begin, and files that are read twice.
FEWEST_HOSTS = 4
# How the name of a run's record ends.
RECORD = ".run.json"
# How a replay ends that need not be made again.
DONE = frozenset((ExitCode.OK, ExitCode.NOTHING_FOUND, ExitCode.TOO_FEW, ExitCode.MANY_REJECTED, ExitCode.BROKEN_LISTS))


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
