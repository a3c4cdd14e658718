"""What a site's article program says where there is no such article, and how that is known again on other pages.

A server may be honest about wrong paths and yet answer every number of an article with status 200. Its program is asked
for two numbers that no article has: what both answers say, and no page that is there, is its apology.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from portal_crawler.crawling.patterns import IDENTIFIER
from portal_crawler.crawling.walls import HIDDEN, TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scrapy.http import HtmlResponse

# Numbers that no article has, the same for all portals: they can be found in a server's log, and in our own archives.
# They fit into 32 bits: a number that does not is another kind of error to many programs.
IMPOSSIBLE = ("1987654321", "1987654322")
REGRET = re.compile(
    r"không (?:tồn tại|tìm thấy|có trên|còn(?: (?:tồn tại|nữa|trên|được|hiển thị|khả dụng)|[.!:]?$))"
    r"|đã (?:bị )?(?:xóa|xoá|gỡ)|hết hạn|sai đường dẫn"
    r"|not found|does(?: not|n't) exist|no longer (?:exists|available)|lỗi 404|404 error|error 404",
    re.MULTILINE,
)
# What is linked on such a page is a menu, or news that are other ones each time.
LINKED = re.compile(r"<a\b(?:(?!<a\b).)*?</a\s*>", re.IGNORECASE | re.DOTALL)
DIGITS, LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]{2}")
# Bytes of a page that are looked at: what is larger is no apology.
LARGEST = 1_000_000
# Characters of an apology at most: programs that show their latest article instead say more. And of what a page may say
# besides, where nothing else tells that it is no article.
LONGEST, LITTLE = 600, 700
# Shorter addresses stand in other words as well.
LITTLE_ADDRESS = 6
# Words of a title at least; shorter texts of links say "read more".
TITLE_WORDS = 4


def impossible(url: str, number: str) -> str:
    """The address of an article that does not exist: the number in it is replaced, or one added where it has none."""
    parts = urlsplit(url)
    query, path = parts.query, parts.path.partition(";")[0]  # behind it stand sessions
    if (named := IDENTIFIER.search(query)) is not None:
        query = _replaced(query[: named.end()], number) + query[named.end() :]
    elif DIGITS.search(query):
        query = _replaced(query, number)
    elif DIGITS.search(path):
        path = _replaced(path, number)
    else:
        folder, slash, last = path.rstrip("/").rpartition("/")
        stem, dot, ending = last.partition(".")
        path = f"{folder}{slash}{stem}-{number}{dot}{ending}{'/' if path.endswith('/') else ''}"
    return urlunsplit(parts._replace(path=path, query=query, fragment=""))


def _replaced(text: str, number: str) -> str:
    """A text with another last number."""
    *_, last = DIGITS.finditer(text)
    return text[: last.start()] + number + text[last.end() :]


def is_probe(url: str) -> bool:
    """Whether an address was asked for to learn what is said of articles that do not exist."""
    return any(number in url for number in IMPOSSIBLE)


def lines_said(body: bytes, url: str) -> frozenset[str]:
    """The lines of a page's text, without links, numbers and the page's own address."""
    text = DIGITS.sub("", LINKED.sub("\n", _shown(body)))
    for own in {url.lower(), unquote(url).lower()}:
        parts = urlsplit(own)
        for shown in (own, f"{parts.path}?{parts.query}", parts.path, parts.path.rpartition("/")[2]):
            if len(shown) > LITTLE_ADDRESS:
                text = text.replace(DIGITS.sub("", shown), " ")
    return frozenset(line for line in _lines(text) if LETTERS.search(line))


def _shown(body: bytes) -> str:
    return HIDDEN.sub(" ", body[:LARGEST].decode("utf-8", "ignore")).lower()


def _lines(text: str) -> Iterator[str]:
    return (" ".join(line.split()) for line in TAG.sub("\n", text).split("\n"))


def bears(body: bytes, title: str | None, *, linked: bool = True) -> bool | None:
    """Whether a page shows the title that links give to it; None if they give none that could be told from others.

    Args:
        body: The page.
        title: The title.
        linked: Whether it may be the text of a link: some headlines are links to their own page.
    """
    plain = " ".join((title or "").lower().split()).rstrip(" .…")
    if title is None or len(plain.split()) < TITLE_WORDS:
        return None
    if linked and title.encode("utf-8", "replace") in body:
        return True
    shown = _shown(body) if linked else LINKED.sub("\n", _shown(body))
    return any(plain in line or (line in plain and len(line.split()) >= TITLE_WORDS) for line in _lines(shown))


def regrets(body: bytes, url: str, title: str | None) -> bool:
    """Whether a page bears no longer the title of the article that was there, and says that something is not there."""
    return bears(body, title) is False and _regrets(lines_said(body, url))


class Shown(NamedTuple):
    """A page, its address, and what is said of its title elsewhere."""

    url: str
    body: bytes
    title: str | None


@dataclass(frozen=True, slots=True)
class Apology:
    """What an article program answers where nothing is.

    Attributes:
        said: All lines of its answers.
        own: Those of them that all its answers have, and no page that is there.
    """

    said: frozenset[str]
    own: frozenset[str]

    @classmethod
    def learn(cls, answers: Sequence[HtmlResponse], home: frozenset[str], page: Shown) -> Apology | None:
        """What two answers to wrong numbers tell; None if nothing.

        Args:
            answers: They themselves.
            home: The lines of the site's first page.
            page: The page that the numbers were put into the address of; it may be missing itself.
        """
        told = [lines_said(answer.body, answer.url) for answer in answers]
        said, common = frozenset().union(*told), frozenset.intersection(*told)
        lines = lines_said(page.body, page.url)
        own = common - home - lines
        if lines <= said or not own:
            # The page says what wrong numbers are answered with: they do not matter, or it is missing itself.
            own = common - home
            if bears(page.body, page.title) or not _regrets(own):
                return None
        return cls(said, own) if sum(map(len, own)) <= LONGEST else None

    def is_said_by(self, page: Shown) -> bool:
        """Whether a page is this answer.

        A page that bears the title of its links is there, and so is one that says much besides: articles without
        comments may regret that, too.
        """
        lines = lines_said(page.body, page.url)
        whole, ours = lines <= self.said, bool(self.own) and self.own <= lines
        if not lines or not (whole or ours) or (told := bears(page.body, page.title)):
            return False
        if told is False and whole:
            return True
        little = sum(map(len, lines - self.said)) < LITTLE
        return ours and little and (told is False or _regrets(self.own))

    def kept(self) -> dict[str, list[str]]:
        """As a record that JSON can hold."""
        return {"said": sorted(self.said), "own": sorted(self.own)}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Apology:
        """From such a record."""
        return cls(frozenset(kept["said"]), frozenset(kept["own"]))


def _regrets(lines: frozenset[str]) -> bool:
    return any(map(REGRET.search, lines))
