"""Tables inside articles: which of them are text, how they are written, and which are there for the layout."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.dates import VIETNAM
from portal_crawler.extraction.page import parse_page
from portal_crawler.extraction.template import Template
from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.items import Article, Capture

PARAGRAPHS = [
    "Sáng 12/3, tại xã Phú Quới, Sở Nội vụ tổ chức hội nghị về cải cách hành chính với sự tham gia của 80 đại biểu.",
    "Theo báo cáo, đến hết tháng 2 đã có 312 hồ sơ được giải quyết đúng hạn, vượt kế hoạch được giao trong toàn ngành.",
    "Các đơn vị được yêu cầu rà soát lại danh sách và báo cáo kết quả trước ngày 30/4/2025, trình Ủy ban nhân dân tỉnh.",
]
TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def capture(main: str, number: int = 1) -> Capture:
    title = f"Sở Nội vụ tổ chức hội nghị cải cách hành chính đợt {'abcdefghijklmnopqrstuvwxyz'[number % 26]}"
    body = (
        f"<html><head><title>{title}</title></head><body>"
        '<ul class="menu"><li><a href="/">Trang chủ</a></li><li><a href="/tin">Tin</a></li></ul>'
        f'<div class="detail"><h1>{title}</h1><div class="date">12/03/2025 08:15</div><div class="nd">{main}</div></div>'
        '<div class="foot">Sở Nội vụ, 4 Hùng Vương</div></body></html>'
    ).encode()
    url = f"http://portal.example/tin/{number}.html"
    fetched = datetime(2025, 4, 1, tzinfo=VIETNAM)
    return Capture(
        url=url, body=body, fetched_at=fetched, status=200, headers={"content-type": "text/html; charset=utf-8"}
    )


def article(page: Capture, template: Template | None = None, wrappers: tuple[Wrapper, ...] = ()) -> Article:
    site = SimpleNamespace(name="x", province=None, department=None, wrappers=wrappers, template=template)
    found = extract(page, site)
    assert isinstance(found, Article)
    return found


def learned(pages: list[Capture]) -> Template:
    template = Template()
    for page in pages:
        template.learn(parse_page(page), page.url)
    return template


def table(rows: list[list[str]]) -> str:
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return '<table border="1"><tbody>' + "".join(f"<tr>{line}</tr>" for line in lines) + "</tbody></table>"


def lines(rows: list[list[str]]) -> str:
    return "\n".join(" | ".join(row) for row in rows)


def text_of(number: int) -> str:
    """Another text on each page."""
    places = [
        "Bắc Xa",
        "Kỳ Phú",
        "Sơn Kỳ",
        "Long Điền",
        "Tam Giang",
        "Yên Mỹ",
        "Cam An",
        "Bản Lầu",
        "Trà Cổ",
        "Hòa Lợi",
    ]
    return "".join(
        f"<p>Ngày {number + 2}/3, đoàn công tác của sở đã về xã {places[number % 10]} và xã {places[(number + turn) % 10]}, "
        f"nghe báo cáo về việc {what} và trao {number * 7 + turn} suất quà cho các hộ dân.</p>"
        for turn, what in enumerate(("tuyển quân", "cấp nước sạch", "trồng rừng gỗ lớn", "khám chữa bệnh"), 1)
    )


RESULTS = [
    ["STT", "Đơn vị", "Số lượng", "Kết quả"],
    ["1", "xã Long Điền", "10", "đạt"],
    ["2", "thị xã Bắc Xa", "30,3", "chưa đạt"],
    ["3", "huyện Kỳ Phú", "59", "đạt"],
    ["4", "xã Sơn Kỳ", "337", "đang làm"],
]
DAYS = ["T2", "T3", "T4", "T5", "T6", "T7", "CN"]
MONTH = [DAYS, *([str(7 * week + day) for day in range(1, 8)] for week in range(4))]
WEATHER = [["Hà Nội", "25°C"], ["Huế", "27°C"], ["Cần Thơ", "31°C"]]


# ------------------------------------------------------------------------ layout


def test_paragraphs_in_one_cell_of_a_layout_table_are_paragraphs() -> None:
    markup = (
        '<table width="980"><tr><td colspan="2">BANNER</td></tr>'
        '<tr><td><a href="/gt">Giới thiệu</a></td><td><a href="/tin">Tin tức</a></td></tr>'
        f'<tr><td><a href="/">Trang chủ</a></td><td><div class="nd">{TEXT}</div></td></tr>'
        '<tr><td colspan="2">Sở Nội vụ, 4 Hùng Vương</td></tr></table>'
    )
    page = capture("")
    page.body = f"<html><head><title>Hội nghị của sở</title></head><body>{markup}</body></html>".encode()
    found = article(page)
    assert found.text == "\n\n".join(PARAGRAPHS)
    assert "<table>" not in found.html


def test_only_the_cells_of_a_row_are_set_apart_by_bars() -> None:
    rows = [["Đơn vị", "Kết quả"], ["<p>Phòng Tổ chức</p><p>cán bộ</p>", "đạt"], ["Thanh tra", "chưa<br>đạt"]]
    found = article(capture(TEXT + table(rows) + TEXT))
    assert "Đơn vị | Kết quả\nPhòng Tổ chức cán bộ | đạt\nThanh tra | chưa đạt" in found.text


# -------------------------------------------------------------------------- data


@pytest.mark.parametrize(
    "main",
    [
        f"<p>{PARAGRAPHS[0]}</p>" + table(RESULTS) + f"<p>{PARAGRAPHS[1]}</p>",
        TEXT + table(RESULTS),
        f"<p>{PARAGRAPHS[0]}</p>" + table(RESULTS),
        TEXT + table(RESULTS) + '<p style="text-align:right"><b>Văn phòng Sở</b></p>',
        TEXT + "<p><b>Bảng 1</b></p><p><i>ĐVT: người</i></p>" + table(RESULTS),
        f'<div>{TEXT}</div><div class="table-responsive">{table(RESULTS)}</div>',
        TEXT + table(RESULTS * 6),
    ],
    ids=["middle", "end", "one paragraph", "signature", "caption", "beside", "long"],
)
def test_a_table_in_the_text_keeps_all_its_cells(main: str) -> None:
    assert lines(RESULTS) in article(capture(main)).text


def test_the_lines_between_text_and_table_are_kept() -> None:
    found = article(capture(TEXT + "<p><b>Bảng 1</b></p><p><i>ĐVT: người</i></p>" + table(RESULTS)))
    assert found.text.endswith("Bảng 1\n\nĐVT: người\n\n" + lines(RESULTS))


def test_cells_that_stand_on_other_pages_stay_in_their_table() -> None:
    names = [
        "Lê Thị An",
        "Trần Văn Bình",
        "Hồ Thu Cúc",
        "Ngô Bá Dũng",
        "Vũ Kim Đông",
        "Đỗ Gia Hân",
        "Tô Minh Khoa",
        "Lý Lan",
    ]
    pages: list[Capture] = []
    tables: list[list[list[str]]] = []
    for number in range(16):
        people = [
            [str(place + 1), f"{names[(number + place) % 8]} {number}", f"{number + 1}/{place + 1}/1985", state]
            for place, state in enumerate(("đạt", "chưa đạt", "đạt"))
        ]
        tables.append([["STT", "Họ và tên", "Ngày sinh", "Ghi chú"], *people])
        pages.append(capture(text_of(number) + table(tables[-1]) * (number % 2), number))
    template = learned(pages)
    for number in range(1, 16, 2):
        assert lines(tables[number]) in article(pages[number], template).text
        named = article(pages[number], template, (Wrapper(article=".detail", title="h1", body=".nd"),))
        assert lines(tables[number]) in named.text


def test_reports_with_the_same_rows_and_other_figures_keep_them() -> None:
    def report(number: int) -> list[list[str]]:
        crops = enumerate(("Lúa", "Ngô", "Khoai", "Đậu"), 3)
        return [
            ["Cây", "Kế hoạch", "Thực hiện"],
            *([crop, str(number * 37 * n), str(number * 29 * n)] for n, crop in crops),
        ]

    pages = [capture(text_of(number) + table(report(number)) * (number % 2), number) for number in range(16)]
    template = learned(pages)
    assert all(lines(report(number)) in article(pages[number], template).text for number in range(1, 16, 2))


RATES = [["Tỷ giá", "Mua"], ["USD", "23.100"], ["EUR", "27.100"]]
VOTES = [["Rất hài lòng", "12%"], ["Hài lòng", "80%"], ["Ý kiến khác", "8%"]]
SITES = [["Bộ Nội vụ", "Bộ Y tế"], ["Chính phủ", "Quốc hội"]]


@pytest.mark.parametrize(
    ("box", "rows"),
    [
        (table(MONTH), MONTH),
        ("<div>Thời tiết</div>" + table(WEATHER), WEATHER),
        (table(RATES), RATES),
        (f'<div class="poll">{table(VOTES)}</div>', VOTES),
        ("<form>" + table([[f"<input type=radio> {answer}", votes] for answer, votes in VOTES]) + "</form>", VOTES),
        (table([[f'<a href="/{site}">{site}</a>' for site in row] for row in SITES]), SITES),
    ],
    ids=["calendar", "weather", "rates", "poll", "form", "links"],
)
def test_a_box_behind_the_text_is_not_kept_as_its_tables_are(box: str, rows: list[list[str]]) -> None:
    assert lines(rows) not in article(capture(f"{TEXT}{box}")).text


def test_a_table_that_the_pages_of_a_site_share_is_none_of_the_text() -> None:
    pages = [capture(text_of(number) + table(WEATHER), number) for number in range(12)]
    found = article(pages[3], learned(pages))
    assert "Huế" not in found.text
    assert "xã" in found.text


def test_a_name_in_the_last_cell_signs_nothing() -> None:
    found = article(capture(TEXT + table([["STT", "Họ và tên"], ["1", "Lê Thị An"], ["2", "Trần Văn Bình"]])))
    assert found.text.endswith("2 | Trần Văn Bình")
    assert found.author is None
