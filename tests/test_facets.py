"""Filters in paths are one trap, however they are combined; sections below sections are none."""

from __future__ import annotations

from itertools import chain

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, link, page

from portal_crawler.crawling.facets import PathFilters

SECTIONS = ("tin-tuc", "van-ban", "kinh-te", "giao-duc")
VALUES = {"linhvuc": range(1, 7), "nam": range(2019, 2025), "chieu": ("tang", "giam")}
BETWEEN = {"in one segment": "-", "in two segments": "/"}


@pytest.mark.parametrize("archive", [False, True], ids=["nothing hidden", "an archive"])
@pytest.mark.parametrize("ordered", [False, True], ids=["as clicked", "in order"])
@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
def test_filters_in_paths_are_one_trap_and_hide_no_filter_that_shows_articles(
    between: str, ordered: bool, archive: bool
) -> None:
    """Four sections with a faceted list each; what shows articles of its own comes last of all."""
    shown = {f"/{name}/": [f"/{name}/bai-rieng-cua-muc-{name}-so-{n}0.html" for n in "123"] for name in SECTIONS}
    old = [f"/tin-tuc/bai-viet-chi-co-trong-kho-cu-{number}.html" for number in range(70, 75 if archive else 70)]
    pages = {path: article(f"Bài viết {path}") for path in chain(*shown.values(), old)}

    def listed(seen: Seen) -> str:
        section = f"/{seen.path.split('/')[1]}/"
        told = seen.path.removeprefix(section).strip("/").replace(between, "/").split("/")
        given = dict(zip(told[::2], told[1::2], strict=True)) if len(told) > 1 else {}
        combined = [{**given, name: str(value)} for name, them in VALUES.items() for value in them]
        combined += [{"kho": "cu"}] * (archive and seen.path == "/tin-tuc/")
        paths = [
            "".join(f"{name}{between}{value}/" for name, value in (sorted(each.items()) if ordered else each.items()))
            for each in combined
        ]
        titles = old if given == {"kho": "cu"} else shown[section]
        return page(
            *(link(each, f"Một bài viết riêng: {each}") for each in titles),
            *(link(f"{section}{path}", path.split("/")[-2]) for path in paths),
        )

    def answer(seen: Seen) -> str | Answer:
        return listed(seen) if seen.path.endswith("/") else Answer("", 404)

    home = page(*(link(path, f"Mục {path}") for path in shown))
    with PortalServer({"/": home, **pages, "*": answer}) as server:
        done = crawl("unseen", {"CONCURRENT_REQUESTS_PER_DOMAIN": 1}, url=f"{server.url}/")
        filtered = [path for path in server.paths if path.endswith("/") and path.count("/") > 2]
    assert {url.removeprefix(server.url) for url in done.urls} == pages.keys(), done.log
    assert archive or len(filtered) <= 25, (len(filtered), filtered)


def test_sections_below_sections_are_walked_however_deep_they_are() -> None:
    """Offices of five districts with the same sections each, whose articles no other page shows."""
    pages: dict[str, str] = {}
    lists: dict[str, str] = {}
    offices = [f"/huyen-{huyen}/xa-{xa}/" for huyen in "abcde" for xa in "xyz"]
    for place, office in enumerate(offices):
        for name in ("tin-tuc", "thong-bao"):
            titles = [f"{office}{name}/bai-viet-rieng-cua-{name}-so-{n}{place + 10}.html" for n in "12"]
            pages |= {path: article(f"Bài viết {path}") for path in titles}
            lists[f"{office}{name}/"] = page(*(link(path, f"Một bài viết riêng: {path}") for path in titles))
        lists[office] = page(link(f"{office}tin-tuc/", "Tin tức"), link(f"{office}thong-bao/", "Thông báo"))
    for huyen in "abcde":
        below = [office for office in offices if office.startswith(f"/huyen-{huyen}/")]
        lists[f"/huyen-{huyen}/"] = page(*(link(office, f"Xã {office}") for office in below))
    home = page(*(link(f"/huyen-{huyen}/", f"Huyện {huyen}") for huyen in "abcde"))
    with PortalServer({"/": home, **lists, **pages}) as server:
        done = crawl("unseen", {"CONCURRENT_REQUESTS_PER_DOMAIN": 1}, url=f"{server.url}/")
    assert {url.removeprefix(server.url) for url in done.urls} == pages.keys(), done.log


def test_what_is_combined_with_others_is_a_filter_and_what_holds_articles_is_none() -> None:
    filters = PathFilters()
    for path in ("tin/", "tin/nam-1/", "tin/sap-xep/", "tin/moi/", "tin/nam-1/sap-xep/", "tin/xa/", "tin/xa/moi/"):
        assert not filters.learn(f"http://so.example/{path}")
    assert not filters.holds("http://so.example/van-ban/nam-7/")
    assert filters.learn("http://so.example/tin/nam-1/moi/")
    assert filters.holds("http://so.example/van-ban/nam-7/") and filters.holds("http://so.example/a/nam-2/b/")
    assert not filters.holds("http://so.example/tin/xa/")
    filters.bears_articles("http://so.example/tin/nam-3/bai-viet.html")
    assert not filters.holds("http://so.example/van-ban/nam-7/")
