"""Links that call a function of their page are links; what no script of the page explains is told of."""

from __future__ import annotations

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, article, page

from portal_crawler.crawling.listing import anchors, listed_date
from portal_crawler.extraction.page import parse_html

OPENS = 'function xemTin(id) { window.location.href = "/xem-tin/" + id + ".html"; }'
TURNS = "function trang(muc, so) { location.href = '/ds/' + muc + '/trang-' + so + '.html'; return false; }"
TITLES = {number: f"Hội nghị triển khai nhiệm vụ công tác quý {number}" for number in range(1, 13)}


def addresses(script: str, anchor: str) -> list[str]:
    html = f"<html><body><script>{script}</script>{anchor}</body></html>"
    return [href for href, _ in anchors(parse_html("http://a.example/", html.encode()))]


@pytest.mark.parametrize(
    ("script", "anchor", "address"),
    [
        (OPENS, '<a href="javascript:void(0)" onclick="xemTin(12)">Tin</a>', "/xem-tin/12.html"),
        (OPENS, '<a href="javascript:xemTin(12);">Tin</a>', "/xem-tin/12.html"),
        (OPENS, '<a onclick="xemTin(12); return false;">Tin</a>', "/xem-tin/12.html"),
        (OPENS, '<a href="/tin-khac" onclick="xemTin(12)">Tin</a>', "/tin-khac"),
        (TURNS, '<a href="javascript:trang(%27tin-tuc%27,2)">2</a>', "/ds/tin-tuc/trang-2.html"),
        (
            "var goc = '/goc/'; var mo = function(a) { var u = goc + a; window.open(u, '_blank'); }",
            "<a href='#' onclick=\"mo('k.html')\">Tin</a>",
            "/goc/k.html",
        ),
        (
            "function m(i, t) { location.assign(`/x/${i}/${t}`) }",
            "<a href='#' onclick=\"m(1, 'b c')\">Tin</a>",
            "/x/1/b c",
        ),
        ("", "<a href='#' onclick=\"location.href='/xem-tin/1.html'\">Tin</a>", "/xem-tin/1.html"),
    ],
)
def test_a_link_that_calls_a_simple_function_leads_where_that_does(script: str, anchor: str, address: str) -> None:
    assert addresses(script, anchor) == [address]


@pytest.mark.parametrize(
    "script",
    [
        "",
        'function lam(a) { if (confirm("Xóa?")) { location.href = "/xoa/" + a; } }',
        'function lam(a) { $.post("/luu", {id: a}); location.href = "/xong/" + a; }',
        'function lam(a) { location.href = "/tin/" + khac + a; }',
        'function lam(a) { location.href = "/tin/" + tinh(a); }',
        "function lam(a) { location.href = a + 1; }",
        'function lam(a) { if (location.href == "/tin/" + a) return false; }',
    ],
)
def test_what_does_more_than_to_open_an_address_is_no_link(script: str) -> None:
    assert addresses(script, '<a href="javascript:lam(1)">Tin</a>') == ["javascript:lam(1)"]


def test_the_date_beside_such_a_link_is_its_own() -> None:
    rows = "".join(
        f"<li><a href='#' onclick='xemTin({number})'>{TITLES[number]}</a> {day}</li>"
        for number, day in ((1, ""), (2, "02/02/2023"), (3, "03/02/2023"))
    )
    read = parse_html("http://a.example/", f"<script>{OPENS}</script><ul>{rows}</ul>".encode())
    assert [listed_date(anchor, href) for href, anchor in anchors(read)] == [None, "02/02/2023", "03/02/2023"]


def portal(script: str) -> dict[str, object]:
    def shown(numbers: range, other: int) -> str:
        rows = (f"<li><a href='#' onclick='xemTin({number})'>{TITLES[number]}</a></li>" for number in numbers)
        pager = f"<a href=\"javascript:trang('tin-tuc',{other})\">{other}</a>"
        return page(f"<script>{script} {TURNS}</script>", f"<ul>{''.join(rows)}</ul>", pager)

    pages = {f"/xem-tin/{number}.html": article(title) for number, title in TITLES.items()}
    lists = {
        f"/ds/tin-tuc/trang-{number}.html": shown(range(6 * number - 5, 6 * number + 1), 3 - number)
        for number in (1, 2)
    }
    return {"/": shown(range(1, 4), 1), "/robots.txt": Answer("", 404), **lists, **pages}


def test_a_portal_whose_links_are_scripts_is_read() -> None:
    with PortalServer(portal(OPENS)) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
        asked = server.paths
    assert len(done.captures) == len(TITLES), done.log
    assert len(asked) <= len(TITLES) + 5, asked


def test_where_no_script_explains_them_the_cause_is_told() -> None:
    with PortalServer(portal("")) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert not done.captures
    (told,) = [each for each in done.rejected if each["reason"] == "broken_list"]
    assert "xemTin()" in told["detail"]
    assert TITLES[1] in told["detail"]
    assert "xemTin()" in done.log
    assert done.stats["links/unread_calls"] == 1
