"""Pages that stand before the page: captchas, script challenges, logins. They are recognised, never worked around."""

from __future__ import annotations

import logging
import re
from html import unescape
from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.pace import PostponedError, host_key

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

# Walls are small; larger pages that answer 200 are not looked at.
LARGEST = 30_000
# Characters of text that a wall shows at most, and links that it has at most: contact forms with a captcha and pages
# with a login box in the corner have more of both.
FEW_WORDS, FEW_LINKS = 600, 8

# Marks of services that put themselves before a site, wherever they stand in its answer.
SERVICES = (
    ("Cloudflare challenge", rb"/cdn-cgi/challenge-platform/|cf[-_]chl[-_]|<title>attention required! \| cloudflare"),
    ("Incapsula challenge", rb"_incapsula_resource|incapsula incident id"),
    ("Sucuri challenge", rb"sucuri_cloudproxy_js|sucuri website firewall"),
    ("DDoS-Guard challenge", rb"/\.well-known/ddos-guard/|<title>ddos-guard"),
    ("Akamai refusal", rb"errors\.edgesuite\.net"),
    ("firewall refusal", rb"the requested url was rejected\. please consult with your administrator"),
)
SERVICE = [(what, re.compile(pattern)) for what, pattern in SERVICES]
# A script that sets a cookie and loads the page again (seen on chinhphu.vn: "D0N=...", 138 bytes), or computes one.
SETS_COOKIE = re.compile(rb"document\.cookie\s*=")
RELOADS = re.compile(rb"location\s*\.\s*(?:reload|replace|assign)|location(?:\.href)?\s*=|\.submit\s*\(")
CAPTCHA = re.compile(rb"g-recaptcha|h-captcha|cf-turnstile|captcha", re.IGNORECASE)
HUMAN = re.compile(
    "không phải (?:là )?(?:robot|người máy)|xác (?:minh|nhận) (?:bạn|truy cập)|mã (?:xác nhận|bảo vệ|captcha)|"
    "are (?:you )?(?:a )?human|not a robot|unusual traffic|security check|kiểm tra bảo mật"
)
PASSWORD = re.compile(rb"<input\b[^<>]*type\s*=\s*[\"']?password", re.IGNORECASE)
SIGN_IN = re.compile("đăng nhập|log ?in|sign ?in|xác thực")
LOGIN = "login"
# The value of a parameter that is an address.
BEHIND = re.compile(r"=.*(?:/|%2f)", re.IGNORECASE)
# Words of the title of a login form, without the name of the site behind it.
LONGEST_LOGIN = 5
TITLE = re.compile(rb"<title[^>]*>(.{0,1500}?)</title", re.DOTALL)
SITE_NAME = re.compile(r"\s+[-–—|»:]\s+")

HIDDEN = re.compile(r"<(script|style|noscript|template|head)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
# One that is never closed reaches to the end, as in browsers; to look on behind each "<" would take hours.
TAG = re.compile(r"<[^>]*>?")
LINK = re.compile(rb"<a\b[^<>]*\bhref\s*=", re.IGNORECASE)


class BlockedError(Exception):
    """An answer that is a wall; its message says which."""


def wall(status: int, headers: dict[str, str], body: bytes) -> str | None:
    """Which wall an answer is; None if it is none.

    Args:
        status: HTTP status.
        headers: Header names in lower case, and their values.
        body: The body, content codings undone.
    """
    if headers.get("cf-mitigated") == "challenge":
        return "Cloudflare challenge"
    if "html" not in headers.get("content-type", "html"):
        return None
    lower = body[:LARGEST].lower()
    found = TITLE.search(lower)
    title = unescape(_lower(found[1])).strip() if found is not None else ""
    if _is_login_page(title) and PASSWORD.search(body) is not None:
        return LOGIN
    if (status == 200 and len(body) > LARGEST) or len(LINK.findall(lower)) > FEW_LINKS:
        return None
    words = " ".join(TAG.sub(" ", HIDDEN.sub(" ", _lower(lower))).split())
    if len(words) > FEW_WORDS:
        return None
    return next((what for what, pattern in SERVICE if pattern.search(lower)), None) or _own(status, lower, title, words)


def _lower(written: bytes) -> str:
    """Text in small letters: bytes know no capital ones but the English."""
    return written.decode("utf-8", "ignore").lower()


def _is_login_page(title: str) -> bool:
    """Whether a title is that of a login form: a portal's own stands in the portal's frame, with all its links."""
    first = SITE_NAME.split(title)[0]
    return SIGN_IN.match(first) is not None and len(first.split()) <= LONGEST_LOGIN


def _own(status: int, lower: bytes, title: str, words: str) -> str | None:
    """Which wall of the site's own an answer is."""
    if SETS_COOKIE.search(lower) and RELOADS.search(lower) and len(words) < FEW_WORDS / 3:
        return "script challenge"
    if CAPTCHA.search(lower) and (status != 200 or HUMAN.search(f"{title} {words}")):
        return "captcha"
    return LOGIN if PASSWORD.search(lower) and SIGN_IN.search(f"{title} {words}") else None


def _place(url: str) -> str:
    """The address of a login without the parameters that say where to go behind it."""
    path, _, query = page_key(url).partition("?")
    kept = [parameter for parameter in query.split("&") if not BEHIND.search(parameter)]
    return f"{path}?{'&'.join(kept)}"


class Walls:
    """Downloader middleware, behind decompression and before retries: a wall fails with :class:`BlockedError`.

    When one wall follows another the portal is left: what is still to be asked for is postponed.

    Settings:
        PORTAL_WALLS: Walls in a row after which a host is left for another run; 0: it never is.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not hasattr(crawler.spidercls, "article_urls"):
            raise NotConfigured("the spider is no portal's")
        self.crawler = crawler
        self.limit = crawler.settings.getint("PORTAL_WALLS", 5)
        self.met: dict[str, int] = {}
        self.logins: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Walls:
        """Make one for portal spiders.

        Raises:
            NotConfigured: for any other spider.
        """
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let a request pass unless its host shows nothing but walls, or a redirect has led it to a known login.

        Raises:
            PostponedError: if the host shows nothing else.
            BlockedError: if the request would be answered by the login.
        """
        host = host_key(request.url)
        if self.limit and self.met.get(host, 0) >= self.limit:
            raise PostponedError(f"{host} blocks the crawl")
        if request.meta.get("redirect_urls") and _place(request.url) in self.logins:
            self._count(LOGIN)
            raise BlockedError(LOGIN)

    def process_response(self, request: Request, response: Response) -> Response:
        """Let every answer pass but walls.

        Raises:
            BlockedError: if it is one.
        """
        if request.meta.get("dont_obey_robotstxt"):
            return response
        host = host_key(request.url)
        headers = {
            name.lower(): (response.headers.get(name) or b"").decode("latin-1").lower()
            for name in ("cf-mitigated", "content-type")
            if name in response.headers
        }
        what = wall(response.status, headers, response.body)
        if what is None:
            if response.status == 200:
                self.met.pop(host, None)
            return response
        self._count(what)
        if what == LOGIN:  # a folder for members, in the midst of what is open to all
            self.logins.add(_place(response.url))
            raise BlockedError(what)
        self.met[host] = self.met.get(host, 0) + 1
        if self.met[host] == self.limit:
            logger.error("%s blocks the crawl (%s): what is left of it waits for another run", host, what)
            assert self.crawler.stats is not None
            self.crawler.stats.inc_value("hosts/blocked")
        raise BlockedError(what)

    def _count(self, what: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(f"blocked/{what}")
