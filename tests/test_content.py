"""Telling the article from the page alone: portal furniture, hostile pages, reasons and confidence."""

from __future__ import annotations

from datetime import datetime

import pytest

from portal_crawler.extraction.content import select
from portal_crawler.extraction.dates import VIETNAM
from portal_crawler.extraction.page import Page, parse_html
from portal_crawler.extraction.template import Template
from portal_crawler.extraction.verdicts import Selection
from portal_crawler.sample.portal import Asked
from portal_crawler.sample.static import StaticPortal

SENTENCE = (
    "Sáng nay, tại trụ sở của huyện, lãnh đạo các phòng chuyên môn đã họp bàn về việc sửa chữa tuyến đường liên xã, "
    "đoạn qua thôn {n}, dài hơn {n} km, với sự có mặt của đại diện người dân."
)
PARAGRAPHS = [SENTENCE.format(n=n + 2) for n in range(6)]
MENU = "".join(f'<li><a href="/m/{n}">Mục số {n} của trang</a></li>' for n in range(12))
NEWS = "".join(
    f'<li><a href="/tin/{n}">Tin khác đã đưa trong tuần trước số {n} về xây dựng nông thôn</a></li>' for n in range(6)
)


def chosen(markup: str) -> Selection:
    body = f"<html><head><title>Sửa đường</title></head><body>{markup}</body></html>".encode()
    return select(parse_html("http://portal.example/1", body, "text/html; charset=utf-8"))


def portal(text: str) -> str:
    return (
        f'<div id="menu"><ul>{MENU}</ul></div><div class="main"><div class="news-detail">{text}</div>'
        f'<div class="other-news"><h3>Các tin khác</h3><ul>{NEWS}</ul></div></div>'
        '<div class="right"><div class="counter"><div>Thống kê truy cập</div><div>Hôm nay: 512</div>'
        "<div>Tổng lượt truy cập: 690.756</div></div></div>"
        '<div id="footer"><p>Bản quyền thuộc về Ủy ban nhân dân huyện. Điện thoại: 0260 3861 234</p></div>'
    )


def test_the_article_and_nothing_else_is_kept() -> None:
    found = chosen(portal("".join(f"<p>{text}</p>" for text in PARAGRAPHS)))
    assert [block.text for block in found.kept] == PARAGRAPHS
    assert found.method == "page"


def test_each_removal_names_a_widget_and_a_figure_or_label() -> None:
    found = chosen(portal("".join(f"<p>{text}</p>" for text in PARAGRAPHS)))
    widgets = {entry.widget for entry in found.removed}
    assert {"menu", "visit_counter", "related_news", "footer"} <= widgets
    assert all(entry.reason for entry in found.removed)


def test_an_article_about_widgets_keeps_its_sentences() -> None:
    about = [
        *PARAGRAPHS[:3],
        "Trong tuần, tổng lượt truy cập của cổng thông tin đạt 690.756 lượt, người dân bình chọn và góp ý nhiều hơn hẳn, "
        "lãnh đạo sở cho biết khi chia sẻ về thời tiết và lịch vạn niên.",
        *PARAGRAPHS[3:],
    ]
    assert [block.text for block in chosen(portal("".join(f"<p>{text}</p>" for text in about))).kept] == about


def test_lines_broken_by_br_and_divs_are_text_too() -> None:
    found = chosen(portal("<br><br>".join(PARAGRAPHS)))
    assert [block.text for block in found.kept] == PARAGRAPHS


def test_no_opening_is_lost_where_lists_have_something_else_in_its_place() -> None:
    portal = StaticPortal(lambda: datetime(2024, 12, 4, 9, 30, tzinfo=VIETNAM), 24)

    def shown(path: str) -> Page:
        return parse_html(f"http://portal.example{path}", portal.answer(Asked.parse("GET", path)).body)

    lists = [f"/gioithieu/{name}.htm" for name in ("lanh-dao-so", "phong-chuyen-mon", "co-cau-to-chuc")]
    lists += ["/index.htm", "/kinhtexahoi/index.htm", "/tintuc/index.htm", "/tintuc/trang-2.htm"]
    stories = [story for story in portal.by_number.values() if story.lead]
    template = Template()
    for path in (*lists, *(portal.path(story) for story in stories[:6])):
        template.learn(shown(path), path)
    assert template.ready
    for story in stories:
        texts = [block.text for block in select(shown(portal.path(story)), template).kept]
        assert story.lead in texts
        assert not any(text.startswith("Ngày đăng") for text in texts)


def test_confidence_falls_with_the_text() -> None:
    whole = chosen(portal("".join(f"<p>{text}</p>" for text in PARAGRAPHS)))
    bare = chosen(f"<ul>{MENU}</ul>")
    assert 0.0 <= bare.confidence < 0.6 < whole.confidence <= 1.0


@pytest.mark.parametrize(
    ("markup", "count", "of"),
    [
        ("<div>a" * 50_000, 50_000, "a"),
        ("<div>" * 50_000 + "chữ " * 20 + "</div>" * 50_000, 20, "chữ"),
        ("<p>" + "chữ " * 2_500_000 + "</p>", 2_500_000, "chữ"),
        ("<p>mot\x00hai</p>" * 2_000, 2_000, "hai"),
        ("<p>đoạn</p>" * 100_000, 100_000, "đoạn"),
        ("<b><p><i></b>a</p><td></i></table>" * 5_000, 5_000, "a"),
        ("<table><tr><td><b><p></table><i></b><a><div></p></i>chu" * 5_000, 5_000, "chu"),
    ],
    ids=["nested", "nested empty", "long line", "nul", "siblings", "broken", "broken and nested"],
)
def test_hostile_pages_lose_no_text(markup: str, count: int, of: str) -> None:
    found = chosen(markup)
    assert sum(block.text.count(of) for block in found.blocks) == count
