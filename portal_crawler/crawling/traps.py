"""Budgets that keep a crawl from going on for ever where a site has no end."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal_crawler.crawling.canonical import SHORT_NAME, canonical_url, page_key
from portal_crawler.crawling.echoes import Echoes
from portal_crawler.crawling.facets import PathFilters
from portal_crawler.crawling.patterns import IDENTIFIER, pattern_of
from portal_crawler.crawling.proofs import Proofs
from portal_crawler.crawling.rules import ACTION, chain_key, page_number
from portal_crawler.crawling.sightings import LINKED, Sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence


# From so many parameters on, an address is one of a faceted search's combinations, which share a budget.
FACETS = 3
# What all filters have in common: a faceted list has several, and links from each of them to all others.
FILTERED = "?*"
# Folders of an address that have a budget of their own, from the host on.
FOLDERS = 4
# Of a new form below a section one in so many of a budget is asked for before the first of them has come.
FIRST = 4
# Pages that are not held against a budget because of links that look like articles, before one of that shape is one.
PROMISES = 3
# The part of a budget that promises alone may keep open: paths that grow have ever new shapes, each with its promises.
TRUST = 2
# Addresses of an exhausted budget that are looked at all the same once the crawl has run dry, spread over all of them.
SAMPLES = 3
# Pages in a row whose addresses differ in numbers alone and that say what others have said: fewer than a budget has,
# because each of them leads to more before it is known for what it is.
SERIES = 10
# Links of one form on a home page: more of them are tags, filters or days, and no menu.
LARGEST_MENU = 40
# What differs in numbers alone.
SERIES_OF = "series "
# What is held back because it, or what it goes on with, says nothing new.
HOLLOW = "hollow "
# Pages that have brought nothing and are remembered, to know filters among them.
VAIN = 64
# Addresses that are kept of an exhausted budget, for those looks.
MOST_HELD = 1000

DIGITS = re.compile(r"\d+")
ENDING = re.compile(r"\.\w{2,5}$")
# A parameter that names what a program is to do, in a word: of those it has few.
ACTION_WORD = re.compile(rf"{ACTION}[a-z_]{{1,20}}(?=&|$)", re.IGNORECASE)


@lru_cache(maxsize=8_192)
def actions_of(address: str) -> str:
    """The parameters by which an address tells its program what to do (``act=xem&mod=tin``)."""
    _, mark, query = address.partition("?")
    return "&".join(sorted(found[0][1:] for found in ACTION_WORD.finditer(mark + query)))


def form_of(url: str) -> str:
    """The form of an address as far as budgets go: its pattern, combinations of many parameters taken together.

    What a program is asked to do is part of it: one program may show a portal's articles, its staff and its calendar.
    A session in the address is not.
    """
    url = canonical_url(url)
    actions = actions_of(url)
    pattern, _, names = pattern_of(url).rpartition("?")
    told = {action.partition("=")[0] for action in actions.split("&")}
    others = [name for name in names.split("&") if name not in told]
    return f"{pattern}?{actions} {'*' if len(others) >= FACETS else '&'.join(others)}"


@lru_cache(maxsize=8_192)
def shape_of(address: str) -> str:
    """The form of an address together with the folder it is in, digits masked."""
    folder = DIGITS.sub("#", urlsplit(address).path.rpartition("/")[0])
    return f"{folder} {pattern_of(address)} {actions_of(address)}"


@lru_cache(maxsize=8_192)
def grounds_of(url: str) -> tuple[str, ...]:
    """All that an address shares a budget with.

    Its shape, its form, its parameters wherever on the portal they are used, the folders above it, its program and the
    parameters of it. A calendar's months and days are of several forms, paths that grow are of ever new ones, and
    filters are combined: what they have in common is the folder, or the program and the parameter. A filter that every
    section has is one trap, and no section's, and so are all filters together; what tells articles, pages of lists and
    actions apart is no filter.
    """
    url = canonical_url(url)
    parts = urlsplit(url)
    path = DIGITS.sub("#", parts.path)
    folders = path.split("/")[1:-1][:FOLDERS]
    grounds = [f"shape {shape_of(url)}", form_of(url)]
    names = sorted({parameter.partition("=")[0] for parameter in parts.query.split("&") if parameter})
    filters = [f"?{name}" for name in names if _filters(name)]
    grounds += [FILTERED, *filters] if filters else []
    grounds += ["/" + "/".join(folders[: depth + 1]) + "/" for depth in range(len(folders))]
    if parts.query:
        grounds += [f"{path}?", *(f"{path}?{name}" for name in names)]
    if (series := series_of(url)).find("#") > 0:
        grounds.append(series)
    return tuple(map(intern, grounds))  # many addresses have the same


@lru_cache(maxsize=1_024)
def _filters(name: str) -> bool:
    """Whether a parameter may be a filter's: it names neither an article nor a list's page nor an action."""
    given = f"?{name}=1"
    return not (
        IDENTIFIER.fullmatch(given[1:]) or page_number(given) is not None or re.match(ACTION, given, re.IGNORECASE)
    )


def menu_of(urls: Iterable[str]) -> set[str]:
    """The lists that a home page links to, but for those of a form that is too common there to be a menu's."""
    by_form: dict[str, set[str]] = {}
    for url in urls:
        by_form.setdefault(form_of(url), set()).add(chain_key(url))
    return set().union(*(chains for chains in by_form.values() if len(chains) <= LARGEST_MENU))


@lru_cache(maxsize=8_192)
def series_of(address: str) -> str:
    """What the addresses of a series, or their keys, have in common: all but their numbers; of titles in any folder."""
    path = address.partition("://")[2] or address
    title = ENDING.sub("", path.rpartition("/")[2])
    return f"{SERIES_OF}{DIGITS.sub('#', title if title.count('-') >= SHORT_NAME else path)}"


class PatternBudget:
    """Bounds the requests for pages that have something in common by what they bring: articles that no other has shown.

    Tag pages, calendars and faceted searches are endless in number and alike in their addresses; lists have a budget
    of their own (``chains.ListChains``). A page may name hundreds of them at once, so that requests under way count as
    well: what is beyond the budget is held back until pages of its kind have brought something. A folder, a program
    and a parameter have a budget only as long as no article has been found there: a whole portal may stand in one.
    Addresses of the shape of articles that were found have one of their own, in which nothing else counts. A
    series of articles, whose addresses differ in numbers alone, has one of its own: articles that lead to ever more
    articles, put together of the same sentences, stand among the portal's own. What lists show is not held back by it:
    a portal's notices may well repeat each other word for word.

    Args:
        limit: Pages in a row that may bring nothing, for each form, folder, program and parameter.
        sightings: Where it is noted what its pages have linked to and said; None: in some of its own.
        mark: The mark of what they have linked to.
    """

    def __init__(self, limit: int, sightings: Sightings | None = None, mark: int = LINKED) -> None:
        self.limit = limit
        self._sightings = Sightings() if sightings is None else sightings
        self._mark = mark
        self._barren: dict[str, int] = {}
        self._open: dict[str, set[str]] = {}
        self._held: dict[str, OrderedDict[str, None]] = {}  # each once, however many pages link to it
        self._fertile: set[str] = set()
        self._proved: set[str] = set()
        self._shapes: set[str] = set()
        self._bore: set[str] = set()
        self._held_shapes: set[str] = set()
        self._grown = False  # held addresses have been added since they were last looked at
        self._away: dict[str, int] = {}
        self._promised: dict[str, int] = {}
        self._trusted: dict[str, int] = {}
        self._proofs = Proofs()
        self._sampled: set[str] = set()
        self._echoes = Echoes()
        self._onward: set[str] = set()  # what articles link to, and nothing has granted yet
        self._filters = PathFilters()
        self._vain: deque[str] = deque(maxlen=VAIN)  # pages that have brought nothing

    def __contains__(self, url: str) -> bool:
        """Whether a page was granted and has not come yet."""
        return _sent(url) in self._open.get(form_of(url), ())

    def _grounds(self, url: str) -> list[str]:
        """What an address is held to, that which it shares with most others first."""
        shape, form, *others = self._all_grounds(url)
        own = shape if shape in self._shapes else form
        grounds = [ground for ground in others if ground not in self._fertile]
        grounds.insert(next((place for place, ground in enumerate(grounds) if ground[0] != "?"), len(grounds)), own)
        return grounds

    def _all_grounds(self, url: str) -> tuple[str, ...]:
        """All that an address shares a budget with, as far as the crawl has learned; its shape and form first."""
        shape, form, *others = grounds = grounds_of(url)
        if FILTERED not in others and self._filters.holds(url):
            return (shape, form, FILTERED, *others)
        return grounds

    def _believed(self, url: str) -> list[str]:
        """What an address shares credit with: all but its series, of which there are as many as titles with numbers."""
        return [ground for ground in self._all_grounds(url) if not _is_series(ground)]

    def _learn_filters(self, url: str) -> None:
        """Learn from an address; where it proves a filter in paths, what was asked for with it counts for all."""
        if not self._filters.learn(canonical_url(url)):
            return
        for under_way in set().union(*self._open.values()):
            if self._filters.holds(under_way):
                self._open.setdefault(FILTERED, set()).add(under_way)
        spent = sum(map(self._filters.holds, self._vain))
        self._barren[FILTERED] = max(self._barren.get(FILTERED, 0), spent)

    def exhausted(self, url: str) -> bool:
        """Whether pages of this kind are left alone, until others of it bring something."""
        return any(self._barren.get(ground, 0) >= self.limit for ground in self._grounds(url))

    def _full(self, url: str) -> str | None:
        """What keeps a page from being asked for now."""
        for ground in self._grounds(url):
            # Of what stands below sections a few are looked at before the rest: filters are known by what they lead to.
            unknown = ground.startswith("/*/") and ground not in self._barren
            limit = max(1, self.limit // FIRST) if unknown else self.limit
            if self._barren.get(ground, 0) + self._under_way(ground) >= limit:
                return ground
        return None

    def grants(self, url: str) -> bool:
        """Whether a page may be asked for now; else it is held back, and :meth:`released` may name it later."""
        self._learn_filters(url)
        full = self._full(url)
        if full is None:
            self._enter(url)
            return True
        self._hold(full, url)
        return False

    def echoes(self, sentences: frozenset[int]) -> bool:
        """Whether an article says hardly anything that others have not said (``contents.sentences_of``)."""
        return self._echoes.is_one(sentences)

    def goes_nowhere(self, url: str, *, echo: bool) -> bool:
        """Whether an address that an article links to goes on with articles that say nothing new; it is held back.

        Args:
            url: The address.
            echo: Whether that article says nothing new itself.
        """
        shape, *_, series = grounds_of(url)
        if _sent(url) in self._open.get(series, ()):
            return False
        kinds = [kind for kind in (series if _is_series(series) else "", shape if echo else "") if kind]
        echoing = next((kind for kind in kinds if self._is_echo(kind)), None)
        if echoing is None:
            if len(self._onward) == MOST_HELD:
                self._onward.clear()
            self._onward.add(url)
            return False
        self._hold(HOLLOW + echoing, url)
        return True

    def _is_echo(self, kind: str) -> bool:
        """Whether what is of a series, or of the shape that an echo links to, says nothing new, or may not yet."""
        if not _is_series(kind):
            return self._echoes.count(kind) >= self.limit
        return self._echoes.count(kind) + ("/" not in kind) * self._under_way(kind) >= SERIES

    def leads_away(self, url: str) -> bool:
        """Whether the last addresses like this one have all led to articles that were known; it is held back then."""
        ground = _away(url)
        if self._away.get(ground, 0) < self.limit:
            return False
        self._hold(ground, url)
        return True

    def bears_none(self, url: str) -> bool:
        """Whether the pages in this folder whose addresses are like this one, many by now, have borne no article.

        A rule may take them for articles: doorway pages for gambling have the addresses of the software that they are
        planted in. The address is held back then.
        """
        if (barren := self._is_barren(url)) is not None:
            self._hold(barren, url)
            return True
        if "/" not in (series := grounds_of(url)[-1]):
            self._open.setdefault(series, set()).add(_sent(url))
        return False

    def _is_barren(self, url: str) -> str | None:
        """The shape, or the series, of which many pages have borne no article, or may yet; None if there is none.

        A page may link to hundreds of a series before the first of them has come. Titles with numbers are few.
        """
        shape, *_, last = grounds_of(url)
        if shape not in self._shapes and self._barren.get(shape, 0) >= self.limit:
            return shape
        return last if _is_series(last) and self._barren.get(last, 0) + self._under_way(last) >= self.limit else None

    def _under_way(self, ground: str) -> int:
        return len(self._open.get(ground, ()))

    def holds_back(self, url: str) -> bool:
        """Whether an article's address waits here: another link to it changes nothing."""
        shape, *_, series = grounds_of(url)
        return any(url in self._held.get(ground, ()) for ground in (shape, series, HOLLOW + shape, HOLLOW + series))

    def doubts(self, address: str) -> bool:
        """Whether the last addresses, or keys, that differ from this one in numbers alone have brought nothing."""
        return self._barren.get(series_of(address), 0) >= PROMISES

    def _hold(self, full: str, url: str) -> None:
        held = self._held.setdefault(full, OrderedDict())
        if url not in held and (len(held) < MOST_HELD or not self.exhausted(url)):
            held[url] = None
            self._grown = True
            self._held_shapes.add(grounds_of(url)[0])

    def _enter(self, url: str) -> None:
        self._onward.discard(url)
        for ground in self._all_grounds(url):
            self._open.setdefault(ground, set()).add(_sent(url))

    def _leave(self, url: str) -> None:
        for ground in (*self._all_grounds(url), FILTERED):  # it may be no filter any more
            under_way = self._open.get(ground)
            if under_way is not None:
                under_way.discard(_sent(url))
                if not under_way:
                    del self._open[ground]

    def visited(
        self,
        url: str,
        articles: Collection[str],
        *,
        article: str | None = None,
        content: int | None = None,
        sentences: frozenset[int] = frozenset(),
        listed: bool = False,
        linked: Iterable[str] = (),
    ) -> bool:
        """Note a page; False if what it has in common with others is exhausted by it.

        Args:
            url: Its address.
            articles: Identities of the articles that it links to.
            article: Its own identity, if it is an article.
            content: What it says, as a number (``contents.content_of``): an article that says what another one has
                said is no yield.
            sentences: Of which sentences it is made (``contents.sentences_of``).
            listed: Whether a list shows it, or a sitemap or a feed names it.
            linked: Identities of all pages that it links to: what proves to be an article later was shown here first.
        """
        if sentences:
            shape, *_, series = grounds_of(url)
            self._echoes.note(sentences, {shape, series}, listed=listed)
        new = content is None or self._sightings.fresh(f"contents {self._mark}", (content,))
        proved, promised = self._yield(articles)
        self._link(linked)
        if article is not None and new and not self._proofs.suspects(self._believed(url)):
            proved = True
            self._prove(url)
            self._proved.add(shape_of(article))
        self._away.pop(_away(url), None)
        return self._note(url, fruitful=proved, promising=promised)

    def vouched(self, url: str) -> None:
        """Note an article that an earlier crawl has, and that is not asked for in this one."""
        self._proofs.credit(url, self._believed(url), read=True)

    def confirmed(self, url: str, article: str) -> None:
        """Note that a page which was taken for an article has been read, and is one."""
        if not self._proofs.read(url) and self._proofs.suspects(self._believed(url)):
            self._prove(url, read=True)
            self._proved.add(shape_of(article))
            self._barren.update(dict.fromkeys(self._all_grounds(url), 0))

    def refuted(self, url: str, article: str) -> None:
        """Note that a page which was taken for an article has been read, and is none: what it has opened is shut."""
        for ground, times in self._proofs.refute(url, self._believed(url)):
            for credited in (self._fertile, self._shapes, self._bore):
                credited.discard(ground)
            self._barren[ground] = max(self._barren.get(ground, 0), min(times, self.limit))
            if ground == grounds_of(url)[0]:
                self._proved.discard(shape_of(article))

    def _prove(self, url: str, *, read: bool = False) -> None:
        """Note that an article has been found at an address; what is held of its shape waits for its like alone."""
        self._filters.bears_articles(url)
        shape, form, *others = self._all_grounds(url)
        self._proofs.credit(url, self._believed(url), read=read)
        self._fertile.update(ground for ground in others if not _is_series(ground))
        self._bore.add(form)
        self._shapes.add(shape)
        if shape not in self._held_shapes:
            return
        self._held_shapes.discard(shape)
        for ground, held in list(self._held.items()):
            if ground == shape or ground in self._away or ground.startswith((HOLLOW, SERIES_OF)):
                continue
            for like in [each for each in held if grounds_of(each)[0] == shape]:
                del held[like]
                self._held.setdefault(shape, OrderedDict())[like] = None

    def _yield(self, articles: Collection[str]) -> tuple[bool, bool]:
        """Whether a page shows an article that no other has shown; whether it shows what may be one."""
        new = [key for key in articles if self._sightings.mark(key, self._mark)]
        shapes = {shape_of(key) for key in new if not self.doubts(key)}
        believed = [shape for shape in shapes - self._proved if self._promised.get(shape, 0) < PROMISES]
        for shape in believed:
            self._promised[shape] = self._promised.get(shape, 0) + 1
        return not shapes.isdisjoint(self._proved), bool(believed)

    def _link(self, linked: Iterable[str]) -> None:
        for key in linked:
            self._sightings.mark(key, self._mark)

    def _note(self, url: str, *, fruitful: bool = False, promising: bool = False) -> bool:
        self._leave(url)
        if not (fruitful or promising):
            self._vain.append(url)
        for ground in self._all_grounds(url):
            if fruitful:
                self._sampled.discard(ground)  # what is left of its like is worth a look again
            if fruitful and _is_series(ground):
                self._barren.pop(ground, None)  # there are as many as titles
            else:
                vain = not fruitful and not (promising and self._trusts(ground))
                self._barren[ground] = 0 if fruitful else self._barren.get(ground, 0) + vain
        return promising or all(self._barren.get(ground) != self.limit for ground in self._grounds(url))

    def _trusts(self, ground: str) -> bool:
        """Whether a page that promises an article is not held against a budget: so many are, until one is found."""
        if ground in self._fertile:
            return True
        self._trusted[ground] = self._trusted.get(ground, 0) + 1
        return self._trusted[ground] <= self.limit // TRUST

    def came(self, url: str, linked: Iterable[str]) -> None:
        """Note a page of a list that is followed to its end: what it links to is no longer new on other pages."""
        self._link(linked)
        self._away.pop(_away(url), None)
        self._leave(url)

    def failed(self, url: str) -> None:
        """Note a request that brought no page: it brought nothing."""
        if url in self:
            self._note(url)
        else:
            self._leave(url)

    def redirected(self, url: str, *, alias: bool) -> None:
        """Note an address that has led to a page which was known: it brought nothing.

        Args:
            url: The address.
            alias: Whether the page is an article: then its like may be second addresses of articles, too.
        """
        if alias:
            self._away[_away(url)] = self._away.get(_away(url), 0) + 1
        self.failed(url)

    def released(
        self, *, all_forms: bool = False, url: str = "", likely: Callable[[str], bool] | None = None
    ) -> list[str]:
        """Addresses held back for which there is room now: of a page's kind, or of all when the crawl has run dry.

        Args:
            all_forms: Whether the crawl has run dry.
            url: The page.
            likely: Which addresses promise an article: a few of each form of these are looked at, too.
        """
        if all_forms:
            self._open.clear()  # redirected, dropped: none of them will come back
        freed: list[str] = []
        for ground in list(self._held) if all_forms else (*self._all_grounds(url), HOLLOW + grounds_of(url)[-1]):
            held = self._held.pop(ground, OrderedDict())
            while held and not self._keeps(ground, next(iter(held))):
                following, _ = held.popitem(last=False)
                nowhere = following in self._onward and self.goes_nowhere(following, echo=False)
                if not nowhere and self.grants(following):
                    freed.append(following)
            if held:
                self._held[ground] = held
        return freed or self._samples(likely) if all_forms else freed

    def _keeps(self, ground: str, url: str) -> bool:
        """Whether what an address was held back for still holds."""
        if self._away.get(ground, 0) >= self.limit:
            return True
        if ground.startswith(HOLLOW):
            return self._is_echo(ground.removeprefix(HOLLOW))
        return ground in (self._full(url), self._is_barren(url))

    def _samples(self, likely: Callable[[str], bool] | None) -> list[str]:
        """A few addresses of each budget that is exhausted, once: what they bring may open it again."""
        chosen = self._likely(likely) if likely is not None else set()
        for ground, held in self._held.items():
            if held and ground not in self._sampled:
                self._sampled.add(ground)
                first, *_ = urls = list(held)
                self._sampled.update((_away(first), *self._grounds(first)))
                chosen.update(_of_each_filter(urls) if ground == FILTERED else _spread(urls))
        freed = []
        for held in self._held.values() if chosen else ():
            freed += [each for each in held if each in chosen]
            for each in chosen.intersection(held):
                del held[each]
        return list(dict.fromkeys(freed))

    def _likely(self, likely: Callable[[str], bool]) -> set[str]:
        """A few of the held addresses of each form that promise an article, once: a program's traps may hide them."""
        by_form: dict[str, list[str]] = {}
        for url in filter(likely, self.left() if self._grown else ()):
            by_form.setdefault(f"likely {form_of(url)}", []).append(url)
        self._grown = False
        chosen = {
            url for form, urls in by_form.items() if form not in self._sampled for url in _spread(_of_each_series(urls))
        }
        self._sampled.update(by_form)
        return chosen

    def left(self) -> Iterator[str]:
        """Addresses that are still held back, but for those whose like lead to what is known."""
        for ground, held in self._held.items():
            if ground not in self._away:
                yield from held

    # From crawl to crawl

    def exhausted_grounds(self) -> set[str]:
        """What the addresses of traps have in common: no article was found there, nor anything else of late."""
        shapes = {ground for ground in self._barren if ground.startswith("shape ") or _is_series(ground)}
        spent = {ground for ground, barren in self._barren.items() if barren >= self.limit}
        return spent - shapes - self._fertile - self._bore

    def refuted_grounds(self) -> set[str]:
        """What many addresses have in common that were taken for articles, and were none when they were read."""
        return self._proofs.vain()

    def exhaust(self, grounds: Iterable[str]) -> None:
        """Leave alone from the beginning what an earlier crawl has exhausted; a few samples may open it again."""
        self._barren.update(dict.fromkeys(grounds, self.limit))


def _sent(url: str) -> str:
    """An address as it is noted while its page is under way: that may come by the other scheme, or without ``www.``."""
    return f"https://{page_key(url)}"


def _is_series(ground: str) -> bool:
    return ground.startswith(SERIES_OF)


def _away(url: str) -> str:
    return f"away {form_of(url)}"


def _of_each_filter(held: Sequence[str]) -> list[str]:
    """Of several addresses the first of each filter, then of each program: one may show what no other does."""
    by_filter: dict[str, str] = {}
    by_form: dict[str, str] = {}
    for url in sorted(held, key=lambda url: url.count("&")):
        by_filter.setdefault(pattern_of(url).rpartition("?")[2], url)
        by_form.setdefault(form_of(url), url)
    return list(dict.fromkeys((*by_filter.values(), *by_form.values())))[: 2 * SAMPLES]


def _spread(held: Sequence[str]) -> list[str]:
    """A few of several addresses, from the first to the last."""
    return [held[(len(held) - 1) * part // (SAMPLES - 1)] for part in range(SAMPLES)] if held else []


def _of_each_series(held: Sequence[str]) -> Sequence[str]:
    """Of those that differ in numbers alone the first, if there are enough of others.

    Hundreds of links that no reader sees lead to one such series, beside the articles of a folder.
    """
    first = list({series_of(url): url for url in reversed(held)}.values())[::-1]
    return first if len(first) >= SAMPLES else held
