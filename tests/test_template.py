"""A site's template: what recurs is recognised, and what articles share is not taken for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal_crawler.extraction.article import extract
from portal_crawler.extraction.blocks import blocks
from portal_crawler.extraction.content import select
from portal_crawler.extraction.page import Page, parse_html
from portal_crawler.extraction.template import MOST_BLOCKS, Template
from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.items import Article, Capture

FORMULA = (
    "Quyết định này có hiệu lực kể từ ngày ký, các ông bà Chánh Văn phòng, Giám đốc các sở, ban, ngành và các tổ chức, "
    "cá nhân có liên quan chịu trách nhiệm thi hành quyết định này theo đúng quy định của pháp luật hiện hành."
)
WORDS = "làng sông đồng núi chợ trường bến rừng biển cầu".split()


def story(number: int, *, extra: str = "", visits: int = 690_756) -> Page:
    """An article page of a small portal; its prose is its own, its widgets are those of every page."""
    prose = "".join(
        f"<p>Đoạn {part} của bài {number}: người dân {WORDS[number % 10]} {WORDS[(number + part) % 10]} cho biết, sau khi "
        f"{WORDS[(number * 3 + part) % 10]} được sửa chữa, việc đi lại của hơn {number * 7 + part} hộ gia đình đã thuận "
        f"lợi hơn trước rất nhiều, và công việc còn lại sẽ xong trong quý {part % 4 + 1}.</p>"
        for part in range(5)
    )
    html = f"""<html><head><title>Bài {number}</title></head><body>
    <div id="menu"><ul><li><a href="/">Trang chủ</a></li><li><a href="/gt">Giới thiệu</a></li></ul></div>
    <div class="news"><h1>Bài {number}</h1><div class="text">{prose}{extra}</div></div>
    <div class="right"><div class="box"><p>Cơ quan thường trực tiếp nhận phản ánh của tổ chức và công dân tại bộ phận
    một cửa</p><div>Tổng lượt truy cập: {visits}</div></div></div>
    </body></html>"""
    return parse_html(f"http://portal.example/{number}", html.encode(), "text/html; charset=utf-8")


def texts(page: Page, template: Template | None) -> list[str]:
    return [block.text for block in select(page, template).kept]


def learned(*pages: Page) -> Template:
    template = Template()
    for number, page in enumerate(pages):
        template.learn(page, str(number))
    return template


def test_a_paragraph_that_two_of_five_articles_share_stays() -> None:
    extra = f"<p>{FORMULA}</p>"
    template = learned(*(story(n, extra=extra if n in (1, 3) else "") for n in range(5)))
    assert template.ready
    assert FORMULA in texts(story(1, extra=extra), template)
    assert FORMULA in texts(story(7, extra=extra), template)


def test_what_stands_on_every_page_goes_with_its_figure() -> None:
    template = learned(*(story(n, visits=690_000 + n) for n in range(6)))
    found = select(story(9, visits=777_777), template)
    gone = " ".join(entry.text for entry in found.removed)
    assert "777777" in gone
    assert "Cơ quan thường trực" in gone
    assert any("document frequency 1.00 over 6 pages" in entry.reason for entry in found.removed)
    assert found.method == "template"
    assert len(found.kept) == 5


def test_pages_of_one_article_count_once() -> None:
    template = Template()
    for _ in range(8):
        template.learn(story(1), "1")
    for number in range(8):
        template.learn(story(1), f"print-{number}")
    assert template.pages == 1
    for number in range(2, 7):
        template.learn(story(number), str(number))
    assert template.pages == 6
    assert len(texts(story(1), template)) == 5


def test_a_file_says_what_the_template_said(tmp_path: Path) -> None:
    template = learned(*(story(n) for n in range(6)))
    path = tmp_path / "portal.json"
    template.save(path)
    loaded = Template.load(path)
    page = story(8)
    assert (loaded.pages, loaded.version) == (template.pages, template.version)
    assert loaded.shares(blocks(page)) == template.shares(blocks(page))
    assert [*map(loaded.vote, blocks(page))] == [*map(template.vote, blocks(page))]
    loaded.learn(story(1), "1")
    assert loaded.pages == template.pages


def test_its_version_names_what_was_learned(tmp_path: Path) -> None:
    pages = [story(n) for n in range(7)]
    template, same, other = learned(*pages[:6]), learned(*pages[:6]), learned(*pages[1:7])
    assert template.version == same.version
    assert template.version.startswith("learned:6:")
    assert len({template.version, other.version, learned(*pages).version}) == 3
    before = template.version
    template.learn(pages[0], "0")  # a page that it knows
    assert template.version == before
    capture = Capture(url="http://portal.example/9", body=b"", fetched_at=datetime.now(UTC), page=story(9))

    class Site:
        name, province, department, wrappers = "so", None, None, ()

    site = Site()
    site.template = template
    found = extract(capture, site)
    assert isinstance(found, Article) and found.extraction.template == before
    site.template = None
    site.wrappers = (Wrapper(article=".news", title="h1", body=".text"), Wrapper(article=".news", title="h2"))
    by_hand = extract(capture, site)
    assert isinstance(by_hand, Article) and by_hand.extraction.template == site.wrappers[0].version
    assert site.wrappers[0].version != site.wrappers[1].version


def test_other_formats_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text('{"format": 0}', "utf-8")
    with pytest.raises(ValueError, match="no template of format"):
        Template.load(path)


def test_memory_is_bounded(tmp_path: Path) -> None:
    template = learned(
        *(
            story(n, extra="".join(f"<p>Dòng {WORDS[n % 10]} {'x' * i} {'y' * n}</p>" for i in range(200)))
            for n in range(60)
        )
    )
    assert len(template._counts) <= MOST_BLOCKS + 300
    path = tmp_path / "big.json"
    template.save(path)
    assert path.stat().st_size < 1_000_000


def test_the_table_of_an_article_is_no_calendar() -> None:
    days = "".join(f"<tr>{''.join(f'<td>{week * 7 + day}</td>' for day in range(1, 8))}</tr>" for week in range(4))
    calendar = f"<table><tbody>{days}</tbody></table>"
    rows = "".join(f"<tr><td>{n}</td><td>Xã {WORDS[n]}</td><td>{n * 11}</td></tr>" for n in range(1, 9))
    ours = story(99, extra=f"<table><tbody>{rows}</tbody></table><p>{FORMULA}</p>")
    site = learned(*(story(n, extra=f"</div></div><div class='side'><div>{calendar}") for n in range(12)))

    kept = texts(ours, site)

    assert [f"Xã {WORDS[n]}" for n in range(1, 9)] == [text for text in kept if text.startswith("Xã")]
    assert "7" in kept


def dated(number: int, stamp: str) -> Page:
    page = story(number)
    heading = page.root.find(".//h1")
    line = heading.makeelement("div", {"class": "date"})
    line.text = stamp
    heading.addnext(line)
    return page


def published(page: Page, template: Template) -> str | None:
    class Site:
        name = "dated"
        province = department = None
        wrappers = ()

    Site.template = template
    capture = Capture(url=page.url, body=b"-", fetched_at=datetime(2024, 1, 1, tzinfo=UTC), page=page)
    found = extract(capture, Site)
    assert isinstance(found, Article)
    return found.published_at


def test_a_site_that_prints_the_month_first_is_read_so() -> None:
    american = learned(*(dated(n, f"{n % 12 + 1}/{13 + n}/2019 2:00 PM") for n in range(12)))
    assert published(dated(50, "4/5/2019 2:00 PM"), american) == "2019-04-05T14:00:00+07:00"
    others = learned(*(dated(n, f"{13 + n}/{n % 12 + 1}/2019 14:00") for n in range(12)))
    assert published(dated(50, "4/5/2019 14:00"), others) == "2019-05-04T14:00:00+07:00"


def test_the_order_of_dates_is_kept_from_run_to_run(tmp_path: Path) -> None:
    american = learned(*(dated(n, f"{n % 12 + 1}/{13 + n}/2019") for n in range(6)))
    american.save(tmp_path / "site.json")
    assert Template.load(tmp_path / "site.json").month_first
