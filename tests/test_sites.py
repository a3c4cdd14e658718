"""Recorded pages: for every ``tests/sites/NAME[.n].html`` the article that a person confirmed in ``NAME[.n].json``.

Of portals whose pages are empty shells the JSON of an article stands in ``NAME[.n].api``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from portal_crawler.extraction.article import extract
from portal_crawler.items import Article, Capture

if TYPE_CHECKING:
    from portal_crawler.items import Rejected
    from portal_crawler.platforms.portal import PortalSpider

SITES = Path(__file__).parent / "sites"
RECEIVED = (".html", ".api")
RECORDS = sorted(SITES.glob("*.json"))


def loader() -> SpiderLoader:
    return SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["portal_crawler.spiders"]}))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_recorded_page(path: Path) -> None:
    record = json.loads(path.read_text("utf-8"))

    article = recorded_article(path, record, loader().load(path.name.split(".")[0]))

    assert record["reviewed"], f"a person must read {path.name} first, then set reviewed to true"
    assert isinstance(article, Article), article
    assert as_recorded(asdict(article), record["article"]) == record["article"]


def recorded_article(path: Path, record: Any, spider: type[PortalSpider]) -> Article | Rejected:
    """What is extracted today from the page of a record."""
    (received,) = (one for ending in RECEIVED if (one := path.with_suffix(ending)).is_file())
    capture = Capture(
        url=record["url"],
        body=received.read_bytes(),
        fetched_at=datetime.fromisoformat(record["captured_at"]),
        headers={"content-type": record["content_type"]} if record["content_type"] else {},
    )
    portal = spider() if spider.start_urls else spider(url=capture.url)
    return extract(portal.translated(capture), portal)


def as_recorded(found: Any, record: Any) -> Any:
    """What was found, without the fields that the record says nothing of: those came later."""
    if isinstance(found, dict) and isinstance(record, dict):
        return {name: as_recorded(found[name], record[name]) for name in record}
    if isinstance(found, list) and isinstance(record, list) and len(found) == len(record):
        return [as_recorded(mine, theirs) for mine, theirs in zip(found, record, strict=True)]
    return found


def test_every_recorded_page_has_its_record_and_the_other_way_round() -> None:
    assert {path.stem for path in SITES.iterdir() if path.suffix in RECEIVED} == {path.stem for path in RECORDS}
    assert RECORDS, "no page is recorded at all"
