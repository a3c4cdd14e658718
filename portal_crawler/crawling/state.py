"""What is known of a portal between runs: a crawl that was not finished, and every article with its history.

One SQLite file a portal. All that a run changes stands in one transaction, which is committed at checkpoints
(``frontier.Frontier``): a killed run leaves the file as its last checkpoint left it.
"""

from __future__ import annotations

import sqlite3
import zlib
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from portal_crawler.archive.renewable import check_pages
from portal_crawler.crawling import sightings
from portal_crawler.crawling.canonical import page_key
from portal_crawler.crawling.known import COLUMNS, LATEST, Known, revisit_after
from portal_crawler.crawling.patterns import folder_and_number
from portal_crawler.crawling.unlisted import AT_ONCE, BEFORE_OTHERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FORMAT = 3
SCHEMA = f"""{sightings.TABLES}
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS queue (place INTEGER PRIMARY KEY, priority INTEGER, postponed INTEGER, request BLOB);
CREATE INDEX IF NOT EXISTS next_request ON queue (postponed, priority DESC, place DESC);
CREATE TABLE IF NOT EXISTS requested (fingerprint BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (one INTEGER PRIMARY KEY CHECK (one = 1), spider BLOB);
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pages (page INTEGER PRIMARY KEY, fruitful INTEGER);
CREATE TABLE IF NOT EXISTS unfetched (url TEXT PRIMARY KEY, crawls INTEGER);
CREATE TABLE IF NOT EXISTS articles (
    id TEXT PRIMARY KEY, url TEXT, canonical_url TEXT, title TEXT, published_at TEXT,
    first_seen TEXT, last_seen TEXT, status INTEGER, etag TEXT, last_modified TEXT, content_sha256 TEXT,
    version INTEGER, checks INTEGER, changes INTEGER, gone_at TEXT, since INTEGER, crawl INTEGER,
    reading TEXT, read_sha256 TEXT, due TEXT, text BLOB, page BLOB
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS announced (id TEXT, what TEXT, said TEXT, PRIMARY KEY (id, what, said)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS said (digest BLOB PRIMARY KEY, id TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS said_by ON said (id);
CREATE TABLE IF NOT EXISTS aliases (id TEXT PRIMARY KEY, of TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS aliases_of ON aliases (of);
CREATE TABLE IF NOT EXISTS numbered (
    folder TEXT, number TEXT, id TEXT, PRIMARY KEY (folder, number, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS named (id TEXT PRIMARY KEY, file INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lost (id TEXT PRIMARY KEY, asked TEXT, said TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replaced (id TEXT PRIMARY KEY, content TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replaced_by ON replaced (content);
CREATE INDEX IF NOT EXISTS due_articles ON articles (due);
CREATE TABLE IF NOT EXISTS versions (
    id TEXT, version INTEGER, content_sha256 TEXT, fetched_at TEXT, run TEXT, PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS version_texts ON versions (content_sha256);
"""

# What a page has shown first: an article of which nothing was known, or one that only a sitemap or a feed had named.
FRUITFUL, NAMED = 1, 2
# What is due still later was noted by a clock that was wrong.
FARTHEST = 2 * LATEST
# KiB of the file in memory: each new article is looked for among all, and SQLite's 2 MB hold a thousand of them.
CACHE = 8_192
# Of zlib's levels: texts take 6 % more space than at its own 6, and half the time.
LEVEL = 3


class StateError(Exception):
    """The file of a portal's state cannot be used; the message names it and says why."""


class RunningError(StateError):
    """Another crawl of the portal is running; the message names the file that it holds."""


class PortalState:
    """The state of one portal.

    Args:
        path: The SQLite file; it and its folder are made if they do not exist.

    Raises:
        RunningError: if another crawl of the portal is running.
        StateError: if the file is damaged or of another version.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._shared_etags: set[str] | None = None
        try:
            self.database = sqlite3.connect(path, timeout=1, isolation_level=None)
            self.database.execute("PRAGMA journal_mode = WAL")
            self.database.execute(f"PRAGMA cache_size = -{CACHE}")
            self.database.execute("BEGIN IMMEDIATE")
            check_pages(self.database)  # half-way through a crawl, damage would cost what the crawl has found
            for statement in filter(str.strip, SCHEMA.split(";")):
                self.database.execute(statement)
            written = self.get("format", str(FORMAT))
            self.put("format", str(FORMAT))
            self.crawl = int(self.get("crawl", "0"))
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise RunningError(f"{path}: another crawl of this portal is running") from error
            raise StateError(f"{path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StateError(f"{path}: {error}; move it away to begin anew") from error
        if written != str(FORMAT):
            raise StateError(f"{path} was written by another version; move it away to begin anew")

    def close(self) -> None:
        """Close the file; what was not committed is forgotten."""
        self.database.close()

    def commit(self) -> None:
        """Make everything since the last commit last, and go on."""
        self.database.execute("COMMIT")
        self.database.execute("BEGIN IMMEDIATE")

    # Names and values

    def get(self, name: str, default: str = "") -> str:
        """A value kept under a name."""
        row = self.database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def put(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        self.database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # The crawl under way

    def begin_crawl(self) -> None:
        """Forget the crawl that went before, if any, and begin the next."""
        self._clear()
        self.crawl += 1
        self.put("crawl", str(self.crawl))

    def end_crawl(self, *, whole: bool, rebuilt: bool = False) -> None:
        """Note that a crawl has come to its end.

        Args:
            whole: Whether it has walked the portal wholly.
            rebuilt: Whether it has met a portal at other addresses than the one that was walked: the next walks this.
        """
        self._clear()
        if whole:
            self.put("walked", datetime.now(UTC).isoformat())
        elif rebuilt:
            self.put("walked", "")

    def _clear(self) -> None:
        for table in ("queue", "requested", "snapshot", "sightings", "numbers", "lost", "replaced"):
            self.database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own

    def push(self, priority: int, request: bytes, *, postponed: bool = False, in_turn: bool = False) -> None:
        """Queue a request, before those of its priority or, ``in_turn``, behind them."""
        place = "(SELECT min(0, coalesce(min(place), 0)) - 1 FROM queue)" if in_turn else "NULL"
        self.database.execute(
            f"INSERT INTO queue (place, priority, postponed, request) VALUES ({place}, ?, ?, ?)",  # noqa: S608 - ours
            (priority, postponed, request),
        )

    def pop(self) -> bytes | None:
        """The request to be made next: of the highest priority, and of those the last that was not queued in turn."""
        row = self.database.execute(
            "SELECT place, request FROM queue WHERE postponed = 0 ORDER BY priority DESC, place DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        self.database.execute("DELETE FROM queue WHERE place = ?", (row[0],))
        return bytes(row[1])

    def queued(self) -> int:
        """How many requests wait, those for another run included."""
        return int(self.database.execute("SELECT count(*) FROM queue").fetchone()[0])

    def waits(self, *, postponed: bool = False) -> bool:
        """Whether a request waits, or waits for another run."""
        found = self.database.execute("SELECT 1 FROM queue WHERE postponed = ? LIMIT 1", (postponed,)).fetchone()
        return found is not None

    def release_postponed(self) -> None:
        """What an earlier run has postponed may be asked for now."""
        self.database.execute("UPDATE queue SET postponed = 0")

    def first_time(self, fingerprint: bytes) -> bool:
        """Whether a request is made for the first time in this crawl."""
        return self.database.execute("INSERT OR IGNORE INTO requested VALUES (?)", (fingerprint,)).rowcount > 0

    @property
    def snapshot(self) -> bytes | None:
        """What the spider of an unfinished crawl knew at its last checkpoint."""
        row = self.database.execute("SELECT spider FROM snapshot").fetchone()
        return bytes(row[0]) if row else None

    @snapshot.setter
    def snapshot(self, value: bytes) -> None:
        self.database.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?)", (value,))

    @property
    def files(self) -> dict[str, int]:
        """The files of the last run, each with its size at the last checkpoint."""
        return dict(self.database.execute("SELECT path, size FROM files"))

    @files.setter
    def files(self, sizes: dict[str, int]) -> None:
        self.database.execute("DELETE FROM files")
        self.database.executemany("INSERT INTO files VALUES (?, ?)", sizes.items())

    # Pages that lead on

    def note_page(self, page: int, *, fruitful: bool, named: bool = False) -> None:
        """Note whether a page was the first to show some article, or the first page to, behind a sitemap or a feed."""
        self.database.execute("INSERT OR REPLACE INTO pages VALUES (?, ?)", (page, NAMED if named else fruitful))

    def forget_page(self, page: int) -> None:
        """Forget that a page has shown nothing: it is an article."""
        self.database.execute("DELETE FROM pages WHERE page = ?", (page,))

    def barren(self, page: int) -> bool:
        """Whether the last whole crawl has seen nothing on a page that others, or sitemaps and feeds, did not show."""
        row = self.database.execute("SELECT fruitful FROM pages WHERE page = ?", (page,)).fetchone()
        return row is not None and row[0] != FRUITFUL

    def is_named(self, page: int) -> bool:
        """Whether only sitemaps and feeds have named before what the last whole crawl has seen on a page."""
        row = self.database.execute("SELECT fruitful FROM pages WHERE page = ?", (page,)).fetchone()
        return row is not None and row[0] == NAMED

    def fruitful(self, page: int) -> bool:
        """Whether the last whole crawl has seen something on a page that others did not show."""
        row = self.database.execute("SELECT fruitful FROM pages WHERE page = ?", (page,)).fetchone()
        return row is not None and row[0] == FRUITFUL

    def note_unfetched(self, url: str) -> None:
        """Note that an article did not come in one crawl more."""
        self.database.execute(
            "INSERT INTO unfetched VALUES (?, 1) ON CONFLICT (url) DO UPDATE SET crawls = crawls + 1", (url,)
        )

    def unfetched(self) -> list[tuple[str, int]]:
        """The articles that did not come, each with how many crawls have asked for it."""
        return self.database.execute("SELECT url, crawls FROM unfetched ORDER BY url").fetchall()

    def forget_unfetched(self, url: str) -> None:
        """Forget an article that did not come: it has, or is asked for no more."""
        self.database.execute("DELETE FROM unfetched WHERE url = ?", (url,))

    def list_changed(self, chain: str, identifiers: Iterable[str]) -> bool:
        """Whether a list's first page shows other articles than in the last crawl; what it shows is kept."""
        name, shown = f"list {chain}", sha256("\n".join(sorted(identifiers)).encode()).hexdigest()
        changed = self.get(name) != shown
        self.put(name, shown)
        return changed

    def list_has_shown(self, chain: str) -> bool:
        """Whether a list has shown articles when it was last read."""
        return bool(self.get(f"list {chain}"))

    def list_emptied(self, chain: str, *, forget: bool) -> bool:
        """Whether a list that shows no article has shown some when it was last read; perhaps that is forgotten."""
        emptied = self.list_has_shown(chain)
        if emptied and forget:
            self.put(f"list {chain}", "")
        return emptied

    # Articles

    def article(self, identifier: str) -> Known | None:
        """What is known of an article."""
        row = self.database.execute(f"SELECT {COLUMNS} FROM articles WHERE id = ?", (identifier,)).fetchone()  # noqa: S608
        return Known(*row) if row else None

    def shares_etag(self, known: Known) -> bool:
        """Whether other articles have the same ETag: such a one tells nothing of what a page says."""
        if self._shared_etags is None:
            query = "SELECT etag FROM articles WHERE etag IS NOT NULL GROUP BY etag HAVING count(*) > 1"
            self._shared_etags = {etag for (etag,) in self.database.execute(query)}
        return known.etag in self._shared_etags

    def text(self, identifier: str) -> str:
        """Title and text of the latest version of a known article."""
        row = self.database.execute("SELECT text FROM articles WHERE id = ?", (identifier,)).fetchone()
        return zlib.decompress(row[0]).decode()

    def count(self) -> int:
        """How many articles are known that are not gone."""
        return int(self.database.execute("SELECT count(*) FROM articles WHERE gone_at IS NULL").fetchone()[0])

    def due(self, limit: int, now: datetime) -> Iterator[Known]:
        """Articles to be looked at again: what may have moved, some that nothing leads to, then the longest overdue."""
        unlisted = f"SELECT id FROM articles WHERE due = '{BEFORE_OTHERS}' AND gone_at IS NULL ORDER BY id"  # noqa: S608
        rows: Iterable[tuple[object, ...]] = self.database.execute(
            f"SELECT {COLUMNS} FROM articles WHERE (due <= ? OR due > ?) AND gone_at IS NULL "  # noqa: S608
            f"AND (due != '{BEFORE_OTHERS}' OR id IN ({unlisted} LIMIT {AT_ONCE})) ORDER BY due, id "
            "LIMIT max(?, (SELECT count(*) FROM articles WHERE due = '' AND gone_at IS NULL))",
            (now.isoformat(), (now + FARTHEST).isoformat(), limit),
        ).fetchall()
        return (Known(*row) for row in rows)  # type: ignore[arg-type]

    def not_fetched(self, limit: int = -1) -> Iterator[Known]:
        """The articles of earlier crawls that this one has not looked for, those that were seen last first."""
        rows = self.database.execute(
            f"SELECT {COLUMNS} FROM articles WHERE crawl < ? AND gone_at IS NULL "  # noqa: S608
            "AND id NOT IN (SELECT id FROM lost) ORDER BY last_seen DESC, id LIMIT ?",
            (self.crawl, limit),
        ).fetchall()
        return (Known(*row) for row in rows)

    def listed(self, identifier: str, now: str) -> None:
        """Note that a known article is still linked to."""
        self.database.execute("UPDATE articles SET last_seen = ? WHERE id = ?", (now, identifier))

    def page(self, identifier: str) -> bytes:
        """What the page of a known article was made of (``reading.Reading``)."""
        row = self.database.execute("SELECT page FROM articles WHERE id = ?", (identifier,)).fetchone()
        return bytes(row[0])

    def read_anew(self, known: Known, text: str, page: bytes) -> None:
        """Keep how an unchanged article is read by now: what is compared with the next time."""
        self.database.execute(
            "UPDATE articles SET reading = ?, read_sha256 = ?, text = ?, page = ? WHERE id = ?",
            (known.reading, known.read_sha256, zlib.compress(text.encode(), LEVEL), page, known.id),
        )

    # Articles that this crawl has looked for in vain

    def lose(self, identifier: str, asked: str, said: str) -> None:
        """Note that an article was not found, where it was asked for, and what was said instead."""
        self.database.execute("INSERT OR REPLACE INTO lost VALUES (?, ?, ?)", (identifier, asked, said))

    def lost(self) -> list[tuple[Known, str, str]]:
        """The articles that were not found, each with what was noted of it."""
        rows = self.database.execute(
            f"SELECT asked, said, {COLUMNS} FROM lost JOIN articles USING (id) WHERE gone_at IS NULL ORDER BY id"  # noqa: S608
        )
        return [(Known(*row), asked, said) for asked, said, *row in rows]

    def last_seen(self) -> list[str]:
        """When each article that is not gone was there the last time."""
        return [time for (time,) in self.database.execute("SELECT last_seen FROM articles WHERE gone_at IS NULL")]

    def loss(self, identifier: str) -> str | None:
        """What was noted of an article that was not found; None if it was, or was not looked for."""
        row = self.database.execute("SELECT said FROM lost WHERE id = ?", (identifier,)).fetchone()
        return str(row[0]) if row else None

    def found_again(self) -> int:
        """How many articles of earlier crawls this one has fetched and found, where they were or at another address."""
        query = "SELECT count(*) FROM articles WHERE crawl = ? AND since < ?"
        return int(self.database.execute(query, (self.crawl, self.crawl)).fetchone()[0])

    def newest_found(self) -> str | None:
        """The latest date of publication of the articles of earlier crawls that this one has fetched and found."""
        query = "SELECT max(published_at) FROM articles WHERE crawl = ? AND since < ? AND gone_at IS NULL"
        found: str | None = self.database.execute(query, (self.crawl, self.crawl)).fetchone()[0]
        return found

    def look_twice(self, limit: int) -> list[Known]:
        """Some of the articles that this crawl has found again, the last first: they count as not looked for."""
        rows = self.database.execute(
            f"SELECT {COLUMNS} FROM articles WHERE crawl = ? AND since < ? AND gone_at IS NULL "  # noqa: S608
            "ORDER BY last_seen DESC, id LIMIT ?",
            (self.crawl, self.crawl, limit),
        ).fetchall()
        chosen = [Known(*row) for row in rows]
        self.database.executemany(
            "UPDATE articles SET crawl = ? WHERE id = ?", [(self.crawl - 1, known.id) for known in chosen]
        )
        return chosen

    def replace(self, identifier: str, content: str) -> None:
        """Note that another text stands in an article's place."""
        self.database.execute("INSERT OR REPLACE INTO replaced VALUES (?, ?)", (identifier, content))

    def stands_alone(self, identifier: str, content: str) -> bool:
        """Whether a text was noted to stand in an article's place, and in that of no other."""
        places = self.database.execute("SELECT id FROM replaced WHERE content = ? LIMIT 2", (content,)).fetchall()
        return places == [(identifier,)]

    def replaced(self) -> set[str]:
        """The articles in whose places other texts stand that stand in one place only."""
        query = "SELECT id FROM replaced GROUP BY content HAVING count(*) = 1"
        return {identifier for (identifier,) in self.database.execute(query)}

    def forget_lost(self) -> None:
        """Forget which articles were not found."""
        self.database.execute("DELETE FROM lost")
        self.database.execute("DELETE FROM replaced")

    # What lists and sitemaps say of an article

    def announcements(self, identifier: str, what: str) -> set[str]:
        """All that was said of an article: titles, dates or times of its last change."""
        query = "SELECT said FROM announced WHERE id = ? AND what = ?"
        return {said for (said,) in self.database.execute(query, (identifier, what))}

    def announce(self, identifier: str, what: str, said: str) -> None:
        """Note what is said of an article."""
        self.database.execute("INSERT OR IGNORE INTO announced VALUES (?, ?, ?)", (identifier, what, said))

    def announce_instead(self, identifier: str, what: str, said: str) -> None:
        """Note what is said of an article, instead of what was said before."""
        self.database.execute("DELETE FROM announced WHERE id = ? AND what = ?", (identifier, what))
        self.announce(identifier, what, said)

    def keep(self, known: Known, text: str, page: bytes, run: str) -> None:
        """Keep an article as it was just fetched, with its latest version."""
        self.database.execute("DELETE FROM lost WHERE id = ?", (known.id,))
        due = self._next(known)
        values = [getattr(known, name) for name in Known.__dataclass_fields__]
        marks = ", ".join("?" * (len(values) + 3))
        self.database.execute(
            f"INSERT OR REPLACE INTO articles ({COLUMNS}, due, text, page) VALUES ({marks})",  # noqa: S608
            (*values, due, zlib.compress(text.encode(), LEVEL), page),
        )
        self.database.execute(
            "INSERT OR IGNORE INTO versions VALUES (?, ?, ?, ?, ?)",
            (known.id, known.version, known.content_sha256, known.last_seen, run),
        )
        if (name := folder_and_number(page_key(known.url))) is not None:
            self.database.execute("INSERT OR IGNORE INTO numbered VALUES (?, ?, ?)", (*name, known.id))

    # Articles under several identifiers

    def say(self, identifier: str, digest: bytes | None) -> None:
        """Keep the digest of all that an article says, instead of any before; None: it says too little."""
        self.database.execute("DELETE FROM said WHERE id = ?", (identifier,))
        self.database.execute("DELETE FROM aliases WHERE id = ?", (identifier,))
        if digest is not None:
            self.database.execute("INSERT OR REPLACE INTO said VALUES (?, ?)", (digest, identifier))

    def said_by(self, digest: bytes) -> str | None:
        """The article that says all that a digest was made of."""
        row = self.database.execute("SELECT id FROM said WHERE digest = ?", (digest,)).fetchone()
        return str(row[0]) if row else None

    def namesake(self, url: str) -> Known | None:
        """The article of an earlier crawl with the number of an address, in the same folder; None if there are more."""
        if (name := folder_and_number(page_key(url))) is None:
            return None
        query = "SELECT id FROM numbered WHERE folder = ? AND number = ? LIMIT 2"
        found = self.database.execute(query, name).fetchall()
        known = self.article(found[0][0]) if len(found) == 1 else None
        return known if known is not None and known.since < self.crawl else None

    def rename(self, identifier: str, other: str) -> None:
        """Note that an article is known under another identifier: its address has got another title."""
        self.announce(identifier, "renamed", other)

    def renamed(self, identifier: str) -> str | None:
        """The identifier under which an article is known whose address has got another title."""
        return next(iter(self.announcements(identifier, "renamed")), None)

    def exported_by_other(self, identifier: str, content: str) -> bool:
        """Whether a version of another article has the same text."""
        query = "SELECT 1 FROM versions WHERE content_sha256 = ? AND id != ? AND version > 1 LIMIT 1"
        return self.database.execute(query, (content, identifier)).fetchone() is not None

    def stand_for(self, identifier: str, other: str) -> None:
        """Note that an article has been exported under another identifier already."""
        self.database.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?)", (identifier, other))

    def may_have_moved(self, identifier: str, url: str) -> None:
        """Note that an address shows an article of another one: this crawl looks whether it is there still."""
        self.announce_instead(identifier, "copy", url)
        self.database.execute("UPDATE articles SET due = '' WHERE id = ? AND crawl < ?", (identifier, self.crawl))

    def alias_of(self, identifier: str) -> str | None:
        """The identifier under which an article has been exported, where it is another one."""
        row = self.database.execute("SELECT of FROM aliases WHERE id = ?", (identifier,)).fetchone()
        return str(row[0]) if row else None

    def unchanged(self, known: Known, now: str, url: str | None = None) -> None:
        """Note that an article was fetched again, or asked for, and is as it was; perhaps at another address."""
        self.database.execute("DELETE FROM lost WHERE id = ?", (known.id,))
        self.database.execute(
            "UPDATE articles SET last_seen = ?, checks = checks + 1, crawl = ?, gone_at = NULL, url = ? WHERE id = ?",
            (now, self.crawl, url or known.url, known.id),
        )
        again = self.article(known.id)
        assert again is not None
        self.database.execute("UPDATE articles SET due = ? WHERE id = ?", (self._next(again), known.id))

    def gone(self, known: Known, now: str, status: int | None) -> None:
        """Note that an article is no longer there."""
        self.database.execute(
            "UPDATE articles SET gone_at = ?, status = ?, crawl = ? WHERE id = ?",
            (now, status, self.crawl, known.id),
        )
        if self.database.execute("SELECT 1 FROM aliases WHERE of = ? LIMIT 1", (known.id,)).fetchone():
            # What has stood for it is a new article from now on: lists that are as they were lead to it.
            self.database.execute("DELETE FROM meta WHERE name LIKE 'list %'")

    def _next(self, known: Known) -> str:
        now = datetime.fromisoformat(known.last_seen)
        age = now.date() - datetime.fromisoformat(known.published_at).date() if known.published_at else None
        watched = now - datetime.fromisoformat(known.first_seen)
        return (now + revisit_after(known.checks, known.changes, watched, age)).astimezone(UTC).isoformat()
