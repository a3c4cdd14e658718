"""``pack FOLDER -o FILE.wacz``: the captures of a crawl as one file that players open."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand

from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.typeset import safe
from portal_crawler.corpus.formats import opened
from portal_crawler.corpus.selection import run_files
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

# What may stand in a WACZ file (WACZ 1.1.1, 5.2.1).
ENDINGS = (".warc", ".warc.gz")
HEAD = {"format": "json-pages-1.0", "id": "pages", "title": "Articles"}


class Command(ScrapyCommand):
    """Scrapy's name for a command's class."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] <folder of a portal's exports, or WARC files>"

    def short_desc(self) -> str:
        """The line in the list of commands."""
        return "Pack captures as WACZ"

    def long_desc(self) -> str:
        """What the command does, for --help."""
        return (
            "Packs WARC files as one WACZ file (1.1.1), with their index and, as its list of pages, the articles of "
            "the runs beside them; ReplayWeb.page and pywb open it. The file is validated before it gets its name. "
            "Needs the extra wacz."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("-o", "--out", metavar="FILE", help="the file to be made, new; default: NAME.wacz")
        parser.add_argument("--title", help="title of the collection; default: its name")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Pack, validate, and tell."""
        if not args or any(name.startswith("-") for name in args):
            refuse("pack takes a portal's folder or WARC files: portal-crawler pack exports/hanoi_sotttt")
        sources = [Path(name) for name in args]
        files = warc_files(sources)
        if not files:
            refuse(f"there is no WARC file in {', '.join(args)}")
        if len({path.name for path in files}) < len(files):
            refuse("two WARC files have the same name: pack them apart")
        target = Path(opts.out or f"{sources[0].resolve().name.partition('.')[0]}.wacz")
        if target.exists():
            refuse(f"{target} is there already")
        part = target.with_name(f"{target.name}.part")
        try:
            with TemporaryDirectory() as folder:
                pages = Path(folder) / "pages.jsonl"
                count = write_pages(run_files([path for path in sources if path.is_dir()]), pages)
                said = pack(files, pages if count else None, part, opts.title or target.stem)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        if said:
            part.unlink(missing_ok=True)
            print(safe(said))
            self.exitcode = ExitCode.ERROR
            return
        part.rename(target)
        print(
            f"{target}: {len(files):,} WARC files, {count:,} articles as pages, {target.stat().st_size:,} bytes; valid"
        )


def warc_files(sources: list[Path]) -> list[Path]:
    """The WARC files that are named, and those in folders, sorted."""
    found = {one for path in sources for one in (path.rglob("*") if path.is_dir() else [path])}
    return sorted(one for one in found if one.is_file() and one.name.endswith(ENDINGS))


def write_pages(runs: list[Path], target: Path) -> int:
    """Write a WACZ list of pages: the articles of runs, the newest capture of each; returns how many there are."""
    pages: dict[str, dict[str, Any]] = {}
    for run in runs:
        with opened(run) as lines:
            for line in lines:
                record = json.loads(line)
                pages[record["url"]] = {
                    "id": record["id"],
                    "url": record["url"],
                    "title": record.get("title") or record["url"],
                    "ts": record["fetched_at"],
                }
    written = [HEAD, *(pages[url] for url in sorted(pages))]
    target.write_text("".join(json.dumps(page, ensure_ascii=False) + "\n" for page in written), encoding="utf-8")
    return len(pages)


def pack(files: list[Path], pages: Path | None, target: Path, title: str) -> str:
    """Make a WACZ file and validate it; returns what is wrong with it, or nothing.

    Args:
        files: WARC files of different names.
        pages: The list of pages; None: it is made of all HTML pages of the files.
        target: The file to be made.
        title: Title of the collection.
    """
    try:
        wacz = importlib.import_module("wacz.main")
    except ImportError:
        refuse('pack needs the extra wacz: pip install "portal-crawler[wacz]"')
    listed = ["--pages", str(pages), "--copy-pages"] if pages else ["--detect-pages"]
    names = [str(path) for path in files]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        made = wacz.main(["create", "-o", str(target), "--title", title, *listed, "-f", *names])
        wrong = made or wacz.main(["validate", "-f", str(target)])
    return said.getvalue().strip() or "the file is not valid" if wrong else ""
