"""Whole other articles that a page goes on with behind its own, as news sites do that never end.

Each looks like a text, as it is one, and has a headline, a date and paragraphs of its own. That it is another article
is told by two signs at least: its headline leads to another page of the site, it is dated as articles are at their
head, it stands in an element of its own that is called an article, as the first one does, or under a second ``h1``.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal_crawler.extraction.dates import is_date_line
from portal_crawler.extraction.render import absolute
from portal_crawler.extraction.verdicts import LINKED, PARAGRAPH_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.page import Element, Page

HEADLINES = ("h1", "h2", "h3")
# Words that a headline has at least, and how many levels above its line the element stands that makes it one.
LEAST_WORDS = 4
NEAR_LINE = 2
# A page's title that begins with a line of so many characters names it.
LONG_NAME = 10
# Blocks behind a headline among which its text begins: names, dates and buttons stand between.
NEAR_TEXT = 8
# Of the signs so many are proof for so many paragraphs with so many words; for less, a teaser, there must be more.
PROOF, LEAST_PARAGRAPHS, LEAST_IN_ALL = 2, 2, 60
# Attributes that hold the address of the article that an element holds.
ADDRESSES = ("data-url", "data-href", "data-link", "data-permalink", "itemid")


class _Head:
    """A headline that a text stands behind."""

    def __init__(self, page: Page, found: Sequence[Block], place: int, text: int, heading: Element) -> None:
        self.place, self.text = place, text
        self.line, self.paragraph = found[place], found[text].element
        self.tag = heading.tag
        self.dated = any(is_date_line(block.text) for block in found[place + 1 : text])
        links = [*heading.iter("a"), *heading.iterancestors("a")]
        self.leads = any(_leads_away(page, link.get("href")) for link in links)
        self.article = next((node for node in heading.iterancestors() if _is_article(page, node)), None)


def successors(page: Page, found: Sequence[Block]) -> set[int]:
    """Places of the blocks of other articles behind the page's own; none where it is not clear which that is.

    Args:
        page: The page.
        found: Its blocks.
    """
    heads = list(_heads(page, found))
    first = _first(page, heads) if len(heads) > 1 else None
    gone: set[int] = set()
    if first is None:
        return gone
    for head in heads:
        signs = _signs(first, head) if head.place > first.text and head.place not in gone else 0
        if signs >= PROOF:
            extent = _extent(found, first, head)
            texts = [found[place].words for place in extent if _is_paragraph(found[place])]
            if signs > PROOF or (len(texts) >= LEAST_PARAGRAPHS and sum(texts) >= LEAST_IN_ALL):
                gone.update(extent)
    return gone


def _heads(page: Page, found: Sequence[Block]) -> Iterable[_Head]:
    """The headlines of a page that a paragraph stands behind, before the next headline."""
    able = ((place, block) for place, block in enumerate(found) if block.words >= LEAST_WORDS and not block.hidden)
    headings = {place: heading for place, block in able if (heading := _heading(block)) is not None}
    for place, heading in headings.items():
        for behind in range(place + 1, min(place + 1 + NEAR_TEXT, len(found))):
            if behind in headings:
                break
            if _is_paragraph(found[behind]):
                yield _Head(page, found, place, behind, heading)
                break


def _is_paragraph(block: Block) -> bool:
    return block.words >= PARAGRAPH_WORDS and block.link_density < LINKED and not block.hidden


def _heading(block: Block) -> Element | None:
    """The element that makes a line a headline, if one does."""
    way = block.way
    for level in range(1 + NEAR_LINE):
        if way.tag in HEADLINES:
            return block.element if level == 0 else next(islice(block.element.iterancestors(), level - 1, None))
        if way.above is None:
            break
        way = way.above
    return None


def _first(page: Page, heads: Sequence[_Head]) -> _Head | None:
    """The headline of the page's own article: that which its title names, or the first of the highest rank.

    One that leads away is none. Before it may stand windows that ask to subscribe, with headings of a lower rank.
    """
    named = next((head for head in heads if _is_named(page, head.line.text)), None)
    first = named or min(heads, key=lambda head: head.tag)
    return None if named is None and first.leads else first


def _is_named(page: Page, text: str) -> bool:
    return len(text) > LONG_NAME and any(text in name for name in (page.title or "", page.meta.get("og:title", "")))


def _signs(first: _Head, head: _Head) -> int:
    """How many signs tell that a headline behind the page's own article is that of another one."""
    own = head.article is not None and head.article not in {first.paragraph, *first.paragraph.iterancestors()}
    alike = own and first.article is not None
    topmost = head.tag == first.tag == "h1"
    # The first may be the name of the site: an article looks like it, or its headline leads away.
    if head.line.text == first.line.text or not (head.leads or alike or (topmost and first.dated)):
        return 0
    return head.leads + head.dated + (own and (alike or head.leads)) + topmost


def _extent(found: Sequence[Block], first: _Head, head: _Head) -> list[int]:
    """Places of an article: those of the element of its headline and text, if nothing of the first is there.

    Else from its headline to the end of the element of its text; where its paragraphs are no elements of that one but
    of the shared, they go on to the end of it if a second ``h1`` stands before them, and are parts of the first if not.
    """
    around = {node for each in (first.line.element, first.paragraph) for node in (each, *each.iterancestors())}
    above = {head.line.element, *head.line.element.iterancestors()}
    text = found[head.text].element
    holder = next(node for node in (text, *text.iterancestors()) if node in above)
    if holder not in around:
        return [place for place in range(first.text + 1, len(found)) if _stands_in(found[place], holder)]
    below = [node for node in text.iterancestors() if node not in above]
    if not below and not head.tag == first.tag == "h1":
        return []
    end = below[-1] if below else holder
    return [place for place in range(head.place, len(found)) if place < head.text or _stands_in(found[place], end)]


def _stands_in(block: Block, element: Element) -> bool:
    return block.element is element or any(node is element for node in block.element.iterancestors())


def _is_article(page: Page, element: Element) -> bool:
    """Whether an element is called an article, or named by the address of one."""
    if element.tag == "article" or (element.get("itemtype") or "").endswith(("Article", "BlogPosting")):
        return True
    return any(_leads_away(page, element.get(name)) for name in ADDRESSES)


def _leads_away(page: Page, reference: str | None) -> bool:
    """Whether a reference leads to another page of the site."""
    url = absolute(page.url, reference)
    if url is None:
        return False
    here, there = urlsplit(page.url), urlsplit(url)
    if there.netloc.removeprefix("www.") != here.netloc.removeprefix("www."):
        return False
    return there.path.rstrip("/") != here.path.rstrip("/") or bool(there.query and there.query != here.query)
