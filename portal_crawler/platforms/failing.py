"""What becomes of requests without a usable answer: one reject each, with its reason; its list learns of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.spidermiddlewares.httperror import HttpError

from portal_crawler.crawling import history
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.failures import failure_reason, remedy
from portal_crawler.crawling.pace import PostponedError
from portal_crawler.crawling.rules import page_number
from portal_crawler.crawling.scope import OutOfScope, RedirectToKnown
from portal_crawler.platforms.following import Following
from portal_crawler.platforms.revisiting import REDIRECTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request
    from twisted.python.failure import Failure

    from portal_crawler.items import Gone, Rejected

logger = logging.getLogger(__name__)


class Failing(Following):
    """What a portal's spider does with requests that fail."""

    moved_to: str | None

    @property
    def resumable(self) -> bool:
        """Whether another run may go on with this crawl."""
        raise NotImplementedError

    def knows(self, url: str, asked: str) -> bool:
        """Whether a page was asked for already, under another address than ``asked`` and its other spellings."""
        target, origin = self.rules.judge(url), self.rules.judge(asked)
        if target.key == origin.key or page_key(url) == page_key(asked):
            return False
        sighting = self.sightings.get(target.key)
        return target.key in self.asked or self.sightings.done(target.key) or (sighting is not None and sighting.asked)

    def failed(self, failure: Failure) -> Iterator[Gone | Rejected | Request]:
        """A request without a usable answer: one reject with its reason."""
        request: Request = failure.request  # type: ignore[attr-defined]
        error = failure.value
        asked = next(iter(request.meta.get("redirect_urls", ())), request.url)
        if isinstance(error, RedirectToKnown):
            yield from self.redirected(request, asked, error.target)
            return
        if isinstance(error, PostponedError):
            self.postpone(request)
        if request.meta.get("portal_seed"):
            self.note_failed_seed(error)
        link = self.rules.judge(request.url)
        self.budget.failed(asked)
        self.named_budget.failed(asked)
        self.spellings.failed(link.url)
        if isinstance(error, HttpError):
            status = error.response.status
            rejected = self.reject(request.url, "http_error", f"{request.url}: HTTP {status}", status)
        elif known := failure_reason(error):
            reason, said = known
            detail = f"{request.url}: {said}{f' ({error})' if str(error) else ''}"
            target = error.target if isinstance(error, OutOfScope) else None
            leaves = target is not None and not self.rules.denies(target)  # a login elsewhere takes no article away
            rejected = self.reject(request.url, reason, detail, REDIRECTED if leaves else None)
        else:
            logger.error("%s: %r", request.url, error, exc_info=error)
            rejected = self.reject(request.url, "error", f"{request.url}: {type(error).__name__}: {error}")
        self.note_missing(rejected, asked, request.url)
        if self.loses(request, rejected):
            return
        if rejected.status in history.GONE:
            self.note_barren(link)
        article = self.promises(link.url)
        self.count("failed/article" if article else "failed/page")
        self.note_unread(link, rejected)
        number = request.cb_kwargs.get("number") or page_number(request.url)
        if number is not None:
            gone = rejected.status in (404, 410)
            chain = request.cb_kwargs.get("chain") or request.url
            self.chains.failed(chain, number, f"failed ({rejected.reason})", missing=gone)
        rejected.tries = request.meta.get("retry_times", 0) + 1
        rejected.retry = remedy(rejected.reason, rejected.status, request.method)
        waits = isinstance(error, PostponedError)
        if rejected.retry == "retry" and not waits and article:
            self.note_unfetched(link)
        yield rejected

    def note_failed_seed(self, error: BaseException | None) -> None:
        """Note that a start address has failed, and where it has led if that is outside the portal."""
        self.count("seeds/failed")
        if isinstance(error, OutOfScope) and error.target is not None:
            self.count("seeds/moved")
            self.moved_to = error.target

    def postpone(self, request: Request) -> None:
        """Leave a request to the next run of this crawl, if there is to be one."""
        if self.resumable:
            frontier: Any = self.crawler.engine.scheduler
            frontier.postpone(request)
