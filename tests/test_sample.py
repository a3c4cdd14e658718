"""The sample province: its stories, its server, and a whole crawl of it beside its truth."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import pytest
from lxml import html

from portal_crawler.sample import SampleProvince
from portal_crawler.sample.days import NewsCalendar
from portal_crawler.sample.departments import DEPARTMENTS
from portal_crawler.sample.grammar import VIETNAM, stories
from portal_crawler.sample.portal import Asked, SamplePortal
from portal_crawler.sample.province import PORTALS
from portal_crawler.sample.scoring import leaks, score, word_f1
from portal_crawler.sample.widgets import POLL

TUESDAY = datetime(2024, 6, 4, 9, 30, tzinfo=VIETNAM)
SPIDERS = ("sample_sldtbxh", "sample_stp", "sample_sgddt", "sample_snnptnt", "sample_syt")


@pytest.fixture(scope="module")
def province() -> Iterator[SampleProvince]:
    with SampleProvince(clock=lambda: TUESDAY) as running:
        yield running


def fetch(url: str, data: dict[str, str] | None = None) -> str:
    body = urlencode(data).encode() if data is not None else None
    with urlopen(Request(url, body), timeout=10) as answer:
        return answer.read().decode()


def status(url: str, data: dict[str, str] | None = None) -> int:
    try:
        fetch(url, data)
    except HTTPError as error:
        with error:
            return error.code
    return 200


def text_of(page: str) -> str:
    return " ".join(unicodedata.normalize("NFC", html.fromstring(page).text_content()).split())


# Stories


def test_there_are_more_than_three_hundred_articles_with_every_feature(province: SampleProvince) -> None:
    articles = [article for truth in province.truth().values() for article in truth.articles]
    assert len(articles) >= 300
    assert all(len(truth.articles) >= 60 for truth in province.truth().values())
    assert len({article.url for article in articles}) == len(articles)
    assert {article.kind for article in articles} == {"article", "notice", "document", "gallery"}
    for feature in ("lead", "captions", "author", "source", "modified_at", "tags", "attachments", "document"):
        assert sum(bool(getattr(article, feature)) for article in articles) >= 9, feature
    assert sum(article.published_at is None for article in articles) == 1
    assert sum("T00:00:00" in (article.published_at or "") for article in articles) >= 5
    every = [story for name in DEPARTMENTS for story in stories(name)]
    assert {story.markup for story in every} == {"plain", "justified", "word", "divisions", "breaks"}
    assert any(story.decomposed for story in every)
    roles = {part.role for story in every for part in story.parts}
    assert roles == {"paragraph", "heading", "caption", "list", "table", "signature", "padded", "credit"}


def test_texts_hold_the_words_that_widgets_hold(province: SampleProvince) -> None:
    everything = "\n".join(article.text for truth in province.truth().values() for article in truth.articles)
    for words in ("bình chọn", "Hôm nay, ", "thống kê", "lượt truy cập", "video", "đang truy cập", "lịch vạn niên",
                  "thăm dò ý kiến", "chia sẻ", "thời tiết", "Bản in", "góp ý", "tất cả", "chịu trách nhiệm"):  # fmt: skip
        assert words in everything, words


def test_no_widget_string_stands_in_an_article(province: SampleProvince) -> None:
    for truth in province.truth().values():
        for article in truth.articles:
            printed = f"{article.title}\n{article.text}\n{article.author}"
            assert not [string for string in truth.widgets if string in printed], article.url


def test_titles_and_texts_are_each_ones_own(province: SampleProvince) -> None:
    for truth in province.truth().values():
        titles = [article.title for article in truth.articles]
        assert len(set(titles)) == len(titles)
        texts = [article.text for article in truth.articles if article.kind == "article"]
        assert len(set(texts)) == len(texts)
        shared = [
            article
            for article in truth.articles
            if any(block.startswith("Căn cứ Luật Tổ chức") for block in article.blocks)
        ]
        assert len(shared) == 3


@pytest.mark.parametrize("name", sorted(DEPARTMENTS))
def test_the_prose_leaves_nothing_to_fill_in(name: str) -> None:
    for story in stories(name):
        texts = [
            story.title,
            story.lead or "",
            *(part.text for part in story.parts),
            *(i for p in story.parts for i in p.items),
        ]
        for text in texts:
            assert not re.search(r"[{}\[\]|]|  |\s[,.;]|\.\.|None", text), text
            assert unicodedata.is_normalized("NFC", text)
            assert text == text.strip()
        for part in story.parts:
            if part.role == "paragraph":
                assert part.text[0].isupper(), part.text
                assert part.text[-1] in ".:”", part.text


def test_the_province_is_the_same_in_every_process() -> None:
    code = (
        "import hashlib; from portal_crawler.sample.grammar import stories; "
        "print(hashlib.sha256(repr(stories('stp')).encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout


# The server


@pytest.mark.parametrize("spider", SPIDERS)
def test_every_article_is_printed_as_the_truth_says(province: SampleProvince, spider: str) -> None:
    truth = province.truth()[spider]
    for article in truth.articles:
        page = fetch(article.url)
        assert 10_000 < len(page.encode()) < 80_000
        shown = text_of(page)
        assert article.title is None or article.title in shown
        for block in article.blocks:
            for cell in block.split(" | "):
                assert cell in shown, (article.url, cell)
        for string in ("Lịch vạn niên", "Hoàng đạo", POLL, "-- Chọn liên kết --", "Tên đăng nhập", "Nhiệt độ:"):
            assert string in shown
        for alias in article.also_at:
            assert province.portals[spider].key_of(alias) == article.key


@pytest.mark.parametrize("spider", SPIDERS)
def test_every_address_tells_its_article(province: SampleProvince, spider: str) -> None:
    portal = province.portals[spider]
    for article in portal.truth().articles:
        assert portal.key_of(article.url) == article.key
        assert all(status(alias) == 200 for alias in article.also_at[:1])
    assert portal.key_of(f"{portal.base}/") is None


@pytest.mark.parametrize("spider", SPIDERS)
def test_counters_change_at_every_request_and_the_calendar_with_the_day(spider: str) -> None:
    day = TUESDAY
    with SampleProvince(clock=lambda: day) as running:
        url = running.truth()[spider].articles[0].url
        first, second = fetch(url), fetch(url)
        assert first != second
        assert 'class="homnay">4<' in first
        day = TUESDAY.replace(month=7, day=17)
        assert 'class="homnay">17<' in fetch(url)
        assert "Tháng 7 năm 2024" in fetch(url)


@pytest.mark.parametrize("spider", SPIDERS)
def test_what_is_broken_is_broken_as_announced(province: SampleProvince, spider: str) -> None:
    broken = province.truth()[spider].broken
    assert broken
    for url, reason in broken.items():
        if reason == "http_error":
            assert status(url) in (404, 500)
        elif reason == "empty_body":
            assert fetch(url) == ""
        elif reason == "not_html":
            with urlopen(url, timeout=10) as answer:
                assert answer.headers["Content-Type"].startswith("text/html")
                assert answer.read().startswith(b"%PDF-")
        else:
            assert reason == "no_article"
            assert status(url) == 200


def listed(page: str, portal_key: object) -> set[str]:
    return {key for href in html.fromstring(page).xpath("//a/@href") if (key := portal_key(href))}  # type: ignore[operator]


def test_liferay_pages_by_query_and_shows_one_article_under_many_addresses(province: SampleProvince) -> None:
    portal = province.portals["sample_sldtbxh"]
    first = fetch(f"{portal.base}/vi/tin-tuc-su-kien")
    pager = [href for href in html.fromstring(first).xpath("//a/@href") if "_101_cur=2" in href]
    assert pager
    second = fetch(f"{portal.base}{pager[0]}")
    mine = {str(story.number) for story in portal.on_page(0, 2)}
    assert mine <= listed(second, portal.key_of)
    assert not mine & listed(first, portal.key_of)
    article = portal.truth().articles[0]
    path = urlsplit(article.url).path
    for form in (f"/en{path}", f"/vi{path};jsessionid=0A1B", f"/vi{path}/vi/en"):
        assert article.title in text_of(fetch(portal.base + form))
    assert "View count" in fetch(f"{portal.base}/en{path}")


def test_sharepoint_pages_by_script(province: SampleProvince) -> None:
    portal = province.portals["sample_stp"]
    url = f"{portal.base}/tinhoatdong/Lists/Posts/AllPosts.aspx"
    seen: list[str] = []
    while url:
        page = fetch(url)
        seen += [key for key in listed(page, portal.key_of) if int(key) in portal.by_number]
        onclick = html.fromstring(page).xpath("//a/@onclick")
        found = re.search(r'RefreshPageTo\(event, "([^"]+)"', onclick[0]) if onclick else None
        assert not any("Paged=TRUE" in href for href in html.fromstring(page).xpath("//a/@href"))
        url = portal.base + found[1].replace("\\u0026", "&") if found else ""
    assert {str(story.number) for story in portal.listed(0)} <= set(seen)


def test_old_addresses_of_sharepoint_redirect(province: SampleProvince) -> None:
    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: object, **__: object) -> None:
            return None

    portal = province.portals["sample_stp"]
    with pytest.raises(HTTPError) as caught:
        build_opener(Stay).open(f"{portal.base}/tin/{portal.stories[0].number}.html", timeout=10)
    with caught.value as answer:
        assert answer.code == 301
        assert answer.headers["Location"].endswith(f"ID={portal.stories[0].number}")


def test_nukeviet_pages_by_path_and_its_feed_holds_what_no_list_shows(province: SampleProvince) -> None:
    portal = province.portals["sample_sgddt"]
    assert {str(story.number) for story in portal.on_page(0, 2)} <= listed(
        fetch(f"{portal.base}/tin-giao-duc/page-2/"), portal.key_of
    )
    assert status(f"{portal.base}/tin-giao-duc/page-99/") == 404
    feed = fetch(f"{portal.base}/rss/")
    assert portal.hidden
    for number in portal.hidden:
        assert f"-{number}.html</link>" in feed
        assert not any(number == story.number for section in range(4) for story in portal.listed(section))


def test_dotnetnuke_has_a_sitemap_in_gzip_with_what_no_list_shows(province: SampleProvince) -> None:
    portal = province.portals["sample_snnptnt"]
    assert f"Sitemap: {portal.base}/sitemap.xml" in fetch(f"{portal.base}/robots.txt")
    assert "sitemap-tin.xml.gz" in fetch(f"{portal.base}/sitemap.xml")
    with urlopen(f"{portal.base}/sitemap-tin.xml.gz", timeout=10) as answer:
        listed_there = gzip.decompress(answer.read()).decode()
    assert portal.hidden
    assert all(f"ID={number}<" in listed_there for number in portal.hidden)


def form_of(page: str) -> dict[str, str]:
    form = html.fromstring(page).forms[0]
    return {name: value or "" for name, value in form.form_values()}


LISTS = {
    "sample_snnptnt": ("/Default.aspx?tabid=84", "dnn$ctr421$newslist$ctl00$vbPaging$btnNext", ""),
    "sample_syt": ("/DanhSachTin.aspx?MenuID=1", "ctl00$cphMain$gvDanhSach", "Page$2"),
}


@pytest.mark.parametrize("spider", sorted(LISTS))
def test_postbacks_need_the_state_of_the_page_before(province: SampleProvince, spider: str) -> None:
    portal = province.portals[spider]
    path, target, argument = LISTS[spider]
    url = portal.base + path
    first = fetch(url)
    state = form_of(first)
    event = {"__EVENTTARGET": target, "__EVENTARGUMENT": argument}
    second = fetch(url, {**state, **event})
    expected = {str(story.number) for story in portal.on_page(0, 2)}
    assert expected <= listed(second, portal.key_of)
    assert form_of(second)["__VIEWSTATE"] != state["__VIEWSTATE"]
    assert form_of(fetch(url))["__VIEWSTATE"] != state["__VIEWSTATE"]
    # No state, a forged one, one of another page, an event that the page could not fire: an error, as in ASP.NET.
    assert status(url, event) == 500
    assert status(url, {**state, **event, "__VIEWSTATE": state["__VIEWSTATE"][:-8] + "AAAAAAA="}) == 500
    assert status(url, {**state, **event, "__EVENTVALIDATION": form_of(second)["__EVENTVALIDATION"]}) == 500
    assert status(url, {**state, "__EVENTTARGET": target, "__EVENTARGUMENT": "Page$99"}) == 500
    other = url.replace("tabid=84", "tabid=85").replace("MenuID=1", "MenuID=2")
    assert status(other, {**state, **event}) == 500


def test_all_pages_of_a_grid_are_reached_hop_by_hop(province: SampleProvince) -> None:
    portal = province.portals["sample_syt"]
    url = f"{portal.base}/DanhSachTin.aspx?MenuID=1"
    page, number, seen = fetch(url), 1, set()
    while True:
        seen |= listed(page, portal.key_of)
        calls = re.findall(r"__doPostBack\('([^']+)','(Page\$(\d+))'\)\">([^<]+)<", page)
        following = [call for call in calls if int(call[2]) == number + 1]
        if not following:
            break
        number += 1
        page = fetch(url, {**form_of(page), "__EVENTTARGET": following[0][0], "__EVENTARGUMENT": following[0][1]})
    assert number == portal.pages(0) >= 2
    assert {str(story.number) for story in portal.listed(0)} <= seen


def test_a_browsers_multipart_form_is_read(province: SampleProvince) -> None:
    portal = province.portals["sample_snnptnt"]
    path, target, _ = LISTS["sample_snnptnt"]
    fields = {**form_of(fetch(portal.base + path)), "__EVENTTARGET": target}
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    )
    request = Request(
        portal.base + path, f"{parts}--x--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=x"}
    )
    with urlopen(request, timeout=10) as answer:
        second = answer.read().decode()
    assert {str(story.number) for story in portal.on_page(0, 2)} <= listed(second, portal.key_of)


def test_a_taken_port_is_refused_and_nothing_stays_open(province: SampleProvince) -> None:
    taken = urlsplit(province.portals["sample_stp"].base).port
    assert taken
    with pytest.raises(OSError, match="in use"), SampleProvince((0, taken, 0, 0, 0)):
        pass
    with pytest.raises(ValueError, match="as many ports"):
        SampleProvince((0,))


def test_the_truth_is_written_as_json_lines(province: SampleProvince, tmp_path: Path) -> None:
    count = province.write_truth(tmp_path / "truth.jsonl")
    records = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text("utf-8").splitlines()]
    assert len(records) == count >= 300
    assert all(record["text"] for record in records)


# Scores


def exported(article: object, **changes: object) -> dict[str, object]:
    record = {
        name: getattr(article, name)
        for name in ("url", "title", "lead", "text", "author", "source", "kind", "tags", "section")
    }
    record |= {"canonical_url": record["url"], "published_at": article.published_at, "modified_at": article.modified_at}  # type: ignore[attr-defined]
    record |= {"images": [], "attachments": [], "document": None}
    return record | changes


def test_scores_count_what_is_missing_extra_wrong_and_leaked(province: SampleProvince) -> None:
    portal = province.portals["sample_syt"]
    truth = portal.truth()
    one, two, three = truth.articles[:3]
    records = [
        exported(one),
        exported(one),
        exported(two, title="Trang chủ", text=f"{two.text}\n\nLịch vạn niên", author="admin admin"),
        exported(three, canonical_url=f"{portal.base}/x?NewsID=1", url=f"{portal.base}/x"),
    ]
    found = score(truth, portal.key_of, records)
    assert (found.found, found.expected) == (2, len(truth.articles))
    assert len(found.extra) == 2
    assert three.url in found.missing
    assert found.exact["title"] == 1
    assert {string for _, string in found.leaked} == {"Lịch vạn niên", "admin admin"}
    assert 0.9 < found.f1 < 1
    assert not found.perfect
    assert score(truth, portal.key_of, map(exported, truth.articles)).perfect


def test_word_f1_counts_words_as_often_as_they_stand() -> None:
    assert word_f1("một hai hai", "một hai hai") == 1
    assert word_f1("một hai", "một hai hai") == pytest.approx(0.8)
    assert word_f1("", "") == 1
    assert word_f1("một", "hai") == 0
    assert word_f1(unicodedata.normalize("NFD", "Tiếng Việt"), "Tiếng Việt.") == 1


def test_what_the_article_says_itself_is_no_leak(province: SampleProvince) -> None:
    truth = province.truth()["sample_syt"]
    article = truth.articles[0]
    article.blocks.append("Lịch vạn niên")
    assert leaks(truth, article, exported(article)) == []


# Days


@pytest.mark.parametrize("kind", PORTALS, ids=lambda kind: kind.spider)
def test_a_day_brings_new_articles_edits_some_and_takes_some_down(kind: type[SamplePortal]) -> None:
    portal = kind(lambda: TUESDAY)
    before = {article.key: article.url for article in portal.truth().articles}
    news = NewsCalendar(portal, days=2, each=2)
    assert len(portal.truth().articles) == len(before) - 4
    for _ in range(2):
        old = {article.key: article.text for article in portal.truth().articles}
        day = news.turn()
        now = {article.key: article for article in portal.truth().articles}
        assert set(now) == (set(old) | set(day.new)) - set(day.gone)
        assert {key for key in now if key in old and now[key].text != old[key]} == set(day.edited)
        for key in (*day.new, *day.edited):
            assert portal.answer(Asked.parse("GET", now[key].url.removeprefix(portal.base))).status == 200
        for key in day.gone:
            assert portal.answer(Asked.parse("GET", before[key].removeprefix(portal.base))).status == 404
    with pytest.raises(ValueError, match="no more news"):
        news.turn()


# The whole crawl


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "scrapy.cmdline", "demo", "--output", str(folder), "--details"],
        cwd=Path(__file__).parents[1], env={**os.environ, "COLUMNS": "80", "SCRAPY_SETTINGS_MODULE": "portal_crawler.settings"},
        capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    return done, folder


def test_demo_finds_every_article_and_leaks_nothing(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = demo
    assert done.returncode == 0, done.stdout + done.stderr
    total = re.search(
        r"^ *all +(\d+)/(\d+) +0 +0 +([\d.]+)% +([\d.]+)% +([\d.]+)% +([\d.]+)% +0 *$", done.stdout, re.MULTILINE
    )
    assert total, done.stdout
    assert total[1] == total[2] == "357"
    assert float(total[3]) >= 99.5
    assert min(float(share) for share in total.groups()[3:]) >= 99
    assert "Every article found, no widget leaked" in done.stdout
    assert "portal-crawler show" in done.stdout
    assert "Traceback" not in done.stderr


def test_demo_leaves_whole_files_and_says_why_pages_were_rejected(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = demo
    assert not list(folder.rglob("*.part"))
    reasons: dict[str, set[str]] = {}
    for spider in SPIDERS:
        (export,) = [path for path in (folder / spider).glob("*.jsonl") if not path.name.endswith(".rejects.jsonl")]
        assert len(export.read_text("utf-8").splitlines()) >= 70
        (rejects,) = (folder / spider).glob("*.rejects.jsonl")
        for line in rejects.read_text("utf-8").splitlines():
            reject = json.loads(line)
            reasons.setdefault(reject["reason"], set()).add(spider)
    assert reasons["empty_body"] == {"sample_sgddt"}
    assert reasons["not_html"] == {"sample_snnptnt"}
    assert {"sample_stp", "sample_snnptnt", "sample_syt"} <= reasons["no_article"]
    assert set(SPIDERS) <= reasons["http_error"]


def test_demo_takes_no_arguments() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy.cmdline", "demo", "something"],
        cwd=Path(__file__).parents[1], env={**os.environ, "SCRAPY_SETTINGS_MODULE": "portal_crawler.settings"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "demo takes no arguments" in done.stdout + done.stderr
