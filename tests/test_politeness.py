"""What a host asks for is done: robots.txt, Crawl-delay, Retry-After, quiet hours."""

from __future__ import annotations

import asyncio
import subprocess
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import forked
import pytest
from crawl import crawl
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Answer, PortalServer, Seen, article, link, page
from scrapy import Request
from scrapy.cmdline import execute
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler
from test_commands import run as console
from test_project import command, environment

from portal_crawler.crawling.clock import HostClock, QuietHours, retry_after
from portal_crawler.crawling.pace import QUIET, HostPace, PostponedError, check_minutes
from portal_crawler.monitoring.verdict import ExitCode
from portal_crawler.spiders.unseen import Unseen

ARTICLES = {
    f"/tin-tuc/hoi-nghi-tong-ket-{number}.html": article(f"Hội nghị tổng kết năm {number}") for number in (1, 2)
}
HOME = page('<meta name="generator" content="NukeViet v4.5">', *(link(path, f"Bài {path}") for path in ARTICLES))


def portal(robots: Answer) -> PortalServer:
    return PortalServer({"/": HOME, **ARTICLES, "/robots.txt": robots})


@pytest.mark.parametrize(
    ("robots", "articles"),
    [
        (Answer("<h1>404</h1> User-agent: * Disallow: /", 404), 2),
        (Answer("User-agent: *\nDisallow: /", 403), 2),
        (Answer("User-agent: *\nDisallow: /tin-tuc/hoi-nghi-tong-ket-1"), 1),
        (Answer("User-agent: portal_crawler\nDisallow: /tin-tuc/\n\nUser-agent: *\nDisallow:"), 0),
        (Answer("#" * 500 * 1024 + "\nUser-agent: *\nDisallow: /"), 2),
        (Answer("#" * 400 * 1024 + "\nUser-agent: *\nDisallow: /tin-tuc/"), 0),
        (Answer("User-agent: *\n#" + "#" * (500 * 1024 - 27) + "\nDisallow: /nothing/of/ours\n"), 2),
        (Answer("", 302, {"Location": "/rules.txt"}), 1),
    ],
)
def test_robots_txt_as_rfc_9309_has_it(robots: Answer, articles: int) -> None:
    with portal(robots) as server:
        server.pages["/rules.txt"] = Answer("User-agent: *\nDisallow: /tin-tuc/hoi-nghi-tong-ket-2")
        done = crawl("unseen", url=f"{server.url}/", platform="nukeviet")
        assert len(done.captures) == articles, done.log
        assert sum(path.startswith("/tin-tuc/") for path in server.paths) == articles


def test_a_server_error_for_robots_txt_forbids_all() -> None:
    with portal(Answer("", 503)) as server:
        done = crawl("unseen", {"RETRY_TIMES": 1}, url=f"{server.url}/")
        assert server.paths == ["/robots.txt"] * 2
    assert [(reject["reason"], "503" in reject["detail"]) for reject in done.rejected] == [("unreachable", True)]


def test_crawl_delay_and_the_delay_of_all_portals_on_a_host(tmp_path: Path) -> None:
    """The host's times are reserved in a file: what another crawl has reserved is waited for."""
    with portal(Answer("User-agent: *\nCrawl-delay: 0.3")) as server:
        clock = HostClock(tmp_path)
        host = server.url.partition("//")[2]
        began = time.time()
        clock.rest(host, began + 1.2)
        done = crawl("unseen", {"PORTAL_STATE_DIR": str(tmp_path)}, url=f"{server.url}/", platform="nukeviet")
        assert len(done.captures) == 2
        assert clock.reserve(host, 0, began) >= began + 1.2 + 3 * 0.3  # home, robots.txt once more, two articles
        clock.close()
    assert done.stats["politeness/crawl_delay"] == 1


def test_a_damaged_table_of_times_stops_no_crawl(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for damage in (b"no database, but long enough to be looked at as one" * 40, b""):
        clock = HostClock(tmp_path)
        clock.reserve("a", 2, 1.8e9)
        clock.close()
        whole = (tmp_path / "hosts.sqlite").read_bytes()
        (tmp_path / "hosts.sqlite").write_bytes(damage or whole[: len(whole) // 2])
        clock = HostClock(tmp_path)
        assert clock.reserve("a", 2, 1.8e9) == 1.8e9
        clock.close()
    assert caplog.text.count("hosts.sqlite is damaged and begun anew") == 2


def test_times_of_a_clock_that_was_wrong_are_not_waited_for(tmp_path: Path) -> None:
    clock, now, year = HostClock(tmp_path), 1.8e9, 365 * 86_400.0
    clock.reserve("a", 2, now + year)
    clock.rest("a", now + year)
    assert clock.reserve("a", 2, now) == now and clock.rests_until("a", now) == 0
    clock.rest("a", now + 600)
    assert clock.rests_until("a", now) == clock.reserve("a", 2, now) == now + 600
    clock.close()


def test_retry_after_lets_the_host_rest(tmp_path: Path) -> None:
    times: list[float] = []

    def busy(_: Seen) -> Answer | str:
        times.append(time.monotonic())
        return Answer("", 429, {"Retry-After": "1"}) if len(times) == 1 else HOME

    with portal(Answer("", 404)) as server:
        server.pages["/"] = busy
        done = crawl("unseen", {"RETRY_TIMES": 1}, url=f"{server.url}/", platform="nukeviet")
    assert len(done.captures) == 2, done.log
    assert times[1] - times[0] >= 0.9


def test_what_waits_in_the_queue_of_the_downloader_lets_the_host_rest_too() -> None:
    """The time-out of a request is shorter than the rest."""
    numbers = range(1, 9)
    pages: dict[str, object] = {
        f"/tin-tuc/hoi-nghi-{number}.html": article(f"Hội nghị số {number}") for number in numbers
    }
    times: list[float] = []

    def answer(seen: Seen) -> Answer | str:
        times.append(time.monotonic())
        return Answer("", 429, {"Retry-After": "2"}) if len(times) == 1 else str(pages[seen.path])

    links = [link(path, f"Bài {path}") for path in pages]
    with portal(Answer("", 404)) as server:
        server.pages |= {"/": page(*links), **dict.fromkeys(pages, answer)}
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_TIMEOUT": 1, "RETRY_TIMES": 1}
        done = crawl("unseen", settings, url=f"{server.url}/", platform="nukeviet")
    assert len(done.captures) == 8, done.log
    assert min(times[1:]) - times[0] >= 1.9


def test_what_waits_in_the_queue_is_postponed_with_its_host() -> None:
    paths = [f"/tin-tuc/hoi-nghi-{number}.html" for number in range(1, 9)]
    with portal(Answer("", 404)) as server:
        busy = Answer("", 503, {"Retry-After": "86400"})
        server.pages |= {"/": page(*(link(path, f"Bài {path}") for path in paths)), **dict.fromkeys(paths, busy)}
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 1, "RETRY_TIMES": 1}
        done = crawl("unseen", settings, url=f"{server.url}/", platform="nukeviet")
        assert sum(path in paths for path in server.paths) == 1
    assert [reject["reason"] for reject in done.rejected] == ["postponed"] * 8, done.log


def test_a_rest_longer_than_a_run_postpones_the_host() -> None:
    with portal(Answer("", 404)) as server:
        server.pages["/"] = Answer("", 503, {"Retry-After": "86400"})
        done = crawl("unseen", {"RETRY_TIMES": 3}, url=f"{server.url}/")
        assert server.asked("/") == 1
    assert [reject["reason"] for reject in done.rejected] == ["postponed"], done.log
    assert "86,400 s" in done.rejected[0]["detail"]


NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 01:02:00 GMT", 120.0),
        ("Tuesday, 24-Nov-26 01:02:00 GMT", 120.0),
        ("Tue, 24 Nov 2026 00:00:00 GMT", 0.0),
        ("9" * 30, 1e30),
        ("-1", None),
        ("soon", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_read(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=40))
def test_retry_after_never_raises(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("hours", "utc", "left"),
    [
        ("07:00-17:30", "2026-11-24T01:00:00", 9.5 * 3600),  # 8:00 in Vietnam
        ("07:00-17:30", "2026-11-24T10:30:00", 0),
        ("22:00-06:00", "2026-11-24T15:00:00", 8 * 3600),  # 22:00
        ("22:00-06:00", "2026-11-23T22:30:00", 1800),  # 5:30
        ("22:00-06:00", "2026-11-24T05:00:00", 0),
    ],
)
def test_quiet_hours_are_vietnamese(hours: str, utc: str, left: float) -> None:
    quiet = QuietHours.parse(hours)
    assert quiet is not None
    assert quiet.left(datetime.fromisoformat(utc).replace(tzinfo=UTC)) == left


@pytest.mark.parametrize("text", ["office", "7-17", "25:00-26:00", "07:00-07:00"])
def test_wrong_quiet_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - "hour must be in 0..23" is said by Python
        QuietHours.parse(text)
    assert QuietHours.parse(" ") is None


def run(tmp_path: Path, url: str, *more: str, contact: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    arguments = [*command(url, **settings)[3:], *more]
    return forked.run(execute, arguments, cwd=tmp_path, env=environment() | {"PORTAL_CONTACT": contact})


def test_no_crawl_of_others_without_a_contact(tmp_path: Path) -> None:
    done = run(tmp_path, "http://so-noi-vu.invalid")
    assert (done.returncode, done.stderr.count("\n")) == (ExitCode.NO_CONTACT, 1), done.stderr
    assert "PORTAL_CONTACT" in done.stderr
    assert run(tmp_path, "http://so-noi-vu.invalid", contact="nobody").returncode == ExitCode.NO_CONTACT
    assert not list(tmp_path.iterdir())
    done = run(tmp_path, "http://so-noi-vu.invalid", contact="me@archive.example")
    assert done.returncode == ExitCode.UNREACHABLE, done.stderr


def test_the_contact_goes_with_every_request(tmp_path: Path) -> None:
    with portal(Answer("", 404)) as server:
        done = run(tmp_path, server.url, PORTAL_CONTACT="https://archive.example/crawl")
        agents = {seen.user_agent for seen in server.log}
    assert done.returncode == ExitCode.OK, done.stderr
    assert [agent and "contact: https://archive.example/crawl" in agent for agent in agents] == [True], agents


def test_quiet_hours_that_a_run_waits_for_are_none_of_its_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_crawler.crawling.pace.is_closing", lambda _: False)  # no engine runs

    class Quiet(QuietHours):
        def left(self, now: datetime) -> float:
            return 0.02

    crawler = get_crawler(Unseen, {"PORTAL_MAX_MINUTES": 1, "PORTAL_STATE_DIR": ""})
    crawler.stats = MemoryStatsCollector(crawler)
    pace, request = HostPace(crawler), Request("http://so.example.gov.vn/")

    async def wait() -> None:
        pace.quiet = Quiet(clock_time(7), clock_time(17))
        await asyncio.gather(*(pace.hold(request) for _ in range(5)))

    began = time.monotonic()
    asyncio.run(wait())
    assert 0 < crawler.stats.get_value(QUIET) <= time.monotonic() - began  # once, not five times
    crawler.stats.set_value("start_time", datetime.now(UTC) - timedelta(hours=10))
    with pytest.raises(PostponedError, match="minutes"):
        check_minutes(crawler)
    crawler.stats.set_value(QUIET, 9.99 * 3600)
    check_minutes(crawler)


@pytest.mark.parametrize("crawl_delay", [0.0, 5.0])
def test_reserved_times_that_were_slept_through_are_no_leave_to_ask_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, crawl_delay: float
) -> None:
    """Measured where the download handler lets a request go; the clock is the test's own."""
    module, clock = "portal_crawler.crawling.pace", [1.8e9]
    pauses, pause = iter([60.0]), asyncio.sleep

    async def sleep(seconds: float) -> None:
        until = clock[0] + seconds + next(pauses, 0.0)  # the first is held up for a minute
        await pause(0)
        clock[0] = max(clock[0], until)

    monkeypatch.setattr(f"{module}.is_closing", lambda _: False)  # no engine runs
    monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=lambda: clock[0], monotonic=lambda: clock[0]))
    monkeypatch.setattr(f"{module}.asyncio", SimpleNamespace(sleep=sleep))
    pace = HostPace(get_crawler(Unseen, {"DOWNLOAD_DELAY": 2, "PORTAL_STATE_DIR": str(tmp_path)}))
    pace.asked_for["so.example.gov.vn"] = crawl_delay
    request, sent = Request("http://so.example.gov.vn/"), []

    async def ask() -> None:
        await pace.process_request(request)
        await pace.hold(request)
        sent.append(clock[0])

    async def ask_all() -> None:
        await asyncio.gather(*(ask() for _ in range(8)))

    asyncio.run(ask_all())
    assert len(sent) == 8
    apart = [later - earlier for earlier, later in pairwise(sent)]
    assert min(apart) >= max(2, crawl_delay), apart
    pace.clock.ask("so.example.gov.vn", 2, clock[0] + 9e6)  # a clock that was wrong
    assert pace.clock.ask("so.example.gov.vn", 2, clock[0]) == clock[0]
    pace.engine_stopped()


def test_wrong_quiet_hours_end_the_command(tmp_path: Path) -> None:
    done = run(tmp_path, "http://127.0.0.1:9", PORTAL_QUIET_HOURS="office")
    assert (done.returncode, done.stderr.count("\n")) == (ExitCode.USAGE, 1), done.stderr


@pytest.mark.parametrize("refused", [Answer("", 429, {"Retry-After": "7200"}), Answer("", 429, {})])
def test_a_host_that_wants_no_more_ends_the_run_soon_and_keeps_its_queue(tmp_path: Path, refused: Answer) -> None:
    pages = {f"/tin-tuc/hoi-nghi-{number}.html": article(f"Hội nghị số {number}") for number in range(1, 21)}
    options = ("-s", "DOWNLOAD_DELAY=0.2", "-s", "AUTOTHROTTLE_MAX_DELAY=1", "--no-archive", "-a", "platform=nukeviet")
    told: list[str] = []

    def answer(seen: Seen) -> Answer | str:
        told.append(seen.path)
        return pages.get(seen.path, Answer("", 404)) if len(told) <= 5 or recovered else refused

    recovered = False
    with portal(Answer("", 404)) as server:
        server.pages |= {"/": page(*(link(path, f"Bài {path}") for path in pages)), "*": answer}
        given = ("crawl", "unseen", "-a", f"url={server.url}/", *options)
        began = time.monotonic()
        code, _, said = console(tmp_path, *given)
        assert code == ExitCode.HOST_DOWN, said
        assert time.monotonic() - began < 60
        assert len(told) <= 5 + 6
        if refused.headers.get("Retry-After"):
            asked = len(server.log)
            assert console(tmp_path, *given)[0] == ExitCode.HOST_DOWN
            assert len(server.log) == asked  # it is not asked again before the time that it has named
        recovered = True
        (tmp_path / "state/hosts.sqlite").unlink()  # that time has come
        code, _, said = console(tmp_path, *given)
        assert code == 0, said
    found = [line for file in tmp_path.glob("exports/unseen/*Z.jsonl") for line in file.read_text("utf-8").splitlines()]
    assert len(found) == 20
