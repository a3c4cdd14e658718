"""The runs of text that a page is made of, with the shallow features that tell text from boilerplate.

The features are those that Kohlschütter, Fankhauser and Nejdl (2010, "Boilerplate Detection using Shallow Text
Features") found to matter most: the number of words and the share of them that are links.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from portal_crawler.extraction.page import NOT_TEXT, PHRASING, Element, Page, squeeze

_TEXT_NODES = etree.XPath("//text()")
# What is no part of the running text though it holds text.
_NO_RUN = NOT_TEXT | {"select", "option", "textarea", "button", "iframe", "object", "audio", "video", "canvas", "map"}
# Words longer than this on average are no words but a script without spaces, with so many characters to a word.
_LONGEST_WORD = 12
_CHARACTERS_A_WORD = 2


# Classes by which style sheets in wide use hide an element (Bootstrap's among them), unless another shows it again.
_HIDING = frozenset(("d-none", "hidden", "hide", "visually-hidden", "sr-only"))
_SHOWING = re.compile(r"\b(?:d-\w+-(?:block|flex|inline|grid|table)|visible-\w+|show)\b")


@dataclass(slots=True, eq=False)
class Block:
    """A run of text in one block-level element.

    Attributes:
        text: NFC, white space collapsed, never empty.
        element: The innermost block-level element that holds the run.
        slots: Its text nodes: ``(element, False)`` is an element's text, ``(element, True)`` its tail.
        words: Number of words (an estimate in scripts that write no spaces).
        linked: Number of characters that stand in links.
        hidden: Whether the page's own style hides it (``display: none``).
    """

    text: str
    element: Element
    slots: list[tuple[Element, bool]]
    words: int
    linked: int
    hidden: bool

    @property
    def link_density(self) -> float:
        """Share of the characters that stand in links, from 0 to 1."""
        return min(1.0, self.linked / len(self.text))


@dataclass(slots=True)
class _Place:
    """Where text directly under an element stands: its block-level element, in a link, hidden, no text at all."""

    element: Element
    linked: bool
    hidden: bool
    text: bool


def blocks(page: Page) -> list[Block]:
    """The blocks of a page in document order; a run ends at block-level boundaries, table cells and ``<br>``."""
    places: dict[Element, _Place] = {}
    found: list[Block] = []
    run: list[tuple[Element, bool, str]] = []
    current: _Place | None = None
    linked = 0
    nodes: Any = _TEXT_NODES(page.root)  # strings that know their element; lxml's types know them by no name
    for node in nodes:
        element = node.getparent()
        is_tail = node.is_tail
        holder = element.getparent() if is_tail else element
        place = places.get(holder) or _place(holder, places)
        if not place.text:
            continue
        # Text behind a block-level element, a line break included, begins a new run; so does hidden text.
        if (
            current is None
            or place.element is not current.element
            or place.hidden is not current.hidden
            or (is_tail and element.tag not in PHRASING)
        ):
            if run and current is not None and (block := _block(run, current, linked)):
                found.append(block)
            run, linked = [], 0
        current = place
        run.append((element, is_tail, node))
        if place.linked:
            linked += len(node.strip())
    if run and current is not None and (block := _block(run, current, linked)):
        found.append(block)
    return found


def _block(run: list[tuple[Element, bool, str]], place: _Place, linked: int) -> Block | None:
    text = squeeze("".join([node for _, _, node in run]))
    if not text:
        return None
    start = 0
    while not (head := run[start][2].lstrip()) or (head[0] in "\u200b\ufeff\u00ad" and not squeeze(head)):
        start += 1
    slots = [(element, is_tail) for element, is_tail, _ in run[start:]]
    return Block(text, place.element, slots, count_words(text), linked, place.hidden)


def count_words(text: str) -> int:
    """Number of words of a text, an estimate where it is written without spaces, as Chinese and Japanese are."""
    words = text.count(" ") + 1
    return len(text) // _CHARACTERS_A_WORD if len(text) > _LONGEST_WORD * words and not text.isascii() else words


def _place(element: Element, places: dict[Element, _Place]) -> _Place:
    """Resolve the place of an element from the nearest ancestor that is known; iterative, as pages nest deeply."""
    chain: list[Element] = []
    node: Element | None = element
    while node is not None and node not in places:
        chain.append(node)
        node = node.getparent()
    above = places[node] if node is not None else None
    for node in reversed(chain):
        tag = node.tag
        inline = tag in PHRASING and above is not None
        above = places[node] = _Place(
            above.element if inline and above is not None else node,
            (above is not None and above.linked) or tag == "a",
            (above is not None and above.hidden) or _hides(node.get("style"), node.get("class")),
            (above is None or above.text) and tag not in _NO_RUN,
        )
    assert above is not None
    return above


@lru_cache(maxsize=20_000)
def _hides(style: str | None, classes: str | None) -> bool:
    """Whether an element's own style or classes hide it."""
    if style and "display:none" in style.replace(" ", "").lower():
        return True
    return bool(classes and not _HIDING.isdisjoint(classes.split()) and not _SHOWING.search(classes))
