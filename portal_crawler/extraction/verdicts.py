"""What was decided over each block of a page, and why.

Whoever looks for the article (:mod:`.content`) and for what belongs to it (:mod:`.belonging`) asks here what a block is
to the page, and writes the answer down here; :meth:`Verdicts.selection` is the decision as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from portal_crawler.extraction.blocks import Block, file_addresses
from portal_crawler.extraction.page import DOCUMENT, squeeze
from portal_crawler.extraction.scoring import probability
from portal_crawler.extraction.ways import LEAD_HINT
from portal_crawler.extraction.widgets import TOOLS, says, says_surely
from portal_crawler.items import Removed

if TYPE_CHECKING:
    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.extraction.template import Template

# A paragraph: as many words, and no more of them in links than this.
PARAGRAPH_WORDS = 12
LINKED = 0.5
# A block this long with few links is text, whatever its element is called.
SURE_WORDS = 25
SURE_LINKED = 0.3

LONGEST_TOOLS = 80  # characters of a line of buttons

NAMES_FILE = re.compile(rf"{DOCUMENT}\b", re.IGNORECASE)

# The log-odds of a block that was not scored: hidden, template, or outside a region that was named.
UNSCORED = -9.0
# Those above which a block is text beyond doubt, and those of what is found to be text by its place.
DOUBTLESS = 2.0
PLACED = 2.0

# Widgets that markup alone tells from text of which the model is not certain.
NAMED_BY_MARKUP = frozenset((
    "archive_toolbar", "account", "skip_link", "visit_counter", "perpetual_calendar", "weather", "login", "rating",
    "related_news", "print_tools", "comments", "table_of_contents", "poll", "author_box",
))  # fmt: skip
# Widgets that stand inside the element of an article; "slide", "links" or "header" name parts of texts as well.
NAMED_INSIDE = NAMED_BY_MARKUP | {"share_bar", "tags"}


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


class Verdicts:
    """One page in work: which blocks are out, and why."""

    def __init__(self, page: Page, found: list[Block], template: Template | None) -> None:
        self.page = page
        self.title = page.title or ""
        self.blocks = found
        self.template = template
        self.out: list[tuple[str, str] | None] = [("", "")] * len(found)
        self.shares = [0.0] * len(found) if template is None else template.shares(found)
        self.odds = [UNSCORED] * len(found)
        self.tabled: set[int] = set()  # places of the blocks of tables that belong to the text as a whole
        self.layout = False  # whether a layout names the regions: then only what stands on most pages is no text

    @staticmethod
    def kind(block: Block, top: Element | None) -> str | None:
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

    def says_widget(self, block: Block, top: Element | None, odds: float) -> tuple[str, str] | None:
        """Widget and reason of a block that looks like text but is none by its words and its element's name."""
        if label := says_surely(block.text) or (len(block.text) <= LONGEST_TOOLS and _tools(block)):
            return label, f"the block says {block.text[:60]!r} and nothing else"
        sure = odds > DOUBTLESS or is_surely_text(block)
        if not sure and (kind := self.kind(block, top)) in NAMED_BY_MARKUP:
            return str(kind), f"inside an element called so, link density {block.link_density:.2f}"
        return None

    @staticmethod
    def is_long(block: Block) -> bool:
        """Whether a block has as many words as a paragraph, most of them no links."""
        return block.words >= PARAGRAPH_WORDS and block.link_density < LINKED

    def is_text(self, block: Block) -> bool:
        """Whether a block is long and no heading."""
        # Some systems set the opening paragraph in a heading (h2.detail-sapo).
        heading = block.way.tag in ("h1", "h2") and not LEAD_HINT.search(block.element.get("class") or "")
        return self.is_long(block) and not heading

    def extent(self) -> range:
        """Places from the first block that is kept to the last; empty if none is."""
        kept = [place for place, why in enumerate(self.out) if why is None]
        return range(kept[0], kept[-1] + 1) if kept else range(0)

    def is_headline(self, block: Block) -> bool:
        """Whether a block before the text repeats the page's own title."""
        text = block.text
        return len(text) > 10 and (self.title.startswith(text) or self.page.meta.get("og:title") == text)

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
        widget = says(block.text) or block.way.widget
        if share := self.shares[place]:
            assert self.template is not None
            return widget or "template", frequency(share, self.template.pages)
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


def _tools(block: Block) -> str | None:
    """The widget of a line that is nothing but several labels of tools, each in an element of its own: "A-AA+In"."""
    if len(block.nodes) == 1:
        return None
    parts = [squeeze(text) for _, _, text in block.nodes]
    said = [says(part) for part in parts if any(map(str.isalpha, part))]
    return said[0] if len(said) > 1 and all(label in TOOLS for label in said) else None


def is_surely_text(block: Block) -> bool:
    """Whether a block is so long, with so few links, that it is text whatever its element is called."""
    return block.words >= SURE_WORDS and block.link_density < SURE_LINKED


def is_file_link(block: Block) -> bool:
    """Whether a block names a file or links to one."""
    return bool(NAMES_FILE.search(block.text) or file_addresses(block))


@lru_cache(maxsize=1_000)
def frequency(share: float, pages: int) -> str:
    """The reason why a block that stands on so many of a site's pages is out."""
    return f"document frequency {share:.2f} over {pages} pages"


class Within:
    """Elements, and in which of them a block stands; the way up from an element is gone once."""

    def __init__(self, *tops: Element) -> None:
        self._known: dict[Element, Element | None] = dict(zip(tops, tops, strict=True))
        self._above = {up for top in tops for up in top.iterancestors()}

    def top(self, block: Block) -> Element | None:
        """The innermost of the elements that a block stands in.

        A part that recurs stands inside such an element, or beside it, or around it: only then its own elements count.
        """
        return self.around(block.element if block.part in self._above else block.part)

    def around(self, element: Element) -> Element | None:
        """The innermost of the elements that an element is or stands in."""
        chain: list[Element] = []
        node: Element | None = element
        while node is not None and node not in self._known:
            chain.append(node)
            node = node.getparent()
        answer = None if node is None else self._known[node]
        for below in chain:
            self._known[below] = answer
        return answer
