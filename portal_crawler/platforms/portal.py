"""The spider that walks a portal: lists to articles, yielding captures; what a site is stands in class attributes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import UsageError

from portal_crawler.archive.deadletters import read_dead_letters
from portal_crawler.archive.feeds import RUN_NAME
from portal_crawler.crawling import listing
from portal_crawler.crawling.api import WRAPPER, JsonApi
from portal_crawler.crawling.archives import Archives
from portal_crawler.crawling.canonical import key_hash, page_key
from portal_crawler.crawling.chains import ListChains
from portal_crawler.crawling.chromium import chromium
from portal_crawler.crawling.coverage import WaysIn
from portal_crawler.crawling.failures import remedy
from portal_crawler.crawling.glance import Glance
from portal_crawler.crawling.idle import Drain
from portal_crawler.crawling.learning import is_planted
from portal_crawler.crawling.origins import Origins
from portal_crawler.crawling.patterns import UrlPatterns, announced
from portal_crawler.crawling.rules import Judgement, UrlRules, chain_key, page_number
from portal_crawler.crawling.sightings import ASKED, CAPTURE, NAMED, Marked, Sightings
from portal_crawler.crawling.spellings import Spellings, bears_token
from portal_crawler.crawling.traps import MOST_HELD, PatternBudget
from portal_crawler.extraction.contents import content_of
from portal_crawler.extraction.page import PageError, parse_page
from portal_crawler.items import Capture, Gone, Rejected, article_id
from portal_crawler.platforms import arguments
from portal_crawler.platforms.articles import PRIORITY_ARTICLE
from portal_crawler.platforms.declared import check
from portal_crawler.platforms.failing import Failing
from portal_crawler.platforms.following import PRIORITY_PAGE
from portal_crawler.platforms.lists import PRIORITY_LIST
from portal_crawler.platforms.replay import replay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from portal_crawler.archive.deadletters import DeadLetters
    from portal_crawler.crawling.buttons import Source
    from portal_crawler.crawling.state import PortalState
    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.extraction.template import Template
    from portal_crawler.extraction.wrapper import Wrapper

logger = logging.getLogger(__name__)

# What the next run of an unfinished crawl has of its own; all else that a spider holds is what it has learned.
OWN = frozenset(
    """name crawler settings start_urls warc letters attachments images fresh full only_new since share learned run_id
    state revisits recovered settled glance""".split()
)
# Figures of a crawl that has not walked the portal wholly, or not as it is on other days.
FAILED = ("lists/broken", "hosts/down", "hosts/left", "hosts/blocked", "seeds/failed", "history/doubted")


class PortalSpider(Failing):
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
        browser: Whether a browser runs the scripts of its pages (extra ``browser``).
        browser_waits_for: CSS selector of what stands on a page once its scripts are done.
        browser_hosts: Hosts besides the portal's own that its scripts may ask, as in ``api.tinh.gov.vn``.
        min_articles: How many articles a full crawl should find at least.
        template: What the site's pages have in common, once a crawl has learned it.
        broken_certificates: Whether a certificate that cannot be verified is passed over; its items are marked.
        legacy_tls: Whether a server that needs an old TLS is talked to; its items are marked.

    Args:
        url: Seeds to use instead of ``start_urls``, separated by spaces.
        warc: A WARC file, or several separated by spaces, to read instead of the network: no request is made.
        attachments: ``1`` fetches the files of articles (``crawling.files``).
        images: ``1`` fetches their pictures.
        archive: ``0`` or ``1`` instead of the setting ``PORTAL_ARCHIVE``: whether exchanges are kept as WARC files.
        retry: A file of an earlier run, whose failed requests are made again instead of a crawl.
        full: ``1`` walks the whole portal and looks at every article again (``crawling.revisits``).
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
    browser: bool = False
    browser_waits_for: str | None = None
    browser_hosts: tuple[str, ...] = ()
    min_articles: int = 0
    template: Template | None = None
    broken_certificates: bool = False
    legacy_tls: bool = False

    start_urls: list[str] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check(cls.__name__, dict(vars(cls)), dir(PortalSpider))

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
            # A capture's host may have any name.
            self.start_urls = url.split() if warc else arguments.seeds(url)
        self.warc = arguments.files(warc) if warc else []
        self.attachments, self.images = (arguments.switch(value) for value in (attachments, images))
        self.full, self.only_new, self.fresh = (arguments.switch(value) for value in (full, only_new, fresh))
        self.archive = arguments.switch(archive) if archive else None
        self.since = arguments.day(since) if since else None
        self.share = arguments.share(share) if share else (1, 1)
        self.learned = Path(learned) if learned else None
        if self.warc and (self.attachments or self.images):
            raise UsageError("a replay makes no request: attachments and images are fetched by a crawl only")
        self.run_id = datetime.now(UTC).strftime(RUN_NAME)
        self.state: PortalState | None = None
        self.recovered: set[str] = set()
        self.forget_all()
        if self.api is not None:
            self.wrappers = (WRAPPER, *self.wrappers)
        self.make_rules()

    def forget_all(self) -> None:
        """Know nothing of the portal yet."""
        self.sightings = Sightings()
        self.asked = Marked(self.sightings, ASKED)
        self.chains = ListChains(sightings=self.sightings)
        self.ways = WaysIn(self.sightings)
        self.budget, self.named_budget = self.budgets(16)
        self.patterns = UrlPatterns()
        self.spellings = Spellings()
        self.origins = Origins()
        self.glance = Glance()
        self.archives = Archives()
        self.told = self.scripted = False
        self.unread_calls: dict[str, str] = {}
        self.sitemaps: list[tuple[str, int]] = []
        self.barren_sitemaps = 0
        self.named_known: list[str] = []
        self.dated_sitemaps: set[str] = set()
        self.tries: dict[str, int] = {}
        self.loaded: dict[str, tuple[Source, str]] = {}
        self.broken_lists: list[str] = []
        self.waiting: dict[str, Judgement] = {}
        self.bringing: set[str] = set()
        self.matched: set[str] = set()
        self.forms: set[str] = set()
        self.sections: set[str] = set()
        self.unfinished: dict[str, Capture] = {}
        self.false_parts = 0
        self.held: list[Capture] = []
        self.deep: dict[str, None] = {}
        self.went_deeper = False
        self.first_shown = self.first_listed = 0
        self.left_to_files: dict[str, str] = {}
        self.files_fail = False
        self.new_on_pages: set[str] = set()
        self.began = self.looked_again = self.looked_for = self.confirming = self.settled = False
        self.twice: set[str] = set()
        self.arrived: set[str] = set()
        self.renamed: set[str] = set()
        self.roots: set[str] = set()
        self.apart: set[str] = set()
        self.found: dict[str, Any] | None = None
        self.moved_to: str | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> PortalSpider:
        """Make the spider and give it the settings' budgets.

        Raises:
            UsageError: if it needs a browser, and there is none.
        """
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.note_one, signal=signals.item_scraped)
        limit = crawler.settings.getint("PORTAL_PATTERN_BUDGET", 16)
        spider.budget, spider.named_budget = spider.budgets(limit)
        spider.decide()  # scrapy parse, which asks for one page, puts a start() of its own in the place of ours
        if spider.browser and not spider.warc:
            chromium(crawler.settings.get("PORTAL_BROWSER", ""))
        return spider

    def budgets(self, limit: int) -> tuple[PatternBudget, PatternBudget]:
        """The budget of pages that links have led to, and that of those that sitemaps and feeds have named."""
        return PatternBudget(limit, self.sightings), PatternBudget(limit, self.sightings, NAMED)

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
        self.found = None

    def walked_wholly(self) -> bool:
        """Whether the crawl that ends has walked all lists to their end: the next may then be incremental."""
        return self.sightings.fetched() > 0 and not self.is_hindered() and self.revisits.whole

    def is_rebuilt(self, known: int) -> bool:
        """Whether more articles are new, or gone, than were there before: which lists lead to them is not known.

        Args:
            known: How many articles are known in all that are not gone.
        """
        assert self.crawler.stats is not None
        new, gone = (self.crawler.stats.get_value(f"history/{what}", 0) for what in ("new", "gone"))
        return bool(new + gone > known - new)

    def is_hindered(self) -> bool:
        """Whether something has kept the crawl from walking the portal as it is on other days."""
        assert self.crawler.stats is not None
        return any(map(self.crawler.stats.get_value, FAILED))

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
        self.rules.apart = self.apart
        self.rules.respell(self.spellings)

    def respell(self, url: str) -> Judgement:
        """Put together what was noted under spellings of one address; what a page's own address is then."""
        spell = self.spellings.key
        self.rules.respell(self.spellings)
        self.glance.clear()
        self.sightings.respell(spell)
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
        self.keep_traps()
        for rejected in (*self.judge_lists(), *self.judge_extent(), *self.judge_held(), *self.judge_deep()):
            yield rejected
        for lost in self.judge_lost():
            yield lost

    def ask_rest(self) -> list[Request]:
        """What a crawl that has run dry asks for next; nothing, at its end.

        Pages that were held back, articles that were met in a second-choice form only, lists in the place of sitemaps
        that fail, broken lists once more, known articles whose time has come.
        """
        respelt = list(filter(self.budget.grants, self.spellings.released(dry=True)))
        if held := respelt or self.budget.released(all_forms=True, likely=self.promises):
            links = map(self.rules.judge, held)
            return [request for link in links for request in self.ask_linked(link, priority=PRIORITY_PAGE)]
        if asked := self.ask_rest_of_named() or list(self.ask_waiting()) or self.ask_deep():
            return asked
        if not self.letters and (chosen := list(self.ask_left_to_files()) or self.ask_archive()):
            return chosen
        if lists := list(self.ask_lists_again()):
            return lists
        if not self.looked_again and not self.letters:
            self.looked_again = True
            due = [self.look_again(each, self.as_linked(each.url)) for each in self.revisits.due()]
            if due := due + list(self.ask_unfetched()):
                return due
        return self.look_for_lost()

    def ask_rest_of_named(self) -> list[Request]:
        """The requests for what sitemaps and feeds name and was not asked for yet.

        Of what is held back lists may have shown as much as is released at a time: then it is the next one's turn.
        """
        while urls := [*self.take_named(), *self.named_budget.released(all_forms=True, likely=self.promises)]:
            if asked := list(self.ask_named(urls)):
                return asked
        return []

    def ask_waiting(self) -> Iterator[Request]:
        """The requests for articles that were met in a second-choice form only."""
        for link in self.take_waiting():
            yield from self.ask_linked(link, priority=PRIORITY_ARTICLE)

    def too_deep(self, url: str) -> None:
        """Note an address that lies further from the lists than pages are followed, if it promises an article."""
        if len(self.deep) < MOST_HELD and self.promises(url):
            self.deep[url] = None

    def ask_deep(self) -> list[Request]:
        """The requests for articles to which a long way of others leads, as far again; once, as it may have no end."""
        if self.went_deeper or not self.deep:
            return []
        self.went_deeper = True
        deep, self.deep = self.deep, {}
        links = [link for link in map(self.rules.judge, deep) if not self.sightings.done(link.key)]
        self.count("depth/gone_on", len(links))
        return [request for link in links for request in self.ask_linked(link, priority=PRIORITY_ARTICLE)]

    def judge_deep(self) -> Iterator[Rejected]:
        """One reject for each article that is left because of its depth; the next crawl asks for it."""
        for link in map(self.rules.judge, self.deep):
            if not self.sightings.done(link.key):
                self.count("depth/left_articles")
                self.note_unfetched(link)
                rejected = self.reject(link.url, "postponed", f"{link.url}: too far from the lists (DEPTH_LIMIT)")
                rejected.retry = remedy("postponed", None, "GET")
                yield rejected

    def ask_seeds(self) -> Iterator[Request]:
        """The requests that a crawl begins with."""
        for url in self.start_urls:
            self.asked.add(page_key(url))
            yield self.ask(url, priority=PRIORITY_LIST, meta={"portal_seed": True})
        yield from self.ask_api()

    def ask_again(self, letters: DeadLetters) -> Iterator[Request]:
        """The requests that another run could not make; what it has exported counts as done."""
        for url in letters.exported:
            self.sightings.pass_over(self.rules.judge(url).key)
        for url in letters.addresses:
            link = self.rules.judge(url)
            self.asked.add(link.key)
            self.sightings.see(link)
            yield self.ask(url, meta={"portal_seed": url in self.start_urls})

    def promises(self, url: str) -> bool:
        """Whether an address promises an article: by the rules, or by what its like are announced with."""
        link = self.rules.judge(url)
        return link.kind == "article" or (not self.ruled and announced(link.url, self.patterns))

    def judge_held(self) -> Iterator[Rejected]:
        """One reject for each address that promises an article and was held back to the end with others of its kind."""
        for url in dict.fromkeys((*self.budget.left(), *self.named_budget.left())):
            link = self.rules.judge(url)
            known = self.revisits.known(article_id(link.url, link.key)) is not None or self.known_barren(link)
            if known or self.sightings.done(link.key) or not self.promises(url):
                continue
            self.count("traps/left_articles")
            said = f"{url}: held back, because pages with such addresses have brought nothing new"
            rejected = self.reject(url, "postponed", said)
            rejected.retry = remedy("postponed", None, "GET")
            yield rejected

    # What comes back

    def parse(
        self, response: Response, number: int = 1, chain: str | None = None
    ) -> Iterator[Request | Capture | Gone | Rejected]:
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

    def read(self, response: Response, number: int, chain: str | None) -> Iterator[Request | Capture | Gone | Rejected]:
        """A page: see :meth:`parse`."""
        link = self.rules.judge(response.url)
        capture = self.receive(response)
        seed = bool(response.meta.get("portal_seed"))
        if (
            not (seed or chain or self.warc)
            and self.is_routine(link)
            and self.shows_nothing_new(capture, link, self.is_met)
        ):
            yield from self.hand_on_unread(response, capture, link)
            return
        try:
            page = parse_page(capture)
        except PageError as error:
            again = self.once_more(response)
            yield from (again,) if again is not None else self.unreadable(capture, link, error)
            return
        response.meta[CAPTURE] = capture
        plain = seed or bears_token(response.url)
        if self.spellings.read(response.url, listing.addresses(page, self.rules, plain=plain)):
            link = self.respell(response.url)
        self.asked.add(link.key)  # a redirect has led here under another address
        if seed:
            link = self.reach(response, page)
            yield from self.discover(response)
        is_one = chain is None and self.takes_for_article(link, page)
        yield from self.note_redirects(response, link, is_one=is_one)
        before, listed = self.first_shown, self.first_listed
        found = self.read_links(page, link, article=is_one)
        if not is_one:
            fruit = {"fruitful": self.first_shown > before, "named": self.first_listed > listed}
            self.note_fruit(response, link, chain or chain_key(link.url), **fruit)
            self.note_choice(response, found)
        content = self.content(page, link, found, article=is_one)
        drawn = self.spellings.may_be_drawn(link.url)
        if self.spellings.shown(link.url, content):
            link, is_one = self.respell(response.url), is_one or not drawn
        if is_one:
            self.note_form(link)
            yield from self.hand_on(capture, link)
        elif link.kind != "article":
            self.sightings.forget(link.key)
        number = page_number(response.url) or number
        said = content if is_one else None
        yield from self.lead_on(page, link, found, number, chain, content=said, planted=is_one and is_planted(page))

    def content(
        self, page: Page, link: Judgement, found: list[tuple[Judgement, Element]], *, article: bool
    ) -> int | None:
        """What a page says or, of a list, shows, as a number, if other spellings of its address may be told by that.

        Args:
            page: The page.
            link: What its address is.
            found: Its links.
            article: Whether it is an article.
        """
        if not article and self.spellings.may_be_drawn(link.url):
            shown = sorted({other.key.partition("?")[0] for other, _ in found})
            return key_hash(f"{content_of(page)} {shown}")
        if not (article or self.spellings.is_witness(link.url)):
            return None
        known = self.sightings.get(link.key)
        return content_of(page, known.text if known else None)

    def reach(self, response: Response, page: Page) -> Judgement:
        """Note a seed's page: what it is, and whose."""
        self.count("seeds/reached")
        self.recognise(page)
        self.rules.add_seed(response.url)  # a home page often redirects to its real address
        return self.rules.judge(response.url)

    def hand_on_unread(
        self, response: Response, capture: Capture, link: Judgement
    ) -> Iterator[Request | Capture | Gone | Rejected]:
        """An article that leads to nothing new; what it says is told by :meth:`note_content` once it has been read."""
        capture.unread = True
        self.asked.add(link.key)
        self.count("articles/unread")
        yield from self.note_redirects(response, link, is_one=True)
        yield from self.hand_on(capture, link)
        yield from self.ask_released(link)

    def note_content(self, capture: Capture, content: int | None) -> None:
        """Note what an article says that was handed on unread; None if it proved to be an advertisement."""
        link = self.rules.judge(capture.url)
        if self.spellings.shown(link.url, content):
            link = self.respell(capture.url)
        self.note_visit(link, (), content=content)

    @property
    def ruled(self) -> bool:
        """Whether the address rules decide what an article is; without any, evidence does."""
        return bool(self.article_urls)

    @property
    def declared(self) -> bool:
        """Whether a site's own file says what an article is: evidence counts for no page that its rules do not know."""
        return self.ruled

    def recognise(self, page: Page) -> None:
        """A seed's page has come; spiders that know their platform have nothing to learn from it."""
