"""Extraction in processes of its own: the same articles, and a page that ends its process costs itself alone."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from portal_server import article
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from portal_crawler.extraction.apart import LENGTH, Reader, ReaderError, Site, read
from portal_crawler.extraction.page import parse_page
from portal_crawler.extraction.template import Template
from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.items import Article, Capture, as_record
from portal_crawler.pipelines import Dropped, ExtractArticle, Share

SITE = Site("vidu_snv", "vi-du", "snv", (Wrapper(article="#main", title="h1", body=".content"),), None)


def capture(title: str = "Hội nghị tổng kết công tác năm", **more: Any) -> Capture:
    url = f"https://snv.vidu.gov.vn/tin/{len(title)}"
    return Capture(url=url, body=article(title).encode(), fetched_at=datetime(2024, 3, 6, tzinfo=UTC), **more)


class Bomb:
    """What calls a function where it is unpickled."""

    def __init__(self, call: Callable[..., Any], argument: object) -> None:
        self.call, self.argument = call, argument

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, (self.argument,)


def test_a_reader_says_what_extraction_says() -> None:
    async def told() -> list[Any]:
        reader = Reader(60)
        try:
            return [await reader.read(capture(title, unread=True), SITE) for title in ("Thông báo số một", "Số hai")]
        finally:
            await reader.end()

    for title, reading in zip(("Thông báo số một", "Số hai"), asyncio.run(told()), strict=True):
        here = read(capture(title, unread=True), SITE)
        assert isinstance(reading.found, Article)
        assert as_record(reading.found) == as_record(here.found)
        assert reading.content == here.content is not None


def test_what_is_no_page_is_rejected_there_as_here() -> None:
    async def told() -> Any:
        reader = Reader(60)
        try:
            return await reader.read(
                Capture(url="https://x.gov.vn/a", body=b"%PDF-1.4", fetched_at=datetime.now(UTC)), SITE
            )
        finally:
            await reader.end()

    assert asyncio.run(told()).found.reason == "not_html"


def test_a_reader_learns_what_the_template_has_learned_since() -> None:
    template = Template()
    site = Site("vidu_snv", None, None, (), template)

    async def told() -> list[str]:
        reader, methods = Reader(60), []
        try:
            for number in range(8):
                page = capture(f"Bài viết thứ {'một hai ba bốn năm sáu bảy tám'.split()[number]}" * 2)
                methods.append((await reader.read(page, site)).found.extraction.method)
                template.learn(parse_page(page), str(number))
        finally:
            await reader.end()
        return methods

    methods = asyncio.run(told())
    assert methods[0] == "page"
    assert methods[-1] == "template"


@pytest.mark.parametrize(("bomb", "why"), [(Bomb(os._exit, 3), "ended with 3"), (Bomb(time.sleep, 3600), "no end in")])
def test_a_page_that_ends_its_process_costs_itself_alone(bomb: Bomb, why: str) -> None:
    async def told() -> tuple[str, Any]:
        reader = Reader(60)
        try:
            await reader.read(capture(), SITE)
            reader.seconds = 0.5 if "no end" in why else 60
            with pytest.raises(ReaderError) as caught:
                await reader.read(capture(section=[bomb]), SITE)
            reader.seconds = 60
            return str(caught.value), await reader.read(capture(), SITE)
        finally:
            await reader.end()

    said, after = asyncio.run(told())
    assert why in said
    assert isinstance(after.found, Article)


def test_a_process_whose_crawl_was_killed_reads_no_page_without_end() -> None:
    jobs = [pickle.dumps(job) for job in (SITE, capture(section=[Bomb(time.sleep, 3600)]))]
    done = subprocess.run(
        [sys.executable, "-c", "from portal_crawler.extraction.apart import main; main(0.2)"],
        input=b"".join(LENGTH.pack(len(job)) + job for job in jobs),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGALRM


def told_at_once(number: int, bomb: Bomb, cancelled: int | None = None) -> list[Any]:
    """What one reader says of seven pages that are handed over at once, one of them a bomb."""

    async def told() -> list[Any]:
        reader = Reader(60)
        pages = [capture(f"Thông báo số {each} của Sở") for each in range(7)]
        pages[number].section = [bomb]  # type: ignore[list-item]
        reads = [asyncio.ensure_future(reader.read(each, SITE)) for each in pages]
        try:
            if cancelled is not None:
                await reads[0]
                reads[cancelled].cancel()
            return await asyncio.gather(*reads, return_exceptions=True)
        finally:
            await reader.end()

    return asyncio.run(told())


@pytest.mark.parametrize("number", [0, 3, 6])
def test_a_page_that_ends_its_process_costs_none_that_wait_behind_it(number: int) -> None:
    found = told_at_once(number, Bomb(os._exit, 3))
    lost = found.pop(number)
    assert isinstance(lost, ReaderError) and "ended with 3" in str(lost)
    assert [each.found.title for each in found] == [f"Thông báo số {n} của Sở" for n in range(7) if n != number]


def test_a_page_that_is_given_up_costs_no_other() -> None:
    found = told_at_once(2, Bomb(time.sleep, 0), cancelled=4)
    assert isinstance(found.pop(4), asyncio.CancelledError)
    assert [each.found.title for each in found] == [f"Thông báo số {n} của Sở" for n in range(7) if n != 4]


class Line:
    """The pipeline, of a crawl in which extraction takes all the time."""

    def __init__(self, **spider: Any) -> None:
        crawler = get_crawler(settings_dict={"PORTAL_READERS": 2})
        crawler.stats = MemoryStatsCollector(crawler)
        self.noted: list[int] = []
        crawler.spider = SimpleNamespace(
            name="vidu_snv", province=None, department=None, wrappers=SITE.wrappers, template=None, **spider
        )
        crawler.spider.note_content = lambda _, content: self.noted.append(content)
        self.pipeline = ExtractArticle.from_crawler(crawler)
        self.pipeline.share.large = True
        self.stats = crawler.stats

    async def __call__(self, *captures: Capture) -> list[Any]:
        try:
            return await asyncio.gather(*map(self.pipeline.process_item, captures), return_exceptions=True)
        finally:
            await self.pipeline.close_spider()


def test_the_pipeline_hands_captures_to_readers_and_tells_what_was_unread() -> None:
    line = Line()
    found = asyncio.run(
        line(capture("Thông báo một"), capture("Thông báo hai", unread=True), capture("Thông báo ba ba"))
    )
    assert [each.title for each in found] == ["Thông báo một", "Thông báo hai", "Thông báo ba ba"]
    assert line.noted == [read(capture("Thông báo hai", unread=True), SITE).content]
    assert line.stats.get_value("readers/pages") == 3


def test_the_pipeline_rejects_what_ends_a_reader() -> None:
    line = Line()
    lost, kept = asyncio.run(line(capture(section=[Bomb(os._exit, 1)]), capture()))
    assert isinstance(lost, Dropped)
    assert lost.rejected.reason == "error"
    assert "ended with 1" in lost.rejected.detail
    assert isinstance(kept, Article)
    assert line.stats.get_value("readers/failed") == 1


def test_replays_extract_where_they_run() -> None:
    line = Line(warc=["a.warc"])
    (found,) = asyncio.run(line(capture()))
    assert isinstance(found, Article)
    assert line.stats.get_value("readers/pages") is None


def test_a_share_is_large_only_where_there_is_little_else(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    share = Share()
    for _ in range(Share.rounds):
        clock[0] += 2.0
        with share:
            clock[0] += 0.01
    assert not share.large
    for _ in range(Share.rounds):
        clock[0] += 0.005
        with share:
            clock[0] += 0.01
    assert share.large
