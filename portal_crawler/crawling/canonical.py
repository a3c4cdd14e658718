"""Canonical addresses: one form for all the ways in which a portal writes the address of one page.

Only what cannot identify a page is taken away: session identifiers, tracking, the fragment, where a portlet stands, in
which window it is drawn and to which page its link back leads. What may identify it stays as it is: percent-encoded
octets are never decoded, letters never normalised, path case never folded (RFC 3986 section 6 names what is safe;
6.2.2.1 and 6.2.3 are used here).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from w3lib.url import safe_url_string

from portal_crawler.crawling.patterns import address_evidence
from portal_crawler.extraction.page import reference_in

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

DEFAULT_PORTS = {"http": 80, "https": 443}

# Octets that the name of a host may have (RFC 1035 section 2.3.4), and characters that it has in no spelling.
LONGEST_HOST = 253
UNPRINTED = frozenset(map(chr, (*range(33), *range(127, 161), 0x2028, 0x2029)))

# ";jsessionid=…" (servlets) and "/(S(…))/" or "/(S(…)F(…))/" (ASP.NET without cookies) inside the path.
PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid)=[^/;?]*", re.IGNORECASE)
ASP_SESSION = re.compile(r"/\((?:[A-Z]\([^()/]*\))+\)(?=/|$)", re.IGNORECASE)

VOLATILE = re.compile(
    r"""(?:
        utm_\w+ | fbclid | gclid | dclid | msclkid | yclid | igshid | zarsrc | mc_[ce]id | _ga | _gl | gidzl
      | jsessionid | phpsessid | aspsessionid\w* | cfid | cftoken | sessionid | session_id
      | p_auth | p_l_back_url(?:_title)? | p_p_auth | doasuserid
      | p_p_col_id | p_p_col_pos | p_p_col_count        # Liferay: where on the page the portlet stands
    )$""",
    re.IGNORECASE | re.VERBOSE,
)

# Parameters of which only some values say nothing but "draw it otherwise".
VIEW_MODES = {
    "print": re.compile("1|true|yes|on", re.IGNORECASE),
    "printable": re.compile("1|true|yes", re.IGNORECASE),
    "amp": re.compile("1|true|"),
    "layout": re.compile("amp"),
    "tmpl": re.compile("component"),
    "p_p_state": re.compile("normal|maximized|minimized|pop_up|exclusive"),
    "p_p_mode": re.compile("view"),
    "p_p_lifecycle": re.compile("0"),
    "viewmode": re.compile("print|view", re.IGNORECASE),
    "inheritredirect": re.compile("true|false", re.IGNORECASE),
}
# Those that Liferay's portlets know; it puts the portlet's name before theirs: _101_INSTANCE_x_viewMode.
OF_PORTLETS = ("viewmode", "inheritredirect")

# Joomla names the entry of the menu beside the article or the list that it shows: the same page, with other boxes.
OF_JOOMLA = re.compile(r"^(?=(?:.*&)?option=com_\w+(?:&|$))(?=(?:.*&)?id=\d)", re.IGNORECASE)

# What names the page that a link back leads to, with the name of a portlet of Liferay before it or without.
RETURN = re.compile(r"(?:_\w+_)?(?:redirect(?:_?url)?|return_?url|back_?url|returntofullpageurl)=", re.IGNORECASE)
# A title in an address has more words than this.
SHORT_NAME = 3

# Addresses that hold nothing to be percent-encoded, which are most: to encode them again would cost more than the rest.
SAFE = re.compile(r"https?://[\w.\-~:/?#!$&()*+,;=%]*", re.ASCII | re.IGNORECASE)
# Addresses that are canonical as they are, as most articles' are: no query, no session, nothing encoded, no usual port.
CANONICAL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?!443/)[1-9][0-9]{2,4})?/[\w.\-~:/!$&*+,=]*", re.ASCII
)

# References to what has the path of the page that they stand on; some repeat its scheme, or announce a host.
OF_THE_PATH = re.compile(r"(?:https?:)?(?://)?(?:[?;#]|\Z)", re.IGNORECASE)
ABSOLUTE = re.compile(r"https?://[^/?#]")

# Each is the only letter-case-free part of a percent-encoded octet (RFC 3986 section 6.2.2.1).
LOWER_HEX = re.compile(r"%(?:[0-9A-F][a-f]|[a-f][0-9A-Fa-f])")


def _volatile(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if VOLATILE.match(name):
        return True
    name = name.lower()
    last = name.rpartition("_")[2]
    mode = VIEW_MODES.get(name) or (VIEW_MODES[last] if last in OF_PORTLETS else None)
    return mode is not None and mode.fullmatch(value) is not None


def without_returns(address: str) -> str:
    """An address, or a path with its query, without the parameters that name a page to go back to."""
    path, mark, query = address.partition("?")
    if not mark:
        return address
    kept = [parameter for parameter in query.split("&") if RETURN.match(parameter) is None]
    return f"{path}?{'&'.join(kept)}" if kept else path


def _goes_back(parameter: str, host: str) -> bool:
    """Whether a parameter names a page of this host to go back to."""
    if RETURN.match(parameter) is None:
        return False
    target = unquote(parameter.partition("=")[2])
    scheme, absolute, rest = target.partition("://")
    if not absolute or scheme.lower() not in DEFAULT_PORTS:
        return target[:1] == "/" and target[1:2] not in ("/", "\\")
    # Portals behind a proxy write the port of their own server, or none.
    return re.split(r"[/?#:\\]", rest, maxsplit=1)[0].lower().removeprefix("www.") == host.removeprefix("www.")


def _is_named(address: str, returns: list[str]) -> bool:
    """Whether a canonical address names its page though it has lost its links back.

    A program to which nothing but the address of another page is given (``/leaving?redirect=/tin``) is told by that
    address alone. A portlet of Liferay is none, nor is what its friendly addresses lead to.
    """
    path = urlsplit(address).path
    if path == "/" and "?" not in address:
        return False
    if "/-/" in path or path.startswith("/w/") or all(each[0] == "_" for each in returns):
        return True
    return path.rstrip("/").rpartition("/")[2].count("-") >= SHORT_NAME or address_evidence(address) > 1


def _upper_hex(text: str) -> str:
    return LOWER_HEX.sub(lambda octet: octet[0].upper(), text)


def _netloc(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    return host if port is None or port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"


@lru_cache(maxsize=8_192)  # the addresses of a site's menu stand on all its pages
def canonical_url(url: str) -> str:
    """The canonical form of an ``http`` or ``https`` address; anything else is returned as it is.

    Idempotent, and it never raises: an address that cannot be split is its own canonical form.
    """
    if CANONICAL.fullmatch(url):
        return url
    try:
        parts = urlsplit(url if SAFE.fullmatch(url) else safe_url_string(url.strip()))
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            return url
        netloc = _netloc(parts)
    except ValueError:
        return url
    if not netloc or netloc.startswith(":"):  # a host of nothing but dots
        return url
    path = ASP_SESSION.sub("", PATH_SESSION.sub("", parts.path)) or "/"
    query = _upper_hex(parts.query)  # before the parameters are sorted, or the order would be another the next time
    kept = [parameter for parameter in query.split("&") if parameter and not _volatile(parameter)]
    if OF_JOOMLA.search(query):
        kept = [parameter for parameter in kept if not parameter.lower().startswith("itemid=")]
    # By name alone: the order of a name's values may mean something.
    kept.sort(key=lambda parameter: parameter.partition("=")[0])
    if returns := [parameter for parameter in kept if _goes_back(parameter, parts.hostname.rstrip("."))]:
        plain = "&".join(parameter for parameter in kept if parameter not in returns)
        address = _upper_hex(urlunsplit((parts.scheme, netloc, path, plain, "")))
        if _is_named(address, returns):
            return address
    return _upper_hex(urlunsplit((parts.scheme, netloc, path, "&".join(kept), "")))


def page_key(url: str) -> str:
    """What two addresses of one page have in common: the canonical form without scheme and ``www.``."""
    canonical = canonical_url(url)
    scheme, separator, rest = canonical.partition("://")
    if scheme not in DEFAULT_PORTS or not separator:
        return canonical
    return rest.removeprefix("www.")


def site_root(url: str) -> str:
    """The address of the site that an address belongs to.

    Raises:
        ValueError: if it cannot be split, or no host can have the name that it gives.
    """
    parts = urlsplit(url)
    host, _ = parts.hostname or "", parts.port  # the port raises if it is none
    if not host.strip(".") or not UNPRINTED.isdisjoint(host) or len(host.encode("utf-8", "replace")) > LONGEST_HOST:
        raise ValueError(f"no host can have the name {host[:LONGEST_HOST]!r}")
    return f"{parts.scheme}://{parts.netloc}/"


@lru_cache(maxsize=8_192)
def key_hash(key: str) -> int:
    """64 bits that stand for a key, the same in every run: Python's own hashes of strings differ between runs."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


class PortalFingerprinter:
    """Request fingerprints by canonical address, so that no page is asked for under two spellings.

    A redirect between two spellings of one address (to https, to ``www.``, to a session id) would be dropped as a
    duplicate of itself; such a request counts its hops into its fingerprint.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PortalFingerprinter:  # noqa: ARG003 - Scrapy's signature
        """Make one; it needs no settings."""
        return cls()

    def fingerprint(self, request: Request) -> bytes:
        """SHA-1 of method, canonical address, body and hops."""
        key = page_key(request.url)
        hops = sum(page_key(url) == key for url in request.meta.get("redirect_urls", ()))
        digest = hashlib.sha1(usedforsecurity=False)
        for part in (request.method.encode(), key.encode(), request.body, str(hops).encode()):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()


def split_base(base: str, reference: str) -> tuple[str, str]:
    """As much of a base as the meaning of a reference depends on, and the reference as browsers read it.

    That is no more than its host or its folder (RFC 3986 section 5.2), so that what is remembered of a menu's link
    serves on every page; "?page=2" alone needs the whole path.
    """
    reference = reference_in(reference)
    if OF_THE_PATH.match(reference):
        return base, reference
    path = base.find("/", len("https://"))
    if path > 0 and reference[:1] == "/":
        base = base[: path + 1]
    elif ABSOLUTE.match(reference):
        base = base.partition("/")[0]
    elif path > 0:
        base = base.partition("?")[0].rpartition("/")[0] + "/"
    return base, reference
