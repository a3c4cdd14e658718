"""How far from lists a crawl goes: Scrapy's limit, which tells the spider what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.spidermiddlewares.depth import DepthMiddleware

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response


class DepthLimit(DepthMiddleware):
    """Spider middleware in the place of Scrapy's, which drops what lies deeper than ``DEPTH_LIMIT`` without a word.

    To some articles nothing but other articles lead, a long way from the lists.
    """

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        """As Scrapy's; what is dropped is named to ``too_deep`` of the spider, if it has such a method."""
        kept = super().get_processed_request(request, response)
        too_deep = getattr(self.crawler.spider, "too_deep", None)
        if kept is None and too_deep is not None:
            too_deep(request.url)
        return kept
