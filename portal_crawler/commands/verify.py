"""``verify CORPUS``: is it still what was exported?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from portal_crawler.archive.packed import found_in
from portal_crawler.archive.warc import Kept, kept_at
from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.typeset import safe
from portal_crawler.corpus.verify import verify
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] <corpus>"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Check a corpus against its manifest and its captures"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Derives every digest of a corpus again: of its files, of each article's title, lead and text, and, where "
            "the WARC files are here, of the record that an article was read from and of its body; counts again what "
            "the manifest says. Prints what does not agree. Exit code 6: something does not."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument(
            "--archives", action="append", metavar="FOLDER", help="where WARC files are; default: exports/NAME/archive"
        )

    def run(self, args: list[str], opts: Namespace) -> None:
        """Check, and tell what does not agree."""
        if len(args) != 1 or args[0].startswith("-"):
            refuse("verify takes one corpus: portal-crawler verify corpus/2024")
        folders = [Path(name) for name in opts.archives or ()]

        def archived(portal: str, name: str, offset: int) -> Kept | None:
            # Names come from the corpus: they are names of files, not ways out of a folder.
            for folder in folders or [Path("exports") / Path(portal).name / "archive"]:
                with found_in(folder, Path(name).name) as stream:
                    if stream is not None:
                        return kept_at(stream, offset)
            return None

        try:
            report = verify(Path(args[0]), archived)
        except FileNotFoundError as error:
            refuse(f"{args[0]} is no corpus: there is no {error.filename}")
        except (ValueError, json.JSONDecodeError) as error:
            refuse(f"{args[0]} is no corpus: {error}")
        for problem in report.problems:
            print(safe(problem))
        print(
            f"{args[0]}: {report.files:,} files, {report.lines:,} lines and {report.records:,} archived records "
            "checked; "
            + (f"{report.absent:,} articles name WARC files that are not here; " if report.absent else "")
            + (f"{len(report.problems):,} do not agree" if report.problems else "all agree")
        )
        if report.problems:
            self.exitcode = ExitCode.MANY_REJECTED
