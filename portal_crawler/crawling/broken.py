"""Answers that came broken: asked for again, then kept for what they are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import TextResponse
from scrapy.responsetypes import responsetypes

from portal_crawler.archive.codings import DECODERS, TooLargeError, decoded

if TYPE_CHECKING:
    from typing import Any, Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

# Scrapy's mark on a body that broke off, and ours.
DATALOSS = "dataloss"
TRUNCATED = "truncated"


class BombError(Exception):
    """A compressed body that is larger than ``DOWNLOAD_MAXSIZE`` when it is unpacked."""


class BrokenAnswers(HttpCompressionMiddleware):
    """Downloader middleware in the place of Scrapy's decompression: a body that broke off is asked for again.

    When the retries are used up, what came is kept and marked ``truncated``: half an article is better than none, if it
    says so. For this ``DOWNLOAD_FAIL_ON_DATALOSS`` must be off. Scrapy takes compression bombs for forbidden requests,
    half a body for a whole one, and a page that is not compressed, though its headers say so, for none; here bodies are
    decoded as those of captures are.
    """

    crawler: Crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make one, if ``COMPRESSION_ENABLED``."""
        made = super().from_crawler(crawler)
        made.crawler = crawler
        return made

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Undo the content coding, and ask again for a body that broke off or mark it.

        Raises:
            BombError: if the body is too large when it is unpacked.
            CodingError: if nothing of it can be decoded.
        """
        plain, whole = (response, True) if request.method == "HEAD" else self._decoded(request, response)
        broken = DATALOSS in response.flags or not whole
        return (self._again(request) or self._marked(plain)) if broken else plain

    def _decoded(self, request: Request, response: Response) -> tuple[Response, bool]:
        """The answer without its content codings, and whether its body is all there."""
        said = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
        codings = [name.strip().lower() for name in said.split(",") if name.strip()]
        if not codings:
            return response, True
        most = request.meta.get("download_maxsize", self.crawler.settings.getint("DOWNLOAD_MAXSIZE"))
        try:
            body, whole = decoded(response.body, codings, most or sys.maxsize // 2)
        except TooLargeError as error:
            raise BombError(f"{len(response.body):,} bytes unpack to more than allowed") from error
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("httpcompression/response_bytes", len(body))
        self.crawler.stats.inc_value("httpcompression/response_count")
        headers = response.headers.copy()
        headers["Content-Encoding"] = [name for name in codings if name not in DECODERS]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        # The encoding that was found in the packed bytes says nothing of these.
        more: dict[str, Any] = {"encoding": None} if issubclass(kind, TextResponse) else {}
        if not headers.getlist("Content-Encoding"):
            del headers["Content-Encoding"]
        return response.replace(cls=kind, headers=headers, body=body, **more), whole

    def _again(self, request: Request) -> Request | None:
        assert self.crawler.spider is not None
        if request.meta.get("dont_retry"):
            return None
        return get_retry_request(request, spider=self.crawler.spider, reason=TRUNCATED)

    def _marked(self, response: Response) -> Response:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("answers/truncated")
        response.flags.append(TRUNCATED)
        return response
