"""Telling article pages from lists on a site that nobody has described.

Two kinds of evidence, in the manner of page classifiers that learn a site's URL patterns from its own link structure
(compare Blanco, Dalvi, Machanavajjhala, "Highly efficient algorithms for structural clustering of large websites",
WWW 2011): the form of the address with the texts of the links to addresses of that form, and the page itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from lxml import etree

from portal_crawler.crawling.xpath import elements, strings
from portal_crawler.extraction.legal import find_numbers, label_rows, legal_record, may_hold_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_crawler.extraction.page import Element, Page

TITLE_AND_NUMBER = re.compile(r"(?=.*[^\W\d_])(?:(?P<first>\d+)[-_].+|.+[-_](?P<last>\d+))")
WORDS = re.compile(r"[^\W\d_]{2,}")
SEGMENT_NUMBER = re.compile(r"\d+")
DATED_PATH = re.compile(r"/(?:19|20)\d\d[/-]\d{1,2}(?:[/-]\d{1,2})?/")
SLUG_WITH_NUMBER = re.compile(r"(?:^|/)(?:[^/]*[-_.])?\d{2,}(?:[-_.][^/]*)?$")
IDENTIFIER = re.compile(
    r"(?:^|&)(?:id|itemid|newsid|articleid|postid|nid|tinid|idtin|baivietid|contentid|mabai|cn_id|entryid)=[\w-]*\d",
    re.IGNORECASE,
)
DETAIL = re.compile(r"chi-?tiet|detail|view|news|article|tin|bai-?viet|post|content", re.IGNORECASE)

# Folders that hold lists by their very name.
LISTS = re.compile(
    r"/(?:tags?|topics?|category|categories|chuyen-?muc|danh-?muc|tu-?khoa|chu-?de|author|archives?)/", re.IGNORECASE
)

ARTICLE_TYPES = re.compile(r"(?:News|Blog)?(?:Article|Posting)$")
TYPED = strings("//*[@itemtype]/@itemtype")
JSON_LD = strings("//script[@type='application/ld+json']/text()")
JSON_LD_ARTICLE = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"(?:News|Blog)?(?:Article|Posting)"')
PARAGRAPHS = elements("//p | //div[not(div or p or table or ul or ol)] | //td[not(descendant::p or descendant::div)]")
LINK_TEXT = elements("descendant::a")
PUBLISHED = re.compile(
    r"(?:ngày (?:đăng|xuất bản)|đăng (?:ngày|lúc)|cập nhật(?: lúc| ngày)?)\s*:?\s*\d{1,2}\s?[:h/.-]\s?\d", re.IGNORECASE
)
# An element that says nothing but a title, and is no link to it.
HEADLINE = etree.XPath(
    "boolean(//body//*[not(self::a)][normalize-space(.) = $title][not(ancestor::a)][not(descendant::a)])"
)

# Of what the description of an administrative procedure consists (Decree 63/2010/NĐ-CP, article 8).
PROCEDURE = re.compile(
    r"trình tự thực hiện|cách thức thực hiện|thành phần(?:,? số lượng)? hồ sơ|thời hạn giải quyết"
    r"|(?:đối tượng|cơ quan) (?:giải quyết|thực hiện)|kết quả (?:giải quyết|thực hiện)|yêu cầu,? điều kiện",
    re.IGNORECASE,
)
PROCEDURE_PARTS = 3

# A title has five words or more ("Thông báo tuyển dụng viên chức"); menu entries rarely have.
TITLE_WORDS = 5
LONG_SLUG = 5
# Two whole titles have no more of their words in common, in the shorter one: else one may be cut short, or reworded.
ALIKE = 0.75
# Pages after which a menu can be told from a list of the latest news.
MENU_PAGES = 10
# Addresses whose links are counted; when there are more, those go to which at most one page in a hundred links.
MOST_LINKED, RARE = 16_384, 100
# How much it speaks against an article that it stands in the menu.
MENU = 2
# A page with this many titles, and less running text than this for each, is a list with teasers.
LIST_TITLES, TEASER = 8, 80


def _path(parts: SplitResult) -> str:
    """The path without the parameters of its last segment (RFC 3986 section 3.3): servlets write sessions there."""
    return parts.path.partition(";")[0]


@lru_cache(maxsize=8_192)  # as with canonical addresses: the menu's stand on every page
def pattern_of(url: str) -> str:
    """The form of an address: number of segments, form of the last one, names of the parameters."""
    parts = urlsplit(url)
    segments = [segment for segment in _path(parts).split("/") if segment]
    last = segments.pop() if segments else ""
    stem, dot, ending = last.rpartition(".")
    if not dot or len(ending) > 5:
        stem, ending = last, ""
    words = [word for word in re.split(r"[-_+.]|%20", SEGMENT_NUMBER.sub("", stem)) if word]
    # One and two words name a section; a slug has more; a page's own program (default.aspx) keeps its name.
    form = "S" if len(words) > 2 else ("W" if not parts.query else stem.lower())
    number = "N" if SEGMENT_NUMBER.search(stem) else ""
    names = sorted({parameter.partition("=")[0] for parameter in parts.query.split("&") if parameter})
    return f"{'/*' * len(segments)}/{form}{number}.{ending}?{'&'.join(names)}"


def slug_with_number(url: str) -> str | None:
    """The last segment of an address if it is a whole title with a number: it names the same article in any folder."""
    segment = _path(urlsplit(url)).rstrip("/").rpartition("/")[2]
    stem = segment.rpartition(".")[0] or segment
    if len(stem.split("-")) > LONG_SLUG and re.search(r"(?:^|-)\d{2,}(?:-|$)", stem):
        return segment
    return None


@lru_cache(maxsize=8_192)
def address_evidence(url: str) -> int:
    """How much an address by itself looks like an article's: 0 to 2."""
    parts = urlsplit(url)
    path = _path(parts)
    stem = path.rpartition("/")[2] or path.rstrip("/").rpartition("/")[2]
    slug = len(stem.split("-")) > 3 or len(stem.split("_")) > 3 or stem.count("%20") > 3
    numbered = SLUG_WITH_NUMBER.search(stem.rpartition(".")[0] if "." in stem else stem) is not None
    if DATED_PATH.search(parts.path) or (slug and numbered):
        return 2
    if IDENTIFIER.search(parts.query) and DETAIL.search(parts.path):
        return 2
    return int(slug or numbered or IDENTIFIER.search(parts.query) is not None)


@lru_cache(maxsize=8_192)
def folder_and_number(key: str) -> tuple[str, str] | None:
    """Folder and number of an address that ends in a title with a number; None of any other.

    An editor who words a headline anew changes the title in the address, and neither folder nor number. What has a
    query is told by that.

    Args:
        key: The address, as :func:`~portal_crawler.crawling.canonical.page_key` gives it.
    """
    folder, _, segment = key.rpartition("/")
    stem, dot, ending = segment.rpartition(".")
    found = TITLE_AND_NUMBER.fullmatch(stem if dot else segment)
    if found is None or "?" in key:
        return None
    return folder, f"{found['first'] or ''}-{found['last'] or ''}{dot}{ending if dot else ''}"


class UrlPatterns:
    """Learns which forms of address a site gives to its articles: those that its links announce with whole titles.

    It also learns the menu: what nearly every page links to.
    """

    def __init__(self) -> None:
        self._links: dict[str, list[int]] = {}
        self._pages = 0
        self._linked: dict[str, int] = {}
        self._forms: dict[str, int] = {}

    def page(self, keys: Iterable[str]) -> None:
        """Count a page with all that it links to."""
        self._pages += 1
        for key in keys:
            if key not in self._linked:
                form = pattern_of(key)
                self._forms[form] = self._forms.get(form, 0) + 1
            self._linked[key] = self._linked.get(key, 0) + 1
        if len(self._linked) > MOST_LINKED:
            self._drop_rare()

    def _drop_rare(self) -> None:
        """Forget the addresses that few pages link to: none of them is the menu's.

        Compare lossy counting: Manku and Motwani, "Approximate frequency counts over data streams" (VLDB 2002).
        """
        rare = self._pages // RARE + 1
        self._linked = {key: count for key, count in self._linked.items() if count > rare}

    def in_menu(self, key: str) -> bool:
        """Whether most pages link to this one."""
        return self._pages >= MENU_PAGES and self._linked.get(key, 0) > self._pages // 2

    def in_box(self, key: str) -> bool:
        """Whether most pages link to this one, but not to others with addresses of its form.

        A box of the latest news stands on all pages as the menu does; of the articles it shows the newest few.
        """
        form, half = pattern_of(key), self._pages // 2
        common = sum(count > half and pattern_of(other) == form for other, count in self._linked.items())
        return self.in_menu(key) and 2 * common < self._forms[form]

    def note(self, url: str, text: str | None) -> None:
        """Count a link to an address that was not seen before."""
        counts = self._links.setdefault(pattern_of(url), [0, 0])
        counts[0] += 1
        counts[1] += text is not None and len(WORDS.findall(text)) >= TITLE_WORDS

    def evidence(self, url: str) -> int:
        """What the links to addresses of this form say: -1 (menu entries) to 2 (titles)."""
        total, titles = self._links.get(pattern_of(url), (0, 0))
        if total < 3:
            return 0
        share = titles / total
        return 2 if share >= 0.7 else 1 if share >= 0.4 else -1 if share < 0.1 else 0


def announced(url: str, patterns: UrlPatterns) -> bool:
    """Whether a link's address and the texts of links to its like promise an article, before the page is seen."""
    return not LISTS.search(url) and address_evidence(url) + patterns.evidence(url) >= 2


def are_two_titles(text: str, other: str, *, clearly: bool) -> bool:
    """Whether two texts of links are whole titles, and not the same one: clearly so, or in a word on either side."""
    words, others = (WORDS.findall(each.lower()) for each in (text, other))
    if min(len(words), len(others)) < TITLE_WORDS:
        return False
    shorter = min(len({*words}), len({*others}))
    return len({*words} & {*others}) <= (ALIKE * shorter if clearly else shorter - 1)


def page_evidence(page: Page) -> int:
    """How much a page looks like an article: 0 to 3.

    Markup that says so counts most; then running text: paragraphs under one parent, link texts left out. The teasers
    of a list stand each under its own parent, which is why the text is added up by parent.
    """
    if page.meta.get("og:type") == "article" or "article:published_time" in page.meta:
        return 3
    if any(ARTICLE_TYPES.search(kind) for kind in TYPED(page.root)):
        return 3
    if any(JSON_LD_ARTICLE.search(text) for text in JSON_LD(page.root)):
        return 3
    return text_evidence(page)


def text_evidence(page: Page) -> int:
    """How much the running text of a page looks like an article's, whatever its markup says: 0 to 2."""
    longest = running_text(page)
    titles = {anchor.get("href") for anchor in LINK_TEXT(page.root) if len(WORDS.findall(_text(anchor))) > TITLE_WORDS}
    if len(titles) >= LIST_TITLES and longest < TEASER * len(titles):
        return 0
    return 2 if longest >= 700 else 1 if longest >= 250 else 0


def dated(page: Page) -> bool:
    """Whether a page shows one date of publication with its label; lists show many, other pages none."""
    return len(PUBLISHED.findall(page.text)) == 1


def headed(page: Page, title: str | None) -> bool:
    """Whether the title that a link announced, of five words or more, stands on the page itself, in no link."""
    return title is not None and len(WORDS.findall(title)) >= TITLE_WORDS and bool(HEADLINE(page.root, title=title))


def is_document(page: Page) -> bool:
    """Whether a page shows the record of one legal document: a number, as the law forms it, and a date, with labels."""
    if not may_hold_record(page.text):
        return False
    rows = label_rows(page.root)
    record = legal_record(rows)
    if record is None or not record.issued_on or not find_numbers(record.number or ""):
        return False
    # A page that lists documents may show each one's record.
    return len({number for _, value in rows for number in find_numbers(value)[:1] if value == number}) <= 1


def is_procedure(page: Page) -> bool:
    """Whether a page describes an administrative procedure, which has a title, a text and often a date, too."""
    return len({part.lower() for part in PROCEDURE.findall(page.text)}) >= PROCEDURE_PARTS


def running_text(page: Page) -> int:
    """Characters of unlinked text in the paragraphs of the parent that has most of it."""
    totals: dict[Element, int] = {}
    for paragraph in PARAGRAPHS(page.root):
        length = len(_text(paragraph))
        if length < 60:
            continue
        linked = sum(len(_text(anchor)) for anchor in LINK_TEXT(paragraph))
        parent = paragraph.getparent()
        if parent is not None and length - linked > linked:
            totals[parent] = totals.get(parent, 0) + length - linked
    return max(totals.values(), default=0)


def _text(element: Element) -> str:
    return "".join(map(str, element.itertext()))


def is_article(url: str, key: str, on_page: int, patterns: UrlPatterns, *, listed: bool) -> bool:
    """Whether a page of an undescribed site is to be taken for an article.

    Args:
        url: Its address.
        key: Its key, by which links to it are counted.
        on_page: Its :func:`page_evidence`.
        patterns: What the site's links have taught so far.
        listed: Whether a list prints a date beside a link to it, as none does beside an entry of the menu.
    """
    address, links = address_evidence(url), patterns.evidence(url)
    if (links < 0 and not address) or LISTS.search(url):
        return False
    menu = MENU if patterns.in_menu(key) and not (listed and patterns.in_box(key)) else 0
    # Two kinds of evidence, or one beyond doubt.
    return address + links + on_page - menu >= 3
