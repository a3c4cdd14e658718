from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_crawler.extraction.page import PageError, parse_html, parse_page, says_only, squeeze
from portal_crawler.items import Capture

URL = "http://stp.example.gov.vn/tin/1.html"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b" \r\n\t ", "empty_body"),
        (b"%PDF-1.4\n%\xe2\xe3", "not_html"),
        (b"PK\x03\x04" + b"\x00" * 200, "not_html"),
        (b"just a line of text", "not_html"),
        (bytes(range(32)) * 400 + b"<p>", "not_html"),
    ],
)
def test_what_is_no_page_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(PageError, match=URL) as caught:
        parse_html(URL, body, "text/html; charset=utf-8")
    assert caught.value.reason == reason


def test_the_tree_is_kept_on_the_capture_and_so_is_the_error() -> None:
    good = Capture(url=URL, body=b"<p>a</p>", fetched_at=datetime.now(UTC))
    assert parse_page(good) is parse_page(good)
    bad = Capture(url=URL, body=b"", fetched_at=datetime.now(UTC))
    for _ in range(2):
        with pytest.raises(PageError):
            parse_page(bad)


def test_head_and_base() -> None:
    page = parse_html(
        URL,
        """<base href="/goc/"><title> Tin \n tức </title><meta property="og:title" content="Họp  báo">
        <meta property="og:title" content="other"><p>x""".encode(),
    )
    assert page.url == "http://stp.example.gov.vn/goc/"
    assert page.title == "Tin tức"
    assert page.meta["og:title"] == "Họp báo"


def test_an_xml_declaration_with_another_encoding_is_no_obstacle() -> None:
    page = parse_html(
        URL, '<?xml version="1.0" encoding="iso-8859-1"?><html><body><p>Sở Tư pháp</p></body></html>'.encode()
    )
    assert page.text == "Sở Tư pháp"


def test_nul_bytes_and_controls_do_not_end_the_page() -> None:
    page = parse_html(URL, b"<p>mot\x00hai\x0bba</p><p>bon</p>")
    assert page.text.split() == ["mot", "hai", "ba", "bon"] or page.text.split() == [
        "mothai",
        "ba",
        "bon",
    ]


def test_text_leaves_scripts_out_and_separates_lines() -> None:
    page = parse_html(URL, b"<div>a<script>b()</script>c<br>d<p>e</p>f<style>g</style></div>")
    assert page.text == "ac d e f"


def test_a_base_that_is_no_address_is_ignored() -> None:
    assert parse_html(URL, b'<base href="http://[bad"><p>x</p>').url == URL


@given(st.text())
def test_squeezed_text_is_stable(text: str) -> None:
    once = squeeze(text)
    assert squeeze(once) == once
    assert "\xa0" not in once


@given(st.binary(max_size=3000))
def test_any_bytes_are_a_page_or_a_clear_error(body: bytes) -> None:
    try:
        parse_html(URL, body, "text/html")
    except PageError as error:
        assert URL in error.detail


def test_text_in_a_legacy_font_is_decoded_and_the_rest_is_not() -> None:
    page = parse_html(
        URL,
        """<p>Sở Tư pháp ®</p><p><font face=".VnTime">Th«ng tin <b>ViÖt Nam</b></font> và sau đó</p>
        <p style="font-family: '.VnTime', serif">t­<span style="font-family:Arial">®</span></p>""".encode(),
    )
    assert page.text == "Sở Tư pháp ® Thông tin Việt Nam và sau đó tư®"


def test_unicode_text_left_in_a_legacy_font_stays() -> None:
    page = parse_html(
        URL,
        '<p><font face=".VnTime">Sở Tư pháp có thông báo</font></p><p><font face="VNI-Times">có</font></p>'.encode(),
    )
    assert page.text == "Sở Tư pháp có thông báo có"


def test_a_second_document_in_one_body_is_read_like_the_first() -> None:
    one = "<!DOCTYPE html><html><head><title>Một</title></head><body><h1>Một</h1><ul><li><a href='{}'>tin</a></li></ul></body></html>"
    page = parse_html("http://a.example/", (one.format("1") + one.format("2")).encode(), "text/html; charset=utf-8")
    assert [link.get("href") for link in page.root.iter("a")] == ["1", "2"]


@pytest.mark.parametrize("body", [b"<?x?>", b"<!-- -->", b"<!DOCTYPE html>", b"< >\x01", b"\xef\xbb\xbf<!>"])
def test_a_body_without_an_element_is_no_page(body: bytes) -> None:
    try:
        page = parse_html("http://a.example/", body, "text/html")
    except PageError as error:
        assert error.reason in ("not_html", "empty_body")
    else:
        assert page.root.tag == "html"


@pytest.mark.parametrize(
    ("markup", "only"),
    [
        ("<p>Họp  <b>giao\nban</b></p>", True),
        ("<p>\n<span></span>\n<i>Ho\u0323p giao</i>&nbsp;ban</p>", True),  # decomposed
        ("<div><p>Họp giao ban</p><p>Sáng nay</p></div>", False),
        ("<div><p>Sáng nay</p><p>Họp giao ban</p></div>", False),
        ("<p>Họp giao</p>", False),
        ("<p></p>", False),
    ],
)
def test_an_element_says_only_a_text(markup: str, *, only: bool) -> None:
    page = parse_html("http://localhost/", f"<html><body>{markup}</body></html>".encode(), "text/html; charset=utf-8")
    assert says_only(next(page.root.find("body").iterchildren()), "Họp giao ban") is only


def test_files_are_told_by_their_addresses() -> None:
    links = "".join(f"<a href='{url}'>x</a>" for url in ("/a.PDF", "/b.docx?v=2", "/documents/7", "/doc.html", "#"))
    page = parse_html("http://localhost/", f"<html><body>{links}<a>x</a></body></html>".encode())
    assert page.files == {"/a.PDF", "/b.docx?v=2", "/documents/7"}
