"""Articles that lead to nothing new are handed on unread; all others are parsed as ever."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from portal_server import article, link
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from portal_crawler.crawling import glance, listing
from portal_crawler.crawling.glance import VALUE, Glance
from portal_crawler.crawling.learning import KNOWN_WELL
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.extraction.template import Template
from portal_crawler.items import Capture
from portal_crawler.platforms.portal import PortalSpider

HOST = "https://snv.vidu.gov.vn"
MENU = link("/tin-tuc/", "Tin tức") + link("/gioi-thieu/", "Giới thiệu") + link("https://chinhphu.vn/", "Chính phủ")


class ViduSnv(PortalSpider):
    name = "vidu_snv"
    start_urls = [f"{HOST}/"]  # noqa: RUF012 - a spider file
    article_urls = (r"^/tin-tuc/[^/]+-(?P<id>\d+)\.html$",)


@pytest.fixture
def spider() -> ViduSnv:
    crawler = get_crawler(ViduSnv)
    crawler.stats = MemoryStatsCollector(crawler)
    made = ViduSnv.from_crawler(crawler)
    crawler.spider = made
    made.template = Template()
    made.template.pages = KNOWN_WELL
    made.begin()
    return made


def given_by(spider: ViduSnv, path: str, *parts: str, title: str = "") -> list[Any]:
    body = article(title or f"Bài viết {path}", MENU, *parts)
    return list(
        spider.parse(HtmlResponse(HOST + path, body=body.encode(), encoding="utf-8", request=Request(HOST + path)))
    )


def captured(found: list[Any]) -> Capture:
    (one,) = (each for each in found if isinstance(each, Capture))
    return one


def asked(found: list[Any]) -> list[str]:
    return [each.url.removeprefix(HOST) for each in found if isinstance(each, Request)]


def test_the_first_page_is_parsed_and_the_next_with_the_same_links_is_not(spider: ViduSnv) -> None:
    first = given_by(spider, "/tin-tuc/mot-1.html")
    assert asked(first) == ["/tin-tuc/", "/gioi-thieu/"]
    assert not captured(first).unread
    second = given_by(spider, "/tin-tuc/hai-2.html")
    assert captured(second).unread
    assert asked(second) == []
    assert captured(second).identity == "2"


def test_a_page_with_a_new_link_is_parsed(spider: ViduSnv) -> None:
    given_by(spider, "/tin-tuc/mot-1.html")
    for markup in (
        link("/tin-tuc/ba-3.html", "Bài thứ ba"),
        "<A HREF='/chuyen-de/'>Chuyên đề</A>",
        "<a\nhref = /du-an/x.htm?a=1&amp;b=2>Dự án</a>",
    ):
        found = given_by(spider, f"/tin-tuc/hai-{len(markup)}.html", markup)
        assert not captured(found).unread
        assert len(asked(found)) == 1


def test_an_article_that_a_list_has_named_and_dated_needs_no_second_look(spider: ViduSnv) -> None:
    given_by(spider, "/tin-tuc/mot-1.html")
    rows = "".join(f"<li>{link(f'/tin-tuc/bai-{n}.html', f'Tiêu đề của bài số {n}')} 0{n}/03/2024</li>" for n in (7, 8))
    listed = HtmlResponse(
        f"{HOST}/tin-tuc/", body=f"<body>{MENU}<ul>{rows}</ul></body>".encode(), encoding="utf-8", request=Request(HOST)
    )
    assert asked(list(spider.parse(listed))) == ["/tin-tuc/bai-7.html", "/tin-tuc/bai-8.html"]
    found = given_by(spider, "/tin-tuc/hai-2.html", link("/tin-tuc/bai-7.html", "Bài số 7"))
    assert captured(found).unread
    assert captured(given_by(spider, "/tin-tuc/bai-7.html")).link_text == "Tiêu đề của bài số 7"


def test_an_article_that_goes_on_is_followed(spider: ViduSnv) -> None:
    given_by(spider, "/tin-tuc/mot-1.html")
    found = given_by(spider, "/tin-tuc/hai-2.html", link("/tin-tuc/hai-2.html?page=2", "2"))
    assert asked(found) == ["/tin-tuc/hai-2.html?page=2"]


def test_a_feed_is_asked_for_when_it_is_first_announced(spider: ViduSnv) -> None:
    given_by(spider, "/tin-tuc/mot-1.html")
    announced = '<link rel="alternate" type="application/rss+xml" href="/tin-tuc/rss/">'
    assert asked(given_by(spider, "/tin-tuc/hai-2.html", announced)) == ["/tin-tuc/rss/"]
    assert captured(given_by(spider, "/tin-tuc/ba-3.html", announced)).unread


def test_its_own_print_view_is_noted_and_its_canonical_address_taken(spider: ViduSnv) -> None:
    given_by(spider, "/tin-tuc/mot-1.html")
    more = (
        '<link rel="canonical" href="https://snv.vidu.gov.vn/tin-tuc/hay-2.html">',
        link("/tin-tuc/hai-2.html?print=1", "In"),
    )
    found = captured(given_by(spider, "/tin-tuc/hai-2.html", *more))
    assert found.unread
    assert found.canonical_url == f"{HOST}/tin-tuc/hay-2.html"
    assert f"{HOST}/tin-tuc/hai-2.html?print=1" in found.also_at


def test_what_unread_articles_say_counts_against_traps(spider: ViduSnv) -> None:
    given_by(spider, "/tin-tuc/mot-1.html")
    for number in range(2, 60):
        capture = captured(given_by(spider, f"/tin-tuc/bay-{number}.html", title="Cùng một bài"))
        assert capture.unread
        spider.note_content(capture, 7)
    assert spider.budget.exhausted(f"{HOST}/tin-tuc/bay-99.html")


@given(st.binary(max_size=200) | st.text("<a href=\"'>/x hrefHREF\n&#;", max_size=60).map(str.encode))
@example(b"<a href=/fhref>Tin</a>")
def test_the_quick_search_for_addresses_is_the_thorough_one(body: bytes) -> None:
    thorough = re.compile(rb"href" + VALUE.pattern, re.IGNORECASE)
    assert glance._addresses(body, body.lower()) == thorough.findall(body)


@given(
    st.lists(
        st.sampled_from(
            [
                "<a href=",
                "<A HREF = ",
                "<area\thref\n=",
                '"/a b"',
                "'/c?d=1&amp;e'",
                "/f",
                ">",
                " x>",
                "</a>",
                "<b>t</b>",
                "href",
                "=",
                "<!--",
                "-->",
                "&#x2f;g",
            ]
        ),
        max_size=25,
    )
)
@example(["<a href=", "/f", "'/c?d=1&amp;e'", ">"])
def test_no_address_of_the_parsed_page_is_overlooked(pieces: list[str]) -> None:
    body = f"<html><body>{''.join(pieces)}".encode()
    try:
        page = parse_html(HOST, body)
    except PageError:
        return
    seen = Glance().unsettled(HOST, body)
    assert seen is not None
    assert {href.strip() for href, _ in listing.anchors(page)} <= set(seen.values())


@pytest.mark.parametrize(
    "body",
    [
        b"<base href='/x/'><a href=y>",
        "<a href='/x'>".encode("utf-16"),
        "<a href='/tin-tức'>".encode("cp1258", "replace").replace(b"?", b"\xf0"),
    ],
)
def test_what_only_a_parsed_page_can_tell_is_left_to_it(body: bytes) -> None:
    assert Glance().unsettled(HOST, body) is None


def test_a_canonical_address_that_stands_in_a_script_is_none_to_a_glance() -> None:
    assert glance.canonical_link(b"<p>x") is None
    assert glance.canonical_link(b"<LINK href='/a&amp;b' rel=canonical>") == "/a&b"
    with pytest.raises(ValueError, match="elsewhere"):
        glance.canonical_link(b"<script>var canonical</script>")
