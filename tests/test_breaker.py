"""Hosts that die on the way, budgets, and the command that asks again for what was left."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from crawl import crawl
from portal_server import Answer, PortalServer, Seen, article, link, page
from scrapy import Request
from scrapy.utils.test import get_crawler
from test_project import articles, command, environment

from portal_crawler.archive.deadletters import read_dead_letters
from portal_crawler.crawling.failures import remedy
from portal_crawler.crawling.pace import HostPace, PostponedError
from portal_crawler.monitoring.verdict import ExitCode

GENERATOR = '<meta name="generator" content="NukeViet v4.5">'
PATHS = [f"/tin-tuc/hoi-nghi-tong-ket-{number}.html" for number in range(1, 41)]
ONE = {"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "PORTAL_BREAKER_FAILURES": 3, "PORTAL_BREAKER_REST": 0}


def portal() -> PortalServer:
    home = page(GENERATOR, *(link(path, f"Bài viết số {path}") for path in PATHS))
    return PortalServer({"/": home, **{path: article(f"Hội nghị tổng kết {path}") for path in PATHS}})


def dying(server: PortalServer, after: int) -> None:
    """Answer all requests with server errors once so many articles have been served."""
    pages = dict(server.pages)

    def answer(seen: Seen) -> Answer | str:
        served = sum(path in PATHS for path in server.paths[:-1])
        found = pages.get(seen.path, Answer("", 404))
        return Answer("", 500) if served >= after and seen.path != "/" else found  # type: ignore[return-value]

    server.pages.clear()
    server.pages["*"] = answer


def test_a_host_that_dies_is_given_up_and_the_rest_is_kept() -> None:
    with portal() as server:
        dying(server, after=4)
        done = crawl("unseen", ONE, url=f"{server.url}/", platform="nukeviet")
        asked = [path for path in server.paths if path in PATHS]
    assert len(done.captures) == 4, done.log
    assert 4 + 3 <= len(asked) < len(PATHS)  # what stood in the downloader's queue is not called back
    assert {(reject["reason"], reject["retry"]) for reject in done.rejected} == {
        ("http_error", "retry"),
        ("postponed", "retry"),
    }
    assert len(done.rejected) == len(PATHS) - 4
    assert (done.stats["hosts/rests"], done.stats["hosts/down"]) == (3, 1)


def test_a_host_that_comes_back_is_gone_on_with() -> None:
    bad = set(PATHS[3:8])
    with portal() as server:
        for path in bad:
            server.pages[path] = Answer("", 502)
        done = crawl("unseen", ONE, url=f"{server.url}/", platform="nukeviet")
    assert len(done.captures) == len(PATHS) - len(bad), done.log
    assert done.stats["hosts/rests"] == 1
    assert "hosts/down" not in done.stats


@pytest.mark.parametrize("budget", [{"PORTAL_MAX_PAGES": 5}, {"PORTAL_MAX_MEGABYTES": 0.012}])
def test_a_budget_ends_a_run_and_keeps_the_rest(budget: dict[str, float]) -> None:
    with portal() as server:
        done = crawl("unseen", {**ONE, **budget}, url=f"{server.url}/", platform="nukeviet")
    assert 0 < len(done.captures) < len(PATHS)
    left = [reject["url"] for reject in done.rejected if "/tin-tuc/" in reject["url"]]
    assert len(left) + len(done.captures) == len(PATHS)
    assert {reject["reason"] for reject in done.rejected} == {"postponed"}


def test_what_waits_in_the_queue_of_the_downloader_is_not_asked_for_beyond_the_minutes() -> None:
    crawler = get_crawler(settings_dict={"PORTAL_MAX_MINUTES": 5, "PORTAL_STATE_DIR": ""})
    pace = HostPace.from_crawler(crawler)
    request = Request("https://sld.quangtri.gov.vn/")
    assert crawler.stats is not None
    for begun, passes in ((timedelta(minutes=4), True), (timedelta(minutes=6), False)):
        crawler.stats.set_value("start_time", datetime.now(UTC) - begun)
        with nullcontext() if passes else pytest.raises(PostponedError, match="5 minutes"):
            asyncio.run(pace.hold(request))
        asyncio.run(pace.hold(request.replace(meta={"dont_obey_robotstxt": True})))
    pace.engine_stopped()


def retry(run: Path | str, folder: Path) -> subprocess.CompletedProcess[str]:
    options = ["-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=False"]
    return subprocess.run(
        [sys.executable, "-m", "scrapy", "retry", str(run), *options],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_retry_asks_for_exactly_what_was_left(tmp_path: Path) -> None:
    with portal() as server:
        begun = subprocess.run(
            [*command(server.url, PORTAL_MAX_PAGES="7"), "-a", "platform=nukeviet"],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert begun.returncode == ExitCode.BUDGET_SPENT, begun.stderr
        first = {line["url"] for line in articles(tmp_path)}
        assert 0 < len(first) < len(PATHS)
        record = next((tmp_path / "exports" / "unseen").glob("*.run.json"))
        server.log.clear()
        done = retry(record, tmp_path)
        asked = {path for path in server.paths if path != "/robots.txt"}
    assert done.returncode == ExitCode.OK, done.stderr
    newest = max((tmp_path / "exports" / "unseen").glob("*.run.json"))
    assert newest != record
    export = newest.with_name(newest.name.replace("run.json", "jsonl"))
    second = {json.loads(line)["url"] for line in export.read_text("utf-8").splitlines()}
    assert {url.removeprefix(server.url) for url in second} == asked & set(PATHS)
    assert first | second == {server.url + path for path in PATHS}
    assert not first & second
    again = retry(newest, tmp_path)
    assert (again.returncode, "nothing is left" in again.stderr) == (ExitCode.OK, True), again.stderr


def test_retry_of_nothing_is_a_mistake(tmp_path: Path) -> None:
    done = retry("exports/unseen/never", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (ExitCode.USAGE, 1), done.stderr
    (tmp_path / "x.rejects.jsonl").write_text("{not json}\n")
    assert retry("x.rejects.jsonl", tmp_path).returncode == ExitCode.USAGE


@pytest.mark.parametrize(
    ("ending", "text", "said"),
    [
        ("rejects.jsonl", "[1, 2]", "no JSON object"),
        ("rejects.jsonl", '{"retry": "retry"}', "url is no text"),
        ("rejects.jsonl", '{"retry": "retry", "url": "tin-tuc/1.html"}', "no address"),
        ("run.json", "[]", "no JSON object"),
        ("run.json", '{"seeds": []}', "portal is no text"),
        ("jsonl", '{"url": "http://a.example/1"}', "canonical_url is no text"),
        ("jsonl", '{"url": "http://a/", "canonical_url": "http://a/", "also_at": 5}', "also_at is no list"),
        ("run.json", '{"portal": "unseen", "seeds": 5}', "seeds is no list"),
        ("rejects.jsonl", "[" * 10_000, "maximum recursion"),
    ],
)
def test_files_that_no_run_has_written_are_told_by_their_fault(
    tmp_path: Path, ending: str, text: str, said: str
) -> None:
    (tmp_path / f"x.{ending}").write_text(f"{text}\n")
    with pytest.raises(ValueError, match=f"x.{ending}: {said}"):
        read_dead_letters(tmp_path / "x")


def test_dead_letters_of_a_killed_run(tmp_path: Path) -> None:
    """Without a record, with the last line half written."""
    lines = [
        {"url": "http://a.example/1", "reason": "timeout", "portal": "unseen", "retry": "retry"},
        {"url": "http://a.example/1", "reason": "timeout", "portal": "unseen", "retry": "retry"},
        {"url": "http://a.example/2", "reason": "bad_tls", "portal": "unseen", "retry": "settings"},
        {"url": "http://a.example/3", "reason": "no_article", "portal": "unseen", "retry": None},
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines) + '{"url": "http://a.exa'
    (tmp_path / "t.rejects.jsonl.part").write_text(text)
    found = read_dead_letters(tmp_path / "t.jsonl")
    assert (found.portal, found.addresses, found.others) == ("unseen", ["http://a.example/1"], 1)


@pytest.mark.parametrize(
    ("reason", "status", "method", "what"),
    [
        ("timeout", None, "GET", "retry"),
        ("http_error", 503, "GET", "retry"),
        ("http_error", 503, "POST", "crawl"),
        ("http_error", 404, "GET", None),
        ("bad_tls", None, "GET", "settings"),
        ("no_article", 200, "GET", None),
    ],
)
def test_what_may_still_bring_a_page(reason: str, status: int | None, method: str, what: str | None) -> None:
    assert remedy(reason, status, method) == what


def test_a_broken_connection_is_asked_again_by_the_crawl_alone() -> None:
    """The HTTP client's own second try would wait for nothing and stand in no statistics."""

    def breaks(seen: Seen) -> Answer:
        raise ConnectionAbortedError(seen.path)

    with portal() as server:
        server.pages[PATHS[2]] = breaks
        done = crawl("unseen", {"RETRY_TIMES": 1, "CONCURRENT_REQUESTS": 1}, url=f"{server.url}/", platform="nukeviet")
        assert server.asked(PATHS[2]) == 2
    assert len(done.captures) == len(PATHS) - 1
    assert done.stats["retry/count"] == 1
