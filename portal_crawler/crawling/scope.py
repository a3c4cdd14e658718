"""Keeps requests, redirects above all, inside the portal."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from scrapy.exceptions import IgnoreRequest, NotConfigured
from w3lib.url import safe_url_string

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

REDIRECTS = frozenset((301, 302, 303, 307, 308))
# What the redirects that a request has passed have asked to be sent back, and that it was sent back.
OFFERED, SENT_BACK = "portal_cookies", "portal_cookies_sent"
# Scrapy's notes of the redirects that a request has passed.
OF_REDIRECTS = ("redirect_times", "redirect_ttl", "redirect_urls", "redirect_reasons")
# Marks a request for what belongs to a page: what its scripts ask for (``browser``), its files (``files``).
FOR_PAGE = "portal_for_page"


class OutOfScope(IgnoreRequest):
    """A request, or what a request was redirected to, that leaves the portal.

    Attributes:
        target: Where it was redirected to; None if it was not.
    """

    def __init__(self, said: str, target: str | None = None) -> None:
        super().__init__(said)
        self.target = target


class RedirectToKnown(IgnoreRequest):
    """A request that is redirected to a page which the crawl has asked for already.

    Attributes:
        target: The address of that page.
    """

    def __init__(self, target: str) -> None:
        super().__init__(f"redirected to {target}, which is known")
        self.target = target


class RedirectLoop(IgnoreRequest):
    """A request whose redirects lead back to where they began, or do not end."""


def serves(spider: Any, url: str) -> bool:
    """Whether a host may be asked for what a page needs: the portal's, in whichever folder, or a named one."""
    host = urlsplit(url).netloc.lower().removeprefix("www.")
    return host in spider.rules.hosts or host in spider.browser_hosts


def within(spider: Any, request: Request, url: str) -> bool:
    """Whether a request may be made at, or be redirected to, an address."""
    return serves(spider, url) if request.meta.get(FOR_PAGE) else bool(spider.rules.in_scope(url))


class PortalScope:
    """Downloader middleware: refuses what lies outside the spider's portal.

    Scrapy's own offsite filter drops a redirected request without a word to its errback; this one raises, so that the
    page becomes a reject with its reason. Department portals that share a host are told apart by path as well.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not hasattr(crawler.spidercls, "article_urls"):
            raise NotConfigured("the spider has no address rules")
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PortalScope:
        """Make one for spiders with address rules.

        Raises:
            NotConfigured: for any other spider.
        """
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let a request of the portal pass.

        Raises:
            OutOfScope: for any other.
        """
        if request.meta.get("dont_obey_robotstxt"):  # robots.txt itself: it stands outside a portal's path
            return
        if not within(self.crawler.spider, request, request.url):
            origin = next(iter(request.meta.get("redirect_urls", ())), None)
            said = f"{origin} redirects to {request.url}" if origin else request.url
            raise OutOfScope(f"{said}, which is outside the portal", request.url if origin else None)


class RedirectScope:
    """Downloader middleware, to stand behind Scrapy's redirect middleware: redirects that lead nowhere new fail here.

    Scrapy's duplicate filter drops the request that follows a redirect to a known page without a word to its errback,
    and an article whose address redirects to the home page would be lost in silence.

    Some servers show nothing before a cookie comes back, and redirect each page to itself until then. Such a cookie is
    kept for the run and sent to that server alone; all others are left where they are (see ``COOKIES_ENABLED``).
    """

    def __init__(self, crawler: Crawler) -> None:
        if not hasattr(crawler.spidercls, "article_urls"):
            raise NotConfigured("the spider has no address rules")
        self.crawler = crawler
        self._cookies: dict[str, dict[str, str]] = {}  # of each site, by name

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RedirectScope:
        """Make one for spiders with address rules.

        Raises:
            NotConfigured: for any other spider.
        """
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Send the cookies back that a site shows nothing without."""
        if (cookies := self._cookies.get(_site(request.url))) and "Cookie" not in request.headers:
            request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Let every response pass but redirects that leave the portal or lead to a known page.

        One that leads back to where it came from and sets a cookie is answered with that cookie, once.

        Raises:
            OutOfScope: for a redirect out of the portal.
            RedirectLoop: for one to an address that it came from, and for one too many.
            RedirectToKnown: for a redirect to a page that was asked for under its own address.
        """
        location = response.headers.get("Location")
        if response.status not in REDIRECTS or location is None:
            if response.status == HTTPStatus.OK and not request.meta.get("dont_obey_robotstxt"):
                self.crawler.spider.origins.came(request.url)  # type: ignore[union-attr]
            return response
        target = urljoin(request.url, safe_url_string(location))
        passed = request.meta.get("redirect_urls", ())
        leads_back = target in (request.url, *passed)
        _note_offered(request, response)
        if leads_back and (again := self._with_cookies(request, target)) is not None:
            return again
        if request.meta.get("dont_obey_robotstxt"):
            return response
        spider: Any = self.crawler.spider
        if not within(spider, request, target):
            raise OutOfScope(f"{request.url} redirects to {target}, which is outside the portal", target)
        # Scrapy's duplicate filter drops the way back without a word; its limit looks like a refusal by robots.txt.
        if leads_back or len(passed) >= self.crawler.settings.getint("REDIRECT_MAX_TIMES"):
            cookies = ", though the cookie that it sets was sent back" if request.meta.get(SENT_BACK) else ""
            raise RedirectLoop(f"{len(passed) + 1} redirects, the last to {target}{cookies}")
        if request.method == "GET" and not request.meta.get(FOR_PAGE) and spider.knows(target, request.url):
            raise RedirectToKnown(target)
        spider.origins.redirected(request.url, target)
        return response

    def _with_cookies(self, request: Request, target: str) -> Request | None:
        """The request for where a way back leads, with the cookies that were set on it; None if there are none."""
        site = _site(target)
        offered = request.meta.get(OFFERED, {}).get(site)
        if not offered or request.meta.get(SENT_BACK):
            return None
        if site not in self._cookies:
            names = ", ".join(offered)
            logger.info("%s shows nothing without a cookie: %s is sent back to it in this run", site, names)
        self._cookies.setdefault(site, {}).update(offered)
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("cookies/sent_back")
        meta = {name: value for name, value in request.meta.items() if name not in (OFFERED, *OF_REDIRECTS)}
        again = request.replace(url=target, meta=meta | {SENT_BACK: True}, dont_filter=True)
        again.headers.pop("Cookie", None)  # it is set anew
        return again


def _note_offered(request: Request, response: Response) -> None:
    """Keep with a request the cookies that a redirect sets; those that it takes back have no value."""
    fields = (
        line.decode("latin-1").partition(";")[0].partition("=") for line in response.headers.getlist("Set-Cookie")
    )
    if cookies := {name.strip(): value.strip() for name, _, value in fields if name.strip() and value.strip()}:
        before = request.meta.get(OFFERED, {})
        site = _site(request.url)
        request.meta[OFFERED] = before | {site: before.get(site, {}) | cookies}


def _site(url: str) -> str:
    """Scheme, host and port: cookies go back to these alone."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
