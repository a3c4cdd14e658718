"""What a corpus says of itself: manifest, Data Package descriptor, dataset card.

Nothing of it depends on when it was written: the same runs and settings give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import portal_crawler
from portal_crawler.corpus.tables import COLUMNS, field_types

if TYPE_CHECKING:
    from collections.abc import Iterable

MANIFEST = "manifest.json"
DESCRIPTOR = "datapackage.json"
GONE = "gone.jsonl"
FORMAT = 1
STEP = 1 << 20
MEDIA_TYPES = {
    ".json": "application/json", ".jsonl": "application/x-ndjson",
    ".gz": "application/gzip", ".zst": "application/zstd", ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet", ".sqlite": "application/vnd.sqlite3", ".txt": "text/plain",
}  # fmt: skip
# The Open Definition's name for it: neither the portals nor this software grant rights.
UNLICENSED = {"name": "notspecified", "title": "License Not Specified"}
# Portals, languages and years are read from records, which may come from anywhere: how Markdown takes none for its own.
MARKUP = re.compile(r"[\\`*\[\]<>&|]")
# What a resource of a Data Package is not named with.
RESOURCE = re.compile(r"[^a-z0-9.-]+")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
# More text files than this are one resource of the Data Package, by a pattern of their paths.
TEXTS = "text/"
PRIVATE_NOTE = (
    "Sections that are likely to hold private citizens' data (questions and complaints, lists of candidates and "
    "beneficiaries) are left out, by the names of sections and headlines. Other personal data may remain."
)
PRIVATE_KEPT = (
    "Sections with private citizens' data (questions and complaints, lists of candidates and beneficiaries) were asked "
    "for and are included where the portals have them. Law 91/2025/QH15 applies to their use."
)


@dataclass(slots=True)
class Statistics:
    """What is counted while a corpus is written."""

    articles: int = 0
    words: int = 0
    portals: Counter[str] = field(default_factory=Counter)
    provinces: Counter[str] = field(default_factory=Counter)
    years: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    extractors: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    published: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def add(self, record: dict[str, Any]) -> None:
        """Count an article."""
        self.articles += 1
        self.words += len(record["text"].split())
        self.portals[record["portal"]] += 1
        self.provinces[record.get("province") or "unknown"] += 1
        self.years[(record.get("published_at") or "")[:4] or "undated"] += 1
        self.kinds[record.get("kind") or "unknown"] += 1
        self.languages[record.get("language") or "unknown"] += 1
        self.extractors[(record.get("extraction") or {}).get("version") or "unknown"] += 1
        for name in ("title", "lead", "author", "source", "published_at", "section", "tags", "images", "attachments",
                     "document", "archive"):  # fmt: skip
            self.filled[name] += bool(record.get(name))
        self._span(self.published, record.get("published_at"))
        self._span(self.fetched, record.get("fetched_at"))

    @staticmethod
    def _span(ends: list[str], moment: str | None) -> None:
        if moment:
            ends[:] = [min([*ends[:1], moment]), max([*ends[1:], moment])]


def file_record(folder: Path, name: str) -> dict[str, Any]:
    """Path, size and SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    with (folder / name).open("rb") as file:
        while part := file.read(STEP):
            digest.update(part)
            size += len(part)
    return {"path": name, "bytes": size, "sha256": digest.hexdigest()}


def manifest(
    folder: Path,
    files: Iterable[str],
    statistics: Statistics,
    *,
    settings: dict[str, Any],
    left_out: Counter[str],
    broken: int,
    notes: dict[str, Any],
    sources: list[dict[str, Any]],
) -> dict[str, Any]:
    """The manifest of a corpus.

    Args:
        folder: Where its files are.
        files: Their names.
        statistics: What was counted.
        settings: How it was chosen.
        left_out: Articles left out, by reason.
        broken: Lines of the runs that could not be read.
        notes: How formats have changed values.
        sources: Files of the runs: name, size, SHA-256.
    """
    return {
        "format": FORMAT,
        "software": f"portal_crawler {portal_crawler.__version__}",
        "settings": settings,
        "private_data": PRIVATE_KEPT if settings["private"] else PRIVATE_NOTE,
        **figures(statistics),
        "left_out": _sorted(left_out),
        "broken_lines": broken,
        "notes": notes,
        "sources": sources,
        "files": [file_record(folder, name) for name in sorted(files)],
    }


def figures(statistics: Statistics) -> dict[str, Any]:
    """What a manifest says of the articles."""
    return {
        "articles": statistics.articles,
        "words": statistics.words,
        "published": _ends(statistics.published),
        "captured": _ends(statistics.fetched),
        "by_portal": _sorted(statistics.portals),
        "by_province": _sorted(statistics.provinces),
        "by_year": _sorted(statistics.years),
        "by_kind": _sorted(statistics.kinds),
        "by_language": _sorted(statistics.languages),
        "by_extractor": _sorted(statistics.extractors),
        "with": {name: statistics.filled[name] for name in sorted(statistics.filled)},
    }


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}


def _ends(ends: list[str]) -> dict[str, str] | None:
    return {"first": ends[0], "last": ends[-1]} if ends else None


def data_package(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Data Package descriptor (version 2.0) of a corpus, from its manifest, which is written already."""
    resources = []
    names: Counter[str] = Counter()
    for file in [*record["files"], file_record(folder, MANIFEST)]:
        if file["path"].startswith(TEXTS):
            continue
        ending = Path(file["path"]).suffix
        resource = {
            "name": _unique(RESOURCE.sub("-", file["path"].lower()), names),
            "path": file["path"],
            "format": file["path"].partition(".")[2],
            "mediatype": MEDIA_TYPES.get(ending, "application/octet-stream"),
            "bytes": file["bytes"],
            "hash": f"sha256:{file['sha256']}",
        }
        if (columns := _fields(file["path"])) is not None:
            resource |= {"type": "table", "encoding": "utf-8", "schema": {"fields": columns}}
            resource["format"] = file["path"].split(".")[1]  # tools see by themselves that it is packed
        elif ending == ".parquet":
            # Nested values, and columns in the names of folders: no plain table, as which tools would check it.
            resource["format"] = "parquet-hive"
        elif ending == ".jsonl" and file["path"] != GONE:
            resource |= {"format": "jsonld", "mediatype": "application/ld+json"}
        resources.append(resource)
    if texts := [file["path"] for file in record["files"] if file["path"].startswith(TEXTS)]:
        described = {"format": "txt", "mediatype": "text/plain", "encoding": "utf-8"}
        resources.append({"name": "text", "path": texts, **described})
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "portal-articles",
        "title": "Articles of Vietnamese department portals",
        "description": f"{record['articles']:,} articles of {len(record['by_portal'])} portals. "
        + record["private_data"],
        "licenses": [UNLICENSED],
        "version": (record["captured"] or {}).get("last", "")[:10] or "0",
        "resources": resources,
    }


def _unique(name: str, names: Counter[str]) -> str:
    """A name that no resource before has: portals may differ in case or signs alone."""
    names[name] += 1
    return name if names[name] == 1 else _unique(f"{name}.{names[name]}", names)


def _fields(name: str) -> list[dict[str, str]] | None:
    """The fields of a file that is a table, in the words of Table Schema; None if it is none, or says so itself."""
    if name.endswith(".csv"):
        types = {"INTEGER": "integer", "REAL": "number", "TEXT": "string"}
        return [{"name": column, "type": types[kind]} for column, (kind, _) in COLUMNS.items()]
    if name in ("articles.jsonl", "articles.jsonl.gz"):
        return [{"name": field, "type": kind} for field, kind in field_types().items()]
    return None


def card(record: dict[str, Any]) -> str:
    """The dataset card: what the corpus holds, where it is from, what is missing; Markdown with YAML before it."""
    count = record["articles"]
    published, captured = record["published"], record["captured"]
    lines = [
        "# Articles of Vietnamese department portals",
        "",
        f"{count:,} articles with {record['words']:,} words of {len(record['by_portal'])} portals"
        + (f", published from {_cell(published['first'][:10])} to {_cell(published['last'][:10])}" if published else "")
        + (f", captured from {_cell(captured['first'][:10])} to {_cell(captured['last'][:10])}" if captured else "")
        + f". Made by {record['software']}; `manifest.json` has each file's SHA-256 and the settings.",
        "",
        "## What is in it",
        "",
        *_table("portal", record["by_portal"]),
        "",
        *_table("year", record["by_year"]),
        "",
        *_table("kind", record["by_kind"]),
        "",
        "Share of the articles that have a field:",
        "",
        *_table("field", {name: f"{value} ({value / max(1, count):.1%})" for name, value in record["with"].items()}),
        "",
        "## What is not",
        "",
        record["private_data"],
        "",
        *_table("left out because", record["left_out"]),
        "",
        f"Lines of the runs that could not be read: {record['broken_lines']}. No claim of completeness is made:",
        "what the portals did not show to the crawler is not here.",
        "",
        "## Rights",
        "",
        "The texts are publications of the portals named in `url`; nothing is claimed or granted here. The state of",
        "their copyright is unknown to the makers of this corpus.",
        "",
    ]  # fmt: skip
    return "\n".join([*_head(record), "", *lines])


def _head(record: dict[str, Any]) -> list[str]:
    """What stands before the card as YAML, in the words of the Hugging Face Hub."""
    languages = [name for name in record["by_language"] if LANGUAGE.fullmatch(name) and name != "unknown"]
    return [
        "---",
        *(["language:"] if languages else []),
        *(f"- {name}" for name in languages),
        "license: unknown",
        "size_categories:",
        f"- {_size(record['articles'])}",
        "pretty_name: Articles of Vietnamese department portals",
        "---",
    ]


def _table(name: str, values: dict[str, Any]) -> list[str]:
    rows = [f"| {_cell(key)} | {value} |" for key, value in values.items()]
    return [f"| {name} | articles |", "| --- | --- |", *rows] if rows else []


def _cell(name: str) -> str:
    printed = "".join(sign if sign.isprintable() else " " for sign in name)
    return MARKUP.sub(r"\\\g<0>", " ".join(printed.split()))


def _size(count: int) -> str:
    steps = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((name for most, name in steps if count < most), "1M<n<10M")


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Write a record for people and programs."""
    path.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", "utf-8", newline="\n")
