"""What the fields of an article are read from: its page, cut into blocks, of which some are its text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree

from portal_crawler.extraction.blocks import file_addresses
from portal_crawler.extraction.dates import DateFound, parse_date
from portal_crawler.extraction.page import Element, Page, element_text
from portal_crawler.extraction.wrapper import Wrapper, compiled, find_all
from portal_crawler.items import Capture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.template import Template

FIELD_LABEL = re.compile(
    r"^(?:tác giả(?: bài viết)?|người viết|author|nguồn(?: tin| bài viết)?|source)\s*[:\uff1a]\s*", re.IGNORECASE
)

MARKED: Callable[[Element], list[Element]] = etree.XPath("//@itemprop/parent::*")  # type: ignore[assignment]


@dataclass(slots=True)
class Sheet:
    """A page in work: what is known of it when its fields are read.

    Attributes:
        capture: The page as received.
        page: The page as parsed.
        blocks: All blocks of the page, in order, but for those that are of other articles or of the page as a whole.
        kept: Those of the article, in order.
        wrapper: The layout that matched, if any.
        article: The element that the layout names.
        template: What is known of the site, once it can be trusted.
        headline: The title, once it has been read.
    """

    capture: Capture
    page: Page
    blocks: Sequence[Block]
    kept: Sequence[Block]
    wrapper: Wrapper | None = None
    article: Element | None = None
    template: Template | None = None
    headline: str | None = None
    linked: list[dict[str, Any]] | None = field(default=None, repr=False)
    _marked: dict[str, list[Element]] | None = field(default=None, repr=False)

    def elements(self, css: str | None, *, whole_page: bool = False) -> list[Element]:
        """What a selector of the wrapper matches inside the article, or in the whole page."""
        if css is None or self.article is None:
            return []
        if not whole_page:
            return compiled(css)(self.article)
        return find_all(css, self.page.root, self.page.classes)

    def said(self, css: str | None) -> str | None:
        """Text of the first non-empty element that a selector matches, without the label of the field."""
        texts = (FIELD_LABEL.sub("", element_text(element)) for element in self.elements(css))
        return next((text for text in texts if text), None)

    @property
    def month_first(self) -> bool:
        """Whether the site is known to print the month before the day."""
        return self.template is not None and self.template.month_first

    def date(self, text: str) -> DateFound | None:
        """The one date of a string, read in the site's order."""
        return parse_date(text, month_first=self.month_first)

    def constant(self, text: str) -> bool:
        """Whether the text is known to stand on all pages of the site."""
        return self.template is not None and self.template.is_constant(text)

    def recurs(self, block: Block) -> bool:
        """Whether these very words stand at this very place on other pages.

        A headline stands elsewhere in lists of news, and headlines of one kind differ in their numbers alone.
        """
        template = self.template
        return (
            template is not None
            and template.is_constant(block.text)
            and template.is_boilerplate(block, *template.shares([block]))
        )

    def first_kept(self) -> int:
        """Position of the article's first block among all blocks; without any that behind the headline, or 0."""
        return self._position(self.kept[0]) if self.kept else self._behind_headline()

    def last_kept(self) -> int:
        """Position of the article's last block among all blocks; without any that of the headline, or the last."""
        return self._position(self.kept[-1]) if self.kept else (self._behind_headline() or len(self.blocks)) - 1

    def last_text(self) -> int:
        """As :meth:`last_kept`, without the links to files at the end: who wrote a text is named before them, too."""
        texts = [block for block in self.kept if not (block.linked and file_addresses(block))]
        return self._position(texts[-1]) if texts else self.last_kept()

    def _behind_headline(self) -> int:
        return next((place + 1 for place, block in enumerate(self.blocks) if block.text == self.headline), 0)

    def _position(self, block: Block) -> int:
        return next((place for place, other in enumerate(self.blocks) if other is block), 0)

    def marked(self, names: Iterable[str]) -> list[Element]:
        """The elements whose ``itemprop`` is one of the names."""
        if self._marked is None:
            self._marked = {}
            for element in MARKED(self.page.root) if self.page.has(b"itemprop") else ():
                self._marked.setdefault(element.get("itemprop") or "", []).append(element)
        return [element for name in names for element in self._marked.get(name, ())]

    def json_ld(self) -> list[dict[str, Any]]:
        """The objects of the page's JSON-LD that describe an article; broken JSON is no evidence."""
        return [
            thing
            for thing in self.json_objects()
            if "article" in str(thing.get("@type", "")).lower() or "headline" in thing
        ]

    def json_objects(self) -> list[dict[str, Any]]:
        """All objects of the page's JSON-LD."""
        if self.linked is None:
            self.linked = [
                thing
                for script in self.page.root.iter("script")
                if (script.get("type") or "").lower() == "application/ld+json"
                for thing in _json_objects(script.text or "")
            ]
        return self.linked


def _json_objects(text: str) -> Iterator[dict[str, Any]]:
    try:
        waiting: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):  # hand-made JSON-LD is often broken: then it says nothing
        return
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, list):
            waiting += thing
        elif isinstance(thing, dict):
            yield thing
            waiting += thing["@graph"] if isinstance(thing.get("@graph"), list) else []


# ----------------------------------------------------------------------- title
