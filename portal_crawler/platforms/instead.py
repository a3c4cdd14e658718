"""Lists that sitemaps and feeds make needless, and that are read instead of these where they fail."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from portal_crawler.crawling.canonical import key_hash
from portal_crawler.items import article_id
from portal_crawler.platforms.lists import PRIORITY_LIST
from portal_crawler.platforms.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request

    from portal_crawler.crawling.rules import Judgement

logger = logging.getLogger(__name__)


class Instead(Sources):
    """What a portal's spider does where sitemaps and feeds fail that have made lists needless.

    An incremental crawl leaves alone the lists that show nothing but what sitemaps and feeds name. It reads them after
    all if one of those does not come, cannot be read, is empty, or does not name an article that is new on some page:
    many a sitemap has been made once and never again.
    """

    left_to_files: dict[str, str]
    new_on_pages: set[str]

    def leave_to_files(self, link: Judgement) -> None:
        """Keep a link to a list that is not read, if it is because of sitemaps and feeds."""
        if self.state is not None and self.state.is_named(key_hash(link.key)):
            self.left_to_files[link.key] = link.url

    def note_new(self, link: Judgement) -> None:
        """Note an article that is new, if a page shows it."""
        if self.state is None or not self.revisits.incremental or "listing" not in self.ways.of(link.key):
            return
        if not self.revisits.has(article_id(link.url, link.key)):
            self.new_on_pages.add(link.key)

    def ask_left_to_files(self) -> Iterator[Request]:
        """The requests for lists that sitemaps and feeds had made needless, where these fail."""
        self.files_fail = self.files_fail or self.lack_new()
        if not self.files_fail or not self.left_to_files:
            return
        left, self.left_to_files = self.left_to_files, {}
        logger.warning("A sitemap or a feed has failed or lacks what is new: lists are read instead (%d)", len(left))
        for link in map(self.rules.judge, left.values()):
            if link.key not in self.asked and not self.known_barren(link):
                self.asked.add(link.key)
                self.count("lists/read_instead")
                yield from self.ask_linked(link, priority=PRIORITY_LIST)

    def lack_new(self) -> bool:
        """Whether pages have shown a new article that the sitemaps, or the feeds where there are none, do not name."""
        new, self.new_on_pages = self.new_on_pages, set()
        come = self.ways.come()
        way = next((each for each in ("sitemap", "feed") if each in come), None)
        return way is not None and any(way not in self.ways.of(key) for key in new)
