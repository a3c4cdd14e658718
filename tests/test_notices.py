"""Short notices: told by their place behind the headline."""

from __future__ import annotations

import pytest

from portal_crawler.extraction.content import select
from portal_crawler.extraction.page import parse_html

HEADLINE = "Thông báo lịch tiếp công dân định kỳ của Giám đốc Sở"
FOOT = "<div id='chan'><p>Địa chỉ: số 5 đường Hùng Vương, phường 1. Điện thoại: 0233.3852.000</p></div>"


def told(article: str, title: str = HEADLINE) -> list[str]:
    """Texts of the blocks that are kept of a page with menus around an article."""
    links = "".join(f"<li><a href='/{n}'>Mục số {n} của trình đơn</a></li>" for n in range(12))
    body = (
        f"<html><head><title>{title}</title></head><body><ul>{links}</ul><div><p class='muc'>Tin tức sự kiện</p>"
        f"{article}</div><ul>{links}</ul>{FOOT}</body></html>"
    )
    return [block.text for block in select(parse_html("http://localhost/", body.encode())).kept]


@pytest.mark.parametrize("line", ["Chi tiết xem tại file đính kèm./.", "Nội dung: xem văn bản.", "Hoãn đến tuần sau."])
@pytest.mark.parametrize(
    "layout",
    [
        "<div><h1>{head}</h1><span>25/06/2013 | 12:00</span><div><p>{line}</p></div></div>",
        "<div><div>{head}</div><div>25/06/2013 | 12:00 AM</div><div>{line}</div></div>",
        "<table><tr><td><b>{head}</b></td></tr><tr><td>Ngày đăng 25/06/2013</td></tr><tr><td>{line}</td></tr></table>",
    ],
)
def test_one_line_is_the_text_where_it_stands_behind_the_headline(layout: str, line: str) -> None:
    assert told(layout.format(head=HEADLINE, line=line)) == [line]


def test_a_headline_that_the_page_does_not_name_is_told_by_its_date() -> None:
    article = f"<div><h2>{HEADLINE}</h2><i>25/06/2013 | 12:00</i><div>Xem file kèm theo.</div></div>"
    assert told(article, "Chi tiết - Sở Nội vụ") == ["Xem file kèm theo."]


def test_the_text_ends_where_tools_and_other_news_begin() -> None:
    article = (
        f"<div><h1>{HEADLINE}</h1><span>25/06/2013 | 12:00</span><p>Xem văn bản dưới đây.</p>"
        "<div>In bài viết</div><div>Các tin khác</div><ul><li><a href='/a'>Tin khác của tuần này</a></li></ul></div>"
    )
    assert told(article) == ["Xem văn bản dưới đây."]


def test_a_long_text_is_told_by_its_looks() -> None:
    text = "Hội nghị đã nghe báo cáo kết quả thực hiện nhiệm vụ sáu tháng đầu năm, và bàn phương hướng. " * 5
    article = f"<div><h1>{HEADLINE}</h1><p>{text}</p></div>"
    assert told(article) == [text.strip()]
