"""``extract FILE|DIR|URL``: HTML in, articles out."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.spiderloader import get_spider_loader

from portal_crawler.commands.captures import assign, capture_files, hosts_of
from portal_crawler.commands.coloured import coloured
from portal_crawler.commands.console import debugging, one_line_errors, refuse
from portal_crawler.commands.crawl import portal_spider
from portal_crawler.commands.pages import (
    Site,
    capture_of,
    fetch,
    html_files,
    identify,
    is_address,
    knowledge_of,
    layout_of,
    looks_like_page,
    read_file,
)
from portal_crawler.commands.replays import DONE, replayed
from portal_crawler.commands.typeset import explanation, reading, safe
from portal_crawler.crawling.canonical import page_key
from portal_crawler.extraction.article import Explanation, explain, rejected
from portal_crawler.extraction.page import PageError, parse_page
from portal_crawler.extraction.template import Template
from portal_crawler.items import Article, Capture, Rejected
from portal_crawler.monitoring.verdict import ExitCode
from portal_crawler.platforms.declared import is_seed
from portal_crawler.platforms.detected import FAMILIES

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from portal_crawler.platforms.portal import PortalSpider


# So many of the files that are passed over are told by their names.
MOST_NAMED = 5


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False  # made when there is something to fetch

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] <file|folder|address|-> ...   or   [options] <WARC|WACZ|folder of them> ..."

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Extract articles from HTML files, folders or addresses"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Prints the article of each page as a line of JSON on standard output; a page that is no article is a line "
            "with its reason on standard error. A folder is taken for pages of one site: its template is learned from "
            "all of them first. Files may be compressed (.gz). Exit code 0: all pages are articles; 6: some are not; "
            "3: none is. Captures (WARC, WACZ) are replayed by the spiders of their hosts, several at once, into "
            "files as those of a crawl; called again, it goes on where it was stopped. Files that cannot be read are "
            "told, and cost no other: exit code 6, or 2 if nothing can be read of any."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("--spider", metavar="NAME", help="read the pages as this portal's spider would")
        parser.add_argument(
            "--platform", metavar="NAME", help=f"take them for pages of this platform: {', '.join(FAMILIES)}, or none"
        )
        parser.add_argument("--url", metavar="ADDRESS", help="the address of the one page in the file")
        parser.add_argument(
            "--explain", action="store_true", help="print fields, kept text and each removed block, not JSON"
        )
        parser.add_argument(
            "--html", metavar="FILE", help="with --explain: write the pages, in colours, as one HTML file instead"
        )
        parser.add_argument(
            "--out",
            metavar="FOLDER",
            default="exports/captures",
            help="where the articles of captures go, a folder for each host (default: %(default)s)",
        )
        parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="processes at a time")
        parser.add_argument(
            "--cluster", metavar="ADDRESS", help="a Dask scheduler whose workers read the captures (extra cluster)"
        )

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Look at the command line before anything is read."""
        super().process_options(args, opts)
        assert self.settings is not None
        if not opts.loglevel:
            # What cannot be fetched is told in one line below.
            self.settings.set("LOG_LEVEL", "ERROR" if debugging() else "CRITICAL", "cmdline")
        if not args:
            refuse("extract needs a file, a folder, an address, or - for standard input")
        if opts.platform and opts.platform != "none" and opts.platform not in FAMILIES:
            refuse(f"there is no platform {opts.platform!r}; there are {', '.join(FAMILIES)} and none")
        if opts.url and not is_address(opts.url):
            refuse(f"--url takes an address with http:// or https://, not {opts.url!r}")
        if opts.url and (len(args) > 1 or is_address(args[0]) or Path(args[0]).is_dir()):
            refuse("--url gives the address of one file; here are other things or more of them")
        if opts.html and not opts.explain:
            refuse("--html says where --explain writes; give both")
        if opts.jobs < 1:
            refuse("--jobs is at least 1")
        for name in args:
            _check(name)
            if opts.html and _reads(name, Path(opts.html)):
                refuse(f"{opts.html} is one of the pages that are read: --html would write over it")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Extract, print, and set the exit code."""
        assert self.settings is not None
        spider: type[PortalSpider] | None = None
        if opts.spider:
            spider = portal_spider(opts.spider, get_spider_loader(self.settings))
        problems: list[str] = []
        others: list[Path] = []
        files = {
            name: [] if is_address(name) or name == "-" else capture_files(Path(name), problems, others)
            for name in args
        }  # fmt: skip
        if any(files.values()):
            if not all(files.values()):
                refuse("captures and other things are extracted apart: name WARC and WACZ files alone")
            if others:
                print(f"{len(others):,} other files are no captures: {_named(others)}")
            # As the replays name them: what both cannot read is told once.
            self.from_captures(sorted({file.absolute() for each in files.values() for file in each}), opts, problems)
            return
        self.from_pages(args, opts, spider, problems)

    def from_pages(
        self, args: list[str], opts: Namespace, spider: type[PortalSpider] | None, problems: list[str]
    ) -> None:
        """Extract page by page, and set the exit code."""
        for problem in problems:
            print(safe(problem), file=sys.stderr)
        counts = Counter({False: len(problems)})
        pages = self.told(self.extracted(args, opts, spider), counts)
        if opts.html:
            write_whole(Path(opts.html), coloured(told for told, _ in pages))
            print(f"{opts.html}: {counts.total():,} pages", file=sys.stderr)
        else:
            for told, layout in pages:
                if isinstance(told.found, Rejected):
                    continue
                if opts.explain:
                    reading().print(explanation(asdict(told.found), layout))
                else:
                    print(json.dumps(asdict(told.found), ensure_ascii=False))
        if not counts[True]:
            self.exitcode = ExitCode.NOTHING_FOUND
        elif counts[False]:
            self.exitcode = ExitCode.MANY_REJECTED

    def from_captures(self, files: list[Path], opts: Namespace, problems: list[str]) -> None:
        """Replay captures host by host, tell of each and of what cannot be read, and set the exit code."""
        assert self.settings is not None
        if opts.explain or opts.platform or opts.url:
            refuse("--explain, --platform and --url are for pages; captures are replayed by spiders (--spider NAME)")
        problems += [f"{file}: its name holds a line break: it is not read" for file in files if "\n" in str(file)]
        files = [file for file in files if "\n" not in str(file)]
        lost: list[Path] = []
        barren: list[Path] = []
        hosts = hosts_of(files, problems, opts.jobs, lost, barren)
        for problem in problems:
            print(safe(problem), file=sys.stderr)
        assign(hosts, get_spider_loader(self.settings), opts.spider)
        print(
            f"{len(files):,} files, {sum(host.pages for host in hosts):,} pages of {len(hosts):,} hosts"
            + (f"; of {len(lost):,} files nothing can be read" if lost else "")
            + (f"; {len(barren):,} files hold no page: {_named(barren)}" if barren else ""),
            flush=True,
        )
        if opts.cluster and importlib.util.find_spec("distributed") is None:
            refuse('--cluster needs the extra cluster: pip install "portal-crawler[cluster]"')
        articles, failed = 0, False
        outcomes = replayed(hosts, Path(opts.out).absolute(), opts.jobs, opts.cluster)
        for number, done in enumerate(outcomes, 1):
            articles += done.articles
            for problem in sorted(done.broken.difference(problems)):
                print(safe(problem), file=sys.stderr)
                problems.append(problem)
            failed = failed or done.code not in (None, *DONE)
            how = "done before" if done.code is None else f"exit code {done.code}"
            how += ", replayed again: other captures, spider or extractor than before" if done.again else ""
            print(
                f"[{number}/{len(hosts)}] {safe(done.host.name)} ({done.host.spider}): {done.articles:,} articles of "
                f"{done.host.pages:,} pages, {how}" + (f": {safe(done.error)}" if done.error else ""),
                flush=True,
            )
        print(f"{opts.out}: {articles:,} articles")
        if failed:
            self.exitcode = ExitCode.ERROR
        elif lost == files:
            self.exitcode = ExitCode.USAGE
        elif not articles:
            self.exitcode = ExitCode.NOTHING_FOUND
        elif problems:
            self.exitcode = ExitCode.MANY_REJECTED

    @staticmethod
    def told(
        pages: Iterable[tuple[Explanation, str | None]], counts: Counter[bool]
    ) -> Iterator[tuple[Explanation, str | None]]:
        """Pass pages on, count them as articles or none, and say on standard error why a page is none."""
        for told, layout in pages:
            counts[isinstance(told.found, Article)] += 1
            if isinstance(told.found, Rejected):
                print(f"rejected ({told.found.reason}): {safe(told.found.detail)}", file=sys.stderr)
            yield told, layout

    def extracted(
        self, args: list[str], opts: Namespace, spider: type[PortalSpider] | None
    ) -> Iterator[tuple[Explanation, str | None]]:
        """The article of every page, or why there is none, with the layout that fitted."""
        assert self.settings is not None
        limit = self.settings.getint("DOWNLOAD_MAXSIZE")
        for name in args:
            if is_address(name):
                continue
            if Path(name).is_dir():
                files = html_files(Path(name))
                template = learned(files, limit)
                for path in files:
                    yield _extracted(read_file(path, None, limit), spider, opts.platform, template)
            elif name == "-":
                body = sys.stdin.buffer.read(limit + 1)
                yield _extracted(
                    capture_of(body, opts.url, "file:///dev/stdin", datetime.now(UTC), limit), spider, opts.platform
                )
            else:
                yield _extracted(read_file(Path(name), opts.url, limit), spider, opts.platform)
        addresses = [name for name in args if is_address(name)]
        for capture in fetch(addresses, self.settings) if addresses else ():
            yield _extracted(capture, spider, opts.platform)


def _named(files: list[Path]) -> str:
    """The names of some files, as many as a line may hold."""
    names = ", ".join(file.name for file in files[:MOST_NAMED])
    return safe(f"{names}, ..." if len(files) > MOST_NAMED else names)


def _check(name: str) -> None:
    """Refuse what is neither address nor a file or folder to read."""
    if is_address(name) and not is_seed(name):
        refuse(f"{name} is no address: it names no host that can be asked")
    if name == "-" or is_address(name):
        return
    path = Path(name)
    if not path.exists():
        refuse(f"there is no file {name}")
    if path.is_file() and not (capture_files(path) or looks_like_page(path)):
        refuse(f"{name} is neither a capture (WARC, ARC, WACZ) nor HTML")
    problems: list[str] = []
    if path.is_dir() and not html_files(path) and not capture_files(path, problems):
        refuse("; ".join([f"there is no HTML file and no capture in {name}", *map(safe, problems[:MOST_NAMED])]))


def _reads(name: str, target: Path) -> bool:
    """Whether a file that is there is among the pages that an argument stands for."""
    path = Path(name)
    if name == "-" or is_address(name) or not target.exists():
        return False
    return any(target.samefile(page) for page in ([path] if path.is_file() else html_files(path)))


def write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write a file that gets its name, and takes another's place, once it is complete.

    Raises:
        OSError: if it cannot be written.
    """
    in_place = path.is_symlink() or (path.exists() and not path.is_file())  # /dev/stdout is not to be replaced
    part = path if in_place else path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(pieces)
        if not in_place:
            part.replace(path)
    except BaseException:
        if not in_place:
            part.unlink(missing_ok=True)
        raise


def learned(files: list[Path], limit: int) -> Template:
    """The template that the pages of a folder have in common."""
    template = Template()
    for path in files:
        capture = read_file(path, None, limit)
        if isinstance(capture, Rejected):
            continue  # it is rejected again, and counted, when it is extracted
        try:
            template.learn(parse_page(capture), page_key(capture.url))
        except PageError:
            continue  # as above
    return template


def _extracted(
    capture: Capture | Rejected,
    spider: type[PortalSpider] | None,
    platform: str | None,
    template: Template | None = None,
) -> tuple[Explanation, str | None]:
    if isinstance(capture, Rejected):
        return Explanation(capture), None
    known = knowledge_of(capture, spider, platform)
    identify(capture, known)
    site = Site(
        name=spider.name if spider else "extract",
        province=spider.province if spider else None,
        department=spider.department if spider else None,
        wrappers=known.wrappers,
        template=template,
    )
    try:
        told = explain(capture, site)
        layout = layout_of(capture, site.wrappers) if isinstance(told.found, Article) else None
    except Exception as error:  # a bug met on one page costs that page alone, and says so
        if debugging():
            raise
        return Explanation(rejected(capture, site, "error", f"{capture.url}: {type(error).__name__}: {error}")), None
    return told, layout
