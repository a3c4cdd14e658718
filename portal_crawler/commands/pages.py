"""Single pages for the commands that extract them: from files, from standard input, from the web."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess

from portal_crawler.commands.crawl import check_settings, introduce
from portal_crawler.crawling.canonical import canonical_url
from portal_crawler.crawling.rules import UrlRules
from portal_crawler.extraction.page import HEAD, PageError, is_html, parse_page
from portal_crawler.items import Capture, Rejected
from portal_crawler.platforms.detected import FAMILIES
from portal_crawler.platforms.fingerprint import fingerprint
from portal_crawler.platforms.portal import PortalSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from scrapy.settings import Settings

    from portal_crawler.extraction.page import Page
    from portal_crawler.extraction.template import Template
    from portal_crawler.extraction.wrapper import Wrapper

ENDINGS = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz", ".xhtml.gz")
GZIP = b"\x1f\x8b"
STEP = 1 << 16
# For commands of Scrapy's that ask for a single page: they neither go on with a portal's crawl nor leave files behind.
LEAVE_NOTHING: dict[str, Any] = {
    "PORTAL_STATE_DIR": "",
    "PORTAL_ARCHIVE": False,
    "PORTAL_REJECTS": "",
    "PORTAL_RUN_RECORD": "",
    "FEEDS": {},
    "EXTENSIONS": {},
}


@dataclass(slots=True)
class Site:
    """What extraction may know of the site that a single page comes from (``extraction.article.Portal``)."""

    name: str
    province: str | None = None
    department: str | None = None
    wrappers: tuple[Wrapper, ...] = ()
    template: Template | None = None


def is_address(text: str) -> bool:
    """Whether an argument is an address of the web, not a file."""
    return text[:8].lower().startswith(("http://", "https://"))


def html_files(folder: Path) -> list[Path]:
    """All HTML files under a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.name.lower().endswith(ENDINGS) and path.is_file())


def looks_like_page(path: Path) -> bool:
    """Whether a file is called an HTML file, or begins as one.

    Raises:
        OSError: if it cannot be read.
    """
    if path.name.lower().endswith(ENDINGS):
        return True
    with path.open("rb") as file:
        head = file.read(STEP)
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, STEP)
        except zlib.error:
            return False
    return b"<" in head[:HEAD] and is_html(None, head)


def read_file(path: Path, url: str | None, limit: int) -> Capture | Rejected:
    """The capture of a file.

    Args:
        path: An HTML file, gzip or not.
        url: The page's address; default: what the page itself says, else the file's.
        limit: Bytes that the page may have.

    Raises:
        OSError: if the file cannot be read.
    """
    time = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return capture_of(path.read_bytes(), url, path.resolve().as_uri(), time, limit)


def capture_of(body: bytes, url: str | None, place: str, time: datetime, limit: int) -> Capture | Rejected:
    """The capture of a body that no server has sent; ``place`` says where it comes from, as an address."""
    if body.startswith(GZIP):
        try:
            body = _inflated(body, limit + 1)
        except (OSError, EOFError, zlib.error) as error:
            return Rejected(url=url or place, reason="undecodable", detail=f"{place}: broken gzip data: {error}")
    if len(body) > limit:
        return Rejected(url=url or place, reason="too_large", detail=f"{place}: more than {limit:,} bytes")
    capture = Capture(url=url or place, body=body, fetched_at=time, source=place)
    if url is None and (own := _own_address(capture)):
        capture = Capture(url=own, body=body, fetched_at=time, source=place)
    return capture


def _inflated(body: bytes, most: int) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
        return file.read(most)


def _own_address(capture: Capture) -> str | None:
    """The address that a page states itself: its canonical link, or that for social networks."""
    try:
        page = parse_page(capture)
    except PageError:
        return None
    links = page.root.xpath("//link[@rel='canonical']/@href")
    stated = [*(links if isinstance(links, list) else []), page.meta.get("og:url", "")]
    for address in map(str, stated):
        if is_address(address.strip()) and urlsplit(address).hostname:
            return address.strip()
    return None


def knowledge_of(capture: Capture, spider: type[PortalSpider] | None, platform: str | None) -> type[PortalSpider]:
    """The spider class whose wrappers and address rules suit a page.

    Args:
        capture: The page.
        spider: The portal's own spider, if the user has named one.
        platform: A family's name; ``none``: no family; None: recognised from the page.
    """
    if platform is None and spider is not None and (spider.wrappers or spider.platform):
        return spider
    name = platform or _recognised(capture)
    return FAMILIES.get(name or "", spider or PortalSpider)


def _recognised(capture: Capture) -> str | None:
    try:
        page: Page = parse_page(capture)
    except PageError:
        return None
    return fingerprint(page)


def layout_of(capture: Capture, wrappers: tuple[Wrapper, ...]) -> str | None:
    """The layout that fits a page, by its wrapper's ``article`` selector; None if there is none.

    Raises:
        PageError: if the capture is no page.
    """
    root = parse_page(capture).root
    return next((wrapper.article for wrapper in wrappers if wrapper.find(root) is not None), None)


def identify(capture: Capture, known: type[PortalSpider]) -> None:
    """Set the canonical address and the article's identity, as a crawl of the portal would.

    The identity of an article that no rule knows rests on its canonical address.
    """
    capture.canonical_url = canonical_url(capture.url)
    if not is_address(capture.url):
        return
    rules = UrlRules(
        [capture.url],
        article_urls=known.article_urls,
        alternate_urls=known.alternate_urls,
        deny_urls=known.deny_urls,
    )
    capture.identity = rules.judge(capture.url).key


class Fetch(PortalSpider):
    """Asks for single pages and nothing else; robots.txt, certificates and limits as for any crawl."""

    name = "fetch"
    custom_settings = {  # noqa: RUF012 - Scrapy's class attribute
        "FEEDS": {},
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {},
        "SPIDER_MIDDLEWARES": {},
        "DOWNLOADER_MIDDLEWARES": {},
    }

    @property
    def keeps_state(self) -> bool:
        """Single pages are no crawl to go on with."""
        return False

    async def start(self) -> AsyncIterator[Any]:
        """The requests."""
        for url in self.start_urls:
            yield Request(url, callback=self.take, errback=self.failed, dont_filter=True)

    def take(self, response: Response) -> Iterator[Capture]:
        """The capture of a response."""
        yield self.receive(response)


def fetch(urls: list[str], settings: Settings) -> list[Capture | Rejected]:
    """Fetch pages through Scrapy; one capture or reject for each address, in the order of their coming.

    A process can do this once: Twisted's reactor cannot be started again.
    """
    check_settings(settings)
    introduce(settings, urls)
    found: list[Capture | Rejected] = []

    def keep(item: Capture | Rejected) -> None:
        found.append(item)

    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Fetch)
    crawler.signals.connect(keep, signals.item_scraped)
    process.crawl(crawler, url=" ".join(urls))
    process.start()
    return found
