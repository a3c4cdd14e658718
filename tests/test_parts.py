"""Articles on several pages come out as one; pagers of other lists do not."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import forked
import pytest
from portal_server import Answer, PortalServer, article, body, link, page
from scrapy.cmdline import execute
from test_project import articles, command, crawl, environment, rejects
from test_replay import archive_of

from portal_crawler.crawling.parts import next_part, numbered
from portal_crawler.extraction.page import parse_html

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Báo cáo tổng kết công tác phòng chống thiên tai của tỉnh năm qua"
ADDRESS = "/tin-tuc/bao-cao-tong-ket-cong-tac-phong-chong-thien-tai-31.html"


def part(number: int, of: int, pager: str = "?page={}") -> str:
    links = "".join(link(ADDRESS + pager.format(n), str(n)) for n in range(1, of + 1) if n != number)
    text = body(f"{TITLE}, phần {number}")
    return page(
        f'<div id="main"><h1>{TITLE}</h1><div class="content">{text}</div><div class="pages">Trang: {links}</div></div>',
        title=TITLE,
    )


def portal(**pages: Any) -> dict[str, Any]:
    others = {f"/tin-tuc/{slug(n)}-{n}.html": article(f"{name(n)} trong quý này") for n in range(1, 9)}
    links = [link(path, name(n + 1)) for n, path in enumerate(others)]
    listing = page("<h1>Tin tức</h1><ul>", *(f"<li>{one}</li>" for one in [link(ADDRESS, TITLE), *links]), "</ul>")
    return {"/": listing, **others, **pages}


def name(number: int) -> str:
    drawn = random.Random(number)
    return f"Hội nghị {drawn.choice('một hai ba bốn năm'.split())} số {number} của ngành nội vụ các huyện"


def slug(number: int) -> str:
    return f"hoi-nghi-so-{number}-cua-nganh-noi-vu-cac-huyen"


def text_of(number: int) -> list[str]:
    return [block[3:] for block in body(f"{TITLE}, phần {number}").split("</p>") if block]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://a.vn/tin/x-31.html", "http://a.vn/tin/x-31.html?page=2"),
        ("http://a.vn/tin/x-31.html", "http://www.a.vn/tin/x-31.html?trang=2"),
        ("http://a.vn/x.aspx?id=5", "http://a.vn/x.aspx?id=5&p=2"),
        ("http://a.vn/2024/03/bai/", "http://a.vn/2024/03/bai/2/"),
        ("http://a.vn/2024/03/bai/", "http://a.vn/2024/03/bai/page/2/"),
        ("http://a.vn/bai.html", "http://a.vn/bai-p2.html"),
        ("http://a.vn/bai.htm", "http://a.vn/bai_2.htm"),
        ("http://a.vn/tin/articleId/9/bai.aspx", "http://a.vn/tin/articleId/9/PageIndex/2/bai.aspx"),
        ("http://a.vn/tin/tabid/2/id/9/bai.aspx", "http://a.vn/tin/tabid/2/id/9/2/bai.aspx"),
        ("http://a.vn/tin/2/2/bai", "http://a.vn/tin/2/2/2/bai"),
        ("http://a.vn/tin/bai.html?m=1", "http://a.vn/trang-2/tin/bai.html?m=1"),
    ],
)
def test_forms_of_a_second_page(first: str, second: str) -> None:
    html = page("<p>chữ</p>", link(second, "2"), link("/khac?page=2", "2"))
    assert next_part(parse_html(first, html.encode()), first, 1) == second
    assert next_part(parse_html(first, html.encode()), first, 2) is None


@pytest.mark.parametrize(
    ("second", "label"),
    [
        ("/tin/PageIndex/2/bai.html", "Bài khác"),
        ("/tin/PageIndex/3/bai.html", "2"),
        ("/tin/a/b/2/bai.html", "2"),
        ("/tin/2/bai.html?m=1", "2"),
        ("/tin/quy-2-nam/bai.html", "2"),
    ],
)
def test_no_segment_carries_on_an_article_but_the_number_of_its_link(second: str, label: str) -> None:
    html = page("<p>chữ</p>", link(second, label))
    first = "http://a.vn/tin/bai.html"
    assert next_part(parse_html(first, html.encode()), first, 1) is None


def test_an_address_without_a_number_is_no_part() -> None:
    assert numbered("http://a.vn/tin/bai-viet.html") is None


def test_pagers_of_comments_lead_to_comments() -> None:
    html = page("<p>chữ</p>", f"<div class='comments'>{link('/bai.html?page=2', '2')}</div>")
    assert next_part(parse_html("http://a.vn/bai.html", html.encode()), "http://a.vn/bai.html", 1) is None


def inner(number: int) -> str:
    return ADDRESS.replace("/tin-tuc/", f"/tin-tuc/PageIndex/{number}/")


def test_parts_are_joined_whose_number_stands_inside_the_path_live_and_replayed(tmp_path: Path) -> None:
    texts = {number: part(number, 3, "#{}") for number in (1, 2, 3)}
    for n in (1, 2, 3):
        texts = {number: text.replace(f'"{ADDRESS}#{n}"', f'"{inner(n)}"') for number, text in texts.items()}
    pages = portal(**{ADDRESS: texts[1]} | {inner(number): text for number, text in texts.items()})
    with PortalServer(pages) as server:
        crawl(server.url, tmp_path)
        found = {one["url"].removeprefix(server.url): one for one in articles(tmp_path)}
        again = tmp_path / "again"
        again.mkdir()
        replay(server.url, archive_of(tmp_path / "portal.warc.gz", pages, server.url), again)
    assert len(found) == 9
    whole = found[ADDRESS]
    assert whole["text"].split("\n\n") == [*text_of(1), *text_of(2), *text_of(3)]
    assert [url.removeprefix(server.url) for url in whole["parts"]] == [inner(2), inner(3)]
    replayed = {one["url"]: one for one in articles(again)}[whole["url"]]
    assert (replayed["text"], replayed["parts"]) == (whole["text"], whole["parts"])


@pytest.mark.parametrize("pager", ["?page={}", "?trang={}"])
def test_all_pages_of_an_article_are_one_item_live_and_replayed(tmp_path: Path, pager: str) -> None:
    parts = {ADDRESS: part(1, 3, pager)} | {ADDRESS + pager.format(n): part(n, 3, pager) for n in (1, 2, 3)}
    pages = portal(**parts)
    with PortalServer(pages) as server:
        done = crawl(server.url, tmp_path)
        assert done.returncode in (0, 10), done.stderr
        found = {one["url"].removeprefix(server.url): one for one in articles(tmp_path)}
        whole = found[ADDRESS]
        assert whole["text"].split("\n\n") == [*text_of(1), *text_of(2), *text_of(3)]
        assert [url.removeprefix(server.url) for url in whole["parts"]] == [ADDRESS + pager.format(n) for n in (2, 3)]
        assert whole["title"] == TITLE
        assert whole["html"].count("<p>") == len(whole["text"].split("\n\n"))
        assert whole["http"]["flags"] == []
        assert len(found) == 9
        assert all(not one["parts"] for url, one in found.items() if url != ADDRESS)
        again = tmp_path / "again"
        again.mkdir()
        path = archive_of(tmp_path / "portal.warc.gz", pages, server.url)
        assert replay(server.url, path, again).returncode in (0, 10)
    replayed = {one["url"]: one for one in articles(again)}[whole["url"]]
    assert (replayed["text"], replayed["parts"], replayed["html"]) == (whole["text"], whole["parts"], whole["html"])


def test_a_replay_marks_the_article_whose_later_page_its_files_lack(tmp_path: Path) -> None:
    pages = portal(**{ADDRESS: part(1, 3), f"{ADDRESS}?page=2": part(2, 3)})
    host = "http://so.example.gov.vn"
    replay(host, archive_of(tmp_path / "portal.warc.gz", pages, host), tmp_path)
    whole = next(one for one in articles(tmp_path) if one["url"] == host + ADDRESS)
    assert whole["text"].split("\n\n") == [*text_of(1), *text_of(2)]
    assert whole["http"]["flags"] == ["missing_part"]


def replay(url: str, path: Path, folder: Path) -> Any:
    return forked.run(execute, [*command(url)[3:], "-a", f"warc={path}"], cwd=folder, env=environment())


def test_a_page_that_cannot_be_had_costs_only_itself(tmp_path: Path) -> None:
    pages = portal(**{ADDRESS: part(1, 3), f"{ADDRESS}?page=2": part(2, 3), f"{ADDRESS}?page=3": Answer("weg", 500)})
    with PortalServer(pages) as server:
        crawl(server.url, tmp_path)
        whole = next(one for one in articles(tmp_path) if one["url"] == server.url + ADDRESS)
        assert whole["text"].split("\n\n") == [*text_of(1), *text_of(2)]
        assert whole["http"]["flags"] == ["missing_part"]
        assert rejects(tmp_path)[f"{server.url}{ADDRESS}?page=3"] == "http_error"


def test_the_pager_of_another_list_adds_nothing_to_an_article(tmp_path: Path) -> None:
    """The same article, asked for with ?page=2, shows other related news below the same text."""

    def with_list(path: str) -> str:
        return article(name(int(path.rsplit("-", maxsplit=1)[-1].removesuffix(".html"))), link(f"{path}?page=2", "2"))

    pages = portal()
    stories = [path for path in pages if path != "/"]
    pages |= {path: with_list(path) for path in stories}
    pages |= {f"{path}?page=2": with_list(path).replace("?page=2", "?page=3") for path in stories}
    with PortalServer(pages) as server:
        crawl(server.url, tmp_path)
        assert len(articles(tmp_path)) == len(stories)
        assert all(not one["parts"] for one in articles(tmp_path))
        assert max(Counter(path for path in server.paths if path != "/robots.txt").values()) == 1
        assert not any("page=4" in path for path in server.paths)
