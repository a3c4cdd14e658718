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
    certificate cannot be verified, or that know no newer TLS than 1.1; a response that needed it says so in its flags.

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
        tls = {name: crawler.settings[name] for name in TLS_SETTINGS}
        if getattr(spider, "legacy_tls", False):
            tls |= {"DOWNLOAD_TLS_MIN_VERSION": "TLSv1.0", "DOWNLOADER_CLIENT_TLS_CIPHERS": "ALL:@SECLEVEL=0"}
        self._ssl_context = _make_ssl_context(Settings(tls))
        self._unverified = None
        if getattr(spider, "broken_certificates", False):
            self._unverified = _make_ssl_context(Settings({**tls, "DOWNLOAD_VERIFY_CERTIFICATES": False}))
        self._broken: set[str] = set()

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
        """The response's head; a certificate that cannot be verified is passed over where the site's file says so."""
        host = urlsplit(request.url).netloc
        try:
            context = self._unverified if host in self._broken else None
            return await self._ask(request, limits, proxy, context or self._ssl_context)
        except aiohttp.ClientConnectorCertificateError:
            if self._unverified is None:
                raise
            self._broken.add(host)
            return await self._ask(request, limits, proxy, self._unverified)

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
            if urlsplit(request.url).netloc in self._broken:
                made.flags.append(BROKEN_CERTIFICATE)
            if response._ssl_object.version() in OLD:  # noqa: SLF001
                made.flags.append(LEGACY_TLS)
        return made

    @staticmethod
    def _extract_headers(response: _ClientResponse) -> Headers:
        return ReceivedHeaders(response)
