"""The fields of an article beside its text.

Each is read where the page shows it; several places that should say the same are weighed against each other, and what
stands on all pages of the site is nobody's field. Nothing is guessed: no evidence, no value.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from portal_crawler.extraction.blocks import links_of
from portal_crawler.extraction.dates import DateFound, beside, find_dates, is_date_line, parse_iso
from portal_crawler.extraction.page import DOCUMENT, PHRASING, Element, element_text, hands_out, says_only, squeeze
from portal_crawler.extraction.render import absolute
from portal_crawler.extraction.verdicts import is_file_link
from portal_crawler.extraction.ways import LEAD_HINT
from portal_crawler.items import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.sheet import Sheet

# How far before the text a headline or a date may stand, and how far behind it a date, in blocks.
BEFORE = 30
BEHIND = 6

LEAST_DATE = 1.0  # what a date must score
BETWEEN = 1.6  # what a date between headline and text scores more: more than it loses by a name beside it
# A date that stands in pieces: so many blocks above the headline, of so many elements and characters at most.
NEAR_BADGE, DATE_PIECES, LONGEST_BADGE = 3, 4, 40
YEAR = re.compile(r"(?:19|20)\d\d")
NOTHING_ELSE = 4  # characters beside a date that is alone on its line
LINK_WORDS, MOSTLY_LINK = 4, 0.8  # of a link that reads like a headline
LONG_HINT = 30  # characters from which a part of a hint is worth something

DATE_HINT = re.compile(r"date|time|ngay|publish|posted|thoi-?gian|ms-news-header|created", re.IGNORECASE)
TAGS_HINT = re.compile(
    r"(?:^|[\s_-])(?:tags?|keywords?|tu-?khoa)(?:$|[\s_-])|(?-i:(?:item|post|news|article)Tags?(?:$|\s))", re.IGNORECASE
)
TAGS_LABEL = re.compile(r"^(?:tags?|từ khóa|từ khoá|thẻ)(?P<colon>\s*[:\uff1a])?\s*", re.IGNORECASE)

# What the name of a file ends with; its size may stand behind it in brackets.
FILES = re.compile(
    rf"(?:{DOCUMENT}|\.(?:csv|mp3|wav|mp4|tiff?|epub))(?P<size>[^\w(]*+(?:\([^()]*+\)[^\w(]*+)?)$",
    re.IGNORECASE,
)
# Liferay puts what tells one version of a file from others behind its name.
VERSIONED = re.compile(
    rf"/documents/[^?#]*/(?P<name>[^/?#]+(?:{DOCUMENT}|\.(?:csv|mp3|mp4)))/[\da-f-]+(?:$|[?#])",
    re.IGNORECASE,
)
# What shows a file within the page, and the viewers that are told of it by a parameter: pdf.js, Google's, Microsoft's.
SHOWING = ("iframe", "embed", "object")
PLAYED = ("audio", "video", "source")
OPENED = re.compile(rf"""['"](?P<file>[^'"]+{DOCUMENT}(?:\?[^'"]*)?)['"]""", re.IGNORECASE)
VIEWER = re.compile(r"/viewer(?:js|\.html)?/?[?#]|/gview\?|officeapps\.live\.com/|/viewerjs/", re.IGNORECASE)
FILE_LABEL = re.compile(r"^(?:tập tin|tệp tin|tệp|file|attachment)(?: đính kèm)?\s*\d*\s*[:\uff1a]\s*", re.IGNORECASE)
NO_NAME = re.compile(
    r"^[\W_]*(?:(?:xem|tải|bấm|click|download|file|tệp|tập tin|chi tiết|nội dung|văn bản|về|tin|xuống|vào|đây|tại|ở"
    r"|here|đính kèm|this|link|toàn văn|pdf|docx?|xlsx?)[\W_]*)+$",
    re.IGNORECASE,
)
LONGEST_NAME, LONGEST_HERE = 300, 60  # characters
MOST_TAGS = 40
TAG_WORDS = 8  # of one
# So many characters of a text tell its language.
TELLING = 3_000
VIETNAMESE = "đưôâêơạăếộấệảốịậủớụầợờềọứồểựừổữắửặằởẩễẹẻỗỏẫỉẽỹỷỡẳỳỵẵ"  # the most frequent first
ENGLISH = frozenset("the of and to in is for that with on by was are from this at as be has have will".split())


@dataclass(frozen=True, slots=True)
class Dates:
    """When an article was published and changed, with the string that says so."""

    published: str | None = None
    raw: str | None = None
    modified: str | None = None


def dates(sheet: Sheet) -> Dates:
    """Dates by the order of trust: labelled or placed visibly, structured data, the listing, the address.

    Dates in the text are those of events and never count, nor does what the site prints on all its pages.
    """
    published, modified = _wrapped_dates(sheet) if sheet.wrapper is not None else _visible_dates(sheet)
    structured = _structured_date(
        sheet, ("datePublished",), ("article:published_time", "datepublished", "dc.date", "pubdate")
    )
    changed = _structured_date(sheet, ("dateModified",), ("article:modified_time", "datemodified", "og:updated_time"))
    raw = published.raw if published is not None else None
    value = published.value if published is not None else None
    if value is None and structured:
        value, raw = structured
    elif value is not None and structured and structured[0][:16].startswith(value[:16]):
        value = structured[0]  # the same day or minute, told more precisely
    elif value is not None and raw is not None and "T" not in value:
        value = next((iso for iso in _machine_times(sheet, raw) if iso.startswith(value)), value)
    if value is None and sheet.capture.listed_date and (listed := sheet.date(sheet.capture.listed_date)):
        value, raw = listed.value, listed.raw
    return Dates(value, raw, modified.value if modified else changed[0] if changed else None)


def _machine_times(sheet: Sheet, raw: str) -> Iterator[str]:
    """What the ``<time>`` elements that print a date say of it to machines."""
    for node in sheet.page.root.iter("time") if sheet.page.has(b"<time") else ():
        if raw in element_text(node) and (iso := parse_iso((node.get("datetime") or "").strip())):
            yield iso


def _wrapped_dates(sheet: Sheet) -> tuple[DateFound | None, DateFound | None]:
    assert sheet.wrapper is not None
    found: list[DateFound | None] = []
    labelled: dict[str | None, DateFound] = {}  # what says of itself that it is the other one
    for css, other in ((sheet.wrapper.published, "modified"), (sheet.wrapper.modified, "published")):
        date = None
        for element in sheet.elements(css):
            text = element_text(element)
            for machine in (element.get("datetime"), element.get("content"), text):
                if date is None and machine and (iso := parse_iso(machine.strip())):
                    date = DateFound(iso, text or machine.strip(), 0, None)
            # The whole line is the raw string: "Ngày đăng 07/01/2022 | 11:20 AM | View count: 65".
            candidates = find_dates(text, month_first=sheet.month_first) if date is None else []
            date = date or next((one for one in candidates if one.label != other), None)
            labelled |= {one.label: one for one in reversed(candidates) if one.label == other}
        found.append(date)
    return found[0] or labelled.get("published"), found[1] or labelled.get("modified")


def _visible_dates(sheet: Sheet) -> tuple[DateFound | None, DateFound | None]:
    """Dates of the lines around the text that hold little else than a date."""
    first, last = sheet.first_kept(), sheet.last_kept()
    inside = {id(block) for block in sheet.kept}
    month_first = sheet.month_first
    headline = max((place for place in range(first) if sheet.blocks[place].text == sheet.headline), default=first)
    scored: list[tuple[float, float, DateFound]] = []
    for place in range(max(0, first - BEFORE), min(len(sheet.blocks), last + BEHIND + 1)):
        block = sheet.blocks[place]
        if len(block.text) > 160 or (id(block) in inside and first + 3 < place < last - 3):
            continue
        # A clock stands above the headline, the date of publication between it and the text, most often.
        between = headline < place < first
        said = _dates_of(block, apart=between, month_first=month_first)
        if not said and headline - NEAR_BADGE <= place < first:
            said = [(date, beside(text, date), None) for text in _pieced(block) for date in find_dates(text)]
        if not said or sheet.constant(block.text) or (not between and _below_link(sheet, place, last)):
            continue
        headed = len(sheet.headline) if sheet.headline and block.text.startswith(sheet.headline) else 0
        for date, rest, holder in said:
            distance = first - place if place <= first else max(0, place - last) + 2
            # "Notice no. 261 of 18/9/2020" is of what the headline speaks of; one set apart behind it is its own.
            apart = headed > 0 and _closes(block, date)
            if headed and date.start < headed and not apart:
                continue
            score = _date_score(
                block, date, 0 if apart else rest - headed, holder, inside=id(block) in inside, between=between
            )
            score -= 0.05 * distance
            if score > LEAST_DATE:
                scored.append((score + BETWEEN * between, -len(scored), date))
    published = max((each for each in scored if each[2].label != "modified"), default=None)
    modified = max((each for each in scored if each[2].label == "modified"), default=None)
    return published[2] if published else None, modified[2] if modified else None


def _dates_of(block: Block, *, apart: bool, month_first: bool) -> list[tuple[DateFound, int, Element | None]]:
    """The dates of a line, how many of its characters are something else, and the element that holds a date alone.

    Args:
        block: The line.
        apart: Whether what stands in elements of its own, as tools and counters do, is nothing beside the date: only
            the style sheet keeps "20/05/2016" and "1234 views" apart.
        month_first: As in :func:`find_dates`.
    """
    whole = [(date, beside(block.text, date), None) for date in find_dates(block.text, month_first=month_first)]
    if not apart or len(block.nodes) == 1 or (whole and whole[0][1] <= NOTHING_ELSE):
        return [*whole]
    parts: dict[str, tuple[DateFound, int, Element | None]] = {}
    for node, is_tail, text in block.nodes:
        for date in find_dates(part := squeeze(text), month_first=month_first):
            rest = beside(part, date)
            holder = node.getparent() if is_tail else node
            alone = holder is not block.element and node.tag != "a" and rest <= NOTHING_ELSE
            parts.setdefault(date.raw, (date, rest, holder if alone else None))
    # The label of a date may stand in an element of its own.
    return [(date, *parts.get(date.raw, (date, rest, None))[1:]) for date, rest, _ in whole] or [*parts.values()]


def _pieced(block: Block) -> Iterator[str]:
    """A short line with figures that only the style sheet keeps apart: "<b>12</b><i>Tháng 5</i><i>2025</i>"."""
    if YEAR.search(block.text) and len(block.text) < LONGEST_BADGE:
        pieces = [text for _, _, text in block.nodes]
        if 1 < len(pieces) <= DATE_PIECES and not any(map(find_dates, pieces)):
            yield squeeze(" ".join(pieces))


def _closes(block: Block, date: DateFound) -> bool:
    """Whether the last element inside a line is but a date: ``<h1>headline <small>(1/2/2023)</small>``."""
    node, is_tail, text = block.nodes[-1]
    last = squeeze(text)
    if is_tail or node is block.element or date.raw not in last or not is_date_line(last.strip(" ()[]")):
        return False
    # "… of <b>15/3/2024</b>" is bold and no more.
    return last[0] in "([" or date.label is not None or "T" in date.value or node.tag in ("small", "time")


def _below_link(sheet: Sheet, place: int, last: int) -> bool:
    """Whether a line stands right below a link that reads like a headline: its date is that of the page linked to.

    Behind the text (its ``last`` block) a link of a word is none of a section.
    """
    above = sheet.blocks[place - 1] if place else None
    return (
        above is not None
        and (place > last or above.words >= LINK_WORDS)
        and above.link_density > MOSTLY_LINK
        and sheet.headline not in (above.text, *(block.text for block in sheet.blocks[place + 1 : place + 2]))
        and not is_file_link(above)
        and all(date.label is None for date in find_dates(sheet.blocks[place].text))
    )


def _date_score(
    block: Block, date: DateFound, rest: int, holder: Element | None, *, inside: bool, between: bool
) -> float:
    """How much a date looks like that of the article: labelled, with a time, alone on its line, in a marked place.

    Args:
        block: The line.
        date: A date in it.
        rest: How many of its characters are something else.
        holder: The element inside the line that holds the date alone, if any.
        inside: Whether the line is text of the article.
        between: Whether it stands between headline and text.
    """
    score = 2.0 if date.label else 0.0
    score += 1.0 if "T" in date.value else 0.3
    score += 1.0 if rest <= NOTHING_ELSE else 0.5 if rest <= 25 else -1.0
    marks = " ".join(
        f"{node.get('class') or ''} {node.get('id') or ''} {node.get('itemprop') or ''}"
        for node in (*(() if holder is None else (holder,)), block.element, *islice(block.element.iterancestors(), 2))
    )
    if DATE_HINT.search(marks):
        score += 1.0
    if any(node.tag == "time" and not is_tail and date.raw in text for node, is_tail, text in block.nodes):
        score += 1.0  # whatever tools stand beside it
    elif score > LEAST_DATE and (
        (block.linked and holder is None)
        or block.way.tag == "a"
        or _in_list(block, between=between)
        or _beside_link(block)
    ):
        score -= 2.0
    return score - (1.5 if inside and not date.label else 0.0)


def _in_list(block: Block, *, between: bool) -> bool:
    """Whether a block is an item of a list; one without links below the headline holds the article's own fields."""
    above = block.element.getparent() if block.way.tag == "li" else None
    return above is not None and not (between and above.find(".//a[@href]") is None)


def _beside_link(block: Block) -> bool:
    """Whether a block stands in a row of a list: one of the row's other cells is a link that reads like a headline."""
    row = next(block.element.iterancestors("tr"), None) if block.way.in_row else None
    cells = row.iterchildren("td", "th") if row is not None and len(row) > 1 else ()
    links = ((cell, next((link for link in cell.iter("a") if link.get("href")), None)) for cell in cells)
    texts = ((cell, element_text(link)) for cell, link in links if link is not None)
    return any(len(text) > LONG_HINT and says_only(cell, text) for cell, text in texts)


def _structured_date(sheet: Sheet, keys: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, str] | None:
    said = [thing.get(key) for thing in sheet.json_ld() for key in keys]
    said += [sheet.page.meta.get(name) for name in names]
    for node in sheet.marked(keys):
        said += [node.get("datetime"), node.get("content"), node.text]
    for value in said:
        if isinstance(value, str) and (iso := parse_iso(value.strip())) and not sheet.constant(value.strip()):
            return iso, value.strip()
    return None


# ---------------------------------------------------------------- other fields


def lead(sheet: Sheet) -> str | None:
    """The opening paragraph that the site sets apart: by a class of its own, or all in bold before a plain text."""
    if sheet.wrapper is not None and sheet.wrapper.lead is not None:
        return sheet.said(sheet.wrapper.lead)
    for block in sheet.kept[:2]:
        own = (*_inside(block), block.element)
        named = (*own, *islice(block.element.iterancestors(), 1))
        marks = [f"{node.get('class') or ''} {node.get('itemprop') or ''}" for node in named]
        # ASP.NET names what holds one value by its id: ctl00_lblTomTat.
        marks += [node.get("id") or "" for node in own]
        if LEAD_HINT.search(" ".join(marks)):
            return block.text
    if len(sheet.kept) > 2:
        first, second = sheet.kept[:2]
        if len(first.text.split()) >= 12 and _bold(first) and not _bold(second):
            return first.text
    return None


def _inside(block: Block) -> Iterator[Element]:
    """The elements inside a block that hold all of its text: other blocks may share its own."""
    node, is_tail = block.slots[0]
    while not is_tail and node is not block.element:
        if says_only(node, block.text):
            yield node
        above = node.getparent()
        assert above is not None  # the block's own element at the latest
        node = above


def _bold(block: Block) -> bool:
    slots = zip(block.slots, block.nodes[-len(block.slots) :], strict=True)
    return all(_bold_slot(slot, block.element) for slot, (_, _, text) in slots if squeeze(text))


def _bold_slot(slot: tuple[Element, bool], top: Element) -> bool:
    node = slot[0].getparent() if slot[1] else slot[0]
    while node is not None:
        style = (node.get("style") or "").replace(" ", "").lower()
        if node.tag in ("b", "strong") or "font-weight:bold" in style or "font-weight:700" in style:
            return True
        if node is top:
            return False
        node = node.getparent()
    return False


@lru_cache(maxsize=20_000)
def _is_tags(classes: str) -> bool:
    return TAGS_HINT.search(classes) is not None


def tags(sheet: Sheet) -> list[str]:
    """Keywords that the page shows with the article."""
    if sheet.wrapper is not None and sheet.wrapper.tags is not None:
        found = [element_text(element) for element in sheet.elements(sheet.wrapper.tags, whole_page=True)]
    else:
        found = _labelled_tags(sheet) or [
            element_text(link)
            for box in sheet.page.root.iter("div", "ul", "p", "section")
            if (named := box.get("class")) is not None and _is_tags(named)
            for link in box.iter("a")
        ]
    cleaned = (TAGS_LABEL.sub("", name).strip(" ,;#") for name in found[:MOST_TAGS])
    return list(dict.fromkeys(name for name in cleaned if 1 < len(name) < 80))


def _labelled_tags(sheet: Sheet) -> list[str]:
    """The links of the line that calls them keywords: "Tags: a, b". A cloud of a site's keywords stands elsewhere.

    Where none of them is a link, commas stand between them.
    """
    for block in sheet.blocks:
        label = TAGS_LABEL.match(block.text) if not block.hidden else None
        if label is None or not label["colon"]:
            continue
        if links := links_of(block):
            return [element_text(link) for link in links]
        words = re.split(r"[,;]", block.text[label.end() :])
        if all(0 < len(each.split()) <= TAG_WORDS for each in words) and not sheet.constant(block.text):
            return words
    return []


def attachments(sheet: Sheet, regions: Iterable[Element], around: Element | None = None) -> list[Attachment]:
    """Files that the article links to or shows, each address once.

    Args:
        sheet: The page in work.
        regions: Elements that hold the article.
        around: The element that holds its headline as well: a document is shown right behind that, or behind the text.
    """
    links = [link for region in regions for link in region.iter("a", "button", *SHOWING, *PLAYED)]
    links += [] if around is None else around.iter(*SHOWING)
    here = sheet.page.url.partition("#")[0]
    wanted: dict[str, Attachment] = {}
    chosen = sheet.elements(sheet.wrapper.attachments) if sheet.wrapper is not None else []
    for link in (*links, *chosen):
        reference = _opened(link) or link.get("href") or link.get("src") or link.get("data")
        url = _shown(absolute(sheet.page.url, reference), sheet.page.url)
        if url and link.tag in SHOWING:
            url = url.partition("#")[0]  # how it is shown
        if not url or not url.startswith("http") or url.partition("#")[0] == here:
            continue
        said = element_text(link) or squeeze(link.get("title") or "")
        if link in chosen or (_is_file(link, url, said) and not sheet.constant(reference or "")):
            known = wanted.setdefault(url, Attachment(url=url))
            known.name = known.name or _file_name(said, url, link)
            known.media_type = media_type(url) or _type_named(known.name or "")
    return list(wanted.values())


def _is_file(link: Element, url: str, said: str) -> bool:
    """Whether a link leads to a file: by its address, by what it says, or because browsers shall save it.

    Programs that hand out files have addresses that say nothing (``?download=1&id=0``, ``Handler.ashx?f=12``).
    """
    if FILES.search(urlsplit(url).path) or VERSIONED.search(url) or link.get("download") is not None:
        return True
    if hands_out(url):
        return not _enlarges(link, url)
    return (len(said) <= LONGEST_NAME and FILES.search(said) is not None) or _named_before(link, said) is not None


def _opened(link: Element) -> str | None:
    """The file that a script opens where there is no address: ``onclick="window.open('/a.pdf')"``."""
    address = link.get("href") or "#"
    if not address.lower().startswith(("#", "javascript:")) or link.tag not in ("a", "button"):
        return None
    named = OPENED.search(f"{address} {link.get('onclick') or ''}")
    return named["file"] if named is not None else None


def _named_before(link: Element, said: str) -> str | None:
    """The name of a file that stands before a link which says "download": in its line, and at the end of that."""
    holder = next((up for up in link.iterancestors() if up.tag not in PHRASING), None)
    if holder is None or len(said) > LONGEST_HERE or not NO_NAME.match(said):
        return None
    if len(list(islice(holder.iter("a"), 2))) > 1:
        return None
    before = element_text(holder).partition(said)[0].strip(" :-–|")
    return before if len(before) <= LONGEST_NAME and FILES.search(before) else None


def _enlarges(link: Element, url: str) -> bool:
    """Whether a link is but a picture that the same program hands out: it shows that in full."""
    picture = link.find(".//img")
    return picture is not None and not element_text(link) and urlsplit(url).path in (picture.get("src") or "")


def _shown(url: str | None, base: str) -> str | None:
    """The file that a viewer is told to show by a parameter of its address, if it is one; else the address itself."""
    if url is None or VIEWER.search(url) is None:
        return url
    for _, value in parse_qsl(urlsplit(url).query):
        if (shown := absolute(base, value)) and FILES.search(urlsplit(shown).path):
            return shown
    return url


def _file_name(text: str, url: str, link: Element) -> str | None:
    """The link's text; where that only says "here" or "download", the file's name from its address or its row."""
    text = FILE_LABEL.sub("", text)
    if text and len(text) <= LONGEST_NAME and not (len(text) <= LONGEST_HERE and NO_NAME.match(text)):
        return text
    if (before := _named_before(link, text)) is not None:
        return before
    if (held := VERSIONED.search(url)) is not None:
        return squeeze(unquote_plus(held["name"]))
    if not hands_out(url):
        return squeeze(unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1]) or text or None
    # The program's own name says nothing.
    row = next(link.iterancestors("tr"), None)
    said = [value for _, value in parse_qsl(urlsplit(url).query)]
    said += [] if row is None else [element_text(cell) for cell in row.iterchildren("td", "th")]
    named = (squeeze(one.rsplit("/", 1)[-1]) for one in said if len(one) <= LONGEST_NAME and FILES.search(one))
    return next(named, text or None)


def _type_named(name: str) -> str | None:
    ending = FILES.search(name)
    return media_type(name if ending is None else name[: ending.start("size")])


def media_type(url: str) -> str | None:
    """Media type by the ending of a file's address or name; None for that of a page."""
    try:
        guessed = mimetypes.guess_type(urlsplit(url).path.lower())[0]
    except ValueError:  # a name with a stray bracket is no address
        return None
    return None if guessed == "text/html" else guessed


def language(text: str) -> str | None:
    """``vi`` or ``en`` where the letters or the commonest words leave no doubt, else None."""
    text = text[:TELLING]
    small, vietnamese = text.lower(), 0
    for letter in VIETNAMESE:
        vietnamese += small.count(letter)
        if vietnamese > 0.04 * len(text):  # then they are so many of the letters, too
            return "vi"
    if vietnamese > 0.04 * sum(map(str.isalpha, text)):
        return "vi"
    words = small.split()
    if len(words) >= 20 and sum(word in ENGLISH for word in words) / len(words) > 0.15:
        return "en"
    return None
