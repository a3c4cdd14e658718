"""Serves the five portals of the sample province on the loopback interface, each on a port of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from portal_crawler.sample.aspnet import AspNetPortal
from portal_crawler.sample.dotnetnuke import DotNetNukePortal
from portal_crawler.sample.grammar import VIETNAM
from portal_crawler.sample.ledger import Ledger
from portal_crawler.sample.liferay import LiferayPortal
from portal_crawler.sample.nukeviet import NukeVietPortal
from portal_crawler.sample.portal import SamplePortal
from portal_crawler.sample.server import PortalServer
from portal_crawler.sample.sharepoint import SharePointPortal
from portal_crawler.sample.truth import PortalTruth

PORTALS: tuple[type[SamplePortal], ...] = (
    LiferayPortal,
    SharePointPortal,
    NukeVietPortal,
    DotNetNukePortal,
    AspNetPortal,
)
HOST = "127.0.0.1"


def now() -> datetime:
    """The time in Vietnam."""
    return datetime.now(VIETNAM)


class SampleProvince:
    """The province, served while the ``with`` block lasts.

    Args:
        ports: One port a portal; 0 takes any free one, and so do those for which none is given.
        clock: Tells the time to calendars, clocks and weather; the wall clock unless a test says otherwise.
        portals: Other portals than the province's own, by name.

    Raises:
        OSError: on entering, if a port is taken.
    """

    def __init__(
        self,
        ports: Sequence[int] = (),
        clock: Callable[[], datetime] = now,
        portals: Mapping[str, SamplePortal] | None = None,
    ) -> None:
        self.portals = {kind.spider: kind(clock) for kind in PORTALS} if portals is None else dict(portals)
        if ports and len(ports) != len(self.portals):
            raise ValueError(f"{len(self.portals)} portals need as many ports, not {len(ports)}")
        self.ledgers = {name: Ledger(portal) for name, portal in self.portals.items()}
        self._ports = tuple(ports) or (0,) * len(self.portals)
        self._servers: list[PortalServer] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Bind the ports and begin to serve."""
        try:
            for (name, portal), port in zip(self.portals.items(), self._ports, strict=True):
                server = PortalServer((HOST, port), portal, self.ledgers[name])
                self._servers.append(server)
                portal.base = f"http://{HOST}:{server.server_port}"
        except OSError:
            self._close()
            raise
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop serving and free the ports."""
        for server in self._servers:
            server.shutdown()
        for thread in self._threads:
            thread.join()
        self._close()

    def _close(self) -> None:
        for server in self._servers:
            server.server_close()
        self._servers.clear()
        self._threads.clear()

    @property
    def addresses(self) -> dict[str, str]:
        """Home page of each portal, by the name of the spider that crawls it."""
        return {spider: f"{portal.base}/" for spider, portal in self.portals.items()}

    def truth(self) -> dict[str, PortalTruth]:
        """What the portals hold, by the name of the spider."""
        return {spider: portal.truth() for spider, portal in self.portals.items()}

    def write_truth(self, path: Path) -> int:
        """Write all articles as JSON Lines; return how many there are."""
        records = [article.record() for truth in self.truth().values() for article in truth.articles]
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
        return len(records)
