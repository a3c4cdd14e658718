"""Ways to articles beside the links of pages: sitemaps, feeds, interfaces, buttons that load more, archives by date."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import scrapy
from scrapy.utils.sitemap import sitemap_urls_from_robots

from portal_crawler.crawling import buttons, listing
from portal_crawler.crawling.answers import AnswerError, read_answer
from portal_crawler.crawling.archives import Archives, archive_request
from portal_crawler.crawling.canonical import key_hash
from portal_crawler.crawling.feeds import FeedError, read_feed
from portal_crawler.crawling.pace import host_key
from portal_crawler.crawling.robots import Robots
from portal_crawler.crawling.rules import chain_key
from portal_crawler.crawling.sitemaps import SitemapError, read_sitemap
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.items import WAYS, article_id
from portal_crawler.platforms.lists import PRIORITY_LIST, Lists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from portal_crawler.crawling.chains import BrokenList
    from portal_crawler.crawling.feeds import Entry
    from portal_crawler.crawling.glance import Glance
    from portal_crawler.crawling.known import Known
    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.crawling.state import PortalState
    from portal_crawler.crawling.traps import PatternBudget
    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.items import Rejected

logger = logging.getLogger(__name__)

# Sitemaps and interfaces come before all else: an article that is captured before they have come does not tell that
# they lead to it.
PRIORITY_SITEMAP = 40
# Articles that sitemaps and feeds name come last: lists may tell more about them until then.
PRIORITY_LISTED = -10

# Indexes of sitemaps name sitemaps (sitemaps.org); some name indexes. Those that name ever new ones have no end.
DEEPEST_INDEX = 3

# In the meta of a request: it makes a choice of an archive by date.
CHOICE = "portal_choice"

# Answers that say that an interface or a list has nothing more: what is asked for beyond the last page, or was guessed.
NO_MORE = [400, 404, 405, 410]


class Sources(Lists):
    """What a portal's spider asks for beside the links of its pages."""

    budget: PatternBudget
    named_budget: PatternBudget
    state: PortalState | None
    archives: Archives
    full: bool
    glance: Glance
    sitemaps: list[tuple[str, int]]
    dated_sitemaps: set[str]
    found: dict[str, Any] | None
    barren_sitemaps: int
    named_known: list[str]
    files_fail: bool

    def ask_article(
        self, link: Judgement, *, waits: bool = False, priority: int = PRIORITY_LISTED
    ) -> Iterator[Request]:
        """The request for an article, once."""
        raise NotImplementedError

    def follow(
        self, link: Judgement, anchor: Element, chain: str, number: int, *, goes_on: bool, menu: bool
    ) -> Iterator[Request]:
        """The request for a page that is no article by its address."""
        raise NotImplementedError

    def passes_over(self, link: Judgement) -> bool:
        """Whether a link leads to an article that an earlier crawl has, and need not be followed."""
        raise NotImplementedError

    def known_barren(self, link: Judgement) -> bool:
        """Whether the last whole crawl has found nothing at an address."""
        raise NotImplementedError

    def stays_missing(self, link: Judgement) -> bool:
        """Whether an address that a sitemap names was missing in an earlier crawl, and has not been modified since."""
        raise NotImplementedError

    def ask_linked(self, link: Judgement, **options: Any) -> Iterator[Request]:
        """The requests for what a link leads to, an article of an earlier crawl or not."""
        raise NotImplementedError

    def look_again(self, known: Known, url: str, *, twice: bool = False) -> Request:
        """The request for a known article."""
        raise NotImplementedError

    def needs(self, way: str) -> bool:
        """Whether a way is worth its requests: an incremental crawl leaves those that the lists have made needless."""
        if self.state is None or not self.revisits.incremental:
            return True
        return way in self.state.get("needed ways", " ".join(WAYS)).split()

    def needs_file(self, url: str) -> bool:
        """Whether a sitemap or a feed has named an article that no list shows, as far as is known."""
        return self.state is None or not self.revisits.incremental or not self.state.barren(key_hash(url))

    def note_needs(self) -> None:
        """Keep, at the end of a whole crawl, which of the ways have been worth it."""
        if self.state is None or not self.revisits.whole:
            return
        # A sitemap that tells when its articles were modified is worth a look even if lists show them all.
        dated = {"sitemap"} if self.dated_sitemaps else set()
        self.state.put("needed ways", " ".join(sorted({*self.ways.needed(), *dated})))
        needless = self.ways.needless(self.dated_sitemaps)
        for url in self.ways.files():
            self.state.note_page(key_hash(url), fruitful=url not in needless)

    def coverage(self) -> dict[str, Any]:
        """How many articles each way has led to, and how many there may be."""
        return self.ways.report() if self.found is None else self.found

    def keep_coverage(self) -> None:
        """Keep the figures of :meth:`coverage` beyond the end of the state.

        Raises:
            sqlite3.Error: if the state is of no use; there are no figures then.
        """
        self.found = {}
        self.found = self.ways.report()

    # Sitemaps

    def discover(self, response: Response) -> Iterator[Request]:
        """Beside a seed: the sitemaps that robots.txt names, or the usual one."""
        if not self.needs("sitemap"):
            return
        robots = self.crawler.get_downloader_middleware(Robots)
        named = robots.sitemaps.get(response.url.split("/", 3)[2]) if robots is not None else None
        if named is not None:
            yield from self.ask_sitemaps(response.url, named)
            return
        url = urljoin(response.url, "/robots.txt")
        if url not in self.asked:
            self.asked.add(url)
            meta = {"dont_obey_robotstxt": True, "handle_httpstatus_all": True, "dont_retry": True}
            yield scrapy.Request(
                url,
                callback=self.parse_robots,
                errback=self.no_sitemap,
                priority=PRIORITY_LIST,
                meta=meta,
                dont_filter=True,
            )

    def parse_robots(self, response: Response) -> Iterator[Request]:
        """Ask for the sitemaps that robots.txt names: where it is read for nothing else."""
        named = list(sitemap_urls_from_robots(response.body, response.url)) if response.status == 200 else []
        yield from self.ask_sitemaps(response.url, named)

    def ask_sitemaps(self, url: str, named: list[str]) -> Iterator[Request]:
        """The requests for sitemaps: those that are named, or the one at the usual address."""
        for each in named or [urljoin(url, "/sitemap.xml")]:
            yield from self.ask_sitemap(each)

    def ask_sitemap(self, url: str, depth: int = 0) -> Iterator[Request]:
        """The request for a sitemap, once; those that an index names wait for one another."""
        if depth > DEEPEST_INDEX or not self.needs_file(url) or not self.rules.in_scope(url) or url in self.asked:
            return
        self.asked.add(url)
        if depth:
            self.sitemaps.append((url, depth))
        else:
            yield self.sitemap_request(url, depth)

    def sitemap_request(self, url: str, depth: int) -> Request:
        """The request for a sitemap that so many indexes have led to; the one before it is none of them."""
        return scrapy.Request(
            url,
            callback=self.parse_sitemap,
            errback=self.sitemap_failed,
            priority=PRIORITY_SITEMAP,
            meta={"depth_reset": True},
            cb_kwargs={"depth": depth},
        )

    def next_sitemap(self, *, barren: bool) -> Iterator[Request]:
        """The next of the sitemaps that indexes have named, until too many in a row have named nothing new."""
        self.barren_sitemaps = self.barren_sitemaps + 1 if barren else 0
        if self.barren_sitemaps == self.budget.limit and self.sitemaps:
            logger.info("Sitemaps name nothing new: %d more of them are not asked for", len(self.sitemaps))
            self.count("traps/sitemaps", len(self.sitemaps))
            self.sitemaps.clear()
        if self.sitemaps:
            yield self.sitemap_request(*self.sitemaps.pop(0))

    def parse_sitemap(self, response: Response, depth: int = 0) -> Iterator[Request]:
        """A sitemap or an index of sitemaps, gzip or not."""
        before = len(self.sightings)
        try:
            is_index, addresses = read_sitemap(response)
        except SitemapError as error:
            logger.warning("%s", error)
            self.count("sitemaps/broken")
            is_index, addresses = False, {}
        else:
            self.count("sitemaps/read")
        self.files_fail |= not addresses
        assert response.request is not None
        file = response.request.url
        if not is_index:
            self.ways.open(file, "sitemap")
            links = {url: link for url in addresses if (link := self.rules.link(url, url)) is not None}
            if links:  # a broken one tells nothing
                self.revisits.note_named(file, (article_id(link.url, link.key) for link in links.values()))
            yield from self.ask_modified(addresses, links, file)
        for url in addresses:
            if is_index:
                yield from self.ask_sitemap(url, depth + 1)
            else:
                yield from self.ask_listed(url, "sitemap", file)
        yield from self.next_sitemap(barren=len(self.sightings) == before)

    def ask_modified(self, addresses: dict[str, str], links: dict[str, Judgement], file: str) -> Iterator[Request]:
        """The requests for known articles that have been modified since, as a sitemap says."""
        dated = {
            article_id(link.url, link.key): (link, said) for url, link in links.items() if (said := addresses[url])
        }
        if dated:
            self.dated_sitemaps.add(file)
        for identifier in self.revisits.modified({each: said for each, (_, said) in dated.items()}):
            link = dated[identifier][0]
            known = self.revisits.known(identifier)
            if known is not None and link.key not in self.asked:
                yield self.look_again(known, link.url)
                self.asked.add(link.key)
                sighting = self.sightings.see(link)
                assert sighting is not None
                sighting.ask()

    def sitemap_failed(self, failure: Failure) -> Iterator[Request]:
        """A sitemap that could not be had; the next one may."""
        self.no_sitemap(failure)
        yield from self.next_sitemap(barren=True)

    def ask_listed(
        self, url: str, way: str, file: str, text: str | None = None, date: str | None = None
    ) -> Iterator[Request]:
        """The request for an address that a sitemap or a feed lists."""
        link = self.note_listed(url, way, file, text, date)
        if link is None:
            return
        sighting = self.sightings.get(link.key)
        if link.key in self.asked or sighting is None or sighting.asked:
            return
        if way == "sitemap" and self.stays_missing(link):
            return
        if not self.full and self.revisits.has(article_id(link.url, link.key)):
            self.named_known.append(link.url)  # it is not asked for, and takes no room of what is new
            return
        # A budget of their own: of the thousands that a sitemap names all may be dead, and those of the lists are not.
        if self.named_budget.grants(link.url):
            yield from self.ask_named([link.url])
        else:
            self.count("traps/named_held")

    def take_named(self) -> list[str]:
        """What sitemaps and feeds name and is known: the crawl has run dry, and lists have said what they say of it."""
        known, self.named_known = self.named_known, []
        return known

    def ask_named(self, urls: list[str]) -> Iterator[Request]:
        """The requests for addresses that sitemaps or feeds have named, unless pages have led to them meanwhile."""
        for url in urls:
            link = self.rules.judge(url)
            if link.kind == "article":
                yield from self.ask_article(link, priority=PRIORITY_LISTED)
            elif link.key not in self.asked and not self.sightings.done(link.key) and not self.passes_over(link):
                self.asked.add(link.key)
                if self.known_barren(link):
                    self.count("pages/known_barren")
                else:
                    yield from self.ask_linked(link)

    def note_listed(
        self, url: str, way: str, file: str, text: str | None = None, date: str | None = None
    ) -> Judgement | None:
        """Note what a sitemap or a feed says of an address; None if it is not to be asked for."""
        link = self.rules.link(url, url)
        if link is None or link.kind in ("outside", "denied", "file"):
            return None
        self.ways.note(link.key, way, file)
        self.sightings.see(link)
        self.sightings.describe(link.key, text, date)
        return link

    def no_sitemap(self, failure: Failure) -> None:
        """A portal without robots.txt, sitemap or feed is nothing out of the ordinary, if no list was left to them."""
        self.files_fail = True
        self.count("sitemaps/none")
        logger.debug("No answer from %s: %s", failure.request.url, failure.value)  # type: ignore[attr-defined]

    # Feeds

    def ask_feed(self, url: str) -> Iterator[Request]:
        """The request for a feed, once."""
        if self.needs("feed") and self.needs_file(url) and self.rules.in_scope(url) and url not in self.asked:
            self.asked.add(url)
            yield scrapy.Request(url, callback=self.parse_feed, errback=self.no_sitemap, priority=PRIORITY_LIST)

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """An RSS or Atom feed."""
        assert response.request is not None
        self.ways.open(response.request.url, "feed")
        entries = self.read_feed(response.url, response.body)
        self.files_fail |= not entries
        for address, title, date in entries:
            yield from self.ask_listed(address, "feed", response.request.url, title, date)

    def read_feed(self, url: str, body: bytes) -> list[Entry]:
        """What a feed lists; nothing, and told, if it cannot be read."""
        try:
            entries = read_feed(url, body)
        except FeedError as error:
            self.count("feeds/broken")
            logger.warning("%s", error)
            return []
        self.count("feeds/read" if entries else "feeds/empty")
        return entries

    # Lists that are loaded piece by piece

    def load_more(self, page: Page) -> Iterator[Request]:
        """The first pieces of what a page's buttons, scripts and interfaces hand out, each source once."""
        turned = listing.turned_by_script(page, self.rules) if self.scripted else ()
        for source in buttons.sources(page):
            url = source.at(source.first)
            if source.chain in self.asked or not self.rules.in_scope(url):
                continue
            if self.scripted and any(address.startswith(source.before) for address in turned):
                continue  # what its script opens are pages of a list
            if source.way != "api" and self.rules.judge(url).kind == "denied":
                continue
            self.asked.add(source.chain)
            if self.needs(source.way) and self.budget.grants(url):
                yield self.ask_piece(source, source.first, page.address)

    def ask_piece(self, source: buttons.Source, number: int, shown_at: str, *, again: bool = False) -> Request:
        """The request for one piece of a list."""
        self.loaded[chain_key(source.chain)] = source, shown_at
        return source.request(
            number,
            callback=self.parse_piece,
            errback=self.failed,
            priority=PRIORITY_SITEMAP if source.way == "api" else PRIORITY_LIST,
            dont_filter=again,
            meta={"depth_reset": True, "handle_httpstatus_list": NO_MORE},
            headers={"X-Requested-With": "XMLHttpRequest", "Accept": "application/json, text/html;q=0.9, */*;q=0.5"},
            cb_kwargs={"source": source, "number": number, "shown_at": shown_at, "chain": source.chain},
        )

    def ask_list_again(self, broken: BrokenList) -> Iterator[Request]:
        """The pages of a broken list, or its pieces."""
        if broken.chain not in self.loaded:
            yield from super().ask_list_again(broken)
            return
        source, shown_at = self.loaded[broken.chain]
        for number in broken.numbers:
            self.asked.add(f"{source.chain}#{number}")
            yield self.ask_piece(source, number, shown_at, again=True)

    def parse_piece(
        self, response: Response, source: buttons.Source, number: int, shown_at: str, chain: str
    ) -> Iterator[Request | Rejected]:
        """A piece of a list: its articles, and the next piece."""
        if response.status in NO_MORE:
            self.budget.failed(response.url)
            self.count("lists/no_piece")
            return
        try:
            address_of = self.api.address_of if self.api is not None else None
            listed = read_answer(response, shown_at, datetime.now(UTC), address_of)
        except (AnswerError, PageError) as error:
            self.chains.failed(chain, number, "cannot be read", missing=False)
            self.budget.failed(response.url)
            yield self.reject(response.url, "not_html", str(error), response.status)
            return
        self.count("lists/pieces")
        link = replace(self.rules.judge(response.url), kind="listing")
        found = self.read_links(listed.page, link, article=False, way=source.way)
        keys = self.shown(found)
        if source.cursor:
            source, listed.more = (
                replace(source, cursor=listed.cursor),
                listed.more is not False and bool(listed.cursor),
            )
        following = number + (listed.entries or len(keys) if source.counts_entries else 1)
        ended = not keys or listed.more is False
        if listed.more is None and listed.pages and not source.counts_entries:
            ended = ended or number >= listed.pages
        self.told |= ended and source.way == "api"
        self.budget.visited(response.url, keys)
        announced: dict[int, str | None] = {} if ended else {following: None}
        goes_on = self.turned(chain, keys, number, shown_at, announced, loaded=True)
        for other, anchor in found:
            if other.kind == "article":
                yield from self.ask_article(other)
            else:
                yield from self.follow(other, anchor, chain, number, goes_on=goes_on, menu=False)
        step = f"{chain}#{following}"
        if goes_on and not ended and step not in self.asked:
            self.asked.add(step)
            yield self.ask_piece(source, following, shown_at)

    def ask_api(self) -> Iterator[Request]:
        """The first pages of the lists of a portal's interface, if its site file names one."""
        for source in self.api.sources() if self.api is not None else ():
            if source.chain not in self.asked:
                self.asked.add(source.chain)
                yield self.ask_piece(source, source.first, self.start_urls[0])

    # Archives by date

    def note_archives(self, page: Page) -> None:
        """Keep the archive forms of a page until the crawl has run dry: what they bring is best known then."""
        for form in self.archives.read(page):
            if self.rules.in_scope(form.action) and host_key(form.action) == host_key(page.url):
                self.count("archives/forms")
                self.rules.open_program(form.action, form.constants)
                self.glance.clear()

    def ask_archive(self) -> list[Request]:
        """The next choice of an archive form; none when all have been made, or bring nothing new.

        Who asks for a full crawl has all of them made.
        """
        if self.revisits.incremental:
            return []
        # Nothing else is under way: what a choice has shown has come by now, if it was an article.
        fetched = self.sightings.fetched()
        is_vain = self.budget.exhausted
        for key, choice in self.archives.following(fetched, fetched, whole=self.full, is_vain=is_vain):
            self.count("archives/asked")
            if page := self.archives.page():
                return [self.ask_form(page, key)]
            return [self.ask_choice(key, choice)]
        assert self.crawler.stats is not None
        if self.archives.left:
            self.crawler.stats.set_value("archives/not_asked", self.archives.left)
        return []

    def ask_choice(self, key: str, choice: tuple[str, str, bytes]) -> Request:
        """The request for a choice of an archive form."""
        options: dict[str, Any] = {"priority": PRIORITY_LIST, "meta": {"depth_reset": True, CHOICE: True}}
        if choice[0] == "GET":
            return archive_request(choice, callback=self.parse, errback=self.failed, **options)
        # A form state that has expired is no better at another try: the page is fetched for a new one instead.
        options["meta"]["max_retry_times"] = 0
        options["cb_kwargs"] = {"number": 1, "chain": key}
        return archive_request(choice, callback=self.parse, errback=self.choice_failed, dont_filter=True, **options)

    def ask_form(self, page: str, key: str) -> Request:
        """The request for the page of an archive form, for the state that its choice is sent with."""
        return scrapy.Request(
            page,
            callback=self.parse_form,
            errback=self.choice_failed,
            priority=PRIORITY_LIST,
            dont_filter=True,
            cb_kwargs={"key": key},
            meta={"depth_reset": True},
        )

    def parse_form(self, response: Response, key: str) -> Iterator[Request]:
        """The page of an archive form: its choice is made with the state that it has now."""
        try:
            said = (response.headers.get("Content-Type") or b"").decode("latin-1")
            self.note_archives(parse_html(response.url, response.body, said or None))
        except PageError as error:
            logger.warning("%s: the archive's form cannot be read anew: %s", response.url, error)
        yield self.ask_choice(key, self.archives.choice())

    def choice_failed(self, failure: Failure) -> Iterator[Any]:
        """A choice of an archive form without a usable answer: once more with a new state, then a reject."""
        if self.archives.failed():
            self.count("archives/asked_again")
            return
        yield from self.failed(failure)

    def note_choice(self, response: Response, found: list[tuple[Judgement, Element]]) -> None:
        """Note what the choice of an archive form has shown, if a page is the answer to one."""
        if response.meta.get(CHOICE):
            self.archives.showed(self.shown(found))
