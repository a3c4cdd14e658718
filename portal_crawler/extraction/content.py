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
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from portal_crawler.extraction.blocks import Block, blocks, file_addresses
from portal_crawler.extraction.byline import signs
from portal_crawler.extraction.dates import is_date_line, is_labelled_date, is_stamp
from portal_crawler.extraction.legal import is_label, label_rows, legal_record
from portal_crawler.extraction.notices import notice
from portal_crawler.extraction.page import Element, Page
from portal_crawler.extraction.scoring import SENTENCE_ENDS, probability, score
from portal_crawler.extraction.tables import Table, around_table, is_framed, is_widget, tables_inside
from portal_crawler.extraction.template import COMMON_PARAGRAPH
from portal_crawler.extraction.ways import LEAD_HINT
from portal_crawler.extraction.widgets import ENDINGS, named, says, says_surely
from portal_crawler.items import Removed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from portal_crawler.extraction.template import Template

# A paragraph: as many words, and no more of them in links than this.
PARAGRAPH_WORDS = 12
LINKED = 0.5
# A block this long with few links is text, whatever its element is called.
SURE_WORDS = 25
SURE_LINKED = 0.3

# The log-odds of a block that was not scored: hidden, template, or outside a region that was named.
UNSCORED = -9.0
# How much the site's votes count beside what a block looks like by itself, both as log-odds.
OWN = 0.7
VOTE = 0.8
# Log-odds from which a block is kept, and above which it is text beyond doubt.
KEEP = 0.0
# The same where no site votes: without its voice, text is lost sooner than boilerplate kept.
KEEP_ALONE = -0.3
# The same for a block of the element that holds most of the text: what stands in the midst of an article belongs to it.
KEEP_INSIDE = -1.5
DOUBTLESS = 2.0
# By how much a block of a region that a layout names must be more frequent than any other to be boilerplate: "File
# attached: ..." stands on a third of the articles, and is theirs.
MARGIN = 0.4
# The same for a line right behind the text, and how long it may be.
KEEP_SIGNATURE = -2.0
SIGNATURE_WORDS = 8
# So many blocks behind the text a name or a credit may stand.
NEAR_SIGNATURE = 6
# So many blocks before the text its headline stands at most, for what is between them to be its opening; and what that
# must not fall below.
OPENING = 6
KEEP_OPENING = -2.0
# Of a table so much text may stand on other pages too; and so many lines between it and the text above are its own.
RECURRING = 0.8
LINES_ABOVE = 2
# Files are attached to the text that stands so many levels below what they share with it.
ATTACHED = 3
# So many blocks behind a document's record may name its files, unless they stand in one of these.
NEAR_FILES = 8
ELSEWHERE = frozenset(("related_news", "footer", "menu", "link_box", "banner"))
# Widgets that markup alone tells from text of which the model is not certain.
NAMED_BY_MARKUP = frozenset((
    "archive_toolbar", "account", "skip_link", "visit_counter", "perpetual_calendar", "weather", "login", "rating",
    "related_news", "print_tools", "comments",
))  # fmt: skip
# Widgets that stand inside the element of an article; "slide", "links" or "header" name parts of texts as well.
NAMED_INSIDE = NAMED_BY_MARKUP | {"share_bar", "poll", "tags"}
# Of fewer words, headline not counted, a text is sought by its place as well as by its looks; the log-odds of what is
# found so.
SHORT = 60
PLACED = 2.0
# Among so many blocks at the beginning a line of date and time is that of publication.
HEAD = 4
# How links to other articles in the midst of a text begin, and how much of such a line is link.
ASIDE = re.compile(r"(?:>+|»|→)|(?:(?:xem|đọc) thêm|(?:tin|bài)(?: viết| bài)? liên quan)\s*:", re.IGNORECASE)
ASIDE_LINKED = 0.7
ASIDE_REASON = "a link to another article in the midst of the text"
LEGAL_LABEL = re.compile(r"(?:số\s*/?\s*(?:và\s*)?k[íý]\s*hiệu|số hiệu|số văn bản|legislation code)\W*", re.IGNORECASE)


@dataclass(slots=True)
class Selection:
    """The decision over one page.

    Attributes:
        kept: Blocks of the article, in order.
        removed: What was taken for boilerplate, neighbours of one kind together.
        method: ``wrapper``, ``template`` or ``page``: the strongest evidence that decided.
        confidence: The word F1 to expect of the text, from 0 to 1, as observed on pages of sites not seen before.
        region: The element that holds the article, where one was sought.
        blocks: All blocks of the page, in order.
        verdicts: For each of them None if it was kept, else widget and reason.
        expected: The word F1 that the blocks' own probabilities let expect, not calibrated; 0 where none were asked.
    """

    kept: list[Block]
    removed: list[Removed]
    method: str
    confidence: float
    region: Element | None = None
    blocks: list[Block] = field(default_factory=list)
    verdicts: list[tuple[str, str] | None] = field(default_factory=list)
    expected: float = 0.0

    def remove(self, block: Block, widget: str, reason: str) -> None:
        """Note that a block which was kept proved to be no text."""
        for place, other in enumerate(self.blocks):
            if other is block:
                self.verdicts[place] = (widget, reason)


def select(page: Page, template: Template | None = None, regions: Sequence[Element] | None = None) -> Selection:
    """Decide which blocks of a page are the article.

    Args:
        page: The parsed page.
        template: What is known of the site; used once it is ready.
        regions: Elements that a layout names as the article, if one matched.
    """
    found = blocks(page)
    known = template if template is not None and template.ready else None
    work = _Work(page, found, known)
    if regions:
        work.layout = True
        work.keep_inside(regions)
        return work.selection("wrapper", 0.99)
    region = work.legal_table()
    if region is not None:
        work.keep_inside([region])
        work.keep_files_behind()
        return work.selection("template" if known else "page", 0.9, region)
    region = work.judge()
    if (around := work.short_notice()) is not None:
        region = around
    work.trim()
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


class _Work:
    """One page in work: which blocks are out, and why."""

    def __init__(self, page: Page, found: list[Block], template: Template | None) -> None:
        self.page = page
        self.title = page.title or ""
        self.blocks = found
        self.template = template
        self.out: list[tuple[str, str] | None] = [("", "")] * len(found)
        seen = template.evidence(found) if template is not None else [(0.0, None)] * len(found)
        self.shares = [share for share, _ in seen]
        self.votes = [vote for _, vote in seen]
        self.odds = [UNSCORED] * len(found)
        self.tabled: set[int] = set()  # places of the blocks of tables that belong to the text as a whole
        self.layout = False  # whether a layout names the regions: then only what stands on most pages is no text

    # ------------------------------------------------------------------ regions

    def keep_inside(self, regions: Iterable[Element]) -> None:
        """Keep the blocks of the regions, but for widgets inside them."""
        tops = set(regions)
        above = {node for top in tops for node in top.iterancestors()}
        inside: dict[Element, Element | None] = {}
        for place, block in enumerate(self.blocks):
            # A part that recurs stands inside a region, or beside it, or around it.
            top = _top(block.element if block.part in above else block.part, tops, inside)
            if top is None:
                self.out[place] = ("", "")
            else:
                self.out[place] = self._widget_inside(block, top, place)

    def _widget_inside(self, block: Block, top: Element, place: int) -> tuple[str, str] | None:
        """Why a block of the region is no article: widget and reason, or None."""
        if block.hidden:
            return "hidden", "display: none"
        sure = _is_surely_text(block)
        template = None if _in_record(block.element, top) or self._labelled(place) else self.template
        share = self.shares[place]
        if template is not None and template.is_boilerplate(block, max(0.0, share - MARGIN if self.layout else share)):
            return self._kind(block, top) or "template", _frequency(share, template.pages)
        if label := says_surely(block.text):
            return label, f"the block says {block.text[:60]!r} and nothing else"
        if sure:
            return None
        widget = self._kind(block, top)
        return (widget, f"inside an element called so, link density {block.link_density:.2f}") if widget else None

    def _labelled(self, place: int) -> bool:
        """Whether a block of a document's record is a label, or the value behind one, in whatever elements."""
        return not self.layout and any(is_label(block.text) for block in self.blocks[max(0, place - 1) : place + 1])

    @staticmethod
    def _kind(block: Block, top: Element | None) -> str | None:
        """The widget that the nearest named element around a block is, below ``top``."""
        way = block.way
        if top is None or way.widget is None:
            return way.widget
        if way.widget not in NAMED_INSIDE:
            return None
        # The named element stands inside ``top`` if ``top`` is not between it and the block.
        node: Element | None = block.element
        for _ in range(way.levels + 1):
            if node is None or node is top:
                return None
            node = node.getparent()
        return way.widget

    def legal_table(self) -> Element | None:
        """The table or list of a legal document's record, where the page is one's detail page."""
        for block in self.blocks:
            if len(block.text) < 40 and block.text[0] in "sSlL" and LEGAL_LABEL.fullmatch(block.text):
                node: Element | None = block.element
                for _ in range(6):
                    node = node.getparent() if node is not None else None
                    if node is None or node.tag in ("body", "html"):
                        break
                    if node.tag in ("table", "dl", "ul", "div") and legal_record(label_rows(node)) is not None:
                        return node
        return None

    def keep_files_behind(self) -> None:
        """Keep the files of a document that stand right behind its record."""
        last = max((place for place, why in enumerate(self.out) if why is None), default=-1)
        for place in range(last + 1, min(last + 1 + NEAR_FILES, len(self.blocks))):
            block = self.blocks[place]
            if not block.hidden and _file_link(block) and self._kind(block, None) not in ELSEWHERE:
                self.out[place] = None

    # ---------------------------------------------------------------- the search

    def judge(self) -> Element | None:
        """Score the blocks and keep those that look like text of the article; the element that holds most of it."""
        template = self.template
        left = [
            place
            for place, block in enumerate(self.blocks)
            if not block.hidden and (template is None or not template.is_boilerplate(block, self.shares[place]))
        ]
        if not left:
            return None
        scored = score(self.page, [self.blocks[place] for place in left])
        around = scored.outline
        region = around.elements[around.region] if around.region >= 0 else None
        inside: dict[Element, Element | None] = {}
        keep = KEEP if template is not None else KEEP_ALONE
        for place, logit in zip(left, scored.logits, strict=True):
            block, vote = self.blocks[place], self.votes[place]
            odds = self.odds[place] = logit if vote is None else OWN * logit + VOTE * max(-4.0, min(4.0, vote))
            top = _top(block.element, {region}, inside) if region is not None else None
            if odds > keep or (top is not None and (odds > KEEP_INSIDE or _file_link(block) or _is_caption(block))):
                self.out[place] = self._says_widget(block, top, odds)
        if region is not None:
            self.attach(region)
            self._open()
            self._take_tables(region)
            self._sign(region)
        return region

    def short_notice(self) -> Element | None:
        """Where next to nothing looks like text, keep what stands behind the headline; the element around both."""
        kept, words = [], 0
        for place, why in enumerate(self.out):
            if why is None and not self._headline(self.blocks[place]):
                kept.append(place)
                words += self.blocks[place].words
                if words >= SHORT:
                    return None
        told = notice(self.page, self.blocks, self.odds, _file_link)
        if told is None:
            return None
        inside: dict[Element, Element | None] = {}
        for place in kept:
            block = self.blocks[place]
            within = place > told.headline and _top(block.element, {told.around}, inside) is not None
            if not (within or self.odds[place] > DOUBTLESS or _is_surely_text(block)):
                self.out[place] = ("", "")
        for place in told.text:
            if self.odds[place] > UNSCORED:
                self.out[place] = None
                self.odds[place] = max(self.odds[place], PLACED)
        self.out[told.headline] = ("headline", "what the text stands behind; see title")
        # Of a long table the notice has but the first cells.
        self._take_tables(told.around, frozenset(told.text))
        self.attach(told.around, 1)
        return told.around

    def _open(self) -> None:
        """Keep the paragraphs without links between headline, or the line of date and time, and text.

        Some sites set the opening apart from the rest, and it looks less like text than that.
        """
        first = next(
            (place for place, why in enumerate(self.out) if why is None and self._is_text(self.blocks[place])), 0
        )
        opening: list[int] = []
        for place in range(first - 1, max(first - 1 - OPENING, -1), -1):
            block = self.blocks[place]
            if self._headline(block) or (len(opening) == first - 1 - place and is_stamp(block.text)):
                for each in opening:
                    self.out[each] = self._says_widget(self.blocks[each], None, self.odds[each])
                return
            said = self._is_text(block) and (block.text.endswith(SENTENCE_ENDS) or block.words >= SURE_WORDS)
            if said and not (block.hidden or block.linked) and self.odds[place] > KEEP_OPENING:
                opening.append(place)

    def _take_tables(self, region: Element, begun: Collection[int] = ()) -> None:
        """Keep the tables of data that stand in the text, with all of their cells, and the lines that lead to them.

        A cell says nothing by itself: "STT", "1" and "đạt" look like no text, and stand on other pages of the site as
        well. What counts is the table: where it stands, and how much of its text those pages have.

        Args:
            region: The element that holds the text.
            begun: Places of blocks that are text by their place: a table that one of them begins belongs to it.
        """
        region = around_table(region)
        tables = tables_inside(region, self.blocks)
        if not tables:
            return
        inside: dict[Element, Element | None] = {}
        first = next((place for place in range(len(self.blocks)) if self._begins(place, region, inside)), len(self.out))
        first = min(first, *begun, first)
        for table in tables:
            if table.places[-1] < first or is_widget(table, region, self.blocks) or self._recurs(table):
                continue
            lines = [] if table.places[0] in begun else self._lines_above(table)
            if lines is not None:
                for place in [*lines, *table.places]:
                    self.out[place] = None
                    self.odds[place] = max(self.odds[place], PLACED)
                self.tabled.update(table.places)
                self._close(table.places[-1] + 1, region)

    def _close(self, place: int, region: Element) -> None:
        """Keep a sentence of some length right behind a table of the text: beside so many cells it looks like none."""
        block = self.blocks[place] if place < len(self.blocks) else None
        if block is None or block.hidden or block.linked or self.odds[place] <= UNSCORED:
            return
        if self._is_text(block) and block.text.endswith(SENTENCE_ENDS) and _top(block.element, {region}, {}) is region:
            self.out[place] = self._says_widget(block, region, self.odds[place])

    def _begins(self, place: int, region: Element, inside: dict[Element, Element | None]) -> bool:
        """Whether a block is kept as text of the region: tables before the first such are the page's."""
        block = self.blocks[place]
        if self.out[place] is not None or block.linked or self._headline(block) or is_date_line(block.text):
            return False
        return _top(block.element, {region}, inside) is not None

    def _recurs(self, table: Table) -> bool:
        """Whether nearly all of a table's text stands on other pages of the site: then it is no article's.

        Reports of one kind have the same rows, with other figures on each page; those of a box are the same on many
        pages, or it stands on nearly all of them.
        """
        template = self.template
        if template is None:
            return False
        size = known = 0
        for place in table.places:
            block, share = self.blocks[place], self.shares[place]
            size += len(block.text)
            if template.is_boilerplate(block, share) and (
                share >= COMMON_PARAGRAPH or template.is_constant(block.text)
            ):
                known += len(block.text)
        return known > RECURRING * size

    def _lines_above(self, table: Table) -> list[int] | None:
        """Places of the lines between the kept text and a table that belongs to it; None if it does not.

        It does if it stands right behind kept text, the headline or its time of publication, or before more text, or if
        most of it was kept for itself.
        """
        lines: list[int] = []
        for place in range(table.places[0] - 1, -1, -1):
            block = self.blocks[place]
            if self.out[place] is None or self._headline(block) or is_stamp(block.text):
                return lines[::-1]
            if block.hidden:
                continue
            if len(lines) == LINES_ABOVE or block.linked or self.shares[place]:
                break
            lines.append(place)
        if any(
            self.out[place] is None and self._is_text(self.blocks[place])
            for place in range(table.places[-1] + 1, len(self.out))
        ):
            return []
        words = [self.blocks[place].words for place in table.places]
        kept = sum(self.blocks[place].words for place in table.places if self.out[place] is None)
        return [] if 2 * kept > sum(words) else None

    def _sign(self, region: Element) -> None:
        """Keep the lines right behind the text that say who wrote it, or where it comes from.

        A short line without links is one most often. Inside the region a name or a credit is one whatever it looks
        like, even behind links to other news.
        """
        backwards = (place for place in reversed(range(len(self.out))) if self.out[place] is None)
        texts = (each for each in backwards if not (_file_link(self.blocks[each]) or signs(self.blocks[each])))
        last = next(texts, len(self.out))
        beside, inside = region.getparent(), dict[Element, Element | None]()
        for place in range(last + 1, min(last + 1 + NEAR_SIGNATURE, len(self.out))):
            block = self.blocks[place]
            passed = self.out[place] is None or block.hidden or block.link_density > LINKED or _file_link(block)
            if passed or says_surely(block.text) == "related_news":
                continue
            signed = signs(block) and _top(block.element, {region}, inside) is not None
            if signed and self.shares[place] < COMMON_PARAGRAPH:
                self.out[place] = self._says_widget(block, region, DOUBTLESS)
                continue
            text = last in self.tabled or self._is_text(self.blocks[last])
            short = place == last + 1 and not block.linked and block.words <= SIGNATURE_WORDS
            if text and short and self.odds[place] >= KEEP_SIGNATURE and beside is not None:
                if _top(block.element, {beside}, {}) is beside:
                    self.out[place] = self._says_widget(block, beside, self.odds[place])
                continue
            return

    def attach(self, region: Element, levels: int = ATTACHED) -> None:
        """Keep the links to files that stand near the region: they are attached to its text."""
        top = region
        for _ in range(levels):
            above = top.getparent()
            if above is None or above.tag in ("body", "html"):
                break
            top = above
        inside: dict[Element, Element | None] = {}
        template = self.template
        # What the words of a link say on many pages may lead to a file of this one.
        own = set[str]()
        if template is not None:
            own = {url for url in self.page.files if not template.is_constant(url)}
        for place, block in enumerate(self.blocks):
            if self.out[place] is None or not block.linked or block.hidden:
                continue
            recurs = template is not None and template.is_boilerplate(block, self.shares[place])
            if recurs and (not own or own.isdisjoint(file_addresses(block))):
                continue
            if _top(block.element, {top}, inside) is top and _file_link(block) and self._kind(block, top) is None:
                self.out[place] = None

    def _says_widget(self, block: Block, top: Element | None, odds: float) -> tuple[str, str] | None:
        """Widget and reason of a block that looks like text but is none by its words and its element's name."""
        if label := says_surely(block.text):
            return label, f"the block says {block.text[:60]!r} and nothing else"
        sure = odds > DOUBTLESS or _is_surely_text(block)
        if not sure and (kind := self._kind(block, top)) in NAMED_BY_MARKUP:
            return str(kind), f"inside an element called so, link density {block.link_density:.2f}"
        return None

    # ------------------------------------------------------------------ trimming

    def trim(self) -> None:
        """Cut what stands before the first and behind the last of the text: headline, date, tools; related news."""
        kept = [place for place, why in enumerate(self.out) if why is None]
        texts = [place for place in kept if self._is_text(self.blocks[place]) and not self._tells_of_text(place)]
        # Some sites set the whole text in a heading; and what is but a date line is no text whatever stands behind it.
        texts = texts or [place for place in kept if self._is_long(self.blocks[place])]
        if not texts:
            for place in kept:
                if is_stamp(self.blocks[place].text):
                    self.out[place] = ("date_line", "a date and no text; see published_at")
            return
        for place in kept:
            if place < texts[0] and place not in self.tabled:
                self._trim_head(place)
        # A long headline looks like the first paragraph; the line of date and time behind it tells.
        for place in kept[:HEAD]:
            if place not in self.tabled and self.out[place] is None and is_stamp(self.blocks[place].text):
                self.out[place] = ("date_line", "a date with its time at the head of the text; see published_at")
        self._trim_asides(kept)
        self._trim_tail([place for place in kept if self.out[place] is None], texts)

    @staticmethod
    def _is_long(block: Block) -> bool:
        return block.words >= PARAGRAPH_WORDS and block.link_density < LINKED

    def _is_text(self, block: Block) -> bool:
        # Some systems set the opening paragraph in a heading (h2.detail-sapo).
        heading = block.element.tag in ("h1", "h2") and not LEAD_HINT.search(block.element.get("class") or "")
        return self._is_long(block) and not heading

    def _tells_of_text(self, place: int) -> bool:
        """Whether a block is the headline, or a line with a labelled date, however many words it has."""
        return self._headline(self.blocks[place]) or is_labelled_date(self.blocks[place].text)

    def _headline(self, block: Block) -> bool:
        """Whether a block before the text repeats the page's own title."""
        text = block.text
        return len(text) > 10 and (self.title.startswith(text) or self.page.meta.get("og:title") == text)

    def _trim_head(self, place: int) -> None:
        block = self.blocks[place]
        if block.element.tag in ("h1", "h2") or self._headline(block):
            self.out[place] = ("headline", "a heading before the text; see title")
        elif block.link_density > LINKED:
            self.out[place] = (
                self._kind(block, None) or "menu",
                f"link density {block.link_density:.2f} before the text",
            )
        elif is_date_line(block.text):
            self.out[place] = ("date_line", "a date before the text; see published_at")

    def _trim_asides(self, kept: list[int]) -> None:
        """Cut links to other articles that stand in the midst of the text, behind a mark or a line that says so."""
        for place in kept:
            block = self.blocks[place]
            if block.link_density <= ASIDE_LINKED or _file_link(block):
                continue
            before = self.out[place - 1] if place else None
            label = before is not None and says_surely(self.blocks[place - 1].text) == "related_news"
            if ASIDE.match(block.text) or label or (before is not None and before[1] == ASIDE_REASON):
                self.out[place] = ("related_news", ASIDE_REASON)

    def _trim_tail(self, kept: list[int], texts: list[int]) -> None:
        """Everything behind a heading of related news, if it is mostly links; then links and labels at the very end."""
        for position, place in enumerate(kept):
            label = says_surely(self.blocks[place].text)
            if label in ENDINGS or (label is None and named(self.blocks[place].element) == "related_news"):
                rest = kept[position:]
                size = sum(len(self.blocks[other].text) for other in rest)
                linked = sum(self.blocks[other].linked for other in rest)
                if linked > 0.4 * size:
                    for other in rest:
                        self.out[other] = (
                            label or "related_news",
                            f"behind the heading {self.blocks[place].text[:60]!r}",
                        )
                    break
        for place in reversed(kept):
            if self.out[place] is not None:
                continue
            block = self.blocks[place]
            if place not in self.tabled and block.link_density > 0.8 and place > texts[-1] and not _file_link(block):
                self.out[place] = (
                    self._kind(block, None) or "menu",
                    f"link density {block.link_density:.2f} behind the text",
                )
            elif place > texts[-1] and is_labelled_date(block.text):
                self.out[place] = ("date_line", "a date with its label behind the text; see published_at")
            else:
                break

    # ------------------------------------------------------------------- results

    def selection(self, method: str, confidence: float, region: Element | None = None) -> Selection:
        """The decision as it stands."""
        kept = [block for block, why in zip(self.blocks, self.out, strict=True) if why is None]
        verdicts = [
            why if why is None or why[0] else self._outside(block, place)
            for place, (block, why) in enumerate(zip(self.blocks, self.out, strict=True))
        ]
        return Selection(kept, self._removed(verdicts), method, confidence, region, self.blocks, verdicts)

    def _removed(self, verdicts: list[tuple[str, str] | None]) -> list[Removed]:
        # Widget, reason and texts of neighbours that go together.
        gone: list[tuple[str, str, list[str]]] = []
        last: tuple[str, str] | None = None
        for block, verdict, why in zip(self.blocks, verdicts, self.out, strict=True):
            if verdict is not None:
                widget, reason = verdict
                if last is not None and last[0] == widget and (last[1] == reason or (why is not None and not why[0])):
                    gone[-1][2].append(block.text)
                else:
                    gone.append((widget, reason, [block.text]))
            last = verdict
        return [Removed(widget=widget, reason=reason, text=" | ".join(texts)) for widget, reason, texts in gone]

    def _outside(self, block: Block, place: int) -> tuple[str, str]:
        """Widget and reason of a block that stands outside the article's region."""
        widget = says(block.text) or self._kind(block, None)
        if share := self.shares[place]:
            assert self.template is not None
            return widget or "template", _frequency(share, self.template.pages)
        if block.link_density > LINKED:
            return widget or "menu", f"outside the text, link density {block.link_density:.2f}"
        # A region that a layout or a record names decides without scores.
        score_said = "" if self.odds[place] == UNSCORED else f", score {probability(self.odds[place]):.2f}"
        return widget or "boilerplate", f"outside the text{score_said}"

    def expected_f1(self) -> float:
        """The word F1 that the blocks' own probabilities let expect."""
        kept = right = text = 0.0
        chances: dict[float, float] = {}  # most blocks of a page have one of a few figures
        for block, why, odds in zip(self.blocks, self.out, self.odds, strict=True):
            if (each := chances.get(odds)) is None:
                each = chances[odds] = probability(odds)
            chance = each * block.words
            text += chance
            if why is None:
                kept += block.words
                right += chance
        return round(2 * right / (kept + text), 3) if kept else 0.0


def _is_surely_text(block: Block) -> bool:
    """Whether a block is so long, with so few links, that it is text whatever its element is called."""
    return block.words >= SURE_WORDS and block.link_density < SURE_LINKED


@lru_cache(maxsize=1_000)
def _frequency(share: float, pages: int) -> str:
    return f"document frequency {share:.2f} over {pages} pages"


def _top(element: Element, tops: set[Element], known: dict[Element, Element | None]) -> Element | None:
    """The region that an element stands in, looked up once for each element."""
    chain: list[Element] = []
    node: Element | None = element
    while node is not None and node not in known:
        chain.append(node)
        if node in tops:
            break
        node = node.getparent()
    answer = None if node is None else known.get(node, node)
    for below in chain:
        known[below] = answer
    return answer


def _in_record(element: Element, top: Element) -> bool:
    """Whether a block is a cell of a table or an entry of a list: the labels of records stand on all their pages."""
    node: Element | None = element
    while node is not None and node is not top:
        if node.tag in ("td", "th", "dt", "dd"):
            return True
        node = node.getparent()
    return False


def _is_caption(block: Block) -> bool:
    """Whether a block is what a picture of the text shows, and no link from it."""
    return not block.linked and (block.element.tag == "figcaption" or (block.way.in_row and is_framed(block)))


def _file_link(block: Block) -> bool:
    return bool(re.search(r"\.(?:pdf|docx?|xlsx?|zip|rar|pptx?)\b", block.text, re.IGNORECASE) or file_addresses(block))
