"""Articles a long way from the lists, from one to the next: found as far as the limit and as far again, the rest told."""

from __future__ import annotations

from itertools import pairwise

from crawl import crawl
from portal_server import PortalServer, article, link, page

TITLES = {f"/tin/{number}": f"Hội nghị tổng kết công tác năm của xã {number}" for number in range(101, 108)}


def test_articles_to_which_only_a_long_way_of_others_leads_are_found_or_told() -> None:
    paths = list(TITLES)
    onward = {path: link(other, TITLES[other]) for path, other in pairwise(paths)}
    pages = {path: article(title, onward.get(path, "")) for path, title in TITLES.items()}
    pages["/"] = page(link("/ds", "Tin tức"))
    pages["/ds"] = page(link(paths[0], TITLES[paths[0]]))
    with PortalServer(pages) as server:
        done = crawl("test_sitemaps.Ruled", {"DEPTH_LIMIT": 3}, url=f"{server.url}/")
        left = [reject["url"].removeprefix(server.url) for reject in done.rejected if reject["reason"] == "postponed"]
        found = {url.removeprefix(server.url) for url in done.urls}
        assert max(map(server.asked, paths)) == 1
    assert left
    assert found == set(paths) - set(left), done.log
    assert done.stats["depth/gone_on"] == done.stats["depth/left_articles"] == len(left) == 1
