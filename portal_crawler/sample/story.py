"""What the sample province's portals publish, before any portal prints it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["paragraph", "heading", "caption", "list", "table", "signature", "padded", "credit"]
Kind = Literal["article", "notice", "document", "gallery"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a story's body.

    Attributes:
        role: What it is. A ``signature`` is a line of the text; a ``padded`` one is set off with spaces and is layout.
        text: Its text; empty for lists and tables.
        items: Items of a list.
        rows: Rows of a table, the head first.
        image: File name of the picture that a caption belongs to.
    """

    role: Role
    text: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file offered with a story."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalRecord:
    """The record of a legal document: dates are dates of day, month and year."""

    number: str
    type: str
    issuer: str
    signer: str
    issued_on: datetime
    effective_on: datetime
    field_of_law: str
    summary: str


@dataclass(slots=True, kw_only=True)
class Story:
    """An article, notice, legal document or gallery as its author wrote it.

    Attributes:
        number: Its number within the portal; portals make their addresses of it.
        section: Index of the section that it is filed under.
        published: None where the portal shows no date.
        place_holder: Whether only the day is known, and the portal prints midnight in place of a time.
        markup: In what kind of HTML the body was pasted: plain, justified, word, divisions, breaks.
        decomposed: Whether the text is in NFD.
        hidden: Whether no list shows it, only a sitemap or a feed.
    """

    number: int
    kind: Kind
    section: int
    title: str
    lead: str | None
    parts: list[Part]
    author: str | None = None
    source: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    place_holder: bool = False
    tags: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    record: LegalRecord | None = None
    markup: str = "plain"
    decomposed: bool = False
    hidden: bool = False

    @property
    def captions(self) -> list[str]:
        """The captions, in order."""
        return [part.text for part in self.parts if part.role == "caption"]
