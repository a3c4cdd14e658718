"""A small portal on loopback for the tests of the crawl: pages are a dictionary, behaviours are functions."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs

HTML = "text/html; charset=utf-8"


@dataclass
class Answer:
    body: bytes | str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": HTML})


@dataclass
class Seen:
    method: str
    path: str
    form: dict[str, str]
    user_agent: str | None
    if_none_match: str | None = None
    cookie: str | None = None


class PortalServer:
    """Serves ``pages`` (path with query -> Answer, text, or a function of the request) and keeps a log."""

    def __init__(self, pages: dict[str, Answer | str | Callable[[Seen], Answer | str]]) -> None:
        self.pages = pages
        self.log: list[Seen] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self.answer("GET", {})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
                self.answer("POST", {name: values[-1] for name, values in form.items()})

            def answer(self, method: str, form: dict[str, str]) -> None:
                seen = Seen(
                    method,
                    self.path,
                    form,
                    self.headers.get("User-Agent"),
                    self.headers.get("If-None-Match"),
                    self.headers.get("Cookie"),
                )
                outer.log.append(seen)
                page = outer.pages.get(self.path)
                if page is None:
                    page = outer.pages.get("*", Answer("<p>Not found</p>", 404))
                if callable(page):
                    page = page(seen)
                if isinstance(page, str):
                    page = Answer(page)
                body = page.body.encode() if isinstance(page.body, str) else page.body
                self.send_response(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def asked(self, path: str) -> int:
        return sum(seen.path == path for seen in self.log)

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in self.log]


def page(*parts: str, title: str = "Sở Nội vụ") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{''.join(parts)}</body></html>"


def link(path: str, text: str, **attributes: str) -> str:
    extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<a href="{path}"{extra}>{text}</a>'


PLACES = "Hướng Hóa, Đakrông, Gio Linh, Vĩnh Linh, Cam Lộ, Triệu Phong, Hải Lăng, Đông Hà, Lao Bảo, Khe Sanh".split(
    ", "
)
MATTERS = (
    "giải quyết hồ sơ quá hạn, tập huấn cán bộ cơ sở, rà soát hộ nghèo, sửa chữa trường học, trồng rừng gỗ lớn, "
    "tiêm phòng gia súc, chuyển đổi số cấp xã, phòng cháy mùa khô, đào tạo nghề nông thôn, cấp nước sạch tập trung"
).split(", ")


def body(title: str) -> str:
    """Paragraphs that no other title has: what all pages of a site share is no article."""
    drawn = random.Random(title)  # the same for the same title
    told = [
        f"<p>Tại {drawn.choice(PLACES)}, đoàn công tác của {drawn.choice(PLACES)} đã bàn việc {drawn.choice(MATTERS)} và "
        f"{drawn.choice(MATTERS)}; đại diện {drawn.choice(PLACES)} đề nghị sớm {drawn.choice(MATTERS)}, "
        "thống nhất các nhiệm vụ trọng tâm.</p>"
        for _ in range(4)
    ]
    return "".join(told)


def article(title: str, *more: str) -> str:
    return page(f'<div id="main"><h1>{title}</h1><div class="content">{body(title)}</div></div>', *more, title=title)
