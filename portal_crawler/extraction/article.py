"""From a captured page to an article: the one door of the workshop."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from portal_crawler.extraction import crumbs, fields
from portal_crawler.extraction.belonging import is_caption
from portal_crawler.extraction.blocks import count_words
from portal_crawler.extraction.byline import (
    Byline,
    is_account,
    read_byline,
    read_fields,
    read_marked,
    read_stamp,
    read_written,
    signed_stamp,
)
from portal_crawler.extraction.content import NOT_ITS_OWN, select
from portal_crawler.extraction.dates import is_date_line, is_stamp
from portal_crawler.extraction.entries import is_head
from portal_crawler.extraction.headline import BEFORE, subtitle, title
from portal_crawler.extraction.legal import label_rows, legal_record
from portal_crawler.extraction.page import PHRASING, Element, Page, PageError, parse_page
from portal_crawler.extraction.regions import around, pictured, text_regions
from portal_crawler.extraction.render import Rendered, render
from portal_crawler.extraction.sheet import Sheet
from portal_crawler.extraction.verdicts import Selection
from portal_crawler.extraction.wrapper import Wrapper, compiled
from portal_crawler.items import Article, Capture, Extraction, Http, LegalDocument, Rejected, Removed, article_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.template import Template

# Counted up with every change that alters what is extracted from a page.
EXTRACTOR_VERSION = "6"

# A gallery shows several pictures and hardly a text besides their captions.
GALLERY_PICTURES = 4
GALLERY_WORDS = 60
# Below this many words a page without pictures and files is no article, unless a layout or a headline says so.
FEW_WORDS = 12
# The same where there is neither a headline nor a date, and more else: a motto or a box beside a list of articles.
SOME_WORDS = 20
FEW_LETTERS = 400  # characters that hold so many words, as a rule
# Labels without which there is no record of a legal document, in blocks that are short enough to be labels.
DOCUMENT_LABEL = re.compile(
    r"số\s*/?\s*(?:và\s*)?k[íý]\s*hiệu|số hiệu|số văn bản|ngày (?:ban hành|ký)|legislation code|issuing date",
    re.IGNORECASE,
)
LONG_LABEL = 200
# Above its headline stand so many lines that were taken for text at most.
MOST_ABOVE = 2
# So many blocks before the text the line of date and time stands at most.
NEAR_STAMP = 6
# So many blocks behind the text its author and source may be named.
NEAR_FIELDS = 4
NOTICE = re.compile(r"^\W*(?:thông báo|giấy mời|thư mời|lịch tiếp công dân|mời thầu|tuyển dụng)\b", re.IGNORECASE)
NOTICE_SECTION = re.compile(r"thông báo|tuyển dụng|mời thầu", re.IGNORECASE)


class Portal(Protocol):
    """All that extraction may know of a spider."""

    name: str
    province: str | None
    department: str | None
    wrappers: tuple[Wrapper, ...]
    template: Template | None


def extract(capture: Capture, portal: Portal) -> Article | Rejected:
    """Tell the article from its page.

    The first of the portal's wrappers that fits decides where the article stands; without one, the site's template and
    the page's own evidence do.

    Args:
        capture: The page as received. Its parsed tree is kept on it. Its further parts are joined in their order.
        portal: What is known of the site.

    Returns:
        The article, or why there is none: ``empty_body``, ``not_html``, ``undecodable`` or ``no_article``.
    """
    told = explain(capture, portal)
    if capture.parts and isinstance(told.found, Article):
        _join(told, capture, portal)
    return told.found


def _join(told: Explanation, capture: Capture, portal: Portal) -> None:
    """Add the further parts of an article to its first; what stands on several of them stands once."""
    whole = told.found
    assert isinstance(whole, Article)
    said = told.kept_texts()
    for part in capture.parts:
        more = explain(part, portal, earlier=frozenset(said))
        if isinstance(more.found, Rejected):
            whole.http.flags = sorted({*whole.http.flags, "missing_part"})
            continue
        said |= more.kept_texts()
        whole.parts.append(part.url)
        whole.text = "\n\n".join(filter(None, (whole.text, more.found.text)))
        whole.html += more.found.html
        seen = {image.url for image in whole.images} | {file.url for file in whole.attachments}
        whole.images += [image for image in more.found.images if image.url not in seen]
        whole.attachments += [file for file in more.found.attachments if file.url not in seen]
        whole.author, whole.source = whole.author or more.found.author, whole.source or more.found.source
        whole.extraction.removed += more.found.extraction.removed
        whole.extraction.confidence = min(whole.extraction.confidence, more.found.extraction.confidence)
    whole.content_sha256 = content_hash(whole.title, whole.lead, whole.text)


@dataclass(slots=True)
class Explanation:
    """An article, or why there is none, beside the page that it was told from.

    Attributes:
        found: What :func:`extract` returns.
        page: The parsed page; None if the body could not be read as one.
        selection: The decision over each of its blocks; None as well.
    """

    found: Article | Rejected
    page: Page | None = None
    selection: Selection | None = None

    def kept_texts(self) -> set[str]:
        """The texts of the blocks that were kept."""
        if self.selection is None:
            return set()
        pairs = zip(self.selection.blocks, self.selection.verdicts, strict=True)
        return {block.text for block, verdict in pairs if verdict is None}


def explain(capture: Capture, portal: Portal, earlier: frozenset[str] = frozenset()) -> Explanation:
    """As :func:`extract` for one page, with the decision over each of its blocks.

    Args:
        capture: The page as received.
        portal: What is known of the site.
        earlier: Texts of blocks that earlier pages of the same article hold.
    """
    try:
        page = parse_page(capture)
    except PageError as error:
        return Explanation(rejected(capture, portal, error.reason, error.detail))
    wrapper, article = _layout(page, portal.wrappers)
    regions = _regions(page, wrapper, article)
    selection = select(page, portal.template, regions or None)
    kept, dropped, removed = _without_dropped(selection, wrapper, article)
    known = portal.template if portal.template is not None and portal.template.ready else None
    pairs = zip(selection.blocks, selection.verdicts, strict=True)
    near = [block for block, why in pairs if why is None or why[1] not in NOT_ITS_OWN]
    sheet = Sheet(capture, page, near, kept, wrapper, article, known)
    sheet.headline = title(sheet)
    removed += _remove_head(sheet, selection)
    byline = _byline(sheet)
    for widget, reason, block in (
        *(("headline", "the headline before the text; see title", one) for one in _repeated(sheet)),
        ("date_line", "a date right behind the headline; see published_at", _dated(sheet)),
        ("byline", "a name set off by spaces; see author", byline.signature),
        *(("repeated", "stands on an earlier page of the article", one) for one in kept if one.text in earlier),
    ):
        if block is not None:
            sheet.kept = [other for other in sheet.kept if other is not block]
            selection.remove(block, widget, reason)
            removed.append(Removed(widget=widget, reason=reason, text=block.text))
    regions = regions or text_regions(sheet)
    rendered = render(page.url, sheet.kept, regions, dropped)
    found = _assemble(sheet, portal, byline, rendered, regions)
    found.extraction = Extraction(
        method=selection.method,
        version=EXTRACTOR_VERSION,
        template=_template(selection.method, wrapper, known),
        confidence=round(selection.confidence, 3),
        removed=selection.removed + removed,
    )
    if why := _nothing_found(found, wrapper) or _beside_others(sheet, selection, found):
        return Explanation(rejected(capture, portal, "no_article", f"{capture.url}: {why}"), page, selection)
    return Explanation(found, page, selection)


def _template(method: str, wrapper: Wrapper | None, known: Template | None) -> str | None:
    """Version of the layout that an article was read by; None where the page alone decided."""
    if wrapper is not None and method == "wrapper":
        return wrapper.version
    return known.version if known is not None else None


def rejected(capture: Capture, portal: Portal, reason: str, detail: str) -> Rejected:
    """The record of a capture that became no article."""
    return Rejected(
        url=capture.url,
        reason=reason,
        detail=detail,
        portal=portal.name,
        status=capture.status,
        fetched_at=capture.fetched_at.isoformat(),
    )


def _layout(page: Page, wrappers: Sequence[Wrapper]) -> tuple[Wrapper | None, Element | None]:
    for wrapper in wrappers:
        if (article := wrapper.find(page.root)) is not None:
            return wrapper, article
    return None, None


def _regions(page: Page, wrapper: Wrapper | None, article: Element | None) -> list[Element]:
    """Elements of lead and body in the order of the page, none inside another."""
    if wrapper is None or article is None:
        return []
    chosen: set[Element] = set()
    for css in (wrapper.lead, wrapper.images, wrapper.body, wrapper.document):
        if css is not None:
            chosen.update(compiled(css)(article))
    if wrapper.body is None and wrapper.document is None:
        return [article]
    outer = {element for element in chosen if not any(parent in chosen for parent in element.iterancestors())}
    for element in outer:
        if element.tag in PHRASING:
            _hold_apart(element)
            page.blocks = None  # they were told of another tree
    return [element for element in article.iter({element.tag for element in outer}) if element in outer]


def _hold_apart(element: Element) -> None:
    """Make a block of what an inline element holds: ASP.NET prints its labels as spans, whatever text is in them."""
    if len(element) == 1 and element[0].get("data-region") is not None:
        return
    inner = element.makeelement("div", {"data-region": ""})
    inner.text, element.text = element.text, None
    inner.extend(list(element))
    element.append(inner)


def _without_dropped(
    selection: Selection, wrapper: Wrapper | None, article: Element | None
) -> tuple[list[Block], list[Element], list[Removed]]:
    """Kept blocks without those that the wrapper drops, which are recorded."""
    if wrapper is None or article is None or not wrapper.drop:
        return list(selection.kept), [], []
    dropped = {element: css for css in wrapper.drop for element in compiled(css)(article)}
    kept: list[Block] = []
    removed: dict[Element, Removed] = {}
    for block in selection.kept if dropped else ():
        chain = (block.element, *block.element.iterancestors())
        if (inside := next((node for node in chain if node in dropped), None)) is None:
            kept.append(block)
            continue
        reason = f"the layout drops {dropped[inside]}"
        selection.remove(block, "layout", reason)
        if inside in removed:
            removed[inside].text += " " + block.text
        else:
            removed[inside] = Removed(widget="layout", reason=reason, text=block.text)
    return kept if dropped else list(selection.kept), list(dropped), list(removed.values())


def _byline(sheet: Sheet) -> Byline:
    """Author and source: named by the layout, or signed in the last lines, or beside the date or behind the text."""
    read = read_byline(sheet.kept)
    if sheet.wrapper is None:
        first, last = sheet.first_kept(), sheet.last_text()
        begin = max(0, first - BEFORE)
        headed = (place for place in range(begin, first) if sheet.blocks[place].text == sheet.headline)
        # Tools and ratings may stand between who has written and the text.
        above = sheet.blocks[min(max(headed, default=first), max(0, first - NEAR_STAMP)) : first]
        below = sheet.blocks[last + 1 : last + 1 + NEAR_FIELDS]
        stamp = next((block.text for block in above if is_stamp(block.text)), "")
        beside, behind = read_stamp(stamp), read_fields(below)
        author = read.author or beside.author or behind.author or read_marked([*above[-NEAR_STAMP:], *below])
        author = author or read_written(above) or read_marked(above)
        author = author or next(filter(None, (signed_stamp(block.text) for block in (*above, *sheet.kept[:1]))), None)
        source = beside.source or behind.source
        return Byline(author, read.source or source, read.signature)
    author, source = sheet.said(sheet.wrapper.author), sheet.said(sheet.wrapper.source)
    if author is not None and is_account(author):
        author = None
    return Byline(author or read.author, source or read.source, read.signature)


def _repeated(sheet: Sheet) -> Sequence[Block]:
    """The first block, if no layout named it and it is the headline, or that and the date: long ones look like text.

    Some pages print it once more at the head of the text.
    """
    first = sheet.kept[0] if sheet.kept and sheet.wrapper is None else None
    if first is None or sheet.headline is None or not first.text.startswith(sheet.headline):
        return ()
    if first.text != sheet.headline and not is_date_line(first.text[len(sheet.headline) :]):
        return ()
    if len(sheet.kept) > 2 and sheet.kept[1].text == sheet.headline:
        return sheet.kept[:2]
    return (first,) if len(sheet.kept) > 1 or pictured(sheet) else ()


def _remove_head(sheet: Sheet, selection: Selection) -> list[Removed]:
    """Take from the kept the lines above a headline that stands before the text: the section, a slogan."""
    gone = _head(sheet)
    sheet.kept = [block for block in sheet.kept if not any(block is one for one in gone)]
    for block in gone:
        selection.remove(block, "section", "a line above the headline")
    return [Removed(widget="section", reason="a line above the headline", text=block.text) for block in gone]


def _head(sheet: Sheet) -> list[Block]:
    """Short kept lines above a headline that stands before the text, if no layout named it."""
    if sheet.wrapper is not None or sheet.headline is None:
        return []
    kept = {id(block) for block in sheet.kept}
    above: list[Block] = []
    for block, below in pairwise(sheet.blocks):
        if block.text == sheet.headline:
            # One that is kept may be a line of the text, as that of a document is; the time behind it tells.
            before_text = id(block) not in kept or (id(below) not in kept and is_stamp(below.text))
            return above if before_text and len(above) < len(kept) else []
        if id(block) in kept:
            above.append(block)
            if block.words >= FEW_WORDS or len(above) > MOST_ABOVE or is_caption(block):
                return []
    return []


def _dated(sheet: Sheet) -> Block | None:
    """The line right behind the headline, if no layout named it and it is a date: it stands before the text."""
    kept = [block for block in sheet.kept[:3] if block.text != sheet.headline]
    if sheet.wrapper is not None or len(kept) < 2 or not (is_date_line(line := kept[0].text) or signed_stamp(line)):
        return None
    headlines = (above for above, below in pairwise(sheet.blocks) if below is kept[0])
    return kept[0] if any(above.text == sheet.headline for above in headlines) else None


def _assemble(
    sheet: Sheet,
    portal: Portal,
    byline: Byline,
    rendered: Rendered,
    regions: Sequence[Element],
) -> Article:
    capture, page = sheet.capture, sheet.page
    when = fields.dates(sheet)
    headline, opening = sheet.headline, fields.lead(sheet)
    document = _document(sheet, regions)
    attached = fields.attachments(sheet, regions, around(sheet))
    # A document's page bears no headline of its own at times: what was taken for one is the section's name then.
    section = crumbs.section(sheet, headline if document is None else None)
    found = Article(
        id=article_id(capture.canonical_url or capture.url, capture.identity),
        url=capture.url,
        canonical_url=capture.canonical_url or capture.url,
        also_at=list(capture.also_at),
        found_in=list(capture.found_in),
        portal=portal.name,
        site=urlsplit(capture.url).netloc.lower(),
        province=portal.province,
        department=portal.department,
        section=section,
        title=headline,
        subtitle=subtitle(sheet),
        lead=opening,
        text=rendered.text,
        html=rendered.html,
        author=byline.author,
        source=byline.source,
        published_at=when.published,
        modified_at=when.modified,
        published_raw=when.raw,
        tags=fields.tags(sheet),
        images=rendered.images,
        attachments=attached,
        document=document,
        language=fields.language(" ".join(filter(None, (headline, rendered.text)))),
        fetched_at=capture.fetched_at.isoformat(),
        http=_http(capture, page),
        archive=capture.archive,
        content_sha256="",  # of what is complete only below
        extraction=Extraction(method="page", version=EXTRACTOR_VERSION, confidence=0.0),
    )
    _complete_document(found)
    found.content_sha256 = content_hash(found.title, found.lead, found.text)
    found.kind = _kind(found, sheet.wrapper)
    return found


def _complete_document(found: Article) -> None:
    """A legal document's summary is its headline, its date of issue the date that it bears."""
    if found.document is None:
        return
    found.title = found.document.summary or found.title
    found.document.summary = found.document.summary or found.lead
    if found.published_at is None and found.document.issued_on:
        found.published_at = found.published_raw = found.document.issued_on


def _http(capture: Capture, page: Page) -> Http:
    return Http(
        status=capture.status,
        etag=capture.headers.get("etag"),
        last_modified=capture.headers.get("last-modified"),
        encoding=page.encoding,
        flags=capture.flags,
    )


def content_hash(title: str | None, lead: str | None, text: str) -> str:
    """SHA-256 of what a reader reads: it does not change with counters, calendars and the time of fetching."""
    return hashlib.sha256("\n".join((title or "", lead or "", text)).encode()).hexdigest()


def _document(sheet: Sheet, regions: Sequence[Element]) -> LegalDocument | None:
    """The record of a legal document, where the article is one: label/value rows that fill most of it."""
    chosen = sheet.elements(sheet.wrapper.document) if sheet.wrapper is not None else []
    # Reading labels and values is dear: only where a label of such a record stands in the article.
    if not chosen and not any(
        DOCUMENT_LABEL.search(block.text) for block in sheet.kept if len(block.text) < LONG_LABEL
    ):
        return None
    for element in chosen or regions:
        if (record := legal_record(label_rows(element))) is not None:
            return record
    return None


def _kind(found: Article, wrapper: Wrapper | None) -> str:
    if wrapper is not None and wrapper.kind != "article":
        return wrapper.kind
    if found.document is not None:
        return "document"
    if NOTICE.match(found.title or "") or any(NOTICE_SECTION.search(name) for name in found.section[-1:]):
        return "notice"
    captions = sum(len(image.caption.split()) for image in found.images if image.caption)
    if len(found.images) >= GALLERY_PICTURES and len(found.text.split()) - captions < GALLERY_WORDS:
        return "gallery"
    return "article"


def _nothing_found(found: Article, wrapper: Wrapper | None) -> str | None:
    """Why what was found is no article, if it is none."""
    words = len(found.text[:FEW_LETTERS].split())
    if words < FEW_WORDS:
        words = len(found.text.split())
    if words < FEW_WORDS:
        words = sum(map(count_words, found.text.split()))
    substance = bool(found.images or found.attachments)
    if wrapper is not None:
        # A headline alone is an article that its site left empty: that is worth knowing, too.
        return None if words or substance or found.title else "the layout matched, but holds nothing"
    if not words and not (substance and found.title):
        return "no block of the page reads like an article"
    if words < FEW_WORDS and not substance and not (found.title and found.published_at):
        return f"the best block has {words} words, and there is no headline with a date"
    return None


def _beside_others(sheet: Sheet, selection: Selection, found: Article) -> str | None:
    """Why a text with neither headline nor date is but a line of a page that holds something else, if it is."""
    if sheet.wrapper is not None or found.title or found.published_at or found.images or found.attachments:
        return None
    words = sum(block.words for block in sheet.kept)
    if words < SOME_WORDS and 2 * words < sum(block.words for block in selection.blocks if not block.hidden):
        return f"a few lines of {words} words beside others, with neither headline nor date"
    above = next((one for one, below in pairwise(selection.blocks) if below is sheet.kept[0]), None)
    if len(sheet.kept) == 1 and above is not None and is_head(above):
        return f"the only paragraph is the teaser of another page: {above.text[:60]!r}"
    return None
