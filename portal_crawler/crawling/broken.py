"""Answers that came broken: asked for again, then kept for what they are."""

from __future__ import annotations

import re
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import HtmlResponse, TextResponse
from scrapy.responsetypes import responsetypes

from portal_crawler.archive.codings import DECODERS, TooLargeError, decoded
from portal_crawler.crawling.walls import HIDDEN, LINK, TAG
from portal_crawler.extraction.decode import decode_html

if TYPE_CHECKING:
    from typing import Any, Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

# Scrapy's mark on a body that broke off, and ours.
DATALOSS = "dataloss"
TRUNCATED = "truncated"


# An excuse is a page of a few words that leads nowhere; a portal's own notice of it stands in the portal's frame.
EXCUSE = re.compile(r"bảo trì|nâng cấp|quá tải|maintenance", re.IGNORECASE)
REFRESH = re.compile(rb"<meta\b[^<>]*http-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)
LATER = re.compile(r"(?:quay|trở|thử) lại|come back|try again|check back", re.IGNORECASE)
LONGEST_PAGE, LONGEST_EXCUSE = 20_000, 400


def is_excuse(response: Response) -> bool:
    """Whether an answer with status 200 says but that the portal is being maintained, and loads itself again: a 503."""
    if response.status != HTTPStatus.OK or len(response.body) > LONGEST_PAGE or not isinstance(response, HtmlResponse):
        return False
    if REFRESH.search(response.body) is None and "Refresh" not in response.headers:
        return False
    text = decode_html(response.body, None).text
    if EXCUSE.search(text) is None or LINK.search(response.body) is not None:
        return False
    said = " ".join(TAG.sub(" ", HIDDEN.sub(" ", text)).split())
    return len(said) <= LONGEST_EXCUSE and EXCUSE.search(said) is not None and LATER.search(said) is not None


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
        if broken:
            return self._again(request) or self._marked(plain)
        if is_excuse(plain):
            assert self.crawler.stats is not None
            self.crawler.stats.inc_value("answers/excuses")
            return plain.replace(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return plain

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
