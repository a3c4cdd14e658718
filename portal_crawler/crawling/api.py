"""The JSON interface of a portal whose pages are empty shells that scripts fill: declared in the portal's site file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from portal_crawler.crawling.buttons import PLACE, Source
from portal_crawler.extraction.wrapper import Wrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELD = re.compile(r"\{(\w+)\}")
# Fields between headline and text.
SHOWN = ("section", "published", "author", "source", "lead")
# Reads the page that an article's JSON is made into.
WRAPPER = Wrapper(
    article="article.from-json",
    title="h1",
    lead=".lead",
    published=".published",
    author=".author",
    source=".source",
    section=".section",
    body=".body",
)


class ApiError(ValueError):
    """An answer that is not what the site file says; the message tells what is missing."""


class NoArticleError(ApiError):
    """JSON that says that there is no such article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """Where a portal's articles come from, and what their fields are called.

    Attributes:
        lists: Addresses of lists, absolute, with ``{number}`` where the number of the page goes.
        address: Address of an article as readers see it, absolute, with names of its fields: ``…/tin/{slug}-{id}``.
        detail: Address of an article's JSON, with names that ``address`` has: ``…/api/tin/{id}``.
        article: Where the article stands in that JSON: ``data.item``; empty: it is all of it.
        title: Name of the field with the headline; and so on. Fields that the JSON lacks are left out.
        body: Name of the field with the text, as HTML.
        lead: As ``title``.
        published: As ``title``.
        author: As ``title``.
        source: As ``title``.
        section: As ``title``.
        first: Number of the first page of a list.
    """

    lists: tuple[str, ...]
    address: str
    detail: str
    article: str = ""
    title: str = "title"
    body: str = "content"
    lead: str = "summary"
    published: str = "publishedAt"
    author: str = "author"
    source: str = "source"
    section: str = "category"
    first: int = 1

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts that the interface stands on."""
        return frozenset(urlsplit(url).netloc.lower().removeprefix("www.") for url in (*self.lists, self.detail))

    def sources(self) -> Iterator[Source]:
        """The lists, as what is loaded piece by piece."""
        for url in self.lists:
            counts = re.search(r"(?:start|offset|skip)=$", url.partition(PLACE)[0]) is not None
            yield Source(url, 0 if counts else self.first, counts, way="api")

    def address_of(self, fields: dict[str, Any]) -> str | None:
        """The address of the article that an object is about; None if it lacks a field of it."""
        return _filled(self.address, fields)

    def detail_of(self, address: str) -> str | None:
        """The address of an article's JSON; None if the address is no article's."""
        found = _pattern(self.address).fullmatch(address.partition("#")[0])
        return FIELD.sub(lambda name: found[name[1]], self.detail) if found else None

    def is_detail(self, url: str) -> bool:
        """Whether an address is that of an article's JSON."""
        return _pattern(self.detail).fullmatch(url) is not None

    def page_of(self, body: bytes) -> tuple[str, bytes]:
        """The address of an article, and the page that its JSON is made into.

        Raises:
            NoArticleError: if it is JSON that holds no article.
            ApiError: if it is no JSON, or does not tell of which article it is.
        """
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ApiError(f"no JSON ({error or type(error).__name__})") from error
        for name in filter(None, self.article.split(".")):
            data = data.get(name) if isinstance(data, dict) else None
        if not isinstance(data, dict):
            raise NoArticleError(f"no article at {self.article or 'its top'}")
        address = self.address_of(data)
        if address is None:
            raise ApiError(f"it lacks a field of the address {self.address}")
        return address, self._page(data).encode("utf-8", "replace")

    def _page(self, data: dict[str, Any]) -> str:
        title = escape(_text(data.get(self.title)))
        named = {name: escape(_text(data.get(getattr(self, name)))) for name in SHOWN}
        parts = "".join(f'<p class="{name}">{value}</p>' for name, value in named.items() if value)
        body = data.get(self.body)
        text = body if isinstance(body, str) else ""
        return (
            f'<html><head><title>{title}</title></head><body><article class="from-json"><h1>{title}</h1>{parts}'
            f'<div class="body">{text}</div></article></body></html>'
        )


def _filled(template: str, fields: dict[str, Any]) -> str | None:
    values = {name: fields.get(name) for name in FIELD.findall(template)}
    if any(not isinstance(value, str | int) or value == "" for value in values.values()):
        return None
    return FIELD.sub(lambda name: quote(str(values[name[1]]), safe="-._~"), template)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """The addresses of a template; where two fields meet in a hyphen, the last one divides them."""
    parts = FIELD.split(template)
    return re.compile(
        "".join(f"(?P<{part}>[^/?&]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    )


def _text(value: Any) -> str:
    """A field as text: a name in an object, names in a list, or as it stands."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("title") or value.get("ten")
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
