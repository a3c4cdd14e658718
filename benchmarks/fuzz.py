"""Fuzz the doors through which foreign bytes come in: no input may end in anything but a result or a stated refusal.

    python benchmarks/fuzz.py --minutes 60 [--corpus FOLDER] [--target page|dates|addresses|sitemap|warc]

Coverage-guided by atheris (libFuzzer; the extra ``fuzz``). The corpus begins with pages of the sample province; what
reaches new code is added to the folder. A crash stops the run, prints the error and leaves the input as ``crash-…`` in
the folder. Not a test: a run takes as long as it is given. What it found stands in the tests as cases of their own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import atheris
from scrapy.http import XmlResponse

with atheris.instrument_imports(include=["portal_crawler", "warcio", "scrapy.utils.sitemap", "scrapy.utils.gz"]):
    from portal_crawler.archive.warc import read_captures
    from portal_crawler.crawling.canonical import canonical_url
    from portal_crawler.crawling.listing import anchors
    from portal_crawler.crawling.patterns import page_evidence
    from portal_crawler.crawling.rules import UrlRules
    from portal_crawler.crawling.sitemaps import SitemapError, read_sitemap
    from portal_crawler.extraction.article import extract
    from portal_crawler.extraction.dates import find_dates, parse_date, parse_iso
    from portal_crawler.extraction.legal import document_type, find_numbers
    from portal_crawler.extraction.page import PageError, parse_page
    from portal_crawler.extraction.template import Template
    from portal_crawler.extraction.wrapper import Wrapper
    from portal_crawler.items import Article, Capture, Rejected
    from portal_crawler.sample.province import SampleProvince

NOW = datetime(2024, 1, 1, tzinfo=UTC)
TYPES = (None, "text/html", "text/html; charset=utf-8", "text/html; charset=windows-1258", "application/xhtml+xml")


@dataclass
class Site:
    name = "fuzz"
    province: str | None = None
    department: str | None = None
    wrappers: tuple[Wrapper, ...] = ()
    template: Template | None = None


TEMPLATE = Template()


def page(data: bytes) -> None:
    """A body: alone, as a page that a template learns, and with the template."""
    kind = TYPES[data[0] % len(TYPES)] if data else None
    headers = {"content-type": kind} if kind else {}
    capture = Capture(url="http://portal.example/a/1.html", body=data[1:], fetched_at=NOW, headers=headers)
    for template in (None, TEMPLATE):
        found = extract(capture, Site(template=template))
        assert isinstance(found, Article | Rejected)
    try:
        parsed = parse_page(capture)
    except PageError:
        return
    list(anchors(parsed))
    page_evidence(parsed)
    TEMPLATE.learn(parsed, str(hash(data)))


def dates(data: bytes) -> None:
    """A line of text."""
    text = data.decode("utf-8", "replace")
    for found in find_dates(text):
        assert found.raw in text
    parse_date(text)
    parse_iso(text)
    find_numbers(text)
    document_type(text)


RULES = UrlRules(["http://portal.example/"], article_urls=(r"/tin/(?P<id>\d+)",))


def addresses(data: bytes) -> None:
    """The value of an ``href``."""
    link = RULES.link("http://portal.example/a/b.html", data.decode("utf-8", "replace"))
    if link is not None:
        assert canonical_url(canonical_url(link.url)) == canonical_url(link.url)


def sitemap(data: bytes) -> None:
    """The body of a sitemap."""
    try:
        read_sitemap(XmlResponse("http://portal.example/sitemap.xml", body=data))
    except SitemapError:
        return


WARC = Path(tempfile.gettempdir()) / f"fuzz-{os.getpid()}.warc"


def warc(data: bytes) -> None:
    """A WARC file: captures or complaints, whatever stands in it."""
    WARC.write_bytes(data)
    complaints: list[tuple[str, str]] = []
    for capture in read_captures(WARC, lambda where, why: complaints.append((where, why))):
        assert capture.url.startswith("http")
    WARC.unlink()


TARGETS = {"page": page, "dates": dates, "addresses": addresses, "sitemap": sitemap, "warc": warc}


def seed_pages(folder: Path) -> None:
    """Pages of the sample province, an article and the home page of each portal."""
    with SampleProvince() as province:
        for name, truth in province.truth().items():
            for number, article in enumerate(truth.articles[:3]):
                with urlopen(article.url) as answer:
                    (folder / f"{name}-{number}").write_bytes(b"\x02" + answer.read())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--target", choices=list(TARGETS), default="page")
    options = parser.parse_args()
    folder = options.corpus or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    if options.target == "page":
        seed_pages(folder)
    flags = [
        f"-max_total_time={int(options.minutes * 60)}",
        f"-artifact_prefix={folder}/",
        "-timeout=20",
        "-max_len=40000",
    ]
    atheris.Setup([sys.argv[0], *flags, "-print_final_stats=1", str(folder)], TARGETS[options.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
