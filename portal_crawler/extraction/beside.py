"""What is of a text because it stands between its lines or beside them, in elements of the same kind.

Lines of a few words, labels and phrases that the site's texts have in common look like no text wherever they stand.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from portal_crawler.extraction.byline import HEADINGS
from portal_crawler.extraction.dates import is_date_line
from portal_crawler.extraction.scoring import SENTENCE_ENDS
from portal_crawler.extraction.tables import CELLS
from portal_crawler.extraction.verdicts import UNSCORED

if TYPE_CHECKING:
    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.page import Element
    from portal_crawler.extraction.verdicts import Verdicts

# What a sentence beside a line of the text must not fall below.
KEEP_BESIDE = -4.0
# With what the parts of a document's wording begin, and how many of them are one.
PART = re.compile(
    r"căn cứ\s+(?:vào\s+)?(?:luật|bộ luật|nghị|quyết|thông tư|hiến|pháp lệnh)|(?:điều|chương) (?:\d|[IVX])",
    re.IGNORECASE,
)
# Characters of a link from a note back to its place in the text.
BACK_LINK = 3
# A label stands so many levels below its row.
ROW_LEVELS = 4


def keep_between(work: Verdicts) -> None:
    """Keep the sentences that stand beside a line of the text, as elements of the same kind in the same element.

    The last before a box of links, and the first of a list, look less like text than those beside them.
    """
    for places in (range(1, len(work.out)), range(len(work.out) - 2, -1, -1)):
        step = places.step
        for place in places:
            block = work.blocks[place]
            if work.out[place] != ("", "") or block.linked or block.hidden or work.odds[place] <= KEEP_BESIDE:
                continue
            beside = work.blocks[place - step]
            if work.out[place - step] is not None or beside.linked or not _alike(block, beside):
                continue
            if work.is_text(block) and block.text.endswith(SENTENCE_ENDS) and work.is_text(beside):
                work.out[place] = work.says_widget(block, None, work.odds[place])


def keep_lists(work: Verdicts) -> None:
    """Keep the entries of lists that stand between two kept lines, in the element that holds both: they are text.

    An entry of a few words looks like one of a menu, and the site has no other texts in lists.
    """
    extent = work.extent()
    place, end = extent.start + 1, extent.stop - 1
    while place < end:
        first = place
        while place < end and work.out[place] is not None and _is_entry(work, place):
            place += 1
        between = first < place and work.out[first - 1] is None and work.out[place] is None
        if between and len({_around_list(work.blocks[one].element) for one in range(first - 1, place + 1)}) == 1:
            for one in range(first, place):
                work.out[one] = work.says_widget(work.blocks[one], None, work.odds[one])
        place += first == place
    _keep_notes(work, extent.stop)


def _keep_notes(work: Verdicts, first: int) -> None:
    """Keep the entries of a list right behind the text, in the element that holds it, if all are sentences: its notes.

    A link back to where the note belongs may stand at their ends.
    """
    end = first
    while 0 < end < len(work.blocks) and _is_note(work, end):
        end += 1
    last = work.blocks[first - 1]
    if first == end or work.blocks[end - 1].element.getnext() is not None or not work.is_text(last):
        return
    if len({_around_list(work.blocks[place].element) for place in range(first - 1, end)}) == 1:
        for place in range(first, end):
            work.out[place] = work.says_widget(work.blocks[place], None, work.odds[place])


def _is_note(work: Verdicts, place: int) -> bool:
    """Whether a line that was not kept is an entry of a list, and a sentence but for a mark that links back."""
    block = work.blocks[place]
    if work.out[place] != ("", "") or work.odds[place] <= KEEP_BESIDE or block.hidden or block.way.tag != "li":
        return False
    text = block.text[: len(block.text) - block.linked] if block.linked <= BACK_LINK else ""
    return work.is_text(block) and text.rstrip().endswith(SENTENCE_ENDS)


def _is_entry(work: Verdicts, place: int) -> bool:
    """Whether a line that was not kept is an entry of a list, without links."""
    block = work.blocks[place]
    known = work.out[place] == ("", "") and work.odds[place] > UNSCORED and not (block.linked or block.hidden)
    return known and block.way.tag == "li"


def _around_list(element: Element) -> Element | None:
    """The element that holds a paragraph, or the outermost list that an entry stands in."""
    lists = list(element.iterancestors("ul", "ol")) if element.tag == "li" else []
    return (lists[-1] if lists else element).getparent()


def keep_standing(work: Verdicts) -> None:
    """Keep the lines that the site's texts have in common where they stand in the midst of one.

    Notices and advice of one kind have the same headings and phrases, and a template knows these. So are kept the
    labels of rows of which the text stands in others, which look like none.
    """
    extent, text = work.extent(), _first_text(work)
    place, end = extent.start + 1, extent.stop - 1
    while place < end:
        first = place
        while place < end and work.out[place] is not None and _stands(work, place):
            place += 1
        above = first - 1
        while above > 0 and first < place and work.kind(work.blocks[above], None) == "table_of_contents":
            above -= 1
        between = first < place and work.out[above] is None and work.out[place] is None
        # Between the headline and the text stand fields of the page as well.
        goes_with = _goes_with if above < text else _is_amid
        if between and all(goes_with(work, one, above, place) for one in range(first, place)):
            for one in range(first, place):
                work.out[one] = work.says_widget(work.blocks[one], None, KEEP_BESIDE)
        place += first == place
    if text:
        _keep_preamble(work, text)


def _first_text(work: Verdicts) -> int:
    """Place of the first paragraph that is kept and no headline; 0 if there is none."""
    texts = (place for place in work.extent() if work.out[place] is None and work.is_text(work.blocks[place]))
    return next((place for place in texts if not work.is_headline(work.blocks[place])), 0)


def _keep_preamble(work: Verdicts, first: int) -> None:
    """Keep the lines right before the first of the text, as elements beside it, if they tell on what laws it rests.

    Those are the same in most decisions of a year.
    """
    begin = first
    while begin > 0 and _stands(work, begin - 1) and _beside(work.blocks[begin - 1], work.blocks[first]):
        begin -= 1
    if any(is_part(work.blocks[place]) for place in range(begin, first)):
        for place in range(begin, first):
            work.out[place] = work.says_widget(work.blocks[place], None, KEEP_BESIDE)


def _beside(block: Block, other: Block) -> bool:
    """Whether two blocks are elements of one name in the same element, whatever their classes."""
    return block.element.tag == other.element.tag and block.element.getparent() is other.element.getparent()


def _stands(work: Verdicts, place: int) -> bool:
    """Whether a line that was not kept is nothing but words: the template's, or one that may be a label."""
    block, odds = work.blocks[place], work.odds[place]
    known = work.shares[place] > 0 if odds == UNSCORED else odds > KEEP_BESIDE
    return known and work.out[place] == ("", "") and not (block.linked or block.hidden or is_date_line(block.text))


def _goes_with(work: Verdicts, place: int, above: int, below: int) -> bool:
    """Whether a line is a heading in the element that holds the text above and below, or a paragraph as those are."""
    block, one, two = work.blocks[place], work.blocks[above], work.blocks[below]
    if work.odds[place] > UNSCORED:
        return False
    if block.way.tag not in HEADINGS:
        return not (one.linked or two.linked) and _alike(block, one) and _alike(block, two)
    around = block.element.getparent()
    return around is not None and all(around in other.element.iterancestors() for other in (one, two))


def _is_amid(work: Verdicts, place: int, above: int, below: int) -> bool:
    """The same where the text has begun: lines between line breaks and rows of one class go with it, too."""
    block, one, two = work.blocks[place], work.blocks[above], work.blocks[below]
    if work.odds[place] > UNSCORED:
        return _in_rows(block, one, two, pairs=True)
    if block.way.tag in HEADINGS:
        around = block.element.getparent()
        return around is not None and all(around in _up(other.element) for other in (one, two))
    if block.element is one.element and not (one.linked or two.linked):
        return True
    return _goes_with(work, place, above, below) or _in_rows(block, one, two)


def _up(element: Element) -> list[Element]:
    return [element, *element.iterancestors()]


def _in_rows(block: Block, one: Block, two: Block, *, pairs: bool = False) -> bool:
    """Whether three blocks stand in elements of one class, in the same element: rows of label and value.

    Args:
        block: The line in question.
        one: A line above.
        two: A line below.
        pairs: Whether each row has to be of two parts, and no more: a label and what it is of.
    """
    others = [_up(other.element) for other in (one, two)]
    for row in islice(_up(block.element), ROW_LEVELS):
        around = row.getparent()
        if around is None or any(around not in up for up in others):
            continue
        kind = row.tag, row.get("class")
        rows = [up[up.index(around) - 1] for up in others if up[0] is not around]
        alike = len(rows) == 2 and all((each.tag, each.get("class")) == kind for each in rows)
        return kind[1] is not None and alike and (not pairs or all(len(each) == 2 for each in rows))
    return False


def _alike(block: Block, other: Block) -> bool:
    """Whether two blocks are elements of the same kind in the same element; so are rows of one cell."""
    one, two = _row_of(block.element), _row_of(other.element)
    return (
        one.tag == two.tag
        and one is not two
        and one.getparent() is two.getparent()
        and one.get("class") == two.get("class")
    )


def _row_of(element: Element) -> Element:
    """The row of a table that a cell has to itself; else the element."""
    row = element.getparent() if element.tag in CELLS else None
    return row if row is not None and len(row) == 1 else element


def is_part(block: Block) -> bool:
    """Whether a line begins a part of a document's wording: a law that it rests on, a chapter, an article."""
    return not (block.linked or block.hidden) and PART.match(block.text) is not None
