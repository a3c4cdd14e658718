"""``pack FOLDER -o FILE.wacz``: the captures of a crawl as one file that players open."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand

from portal_crawler.archive.loader import cause
from portal_crawler.commands.console import one_line_errors, refuse
from portal_crawler.commands.typeset import safe
from portal_crawler.corpus.formats import DAMAGED, opened
from portal_crawler.corpus.selection import run_files
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

# What may stand in a WACZ file (WACZ 1.1.1, 5.2.1).
ENDINGS = (".warc", ".warc.gz")
# There is no room for what is written.
FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
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
            "What cannot be read or indexed is told and left out: exit code 6. Needs the extra wacz."
        )

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's options."""
        super().add_options(parser)
        one_line_errors(parser)
        parser.add_argument("-o", "--out", metavar="FILE", help="the file to be made, new; default: NAME.wacz")
        parser.add_argument("--title", help="title of the collection; default: its name")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Pack, validate, and tell."""
        if not args:
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
        problems: list[str] = []
        try:
            with TemporaryDirectory() as folder:
                pages = Path(folder) / "pages.jsonl"
                count = write_pages(run_files([path for path in sources if path.is_dir()]), pages, problems)
                said = pack(files, pages if count else None, part, opts.title or target.stem, problems)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        for problem in problems:
            print(safe(problem))
        if said:
            part.unlink(missing_ok=True)
            print(safe(said))
            self.exitcode = ExitCode.ERROR
            return
        part.rename(target)
        print(
            f"{target}: {len(files):,} WARC files, {count:,} articles as pages, {target.stat().st_size:,} bytes; valid"
        )
        if problems:
            self.exitcode = ExitCode.MANY_REJECTED


def warc_files(sources: list[Path]) -> list[Path]:
    """The WARC files that are named, and those in folders, sorted."""
    found = {one for path in sources for one in (path.rglob("*") if path.is_dir() else [path])}
    return sorted(one for one in found if one.is_file() and one.name.endswith(ENDINGS))


def write_pages(runs: list[Path], target: Path, problems: list[str]) -> int:
    """Write a WACZ list of pages: the articles of runs, the newest capture of each; returns how many there are.

    Args:
        runs: Files of runs.
        target: The list.
        problems: Gets what cannot be read of them.
    """
    pages: dict[str, dict[str, Any]] = {}
    for run in runs:
        try:
            with opened(run) as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        record = json.loads(line)
                        json.dumps(record, ensure_ascii=False).encode()  # half of a character is no text
                        pages[record["url"]] = {
                            "id": record["id"],
                            "url": record["url"],
                            "title": record.get("title") or record["url"],
                            "ts": record["fetched_at"],
                        }
                    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                        problems.append(f"{run}, line {number}: it is no article: {type(error).__name__}: {error}")
        except DAMAGED as error:
            problems.append(f"{run}: it cannot be read: {getattr(error, 'strerror', None) or error}")
    written = [HEAD, *(pages[url] for url in sorted(pages))]
    target.write_text("".join(json.dumps(page, ensure_ascii=False) + "\n" for page in written), encoding="utf-8")
    return len(pages)


def pack(files: list[Path], pages: Path | None, target: Path, title: str, problems: list[str]) -> str:
    """Make a WACZ file and validate it; returns what is wrong with it, or nothing.

    Args:
        files: WARC files of different names; those that cannot be indexed are removed.
        pages: The list of pages; None: it is made of all HTML pages of the files.
        target: The file to be made.
        title: Title of the collection.
        problems: Gets why files were removed.
    """
    try:
        wacz = importlib.import_module("wacz.main")
    except ImportError:
        refuse('pack needs the extra wacz: pip install "portal-crawler[wacz]"')
    listed = ["--pages", str(pages), "--copy-pages"] if pages else ["--detect-pages"]
    options = ["create", "-o", str(target), "--title", title, *listed, "-f"]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        wrong = _packed(wacz, [*options, *map(str, files)], target)
        if isinstance(wrong, Exception):
            # It does not say which file it could make nothing of: those that make it fail alone.
            whys = {path: why for path in files if (why := _packed(wacz, [*options, str(path)], target))}
            if not whys or (isinstance(wrong, OSError) and wrong.errno in FULL):
                raise wrong
            problems += [f"{path}: it is left out: {_cause(why)}" for path, why in whys.items()]
            files[:] = [path for path in files if path not in whys]
            wrong = files and _packed(wacz, [*options, *map(str, files)], target)
    if isinstance(wrong, Exception):
        raise wrong
    if not files:
        refuse(f"no file can be packed: {'; '.join(problems)}")
    return said.getvalue().strip() or "the file is not valid" if wrong else ""


def _packed(wacz: Any, options: list[str], target: Path) -> Any:
    """Make a file and validate it; returns what is wrong, or has been raised."""
    target.unlink(missing_ok=True)  # a file that could not be finished writes to it when it is closed
    try:
        return wacz.main(options) or wacz.main(["validate", "-f", str(target)])
    except Exception as error:  # noqa: BLE001 - whatever it is of the library's: it is raised, or told
        return error


def _cause(why: Any) -> str:
    if isinstance(why, OSError):
        return why.strerror or str(why)
    return cause(why) if isinstance(why, Exception) else "what comes of it is not valid"
