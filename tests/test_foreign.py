"""Captures by other tools, packed captures, and captures that lie: the same articles, and nothing else is lost."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from test_commands import environment, run

from portal_crawler.archive.warc import MOST_BYTES, read_captures, zstd
from portal_crawler.sample import SampleProvince

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = ("-s", "DOWNLOAD_DELAY=0.001", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=4")
NAME = "sample_syt"
# What a run knows and a page does not say: where its record stands, how many pages the template has seen, what led to
# the article (a replay reads no sitemap and no feed), under which addresses it was met, when it came.
OF_THE_RUN = ("archive", "extraction", "found_in", "also_at", "fetched_at", "http")


@pytest.fixture(scope="module")
def province() -> Iterator[SampleProvince]:
    with SampleProvince() as served:
        yield served


@pytest.fixture(scope="module")
def live(province: SampleProvince, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[dict[str, Any]]]:
    """A crawl with its archive: its folder, the portal's address, its articles. The portal goes on answering."""
    return crawled_live(province, NAME, tmp_path_factory.mktemp("live"))


def crawled_live(province: SampleProvince, name: str, folder: Path) -> tuple[Path, str, list[dict[str, Any]]]:
    url = province.addresses[name]
    code, _, said = run(folder, "crawl", name, "-a", f"url={url}", "--archive", *QUICK)
    assert code == 0, said
    return folder / "exports" / name, url, articles(folder / "exports" / name)


def articles(folder: Path) -> list[dict[str, Any]]:
    files = [path for path in folder.rglob("*Z.jsonl") if path.name.count(".") == 1]
    found = [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]
    return sorted(found, key=lambda one: str(one["id"]))


def without(records: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name not in names} for one in records]


def extracted(folder: Path, url: str, *captures: Path, name: str = NAME) -> list[dict[str, Any]]:
    """The articles that the portal's own spider reads out of captures."""
    warc = " ".join(map(str, captures))
    code, _, said = run(folder, "crawl", name, "-a", f"url={url}", "-a", f"warc={warc}")
    assert code == 0, said
    return articles(folder / "exports" / name)


def test_a_capture_gives_the_articles_of_the_crawl_to_the_byte(live: Any, tmp_path: Path) -> None:
    folder, url, crawled = live
    again = extracted(tmp_path, url, *sorted(folder.glob("archive/*.warc.gz")))
    assert len(again) == len(crawled) > 60
    exact = [name for name in OF_THE_RUN if name not in ("archive", "fetched_at", "http")]
    assert [json.dumps(one) for one in without(again, *exact)] == [json.dumps(one) for one in without(crawled, *exact)]
    known = ("version", "confidence", "method")
    assert [[one["extraction"].get(name) for name in known[:1]] for one in again] == [
        [one["extraction"].get(name) for name in known[:1]] for one in crawled
    ]


def test_lists_that_share_their_path_with_other_pages_tell_the_sections_in_a_crawl_too(
    province: SampleProvince, tmp_path: Path
) -> None:
    name = "sample_snnptnt"  # its lists are Default.aspx?tabid=84, beside Default.aspx?language=en-US
    folder, url, crawled = crawled_live(province, name, tmp_path)
    (replay := tmp_path / "replay").mkdir()
    again = extracted(replay, url, *sorted(folder.glob("archive/*.warc.gz")), name=name)
    sections = [one["section"] for one in crawled]
    assert sections == [one["section"] for one in again]
    assert sum(map(bool, sections)) > 60


def test_a_packed_capture_is_valid_and_gives_the_same_articles(live: Any, tmp_path: Path) -> None:
    pytest.importorskip("wacz", reason="the extra wacz is not installed")
    folder, url, crawled = live
    target = tmp_path / "syt.wacz"
    code, out, said = run(tmp_path, "pack", str(folder), "-o", str(target))
    assert code == 0, out + said
    assert f"{len(crawled)} articles as pages" in out
    with zipfile.ZipFile(target) as pack:
        pages = [json.loads(line) for line in pack.read("pages/pages.jsonl").splitlines()]
        assert json.loads(pack.read("datapackage.json"))["wacz_version"] == "1.1.1"
    assert {page["title"] for page in pages[1:]} == {one["title"] for one in crawled}
    assert without(extracted(tmp_path, url, target), *OF_THE_RUN) == without(crawled, *OF_THE_RUN)
    assert run(tmp_path, "pack", str(folder), "-o", str(target))[0] == 2, "nothing is written over"
    assert run(tmp_path, "pack", str(tmp_path / "none"))[0] == 2


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is not installed")
def test_a_capture_by_wget_gives_the_same_articles(live: Any, tmp_path: Path) -> None:
    _, url, crawled = live
    addresses = tmp_path / "addresses"
    addresses.write_text("\n".join([url, *(one["url"] for one in crawled)]), "utf-8")
    subprocess.run(
        ["wget", "-q", "-i", str(addresses), "--warc-file=wget", "--delete-after", "-e", "robots=off"],
        cwd=tmp_path, check=False, timeout=100, env=environment(),
    )  # fmt: skip
    names = (*OF_THE_RUN, "section", "kind")  # the lists, which tell the section, were not captured
    again = {one["id"]: one for one in without(extracted(tmp_path, url, tmp_path / "wget.warc.gz"), *names)}
    expected = {one["id"]: one for one in without(crawled, *names)}
    assert again.keys() == expected.keys()
    differing = [key for key, one in expected.items() if again[key]["content_sha256"] != one["content_sha256"]]
    assert not differing


FETCH = """
import sys, urllib.request
from warcio.capture_http import capture_http
with capture_http(sys.argv[1]):
    for url in sys.stdin.read().split():
        urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": "identity"})).read()
"""


def test_a_capture_by_warcio_gives_the_same_articles(live: Any, tmp_path: Path) -> None:
    _, url, crawled = live
    file = tmp_path / "warcio.warc.gz"
    asked = "\n".join([url, *(one["url"] for one in crawled)])
    subprocess.run([sys.executable, "-c", FETCH, str(file)], input=asked, text=True, check=True, timeout=100)
    again = extracted(tmp_path, url, file)
    assert [(one["id"], one["content_sha256"]) for one in again] == [
        (one["id"], one["content_sha256"]) for one in crawled
    ]


# Captures that lie


def page(number: int) -> bytes:
    return f"<html><body><h1>Trang {number}</h1><p>{'Nội dung của trang. ' * 40}</p></body></html>".encode()


def member(
    number: int, body: bytes | None = None, length: str | None = None, *, packed: bool = True, **headers: str
) -> bytes:
    """A response record; its Content-Length may be made to lie."""
    said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{said}\r\n".encode() + (
        page(number) if body is None else body
    )
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:0000000{number}-0000-4000-8000-000000000000>\r\n"
        f"WARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Target-URI: http://so.gov.vn/{number}.html\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {length or len(block)}\r\n\r\n"
    )
    written = head.encode() + block + b"\r\n\r\n"
    return gzip.compress(written) if packed else written


def read(path: Path) -> tuple[list[str], list[tuple[str, str]]]:
    problems: list[tuple[str, str]] = []
    found = [capture.url.rpartition("/")[2] for capture in read_captures(path, lambda *one: problems.append(one))]
    return found, problems


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize("length", ["10", "100", "900000", "-5", "viele", "99999999999999999999"])
def test_a_record_that_lies_about_its_length_costs_no_other(tmp_path: Path, length: str, *, packed: bool) -> None:
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    records = [member(n, length=length if n == 2 else None, packed=packed) for n in range(5)]
    path.write_bytes(b"".join(records))
    found, problems = read(path)
    assert [name for name in found if name != "2.html"] == ["0.html", "1.html", "3.html", "4.html"]
    assert problems or "2.html" in found
    assert all(str(path) in f"{where} {why}" for where, why in problems)


def test_garbage_between_records_costs_no_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(member(0) + b"\x00garbage\x1f\x8b\x08 not gzip" * 5000 + member(1) + member(2)[:-9])
    found, problems = read(path)
    assert found[:2] == ["0.html", "1.html"]
    assert problems


def test_bodies_in_every_coding_and_bombs_in_none(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(MOST_BYTES + 1))
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (page(1)[:50], page(1)[50:])) + b"0\r\n\r\n"
    records = [
        member(1, chunks, Transfer_Encoding="chunked"),
        member(2, brotli.compress(page(2)), Content_Encoding="br"),
        member(3, zstd.compress(page(3)), Content_Encoding="zstd"),
        member(4, bomb, Content_Encoding="gzip"),
        member(5, brotli.compress(page(5))[:-20], Content_Encoding="br"),
        member(6),
    ]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(records))
    problems: list[tuple[str, str]] = []
    bodies = {one.url[-6:]: one.body for one in read_captures(path, lambda *one: problems.append(one))}
    assert bodies == {f"{n}.html": page(n) for n in (1, 2, 3, 6)}
    assert [where[-6:] for where, _ in problems] == ["4.html", "5.html"]


def test_a_record_of_two_gigabytes_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    size = 2 << 30
    with path.open("wb") as file:
        file.write(member(1, packed=False))
        begin = member(2, length=str(size), packed=False)
        file.write(begin)
        block = len(begin) - begin.index(b"HTTP/1.1") - len(b"\r\n\r\n")
        file.seek(size - block - len(b"\r\n\r\n"), io.SEEK_CUR)  # a hole: the file takes no room
        file.write(b"\r\n\r\n" + member(3, packed=False))
    found, problems = read(path)
    assert found == ["1.html", "3.html"]
    assert "2,147,483" in problems[0][1]
