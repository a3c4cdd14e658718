from __future__ import annotations

import csv
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_crawler.extraction.dates import VIETNAM, date_orders, find_dates, parse_date, parse_iso

SHARED = Path(__file__).parents[2] / "shared" / "data" / "date_vectors.csv"

ONE_DATE = [
    # days
    ("05/03/2019", "2019-03-05"),
    ("5/3/2019", "2019-03-05"),
    ("05-03-2019", "2019-03-05"),
    ("5.3.2019", "2019-03-05"),
    ("(05/03/2019)", "2019-03-05"),
    ("05/03/19", "2019-03-05"),
    ("25/12/98", "1998-12-25"),
    ("2019-03-05", "2019-03-05"),
    ("2019/03/05", "2019-03-05"),
    ("ngày 5 tháng 3 năm 2019", "2019-03-05"),
    ("ngày 5 tháng 03, 2019", "2019-03-05"),
    ("Quảng Trị, ngày 05 tháng 12 năm 2019", "2019-12-05"),
    ("5 thg 3, 2019", "2019-03-05"),
    ("5 tháng Ba, 2019", "2019-03-05"),
    ("5 Tháng Mười Hai 2019", "2019-12-05"),
    ("5 tháng Năm năm 2019", "2019-05-05"),
    ("CN, 03/03/2019", "2019-03-03"),
    ("Thứ 3, 05/03/2019", "2019-03-05"),
    ("05/03/2019Lượt xem: 7", "2019-03-05"),
    # times
    ("05/03/2019 07:08", "2019-03-05T07:08:00+07:00"),
    ("05/03/2019 07:08:09", "2019-03-05T07:08:09+07:00"),
    ("05/03/2019 | 7:08 PM", "2019-03-05T19:08:00+07:00"),
    ("05/03/2019 | 12:08 PM", "2019-03-05T12:08:00+07:00"),
    ("05/03/2019 | 12:00 AM", "2019-03-05T00:00:00+07:00"),
    ("05/03/2019 19:08 PM", "2019-03-05T19:08:00+07:00"),
    ("05/03/2019 7:08:09 CH", "2019-03-05T19:08:09+07:00"),
    ("05/03/2019 7:08:09 SA", "2019-03-05T07:08:09+07:00"),
    ("05/03/2019 12:08 SA", "2019-03-05T00:08:00+07:00"),
    ("07:08 05/03/2019", "2019-03-05T07:08:00+07:00"),
    ("07:08, 05/03/2019", "2019-03-05T07:08:00+07:00"),
    ("07:08 | 05/03/2019", "2019-03-05T07:08:00+07:00"),
    ("07:08 -05/03/2019", "2019-03-05T07:08:00+07:00"),
    ("7h08 ngày 5/3/2019", "2019-03-05T07:08:00+07:00"),
    ("7g08 ngày 5/3/2019", "2019-03-05T07:08:00+07:00"),
    ("7 giờ 8 phút, ngày 5/3/2019", "2019-03-05T07:08:00+07:00"),
    ("7 giờ ngày 5 tháng 3 năm 2019", "2019-03-05T07:00:00+07:00"),
    ("2 giờ chiều ngày 5/3/2019", "2019-03-05T14:00:00+07:00"),
    ("Thứ ba: 07:08 ngày 05/03/2019", "2019-03-05T07:08:00+07:00"),
    ("Thứ Ba - 05/03/2019 07:08", "2019-03-05T07:08:00+07:00"),
    ("THỨ BA, 05/03/2019 | 07:08", "2019-03-05T07:08:00+07:00"),
    ("thứ ba, 05 03 2019 07:08", "2019-03-05T07:08:00+07:00"),
    ("(05.03.2019 07:08)", "2019-03-05T07:08:00+07:00"),
    ("Thứ Ba, 05/03/2019, 07:08 (GMT+7)", "2019-03-05T07:08:00+07:00"),
    ("07:08 GMT+7, 05/03/2019", "2019-03-05T07:08:00+07:00"),
    ("05/03/2019 07:08 UTC", "2019-03-05T14:08:00+07:00"),
    ("2019-03-05T07:08:09.000Z", "2019-03-05T14:08:09+07:00"),
    ("2019-03-05T07:08:09+07:00", "2019-03-05T07:08:09+07:00"),
    ("2019-03-05 07:08:09", "2019-03-05T07:08:09+07:00"),
    # what cannot be a time leaves the day
    ("05/03/2019 25:08", "2019-03-05"),
    ("05/03/2019, 125 lượt xem", "2019-03-05"),
    # only one order is possible
    ("3/25/2019 7:08 PM", "2019-03-25T19:08:00+07:00"),
]

NO_DATE = [
    "Hôm nay: 125",
    "Đang truy cập: 1",
    "690.756",
    "24/7",
    "8/3",
    "Sáng 7.3",
    "Ngày 28-10",
    "tháng 10-2015",
    "quý I/2018",
    "2 ngày trước",
    "hôm qua",
    "(0254)3852361",
    "0233.3852.123",
    "08.12.2018.99",
    "12.05.18",
    "10.12.20.18",
    "TCVN 5712:1993",
    "31/02/2019",
    "29/02/2019",
    "00/01/2019",
    "31/31/2019",
    "05/03/1890",
    "05/03/2099",
    "05/03/20190",
    "105/03/2019",
    "05/03/2019/QH14",
    "05-03-2019-QĐ",
    "10/3/2019 (âm lịch)",
    "Âm lịch: 10/3/2019",
    "mùng 1/1/2019",
    "05 03 2019",
    "",
]


@pytest.mark.parametrize(("text", "value"), ONE_DATE)
def test_one_date(text: str, value: str) -> None:
    found = find_dates(text)
    assert [date.value for date in found] == [value]
    assert text[found[0].start :].startswith(found[0].raw)
    assert parse_date(text) == found[0]


@pytest.mark.parametrize("text", NO_DATE)
def test_no_date(text: str) -> None:
    assert find_dates(text) == []
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Ngày đăng: 05/03/2019", "published"),
        ("Ngày đăng 05/03/2019 | 7:08 AM | View count: 11", "published"),
        ("Đăng lúc: 07:08, 05/03/2019", "published"),
        ("Gửi lúc 05/03/2019 15:42:27", "published"),
        ("Thời gian đăng tin: Thứ Ba, 05/03/2019", "published"),
        ("Publish date 05/03/2019", "published"),
        ("Cập nhật: 05/03/2019", "modified"),
        ("Cập nhật lúc: 07:08, 05/03/2019", "modified"),
        ("Ngày cập nhật - 05/03/2019", "modified"),
        ("Last modified: 05-03-2019", "modified"),
        ("Ngày ban hành: 05/03/2019", None),
        ("Sáng nay, tại hội nghị 05/03/2019", None),
    ],
)
def test_label(text: str, label: str | None) -> None:
    assert [date.label for date in find_dates(text)] == [label]


def test_each_date_has_its_own_label_and_time() -> None:
    text = "Ngày đăng: 05/03/2019 07:08 - Cập nhật: 06/03/2019"
    assert [(date.value, date.label) for date in find_dates(text)] == [
        ("2019-03-05T07:08:00+07:00", "published"),
        ("2019-03-06", "modified"),
    ]
    assert parse_date(text) == find_dates(text)[0]


def test_two_dates_without_labels_are_no_one_date() -> None:
    assert parse_date("Từ 05/03/2019 đến 06/03/2019") is None
    assert len(find_dates("Từ 05/03/2019 đến 06/03/2019")) == 2


def test_decomposed_text() -> None:
    assert find_dates(unicodedata.normalize("NFD", "ngày 5 tháng 3 năm 2019"))[0].value == "2019-03-05"


def test_order_of_a_site() -> None:
    assert date_orders("3/25/2019, 4/5/2019 2:00 PM") == (1, 0)
    assert date_orders("25/3/2019 - 4/5/2019") == (0, 1)
    assert date_orders("25.3.2019") == (0, 0)
    assert find_dates("4/5/2019", month_first=True)[0].value == "2019-04-05"
    assert find_dates("25/4/2019", month_first=True)[0].value == "2019-04-25"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2019-03-05", "2019-03-05"),
        ("20190305", "2019-03-05"),
        (" 2019-03-05T07:08:09Z ", "2019-03-05T14:08:09+07:00"),
        ("2019-03-05T07:08:09+0700", "2019-03-05T07:08:09+07:00"),
        ("2019-03-05T20:08:09-05:00", "2019-03-06T08:08:09+07:00"),
        ("2019-03-05 07:08:09 +07:00", "2019-03-05T07:08:09+07:00"),
        ("2019-03-05T07:08", "2019-03-05T07:08:00+07:00"),
        ("2019-03-05T07:08:09.123Z", "2019-03-05T14:08:09+07:00"),
        ("2019-3-5", None),
        ("2019-13-05", None),
        ("2019-03-05T25:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("05/03/2019", None),
        ("", None),
    ],
)
def test_iso(text: str, value: str | None) -> None:
    assert parse_iso(text) == value


@pytest.mark.skipif(not SHARED.exists(), reason="the team's date vectors are not here")
def test_the_teams_vectors() -> None:
    with SHARED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            # A month or a quarter is no date.
            expected = [row["expected"]] if row["precision"] in ("day", "minute", "second") else []
            assert [date.value for date in find_dates(row["text"])] == expected, row["text"]


PIECES = st.sampled_from(
    "ngày tháng năm thg giờ phút lúc Thứ Hai CN T2 GMT+7 UTC SA CH AM PM 5 12 31 99 2019 19 0 / - . : , | h Z T "
    "Cập_nhật Ngày_đăng âm_lịch 05/03/2019 2019-03-05 07:08".replace("_", "\N{NO-BREAK SPACE}").split(" ")
)


@given(
    st.one_of(
        st.text(max_size=80), st.lists(PIECES, max_size=20).map(" ".join), st.lists(PIECES, max_size=20).map("".join)
    )
)
def test_any_text_gives_valid_dates_only(text: str) -> None:
    for date in find_dates(text):
        assert date.raw
        if "T" in date.value:
            assert datetime.fromisoformat(date.value).utcoffset() == VIETNAM.utcoffset(None)
            assert date.value.endswith("+07:00")
        else:
            assert datetime.fromisoformat(date.value)
    parse_date(text)
    parse_iso(text)


@given(st.datetimes(datetime(1946, 1, 1), datetime(2026, 1, 1)))  # noqa: DTZ001 - local times
def test_what_sites_print_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    value = f"{moment.isoformat()}+07:00"
    for form in (
        "%d/%m/%Y %H:%M:%S",
        "%H:%M:%S %d-%m-%Y",
        "%d.%m.%Y | %H:%M:%S",
        "%d/%m/%Y %I:%M:%S %p",
        "%Y-%m-%dT%H:%M:%S",
    ):
        assert [date.value for date in find_dates(moment.strftime(form))] == [value]


@pytest.mark.parametrize(
    "text", ["1/1/" * 30_000, "thứ hai " * 20_000, "12:00 " * 30_000, "ngày 1 tháng " * 10_000, "1" * 200_000]
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    assert find_dates(text) == []
