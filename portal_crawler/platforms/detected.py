"""A portal about which nothing is known but its address: the platform is recognised from the first page."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from portal_crawler.archive.warc import read_captures
from portal_crawler.crawling.canonical import site_root
from portal_crawler.platforms.aspnet import AspNetSpider
from portal_crawler.platforms.dotnetnuke import DotNetNukeSpider
from portal_crawler.platforms.fingerprint import fingerprint
from portal_crawler.platforms.liferay import LiferaySpider
from portal_crawler.platforms.nukeviet import NukeVietSpider
from portal_crawler.platforms.portal import PortalSpider
from portal_crawler.platforms.sharepoint import SharePointSpider
from portal_crawler.platforms.wordpress import WordPressSpider

if TYPE_CHECKING:
    from portal_crawler.extraction.page import Page

logger = logging.getLogger(__name__)

# Articles that a recognised family's rules must find before other pages need evidence beyond doubt.
PROOF = 3

FAMILIES: dict[str, type[PortalSpider]] = {
    family.platform: family
    for family in (
        LiferaySpider,
        NukeVietSpider,
        WordPressSpider,
        DotNetNukeSpider,
        SharePointSpider,
        AspNetSpider,
    )
}


class DetectedSpider(PortalSpider):
    """Takes wrappers and address rules from the family that it recognises; without one, it tells articles by evidence.

    Args:
        url: The portal's address; may be left out in a replay, where the commonest host is taken.
        platform: A family's name, to skip recognition; ``none``: no family, every page by evidence alone.

    Raises:
        UsageError: if there is no address, or no platform of that name.
    """

    def __init__(self, *args: Any, platform: str | None = None, **kwargs: Any) -> None:
        self._asked_platform = platform
        super().__init__(*args, **kwargs)
        if self.letters and not platform:
            platform = self._asked_platform = self.letters.platform or None
        if not self.start_urls and self.warc:
            self.start_urls = [_commonest(self.warc)]
        if not self.start_urls:
            raise UsageError(f"the spider {self.name} needs an address: -a url=https://…")
        if platform and platform != "none" and platform not in FAMILIES:
            raise UsageError(f"no platform {platform!r}; there are {', '.join(FAMILIES)} and none")
        if platform and platform != "none":
            self._take(platform)
        self.make_rules()

    @property
    def ruled(self) -> bool:
        """A recognised family's rules decide once they have proved to fit: a static copy keeps only the marks."""
        return bool(self.article_urls) and (self._asked_platform is not None or len(self.matched) >= PROOF)

    @property
    def declared(self) -> bool:
        """A family's rules know its own modules; a site may have others."""
        return False

    def recognise(self, page: Page) -> None:
        """Take over the rules of the family that made a seed's page."""
        if self._asked_platform or self.platform:
            return
        family = fingerprint(page)
        if family is None:
            logger.info("%s: no known platform; articles are told by evidence", page.url)
            return
        logger.info("%s: the platform is %s", page.url, family)
        self._take(family)
        self.make_rules()

    def _take(self, platform: str) -> None:
        family = FAMILIES[platform]
        self.platform = platform
        self.wrappers = family.wrappers
        self.article_urls = family.article_urls
        self.listing_urls = family.listing_urls
        self.alternate_urls = family.alternate_urls
        self.deny_urls = family.deny_urls


def _commonest(paths: list[str]) -> str:
    hosts: dict[str, int] = {}
    for capture in read_captures(paths, lambda *_: None):
        try:
            root = site_root(capture.url)
        except ValueError:
            continue  # the replay does not take it for an article of any host
        hosts[root] = hosts.get(root, 0) + 1
    return max(hosts, key=lambda root: hosts[root], default="")
