"""Crawls are archived as WARC."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from crawl import SETTINGS, Crawl, crawl
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer, article
from test_download import raw_server
from test_project import crawl as crawl_in
from test_project import portal
from warcio.archiveiterator import ArchiveIterator

from portal_crawler.archive import records
from portal_crawler.archive.feeds import PartFile
from portal_crawler.archive.records import Exchange
from portal_crawler.archive.warc import read_captures
from portal_crawler.archive.writer import CaptureWriter, _claimed, recover
from portal_crawler.items import Archived

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
PAGE = article("Hội nghị tổng kết công tác năm 2025 của ngành").encode()
WHEN = datetime(2026, 6, 4, 9, 30, tzinfo=UTC)


def archived_crawl(folder: Path, url: str, **settings: Any) -> Crawl:
    middlewares = SETTINGS["DOWNLOADER_MIDDLEWARES"] | {"portal_crawler.archive.exchanges.ArchiveExchanges": 990}
    more = {
        "DOWNLOADER_MIDDLEWARES": middlewares,
        "PORTAL_ARCHIVE": True,
        "PORTAL_ARCHIVE_FILES": str(folder / "archive"),
        "PORTAL_SOFT_404": False,
        **settings,
    }
    return crawl("unseen", more, url=url)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "archive").iterdir())


def all_records(*paths: Path) -> Iterator[tuple[Any, bytes]]:
    for path in paths:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                yield record, record.raw_stream.read()


def by_url(*paths: Path) -> dict[tuple[str, str], tuple[Any, bytes]]:
    found = {}
    for record, payload in all_records(*paths):
        if url := record.rec_headers.get_header("WARC-Target-URI"):
            found[record.rec_type, url.split("/", 3)[-1]] = record, payload
    return found


def test_every_exchange_is_kept_as_it_was(tmp_path: Path) -> None:
    packed = gzip.compress(PAGE)
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (packed[:100], packed[100:])) + b"0\r\n\r\n"
    answers = {
        "/": HEAD + b"X-uNusual: \xe9t\xe9\r\nset-cookie: a\r\nSet-Cookie: b\r\n\r\n<a href=/tin.html>" + PAGE,
        "/tin.html": HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
        "/robots.txt": b"HTTP/1.0 404 Khong tim thay\r\n\r\n",
    }
    with raw_server(lambda path: answers.get(path, answers["/robots.txt"])) as (url, _):
        done = archived_crawl(tmp_path, f"{url}/")
    found = by_url(*files(tmp_path))
    home, body = found["response", ""]
    assert body == b"<a href=/tin.html>" + PAGE
    assert home.http_headers.headers == [
        ("Content-Type", "text/html; charset=utf-8"),
        ("X-uNusual", b"\xe9t\xe9".decode("latin-1")),
        ("set-cookie", "a"),
        ("Set-Cookie", "b"),
    ]
    assert home.rec_headers.get_header("WARC-IP-Address") == "127.0.0.1"
    page, body = found["response", "tin.html"]
    assert body == packed, "the content coding stays"
    assert page.http_headers.get_header("Transfer-Encoding") is None, "the transfer coding is undone"
    assert page.http_headers.get_header("X-Crawler-Transfer-Encoding") == "chunked"
    assert page.http_headers.get_header("Content-Length") == str(len(packed))
    robots, _ = found["response", "robots.txt"]
    assert (robots.http_headers.protocol, robots.http_headers.statusline) == ("HTTP/1.0", "404 Khong tim thay")
    request, _ = found["request", "tin.html"]
    assert request.http_headers.statusline == "/tin.html HTTP/1.1"
    assert request.http_headers.get_header("Host") == url.partition("//")[2]
    assert request.rec_headers.get_header("WARC-Concurrent-To") == page.rec_headers.get_header("WARC-Record-ID")
    assert f"via: {url}/".encode() in found["metadata", "tin.html"][1]
    assert {capture.body for capture in read_captures(files(tmp_path)) if capture.status == 200} == {
        PAGE,
        b"<a href=/tin.html>" + PAGE,
    }
    # Its file is known when it stands there, which may be later.
    kept = {record.rec_headers.get_header("WARC-Record-ID").strip("<>") for record in (home, page)}
    assert done.captures[0]["archive"]["record_id"].strip("<>") in kept


def test_what_breaks_and_what_never_answers(tmp_path: Path) -> None:
    half = HEAD + b"Content-Length: 999999\r\n\r\n" + PAGE
    home = HEAD + b"\r\n<a href=/tin.html>Tin</a><a href=/khac.html>Khac</a>"
    answers = {"/": home, "/tin.html": half, "/khac.html": b""}
    with raw_server(lambda path: answers.get(path, b"HTTP/1.1 404 Not Found\r\n\r\n")) as (url, _):
        archived_crawl(tmp_path, f"{url}/", RETRY_TIMES=1)
    found = by_url(*files(tmp_path))
    broken, body = found["response", "tin.html"]
    assert broken.rec_headers.get_header("WARC-Truncated") == "disconnect"
    assert body == PAGE
    assert broken.http_headers.get_header("Content-Length") == str(len(PAGE))
    assert broken.http_headers.get_header("X-Crawler-Content-Length") == "999999"
    kinds = [
        (record.rec_type, record.rec_headers.get_header("WARC-Target-URI").rpartition("/")[2])
        for record, _ in all_records(*files(tmp_path))
        if record.rec_type != "warcinfo"
    ]
    assert kinds.count(("response", "tin.html")) == 2, "the second try, too"
    assert ("response", "khac.html") not in kinds
    assert kinds.count(("request", "khac.html")) == 2
    assert b"error: " in found["metadata", "khac.html"][1]


def test_bodies_that_are_not_coded_as_they_should_be_are_the_same_live_and_out_of_the_archive(tmp_path: Path) -> None:
    text = b"<p>" + "Đoạn văn của bài. ".encode() * 300 + os.urandom(3000).hex().encode() + b"</p>" + PAGE
    coded = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}
    answers = {}
    for coding, pack in coded.items():
        forms = {
            "thua": pack(text) + b"\r\n<!-- cached -->",
            "nua": pack(text)[:-30],
            "tho": text,
            "hong": b"\x1f\x8b\x08-",
        }
        for name, body in forms.items():
            head = HEAD + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            answers[f"/tin-tuc/{name}-{coding}.html"] = head + body
    links = "".join(f'<a href="{path}">Tin số {path}</a>' for path in answers).encode()
    answers["/"] = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(links), links)
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    with raw_server(lambda path: answers.get(path, missing)) as (url, _):
        live = archived_crawl(tmp_path, f"{url}/", RETRY_TIMES=0)
    replayed = crawl("unseen", url=f"{url}/", warc=" ".join(map(str, files(tmp_path))))

    def told(done: Crawl) -> list[Any]:
        return sorted((one["url"].rpartition("/")[2], one["body"], one["flags"]) for one in done.captures)

    assert told(replayed) == told(live)
    found = {name: (size, flags) for name, size, flags in told(live)}
    assert set(found) == {f"{name}-{coding}.html" for name in ("thua", "nua", "tho") for coding in coded}, live.log
    for name, (size, flags) in found.items():
        assert (size, flags) == (len(text), []) if "nua" not in name else size < len(text) and flags == ["truncated"], (
            name
        )
    undecodable = {one["url"].rpartition("/")[2]: one["reason"] for one in live.rejected}
    assert undecodable == {f"hong-{coding}.html": "undecodable" for coding in coded}
    assert {one["url"].rpartition("/")[2] for one in replayed.rejected} == set(undecodable)


def test_a_second_crawl_keeps_what_has_changed(tmp_path: Path) -> None:
    pages: dict[str, Any] = portal(3)
    state = {"PORTAL_STATE_DIR": str(tmp_path / "state")}
    with PortalServer(pages) as server:
        first = archived_crawl(tmp_path, f"{server.url}/", **state)
        before = files(tmp_path)
        changed = next(path for path in pages if path.endswith(".html"))
        pages[changed] = Answer(article("Bản tin đã được sửa lại"))
        archived_crawl(tmp_path, f"{server.url}/", **state)
    new = [path for path in files(tmp_path) if path not in before]
    assert first.stats["archive/revisits"] == 0
    kinds = {url: kind for kind, url in by_url(*new) if kind in ("response", "revisit")}
    assert kinds.pop(changed[1:]) == "response"
    assert {kind for url, kind in kinds.items() if url.endswith(".html")} == {"revisit"}
    revisit, body = next(pair for (kind, _), pair in by_url(*new).items() if kind == "revisit")
    assert body == b""
    name = "WARC-Refers-To"
    original, _ = by_url(*before)["response", revisit.rec_headers.get_header(f"{name}-Target-URI").split("/", 3)[-1]]
    assert revisit.rec_headers.get_header(name) == original.rec_headers.get_header("WARC-Record-ID")
    assert revisit.rec_headers.get_header(f"{name}-Date") == original.rec_headers.get_header("WARC-Date")
    assert revisit.rec_headers.get_header("WARC-Profile").endswith("1.1/revisit/identical-payload-digest")
    # What is gone cannot be referred to.
    for path in files(tmp_path):
        path.unlink()
    with PortalServer(pages) as server:
        assert archived_crawl(tmp_path, f"{server.url}/", **state).stats["archive/revisits"] == 0


def writer(folder: Path, size: int = 1_000_000, index: Path | None = None, failures: list[str] | None = None) -> Any:
    told = failures if failures is not None else []
    return CaptureWriter(
        folder, "so-20260604", size=size, about={"software": "test"}, index=index,
        on_failure=lambda path, error: told.append(f"{path}: {error}"),
    )  # fmt: skip


def put(archive: CaptureWriter, *exchanges: Exchange) -> list[Archived]:
    async def all_of_them() -> list[Archived]:
        made = []
        for exchange in exchanges:
            made.append(Archived(record_id=records.new_record_id(), payload_digest=records.digest(exchange.body)))
            await archive.put(exchange, made[-1])
        for archived in made:
            await archive.written(archived)
        return made

    return asyncio.run(all_of_them())


def exchange(number: int, **more: Any) -> Exchange:
    body = os.urandom(500)
    return Exchange(**{"url": f"http://so.example.vn/{number}", "date": WHEN, "status": 200, "body": body} | more)


def test_an_article_is_told_where_its_body_stands(tmp_path: Path) -> None:
    archive = writer(tmp_path / "archive")
    one, other = exchange(1), exchange(1)
    one.body = other.body = PAGE * 20
    first, again = put(archive, one, other)
    archive.close()
    assert first.payload_file is None
    assert (again.payload_file, again.payload_offset) == (first.file, first.offset)


def test_not_modified_refers_to_what_was_received_before(tmp_path: Path) -> None:
    archive = writer(tmp_path / "archive", index=tmp_path / "state" / "payloads.sqlite")
    whole = exchange(1)
    first, again = put(archive, whole, exchange(1, status=304, body=b"", received=((b"ETag", b"x"),)))
    archive.close()
    ((revisit, _),) = (pair for pair in all_records(*files(tmp_path)) if pair[0].rec_type == "revisit")
    assert revisit.rec_headers.get_header("WARC-Profile").endswith("server-not-modified")
    assert revisit.rec_headers.get_header("WARC-Refers-To") == f"<{first.record_id}>"
    assert revisit.http_headers.get_header("ETag") == "x"
    assert (again.payload_file, again.payload_offset) == (first.file, first.offset)
    assert again.payload_digest == first.payload_digest


def test_files_are_rotated_and_places_are_true(tmp_path: Path) -> None:
    archive = writer(tmp_path / "archive", size=5000)
    exchanges = [exchange(number) for number in range(20)]
    places = put(archive, *exchanges)
    archive.close()
    assert len(files(tmp_path)) > 3
    assert all(path.stat().st_size < 7000 for path in files(tmp_path))
    for sent, place in zip(exchanges, places, strict=True):
        with (tmp_path / "archive" / place.file).open("rb") as stream:
            stream.seek(place.offset)
            record = next(iter(ArchiveIterator(stream)))
            assert record.rec_headers.get_header("WARC-Record-ID") == f"<{place.record_id}>"
            assert record.raw_stream.read() == sent.body


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from test_archive import exchange, put, writer
archive = writer(Path(sys.argv[1]))
put(archive, *(exchange(number) for number in range(9)))
archive._file.write(b"\\x1f\\x8b\\x08 and then the power went")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_has_left_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    program = KILLED.format(root=str(ROOT), tests=str(ROOT / "tests"))
    done = subprocess.run([sys.executable, "-c", program, str(folder)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = files(tmp_path)
    assert left.name.endswith(".warc.gz.part")
    archive = writer(folder)
    put(archive, exchange(9))
    archive.close()
    whole, new = files(tmp_path)
    assert (whole.name, new.name) == ("so-20260604-00001.warc.gz", "so-20260604-00002.warc.gz")
    kinds = [record.rec_type for record, _ in all_records(whole)]
    assert kinds == ["warcinfo", *["response", "request"] * 9]


def test_the_file_of_a_living_run_is_let_be(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    archive = writer(folder)
    put(archive, exchange(1))
    assert recover(folder, "so-20270101") == []
    archive.close()
    assert [path.name for path in files(tmp_path)] == ["so-20260604-00001.warc.gz"]


def test_runs_of_one_name_in_one_folder_at_once_have_files_of_their_own(tmp_path: Path) -> None:
    failures: list[str] = []
    writers = [writer(tmp_path / "archive", failures=failures) for _ in range(8)]
    for archive in writers:
        archive._hand_over((exchange(1), Archived(record_id=records.new_record_id())), 1)
    for archive in writers:
        archive.close()
    assert failures == []
    assert len(files(tmp_path)) == 8
    for path in files(tmp_path):
        assert [record.rec_type for record, _ in all_records(path)] == ["warcinfo", "response", "request"]


@pytest.mark.skipif(sys.platform == "win32", reason="what killed runs have left keeps its .part there")
def test_a_file_left_by_a_killed_run_is_mended_by_one_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, replace, others = tmp_path / "archive", Path.replace, []

    def while_another_run_begins(path: Path, target: Path) -> Path:
        others.append(recover(folder, "so-20260605"))
        return replace(path, target)

    put(killed := writer(folder), exchange(1))
    left = killed.folder / killed._file_name
    shutil.copy(f"{left}.part", tmp_path)
    killed.close()
    left.unlink()
    shutil.move(tmp_path / f"{left.name}.part", f"{left}.part")
    monkeypatch.setattr(Path, "replace", while_another_run_begins)
    assert recover(folder, "so-20260606") == [left]
    assert others == [[]]


@pytest.mark.skipif(sys.platform == "win32", reason="what killed runs have left keeps its .part there")
def test_a_name_that_is_given_back_is_taken_by_one_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, close, others = tmp_path / "archive", PartFile.close, []

    def and_another_run_begins(file: PartFile) -> None:
        close(file)
        others.append(recover(folder, "so-20260605"))

    folder.mkdir()
    (taken := folder / "so-20260604-00001.warc.gz").touch()
    monkeypatch.setattr(PartFile, "close", and_another_run_begins)
    assert _claimed(taken) is None
    assert others
    assert list(folder.iterdir()) == [taken]


def test_a_folder_that_cannot_be_written_to_is_told_once_and_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file", "utf-8")
    failures: list[str] = []
    archive = writer(tmp_path / "archive", failures=failures)
    places = put(archive, *(exchange(number) for number in range(3)))
    archive.close()
    assert len(failures) == 1
    assert [place.file for place in places] == [""] * 3


def test_a_full_disk_of_the_index_stops_the_archive_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    failures: list[str] = []
    archive = writer(tmp_path / "archive", failures=failures)
    put(archive, exchange(1))
    monkeypatch.setattr("portal_crawler.archive.payloads.PayloadIndex.gave", full)
    monkeypatch.setattr("portal_crawler.archive.payloads.PayloadIndex.commit", full)
    assert put(archive, exchange(2))[0].file == ""
    archive.close()
    assert len(failures) == 1 and "disk is full" in failures[0]
    assert "index of archived payloads could not be written" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_damaged_index_is_made_anew_and_one_that_cannot_be_opened_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index, failures = tmp_path / "index.sqlite", list[str]()
    index.write_bytes(b"no database, but long enough to be looked at as one" * 40)
    archive = writer(tmp_path / "archive", index=index, failures=failures)
    assert put(archive, exchange(1))[0].file
    archive.close()
    assert not failures
    assert f"{index} is damaged and begun anew" in caplog.text

    (tmp_path / "folder").mkdir()
    archive = writer(tmp_path / "archive", index=tmp_path / "folder", failures=failures)
    assert put(archive, exchange(2))[0].file == ""  # nobody waits for it
    archive.sync()
    archive.close()
    assert len(failures) == 1 and "unable to open" in failures[0]


def test_a_record_of_the_run_that_cannot_be_written_costs_neither_table_nor_articles(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    with PortalServer(portal(3)) as server:
        done = crawl_in(server.url, tmp_path, PORTAL_RUN_RECORD=str(tmp_path / "file" / "run.json"))
    said = done.stderr if isinstance(done.stderr, str) else done.stderr.decode()
    assert "the record of the run could not be written" in said
    assert "Traceback" not in said and "articles" in said
    assert list(tmp_path.rglob("*Z.jsonl"))


def test_the_crawl_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_crawler.archive.writer.QUEUE", 3000)
    archive = writer(tmp_path / "archive")
    assert len({place.offset for place in put(archive, *(exchange(number) for number in range(30)))}) == 30
    archive.close()


headers = st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=40)), max_size=5).map(tuple)


@given(url=st.text(max_size=40), body=st.binary(max_size=400), received=headers, reason=st.text(max_size=20))
def test_whatever_comes_the_record_can_be_read(
    url: str, body: bytes, received: tuple[tuple[bytes, bytes], ...], reason: str
) -> None:
    sent = exchange(0, url=f"http://so.example.vn/{url}", body=body, received=received, reason=reason, sent=received)
    made = [
        records.answer(sent, records.new_record_id(), records.digest(body), None),
        *records.companions(sent, "urn:x"),
    ]
    for record in made:
        plain = gzip.decompress(records.member(record))
        head, _, rest = plain.partition(b"\r\n\r\n")
        lines = head.decode("utf-8").split("\r\n")
        assert all(line.isprintable() for line in lines), "no line of the record's head is a stranger's"
        length = int(next(line for line in lines if line.startswith("Content-Length: ")).rpartition(" ")[2])
        assert rest[length:] == b"\r\n\r\n"
        block_head, _, payload = rest[:length].partition(b"\r\n\r\n")
        assert len(block_head.split(b"\n")) <= 3 + len(received), "nor is a line of the message's head more than it was"
        if record.rec_type == "response":
            assert payload == body


def test_an_exported_line_leads_to_its_record(tmp_path: Path) -> None:
    with PortalServer(portal(3)) as server:
        assert crawl_in(server.url, tmp_path).returncode == 0
    folder = tmp_path / "exports" / "unseen"
    lines = next(folder.glob("*Z.jsonl")).read_text("utf-8").splitlines()
    assert lines
    for line in map(json.loads, lines):
        place = line["archive"]
        with (folder / "archive" / place["file"]).open("rb") as stream:
            stream.seek(place["offset"])
            record = next(iter(ArchiveIterator(stream)))
            named = record.rec_headers.get_header
            assert named("WARC-Record-ID") == f"<{place['record_id']}>"
            assert named("WARC-Target-URI") == line["url"]
            assert datetime.fromisoformat(named("WARC-Date")) == datetime.fromisoformat(line["fetched_at"])
            assert records.digest(record.raw_stream.read()) == place["payload_digest"] == named("WARC-Payload-Digest")
    (run,) = folder.glob("*.run.json")
    assert any(name.endswith(".warc.gz") for name in json.loads(run.read_text("utf-8"))["files"])


def test_a_crawl_need_not_be_archived(tmp_path: Path) -> None:
    with PortalServer(portal(3)) as server:
        assert crawl_in(server.url, tmp_path, PORTAL_ARCHIVE="False").returncode == 0
    assert not list(tmp_path.rglob("archive"))
