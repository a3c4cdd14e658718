"""``diff OLD NEW``: what does another extraction change?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.typeset import one_line, safe
from portal_crawler.corpus.compare import Change, CompareError, Totals, compare
from portal_crawler.corpus.selection import run_files
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

# Characters of a field's value that are shown.
SHOWN = 120


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] <old run or folder> <new run or folder>"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Show what another extraction changes, the worst first"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Compares the articles of two runs, or of folders of runs: say, those of a capture as it was extracted "
            "before and as today's extractor reads it. Tells which articles are added, lost or read differently, those "
            "that lose most words first. Exit code 0: no difference; 3: no article on one side; 6: they differ."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object a change, then one with the totals")
        parser.add_argument(
            "--most", type=int, default=20, metavar="N", help="changes that are told (default 20; 0: all)"
        )

    def run(self, args: list[str], opts: Namespace) -> None:
        """Compare, and tell."""
        if len(args) != 2:
            refuse("diff takes two runs or folders: portal-crawler diff exports/before exports/after")
        old, new = (run_files([Path(name)]) for name in args)
        for name, files in zip(args, (old, new), strict=True):
            if not files:
                refuse(f"there is no run at {name}")
        totals, told = Totals(), 0
        try:
            for change in compare(old, new, totals):
                if not opts.most or told < opts.most:
                    told += 1
                    print(json.dumps(asdict(change), ensure_ascii=False) if opts.json else _told(change))
        except CompareError as error:
            refuse(str(error))
        _sum(totals, told, as_json=opts.json)
        if not totals.before or not totals.after:
            self.exitcode = ExitCode.NOTHING_FOUND
        elif totals.kinds:
            self.exitcode = ExitCode.MANY_REJECTED


def _told(change: Change) -> str:
    day = f" ({change.captured[:10]})" if change.captured else ""
    words = f"-{change.words_lost:,} +{change.words_added:,} words"
    lines = [f"{change.kind}: {one_line(change.url)}{day}  {words}", f"  {one_line(change.title)}"]
    for name, (old, new) in change.fields.items():
        lines.append(f"  {one_line(name)}: {_short(old)} -> {_short(new)}")
    lines += [f"    {line}" for line in change.difference.splitlines()]
    return "\n".join(map(safe, lines))


def _short(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= SHOWN else f"{written[:SHOWN]}..."


def _sum(totals: Totals, told: int, *, as_json: bool) -> None:
    if as_json:
        figures = {name: getattr(totals, name) for name in Totals.__dataclass_fields__}  # counters are dictionaries
        print(json.dumps({"totals": figures}, ensure_ascii=False, sort_keys=True))
        return
    kinds = ", ".join(f"{totals.kinds[kind]:,} {kind}" for kind in ("lost", "changed", "added"))
    fields = ", ".join(f"{name} {count:,}" for name, count in totals.fields.most_common() if count)
    left = totals.kinds.total() - told
    print(
        f"{totals.before:,} articles before, {totals.after:,} after: {kinds}; "
        f"{totals.words_lost:,} words lost, {totals.words_added:,} added"
        + (f"; fields: {fields}" if fields else "")
        + (f"; {left:,} changes are not told (--most)" if left > 0 else "")
    )
