"""Rules that every site file keeps."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.nukeviet import NukeVietSpider
from portal_crawler.platforms.portal import PortalSpider

LOADER = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["portal_crawler.spiders"]}))
PORTALS = sorted(name for name in LOADER.list() if name != "unseen" and not name.startswith("sample_"))


def name_of(url: str) -> str:
    """Host reversed without .gov.vn and www: sldtbxh.quangtri.gov.vn is quangtri_sldtbxh; a path names a department."""
    parts = urlsplit(url)
    labels = re.sub(r"(?:\.gov)?\.vn$", "", (parts.hostname or "").removeprefix("www.")).split(".")
    segments = [segment for segment in parts.path.split("/") if segment]
    below = segments[-1:] if len(segments) > 1 else []
    return "_".join(label.replace("-", "") for label in [*reversed(labels), *below])


@pytest.mark.parametrize("name", PORTALS)
def test_name_file_and_class_follow_the_host(name: str) -> None:
    spider = LOADER.load(name)
    assert spider.__module__ == f"portal_crawler.spiders.{name}"
    assert spider.__name__ == "".join(part.capitalize() for part in name.split("_"))
    assert {name_of(url) for url in spider.start_urls} == {name}


@pytest.mark.parametrize("name", PORTALS)
def test_a_site_is_declared_not_programmed(name: str) -> None:
    spider = LOADER.load(name)
    assert issubclass(spider, PortalSpider)
    assert not [value for value in vars(spider).values() if callable(value)], "a method belongs into the platform"
    assert re.match(r"[a-z]+(?:-[a-z]+)+$", spider.province or "")
    assert spider.department
    assert re.search(r"[ăâđêôơưáàảãạíìỉĩịóòỏõọéèẻẽẹúùủũụộốồổỗừứửữựởờớợấầẩẫậếềểễệ]", spider.__doc__ or "", re.IGNORECASE)


def test_what_nobody_has_recorded_is_unverified() -> None:
    verified = {name for name in PORTALS if LOADER.load(name).verified}
    recorded = {path.name.split(".")[0] for path in (Path(__file__).parent / "sites").glob("*.json")}
    assert verified <= recorded | {"hanoi_sotttt"}


def test_there_are_portals_of_several_families_and_provinces() -> None:
    spiders = [LOADER.load(name) for name in PORTALS]
    assert len(spiders) >= 12
    assert len({spider.platform for spider in spiders}) >= 6
    assert len({spider.province for spider in spiders}) >= 8


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"start_urls": ["stp.vidu.gov.vn"]}, "no address"),
        ({"start_urls": ["http://[::1/"]}, "no address"),
        ({"start_urls": "https://stp.vidu.gov.vn/"}, "comma"),
        ({"article_urls": r"^/bai-(?P<id>\d+)$"}, "comma"),
        ({"deny_urls": (r"^/x(",)}, "no regular expression"),
        ({"wrappers": Wrapper(article="#a")}, "comma"),
        ({"wrappers": ("#a",)}, "no Wrapper"),
        ({"min_articles": "400"}, "no int"),
        ({"min_article": 400}, "did you mean min_articles"),
    ],
)
def test_what_would_be_misread_in_silence_is_refused_when_the_class_is_made(
    declared: dict[str, object], told: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        type("ViduStp", (NukeVietSpider,), {"name": "vidu_stp", **declared})
