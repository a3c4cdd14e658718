from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_crawler.extraction.legal import document_type, find_numbers, label_rows, legal_record
from portal_crawler.extraction.page import parse_html
from portal_crawler.items import LegalDocument

SHARED = Path(__file__).parents[2] / "shared" / "data" / "docnum_vectors.csv"

NUMBERS = [
    "31/2016/TT-BLĐTBXH",
    "07/2014/TTLT-BTC-BKH&ĐT-BTTTT",
    "15/2021/NĐ-CP",
    "59/2020/QH14",
    "1023/2016/UBTVQH13",
    "925/QĐ-UBND",
    "12/QĐ-TTg",
    "88/TTr-SNV",
    "610/SYT-VP",
    "5120/BGTVT-KHĐT",
    "17/KHPH.VHTT-LĐTBXH",
    "08-NQ/TU",
    "08- CT/TU",
    "12a/BC-SNV",
    "925/QĐ - UBND",
]
NO_NUMBERS = [
    "05/03/2019",
    "27/4",
    "14:30",
    "690.756",
    "(0254)3 852 361",
    "TCVN 5712:1993",
    "GMT+7",
    "24/7",
    "12/A",
    "5/Hà",
    "2-TP",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "frame", ["{}", "Thực hiện Quyết định số {} ngày 05/03/2019", "({}).", "{}. Căn cứ", "{} - Về việc", "{}, {};"]
)
def test_numbers_are_found_whole(number: str, frame: str) -> None:
    assert find_numbers(frame.format(number, number)) == [number]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number(text: str) -> None:
    assert find_numbers(f"{text} hoặc {text}.") == []


@pytest.mark.skipif(not SHARED.exists(), reason="the team's vectors of document numbers are not here")
def test_the_teams_vectors() -> None:
    with SHARED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert find_numbers(row["text"]) == ([] if row["class"] == "no match" else [row["text"]])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("QUYẾT ĐỊNH Về việc thành lập", "Quyết định"),
        ("Thông tư liên tịch hướng dẫn", "Thông tư liên tịch"),
        ("Dự thảo Nghị quyết", "Nghị quyết"),
        ("15/2021/NĐ-CP", "Nghị định"),
        ("925/QĐ - UBND", "Quyết định"),
        ("12/CT-TTg", "Chỉ thị"),
        ("12/CT-NV", None),
        ("610/SYT-VP", None),
        ("59/2020/QH14", None),
        ("Luật sư tư vấn", None),
        ("Hội nghị tổng kết", None),
        ("", None),
    ],
)
def test_type(text: str, name: str | None) -> None:
    assert document_type(text) == name


def rows_of(html: str) -> list[tuple[str, str]]:
    return label_rows(parse_html("http://example.org/", f"<html><body>{html}</body></html>".encode()).root)


LAYOUTS = {
    "table": "<table><tr><td>Số ký hiệu</td><td>925/QĐ-UBND</td></tr><tr><th>Ngày ban hành:</th><td>05/03/2019</td></tr>"
    "<tr><td>Người ký</td><td>Ái Loan</td></tr></table>",
    "colons in cells": "<table><tr><td>Số ký hiệu</td><td>:</td><td>925/QĐ-UBND</td></tr>"
    "<tr><td>Ngày ban hành</td><td>:</td><td>05/03/2019</td></tr><tr><td>Người ký</td><td>:</td><td>Ái Loan</td></tr></table>",
    "four columns": "<table><tr><td>Số ký hiệu</td><td>925/QĐ-UBND</td><td>Ngày ban hành</td><td>05/03/2019</td></tr>"
    "<tr><td>Người ký</td><td colspan=3>Ái Loan</td></tr></table>",
    "layout table": "<table><tr><td><table><tr class=hoatim><td>Số ký hiệu</td><td>925/QĐ-UBND</td></tr><tr class=hoatim>"
    "<td>Ngày ban hành</td><td>05/03/2019</td></tr><tr class=hoatim><td>Người ký</td><td>Ái Loan</td></tr></table></td><td>x</td></tr></table>",
    "list": "<dl><dt>Số ký hiệu:</dt><dd>925/QĐ-UBND</dd><dt>Ngày ban hành</dt><dd>05/03/2019</dd><dt>Người ký</dt><dd>Ái Loan</dd></dl>",
    "lines": "<p><b>Số ký hiệu:</b> 925/QĐ-UBND<br>Ngày ban hành: 05/03/2019</p><div>Người ký : Ái Loan</div>",
    "one line": "<ul><li>Số ký hiệu: 925/QĐ-UBND | Ngày ban hành: 05/03/2019 | Người ký: Ái Loan</li></ul>",
    "blocks": "<div><div>Số ký hiệu</div><div>925/QĐ-UBND</div></div><div><p>Ngày ban hành:</p><p>05/03/2019</p></div>"
    "<div><div>Người ký</div><div>Ái Loan</div></div>",
    "labels in elements": "<div><p><label>Số ký hiệu</label>925/QĐ-UBND</p><p><b>Ngày ban hành</b> <i>05/03/2019</i></p>"
    "<div><span>Người ký</span><span>Ái Loan</span></div></div>",
    "nukeviet list": "<div class=table-rows><div class=c-code><span class=label-name>Số ký hiệu:</span><a>925/QĐ-UBND</a></div>"
    "<div class=c-time><span class=label-name>Ngày ban hành:</span>05/03/2019</div><div><span>Người ký:</span>Ái Loan</div></div>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_and_record_in_every_layout(layout: str) -> None:
    rows = rows_of(LAYOUTS[layout])
    assert rows == [("Số ký hiệu", "925/QĐ-UBND"), ("Ngày ban hành", "05/03/2019"), ("Người ký", "Ái Loan")]
    assert legal_record(rows) == LegalDocument(
        number="925/QĐ-UBND", type="Quyết định", signer="Ái Loan", issued_on="2019-03-05"
    )


def test_english_labels_of_liferay() -> None:
    html = "".join(
        f"<tr><td class=vbpq-detail-col1> {label} </td><td>{value}</td></tr>"
        for label, value in {
            "Legislation code": "15/2021/NĐ-CP",
            "Issuing date": "05/03/2021",
            "Published time": "01/05/2021",
            "Signer": "Trần Văn A - Chủ tịch",
            "Subject": "Quy định chi tiết",
            "Agencies issued": "Chính phủ",
            "Legislation type": "Nghị định",
        }.items()
    )
    assert legal_record(
        rows_of(f"<table>{html}</table><div>File attach</div><table><tr><td>a.pdf</td></tr></table>")
    ) == LegalDocument(
        number="15/2021/NĐ-CP",
        type="Nghị định",
        issuer="Chính phủ",
        signer="Trần Văn A - Chủ tịch",
        issued_on="2021-03-05",
        summary="Quy định chi tiết",
    )


@pytest.mark.parametrize("hidden", ["***", "Đã biết", "Khác", "Đang cập nhật", "", "-", "..."])
def test_hidden_values_are_none(hidden: str) -> None:
    record = legal_record(
        [("Số hiệu", "925/QĐ-UBND"), ("Cơ quan ban hành", hidden), ("Người ký", hidden), ("Ngày có hiệu lực", hidden)]
    )
    assert record == LegalDocument(number="925/QĐ-UBND", type="Quyết định")


def test_all_fields() -> None:
    rows = [
        ("Loại văn bản", "Thông tư"),
        ("Số / Ký hiệu:", "31/2016/TT-BTC"),
        ("Lĩnh vực", "Tài chính"),
        ("Ngày hiệu lực", "01-04-2016"),
        ("Ngày hết hiệu lực", "ngày 1 tháng 4 năm 2020"),
        ("Tình trạng", "Hết hiệu lực một phần"),
        ("Trích yếu", "V/v thu phí"),
        ("Chức vụ", "Bộ trưởng"),
    ]
    assert legal_record(rows) == LegalDocument(
        number="31/2016/TT-BTC",
        type="Thông tư",
        effective_on="2016-04-01",
        expires_on="2020-04-01",
        field_of_law="Tài chính",
        status="Hết hiệu lực một phần",
        summary="V/v thu phí",
    )


@pytest.mark.parametrize(
    "html",
    [
        "<p>Hội nghị do Sở tổ chức.</p>",
        "<p>Văn bản của cơ quan ban hành: số ký hiệu: 925/QĐ-UBND, ngày ban hành: 05/03/2019</p>",
        "<table><tr><td>Họ tên</td><td>Ái Loan</td></tr><tr><td>Ngày sinh</td><td>05/03/1990</td></tr></table>",
        "<p>Số ký hiệu: 925/QĐ-UBND</p>",
        "<table><tr><th>Số ký hiệu</th><th>Ngày ban hành</th></tr><tr><td>1/QĐ-UBND</td><td>05/03/2019</td></tr></table>",
        "<table><tr><td>Số ký hiệu</td><td>Ngày ban hành</td></tr><tr><td>1/QĐ-UBND</td><td>05/03/2019</td></tr></table>",
        LAYOUTS["nukeviet list"].replace("Người ký:", "") + LAYOUTS["nukeviet list"].replace("925", "926"),
    ],
)
def test_what_is_no_record(html: str) -> None:
    assert legal_record(rows_of(html)) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["Số ký hiệu", "Ngày ban hành", "Người ký", "Hiệu lực", "x"]), st.text(max_size=30)),
        max_size=8,
    )
)
def test_any_rows_make_a_record_or_none(rows: list[tuple[str, str]]) -> None:
    record = legal_record(rows)
    assert record is None or record.number or record.issuer or record.summary


@given(st.text(st.sampled_from("19/-. AĐQTUBNDgtr&v"), max_size=60))
def test_numbers_stand_in_the_text(text: str) -> None:
    for number in find_numbers(text):
        assert number in text


@pytest.mark.parametrize(
    "text",
    [
        "1/A" * 40_000,
        "1/A.A" + ".A" * 60_000,
        "1/" + "A" * 200_000,
        "1/QĐ - A" * 20_000,
        "9" * 200_000,
        "1/AB-" * 30_000,
    ],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    assert len(find_numbers(text)) <= 1


def test_deep_and_wide_pages_take_linear_time() -> None:
    assert len(rows_of("<div>" * 200 + "Số ký hiệu: 1/QĐ-UBND" + "<span>a</span>" * 20_000)) == 1
    assert len(rows_of("<table>" + "<tr><td>a</td><td>b</td></tr>" * 5_000 + "</table>")) == 5_000
