"""Links planted among a portal's own, to catch programs that follow them, cost no more than any other trap."""

from __future__ import annotations

import re
from itertools import count

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, link, page

GENERATOR = '<meta name="generator" content="NukeViet v4.5">'
TITLES = [f"Hội nghị tổng kết công tác năm của {name}" for name in ("huyện", "xã", "phường", "tỉnh", "sở", "ban")]
STORIES = {
    f"/tin-tuc/hoi-nghi-tong-ket-cong-tac-{letter}-{number}.html": f"{title} {letter} {number}"
    for number, (title, letter) in enumerate(((title, letter) for title in TITLES for letter in "abcdef"), 200)
}


class Planted:
    """A portal on whose every page stand four links that were never there before, in the folder of the articles too."""

    def __init__(self) -> None:
        self.number = count(100_000)

    def links(self) -> str:
        """Four of them."""
        return "".join(
            link(f"/{folder}/thong-tin-noi-bo-cua-he-thong-{next(self.number)}.html", "Thông tin nội bộ của hệ thống")
            for folder in ("tin-tuc", "an", "tin-tuc", "bay")
        )

    def answer(self, seen: Seen) -> Answer | str:
        """Any page but lists."""
        if "noi-bo" in seen.path:
            return page("<p>Bạn đã bị ghi nhận.</p>", self.links(), title="Ghi nhận")
        if seen.path not in STORIES:
            return Answer("", 404)
        return article(STORIES[seen.path], self.links())


@pytest.mark.parametrize("generator", [GENERATOR, ""])
def test_addresses_that_are_new_on_every_page_are_left_soon_though_articles_stand_beside_them(generator: str) -> None:
    planted = Planted()
    menu = link("/tin-tuc/", "Tin tức")
    rows = "".join(link(path, title) for path, title in STORIES.items())
    home = page(generator, menu, planted.links())
    with PortalServer({"/": home, "/tin-tuc/": page(menu, rows, planted.links()), "*": planted.answer}) as server:
        done = crawl("unseen", url=f"{server.url}/")
        asked = [path for path in server.paths if "noi-bo" in path]
    assert {re.sub("^http://[^/]+", "", url) for url in done.urls} >= STORIES.keys(), done.log
    assert 1 <= len(asked) <= 25, len(asked)
    # What was not asked for is told.
    told = [reject["url"] for reject in done.rejected if reject["reason"] == "postponed" and "noi-bo" in reject["url"]]
    assert told
