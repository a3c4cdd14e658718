"""What a day changes on a portal: articles that are new, edited or taken down, and counters, which are no change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from portal_crawler.sample.story import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_crawler.sample.portal import SamplePortal
    from portal_crawler.sample.story import Story

ADDED = "Bổ sung: số liệu đã được cập nhật theo báo cáo của các đơn vị đến hết ngày hôm trước, thay cho số liệu cũ."


@dataclass(frozen=True, slots=True)
class Day:
    """The keys of the articles that a day has changed.

    Attributes:
        new: Published today.
        edited: Published before; today a paragraph was added.
        gone: Taken down; their addresses answer 404.
    """

    new: tuple[str, ...]
    edited: tuple[str, ...]
    gone: tuple[str, ...]


class NewsCalendar:
    """Keeps the newest stories of a portal back and publishes them day by day.

    Args:
        portal: The portal; its newest stories leave it until their day comes.
        days: For how many days there shall be news.
        each: How many stories are new, how many edited and how many taken down on each of them.
    """

    def __init__(self, portal: SamplePortal, days: int = 2, each: int = 2) -> None:
        self.portal = portal
        self.each = each
        self._kept = list(portal.stories[: days * each])
        self._publish(portal.stories[days * each :])

    def turn(self) -> Day:
        """Let a day pass on the portal.

        Raises:
            ValueError: if there is no more news.
        """
        if len(self._kept) < self.each:
            raise ValueError("no more news is kept back")
        new = [self._kept.pop() for _ in range(self.each)][::-1]
        news = [story for story in self.portal.stories if story.kind == "article"]
        # From the middle, so that neither the newest nor the oldest of a list is concerned.
        chosen = news[len(news) // 2 :][: 2 * self.each]
        edited = {story.number: self._edited(story) for story in chosen[: self.each]}
        gone = chosen[self.each :]
        kept = [edited.get(story.number, story) for story in self.portal.stories if story not in gone]
        self._publish([*new, *kept])
        return Day(_keys(new), _keys(edited.values()), _keys(gone))

    def _edited(self, story: Story) -> Story:
        self.portal.bodies.pop(story.number, None)
        modified = (story.modified or story.published or self.portal.widgets.clock()) + timedelta(days=1)
        return replace(story, parts=[Part("paragraph", ADDED), *story.parts], modified=modified)

    def _publish(self, stories: list[Story] | tuple[Story, ...]) -> None:
        self.portal.stories = tuple(stories)
        self.portal.by_number = {story.number: story for story in stories}


def _keys(stories: Iterable[Story]) -> tuple[str, ...]:
    return tuple(str(story.number) for story in stories)
