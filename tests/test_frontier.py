"""Crawls that are killed, stopped and repeated: no article is lost, none is exported twice."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import sqlite3
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import forked
import killed
import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer, Seen, article, body, link, page
from test_commands import run as command
from warcio.archiveiterator import ArchiveIterator

from portal_crawler.archive.deadletters import read_dead_letters
from portal_crawler.archive.feeds import recover
from portal_crawler.crawling.apologies import is_probe
from portal_crawler.crawling.history import difference, now
from portal_crawler.crawling.known import LATEST, SOONEST, Known, revisit_after
from portal_crawler.crawling.reading import Reading
from portal_crawler.crawling.revisits import Revisits, comparable
from portal_crawler.crawling.state import PortalState, StateError
from portal_crawler.items import Article, Extraction, Http
from portal_crawler.sample import SampleProvince
from portal_crawler.spiders.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
KILLS, PARTS = 50, 5  # the parts may run side by side
GENERATOR = '<meta name="generator" content="NukeViet v4.5">'
QUICK = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=False", "--no-archive")


@pytest.fixture
def province() -> Iterator[SampleProvince]:
    with SampleProvince() as province:
        yield province


def told(folder: Path, url: str, *more: str, checkpoint: float = 0.1) -> tuple[int, str]:
    """Exit code and standard error of a crawl."""
    settings = {
        "FEEDS": json.dumps(
            {
                f"{folder}/%(run)s.jsonl": {"format": "jsonlines", "item_classes": ["portal_crawler.items.Article"]},
                f"{folder}/%(run)s.gone.jsonl": {"format": "jsonlines", "item_classes": ["portal_crawler.items.Gone"]},
            }
        ),
        "PORTAL_REJECTS": f"{folder}/%(run)s.rejects.jsonl",
        "PORTAL_RUN_RECORD": f"{folder}/%(run)s.run.json",
        "PORTAL_STATE_DIR": f"{folder}/state",
        "PORTAL_ARCHIVE_FILES": f"{folder}/archive",
        "PORTAL_CHECKPOINT_SECONDS": str(checkpoint),
        "DOWNLOAD_DELAY": "0.002",
        "AUTOTHROTTLE_ENABLED": "False",
        "LOG_LEVEL": "ERROR",
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    arguments = ["crawl", "unseen", "-a", f"url={url}", *options, *more]
    done = forked.run(killed.crawl, arguments, cwd=ROOT, env={**os.environ, "COLUMNS": "200"})
    return done.returncode, done.stderr


def run(folder: Path, url: str, *more: str, **options: Any) -> int:
    return told(folder, url, *more, **options)[0]


def exported(folder: Path, kind: str = "") -> list[dict[str, Any]]:
    paths = sorted(path for path in folder.glob(f"*{kind}.jsonl") if kind or path.name.count(".") == 1)
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]


def record_at(archive: Path, place: dict[str, Any]) -> str:
    """The name of the record that stands where an article says its page is."""
    with (archive / place["file"]).open("rb") as stream:
        stream.seek(place["offset"])
        return next(iter(ArchiveIterator(stream))).rec_headers.get_header("WARC-Record-ID")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_crawl_that_is_killed_again_and_again_loses_nothing(
    province: SampleProvince, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    url = province.addresses["sample_stp"]
    whole = tmp_path / "whole"
    assert run(whole, url) == 0
    expected = sorted(item["id"] for item in exported(whole))
    assert len(expected) == len(set(expected)) > 20

    chance, killed, lives, kills = random.Random(part), 0, 0, KILLS // PARTS
    while killed < kills:
        lives += 1
        folder = tmp_path / f"killed-{lives}"
        for _ in range(kills + 1):
            if killed == kills:
                monkeypatch.delenv("KILL_AFTER", raising=False)
            else:
                monkeypatch.setenv("KILL_AFTER", str(chance.randint(20, 220)))
            monkeypatch.setenv("KILL_WITH", chance.choice(["SIGKILL", "SIGKILL", "SIGTERM"]))
            code = run(folder, url, checkpoint=0.02)
            if code == 0:
                break
            killed += 1
        assert sorted(item["id"] for item in exported(folder)) == expected
        assert not list(folder.rglob("*.part"))
        for item in exported(folder):
            assert record_at(folder / "archive", item["archive"]) == f"<{item['archive']['record_id']}>"


def test_an_unchanged_portal_is_asked_little_and_exports_nothing(province: SampleProvince, tmp_path: Path) -> None:
    ledger = province.ledgers["sample_stp"]
    url = province.addresses["sample_stp"]
    assert run(tmp_path, url) == 0
    articles, asked = len(exported(tmp_path)), len(ledger.entries)
    assert run(tmp_path, url) == 0
    assert len(exported(tmp_path)) == articles
    assert len(ledger.entries) - asked <= 0.17 * articles  # robots.txt and a broken article included


def text_of(number: int, more: str = "") -> str:
    return article(f"Hội nghị tổng kết công tác tư pháp năm thứ {number}").replace("</p></div>", f"</p>{more}</div>")


def test_edits_become_versions_and_deletions_are_recorded(tmp_path: Path) -> None:
    paths = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, 9)]
    home = page(GENERATOR, *(link(path, f"Hội nghị tổng kết công tác số {path}") for path in paths))

    def validated(seen: Seen) -> Answer | str:
        headers = {"Content-Type": "text/html; charset=utf-8", "ETag": '"one"'}
        return Answer("", 304, headers) if seen.if_none_match == '"one"' else Answer(text_of(3), 200, headers)

    pages: dict[str, Any] = {"/": home, **{path: text_of(number) for number, path in enumerate(paths, 1)}}
    with PortalServer(pages | {paths[2]: validated}) as server:
        url = f"{server.url}/"
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        first = exported(tmp_path)
        assert len(first) == len(paths) and {item["version"] for item in first} == {1}
        server.pages[paths[0]] = text_of(1, "<p>Đính chính: hội nghị diễn ra ngày 06/3.</p>")
        del server.pages[paths[1]]
        server.log.clear()
        assert run(tmp_path, url, "-a", "platform=nukeviet", "--full") == 0
    changed = [item for item in exported(tmp_path) if item not in first]
    assert [item["url"] for item in changed] == [f"{server.url}{paths[0]}"]
    assert changed[0]["version"] == 2 and "+Đính chính: hội nghị diễn ra ngày 06/3." in changed[0]["changes"]
    lost = exported(tmp_path, ".gone")
    assert [(item["url"], item["status"]) for item in lost] == [(f"{server.url}{paths[1]}", 404)]
    assert lost[0]["last_seen"] <= lost[0]["gone_at"]
    # Some of those that were found are looked at once more at the end, where others were lost.
    assert next(seen.if_none_match for seen in server.log if seen.path == paths[2]) == '"one"'


def test_a_section_of_which_the_home_page_shows_the_top_is_read_the_next_day(tmp_path: Path) -> None:
    """An article that is dated back stands on no home page; the section's first page had shown nothing of its own."""
    title = "Hội nghị triển khai công tác cải cách hành chính lần thứ {}"

    def slug(number: int) -> str:
        return f"/tin-tuc/hoi-nghi-trien-khai-cong-tac-{number}.html"

    def listed(numbers: list[int], *pager: str) -> str:
        return page("".join(f"<p>{link(slug(n), title.format(n))}</p>" for n in numbers), *pager)

    order = list(range(40, 10, -1))

    def section(number: int) -> str:
        pager = [link(f"/tin-tuc/page-{n}/", str(n)) for n in (2, 3) if n != number]
        return listed(order[12 * number - 12 : 12 * number], *pager)

    pages: dict[str, Any] = {
        "/": lambda _: page(GENERATOR, link("/tin-tuc/", "Tin tức"), listed(list(range(40, 28, -1)))),
        "/tin-tuc/": lambda _: section(1),
        **{f"/tin-tuc/page-{n}/": lambda seen: section(int(seen.path[-2])) for n in (2, 3)},
        **{slug(n): article(title.format(n)) for n in (*order, 90)},
    }
    with PortalServer(pages) as server:
        assert run(tmp_path, f"{server.url}/") == 0
        assert len(exported(tmp_path)) == 30
        order.insert(5, 90)
        assert run(tmp_path, f"{server.url}/") == 0
    assert [each["title"] for each in exported(tmp_path)][30:] == [title.format(90)]


def test_known_articles_are_looked_at_when_their_time_has_come(tmp_path: Path) -> None:
    paths = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, 9)]
    home = page(GENERATOR, *(link(path, f"Hội nghị tổng kết công tác số {path}") for path in paths))
    pages: dict[str, Any] = {"/": home, **{path: text_of(number) for number, path in enumerate(paths, 1)}}
    with PortalServer(pages) as server:
        url = f"{server.url}/"
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        first = exported(tmp_path)
        server.pages[paths[4]] = text_of(5, "<p>Đính chính: hội nghị diễn ra ngày 06/3.</p>")
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        assert exported(tmp_path) == first  # only a moment has passed
        database = sqlite3.connect(next((tmp_path / "state" / "portals").glob("*.sqlite")))
        with database:
            database.execute("UPDATE articles SET due = '2020-01-01' WHERE url = ?", (f"{server.url}{paths[4]}",))
        database.close()
        server.log.clear()
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
    assert [item["url"] for item in exported(tmp_path) if item["version"] == 2] == [f"{server.url}{paths[4]}"]
    assert [seen.path for seen in server.log if seen.path in paths] == [paths[4]]


def known_portal(count: int = 8) -> dict[str, Any]:
    paths = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, count + 1)]
    home = page(GENERATOR, *(link(path, f"Hội nghị tổng kết công tác số {path}") for path in paths))
    return {"/": home, **{path: text_of(number) for number, path in enumerate(paths, 1)}}


def test_an_article_that_a_list_announces_otherwise_is_looked_at_again(tmp_path: Path) -> None:
    pages = known_portal()
    path = "/tin-tuc/hoi-nghi-tong-ket-3.html"
    with PortalServer(pages) as server:
        url = f"{server.url}/"
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        server.pages[path] = text_of(3, "<p>Đính chính: hội nghị diễn ra ngày 06/3.</p>")
        server.pages["/"] = pages["/"].replace(f"công tác số {path}", "công tác tư pháp (đính chính)")
        server.log.clear()
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        asked = [seen.path for seen in server.log if seen.path.startswith("/tin-tuc/")]
        server.log.clear()
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        assert not server.asked(path)  # what is said of it is known by now
    assert asked == [path]
    assert [item["url"] for item in exported(tmp_path) if item["version"] == 2] == [f"{server.url}{path}"]


def test_edits_are_announced_where_no_rule_knows_an_article_by_its_address(tmp_path: Path) -> None:
    def lists(first: int, title: str) -> str:
        told = {number: f"Hội nghị tổng kết công tác năm số {number}" for number in range(1, 31)}
        order = [first, *(number for number in range(30, 0, -1) if number != first)]
        items = (link(f"/ChiTiet.aspx?id={number}", {**told, first: title}[number]) for number in order)
        return page(*(f"<li>{item}</li>" for item in items))

    with PortalServer({f"/ChiTiet.aspx?id={number}": text_of(number) for number in range(1, 31)}) as server:
        server.pages["/"] = page(link("/DanhMuc.aspx?muc=1", "Tin tức sự kiện"))
        server.pages["/DanhMuc.aspx?muc=1"] = lists(30, "Hội nghị tổng kết công tác năm số 30")
        assert run(tmp_path, f"{server.url}/") == 0
        assert len(exported(tmp_path)) == 30
        server.pages["/DanhMuc.aspx?muc=1"] = lists(3, "Hội nghị đã được dời sang tuần sau")
        server.log.clear()
        assert run(tmp_path, f"{server.url}/", "-s", "PORTAL_REVISITS=0") == 0
        assert [seen.path for seen in server.log if seen.path.startswith("/ChiTiet")] == ["/ChiTiet.aspx?id=3"]


def test_what_has_proved_to_be_no_article_is_left_to_the_next_whole_crawl(tmp_path: Path) -> None:
    name = "Thủ tục vay vốn Quỹ hỗ trợ nông dân mẫu số {}"
    forms = {f"/index.php?mod=tthc&id={n}": name.format(n) for n in range(1, 9)}
    news = {f"/index.php?mod=news&id={n}": text_of(n) for n in range(1, 9)}
    table = "<b>{}</b><table><tr><td>Hồ sơ</td><td>01 bộ</td></tr><tr><td>Thời hạn</td><td>9 ngày</td></tr></table>"
    home = page(
        *(link(url, f"Hội nghị tổng kết công tác tư pháp {url}") for url in news), link("/?mod=tthc", "Thủ tục")
    )
    listed = page("".join(f"<p>{link(url, each)}</p>" for url, each in forms.items()))
    pages = {"/": home, "/?mod=tthc": listed, **news, **{url: page(table.format(each)) for url, each in forms.items()}}
    asked = []
    with PortalServer(pages) as server:
        for more in ((), (), ("--full",)):
            server.log.clear()
            run(tmp_path, f"{server.url}/", *more)
            asked.append({seen.path for seen in server.log} & set(forms))
    assert exported(tmp_path, ".rejects")  # a few may pass until the template knows what surrounds them
    assert asked == [set(forms), set(), set(forms)]


def test_an_article_that_a_sitemap_calls_modified_is_looked_at_again(tmp_path: Path) -> None:
    pages = known_portal(30)
    paths = [path for path in pages if path != "/"]

    def sitemap(base: str, days: dict[str, int]) -> Answer:
        entries = (f"<url><loc>{base}{p}</loc><lastmod>2024-05-{days.get(p, 1):02}</lastmod></url>" for p in paths)
        return Answer(f"<urlset>{''.join(entries)}</urlset>", headers={"Content-Type": "text/xml"})

    with PortalServer(pages) as server:
        url = f"{server.url}/"
        server.pages["/sitemap.xml"] = sitemap(server.url, {})
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        server.pages["/sitemap.xml"] = sitemap(server.url, {paths[6]: 2})
        server.log.clear()
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        assert [seen.path for seen in server.log if seen.path in paths] == [paths[6]]
        server.pages["/sitemap.xml"] = sitemap(server.url, dict.fromkeys(paths, 3))  # the time of its making
        server.log.clear()
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        assert [seen.path for seen in server.log if seen.path in paths] == []
    (state,) = (tmp_path / "state" / "portals").glob("*.sqlite")
    with closing(sqlite3.connect(state)) as database:
        kept = database.execute("SELECT said FROM announced WHERE what = 'lastmod'").fetchall()
    assert len(kept) == len(paths)  # not one more each day


def test_what_a_sitemap_has_new_behind_all_that_is_known_is_asked_for(tmp_path: Path) -> None:
    """An article that is dated back stands on no page that is read; what is known took the room of what is new."""
    pages = known_portal(40)
    paths = [path for path in pages if path != "/"]
    late = ["/van-ban/ke-hoach-cong-tac-90.html", "/thong-bao/ke-hoach-cong-tac-91.html"]

    def sitemap(base: str, named: list[str]) -> Answer:
        urls = "".join(f"<url><loc>{base}{path}</loc></url>" for path in named)
        return Answer(f"<urlset>{urls}</urlset>", headers={"Content-Type": "text/xml"})

    pages["/"] = page(GENERATOR, *(link(path, f"Hội nghị tổng kết công tác số {path}") for path in paths[:8]))
    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        server.pages["/sitemap.xml"] = sitemap(server.url, paths)
        assert run(tmp_path, *options) == 0
        assert len(exported(tmp_path)) == 40
        server.pages |= {path: text_of(number) for number, path in enumerate(late, 90)}
        server.pages["/sitemap.xml"] = sitemap(server.url, paths + late)
        server.log.clear()
        assert run(tmp_path, *options) == 0
    assert {each["url"] for each in exported(tmp_path)[40:]} == {server.url + path for path in late}
    assert not any(seen.path in paths for seen in server.log)


@pytest.mark.parametrize("trouble", ["error", "page", "empty", "cut", "frozen"])
def test_lists_that_a_sitemap_makes_needless_are_read_when_it_fails(tmp_path: Path, trouble: str) -> None:
    pages = known_portal(40)
    paths = [path for path in pages if path != "/"]
    late = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in (91, 92, 93)]

    def listed(*paths: str) -> str:
        return page(GENERATOR, *(link(path, f"Hội nghị tổng kết công tác số {path}") for path in paths))

    def sitemap(named: list[str]) -> Answer:
        urls = "".join(f"<url><loc>{server.url}{path}</loc></url>" for path in named)
        return Answer(f"<urlset>{urls}</urlset>", headers={"Content-Type": "text/xml"})

    menu = link("/tin-tuc/", "Tin tức")
    pages["/"] = listed(*paths[:4]).replace("</body>", f"{menu}</body>")
    pages["/tin-tuc/"] = listed(*paths[10:30])
    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "-s", "PORTAL_REVISITS=0")
        server.pages["/robots.txt"] = f"User-agent: *\nDisallow:\nSitemap: {server.url}/sitemap.xml\n"
        server.pages["/sitemap.xml"] = sitemap(paths)
        assert run(tmp_path, *options, "-s", "DOWNLOAD_DELAY=0.05") == 0  # the sitemap is read before the list comes
        server.log.clear()
        assert run(tmp_path, *options) == 0
        assert not server.asked("/tin-tuc/")  # the sitemap has named all that it shows
        server.pages |= {path: text_of(number) for number, path in enumerate(late, 91)}
        server.pages["/tin-tuc/"] = listed(*late, *paths[10:27])
        failing = {"error": Answer("", 500), "page": page("<p>Lỗi</p>"), "empty": sitemap([])}
        server.pages["/sitemap.xml"] = failing.get(trouble, sitemap(paths))
        if trouble == "cut":
            whole = sitemap(paths)
            server.pages["/sitemap.xml"] = Answer(whole.body[: len(whole.body) // 3], headers=whole.headers)
        if trouble in ("cut", "frozen"):  # that it lacks something shows where a page has something new
            server.pages["/"] = listed(late[0], *paths[:3]).replace("</body>", f"{menu}</body>")
        assert run(tmp_path, *options) == 0
        assert {each["url"] for each in exported(tmp_path)[40:]} == {server.url + path for path in late}
        server.pages["/sitemap.xml"] = sitemap(paths + late)
        server.log.clear()
        assert run(tmp_path, *options) == 0
        assert not server.asked("/tin-tuc/")


def test_an_article_that_leads_to_the_home_page_is_gone_until_it_is_back(tmp_path: Path) -> None:
    pages = known_portal()
    path = "/tin-tuc/hoi-nghi-tong-ket-3.html"
    with PortalServer(dict(pages)) as server:
        url = f"{server.url}/"
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        server.pages[path] = Answer("", 302, {"Location": "/"})
        assert run(tmp_path, url, "-a", "platform=nukeviet", "--full") == 0
        (lost,) = exported(tmp_path, ".gone")
        server.pages[path] = pages[path]
        for _ in range(2):
            assert run(tmp_path, url, "-a", "platform=nukeviet", "--full") == 0
    assert lost["url"] == f"{server.url}{path}" and "redirects to" in lost["evidence"]
    assert lost["last_seen"] <= lost["gone_at"]
    first, back = (each for each in exported(tmp_path) if each["url"] == lost["url"])
    assert (back["version"], back["changes"], back["text"]) == (2, "", first["text"])
    assert len(exported(tmp_path)) == 9


def test_a_page_that_says_in_a_few_words_that_an_article_is_gone_is_believed(tmp_path: Path) -> None:
    """Wrong numbers are answered with 404, so that no probe tells what is said of articles that were taken down."""
    pages = known_portal()
    path = "/tin-tuc/hoi-nghi-tong-ket-3.html"
    pages["/"] = pages["/"].replace("Hội nghị tổng kết công tác số", "Hội nghị bàn về kế hoạch công tác số")
    with PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        assert run(tmp_path, *options) == 0
        boxes = (
            f"<ul>{''.join(f'<li>{link(each, 2 * each)}</li>' for each in pages)}</ul><p>Tổng lượt truy cập: 10274</p>"
        )
        office = "<p>Cơ quan chủ quản: Sở Nội vụ tỉnh Ví Dụ. Địa chỉ: 12 Trần Phú. Điện thoại: 0123.456.789</p>"
        gone = "<p>Bài viết này không tồn tại hoặc đã bị gỡ bỏ. Xin quý vị quay lại trang chủ.</p>"
        server.pages[path] = page(f"<div>{gone}</div><div>{boxes}</div><div>{office}</div>")
        assert run(tmp_path, *options, "--full") == 0
        (lost,) = exported(tmp_path, ".gone")
        assert lost["url"] == f"{server.url}{path}" and "says that there is none" in lost["evidence"]
        # What cannot be read may be there: nothing says that it is not.
        server.pages[other := path.replace("3", "4")] = page("<p>Đang tải nội dung.</p>")
        run(tmp_path, *options, "--full")
    assert len(exported(tmp_path, ".gone")) == 1
    rejects = exported(tmp_path, ".rejects")
    assert [each["reason"] for each in rejects if each["url"] == server.url + other] == ["no_article"]


def let_time_pass(folder: Path, statement: str) -> None:
    """Change what the state of a portal says of the past."""
    for path in (folder / "state" / "portals").glob("*.sqlite"):
        database = sqlite3.connect(path)
        with database:
            database.execute(statement)
        database.close()


def test_what_nothing_leads_to_any_more_is_looked_at_before_its_time(tmp_path: Path) -> None:
    pages = known_portal(60)
    paths = [path for path in pages if path != "/"]

    def sitemap(base: str, named: list[str]) -> Answer:
        urls = "".join(f"<url><loc>{base}{path}</loc><lastmod>2024-05-01</lastmod></url>" for path in named)
        return Answer(f"<urlset>{urls}</urlset>", headers={"Content-Type": "text/xml"})

    def lists(named: list[str]) -> str:
        return page(GENERATOR, *(link(path, f"Hội nghị tổng kết công tác số {path}") for path in named))

    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        server.pages["/"], server.pages["/sitemap.xml"] = lists(paths[:8]), sitemap(server.url, paths)
        assert run(tmp_path, *options) == 0
        for path in paths[30:33]:
            del server.pages[path]
        server.pages["/sitemap.xml"] = sitemap(server.url, paths[:30] + paths[34:])
        for days, looked_at in ((1, []), (8, paths[30:34])):  # a portal may show an old backup for a day
            seen = f"strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '-{days} days')"
            let_time_pass(tmp_path, f"UPDATE articles SET due = date('now', '90 days'), last_seen = {seen}")
            server.log.clear()
            assert run(tmp_path, *options) == 0
            assert {*looked_at} <= {seen.path for seen in server.log if seen.path in paths}
            assert looked_at or not any(seen.path in paths for seen in server.log)
        gone = {each["url"] for each in exported(tmp_path, ".gone")}
        assert gone == {server.url + path for path in paths[30:33]}
        # One that is there, and not in the sitemap, is not looked at each week for that; nor what a broken one named.
        server.pages["/sitemap.xml"] = Answer("<html>", headers={"Content-Type": "text/xml"})
        let_time_pass(tmp_path, "UPDATE articles SET due = date('now', '90 days'), last_seen = '2024-01-01T00:00:00'")
        server.log.clear()
        assert run(tmp_path, *options) == 0
        assert not any(seen.path in paths for seen in server.log)
        # A walk of the whole portal tells as well, also where there is no sitemap.
        for path in paths[40:43]:
            del server.pages[path]
        server.pages["/"] = lists(paths[:40] + paths[43:])
        let_time_pass(tmp_path, "UPDATE meta SET value = '2020-01-01T00:00:00+00:00' WHERE name = 'walked'")
        assert run(tmp_path, *options) == 0
        assert len(exported(tmp_path, ".gone")) == 6


def test_an_article_that_each_page_links_to_is_looked_at_again(tmp_path: Path) -> None:
    """What other pages link to while it is on its way was passed over as known, and its page left unread."""
    pages = known_portal()
    paths = [path for path in pages if path != "/"]
    box = f"<ul><li>{link(paths[7], 'Hội nghị tổng kết công tác số ' + paths[7])}</li></ul>"
    pages |= {path: text_of(number, f"</div><div>{box}") for number, path in enumerate(paths, 1)}
    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "-s", "PORTAL_REVISITS=1")
        assert run(tmp_path, *options) == 0
        server.pages[paths[7]] = text_of(8, "<p>Đính chính: hội nghị diễn ra ngày 06/3.</p>")
        # It is asked for last.
        let_time_pass(tmp_path, "UPDATE articles SET due = iif(url LIKE '%-8.html', '2021-01-01', '2020-01-01')")
        assert run(tmp_path, *options, "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1") == 0
    assert [each["url"] for each in exported(tmp_path) if each["version"] == 2] == [server.url + paths[7]]


def test_articles_are_not_gone_because_the_portal_hides_them_for_a_day(tmp_path: Path) -> None:
    pages = known_portal()
    paths = [path for path in pages if path.startswith("/tin-tuc/")]
    maintenance = page("<h1>Hệ thống đang bảo trì</h1><p>Xin quý vị vui lòng quay lại sau.</p>")
    with PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        assert run(tmp_path, *options) == 0
        # One is gone, and no other would be looked at: another one tells that the portal has its articles still.
        del server.pages[paths[0]]
        let_time_pass(tmp_path, "UPDATE articles SET due = iif(url LIKE '%-1.html', '2020-01-01', '2999-01-01')")
        server.log.clear()
        assert run(tmp_path, *options) == 0
        assert [each["url"] for each in exported(tmp_path, ".gone")] == [f"{server.url}{paths[0]}"]
        assert sum(map(server.asked, paths)) == 2
        server.pages = {"*": maintenance}
        assert run(tmp_path, *options, "--full") == 6
        lost = [each for each in exported(tmp_path, ".rejects") if "not taken for gone" in each["detail"]]
        assert {each["url"].removeprefix(server.url) for each in lost} == set(paths[1:])
        assert len(exported(tmp_path, ".gone")) == 1
        # What has been missing for long is gone, however much it is.
        server.pages = {"/": pages["/"]}
        let_time_pass(tmp_path, "UPDATE meta SET value = '2020-01-01T00:00:00+00:00' WHERE name = 'most missing since'")
        run(tmp_path, *options, "--full")
        assert len(exported(tmp_path, ".gone")) == len(paths)


def test_what_stands_in_the_place_of_all_articles_is_an_edit_of_none(tmp_path: Path) -> None:
    pages = known_portal()
    defaced = article("Trang này đã bị chiếm quyền điều khiển")
    with PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "--full", "-s", "PORTAL_SOFT_404=0")
        assert run(tmp_path, *options) == 0
        server.pages = {"/": pages["/"], "*": defaced, "/robots.txt": Answer("", 404)}
        assert run(tmp_path, *options) == 6
        server.pages = dict(pages)
        assert run(tmp_path, *options) == 0
    assert [item["version"] for item in exported(tmp_path)] == [1] * 8
    assert exported(tmp_path, ".gone") == []
    assert len([each for each in exported(tmp_path, ".rejects") if "not taken for gone" in each["detail"]]) == 8


def test_a_day_of_empty_lists_is_told_and_no_whole_crawl(tmp_path: Path) -> None:
    pages = known_portal(12)
    with PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        assert run(tmp_path, *options) == 0
        server.pages["/"] = page(GENERATOR, "<p>Chưa có tin bài.</p>")
        assert [run(tmp_path, *options) for _ in range(2)] == [12, 12]
        assert "1 of 1 lists" in exported(tmp_path, ".rejects")[-1]["detail"]
        more = known_portal(13)
        server.pages |= more
        assert run(tmp_path, *options) == 0
        assert [each["url"] for each in exported(tmp_path)][12:] == [server.url + list(more)[-1]]
        # It is no whole crawl either, unless it lasts: then it is how the portal is.
        server.pages["/"] = page(GENERATOR, "<p>Chưa có tin bài.</p>")
        assert run(tmp_path, *options, "--full") == 12
        assert "lead to 0 articles" in exported(tmp_path, ".rejects")[-1]["detail"]
        let_time_pass(
            tmp_path, "UPDATE meta SET value = '2020-01-01T00:00:00+00:00' WHERE name = 'most unlisted since'"
        )
        assert [run(tmp_path, *options, "--full") for _ in range(2)] == [0, 0]
    assert exported(tmp_path, ".gone") == []


def test_a_list_whose_first_page_fails_is_told(tmp_path: Path) -> None:
    pages = known_portal(12)
    sections = ["/thong-bao/", "/chi-dao/", "/van-ban/"]
    paths = [path for path in pages if path != "/"]
    titles = {path: f"Hội nghị tổng kết công tác số {path}" for path in paths}
    for place, section in enumerate(sections):
        pages[section] = page(GENERATOR, *(link(path, titles[path]) for path in paths[4 * place : 4 * place + 4]))
    pages["/"] = page(GENERATOR, *(link(section, section) for section in sections), link(paths[0], titles[paths[0]]))
    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "-s", "RETRY_TIMES=0")
        assert run(tmp_path, *options) == 0
        kept = server.pages[sections[1]]
        server.pages[sections[1]] = Answer("", 500)
        assert run(tmp_path, *options) == 12
        server.pages[sections[1]] = kept
        assert run(tmp_path, *options) == 0
    records = [json.loads(path.read_text("utf-8")) for path in sorted(tmp_path.glob("*.run.json"))]
    assert "first page failed (http_error)" in str(records[1]["broken_lists"])


def test_the_page_of_a_registrar_in_the_place_of_a_portal_is_told(tmp_path: Path) -> None:
    pages = known_portal(12)
    pages["/tin-tuc/"] = pages.pop("/")
    with PortalServer({"/": page(GENERATOR, link("/tin-tuc/", "Tin tức")), **pages}) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        assert run(tmp_path, *options) == 0
        sold = page("<p>Tên miền này đang được rao bán.</p>", link("/mua", "Mua ngay"))
        server.pages = {"*": sold, "/robots.txt": Answer("", 404)}
        code, log = told(tmp_path, *options, "-s", "LOG_LEVEL=WARNING")
        assert code == 12 and "knows nothing of" not in log
        # Without its state a portal begins anew, which is told where exports are there.
        (tmp_path / "state").rename(tmp_path / "lost")
        assert re.search(r"knows nothing of \S+\.jsonl: ", told(tmp_path, *options, "-s", "LOG_LEVEL=WARNING")[1])
    assert "leads to no article; 12 were met" in exported(tmp_path, ".rejects")[-1]["detail"]
    assert exported(tmp_path, ".gone") == []


def test_what_a_budget_leaves_of_lists_is_not_broken(tmp_path: Path) -> None:
    pages = known_portal(12)
    paths = [path for path in pages if path != "/"]
    onward = [link(f"/tin-tuc/page-{number}/", str(number)) for number in range(1, 5)]
    for number in range(1, 5):
        links = [link(path, f"Hội nghị tổng kết công tác số {path}") for path in paths[3 * number - 3 : 3 * number]]
        pages[f"/tin-tuc/page-{number}/"] = page(GENERATOR, *links, *onward)
    pages["/"] = page(GENERATOR, link("/tin-tuc/page-1/", "Tin tức"))
    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "-s", "PORTAL_MAX_PAGES=5")
        codes = []
        while not codes or codes[-1]:
            codes.append(run(tmp_path, *options))
        asked = [path for path in server.paths if path in pages]
    assert 2 <= codes.count(10) == len(codes) - 1 <= 5
    assert sorted(asked) == sorted(pages)
    assert len(exported(tmp_path)) == len(paths)
    assert {each["reason"] for each in exported(tmp_path, ".rejects")} == {"postponed"}


def test_what_strangers_put_in_the_place_of_articles_takes_none_away(tmp_path: Path) -> None:
    pages = known_portal()
    paths = [path for path in pages if path != "/"]
    casino = "Nhà cái uy tín với casino trực tuyến, xóc đĩa, baccarat, bắn cá đổi thưởng, cá cược bóng đá, nổ hũ."
    spam = page(f"<h1>Nhà cái số 1: nạp đầu tặng 100k</h1><p>{casino}</p><p>{casino}</p>")
    hacked = dict.fromkeys(paths[3:], spam)
    with PortalServer(pages | hacked) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        assert run(tmp_path, *options) == 6  # on the first crawl nobody knows what stood there: links tell
        assert len(exported(tmp_path)) == 3
        server.pages = dict(pages)
        assert run(tmp_path, *options) == 0
        server.pages |= hacked
        assert run(tmp_path, *options, "--full") == 6
        server.pages = dict(pages)
        assert run(tmp_path, *options, "--full") == 0
    assert sorted(each["url"].removeprefix(server.url) for each in exported(tmp_path)) == paths
    doubted = [each for each in exported(tmp_path, ".rejects") if "not taken for gone" in each["detail"]]
    assert {(each["reason"], each["url"].removeprefix(server.url)) for each in doubted} == {("spam", p) for p in hacked}
    assert exported(tmp_path, ".gone") == []


def test_a_trouble_that_begins_while_the_portal_is_crawled_makes_no_article_gone(tmp_path: Path) -> None:
    pages = known_portal()
    left = [8 + 6]  # articles that are shown until it begins

    def shown(seen: Seen) -> Answer | str:
        left[0] -= 1
        return str(pages[seen.path]) if left[0] >= 0 else Answer("<p>Not found</p>", 404)

    with PortalServer(dict.fromkeys(pages, shown) | {"/": pages["/"]}) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "--full")
        assert run(tmp_path, *options) == 0
        assert run(tmp_path, *options) == 6
    assert exported(tmp_path, ".gone") == []
    lost = [each["detail"] for each in exported(tmp_path, ".rejects") if "not taken for gone" in each["detail"]]
    assert len(lost) == 4 and all("of 2 that were there before 2 no longer" in each for each in lost)


@pytest.mark.parametrize("missing", [range(15, 21), range(1, 7)], ids=["newest", "oldest"])
def test_the_newest_articles_that_an_old_backup_lacks_are_not_gone(tmp_path: Path, missing: range) -> None:
    pages = known_portal(20)
    for number in range(1, 21):
        path = f"/tin-tuc/hoi-nghi-tong-ket-{number}.html"
        pages[path] = pages[path].replace("</h1>", f"</h1><p>{number:02}/05/2024 08:30</p>")
    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "--full")
        assert run(tmp_path, *options) == 0
        assert exported(tmp_path)[0]["published_at"].startswith("2024-05-")
        for number in missing:
            del server.pages[f"/tin-tuc/hoi-nghi-tong-ket-{number}.html"]
        assert run(tmp_path, *options) == (6 if 20 in missing else 0)
    assert len(exported(tmp_path, ".gone")) == (0 if 20 in missing else 6)


def test_what_only_a_sitemap_names_is_gone_when_it_is_missing(tmp_path: Path) -> None:
    """No rule knows these addresses: they are asked for from a budget."""
    paths = [f"/hoi-nghi-tong-ket-cong-tac-tu-phap-{number}" for number in range(1, 9)]
    pages: dict[str, Any] = {path: text_of(number) for number, path in enumerate(paths, 1)}
    with PortalServer({"/": page("<p>Sở Tư pháp</p>"), **pages}) as server:
        urls = "".join(f"<url><loc>{server.url}{path}</loc></url>" for path in paths)
        server.pages["/sitemap.xml"] = Answer(f"<urlset>{urls}</urlset>", headers={"Content-Type": "text/xml"})
        assert run(tmp_path, f"{server.url}/") == 0
        assert len(exported(tmp_path)) == len(paths)
        del server.pages[paths[0]]
        assert run(tmp_path, f"{server.url}/", "--full") == 0
    assert [each["url"] for each in exported(tmp_path, ".gone")] == [f"{server.url}{paths[0]}"]


def test_what_a_sitemap_names_in_vain_is_left_to_the_next_whole_crawl(tmp_path: Path) -> None:
    pages = known_portal()
    deleted, new, dead = (f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in (3, 21, 22))
    pages[dead] = Answer("", 302, {"Location": "/khong-thay-92.html"})
    named = [*(path for path in pages if path != "/"), new]

    def told(days: dict[str, int]) -> Answer:
        entries = (
            f"<url><loc>{server.url}{p}</loc><lastmod>2024-05-{days.get(p, 1):02}</lastmod></url>" for p in named
        )
        return Answer(f"<urlset>{''.join(entries)}</urlset>", headers={"Content-Type": "text/xml"})

    def asked(*more: str) -> set[str]:
        server.log.clear()
        look_at_all_again(tmp_path)
        run(tmp_path, f"{server.url}/", "-a", "platform=nukeviet", "-s", "PORTAL_REVISITS=1", *more)
        return set(server.paths) & {deleted, new, dead}

    with PortalServer(pages) as server:
        server.pages["/sitemap.xml"] = told({})
        run(tmp_path, f"{server.url}/", "-a", "platform=nukeviet")
        del server.pages[deleted]
        server.pages["/"] = server.pages["/"].replace(f'href="{deleted}"', "")
        named.append(late := new.replace("-21", "-23"))  # since the whole crawl
        server.pages["/sitemap.xml"] = told({})
        assert asked() == {deleted} and server.asked(late)  # gone from now on
        assert asked() == set() and not server.asked(late)
        server.pages[new] = text_of(21)
        server.pages["/sitemap.xml"] = told({new: 2})
        assert asked() == {new}
        assert asked("--full") == {deleted, new, dead} and server.asked(late)
    assert [each["url"] for each in exported(tmp_path, ".gone")] == [f"{server.url}{deleted}"]
    assert [each["url"] for each in exported(tmp_path)[8:]] == [f"{server.url}{new}"]


def test_a_crawl_of_a_clock_that_was_wrong_is_no_recent_one(tmp_path: Path) -> None:
    state = PortalState(tmp_path / "a.sqlite")
    options: dict[str, Any] = {"full": False, "only_new": False, "every": 30, "share": 0.1, "margin": 10}
    for walked, incremental in (("2999-01-01T00:00:00+00:00", False), (now(), True)):
        state.put("walked", walked)
        assert Revisits(state, **options).incremental is incremental
    state.close()


def test_lists_are_read_again_when_what_stood_at_two_addresses_is_gone_from_one(tmp_path: Path) -> None:
    state = PortalState(tmp_path / "a.sqlite")
    article = Known(
        *(
            "a",
            "http://a.gov.vn/1",
            "http://a.gov.vn/1",
            "Tin",
            None,
            now(),
            now(),
            200,
            None,
            None,
            "0",
            1,
            0,
            0,
            None,
        ),
        *(1, 1, "", "0"),
    )
    state.keep(article, "Tin", b"", "run")
    for alias, changed in (("", False), ("b", True)):
        state.list_changed("a.gov.vn/tin", ["b", "c"])
        if alias:
            state.stand_for(alias, "a")
        state.gone(article, now(), 404)
        assert state.list_changed("a.gov.vn/tin", ["b", "c"]) is changed
    state.close()


def test_what_is_known_at_http_is_asked_for_as_it_is_linked_today() -> None:
    spider = Unseen(url="https://a.gov.vn/")
    assert spider.as_linked("http://a.gov.vn/tin/1") == "http://a.gov.vn/tin/1"
    spider.roots = {"https://www.a.gov.vn/", "https://b.gov.vn/"}
    assert spider.as_linked("http://a.gov.vn/tin/1?id=2") == "https://www.a.gov.vn/tin/1?id=2"
    spider.roots.add("http://a.gov.vn/")  # some links lead there still
    assert spider.as_linked("http://a.gov.vn/tin/1?id=2") == "http://a.gov.vn/tin/1?id=2"


def test_todays_date_beside_an_article_tells_nothing() -> None:
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=1), today, today + timedelta(days=1)]
    told = [[said for _, said in comparable(None, f"{day:%d/%m/%Y}")] for day in days]
    assert told == [[days[0].isoformat()], [], []]


def test_an_article_that_has_moved_is_looked_for_where_lists_show_it(tmp_path: Path) -> None:
    path, moved = "/tin-tuc/hoi-nghi-tong-ket-3.html", "/thong-bao/hoi-nghi-tong-ket-3.html"
    with PortalServer(known_portal()) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "-s", "PORTAL_REVISITS=1")
        assert run(tmp_path, *options) == 0
        server.pages[moved] = server.pages.pop(path)
        server.pages["/"] = server.pages["/"].replace(path, moved)
        for _ in range(2):
            server.log.clear()
            look_at_all_again(tmp_path)
            assert run(tmp_path, *options) == 0
        assert not server.asked(path)  # it is known where it is now
    assert len(exported(tmp_path)) == 8
    assert exported(tmp_path, ".gone") == []


def test_a_portal_whose_addresses_all_redirect_to_new_ones_is_not_in_trouble(tmp_path: Path) -> None:
    pages = known_portal()
    moved = {path: path.replace("/tin-tuc/", "/tin-moi/so-") for path in pages if path != "/"}
    moved = {path: target.replace(".html", "7.html") for path, target in moved.items()}
    with PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "--full")
        assert run(tmp_path, *options) == 0
        for path, target in moved.items():
            server.pages["/"] = server.pages["/"].replace(f'"{path}"', f'"{target}"')
            server.pages[path], server.pages[target] = Answer("", 301, {"Location": target}), pages[path]
        assert run(tmp_path, *options) == 0
    assert {each["url"].removeprefix(server.url) for each in exported(tmp_path, ".gone")} == set(moved)


def test_what_redirects_to_an_address_that_was_left_out_as_the_same_is_exported_there(tmp_path: Path) -> None:
    """The sitemap leads to the new addresses before the old ones are looked at, and they say what is known."""
    pages = known_portal()
    paths = [path for path in pages if path != "/"]
    for number, path in enumerate(paths, 1):
        dated = f"</h1><div class='date'>Ngày đăng: {number:02}/03/2026</div>"
        pages[path] = article(f"Hội nghị tổng kết công tác số {number}").replace("</h1>", dated)
    moved = {path: path.replace("/tin-tuc/", "/tin-moi/so-").replace(".html", "7.html") for path in paths}
    lists = [f"/chuyen-muc-{number}/" for number in (1, 2)]  # the portal's old ones are no more
    with PortalServer(pages) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "-s", "PORTAL_REVISITS=0.01")
        assert run(tmp_path, *options) == 0
        for path, target in moved.items():
            server.pages[path], server.pages[target] = Answer("", 301, {"Location": target}), pages[path]
        links = [link(target, f"Hội nghị tổng kết công tác số {target}") for target in moved.values()]
        server.pages["/"] = page(GENERATOR, *links, *(link(path, "Chuyên mục") for path in lists))
        server.pages |= dict.fromkeys(lists, page(GENERATOR, *links[:6]))
        for asked in (1, 1, 0):  # the crawl after one that meets other addresses walks the portal, the next need not
            server.log.clear()
            assert run(tmp_path, *options) == 0
            assert [server.asked(path) for path in lists] == [asked, asked]
            gone = {each["url"].removeprefix(server.url) for each in exported(tmp_path, ".gone")}
            assert gone == set(paths)
            shown = [each["url"].removeprefix(server.url) for each in exported(tmp_path)[8:]]
            assert sorted(shown) == sorted(moved.values())


@pytest.mark.parametrize("home", [False, True])
def test_articles_that_redirect_to_another_host_are_gone_once_that_has_lasted(tmp_path: Path, home: bool) -> None:
    pages = known_portal()
    with PortalServer({}) as other, PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "--full")
        assert run(tmp_path, *options) == 0
        for path in pages:
            server.pages[path] = Answer("", 301, {"Location": other.url + ("/" if home else path)})
        assert run(tmp_path, *options) == 13
        assert exported(tmp_path, ".gone") == []  # for a day a server may lead astray
        week = timedelta(days=7, hours=1)
        then = f"UPDATE meta SET value = '{datetime.now(UTC) - week}' WHERE name = 'most missing since'"
        let_time_pass(tmp_path, then)
        assert run(tmp_path, *options) == 13
        gone = {each["url"].removeprefix(server.url): each for each in exported(tmp_path, ".gone")}
        assert gone.keys() == pages.keys() - {"/"}
        for path, each in gone.items():
            assert each["status"] == 302 and f"redirects to {other.url}{'/' if home else path}," in each["evidence"]
    assert other.log == []


def test_an_article_that_asks_to_log_in_at_another_host_is_not_gone(tmp_path: Path) -> None:
    pages = known_portal()
    path = "/tin-tuc/hoi-nghi-tong-ket-3.html"
    with PortalServer({}) as other, PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet", "--full")
        assert run(tmp_path, *options) == 0
        server.pages[path] = Answer("", 302, {"Location": f"{other.url}/login?continue={path}"})
        assert run(tmp_path, *options) == 6
    assert exported(tmp_path, ".gone") == []


def test_a_portal_that_stands_at_other_addresses_without_redirects_has_moved(tmp_path: Path) -> None:
    pages = known_portal()
    paths = [path for path in pages if path != "/"]
    for number, path in enumerate(paths, 1):
        dated = f"</h1><div class='date'>Ngày đăng: {number:02}/03/2026</div>"
        pages[path] = article(f"Hội nghị tổng kết công tác số {number}").replace("</h1>", dated)
    moved = {path: path.replace("/tin-tuc/", "/tin-moi/so-").replace(".html", "7.html") for path in paths[1:]}
    with PortalServer(dict(pages)) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        assert run(tmp_path, *options) == 0
        home = page(GENERATOR, *(link(target, f"Hội nghị tổng kết công tác số {target}") for target in moved.values()))
        server.pages = {"/": home, **{target: pages[path] for path, target in moved.items()}}
        let_time_pass(tmp_path, "UPDATE articles SET due = iif(url LIKE '%-1.html', '2020-01-01', '2999-01-01')")
        assert run(tmp_path, *options) == 0
        server.log.clear()
        assert run(tmp_path, *options) == 0
        assert not any(map(server.asked, paths))
    gone = {each["url"].removeprefix(server.url): each["evidence"] for each in exported(tmp_path, ".gone")}
    assert gone.keys() == set(paths)
    assert all(f"it stands at {server.url}{target} now" in gone[path] for path, target in moved.items())
    assert sorted(each["url"].removeprefix(server.url) for each in exported(tmp_path)[8:]) == sorted(moved.values())


@pytest.mark.parametrize("family", ["nukeviet", None])
def test_a_headline_worded_anew_is_an_edit_though_the_address_changes_with_it(
    tmp_path: Path, family: str | None
) -> None:
    """The old address redirects, shows the same page or is missing; two articles may have one number all the same."""
    told = {
        101: "hop-bao",
        102: "le-phat-dong",
        103: "giai-bong-da",
        104: "hien-mau",
        105: "mua-lu",
        106: "thi-tay-nghe",
    }
    before = {number: f"/tin-tuc/thong-tin-ve-{slug}-tai-dia-phuong-{number}.html" for number, slug in told.items()}
    after = {number: f"/tin-tuc/lanh-dao-tham-{told[number]}-vung-cao-{number}.html" for number in (101, 102, 103, 105)}
    others = {104: "/tin-tuc/du-an-duong-ven-bien-da-xong-104.html"}
    options = ("-a", f"platform={family}") if family else ()

    def shown(number: int, title: str) -> str:
        dated = f'</h1><div class="date">Ngày đăng: {number - 100:02}/03/2026</div>'
        return article(f"Bài {number}").replace(f"<h1>Bài {number}</h1>", f"<h1>{title}{dated}")

    def listed(*paths: str) -> str:
        items = (f"<li>{link(path, f'Tin về việc đã nêu tại {path}')} <span>(01/03/2026)</span></li>" for path in paths)
        return page(GENERATOR if family else "", f"<ul>{''.join(items)}</ul>")

    pages: dict[str, Any] = {path: shown(n, f"Thông tin về bài số {n} tại địa phương") for n, path in before.items()}
    with PortalServer({"/": listed(*before.values()), **pages}) as server:
        assert run(tmp_path, f"{server.url}/", *options) == 0
        first = {item["url"].removeprefix(server.url): item["id"] for item in exported(tmp_path)}
        assert sorted(first) == sorted(before.values())
        for number, path in after.items():
            server.pages[path] = shown(number, f"Lãnh đạo tỉnh thăm bài số {number} vùng cao")
        server.pages[after[105]] = shown(105, "Lãnh đạo tỉnh thăm bài số 105 vùng cao").replace(
            body("Bài 105"), body("Khác")
        )
        server.pages[others[104]] = article("Dự án đường ven biển đã xong đoạn đầu")
        server.pages[before[101]] = Answer("", 301, {"Location": after[101]})
        for number in (102, 105):  # of the second the text is another, too
            server.pages[before[number]] = server.pages[after[number]]
        del server.pages[before[103]]
        kept = [path for number, path in before.items() if number not in after]
        server.pages["/"] = listed(*after.values(), *others.values(), *kept)
        assert run(tmp_path, f"{server.url}/", *options) == 0
        changed = exported(tmp_path)[len(before) :]
        server.pages["/"] = listed(*after.values(), *others.values(), *before.values())
        assert run(tmp_path, f"{server.url}/", *options, "--full") == 0
    assert exported(tmp_path)[len(before) :] == changed and exported(tmp_path, ".gone") == []
    new = [item["url"].removeprefix(server.url) for item in changed if item["version"] == 1]
    assert new == [others[104]]
    versions = {item["id"]: item for item in changed if item["version"] == 2}
    assert versions.keys() == {first[before[number]] for number in after} and len(changed) == len(after) + 1
    for number, path in after.items():
        item = versions[first[before[number]]]
        assert "-Thông tin về bài số" in item["changes"] and "+Lãnh đạo tỉnh thăm bài số" in item["changes"]
        assert item["url"].removeprefix(server.url) in {path} | ({before[number]} if number in (102, 105) else set())


@pytest.mark.parametrize("part", ["", ".part"])  # of a run that has ended, of one that is under way
def test_runs_that_begin_within_a_second_have_names_of_their_own(tmp_path: Path, part: str) -> None:
    exports = tmp_path / "exports/unseen"
    exports.mkdir(parents=True)
    begin = datetime.now(UTC)
    taken = {f"{begin + timedelta(seconds=number):%Y-%m-%dT%H-%M-%SZ}.run.json{part}" for number in range(600)}
    for name in taken:
        (exports / name).touch()
    with PortalServer(known_portal()) as server:
        code, _, said = command(tmp_path, "crawl", "unseen", "-a", f"url={server.url}/", *QUICK)
    assert code == 0, said
    (made,) = {path.name for path in exports.glob("*.run.json")} - taken
    assert made > max(taken)
    assert {path.name for path in exports.glob("*.part")} == (taken if part else set())
    assert len(exported(exports)) == 8


def test_portals_that_are_crawled_side_by_side_do_not_get_into_each_others_files(tmp_path: Path) -> None:
    met = threading.Barrier(3, timeout=60)

    def home(_: Seen) -> str:
        met.wait()
        return str(known_portal()["/"])

    with ExitStack() as servers, ThreadPoolExecutor() as pool:
        urls = [servers.enter_context(PortalServer({**known_portal(), "/": home})).url for _ in range(3)]
        runs = [pool.submit(command, tmp_path, "crawl", "unseen", "-a", f"url={url}/", *QUICK) for url in urls]
        ended = [run.result() for run in runs]
    assert [code for code, _, _ in ended] == [0, 0, 0], ended
    exports = tmp_path / "exports/unseen"
    assert len(exported(exports)) == 24 and len(list(exports.glob("*.run.json"))) == 3


def test_the_name_that_a_killed_run_has_taken_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILL_AFTER", "18")
    monkeypatch.setenv("KILL_WITH", "SIGKILL")
    with PortalServer(known_portal()) as server:
        assert run(tmp_path, f"{server.url}/") != 0
        (left,) = tmp_path.glob("*.run.json.part")
        (tmp_path / left.name.replace(".run.json", ".rejects.jsonl")).touch()
        assert read_dead_letters(left).portal is None  # an empty record tells nothing
        monkeypatch.delenv("KILL_AFTER")
        assert run(tmp_path, f"{server.url}/") == 0
    assert not list(tmp_path.glob("*.run.json.part"))


def test_who_wants_new_articles_only_gets_no_edit(tmp_path: Path) -> None:
    path, new = "/tin-tuc/hoi-nghi-tong-ket-3.html", "Hội nghị đã được dời sang tuần sau"
    with PortalServer(known_portal()) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        assert run(tmp_path, *options) == 0
        before = next(each["title"] for each in exported(tmp_path) if each["url"].endswith(path))
        server.pages["/"] = server.pages["/"].replace(f'href="{path}">', f'href="{path}">{new} ')
        assert before != new
        for more, asked in (("--only-new", False), ("--no-archive", True)):
            server.log.clear()
            assert run(tmp_path, *options, more) == 0
            assert bool(server.asked(path)) is asked


def look_at_all_again(folder: Path) -> None:
    """Let the time of all known articles have come."""
    let_time_pass(folder, "UPDATE articles SET due = '2020-01-01'")


def sorry(seen: Seen) -> Answer | str:
    """A program that answers for articles that it does not have; wrong paths are honest."""
    if not seen.path.startswith("/tin-tuc/"):
        return Answer("<p>Not found</p>", 404)
    return page("<h1>Trang bạn tìm không còn</h1><p>Mời bạn xem các tin khác:</p>")


def test_an_article_in_whose_place_its_program_is_sorry_is_gone(tmp_path: Path) -> None:
    pages = known_portal() | {"*": sorry}
    paths = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in (3, 4, 5)]
    probes = []
    with PortalServer(pages) as server:
        url = f"{server.url}/"
        for path, more in ((None, ()), (paths[0], ("--full",)), (paths[1], ()), (paths[2], ())):
            server.log.clear()
            server.pages.pop(path, None)
            server.pages["/"] = server.pages["/"].replace(f'href="{path}"', 'href="/"')
            look_at_all_again(tmp_path)
            assert run(tmp_path, url, "-a", "platform=nukeviet", "-s", "PORTAL_REVISITS=1", *more) == 0
            probes.append([seen.path for seen in server.log if is_probe(seen.path)])
    assert list(map(len, probes)) == [2, 2, 0, 0]  # what one crawl has learned is known to those after it
    assert {item["version"] for item in exported(tmp_path)} == {1}
    gone = exported(tmp_path, ".gone")
    assert [item["url"] for item in gone] == [f"{server.url}{path}" for path in paths]
    assert all("nothing is there" in item["evidence"] for item in gone)
    # The archive holds the requests that nobody has linked to: a replay makes no article of their answers.
    warc = " ".join(map(str, sorted((tmp_path / "archive").glob("*.warc.gz"))))
    assert run(tmp_path / "replay", url, "-a", "platform=nukeviet", "-a", f"warc={warc}") == 0
    for kind in ("", ".gone"):
        again, live = ({item["url"] for item in exported(folder, kind)} for folder in (tmp_path / "replay", tmp_path))
        assert again == live


def test_an_article_under_two_addresses_is_exported_once_by_all_crawls(tmp_path: Path) -> None:
    def told(more: str = "") -> str:
        return text_of(3, more).replace("</h1>", '</h1><div class="date">Ngày đăng: 05/03/2024</div>')

    first, other = "/tin-tuc/hoi-nghi-tong-ket-3.html", "/tin-tuc/noi-bat-hoi-nghi-tong-ket-53.html"
    pages = known_portal()
    edit = told("<p>Đính chính: hội nghị diễn ra ngày 06/3.</p>")

    def crawled(server: PortalServer, *more: str) -> tuple[list[tuple[str, int]], list[str], bool]:
        """What a crawl exports, what it rejects, and whether it asks for the other address."""
        server.log.clear()
        before = [exported(tmp_path, kind) for kind in ("", ".rejects")]
        run(tmp_path, f"{server.url}/", "-a", "platform=nukeviet", *more)
        # Of crawls within a second the same reject is written in the same words.
        items, rejects = (
            exported(tmp_path, kind)[len(known) :] for kind, known in zip(("", ".rejects"), before, strict=True)
        )
        exports = [(item["url"].removeprefix(server.url), item["version"]) for item in items]
        return exports, [reject["reason"] for reject in rejects], bool(server.asked(other))

    with PortalServer(pages) as server:
        server.pages[first] = told()
        assert len(crawled(server)[0]) == 8
        # The second address comes to a portal whose article is known already, and is not looked at meanwhile.
        server.pages[other] = told()
        server.pages["/"] = server.pages["/"].replace("</body>", link(other, "Hội nghị tổng kết năm") + "</body>")
        assert crawled(server) == ([], ["duplicate"], True)
        assert crawled(server) == ([], [], False)
        assert crawled(server, "--full") == ([], ["duplicate"], True)
        server.pages[first] = server.pages[other] = edit
        assert crawled(server, "--full") == ([(first, 2)], ["duplicate"], True)
        # Once the article is gone where it was known, the other address is a new one.
        del server.pages[first]
        exports, _, _ = crawled(server, "--full")
        if not exports:  # it was looked at before it was known that the first one is gone
            exports, _, _ = crawled(server)
        assert exports == [(other, 1)]


def test_what_stands_in_an_articles_place_is_no_version_of_it(tmp_path: Path) -> None:
    pages = known_portal()
    paths = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in (3, 4, 5)]
    with PortalServer(pages) as server:
        options = ("-a", "platform=nukeviet", "--full", "-s", "PORTAL_SOFT_404=0")
        assert run(tmp_path, f"{server.url}/", *options) == 0
        sorry = "Bài viết mà quý vị tìm không còn nữa. Mời quý vị xem các tin khác của cơ quan chúng tôi ở trang chủ."
        server.pages[paths[0]] = article("Rất tiếc").replace(body("Rất tiếc"), f"<p>{sorry}</p><p>Ban biên tập</p>")
        server.pages[paths[1]] = article("Một bài viết khác hẳn")  # an edit, as far as one can know
        assert run(tmp_path, f"{server.url}/", *options) == 0
        server.pages[paths[2]] = article("Một bài viết khác hẳn")
        run(tmp_path, f"{server.url}/", *options)  # it is sorry again
    assert [item["url"] for item in exported(tmp_path) if item["version"] > 1] == [f"{server.url}{paths[1]}"]
    assert [item["url"] for item in exported(tmp_path, ".gone")] == [f"{server.url}{paths[n]}" for n in (0, 2)]


def test_an_answer_that_breaks_off_is_no_edit(tmp_path: Path) -> None:
    path = "/tin-tuc/hoi-nghi-tong-ket-3.html"
    text = "".join(f"<p>Ngày {day} tháng {day * 7 % 12 + 1}, đoàn {day * 37} làm việc.</p>" for day in range(1, 90))
    sent = gzip.compress(text_of(3, text).encode())
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"}
    told = []
    with PortalServer(known_portal()) as server:
        for share in (0.8, 0.7, 0.9, 0.75, 1.0, 0.6):
            server.pages[path] = Answer(sent[: int(share * len(sent))], headers=headers)
            assert run(tmp_path, f"{server.url}/", "-a", "platform=nukeviet", "--full", "-s", "RETRY_TIMES=0") == 0
            told.append(max(item["version"] for item in exported(tmp_path) if item["url"].endswith(path)))
    assert told == [1, 1, 2, 2, 3, 3]  # what has more than was known is a version, or the export would lack it


@pytest.mark.parametrize("planted", [False, True], ids=["the latest news", "a planted advertisement"])
def test_what_stands_on_every_page_keeps_no_list_from_being_left(tmp_path: Path, *, planted: bool) -> None:
    order, title = list(range(100, 40, -1)), "Hội nghị triển khai công tác cải cách hành chính lần thứ {}"
    spam = "/tin-tuc/khuyen-mai-cho-hoi-vien-moi-dang-ky-9999.html"
    casino = "Nhà cái uy tín với casino trực tuyến, xóc đĩa, baccarat, bắn cá đổi thưởng, cá cược bóng đá, nổ hũ."

    def slug(number: int) -> str:
        return f"/tin-tuc/hoi-nghi-trien-khai-cong-tac-{number}.html"

    def listed(seen: Seen) -> str:
        number = int(seen.path[-2]) if seen.path[-2].isdigit() else 1
        links = [link(slug(n), title.format(n)) for n in order[10 * number - 10 : 10 * number]]
        box = [link(spam, "Khuyến mãi lớn cho hội viên mới đăng ký")] if planted else []
        box += [link(slug(n), title.format(n)) for n in order[:5]]
        onward = [link(f"/ds/page-{number + 1}/", "Trang sau")] if 10 * number < len(order) else []
        return page(*(f"<p>{each}</p>" for each in links), f"<ul>{''.join(box)}</ul>", *onward)

    pages: dict[str, Any] = {"/": page(link("/ds/", "Tin tức")), "/ds/": listed}
    pages |= {f"/ds/page-{n}/": listed for n in range(2, 8)} | {
        slug(n): article(title.format(n)) for n in (*order, 200)
    }
    pages[spam] = page(f"<h1>Khuyến mãi lớn cho hội viên mới đăng ký</h1><p>{casino}</p><p>{casino}</p>")
    with PortalServer(pages) as server:
        assert run(tmp_path, f"{server.url}/") == 0
        assert len(exported(tmp_path)) == 60 and server.asked(spam) == planted
        order.insert(0, 200)
        server.log.clear()
        assert run(tmp_path, f"{server.url}/") == 0
        assert sum(seen.path.startswith("/ds/") for seen in server.log) == 2
        assert not server.asked(spam)
    assert [each["title"] for each in exported(tmp_path)][60:] == [title.format(200)]


def test_an_article_that_did_not_come_is_asked_for_by_the_next_crawls(tmp_path: Path) -> None:
    order, title = list(range(60, 20, -1)), "Hội nghị triển khai công tác cải cách hành chính lần thứ {}"

    def slug(number: int) -> str:
        return f"/tin-tuc/hoi-nghi-trien-khai-cong-tac-{number}.html"

    def listed(seen: Seen) -> str:
        number = int(seen.path[-2]) if seen.path[-2].isdigit() else 1
        onward = [link(f"/ds/page-{number + 1}/", "Trang sau")] if 10 * number < len(order) else []
        return page(
            *(f"<p>{link(slug(n), title.format(n))}</p>" for n in order[10 * number - 10 : 10 * number]), *onward
        )

    pages: dict[str, Any] = {"/": page(link("/ds/", "Tin tức")), "/ds/": listed}
    pages |= {f"/ds/page-{n}/": listed for n in range(2, 5)} | {slug(n): article(title.format(n)) for n in order}
    late, never, options = slug(order[-2]), slug(order[-5]), ("-s", "RETRY_TIMES=0")
    with PortalServer(pages | {late: Answer("", 500), never: Answer("", 500)}) as server:
        run(tmp_path, f"{server.url}/", *options)
        assert len(exported(tmp_path)) == len(order) - 2
        server.pages[late] = pages[late]
        asked = []
        for _ in range(6):
            server.log.clear()
            run(tmp_path, f"{server.url}/", *options)
            asked.append((server.asked(late), server.asked(never), server.asked("/ds/page-4/")))
    # A crawl that has missed some is repeated wholly; later ones leave the list at what they know.
    assert asked[0][:2] == (1, 1) and not any(often for often, _, _ in asked[1:])
    assert sum(often for _, often, _ in asked) in (4, 5) and asked[-1] == (0, 0, 0)
    assert sorted(item["url"] for item in exported(tmp_path)) == sorted(
        f"{server.url}{slug(n)}" for n in order if slug(n) != never
    )


def test_an_article_that_was_held_back_at_first_is_known_as_any_other(tmp_path: Path) -> None:
    order, title = list(range(100, 40, -1)), "Hội nghị triển khai công tác cải cách hành chính lần thứ {}"
    walked = threading.Event()

    def slug(number: int) -> str:
        return f"/tin-tuc/hoi-nghi-trien-khai-cong-tac-{number}.html"

    def listed(seen: Seen) -> str:
        number = int(seen.path[-2]) if seen.path[-2].isdigit() else 1
        if number == 6:
            walked.set()
        links = [link(slug(n), title.format(n)) for n in order[10 * number - 10 : 10 * number]]
        onward = [link(f"/ds/page-{number + 1}/", "Trang sau")] if 10 * number < len(order) else []
        return page(*(f"<p>{each}</p>" for each in links), *onward)

    def late(seen: Seen) -> str:  # by then, the lists have named more of them than may be asked for unseen
        walked.wait(10)
        return article(title.format(re.findall(r"\d+", seen.path)[0]))

    pages: dict[str, Any] = {"/": page(link("/ds/", "Tin tức")), "/ds/": listed}
    pages |= {f"/ds/page-{n}/": listed for n in range(2, 8)} | {slug(n): late for n in (*order, 200)}
    with PortalServer(pages) as server:
        wide = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=32", "-s", "CONCURRENT_REQUESTS=32")
        assert run(tmp_path, f"{server.url}/", *wide) == 0
        assert len(exported(tmp_path)) == 60
        order.insert(0, 200)
        server.log.clear()
        assert run(tmp_path, f"{server.url}/") == 0
        assert [seen.path for seen in server.log if seen.path.startswith("/ds/")] == ["/ds/", "/ds/page-2/"]


@given(st.text(st.one_of(st.sampled_from(" \n\t\xa0\u2009\u3000\x1c\x85|.!?;:…aệ\u200b\ud800"), st.characters())))
def test_a_text_is_read_as_its_sentences_lines_and_cells_whatever_spaces_are_between_them(text: str) -> None:
    pieces: set[str] = set()
    for line in text.replace("|", "\n").split("\n"):
        piece = ""
        for word in line.split():
            piece += word
            if word[-1] in ".!?;:…":
                pieces.add(piece)
                piece = ""
        pieces.add(piece)
    extraction = Extraction(method="page", version="1", confidence=1.0)
    item = Article(
        id="0" * 16, url="http://a/", canonical_url="http://a/", portal="a", site="a", text=text, html="",
        fetched_at="2026-01-01T00:00:00+00:00", http=Http(status=200), content_sha256="0" * 64, extraction=extraction,
    )  # fmt: skip
    assert {piece.decode("utf-8", "surrogatepass") for piece in Reading.of(item).told} == pieces - {""}


def test_another_reading_of_the_same_page_is_no_edit(tmp_path: Path) -> None:
    with PortalServer(known_portal()) as server:
        url = f"{server.url}/"
        assert run(tmp_path, url, "-a", "platform=nukeviet") == 0
        first = exported(tmp_path)
        # As if an earlier extractor had taken the site's name for text, and had left out a sentence.
        database = sqlite3.connect(next((tmp_path / "state" / "portals").glob("*.sqlite")))
        with database:
            for key, told in database.execute("SELECT id, text FROM articles").fetchall():
                lines = zlib.decompress(told).decode().split("\n")
                text = zlib.compress("\n".join([*lines[:-1], lines[1]]).encode())
                values = ("0 page", "0" * 64, "0" * 64, text, key)
                database.execute(
                    "UPDATE articles SET reading = ?, content_sha256 = ?, read_sha256 = ?, text = ? WHERE id = ?",
                    values,
                )
        database.close()
        assert run(tmp_path, url, "-a", "platform=nukeviet", "--full") == 0
        assert exported(tmp_path) == first
        # An edit is one all the same, and shows what the portal has changed alone.
        path = "/tin-tuc/hoi-nghi-tong-ket-3.html"
        server.pages[path] = text_of(3, "<p>Đính chính: hội nghị diễn ra ngày 06/3.</p>")
        assert run(tmp_path, url, "-a", "platform=nukeviet", "--full") == 0
    (edited,) = [item for item in exported(tmp_path) if item not in first]
    assert edited["version"] == 2
    assert [line for line in edited["changes"].splitlines() if line[0] in "+-"][2:] == [
        "+Đính chính: hội nghị diễn ra ngày 06/3."
    ]


def test_a_killed_run_told_to_overwrite_is_gone_on_with(
    province: SampleProvince, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, output = province.addresses["sample_stp"], tmp_path / "out.jsonl"
    monkeypatch.setenv("KILL_AFTER", "150")
    monkeypatch.setenv("KILL_WITH", "SIGKILL")
    assert run(tmp_path / "a", url, "-O", str(output), checkpoint=0.02) != 0
    monkeypatch.delenv("KILL_AFTER")
    assert run(tmp_path / "a", url, "-O", str(output), checkpoint=0.02) == 0
    written = [json.loads(line)["id"] for line in output.read_text("utf-8").splitlines()]
    assert sorted(written) == sorted(item["id"] for item in exported(tmp_path / "a"))
    assert len(set(written)) == len(written) == 71


def test_an_article_that_no_file_could_hold_is_not_taken_for_exported(
    province: SampleProvince, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = province.addresses["sample_stp"]
    monkeypatch.setenv("FULL_AFTER", "9")  # articles
    assert run(tmp_path, url, checkpoint=0.02) == 1
    monkeypatch.delenv("FULL_AFTER")
    assert run(tmp_path, url, checkpoint=0.02) == 0
    ids = [item["id"] for item in exported(tmp_path)]
    assert len(set(ids)) == len(ids) == 71


def test_a_crawl_whose_end_no_state_could_hold_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with PortalServer(known_portal()) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        monkeypatch.setenv("FULL_AT_THE_END", "1")
        assert run(tmp_path, *options) == 1
        monkeypatch.delenv("FULL_AT_THE_END")
        assert run(tmp_path, *options) == 0
    found = [item["id"] for item in exported(tmp_path)]
    assert len(found) == len(set(found)) == 8


def test_a_second_crawl_at_the_same_time_ends_without_a_request(province: SampleProvince, tmp_path: Path) -> None:
    url = province.addresses["sample_stp"]
    assert run(tmp_path, url) == 0
    state = PortalState(next((tmp_path / "state" / "portals").glob("*.sqlite")))
    asked = len(province.ledgers["sample_stp"].entries)
    code, errors = told(tmp_path, url)
    state.close()
    assert (code, len(province.ledgers["sample_stp"].entries)) == (14, asked)
    assert "another crawl of this portal is running" in errors and "Traceback" not in errors


def test_two_crawls_of_one_portal_at_once_are_refused(tmp_path: Path) -> None:
    state = PortalState(tmp_path / "a.sqlite")
    with pytest.raises(StateError, match="another crawl"):
        PortalState(tmp_path / "a.sqlite")
    state.close()


def test_what_is_no_state_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at as one" * 40)
    with pytest.raises(StateError, match="begin anew"):
        PortalState(path)


@pytest.mark.parametrize("table", ["meta", "articles"])
def test_a_state_of_which_pages_are_damaged_is_said_to_be_none(tmp_path: Path, table: str) -> None:
    path = tmp_path / "a.sqlite"
    state = PortalState(path)
    state.commit()
    state.close()
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"x" * size)
    with pytest.raises(StateError, match="begin anew"):
        PortalState(path)


def test_requests_come_back_by_priority_and_only_what_was_committed_stays(tmp_path: Path) -> None:
    state = PortalState(tmp_path / "a.sqlite")
    state.push(0, b"low")
    state.push(9, b"high")
    state.push(0, b"later", postponed=True)
    state.commit()
    assert (state.pop(), state.pop(), state.pop()) == (b"high", b"low", None)
    state.close()  # killed
    state = PortalState(tmp_path / "a.sqlite")
    assert (state.pop(), state.pop(), state.pop()) == (b"high", b"low", None)
    assert not state.waits() and state.waits(postponed=True)
    state.release_postponed()
    assert state.waits() and state.pop() == b"later"
    state.close()


@pytest.mark.parametrize(("checks", "changes"), [(0, 0), (1, 0), (1, 1), (40, 0), (40, 40)])
def test_revisits_lie_between_a_day_and_half_a_year(checks: int, changes: int) -> None:
    after = revisit_after(checks, changes, timedelta(days=200), timedelta(days=3))
    assert SOONEST <= after <= LATEST


def test_what_changes_often_is_looked_at_sooner() -> None:
    watched = timedelta(days=100)
    often, seldom, never = (revisit_after(20, changes, watched, None) for changes in (15, 3, 0))
    assert often < seldom < never


def test_a_difference_shows_the_lines_that_changed() -> None:
    told = difference("Tiêu đề\n\nMột.\nHai.\nBa.", "Tiêu đề\n\nMột.\nHai!\nBa.")
    assert "-Hai." in told and "+Hai!" in told and "-Một." not in told


def test_a_killed_runs_file_is_cut_back_to_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Path(f"{path}.part").write_bytes(b"one\ntwo\nhal")
    assert recover(path, 4, clean=False)
    assert path.read_bytes() == b"one\n" and not Path(f"{path}.part").exists()
    path.write_bytes(b"one\nadded by hand\n")
    recover(path, 4, clean=True)
    assert path.read_bytes() == b"one\nadded by hand\n"
    # An old copy of the state has been put back: what it does not know of is taken out, and kept.
    assert recover(path, 4, clean=False)
    assert path.read_bytes() == b"one\n"
    assert (tmp_path / "a.jsonl.cut").read_bytes() == b"one\nadded by hand\n"
