"""Archives by date: forms that show a month's or a year's articles, sent choice by choice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, product
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from form2request import form2request
from lxml.etree import tostring
from parsel import Selector
from scrapy import Request

from portal_crawler.crawling.canonical import canonical_url, key_hash, page_key
from portal_crawler.crawling.xpath import elements
from portal_crawler.extraction.page import element_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from portal_crawler.extraction.page import Element, Page

FORMS = elements(
    "//form[.//select or .//input[@type='date'] or .//input[contains(@name, 'ngay') or contains(@name, 'date')]]"
)
# WordPress: the months of the archive as options, each with its address.
JUMPS = elements("//select[contains(@onchange, 'location')]")
JUMP = re.compile(r"https?://|[/?]", re.IGNORECASE)
YEAR_WITHIN = re.compile(r"(?<!\d)(?:19[89]|20\d)\d(?!\d)")
SECRET = elements("descendant::*[self::input[@type='password' or @type='file'] or self::textarea]")
# What is longer is a token that is drawn anew for each page.
LONGEST_CONSTANT = 10
CONSTANTS = elements("descendant::input[@type='hidden'][@name][not(starts-with(@name, '__'))]")
YEAR = re.compile(r"(?:năm\s*)?((?:19[89]|20\d)\d)", re.IGNORECASE)
MONTH = re.compile(r"(?:tháng\s*)?0?([1-9]|1[0-2])", re.IGNORECASE)
ALL = re.compile(r"(?:--?\s*)?(?:tất cả|cả năm|all|chọn tháng|tháng|month)\b.*", re.IGNORECASE)
FROM = re.compile(r"(?:tu_?-?ngay|from|start|begin|ngay_?-?bat_?-?dau)", re.IGNORECASE)
UNTIL = re.compile(r"(?:den_?-?ngay|\bto|to_?date|end|until|ngay_?-?ket_?-?thuc)", re.IGNORECASE)
MONTHS = 12
# Choices of one form: thirty years by months.
MOST_CHOICES = 400
# So many choices are always made, spread over all of a longer form: some portals show only the old articles here,
# others have years before their first one.
SPREAD = 24
# A choice that has brought a new article lets so many be made on either side of it.
BESIDE = 3
# Of choices that show nothing of their own those between two are passed over, if these lie no further apart.
NEAR = 12
# Choices so near to one that shows something are made all the same.
AROUND = 6
# Once a choice has shown what no list does, the others are made, too, until so many have brought nothing, as a share of
# the articles fetched.
BARREN_SHARE = 0.4
# A day in the query of an address; two of them are a period.
DAY_WITHIN = re.compile(r"=((?:19[89]|20\d)\d-[01]\d-[0-3]\d)")
EARLIEST = 1997  # no Vietnamese portal is older than the country's connection to the internet


# Choices of one form in a row that may fail, each with a state that was just fetched.
MOST_FAILED = 3

# Name of a field -> number of the year or month -> value to be sent.
Numbers = dict[str, dict[int, str]]


@dataclass(slots=True)
class ArchiveForm:
    """The choices of one form: some of all first, then what lies beside those that have brought something.

    Attributes:
        key: What stands for the form.
        action: Address that it is sent to, without query.
        choices: A request for each choice, newest first: method, address, body.
        page: Address of the page where a form stands that is posted; empty if its choices have addresses.
        fields: What is chosen, for each choice of such a form.
        written: The form with the state of the page that has shown it last, and that page's address.
        fresh: Whether that page has come since the form is in use: states expire.
        left: How many choices were not made, once the form is done with.
    """

    key: str
    action: str
    choices: list[tuple[str, str, bytes]]
    page: str = ""
    fields: list[dict[str, str]] = field(default_factory=list)
    written: tuple[str, str] | None = None
    fresh: bool = False
    left: int = 0
    _again: bool = False
    _tried: int = -1
    _failed: int = 0
    _asked: dict[int, bool] = field(default_factory=dict)
    _last: int = -1
    _articles: int = 0
    _shown: dict[int, frozenset[int]] = field(default_factory=dict)

    @property
    def constants(self) -> frozenset[str]:
        """Parameters (``name=value``) of all its addresses: they tell it from what else its program shows."""
        queries = [frozenset(urlsplit(canonical_url(url)).query.split("&")) for _, url, _ in self.choices]
        return frozenset.intersection(*queries) - {""}

    def following(
        self, articles: int, fetched: int = 0, *, whole: bool = False, vain: bool = False
    ) -> tuple[int, tuple[str, str, bytes]] | None:
        """The next choice and its number; None once there is none left that promises anything.

        Args:
            articles: How many articles are known by now: more than before, and the last choice was worth it.
            fetched: How many have been fetched: what a request more weighs.
            whole: Whether all choices are made, whatever they promise.
            vain: Whether pages of the same program have brought nothing: it may be a calendar.
        """
        if self._again:
            self._again = False
            return self._last, self.choice()
        if self._last >= 0:
            self._asked[self._last] = articles > self._articles
        self._articles = articles
        rest = range(len(self.choices)) if whole else self._rest(fetched)
        order = (each for each in chain(self._spread(vain=vain), self._beside(), rest) if each not in self._asked)
        self._last = next((each for each in order if whole or not self._is_outside(each)), -1)
        return (self._last, self.choice()) if self._last >= 0 else None

    def leave(self) -> None:
        """Make no more choices."""
        self.left += len([place for place in range(len(self.choices)) if place not in self._asked])
        self.choices = []

    def choice(self) -> tuple[str, str, bytes]:
        """The request for the choice that is made now, with the latest state of the form."""
        if self.written is None:
            return self.choices[self._last]
        return next(iter(form_requests(*self.written, [self.fields[self._last]])), self.choices[self._last])

    def failed(self) -> bool:
        """Note that the last choice has failed; True if it is to be made once more, with a state fetched for it."""
        self.fresh = False
        if self._tried != self._last:
            self._tried, self._again = self._last, True
            return True
        self._failed += 1
        if self._failed == MOST_FAILED:
            self.leave()
        return False

    def showed(self, keys: frozenset[int]) -> None:
        """Note the articles to which the answer to the last choice links, those beside the list included."""
        self._failed = 0
        if self._last >= 0:
            self._shown[self._last] = keys

    def _is_outside(self, place: int) -> bool:
        """Whether a choice lies far from all that have shown something of their own, beyond the first or the last.

        These are the months before a portal's first article and after its last one. A month among others that have
        shown something is asked for, whatever stands beside it.
        """
        newer, older = (sorted(each for each in self._shown if side * each > side * place) for side in (-1, 1))
        if not newer or not older or older[0] - newer[-1] > NEAR:
            return False
        nothing = self._shown[newer[-1]]
        near = (each for each in self._shown if abs(each - place) <= AROUND)
        if any(self._shown[each] != nothing for each in (*near, older[0])):
            return False
        return any(all(self._shown[each] == nothing for each in side) for side in (newer, older))

    def _spread(self, *, vain: bool) -> Iterator[int]:
        most = min(SPREAD // 4 if vain else SPREAD if len(self.choices) <= SPREAD else SPREAD // 2, len(self.choices))
        return (round(place * (len(self.choices) - 1) / max(most - 1, 1)) for place in range(most))

    def _beside(self) -> Iterator[int]:
        for distance in range(1, BESIDE + 1):
            for place in sorted(place for place, fruitful in self._asked.items() if fruitful):
                yield from (each for each in (place - distance, place + distance) if 0 <= each < len(self.choices))

    def _rest(self, fetched: int) -> list[int]:
        """All others, those next to a fruitful one first: what shows more than the lists may show more yet."""
        fruitful = [place for place, bore in self._asked.items() if bore]
        barren = len(self._asked) - len(fruitful)
        if not fruitful or barren >= max(SPREAD, int(fetched * BARREN_SHARE)):
            return []
        return sorted(range(len(self.choices)), key=lambda place: min(abs(place - each) for each in fruitful))


class Archives:
    """The archive forms of a portal, each once."""

    def __init__(self) -> None:
        self._forms: dict[str, ArchiveForm] = {}
        self._asked: ArchiveForm | None = None

    def read(self, page: Page) -> Iterator[ArchiveForm]:
        """The archive forms of a page that were not met before, and its lists of months with an address each.

        Of those that were met the state is kept, if they are posted: it goes with the next choice.
        """
        for select in JUMPS(page.root):
            if (choices := _jumps(page, select)) and (key := page_key(choices[-1][1])) not in self._forms:
                made = self._forms[key] = ArchiveForm(key, choices[0][1].partition("?")[0], choices)
                yield made
        for form in FORMS(page.root):
            fields = _choices(form)
            if not fields or SECRET(form):
                continue
            names = "&".join(sorted({name for choice in fields for name in choice}))
            key = f"{_program(page, form)}#{names}"
            # The page's tree has no form machinery: the form alone is parsed again for it.
            written = (
                tostring(form, encoding="unicode", method="html", with_tail=False),
                page.url if form.get("action") else page.address,
            )
            if (known := self._forms.get(key)) is not None:
                if known.page and known.choices:
                    known.written, known.fresh = written, known is self._asked
                continue
            choices = form_requests(*written, fields)
            if choices:
                made = self._forms[key] = ArchiveForm(key, choices[0][1].partition("?")[0], choices)
                if choices[0][0] == "POST":
                    made.page, made.fields, made.written = page.address, fields, written
                yield made

    @property
    def left(self) -> int:
        """How many choices of forms that are done with were not made."""
        return sum(form.left for form in self._forms.values())

    def following(
        self, articles: int, fetched: int, *, whole: bool = False, is_vain: Callable[[str], bool] = lambda _: False
    ) -> Iterator[tuple[str, tuple[str, str, bytes]]]:
        """The next choice of one form, with the key of its list; of the forms one after the other.

        Args:
            articles: As in :meth:`ArchiveForm.following`.
            fetched: Likewise.
            whole: Likewise.
            is_vain: Whether pages like that of an address have brought nothing.
        """
        for key, form in list(self._forms.items()):
            self._asked = form
            if (found := form.following(articles, fetched, whole=whole, vain=is_vain(form.action))) is not None:
                yield f"{key}{found[0]}", found[1]
                return
            form.leave()

    def page(self) -> str:
        """The page to be fetched before a choice is made, for its form's state; empty if the state at hand will do."""
        return self._asked.page if self._asked is not None and not self._asked.fresh else ""

    def choice(self) -> tuple[str, str, bytes]:
        """The choice that is made now, with the latest state of its form."""
        assert self._asked is not None
        return self._asked.choice()

    def failed(self) -> bool:
        """Note that the last choice has failed; True if it is to be made once more."""
        return self._asked is not None and self._asked.failed()

    def showed(self, keys: Iterable[str]) -> None:
        """Note the articles to which the answer to the last choice links."""
        if self._asked is not None:
            self._asked.showed(frozenset(map(key_hash, keys)))


def _jumps(page: Page, select: Element) -> list[tuple[str, str, bytes]]:
    """The addresses that a list of months and years leads to, as they stand there; empty if it is another list."""
    options = [(option.get("value") or "", element_text(option)) for option in select.iter("option")]
    dated = [value for value, text in options if JUMP.match(value) and YEAR_WITHIN.search(text)]
    if len(dated) < 2 or len(dated) < len(options) - 1:
        return []
    try:
        return [("GET", urljoin(page.url, value), b"") for value in dated][:MOST_CHOICES]
    except ValueError:
        return []


def _program(page: Page, form: Element) -> str:
    """What a form is sent to, with what it always says there: the same form may stand on many pages."""
    try:
        action = urljoin(page.url, form.get("action") or page.address.partition("?")[0])
    except ValueError:
        action = page.address
    constants = ((each.get("name"), each.get("value") or "") for each in CONSTANTS(form))
    fixed = sorted(f"{name}={value}" for name, value in constants if len(value) <= LONGEST_CONSTANT)
    return "&".join((page_key(action), *fixed))


def form_requests(
    written: str, url: str, fields: list[dict[str, str]], *, click: bool | None = None
) -> list[tuple[str, str, bytes]]:
    """The requests (method, address, body) that a form sends; none if it cannot be sent, as no scheme of the web.

    Args:
        written: The form's HTML.
        url: What its address is relative to.
        fields: What is filled in for each.
        click: Whether by its button, which may have a value of its own; None: if it has one.
    """
    (made,) = Selector(text=written, base_url=url).xpath("//form[1]")
    found = []
    for choice in fields:
        try:
            ready = form2request(made, choice, enctype="application/x-www-form-urlencoded", click=click)
        except (ValueError, NotImplementedError):
            return []
        found.append((ready.method, ready.url, ready.body))
    return found


def _choices(form: Element) -> list[dict[str, str]]:
    """What to choose in a form, newest first; empty if it is no archive."""
    years: Numbers = {}
    months: Numbers = {}
    whole: dict[str, str] = {}
    for select in form.iter("select"):
        name = select.get("name") or ""
        options = [
            (str(each.get("value", "")), " ".join("".join(map(str, each.itertext())).split()))
            for each in select.iter("option")
        ]
        if not name:
            continue
        if numbered := _numbered(options, YEAR):
            years[name] = numbered
        elif len(numbered := _numbered(options, MONTH)) == MONTHS:
            months[name] = numbered
            everything = next(
                (value for value, text in options if value in ("", "0", "-1", "all") and ALL.fullmatch(text)), None
            )
            if everything is not None:
                whole[name] = everything
    if len(years) == 1 and len(months) <= 1:
        return _by_month(years, months, whole)[:MOST_CHOICES]
    return _by_range(form) if not years else []


def _numbered(options: list[tuple[str, str]], pattern: re.Pattern[str]) -> dict[int, str]:
    """The options that are years or months: number -> value."""
    found = {}
    for value, text in options:
        if number := pattern.fullmatch(text) or pattern.fullmatch(value):
            found[int(number[1])] = value or text
    return found


def _by_month(
    years: dict[str, dict[int, str]], months: dict[str, dict[int, str]], whole: dict[str, str]
) -> list[dict[str, str]]:
    ((name, values),) = years.items()
    newest = [{name: values[year]} for year in sorted(values, reverse=True)]
    if not months:
        return newest
    ((other, numbers),) = months.items()
    if other in whole:
        return [{**year, other: whole[other]} for year in newest]
    return [{**year, other: numbers[month]} for year, month in product(newest, sorted(numbers, reverse=True))]


def _by_range(form: Element) -> list[dict[str, str]]:
    """From the first day of the web to today, in one choice: for forms with two dates."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for field_ in form.iter("input"):
        name, kind = field_.get("name") or "", field_.get("type") or "text"
        if kind not in ("text", "date"):
            continue
        form_of = "%Y-%m-%d" if kind == "date" else "%d/%m/%Y"
        if FROM.search(name):
            first[name] = datetime(EARLIEST, 1, 1, tzinfo=UTC).strftime(form_of)
        elif UNTIL.search(name):
            last[name] = datetime.now(UTC).strftime(form_of)
    return [first | last] if len(first) == len(last) == 1 else []


def is_past(url: str, today: str) -> bool:
    """Whether an address asks for a period that is over: from one day to another before today (ISO 8601)."""
    days = DAY_WITHIN.findall(canonical_url(url))
    return len(days) > 1 and max(days) < today


def archive_request(choice: tuple[str, str, bytes], **options: Any) -> Request:
    """The request for a choice."""
    method, url, body = choice
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else None
    return Request(url, method=method, body=body, headers=headers, **options)
