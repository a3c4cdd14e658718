"""Feeds and rejects as a crawl writes them: whole lines, and names that promise completeness only when it is there."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from portal_crawler.archive.feeds import LineFile, PartFile
from portal_crawler.archive.rejects import KeepRejects

ROOT = Path(__file__).parents[1]

# A crawl without network: the spider's start yields the items; everything behind it is the project's.
PROGRAM = """
    import json, resource, sys
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess
    from portal_crawler.items import Rejected

    class Items(scrapy.Spider):
        name = "items"
        run_id = "2026-01-02T03-04-05Z"

        async def start(self):
            {action}

    settings = {{
        "FEED_STORAGES": {{"": "portal_crawler.archive.feeds.PartFileStorage"}},
        "FEED_URI_PARAMS": "portal_crawler.archive.feeds.uri_params",
        "FEEDS": {{"out/%(name)s/%(run)s.jsonl": {{"format": "jsonlines", "store_empty": True}}}},
        "PORTAL_REJECTS": "out/%(name)s/%(run)s.rejects.jsonl",
        "EXTENSIONS": {{"portal_crawler.archive.rejects.KeepRejects": 100}},
        "ITEM_PIPELINES": {{"portal_crawler.pipelines.ExtractArticle": 100}},
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "INFO",
    }}
    settings.update(json.loads(sys.argv[1]))
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Items)
    process.crawl(crawler)
    process.start()
    stats = crawler.stats.get_stats()
    print()
    print(json.dumps({{key: value for key, value in stats.items() if isinstance(value, (int, str))}}))
"""


def run(folder: Path, action: str, **settings: Any) -> tuple[dict[str, Any], str]:
    indented = textwrap.indent(textwrap.dedent(action).strip(), " " * 12).strip()
    program = textwrap.dedent(PROGRAM.format(action=indented))
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(settings)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else {}), done.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("out/items/*"))}


EXPORT, REJECTS = "2026-01-02T03-04-05Z.jsonl", "2026-01-02T03-04-05Z.rejects.jsonl"
THREE = """
    for number in range(3):
        yield {"number": number, "text": "Sở Tư pháp"}
"""


def test_a_finished_run_names_its_export_and_writes_vietnamese_as_it_is(tmp_path: Path) -> None:
    stats, log = run(tmp_path, THREE, FEED_EXPORT_ENCODING="utf-8")
    assert stats["finish_reason"] == "finished", log
    assert list(files(tmp_path)) == [EXPORT], "no rejects, no rejects file"
    assert [json.loads(line)["number"] for line in files(tmp_path)[EXPORT].splitlines()] == [0, 1, 2]
    assert "Sở Tư pháp".encode() in files(tmp_path)[EXPORT]


def test_a_run_without_articles_leaves_an_empty_export(tmp_path: Path) -> None:
    run(tmp_path, "return\nyield")
    assert files(tmp_path) == {EXPORT: b""}


def test_rejects_stand_beside_the_export_and_are_counted(tmp_path: Path) -> None:
    action = """
        yield {"number": 1}
        yield Rejected(url="http://a.example/1", reason="http_error", detail="HTTP 404", status=404)
        yield Rejected(url="http://a.example/\\udcff", reason="http_error", detail="HTTP 404", status=404)
        yield Rejected(url="http://a.example/2", reason="timeout", detail="no answer")
    """
    stats, log = run(tmp_path, action)
    assert (stats["rejected/http_error"], stats["rejected/timeout"], stats["item_scraped_count"]) == (2, 1, 1), log
    told = [json.loads(line) for line in files(tmp_path)[REJECTS].splitlines()]
    assert [line["reason"] for line in told] == ["http_error", "http_error", "timeout"]
    assert told[0]["status"] == 404
    assert "Dropped:" not in log, "rejects are kept in their file, not repeated in the log"


def test_an_empty_setting_counts_rejects_without_a_file(tmp_path: Path) -> None:
    action = "yield Rejected(url='http://a.example/1', reason='timeout', detail='')"
    stats, _ = run(tmp_path, action, PORTAL_REJECTS="")
    assert stats["rejected/timeout"] == 1
    assert list(files(tmp_path)) == [EXPORT]


def test_a_callback_or_a_pipeline_that_fails_is_a_reject(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "class Broken:\n    def process_item(self, item):\n        raise KeyError('odd')\n", "utf-8"
    )
    action = "sys.path.insert(0, '.')\nyield {'url': 1}"
    stats, log = run(tmp_path, action, ITEM_PIPELINES={"broken.Broken": 1})
    assert stats["rejected/error"] == 1, log
    assert "KeyError" in json.loads(files(tmp_path)[REJECTS])["detail"]


def test_an_errback_that_fails_is_a_reject_of_its_request() -> None:
    stats = MemoryStatsCollector(get_crawler())
    crawler: Any = SimpleNamespace(stats=stats, spider=SimpleNamespace(name="so"))
    kept = KeepRejects(crawler, "")
    refused = Failure(ConnectionError("refused"))
    refused.request = Request("http://a.example/1")  # type: ignore[attr-defined]
    kept.spider_error(Failure(KeyError("odd")), refused)
    assert stats.get_value("rejected/error") == 1


def test_a_killed_run_leaves_part_files_with_whole_lines(tmp_path: Path) -> None:
    action = """
        import asyncio, os, signal
        for number in range(40):
            yield {"number": number, "text": "một hai ba " * 2000}
            yield Rejected(url=f"http://a.example/{number}", reason="timeout", detail="")
            await asyncio.sleep(0)
        while crawler.stats.get_value("item_scraped_count", 0) < 20:
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    run(tmp_path, action)
    left = files(tmp_path)
    assert set(left) == {f"{EXPORT}.part", f"{REJECTS}.part"}
    for content in left.values():
        assert content.endswith(b"\n")
        assert [json.loads(line) for line in content.splitlines()]


def test_a_full_disk_stops_the_run_and_the_export_keeps_its_part(tmp_path: Path) -> None:
    # A limit on the size of files is what a full disk is to a process that writes.
    action = """
        import asyncio
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        for number in range(400):
            yield {"number": number, "text": "a" * 1500}
            await asyncio.sleep(0)
    """
    stats, log = run(tmp_path, action)
    assert stats["finish_reason"] == "export_failed", log
    assert stats["feedexport/failed_count/PartFileStorage"] == 1
    left = files(tmp_path)
    assert list(left) == [f"{EXPORT}.part"]
    numbers = [json.loads(line)["number"] for line in left[f"{EXPORT}.part"].splitlines()]
    assert numbers == list(range(len(numbers)))
    assert 60 < len(numbers) < 70
    assert "the crawl is stopped" in log


def test_a_part_file_of_another_run_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl.part").write_text('{"old": 1}\n', "utf-8")
    stats, log = run(tmp_path, THREE, FEEDS={"out.jsonl": {"format": "jsonlines"}})
    assert stats["finish_reason"] == "export_failed"
    assert "keep, rename or delete it first" in log
    assert "Traceback" not in log
    assert (tmp_path / "out.jsonl.part").read_text("utf-8") == '{"old": 1}\n'


def test_overwriting_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("old", "utf-8")
    (tmp_path / "out.jsonl.part").write_text("older", "utf-8")
    run(tmp_path, THREE, FEEDS={"out.jsonl": {"format": "jsonlines", "overwrite": True}})
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 3
    assert not (tmp_path / "out.jsonl.part").exists()


def test_appending_goes_to_the_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text('{"number": -1}\n', "utf-8")
    run(tmp_path, THREE, FEEDS={"out.jsonl": {"format": "jsonlines", "overwrite": False}})
    told = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["number"] for line in told] == [-1, 0, 1, 2]


def test_a_compressed_feed_is_completed_as_well(tmp_path: Path) -> None:
    plugins = ["scrapy.extensions.postprocessing.GzipPlugin"]
    stats, log = run(tmp_path, THREE, FEEDS={"out.jsonl.gz": {"format": "jsonlines", "postprocessing": plugins}})
    assert stats.get("feedexport/success_count/PartFileStorage") == 1, log
    assert len(gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).splitlines()) == 3
    assert not list(tmp_path.glob("*.part"))


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_what_is_written_is_there_before_the_file_is_closed(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file.jsonl"
    file = PartFile(path)
    for line in lines:
        assert file.write(line) == len(line)
    assert Path(f"{path}.part").read_bytes() == b"".join(lines)
    assert not path.exists()
    file.complete()
    assert path.read_bytes() == b"".join(lines)


def test_two_runs_cannot_write_the_same_file(tmp_path: Path) -> None:
    first = PartFile(tmp_path / "a.jsonl")
    with pytest.raises(FileExistsError):
        PartFile(tmp_path / "a.jsonl")
    first.complete()


def test_a_failing_write_takes_its_half_line_back() -> None:
    full = LineFile("/dev/full", "a") if Path("/dev/full").exists() else None
    if full is None:
        pytest.skip("this system has no /dev/full")
    with full:
        with pytest.raises(OSError, match="No space left"):
            full.write(b"line\n")
        assert full.broken is not None
