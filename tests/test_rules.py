"""Address rules, lists and fingerprints, without any network."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal_crawler.crawling import listing
from portal_crawler.crawling import patterns as patterns_module
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.chains import ListChains
from portal_crawler.crawling.patterns import (
    UrlPatterns,
    address_evidence,
    folder_and_number,
    page_evidence,
    slug_with_number,
)
from portal_crawler.crawling.rules import UrlRules, chain_key, in_own_order, page_number, plain_address
from portal_crawler.crawling.traps import PatternBudget
from portal_crawler.extraction.page import parse_html
from portal_crawler.extraction.render import absolute
from portal_crawler.platforms.aspnet import AspNetSpider
from portal_crawler.platforms.dotnetnuke import DotNetNukeSpider
from portal_crawler.platforms.fingerprint import fingerprint
from portal_crawler.platforms.liferay import LiferaySpider
from portal_crawler.platforms.nukeviet import NukeVietSpider
from portal_crawler.platforms.portal import PortalSpider
from portal_crawler.platforms.sharepoint import SharePointSpider
from portal_crawler.platforms.wordpress import WordPressSpider

HOST = "https://so.example.gov.vn"


def rules_of(family: type[PortalSpider], *seeds: str) -> UrlRules:
    return UrlRules(
        seeds or (HOST,),
        article_urls=family.article_urls,
        listing_urls=family.listing_urls,
        alternate_urls=family.alternate_urls,
        deny_urls=family.deny_urls,
    )


@pytest.mark.parametrize(
    ("family", "path", "identity"),
    [
        (LiferaySpider, "/vi/tin-tuc/-/view_content/4378921-ha-noi-day-manh.html", "4378921"),
        (LiferaySpider, "/en/tin-tuc/-/view_content/pop_up/4378921-ha-noi.html?_101_viewMode=print", "4378921"),
        (LiferaySpider, "/web/guest/branch/chi-tiet?id=30585&_c=100000006", "30585"),
        (LiferaySpider, "/xem-chi-tiet-tin/-/tin-tuc/Hoi-nghi-301407", "Hoi-nghi-301407"),
        (LiferaySpider, "/web/so-noi-vu/home/-/asset_publisher/aB3/content/hoi-nghi-cong-chuc", "hoi-nghi-cong-chuc"),
        (
            LiferaySpider,
            "/en/van-ban?p_p_id=4_WAR_portalvbpqportlet&_4_WAR_portalvbpqportlet_id=62613&_4_x_mvcPath=%2Fview_detail.jsp",
            "vbpq-62613",
        ),
        # Its links to articles bear the address of the list, in several manners.
        (LiferaySpider, "/tin/-/asset_publisher/aB3/content/bai?inheritRedirect=false&redirect=%2Ftin%3Fq%3D1", "bai"),
        (LiferaySpider, "/tin/-/asset_publisher/aB3/content/bai?_101_INSTANCE_x_redirect=%2Ftin", "bai"),
        (LiferaySpider, "/tin/-/asset_publisher/aB3/content/bai?redirect=http%3A%2F%2Flocalhost%3A8080%2Ftin", "bai"),
        (LiferaySpider, "/web/guest/chi-tiet?id=30585&_com_liferay_x_redirect=%2Ftin", "30585"),
        (NukeVietSpider, "/vi/news/tin-hoat-dong/hoi-nghi-tong-ket-777.html", "hoi-nghi-tong-ket-777"),
        (NukeVietSpider, "/Tin-tuc/Slug-777.html", "Slug-777"),
        (NukeVietSpider, "/Tin-tuc/Slug-777.html?nvvithemever=m", "Slug-777"),
        (NukeVietSpider, "/vi/laws/detail/Quyet-dinh-12-QD-UBND-5/?from=home", "laws-Quyet-dinh-12-QD-UBND-5"),
        (NukeVietSpider, "/en/news/activities/meeting-777.html", "en-meeting-777"),
        (NukeVietSpider, "/vi/laws/detail/Quyet-dinh-12-QD-UBND-5/", "laws-Quyet-dinh-12-QD-UBND-5"),
        (SharePointSpider, "/vi-VN/Pages/tin.aspx?ItemID=26918", "itemid-26918"),
        (SharePointSpider, "/portal/pages/2023-01-30/hoi-nghi-8812.aspx", "hoi-nghi-8812"),
        (SharePointSpider, "/tuphap/Lists/Posts/Post.aspx?ID=12", "tuphap-posts-12"),
        (SharePointSpider, "/TuPhap/lists/POSTS/post.aspx?id=12", "tuphap-posts-12"),
        (SharePointSpider, "/Lists/TB/DispForm.aspx?ID=5&ContentTypeId=0x0100A7&Source=%2FLists", "tb-5"),
        (DotNetNukeSpider, "/Default.aspx?tabid=84&ID=4101", "4101"),
        (DotNetNukeSpider, "/tabid/84/ID/4101/Default.aspx", "4101"),
        (DotNetNukeSpider, "/tintuc/tabid/84/NewsID/7/Default.aspx", "newsid-7"),
        (DotNetNukeSpider, "/Default.aspx?tabid=84&newsid=7", "newsid-7"),
        (DotNetNukeSpider, "/tin/tabid/84/ctl/ArticleView/mid/412/articleId/7/hoi-nghi.aspx", "articleid-7"),
        (DotNetNukeSpider, "/Default.aspx?tabid=84&ctl=Details&mid=412&ItemID=7", "itemid-7"),
        (WordPressSpider, "/2024/03/hoi-nghi-tong-ket/", "2024/03/hoi-nghi-tong-ket"),
        (WordPressSpider, "/hoi-nghi-tong-ket-nam/", "hoi-nghi-tong-ket-nam"),
        (AspNetSpider, "/ChiTietTin.aspx?MenuID=3&NewsID=55", "newsid-55"),
        (AspNetSpider, "/Article/ViewDetail.aspx?id=55", "viewdetail-55"),
    ],
)
def test_article_addresses(family: type[PortalSpider], path: str, identity: str) -> None:
    judged = rules_of(family).judge(HOST + path)
    assert (judged.kind, judged.key) == ("article", identity)


@pytest.mark.parametrize(
    ("family", "path"),
    [
        (LiferaySpider, "/vi/tin-tuc-su-kien?p_p_id=101&_101_delta=20&_101_cur=3"),
        (NukeVietSpider, "/about/Yeu-cau-su-dung-NukeViet-4.html"),
        (NukeVietSpider, "/tin-hoat-dong/page-2/"),
        (SharePointSpider, "/tin/Lists/Posts/AllPosts.aspx?Paged=TRUE&PageFirstRow=31"),
        (WordPressSpider, "/category/tin-tuc-hoat-dong-nganh/"),
        (AspNetSpider, "/DanhSachTin.aspx?MenuID=3"),
    ],
)
def test_lists_are_no_articles(family: type[PortalSpider], path: str) -> None:
    assert rules_of(family).judge(HOST + path).kind in ("page", "listing")


@pytest.mark.parametrize(
    "path",
    [
        "/dang-nhap",
        "/users/login/?nv_redirect=aHR0c",
        "/account/login?returnUrl=%2Ftin%2Fhoi-nghi-tong-ket-nam-12.html",
        "/leaving?redirect=http://khac.gov.vn/tin/-/view_content/12",
        "/chuyen?redirect=/tin/hoi-nghi-tong-ket-nam-12.html",
        "/ngon-ngu/2?returnUrl=%2Ftin",
        "/tim-kiem?q=abc",
        "/?s=hoi+nghi",
        "/lich?month=2024-03",
        "/tin/bai-viet-12.html/vi/en/vi",
        "/a/b/b/b/c",
        "/hoi-dap/cau-hoi-12",
        "/tin/page-2/'%20+%20$(this).data('img')%20+%20'",
        "/_layouts/15/start.aspx",
        "/" + "a" * 2100,
    ],
)
def test_what_is_left_alone(path: str) -> None:
    assert UrlRules([HOST]).judge(HOST + path).kind == "denied"


@pytest.mark.parametrize(
    ("family", "path"),
    [
        (LiferaySpider, "/c/portal/login?p_l_id=12&redirect=%2Ftin%2F-%2Fview_content%2F12"),
        (LiferaySpider, "/leaving?redirect=/tin/-/view_content/12"),
        (LiferaySpider, "/tin?p_p_id=58&_58_redirect=%2Ftin"),
        (LiferaySpider, "/tin?_x_keywords=a&_x_redirect=%2Ftin"),
        (WordPressSpider, "/2024/03/15/"),
        (WordPressSpider, "/2024/03/15/page/2/"),
        (SharePointSpider, "/Lists/ThongBao/EditForm.aspx?ID=5"),
        (DotNetNukeSpider, "/tabid/36/ctl/SendPassword/Default.aspx"),
        (DotNetNukeSpider, "/Default.aspx?tabid=36&ctl=Edit&mid=412&ItemID=7"),
        (DotNetNukeSpider, "/Default.aspx?tabid=36&mid=412&ItemID=7"),
        (SharePointSpider, "/thutuc/Lists/TTHC/DispForm.aspx?ID=9"),
        (PortalSpider, "/index.php?mod=news&act=send&id=5"),
        (PortalSpider, "/index.php?mod=guestbook"),
    ],
)
def test_a_family_leaves_alone(family: type[PortalSpider], path: str) -> None:
    assert rules_of(family).judge(HOST + path).kind == "denied"


def test_a_link_back_denies_no_page_that_the_rest_of_its_address_names() -> None:
    rules = rules_of(LiferaySpider)
    document = f"{HOST}/van-ban?p_p_id=vb_WAR_x&_vb_WAR_x_docId=5"
    assert rules.judge(f"{document}&_vb_WAR_x_redirect=%2Fvan-ban") == replace(
        rules.judge(document), url=f"{document}&_vb_WAR_x_redirect=%2Fvan-ban"
    )
    assert rules.judge(document).kind == "page"
    assert UrlRules([HOST]).judge(f"{HOST}/tin/hoi-nghi-tong-ket-nam-12.html?returnUrl=%2Ftin").kind == "page"


def test_months_pass_in_the_archive_and_not_in_what_else_its_program_shows() -> None:
    rules = UrlRules([HOST])
    rules.open_program(f"{HOST}/index.php", frozenset(("mod=archive",)))
    assert rules.judge(f"{HOST}/index.php?mod=archive&thang=5&nam=2023").kind == "page"
    assert rules.judge(f"{HOST}/index.php?mod=cal&month=5&year=2023").kind == "denied"


@pytest.mark.parametrize(
    ("ordered", "plain"),
    [
        ("/i.php?mod=tin&sort=date&page=2", "/i.php?mod=tin&page=2"),
        ("/tin?order_by=ten", "/tin"),
        ("/tin?sapxep=cu&cat=3", "/tin?cat=3"),
        ("/tin?resort=da-nang", "/tin?resort=da-nang"),
    ],
)
def test_a_list_in_its_own_order(ordered: str, plain: str) -> None:
    assert in_own_order(HOST + ordered) == HOST + plain


@pytest.mark.parametrize(
    "path", ["/gop-y-du-thao-van-ban/", "/lich-su-hinh-thanh/", "/dang-ky-kinh-doanh/", "/rss-la-gi"]
)
def test_words_inside_a_slug_deny_nothing(path: str) -> None:
    assert UrlRules([HOST]).judge(HOST + path).kind == "page"


def test_scope() -> None:
    whole = UrlRules([f"{HOST}/vi"])
    assert whole.in_scope("http://www.so.example.gov.vn/en/tin")
    assert not whole.in_scope("https://khac.example.gov.vn/")
    assert not whole.in_scope("https://so.example.gov.vn:8443/")
    part = UrlRules([f"{HOST}/web/so-noi-vu"])
    assert part.in_scope(f"{HOST}/web/so-noi-vu/tin?page=2")
    assert not part.in_scope(f"{HOST}/web/so-noi-vu-2/tin")
    assert part.judge(f"{HOST}/web/so-y-te").kind == "outside"


def test_a_seed_is_never_denied() -> None:
    assert UrlRules([f"{HOST}/lien-he/"]).judge(f"{HOST}/lien-he/").kind == "page"


def test_the_plain_address_comes_first() -> None:
    rules = rules_of(LiferaySpider)
    article = "tin/-/view_content/7-a.html"
    addresses = [f"{HOST}/en/{article}", f"{HOST}/vi/tin/-/view_content/pop_up/7-a.html", f"{HOST}/vi/{article}"]
    assert plain_address(addresses, rules)[0] == f"{HOST}/vi/{article}"


@given(st.text(max_size=80), st.text(max_size=30))
def test_no_link_breaks_the_rules(href: str, query: str) -> None:
    rules = rules_of(NukeVietSpider)
    rules.link(HOST, href)
    rules.link(HOST, f"{href}?{query}")
    page_number(href)
    chain_key(href)
    address_evidence(href)
    slug_with_number(href)


@pytest.mark.parametrize(
    ("url", "number", "chain"),
    [
        ("/tin-tuc/page-3/", 3, "so.example.gov.vn/tin-tuc"),
        ("/tin-tuc/page/3", 3, "so.example.gov.vn/tin-tuc"),
        ("/tin-tuc?page=3", 3, "so.example.gov.vn/tin-tuc"),
        ("/tin?_101_cur=3&_101_delta=20", 3, "so.example.gov.vn/tin&_101_delta=20"),
        (
            "/tin/Lists/Posts/AllPosts.aspx?Paged=TRUE&p_ID=3&PageFirstRow=31",
            31,
            "so.example.gov.vn/tin/Lists/Posts/AllPosts.aspx",
        ),
        ("/tin-tuc/bai-12.html", None, "so.example.gov.vn/tin-tuc/bai-12.html"),
    ],
)
def test_pages_of_a_list(url: str, number: int | None, chain: str) -> None:
    assert page_number(HOST + url) == number
    assert chain_key(HOST + url) == chain


def test_budgets() -> None:
    chains = ListChains(limit=2)
    assert chains.turn(f"{HOST}/tin?page=1", ["1", "2"])
    assert chains.turn(f"{HOST}/tin?page=2", ["2"])
    assert not chains.turn(f"{HOST}/tin?page=3", ["1"])
    assert chains.turn(f"{HOST}/tin?page=4", ["3"])
    budget = PatternBudget(2)
    for day in range(3):
        budget.visited(f"{HOST}/ngay-{day}", ["1"])
    assert budget.exhausted(f"{HOST}/ngay-9")
    assert budget.grants(f"{HOST}/tin/hoi-nghi-tong-ket-cuoi-nam.html")


def page_of(body: str, head: str = "") -> object:
    return parse_html(
        f"{HOST}/", f"<html><head>{head}</head><body>{body}</body></html>".encode(), "text/html; charset=utf-8"
    )


CARDS = """<ul>
<li><a href="/a"><img src="x.png"></a><h3><a href="/a" title="Hội nghị tổng kết công tác năm 2024">Hội nghị tổng kết ...</a></h3>
<span>05/03/2024 09:30</span><p>Tóm tắt</p></li>
<li><a href="/b"><h4>Thông báo tuyển dụng viên chức</h4><p>Tóm tắt rất dài của bài viết</p><i>ngày 06/03/2024</i></a></li>
<li><a href="/c">Kế hoạch kiểm tra chuyên ngành đợt hai</a></li></ul>"""


def test_what_a_list_says_about_its_links() -> None:
    page = page_of(CARDS)
    told = {}
    for href, anchor in listing.anchors(page):
        text = listing.link_text(anchor)
        if text:
            told[href] = (text, listing.listed_date(anchor, href))
    assert told["/a"] == ("Hội nghị tổng kết công tác năm 2024", "05/03/2024 09:30")
    assert told["/b"][0] == "Thông báo tuyển dụng viên chức"
    assert told["/c"] == ("Kế hoạch kiểm tra chuyên ngành đợt hai", None)


def test_breadcrumbs() -> None:
    page = page_of(
        '<div class="breadcrumbs"><a href="/">Trang chủ</a> » <a href="/t">Tin tức</a> » <span>Nội bộ</span></div>'
    )
    assert listing.breadcrumb(page) == ["Tin tức", "Nội bộ"]


def test_ways_on() -> None:
    page = page_of(
        """<a rel="next" href="/t?page=2">2</a><a onclick="window.location='/t?p=3'">3</a>
        <a href="javascript:" onclick='RefreshPageTo(event, "/L\\u002fAllPosts.aspx?Paged=TRUE\\u0026PageFirstRow=31");'>31</a>"""
    )
    assert listing.next_links(page) == ["/t?page=2", "/t?p=3", "/L/AllPosts.aspx?Paged=TRUE&PageFirstRow=31"]


def pager(*labels: str) -> object:
    return page_of(
        "".join(f"<a href=\"javascript:__doPostBack('grid','Page${label}')\">{label}</a>" for label in labels)
    )


def test_postbacks_go_forward_only() -> None:
    assert listing.next_postback(pager("1", "3", "4"), 2) == listing.Postback("grid", "Page$3")
    assert listing.next_postback(pager("1", "2", "..."), 3) == listing.Postback("grid", "Page$...")
    assert listing.next_postback(pager("...", "4", "5"), 6) is None
    assert listing.next_postback(pager("1", "2", "Trang sau"), 3) == listing.Postback("grid", "Page$Trang sau")


def test_each_pager_turns_its_own_list() -> None:
    links = "".join(
        f"<a href=\"javascript:__doPostBack('{target}','{argument}')\">{text}</a>"
        for target, argument, text in (
            ("c$gvTin", "Page$2", "2"),
            ("c$gvVanBan", "Page$2", "2"),
            ("c$gvVanBan", "Page$3", "3"),
            ("c$cal", "8401", "1"),
            ("c$rpt$ctl01$lnk", "", "2"),
            ("c$rpt$ctl02$lnk", "", "3"),
        )
    )
    page = page_of(links)
    assert listing.other_pagers(page) == ["c$gvVanBan", "c$rpt$ctl"]
    assert listing.next_postback(page, 1) == listing.Postback("c$gvTin", "Page$2")
    assert listing.next_postback(page, 2) is None
    assert listing.next_postback(page, 2, "c$gvVanBan") == listing.Postback("c$gvVanBan", "Page$3")
    assert listing.postback_numbers(page, "c$rpt$ctl") == [2, 3]


def test_url_patterns() -> None:
    patterns = UrlPatterns()
    for number in range(5):
        patterns.note(f"{HOST}/tin/hoi-nghi-tong-ket-cuoi-nam-{number}.html", "Hội nghị tổng kết công tác cuối năm")
        patterns.note(f"{HOST}/muc{number}", "Giới thiệu")
    assert patterns.evidence(f"{HOST}/tin/thong-bao-ket-qua-thi-99.html") == 2
    assert patterns.evidence(f"{HOST}/muc9") == -1
    assert slug_with_number(f"{HOST}/vi/a/12345-hoi-nghi-tong-ket-cuoi-nam.html") == slug_with_number(
        f"{HOST}/en/b/12345-hoi-nghi-tong-ket-cuoi-nam.html"
    )


def test_page_evidence() -> None:
    body = "<p>" + "Nội dung bài viết được trình bày thành nhiều đoạn văn. " * 6 + "</p>"
    assert page_evidence(page_of(f"<div>{body * 3}</div>")) == 2
    assert page_evidence(page_of("<p>ngắn</p>", '<meta property="og:type" content="article">')) == 3
    teasers = "".join(
        f'<li><a href="/{number}">Hội nghị tổng kết công tác cuối năm số {number}</a><p>{"Tóm tắt tin. " * 8}</p></li>'
        for number in range(12)
    )
    assert page_evidence(page_of(f"<ul>{teasers}</ul>")) == 0


@pytest.mark.parametrize(
    ("head", "body", "family"),
    [
        ('<meta name="generator" content="NukeViet v4.5">', "", "nukeviet"),
        ('<meta name="GENERATOR" content="Microsoft SharePoint">', "", "sharepoint"),
        ("<script>var nv_base_siteurl = '/';</script>", '<div id="news-bodyhtml"></div>', "nukeviet"),
        (
            "<script>Liferay.currentURL = '/';</script>",
            '<div id="p_p_id_101_" class="portlet-boundary"></div>',
            "liferay",
        ),
        ('<link href="/wp-content/x.css">', '<div class="entry-content"></div>', "wordpress"),
        ("", '<div id="dnn_ContentPane"></div><div class="DnnModule"></div>', "dotnetnuke"),
        ("", '<div id="s4-workspace"></div><div id="WebPartWPQ2"></div>', "sharepoint"),
        ("", '<form><input name="__VIEWSTATE"><input name="__EVENTVALIDATION"></form>', "aspnet"),
        ('<link href="/wp-content/x.css">', "", None),
        ("", "<p>Trang tĩnh</p>", None),
    ],
)
def test_fingerprints(head: str, body: str, family: str | None) -> None:
    assert fingerprint(page_of(body, head)) == family


@given(
    st.sampled_from(
        ["http://a.vn", "https://a.vn/", "http://a.vn/x/y.html", "http://a.vn/x/?q=/1/2", "http://a.vn/x#/b/c"]
    )
    | st.sampled_from(["HTTP://A.vn:8/x/", "http://a.vn:8/x/", "http://[a/x", "http://a@b.vn/x", "http:///x"]),
    st.text(alphabet="/?#.:;=ahtps&%1 ", max_size=12)
    | st.lists(st.sampled_from(["/a", "/b-1.html", "/.", "/..", "/.c", "/", "?p=1/../2", "?", ";d", "&e", "\n"])).map(
        "".join
    )
    | st.sampled_from(["http:b", "https:/c", "//a.vn/d", "HTTP://a.vn/", ";x"]),
)
@example("http://a.vn/x/y.html", "http:")
@example("http://a.vn/x/y.html", "HTTP:?a=1")
@example("http://a.vn/x/y.html", "http:#a")
@example("http://a.vn/x/y.html", "http://")
@example("http://a.vn/x/y.html", "//")
@example("http://a.vn", "http://a?")
def test_links_are_resolved_as_by_the_standard_library(base: str, href: str) -> None:
    rules = UrlRules(["http://a.vn/"])
    try:
        url = urljoin(base, href.strip())
    except ValueError:
        url = ""
    nowhere = href.strip()[:1] in ("", "#") or not url.lower().startswith("http")
    for _ in range(2):
        found = rules.link(base, href)
        assert (found.url if found else None) == (None if nowhere else url.partition("#")[0])


def test_menu_and_box_are_told_however_many_articles_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns_module, "MOST_LINKED", 50)
    patterns = UrlPatterns()
    menu = [f"a.gov.vn/chuyen-muc/muc{letter}" for letter in "abc"]
    newest = [f"a.gov.vn/tin/hoi-nghi-lan-thu-{number}.html" for number in (901, 902)]
    for page in range(300):
        older = [f"a.gov.vn/tin/hoi-nghi-lan-thu-{number}.html" for number in range(3 * page, 3 * page + 3)]
        patterns.page([*menu, *newest, *older])
    assert all(map(patterns.in_menu, [*menu, *newest]))
    assert not patterns.in_menu("a.gov.vn/tin/hoi-nghi-lan-thu-1.html")
    assert all(map(patterns.in_box, newest)) and not any(map(patterns.in_box, menu))
    assert len(patterns._linked) <= 50


def test_backslashes_in_references_are_slashes_as_in_browsers() -> None:
    rules, base = UrlRules(["https://a.example/"]), "https://a.example/muc/trang.html"
    told = {
        "\\tin\\bai-1.html": "/tin/bai-1.html",
        "\\\\a.example\\tin\\bai-2.html": "/tin/bai-2.html",
        "https:\\\\a.example\\bai-3.html": "/bai-3.html",
        "..\\bai-4.html?tep=a\\b": "/bai-4.html?tep=a\\b",
    }
    judged = {href: rules.link(base, href) for href in told}
    assert {href: each and each.url for href, each in judged.items()} == {
        href: f"https://a.example{path}" for href, path in told.items()
    }
    assert absolute(base, "\\Uploads\\cong-van.pdf") == "https://a.example/Uploads/cong-van.pdf"
    assert parse_html(base, b'<base href="\\cong\\"><p>x</p>').url == "https://a.example/cong/"


@pytest.mark.parametrize(
    ("family", "path", "another", "same"),
    [
        (
            NukeVietSpider,
            "/vi/news/tin/hop-ban-ve-rung-7.html",
            "/vi/su-kien/le-hoi/khai-mac-le-hoi-7.html",
            ("/vi/news/thong-bao/hop-ban-ve-rung-7.html", "/news/print/tin/hop-ban-ve-rung-7.html"),
        ),
        (
            SharePointSpider,
            "/noidung/tintuc/Lists/TinTuc/View_Detail.aspx?ItemID=7",
            "/noidung/thongbao/Lists/ThongBao/View_Detail.aspx?ItemID=7",
            ("/noidung/tintuc/Lists/TinTuc/View_Detail.aspx?CateID=3&ItemID=7&IsPrint=1",),
        ),
        (AspNetSpider, "/ChiTietTin.aspx?id=7", "/ChiTietVanBan.aspx?id=7", ("/vi/chitiettin.aspx?id=7&menu=2",)),
    ],
)
def test_tables_and_modules_count_their_articles_each_for_itself(
    family: type[PortalSpider], path: str, another: str, same: tuple[str, ...]
) -> None:
    """Two articles of one number are two articles, or one of them would never be asked for."""
    rules = rules_of(family)
    first = rules.judge(HOST + path)
    assert first.kind == rules.judge(HOST + another).kind == "article"
    assert rules.judge(HOST + another).key != first.key
    assert {rules.judge(HOST + each).key for each in same} == {first.key}


def test_a_session_in_the_path_makes_no_other_article() -> None:
    rules = UrlRules([HOST])
    plain = f"{HOST}/thong-bao/-/tin-bai/hoi-nghi-ban-ve-an-toan-thuc-pham-7295.html"
    session = f"{plain};jsessionid=8E122ABE1BB390BC.node1"
    assert rules.judge(session).key == rules.judge(plain).key
    assert address_evidence(session) == address_evidence(plain) == 2


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://www.a.vn/tin-tuc/hop-bao-12.html", ("a.vn/tin-tuc", "-12.html")),
        ("https://a.vn/tin-tuc/le-phat-dong-12.html", ("a.vn/tin-tuc", "-12.html")),
        ("https://a.vn/tin-tuc/12-le-phat-dong.html", ("a.vn/tin-tuc", "12-.html")),
        ("https://a.vn/tin-tuc/12-2024.html", None),
        ("https://a.vn/tin-tuc/le-phat-dong.html", None),
        ("https://a.vn/tin-tuc/xem-12.html?id=5", None),
    ],
)
def test_an_address_of_a_title_and_a_number_is_told_by_folder_and_number(
    url: str, named: tuple[str, str] | None
) -> None:
    assert folder_and_number(page_key(url)) == named


@pytest.mark.parametrize("path", ["/tin/hop-bao-12.amp.html", "/tin/hop-bao-12.amp", "/tin/hop-bao-12/amp/"])
def test_a_page_for_phones_is_second_choice(path: str) -> None:
    rules = UrlRules(["https://so.gov.vn/"], article_urls=[r"/tin/"])
    assert rules.judge(f"https://so.gov.vn{path}").alternate
    assert not rules.judge("https://so.gov.vn/tin/hop-bao-12.html").alternate
