"""The articles of a portal on their way from answer to capture: one each, whole, under its canonical address."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import scrapy
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import HtmlResponse

from portal_crawler.crawling import glance, listing
from portal_crawler.crawling.api import ApiError, NoArticleError
from portal_crawler.crawling.canonical import canonical_url, key_hash, page_key
from portal_crawler.crawling.learning import KNOWN_WELL
from portal_crawler.crawling.parts import FALSE_PARTS, MOST_PARTS, goes_on, may_carry_on, next_part
from portal_crawler.crawling.patterns import (
    LISTS,
    announced,
    dated,
    headed,
    is_article,
    is_document,
    is_procedure,
    page_evidence,
    text_evidence,
)
from portal_crawler.crawling.revisits import comparable
from portal_crawler.crawling.rules import chain_key, page_number, plain_address
from portal_crawler.extraction.page import PageError, parse_page
from portal_crawler.items import ARCHIVED, FETCHED_AT, FLAGS, Capture, Gone, Rejected, article_id
from portal_crawler.platforms.instead import Instead
from portal_crawler.platforms.lists import LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.crawling.spellings import Spellings
    from portal_crawler.crawling.traps import PatternBudget
    from portal_crawler.extraction.page import Page
    from portal_crawler.extraction.template import Template

logger = logging.getLogger(__name__)

PRIORITY_ARTICLE = 10
# An address of a feed, which is asked for once the page that announces it has been parsed.
FEED = re.compile(r"rss|feed|atom", re.IGNORECASE)
# Evidence that does without rules where there are some.
BEYOND_DOUBT = 10
# What a pager calls a page.
NUMBER = re.compile(r"\d{1,3}")
HTML = {"Content-Type": "text/html; charset=utf-8"}
TYPED = {"content-type": HTML["Content-Type"]}  # as captures have it


class Articles(Instead):
    """What a portal's spider does with articles."""

    warc: list[str]
    template: Template | None
    spellings: Spellings
    budget: PatternBudget
    waiting: dict[str, Judgement]
    unfinished: dict[str, Capture]
    false_parts: int
    sections: set[str]

    def read(self, response: Response, number: int, chain: str | None) -> Iterator[Request | Capture | Gone | Rejected]:
        """A page."""
        raise NotImplementedError

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

    def once_more(self, response: Response) -> Request | None:
        """The request for a page that came without a byte, once: servers under load answer so, with status 200."""
        assert response.request is not None
        if response.body.strip() or self.warc or response.request.meta.get("dont_retry"):
            return None
        tries = min(1, self.crawler.settings.getint("RETRY_TIMES"))
        return get_retry_request(response.request, spider=self, reason="empty_body", max_retry_times=tries)

    def unreadable(self, capture: Capture, link: Judgement, error: PageError) -> Iterator[Capture | Request | Rejected]:
        """An article that is no page goes on, to be rejected with its reason; a file among the pages is none."""
        if link.kind == "article":
            yield from self.hand_on(capture, link)
        elif error.reason == "not_html" and "html" not in capture.headers.get("content-type", "html"):
            self.count("pages/not_html")
        else:
            if self.promises(link.url):
                self.count("failed/article")
                self.note_unfetched(link)
            yield self.reject(capture.url, error.reason, error.detail, capture.status)

    def promises(self, url: str) -> bool:
        """Whether an address promises an article."""
        raise NotImplementedError

    def loses(self, request: Request, rejected: Rejected) -> bool:
        """Whether a known article is not there, which is noted."""
        raise NotImplementedError

    def note_unfetched(self, link: Judgement) -> None:
        """Note an article that did not come, though it may another time."""
        raise NotImplementedError

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
        self.note_new(link)
        self.waiting.pop(link.key, None)
        if self.state is not None:
            self.state.forget_page(key_hash(link.key))  # it may have been held back, or gone
            for what, said in comparable(capture.link_text, capture.listed_date):
                self.state.announce(article_id(link.url, link.key), what, said)
        self.count("articles/captured")
        yield capture if capture.unread else self.whole(capture)

    def is_well_known(self) -> bool:
        """Whether the site is known so well that an article is told by its address, and its layout by a wrapper."""
        return self.ruled and self.template is not None and self.template.pages >= KNOWN_WELL

    def is_routine(self, link: Judgement) -> bool:
        """Whether a page is one of the many articles of a site that is known well, and nothing else depends on it."""
        return link.kind == "article" and self.is_well_known() and not self.spellings.is_witness(link.url)

    def is_asked(self, link: Judgement) -> bool:
        """Whether a page has come, is asked for or waits to be."""
        sighting = self.sightings.get(link.key)
        asked = link.key in self.asked or link.key in self.waiting or self.sightings.done(link.key)
        return asked or (sighting is not None and sighting.asked)

    def is_met(self, link: Judgement) -> bool:
        """Whether a page needs no other link to be asked for: it is, or is held back."""
        return self.is_asked(link) or self.budget.holds_back(link.url)

    def shows_nothing_new(self, capture: Capture, link: Judgement, is_met: Callable[[Judgement], bool]) -> bool:
        """Whether an article's page leads to nothing that is not known yet, as far as can be told without parsing it.

        It need not be parsed here then, but only where its text is read. What it says of other articles is not needed,
        once lists have named and dated them.

        Args:
            capture: The page.
            link: What its address is.
            is_met: Whether a page that it links to needs no other link to be asked for.
        """
        found = None if self.scripted else self.glance.unsettled(capture.url, capture.body)
        if found is None:
            return False
        own, news = page_key(capture.url).rstrip("/"), False
        path = own.partition("/")[2]
        for raw, address in found.items():
            other = None if self.rules.leads_out(address) else self.rules.link(capture.url, address)
            if other is not None and other.key == link.key:
                if "2" in address and may_carry_on(own, 2, capture.url, address):
                    news = True  # the article goes on
                self.sightings.see(other)
            elif other is None or other.kind in ("outside", "denied", "file"):
                news |= FEED.search(address) is not None  # it is asked for now, as this page is parsed
                if path not in address:  # links to share a page, or to print it, stand on no other
                    self.glance.settle(capture.url, raw)
            elif is_met(other) and self.is_described(other):
                self.glance.settle(capture.url, raw)
            else:
                news = True
        try:
            glance.canonical_link(capture.body)
        except ValueError:
            return False
        return not news

    def is_described(self, link: Judgement) -> bool:
        """Whether another link to a page tells nothing more of it: an article that lists have named and dated."""
        if link.kind != "article":
            return True
        self.ways.note(link.key, "listing")
        if self.sightings.done(link.key):
            return True
        known = self.sightings.get(link.key)
        if known is None or link.url not in known.addresses:
            return False
        return known.looks >= LOOKS or (known.text is not None and known.date is not None)

    def canonical_of(self, capture: Capture, key: str, best: str) -> str:
        """The canonical address of an article: the one that its page names, if the rules see the same article in it.

        Pages lie about it (one address on all pages, the home page): what has another identity is not believed.
        """
        try:
            base, href = self._canonical_link(capture)
        except PageError:
            return canonical_url(best)
        named = self.rules.link(base, href) if href else None
        if named is not None and named.key == key and not named.alternate:
            best = named.url
        return canonical_url(best)

    @staticmethod
    def _canonical_link(capture: Capture) -> tuple[str, str | None]:
        """The address that a page names as its canonical one, and what it is relative to."""
        if capture.unread:
            return capture.url, glance.canonical_link(capture.body)
        page = parse_page(capture)
        return page.url, listing.canonical_link(page)

    def take_waiting(self) -> list[Judgement]:
        """The articles of which no plain address was met, each with the form to fetch."""
        taken = [link for key, link in self.waiting.items() if not self.sightings.done(key)]
        self.waiting.clear()
        for link in taken:
            if (sighting := self.sightings.get(link.key)) is not None:
                sighting.ask()  # a redirect to it would be dropped without a word
        return taken

    # Articles told by evidence

    def takes_for_article(self, link: Judgement, page: Page) -> bool:
        """Whether a page is an article: by the rules of the site's file where there are any, else by evidence, too."""
        if self.declared or link.kind == "article":
            return link.kind == "article"
        return self.looks_like_article(link.url, self.evidence_of(page, link))

    def evidence_of(self, page: Page, link: Judgement) -> int:
        """How much a page looks like an article; where it decides, its date and its headline count, too."""
        if self.ruled:
            return BEYOND_DOUBT * self.is_beyond_doubt(page, link)
        on_page = page_evidence(page)
        known = self.sightings.get(link.key)
        undecided = self.looks_like_article(link.url, on_page + 1) and not self.looks_like_article(link.url, on_page)
        return on_page + (undecided and (dated(page) or (known is not None and headed(page, known.text))))

    def is_beyond_doubt(self, page: Page, link: Judgement) -> bool:
        """Whether a page is an article though a family's rules, which find the others, do not know its address.

        It is the record of a legal document, or has a text below the title that lists announce, and a date: theirs, or
        its own where links to its like are titles. The menu of a home page leads to titles with texts, too.
        """
        in_menu = chain_key(link.url) in self.sections
        if link.alternate or LISTS.search(link.url) or (in_menu and link.kind == "listing"):
            return False
        if is_document(page):
            return True
        known = self.sightings.get(link.key)
        if known is None or not headed(page, known.text) or not text_evidence(page) or is_procedure(page):
            return False
        if known.date is not None:
            return True
        return not in_menu and announced(link.url, self.patterns) and dated(page)

    def looks_like_article(self, url: str, on_page: int) -> bool:
        """Whether a page that no article rule knows is an article, by what its address and the page show."""
        key = self.rules.judge(url).key
        if key in self.rules.seed_keys or page_number(url) is not None:
            return False
        known = self.sightings.get(key)
        if known is not None and known.text is not None and NUMBER.fullmatch(known.text):
            return False  # a further page of something: no link to it says more than its number
        if self.ruled:
            return on_page >= BEYOND_DOUBT and not (self.patterns.in_menu(key) and not self.patterns.in_box(key))
        if self.budget.doubts(url) and not on_page:
            return False  # its address looks like an article's, and so did those of pages without one
        return is_article(url, key, on_page, self.patterns, listed=self.sightings.date_of(key) is not None)

    # Articles on several pages

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

    # Articles as JSON

    def is_detail(self, response: Response) -> bool:
        """Whether an answer is an article's JSON."""
        return self.api is not None and self.api.is_detail(response.url)

    def parse_detail(self, response: Response) -> Iterator[Capture | Gone | Request | Rejected]:
        """An article's JSON, as the page that is made of it."""
        assert self.api is not None
        try:
            address, body = self.api.page_of(response.body)
        except ApiError as error:
            # Interfaces that have no error answer so where an article is no more.
            reason = "soft_404" if isinstance(error, NoArticleError) else "not_html"
            rejected = self.reject(response.url, reason, f"{response.url}: {error}", response.status)
            if response.request is not None and self.loses(response.request, rejected):
                return
            self.count("failed/article")
            yield rejected
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
