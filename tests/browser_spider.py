"""A portal whose pages are empty shells that only a browser can fill."""

from __future__ import annotations

from portal_crawler.platforms.portal import PortalSpider


class Rendered(PortalSpider):
    name = "rendered"
    article_urls = (r"^/bai-viet/[^/]+-(?P<id>\d+)$",)
    browser = True


class Waiting(Rendered):
    name = "waiting"
    browser_waits_for = "h1"


class Named(Rendered):
    name = "named"
    browser_hosts = ("api.invalid",)
