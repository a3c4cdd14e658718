"""No page that a server may send takes more than moments to be read, whoever has made it for that."""

from __future__ import annotations

import gzip
import time
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from portal_server import body
from scrapy.http import HtmlResponse, XmlResponse

from portal_crawler.archive.warc import read_captures
from portal_crawler.corpus.selection import folded
from portal_crawler.crawling import apologies, buttons, feeds, listing, softmissing
from portal_crawler.crawling.patterns import page_evidence
from portal_crawler.crawling.rules import UrlRules
from portal_crawler.crawling.sitemaps import read_sitemap
from portal_crawler.crawling.walls import wall
from portal_crawler.extraction.article import extract
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.items import Article, Capture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "http://so.example.gov.vn/tin/mo-truong-12.html"
TITLE = "Hội nghị tổng kết công tác bảo vệ môi trường năm 2023"
# Seconds of the processor; what grows with the square of a page's size takes ten times as long, or for ever.
MOMENTS = 6.0
MARKS = "\u0301\u0323" * 60_000


def page(inner: str, head: str = "") -> bytes:
    return f"<html><head><title>{TITLE}</title>{head}</head><body><h1>{TITLE}</h1>{inner}</body></html>".encode()


def read(inner: str, head: str = "") -> Article:
    html = page(f"<div>{body(TITLE)}</div>{inner}", head)
    headers = {"content-type": "text/html; charset=utf-8"}
    found = extract(Capture(url=URL, body=html, fetched_at=datetime(2024, 3, 6, tzinfo=UTC), headers=headers), Site())
    assert isinstance(found, Article), found
    return found


class Site:
    name = "time"
    province = department = None
    wrappers = ()
    template = None


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < MOMENTS


@pytest.mark.parametrize("piece", ["<", "<a", "<a href ", "<input ", "<input type ", "<!--"])
def test_tags_that_are_never_closed(piece: str) -> None:
    html = page(f"<p>password {piece * 60_000}").removesuffix(b"</body></html>")
    assert wall(200, {"content-type": "text/html"}, html) is None
    said = softmissing.text_of(HtmlResponse(URL, body=html))
    softmissing.words_of(said, URL)
    softmissing.lines_of(said)
    assert TITLE.lower().removesuffix(" 2023") in apologies.lines_said(html, URL)


def test_a_tag_without_end_where_elements_nest_too_deeply() -> None:
    assert parse_html(URL, page("<div>" * 3000 + "<" + "a" * 150_000)).title == TITLE


@pytest.mark.parametrize("around", ["", "<div>" * 3000], ids=["flat", "deep"])
@pytest.mark.parametrize("attribute", ["a{}=1", "a{}='>'"])
def test_attributes_without_end(around: str, attribute: str) -> None:
    many = " ".join(attribute.format(number) for number in range(100_000))
    with pytest.raises(PageError, match="bear attributes without end"):
        parse_html(URL, page(f"{around}<div {many}>x</div>"))


@pytest.mark.parametrize("heading", ["Tin khác", "Ý kiến bạn đọc"])
@pytest.mark.parametrize("box", ["{}", "<div>{}</div>"], ids=["one box", "many"])
def test_headings_without_end(heading: str, box: str) -> None:
    article = read(box.format(f"<h2>{heading}</h2><p>Một đoạn ngắn</p>") * 6000)
    assert article.title == TITLE


def test_marks_without_end_on_a_letter_are_kept() -> None:
    article = read(f"<p>Phụ lục kèm theo: a{MARKS} và hết.</p>")
    assert parse_html(URL, page(f"<p>a{MARKS}</p>")).text.count("\u0323") == MARKS.count("\u0323")
    assert len(folded(article.title or "")) < 100
    assert folded(f"Đề án a{MARKS}") == "de an a"


def test_hosts_of_marks_without_end() -> None:
    address = f"http://a{MARKS}/"
    head = f"<link rel=alternate type=application/rss+xml href='{address}'><base href='{address}'>"
    inner = f"<a href='{address}'>a</a><img src='{address}'><i class=loadmore data-url='{address}'>Xem thêm</i>"
    shown = parse_html(URL, page(inner, head))
    rules = UrlRules([URL])
    assert [rules.link(shown.url, href) for href, _ in listing.anchors(shown)] == [None]
    assert rules.judge(address).kind == "outside"
    assert listing.feed_links(shown) == []
    assert list(buttons.sources(shown)) == []
    assert address not in read(inner, head).html
    sitemap = f"<urlset><url><loc>{address}</loc></url><url><loc>{URL}</loc></url></urlset>"
    assert read_sitemap(XmlResponse(URL, body=sitemap.encode())) == (False, {URL: ""})


@pytest.mark.parametrize(
    ("base", "link", "children"),
    [("", f"http://a{MARKS}/", 0), (f' xml:base="http://a{MARKS[:4000]}/"', "/1", 3000)],
    ids=["an address", "bases of bases"],
)
def test_feeds_of_marks_without_end(monkeypatch: pytest.MonkeyPatch, base: str, link: str, children: int) -> None:
    monkeypatch.setattr(feeds, "SECONDS", 2.0)
    inner = "".join(f"<a base='{number}'>" for number in range(children))
    feed = (
        f"<?xml version='1.0' encoding='utf-8'?><rss{base}><channel>{inner}<item><link>{link}</link></item></channel>"
    )
    with pytest.raises(feeds.FeedError, match="cannot be read: no end in 2 s"):
        feeds.read_feed(URL, feed.encode())


def test_a_large_feed_is_read_to_its_end() -> None:
    items = "".join(f"<item><title>Tin {n}</title><link>/tin/{n}</link></item>" for n in range(2000))
    told = feeds.read_feed(URL, f"<rss><channel>{items}</channel></rss>".encode())
    assert (len(told), told[-1]) == (2000, ("http://so.example.gov.vn/tin/1999", "Tin 1999", None))


def test_a_base_without_end_is_none() -> None:
    head = f"<base href='/{'a/' * 100_000}'>"
    links = "".join(f"<a href='tin-{number}.html'>Tin {number}</a>" for number in range(3000))
    shown = parse_html(URL, page(links, head))
    found = [UrlRules([URL]).link(shown.url, href) for href, _ in listing.anchors(shown)]
    assert found[7] is not None
    assert found[7].url == "http://so.example.gov.vn/tin/tin-7.html"


def test_pagers_without_end() -> None:
    links = "".join(f"<a href=\"javascript:__doPostBack('c$p{n}$ctl{n}','')\">{n}</a>" for n in range(60_000))
    assert listing.postback_numbers(parse_html(URL, page(links))) == [0]


def test_areas_of_a_map_without_end() -> None:
    areas = "".join(f"<area href='/tin/bai-{number}.html'>" for number in range(6000))
    shown = parse_html(URL, page(f"<map>{areas}</map>"))
    assert {listing.listed_date(anchor, href) for href, anchor in listing.anchors(shown)} == {None}


def test_an_arrow_without_end_is_no_pager() -> None:
    (_, anchor), *_ = listing.anchors(parse_html(URL, page(f"<a href='/2'>{'>' * 100_000}!</a>")))
    assert not listing.is_next(anchor, 1)


def test_totals_without_end() -> None:
    shown = parse_html(URL, page(f"<div>{'<span>1/2</span>' * 5000}{'<a>x</a>' * 5000}</div>"))
    assert listing.printed_total(shown, 1) is None


def test_white_space_without_end_in_json() -> None:
    script = "<script type='application/ld+json'>{\"@type\":" + " " * 200_000 + "</script>"
    assert page_evidence(parse_html(URL, page(script))) == 0


@pytest.mark.parametrize(
    "inner",
    [
        "<tr><td>Số hiệu</td><td>1/QĐ-UBND</td></tr>" * 15_000,
        "<table><tr><td>Số hiệu<td>1" * 5000,
        "<p>Số hiệu</p><p>Ngày ban hành:</p>" * 4000,
    ],
    ids=["rows", "nested", "lines"],
)
def test_labels_of_documents_without_end(inner: str) -> None:
    html = page(f"<div>{inner}</div>")
    extract(Capture(url=URL, body=html, fetched_at=datetime(2024, 3, 6, tzinfo=UTC)), Site())


@pytest.mark.parametrize("packed", [False, True])
def test_a_capture_file_full_of_what_begins_like_a_gzip_member(tmp_path: Path, *, packed: bool) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page("<p>a</p>")
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {URL}\r\nWARC-Date: 2024-03-06T00:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:7c1f9e00-0000-4000-8000-000000000001>\r\nContent-Type: application/http\r\n"
        f"Content-Length: {len(answer)}\r\n\r\n"
    )
    record, told = gzip.compress(head.encode() + answer + b"\r\n\r\n"), []
    path = tmp_path / ("members.wacz" if packed else "members.warc.gz")
    if packed:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
            pack.writestr("archive/members.warc.gz", record + b"x" * 20_000_000 + b"\x1f\x8b\x08" * 1000 + record)
    else:
        path.write_bytes(record + b"\x1f\x8b\x08" * 400_000 + record)
    assert [capture.url for capture in read_captures(path, lambda *said: told.append(said))] == [URL, URL]
    assert len(told) == 1
