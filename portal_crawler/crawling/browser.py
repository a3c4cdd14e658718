"""Pages that scripts fill are run in a browser, which asks nobody: the crawl fetches for it (extra ``browser``)."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse, Response
from scrapy.http.request import NO_CALLBACK

from portal_crawler.archive.exchanges import ArchiveExchanges
from portal_crawler.crawling.chromium import PROXY, STARTED, SWITCHES, chromium, is_root
from portal_crawler.crawling.idle import is_closing
from portal_crawler.crawling.pace import PostponedError
from portal_crawler.crawling.scope import FOR_PAGE, RedirectScope, serves
from portal_crawler.crawling.softmissing import PROBE
from portal_crawler.items import RENDERED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

# What is fetched for a page, by Chromium's kinds, and how; style sheets are answered with nothing, for some scripts
# wait for them. All else (pictures, fonts, films, frames, sockets) does not change what the page says.
FETCHED = frozenset(("script", "xhr", "fetch"))
METHODS = frozenset(("GET", "HEAD", "POST"))
STYLE = {"content-type": "text/css", "access-control-allow-origin": "*"}
# The browser gets bodies decoded, keeps no cookie, and no answer of the crawl is a file to it.
LEFT_OUT = frozenset(
    b"connection content-disposition content-encoding content-length keep-alive refresh set-cookie transfer-encoding "
    b"strict-transport-security alt-svc".split()
)
# Headers that the crawl sets itself.
OURS = frozenset("accept-encoding accept-language connection content-length cookie host user-agent".split())
# Bytes of scripts that are kept: the same few are on all pages of a portal.
KEPT = 32 << 20
# Seconds that the browser may take to close a page or itself.
LEFT = 10
# A page is looked at so often, so many seconds apart, and must have asked for nothing each time.
CALM, LOOK = 2, 0.25


class RenderError(Exception):
    """A page whose scripts did not bring it about; the message says why."""


class _LeftError(Exception):
    """A page that leads elsewhere before it is there."""

    def __init__(self, target: str) -> None:
        super().__init__(f"a script leads to {target}")
        self.target = target


@dataclass(slots=True)
class Answer:
    """What a browser gets for a request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, response: Response) -> Answer:
        """What the server said, without what is the crawl's business."""
        headers = {
            name.decode("latin-1"): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
            if name.lower() not in LEFT_OUT
        }
        return cls(response.status, headers, response.body)


@dataclass(slots=True)
class Visit:
    """A page while it is open in the browser.

    Attributes:
        shell: What the server sent for it.
        seconds: Time of its own that it has.
        clock: It begins to count when the page has got the shell, and stands still while the crawl fetches for it.
        over: Gets the error that ends the visit before its time.
        opened: Whether the browser has got the shell.
        loaded: Whether the page has, with the scripts that it names.
        closed: Whether the visit is over.
        asked: How often the page has asked for something.
        pending: How many answers it waits for.
        requests: How often the crawl has fetched for the page.
        size: How many bytes came.
    """

    shell: Response
    seconds: float
    clock: asyncio.Timeout
    over: asyncio.Future[None]
    opened: bool = False
    loaded: bool = False
    closed: bool = False
    asked: int = 0
    requests: int = 0
    size: int = 0
    pending: int = 0
    _left: float = field(default=0.0)

    def open(self) -> None:
        """The browser gets the shell."""
        self.opened = True
        if not self._ended():
            self.clock.reschedule(asyncio.get_running_loop().time() + self.seconds)

    def fail(self, error: Exception) -> None:
        """End the visit."""
        if not self.over.done():
            self.over.set_exception(error)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """The crawl fetches something for the page, which takes as long as politeness asks for."""
        self.pending += 1
        now = asyncio.get_running_loop().time
        if self.pending == 1 and not self._ended():
            self._left = (self.clock.when() or now()) - now()
            self.clock.reschedule(None)
        try:
            yield
        finally:
            self.pending -= 1
            if not self.pending and not self._ended():
                self.clock.reschedule(now() + self._left)

    def _ended(self) -> bool:
        return self.closed or self.clock.expired()


class Browser:
    """Downloader middleware, for spiders with ``browser``: a page's answer is replaced by what its scripts make of it.

    Pages are what comes back to the spider's ``parse`` and ``parse_part``, and the probe for missing pages. They are
    fetched like those of any portal; then the answer is opened in Chromium through scrapy-playwright, one page at a
    time, each in a context of its own, so that nothing of one page reaches the next. What its scripts ask for goes
    through the crawl's own downloader, and so past robots.txt, the guard of addresses, the hosts' pace, the budget and
    into the archive. Scripts are kept for the next pages. Hosts other than the portal's and those of the spider's
    ``browser_hosts`` are not asked, pages are not left, windows are closed.

    A page is ready when it has asked for nothing for half a second, or ``browser_waits_for`` matches. One that leads
    elsewhere before it is loaded is a redirect, like any other.

    Settings:
        PORTAL_BROWSER: Chromium, as a path or a name on PATH; empty: the system's, else playwright's own.
        PORTAL_BROWSER_SECONDS: Time of its own that a page has to become ready.
        PORTAL_BROWSER_REQUESTS: What may be fetched for one page.
        PORTAL_BROWSER_MEGABYTES: The same in megabytes.
    """

    def __init__(self, crawler: Crawler, handler: Any) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.spider: Any = crawler.spider
        self.handler = handler
        self.seconds = settings.getfloat("PORTAL_BROWSER_SECONDS", 30)
        self.most_requests = settings.getint("PORTAL_BROWSER_REQUESTS", 100)
        self.most_bytes = settings.getint("PORTAL_BROWSER_MEGABYTES", 32) * 1_000_000
        self.largest = settings.getint("DOWNLOAD_MAXSIZE")
        self.turn = asyncio.Lock()
        self.numbers = itertools.count(1)
        self.scripts: OrderedDict[str, Answer] = OrderedDict()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Browser:
        """Make the middleware.

        Raises:
            NotConfigured: if the spider needs no browser, or makes no request.
            UsageError: if the browser is missing.
        """
        spider: Any = crawler.spider
        if not getattr(spider, "browser", False) or spider.warc:
            raise NotConfigured
        executable = chromium(crawler.settings.get("PORTAL_BROWSER", ""))
        from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler  # noqa: PLC0415 - of an extra

        # Its own words for what becomes a reject here.
        logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)
        handler = ScrapyPlaywrightDownloadHandler(crawler)
        signalled = ("handle_sigint", "handle_sigterm", "handle_sighup")  # the crawl's business
        handler.config.launch_options = {
            "executable_path": executable,
            "args": list(SWITCHES),
            "chromium_sandbox": not is_root(),
            "proxy": PROXY,
            **dict.fromkeys(signalled, False),
        }
        handler.config.navigation_timeout_ms = 0  # the visit's clock counts
        handler.config.target_closed_max_retries = 0
        made = cls(crawler, handler)
        crawler.signals.connect(made.spider_closed, signal=signals.spider_closed)
        return made

    async def spider_closed(self) -> None:
        """End the browser."""
        await self.handler.close()

    def process_request(self, request: Request) -> None:
        """A shell that is as it was says nothing of what scripts fill it with: it is asked for without conditions."""
        if self._is_page(request):
            for name in ("If-None-Match", "If-Modified-Since"):
                request.headers.pop(name, None)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """A page as its scripts make it, or the request for where they lead to; any other answer as it is.

        Raises:
            IgnoreRequest: if they lead nowhere new.
            RenderError: if the page does not become ready.
            PostponedError: if something that it asks for has to wait for another run.
        """
        if not self._is_page(request) or not isinstance(response, HtmlResponse) or response.status != 200:
            return response
        async with self.turn:
            try:
                text = await self._rendered(response)
            except _LeftError as left:
                return self._redirected(request, left.target)
        body = text.encode("utf-8", "replace")
        if len(body) > self.largest:
            raise RenderError(f"it has grown to {len(body):,} bytes")
        if (archive := self.crawler.get_downloader_middleware(ArchiveExchanges)) is not None:
            await archive.keep_rendered(request, body, response.flags)
        self._count("browser/pages")
        headers = response.headers.copy()
        headers.pop("Content-Encoding", None)
        headers["Content-Type"] = "text/html; charset=utf-8"
        flags = [*response.flags, RENDERED]
        return response.replace(body=body, headers=headers, flags=flags, encoding="utf-8")

    def _is_page(self, request: Request) -> bool:
        if request.meta.get("dont_obey_robotstxt"):
            return False
        return request.callback in (self.spider.parse, self.spider.parse_part) or bool(request.meta.get(PROBE))

    def _redirected(self, request: Request, target: str) -> Request | Response:
        """What comes of a redirect: the checks and the request are those of a redirect by the server."""
        answer: Any = Response(request.url, 302, {"Location": target}, request=request)
        kinds: tuple[type[Any], ...] = (RedirectScope, RedirectMiddleware)
        for kind in kinds:
            if (middleware := self.crawler.get_downloader_middleware(kind)) is not None:
                answer = middleware.process_response(request, answer)
        return answer  # type: ignore[no-any-return]

    # One page

    async def _rendered(self, shell: Response) -> str:
        from playwright.async_api import Error  # noqa: PLC0415 - of an extra

        name = f"page {next(self.numbers)}"
        opened = None
        visit = None
        try:
            async with asyncio.timeout(STARTED) as clock:
                visit = Visit(shell, self.seconds, clock, asyncio.get_running_loop().create_future())
                opened = asyncio.ensure_future(self.handler.download_request(self._order(visit, name)))
                while not (opened.done() or visit.over.done()):
                    await asyncio.wait({opened, visit.over}, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
                    if is_closing(self.crawler):
                        visit.fail(PostponedError("the crawl was stopped"))
                if visit.over.done():
                    visit.over.result()
                return str(opened.result().text)
        except TimeoutError as error:
            opened_it = visit is not None and visit.opened
            said = (
                f"not ready after {self.seconds:g} seconds of its own" if opened_it else "the browser does not open it"
            )
            raise RenderError(said) from error
        except Error as error:
            raise RenderError(str(error.message).partition("\n")[0]) from error
        finally:
            if visit is not None:
                visit.closed = True
            await self._leave(opened, name)

    def _order(self, visit: Visit, name: str) -> Request:
        """The request by which scrapy-playwright opens a page."""
        from scrapy_playwright.page import PageMethod  # noqa: PLC0415 - of an extra

        async def prepare(page: Any, _: Request) -> None:
            # The route that was made last counts, so that scrapy-playwright's own, to the network, is never taken.
            await page.route("**", lambda route: self._answer(visit, route))
            await page.route_web_socket("**", self._refuse_socket)
            page.on("load", lambda: setattr(visit, "loaded", True))
            page.on("popup", lambda window: asyncio.ensure_future(window.close()))

        meta = {
            "playwright": True,
            "playwright_context": name,
            "playwright_context_kwargs": {
                "service_workers": "block",
                "accept_downloads": False,
                "locale": "vi-VN",
                "user_agent": self.crawler.settings["USER_AGENT"],
            },
            "playwright_page_init_callback": prepare,
            "playwright_page_goto_kwargs": {"wait_until": "commit"},
            "playwright_page_methods": [PageMethod(self._settle, visit)],
        }
        return Request(visit.shell.url, meta=meta, dont_filter=True)

    async def _settle(self, page: Any, visit: Visit) -> None:
        """Wait until a page is ready."""
        waits = [asyncio.ensure_future(self._rest(page, visit))]
        if selector := self.spider.browser_waits_for:
            waits.append(asyncio.ensure_future(page.wait_for_selector(selector, state="attached", timeout=0)))
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        size = await page.evaluate("document.documentElement.outerHTML.length")
        if isinstance(size, int | float) and size > self.largest:
            raise RenderError(f"it has grown to {size:,.0f} characters")

    async def _rest(self, page: Any, visit: Visit) -> None:
        """Wait until a page has asked for nothing for a while.

        Playwright's "networkidle" will not do: it is there, once and for all, when a script only thinks for long.
        """
        await page.wait_for_load_state("load", timeout=0)
        calm = 0
        while calm < CALM:
            before = visit.asked
            await asyncio.sleep(LOOK)
            await page.evaluate("0")  # answered once no script is at work
            calm = 0 if visit.pending or visit.asked != before else calm + 1

    async def _leave(self, opened: asyncio.Future[Any] | None, name: str) -> None:
        """Close a page with all that it has opened; a browser that cannot do so any more is ended."""
        from playwright.async_api import Error  # noqa: PLC0415 - of an extra

        if opened is not None:
            opened.cancel()
            await asyncio.gather(opened, return_exceptions=True)
        kept = self.handler.context_wrappers.get(name)
        if kept is None:
            return
        try:
            async with asyncio.timeout(LEFT):
                await kept.context.close()
        except (TimeoutError, Error) as error:
            logger.warning("The browser does not close a page any more (%r): it is started anew", error)
            if (browser := getattr(self.handler, "browser", None)) is None:
                return  # it has ended by itself
            with suppress(TimeoutError, Error):
                async with asyncio.timeout(LEFT):
                    await browser.close()

    # What a page asks for

    def _refuse_socket(self, socket: Any) -> Any:
        self._count("browser/refused/websocket")
        return socket.close()

    async def _answer(self, visit: Visit, route: Any) -> None:
        """Answer a request of a page."""
        from playwright.async_api import Error  # noqa: PLC0415 - of an extra

        answer = await self._answer_to(visit, route.request)
        try:
            if answer is None:
                await route.abort()
            else:
                await route.fulfill(status=answer.status, headers=answer.headers, body=answer.body)
        except Error as error:
            logger.debug("%s is answered too late, its page is closed: %s", route.request.url, error)

    async def _answer_to(self, visit: Visit, asked: Any) -> Answer | None:
        visit.asked += 1
        if asked.is_navigation_request():
            if not visit.opened:
                visit.open()
                return Answer.of(visit.shell)
            if not visit.loaded and asked.frame.parent_frame is None:
                gone = asked.method == "GET"
                visit.fail(_LeftError(asked.url) if gone else RenderError("a script sends a form before it is loaded"))
            self._count("browser/refused/navigation")
            return Answer(204, {}, b"")  # the page stays; without an answer it would become the browser's error page
        kind, url = asked.resource_type, asked.url
        if kind == "stylesheet":
            return Answer(200, STYLE, b"")
        if kind not in FETCHED:
            self._count(f"browser/refused/{kind}")
        elif asked.method not in METHODS or urlsplit(url).scheme not in ("http", "https"):
            self._count("browser/refused/method")
        elif not serves(self.spider, url):
            self._count("browser/refused/host")
            logger.info("%s is not fetched for %s: browser_hosts does not name its host", url, visit.shell.url)
        else:
            return await self._kept_or_fetched(visit, asked)
        return None

    async def _kept_or_fetched(self, visit: Visit, asked: Any) -> Answer | None:
        url = asked.url
        is_script = asked.resource_type == "script" and asked.method == "GET"
        if is_script and (kept := self.scripts.get(url)) is not None:
            self.scripts.move_to_end(url)
            return kept
        visit.requests += 1
        if visit.closed or visit.over.done():
            return None
        if visit.requests > self.most_requests:
            visit.fail(RenderError(f"it asks for more than {self.most_requests} addresses"))
            return None
        with visit.waiting():
            response = await self._fetch(visit, asked)
        if response is None:
            return None
        visit.size += len(response.body)
        if visit.size > self.most_bytes:
            visit.fail(RenderError(f"it asks for more than {self.most_bytes:,} bytes"))
            return None
        answer = Answer.of(response)
        if is_script and response.status == 200 and b"no-store" not in (response.headers.get("Cache-Control") or b""):
            self._keep(url, answer)
        return answer

    async def _fetch(self, visit: Visit, asked: Any) -> Response | None:
        """Fetch something as the crawl fetches all else; None, with a word in the log, if it cannot be had."""
        headers = {name: value for name, value in asked.headers.items() if name not in OURS and name[:4] != "sec-"}
        body = asked.post_data_buffer or b""
        meta = {FOR_PAGE: True}
        engine = self.crawler.engine
        assert engine is not None
        try:
            wanted = Request(asked.url, NO_CALLBACK, asked.method, headers, body, meta=meta)
            response = await engine.download_async(wanted)
        except PostponedError as error:
            visit.fail(error)
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the script's to deal with
            self._count("browser/failed")
            logger.info("%s cannot be had for %s: %s: %s", asked.url, visit.shell.url, type(error).__name__, error)
            return None
        self._count("browser/fetched")
        return response

    def _keep(self, url: str, answer: Answer) -> None:
        self.scripts[url] = answer
        while sum(len(kept.body) for kept in self.scripts.values()) > KEPT:
            self.scripts.popitem(last=False)

    def _count(self, key: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key)
