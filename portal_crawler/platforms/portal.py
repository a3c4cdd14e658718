"""The spider that walks a portal: lists to articles, yielding captures; what a site is stands in class attributes."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import scrapy
from form2request import form2request
from lxml.etree import tostring
from parsel import Selector
from scrapy.exceptions import UsageError
from scrapy.http import HtmlResponse
from scrapy.spidermiddlewares.httperror import HttpError

from portal_crawler.archive.deadletters import read_dead_letters
from portal_crawler.crawling import history, listing
from portal_crawler.crawling.api import WRAPPER, ApiError, JsonApi
from portal_crawler.crawling.archives import Archives
from portal_crawler.crawling.canonical import canonical_url, key_hash, page_key
from portal_crawler.crawling.chains import ListChains
from portal_crawler.crawling.contents import content_of
from portal_crawler.crawling.coverage import WaysIn
from portal_crawler.crawling.failures import failure_reason, remedy
from portal_crawler.crawling.idle import Drain
from portal_crawler.crawling.pace import PostponedError
from portal_crawler.crawling.parts import FALSE_PARTS, MOST_PARTS, goes_on, next_part
from portal_crawler.crawling.patterns import UrlPatterns, announced, dated, headed, is_article, page_evidence
from portal_crawler.crawling.rules import Judgement, UrlRules, beside, chain_key, page_number, plain_address
from portal_crawler.crawling.scope import RedirectToKnown
from portal_crawler.crawling.sightings import CAPTURE, Sightings
from portal_crawler.crawling.spellings import Spellings
from portal_crawler.crawling.traps import PatternBudget
from portal_crawler.extraction.page import PageError, parse_page
from portal_crawler.items import ARCHIVED, FETCHED_AT, FLAGS, Capture, Gone, Rejected, article_id
from portal_crawler.platforms.replay import replay
from portal_crawler.platforms.sources import PRIORITY_LIST, Sources

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from portal_crawler.archive.deadletters import DeadLetters
    from portal_crawler.crawling.state import Known, PortalState
    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.extraction.template import Template
    from portal_crawler.extraction.wrapper import Wrapper

logger = logging.getLogger(__name__)

# Lists first: they tell what there is, and what they say about an article goes with its request.
HTML = {"Content-Type": "text/html; charset=utf-8"}
TYPED = {"content-type": HTML["Content-Type"]}  # as captures have it

PRIORITY_MENU, PRIORITY_ARTICLE, PRIORITY_PAGE = 20, 10, 0

# How many links to one article are read for what they say about it: the menu's stand on every page.
LOOKS = 5

# What the next run of an unfinished crawl has of its own; all else that a spider holds is what it has learned.
OWN = frozenset(
    """name crawler settings start_urls warc letters attachments images fresh full only_new since share learned run_id
    state revisits recovered settled""".split()
)

# A label that leads to a section; longer texts are titles.
LONGEST_LABEL = 80


class PortalSpider(Sources):
    """Walks one portal and yields a :class:`Capture` for each article, a :class:`Rejected` for each failed request.

    Attributes:
        province: Slug of the province, as in ``quang-tri``.
        department: Host label of the department, as in ``sldtbxh``.
        platform: Name of the portal software.
        verified: Whether somebody has recorded a page of the real site.
        wrappers: Layouts of its articles, newest first.
        article_urls: Regular expressions of article addresses (path and query, canonical); their named groups make
            the article's identity. Without any, articles are told by address, link texts and page.
        listing_urls: Regular expressions of lists.
        alternate_urls: Second-choice forms of articles, besides print views.
        deny_urls: Addresses never to be asked for, besides those of every portal.
        api: The JSON interface that fills the portal's pages, where these are empty shells.
        min_articles: How many articles a full crawl should find at least.
        template: What the site's pages have in common, once a crawl has learned it.
        broken_certificates: Whether a certificate that cannot be verified is passed over; its items are marked.
        legacy_tls: Whether a server with nothing newer than TLS 1.1 is talked to; its items are marked.

    Args:
        url: Seeds to use instead of ``start_urls``, separated by spaces.
        warc: A WARC file, or several separated by spaces, to read instead of the network: no request is made.
        attachments: ``1`` fetches the files of articles (``crawling.files``).
        images: ``1`` fetches their pictures.
        archive: ``0`` or ``1`` instead of the setting ``PORTAL_ARCHIVE``: whether exchanges are kept as WARC files.
        retry: A file of an earlier run, whose failed requests are made again instead of a crawl.
        full: ``1`` walks the whole portal and looks at every article again (``crawling.history``).
        only_new: ``1`` looks at no article that is known.
        since: A day (ISO 8601): what was published before it is neither asked for nor exported, as far as lists and
            pages tell.
        fresh: ``1`` begins a new crawl though the last one was not finished.
        share: Of a replay: ``2/3`` extracts the second third of its articles, ``0/3`` none: it only learns.
        learned: Of a replay: the file that keeps what its first pass learns, for those that share the second.
    """

    province: str | None = None
    department: str | None = None
    platform: str = ""
    verified: bool = False
    wrappers: tuple[Wrapper, ...] = ()
    article_urls: tuple[str, ...] = ()
    listing_urls: tuple[str, ...] = ()
    alternate_urls: tuple[str, ...] = ()
    deny_urls: tuple[str, ...] = ()
    api: JsonApi | None = None
    min_articles: int = 0
    template: Template | None = None
    broken_certificates: bool = False
    legacy_tls: bool = False

    start_urls: list[str] = []

    def __init__(
        self,
        name: str | None = None,
        url: str | None = None,
        warc: str | None = None,
        retry: str | None = None,
        *,
        attachments: str | None = None,
        images: str | None = None,
        full: str | None = None,
        only_new: str | None = None,
        since: str | None = None,
        fresh: str | None = None,
        archive: str | None = None,
        share: str | None = None,
        learned: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.letters = read_dead_letters(Path(retry)) if retry else None
        if url:
            self.start_urls = url.split()
        self.warc = _files(warc) if warc else []
        self.attachments, self.images = (_switch(value) for value in (attachments, images))
        self.full, self.only_new, self.fresh = (_switch(value) for value in (full, only_new, fresh))
        self.archive = _switch(archive) if archive else None
        self.since = _day(since) if since else None
        self.share = _share(share) if share else (1, 1)
        self.learned = Path(learned) if learned else None
        if self.warc and (self.attachments or self.images):
            raise UsageError("a replay makes no request: attachments and images are fetched by a crawl only")
        self.run_id = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
        self.sightings = Sightings()
        self.patterns = UrlPatterns()
        self.spellings = Spellings()
        self.chains = ListChains()
        self.ways = WaysIn()
        self.archives = Archives()
        self.broken_lists: list[str] = []
        self.budget = PatternBudget(18)
        self.asked: set[str] = set()
        self.waiting: dict[str, Judgement] = {}
        self.labels: dict[str, str] = {}
        self.matched: set[str] = set()
        self.unfinished: dict[str, Capture] = {}
        self.false_parts = 0
        self.held: list[Capture] = []
        self.first_shown = 0
        self.began = self.lists_again = self.looked_again = self.settled = False
        self.state: PortalState | None = None
        self.recovered: set[str] = set()
        if self.api is not None:
            self.wrappers = (WRAPPER, *self.wrappers)
        self.make_rules()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> PortalSpider:
        """Make the spider and give it the settings' budget."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.budget = PatternBudget(crawler.settings.getint("PORTAL_PATTERN_BUDGET", 18))
        return spider

    @property
    def keeps_state(self) -> bool:
        """Whether what this run learns of the portal is kept for the next: a replay's is not."""
        return not self.warc

    @property
    def resumable(self) -> bool:
        """Whether the next run goes on with this crawl, if it is not finished."""
        return self.state is not None and self.letters is None

    def knowledge(self) -> dict[str, Any]:
        """All that the spider has learned in a crawl, to be written to disk."""
        for held in self.held:
            for each in (held, *held.parts):
                each.page = None  # a tree cannot be written, and is soon made again
        return {name: value for name, value in vars(self).items() if name not in OWN}

    def recall(self, knowledge: dict[str, Any]) -> None:
        """Take up the crawl of an earlier run."""
        vars(self).update(knowledge)
        self.broken_lists = []

    def walked_wholly(self) -> bool:
        """Whether the crawl that ends has walked all lists to their end: the next may then be incremental."""
        assert self.crawler.stats is not None
        stats = self.crawler.stats.get_value
        failed = any(map(stats, ("lists/broken", "hosts/down", "hosts/left", "hosts/blocked", "seeds/failed")))
        return bool(self.sightings.hashes()) and not failed and self.revisits.whole

    @property
    def state_name(self) -> str:
        """Name of the files that keep what is learned of this portal; seeds from outside are another portal."""
        if self.start_urls == type(self).start_urls:
            return self.name
        return "_".join((self.name, *(host.replace(":", "_") for host in sorted(self.rules.hosts))))

    def make_rules(self) -> None:
        """Compile the address rules from the attributes; called again when a platform has been recognised."""
        self.rules = UrlRules(
            self.start_urls,
            article_urls=self.article_urls,
            listing_urls=self.listing_urls,
            alternate_urls=self.alternate_urls,
            deny_urls=self.deny_urls,
        )
        if self.api is not None:
            self.rules.hosts |= self.api.hosts
        self.rules.respell(self.spellings)

    def respell(self, url: str) -> Judgement:
        """Put together what was noted under spellings of one address; what a page's own address is then."""
        spell = self.spellings.key
        self.rules.respell(self.spellings)
        self.sightings.respell(spell)
        self.asked |= set(map(spell, self.asked))
        self.waiting = {spell(key): link for key, link in self.waiting.items()}
        self.count("addresses/learned")
        return self.rules.judge(url)

    # Where a crawl begins

    async def start(self) -> AsyncIterator[Any]:
        """The seeds; then, whenever the crawl has run dry, articles that were met in a second-choice form only."""
        if self.warc:
            async for item in replay(self):
                yield item
            return
        self.begin()
        if not self.began:
            for request in self.ask_again(self.letters) if self.letters else self.ask_seeds():
                yield request
            self.began = True
        drain = Drain(self.crawler)
        await drain.wait()
        while more := self.ask_rest():
            for request in more:
                yield request
            await drain.wait()
        for item in self.judge_lists():
            yield item

    def begin(self) -> None:
        """Decide how much of what is known is asked for again."""
        setting = self.crawler.settings
        self.revisits = history.Revisits(
            self.state,
            full=self.full,
            only_new=self.only_new,
            every=setting.getfloat("PORTAL_FULL_EVERY", 30),
            share=setting.getfloat("PORTAL_REVISITS", 0.1),
            margin=setting.getint("PORTAL_KNOWN_MARGIN", 10),
            since=self.since,
        )
        self.count("crawl/resumed" if self.began else "crawl/begun")

    def ask_rest(self) -> list[Request]:
        """What a crawl that has run dry asks for next; nothing, at its end.

        Pages that were held back, articles that were met in a second-choice form only, broken lists once more, known
        articles whose time has come.
        """
        respelt = list(filter(self.budget.grants, self.spellings.released(dry=True)))
        if held := respelt or self.budget.released(all_forms=True):
            return [self.ask(url, priority=PRIORITY_PAGE) for url in held]
        if waiting := self.take_waiting():
            return [self.ask_linked(link, priority=PRIORITY_ARTICLE) for link in waiting]
        if not self.letters and (chosen := self.ask_archive()):
            return chosen
        if not self.lists_again:
            self.lists_again = True
            if lists := list(self.ask_lists_again()):
                return lists
        if not self.looked_again and not self.letters:
            self.looked_again = True
            return [self.look_again(each, each.url) for each in self.revisits.due()]
        return []

    def ask_seeds(self) -> Iterator[Request]:
        """The requests that a crawl begins with."""
        for url in self.start_urls:
            self.asked.add(page_key(url))
            yield self.ask(url, priority=PRIORITY_LIST, meta={"portal_seed": True})
        yield from self.ask_api()

    def ask_linked(self, link: Judgement, **options: Any) -> Request:
        """The request for what a link leads to, an article of an earlier crawl or not."""
        known = self.revisits.known(article_id(link.url, link.key))
        return self.ask(link.url, **options) if known is None else self.look_again(known, link.url)

    def look_again(self, known: Known, url: str) -> Request:
        """The request for a known article; the server may answer that it is as it was."""
        self.count("history/asked")
        self.sightings.reopen(self.rules.judge(url).key)  # a list may have shown it: it was passed over then
        meta = {"portal_known": known.id, "handle_httpstatus_list": [304]}
        return self.ask(url, priority=PRIORITY_ARTICLE, headers=history.conditions(known), meta=meta)

    def ask_again(self, letters: DeadLetters) -> Iterator[Request]:
        """The requests that another run could not make; what it has exported counts as done."""
        for url in letters.exported:
            self.sightings.pass_over(self.rules.judge(url).key)
        for url in letters.addresses:
            link = self.rules.judge(url)
            self.asked.add(link.key)
            self.sightings.see(link)
            yield self.ask(url, meta={"portal_seed": url in self.start_urls})

    def ask_lists_again(self) -> Iterator[Request]:
        """Once more the pages of lists that were not read to their end; with postbacks, from the first page on."""
        for broken in [] if self.letters else list(self.chains.broken()):
            self.count("lists/asked_again")
            self.chains.again(broken.chain)
            self.asked = {key for key in self.asked if not key.startswith(f"{broken.chain}#")}
            for url in broken.again or (broken.first,):
                yield self.ask(url, priority=PRIORITY_LIST, dont_filter=True, meta={"depth_reset": True})

    def judge_lists(self) -> Iterator[Rejected]:
        """The verdict on each list, at the end of a crawl: one reject for each that is broken."""
        if self.letters:
            return
        self.note_needs()
        self.count("lists/walked", self.chains.walked())
        for broken in self.chains.broken():
            self.count("lists/broken")
            self.broken_lists.append(broken.detail)
            rejected = self.reject(broken.url, "broken_list", broken.detail)
            rejected.retry = "crawl"
            yield rejected

    def coverage(self) -> dict[str, Any]:
        """How many articles each way has led to, and how many there may be."""
        return self.ways.report(self.sightings.hashes().__contains__)

    def take_waiting(self) -> list[Judgement]:
        """The articles of which no plain address was met, each with the form to fetch."""
        taken = [link for key, link in self.waiting.items() if not self.sightings.done(key)]
        self.waiting.clear()
        return taken

    def ask(self, url: str, **options: Any) -> Request:
        """A request that comes back to :meth:`parse`, or with its failure to :meth:`failed`.

        Of an article of a portal with an interface the JSON is asked for.
        """
        url = (self.api.detail_of(url) if self.api is not None else None) or url
        return scrapy.Request(url, callback=self.parse, errback=self.failed, **options)

    # What comes back

    def parse(
        self, response: Response, number: int = 1, chain: str | None = None
    ) -> Iterator[Request | Capture | Rejected]:
        """Any page: an article becomes a capture, and every page leads on.

        Args:
            response: What the server sent.
            number: Which page of its list this is.
            chain: Key of the list whose pages share one address (postbacks).
        """
        if response.status == 304 and self.state is not None:
            self.not_modified(response.meta["portal_known"], self.rules.judge(response.url))
        elif self.is_detail(response):
            yield from self.parse_detail(response)
        else:
            yield from self.read(response, number, chain)

    def read(self, response: Response, number: int, chain: str | None) -> Iterator[Request | Capture | Rejected]:
        """A page: see :meth:`parse`."""
        link = self.rules.judge(response.url)
        capture = self.receive(response)
        seed = bool(response.meta.get("portal_seed"))
        try:
            page = parse_page(capture)
        except PageError as error:
            yield from self.unreadable(capture, link, error)
            return
        response.meta[CAPTURE] = capture
        if self.spellings.read(listing.queries(page, self.rules)):
            link = self.respell(response.url)
        self.asked.add(link.key)  # a redirect has led here under another address
        if seed:
            self.count("seeds/reached")
            self.recognise(page)
            self.rules.add_seed(response.url)  # a home page often redirects to its real address
            link = self.rules.judge(response.url)
            yield from self.discover(response)
        is_one = chain is None and self.takes_for_article(link, page)
        yield from self.note_redirects(response, link, is_one=is_one)
        before = self.first_shown
        found = self.read_links(page, link, article=is_one)
        if self.state is not None and not is_one and self.revisits.whole:
            self.state.note_page(key_hash(link.key), fruitful=self.first_shown > before)
        content = None
        if is_one or self.spellings.is_witness(link.url):
            known = self.sightings.get(link.key)
            content = content_of(page, known.text if known else None)
        if self.spellings.shown(link.url, content):
            link, is_one = self.respell(response.url), True
        if is_one:
            yield from self.hand_on(capture, link)
        elif link.kind != "article":
            self.sightings.forget(link.key)
        yield from self.lead_on(
            page, link, found, page_number(response.url) or number, chain, content=content if is_one else None
        )

    def not_modified(self, identifier: str, link: Judgement) -> None:
        """Note that a known article is as it was."""
        assert self.state is not None
        self.sightings.pass_over(link.key)
        if (known := self.state.article(identifier)) is not None:
            self.state.unchanged(known, history.now())
        self.count("history/not_modified")

    def passes_over(self, link: Judgement) -> bool:
        """Whether a link leads to an article that an earlier crawl has, and need not be followed."""
        if self.sightings.done(link.key) or not self.revisits.passes_over(article_id(link.url, link.key)):
            return False
        self.sightings.forget(link.key)
        self.sightings.pass_over(link.key)
        self.count("history/known")
        return True

    def note_barren(self, link: Judgement) -> None:
        """Note an address at which there is nothing of its own: incremental crawls leave it alone."""
        if self.state is not None and self.revisits.whole:
            self.state.note_page(key_hash(link.key), fruitful=False)

    def is_too_old(self, link: Judgement) -> bool:
        """Whether lists date an article before the day from which on articles are wanted."""
        old = self.revisits.excludes(self.sightings.date_of(link.key))
        if old:
            self.count("since/not_asked")
        return old

    def known_barren(self, link: Judgement) -> bool:
        """Whether the last whole crawl has found nothing at an address, or nothing that other pages do not show."""
        return self.state is not None and self.revisits.incremental and self.state.barren(key_hash(link.key))

    def note_redirects(self, response: Response, link: Judgement, *, is_one: bool) -> Iterator[Rejected]:
        """The addresses that led here by redirects: other addresses of the article, or articles that are no more."""
        for url in response.meta.get("redirect_urls", ()):
            asked = self.rules.judge(url)
            if asked.key != link.key:
                self.note_barren(asked)
            if is_one and asked.kind not in ("outside", "denied"):
                self.sightings.see(replace(asked, key=link.key))
            elif not is_one and asked.kind == "article":
                self.count("failed/article")
                detail = f"{url} redirects to {response.url}, which is no article"
                yield self.reject(url, "no_article", detail, response.status)
                return

    @property
    def ruled(self) -> bool:
        """Whether the address rules decide what an article is; without any, evidence does."""
        return bool(self.article_urls)

    def recognise(self, page: Page) -> None:
        """A seed's page has come; spiders that know their platform have nothing to learn from it."""

    def takes_for_article(self, link: Judgement, page: Page) -> bool:
        """Whether a page is an article: by the rules where there are any, else by evidence."""
        if self.ruled or link.kind == "article":
            return link.kind == "article"
        return self.looks_like_article(link.url, self.evidence_of(page, link))

    def evidence_of(self, page: Page, link: Judgement) -> int:
        """How much a page looks like an article; where it decides, its date and its headline count, too."""
        on_page = page_evidence(page)
        known = self.sightings.get(link.key)
        undecided = self.looks_like_article(link.url, on_page + 1) and not self.looks_like_article(link.url, on_page)
        return on_page + (undecided and (dated(page) or (known is not None and headed(page, known.text))))

    def looks_like_article(self, url: str, on_page: int) -> bool:
        """Whether a page of a site without article rules is an article, by what its address and the page show."""
        if self.rules.judge(url).key in self.rules.seed_keys or page_number(url) is not None:
            return False
        return is_article(url, self.rules.judge(url).key, on_page, self.patterns)

    def receive(self, response: Response) -> Capture:
        """A response as a capture."""
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        return Capture(
            url=response.url,
            body=response.body,
            fetched_at=response.meta.get(FETCHED_AT) or datetime.now(UTC),
            status=response.status,
            headers=headers,
            flags=[flag for flag in FLAGS if flag in response.flags],
            archive=response.meta.get(ARCHIVED),
        )

    def unreadable(self, capture: Capture, link: Judgement, error: PageError) -> Iterator[Capture | Request | Rejected]:
        """An article that is no page goes on, to be rejected with its reason; a file among the pages is none."""
        if link.kind == "article":
            yield from self.hand_on(capture, link)
        elif error.reason == "not_html" and "html" not in capture.headers.get("content-type", "html"):
            self.count("pages/not_html")
        else:
            yield self.reject(capture.url, error.reason, error.detail, capture.status)

    def hand_on(self, capture: Capture, link: Judgement) -> Iterator[Capture | Request]:
        """Yield the capture of an article, once."""
        if self.sightings.done(link.key):
            self.count("articles/again")
            return
        sighting = self.sightings.see(link)
        assert sighting is not None
        best = link.url if not link.alternate else plain_address(sighting.addresses, self.rules)[0]
        capture.canonical_url = self.canonical_of(capture, link.key, best)
        self.sightings.complete(link.key, capture)
        capture.found_in = self.ways.of(link.key)
        self.waiting.pop(link.key, None)
        self.count("articles/captured")
        yield self.whole(capture)

    def is_detail(self, response: Response) -> bool:
        """Whether an answer is an article's JSON."""
        return self.api is not None and self.api.is_detail(response.url)

    def parse_detail(self, response: Response) -> Iterator[Capture | Request | Rejected]:
        """An article's JSON, as the page that is made of it."""
        assert self.api is not None
        try:
            address, body = self.api.page_of(response.body)
        except ApiError as error:
            self.count("failed/article")
            yield self.reject(response.url, "not_html", f"{response.url}: {error}", response.status)
            return
        page = HtmlResponse(address, body=body, headers=HTML, encoding="utf-8", request=response.request)
        yield from self.read(page, 1, None)

    def translated(self, capture: Capture) -> Capture:
        """A capture of an article's JSON as the page that is made of it; any other as it is."""
        if self.api is None or not self.api.is_detail(capture.url) or not capture.body or capture.status != 200:
            return capture
        try:
            address, body = self.api.page_of(capture.body)
        except ApiError as error:
            logger.warning("%s: %s", capture.url, error)
            return capture
        return replace(capture, url=address, body=body, headers={**capture.headers, **TYPED})

    def whole(self, capture: Capture) -> Capture | Request:
        """An article, once it is whole: the request of its next part, where it goes on, on another page."""
        last = capture.parts[-1] if capture.parts else capture
        number = len(capture.parts) + 1
        try:
            followed = number < MOST_PARTS and self.false_parts < FALSE_PARTS
            url = next_part(parse_page(last), capture.url, number) if followed else None
        except PageError:
            url = None
        self.unfinished.pop(capture.url, None)
        if url is None or not self.rules.in_scope(url):
            return capture
        for each in (capture, *capture.parts):
            each.page = None  # requests are written to disk, trees are not
        self.unfinished[capture.url] = capture
        self.asked.add(page_key(url))
        known = {"whole": capture}
        return scrapy.Request(
            url, self.parse_part, errback=self.part_failed, cb_kwargs=known, priority=PRIORITY_ARTICLE, dont_filter=True
        )

    def parse_part(self, response: Response, whole: Capture) -> Iterator[Capture | Request]:
        """A further page of an article, unless it proves to be the same page with another list on it."""
        part = self.receive(response)
        if not goes_on(whole, part):
            self.false_parts += 1
            self.unfinished.pop(whole.url, None)
            yield whole
            return
        self.false_parts = 0
        self.count("articles/parts")
        whole.parts.append(part)
        yield self.whole(whole)

    def part_failed(self, failure: Failure) -> Iterator[Capture | Gone | Rejected]:
        """The article as far as it could be had, and a reject for what is missing."""
        whole: Capture = failure.request.cb_kwargs["whole"]  # type: ignore[attr-defined]
        self.unfinished.pop(whole.url, None)
        self.count("missing/part")
        whole.flags.append("missing_part")
        yield from self.failed(failure)
        yield whole

    def canonical_of(self, capture: Capture, key: str, best: str) -> str:
        """The canonical address of an article: the one that its page names, if the rules see the same article in it.

        Pages lie about it (one address on all pages, the home page): what has another identity is not believed.
        """
        try:
            page = parse_page(capture)
        except PageError:
            return canonical_url(best)
        named = self.rules.link(page.url, href) if (href := listing.canonical_link(page)) else None
        if named is not None and named.key == key and not named.alternate:
            best = named.url
        return canonical_url(best)

    # Where it leads

    def lead_on(
        self,
        page: Page,
        link: Judgement,
        found: list[tuple[Judgement, Element]],
        number: int,
        chain: str | None,
        *,
        content: int | None,
    ) -> Iterator[Request]:
        """The requests that a page leads to; ``content`` is what it says, if it is an article."""
        article = content is not None
        keys = self.shown(found)
        chain = chain or chain_key(link.url)
        goes_on = article or self.turn(chain, keys, number, page, found)
        if page_number(link.url) is None and not self.budget.visited(
            link.url, () if article else keys, article=link.key if article else None, content=content
        ):
            logger.info("Pages like %s bring nothing new: no more of them are asked for", link.url)
            self.count("traps/pattern")
        for url in self.budget.released(url=link.url):
            yield self.ask(url, priority=PRIORITY_PAGE, meta={"depth_reset": True})
        for url in filter(self.budget.grants, self.spellings.released()):
            yield self.ask(url, priority=PRIORITY_LIST, meta={"depth_reset": True})
        seed = link.key in self.rules.seed_keys
        for other, anchor in found:
            if other.kind == "article":
                yield from self.ask_article(other, waits=seed)
            else:
                yield from self.follow(other, anchor, chain, number, goes_on=goes_on, menu=seed)
        if not article and goes_on:
            yield from self.turn_page(page, chain, number)
        if not article and not self.letters:
            yield from self.load_more(page)
            self.note_archives(page)
        for url in listing.feed_links(page):
            yield from self.ask_feed(urljoin(page.url, url))

    def shown(self, found: list[tuple[Judgement, Element]]) -> set[str]:
        """Identities of the articles that a page links to, on a site without rules of what may be one."""
        keys = {other.key for other, _ in found if other.kind == "article"}
        if not self.ruled:
            keys |= {other.key for other, _ in found if announced(other.url, self.patterns)}
        return keys

    def turn(self, chain: str, keys: set[str], number: int, page: Page, found: list[tuple[Judgement, Element]]) -> bool:
        """Note a page of a list, with what its pager says; False once the list is not to be followed further."""
        announced = self.announced(page, found, chain)
        return self.turned(chain, keys, number, page.url, announced, total=listing.printed_total(page, number))

    def turned(
        self,
        chain: str,
        keys: set[str],
        number: int,
        url: str,
        announced: dict[int, str | None],
        *,
        total: int | None = None,
    ) -> bool:
        """Note a page of a list; False once it is not to be followed further."""
        goes_on = self.chains.turn(chain, keys, number, url, announced, total=total)
        if goes_on and not self.revisits.reads_on(chain_key(chain), [article_id(url, key) for key in keys]):
            self.count("lists/left_at_known")
        elif goes_on and not self.revisits.reaches(chain_key(chain), list(map(self.sightings.date_of, keys))):
            self.count("lists/left_at_old")
        else:
            return goes_on
        self.chains.leave(chain)
        return False

    def announced(self, page: Page, found: list[tuple[Judgement, Element]], chain: str) -> dict[int, str | None]:
        """The numbers in a list's pager, each with its address."""
        numbers: dict[int, str | None] = dict.fromkeys(listing.postback_numbers(page))
        for other, _ in found:
            number = page_number(other.url)
            if number and other.kind != "article" and not other.alternate and chain_key(other.url) == chain:
                numbers[number] = other.url
        return numbers

    def read_links(
        self, page: Page, link: Judgement, *, article: bool, way: str = "listing"
    ) -> list[tuple[Judgement, Element]]:
        """The links of a page inside the portal; what they say about articles and sections is noted."""
        found: dict[str, tuple[Judgement, Element]] = {}
        titled: list[Judgement] = []
        ruled = self.ruled
        for href, anchor in listing.anchors(page):
            other = self.rules.link(page.url, href)
            if other is None or other.kind in ("outside", "denied", "file"):
                continue
            if other.key == link.key:
                if article:
                    self.sightings.see(other)  # its print view, its other languages
                continue
            found.setdefault(other.url, (other, anchor))
            if other.kind == "article":
                self.matched.add(other.key)
            if other.kind == "article" or not ruled:
                self.note(other, href, anchor, way)
                titled.append(other)
            if other.kind != "article":
                self.note_label(other, anchor)
        if not ruled:
            self.patterns.page({other.key for other in titled})
        if titled and not article and link.key not in self.rules.seed_keys:
            paged = (
                link.kind == "listing"
                or any(page_number(url) is not None for url in (link.url, *found))
                or listing.has_script_pager(page)
            )
            self.place(page, link, titled, paged=paged)
        return list(found.values())

    def note(self, link: Judgement, href: str, anchor: Element, way: str) -> None:
        """Note what a link says about the article that it leads to."""
        self.ways.note(link.key, way)
        new = self.sightings.get(link.key) is None
        if new and not self.sightings.done(link.key):
            self.first_shown += link.kind == "article" or announced(link.url, self.patterns)
        sighting = self.sightings.see(link)
        if sighting is None or sighting.looks >= LOOKS:
            return
        sighting.looks += 1
        text = listing.link_text(anchor)
        if new:
            self.patterns.note(link.url, text)
        self.sightings.describe(link.key, text, None if sighting.date else listing.listed_date(anchor, href))

    def note_label(self, link: Judgement, anchor: Element) -> None:
        """Note the name that the menu gives to a section: the text of the first link to it."""
        chain = chain_key(link.url)
        if chain not in self.labels:
            text = listing.link_text(anchor)
            if text and len(text) <= LONGEST_LABEL and not listing.is_tool(text):
                self.labels[chain] = text

    def place(self, page: Page, link: Judgement, titled: list[Judgement], *, paged: bool) -> None:
        """Note the section of the articles that a list shows."""
        chain = chain_key(link.url)
        label = self.labels.get(chain)
        section = listing.breadcrumb(page) or ([label] if label else [])
        below = chain.partition("?")[0].partition(".htm")[0].partition(".aspx")[0] + "/"
        for other in titled if section else ():
            if "/" in below.strip("/") and page_key(other.url).startswith(below):
                self.sightings.place(other.key, section, 2)
            elif paged:
                self.sightings.place(other.key, section, 1)

    def follow(
        self, link: Judgement, anchor: Element, chain: str, number: int, *, goes_on: bool, menu: bool
    ) -> Iterator[Request]:
        """The request for a page that is no article by its address, unless it was made before."""
        if link.key in self.asked or link.alternate or self.sightings.done(link.key) or self.passes_over(link):
            return
        paged = page_number(link.url) is not None
        if (self.letters and not paged) or self.is_too_old(link):
            return  # another run has walked the portal
        same = chain_key(link.url) == chain
        if paged or (same and listing.is_next(anchor, number)):
            if not goes_on and (same or (self.revisits.incremental and beside(link.url, chain))):
                self.count("traps/list_end")
                return
            options: dict[str, Any] = {"priority": PRIORITY_LIST, "meta": {"depth_reset": True}}
        else:
            if self.known_barren(link):
                self.count("pages/known_barren")
                return
            if self.spellings.waits(link.url):
                self.asked.add(link.key)
                return
            if not self.budget.grants(link.url):
                self.count("traps/not_asked")
                self.asked.add(link.key)  # held back
                self.note_barren(link)  # until it is seen after all
                return
            options = {"priority": PRIORITY_MENU if link.kind == "listing" or menu else PRIORITY_PAGE}
            if self.spellings.is_witness(link.url):
                options["priority"] = PRIORITY_LIST
        self.asked.add(link.key)
        yield self.ask_linked(link, **options)

    def ask_article(
        self, link: Judgement, *, waits: bool = False, priority: int = PRIORITY_ARTICLE
    ) -> Iterator[Request]:
        """The request for an article, once.

        Second-choice forms wait until the crawl has run dry, and so does what stands on the home page: the lists that
        will show it, too, say more about it.
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
        sighting.asked = True
        self.waiting.pop(link.key, None)
        yield self.ask_linked(link, priority=priority)

    def turn_page(self, page: Page, chain: str, number: int) -> Iterator[Request]:
        """The next page of a list where no plain link shows it: ``rel=next``, ``onclick``, ASP.NET postback."""
        for href in listing.next_links(page):
            other = self.rules.link(page.url, href)
            if other and other.kind in ("page", "listing") and other.key not in self.asked:
                self.asked.add(other.key)
                yield self.ask(other.url, priority=PRIORITY_LIST, meta={"depth_reset": True})
        postback = listing.next_postback(page, number)
        if postback is not None:
            yield from self.post_back(page, postback, chain, number + 1)

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
        state = {"__EVENTTARGET": postback.target, "__EVENTARGUMENT": postback.argument}
        try:
            # DotNetNuke's form is declared multipart, which only files need; every server reads the plain coding.
            coding = "application/x-www-form-urlencoded"
            request = form2request(forms[0], state, method="POST", enctype=coding, click=False).to_scrapy(
                callback=self.parse,
                errback=self.failed,
                priority=PRIORITY_LIST,
                meta={"depth_reset": True},
                cb_kwargs={"number": number, "chain": chain},
            )
        except (ValueError, NotImplementedError) as error:
            logger.warning("The pager of %s cannot be fired: %s", page.url, error)
            self.count("lists/broken_postback")
            return
        yield request

    # What fails

    def knows(self, url: str, asked: str) -> bool:
        """Whether a page was asked for already, under another address than ``asked`` and its other spellings."""
        target, origin = self.rules.judge(url), self.rules.judge(asked)
        if target.key == origin.key or page_key(url) == page_key(asked):
            return False
        sighting = self.sightings.get(target.key)
        return target.key in self.asked or self.sightings.done(target.key) or (sighting is not None and sighting.asked)

    def redirected(self, asked: str, target: str) -> Iterator[Rejected]:
        """An address that redirects to a known page: another address of an article, or an article that is no more."""
        first, last = self.rules.judge(asked), self.rules.judge(target)
        self.count("redirects/known")
        self.note_barren(first)
        if last.kind == "article":
            self.sightings.see(replace(first, key=last.key))
        elif first.kind == "article":
            self.count("failed/article")
            yield self.reject(asked, "no_article", f"{asked} redirects to {target}, which is no article")

    def failed(self, failure: Failure) -> Iterator[Gone | Rejected]:
        """A request without a usable answer: one reject with its reason."""
        request: Request = failure.request  # type: ignore[attr-defined]
        error = failure.value
        if isinstance(error, RedirectToKnown):
            yield from self.redirected(next(iter(request.meta.get("redirect_urls", ())), request.url), error.target)
            return
        if isinstance(error, PostponedError):
            self.postpone(request)
        if request.meta.get("portal_seed"):
            self.count("seeds/failed")
        link = self.rules.judge(request.url)
        self.budget.failed(link.url)
        self.spellings.shown(link.url, None)
        if isinstance(error, HttpError):
            status = error.response.status
            rejected = self.reject(request.url, "http_error", f"{request.url}: HTTP {status}", status)
        elif known := failure_reason(error):
            reason, said = known
            detail = f"{request.url}: {said}{f' ({error})' if str(error) else ''}"
            rejected = self.reject(request.url, reason, detail)
        else:
            logger.error("%s: %r", request.url, error, exc_info=error)
            rejected = self.reject(request.url, "error", f"{request.url}: {type(error).__name__}: {error}")
        if (lost := self.vanished(request, rejected)) is not None:
            yield lost
            return
        if rejected.status in history.GONE:
            self.note_barren(link)
        self.count("failed/article" if link.kind == "article" else "failed/page")
        number = request.cb_kwargs.get("number") or page_number(request.url)
        if number is not None:
            gone = rejected.status in (404, 410)
            chain = request.cb_kwargs.get("chain") or request.url
            self.chains.failed(chain, number, f"failed ({rejected.reason})", missing=gone)
        rejected.tries = request.meta.get("retry_times", 0) + 1
        rejected.retry = remedy(rejected.reason, rejected.status, request.method)
        yield rejected

    def postpone(self, request: Request) -> None:
        """Leave a request to the next run of this crawl, if there is to be one."""
        if self.resumable:
            frontier: Any = self.crawler.engine.scheduler
            frontier.postpone(request)

    def vanished(self, request: Request, rejected: Rejected) -> Gone | None:
        """The record of a known article that the portal no longer has; None if it is not known, or only failed."""
        identifier = request.meta.get("portal_known")
        if self.state is None or identifier is None:
            return None
        if rejected.status not in history.GONE and rejected.reason != "soft_404":
            return None
        known = self.state.article(identifier)
        assert known is not None
        self.state.gone(known, history.now(), rejected.status)
        self.count("history/gone")
        return history.gone(known, rejected)

    def reject(self, url: str, reason: str, detail: str, status: int | None = None) -> Rejected:
        """A reject of this portal."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Rejected(url=url, reason=reason, detail=detail, portal=self.name, status=status, fetched_at=now)

    def count(self, key: str, by: int = 1) -> None:
        """Add to a figure of the crawl's stats."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key, by)


def _switch(value: str | None) -> bool:
    if value not in (None, "", "0", "1"):
        raise UsageError(f"attachments, images and archive are 0 or 1, not {value!r}")
    return value == "1"


def _share(value: str) -> tuple[int, int]:
    place, _, count = value.partition("/")
    if not (place.isdecimal() and count.isdecimal() and int(place) <= int(count) and int(count)):
        raise UsageError(f"share is a part of parts, as in 2/3, not {value!r}")
    return int(place), int(count)


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise UsageError(f"since is a day, as in 2024-05-31, not {value!r}") from None


def _files(names: str) -> list[str]:
    files = [names] if Path(names).is_file() else names.split()
    for name in files:
        if not Path(name).is_file():
            raise UsageError(f"there is no file {name}")
    return files
