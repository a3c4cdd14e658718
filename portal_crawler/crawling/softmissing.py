"""Pages that say "not found" with a status that says "here it is", learned for each site."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.response import get_meta_refresh

from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.scope import FOR_PAGE
from portal_crawler.crawling.walls import HIDDEN, TAG

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
REGRET = re.compile(
    r"không (?:tồn tại|tìm thấy|còn tồn tại|có trên)|đã (?:bị )?(?:xóa|xoá|gỡ)|hết hạn|sai đường dẫn"
    r"|not found|does(?: not|n't) exist|no longer (?:exists|available)|lỗi 404|404 error|error 404"
)


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
        own = {line for line in lines_of(response.body) - lines_of(other.body) if NOWHERE not in line}
        regrets = frozenset(line for line in own if len(line.split()) >= LINE_WORDS and REGRET.search(line))
        return cls(len(response.body), words_of(response.body, response.url), regrets)

    def like(self, response: Response) -> bool:
        """Whether a page is the same answer."""
        if self.lines and self.lines <= lines_of(response.body):
            return True
        size = len(response.body)
        if abs(size - self.size) > SIZE * self.size + BYTES or not self.words:
            return False
        words = words_of(response.body, response.url)
        return len(words & self.words) >= ALIKE * len(words | self.words)


def lines_of(body: bytes) -> frozenset[str]:
    """The lines of a page's text: what stands between two tags, or on a line of its own."""
    text = TAG.sub("\n", HIDDEN.sub(" ", body.decode("utf-8", "ignore"))).lower()
    return frozenset(" ".join(line.split()) for line in text.split("\n") if len(line) <= LONGEST_LINE)


def words_of(body: bytes, url: str) -> frozenset[str]:
    """The words of a page's text, without numbers (counters, clocks) and without those of its address."""
    text = TAG.sub(" ", HIDDEN.sub(" ", body.decode("utf-8", "ignore"))).lower()
    return frozenset(WORD.findall(text)) - frozenset(WORD.findall(urlsplit(url).path.lower()))


class SoftMissing:
    """Downloader middleware: asks each host once for a page that cannot exist, and knows that answer again.

    The probe is Bar-Yossef's (Sic Transit Gloria Telae, WWW 2004). It lies beside the first page of the host. Where its
    answer has an honest status, or leads elsewhere by a redirect, nothing is compared. Seeds are never taken for it.

    Settings:
        PORTAL_SOFT_404: Whether hosts are probed.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("PORTAL_SOFT_404") or not hasattr(crawler.spidercls, "article_urls"):
            raise NotConfigured
        self.crawler = crawler
        self.known: dict[str, Missing | None] = {}

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
            self.known[host] = await self._known_or_learned(host, response)
        missing = self.known[host]
        if missing is not None and not request.meta.get("portal_seed") and missing.like(response):
            assert self.crawler.stats is not None
            self.crawler.stats.inc_value("traps/soft_missing")
            raise SoftMissingError("the site answers so where nothing is")
        return response

    async def _known_or_learned(self, host: str, response: Response) -> Missing | None:
        """What the last whole crawl has learned, or the answer to a probe."""
        spider: Any = self.crawler.spider
        state: PortalState | None = getattr(spider, "state", None)  # one that asks for single pages has none
        name = f"soft 404 {host}"
        if state is not None and spider.revisits.incremental and (told := state.get(name)):
            kept = json.loads(told)
            return Missing(kept["size"], frozenset(kept["words"]), frozenset(kept["lines"])) if kept else None
        missing = await self._learn(response)
        if state is not None:
            learned: dict[str, Any] = {}
            if missing is not None:
                learned = {"size": missing.size, "words": sorted(missing.words), "lines": sorted(missing.lines)}
            state.put(name, json.dumps(learned, ensure_ascii=False))
        return missing

    async def _learn(self, response: Response) -> Missing | None:
        meta = {PROBE: True, "dont_retry": True, "dont_redirect": True}
        probe = Request(urljoin(response.url, NOWHERE), callback=NO_CALLBACK, meta=meta)
        assert self.crawler.engine is not None
        try:
            answer = await self.crawler.engine.download_async(probe)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is learned from it, and it says so
            logger.debug("Nothing is learned of %s: %r", probe.url, error)
            return None
        if answer.status != 200 or not isinstance(answer, HtmlResponse):
            return None
        logger.info("%s answers wrong addresses with status 200: such pages are told by their words", probe.url)
        return Missing.of(answer, response)


class MetaRefresh(MetaRefreshMiddleware):
    """Scrapy's own, but for refreshes that lead nowhere new: the page that bears one is the page then.

    Portals let their home page load itself again every few seconds; Scrapy follows that to a duplicate, which it drops
    without a word, and with it the page.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Follow a refresh to a page that was not asked for, as often as redirects are followed."""
        if request.meta.get(FOR_PAGE):
            return response
        head = response.body[:REFRESH_WITHIN]
        if b"refresh" not in head.lower() and b"\0" not in head:  # UTF-16 writes a zero behind each letter
            return response
        if isinstance(response, HtmlResponse):
            _, target = get_meta_refresh(response, ignore_tags=self._ignore_tags)
            spider: Any = self.crawler.spider
            if target is None:
                return response
            passed = (request.url, *request.meta.get("redirect_urls", ()))
            rules = getattr(spider, "rules", None)
            if page_key(target) in map(page_key, passed) or len(passed) > self.max_redirect_times:
                return response
            if rules is not None and (not rules.in_scope(target) or spider.knows(target, request.url)):
                return response
        return super().process_response(request, response)
