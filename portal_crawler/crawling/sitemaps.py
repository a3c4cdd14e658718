"""Sitemaps (sitemaps.org protocol): indexes and lists of addresses, plain or gzip."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from lxml.etree import LxmlError
from scrapy.utils.gz import gunzip, gzip_magic_number
from scrapy.utils.sitemap import Sitemap

from portal_crawler.extraction.page import LONGEST_ADDRESS

if TYPE_CHECKING:
    from scrapy.http import Response

# The protocol allows 50 MB unpacked; what unpacks to more is a bomb.
LARGEST = 64 * 1024 * 1024


class SitemapError(ValueError):
    """A sitemap that cannot be read; its message names address and cause."""


def read_sitemap(response: Response) -> tuple[bool, dict[str, str]]:
    """Whether a sitemap is an index of sitemaps, and the absolute addresses that it lists, each with its lastmod.

    Raises:
        SitemapError: if it is no sitemap, broken, or unpacks to more than ``LARGEST`` bytes.
    """
    try:
        body = gunzip(response.body, max_size=LARGEST) if gzip_magic_number(response) else response.body
        sitemap = Sitemap(body)
        listed = [
            (urljoin(response.url, entry["loc"].strip()), entry) for entry in sitemap if _is_address(entry.get("loc"))
        ]
        addresses = {url: (entry.get("lastmod") or "").strip() for url, entry in listed}
    except (OSError, EOFError, StopIteration, ValueError, zlib.error, LxmlError) as error:
        raise SitemapError(f"the sitemap {response.url} cannot be read: {error or type(error).__name__}") from error
    return sitemap.type == "sitemapindex", addresses


def _is_address(written: str | None) -> bool:
    return bool(written) and len(written or "") <= LONGEST_ADDRESS
