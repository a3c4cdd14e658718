"""Requests that brought nothing and may yet: read from the rejects of a run, to be made again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What ``Rejected.retry`` says of requests that are worth making again as they are.
RETRY = "retry"
# The end of the name of a run's record.
RECORD = ".run.json"


@dataclass(slots=True)
class DeadLetters:
    """What a run has left undone.

    Attributes:
        portal: Name of its spider.
        seeds: Its start addresses.
        platform: The portal software that it knew or recognised.
        addresses: What is to be asked for again, in the order of the file, each once.
        others: How many rejects have a remedy of another kind: a setting, a new crawl.
        exported: Addresses of the articles that the run has exported.
    """

    portal: str | None = None
    seeds: list[str] = field(default_factory=list)
    platform: str = ""
    addresses: list[str] = field(default_factory=list)
    others: int = 0
    exported: set[str] = field(default_factory=set)


def read_dead_letters(run: Path) -> DeadLetters:
    """Read what a run has left undone.

    Args:
        run: Any of the run's files, finished or ``.part``, or what their names begin with (``exports/NAME/TIME``).

    Raises:
        FileNotFoundError: if the run has left no file.
        ValueError: if one of them is not as a run writes it.
    """
    stem = run.with_name(run.name.partition(".")[0])
    found = DeadLetters()
    rejects, record, export = (_existing(stem, ending) for ending in (".rejects.jsonl", RECORD, ".jsonl"))
    if not (rejects or record or export):
        raise FileNotFoundError(2, "a run has left no files of this name", str(run))
    if record:
        told = _object(record, record.read_text("utf-8"))
        found.portal, found.platform = _text(record, told, "portal"), told.get("portal_platform") or ""
        found.seeds = _texts(record, told, "seeds")
    for line in _lines(rejects):
        found.portal = found.portal or line.get("portal")
        if line.get("retry") == RETRY:
            found.addresses.append(_address(rejects, line))
        elif line.get("retry"):
            found.others += 1
    found.addresses = list(dict.fromkeys(found.addresses))
    for line in _lines(export):
        found.exported |= {
            _text(export, line, "url"),
            _text(export, line, "canonical_url"),
            *_texts(export, line, "also_at"),
        }
    return found


def _existing(stem: Path, ending: str) -> Path | None:
    names = (Path(f"{stem}{ending}"), Path(f"{stem}{ending}.part"))
    found = next((path for path in names if path.is_file()), None)
    # The record of a run that was killed is empty.
    return None if found and ending == RECORD and not found.stat().st_size else found


def _lines(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    with path.open(encoding="utf-8") as lines:
        return [_object(path, line) for line in lines if line.endswith("\n")]  # a killed run's last line may be half


def _object(path: Path, text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except RecursionError as error:
        raise ValueError(f"{path.name}: {error}") from error
    if not isinstance(told, dict):
        raise ValueError(f"{path.name}: no JSON object: {text.strip()[:80]}")  # noqa: TRY004 - of a file, not of a call
    return told


def _text(path: Path | None, record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{path and path.name}: {name} is no text: {value!r}")  # noqa: TRY004 - as above
    return value


def _texts(path: Path | None, record: dict[str, Any], name: str) -> list[str]:
    value = record.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{path and path.name}: {name} is no list of texts: {value!r:.80}")
    return value


def _address(path: Path | None, record: dict[str, Any]) -> str:
    url = _text(path, record, "url")
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{path and path.name}: no address on the web: {url!r}")
    return url
