"""Why a request brought no usable answer: the failures of Scrapy and of this room, by the reasons of rejects."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    StopDownload,
    UnsupportedURLSchemeError,
)

from portal_crawler.archive.codings import CodingError
from portal_crawler.crawling.broken import BombError
from portal_crawler.crawling.browser import RenderError
from portal_crawler.crawling.download import ForbiddenAddressError, TlsError
from portal_crawler.crawling.pace import PostponedError
from portal_crawler.crawling.robots import RobotsUnreachableError
from portal_crawler.crawling.scope import OutOfScope, RedirectLoop
from portal_crawler.crawling.softmissing import SoftMissingError
from portal_crawler.crawling.walls import BlockedError

# The first kind that an error is an instance of counts: the more special ones come first.
FAILURES: tuple[tuple[type[BaseException], str, str], ...] = (
    (ForbiddenAddressError, "forbidden_address", "the connection was not made"),
    (UnsupportedURLSchemeError, "forbidden_address", "no address on the web"),
    (NotSupported, "forbidden_address", "no address on the web"),
    (TlsError, "bad_tls", "no safe connection"),
    (DownloadTimeoutError, "timeout", "no answer in time"),
    (CannotResolveHostError, "unreachable", "the host name does not resolve"),
    (DownloadConnectionRefusedError, "unreachable", "the connection was refused"),
    (BombError, "too_large", "the answer is larger than DOWNLOAD_MAXSIZE"),
    (DownloadCancelledError, "too_large", "the answer is larger than DOWNLOAD_MAXSIZE"),
    (StopDownload, "too_large", "the download was stopped"),
    (ResponseDataLossError, "unreachable", "the answer broke off"),
    (DownloadFailedError, "unreachable", "the connection failed"),
    (CodingError, "undecodable", "compressed data are broken"),
    (OutOfScope, "http_error", "out of scope"),
    (RedirectLoop, "http_error", "redirects without end"),
    (RobotsUnreachableError, "unreachable", "without an answer to robots.txt nothing may be asked for"),
    (SoftMissingError, "soft_404", "nothing is there, in spite of status 200"),
    (RenderError, "not_rendered", "the browser did not bring the page about"),
    (BlockedError, "blocked", "blocked by a page that stands before it"),
    (PostponedError, "postponed", "not asked for in this run"),
    (IgnoreRequest, "not_fetched_robots", "robots.txt forbids it"),
)


def failure_reason(error: BaseException | None) -> tuple[str, str] | None:
    """The reason of the reject and the cause in words; None for an error that nobody has foreseen.

    Where robots.txt cannot be had for a cause that settings may take away, that cause is told.
    """
    if isinstance(error, RobotsUnreachableError) and isinstance(error.__cause__, (TlsError, ForbiddenAddressError)):
        error = error.__cause__
    return next(((reason, said) for kind, reason, said in FAILURES if isinstance(error, kind)), None)


# Reasons of which another try may be the end.
TEMPORARY = frozenset(("timeout", "unreachable", "postponed", "blocked", "not_rendered"))
# Reasons that a setting or the site's file may take away.
SETTLED = frozenset(("too_large", "bad_tls", "forbidden_address", "not_fetched_robots"))
# Answers that another day may change (RFC 9110 section 15): timeouts, too early, too many requests, server errors.
TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524))


def remedy(reason: str, status: int | None, method: str) -> str | None:
    """What may still bring a page whose request has failed: the values of ``Rejected.retry``."""
    if reason in TEMPORARY or status in TRANSIENT:
        return "retry" if method == "GET" else "crawl"
    return "settings" if reason in SETTLED else None
