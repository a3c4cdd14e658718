"""Extraction through its one door: pages in, articles out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from cssselect import SelectorError
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.byline import person
from portal_crawler.extraction.page import parse_page
from portal_crawler.extraction.template import Template
from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.items import Article, Capture, Rejected

URL = "http://snv.example.gov.vn/tin/hop-mat-12.html"
WORDS = "Hội nghị đã nghe báo cáo kết quả thực hiện nhiệm vụ sáu tháng đầu năm và thảo luận phương hướng thời gian tới"


@dataclass
class Site:
    name: str = "example_snv"
    province: str | None = None
    department: str | None = None
    wrappers: tuple[Wrapper, ...] = ()
    template: Any = None


WRAPPER = Wrapper(
    article="#detail",
    title="h1",
    lead=".sapo",
    published=".date",
    author=".author",
    body=".sapo, .body",
    section=".crumb a",
    tags=".tags a",
    drop=(".share",),
)


@dataclass
class Parts:
    body: str = f"<p>{WORDS}.</p>"
    head: str = "<title>Chi tiết - Sở Nội vụ</title>"
    title: str = "<h1>Họp mặt cán bộ hưu trí</h1>"
    date: str = '<span class="date">Thứ ba - 16/06/2015 10:13</span>'
    extra: str = ""
    before: str = '<div class="crumb"><a href="/">Trang chủ</a> <a href="/tin">Tin tức</a></div>'
    wrappers: tuple[Wrapper, ...] = field(default=(WRAPPER,))


def result(**changes: Any) -> Article | Rejected:
    parts = Parts(**changes)
    html = (
        f"<html><head>{parts.head}</head><body>{parts.before}<div id='detail'>{parts.title}{parts.date}"
        f"<div class='body'>{parts.body}</div>{parts.extra}</div></body></html>"
    )
    capture = Capture(url=URL, body=html.encode(), fetched_at=datetime(2024, 3, 6, 2, tzinfo=UTC))
    return extract(capture, Site(wrappers=parts.wrappers))


def article(**changes: Any) -> Article:
    found = result(**changes)
    assert isinstance(found, Article), found
    return found


def test_the_parts_of_a_layout() -> None:
    found = article(
        body=f"<p class='sapo'><b>{WORDS}.</b></p><p>{WORDS}.</p><div class='share'>Chia sẻ Facebook</div>",
        extra="<div class='author'>Tác giả: Hồ Thị Mai</div><div class='tags'>Từ khóa: <a>hưu trí</a>, <a>họp mặt</a></div>",
    )
    assert found.title == "Họp mặt cán bộ hưu trí"
    assert found.lead == f"{WORDS}."
    assert found.text == f"{WORDS}.\n\n{WORDS}."
    assert (found.published_at, found.published_raw) == ("2015-06-16T10:13:00+07:00", "Thứ ba - 16/06/2015 10:13")
    assert (found.author, found.section, found.tags) == ("Hồ Thị Mai", ["Tin tức"], ["hưu trí", "họp mặt"])
    assert found.extraction.method == "wrapper"
    assert "Chia sẻ Facebook" in [removed.text for removed in found.extraction.removed]


def test_a_date_that_a_layout_names_is_what_its_label_says() -> None:
    found = article(date='<span class="date">Cập nhật: 22/03/2023 22:40</span>')
    assert (found.published_at, found.modified_at) == (None, "2023-03-22T22:40:00+07:00")
    both = article(date='<span class="date">Cập nhật: 22/03/2023 22:40</span><i class="date">Ngày đăng: 20/03/2023</i>')
    assert (both.published_at, both.modified_at) == ("2023-03-20", "2023-03-22T22:40:00+07:00")


def test_a_layout_that_does_not_match_exactly_once_is_another_layout() -> None:
    twice = Wrapper(article="p", title="h1")
    assert article(wrappers=(twice, WRAPPER), body=f"<p>{WORDS}.</p><p>{WORDS}.</p>").title == "Họp mặt cán bộ hưu trí"


def test_a_bad_selector_fails_when_the_wrapper_is_made() -> None:
    with pytest.raises(SelectorError):
        Wrapper(article="div[")
    with pytest.raises(TypeError):
        Wrapper(article="div", titel="h1")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>một</p><p>hai</p>", "một\n\nhai"),
        ("một<br>hai<br><br>ba", "một\nhai\n\nba"),
        ("<b>một</b><br><i>hai</i><br><br><span>ba</span>", "một\nhai\n\nba"),
        ("<p>một&nbsp;&nbsp; hai\n\tba</p><p>&nbsp;</p>", "một hai ba"),
        ("<p>Ti\u0302n tu\u031b\u0301c\u200b mới</p>", "Tîn tức mới"),
        ("<pre>một\nhai\n\n<b>ba\r\nbốn</b> năm\n</pre>sáu\nbảy", "một\nhai\n\nba\nbốn năm\n\nsáu bảy"),
        ("<ul><li>một</li><li>hai</li></ul>", "một\n\nhai"),
        ("<table><tr><th>STT</th><th>Xã</th></tr><tr><td>1</td><td>An Hòa</td></tr></table>", "STT | Xã\n1 | An Hòa"),
        ("<table><tr><td><p>một</p><p>hai</p></td></tr></table>", "một\n\nhai"),
        ("<o:p>một</o:p><p class=MsoNormal><span>ha</span><span>i</span></p>", "một\n\nhai"),
        ("<p>H<b>ộ</b>i nghị “bàn tròn” – lần 2…</p>", "Hội nghị “bàn tròn” – lần 2…"),
    ],
)
def test_text(body: str, text: str) -> None:
    assert article(body=body).text == text


def test_clean_html_keeps_structure_and_nothing_that_acts() -> None:
    found = article(
        body="""<h1>I. Mục</h1><p onclick="x()" style="color:red">Xem <a href="../files/a.pdf" onclick="y()">tệp</a>
        <a href="javascript:z()">đây</a> &lt;script&gt;</p><script>alert(1)</script><iframe src="http://evil.test/"></iframe>
        <ul><li>một</li><li>hai <b>ba</b></li></ul><table><tr><td colspan="2">a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>
        <blockquote><p>lời</p></blockquote>"""
    )
    assert found.html == (
        '<h2>I. Mục</h2><p>Xem <a href="http://snv.example.gov.vn/files/a.pdf">tệp</a> đây &lt;script&gt;</p>'
        "<ul><li>một</li><li>hai <strong>ba</strong></li></ul>"
        '<table><tr><td colspan="2">a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>'
        "<blockquote><p>lời</p></blockquote>"
    )
    assert found.attachments[0].url == "http://snv.example.gov.vn/files/a.pdf"
    assert found.attachments[0].media_type == "application/pdf"


def test_pictures_and_their_captions() -> None:
    found = article(
        body=f"""<p>{WORDS}.</p><p align=center><img src="/a.jpg" alt="Hội nghị"></p><p><i>Quang cảnh hội nghị.</i></p>
        <figure><img data-src="b.jpg" src="/blank.gif"><figcaption>Ảnh: Hồ Mai</figcaption></figure>
        <img src="data:image/png;base64,AAAA"><img src="/icon.gif" width="16"><p>{WORDS}.</p><img src="c.jpg"><p>{WORDS}.</p>"""
    )
    assert [(image.url, image.caption, image.alt) for image in found.images] == [
        ("http://snv.example.gov.vn/a.jpg", "Quang cảnh hội nghị.", "Hội nghị"),
        ("http://snv.example.gov.vn/tin/b.jpg", "Ảnh: Hồ Mai", None),
        ("http://snv.example.gov.vn/tin/c.jpg", None, None),
    ]
    assert found.text.split("\n\n") == [f"{WORDS}.", "Quang cảnh hội nghị.", "Ảnh: Hồ Mai", f"{WORDS}.", f"{WORDS}."]
    assert "<figcaption>Ảnh: Hồ Mai</figcaption></figure>" in found.html


def test_a_file_called_here_is_named_by_its_address() -> None:
    found = article(body=f"<p>{WORDS}.</p><p>Tải về <a href='/files/Ke%20hoach%2012.PDF'>tại đây</a></p>")
    assert [file.name for file in found.attachments] == ["Ke hoach 12.PDF"]


def test_keywords_are_told_by_their_label_where_no_layout_names_them() -> None:
    found = article(
        before='<div class="tags"><a href="/tag/1">ngân sách</a> <a href="/tag/2">đất đai</a></div>',
        body=f"<p>{WORDS}.</p><p>{WORDS}.</p>",
        extra='<div><em>&nbsp;</em><b>Từ khóa: </b><a href="/t/3"><i>hưu trí</i></a>, <a href="/t/4">họp mặt</a></div>',
        wrappers=(),
    )
    assert found.tags == ["hưu trí", "họp mặt"]


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def test_files_of_programs_whose_addresses_say_nothing() -> None:
    found = article(
        body=f"""<p>{WORDS}.</p><p><a href="?download=1&amp;id=0" title="Tập tin a.pdf" download>Tập tin : a.pdf</a></p>
        <p><a href="/Tai.ashx?f=12">Kế hoạch số 5.docx (1,2 MB)</a> <a href="/tin/khac.html">Xem mẫu .pdf tại đây</a></p>
        <p><a href="/tin/bao-cao" download>Báo cáo</a></p>"""
    )
    assert [(file.name, file.media_type) for file in found.attachments] == [
        ("a.pdf", "application/pdf"),
        ("Kế hoạch số 5.docx (1,2 MB)", DOCX),
        ("Báo cáo", None),
    ]


@pytest.mark.parametrize(
    ("last", "author", "source"),
    [
        ("<p align=right><b>Hải Yến</b></p>", "Hải Yến", None),
        ("<p>Tin, ảnh KHÁNH HIỀN (Đài Truyền thanh huyện)</p>", "KHÁNH HIỀN (Đài Truyền thanh huyện)", None),
        ("<p>Tin ảnh Ngô Tấm – Lệ Sương.</p>", "Ngô Tấm – Lệ Sương", None),
        ("<p>Tin, ảnh: Hồ Thị Mai</p>", "Tin, ảnh: Hồ Thị Mai", None),
        ("<p>Tác giả: Hồ Thị Mai</p>", "Hồ Thị Mai", None),
        ("<p>Theo chinhphu.vn</p>", None, "chinhphu.vn"),
        ("<p>Theo Báo Đắk Nông điện tử</p>", None, "Báo Đắk Nông điện tử"),
        ("<p>(Nguồn: Báo Dân trí)</p>", None, "Báo Dân trí"),
        ("<p>Hồ Mai</p><p>Theo TTXVN</p>", "Hồ Mai", "TTXVN"),
        ("<p>admin admin</p>", None, None),
        ("<p>Sở Nội vụ</p>", None, None),
        ("<p>Theo đó, các đơn vị báo cáo trước ngày 25 hằng tháng.</p>", None, None),
        ("<p>Chi tiết xem file đính kèm./.</p>", None, None),
        ("<p>Toàn cảnh Hội nghị</p>", None, None),
    ],
)
def test_the_last_line(last: str, author: str | None, source: str | None) -> None:
    found = article(body=f"<p>{WORDS}.</p><p>{WORDS}.</p>{last}")
    assert (found.author, found.source) == (author, source)
    assert found.text.count(WORDS) == 2
    assert re.sub("<[^>]+>", "", last.split("</p>", maxsplit=1)[0]) in found.text, (
        "a signature that is a paragraph stays in the text"
    )


def test_a_name_set_off_by_spaces_is_layout() -> None:
    found = article(body=f"<p>{WORDS}.</p><p>{'&nbsp;' * 40}Ái Loan</p>")
    assert (found.author, found.text) == ("Ái Loan", f"{WORDS}.")
    assert any(removed.widget == "byline" and removed.text == "Ái Loan" for removed in found.extraction.removed)


def test_the_site_wide_title_is_nobodys_headline() -> None:
    found = article(wrappers=(), title="", body=f"<p>{WORDS}.</p>" * 4)
    assert found.title is None


@given(st.text(max_size=60))
def test_persons_are_looked_for_in_any_line(line: str) -> None:
    found = person(line)
    assert found is None or found in line


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["<div>", "</div>", "<p>", "</p>", "<table>", "<tr>", "<td>", "</table>", "<li>", "<b>", "<a href='//['>",
                                 "<img src='x.jpg'>", "<br>", "chữ ", "&#0;", "<!--", "-->", "<script>", "</script>", "<h1>", WORDS]), max_size=40))  # fmt: skip
def test_no_page_breaks_it(parts: list[str]) -> None:
    for wrappers in ((), (WRAPPER,)):
        assert isinstance(result(body="".join(parts), wrappers=wrappers), Article | Rejected)


def test_words_of_widgets_that_are_cells_of_a_table_stay() -> None:
    cells = [
        ["Nội dung", "Năm 2022", "Năm 2023", "Tổng số"],
        ["Tốt", "12", "15", "27"],
        ["Tất cả", "120", "150", "270"],
        ["Email", "a@b.vn", "Facebook", "Zalo"],
    ]
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells)
    found = article(body=f"<p>{WORDS}.</p><p>{WORDS}.</p><table>{rows}</table><p>{WORDS}.</p>")
    assert [line for line in found.text.split("\n") if " | " in line] == [" | ".join(row) for row in cells]


def test_counters_inside_the_body_go() -> None:
    found = article(
        body=f"<p>{WORDS}.</p><p>Lượt xem: 1.234</p><p>Đang truy cập: 3</p><p>Hôm nay: 125</p><p>{WORDS}.</p>"
    )
    assert found.text == f"{WORDS}.\n\n{WORDS}."
    assert {removed.widget for removed in found.extraction.removed} >= {"visit_counter"}


def test_classes_of_word_and_of_galleries_name_no_widgets() -> None:
    found = article(
        body=f"<p>{WORDS}.</p><p class='MsoFooter'>Nơi nhận:</p><p class='MsoCommentText'>- Như trên;</p>"
        "<div class='slide'><p>Ảnh 1</p></div><ul class='links'><li>Lưu: VT.</li></ul>"
    )
    assert found.text.split("\n\n") == [f"{WORDS}.", "Nơi nhận:", "- Như trên;", "Ảnh 1", "Lưu: VT."]


def test_headlines_that_differ_in_their_numbers_alone_are_no_template() -> None:
    topics = ["tiếp công dân", "tuyển dụng viên chức", "nghỉ lễ", "mời thầu", "cấp giấy phép", "kiểm tra an toàn"]
    pages = {
        f"http://snv.example.gov.vn/tin/thong-bao-{number}.html": (
            f"<html><head><title>Sở Nội vụ</title></head><body><ul><li><a href='/'>Trang chủ</a></li></ul><div id='detail'>"
            f"<h1>Thông báo lịch làm việc tuần {number} năm 2024</h1><div class='body'>"
            f"<p>Sở thông báo về {topic}, các đơn vị và địa phương biết để cùng phối hợp thực hiện trong thời gian tới.</p>"
            f"<p>Mọi vướng mắc về {topic} xin phản ánh với Văn phòng để được hướng dẫn, giải đáp đầy đủ, kịp thời.</p>"
            "</div></div><div>Đang truy cập: 3</div></body></html>"
        ).encode()
        for number, topic in enumerate(topics, 31)
    }
    template = Template()
    captures = [
        Capture(url=url, body=body, fetched_at=datetime(2024, 3, 6, 2, tzinfo=UTC)) for url, body in pages.items()
    ]
    for capture in captures:
        template.learn(parse_page(capture), capture.url)
    assert template.ready
    found = [extract(capture, Site(template=template)) for capture in captures]
    titles = [article.title for article in found if isinstance(article, Article)]
    assert titles == [f"Thông báo lịch làm việc tuần {number} năm 2024" for number in range(31, 37)]


def test_a_line_of_date_and_time_behind_a_long_headline_is_no_text() -> None:
    long = "Sở Thông tin và Truyền thông tổ chức hội nghị phổ biến quy định về chống tin nhắn rác trên địa bàn thành phố năm 2018"
    body = "".join(f"<p>{WORDS}, đoạn số {number}.</p>" for number in range(5))
    found = article(
        wrappers=(),
        title=f"<div class='asset-title'>{long}</div>",
        date="<div>Ngày đăng 04/01/2018 | 2:16 PM | View count: 14882</div>",
        body=body,
    )
    assert "View count" not in found.text
    assert found.published_at == "2018-01-04T14:16:00+07:00"
    assert found.text.count(WORDS) == 5


def test_an_opening_paragraph_in_a_heading_is_text() -> None:
    found = article(
        wrappers=(),
        body=f'<h2 class="detail-sapo">{WORDS} ở các xã.</h2><div>' + f"<p>{WORDS}, đoạn sau.</p>" * 3 + "</div>",
    )
    assert found.lead == f"{WORDS} ở các xã."
    assert found.text.startswith(found.lead)


def test_a_headline_that_shares_its_line_with_the_date_is_found_by_its_link() -> None:
    title = "Họp mặt cán bộ hưu trí nhân dịp đầu năm mới"
    html = (
        f"<html><body><div><b>{title}</b> <i>(16/06/2015)</i></div>{'<p>' + WORDS + '.</p>'}"
        + f"<p>{WORDS}, sau.</p>" * 4
    )
    capture = Capture(url=URL, body=html.encode(), fetched_at=datetime(2024, 1, 1, tzinfo=UTC), link_text=title)
    found = extract(capture, Site())
    assert isinstance(found, Article) and found.title == title


@pytest.mark.parametrize(
    "line",
    [
        '<div class="detail-time"><time>16/06/2015 10:13</time> <a href="?in=1">In bài</a> <a href="/z">Zalo</a></div>',
        '<div class="info"><div>Bởi <a href="/ta">An</a></div><span class="post-date">16/06/2015</span><div>64</div></div>',
    ],
)
def test_a_date_is_read_beside_tools_and_names_that_are_links(line: str) -> None:
    found = article(wrappers=(), date=line, body=f"<p>{WORDS}, đoạn đầu.</p>" * 3)
    assert (found.published_at or "").startswith("2015-06-16")


def test_a_short_text_without_spaces_is_an_article() -> None:
    text = "广治省人民委员会今天上午在东河市召开会议，研究下一阶段的边境贸易工作，并部署各部门的任务。"
    found = extract(
        Capture(
            url="http://portal.example/zh/1",
            body=f"<html><body><div id='c'><p>{text}</p></div></body></html>".encode(),
            fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
            headers={"content-type": "text/html; charset=utf-8"},
        ),
        Site(),
    )
    assert isinstance(found, Article)
    assert found.text == text


@pytest.mark.parametrize(
    "address", ["http://[bad/a.pdf", "http://host:0200 3 555/a.pdf", "//[::1/a.pdf", "http://x:99999999/ a.pdf"]
)
def test_links_that_are_no_addresses_cost_nothing(address: str) -> None:
    found = article(
        body=f"<p>{'chữ ' * 30}</p><p><a href='{address}'>tệp.pdf</a> <a href='/b.pdf'>tệp khác.pdf</a></p>"
    )
    assert [one.name for one in found.attachments][-1:] == ["tệp khác.pdf"]
