"""``retry RUN``: ask again for what a run has left undone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from portal_crawler.archive.deadletters import DeadLetters, read_dead_letters
from portal_crawler.commands.console import end, refuse
from portal_crawler.commands.crawl import Command as Crawl
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    import argparse


class Command(Crawl):
    """A crawl whose seeds are the dead letters of another."""

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] <run>"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Ask again for the pages that a run could not fetch"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "RUN is a file of the run (exports/NAME/TIME.run.json, .rejects.jsonl, .jsonl) or what their names begin "
            'with. The rejects marked "retry": "retry" are asked for once more, nothing that the run has exported is; '
            "articles and what is still rejected go to files of a new run. Exit codes as of crawl; 0: nothing is left."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Turn the run into the command line of a crawl."""
        if len(args) != 1:
            refuse("retry takes one run: portal-crawler retry exports/NAME/TIME.run.json")
        left = _read(Path(args[0]))
        if not left.portal:
            refuse(f"{args[0]}: the run has left neither its record nor a reject: its portal is not known")
        if not left.addresses:
            more = (
                f"; {left.others} rejects need a setting or a new crawl (see retry in the rejects)"
                if left.others
                else ""
            )
            end(f"nothing is left to ask for again{more}", ExitCode.OK)
        given = [f"retry={args[0]}", *([f"url={' '.join(left.seeds)}"] if left.seeds else [])]
        args[:] = [left.portal]
        opts.spargs = [*given, *opts.spargs]
        super().process_options(args, opts)


def _read(run: Path) -> DeadLetters:
    try:
        return read_dead_letters(run)
    except FileNotFoundError as error:
        refuse(f"{run}: {error.strerror}")
    except ValueError as error:
        refuse(f"{run}: its files cannot be read: {error}")
