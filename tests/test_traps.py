"""Traps without end are left after a few requests, and what they hide is found all the same."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from crawl import crawl
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer, Seen, article, link, page

from portal_crawler.crawling.rules import UrlRules
from portal_crawler.crawling.traps import PatternBudget, form_of
from portal_crawler.extraction.contents import content_of
from portal_crawler.extraction.page import parse_html

GENERATOR = '<meta name="generator" content="NukeViet v4.5">'
PATHS = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, 4)]


def trap(prefix: str, next_links: int = 30) -> object:
    """Pages that each lead to thirty more of their kind."""

    def answer(seen: Seen) -> str:
        number = sum(map(int, re.findall(r"\d+", seen.path)))
        links = (link(prefix.format(number * next_links + n, n), f"Mục {number} {n}") for n in range(next_links))
        return page(*links, f"<p>Không có sự kiện nào, mục {number}.</p>")

    return answer


@pytest.mark.parametrize(
    "prefix",
    ["/su-kien/{}/", "/loc/?loai={}&nam={}&coquan=3", "/kho/{}/muc/{}.aspx"],
)
def test_a_trap_is_left_soon(prefix: str) -> None:
    pages = {path: article(f"Hội nghị tổng kết {path}") for path in PATHS}
    home = page(GENERATOR, link(prefix.format(1, 1), "Sự kiện"), *(link(path, f"Bài {path}") for path in pages))
    with PortalServer({"/": home, "*": trap(prefix), "/robots.txt": Answer("", 404), **pages}) as server:
        done = crawl("unseen", {"DEPTH_LIMIT": 12}, url=f"{server.url}/", platform="nukeviet")
        stem = prefix.partition("{")[0]
        asked = [path for path in server.paths if path.startswith(stem)]
    assert 1 <= len(asked) <= 25, len(asked)
    assert len(done.captures) == len(PATHS), done.log


def test_of_what_a_sitemap_names_behind_many_dead_addresses_some_is_tried_in_the_end() -> None:
    dead = [f"/tin-cu/bai-viet-da-bi-xoa-nam-{number}.html" for number in range(1, 41)]
    pages = {path: article(f"Hội nghị tổng kết {path}") for path in PATHS}
    hidden = {"/tin-cu/bai-viet-con-lai-nam-41.html": article("Bài còn lại")}
    named = "".join(f"<url><loc>{{0}}{path}</loc></url>" for path in (*dead, *hidden))
    home = page(GENERATOR, *(link(path, f"Bài {path}") for path in pages))
    with PortalServer({"/": home, **pages, **hidden}) as server:
        body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{named.format(server.url)}</urlset>'
        server.pages["/sitemap.xml"] = Answer(body, headers={"Content-Type": "application/xml"})
        done = crawl("unseen", url=f"{server.url}/", platform="nukeviet")
        asked = sum(map(server.asked, dead))
    assert sorted(done.urls) == sorted(server.url + path for path in (*pages, *hidden)), done.log
    # The others are told.
    assert asked < len(dead) == asked + sum(reject["reason"] == "postponed" for reject in done.rejected)


def test_what_is_held_back_is_asked_for_when_its_kind_brings_something() -> None:
    """Sixty sections on one page, each with an article of its own: none is lost to the budget."""
    pages: dict[str, object] = {}
    for number in range(60):
        path = f"/tin-tuc/bai-viet-rieng-cua-muc-{number}.html"
        pages[f"/muc-{number}/"] = page(link(path, f"Một bài viết riêng của mục {number}"))
        pages[path] = article(f"Một bài viết riêng của mục {number}")
    home = page(GENERATOR, *(link(f"/muc-{number}/", f"Mục {number}") for number in range(60)))
    with PortalServer({"/": home, **pages}) as server:  # type: ignore[dict-item]
        done = crawl("unseen", {"PORTAL_PATTERN_BUDGET": 5}, url=f"{server.url}/", platform="nukeviet")
        assert set(pages) <= set(server.paths), done.log


def test_sections_that_fail_do_not_hold_up_the_others() -> None:
    budget = PatternBudget(3)
    urls = [f"http://a.example/muc-{number}/" for number in range(10, 20)]
    assert [budget.grants(url) for url in urls] == [True] * 3 + [False] * 7
    budget.failed(urls[0])
    assert budget.released(url=urls[0]) == []
    budget.visited(urls[1], (), article=urls[1])
    assert budget.released(url=urls[1]) == urls[3:5]
    assert budget.released(all_forms=True) == urls[5:8]
    for url in urls[5:8]:
        budget.visited(url, ())
    assert budget.exhausted(urls[9])
    assert sorted(budget.released(all_forms=True)) == urls[8:]  # a last look at a few of them
    assert budget.released(all_forms=True) == []


def test_a_folder_without_articles_is_one_trap_whatever_stands_in_it() -> None:
    budget = PatternBudget(6)
    paths = ["2024/01/", "a-b-c-d.html", "x/y/z.aspx", "tin?loai=3", "2024/", "q/", "rs/7/", "u.html"]
    urls = [f"http://a.example/kho/{path}" for path in paths]
    assert [budget.grants(url) for url in urls] == [True] * 6 + [False] * 2
    budget.visited(urls[0], (), article=urls[0])
    assert budget.released(all_forms=True) == urls[6:]


def test_filters_share_a_budget_however_they_are_combined() -> None:
    budget = PatternBudget(4)
    queries = ["a=1", "b=2", "a=1&b=2", "b=1&c=5", "a=2", "c=1"]
    urls = [f"http://a.example/loc?{query}" for query in queries]
    assert [budget.grants(url) for url in urls] == [True] * 4 + [False] * 2


def test_promises_that_are_never_kept_keep_no_budget_open() -> None:
    budget = PatternBudget(5)
    asked = 0
    for number in range(100):
        url = f"http://a.example/su-kien/thang-{number}/"
        if budget.grants(url):
            asked += 1
            budget.visited(url, {f"a.example/su-kien/bai-viet-so-{number}-{day}.html" for day in range(9)})
    assert asked <= 5 + 3


def test_paths_that_grow_are_left_though_each_promises_articles_of_a_new_shape() -> None:
    budget = PatternBudget(16)
    asked = 0
    for depth in range(100):
        folder = f"a.example/so-do/{'muc/' * depth}"
        if budget.grants(url := f"http://{folder}index.php?mod=home"):
            asked += 1
            budget.visited(url, {f"{folder}index.php?mod=news&id={number}" for number in range(5)})
    assert 1 <= asked <= 25


def test_articles_that_say_the_same_are_no_yield() -> None:
    budget = PatternBudget(5)
    urls = [f"http://a.example/tin/bai-viet-chung-{number}.html" for number in range(50)]
    asked = 0
    for url in urls:
        if budget.grants(url):
            asked += 1
            body = f'<title>Tin</title><p>Cùng một bài.</p><i>{url[-7:-5]}</i><a href="{url}">Tin khác</a>'
            budget.visited(url, (), article=url, content=content_of(parse_html(url, body.encode())))
    assert asked == 1 + 5


def test_articles_without_end_that_say_nothing_new_are_left_and_what_lists_show_is_not() -> None:
    """A series whose articles lead to each other is a trap; a list of notices that are all alike is none."""

    def hollow(seen: Seen) -> str:
        number = int("".join(re.findall(r"\d+", seen.path)) or 0)
        said = [f"Câu thứ {name} của bản tin điện tử được viết sẵn từ trước." for name in ("nhất", "hai", "ba", "tư")]
        said = said[number % 4 :] + said[: number % 4]
        onward = (
            link(f"/tin-tuc/ban-tin-dien-tu-so-{number + n}.html", f"Bản tin điện tử số {number + n}")
            for n in range(1, 6)
        )
        return page(GENERATOR, f"<h1>Bản tin điện tử số {number}</h1><p>{' '.join(said * 3)}</p>", *onward)

    alike = [f"/tin-tuc/thong-bao-nghi-le-nam-{number}.html" for number in range(1, 31)]
    rows = [link(path, f"Thông báo nghỉ lễ năm {path[-7:-5]}") for path in alike]
    pages = {
        path: page(GENERATOR, f"<h1>Thông báo {path[-7:-5]}</h1><p>{'Cơ quan nghỉ lễ theo quy định. ' * 9}</p>")
        for path in alike
    }
    home = page(
        GENERATOR, link("/thong-bao/", "Thông báo"), link("/tin-tuc/ban-tin-dien-tu-so-101.html", "Bản tin điện tử")
    )
    with PortalServer(
        {"/": home, "/thong-bao/": page(*rows), "*": hollow, "/robots.txt": Answer("", 404), **pages}
    ) as server:
        done = crawl("unseen", url=f"{server.url}/", platform="nukeviet")
        asked = [path for path in server.paths if "ban-tin" in path]
    assert 1 <= len(asked) <= 25, len(asked)
    assert {server.url + path for path in alike} <= set(done.urls), done.log


@pytest.mark.parametrize("start", ["<a href=x>", "<script>", "<!--", "<", "<a href='href=", "<title>"])
def test_what_a_page_says_is_read_in_one_pass(start: str) -> None:
    # With a pass for each beginning that has no end, a page of this size would take hours.
    page = parse_html("http://a.example/", f"<title>Tin</title><p>Một bài.</p>{start * 200_000}".encode())
    assert isinstance(content_of(page), int)


def test_counters_and_links_say_nothing_and_words_do() -> None:
    def said(markup: str) -> int:
        return content_of(
            parse_html("http://a.example/", f"<html><body><p>Một bài.</p>{markup}</body></html>".encode())
        )

    assert said("<i>Lượt xem: 12</i>") == said("<i>Lượt xem: 345</i>")
    assert said("<a href='/1'>Tin mới</a>") == said("<a href='/2'>Tin khác</a>") == said("<script>var a = 'x'</script>")
    assert said("<a href='/1.pdf'>Tải</a>") != said("<a href='/2.pdf'>Tải</a>")
    assert said("<p>Hai.</p>") != said("<p>Ba.</p>")


def test_combinations_of_facets_are_one_form() -> None:
    one = form_of("http://a.example/loc.aspx?loai=1&nam=2&coquan=3")
    assert one == form_of("http://a.example/loc.aspx?loai=1&nam=2&linhvuc=3&coquan=9")
    assert one != form_of("http://a.example/loc.aspx?loai=1")


@pytest.mark.parametrize(
    ("path", "denied"),
    [
        ("/a/a/a", True),
        ("/vi/tin/vi/tin/vi", True),
        ("/a/b/c/a/b/c", True),
        ("/a/b/c/a/b/c/d.html", True),
        ("/vi/tin/vi/tin", False),
        ("/2024/01/2024/01-ban-tin.html", False),
        ("/web/so-noi-vu/web/tin-tuc", False),
    ],
)
def test_paths_that_grow(path: str, *, denied: bool) -> None:
    assert (UrlRules(["http://a.example/"]).judge(f"http://a.example{path}").kind == "denied") is denied


def test_a_session_in_the_address_makes_no_other_form() -> None:
    plain = "http://a.example/index.php?mod=tin&id=5"
    assert form_of(f"{plain}&PHPSESSID=0a1b2c") == form_of(plain)


def test_what_a_program_is_asked_to_do_is_part_of_the_form() -> None:
    story, person = "http://a.example/index.php?mod=tin&id=5", "http://a.example/index.php?mod=nhansu&id=5"
    assert form_of(story) != form_of(person)
    assert form_of(story) == form_of(story.replace("5", "6"))
    assert form_of("http://a.example/i.php?act=thang-3") == form_of("http://a.example/i.php?act=thang-4")


def test_a_programs_filters_leave_its_articles_their_budget() -> None:
    budget = PatternBudget(16)
    program = "http://a.example/index.php?option=tin&"
    for number in range(3):
        url = f"{program}view=xem&id={number}"
        assert budget.grants(url)
        budget.visited(url, (), article=url, content=number)
    for number in range(16):
        url = f"{program}cat=1&sort={number}&dir=asc"
        if budget.grants(url):
            budget.visited(url, ())
    assert budget.grants(f"{program}view=xem&id=9")
    assert not budget.grants(f"{program}cat=2&sort=1&dir=asc")


def test_articles_do_not_wait_behind_filters_that_are_held_for_ever() -> None:
    budget = PatternBudget(2)
    program = "http://a.example/index.php?option=tin&"
    filters = [f"{program}cat=1&sort={number}&dir=asc" for number in range(9)]
    stories = [f"{program}view=xem&id={number}" for number in range(3)]
    assert [budget.grants(url) for url in (*filters, *stories)] == [True] * 2 + [False] * 10
    for url in filters[:2]:
        budget.visited(url, ())
    first = budget.released(all_forms=True, likely=lambda url: "id=" in url)
    assert set(stories) <= set(first)
    more = f"{program}view=xem&id=9"
    assert not budget.grants(more)
    budget.visited(stories[0], (), article=stories[0], content=1)
    assert budget.released(url=stories[0]) == [more]
    assert set(budget.left()) == set(filters[2:]) - set(first)


def test_what_promises_an_article_and_is_never_asked_for_is_said() -> None:
    """Of thirty announced articles none is there, as far as was asked: the rest is left, with a word for each."""
    paths = [f"/ho-so/quyet-dinh-ve-viec-thanh-lap-to-cong-tac-{number}.html" for number in range(100, 130)]
    home = page(*(link(path, f"Quyết định về việc thành lập tổ công tác {path[-8:-5]}") for path in paths))
    with PortalServer({"/": home}) as server:
        done = crawl("unseen", url=f"{server.url}/")
        asked = {path for path in server.paths if path in paths}
    assert len(asked) <= 25, len(asked)
    left = [each for each in done.rejected if each["reason"] == "postponed"]
    assert {each["url"].partition("/ho-so")[2] for each in left} == {path[6:] for path in set(paths) - asked}
    assert {each["retry"] for each in left} == {"retry"}
    assert done.stats["traps/left_articles"] == len(left) > 0


def test_a_filter_that_every_section_has_is_one_trap() -> None:
    pages: dict[str, object] = {}
    sections = [f"/muc-{name}" for name in ("mot", "hai", "ba", "bon", "nam")]
    filters = [f"nam={year}&loai={kind}&vung={place}" for year in (1, 2, 3) for kind in (1, 2) for place in (1, 2, 3)]
    menu = [link(path, f"Mục {path[-3:]}") for path in sections]
    for number, path in enumerate(sections):
        story = f"/tin-tuc/bai-viet-rieng-cua-muc-{number}.html"
        pages[story] = article(f"Một bài viết riêng của mục {number}")
        shown = [*menu, link(story, f"Một bài viết riêng của mục {number}")]
        pages[path] = page(*shown, *(link(f"{path}?{query}", query) for query in filters))
        pages.update({f"{path}?{query}": page(*shown) for query in filters})
    with PortalServer({"/": page(*menu), "/robots.txt": Answer("", 404), **pages}) as server:  # type: ignore[dict-item]
        done = crawl("unseen", url=f"{server.url}/")
        asked = [path for path in server.paths if "vung=" in path]
    assert 1 <= len(asked) <= 25, len(asked)
    assert len(done.captures) == len(sections), done.log


def test_a_parameter_that_turns_the_lists_of_all_sections_is_no_trap() -> None:
    """Nobody knows ``begin`` for a page number, and half of the lists' pages show what the home page does."""
    pages: dict[str, object] = {}
    sections = [f"/chuyen-muc-{number}" for number in range(20)]
    stories = []
    for number, path in enumerate(sections):
        own = [f"/tin-tuc/bai-viet-so-{place}-cua-muc-{number}.html" for place in range(4)]
        stories += own
        pages.update({story: article(f"Một bài viết riêng {story}") for story in own})
        turns = [link(f"{path}?begin={begin}", f"Từ bài {begin}") for begin in (0, 1, 2, 3)]
        rows = [link(story, f"Một bài viết riêng {story}") for story in own]
        pages[path] = page(rows[0], rows[3], *turns)
        pages.update({f"{path}?begin={begin}": page(rows[begin], *turns) for begin in range(4)})
    home = page(*(link(path, f"Mục {path[-2:]}") for path in sections), *(link(story, story) for story in stories[::4]))
    with PortalServer({"/": home, "/robots.txt": Answer("", 404), **pages}) as server:  # type: ignore[dict-item]
        done = crawl("unseen", url=f"{server.url}/")
    assert {url.partition("/tin-tuc")[2] for url in done.urls} == {story[8:] for story in stories}, done.log


def test_exhausted_grounds_are_left_alone_by_the_next_crawl_and_articles_are_not() -> None:
    first = PatternBudget(4)
    for number in range(4):
        url = f"http://a.example/tin?id={number}"
        first.visited(url, (), article=url, content=number)
        first.visited(f"http://a.example/muc?loai={number}", ())
    following = PatternBudget(4)
    following.exhaust(first.exhausted_grounds())
    assert following.grants("http://a.example/tin?id=9")
    assert not following.grants("http://a.example/muc?loai=9")
    assert not following.grants("http://a.example/khac?loai=9")
    assert following.released(all_forms=True) == ["http://a.example/muc?loai=9", "http://a.example/khac?loai=9"]


@pytest.mark.parametrize("short", ["/?p={}", "/go/{}"])
def test_second_addresses_that_lead_to_articles_are_left_after_some(short: str) -> None:
    pages: dict[str, object] = {}
    paths = [f"/tin-tuc/bai-viet-rieng-cua-muc-{number}.html" for number in range(100, 140)]
    for number, path in enumerate(paths):
        title = f"Một bài viết riêng của mục {number}"
        pages[path] = article(title, link(short.format(number + 200), "Liên kết ngắn"))
        pages[short.format(number + 200)] = Answer("", 301, {"Location": path})
    home = page(*(link(path, f"Một bài viết riêng của mục {number}") for number, path in enumerate(paths)))
    with PortalServer({"/": home, "/robots.txt": Answer("", 404), **pages}) as server:  # type: ignore[dict-item]
        done = crawl("unseen", {"CONCURRENT_REQUESTS_PER_DOMAIN": 1}, url=f"{server.url}/")
        asked = [path for path in server.paths if path.startswith(short.partition("{")[0])]
    assert 1 <= len(asked) <= 25, len(asked)
    assert len(done.captures) == len(paths), done.log
    assert not done.rejected


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=80), st.integers(1, 6))
def test_a_form_is_never_asked_beyond_its_budget(visits: list[tuple[bool, bool]], limit: int) -> None:
    """Whatever comes back, at most ``limit`` requests are under way or in vain since the last yield."""
    budget = PatternBudget(limit)
    under_way: list[str] = []
    since = 0
    for number, (returns, yields) in enumerate(visits):
        url = f"http://a.example/muc-{number + 100}/"
        if budget.grants(url):
            under_way.append(url)
        if under_way and returns:
            done = under_way.pop(0)
            budget.visited(done, {done} if yields else ())
            since = 0 if yields else since + 1
            under_way += budget.released(url=done)
        assert len(under_way) + since <= limit


def test_doorway_pages_are_left_soon_whatever_their_addresses_are() -> None:
    """Advertisements that a program puts together, each in other words, stand at addresses that a rule takes for news."""
    games = ("Tài xỉu", "Nổ hũ", "Soi kèo", "Bắn cá đổi thưởng", "Xóc đĩa online", "Game bài")

    def doorway(seen: Seen) -> Answer | str:
        if not seen.path.startswith("/cuoc/"):
            return Answer("", 404)
        number = int("".join(re.findall(r"\d+", seen.path)))
        game = f"{games[number % 6]} {chr(97 + number % 26)}{chr(97 + number // 26 % 26)}"
        said = f"<p>Nhà cái uy tín nhất: {game}, casino trực tuyến, đăng ký ngay nhận thưởng, rút tiền nhanh.</p>" * 6
        more = (link(f"/cuoc/tro-choi-{number * 20 + each}.html", f"{game} số {each}") for each in range(1, 21))
        return (
            f"<html><head><title>{game}</title></head><body><h1>{game} nhà cái</h1>{said}{''.join(more)}</body></html>"
        )

    hidden = [f"<div style='display:none'>{link(f'/cuoc/tro-choi-{n}.html', 'nhà cái')}</div>" for n in (20, 31)]
    pages = {path: article(f"Hội nghị tổng kết {path}") + hidden[0] for path in PATHS}
    home = page(GENERATOR, hidden[1], *(link(path, f"Bài {path}") for path in pages))
    with PortalServer({"/": home, "*": doorway, "/robots.txt": Answer("", 404), **pages}) as server:
        done = crawl("unseen", {"DEPTH_LIMIT": 12}, url=f"{server.url}/", platform="nukeviet")
        asked = [path for path in server.paths if path.startswith("/cuoc/")]
    assert 1 <= len(asked) <= 25, len(asked)
    assert {url for url in done.urls if "/tin-tuc/" in url} == {f"{server.url}{path}" for path in PATHS}


@pytest.mark.parametrize("archive", [False, True])
def test_filters_of_filters_are_one_trap_and_hide_no_filter_that_shows_articles(archive: bool) -> None:
    """Four sections with a faceted list each; what shows articles of its own comes last of all."""
    shown = {f"/muc-{muc}/": [f"/muc-{muc}/bai-rieng-cua-muc-{muc}-so-{n}0.html" for n in "123"] for muc in range(1, 5)}
    old = [f"/muc-1/bai-viet-chi-co-trong-kho-cu-{number}.html" for number in range(70, 75 if archive else 70)]
    pages = {path: article(f"Bài viết {path}") for path in chain(*shown.values(), old)}
    values = {"linhvuc": range(1, 7), "nam": range(2019, 2025), "chieu": ("tang", "giam")}

    def listed(seen: Seen) -> str:
        path, _, query = seen.path.partition("?")
        given = dict(part.split("=") for part in query.split("&") if part)
        combined = [{**given, name: str(value)} for name, them in values.items() for value in them]
        queries = ["&".join(f"{name}={value}" for name, value in each.items()) for each in combined]
        queries += ["kho=cu"] * (archive and path == "/muc-1/")
        titles = old if given == {"kho": "cu"} else shown[path]
        return page(
            *(link(each, f"Một bài viết riêng: {each}") for each in titles),
            *(link(f"{path}?{each}", each) for each in queries),
        )

    def answer(seen: Seen) -> str | Answer:
        return listed(seen) if "?" in seen.path else Answer("", 404)

    home = page(*(link(path, f"Mục {path}") for path in shown))
    with PortalServer({"/": home, **pages, **dict.fromkeys(shown, listed), "*": answer}) as server:
        done = crawl("unseen", {"CONCURRENT_REQUESTS_PER_DOMAIN": 1}, url=f"{server.url}/")
        filtered = [path for path in server.paths if "?" in path]
    assert {url.removeprefix(server.url) for url in done.urls} == pages.keys(), done.log
    assert archive or len(filtered) <= 25, filtered


def test_the_pagers_of_liferays_filters_are_one_trap_and_those_of_its_sections_are_none() -> None:
    """Its sections may be told by a category as filters are; what the home page links to is read to its end."""
    sections = {"/tin": range(100, 130), "/muc?p_r_p_564_categoryId=5": range(200, 230)}
    address = "/tin/-/view_content/{0}-hoi-nghi-tong-ket-cua-nganh-lan-{0}.html"
    pages: dict = {
        address.format(n): article(f"Hội nghị tổng kết của ngành lần {n}") for n in chain(*sections.values())
    }
    menu = "".join(link(path, f"Mục {path}") for path in sections)

    def listed(seen: Seen) -> str:
        path, _, query = seen.path.partition("?")
        given = dict(part.split("=") for part in query.split("&") if part)
        number = int(given.pop("_101_x_cur", 1))
        own = "&".join(f"{name}={value}" for name, value in given.items() if name != "p_p_id")
        numbers = sections[path if path == "/tin" else "/muc?p_r_p_564_categoryId=5"][5 * number - 5 : 5 * number]
        titles = (link(address.format(n), f"Hội nghị tổng kết của ngành lần {n}") for n in numbers)
        after = f"{path}?p_p_id=101_x&{own}&_101_x_cur={number + 1}".replace("&&", "&")
        filters = (link(f"/tin?p_r_p_564_tag={n}&p_r_p_564_categoryId={n % 7}", f"Thẻ {n}") for n in range(60))
        return page("<script>Liferay.on('x')</script>", menu, *titles, *filters, link(after, "Tiếp") * (number < 6))

    with PortalServer({"/": page("<script>Liferay.on('x')</script>", menu), **pages, "*": listed}) as server:
        done = crawl("unseen", url=f"{server.url}/", platform="liferay")
        filtered = [path for path in server.paths if "p_r_p_564_tag" in path]
    assert {url.removeprefix(server.url) for url in done.urls} == pages.keys(), done.log
    assert len(filtered) <= 25, filtered


def test_a_series_made_of_the_portals_own_texts_goes_nowhere_however_many_these_are() -> None:
    budget = PatternBudget(16)
    for number in range(300):
        told = frozenset(range(10 * number, 10 * number + 10))
        budget.visited(f"http://a.example/tin/bai-cua-xa-{number}.html", (), content=number, sentences=told)
    onward = [f"http://a.example/chuoi/bai-tiep-theo-{number}.html" for number in range(12)]
    for number, url in enumerate(onward[:10]):
        assert not budget.goes_nowhere(url, echo=False)
        told = frozenset(range(10 * number + 3, 10 * number + 10))
        budget.visited(url, (), content=1000 + number, sentences=told)
    assert all(budget.goes_nowhere(url, echo=False) for url in onward[10:])


def test_what_differs_in_more_than_numbers_is_looked_at_before_hundreds_that_do_not() -> None:
    """Links that no reader sees stand in the folder of the articles, with a new number on each page."""
    budget = PatternBudget(4)
    planted = [f"http://a.example/tin/bay-mat-cua-he-thong-{number}.html" for number in range(1000, 1300)]
    stories = [f"http://a.example/tin/{name}-cua-huyen-trong-nam-1300.html" for name in ("hop", "dao-tao", "kiem-tra")]
    for url in planted[:4]:
        assert budget.grants(url)
        budget.visited(url, ())
    assert not any(map(budget.grants, (*planted[4:150], *stories, *planted[150:])))
    chosen = budget.released(all_forms=True, likely=lambda _: True)
    assert len(chosen) <= 5 and not set(chosen).isdisjoint(stories)


def test_articles_behind_many_dead_ones_are_found() -> None:
    """A portal has lost the newest forty of its articles, and its lists have not noticed."""
    titles = {f"/tin/{number}": f"Hội nghị tổng kết công tác năm của xã {number}" for number in range(1000, 1100)}
    lists = {f"/ds?page={number}": list(titles)[20 * number - 20 : 20 * number] for number in range(1, 6)}
    onward = {path: link(f"/ds?page={number}", str(number)) for number, path in enumerate(lists, 2)}
    pages = {path: page(*(link(each, titles[each]) for each in shown), onward[path]) for path, shown in lists.items()}
    pages["/"] = page(link("/ds?page=1", "Tin tức"))
    alive = list(titles)[40:]
    with PortalServer({**pages, **{path: article(titles[path]) for path in alive}}) as server:
        done = crawl("unseen", url=f"{server.url}/")
    assert {server.url + path for path in alive} == set(done.urls), done.log
