"""What a page says, as one number: two pages of one number are the same page under two addresses."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from zlib import crc32

from lxml import etree

from portal_crawler.extraction.blocks import blocks

if TYPE_CHECKING:
    from portal_crawler.extraction.page import Page

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
    texts = [block.text for block in blocks(page) if not block.hidden and block.link_density < LINKED]
    addresses: Any = ADDRESSES(page.root)
    files = sorted({href for href in addresses if href.lower().endswith(FILES)})
    said = (DIGITS.sub("", "\n".join(texts)), page.title or "", " ".join(files), announced or "")
    told = "\n".join(said).encode("utf-8", "replace")
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
    said = {page.title or ""}
    for block in blocks(page):
        if not block.hidden and block.link_density < LINKED and len(block.text) >= SENTENCE:
            said.update(SENTENCE_ENDS.split(block.text))
    kept = {DIGITS.sub("", part).strip(" .!?;…") for part in said if len(part) >= SENTENCE}
    kept.update(href for href in addresses if href.lower().endswith(FILES))
    kept.update(src.partition("?")[0] for src in pictures)
    return frozenset(crc32(part.encode("utf-8", "replace")) for part in kept)
