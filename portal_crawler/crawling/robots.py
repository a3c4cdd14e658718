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


def readable(body: bytes) -> bytes:
    """What is read of a file: whole lines, for half a path ("/" at worst) forbids what the whole one does not."""
    return body if len(body) <= LIMIT else body[: body.rfind(b"\n", 0, LIMIT) + 1]


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
        self._causes: dict[str, BaseException] = {}
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
            raise RobotsUnreachableError(why) from self._causes.get(netloc)
        return parser

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        self._why.pop(netloc, None)
        if response.status >= 500:
            self._why[netloc] = f"robots.txt: HTTP {response.status}"
            self._causes.pop(netloc, None)
            body = b""
        else:
            body = readable(response.body) if response.status < 300 else b""
        self.sitemaps[netloc] = list(sitemap_urls_from_robots(body, response.url))
        await super()._parse_robots(response.replace(body=body), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._why.pop(netloc, None)
        if not isinstance(exc, IgnoreRequest):
            self._why[netloc] = f"robots.txt: {exc}"
            self._causes[netloc] = exc
        super()._robots_error(exc, netloc)
