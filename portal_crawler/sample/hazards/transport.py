"""Servers that misbehave on the way: bodies without end, bombs, broken connections, bursts of errors."""

from __future__ import annotations

import gzip
import io
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import brotli

from portal_crawler.sample.hazards.base import Hazard
from portal_crawler.sample.portal import Answer

if TYPE_CHECKING:
    from portal_crawler.sample.portal import Asked, SamplePortal

ZEROS = bytes(1024 * 1024)
BOMB_MEGABYTES = 256


@cache
def bomb(coding: str) -> bytes:
    """A page that unpacks to 256 MB of nothing."""
    if coding == "gzip":
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as file:
            for _ in range(BOMB_MEGABYTES):
                file.write(ZEROS)
        return packed.getvalue()
    compressor = brotli.Compressor(quality=5)
    parts = [compressor.process(ZEROS) for _ in range(BOMB_MEGABYTES)]
    return bytes(b"".join([*parts, compressor.finish()]))


class _Planted(Hazard):
    """A hazard behind one link that stands on every page."""

    path: str
    label: str

    def planted(self, portal: SamplePortal) -> str:  # noqa: ARG002 - the hook's signature
        """The link."""
        return f'<a href="{self.path}">{self.label}</a>'

    def answer(self, portal: SamplePortal, asked: Asked) -> Answer | None:  # noqa: ARG002 - the hook's signature
        """What is behind it."""
        return self.behind() if asked.path == self.path else None

    def behind(self) -> Answer:
        """The answer behind the link."""
        raise NotImplementedError


class EndlessBody(_Planted):
    """A page that never ends (until the server has sent 256 MB)."""

    name = "endless-body"
    about = "a page that never ends"
    trap = re.compile(r"^/nhat-ky-he-thong")
    path, label = "/nhat-ky-he-thong", "Nhật ký hệ thống"

    def behind(self) -> Answer:
        """Lines of a log."""
        return Answer("<p>Hệ thống hoạt động bình thường.</p>\n".encode() * 1000, manner="endless")


class DrippingBody(_Planted):
    """A page that comes a byte at a time, so that no pause is long."""

    name = "dripping-body"
    about = "a page that comes a byte at a time"
    trap = re.compile(r"^/truyen-hinh-truc-tuyen")
    path, label = "/truyen-hinh-truc-tuyen", "Truyền hình trực tuyến"

    def behind(self) -> Answer:
        """Spaces."""
        return Answer(b"<html>" + b" " * 100_000, manner="drip")


class GzipBomb(_Planted):
    """A small body that unpacks to 256 MB."""

    name = "gzip-bomb"
    about = "250 kB of gzip that unpack to 256 MB"
    trap = re.compile(r"^/so-lieu-goc")
    path, label = "/so-lieu-goc", "Số liệu gốc"

    def behind(self) -> Answer:
        """The bomb."""
        return Answer(bomb("gzip"), headers=(("Content-Encoding", "gzip"),))


class BrotliBomb(_Planted):
    """The same in brotli, which packs it into a few hundred bytes."""

    name = "brotli-bomb"
    about = "a few hundred bytes of brotli that unpack to 256 MB"
    trap = re.compile(r"^/so-lieu-nen")
    path, label = "/so-lieu-nen", "Số liệu nén"

    def behind(self) -> Answer:
        """The bomb."""
        return Answer(bomb("br"), headers=(("Content-Encoding", "br"),))


class _Stumbling(Hazard):
    """A hazard that some articles meet on their first requests; later ones are answered."""

    costly = True
    every = 4  # which articles
    times = 1  # how many requests

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:
        """Spoil the first answers."""
        key = portal.key_of(portal.base + asked.path)
        place = next((i for i, story in enumerate(portal.stories) if str(story.number) == key), None)
        if place is None or place % self.every or answer.status != 200:
            return answer
        self._asked[asked.path] += 1
        return self.spoilt(answer) if self._asked[asked.path] <= self.times else answer

    def spoilt(self, answer: Answer) -> Answer:
        """What comes instead of an answer."""
        raise NotImplementedError


class TruncatedBody(_Stumbling):
    """Every fourth article breaks off in the middle when it is first asked for."""

    name = "truncated-body"
    about = "articles that break off in the middle on the first try"

    def spoilt(self, answer: Answer) -> Answer:
        """Half of it."""
        return replace(answer, manner="cut")


class ConnectionReset(_Stumbling):
    """Every fourth article's connection is reset at first."""

    name = "connection-reset"
    about = "connections that are reset on the first try"

    def spoilt(self, answer: Answer) -> Answer:
        """Nothing."""
        return replace(answer, manner="reset")


class ErrorBurst(_Stumbling):
    """Every article answers 503 or 500 at first, as under load."""

    name = "error-burst"
    about = "every second article answers 503 on the first try"
    every = 2

    def spoilt(self, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """The server's excuse."""
        return Answer(b"<html><body>Service Unavailable</body></html>", 503)


class RateLimit(_Stumbling):
    """Some articles answer 429 and say how long to wait."""

    name = "rate-limit"
    about = "429 with Retry-After: 1 on the first try of some articles"
    every = 8

    def spoilt(self, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """Not now."""
        return Answer(b"<html><body>Too Many Requests</body></html>", 429, headers=(("Retry-After", "1"),))


class DyingHost(Hazard):
    """A host that answers its first twenty requests and none afterwards."""

    name = "dying-host"
    about = "a host that resets every connection after its first twenty answers"
    trap = re.compile(r"")
    ALIVE = 20

    def __init__(self) -> None:
        self._answered = 0

    def change(self, portal: SamplePortal, asked: Asked, answer: Answer) -> Answer:  # noqa: ARG002 - the hook's signature
        """Dead, after a while."""
        self._answered += 1
        return answer if self._answered <= self.ALIVE else replace(answer, manner="reset")
