"""``export TARGET [RUN|FOLDER ...]``: a corpus out of runs."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand

from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.typeset import one_line
from portal_crawler.corpus.export import export
from portal_crawler.corpus.formats import FORMATS, MissingLibraryError
from portal_crawler.corpus.selection import Choice, Selection, run_files, unread
from portal_crawler.items import KINDS
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

# Broken lines that are told one by one.
TOLD = 10


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] <target folder> [run or folder ...]"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Make a corpus of the articles of runs"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Reads the articles of runs (exports/, or the files and folders named) and writes them to a new folder: "
            "the newest version of each, sorted, in the formats asked for, with manifest, Data Package descriptor and "
            "dataset card. Sections that are likely to hold private citizens' data are left out unless --private is "
            "given. The same runs give the same bytes. Exit code 3: no article was chosen; 6: some lines could not be "
            "read."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        add = parser.add_argument
        add("--format", action="append", choices=list(FORMATS), help="default: jsonl; may be given several times")
        add("--portal", action="append", default=[], metavar="NAME", help="only this portal's")
        add("--since", metavar="DATE", help="published on this day (YYYY-MM-DD) or later")
        add("--until", metavar="DATE", help="published on this day or before")
        add("--kind", action="append", default=[], choices=list(KINDS), help="only this kind")
        add("--section", action="append", default=[], metavar="NAME", help="only sections whose name holds this")
        add("--confidence", type=float, default=0.0, metavar="0..1", help="only articles extracted as surely as this")
        add("--versions", action="store_true", help="all versions of an article, not the newest alone")
        add("--private", action="store_true", help="sections with private citizens' data, too")
        add("--bagit", action="store_true", help="pack the corpus as a BagIt bag")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Export, and tell what was done."""
        if not args:
            refuse("export needs a target: portal-crawler export corpus/2024 [exports/NAME ...]")
        if not 0 <= opts.confidence <= 1:
            refuse(f"--confidence is between 0 and 1, not {opts.confidence:g}")
        for day in (opts.since, opts.until):
            _check_day(day)
        sources = _sources([Path(name) for name in args[1:] or ["exports"]])
        choice = Choice(
            portals=tuple(sorted(opts.portal)),
            since=opts.since,
            until=opts.until,
            kinds=tuple(sorted(opts.kind)),
            sections=tuple(sorted(opts.section)),
            least_confidence=opts.confidence,
            versions=opts.versions,
            private=opts.private,
        )
        try:
            record, chosen = export(Path(args[0]), sources, opts.format or ["jsonl"], choice, bag=opts.bagit)
        except (FileExistsError, MissingLibraryError) as error:
            refuse(str(error))
        _tell(args[0], record, chosen)
        if not record["articles"]:
            self.exitcode = ExitCode.NOTHING_FOUND
        elif chosen.broken:
            self.exitcode = ExitCode.MANY_REJECTED


def _sources(paths: list[Path]) -> list[Path]:
    for path in paths:
        if not path.exists():
            refuse(f"there is no {path}")
    if not (found := run_files(paths)):
        refuse(f"there is no finished run in {', '.join(map(str, paths))}")
    if all(why := unread(path) for path in found):
        refuse(f"{found[-1]}: {why}; no run can be read")
    return found


def _tell(target: str, record: dict[str, Any], chosen: Selection) -> None:
    """Print what was done, and what could not be."""
    for path, number, why in chosen.broken[:TOLD]:
        print(one_line(f"{path}, line {number}: {why}" if number else f"{path}: {why}"))
    if len(chosen.broken) > TOLD:
        print(f"... and {len(chosen.broken) - TOLD} more lines and files that cannot be read")
    left_out = ", ".join(f"{count:,} {why}" for why, count in sorted(chosen.left_out.items()))
    print(
        f"{target}: {record['articles']:,} articles of {len(record['by_portal'])} portals from "
        f"{len(chosen.sources)} runs" + (f"; left out: {left_out}" if left_out else "")
    )


def _check_day(day: str | None) -> None:
    if day is None:
        return
    try:
        valid = re.fullmatch(r"\d{4}-\d\d-\d\d", day) is not None and bool(date.fromisoformat(day))
    except ValueError:
        valid = False
    if not valid:
        refuse(f"a day is written YYYY-MM-DD, not {day!r}")
