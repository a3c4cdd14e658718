"""The decision: which blocks of a page are the article.

Three sources of evidence end in one selection. A layout's regions, where a wrapper matched, are taken as they are, but
for widgets named by markup. Else every block is scored by what it looks like (see :mod:`.scoring`); what the site's
template knows to stand on other pages is no article (Bar-Yossef and Rajagopalan 2002, "Template Detection via Data
Mining and its Applications"), and the paths in which the site keeps its texts add their votes (after Yi, Liu and Li
2003, "Eliminating Noisy Information in Web Pages for Data Mining"). Widgets that were kept are removed by name.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from portal_crawler.extraction.belonging import (
    attach,
    is_caption,
    keep_files_behind,
    keep_opening,
    keep_wording,
    leave_comments,
    leave_headlines,
    sign,
    sign_document,
    take_tables,
)
from portal_crawler.extraction.beside import keep_between, keep_lists, keep_standing
from portal_crawler.extraction.blocks import Block, blocks
from portal_crawler.extraction.byline import HEADINGS, WRITTEN
from portal_crawler.extraction.dates import (
    find_dates,
    is_clock,
    is_date_line,
    is_dateline,
    is_event,
    is_labelled_date,
    is_stamp,
)
from portal_crawler.extraction.entries import entries
from portal_crawler.extraction.legal import is_label, label_rows, legal_record
from portal_crawler.extraction.notices import NAME_WORDS, is_stamped, notice
from portal_crawler.extraction.scoring import SENTENCE_ENDS, score
from portal_crawler.extraction.successors import successors
from portal_crawler.extraction.tables import around_rows, table_of
from portal_crawler.extraction.template import COMMON_PARAGRAPH
from portal_crawler.extraction.verdicts import (
    DOUBTLESS,
    LINKED,
    PARAGRAPH_WORDS,
    PLACED,
    UNSCORED,
    Selection,
    Verdicts,
    Within,
    frequency,
    is_file_link,
    is_surely_text,
)
from portal_crawler.extraction.widgets import ENDINGS, TOOLS, says, says_surely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.extraction.template import Template

# How much the site's votes count beside what a block looks like by itself, both as log-odds.
OWN = 0.7
VOTE = 0.8
# Log-odds from which a block is kept.
KEEP = 0.0
# The same where no site votes: without its voice, text is lost sooner than boilerplate kept.
KEEP_ALONE = -0.3
# The same for a block of the element that holds most of the text: what stands in the midst of an article belongs to it.
KEEP_INSIDE = -1.5
# By how much a block of a region that a layout names must be more frequent than any other to be boilerplate: "File
# attached: ..." stands on a third of the articles, and is theirs.
MARGIN = 0.4
# The vote from which on a path is one that holds the texts of the site.
TEXTS = 1.5
# Of fewer words, headline not counted, a text is sought by its place as well as by its looks.
SHORT = 60
# Among so many blocks at the beginning a line of date and time is that of publication.
HEAD = 4
# How links to other articles in the midst of a text begin, and how much of such a line is link.
ASIDE = re.compile(r"(?:>+|»|→|►|▶|☛|☞)|(?:(?:xem|đọc) thêm|(?:tin|bài)(?: viết| bài)? liên quan)\s*:", re.IGNORECASE)
ASIDE_LINKED = 0.7
MARKS = 8  # characters of an entry around its link and date: "+ ", " ()"
ASIDE_REASON = "a link to another article in the midst of the text"
ENTRY_REASON = "one of several texts that each have a head of their own"
OTHER_REASON = "of another whole article, behind that of the page"
# Who answers for a page and its contents: its imprint, among so many blocks at its end, and the address above.
FOOT = 8
IMPRINT = re.compile(
    r"\W*(?:©|copyright|bản quyền (?:©|thuộc|của|nội dung)|(?:người )?chịu trách nhiệm[^.:]{0,40}:|cơ quan chủ quản\W"
    r"|trưởng ban biên tập\W|giấy phép (?:số|thiết lập|hoạt động|xuất bản)|ghi rõ nguồn|(?:thiết kế|phát triển) bởi"
    r"|(?:designed|powered|developed) by)",
    re.IGNORECASE,
)
CONTACT = re.compile(r"^\W*(?:địa chỉ|trụ sở)\b|(?:điện thoại|đt|tel|fax|e-?mail|website)\s*:", re.IGNORECASE)
SHORT_NAME = 15
IMPRINT_REASON = "the page's imprint"
# What tells no field of the article, be it a name, a headline or a date.
NOT_ITS_OWN = frozenset((ENTRY_REASON, OTHER_REASON, IMPRINT_REASON))
FIGURE = re.compile(r"\d[\d.,]*")
# Times that a page may be read for the record of a document: tables in tables without end have labels at each level.
MOST_READ = 8
LEGAL_LABEL = re.compile(
    r"(?:(?:số\s*/?\s*(?:và\s*)?k[íý]\s*hiệu|số hiệu)(?: văn bản)?|số văn bản|legislation code)\W*", re.IGNORECASE
)


def select(page: Page, template: Template | None = None, regions: Sequence[Element] | None = None) -> Selection:
    """Decide which blocks of a page are the article.

    Args:
        page: The parsed page.
        template: What is known of the site; used once it is ready.
        regions: Elements that a layout names as the article, if one matched.
    """
    found = blocks(page)
    known = template if template is not None and template.ready else None
    work = Verdicts(page, found, known)
    if regions:
        work.layout = True
        _keep_inside(work, regions)
        return work.selection("wrapper", 0.99)
    region = _legal_table(work)
    if region is not None:
        _keep_inside(work, [region])
        keep_wording(work)
        keep_files_behind(work)
        return work.selection("template" if known else "page", 0.9, region)
    region = _judge(work)
    if (around := _short_notice(work)) is not None:
        region = around
    _trim(work)
    method, expected = "template" if known else "page", work.expected_f1()
    selection = work.selection(method, calibrated(method, expected), region)
    selection.expected = expected
    return selection


def calibrated(method: str, expected: float) -> float:
    """The word F1 observed where such a figure was expected; between the knots of ``confidence.json`` it is linear.

    The knots come of an isotonic regression over gold pages of sites held out (``benchmarks/calibration.py``).
    """
    if not expected:  # nothing was kept
        return 0.0
    knots = _curves()[method]
    place = bisect_right(knots, (expected, 2.0))
    if place == 0 or place == len(knots):
        return knots[min(place, len(knots) - 1)][1]
    (low, from_), (high, to) = knots[place - 1], knots[place]
    return round(from_ + (to - from_) * (expected - low) / (high - low), 3)


@lru_cache(maxsize=1)
def _curves() -> dict[str, list[tuple[float, float]]]:
    record = json.loads(files("portal_crawler.extraction").joinpath("confidence.json").read_text("utf-8"))
    return {method: [(low, high) for low, high in knots] for method, knots in record.items()}


def _keep_inside(work: Verdicts, regions: Iterable[Element]) -> None:
    """Keep the blocks of the regions, but for widgets inside them."""
    within = Within(*regions)
    for place, block in enumerate(work.blocks):
        top = within.top(block)
        if top is None:
            work.out[place] = ("", "")
        else:
            work.out[place] = _widget_inside(work, block, top, place)


def _widget_inside(work: Verdicts, block: Block, top: Element, place: int) -> tuple[str, str] | None:
    """Why a block of the region is no article: widget and reason, or None."""
    if block.hidden:
        return "hidden", "display: none"
    sure = is_surely_text(block)
    template = None if _in_record(block.element, top) or _labelled(work, place) else work.template
    share = work.shares[place]
    if template is not None and template.is_boilerplate(block, max(0.0, share - MARGIN if work.layout else share)):
        return work.kind(block, top) or "template", frequency(share, template.pages)
    if label := says_surely(block.text):
        return label, f"the block says {block.text[:60]!r} and nothing else"
    if sure:
        return None
    widget = work.kind(block, top)
    return (widget, f"inside an element called so, link density {block.link_density:.2f}") if widget else None


def _labelled(work: Verdicts, place: int) -> bool:
    """Whether a block of a document's record is a label, or the value behind one, in whatever elements."""
    return not work.layout and any(is_label(block.text) for block in work.blocks[max(0, place - 1) : place + 1])


def _legal_table(work: Verdicts) -> Element | None:
    """The table or list of a legal document's record, where the page is one's detail page."""
    asked: set[Element] = set()  # by another label of the same table
    left: int | None = None
    for block in work.blocks:
        if len(block.text) < 40 and block.text[0] in "sSlL" and LEGAL_LABEL.fullmatch(block.text):
            left = MOST_READ * sum(1 for _ in work.page.root.iter()) if left is None else left
            node: Element | None = block.element
            for _ in range(6):
                node = node.getparent() if node is not None else None
                if node is None or node.tag in ("body", "html"):
                    break
                if node in asked:
                    continue
                asked.add(node)
                left -= sum(1 for _ in node.iter())
                if left < 0:
                    return None
                if node.tag in ("table", "dl", "ul", "div") and legal_record(label_rows(node)) is not None:
                    return node
    return None


def _judge(work: Verdicts) -> Element | None:
    """Score the blocks and keep those that look like text of the article; the element that holds most of it."""
    template = work.template
    left = [place for place, block in enumerate(work.blocks) if not (block.hidden or _is_template(work, place))]
    heads, gone = _leave_others(work)
    if gone:
        left = [place for place in left if place not in gone]
    if not left:
        return None
    scored = score(work.page, [work.blocks[place] for place in left])
    around = scored.outline
    region = around_rows(around.elements[around.text_region()]) if around.text >= 0 else None
    within = None if region is None else Within(region)
    keep = KEEP if template is not None else KEEP_ALONE
    for place, logit in zip(left, scored.logits, strict=True):
        block = work.blocks[place]
        if heads.get(place) == "comments":
            continue
        vote = None if template is None else template.vote(block)
        odds = work.odds[place] = logit if vote is None else OWN * logit + VOTE * max(-4.0, min(4.0, vote))
        top = None if within is None else within.top(block)
        if odds > keep or (top is not None and _fits(block, odds)):
            work.out[place] = work.says_widget(block, top, odds)
    if region is not None:
        if template is None:
            _leave_columns(work, region)
        attach(work, region)
        keep_opening(work)
        keep_between(work)
        keep_lists(work)
        keep_standing(work)
        take_tables(work, region)
        sign(work, region)
        sign_document(work, region)
    leave_headlines(work)
    return region


def _fits(block: Block, odds: float) -> bool:
    """Whether a block of the text's own element is text, though it looks little like one."""
    return (odds > KEEP_INSIDE and says(block.text) is None) or is_file_link(block) or is_caption(block)


def _leave_others(work: Verdicts) -> tuple[dict[int, str], set[int]]:
    """Leave out what has a head of its own, and the imprint.

    Returns:
        The heads of entries, which may yet be text; the places of what is none.
    """
    told, heads = entries(work.blocks)
    for place, kind in (*heads.items(), *told.items()):
        work.out[place] = (kind, ENTRY_REASON)
    others, foot = successors(work.page, work.blocks), _imprint(work.blocks)
    for place in others:
        work.out[place] = ("related_news", OTHER_REASON)
    for place in foot:
        work.out[place] = ("footer", IMPRINT_REASON)
    return heads, {*told, *others, *foot}


def _leave_columns(work: Verdicts, region: Element) -> None:
    """Leave out the lines of the other columns of a table for the layout, which no template knows.

    A column is a cell with tables of its own, beside the one with most of the text; what is surely text stays.
    """
    columns = [
        cell
        for own in (region, *region.iterancestors())
        if own.tag == "td"
        for cell in (*own.itersiblings("td"), *own.itersiblings("td", preceding=True))
        if cell.find(".//table") is not None
    ]
    within = Within(*columns)
    for place, block in enumerate(work.blocks if columns else ()):
        if work.out[place] is not None or not block.way.in_row or work.odds[place] > DOUBTLESS:
            continue
        if within.top(block) is not None:
            work.out[place] = ("sidebar", "in a column beside that of the text")


def _imprint(found: Sequence[Block]) -> range:
    """Places of the page's last lines that tell who answers for it, and where; empty if there are none such."""
    end = len(found)
    begin = next((place for place in range(max(0, end - FOOT), end) if IMPRINT.match(found[place].text)), end)
    while 0 < begin < end:
        above, below = found[begin - 1], found[begin]
        together = above.element is below.element or above.element.getparent() is below.element.getparent()
        # Right above the address, in its element, stands the name of the agency.
        named = above.element is below.element and above.words < SHORT_NAME and CONTACT.search(below.text)
        if above.linked or not (together and (named or CONTACT.search(above.text))):
            break
        begin -= 1
    return range(begin, end)


def _is_template(work: Verdicts, place: int) -> bool:
    """Whether the site's template has a block, and not just several articles: notices have lines in common."""
    template, block, share = work.template, work.blocks[place], work.shares[place]
    if template is None or not template.is_boilerplate(block, share):
        return False
    return share >= COMMON_PARAGRAPH or (vote := template.vote(block)) is None or vote < TEXTS


def _short_notice(work: Verdicts) -> Element | None:
    """Where next to nothing looks like text, keep what stands behind the headline; the element around both."""
    kept, words = [], 0
    for place, why in enumerate(work.out):
        if why is None and not work.is_headline(work.blocks[place]):
            kept.append(place)
            words += work.blocks[place].words
            if words >= SHORT:
                return None
    told = notice(work.page, work.blocks, work.odds, is_file_link)
    if told is None:
        return None
    around = Within(told.around)
    for place in kept:
        block = work.blocks[place]
        within = place >= told.text[0] and around.top(block) is not None
        if not (within or work.odds[place] > DOUBTLESS or is_surely_text(block)):
            work.out[place] = ("", "")
    for place in told.text:
        if work.odds[place] > UNSCORED:
            work.out[place] = None
            work.odds[place] = max(work.odds[place], PLACED)
    work.out[told.headline] = ("headline", "what the text stands behind; see title")
    # Of a long table the notice has but the first cells.
    take_tables(work, told.around, frozenset(told.text))
    attach(work, told.around, 1)
    return told.around


def _trim(work: Verdicts) -> None:
    """Cut what stands before the first and behind the last of the text: headline, date, tools; related news."""
    kept = [place for place, why in enumerate(work.out) if why is None]
    texts = [place for place in kept if work.is_text(work.blocks[place]) and not _tells_of_text(work, place)]
    # Some sites set the whole text in a heading; and what is but a date line is no text whatever stands behind it.
    texts = texts or [place for place in kept if work.is_long(work.blocks[place])]
    if not texts:
        for place in kept:
            if is_stamp(work.blocks[place].text):
                work.out[place] = ("date_line", "a date and no text; see published_at")
        return
    for place in kept:
        if place < texts[0] and place not in work.tabled:
            _trim_head(work, place)
    _trim_fields(work, kept, texts[0])
    # A long headline looks like the first paragraph; the line of date and time behind it tells.
    for place in kept[:HEAD]:
        if place in work.tabled or work.out[place] is not None or _of_event(work, place):
            continue
        if is_stamp(work.blocks[place].text) or is_stamped(work.blocks[place]):
            work.out[place] = ("date_line", "a date with its time at the head of the text; see published_at")
    _trim_asides(work, kept)
    leave_comments(work)
    _trim_tail(work, [place for place in kept if work.out[place] is None], texts)


def _tells_of_text(work: Verdicts, place: int) -> bool:
    """Whether a block is the headline, or a line with a labelled date, however many words it has."""
    return work.is_headline(work.blocks[place]) or is_labelled_date(work.blocks[place].text)


def _trim_head(work: Verdicts, place: int) -> None:
    block = work.blocks[place]
    if work.is_headline(block) or (block.way.tag in ("h1", "h2") and not _opens(work, place)):
        work.out[place] = ("headline", "a heading before the text; see title")
    elif block.link_density > LINKED and not (is_file_link(block) and _below_headline(work, place)):
        work.out[place] = (
            work.kind(block, None) or "menu",
            f"link density {block.link_density:.2f} before the text",
        )
    elif (label := says(block.text)) in TOOLS:
        work.out[place] = (str(label), f"the block says {block.text[:60]!r} and nothing else, before the text")
    elif (
        is_date_line(block.text)
        and not (is_dateline(block.text) and _headed(work, place))
        and not _of_event(work, place)
    ):
        work.out[place] = ("date_line", "a date before the text; see published_at")


def _below_headline(work: Verdicts, place: int) -> bool:
    """Whether a headline stands among the few blocks above: files are attached there, too."""
    return any(work.is_headline(one) or one.way.tag == "h1" for one in work.blocks[max(0, place - HEAD) : place])


def _opens(work: Verdicts, place: int) -> bool:
    """Whether a heading is the opening paragraph: a sentence of some length, behind a heading or headline."""
    block = work.blocks[place]
    if not work.is_long(block) or not block.text.endswith((".", "…", "./.")):
        return False
    above = work.blocks[max(0, place - HEAD) : place]
    return any(other.way.tag == "h1" or work.is_headline(other) for other in above)


def _headed(work: Verdicts, place: int) -> bool:
    """Whether lines of the text itself stand above a line: the head of a document, with agency, motto and number."""
    return place > 0 and work.out[place - 1] is None and not work.is_headline(work.blocks[place - 1])


def _trim_fields(work: Verdicts, kept: list[int], begin: int) -> None:
    """Cut the time of day before the text, short lines between headline and date, and who it says has written it."""
    headlines = (place for place in range(begin) if work.is_headline(work.blocks[place]) or _is_cut(work, place))
    head = max(headlines, default=begin)
    dates = (other for other in range(head + 1, begin) if work.out[other] is not None)
    stamp = max((other for other in dates if is_date_line(work.blocks[other].text)), default=head)
    for place in kept:
        if place >= begin or work.out[place] is not None or place in work.tabled:
            continue
        if is_clock(work.blocks[place].text):
            work.out[place] = ("date_line", "a time before the text; see published_at")
        elif head < place and FIGURE.fullmatch(work.blocks[place].text):
            work.out[place] = ("visit_counter", "a figure between the headline and the text")
        elif (head < place < stamp and work.blocks[place].words <= NAME_WORDS) or (
            (head < place or is_date_line(work.blocks[max(0, place - 1)].text))
            and WRITTEN.match(work.blocks[place].text)
        ):
            work.out[place] = ("byline", "between the headline and the text")


def _is_cut(work: Verdicts, place: int) -> bool:
    """Whether a heading before the text was taken from it."""
    why = work.out[place]
    return why is not None and why[0] == "headline"


def _of_event(work: Verdicts, place: int) -> bool:
    """Whether a line of the text, behind its first sentence, tells with a label when something takes place."""
    if not is_event(work.blocks[place].text):
        return False
    above = next((other for other in range(place - 1, -1, -1) if work.out[other] is None), None)
    return above is not None and work.blocks[above].text.endswith(SENTENCE_ENDS)


def _trim_asides(work: Verdicts, kept: list[int]) -> None:
    """Cut links to other articles in the midst of the text: behind a mark or a line that says so, or in a table."""
    listed = False  # whether only links stand between a line that announces other news and this one
    boxes: dict[Element, bool] = {}
    for place in range(kept[0], kept[-1] + 1):
        block = work.blocks[place]
        aside = block.link_density > ASIDE_LINKED and ASIDE.match(block.text) is not None
        if aside or (says_surely(block.text) == "related_news" and not block.linked):
            listed = True
        else:
            listed = listed and _is_entry(block)
        if work.out[place] is not None or not block.linked or is_file_link(block):
            continue
        if listed or _in_box(work, place, boxes):
            work.out[place] = ("related_news", ASIDE_REASON)


def _in_box(work: Verdicts, place: int, boxes: dict[Element, bool]) -> bool:
    """Whether a line stands in a table of nothing but links that read like headlines."""
    table = table_of(work.blocks[place].element) if work.blocks[place].way.in_row else None
    if table is None:
        return False
    if table not in boxes:
        cells = [block for block in work.blocks if block.way.in_row and table_of(block.element) is table]
        boxes[table] = all(block.link_density > ASIDE_LINKED and not is_file_link(block) for block in cells) and any(
            block.words >= PARAGRAPH_WORDS // 2 for block in cells
        )
    return boxes[table]


def _is_entry(block: Block) -> bool:
    """Whether a line is a link, but for a mark, and a date beside it."""
    if block.link_density > ASIDE_LINKED:
        return True
    dates = sum(len(date.raw) for date in find_dates(block.text)) if block.linked else 0
    return dates > 0 and len(block.text) - dates - block.linked <= MARKS


def _trim_tail(work: Verdicts, kept: list[int], texts: list[int]) -> None:
    """Everything behind a heading of related news, if it is mostly links; then links and labels at the very end."""
    for position, place in enumerate(kept):
        label = says_surely(work.blocks[place].text)
        way = work.blocks[place].way
        if label in ENDINGS or (label is None and way.widget == "related_news" and not way.levels):
            rest = kept[position:]
            size = sum(len(work.blocks[other].text) for other in rest)
            linked = sum(work.blocks[other].linked for other in rest)
            if linked > 0.4 * size:
                for other in rest:
                    work.out[other] = (
                        label or "related_news",
                        f"behind the heading {work.blocks[place].text[:60]!r}",
                    )
                break
    for place in reversed(kept):
        if work.out[place] is not None:
            continue
        block = work.blocks[place]
        if place not in work.tabled and block.link_density > 0.8 and place > texts[-1] and not is_file_link(block):
            work.out[place] = (
                work.kind(block, None) or "menu",
                f"link density {block.link_density:.2f} behind the text",
            )
        elif place > texts[-1] and is_labelled_date(block.text):
            work.out[place] = ("date_line", "a date with its label behind the text; see published_at")
        else:
            if place > texts[-1] and _heads_links(work, place):
                work.out[place] = ("related_news", "a heading behind the text, of the links below")
            break


def _heads_links(work: Verdicts, place: int) -> bool:
    """Whether a line is a heading, and links to other pages stand right below it that are none of the text."""
    if work.blocks[place].way.tag not in HEADINGS or place + 2 >= len(work.blocks):
        return False
    return all(
        work.out[below] is not None
        and work.blocks[below].link_density > LINKED
        and not is_file_link(work.blocks[below])
        for below in (place + 1, place + 2)
    )


def _in_record(element: Element, top: Element) -> bool:
    """Whether a block is a cell of a table or an entry of a list: the labels of records stand on all their pages."""
    node: Element | None = element
    while node is not None and node is not top:
        if node.tag in ("td", "th", "dt", "dd"):
            return True
        node = node.getparent()
    return False
