"""Which articles of which runs make a corpus.

Two passes: the first reads every line of the runs and remembers where the chosen ones stand, the second reads those in
the order of portal, date and id. What stays in memory is a few figures for each article, so the same runs give the same
corpus, in whatever order their files are named.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import fastjsonschema

from portal_crawler.corpus.formats import DAMAGED, opened
from portal_crawler.extraction.decode import composed
from portal_crawler.schema import article_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LINES = ".jsonl"
# Runs of former years are packed by those who keep them.
PACKED = ("", ".gz", ".zst")
# The articles of a run, by its time; what stands beside them has one more ending before these.
RUN = re.compile(r"\d{4}-\d\d-\d\dT[\d-]+Z[^.]*\.jsonl(?:\.gz|\.zst)?")
# Why a reading of an article is left out, whatever the article is: another one may be taken in its place.
OF_THE_READING = frozenset(("other_portal", "low_confidence"))
# What a line must agree with: the types of its values. Other fields and values may be those of another version.
TYPES = frozenset(("type", "properties", "items", "required", "anyOf", "$ref", "$defs"))
# Of thousands of runs so many are open at a time.
MOST_OPEN = 200
# Stands behind every date: articles without one come last.
NO_DATE = "9999-99-99"

NO_WORD = re.compile(r"[\W_]+")
# No decomposition gives the d of these; the Icelandic letter looks the same as a capital.
EACH_D = str.maketrans("đĐðÐɖƉ", "dddddd")
# How a JSON line writes half of a character.
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# A page of this name is a program, not an article with its headline in the address.
PROGRAM = re.compile(r"(?P<name>.+)\.(?:aspx?|php|jsp|do|cfm)", re.IGNORECASE)

# Sections and headlines under which private citizens stand with name, address or health: questions and complaints,
# lists of candidates, beneficiaries and patients (Law 91/2025/QH15 on personal data). Matched without diacritics.
PRIVATE: dict[str, re.Pattern[str]] = {
    "questions": re.compile(
        r"\b(?:hoi dap|hoi ap|giai dap(?! thac mac ve)|y kien (?:cong dan|cua dan|nguoi dan|ban doc)|ban doc hoi"
        r"|doi thoai (?:voi )?(?:cong dan|nguoi dan|nhan dan)"
        r"|gop y(?! (?:cho |vao |ve )?(?:cac )?(?:du thao|van ban))|dan hoi|hoi va dap|hoidap|giao luu truc tuyen"
        r"|tiep nhan y kien|tra loi (?:cong dan|ban doc|kien nghi))\b"
    ),
    "complaints": re.compile(
        r"\b(?:khieu nai|to cao|don thu|phan anh kien nghi|kien nghi (?:cua )?(?:cong dan|cu tri|nguoi dan))\b"
    ),
    "candidates": re.compile(
        r"\b(?:danh sach|ds|ket qua|diem thi|diem so|so bao danh)\b.*\b(?:thi sinh|ung vien|du tuyen|trung tuyen"
        r"|thi tuyen|xet tuyen|du thi|tuyen sinh|hoc sinh|sinh vien)\b"
    ),
    "beneficiaries": re.compile(
        r"\b(?:danh sach|ds)\b.*\b(?:ho ngheo|can ngheo|nguoi co cong|doi tuong|huong (?:tro cap|che do|ho tro)|tro cap"
        r"|benh nhan|nguoi khuyet tat|nguoi lao dong|nguoi cao tuoi|nguoi nghien|nan nhan|tre em|mo coi|bao tro xa hoi"
        r"|hoc bong|cap nha|ho gia dinh)\b"
    ),
}


def folded(text: str) -> str:
    """Text in lower case without diacritics and invisible characters; whatever is no letter or digit is a space."""
    plain = composed(text.translate(EACH_D), "NFD")
    kept = (sign for sign in plain if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf")
    return NO_WORD.sub(" ", "".join(kept)).casefold().strip()


def private(record: dict[str, Any]) -> str | None:
    """Why an article is likely to hold private citizens' data: a key of ``PRIVATE``; None if it is not."""
    address = urlsplit(record.get("canonical_url") or "")
    *folders, last = unquote(address.path).split("/")
    section = _folded_each([*(record.get("section") or []), *folders])
    # A program and its parameters may name the section; an article's own name in its address does not.
    programs = [found["name"]] if (found := PROGRAM.fullmatch(last)) else []
    programs += [value for _, value in parse_qsl(address.query)]
    # A notice says little, the list of names beside it much.
    files = [file.get("name") or "" for file in record.get("attachments") or [] if file.get("text")]
    whole = f"{section} / {_folded_each([record.get('title') or '', *files])}"
    for name, pattern in PRIVATE.items():
        # Questions and complaints are sections; an article about how complaints are dealt with is none.
        if name not in ("questions", "complaints"):
            if pattern.search(whole):
                return name
        elif pattern.search(section) or any(map(pattern.fullmatch, map(folded, programs))):
            return name
    return None


def _folded_each(names: list[str]) -> str:
    return " / ".join(map(folded, names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a corpus is to hold.

    Attributes:
        portals: Names of spiders; empty: all.
        since: First date of publication, ``YYYY-MM-DD``; with it or ``until`` articles without a date are left out.
        until: Last date.
        kinds: Kinds of articles; empty: all.
        sections: What one of the sections must hold, without regard to case and diacritics; empty: any.
        least_confidence: Of the extraction.
        versions: All versions of an article instead of the newest.
        private: Keep articles that are likely to hold private citizens' data.
    """

    portals: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    kinds: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    least_confidence: float = 0.0
    versions: bool = False
    private: bool = False

    def refusal(self, record: dict[str, Any]) -> str | None:
        """Why an article is left out; None if it is not."""
        day = (record.get("published_at") or "")[:10]
        names = [folded(name) for name in record.get("section") or []]
        checks = {
            "other_portal": bool(self.portals) and record.get("portal") not in self.portals,
            "low_confidence": (record.get("extraction") or {}).get("confidence", 0.0) < self.least_confidence,
            "other_kind": bool(self.kinds) and record.get("kind") not in self.kinds,
            "no_date": bool(self.since or self.until) and not day,
            "other_date": bool(day) and not (self.since or "") <= day <= (self.until or NO_DATE),
            "other_section": bool(self.sections)
            and not any(folded(wanted) in name for wanted in self.sections for name in names),
        }
        if why := next((why for why, true in checks.items() if true), None):
            return why
        if not self.private and (kind := private(record)):
            return f"private_{kind}"
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chosen article stands.

    Attributes:
        order: Portal, date, id, version, time of capture: what the corpus is sorted by.
        content: Its ``content_sha256``.
        file: Number of the file among the sources.
        offset: Of its line, in bytes.
        refused: Why the article is left out if this is its newest version.
    """

    order: tuple[str, str, str, int, str]
    content: str
    file: int
    offset: int
    refused: str | None


@dataclass(slots=True)
class Selection:
    """The chosen articles.

    Attributes:
        sources: The runs' files that were read.
        places: Where the articles stand, in the order of the corpus.
        left_out: Articles that were not chosen, by reason.
        broken: Lines that are no articles: file, number of the line, cause; 0 for a whole file that cannot be read.
        seen: When articles that runs have found to be gone were last captured.
    """

    sources: list[Path]
    places: list[Place] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[Path, int, str]] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    def read(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Each chosen line as it stands in its run, without its line feed, and what it says."""
        files: dict[int, IO[bytes]] = {}
        with TemporaryDirectory() as folder:
            yield from self._read(files, Path(folder))

    def _read(self, files: dict[int, IO[bytes]], unpacked: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
        try:
            for place in self.places:
                if place.file not in files:
                    if len(files) == MOST_OPEN:
                        files.pop(next(iter(files))).close()
                    files[place.file] = self._plain(place.file, unpacked).open("rb")
                file = files[place.file]
                file.seek(place.offset)
                line = file.readline().rstrip(b"\r\n")
                yield line, json.loads(line)
        finally:
            for file in files.values():
                file.close()

    def _plain(self, number: int, unpacked: Path) -> Path:
        """A source that can be read from any place: a packed one is unpacked once, as far as it can be."""
        source, plain = self.sources[number], unpacked / str(number)
        if source.suffix == LINES or source.suffix not in PACKED:
            return source
        if not plain.exists():
            with plain.open("wb") as file:
                file.writelines(_lines(source, []))
        return plain

    def gone(self, choice: Choice) -> Iterator[bytes]:
        """Lines that tell of articles which have gone from their portals, each once, sorted; their headlines count.

        One that was captured later has come back.
        """
        lines = set()
        for line, record in _gone(self.sources, []):
            of_portal = not choice.portals or record.get("portal") in choice.portals
            back = self.seen.get(str(record.get("id")), "") > str(record.get("gone_at"))
            if of_portal and not back and (choice.private or not private(record)):
                lines.add(line)
        yield from sorted(lines)


def _gone(sources: list[Path], broken: list[tuple[Path, int, str]]) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """What stands beside the runs' files of articles that are gone, line by line; what cannot be read is noted."""
    beside = {
        path.with_name(f"{path.name.partition(LINES)[0]}.gone{LINES}{packed}") for path in sources for packed in PACKED
    }
    for path in sorted(beside):
        if not path.is_file():
            continue
        if why := unread(path):
            broken.append((path, 0, why))
            continue
        for number, line in enumerate(_lines(path, broken), 1):
            if (record := _object(line, path, number, broken, _types(whole=False))) is not None:
                yield line.rstrip(b"\r\n"), record


def run_files(paths: Iterable[Path]) -> list[Path]:
    """The files of articles, sorted: those that are named, and in folders those with the name of a finished run.

    A file is there once, whatever it and the folders above it are called.
    """
    found = set()
    for path in paths:
        inside = path.rglob(f"*{LINES}*") if path.is_dir() else [path]
        found |= {one for one in inside if one.is_file() and (one is path or RUN.fullmatch(one.name))}
    return sorted({one.resolve(): one for one in sorted(found, reverse=True)}.values())


def unread(path: Path) -> str | None:
    """Why a file cannot be read; None if it can."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return None


def select(sources: list[Path], choice: Choice) -> Selection:
    """Choose the articles of a corpus. A file that cannot be read is noted, and costs no other."""
    whys = {path: unread(path) for path in sources}
    chosen = Selection([path for path in sources if whys[path] is None])
    chosen.broken = [(path, 0, why) for path, why in whys.items() if why is not None]
    found: defaultdict[str, list[Place]] = defaultdict(list)
    gone_too = _gone(chosen.sources, chosen.broken)
    chosen.seen = dict.fromkeys((str(record.get("id")) for _, record in gone_too), "")
    for number, path in enumerate(chosen.sources):
        for offset, record in _records(path, chosen):
            if (gone := str(record.get("id"))) in chosen.seen:
                chosen.seen[gone] = max(chosen.seen[gone], str(record.get("fetched_at")))
            # What the newest version is not chosen for, no older one stands for: it says what is no longer so.
            if (why := choice.refusal(record)) and (choice.versions or why in OF_THE_READING):
                chosen.left_out[why] += 1
                continue
            place = _place(record, number, offset, why)
            places = found[record["id"]]
            if choice.versions or not places:
                places.append(place)
            else:
                places[0] = max(places[0], place, key=_captured)
                chosen.left_out["older_version"] += 1
    for places in found.values():
        if refused := places[0].refused:
            chosen.left_out[refused] += 1
            continue
        kept = _different(places)
        chosen.places += kept
        if len(kept) < len(places):
            chosen.left_out["same"] += len(places) - len(kept)
    chosen.places.sort(key=lambda place: (*place.order, place.content))
    return chosen


def _different(places: list[Place]) -> list[Place]:
    """Those of an article that say something else than the one before: what was said before may be said again."""
    ordered = sorted(places, key=_captured)
    later = (one for before, one in pairwise(ordered) if one.content != before.content)
    return [*ordered[:1], *later]


def _records(path: Path, chosen: Selection) -> Iterator[tuple[int, dict[str, Any]]]:
    """Offset, in what is unpacked, and content of each line; what cannot be read is noted."""
    offset = 0
    for number, line in enumerate(_lines(path, chosen.broken), 1):
        if (record := _object(line, path, number, chosen.broken, _types(whole=True))) is not None:
            yield offset, record
        offset += len(line)


def _lines(path: Path, broken: list[tuple[Path, int, str]]) -> Iterator[bytes]:
    """The lines of a file, unpacked, as far as it can be read; where it breaks off is noted."""
    number = 0
    try:
        with opened(path) as file:
            for number, line in enumerate(file, 1):  # noqa: B007 - where it ended
                yield line
    except DAMAGED as error:
        why = getattr(error, "strerror", None) or error
        broken.append((path, 0, f"it cannot be read behind line {number:,}: {why}"))


def _object(
    line: bytes, path: Path, number: int, broken: list[tuple[Path, int, str]], check: Callable[[Any], Any]
) -> dict[str, Any] | None:
    """What a line says; None, and noted, if it cannot be read, or is not what is asked for."""
    try:
        record: dict[str, Any] = json.loads(line)
        if SURROGATE.search(line):
            json.dumps(record, ensure_ascii=False).encode()  # half of a character is no text
        check(record)
    except fastjsonschema.JsonSchemaValueException as error:
        broken.append((path, number, f"it is no article: {error.message}"))
        return None
    except (ValueError, RecursionError) as error:
        broken.append((path, number, f"it cannot be read: {error}"))
        return None
    return record


@cache
def _types(*, whole: bool) -> Callable[[Any], Any]:
    """What raises an error where a value is not of the type that an article's has; of a whole one none is missing."""
    schema = _only_types(article_schema())
    if not whole:
        del schema["required"]
    made: Callable[[Any], Any] = fastjsonschema.compile(schema, use_default=False)
    return made


def _only_types(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in schema.items() if name in TYPES}
    for name in ("properties", "$defs"):
        if name in kept:
            kept[name] = {each: _only_types(inside) for each, inside in kept[name].items()}
    if "items" in kept:
        kept["items"] = _only_types(kept["items"])
    if "anyOf" in kept:
        kept["anyOf"] = [_only_types(each) for each in kept["anyOf"]]
    return kept


def _place(record: dict[str, Any], file: int, offset: int, refused: str | None) -> Place:
    day = (record.get("published_at") or NO_DATE)[:10]
    order = (record["portal"], day, record["id"], record.get("version", 1), record["fetched_at"])
    return Place(order, record["content_sha256"], file, offset, refused)


def _captured(place: Place) -> tuple[str, int, str]:
    """What the lines of an article are ordered by: each series of crawls or captures numbers its versions anew."""
    return place.order[4], place.order[3], place.content
