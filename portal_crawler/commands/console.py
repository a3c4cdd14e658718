"""``portal-crawler``: Scrapy's command line with this project's settings, from any folder."""

from __future__ import annotations

import os
import pkgutil
import re
import sys
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from io import TextIOWrapper
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, NoReturn

import scrapy.commands
from scrapy.cmdline import execute
from scrapy.utils.project import get_project_settings

import portal_crawler
import portal_crawler.commands
from portal_crawler.commands.typeset import safe
from portal_crawler.monitoring.verdict import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence

    from scrapy.settings import Settings

SETTINGS = "portal_crawler.settings"
# Set for the process and its commands by --debug.
DEBUG = "PORTAL_DEBUG"


def debugging() -> bool:
    """Whether the user wants tracebacks."""
    return bool(os.environ.get(DEBUG))


def refuse(message: str) -> NoReturn:
    """End with one line that tells the user what is wrong, and exit code 2."""
    end(" ".join(message.split()), ExitCode.USAGE)


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean …?``, or nothing where no known word is near."""
    near = get_close_matches(word, list(known), 3, 0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def one_line_errors(parser: ArgumentParser) -> None:
    """Let a parser refuse a command line in one line, without the usage before it, and what it has no option for."""
    parse = parser.parse_known_args

    def parsed(args: Sequence[str] | None = None, namespace: Namespace | None = None) -> tuple[Namespace, list[str]]:
        # Scrapy hands what is left to the command, which would take a misspelt option for a name.
        opts, left = parse(args, namespace)
        for word in left:
            if word.startswith("-") and word != "-":
                option = word.partition("=")[0]
                known = re.findall(r"--[\w-]+", parser.format_help())
                refuse(f"there is no option {option}{suggestion(option, dict.fromkeys(known))} (-h lists them)")
        return opts, left

    parser.error = refuse  # type: ignore[method-assign]
    parser.parse_known_args = parsed  # type: ignore[assignment, method-assign]


def main(arguments: list[str] | None = None) -> None:
    """Run a command; see ``monitoring.verdict.ExitCode`` for how it exits.

    A user's mistake is one line on standard error and exit code 2; a traceback is shown with ``--debug`` only.

    Args:
        arguments: The command line without the program's name; default: that of the process.

    Raises:
        SystemExit: always, with the exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--debug" in given:
        given.remove("--debug")
        os.environ[DEBUG] = "1"
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", SETTINGS)
    _open_streams()
    if "" in given:  # as the name of a file it would be that of the folder one is in
        refuse("an argument is empty: a variable that is not set, perhaps")
    if given == ["--version"]:
        print(f"portal_crawler {portal_crawler.__version__}, Scrapy {scrapy.__version__}")
        return
    _check_command(given)
    try:
        _run(given)
    except BrokenPipeError:
        # The reader has gone away (| head): nothing more is to be said, not even by the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.OK) from None
    except KeyboardInterrupt:
        end("stopped", ExitCode.STOPPED)
    except Exception as error:  # the last door: whatever comes here is told in one line
        if debugging():
            raise
        if place := _site_file(error):
            refuse(f"{place}: {type(error).__name__}: {error}")
        if isinstance(error, OSError) and error.filename and not _is_ours(error.filename):
            refuse(f"{error.filename}: {error.strerror}")
        end(f"{type(error).__name__}: {error} (--debug shows where)", ExitCode.ERROR)


def _open_streams() -> None:
    """Let what was closed (``<&-``, ``>&-``) read and write nothing, and no file be taken for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _run(given: list[str]) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        # JSON Lines are UTF-8 wherever they go; half a surrogate pair must not end an export.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        execute(["portal-crawler", *given], _settings_for(_name_in(given)))
    finally:
        sys.stdout.flush()


def _settings_for(name: str | None) -> Settings | None:
    """The project's settings with no other command of ours than that: Scrapy imports all modules with commands.

    A replay of many hosts starts a process for each. None: the command is Scrapy's, or none is named.
    """
    package = portal_crawler.commands
    if name is None or name not in {info.name for info in pkgutil.iter_modules(package.__path__)}:
        return None
    settings = get_project_settings()
    if settings["COMMANDS_MODULE"] == package.__name__:
        settings.set("COMMANDS_MODULE", f"{package.__name__}.{name}", "project")
    return settings


def _name_in(given: list[str]) -> str | None:
    return next((word for word in given if not word.startswith("-")), None)


def _check_command(given: list[str]) -> None:
    """Refuse a command that there is none of; Scrapy would print a page about it."""
    name = _name_in(given)
    if name is None or name in (plugins := {entry.name for entry in entry_points(group="scrapy.commands")}):
        return
    packages = (portal_crawler.commands, scrapy.commands)
    modules = {info.name: package for package in packages for info in pkgutil.iter_modules(package.__path__)}
    if name in modules and hasattr(import_module(f"{modules[name].__name__}.{name}"), "Command"):
        return
    names = [word for word, package in modules.items() if _is_command(package.__name__, word)]
    refuse(f"there is no command {name!r}{suggestion(name, [*names, *plugins])} (portal-crawler alone lists them)")


def _is_command(package: str, name: str) -> bool:
    return hasattr(import_module(f"{package}.{name}"), "Command")


def _site_file(error: Exception) -> str | None:
    """The spider's file, and the line in it, that an error comes from while the file is read; None: from elsewhere."""
    if isinstance(error, SyntaxError) and error.filename:  # cssselect's have none
        return f"{error.filename}, line {error.lineno}"
    modules = tuple(f"{name}." for name in get_project_settings().getlist("SPIDER_MODULES"))
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        if frame.f_globals.get("__name__", "").startswith(modules):
            return f"{frame.f_code.co_filename}, line {line}"
    return None


def _is_ours(filename: object) -> bool:
    """Whether a file belongs to the package: its absence is no mistake of the user's."""
    return str(filename).startswith(str(Path(portal_crawler.__file__).parent))


def end(said: str, code: ExitCode) -> NoReturn:
    """End with one line and an exit code."""
    print(f"portal-crawler: {safe(said)}", file=sys.stderr)
    raise SystemExit(int(code))


if __name__ == "__main__":
    main()
