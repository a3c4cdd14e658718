"""What a site's file declares: mistakes in it are told when its class is made, not on the first page."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from portal_crawler.crawling.api import JsonApi
from portal_crawler.extraction.wrapper import Wrapper

if TYPE_CHECKING:
    from collections.abc import Collection

EXPRESSIONS = ("article_urls", "listing_urls", "alternate_urls", "deny_urls")
TYPES: dict[str, tuple[type, ...]] = {
    "province": (str, type(None)),
    "department": (str, type(None)),
    "platform": (str,),
    "verified": (bool,),
    "min_articles": (int,),
    "broken_certificates": (bool,),
    "legacy_tls": (bool,),
    "browser": (bool,),
    "browser_waits_for": (str, type(None)),
    "api": (JsonApi, type(None)),
}
LISTS: dict[str, type] = {
    "start_urls": str,
    "browser_hosts": str,
    "wrappers": Wrapper,
    **dict.fromkeys(EXPRESSIONS, str),
}
# How like a known name an unknown one is that is taken for a slip: families have names of their own.
SLIP = 0.9


def is_seed(address: str) -> bool:
    """Whether a crawl can begin at an address: it is absolute, of the web, and names a host."""
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that are left open, a port that is none
        return False


def check(name: str, declared: dict[str, Any], known: Collection[str]) -> None:
    """Refuse what a class declares in a manner that would be misread in silence, or fail on every page.

    Args:
        name: The class.
        declared: Its own attributes.
        known: The attributes of a portal's spider.

    Raises:
        TypeError: if an attribute is of another kind than it should be, or its name is misspelt.
        ValueError: if an address or a regular expression is none.
    """
    for attribute, value in declared.items():
        where = f"{name}.{attribute}"
        if attribute in TYPES and not isinstance(value, TYPES[attribute]):
            raise TypeError(f"{where} is {value!r}, which is no {TYPES[attribute][0].__name__}")
        if (kind := LISTS.get(attribute)) is not None:
            if not isinstance(value, list | tuple):
                raise TypeError(f"{where} is no tuple: one {kind.__name__} alone takes a comma behind it, as in (x,)")
            if (wrong := next((each for each in value if not isinstance(each, kind)), None)) is not None:
                raise TypeError(f"{where} holds {wrong!r}, which is no {kind.__name__}")
        if attribute == "start_urls" and (wrong := next((each for each in value if not is_seed(each)), None)):
            raise ValueError(f"{where}: {wrong!r} is no address with http:// or https:// and a host")
        if attribute in EXPRESSIONS:
            _compile(where, value)
        if attribute not in known and (near := get_close_matches(attribute, known, 1, SLIP)):
            raise TypeError(f"there is no {where}; did you mean {near[0]}?")


def _compile(where: str, expressions: Collection[str]) -> None:
    for each in expressions:
        try:
            re.compile(each)
        except re.error as error:
            raise ValueError(f"{where}: {each!r} is no regular expression: {error}") from None
