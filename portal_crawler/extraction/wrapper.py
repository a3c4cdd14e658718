"""Wrappers: where the parts of an article stand in one layout of a site.

The term is that of wrapper induction (Kushmerick 1997): a wrapper is the rule that turns the pages of one layout into
records. Here it is written by hand, for a site or for a family of portal software.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING

from cssselect import HTMLTranslator, parse
from cssselect.parser import Class, CombinedSelector
from cssselect.parser import Element as Named
from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cssselect.parser import Tree

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name


# An XPath that begins with a class asks each element for it: to go through the attributes takes a third of the time.
FIRST_CLASS = re.compile(r"(?:^|(?<= \| ))descendant-or-self::\*\[@class and contains\(@class, ('[^']*')\)")
BY_ATTRIBUTE = r"descendant-or-self::*/@class[contains(., \1)]/parent::*[contains(@class, \1)"


@lru_cache(maxsize=2048)
def compiled(css: str) -> Callable[[Element], list[Element]]:
    """The XPath function of a CSS selector, compiled once.

    Raises:
        cssselect.SelectorError: if ``css`` is no valid selector.
    """
    return _xpath(HTMLTranslator().css_to_xpath(css))


def find_all(css: str, root: Element, classes: frozenset[str]) -> list[Element]:
    """What a list of selectors matches in a whole page.

    Selectors name the layouts of many versions, of which a page has one, and to seek one through a page is dear: those
    that need a class which no element of the page has are passed over.

    Args:
        css: The selectors, separated by commas.
        root: The page's root.
        classes: All classes of the page.
    """
    likely = " | ".join(xpath for xpath, needs in _alternatives(css) if needs <= classes)
    return _xpath(likely)(root) if likely else []


@lru_cache(maxsize=2048)
def _xpath(expression: str) -> Callable[[Element], list[Element]]:
    return etree.XPath(FIRST_CLASS.sub(BY_ATTRIBUTE, expression))  # type: ignore[return-value]


@lru_cache(maxsize=2048)
def _alternatives(css: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The selectors of a list as XPath, each with the classes that it cannot do without."""
    translate = HTMLTranslator().selector_to_xpath
    return tuple((translate(selector), frozenset(_classes(selector.parsed_tree))) for selector in parse(css))


def _classes(tree: Tree) -> Iterator[str]:
    """Classes of the elements along a selector; what ``:not()`` and ``:has()`` ask for is left out."""
    if isinstance(tree, Class):
        yield tree.class_name
    if isinstance(tree, CombinedSelector):
        yield from _classes(tree.subselector)
    if not isinstance(tree, Named):
        yield from _classes(tree.selector)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """CSS selectors of one layout; a misspelt field or a bad selector fails when the class is made.

    Attributes:
        article: The element that holds the whole article. It must match exactly once, or the layout is another one.
        body: The element or elements of the text; inside ``article``, as all that follow. Default: ``article``.
        title: Headline.
        subtitle: Second headline.
        lead: Opening paragraph (sapo); counted to the text whether it stands inside ``body`` or before it.
        published: Element whose text (or ``datetime``/``content`` attribute) is the date of publication.
        modified: As ``published``, for the last change.
        author: Who signed; leave out what prints the account that entered the text.
        source: Credited source.
        section: Breadcrumb links or names, outermost first; sought in the whole page.
        tags: Keywords; sought in the whole page.
        attachments: Links to files that stand outside ``body``.
        images: Pictures that stand outside ``body``.
        document: Table or list of label/value rows of a legal document's record.
        drop: What stands inside the body and is no article.
        kind: The kind of the article that this layout shows.
    """

    article: str
    body: str | None = None
    title: str | None = None
    subtitle: str | None = None
    lead: str | None = None
    published: str | None = None
    modified: str | None = None
    author: str | None = None
    source: str | None = None
    section: str | None = None
    tags: str | None = None
    attachments: str | None = None
    images: str | None = None
    document: str | None = None
    drop: tuple[str, ...] = ()
    kind: str = "article"

    def __post_init__(self) -> None:
        """Compile every selector now: a typing error must not wait for the first page.

        Raises:
            cssselect.SelectorError: if a field is no valid selector.
        """
        for part in fields(self):
            if part.name not in ("drop", "kind") and (css := getattr(self, part.name)) is not None:
                compiled(css)
        for css in self.drop:
            compiled(css)

    @property
    def version(self) -> str:
        """What names these selectors: ``wrapper:`` and eight hexadecimal digits of their SHA-256."""
        return _version(self)

    def find(self, root: Element) -> Element | None:
        """The article's element, or None where the page has another layout."""
        found = compiled(self.article)(root)
        return found[0] if len(found) == 1 else None


@lru_cache(maxsize=256)
def _version(wrapper: Wrapper) -> str:
    said = [(part.name, value) for part in fields(wrapper) if (value := getattr(wrapper, part.name))]
    return f"wrapper:{hashlib.sha256(repr(said).encode()).hexdigest()[:8]}"
