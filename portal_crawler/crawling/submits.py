"""Pagers that are forms: a link calls a script of the page, which writes a number into a field and sends the form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml.etree import tostring

from portal_crawler.crawling import calls
from portal_crawler.crawling.archives import form_requests
from portal_crawler.crawling.rules import PAGE_NAMES

if TYPE_CHECKING:
    from portal_crawler.extraction.page import Element, Page

# frm.trang.value = p, getElementById("trang").value = p, $("#trang").val(p)
WRITES = r"(?P<field>\b(?:\w+_)?(?:{names}))[\"'\])]{{0,4}}\s*\.\s*(?:value\s*=\s*|val\s*\(\s*){given}\b"


def following(page: Page, number: int) -> tuple[str, str, bytes] | None:
    """The request (method, address, body) that the link to the page behind ``number`` sends; None if there is none.

    The field has to be one that numbers the pages of lists: no other form is sent.
    """
    if not page.has(b"submit"):
        return None
    # function goPage(p) { document.frm.trang.value = p; document.frm.submit(); }
    for name, function in calls.said_by(page).functions.items():
        if "submit" not in function.does or not function.given or not _is_called(page, name, number + 1):
            continue
        writes = WRITES.format(names=PAGE_NAMES, given=re.escape(function.given[0]))
        written = re.search(writes, function.does, re.IGNORECASE)
        if written and (found := _form(page, written["field"])) is not None:
            return _request(page, *found, number + 1)
    return None


def _is_called(page: Page, name: str, number: int) -> bool:
    call = re.compile(rf"\b{re.escape(name)}\s*\(\s*[\"']?{number}\b")
    return any(
        call.search(link.get("onclick") or link.get("href") or "") for link in page.root.iter("a", "button", "li")
    )


def _form(page: Page, field: str) -> tuple[Element, str] | None:
    """The form that a field stands in, by its name or id, and its name."""
    for form in page.root.iter("form"):
        for control in form.iter("input"):
            if field in (control.get("name"), control.get("id")) and (name := control.get("name")):
                return form, name
    return None


def _request(page: Page, form: Element, field: str, number: int) -> tuple[str, str, bytes] | None:
    # The page's tree has no form machinery: the form alone is parsed again for it.
    written = tostring(form, encoding="unicode", method="html", with_tail=False)
    base = page.url if form.get("action") else page.address
    return next(iter(form_requests(written, base, [{field: str(number)}], click=False)), None)
