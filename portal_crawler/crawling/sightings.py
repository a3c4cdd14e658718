"""What a crawl has seen of each address: the articles before they are fetched, and what lists say about them.

All of it stands in a database, so that a crawl of any length needs no more memory than a short one: in the portal's
state, where a checkpoint commits it and a kill rolls it back together with the queue (``frontier.Frontier``), or, where
no state is kept, in a temporary one. In memory are the addresses that were met last: lists and menus show the same
few hundred again and again.
"""

from __future__ import annotations

import pickle
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import finalize

from portal_crawler.crawling.canonical import key_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from portal_crawler.crawling.rules import Judgement
    from portal_crawler.items import Capture

# The key of ``response.meta`` under which a spider leaves the capture whose page it has parsed.
CAPTURE = "portal_capture"

# Marks of an address: it is an article's whose capture is still to come; whose capture has been handed on; it has been
# asked for; a list has shown it; a page has linked to it; a page that a sitemap has named has linked to it; a page
# that is no article has. The bits from ``WAY`` on are the ways that led to it (``coverage.WaysIn``).
OPEN, DONE, ASKED, SHOWN, LINKED, NAMED, LISTED = (1 << place for place in range(7))
WAY = 8

# Addresses in memory: of each generation so many, and there are two.
GENERATION = 8_192

TABLES = """
CREATE TABLE IF NOT EXISTS sightings (key BLOB PRIMARY KEY, marks INTEGER, said BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (of INTEGER, number INTEGER, PRIMARY KEY (of, number)) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Sighting:
    """One address; of an article, as its links show it.

    Attributes:
        marks: What is known of it, as bits.
        changed: Whether the database does not hold it as it is.
        place: Which of the articles it was in the order in which they were first seen.
        addresses: All addresses met so far, in order.
        text: Longest link text.
        date: Date string beside a link, as printed.
        section: Breadcrumb of the list that shows it, outermost first.
        sure: How sure that section is: 2, the list's address is the beginning of the article's; 1, it is a list and no
            other one shows the article; 0, not known.
        asked: Whether a plain address has been requested.
        looks: How many links to it have been read.
        label: Of a list: the name that the menu gives to it.
        shown: Of an article that no rule knows: the first list that showed it.
    """

    marks: int = 0
    changed: bool = False
    place: int = 0
    addresses: tuple[str, ...] = ()
    text: str | None = None
    date: str | None = None
    section: tuple[str, ...] = ()
    sure: int = 0
    asked: bool = False
    looks: int = 0
    label: str | None = None
    shown: str | None = None

    def ask(self) -> None:
        """Note that a plain address has been requested."""
        self.asked = self.changed = True

    def look(self) -> None:
        """Note that a link to it has been read."""
        self.looks += 1
        self.changed = True

    def clear(self) -> None:
        """Forget what is known of an article that is no longer to come."""
        self.marks &= ~OPEN
        self.addresses, self.text, self.date = (), None, None
        self.section, self.sure, self.asked, self.looks, self.shown = (), 0, False, 0, None
        self.changed = True

    def said(self) -> bytes | None:
        """All but the marks, as bytes; None if there is nothing."""
        if not (self.marks & OPEN or self.label):
            return None
        told = self.place, self.addresses, self.text, self.date, self.section, self.sure, self.asked, self.looks
        return pickle.dumps((*told, self.label, self.shown), protocol=5)


class Sightings:
    """The addresses of one crawl, by their keys; an article's is its identity.

    What is known of an article is kept until its capture is handed on; of the past only the marks remain.

    Those in memory are of two generations: what is met goes into the younger one, and once that is full, the older one
    is written, in one go, and forgotten, and the younger one becomes the older.
    """

    def __init__(self) -> None:
        self._database = _temporary()
        self._ended = finalize(self, self._database.close)
        self._young: dict[str, Sighting] = {}
        self._old: dict[str, Sighting] = {}
        self._seen = self._open = self._done = 0
        self._failure: sqlite3.Error | None = None

    def __reduce__(self) -> tuple[type[Sightings], tuple[()]]:
        """What is written to disk together with them knows them still; they themselves stand in the database."""
        return Sightings, ()

    # Memory and disk

    def stand_in(self, database: sqlite3.Connection) -> None:
        """Keep all in another database from now on, and know what it holds; what was known before is forgotten."""
        self._ended()
        self._database = database
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Know what the database holds."""
        self._young, self._old = {}, {}
        self._open, self._done = (self._count(mark) for mark in (OPEN, DONE))
        self._seen = self._open + self._done

    def copy(self) -> bytes:
        """The whole database, as it is now."""
        self.write()
        return self._database.serialize()

    def take_up(self, copy: bytes) -> None:
        """Know what a :meth:`copy` tells."""
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(copy)
            database.backup(self._database)
        self._begin_anew()

    def write(self) -> None:
        """Write what the database does not hold yet.

        Raises:
            sqlite3.Error: if it cannot be written, or something could not be written before: all that stands in the
                database is of no use then.
        """
        self._write(self._young)
        self._write(self._old)

    def check(self) -> None:
        """Raise the error that has made the database useless, if there was one.

        Raises:
            sqlite3.Error: as :meth:`write`.
        """
        if self._failure is not None:
            raise self._failure

    def _write(self, some: dict[str, Sighting]) -> None:
        self.check()
        rows = []
        for key, known in some.items():
            if known.changed:
                rows.append((_written(key), known.marks, known.said()))
                known.changed = False
        rows.sort()  # neighbours stand on one page of the file
        self._do(self._database.executemany, "INSERT OR REPLACE INTO sightings VALUES (?, ?, ?)", rows)

    def _do(self, do: Callable[[str, Any], sqlite3.Cursor], query: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return do(query, values)
        except sqlite3.Error as error:
            self._failure = error
            raise

    def of(self, key: str) -> Sighting:
        """What is known of an address."""
        known = self._young.get(key)
        return known if known is not None else self._fetch(key)

    def _fetch(self, key: str) -> Sighting:
        known = self._old.pop(key, None)
        if known is None:
            query = "SELECT marks, said FROM sightings WHERE key = ?"
            row = self._do(self._database.execute, query, (_written(key),)).fetchone()
            known = _read(*row) if row is not None else Sighting()
        if len(self._young) >= GENERATION:
            self._write(self._old)
            self._old, self._young = self._young, {}
        self._young[key] = known
        return known

    def _rows(self, mark: int) -> Iterator[tuple[str, Sighting]]:
        """All addresses with one of these marks; nothing may be noted meanwhile."""
        self.write()
        for key, marks, said in self._do(self._database.execute, "SELECT * FROM sightings WHERE marks & ?", (mark,)):
            yield key.decode("utf-8", "surrogatepass"), _read(marks, said)

    def _count(self, mark: int) -> int:
        (count,) = self._database.execute("SELECT count(*) FROM sightings WHERE marks & ?", (mark,)).fetchone()
        return int(count)

    # Marks

    def mark(self, key: str, mark: int) -> bool:
        """Mark an address; whether it did not bear that mark before."""
        known = self._young.get(key) or self._fetch(key)
        if known.marks & mark:
            return False
        known.marks |= mark
        known.changed = True
        return True

    def bears(self, key: str, mark: int) -> bool:
        """Whether an address bears a mark."""
        return bool((self._young.get(key) or self._fetch(key)).marks & mark)

    def marks(self) -> dict[int, int]:
        """How many addresses bear which marks, all of each taken together."""
        self.write()
        return dict(self._do(self._database.execute, "SELECT marks, count(*) FROM sightings GROUP BY marks"))

    def bearing(self, mark: int, without: int) -> set[int]:
        """Hashes of the addresses that bear one mark, and not another."""
        self.write()
        query = "SELECT key FROM sightings WHERE marks & ? AND NOT marks & ?"
        keys = self._do(self._database.execute, query, (mark, without))
        return {key_hash(key.decode("utf-8", "surrogatepass")) for (key,) in keys}

    # Sets of numbers

    def fresh(self, of: str, numbers: Collection[int]) -> bool:
        """Add to the numbers that are known under a name; whether one of them is new there."""
        name, before = key_hash(of), self._database.total_changes
        rows = [(name, each) for each in numbers]
        self._do(self._database.executemany, "INSERT OR IGNORE INTO numbers VALUES (?, ?)", rows)
        return self._database.total_changes > before

    def share(self, of: str, other: str) -> None:
        """Add the numbers that are known under one name to those of another."""
        query = "INSERT OR IGNORE INTO numbers SELECT ?, number FROM numbers WHERE of = ?"
        self._do(self._database.execute, query, (key_hash(other), key_hash(of)))

    # Articles

    def __len__(self) -> int:
        """How many articles have been seen, fetched or not."""
        return self._open + self._done

    def fetched(self) -> int:
        """How many articles' captures have been handed on."""
        return self._done

    def done(self, key: str) -> bool:
        """Whether the article's capture has been handed on."""
        return bool((self._young.get(key) or self._fetch(key)).marks & DONE)

    def _end(self, known: Sighting) -> None:
        """Take an article for done, or for none."""
        self._open -= bool(known.marks & OPEN)
        known.clear()

    def pass_over(self, key: str) -> None:
        """Take an article for done that another run has handed on."""
        self._done += self.mark(key, DONE)

    def reopen(self, key: str) -> None:
        """Let an article that was taken for done be fetched all the same."""
        known = self.of(key)
        if known.marks & DONE:
            known.marks &= ~DONE
            known.changed = True
            self._done -= 1

    def see(self, link: Judgement) -> Sighting | None:
        """Note an address of an article; None if its capture has been handed on already."""
        known = self.of(link.key)
        if known.marks & DONE:
            return None
        if not known.marks & OPEN:
            self._begin(known)
        if link.url not in known.addresses:
            known.addresses += (link.url,)
            known.changed = True
        return known

    def _begin(self, known: Sighting) -> None:
        known.marks |= OPEN
        known.place = self._seen = self._seen + 1
        self._open += 1
        known.changed = True

    def get(self, key: str) -> Sighting | None:
        """What is known of an article whose capture is still to come."""
        known = self.of(key)
        return known if known.marks & OPEN else None

    def date_of(self, key: str) -> str | None:
        """The date that lists print beside an article whose capture is still to come."""
        return self.of(key).date

    def describe(self, key: str, text: str | None, date: str | None) -> None:
        """Add what a link says about an article: the longest text and the first date stay."""
        known = self.get(key)
        if known is None:
            return
        if text and len(text) > len(known.text or ""):
            known.text, known.changed = text, True
        if date and not known.date:
            known.date, known.changed = date, True

    def place(self, key: str, section: list[str], sure: int) -> None:
        """Add a section that lists an article.

        Blocks of the latest news show an article in every section: two lists that disagree tell nothing.
        """
        known = self.get(key)
        if known is None or not section or sure < known.sure:
            return
        if sure > known.sure:
            known.section, known.sure, known.changed = tuple(section), sure, True
        elif sure == 1 and known.section != tuple(section):
            known.section, known.changed = (), True

    def complete(self, key: str, capture: Capture, *, last: bool = True) -> None:
        """Write into a capture what is known about its article, and close the article's record.

        It stays open where this is not the last capture of the article: a replay has those of many years.
        """
        known = self.of(key)
        capture.identity = key
        capture.link_text = known.text
        capture.listed_date = known.date
        capture.section = list(known.section)
        capture.also_at = [url for url in known.addresses if url not in (capture.url, capture.canonical_url)]
        if last:
            self.close(key)

    def close(self, key: str) -> None:
        """Take an article for done: no other capture of it is to come."""
        self._end(self.of(key))
        self.pass_over(key)

    def forget(self, key: str) -> None:
        """Drop the record of a page that proved to be no article."""
        known = self.of(key)
        if known.marks & OPEN:
            self._end(known)

    # Lists

    def label(self, chain: str) -> str | None:
        """The name that the menu gives to a list."""
        return self.of(chain).label

    def call(self, chain: str, label: str) -> None:
        """Note the name of a list."""
        known = self.of(chain)
        known.label, known.changed = label, True

    # What proves to be otherwise

    def respell(self, spell: Callable[[str], str]) -> None:
        """Put together what was known under keys that have proved to be one address's."""
        respelt = [(known.place, key) for key, known in self._rows(OPEN | DONE | ASKED) if spell(key) != key]
        for _, key in sorted(respelt):
            known, plain = self.of(key), self.of(spell(key))
            self._done += known.marks & DONE > plain.marks & DONE
            plain.marks |= known.marks & (DONE | ASKED)
            plain.changed = True
            if known.marks & OPEN and not plain.marks & DONE:
                if not plain.marks & OPEN:
                    self._begin(plain)
                    plain.section, plain.sure, plain.looks = known.section, known.sure, known.looks
                plain.addresses += tuple(url for url in known.addresses if url not in plain.addresses)
                plain.asked |= known.asked
                self.describe(spell(key), known.text, known.date)
            if known.marks & OPEN:
                self._end(known)

    def unask(self, beginning: str) -> None:
        """Let all be asked for again whose keys begin in one manner."""
        self.write()
        self._young, self._old = {}, {}
        first = _written(beginning)
        query = "UPDATE sightings SET marks = marks & ~? WHERE key >= ? AND key < ?"
        self._do(self._database.execute, query, (ASKED, first, first + b"\xff"))


class Marked:
    """The keys of all addresses that bear a mark."""

    def __init__(self, sightings: Sightings, mark: int) -> None:
        self._sightings = sightings
        self._mark = mark

    def __contains__(self, key: str) -> bool:
        """Whether an address bears it."""
        return self._sightings.bears(key, self._mark)

    def add(self, key: str) -> None:
        """Mark an address."""
        self._sightings.mark(key, self._mark)


def _temporary() -> sqlite3.Connection:
    """A database that SQLite keeps in memory, and in a file that has no name once it is too large for that."""
    # It is closed wherever the last who knows it is forgotten.
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = OFF")
    for statement in filter(str.strip, TABLES.split(";")):
        database.execute(statement)
    return database


def _written(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")  # what a JSON answer holds may be no text


def _read(marks: int, said: bytes | None) -> Sighting:
    return Sighting(marks, False, *(pickle.loads(said) if said is not None else ()))  # noqa: FBT003, S301 - our own
