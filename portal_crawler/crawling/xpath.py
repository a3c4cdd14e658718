"""XPath expressions, compiled once, with the type of what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_crawler.extraction.page import Element


def elements(expression: str) -> Callable[[Element], list[Element]]:
    """The function that finds an expression's elements under one."""
    return cast("Callable[[Element], list[Element]]", etree.XPath(expression))


def strings(expression: str) -> Callable[[Element], list[str]]:
    """The function that finds an expression's attribute values or text nodes under an element."""
    return cast("Callable[[Element], list[str]]", etree.XPath(expression, smart_strings=False))
