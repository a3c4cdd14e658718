"""``crawl NAME``: Scrapy's own, with an exit code that says how the run ended."""

from __future__ import annotations

import argparse
import gc
import inspect
import logging
import signal
import sys
from typing import TYPE_CHECKING, Any

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.project import get_project_settings

from portal_crawler.commands.console import debugging, end, one_line_errors, refuse, suggestion
from portal_crawler.crawling.addresses import AddressGuard, loopback
from portal_crawler.crawling.clock import QuietHours
from portal_crawler.monitoring.verdict import ExitCode, verdict
from portal_crawler.platforms.portal import PortalSpider

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from scrapy.spiderloader import SpiderLoaderProtocol

logger = logging.getLogger(__name__)

# Logs a host that does not answer with 60 lines of traceback, before the spider's own reject says so.
ROBOTS = "scrapy.downloadermiddlewares.robotstxt"
# How a setting is read whose default has such a type, and what it is then.
READERS = {bool: ("getbool", "True or False"), int: ("getint", "a whole number"), float: ("getfloat", "a number")}
# How many objects Python makes before it looks for cycles among them, and how many such looks before a wider one. A
# page is some thousands of objects: to look as often as it does of its own accord takes 4 % of a fast crawl's time.
GARBAGE = (5_000, 20)
ASYNCIO = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


class Command(ScrapyCrawl):
    """Run a spider; ``-a``, ``-o``, ``-O`` and ``-s`` as in Scrapy."""

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Crawl a portal, or read its captures from a WARC file (-a warc=FILE)"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Crawls the portal of a spider (portal-crawler portals lists them) and writes "
            "exports/NAME/TIME.jsonl, with rejects and a record of the run beside it. "
            "Exit code: 0 finished; 1 error; 2 wrong command line; 3 no article; 4 unreachable; 5 too few articles; "
            "6 more than a tenth rejected; 7 blocked; 8 stopped before the end; 9 the host died on the way; "
            "10 a budget is spent; 11 no contact set; 12 a list was not read to its end; "
            "13 the portal has moved to another host; 14 another crawl of it is running."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Scrapy's options."""
        super().add_options(parser)
        for name, what in (("attachments", "files"), ("images", "pictures")):
            parser.add_argument(f"--{name}", action="store_true", help=f"fetch the {what} of articles, too")
        for name, what in (
            ("full", "walk the whole portal and look at every known article again"),
            ("only-new", "look at no article that is known"),
            ("fresh", "begin a new crawl though the last one was not finished"),
        ):
            parser.add_argument(f"--{name}", action="store_true", help=what)
        parser.add_argument(
            "--archive", action=argparse.BooleanOptionalAction, default=None, help="keep every exchange as WARC"
        )
        parser.add_argument("--since", metavar="DAY", help="leave out what was published before, as in 2024-05-31")
        one_line_errors(parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look at the command line before anything is started: a mistake in it is one line and exit code 2."""
        super().process_options(args, opts)
        switches = ("attachments", "images", "full", "only_new", "fresh")
        opts.spargs |= {name: "1" for name in switches if getattr(opts, name)}
        if opts.since:
            opts.spargs["since"] = opts.since
        if opts.archive is not None:
            opts.spargs["archive"] = str(int(opts.archive))
        if len(args) != 1:
            refuse("crawl takes one spider: portal-crawler crawl NAME (portal-crawler portals lists them)")
        assert self.settings is not None
        check_settings(self.settings)
        if not debugging():
            logging.getLogger(ROBOTS).addFilter(without_traceback)
        if sys.stderr.isatty() and not opts.loglevel and not self.settings.get("LOG_FILE"):
            # The live display tells what the log would.
            self.settings.set("LOG_LEVEL", "WARNING", "cmdline")
        spider = spider_named(args[0], get_spider_loader(self.settings))
        check_arguments(spider, opts.spargs)
        # A try before any line of log. Without a seed the spider reads the WARC file for one: that is not done twice.
        reads = opts.spargs.keys() == {"warc"} and not getattr(spider, "start_urls", None)
        try:
            made = (PortalSpider if reads else spider)(spider.name, **opts.spargs)
        except UsageError as error:
            refuse(f"crawl {args[0]}: {error}")
        if "warc" not in opts.spargs:
            introduce(self.settings, getattr(made, "start_urls", []))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, and set the exit code by what came of it."""
        assert self.crawler_process is not None
        gc.set_threshold(*GARBAGE)
        crawler = self._create_crawler(args[0])
        task = self.crawler_process.crawl(crawler, **opts.spargs)
        stop_with_terminal()
        self.crawler_process.start()
        if (error := _failure(task)) is None:
            self.exitcode = _code(crawler)
            return
        if isinstance(error, UsageError) and not debugging():
            refuse(f"crawl {args[0]}: {error}")
        if isinstance(error, OSError) and error.filename and not debugging():
            refuse(f"crawl {args[0]}: {error.filename}: {error.strerror}")
        logger.error("The crawl of %s failed", args[0], exc_info=error)
        self.exitcode = ExitCode.ERROR


def stop_with_terminal() -> None:
    """Let a terminal that is closed stop the crawl as Ctrl-C does, unless that is ignored (``nohup``)."""
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def check_settings(settings: BaseSettings) -> None:
    """Refuse settings that cannot be meant, before anything is asked for.

    All that waits in a crawl rests on the event loop of asyncio, and a misspelt budget would be none.
    """
    if (reactor := settings.get("TWISTED_REACTOR")) != ASYNCIO:
        refuse(f"TWISTED_REACTOR is {reactor!r}: crawls run on {ASYNCIO} alone")
    if (level := settings["LOG_LEVEL"]) not in logging.getLevelNamesMapping():
        refuse(f"there is no log level {level!r}; there are DEBUG, INFO, WARNING and ERROR")
    shipped = get_project_settings()
    for name in (name for name in settings if settings.getpriority(name) == SETTINGS_PRIORITIES["cmdline"]):
        if name.startswith("PORTAL_") and name not in shipped:
            refuse(f"there is no setting {name}{suggestion(name, map(str, shipped))}")
        read, what = READERS.get(type(shipped.get(name)), ("get", ""))
        try:
            getattr(settings, read)(name)
        except ValueError:
            refuse(f"the setting {name} is {what}, not {settings[name]!r}")
    try:
        QuietHours.parse(settings.get("PORTAL_QUIET_HOURS", ""))
        AddressGuard(settings.getlist("PORTAL_ALLOW_PRIVATE"))
    except ValueError as error:
        refuse(str(error))


def introduce(settings: BaseSettings, seeds: list[str]) -> None:
    """Put the user's contact into the User-Agent; without one, only servers on this machine are crawled."""
    contact = settings.get("PORTAL_CONTACT", "")
    if "@" in contact or "://" in contact:
        agent = settings["USER_AGENT"]
        if contact not in agent:
            settings.set("USER_AGENT", agent.replace("contact: not set", f"contact: {contact}"), "cmdline")
    elif not all(loopback(seed) for seed in seeds):
        end(
            "administrators must be able to reach you: set the environment variable PORTAL_CONTACT once, to your mail "
            "address or a page about the crawl (export PORTAL_CONTACT=you@example.org)",
            ExitCode.NO_CONTACT,
        )


def spider_named(name: str, loader: SpiderLoaderProtocol) -> type[Spider]:
    """The spider class of a name; a name that there is none of ends the command."""
    if name not in (names := loader.list()):
        refuse(f"there is no spider {name!r}{suggestion(name, names)} (portal-crawler portals lists them)")
    return loader.load(name)


def portal_spider(name: str, loader: SpiderLoaderProtocol) -> type[PortalSpider]:
    """As :func:`spider_named`, for commands that need what only a portal's spider knows."""
    spider = spider_named(name, loader)
    if not issubclass(spider, PortalSpider):
        refuse(f"the spider {name} is not a portal's")
    return spider


def check_arguments(spider: type[Spider], given: dict[str, str]) -> None:
    """Refuse arguments that a portal's spider does not have: a misspelt ``warc`` would crawl the live portal."""
    if not issubclass(spider, PortalSpider):
        return
    known = {
        name
        for base in spider.__mro__
        if base is not object and (maker := vars(base).get("__init__")) is not None
        for name, parameter in inspect.signature(maker).parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    } - {"self", "name"}
    for name in given:
        if name not in known:
            there = ", ".join(sorted(known))
            refuse(f"{spider.name} has no argument {name!r}{suggestion(name, known)} (there are {there})")


def without_traceback(record: logging.LogRecord) -> bool:
    """A filter that lets every record pass, in one line."""
    record.exc_info = record.exc_text = None
    return True


def _failure(task: Any) -> BaseException | None:
    """What ended the crawl before it had begun, if anything; reading it keeps asyncio from printing it."""
    return task.exception() if hasattr(task, "exception") and task.done() and not task.cancelled() else None


def _code(crawler: Crawler) -> ExitCode:
    assert crawler.stats is not None
    stats = crawler.stats.get_stats()
    return verdict(stats, stats.get("finish_reason"), getattr(crawler.spider, "min_articles", 0))
