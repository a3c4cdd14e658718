"""The headline of an article: which of the lines above its text, or of what its page announces."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from portal_crawler.extraction.byline import HEADINGS
from portal_crawler.extraction.crumbs import FROM_HOME
from portal_crawler.extraction.dates import is_date_line, is_event, is_stamp
from portal_crawler.extraction.notices import is_paragraph
from portal_crawler.extraction.page import PHRASING, Element, element_text, says_only, squeeze
from portal_crawler.extraction.render import absolute
from portal_crawler.extraction.scoring import SENTENCE_ENDS
from portal_crawler.extraction.verdicts import is_file_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.sheet import Sheet

# How far before the text a headline or a date may stand, and how far behind it a date, in blocks.
BEFORE = 30

NEAR_DATE = 3  # blocks before the text, of which the first may be the headline
HEADING_ABOVE = 4  # blocks before the text, of which one may be its heading above a date
LEAST_TITLE, LONGEST_TITLE = 5, 80  # words
SECTION_WORDS = 4  # of which the name of a section has fewer
WITHOUT_SPACES = "\u2e80"  # from where on the letters of Chinese and Japanese are
TOP = 3  # blocks, among which the name of a site stands
MENU, MOSTLY_LINK = 5, 0.8  # links that are a menu, and how much of a block is link to be one
LONGEST_STAMP = 120  # characters of a line with the time of publication and what stands beside it
LONG_HINT = 30  # characters from which a part of a hint is worth something

TITLE_HINT = re.compile(r"title|headline|tieu-?_?de|heading|subject", re.IGNORECASE)
TITLE_NAME = re.compile(
    r"(?:^|\s)(?:(?:article|post|entry|news|detail|full|content|asset|main)[-_]?)*(?:title|headline|tieu-?de)(?:$|\s)",
    re.IGNORECASE,
)
SUBTITLE = r"sub[-_]?(?:title|head(?:ing|line)?)(?![a-z])|tieu-?_?de-?_?(?:phu|con)(?![a-z])"
SUBTITLE_NAME = re.compile(SUBTITLE, re.IGNORECASE)
NO_TITLE_HINT = re.compile(rf"{SUBTITLE}|portlet-title|block-?title|box|widget|menu|site-?title|module", re.IGNORECASE)
SEPARATOR = re.compile(r"\s+[-–—|»:]+\s+")


def title(sheet: Sheet) -> str | None:
    """The headline: the wrapper's, or the block near the text that the page's own hints agree on."""
    if sheet.wrapper is not None and (said := sheet.said(sheet.wrapper.title)):
        return said
    if not sheet.kept:
        return _over_pictures(sheet)
    hints = _title_hints(sheet)
    long_hints = tuple(hint for hint in hints if len(hint) > LONG_HINT)
    first, best, best_score = sheet.first_kept(), -1, 2.5
    for place, block in enumerate(sheet.blocks[: first + 3]):
        near = first - place <= BEFORE
        if not near and block.text not in hints and block.way.tag not in ("h1", "h2", "h3"):
            continue
        score = _title_score(sheet, block, hints, long_hints) - 0.04 * min(abs(first - place), 40)
        if score < best_score and near and _above_stamp(sheet, place):
            score += 3.0
        if score > best_score:
            best, best_score = place, score
    if best >= 0:
        told = sheet.blocks[_below_menu(sheet, best, first)]
        if told.text not in hints:
            told = _below_crumbs(sheet, best, first) or told
        # What is called a title and has but a word or two is the name of the section most often.
        longer = _above_date(sheet, first) if _is_section(told) else None
        return longer or told.text
    found = _announced(sheet, first) or _beside_date(sheet, first) or _above_date(sheet, first)
    return found or _heading_above(sheet, first)


def _below_menu(sheet: Sheet, best: int, first: int) -> int:
    """The heading right above the text, where that which looks more like a headline is the site's name above a menu."""
    if best > TOP:
        return best
    below = range(max(best + 1, first - NEAR_DATE), min(first + 1, len(sheet.blocks)))
    for place in below:
        block = sheet.blocks[place]
        if block.way.tag in ("h2", "h3", "h4") and not block.linked and block.words >= LEAST_TITLE:
            between = sheet.blocks[best + 1 : place]
            menu = sum(other.link_density > MOSTLY_LINK and not is_file_link(other) for other in between) >= MENU
            return best if sheet.recurs(block) or not menu else place
    return best


def _is_section(block: Block) -> bool:
    """Whether a line is of a few words and no heading: "Thông báo". In a script without spaces it is long."""
    return block.words < SECTION_WORDS and max(block.text) < WITHOUT_SPACES and block.way.tag not in HEADINGS


def _below_crumbs(sheet: Sheet, best: int, first: int) -> Block | None:
    """The heading right above the text and below the line that leads to it from the home page.

    What looks more like a headline and stands above that line is the name of the site.
    """
    crumbs = (
        place
        for place in range(best + 1, first)
        if sheet.blocks[place].linked and FROM_HOME.match(sheet.blocks[place].text)
    )
    begin = max(next(crumbs, first) + 1, first - NEAR_DATE)
    return next((block for block in sheet.blocks[begin : first + 1] if _is_heading(sheet, block)), None)


def _heading_above(sheet: Sheet, first: int) -> str | None:
    """The heading between which and the text a date stands, and perhaps other fields of the page."""
    dated = False
    for block in reversed(sheet.blocks[max(0, first - HEADING_ABOVE) : first]):
        if dated and _is_heading(sheet, block):
            return block.text
        dated = dated or is_date_line(block.text)
    return None


def _is_heading(sheet: Sheet, block: Block) -> bool:
    """Whether a line is set as a heading, and of some words, no link and no label of all pages."""
    told = block.way.tag in HEADINGS and not (block.linked or block.hidden) and block.words >= LEAST_TITLE
    return told and not sheet.recurs(block)


def subtitle(sheet: Sheet) -> str | None:
    """The second headline: the layout's, or the line right below the headline that is called so."""
    if sheet.wrapper is not None:
        return sheet.said(sheet.wrapper.subtitle)
    for above, below in pairwise(sheet.blocks):
        second = above.text == sheet.headline and not below.linked and _is_subtitle(below)
        if second and not sheet.recurs(below) and not is_date_line(below.text):
            return below.text
    return None


def _is_subtitle(block: Block) -> bool:
    return SUBTITLE_NAME.search(f"{block.element.get('class') or ''} {block.element.get('id') or ''}") is not None


def _over_pictures(sheet: Sheet) -> str | None:
    """The headline of a page without text, as of a notice that was scanned: the line of date and time tells it."""
    lines = (place for place, block in enumerate(sheet.blocks) if 5 < block.words <= LONGEST_TITLE)
    return next((sheet.blocks[place].text for place in lines if _above_stamp(sheet, place)), None)


def _announced(sheet: Sheet, first: int) -> str | None:
    """The headline that a link has announced, where it is a part of a line: "…<b>headline</b><br>(7:30 - 1/2/2023)"."""
    link = sheet.capture.link_text
    if link is None or len(link.split()) <= 3:
        return None
    for block in sheet.blocks[max(0, first - BEFORE) : first + 3]:
        if link in block.text and any(element_text(part) == link for part in block.element.iter() if part.tag != "a"):
            return link
    return None


def _beside_date(sheet: Sheet, first: int) -> str | None:
    """The headline that shares its line with the date and nothing else: "<b>headline</b> <i>(1/2/2023)</i>"."""
    for block in sheet.blocks[max(0, first - BEFORE) : first + 1]:
        if block.linked or block.hidden or not LEAST_TITLE <= block.words <= LONGEST_TITLE:
            continue
        for part in block.element.iter():
            text = element_text(part) if part is not block.element and part.tag in PHRASING else ""
            if (
                text.count(" ") + 1 >= LEAST_TITLE
                and block.text.startswith(text)
                and is_date_line(block.text[len(text) :])
            ):
                return text
    return None


def _above_date(sheet: Sheet, first: int) -> str | None:
    """The headline of which nothing is known but that a date without a time follows, and then the text.

    One of a few words is set apart as well.
    """
    for place in range(max(0, first - NEAR_DATE), first + 1):
        block = sheet.blocks[place]
        least = 1 if _set_apart(block) else LEAST_TITLE + 1
        ends = block.text.endswith(SENTENCE_ENDS) and block.way.tag not in HEADINGS
        if not ends and _above_stamp(sheet, place, is_date_line, least):
            return block.text
    return None


def _set_apart(block: Block) -> bool:
    """Whether a line is a heading, or bold, or called a title."""
    return (
        block.way.tag in HEADINGS
        or any(node.tag in ("b", "strong") for node, _ in block.slots)
        or _inline_marks(block) > 0
        or _title_marks(block.element) > 0
    )


def _above_stamp(
    sheet: Sheet, place: int, dated: Callable[[str], bool] = is_stamp, least: int = LEAST_TITLE + 1
) -> bool:
    """Whether a line of some words stands right above the line of date and time, which stands before the text."""
    below = sheet.blocks[place + 1] if place + 1 < len(sheet.blocks) else None
    block = sheet.blocks[place]
    return (
        least <= block.words <= LONGEST_TITLE
        and not block.linked
        and below is not None
        and not (block.text.endswith(SENTENCE_ENDS) and is_event(below.text))
        and any(map(dated, _parts(below)))
        and not is_paragraph(block)
        and not sheet.recurs(block)
        and not _is_subtitle(block)
    )


def _parts(block: Block) -> Iterator[str]:
    """A line, and what stands in it in elements of its own: the time of publication beside counters and buttons."""
    yield block.text
    if not block.linked and len(block.text) < LONGEST_STAMP and len(block.nodes) > 1:
        yield from (squeeze(text) for _, _, text in block.nodes)


def _title_hints(sheet: Sheet) -> dict[str, float]:
    """Strings that should be the headline, with the trust that each deserves."""
    hints: dict[str, float] = {}
    page, meta = sheet.page, sheet.page.meta
    for name, trust in (
        ("og:title", 3.0),
        ("twitter:title", 2.0),
        ("dc.title", 3.0),
        ("headline", 3.0),
        ("title", 1.0),
    ):
        for text in _prefixes(meta.get(name)):
            hints[text] = max(hints.get(text, 0), trust)
    for thing in sheet.json_ld():
        if isinstance(thing.get("headline"), str):
            hints[squeeze(thing["headline"])] = 4.0
    for text in _prefixes(page.title):
        hints[text] = max(hints.get(text, 0), 3.0)
    link = sheet.capture.link_text
    if link and len(link.split()) > 3:
        hints[link] = max(hints.get(link, 0), 4.0)
    return hints


def _prefixes(text: str | None) -> Iterator[str]:
    """A page title and what is left of it when names of the section and the site are cut off its end."""
    if text:
        yield text
        for match in SEPARATOR.finditer(text):
            yield text[: match.start()]


def _title_score(sheet: Sheet, block: Block, hints: dict[str, float], long_hints: tuple[str, ...]) -> float:
    text = block.text
    words = text.count(" ") + 1
    if words > LONGEST_TITLE:
        return -10.0
    element = block.element
    parent = element.getparent()
    tags = (element.tag, parent.tag) if parent is not None else (element.tag,)
    score = 3.0 if "h1" in tags else 1.5 if "h2" in tags else 1.0 if "h3" in tags else 0.0
    score += _inline_marks(block) or _title_marks(element) or (_title_marks(parent) if parent is not None else 0.0)
    if text in hints:
        score += hints[text] + (1.0 if words > 3 else 0.0)
    elif words > 5 and (text.startswith(long_hints) or any(hint.startswith(text) for hint in long_hints)):
        score += 1.0
    if words < 4:
        score -= 1.5
    # Most blocks end here: without a sign in their favour the dearer questions need no answer.
    if score < 1.0 or not any(map(str.isalpha, text)):
        return score
    links = [node for node in (element, *islice(element.iterancestors(), 2)) if node.tag == "a"] or element.findall(
        ".//a[@href]"
    )
    if links and not any(_same_page(sheet, node) for node in links):
        score -= 2.5
    return score - 10.0 if sheet.recurs(block) else score


def _inline_marks(block: Block) -> float:
    """Marks of the outermost element inside a block that holds all its text: its own may hold other blocks as well.

    Links are not asked: those to other articles have such names, too.
    """
    if block.linked:
        return 0.0
    node, is_tail = block.slots[0]
    inline: list[Element] = []
    while not is_tail and node is not block.element:
        inline.append(node)
        above = node.getparent()
        assert above is not None  # the block's own element at the latest
        node = above
    # To read them is dear, and most have no name that says anything.
    if not any(map(_title_marks, inline)):
        return 0.0
    return next((_title_marks(one) for one in reversed(inline) if says_only(one, block.text)), 0.0)


def _title_marks(element: Element) -> float:
    marks = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"
    return 0.0 if marks == "  " else _called_title(marks)


@lru_cache(maxsize=20_000)
def _called_title(marks: str) -> float:
    """How much an element's names speak for a headline."""
    if NO_TITLE_HINT.search(marks):
        return -1.0
    return 3.0 if TITLE_NAME.search(marks) else 2.0 if TITLE_HINT.search(marks) else 0.0


def _same_page(sheet: Sheet, link: Element) -> bool:
    url = absolute(sheet.page.url, link.get("href"))
    return url in (sheet.capture.url, sheet.capture.canonical_url)


# ----------------------------------------------------------------------- dates
