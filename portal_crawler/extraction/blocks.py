"""The runs of text that a page is made of, with the shallow features that tell text from boilerplate.

The features are those that Kohlschütter, Fankhauser and Nejdl (2010, "Boilerplate Detection using Shallow Text
Features") found to matter most: the number of words and the share of them that are links.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from lxml import etree

from portal_crawler.extraction.page import PHRASING, Element, Page, squeeze
from portal_crawler.extraction.ways import Way, Ways, look_of

_TEXT_NODES = etree.XPath("//text()")
# Words longer than this on average are no words but a script without spaces, with so many characters to a word.
_LONGEST_WORD = 12
_CHARACTERS_A_WORD = 2
# Texts of so many characters are worth remembering.
_LONGEST_LABEL = 120


@dataclass(slots=True, eq=False)
class Block:
    """A run of text in one block-level element.

    Attributes:
        text: NFC, white space collapsed, never empty.
        element: The innermost block-level element that holds the run.
        nodes: Its text nodes: ``(element, False, text)`` is an element's text, ``(element, True, text)`` its tail.
        words: Number of words (an estimate in scripts that write no spaces).
        linked: Number of characters that stand in links.
        hidden: Whether the page's own style hides it (``display: none``).
        path: Checksum of where it stands; see :class:`.ways.Way`.
        way: The way to its element.
    """

    text: str
    element: Element
    nodes: list[tuple[Element, bool, str]]
    words: int
    linked: int
    hidden: bool
    path: int
    way: Way

    @property
    def slots(self) -> list[tuple[Element, bool]]:
        """Elements of its text nodes, and whether each is a tail; those before the first letter are left out."""
        if len(self.nodes) == 1:
            return [self.nodes[0][:2]]
        start = 0
        while not (head := self.nodes[start][2].lstrip()) or (head[0] in "\u200b\ufeff\u00ad" and not squeeze(head)):
            start += 1
        return [(holder, is_tail) for holder, is_tail, _ in self.nodes[start:]]

    @property
    def link_density(self) -> float:
        """Share of the characters that stand in links, from 0 to 1."""
        return self.linked / len(self.text)


_WAYS = Ways()
# Where the text under an element stands: the block-level element that holds it, and the way there.
_Place: TypeAlias = tuple[Element, Way]


def blocks(page: Page) -> list[Block]:
    """The blocks of a page in document order; a run ends at block-level boundaries, table cells and ``<br>``."""
    _WAYS.begin_page()
    places: dict[Element, _Place] = {}
    found: list[Block] = []
    run: list[tuple[Element, bool, str]] = []
    current: _Place | None = None
    linked = 0
    nodes: Any = _TEXT_NODES(page.root)  # strings that know their element; lxml's types know them by no name
    for node in nodes:
        if not run and node.isspace():
            continue
        element = node.getparent()
        is_tail = node.is_tail
        holder = element.getparent() if is_tail else element
        place = places.get(holder) or _place(holder, places)
        level, way = place
        if way.mute:
            continue
        # Text behind a block-level element, a line break included, begins a new run; so does hidden text.
        if (
            current is None
            or level is not current[0]
            or way.hidden is not current[1].hidden
            or (is_tail and element.tag not in PHRASING)
        ):
            if run and current is not None and (block := _block(run, current, linked)):
                found.append(block)
            run, linked = [], 0
            if node.isspace():
                continue
        current = place
        run.append((element, is_tail, node))
        if way.linked:
            linked += len(node.strip())
    if run and current is not None and (block := _block(run, current, linked)):
        found.append(block)
    return found


def _block(run: list[tuple[Element, bool, str]], place: _Place, linked: int) -> Block | None:
    # A plain string: lxml's own know their element, and one that is remembered would keep the whole tree alive.
    raw = str(run[0][2]) if len(run) == 1 else "".join([node for _, _, node in run])
    text = _label(raw) if len(raw) <= _LONGEST_LABEL else squeeze(raw)
    if not text:
        return None
    element, way = place
    return Block(text, element, run, count_words(text), min(linked, len(text)), way.hidden, way.path, way.holder)


def count_words(text: str) -> int:
    """Number of words of a text, an estimate where it is written without spaces, as Chinese and Japanese are."""
    words = text.count(" ") + 1
    return len(text) // _CHARACTERS_A_WORD if len(text) > _LONGEST_WORD * words and not text.isascii() else words


def _place(element: Element, places: dict[Element, _Place]) -> _Place:
    """Resolve the place of an element from the nearest ancestor that is known; iterative, as pages nest deeply."""
    chain: list[Element] = []
    top, node = element, element.getparent()
    place: _Place | None = None
    while node is not None and (place := places.get(node)) is None:
        chain.append(top)
        top, node = node, node.getparent()
    level, way = place or (top, _WAYS.top)
    while True:
        look = look_of(top)
        way = way.below.get(look) or _WAYS.go(way, look)
        if not way.inline:
            level = top
        places[top] = place = (level, way)
        if not chain:
            return place
        top = chain.pop()


@lru_cache(maxsize=50_000)
def _label(raw: str) -> str:
    """A short text without superfluous space, remembered: menus say the same on every page of a site."""
    return squeeze(raw)
