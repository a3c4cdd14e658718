"""Templates are learned while a portal is crawled, and captures wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawl import crawl
from portal_server import PortalServer
from test_spiders import portal

from portal_crawler.crawling.learning import KNOWN_WELL, teach
from portal_crawler.extraction.page import parse_html
from portal_crawler.extraction.template import Template
from portal_crawler.extraction.wrapper import Wrapper

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_held_is_released_when_the_crawl_has_run_dry() -> None:
    with PortalServer(portal()) as server:  # type: ignore[arg-type]
        done = crawl("unseen", url=f"{server.url}/", platform="none")
    assert done.stats["template/held"] > 0
    assert len(done.captures) == done.stats["articles/captured"] == 9


def test_no_more_is_held_than_the_setting_allows() -> None:
    with PortalServer(portal()) as server:  # type: ignore[arg-type]
        done = crawl(
            "unseen", {"PORTAL_HOLD_PAGES": 2, "CLOSESPIDER_ITEMCOUNT": 1}, url=f"{server.url}/", platform="none"
        )
    assert done.stats["finish_reason"] == "closespider_itemcount"
    stopped = [reject for reject in done.rejected if reject["reason"] == "stopped"]
    assert len(stopped) <= 2
    assert len(done.captures) + len(stopped) == done.stats["articles/captured"]


def test_what_is_held_when_a_crawl_is_stopped_becomes_rejects() -> None:
    with PortalServer(portal()) as server:  # type: ignore[arg-type]
        done = crawl(
            "unseen",
            {"CLOSESPIDER_PAGECOUNT": 5, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0.01},
            url=f"{server.url}/",
            platform="none",
        )
    stopped = [reject for reject in done.rejected if reject["reason"] == "stopped"]
    assert stopped
    assert len(done.captures) + len(stopped) == done.stats["articles/captured"]
    assert all(reject["url"].startswith(server.url) and reject["portal"] == "unseen" for reject in stopped)


def test_a_template_is_kept_between_runs(tmp_path: Path) -> None:
    settings = {"PORTAL_STATE_DIR": str(tmp_path)}
    with PortalServer(portal()) as server:  # type: ignore[arg-type]
        crawl("unseen", settings, url=f"{server.url}/")
        (kept,) = (tmp_path / "templates").glob("unseen_127.0.0.1_*.json")
        again = crawl("unseen", settings, url=f"{server.url}/")
        assert "cannot be read" not in again.log
        kept.write_text("{ damaged", encoding="utf-8")
        third = crawl("unseen", settings, url=f"{server.url}/")
    assert "is learned anew" in third.log
    assert len(again.captures) == len(third.captures) == 9


def test_pages_that_strangers_have_planted_teach_nothing() -> None:
    template = Template()
    own = "<p>Sở Nội vụ tổ chức hội nghị tổng kết công tác năm, bàn nhiệm vụ trọng tâm của năm tới.</p>"
    link = '<a href="https://kubet88.example/">Tài xỉu online nhà cái uy tín số 1</a>'
    advertised = "<p>Nhà cái uy tín số 1: tài xỉu online, nổ hũ, đăng ký nhận tặng 100k, link vào kubet88.</p>" * 3
    for title, body, pages in (("Hội nghị", own + link, 1), ("Nhà cái nổ hũ kubet88", advertised, 1)):
        teach(
            template,
            parse_html(f"https://a.gov.vn/{len(body)}", f"<title>{title}</title>{body}".encode()),
            title,
            (),
            article=True,
        )
        assert template.pages == pages


def test_a_template_that_knows_its_site_well_is_shown_what_no_wrapper_reads() -> None:
    template, wrappers = Template(), (Wrapper(article="#tin"),)
    pages = {
        name: parse_html("https://a.gov.vn/", f"<title>{name}</title>{body}".encode())
        for name, body in (
            ("list", "<ul><li>Tin</li></ul>"),
            ("read", "<div id=tin>Tin</div>"),
            ("other", "<p>Tin</p>"),
        )
    }
    template.pages = KNOWN_WELL - 1
    teach(template, pages["list"], "list", wrappers, article=False)
    assert template.pages == KNOWN_WELL
    teach(template, pages["list"], "list 2", wrappers, article=False)
    teach(template, pages["read"], "read", wrappers, article=True)
    assert template.pages == KNOWN_WELL
    teach(template, pages["other"], "other", wrappers, article=True)
    teach(template, pages["list"], "list 3", (), article=False)
    assert template.pages == KNOWN_WELL + 2
