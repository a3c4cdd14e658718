"""Lists that grow by buttons and scripts, the REST interface of WordPress, archives by date, logins, ``since``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from crawl import crawl
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer
from scrapy.http import TextResponse

from portal_crawler import settings as shipped
from portal_crawler.crawling.answers import AnswerError, read_answer
from portal_crawler.crawling.archives import Archives, is_past
from portal_crawler.crawling.buttons import PLACE, in_script, sources
from portal_crawler.crawling.listing import feed_links
from portal_crawler.crawling.walls import wall
from portal_crawler.extraction.page import Page, PageError, parse_page
from portal_crawler.items import Capture

if TYPE_CHECKING:
    from pathlib import Path

    from portal_server import Seen

NOW = datetime(2024, 12, 4, tzinfo=UTC)
PROSE = " ".join(
    f"Sở đã phối hợp với các đơn vị trong tỉnh triển khai nội dung thứ {n} của kế hoạch công tác năm nay theo đúng quy định."
    for n in range(12)
)


def page_of(html: str, url: str = "https://so.tinh.gov.vn/tin/") -> Page:
    return parse_page(Capture(url=url, body=html.encode(), fetched_at=NOW, headers={"content-type": "text/html"}))


def title(number: int) -> str:
    return f"Hội nghị triển khai nhiệm vụ công tác chuyên môn lần thứ {number}"


def address(number: int) -> str:
    return f"/tin-tuc/hoi-nghi-trien-khai-nhiem-vu-lan-thu-{number}-{number}.html"


def article(number: int) -> str:
    return (
        f"<html><head><title>{title(number)}</title><meta property='og:type' content='article'></head><body>"
        f"<h1>{title(number)}</h1><p class=date>Ngày đăng: {1 + number % 28:02}/0{1 + number % 9}/2023</p>"
        f"<div><p>Lần thứ {number}. {PROSE}</p></div></body></html>"
    )


def rows(numbers: range) -> str:
    return "".join(f'<li><a href="{address(n)}">{title(n)}</a></li>' for n in numbers)


def portal(home: str, count: int = 30) -> dict:
    pages = {address(n): article(n) for n in range(1, count + 1)}
    return {**pages, "/": f"<html><body><h2>Tin tức</h2><ul>{rows(range(1, 7))}</ul>{home}</body></html>"}


def found(pages: dict, **arguments: str) -> tuple[set[int], PortalServer]:
    with PortalServer(pages) as server:
        done = crawl("unseen", url=server.url, **arguments)
    return {int(url.rpartition("-")[2].partition(".")[0]) for url in done.urls}, server


def entries(numbers: range) -> list[dict[str, str]]:
    return [{"tieuDe": title(n), "url": address(n), "ngayDang": "2023-05-01T07:00:00"} for n in numbers]


JSON = {"Content-Type": "application/json; charset=utf-8"}


def test_a_button_without_a_number_is_followed_to_the_end() -> None:
    def more(seen: Seen) -> Answer:
        number = int(seen.path.partition("page=")[2])
        numbers = range(6 * number - 5, min(6 * number, 30) + 1)
        return Answer(json.dumps({"data": {"items": entries(numbers)}, "totalPages": 5}), headers=JSON)

    pages = portal('<button class="btn" data-url="/api/tin?loai=3">Xem thêm tin</button>')
    pages |= {f"/api/tin?loai=3&page={n}": more for n in range(1, 20)}
    numbers, server = found(pages)
    assert numbers == set(range(1, 31))
    assert [seen.path for seen in server.log if seen.path.startswith("/api")] == [
        f"/api/tin?loai=3&page={n}" for n in range(2, 6)
    ]


def test_cards_whose_picture_is_a_link_as_well_are_lists_of_titles() -> None:
    def cards(numbers: range) -> str:
        return "".join(
            f'<div><a href="{address(n)}"><img src="/{n}.jpg"></a><h3><a href="{address(n)}">{title(n)}</a></h3></div>'
            for n in numbers
        )

    def more(seen: Seen) -> str:
        number = int(seen.path.partition("trang=")[2])
        return cards(range(6 * number - 5, min(6 * number, 30) + 1))

    script = "<script>function them() { $.get('/tai-them?trang=' + trang, them); }</script>"
    pages = portal(script) | {f"/tai-them?trang={n}": more for n in range(1, 9)}
    pages["/"] = f"<html><body>{cards(range(1, 7))}{script}</body></html>"
    numbers, _ = found(pages)
    assert numbers == set(range(1, 31))


def test_a_script_that_posts_offsets_is_followed() -> None:
    def more(seen: Seen) -> Answer:
        start = int(seen.form["start"])
        assert seen.form["chuyenmuc"] == "7"
        return Answer(rows(range(start + 1, min(start + 8, 30) + 1)))

    script = """<div id=ds></div><script>var start = 0; function them() {
      $.ajax({type: "POST", url: "/tai-them", data: {chuyenmuc: 7, start: start}, success: function (x) {
        $("#ds").append(x); start += 8; }}); }</script>"""
    numbers, server = found(portal(script) | {"/tai-them": more})
    assert numbers == set(range(1, 31))
    assert [seen.form["start"] for seen in server.log if seen.method == "POST"] == ["0", "8", "16", "24", "30"]


def test_the_interface_of_wordpress_is_read() -> None:
    def posts(seen: Seen) -> Answer:
        number = int(seen.path.partition("&page=")[2].partition("&")[0])
        listed = [
            {"link": address(n), "title": {"rendered": f"{title(n)} &#8211; tin"}, "date": "2023-05-01T07:00:00"}
            for n in range(15 * number - 14, 15 * number + 1)
        ]
        return Answer(json.dumps(listed), headers={**JSON, "X-WP-TotalPages": "2"})

    pages = portal('<link rel="https://api.w.org/" href="/wp-json/">')
    query = "/wp-json/wp/v2/posts?per_page=100&page={}&_fields=link,title,date"
    with PortalServer(pages | {query.format(n): posts for n in (1, 2, 3)}) as server:
        done = crawl("unseen", url=server.url)
    assert len(done.captures) == 30
    assert [seen.path for seen in server.log if "wp-json" in seen.path] == [query.format(1), query.format(2)]
    assert any("api" in item["found_in"] for item in done.captures)


def test_an_archive_by_date_that_posts_is_sent_year_by_year() -> None:
    def year(seen: Seen) -> str:
        assert seen.form["__STATE"] == "x"
        first = {"2023": 1, "2022": 11, "2021": 21}.get(seen.form["nam"], 99)
        return f"<html><body><ul>{rows(range(first, min(first + 10, 31)))}</ul></body></html>"

    options = "".join(f"<option>{n}</option>" for n in (2024, 2023, 2022, 2021, 2020))
    form = f'<form method=post action="/luu-tru"><input type=hidden name=__STATE value=x><select name=nam>{options}</select></form>'
    numbers, server = found(portal(form) | {"/luu-tru": year})
    assert numbers == set(range(1, 31))
    assert len([seen for seen in server.log if seen.method == "POST"]) == 5


def test_an_archives_form_is_sent_with_a_state_that_is_still_good() -> None:
    """States of a session that ends after six requests: those of the first visit have expired by the end."""
    asked: list[str] = []

    def archive(seen: Seen) -> Answer:
        asked.append(seen.method)
        now = len(server.log)
        if seen.method == "POST" and now - int(seen.form["__VIEWSTATE"]) > 6:
            return Answer("Validation of viewstate MAC failed", 500)
        first = {"2023": 1, "2022": 11, "2021": 21}.get(seen.form.get("nam", ""), 99)
        options = "".join(f"<option>{n}</option>" for n in (2024, 2023, 2022, 2021, 2020))
        form = f"<form method=post><input type=hidden name=__VIEWSTATE value={now}><select name=nam>{options}</select></form>"
        return Answer(f"<html><body>{form}<ul>{rows(range(first, min(first + 10, 31)))}</ul></body></html>")

    with PortalServer(portal("<a href=/luu-tru>Lưu trữ</a>") | {"/luu-tru": archive}) as server:
        done = crawl("unseen", url=server.url)
    assert len(done.captures) == 30
    assert not done.rejected
    assert asked.count("GET") - 2 == done.stats.get("archives/asked_again", 0)


def test_an_archive_that_fails_is_left_soon_and_the_host_is_not_taken_for_dead() -> None:
    def archive(seen: Seen) -> Answer:
        if seen.method == "POST":
            return Answer("Server Error", 500)
        options = "".join(f"<option>{n}</option>" for n in range(2000, 2025))
        form = (
            f"<form method=post><input type=hidden name=__VIEWSTATE value=x><select name=nam>{options}</select></form>"
        )
        return Answer(f"<html><body>{form}</body></html>")

    settings = {"PORTAL_BREAKER_FAILURES": 2, "PORTAL_BREAKER_REST": 0.01, "RETRY_TIMES": 3}
    with PortalServer(portal("<a href=/luu-tru>Lưu trữ</a>") | {"/luu-tru": archive}) as server:
        done = crawl("unseen", settings, url=server.url)
    assert 2 <= len([seen for seen in server.log if seen.method == "POST"]) <= 6
    assert {each["reason"] for each in done.rejected} <= {"http_error", "broken_list"}
    assert not any(key.startswith("hosts/") for key in done.stats)


def test_a_list_of_months_with_addresses_is_an_archive() -> None:
    options = "".join(f'<option value="/luu-tru/2023/{n:02}/">Tháng {n} 2023 ({n})</option>' for n in range(1, 4))
    select = (
        f"<select onchange='document.location.href=this.value'><option value=''>Chọn tháng</option>{options}</select>"
    )
    pages = {
        f"/luu-tru/2023/{n:02}/": f"<html><body><ul>{rows(range(10 * n - 9, 10 * n + 1))}</ul></body></html>"
        for n in (1, 2, 3)
    }
    numbers, _ = found(portal(select) | pages)
    assert numbers == set(range(1, 31))


def test_an_archive_that_has_shown_something_is_read_on_as_far_as_it_is_worth() -> None:
    years = "".join(f"<option>{n}</option>" for n in range(2020, 2024))
    months = "".join(f"<option value={n}>Tháng {n}</option>" for n in range(1, 13))
    html = f"<form><select name=nam>{years}</select><select name=thang>{months}</select></form>"
    for fetched, all_made in ((1000, True), (0, False)):
        (form,) = Archives().read(page_of(html))
        known, asked = 0, []
        while (choice := form.following(known, fetched)) is not None:
            asked.append(choice[0])
            known += choice[0] == 0 or choice[0] == 25
        assert (len(asked) == 48) is all_made
        assert len(set(asked)) == len(asked) >= 24


@pytest.mark.parametrize(
    ("first", "last", "empty", "most"), [(18, 29, (), 36), (18, 29, (21, 22, 23, 24, 25), 36), (0, 47, (), 48)]
)
def test_months_beyond_the_first_article_and_the_last_are_passed_over(
    first: int, last: int, empty: tuple[int, ...], most: int
) -> None:
    years = "".join(f"<option>{n}</option>" for n in range(2020, 2024))
    months = "".join(f"<option value={n}>Tháng {n}</option>" for n in range(1, 13))
    archives = Archives()
    list(archives.read(page_of(f"<form><select name=nam>{years}</select><select name=thang>{months}</select></form>")))
    full = set(range(first, last + 1)).difference(empty)
    asked: set[int] = set()
    while choice := next(archives.following(len(asked & full), 1000), None):
        asked.add(number := int(choice[0].rpartition("#nam&thang")[2]))
        beside = ["tin-moi-1", "tin-moi-2"]  # on every page
        archives.showed([*beside, f"tin-{number}"] if number in full else beside)
    assert set(range(first, last + 1)) <= asked  # those among them that are empty, too: nobody knows before
    assert len(asked) <= most


def test_all_months_are_asked_for_where_all_are_wanted_and_else_the_others_are_counted() -> None:
    years = "".join(f"<option>{n}</option>" for n in range(2012, 2024))
    months = "".join(f"<option value={n}>Tháng {n}</option>" for n in range(1, 13))
    html = f"<form><select name=nam>{years}</select><select name=thang>{months}</select></form>"
    for whole in (True, False):
        archives = Archives()
        list(archives.read(page_of(html)))
        asked = 0
        while next(archives.following(0, 0, whole=whole), None) is not None:
            asked += 1
            archives.showed(["tin-moi-1"])
        assert (asked == 144) is whole
        assert asked + archives.left == 144


def test_an_archive_of_a_period_that_is_over_is_told_by_its_address() -> None:
    month = "https://so.gov.vn/Date.aspx?StartDateTime=2022-04-01T00%3A00%3A00Z&EndDateTime=2022-05-01T00%3A00%3A00Z"
    assert is_past(month, "2022-05-02T07:00:00+00:00")
    assert not is_past(month, "2022-04-20T07:00:00+00:00")
    assert not is_past("https://so.gov.vn/tin?tu=2022-04-01", "2024-01-01")
    assert not is_past("https://so.gov.vn/2022-04-01/2022-05-01/", "2024-01-01")


def test_what_the_interface_has_told_is_not_turned_page_by_page_on_the_home_page() -> None:
    def posts(_: Seen) -> Answer:
        listed = [{"link": address(n), "title": {"rendered": title(n)}} for n in told]
        return Answer(json.dumps(listed), headers={**JSON, "X-WP-TotalPages": "1"})

    def home(number: int) -> str:
        turn = f'<a href="/page/{number + 1}/">Sau</a><a href="/page/6/">6</a>' if number < 6 else ""
        api = '<link rel="https://api.w.org/" href="/wp-json/">'
        return f"<html><body>{api}<ul>{rows(range(5 * number - 4, 5 * number + 1))}</ul>{turn}</body></html>"

    query = "/wp-json/wp/v2/posts?per_page=100&page=1&_fields=link,title,date"
    pages = portal("") | {f"/page/{number}/": home(number) for number in range(2, 7)} | {"/": home(1), query: posts}
    for told, turned in ((range(1, 31), {2, 6}), (range(1, 6), {2, 3, 4, 5, 6})):  # noqa: B007 - `posts` answers with it
        with PortalServer(pages) as server:
            done = crawl("unseen", url=server.url)
        assert len(done.captures) == 30
        assert {seen.path for seen in server.log if "/page/" in seen.path} == {f"/page/{n}/" for n in turned}


def test_feeds_of_comments_are_not_asked_for() -> None:
    feeds = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{url}">' for url in ("/feed/", "/comments/feed/")
    )
    assert feed_links(page_of(feeds)) == ["/feed/"]


def test_a_constant_of_the_form_tells_the_archive() -> None:
    html = """<form action=/i.php><input type=hidden name=mod value=archive><select name=nam><option>2023</option>
    <option>2022</option></select></form>"""
    (form,) = Archives().read(page_of(html))
    assert form.constants == {"mod=archive"}


def test_a_list_in_another_order_is_the_same_list() -> None:
    menu = '<a href="/i.php?muc=3">Tin tức</a>'
    orders = '<a href="/i.php?muc=3&sort=ten">Theo tên</a> <a href="/i.php?muc=3&sort=ngay">Cũ nhất</a>'
    pages = portal(menu) | {"/i.php?muc=3": f"<html><body>{orders}<ul>{rows(range(7, 31))}</ul></body></html>"}
    numbers, server = found(pages)
    assert numbers == set(range(1, 31))
    assert not any("sort=" in path for path in server.paths)


def test_an_interface_that_comes_back_empty_once_is_asked_again() -> None:
    empty = iter([True])

    def listing(seen: Seen) -> Answer:
        number = int(seen.path.partition("trang=")[2])
        if number == 2 and next(empty, False):
            return Answer(json.dumps({"items": []}), headers=JSON)
        shown = [
            {"id": n, "slug": "hoi-nghi", "tieuDe": title(n)} for n in range(8 * number - 7, min(8 * number, 20) + 1)
        ]
        return Answer(json.dumps({"items": shown}), headers=JSON)

    pages = shell_portal() | {f"/api/tin?trang={n}": listing for n in range(1, 9)}
    with PortalServer(pages) as server:
        done = crawl("shell_spider.Shell", url=server.url)
    assert len(done.urls) == 20 - 1  # number 7 has no data
    assert "lists/broken" not in done.stats


@pytest.mark.parametrize("date", [1682899200, 1682899200000, "/Date(1682899200000)/", "/Date(1682899200000+0700)/"])
def test_a_date_may_be_counted_from_1970(date: object) -> None:
    body = json.dumps([{"url": address(1), "title": title(1), "publishDate": date}]).encode()
    listed = read_answer(TextResponse("https://so.tinh.gov.vn/api", body=body), "https://so.tinh.gov.vn/", NOW)
    assert "2023-05-01T07:00" in "".join(map(str, listed.page.root.itertext()))


def test_since_leaves_a_list_where_it_grows_old() -> None:
    def listing(number: int) -> str:
        shown = "".join(
            f'<li><a href="{address(n)}">{title(n)}</a> <i>(01/{13 - number:02}/2023)</i></li>'
            for n in range(5 * number - 4, 5 * number + 1)
        )
        return f'<html><body><ul>{shown}</ul><a href="/tin?page={number + 1}">{number + 1}</a></body></html>'

    pages = {f"/tin?page={n}": listing(n) for n in range(1, 7)} | {"/": listing(1)}
    for n in range(1, 31):
        date = f"01/{13 - (n + 4) // 5:02}/2023"
        pages[address(n)] = article(n).replace(f"{1 + n % 28:02}/0{1 + n % 9}/2023", date)
    numbers, server = found(pages, since="2023-11-01")
    assert numbers == set(range(1, 11))
    assert "/tin?page=6" not in [seen.path for seen in server.log]


def test_a_button_whose_endpoint_is_broken_costs_nothing_else() -> None:
    pages = portal(
        '<a class="load-more" href="#" data-href="/api/x?page=2">+</a><a onclick="them(\'/api/y?page=2\')">Xem thêm</a>'
    )
    pages |= {"/api/x?page=2": Answer("{" * 5000, headers=JSON)}
    with PortalServer(pages) as server:
        done = crawl("unseen", url=server.url)
    assert len(done.captures) == 6
    assert "/api/y?page=2" in [seen.path for seen in server.log]
    assert [r["detail"].partition(": ")[2][:9] for r in done.rejected if r["reason"] == "not_html"] == ["the JSON "]


def test_what_loads_no_list_is_left_alone() -> None:
    html = (
        '<img data-src="/a.png" class=lazy><a data-url="/x?page=2">Chia sẻ</a><script>var a = "/khac?id=" + b;</script>'
    )
    assert not list(sources(page_of(html)))


@pytest.mark.parametrize(
    ("script", "address"),
    [
        ('fetch("/tin?page=" + trang)', f"/tin?page={PLACE}"),
        ("fetch(`/tin?loai=2&page=${n}&size=9`)", f"/tin?loai=2&page={PLACE}&size=9"),
        ('$.getJSON("/tin", {page: n, loai: "moi"}, ok)', f"/tin?page={PLACE}&loai=moi"),
    ],
)
def test_scripts_are_read(script: str, address: str) -> None:
    (source,) = in_script(script)
    assert source.address == address


@given(st.text(alphabet="\"'`/?&=+${}:,page n0", max_size=400))
def test_any_script_is_read_without_an_error(text: str) -> None:
    in_script(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["url", "title", "next", "hasMore", "html"]), x),
    )
)
def test_any_json_is_read_or_refused(data: object) -> None:
    body = json.dumps(data).encode("utf-8", "surrogatepass")
    response = TextResponse("https://so.tinh.gov.vn/api", body=body, encoding="utf-8")
    try:
        listed = read_answer(response, "https://so.tinh.gov.vn/", NOW)
    except (AnswerError, PageError):
        return
    assert listed.entries >= 0


def test_searches_and_logins_are_no_archives() -> None:
    html = """<form action=/tim><input name=q><select name=muc><option>Tin</option></select></form>
    <form action=/vao><input type=password name=p><select name=nam><option>2023</option></select></form>"""
    assert not list(Archives().read(page_of(html)))


def test_a_long_form_is_looked_at_all_over_and_then_where_it_bears() -> None:
    years = "".join(f"<option>{n}</option>" for n in range(2004, 2024))
    months = "".join(f"<option value={n}>Tháng {n}</option>" for n in range(1, 13))
    archives = Archives()
    (form,) = archives.read(
        page_of(f"<form><select name=nam>{years}</select><select name=thang>{months}</select></form>")
    )
    assert len(form.choices) == 240
    known, asked = 0, []
    while (choice := form.following(known)) is not None:
        asked.append(choice[0])
        known += 100 <= choice[0] < 150
    assert set(range(100, 150)) <= set(asked)
    assert len(asked) < 75


def test_a_login_in_the_portals_frame_is_a_wall_and_news_of_a_login_is_none() -> None:
    links = "".join(f"<a href=/{n}>Mục {n}</a>" for n in range(60))
    form = "<input type=password name=p>"
    for heading, expected in (
        ("Đăng nhập hệ thống - Sở Nội vụ", "login"),
        ("Đăng nhập tài khoản định danh điện tử để nộp hồ sơ trực tuyến - Sở Nội vụ", None),
        ("Sở Nội vụ", None),
    ):
        html = f"<html><head><title>{heading}</title></head><body>{links}<p>{PROSE}</p>{form}</body></html>"
        assert wall(200, {}, html.encode()) == expected


# Portals that are empty shells


def shell_portal() -> dict:
    def listing(seen: Seen) -> Answer:
        number = int(seen.path.partition("trang=")[2])
        shown = [
            {"id": n, "slug": "hoi-nghi", "tieuDe": title(n)} for n in range(8 * number - 7, min(8 * number, 20) + 1)
        ]
        return Answer(json.dumps({"items": shown, "total": 20}), headers=JSON)

    def detail(seen: Seen) -> Answer:
        number = int(seen.path.rpartition("/")[2])
        if number == 7:
            return Answer('{"data": null}', headers=JSON)
        fields = {
            "id": number, "slug": "hoi-nghi", "tieuDe": f"{title(number)} <1>", "tomTat": "Tóm tắt.", "tacGia": "An Bình",
            "ngayDang": f"2023-05-{number:02}T08:00:00+07:00", "noiDung": f"<p>Lần thứ {number}. {PROSE}</p><script>x()</script>",
            "chuyenMuc": {"name": "Tin hoạt động"},
        }  # fmt: skip
        return Answer(json.dumps({"data": fields}), headers=JSON)

    shell = "<html><body><div id=app></div><script src=/app.js></script></body></html>"
    pages: dict = {"/": shell, "*": shell}
    pages |= {f"/api/tin?trang={n}": listing for n in range(1, 9)} | {f"/api/tin/{n}": detail for n in range(1, 21)}
    return pages


def test_a_shell_is_read_by_the_interface_that_its_site_file_names(tmp_path: Path) -> None:
    settings = {
        "ITEM_PIPELINES": {"portal_crawler.pipelines.ExtractArticle": 100, "portal_crawler.archive.exchanges.LocateCapture": 310},
        "PORTAL_ARCHIVE": True, "PORTAL_ARCHIVE_FILES": str(tmp_path / "archive"),
        "FEEDS": {str(tmp_path / "live.jsonl"): {"format": "jsonlines", "encoding": "utf-8"}},
    }  # fmt: skip
    with PortalServer(shell_portal()) as server:
        crawl("shell_spider.Shell", settings, url=server.url)
        asked = list(server.paths)
    live = [json.loads(line) for line in (tmp_path / "live.jsonl").read_text("utf-8").splitlines()]
    live = sorted((one for one in live if "text" in one), key=lambda one: str(one["id"]))
    assert len(live) == 19
    first = next(one for one in live if one["url"].endswith("-3"))
    assert first["url"] == f"{server.url}/bai-viet/hoi-nghi-3"
    assert (first["title"], first["author"]) == (f"{title(3)} <1>", "An Bình")
    assert first["published_at"].startswith("2023-05-03")
    assert first["section"] == ["Tin hoạt động"]
    assert "Lần thứ 3. Sở đã" in first["text"]
    assert "x()" not in first["html"]
    assert not any(path.startswith("/bai-viet") for path in asked)
    warc = " ".join(map(str, (tmp_path / "archive").glob("*.warc.gz")))
    again = crawl("shell_spider.Shell", url=server.url, warc=warc)
    assert sorted(again.urls) == sorted(one["url"] for one in live)


def test_an_article_of_which_the_interface_knows_nothing_any_more_is_gone(tmp_path: Path) -> None:
    settings = {name: getattr(shipped, name) for name in ("EXTENSIONS", "ITEM_PIPELINES", "SCHEDULER")} | {
        "PORTAL_STATE_DIR": str(tmp_path),
        "PORTAL_REJECTS": "",
        "PORTAL_RUN_RECORD": "",
        "PORTAL_ARCHIVE": False,
    }
    pages = shell_portal()
    with PortalServer(pages) as server:
        crawl("shell_spider.Shell", settings, url=server.url)
        pages["/api/tin/5"] = Answer('{"data": null}', headers=JSON)
        done = crawl("shell_spider.Shell", settings, url=server.url, full="1")
    gone = [each["url"].rpartition("/")[2] for each in done.rejected if "last_seen" in each]
    assert gone == ["hoi-nghi-5"], done.rejected
    assert [each["reason"] for each in done.rejected if "reason" in each] == ["soft_404"], "what was never there"


def test_what_a_sitemap_alone_shows_comes_however_much_lists_have_shown_before_it() -> None:
    """More than a budget of what the sitemap names are lists' articles by the time that it is their turn."""

    def dated(number: int) -> str:
        return f"/{2019 + number % 5}/{1 + number % 12:02}/hoi-nghi-trien-khai-nhiem-vu-lan-thu-{number}-{number}/"

    def section(number: int) -> str:
        shown = "".join(
            f'<li><a href="{dated(n)}">{title(n)}</a></li>' for n in range(10 * number - 9, 10 * number + 1)
        )
        return f"<html><body><h2>Tin</h2><ul>{shown}</ul></body></html>"

    pages: dict = {dated(n): article(n) for n in range(1, 64)}
    pages |= {f"/muc-{number}/": section(number) for number in range(1, 7)}
    pages["/"] = "".join(f'<p><a href="/muc-{number}/">Mục {number}</a></p>' for number in range(1, 7))
    with PortalServer(pages) as server:
        named = "".join(f"<url><loc>{server.url}{dated(n)}</loc></url>" for n in range(1, 64))
        pages["/sitemap.xml"] = Answer(f"<urlset>{named}</urlset>", headers={"Content-Type": "text/xml"})
        done = crawl("unseen", {"CONCURRENT_REQUESTS_PER_DOMAIN": 1}, url=server.url)
    assert len(set(done.urls)) == 63, sorted(done.urls)


@pytest.mark.parametrize("in_address", [False, True])
def test_a_list_whose_pieces_are_named_by_cursors_is_read_to_its_end(*, in_address: bool) -> None:
    """A number means nothing to such an interface: it hands out the first piece again."""
    first = "x7/a"

    def more(numbers: range, after: str | None) -> Answer:
        return Answer(json.dumps({"items": entries(numbers), "paging": {"next_cursor": after}}), headers=JSON)

    data = 'data-api="/api/tin?cursor=x7%2Fa"' if in_address else f'data-endpoint="/api/tin" data-cursor="{first}"'
    pages = portal(f'<button class="load-more" {data}>Xem thêm</button>', count=24)
    pages |= {f"/api/tin?page={n}": more(range(1, 7), first) for n in range(1, 20)}
    pages["/api/tin?cursor=x7%2Fa"] = more(range(7, 13), "x7/b")
    broken = iter([Answer("quá tải", 500)])
    pages["/api/tin?cursor=x7%2Fb"] = lambda _: next(broken, more(range(13, 19), "x7/c"))
    pages["/api/tin?cursor=x7%2Fc"] = more(range(19, 25), None)
    numbers, server = found(pages)
    assert numbers == set(range(1, 25)), [seen.path for seen in server.log]
