"""What a page says about the pages that it links to: addresses, link texts, dates beside them, the way on in a list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from portal_crawler.crawling import calls
from portal_crawler.crawling.patterns import TITLE_WORDS, WORDS
from portal_crawler.crawling.rules import page_number
from portal_crawler.crawling.xpath import elements, strings
from portal_crawler.extraction.dates import find_dates
from portal_crawler.extraction.page import LONGEST_ADDRESS, element_text, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal_crawler.crawling.rules import UrlRules
    from portal_crawler.extraction.page import Element, Page

# By their attributes, and from these to the elements: to ask each element what it has takes several times as long.
ONCLICK = elements("//@onclick[contains(., 'RefreshPageTo') or contains(., 'location')]/..")
JUMPS = elements("//@onchange[contains(., 'location') or contains(., 'open')]/parent::select/option[@value]")
GRID_PAGE = re.compile(r"Page\$(\d{1,5})")
# WordPress announces beside its articles what readers have commented.
COMMENTS = re.compile(r"/comments/feed\b|[?&]feed=comments", re.IGNORECASE)
FEEDS = strings("//link[contains(@rel, 'alternate') and (contains(@type, 'rss') or contains(@type, 'atom'))]/@href")
NEXT = strings("//link[@rel='next']/@href | //a[contains(concat(' ', @rel, ' '), ' next ')]/@href")
POSTBACKS = elements("//a[contains(@href, '__doPostBack')]")
HEADINGS = elements("descendant::*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5]")
BREADCRUMBS = elements(
    "//@class[contains(., 'breadcrumb') or contains(., 'breakcolumn') or contains(., 'pathway')"
    " or contains(., 'dd_chuyenmuc')]/.. | //@id[contains(., 'breadcrumb')]/.."
    " | //@itemtype[contains(., 'BreadcrumbList')]/.."
)
CRUMBS = elements("descendant::*[not(*)]")

# SharePoint: RefreshPageTo(event, "\u002fLists…"); others: window.location='…', location.href = "…".
ONCLICK_ADDRESS = re.compile(r"""(?:RefreshPageTo\(\s*event\s*,\s*|location(?:\.href)?\s*=\s*)["']([^"']+)["']""")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
POSTBACK = re.compile(r"__doPostBack\(\s*'([^']*)'\s*,\s*'([^']*)'")

# Elements with a slash in their own text, and those of them that print how many pages there are.
WITH_SLASH = elements("//text()[contains(., '/')]/..")
TOTAL_TAGS = frozenset(("span", "p", "div", "td", "li", "b", "strong", "label"))
TOTAL = re.compile(r"^\W*(?:trang\s*:?\s*)?(\d{1,5})\s*/\s*(\d{1,5})\W*$", re.IGNORECASE)
PAGER_WORDS = re.compile(r"^(?:trang\s+)?(?:sau|trước|đầu|cuối|tiếp|kế)$", re.IGNORECASE)
# A repeater numbers the controls of its rows: rptPages$ctl02$lnkPage.
CONTROL_NUMBER = re.compile(r"(?<=ctl)\d+(?=\$|$)")
# ASP.NET's calendar sends the days since 2000-01-01.
CALENDAR_DAY = re.compile(r"^V?\d{3,5}$")

NEXT_WORDS = re.compile(
    r"^(?:(?:trang\s+)?(?:sau|tiếp(?:\s+theo)?|kế(?:\s+tiếp)?)|next(?:\s+page)?|older(?:\s+posts)?"
    r"|xem\s+(?:tiếp|thêm)|[>»›→]++)(?:\s*[>»›→]+)?$",
    re.IGNORECASE,
)
TOOLS = re.compile(
    r"(?:xem\s+(?:tất\s+cả|toàn\s+bộ|chi\s+tiết)|chi\s+tiết|đọc\s+tiếp|more|read\s+more|english|tiếng\s+việt|rss)\b|\W+$",
    re.IGNORECASE,
)
# A date with its year, in any of the written forms: the cheap test before the real grammar is asked.
MAYBE_DATE = re.compile(r"\d{1,2}\s?[/.\- ]\s?\d{1,2}\s?[/.\- ]\s?\d{4}|\d{4}-\d\d-\d\d|tháng\s+\d")
HOME = re.compile(r"^(?:trang\s+(?:chủ|nhất|đầu)|home(?:\s*page)?|»|>|/)$", re.IGNORECASE)
ELLIPSIS = re.compile(r"\s*(?:\.{3}|…)$")

# A longer text is a whole card (title, summary, date) wrapped into one link, not a title.
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Postback:
    """An ASP.NET pager link: the control that it fires and the argument that it sends."""

    target: str
    argument: str


def anchors(page: Page) -> Iterator[tuple[str, Element]]:
    """The links of a page, and of what frames it is put together: raw address and element.

    Where a link calls a script instead of leading to an address, that is the address which the script opens.
    """
    scripted = page.has(b"location") or page.has(b"open(")
    for element in page.root.iter("a", "area", "frame"):
        href = element.get("src" if element.tag == "frame" else "href")
        if scripted and calls.leads_by_script(element):
            href = calls.opened(page, element) or href
        if href:
            yield href, element


def turned_by_script(page: Page, rules: UrlRules) -> list[str]:
    """The addresses of a list's other pages that links open by script."""
    linked = [rules.link(page.url, href) for href, anchor in anchors(page) if calls.leads_by_script(anchor)]
    return [link.url for link in linked if link is not None and page_number(link.url) is not None]


def unread_calls(page: Page) -> Iterator[tuple[str, str]]:
    """What titled links call whose scripts do not tell which address they open: names of functions, and the titles."""
    for element in page.root.iter("a") if page.has(b"onclick") or page.has(b"javascript:") else ():
        if calls.leads_by_script(element) and (call := calls.called(element)) is not None and call["given"]:
            title = link_text(element)
            if title is not None and len(WORDS.findall(title)) >= TITLE_WORDS and calls.opened(page, element) is None:
                yield call["name"], title


def addresses(page: Page, rules: UrlRules, *, plain: bool) -> Iterator[str]:
    """The addresses that a page links to inside the portal: those with parameters, and ``plain`` ones if asked for."""
    for href, _ in anchors(page):
        if (plain or "?" in href) and (link := rules.link(page.url, href)) is not None and link.kind != "outside":
            yield link.url


def is_hidden(anchor: Element) -> bool:
    """Whether a reader cannot see a link: the page's own style hides it, or nothing stands in it."""
    styles = (element.get("style") or "" for element in (anchor, *anchor.iterancestors()))
    return any("display:none" in style.replace(" ", "").lower() for style in styles) or (
        not len(anchor) and not (anchor.text or "").strip()
    )


def link_text(anchor: Element) -> str | None:
    """The title that a link announces: its text, its heading's if it wraps a card, or the ``title`` if fuller."""
    text = element_text(anchor)
    if text and (headings := HEADINGS(anchor)):
        text = element_text(headings[0]) or text
    shown = squeeze(anchor.get("title") or "")
    short = ELLIPSIS.sub("", text)
    if shown and (not text or (short != text and shown.startswith(short))):
        text = shown
    return text if 0 < len(text) <= LONGEST_TITLE else None


# A block of more links is a list, however short their texts are; and no link of it is worth reading all of them again.
MOST_BESIDE = 100


def listed_date(anchor: Element, address: str) -> str | None:
    """The date that stands beside a link, as printed.

    The search climbs from the link to the block that holds it and stops where a link to another address begins: that
    block would be the list.
    """
    own = element_text(anchor)
    block = anchor
    for _ in range(5):
        parent = block.getparent()
        if parent is None or parent.tag in ("body", "html"):
            return None
        others = list(islice(parent.iter("a", "area"), MOST_BESIDE + 1))
        if len(others) > MOST_BESIDE:
            return None
        if any(_is_another(other, anchor, address) for other in others):
            return None
        block = parent
        text = element_text(block)
        if len(text) > len(own) + 1500:
            return None
        beside = text.replace(own, " ", 1) if own else text
        if MAYBE_DATE.search(beside):
            found = find_dates(beside)
            if found:
                return next((date for date in found if date.label == "published"), found[0]).raw
    return None


def _is_another(other: Element, anchor: Element, address: str) -> bool:
    """Whether a link has a title and leads elsewhere than that of an anchor does."""
    href = other.get("href") or ""
    if len(href) < 2 or href.startswith(("#", "javascript:")):
        call = calls.called(other)
        if call is None or other is anchor or ((own := calls.called(anchor)) is not None and own[0] == call[0]):
            return False
    elif href == address:
        return False
    text = "".join(map(str, other.itertext())) if len(other) else other.text or ""
    return len(text.strip()) > 14


def breadcrumb(page: Page) -> list[str]:
    """The page's breadcrumb, outermost first, without the home page; empty if it shows none."""
    for element in BREADCRUMBS(page.root):
        names: list[str] = []
        for crumb in CRUMBS(element):
            name = element_text(crumb).strip("»>/ ")
            if name and len(name) < 120 and not HOME.match(name) and name not in names:
                names.append(name)
        if names:
            return names
    return []


def is_tool(text: str) -> bool:
    """Whether a link's text says what it does ("Xem tất cả", "Trang sau", a page number), not what it leads to."""
    return text.isdecimal() or TOOLS.match(text) is not None or NEXT_WORDS.match(text) is not None


def has_script_pager(page: Page) -> bool:
    """Whether a page turns by script: postback or ``onclick``."""
    return bool(_post_links(page)) or bool(next_links(page))


def canonical_link(page: Page) -> str | None:
    """The address that the page names as its canonical one (RFC 6596)."""
    return next(
        (link.get("href") for link in page.root.iter("link") if (link.get("rel") or "").lower() == "canonical"), None
    )


def next_links(page: Page) -> list[str]:
    """Addresses of a list's pages that no plain link shows: ``rel=next``, ``onclick``, numbers to choose from."""
    found = NEXT(page.root) if page.has(b"next") else []
    for element in ONCLICK(page.root) if page.has(b"onclick") else ():
        if address := ONCLICK_ADDRESS.search(element.get("onclick") or ""):
            found.append(ESCAPED.sub(lambda code: chr(int(code[1], 16)), address[1]))
    for option in JUMPS(page.root) if page.has(b"onchange") else ():
        text, chosen = element_text(option), option.get("value") or ""
        if text.isdecimal() and page_number(chosen) == int(text[:9]):
            found.append(chosen)
    return found


def is_next(anchor: Element, number: int | None) -> bool:
    """Whether a link's text leads on in a list: "Trang sau", "»", or the number after ``number``."""
    text = element_text(anchor)
    if text.isdecimal():
        return number is not None and int(text[:9]) == number + 1
    return NEXT_WORDS.match(text) is not None


def other_pagers(page: Page) -> list[str]:
    """Names of the page's postback pagers with numbers behind the first: each turns a list of its own."""
    names = (_pager(call) for anchor, call in _postbacks(page) if element_text(anchor).isdecimal() and not _day(call))
    return list(dict.fromkeys(names))[1:]


def _post_links(page: Page) -> list[Element]:
    return POSTBACKS(page.root) if page.has(b"__dopostback") else []


def _postbacks(page: Page) -> Iterator[tuple[Element, Postback]]:
    for anchor in _post_links(page):
        if call := POSTBACK.search(anchor.get("href") or ""):
            yield anchor, Postback(call[1], call[2])


def _day(call: Postback) -> bool:
    return CALENDAR_DAY.match(call.argument) is not None


def _pager(call: Postback) -> str:
    """The control that a postback belongs to: a grid, whose page is the argument, or what holds a link a page."""
    return call.target if call.argument else CONTROL_NUMBER.sub("", call.target.rpartition("$")[0])


def _calls(page: Page, pager: str) -> Iterator[tuple[Element, Postback]]:
    """The postbacks of one pager; those of the first pager, whose name is empty, are all that are no other's."""
    others = set(other_pagers(page))
    for anchor, call in _postbacks(page):
        if _pager(call) == pager or (not pager and _pager(call) not in others):
            yield anchor, call


def next_postback(page: Page, number: int, pager: str = "") -> Postback | None:
    """The postback that leads from page ``number`` of an ASP.NET list to the next one.

    Pagers show the numbers of one window and an arrow or an ellipsis to the next window, so the number is looked for
    first, then the word or arrow, then the last ellipsis.
    """
    following: Postback | None = None
    ellipsis: Postback | None = None
    for anchor, call in _calls(page, pager):
        text = element_text(anchor)
        if text == str(number + 1):
            return call
        if NEXT_WORDS.match(text):
            following = following or call
        elif text in ("...", "…"):
            ellipsis = call
        elif text.isdecimal():
            ellipsis = None  # an ellipsis before the numbers leads back
    return following or ellipsis


def postback_towards(page: Page, number: int, wanted: int, pager: str = "") -> tuple[int, Postback] | None:
    """The postback that leads from page ``number`` closest to page ``wanted``, and the page that it leads to.

    An ellipsis may tell by its argument (``Page$11``) where it leads.
    """
    reached = {}
    for anchor, call in _calls(page, pager):
        text, argument = element_text(anchor), GRID_PAGE.fullmatch(call.argument)
        if text.isdecimal() and len(text) < 6 and not _day(call):
            reached[int(text)] = call
        elif argument is not None:
            reached.setdefault(int(argument[1]), call)
    closest = max((other for other in reached if number < other <= wanted), default=None)
    return None if closest is None else (closest, reached[closest])


def postback_numbers(page: Page, pager: str = "") -> list[int]:
    """The page numbers that an ASP.NET pager shows; the days of a calendar (arguments of four digits) are none."""
    texts = ((element_text(anchor), call) for anchor, call in _calls(page, pager))
    return [int(text) for text, call in texts if text.isdecimal() and len(text) < 6 and not _day(call)]


def printed_total(page: Page, number: int) -> int | None:
    """How many pages a list prints that it has ("Trang 2/3", "2 / 3"), beside its pager, on page ``number``."""
    others: set[Element] = set()  # blocks that are no pager's
    for element in WITH_SLASH(page.root):
        if element.tag not in TOTAL_TAGS:
            continue
        # What stands in the element itself, before and behind its children.
        for text in (element.text, *(child.tail for child in element)):
            found = TOTAL.match(squeeze(text)) if text and "/" in text else None
            if found and int(found[1]) == number and int(found[2]) >= max(number, 2) and _pages(element, others):
                return int(found[2])
    return None


def _pages(block: Element | None, others: set[Element]) -> bool:
    """Whether a block is a pager's: a slide show counts in the same way, but has no links to pages."""
    for _ in range(2):
        if block is None or block.tag == "body":
            return False
        if block not in others:
            if any(PAGER_WORDS.match(text) or text.isdecimal() for text in map(element_text, block.iter("a"))):
                return True
            others.add(block)
        block = block.getparent()
    return False


def feed_links(page: Page) -> list[str]:
    """Addresses of the RSS and Atom feeds that a page announces, but for those of comments."""
    return [url for url in FEEDS(page.root) if len(url) <= LONGEST_ADDRESS and not COMMENTS.search(url)]
