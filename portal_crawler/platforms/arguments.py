"""What the arguments of a portal's spider (``-a name=value``) mean."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from scrapy.exceptions import UsageError

from portal_crawler.platforms.declared import is_seed


def switch(value: str | None) -> bool:
    """Whether something is switched on, as by ``1``.

    Raises:
        UsageError: if it is neither 0 nor 1.
    """
    if value not in (None, "", "0", "1"):
        raise UsageError(f"attachments, images and archive are 0 or 1, not {value!r}")
    return value == "1"


def seeds(value: str) -> list[str]:
    """The addresses that a crawl begins with, which spaces separate.

    Raises:
        UsageError: if one is none.
    """
    for address in value.split():
        if not is_seed(address):
            raise UsageError(f"url is an address with http:// or https:// and a host, not {address!r}")
    return value.split()


def share(value: str) -> tuple[int, int]:
    """Which part of how many, as in ``2/3``.

    Raises:
        UsageError: if there is no such part.
    """
    place, _, count = value.partition("/")
    if not (place.isdecimal() and count.isdecimal() and int(place) <= int(count) and int(count)):
        raise UsageError(f"share is a part of parts, as in 2/3, not {value!r}")
    return int(place), int(count)


def day(value: str) -> str:
    """A day, as in ``2024-05-31``.

    Raises:
        UsageError: if it is none.
    """
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise UsageError(f"since is a day, as in 2024-05-31, not {value!r}") from None


def files(names: str) -> list[str]:
    """The files of these names, which spaces separate; one name may have spaces in it.

    ``@LIST`` stands for the files that a file names, one a line: any number of them, with whatever in their names.

    Raises:
        UsageError: if there is no such file.
    """
    found = [names] if Path(names).is_file() else _listed(names[1:]) if names.startswith("@") else names.split()
    for name in found:
        if not Path(name).is_file():
            raise UsageError(f"there is no file {name}")
    return found


def _listed(name: str) -> list[str]:
    """The lines of a file, without their line feeds."""
    try:
        with Path(name).open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            return [path for line in lines if (path := line.rstrip("\r\n"))]
    except OSError as error:
        raise UsageError(f"the list {name} cannot be read: {error.strerror}") from None
