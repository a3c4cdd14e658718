"""Portals that mislead: lists that move while they are read, folders that grow, validators and pagers that lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal_server import Answer, PortalServer, link, page
from test_frontier import exported, known_portal, run, text_of

from portal_crawler.crawling.chains import ListChains
from portal_crawler.crawling.state import PortalState
from portal_crawler.crawling.traps import PatternBudget

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Hội nghị tổng kết công tác tư pháp năm thứ {}"


def test_pages_of_a_list_are_asked_for_from_the_first_to_the_last(tmp_path: Path) -> None:
    """What is added at the top while they are read moves the others on: read backwards, some would be met on none."""
    state = PortalState(tmp_path / "a.sqlite")
    state.push(10, b"article 1")
    for number in range(2, 5):
        state.push(30, b"page %d" % number, in_turn=True)
    state.push(30, b"postback")
    assert [state.pop(), state.pop()] == [b"postback", b"page 2"]
    state.push(30, b"page 5", in_turn=True)
    state.push(10, b"article 2")
    rest = [b"page 3", b"page 4", b"page 5", b"article 2", b"article 1"]
    assert [state.pop() for _ in rest] == rest


def test_a_next_page_that_only_empty_pages_announce_is_not_asked_for() -> None:
    chains = ListChains()
    url = "http://a.example/tin?trang={}"

    def turned(number: int, articles: range) -> bool:
        shown = [f"a.example/{each}" for each in articles]
        return chains.turn(url.format(1), shown, number, url.format(number), {number + 1: url.format(number + 1)})

    assert turned(1, range(8))
    assert turned(2, range(8, 16))
    assert not turned(3, range(0))
    assert [broken.numbers for broken in chains.broken()] == [(3,)]  # one more look tells whether that was the end


def test_what_looks_like_an_article_and_is_none_keeps_no_budget_open() -> None:
    budget = PatternBudget(16)
    asked = 0
    for depth in range(100):
        key = f"a.example/{'sau/' * depth}khac/index.php?id={depth}"
        if budget.grants(url := f"http://{key}"):
            asked += 1
            budget.visited(url, (), article=key, content=depth)
            budget.refuted(url, key)
    assert 1 <= asked <= 25
    assert budget.refuted_grounds() & budget.exhausted_grounds()


def test_one_that_is_an_article_speaks_for_those_that_are_not() -> None:
    budget = PatternBudget(4)
    urls = [f"http://a.example/kho/muc-{number}/" for number in range(30)]
    for number, url in enumerate(urls[:3]):
        budget.visited(url, (), article=url, content=number)
        budget.refuted(url, url)
    budget.visited(urls[3], (), article=urls[3], content=3)
    assert budget.refuted_grounds()
    budget.confirmed(urls[3], urls[3])
    assert not budget.refuted_grounds()
    assert [budget.grants(url) for url in urls[4:8]] == [True] * 4


def test_an_etag_that_all_pages_share_tells_nothing(tmp_path: Path) -> None:
    pages = known_portal()
    headers = {"Content-Type": "text/html; charset=utf-8", "ETag": '"v1"'}

    def answered(text: str) -> Any:
        return lambda seen: Answer("", 304, headers) if seen.if_none_match == '"v1"' else Answer(text, 200, headers)

    path = "/tin-tuc/hoi-nghi-tong-ket-3.html"
    with PortalServer({each: answered(text) for each, text in pages.items()}) as server:
        assert run(tmp_path, f"{server.url}/", "-a", "platform=nukeviet") == 0
        server.pages[path] = answered(text_of(3, "<p>Đính chính: hội nghị diễn ra ngày 06/3.</p>"))
        assert run(tmp_path, f"{server.url}/", "-a", "platform=nukeviet", "--full") == 0
    assert [item["url"] for item in exported(tmp_path) if item["version"] == 2] == [server.url + path]


def test_what_strangers_put_in_the_place_of_a_new_article_is_asked_for_again(tmp_path: Path) -> None:
    """Their page stands in the portal's frame, whose box of the latest news names the article."""
    pages = known_portal(12)
    path, title = "/tin-tuc/hoi-nghi-tong-ket-3.html", "Hội nghị tổng kết công tác tư pháp năm thứ 3"
    pages["/"] = pages["/"].replace(f"Hội nghị tổng kết công tác số {path}", title)
    casino = "Nhà cái uy tín với casino trực tuyến, xóc đĩa, baccarat, bắn cá đổi thưởng, cá cược bóng đá, nổ hũ."
    spam = page(f"<h1>Nhà cái số 1: nạp đầu tặng 100k</h1><p>{casino}</p><p>{casino}</p>", link(path, title))
    with PortalServer(pages | {path: spam}) as server:
        options = (f"{server.url}/", "-a", "platform=nukeviet")
        run(tmp_path, *options)
        assert len(exported(tmp_path)) == 11
        server.pages[path] = pages[path]
        run(tmp_path, *options)
    assert server.url + path in {item["url"] for item in exported(tmp_path)}
