"""The project as it is run: ``scrapy crawl`` over a loopback portal, and the files that a run leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import forked
from jsonschema import Draft202012Validator
from portal_server import Answer, PortalServer, article, link, page
from scrapy.cmdline import execute

from portal_crawler.schema import article_schema

FAST = {
    "DOWNLOAD_DELAY": "0",
    "AUTOTHROTTLE_ENABLED": "False",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "8",
    "RETRY_TIMES": "0",
    "DOWNLOAD_TIMEOUT": "20",
}


def command(url: str, **settings: str) -> list[str]:
    options = [part for name, value in {**FAST, **settings}.items() for part in ("-s", f"{name}={value}")]
    return [sys.executable, "-m", "scrapy", "crawl", "unseen", "-a", f"url={url}/", *options]


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "SCRAPY_SETTINGS_MODULE": "portal_crawler.settings",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }


def crawl(url: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return forked.run(execute, command(url, **settings)[3:], cwd=folder, env=environment())


def lines(folder: Path, ending: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.glob(f"exports/unseen/*{ending}"))
        for line in path.read_text("utf-8").splitlines()
    ]


def articles(folder: Path) -> list[dict[str, Any]]:
    return [line for line in lines(folder, "Z.jsonl") if "text" in line]


def rejects(folder: Path) -> dict[str, str]:
    return {line["url"]: line["reason"] for line in lines(folder, ".rejects.jsonl")}


def listing(*links: str) -> str:
    items = "".join(
        f"<li>{anchor} <span>(0{number % 9 + 1}/03/2024)</span></li>" for number, anchor in enumerate(links)
    )
    return page("<h1>Tin tức</h1><ul class='list'>", items, "</ul>")


def portal(count: int = 6) -> dict[str, Any]:
    titles = [
        f"Hội nghị triển khai nhiệm vụ quý {number} năm 2024 tại các xã vùng cao" for number in range(1, count + 1)
    ]
    pages: dict[str, Any] = {
        f"/tin-tuc/hoi-nghi-{number}.html": article(title) for number, title in enumerate(titles, 1)
    }
    pages["/"] = listing(*(link(f"/tin-tuc/hoi-nghi-{number}.html", title) for number, title in enumerate(titles, 1)))
    return pages


def test_a_run_writes_articles_that_the_schema_allows(tmp_path: Path) -> None:
    with PortalServer(portal()) as server:
        done = crawl(server.url, tmp_path)
    assert done.returncode == 0, done.stderr
    found = articles(tmp_path)
    assert {line["title"] for line in found} == {
        line["title"] for line in found if line["title"].startswith("Hội nghị")
    }
    assert len(found) == 6
    validator = Draft202012Validator(article_schema())
    assert [error.message for line in found for error in validator.iter_errors(line)] == []
    assert not list(tmp_path.rglob("*.part"))


SCRIPT = """
import sys
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings
settings = get_project_settings()
settings.update({"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "JOBDIR": "job"}, "cmdline")
process = CrawlerProcess(settings)
process.crawl("unseen", url=sys.argv[1])
process.start()
"""


def test_a_script_crawls_with_scrapys_own_process_and_a_job_folder(tmp_path: Path) -> None:
    """No loop runs yet where ``CrawlerProcess`` makes its parts; with JOBDIR, Scrapy sets ``spider.state``."""
    with PortalServer(portal()) as server:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, f"{server.url}/"],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert "Traceback" not in done.stderr, done.stderr
    assert len(articles(tmp_path)) == 6


def test_what_is_no_article_is_kept_with_its_reason(tmp_path: Path) -> None:
    pages = portal()
    odd = {
        "/tin-tuc/trang-rong-21.html": Answer(""),
        "/tin-tuc/tep-pdf-22.html": Answer(b"%PDF-1.4 \xe2\xe3\xcf\xd3 stream"),
        "/tin-tuc/khong-con-23.html": Answer("<p>Không tìm thấy</p>", 404),
        "/tin-tuc/loi-may-chu-24.html": Answer("<p>Lỗi</p>", 500),
        "/tin-tuc/khong-co-bai-25.html": page(link("/", "Trang chủ"), link("/lien-he", "Liên hệ")),
    }
    pages["/"] += listing(*(link(path, f"Một bài viết có tiêu đề đủ dài để nhận ra, số {path[-7:-5]}") for path in odd))
    with PortalServer(pages | odd) as server:
        done = crawl(server.url, tmp_path)
        url = server.url
    assert done.returncode in (0, 6), done.stderr
    assert len(articles(tmp_path)) == 6, "no bad page costs another"
    told = {address.removeprefix(url): reason for address, reason in rejects(tmp_path).items()}
    assert told["/tin-tuc/trang-rong-21.html"] == "empty_body"
    assert told["/tin-tuc/tep-pdf-22.html"] == "not_html"
    assert told["/tin-tuc/khong-con-23.html"] == told["/tin-tuc/loi-may-chu-24.html"] == "http_error"
    assert told.get("/tin-tuc/khong-co-bai-25.html", "no_article") == "no_article"


def test_a_host_that_refuses_connections(tmp_path: Path) -> None:
    with PortalServer({}) as server:
        url = server.url
    done = crawl(url, tmp_path)
    assert done.returncode == 4, done.stderr
    assert list(rejects(tmp_path).values()) == ["unreachable"]
    assert articles(tmp_path) == []


def test_a_killed_run_leaves_whole_lines_and_nothing_that_looks_complete(tmp_path: Path) -> None:
    reached, go_on = Event(), Event()
    served: list[str] = []
    pages = portal(30)

    def slow(text: str) -> Callable[[object], str]:
        def answer(_: object) -> str:
            served.append(text)
            if len(served) > 12:
                reached.set()
                go_on.wait(60)
            return text

        return answer

    pages |= {path: slow(text) for path, text in pages.items() if path != "/"}
    with PortalServer(pages) as server:
        process = subprocess.Popen(
            command(server.url, CONCURRENT_REQUESTS_PER_DOMAIN="1", PORTAL_HOLD_PAGES="0"),
            cwd=tmp_path,
            env=environment(),
            stderr=subprocess.DEVNULL,
        )
        assert reached.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        go_on.set()
    assert {path.suffix for path in tmp_path.glob("exports/**/*") if path.is_file()} == {".part"}
    left = next(tmp_path.glob("exports/unseen/*.jsonl.part")).read_bytes()
    assert left.endswith(b"\n")
    assert all(json.loads(line)["id"] for line in left.splitlines())


def test_a_clean_stop_closes_the_files_and_says_so(tmp_path: Path) -> None:
    with PortalServer(portal(30)) as server:
        done = crawl(
            server.url, tmp_path, CLOSESPIDER_ITEMCOUNT="3", CONCURRENT_REQUESTS_PER_DOMAIN="1", PORTAL_HOLD_PAGES="0"
        )
    assert done.returncode == 8, done.stderr
    assert len(articles(tmp_path)) >= 3
    assert not list(tmp_path.rglob("*.part"))
