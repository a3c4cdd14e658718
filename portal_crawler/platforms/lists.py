"""The lists of a portal: what the links of a page say, how a list is turned, and whether it was read to its end."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import scrapy
from form2request import form2request
from lxml.etree import tostring
from parsel import Selector

from portal_crawler.crawling import calls, listing, submits
from portal_crawler.crawling.archives import archive_request
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.patterns import TITLE_WORDS, WORDS, announced, are_two_titles, pattern_of
from portal_crawler.crawling.rules import LONGEST, chain_key, page_number, tab_of
from portal_crawler.crawling.sightings import LISTED
from portal_crawler.items import Rejected, article_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from portal_crawler.archive.deadletters import DeadLetters
    from portal_crawler.crawling.api import JsonApi
    from portal_crawler.crawling.buttons import Source
    from portal_crawler.crawling.chains import BrokenList, ListChains
    from portal_crawler.crawling.coverage import WaysIn
    from portal_crawler.crawling.patterns import UrlPatterns
    from portal_crawler.crawling.revisits import Revisits
    from portal_crawler.crawling.rules import Judgement, UrlRules
    from portal_crawler.crawling.sightings import Marked, Sightings
    from portal_crawler.extraction.page import Element, Page

logger = logging.getLogger(__name__)

# Lists first: they tell what there is, and what they say about an article goes with its request.
PRIORITY_LIST = 30

# How many links to one article are read for what they say about it: the menu's stand on every page.
LOOKS = 5
# Lists that are turned on one page at most: each costs a form to be read and sent.
MOST_PAGERS = 16

# Functions of scripts that are told of.
MOST_CALLS = 8

# A label that leads to a section; longer texts are titles.
LONGEST_LABEL = 80

# Between the key of a page's first list and the pager of another one on it.
PAGER = "@pager="


class Lists(scrapy.Spider):
    """What a portal's spider does with lists."""

    api: JsonApi | None
    rules: UrlRules
    asked: Marked
    ways: WaysIn
    sightings: Sightings
    patterns: UrlPatterns
    matched: set[str]
    forms: set[str]
    chains: ListChains
    revisits: Revisits
    letters: DeadLetters | None
    broken_lists: list[str]
    first_shown: int
    first_listed: int
    tries: dict[str, int]
    loaded: dict[str, tuple[Source, str]]
    told: bool
    scripted: bool
    unread_calls: dict[str, str]

    @property
    def ruled(self) -> bool:
        """Whether the address rules decide what an article is; without any, evidence does."""
        raise NotImplementedError

    @property
    def declared(self) -> bool:
        """Whether a site's own file says what an article is: evidence counts for no page that its rules do not know."""
        raise NotImplementedError

    def parse(self, response: Response, number: int = 1, chain: str | None = None) -> Iterator[Any]:
        """A page."""
        raise NotImplementedError

    def failed(self, failure: Failure) -> Iterator[Any]:
        """A request without a usable answer."""
        raise NotImplementedError

    def is_none(self, key: str) -> bool:
        """Whether an earlier crawl has found that there is no article at an address."""
        raise NotImplementedError

    def goes_on(self) -> bool:
        """Whether the next run goes on with this crawl."""
        raise NotImplementedError

    def note_apart(self) -> None:
        """Keep for the next crawls that an article is another than that of the same number on another tab."""
        raise NotImplementedError

    def note_needs(self) -> None:
        """Keep, at the end of a whole crawl, which of the ways have been worth it."""
        raise NotImplementedError

    def count(self, key: str, by: int = 1) -> None:
        """Add to a figure of the crawl's stats."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key, by)

    def reject(
        self, url: str, reason: str, detail: str, status: int | None = None, at: datetime | None = None
    ) -> Rejected:
        """A reject of this portal, of now or of another time."""
        time = (at or datetime.now(UTC)).isoformat(timespec="seconds")
        return Rejected(url=url, reason=reason, detail=detail, portal=self.name, status=status, fetched_at=time)

    def ask(self, url: str, **options: Any) -> Request:
        """A request that comes back to :meth:`parse`, or with its failure to :meth:`failed`.

        Of an article of a portal with an interface the JSON is asked for.
        """
        url = (self.api.detail_of(url) if self.api is not None else None) or url
        return scrapy.Request(url, callback=self.parse, errback=self.failed, **options)

    # What links say

    def read_links(
        self, page: Page, link: Judgement, *, article: bool, way: str = "listing"
    ) -> list[tuple[Judgement, Element]]:
        """The links of a page inside the portal; what they say about articles and sections is noted."""
        found: dict[str, tuple[Judgement, Element]] = {}
        titled: list[Judgement] = []
        ruled, declared = self.ruled, self.declared
        for href, anchor in listing.anchors(page):
            other = self.read_link(page, href, anchor)
            if other is None:
                continue
            if other.key == link.key:
                if article:
                    self.sightings.see(other)  # its print view, its other languages
                continue
            found.setdefault(other.url, (other, anchor))
            if other.kind == "article" and not ruled:
                self.matched.add(other.key)
            if other.kind == "article" or not declared:
                self.note(other, href, anchor, way, shown=None if article else link.url)
                titled.append(other)
            if other.kind != "article":
                self.note_label(other, anchor)
        if not declared:
            self.patterns.page({other.key for other in titled})
        if titled and not article and link.key not in self.rules.seed_keys:
            paged = (
                link.kind == "listing"
                or any(page_number(url) is not None for url in (link.url, *found))
                or listing.has_script_pager(page)
            )
            self.place(page, link, titled, paged=paged)
        return list(found.values())

    def note_unread_calls(self, page: Page) -> None:
        """Tell, once for each function, of links whose addresses only a script knows that cannot be read."""
        for name, title in listing.unread_calls(page):
            if name not in self.unread_calls and len(self.unread_calls) < MOST_CALLS:
                self.unread_calls[name] = said = (
                    f'{page.address}: links like "{title}" call {name}(), and no script on the page tells which address'
                    " that opens; the site's file may name the interface or the lists behind it (api, start_urls)"
                )
                self.count("links/unread_calls")
                logger.warning("%s", said)

    def read_link(self, page: Page, href: str, anchor: Element) -> Judgement | None:
        """What a link leads to; None if it is no page of the portal."""
        other = self.rules.link(page.url, href)
        if other is None or other.kind in ("outside", "denied", "file"):
            if other is not None and len(other.url) > LONGEST:
                self.note_too_long(other)
            return None
        self.scripted = self.scripted or calls.leads_by_script(anchor)
        if other.kind == "article" and self.is_another(other, anchor):
            self.rules.tell_apart(other)
            self.note_apart()
            return self.rules.judge(other.url)
        return other

    def note_too_long(self, link: Judgement) -> None:
        """Tell, once, of an address that is denied for its length."""
        if link.kind == "denied" and link.key not in self.asked:
            self.asked.add(link.key)
            self.count("addresses/too_long")
            logger.warning("%s...: an address of %d characters is not asked for", link.url[:80], len(link.url))

    def is_another(self, link: Judgement, anchor: Element) -> bool:
        """Whether a link announces another article than links to the same number on another tab did.

        Modules of DotNetNuke often count each for itself; others show one article on several tabs.
        """
        tab = tab_of(link.url)
        if tab is None or link.key.endswith(f"@{tab}") or not (text := listing.link_text(anchor)):
            return False
        told = self.sightings.label(key := f"title of {link.key}")
        if told is None:
            if len(WORDS.findall(text)) >= TITLE_WORDS:
                self.sightings.call(key, f"{tab} {text}")
            return False
        first, _, title = told.partition(" ")
        # Once tabs are known to count apart, titles need not differ by much: what says the same is exported once.
        return first != tab and are_two_titles(text, title, clearly=not self.rules.apart)

    def note(self, link: Judgement, href: str, anchor: Element, way: str, *, shown: str | None) -> None:
        """Note what a link says about the article that it leads to, and on which list it stands."""
        first = self.ways.note(link.key, way)
        if shown is not None:
            self.sightings.mark(link.key, LISTED)
        new = self.sightings.get(link.key) is None
        if new and not self.sightings.done(link.key):
            self.first_shown += self.speaks_for_its_list(link)
        elif first and way == "listing":
            self.first_listed += self.speaks_for_its_list(link)
        sighting = self.sightings.see(link)
        if sighting is None or sighting.looks >= LOOKS:
            return
        sighting.look()
        if new and link.kind != "article" and self.ruled:
            sighting.shown = shown
        text = listing.link_text(anchor)
        if text and (new or sighting.text is None):  # a card's picture, which has none, often comes first
            self.patterns.note(link.url, text)
        self.sightings.describe(link.key, text, None if sighting.date else listing.listed_date(anchor, href))

    def speaks_for_its_list(self, link: Judgement) -> bool:
        """Whether a list shows an article, as far as a link to it tells.

        Pages that a family's rules do not know speak for theirs once they have been read, or if an earlier crawl has:
        what others of their form are depends on which of them have come by now.
        """
        if link.kind == "article":
            return True
        if not announced(link.url, self.patterns):
            return False
        return not self.is_unruled(link.key) or self.revisits.known(article_id(link.url, link.key)) is not None

    def is_unruled(self, key: str) -> bool:
        """Whether only links say that a page may be an article, though a family's rules find the site's articles."""
        return self.ruled and key.partition("/")[0] in self.rules.hosts

    def is_guess(self, key: str) -> bool:
        """Whether nothing but links says so; an address speaks, too, once a page of its form has proved to be one."""
        return self.is_unruled(key) and pattern_of(key) not in self.forms

    def note_label(self, link: Judgement, anchor: Element) -> None:
        """Note the name that the menu gives to a section: the text of the first link to it."""
        chain = chain_key(link.url)
        if self.sightings.label(chain) is None:
            text = listing.link_text(anchor)
            if text and len(text) <= LONGEST_LABEL and not listing.is_tool(text):
                self.sightings.call(chain, text)

    def place(self, page: Page, link: Judgement, titled: list[Judgement], *, paged: bool) -> None:
        """Note the section of the articles that a list shows."""
        chain = chain_key(link.url)
        label = self.sightings.label(chain)
        section = listing.breadcrumb(page) or ([label] if label else [])
        below = chain.partition("?")[0].partition(".htm")[0].partition(".aspx")[0] + "/"
        for other in titled if section else ():
            if "/" in below.strip("/") and page_key(other.url).startswith(below):
                self.sightings.place(other.key, section, 2)
            elif paged:
                self.sightings.place(other.key, section, 1)

    def shown(self, found: list[tuple[Judgement, Element]]) -> set[str]:
        """Identities of the articles that a page links to, and of what may be one where no site's file says what is."""
        keys = {other.key for other, _ in found if other.kind == "article"}
        if not self.declared:
            keys |= {other.key for other, _ in found if announced(other.url, self.patterns)}
        return keys

    # Turning a list

    def turn(self, chain: str, keys: set[str], number: int, page: Page, found: list[tuple[Judgement, Element]]) -> bool:
        """Note a page of a list, with what its pager says; False once the list is not to be followed further."""
        announced = self.announced(page, found, chain)
        if submits.following(page, number) is not None:
            announced.setdefault(number + 1, None)
        hidden = {other.key for other, anchor in found if other.key in keys and listing.is_hidden(anchor)}
        total = listing.printed_total(page, number)
        return self.turned(chain, keys, number, page.address, announced, total=total, hidden=hidden)

    def turned(
        self,
        chain: str,
        keys: set[str],
        number: int,
        url: str,
        announced: dict[int, str | None],
        *,
        total: int | None = None,
        loaded: bool = False,
        hidden: Collection[str] = (),
    ) -> bool:
        """Note a page of a list; False once it is not to be followed further."""
        goes_on = self.chains.turn(chain, keys, number, url, announced, total=total, loaded=loaded, hidden=hidden)
        told = [key for key in keys if not self.is_guess(key)]
        shown = {key: article_id(url, key) for key in told}
        none = [identifier for key, identifier in shown.items() if self.is_none(key)]
        if goes_on and not self.revisits.reads_on(chain_key(chain), shown.values(), none):
            self.count("lists/left_at_known")
        elif goes_on and not self.revisits.reaches(chain_key(chain), list(map(self.sightings.date_of, told))):
            self.count("lists/left_at_old")
        elif goes_on and number > 1 and self.is_told(chain, keys):
            self.count("lists/left_as_told")
        else:
            return goes_on
        self.chains.leave(chain)
        return False

    def is_told(self, chain: str, keys: Iterable[str]) -> bool:
        """Whether an interface that was read to its end has named all that a further page of the home page shows.

        Sections are read to their end nevertheless: they say of which section an article is.
        """
        home = self.told and any(chain_key(key) == chain_key(chain) for key in self.rules.seed_keys)
        return home and all("api" in self.ways.of(key) for key in keys)

    def announced(self, page: Page, found: list[tuple[Judgement, Element]], chain: str) -> dict[int, str | None]:
        """The numbers in a list's pager, each with its address."""
        numbers: dict[int, str | None] = dict.fromkeys(listing.postback_numbers(page, pager_of(chain)))
        for other, _ in found:
            number = page_number(other.url)
            if number and other.kind != "article" and not other.alternate and chain_key(other.url) == chain:
                numbers[number] = other.url
        return numbers

    def turn_page(self, page: Page, chain: str, number: int, keys: set[str]) -> Iterator[Request]:
        """The next page of a list where no plain link shows it: ``rel=next``, ``onclick``, a form, ASP.NET postback."""
        for href in listing.next_links(page):
            other = self.rules.link(page.url, href)
            if other and other.kind in ("page", "listing") and other.key not in self.asked:
                self.asked.add(other.key)
                yield self.ask(other.url, priority=PRIORITY_LIST, meta={"depth_reset": True})
        if (sent := submits.following(page, number)) is not None:
            yield from self.submit(sent, chain, number + 1)
            return
        pager = pager_of(chain)
        wanted = self.chains.resumes(chain)
        if number < wanted and (leap := listing.postback_towards(page, number, wanted, pager)) is not None:
            yield from self.post_back(page, leap[1], chain, leap[0])
            return
        postback = listing.next_postback(page, number, pager)
        if postback is not None and f"{chain}#{number + 1}" not in self.asked:
            yield from self.post_back(page, postback, chain, number + 1)
        elif not pager:
            for name in listing.other_pagers(page)[:MOST_PAGERS]:
                yield from self.turn_other(page, chain, name, keys)

    def submit(self, sent: tuple[str, str, bytes], chain: str, number: int) -> Iterator[Request]:
        """The request of a pager that is a form, one page at a time as the next one's form says."""
        step = f"{chain}#{number}"
        if step not in self.asked and self.rules.in_scope(sent[1]) and self.rules.judge(sent[1]).kind != "denied":
            self.asked.add(step)
            yield archive_request(
                sent,
                callback=self.parse,
                errback=self.failed,
                priority=PRIORITY_LIST,
                dont_filter=True,  # posted to one address, and once more where a page has failed
                meta={"depth_reset": True},
                cb_kwargs={"number": number, "chain": chain},
            )

    def turn_other(self, page: Page, chain: str, pager: str, keys: set[str]) -> Iterator[Request]:
        """The second page of a list that stands on another's pages with a pager of its own, once that one is read.

        A pager that is drawn above and below its list is taken for two: the second shows nothing new, and is left.
        """
        own = f"{chain}{PAGER}{pager}"
        numbers: dict[int, str | None] = dict.fromkeys(listing.postback_numbers(page, pager))
        postback = listing.next_postback(page, 1, pager)
        if postback is not None and f"{own}#2" not in self.asked and self.turned(own, keys, 1, page.address, numbers):
            self.chains.share(chain, own)
            yield from self.post_back(page, postback, own, 2)

    def post_back(self, page: Page, postback: listing.Postback, chain: str, number: int) -> Iterator[Request]:
        """Fire an ASP.NET pager with the form state of this very page: one hop at a time, as a browser would."""
        step = f"{chain}#{number}"
        if step in self.asked:
            return
        # The page's tree has no form machinery; lists with postbacks are few, and only they are parsed again for it.
        selector = Selector(text=tostring(page.root, encoding="unicode", method="html"), base_url=page.url)
        forms = selector.xpath("//form[.//input[@name='__VIEWSTATE' or @name='__EVENTTARGET']]") or selector.css("form")
        if not forms:
            return
        self.asked.add(step)
        if not forms[0].attrib.get("action"):
            forms[0].root.set("action", page.address)  # such a form is sent to its page, wherever links lead from
        state = {"__EVENTTARGET": postback.target, "__EVENTARGUMENT": postback.argument}
        try:
            # DotNetNuke's form is declared multipart, which only files need; every server reads the plain coding.
            coding = "application/x-www-form-urlencoded"
            request = form2request(forms[0], state, method="POST", enctype=coding, click=False).to_scrapy(
                callback=self.parse,
                errback=self.failed,
                priority=PRIORITY_LIST,
                dont_filter=True,  # once more from the first page on, the states may be the same
                # A form state that has expired is no better at another try; the list begins again at the end.
                meta={"depth_reset": True, "max_retry_times": 0},
                cb_kwargs={"number": number, "chain": chain},
            )
        except (ValueError, NotImplementedError) as error:
            logger.warning("The pager of %s cannot be fired: %s", page.address, error)
            self.count("lists/broken_postback")
            return
        yield request

    # Verdicts

    def ask_lists_again(self) -> Iterator[Request]:
        """Once more the pages of lists that were not read to their end; with postbacks, from the first page on.

        Form states expire, the sooner the more lists are read at a time: these are asked one by one, and twice. What
        the rest of a crawl will bring is not broken.
        """
        for broken in [] if self.letters or self.goes_on() else list(self.broken()):
            posted = not broken.again and broken.chain not in self.loaded
            if self.tries.get(broken.chain, 0) > posted:
                continue
            self.tries[broken.chain] = self.tries.get(broken.chain, 0) + 1
            self.count("lists/asked_again")
            self.chains.again(broken.chain)
            self.sightings.unask(f"{broken.chain}#")
            yield from self.ask_list_again(broken)
            if posted:
                return

    def broken(self) -> Iterator[BrokenList]:
        """The lists that were not read to their end; what else is turned on an article's page is no list of others."""
        for broken in self.chains.broken():
            if not self.sightings.done(self.rules.judge(f"http://{broken.chain}").key):
                yield broken

    def ask_list_again(self, broken: BrokenList) -> Iterator[Request]:
        """The pages of a broken list, or its first one, if the others have no address."""
        for url in broken.again or (broken.first,):
            yield self.ask(url, priority=PRIORITY_LIST, dont_filter=True, meta={"depth_reset": True})

    def judge_lists(self) -> Iterator[Rejected]:
        """The verdict on each list, at the end of a crawl: one reject for each that is broken."""
        if self.letters or self.goes_on():
            return
        self.note_needs()
        self.count("lists/walked", self.chains.walked())
        for broken in self.broken():
            self.count("lists/broken")
            self.broken_lists.append(broken.detail)
            rejected = self.reject(broken.url, "broken_list", broken.detail)
            rejected.retry = "crawl"
            yield rejected
        yield from self.judge_calls()

    def judge_calls(self) -> Iterator[Rejected]:
        """Where no article was found: one reject for each function that links with titles call."""
        assert self.crawler.stats is not None
        if any(map(self.crawler.stats.get_value, ("articles/captured", "history/articles"))):
            return
        for said in self.unread_calls.values():
            self.broken_lists.append(said)
            rejected = self.reject(said.partition(": ")[0], "broken_list", said)
            rejected.retry = "crawl"
            yield rejected


def pager_of(chain: str) -> str:
    """The pager that turns a list; empty for the first, or only, list of a page."""
    return chain.partition(PAGER)[2]
