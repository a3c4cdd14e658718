"""Replay: a crawl whose pages come out of WARC files, under the same rules as a live one, without any request."""

from __future__ import annotations

import asyncio
import logging
import pickle
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scrapy.http import Response

from portal_crawler.archive.warc import numbered_captures, read_captures
from portal_crawler.crawling.apologies import is_probe
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.history import GONE
from portal_crawler.crawling.learning import teach
from portal_crawler.crawling.parts import MOST_PARTS, goes_on, inside, next_part, numbered
from portal_crawler.crawling.rules import plain_address
from portal_crawler.crawling.sitemaps import SitemapError, read_sitemap
from portal_crawler.extraction.page import PageError, is_html, parse_page
from portal_crawler.items import BROKEN_RECORD, RENDERED, Capture, article_id
from portal_crawler.platforms.mementos import Mementos, Outages, in_time, keep_history, settled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from portal_crawler.crawling.feeds import Entry
    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.items import Gone, Rejected
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
# Seconds between the captures of two addresses of an article from which on one has come in the other's place: a crawl
# that takes both does so sooner, most often, and no portal is crawled more often than once a day.
MOVED = 12 * 3600


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
        time: When it was captured, in seconds since 1970.
        body: Hash of its body, of this process: copies of a file hold the same records.
    """

    record: int
    url: str
    status: int
    full: bool
    time: float
    body: int
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
        # Pages that may carry on an article: the address without its number -> numbers -> times and records.
        self.numbered: dict[str, dict[int, list[tuple[float, int]]]] = {}
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
            self._note_numbers(number, capture)
        if link.kind != "article" and not _is_html(capture):
            self.counts["not_html"] += 1
            return
        if capture.status not in OK and link.kind != "article":
            self.counts["http_error"] += 1
            return
        self._note_page(number, capture, link)

    def _note_numbers(self, number: int, capture: Capture) -> None:
        """Note a page by all addresses whose article it may carry on."""
        part, within = numbered(capture.url), inside(capture.url)
        for base, place in within if part is None else (part, *within):
            captures = self.numbered.setdefault(base, {}).setdefault(place, [])
            captures.append((capture.fetched_at.timestamp(), number))

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
                entries: list[Entry] = self.spider.read_feed(capture.url, capture.body)
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
            time = capture.fetched_at.timestamp()
            told = (capture.url, capture.status, full, time, hash(capture.body))
            variant = Variant(number, *told, evidence, by_rule, rendered)
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
        if variants[0].by_rule:
            return True
        evidence = max(variant.evidence for variant in variants)
        return not self.spider.declared and self.spider.looks_like_article(variants[0].url, evidence)

    def choose(self) -> dict[str, list[int]]:
        """The records to take for each article, in the order of their times.

        They are of one address at a time, the plainest of those that have a page, once for each time at which it was
        captured; behind them, if the portal had it no longer in the end, the first answer that says so.
        """
        articles = {key: variants for key, variants in self.variants.items() if self._is_article(variants)}
        if others := len(self.variants) - len(articles):
            self.counts["no_article_pages"] += others
        self._join_reworded(articles)
        outages = self.outages(articles)
        return {
            key: [one.record for one in (self._mementos(variants, outages) if len(variants) > 1 else variants)]
            for key, variants in articles.items()
        }

    def _join_reworded(self, articles: dict[str, list[Variant]]) -> None:
        """Take for one what has the same number and came under another headline, once the captures of the first ended.

        Several modules of a portal count from 1: what is captured in the same years is several articles.
        """
        namesakes: defaultdict[str, list[str]] = defaultdict(list)
        for key, variants in articles.items():
            if (name := self.spider.rules.unworded(variants[0].url)) is not None:
                namesakes[name].append(key)
        for keys in namesakes.values():
            spans = {key: [one.time for one in articles[key]] for key in keys}
            first, *later = sorted(keys, key=lambda key: min(spans[key]))
            for key in later:
                if min(spans[key]) <= max(spans[first]) + MOVED:
                    first = key
                    continue
                spans[first] += spans[key]
                articles[first] += articles.pop(key)

    def outages(self, keys: Iterable[str]) -> Outages:
        """When the portal was without most of some articles; what its other pages answered says nothing of that."""
        several = (variants for key in keys if len(variants := self.variants[key]) > 1)
        return Outages([(one.time, one.full) for one in each if one.full or one.status in GONE] for each in several)

    def _mementos(self, variants: list[Variant], outages: Outages) -> list[Variant]:
        best = self._best(variants)
        if not best.full:
            return [best]
        pages = self._pages(variants, best)
        own, last = page_key(pages[-1].url), _when(pages[-1])
        gone = [one for one in variants if one.status in GONE and _when(one) > last and page_key(one.url) == own]
        gone.sort(key=_when)
        # Of an outage nobody knows whether the article had gone before; if it alone says so, it is judged in the end.
        return pages + ([one for one in gone if not outages.cover(one.time)] or gone)[:1]

    def _pages(self, variants: list[Variant], best: Variant) -> list[Variant]:
        """The pages of the plainest address, and of those that stood in its place before and after, by their times.

        Many programs give an article another address with another title. Print views are never meant, and neither are
        other addresses at which it stood at the same time.
        """
        own = page_key(best.url)
        series: defaultdict[str, dict[tuple[float, int], Variant]] = defaultdict(dict)
        for one in variants:
            if one.full and one.rendered == best.rendered:
                key = page_key(one.url)
                if key == own or not self.spider.rules.judge(one.url).alternate:
                    series[key].setdefault((one.time, one.body), one)
        times = {key: [time for time, _ in pages] for key, pages in series.items()}
        spans = {key: (min(each), max(each)) for key, each in times.items()}
        first, last = spans[own]
        taken = [own]
        for key in sorted(spans, key=lambda key: spans[key]):
            if spans[key][0] > last + MOVED:
                taken.append(key)
                last = spans[key][1]
        for key in sorted(spans, key=lambda key: spans[key][::-1], reverse=True):
            if spans[key][1] < first - MOVED:
                taken.append(key)
                first = spans[key][0]
        return sorted((page for key in taken for page in series[key].values()), key=_when)

    def _best(self, variants: list[Variant]) -> Variant:
        order = plain_address([variant.url for variant in variants], self.spider.rules)
        return min(
            variants,
            key=lambda variant: (not variant.full, not variant.rendered, order.index(variant.url), variant.record),
        )


def _when(variant: Variant) -> tuple[float, int]:
    """Times are of a second: of two captures within one that which was written later is the later."""
    return variant.time, variant.record


def _is_html(capture: Capture) -> bool:
    return is_html(capture.headers.get("content-type"), capture.body)


class Parts:
    """Joins the pages of articles that stand on several, wherever in the files they are.

    Only the pages that may carry on a chosen article are kept, and those articles wait for the end of the files.
    """

    def __init__(self, spider: PortalSpider, first: FirstPass, chosen: dict[int, str]) -> None:
        self.spider = spider
        found = {variant.record: variant for kind in first.variants.values() for variant in kind}
        bases = {record: page_key(found[record].url).rstrip("/") for record in chosen} if first.numbered else {}
        self.numbers = {
            record: {number: _nearest(found[record].time, each) for number, each in first.numbered[base].items()}
            for record, base in bases.items()
            if base in first.numbered and found[record].status in OK
        }
        self.wanted = {record for numbers in self.numbers.values() for record in numbers.values()}
        self.chosen, self.late = chosen, set[str]()
        self.kept: dict[int, Capture] = {}
        self.waiting: list[tuple[int, Capture]] = []

    def keep(self, record: int, capture: Capture) -> None:
        """Keep a record if it may carry on an article."""
        if record in self.wanted:
            self.kept[record] = replace(capture, page=None)

    def wait(self, record: int, capture: Capture) -> bool:
        """Whether an article waits for further pages, and whatever came of its address later with it."""
        waits = record in self.numbers or self.chosen[record] in self.late
        if waits:
            self.late.add(self.chosen[record])
            capture.page = None
            self.waiting.append((record, capture))
        return waits

    def rest(self) -> Iterator[tuple[int, Capture]]:
        """The articles that waited, with their records, and with those pages that their own links lead to."""
        for record, whole in self.waiting:
            self._join(whole, self.numbers.get(record, {}))
            yield record, whole

    def _join(self, whole: Capture, numbers: dict[int, int]) -> None:
        last = whole
        for number in range(1, MOST_PARTS if numbers else 1):
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


def _nearest(time: float, captures: list[tuple[float, int]]) -> int:
    """The record of that capture which was made closest to a time; of several, the first."""
    return min(captures, key=lambda one: (abs(one[0] - time), one[1]))[1]


async def replay(spider: PortalSpider) -> AsyncIterator[Capture | Rejected | Gone]:
    """The captures of one article each, out of the spider's WARC files; all of one that was captured several times.

    Two passes: the first learns, the second yields. The files are read as streams; what stays in memory is a line for
    each article. Several processes may share the second pass (``share``): the first is made by one of them and kept
    (``learned``) for the others.
    """
    spider.warc = in_time(spider.warc)
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
    mine = _share(sorted(chosen, key=lambda key: chosen[key][0]), *spider.share)
    mementos = Mementos({key: chosen[key] for key in mine})
    state = keep_history(spider) if mementos.later else None
    async for item in _second_pass(spider, first, mementos):
        yield item
    if state is not None:
        await settled(spider)
        for lost in spider.judge_lost(first.outages(mine).back):
            yield lost
        spider.count("history/articles", state.count())


async def _second_pass(spider: PortalSpider, first: FirstPass, mementos: Mementos) -> AsyncIterator[Capture | Rejected]:
    keys = mementos.keys
    parts = Parts(spider, first, keys)
    for number, read in _wanted(spider, parts.wanted.union(keys)):
        parts.keep(number, read)
        for record, capture in mementos.in_turn(number, read) if number in keys else ():
            if not parts.wait(record, capture):
                if record in mementos.later:
                    await settled(spider)
                for item in _finish(spider, mementos, record, capture):
                    yield item
        await asyncio.sleep(0)
    for record, capture in parts.rest():
        if record in mementos.later:
            await settled(spider)
        for item in _finish(spider, mementos, record, capture):
            yield item


def _share(keys: list[str], place: int, count: int) -> list[str]:
    """The articles of one part of so many; of part 0, none."""
    begin = len(keys) * max(place - 1, 0) // count
    return keys[begin : len(keys) * place // count]


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


def _finish(spider: PortalSpider, mementos: Mementos, record: int, capture: Capture) -> Iterator[Capture | Rejected]:
    """Complete a capture by what is known of its article; the end of one that is known is judged later."""
    key = mementos.keys[record]
    if capture.status not in OK:
        detail = f"{capture.url}: HTTP {capture.status}"
        rejected = spider.reject(capture.url, "http_error", detail, capture.status, capture.fetched_at)
        if not spider.lacks(article_id(capture.url, key), capture.url, rejected):
            spider.count("failed/article")
            yield rejected
        if record in mementos.later:
            spider.sightings.close(key)
        return
    sighting = spider.sightings.get(key)
    addresses = sighting.addresses if sighting else [capture.url]
    best = capture.url
    if spider.rules.judge(best).alternate:
        best = plain_address([*addresses, best], spider.rules)[0]
    capture.canonical_url = spider.canonical_of(capture, key, best)
    spider.sightings.complete(key, capture, last=record in mementos.last)
    capture.found_in = spider.ways.of(key)
    spider.count("articles/captured")
    yield capture
