"""``extract`` over captures as they come: of many years, in many files, with records that name no host there can be."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import uuid
import zipfile
from pathlib import Path

import pytest
from crawl import crawl
from portal_server import article
from test_captures import articles
from test_commands import run, unreadable
from test_replay import HOST, Archive
from test_spiders import TITLE, portal, slug

from portal_crawler.archive.warc import read_captures
from portal_crawler.commands.captures import Host, capture_files
from portal_crawler.commands.replays import SHARED
from portal_crawler.extraction.page import is_html

BROKEN = {"Content_Encoding": "gzip"}


def pages(archive: Archive, host: str = HOST, **headers: str) -> Archive:
    for address, body in portal().items():
        if isinstance(body, str):
            archive.add(host + address, body, **headers)
    return archive


def test_what_a_capture_calls_a_host_leads_out_of_no_folder(tmp_path: Path) -> None:
    hostile = ("..", ".", "", "/etc", "a/../..", "a\0b", "a\nb", "x" * 300, "tiếng", "con.", "-x", "a_80", "a:80")
    plain = {"so.gov.vn": "so.gov.vn", "127.0.0.1:8652": "127.0.0.1_8652", "so-1.gov.vn": "so-1.gov.vn"}
    folders = [Host(name, "http://x/").folder(tmp_path) for name in (*hostile, *plain)]
    assert len(set(folders)) == len(folders)
    assert all(folder.parent == tmp_path and folder.name not in (".", "..") for folder in folders)
    assert all(len(folder.name.encode()) < 256 and folder.name.isprintable() for folder in folders)
    assert [folder.name for folder in folders[len(hostile) :]] == list(plain.values())


def test_a_host_of_dots_costs_no_file_of_other_runs(tmp_path: Path) -> None:
    archive = pages(Archive(tmp_path / "a.warc.gz"))
    for name in ("..", ".", ""):
        archive.add(f"http://{name}/x.html", "<p>x</p>")
    archive.close()
    kept = [tmp_path / "runs" / f"2024-01-01T00-00-00Z.{ending}" for ending in ("jsonl", "run.json")]
    (tmp_path / "runs").mkdir()
    for path in kept:
        path.write_text("{}\n", "utf-8")
    code, _, errors = run(tmp_path, "extract", "a.warc.gz", "--out", "runs/captures")
    assert code == 6
    assert all(path.read_text("utf-8") == "{}\n" for path in kept)
    assert [path.name for path in (tmp_path / "runs/captures").iterdir()] == ["so.example.gov.vn"]
    assert "http://../x.html" in errors and "http:///x.html" in errors


def test_addresses_that_name_no_host_cost_no_other_record(tmp_path: Path) -> None:
    hosts = ("[::1", "a" * 300 + ".vn", "a\0b.vn", "a.vn:99999", "a.vn:x")
    archive = Archive(tmp_path / "a.warc.gz")
    for host in hosts:
        archive.add(f"http://{host}/x", "<p>x</p>")
    pages(archive).close()
    code, told, errors = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    assert code == 6
    assert "1 hosts" in told and "9 articles" in told
    assert [line.startswith("http://") for line in errors.splitlines()] == [True] * len(hosts), errors
    assert len(articles(tmp_path / "out")) == 9
    code, _, errors = run(tmp_path, "crawl", "unseen", "-a", "warc=a.warc.gz")
    assert code == 0, errors


def test_a_host_whose_folder_cannot_be_made_is_told_and_costs_no_other(tmp_path: Path) -> None:
    archive = pages(Archive(tmp_path / "a.warc.gz"))
    archive.add("http://khac.example.gov.vn/x", "<p>x</p>")
    archive.close()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/khac.example.gov.vn").write_text("in the way", "utf-8")
    code, told, _ = run(tmp_path, "extract", "a.warc.gz", "--out", "out", "--jobs", "1")
    assert code == 1
    assert "FileExistsError" in told and "9 articles of" in told
    assert len(articles(tmp_path / "out")) == 9


@pytest.mark.parametrize("separator", ["\u2028", "\u0085"])
def test_a_line_separator_in_an_address_ends_no_line_of_json(tmp_path: Path, separator: str) -> None:
    archive = Archive(tmp_path / "a.warc.gz")
    archive.add(f"{HOST}/x{separator}y", b"\x1f\x8b\x08broken", **BROKEN)
    pages(archive).close()
    code, told, errors = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    assert code == 6, errors
    assert "9 articles" in told and f"{HOST}/x" in errors


@pytest.mark.parametrize("kind", ["TEXT/HTML; CHARSET=UTF-8", "", "Text/Html"])
def test_a_page_is_one_whatever_its_server_says_or_does_not(tmp_path: Path, kind: str) -> None:
    archive = pages(Archive(tmp_path / "a.warc.gz"), Content_Type=kind)
    archive.add(f"{HOST}/picture", b"\x89PNG\r\n\x1a\n" + bytes(90), Content_Type="")
    archive.add("http://pictures.example.vn/picture", b"\x89PNG\r\n\x1a\n" + bytes(90), Content_Type="")
    archive.add("http://feeds.example.vn/feed", "<?xml version='1.0'?><rss><title>x</title></rss>", Content_Type="")
    archive.close()
    code, told, errors = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    assert (code, errors) == (0, "")
    assert "of 1 hosts" in told and "9 articles" in told
    assert len(articles(tmp_path / "out")) == 9


@pytest.mark.parametrize(
    ("body", "html"),
    [
        (b"\xef\xbb\xbf\n<!DOCTYPE html><p>x", True),
        ("<html><p>x".encode("utf-16"), True),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC ''><html>", True),
        (b"<DIV>x</DIV>", True),
        (b"", True),
        (b"<?xml version='1.0'?><feed><title>x</title>", False),
        (b"<svg><style>x", False),
        (b"%PDF-1.4 <p>", False),
        (b"plain text", False),
        (b'{"a": 1}', False),
    ],
)
def test_html_is_told_by_its_first_bytes_where_nothing_is_said(body: bytes, *, html: bool) -> None:
    assert is_html(None, body) is is_html(" ", body) is html
    assert is_html("Application/XHTML+XML", body) and not is_html("application/pdf", body)


def years(folder: Path) -> list[Path]:
    """Two captures of a portal: every other article stands in one of them only."""
    paths = []
    for year in (2020, 2024):
        archive = Archive(folder / f"{year}.warc.gz")
        left_out = {slug(number) for number in range(1, 10) if (number + year // 4) % 2}
        for address, body in portal().items():
            if isinstance(body, str) and address not in left_out:
                archive.add(HOST + address, body)
        paths.append(archive.close())
    return paths


def urls(folder: Path) -> list[str]:
    return sorted(one["url"] for one in articles(folder))


def test_another_capture_of_a_host_is_read_and_that_of_before_stays(tmp_path: Path) -> None:
    for path in years(tmp_path):
        run(tmp_path, "extract", path.name, "--out", path.name[:4])
    old, new = urls(tmp_path / "2020"), urls(tmp_path / "2024")
    assert old and new and not set(old) & set(new)
    run(tmp_path, "extract", "2020.warc.gz", "--out", "out")
    _, told, _ = run(tmp_path, "extract", "2024.warc.gz", "--out", "out")
    assert "other captures" in told and f"out: {len(new)} articles" in told
    assert urls(tmp_path / "out") == sorted(old + new)
    for name, count in (("2020", len(old)), ("2024", len(new))):
        _, told, _ = run(tmp_path, "extract", f"{name}.warc.gz", "--out", "out")
        assert "done before" in told and f"out: {count} articles" in told
    _, told, _ = run(tmp_path, "extract", ".", "--out", "out")
    assert "other captures" in told
    assert len(list((tmp_path / "out").rglob("*.run.json"))) == 1, "what has read both takes the place of each"
    both = urls(tmp_path / "out")
    assert set(both) >= set(old + new) and len(both) == len(set(both))


def test_a_capture_that_has_changed_or_a_newer_extractor_is_replayed_again(tmp_path: Path) -> None:
    path = pages(Archive(tmp_path / "a.warc.gz")).close()
    run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    (record,) = (tmp_path / "out").rglob("*.run.json")
    kept = json.loads(record.read_text("utf-8"))
    assert kept["inputs"]["captures"][0]["bytes"] == path.stat().st_size
    record.write_text(json.dumps(kept | {"inputs": kept["inputs"] | {"extractor": "0"}}), "utf-8")
    with path.open("ab") as file:
        other = Archive(tmp_path / "b.warc.gz")
        other.add("http://khac.example.gov.vn/", "<p>x</p>")
        file.write(other.records[0])
    for _ in range(2):
        _, told, _ = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
        assert "so.example.gov.vn (unseen): 9 articles of" in told
        assert len(articles(tmp_path / "out")) == 9
    assert told.count("done before") == 2
    # A replay whose caller was killed: it has come to its end, and nobody has noted of what.
    (record,) = (tmp_path / "out/so.example.gov.vn").glob("*.run.json")
    kept = json.loads(record.read_text("utf-8"))
    del kept["inputs"]
    record.write_text(json.dumps(kept), "utf-8")
    _, told, _ = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    assert "replayed again" not in told and len(articles(tmp_path / "out")) == 9
    path.write_bytes(path.read_bytes() + other.records[0])
    _, told, _ = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    assert told.count("other captures, spider or extractor") == 2
    assert len(articles(tmp_path / "out")) == 9


def test_what_was_learned_of_other_captures_is_not_taken_for_these(tmp_path: Path) -> None:
    for name in ("a", "b"):
        archive = pages(Archive(tmp_path / f"{name}.warc.gz"))
        for number in range(SHARED):
            archive.add(f"{HOST}/trang/{name}/{number}.html", f"<html><body><p>Trang {number}</p></body></html>")
        archive.close()
    run(tmp_path, "extract", "a.warc.gz", "--out", "out", "--jobs", "2")
    learned = tmp_path / "out/so.example.gov.vn/learned.pickle"
    of_a = learned.read_bytes()
    run(tmp_path, "extract", "b.warc.gz", "--out", "out", "--jobs", "2")
    assert b"/trang/b/" in learned.read_bytes() and b"/trang/b/" not in of_a
    run(tmp_path, "extract", "a.warc.gz", "--out", "out", "--jobs", "2")
    assert b"/trang/b/" not in learned.read_bytes()


def test_any_number_of_files_with_whatever_in_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "sp ace" / ("n" * 200)
    folder.mkdir(parents=True)
    for number, (address, body) in enumerate(portal().items()):
        if isinstance(body, str):
            archive = Archive(folder / f"{'c' * 200} {number}.warc.gz")
            archive.add(HOST + address, body)
            archive.close()
    for number in range(300):
        os.link(archive.path, folder / f"{'c' * 200} {number} again.warc.gz")
    code, told, errors = run(tmp_path, "extract", "sp ace", "--out", "o ut")
    assert (code, errors) == (0, "")
    assert "9 articles" in told
    assert len(articles(tmp_path / "o ut")) == 9
    (names,) = (tmp_path / "o ut").rglob("captures.list")
    done = crawl("unseen", warc=f"@{names}")
    assert len(done.captures) == 9
    (tmp_path / "empty.list").write_text("none.warc.gz\n", "utf-8")
    for wrong, why in (("@none.list", "cannot be read"), ("@empty.list", "there is no file none.warc.gz")):
        code, _, errors = run(tmp_path, "crawl", "unseen", "-a", f"warc={wrong}")
        assert code == 2 and why in errors


def test_a_name_that_breaks_the_line_is_told(tmp_path: Path) -> None:
    pages(Archive(tmp_path / "a.warc.gz")).close()
    pages(Archive(tmp_path / "b\nc.warc.gz"), "http://khac.example.gov.vn").close()
    code, told, errors = run(tmp_path, "extract", ".", "--out", "out")
    assert code == 6 and "1 hosts" in told and "line break" in errors


@pytest.mark.parametrize("name", ["noextension", "a.warc.gz.open", "a.warc.gz.part", "a.warc.part", "zipped.part"])
def test_captures_are_known_by_how_they_begin(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = pages(Archive(tmp_path / "x.warc.gz", compressed=name != "a.warc.part")).close()
    if name == "zipped.part":
        with zipfile.ZipFile(folder / name, "w") as pack:
            pack.write(path, "archive/x.warc.gz")
    else:
        path.rename(folder / name)
    (folder / "notes.txt").write_text("notes", "utf-8")
    (folder / "page.html").write_text("<p>WARC/1.0", "utf-8")
    with zipfile.ZipFile(folder / "letter.docx", "w") as pack:
        pack.writestr("word/document.xml", "<w/>")
    assert capture_files(folder) == [folder / name]
    assert len(list(read_captures(folder / name))) > 9
    if name == "noextension":
        code, told, errors = run(tmp_path, "extract", f"in/{name}", "--out", "out")
        assert (code, errors) == (0, "")
        assert "9 articles" in told


def test_what_is_neither_capture_nor_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page").write_text(article(TITLE), "utf-8")
    (tmp_path / "notes.txt").write_text("notes < and >", "utf-8")
    (tmp_path / "packed").write_bytes(gzip.compress(b"\x89PNG\r\n\x1a\n" + bytes(9000)))
    for name in ("notes.txt", "packed"):
        code, out, errors = run(tmp_path, "extract", name)
        assert (code, out) == (2, "") and "neither a capture" in errors
    assert run(tmp_path, "extract", "page")[0] == 0


def repeated(record: bytes, *, host: str, digest: bool, named: bool = False) -> tuple[bytes, bytes]:
    """A record with what names it, and a revisit of it, at another host if one is given."""
    head, _, block = gzip.decompress(record).partition(b"\r\n\r\n")
    said = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    http, _, payload = block.removesuffix(b"\r\n\r\n").partition(b"\r\n\r\n")
    http += b"\r\n\r\n"
    number = b"WARC-Payload-Digest: sha1:%s\r\n" % base64.b32encode(hashlib.sha1(payload).digest())
    refers = (
        f"WARC-Refers-To: {said['WARC-Record-ID']}\r\n"
        if named
        else (f"WARC-Refers-To-Target-URI: {said['WARC-Target-URI']}\r\nWARC-Refers-To-Date: {said['WARC-Date']}\r\n")
    )
    again = (
        f"WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Target-URI: {said['WARC-Target-URI'].replace(HOST, host)}\r\n"
        f"WARC-Date: 2025-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\n"
        f"WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n{refers}"
    ).encode() + b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n" % len(http)
    first = head + b"\r\n" + (number if digest else b"") + b"\r\n" + block
    return gzip.compress(first), gzip.compress(again + (number if digest else b"") + b"\r\n" + http + b"\r\n\r\n")


OTHER = "http://khac.example.gov.vn"


@pytest.mark.parametrize(
    ("host", "how"),
    [
        *((HOST, how) for how in ("in one file", "in two", "behind", "by address", "by name", "packed as WACZ")),
        *((OTHER, how) for how in ("in two", "by address")),
    ],
)
def test_revisits_find_their_originals_wherever_they_stand(tmp_path: Path, how: str, host: str) -> None:
    records = pages(Archive(tmp_path / "x")).records
    digest = how not in ("by address", "by name")
    pairs = [repeated(record, host=host, digest=digest, named=how == "by name") for record in records]
    originals, again = (b"".join(part) for part in zip(*pairs, strict=True))
    names = ("2.warc.gz", "1.warc.gz") if how == "behind" else ("1.warc.gz", "2.warc.gz")
    if how == "in one file":
        (tmp_path / "1.warc.gz").write_bytes(again + originals)
    elif how == "packed as WACZ":
        with zipfile.ZipFile(tmp_path / "1.wacz", "w") as pack:
            pack.writestr("archive/1.warc.gz", originals)
            pack.writestr("archive/2.warc.gz", again)
    else:
        for name, data in zip(names, (originals, again), strict=True):
            (tmp_path / name).write_bytes(data)
    code, told, errors = run(tmp_path, "extract", ".", "--out", "out")
    assert (code, errors) == (0, ""), errors
    hosts = {"so.example.gov.vn": 9} | ({"khac.example.gov.vn": 9} if host != HOST else {})
    assert {path.name: len(articles(path)) for path in (tmp_path / "out").iterdir()} == hosts
    total = len(records) * 2
    assert f"{total} pages of {len(hosts)} hosts" in told


def test_a_revisit_whose_original_is_nowhere_is_told_once(tmp_path: Path) -> None:
    records = pages(Archive(tmp_path / "x")).records
    pairs = [repeated(record, host=HOST, digest=True) for record in records]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records[:-1]) + pairs[-1][1])
    code, _, errors = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    assert code == 6
    (line,) = errors.splitlines()
    assert "another file" in line and f"{tmp_path}/a.warc.gz" in line


def test_a_record_that_has_another_body_is_not_taken_for_the_original(tmp_path: Path) -> None:
    first, again = repeated(pages(Archive(tmp_path / "x")).records[-1], host=HOST, digest=True)
    other = gzip.decompress(again).replace(b"Payload-Digest: sha1:", b"Payload-Digest: sha1:A", 1)
    other = re.sub(rb"(sha1:\w{32})\w", rb"\1", other)
    (tmp_path / "a.warc.gz").write_bytes(first + gzip.compress(other))
    told: list[str] = []
    captures = list(read_captures(tmp_path / "a.warc.gz", lambda _, why: told.append(why)))
    assert len(captures) == 1
    assert len(told) == 1 and "another body" in told[0]


def test_files_that_cannot_be_read_are_told_and_cost_no_other(tmp_path: Path) -> None:
    (folder := tmp_path / "in").mkdir()
    good = pages(Archive(folder / "good.warc.gz")).close()
    unreadable(folder / "disk.warc.gz")
    unreadable(folder / "unknown")
    (folder / "nowhere.warc.gz").symlink_to("not-there")
    (folder / "folder.warc.gz").mkdir()
    contents = {
        "empty.warc.gz": b"",
        "head.warc.gz": gzip.compress(b"x")[:10],
        "zeros.warc": bytes(1000),
        "words.warc": b"These are some words " * 100,
        "noise.warc.gz": bytes(range(7, 256)) * 300,
        "pack.wacz": b"PK\x03\x04" + bytes(range(256)),
        "frame.warc.zst": b"\x28\xb5\x2f\xfd",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "nothing.wacz", "w") as pack:
        pack.writestr("datapackage.json", "{}")
    code, told, errors = run(tmp_path, "extract", "in", "--out", "out")
    assert code == 6, errors
    assert f"{len(contents) + 3} files, 13 pages of 1 hosts; of {len(contents) + 2} files nothing can be read" in told
    assert [one["archive"]["file"] for one in articles(tmp_path / "out")] == [good.name] * 9
    lines = errors.splitlines()
    for name in (*contents, "disk.warc.gz", "unknown", "nowhere.warc.gz", "folder.warc.gz", "nothing.wacz"):
        assert any(f"/{name}: " in line for line in lines), name
    assert max(map(len, lines)) < 1000
    code, told, errors = run(tmp_path, "extract", "in/disk.warc.gz", "in/zeros.warc", "--out", "out")
    assert code == 2 and "disk.warc.gz: it cannot be read: Input/output error" in errors


def test_what_is_passed_over_is_told(tmp_path: Path) -> None:
    (folder := tmp_path / "in").mkdir()
    (tmp_path / "elsewhere").mkdir()
    pages(Archive(folder / "good.warc.gz")).close()
    (folder / "linked").symlink_to("../elsewhere")
    (folder / "packed.warc.bz2").write_bytes(b"BZh9")
    text = Archive(folder / "text.warc.wet.gz")
    text.add(f"{HOST}/x", "a page as plain text", kind="metadata")
    text.close()
    code, told, errors = run(tmp_path, "extract", "in", "--out", "out")
    assert code == 6, errors
    assert "1 other files are no captures: packed.warc.bz2\n" in told
    assert "2 files, 13 pages of 1 hosts; 1 files hold no page: text.warc.wet.gz\n" in told
    assert [line.partition(": ")[0] for line in errors.splitlines()] == ["in/linked"]
    (folder / "good.warc.gz").unlink()
    (folder / "text.warc.wet.gz").unlink()
    code, _, errors = run(tmp_path, "extract", "in", "--out", "out")
    assert code == 2 and "in/linked: it is a link to a folder" in errors


def test_what_cannot_be_indexed_is_left_out_of_a_pack_and_told(tmp_path: Path) -> None:
    pytest.importorskip("wacz", reason="the extra wacz is not installed")
    good = pages(Archive(tmp_path / "good.warc.gz")).close()
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(good.read_bytes()[:-200])
    (tmp_path / "noise.warc.gz").write_bytes(bytes(range(7, 256)) * 300)
    half = '{"url": "http://a/", "id": "a", "fetched_at": "", "title": "\\ud800"}'
    (tmp_path / "2024-03-06T02-00-00Z.jsonl").write_text(f"{{\n{half}\n{'[' * 10_000}", "utf-8")
    code, told, errors = run(tmp_path, "pack", ".", "-o", "all.wacz")
    assert code == 6, errors
    with zipfile.ZipFile(tmp_path / "all.wacz") as pack:
        assert [name for name in pack.namelist() if name.startswith("archive/")] == ["archive/good.warc.gz"]
    lines = [f"Z.jsonl, line {number}: it is no article" for number in (1, 2, 3)]
    for name in ("cut.warc.gz: it is left out", "noise.warc.gz: it is left out", *lines):
        assert name in told
    code, _, errors = run(tmp_path, "pack", "cut.warc.gz", "-o", "cut.wacz")
    assert code == 2 and "no file can be packed: cut.warc.gz: it is left out" in errors
    assert not list(tmp_path.glob("cut.wacz*"))
