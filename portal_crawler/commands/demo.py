"""``portal-crawler demo``: crawl the sample province and measure what came of it."""

from __future__ import annotations

import json
import threading
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from scrapy import signals
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from portal_crawler.commands import hazards
from portal_crawler.commands.console import one_line_errors
from portal_crawler.items import Article
from portal_crawler.sample import SampleProvince
from portal_crawler.sample.scoring import PortalScore, score

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler

FIRST_PORT = 8651
LAST_PORT = 65535
PORTALS = 5
SHORTFALL = 5
# With --details: how many differences of each portal are printed.
DETAILS = 20


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options]"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Crawl the built-in sample province and compare the articles with the truth"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Serves five made-up department portals on 127.0.0.1, crawls them, and prints how many of their articles "
            "were found, how many words are right (F1) and which widgets leaked. Exit code 0: every article found, "
            f"nothing leaked; {SHORTFALL}: something is missing or leaked."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("--serve", action="store_true", help="only serve the portals, to look at in a browser")
        parser.add_argument(
            "--port", type=int, default=FIRST_PORT, help=f"with --serve: the first of five ports (default {FIRST_PORT})"
        )
        parser.add_argument(
            "-o", "--output", type=Path, default=Path("exports"), metavar="DIR", help="where the exports go"
        )
        parser.add_argument(
            "--hazards",
            metavar="all|NAME,NAME",
            help="crawl small portals instead that each have one thing that is hard on crawlers; count their requests",
        )
        parser.add_argument("--details", action="store_true", help="print what differs from the truth")

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Settings of this command: its own folder, a quiet log, nothing kept from earlier runs.

        Raises:
            UsageError: if something follows that is no option, or there are no such ports.
        """
        super().process_options(args, opts)
        if args:
            raise UsageError(f"demo takes no arguments, not {' '.join(args)!r}")
        if not 0 < opts.port <= LAST_PORT - PORTALS + 1:
            raise UsageError(f"--port is the first of {PORTALS} ports up to {LAST_PORT}, not {opts.port}")
        assert self.settings is not None
        output: Path = opts.output
        if not opts.loglevel and "LOG_LEVEL" not in _given(opts.set):
            self.settings.set("LOG_LEVEL", "ERROR", "cmdline")
        folder = output / "%(name)s"
        feeds = {str(folder / "%(run)s.jsonl"): {"format": "jsonlines", "store_empty": True}}
        for name, value in {
            "FEEDS": feeds,
            "PORTAL_REJECTS": str(folder / "%(run)s.rejects.jsonl"),
            "PORTAL_RUN_RECORD": str(folder / "%(run)s.run.json"),
            "PORTAL_STATE_DIR": "",
            "PORTAL_ARCHIVE": False,  # its pages can be made again at any time
        }.items():
            self.settings.set(name, value, "cmdline")
        # Five crawls share the terminal: this command shows their progress and their end itself.
        extensions = self.settings.getdict("EXTENSIONS")
        kept = {name: order for name, order in extensions.items() if not name.endswith((".Progress", ".RunSummary"))}
        self.settings.set("EXTENSIONS", kept, "cmdline")

    def run(self, args: list[str], opts: Namespace) -> None:  # noqa: ARG002 - Scrapy's signature
        """Serve, or serve and crawl and measure.

        Raises:
            UsageError: if a port of ``--serve`` is taken.
        """
        console = Console()
        if opts.hazards:
            names = hazards.chosen(opts.hazards)
            assert self.crawler_process is not None
            self.exitcode = 0 if hazards.run(self.crawler_process, names, opts.output, console) else SHORTFALL
            return
        ports = range(opts.port, opts.port + PORTALS) if opts.serve else (0,) * PORTALS
        try:
            with SampleProvince(tuple(ports)) as province:
                if opts.serve:
                    serve(province, console)
                else:
                    self.crawl(province, console, opts)
        except OSError as error:
            raise UsageError(f"The portals cannot be served on ports {ports[0]} to {ports[-1]}: {error}") from error

    def crawl(self, province: SampleProvince, console: Console, opts: Namespace) -> None:
        """Crawl all portals at once, then print what was found."""
        started = time.monotonic()
        truth = province.truth()
        total = sum(len(portal.articles) for portal in truth.values())
        console.print(f"Crawling five portals of the sample province: {total} articles on 127.0.0.1 …")
        assert self.crawler_process is not None
        with Progress(
            TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True,
            disable=not console.is_terminal,
        ) as progress:  # fmt: skip
            crawlers: dict[str, Crawler] = {}
            for name, url in province.addresses.items():
                crawlers[name] = crawler = self.crawler_process.create_crawler(name)
                task = progress.add_task(name, total=len(truth[name].articles))
                crawler.signals.connect(_counter(progress, task), signals.item_scraped, weak=False)
                self.crawler_process.crawl(crawler, url=url)
            self.crawler_process.start()
        files = {name: _export(opts.output, name, crawler) for name, crawler in crawlers.items()}
        scores = [
            score(truth[name], province.portals[name].key_of, _read(path) if path else ())
            for name, path in files.items()
        ]
        opts.output.mkdir(parents=True, exist_ok=True)
        truth_file = opts.output / "sample_truth.jsonl"
        province.write_truth(truth_file)
        console.print(results(scores))
        if opts.details:
            differences(scores, console)
        _closing(console, scores, files, truth_file, time.monotonic() - started)
        self.exitcode = 0 if all(portal.perfect for portal in scores) else SHORTFALL


def serve(province: SampleProvince, console: Console) -> None:
    """Print the addresses and wait for Ctrl-C."""
    table = Table(title="The sample province is being served; Ctrl-C ends it")
    for heading in ("Department", "Software", "Address", "Spider"):
        table.add_column(heading, no_wrap=heading != "Department")
    for name, url in province.addresses.items():
        portal = province.portals[name]
        table.add_row(portal.department.title, portal.family, url, name)
    console.print(table)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Served enough.")


def results(scores: list[PortalScore]) -> Table:
    """The table of what was found; it fits into 80 columns."""
    table = Table(
        title="Sample province: what the crawl found, beside the truth",
        box=SIMPLE_HEAD,
        padding=(0, 0),
        show_footer=True,
    )
    found, expected = (sum(getattr(portal, name) for portal in scores) for name in ("found", "expected"))
    words = sum(portal.f1 * portal.found for portal in scores) / found if found else 0.0
    everything = PortalScore(portal="all", expected=expected, found=found, f1=words)
    for portal in scores:
        everything.missing += portal.missing
        everything.extra += portal.extra
        everything.exact += portal.exact
        everything.leaked += portal.leaked
    headings = ("Portal", "Articles", "Miss.", "Extra", "Words", "Titles", "Dates", "Authors", "Leaked")
    for heading, total in zip(headings, _row(everything), strict=True):
        table.add_column(heading, total, justify="left" if heading == "Portal" else "right", no_wrap=True)
    for portal in scores:
        table.add_row(*_row(portal))
    return table


def _row(portal: PortalScore) -> list[str]:
    def share(name: str) -> str:
        return f"{portal.exact[name] / portal.found:.1%}" if portal.found else "-"

    return [
        portal.portal,
        f"{portal.found}/{portal.expected}",
        _flag(len(portal.missing)),
        _flag(len(portal.extra)),
        f"{portal.f1:.1%}",
        *map(share, ("title", "published_at", "author")),
        _flag(len(portal.leaked)),
    ]


def differences(scores: list[PortalScore], console: Console) -> None:
    """Print what differs from the truth."""
    for portal in scores:
        lines = [f"missing  {url}" for url in portal.missing] + [f"extra    {url}" for url in portal.extra]
        lines += [f"leaked   {string!r} in {url}" for url, string in portal.leaked]
        lines += [f"{name:12} {ours!r}, not {theirs!r}: {url}" for name, url, ours, theirs in portal.wrong]
        lines += [f"words    {f1:.3f} {url}" for f1, url in portal.low if f1 < 1]
        for line in lines[:DETAILS]:
            console.print(f"{portal.portal}: {line}", markup=False, highlight=False, soft_wrap=True)
        if len(lines) > DETAILS:
            console.print(f"{portal.portal}: {len(lines) - DETAILS} more")


def _closing(
    console: Console, scores: list[PortalScore], files: dict[str, Path | None], truth: Path, seconds: float
) -> None:
    """Say how it ended, where the files are and what to try next."""
    if all(portal.perfect for portal in scores):
        console.print(f"[green]Every article found, no widget leaked[/green], in {seconds:.0f} s.")
    else:
        console.print(f"[red]Something is missing or leaked[/red] (see --details); {seconds:.0f} s.")
    written = {name: path for name, path in files.items() if path}
    console.print("Exports:", highlight=False)
    for path in written.values():
        console.print(f"  {path}", highlight=False, soft_wrap=True)
    console.print(f"Truth: {truth}", highlight=False, soft_wrap=True)
    console.print("Next:", highlight=False)
    if written:
        path = next(iter(written.values()))
        console.print(f"  portal-crawler show {path}", highlight=False, soft_wrap=True)
    console.print("  portal-crawler demo --serve     (then open the portals in a browser)", highlight=False)


def _counter(progress: Progress, task: TaskID) -> Callable[[Any], None]:
    """A receiver of Scrapy's ``item_scraped`` that moves a bar on; Scrapy's signals take functions only."""

    def count(item: Any) -> None:
        if isinstance(item, Article):
            progress.advance(task)

    return count


def _export(output: Path, name: str, crawler: Crawler) -> Path | None:
    """The finished export of a crawl, or None if there is none."""
    path = output / name / f"{getattr(crawler.spider, 'run_id', '')}.jsonl"
    return path if path.is_file() else None


def _read(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _flag(count: int) -> str:
    return f"[red]{count}[/red]" if count else "0"


def _given(settings: list[str]) -> set[str]:
    """Names of the settings given with -s."""
    return {setting.partition("=")[0] for setting in settings}
