"""When to stop asking: hosts that have died on the way, budgets that are spent. What is not asked for is postponed."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from scrapy.http.request import NO_CALLBACK

from portal_crawler.crawling.idle import is_closing
from portal_crawler.crawling.pace import LOOK, PATIENCE, PostponedError, check_minutes, host_key

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

DEAD = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError)
PROBE = "portal_probe"
# A host that is still dead when it has been looked at so often is left for another run.
PROBES = 3


@dataclass(slots=True)
class Circuit:
    """The state of one host: ``failures`` in a row, looks at it (``probes``) since it last answered well."""

    failures: int = 0
    probes: int = 0
    given_up: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class CircuitBreaker:
    """Downloader middleware: a host that fails again and again rests, is looked at once, and is given up at last.

    The pattern is Nygard's (*Release It!*, 2007): after so many failures in a row (no connection, no answer in time, a
    server error) nothing is asked of the host for a while; then one request, for robots.txt, finds out whether it is
    back. Each rest is twice as long as the one before. After the third look in vain all its requests are postponed.

    Settings:
        PORTAL_BREAKER_FAILURES: Failures in a row that let a host rest; 0: none does.
        PORTAL_BREAKER_REST: Seconds of its first rest.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.limit = crawler.settings.getint("PORTAL_BREAKER_FAILURES", 10)
        self.first_rest = crawler.settings.getfloat("PORTAL_BREAKER_REST", 120)
        self.circuits: dict[str, Circuit] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CircuitBreaker:
        """Make one."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass unless its host rests; wait for the end of the rest.

        Raises:
            PostponedError: if the host is given up, or the crawl is being stopped.
        """
        host = host_key(request.url)
        circuit = self.circuits.get(host)
        if circuit is None or request.meta.get(PROBE) or not self.limit:
            return
        if circuit.failures >= self.limit and not circuit.given_up:
            async with circuit.lock:
                await self._recover(host, circuit, request)
        if circuit.given_up:
            raise PostponedError(f"{host} has stopped answering")

    async def _recover(self, host: str, circuit: Circuit, request: Request) -> None:
        while circuit.failures >= self.limit and not circuit.given_up:
            rest = self.first_rest * 2**circuit.probes
            logger.warning("%s: %d failures in a row; it rests for %.0f s", host, circuit.failures, rest)
            self._count("hosts/rests")
            await self._sleep(rest)
            circuit.probes += 1
            if await self._alive(request):
                circuit.failures = 0
            elif circuit.probes >= PROBES:
                circuit.given_up = True
                logger.error("%s has stopped answering: what is left of it waits for another run", host)
                self._count("hosts/down")

    async def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if is_closing(self.crawler):
                raise PostponedError("the crawl was stopped")
            await asyncio.sleep(min(left, LOOK))

    async def _alive(self, request: Request) -> bool:
        meta = {"dont_obey_robotstxt": True, "dont_retry": True, PROBE: True}
        probe = Request(urljoin(request.url, "/robots.txt"), callback=NO_CALLBACK, meta=meta)
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(probe)
        except DEAD:
            return False
        return response.status < 500

    def process_response(self, request: Request, response: Response) -> Response:
        """Count a server error, or forget what went before."""
        # A form is answered with 500 where its state has expired: the host is as alive as before.
        expired = request.method == "POST" and response.status == 500
        if not (request.meta.get(PROBE) or expired) and response.status not in PATIENCE:
            if response.status >= 500:
                self._failed(request)
            else:
                circuit = self.circuits.get(host_key(request.url))
                if circuit is not None:
                    circuit.failures = circuit.probes = 0
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a connection that failed."""
        if isinstance(exception, DEAD) and not request.meta.get(PROBE):
            self._failed(request)

    def _failed(self, request: Request) -> None:
        circuit = self.circuits.setdefault(host_key(request.url), Circuit())
        circuit.failures += 1
        if circuit.probes >= PROBES and circuit.failures >= self.limit and not circuit.given_up:
            # It answers for robots.txt and for nothing else.
            circuit.given_up = True
            self._count("hosts/down")

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)


class Budget:
    """Downloader middleware: no request is made beyond a portal's budget; the rest is postponed.

    Settings:
        PORTAL_MAX_PAGES: Requests of a run, all kinds together; 0: no limit.
        PORTAL_MAX_MEGABYTES: Megabytes received; 0: no limit.
        PORTAL_MAX_MINUTES: Minutes since the start; 0: no limit.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        get = crawler.settings.getfloat
        self.limits = {
            "pages": get("PORTAL_MAX_PAGES"),
            "megabytes": get("PORTAL_MAX_MEGABYTES"),
        }

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Budget:
        """Make one."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let a request pass that the budget has room for.

        Raises:
            PostponedError: for any other.
        """
        if request.meta.get("dont_obey_robotstxt"):  # robots.txt itself
            return
        for what, limit in self.limits.items():
            if limit and self.spent(what) >= limit:
                assert self.crawler.stats is not None
                self.crawler.stats.inc_value("budget/postponed")
                raise PostponedError(f"the budget of {limit:,g} {what} is spent")
        check_minutes(self.crawler)

    def spent(self, what: str) -> float:
        """How much has been used so far."""
        assert self.crawler.stats is not None
        stats = self.crawler.stats.get_value
        if what == "pages":
            return float(stats("downloader/request_count", 0))
        return float(stats("downloader/response_bytes", 0)) / 1e6
