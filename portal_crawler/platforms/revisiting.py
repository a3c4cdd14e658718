"""What a crawl does about what earlier ones know: articles, and pages that led to nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from portal_crawler.crawling import history
from portal_crawler.crawling.apologies import bears, regrets
from portal_crawler.crawling.archives import is_past
from portal_crawler.crawling.canonical import key_hash, page_key, site_root
from portal_crawler.crawling.losses import FEWEST_MET, MET, Losses, falls_short
from portal_crawler.crawling.patterns import pattern_of
from portal_crawler.crawling.reading import has_something_of
from portal_crawler.crawling.revisits import Revisits, conditions
from portal_crawler.crawling.rules import chain_key
from portal_crawler.extraction.spam import gambling_spam
from portal_crawler.items import Article, Capture, Gone, Rejected, article_id
from portal_crawler.platforms.articles import PRIORITY_ARTICLE
from portal_crawler.platforms.renaming import Renaming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from scrapy import Request
    from scrapy.http import Response

    from portal_crawler.crawling.known import Known
    from portal_crawler.crawling.rules import Judgement

# Status of the record of an article whose address redirects elsewhere.
REDIRECTED = 302
# Name under which the state keeps what the addresses of traps have in common.
TRAPS = "exhausted grounds"
# So many crawls ask for an article that does not come, the first among them.
MOST_CRAWLS = 5
# Behind all else: what is known under another address is told from it only once that one has come.
PRIORITY_ALIAS = -10


class Revisiting(Renaming):
    """What a portal's spider does with articles and pages of earlier crawls."""

    warc: list[str]
    full: bool
    only_new: bool
    since: str | None
    began: bool
    looked_for: bool
    confirming: bool
    twice: set[str]
    arrived: set[str]
    renamed: set[str]
    roots: set[str]
    apart: set[str]

    def is_hindered(self) -> bool:
        """Whether something has kept the crawl from walking the portal as it is on other days."""
        raise NotImplementedError

    def goes_on(self) -> bool:
        """Whether the next run goes on with this crawl: something was left to it."""
        return self.state is not None and not self.letters and self.state.waits(postponed=True)

    def decide(self) -> None:
        """Decide how much of what is known is asked for again."""
        setting = self.crawler.settings
        self.revisits = Revisits(
            self.state,
            full=self.full,
            only_new=self.only_new,
            every=setting.getfloat("PORTAL_FULL_EVERY", 30),
            share=setting.getfloat("PORTAL_REVISITS", 0.1),
            margin=setting.getint("PORTAL_KNOWN_MARGIN", 10),
            since=self.since,
        )

    def begin(self) -> None:
        """Begin with what earlier runs know of the portal."""
        self.decide()
        if self.state is not None:
            self.forms |= set(self.state.get("forms").split())
            self.apart |= set(self.state.get("apart").split())
        self.count("crawl/resumed" if self.began else "crawl/begun")
        if self.state is not None and self.revisits.incremental and not self.began:
            self.budget.exhaust(filter(None, self.state.get(TRAPS).split("\n")))

    def note_apart(self) -> None:
        """Keep which articles are others than those of the same number on other tabs: they keep their identities."""
        self.count("addresses/told_apart")
        if self.state is not None:
            self.state.put("apart", "\n".join(sorted(self.apart)))

    def keep_traps(self) -> None:
        """Keep, at the end of a crawl, what the addresses of traps have in common; a whole one decides it anew."""
        if self.state is None or self.letters or not (self.revisits.whole or self.revisits.incremental):
            return
        exhausted = self.budget.exhausted_grounds()
        if self.revisits.incremental:  # it passes articles over: what it finds barren may have some
            exhausted &= set(self.state.get(TRAPS).split("\n")) | self.budget.refuted_grounds()
        self.state.put(TRAPS, "\n".join(sorted(exhausted)))

    def ask_linked(self, link: Judgement, **options: Any) -> Iterator[Request]:
        """The requests for what a link leads to, an article of an earlier crawl or not.

        What may be a known one under another title's address waits until it is told what is at that one's own.
        """
        identifier = article_id(link.url, link.key)
        if (known := self.revisits.known(identifier)) is not None:
            yield self.look_again(known, link.url)
            return
        former = self.may_have_been(link) if link.key not in self.renamed else None
        if former is not None and not self.is_looked_for(former):
            self.renamed.add(link.key)
            self.waiting[link.key] = link
            yield self.look_again(former, self.as_linked(former.url))
            return
        if self.revisits.stands_for(identifier) is not None:
            options["priority"] = PRIORITY_ALIAS
        yield self.ask(link.url, **options)

    def look_again(self, known: Known, url: str, *, twice: bool = False) -> Request:
        """The request for a known article, perhaps not its first; the server may answer that it is as it was."""
        self.count("history/asked")
        link = self.rules.judge(url)
        self.sightings.reopen(link.key)  # a list may have shown it: it was passed over then
        if (sighting := self.sightings.see(link)) is not None:
            sighting.ask()  # nor is it passed over while it is on its way, by the links of other pages
        meta = {"portal_known": known.id, "handle_httpstatus_list": [304]}
        # Where it is looked for a second time, perhaps at another page's address, only the page itself is an answer.
        headers = {} if twice else conditions(known)
        if self.state is not None and self.state.shares_etag(known):
            headers.pop("If-None-Match", None)
        return self.ask(url, priority=PRIORITY_ARTICLE, headers=headers, meta=meta, dont_filter=twice)

    def note_unfetched(self, link: Judgement) -> None:
        """Note an article that did not come, though it may another time: no list need lead the next crawl to it."""
        if self.state is not None and self.revisits.known(article_id(link.url, link.key)) is None:
            self.state.note_unfetched(link.url)
            self.state.forget_page(key_hash(link.key))  # it was held back at first, perhaps

    def ask_unfetched(self) -> Iterator[Request]:
        """The requests for articles that did not come in earlier crawls, and to which nothing has led in this one."""
        if self.state is None:
            return
        for url, crawls in self.state.unfetched():
            link = self.rules.judge(url)
            come = self.sightings.done(link.key) or self.revisits.known(article_id(link.url, link.key)) is not None
            if come or crawls >= MOST_CRAWLS:
                self.state.forget_unfetched(url)
            elif not self.is_asked(link) and self.sightings.see(link) is not None:
                self.count("history/asked_again")
                yield from self.ask_article(link)

    def as_linked(self, url: str) -> str:
        """An address of an earlier crawl with the scheme and ``www.`` that the portal's links have today.

        The server at the others may be switched off, and would be taken for the portal.
        """
        root = site_root(url)
        same = sorted(each for each in self.roots if page_key(each) == page_key(root))
        return url if not same or root in same else f"{same[-1]}{url.removeprefix(root)}"

    def not_modified(self, identifier: str, link: Judgement) -> None:
        """Note that a known article is as it was."""
        assert self.state is not None
        self.sightings.pass_over(link.key)
        if (known := self.state.article(identifier)) is not None:
            self.state.unchanged(known, history.now())
        self.count("history/not_modified")

    def passes_over(self, link: Judgement) -> bool:
        """Whether a link leads to an article that an earlier crawl has, and need not be followed."""
        self.roots.add(site_root(link.url))
        if self.sightings.done(link.key):
            return False
        said = self.sightings.get(link.key)
        title, date = (said.text, said.date) if said is not None else (None, None)
        url = None if link.alternate else link.url
        if not self.revisits.passes_over(article_id(link.url, link.key), url, title, date):
            return False
        self.sightings.forget(link.key)
        self.sightings.pass_over(link.key)
        self.count("history/known")
        self.budget.vouched(link.url)
        return True

    def is_too_old(self, link: Judgement) -> bool:
        """Whether lists date an article before the day from which on articles are wanted."""
        old = self.revisits.excludes(self.sightings.date_of(link.key))
        if old:
            self.count("since/not_asked")
        return old

    def exported_as(self, item: Article) -> str | None:
        """The identifier under which an earlier run has exported what a new article says."""
        return self.revisits.exported_as(item) if self.state is not None and not self.warc else None

    def is_memento(self, item: Article) -> bool:
        """Whether a replay has handed on an earlier capture of an article (``platforms.mementos``).

        At another address it is one if something of the text is still there: else it is a copy in another language.
        """
        if self.state is None or not self.warc or (known := self.state.article(item.id)) is None:
            return False
        return page_key(known.url) == page_key(item.url) or has_something_of(item, self.state.text(known.id))

    def note_duplicate(self, identifier: str, other: str, url: str) -> None:
        """Note that an article has been exported under another identifier: crawls to come need not ask for it."""
        if self.state is None or self.state.article(identifier) is not None:
            return
        if self.state.alias_of(identifier) != other:
            self.state.may_have_moved(other, url)
        self.state.stand_for(identifier, other)

    # Pages that lead on

    def note_fruit(self, response: Response, link: Judgement, chain: str, *, fruitful: bool, named: bool) -> None:
        """Note whether a page was the first to show some article; what a list shows speaks for its first page.

        Args:
            response: The page.
            link: What its address is.
            chain: Key of the list whose page it is.
            fruitful: Whether it was the first to show some article.
            named: Whether it was the first page to, behind a sitemap or a feed.
        """
        if self.state is None or not self.revisits.whole:
            return
        assert response.request is not None
        first = self.chains.beginning(chain)
        keys = {link.key} | ({self.rules.judge(first).key} if first else set())
        if fruitful:
            for key in keys:
                self.state.note_page(key_hash(key), fruitful=True)
        elif named:
            for key in keys:
                if key == link.key or self.state.barren(key_hash(key)):
                    self.state.note_page(key_hash(key), fruitful=False, named=True)
        elif not response.request.dont_filter:  # once more, or by postback: its first page has judged the address
            self.state.note_page(key_hash(link.key), fruitful=False)

    def note_form(self, link: Judgement) -> None:
        """Note the form of an article that no rule knows: lists that show others of it have something to show."""
        if link.kind == "article" or not self.ruled:
            return
        self.forms.add(pattern_of(link.key))
        if self.state is None:
            return
        self.state.put("forms", "\n".join(sorted(self.forms)))
        known = self.sightings.get(link.key)
        if self.revisits.whole and known is not None and known.shown is not None:
            list_ = self.rules.judge(known.shown)  # it was read before any of its articles
            first = self.chains.beginning(chain_key(list_.url))
            for key in {list_.key} | ({self.rules.judge(first).key} if first else set()):
                self.state.note_page(key_hash(key), fruitful=True)

    def note_barren(self, link: Judgement) -> None:
        """Note an address at which there is nothing of its own: incremental crawls leave it alone."""
        if self.state is not None and self.revisits.whole:
            self.state.note_page(key_hash(link.key), fruitful=False)

    def note_none(self, capture: Capture, rejected: Rejected) -> bool:
        """Note a page that is no article: only evidence, no rule, had spoken for it, or strangers have planted it.

        Unlike one that shows nothing new, it is none in any crawl. But what strangers have put in an article's place
        goes when the portal is mended.

        Returns:
            Whether a known article was there, of which the end of the crawl tells what has become.
        """
        link = self.rules.judge(capture.url)
        if link.kind != "article":
            self.budget.refuted(link.url, link.key)
        identifier = article_id(capture.canonical_url or capture.url, capture.identity)
        if self.warc:  # an earlier capture of which may be an article
            told = f"{capture.url}: there was an article, and is none now"
            self.lacks(
                identifier, capture.url, self.reject(capture.url, "soft_404", told, capture.status, capture.fetched_at)
            )
        elif (known := self.revisits.known(identifier)) is not None and not self.letters:
            if rejected.reason == "spam":
                return self.lacks(known.id, capture.url, rejected)
            if regrets(capture.body, capture.url, known.title):
                told = f"{capture.url}: no article is there, and the page says that there is none"
                missing = self.reject(capture.url, "soft_404", told, capture.status, capture.fetched_at)
                return self.lacks(known.id, capture.url, missing)
        elif rejected.reason == "spam" and self.stands_instead(capture):
            self.count("failed/article")
            self.note_unfetched(link)
            return False
        if self.state is not None and (rejected.reason == "spam" or link.kind != "article"):
            self.state.note_page(key_hash(link.key), fruitful=False)
        return False

    def note_one(self, item: Any) -> None:
        """Note that a page which was taken for an article is one: it has been exported."""
        if isinstance(item, Article):
            link = self.rules.judge(item.url)
            self.budget.confirmed(link.url, link.key)

    @staticmethod
    def stands_instead(capture: Capture) -> bool:
        """Whether an advertisement is not what links announce: they give an article's title, which it does not bear."""
        title = capture.link_text or ""
        return bears(capture.body, title, linked=False) is False and gambling_spam(title, title) is None

    def note_missing(self, rejected: Rejected, *urls: str) -> None:
        """Note of addresses that the server says that nothing is there, with what sitemaps say of them now."""
        if self.state is None or rejected.status not in history.GONE:
            return
        for link in map(self.rules.judge, urls):
            identifier = article_id(link.url, link.key)
            dated = max(self.state.announcements(identifier, "lastmod"), default="")
            self.state.announce_instead(identifier, "missing", dated)

    def stays_missing(self, link: Judgement) -> bool:
        """Whether an address that a sitemap names was missing in an earlier crawl: the next whole one asks for it.

        One that has been modified since, as the sitemap says, may be there.
        """
        identifier = article_id(link.url, link.key)
        if self.state is None or not self.revisits.incremental or self.revisits.known(identifier) is not None:
            return False
        if not (noted := self.state.announcements(identifier, "missing")):
            return False
        if noted == (self.state.announcements(identifier, "lastmod") or {""}):
            self.count("pages/known_missing")
            return True
        self.state.forget_page(key_hash(link.key))
        return False

    def is_none(self, key: str) -> bool:
        """Whether an earlier crawl has found that there is no article at an address."""
        return self.state is not None and self.revisits.incremental and self.state.barren(key_hash(key))

    def known_barren(self, link: Judgement) -> bool:
        """Whether the last whole crawl has found nothing at an address, or nothing that other pages do not show.

        What an archive shows of a period that is over is left to the next whole crawl, as the choices of its forms are.
        """
        if self.state is None or not self.revisits.incremental:
            return False
        if is_past(link.url, history.now()):
            return True
        if self.files_fail and self.state.is_named(key_hash(link.key)):
            return False
        return self.state.barren(key_hash(link.key))

    def known_fruitful(self, link: Judgement) -> bool:
        """Whether the last whole crawl has found something at an address: an incremental one looks whether it has more.

        No budget holds such a page back: what its like do not bring, it may.
        """
        if self.state is None or not self.revisits.incremental:
            return False
        page = key_hash(link.key)
        return self.state.fruitful(page) or (self.files_fail and self.state.is_named(page))

    def unknown(self, link: Judgement, keys: Collection[str]) -> Collection[str]:
        """The articles on a page that no earlier crawl has: what an incremental one may reckon to its credit."""
        if not self.revisits.incremental:
            return keys
        return [key for key in keys if self.revisits.known(article_id(link.url, key)) is None]

    def note_unread(self, link: Judgement, rejected: Rejected) -> None:
        """Note that the first page of a list did not come: an incremental crawl does not see what it has new."""
        if self.state is None or self.letters or not self.revisits.incremental:
            return
        if rejected.status in history.GONE or rejected.reason == "postponed":
            return
        if self.state.list_has_shown(chain_key(link.url)):
            self.count("lists/broken")
            self.broken_lists.append(f"{link.url}: the list's first page failed ({rejected.reason})")

    def judge_extent(self) -> Iterator[Rejected]:
        """A reject where lists lead to few of the articles that they led to in the last crawl of the kind."""
        if self.state is None or self.letters or not (self.revisits.whole or self.revisits.incremental):
            return
        if self.is_hindered() or self.goes_on():
            return
        whole = self.revisits.whole
        found = self.coverage()["found"]
        why = falls_short(self.state, found) if whole else self.revisits.emptied() or self.leads_nowhere(found)
        if why is not None:
            self.count("lists/broken")  # so that a whole crawl is not taken for one
            self.broken_lists.append(why)
            rejected = self.reject(self.start_urls[0], "broken_list", f"{self.start_urls[0]}: {why}")
            rejected.retry = "crawl"
            yield rejected

    def leads_nowhere(self, found: int) -> str | None:
        """Why an incremental crawl has not seen what is new; None if it may have.

        The page of a registrar, or a notice that the office has been merged into another one, has no list that could be
        empty: nothing on it leads to any article, known or new.
        """
        assert self.state is not None
        assert self.crawler.stats is not None
        before = int(self.state.get(MET, "0"))
        elsewhere = any(map(self.crawler.stats.get_value, ("history/known", "crawl/resumed")))
        return (
            f"it leads to no article; {before} were met before"
            if not (found or elsewhere or before < FEWEST_MET)
            else None
        )

    # Articles that are no more

    def loses(self, request: Request, rejected: Rejected) -> bool:
        """Whether a known article is not there, which is noted; False if it is none, or the request only failed."""
        identifier = request.meta.get("portal_known")
        return identifier is not None and self.lacks(identifier, request.url, rejected)

    def lacks(self, identifier: str, asked: str, rejected: Rejected) -> bool:
        """Whether something else stands in the place of a known article, which is noted."""
        if self.state is None or (known := self.state.article(identifier)) is None:
            return False
        if rejected.status not in (*history.GONE, REDIRECTED) and rejected.reason not in ("soft_404", "spam"):
            return False
        Losses(self.state).note(known, asked, rejected)
        return True

    def look_for_lost(self) -> list[Request]:
        """The requests that tell whether what was not found is gone: for where it may be now, and for its like.

        Asked for once in a crawl; behind them, once more for what has been replaced wholly.
        """
        if self.state is None or self.letters:
            return []
        losses = Losses(self.state)
        if not self.looked_for:
            self.looked_for = True
            asked = [self.look_again(known, url, twice=True) for known, url in losses.elsewhere()]
            asked += [self.look_again(known, self.as_linked(known.url)) for known in losses.controls()]
            before = losses.found_before()
            self.twice = {known.id for known in before}
            if asked := asked + [self.look_again(known, known.url, twice=True) for known in before]:
                return asked
        if not self.confirming:
            self.confirming = True
            return [self.look_again(known, url, twice=True) for known, url in losses.replaced()]
        return []

    def is_looked_at_twice(self, item: Article) -> bool:
        """Whether a crawl has asked for an article again that it has found, or not found, before."""
        if self.state is None:
            return False
        return item.id in self.twice or item.id in self.arrived or self.state.loss(item.id) is not None

    def judge_lost(self, hidden: Iterable[datetime] = ()) -> Iterator[Gone | Rejected]:
        """What has become of the known articles that were not found; in a crawl that goes on, the next run tells.

        Args:
            hidden: Of a replay: when articles were missing that are there in the end.
        """
        if self.state is None or self.letters or self.goes_on():
            return
        losses = Losses(self.state)
        for item in losses.judge_captures(hidden) if self.warc else losses.judge(self.state.found_again(), self.twice):
            if isinstance(item, Gone):
                self.count("history/gone")
            else:
                self.count("history/doubted")
                self.count("failed/article", item.status != HTTPStatus.OK)  # a page that came is lost in the pipelines
            yield item
