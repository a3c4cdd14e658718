"""What a page says, as one number: two pages of one number are the same page under two addresses."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any
from zlib import crc32

from lxml import etree

from portal_crawler.extraction.blocks import blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_crawler.extraction.page import Page
    from portal_crawler.items import Article

# What is mostly links is a menu or a box of the latest news as often as not.
LINKED = 0.5
ADDRESSES = etree.XPath("//a/@href", smart_strings=False)
# Numbers: counters, clocks.
DIGITS = re.compile(r"[0-9]+")
FILES = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".zip", ".rar")


def content_of(page: Page, announced: str | None = None) -> int:
    """The number of what a page says outside its menus and boxes.

    Numbers are left out of the text, and with them counters and clocks; they stay in the title, in the names of its
    files and in the text of the link that led here, because the reports of two months may differ in nothing else.

    Args:
        page: The parsed page.
        announced: Text of a link to it.

    Returns:
        64 bits, the same in every run.
    """
    texts = [each.text for each in blocks(page) if not each.hidden and each.linked < LINKED * len(each.text)]
    addresses: Any = ADDRESSES(page.root)
    files = sorted({href for href in addresses if href.lower().endswith(FILES)})
    text = "\n".join(texts).encode("utf-8", "replace").translate(None, b"0123456789")
    said = (page.title or "", " ".join(files), announced or "")
    told = b"\n".join((text, *(each.encode("utf-8", "replace") for each in said)))
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "big", signed=True)


# A sentence is what stands between two of these; shorter ones than so many characters are labels.
SENTENCE_ENDS = re.compile(r"[.!?;…]\s|\n")
SENTENCE = 20
PICTURES = etree.XPath("//img/@src", smart_strings=False)


def sentences_of(page: Page) -> frozenset[int]:
    """What a page is made of: checksums of title, sentences, files and pictures, numbers left out of what is written.

    A page that has no other sentence than pages before it says nothing new, in whatever order it says it.
    """
    addresses: Any = ADDRESSES(page.root)
    pictures: Any = PICTURES(page.root)
    title = page.title or ""
    kept = set(_checksums((title,)) if len(title) >= SENTENCE else ())
    for block in blocks(page):
        if not block.hidden and block.link_density < LINKED and len(block.text) >= SENTENCE:
            kept |= _sentences(block.text)
    files = {href for href in addresses if href.lower().endswith(FILES)}
    files.update(src.partition("?")[0] for src in pictures)
    return frozenset(kept).union(crc32(file.encode("utf-8", "replace")) for file in files)


@lru_cache(maxsize=20_000)
def _sentences(text: str) -> frozenset[int]:
    # Remembered: much of a page stands on the others as well.
    return _checksums(part for part in SENTENCE_ENDS.split(text) if len(part) >= SENTENCE)


def _checksums(parts: Iterable[str]) -> frozenset[int]:
    kept = {DIGITS.sub("", part).strip(" .!?;…") for part in parts}
    return frozenset(crc32(part.encode("utf-8", "replace")) for part in kept)


# A time, in seconds or milliseconds, that is put behind addresses of pictures to have them loaded anew (Liferay's "t").
LOADED_AT = re.compile(r"(?<=[?&])(?:_|r|t|ts|v|ver|rnd|time)=1\d{9}(?:\d{3})?(?:&|$)")
# Characters of a text that no two articles of one headline and date have by chance.
LONG_ENOUGH = 200


def all_said(item: Article) -> bytes | None:
    """A digest of all that an article says: headline, date, lead, text and files.

    The date is the day of publication; where neither the page nor the list that led to it shows one, it is that of the
    last change: the other list, at whose link the article has another address, may print that very day.

    Returns:
        16 bytes, with which chance collisions do not come about; None for a short text, or one without headline or
        date: notices of one day may differ in nothing that is written.
    """
    date = item.published_at or item.modified_at
    if len(item.text) < LONG_ENOUGH or not item.title or not date:
        return None
    urls = [*(each.url for each in item.attachments), *(each.url for each in item.images)]
    files = sorted(LOADED_AT.sub("", url) for url in urls)
    said = "\n".join((item.content_sha256, item.title, date, *files))
    return sha256(said.encode("utf-8", "surrogatepass")).digest()[:16]
