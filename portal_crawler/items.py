"""The items that travel through the project.

A page is received as a :class:`Capture`; it becomes an :class:`Article` or a :class:`Rejected`, never nothing.
A field whose value the page does not show is ``None`` (or an empty list): values are read, never guessed.

The descriptions below are part of the published JSON Schema (``portal-crawler schema``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

SCHEMA_VERSION = "1.0"

KINDS = ("article", "notice", "document", "gallery")

# What a browser's scripts have made of the answer.
RENDERED = "rendered"
# The record that it was read from does not hold what its digests or its length say.
BROKEN_RECORD = "broken_record"
# The body broke off; the certificate could not be verified; the server knows no newer TLS than 1.1; a further page of
# the article could not be had; the page is what its scripts have made of it; its record is not to be trusted.
FLAGS = ("truncated", "broken_certificate", "legacy_tls", "missing_part", RENDERED, BROKEN_RECORD)

# Where the meta of a response that is archived bears its :class:`Archived`, and the time of the exchange.
ARCHIVED = "portal_archived"
FETCHED_AT = "portal_fetched_at"

# What leads to an article: a list or any other page, a sitemap, a feed.
WAYS = ("listing", "sitemap", "feed", "api")


def described(text: str, **schema: Any) -> dict[str, Any]:
    """Field metadata that itemadapter copies into the JSON Schema."""
    return {"json_schema_extra": {"description": text, **schema}}


@dataclass(slots=True, kw_only=True)
class Archived:
    """Where the exchange that a page came with stands in the WARC files."""

    file: str = field(default="", metadata=described("Name of the WARC file."))
    offset: int = field(default=0, metadata=described("Where the record begins in it, in bytes.", minimum=0))
    record_id: str = field(metadata=described("WARC-Record-ID, without its angle brackets."))
    payload_digest: str | None = field(
        default=None, metadata=described("WARC-Payload-Digest: of the body as it was received.")
    )
    payload_file: str | None = field(
        default=None, metadata=described("For a revisit record: the WARC file of the record that holds the body.")
    )
    payload_offset: int | None = field(default=None, metadata=described("Where that record begins.", minimum=0))


@dataclass(slots=True, kw_only=True)
class Capture:
    """One page as it was received, with what the crawl knew when it asked for it.

    A live response, a WARC record and a recorded test page all become a capture; extraction cannot tell which.

    Attributes:
        url: Address that the body answered for.
        body: Payload with content codings undone and character encoding untouched.
        fetched_at: Time of the exchange, with time zone.
        status: HTTP status.
        headers: HTTP response headers, names in lower case.
        source: ``"network"``, or the file that the capture was read from.
        canonical_url: The address that stands for all that show this article; ``url`` where nothing better is known.
        identity: Key of the article within its portal (the number in its address, say); None means ``canonical_url``.
        also_at: Other addresses under which the crawl met the same article.
        link_text: Text of the listing's link that led here.
        listed_date: Date string that stood beside that link, as printed.
        section: Breadcrumb of the listing that led here, outermost first.
        found_in: What had led to the article when it came, of :data:`WAYS`.
        flags: What was not as it should be about the exchange; see :data:`FLAGS`.
        archive: Where the exchange stands in the WARC files, if it does; what is still being written has no file yet.
        parts: The further pages of an article that stands on several, in their order.
        unread: Whether its address alone has said that it is an article: what the page says is not known yet.
        page: The parsed page, once somebody asked for it (``extraction.page.parse_page``).
    """

    url: str
    body: bytes = field(repr=False)
    fetched_at: datetime
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    source: str = "network"
    canonical_url: str | None = None
    identity: str | None = None
    also_at: list[str] = field(default_factory=list)
    link_text: str | None = None
    listed_date: str | None = None
    section: list[str] = field(default_factory=list)
    found_in: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    archive: Archived | None = None
    parts: list[Capture] = field(default_factory=list, repr=False)
    unread: bool = False
    page: Any = field(default=None, repr=False, compare=False)


def article_id(canonical: str, identity: str | None) -> str:
    """The stable identifier of an article: 16 hexadecimal digits.

    It rests on the host (without ``www.``) and the article's identity within its portal, so that http and https, print
    views and language copies of one article share it; where no identity is known, the canonical address stands for it.

    Args:
        canonical: Its canonical address.
        identity: Its key within the portal.
    """
    try:
        host = urlsplit(canonical).netloc.lower().removeprefix("www.")
    except ValueError:
        host = ""
    return hashlib.sha256(f"{host}|{identity or canonical}".encode()).hexdigest()[:16]


@dataclass(slots=True, kw_only=True)
class Gone:
    """An article that an earlier run has exported and that is no longer on the portal.

    Attributes:
        id: Its identifier.
        url: Address that it was asked for at.
        canonical_url: The address that stood for all that showed it.
        portal: Name of the spider.
        title: Its headline.
        version: Number of its last version.
        content_sha256: Digest of that version.
        first_seen: ISO 8601 time of its first capture.
        last_seen: ISO 8601 time at which it was last found.
        gone_at: ISO 8601 time at which it was found to be gone.
        status: HTTP status of the answer.
        evidence: One sentence: what the portal answered instead.
    """

    id: str
    url: str
    canonical_url: str
    portal: str
    title: str | None
    version: int
    content_sha256: str
    first_seen: str
    last_seen: str
    gone_at: str
    status: int | None
    evidence: str


@dataclass(slots=True, kw_only=True)
class Rejected:
    """A page that became no article, and why.

    Attributes:
        url: Address of the page.
        reason: Stable code, counted in the stats as ``rejected/<reason>``; see ``docs/researchers.md`` for all of them.
        detail: One sentence for a person: the cause, with its figures.
        portal: Name of the spider.
        status: HTTP status, where there was an answer.
        fetched_at: ISO 8601 time of the attempt.
        duplicate_of: ``id`` of the article that already stands for this page, for the reason ``duplicate``.
        tries: How often it was asked for, where a request has failed.
        retry: What may still bring the page: ``retry`` (the command of this name), ``crawl`` (a new crawl alone: the
            request was a form's), ``settings`` (a setting or the site's file); None: nothing, or nobody knows.
    """

    url: str
    reason: str
    detail: str
    portal: str | None = None
    status: int | None = None
    fetched_at: str | None = None
    duplicate_of: str | None = None
    tries: int | None = None
    retry: str | None = None


@dataclass(slots=True, kw_only=True)
class Image:
    """A picture of the article."""

    url: str = field(metadata=described("Absolute address of the picture."))
    caption: str | None = field(default=None, metadata=described("Caption printed beside the picture."))
    alt: str | None = field(default=None, metadata=described("Its alt text."))
    sha256: str | None = field(default=None, metadata=described("SHA-256 of the file, where it was fetched."))
    bytes: int | None = field(default=None, metadata=described("Its size."))
    content_type: str | None = field(default=None, metadata=described("Its media type, by its bytes."))
    path: str | None = field(default=None, metadata=described("Where it is kept, from the export's folder."))
    error: str | None = field(
        default=None, metadata=described("Why it could not be had or read: a reason, a colon, more.")
    )


@dataclass(slots=True, kw_only=True)
class Attachment:
    """A file offered with the article."""

    url: str = field(metadata=described("Absolute address of the file."))
    name: str | None = field(
        default=None, metadata=described("File name or link text; from the address where the text is just 'here'.")
    )
    media_type: str | None = field(default=None, metadata=described("Media type, by the file name's ending."))
    sha256: str | None = field(default=None, metadata=described("SHA-256 of the file, where it was fetched."))
    bytes: int | None = field(default=None, metadata=described("Its size."))
    content_type: str | None = field(default=None, metadata=described("Its media type, by its bytes."))
    path: str | None = field(default=None, metadata=described("Where it is kept, from the export's folder."))
    error: str | None = field(
        default=None, metadata=described("Why it could not be had or read: a reason, a colon, more.")
    )
    text: str | None = field(default=None, metadata=described("Text of a PDF, DOC(X), XLS(X) or RTF file."))
    scanned: bool | None = field(
        default=None, metadata=described("Whether a document is a PDF of pictures, with next to no text.")
    )


@dataclass(slots=True, kw_only=True)
class Similar:
    """An article of another portal that says nearly the same."""

    url: str = field(metadata=described("Its canonical address."))
    portal: str = field(metadata=described("Its spider."))
    id: str = field(metadata=described("Its id.", pattern="^[0-9a-f]{16}$"))
    score: float = field(
        metadata=described("Estimated Jaccard similarity of the texts' runs of three words.", minimum=0, maximum=1)
    )


@dataclass(slots=True, kw_only=True)
class LegalDocument:
    """The record of a legal document, as its detail page lists it (Decree 42/2022/ND-CP, article 4)."""

    number: str | None = field(default=None, metadata=described("Number and symbol, such as 42/2022/NĐ-CP."))
    type: str | None = field(default=None, metadata=described("Type of document (Quyết định, Công văn, ...)."))
    issuer: str | None = field(default=None, metadata=described("Issuing authority."))
    signer: str | None = field(default=None, metadata=described("Who signed."))
    issued_on: str | None = field(default=None, metadata=described("Date of issue.", format="date"))
    effective_on: str | None = field(default=None, metadata=described("In force from.", format="date"))
    expires_on: str | None = field(default=None, metadata=described("In force until.", format="date"))
    field_of_law: str | None = field(default=None, metadata=described("Field (Lĩnh vực)."))
    status: str | None = field(default=None, metadata=described("Legal status as printed at the time of capture."))
    summary: str | None = field(default=None, metadata=described("What it is about (Trích yếu)."))


@dataclass(slots=True, kw_only=True)
class Http:
    """What the server said about the page."""

    status: int = field(metadata=described("HTTP status."))
    etag: str | None = field(default=None, metadata=described("ETag header."))
    last_modified: str | None = field(default=None, metadata=described("Last-Modified header, as sent."))
    encoding: str | None = field(default=None, metadata=described("Character encoding that the text was read with."))
    flags: list[str] = field(
        default_factory=list,
        metadata=described(
            "What was not as it should be, or how the page was had: truncated, broken_certificate, legacy_tls, "
            "missing_part, rendered, broken_record.",
            items={"type": "string", "enum": list(FLAGS)},
        ),
    )


@dataclass(slots=True, kw_only=True)
class Removed:
    """A block of the page that was taken for boilerplate."""

    widget: str = field(metadata=described("Class of widget: menu, visit_counter, perpetual_calendar, poll, ..."))
    reason: str = field(metadata=described("The evidence, with its figure."))
    text: str = field(metadata=described("Text of the block, white space collapsed."))


@dataclass(slots=True, kw_only=True)
class Extraction:
    """How the article was told from its page."""

    method: str = field(metadata=described("wrapper, template or page.", enum=["wrapper", "template", "page"]))
    version: str = field(metadata=described("Version of the extractor."))
    template: str | None = field(
        default=None,
        metadata=described(
            "Version of the layout that it was read by: wrapper:DIGEST of a site file's selectors; "
            "learned:PAGES:CHECKSUM of what had been learned from so many of the site's pages; null: the page alone."
        ),
    )
    confidence: float = field(metadata=described("Expected quality of the text.", minimum=0, maximum=1))
    removed: list[Removed] = field(default_factory=list, metadata=described("Blocks taken for boilerplate."))


@dataclass(slots=True, kw_only=True)
class Article:
    """One article, notice, legal document or gallery of a portal."""

    schema_version: str = field(default=SCHEMA_VERSION, metadata=described("Version of this schema."))
    id: str = field(metadata=described("Stable identifier, derived from the canonical URL.", pattern="^[0-9a-f]{16}$"))
    url: str = field(metadata=described("Address that the text was read from."))
    canonical_url: str = field(metadata=described("The address that stands for all that show this article."))
    also_at: list[str] = field(default_factory=list, metadata=described("Other addresses of the same article."))
    found_in: list[str] = field(
        default_factory=list,
        metadata=described(
            "What led to it: listing (a list or any other page), sitemap, feed.",
            items={"type": "string", "enum": list(WAYS)},
        ),
    )
    parts: list[str] = field(
        default_factory=list, metadata=described("Further pages of the article, joined here in this order.")
    )
    portal: str = field(metadata=described("Name of the spider."))
    site: str = field(metadata=described("Host name (and port, if not the usual one) of the portal."))
    province: str | None = field(default=None, metadata=described("Province, as a slug: quang-tri."))
    department: str | None = field(default=None, metadata=described("Department, as its host label: sldtbxh."))
    kind: str = field(default="article", metadata=described("What sort of page it is.", enum=list(KINDS)))
    section: list[str] = field(default_factory=list, metadata=described("Breadcrumb, outermost first."))
    title: str | None = field(default=None, metadata=described("Headline; never the site-wide <title>."))
    subtitle: str | None = field(default=None, metadata=described("Second headline."))
    lead: str | None = field(default=None, metadata=described("Opening paragraph set apart by the site (sapo)."))
    text: str = field(
        metadata=described(
            "Body with the lead: paragraphs separated by a blank line, captions and table rows on lines of their own."
        )
    )
    html: str = field(metadata=described("Body in a small set of tags, addresses absolute; see docs/archivists.md."))
    author: str | None = field(default=None, metadata=described("Who signed it; never the account that entered it."))
    source: str | None = field(default=None, metadata=described("Credited source of a republished article."))
    published_at: str | None = field(
        default=None, metadata=described("ISO 8601 with +07:00 where a time is known, a plain date where not.")
    )
    modified_at: str | None = field(default=None, metadata=described("As published_at, for the last change."))
    published_raw: str | None = field(default=None, metadata=described("The date as the page prints it."))
    tags: list[str] = field(default_factory=list, metadata=described("Keywords shown on the page."))
    images: list[Image] = field(default_factory=list, metadata=described("Pictures of the article, in order."))
    attachments: list[Attachment] = field(default_factory=list, metadata=described("Files offered with it."))
    similar_to: list[Similar] = field(
        default_factory=list,
        metadata=described("Near-duplicates on other portals that were crawled before; only if PORTAL_SIMILAR is set."),
    )
    document: LegalDocument | None = field(default=None, metadata=described("Record of a legal document."))
    language: str | None = field(default=None, metadata=described("ISO 639-1 code of the text."))
    fetched_at: str = field(metadata=described("When the page was captured, ISO 8601.", format="date-time"))
    http: Http = field(metadata=described("What the server said."))
    version: int = field(default=1, metadata=described("Number of this version of the article, from 1.", minimum=1))
    first_seen: str | None = field(
        default=None, metadata=described("When its first version was captured, in later versions.", format="date-time")
    )
    changes: str | None = field(
        default=None, metadata=described("What differs from the version before: a unified difference of the lines.")
    )
    archive: Archived | None = field(default=None, metadata=described("Where the page stands in the WARC files."))
    content_sha256: str = field(
        metadata=described("SHA-256 of title, lead and text in UTF-8, joined by line feeds.", pattern="^[0-9a-f]{64}$")
    )
    extraction: Extraction = field(metadata=described("How the article was told from its page."))


def as_record(item: Any) -> dict[str, Any]:
    """An item as a plain record: its fields in order, the items in them made records as well.

    The same as :func:`dataclasses.asdict` for items that hold plain values, lists and items, at a tenth of its time;
    lists are copied, plain values are shared.
    """
    record = {name: getattr(item, name) for name in _names(item.__class__)}
    for name, value in record.items():
        if value.__class__ not in PLAIN:
            record[name] = _made_record(value)
    return record


# Values that are records already; most are, and asking for their class is the quickest question.
PLAIN = frozenset((str, int, float, bool, type(None)))


def _made_record(value: Any) -> Any:
    if isinstance(value, list):
        return [each if each.__class__ in PLAIN else _made_record(each) for each in value]
    return as_record(value) if hasattr(value, "__dataclass_fields__") else value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))
