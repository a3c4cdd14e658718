"""A portal that redirects its http addresses, or those without ``www.``, is not asked twice for each page."""

from __future__ import annotations

from collections import Counter

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, link, page

from portal_crawler.crawling.origins import PROOF, Origins
from portal_crawler.platforms.portal import PortalSpider

HOST = "so.tinh.gov.vn"
TITLES = {f"/tin/{number}": f"Hội nghị tổng kết công tác năm của xã {number}" for number in range(1, 31)}


class Behind(PortalSpider):
    """A portal that is reached through a proxy, as its name is none that resolves."""

    name = "behind"
    start_urls = (f"http://{HOST}/",)
    article_urls = (r"^/tin/(?P<id>\d+)$",)


def test_pages_are_asked_for_where_redirects_have_led(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(link(f"http://{HOST}{path}", title) for path, title in TITLES.items())
    pages = {"/": page(rows), **{path: article(title) for path, title in TITLES.items()}}

    def answer(seen: Seen) -> Answer | str:
        host, _, path = seen.path.removeprefix("http://").partition("/")
        if host == HOST:
            return Answer("", 301, {"Location": f"http://www.{HOST}/{path}"})
        return pages.get(f"/{path}", Answer("", 404))

    with PortalServer({"*": answer}) as server:
        monkeypatch.setenv("http_proxy", server.url)
        port = server.url.rpartition(":")[2]
        settings = {
            "PORTAL_ALLOW_PRIVATE": f"127.0.0.1:{port}",
            "PORTAL_SOFT_404": False,
            "CONCURRENT_REQUESTS": 1,  # none has been taken from the queue before it is learned
            "SCHEDULER": "portal_crawler.crawling.frontier.Frontier",
        }
        done = crawl("test_origins.Behind", settings)
        asked = Counter(path.removeprefix("http://").partition("/")[0] for path in server.paths if "/tin/" in path)
    assert set(done.urls) == {f"http://www.{HOST}{path}" for path in TITLES}, done.log
    assert asked[f"www.{HOST}"] == len(TITLES)
    assert asked[HOST] <= PROOF + 1
    assert done.stats["redirects/foreseen"] == len(TITLES) - asked[HOST]


def test_what_is_learned_of_origins() -> None:
    origins = Origins()
    for number in range(PROOF):
        assert origins.home(f"http://{HOST}/tin/9") == f"http://{HOST}/tin/9"
        origins.redirected(f"http://{HOST}/tin/{number}", f"https://{HOST}/tin/{number}")
        origins.redirected(f"https://{HOST}/tin/{number}", f"https://www.{HOST}/tin/{number}")
        origins.redirected(f"http://khac.gov.vn/{number}", "https://khac.gov.vn/")
    assert origins.home(f"http://{HOST}/tin/9?a=1") == f"https://www.{HOST}/tin/9?a=1"
    assert origins.home("http://khac.gov.vn/9") == "http://khac.gov.vn/9"
    origins.came(f"https://{HOST}/tin/7")
    assert origins.home(f"http://{HOST}/tin/9") == f"https://{HOST}/tin/9"


def test_redirects_in_a_circle_lead_nowhere() -> None:
    origins = Origins()
    for number in range(PROOF):
        origins.redirected(f"http://{HOST}/{number}", f"https://{HOST}/{number}")
        origins.redirected(f"https://{HOST}/{number}", f"http://{HOST}/{number}")
    assert origins.home(f"http://{HOST}/1") == f"http://{HOST}/1"
