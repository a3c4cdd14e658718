"""What belongs to a text without looking like it: its opening, its tables, who signed it, the files attached to it.

All of it is told by its place beside the text that was found, never by itself.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from portal_crawler.extraction.beside import KEEP_BESIDE, is_part
from portal_crawler.extraction.blocks import Block, file_addresses
from portal_crawler.extraction.byline import is_office, person, signs
from portal_crawler.extraction.dates import is_date_line, is_stamp
from portal_crawler.extraction.page import Element, says_only
from portal_crawler.extraction.scoring import SENTENCE_ENDS
from portal_crawler.extraction.tables import (
    CELLS,
    Table,
    around_table,
    holder,
    is_framed,
    is_month,
    is_widget,
    tables_inside,
)
from portal_crawler.extraction.template import COMMON_PARAGRAPH
from portal_crawler.extraction.verdicts import DOUBTLESS, LINKED, PLACED, SURE_WORDS, UNSCORED, Within, is_file_link
from portal_crawler.extraction.widgets import says, says_surely

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from portal_crawler.extraction.verdicts import Verdicts

# So many blocks before the text its headline stands at most, for what is between them to be its opening; and what that
# must not fall below.
OPENING = 6
KEEP_OPENING = -2.0
# Of a table so much text may stand on other pages too; and so many lines between it and the text above are its own.
RECURRING = 0.8
LINES_ABOVE = 2
# What stands with a picture alone has so many words at least to be its caption: one is the name of who has written.
CAPTION_WORDS = 5
# A short sentence has so many words, and ends with one of these.
SENTENCE_WORDS = 5
FULL_STOPS = (".", "!", "?", "…")
# How little a line right behind the text may look like text to be a signature, and how long it may be.
KEEP_SIGNATURE = -2.0
SIGNATURE_WORDS = 8
# So many blocks behind the text a name or a credit may stand.
NEAR_SIGNATURE = 6
# The foot of a document begins so many blocks behind its text at most; its lines, and how many words one has.
RECIPIENTS = re.compile(r"(?:kính gửi|nơi nhận)\s*:", re.IGNORECASE)
NEAR_FOOT, LONGEST_FOOT, FOOT_WORDS = 8, 20, 15
# Files are attached to the text that stands so many levels below what they share with it, unless so many links to other
# pages stand between, each of so many words: headlines of other news, behind which a file is that of a box.
ATTACHED = 3
OTHER_NEWS = 2
HEADLINE_WORDS = 5
# Of so many parts is a document's wording.
LEAST_PARTS = 2
# So many blocks behind a document's record may name its files, unless they stand in one of these.
NEAR_FILES = 8
ELSEWHERE = frozenset(("related_news", "footer", "menu", "link_box", "banner"))


def keep_files_behind(work: Verdicts) -> None:
    """Keep the files of a document that stand right behind its record."""
    last = max((place for place, why in enumerate(work.out) if why is None), default=-1)
    for place in range(last + 1, min(last + 1 + NEAR_FILES, _other_news(work, last + 1))):
        block = work.blocks[place]
        if not block.hidden and is_file_link(block) and work.kind(block, None) not in ELSEWHERE:
            work.out[place] = None


def keep_wording(work: Verdicts) -> None:
    """Keep the wording of a document beside its record, from its head to its foot, where the page shows it.

    Its articles and the laws that it rests on tell where it stands, whatever the rest looks like.
    """
    parts = [place for place, block in enumerate(work.blocks) if work.out[place] is not None and is_part(block)]
    if len(parts) < LEAST_PARTS:
        return
    elements = {work.blocks[place].element for place in parts}
    shared = set.intersection(*({one, *one.iterancestors()} for one in elements))
    first = work.blocks[parts[0]].element
    around = next(up for up in (first, *first.iterancestors()) if up in shared)
    begin, end = parts[0], parts[-1] + 1
    within = Within(around)
    while begin > 0 and _goes_on(work, begin - 1, around, within):
        begin -= 1
    while end < len(work.blocks) and _goes_on(work, end, around, within):
        end += 1
    for place in range(begin, end):
        if work.out[place] is not None and not work.blocks[place].hidden:
            work.out[place] = work.says_widget(work.blocks[place], around, DOUBTLESS)


def _goes_on(work: Verdicts, place: int, around: Element, within: Within) -> bool:
    """Whether a line beside a document's wording is of it: in what holds that, without links, and no label."""
    block = work.blocks[place]
    if work.out[place] is None or block.linked or block.hidden or is_file_link(block) or says_surely(block.text):
        return False
    return around.tag not in ("body", "html") and within.top(block) is not None


def keep_opening(work: Verdicts) -> None:
    """Keep the paragraphs without links between headline, or the line of date and time, and text.

    Some sites set the opening apart from the rest, and it looks less like text than that.
    """
    texts = (place for place, why in enumerate(work.out) if why is None and work.is_text(work.blocks[place]))
    first = next(texts, 0)
    if first + 1 < len(work.out) and is_stamp(work.blocks[first + 1].text):  # a long headline looks like text, too
        first = next(texts, 0)
    opening: list[int] = []
    for place in range(first - 1, max(first - 1 - OPENING, -1), -1):
        block = work.blocks[place]
        if work.is_headline(block) or (len(opening) == first - 1 - place and is_stamp(block.text)):
            for each in opening:
                work.out[each] = work.says_widget(work.blocks[each], None, work.odds[each])
            return
        said = work.is_text(block) and (block.text.endswith(SENTENCE_ENDS) or block.words >= SURE_WORDS)
        # A sentence right between the two may look like the rest of the frame in which they are set.
        right = len(opening) == first - 1 - place and block.text.endswith(FULL_STOPS)
        least = KEEP_BESIDE if right else KEEP_OPENING
        if said and not (block.hidden or block.linked) and work.odds[place] > least:
            opening.append(place)


def take_tables(work: Verdicts, region: Element, begun: Collection[int] = ()) -> None:
    """Keep the tables of data that stand in the text, with all of their cells, and the lines that lead to them.

    A cell says nothing by itself: "STT", "1" and "đạt" look like no text, and stand on other pages of the site as
    well. What counts is the table: where it stands, and how much of its text those pages have.

    Args:
        work: The page in work.
        region: The element that holds the text.
        begun: Places of blocks that are text by their place: a table that one of them begins belongs to it.
    """
    region = around_table(region)
    tables = tables_inside(region, work.blocks)
    if not tables:
        return
    within = Within(region)
    first = next((place for place in range(len(work.blocks)) if _begins(work, place, within)), len(work.out))
    first = min(first, *begun, first)
    for table in tables:
        if is_month(work.blocks[place] for place in table.places):
            for place in table.places:
                work.out[place] = ("perpetual_calendar", "a table of the days of a month")
            continue
        if table.places[-1] < first or is_widget(table, region, work.blocks):
            continue
        if _recurs(work, table) and not _amid_text(work, table):
            continue
        lines = [] if table.places[0] in begun else _lines_above(work, table)
        if lines is not None:
            for place in [*lines, *table.places]:
                work.out[place] = None
                work.odds[place] = max(work.odds[place], PLACED)
            work.tabled.update(table.places)
            _close(work, table, region)


def _close(work: Verdicts, table: Table, region: Element) -> None:
    """Keep a sentence right behind a table of the text: beside so many cells it looks like none.

    One of some length may stand anywhere in the region, a short one beside the table.
    """
    place = table.places[-1] + 1
    block = work.blocks[place] if place < len(work.blocks) else None
    if block is None or block.hidden or block.linked or work.odds[place] <= UNSCORED:
        return
    beside = table.element.getparent() in (block.element, block.element.getparent())
    sentence = work.is_text(block) or (beside and block.words >= SENTENCE_WORDS and block.text.endswith(FULL_STOPS))
    if sentence and block.text.endswith(SENTENCE_ENDS) and Within(region).top(block) is not None:
        work.out[place] = work.says_widget(block, region, work.odds[place])


def _begins(work: Verdicts, place: int, within: Within) -> bool:
    """Whether a block is kept as text of the region: tables before the first such are the page's."""
    block = work.blocks[place]
    if work.out[place] is not None or block.linked or work.is_headline(block) or is_date_line(block.text):
        return False
    return within.top(block) is not None


def _recurs(work: Verdicts, table: Table) -> bool:
    """Whether nearly all of a table's text stands on other pages of the site: then it is no article's.

    Reports of one kind have the same rows, with other figures on each page; those of a box are the same on many
    pages, or it stands on nearly all of them.
    """
    template = work.template
    if template is None:
        return False
    size = known = 0
    for place in table.places:
        block, share = work.blocks[place], work.shares[place]
        size += len(block.text)
        if template.is_boilerplate(block, share) and (share >= COMMON_PARAGRAPH or template.is_constant(block.text)):
            known += len(block.text)
    return known > RECURRING * size


def _amid_text(work: Verdicts, table: Table) -> bool:
    """Whether a table stands right between two lines of the text, in the same element as they: no box does."""
    above, below = table.places[0] - 1, table.places[-1] + 1
    if above < 0 or below >= len(work.out) or work.out[above] is not None or work.out[below] is not None:
        return False
    around = table.element.getparent()
    beside = (work.blocks[above], work.blocks[below])
    return all(not one.linked and around in (one.element, one.element.getparent()) for one in beside)


def _lines_above(work: Verdicts, table: Table) -> list[int] | None:
    """Places of the lines between the kept text and a table that belongs to it; None if it does not.

    It does if it stands right behind kept text, the headline or its time of publication, or before more text, or if
    most of it was kept for itself.
    """
    lines: list[int] = []
    around = table.element.getparent()
    for place in range(table.places[0] - 1, -1, -1):
        block = work.blocks[place]
        if work.out[place] is None or work.is_headline(block) or is_stamp(block.text):
            if work.out[place] is None or not any(work.shares[line] for line in lines):
                return lines[::-1]
            break
        if block.hidden or says_surely(block.text) is not None:
            continue
        # What other pages have as well leads to the table where it stands beside it, in what holds the text.
        led = not work.shares[place] or (block.element.getparent() is around and not is_date_line(block.text))
        if len(lines) == LINES_ABOVE or block.linked or not led:
            break
        lines.append(place)
    if any(
        work.out[place] is None and work.is_text(work.blocks[place])
        for place in range(table.places[-1] + 1, len(work.out))
    ):
        return []
    words = [work.blocks[place].words for place in table.places]
    kept = sum(work.blocks[place].words for place in table.places if work.out[place] is None)
    return [] if 2 * kept > sum(words) else None


def sign(work: Verdicts, region: Element) -> None:
    """Keep the lines right behind the text that say who wrote it, or where it comes from.

    A short line without links is one most often. Inside the region a name or a credit is one whatever it looks like,
    even behind links to other news; so is a name that stands beside the region, right behind the text.
    """
    backwards = (place for place in reversed(range(len(work.out))) if work.out[place] is None)
    texts = (each for each in backwards if not (is_file_link(work.blocks[each]) or signs(work.blocks[each])))
    last = next(texts, len(work.out))
    beside = holder(region)
    if beside is not None and beside.tag in CELLS:  # a row of its own has who signed the text in a cell
        beside = holder(beside)
    for place in range(last + 1, min(last + 1 + NEAR_SIGNATURE, len(work.out))):
        block, why = work.blocks[place], work.out[place]
        if why is not None and why[0] == "comments":  # who has written these
            return
        passed = why is None or block.hidden or block.link_density > LINKED or is_file_link(block)
        if passed or says(block.text) is not None:
            continue
        # Right behind the text a bare name signs it; a labelled one is a field of the page.
        name = place == last + 1 and beside is not None and person(block.text) is not None
        around = beside if name and beside is not None else region
        signed = signs(block) and Within(around).top(block) is not None
        if signed and work.shares[place] < COMMON_PARAGRAPH:
            work.out[place] = work.says_widget(block, region, DOUBTLESS)
            continue
        text = last in work.tabled or work.is_text(work.blocks[last])
        short = place == last + 1 and not block.linked and block.words <= SIGNATURE_WORDS
        if text and short and work.odds[place] >= KEEP_SIGNATURE and beside is not None:
            if Within(beside).top(block) is not None:
                work.out[place] = work.says_widget(block, beside, work.odds[place])
            continue
        return


def sign_document(work: Verdicts, region: Element) -> None:
    """Keep the foot of a document behind its text: to whom it goes, in whose name it is signed, by whom.

    It is set in a table for the layout most often, and none of its lines looks like text.
    """
    kept = [place for place, why in enumerate(work.out) if why is None]
    last = next((place for place in reversed(kept) if work.is_text(work.blocks[place])), len(work.out))
    for place in range(last + 1, min(last + 1 + NEAR_FOOT, len(work.out))):
        block = work.blocks[place]
        if is_office(block.text) or RECIPIENTS.match(block.text):
            if Within(region).top(block) is not None:
                _keep_foot(work, place, region)
            return


def _keep_foot(work: Verdicts, first: int, region: Element) -> None:
    """Keep the lines of a document's foot from its first on: all of the table that it stands in, or the region."""
    within = Within(region)
    tables = list(work.blocks[first].element.iterancestors("table"))
    foot = next((one for one in reversed(tables) if within.around(one) is not None), region)
    within = Within(foot)
    for place in range(first, min(first + LONGEST_FOOT, len(work.out))):
        line = work.blocks[place]
        if line.linked or line.hidden or line.words > FOOT_WORDS or within.top(line) is None:
            break
        work.out[place] = work.says_widget(line, region, DOUBTLESS)


def attach(work: Verdicts, region: Element, levels: int = ATTACHED) -> None:
    """Keep the links to files that stand near the region: they are attached to its text."""
    top = region
    for _ in range(levels):
        above = holder(top)
        if above is None or above.tag in ("body", "html"):
            break
        top = above
    near = Within(top)
    template = work.template
    for place, block in enumerate(work.blocks[: _behind_news(work, region)]):
        if work.out[place] is None or not block.linked or block.hidden:
            continue
        if not (near.top(block) is not None and is_file_link(block) and work.kind(block, top) is None):
            continue
        # What the words of a link say on many pages may lead to a file of this one.
        recurs = template is not None and template.is_boilerplate(block, work.shares[place])
        if template is None or not recurs or not all(map(template.is_constant, file_addresses(block))):
            work.out[place] = None


def _behind_news(work: Verdicts, region: Element) -> int:
    """Place from which on headlines of other news stand between a block and the text of the region."""
    within = Within(region)
    backwards = (place for place in reversed(range(len(work.out))) if work.out[place] is None)
    texts = (place for place in backwards if within.top(work.blocks[place]) is not None)
    return _other_news(work, next(texts, len(work.out)) + 1)


def _other_news(work: Verdicts, begin: int) -> int:
    """Place of the link from which on those behind a place are a list of other pages; behind all blocks without one."""
    others = 0
    for place in range(begin, len(work.out)):
        block = work.blocks[place]
        others += block.link_density > LINKED and block.words >= HEADLINE_WORDS and not is_file_link(block)
        if others == OTHER_NEWS:
            return place
    return len(work.out)


def leave_comments(work: Verdicts) -> None:
    """Leave out what stands behind a heading of comments, in an element without any of the text: readers wrote it."""
    first = next((place for place, why in enumerate(work.out) if why is None), len(work.out))
    headings = [
        place
        for place, block in enumerate(work.blocks)
        if place > first and not block.linked and says_surely(block.text) == "comments"
    ]
    places = _places(work, headings)
    within: dict[Element, deque[int]] = {}
    for place in headings:
        heading = work.blocks[place]
        if (box := heading.element.getparent()) is None:
            continue
        if box not in within:
            within[box] = deque(_inside(box, places))
        kept = within[box]
        while kept and work.out[kept[0]] is not None:
            kept.popleft()
        if kept and kept[0] < place:
            continue
        for other in kept:
            work.out[other] = work.out[other] or ("comments", f"behind the heading {heading.text[:60]!r}")


def _places(work: Verdicts, headings: Sequence[int]) -> dict[Element, list[int]]:
    """The places of the blocks that each element holds; those of a part that recurs count as the part's own.

    An element around a heading holds either all of such a part or nothing of it, unless the heading stands in it.
    """
    parts = {work.blocks[place].part for place in headings}
    places: dict[Element, list[int]] = {}
    for place, block in enumerate(work.blocks if headings else ()):
        places.setdefault(block.element if block.part in parts else block.part, []).append(place)
    return places


def _inside(box: Element, places: dict[Element, list[int]]) -> list[int]:
    """The places of the blocks inside an element: pages of headings make it too long to ask each block for each box."""
    return sorted(place for element in box.iter() for place in places.get(element, ()))


def leave_headlines(work: Verdicts) -> None:
    """Leave out the lines behind a heading of other news that are no sentences, in an element without the headline.

    Such boxes hold no links where a script follows them: headlines are all that there is.
    """
    last = next((place for place in reversed(range(len(work.out))) if work.out[place] is None), 0)
    headings = [
        place
        for place, block in enumerate(work.blocks[:last])
        if not block.linked and says_surely(block.text) == "related_news"
    ]
    places = _places(work, headings)
    met = set[Element]()
    for place in headings:
        heading = work.blocks[place]
        if (box := heading.element.getparent()) is None or box in met:
            continue
        met.add(box)  # further headings in it are not its first block
        here = _inside(box, places)
        if here[0] != place or any(_heads(work, work.blocks[at]) for at in here):
            continue
        for at in here[1:]:
            block = work.blocks[at]
            if work.out[at] is None and block.words < SURE_WORDS and not block.text.endswith(FULL_STOPS):
                work.out[at] = ("related_news", f"behind the heading {heading.text[:60]!r}")
                work.odds[at] = UNSCORED


def _heads(work: Verdicts, block: Block) -> bool:
    """Whether a block is the headline of the page, as far as can be told."""
    return block.way.tag == "h1" or work.is_headline(block)


def is_caption(block: Block) -> bool:
    """Whether a block is what a picture of the text shows, and no link from it."""
    return not block.linked and (
        block.way.tag == "figcaption" or (block.way.in_row and is_framed(block)) or _is_below_picture(block)
    )


def _is_below_picture(block: Block) -> bool:
    """Whether a line and the picture right above it are all that an element holds, and no link leads from there."""
    above = block.element.getprevious()
    if above is None or block.words < CAPTION_WORDS or (above.tag != "img" and above.find(".//img") is None):
        return False
    both = block.element.getparent()
    if both is None or len(both) > 2 or not (says_only(both, block.text) and says_only(block.element, block.text)):
        return False
    return both.find(".//a") is None and next(both.iterancestors("a"), None) is None
