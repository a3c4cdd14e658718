"""WARC files in the place of the network."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from crawl import crawl
from portal_server import PortalServer, article
from test_spiders import TITLE, portal, slug

from portal_crawler.archive.warc import MOST_BYTES, read_captures

try:
    from compression import zstd
except ImportError:
    from backports import zstd

if TYPE_CHECKING:
    from pathlib import Path

HOST = "http://so.example.gov.vn"


class Archive:
    """Writes a WARC file record by record (warcio's writer leaves its temporary files open)."""

    def __init__(self, path: Path, *, compressed: bool = True, date: str = "2024-03-06T02:00:00Z") -> None:
        self.path = path
        self.date = date
        self.compressed = compressed
        self.records: list[bytes] = []

    def add(self, url: str, body: str | bytes, status: str = "200 OK", kind: str = "response", **headers: str) -> None:
        payload = body.encode() if isinstance(body, str) else body
        media = "text/html"
        if kind in ("response", "revisit"):
            named = {"Content-Type": "text/html; charset=utf-8"} | {
                name.replace("_", "-"): value for name, value in headers.items()
            }
            lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
            payload = f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + payload
            media = "application/http; msgtype=response"
        head = (
            f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {self.date}\r\n"
            f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{len(self.records):012}>\r\n"
            f"Content-Type: {media}\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        record = head.encode() + payload + b"\r\n\r\n"
        self.records.append(gzip.compress(record) if self.compressed else record)

    def close(self) -> Path:
        self.path.write_bytes(b"".join(self.records))
        return self.path


def archive_of(path: Path, pages: dict[str, Any], host: str = HOST) -> Path:
    archive = Archive(path)
    for address, body in pages.items():
        if isinstance(body, str):
            archive.add(host + address, body)
    return archive.close()


def test_a_replay_gives_what_the_live_crawl_gives(tmp_path: Path) -> None:
    with PortalServer(portal()) as server:  # type: ignore[arg-type]
        # One connection, as the settings have it: lists are read before the articles that they describe. (Without a
        # delay Scrapy 2.19 sends all that is queued at once, whatever the limit.)
        polite = {"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0.01}
        live = crawl("unseen", polite, url=f"{server.url}/")
        before = len(server.log)
        path = archive_of(tmp_path / "portal.warc.gz", portal(), server.url)
        replayed = crawl("unseen", url=f"{server.url}/", warc=str(path))
        assert len(server.log) == before, "a replay makes no request, not even to robots.txt"
    assert "downloader/request_count" not in replayed.stats
    keys = ("url", "identity", "canonical_url", "body", "link_text", "listed_date", "section")

    def told(done: Any) -> list[Any]:
        return sorted([capture[key] for key in keys] for capture in done.captures)

    assert told(replayed) == told(live)
    assert {capture["source"] for capture in replayed.captures} == {"portal.warc.gz"}


def test_one_capture_for_all_addresses_of_an_article(tmp_path: Path) -> None:
    number = "7-hoi-nghi-tong-ket"
    archive = Archive(tmp_path / "liferay.warc.gz")
    archive.add(f"{HOST}/en/tin/-/view_content/{number}.html", article("in English"))
    archive.add(f"{HOST}/vi/tin/-/view_content/pop_up/{number}.html?_101_viewMode=print", article("to print"))
    archive.add(f"{HOST}/vi/tin/-/view_content/{number}.html", article("plain"))
    archive.add(f"{HOST}/vi/thong-bao/-/view_content/{number}.html", article("plain, another section"))
    archive.add("http://elsewhere.example.vn/-/view_content/8-khac.html", article("another host"))
    done = crawl("unseen", url=HOST, platform="liferay", warc=str(archive.close()))
    (capture,) = done.captures
    assert capture["url"] == f"{HOST}/vi/tin/-/view_content/{number}.html"
    assert len(capture["also_at"]) == 3
    assert done.stats["replay/other_hosts"] == 1


def test_an_empty_body_falls_back_to_the_next_address(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "empty.warc.gz")
    archive.add(f"{HOST}/vi/tin/-/view_content/7-hoi-nghi.html", b"")
    archive.add(f"{HOST}/en/tin/-/view_content/7-hoi-nghi.html", article("English"))
    archive.add(f"{HOST}/vi/tin/-/view_content/8-hoi-nghi.html", b"")
    archive.add(f"{HOST}/vi/tin/-/view_content/9-hoi-nghi.html", "<p>Lỗi</p>", "500 Internal Server Error")
    done = crawl("unseen", url=HOST, platform="liferay", warc=str(archive.close()))
    assert sorted(done.urls) == [
        f"{HOST}/en/tin/-/view_content/7-hoi-nghi.html",
        f"{HOST}/vi/tin/-/view_content/8-hoi-nghi.html",  # extraction says that it is empty
    ]
    assert [(reject["reason"], reject["status"]) for reject in done.rejected] == [("http_error", 500)]


def test_the_host_of_a_replay_is_found_in_the_file(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "portal.warc.gz", portal())
    assert len(crawl("unseen", warc=str(path)).captures) == 9


def test_several_files(tmp_path: Path) -> None:
    pages = portal()
    half = len(pages) // 2
    paths = [
        archive_of(tmp_path / "one.warc.gz", dict(list(pages.items())[:half])),
        archive_of(tmp_path / "two.warc.gz", dict(list(pages.items())[half:])),
    ]
    assert len(crawl("unseen", warc=" ".join(map(str, paths))).captures) == 9


def test_a_missing_file_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="there is no file"):
        crawl("unseen", warc=str(tmp_path / "missing.warc.gz"))


@pytest.mark.parametrize("compressed", [True, False])
def test_codings_are_undone(tmp_path: Path, *, compressed: bool) -> None:
    text = article(TITLE.format(1)).encode()
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (text[:100], text[100:])) + b"0\r\n\r\n"
    archive = Archive(tmp_path / "codings.warc", compressed=compressed)
    archive.add(f"{HOST}/plain", text)
    archive.add(f"{HOST}/gzip", gzip.compress(text), Content_Encoding="gzip")
    archive.add(f"{HOST}/br", brotli.compress(text), Content_Encoding="br")
    archive.add(f"{HOST}/zstd", zstd.compress(text), Content_Encoding="zstd")
    archive.add(f"{HOST}/decoded", text, Content_Encoding="gzip")  # some writers keep the header of what they undid
    archive.add(f"{HOST}/chunked", chunked, Transfer_Encoding="chunked")
    archive.add(f"{HOST}/resource", text, kind="resource")
    archive.add(f"{HOST}/revisit", b"", kind="revisit")
    captures = list(read_captures(archive.close()))
    assert [capture.url.rpartition("/")[2] for capture in captures] == [
        "plain",
        "gzip",
        "br",
        "zstd",
        "decoded",
        "chunked",
        "resource",
    ]
    assert {capture.body for capture in captures} == {text}
    assert all(capture.fetched_at.tzinfo for capture in captures)
    assert captures[-1].headers["content-type"] == "text/html"


def test_damage_is_reported(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "whole.warc.gz", portal())
    whole = path.read_bytes()
    damaged = tmp_path / "damaged.warc.gz"
    damaged.write_bytes(whole[: len(whole) * 2 // 3] + b"garbage")
    told: list[tuple[str, str]] = []
    captures = list(read_captures(damaged, lambda where, why: told.append((where, why))))
    assert 0 < len(captures) < len(list(read_captures(path)))
    assert told


def test_damage_becomes_a_reject(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "whole.warc.gz", portal())
    path.write_bytes(path.read_bytes()[:-200])
    done = crawl("unseen", warc=str(path))
    assert done.captures
    assert [reject["reason"] for reject in done.rejected] == ["unreadable"]


def test_an_article_only_linked_to_is_not_made_up(tmp_path: Path) -> None:
    pages = portal()
    del pages[slug(9)]
    path = archive_of(tmp_path / "portal.warc.gz", pages)
    assert len(crawl("unseen", warc=str(path)).captures) == 8


CODED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": lambda body: b"".join(zstd.compress(body[at : at + 5000]) for at in range(0, len(body), 5000)),
}
BOMB = b"<p>" + b" " * (MOST_BYTES + 1)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BOMB, mtime=0)),
        ("deflate", zlib.compress(BOMB)),
        ("br", brotli.compress(BOMB, quality=1)),
        ("zstd", zstd.compress(BOMB)),
        ("gzip", gzip.compress(BOMB[:5000], mtime=0)[:-20]),
        ("deflate", zlib.compress(BOMB[:5000])[:1]),
        ("br", brotli.compress(b"cut short " * 500)[:4]),
        ("zstd", zstd.compress(BOMB[:5000])[:-4]),
        ("identity", BOMB),
    ],
)
def test_a_bomb_or_a_body_cut_short_costs_no_other_record(tmp_path: Path, coding: str, body: bytes) -> None:
    archive = Archive(tmp_path / "bomb.warc.gz")
    archive.add(f"{HOST}/before", article("before"))
    archive.add(f"{HOST}/bomb", body, Content_Encoding=coding)
    archive.add(f"{HOST}/behind", article("behind"))
    told: list[tuple[str, str]] = []
    captures = list(read_captures(archive.close(), lambda where, why: told.append((where, why))))
    assert [capture.url for capture in captures] == [f"{HOST}/before", f"{HOST}/behind"]
    assert [where for where, _ in told] == [f"{HOST}/bomb"]


TEXT = "".join(f"<p>Đoạn {number} của bài viết.</p>" for number in range(2000)).encode()


@pytest.mark.parametrize("coding", CODED)
def test_of_a_body_cut_short_what_can_be_decoded_is_kept_and_marked(tmp_path: Path, coding: str) -> None:
    packed = CODED[coding](TEXT)
    damaged = bytearray(packed)
    damaged[-3] ^= 0xFF
    archive = Archive(tmp_path / "cut.warc.gz")
    for name, body in {"whole": packed, "more": packed + b"\r\n<!-- 0.2 s -->", "cut": packed[:-20]}.items():
        archive.add(f"{HOST}/{name}", body, Content_Encoding=coding)
    if coding in ("gzip", "deflate"):
        archive.add(f"{HOST}/damaged", bytes(damaged), Content_Encoding=coding)
    found = list(read_captures(archive.close(), lambda *problem: pytest.fail(str(problem))))
    assert [(one.body, one.flags) for one in found[:2]] == [(TEXT, [])] * 2, "what stands behind the end is no loss"
    cut, *others = found[2:]
    assert len(cut.body) > len(TEXT) // 3 and TEXT.startswith(cut.body) and cut.flags == ["truncated"]
    assert all((one.body, one.flags) == (TEXT, ["truncated"]) for one in others), "a wrong sum costs nothing"


def test_the_warc_files_of_a_wacz_file_are_read(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "portal.warc.gz", portal())
    with zipfile.ZipFile(tmp_path / "portal.wacz", "w") as pack:
        pack.write(path, "archive/portal.warc.gz")
        pack.writestr("datapackage.json", "{}")
    captures = list(read_captures(tmp_path / "portal.wacz"))
    assert [capture.url for capture in captures] == [capture.url for capture in read_captures(path)]
    assert len(crawl("unseen", warc=str(tmp_path / "portal.wacz")).captures) == 9


def test_what_is_no_wacz_file_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "portal.wacz").write_bytes(b"PK nothing")
    told: list[tuple[str, str]] = []
    assert list(read_captures(tmp_path / "portal.wacz", lambda where, why: told.append((where, why)))) == []
    assert "no WACZ" in told[0][1]
