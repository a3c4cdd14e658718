"""Articles set for reading in a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

# What a terminal would obey instead of print: C0 and C1 controls, and the marks that turn the order of letters.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Lines longer than this are hard to read.
MEASURE = 100
# How much of a removed block is shown.
EXCERPT = 240

FIELDS = (
    "portal", "url", "canonical_url", "also_at", "id", "kind", "section", "subtitle", "author", "source",
    "published_at", "published_raw", "modified_at", "tags", "language", "fetched_at",
)  # fmt: skip


def safe(value: object) -> str:
    """A text without control characters: pages come from strangers, and terminals obey such characters."""
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(value))


def one_line(value: object) -> str:
    """The same in one line: whatever breaks lines is a space, so that no value looks like the line after its own."""
    return safe(" ".join(str(value).split()))


class Terminal(Console):
    """Standard output; a reader that has gone away ends the command as ``commands.console`` does it."""

    def on_broken_pipe(self) -> None:
        """Leave the exception to the command line instead of exit code 1."""
        raise  # noqa: PLE0704 - rich calls this while it handles the BrokenPipeError


def reading() -> Console:
    """Standard output for texts: no wider than reads well."""
    own = Terminal(highlight=False)
    own.width = min(own.width, MEASURE) if own.is_terminal else MEASURE
    return own


def fields_table(article: Mapping[str, Any], names: Sequence[str] = FIELDS, *, absent: bool = False) -> Table:
    """The fields of an article, a line each.

    Args:
        article: The article as it is exported.
        names: Which fields.
        absent: Whether fields without a value are shown, as a dash.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name in names:
        value = article.get(name)
        if value or absent:
            table.add_row(name, Text(_shown(name, value)) if value else Text("-", "dim"))
    return table


def _shown(name: str, value: Any) -> str:
    if isinstance(value, list):
        return (" › " if name == "section" else "\n").join(map(one_line, value))
    return safe(value)


def article_body(article: Mapping[str, Any]) -> RenderableType:
    """Lead and text, then pictures, files and the record of a legal document."""
    parts: list[RenderableType] = [Text(safe(article.get("text") or "")), Text()]
    for label, key in (("Pictures", "images"), ("Files", "attachments")):
        if items := article.get(key) or []:
            parts.append(Text(label, "bold"))
            for item in items:
                said = item.get("caption") or item.get("name") or item.get("alt") or ""
                parts.append(
                    Padding(Text(f"{one_line(item['url'])}  {one_line(said)}".rstrip(), overflow="fold"), (0, 0, 0, 2))
                )
    if document := article.get("document"):
        parts += [Text("Legal document", "bold"), Padding(fields_table(document, list(document)), (0, 0, 0, 2))]
    return Group(*parts)


def typeset(article: Mapping[str, Any]) -> RenderableType:
    """One article: headline, what is known of it, text."""
    return Group(
        Text(one_line(article.get("title") or "(no title)"), "bold"),
        fields_table(article),
        Rule(style="dim"),
        article_body(article),
    )


def explanation(article: Mapping[str, Any], layout: str | None) -> RenderableType:
    """How an article was told from its page: all fields, the kept text, every removed block with its reason.

    Args:
        article: The article as it is exported.
        layout: The layout that fitted: a wrapper's ``article`` selector.
    """
    how = article["extraction"]
    told = {**article, "method": how["method"], "confidence": f"{how['confidence']:.2f}", "layout": layout}
    told["encoding"] = article["http"]["encoding"]
    names = ("title", "lead", *FIELDS, "encoding", "method", "layout", "confidence")
    return Group(
        Rule(Text(one_line(article["url"]), overflow="ellipsis")),
        fields_table(told, names, absent=True),
        Rule(Text(f"kept: {len(article['text'].split()):,} words", "green"), style="green"),
        article_body(article),
        Rule(Text(f"removed: {len(how['removed'])} blocks", "red"), style="red"),
        removed_table(how["removed"]),
    )


def removed_table(removed: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Removed blocks with widget and reason, in the order of the page."""
    if not removed:
        return Text("nothing")
    table = Table.grid(padding=(0, 2))
    for style, ratio in (("red", None), ("", 1), ("dim", 2)):
        table.add_column(style=style, ratio=ratio, overflow="fold", no_wrap=ratio is None)
    for block in removed:
        text = safe(block["text"])
        excerpt = text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()} … ({len(text.split()):,} words)"
        table.add_row(Text(safe(block["widget"])), Text(safe(block["reason"])), Text(excerpt))
    return table
