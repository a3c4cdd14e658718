"""Chains of articles put together of a portal's own paragraphs end soon, and articles that quote each other are kept."""

from __future__ import annotations

import random
import re

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, body, link, page

from portal_crawler.crawling.echoes import Echoes

STORIES = {
    f"/tin-tuc/tin-{letter}{other}-cua-huyen-trong-nam-{number}.html": f"Hội nghị tổng kết của xã {letter}{other} {number}"
    for number, (letter, other) in enumerate(((one, two) for one in "abcdef" for two in "ghiklm"), 200)
}
TEXTS = list(map(body, STORIES.values()))
NAMES = ("hop-giao-ban", "dao-tao-nghe", "kiem-tra-rung", "phat-dong-hoc", "tong-ket-xa", "cap-nuoc-sach")


def onward(number: int, *, worded: bool) -> str:
    """The link to the next article of a chain, whose address differs from others in its number alone or in words too."""
    name = (
        f"{NAMES[number % 6]}-{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}" if worded else "chi-dao-dieu-hanh"
    )
    return link(f"/chuoi/{name}-trong-tuan-qua-so-{number}.html", f"Bài tiếp theo: chỉ đạo điều hành số {number}")


@pytest.mark.parametrize("worded", [False, True])
def test_a_chain_made_of_the_portals_own_paragraphs_ends_soon(worded: bool) -> None:
    def chained(seen: Seen) -> Answer | str:
        if not seen.path.startswith("/chuoi/"):
            return Answer("", 404)
        number = int(re.findall(r"\d+", seen.path)[-1])
        parts = re.findall("<p>.*?</p>", TEXTS[number % len(TEXTS)])
        random.Random(number).shuffle(parts)
        title = f"Công tác chỉ đạo điều hành số {number} trong tuần"
        return page(f"<h1>{title}</h1>", *parts, onward(number + 1, worded=worded), title=title)

    # Each article leads to a place in the chain of its own, if it is to be known by its series; else two do.
    begun = {
        path: "" if worded and place % 18 else onward(1000 * place, worded=worded) for place, path in enumerate(STORIES)
    }
    pages = {path: article(title, begun[path]) for path, title in STORIES.items()}
    rows = "".join(link(path, title) for path, title in STORIES.items())
    home = page(link("/tin-tuc/", "Tin tức"))
    with PortalServer({"/": home, "/tin-tuc/": page(rows), "*": chained, **pages}) as server:
        done = crawl("unseen", {"DEPTH_LIMIT": 60}, url=f"{server.url}/")
        asked = [path for path in server.paths if path.startswith("/chuoi/")]
    assert {server.url + path for path in STORIES} <= set(done.urls), done.log
    assert 1 <= len(asked) <= 25, len(asked)
    assert any("/chuoi/" in reject["url"] for reject in done.rejected if reject["reason"] == "postponed")


def test_articles_that_only_articles_lead_to_and_that_quote_each_other_are_all_found() -> None:
    """Each repeats most of the one before, under the same title with another number."""
    paths = [f"/tin-tuc/ban-tin-noi-bo-cua-so-{number}.html" for number in range(100, 140)]
    parts = [re.findall("<p>.*?</p>", body(f"Bản tin {number}")) for number in range(41)]
    pages = {}
    for place, path in enumerate(paths):
        others = [(place + each) % len(paths) for each in range(1, 9)]
        following = "".join(link(paths[other], f"Bản tin nội bộ của Sở, số {other + 100}") for other in others)
        title = f"Bản tin nội bộ của Sở, số {place + 100}"
        pages[path] = page(f"<h1>{title}</h1>", *parts[place][:3], *parts[place + 1], following, title=title)
    with PortalServer({"/": page(link(paths[0], "Bản tin nội bộ của Sở, số 100")), **pages}) as server:
        done = crawl("unseen", url=f"{server.url}/")
    assert {server.url + path for path in paths} == set(done.urls), done.log


def test_what_stands_on_all_pages_makes_no_echo_of_a_short_article() -> None:
    echoes, frame = Echoes(), frozenset(range(20))
    for number in range(100, 300):
        told = frame | {number, number + 1000}
        assert not echoes.is_one(told) or number < 104
        echoes.note(told, ("a",))
    assert echoes.count("a") == 0
    assert echoes.is_one(frame | {150, 1150})


def test_a_portal_that_writes_in_set_phrases_is_no_chain() -> None:
    """Its articles say what others of it have said; to half of them nothing but an article leads."""
    phrases = re.findall("<p>.*?</p>", "".join(TEXTS[:12]))
    letters = [f"{one}{two}{three}" for one in "aeiou" for two in "ghikl" for three in "mnpt"]
    titles = {
        f"/tin-tuc/tin-{each}-cua-xa-{place}.html": f"Tin {each} của xã" for place, each in enumerate(letters, 300)
    }
    hidden = {path.replace("/tin-tuc/tin", "/tin-them/ky-hai"): f"{title}, kỳ hai" for path, title in titles.items()}
    pages = {}
    for number, (path, title, further) in enumerate(zip(titles, titles.values(), hidden, strict=True)):
        said = random.Random(number)
        pages[path] = page(
            f"<h1>{title}</h1>", *said.sample(phrases, len(phrases) // 6), link(further, hidden[further]), title=title
        )
        pages[further] = page(
            f"<h1>{hidden[further]}</h1>", *said.sample(phrases, len(phrases) // 6), title=hidden[further]
        )
    rows = "".join(link(path, title) for path, title in titles.items())
    home = page(link("/tin-tuc/", "Tin tức"))
    with PortalServer({"/": home, "/tin-tuc/": page(rows), **pages}) as server:
        done = crawl("unseen", url=f"{server.url}/")
    assert {server.url + path for path in pages} == set(done.urls), done.log


def test_what_a_list_shows_counts_against_nothing() -> None:
    echoes = Echoes()
    for number in range(100):
        echoes.note(frozenset(range(number % 7, number % 7 + 20)), ("a",), listed=True)
    assert echoes.count("a") == 0
    echoes.note(frozenset(range(20)), ("a",))
    assert echoes.count("a") == 1
