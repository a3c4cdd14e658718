"""What the pages of a site have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from portal_crawler.extraction.page import Page


class Template:
    """Learned from the pages of a site."""

    ready = False

    def learn(self, page: Page, key: str) -> None:
        """Count a page."""

    def is_constant(self, text: str) -> bool:
        """Whether a text stands on nearly all pages."""
        return False

    def save(self, path: Path) -> None:
        """Write the file."""

    @classmethod
    def load(cls, path: Path) -> Template:
        """Read the file."""
        return cls()
