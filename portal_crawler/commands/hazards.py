"""``portal-crawler demo --hazards``: one small portal for each hazard, and the server's account of the crawl."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES

from portal_crawler.sample.hazards import HAZARDS
from portal_crawler.sample.province import SampleProvince, now
from portal_crawler.sample.scoring import PortalScore, score

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from scrapy.crawler import CrawlerProcessBase

    from portal_crawler.sample.ledger import Ledger

ARTICLES = 24
TRAPPED = 25
# The settings of the command line are given to each crawler once more when its crawl begins.
ABOVE_ALL = SETTINGS_PRIORITIES["cmdline"] + 1
# Loopback burdens nobody; and a portal without end shall not keep the demonstration from its own.
SETTINGS = {
    "DOWNLOAD_DELAY": 0.005,  # without any, Scrapy 2.19 starts all that is queued for a host at once
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DOWNLOAD_TIMEOUT": 8,
    "RETRY_TIMES": 1,
    "PORTAL_BREAKER_REST": 0.3,
    "CLOSESPIDER_PAGECOUNT": 200,
}


def chosen(names: str) -> list[str]:
    """The hazards that ``all`` or a list with commas names.

    Raises:
        UsageError: if there is none of a name.
    """
    wanted = list(HAZARDS) if names == "all" else [name.strip() for name in names.split(",")]
    if unknown := [name for name in wanted if name not in HAZARDS]:
        raise UsageError(f"no hazard {', '.join(unknown)!r}; there are: {', '.join(HAZARDS)}")
    return wanted


def run(process: CrawlerProcessBase, names: list[str], output: Path, console: Console) -> bool:
    """Crawl a portal for each hazard, print what came of it; whether all went as it should."""
    portals = {name: HAZARDS[name].on_portal(now, ARTICLES) for name in names}
    with SampleProvince(portals=portals) as province:
        console.print(f"Crawling {len(names)} portals, each with one hazard and {ARTICLES} articles …")
        for name, url in province.addresses.items():
            crawler = process.create_crawler("unseen")
            folder = output / name
            crawler.settings.update(
                {
                    **SETTINGS,
                    "FEEDS": {str(folder / "%(run)s.jsonl"): {"format": "jsonlines", "store_empty": True}},
                    "PORTAL_REJECTS": str(folder / "%(run)s.rejects.jsonl"),
                    "PORTAL_RUN_RECORD": str(folder / "%(run)s.run.json"),
                },
                priority=ABOVE_ALL,
            )
            process.crawl(crawler, url=url)
        process.start()
        rows = []
        for name, portal in portals.items():
            exports = [path for path in (output / name).glob("*Z.jsonl") if path.is_file()]
            rows.append((name, score(portal.truth(), portal.key_of, _read(max(exports, default=None)))))
        return results(rows, province.ledgers, console)


def results(rows: list[tuple[str, PortalScore]], ledgers: dict[str, Ledger], console: Console) -> bool:
    """Print the table; whether every row is as it should be."""
    table = Table(title="Hazards: articles found, and what the server counted", box=SIMPLE_HEAD, padding=(0, 0))
    for heading in ("Hazard", "Articles", "Extra", "In trap", "Robots", "Req./art."):
        table.add_column(heading, justify="left" if heading == "Hazard" else "right", no_wrap=True)
    good = True
    for name, found in rows:
        ledger = ledgers[name]
        trapped = ledger.trapped().get(name)
        broken = len(ledger.violations())
        closed = trapped == len(ledger.pages)  # the whole portal is the trap: a wall, a host that dies
        fine = (
            found.found == found.expected or closed,
            not found.extra,
            (trapped or 0) <= TRAPPED or closed,
            not broken,
        )
        cells = (
            f"{found.found}/{found.expected}",
            str(len(found.extra)),
            "-" if trapped is None else str(trapped),
            str(broken),
        )
        shown = [cell if right else f"[red]{cell}[/red]" for cell, right in zip(cells, fine, strict=True)]
        table.add_row(name, *shown, f"{ledger.per_article():.2f}")
        good = good and all(fine)
    console.print(table)
    for name, _ in rows:
        console.print(f"  {name}: {HAZARDS[name].about}", highlight=False)
    return good


def _read(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
