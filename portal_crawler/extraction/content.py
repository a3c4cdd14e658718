"""The decision: which blocks of a page are the article.

Three sources of evidence end in one selection. A layout's regions, where a wrapper matched, are taken as they are, but
for widgets named by markup. Else the region that holds the text is sought as Readability does (paragraphs vote for
their parents and grandparents, links vote against), its edges are trimmed, and the widgets inside it removed; what the
site's template knows to stand on other pages is no article (Bar-Yossef and Rajagopalan 2002, "Template Detection via
Data Mining and its Applications").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portal_crawler.extraction.blocks import Block, blocks
from portal_crawler.extraction.dates import find_dates
from portal_crawler.extraction.legal import label_rows, legal_record
from portal_crawler.extraction.page import Element, Page
from portal_crawler.extraction.widgets import ENDINGS, named, says
from portal_crawler.items import Removed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from portal_crawler.extraction.template import Template

# A paragraph: as many words, and no more of them in links than this.
PARAGRAPH_WORDS = 12
LINKED = 0.5
# A block this long with few links is text, whatever its element is called.
SURE_WORDS = 25
SURE_LINKED = 0.3

# Levels that the region may grow upwards.
GROWTH = 3

POSITIVE = re.compile(
    r"article|body|content|entry|hentry|main|post|text|story|noi-?dung|detail|chi-?tiet|journal|news", re.IGNORECASE
)
NEGATIVE = re.compile(
    r"comment|foot|masthead|media|meta|related|scroll|shoutbox|sidebar|sponsor|shopping|widget|menu|nav|banner|tool|promo|hidden",
    re.IGNORECASE,
)
BASE = {"div": 5, "article": 10, "main": 8, "section": 3, "td": 3, "pre": 3, "blockquote": 3, "form": -3, "ul": -3, "ol": -3,
        "dl": -3, "li": -3, "address": -3, "h1": -5, "h2": -5, "h3": -5, "h4": -5, "th": -5, "a": -20}  # fmt: skip
# By how much a block of a region that a layout names must be more frequent than any other to be boilerplate: "File
# attached: ..." stands on a third of the articles, and is theirs.
MARGIN = 0.4
LEGAL_LABEL = re.compile(r"(?:số\s*/?\s*(?:và\s*)?k[íý]\s*hiệu|số hiệu|số văn bản|legislation code)\W*", re.IGNORECASE)


@dataclass(slots=True)
class Selection:
    """The decision over one page.

    Attributes:
        kept: Blocks of the article, in order.
        removed: What was taken for boilerplate, neighbours of one kind together.
        method: ``wrapper``, ``template`` or ``page``: the strongest evidence that decided.
        confidence: Expected quality of the text, from 0 to 1.
        region: The element that holds the article, where one was sought.
        blocks: All blocks of the page, in order.
    """

    kept: list[Block]
    removed: list[Removed]
    method: str
    confidence: float
    region: Element | None = None
    blocks: list[Block] = field(default_factory=list)


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
        return work.selection("template" if known else "page", 0.9, region)
    region = work.seek_region()
    if region is not None:
        work.keep_inside([region, *work.siblings(region)])
        work.trim()
    return work.selection("template" if known else "page", work.confidence(region), region)


class _Work:
    """One page in work: which blocks are out, and why."""

    def __init__(self, page: Page, found: list[Block], template: Template | None) -> None:
        self.page = page
        self.blocks = found
        self.template = template
        self.out: list[tuple[str, str] | None] = [("", "")] * len(found)
        self.named: dict[Element, str | None] = {}
        self.shares = [template.share(block) if template is not None else 0.0 for block in found]
        self.votes = [template.vote(block) if template is not None else None for block in found]
        self.scores: dict[Element, float] = {}
        self.layout = False  # whether a layout names the regions: then only what stands on most pages is no text

    # ------------------------------------------------------------------ regions

    def keep_inside(self, regions: Iterable[Element]) -> None:
        """Keep the blocks of the regions, but for widgets inside them."""
        tops = set(regions)
        inside: dict[Element, Element | None] = {}
        for place, block in enumerate(self.blocks):
            top = _top(block.element, tops, inside)
            if top is None:
                self.out[place] = ("", "")
            else:
                self.out[place] = self._widget_inside(block, top, place)

    def _widget_inside(self, block: Block, top: Element, place: int) -> tuple[str, str] | None:
        """Why a block of the region is no article: widget and reason, or None."""
        if block.hidden:
            return "hidden", "display: none"
        sure = block.words >= SURE_WORDS and block.link_density < SURE_LINKED
        template = self.template if not _in_record(block.element, top) else None
        share = self.shares[place]
        if template is not None and template.is_boilerplate(block, max(0.0, share - MARGIN if self.layout else share)):
            return self._kind(block, top) or "template", f"document frequency {share:.2f} over {template.pages} pages"
        if (label := says(block.text)) and label not in ("breadcrumb", "poll", "media_box", "feedback", "link_box"):
            return label, f"the block says {block.text[:60]!r} and nothing else"
        if sure:
            return None
        widget = self._kind(block, top)
        return (widget, f"inside an element called so, link density {block.link_density:.2f}") if widget else None

    def _kind(self, block: Block, top: Element | None) -> str | None:
        """The widget that the nearest named element around a block is, below ``top``."""
        node: Element | None = block.element
        chain: list[Element] = []
        answer: str | None = None
        while node is not None and node is not top:
            if node in self.named:
                answer = self.named[node]
                break
            if (answer := named(node)) is not None:
                self.named[node] = answer
                break
            chain.append(node)
            node = node.getparent()
        if top is None:
            for below in chain:
                self.named[below] = answer
        return answer if top is None or answer not in ("menu", "form", "sidebar", "language_switch") else None

    def legal_table(self) -> Element | None:
        """The table or list of a legal document's record, where the page is one's detail page."""
        for block in self.blocks:
            if len(block.text) < 40 and LEGAL_LABEL.fullmatch(block.text):
                node: Element | None = block.element
                for _ in range(6):
                    node = node.getparent() if node is not None else None
                    if node is None or node.tag in ("body", "html"):
                        break
                    if node.tag in ("table", "dl", "ul", "div") and legal_record(label_rows(node)) is not None:
                        return node
        return None

    # ---------------------------------------------------------------- the search

    def seek_region(self) -> Element | None:
        """The element that most of the page's text belongs to, after the scoring of Readability."""
        lengths: dict[Element, int] = {}
        linked: dict[Element, int] = {}
        running: dict[Element, int] = {}
        for place, block in enumerate(self.blocks):
            if block.hidden:
                continue
            size = len(block.text)
            text = size if self._is_text(block) else 0
            for node in (block.element, *block.element.iterancestors()):
                lengths[node] = lengths.get(node, 0) + size
                linked[node] = linked.get(node, 0) + block.linked
                running[node] = running.get(node, 0) + text
            self._vote(block, place)
        best, best_score = None, 0.0
        for node, raw in self.scores.items():
            score = raw * (1.0 - min(1.0, linked[node] / lengths[node]))
            self.scores[node] = score
            if score > best_score and node.tag not in ("html",):
                best, best_score = node, score
        return self._grown(best, lengths, linked, running) if best is not None else None

    @staticmethod
    def _grown(
        region: Element, lengths: dict[Element, int], linked: dict[Element, int], running: dict[Element, int]
    ) -> Element:
        """The region, or an ancestor that adds little to it: running text without links, such as a lead."""
        for _ in range(GROWTH):
            parent = region.getparent()
            if parent is None or parent.tag in ("body", "html", "tr", "tbody", "table", "form"):
                break
            more, links = lengths[parent] - lengths[region], linked[parent] - linked[region]
            text = running[parent] - running[region]
            if more > 0.6 * lengths[region] or links > 0.1 * more or text < 0.35 * more:
                break
            region = parent
        return region

    def _vote(self, block: Block, place: int) -> None:
        size = len(block.text)
        if size < 25 or block.link_density > LINKED:
            return
        points = 1.0 + block.text.count(",") + min(size / 100, 3.0)
        if self.template is not None:
            points *= 1.0 - self.shares[place]
            if (vote := self.votes[place]) is not None:
                points *= 0.3 + vote
        node: Element | None = block.element
        if node is not None and node.tag in ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "span", "dd", "dt"):
            node = node.getparent()
        for weight in (1.0, 0.5, 0.25):
            if node is None or node.tag == "html":
                return
            if node not in self.scores:
                self.scores[node] = _weight(node)
            self.scores[node] += points * weight
            node = node.getparent()

    def siblings(self, region: Element) -> list[Element]:
        """Neighbours of the region that hold text of the same article."""
        parent = region.getparent()
        if parent is None or region.tag == "body":
            return []
        own = self.scores.get(region, 0.0)
        enough = max(10.0, 0.2 * own)
        taken: list[Element] = []
        for other in parent:
            if other is region or named(other) in ("related_news", "comments", "footer", "menu"):
                continue
            bonus = (
                0.2 * own if other.get("class") and other.get("class") == region.get("class") else 0.0
            )
            if self.scores.get(other, 0.0) + bonus >= enough or self._reads(other, next_to=other.getnext() is region):
                taken.append(other)
        return taken

    def _reads(self, element: Element, *, next_to: bool) -> bool:
        """Whether a neighbour is running text without links: a paragraph, or the lead right before the region."""
        if element.tag != "p" and not next_to:
            return False
        mine = [block for block in self.blocks if element in (block.element, *block.element.iterancestors())]
        size = sum(len(block.text) for block in mine)
        linked = sum(block.linked for block in mine)
        return size > 40 and linked < 0.1 * size and any(self._is_text(block) for block in mine)

    # ------------------------------------------------------------------ trimming

    def trim(self) -> None:
        """Cut what stands before the first and behind the last of the text: headline, date, tools; related news."""
        kept = [place for place, why in enumerate(self.out) if why is None]
        texts = [
            place for place in kept if self._is_text(self.blocks[place]) and not _headline(self.blocks[place], self.page)
        ]
        if not texts:
            return
        for place in kept:
            if place < texts[0]:
                self._trim_head(place)
        self._trim_tail([place for place in kept if self.out[place] is None], texts)

    @staticmethod
    def _is_text(block: Block) -> bool:
        return block.words >= PARAGRAPH_WORDS and block.link_density < LINKED and block.element.tag not in ("h1", "h2")

    def _trim_head(self, place: int) -> None:
        block = self.blocks[place]
        if block.element.tag in ("h1", "h2") or _headline(block, self.page):
            self.out[place] = ("headline", "a heading before the text; see title")
        elif block.link_density > LINKED:
            self.out[place] = (
                self._kind(block, None) or "menu",
                f"link density {block.link_density:.2f} before the text",
            )
        elif len(block.text) < 120 and (dates := find_dates(block.text)) and len(block.text) - len(dates[0].raw) < 60:
            self.out[place] = ("date_line", "a date before the text; see published_at")

    def _trim_tail(self, kept: list[int], texts: list[int]) -> None:
        """Everything behind a heading of related news, if it is mostly links; then links and labels at the very end."""
        for position, place in enumerate(kept):
            label = says(self.blocks[place].text)
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
            if block.link_density > 0.8 and place > texts[-1] and not _file_link(block):
                self.out[place] = (
                    self._kind(block, None) or "menu",
                    f"link density {block.link_density:.2f} behind the text",
                )
            else:
                break

    # ------------------------------------------------------------------- results

    def selection(self, method: str, confidence: float, region: Element | None = None) -> Selection:
        """The decision as it stands."""
        kept = [block for block, why in zip(self.blocks, self.out, strict=True) if why is None]
        return Selection(kept, self._removed(), method, confidence, region, self.blocks)

    def _removed(self) -> list[Removed]:
        gone: list[Removed] = []
        last: tuple[str, str] | None = None
        for place, (block, why) in enumerate(zip(self.blocks, self.out, strict=True)):
            if why is None:
                last = None
                continue
            widget, reason = why if why[0] else self._outside(block, place)
            if gone and last is not None and last[0] == widget and (last[1] == reason or not why[0]):
                gone[-1].text += " | " + block.text
            else:
                gone.append(Removed(widget=widget, reason=reason, text=block.text))
            last = (widget, reason)
        return gone

    def _outside(self, block: Block, place: int) -> tuple[str, str]:
        """Widget and reason of a block that stands outside the article's region."""
        widget = says(block.text) or self._kind(block, None)
        if share := self.shares[place]:
            assert self.template is not None
            return widget or "template", f"document frequency {share:.2f} over {self.template.pages} pages"
        if block.link_density > LINKED:
            return widget or "menu", f"outside the text, link density {block.link_density:.2f}"
        return widget or "boilerplate", "outside the text"

    def confidence(self, region: Element | None) -> float:
        """How much of the page's running text was kept, and how little of what was kept is links; 0 without a region."""
        kept = [block for block, why in zip(self.blocks, self.out, strict=True) if why is None]
        words = sum(block.words for block in kept)
        if region is None or not words:
            return 0.0
        running = sum(block.words for block in self.blocks if self._is_text(block)) or 1
        text = sum(block.words for block in kept if self._is_text(block))
        clean = 1.0 - sum(block.linked for block in kept) / max(1, sum(len(block.text) for block in kept))
        return round(min(1.0, words / 60) * (0.5 + 0.3 * text / running + 0.2 * clean), 3)


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


def _weight(element: Element) -> float:
    score = float(BASE.get(element.tag, 0))
    marks = f"{element.get('class') or ''} {element.get('id') or ''}"
    if marks != " ":
        score += 25.0 if POSITIVE.search(marks) else 0.0
        score -= 25.0 if NEGATIVE.search(marks) else 0.0
    return score


def _headline(block: Block, page: Page) -> bool:
    """Whether a block before the text repeats the page's own title."""
    title = page.title or ""
    return len(block.text) > 10 and (title.startswith(block.text) or page.meta.get("og:title") == block.text)


def _file_link(block: Block) -> bool:
    return bool(re.search(r"\.(?:pdf|docx?|xlsx?|zip|rar|pptx?)\b", block.text, re.IGNORECASE)) or any(
        re.search(r"\.(?:pdf|docx?|xlsx?|zip|rar|pptx?)(?:$|\?)|/documents/", link.get("href") or "", re.IGNORECASE)
        for link in block.element.iter("a")
    )
