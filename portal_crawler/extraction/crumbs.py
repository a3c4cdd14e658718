"""The section of an article: the breadcrumb from the home page down to it, as the page prints or describes it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from portal_crawler.extraction.blocks import links_of
from portal_crawler.extraction.dates import find_dates
from portal_crawler.extraction.page import Element, element_text, says_only, squeeze
from portal_crawler.extraction.ways import hides

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal_crawler.extraction.sheet import Sheet

CRUMB_HINT = re.compile(
    r"bread-?crumb|\bbread\b|crumbs(?:$|[\s_-])|breakcolumn|pathway|chuyen-?muc|duong-?dan|you-?are-?here",
    re.IGNORECASE,
)
HOLDERS = ("div", "ul", "ol", "nav", "p", "h3", "span", "td")
HOME = frozenset(("trang chủ", "trang nhất", "home", "trang chính", "»", ">", "/", "›", "|"))
SEPARATORS = " »›>/|→▸:-–\\"
# A line that begins with the home page and a mark that leads on from there, which menus do not have.
FROM_HOME = re.compile(
    r"(?:(?:bạn đang ở(?: đây)?|vị trí|you are here)\s*:?\s*)?(?:trang chủ|trang nhất|trang chính|home)"
    r"\s*(?:»|›|>+|→|▸|/)\s*(?=\S)",
    re.IGNORECASE,
)
# Buttons in it.
BUTTON = re.compile(r"quay lại|trở (?:về|lại)(?: .*)?|back|in trang|print", re.IGNORECASE)
BETWEEN = re.compile(r"\s*(?:»|›|>+|→|▸|\s/\s)\s*")
# What pages call themselves at the end of it.
ITSELF = re.compile(r"(?:xem )?(?:chi tiết|nội dung)\b.*|xem tin|tin bài|bài viết|detail\w*", re.IGNORECASE)
# What stands beside the home page in a bar above all pages.
BAR = re.compile(
    r"liên hệ|sơ đồ.*|site ?map|đăng nhập|rss|hỏi đáp|góp ý|e-?mail|thư điện tử|english|tiếng việt|contact(?: us)?",
    re.IGNORECASE,
)
MOST, LONGEST = 6, 80  # names, characters of one
LEAST_STEM = 12  # characters of a headline that is cut off


def section(sheet: Sheet, headline: str | None) -> list[str]:
    """The breadcrumb, without the home page and the article itself; the listing's where the page shows none."""
    if sheet.wrapper is not None and sheet.wrapper.section is not None:
        names = [element_text(element) for element in sheet.elements(sheet.wrapper.section, whole_page=True)]
    else:
        printed = (found for find in (_called_so, _described, _from_home) for found in find(sheet))
        names = next((found for found in printed if _below_home(found, headline)), [])
    return _below_home(names, headline) or list(sheet.capture.section)


def _below_home(names: list[str], headline: str | None) -> list[str]:
    """The names of a breadcrumb between the home page and the article, each once."""
    kept = [name.strip(" »›>/|") for name in names if name.lower().strip(" »›>/|") not in HOME]
    return [
        name
        for name, previous in zip(kept, [None, *kept], strict=False)
        if name and name != previous and not BUTTON.fullmatch(name) and not (headline and _is_article(name, headline))
    ]


def _is_article(name: str, headline: str) -> bool:
    """Whether a name is the headline, perhaps cut off."""
    stem = name.rstrip(" .…")
    return name == headline or (len(stem) >= LEAST_STEM and stem != name and headline.startswith(stem))


@lru_cache(maxsize=20_000)
def _is_crumb(classes: str | None, name: str | None, schema: str | None) -> bool:
    return CRUMB_HINT.search(f"{classes or ''} {name or ''}") is not None or "breadcrumblist" in (schema or "").lower()


def _called_so(sheet: Sheet) -> Iterator[list[str]]:
    """The names in the elements that are called or described as breadcrumbs."""
    for node in sheet.page.root.iter(*HOLDERS):
        name = node.get("id") or node.get("aria-label")
        if not _is_crumb(node.get("class"), name, node.get("itemtype") or node.get("typeof")):
            continue
        if any(hides(up.get("style"), up.get("class")) for up in (node, *node.iterancestors())):
            continue
        links = [text for link in node.iter("a") if (text := element_text(link))]
        if 1 <= len(links) <= MOST and all(len(text) < LONGEST for text in links):
            yield links + _behind_links(node, links[-1])
        elif not links:
            texts = (squeeze(str(part)) for part in node.itertext())
            parts = [text for text in texts if text.strip(SEPARATORS)]
            if 1 < len(parts) <= MOST and parts[0].lower() in HOME and all(len(part) < LONGEST for part in parts):
                yield parts


def _behind_links(node: Element, last: str) -> list[str]:
    """The section that stands behind the links of a breadcrumb and is none itself: the page is in it."""
    behind = element_text(node).rpartition(last)[2].strip(SEPARATORS)
    if not behind or len(behind) >= LONGEST or ":" in behind or ITSELF.fullmatch(behind) or find_dates(behind):
        return []
    return [behind] if any(says_only(part, behind) for part in node.iter("li", "span", "strong")) else []


def _described(sheet: Sheet) -> Iterator[list[str]]:
    """The names in the breadcrumbs of the page's JSON-LD (schema.org)."""
    for thing in sheet.json_objects():
        steps = thing.get("itemListElement")
        if thing.get("@type") == "BreadcrumbList" and isinstance(steps, list):
            names = [_name(step) for step in steps if isinstance(step, dict)]
            yield [squeeze(name) for name in names if isinstance(name, str) and len(name) < LONGEST][:MOST]


def _name(step: dict[str, Any]) -> Any:
    item = step.get("item")
    return step.get("name") or (item.get("name") if isinstance(item, dict) else None)


def _from_home(sheet: Sheet) -> Iterator[list[str]]:
    """The names of a line before the text that leads from the home page on: "Trang chủ » Tin tức"."""
    for block in reversed(sheet.blocks[: sheet.first_kept()]):
        if block.linked and len(block.text) < MOST * LONGEST and (home := FROM_HOME.match(block.text)):
            # "Trang chủ/Tin tức": a name may hold this mark as well, but the links tell.
            glued = [element_text(link) for link in links_of(block)[1:]] if home[0].endswith("/") else []
            names = glued or [name.strip(SEPARATORS) for name in BETWEEN.split(block.text[home.end() :])]
            if len(names) < MOST and all(len(name) < LONGEST and not BAR.fullmatch(name) for name in names):
                yield names if not ITSELF.fullmatch(names[-1]) else names[:-1]
