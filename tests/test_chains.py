"""Lists that are not read to their end, and what several ways in tell."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest
from crawl import SETTINGS, crawl
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer, article, link, page
from scrapy.core.engine import ExecutionEngine

from portal_crawler.crawling.chains import ListChains
from portal_crawler.crawling.coverage import WaysIn, chapman
from portal_crawler.crawling.sightings import Sightings

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_server import Seen

TITLE = "Hội nghị triển khai công tác cải cách hành chính số {}"
LIST = "https://so.gov.vn/tin-tuc/"


def slug(number: int) -> str:
    return f"/tin-tuc/hoi-nghi-trien-khai-cong-tac-{number}.html"


def list_page(number: int, last: int) -> str:
    items = "".join(f"<li>{link(slug(n), TITLE.format(n))}</li>" for n in range(3 * number - 2, 3 * number + 1))
    pager = "".join(link(f"/tin-tuc/page-{n}/", str(n)) for n in {number + 1, last} if n <= last)
    return page(f"<ul>{items}</ul>", pager)


def portal(last: int, **more: object) -> dict[str, object]:
    menu = '<meta name="generator" content="NukeViet v4.5">' + link("/tin-tuc/", "Tin tức")
    pages: dict[str, object] = {"/": page(menu), "/tin-tuc/": list_page(1, last)}
    pages |= {f"/tin-tuc/page-{number}/": list_page(number, last) for number in range(2, last + 1)}
    pages |= {slug(number): article(TITLE.format(number), menu) for number in range(1, 3 * last + 1)}
    return pages | more


def once(first: str | Answer, then: str) -> Callable[[Seen], str | Answer]:
    """An answer that is wrong the first time."""
    answers = iter([first])
    return lambda seen: next(answers, then)


@pytest.mark.parametrize(
    "wrong",
    [page("<p>Đang cập nhật</p>"), Answer("quá tải", 500), list_page(1, 6).replace("page-", "tin-")],
    ids=["empty", "failed", "repeats"],
)
def test_a_list_that_breaks_off_is_asked_again_and_read_to_its_end(wrong: str | Answer) -> None:
    pages = portal(6, **{"/tin-tuc/page-3/": once(wrong, list_page(3, 6))})
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in range(1, 19))
    assert done.stats["lists/asked_again"] == 1 and "lists/broken" not in done.stats
    assert server.asked("/tin-tuc/page-3/") == 2


class NoHeartbeat:
    """Extension: the engine looks by itself, every five seconds, no more."""

    def __init__(self) -> None:
        ExecutionEngine._SLOT_HEARTBEAT_INTERVAL = 3600.0


def test_a_list_that_stays_broken_is_no_success() -> None:
    pages = portal(5, **{"/tin-tuc/page-3/": page("<p>Đang cập nhật</p>")})
    # A crawl ends behind its last reject, without being woken.
    extensions = SETTINGS["EXTENSIONS"] | {f"{__name__}.NoHeartbeat": 1}
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", {"EXTENSIONS": extensions}, url=f"{server.url}/")
    (reject,) = [reject for reject in done.rejected if reject["reason"] == "broken_list"]
    assert "goes to page 5" in reject["detail"] and "page 3: empty" in reject["detail"]
    assert done.stats["lists/broken"] == 1


def test_whole_lists_are_asked_for_once() -> None:
    with PortalServer(portal(5)) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert done.stats["lists/walked"] == 1 and "lists/asked_again" not in done.stats
    assert [path for path in server.paths if path.startswith("/tin") and server.asked(path) > 1] == []


def test_page_one_is_not_asked_for_again_where_its_own_pager_says_that_it_is_there() -> None:
    numbered = {
        f"/tin-tuc/page-{n}/": list_page(n, 4).replace("</body>", link("/tin-tuc/page-1/", "1")) for n in (2, 3, 4)
    }
    for first, asked in ((list_page(1, 4), 0), (page(link("/tin-tuc/page-1/", "1"), link("/tin-tuc/page-2/", "2")), 1)):
        with PortalServer(portal(4, **numbered, **{"/tin-tuc/": first, "/tin-tuc/page-1/": list_page(1, 4)})) as server:  # type: ignore[arg-type]
            done = crawl("unseen", url=f"{server.url}/")
        assert len(done.captures) == 12
        assert len([seen for seen in server.log if seen.path == "/tin-tuc/page-1/"]) == asked


def test_what_lies_behind_the_end_is_no_break() -> None:
    chains = ListChains()
    chains.turn(LIST, ["a", "b"], 1, LIST, {2: f"{LIST}?page=2"})
    chains.turn(LIST, ["c"], 2, f"{LIST}?page=2", {3: f"{LIST}?page=3"})
    for number in (3, 4, 5):  # the server answers every number with its last page, and a pager that goes on
        chains.turn(LIST, ["c"], number, f"{LIST}?page={number}", {number + 1: f"{LIST}?page={number + 1}"})
    assert list(chains.broken()) == []


def test_a_missing_page_behind_the_last_is_an_end_and_before_it_a_break() -> None:
    chains = ListChains()
    chains.turn(LIST, ["a"], 1, LIST, {2: f"{LIST}?page=2"})
    chains.failed(LIST, 2, "failed (http_error)", missing=True)
    assert list(chains.broken()) == []
    chains.failed(LIST, 2, "failed (timeout)", missing=False)
    assert [broken.again for broken in chains.broken()] == [(LIST, f"{LIST}?page=2")]


@given(st.integers(3, 40), st.sampled_from([1, 10, 20]), st.data())
def test_any_page_left_out_in_the_middle_is_found(last: int, step: int, data: st.DataObject) -> None:
    out = data.draw(st.integers(2, last - 1))
    numbers = [1, *(number * step for number in range(2, last + 1))]
    chains = ListChains(limit=100)
    for place, number in enumerate(numbers, 1):
        if place != out:
            ahead = dict.fromkeys((numbers[-1], *numbers[place : place + 2]))
            chains.turn(LIST, [f"article {number}"], number, f"{LIST}?start={number}", ahead)
    (broken,) = chains.broken()
    assert f"page {numbers[out - 1]}: never reached" in broken.detail


def test_ways_in_tell_how_many_articles_there_may_be() -> None:
    sightings = Sightings()
    ways = WaysIn(sightings)
    for number in range(90):
        ways.note(f"a{number}", "listing")
    for number in range(30, 100):
        ways.note(f"a{number}", "sitemap")
    ways.note("a1", "feed")
    ways.note("no article", "sitemap")
    for number in range(90):
        sightings.pass_over(f"a{number}")
    assert ways.needed() == set()
    for number in range(90, 100):
        sightings.pass_over(f"a{number}")
    report = ways.report()
    assert report["found"] == 100 and report["ways"] == {"listing": 90, "sitemap": 70, "feed": 1, "api": 0}
    assert ways.needed() == {"sitemap"}
    assert report["pairs"] == [
        {"ways": ["listing", "sitemap"], "both": 60, "estimate": 105},
        {"ways": ["listing", "feed"], "both": 1, "estimate": None},
        {"ways": ["sitemap", "feed"], "both": 0, "estimate": None},
    ]
    assert ways.of("a1") == ["listing", "feed"]


def test_a_feed_that_names_what_another_names_is_needless() -> None:
    sightings = Sightings()
    ways = WaysIn(sightings)
    named = {"/rss": [3, 4, 5], "/rss-muc": [4], "/map": [3, 4], "/map-moi": [1], "/map-trang": [9], "/map-hong": []}
    for number in (1, 2):
        ways.note(f"a{number}", "listing")
    for file, numbers in named.items():
        way = "feed" if "rss" in file else "sitemap"
        ways.open(file, way)
        for number in numbers:
            ways.note(f"a{number}", way, file)
    for number in range(1, 6):
        sightings.pass_over(f"a{number}")
    assert sorted(ways.files()) == sorted(named)
    assert ways.needless() == {"/rss-muc", "/map-moi", "/map-trang", "/map-hong"}
    # One that dates its articles tells when they change; one that dates other pages tells nothing.
    assert ways.needless({"/map-moi", "/map-trang"}) == {"/rss-muc", "/map-trang", "/map-hong"}


def test_chapman_counts_all_where_both_saw_all() -> None:
    assert chapman(50, 50, 50) == 50


def test_an_article_tells_what_led_to_it() -> None:
    pages = portal(2, **{"/sitemap.xml": ""})
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        urls = "".join(f"<url><loc>{server.url}{slug(number)}</loc></url>" for number in (1, 2))
        body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
        server.pages["/sitemap.xml"] = Answer(body, headers={"Content-Type": "application/xml"})
        # One request at a time: the sitemap comes before the articles, as it does in any polite crawl.
        done = crawl("unseen", {"CONCURRENT_REQUESTS_PER_DOMAIN": 1}, url=f"{server.url}/")
    ways = {capture["url"]: capture["found_in"] for capture in done.captures}
    assert "sitemap" in ways[server.url + slug(1)]
    assert ways[server.url + slug(6)] == ["listing"]


def test_a_list_is_held_to_the_number_of_pages_that_it_prints() -> None:
    def shown(number: int, following: int | None) -> str:
        items = "".join(f"<li>{link(slug(n), TITLE.format(n))}</li>" for n in range(3 * number - 2, 3 * number + 1))
        on = link(f"/tin-tuc/page-{following}/", "Trang sau") if following else ""
        return page(f"<ul>{items}</ul><div><span>Trang {number}/3</span> {link('/tin-tuc/', '1')} {on}</div>")

    pages = portal(3, **{"/tin-tuc/": shown(1, 2), "/tin-tuc/page-3/": shown(3, None)})
    pages["/tin-tuc/page-2/"] = once(shown(2, None), shown(2, 3))
    pages["/"] = page(str(pages["/"]), "<div><span>1/9</span><a href='#'>ảnh</a></div>")
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert len(done.urls) == 9
    assert "lists/broken" not in done.stats


def test_a_first_page_whose_address_has_another_form_is_no_broken_list() -> None:
    def shown(number: int) -> str:
        items = "".join(f"<li>{link(slug(n), TITLE.format(n))}</li>" for n in range(3 * number - 2, 3 * number + 1))
        on = link("/tin-tuc/trang-2.htm", "Trang sau") if number < 2 else link("/tin-tuc/index.htm", "Trang trước")
        return page(f"<ul>{items}</ul><div><p>Trang {number}/2</p><p>{on}</p></div>")

    pages = portal(2, **{"/tin-tuc/index.htm": shown(1), "/tin-tuc/trang-2.htm": shown(2)})
    pages["/"] = page(link("/tin-tuc/index.htm", "Tin tức"))
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert len(done.urls) == 6
    assert "lists/asked_again" not in done.stats and "lists/broken" not in done.stats


def test_an_empty_page_behind_a_first_one_of_another_form_is_looked_at_once_more() -> None:
    chains = ListChains()
    chains.turn("http://a.example/tin/index.htm", {"1", "2"}, 1, "http://a.example/tin/index.htm")
    chains.turn("http://a.example/tin/trang-2.htm", (), 2, "http://a.example/tin/trang-2.htm")
    (broken,) = chains.broken()
    assert broken.again == ("http://a.example/tin/trang-2.htm",)
    assert "page 2: empty" in broken.detail
    chains.again(broken.chain)
    chains.turn("http://a.example/tin/trang-2.htm", (), 2, "http://a.example/tin/trang-2.htm")
    assert list(chains.broken()) == [], "that was the end of the list"


def test_a_postback_that_is_answered_with_the_first_page_is_a_break() -> None:
    chains = ListChains()
    pager: dict[int, str | None] = {2: None, 3: None}
    chains.turn("so/ds.aspx", {"a", "b"}, 1, "http://so/ds.aspx", pager)
    chains.turn("so/ds.aspx", {"c", "d"}, 2, "http://so/ds.aspx", pager)
    assert not chains.turn("so/ds.aspx", {"a", "b"}, 3, "http://so/ds.aspx", pager)
    (broken,) = chains.broken()
    assert "page 3: shows the first page again" in broken.detail and broken.again == ()
    chains.again(broken.chain)
    assert chains.turn("so/ds.aspx", {"e"}, 3, "http://so/ds.aspx", pager)
    assert list(chains.broken()) == []


def test_a_page_that_only_an_ellipsis_has_led_to_is_missed_when_it_fails() -> None:
    chains = ListChains()
    chains.turn("so/ds.aspx", {"a"}, 1, "http://so/ds.aspx", {2: None})
    chains.turn("so/ds.aspx", {"b"}, 2, "http://so/ds.aspx", {1: None})
    chains.failed("so/ds.aspx", 3, "failed (http_error)", missing=False)
    assert [broken.numbers for broken in chains.broken()] == [(3,)]


def test_a_list_loaded_by_offsets_ends_where_its_last_piece_is_short() -> None:
    chains = ListChains()
    for number, count, following in ((0, 8, 8), (8, 8, 16), (16, 1, 17)):
        shown = {f"{number}-{place}" for place in range(count)}
        chains.turn("so/api?offset=#", shown, number, "http://so/tin", {following: None}, loaded=True)
    chains.turn("so/api?offset=#", (), 17, "http://so/tin", {}, loaded=True)
    assert list(chains.broken()) == []


def test_a_piece_that_comes_empty_behind_a_full_one_is_looked_at_once_more() -> None:
    chains = ListChains()
    chains.turn("so/api?p=#", {"a", "b"}, 0, "http://so/tin", {1: None}, loaded=True)
    chains.turn("so/api?p=#", (), 1, "http://so/tin", {}, loaded=True)
    (broken,) = chains.broken()
    assert broken.numbers == (1,)
    chains.again(broken.chain)
    chains.turn("so/api?p=#", (), 1, "http://so/tin", {}, loaded=True)
    assert list(chains.broken()) == []


def test_a_last_page_with_nothing_but_the_boxes_beside_it_is_looked_at_once_more() -> None:
    chains = ListChains()
    chains.turn(LIST, ["pinned", "beside", "a"], 1, LIST, {2: f"{LIST}?page=2", 3: f"{LIST}?page=3"})
    chains.turn(LIST, ["pinned", "beside", "b"], 2, f"{LIST}?page=2", {3: f"{LIST}?page=3"})
    chains.turn(LIST, ["beside"], 3, f"{LIST}?page=3", {})
    (broken,) = chains.broken()
    assert (broken.numbers, broken.again) == ((3,), (f"{LIST}?page=2", f"{LIST}?page=3"))
    chains.again(broken.chain)
    chains.turn(LIST, ["beside"], 3, f"{LIST}?page=3", {})
    assert list(chains.broken()) == []


def test_a_printed_number_of_pages_is_none_of_rows() -> None:
    """Joomla: "Trang 1 / 5" stands above addresses that count articles."""
    rows: dict[int, str | None] = {number: f"{LIST}?start={number}" for number in (10, 20, 30, 40)}
    chains = ListChains()
    chains.turn(LIST, {"a", "b"}, 1, LIST, rows, total=5)
    for number in rows:
        chains.turn(LIST, {f"{number}-a", f"{number}-b"}, number, f"{LIST}?start={number}", rows)
    assert list(chains.broken()) == []


def test_a_page_whose_links_have_another_base_is_asked_for_once_more_by_its_own_address() -> None:
    def based(html: object) -> str:
        return str(html).replace("<head>", "<head><base href='/'>")

    pages: dict[str, object] = {path: based(html) for path, html in portal(3).items()}
    pages["/tin-tuc/page-2/"] = once(based(page("<p>Đang cập nhật</p>")), based(list_page(2, 3)))
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in range(1, 10))
    assert server.asked("/") == 1


def test_a_link_that_no_reader_sees_does_not_fill_an_empty_last_page() -> None:
    numbers = iter(range(901, 999))

    def planted(html: str) -> Callable[[Seen], str]:
        """A page with a link that leads elsewhere each time."""
        return lambda seen: html.replace(
            "</body>",
            f"<div style='Display: none'>{link(f'/tin-tuc/xem-{next(numbers)}.html', 'Xem')}</div>"
            f"{link(f'/tin-tuc/xem-{next(numbers)}.html', '')}</body>",
        )

    pages = portal(3)
    empty, full = page("<p>Đang cập nhật</p>"), list_page(3, 3)
    pages |= {path: planted(list_page(number, 3)) for number, path in ((1, "/tin-tuc/"), (2, "/tin-tuc/page-2/"))}
    pages["/tin-tuc/page-3/"] = lambda seen: planted(empty if server.asked(seen.path) == 1 else full)(seen)
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert {server.url + slug(number) for number in range(1, 10)} <= set(done.urls)


def test_a_list_that_answers_any_number_with_its_last_page_has_been_read() -> None:
    """The pager goes on from the number that was asked for, with an arrow that leaps."""
    pages = portal(3)

    def answer(seen: Seen) -> str:
        asked = int("".join(filter(str.isdigit, seen.path)) or 1)
        pager = link(f"/tin-tuc/page-{asked + 1}/", "Trang sau") + link(f"/tin-tuc/page-{asked + 5}/", "»")
        return list_page(min(asked, 3), 0) + pager

    pages |= dict.fromkeys(["/tin-tuc/", *(f"/tin-tuc/page-{number}/" for number in range(2, 60))], answer)
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", {"CONCURRENT_REQUESTS": 1}, url=f"{server.url}/")
        beyond = sum("/page-" in path for path in server.paths) - 2
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in range(1, 10))
    assert "lists/broken" not in done.stats and "lists/asked_again" not in done.stats
    assert beyond <= 10


def test_a_pager_that_stays_as_it_is_tells_what_pages_that_repeat_have_hidden() -> None:
    chains = ListChains()
    announced = {number: f"{LIST}?page={number}" for number in range(1, 9)}
    chains.turn(LIST, {"a", "b"}, 1, LIST, announced)
    for number in range(2, 6):
        chains.turn(LIST, {"c", "d"}, number, f"{LIST}?page={number}", announced)
    assert [broken.numbers for broken in chains.broken()] == [(3, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize(("shown", "total"), [({"g", "h"}, None), ({"c", "d"}, 8)], ids=["others behind", "said"])
def test_pages_that_repeat_are_no_end_where_others_are_known_behind_them(shown: set[str], total: int | None) -> None:
    chains = ListChains(limit=9)
    chains.turn(LIST, {"a", "b"}, 1, LIST, {2: None}, total=total)
    for number in range(2, 6):
        chains.turn(LIST, {"c", "d"}, number, f"{LIST}?page={number}", {number + 1: None, number + 3: None})
    chains.turn(LIST, shown, 8, f"{LIST}?page=8", {9: None, 12: None})
    assert next(iter(chains.broken())).numbers[:3] == (3, 4, 5)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "writes",
    ["document.frm.trang.value = p;", 'document.getElementById("so_trang").value=p;', "$('#so_trang').val(p);"],
)
def test_a_pager_that_writes_a_number_into_a_form_and_sends_it_is_turned(method: str, writes: str) -> None:
    """The third page fails at first; the portal's search is a form as well, and is never sent."""
    failed: list[int] = []

    def turned(seen: Seen) -> str | Answer:
        number = int(dict(parse_qsl(seen.path.partition("?")[2])).get("trang") or seen.form.get("trang") or 1)
        if number == 3 and not failed:
            failed.append(number)
            return Answer("quá tải", 500)
        items = "".join(f"<li>{link(slug(n), TITLE.format(n))}</li>" for n in range(3 * number - 2, 3 * number + 1))
        numbers = "".join(f'<a href="javascript:goPage({n})">{n}</a> ' for n in range(1, 6) if n != number)
        form = (
            f"<form name=frm method={method} action='/tin-tuc/'><input type=hidden name=trang id=so_trang value={number}>"
            "<input type=hidden name=muc value=3></form><form action='/tim'><input name=tu><input type=submit></form>"
            f"<script>function goPage(p) {{ {writes} document.frm.submit(); }}</script>"
        )
        return page(f"<ul>{items}</ul>", form, numbers)

    pages = {"/": page(link("/tin-tuc/", "Tin tức")), "/tin-tuc/": turned, "/tim": Answer("", 500)}
    pages |= {f"/tin-tuc/?{query}": turned for n in range(1, 7) for query in (f"trang={n}&muc=3", f"muc=3&trang={n}")}
    pages |= {slug(number): article(TITLE.format(number)) for number in range(1, 16)}
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in range(1, 16))
    assert server.asked("/tim") == 0 and "lists/broken" not in done.stats


def test_a_portal_of_frames_whose_lists_have_their_pages_to_choose_from_is_walked() -> None:
    def listed(number: int) -> str:
        items = "".join(f"<li>{link(slug(n), TITLE.format(n))}</li>" for n in range(3 * number - 2, 3 * number + 1))
        options = "".join(f"<option value='/tin-tuc/trang-{n}.html'>{n}</option>" for n in range(1, 6))
        return page(f"<ul>{items}</ul>", f"<select onchange='window.location=this.value'>{options}</select>")

    frames = "<frameset rows='90,*'><frame src='/menu.html'><frame src='/chinh.html'></frameset>"
    pages = {f"/tin-tuc/trang-{number}.html": listed(number) for number in range(1, 6)}
    pages |= {"/": f"<html><head><title>Sở</title></head>{frames}</html>", "/chinh.html": page("<p>Chào mừng</p>")}
    pages["/menu.html"] = "<html><body><map><area href='/tin-tuc/trang-1.html' alt='Tin tức'></map></body></html>"
    pages |= {slug(number): article(TITLE.format(number)) for number in range(1, 16)}
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in range(1, 16))
