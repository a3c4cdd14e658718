"""What stands in the sample province: the articles as their authors wrote them, beside which a crawl is measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class TruthFile:
    """A file offered with an article."""

    url: str
    name: str


@dataclass(slots=True, kw_only=True)
class TruthArticle:
    """One article as a crawler should find it.

    Attributes:
        portal: Name of the spider that crawls the portal.
        key: Its number within the portal.
        url: Its canonical address.
        also_at: Other addresses under which the portal shows it.
        title: Headline; None where the page prints none.
        lead: Opening paragraph set apart by the portal.
        blocks: The text without the lead, block by block in the order of the page: paragraphs, headings, captions, items
            of lists, rows of tables (their cells joined by " | "), signatures and credits that are lines of the text.
        captions: Captions, which stand in ``blocks`` too.
        published_at: ISO 8601 with +07:00, a plain date where the page knows no time, None where it shows no date.
        document: The record of a legal document, by the field names of ``items.LegalDocument``.
    """

    portal: str
    key: str
    url: str
    also_at: list[str] = field(default_factory=list)
    kind: str = "article"
    title: str | None
    lead: str | None
    blocks: list[str]
    captions: list[str] = field(default_factory=list)
    author: str | None = None
    source: str | None = None
    published_at: str | None = None
    modified_at: str | None = None
    section: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    attachments: list[TruthFile] = field(default_factory=list)
    document: dict[str, str] | None = None

    @property
    def text(self) -> str:
        """Lead and blocks, separated by blank lines."""
        return "\n\n".join([*([self.lead] if self.lead else []), *self.blocks])

    def record(self) -> dict[str, Any]:
        """A plain record of it, for a JSON line."""
        return {**asdict(self), "text": self.text}


@dataclass(slots=True, kw_only=True)
class PortalTruth:
    """What one portal holds.

    Attributes:
        portal: Name of the spider that crawls it.
        articles: Its articles.
        widgets: Strings of its widgets, menus and footers that belong to no article.
        broken: Addresses that lists link to and that hold no article, with the reason that a crawl should give.
    """

    portal: str
    articles: list[TruthArticle]
    widgets: tuple[str, ...]
    broken: dict[str, str]
