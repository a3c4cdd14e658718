"""Our extractor in the shape that a peers script asks for: ``function(html, url) -> text`` and ``prepare(pages)``.

``prepare`` is shown the pages of one site before they are extracted, never what is right for them.
"""

from __future__ import annotations

from portal_crawler.extraction.content import select
from portal_crawler.extraction.page import PageError, parse_html
from portal_crawler.extraction.template import Template

_SITE: list[Template] = []


def prepare(pages: list[tuple[bytes, str]]) -> None:
    """Learn the template of one site from its pages; it serves until the next call."""
    template = Template()
    for number, (body, url) in enumerate(pages):
        try:
            template.learn(parse_html(url, body, "text/html; charset=utf-8"), url or str(number))
        except PageError:  # a page that cannot be read teaches nothing
            continue
    _SITE[:] = [template]


def extract(body: bytes, url: str) -> str:
    """Headline and article text of a page, one block a line; the public gold texts begin with the headline."""
    try:
        page = parse_html(url, body, "text/html; charset=utf-8")
    except PageError:
        return ""
    found = select(page, _SITE[0] if _SITE else None)
    headlines = [entry.text for entry in found.removed if entry.widget == "headline"]
    return "\n".join([*headlines, *(block.text for block in found.kept)])
