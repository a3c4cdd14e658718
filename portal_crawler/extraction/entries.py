"""Entries of lists: teasers of other articles, and comments, each with a head of its own.

They are running text, and no template has them, as they change from page to page; beside a short article they are most
of the text. What tells them is that they come in a row, in elements that look the same, and that in each of these
stands before the text either a link that reads like a headline, or a name and a date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_crawler.extraction.byline import person
from portal_crawler.extraction.dates import find_dates, is_date_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.page import Element

# Words that an entry has at least, and how much of it may be link ("read on"); the same of the link at its head.
ENTRY_WORDS = 5
MOST_LINKED = 0.3
HEAD_WORDS = 4
HEAD_LINKED = 0.8
# So many blocks before the text of an entry its head stands at most.
NEAR_HEAD = 2
# A line that may be a name, or a date, has no more characters.
LONGEST_LINE = 60
# So many entries are a list, if they are so much of what looks as they do.
LEAST_ENTRIES = 2
# The same where one line has name and date: a question and its answer are an article.
LEAST_REMARKS = 3
MOST_OTHERS = 0.25


def entries(found: Sequence[Block]) -> tuple[dict[int, str], dict[int, str]]:
    """Places of the texts of entries, and of their heads; each with what they are: ``related_news`` or ``comments``.

    Args:
        found: The blocks of a page.
    """
    alike: dict[int, list[int]] = {}
    headed: dict[int, list[tuple[int, str, int]]] = {}
    for place, block in enumerate(found):
        if block.words < ENTRY_WORDS or block.hidden:
            continue
        if not block.linked or block.linked < MOST_LINKED * len(block.text):
            alike.setdefault(block.path, []).append(place)
            # Before most paragraphs stands another.
            above = found[place - 1]
            if (above.linked or len(above.text) <= LONGEST_LINE) and (head := _head(found, place)) is not None:
                headed.setdefault(block.path, []).append((*head, place))
    texts: dict[int, str] = {}
    heads: dict[int, str] = {}
    for path, each in headed.items():
        # A name with its date may look like the text below.
        within = {place for head, _, text in each for place in range(head, text)}
        others = sum(place not in within for place in alike[path])
        remarks = all(kind == "comments" and text - head == 1 for head, kind, text in each)
        if len(each) < (LEAST_REMARKS if remarks else LEAST_ENTRIES) or len(each) < (1 - MOST_OTHERS) * others:
            continue
        # The heads of a text's own items stand in one element with all of them.
        if len({_holder(found[text].element, found[head].element) for head, _, text in each}) >= LEAST_ENTRIES:
            texts.update(dict.fromkeys(alike[path], each[0][1]))
            heads.update((place, kind) for head, kind, text in each for place in range(head, text))
    return texts, heads


def _head(found: Sequence[Block], text_place: int) -> tuple[int, str] | None:
    """The head before a text, and of what it makes that an entry."""
    lines: list[str] = []
    for place in range(text_place - 1, max(-1, text_place - 1 - NEAR_HEAD), -1):
        block = found[place]
        if block.linked and is_head(block) and all(map(is_date_line, lines)):
            return place, "related_news"
        if block.linked or len(block.text) > LONGEST_LINE:
            break
        lines.append(block.text)
    if lines and _names_and_dates(lines[0]):
        return text_place - 1, "comments"
    if len(lines) == NEAR_HEAD and any(map(is_date_line, lines)) and any(person(line) is not None for line in lines):
        return text_place - NEAR_HEAD, "comments"
    return None


def _names_and_dates(line: str) -> bool:
    """Whether a line is a name and a date: "Trần Thị Oanh (03/12/2019)", "Trần Thị Oanh - 03/12/2019 10:20"."""
    date = next(iter(find_dates(line)), None) if is_date_line(line) else None
    if date is None or line[date.start + len(date.raw) :].strip(" ).") != "":
        return False
    return person(line[: date.start].rstrip(" (")) is not None


def is_head(block: Block) -> bool:
    """Whether a line is a link to another page that reads like its headline."""
    return block.words >= HEAD_WORDS and block.link_density > HEAD_LINKED and _leads_away(block)


def _leads_away(block: Block) -> bool:
    """Whether a link leads to another page: those of a text's own parts open them, or lead to their place."""
    node: Element | None = block.element
    link = node if node is not None and node.tag == "a" else block.element.find(".//a")
    while link is None and node is not None:
        node = node.getparent()
        link = node if node is not None and node.tag == "a" else None
    href = (link.get("href") or "" if link is not None else "").strip().lower()
    return bool(href) and not href.startswith(("#", "javascript:", "mailto:"))


def _holder(element: Element, head: Element) -> Element:
    """The innermost element that holds both."""
    around = {head, *head.iterancestors()}
    node = element
    while node not in around and (above := node.getparent()) is not None:
        node = above
    return node
