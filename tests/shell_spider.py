"""A portal whose pages are empty shells: what a site file says of its interface."""

from __future__ import annotations

from typing import Any

from portal_crawler.crawling.api import JsonApi
from portal_crawler.platforms.portal import PortalSpider


class Shell(PortalSpider):
    name = "shell"
    article_urls = (r"^/bai-viet/[^/]+-(?P<id>\d+)$",)

    def __init__(self, *args: Any, url: str, **kwargs: Any) -> None:
        base = url.rstrip("/")
        self.api = JsonApi(
            lists=(f"{base}/api/tin?trang={{number}}",),
            address=f"{base}/bai-viet/{{slug}}-{{id}}",
            detail=f"{base}/api/tin/{{id}}",
            article="data",
            title="tieuDe", body="noiDung", lead="tomTat", published="ngayDang", author="tacGia", section="chuyenMuc",
        )  # fmt: skip
        super().__init__(*args, url=url, **kwargs)
