"""The runs of text that a page is made of."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from portal_crawler.extraction.page import NOT_TEXT, PHRASING, Element, Page, squeeze


@dataclass(slots=True, eq=False)
class Block:
    """A run of text in one block-level element."""

    text: str
    element: Element
    slots: list[tuple[Element, bool]]


def blocks(page: Page) -> list[Block]:
    """The blocks of a page in document order; a run ends at block-level boundaries, table cells and ``<br>``."""
    found: list[Block] = []
    slots: list[tuple[Element, bool]] = []
    stack = [page.root]
    hidden: Element | None = None

    def flush() -> None:
        while slots and not squeeze((slots[0][0].tail if slots[0][1] else slots[0][0].text) or ""):
            del slots[0]
        if slots:
            text = squeeze("".join((element.tail if is_tail else element.text) or "" for element, is_tail in slots))
            if text:
                found.append(Block(text, stack[-1], slots.copy()))
            slots.clear()

    for event, element in etree.iterwalk(page.root, events=("start", "end")):
        breaks = element.tag not in PHRASING
        if event == "start":
            if hidden is None and (element.tag in NOT_TEXT or element.tag == "select"):
                hidden = element
            if hidden is None:
                if breaks:
                    flush()
                    if element.tag != "br":
                        stack.append(element)
                if element.text:
                    slots.append((element, False))
            continue
        if hidden is element:
            hidden = None
        elif hidden is None and breaks:
            flush()
            if element.tag != "br":
                stack.pop()
        if hidden is None and element.tail and element is not page.root:
            slots.append((element, True))
    return found
