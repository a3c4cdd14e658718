"""What only sitemaps name: however many there are, and wherever their addresses lead, all of it is asked for."""

from __future__ import annotations

from crawl import Crawl, crawl
from portal_server import MATTERS, PLACES, Answer, PortalServer, article, link, page

from portal_crawler.crawling.traps import PatternBudget
from portal_crawler.platforms.portal import PortalSpider

XML = {"Content-Type": "text/xml"}
FEW = {"PORTAL_PATTERN_BUDGET": 4, "PORTAL_SOFT_404": False}


class Ruled(PortalSpider):
    """A portal whose articles lie under /tin/."""

    name = "ruled"
    article_urls = (r"^/(?:tin|node)/(?P<id>\d+)$",)


def title(number: int) -> str:
    return f"Hội nghị bàn việc {MATTERS[number % 10]} tại {PLACES[number % 7]} lần thứ {number}"


def urlset(url: str, paths: list[str]) -> Answer:
    return Answer(f"<urlset>{''.join(f'<url><loc>{url}{path}</loc></url>' for path in paths)}</urlset>", headers=XML)


def numbers(done: Crawl) -> list[int]:
    return sorted(int(url.rpartition("/")[2]) for url in done.urls)


def test_sitemaps_and_what_they_name_do_not_lie_below_each_other() -> None:
    pages: dict = {"/": page("<p>Sở Nội vụ</p>")} | {f"/tin/{n}": article(title(n)) for n in range(60)}
    with PortalServer(pages) as server:
        names = "".join(f"<sitemap><loc>{server.url}/sitemap-{n}.xml</loc></sitemap>" for n in range(6))
        pages["/sitemap.xml"] = Answer(f"<sitemapindex>{names}</sitemapindex>", headers=XML)
        pages |= {
            f"/sitemap-{n}.xml": urlset(server.url, [f"/tin/{each}" for each in range(10 * n, 10 * n + 10)])
            for n in range(6)
        }
        done = crawl("test_sitemaps.Ruled", {**FEW, "DEPTH_LIMIT": 3}, url=f"{server.url}/")
    assert numbers(done) == list(range(60)), done.log
    assert "depth/request_ignored_count" not in done.stats


def test_what_a_sitemap_alone_names_is_asked_for_though_pages_have_led_to_the_rest() -> None:
    pages: dict = {f"/tin/{n}": article(title(n), link(f"/node/{n + 1}", title(n + 1))) for n in range(17)}
    pages |= {f"/tin/{n}": article(title(n)) for n in range(17, 20)}
    pages |= {f"/node/{n}": Answer("", 301, {"Location": f"/tin/{n}"}) for n in range(20)}
    pages["/"] = page("<p>Sở Nội vụ</p>")
    with PortalServer(pages) as server:
        pages["/sitemap.xml"] = urlset(server.url, [f"/node/{n}" for n in range(20)])
        done = crawl("test_sitemaps.Ruled", {**FEW, "DEPTH_LIMIT": 30}, url=f"{server.url}/")
        assert max(map(server.asked, pages)) == 1
    assert numbers(done) == list(range(20)), done.rejected


def test_a_page_that_comes_by_the_other_scheme_is_no_longer_under_way() -> None:
    budget = PatternBudget(8)
    asked = [f"http://so.tinh.gov.vn/tin/{n}" for n in range(4)]
    assert [budget.grants(url) for url in asked[:3]] == [True, True, False]
    for number in range(2):
        came = f"https://www.so.tinh.gov.vn/tin/{number}"
        assert came in budget
        budget.visited(came, (), article=f"/tin/{number}", content=number)
    assert not any(url in budget for url in asked)
    assert budget.released(url=asked[0]) == [asked[2]]
