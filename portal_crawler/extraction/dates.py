"""Dates as Vietnamese portals print them, by a strict grammar.

A general date parser reads the counter "Hôm nay: 125" (visitors today) as today and "tháng 10-2015" as a day; here a
string either has the shape of a complete date, with its year, or it has no date.  The zone is +07:00 all year.
Day stands before month, unless the site's other dates prove the contrary (:func:`month_first`).  Dates of the lunar
calendar are never converted: they are no dates here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from portal_crawler.extraction.decode import composed

if TYPE_CHECKING:
    from collections.abc import Iterator

VIETNAM = timezone(timedelta(hours=7))
FIRST_YEAR = 1945  # of the state whose portals these are

Label = Literal["published", "modified"]


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date in a text.

    Attributes:
        value: ISO 8601: a date, or a date and time with ``+07:00``.
        raw: The words that say it, with weekday and time, without the label.
        start: Where they begin in the text (in its NFC form).
        label: What the label before it says the date is of; None without one.
    """

    value: str
    raw: str
    start: int
    label: Label | None = None


_WEEKDAY = (
    r"(?:thứ\s*(?:hai|ba|tư|năm|sáu|bảy|bẩy|[2-7])|(?:chủ|chúa)\s*nhật|\bt[2-7]\b|\bcn\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b)"
)
_MONTHS = {
    "mười một": 11,
    "mười hai": 12,
    "mười": 10,
    "một": 1,
    "hai": 2,
    "ba": 3,
    "tư": 4,
    "bốn": 4,
    "năm": 5,
    "sáu": 6,
    "bảy": 7,
    "bẩy": 7,
    "tám": 8,
    "chín": 9,
}
_BEFORE = r"(?<![\d/])(?<!\d[.-])"
# Not within a longer number, and not the beginning of a document's number (18/04/2018/QH, 12-05-2018-QĐ).
_AFTER = r"(?![\d/]|[.-]\d|-[A-ZĐ]{2})"
_NUMBER = re.compile(r"\d+")
_NUMERIC = re.compile(rf"{_BEFORE}(\d{{1,2}})\s?([/.-])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d\d){_AFTER}")
_YEAR_FIRST = re.compile(rf"{_BEFORE}(\d{{4}})([/.-])(\d{{1,2}})\2(\d{{1,2}}){_AFTER}")
_MIDDLE = re.compile(r"([/.-])\s?\d{1,2}\s?\1")  # of both
_WORDS = re.compile(
    r"(?:\bngày\s+)?(?<![\d/.])(\d{1,2})\s+(?:tháng|thg\.?)\s+"
    rf"(\d{{1,2}}|{'|'.join(name.replace(' ', '[ ]') for name in _MONTHS)})\s*(?:[,/-]\s*)?(?:năm\s+)?(\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_MONTH_WORD = re.compile(r"[Tt][Hh](?:[Áá][Nn])?[Gg]")
# "01 08 2019" is a date only after a weekday.
_SPACED = re.compile(rf"{_WEEKDAY}[\s,:|-]{{1,4}}(\d\d) (\d\d) (\d{{4}}){_AFTER}", re.IGNORECASE)
_SPACED_DIGITS = re.compile(r"\d\d \d\d \d{4}")

_CLOCK = (
    r"(?<![\d:./])(?P<hour>\d{1,2})(?:\s?[:hg]\s?(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"|\s*giờ(?:\s*(?P<minute2>\d{1,2})(?:\s*phút)?)?|h(?!\w))(?![\d:])"
    r"(?:\s*(?P<half>SA|CH|[AP]\.?M\b\.?|sáng|chiều|tối)(?!\w))?"
)
_ZONE = r"(?:\s*\(?(?P<gmt>GMT|UTC)\s*(?P<zone>[+-]\s?\d{1,2}(?!\d))?(?::?00)?\)?)"
_SEPARATOR = r"[\s,|:;–—-]{0,8}"
_TIME_AFTER = re.compile(
    rf"(?:\s*\(?(?:GMT|UTC)\s*\+\s?0?7(?::?00)?\)?)?{_SEPARATOR}(?:(?:vào\s+)?(?:lúc|hồi|at)\s*:?\s*)?{_CLOCK}{_ZONE}?",
    re.IGNORECASE,
)
_TIME_BEFORE = re.compile(
    rf"(?:{_WEEKDAY}{_SEPARATOR})?{_CLOCK}{_ZONE}?{_SEPARATOR}(?:{_WEEKDAY}{_SEPARATOR})?(?:ngày\s*)?\(?$",
    re.IGNORECASE,
)
_WEEKDAY_BEFORE = re.compile(rf"{_WEEKDAY}{_SEPARATOR}(?:ngày\s*)?$", re.IGNORECASE)
_ISO_TIME = re.compile(
    r"(?:T\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?|[ ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\s?(?=Z|[+-]\d))"
    r"(?:Z|[+-]\d\d:?(?:\d\d)?)?(?![\d:])"
)
_REACH = 60  # characters before a date in which its time and its label stand

_LUNAR_AFTER = re.compile(r"\s*[(,]?\s*(?:âm\s+lịch|âl\b|\(?al\))", re.IGNORECASE)
_LUNAR_BEFORE = re.compile(r"(?:âm\s+lịch|\bm[ùồ]ng)[\s:,]*(?:ngày\s*)?$", re.IGNORECASE)

_LABEL = re.compile(
    r"(?:(?P<modified>(?:ngày|thời\s+gian|lần)?\s*(?:cập\s+nhật|sửa\s+đổi|chỉnh\s+sửa)(?:\s+(?:lần\s+)?cuối(?:\s+cùng)?)?"
    r"|last\s+(?:updated?|modified|changed)|(?:updated?|modified)(?:\s+(?:date|time))?)"
    r"|(?P<published>(?:ngày|giờ|thời\s+gian|thời\s+điểm)\s+(?:đăng|gửi|xuất\s+bản|đưa|viết|tạo|phát\s+hành)(?:\s+(?:tin|bài))*"
    r"|(?:đã\s+|được\s+)?(?:đăng|gửi|xuất\s+bản)(?:\s+(?:tin|bài))*"
    r"|(?:gửi|đăng|viết|posted|submitted)\s+(?:bởi|by)\s+[^\d:|]{2,40}?\s(?=vào|lúc|ngày|on\s)"
    r"|publish(?:ed)?(?:\s+(?:date|time))?|posted|post\s+date|date\s+published))"
    r"[\s:.|,–—(-]{0,8}(?:(?:vào|lúc|ngày|hồi|on|at)[\s:]*){0,3}$",
    re.IGNORECASE,
)


_DIGITS = re.compile(r"\d\D*\d")


def find_dates(text: str, *, month_first: bool = False) -> list[DateFound]:
    """Every complete date in a short text.

    Args:
        text: A line of a page, in NFC or not.
        month_first: Read 4/5/2018 as April 5th, for sites that are known to print so.  A date that only one order makes
            possible is read in that order anyway.

    Returns:
        The dates in the order of the text.  Without a year, with a day that the calendar lacks, or with a year before
        1945 or after the next one there is no date.
    """
    if not _DIGITS.search(text):  # most lines of a page hold no number, and a day has at least two digits
        return []
    text = composed(text)
    found: list[DateFound] = []
    end = 0
    for start, stop, day in _days(text, month_first=month_first):
        if (
            start < end
            or _LUNAR_AFTER.match(text, stop)
            or _LUNAR_BEFORE.search(text[max(end, start - _REACH) : start])
        ):
            continue
        first, last, value = _with_time(text, start, stop, day, end)
        label = _label(text[max(end, first - _REACH) : first])
        found.append(DateFound(value, text[first:last], first, label))
        end = last
    return found


def parse_date(text: str, *, month_first: bool = False) -> DateFound | None:
    """The one date of a string: None where there is none, or several and no label says which was the publication."""
    found = find_dates(text, month_first=month_first)
    published = [date for date in found if date.label == "published"]
    for dates in (published, found):
        if dates and len({date.value for date in dates}) == 1:
            return dates[0]
    return None


_ISO = re.compile(
    r"\d{4}-?\d\d-?\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d{1,9})?)?)?\s?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.IGNORECASE
)


def parse_iso(text: str) -> str | None:
    """An ISO 8601 date or time in the zone +07:00: a time with another zone is converted, one without is local.

    Args:
        text: The whole value, as metadata has it.

    Returns:
        None for anything else, and for years that :func:`find_dates` would not accept.
    """
    text = text.strip()
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"\s(?=[+-]|[Zz]$)", "", text.upper()))
    except ValueError:
        return None
    if not _plausible(moment.year):
        return None
    return _iso(moment) if len(text) > 10 else moment.date().isoformat()


# What a line tells the date of, where that is none of publication: "Hạn nộp hồ sơ: 2/4/2015", "Ngày ban hành: ..."
_OTHER_DATE = re.compile(
    r"\W*(?:(?:thời )?hạn(?: cuối)?|ngày (?:ban hành|ký|(?:có )?hiệu lực|hết hạn|sinh|mất|họp|thi|cấp|khai mạc)"
    r"|(?:ngày |thời (?:gian|điểm) )?(?:bắt đầu|kết thúc|đóng thầu|mở thầu|tổ chức|nộp|nhận))\b[^:\d]{0,40}:",
    re.IGNORECASE,
)
# "(Từ ngày 12/05/2025 đến ngày 18/5/2025)": what lasts for some days is an event.
_FROM_TO = re.compile(r"\btừ\b[^:|]{1,30}\d[^:|]{0,8}\bđến\b[^:|]{0,20}\d", re.IGNORECASE)
# The number of a decision or a letter.
_NUMBERED = re.compile(r"\bsố:? ?\d", re.IGNORECASE)
# What else portals print in the line of the date: "... - Tác giả: Ái Loan - Nguồn: Báo Nhân Dân - Lượt xem: 215".
_FIELD_BESIDE = re.compile(
    r"(?:^|[|•·;,()]|(?<=[\s)])[–—-])\s*(?:(?:tác giả|người (?:đăng|viết|gửi))(?: bài viết)?|đăng bởi|nguồn(?: tin)?"
    r"|chuyên mục|đã xem"
    r"|(?:(?:số )?(?:lượt|lần) )?(?:xem|đọc|truy cập))\s*:\s*(?:[\d.,]+\)?|[^\d:|•·;–—.!?-]{1,50})",
    re.IGNORECASE,
)
# "Thời gian: 7 giờ 30, ngày 22/7/2019": a label that is none of publication.
_OWN_LABEL = re.compile(r"[^\W\d_][^:|]{1,39}:\s*$")
_CLOCK_ALONE = re.compile(_CLOCK, re.IGNORECASE)
_LONGEST_CLOCK = 12
_SEPARATORS = " |·•–—-"
_PLACE = re.compile(r"(?!hôm nay)[^\W\d][^\d,:|]{1,28},\s*", re.IGNORECASE)
# How much longer than its date a line may be; a label, and a counter beside the date, make it longer.
_BESIDE, _BESIDE_LABELLED, _LONGEST_LINE = 30, 50, 120


def is_date_line(text: str) -> bool:
    """Whether a line is a date and little else; the number and date of a decision are no date of the article."""
    return _line_date(text) is not None


def is_stamp(text: str) -> bool:
    """Whether a line is little else than a date with its time or its label: that of publication, not of an event."""
    date = _line_date(text)
    return date is not None and ("T" in date.value or date.label is not None)


def is_labelled_date(text: str) -> bool:
    """Whether a line is little else than a date with its label: "Ngày đăng: 1/2/2023"."""
    date = _line_date(text)
    return date is not None and date.label is not None


def is_dateline(text: str) -> bool:
    """Whether a line is a place and a date, as documents have it at their head: "Đông Hà, ngày 5 tháng 3 năm 2021"."""
    date = _line_date(text)
    return date is not None and date.label is None and _PLACE.fullmatch(text[: date.start]) is not None


def is_clock(text: str) -> bool:
    """Whether a line is a time of day and nothing else: some systems print it apart from the date."""
    return len(text) <= _LONGEST_CLOCK and _CLOCK_ALONE.fullmatch(text) is not None


def is_event(text: str) -> bool:
    """Whether a line is little else than a date with a label that is none of publication: "Thời gian: ..."."""
    date = _line_date(text)
    return date is not None and date.label is None and _OWN_LABEL.search(text[: date.start]) is not None


def _line_date(text: str) -> DateFound | None:
    return _short_line_date(text) if len(text) < _LONGEST_LINE else None


@lru_cache(maxsize=2_000)  # a line is asked about several times, and those of boxes again on the next page
def _short_line_date(text: str) -> DateFound | None:
    date = next(iter(find_dates(text)), None)
    if date is None or _NUMBERED.search(text) or _OTHER_DATE.match(text) or _FROM_TO.search(text):
        return None
    if beside(text, date) >= (_BESIDE_LABELLED if date.label else _BESIDE):
        return None
    return date


def beside(text: str, date: DateFound) -> int:
    """How many characters of a line are neither its date nor a labelled field that portals print with it."""
    around = (text[: date.start], text[date.start + len(date.raw) :])
    return sum(len(_FIELD_BESIDE.sub("", part).strip(_SEPARATORS)) if ":" in part else len(part) for part in around)


def date_orders(text: str) -> tuple[int, int]:
    """How many dates of a text prove that the month comes first (4/18/2018), and how many that the day does."""
    american = other = 0
    for first, separator, second, _ in (match.groups() for match in _at_numbers(_NUMERIC, text)):
        if separator == "/":
            american += int(first) <= 12 < int(second) <= 31
            other += int(second) <= 12 < int(first) <= 31
    return american, other


def _days(text: str, *, month_first: bool) -> list[tuple[int, int, date]]:
    """Start, end and value of every calendar day in a text, in its order; they do not overlap by construction."""
    # Most texts have nothing for any of these: to see that takes a fraction of the time.
    found: list[tuple[int, int, date | None]] = []
    if _MIDDLE.search(text):
        days = _at_numbers(_NUMERIC, text)
        found += [(each.start(), each.end(), _numeric(each, month_first=month_first)) for each in days]
        days = _at_numbers(_YEAR_FIRST, text)
        found += [(each.start(), each.end(), _date(each[1], each[3], each[4])) for each in days]
    if _MONTH_WORD.search(text):
        days = _WORDS.finditer(text)
        found += [(each.start(), each.end(), _date(each[3], _month(each[2]), each[1])) for each in days]
    if _SPACED_DIGITS.search(text):
        days = _SPACED.finditer(text)
        found += [(each.start(1), each.end(), _date(each[3], each[2], each[1])) for each in days]
    return sorted((start, end, day) for start, end, day in found if day is not None)


def _at_numbers(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """What ``finditer`` finds of a pattern that begins with a whole number, but tried at numbers only."""
    end = 0
    for number in _NUMBER.finditer(text):
        if number.start() >= end and (match := pattern.match(text, number.start())):
            yield match
            end = match.end()


def _numeric(match: re.Match[str], *, month_first: bool) -> date | None:
    first, separator, second, year = match.groups()
    if len(year) == 2 and separator == ".":  # 12.05.18 may be anything
        return None
    day_first = _date(_century(year), second, first)
    if separator != "/":
        return day_first
    american = _date(_century(year), first, second)
    return american or day_first if month_first else day_first or american


def _month(written: str) -> int:
    return int(written) if written.isdecimal() else _MONTHS[" ".join(written.lower().split())]


def _century(year: str) -> int:
    """The year of two digits: in this century, unless that lies beyond the next year."""
    if len(year) == 4:
        return int(year)
    return 2000 + int(year) if _plausible(2000 + int(year)) else 1900 + int(year)


def _plausible(year: int) -> bool:
    return FIRST_YEAR <= year <= datetime.now(VIETNAM).year + 1


def _date(year: int | str, month: int | str, day: int | str) -> date | None:
    try:
        return date(int(year), int(month), int(day)) if _plausible(int(year)) else None
    except ValueError:
        return None


def _with_time(text: str, start: int, stop: int, day: date, floor: int) -> tuple[int, int, str]:
    """The date with the time and weekday around it: where all that begins and ends, and its ISO form."""
    iso = _ISO_TIME.match(text, stop)  # "T" or a zone: other times may have more around them
    if iso is not None and (value := parse_iso(f"{day.isoformat()}{iso[0]}")) is not None:
        return start, iso.end(), value
    low = max(floor, start - _REACH)
    before = text[low:start]
    if (after := _TIME_AFTER.match(text, stop)) is not None:
        moment = _moment(day, after)
        weekday = _WEEKDAY_BEFORE.search(before)
        first = low + weekday.start() if weekday else start
        return (first, after.end(), _iso(moment)) if moment else (first, stop, day.isoformat())
    if (earlier := _TIME_BEFORE.search(before)) is not None and (moment := _moment(day, earlier)) is not None:
        return low + earlier.start(), stop, _iso(moment)
    weekday = _WEEKDAY_BEFORE.search(before)
    return (low + weekday.start() if weekday else start), stop, day.isoformat()


def _moment(day: date, clock: re.Match[str]) -> datetime | None:
    """The time that a clock shows; None if there is no such time of day."""
    hour = int(clock["hour"])
    half = (clock["half"] or "").upper().replace(".", "")
    if half in ("AM", "SA", "SÁNG"):
        if hour > 12:
            return None
        hour %= 12
    elif half and hour < 12:  # 17:23 PM is a 24-hour clock with a fixed PM
        if hour == 0:
            return None
        hour += 12
    offset = int((clock["zone"] or "0").replace(" ", "")) if clock["gmt"] else 7
    minute, second = int(clock["minute"] or clock["minute2"] or 0), int(clock["second"] or 0)
    try:
        zone = timezone(timedelta(hours=offset))
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def _iso(moment: datetime) -> str:
    local = moment.astimezone(VIETNAM) if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
    return local.replace(microsecond=0).isoformat()


def _label(before: str) -> Label | None:
    match = _LABEL.search(before)
    if match is None:
        return None
    return "modified" if match["modified"] else "published"
