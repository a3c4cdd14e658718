"""Runs one spider in a process of its own and hands back what it gave: a reactor cannot be started twice."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import forked
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.misc import load_object

from portal_crawler import settings as shipped

SETTINGS: dict[str, Any] = {
    "DOWNLOAD_HANDLERS": shipped.DOWNLOAD_HANDLERS,
    "SPIDER_MODULES": ["portal_crawler.spiders"],
    "SPIDER_MIDDLEWARES": shipped.SPIDER_MIDDLEWARES,
    "DOWNLOADER_MIDDLEWARES": shipped.DOWNLOADER_MIDDLEWARES,
    "DOWNLOAD_FAIL_ON_DATALOSS": False,
    "EXTENSIONS": {"portal_crawler.crawling.idle.EndInStart": 50},
    "ITEM_PIPELINES": {"portal_crawler.crawling.learning.HeldCaptures": 900},
    "REQUEST_FINGERPRINTER_CLASS": "portal_crawler.crawling.canonical.PortalFingerprinter",
    "ROBOTSTXT_OBEY": True,
    "ROBOTSTXT_USER_AGENT": "portal_crawler",
    "DEPTH_LIMIT": 8,
    "DOWNLOAD_DELAY": 0,
    "RETRY_TIMES": 0,
    "DOWNLOAD_TIMEOUT": 20,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "PORTAL_STATE_DIR": "",
    "LOG_LEVEL": "INFO",
}


@dataclass
class Crawl:
    captures: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    log: str = ""

    @property
    def urls(self) -> list[str]:
        return [capture["url"] for capture in self.captures]


def crawl(spider: str, settings: dict[str, Any] | None = None, **arguments: str) -> Crawl:
    request = json.dumps({"spider": spider, "settings": {**SETTINGS, **(settings or {})}, "arguments": arguments})
    done = forked.run(main, cwd=Path(__file__).parent, env=os.environ, given=request)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    return Crawl(**result, log=done.stderr)


def main() -> None:
    request = json.loads(sys.stdin.read())
    process = AsyncCrawlerProcess(request["settings"])
    spider: Any = request["spider"]
    crawler = process.create_crawler(load_object(spider) if "." in spider else spider)
    result: dict[str, Any] = {"captures": [], "rejected": []}

    def keep(item: Any, **_: Any) -> None:
        if type(item).__name__ == "Capture":
            parts, item.page, item.parts = [part.url for part in item.parts], None, []
            kept = asdict(item) | {"parts": parts} | {"body": len(item.body), "fetched_at": item.fetched_at.isoformat()}
            result["captures"].append(kept)
        else:
            result["rejected"].append(asdict(item))

    crawler.signals.connect(keep, signal=signals.item_scraped, weak=False)
    crawler.signals.connect(keep, signal=signals.item_dropped, weak=False)
    process.crawl(crawler, **request["arguments"])
    process.start()
    result["stats"] = {key: value for key, value in crawler.stats.get_stats().items() if not hasattr(value, "year")}
    sys.stdout.write(json.dumps(result))
