"""Links that call a function of their page's script, which opens an address put together of constants and numbers.

No script is run: what a function does is read where it does nothing else than that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from portal_crawler.crawling.xpath import strings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal_crawler.extraction.page import Element, Page

SCRIPTS = strings("//script[not(@src)]/text()")
LONGEST_SCRIPT = 60_000
LONGEST_CALL = 500
# What ASP.NET's and SharePoint's own scripts do is read elsewhere.
OWN = frozenset(("__doPostBack", "WebForm_DoPostBackWithOptions", "RefreshPageTo"))

TEXT = r"'[^'\\\n]*'|\"[^\"\\\n]*\""
GIVEN = rf"(?:{TEXT}|\d{{1,18}})"
# The likes of "javascript:xemTin(12, 'tin-tuc'); return false".
CALL = re.compile(
    rf"\s*(?:javascript:\s*)?(?:return\s+)?(?P<name>[A-Za-z_$][\w$]{{0,60}})"
    rf"\s*\(\s*(?P<given>(?:{GIVEN}(?:\s*,\s*{GIVEN}){{0,9}})?)\s*\)\s*;?\s*(?:return\s+\w+\s*;?\s*)?",
    re.IGNORECASE,
)
# The likes of "location.href='/xem-tin/12.html'" without a function.
DIRECT = re.compile(r"\s*(?:javascript:\s*)?(?P<does>[\w.\s]{0,40}\blocation\b.*)", re.IGNORECASE | re.DOTALL)
FUNCTION = re.compile(
    r"(?:\bfunction\s+(?P<name>[\w$]{1,60})\s*|\b(?P<other>[\w$]{1,60})\s*=\s*function\s*)"
    r"\((?P<given>[\w$\s,]{0,200})\)\s*\{(?P<does>(?:[^{}]|\$\{[\w$]{1,60}\}){1,500})\}"
)
CONSTANT = re.compile(rf"\b(?:var|let|const)\s+(?P<name>[\w$]{{1,60}})\s*=\s*(?P<text>{TEXT})\s*[;,\n]")
ASSIGNS = re.compile(r"(?:var|let|const)\s+(?P<name>[\w$]{1,60})\s*=(?!=)")
OPENS = re.compile(
    r"(?:(?:window|self|top|parent|document)\s*\.\s*){0,2}"
    r"(?:location(?:\s*\.\s*href)?\s*=(?!=)|location\s*\.\s*(?:assign|replace)\s*\(|open\s*\()"
)
NOTHING = re.compile(r"(?://|return(?:\s+(?:false|true))?$|e(?:vent|vt)?\s*\.\s*preventDefault\s*\(\s*\)$)")
TERM = re.compile(
    rf"\s*(?:(?P<text>{TEXT})|`(?P<filled>[^`\\]*)`|(?P<number>\d{{1,18}})"
    r"|(?P<codes>encodeURI(?:Component)?|escape|String)\s*\(\s*(?P<coded>[\w$]{1,60})\s*\)|(?P<name>[\w$]{1,60}))\s*"
)
PLACE = re.compile(r"\$\{([\w$]{1,60})\}")
STATEMENT = re.compile(rf"(?:{TEXT}|`[^`]*`|[^;\n'\"`])+")


class Function(NamedTuple):
    """A function of a script: the names of what it is given, and its statements."""

    given: tuple[str, ...]
    does: str


class Scripts(NamedTuple):
    """What the scripts of a page say: functions and texts by their names."""

    functions: Mapping[str, Function]
    constants: Mapping[str, str]


def called(element: Element) -> re.Match[str] | None:
    """The call of a function that a link makes instead of leading to an address; None if it makes none."""
    for written in (element.get("onclick"), element.get("href")):
        if written and len(written) <= LONGEST_CALL and (call := CALL.fullmatch(unquote(written))) is not None:
            return call if call["name"] not in OWN and call["name"] != "void" else None
    return None


def leads_by_script(element: Element) -> bool:
    """Whether a link bears no address of its own, but may make a script open one."""
    href = (element.get("href") or "").strip().lower()
    return (not href or href[0] == "#" or href.startswith("javascript:")) and (
        element.get("onclick") is not None or href.startswith("javascript:")
    )


def opened(page: Page, element: Element) -> str | None:
    """The address that a link's script opens, as written there; None if that cannot be told."""
    if (call := called(element)) is not None:
        said = said_by(page)
        function = said.functions.get(call["name"])
        given = [_plain(each) for each in re.findall(GIVEN, call["given"])]
        if function is None or len(given) > len(function.given):
            return None
        return _opened(function.does, {**said.constants, **dict(zip(function.given, given, strict=False))})
    for written in (element.get("onclick"), element.get("href")):
        if written and len(written) <= LONGEST_CALL and (direct := DIRECT.fullmatch(unquote(written))) is not None:
            return _opened(direct["does"], {})
    return None


def said_by(page: Page) -> Scripts:
    """What the scripts on a page say; what they load from elsewhere is not known."""
    return _said("\n".join(script[:LONGEST_SCRIPT] for script in SCRIPTS(page.root)))


@lru_cache(maxsize=64)
def _said(text: str) -> Scripts:
    functions = {
        found["name"] or found["other"]: Function(tuple(re.findall(r"[\w$]+", found["given"])), found["does"])
        for found in FUNCTION.finditer(text)
    }
    return Scripts(functions, {found["name"]: _plain(found["text"]) for found in CONSTANT.finditer(text)})


def _plain(written: str) -> str:
    return written if written.isdecimal() else written[1:-1]


def _opened(does: str, names: Mapping[str, str]) -> str | None:
    """The one address that a few statements open; None if they do anything else."""
    address = None
    known = dict(names)
    for statement in STATEMENT.findall(does):
        words = statement.strip()
        if (assigned := ASSIGNS.match(words)) is not None:
            value = _joined(words[assigned.end() :], known, "")
            if value is None:
                return None
            known[assigned["name"]] = value
        elif address is None and (opens := OPENS.match(words)) is not None:
            address = _joined(words[opens.end() :], known, ",)")
            if address is None:
                return None
        elif words and NOTHING.match(words) is None:
            return None
    return address


def _joined(expression: str, names: Mapping[str, str], ends: str) -> str | None:
    """The text that is put together with ``+``; None if anything in it is not known, or numbers are added up."""
    parts: list[str] = []
    is_text = False
    place = 0
    while (term := TERM.match(expression, place)) is not None:
        value = _value(term, names)
        if value is None:
            return None
        parts.append(value)
        is_text = is_text or term["text"] is not None or term["filled"] is not None or not value.isdecimal()
        if len(parts) > 1 and not is_text:
            return None
        place = term.end()
        if expression[place : place + 1] != "+":
            break
        place += 1
    rest = expression[place:].strip()
    return "".join(parts) if parts and (not rest or rest[0] in ends) else None


def _value(term: re.Match[str], names: Mapping[str, str]) -> str | None:
    if term["text"] is not None:
        return _plain(term["text"])
    if term["filled"] is not None:
        if any(name not in names for name in PLACE.findall(term["filled"])):
            return None
        return PLACE.sub(lambda found: names[found[1]], term["filled"])
    if term["number"] is not None:
        return term["number"]
    if term["coded"] is not None:
        value = names.get(term["coded"])
        return quote(value, safe="") if value is not None and term["codes"] != "String" else value
    return names.get(term["name"])
