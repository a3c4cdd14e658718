"""Where a page leads: what is asked for next, what waits for others of its kind, what is not worth a request."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from portal_crawler.crawling import listing
from portal_crawler.crawling.coverage import BITS
from portal_crawler.crawling.frontier import IN_TURN
from portal_crawler.crawling.rules import beside, chain_key, in_own_order, page_number
from portal_crawler.crawling.sightings import LINKED, LISTED
from portal_crawler.crawling.traps import menu_of
from portal_crawler.extraction.contents import sentences_of
from portal_crawler.items import article_id
from portal_crawler.platforms.articles import PRIORITY_ARTICLE
from portal_crawler.platforms.lists import PRIORITY_LIST
from portal_crawler.platforms.redirects import Redirects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from scrapy import Request

    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.crawling.traps import PatternBudget
    from portal_crawler.extraction.page import Element, Page

logger = logging.getLogger(__name__)

PRIORITY_MENU, PRIORITY_PAGE = 20, 0


class Following(Redirects):
    """What a portal's spider does with the links of a page."""

    named_budget: PatternBudget
    bringing: set[str]

    def lead_on(
        self,
        page: Page,
        link: Judgement,
        found: list[tuple[Judgement, Element]],
        number: int,
        chain: str | None,
        *,
        content: int | None,
        planted: bool,
    ) -> Iterator[Request]:
        """The requests that a page leads to.

        Args:
            page: The page.
            link: What its address is.
            found: Its links.
            number: Which page of its list it is.
            chain: Key of its list, if the address does not tell.
            content: What it says, if it is an article.
            planted: Whether that is an advertisement, which makes it none for the budgets, whatever it says: the
                programs behind them put together as many as are asked for.
        """
        article = content is not None
        keys = self.shown(found)
        chain = chain or chain_key(link.url)
        if self.revisits.incremental and any(not self.sightings.bears(key, LINKED) for key in self.unknown(link, keys)):
            self.bringing.add(chain)
        goes_on = article or self.turn(chain, keys, number, page, found)
        sentences = sentences_of(page) if article else frozenset()
        linked = [other.key for other, _ in found]
        said = None if planted else content
        echo = article and not self.is_listed(link) and self.budget.echoes(sentences)
        self.note_visit(link, () if article else keys, content=said, sentences=sentences, linked=linked)
        yield from self.ask_released(link)
        if not article:
            yield from self.follow_all(link, found, chain, number, goes_on=goes_on)
        else:
            onward = [each for each in found if self.is_asked(each[0]) or not self.goes_nowhere(each[0], echo=echo)]
            self.count("traps/not_asked", len(found) - len(onward))
            yield from self.follow_all(link, onward, chain, number, goes_on=True, planted=planted)
        if not article and goes_on:
            yield from self.turn_page(page, chain, number, keys)
        if not article and not self.letters:
            self.note_unread_calls(page)
            yield from self.load_more(page)
            self.note_archives(page)
        for url in listing.feed_links(page):
            yield from self.ask_feed(urljoin(page.url, url))

    def is_listed(self, link: Judgement) -> bool:
        """Whether more than other articles leads to an article: another page, a sitemap or a feed."""
        return self.sightings.bears(link.key, LISTED | BITS["sitemap"] | BITS["feed"])

    def goes_nowhere(self, link: Judgement, *, echo: bool) -> bool:
        """Whether what an article links to is an article that will say nothing new; a section of the menu is none."""
        return chain_key(link.url) not in self.sections and self.budget.goes_nowhere(link.url, echo=echo)

    def follow_all(
        self,
        link: Judgement,
        found: list[tuple[Judgement, Element]],
        chain: str,
        number: int,
        *,
        goes_on: bool,
        planted: bool = False,
    ) -> Iterator[Request]:
        """The requests for what the links of a page lead to."""
        seed = link.key in self.rules.seed_keys
        if seed:
            self.sections |= menu_of([other.url for other, _ in found if other.kind != "article"])
        for other, anchor in found:
            if other.kind == "article":
                yield from self.ask_article(other, waits=seed, doubted=planted)
            else:
                menu = seed and chain_key(other.url) in self.sections
                yield from self.follow(other, anchor, chain, number, goes_on=goes_on, menu=menu)

    def ask_released(self, link: Judgement) -> Iterator[Request]:
        """The requests that were held back until there was room for them, or until a page like this one had come."""
        for request in self.ask_named(self.named_budget.released(url=link.url)):
            request.meta["depth_reset"] = True  # a sitemap has led to it, and not this page
            yield request
        for url in self.budget.released(url=link.url):
            yield from self.ask_linked(self.rules.judge(url), priority=PRIORITY_PAGE, meta={"depth_reset": True})
        for url in filter(self.budget.grants, self.spellings.released()):
            yield from self.ask_linked(self.rules.judge(url), priority=PRIORITY_LIST, meta={"depth_reset": True})

    def note_visit(
        self,
        link: Judgement,
        keys: Collection[str],
        *,
        content: int | None,
        sentences: frozenset[int] = frozenset(),
        linked: Collection[str] = (),
    ) -> None:
        """Charge a page to the budgets of its kind, or reckon it to their credit.

        Args:
            link: The page.
            keys: Identities of the articles that it shows, if it is none.
            content: What it says, if it is an article.
            sentences: Of which sentences it is made then.
            linked: Identities of all pages that it links to.
        """
        if page_number(link.url) is not None and self.is_list(link.url):
            self.budget.came(link.url, linked)
            return
        if not self.is_list(link.url):
            keys = self.unknown(link, keys)
        article = link.key if content is not None else None
        named = link.url in self.named_budget
        budgets = [self.named_budget] * named + [self.budget] * (article is not None or not named)
        told = [
            each.visited(
                link.url,
                keys,
                article=article,
                content=content,
                sentences=sentences,
                listed=self.is_listed(link),
                linked=linked,
            )
            for each in budgets
        ]
        if not all(told):
            logger.info("Pages like %s bring nothing new: no more of them are asked for", link.url)
            self.count("traps/pattern")

    def follow(
        self, link: Judgement, anchor: Element, chain: str, number: int, *, goes_on: bool, menu: bool
    ) -> Iterator[Request]:
        """The request for a page that is no article by its address, unless it was made before."""
        if link.key in self.asked or link.alternate or self.sightings.done(link.key) or self.passes_over(link):
            return
        paged = page_number(link.url) is not None
        walked = self.letters is not None and not paged  # another run has walked the portal
        if walked or self.is_too_old(link) or self.is_reordered(link) or (not menu and self.leads_away(link)):
            return
        same = chain_key(link.url) == chain
        if paged or (same and listing.is_next(anchor, number)):
            if page_number(link.url) == 1 and self.chains.has_begun(link.url):
                self.asked.add(link.key)
                self.count("lists/first_again")
                return
            if not goes_on and (same or (self.revisits.incremental and beside(link.url, chain))):
                self.count("traps/list_end")
                return
            if self.is_held_back(link, chain):
                return
            options: dict[str, Any] = {"priority": PRIORITY_LIST, "meta": {"depth_reset": True, IN_TURN: True}}
        else:
            # A known article that is not passed over has been edited, whatever pages like it have brought.
            if self.revisits.known(article_id(link.url, link.key)) is None and self.waits(link):
                return
            options = {"priority": PRIORITY_MENU if link.kind == "listing" or menu else PRIORITY_PAGE}
            if self.spellings.is_witness(link.url):
                options["priority"] = PRIORITY_LIST
        self.asked.add(link.key)
        yield from self.ask_linked(link, **options)

    def is_reordered(self, link: Judgement) -> bool:
        """Whether a link leads to a list that is known, in another order."""
        plain = in_own_order(link.url)
        if plain == link.url or self.rules.judge(plain).key not in self.asked:
            return False
        self.count("lists/other_order")
        self.asked.add(link.key)
        return True

    def waits(self, link: Judgement) -> bool:
        """Whether a page is not asked for now: it is known to hold nothing, may be another one, or is one of many."""
        if self.known_barren(link):
            self.leave_to_files(link)
            self.count("pages/known_barren")
            return True
        # What the rules call a list is none that another address may show, and its articles' sections wait for it.
        waits = link.kind != "listing" and self.spellings.waits(link.url)
        if not waits and (self.known_fruitful(link) or self.budget.grants(link.url)):
            return False
        self.asked.add(link.key)
        if not waits:
            self.count("traps/not_asked")
            self.note_barren(link)  # until it is seen after all
        return True

    def is_held_back(self, link: Judgement, chain: str) -> bool:
        """Whether a further page of a list waits until pages of its kind have brought something."""
        if self.is_list(link.url, chain) or self.budget.grants(link.url):
            return False
        self.count("traps/not_asked")
        self.asked.add(link.key)
        self.chains.leave(link.url)
        return True

    def is_list(self, url: str, shown_at: str | None = None) -> bool:
        """Whether a list is followed to its end: one of the menu, or one that has shown articles no other page had.

        The lists of filters, tags and orders, each with a pager of its own, show what others show. Their further pages
        share the budget of pages.

        Args:
            url: Address of one of its pages.
            shown_at: The list on which the address stands: it answers for one beside it that is not known yet.
        """
        chain = chain_key(url)
        if chain in self.sections or self.rules.judge(url).kind == "listing" or self.is_fertile(chain):
            return True
        if shown_at is None or not beside(url, shown_at):
            return False
        return chain_key(shown_at) in self.sections or self.is_fertile(shown_at)

    def is_fertile(self, chain: str) -> bool:
        """Whether a list has shown articles that no other page had; in an incremental crawl, some that are new.

        There the sections' own lists are left early, and any filter is the first to show what is known for long.
        """
        return self.chains.fertile(chain) and (not self.revisits.incremental or chain in self.bringing)

    def ask_article(
        self, link: Judgement, *, waits: bool = False, doubted: bool = False, priority: int = PRIORITY_ARTICLE
    ) -> Iterator[Request]:
        """The request for an article, once.

        Second-choice forms wait until the crawl has run dry, and so does what stands on the home page: the lists that
        will show it, too, say more about it. What an advertisement leads to has a budget, whatever its address.
        """
        sighting = self.sightings.get(link.key)
        if sighting is None or sighting.asked or self.passes_over(link):
            return
        if self.is_too_old(link):
            return
        if self.known_barren(link):
            self.count("pages/known_missing")
            return
        if link.alternate or waits:
            known = self.waiting.get(link.key)
            if known is None or (known.alternate and not link.alternate):
                self.waiting[link.key] = link
            return
        if self.budget.bears_none(link.url) or (doubted and not self.budget.grants(link.url)):
            self.count("traps/not_asked")
            return
        sighting.ask()
        self.waiting.pop(link.key, None)
        if self.leads_away(link):
            return
        yield from self.ask_linked(link, priority=priority)
