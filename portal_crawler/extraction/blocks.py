"""The runs of text that a page is made of, with the shallow features that tell text from boilerplate.

The features are those that Kohlschütter, Fankhauser and Nejdl (2010, "Boilerplate Detection using Shallow Text
Features") found to matter most: the number of words and the share of them that are links.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias
from zlib import crc32

from lxml import etree

from portal_crawler.extraction.page import NOT_TEXT, PHRASING, Element, Page, squeeze

_TEXT_NODES = etree.XPath("//text()")
# What is no part of the running text though it holds text.
_NO_RUN = NOT_TEXT | {"select", "option", "textarea", "button", "iframe", "object", "audio", "video", "canvas", "map"}
# Words longer than this on average are no words but a script without spaces, with so many characters to a word.
_LONGEST_WORD = 12
_CHARACTERS_A_WORD = 2
# Texts of so many characters are worth remembering.
_LONGEST_LABEL = 120
# So many ways are remembered, a few MB of them; a site has hundreds.
_MOST_WAYS = 20_000
_DIGITS = re.compile(r"\d+")
# These tell nothing of where a cell stands: those of an article's table and those of a calendar have the same.
_ROWS = frozenset(("tr", "tbody", "thead", "tfoot"))
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
        path: Checksum of tags, classes and ids (digits masked) of the element and the three nearest around it, 16 bits
            each; rows and bodies of tables are passed over, as they are the same in any table.
    """

    text: str
    element: Element
    slots: list[tuple[Element, bool]]
    words: int
    linked: int
    hidden: bool
    path: int

    @property
    def link_density(self) -> float:
        """Share of the characters that stand in links, from 0 to 1."""
        return min(1.0, self.linked / len(self.text))


# Tag, class, id and style of an element; the tag alone where it has none of these.
_Look: TypeAlias = str | tuple[str, str | None, str | None, str | None]


@dataclass(slots=True, eq=False)
class _Way:
    """A way from the root down to an element, as far as it matters to text.

    Attributes:
        path: See :class:`Block`.
        inline: Whether the element begins no block: its text belongs to the one around it.
        linked: Whether the text stands in a link.
        hidden: Whether it is hidden.
        mute: Whether it is no running text.
        below: Ways to children, by what they look like; this way itself where nothing differs.
    """

    path: int = 0
    inline: bool = False
    linked: bool = False
    hidden: bool = False
    mute: bool = False
    below: dict[_Look, _Way] = field(default_factory=dict)


class _Ways:
    """The ways met so far: menus, frames and lists have the same ones on every page of a site, so they are looked up.

    Attributes:
        top: Above the root.
    """

    def __init__(self) -> None:
        self.top = _Way()
        self._known = 0

    def begin_page(self) -> None:
        """Forget them all once there are too many."""
        if self._known > _MOST_WAYS:
            self.top, self._known = _Way(), 0

    def go(self, above: _Way, look: _Look) -> _Way:
        """The way to a child that has not been met below that way."""
        tag, classes, name, style = look if isinstance(look, tuple) else (look, None, None, None)
        inline, linked, mute, hidden = tag in PHRASING, tag == "a", tag in _NO_RUN, hides(style, classes)
        way = above
        if not inline or linked or mute or hidden:
            path = above.path
            if not inline and tag not in _ROWS:
                path = (path & 0xFFFFFFFFFFFF) << 16 | _step(tag, classes, name)
            way = _Way(path, inline, above.linked or linked, above.hidden or hidden, above.mute or mute)
        above.below[look] = way
        self._known += 1
        return way


_WAYS = _Ways()
# Where the text under an element stands: the block-level element that holds it, and the way there.
_Place: TypeAlias = tuple[Element, _Way]


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
    start = 0
    while not (head := run[start][2].lstrip()) or (head[0] in "\u200b\ufeff\u00ad" and not squeeze(head)):
        start += 1
    slots = [(holder, is_tail) for holder, is_tail, _ in run[start:]]
    element, way = place
    return Block(text, element, slots, count_words(text), linked, way.hidden, way.path)


def count_words(text: str) -> int:
    """Number of words of a text, an estimate where it is written without spaces, as Chinese and Japanese are."""
    words = text.count(" ") + 1
    return len(text) // _CHARACTERS_A_WORD if len(text) > _LONGEST_WORD * words and not text.isascii() else words


def _place(element: Element, places: dict[Element, _Place]) -> _Place:
    """Resolve the place of an element from the nearest ancestor that is known; iterative, as pages nest deeply."""
    chain = [element]
    above: _Place | None = None
    while (node := chain[-1].getparent()) is not None:
        above = places.get(node)
        if above is not None:
            break
        chain.append(node)
    level, way = above or (chain[-1], _WAYS.top)
    for node in reversed(chain):
        look = _look(node)
        below = way.below.get(look) or _WAYS.go(way, look)
        if below is not way:
            way = below
            if not way.inline:
                level = node
        places[node] = level, way
    return level, way


def _look(element: Element) -> _Look:
    """What the way to an element depends on."""
    classes = name = style = None
    # One call for all attributes: most elements have none of these three, and asking for each costs as much.
    attributes: Any = element.items()  # always str for HTML
    for key, value in attributes:
        if key == "class":
            classes = value
        elif key == "id":
            name = value
        elif key == "style":
            style = value
    if classes is None and name is None and style is None:
        return element.tag
    return element.tag, classes, name, style


@lru_cache(maxsize=20_000)
def _step(tag: str, classes: str | None, name: str | None) -> int:
    """Checksum of one level of a path, 16 bits: tag, class and id, digits masked."""
    level = f"{tag}.{_DIGITS.sub('0', f'{classes or str()}#{name or str()}')}" if classes or name else f"{tag}."
    return crc32(level.encode("utf-8", "replace")) & 0xFFFF


@lru_cache(maxsize=50_000)
def _label(raw: str) -> str:
    """A short text without superfluous space, remembered: menus say the same on every page of a site."""
    return squeeze(raw)


@lru_cache(maxsize=20_000)
def hides(style: str | None, classes: str | None) -> bool:
    """Whether an element's own style or classes hide it."""
    if style and "display:none" in style.replace(" ", "").lower():
        return True
    return bool(classes and not _HIDING.isdisjoint(classes.split()) and not _SHOWING.search(classes))
