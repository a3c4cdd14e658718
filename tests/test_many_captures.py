"""``extract`` over captures as they come: of many years, in many files, with records that name no host there can be."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_captures import articles
from test_commands import run
from test_replay import HOST, Archive
from test_spiders import portal

from portal_crawler.commands.captures import Host
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


@pytest.mark.parametrize("host", ["[::1", "a" * 300 + ".vn", "a\0b.vn", "a.vn:99999", "a.vn:x"])
def test_an_address_that_names_no_host_costs_no_other_record(tmp_path: Path, host: str) -> None:
    archive = Archive(tmp_path / "a.warc.gz")
    archive.add(f"http://{host}/x", "<p>x</p>")
    pages(archive).close()
    code, told, errors = run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    assert code == 6
    assert "1 hosts" in told and "9 articles" in told
    assert len(errors.splitlines()) == 1 and errors.startswith("http://"), errors
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
