"""In which elements an article's pictures and files stand, where no layout names them: around its text and headline."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from portal_crawler.extraction.page import PHRASING, Element, element_text
from portal_crawler.extraction.render import PICTURES, picture
from portal_crawler.extraction.widgets import named_so

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.sheet import Sheet

# So many levels above its headline an article of pictures alone holds them.
NEAR_PICTURE = 4


def text_regions(sheet: Sheet) -> list[Element]:
    """Elements that hold the text with its pictures: those of the opening, then the one around the kept blocks."""
    if not sheet.kept:
        return pictured(sheet)
    region = _common_region(sheet.kept)
    return [*_opening_pictures(sheet, region), region]


def around(sheet: Sheet) -> Element | None:
    """The innermost element that holds headline and text, if no layout named them and it is not the whole page."""
    headline = _headline(sheet)
    if sheet.wrapper is not None or headline is None:
        return None
    shared = _common_region([headline, *sheet.kept])
    return None if shared.tag in ("body", "html") else shared


def pictured(sheet: Sheet) -> list[Element]:
    """The element around the headline that holds a picture, for articles that are nothing but pictures."""
    headline = _headline(sheet)
    node = headline.element if headline is not None else None
    for _ in range(NEAR_PICTURE):
        if node is None or node.tag in ("body", "html"):
            return []
        if node.find(".//img") is not None:
            return [node]
        node = node.getparent()
    return []


def _headline(sheet: Sheet) -> Block | None:
    return next((block for block in sheet.blocks if block.text == sheet.headline and not block.linked), None)


def _common_region(kept: Sequence[Block]) -> Element:
    """The innermost element that holds all kept blocks."""
    shared = [kept[0].element, *kept[0].element.iterancestors()]
    level = {node: place for place, node in enumerate(shared)}
    innermost = 0
    for block in kept[1:]:
        node = block.element
        while (above := node.getparent()) is not None and node not in level:
            node = above
        innermost = max(innermost, level[node])
    return shared[innermost]


def _opening_pictures(sheet: Sheet, region: Element) -> list[Element]:
    """The pictures between headline and text, in what holds both, that stand alone and belong to no widget."""
    headline, top = _headline(sheet), around(sheet)
    if headline is None or top is None or top is region:
        return []
    found: list[Element] = []
    begun = False
    for element in top.iter():
        begun = begun or element is headline.element
        if element is region:
            break
        if begun and element.tag == "img" and picture(element, sheet.page.url) and _opens(element, top):
            found.append(element)
    return found if begun else []


def _opens(element: Element, top: Element) -> bool:
    """Whether a picture stands alone: what stands beside words or others is drawn for buttons, dates and counters."""
    holder = next(up for up in element.iterancestors() if up.tag not in PHRASING)
    links = [up for up in takewhile(lambda up: up is not holder, element.iterancestors()) if up.tag == "a"]
    if any(PICTURES.search(link.get("href") or "") is None for link in links) or len(list(holder.iter("img"))) > 1:
        return False
    above = takewhile(lambda up: up is not top, element.iterancestors())
    widget = any(named_so("div", up.get("class"), up.get("id")) for up in above)
    captions = sum(len(element_text(one)) for one in holder.iter("figcaption"))
    return not widget and len(element_text(holder)) == captions
