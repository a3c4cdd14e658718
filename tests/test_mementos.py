"""Captures of the same addresses at several times: the versions of articles, and their end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from portal_server import article
from test_captures import articles
from test_commands import run
from test_replay import HOST, Archive
from test_spiders import TITLE, portal, slug

if TYPE_CHECKING:
    from pathlib import Path

YEARS = (2020, 2022, 2024)
EDITED, LOST, BACK, RETITLED, REPLACED = 3, 4, 5, 6, 7
RENAMED, OTHER = (slug(number).replace("hoi-nghi", "le-ra-quan") for number in (RETITLED, REPLACED))
NEWS = "<p>Năm {} thời hạn nộp hồ sơ được gia hạn thêm ba mươi ngày làm việc theo đề nghị của các địa phương.</p>"
MISSING = "<html><body>Không tìm thấy trang</body></html>"


def edition(year: int) -> dict[str, tuple[str, str]]:
    """The portal in a year: one article was edited since the year before, one is gone in the end, one for a while.

    Two stand at other addresses from the second year on: one has another title, the other is another text.
    """
    pages = {address: ("200 OK", body) for address, body in portal().items() if isinstance(body, str)}
    _, body = pages[slug(EDITED)]
    if year > YEARS[0]:
        pages[slug(EDITED)] = ("200 OK", body.replace("</p>", f"</p>{NEWS.format(year)}", 1))
    if year > YEARS[0]:
        _, body = pages.pop(slug(RETITLED))
        pages[RENAMED] = ("200 OK", body.replace(TITLE.format(RETITLED), "Lễ ra quân cải cách hành chính"))
        del pages[slug(REPLACED)]
        pages[OTHER] = ("200 OK", article("A meeting about the reform of administration"))
    if year == YEARS[2]:
        pages[slug(LOST)] = ("404 Not Found", MISSING)
    if year == YEARS[1]:
        pages[slug(BACK)] = ("410 Gone", MISSING)
    return pages


def captures(folder: Path, *, apart: bool) -> None:
    """The portal in all years: each in a file of its own, the newest first by name, or all in one, in that order."""
    records: list[bytes] = []
    for year in sorted(YEARS, reverse=True):
        archive = Archive(folder / f"{YEARS[2] - year}.warc.gz", date=f"{year}-03-06T02:00:00Z")
        for address, (status, body) in edition(year).items():
            archive.add(HOST + address, body.replace("</body>", f"Lượt truy cập: {year}</body>"), status)
        records += archive.records
        if apart:
            archive.close()
    if not apart:
        (folder / "all.warc.gz").write_bytes(b"".join(records))


@pytest.mark.parametrize("apart", [True, False])
def test_each_version_of_an_article_is_told_and_its_end(tmp_path: Path, *, apart: bool) -> None:
    captures(tmp_path, apart=apart)
    code, told, errors = run(tmp_path, "extract", ".", "--out", "out", "--jobs", "1")
    assert (code, errors) == (0, "")
    assert "12 articles of" in told
    versions: dict[str, list[dict[str, Any]]] = {}
    for one in articles(tmp_path / "out"):
        versions.setdefault(one["url"].removeprefix(HOST), []).append(one)
    assert {address: [one["version"] for one in each] for address, each in versions.items()} == {
        slug(number): [1, 2, 3] if number == EDITED else [1] for number in range(1, 10)
    } | {RENAMED: [2]}
    first, second, third = versions[slug(EDITED)]
    assert [one["fetched_at"][:4] for one in (first, second, third)] == [str(year) for year in YEARS]
    assert first["first_seen"] is None and {one["first_seen"] for one in (second, third)} == {first["fetched_at"]}
    assert "+Năm 2022 thời hạn" in second["changes"]
    assert "-Năm 2022 thời hạn" in third["changes"] and "+Năm 2024 thời hạn" in third["changes"]
    # That day stands in the lists alone.
    assert {one["published_at"] for one in (first, second, third)} == {"2024-03-04"}
    (before,), (after,) = versions[slug(RETITLED)], versions[RENAMED]
    assert (after["id"], after["first_seen"], after["fetched_at"][:4]) == (before["id"], before["fetched_at"], "2022")
    assert "-Hội nghị" in after["changes"] and "+Lễ ra quân" in after["changes"]
    (path,) = (tmp_path / "out").rglob("*.rejects.jsonl")
    rejects = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    (replaced,) = {one["duplicate_of"] for one in rejects if one["url"] == HOST + OTHER}
    assert replaced == versions[slug(REPLACED)][0]["id"]
    (path,) = (tmp_path / "out").rglob("*.gone.jsonl")
    (lost,) = map(json.loads, path.read_text("utf-8").splitlines())
    assert lost["url"] == HOST + slug(LOST)
    assert [lost[name][:4] for name in ("first_seen", "last_seen", "gone_at")] == ["2020", "2022", "2024"]
    (record,) = (tmp_path / "out").rglob("*.run.json")
    stats = json.loads(record.read_text("utf-8"))["stats"]
    assert {name: stats[f"history/{name}"] for name in ("new", "changed", "gone")} == {
        "new": 9,
        "changed": 3,
        "gone": 1,
    }


def test_articles_of_one_number_in_two_modules_are_two_in_captures_of_the_same_years(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "years.warc.gz")
    notice = "/thong-bao/thong-bao-tuyen-dung-vien-chuc-{}.html"
    for year in YEARS[:2]:
        archive.date = f"{year}-03-06T02:00:00Z"
        for address, (status, body) in edition(YEARS[0]).items():
            archive.add(HOST + address, body, status)
        for number in (1, 2):
            archive.add(HOST + notice.format(number), article(f"Thông báo tuyển dụng viên chức đợt {number} năm 2020"))
    archive.close()
    code, _, errors = run(tmp_path, "extract", ".", "--out", "out", "--jobs", "1")
    assert code == 0, errors
    found = [(one["url"].removeprefix(HOST), one["version"]) for one in articles(tmp_path / "out")]
    assert sorted(found) == sorted((address, 1) for address in (*map(slug, range(1, 10)), *map(notice.format, (1, 2))))


def test_maintenance_when_the_last_capture_was_made_hides_no_end_of_an_article_and_makes_none(tmp_path: Path) -> None:
    captures(tmp_path, apart=True)
    archive = Archive(tmp_path / "last.warc.gz", date="2026-03-06T02:00:00Z")
    for number in range(1, 5):  # a capture that was broken off: the others were not asked for
        archive.add(HOST + slug(number), MISSING, "404 Not Found")
    archive.close()
    code, _, errors = run(tmp_path, "extract", ".", "--out", "out", "--jobs", "1")
    assert code == 0, errors
    (path,) = (tmp_path / "out").rglob("*.gone.jsonl")
    assert [json.loads(line)["url"] for line in path.read_text("utf-8").splitlines()] == [HOST + slug(LOST)]
    (path,) = (tmp_path / "out").rglob("*.rejects.jsonl")
    rejects = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    doubted = {one["url"].removeprefix(HOST): one["detail"] for one in rejects if one["reason"] == "http_error"}
    assert doubted.keys() == {slug(1), slug(2), slug(EDITED)}
    assert all("3 known articles are missing, 0 are there" in detail for detail in doubted.values())


def test_what_is_missing_on_a_day_of_maintenance_is_gone_when_it_is_missing_on_another(tmp_path: Path) -> None:
    for year in (*YEARS, 2026):
        archive = Archive(tmp_path / f"{year}.warc.gz", date=f"{year}-03-06T02:00:00Z")
        for address, body in portal().items():
            lost = year == YEARS[1] or (year > YEARS[1] and address == slug(LOST))
            if isinstance(body, str):
                archive.add(HOST + address, MISSING if lost else body, "404 Not Found" if lost else "200 OK")
        archive.close()
    code, _, errors = run(tmp_path, "extract", ".", "--out", "out", "--jobs", "1")
    assert code == 0, errors
    (path,) = (tmp_path / "out").rglob("*.gone.jsonl")
    (lost,) = map(json.loads, path.read_text("utf-8").splitlines())
    assert [lost[name][:4] for name in ("last_seen", "gone_at")] == ["2020", "2024"]


def test_what_is_missing_on_a_day_of_maintenance_and_never_seen_again_is_doubted(tmp_path: Path) -> None:
    hidden = {slug(number) for number in range(1, 7)}  # most articles; lists and the home page answer
    nothing: set[str] = set()
    days = {"2020-03-06": nothing, "2022-03-06": hidden, "2022-03-07": nothing, "2024-03-06": {slug(1)}}
    for day, missing in days.items():
        archive = Archive(tmp_path / f"{day}.warc.gz", date=f"{day}T02:00:00Z")
        # Of the second article nothing is known behind that day.
        unasked = {slug(1)} if day == "2022-03-07" else set[str]()
        asked = portal().keys() - unasked - ({slug(2)} if day > "2022-03-06" else set[str]())
        for address, body in portal().items():
            if isinstance(body, str) and address in asked:
                said = (MISSING, "404 Not Found") if address in missing else (body, "200 OK")
                archive.add(HOST + address, *said)
        archive.close()
    code, _, errors = run(tmp_path, "extract", ".", "--out", "out", "--jobs", "1")
    assert code == 0, errors
    (path,) = (tmp_path / "out").rglob("*.gone.jsonl")
    (lost,) = map(json.loads, path.read_text("utf-8").splitlines())
    assert (lost["url"], lost["gone_at"][:4]) == (HOST + slug(1), "2024")
    (path,) = (tmp_path / "out").rglob("*.rejects.jsonl")
    (doubted,) = [one for one in map(json.loads, path.read_text("utf-8").splitlines()) if "not taken" in one["detail"]]
    assert doubted["url"] == HOST + slug(2)
    assert doubted["detail"].endswith("5 known articles are missing, 3 are there")


def test_of_captures_within_one_second_that_which_was_written_later_is_the_later(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.warc.gz")
    for year in YEARS[:2]:
        for address, (status, body) in edition(year).items():
            archive.add(HOST + address, body, status)
    archive.close()
    run(tmp_path, "extract", "a.warc.gz", "--out", "out")
    edited = [one for one in articles(tmp_path / "out") if one["url"] == HOST + slug(EDITED)]
    assert [one["version"] for one in edited] == [1, 2]
    assert "Năm 2022" in edited[1]["text"] and "Năm 2022" not in edited[0]["text"]
    (path,) = (tmp_path / "out").rglob("*.gone.jsonl")
    assert [json.loads(line)["url"] for line in path.read_text("utf-8").splitlines()] == [HOST + slug(BACK)]
