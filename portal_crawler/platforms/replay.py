"""Replay: a crawl whose pages come out of WARC files, under the same rules as a live one, without any request."""

from __future__ import annotations

import asyncio
import logging
import pickle
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scrapy.http import Response

from portal_crawler.archive.warc import numbered_captures, read_captures
from portal_crawler.crawling.apologies import is_probe
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.learning import teach
from portal_crawler.crawling.parts import MOST_PARTS, goes_on, inside, next_part, numbered
from portal_crawler.crawling.rules import plain_address
from portal_crawler.crawling.sitemaps import SitemapError, read_sitemap
from portal_crawler.extraction.page import PageError, is_html, parse_page
from portal_crawler.items import BROKEN_RECORD, RENDERED, Capture
from portal_crawler.platforms.sources import feed_entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.items import Rejected
    from portal_crawler.platforms.portal import PortalSpider

logger = logging.getLogger(__name__)

OK = range(200, 300)
# How sitemaps (packed ones too) and feeds begin, and within how many bytes.
LISTED = re.compile(rb"(?P<feed><(?:rss|feed|rdf:RDF)\b)|<(?:urlset|sitemapindex)\b|\A\x1f\x8b")
HEAD = 2000
# How many pages a spider that does not know its platform is shown before the first pass.
SHOWN = 5
# Records that are read without looking after anything else.
AT_ONCE = 16
REDIRECTS = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class Variant:
    """One record of an article.

    Attributes:
        record: Number of the record in the files.
        url: Its address.
        status: HTTP status.
        full: Whether it is a page with something on it.
        evidence: How much the page itself looks like an article.
        by_rule: Whether an address rule says so.
        rendered: Whether it is what scripts have made of the page.
    """

    record: int
    url: str
    status: int
    full: bool
    evidence: int = 0
    by_rule: bool = False
    rendered: bool = False


class FirstPass:
    """Reads the files once and learns what a live crawl would have learned: template, link contexts, all addresses.

    Attributes:
        variants: The records of each article, or of each page on sites without article rules, by identity.
        counts: What the files hold, for the stats.
        broken: What cannot be read of them: where, and why.
        done: Whether they have been read.
    """

    def __init__(self, spider: PortalSpider) -> None:
        self.spider = spider
        self.variants: dict[str, list[Variant]] = {}
        self.counts: Counter[str] = Counter()
        self.broken: list[tuple[str, str]] = []
        # Pages that may carry on an article: the address without its number -> numbers and records.
        self.numbered: dict[str, dict[int, int]] = {}
        self.done = False
        self._learned: set[str] = set()
        self._met: set[str] = set()

    def recognise(self) -> None:
        """Show the spider the first pages of its portal, as a live crawl's seed would be."""
        shown = 0
        for capture in read_captures(self.spider.warc, lambda *_: None):
            html = _is_html(capture) and not self._is_shell(capture)
            if capture.status in OK and html and self.spider.rules.in_scope(capture.url):
                try:
                    self.spider.recognise(parse_page(capture))
                except PageError:
                    continue
                shown += 1
                if self.spider.article_urls or shown == SHOWN:
                    return

    def read(self) -> Iterator[None]:
        """Read everything; yields now and then, so that the event loop lives."""
        self.recognise()
        for number, read in numbered_captures(self.spider.warc, lambda *problem: self.broken.append(problem)):
            capture = self.spider.translated(read)
            if not (capture.status in OK and self.spider.rules.in_scope(capture.url) and self._note_listed(capture)):
                self._note(number, capture)
            if number % AT_ONCE == 0:
                yield
        self.done = True

    def _note(self, number: int, capture: Capture) -> None:
        rules = self.spider.rules
        self.counts["records"] += 1
        if not rules.in_scope(capture.url):
            self.counts["other_hosts"] += 1
            return
        link = rules.judge(capture.url)
        if capture.status in REDIRECTS:
            self.counts["redirects"] += 1
            self._note_redirect(capture, link)
            return
        if link.kind in ("denied", "file") or is_probe(capture.url):
            self.counts["probes" if is_probe(capture.url) else link.kind] += 1
            return
        if self._is_shell(capture):
            self.counts["shells"] += 1
            return
        if capture.status in OK:
            self._note_numbers(number, capture.url)
        if link.kind != "article" and not _is_html(capture):
            self.counts["not_html"] += 1
            return
        if capture.status not in OK and link.kind != "article":
            self.counts["http_error"] += 1
            return
        self._note_page(number, capture, link)

    def _note_numbers(self, number: int, url: str) -> None:
        """Note a page by all addresses whose article it may carry on."""
        part = numbered(url)
        for base, place in inside(url) if part is None else (part, *inside(url)):
            self.numbered.setdefault(base, {}).setdefault(place, number)

    def _is_shell(self, capture: Capture) -> bool:
        """Whether a page is only what scripts make a page of, which is another record."""
        shell = self.spider.browser and capture.status in OK and RENDERED not in capture.flags
        return shell and _is_html(capture)

    def _note_listed(self, capture: Capture) -> bool:
        """Note what a sitemap or a feed says of articles; False if the capture is neither."""
        if _is_html(capture) or (kind := LISTED.search(capture.body, 0, HEAD)) is None:
            return False
        try:
            if kind["feed"]:
                entries = feed_entries(capture.url, capture.body)
            else:
                is_index, addresses = read_sitemap(Response(capture.url, body=capture.body))
                entries = [] if is_index else [(address, None, None) for address in addresses]
        except SitemapError as error:
            logger.debug("%s", error)  # something else that is packed, most often
            return False
        way = "feed" if kind["feed"] else "sitemap"
        self.counts["records"] += 1
        self.counts[f"{way}s"] += 1
        for address, title, date in entries:
            self.spider.note_listed(address, way, capture.url, title, date)
        return True

    def _note_page(self, number: int, capture: Capture, link: Judgement) -> None:
        spider = self.spider
        full, evidence = False, 0
        if capture.status in OK:
            # A print view or another copy of an article already read has nothing new to teach; a list that turns by
            # postback shows other articles at the same address.
            article = link.alternate or (bool(spider.article_urls) and link.kind == "article")
            again = article and link.key in self._learned
            if again and capture.body.strip():
                full = True
            else:
                full, evidence = self._learn(capture, link)
        if link.kind == "article" or not spider.declared:
            spider.sightings.see(link)
            # A crawl that tried again has the whole page, too.
            full &= "truncated" not in capture.flags and BROKEN_RECORD not in capture.flags
            by_rule, rendered = link.kind == "article", RENDERED in capture.flags
            variant = Variant(number, capture.url, capture.status, full, evidence, by_rule, rendered)
            self.variants.setdefault(link.key, []).append(variant)
        else:
            self.counts["no_article_pages"] += 1

    def _learn(self, capture: Capture, link: Judgement) -> tuple[bool, int]:
        spider = self.spider
        routine = link.kind == "article" and spider.is_well_known() and capture.body.strip()
        if routine and spider.shows_nothing_new(capture, link, lambda other: other.key in self._met):
            self._learned.add(link.key)
            return True, 0
        try:
            page = parse_page(capture)
        except PageError as error:
            self.counts[error.reason] += 1
            return False, 0
        self._learned.add(link.key)
        by_rule = spider.declared or link.kind == "article"
        evidence = 0 if by_rule else spider.evidence_of(page, link)
        is_one = link.kind == "article" if by_rule else spider.looks_like_article(link.url, evidence)
        if spider.template is not None:
            teach(spider.template, page, link.key, spider.wrappers, article=is_one)
        self._met.update(other.key for other, _ in spider.read_links(page, link, article=is_one))
        return True, evidence

    def _note_redirect(self, capture: Capture, link: Judgement) -> None:
        target = self.spider.rules.link(capture.url, capture.headers.get("location", ""))
        if target is not None and link.key in self.spider.rules.seed_keys:
            self.spider.rules.add_seed(target.url)
        elif target is not None and target.kind == "article" and link.kind not in ("file", "denied"):
            self.spider.sightings.see(replace(link, key=target.key))

    def _is_article(self, variants: list[Variant]) -> bool:
        evidence = max(variant.evidence for variant in variants)
        return not self.spider.declared and self.spider.looks_like_article(variants[0].url, evidence)

    def choose(self) -> dict[int, str]:
        """The record to take for each article: the plainest address first among those that have a page."""
        chosen: dict[int, str] = {}
        for key, variants in self.variants.items():
            if not variants[0].by_rule and not self._is_article(variants):
                self.counts["no_article_pages"] += 1
                continue
            best = variants[0] if len(variants) == 1 else self._best(variants)
            chosen[best.record] = key
        return chosen

    def _best(self, variants: list[Variant]) -> Variant:
        order = plain_address([variant.url for variant in variants], self.spider.rules)
        return min(
            variants,
            key=lambda variant: (not variant.full, not variant.rendered, order.index(variant.url), variant.record),
        )


def _is_html(capture: Capture) -> bool:
    return is_html(capture.headers.get("content-type"), capture.body)


class Parts:
    """Joins the pages of articles that stand on several, wherever in the files they are.

    Only the pages that may carry on a chosen article are kept, and those articles wait for the end of the files.
    """

    def __init__(self, spider: PortalSpider, first: FirstPass, chosen: dict[int, str]) -> None:
        self.spider = spider
        urls = {variant.record: variant.url for kind in first.variants.values() for variant in kind}
        bases = {record: page_key(urls[record]).rstrip("/") for record in chosen} if first.numbered else {}
        self.numbers = {record: first.numbered[base] for record, base in bases.items() if base in first.numbered}
        self.wanted = {record for numbers in self.numbers.values() for record in numbers.values()}
        self.kept: dict[int, Capture] = {}
        self.waiting: list[tuple[dict[int, int], Capture]] = []
        self.record = -1

    def keep(self, record: int, capture: Capture) -> None:
        """Note a record if it may carry on an article."""
        self.record = record
        if record in self.wanted:
            self.kept[record] = replace(capture, page=None)

    def join(self, item: Capture | Rejected) -> Iterator[Capture | Rejected]:
        """Pass an article on, or let it wait for its further pages."""
        numbers = self.numbers.get(self.record)
        if numbers is None or not isinstance(item, Capture):
            yield item
        else:
            item.page = None
            self.waiting.append((numbers, item))

    def rest(self) -> Iterator[Capture]:
        """The articles that waited, with those pages that their own links lead to."""
        for numbers, whole in self.waiting:
            last = whole
            for number in range(1, MOST_PARTS):
                try:
                    url = next_part(parse_page(last), whole.url, number)
                except PageError:
                    break
                part = self.kept.get(numbers.get(number + 1, -1))
                if url is not None and part is None and whole.parts:
                    # An article that is known to go on: a first link to a page 2 may be another list's.
                    self.spider.count("missing/part")
                    whole.flags.append("missing_part")
                if url is None or part is None or not goes_on(whole, part):
                    break
                whole.parts.append(last := part)
                self.spider.count("articles/parts")
            yield whole


async def replay(spider: PortalSpider) -> AsyncIterator[Capture | Rejected]:
    """The captures of one article each, out of the spider's WARC files.

    Two passes: the first learns, the second yields. The files are read as streams; what stays in memory is a line for
    each article. Several processes may share the second pass (``share``): the first is made by one of them and kept
    (``learned``) for the others.
    """
    first = _taken_up(spider) or FirstPass(spider)
    if not first.done:
        for _ in first.read():
            await asyncio.sleep(0)
        _keep(spider, first)
    chosen = first.choose()
    if spider.share[0] <= 1:  # the first pass is told of once
        for where, why in first.broken:
            yield spider.reject(where, "unreadable", f"{where}: {why}")
        for key, number in sorted(first.counts.items()):
            spider.count(f"replay/{key}", number)
        logger.info("%s: %s; %d chosen", ", ".join(spider.warc), dict(sorted(first.counts.items())), len(chosen))
    mine = _share(sorted(chosen), *spider.share)
    parts = Parts(spider, first, {record: chosen[record] for record in mine})
    for number, capture in _wanted(spider, mine | parts.wanted):
        parts.keep(number, capture)
        if number in mine:
            for item in parts.join(_finish(spider, capture, chosen[number])):
                yield item
            await asyncio.sleep(0)
    for capture in parts.rest():
        yield capture


def _share(records: list[int], place: int, count: int) -> set[int]:
    """The records of one part of so many; of part 0, none."""
    begin = len(records) * max(place - 1, 0) // count
    return set(records[begin : len(records) * place // count])


def _wanted(spider: PortalSpider, wanted: set[int]) -> Iterator[tuple[int, Capture]]:
    """The captures of these numbers."""
    left = len(wanted)
    for number, capture in numbered_captures(spider.warc, lambda *_: None, wanted) if left else ():
        if number in wanted:
            yield number, spider.translated(capture)
            left -= 1
        if not left:
            return


def _keep(spider: PortalSpider, first: FirstPass) -> None:
    """Keep what the first pass has learned for the processes that share the second."""
    if spider.learned is None:
        return
    kept = {name: value for name, value in vars(first).items() if name != "spider"}
    part = spider.learned.with_name(f"{spider.learned.name}.part")
    part.write_bytes(pickle.dumps((spider.knowledge(), spider.sightings.copy(), kept), protocol=5))
    part.replace(spider.learned)


def _taken_up(spider: PortalSpider) -> FirstPass | None:
    """What another process has learned in the first pass; None if none has."""
    if spider.learned is None or not spider.learned.is_file():
        return None
    knowledge, seen, kept = pickle.loads(spider.learned.read_bytes())  # noqa: S301 - our own file, as a crawl's state is
    template = spider.template
    spider.recall(knowledge)
    spider.sightings.take_up(seen)
    if template is not None and spider.template is not None:
        vars(template).update(vars(spider.template))  # the middleware that keeps it knows this one
        spider.template = template
    first = FirstPass(spider)
    vars(first).update(kept)
    return first


def _finish(spider: PortalSpider, capture: Capture, key: str) -> Any:
    if capture.status not in OK:
        spider.count("failed/article")
        return spider.reject(capture.url, "http_error", f"{capture.url}: HTTP {capture.status}", capture.status)
    sighting = spider.sightings.get(key)
    addresses = sighting.addresses if sighting else [capture.url]
    best = capture.url
    if spider.rules.judge(best).alternate:
        best = plain_address([*addresses, best], spider.rules)[0]
    capture.canonical_url = spider.canonical_of(capture, key, best)
    spider.sightings.complete(key, capture)
    capture.found_in = spider.ways.of(key)
    spider.count("articles/captured")
    return capture
