"""Who signed an article, and where a republished one came from.

Portals print both as lines of the text: a name at the right of the last line ("Ái Loan"), a label before it
("Tin, ảnh: ..."), a credit ("Theo chinhphu.vn", "(Nguồn: Báo Dân trí)"). The account that entered the text is printed
too, often, and is no author.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal_crawler.extraction.blocks import Block, file_addresses
from portal_crawler.extraction.dates import find_dates
from portal_crawler.extraction.decode import composed
from portal_crawler.extraction.page import Element, element_text, squeeze
from portal_crawler.extraction.tables import DataTables
from portal_crawler.extraction.widgets import says

if TYPE_CHECKING:
    from collections.abc import Sequence

# How many lines from the end a signature may stand: captions and credits come after it at times.
LAST_LINES = 4
# A name set off from the left by this many spaces is a signature laid out with spaces.
PADDING = 8

LABEL = re.compile(
    r"^(?:(?:tin|bài|ảnh|clip|video|đồ họa|thực hiện|nội dung)(?:\s*(?:,|và|&|-|–|\+|/)\s*|\s+))*"
    r"(?:tin|bài viết|bài|ảnh|video|clip|tác giả(?: bài viết)?|người viết|thực hiện|biên tập|tổng hợp)"
    r"\s*(?P<colon>[:\uff1a])?\s*(?P<name>.+)$",
    re.IGNORECASE,
)
PICTURE = re.compile(r"^(?:trong )?(?:ảnh|video|clip)\s*[:\uff1a]", re.IGNORECASE)
# Of more words what stands behind "Ảnh:" is no name but a caption.
CREDITED = 6
AUTHOR_LABEL = re.compile(r"^(?:tác giả|người viết|bài viết)\b", re.IGNORECASE)
CREDIT = re.compile(
    r"^[(\[]?\s*(?:(?P<theo>theo)(?:\s*:\s*|\s+)|(?:nguồn(?: tin)?|nguồn bài viết|trích nguồn)\s*[:\uff1a]\s*)"
    r"(?P<source>.+?)\s*[\])]?\.?$",
    re.IGNORECASE,
)
# The same as fields of the line of date and time: "25/07/2017 07:40 - Tác giả: Ái Loan - Nguồn: Báo Nhân Dân".
FIELD = re.compile(
    r"(?:^|[|•·;,(]|(?<=[\s)])[–—-])\s*(?:(?P<author>tác giả(?: bài viết)?|người viết)|nguồn(?: tin)?)"
    r"\s*:\s*(?P<value>[^\d:|•·;–—()-]{2,60})",
    re.IGNORECASE,
)
LONE_LABEL = re.compile(r"(?:tác giả(?: bài viết)?|người viết|nguồn(?: tin)?)\s*[:\uff1a]", re.IGNORECASE)
LONGEST_FIELD = 100
INITIALS = re.compile(r"^(?:PV|BBT|CTV|BTV|P\.V|B\.B\.T)\b")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# A syllable of a Vietnamese name: a capital, then small letters; or all capitals; initials with full stops.
JOINERS = frozenset(("-", "–", "—", ",", "và", "&", "/", "+"))
# Where the system prints the account that entered the text, as a line of its own and without a label.
ACCOUNT_HINT = re.compile(r"(?:content|meta(?:data)?)-?author|poster|posted|user|nguoi-?dang", re.IGNORECASE)
BY = re.compile(r"^(?:by|bởi|tác giả)\b\s*:?\s*", re.IGNORECASE)
WRITTEN = re.compile(r"^(?:(?:được |đã )?viết bởi|written by)\b\s*[:\uff1a]?\s*(?P<name>.+)", re.IGNORECASE)
# Classes of an element that holds the name of who has written.
WRITERS = re.compile(
    r"(?:^|\s)(?!(?:content|meta(?:data)?|comment|view)[\w-]*author)(?:[\w-]+[-_])?(?:author(?:[-_]{0,2}name)?|byline|writer|tac[-_]?gia)"
    r"(?:$|\s)",
    re.IGNORECASE,
)
ACCOUNTS = re.compile(
    r"^(?:admin|administrator|root|test|user|editor|biên tập viên|pho ban bien tap|banbientap)\b", re.IGNORECASE
)
# First words that sentences and institutions begin with, but people's names do not.
NOT_NAMES = frozenset(
    "sở ban phòng ubnd hđnd trung tâm huyện tỉnh thành xã phường thị thông tin ảnh toàn quang các những một đồng ông "
    "bà tải xem chi tiết file tệp hội nghị lễ đoàn cục vụ bộ tổng quyết kế hoạch báo đài cổng tại hà việt ngày nơi số "
    "facebook website email điện thoại fax địa nguồn theo mục điều chương phần".split()
)
# Those of them that are surnames as well, before two names or more: "Hà Văn Thắng", but not "Hà Nội".
SURNAMES = frozenset(("Đoàn", "Hà"))


# Syllables of Vietnamese without a mark, which few words of other languages are: "Thanh Mai", "Lan Anh".
PLAIN = re.compile(
    r"(?:(?:ngh?|nh|ch|gh?|gi|kh|ph|qu|th|tr|[bcdhklmnprstvx])?[aeiouy]{1,3}(?:ch|nh|ng|[cmnpt])?(?:\s+|$)){2,4}",
    re.IGNORECASE,
)

# In whose name, or in which office, a document is signed; who does is its signer and no author.
OFFICE = re.compile(
    r"(?:(?:TM|KT|TL|TUQ|Q)\s?\.\s*[^\Wa-zà-ỹ]|(?:PHÓ |QUYỀN )?(?:TỔNG )?(?:CHỦ TỊCH|GIÁM ĐỐC|CHÁNH VĂN PHÒNG"
    r"|CHÁNH THANH TRA|TRƯỞNG (?:PHÒNG|BAN)|(?:(?:CHI )?CỤC|BỘ|THỨ|VỤ|VIỆN|HIỆU|THỦ) TRƯỞNG|BÍ THƯ"
    r"|THƯ KÝ|CHỦ (?:TỌA|TRÌ)|KẾ TOÁN TRƯỞNG|NGƯỜI LẬP(?: BIỂU| PHIẾU)?)\b)[^a-z]*"
)
LONGEST_OFFICE = 80  # characters
OFFICE_WITHIN = 12  # lines from the end


@dataclass(frozen=True, slots=True)
class Byline:
    """What the last lines of an article say about its origin.

    Attributes:
        author: Who signed.
        source: Whom it is credited to.
        signature: The block that holds nothing but the name, set off from the left by spaces: it is layout, and stands
            in ``author`` alone. Signatures that are paragraphs of the text stay in it.
    """

    author: str | None = None
    source: str | None = None
    signature: Block | None = None


def is_account(name: str) -> bool:
    """Whether a printed name is that of an account ("admin admin", "Pho Ban bien tap") and nobody's."""
    return ACCOUNTS.match(composed(name.strip())) is not None


def is_office(line: str) -> bool:
    """Whether a line says in whose name, or in which office, a document is signed: "KT. CHỦ TỊCH"."""
    return len(line) <= LONGEST_OFFICE and OFFICE.fullmatch(line) is not None


def person(text: str) -> str | None:
    """The name or names in a short line that holds nothing else, or None."""
    line = text.strip(" \t.[]*;:–-")
    if line.startswith("(") and line.endswith(")"):
        line = line[1:-1].strip()
    if not 3 <= len(line) <= 60 or any(mark in line for mark in ':;?!"“”') or is_account(line):
        return None
    if INITIALS.match(line):
        return line if len(line.split()) <= 4 else None
    note = re.search(r"\s*\([^()]{2,50}\)$", line)
    bare = line[: note.start()] if note else line
    people: list[list[str]] = [[]]
    for word in re.sub(r"\s*([-–—,&/+])\s*", r" \1 ", bare).split():
        if word.lower() in JOINERS:
            people.append([])
        else:
            people[-1].append(word)
    if all(_is_name(words) for words in people) and (len(people) > 1 or len(people[0]) >= 2):
        return line
    return None


def signs(block: Block) -> bool:
    """Whether a line says who wrote a text or where it comes from, and nothing else.

    A bare name is set apart, and no label of a widget: "Chia Sẻ", "YOU MAY ALSO LIKE".
    """
    line = block.text
    if block.way.tag in HEADINGS or says(line) is not None:
        return False
    if _credit(line) is not None or _labelled(line) is not None:
        return True
    right = _moved_right(block)
    apart = right or any(node.tag in ("b", "strong", "i", "em") for node, _ in block.slots)
    vietnamese = not line.isascii() or (right and PLAIN.fullmatch(line) is not None)
    return apart and vietnamese and person(line) is not None


def _is_name(words: list[str]) -> bool:
    if not 1 <= len(words) <= 5 or (words[0].lower() in NOT_NAMES and not (words[0] in SURNAMES and len(words) > 2)):
        return False
    return all(word[0].isupper() and word.replace(".", "").isalpha() and len(word) <= 9 for word in words)


def read_byline(kept: Sequence[Block]) -> Byline:
    """Read the last lines (and labelled lines anywhere in the last few) of an article; those behind its last table."""
    author: str | None = None
    source: str | None = None
    signature: Block | None = None
    lines = [block for block in kept if not _names_account(block)] if kept and _names_account(kept[-1]) else kept
    behind = len(lines)
    while behind > 1 and lines[behind - 1].linked and file_addresses(lines[behind - 1]):
        behind -= 1
    lines = lines[:behind]
    tables = DataTables(kept)
    document = any(is_office(block.text) for block in lines[-OFFICE_WITHIN:])
    last = True  # nothing but credits has come after this line
    for block in reversed(lines[-LAST_LINES:]):
        if len(lines) < 2 or len(block.text) > 120 or (block.way.in_row and tables.row(block.element) is not None):
            break
        if source is None and (found := _credit(block.text)):
            source = found
            continue
        if author is None and (found := _labelled(block.text)):
            author = found
        elif (
            author is None
            and not document
            and (found := person(block.text))
            and (last or _padded(block) or _moved_right(block))
        ):
            author = found
            signature = block if _padded(block) else None
        elif block.text.endswith("./."):
            break
        last = False
    return Byline(author, source, signature)


def read_stamp(line: str) -> Byline:
    """Read the fields that stand beside the date, in its line: an author that is a person, and a source."""
    author: str | None = None
    source: str | None = None
    for field in FIELD.finditer(line):
        value = field["value"].strip(" .,")
        if field["author"]:
            author = author or person(value)
        else:
            source = source or value
    return Byline(author, source or None)


def signed_stamp(line: str) -> str | None:
    """The names before date and time in a line that holds nothing else: "HỒNG HÀ - MINH ANH 30/04/2016 11:39"."""
    date = next(iter(find_dates(line)), None) if len(line) <= LONGEST_FIELD else None
    if date is None or "T" not in date.value or line[date.start + len(date.raw) :].strip(" |-–)"):
        return None
    return person(line[: date.start].strip(" |-–,("))


def read_fields(behind: Sequence[Block]) -> Byline:
    """Read the lines behind a text that are fields of its page, each with its label: "Tác giả: Ái Loan".

    The label may be a line of its own. A credit moved to the right has none: "Theo Báo Nhân Dân".
    """
    author: str | None = None
    source: str | None = None
    label = ""
    for block in behind:
        line = f"{label} {block.text}" if label else block.text
        label = block.text if LONE_LABEL.fullmatch(block.text) else ""
        labelled = FIELD.match(line) is not None
        if (block.linked and not labelled) or len(line) > LONGEST_FIELD:
            continue
        if labelled:
            read = read_stamp(line)
            author, source = author or read.author, source or read.source
        elif source is None and _moved_right(block):
            source = _credit(line)
    return Byline(author, source)


def read_marked(around: Sequence[Block]) -> str | None:
    """The name that stands alone in an element of these lines that is called author: ``<span class="author">``."""
    for block in around:
        if block.hidden or len(block.text) > LONGEST_FIELD:
            continue
        for node in (block.element, *(node for node, is_tail in block.slots if not is_tail)):
            if WRITERS.search(node.get("class") or ""):
                return person(BY.sub("", element_text(node)))
    return None


def read_written(around: Sequence[Block]) -> str | None:
    """The person by whom a line says the article was written: "Được viết bởi Ái Loan"; an account puts it up."""
    lines = (block.text for block in around if not block.hidden and len(block.text) <= LONGEST_FIELD)
    return next((name for line in lines if (said := WRITTEN.match(line)) and (name := person(said["name"]))), None)


def _names_account(block: Block) -> bool:
    parent = block.element.getparent()
    marks = (
        block.element.get("class") or "" if parent is None else f"{block.element.get('class')} {parent.get('class')}"
    )
    return ACCOUNT_HINT.search(marks) is not None and LABEL.match(block.text) is None


def _credit(text: str) -> str | None:
    match = CREDIT.match(text)
    if match is None:
        return None
    source = match["source"].strip(" .")
    # "Theo đó, ..." and "Theo kế hoạch ..." begin sentences: a credit is short and does not end as they do.
    if match["theo"] and (
        text.rstrip().endswith((".", ":", "./."))
        or len(source.split()) > 9
        or (source[0].islower() and "." not in source)
    ):
        return None
    return source or None


def _labelled(text: str) -> str | None:
    bare = text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text
    match = LABEL.match(bare)
    if match is None:
        return None
    name = match["name"].strip(" .")
    if not match["colon"]:
        return person(name)
    if not name or len(name.split()) > 14 or is_account(name):
        return None
    if PICTURE.match(bare) and len(name.split()) > CREDITED and person(name) is None:
        return None  # what it shows
    # "Tin, ảnh: ..." says what the person did; "Tác giả: ..." only names the field.
    return name if AUTHOR_LABEL.match(bare) else bare.rstrip(" .")


def _raw(block: Block) -> str:
    element, is_tail = block.slots[0]
    return (element.tail if is_tail else element.text) or ""


def _padded(block: Block) -> bool:
    # The spaces may stand before the tag that makes the name bold; an element of several lines says less.
    raw = "".join(map(str, block.element.itertext()))
    if squeeze(raw) != block.text:
        raw = _raw(block)
    lead = raw[: len(raw) - len(raw.lstrip())]
    return len(lead) >= PADDING and "\xa0" in lead and person(block.text) is not None


def _moved_right(block: Block) -> bool:
    node: Element | None = block.element
    for _ in range(3):
        if node is None:
            return False
        style = (node.get("style") or "").replace(" ", "").lower()
        if node.get("align") == "right" or "text-align:right" in style or "text-right" in (node.get("class") or ""):
            return True
        node = node.getparent()
    return False
