"""Imports run one way, as docs/architecture.md says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "portal_crawler"

# Room -> what of ours it may import. A room that is not a key may import nothing of ours.
ALLOWED = {
    "items": set(),
    "settings": set(),
    "schema": {"items"},
    "extraction": {"items"},
    "crawling": {"items", "extraction", "archive"},
    "archive": {"items"},
    "monitoring": {"items", "archive"},
    "pipelines": {"items", "extraction", "schema"},
    "platforms": {"items", "extraction", "crawling", "archive"},
    "spiders": {"items", "platforms", "extraction.wrapper"},
    "sample": {"items"},
    "corpus": {"items", "schema", "extraction"},
    "commands": {
        "corpus",
        "items",
        "extraction",
        "crawling",
        "archive",
        "monitoring",
        "pipelines",
        "platforms",
        "sample",
        "schema",
    },
}
FORBIDDEN_OUTSIDE = {"extraction": {"scrapy", "twisted", "requests", "urllib.request", "http.client", "socket"}}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names += [f"{module}.{alias.name}" if module == "portal_crawler" else module for alias in node.names]
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    room = path.relative_to(PACKAGE).with_suffix("").parts[0]
    for name in imported(path):
        if name.startswith("portal_crawler."):
            target = name.removeprefix("portal_crawler.")
            allowed = ALLOWED.get(room, set()) | ({room} if room != "spiders" else set()) | {"__version__"}
            assert any(target == ours or target.startswith(f"{ours}.") for ours in allowed), f"{room} imports {name}"
        for outside in FORBIDDEN_OUTSIDE.get(room, ()):
            assert name != outside and not name.startswith(f"{outside}."), f"{room} imports {name}"


def test_every_room_is_in_the_table_of_the_documentation() -> None:
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
    rooms = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in modules()}
    assert rooms <= set(ALLOWED), "a room without a rule"
    missing = [room for room in rooms if f"`{room}/`" not in text and f"`{room}.py`" not in text]
    assert not missing
