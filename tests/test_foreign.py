"""Captures by other tools, packed captures, and captures that lie: the same articles, and nothing else is lost."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from test_commands import environment, run

from portal_crawler.archive.codings import zstd
from portal_crawler.archive.packed import unpacked
from portal_crawler.archive.warc import MOST_BYTES, kept_at, read_captures
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
    # Its sitemaps were archived, too; in a crawl an article may come before the sitemap that names it.
    ways = [(set(one["found_in"]), set(other["found_in"])) for one, other in zip(again, crawled, strict=True)]
    assert all(there >= here for there, here in ways)
    assert {way for there, here in ways for way in there - here} <= {"sitemap"}
    assert sum("sitemap" in one["found_in"] for one in again) > 30
    assert any("sitemap" in one["found_in"] for one in crawled)


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
    command = 'ulimit -f 200; exec "$0" -m portal_crawler.commands.console pack "$1" -o full.wacz'
    full = subprocess.run(  # no file may have more than 100 kB
        ["/bin/sh", "-c", command, sys.executable, str(folder)], cwd=tmp_path, env=environment(), check=False
    )
    assert full.returncode != 0
    assert not list(tmp_path.glob("full.wacz*"))


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


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
def test_a_record_without_a_length_costs_no_other(tmp_path: Path, *, packed: bool) -> None:
    records = [member(n, packed=False) for n in range(4)]
    records[1] = re.sub(rb"Content-Length: [0-9]+\r\n", b"", records[1], count=1)
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    path.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    found, problems = read(path)
    assert found == ["0.html", "2.html", "3.html"]
    assert "no length" in problems[0][1]


def test_garbage_between_records_costs_no_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(member(0) + b"\x00garbage\x1f\x8b\x08 not gzip" * 5000 + member(1) + member(2)[:-9])
    found, problems = read(path)
    assert found[:2] == ["0.html", "1.html"]
    assert problems


def named(number: int, digest: str, body: bytes | None = None) -> bytes:
    """A record with a digest of its own page, whatever its body is."""
    value = {
        "payload": f"WARC-Payload-Digest: sha1:{base64.b32encode(hashlib.sha1(page(number)).digest()).decode()}",
        "hexadecimal": f"WARC-Payload-Digest: SHA-256:{hashlib.sha256(page(number)).hexdigest().upper()}",
        "unknown": "WARC-Payload-Digest: whirlpool:00",
        "none": "WARC-Payload-Digest: sha1:nothing",
    }
    block = gzip.decompress(member(number)).partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
    value["block"] = f"WARC-Block-Digest: sha1:{base64.b32encode(hashlib.sha1(block).digest()).decode()}"
    return gzip.compress(
        gzip.decompress(member(number, body)).replace(b"Content-Type", f"{value[digest]}\r\nContent-Type".encode(), 1)
    )


@pytest.mark.parametrize("digest", ["payload", "hexadecimal", "block", "unknown", "none"])
def test_a_body_that_is_not_what_its_digest_says_is_kept_marked_and_told(tmp_path: Path, digest: str) -> None:
    altered = page(2).replace(b"<h1>", b"<h2>")
    (path := tmp_path / "a.warc.gz").write_bytes(named(1, digest) + named(2, digest, altered) + member(3))
    problems: list[tuple[str, str]] = []
    captures = list(read_captures(path, lambda *one: problems.append(one)))
    assert [one.body for one in captures] == [page(1), altered, page(3)], "the evidence is kept"
    says = digest in ("payload", "hexadecimal", "block")
    assert [one.flags for one in captures] == [[], ["broken_record"] if says else [], []]
    assert [where for where, _ in problems] == (["http://so.gov.vn/2.html"] if says else [])
    assert all("byte" in why and str(path) in why for _, why in problems)


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize("wrong", [-300, 100, 1200])
def test_a_record_that_ends_elsewhere_than_it_says_is_marked_or_told(
    tmp_path: Path, wrong: int, *, packed: bool
) -> None:
    records = [member(n, packed=False) for n in range(4)]
    length = len(records[1].partition(b"\r\n\r\n")[2]) - len(b"\r\n\r\n")
    records[1] = member(1, length=str(length + wrong), packed=False)
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    path.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    problems: list[tuple[str, str]] = []
    captures = {one.url[-6:]: one for one in read_captures(path, lambda *one: problems.append(one))}
    assert {name: one.body for name, one in captures.items() if name != "1.html"} == {
        f"{n}.html": page(n) for n in (0, 2, 3)
    }
    assert [where for where, _ in problems] == ["http://so.gov.vn/1.html"], "once"
    if not packed or wrong < 0:
        assert captures["1.html"].flags == ["broken_record"]


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize("length", ["-5", "abc", "", "12 34", "+100", "1e3", "9" * 5000])
def test_a_length_that_is_none_is_told_with_the_address(tmp_path: Path, length: str, *, packed: bool) -> None:
    records = [member(n, packed=False) for n in range(3)]
    records[1] = re.sub(rb"Content-Length: [0-9]+", b"Content-Length: " + length.encode(), records[1], count=1)
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    path.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    found, problems = read(path)
    assert found == ["0.html", "2.html"]
    assert [where for where, _ in problems] == ["http://so.gov.vn/1.html"]


def test_every_gap_is_told_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    one, two, three = (member(n) for n in range(3))
    for gap in (b"\0" + two[1:], b"garbage" * 20_000):
        path.write_bytes(one + gap + three)
        found, problems = read(path)
        assert found == ["0.html", "2.html"]
        ((where, why),) = problems
        assert where == str(path) and f"from byte {len(one):,} to byte {len(one + gap):,}" in why
    path.write_bytes(one + two[:9])
    assert "to its end" in read(path)[1][0][1]
    path.write_bytes(gzip.compress(b"no record"))
    assert read(path)[0] == [] and len(read(path)[1]) == 1
    path.write_bytes(one + gzip.compress(b"") + two + bytes(512))
    assert read(path) == (["0.html", "1.html"], []), "nothing is missing"


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
def test_records_may_begin_with_blank_lines(tmp_path: Path, *, packed: bool) -> None:
    records = [b"\r\n\r\n" + member(n, packed=False) for n in range(3)]
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    path.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    assert read(path) == (["0.html", "1.html", "2.html"], [])
    if packed:
        path.write_bytes(b"damage" + path.read_bytes())
        assert read(path)[0] == ["0.html", "1.html", "2.html"]


def test_a_record_without_an_address_costs_no_other(tmp_path: Path) -> None:
    nameless = re.sub(rb"WARC-Target-URI: [^\r]*\r\n", b"", member(1, packed=False))
    (path := tmp_path / "a.warc.gz").write_bytes(member(0) + gzip.compress(nameless) + member(2))
    found, problems = read(path)
    assert found == ["0.html", "2.html"]
    ((where, why),) = problems
    assert where == str(path) and "no address" in why and f"byte {len(member(0)):,}" in why


@pytest.mark.parametrize("bomb", [b"X: " + b"a" * (64 << 20), b"X: a\r\n" * (1 << 20)], ids=["a line", "lines"])
def test_headers_without_end_are_not_held_in_memory(tmp_path: Path, bomb: bytes) -> None:
    begin = member(1, packed=False)
    at = begin.index(b"Content-Type: application")
    head = re.sub(rb"Content-Length: [0-9]+", b"Content-Length: 99999999", begin).partition(b"Content-Type: text")[0]
    (path := tmp_path / "a.warc.gz").write_bytes(
        member(0) + gzip.compress(begin[:at] + bomb + begin[at:]) + gzip.compress(head + bomb) + member(2)
    )
    del begin
    tracemalloc.start()
    try:
        found, problems = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == ["0.html", "2.html"]
    assert problems and all(len(why) < 1000 for _, why in problems)
    assert peak < 100 << 20, "not even twice what the line would need"


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


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_a_writer_has_decoded_already_is_let_be(tmp_path: Path, coding: str) -> None:
    bodies = [
        page(0),
        b'{"title": "B\xc3\xa0i"}',
        b"function f() { return 1; }",
        b"\x89PNG\r\n\x1a\n" + bytes(90),
        b"%PDF-1.4",
    ]
    (path := tmp_path / "a.warc.gz").write_bytes(b"".join(member(0, one, Content_Encoding=coding) for one in bodies))
    captures = list(read_captures(path, lambda *one: pytest.fail(str(one))))
    assert [(one.body, one.flags) for one in captures] == [(body, []) for body in bodies]


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


# Captures packed in other ways


def skippable(dictionary: bytes) -> bytes:
    return b"\x5d\x2a\x4d\x18" + len(dictionary).to_bytes(4, "little") + dictionary


def packed(how: str) -> bytes:
    """Five records as some tool packs them."""
    plain = [member(n, packed=False) for n in range(5)]
    trained = zstd.train_dict([page(n) for n in range(2000)], 2048)
    made = {
        "member by member": b"".join(map(gzip.compress, plain)),
        "as a whole": gzip.compress(b"".join(plain)),
        "in blocks": b"".join(gzip.compress(b"".join(plain)[at : at + 1000]) for at in range(0, 9000, 1000)),
        "zstd": b"".join(map(zstd.compress, plain)),
        "zstd as a whole": zstd.compress(b"".join(plain)),
        "zstd with a dictionary": skippable(trained.dict_content)
        + b"".join(zstd.compress(one, zstd_dict=trained) for one in plain),
        "zstd with a packed dictionary": skippable(zstd.compress(trained.dict_content))
        + b"".join(zstd.compress(one, zstd_dict=trained) for one in plain),
    }
    return made[how]


NAMES = [f"{n}.html" for n in range(5)]
WAYS = [
    "member by member", "as a whole", "in blocks", "zstd", "zstd as a whole", "zstd with a dictionary",
    "zstd with a packed dictionary",
]  # fmt: skip


@pytest.mark.parametrize("how", WAYS)
def test_records_are_read_however_they_are_packed(tmp_path: Path, how: str) -> None:
    path = tmp_path / f"a.warc.{'zst' if 'zstd' in how else 'gz'}"
    path.write_bytes(packed(how))
    problems: list[tuple[str, str]] = []
    captures = list(read_captures(path, lambda *one: problems.append(one)))
    assert [capture.url.rpartition("/")[2] for capture in captures] == NAMES
    assert [capture.body for capture in captures] == [page(n) for n in range(5)]
    assert not problems
    offsets = [capture.archive.offset for capture in captures if capture.archive is not None]
    assert offsets == sorted(set(offsets))


@pytest.mark.parametrize("how", WAYS)
def test_of_a_pack_that_breaks_off_what_can_be_had_is_had(tmp_path: Path, how: str) -> None:
    path = tmp_path / f"a.warc.{'zst' if 'zstd' in how else 'gz'}"
    whole = packed(how)
    path.write_bytes(whole[:-12])
    found, problems = read(path)
    assert found == NAMES[: len(found)]
    assert len(found) >= (3 if how in ("member by member", "as a whole", "in blocks") else 0)
    assert problems and all(str(path) in f"{where} {why}" for where, why in problems)


def test_a_dictionary_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.zst"
    path.write_bytes(skippable(b"\x28\xb5\x2f\xfdnothing") + zstd.compress(member(1, packed=False)))
    found, problems = read(path)
    assert found == []
    assert "dictionary" in problems[0][1]


def test_arc_files_are_read(tmp_path: Path) -> None:
    head = b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
    records = [b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain %d\n%s\n" % (len(head), head)]
    for number in (1, 2):
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(number)
        line = f"http://so.gov.vn/{number}.html 10.0.0.1 20080430204826 text/html {len(block)}\n"
        records.append(line.encode() + block + b"\n")
    for name, content in {"a.arc": b"".join(records), "a.arc.gz": b"".join(map(gzip.compress, records))}.items():
        (tmp_path / name).write_bytes(content)
        captures = list(read_captures(tmp_path / name, lambda *one: pytest.fail(str(one))))
        assert [(one.url[-6:], one.body) for one in captures] == [("1.html", page(1)), ("2.html", page(2))]
        assert {one.fetched_at.isoformat() for one in captures} == {"2008-04-30T20:48:26+00:00"}


def revisit(number: int, of: int, *, head: bool, profile: str = "identical-payload-digest") -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Again: yes\r\n\r\n" if head else b""
    return gzip.compress(
        f"WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Record-ID: <urn:uuid:0000000{number}-0000-4000-8000-000000000000>\r\n"
        f"WARC-Date: 2024-02-01T00:00:00Z\r\nWARC-Target-URI: http://so.gov.vn/{number}.html\r\n"
        f"WARC-Payload-Digest: sha1:{of}\r\nWARC-Profile: http://netpreserve.org/warc/1.0/revisit/{profile}\r\n"
        f"WARC-Refers-To-Target-URI: http://so.gov.vn/{of}.html\r\nWARC-Refers-To-Date: 2024-01-01T00:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n".encode()
        + block + b"\r\n\r\n"
    )  # fmt: skip


def original(number: int) -> bytes:
    return gzip.compress(
        gzip.decompress(member(number)).replace(
            b"Content-Type: application", b"WARC-Payload-Digest: sha1:%d\r\nContent-Type: application" % number, 1
        )
    )


def test_what_an_address_gave_again_is_read_from_the_record_that_holds_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a.warc.gz", tmp_path / "b.warc.gz"
    first.write_bytes(member(0) + original(1))
    second.write_bytes(
        revisit(2, 1, head=True)
        + revisit(3, 1, head=False)
        + revisit(4, 9, head=True)
        + revisit(5, 1, head=True, profile="server-not-modified")
    )
    problems: list[tuple[str, str]] = []
    captures = list(read_captures([first, second], lambda *one: problems.append(one)))
    assert [capture.url[-6:] for capture in captures] == ["0.html", "1.html", "2.html", "3.html"]
    assert [capture.body for capture in captures[1:]] == [page(1)] * 3
    again, without_head = captures[2:]
    assert again.headers["x-again"] == "yes" and without_head.headers["content-type"] == "text/html"
    assert again.archive is not None
    assert (again.archive.file, again.archive.payload_file) == ("b.warc.gz", "a.warc.gz")
    assert again.archive.payload_offset == len(member(0))
    assert again.fetched_at.month == 2
    ((where, why),) = problems
    assert where == "http://so.gov.vn/4.html" and "another file" in why and "9.html" in why


def test_what_a_revisit_refers_to_is_found_however_that_is_written(tmp_path: Path) -> None:
    (path := tmp_path / "a.warc").write_bytes(member(1, packed=False))
    plain = gzip.decompress(revisit(2, 1, head=True)).replace(b"WARC-Payload-Digest: sha1:1\r\n", b"")
    for old, new in {
        b"URI: http://so.gov.vn/1.html": b"URI: <http://so.gov.vn/1.html>",
        b"Date: 2024-01-01T00:00:00Z": b"Date: 20240101000000",
        b"To-Target-URI: ": b"To-Target-URI:\r\n ",
    }.items():
        path.write_bytes(member(1, packed=False) + plain.replace(old, new))
        captures = list(read_captures(path, lambda *one: pytest.fail(str(one))))
        assert [one.body for one in captures] == [page(1)] * 2


def test_what_other_writers_say_of_a_record_is_understood(tmp_path: Path) -> None:
    digest = f"WARC-Payload-Digest: sha256:{hashlib.sha256(page(0)).hexdigest()}\r\n".encode()
    first, other, month, year, part = (member(n, packed=False) for n in range(5))
    # Heritrix's profile of what any address has given before.
    again = gzip.decompress(revisit(7, 0, head=True, profile="uri-agnostic-identical-payload-digest"))
    records = [
        first.replace(b"WARC-Date", digest + b"WARC-Date", 1),
        again,
        other.replace(b"URI: http://so", b"URI: HTTP://SO", 1),
        month.replace(b"2024-01-01T00:00:00Z", b"2023-05", 1),
        year.replace(b"2024-01-01T00:00:00Z", b"2022", 1),
        part.replace(b"WARC-Date", b"WARC-Segment-Number: 1\r\nWARC-Date", 1),
    ]
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(records))
    captures = list(read_captures(path, lambda *one: pytest.fail(str(one))))
    assert [(one.url[-6:], one.fetched_at.year, one.flags) for one in captures] == [
        ("0.html", 2024, []),
        ("7.html", 2024, []),
        ("1.html", 2024, []),
        ("2.html", 2023, []),
        ("3.html", 2022, []),
        ("4.html", 2024, ["truncated"]),
    ]
    assert captures[1].body == page(0)


def changed(number: int, old: bytes, new: bytes) -> bytes:
    """A record in which something is written in another way, at the same length of its block or before it."""
    record = member(number, packed=False)
    head, blank, block = record.partition(b"\r\n\r\n")
    block = block.removesuffix(b"\r\n\r\n")
    if old in head:
        return head.replace(old, new, 1) + blank + block + b"\r\n\r\n"
    size, block = len(block), block.replace(old, new, 1)
    head = head.replace(b"Length: %d" % size, b"Length: %d" % len(block))
    return head + blank + block + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"WARC/1.1", b"\xef\xbb\xbfWARC/1.1"),
        (b"URI: http://", b"URI:\r\n http://"),
        (b"URI: http://", b"URI: HTTP://"),
        (b"Type: response", b"Type:\r\n\tresponse"),
        (b"Type: response", b"Type: Response"),
        (b"Type: response", b"Type: resource"),
        (b"2024-01-01T00:00:00Z", b"20240101000000"),
        (b"HTTP/1.1 200 OK", b"HTTP/2 200\r\n:status: 200"),
        (b"HTTP/1.1 200 OK", b":status: 200"),
        (b"HTTP/1.1", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1"),
        (b"Type: text/html", b"Type:\r\n text/html"),
    ],
)
def test_what_is_written_in_another_way_is_the_same_record(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(changed(n, old, new) for n in range(2)))
    for data in (path.read_bytes(), b"".join(gzip.compress(changed(n, old, new)) for n in range(2))):
        path.write_bytes(data)
        captures = list(read_captures(path, lambda *one: pytest.fail(str(one))))
        assert [(one.body, one.status, one.headers["content-type"], one.fetched_at.year) for one in captures] == [
            (page(n), 200, "text/html", 2024) for n in range(2)
        ]
        assert [one.url.lower() for one in captures] == [f"http://so.gov.vn/{n}.html" for n in range(2)]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"Type: response", b"Type: answer", "no type"),
        (b"WARC-Type: response", b"X: x", "no type"),
        (b"Type: response", b"Type: revisit", "unknown kind"),
        (b"http://so", b"so", "address"),
        (b"http://so", b'"http://so', "address"),
        (b"HTTP/1.1 200 OK\r\n", b"", "no status line"),
        (b"HTTP/1.1 200 OK\r\n", b"\r\n", "no status line"),
        (b"HTTP/1.1 200 OK\r\n", "Có 200 người\r\n".encode(), "no status line"),
        (b"HTTP/1.1 200 OK", b"HTTP/1.1", "no status line"),
        (b"HTTP/1.1", b"HTTP/1.1 100 Continue\r\n\r\n", "no status line"),
    ],
)
def test_no_record_is_passed_over_in_silence(tmp_path: Path, old: bytes, new: bytes, why: str) -> None:
    (path := tmp_path / "a.warc").write_bytes(changed(0, old, new) + member(1, packed=False))
    found, problems = read(path)
    assert found == ["1.html"]
    ((_, told),) = problems
    assert why in told and "byte 0" in told


def test_a_response_that_holds_nothing_is_told(tmp_path: Path) -> None:
    head = member(0, packed=False).partition(b"\r\n\r\n")[0]
    nothing = re.sub(rb"Length: \d+", b"Length: 0", head) + b"\r\n\r\n\r\n\r\n"
    (path := tmp_path / "a.warc").write_bytes(nothing + member(1, packed=False))
    found, problems = read(path)
    assert found == ["1.html"]
    assert [where for where, _ in problems] == ["http://so.gov.vn/0.html"]


def test_a_body_is_what_its_chunks_say_and_marked_if_they_break_off(tmp_path: Path) -> None:
    def chunks(body: bytes, said: bytes = b"") -> bytes:
        pieces = (body[at : at + 100] for at in range(0, len(body), 100))
        return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), said, piece) for piece in pieces)

    whole = chunks(page(0)) + b"0\r\n\r\n"
    bodies = {
        "whole": whole,
        "with extensions and trailers": chunks(page(0), b";a=b") + b"0\r\nX-Digest: 1\r\n\r\n",
        "undone": page(0),
        "no last chunk": chunks(page(0)),
        "cut in a chunk": whole[:-60],
        "damaged": chunks(page(0)[:300]) + b"garbage" + chunks(page(0)[300:]),
    }
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(member(0, body, Transfer_Encoding="chunked") for body in bodies.values()))
    found = {name: (one.body, one.flags) for name, one in zip(bodies, read_captures(path), strict=True)}
    for name in ("whole", "with extensions and trailers", "undone"):
        assert found[name] == (page(0), []), name
    assert found["no last chunk"] == (page(0), ["truncated"])
    assert found["cut in a chunk"][1] == found["damaged"][1] == ["truncated"]
    assert page(0).startswith(found["cut in a chunk"][0]) and len(found["cut in a chunk"][0]) > 300
    assert found["damaged"][0] == page(0)[:300], "what is no chunk is no text"


def test_a_body_shorter_than_its_answer_says_is_marked(tmp_path: Path) -> None:
    said = str(len(page(0)) + 100)
    packed = gzip.compress(page(0))
    records = [
        member(0, Content_Length=said),
        member(0, Content_Length=str(len(page(0)))),
        member(0, Content_Length="10"),  # of what a writer has undone
        member(0, Content_Length="99999", Content_Encoding="gzip"),
        member(0, packed, Content_Length=str(len(packed)), Content_Encoding="gzip"),
    ]
    (path := tmp_path / "a.warc.gz").write_bytes(b"".join(records))
    captures = list(read_captures(path))
    assert [one.body for one in captures] == [page(0)] * len(records)
    assert [one.flags for one in captures] == [["truncated"], [], [], [], []]


def test_a_body_that_was_cut_when_it_was_captured_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    cut = gzip.decompress(member(1)).replace(
        b"Content-Type: application", b"WARC-Truncated: length\r\nContent-Type: application", 1
    )
    path.write_bytes(gzip.compress(cut) + member(2))
    assert [capture.flags for capture in read_captures(path)] == [["truncated"], []]


def test_the_whole_page_is_taken_where_a_first_try_was_cut(tmp_path: Path) -> None:
    bodies = (f"<h1>Hội nghị</h1><p>{'Nội dung. ' * times}</p>".encode() for times in (50, 90))
    address = b"/tin-tuc/hoi-nghi-tong-ket-112.html"
    plain = [gzip.decompress(member(1, body)).replace(b"/1.html", address) for body in bodies]
    cut = plain[0].replace(b"Content-Type: application", b"WARC-Truncated: length\r\nContent-Type: application", 1)
    (path := tmp_path / "a.warc.gz").write_bytes(gzip.compress(cut) + gzip.compress(plain[1]))
    where = ("-a", "url=http://so.gov.vn/", "-a", "platform=nukeviet", "-a", f"warc={path}")
    code, _, said = run(tmp_path, "crawl", "unseen", *where)
    assert code == 0, said
    (one,) = articles(tmp_path / "exports")
    assert one["http"]["flags"] == [] and one["text"].count("Nội dung") == 90


def test_a_wacz_file_of_several_warc_files_and_one_that_is_damaged_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as pack:
        pack.writestr("archive/one.warc.gz", member(0) + member(1))
        pack.writestr("archive/two.warc", member(2, packed=False), zipfile.ZIP_DEFLATED)
        pack.writestr("archive/three.warc.gz", packed("as a whole"))
    found, problems = read(path)
    assert (sorted(found), problems) == (sorted([*NAMES, "0.html", "1.html", "2.html"]), [])
    whole = path.read_bytes()
    at = whole.index(b"archive/two.warc") + len("archive/two.warc") + 40
    path.write_bytes(whole[:at] + b"\xff" * 9 + whole[at + 9 :])
    found, problems = read(path)
    assert {"0.html", "1.html"} <= set(found) and len(found) >= 7
    assert any("two.warc" in where for where, _ in problems)
    path.write_bytes(whole[:-40])
    found, problems = read(path)
    assert {"0.html", "1.html"} <= set(found), "the WARC files in it are whole but for one"
    assert "no WACZ" in problems[0][1]


@pytest.mark.parametrize("how", ["zstd", "zstd with a dictionary"])
@pytest.mark.parametrize("damaged", [0, 2, 4])
def test_a_damaged_frame_costs_no_record_but_its_own(tmp_path: Path, how: str, damaged: int) -> None:
    path = tmp_path / "a.warc.zst"
    whole = packed(how)
    begins = [found.start() for found in re.finditer(re.escape(b"\x28\xb5\x2f\xfd"), whole)]
    for at in (0, 6, 150):  # the first bytes of the frame, its head, its middle
        content = bytearray(whole)
        content[begins[damaged] + at : begins[damaged] + at + 4] = b"\xff" * 4
        path.write_bytes(content)
        problems: list[tuple[str, str]] = []
        captures = list(read_captures(path, lambda *one: problems.append(one)))  # noqa: B023 - read at once
        others = {capture.url[-6:]: capture for capture in captures if not capture.url.endswith(NAMES[damaged])}
        assert [*others] == [name for name in NAMES if name != NAMES[damaged]]
        assert all(one.body == page(int(name[0])) and not one.flags for name, one in others.items())
        assert len(captures) == len(NAMES) or problems
        assert all(str(path) in f"{where} {why}" for where, why in problems)
        for capture in others.values():
            assert capture.archive is not None
            with path.open("rb") as file:
                kept = kept_at(unpacked(file, path, lambda *_: None), capture.archive.offset)
            assert kept.payload_digest == capture.archive.payload_digest
    path.write_bytes(whole[: begins[2] + 100] + whole[begins[3] :] + bytes(50))  # cut, and padded at the end
    found, problems = read(path)
    assert [name for name in found if name != "2.html"] == ["0.html", "1.html", "3.html", "4.html"]
    assert problems


def test_a_frame_that_is_damaged_behind_much_of_its_record_is_told_and_passed(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.zst"
    noise = hashlib.shake_256(b"x").digest(400_000)
    first, large, last = (zstd.compress(member(n, noise if n == 1 else None, packed=False)) for n in range(3))
    path.write_bytes(first + large[:300_000] + large[320_000:] + last)
    found, problems = read(path)
    assert found == ["0.html", "2.html"]
    assert problems


def arc_record(number: int) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(number)
    return f"http://so.gov.vn/{number}.html 10.0.0.1 20080430204826 text/html {len(block)}\n".encode() + block + b"\n"


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
def test_a_damaged_arc_record_costs_no_other(tmp_path: Path, *, packed: bool) -> None:
    head = b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
    records = [b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain %d\n%s\n" % (len(head), head)]
    records += [arc_record(number) for number in range(4)]
    if packed:
        records = [gzip.compress(record) for record in records]
        records[2] = records[2][:30] + b"\xff" * 30 + records[2][60:]
    else:
        records[2] = records[2].replace(b"http://so.gov.vn/1.html 10.0.0.1", b"\0" * 20, 1)
    path = tmp_path / ("a.arc.gz" if packed else "a.arc")
    path.write_bytes(b"".join(records))
    found, problems = read(path)
    assert found == ["0.html", "2.html", "3.html"]
    assert problems


def test_a_member_of_a_wacz_file_that_cannot_be_unpacked_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as pack:
        for number in range(3):
            pack.writestr(f"archive/{number}.warc.gz", member(number))
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"archive/1.warc.gz") - 46
    content[entry + 8] |= 1  # encrypted, says its entry
    at = content.index(b"archive/1.warc.gz") - 30
    content[at + 6] |= 1
    path.write_bytes(content)
    found, problems = read(path)
    assert found == ["0.html", "2.html"]
    assert [where for where, _ in problems] == [f"{path}/1.warc.gz"]
