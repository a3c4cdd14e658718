"""Crawls of a small portal over real loopback connections."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, article, link, page

if TYPE_CHECKING:
    from portal_server import Seen

NUKEVIET = '<meta name="generator" content="NukeViet v4.5">'
TITLE = "Hội nghị triển khai công tác cải cách hành chính số {}"


def slug(number: int) -> str:
    return f"/tin-tuc/hoi-nghi-trien-khai-cong-tac-{number}.html"


def listed(*numbers: int) -> str:
    items = (
        f"<li>{link(slug(number), TITLE.format(number))} <span>({number % 28 + 1:02}/03/2024)</span></li>"
        for number in numbers
    )
    return f"<ul>{''.join(items)}</ul>"


def portal(**more: object) -> dict[str, object]:
    """A NukeViet portal: a home page, one section of three pages, nine articles."""
    menu = link("/tin-tuc/", "Tin tức") + link("/lien-he/", "Liên hệ") + link("/users/login/", "Đăng nhập")
    crumbs = '<div class="breadcrumbs"><a href="/">Trang nhất</a> » <a href="/tin-tuc/">Tin tức</a></div>'
    pager = "".join(link(f"/tin-tuc/page-{number}/", str(number)) for number in (2, 3))
    pages: dict[str, object] = {
        "/": page(NUKEVIET, menu, listed(1, 2)),
        "/tin-tuc/": page(menu, crumbs, listed(1, 2, 3), pager),
        "/tin-tuc/page-2/": page(menu, crumbs, listed(4, 5, 6), pager),
        "/tin-tuc/page-3/": page(menu, crumbs, listed(7, 8, 9), pager),
        "/robots.txt": Answer("User-agent: *\nDisallow: /users/\n", headers={"Content-Type": "text/plain"}),
    }
    pages |= {slug(number): article(TITLE.format(number), menu, crumbs) for number in range(1, 10)}
    return pages | {path.replace("_", "/"): answer for path, answer in more.items()}


def test_a_portal_is_walked_whole_and_each_article_taken_once() -> None:
    with PortalServer(portal()) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in range(1, 10))
    assert done.rejected == []
    assert [path for path in server.paths if server.asked(path) > 1 and path != "/robots.txt"] == []
    assert not {"/users/login/", "/lien-he/"} & set(server.paths)


def test_lists_tell_title_date_and_section() -> None:
    with PortalServer(portal()) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    by_url = {capture["url"]: capture for capture in done.captures}
    fifth = by_url[server.url + slug(5)]
    assert fifth["link_text"] == TITLE.format(5)
    assert fifth["listed_date"] == "06/03/2024"
    assert fifth["section"] == ["Tin tức"]
    assert fifth["identity"] == "hoi-nghi-trien-khai-cong-tac-5"
    assert fifth["canonical_url"] == fifth["url"]


def test_a_parameter_makes_no_other_page_of_an_article_of_nukeviet() -> None:
    """The links that draw the page in another theme, and what a portal counts by."""
    pages = portal()
    for path in [path for path in pages if path.startswith("/tin-tuc/")]:
        more = "".join(link(path + query, "x") for query in ("?nvvithemever=t", "?nvvithemever=m"))
        more += link(f"{path}?tu=muc", "y") if path.endswith(".html") else ""
        pages[path] = str(pages[path]).replace("</body>", f"{more}</body>")
        pages |= dict.fromkeys((f"{path}?nvvithemever=t", f"{path}?nvvithemever=m", f"{path}?tu=muc"), pages[path])
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
        assert not [path for path in server.paths if "?" in path]
    assert len(done.captures) == 9


def test_print_views_are_other_addresses_and_not_fetched() -> None:
    pages = portal()
    pages["/"] = str(pages["/"]).replace(
        "<ul>", link(slug(1).replace("/tin-tuc/", "/print/tin-tuc/"), "In bài 1") + "<ul>"
    )
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert len(done.captures) == 9
    assert not [path for path in server.paths if "print" in path]
    first = next(capture for capture in done.captures if capture["identity"] == "hoi-nghi-trien-khai-cong-tac-1")
    assert first["also_at"] == [server.url + slug(1).replace("/tin-tuc/", "/print/tin-tuc/")]


def test_an_article_that_has_only_a_print_view_is_taken_from_it() -> None:
    pages = portal()
    only = slug(77).replace("/tin-tuc/", "/print/tin-tuc/")
    pages["/tin-tuc/"] = str(pages["/tin-tuc/"]).replace("<ul>", "<ul>" + link(only, TITLE.format(77)))
    pages[only] = article(TITLE.format(77))
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert len(done.captures) == 10
    assert (
        next(capture for capture in done.captures if capture["identity"] == "hoi-nghi-trien-khai-cong-tac-77")["url"]
        == server.url + only
    )


def test_sitemaps_and_feeds_lead_to_articles_that_no_list_shows() -> None:
    pages = portal()
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        names = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
        sitemap = names.format(f"<url><loc>{server.url}{slug(21)}</loc></url>")
        index = (
            '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f"<sitemap><loc>{server.url}/news.xml.gz</loc></sitemap>"
            f"<sitemap><loc>{server.url}/broken.xml</loc></sitemap></sitemapindex>"
        )
        feed = (
            '<?xml version="1.0"?><rss version="2.0"><channel><title>Tin</title><item>'
            f"<title>{TITLE.format(22)}</title><link>{server.url}{slug(22)}</link></item></channel></rss>"
        )
        xml = {"Content-Type": "application/xml"}
        pages |= {
            "/robots.txt": Answer(f"User-agent: *\nDisallow:\nSitemap: {server.url}/index.xml\n"),
            "/index.xml": Answer(index, headers=xml),
            "/news.xml.gz": Answer(gzip.compress(sitemap.encode()), headers={"Content-Type": "application/x-gzip"}),
            "/broken.xml": Answer("", headers=xml),
            "/rss/": Answer(feed, headers=xml),
            "/": str(pages["/"]).replace(
                "</head>", '<link rel="alternate" type="application/rss+xml" href="/rss/"></head>'
            ),
            slug(21): article(TITLE.format(21)),
            slug(22): article(TITLE.format(22)),
        }
        done = crawl("unseen", url=f"{server.url}/")
    assert {server.url + slug(21), server.url + slug(22)} <= set(done.urls)
    assert len(done.captures) == 11
    assert done.stats["sitemaps/broken"] == 1
    assert next(capture for capture in done.captures if capture["identity"] == "hoi-nghi-trien-khai-cong-tac-22")[
        "link_text"
    ] == TITLE.format(22)


def test_failures_become_rejects_and_the_crawl_goes_on() -> None:
    pages = portal()
    pages[slug(3)] = Answer("<p>Lỗi</p>", 500)
    pages[slug(4)] = Answer("<p>Không tìm thấy</p>", 404)
    pages[slug(5)] = Answer(b"%PDF-1.7\n\x00\x01", headers={"Content-Type": "text/html"})
    pages[slug(6)] = Answer(b"")
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
        reasons = {reject["url"]: (reject["reason"], reject["status"]) for reject in done.rejected}
        assert reasons == {
            server.url + slug(3): ("http_error", 500),
            server.url + slug(4): ("http_error", 404),
        }
        # What is no page goes on: extraction names the reason.
        assert len(done.captures) == 7
    assert all(reject["portal"] == "unseen" and reject["url"] in reject["detail"] for reject in done.rejected)


def test_a_redirect_out_of_the_portal_is_a_reject() -> None:
    pages = portal()
    with PortalServer({"*": "<p>elsewhere</p>"}) as other:
        pages[slug(3)] = Answer("", 302, {"Location": f"{other.url}/spam.html"})
        with PortalServer(pages) as server:  # type: ignore[arg-type]
            done = crawl("unseen", url=f"{server.url}/")
        assert other.log == []
    assert len(done.captures) == 8
    assert [reject["reason"] for reject in done.rejected] == ["http_error"]
    assert "redirects to" in done.rejected[0]["detail"]


def test_redirects_inside_the_portal() -> None:
    pages = portal()
    pages["/tin-cu/3.html"] = Answer("", 301, {"Location": slug(3)})
    pages["/"] = str(pages["/"]).replace("<ul>", link("/tin-cu/3.html", "Bản tin cũ") + "<ul>")
    pages[slug(4)] = Answer("", 302, {"Location": "/"})
    pages[slug(5)] = Answer("", 302, {"Location": "/thong-bao/"})
    pages["/thong-bao/"] = page("<p>Bài viết không tồn tại</p>")
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    third = next(capture for capture in done.captures if capture["identity"] == "hoi-nghi-trien-khai-cong-tac-3")
    assert third["url"] == server.url + slug(3)
    assert len(done.captures) == 7
    assert sorted((reject["reason"], reject["url"]) for reject in done.rejected) == [
        ("no_article", server.url + slug(4)),
        ("no_article", server.url + slug(5)),
    ]


def test_what_robots_txt_forbids_is_a_reject_and_not_asked_for() -> None:
    pages = portal()
    pages["/robots.txt"] = Answer(f"User-agent: *\nDisallow: {slug(3)}\n")
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
        assert server.asked(slug(3)) == 0
    assert [reject["reason"] for reject in done.rejected] == ["not_fetched_robots"]


def test_a_host_that_refuses_connections() -> None:
    with PortalServer({}) as server:
        url = server.url
    done = crawl("unseen", url=f"{url}/")
    assert [reject["reason"] for reject in done.rejected] == ["unreachable"]
    assert "object at" not in done.rejected[0]["detail"], "two runs tell the same"
    assert done.stats["seeds/failed"] == 1


def test_unseen_needs_an_address() -> None:
    with pytest.raises(AssertionError, match="needs an address"):
        crawl("unseen")


def test_an_undescribed_site_is_told_by_evidence() -> None:
    pages = portal()
    pages["/"] = str(pages["/"]).replace(NUKEVIET, "")
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/", platform="none")
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in range(1, 10))


def test_a_long_list_of_an_undescribed_site_is_read_to_its_end() -> None:
    pages: dict[str, object] = {"/": page(link("/tin-tuc/", "Tin tức"))}
    for number in range(1, 9):
        path = f"/tin-tuc/page-{number}/" if number > 1 else "/tin-tuc/"
        following = link(f"/tin-tuc/page-{number + 1}/", "Trang sau") if number < 8 else ""
        pages[path] = page(listed(*range(number * 10, number * 10 + 6)), following)
    numbers = [number * 10 + place for number in range(1, 9) for place in range(6)]
    pages |= {slug(number): article(TITLE.format(number)) for number in numbers}
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert sorted(done.urls) == sorted(server.url + slug(number) for number in numbers)


def test_a_static_copy_with_the_marks_of_a_platform_is_told_by_evidence() -> None:
    """SharePoint's marks, but none of its addresses."""
    marks = '<div id="s4-workspace"></div><div id="WebPartWPQ2"></div>'
    titles = [f"/hoi-nghi-trien-khai-cong-tac-cai-cach-{word}/" for word in ("mot", "hai", "ba", "bon", "nam")]
    pages: dict[str, object] = {
        "/": page(marks, link("/tin-tuc/", "Tin tức")),
        "/tin-tuc/": page(marks, *(link(path, TITLE.format(path[-5:-1])) for path in titles)),
    }
    pages |= {path: article(TITLE.format(path[-5:-1]), marks) for path in titles}
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert "the platform is sharepoint" in done.log
    assert sorted(done.urls) == sorted(server.url + path for path in titles)


def postback_portal(pages: int) -> dict[str, object]:
    """A custom ASP.NET list: every page has its own view state, and only the newest one is taken."""
    state = {"page": 1}

    def shown(number: int) -> str:
        items = "".join(
            f"<li>{link(f'/ChiTiet.aspx?NewsID={number * 10 + row}', TITLE.format(number * 10 + row))}</li>"
            for row in range(3)
        )
        window = range((number - 1) // 3 * 3 + 1, min(pages, (number - 1) // 3 * 3 + 3) + 1)
        post = "javascript:__doPostBack('ctl00$pager','{}')"
        numbers = "".join(
            f"<span>{other}</span>" if other == number else link(post.format(other), str(other)) for other in window
        )
        before = link(post.format(window[0] - 1), "...") if window[0] > 1 else ""
        after = link(post.format(window[-1] + 1), "...") if window[-1] < pages else ""
        return page(
            '<form method="post" action="/DanhSach.aspx">'
            f'<input type="hidden" name="__VIEWSTATE" value="state-{number}">'
            '<input type="hidden" name="__EVENTTARGET"><input type="hidden" name="__EVENTARGUMENT">'
            f'<input type="text" name="q">{before}{numbers}{after}<ul>{items}</ul></form>'
        )

    def answer(seen: Seen) -> Answer | str:
        if seen.method == "GET":
            state["page"] = 1
            return shown(1)
        if seen.form["__VIEWSTATE"] != f"state-{state['page']}" or seen.form["__EVENTTARGET"] != "ctl00$pager":
            return Answer("<p>Validation of viewstate MAC failed</p>", 500)
        state["page"] = int(seen.form["__EVENTARGUMENT"])
        return shown(state["page"])

    made: dict[str, object] = {"/": page(link("/DanhSach.aspx", "Danh sách tin")), "/DanhSach.aspx": answer}
    for number in range(1, pages + 1):
        for row in range(3):
            made[f"/ChiTiet.aspx?NewsID={number * 10 + row}"] = article(TITLE.format(number * 10 + row))
    return made


def test_postback_lists_are_followed_hop_by_hop_with_fresh_state() -> None:
    with PortalServer(postback_portal(8)) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/", platform="aspnet")
        posts = [seen.form["__EVENTARGUMENT"] for seen in server.log if seen.method == "POST"]
    assert posts == ["2", "3", "4", "5", "6", "7", "8"]
    assert len(done.captures) == 24
    assert done.rejected == []


@pytest.mark.parametrize("lost", ["error", "first page"])
def test_a_form_state_that_expires_costs_no_article(lost: str) -> None:
    pages = postback_portal(8)
    answer = pages["/DanhSach.aspx"]
    assert callable(answer)
    expired = iter([True])

    def forgetful(seen: Seen) -> Answer | str:
        if seen.method == "POST" and seen.form["__EVENTARGUMENT"] == "4" and next(expired, False):
            if lost == "error":
                return Answer("<p>Validation of viewstate MAC failed</p>", 500)
            return answer(replace(seen, method="GET"))
        return answer(seen)

    pages["/DanhSach.aspx"] = forgetful
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/", platform="aspnet")
        posts = [seen.form["__EVENTARGUMENT"] for seen in server.log if seen.method == "POST"]
    assert len(done.captures) == 24
    assert done.stats["lists/asked_again"] == 1 and "lists/broken" not in done.stats
    # The state that has expired is not sent again, and what was read is not turned page by page once more.
    assert posts == ["2", "3", "4", "3", "4", "5", "6", "7", "8"]


def test_two_grids_on_one_page_are_both_read_to_their_end() -> None:
    def shown(pages: dict[str, int]) -> str:
        def grid(name: str, first: int) -> str:
            number = pages[name]
            items = "".join(
                f"<li>{link(f'/ChiTiet.aspx?NewsID={n}', TITLE.format(n))}</li>"
                for n in range(first + 3 * number, first + 3 * number + 3)
            )
            numbers = "".join(
                str(other) if other == number else link(f"javascript:__doPostBack('{name}','Page${other}')", str(other))
                for other in (1, 2, 3)
            )
            return f"<ul>{items}</ul>{numbers}"

        state = ",".join(map(str, pages.values()))
        return page(
            f'<form method="post" action="/Tin.aspx"><input type="hidden" name="__VIEWSTATE" value="{state}">'
            f'<input type="hidden" name="__EVENTTARGET"><input type="hidden" name="__EVENTARGUMENT">'
            f"{grid('gvTin', 100)}{grid('gvVanBan', 200)}</form>"
        )

    def answer(seen: Seen) -> str:
        if seen.method == "GET":
            return shown({"gvTin": 1, "gvVanBan": 1})
        first, second = map(int, seen.form["__VIEWSTATE"].split(","))
        pages = {"gvTin": first, "gvVanBan": second}
        return shown(pages | {seen.form["__EVENTTARGET"]: int(seen.form["__EVENTARGUMENT"].partition("$")[2])})

    pages: dict[str, object] = {"/": page(link("/Tin.aspx", "Tổng hợp tin")), "/Tin.aspx": answer}
    numbers = [*range(103, 112), *range(203, 212)]
    pages |= {f"/ChiTiet.aspx?NewsID={n}": article(TITLE.format(n)) for n in numbers}
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/", platform="aspnet")
        posts = [seen.form["__EVENTTARGET"] for seen in server.log if seen.method == "POST"]
    assert len(done.captures) == 18
    assert posts == ["gvTin", "gvTin", "gvVanBan", "gvVanBan"]


def test_sharepoint_lists_are_followed_through_their_scripts() -> None:
    def shown(first: int, following: str | None) -> str:
        items = "".join(
            f"<li>{link(f'/Pages/tin.aspx?ItemID={first + row}', TITLE.format(first + row))}</li>" for row in range(3)
        )
        script = f"javascript:RefreshPageTo(event, &quot;{following}&quot;);" if following else ""
        pager = f'<table class="ms-bottompaging"><tr><td><a onclick="{script}" href="javascript:">1 - 3</a></td></tr></table>'
        return page('<div id="s4-workspace"></div><div id="WebPartWPQ2"></div>', f"<ul>{items}</ul>", pager)

    second = "/Lists/Posts/AllPosts.aspx?Paged=TRUE&p_ID=3&PageFirstRow=4"
    third = "/Lists/Posts/AllPosts.aspx?Paged=TRUE&p_ID=6&PageFirstRow=7"
    pages: dict[str, object] = {
        "/": page(
            '<div id="s4-workspace"></div><div id="WebPartWPQ2"></div>', link("/Lists/Posts/AllPosts.aspx", "Tin")
        ),
        "/Lists/Posts/AllPosts.aspx": shown(1, second.replace("&", r"\u0026")),
        second: shown(4, third.replace("&", r"\u0026")),
        third: shown(7, None),
    }
    pages |= {f"/Pages/tin.aspx?ItemID={number}": article(TITLE.format(number)) for number in range(1, 10)}
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
    assert sorted(capture["identity"] for capture in done.captures) == sorted(f"itemid-{n}" for n in range(1, 10))


def test_a_list_without_end_is_left() -> None:
    pages = portal()

    def endless(seen: Seen) -> str:
        number = int(seen.path.rpartition("page-")[2].strip("/"))
        return page(listed(7, 8, 9), link(f"/tin-tuc/page-{number + 1}/", str(number + 1)))

    for number in range(3, 60):
        pages[f"/tin-tuc/page-{number}/"] = endless
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
        assert sum("page-" in path for path in server.paths) < 10
    assert len(done.captures) == 9


def test_pages_of_one_form_that_bring_nothing_are_left() -> None:
    pages = portal()

    def tagged(seen: Seen) -> str:
        number = int(seen.path.rpartition("-")[2])
        return page(listed(1, 2), link(f"/chu-de-{number + 1}", f"chủ đề {number + 1}"))

    pages |= {f"/chu-de-{number}": tagged for number in range(1, 200)}
    pages["/"] = str(pages["/"]).replace("<ul>", link("/chu-de-1", "chủ đề 1") + "<ul>")
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", {"DEPTH_LIMIT": 0, "PORTAL_PATTERN_BUDGET": 10}, url=f"{server.url}/")
        assert 10 <= sum("chu-de" in path for path in server.paths) <= 12
    assert len(done.captures) == 9
    assert done.stats["traps/pattern"] == 1


def test_a_department_that_is_a_path_of_its_host() -> None:
    def in_portal(path: str, title: str) -> str:
        return link(f"/web/{path}", title)

    pages: dict[str, object] = {
        "/web/so-noi-vu": page(
            in_portal("so-noi-vu/tin", "Tin"), in_portal("so-y-te/tin", "Sở Y tế"), link("/", "Tỉnh")
        ),
        "/web/so-noi-vu/tin": page(
            in_portal("so-noi-vu/tin/-/view_content/7-hoi-nghi", TITLE.format(7)),
            in_portal("so-y-te/tin/-/view_content/8-hoi-nghi", TITLE.format(8)),
        ),
        "/web/so-noi-vu/tin/-/view_content/7-hoi-nghi": article(TITLE.format(7)),
    }
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/web/so-noi-vu", platform="liferay")
        assert not [path for path in server.paths if "so-y-te" in path or path == "/"]
    assert [capture["identity"] for capture in done.captures] == ["7"]


def test_articles_of_liferay_are_found_though_their_links_bear_the_address_of_the_list() -> None:
    plain = [f"/web/so/tin/-/asset_publisher/aB3/content/hoi-nghi-thu-{number}" for number in range(1, 7)]
    backs = [f"?inheritRedirect=false&amp;redirect=%2Fweb%2Fso%2F{number}" for number in range(2)]
    lists = [
        "".join(f"<li>{link(path + back, TITLE.format(number))}</li>" for number, path in enumerate(plain))
        for back in backs
    ]
    head = "<script>Liferay.currentURL = '/';</script><div id='p_p_id_101_' class='portlet-boundary'></div>"
    pages: dict[str, object] = {"/": page(head, link("/web/so/tin", "Tin"), link("/web/so/khac", "Khác"))}
    pages |= {"/web/so/tin": page(lists[0]), "/web/so/khac": page(lists[1])}
    for number, path in enumerate(plain):
        pages |= dict.fromkeys(
            (path, *(path + back.replace("&amp;", "&") for back in backs)), article(TITLE.format(number))
        )
    with PortalServer(pages) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/")
        assert sum("/-/" in path for path in server.paths) == len(plain)
    assert sorted(capture["canonical_url"] for capture in done.captures) == [server.url + path for path in plain]


def test_the_canonical_address_that_a_page_names_is_believed_if_it_is_the_same_article() -> None:
    true = article("Hội nghị triển khai nhiệm vụ quý một năm 2024 tại xã vùng cao").replace(
        "</head>", '<link rel="canonical" href="/-/view_content/11-hoi-nghi.html"></head>'
    )
    lie = article("Hội nghị triển khai nhiệm vụ quý hai năm 2024 tại xã vùng cao").replace(
        "</head>", '<link rel="canonical" href="/"></head>'
    )
    pages = {
        "/": page(
            link("/vi/-/view_content/11-hoi-nghi.html", "Hội nghị một"),
            link("/vi/-/view_content/12-hoi-nghi.html", "Hội nghị hai"),
        ),
        "/vi/-/view_content/11-hoi-nghi.html": true,
        "/vi/-/view_content/12-hoi-nghi.html": lie,
    }
    with PortalServer(pages) as server:
        found = crawl("unseen", url=f"{server.url}/", platform="liferay")
        canonical = {capture["canonical_url"].removeprefix(server.url) for capture in found.captures}
    assert canonical == {"/-/view_content/11-hoi-nghi.html", "/vi/-/view_content/12-hoi-nghi.html"}
