"""Lists that come as data: JSON, or a piece of HTML, made into a page whose links are read like any other's."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from html import escape, unescape
from typing import TYPE_CHECKING, Any

from portal_crawler.extraction.dates import VIETNAM
from portal_crawler.extraction.page import Page, parse_page
from portal_crawler.items import Capture

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response

# Names under which the systems in use write address, title and date of an entry.
ADDRESSES = ("url", "link", "href", "permalink", "detailurl", "detaillink", "duongdan", "path", "alias")
TITLES = ("title", "tieude", "headline", "name", "ten", "tentin", "trichyeu")
# 1684137600, 1684137600000, and as ASP.NET writes it: /Date(1684137600000)/.
STAMP = re.compile(r"(?:/Date\()?(\d{10}(?:\d{3})?)(?:[+-]\d{4})?(?:\)/)?")
SECONDS_DIGITS = 10
DATES = (
    "publishedat",
    "publishdate",
    "publisheddate",
    "date",
    "ngaydang",
    "ngayxuatban",
    "ngaytao",
    "createdat",
    "created",
)
NEXT = ("next", "nextpage", "nexturl", "nextpageurl", "nextlink", "nextcursor", "endcursor")
MORE = ("hasmore", "hasnext", "hasnextpage", "more", "loadmore", "contieptuc")
CURSORS = ("nextcursor", "endcursor", "cursor", "next", "after")
PAGES = ("totalpages", "totalpage", "pagecount", "lastpage", "pages", "tongsotrang")
LONGEST_CURSOR = 500
# A JSON answer of more values than this is no list that a button has loaded.
MOST_VALUES = 200_000
PLAIN = re.compile(r"[^a-z]")
ADDRESS = re.compile(r"^(?:https?://|/|\?|[\w-]+(?:/|\.\w))\S*$")


class AnswerError(ValueError):
    """An answer that holds no list; the message names its address and the cause."""


@dataclass(slots=True)
class Listed:
    """What an answer lists.

    Attributes:
        page: Its links as a page; relative addresses are meant as on the page that shows the list.
        more: Whether the answer says that there is more, or that there is not; None: it says nothing.
        pages: How many pieces it says that there are.
        entries: How many entries it has that are data, not HTML.
        cursor: By which the next piece is to be asked for, where pieces have no numbers.
    """

    page: Page
    more: bool | None = None
    pages: int | None = None
    entries: int = 0
    cursor: str = ""


@dataclass(slots=True)
class _Reading:
    html: list[str] = field(default_factory=list)
    more: bool | None = None
    pages: int | None = None
    entries: int = 0
    cursor: str = ""


def read_answer(
    response: Response,
    shown_at: str,
    fetched_at: datetime,
    address_of: Callable[[dict[str, Any]], str | None] | None = None,
) -> Listed:
    """Read what a button or a script has loaded.

    Args:
        response: The answer.
        shown_at: Address of the page that shows the list.
        fetched_at: When the answer came.
        address_of: Tells the address of the article that an object is about, where the object does not.

    Raises:
        AnswerError: if it is JSON that is broken or holds too much.
        PageError: if it is no text.
    """
    told = _Reading()
    body = response.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if body[:1] in (b"{", b"["):
        _read_json(body, response.url, told, address_of or (lambda _: None))
        html: bytes = "".join(told.html).encode("utf-8", "replace")
    else:
        html = response.body
    pages = response.headers.get("X-WP-TotalPages") or b""
    if pages.isdigit():
        told.pages = int(pages[:9])
    base = f'<base href="{escape(shown_at)}">'.encode()
    headers = {"content-type": "text/html; charset=utf-8"}
    if body[:1] not in (b"{", b"["):
        headers["content-type"] = (response.headers.get("Content-Type") or b"text/html").decode("latin-1")
    capture = Capture(url=response.url, body=base + html, fetched_at=fetched_at, headers=headers)
    return Listed(parse_page(capture), told.more, told.pages, told.entries, told.cursor)


def _read_json(body: bytes, url: str, told: _Reading, address_of: Callable[[dict[str, Any]], str | None]) -> None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"{url}: the JSON cannot be read ({error or type(error).__name__})") from error
    waiting: deque[Any] = deque([data])
    for _ in range(MOST_VALUES):
        if not waiting:
            return
        value = waiting.popleft()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            _read_object(value, told, address_of(value))
            waiting.extend(each for each in value.values() if isinstance(each, dict | list))
        elif isinstance(value, str) and "<a " in value:
            told.html.append(value)
    if waiting:
        raise AnswerError(f"{url}: more than {MOST_VALUES} values of JSON")


def _read_object(value: dict[str, Any], told: _Reading, address: str | None) -> None:
    """One object: an entry of the list, or what surrounds it; its address, if that is known by other means."""
    named = {PLAIN.sub("", str(name).lower()): each for name, each in value.items()}
    told.html += [each for each in value.values() if isinstance(each, str) and "<a " in each]
    address = address or next((named[name] for name in ADDRESSES if _is_address(named.get(name))), None)
    title = next((text for name in TITLES if (text := _text(named.get(name)))), None)
    if address and title:
        date = next((text for name in DATES if (text := _date(named.get(name)))), "")
        told.html.append(f'<li><a href="{escape(address)}">{escape(title)}</a> <span>{escape(date[:40])}</span></li>')
        told.entries += 1
        return
    for name in MORE:
        if isinstance(named.get(name), bool):
            told.more = named[name]
    for name in PAGES:
        if isinstance(named.get(name), int) and not isinstance(named[name], bool):
            told.pages = told.pages or named[name]
    after = (str(named.get(name) or "") for name in CURSORS if type(named.get(name)) in (str, int))
    told.cursor = told.cursor or next((each for each in after if 0 < len(each) <= LONGEST_CURSOR), "")
    for name in NEXT:
        if name in named and named[name] is None:
            told.more = False


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and ADDRESS.match(value) is not None


def _text(value: Any) -> str:
    """A text, as such or as WordPress wraps it."""
    if isinstance(value, dict):
        value = value.get("rendered")
    return unescape(value).strip() if isinstance(value, str) else ""


def _date(value: Any) -> str:
    """A date, as printed or as the seconds or milliseconds since 1970 that scripts count in."""
    stamp = STAMP.fullmatch(str(value))
    if stamp is None or isinstance(value, bool):
        return _text(value)
    seconds = int(stamp[1]) / (1000 if len(stamp[1]) > SECONDS_DIGITS else 1)
    return datetime.fromtimestamp(seconds, VIETNAM).isoformat(timespec="minutes")
