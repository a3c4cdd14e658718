"""Promises of the settings, read as Scrapy reads them, and the documentation of what a user can set and meets."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from scrapy.cmdline import _get_commands_from_module
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from portal_crawler import settings
from portal_crawler.crawling.failures import FAILURES
from portal_crawler.items import Article, Rejected
from portal_crawler.monitoring.verdict import ExitCode

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "portal_crawler"
SETTINGS = Settings()
SETTINGS.setmodule("portal_crawler.settings", priority="project")
# Figures of one kind bear the name of the thing behind this prefix.
FAMILIES = ("rejected/", "removed/", "missing/", "implausible/", "replay/", "blocked/", "browser/refused/")


@cache
def sources() -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def calls() -> list[ast.Call]:
    trees = map(ast.parse, sources().values())
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]


def documented() -> str:
    path = ROOT / "docs" / "researchers.md"
    return path.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROBOTSTXT_OBEY", True),
        ("DOWNLOAD_VERIFY_CERTIFICATES", True),
        ("REMOTE_CONTROL_ENABLED", False),
        ("TELNETCONSOLE_ENABLED", False),
        ("AUTOTHROTTLE_ENABLED", True),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", 1),
        ("DOWNLOAD_MAXSIZE", 32 * 1024 * 1024),
        ("FEED_EXPORT_ENCODING", "utf-8"),
    ],
)
def test_promises(name: str, value: object) -> None:
    assert SETTINGS[name] == value


def test_a_server_is_never_hurried() -> None:
    assert SETTINGS.getfloat("DOWNLOAD_DELAY") >= 1
    assert SETTINGS.getfloat("DOWNLOAD_TIMEOUT") <= 180


def test_what_scrapy_asks_for_again_is_but_for_a_handler_that_is_never_imported() -> None:
    left_out = [each for each in Settings().getlist("RETRY_EXCEPTIONS") if each not in SETTINGS["RETRY_EXCEPTIONS"]]
    assert left_out == ["scrapy.core.downloader.handlers.http11.TunnelError"]


def test_only_the_web_is_followed() -> None:
    handlers = {scheme for scheme, handler in SETTINGS.getwithbase("DOWNLOAD_HANDLERS").items() if handler}
    assert handlers <= {"http", "https"}


def test_the_user_agent_names_project_and_contact() -> None:
    assert SETTINGS["USER_AGENT"].startswith("portal_crawler/")
    assert "contact" in SETTINGS["USER_AGENT"]


def test_the_contact_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_CONTACT", "crawl@archive.example")
    try:
        assert "contact: crawl@archive.example" in importlib.reload(settings).USER_AGENT
    finally:
        monkeypatch.undo()
        importlib.reload(settings)


def test_every_component_can_be_loaded() -> None:
    for name in ("ITEM_PIPELINES", "EXTENSIONS", "SPIDER_MIDDLEWARES", "DOWNLOADER_MIDDLEWARES", "FEED_STORAGES"):
        for path in SETTINGS[name]:
            load_object(SETTINGS[name][path] if name == "FEED_STORAGES" else path)
    load_object(SETTINGS["REQUEST_FINGERPRINTER_CLASS"])
    load_object(SETTINGS["FEED_URI_PARAMS"])


def test_settings_say_what_they_are_for() -> None:
    """A comment stands above each of our own settings, or at the head of its paragraph."""
    lines = (PACKAGE / "settings.py").read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"PORTAL_\w+ =", line):
            assert lines[number - 1].startswith("#"), line


def own_settings() -> set[str]:
    return {name for text in sources().values() for name in re.findall(r"\bPORTAL_[A-Z_]+\b", text)}


def commands() -> set[str]:
    return set(_get_commands_from_module("portal_crawler.commands", inproject=True))


def reasons() -> set[str]:
    """Reason codes as they stand in the code: what is given to a reject, or stands in the table of failures."""
    found = set()
    for call in calls():
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name == "Rejected":
            given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
        elif name in ("reject", "rejected", "_from_article", "PageError"):
            given = [*call.args[:3], *(keyword.value for keyword in call.keywords if keyword.arg == "reason")]
        else:
            continue
        found |= {part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    codes = {reason for reason in found if re.fullmatch(r"[a-z]+(_[a-z]+)*", reason)}
    return codes | {reason for _, reason, _ in FAILURES}


def figures() -> set[str]:
    """Keys of the stats that our code counts; those of one family by their prefix."""
    found = set()
    for call in calls():
        name = getattr(call.func, "attr", "")
        if name in ("count", "_count", "inc_value", "set_value", "max_value") and call.args:
            first = call.args[0]
            parts = first.values if isinstance(first, ast.JoinedStr) else [first]
            key = parts[0].value if isinstance(parts[0], ast.Constant) else ""
            if isinstance(key, str) and re.match(r"[a-z]+/", key):
                found.add(next((family for family in FAMILIES if key.startswith(family)), key))
    return found


def test_the_code_is_read_right() -> None:
    assert {"PORTAL_REJECTS", "PORTAL_CONTACT", "PORTAL_HOLD_PAGES"} <= own_settings()
    assert {"crawl", "portals", "schema", "demo"} <= commands()
    assert {"empty_body", "no_article", "http_error", "unreachable", "timeout", "duplicate", "invalid"} <= reasons()
    assert {"rejected/", "removed/", "missing/", "articles/captured"} <= figures()


@pytest.mark.parametrize("what", [own_settings, commands, reasons, figures], ids=lambda what: what.__name__)
def test_what_a_user_can_set_or_meets_is_documented(what: Callable[[], set[str]]) -> None:
    text = documented()
    missing = {name for name in what() if not re.search(rf"`(?:[^`]*\W)?{re.escape(name)}(?:\W[^`]*)?`", text)}
    assert not missing, f"docs/researchers.md does not tell of {sorted(missing)}"


def test_every_exit_code_is_documented() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| `(\w+)` \|", documented(), re.MULTILINE))
    assert rows == {str(int(code)): code.name.lower() for code in ExitCode}


def test_items_keep_their_fields_apart() -> None:
    """A rejects file and an export can be told from each other by any line."""
    assert "reason" not in Article.__slots__
    assert "text" not in Rejected.__slots__
