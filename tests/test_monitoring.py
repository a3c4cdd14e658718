from __future__ import annotations

import json
import logging
import os
import pty
import re
import signal
import subprocess
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from portal_server import Answer, PortalServer
from test_project import command, crawl, environment, portal

from portal_crawler.commands.crawl import without_traceback
from portal_crawler.monitoring.verdict import ExitCode, verdict

GOOD = {
    "seeds/reached": 1,
    "articles/captured": 20,
    "item_scraped_count": 20,
    "downloader/response_status_count/200": 30,
}


@pytest.mark.parametrize(
    ("stats", "reason", "code"),
    [
        (GOOD, "finished", ExitCode.OK),
        (GOOD, "shutdown", ExitCode.STOPPED),
        (GOOD, "closespider_itemcount", ExitCode.STOPPED),
        (GOOD, None, ExitCode.STOPPED),
        (GOOD, "start_error", ExitCode.ERROR),
        ({}, "finished", ExitCode.NOTHING_FOUND),
        ({"seeds/reached": 1}, "finished", ExitCode.NOTHING_FOUND),
        ({"seeds/reached": 1, "rejected/error": 3}, "finished", ExitCode.ERROR),
        ({"seeds/failed": 1}, "finished", ExitCode.UNREACHABLE),
        ({"seeds/failed": 1, "seeds/moved": 1}, "finished", ExitCode.MOVED),
        ({"seeds/failed": 1, "seeds/reached": 1}, "finished", ExitCode.NOTHING_FOUND),
        # What earlier runs know, or find changed when they look at it again, makes no portal reachable.
        ({"seeds/failed": 1, "history/articles": 20}, "finished", ExitCode.UNREACHABLE),
        (
            {"seeds/failed": 1, "history/articles": 20, "downloader/response_status_count/403": 1},
            "finished",
            ExitCode.BLOCKED,
        ),
        (
            {
                "seeds/failed": 1,
                "history/articles": 20,
                "item_scraped_count": 2,
                "history/changed": 1,
                "history/gone": 1,
            },
            "finished",
            ExitCode.UNREACHABLE,
        ),
        # A retry asks for a seed among others.
        ({"seeds/failed": 1, "item_scraped_count": 9}, "finished", ExitCode.OK),
        ({"seeds/reached": 1, "history/articles": 20}, "finished", ExitCode.OK),
        # A run that goes on with a crawl asks for no seed, and may find all as it was.
        ({"history/articles": 20, "history/unchanged": 9, "budget/postponed": 9}, "finished", ExitCode.BUDGET_SPENT),
        ({"history/articles": 20, "hosts/down": 1}, "finished", ExitCode.HOST_DOWN),
        # What has been replaced wholly is captured twice.
        (GOOD | {"articles/captured": 40, "history/put_off": 20}, "finished", ExitCode.OK),
        ({"seeds/failed": 1, "rejected/not_fetched_robots": 1}, "finished", ExitCode.BLOCKED),
        ({"item_scraped_count": 20, "lists/broken": 1}, "finished", ExitCode.BROKEN_LISTS),
        ({"seeds/failed": 1, "downloader/response_status_count/403": 4}, "finished", ExitCode.BLOCKED),
        ({"seeds/failed": 1, "downloader/response_status_count/429": 1}, "finished", ExitCode.BLOCKED),
        # One forbidden page does not block a portal.
        (
            GOOD | {"item_scraped_count": 0, "articles/captured": 0, "downloader/response_status_count/403": 1},
            "finished",
            3,
        ),
        # A tenth is tolerated, more is not; duplicates are no loss.
        (GOOD | {"item_scraped_count": 18}, "finished", ExitCode.OK),
        (GOOD | {"item_scraped_count": 17}, "finished", ExitCode.MANY_REJECTED),
        (GOOD | {"item_scraped_count": 10, "rejected/duplicate": 10}, "finished", ExitCode.OK),
        (GOOD | {"failed/article": 2}, "finished", ExitCode.OK),
        (GOOD | {"failed/article": 3}, "finished", ExitCode.MANY_REJECTED),
        (GOOD | {"failed/article": 1, "history/doubted": 1}, "finished", ExitCode.MANY_REJECTED),
        (GOOD | {"failed/article": 5, "downloader/response_status_count/403": 5}, "finished", ExitCode.BLOCKED),
    ],
)
def test_verdict(stats: dict[str, Any], reason: str | None, code: int) -> None:
    assert verdict(stats, reason) == code


@pytest.mark.parametrize(("fewest", "code"), [(0, ExitCode.OK), (20, ExitCode.OK), (21, ExitCode.TOO_FEW)])
def test_too_few_articles(fewest: int, code: ExitCode) -> None:
    assert verdict(GOOD, "finished", fewest) is code


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(folder.glob("exports/unseen/*.run.json")).read_text("utf-8"))
    return found


def test_the_record_and_the_table_of_a_run(tmp_path: Path) -> None:
    pages = portal()
    with PortalServer(pages) as server:
        done = crawl(server.url, tmp_path)
        url = server.url
    found = record(tmp_path)
    assert (found["portal"], found["exit_code"], found["verdict"]) == ("unseen", 0, "ok")
    assert found["finish_reason"] == "finished"
    assert found["seeds"] == [f"{url}/"]
    assert f"url={url}/" in found["command_line"]
    assert found["stats"]["item_scraped_count"] == 6
    assert found["health"] == {
        "articles": 6, "new": 6, "changed": 0, "gone": 0, "rejects": 0, "blocked": 0, "coverage": None,
    }  # fmt: skip
    assert (
        "Health of unseen: articles 6, new 6, changed 0, gone 0, rejects 0, blocked 0, coverage unknown; ok"
        in done.stderr
    )
    assert {"python", "scrapy", "portal_crawler", "extractor"} <= found["versions"].keys()
    assert found["versions"]["extractor"]
    assert found["started_at"] <= found["finished_at"]
    export = next(tmp_path.glob("exports/unseen/*Z.jsonl"))
    assert str(export.relative_to(tmp_path)) in found["files"]
    assert "unseen: ok (exit code 0)" in done.stderr
    assert re.search(r"articles\s*│ 6\b", done.stderr)
    assert f"{export.stat().st_size:,} bytes" in done.stderr
    assert "Traceback" not in done.stderr
    # Here is no terminal: there is no display, and that is nothing to be warned of.
    assert "\x1b" not in done.stderr
    assert "INFO: Crawled 0 pages" in done.stderr
    assert "monitoring.progress" not in done.stderr


def test_a_portal_that_forbids_robots_is_blocked(tmp_path: Path) -> None:
    rules = Answer("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
    with PortalServer(portal() | {"/robots.txt": rules}) as server:
        done = crawl(server.url, tmp_path)
        assert set(server.paths) == {"/robots.txt"}, "nothing else is asked for"
    assert done.returncode == 7, done.stderr
    assert record(tmp_path)["verdict"] == "blocked"


def test_a_portal_that_does_not_answer_any_more_is_unreachable(tmp_path: Path) -> None:
    pages = portal()
    with PortalServer(pages) as server:
        assert crawl(server.url, tmp_path).returncode == 0
        server.pages = {"*": Answer("", 500)}
        done = crawl(server.url, tmp_path, RETRY_TIMES="0")
    assert done.returncode == ExitCode.UNREACHABLE, done.stderr


def test_a_portal_that_redirects_to_another_host_has_moved(tmp_path: Path) -> None:
    with PortalServer({}) as other, PortalServer({"/": Answer("", 301, {"Location": f"{other.url}/"})}) as server:
        done = crawl(server.url, tmp_path)
    told = record(tmp_path)
    assert (done.returncode, told["verdict"], told["moved_to"]) == (ExitCode.MOVED, "moved", f"{other.url}/")
    assert f"its home page redirects to {other.url}/" in done.stderr
    assert other.log == []  # another portal is no part of this one


def test_articles_that_no_rule_knows_are_lost_as_any_other(tmp_path: Path) -> None:
    pages: dict[str, Any] = portal(12)
    pages |= {path: Answer("<p>Lỗi</p>", 500) for path in list(pages)[:6]}
    with PortalServer(pages) as server:
        done = crawl(server.url, tmp_path)
    assert done.returncode == ExitCode.MANY_REJECTED
    assert record(tmp_path)["stats"]["failed/article"] == 6


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_control_c_or_a_closed_terminal_closes_the_files_and_exits_by_its_code(
    tmp_path: Path, how: signal.Signals
) -> None:
    reached, go_on = Event(), Event()
    pages: dict[str, Any] = portal(30)
    served: list[str] = []

    def slow(text: str) -> Any:
        def answer(_: object) -> str:
            served.append(text)
            if len(served) == 3:
                reached.set()
            if len(served) >= 3:
                go_on.wait(60)
            return text

        return answer

    pages |= {path: slow(text) for path, text in pages.items() if path != "/"}
    with PortalServer(pages) as server:
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run where it is ignored
        process = subprocess.Popen(
            command(server.url, CONCURRENT_REQUESTS_PER_DOMAIN="1", PORTAL_HOLD_PAGES="0"),
            cwd=tmp_path,
            env=environment(),
            stderr=subprocess.DEVNULL,
        )
        signal.signal(signal.SIGHUP, before)
        try:
            assert reached.wait(60)
            process.send_signal(how)
            go_on.set()
            assert process.wait(60) == ExitCode.STOPPED
        finally:
            go_on.set()
            process.kill()
            process.wait(60)
    found = record(tmp_path)
    assert (found["finish_reason"], found["exit_code"]) == ("shutdown", 8)
    assert not list(tmp_path.rglob("*.part"))


def on_terminal(arguments: list[str], folder: Path) -> tuple[str, int]:
    """What a command writes to a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        arguments, cwd=folder, env=environment() | {"TERM": "xterm", "COLUMNS": "120"}, stderr=theirs, stdout=theirs
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the terminal is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    return b"".join(parts).decode("utf-8", "replace"), process.wait(60)


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    pages = portal() | {"/tin-tuc/hoi-nghi-3.html": Answer("<p>Lỗi</p>", 404)}
    with PortalServer(pages) as server:
        shown, code = on_terminal(command(server.url), tmp_path)
    assert code in (0, 6)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"unseen .*5 articles +\d+ rejects", plain)
    assert "INFO" not in plain, "the display tells what the log would"
    assert "exit code" in plain
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h"), "the cursor is shown again"


def test_a_log_record_loses_its_traceback_only() -> None:
    error = ValueError("x")
    made = logging.LogRecord("n", logging.ERROR, __file__, 1, "said %s", ("why",), (ValueError, error, None))
    assert without_traceback(made)
    assert logging.Formatter("%(message)s").format(made) == "said why"
