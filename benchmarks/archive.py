"""A whole archive written and read again: exchanges as WARC, then the articles out of them, in one run.

    python benchmarks/archive.py                          100,000 exchanges, 20 hosts, two processes
    python benchmarks/archive.py --exchanges 4000 --hosts 2 --no-crawl

The pages are those of ``farm.py`` (about 60 kB, 120 links), each host's with its own name in it. They are written by
the writer of the crawl and extracted by ``portal-crawler extract``. Beside it, unless ``--no-crawl`` is given, stands
the live crawl of ``crawl.py`` with and without the archive, on the same machine in the same run. Memory is that of the
largest process, sampled while the work goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import farm

from portal_crawler.archive.records import Exchange, digest, new_record_id
from portal_crawler.archive.writer import CaptureWriter
from portal_crawler.items import Archived
from portal_crawler.sample.portal import Asked

HERE = Path(__file__).parent
SAMPLES = (0.1, 0.5, 1.0)
NAME = "Sở Giáo dục và Đào tạo"


class Memory:
    """The largest resident set among this process and its children, sampled twice a second."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.seen.append(max(map(_resident, [os.getpid(), *_descendants(os.getpid())]), default=0))

    def stop(self) -> list[float]:
        """MB at the peak of the first tenth, half, and all of the time."""
        self._stop.set()
        self._thread.join()
        return [max(self.seen[: max(1, int(len(self.seen) * share))], default=0) / 1e6 for share in SAMPLES]


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0  # it has ended


def _descendants(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
    except OSError:
        return []
    return [*children, *(each for child in children for each in _descendants(child))]


def exchange(url: str, body: bytes) -> Exchange:
    """One answer as the crawl would hand it to the archive."""
    head = ((b"Content-Type", b"text/html; charset=utf-8"), (b"Content-Length", str(len(body)).encode()))
    sent = ((b"Host", url.split("/", 3)[2].encode()), (b"User-Agent", b"portal_crawler/0.1"))
    return Exchange(
        url=url, method="GET", date=datetime.now(UTC), status=200, body=body, received=head, sent=sent, reason="OK"
    )


async def write(folder: Path, hosts: int, pages: int) -> tuple[int, float, int]:
    """Write every host's pages; returns exchanges, seconds of the writing alone, and bytes of the pages."""
    portal = farm.Farm(farm.articles(pages))
    answers = [(path, portal.answer(Asked.parse("GET", path)).body) for path in portal.addresses()][:pages]
    count, spent, size = 0, 0.0, 0
    for number in range(hosts):
        name = f"so-{number}.example.gov.vn"
        bodies = [(path, body.replace(NAME.encode(), f"{NAME} {number}".encode())) for path, body in answers]
        began = time.perf_counter()
        writer = CaptureWriter(
            folder / name,
            name,
            size=1_000_000_000,
            about={},
            index=None,
            on_failure=failed,
        )
        for path, body in bodies:
            archived = Archived(record_id=new_record_id(), payload_digest=digest(body))
            await writer.put(exchange(f"http://{name}{path}", body), archived)
            count, size = count + 1, size + len(body)
        await asyncio.to_thread(writer.close)
        spent += time.perf_counter() - began
    return count, spent, size


def failed(path: Path, error: OSError) -> None:
    """End: there is nothing to measure."""
    sys.exit(f"{path}: {error}")


def extract(folder: Path, out: Path, jobs: int) -> tuple[str, float]:
    """Extract all; returns the last line that it says and the seconds."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "portal_crawler.commands.console", "extract", str(folder), "--out", str(out)]
    done = subprocess.run([*command, "--jobs", str(jobs)], capture_output=True, text=True, check=False, cwd=out.parent)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stdout.splitlines()[-1], time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=100_000)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-crawl", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "archive"
        memory = Memory()
        count, spent, size = asyncio.run(write(folder, options.hosts, options.exchanges // options.hosts))
        peaks = memory.stop()
        packed = sum(path.stat().st_size for path in folder.rglob("*.warc.gz"))
        print("| step | pages | seconds | pages/s | MB/s | peak MB after 10, 50, 100 % |")
        print("| --- | --- | --- | --- | --- | --- |")
        row("written as WARC (a response, request and metadata record each)", count, spent, size, peaks)
        memory = Memory()
        said, spent = extract(folder, Path(name) / "out", options.jobs)
        row(f"extracted, {options.jobs} processes", count, spent, size, memory.stop())
        print(f"\n{said.rpartition(':')[2].strip()}; {packed / 1e6:,.0f} MB of WARC, {size / packed:.1f} times smaller")
    if not options.no_crawl:
        print(flush=True)
        names = ["bare", "unseen", "unseen, archived"]
        subprocess.run([sys.executable, str(HERE / "crawl.py"), "--pages", "3000", "--only", *names], check=True)


def row(step: str, count: int, seconds: float, size: int, peaks: list[float]) -> None:
    """Print one row."""
    told = ", ".join(f"{peak:,.0f}" for peak in peaks)
    rate = count / seconds
    print(f"| {step} | {count:,} | {seconds:,.0f} | {rate:,.0f} | {size / seconds / 1e6:,.0f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
