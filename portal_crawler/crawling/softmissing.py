"""Pages that say "not found" with a status that says "here it is", learned for each site."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.response import get_meta_refresh

from portal_crawler.crawling.apologies import IMPOSSIBLE, REGRET, Apology, Shown, bears, impossible, lines_said
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.patterns import announced, pattern_of
from portal_crawler.crawling.scope import FOR_PAGE
from portal_crawler.crawling.walls import HIDDEN, TAG
from portal_crawler.extraction.decode import decode_html

if TYPE_CHECKING:
    from typing import Any

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from portal_crawler.crawling.state import PortalState

logger = logging.getLogger(__name__)

# A file name that no portal has, the same for all: it can be found in a server's log.
NOWHERE = "portal-crawler-does-this-page-exist-7c1f9e.html"
PROBE = "portal_probe"
# Share of common words (of the two pages' words together) from which a page is the site's answer to a wrong address.
ALIKE = 0.9
# Pages whose size differs by more than this share, and as many bytes, are not compared.
SIZE, BYTES = 0.15, 600
# Bytes that surely hold the 4,096 characters in which Scrapy looks for a refresh.
REFRESH_WITHIN = 16_384
WORD = re.compile(r"[^\W\d_]+")
# A line of so many words that stands on the answer to the probe, not on the page before it, and says that nothing is
# there, gives the answer away wherever it stands: the rest of such pages may be another each time.
LINE_WORDS, LONGEST_LINE = 4, 400
# Requests that a host is sent at most for articles that do not exist: two for each form of address that lies so.
PROBES = 8
# Forms of addresses of which a page that is there is kept, to compare others with.
FORMS = 16


class SoftMissingError(Exception):
    """A page that is the site's answer to an address that does not exist, sent as if it did."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a site answers where nothing is: size of the body, words of its text without numbers, lines of regret."""

    size: int
    words: frozenset[str]
    lines: frozenset[str] = frozenset()

    @classmethod
    def of(cls, response: Response, other: Response) -> Missing:
        """Read the answer to a probe, beside a page that is there."""
        said = text_of(response)
        own = {line for line in lines_of(said) - lines_of(text_of(other)) if NOWHERE not in line}
        regrets = frozenset(line for line in own if len(line.split()) >= LINE_WORDS and REGRET.search(line))
        return cls(len(response.body), words_of(said, response.url), regrets)

    def like(self, response: Response) -> bool:
        """Whether a page is the same answer.

        A page that regrets nothing is not, where the answer does, if it says anything of its own: a short list, or the
        form of an archive, may have hardly a word that is not in the frame of both.
        """
        close = abs(len(response.body) - self.size) <= SIZE * self.size + BYTES and bool(self.words)
        if not (close or self.lines):
            return False
        said = text_of(response)
        lines = lines_of(said) if self.lines else frozenset()
        if self.lines and self.lines <= lines:
            return True
        if not close:
            return False
        words = words_of(said, response.url)
        if self.lines and not any(map(REGRET.search, lines)):
            return words <= self.words
        return len(words & self.words) >= ALIKE * len(words | self.words)


def text_of(response: Response) -> str:
    """A page's text with its tags, in small letters, whatever its header says of its encoding."""
    return HIDDEN.sub(" ", decode_html(response.body, None).text).lower()


def lines_of(text: str) -> frozenset[str]:
    """The lines of a page's text: what stands between two tags, or on a line of its own."""
    lines = TAG.sub("\n", text).split("\n")
    return frozenset(" ".join(line.split()) for line in lines if len(line) <= LONGEST_LINE)


def words_of(text: str, url: str) -> frozenset[str]:
    """The words of a page's text, without numbers (counters, clocks) and without those of its address."""
    return frozenset(WORD.findall(TAG.sub(" ", text))) - frozenset(WORD.findall(urlsplit(url).path.lower()))


class SoftMissing:
    """Downloader middleware: asks each host for what cannot exist, and knows its answers again.

    The probe is Bar-Yossef's (Sic Transit Gloria Telae, WWW 2004). One lies beside the first page of the host; and
    since an article's program may answer for itself, it is asked for impossible numbers when the first page of a form
    of addresses comes that does not bear the title of the links to it. Where an answer has an honest status, or leads
    elsewhere by a redirect, nothing is compared. Seeds are never taken for it.

    Settings:
        PORTAL_SOFT_404: Whether hosts are probed.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("PORTAL_SOFT_404") or not hasattr(crawler.spidercls, "article_urls"):
            raise NotConfigured
        self.crawler = crawler
        self.known: dict[str, Missing | None] = {}
        self.homes: dict[str, frozenset[str]] = {}
        self.apologies: dict[str, asyncio.Future[Apology | None]] = {}
        self.there: dict[str, Shown] = {}  # of each form of addresses a page that is there
        self.probes: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SoftMissing:
        """Make one for portal spiders.

        Raises:
            NotConfigured: for any other spider, or if the setting is off.
        """
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Let a page pass unless it is the host's answer to a wrong address.

        Raises:
            SoftMissingError: if it is.
        """
        if response.status != 200 or request.meta.get(PROBE) or request.meta.get("dont_obey_robotstxt"):
            return response
        if not isinstance(response, HtmlResponse) or request.method != "GET" or request.meta.get(FOR_PAGE):
            return response
        host = urlsplit(response.url).netloc
        if host not in self.known:
            self.known[host] = None  # what comes while the probe is under way is not compared
            self.homes[host] = lines_said(response.body, response.url)
            self.known[host] = await self._known_or_learned(host, response)
        if request.meta.get("portal_seed"):
            return response
        missing = self.known[host]
        if (missing is not None and missing.like(response)) or await self._is_missing_article(request, response):
            self._count("traps/soft_missing")
            raise SoftMissingError("the site answers so where nothing is")
        return response

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)

    # The answer beside the first page

    async def _known_or_learned(self, host: str, response: Response) -> Missing | None:
        """What the last whole crawl has learned, or the answer to a probe."""
        name = f"soft 404 {host}"
        if (kept := self._recall(name)) is not None:
            return Missing(kept["size"], frozenset(kept["words"]), frozenset(kept["lines"])) if kept else None
        missing = await self._learn(response)
        learned: dict[str, Any] = {}
        if missing is not None:
            learned = {"size": missing.size, "words": sorted(missing.words), "lines": sorted(missing.lines)}
        self._keep(name, learned)
        return missing

    def _recall(self, name: str) -> dict[str, Any] | None:
        """What the last whole crawl has learned; None if that is nothing, or this crawl has to learn it anew."""
        spider: Any = self.crawler.spider
        state: PortalState | None = getattr(spider, "state", None)  # one that asks for single pages has none
        if state is None or not spider.revisits.incremental or not (told := state.get(name)):
            return None
        kept: dict[str, Any] = json.loads(told)
        return kept

    def _keep(self, name: str, learned: dict[str, Any]) -> None:
        state: PortalState | None = getattr(self.crawler.spider, "state", None)
        if state is not None:
            state.put(name, json.dumps(learned, ensure_ascii=False))

    async def _learn(self, response: Response) -> Missing | None:
        answer = await self._answer(urljoin(response.url, NOWHERE))
        if answer is None:
            return None
        logger.info("%s answers wrong addresses with status 200: such pages are told by their words", answer.url)
        return Missing.of(answer, response)

    async def _answer(self, url: str) -> HtmlResponse | None:
        """The page that is sent for an address that cannot exist; None where the host says honestly that it is none."""
        meta = {PROBE: True, "dont_retry": True, "dont_redirect": True}
        probe = Request(url, callback=NO_CALLBACK, meta=meta)
        assert self.crawler.engine is not None
        try:
            answer = await self.crawler.engine.download_async(probe)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is learned from it, and it says so
            logger.debug("Nothing is learned of %s: %r", probe.url, error)
            return None
        return answer if answer.status == 200 and isinstance(answer, HtmlResponse) else None

    # The answers of the programs that show articles

    async def _is_missing_article(self, request: Request, response: HtmlResponse) -> bool:
        """Whether a page is what its program says of articles that do not exist."""
        spider: Any = self.crawler.spider
        link = spider.rules.judge(response.url)
        if link.kind != "article" and (spider.ruled or not announced(link.url, spider.patterns)):
            return False
        page = Shown(response.url, response.body, self._title(request, link.key))
        name = f"soft 404 {urlsplit(response.url).netloc} {pattern_of(link.url.partition(';')[0])}"
        if bears(page.body, page.title):
            if name in self.there or len(self.there) < FORMS:
                self.there[name] = page
            return False
        if name not in self.apologies:
            known = self._recall_apology(name, self.there.get(name, page))
            self.apologies[name] = asyncio.ensure_future(known)
        apology = await asyncio.shield(self.apologies[name])
        return apology is not None and apology.is_said_by(page)

    def _title(self, request: Request, key: str) -> str | None:
        """What is known of an article's title before its page is read: by links, or by an earlier crawl."""
        spider: Any = self.crawler.spider
        identifier = request.meta.get("portal_known")
        if identifier is not None and spider.state is not None and (known := spider.state.article(identifier)):
            return known.title  # type: ignore[no-any-return]
        said = spider.sightings.get(key)
        return said.text if said is not None else None

    async def _recall_apology(self, name: str, page: Shown) -> Apology | None:
        """What is kept of a program, or what it answers to wrong numbers."""
        if (kept := self._recall(name)) is not None:
            return Apology.of(kept) if kept else None
        answers = await self._answers(page.url)
        apology = None
        if len(answers) == len(IMPOSSIBLE):
            apology = Apology.learn(answers, self.homes[urlsplit(page.url).netloc], page)
        if apology is not None:
            logger.info("%s: articles that do not exist are answered with status 200", page.url)
        self._keep(name, apology.kept() if apology is not None else {})
        return apology

    async def _answers(self, url: str) -> list[HtmlResponse]:
        """What an article's program says to impossible numbers, as far as it claims to have an article there."""
        host, found = urlsplit(url).netloc, []
        rules: Any = self.crawler.spider.rules  # type: ignore[union-attr]
        for number in IMPOSSIBLE:
            probe = impossible(url, number)
            if self.probes[host] >= PROBES or rules.judge(probe).kind in ("outside", "denied", "file"):
                break
            self.probes[host] += 1
            self._count("traps/soft_probes")
            if (answer := await self._answer(probe)) is None:
                break
            found.append(answer)
        return found


class MetaRefresh(MetaRefreshMiddleware):
    """Scrapy's own, but for refreshes that lead nowhere new: the page that bears one is the page then.

    Portals let their home page load itself again every few seconds; Scrapy follows that to a duplicate, which it drops
    without a word, and with it the page. What a header says (``Refresh``), browsers obey as well.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Follow a refresh to a page that was not asked for, as often as redirects are followed."""
        if request.meta.get(FOR_PAGE):
            return response
        plain, response = response, _with_header(response)
        head = response.body[:REFRESH_WITHIN]
        if b"refresh" not in head.lower() and b"\0" not in head:  # UTF-16 writes a zero behind each letter
            return plain
        if isinstance(response, HtmlResponse):
            _, target = get_meta_refresh(response, ignore_tags=self._ignore_tags)
            spider: Any = self.crawler.spider
            if target is None:
                return plain
            passed = (request.url, *request.meta.get("redirect_urls", ()))
            rules = getattr(spider, "rules", None)
            if page_key(target) in map(page_key, passed) or len(passed) > self.max_redirect_times:
                return plain
            if rules is not None and (not rules.in_scope(target) or spider.knows(target, request.url)):
                return plain
        led = super().process_response(request, response)
        return plain if led is response else led


def _with_header(response: Response) -> Response:
    """A page that is told by a header to lead elsewhere, as one that says so itself."""
    said = response.headers.get("Refresh")
    if not said or not isinstance(response, HtmlResponse):
        return response
    meta = f'<meta http-equiv="refresh" content="{escape(said.decode("latin-1"))}">'
    return response.replace(body=meta, encoding="utf-8")
