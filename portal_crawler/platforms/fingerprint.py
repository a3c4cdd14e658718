"""Recognising the portal software from one page: its generator tag, its scripts and the ids that it writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from portal_crawler.crawling.xpath import elements

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_crawler.extraction.page import Element, Page

GENERATORS = (
    (re.compile(r"nukeviet", re.IGNORECASE), "nukeviet"),
    (re.compile(r"wordpress", re.IGNORECASE), "wordpress"),
    (re.compile(r"dotnetnuke|\bdnn\b", re.IGNORECASE), "dotnetnuke"),
    (re.compile(r"sharepoint", re.IGNORECASE), "sharepoint"),
    (re.compile(r"liferay", re.IGNORECASE), "liferay"),
)

# What a family leaves in a page, most telling first. Two marks are needed: one may have been copied with a theme.
MARKS: dict[str, tuple[Callable[[Element], list[Element]], ...]] = {
    "liferay": tuple(
        map(
            elements,
            (
                "//script[contains(., 'Liferay.') or contains(., 'themeDisplay')]",
                "//*[starts-with(@id, 'p_p_id_') or contains(@class, 'portlet-boundary')]",
                "//link[contains(@class, 'lfr-css-file') or contains(@href, 'browserId=')]",
                "//*[contains(@class, 'portlet-asset-publisher') or contains(@class, 'journal-content-article')]",
                "//html[contains(@class, 'aui')] | //a[contains(@href, 'p_p_id=')]",
            ),
        )
    ),
    "nukeviet": tuple(
        map(
            elements,
            (
                "//script[contains(., 'nv_base_siteurl') or contains(., 'nv_module_name')]",
                "//script[contains(@src, '/assets/js/global.js')]",
                "//link[contains(@href, '/themes/') and contains(@href, '/css/')]",
                "//*[@id='news-bodyhtml' or @id='page-bodyhtml' or contains(@class, 'news_column')]",
            ),
        )
    ),
    "wordpress": tuple(
        map(
            elements,
            (
                "//link[contains(@href, '/wp-content/')] | //script[contains(@src, '/wp-includes/')]",
                "//link[@rel='https://api.w.org/']",
                "//body[contains(@class, 'wp-') or contains(@class, 'single-post') or contains(@class, 'postid-')]",
                "//*[contains(@class, 'entry-title') or contains(@class, 'entry-content')]",
            ),
        )
    ),
    "dotnetnuke": tuple(
        map(
            elements,
            (
                "//*[starts-with(@id, 'dnn_')]",
                "//*[contains(@class, 'DnnModule')]",
                "//script[contains(@src, '/js/dnn') or contains(@src, 'dnncore')] | //input[@name='__dnnVariable']",
                "//link[contains(@href, '/Portals/_default/')]",
            ),
        )
    ),
    "sharepoint": tuple(
        map(
            elements,
            (
                "//*[@id='s4-workspace' or @id='s4-titlerow' or @id='MSO_ContentTable']",
                "//*[starts-with(@id, 'WebPartWPQ') or starts-with(@id, 'MSOZone')]",
                "//link[contains(@href, '/_layouts/')] | //script[contains(@src, '/_layouts/')]",
                "//*[contains(@class, 'ms-bottompaging') or contains(@class, 'ms-rteElement')] | //*[@id='ctl00_MSO']",
                "//*[contains(@id, 'ctl00_PlaceHolder')]",
            ),
        )
    ),
    "aspnet": tuple(
        map(
            elements,
            (
                "//input[@name='__VIEWSTATE']",
                "//input[@name='__VIEWSTATEGENERATOR' or @name='__EVENTVALIDATION' or @name='__EVENTTARGET']",
            ),
        )
    ),
}
ENOUGH = 2


def fingerprint(page: Page) -> str | None:
    """The family of the portal software that made a page, or None.

    A generator tag decides; without one, the first family of which two marks are found. ASP.NET comes last: SharePoint
    and DotNetNuke are made of it.
    """
    generator = page.meta.get("generator", "")
    for pattern, family in GENERATORS:
        if pattern.search(generator):
            return family
    for family, marks in MARKS.items():
        if sum(bool(mark(page.root)) for mark in marks) >= ENOUGH:
            return family
    return None
