"""The template of a site: what its pages have in common, learned from the pages themselves.

Two tables are kept. The first counts, for every block (its path of tags and classes, and its text with digits masked),
on how many pages it stands: the document frequency of Bar-Yossef and Rajagopalan (2002, "Template Detection via Data
Mining and its Applications"), so that a calendar that changes daily and a counter that changes at every request are the
same block on all pages. The second asks, for every path, how varied the texts in it are: the style tree of Yi, Liu and
Li (2003, "Eliminating Noisy Information in Web Pages for Data Mining") calls parts with one content on all pages noise
and parts with diverse contents the main content.

The dear part, scoring whole pages, is done on a sample of them and its result applied to all, as Vieira and others
(2006, "A Fast and Robust Method for Web Page Template Detection and Removal") do: the first pages, then every tenth.

Pages of one article (print view, the shell of another language, a copy) count once: or the article itself would look
like template.
"""

from __future__ import annotations

import json
from functools import lru_cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from portal_crawler.extraction.blocks import Block, blocks
from portal_crawler.extraction.dates import date_orders
from portal_crawler.extraction.scoring import Scored, score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_crawler.extraction.page import Page

FORMAT = 6
# From so many different pages on the figures mean something.
ENOUGH = 5
# Blocks that are remembered at most; when there are more, those met on one page only are forgotten first.
MOST_BLOCKS = 6_000
MOST_KEYS = 6_000
# So many pages are scored in full to learn in which paths the text of articles stands; later, one of so many is.
VOTING_PAGES = 60
VOTING_EVERY = 10
# Two pages that share so much of their text are pages of one article.
SAME_ARTICLE = 0.6
# A block on this share of the pages is template; a paragraph of running text has to stand on nearly all of them, as
# articles share standing formulas.
COMMON = 0.3
COMMON_PARAGRAPH = 0.7
PARAGRAPH_WORDS = 15
# The date of an article stands in a line of its own, of fewer characters.
LINE = 80


class Template:
    """What is known of one site's pages.

    Attributes:
        pages: How many different pages it was learned from.
    """

    def __init__(self) -> None:
        self.pages = 0
        self._mark = 0
        # Checksum of a key (0), or of a long paragraph -> the page that showed it first.
        self._keys: dict[int, int] = {}
        # Path -> blocks in it that look like text by themselves, all blocks in it.
        self._votes: dict[int, list[int]] = {}
        # Dates that prove the order of month and day: month first, day first.
        self._orders = [0, 0]
        self._counts: dict[int, int] = {}
        self._texts: dict[int, int] = {}
        self._said: dict[int, str] = {}

    @property
    def ready(self) -> bool:
        """Whether enough pages have been seen for the figures to be trusted."""
        return self.pages >= ENOUGH

    @property
    def version(self) -> str:
        """What names the state of the template: how many pages it has learned from, and a checksum of what they held.

        Templates that have learned the same pages have the same.
        """
        return f"learned:{self.pages}:{self._mark:08x}"

    def learn(self, page: Page, key: str) -> None:
        """Count a page.

        Args:
            page: The parsed page.
            key: What it is a page of: further pages with the same key, or with the same running text, are not counted.
        """
        own = crc32(key.encode("utf-8", "replace"))
        if own in self._keys:
            return
        found = blocks(page)
        if self.pages >= VOTING_PAGES and self.pages % VOTING_EVERY:
            self._remember(own, [])
        else:
            scored = score(page, found)
            longest = self._longest(found, scored)
            if self._seen_before(longest):
                self._keys[own] = 0
                return
            self._remember(own, [mark for mark, _ in longest])
            self._poll(found, scored)
        self.pages += 1
        self._count(found, page)
        if len(self._counts) > MOST_BLOCKS:
            self._prune()

    @staticmethod
    def _longest(found: list[Block], scored: Scored) -> list[tuple[int, int]]:
        """Checksum and length of the longest blocks of a page's text."""
        text = sorted((-len(block.text), n) for n, block in enumerate(found) if scored.logits[n] > 0)[:6]
        return [(crc32(found[n].text.encode("utf-8", "replace")), -size) for size, n in text]

    def _seen_before(self, longest: list[tuple[int, int]]) -> bool:
        """Whether most of a page's text stood on one earlier page."""
        total = sum(size for _, size in longest)
        common: dict[int, int] = {}
        for mark, size in longest:
            if (earlier := self._keys.get(mark, 0)) > 0:
                common[earlier] = common.get(earlier, 0) + size
        return total >= 200 and max(common.values(), default=0) >= SAME_ARTICLE * total

    def _remember(self, own: int, marks: list[int]) -> None:
        self._keys[own] = 0
        for mark in marks:
            self._keys.setdefault(mark, self.pages + 1)

    def _poll(self, found: list[Block], scored: Scored) -> None:
        """Count, for each path, the blocks that look like text and all blocks."""
        for block, logit in zip(found, scored.logits, strict=True):
            votes = self._votes.setdefault(block.path, [0, 0])
            votes[0] += logit > 0
            votes[1] += 1
            if len(block.text) < LINE and "/" in block.text:
                american, other = date_orders(block.text)
                self._orders[0] += american
                self._orders[1] += other

    def _count(self, found: list[Block], page: Page) -> None:
        seen: set[int] = set()
        # "Download" stands on all pages, and leads to another file on each: files count by their addresses.
        texts = {crc32(href.encode("utf-8", "replace")) for href in page.files}
        for block in found:
            key = block.key
            if key not in seen:
                seen.add(key)
                count = self._counts[key] = self._counts.get(key, 0) + 1
                if count == 2:
                    self._said[key] = block.text[:60]
            texts.add(crc32(block.text.encode("utf-8", "replace")))
        for text in texts:
            self._texts[text] = self._texts.get(text, 0) + 1
        self._mark = (self._mark + crc32(b"%d %d" % (sum(seen), len(texts)))) & 0xFFFFFFFF

    def _prune(self) -> None:
        """Forget what stood on one page only, and of that the oldest."""
        for table in (self._counts, self._texts):
            excess = len(table) - MOST_BLOCKS // 2
            for key in [key for key, count in table.items() if count == 1][: max(0, excess)]:
                del table[key]
        if len(self._keys) > MOST_KEYS:
            self._keys = dict(list(self._keys.items())[-MOST_KEYS // 2 :])
        if len(self._votes) > MOST_BLOCKS:
            self._votes = {path: votes for path, votes in self._votes.items() if votes[1] > 2}

    # ------------------------------------------------------------------ answers

    def shares(self, found: Iterable[Block]) -> list[float]:
        """Document frequency of each block over the site's pages, from 0 to 1; one page is no frequency."""
        times, pages = self._counts.get, self.pages or 1
        return [count / pages if (count := times(block.key, 0)) > 1 else 0.0 for block in found]

    def vote(self, block: Block) -> float | None:
        """Log-odds that a block in that path is text, as the site's pages say; None where too few were seen."""
        polled = self._votes.get(block.path)
        return _odds(*polled) if polled is not None and polled[1] >= ENOUGH else None

    def is_boilerplate(self, block: Block, share: float) -> bool:
        """Whether a block with that document frequency is part of the template.

        A paragraph that a few articles share is none: two of five pages prove nothing about a text of many words.
        """
        if share < COMMON or share * self.pages < 3:
            return False
        return share >= COMMON_PARAGRAPH or block.words < PARAGRAPH_WORDS or block.link_density >= 0.5

    @property
    def month_first(self) -> bool:
        """Whether the site prints the month before the day, as servers with an American locale do.

        People write the day first even there, in headlines; dates that the server prints are many more.
        """
        american, other = self._orders
        return american > 9 * other

    def is_constant(self, text: str) -> bool:
        """Whether a text, or a link to a file of that address, stands on so many pages that it belongs to none."""
        count = self._texts.get(crc32(text.encode("utf-8", "replace")), 0)
        return count >= 3 and count >= COMMON * self.pages

    # -------------------------------------------------------------------- files

    def save(self, path: Path) -> None:
        """Write the template as JSON: what stands on several pages, with the beginning of its text for readers.

        Raises:
            OSError: if the file cannot be written.
        """
        often = sorted((key for key, count in self._counts.items() if count > 1), key=lambda key: -self._counts[key])
        record = {
            "format": FORMAT,
            "pages": self.pages,
            "mark": self._mark,
            "blocks": [[key, self._counts[key], self._said.get(key, "")] for key in often],
            "texts": sorted([key, count] for key, count in self._texts.items() if count > 1),
            "paths": sorted([path, *votes] for path, votes in self._votes.items() if votes[1] > 1),
            "dates": self._orders,
            "seen": sorted([key, page] for key, page in self._keys.items()),
        }
        lines = [f'"{name}": {_lines(value)}' for name, value in record.items()]
        part = Path(f"{path}.part")
        part.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
        part.replace(path)

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
        # What stood on one page only is not in the file, and has no say: it is the same state.
        template._mark = int(record["mark"])
        template._keys = dict(record["seen"])
        template._counts = {key: count for key, count, _ in record["blocks"]}
        template._said = {key: text for key, _, text in record["blocks"]}
        template._texts = dict(record["texts"])
        template._orders = [int(count) for count in record["dates"]]
        template._votes = {path: [text, seen] for path, text, seen in record["paths"]}
        return template


@lru_cache(maxsize=20_000)
def _odds(text: int, seen: int) -> float:
    return log((text + 0.5) / (seen - text + 0.5))


def _lines(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)
