"""How fast a whole crawl is, from links to exported articles, beside a bare Scrapy that only downloads.

    python benchmarks/crawl.py                     10,000 pages; trafilatura gets fewer
    python benchmarks/crawl.py --pages 2000 --only bare unseen
    python benchmarks/crawl.py --only unseen --profile unseen.prof
    python benchmarks/crawl.py --only unseen --pages 100000 --base http://127.0.0.1:PORT
                                                   a portal that is served already: farm.py takes minutes to make it

Every contestant is a process of its own, the portal (``farm.py``) another; politeness is off. A contestant may use what
cores there are: ours extracts in processes of its own. Pages a second are those of the wall clock, CPU time that of the
contestant with all its processes, from its first request to its last item. On a busy machine neither can be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import importlib.util
import json
import logging
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import farm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy.settings import Settings

HERE = Path(__file__).parent
CONCURRENCY = 32
EVERY = 500  # pages from one look at the memory to the next
FEWER = 500  # pages for contestants that take their time
FAST: dict[str, Any] = {
    "ROBOTSTXT_OBEY": False,
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": CONCURRENCY,
    "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "LOG_LEVEL": "WARNING",
}


def resident() -> float:
    """MB that this process holds."""
    if not Path("/proc/self/statm").exists():
        return 0.0
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Clock:
    """Wall and CPU time since it was started, and what was done meanwhile."""

    def __init__(self) -> None:
        self.pages = self.items = 0
        self.resident: list[float] = []
        self.start()

    def start(self) -> None:
        self._wall, self._cpu = time.perf_counter(), self._used()

    @staticmethod
    def _used() -> float:
        # Processes that a contestant has begun count once they have ended, which they do before the clock is stopped.
        used = [resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used)

    def page(self) -> None:
        self.pages += 1
        if self.pages % EVERY == 0:
            self.resident.append(resident())

    def item(self) -> None:
        self.items += 1

    def stop(self) -> dict[str, Any]:
        wall, cpu = time.perf_counter() - self._wall, self._used() - self._cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        return {
            "pages": self.pages, "items": self.items, "wall": wall, "cpu": cpu, "peak": peak, "resident": self.resident,
        }  # fmt: skip


def run_scrapy(settings: dict[str, Any] | Settings, spider: Any, **arguments: Any) -> dict[str, Any]:
    """Run one spider in this process."""
    from scrapy import signals
    from scrapy.crawler import AsyncCrawlerProcess

    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(spider)
    clock = Clock()
    found: dict[str, Any] = {}
    for signal, receiver in {
        signals.spider_opened: clock.start,
        signals.response_received: clock.page,
        signals.item_scraped: clock.item,
        signals.spider_closed: lambda: found.update(clock.stop()),
    }.items():
        crawler.signals.connect(receiver, signal=signal, weak=False)
    process.crawl(crawler, **arguments)
    process.start()
    return found


def bare(base: str, pages: int, **more: Any) -> dict[str, Any]:
    """Scrapy as it comes, told all addresses, doing nothing with the pages."""
    import scrapy

    addresses = list(farm.Farm(farm.articles(pages)).addresses())

    class Bare(scrapy.Spider):
        name = "bare"

        async def start(self) -> Any:
            for address in addresses:
                yield scrapy.Request(base + address)

        def parse(self, response: Any) -> None:
            """Do nothing."""

    return run_scrapy({**FAST, **more}, Bare)


def uvloop(base: str, pages: int) -> dict[str, Any]:
    """Bare, with Scrapy's aiohttp handler and uvloop."""
    handler = "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"
    return bare(base, pages, DOWNLOAD_HANDLERS={"http": handler}, ASYNCIO_EVENT_LOOP="uvloop.Loop")


def ours(base: str, pages: int, **arguments: str) -> dict[str, Any]:  # noqa: ARG001 - it finds the pages itself
    """Our spider for unknown portals: recognised as NukeViet, everything on but politeness."""
    from scrapy.settings import Settings

    from portal_crawler.commands.crawl import GARBAGE

    gc.set_threshold(*GARBAGE)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings()
        settings.setmodule("portal_crawler.settings")
        settings.update({**FAST, "PORTAL_STATE_DIR": f"{folder}/state"}, priority="cmdline")
        settings.set("FEEDS", {f"{folder}/items.jsonl": {"format": "jsonlines"}}, priority="cmdline")
        # What is measured is the crawl alone, unless the archive is asked for.
        settings.set("PORTAL_ARCHIVE", "0", priority="cmdline")
        settings.set("PORTAL_ARCHIVE_FILES", f"{folder}/archive", priority="cmdline")
        settings.set("PORTAL_REJECTS", f"{folder}/rejects.jsonl", priority="cmdline")
        settings.set("PORTAL_RUN_RECORD", f"{folder}/run.json", priority="cmdline")
        return run_scrapy(settings, "unseen", url=f"{base}/", **arguments)


def archived(base: str, pages: int) -> dict[str, Any]:
    """The same as :func:`ours`, every exchange written to WARC files as well."""
    return ours(base, pages, archive="1")


def evidence(base: str, pages: int) -> dict[str, Any]:
    """The same without the family's rules and wrappers: articles told by evidence, text by template."""
    return ours(base, pages, platform="none")


def crawlee(base: str, pages: int, extract: Callable[[Any], Any] | None = None) -> dict[str, Any]:
    """crawlee-python's ParselCrawler: follows all links, keeps the title."""
    from crawlee import ConcurrencySettings
    from crawlee.configuration import Configuration
    from crawlee.crawlers import ParselCrawler
    from crawlee.storage_clients import MemoryStorageClient

    logging.disable(logging.ERROR)
    clock = Clock()

    async def crawl() -> None:
        crawler = ParselCrawler(
            concurrency_settings=ConcurrencySettings(desired_concurrency=CONCURRENCY, max_concurrency=CONCURRENCY),
            storage_client=MemoryStorageClient(),
            configuration=Configuration(purge_on_start=True),
            max_requests_per_crawl=pages,
            configure_logging=False,
        )

        async def handle(context: Any) -> None:
            clock.page()
            await context.enqueue_links(exclude=[re.compile("/(?:print|sendmail|savefile|users|tag)/")])
            text = context.selector.css("title::text").get() if extract is None else extract(context.selector)
            if text:
                clock.item()
                await context.push_data({"url": context.request.url, "text": text})

        crawler.router.default_handler(handle)
        await crawler.run([f"{base}/"])

    clock.start()
    asyncio.run(crawl())
    return clock.stop()


def crawlee_text(base: str, pages: int) -> dict[str, Any]:
    """crawlee-python with trafilatura on every page."""
    import trafilatura

    return crawlee(base, pages, lambda selector: trafilatura.extract(selector.root, url=base, with_metadata=True))


def spider(base: str, pages: int) -> dict[str, Any]:
    """Trafilatura's own spider, one page at a time, and its extraction of what the spider has found."""
    import trafilatura
    from trafilatura.settings import DEFAULT_CONFIG
    from trafilatura.spider import focused_crawler

    DEFAULT_CONFIG.set("DEFAULT", "SLEEP_TIME", "0")
    DEFAULT_CONFIG.set("DEFAULT", "SSRF_PROTECTION", "off")  # the portal is on loopback
    # It follows no links of hosts without a top-level domain.
    resolve, base = socket.getaddrinfo, base.replace("127.0.0.1", "farm.example")
    socket.getaddrinfo = lambda _, *rest, **more: resolve("127.0.0.1", *rest, **more)
    clock = Clock()
    todo, known = focused_crawler(f"{base}/", max_seen_urls=pages // 2, config=DEFAULT_CONFIG)
    clock.pages = len(known) - len(todo)
    for url in todo[: pages - clock.pages]:
        clock.page()
        clock.items += bool(
            trafilatura.extract(trafilatura.fetch_url(url, config=DEFAULT_CONFIG), url=url, with_metadata=True)
        )
    return clock.stop()


# What is run, what it needs besides the project, whether it gets fewer pages.
CONTESTANTS: dict[str, tuple[Callable[..., dict[str, Any]], str | None, bool]] = {
    "bare": (bare, None, False),
    "bare, aiohttp, uvloop": (uvloop, "uvloop", False),
    "unseen": (ours, None, False),
    "unseen, archived": (archived, None, False),
    "unseen, by evidence": (evidence, None, False),
    "crawlee, links only": (crawlee, "crawlee", False),
    "crawlee, trafilatura": (crawlee_text, "crawlee", True),
    "trafilatura's spider": (spider, "trafilatura", True),
}


def served(pages: int) -> tuple[subprocess.Popen[str], str]:
    """The farm in a process of its own, and its address."""
    command = [sys.executable, str(HERE / "farm.py"), "--pages", str(pages)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def measured(name: str, base: str, pages: int, profile: Path | None) -> dict[str, Any] | None:
    """Run one contestant in a process of its own; None if it fails."""
    command = [sys.executable, __file__, "--run", name, "--base", base, "--pages", str(pages)]
    command += ["--profile", str(profile)] if profile else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name}: exit code {done.returncode}\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(results: Iterator[tuple[str, dict[str, Any]]]) -> None:
    """Print a row for each contestant as it ends."""
    print(
        "| contestant | pages | items | pages/s | x bare | CPU ms a page | x bare | MB after 10, 50, 100 % | peak MB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    first: tuple[float, float] | None = None
    for name, found in results:
        rate, each = found["pages"] / found["wall"], 1000 * found["cpu"] / found["pages"]
        first = first or (rate, each)
        looks = found["resident"]
        told = ", ".join(f"{looks[int((len(looks) - 1) * share)]:.0f}" for share in (0.1, 0.5, 1.0)) if looks else "-"
        row = (
            name, f"{found['pages']:,}", f"{found['items']:,}", f"{rate:.0f}", f"{rate / first[0]:.2f}",
            f"{each:.2f}", f"{each / first[1]:.2f}", told, f"{found['peak']:.0f}",
        )  # fmt: skip
        print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--profile", type=Path, help="keep a cProfile of the last contestant")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--base", help="address of a farm that is served already")
    options = parser.parse_args()
    if options.run:
        profile = cProfile.Profile()
        run = CONTESTANTS[options.run][0]
        found = (
            profile.runcall(run, options.base, options.pages) if options.profile else run(options.base, options.pages)
        )
        if options.profile:
            profile.dump_stats(options.profile)
        print(json.dumps(found))
        return
    if options.base:
        table(contests(options, options.base))
        return
    process, base = served(options.pages)
    try:
        table(contests(options, base))
    finally:
        process.terminate()
        process.wait()


def contests(options: argparse.Namespace, base: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run one contestant after the other."""
    for name in options.only:
        _, needs, fewer = CONTESTANTS[name]
        if needs and importlib.util.find_spec(needs) is None:
            print(f"{name}: left out, {needs} is not installed", file=sys.stderr)
            continue
        pages = min(options.pages, FEWER) if fewer else options.pages
        found = measured(name, base, pages, options.profile)
        if found is not None:
            yield name, found


if __name__ == "__main__":
    main()
