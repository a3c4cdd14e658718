"""Files and pictures of articles: fetched when asked for, stored once, read apart."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer, link, page
from portal_server import body as prose

from portal_crawler.crawling.files import read_apart
from portal_crawler.extraction.documents import DOCX, PDF, RTF, XLSX, media_type

ROOT = Path(__file__).parent.parent
TITLE = "Quyết định số 42/2022/QĐ-UBND về việc hỗ trợ hộ nghèo ở huyện Đakrông"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
# A page without any text: what a scanner's PDF looks like to a reader of text.
SCAN = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def docx(text: str = TITLE) -> bytes:
    document = pytest.importorskip("docx", reason="needs python-docx (extra test)").Document()
    document.add_paragraph(text)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def xlsx() -> bytes:
    book = pytest.importorskip("openpyxl", reason="needs openpyxl (extra test)").Workbook()
    book.active["A1"] = TITLE
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rtf() -> bytes:
    letters = "".join(letter if ord(letter) < 128 else rf"\u{ord(letter)}?" for letter in TITLE)
    return rf"{{\rtf1\ansi {letters}}}".encode()


@pytest.mark.parametrize(("make", "kind"), [(docx, DOCX), (xlsx, XLSX), (rtf, RTF)])
def test_documents_are_told_by_their_bytes_and_read_to_the_letter(make, kind: str) -> None:
    pytest.importorskip("kreuzberg", reason="needs the extra documents")
    body = make()
    assert media_type(body) == kind
    read = read_apart(body, 2048, 20)
    assert TITLE in read["text"] and read["scanned"] is False


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (unicodedata.normalize("NFD", TITLE), TITLE),
        (
            "Céng hßa x· héi chñ nghÜa ViÖt Nam, §éc lËp - Tù do - H¹nh phóc",
            "Cộng hòa xã hội chủ nghĩa Việt Nam, Độc lập - Tự do - Hạnh phúc",
        ),
        ("L'été à Genève, déjà passé : côté élèves, forêt, août, Noël, façade, maïs, où, gâteau", None),
    ],
)
def test_the_text_of_a_document_is_composed_and_in_the_letters_that_its_readers_see(
    text: str, read: str | None
) -> None:
    pytest.importorskip("kreuzberg", reason="needs the extra documents")
    assert read_apart(docx(text), 2048, 20)["text"] == (read or text)


def test_a_pdf_of_pictures_is_marked() -> None:
    pytest.importorskip("kreuzberg", reason="needs the extra documents")
    assert media_type(SCAN) == PDF
    assert read_apart(SCAN, 2048, 20) == {"text": None, "scanned": True}


def test_bombs_and_broken_documents_end_in_their_own_process() -> None:
    pytest.importorskip("kreuzberg", reason="needs the extra documents")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"<w:document><w:t>" + b"A" * (80 << 20))
    for body in (bomb.getvalue(), b"%PDF-1.7\n%%EOF", docx()[:2000]):
        read = read_apart(body, 512, 10)
        assert "error" in read or len(read["text"] or "") <= 10_000_000


@given(st.binary(max_size=300) | st.binary(max_size=300).map(b"PK\x03\x04".__add__))
def test_any_bytes_have_a_type(body: bytes) -> None:
    assert "/" in media_type(body)


def test_a_page_in_place_of_a_file_is_a_page() -> None:
    assert media_type(b"\xef\xbb\xbf  <!DOCTYPE html><p>404") == "text/html"


def crawled(folder: Path, *options: str) -> tuple[dict, dict, PortalServer]:
    document = docx()
    files = (
        link("/uploads/..%2f..%2fetc/qd-42.pdf", "Quyết định.pdf")
        + link("/uploads/khong-con.pdf", "Phụ lục.pdf")
        + link("/uploads/loi.doc", "Danh sách.doc")
        + link("/uploads/ban-sao.docx", "Bản sao.docx")
    )
    pages: dict[str, object] = {
        "/": page('<meta name="generator" content="NukeViet v4.5">', link("/tin/quyet-dinh-ho-tro-1.html", TITLE)),
        "/tin/quyet-dinh-ho-tro-1.html": page(
            f'<div id="main"><h1>{TITLE}</h1><div class="content">{prose(TITLE)}<img src="/uploads/anh.jpg">{files}</div></div>'
        ),
        # A Word file that calls itself a PDF.
        "/uploads/..%2f..%2fetc/qd-42.pdf": Answer(document, headers={"Content-Type": "application/pdf"}),
        "/uploads/ban-sao.docx": Answer(document, headers={"Content-Type": "text/plain"}),
        "/uploads/loi.doc": Answer("<html><p>Không tìm thấy tệp</p></html>"),
        "/uploads/anh.jpg": Answer(GIF, headers={"Content-Type": "image/jpeg"}),
    }
    return ran(folder, pages, "/", *options)


def ran(folder: Path, pages: dict[str, object], home: str, *options: str) -> tuple[dict, dict, PortalServer]:
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = subprocess.run(
            [sys.executable, "-m", "scrapy.cmdline", "crawl", "unseen", "-a", f"url={server.url}{home}", *options,
             "-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "RETRY_TIMES=0", "-O", "all.jsonl"],
            cwd=folder, env={**os.environ, "SCRAPY_SETTINGS_MODULE": "portal_crawler.settings", "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (article,) = map(json.loads, (folder / "all.jsonl").read_text("utf-8").splitlines())
    (record,) = (folder / "exports" / "unseen").glob("*.run.json")
    return article, json.loads(record.read_text("utf-8"))["stats"], server


def test_files_are_fetched_when_asked_for_and_kept_once(tmp_path: Path) -> None:
    article, stats, _ = crawled(tmp_path, "--attachments", "--images")
    by_name = {file["url"].rpartition("/")[2]: file for file in article["attachments"]}
    first, copy = by_name["qd-42.pdf"], by_name["ban-sao.docx"]
    digest = first["sha256"]
    assert first["path"] == copy["path"] == f"files/{digest[:2]}/{digest}.docx"
    assert first["content_type"] == DOCX
    assert hashlib.sha256((tmp_path / "exports" / "unseen" / first["path"]).read_bytes()).hexdigest() == digest
    assert by_name["khong-con.pdf"]["error"] == "http_error: HTTP 404"
    assert by_name["loi.doc"]["error"] == "not_a_file: text/html"
    (image,) = article["images"]
    assert image["content_type"] == "image/gif" and image["path"].endswith(".gif")
    kept = [path for path in (tmp_path / "exports" / "unseen" / "files").rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert stats["attachments/stored"] == 2 and stats["attachments/failed"] == 2 and stats["images/stored"] == 1
    pytest.importorskip("kreuzberg", reason="needs the extra documents")
    assert first["text"] == TITLE and first["scanned"] is False


def test_files_are_left_alone_unless_asked_for(tmp_path: Path) -> None:
    article, _, server = crawled(tmp_path)
    assert [path for path in server.paths if path.startswith("/uploads")] == []
    assert {file["sha256"] for file in article["attachments"]} == {None}


def test_files_behind_redirects_and_in_other_folders_of_the_host_are_fetched(tmp_path: Path) -> None:
    files = link("/tai-ve/1/quyet-dinh.docx", "Quyết định.docx") + link("/tai-ve/2/phu-luc.docx", "Phụ lục.docx")
    with PortalServer({"*": Answer(docx())}) as elsewhere:
        pages: dict[str, object] = {
            "/web/so-noi-vu/": page(link("/web/so-noi-vu/tin/quyet-dinh-ho-tro-1.html", TITLE)),
            "/web/so-noi-vu/tin/quyet-dinh-ho-tro-1.html": page(
                f'<div id="main"><h1>{TITLE}</h1><div class="content">{prose(TITLE)}{files}</div></div>'
            ),
            "/tai-ve/1/quyet-dinh.docx": Answer("", 302, {"Location": "/documents/quyet-dinh.docx"}),
            "/documents/quyet-dinh.docx": Answer(docx()),
            "/tai-ve/2/phu-luc.docx": Answer("", 302, {"Location": f"{elsewhere.url}/phu-luc.docx"}),
        }
        article, stats, _ = ran(tmp_path, pages, "/web/so-noi-vu/", "--attachments")
        assert elsewhere.log == []
    first, second = article["attachments"]
    assert first["content_type"] == DOCX and first["error"] in (None, "no_reader")  # where the extra is not installed
    assert first["url"].endswith("/tai-ve/1/quyet-dinh.docx")
    assert "outside the portal" in second["error"]
    assert stats["attachments/stored"] == stats["attachments/failed"] == 1
