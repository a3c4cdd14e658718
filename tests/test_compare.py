"""``diff``: what another extraction changes, the worst first."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest
from test_commands import run

from portal_crawler.corpus.compare import Totals, compare


def record(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{number:04}", "url": f"https://so.gov.vn/{number}", "title": f"Tin {number}", "lead": None, "text": text,
        "fetched_at": "2024-01-01T00:00:00+00:00", "extraction": {"version": "1"}, **more,
    }  # fmt: skip


def write(path: Path, *records: dict[str, Any]) -> Path:
    written = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records).encode()
    path.write_bytes(gzip.compress(written) if path.suffix == ".gz" else written)
    return path


def sides(folder: Path) -> tuple[Path, Path]:
    old = write(
        folder / "old.jsonl",
        record(1, "một hai ba"),
        record(2, "một hai ba bốn năm sáu", author="An"),
        record(3, "chỉ có trước"),
        record(5, "như cũ", fetched_at="2020-01-01T00:00:00+00:00"),
    )
    new = write(
        folder / "new.jsonl.gz",
        record(1, "một hai ba\ndòng mới \x1b[31m"),
        record(2, "một hai", author="Bình"),
        record(4, "mới"),
        record(5, "như cũ", extraction={"version": "2"}),
    )
    return old, new


def test_changes_come_the_worst_first(tmp_path: Path) -> None:
    old, new = sides(tmp_path)
    totals = Totals()
    changes = list(compare([old], [new], totals))
    assert [(one.kind, one.id) for one in changes] == [
        ("changed", "0002"), ("lost", "0003"), ("changed", "0001"), ("added", "0004")
    ]  # fmt: skip
    assert changes[0].fields == {"author": ["An", "Bình"]}
    assert changes[0].words_lost == 4
    assert "+dòng mới" in changes[2].difference
    assert (totals.before, totals.after, totals.words_lost) == (4, 4, 7)
    assert totals.kinds == {"lost": 1, "changed": 2, "added": 1}


def test_an_article_that_new_rules_name_anew_is_the_same_article(tmp_path: Path) -> None:
    old = write(tmp_path / "old.jsonl", record(1, "một hai"), record(2, "ba"), record(3, "bốn"))
    new = write(
        tmp_path / "new.jsonl",
        record(1, "một", id="0091"),
        record(2, "ba", id="0092"),
        record(7, "bốn", id="0003", url="https://so.gov.vn/3"),
        record(8, "bốn", url="https://so.gov.vn/3"),
    )
    changes = list(compare([old], [new], Totals()))
    assert [(one.kind, one.id, one.words_lost) for one in changes] == [
        ("changed", "0091", 1), ("added", "0008", 0), ("changed", "0003", 0), ("changed", "0092", 0)
    ]  # fmt: skip
    assert list(changes[0].fields["id"]) == ["0001", "0091"]


def test_captures_of_several_years_are_compared_each_with_itself(tmp_path: Path) -> None:
    def years(number: int, *texts: str, first: int = 2020) -> list[dict[str, Any]]:
        return [
            record(number, text, fetched_at=f"{first + place}-01-01T00:00:00+00:00") for place, text in enumerate(texts)
        ]

    old = write(tmp_path / "old.jsonl", *years(1, "một hai", "ba", "bốn"), *years(2, "xưa", "như cũ"))
    new = write(tmp_path / "new.jsonl", *years(1, "một", "ba"), *years(2, "cũ hơn", "như cũ", first=2022))
    totals = Totals()
    changes = list(compare([old], [new], totals))
    assert [(one.kind, one.id, one.captured[:4], one.words_lost) for one in changes] == [
        ("changed", "0001", "2020", 1), ("lost", "0001", "2022", 1)
    ]  # fmt: skip
    assert (totals.before, totals.after) == (4, 3)
    _, out, _ = run(tmp_path, "diff", str(old), str(new))
    assert "changed: https://so.gov.vn/1 (2020-01-01)" in out


def test_the_same_is_the_same(tmp_path: Path) -> None:
    old, _ = sides(tmp_path)
    code, out, _ = run(tmp_path, "diff", str(old), str(old))
    assert code == 0
    assert out.startswith("4 articles before, 4 after: 0 lost, 0 changed, 0 added")


def test_the_command_tells_and_does_not_obey_what_it_reads(tmp_path: Path) -> None:
    old, new = map(str, sides(tmp_path))
    code, out, _ = run(tmp_path, "diff", old, new)
    assert code == 6
    assert out.index("https://so.gov.vn/2") < out.index("https://so.gov.vn/1")
    assert "\x1b" not in out
    _, out, _ = run(tmp_path, "diff", "--json", "--most", "1", old, new)
    first, last = map(json.loads, out.splitlines())
    assert first["id"] == "0002"
    assert last["totals"]["kinds"] == {"lost": 1, "changed": 2, "added": 1}


def test_a_headline_with_line_breaks_stays_in_its_line(tmp_path: Path) -> None:
    forged = "Một\nlost: http://forged/\r\nhai\x85ba\u2029bốn"
    for side in ("old", "new"):
        line = {"id": "1", "url": "http://a/\nx", "title": forged, "text": side}
        (tmp_path / f"{side}.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    said = "Một lost: http://forged/ hai ba bốn"
    _, out, _ = run(tmp_path, "diff", "old.jsonl", "new.jsonl")
    assert out.splitlines()[:2] == ["changed: http://a/ x  -1 +1 words", f"  {said}"]
    _, out, _ = run(tmp_path, "show", "old.jsonl")
    assert out.split() == ["1", "-", "-", *said.split()]
    assert len(out.splitlines()) == 1
    _, out, _ = run(tmp_path, "show", "old.jsonl", "1")
    assert out.splitlines()[0].strip() == said


def test_long_texts_are_compared_from_where_they_begin_to_differ(tmp_path: Path) -> None:
    old, new = (["như cũ"] * 3000 + [f"dòng {number * by % 101}" for number in range(30_000)] for by in (1, 7))
    sides = [[write(tmp_path / f"{by}.jsonl", record(1, "\n".join(lines)))] for by, lines in enumerate((old, new))]
    began = time.process_time()
    (change,) = compare(*sides, Totals())
    assert time.process_time() - began < 6
    assert change.difference.splitlines()[3] == "+dòng 7"


@pytest.mark.parametrize("title", ["[" * 10_000 + "]" * 10_000, '"a", "id": "\\ud800"'], ids=["nested", "surrogate"])
def test_what_cannot_be_read_or_kept_is_told(tmp_path: Path, title: str) -> None:
    (tmp_path / "bad.jsonl").write_text(f'{{"url": "http://x/", "text": "x", "id": "a", "title": {title}}}\n', "utf-8")
    good = write(tmp_path / "good.jsonl", record(1, "một"))
    code, _, errors = run(tmp_path, "diff", str(good), str(tmp_path / "bad.jsonl"))
    assert (code, "bad.jsonl, line 1: " in errors) == (2, True)


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    old, new = map(str, sides(tmp_path))
    (tmp_path / "bad.jsonl").write_text('{"id": 3}\n', "utf-8")
    assert run(tmp_path, "diff", old, str(tmp_path / "bad.jsonl"))[0] == 2
    assert run(tmp_path, "diff", old, str(tmp_path / "nothing"))[0] == 2
    (tmp_path / "bad.jsonl").write_text('{"id": "1", "text": ["a"]}\n', "utf-8")
    code, _, errors = run(tmp_path, "diff", old, str(tmp_path / "bad.jsonl"))
    assert (code, "line 1: its text is no string" in errors) == (2, True)
    (tmp_path / "cut.jsonl.gz").write_bytes(Path(new).read_bytes()[:-20])
    code, _, errors = run(tmp_path, "diff", old, str(tmp_path / "cut.jsonl.gz"))
    assert (code, "cut.jsonl.gz cannot be read to its end" in errors) == (2, True)
    assert run(tmp_path, "diff", new)[0] == 2
