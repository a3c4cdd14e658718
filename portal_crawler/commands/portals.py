"""``portals``: the portals that this project has a spider for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.spiderloader import get_spider_loader

from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.typeset import Terminal

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from scrapy import Spider

COLUMNS = ("name", "province", "department", "platform", "address", "state")
# Wide enough for every row to stay on one line where nobody reads along.
FILE_WIDTH = 200


def described(spider: type[Spider]) -> dict[str, Any]:
    """What a spider's class says of its portal; absent values are None."""
    addresses = list(getattr(spider, "start_urls", ()))
    return {
        "name": spider.name,
        "province": getattr(spider, "province", None),
        "department": getattr(spider, "department", None),
        "platform": getattr(spider, "platform", None) or None,
        "address": addresses[0] if addresses else None,
        "verified": bool(getattr(spider, "verified", False)),
    }


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[--json]"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "List the portals: name, province, department, platform, verified or not"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Lists the portals that there is a spider for. A portal is verified once somebody has recorded a page of "
            "the real site; until then its address and platform are what sources say."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON array instead of a table")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Print the list."""
        if args:
            refuse(f"portals takes no arguments, not {' '.join(args)!r}")
        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        portals = [described(loader.load(name)) for name in sorted(loader.list())]
        if opts.json:
            print(json.dumps(portals, ensure_ascii=False, indent=2))
            return
        console = Terminal()
        if not console.is_terminal:
            console.width = FILE_WIDTH
        console.print(portals_table(portals))


def portals_table(portals: list[dict[str, Any]]) -> Table:
    """The portals as a table; what is not known is a dash."""
    table = Table(box=SIMPLE_HEAD)
    for column in COLUMNS:
        table.add_column(column, no_wrap=column == "name", overflow="fold")
    for portal in portals:
        state = Text("verified", "green") if portal["verified"] else Text("unverified", "yellow")
        if portal["address"] is None:
            state = Text("any address: -a url=…", "dim")
        values = [Text(str(portal[column] or "-")) for column in COLUMNS[:-1]]
        table.add_row(*values, state)
    return table
