"""The runs of text that a page is made of, with the shallow features that tell text from boilerplate.

The features are those that Kohlschütter, Fankhauser and Nejdl (2010, "Boilerplate Detection using Shallow Text
Features") found to matter most: the number of words and the share of them that are links.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias
from unicodedata import normalize
from zlib import crc32

from lxml.etree import tostring

from portal_crawler.extraction.page import PHRASING, Element, Page, leads_to_file, says_only, squeeze
from portal_crawler.extraction.ways import Way, Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Words longer than this on average are no words but a script without spaces, with so many characters to a word.
_LONGEST_WORD = 12
_CHARACTERS_A_WORD = 2
_DIGITS = re.compile(r"\d+")
# Texts of so many characters are worth remembering.
_LONGEST_LABEL = 120

# Parts of more elements are read anew: their children take long to count, and what recurs in them is remembered.
_MOST_ELEMENTS = 10_000

# Empty elements that end a line, and the icon of Angular Material, which stands between fields.
_BREAKS = ("br", "hr", "mat-icon")

# An element and whether its tail is meant, not its text; the same with the text itself.
Slot: TypeAlias = tuple[Element, bool]
_Node: TypeAlias = tuple[Element, bool, str]


class Block:
    """A run of text in one block-level element.

    Attributes:
        text: NFC, white space collapsed, never empty.
        words: Number of words (an estimate in scripts that write no spaces).
        linked: Number of characters that stand in links.
        hidden: Whether the page's own style hides it (``display: none``).
        way: The way to its element.
        path: Checksum of where it stands; see :class:`.ways.Way`.
        part: An element that holds it: its own, or the root of a part that recurs on the pages of the site.
    """

    __slots__ = ("_element", "_key", "_memory", "_nodes", "hidden", "linked", "part", "path", "text", "way", "words")

    def __init__(self, text: str, words: int, linked: int, way: Way, part: Element, *, hidden: bool) -> None:
        self.text = text
        self.words = words
        self.linked = linked
        self.hidden = hidden
        self.way = way
        self.path = way.path
        self.part = part
        self._key: int | None = None
        self._element: Element | None = None
        self._nodes: list[_Node] | None = None
        self._memory: _Memory | None = None

    @classmethod
    def met(cls, text: str, linked: int, way: Way, element: Element, nodes: list[_Node]) -> Block:
        """A block that was read from its page."""
        holder = way.holder
        block = cls(text, count_words(text), linked, holder, element, hidden=way.hidden)
        block._element, block._nodes = element, nodes
        return block

    @classmethod
    def recalled(cls, part: Element, memory: _Memory) -> Block:
        """A block of a part that recurs; its elements are sought once they are asked for."""
        block = cls(memory.text, memory.words, memory.linked, memory.way, part, hidden=memory.hidden)
        block._memory, block._key = memory, memory.key
        return block

    @property
    def key(self) -> int:
        """What is the same block on all pages: its path, and its text with digits masked; 64 bits."""
        if self._key is None:  # who wants to know no more than what a page says has no use for it
            self._key = (self.path * 0x9E3779B97F4A7C15 + _masked(self.text)) & 0xFFFFFFFFFFFFFFFF
        return self._key

    @property
    def element(self) -> Element:
        """The innermost block-level element that holds the run."""
        if self._element is None:
            assert self._memory is not None
            self._element = _below(self.part, self._memory.element)
        return self._element

    @property
    def nodes(self) -> list[_Node]:
        """Its text nodes: ``(element, False, text)`` is an element's text, ``(element, True, text)`` its tail."""
        if self._nodes is None:
            assert self._memory is not None
            slots = [(_below(self.part, steps), is_tail) for steps, is_tail in self._memory.slots]
            self._nodes = [(one, is_tail, (one.tail if is_tail else one.text) or "") for one, is_tail in slots]
        return self._nodes

    @property
    def slots(self) -> list[Slot]:
        """Elements of its text nodes, and whether each is a tail; those before the first letter are left out."""
        nodes = self.nodes
        if len(nodes) == 1:
            return [nodes[0][:2]]
        start = 0
        while not (head := nodes[start][2].lstrip()) or (head[0] in "\u200b\ufeff\u00ad" and not squeeze(head)):
            start += 1
        return [(holder, is_tail) for holder, is_tail, _ in nodes[start:]]

    @property
    def link_density(self) -> float:
        """Share of the characters that stand in links, from 0 to 1."""
        return self.linked / len(self.text)


def links_of(block: Block, wanted: Callable[[Element], bool] | None = None) -> list[Element]:
    """The links of a block's text, perhaps only those that are wanted.

    An element may hold lines of several blocks, as a cell does with a whole text in it: then those of this one count.
    """
    links = [link for link in block.element.iter("a") if wanted is None or wanted(link)]
    if links and not says_only(block.element, block.text):
        around = {up for node, _ in block.slots for up in (node, *node.iterancestors())}
        links = [link for link in links if link in around]
    return links


def file_addresses(block: Block) -> list[str]:
    """Addresses of the files that a block's links lead to, as written."""
    return [link.get("href") or "" for link in links_of(block, leads_to_file)]


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """A block of a part that recurs; its elements are told by the steps to them from the part: which child of each."""

    text: str
    words: int
    linked: int
    hidden: bool
    way: Way
    key: int
    element: tuple[int, ...]
    slots: list[tuple[tuple[int, ...], bool]]


def _below(part: Element, steps: tuple[int, ...]) -> Element:
    for step in steps:
        part = part[step]
    return part


_WAYS = Ways()


def blocks(page: Page) -> list[Block]:
    """The blocks of a page in document order; a run ends at block-level boundaries, table cells and ``<br>``.

    They are told once for each page: who changes its tree takes them away.
    """
    if page.blocks is None:
        _WAYS.begin_page()
        page.blocks = _Walk(page.root).found
    found: list[Block] = page.blocks
    return found


# An element on the walk, what of it is still to be visited, the block-level element that holds its text, the way to
# it; and, where the part is to be remembered, its markup and the number of blocks before it.
_Step: TypeAlias = "tuple[Element, Iterator[Element], Element, Way, tuple[bytes, int] | None]"


class _Walk:
    """One walk over the elements of a page, but for those in parts that recur.

    Menus, frames and boxes have the same markup on every page of a site. The blocks of such a part are remembered with
    the way to it and its markup to the byte, and are taken from there on all pages that follow.
    """

    def __init__(self, root: Element) -> None:
        self.found: list[Block] = []
        self.run: list[_Node] = []
        self.linked = 0
        self.level: Element | None = None
        self.way = _WAYS.top
        way = _WAYS.child(_WAYS.top, root)
        if root.text and not way.mute:
            self.take(root, root.text, root, way, tail=False)
        if not way.mute:
            self.visit((root, iter(root), root, way, None))
        self.end_run()

    def visit(self, first: _Step) -> None:
        """Visit what is below an element; iterative, as pages nest deeply."""
        stack = [first]
        child_of, take = _WAYS.child, self.take
        while stack:
            element, children, level, way, kept = stack[-1]
            for child in children:
                below = child_of(way, child)
                if not below.mute and (step := self.enter(child, level, below)) is not None:
                    stack.append(step)
                    break
                if text := child.tail:
                    take(child, text, level, way, tail=True)
                elif child.tag in _BREAKS:  # right before an element, whose text would be glued to the line above
                    self.end_run()
            else:
                stack.pop()
                if kept is not None:
                    self.end_run()
                    self.remember(element, way, *kept)
                if stack and (text := element.tail):
                    _, _, level, way, _ = stack[-1]
                    take(element, text, level, way, tail=True)

    def enter(self, element: Element, level: Element, way: Way) -> _Step | None:
        """Begin with an element; None if there is nothing below it, or nothing that is not known."""
        count = len(element)
        kept = None
        if not way.inline:
            level = element
            if count > 1:
                if way.wait:
                    way.wait -= 1
                else:
                    markup = tostring(element, encoding="utf-8", with_tail=False)
                    if (memories := way.parts.get(markup)) is not None:
                        self.recall(element, way, memories)
                        return None
                    if way.recurs(markup):
                        self.end_run()
                        kept = markup, len(self.found)
        if text := element.text:
            self.take(element, text, level, way, tail=False)
        return (element, iter(element), level, way, kept) if count else None

    def take(self, element: Element, text: str, level: Element, way: Way, *, tail: bool) -> None:
        """Add a text to the run, or begin another with it.

        Text behind a block-level element, a line break included, begins a new run; so does hidden text.
        """
        run = self.run
        if not run and text.isspace():
            return
        if level is not self.level or way.hidden is not self.way.hidden or (tail and element.tag not in PHRASING):
            if run:
                self.end_run()
                run = self.run
            if text.isspace():
                return
        self.level, self.way = level, way
        run.append((element, tail, text))
        if way.linked:
            self.linked += len(normalize("NFC", text.strip()))

    def end_run(self) -> None:
        """Make a block of the run."""
        run = self.run
        if not run:
            return
        assert self.level is not None
        raw = run[0][2] if len(run) == 1 else "".join([text for _, _, text in run])
        text = _label(raw) if len(raw) <= _LONGEST_LABEL else squeeze(raw)
        if text:
            self.found.append(Block.met(text, min(self.linked, len(text)), self.way, self.level, run))
        self.run, self.linked = [], 0

    # What recurs

    def recall(self, element: Element, way: Way, memories: list[_Memory]) -> None:
        """Take the blocks of a part that was met on another page."""
        way.misses = 0
        if memories:
            self.end_run()
            self.found += [Block.recalled(element, memory) for memory in memories]

    def remember(self, element: Element, way: Way, markup: bytes, before: int) -> None:
        """Keep the blocks of a part for the pages to come."""
        steps: dict[Element, tuple[int, ...]] = {element: ()}
        for one in element.iter():
            steps |= {child: (*steps[one], place) for place, child in enumerate(one)}
            if len(steps) > _MOST_ELEMENTS:
                return
        way.parts[markup] = [
            _Memory(
                block.text,
                block.words,
                block.linked,
                block.hidden,
                block.way,
                block.key,
                steps[block.element],
                [(steps[one], is_tail) for one, is_tail, _ in block.nodes],
            )
            for block in self.found[before:]
        ]
        _WAYS.weight += len(markup)


def count_words(text: str) -> int:
    """Number of words of a text, an estimate where it is written without spaces, as Chinese and Japanese are."""
    words = text.count(" ") + 1
    return len(text) // _CHARACTERS_A_WORD if len(text) > _LONGEST_WORD * words and not text.isascii() else words


@lru_cache(maxsize=50_000)
def _masked(text: str) -> int:
    return crc32(_DIGITS.sub("0", text).encode("utf-8", "replace"))


@lru_cache(maxsize=50_000)
def _label(raw: str) -> str:
    """A short text without superfluous space, remembered: menus say the same on every page of a site."""
    return squeeze(raw)
