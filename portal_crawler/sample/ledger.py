"""The server's own account of a crawl: what was asked of which portal, and what should not have been."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from protego import Protego

if TYPE_CHECKING:
    from portal_crawler.sample.portal import SamplePortal


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Attributes:
        target: Path and query, as sent.
        status: Status of the answer.
        at: Seconds of a monotonic clock, when it came in.
    """

    method: str
    target: str
    agent: str
    status: int
    at: float


class Ledger:
    """The requests of one portal, in their order."""

    def __init__(self, portal: SamplePortal) -> None:
        self.portal = portal
        self.entries: list[Entry] = []
        self._lock = threading.Lock()

    def note(self, method: str, target: str, agent: str, status: int) -> None:
        """Write a request down."""
        with self._lock:
            self.entries.append(Entry(method, target, agent, status, time.monotonic()))

    def clear(self) -> None:
        """Begin a new account, before another crawl."""
        with self._lock:
            self.entries.clear()

    @property
    def pages(self) -> list[Entry]:
        """The requests, robots.txt left out: it is asked for by every rule."""
        return [entry for entry in self.entries if entry.target != "/robots.txt"]

    def violations(self) -> list[str]:
        """Targets that were asked for although robots.txt forbids it (RFC 9309) to the agent that asked."""
        rules = Protego.parse(self.portal.robots_file())
        return [
            entry.target
            for entry in self.pages
            if not rules.can_fetch(self.portal.base + entry.target, entry.agent.partition("/")[0] or "*")
        ]

    def trapped(self) -> dict[str, int]:
        """How many requests went into each trap."""
        return {
            hazard.name: sum(hazard.trap.search(unquote(entry.target)) is not None for entry in self.pages)
            for hazard in self.portal.hazards
            if hazard.trap is not None
        }

    def per_article(self) -> float:
        """Requests for each article that the portal holds; what went into traps is counted there."""
        return (len(self.pages) - sum(self.trapped().values())) / len(self.portal.stories)
