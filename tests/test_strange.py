"""Pages as they are met: each comes out as a reader would want it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from portal_server import body

from portal_crawler.extraction.article import extract
from portal_crawler.items import Article, Capture

TITLE = "Khánh thành cầu dân sinh tại xã vùng sâu sau một năm thi công"
TEXT = [part[3:] for part in body(TITLE).split("</p>") if part]
MENU = "".join(f"<li><a href='/{n}'>{name}</a></li>" for n, name in enumerate(
    ["Trang chủ", "Giới thiệu", "Tin tức", "Văn bản", "Thủ tục hành chính", "Hỏi đáp", "Liên hệ", "Sơ đồ cổng"]
))  # fmt: skip
RELATED = "".join(f"<li><a href='/tin-{n}.html'>Tin khác số {n} về công việc của các huyện</a></li>" for n in range(5))
TOOLBAR = (
    "<div id='wm-ipp-base' lang='en'><div id='wm-ipp'><a href='/web/'>success</a> <span>23 captures</span>"
    "<div>12 Dec 2016 - 27 Nov 2018</div><div>About this capture</div><p>The Internet Archive discovers and captures web "
    "pages through many different web crawls. At any given time several distinct crawls are running.</p></div></div>"
)


class Site:
    name = "strange"
    province = department = None
    wrappers = ()
    template = None


def read(inner: str, *, before: str = "", title: str = TITLE) -> Article:
    html = (
        f"<html><head><title>{title}</title></head><body>{before}<div id='menu'><ul>{MENU}</ul></div><div id='main'>"
        f"<div class='detail'>{inner}</div><div class='other-news'><h3>Các tin khác</h3><ul>{RELATED}</ul></div></div>"
        "<div id='footer'>Bản quyền thuộc về Sở Nội vụ. Điện thoại: 0233.3852.000</div></body></html>"
    )
    capture = Capture(
        url="http://portal.example/tin-tuc/khanh-thanh-cau-31.html",
        body=html.encode(),
        fetched_at=datetime(2024, 3, 6, tzinfo=UTC),
        headers={"content-type": "text/html; charset=utf-8"},
    )
    found = extract(capture, Site())
    assert isinstance(found, Article), found
    return found


def paragraphs(parts: list[str], tag: str = "p") -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in parts)


HEAD = f"<h2 class='title'>{TITLE}</h2><div class='date'>05/03/2024 08:30</div>"


@pytest.mark.parametrize(
    "inner",
    [
        HEAD + paragraphs(TEXT),
        HEAD + "<p>&nbsp;</p>".join(f"<p>{text}</p>" for text in TEXT) + "<p> </p>" * 20,
        HEAD + "<h1>" + "<br><br>".join(TEXT) + "</h1>",
        HEAD + f"<h1>{paragraphs(TEXT)}</h1>",
        HEAD + "<div>" + "<br><br>".join(TEXT) + "</div>",
        HEAD + "<font face='Times New Roman' size='4'>" + paragraphs(TEXT, "div") + "</font>",
        HEAD + "".join(f"<p><span style='font-size:14pt'><span lang='VI'>{text}</span></span></p>" for text in TEXT),
        HEAD + "<table><tr><td>" + paragraphs(TEXT) + "</td></tr></table>",
        HEAD + "<table><tr><td>" + "<br/><br/>".join(TEXT) + "</td></tr></table>",
        f"<table><tr><td><b>{TITLE}</b></td></tr><tr><td>05/03/2024 08:30</td></tr><tr><td>{paragraphs(TEXT)}</td></tr></table>",
    ],
    ids=[
        "plain",
        "spacers",
        "in h1",
        "paragraphs in h1",
        "breaks",
        "font",
        "spans",
        "cell",
        "cell of breaks",
        "all in cells",
    ],
)
def test_however_a_text_is_set_it_is_the_same_text(inner: str) -> None:
    found = read(inner)
    assert found.text.split("\n\n") == TEXT
    assert found.title == TITLE
    assert found.published_at == "2024-03-05T08:30:00+07:00"


def test_captions_in_table_cells_belong_to_their_pictures() -> None:
    figure = "<table align='center'><tr><td><img src='/{0}.jpg'></td></tr><tr><td><i>{0}</i></td></tr></table>"
    said = ["Lãnh đạo huyện cắt băng khánh thành", "Người dân đi lại trên cầu mới"]
    found = read(HEAD + f"<p>{TEXT[0]}</p>{figure.format(said[0])}{paragraphs(TEXT[1:])}{figure.format(said[1])}")
    assert [image.caption for image in found.images] == said
    assert found.text.split("\n\n") == [TEXT[0], said[0], *TEXT[1:], said[1]]


def test_entities_that_lost_their_ampersand_stay_as_printed() -> None:
    broken = "Thuận lợi chohograve;a giải tại cơ sở, atilde; hội vagrave; gia đigrave;nh cugrave;ng tham gia tích cực."
    assert broken in read(HEAD + paragraphs([*TEXT, broken])).text


def test_entities_escaped_twice_stay_as_printed() -> None:
    assert "&quot;Ngày hội&quot;" in read(HEAD + paragraphs([*TEXT, f"{TEXT[0]} &amp;quot;Ngày hội&amp;quot;"])).text


def test_the_toolbar_of_a_web_archive_is_no_text() -> None:
    found = read(HEAD + paragraphs(TEXT), before=TOOLBAR)
    assert found.text.split("\n\n") == TEXT
    assert "archive_toolbar" in {removed.widget for removed in found.extraction.removed}


def test_a_body_of_one_link_is_that_link() -> None:
    found = read(HEAD + "<div class='content'><p><a href='/vb/12-tb.pdf'>Xem toàn văn thông báo tại đây</a></p></div>")
    assert found.title == TITLE
    assert "Xem toàn văn thông báo tại đây" in found.text
    assert [file.url for file in found.attachments] == ["http://portal.example/vb/12-tb.pdf"]


def test_an_article_of_pictures_alone_is_kept() -> None:
    found = read(HEAD + "<div class='content'><p><img src='/poster.jpg' alt='Áp phích'></p></div>")
    assert (found.title, [image.url for image in found.images]) == (TITLE, ["http://portal.example/poster.jpg"])


def test_a_title_that_stands_in_no_marked_element_is_found() -> None:
    found = read(f"<div>{TITLE}</div><div>Ngày đăng: 05/03/2024</div>{paragraphs(TEXT)}", title="Chi tiết tin")
    assert found.title == TITLE
    assert found.published_at == "2024-03-05"


def test_a_breadcrumb_that_nobody_sees_names_no_section() -> None:
    hidden = "<div style='display: none'><ul class='ms-breadcrumb'><li><a href='/'>quan tri</a></li><li><a href='/p'>Pages</a></li></ul></div>"
    shown = "<div class='breadcrumb'><a href='/'>Trang chủ</a> <a href='/tin'>Tin trong tỉnh</a></div>"
    assert read(shown + HEAD + paragraphs(TEXT), before=hidden).section == ["Tin trong tỉnh"]
