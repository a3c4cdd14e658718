"""``extract`` over captures: every host by its spider, several at once, again without doing anything twice."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from test_commands import environment, run
from test_replay import Archive
from test_spiders import portal

from portal_crawler.commands.captures import Host, capture_files, hosts_of
from portal_crawler.commands.replays import SHARED, tasks_of

HOSTS = ("http://so.example.gov.vn", "https://www.khac.example.gov.vn")


def captures(folder: Path) -> Path:
    archive = Archive(folder / "two.warc.gz")
    for host in HOSTS:
        for address, body in portal().items():
            if isinstance(body, str):
                archive.add(host + address, body)
    archive.add("http://so.example.gov.vn/broken", b"\x9f\x80 neither gzip nor text", Content_Encoding="gzip")
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


def test_a_spider_that_is_named_replays_hosts_that_are_not_its_own(tmp_path: Path) -> None:
    captures(tmp_path)
    code, told, errors = run(tmp_path, "extract", "two.warc.gz", "--out", "out", "--spider", "sample_syt")
    assert code in (3, 6), errors
    records = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "out").rglob("*.run.json")]
    assert {record["seeds"][0] for record in records} == {
        "http://so.example.gov.vn/",
        "https://www.khac.example.gov.vn/",
    }
    assert all(record["stats"]["replay/other_hosts"] < record["stats"]["replay/records"] for record in records), told


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


def big(folder: Path) -> Path:
    """One host, of as many pages as are shared among processes."""
    archive = Archive(folder / "big.warc.gz")
    for address, body in portal().items():
        if isinstance(body, str):
            archive.add(HOSTS[0] + address, body)
    for number in range(SHARED):
        archive.add(f"{HOSTS[0]}/trang/{number}.html", f"<html><body><p>Trang {number}</p></body></html>")
    archive.add(f"{HOSTS[0]}/broken", b"\x9f\x80 neither gzip nor text", Content_Encoding="gzip")
    return archive.close()


def test_a_large_host_is_shared_and_nothing_changes(tmp_path: Path) -> None:
    big(tmp_path)
    run(tmp_path, "extract", "big.warc.gz", "--out", "one", "--jobs", "1")
    code, told, _ = run(tmp_path, "extract", "big.warc.gz", "--out", "shared", "--jobs", "3")
    assert code == 6, "a record was broken"
    assert "9 articles" in told
    host = tmp_path / "shared/so.example.gov.vn"
    assert sorted(path.name for path in host.iterdir()) == ["learned.pickle", *(f"share-{n}" for n in range(4))]
    key = itemgetter("id")
    assert sorted(articles(tmp_path / "shared"), key=key) == sorted(articles(tmp_path / "one"), key=key)
    (killed,) = (host / "share-2").glob("*.run.json")
    killed.unlink()
    _, told, _ = run(tmp_path, "extract", "big.warc.gz", "--out", "shared", "--jobs", "3")
    assert "9 articles" in told
    assert sorted(articles(tmp_path / "shared"), key=key) == sorted(articles(tmp_path / "one"), key=key)


def test_hosts_that_keep_all_processes_busy_are_not_shared(tmp_path: Path) -> None:
    many = [Host(f"so-{number}.example.gov.vn", "http://x/", pages=5 * SHARED) for number in range(20)]
    pages = sum(host.pages for host in many)
    assert [len(tasks_of(host, tmp_path, 2, pages)) for host in many] == [1] * 20
    assert len(tasks_of(many[0], tmp_path, 2, many[0].pages)) == 3
    (tmp_path / many[1].name).mkdir()
    (tmp_path / many[1].name / "learned.pickle").touch()  # it was shared when there were fewer
    assert len(tasks_of(many[1], tmp_path, 2, pages)) == 3


def test_several_processes_find_the_same_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        captures(tmp_path / folder)
    files = capture_files(tmp_path)
    files[2].write_bytes(b"\x1f\x8b\x08 no such member" + files[2].read_bytes())
    alone: list[str] = []
    together: list[str] = []
    expected = hosts_of(files, alone)
    assert [len(host.files) for host in expected] == [3, 3]
    monkeypatch.setattr("portal_crawler.commands.captures.LARGE", 0)
    assert hosts_of(files, together, jobs=2) == expected
    assert together == alone != []


def test_a_share_is_a_part_of_parts(tmp_path: Path) -> None:
    captures(tmp_path)
    for wrong in ("3/2", "x/2", "1", "1/0"):
        assert run(tmp_path, "crawl", "unseen", "-a", "warc=two.warc.gz", "-a", f"share={wrong}")[0] == 2


CLUSTER = """
import os, signal, sys, time
from pathlib import Path
from distributed import LocalCluster
from portal_crawler.commands.captures import capture_files, hosts_of
from portal_crawler.commands.replays import replayed

if __name__ == "__main__":
    files = capture_files(Path("two.warc.gz"))
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        workers = [worker.process.process.pid for worker in cluster.workers.values()]
        killed = []
        for outcome in replayed(hosts_of(files, []), Path("clustered").absolute(), 2, cluster.scheduler_address):
            print(outcome.host.name, outcome.code, outcome.articles)
            if not killed:
                killed.append(os.kill(workers[0], signal.SIGKILL))
"""


@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra cluster is not installed")
def test_a_cluster_gives_the_same_though_a_worker_is_killed(tmp_path: Path) -> None:
    captures(tmp_path)
    (tmp_path / "go.py").write_text(CLUSTER, "utf-8")
    run(tmp_path, "extract", "two.warc.gz", "--out", "one")
    done = subprocess.run(
        [sys.executable, "go.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    key = itemgetter("id")
    assert sorted(articles(tmp_path / "clustered"), key=key) == sorted(articles(tmp_path / "one"), key=key)


def test_captures_and_pages_are_not_mixed(tmp_path: Path) -> None:
    captures(tmp_path)
    (tmp_path / "page.html").write_text("<p>x</p>", "utf-8")
    assert run(tmp_path, "extract", "two.warc.gz", "page.html")[0] == 2
    assert run(tmp_path, "extract", "two.warc.gz", "--explain")[0] == 2
