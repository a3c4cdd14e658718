"""Serves the five portals of the sample province on the loopback interface, each on a port of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from portal_crawler.sample.aspnet import AspNetPortal
from portal_crawler.sample.dotnetnuke import DotNetNukePortal
from portal_crawler.sample.grammar import VIETNAM
from portal_crawler.sample.liferay import LiferayPortal
from portal_crawler.sample.nukeviet import NukeVietPortal
from portal_crawler.sample.portal import Asked, SamplePortal
from portal_crawler.sample.sharepoint import SharePointPortal
from portal_crawler.sample.truth import PortalTruth

PORTALS: tuple[type[SamplePortal], ...] = (
    LiferayPortal,
    SharePointPortal,
    NukeVietPortal,
    DotNetNukePortal,
    AspNetPortal,
)
HOST = "127.0.0.1"


def now() -> datetime:
    """The time in Vietnam."""
    return datetime.now(VIETNAM)


class SampleProvince:
    """The province, served while the ``with`` block lasts.

    Args:
        ports: One port a portal; 0 takes any free one.
        clock: Tells the time to calendars, clocks and weather; the wall clock unless a test says otherwise.

    Raises:
        OSError: on entering, if a port is taken.
    """

    def __init__(self, ports: Sequence[int] = (0,) * len(PORTALS), clock: Callable[[], datetime] = now) -> None:
        if len(ports) != len(PORTALS):
            raise ValueError(f"{len(PORTALS)} portals need as many ports, not {len(ports)}")
        self.portals = {kind.spider: kind(clock) for kind in PORTALS}
        self._ports = tuple(ports)
        self._servers: list[ThreadingHTTPServer] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Bind the ports and begin to serve."""
        try:
            for portal, port in zip(self.portals.values(), self._ports, strict=True):
                server = ThreadingHTTPServer((HOST, port), _handler(portal))
                self._servers.append(server)
                portal.base = f"http://{HOST}:{server.server_port}"
        except OSError:
            self._close()
            raise
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop serving and free the ports."""
        for server in self._servers:
            server.shutdown()
        for thread in self._threads:
            thread.join()
        self._close()

    def _close(self) -> None:
        for server in self._servers:
            server.server_close()
        self._servers.clear()
        self._threads.clear()

    @property
    def addresses(self) -> dict[str, str]:
        """Home page of each portal, by the name of the spider that crawls it."""
        return {spider: f"{portal.base}/" for spider, portal in self.portals.items()}

    def truth(self) -> dict[str, PortalTruth]:
        """What the portals hold, by the name of the spider."""
        return {spider: portal.truth() for spider, portal in self.portals.items()}

    def write_truth(self, path: Path) -> int:
        """Write all articles as JSON Lines; return how many there are."""
        records = [article.record() for truth in self.truth().values() for article in truth.articles]
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
        return len(records)


def _handler(portal: SamplePortal) -> type[BaseHTTPRequestHandler]:
    """A request handler for one portal."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 30

        def do_GET(self) -> None:
            self._serve()

        def do_HEAD(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            length = self.headers.get("Content-Length", "0")
            body = self.rfile.read(int(length)) if length.isdecimal() else b""
            answer = portal.answer(Asked.parse(self.command, self.path, body, self.headers.get("Content-Type", "")))
            self.send_response(HTTPStatus(answer.status))
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.location is None:
                self.send_header("Content-Type", answer.content_type)
            else:
                self.send_header("Location", answer.location)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing: the crawl's own log tells what was asked for."""

    return Handler
