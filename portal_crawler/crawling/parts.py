"""Articles that stand on several pages: which page comes next, and whether it really goes on."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from portal_crawler.crawling.canonical import page_key, split_base
from portal_crawler.crawling.listing import anchors
from portal_crawler.extraction.blocks import blocks
from portal_crawler.extraction.page import PageError, element_text, parse_page
from portal_crawler.extraction.widgets import named

if TYPE_CHECKING:
    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.items import Capture

# No article goes on for more pages.
MOST_PARTS = 40
# After so many pages in a row that only seemed to carry on an article, a site's pagers are no longer followed.
FALSE_PARTS = 3
# How a part's number stands in its address, behind that of the first page: ?page=2, /page/2, /2/, -p2.html, _2.html.
NUMBER = re.compile(
    r"[?&](?:page|paged|pg|p|trang|part|phan)=(?P<query>\d{1,3})(?=&|$)"
    r"|/(?:(?:page|trang|phan)[-/])?(?P<path>\d{1,2})/?$"
    r"|[-_](?:p|page|trang|phan)?-?(?P<name>\d{1,2})(?=\.\w{2,5}$)",
    re.IGNORECASE,
)
# How it stands inside the path: /2/, /page-2/; behind its name, /PageIndex/2/. Only a link that says no more than the
# number tells it from any other.
SEGMENT = re.compile(r"(?:[a-z]+[-_]?)?(?P<number>\d{1,2})", re.IGNORECASE)
NAME = re.compile(r"[a-z]+(?:[-_][a-z]+)*", re.IGNORECASE)
# Paragraphs of so many words and hardly a link tell the text of one page from that of another.
PARAGRAPH_WORDS = 15
# A page that shows so much of the text of the page before it shows the same article with another list below.
SAME = 0.5
# Pagers of other lists stand on article pages, too: readers' comments, related news.
OTHER_LISTS = frozenset(("comments", "related_news"))


def numbered(address: str) -> tuple[str, int] | None:
    """An address without its part's number, and the number; None where there is none."""
    key = page_key(address)
    found = NUMBER.search(key)
    if found is None:
        return None
    number = next(int(value) for value in found.groups() if value is not None)
    return (key[: found.start()] + key[found.end() :]).rstrip("/?&"), number


def inside(address: str) -> list[tuple[str, int]]:
    """As :func:`numbered`, for a number inside the path: in each manner in which one of its segments may be one."""
    path, mark, query = page_key(address).partition("?")
    segments = path.split("/")
    found = []
    for place in range(1, len(segments)):
        part = SEGMENT.fullmatch(segments[place])
        if part is None or not 1 < int(part["number"]) <= MOST_PARTS:
            continue
        named = place > 1 and segments[place].isdecimal() and NAME.fullmatch(segments[place - 1]) is not None
        for first in (place, place - 1) if named else (place,):
            rest = "/".join(segments[:first] + segments[place + 1 :])
            found.append((f"{rest}{mark}{query}".rstrip("/?&"), int(part["number"])))
    return found


def may_carry_on(own: str, number: int, base: str, reference: str, label: str | None = None) -> bool:
    """Whether a link leads to a part of an article by its address.

    Args:
        own: The article's key.
        number: The part's number.
        base: Address of the page on which the link stands.
        reference: The link's address, as the page writes it.
        label: Its text; None: not known, and any will do.
    """
    base, reference = split_base(base, reference)
    if _part(base, reference) == (own, number):
        return True
    if label not in (None, str(number)):
        return False
    try:
        return (own, number) in inside(urljoin(base, reference))
    except ValueError:  # no address
        return False


def next_part(page: Page, address: str, number: int) -> str | None:
    """Address of the page on which the article goes on, where a link of the page leads to it.

    Args:
        page: One page of the article.
        address: Address of the article's first page.
        number: Which page of the article this is, from 1.
    """
    own = page_key(address).rstrip("/")
    following = str(number + 1)
    for reference, anchor in anchors(page):
        if following not in reference:
            continue  # most links, at no cost
        label = element_text(anchor)
        if may_carry_on(own, number + 1, page.url, reference, label) and not _of_other_list(anchor):
            return urljoin(*split_base(page.url, reference))
    return None


@lru_cache(maxsize=32_768)
def _part(base: str, reference: str) -> tuple[str, int] | None:
    # Most links stand on all pages.
    try:
        target = urljoin(base, reference)
        urlsplit(target)
    except ValueError:  # no address
        return None
    return numbered(target)


def _of_other_list(anchor: Element) -> bool:
    node: Element | None = anchor
    while node is not None:
        if named(node) in OTHER_LISTS:
            return True
        node = node.getparent()
    return False


def goes_on(whole: Capture, part: Capture) -> bool:
    """Whether a page carries on the text of the pages before it, instead of showing it again beside another list."""
    new = _paragraphs(part)
    known = _paragraphs(whole).union(*map(_paragraphs, whole.parts))
    fresh = sum(map(len, new - known))
    return fresh > 0 and sum(map(len, new & known)) < SAME * sum(map(len, known)) + 1


def _paragraphs(capture: Capture) -> set[str]:
    try:
        found = blocks(parse_page(capture))
    except PageError:
        return set()
    return {block.text for block in found if block.words >= PARAGRAPH_WORDS and block.link_density < SAME}
