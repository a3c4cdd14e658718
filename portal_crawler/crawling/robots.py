"""robots.txt by the letter of RFC 9309."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.sitemap import sitemap_urls_from_robots
from twisted.internet.defer import Deferred

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

# "Crawlers MUST parse at least 500 kibibytes" (2.5); what follows is not read.
LIMIT = 500 * 1024
# "Crawlers SHOULD NOT use the cached version for more than 24 hours" (2.4).
DAY = 24 * 3600.0


class RobotsUnreachableError(Exception):
    """A host whose robots.txt cannot be had: "the crawler MUST assume complete disallow" (RFC 9309, 2.3.1.4)."""


class Robots(RobotsTxtMiddleware):
    """Scrapy's robots.txt middleware, but for what is done about a file that does not come.

    Scrapy allows everything then, and reads any error page as rules. Here an answer of 400 to 499 allows all, an answer
    of 500 or more and a host that cannot be reached forbid all. A file is read anew after a day. It is retried and its
    redirects are followed like any other page's; redirects without end count as no file (2.3.1.2).

    Attributes:
        sitemaps: The sitemaps that the file of each host names.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._read: dict[str, float] = {}
        self._why: dict[str, str] = {}
        self.sitemaps: dict[str, list[str]] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host; None if there are none.

        Raises:
            RobotsUnreachableError: if the file cannot be had.
        """
        netloc = request.url.split("/", 3)[2]
        if time.monotonic() - self._read.setdefault(netloc, time.monotonic()) > DAY:
            if not isinstance(self._parsers.get(netloc), Deferred):
                self._parsers.pop(netloc, None)
            self._read[netloc] = time.monotonic()
        parser = await super().robot_parser(request)
        if why := self._why.get(netloc):
            raise RobotsUnreachableError(why)
        return parser

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        self._why.pop(netloc, None)
        if response.status >= 500:
            self._why[netloc] = f"robots.txt: HTTP {response.status}"
            body = b""
        else:
            body = response.body[:LIMIT] if response.status < 300 else b""
        self.sitemaps[netloc] = list(sitemap_urls_from_robots(body, response.url))
        await super()._parse_robots(response.replace(body=body), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._why.pop(netloc, None)
        if not isinstance(exc, IgnoreRequest):
            self._why[netloc] = f"robots.txt: {exc}"
        super()._robots_error(exc, netloc)
