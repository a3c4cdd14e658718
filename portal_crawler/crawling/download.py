"""The download handler: Scrapy's aiohttp handler, with an eye on where it connects and on what came broken.

Scrapy's default handler cannot reach servers that know no newer TLS than 1.1 (pyOpenSSL's own OpenSSL refuses them,
with any setting); its aiohttp handler rests on the interpreter's ``ssl`` module, which can.
"""

from __future__ import annotations

import socket
import time
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlsplit

import aiohttp
import yarl
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler, _ClientResponse
from scrapy.core.downloader.handlers._base_streaming import BaseStreamingDownloadHandler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Headers
from scrapy.settings import Settings
from scrapy.utils.ssl import _make_ssl_context

from portal_crawler.crawling.addresses import PORTS, AddressGuard
from portal_crawler.crawling.pace import HostPace

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

# What a response bears in ``flags`` when its connection was not as it should be.
BROKEN_CERTIFICATE = "broken_certificate"
LEGACY_TLS = "legacy_tls"
TLS_SETTINGS = (
    "DOWNLOAD_TLS_MIN_VERSION",
    "DOWNLOAD_TLS_MAX_VERSION",
    "DOWNLOADER_CLIENT_TLS_CIPHERS",
    "DOWNLOAD_VERIFY_CERTIFICATES",
)
OLD = frozenset(("SSLv3", "TLSv1", "TLSv1.1"))
# What OpenSSL still knows, but for ciphers without a certificate, with which anybody may answer in the server's place.
LEGACY = {"DOWNLOAD_TLS_MIN_VERSION": "TLSv1.0", "DOWNLOADER_CLIENT_TLS_CIPHERS": "ALL:!aNULL:!eNULL:@SECLEVEL=0"}
# OpenSSL's option for servers without RFC 5746; Python has a name for it from 3.12 on.
LEGACY_SERVER_CONNECT = 0x4


class ReceivedHeaders(Headers):
    """Scrapy's headers, which forget order and case, with what was sent and received as it was.

    Attributes:
        version: HTTP version of the answer, as in ``1.1``.
        reason: Its reason phrase.
        received: Names and values of its headers.
        sent: The same of the request.
    """

    def __init__(self, response: _ClientResponse) -> None:
        # As bytes: aiohttp's strings cannot be encoded again where a server sent Latin-1.
        self.received = response.raw_headers
        super().__init__(list(self.received))
        self.version = "{}.{}".format(*(response.version or (1, 1)))
        self.reason = response.reason or ""
        sent = response.request_info.headers.items()
        self.sent = tuple((name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in sent)


class ForbiddenAddressError(Exception):
    """A connection to an address that is not public; it was not made."""


class TlsError(Exception):
    """A server whose certificate cannot be verified, or with which no version of TLS is in common."""


class _RefusedError(OSError):
    """What the guard raises inside the connector. All of a host's refusals read alike, so that one is passed on."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__("the address is not public")
        self.told = f"{address} is a {why} address"


def _told(error: aiohttp.ClientConnectorError) -> str:
    """What went wrong; aiohttp's own words hold the place of an object in memory, which no two runs share."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error)
    return f"{error.host}:{error.port}: {error.strerror}"


class GuardedDownloadHandler(AiohttpDownloadHandler):
    """Downloads ``http`` and ``https``; every connection is checked with the very address that it is made to.

    The check stands where the socket is made, behind all name resolution: a name that resolves to a private address, or
    to another one the second time (DNS rebinding), an address in octal or as one number, a redirect, a link. Behind a
    proxy the connection is the proxy's; then only addresses that stand in numbers in the URL are checked.

    The spider's attributes ``broken_certificates`` and ``legacy_tls`` (a site file's) let it talk to servers whose
    certificate cannot be verified, or that need an old TLS: 1.0 or 1.1, small keys, no RFC 5746. What is safe is tried
    first; a response that needed more says so in its flags.

    A host that has begun to rest while a request stood in the downloader's queue, or that was asked too short a time
    ago, is waited for; no time-out runs meanwhile.

    Settings:
        PORTAL_ALLOW_PRIVATE: Addresses, networks or ``address:port`` that are not public and may be connected to.
    """

    experimental: ClassVar[bool] = False  # Scrapy would warn at each start; what we rely on is in our tests

    def __init__(self, crawler: Crawler) -> None:
        # Not the parent's: its session has a connector that connects to anything.
        BaseStreamingDownloadHandler.__init__(self, crawler)
        spider: Any = crawler.spider
        allowed = crawler.settings.getlist("PORTAL_ALLOW_PRIVATE")
        self.guard = AddressGuard(allowed, getattr(spider, "start_urls", ()))
        self._tls = {name: crawler.settings[name] for name in TLS_SETTINGS}
        allowed_tls = {BROKEN_CERTIFICATE: "broken_certificates", LEGACY_TLS: "legacy_tls"}
        self._allowed = frozenset(flag for flag, name in allowed_tls.items() if getattr(spider, name, False))
        self._contexts: dict[frozenset[str], ssl.SSLContext] = {}
        self._needed: dict[str, frozenset[str]] = {}  # of that, by host

    @cached_property
    def _session(self) -> aiohttp.ClientSession:  # type: ignore[override]
        """Made for the first request: under ``CrawlerProcess`` and in ``scrapy shell`` no loop runs before."""
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                local_addr=self._bind_address,
                limit=self._pool_size_total,
                limit_per_host=self._pool_size_per_host,
                socket_factory=self._socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            response_class=_ClientResponse,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        )
        # It would ask at once a second time where a connection breaks, which nobody would count, archive or wait for:
        # that is Scrapy's to decide. aiohttp switches it off in this manner for its own tests, and has no public one.
        session._retry_connection = False  # noqa: SLF001
        return session

    async def close(self) -> None:
        """Close the connections, if any was made."""
        if "_session" in vars(self):
            await super().close()

    async def download_request(self, request: Request) -> Response:
        """Download, once the host has rested.

        Raises:
            PostponedError: if it asks for more patience than a run has, or the crawl is being stopped.
        """
        pace = self.crawler.get_downloader_middleware(HostPace)
        if pace is not None and await pace.hold(request):
            # The delay to the next request begins now, not when this one was taken out of the queue.
            downloader: Any = self.crawler.engine.downloader if self.crawler.engine is not None else None
            if (slot := downloader.slots.get(request.meta.get(downloader.DOWNLOAD_SLOT))) is not None:
                slot.lastseen = time.monotonic()
        return await super().download_request(request)

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Make the socket of a connection, if it may be made.

        Raises:
            _RefusedError: if the address is not public and nobody has allowed it.
        """
        family, kind, protocol, _, target = address
        if why := self.guard.refusal(target[0], target[1]):
            raise _RefusedError(target[0], why)
        return socket.socket(family, kind, protocol)

    @asynccontextmanager
    async def _make_request(
        self,
        request: Request,
        timeout: float,  # noqa: ASYNC109 - the signature of Scrapy
    ) -> AsyncIterator[_ClientResponse]:
        proxy = self._extract_proxy_url_with_creds(request)
        if proxy:
            self._check_numbers(request.url)
        try:
            response = await self._send(request, aiohttp.ClientTimeout(total=timeout), proxy)
            async with response:
                yield response
        except TimeoutError as error:
            raise DownloadTimeoutError(f"more than {timeout:g} seconds") from error
        except (aiohttp.InvalidUrlClientError, aiohttp.NonHttpUrlClientError) as error:
            raise UnsupportedURLSchemeError(str(error)) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise CannotResolveHostError(_told(error)) from error
        except aiohttp.ClientSSLError as error:
            raise TlsError(_told(error)) from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _RefusedError):
                raise ForbiddenAddressError(error.os_error.told) from error
            raise DownloadConnectionRefusedError(_told(error)) from error
        except aiohttp.ClientPayloadError:
            raise  # a body that broke off: the reader above keeps what came
        except aiohttp.ClientError as error:
            raise DownloadFailedError(str(error)) from error

    async def _send(self, request: Request, limits: aiohttp.ClientTimeout, proxy: str | None) -> _ClientResponse:
        """The response's head; what is wrong with a server's TLS is passed over where the site's file says so."""
        host = urlsplit(request.url).netloc
        needed = self._needed.get(host, frozenset())
        while True:
            try:
                response = await self._ask(request, limits, proxy, self._context(needed))
            except aiohttp.ClientConnectorError as error:  # nothing has been sent yet
                if (more := self._passed_over(error, needed)) is None:
                    raise
                needed |= {more}
            else:
                self._needed[host] = needed
                return response

    def _passed_over(self, error: aiohttp.ClientConnectorError, needed: frozenset[str]) -> str | None:
        """What may be passed over, besides what is needed already, that may have been in the way; None if nothing."""
        left = self._allowed - needed
        if isinstance(error, aiohttp.ClientConnectorCertificateError) and BROKEN_CERTIFICATE in left:
            return BROKEN_CERTIFICATE
        # Windows drops the connection where no version is in common.
        is_tls = isinstance(error, aiohttp.ClientSSLError) or isinstance(error.os_error, ConnectionResetError)
        return LEGACY_TLS if is_tls and LEGACY_TLS in left else None

    def _context(self, needed: frozenset[str]) -> ssl.SSLContext:
        """How TLS is spoken with a server that needs something to be passed over, or nothing."""
        if (context := self._contexts.get(needed)) is None:
            verify = {"DOWNLOAD_VERIFY_CERTIFICATES": False} if BROKEN_CERTIFICATE in needed else {}
            old = LEGACY if LEGACY_TLS in needed else {}
            context = self._contexts[needed] = _make_ssl_context(Settings({**self._tls, **old, **verify}))
            context.options |= LEGACY_SERVER_CONNECT if old else 0
        return context

    async def _ask(
        self, request: Request, limits: aiohttp.ClientTimeout, proxy: str | None, context: ssl.SSLContext
    ) -> _ClientResponse:
        response = await self._session.request(
            request.method,
            yarl.URL(request.url, encoded=True),  # as it is: a decoded octet is another address
            data=request.body or None,
            headers=self._request_headers(request).to_tuple_list(),
            timeout=limits,
            ssl=context,
            allow_redirects=False,
            proxy=proxy,
        )
        return cast("_ClientResponse", response)

    def _check_numbers(self, url: str) -> None:
        """Refuse an address that stands in numbers in a URL, in any of the forms that a resolver reads.

        Raises:
            ForbiddenAddressError: if it is not public.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            number = host if ":" in host else socket.inet_ntoa(socket.inet_aton(host))
            why = self.guard.refusal(number, parts.port or PORTS[parts.scheme])
        except (OSError, ValueError):
            return  # a name, which the proxy resolves
        if why:
            raise ForbiddenAddressError(f"{host} is a {why} address")

    async def _read_response(self, response: _ClientResponse, request: Request) -> Response:
        made = await super()._read_response(response, request)
        if response._ssl_object is not None:  # noqa: SLF001 - Scrapy's own class keeps it there
            needed = self._needed.get(urlsplit(request.url).netloc, frozenset())
            old = {LEGACY_TLS} if response._ssl_object.version() in OLD else set()  # noqa: SLF001
            made.flags += sorted(needed | old)
        return made

    @staticmethod
    def _extract_headers(response: _ClientResponse) -> Headers:
        return ReceivedHeaders(response)
