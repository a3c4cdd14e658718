"""Which blocks are the article."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portal_crawler.extraction.blocks import Block, blocks
from portal_crawler.items import Removed

if TYPE_CHECKING:
    from portal_crawler.extraction.page import Element, Page
    from portal_crawler.extraction.template import Template


@dataclass(slots=True)
class Selection:
    """The decision."""

    kept: list[Block]
    removed: list[Removed]
    method: str
    confidence: float
    region: Element | None = None
    blocks: list[Block] = field(default_factory=list)


def select(page: Page, template: Template | None = None, regions: list[Element] | None = None) -> Selection:
    """Decide which blocks are the article."""
    found = blocks(page)
    if regions:
        inside = set(regions)
        kept = [block for block in found if inside.intersection((block.element, *block.element.iterancestors()))]
        return Selection(kept, [], "wrapper", 0.99, None, found)
    scores: dict[Element, float] = {}
    for block in found:
        words = len(block.text.split())
        node: Element | None = block.element
        for share in (1.0, 0.8, 0.5, 0.3):
            if words >= 10 and node is not None:
                scores[node] = scores.get(node, 0.0) + words * share
                node = node.getparent()
    if not scores:
        return Selection([], [], "page", 0.0, None, found)
    best = max(scores, key=lambda node: scores[node])
    kept = [block for block in found if best in (block.element, *block.element.iterancestors())]
    return Selection(kept, [], "page", 0.5, best, found)
