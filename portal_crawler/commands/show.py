"""``show EXPORT``: read articles in the terminal."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand

from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.pages import GZIP
from portal_crawler.commands.typeset import one_line, reading, typeset
from portal_crawler.corpus.formats import UNPACKING, opened

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from rich.console import Console

# A list is printed in pieces of this many lines, so that it begins at once, however long the export is.
PIECE = 500
# A piece of a list is set without measuring all its lines.
WIDTHS = {"number": 6, "date": 10, "portal": 16}


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "<export> [number, id or WARC record] ..."

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Read the articles of an export in the terminal"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Lists the articles of an export (.jsonl, packed as .gz or .zst, or .part while it is being written) with "
            "number, date, portal and title; with a number, an id or a WARC record (its name, urn:uuid:..., or "
            "FILE:OFFSET), shows that article."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)

    def run(self, args: list[str], opts: Namespace) -> None:  # noqa: ARG002 - Scrapy's signature
        """List, or show articles."""
        if not args:
            refuse("show needs an export: portal-crawler show exports/NAME/TIME.jsonl [number or id]")
        path = Path(args[0])
        if not path.is_file():
            refuse(f"there is no file {path}")
        console = reading()
        if args[1:]:
            for number, wanted in enumerate(args[1:]):
                if number:
                    console.print()
                console.print(typeset(find(path, wanted)))
        else:
            print_list(path, console)


def articles(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The articles of an export with their numbers, from 1.

    The last line of a file that is still being written may be half a line: it is left out.
    """
    number = 0
    try:
        with _opened(path) as file:
            for line in file:
                if not line.endswith(b"\n") and path.suffix == ".part":
                    return
                number += 1
                yield number, _article(line, path, number)
    except UNPACKING as error:
        refuse(f"{path}: the compressed data break off after article {number:,}: {error}")


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
    return cast("IO[bytes]", gzip.open(path)) if compressed else opened(path)


def _article(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        article = json.loads(line)
    except (ValueError, RecursionError) as error:
        refuse(f"{path}, line {number}: no JSON: {error}")
    if not isinstance(article, dict) or "url" not in article:
        refuse(f"{path}, line {number}: no article")
    if "text" not in article:
        refuse(f"{path} holds no articles; the file of the same name without .rejects does")
    return article


def find(path: Path, wanted: str) -> dict[str, Any]:
    """The article of a number, an id (or the beginning of one), or of the WARC record that it was read from."""
    is_number = wanted.isdigit() and len(wanted) < len("0" * 16)
    last, near = 0, None
    for number, article in articles(path):
        if (is_number and number == int(wanted)) or wanted in (article.get("id"), *_records(article)):
            return article
        if near is None and len(wanted) > 3 and str(article.get("id")).startswith(wanted):
            near = article
        last = number
    if near is None:
        refuse(f"{path} has no article {wanted!r}; its numbers end with {last:,}")
    return near


def _records(article: dict[str, Any]) -> list[str]:
    """What an article's WARC records can be called: its own and, where that is a revisit, the one with the body."""
    place = article.get("archive") or {}
    where = [f"{place.get(f'{of}file')}:{place.get(f'{of}offset')}" for of in ("", "payload_")]
    return [name for name in (str(place.get("record_id")), *where) if "None" not in name]


def print_list(path: Path, console: Console) -> None:
    """A line for each article."""
    table, number = _table(), 0
    for number, article in articles(path):
        title = Text(one_line(article.get("title") or "(no title)"))
        date = str(article.get("published_at") or "-")[:10]
        table.add_row(str(number), Text(one_line(date)), Text(one_line(article.get("portal") or "-")), title)
        if number % PIECE == 0:
            console.print(table)
            table = _table()
    if table.row_count:
        console.print(table)
    elif not number:
        console.print(f"no article in {path}", markup=False)


def _table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", width=WIDTHS["number"])
    table.add_column(width=WIDTHS["date"], no_wrap=True)
    table.add_column(width=WIDTHS["portal"], style="cyan", no_wrap=True, overflow="ellipsis")
    table.add_column(ratio=1, overflow="fold")
    return table
