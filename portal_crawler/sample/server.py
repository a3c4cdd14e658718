"""One portal on one port: a small HTTP server that can also be as bad as real ones."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from portal_crawler.sample.portal import Answer, Asked

if TYPE_CHECKING:
    from portal_crawler.sample.ledger import Ledger
    from portal_crawler.sample.portal import SamplePortal

# How much a server without manners sends at most: a crawler that has no limits of its own shall not wait for ever.
ENDLESS_BYTES = 256 * 1024 * 1024
DRIPS, DRIP_SECONDS = 600, 0.1


class PortalServer(ThreadingHTTPServer):
    """Serves one portal and writes every request into its ledger.

    Raises:
        OSError: if the address is taken.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], portal: SamplePortal, ledger: Ledger) -> None:
        super().__init__(address, PortalHandler)
        self.portal = portal
        self.ledger = ledger
        self.closing = threading.Event()

    def shutdown(self) -> None:
        """Stop serving, and break off what takes its time."""
        self.closing.set()
        super().shutdown()


class PortalHandler(BaseHTTPRequestHandler):
    """Answers as the portal says, in the manner that it says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    server: PortalServer

    def do_GET(self) -> None:
        """Scrapy's requests, nearly all."""
        self.serve()

    def do_HEAD(self) -> None:
        """The head of what a GET would bring."""
        self.serve()

    def do_POST(self) -> None:
        """Postbacks."""
        self.serve()

    def serve(self) -> None:
        """Answer one request."""
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        asked = Asked.parse(self.command, self.path, body, self.headers.get("Content-Type", ""))
        answer = self.server.portal.answer(asked)
        self.server.ledger.note(self.command, self.path, self.headers.get("User-Agent", ""), answer.status)
        if answer.manner == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.say(answer)

    def say(self, answer: Answer) -> None:
        """Send the head and, in its manner, the body."""
        self.send_response(HTTPStatus(answer.status))
        if answer.manner != "endless":  # a body without a length ends with its connection
            self.send_header("Content-Length", str(len(answer.body)))
        if answer.location is None:
            self.send_header("Content-Type", answer.content_type)
        else:
            self.send_header("Location", answer.location)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.close_connection = answer.manner != "whole" or self.close_connection
        if answer.manner == "whole":
            self.wfile.write(answer.body)
        elif answer.manner == "cut":
            self.wfile.write(answer.body[: len(answer.body) // 2])
        else:
            self.linger(answer)

    def linger(self, answer: Answer) -> None:
        """Send without end, or a byte at a time, until the crawler or the server has had enough."""
        if answer.manner == "endless":
            for _ in range(ENDLESS_BYTES // len(answer.body)):
                if self.server.closing.is_set():
                    break
                self.wfile.write(answer.body)
        else:
            for byte in answer.body[:DRIPS]:
                if self.server.closing.wait(DRIP_SECONDS):
                    break
                self.wfile.write(bytes((byte,)))

    def handle_one_request(self) -> None:
        """As always, but a connection that somebody has broken is no error here."""
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def finish(self) -> None:
        """As always, on a connection that may be closed."""
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the ledger tells what was asked for."""
