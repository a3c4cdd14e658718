"""Addresses that lead elsewhere: to another of an article, to what is none, or to where an article stands by now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from portal_crawler.crawling import history
from portal_crawler.crawling.losses import Losses, gone
from portal_crawler.crawling.patterns import announced
from portal_crawler.items import Gone, Rejected, article_id
from portal_crawler.platforms.articles import PRIORITY_ARTICLE
from portal_crawler.platforms.revisiting import REDIRECTED, Revisiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request
    from scrapy.http import Response

    from portal_crawler.crawling.rules import Judgement


class Redirects(Revisiting):
    """What a portal's spider does with redirects."""

    def moved(self, asked: str, target: str, what: str = "another article") -> Rejected:
        """What is said of an article whose address leads elsewhere."""
        return self.reject(asked, "no_article", f"{asked} redirects to {target}, {what}", REDIRECTED)

    def gone_to(self, request: Request, rejected: Rejected) -> Iterator[Gone]:
        """The record of a known article that stands at another address now: that it came says that the portal works."""
        known = self.state.article(request.meta.get("portal_known", "")) if self.state is not None else None
        if self.state is not None and known is not None:
            self.state.gone(known, history.now(), rejected.status)
            self.count("history/gone")
            yield gone(known, rejected)

    def led_away(self, request: Request | None, asked: str, target: str, what: str) -> Iterator[Rejected]:
        """An article whose address leads to what is none: it is not there, if it was known."""
        rejected = self.moved(asked, target, what)
        if request is None or not self.loses(request, rejected):
            self.count("failed/article")
            yield rejected

    def has_moved_to(self, request: Request, link: Judgement) -> bool:
        """Whether an address stands for the known article that was asked for: it says the same, or bears its title."""
        if self.state is None or (known := self.state.article(request.meta.get("portal_known", ""))) is None:
            return False
        identifier = article_id(link.url, link.key)
        if identifier == known.id:
            return False
        there = self.state.article(identifier)
        return self.state.alias_of(identifier) == known.id or (there is not None and there.title == known.title)

    def ask_moved(self, link: Judgement) -> Iterator[Request]:
        """The request for what was left out as the same as a known article that has moved there: it is exported now."""
        identifier = article_id(link.url, link.key)
        if self.state is not None and self.state.alias_of(identifier) is not None:
            self.arrived.add(identifier)
            self.sightings.reopen(link.key)
            yield self.ask(link.url, priority=PRIORITY_ARTICLE, dont_filter=True)

    def redirected(self, request: Request, asked: str, target: str) -> Iterator[Gone | Rejected | Request]:
        """An address that redirects to a known page: another address of an article, or an article that is no more."""
        first, last = self.rules.judge(asked), self.rules.judge(target)
        self.count("redirects/known")
        self.note_barren(first)
        one = last.kind == "article" or self.sightings.done(last.key) or announced(last.url, self.patterns)
        alias = one and last.key not in self.rules.seed_keys
        for budget in (self.budget, self.named_budget):
            budget.redirected(asked, alias=alias)
        if alias:
            self.sightings.see(replace(first, key=last.key))
            if self.has_moved_to(request, last):
                yield from self.gone_to(request, self.moved(asked, target))
                yield from self.ask_moved(last)
            elif not self.renames(request, first, last):
                self.loses(request, self.moved(asked, target))
        elif first.kind == "article" or announced(first.url, self.patterns):
            yield from self.led_away(request, asked, target, "which is no article")

    def leads_away(self, link: Judgement) -> bool:
        """Whether a link is not asked for, because its like have all redirected to articles that were known."""
        if link.kind == "listing" or self.revisits.known(article_id(link.url, link.key)) is not None:
            return False
        if not self.budget.leads_away(link.url):
            return False
        self.count("redirects/not_asked")
        self.asked.add(link.key)
        self.note_barren(link)
        return True

    def note_redirects(self, response: Response, link: Judgement, *, is_one: bool) -> Iterator[Gone | Rejected]:
        """The addresses that led here by redirects: other addresses of the article, or articles that are no more."""
        for url in response.meta.get("redirect_urls", ()):
            asked = self.rules.judge(url)
            if asked.key != link.key:
                self.note_barren(asked)
            if is_one and asked.kind not in ("outside", "denied"):
                self.sightings.see(replace(asked, key=link.key))
            elif not is_one and (asked.kind == "article" or announced(asked.url, self.patterns)):
                yield from self.led_away(response.request, url, response.url, "which is no article")
                return
        assert response.request is not None
        asked = self.rules.judge(next(iter(response.meta.get("redirect_urls", ())), response.url))
        if is_one and asked.key != link.key:
            if self.renames(response.request, asked, link):
                return
            yield from self.gone_to(response.request, self.moved(asked.url, response.url))
        elif is_one and self.has_moved_to(response.request, link):
            yield from self.arrives(response.request, link)

    def arrives(self, request: Request, link: Judgement) -> Iterator[Gone]:
        """A known article that was missing has been found at another address, of which it is one from now on."""
        assert self.state is not None
        known = self.state.article(request.meta["portal_known"])
        if known is not None and (rejected := Losses(self.state).moved(known, link.url)) is not None:
            self.arrived.add(article_id(link.url, link.key))
            yield from self.gone_to(request, rejected)
