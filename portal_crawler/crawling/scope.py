"""Keeps requests, redirects above all, inside the portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest, NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class OutOfScope(IgnoreRequest):
    """A request, or what a request was redirected to, that leaves the portal."""


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
        spider = self.crawler.spider
        if not spider.rules.in_scope(request.url):  # type: ignore[union-attr]
            origin = next(iter(request.meta.get("redirect_urls", ())), None)
            said = f"{origin} redirects to {request.url}" if origin else request.url
            raise OutOfScope(f"{said}, which is outside the portal")
