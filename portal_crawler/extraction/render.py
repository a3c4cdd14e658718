"""The kept blocks of a page as plain text and as clean HTML.

The HTML keeps what a reader needs and nothing else: ``p h2 h3 h4 h5 h6 ul ol li table tr th td blockquote pre figure
figcaption img a strong em sub sup u br``, with the attributes ``href``, ``src``, ``alt``, ``colspan`` and ``rowspan``.
Addresses are absolute and of the schemes http, https, mailto or tel; everything else is escaped text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import etree
from w3lib.url import safe_url_string

from portal_crawler.extraction.blocks import Block
from portal_crawler.extraction.page import (
    DOCUMENT,
    LONGEST_ADDRESS,
    PHRASING,
    Element,
    hands_out,
    reference_in,
    squeeze,
)
from portal_crawler.extraction.tables import DataTables, cell_of, table_of
from portal_crawler.items import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STRUCTURE = frozenset(("ul", "ol", "li", "table", "tr", "th", "td", "blockquote", "figure"))
INLINE = {"a": "a", "strong": "strong", "b": "strong", "em": "em", "i": "em", "sub": "sub", "sup": "sup", "u": "u"}
LEAF = {"h1": "h2"} | {tag: tag for tag in ("h2", "h3", "h4", "h5", "h6", "pre", "figcaption")}
SCHEMES = ("http://", "https://", "mailto:", "tel:")

CAPTION_WORDS = 60
STYLED = re.compile(r"font-style:\s*italic|align:\s*center", re.IGNORECASE)
SENTENCE_END = (".", "!", "?", ";", ":", "…", "./.")
ICON_PIXELS = 32
# Where a picture's address stands, the first of them first.
SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazyload", "data-lazy", "src")
SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)[wx]")
PICTURES = re.compile(r"/[^/:]+\.(?:jpe?g|png|gif|webp|bmp|tiff?)$", re.IGNORECASE)
FILES = re.compile(rf"{DOCUMENT}$", re.IGNORECASE)
# What systems draw beside a link to a file, and in the place of what is not loaded yet.
ICON = re.compile(
    r"/(?:ico?n?[-_])?(?:(?:pdf|docx?|word|xlsx?|excel|pptx?|zip|rar)(?:[-_]?(?:icon|file|16|24|32))?\.(?:gif|png|svg)"
    r"|(?:attach(?:ment)?|download|print|loading|loader|spacer|blank|pixel|transparent)\.(?:gif|svg))$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Rendered:
    """What :func:`render` makes of the kept blocks."""

    text: str
    html: str
    images: list[Image] = field(default_factory=list)


@dataclass(slots=True)
class Figure:
    """A picture at its place in the page, and the block that is its caption."""

    element: Element
    image: Image
    caption: Block | None = None


def absolute(base: str, reference: str | None) -> str | None:
    """A reference as an absolute address of a harmless scheme, spaces and letters percent-encoded; or None."""
    url = reference_in(reference) if reference else ""
    if not url or len(url) > LONGEST_ADDRESS:
        return None
    try:
        if not url.startswith(SCHEMES):
            url = urljoin(base, url)
            if not url.lower().startswith(SCHEMES):
                return None
        if not url.isascii() or " " in url:
            url = safe_url_string(url)
        urlsplit(url)
    except ValueError:  # "http://[bad", "http://host:port number/"
        return None
    return url


def picture(element: Element, base: str) -> Image | None:
    """The picture of an ``<img>``, or None for an inlined one, a spacer or an icon.

    Lazily loaded pictures have their address in ``data-src`` or another of :data:`SOURCES`, or in a ``srcset`` alone; a
    thumbnail that links to the picture in full stands for that.
    """
    for side in ("width", "height"):
        value = (element.get(side) or "").removesuffix("px")
        if value.isdigit() and int(value) <= ICON_PIXELS:
            return None
    above = element.getparent()
    link = absolute(base, above.get("href")) if above is not None and above.tag == "a" else None
    if link and _opens_file(link, element):
        return None
    full = [link] if link and PICTURES.search(urlsplit(link).path) else []
    for url in full or (*(absolute(base, element.get(name)) for name in SOURCES), _in_srcset(element, base)):
        if url and url.startswith("http"):
            icon = ICON.search(urlsplit(url).path) is not None
            return None if icon else Image(url=url, alt=squeeze(element.get("alt") or "") or None)
    return None


def _opens_file(link: str, element: Element) -> bool:
    """Whether a link around a picture leads to a file of which that is the icon."""
    path = urlsplit(link).path
    return FILES.search(path) is not None or (hands_out(link) and path not in (element.get("src") or ""))


def _in_srcset(element: Element, base: str) -> str | None:
    """The largest of the addresses that a picture has for several screens; the first of those without a size."""
    sets = [element.get("srcset"), element.get("data-srcset")]
    if (above := next(element.iterancestors("picture"), None)) is not None:
        sets += [source.get("srcset") for source in above.iter("source")]
    candidates = _candidates(next(filter(None, sets), ""))
    return absolute(base, max(candidates, key=itemgetter(1), default=("", 0))[0])


def _candidates(srcset: str) -> Iterator[tuple[str, float]]:
    """The addresses in a ``srcset``, each with its width or density, or 0 (HTML Standard, 4.8.4.2.1)."""
    url = ""
    for word in srcset.split():
        if not url and word.endswith(","):
            yield word.rstrip(","), 0
        elif not url:
            url = word
        else:
            size, _, following = word.partition(",")
            known = SIZE.fullmatch(size)
            yield url, float(known[1]) if known is not None else 0
            url = following
    if url:
        yield url, 0


def render(base: str, kept: Sequence[Block], regions: Sequence[Element], dropped: Iterable[Element] = ()) -> Rendered:
    """Render kept blocks, with the pictures that stand among them.

    Args:
        base: Address that relative links are resolved against.
        kept: Blocks of the article, in the order of the page.
        regions: Elements that hold the article; their pictures count as its own.
        dropped: Elements whose pictures do not.
    """
    flow = _flow(base, kept, regions, set(dropped))
    figures = [step for step in flow if isinstance(step, Figure)]
    tables = DataTables(kept)
    _bind_captions(flow, set(regions), tables)
    images: dict[str, Image] = {}
    for figure in figures:
        known = images.setdefault(figure.image.url, figure.image)
        known.caption = known.caption or figure.image.caption
    html = _Html(base, regions, tables).render(flow)
    return Rendered(plain_text(kept, tables), html, list(images.values()))


def _flow(base: str, kept: Sequence[Block], regions: Sequence[Element], dropped: set[Element]) -> list[Block | Figure]:
    """Blocks and pictures in the order of the page."""
    starts = {block.slots[0]: block for block in kept}
    flow: list[Block | Figure] = []
    for region in regions:
        hidden: Element | None = None
        for event, element in etree.iterwalk(region, events=("start", "end")):
            if event == "start":
                if hidden is None and (element in dropped or _invisible(element)):
                    hidden = element
                if element.tag == "img" and hidden is None and (image := picture(element, base)):
                    flow.append(Figure(element, image))
                if block := starts.pop((element, False), None):
                    flow.append(block)
            else:
                if element is hidden:
                    hidden = None
                if element is not region and (block := starts.pop((element, True), None)):
                    flow.append(block)
    return flow


def _invisible(element: Element) -> bool:
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and "display:none" in style.replace(" ", "").lower())


def _bind_captions(flow: list[Block | Figure], regions: set[Element], tables: DataTables) -> None:
    """Give each picture the block behind it (or its own figcaption) that reads like a caption.

    What follows a picture that stands apart from the text, a region of its own, may be the first paragraph.
    """
    _bind_columns(flow)
    bound = {id(step.caption) for step in flow if isinstance(step, Figure)}
    for here, step in enumerate(flow):
        if not isinstance(step, Figure) or step.caption is not None:
            continue
        behind = flow[here + 1] if here + 1 < len(flow) else None
        if isinstance(behind, Figure) or behind is None or id(behind) in bound:
            continue
        table = next(behind.element.iterancestors("table"), None)
        apart = table is not None and table not in step.element.iterancestors("table")
        if behind.way.in_row and tables.row(behind.element) is not None:
            apart = apart or cell_of(behind.element) is not cell_of(step.element)  # the next cell has its own data
        marked = _is_marked_caption(behind)
        if not apart and (marked or (step.element not in regions and _reads_like_caption(behind))):
            step.caption = behind
            step.image.caption = behind.text


def _bind_columns(flow: list[Block | Figure]) -> None:
    """Give the pictures of a table's row what stands below each in the next row, if all of that are captions."""
    rows: dict[Element, list[Figure]] = {}
    texts: dict[Element, list[Block]] = {}
    for step in flow:
        if (cell := next(step.element.iterancestors("td"), None)) is not None and isinstance(step, Figure):
            rows.setdefault(cell.getparent(), []).append(step)  # type: ignore[arg-type]
        elif isinstance(step, Block) and step.way.in_row and (own := cell_of(step.element)) is not None:
            texts.setdefault(own, []).append(step)
    for row, figures in rows.items():
        below = row.getnext()
        cells = list(row.iterchildren("td"))
        each = [cell_of(figure.element) for figure in figures] == cells
        if len(figures) < 2 or not each or below is None or len(below) != len(cells) or below in rows:
            continue
        captions = [texts.get(cell, []) for cell in below]
        if all(len(lines) == 1 and _reads_like_caption(lines[0]) for lines in captions):
            for figure, (caption,) in zip(figures, captions, strict=True):
                figure.caption = caption
                figure.image.caption = caption.text


def _is_marked_caption(block: Block) -> bool:
    """Whether a block is called a caption."""
    marks = [block.element, *islice(block.element.iterancestors(), 2)]
    if any(mark.tag == "figcaption" for mark in marks):
        return True
    return any(word in (mark.get("class") or "").lower() for mark in marks for word in ("caption", "avatar-desc"))


def _reads_like_caption(block: Block) -> bool:
    """Whether a block that follows a picture is its caption: short, in italics, centred or without a final stop."""
    if block.way.tag in LEAF or len(block.text.split()) > CAPTION_WORDS:
        return False
    if _emphasised(block, ("i", "em")) or _is_styled(block):
        return True
    return not block.text.endswith(SENTENCE_END) and not _emphasised(block, ("b", "strong"))


def _is_styled(block: Block) -> bool:
    """Whether a block is centred, or set in italics by a style: paragraphs of the text are not."""
    holders = [block.element, *(node for node, is_tail in block.slots[:1] if not is_tail)]
    styles = " ".join(f"{node.get('style') or ''};align:{node.get('align') or ''}" for node in holders)
    return STYLED.search(styles) is not None


def _emphasised(block: Block, tags: tuple[str, ...]) -> bool:
    """Whether all of a block's text stands inside one of the tags."""
    return all(any(node.tag in tags for node in _chain(slot, block.element)) for slot in block.slots)


def _chain(slot: tuple[Element, bool], top: Element) -> list[Element]:
    """Elements from below ``top`` down to the one that holds a text node, outermost first."""
    element, is_tail = slot
    node = element.getparent() if is_tail else element
    chain: list[Element] = []
    while node is not None and node is not top:
        chain.append(node)
        node = node.getparent()
    return chain[::-1]


# ------------------------------------------------------------------ plain text


def plain_text(kept: Sequence[Block], tables: DataTables | None = None) -> str:
    """Blocks as paragraphs separated by a blank line; the cells of a data table's row share a line, ``|`` between them.

    Lines that a single ``<br>`` separates stay together in one paragraph; two of them end it.
    """
    tables = DataTables(kept) if tables is None else tables
    parts: list[str] = []
    last: Block | None = None
    last_row: Element | None = None
    for block in kept:
        row = tables.row(block.element) if block.way.in_row else None
        if last is not None:
            parts.append(_separator(last, block, last_row, row))
        parts.append(block.text)
        last, last_row = block, row
    return "".join(parts)


def _separator(last: Block, block: Block, last_row: Element | None, row: Element | None) -> str:
    if row is not None and last_row is not None:
        if row is last_row:
            return " " if cell_of(block.element) is cell_of(last.element) else " | "
        if row.getparent() is last_row.getparent() or table_of(row) is table_of(last_row):
            return "\n"
    if block.element is last.element and _single_break(block.slots[0]):
        return "\n"
    return "\n\n"


def _single_break(slot: tuple[Element, bool]) -> bool:
    """Whether a text node follows a ``<br>`` with text right before that ``<br>``."""
    element, is_tail = slot
    while not is_tail and element.tag in PHRASING and element.tag != "br":
        above, before = element.getparent(), element.getprevious()
        if before is None and above is not None and not (above.text or "").strip():
            element = above
        elif before is not None and before.tag == "br" and not (before.tail or "").strip():
            element, is_tail = before, True
        else:
            return False
    if not is_tail or element.tag != "br":
        return False
    before = element.getprevious()
    if before is None:
        parent = element.getparent()
        return parent is not None and bool((parent.text or "").strip())
    if (before.tail or "").strip():
        return True
    return before.tag not in ("br", "img", "table", "ul", "ol", "div", "p")


# ------------------------------------------------------------------------ HTML


class _Html:
    """Writes a flow of blocks and pictures as HTML, opening and closing the structure that they stand in."""

    def __init__(self, base: str, regions: Sequence[Element], tables: DataTables) -> None:
        self.base = base
        self.tables = tables
        self.tops = set(regions)
        self.out: list[str] = []
        self.open: list[Element] = []

    def render(self, flow: list[Block | Figure]) -> str:
        captions = {id(step.caption) for step in flow if isinstance(step, Figure) and step.caption is not None}
        last: Block | Figure | None = None
        for step in flow:
            if id(step) in captions:
                continue
            if last is not None and not isinstance(step, Figure) and not isinstance(last, Figure):
                joined = step.element is last.element and _single_break(step.slots[0])
            else:
                joined = False
            self._write(step, joined=joined)
            last = step
        self._descend([])
        return "".join(self.out)

    def _write(self, step: Block | Figure, *, joined: bool) -> None:
        if isinstance(step, Figure):
            self._descend([node for node in self._structure(step.element) if node.tag != "figure"])
            self._figure(step)
            return
        self._descend(self._structure(step.element))
        inner = self._inline(step)
        if joined and self.out and self.out[-1].startswith("</"):
            closing = self.out.pop()
            self.out += ["<br>", inner, closing]
            return
        tag = self._leaf(step)
        self.out += [f"<{tag}>", inner, f"</{tag}>"] if tag else [inner]

    def _leaf(self, block: Block) -> str | None:
        """Tag that wraps a block's text; None where its own element, already open, does."""
        if block.way.tag in ("li", "td", "th"):
            previous = self.out[-1] if self.out else ""
            return None if previous.startswith("<") and not previous.startswith("</") else "p"
        return LEAF.get(block.way.tag, "p")

    def _structure(self, element: Element) -> list[Element]:
        chain: list[Element] = []
        node: Element | None = element
        while node is not None and node not in self.tops:
            if node.tag in STRUCTURE and not self._is_layout(node):
                chain.append(node)
            node = node.getparent()
        return chain[::-1]

    def _is_layout(self, node: Element) -> bool:
        if node.tag in ("table", "tr", "td", "th"):
            table = node if node.tag == "table" else table_of(node)
            return table is None or not self.tables[table]
        return False

    def _descend(self, chain: list[Element]) -> None:
        """Close and open structural elements until exactly ``chain`` is open."""
        shared = 0
        while shared < min(len(self.open), len(chain)) and self.open[shared] is chain[shared]:
            shared += 1
        for node in reversed(self.open[shared:]):
            self.out.append(f"</{node.tag}>")
        for node in chain[shared:]:
            spans = "".join(
                f' {name}="{int(value)}"'
                for name in ("colspan", "rowspan")
                if (value := node.get(name) or "").isascii() and value.isdigit() and len(value) < 4 and int(value) > 1
            )
            self.out.append(f"<{node.tag}{spans}>")
        self.open = chain

    def _figure(self, figure: Figure) -> None:
        image = figure.image
        alt = f' alt="{escape(image.alt)}"' if image.alt else ""
        self.out.append(f'<figure><img src="{escape(image.url)}"{alt}>')
        if figure.caption is not None:
            self.out.append(f"<figcaption>{self._inline(figure.caption)}</figcaption>")
        self.out.append("</figure>")

    def _inline(self, block: Block) -> str:
        """A block's text with its links and emphasis; white space collapsed as in ``block.text``."""
        slots = block.slots
        if slots == [(block.element, False)]:
            return escape(block.text, quote=False)
        out: list[str] = []
        opened: list[Element] = []
        blank = True
        for slot in slots:
            raw = (slot[0].tail if slot[1] else slot[0].text) or ""
            words = squeeze(raw)
            chain = [node for node in _chain(slot, block.element) if node.tag in INLINE and self._opening(node)]
            shared = 0
            while shared < min(len(opened), len(chain)) and opened[shared] is chain[shared]:
                shared += 1
            out += [f"</{INLINE[node.tag]}>" for node in reversed(opened[shared:])]
            if raw[:1].isspace() and not blank:
                out.append(" ")
                blank = True
            out += [self._opening(node) for node in chain[shared:]]
            opened = chain
            if words:
                out.append(escape(words, quote=False))
                blank = False
                if raw[-1:].isspace():
                    out.append(" ")
                    blank = True
        out += [f"</{INLINE[node.tag]}>" for node in reversed(opened)]
        return "".join(out).strip()

    def _opening(self, node: Element) -> str:
        """Opening tag of an inline element; empty for a link that leads nowhere harmless."""
        if node.tag == "a":
            url = absolute(self.base, node.get("href"))
            return f'<a href="{escape(url)}">' if url else ""
        return f"<{INLINE[node.tag]}>"
