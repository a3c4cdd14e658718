"""Lists that grow by a button or by script: the addresses that hand out what a page does not show."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin

from scrapy import FormRequest, Request

from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.rules import PAGE_NAMES, PAGE_NUMBER
from portal_crawler.crawling.xpath import elements, strings
from portal_crawler.extraction.page import LONGEST_ADDRESS, element_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from portal_crawler.extraction.page import Element, Page

BUTTONS = elements("//*[@onclick or @hx-get or @*[starts-with(local-name(), 'data-')]]")
SCRIPTS = strings("//script[not(@src)]/text()")
API = strings("//link[@rel='https://api.w.org/']/@href")

MORE_TEXT = re.compile(
    r"^\W*(?:(?:xem|tải|hiển thị|đọc|load|show|view|see)\s+(?:thêm|tiếp|more)|more)\b", re.IGNORECASE
)
MORE_NAME = re.compile(r"(?:load|show|view|btn|xem|tai|nut|infinite)[-_]?(?:more|them|tiep|scroll)", re.IGNORECASE)
ADDRESS_NAME = re.compile(r"^(?:data-.*(?:url|href|api|ajax|endpoint|source|link|action|path|load|next).*|hx-get)$")
ADDRESS = re.compile(r"^(?:https?://|[/?]|[\w-]+[/.?])[^\s<>\"']*$")
NUMBER_NAME = re.compile(r"^data-(?:[a-z]+-)*(?P<name>page|trang|offset|start|skip)(?:-?(?:index|number|no))?$")
CURSOR_NAME = re.compile(r"^data-(?:[a-z]+-)*(?P<name>cursor|after)$")
CURSOR = re.compile(r"[?&](?:\w{0,30}_)?(?:cursor|after)=(?P<value>[^&#]+)", re.IGNORECASE)
QUOTED_ADDRESS = re.compile(r"""["'](?P<address>/[^"'\s<>]{1,300})["']""")
COUNTS_ENTRIES = re.compile(r"(?:start|offset|skip|row)\W*$", re.IGNORECASE)

# fetch("/tin?page=" + n), fetch(`/tin?page=${n}&size=9`)
CONCATENATED = re.compile(
    rf"""["'`](?P<address>[^"'`\s<>{{}}$]{{0,300}}?[?&](?:\w{{0,30}}_)?(?:{PAGE_NAMES})=)"""
    r"""(?:["']\s*\+|\$\{[^{}"'`]{1,80}\}(?P<rest>[^"'`\s<>{}$]{0,200}))""",
    re.IGNORECASE,
)
# $.post("/tin", {page: n, size: 9}), url: "/tin", data: {page: n}
WITH_FIELDS = re.compile(
    r"""["'`](?P<address>/[^"'`\s<>{}]{1,300})["'`]\s*,\s*(?:\w+\s*:\s*["'`]\w+["'`]\s*,\s*)?(?:data\s*:\s*)?"""
    r"""\{(?P<fields>[^{}]{1,400})\}"""
)
FIELD = re.compile(
    r"""["']?(?P<name>\w+)["']?\s*:\s*"""
    r"""(?:(?P<number>\d+)(?=\s*(?:,|$))|["'](?P<text>[^"']*)["']|(?P<variable>[\w.+ ]+))"""
)
NAMED = re.compile(rf"(?:\w+_)?(?:{PAGE_NAMES})", re.IGNORECASE)
POSTED = re.compile(r"""\$\.post\s*\(\s*$|(?:type|method)\s*:\s*["']post["']""", re.IGNORECASE)
LONGEST_SCRIPT = 60_000
PLACE = "{number}"


@dataclass(frozen=True, slots=True)
class Source:
    """What hands out a list piece by piece.

    Attributes:
        address: Its address, absolute once it is asked, with ``{number}`` where the number of the piece goes, or the
            cursor.
        first: Number of the first piece to ask for.
        counts_entries: Whether the number is that of the first entry, not that of the piece.
        fields: Form fields to be posted; None where the piece is asked for by its address alone.
        way: What found it, of :data:`~portal_crawler.items.WAYS`.
        cursor: What the piece before it has named it by; empty where pieces have numbers.
    """

    address: str
    first: int
    counts_entries: bool = False
    fields: tuple[tuple[str, str], ...] | None = None
    way: str = "listing"
    cursor: str = ""

    @property
    def chain(self) -> str:
        """What all pieces have in common."""
        fields = "&".join(f"{name}={value}" for name, value in self.fields or () if value != PLACE)
        return page_key(self.address.replace(PLACE, "")) + (f"#{fields}" if fields else "#")

    @property
    def before(self) -> str:
        """What its address begins with, as far as it names no piece."""
        return self.address.partition(PLACE)[0]

    def at(self, number: int) -> str:
        """Address of a piece."""
        return self.address.replace(PLACE, quote(self.cursor, safe="") or str(number))

    def request(self, number: int, **options: Any) -> Request:
        """The request for a piece."""
        if self.fields is None:
            return Request(self.at(number), **options)
        filled = {name: str(number) if value == PLACE else value for name, value in self.fields}
        return FormRequest(self.at(number), formdata=filled, **options)


def sources(page: Page) -> Iterator[Source]:
    """What a page names to load more of its lists from: buttons, its scripts, the REST interface of WordPress."""
    found = [*_buttons(page), *(each for script in SCRIPTS(page.root) for each in in_script(script[:LONGEST_SCRIPT]))]
    for source in found:
        if len(source.address) > LONGEST_ADDRESS:
            continue
        try:
            yield replace(source, address=urljoin(page.url, source.address))
        except ValueError:
            continue
    for address in API(page.root)[:1]:
        joint = "&" if "?" in address else "?"
        query = f"{joint}per_page=100&page={PLACE}&_fields=link,title,date"
        yield Source(urljoin(page.url, f"{address.rstrip('/')}/wp/v2/posts{query}"), 1, way="api")


def _buttons(page: Page) -> Iterator[Source]:
    for element in BUTTONS(page.root):
        named = " ".join((element.get("class") or "", element.get("id") or ""))
        if not (MORE_NAME.search(named) or MORE_TEXT.match(element_text(element)[:40])):
            continue
        if (address := _address_of(element)) is not None:
            yield _button(element, address)


def _address_of(element: Element) -> str | None:
    for name, value in element.attrib.items():
        if ADDRESS_NAME.match(str(name)) and ADDRESS.match(str(value).strip()):
            return str(value).strip()
    found = QUOTED_ADDRESS.search(element.get("onclick") or "")
    return found["address"] if found else None


def _button(element: Element, address: str) -> Source:
    if (found := PAGE_NUMBER.search(address)) is not None:
        group = next(name for name, value in found.groupdict().items() if value is not None)
        begin, end = found.span(group)
        counts = COUNTS_ENTRIES.search(address[found.start() : begin]) is not None
        return Source(f"{address[:begin]}{PLACE}{address[end:]}", int(found[group][:9]), counts)
    if (found := CURSOR.search(address)) is not None:
        begin, end = found.span("value")
        return Source(f"{address[:begin]}{PLACE}{address[end:]}", 2, cursor=unquote(found["value"]))
    name, first, cursor = "page", 2, ""
    for attribute, value in element.attrib.items():
        if (number := NUMBER_NAME.match(str(attribute))) and str(value).isdecimal():
            name, first = number["name"], int(str(value)[:9])
            break
        if (named := CURSOR_NAME.match(str(attribute))) and value:
            name, cursor = named["name"], str(value)
            break
    joint = "&" if "?" in address else "?"
    ready = address if PLACE in address else f"{address}{joint}{name}={PLACE}"
    return Source(ready, first, COUNTS_ENTRIES.search(name) is not None, cursor=cursor)


@lru_cache(maxsize=256)
def in_script(text: str) -> tuple[Source, ...]:
    """The sources that a script calls with a number that it counts up, addresses as they stand there."""
    found = []
    for call in CONCATENATED.finditer(text):
        counts = COUNTS_ENTRIES.search(call["address"]) is not None
        found.append(Source(f"{call['address']}{PLACE}{call['rest'] or ''}", 0 if counts else 1, counts))
    for call in WITH_FIELDS.finditer(text):
        fields = dict(_fields(call["fields"]))
        numbers = [name for name, value in fields.items() if value == PLACE]
        if len(numbers) != 1:
            continue
        counts = COUNTS_ENTRIES.search(numbers[0]) is not None
        around = text[max(0, call.start() - 200) : call.end() + 200]
        before = text[max(0, call.start() - 20) : call.start()]
        if POSTED.search(before) or POSTED.search(around):
            found.append(Source(call["address"], 0 if counts else 1, counts, tuple(fields.items())))
        else:
            query = "&".join(f"{name}={value}" for name, value in fields.items())
            joint = "&" if "?" in call["address"] else "?"
            found.append(Source(f"{call['address']}{joint}{query}", 0 if counts else 1, counts))
    return tuple(dict.fromkeys(found))


def _fields(written: str) -> Iterator[tuple[str, str]]:
    """The fields of an object in a script: constants, and the number that is counted; what else varies is left out."""
    for field in FIELD.finditer(written):
        if field["variable"] is None:
            yield field["name"], field["number"] or field["text"] or ""
        elif NAMED.fullmatch(field["name"]):
            yield field["name"], PLACE
