"""Portals whose pages a browser fills: what is asked for, what is kept, and what a hostile page cannot do."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from browser_spider import Rendered
from crawl import crawl
from portal_server import MATTERS, PLACES, Answer, PortalServer, article, body, page
from scrapy.utils.test import get_crawler
from warcio.archiveiterator import ArchiveIterator

from portal_crawler.crawling.browser import Browser
from portal_crawler.crawling.chromium import NAMES

if TYPE_CHECKING:
    from portal_server import Seen

TESTS = Path(__file__).parent
MISSING = " and ".join(
    what
    for what, there in (
        ("scrapy-playwright (pip install 'portal-crawler[browser]')", find_spec("scrapy_playwright")),
        (f"Chromium ({', '.join(NAMES)})", any(map(shutil.which, NAMES))),
    )
    if not there
)
needs_browser = pytest.mark.skipif(bool(MISSING), reason=f"there is no {MISSING}")
COUNT = 5
JSON = {"Content-Type": "application/json"}
SHELL = (
    "<!DOCTYPE html><html><head><title>Sở Nội vụ</title><link rel=stylesheet href=/app.css><script defer src=/app.js>"
    "</script></head><body><img src=/logo.png><iframe src=/khung></iframe><div id=app></div></body></html>"
)
APP = """
const app = document.getElementById("app"), path = location.pathname;
const list = async (number) => {
  const told = await (await fetch("/api/tin?trang=" + number)).json();
  app.innerHTML = "<ul>" + told.map(one => `<li><a href="/bai-viet/tin-${one.id}">${one.title}</a>`).join("") + "</ul>"
    + (told.length == 3 ? `<a class=next href="/tin-tuc?page=${number + 1}">Trang sau</a>` : "");
};
const one = async (id) => {
  const told = await (await fetch("/api/tin/" + id)).json();
  if (told.error) { app.innerHTML = "<p>Không tìm thấy trang</p>"; return; }
  document.title = told.title;
  app.innerHTML = `<h1>${told.title}</h1><div class=content>${told.body}</div>`;
};
const found = path.match(/-(\\d+)$/);
if (path == "/") location.replace("/trang-chu");
else if (path == "/trang-chu") {
  for (const begin = Date.now(); Date.now() - begin < 800;);  // a script that thinks for long
  fetch("/api/menu").then(told => told.text()).then(menu => { app.innerHTML = menu; history.pushState({}, "", "/moi"); });
}
else if (path == "/tin-tuc") list(+(new URLSearchParams(location.search).get("page") || 1));
else if (found) one(found[1]);
else app.innerHTML = "<p>Không tìm thấy trang</p>";
"""


def title(number: int) -> str:
    return f"Hội nghị bàn việc {MATTERS[number % 10]} tại {PLACES[number % 7]} lần thứ {number}"


def filled(shell: str = SHELL, app: str = APP, **more: object) -> dict:
    """A portal of shells: five articles on two pages of a list."""

    def listing(seen: Seen) -> Answer:
        first = 3 * int(seen.path.partition("=")[2]) - 2
        shown = [{"id": n, "title": title(n)} for n in range(first, min(first + 3, COUNT + 1))]
        return Answer(json.dumps(shown), headers=JSON)

    def one(seen: Seen) -> Answer:
        number = int(seen.path.rpartition("/")[2])
        return Answer(json.dumps({"title": title(number), "body": body(title(number))}), headers=JSON)

    pages: dict = {"/robots.txt": Answer("User-agent: *\nDisallow: /cam/", headers={"Content-Type": "text/plain"})}
    pages |= {"/api/menu": '<nav><a href="/tin-tuc">Tin tức</a></nav>'}
    pages |= {"/": shell, "*": shell, "/app.js": Answer(app, headers={"Content-Type": "text/javascript"})}
    pages |= {f"/api/tin?trang={n}": listing for n in range(1, 4)} | {f"/api/tin/{n}": one for n in range(1, COUNT + 1)}
    return pages | more


def kept(folder: Path) -> dict:
    return {
        "ITEM_PIPELINES": {
            "portal_crawler.pipelines.ExtractArticle": 100,
            "portal_crawler.archive.exchanges.LocateCapture": 310,
        },
        "PORTAL_ARCHIVE": True,
        "PORTAL_ARCHIVE_FILES": str(folder / "archive"),
        "FEEDS": {
            str(folder / "live.jsonl"): {
                "format": "jsonlines",
                "encoding": "utf-8",
                "item_classes": ["portal_crawler.items.Article"],
            }
        },
    }


def lines(path: Path) -> dict[str, dict]:
    read = map(json.loads, path.read_text("utf-8").splitlines())
    return {one["url"]: one for one in read}


@needs_browser
def test_a_portal_of_shells_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    with PortalServer(filled()) as server:
        done = crawl("browser_spider.Rendered", kept(tmp_path), url=f"{server.url}/")
        asked = server.paths
    live = lines(tmp_path / "live.jsonl")
    assert sorted(live) == sorted(f"{server.url}/bai-viet/tin-{n}" for n in range(1, COUNT + 1)), done.log
    third = live[f"{server.url}/bai-viet/tin-3"]
    assert third["title"] == title(3)
    assert third["http"]["flags"] == ["rendered"]
    assert third["http"]["status"] == 200
    assert third["text"].startswith("Tại ")
    # Scripts once for all pages, data once each; what no text comes of is not asked for.
    assert asked.count("/app.js") == 1
    assert all(asked.count(f"/api/tin/{n}") == 1 for n in range(1, COUNT + 1))
    assert not {"/app.css", "/logo.png", "/khung", "/favicon.ico", "/moi"} & set(asked)
    assert len({seen.user_agent for seen in server.log}) == 1
    assert done.stats["browser/pages"] >= COUNT + 3

    records = archived(tmp_path / "archive")
    made = {one["url"]: one for one in records if one["type"] == "conversion"}[third["url"]]
    assert made["id"] == f"<{third['archive']['record_id']}>"
    assert title(3) in made["body"]
    shells = {one["id"]: one for one in records if one["type"] in ("response", "revisit")}
    assert shells[made["refers"]]["url"] == third["url"]
    assert f"{server.url}/api/tin/3" in {one["url"] for one in shells.values()}

    warc = " ".join(map(str, (tmp_path / "archive").glob("*.warc.gz")))
    again = {
        **kept(tmp_path),
        "FEEDS": {str(tmp_path / "again.jsonl"): kept(tmp_path)["FEEDS"][str(tmp_path / "live.jsonl")]},
    }
    crawl("browser_spider.Rendered", again, url=f"{server.url}/", warc=warc)
    replayed = lines(tmp_path / "again.jsonl")
    assert replayed.keys() == live.keys()
    for url, one in live.items():
        for name in ("id", "title", "text", "html", "section", "content_sha256", "fetched_at", "archive"):
            assert replayed[url][name] == one[name], (url, name)
        assert replayed[url]["http"]["flags"] == ["rendered"]


def archived(folder: Path) -> list[dict]:
    found = []
    for path in folder.glob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                get = record.rec_headers.get_header
                found.append({
                    "type": record.rec_type, "id": get("WARC-Record-ID"), "url": get("WARC-Target-URI"),
                    "refers": get("WARC-Refers-To"), "body": record.content_stream().read().decode("utf-8", "replace"),
                })  # fmt: skip
    return found


@needs_browser
def test_a_hostile_page_reaches_nothing_and_costs_itself_alone() -> None:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    listening.setblocking(False)
    with PortalServer({"*": "secret"}) as inside:
        port = inside.url.rpartition(":")[2]
        hostile = f"""
        <link rel=preconnect href="{inside.url}"><link rel=preload as=script href="{inside.url}/preload.js">
        <script>
        alert("hello"); window.onbeforeunload = () => "stay";
        window.open("{inside.url}/popup");
        new WebSocket("ws://127.0.0.1:{port}/ws");
        new EventSource("{inside.url}/events");
        navigator.sendBeacon("{inside.url}/beacon", "x");
        new Worker(URL.createObjectURL(new Blob(["fetch('{inside.url}/worker')"])));
        new SharedWorker(URL.createObjectURL(new Blob(["fetch('{inside.url}/shared')"])));
        const call = new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.1:{listening.getsockname()[1]}"}}]}});
        call.createDataChannel("x"); call.createOffer().then(offer => call.setLocalDescription(offer));
        for (const url of ["http://169.254.169.254/latest/", "{inside.url}/fetch", "http://localhost:{port}/name",
            "http://0x7f000001:{port}/hex", "file:///etc/passwd", "/redirect", "/cam/robots", "http://api.invalid/"])
          fetch(url).then(told => told.text()).then(text => {{ document.body.append("LEAKED " + text) }}, () => 0);
        navigator.serviceWorker?.register("/worker.js");
        addEventListener("load", () => setTimeout(() => location.href = "{inside.url}/away"));
        </script><iframe src="{inside.url}/frame"></iframe><img src="{inside.url}/image">
        <form action="{inside.url}/form" method=post></form>
        <script>addEventListener("load", () => setTimeout(() => document.forms[0].submit(), 100))</script>
        """
        pages = filled(
            **{
                "/bai-viet/tin-1": page(hostile, article(title(1))),
                "/redirect": Answer("", 302, {"Location": f"{inside.url}/redirected"}),
                "/cam/robots": "forbidden",
                "/bai-viet/tin-2": page("<script>while (true) {}</script>"),
                "/bai-viet/tin-3": page(
                    "<script>(async () => { for (;;) await fetch('/api/tin/3?' + Math.random()) })()</script>"
                ),
            }
        )
        with PortalServer(pages) as server:
            settings = {"PORTAL_BROWSER_SECONDS": 6, "PORTAL_BROWSER_REQUESTS": 30, "PORTAL_SOFT_404": False}
            done = crawl("browser_spider.Named", settings, url=f"{server.url}/")
        assert inside.paths == []
    with pytest.raises(BlockingIOError):
        listening.recv(1000)
    listening.close()
    assert "/cam/robots" not in server.paths
    assert "/worker.js" not in server.paths
    numbers = {url.rpartition("-")[2] for url in done.urls}
    assert numbers == {"1", *map(str, range(4, COUNT + 1))}, done.log
    reasons = {one["url"].rpartition("-")[2]: (one["reason"], one["detail"], one["retry"]) for one in done.rejected}
    assert {reasons[n][0] for n in "23"} == {"not_rendered"}
    assert "not ready after 6 seconds" in reasons["2"][1]
    assert "more than 30 addresses" in reasons["3"][1]
    assert reasons["2"][2] == "retry"
    assert sum(path.startswith("/api/tin/3?") for path in server.paths) <= 31
    assert done.stats["browser/refused/host"] >= 4
    assert done.stats["browser/refused/navigation"] >= 1
    assert "LEAKED" not in done.log


@needs_browser
def test_a_browser_that_ends_in_the_middle_costs_one_page_which_is_asked_for_again(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    program = tmp_path / "browser"
    chromium = next(filter(None, map(shutil.which, NAMES)))
    program.write_text(f'#!/bin/sh\necho $$ >> "{begun}"\nexec "{chromium}" "$@"\n', "utf-8")
    program.chmod(0o755)

    def kill(_: Seen) -> Answer:
        os.kill(int(begun.read_text("utf-8").split()[-1]), signal.SIGKILL)
        return Answer("{}", headers=JSON)

    busy = page("<script>fetch('/api/tin/2'); for (;;);</script>")
    with PortalServer(filled(**{"/api/tin/2": kill, "/bai-viet/tin-2": busy})) as server:
        settings = {"PORTAL_BROWSER": str(program), "PORTAL_SOFT_404": False}
        done = crawl("browser_spider.Rendered", settings, url=f"{server.url}/")
    assert {url.rpartition("-")[2] for url in done.urls} == {"1", "3", "4", "5"}, done.log
    (lost,) = done.rejected
    assert (lost["url"].rpartition("-")[2], lost["reason"], lost["retry"]) == ("2", "not_rendered", "retry")


@needs_browser
def test_a_browser_that_is_gone_when_a_page_is_closed_is_no_error() -> None:
    from playwright.async_api import Error

    # When it has ended is for the system to say: scrapy-playwright forgets it while the page is being closed.
    handler: Any = SimpleNamespace(browser=object())

    async def close() -> None:
        del handler.browser
        raise Error("Target page, context or browser has been closed")

    handler.context_wrappers = {"page 1": SimpleNamespace(context=SimpleNamespace(close=close))}
    asyncio.run(Browser(get_crawler(Rendered), handler)._leave(None, "page 1"))


@needs_browser
def test_what_a_pages_scripts_ask_for_may_stand_elsewhere_by_now() -> None:
    moved = {
        "/app.js": Answer("", 301, {"Location": "/static/app.1.js"}),
        "/static/app.1.js": Answer(APP, headers={"Content-Type": "text/javascript"}),
        "/api/tin/4": Answer("", 302, {"Location": "/api/tin/3"}),
    }
    with PortalServer(filled(**moved)) as server:
        done = crawl("browser_spider.Rendered", {"PORTAL_SOFT_404": False}, url=f"{server.url}/bai-viet/tin-4")
    assert done.urls == [f"{server.url}/bai-viet/tin-4"], done.log
    assert server.asked("/api/tin/3") == 1
    assert "browser/failed" not in done.stats


@needs_browser
def test_a_page_that_never_rests_is_ready_when_its_selector_is_there() -> None:
    restless = APP + "setInterval(() => fetch('/api/nhip'), 100);"
    with PortalServer(filled(app=restless, **{"/api/nhip": Answer("{}", headers=JSON)})) as server:
        settings = {"PORTAL_BROWSER_SECONDS": 6, "PORTAL_SOFT_404": False, "PORTAL_BROWSER_REQUESTS": 1000}
        done = crawl("browser_spider.Waiting", settings, url=f"{server.url}/bai-viet/tin-4")
    assert done.urls == [f"{server.url}/bai-viet/tin-4"], done.log


@pytest.mark.parametrize(
    ("handler", "browser", "said"),
    [
        ("raise ImportError", "", "pip install 'portal-crawler[browser]'"),
        ("ScrapyPlaywrightDownloadHandler = object", "/no/such/chromium", "there is no program /no/such/chromium"),
        ("ScrapyPlaywrightDownloadHandler = object", sys.executable, "shows no page: "),
    ],
)
def test_what_is_missing_is_told_in_one_line(tmp_path: Path, handler: str, browser: str, said: str) -> None:
    package = tmp_path / "scrapy_playwright"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "handler.py").write_text(handler, "utf-8")
    paths = os.pathsep.join(map(str, (tmp_path, TESTS, TESTS.parent)))
    environment = {
        **os.environ,
        "PYTHONPATH": paths,
        "PORTAL_BROWSER": browser,
        "SCRAPY_SETTINGS_MODULE": "portal_crawler.settings",
    }
    command = [
        sys.executable,
        "-m",
        "scrapy",
        "crawl",
        "rendered",
        "-s",
        "SPIDER_MODULES=browser_spider",
        "-L",
        "ERROR",
    ]
    done = subprocess.run(
        [*command, "-a", "url=http://127.0.0.1:9/"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert done.stderr.count("\n") == 1
    assert "crawl rendered: " in last
    assert said in last
    assert "Traceback" not in done.stderr
