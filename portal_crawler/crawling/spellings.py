"""What a site's addresses carry that says nothing: sessions, parameters that change nothing, letter case, accents.

Learned for each site. A session shows itself in the links: one page writes the same value into all of them, the next
page another value into the same ones; in the path, a page that bears one writes another. A value that is drawn anew for
each link never comes twice, however often a page is linked to. What changes nothing is proved by a witness: of all
addresses that differ from a known page's in the same manner, one is fetched, and the others wait until it is known
whether it is the same page
(compare Dasgupta, Kumar, Sasturkar, "De-duping URLs via rewrite rules", KDD 2008).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import normalize
from urllib.parse import quote, unquote, urlsplit

from portal_crawler.crawling.canonical import key_hash, page_key
from portal_crawler.crawling.patterns import pattern_of
from portal_crawler.crawling.rules import page_number

if TYPE_CHECKING:
    from collections.abc import Iterable

# Paths over which a page must write one value, and that must have been seen with another.
PATHS = 3
# Pages that must each have had a value of their own; two will do where the values look like tokens.
PAGES = 4
# Pages after which a parameter that has not proved to be a session is none.
MOST_VALUES = 50
TOKEN = re.compile(r"(?=.*\d)[\w.-]{6,}")
# A segment of a path that nobody would write: letters and digits at random, behind a mark or not.
TOKEN_SEGMENT = re.compile(r"/[^\w/]?(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{12,}[^\w/]?(?=/)", re.IGNORECASE)
PROGRAM = re.compile(r"\.(?:aspx?|php|jsp|do|cfm)$", re.IGNORECASE)
CASE = "letter case"
# A letter with its accents, or both apart (NFC and NFD): one address (RFC 3987 section 5.3.2.2), but for files.
ACCENTS = "accents"
ACCENTED = re.compile(r"[A-Za-z]?(?:%[89A-F][0-9A-F])+", re.IGNORECASE)
# Links that must have been seen with a parameter before its values are taken for drawn anew.
DRAWN, MOST_DRAWN = 20, 200

# A manner in which addresses differ: a form of path, and the names of parameters that but one of them has; with "="
# behind, of those that have another value in each.
Kind = tuple[str, frozenset[str]]


def _parameters(query: str) -> dict[str, str]:
    return dict(parameter.partition("=")[::2] for parameter in query.split("&") if parameter)


def _scope(path: str) -> str:
    """What a parameter is learned for: programs one by one, other paths by their form."""
    return path.lower() if PROGRAM.search(path) else pattern_of(path).lower()


def _composed(address: str) -> str:
    """An address with each letter and its accents as one character."""
    return ACCENTED.sub(_compose, address) if "%" in address else address


def _compose(found: re.Match[str]) -> str:
    try:
        return quote(normalize("NFC", unquote(found[0], errors="strict")), safe="")
    except UnicodeDecodeError:  # another encoding
        return found[0]


def _split(url: str) -> tuple[str, dict[str, str]]:
    path, _, query = page_key(url).partition("?")
    return path, _parameters(query)


class Spellings:
    """What has been learned of one site's addresses.

    Attributes:
        folds: Whether the case of letters in paths says nothing.
        composes: Whether it says nothing that letters and their accents are written apart.
        sessions: Names of parameters that hold a session.
        prefixes: Keys of folders in which each next segment is a session.
        drawn: Names of parameters whose values seem to be drawn anew for each link; a witness proves it.
        idle: Names of parameters that change nothing, by the form of path.
    """

    def __init__(self) -> None:
        self.folds = False
        self.composes = False
        self.sessions: set[str] = set()
        self.prefixes: set[str] = set()
        self.drawn: set[str] = set()
        self.idle: dict[str, set[str]] = {}
        self._values: dict[str, list[str]] = {}
        self._carriers: dict[str, set[str]] = {}
        self._refuted: set[str] = set()
        # Parameters with another value in each link so far: the values, by what is linked to; those with a value twice.
        self._drawn: dict[str, dict[int, set[str]]] = {}
        self._repeated: set[str] = set()
        # By path, letter case aside: the first address asked for, what it has said, and those that may be the same.
        self._known: dict[int, str] = {}
        self._contents: dict[int, int] = {}
        self._verdicts: dict[Kind, bool] = {}
        self._witnesses: dict[Kind, str] = {}
        self._waiting: dict[int, list[str]] = {}
        self._decided = False

    # Use

    def plain(self, address: str) -> str:
        """An address, or a key made of one, without what says nothing."""
        if self.prefixes:
            address = self._without_segment(address)
        path, mark, query = address.partition("?")
        if not mark or not (self.sessions or self.idle):
            return address
        idle = self.sessions | self.idle.get(_scope(urlsplit(path).path if "://" in path else _path(path)), set())
        kept = [parameter for parameter in query.split("&") if parameter.partition("=")[0] not in idle]
        return f"{path}?{'&'.join(kept)}" if kept else path

    def key(self, key: str) -> str:
        """The key that stands for all spellings of a key."""
        key = self.plain(key)
        path, mark, query = (_composed(key) if self.composes else key).partition("?")
        return f"{path.lower() if self.folds else path}{mark}{query}"

    def _without_segment(self, address: str) -> str:
        found = TOKEN_SEGMENT.search(address.partition("?")[0])
        if found is None or _folder(address, found) not in self.prefixes:
            return address
        return address[: found.start()] + address[found.end() :]

    # Sessions

    def read(self, url: str, urls: Iterable[str]) -> bool:
        """Learn from the links of one page; True if a session has been recognised.

        Args:
            url: The address of the page.
            urls: Those of the portal's that it links to; those without parameters matter only if it is the home page,
                or its own address bears a token (:func:`bears_token`).
        """
        urls = list(urls)
        return self._read_queries(urls) | self._read_segments(url, urls)

    def _read_segments(self, url: str, urls: Iterable[str]) -> bool:
        """Learn from a page that was asked for with a token in its path, if it writes another into the same links."""
        written: dict[tuple[str, str], set[str]] = {}
        for other in urls:
            if (found := TOKEN_SEGMENT.search(other.partition("?")[0])) is not None:
                written.setdefault((_folder(other, found), found[0]), set()).add(other[found.end() :])
        if len(written) != 1:
            return False
        ((folder, token), paths) = written.popitem()
        carriers = self._carriers.setdefault(folder, set())
        shared = len(paths & carriers)
        carriers |= paths
        own = TOKEN_SEGMENT.search(url.partition("?")[0])
        # Portals side by side may have tokens for names and link to each other, but also to their own pages.
        if own is None or _folder(url, own) != folder or own[0] == token or shared < PATHS:
            return False
        self.prefixes.add(folder)
        return True

    def _read_queries(self, urls: Iterable[str]) -> bool:
        values: dict[str, set[str]] = {}
        paths: dict[str, set[str]] = {}
        for url in dict.fromkeys(urls):  # a picture and a title may be two links to one address
            path, mark, query = url.partition("?")
            for name, value in _parameters(query).items() if mark else ():
                values.setdefault(name, set()).add(value)
                paths.setdefault(name, set()).add(path)
                self._read_drawn(name, value, path)
        learned = [name for name in values if self._is_session(name, values[name], paths[name])]
        self.sessions.update(learned)
        return bool(learned)

    def _read_drawn(self, name: str, value: str, path: str) -> None:
        """Learn from one link: a value that comes twice identifies something."""
        if name in self.drawn or name in self._repeated or name in self.sessions:
            return
        seen = self._drawn.setdefault(name, {})
        values = {each for own in seen.values() for each in own}
        if value in values or TOKEN.fullmatch(value) is None or len(values) == MOST_DRAWN:
            self._repeated.add(name)
            del self._drawn[name]
            return
        seen.setdefault(key_hash(path), set()).add(value)
        if len(values) >= DRAWN and sum(len(own) > 1 for own in seen.values()) >= PATHS:
            self.drawn.add(name)
            del self._drawn[name]

    def may_be_drawn(self, url: str) -> bool:
        """Whether an address bears a value that may be drawn anew for each link."""
        return any(name in self.drawn or name in self._drawn for name in _split(url)[1])

    def _is_session(self, name: str, values: set[str], paths: set[str]) -> bool:
        if name in self.sessions or name in self._refuted or len(paths) < PATHS:
            return False
        (value, *others) = values
        before = self._values.setdefault(name, [])
        if others or value in before or len(before) == MOST_VALUES:
            self._refuted.add(name)  # several values on a page, or one on several pages: it may identify
            del self._values[name]
            self._carriers.pop(name, None)
            return False
        before.append(value)
        carriers = self._carriers.setdefault(name, set())
        shared = len(paths & carriers)
        carriers |= paths
        needed = 2 if all(map(TOKEN.fullmatch, before)) else PAGES
        return len(before) >= needed and shared >= PATHS

    # What changes nothing

    def waits(self, url: str) -> bool:
        """Note an address to be asked for; True if it is to wait: for the page that it may be, or for a witness."""
        folded = _folded(url)
        known = self._known.setdefault(folded, url)
        kind = self._difference(url, known)
        if kind is None or kind in self._verdicts or self._testifies(url, kind):
            return False
        self._waiting.setdefault(folded, []).append(url)
        return True

    def _testifies(self, url: str, kind: Kind) -> bool:
        """Make an address a witness, if what it is compared to has come and no other witness may tell the same."""
        scope, manner = kind
        if _folded(url) not in self._contents or any(scope == other and manner & its for other, its in self._witnesses):
            return False
        self._witnesses[kind] = url
        return True

    def is_witness(self, url: str) -> bool:
        """Whether others wait for what an address will show, or may come to."""
        return url in self._witnesses.values()

    def _difference(self, url: str, known: str) -> Kind | None:
        """In what manner two addresses of one path, letter case aside, differ; None if they may well be two pages."""
        (path, names), (other_path, other_names) = _split(self.plain(url)), _split(self.plain(known))
        other_values = {name for name in names.keys() & other_names.keys() if names[name] != other_names[name]}
        if not other_values <= self.drawn:
            return None
        manner = names.keys() ^ other_names.keys()
        if any(page_number(f"/?{name}=1") is not None for name in manner):
            return None
        manner |= {f"{name}=" for name in other_values}
        composed, other_composed = _composed(path), _composed(other_path)
        if path.lower() != other_path.lower() and not self.composes:
            manner |= {ACCENTS}
        if composed != other_composed and not self.folds:
            manner |= {CASE}
        return (_scope(_path(path)), frozenset(manner)) if manner else None

    def shown(self, url: str, content: int | None) -> bool:
        """Note what an address has shown; True if it proves addresses to be spellings of one.

        Args:
            url: The address.
            content: What its page says (``contents.content_of``), of a list what it shows as well; None if that is not
                known.
        """
        folded = _folded(url)
        kind = next((kind for kind, its in self._witnesses.items() if url in (its, self.plain(its))), None)
        if kind is not None:
            same = content is not None and self._contents[folded] == content
            self._decide(kind, same=same)
            return same
        if content is not None and url == self.plain(self._known.get(folded, "")):
            self._contents[folded] = content
            self._decided |= folded in self._waiting
        return False

    def failed(self, url: str) -> None:
        """Note that an address could not be had: those that may be the same wait no longer."""
        self.shown(url, None)
        folded = _folded(url)
        if folded in self._waiting and url == self.plain(self._known.get(folded, "")):
            del self._known[folded]
            self._decided = True

    def _decide(self, kind: Kind, *, same: bool) -> None:
        self._verdicts[kind] = same
        self._witnesses.pop(kind, None)
        self._decided = True
        scope, manner = kind
        if same:
            self.folds |= CASE in manner
            self.composes |= ACCENTS in manner
            self.sessions.update(name[:-1] for name in manner if name[-1:] == "=")
            self.idle.setdefault(scope, set()).update(each for each in manner - {CASE, ACCENTS} if each[-1:] != "=")

    def released(self, *, dry: bool = False) -> list[str]:
        """Addresses that have waited and are to be asked for now.

        Args:
            dry: Whether the crawl has run dry: witnesses that have not come by then will not come.
        """
        if dry:
            for kind in list(self._witnesses):
                self._decide(kind, same=False)
        if not (self._decided or dry):
            return []
        self._decided = False
        waiting, self._waiting = self._waiting, {}
        freed = []
        for url in (self.plain(url) for urls in waiting.values() for url in urls):
            known = self._known.get(_folded(url))
            same = known is not None and self.key(page_key(url)) == self.key(page_key(known))
            if not same and (not self.waits(url) or (dry and _folded(url) not in self._contents)):
                freed.append(url)
        if dry:
            self._waiting = {folded: urls for folded, urls in self._waiting.items() if folded in self._contents}
        return freed


def bears_token(url: str) -> bool:
    """Whether a segment of an address's path may be a session."""
    return TOKEN_SEGMENT.search(url.partition("?")[0]) is not None


def _folder(address: str, found: re.Match[str]) -> str:
    """The key of the folder in which a segment of an address stands."""
    return address[: found.start()].partition("://")[2].removeprefix("www.") or address[: found.start()]


def _folded(url: str) -> int:
    return key_hash(_composed(page_key(url).partition("?")[0]).lower())


def _path(key: str) -> str:
    return f"/{key.partition('/')[2]}"
