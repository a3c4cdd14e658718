"""When a host may be asked again: one table for all portals on it, in this process and in others."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from portal_crawler.archive.renewable import renewable

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
# Seconds: a time that lies further ahead was given out by a clock that was wrong, and has been set right since.
FARTHEST = 24 * 60 * 60
# Without a state folder the table is shared by the crawls of this process alone.
IN_MEMORY = "file:portal_hosts?mode=memory&cache=shared"
# What a lost power supply takes away is a few seconds of patience.
SCHEMA = """
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS host (name TEXT PRIMARY KEY, next REAL NOT NULL, rest REAL NOT NULL);
CREATE TABLE IF NOT EXISTS asked (name TEXT PRIMARY KEY, at REAL NOT NULL);
"""


class HostClock:
    """Gives out the times at which a host is asked, so that no two crawls ask it within its delay.

    A crawl reserves the next free time and waits for it: whoever comes later, in whichever process, gets a later one.
    The departments of a province often share one server.

    Args:
        folder: Where the table is kept (``hosts.sqlite``); None: in memory.

    Raises:
        OSError: if the file cannot be opened.
        sqlite3.Error: from any other method, if it cannot be read or written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        # "scrapy shell" makes it in one thread and asks in another, never in both at a time.
        if folder is not None:
            path = folder / "hosts.sqlite"
            self._table = renewable(path, SCHEMA, isolation_level=None, timeout=30, check_same_thread=False)
        else:
            self._table = sqlite3.connect(IN_MEMORY, uri=True, isolation_level=None, check_same_thread=False)
            self._table.executescript(SCHEMA)

    def reserve(self, host: str, delay: float, now: float) -> float:
        """Reserve a time to ask a host, ``delay`` seconds after the last one given out.

        Returns:
            Seconds since the epoch; not before ``now``.
        """
        with self._table, closing(self._table.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            row = cursor.execute("SELECT next, rest FROM host WHERE name = ?", (host,)).fetchone()
            at = max((now, *(each for each in row or () if each <= now + FARTHEST)))
            cursor.execute(
                "INSERT INTO host VALUES (?, ?, 0) ON CONFLICT (name) DO UPDATE SET next = excluded.next",
                (host, at + delay),
            )
        return float(at)

    def ask(self, host: str, delay: float, now: float) -> float:
        """Note that a host is asked now, unless it was asked less than ``delay`` seconds ago.

        A reserved time may have passed before it was used, and the next ones with it.

        Returns:
            Seconds since the epoch: ``now`` if that was noted, else when the host may be asked.
        """
        with self._table, closing(self._table.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            row = cursor.execute("SELECT at FROM asked WHERE name = ?", (host,)).fetchone()
            if row and row[0] <= now < row[0] + delay:  # one that lies ahead was noted by a clock that was wrong
                return float(row[0] + delay)
            cursor.execute("INSERT OR REPLACE INTO asked VALUES (?, ?)", (host, now))
        return now

    def rest(self, host: str, until: float) -> None:
        """Let a host rest: nobody asks it before ``until``, in seconds since the epoch."""
        self._table.execute(
            "INSERT INTO host VALUES (?, 0, ?) ON CONFLICT (name) DO UPDATE SET "
            "rest = iif(rest <= excluded.rest + ?, max(rest, excluded.rest), excluded.rest)",
            (host, until, FARTHEST),
        )

    def rests_until(self, host: str, now: float) -> float:
        """Until when a host rests, in seconds since the epoch; 0: it does not."""
        row = self._table.execute("SELECT rest FROM host WHERE name = ?", (host,)).fetchone()
        return float(row[0]) if row and row[0] <= now + FARTHEST else 0.0

    def close(self) -> None:
        """Close the table."""
        self._table.close()


def retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a ``Retry-After`` header asks for (RFC 9110 section 10.2.3); None if it cannot be read."""
    value = value.strip()
    if re.fullmatch(r"\d+", value, re.ASCII):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the day, in Vietnam, at which no portal is asked for anything.

    Attributes:
        begin: Their first minute.
        end: The first minute after them; earlier than ``begin`` if midnight lies between.
    """

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> QuietHours | None:
        """Read ``07:00-17:30``; None for an empty text.

        Raises:
            ValueError: if it is neither.
        """
        if not text.strip():
            return None
        found = re.fullmatch(r"\s*(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)\s*", text)
        if not found:
            raise ValueError(f"PORTAL_QUIET_HOURS must be like 07:00-17:30, not {text!r}")
        begin, end = (time(int(hour), int(minute)) for hour, minute in (part.split(":") for part in found.groups()))
        if begin == end:
            raise ValueError(f"PORTAL_QUIET_HOURS has no end: {text!r}")
        return cls(begin, end)

    def left(self, now: datetime) -> float:
        """Seconds until they are over; 0 outside of them."""
        here = now.astimezone(VIETNAM)
        clock = here.time()
        inside = self.begin <= clock < self.end if self.begin < self.end else clock >= self.begin or clock < self.end
        if not inside:
            return 0.0
        over = here.replace(hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0)
        return (over + timedelta(days=over <= here) - here).total_seconds()
