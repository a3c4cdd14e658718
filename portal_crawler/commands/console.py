"""``portal-crawler``: Scrapy's command line with this project's settings, from any folder."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from scrapy.cmdline import execute

SETTINGS = "portal_crawler.settings"


def refuse(why: str) -> NoReturn:
    """End with one line that tells the user what is wrong, and exit code 2."""
    print(f"portal-crawler: {why}", file=sys.stderr)
    raise SystemExit(2)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; see ``monitoring.verdict.ExitCode`` for how it exits.

    A user's mistake is one line on standard error and exit code 2; a traceback is shown with ``--debug`` only.

    Args:
        arguments: The command line without the program's name; default: that of the process.

    Raises:
        SystemExit: always, with the exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    if debug:
        given.remove("--debug")
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", SETTINGS)
    try:
        execute(["portal-crawler", *given])
    except BrokenPipeError:
        # The reader has gone away (| head): nothing more is to be said, not even by the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except (OSError, ValueError) as error:
        if debug:
            raise
        refuse(f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error))


if __name__ == "__main__":
    main()
