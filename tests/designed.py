"""Pages of one design, and how one of them is read: alone, or with what the site's other pages teach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.dates import VIETNAM
from portal_crawler.extraction.page import parse_page
from portal_crawler.extraction.template import Template
from portal_crawler.items import Article, Capture

# So many pages has a site; that of this number is asked for.
PAGES, ASKED = 8, 3


def captured(host: str, number: int, html: str) -> Capture:
    return Capture(
        url=f"http://{host}.example.gov.vn/tin/{number + 100}.html",
        body=html.encode(),
        fetched_at=datetime(2025, 4, 1, tzinfo=VIETNAM),
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
    )


def read(design: Callable[[int], Capture], *, learned: bool) -> Article:
    template = Template() if learned else None
    if template is not None:
        for number in range(PAGES):
            shown = design(number)
            template.learn(parse_page(shown), shown.url)
    site = SimpleNamespace(name="designed", province=None, department=None, wrappers=(), template=template)
    found = extract(design(ASKED), site)
    assert isinstance(found, Article)
    return found
