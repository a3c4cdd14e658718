"""A crawl through every hazard of the sample province: one small portal for each, all crawled by one process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from portal_crawler.sample import SampleProvince
from portal_crawler.sample.grammar import VIETNAM
from portal_crawler.sample.hazards import HAZARDS
from portal_crawler.sample.hazards.pages import PrivateRedirect
from portal_crawler.sample.hazards.transport import DyingHost
from portal_crawler.sample.scoring import PortalScore, score
from portal_crawler.sample.static import StaticPortal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal_crawler.sample.ledger import Ledger
    from portal_crawler.sample.portal import SamplePortal

ROOT = Path(__file__).parents[1]
ARTICLES = 24
INTO_A_TRAP = 25
REQUESTS_PER_ARTICLE = 1.6

# Crawls the portals that it is given, all at once, each with a folder of its own.
PROGRAM = """
import json, pathlib, resource, sys
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

asked = json.loads(sys.stdin.read())
settings = get_project_settings()
settings.update(asked["settings"], priority="cmdline")
process = AsyncCrawlerProcess(settings)
crawlers = {}
for name, url in asked["portals"].items():
    folder = f"{asked['folder']}/{name}"
    own = {"FEEDS": {f"{folder}/items.jsonl": {"format": "jsonlines", "store_empty": True}},
           "PORTAL_REJECTS": f"{folder}/rejects.jsonl", "PORTAL_RUN_RECORD": "", "PORTAL_STATE_DIR": f"{folder}/state",
           "PORTAL_ARCHIVE_FILES": f"{folder}/archive"}
    crawler = crawlers[name] = process.create_crawler("unseen")
    crawler.settings.update(own, priority="cmdline")
    process.crawl(crawler, url=url)
process.start()
status = pathlib.Path("/proc/self/status")
if status.exists():
    # Linux hands ru_maxrss on to what a process starts: it would be the peak of the test run. This is our own.
    peak = int(next(line.split()[1] for line in status.open() if line.startswith("VmHWM"))) / 1e3
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
stats = {name: {key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, (int, str, float))}
         for name, crawler in crawlers.items()}
print(json.dumps({"peak": peak, "stats": stats}))
"""
SETTINGS = {
    # Not 0: without any delay Scrapy 2.19 starts all that is queued for a host at once, whatever its concurrency.
    "DOWNLOAD_DELAY": 0.005,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,  # so that every run asks in the same order
    "DOWNLOAD_TIMEOUT": 8,
    "RETRY_TIMES": 1,
    "PORTAL_BREAKER_REST": 0.3,
    "DOWNLOAD_MAXSIZE": 4 * 1024 * 1024,
    "EXTENSIONS": {"portal_crawler.archive.rejects.KeepRejects": 100},
    # A crawl that has lost its way is ended here, so that the others can be judged; a slow machine is no such crawl.
    "CLOSESPIDER_PAGECOUNT": 90,
    "CLOSESPIDER_TIMEOUT": 240,
    "LOG_LEVEL": "ERROR",
}


@dataclass
class Crawl:
    """What came of the crawl of one portal."""

    found: PortalScore
    rejects: list[dict[str, Any]]
    stats: dict[str, Any]
    ledger: Ledger
    items: list[dict[str, Any]]


@dataclass
class Outcome:
    """What came of all crawls."""

    crawls: dict[str, Crawl]
    peak: float


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def crawl(province: SampleProvince, folder: Path) -> Outcome:
    addresses = {name: url for name, url in province.addresses.items() if name != BYSTANDER}
    request = {"portals": addresses, "folder": str(folder), "settings": SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(request), cwd=ROOT, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    crawls = {}
    for name, portal in province.portals.items():
        items = lines(folder / name / "items.jsonl")
        crawls[name] = Crawl(
            found=score(portal.truth(), portal.key_of, items),
            rejects=lines(folder / name / "rejects.jsonl"),
            stats=told["stats"].get(name, {}),
            ledger=province.ledgers[name],
            items=items,
        )
    return Outcome(crawls, told["peak"])


BYSTANDER = "bystander"


def clock() -> datetime:
    return datetime(2024, 12, 4, 9, 30, tzinfo=VIETNAM)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    portals: dict[str, SamplePortal] = {name: StaticPortal(clock, ARTICLES) for name in ("none", BYSTANDER)}
    portals |= {name: hazard.on_portal(clock, ARTICLES) for name, hazard in HAZARDS.items()}
    with SampleProvince(portals=portals) as province:
        (private,) = portals["private-redirect"].hazards
        assert isinstance(private, PrivateRedirect)
        private.target = province.addresses[BYSTANDER]
        yield crawl(province, tmp_path_factory.mktemp("hazards"))


# Not all can be found where the host dies or shuts its doors; their own tests say what is wanted there.
WHOLE = ["none", *(name for name in HAZARDS if name not in ("dying-host", "challenge"))]


@pytest.mark.parametrize("name", WHOLE)
def test_every_article_is_found_once_and_no_trap_is_entered_for_long(outcome: Outcome, name: str) -> None:
    done = outcome.crawls[name]
    assert not done.found.missing, done.rejects
    assert not done.found.extra
    assert done.found.f1 > 0.97
    assert all(count <= INTO_A_TRAP for count in done.ledger.trapped().values()), done.ledger.trapped()
    if name not in HAZARDS or not HAZARDS[name].costly:
        assert done.ledger.per_article() <= REQUESTS_PER_ARTICLE


def test_no_rule_of_robots_txt_is_broken(outcome: Outcome) -> None:
    assert {name: found for name, done in outcome.crawls.items() if (found := done.ledger.violations())} == {}
    refused = [reject["url"] for reject in outcome.crawls["robots"].rejects if reject["reason"] == "not_fetched_robots"]
    assert len(refused) == 2


def test_nothing_is_asked_of_hosts_that_only_redirects_name(outcome: Outcome) -> None:
    assert outcome.crawls[BYSTANDER].ledger.entries == []
    details = [reject["detail"] for reject in outcome.crawls["private-redirect"].rejects]
    assert sum("169.254.169.254" in detail for detail in details) == 1


def test_bombs_and_endless_bodies_fill_no_memory(outcome: Outcome) -> None:
    assert outcome.peak < 500
    assert "too_large" in {reject["reason"] for reject in outcome.crawls["endless-body"].rejects}
    assert "timeout" in {reject["reason"] for reject in outcome.crawls["dripping-body"].rejects}


def test_a_bomb_is_called_too_large(outcome: Outcome) -> None:
    for name in ("gzip-bomb", "brotli-bomb"):
        assert "too_large" in {reject["reason"] for reject in outcome.crawls[name].rejects}


def test_a_dead_host_costs_no_more_than_a_trap(outcome: Outcome) -> None:
    # Failures and their second tries, a look after each of three rests, and what is under way meanwhile.
    dying = outcome.crawls["dying-host"]
    assert dying.stats["hosts/down"] == 1
    assert len(dying.ledger.pages) <= DyingHost.ALIVE + INTO_A_TRAP


def test_a_wall_is_called_a_wall(outcome: Outcome) -> None:
    done = outcome.crawls["challenge"]
    assert len(done.ledger.pages) <= INTO_A_TRAP + 10
    assert any(reject["reason"].startswith("blocked") for reject in done.rejects)


def test_a_second_try_waits_as_long_as_the_server_says(outcome: Outcome) -> None:
    tries: dict[str, list[float]] = {}
    for entry in outcome.crawls["rate-limit"].ledger.pages:
        tries.setdefault(entry.target, []).append(entry.at)
    again = [times for times in tries.values() if len(times) > 1]
    assert again
    assert all(times[1] - times[0] >= 1 for times in again)


def test_every_hazard_says_what_it_does() -> None:
    assert all(hazard.about and hazard.name == name for name, hazard in HAZARDS.items())


def test_a_crawl_of_an_unchanged_portal_costs_next_to_nothing(tmp_path: Path) -> None:
    with SampleProvince(portals={"unchanged": StaticPortal(clock, ARTICLES)}) as province:
        crawl(province, tmp_path)
        province.ledgers["unchanged"].clear()
        again = crawl(province, tmp_path)
    assert 0 < again.crawls["unchanged"].ledger.per_article() <= 0.15


def demo(folder: Path, names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy.cmdline", "demo", "--hazards", names, "-o", str(folder)],
        cwd=ROOT, env={**os.environ, "COLUMNS": "80", "SCRAPY_SETTINGS_MODULE": "portal_crawler.settings"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_demo_shows_hazards_by_name(tmp_path: Path) -> None:
    done = demo(tmp_path, "robots,redirect-chain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"robots +24/24 +0 +- +0", done.stdout)
    assert re.search(r"redirect-chain +24/24 +0 +\d+ +0", done.stdout)
    assert list(tmp_path.glob("robots/*Z.jsonl"))


def test_the_demo_knows_its_hazards(tmp_path: Path) -> None:
    done = demo(tmp_path, "robots,earthquake")
    assert done.returncode == 2
    assert "earthquake" in done.stdout + done.stderr
