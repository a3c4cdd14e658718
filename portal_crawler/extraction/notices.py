"""Short notices: one line, "see the attached file", under a headline.

What a text looks like tells nothing where there is hardly any. What remains is where it stands: behind the headline and
its date, in the same part of the page, before the tools and the other news. The headline is the block that the page
calls its title, or one with a time of publication right behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from portal_crawler.extraction.byline import HEADINGS
from portal_crawler.extraction.dates import is_clock, is_date_line, is_event, is_stamp
from portal_crawler.extraction.page import squeeze
from portal_crawler.extraction.tables import is_widget, tables_inside
from portal_crawler.extraction.widgets import named, says

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.page import Element, Page

# Words of a headline at least, and characters at most.
HEADLINE_WORDS = 4
LONGEST_HEADLINE = 300
# The time of publication stands so many blocks behind a headline that the page does not call its title.
STAMP_NEAR = 2
# So many levels above the headline the element may be that holds the text as well; what follows, one more.
LEVELS = 4
# So many blocks are looked at for the first of the text, those of the template, labels and dates not counted; so many
# it may have.
FIRST_WITHIN = 6
MOST_BLOCKS = 12
# A block that is more of a link than this is one; log-odds below which it is none of the text, and those below which
# any other block is none; a sentence of some words is, unless the template has it.
LINK = 0.8
LEAST_LINK = -3.0
LEAST = -4.0
LEAST_SENTENCE = -8.0
SENTENCE_WORDS = 3
# Two sentences of so many words, the last with its full stop, are a paragraph and no headline.
PARAGRAPH_WORDS = 12
SENTENCES = re.compile(r"\w[.!?] +[^\W\da-zà-ỹ].*\.$")
# Of more words a line before the date is no name.
NAME_WORDS = 4


@dataclass(slots=True)
class Notice:
    """Where a short notice stands.

    Attributes:
        headline: Place of its headline among the blocks.
        text: Places of its text, in order; never empty. Of a table of data it may be the first cell alone.
        around: The element that holds both.
    """

    headline: int
    text: list[int]
    around: Element


def notice(
    page: Page, found: Sequence[Block], odds: Sequence[float], is_file: Callable[[Block], bool]
) -> Notice | None:
    """Seek a short notice by its place behind the headline.

    Args:
        page: The parsed page.
        found: Its blocks.
        odds: Log-odds of each to be text; very low for what is known to be boilerplate.
        is_file: Whether a block links to a file.
    """
    titles = [page.title or "", page.meta.get("og:title", "")]
    heads = [place for place, block in enumerate(found) if _may_head(block)]
    called = [place for place in heads if any(_is_title(found[place].text, title) for title in titles)]
    others = _stamped(heads, found) or _dated(heads, found, odds)
    # What is called as the page at its foot is the site's name; before the first that is, there may be a headline yet.
    for place in (*called, *(place for place in others if not called or place < called[0])):
        told = _behind(place, set(called), found, odds, is_file)
        if told is not None:
            return told
    return None


def _stamped(heads: Sequence[int], found: Sequence[Block]) -> list[int]:
    """Of the blocks that may be a headline, those that a time of publication follows, no other between."""
    told = []
    for place, following in pairwise([*heads, len(found)]):
        if any(
            is_stamp(block.text) or is_stamped(block)
            for block in found[place + 1 : min(following, place + 1 + STAMP_NEAR)]
        ):
            told.append(place)
    return told


def is_stamped(block: Block) -> bool:
    """Whether a line is a stamp and counters, each in an element of its own: only the style sheet keeps them apart."""
    if block.linked or len(block.nodes) == 1:
        return False
    parts = [part for _, _, text in block.nodes if (part := squeeze(text).strip("|•· -"))]
    return any(map(is_stamp, parts)) and all(is_stamp(part) or says(part) is not None for part in parts)


def _dated(heads: Sequence[int], found: Sequence[Block], odds: Sequence[float]) -> list[int]:
    """Those right behind which a date without a time stands; behind what looks like text it is that of a comment."""
    begun = next((place for place, chance in enumerate(odds) if chance > 0), len(found))
    able = (
        place
        for place in heads
        if place <= begun
        and odds[place] > LEAST_SENTENCE
        and place + 1 < len(found)
        and (not found[place].text.endswith(".") or found[place].way.tag in HEADINGS)
    )
    return [place for place in able if is_date_line(found[place + 1].text)]


def _may_head(block: Block) -> bool:
    return (
        not block.hidden
        and block.words >= HEADLINE_WORDS
        and len(block.text) < LONGEST_HEADLINE
        and block.link_density < LINK
        and not is_date_line(block.text)
        and not is_paragraph(block)
    )


def is_paragraph(block: Block) -> bool:
    """Whether a line is two sentences or more, and set in no heading."""
    return block.words >= PARAGRAPH_WORDS and block.way.tag not in HEADINGS and SENTENCES.search(block.text) is not None


def _is_title(text: str, title: str) -> bool:
    """Whether a page's title is that text, or begins with it as "headline - name of the site" does."""
    return (bool(title) and title.casefold().startswith(text.casefold())) or (
        len(title) > 20 and text.startswith(title)
    )


def _behind(
    place: int, heads: set[int], found: Sequence[Block], odds: Sequence[float], is_file: Callable[[Block], bool]
) -> Notice | None:
    """What reads like the text of that headline; None if nothing does."""
    ways = _ways_up(found[place].element)
    around: Element | None = None
    own = {widget for node in ways if (widget := named(node)) is not None}
    text: list[int] = []
    passed = 0
    for other in range(place + 1, len(found)):
        block = found[other]
        passed += odds[other] > LEAST_SENTENCE and says(block.text) is None and not is_date_line(block.text)
        if other in heads or (not text and passed > FIRST_WITHIN):
            break
        top = _shared(block.element, ways, LEVELS if around is None else ways[around] + 1)
        if top is None:
            break
        if (
            block.hidden
            or is_clock(block.text)
            or is_stamped(block)
            or (is_date_line(block.text) and not (text and is_event(block.text)))
        ):
            if text and all(_may_be_name(found[each], is_file) for each in text):
                text.clear()  # fields of the page, as the date and the time are
                around = None
            continue
        none = _is_none(block, odds[other], is_file) or _in_widget(block.element, top, own)
        if none and text:
            if not _says_something(block) and all(_may_be_name(found[each], is_file) for each in text):
                continue  # a dash or a counter among the fields of the page
            break
        if none and not _begins_table(other, top, found):
            continue
        around = around if around is not None else top
        text.append(other)
        if len(text) == MOST_BLOCKS:
            break
    return Notice(place, _without_heading(text, found), around) if around is not None else None


def _without_heading(text: list[int], found: Sequence[Block]) -> list[int]:
    """The text without a heading at its end, where the rest of it is none: that is of the box behind."""
    last = [found[place].way.tag in HEADINGS for place in text[-2:]]
    return text[:-1] if last == [False, True] else text


def _may_be_name(block: Block, is_file: Callable[[Block], bool]) -> bool:
    """Whether a line is so short that before the date it is who has written, or the section."""
    return block.words <= NAME_WORDS and not block.text.endswith((".", "!", "?", ":")) and not is_file(block)


def _begins_table(place: int, top: Element, found: Sequence[Block]) -> bool:
    """Whether a block is the first cell of a table of data: no cell looks like text, and the table is it."""
    return found[place].way.in_row and any(
        table.places[0] == place and not is_widget(table, top, found) for table in tables_inside(top, found)
    )


def _is_none(block: Block, odds: float, is_file: Callable[[Block], bool]) -> bool:
    """Whether a block is a label, a figure, a link that leads elsewhere, or boilerplate beyond doubt."""
    if says(block.text) is not None or not _says_something(block):
        return True
    if block.link_density > LINK:
        return odds < LEAST_LINK and not is_file(block)
    sentence = block.words >= SENTENCE_WORDS and block.text.endswith((".", "!", "?"))
    return odds < (LEAST_SENTENCE if sentence else LEAST)


def _says_something(block: Block) -> bool:
    """Whether there is a letter in a line: figures and dashes by themselves are counters and ornaments."""
    return any(map(str.isalpha, block.text))


def _ways_up(element: Element) -> dict[Element, int]:
    """The elements around one, and how many levels above it each is."""
    ways: dict[Element, int] = {}
    node: Element | None = element
    while node is not None and node.tag not in ("body", "html"):
        ways[node] = len(ways)
        node = node.getparent()
    return ways


def _shared(element: Element, ways: dict[Element, int], most: int) -> Element | None:
    """The innermost element that holds that one and the headline; None if it is more than ``most`` levels up."""
    node: Element | None = element
    while node is not None and node not in ways:
        node = node.getparent()
    return node if node is not None and ways[node] <= most else None


def _in_widget(element: Element, top: Element, own: set[str]) -> bool:
    """Whether an element below ``top`` is called a widget, as none of those around the headline is."""
    node: Element | None = element
    while node is not None and node is not top:
        widget = named(node)
        if widget is not None and widget not in own:
            return True
        node = node.getparent()
    return False
