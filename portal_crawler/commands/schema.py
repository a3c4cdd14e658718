"""``schema``: the JSON Schema that every exported line meets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

import portal_crawler
from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.schema import article_schema

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FILE = Path(portal_crawler.__file__).with_name("article.schema.json")


def schema_text() -> str:
    """The schema as it is printed and checked in."""
    return json.dumps(article_schema(), ensure_ascii=False, indent=2) + "\n"


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[--write]"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Print the JSON Schema of an exported article"

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("--write", action="store_true", help=f"write it to {FILE.name} in the package instead")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Print or write the schema."""
        if args:
            refuse(f"schema takes no arguments, not {' '.join(args)!r}")
        if opts.write:
            FILE.write_text(schema_text(), "utf-8")
        else:
            print(schema_text(), end="")
