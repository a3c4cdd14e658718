"""``extract`` over captures: every host by its spider, several at once, again without doing anything twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from test_commands import run
from test_replay import Archive
from test_spiders import portal

HOSTS = ("http://so.example.gov.vn", "https://www.khac.example.gov.vn")


def captures(folder: Path) -> Path:
    archive = Archive(folder / "two.warc.gz")
    for host in HOSTS:
        for address, body in portal().items():
            if isinstance(body, str):
                archive.add(host + address, body)
    archive.add("http://so.example.gov.vn/broken", b"not gzip at all", Content_Encoding="gzip")
    return archive.close()


def articles(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.rglob("*Z.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def test_each_host_is_replayed_by_its_spider(tmp_path: Path) -> None:
    captures(tmp_path)
    code, told, errors = run(tmp_path, "extract", "two.warc.gz", "--out", "out", "--jobs", "2")
    assert code == 6, "a record was broken"
    assert "http://so.example.gov.vn/broken" in errors
    assert "2 hosts" in told
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"so.example.gov.vn", "khac.example.gov.vn"}
    found = articles(tmp_path / "out")
    assert len(found) == 18
    assert len({one["url"] for one in found}) == 18
    assert not (tmp_path / "exports").exists()


def test_a_second_call_does_nothing_twice_and_a_stopped_one_is_gone_on_with(tmp_path: Path) -> None:
    captures(tmp_path)
    run(tmp_path, "extract", ".", "--out", "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    (killed,) = (tmp_path / "out/so.example.gov.vn").glob("*.run.json")
    killed.unlink()
    (half,) = (tmp_path / "out/so.example.gov.vn").glob("*Z.jsonl")
    half.rename(f"{half}.part")
    _, told, _ = run(tmp_path, "extract", ".", "--out", "out")
    assert told.count("done before") == 1
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    other = [path for path in before if "khac" in str(path)]
    assert all(after[path] == before[path] for path in other)
    assert len(articles(tmp_path / "out")) == 18
    code, _, _ = run(tmp_path, "export", "corpus", "out")
    assert code == 0


def test_captures_and_pages_are_not_mixed(tmp_path: Path) -> None:
    captures(tmp_path)
    (tmp_path / "page.html").write_text("<p>x</p>", "utf-8")
    assert run(tmp_path, "extract", "two.warc.gz", "page.html")[0] == 2
    assert run(tmp_path, "extract", "two.warc.gz", "--explain")[0] == 2
