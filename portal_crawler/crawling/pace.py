"""How often a host is asked: Crawl-delay, Retry-After, quiet hours, and all portals on the host together."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured

from portal_crawler.crawling.addresses import loopback
from portal_crawler.crawling.clock import FARTHEST, HostClock, QuietHours, retry_after
from portal_crawler.crawling.idle import is_closing

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

# Answers that ask for patience (RFC 6585 section 4, RFC 9110 section 15.6.4).
PATIENCE = (429, 503)
# What ends an address's host and port (RFC 3986 section 3.2).
AUTHORITY_END = re.compile(r"[/?#]")
# A stopped crawl is not kept waiting longer than this, in seconds.
LOOK = 0.5
# Rests in a row that a host asks for, and none of which is enough: it is left for another run then.
MOST_RESTS = 6
# Figure of the stats: seconds of quiet hours that a run has waited for.
QUIET = "politeness/quiet_seconds"


class PostponedError(IgnoreRequest):
    """A request that is not made in this run; the dead letters keep it for another."""


def host_key(url: str) -> str:
    """The host of an address; on this machine with the port, for each may be another server."""
    scheme, _, rest = url.partition("://")
    return _host_key(f"{scheme}://{AUTHORITY_END.split(rest, 1)[0]}")


@lru_cache(maxsize=1_000)
def _host_key(address: str) -> str:
    parts = urlsplit(address)
    return parts.netloc if loopback(address) else (parts.hostname or "").removeprefix("www.")


def check_minutes(crawler: Crawler) -> None:
    """Let no request pass beyond the minutes that a run may take (``PORTAL_MAX_MINUTES``), quiet hours not counted.

    Raises:
        PostponedError: if they are spent.
    """
    assert crawler.stats is not None
    limit = crawler.settings.getfloat("PORTAL_MAX_MINUTES")
    now = datetime.now(UTC)
    taken = now - crawler.stats.get_value("start_time", now) - timedelta(seconds=crawler.stats.get_value(QUIET, 0))
    if limit and taken >= timedelta(minutes=limit):
        crawler.stats.inc_value("budget/postponed")
        raise PostponedError(f"the budget of {limit:,g} minutes is spent")


class HostPace:
    """Downloader middleware: each request waits for its host's next free time.

    Between two requests to a host lies the larger of ``DOWNLOAD_DELAY`` and the host's ``Crawl-delay``, counted over
    all portals on it and all processes that share the state folder; AutoThrottle may add to it. A 429 or 503 lets the
    host rest: for as long as ``Retry-After`` asks, else for twice the delay, twice as long each time. A host that wants
    more rest than a run has, at once or again and again, is left for another run: it is not asked before its time,
    whichever run that is. What has passed stands in the downloader's queue by then, or its time went by while the
    process was busy: the download handler asks once more (:meth:`hold`) before it connects.

    Settings:
        PORTAL_CRAWL_DELAY_MAX: No Crawl-delay counts for more seconds than this.
        PORTAL_RETRY_AFTER_MAX: A host that asks for more seconds than this, all rests in a row together, is left.
        PORTAL_QUIET_HOURS: ``07:00-17:30``: no request in these hours, Vietnamese time; empty: none.
        PORTAL_STATE_DIR: Where the hosts' times are kept (``hosts.sqlite``); empty: this process alone keeps them.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.delay = settings.getfloat("DOWNLOAD_DELAY")
        self.longest_delay = settings.getfloat("PORTAL_CRAWL_DELAY_MAX", 60)
        self.longest_rest = settings.getfloat("PORTAL_RETRY_AFTER_MAX", 600)
        self.slowest = settings.getfloat("AUTOTHROTTLE_MAX_DELAY")
        try:
            self.quiet = QuietHours.parse(settings.get("PORTAL_QUIET_HOURS", ""))
        except ValueError as error:
            raise NotConfigured(str(error)) from error
        folder = settings.get("PORTAL_STATE_DIR")
        self.clock = HostClock(Path(folder) if folder else None)
        self.asked_for: dict[str, float] = {}
        self.refusals: dict[str, tuple[int, float]] = {}  # rests in a row, and their seconds
        self.left: dict[str, float] = {}
        self.quiet_until = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> HostPace:
        """Connect to the signals of robots.txt, of answers and of the end."""
        made = cls(crawler)
        crawler.signals.connect(made.robots_parsed, signal=signals.robots_parsed)
        # What stands next in the downloader's queue is taken out of it before any middleware sees the answer.
        crawler.signals.connect(made.response_downloaded, signal=signals.response_downloaded)
        crawler.signals.connect(made.engine_stopped, signal=signals.engine_stopped)
        return made

    def engine_stopped(self) -> None:
        """Close the table of times."""
        self.clock.close()

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Note a host's Crawl-delay."""
        agent = self.crawler.settings["ROBOTSTXT_USER_AGENT"] or self.crawler.settings["USER_AGENT"]
        asked = robotparser.crawl_delay(agent)
        if asked is not None and asked > self.delay:
            self.asked_for[host_key(request.url)] = min(asked, self.longest_delay)
            logger.info("%s asks for %g s between requests", host_key(request.url), asked)
            self._count("politeness/crawl_delay")

    def delay_of(self, host: str) -> float:
        """Seconds between two requests to a host."""
        return max(self.delay, self.asked_for.get(host, 0.0))

    async def process_request(self, request: Request) -> None:
        """Wait for the host.

        Raises:
            PostponedError: if the host asks for more patience than a run has, or the crawl is being stopped.
        """
        host = host_key(request.url)
        self._check_left(host)
        await self._be_quiet()
        await self._let_rest(host)
        if delay := self.delay_of(host):
            await self._sleep_until(self.clock.reserve(host, delay, time.time()), host)
        await self._let_rest(host)

    async def hold(self, request: Request) -> bool:
        """Wait for the host if it has begun to rest since the request has passed, or was asked too short a time ago.

        Returns:
            Whether it was waited for.

        Raises:
            PostponedError: as :meth:`process_request`.
        """
        host = host_key(request.url)
        self._check_left(host)
        quiet = await self._be_quiet()
        waited = await self._take_turn(host) or quiet
        if not request.meta.get("dont_obey_robotstxt"):
            check_minutes(self.crawler)
        return waited

    def _check_left(self, host: str) -> None:
        if asked := self.left.get(host):
            raise PostponedError(f"{host} asks to come back in {asked:,.0f} s")

    def _leave(self, host: str, seconds: float, why: str) -> None:
        if host not in self.left:
            self._count("hosts/left")
            logger.warning("%s %s: it is left for another run, in %.0f s at the earliest", host, why, seconds)
        self.left[host] = max(seconds, self.left.get(host, 0.0))

    async def _be_quiet(self) -> bool:
        """Wait for the end of the quiet hours; whether it was to be waited for."""
        if not self.quiet or not (left := self.quiet.left(datetime.now(UTC))):
            return False
        logger.info("Quiet hours: the crawl goes on in %.0f minutes", left / 60)
        self._count("politeness/quiet_hours")
        began = time.monotonic()
        await self._sleep_until(time.time() + left)
        ended = time.monotonic()
        # Of what waits together, the time is counted once.
        self._count(QUIET, ended - max(began, self.quiet_until))
        self.quiet_until = ended
        return True

    async def _let_rest(self, host: str) -> bool:
        """Wait for the end of a host's rest; whether it rested. Each that waits for it gets a time of its own."""
        rested = False
        while (left := self.clock.rests_until(host, now := time.time()) - now) > 0:
            if left > self.longest_rest:  # another run was told so, perhaps
                self._leave(host, left, f"rests for {left:.0f} s more")
            self._check_left(host)
            rested = True
            await self._sleep_until(self.clock.reserve(host, self.delay_of(host), time.time()), host)
        return rested

    async def _take_turn(self, host: str) -> bool:
        """Wait until a host neither rests nor was asked within its delay; whether it was to be waited for."""
        waited = await self._let_rest(host)
        while (delay := self.delay_of(host)) and (at := self.clock.ask(host, delay, now := time.time())) > now:
            waited = True
            await self._sleep_until(at, host)
            await self._let_rest(host)
        return waited

    async def _sleep_until(self, until: float, host: str = "") -> None:
        while (left := until - time.time()) > 0:
            if is_closing(self.crawler):
                raise PostponedError("the crawl was stopped")
            await asyncio.sleep(min(left, LOOK))
            self._check_left(host)

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Let the host rest, if it asks for it."""
        host = host_key(request.url)
        if response.status not in PATIENCE:
            self.refusals.pop(host, None)
            return
        said = response.headers.get("Retry-After")
        asked = retry_after(said.decode("latin-1"), datetime.now(UTC)) if said else None
        tries, rested = self.refusals.get(host, (0, 0.0))
        resting = self.clock.rests_until(host, now := time.time()) > now  # what was under way says nothing new
        tries += not resting
        pause = min(self.delay_of(host) * 2**tries, self.slowest) if asked is None else asked
        rested += 0 if resting else pause
        self.refusals[host] = tries, rested
        # A page that is broken often answers 503, by itself: only what asks for patience is believed to want it.
        wants_more = tries >= MOST_RESTS and (response.status != 503 or asked is not None)
        if max(pause, rested) > self.longest_rest or wants_more:
            self._leave(
                host, pause, f"asks to come back in {pause:.0f} s" if tries == 1 else f"has rested {tries} times"
            )
        if pause:
            self._count("politeness/rests")
            self.clock.rest(host, now + min(pause, FARTHEST))

    def _count(self, key: str, by: float = 1) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key, by)  # type: ignore[arg-type]
