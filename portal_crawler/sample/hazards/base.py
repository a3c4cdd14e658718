"""What a hazard is: something that real portals do to crawlers, put onto a portal of the province."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from portal_crawler.sample.static import StaticPortal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from portal_crawler.sample.portal import Answer, Asked, SamplePortal


class Hazard:
    """One hazard on one portal; it may keep what it remembers of the requests.

    Attributes:
        name: Its name on the command line.
        about: What it does, in one line.
        trap: Matches the targets (path and query) that lead into it, if it is a place without end or without worth:
            a crawler should ask for 25 of them at most.
        portal: The kind of portal that it is put onto.
        costly: Whether it alone may cost more requests than an article is worth (retries that are called for).
    """

    name: ClassVar[str]
    about: ClassVar[str]
    trap: ClassVar[re.Pattern[str] | None] = None
    costly: ClassVar[bool] = False
    portal: ClassVar[type[SamplePortal]] = StaticPortal

    @classmethod
    def on_portal(cls, clock: Callable[[], datetime], articles: int) -> SamplePortal:
        """A small portal with this hazard."""
        portal = cls.portal(clock)
        portal.shrink(articles)
        portal.face(cls())
        return portal

    def join(self, portal: SamplePortal) -> None:
        """Prepare the portal that it is put onto."""

    def robots(self, portal: SamplePortal) -> str:  # noqa: ARG002 - for those who have something to say
        """Lines for the portal's robots.txt."""
        return ""

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - as above
        """HTML that stands on every page."""
        return ""

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - as above
        """The answer to a request that the hazard takes upon itself."""
        return None

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - as above
        """The answer to any request, changed."""
        return answer
