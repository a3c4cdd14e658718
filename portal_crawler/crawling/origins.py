"""At which origin a portal's pages stand: by http or https, with ``www.`` or without (RFC 6454 section 4).

Many portals link to themselves by the other scheme, or name such addresses in their sitemaps, and redirect each of
them: two requests for every page. Once some have been redirected, and none has not, the others are asked for where they
stand.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from portal_crawler.crawling.canonical import page_key

# So many pages in a row have been redirected from an origin to another before the next is asked for there.
PROOF = 3


class Origins:
    """Learns from the redirects of a site's hosts."""

    def __init__(self) -> None:
        self._moved: dict[str, tuple[str, int]] = {}  # where an origin's pages have been redirected to, and how many
        self._stays: set[str] = set()  # origins that have answered themselves

    def redirected(self, asked: str, target: str) -> None:
        """Note a redirect, if it leads to the same page at another origin."""
        here, there = _origin(asked), _origin(target)
        same = asked.removeprefix(here) == target.removeprefix(there) and page_key(asked) == page_key(target)
        if here != there and same:
            known, count = self._moved.get(here, (there, 0))
            self._moved[here] = (there, count + 1 if known == there else 1)

    def came(self, url: str) -> None:
        """Note an answer that is no redirect: not all pages of its origin stand elsewhere."""
        self._stays.add(_origin(url))

    def home(self, url: str) -> str:
        """An address at the origin where its page is expected."""
        passed: set[str] = set()
        while (here := _origin(url)) not in self._stays and here not in passed:
            there, count = self._moved.get(here, (here, 0))
            if count < PROOF:
                break
            passed.add(here)
            url = there + url.removeprefix(here)
        return url


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
