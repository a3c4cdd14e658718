"""Articles whose headlines were worded anew, and with them their addresses: the number in them stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.patterns import announced, folder_and_number
from portal_crawler.crawling.reading import is_most_of
from portal_crawler.crawling.rules import page_number
from portal_crawler.items import article_id
from portal_crawler.platforms.articles import Articles

if TYPE_CHECKING:
    from scrapy import Request

    from portal_crawler.crawling.known import Known
    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.items import Article


class Renaming(Articles):
    """What a portal's spider does with addresses that have the number of a known article, and another title."""

    only_new: bool

    def may_have_been(self, link: Judgement) -> Known | None:
        """The known article that a link to a new one may lead to: the address has its number, and another title."""
        if self.state is None or self.state.crawl < 2 or self.only_new or self.letters:
            return None
        if link.kind != "article" and (page_number(link.url) is not None or not announced(link.url, self.patterns)):
            return None
        identifier = article_id(link.url, link.key)
        known = self.state.namesake(link.url)
        if known is None or known.id == identifier or known.gone_at is not None:
            return None
        return known if self.state.article(identifier) is None and self.state.renamed(identifier) is None else None

    def is_looked_for(self, known: Known) -> bool:
        """Whether this crawl has asked for a known article, and found it or not."""
        return self.state is not None and (known.crawl == self.state.crawl or self.state.loss(known.id) is not None)

    def known_as(self, item: Article) -> str:
        """The identifier of an article: that of a known one, where only the title in its address is another.

        It is if the known one is missing and most of its text is in this one, or if both addresses show the same.
        Several modules of a portal may count their articles from 1: the same number alone says nothing.
        """
        if self.state is None or self.warc or self.state.article(item.id) is not None:
            return item.id
        if (other := self.state.renamed(item.id)) is not None:
            return other
        known = self.state.namesake(item.url)
        if known is None:
            return item.id
        missing = known.gone_at is not None or self.state.loss(known.id) is not None
        said = item.content_sha256
        same = known.crawl == self.state.crawl and said in (known.content_sha256, known.read_sha256)
        replaced = self.state.stands_alone(known.id, said)
        if not (same or replaced or (missing and is_most_of(item, self.state.text(known.id)))):
            return item.id
        self.count("history/renamed")
        self.state.rename(item.id, known.id)
        return known.id

    def renames(self, request: Request, first: Judgement, last: Judgement) -> bool:
        """Whether the address of a known article redirects to one with its number and another title, which is noted."""
        known = self.state.article(request.meta.get("portal_known", "")) if self.state is not None else None
        if self.state is None or known is None or self.warc:
            return False
        identifier = article_id(last.url, last.key)
        if (other := self.state.renamed(identifier)) is not None:
            return other == known.id
        before, after = (folder_and_number(page_key(link.url)) for link in (first, last))
        if before is None or after is None or before[1] != after[1] or self.state.article(identifier) is not None:
            return False
        self.count("history/renamed")
        self.state.rename(identifier, known.id)
        return True
