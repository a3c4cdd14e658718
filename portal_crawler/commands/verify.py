"""``verify CORPUS``: is it still what was exported?"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from portal_crawler.archive.packed import holders, named
from portal_crawler.archive.warc import Kept, kept_at
from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.typeset import one_line
from portal_crawler.corpus.verify import ArchivedAt, Report, verify
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator


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
        if len(args) != 1:
            refuse("verify takes one corpus: portal-crawler verify corpus/2024")
        folders = [Path(name) for name in opts.archives or ()]
        for folder in folders:
            if not folder.is_dir():
                refuse(f"there is no folder {folder}")
        unread: list[str] = []
        try:
            report = verify(Path(args[0]), _captures(folders, lambda path, why: unread.append(f"{path}: {why}")))
        except FileNotFoundError as error:
            refuse(f"{args[0]} is no corpus: there is no {error.filename}")
        except (ValueError, json.JSONDecodeError) as error:
            refuse(f"{args[0]} is no corpus: {error}")
        for problem in unread:
            print(one_line(problem))
        _tell(args[0], report)
        # A corpus can be checked without captures; but those that were named, or of which some are here, are due.
        if report.problems or (report.absent and (folders or report.records)):
            self.exitcode = ExitCode.MANY_REJECTED


def _captures(folders: list[Path], on_unread: Callable[[str, str], None]) -> ArchivedAt:
    """The records at an offset of the WARC files of a name, in some folders, or else in those of crawls."""

    @cache
    def held(folder: Path) -> dict[str, list[Path]]:
        return holders(folder, on_unread)

    def archived(portal: str, name: str, offset: int) -> Iterator[Kept]:
        # Names come from the corpus: they are names of files, not ways out of a folder.
        own = Path("exports") / Path(portal).name / "archive"
        # An article that `extract` has read out of a crawl's archive may bear another portal's name.
        places = folders or ([own] if name in held(own) else sorted(Path("exports").glob("*/archive")))
        found, failure = False, None
        for path in (path for folder in places for path in held(folder).get(name, ())):
            try:
                for stream in named(path, name):
                    kept = kept_at(stream, offset)
                    found = True
                    yield kept
            except (OSError, ValueError) as error:
                failure = error  # another file of the name may have it
        if failure is not None and not found:
            raise failure

    return archived


def _tell(corpus: str, report: Report) -> None:
    """Print what does not agree, and how much was looked at."""
    for problem in report.problems:
        print(one_line(problem))
    for name, articles in sorted(report.absent.items()):
        print(one_line(f"{name}: this WARC file is not here; {articles:,} articles name it"))
    print(
        f"{corpus}: {report.files:,} files, {report.lines:,} lines and {report.records:,} archived records checked; "
        + (f"{len(report.absent):,} WARC files are not here; " if report.absent else "")
        + (
            f"{len(report.problems):,} do not agree"
            if report.problems
            else "the rest agrees"
            if report.absent
            else "all agree"
        )
    )
