"""Writes a corpus into a new folder, whole or not at all."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal_crawler.corpus.formats import FORMATS, MissingLibraryError, Writer
from portal_crawler.corpus.manifest import (
    DESCRIPTOR,
    GONE,
    MANIFEST,
    Statistics,
    card,
    data_package,
    file_record,
    manifest,
    write_json,
)
from portal_crawler.corpus.selection import Choice, Selection, select

if TYPE_CHECKING:
    from collections.abc import Sequence

PART = ".part"


def export(
    target: Path, sources: list[Path], formats: Sequence[str], choice: Choice, *, bag: bool = False
) -> tuple[dict[str, Any], Selection]:
    """Write a corpus.

    Args:
        target: The folder, which must not exist.
        sources: Files of runs.
        formats: Keys of ``FORMATS``.
        choice: What it is to hold.
        bag: Pack it as a BagIt bag (RFC 8493).

    Returns:
        Its manifest, and what was chosen.

    Raises:
        FileExistsError: if the folder, or the one of a killed export, is there.
        MissingLibraryError: if a format needs a library that is not installed.
        OSError: if a file cannot be read or written.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    part = target.with_name(target.name + PART)
    if part.exists():
        raise FileExistsError(f"{part} is there: an export is under way, or was killed; in that case remove it")
    part.mkdir(parents=True)
    try:
        chosen = select(sources, choice)
        record = _write(part, chosen, formats, choice)
        if bag:
            _pack(part, record)
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return record, chosen


def _write(folder: Path, chosen: Selection, formats: Sequence[str], choice: Choice) -> dict[str, Any]:
    statistics = Statistics()
    writers: dict[str, Writer] = {}
    with ExitStack() as stack:
        for name in formats:
            writers[name] = stack.enter_context(FORMATS[name](folder))
        for line, record in chosen.read():
            statistics.add(record)
            for writer in writers.values():
                writer.add(line, record)
    files = [name for writer in writers.values() for name in writer.files]
    if gone := b"".join(line + b"\n" for line in chosen.gone(choice)):
        (folder / GONE).write_bytes(gone)
        files.append(GONE)
    made = manifest(
        folder,
        files,
        statistics,
        settings={**asdict(choice), "formats": sorted(formats)},
        left_out=chosen.left_out,
        broken=len(chosen.broken),
        notes={name: writer.notes for name, writer in sorted(writers.items()) if writer.notes},
        sources=[
            {**file_record(path.parent, path.name), "path": f"{path.parent.name}/{path.name}"}
            for path in chosen.sources
        ],
    )
    write_json(folder / MANIFEST, made)
    write_json(folder / DESCRIPTOR, data_package(folder, made))
    (folder / "README.md").write_text(card(made), "utf-8", newline="\n")
    return made


def _pack(folder: Path, record: dict[str, Any]) -> None:
    """Make a bag of a folder, with the library of the Library of Congress."""
    try:
        import bagit  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise MissingLibraryError("--bagit needs bagit: pip install 'portal-crawler[corpus]'") from error
    captured = record["captured"] or {}
    about = {
        "Source-Organization": record["software"],
        "External-Description": f"{record['articles']} articles of {len(record['by_portal'])} Vietnamese portals",
        # The day of the last capture, not of packing: the same runs give the same bag.
        "Bagging-Date": captured.get("last", "1970-01-01")[:10],
        "Bag-Software-Agent": f"{record['software']}, bagit.py {bagit.VERSION}",
    }  # fmt: skip
    bagit.make_bag(str(folder), about, checksums=["sha256"])
