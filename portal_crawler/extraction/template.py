"""The template of a site: what its pages have in common, learned from the pages themselves.

Two tables are kept. The first counts, for every block (its path of tags and classes, and its text with digits masked),
on how many pages it stands: the document frequency of Bar-Yossef and Rajagopalan (2002, "Template Detection via Data
Mining and its Applications"), so that a calendar that changes daily and a counter that changes at every request are the
same block on all pages. The second asks, for every path, how varied the texts in it are: the style tree of Yi, Liu and
Li (2003, "Eliminating Noisy Information in Web Pages for Data Mining") calls parts with one content on all pages noise
and parts with diverse contents the main content.

Pages of one article (print view, the shell of another language, a copy) count once: or the article itself would look
like template.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from portal_crawler.extraction.blocks import Block, blocks

if TYPE_CHECKING:
    from portal_crawler.extraction.page import Element, Page

FORMAT = 1
# From so many different pages on the figures mean something.
ENOUGH = 5
# Blocks that are remembered at most; when there are more, those met on one page only are forgotten first.
MOST_BLOCKS = 12_000
MOST_KEYS = 20_000
# A block on this share of the pages is template; a paragraph of running text has to stand on nearly all of them, as
# articles share standing formulas.
COMMON = 0.3
COMMON_PARAGRAPH = 0.7
PARAGRAPH_WORDS = 15

_DIGITS = re.compile(r"\d+")
_LEVELS = 4


class Template:
    """What is known of one site's pages.

    Attributes:
        pages: How many different pages it was learned from.
    """

    def __init__(self) -> None:
        self.pages = 0
        self._keys: set[int] = set()
        self._counts: dict[int, int] = {}
        self._texts: dict[int, int] = {}
        self._said: dict[int, str] = {}
        # Path -> number of blocks seen in it, number of those that no other page showed.
        self._paths: dict[int, list[int]] = {}

    @property
    def ready(self) -> bool:
        """Whether enough pages have been seen for the figures to be trusted."""
        return self.pages >= ENOUGH

    def learn(self, page: Page, key: str) -> None:
        """Count a page.

        Args:
            page: The parsed page.
            key: What it is a page of: further pages with the same key, or with the same running text, are not counted.
        """
        found = blocks(page)
        running = " ".join(block.text for block in found if block.words >= PARAGRAPH_WORDS and block.link_density < 0.5)
        marks = {crc32(key.encode("utf-8", "replace"))}
        if len(running) > 200:
            marks.add(crc32(running.encode("utf-8", "replace")))
        if marks & self._keys:
            return
        self._keys |= marks
        self.pages += 1
        self._count(found)
        if len(self._counts) > MOST_BLOCKS:
            self._prune()

    def _count(self, found: list[Block]) -> None:
        paths: dict[Element, int] = {}
        seen: set[int] = set()
        texts: set[int] = set()
        for block in found:
            path = _path(block.element, paths)
            key = _key(path, block.text)
            variety = self._paths.setdefault(path, [0, 0])
            variety[0] += 1
            variety[1] += key not in self._counts
            if key not in seen:
                seen.add(key)
                count = self._counts[key] = self._counts.get(key, 0) + 1
                if count == 2:
                    self._said[key] = block.text[:60]
            texts.add(crc32(block.text.encode("utf-8", "replace")))
        for text in texts:
            self._texts[text] = self._texts.get(text, 0) + 1

    def _prune(self) -> None:
        """Forget what stood on one page only, and of that the oldest."""
        for table in (self._counts, self._texts):
            excess = len(table) - MOST_BLOCKS // 2
            for key in [key for key, count in table.items() if count == 1][: max(0, excess)]:
                del table[key]
        if len(self._keys) > MOST_KEYS:
            self._keys = set(list(self._keys)[-MOST_KEYS // 2 :])

    # ------------------------------------------------------------------ answers

    def share(self, block: Block) -> float:
        """Document frequency of a block over the site's pages, from 0 to 1; one page is no frequency."""
        count = self._counts.get(_key(_path(block.element, {}), block.text), 0)
        return count / self.pages if count > 1 and self.pages else 0.0

    def vote(self, block: Block) -> float | None:
        """How varied the texts in the block's path are, from 0 (always the same) to 1; None where too few were seen."""
        seen = self._paths.get(_path(block.element, {}))
        return seen[1] / seen[0] if seen is not None and seen[0] >= ENOUGH else None

    def is_boilerplate(self, block: Block, share: float) -> bool:
        """Whether a block with that document frequency is part of the template.

        A paragraph that a few articles share is none: two of five pages prove nothing about a text of many words.
        """
        enough = COMMON_PARAGRAPH if block.words >= PARAGRAPH_WORDS and block.link_density < 0.5 else COMMON
        return share >= enough and share * self.pages >= 3

    def is_constant(self, text: str) -> bool:
        """Whether a text stands on so many pages that it belongs to none of them."""
        count = self._texts.get(crc32(text.encode("utf-8", "replace")), 0)
        return count >= 3 and count >= COMMON * self.pages

    # -------------------------------------------------------------------- files

    def merge(self, other: Template) -> None:
        """Add what another template of the same site has learned from other pages."""
        self.pages += other.pages
        self._keys |= other._keys
        self._said = other._said | self._said
        for mine, theirs in ((self._counts, other._counts), (self._texts, other._texts)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        for path, (seen, new) in other._paths.items():
            variety = self._paths.setdefault(path, [0, 0])
            variety[0] += seen
            variety[1] += new
        self._prune()

    def save(self, path: Path) -> None:
        """Write the template as JSON: what stands on several pages, with the beginning of its text for readers.

        Raises:
            OSError: if the file cannot be written.
        """
        often = sorted((key for key, count in self._counts.items() if count > 1), key=lambda key: -self._counts[key])
        record = {
            "format": FORMAT,
            "pages": self.pages,
            "blocks": [[key, self._counts[key], self._said.get(key, "")] for key in often],
            "texts": sorted([key, count] for key, count in self._texts.items() if count > 1),
            "paths": sorted([key, *counts] for key, counts in self._paths.items() if counts[0] > 1),
            "seen": sorted(self._keys),
        }
        lines = [f'"{name}": {_lines(value)}' for name, value in record.items()]
        part = Path(f"{path}.part")
        part.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path) -> Template:
        """Read a template.

        Raises:
            OSError: if the file cannot be read.
            ValueError: if it is no template of this format.
        """
        record = json.loads(path.read_text("utf-8"))
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise ValueError(f"{path} is no template of format {FORMAT}")
        template = cls()
        template.pages = int(record["pages"])
        template._keys = set(record["seen"])
        template._counts = {key: count for key, count, _ in record["blocks"]}
        template._said = {key: text for key, _, text in record["blocks"]}
        template._texts = dict(record["texts"])
        template._paths = {key: [seen, new] for key, seen, new in record["paths"]}
        return template


def _lines(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def _key(path: int, text: str) -> int:
    return crc32(_DIGITS.sub("0", text).encode("utf-8", "replace"), path)


def _path(element: Element, known: dict[Element, int]) -> int:
    """Checksum of an element's path: tags, classes and ids of the nearest levels, digits masked."""
    if element in known:
        return known[element]
    parts: list[str] = []
    node: Element | None = element
    for _ in range(_LEVELS):
        if node is None:
            break
        marks = f"{node.get('class') or ''}#{node.get('id') or ''}"
        parts.append(f"{node.tag}.{_DIGITS.sub('0', marks) if marks != '#' else ''}")
        node = node.getparent()
    known[element] = crc32(">".join(parts).encode("utf-8", "replace"))
    return known[element]
