"""Which addresses of a portal are articles, which lead on, and which are to be left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from portal_crawler.crawling.canonical import canonical_url, page_key, split_base, without_returns
from portal_crawler.crawling.patterns import slug_with_number
from portal_crawler.extraction.page import LONGEST_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_crawler.crawling.spellings import Spellings

Kind = Literal["article", "listing", "page", "file", "denied", "outside"]

# Where programs name in the query what others name in the path: index.php?mod=news&act=send.
ACTION = r"[?&](?:mod|module|act|action|do|task|op|func|cmd|ctl)="

# Forms of an article that are drawn for another purpose: fetched only if its plain address is never met.
ALTERNATES = (
    r"/(?:print|pop_up|in-?bai(?:-viet)?|in-?tin|printpreview)(?:/|\.|$)",
    r"[?&](?:print|printable|amp|inbai)=(?:1|true|yes|on)\b",
    rf"{ACTION}(?:print\w*|in-?bai(?:-?viet)?|in-?tin)(?:&|$)",
    r"[?&][^=&]*viewmode=print\b",
    r"[?&]layout=amp\b",
    r"[?&]tmpl=component\b",
    r"[?&]p_p_state=(?:pop_up|exclusive)\b",
    r"/amp/?$",
    r"\.amp(?:\.html?)?$",
)

# What a crawler of public articles has no business with: accounts, searches, forms, questions of citizens, services;
# calendars and language links that go on for ever.
DENIED = (
    r"/(?:log-?[io]n|logout|log-?off|sign-?in|sign-?out|register|dang-?nhap|dang-?ky|dang-?xuat|users?|member)(?:[/.?]|$)",
    r"/(?:wp-admin|wp-login|wp-json|xmlrpc|administrator|admin|_layouts|_vti_bin)(?:[/.?]|$)",
    r"/(?:search|tim-?kiem|seek|searchresults?)(?:[/.?]|$)",
    r"[?&](?:q|s|key|keyword|keywords|tu-?khoa|search\w*|redirect(?:_?url)?|returnurl|replytocom|add-to-cart)=[^&]",
    r"/(?:send-?mail|gui-?mail|gui-?email|save-?file|rating|voting|poll|tham-do(?:-y-kien)?|comment|binh-luan)(?:[/.?]|$)",
    rf"{ACTION}(?:log-?[io]n|logout|register|dang-?(?:nhap|ky|xuat)|users?|member|search|tim-?kiem)(?:&|$)",
    rf"{ACTION}(?:send\w*|gui\w*|rating|vote|voting|poll|comment\w*|contact|lien-?he|gop-?y|hoi-?dap|guest-?book)(?:&|$)",
    r"/(?:hoi-dap|hoi-ap|lien-he|contact|gop-y|phan-anh|kien-nghi|lich-cong-tac|lich-lam-viec|dich-vu-cong)(?:[/.?]|$)",
    r"[?&](?:month|thang|calendar\w*|cal_?date)=",
    r"/(?:calendar|lich)/\d",
    r"\.(?:html?|aspx|php|jsp)/(?:vi|en|fr|zh|cn|ja|jp|ko|ru|lo|de)(?:[-_]\w\w)?(?:/|$)",
    r"(?P<grown>/[^/?]+)(?P=grown){2}",  # paths that grow by themselves: /a/a/a,
    r"(?P<pair>(?P<half>/[^/?]+)/[^/?]+)(?P=pair)(?P=half)(?=/|\?|$)",  # /a/b/a/b/a,
    r"(?P<triple>(?:/[^/?]+){3})(?P=triple)(?=/|\?|$)",  # /a/b/c/a/b/c
    r"[?&](?:download|scaptcha|captcha)=",
    r"/(?:rss|feed|feeds|atom)(?:/|\.xml|\.aspx|$)",  # read as feeds, not as pages
    r"['\"<>{}]|%20\+%20|\$\(|%22|%3c",  # script that some parser took for an address
)

# A list in another order shows what it shows in its own.
ORDER = re.compile(r"(?:(?<=\?)|&)(?:sort|order|sap-?_?xep)(?:_?-?(?:by|dir|order|field|type))?=[^&]*", re.IGNORECASE)

# What an archive's address has in common with a calendar's.
MONTHS = re.compile(r"[?&](?:month|thang)=[^&]*", re.IGNORECASE)

FILE_ENDINGS = frozenset(
    """7z avi bmp bz2 css csv doc docx dot eot epub exe flv gif gz ico iso jpeg jpg js json m4a m4v map mkv mov mp3 mp4
    mpeg mpg odp ods odt ogg otf pdf png pps ppt pptx psd rar rm rtf svg swf tar tif tiff ttf txt wav webm webp wma wmv
    woff woff2 xls xlsm xlsx xml zip""".split()
)

# Characters that an address has at most: servers and archives take no longer ones.
LONGEST = 2000

# A page number in an address: ?page=3, ?_101_cur=3, /page-3/, /trang-3.html, /page/3/.
PAGE_NAMES = "page|paged|pg|p|trang|cur|currentpage|pageindex|pagenumber|pageno|pagenum|paging|start|offset|skip"
PAGE_NUMBER = re.compile(
    rf"[?&](?:\w*_)?(?:{PAGE_NAMES})=(?P<query>\d+)(?=&|$)"
    r"|/(?:page|trang|pages|p)[-/](?P<path>\d+)(?=/|\.|$|\?)"
    r"|[?&]pagefirstrow=(?P<row>\d+)",  # SharePoint
    re.IGNORECASE,
)


# DotNetNuke's number of a page, of which some count their articles apart.
TAB = re.compile(r"(?:/tabid/|[?&]tabid=)(\d+)", re.IGNORECASE)

# A host, and a path in which nothing stands that RFC 3986 (section 5.2) resolves: most links are of this form.
PLAIN = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/[\w~%+=&,@-][\w~%+=&,@.-]*)+/?(?:\?[\w~%+=&,@./-]+)?", re.ASCII
)


# The host of an absolute address that is written plainly.
HOST = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?/")


@lru_cache(maxsize=8_192)
def page_number(url: str) -> int | None:
    """The number of a list's page that an address asks for."""
    found = PAGE_NUMBER.search(url)
    if not found:
        return None
    return int(next(value for value in found.groups() if value is not None)[:9])


@lru_cache(maxsize=8_192)
def chain_key(url: str) -> str:
    """What the pages of one list have in common: the canonical address without its page numbers."""
    key = page_key(url)
    found = PAGE_NUMBER.search(key)
    if found and found["row"]:
        # SharePoint adds the sort fields of the last row, which differ on every page.
        return key.partition("?")[0]
    return (PAGE_NUMBER.sub("", key) if found else key).rstrip("/?&")


def tab_of(address: str) -> str | None:
    """The number of the tab (DotNetNuke's page) that an address names."""
    found = TAB.search(address)
    return found[1] if found else None


def in_own_order(url: str) -> str:
    """A list's address without the order that it is asked to show its entries in."""
    return ORDER.sub("", url).replace("?&", "?").rstrip("?")


def beside(url: str, chain: str) -> bool:
    """Whether a page of a list has the path of another list's, or stands in its folder.

    The first page of a list often has an address of another form than the others (index.htm, trang-2.htm).
    """
    path, other = page_key(url).partition("?")[0], chain.partition("?")[0]
    folder = path.rpartition("/")[0]
    return path == other or ("/" in folder and folder == other.rpartition("/")[0])


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an address is to a portal.

    Attributes:
        kind: article, listing (matches a listing rule), page (anything else worth a visit), file, denied, outside.
        url: The absolute address, as the page wrote it, without fragment and without what the site is known to add.
        key: The article's identity, or what stands for the page where none is known.
        alternate: Whether it is a print view or another form that is fetched only in want of a plain one.
    """

    kind: Kind
    url: str
    key: str
    alternate: bool = False


def _joined(patterns: Iterable[str]) -> re.Pattern[str] | None:
    patterns = tuple(patterns)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE) if patterns else None


def _scope(seeds: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    hosts, prefixes = set(), set()
    for seed in seeds:
        host, _, path = page_key(seed).partition("/")
        hosts.add(host)
        segments = path.partition("?")[0].strip("/").split("/")
        # /web/so-noi-vu is one department of many on its host; /vi, /Pages/home.aspx and the root are the host's.
        whole = len(segments) > 1 and "." not in segments[-1]
        prefixes.add("/" + "/".join(segments) + "/" if whole else "/")
    return frozenset(hosts), () if "/" in prefixes else tuple(prefixes)


class UrlRules:
    """The address rules of one portal.

    Args:
        seeds: Where the crawl begins: they set the hosts (with and without ``www.``) and, where every seed has a path
            of two segments or more, the part of the host that belongs to the portal.
        article_urls: Regular expressions of article addresses, searched in path and query. The named groups of the
            one that matches make the article's identity; ``slug`` is the one that changes with its headline. Without
            any, pages of one title and number in several folders are taken for one.
        listing_urls: Regular expressions of lists that are worth more than any other page.
        alternate_urls: Forms of an article that are second choice, besides print views.
        deny_urls: Addresses never asked for, besides ``DENIED``.
    """

    def __init__(
        self,
        seeds: Iterable[str],
        *,
        article_urls: Iterable[str] = (),
        listing_urls: Iterable[str] = (),
        alternate_urls: Iterable[str] = (),
        deny_urls: Iterable[str] = (),
    ) -> None:
        self.seeds = tuple(seeds)
        self.hosts, self.prefixes = _scope(self.seeds)
        self.seed_keys = frozenset(map(page_key, self.seeds))
        self.articles = tuple(re.compile(pattern, re.IGNORECASE) for pattern in article_urls)
        self.listings = _joined(listing_urls)
        self.alternates = _joined((*ALTERNATES, *alternate_urls))
        self.denied = _joined((*DENIED, *deny_urls))
        self.spellings: Spellings | None = None
        self.programs: frozenset[tuple[str, frozenset[str]]] = frozenset()
        self.apart: set[str] = set()
        self._remember()

    def _remember(self) -> None:
        # The menu's addresses stand on every page of a site: each is judged once. Those of the articles do not.
        self._judged = lru_cache(maxsize=8_192)(self._judge)
        self._linked = lru_cache(maxsize=8_192)(self._link)

    def __getstate__(self) -> dict[str, Any]:
        """All but what is remembered of addresses: caches cannot be written to disk."""
        return {name: value for name, value in vars(self).items() if name not in ("_judged", "_linked")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up rules that were written to disk."""
        vars(self).update(state)
        self._remember()

    def respell(self, spellings: Spellings) -> None:
        """Judge addresses from now on without what the site's addresses carry that says nothing."""
        self.spellings = spellings
        self.seed_keys |= frozenset(map(spellings.key, self.seed_keys))
        self._judged.cache_clear()
        self._linked.cache_clear()

    def tell_apart(self, link: Judgement) -> None:
        """Take an article from now on for another one than that of the same number on another tab."""
        if (tab := tab_of(link.url)) is not None:
            self.apart.add(f"{link.key}@{tab}")
            self._judged.cache_clear()
            self._linked.cache_clear()

    def open_program(self, url: str, constants: frozenset[str] = frozenset()) -> None:
        """Let the addresses of an archive by date pass, though months in an address are a calendar's elsewhere.

        Args:
            url: Where the archive stands.
            constants: Parameters (``name=value``) that tell the archive from what else the same program shows.
        """
        self.programs |= {(urlsplit(url).path, constants)}
        self._judged.cache_clear()
        self._linked.cache_clear()

    def add_seed(self, url: str) -> None:
        """Note the address under which a seed answered; its home page is one, too."""
        key = page_key(url)
        if key not in self.seed_keys:
            self.seed_keys |= {key}
            self._judged.cache_clear()
            self._linked.cache_clear()

    def in_scope(self, url: str) -> bool:
        """Whether an address belongs to the portal."""
        host, _, rest = page_key(url).partition("/")
        return host in self.hosts and self._inside(f"/{rest}")

    def _inside(self, path: str) -> bool:
        return not self.prefixes or any(f"{path.partition('?')[0]}/".startswith(prefix) for prefix in self.prefixes)

    def link(self, base: str, href: str) -> Judgement | None:
        """Judge a link's address; None if it leads to no page (scripts, mail, this very page)."""
        return self._linked(*split_base(base, href))

    def _link(self, base: str, href: str) -> Judgement | None:
        if not href or len(href) > LONGEST_ADDRESS or href[0] == "#" or href[:11].lower() == "javascript:":
            return None
        url = base[:-1] + href  # the host alone is left of a base before such a path (split_base)
        if href[0] != "/" or base[-1:] != "/" or PLAIN.fullmatch(url) is None:
            try:
                url = urljoin(base, href)
            except ValueError:
                return None
        return self.judge(url) if url[:4].lower() == "http" else None

    def leads_out(self, address: str) -> bool:
        """Whether an address is of another host, as far as its beginning tells: links to share a page are by dozens."""
        begins = HOST.match(address)
        return begins is not None and self.judge(begins[0]).key.partition("/")[0] not in self.hosts

    def judge(self, url: str) -> Judgement:
        """What an absolute ``http`` address is to the portal."""
        if len(url) > LONGEST_ADDRESS:
            return Judgement("outside", url, url)
        return self._judged(url.partition("#")[0])

    def _judge(self, url: str) -> Judgement:
        key = page_key(url)
        if self.spellings is not None:
            url, key = self.spellings.plain(url), self.spellings.key(key)
        host, _, rest = key.partition("/")
        path = f"/{rest}"
        if host not in self.hosts or not self._inside(path):
            return Judgement("outside", url, key)
        raw = urlsplit(url)
        target = f"{raw.path}?{raw.query}" if raw.query else raw.path
        identity = self.identity(without_returns(path))
        if key not in self.seed_keys and (len(url) > LONGEST or self._leaves_alone(raw.path, target, path, identity)):
            return Judgement("denied", url, key)
        ending = raw.path.rpartition("/")[2].rpartition(".")
        if ending[1] and ending[2].lower() in FILE_ENDINGS:
            return Judgement("file", url, key)
        alternate = bool(self.alternates and self.alternates.search(without_returns(target)))
        if identity is not None:
            return Judgement("article", url, identity, alternate)
        if not self.articles and (segment := slug_with_number(f"//{key}")) is not None:
            key = f"{host}/**/{segment}"
        listed = self.listings is not None and self.listings.search(path) is not None
        return Judgement("listing" if listed else "page", url, key, alternate)

    def _leaves_alone(self, path: str, target: str, canonical: str, identity: str | None) -> bool:
        """Whether an address is denied: not for a link back alone, if the rest of it is an article's or names a page.

        Liferay writes the address of the list into its links to articles. Programs that log in, that change a language
        or that lead out of the portal take such an address, too.
        """
        if not self._denies(path, target):
            return False
        plain = without_returns(target)
        if plain == target or self._denies(path, plain):
            return True
        return identity is None and without_returns(canonical) != canonical

    def denies(self, url: str) -> bool:
        """Whether an address, of whichever host, is one that is never asked for: a login, a search, a form."""
        parts = urlsplit(url)
        return self._denies(parts.path, f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def _denies(self, path: str, target: str) -> bool:
        if self.denied is None:
            return False
        if self.programs:
            given = set(target.partition("?")[2].split("&"))
            if any(path == program and constants <= given for program, constants in self.programs):
                target = MONTHS.sub("", target)
        return self.denied.search(target) is not None

    def identity(self, path: str) -> str | None:
        """The identity that an article rule reads from a canonical path with its query; None if no rule matches.

        Servers of ASP.NET do not tell upper from lower case, and their portals write the same address in both.
        """
        found = self._article(path)
        if found is None:
            return None
        identity = "-".join(filter(None, found.groupdict().values())) or path
        identity = identity.lower() if ".aspx" in path.lower() else identity
        on_tab = f"{identity}@{tab_of(path)}" if self.apart else ""
        return on_tab if on_tab in self.apart else identity

    def unworded(self, url: str) -> str | None:
        """What is left of an article's identity when its headline is worded anew; None if its address has no slug."""
        found = self._article(without_returns(f"/{page_key(url).partition('/')[2]}"))
        parts = found.groupdict() if found is not None else {}
        return "-".join(filter(None, parts.values())) if parts.pop("slug", None) else None

    def _article(self, path: str) -> re.Match[str] | None:
        return next(filter(None, (pattern.search(path) for pattern in self.articles)), None)


def plain_address(addresses: Iterable[str], rules: UrlRules) -> list[str]:
    """Addresses of one article, the plainest first: no alternate, then the shortest canonical form."""
    return sorted(addresses, key=lambda url: (rules.judge(url).alternate, len(canonical_url(url)), canonical_url(url)))
