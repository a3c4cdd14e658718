"""What portals serve instead of articles: each ends in one counted reject or in the right article, and the crawl goes on."""

from __future__ import annotations

import json
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any

import forked
import pytest
from portal_server import Answer, PortalServer, Seen
from scrapy.cmdline import execute
from test_project import articles, command, environment, lines

from portal_crawler.extraction.decode import to_unicode_legacy
from portal_crawler.monitoring.verdict import ExitCode

# The family is given, so that what an address leads to is known before the page is read.
TITLE = "Thông báo tuyển dụng viên chức năm 2009 của Sở Tư pháp"
PARAGRAPHS = (
    "Căn cứ kế hoạch đã được phê duyệt, Sở Tư pháp thông báo tuyển dụng viên chức vào làm việc tại các đơn vị trực thuộc.",
    "Hồ sơ dự tuyển nộp trực tiếp tại văn phòng của sở trong giờ hành chính, hạn cuối là ngày làm việc thứ hai mươi.",
    "Mọi thắc mắc xin liên hệ bộ phận tổ chức cán bộ để được hướng dẫn cụ thể về điều kiện và nội dung thi tuyển.",
)
HTML = "text/html"


def page(charset: str = "utf-8", title: str = TITLE) -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><meta name="generator" content="NukeViet v4.5">'
        f"<title>{title}</title></head><body>"
        f'<div class="news_column" itemtype="http://schema.org/NewsArticle"><h1 class="title">{title}</h1>'
        f'<span class="h5">Thứ ba - 05/03/2024 09:30</span><div id="news-bodyhtml">{body}</div></div></body></html>'
    )


def home(paths: list[str]) -> str:
    links = "".join(f'<li><a href="{path}">Bài viết ở địa chỉ {path}</a></li>' for path in paths)
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="generator" content="NukeViet v4.5">'
        f"<title>Sở Tư pháp</title></head><body><ul>{links}</ul></body></html>"
    )


def run_command(url: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    arguments = [*command(url, **settings)[3:], "-a", "platform=nukeviet"]
    return forked.run(execute, arguments, cwd=folder, env=environment())


def walk(folder: Path, pages: dict[str, Any], **settings: str) -> tuple[int, dict[str, str], dict[str, str], str]:
    """Crawl a portal of these pages; exit code, title by path, reject reason by path, log."""
    with PortalServer({"/": home(list(pages)), **pages}) as server:
        done = run_command(server.url, folder, **settings)
        url = server.url
    found = {line["url"].removeprefix(url): line["title"] for line in articles(folder)}
    rejects = lines(folder, ".rejects.jsonl")
    told = {line["url"].removeprefix(url): line["reason"] for line in rejects}
    assert max(Counter(line["url"] for line in rejects).values(), default=1) == 1, "one reject a page"
    assert all(line["detail"] for line in rejects)
    return done.returncode, found, told, done.stderr


def good(count: int) -> dict[str, Any]:
    return {f"/tin-tuc/bai-{number}.html": page(title=f"{TITLE}, đợt {number}") for number in range(1, count + 1)}


def to_tcvn3(text: str) -> bytes:
    table = {to_unicode_legacy(chr(code), "tcvn3"): code for code in range(0xA1, 0x100)}
    return bytes(table.get(letter, ord(letter) if ord(letter) < 0x80 else 0x3F) for letter in text)


def to_1258(text: str) -> bytes:
    """windows-1258 has letters with breve, circumflex and horn, and the five tone marks to set behind them."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    loose = ""
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        loose += base + "".join(part for part in parts if part in tones)
    return loose.encode("cp1258")


# For a page that is met by a redirect only.
SECOND = "second"


def bad() -> dict[str, tuple[Any, str]]:
    """What each address answers, and the reason that must be told."""
    broken = Answer(b"\x1f\x8b\x08\x00 no gzip", headers={"Content-Type": HTML, "Content-Encoding": "gzip"})

    def round_trip(seen: Seen) -> Answer:
        return Answer(b"", 302, {"Location": f"{seen.path}?lan=2"})

    return {
        "/tin-tuc/quanh-112.html?lan=2": (Answer(b"", 302, {"Location": "/tin-tuc/quanh-112.html"}), SECOND),
        "/tin-tuc/rong-101.html": (Answer(b""), "empty_body"),
        "/tin-tuc/trang-102.html": (Answer(b" \r\n\t "), "empty_body"),
        "/tin-tuc/pdf-103.html": (Answer(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\n"), "not_html"),
        "/tin-tuc/anh-104.html": (Answer(b"\x89PNG\r\n\x1a\n" + bytes(200)), "not_html"),
        "/tin-tuc/khong-bai-105.html": (home(["/"]), "no_article"),
        "/tin-tuc/het-106.html": (Answer("<p>Không tìm thấy</p>", 404), "http_error"),
        "/tin-tuc/loi-107.html": (Answer("<p>Lỗi máy chủ</p>", 500), "http_error"),
        "/tin-tuc/ban-108.html": (Answer("<p>Quá nhiều</p>", 429), "http_error"),
        "/tin-tuc/ra-109.html": (Answer(b"", 302, {"Location": "http://127.0.0.2:9/"}), "http_error"),
        "/tin-tuc/vong-110.html": (Answer(b"", 302, {"Location": "/tin-tuc/vong-110.html"}), "http_error"),
        "/tin-tuc/quanh-112.html": (round_trip, "http_error"),
        "/tin-tuc/gzip-111.html": (broken, "undecodable"),
    }


def test_each_bad_page_is_one_reject_and_no_good_page_is_lost(tmp_path: Path) -> None:
    odd = bad()
    code, found, told, log = walk(tmp_path, good(12) | {path: answer for path, (answer, _) in odd.items()})
    assert len(found) == 12, log
    for path, (_, reason) in odd.items():
        if reason == SECOND:
            continue
        assert path in told, f"{path} is lost in silence"
        assert told[path] == reason, path
    assert code == ExitCode.MANY_REJECTED
    assert "Traceback" not in log
    record = json.loads(next(tmp_path.glob("exports/*/*.run.json")).read_text("utf-8"))
    counted = {key: count for key, count in record["stats"].items() if key.startswith("rejected/")}
    assert counted == {f"rejected/{reason}": count for reason, count in Counter(told.values()).items()}


def test_one_bad_page_in_twelve_is_no_failure(tmp_path: Path) -> None:
    code, found, told, log = walk(tmp_path, good(12) | {"/tin-tuc/het-106.html": Answer("", 404)})
    assert (code, len(found), list(told.values())) == (ExitCode.OK, 12, ["http_error"]), log


ENCODED = {
    "utf-8 said to be latin-1": Answer(page("iso-8859-1"), headers={"Content-Type": f"{HTML}; charset=iso-8859-1"}),
    "utf-8 said to be windows-1258": Answer(page("windows-1258"), headers={"Content-Type": HTML}),
    "nothing said": Answer(page().replace('<meta charset="utf-8">', ""), headers={"Content-Type": HTML}),
    "windows-1258": Answer(to_1258(page("windows-1258")), headers={"Content-Type": f"{HTML}; charset=windows-1258"}),
    "windows-1258 said to be utf-8": Answer(to_1258(page("utf-8"))),
    "tcvn3, nothing said": Answer(
        to_tcvn3(page().replace('<meta charset="utf-8">', "")), headers={"Content-Type": HTML}
    ),
    "tcvn3 said to be utf-8": Answer(to_tcvn3(page())),
    "decomposed": Answer(unicodedata.normalize("NFD", page())),
    "utf-16": Answer(page("utf-16").encode("utf-16"), headers={"Content-Type": f"{HTML}; charset=utf-16"}),
}


def on_its_own_day(answer: Answer, number: int) -> Answer:
    """The page with another date: on one day it would be the same article again."""
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    for coding in ("ascii", "utf-16-le"):
        body = body.replace("05/03".encode(coding), f"{number:02}/03".encode(coding))
    return Answer(body, headers=answer.headers)


def test_encodings_are_read_from_the_bytes(tmp_path: Path) -> None:
    encoded = enumerate(ENCODED.values(), 1)
    pages = {f"/tin-tuc/ma-{number}.html": on_its_own_day(answer, number) for number, answer in encoded}
    code, found, told, log = walk(tmp_path, pages)
    assert (code, told) == (ExitCode.OK, {}), log
    texts = {line["url"].rpartition("-")[2]: line for line in articles(tmp_path)}
    for number, name in enumerate(ENCODED, 1):
        line = texts[f"{number}.html"]
        # Capitals with a tone have no bytes of their own in TCVN3; there are none in these texts.
        assert line["title"] == TITLE, name
        assert line["text"] == "\n\n".join(PARAGRAPHS), name
    assert len(found) == len(ENCODED)


def test_broken_bytes_cost_themselves_alone(tmp_path: Path) -> None:
    body = page().encode().replace("hành chính".encode(), b"h\xe0\xff\xfenh ch\xednh")
    code, _, told, log = walk(tmp_path, {"/tin-tuc/hong-1.html": Answer(body)})
    assert (code, told) == (ExitCode.OK, {}), log
    (line,) = articles(tmp_path)
    assert line["title"] == TITLE
    assert line["text"].startswith(PARAGRAPHS[0])
    assert line["text"].endswith(PARAGRAPHS[2])
    assert "\ufffd" in line["text"], "what cannot be read is marked, not guessed"


def test_too_large_a_page(tmp_path: Path) -> None:
    pages = good(1) | {"/tin-tuc/lon-9.html": Answer(page() + "x" * 300_000)}
    _, found, told, log = walk(tmp_path, pages, DOWNLOAD_MAXSIZE="100000")
    assert (len(found), told) == (1, {"/tin-tuc/lon-9.html": "too_large"}), log


def test_a_page_that_never_comes(tmp_path: Path) -> None:
    done = Event()

    def never(_: object) -> str:
        done.wait(30)
        return ""

    try:
        pages = good(1) | {"/tin-tuc/cham-9.html": never}
        with PortalServer({"/": home(list(pages)), **pages}) as server:
            told = run_command(server.url, tmp_path, DOWNLOAD_TIMEOUT="2")
            done.set()
    finally:
        done.set()
    assert [line["reason"] for line in lines(tmp_path, ".rejects.jsonl")] == ["timeout"], told.stderr
    assert len(articles(tmp_path)) == 1


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ({"/": Answer("<p>Cấm</p>", 403)}, ExitCode.BLOCKED),
        ({"/": Answer("<p>Bảo trì</p>", 503)}, ExitCode.UNREACHABLE),
        ({"/": Answer(b"")}, ExitCode.NOTHING_FOUND),
        ({"/": Answer(b"%PDF-1.5 \xe2\xe3")}, ExitCode.NOTHING_FOUND),
        ({"/": home([])}, ExitCode.NOTHING_FOUND),
    ],
    ids=["403", "503", "empty", "pdf", "no links"],
)
def test_portals_without_an_article(tmp_path: Path, pages: dict[str, Any], code: ExitCode) -> None:
    ended, found, _, log = walk(tmp_path, pages)
    assert (ended, found) == (code, {}), log
