"""What addresses carry that says nothing is learned for each site, and what may say something stays."""

from __future__ import annotations

import json
import pickle
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pytest
from crawl import crawl
from portal_server import MATTERS, PortalServer, Seen, article, link, page
from test_commands import run

from portal_crawler.crawling.spellings import Spellings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOST = "http://a.example"
TOLD = ("Lãnh đạo Sở làm việc", "Kết luận thanh tra")
PATHS = [f"/tin/bai-viet-so-{number}.html" for number in range(1, 7)]


def links(query: str, paths: Iterable[str] = PATHS) -> list[str]:
    return [f"{HOST}{path}?{query}" for path in paths]


def test_a_session_is_recognised_by_its_second_value() -> None:
    spellings = Spellings()
    assert not spellings.read(HOST, links("phien=0a8812"))
    assert spellings.read(HOST, links("phien=77ff01"))
    assert spellings.plain(f"{HOST}/x.html?id=3&phien=1234ab") == f"{HOST}/x.html?id=3"


@pytest.mark.parametrize(
    "pages",
    [
        [links("lang=vi"), links("lang=en"), links("lang=vi"), links("lang=en")],
        [links(f"muc={number}") + links("muc=99") for number in range(8)],
        [links(f"id=a1b2c3{number}", PATHS[:2]) for number in range(8)],
        [links(f"phien=a1b2c3{number}", [f"/{number}{path}" for path in PATHS]) for number in range(8)],
    ],
    ids=["languages", "several values on a page", "few paths", "other paths on every page"],
)
def test_what_may_identify_is_no_session(pages: list[list[str]]) -> None:
    spellings = Spellings()
    assert not any(spellings.read(HOST, urls) for urls in pages)


TOKENS = [f"~x7c2m9q4{number:08x}" for number in range(9)]


def in_folder(folder: str, paths: Iterable[str] = PATHS) -> list[str]:
    return [f"{HOST}{folder}{path}" for path in paths]


@pytest.mark.parametrize("folder", ["", "/web"])
def test_a_session_in_the_path_is_recognised_on_pages_that_write_another_than_they_bear(folder: str) -> None:
    spellings = Spellings()
    first, second, third = (f"{folder}/{token}" for token in TOKENS[:3])
    assert not spellings.read(f"{HOST}/", in_folder(first))
    assert spellings.read(f"{HOST}{first}/tin", in_folder(second))
    for start in (HOST, HOST.replace("http://", "https://www."), "a.example"):
        assert spellings.plain(f"{start}{third}/tin/x.html?id=3") == f"{start}{folder}/tin/x.html?id=3"
    assert spellings.key(f"a.example/khac{third}/tin/x.html") == f"a.example/khac{third}/tin/x.html"
    assert pickle.loads(pickle.dumps(spellings)).plain(f"{HOST}{first}/tin/") == f"{HOST}{folder}/tin/"


def test_portals_side_by_side_with_tokens_for_names_stay_apart() -> None:
    spellings = Spellings()
    for own, other in pairwise(TOKENS):
        page_of_one = in_folder(f"/{own}", PATHS[:2]) + in_folder(f"/{other}", PATHS)
        assert not spellings.read(f"{HOST}/{own}/", page_of_one)
        assert not spellings.read(f"{HOST}/{own}/tin", in_folder(f"/{own}"))
        assert not spellings.read(f"{HOST}/xa-an-phu/{own}/", in_folder("/xa-an-phu-so-12"))
    assert not spellings.prefixes


def shown() -> Spellings:
    """What is known when all pages have come under their plain addresses."""
    spellings = Spellings()
    assert not any(spellings.waits(f"{HOST}{path}") for path in PATHS)
    assert not any(spellings.shown(f"{HOST}{path}", number) for number, path in enumerate(PATHS))
    return spellings


def test_one_witness_proves_what_changes_nothing() -> None:
    spellings = shown()
    assert [spellings.waits(url) for url in links("in=1")] == [False] + [True] * 5
    assert spellings.is_witness(links("in=1")[0])
    assert spellings.shown(links("in=1")[0], 0)
    assert spellings.released() == []
    assert spellings.key("a.example/tin/bai-viet-so-9.html?in=1") == "a.example/tin/bai-viet-so-9.html"
    assert spellings.key("a.example/tin.aspx?in=1") == "a.example/tin.aspx?in=1", "another form of path"


@pytest.mark.parametrize("content", [77, None])
def test_what_changes_the_page_lets_go_of_those_that_wait(content: int | None) -> None:
    spellings = shown()
    first, *waiting = links("phan=2")
    assert [spellings.waits(url) for url in (first, *waiting)] == [False] + [True] * 5
    assert not spellings.shown(first, content)
    assert spellings.released() == waiting
    assert not spellings.idle


def test_a_witness_that_never_comes_holds_nothing_up() -> None:
    spellings = shown()
    waiting = [url for url in links("in=1") if spellings.waits(url)]
    assert spellings.released() == []
    assert spellings.released(dry=True) == waiting
    assert spellings.released(dry=True) == []


def test_a_page_that_never_comes_holds_nothing_up() -> None:
    spellings = Spellings()
    assert not any(spellings.waits(f"{HOST}{path}") for path in PATHS)
    assert all(spellings.waits(url) for url in links("in=1"))
    spellings.shown(f"{HOST}{PATHS[3]}", 3)
    assert spellings.released() == links("in=1")[3:4], "the witness is the one that can be compared"
    assert sorted(spellings.released(dry=True)) == [url for url in links("in=1") if PATHS[3] not in url]
    assert spellings.released(dry=True) == []


def test_numbers_of_pages_are_never_taken_for_nothing() -> None:
    spellings = Spellings()
    assert not spellings.waits(f"{HOST}{PATHS[0]}")
    assert not any(spellings.waits(f"{HOST}{PATHS[0]}?page={number}") for number in range(2, 9))
    spellings.shown(f"{HOST}{PATHS[0]}", 1)
    assert not spellings.shown(f"{HOST}{PATHS[0]}?page=2", 1)


def test_letter_case_is_learned_and_written_to_disk() -> None:
    spellings = Spellings()
    spellings.waits(f"{HOST}{PATHS[0]}")
    spellings.waits(f"{HOST}{PATHS[0].upper()}?in=1")
    spellings.shown(f"{HOST}{PATHS[0]}", 1)
    assert spellings.released() == [f"{HOST}{PATHS[0].upper()}?in=1"]
    assert spellings.shown(f"{HOST}{PATHS[0].upper()}?in=1", 1)
    known = pickle.loads(pickle.dumps(spellings))
    assert known.key("a.example/TIN/BAI-VIET-SO-3.html?in=1") == "a.example/tin/bai-viet-so-3.html"


def test_an_article_under_many_addresses_is_one_item() -> None:
    titles = [f"Hội nghị tổng kết công tác năm của đơn vị số {number}" for number in range(1, 7)]
    turn = count()

    def box(_: Seen) -> str:
        form = ("", "?in=1", "?nguon=trang-chu")[next(turn) % 3]
        return "".join(link(f"{path}{form}", title) for path, title in zip(PATHS, titles, strict=True))

    def shows(title: str) -> object:
        return lambda seen: article(title).replace("</body>", f"{box(seen)}</body>")

    pages = {f"{path}{form}": shows(title) for path, title in zip(PATHS, titles, strict=True)
             for form in ("", "?in=1", "?nguon=trang-chu")}  # fmt: skip
    with PortalServer({"/": lambda seen: page(box(seen)), **pages}) as server:  # type: ignore[dict-item]
        done = crawl("unseen", {"CONCURRENT_REQUESTS": 1}, url=f"{server.url}/")
        asked = [path for path in server.paths if path.startswith("/tin/")]
    assert sorted(url.partition("?")[0].removeprefix(server.url) for url in done.urls) == PATHS
    assert len(asked) <= len(PATHS) + 2, asked
    assert any(capture["also_at"] for capture in done.captures)


def test_addresses_that_are_too_long_are_told_and_counted_once() -> None:
    long = f"/tin/bai-viet-rat-dai-so-1.html?nguon={'x' * 2100}"
    with PortalServer({"/": page(link("/muc/", "Mục"), link(long, "Bài")), "/muc/": page(link(long, "Bài"))}) as server:
        done = crawl("unseen", url=f"{server.url}/")
        assert not server.asked(long)
    assert done.stats["addresses/too_long"] == 1, done.log
    assert "an address of 2" in done.log


@pytest.mark.parametrize("apart", [True, False], ids=["each-tab-counts", "one-article-on-two-tabs"])
def test_tabs_that_count_apart_hide_no_article_and_double_none(tmp_path: Path, apart: bool) -> None:
    """DotNetNuke's modules may count each for itself; which article has which identity does not change."""
    titles = [f"{word} về việc {matter}" for word, matter in zip(TOLD * 5, MATTERS, strict=False)]
    pages: dict[str, object] = {}
    lists: dict[int, list[str]] = {55: [], 60: []}
    for number in range(1, 6):
        for tab, shown in lists.items():
            path = f"/tin/tabid/{tab}/id/{number}/default.aspx"
            title = titles[number + 5 * (apart and tab == 60) - 1]
            pages[path] = article(title)
            shown.append(link(path, title))
    pages |= {f"/tin/tabid/{tab}/default.aspx": page(*links) for tab, links in lists.items()}
    pages["/"] = page(*(link(f"/tin/tabid/{tab}/default.aspx", f"Mục {tab}") for tab in lists))
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        quick = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=False", "--no-archive")
        given = ("crawl", "unseen", "-a", f"url={server.url}/", "-a", "platform=dotnetnuke", *quick)
        for more in ((), ("--full",)):
            code, _, said = run(tmp_path, *given, *more)
            assert code == 0, said
    paths = tmp_path.glob("exports/unseen/*Z.jsonl")
    found = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    assert sorted(each["title"] for each in found) == sorted(titles[: 10 if apart else 5])
