"""Answers that came broken: asked for again, then kept for what they are."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

# Scrapy's mark on a body that broke off, and ours.
DATALOSS = "dataloss"
TRUNCATED = "truncated"
GZIP = (b"gzip", b"x-gzip")


class BombError(Exception):
    """A compressed body that is larger than ``DOWNLOAD_MAXSIZE`` when it is unpacked."""


class BrokenAnswers(HttpCompressionMiddleware):
    """Downloader middleware in the place of Scrapy's decompression: a body that broke off is asked for again.

    When the retries are used up, what came is kept and marked ``truncated``: half an article is better than none, if it
    says so. For this ``DOWNLOAD_FAIL_ON_DATALOSS`` must be off. Scrapy takes compression bombs for forbidden requests,
    and half a gzip body for a whole one.
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
        """
        codings = response.headers.getlist("Content-Encoding")
        zipped = bool(codings) and codings[-1].strip().lower() in GZIP
        try:
            plain = super().process_response(request, response)
        except IgnoreRequest as error:
            raise BombError(f"{len(response.body):,} bytes unpack to more than allowed") from error
        broken = DATALOSS in response.flags or (zipped and half_gzip(response.body, len(plain.body)))
        return (self._again(request) or self._marked(plain)) if broken else plain

    def _again(self, request: Request) -> Request | None:
        assert self.crawler.spider is not None
        if request.meta.get("dont_retry"):
            return None
        return get_retry_request(request, spider=self.crawler.spider, reason=TRUNCATED)

    def _marked(self, response: Request | Response) -> Request | Response:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("answers/truncated")
        response.flags.append(TRUNCATED)
        return response


def half_gzip(body: bytes, size: int) -> bool:
    """Whether a gzip body that was unpacked to ``size`` bytes has no end."""
    if not body or int.from_bytes(body[-4:], "little") == size & 0xFFFFFFFF:  # as its trailer says (RFC 1952)
        return False
    reader = zlib.decompressobj(wbits=31)
    try:
        reader.decompress(body)
    except zlib.error:
        return True
    return not reader.eof
