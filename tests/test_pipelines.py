"""From capture to exported article, through the pipelines as Scrapy calls them."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exporters import JsonLinesItemExporter
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from portal_crawler.archive.feeds import RecordLines
from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.items import Article, Attachment, Capture, Image, Rejected, as_record
from portal_crawler.pipelines import CheckArticle, DropDuplicates, Dropped, ExtractArticle

PAGE = """<!DOCTYPE html><html><body><ul id="menu"><li><a href="/">Trang chủ</a></li></ul>
<div class="detail"><h1>{title}</h1><span class="date">05/03/2024 09:30</span><div class="content">
<p>Sáng ngày 05/3, Sở Tư pháp tổ chức hội nghị triển khai công tác tư pháp năm 2024 với sự tham dự của các phòng.</p>
<p>Hội nghị đã thảo luận các giải pháp nâng cao chất lượng văn bản quy phạm pháp luật trên địa bàn tỉnh.</p>
</div></div><div id="counter">Lượt truy cập: 123</div></body></html>"""
WRAPPER = Wrapper(article=".detail", title="h1", published=".date", body=".content")


class Line:
    """The three pipelines in their order, for one crawl."""

    def __init__(self) -> None:
        self.crawler = get_crawler()
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        self.crawler.spider = SimpleNamespace(
            name="daknong_stp", province="dak-nong", department="stp", wrappers=(WRAPPER,), template=None
        )
        self.stages = [stage.from_crawler(self.crawler) for stage in (ExtractArticle, CheckArticle, DropDuplicates)]

    def __call__(self, item: Any) -> Any:
        for stage in self.stages:
            made = stage.process_item(item)
            item = asyncio.run(made) if inspect.isawaitable(made) else made
        return item

    def drop(self, item: Any) -> Rejected:
        with pytest.raises(Dropped) as caught:
            self(item)
        return caught.value.rejected

    @property
    def stats(self) -> dict[str, Any]:
        return self.crawler.stats.get_stats()


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.stages[-1].close_spider()


def capture(number: int = 1, body: bytes | None = None, title: str = "Hội nghị triển khai công tác tư pháp") -> Capture:
    url = f"https://stp.daknong.gov.vn/tin-tuc/hoi-nghi-{number}.html"
    content = PAGE.format(title=title).encode() if body is None else body
    return Capture(url=url, body=content, fetched_at=datetime(2024, 3, 6, 2, tzinfo=UTC))


def test_a_capture_becomes_an_article(line: Line) -> None:
    article = line(capture())
    assert isinstance(article, Article)
    assert (article.title, article.portal, article.province) == (
        "Hội nghị triển khai công tác tư pháp",
        "daknong_stp",
        "dak-nong",
    )
    assert article.text.startswith("Sáng ngày 05/3")
    assert "Lượt truy cập" not in article.text
    assert line.stats["missing/author"] == 1
    assert "missing/title" not in line.stats


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"", "empty_body"), (b"  \n ", "empty_body"), (b"%PDF-1.7 \xe2\xe3\xcf\xd3 1 0 obj", "not_html")],
)
def test_a_page_that_is_none_is_dropped_with_its_reason(line: Line, body: bytes, reason: str) -> None:
    told = line.drop(capture(body=body))
    assert (told.reason, told.portal) == (reason, "daknong_stp")
    assert told.url.endswith("hoi-nghi-1.html")


def test_what_the_spider_rejects_is_dropped_as_it_is(line: Line) -> None:
    reject = Rejected(url="https://a.example/", reason="timeout", detail="no answer in time")
    assert line.drop(reject) is reject


def test_other_items_pass(line: Line) -> None:
    assert line({"url": "https://a.example/"}) == {"url": "https://a.example/"}


def test_an_error_in_extraction_costs_its_page_alone(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    line.crawler.spider.wrappers = None  # a spider that breaks its promise
    with caplog.at_level(logging.ERROR):
        told = line.drop(capture())
    assert told.reason == "error"
    assert "TypeError" in told.detail
    assert caplog.records[0].exc_info, "the log has the traceback"
    line.crawler.spider.wrappers = (WRAPPER,)
    assert isinstance(line(capture()), Article)


def test_the_same_article_is_exported_once(line: Line) -> None:
    first = line(capture())
    told = line.drop(capture())
    assert (told.reason, told.duplicate_of) == ("duplicate", first.id)


def test_the_same_article_under_another_address_is_dropped(line: Line) -> None:
    first = line(capture(1))
    for _ in range(2):  # the second time its own id is known, too, but the export has it under the first one's
        told = line.drop(capture(2))
        assert (told.reason, told.duplicate_of) == ("duplicate", first.id)
    assert line.stats["articles/same_article"] == 1


def test_a_picture_that_is_loaded_anew_each_time_is_the_same_picture(line: Line) -> None:
    pages = []
    for number, stamp in ((1, 1661590648519), (2, 1661589786433)):
        pages.append(capture(number))
        pictured = f'<p><img src="/image/journal/article?img_id=1293300&t={stamp}"></p></div>'
        pages[-1].body = pages[-1].body.replace(b"</p>\n</div>", f"</p>{pictured}".encode(), 1)
    first = line(pages[0])
    assert len(first.images) == 1
    assert line.drop(pages[1]).duplicate_of == first.id


def test_the_same_article_is_known_by_the_day_of_its_last_change_where_only_one_list_dates_it(line: Line) -> None:
    """Its page prints no other day, and a box of links none at all."""
    undated, dated = capture(1), capture(2)
    for each in (undated, dated):
        each.body = each.body.replace(b"05/03/2024 09:30", "Cập nhật: 05/03/2024".encode())
    dated.listed_date = "05/03/2024"
    first = line(undated)
    assert (first.published_at, first.modified_at) == (None, "2024-03-05")
    assert line.drop(dated).duplicate_of == first.id


def test_the_same_words_on_another_day_are_counted_and_kept(line: Line) -> None:
    line(capture(1))
    other = capture(2)
    other.body = other.body.replace(b"05/03/2024 09:30", b"06/03/2024 09:30")
    assert isinstance(line(other), Article)
    assert line.stats["articles/same_content"] == 1


def test_removed_blocks_are_counted_by_their_widget(line: Line) -> None:
    article = line(capture())
    counted = sum(count for key, count in line.stats.items() if key.startswith("removed/"))
    assert counted == len(article.extraction.removed)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "not an id"},
        {"kind": "poem"},
        {"title": 5},
        {"published_at": "05/03/2024"},
        {"published_at": "2024-02-30"},
        {"published_at": "2024-03-05T09:30:00"},
        {"modified_at": ""},
        {"text": "", "title": None},
    ],
    ids=str,
)
def test_an_article_that_breaks_the_schema_is_invalid(line: Line, change: dict[str, Any]) -> None:
    article = line(capture())
    with pytest.raises(Dropped) as caught:
        CheckArticle.from_crawler(line.crawler).process_item(replace(article, **change))
    told = caught.value.rejected
    assert told.reason == "invalid"
    assert told.status == 200
    assert next(iter(change)) in told.detail or "neither" in told.detail


@pytest.mark.parametrize(
    "change",
    [
        {"images": [Image(url="https://a.example/1.jpg")]},
        {"attachments": [Attachment(url="https://a.example/1.pdf")]},
    ],
    ids=["picture", "file"],
)
def test_pictures_or_files_alone_are_an_article(line: Line, change: dict[str, Any]) -> None:
    article = replace(line(capture()), text="", html="", title=None, **change)
    assert CheckArticle.from_crawler(line.crawler).process_item(article) is article
    assert line.stats["missing/text"] == 1


@pytest.mark.parametrize(
    ("date", "odd"),
    [
        ("2042-03-05", True),
        ("0204-03-05", True),
        ("2024-03-07T01:00:00+07:00", False),
        ("2024-03-08", True),
        ("1998-01-01", False),
    ],
)
def test_a_date_that_cannot_be_is_counted_and_kept(line: Line, date: str, odd: bool) -> None:
    article = replace(line(capture()), published_at=date)
    assert CheckArticle.from_crawler(line.crawler).process_item(article).published_at == date
    assert line.stats.get("implausible/published_at", 0) == odd


def test_the_feed_writes_articles_as_scrapy_would(line: Line) -> None:
    article = replace(line(capture()), images=[Image(url="https://a.example/1.jpg", caption="Ảnh “một”")])
    ours, theirs = io.BytesIO(), io.BytesIO()
    RecordLines(ours, encoding="utf-8").export_item(article)
    JsonLinesItemExporter(theirs, encoding="utf-8").export_item(article)
    assert ours.getvalue() == theirs.getvalue()
    assert as_record(article) == asdict(article)
    named = io.BytesIO()
    RecordLines(named, encoding="utf-8", fields_to_export=["title", "id"]).export_item(article)
    assert list(json.loads(named.getvalue())) == ["title", "id"]
