"""``shell URL``: Scrapy's own; it leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands.shell import Command as ScrapyShell

from portal_crawler.commands.pages import LEAVE_NOTHING

if TYPE_CHECKING:
    from argparse import Namespace


class Command(ScrapyShell):
    """Scrapy's name for a command's class."""

    def process_options(self, args: list[str], opts: Namespace) -> None:
        """Look at the command line; ``-s`` comes after what is set here."""
        assert self.settings is not None
        self.settings.setdict(LEAVE_NOTHING, "cmdline")
        super().process_options(args, opts)
