"""``record NAME URL``: keep a page of a portal, and what is extracted from it, as a test."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.spiderloader import get_spider_loader

from portal_crawler.commands.console import debugging, one_line_errors, refuse
from portal_crawler.commands.crawl import portal_spider
from portal_crawler.commands.pages import fetch, layout_of, read_file
from portal_crawler.commands.typeset import explanation, reading, safe
from portal_crawler.crawling.api import ApiError
from portal_crawler.extraction.article import extract
from portal_crawler.extraction.page import parse_page
from portal_crawler.items import Article, Capture, Rejected
from portal_crawler.monitoring.verdict import ExitCode
from portal_crawler.platforms.declared import is_seed
from portal_crawler.platforms.detected import FAMILIES
from portal_crawler.platforms.fingerprint import fingerprint

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from portal_crawler.platforms.portal import PortalSpider

SITES = Path("tests/sites")
# What a person can confirm by looking at the page; the rest follows from it, from the address and from the time.
CONFIRMED = (
    "kind", "title", "subtitle", "lead", "text", "author", "source", "published_at", "modified_at", "section", "tags",
    "images", "attachments", "document",
)  # fmt: skip


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] <spider> <address>"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Record a page of a portal as a test of its spider"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            f"Fetches a page, or reads it from a file, and writes {SITES}/NAME.html (bytes as received; NAME.api if "
            f"they are the JSON of an interface) and {SITES}/NAME.json (the article extracted from them) in the "
            "project's folder. Read the article beside the page, then set reviewed to true; more pages of a portal "
            "become NAME.2, NAME.3 and so on."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("--file", type=Path, metavar="PAGE", help="an HTML file (or .gz) that was saved from there")
        parser.add_argument("--force", action="store_true", help="replace the record of this address")

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Look at the command line before anything is fetched."""
        super().process_options(args, opts)
        assert self.settings is not None
        if not opts.loglevel:
            # What cannot be fetched is told in one line below.
            self.settings.set("LOG_LEVEL", "ERROR" if debugging() else "CRITICAL", "cmdline")
        if len(args) != 2:
            refuse("record needs a spider and an address: portal-crawler record NAME https://…")
        if not is_seed(args[1]):
            refuse(f"record takes an address with http:// or https://, not {args[1]!r}")
        if opts.file and not opts.file.is_file():
            refuse(f"there is no file {opts.file}")
        if not SITES.parent.is_dir():
            refuse(f"there is no folder {SITES.parent} here: record is run in the project's folder")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Record the page."""
        assert self.settings is not None
        name, url = args
        spider = portal_spider(name, get_spider_loader(self.settings))
        portal = spider() if spider.start_urls else spider(url=url)
        if portal.api is not None:  # the page is an empty shell
            url = portal.api.detail_of(url) or url
        record_path(name, url, force=opts.force)  # what is recorded already is not fetched again
        if opts.file:
            capture = read_file(opts.file, url, self.settings.getint("DOWNLOAD_MAXSIZE"))
        else:
            capture = fetch([url], self.settings)[0]
        page = capture if isinstance(capture, Rejected) else page_of(portal, capture)
        found = page if isinstance(page, Rejected) else extract(page, portal)
        if isinstance(found, Rejected):
            self.refuse_page(found)
            return
        assert isinstance(capture, Capture)
        assert isinstance(page, Capture)
        path = record_path(name, capture.url, force=opts.force)  # redirects lead elsewhere
        written = write(path, capture, found, as_json=page is not capture)
        layout = layout_of(page, portal.wrappers)
        reading().print(explanation(asdict(found), layout))
        print(f"written: {path} and {written.name}; read the article beside the page, then set reviewed to true")
        if spider.start_urls and portal.rules.judge(page.url).kind == "outside":
            # A portal that has moved has old addresses; but it is a mistake more often.
            seeds = " ".join(spider.start_urls)
            print(f"{page.url} is no address of the portal: the crawl of {name} stays at {seeds}", file=sys.stderr)
        if portal.wrappers and layout is None:
            print(f"no layout of {name} fits this page: the article of none of its wrappers stands there exactly once")
        if not portal.wrappers and (family := fingerprint(parse_page(page))):
            print(f"this is a page of {family}: {FAMILIES[family].__name__} has layouts for it, {name} has none")

    def refuse_page(self, reject: Rejected) -> None:
        """Say why there is nothing to record."""
        self.exitcode = ExitCode.NOTHING_FOUND
        print(safe(f"nothing recorded ({reject.reason}): {reject.detail}"), file=sys.stderr)


def page_of(portal: PortalSpider, capture: Capture) -> Capture | Rejected:
    """The page that is recorded: what was received, or what the portal's interface (``api``) makes of it."""
    if portal.api is None or not portal.api.is_detail(capture.url):
        return capture
    try:
        portal.api.page_of(capture.body)
    except ApiError as error:
        return portal.reject(capture.url, "not_html", f"{capture.url}: {error}", capture.status)
    return portal.translated(capture)


def record_path(name: str, url: str, *, force: bool) -> Path:
    """Where the record goes: NAME.json, or the next number that is free; that of the same address with ``force``."""
    taken = {}
    for path in SITES.glob(f"{name}*.json"):
        if match := re.fullmatch(rf"{re.escape(name)}(?:\.(\d+))?\.json", path.name):
            taken[int(match[1] or 1)] = path
            if json.loads(path.read_text("utf-8"))["url"] == url:
                if not force:
                    refuse(f"{path} records this address already; --force replaces it")
                return path
    number = max(taken, default=0) + 1
    return SITES / (f"{name}.json" if number == 1 else f"{name}.{number}.json")


def write(path: Path, capture: Capture, article: Article, *, as_json: bool) -> Path:
    """Write the page, or the JSON that stands for it, and the record; returns the file with the bytes as received."""
    values = asdict(article)
    record: dict[str, Any] = {
        "url": capture.url,
        "content_type": capture.headers.get("content-type"),
        "captured_at": capture.fetched_at.isoformat(timespec="seconds"),
        "reviewed": False,
        "article": {field: values[field] for field in CONFIRMED},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    received = path.with_suffix(".api" if as_json else ".html")
    received.write_bytes(capture.body)
    path.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return received
