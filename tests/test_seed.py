"""The text that the project began with, rebuilt as pages: one article wrapped in a calendar, counters and menus.

Only the text of that page is known, so its HTML is made here in several layouts. The text itself lies in the shared
folder; a made-up page of the same build runs everywhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.items import Article, Capture

SEED = Path(__file__).parents[2] / "shared" / "pages" / "seed"

MADE_UP = {
    "title": "Chi tiết - Sở Nông nghiệp và Môi trường",
    "widgets": [
        "Thông tin tiện ích",
        "Lịch vạn niên",
        "\xa0",
        "Đang truy cập: 3",
        "Hôm nay: 77",
        "Tổng lượt truy cập: 12.345",
    ],
    "body": [
        "Sáng ngày 12 tháng 5 năm 2020, Chi cục Thủy lợi tỉnh tổ chức lớp tập huấn về vận hành hồ chứa an toàn cho cán bộ các "
        "xã vùng hạ du, với sự tham gia của đại diện các hợp tác xã dùng nước trên địa bàn ba huyện phía nam của tỉnh.",
        "Đồng chí Lê Hữu Tường, Chi cục trưởng phát biểu khai mạc lớp tập huấn",
        "\xa0",
        "Trong hai ngày, học viên được giới thiệu quy trình kiểm tra đập trước mùa mưa lũ, cách ghi nhật ký mực nước, cách "
        "liên lạc khi có tình huống khẩn cấp và trách nhiệm của từng cấp trong việc thông báo cho người dân vùng hạ du.",
        "\xa0\xa0\xa0\xa0  Tuy nhiên, nhiều hồ nhỏ do xã quản lý vẫn chưa có người trông coi chuyên trách; hôm nay mới chỉ có "
        "một nửa số hồ được cắm mốc hành lang bảo vệ, và thống kê cho thấy kinh phí sửa chữa hằng năm còn rất hạn hẹp.",
        "Toàn cảnh lớp tập huấn",
        "Kết thúc lớp học, các học viên đi thực tế tại hồ Khe Đá, cùng nhau lập phương án ứng phó cho mùa mưa năm nay.",
    ],
    "author": "Mai Hoa",
    "menu": ["Tiếp nhận ý kiến", "Hình ảnh hoạt động", "Video"],
}


@dataclass
class Site:
    """A portal that nothing is known of."""

    name: str = "unseen"
    province: str | None = "quang-tri"
    department: str | None = "sldtbxh"
    wrappers: tuple[Wrapper, ...] = ()
    template: None = None


def seed_page() -> dict:
    lines = (SEED / "page.txt").read_text("utf-8").split("\n")
    start = next(place for place, line in enumerate(lines) if line.startswith("Thực hiện chương trình"))
    end = next(place for place, line in enumerate(lines) if line.strip(" \xa0") == "Ái Loan")
    return {
        "title": lines[0],
        "widgets": [line for line in lines[1:start] if line],
        "body": [line for line in lines[start:end] if line],
        "author": lines[end],
        "menu": [line for line in lines[end + 1 :] if line],
    }


def is_caption(line: str) -> bool:
    return len(line.split()) < 40 and bool(line.strip(" \xa0")) and not line.rstrip().endswith((".", "…"))


def divs(page: dict) -> str:
    """A portlet layout of nested divs, the widgets in a left column before the article."""
    menu = "".join(f"<li><a href='/m{n}'>{escape(name)}</a></li>" for n, name in enumerate(MENU))
    widgets = "".join(f"<div class='counter-line'>{escape(line)}</div>" for line in page["widgets"][2:])
    body = "".join(
        f"<p style='text-align:center'><img src='/documents/a{n}.jpg' width='500'></p><p>{escape(line)}</p>"
        if is_caption(line) else f"<p>{escape(line)}</p>" for n, line in enumerate(page["body"])
    )  # fmt: skip
    foot = "".join(
        f"<div class='portlet'><h2><a href='/x{n}'>{escape(name)}</a></h2></div>" for n, name in enumerate(page["menu"])
    )
    return (
        f"<html><head><title>{escape(page['title'])}</title></head><body><ul id='nav'>{menu}</ul><div id='col-left'>"
        f"<h2>{escape(page['widgets'][0])}</h2><div class='portlet'><h3>{escape(page['widgets'][1])}</h3>{widgets}</div></div>"
        f"<div id='main'><div class='journal-content-article'>{body}<p>{'&nbsp;' * 70}{escape(page['author'].strip())}</p></div></div>"
        f"<div id='col-right'>{foot}</div><div id='footer'>Bản quyền thuộc về Sở. Điện thoại: 0233.3852.000</div></body></html>"
    )


def tables(page: dict) -> str:
    """An old layout of tables, texts in font elements, the author right-aligned by spaces alone."""
    menu = "".join(f"<td><a href='default.aspx?id={n}'>{escape(name)}</a></td>" for n, name in enumerate(MENU))
    widgets = "".join(f"<tr><td>{escape(line)}</td></tr>" for line in page["widgets"])
    body = "".join(
        f"<div align='center'><img src='/Portals/0/{n}.jpg'></div><div align='center'><font size='2'>{escape(line)}</font></div>"
        if is_caption(line) else f"<div><font face='Arial'>{escape(line)}</font></div>" for n, line in enumerate(page["body"])
    )  # fmt: skip
    foot = "".join(f"<tr><td class='head'>{escape(name)}</td></tr>" for name in page["menu"])
    return (
        f"<html><head><title>{escape(page['title'])}</title></head><body><form id='aspnetForm'><table width='100%'><tr>{menu}</tr></table>"
        f"<table><tr><td valign='top' width='200'><table>{widgets}</table></td><td id='ContentPane'>{body}<div>{'&nbsp; ' * 40}"
        f"{escape(page['author'].strip())}</div></td><td width='200'><table>{foot}</table></td></tr></table></form></body></html>"
    )


def breaks(page: dict) -> str:
    """One block of text, paragraphs separated by two line breaks; the widgets come after it."""
    widgets = "<br>".join(escape(line) for line in page["widgets"])
    body = "<br><br>".join(
        f"<img src='/uploads/{n}.jpg'><br>{escape(line)}" if is_caption(line) else escape(line)
        for n, line in enumerate(page["body"])
    )  # fmt: skip
    menu = " | ".join(f"<a href='/{n}.html'>{escape(name)}</a>" for n, name in enumerate(MENU))
    foot = "".join(f"<div class='box'><div class='box-title'>{escape(name)}</div></div>" for name in page["menu"])
    return (
        f"<html><head><title>{escape(page['title'])}</title></head><body><div class='top'>{menu}</div><div class='noidung'>{body}"
        f"<br><br>{'&nbsp;' * 60}{escape(page['author'].strip())}</div><div class='right'><div class='tienich'>{widgets}</div>{foot}</div></body></html>"
    )


MENU = [
    "Trang chủ",
    "Giới thiệu",
    "Tin tức - Sự kiện",
    "Văn bản",
    "Thủ tục hành chính",
    "Dịch vụ công",
    "Hỏi đáp",
    "Liên hệ",
]


def read(html: str) -> Article:
    article = extract(
        Capture(
            url="http://sldtbxh.quangtri.gov.vn/chi-tiet",
            body=html.encode(),
            fetched_at=datetime(2018, 4, 20, tzinfo=UTC),
        ),
        Site(),
    )
    assert isinstance(article, Article), article
    return article


def checked(article: Article, paragraphs: list[str], captions: list[str], author: str, forbidden: list[str]) -> None:
    assert article.text.split("\n\n") == paragraphs
    assert [image.caption for image in article.images if image.caption] == captions
    assert (article.author, article.title, article.published_at) == (author, None, None)
    leaked = [line for line in forbidden if line in article.text or line in article.html]
    assert not leaked
    told = " ".join(removed.text for removed in article.extraction.removed)
    assert "Tổng lượt truy cập" in told, "what is stripped is recorded"


@pytest.mark.parametrize("layout", [divs, tables, breaks])
def test_a_page_of_the_same_build(layout) -> None:
    paragraphs = [" ".join(line.split()) for line in MADE_UP["body"] if line.strip()]
    forbidden = [line for line in (*MADE_UP["widgets"], *MADE_UP["menu"], *MENU) if line.strip()]
    checked(read(layout(MADE_UP)), paragraphs, [line for line in paragraphs if is_caption(line)], "Mai Hoa", forbidden)


@pytest.mark.skipif(not SEED.exists(), reason="the shared folder with the seed's text is not here")
@pytest.mark.parametrize("layout", [divs, tables, breaks])
def test_the_seed(layout) -> None:
    expected = json.loads((SEED / "expected.json").read_text("utf-8"))
    paragraphs = [" ".join(line.split()) for line in expected["text"].split("\n\n")]
    assert len(paragraphs) == 8
    captions = [" ".join(line.split()) for line in expected["captions"]]
    checked(read(layout(seed_page())), paragraphs, captions, expected["author"], expected["must_not_contain"])
