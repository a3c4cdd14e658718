"""Answers to wrong addresses that claim to be pages; pages that load themselves again."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from crawl import crawl
from portal_server import HTML, MATTERS, PLACES, Answer, PortalServer, Seen, article, body, link, page

from portal_crawler.crawling.apologies import IMPOSSIBLE, impossible, is_probe

PATHS = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, 5)]
GENERATOR = '<meta name="generator" content="NukeViet v4.5">'
MENU = "".join(link(f"/muc-{number}/", f"Chuyên mục số {number}") for number in range(6))


def missing(seen: Seen) -> str:
    """A portal's own page for wrong addresses, with a counter and the address in it."""
    visits = 1000 + len(seen.path) * 37
    return page(MENU, f"<p>Trang {seen.path} bạn tìm không tồn tại hoặc đã bị xóa.</p><p>Lượt truy cập: {visits}</p>")


def test_pages_that_are_not_there_are_told_by_the_site_itself() -> None:
    gone = {"/tin-tuc/da-xoa-8.html": missing, "/tin-tuc/da-xoa-bai-viet-dai-9.html": missing}
    pages = {path: article(f"Hội nghị tổng kết {path}", MENU) for path in PATHS}
    home = page(GENERATOR, *(link(path, f"Bài viết {path}") for path in [*pages, *gone]))
    with PortalServer({"/": home, "*": missing, "/robots.txt": Answer("", 404), **pages, **gone}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
        probes = sum("does-this-page-exist" in path for path in server.paths)
    assert {capture["url"] for capture in done.captures} == {server.url + path for path in PATHS}, done.log
    told = {reject["url"].removeprefix(server.url): reject["reason"] for reject in done.rejected}
    assert {path: told.get(path) for path in gone} == dict.fromkeys(gone, "soft_404")
    assert probes == 1


def test_an_answer_that_is_another_each_time_is_told_by_its_regret() -> None:
    def missing(seen: Seen) -> str:
        said = "<p>Nội dung quý vị tìm không tồn tại trên hệ thống.</p>"
        return page(MENU, "<h1>Rất tiếc</h1>", said, body(f"Có thể quý vị quan tâm {seen.path}"))

    gone = {"/tin-tuc/da-xoa-bai-viet-dai-9.html": missing}
    pages = {path: article(f"Hội nghị tổng kết {path}", MENU) for path in PATHS}
    # An article may speak of what does not exist.
    pages[PATHS[0]] = pages[PATHS[0]].replace("<p>", "<p>Trang thông tin giả mạo này không tồn tại trên hệ thống. ", 1)
    home = page(GENERATOR, *(link(path, f"Bài viết {path}") for path in [*pages, *gone]))
    with PortalServer({"/": home, "*": missing, "/robots.txt": Answer("", 404), **pages, **gone}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
    assert {capture["url"] for capture in done.captures} == {server.url + path for path in PATHS}, done.log
    told = {reject["url"].removeprefix(server.url): reject["reason"] for reject in done.rejected}
    assert {path: told.get(path) for path in gone} == dict.fromkeys(gone, "soft_404")


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1258"])
def test_a_page_with_little_beside_the_frame_is_not_the_answer_to_a_wrong_address(encoding: str) -> None:
    """The answer regrets something, whatever encoding it is in; the form of an archive does not."""

    def encoded(text: str) -> Answer:
        if encoding != "utf-8":  # it writes tones behind their letters
            told = r"(\w)(\u0323?)([\u0302\u0306\u031b])"
            parted = unicodedata.normalize("NFD", text)
            text = re.sub(told, lambda found: unicodedata.normalize("NFC", found[1] + found[3]) + found[2], parted)
        return Answer(text.encode(encoding))

    syllables = " ".join(first + rest for first in "bcdghklmnst" for rest in ("an", "ang", "inh", "ong", "um", "ut"))
    frame = MENU + "".join(f"<p>{said}</p>" for said in (*MATTERS, *PLACES, syllables))
    pages = {path: encoded(article(f"Hội nghị tổng kết {path}", frame)) for path in PATHS}
    pages["/"] = encoded(page(GENERATOR, frame, link("/luu-tru/", "Lưu trữ")))
    pages["/luu-tru/"] = encoded(page(frame, *(link(path, f"Hội nghị tổng kết {path[-6]}") for path in PATHS)))
    with PortalServer({"*": encoded(page(frame, "<p>Bản tin này không tồn tại!</p>")), **pages}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
    assert {capture["url"] for capture in done.captures} == {server.url + path for path in PATHS}, done.rejected


def test_an_honest_site_and_short_articles_lose_nothing() -> None:
    pages = {path: page(MENU, f"<h1>Thông báo {path}</h1><p>Nghỉ lễ ngày {n}.</p>") for n, path in enumerate(PATHS)}
    home = page(GENERATOR, *(link(path, f"Bài viết {path}") for path in pages))
    with PortalServer({"/": home, **pages}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
    assert len(done.captures) == len(PATHS), done.log


PROBE = re.compile("198765432[12]")


def program(paths: list[str], answer: Callable[[Seen], Answer | str]) -> dict[str, Any]:
    """A portal whose wrong paths are honest, and whose program answers for the articles that it does not have."""

    def any_other(seen: Seen) -> Answer | str:
        if seen.path.startswith("/muc-"):
            return page(MENU)
        return answer(seen) if seen.path.startswith("/tin-tuc/") else Answer("<h1>404</h1>", 404)

    pages = {path: article(f"Hội nghị tổng kết công tác tư pháp {path}", MENU) for path in PATHS}
    links = (link(path, f"Hội nghị tổng kết công tác tư pháp {path}") for path in paths)
    return {"/": page(GENERATOR, MENU, *links), "*": any_other, **pages}


def sorry(seen: Seen) -> str:
    """An apology with other news each time."""
    others = random.Random(seen.path).sample(PATHS, 2)
    links = (link(path, f"Hội nghị tổng kết công tác tư pháp {path}") for path in others)
    return page(MENU, "<h1>Trang bạn tìm không còn</h1><p>Mời bạn xem các tin khác:</p>", *links)


@pytest.mark.parametrize("first", [True, False], ids=["a dead link comes first", "an article comes first"])
def test_the_program_of_the_articles_may_have_an_answer_of_its_own(*, first: bool) -> None:
    dead = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in (77, 78)]
    paths = [*PATHS, *dead] if first else [*dead, *PATHS]  # what was queued last is asked for first
    with PortalServer(program(paths, sorry)) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
        probes = [path for path in server.paths if PROBE.search(path)]
    assert {capture["url"] for capture in done.captures} == {server.url + path for path in PATHS}, done.log
    told = {reject["url"].removeprefix(server.url): reject["reason"] for reject in done.rejected}
    assert told == dict.fromkeys(dead, "soft_404")
    assert len(probes) == done.stats["traps/soft_probes"] == 2


def test_an_honest_program_is_asked_once_for_each_form_of_its_addresses_and_only_if_a_title_is_missing() -> None:
    pages = program(PATHS, lambda _: Answer("<h1>404</h1>", 404))
    asked = []
    with PortalServer(pages) as server:
        for _ in range(2):
            server.log.clear()
            done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
            assert len(done.captures) == len(PATHS) and not done.rejected, done.log
            asked.append(sum(bool(PROBE.search(path)) for path in server.paths))
            for path in PATHS[:2]:
                server.pages[path] = article(f"Một đầu đề khác {path}", MENU)
    assert asked == [0, 1]


def test_what_robots_txt_forbids_is_not_asked_of_a_program() -> None:
    rules = Answer(f"User-agent: *\nDisallow: /*{IMPOSSIBLE[0]}\n", headers={"Content-Type": "text/plain"})
    pages = program(PATHS, sorry)
    pages[PATHS[0]] = article("Một đầu đề khác", MENU)
    with PortalServer({**pages, "/robots.txt": rules}) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
        assert not any(map(PROBE.search, server.paths))
    assert len(done.captures) == len(PATHS) and not done.rejected, done.log


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: article(f"Hội nghị tổng kết công tác tư pháp {PATHS[1]}", MENU),
        lambda _: page(MENU, "<p>Không tìm thấy bình luận nào</p>"),
        lambda _: page(MENU),
        lambda seen: article("Khác", f"<p>{seen.path}</p>"),
    ],
    ids=["its latest article", "a page without an article", "the menu", "an article of its own"],
)
def test_programs_that_answer_any_number_lose_no_article(answer: Callable[[Seen], str]) -> None:
    pages = program(PATHS, answer)
    pages[PATHS[2]] = pages[PATHS[2]].replace("</h1>", "</h1><p>Không tìm thấy bình luận nào</p>")
    pages[PATHS[3]] = page(MENU, f"<h1>Hội nghị tổng kết công tác tư pháp {PATHS[3]}</h1>")
    pages[PATHS[1]] = article("Một đầu đề khác", "<p>Không tìm thấy bình luận nào</p>", MENU)
    with PortalServer(pages) as server:
        done = crawl("unseen", {"PORTAL_SOFT_404": True}, url=f"{server.url}/", platform="nukeviet")
    assert len(done.captures) == len(PATHS), done.log


@pytest.mark.parametrize(
    ("url", "probe"),
    [
        ("https://a.vn/tin/bai-a777.html", "https://a.vn/tin/bai-a{}.html"),
        ("https://a.vn/2024/tin-20-11-id5.html", "https://a.vn/2024/tin-20-11-id{}.html"),
        ("https://a.vn/tabid/12/itemid/34/Default.aspx", "https://a.vn/tabid/12/itemid/{}/Default.aspx"),
        ("https://a.vn/chi-tiet.aspx?id=9&page=2", "https://a.vn/chi-tiet.aspx?id={}&page=2"),
        ("https://a.vn/xem.php?ma=7#x", "https://a.vn/xem.php?ma={}"),
        ("https://a.vn/tin/hoi-nghi-tong-ket/", "https://a.vn/tin/hoi-nghi-tong-ket-{}/"),
        ("https://a.vn/bai9.htm;jsessionid=K3V0", "https://a.vn/bai{}.htm"),
        ("https://a.vn/hoi-nghi.html", "https://a.vn/hoi-nghi-{}.html"),
    ],
)
def test_addresses_of_articles_that_cannot_exist(url: str, probe: str) -> None:
    assert [impossible(url, number) for number in IMPOSSIBLE] == [probe.format(number) for number in IMPOSSIBLE]
    assert is_probe(impossible(url, IMPOSSIBLE[0])) and not is_probe(url)


def refresh(content: str) -> str:
    return f'<meta http-equiv="refresh" content="{content}">'


def test_a_refresh_is_followed_to_what_is_new_alone() -> None:
    links = [link(path, f"Bài viết {path}") for path in PATHS]
    pages = {path: article(f"Hội nghị tổng kết {path}") for path in PATHS}
    pages[PATHS[0]] = article("Tự tải lại", refresh(f"5; url={PATHS[0]}"))
    pages[PATHS[1]] = article("Về trang chủ", refresh("0; url=/"))
    pages[PATHS[2]] = article("Ra ngoài", refresh("0; url=http://169.254.169.254/"))
    with PortalServer({"/": page(refresh("0; url=/portal/"), "Đang chuyển"), **pages}) as server:
        server.pages["/portal/"] = page(GENERATOR, refresh("60"), refresh("3; url=/portal/"), *links)
        done = crawl("unseen", url=f"{server.url}/", platform="nukeviet")
        assert server.asked("/portal/") == server.asked(PATHS[0]) == 1
    assert len(done.captures) == len(PATHS), done.log


def test_a_refresh_that_a_header_asks_for_is_followed_too() -> None:
    links = [link(path, f"Bài {path}") for path in PATHS]
    with PortalServer({"/": page(GENERATOR, *links)}) as server:
        for path in PATHS:
            server.pages[path] = Answer("", headers={"Content-Type": HTML, "Refresh": f"0; url={path}?xem=1"})
            server.pages[f"{path}?xem=1"] = article(f"Bài {path}")
        done = crawl("unseen", url=f"{server.url}/", platform="nukeviet")
    assert len(done.captures) == len(PATHS) and not done.rejected, done.log


def test_a_page_that_comes_empty_is_asked_for_once_more() -> None:
    """With rules and without; what stays empty is told, and counts as an article that was lost."""
    pages = {
        f"/tin/hoi-nghi-tong-ket-cong-tac-nam-{number}.html": f"Hội nghị tổng kết công tác, lần thứ {number}"
        for number in range(20, 29)
    }
    empty = "/tin/hoi-nghi-tong-ket-cong-tac-nam-29.html"
    links = [link(path, title) for path, title in (*pages.items(), (empty, "Hội nghị tổng kết công tác, lần cuối"))]
    asked: list[str] = []

    def answer(seen: Seen) -> str:
        asked.append(seen.path)
        return article(pages[seen.path]) if asked.count(seen.path) > 1 else ""

    for generator in (GENERATOR, ""):
        asked.clear()
        with PortalServer({"/": page(generator, *links), **dict.fromkeys(pages, answer), empty: ""}) as server:
            done = crawl("unseen", {"RETRY_TIMES": 3}, url=f"{server.url}/")
            assert server.asked(empty) == 2
        assert len(asked) == 18 and len(done.captures) == 9 + (generator != ""), done.log
        lost = done.stats.get("failed/article", 0) + (generator != "")
        assert lost == 1, done.log


def test_refreshes_without_end_are_bounded() -> None:
    def onward(seen: Seen) -> str:
        return page(refresh(f"0; url={seen.path}x"))

    with PortalServer({"*": onward, "/robots.txt": Answer("", 404)}) as server:
        crawl("unseen", {"REDIRECT_MAX_TIMES": 5}, url=f"{server.url}/", platform="nukeviet")
        assert len([path for path in server.paths if path.endswith("x") and "xml" not in path]) <= 6


def test_a_word_of_maintenance_in_the_place_of_a_page_is_asked_for_again_and_a_notice_of_it_is_not() -> None:
    said = "<p>Hệ thống đang bảo trì để nâng cấp. Xin quý vị quay lại sau ít phút.</p>"
    excuse = f"<html><head><meta http-equiv=refresh content=5></head><body><h1>Hệ thống đang bảo trì</h1>{said}</body></html>"
    first = iter([excuse, excuse])
    pages: dict[str, Any] = {path: article(f"Hội nghị tổng kết {path}", MENU) for path in PATHS}
    whole = pages[PATHS[0]]
    pages[PATHS[0]] = lambda _: next(first, whole)  # twice
    pages[PATHS[1]] = excuse  # for ever
    pages[PATHS[2]] = page(MENU, f"<h1>Thông báo bảo trì hệ thống</h1>{said}", title="Thông báo bảo trì hệ thống")
    titles = {path: f"Hội nghị tổng kết {path}" for path in PATHS} | {PATHS[2]: "Thông báo bảo trì hệ thống"}
    home = page(GENERATOR, *(link(path, titles[path]) for path in PATHS))
    with PortalServer({"/": home, **pages}) as server:
        done = crawl("unseen", {"RETRY_TIMES": 2}, url=f"{server.url}/", platform="nukeviet")
    assert {capture["url"] for capture in done.captures} == {server.url + path for path in PATHS if path != PATHS[1]}
    (rejected,) = (each for each in done.rejected if each["url"].endswith(".html"))
    assert (rejected["url"], rejected["status"], rejected["retry"]) == (server.url + PATHS[1], 503, "retry")
    assert done.stats["answers/excuses"] == 5
