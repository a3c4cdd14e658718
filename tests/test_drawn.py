"""Addresses that differ in values drawn anew for each link, or in how letters bear their accents, are asked for once."""

from __future__ import annotations

from itertools import count
from unicodedata import normalize
from urllib.parse import quote

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, link, page

from portal_crawler.crawling.spellings import Spellings

FOLDERS = ("tin-tuc", "thong-bao", "van-hoa", "kinh-te")
TITLES = [f"Hội nghị tổng kết công tác năm của {name}" for name in ("huyện", "xã", "phường", "tỉnh", "sở", "ban")]
HOST = "http://a.example"


def test_values_that_are_drawn_anew_for_each_link_make_no_other_page() -> None:
    drawn = count(1)

    def fresh(path: str, text: str) -> str:
        return link(f"{path}?r=0.{next(drawn) * 7_654_321_987 % 10**10:010}", text)

    def answer(seen: Seen) -> Answer | str:
        path = seen.path.partition("?")[0]
        menu = "".join(fresh(f"/{folder}/", folder.title()) for folder in FOLDERS)
        stories = {f"/{folder}/{place}.html": f"{title}, {folder}"
                   for folder in FOLDERS for place, title in enumerate(TITLES)}  # fmt: skip
        if path in stories:
            return article(stories[path], menu)
        shown = [fresh(each, title) for each, title in stories.items() if each.startswith(path) and path != "/"]
        return page(menu, *shown, title=path) if path == "/" or shown else Answer("", 404)

    with PortalServer({"*": answer, "/robots.txt": Answer("", 404), "/sitemap.xml": Answer("", 404)}) as server:
        done = crawl("unseen", {"CONCURRENT_REQUESTS": 1}, url=f"{server.url}/")
        asked = [path.partition("?")[0] for path in server.paths if path.count("/") == 2]
    assert len({url.partition("?")[0] for url in done.urls}) == len(done.urls) == len(FOLDERS) * len(TITLES), done.log
    assert len(asked) <= 40, asked


@pytest.mark.parametrize("content", [8, None])
def test_a_value_that_names_the_page_is_not_taken_for_one_drawn_anew(content: int | None) -> None:
    """No link of the first pages leads to an article that another of them has shown."""
    spellings = Spellings()
    urls = [f"{HOST}/{folder}/xem.aspx?ma={number}" for number, folder in enumerate(FOLDERS * 8, 100_000)]
    assert not spellings.read(HOST, urls)
    assert not spellings.waits(urls[0])
    assert not spellings.shown(urls[0], 7)
    asked = [url for url in urls[4::4] if not spellings.waits(url)]
    assert len(asked) == 1
    assert not spellings.shown(asked[0], content)
    assert spellings.released() == [url for url in urls[4::4] if url not in asked]
    assert spellings.key(urls[0]) == urls[0]


def test_a_value_that_comes_twice_is_not_drawn_anew() -> None:
    spellings = Spellings()
    for number in range(9):
        spellings.read(HOST, [f"{HOST}/{folder}/?ma={100_000 + number * (folder != FOLDERS[3])}" for folder in FOLDERS])
    assert not any(spellings.waits(f"{HOST}/{FOLDERS[0]}/?ma={100_000 + number}") for number in range(9))


@pytest.mark.parametrize("strict", [False, True], ids=["one page", "one of them is dead"])
def test_letters_with_accents_in_one_or_apart_are_one_address(strict: bool) -> None:
    """A server of files tells the spellings apart: whichever of them is alive is found."""
    paths = [f"/tin/{title.replace(' ', '-')}-{number}.html" for number, title in enumerate(TITLES * 5, 200)]
    turn = count()

    def box(_: Seen) -> str:
        form = ("NFC", "NFD")[next(turn) % 2]
        return "".join(link(quote(normalize(form, path)), path[5:-5].replace("-", " ")) for path in paths)

    def shows(path: str) -> object:
        return lambda seen: article(path[5:-9].replace("-", " ") + f" {path[-8:-5]}", box(seen))

    forms = [("NFC",), ("NFD",)] if strict else [("NFC", "NFD")] * 2
    pages = {quote(normalize(form, path)): shows(path) for place, path in enumerate(paths) for form in forms[place % 2]}
    with PortalServer({"/": lambda seen: page(box(seen)), **pages}) as server:  # type: ignore[dict-item]
        done = crawl("unseen", {"CONCURRENT_REQUESTS": 1}, url=f"{server.url}/")
        asked = [path for path in server.paths if path.startswith("/tin/")]
    assert len(done.urls) == len(paths), done.log
    assert strict or len(asked) <= len(paths) + 2, asked
