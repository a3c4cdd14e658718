"""One parse of a page, shared by link extraction and article extraction."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree

from portal_crawler.extraction.decode import composed, decode_html, font_encoding, is_legacy_text, to_unicode_legacy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from portal_crawler.items import Capture

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name

# What no HTML page begins with: a file that a server calls text/html is told by its first bytes.
SIGNATURES = {
    b"%PDF-": "a PDF file",
    b"PK\x03\x04": "a ZIP or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"Rar!": "a RAR file",
    b"\x1f\x8b": "gzip data",
    b"{\\rtf": "an RTF file",
}

# How HTML is told where no server says what a body is: by its elements, which other markup may have as well.
HEAD = 2000
MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|style|table|div|p|h[1-6]|a|br)\b", re.IGNORECASE
)
OTHER_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|rss|feed|rdf|svg|urlset|sitemapindex)\b")
OF_HTML = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)

# Controls that XML 1.0 has no place for; HTML parsers may stop at them.
CONTROLS = bytes((*range(9), 11, 12, *range(14, 32), 127))
SPACES = bytes.maketrans(CONTROLS, b" " * len(CONTROLS))

# How deeply elements may nest: libxml2 stops at 2,048, and no page that was written for readers comes near.
DEEPEST = 500
TAG = re.compile(rb"<(/?)([a-zA-Z][\w:-]*+)[^<>]*+>")
# No address of half that length is asked for; to join each link of a page to one of a megabyte would take hours, and so
# would a host's name of combining marks.
LONGEST_ADDRESS = 4096
# For each attribute of an element the tree's builder walks over those before it: ten thousand take a quarter of a
# second, a page full of them takes hours. One of so few bytes takes some two seconds, and is not looked at first.
MOST_ATTRIBUTES = 10_000
SHORT = 131_072
VOID = frozenset(b"area base br col embed hr img input link meta source track wbr".split())

# NBSP is a space here; zero-width space and BOM stand for nothing; the soft hyphen too, once legacy fonts (where it is
# a letter) have been decoded.
INVISIBLE = ("\u200b", "\ufeff", "\u00ad")
# What of a reference stands before its query and its fragment.
BEFORE_QUERY = re.compile(r"[^?#]*")
# Fonts of the legacy encodings: text in them is TCVN3 or VNI, whatever the page around it is in.
LEGACY_FONT = re.compile(r"(?:^|[\"':;,])\s*(?:\.Vn|VNI-)[A-Za-z]", re.IGNORECASE)
FONTS = etree.XPath("//@face | //@style[contains(., 'font')]", smart_strings=False)
LINKS = etree.XPath("//a/@href | //iframe/@src | //embed/@src | //object/@data", smart_strings=False)
DOWNLOADS = etree.XPath("//a[@download]/@href", smart_strings=False)
CLASSES = etree.XPath("//@class", smart_strings=False)
FONT_FAMILY = re.compile(r"font(?:-family)?\s*:\s*([^;]+)", re.IGNORECASE)
PHRASING = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp script small span "
    "strike strong style sub sup time tt u var wbr img input".split()
)
# Elements of Office documents that were pasted into pages; sought by the colon, as pages hold more tags than colons.
OFFICE = re.compile(rb":(?:(?<=<[mopvwx]:)|(?<=<st\d:))[a-z]", re.IGNORECASE)
# What the names of documents end with, and of what they are packed in.
DOCUMENT = r"\.(?:pdf|docx?|xlsx?|pptx?|rtf|od[tsp]|zip|rar|7z)"
# Addresses of files.
FILE = re.compile(rf"{DOCUMENT}(?:$|\?)|/documents/", re.IGNORECASE)
# Addresses of programs that hand out a file: DotNetNuke's, Liferay's, DOCman's and Phoca's, and those whose parameter
# names the file; and what stores keep for others.
PROGRAM = r"\.(?:aspx?|ashx|php|jsp|do|cfm)\?"
HANDS_OUT = re.compile(
    r"/linkclick\.aspx\?(?:[^#]*&)?fileticket=|/document_library/get_file\?|[?&]download=\d+:"
    r"|[?&]task=(?:document\.|file\.)?(?:doc_)?download\b"
    rf"|/(?:download|get)-?_?(?:file|attachment)?s?{PROGRAM}[^#]*=\w"
    r"|/(?:files?|attachments?|documents?)/(?:download|tai-ve|get)/[\w-]+|/(?:download|get|tai)-?(?:file|attachment|tep)/[\w-]+"
    rf"|[?&](?:file|file-?_?name|file-?_?path|path|sourceurl)=[^&#]*[^&#=/]{DOCUMENT}(?:$|[&#])"
    r"|//(?:drive\.google\.com/(?:file/d/|open\?|uc\?)|docs\.google\.com/(?:(?:document|spreadsheets|presentation)/d/|g?view(?:er)?\?))"
    r"|//view\.officeapps\.live\.com/op/"
    rf"|{PROGRAM}(?:[^#]*&)?(?:\w*(?:file|path|name|url)|f|src|doc\w*|attach\w*|download)="
    rf"[^&#]*[^&#=/]{DOCUMENT}(?:$|&)",
    re.IGNORECASE,
)
MOST_PRE = 2  # of a text
NOT_TEXT = frozenset(("script", "style", "noscript", "template", "head", "title", "svg", "math"))


@lru_cache(maxsize=20_000)
def is_file(address: str) -> bool:
    """Whether an address looks like that of a file; those of menus are asked about on every page of a site."""
    return FILE.search(address) is not None or hands_out(address)


@lru_cache(maxsize=20_000)
def hands_out(address: str) -> bool:
    """Whether an address is that of a program that hands out a file, whatever it is called."""
    return len(address) <= LONGEST_ADDRESS and HANDS_OUT.search(address) is not None


def leads_to_file(link: Element) -> bool:
    """Whether a link's address looks like that of a file, or the page tells browsers to save what it leads to."""
    address = link.get("href")
    return bool(address) and (link.get("download") is not None or is_file(address))


class PageError(Exception):
    """A body that cannot be read as a page.

    Attributes:
        reason: ``empty_body``, ``not_html`` or ``undecodable``.
        detail: The cause, for a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def is_html(content_type: str | None, body: bytes) -> bool:
    """Whether a body is HTML as its server says; where it says nothing, as the first bytes show.

    An empty body of which nothing is said is taken for a page without text.
    """
    if content_type and not content_type.isspace():
        return "html" in content_type.lower()  # media types have no case (RFC 9110 section 8.3.1)
    head = body[:HEAD].replace(b"\0", b"")  # UTF-16
    if any(head.lstrip().startswith(signature) for signature in SIGNATURES):
        return False
    marks = OF_HTML if OTHER_MARKUP.match(head) else MARKUP
    return not head.strip() or marks.search(head) is not None


def squeeze(text: str) -> str:
    """Text with runs of white space (NBSP too) made one space, invisible characters gone, in NFC.

    No white space but the space itself is printable (``str.isprintable``), nor are the invisible characters.
    """
    # Most texts are as they should be: to see that takes a fourth of the time of cutting them into words.
    if not text.isprintable() or "  " in text or text[:1] == " " or text[-1:] == " ":
        if not text.isascii():
            for char in INVISIBLE:  # to look for each takes a fraction of an expression for all
                text = text.replace(char, "")
        text = " ".join(text.split())
    return composed(text)


@dataclass(slots=True)
class Page:
    """A parsed page.

    Attributes:
        url: Base of its relative links: its own address, unless it names another one (``<base href>``).
        root: Its ``<html>`` element; comments and processing instructions are left out.
        encoding: The character encoding that it was read with.
        markup: What was parsed, in UTF-8: what no byte of it says need not be sought in the tree.
        suspect: Whether that encoding is in doubt.
        replaced: Bytes that could not be decoded and stand as U+FFFD.
        blocks: Its runs of text, once they have been told (:func:`.blocks.blocks`).
        address: Its own address.
    """

    url: str
    root: Element
    encoding: str
    markup: bytes = field(repr=False)
    suspect: bool = False
    replaced: int = 0
    blocks: Any = field(default=None, repr=False)
    address: str = ""
    _meta: dict[str, str] | None = field(default=None, repr=False)
    _title: str | None = field(default=None, repr=False)
    _classes: frozenset[str] | None = field(default=None, repr=False)
    _lower: bytes | None = field(default=None, repr=False)
    _text: str | None = field(default=None, repr=False)
    _files: frozenset[str] | None = field(default=None, repr=False)

    @property
    def title(self) -> str | None:
        """Text of the ``<title>``."""
        if self._title is None:
            self._title = squeeze(self.root.findtext(".//title") or "")
        return self._title or None

    @property
    def classes(self) -> frozenset[str]:
        """All classes that its elements have."""
        if self._classes is None:
            said: Any = CLASSES(self.root)
            self._classes = frozenset(" ".join(set(said)).split())
        return self._classes

    @property
    def files(self) -> frozenset[str]:
        """Addresses of the files that its links lead to and its frames show, as written."""
        if self._files is None:
            links: Any = LINKS(self.root)
            downloads: Any = DOWNLOADS(self.root)
            self._files = frozenset(filter(is_file, links)).union(downloads)
        return self._files

    @property
    def meta(self) -> dict[str, str]:
        """Contents of the ``<meta>`` elements by name, property or itemprop in lower case; the first one wins."""
        if self._meta is None:
            self._meta = {}
            for element in self.root.iter("meta"):
                name = element.get("property") or element.get("name") or element.get("itemprop")
                content = squeeze(element.get("content") or "")
                if name and content:
                    self._meta.setdefault(name.lower(), content)
        return self._meta

    def has(self, word: bytes) -> bool:
        """Whether a word (small letters) stands anywhere in the markup; if not, it need not be sought in the tree."""
        if self._lower is None:
            self._lower = self.markup.lower()
        return word in self._lower

    @property
    def text(self) -> str:
        """All text of the page, white space collapsed, without scripts and styles."""
        if self._text is None:
            self._text = element_text(self.root)
        return self._text


def element_text(element: Element) -> str:
    """All text under an element, white space collapsed, without scripts and styles."""
    if not len(element):  # most links are asked for theirs, and hold nothing else
        return squeeze(element.text or "")
    parts: list[str] = []
    skip: Element | None = None
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            if skip is None and node.tag in NOT_TEXT and node is not element:
                skip = node
            elif skip is None:
                parts.append(" " if node.tag not in PHRASING else "")
                parts.append(node.text or "")
        else:
            if node is skip:
                skip = None
            if skip is None and node is not element:
                parts.append(" " if node.tag not in PHRASING else "")
                parts.append(node.tail or "")
    return squeeze("".join(parts))


def says_only(element: Element, text: str) -> bool:
    """Whether all that is written under an element, white space aside, is this text; reads no further than it is."""
    rest = text.replace(" ", "")
    texts: Iterator[Any] = element.itertext()
    for part in texts:
        own = squeeze(part).replace(" ", "")
        if not rest.startswith(own):
            return False
        rest = rest[len(own) :]
    return not rest


def parse_page(capture: Capture) -> Page:
    """Parse the body of a capture, once: the tree is kept on the capture.

    Raises:
        PageError: if the body is empty or no HTML.
    """
    if capture.page is None:
        capture.page = _parse(capture.url, capture.body, capture.headers.get("content-type"))
    if isinstance(capture.page, PageError):
        raise capture.page
    assert isinstance(capture.page, Page)
    return capture.page


def parse_html(url: str, body: bytes, content_type: str | None = None) -> Page:
    """Parse a body without a capture around it.

    Raises:
        PageError: if the body is empty or no HTML.
    """
    page = _parse(url, body, content_type)
    if isinstance(page, PageError):
        raise page
    return page


def _parse(url: str, body: bytes, content_type: str | None) -> Page | PageError:
    start = body[:64].lstrip()
    if not body.strip():
        return PageError("empty_body", f"{url}: the body has {len(body)} bytes and no text")
    for signature, name in SIGNATURES.items():
        if start.startswith(signature):
            return PageError("not_html", f"{url}: the body is {name}")
    decoded = decode_html(body, content_type)
    if (text := decoded.text).isspace() or not text:
        return PageError("empty_body", f"{url}: the body has {len(body)} bytes and no text")
    data = text.encode("utf-8", "replace") if decoded.utf_8 is None else decoded.utf_8
    plain = data.translate(SPACES)
    binary = len(data) - len(data.translate(None, CONTROLS)) if plain != data else 0
    if "<" not in text or binary > len(text) // 20:
        return PageError("not_html", f"{url}: no tag in {len(text):,} characters, {binary:,} of them controls")
    try:
        root = _tree(url, data := plain if binary else data)
    except PageError as error:
        return error
    if OFFICE.search(data) is not None:
        _keep_in_line(root)
    _break_lines(root)
    page = Page(url, root, decoded.encoding, data, decoded.suspect, decoded.replaced, address=url)
    fonts: Any = FONTS(root)
    if page.encoding.startswith(("utf", "windows-125")) and any(map(LEGACY_FONT.search, set(fonts))):
        _decode_fonts(root)
    base = root.find(".//base[@href]")
    if base is not None and len(base.get("href") or "") <= LONGEST_ADDRESS:
        page.url = _joined(url, base.get("href") or "")
    return page


class _Attributes:
    """A parser's target that builds nothing: what the attributes of a page's elements would cost its tree."""

    def __init__(self) -> None:
        self._cost = 0

    def start(self, _: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._cost += len(attributes) ** 2

    def close(self) -> int:
        """The sum, over all elements, of the square of how many attributes they bear."""
        return self._cost


def _checked(url: str, data: bytes) -> bytes:
    """A page's bytes, if a tree can be made of them in time.

    Raises:
        PageError: if its elements bear attributes without end.
    """
    if len(data) > SHORT:
        counting: Any = _Attributes()
        cost: Any = etree.fromstring(data, etree.HTMLParser(encoding="utf-8", huge_tree=True, target=counting))
        if cost > MOST_ATTRIBUTES**2:
            raise PageError("not_html", f"{url}: elements bear attributes without end")
    return data


def _tree(url: str, data: bytes) -> Element:
    # Bytes, not str: lxml refuses a str that begins with an XML encoding declaration.
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    root: Element | None = None
    with suppress(etree.XMLSyntaxError):  # nothing but white space and declarations
        root = etree.fromstring(_checked(url, data), parser)
    # The parser gives up where elements nest too deeply, and what follows would be lost.
    error = parser.error_log.last_error
    if error is not None and error.type_name == "ERR_RESOURCE_LIMIT":
        root = etree.fromstring(_checked(url, _flattened(data)), parser)
    if root is None:
        raise PageError("not_html", f"{url}: the parser found no element in {len(data):,} bytes")
    # A second document in the same body stands beside the first: it is shown below it.
    while (beside := root.getnext()) is not None:
        root.append(beside)
    return root


def _keep_in_line(root: Element) -> None:
    """Make Word's ``<o:p>`` and ``<st1:place>`` spans: they stand in the midst of lines, as unknown elements do."""
    for element in root.iter("*"):
        if ":" in element.tag:
            element.tag = "span"


def _break_lines(root: Element) -> None:
    """Make a ``<br>`` of each line break in a ``<pre>``, where it is shown as one.

    Programs are left as they are: a page shows many, or marks them as ``<code>``.
    """
    held = [*islice(root.iter("pre"), MOST_PRE + 1)]
    for pre in held if len(held) <= MOST_PRE else ():
        if pre.find(".//code") is not None:
            continue
        for element in [*pre.iter()]:
            if element is not pre and element.tail and "\n" in element.tail:
                element.tail, *lines = element.tail.split("\n")
                _add_lines(element, lines)
            if element.text and "\n" in element.text and element.tag not in NOT_TEXT:
                element.text, first, *lines = element.text.split("\n")
                element.insert(0, _line_break(element, first))
                _add_lines(element[0], lines)


def _add_lines(element: Element, lines: list[str]) -> None:
    for line in lines:
        made = _line_break(element, line)
        element.addnext(made)
        element = made


def _line_break(near: Element, line: str) -> Element:
    made = near.makeelement("br", {})
    made.tail = line
    return made


def _flattened(data: bytes) -> bytes:
    """A page without the tags that would nest more than ``DEEPEST`` levels; their text stays where it is."""
    stack: list[tuple[bytes, bool]] = []

    def tag(match: re.Match[bytes]) -> bytes:
        name = match[2].lower()
        if name in VOID:
            return match[0]
        if not match[1]:
            stack.append((name, len(stack) < DEEPEST))
            return match[0] if stack[-1][1] else b" "
        if not stack or stack[-1][0] != name:
            return match[0] if len(stack) < DEEPEST else b" "
        return match[0] if stack.pop()[1] else b" "

    return TAG.sub(tag, data)


def _decode_fonts(root: Element) -> None:
    """Turn text that is set in a legacy font into Unicode, if it is none already; a nested font decides for its own.

    Editors leave such fonts in the markup when they have long converted the text, so the text itself must agree: all
    runs of the page in fonts of one encoding are judged together.
    """
    encodings: list[str | None] = [None]
    runs: dict[str, list[tuple[Element, str]]] = {}
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            own = _font(element)
            encodings.append(encodings[-1] if own is None else font_encoding(own))
        else:
            encodings.pop()
        slot = "text" if event == "start" else "tail"
        if encodings[-1] and getattr(element, slot):
            runs.setdefault(encodings[-1], []).append((element, slot))
    for encoding, slots in runs.items():
        if is_legacy_text(" ".join(getattr(element, slot) for element, slot in slots), encoding):
            for element, slot in slots:
                setattr(element, slot, to_unicode_legacy(getattr(element, slot), encoding))


def _font(element: Element) -> str | None:
    """First font family that an element names, if any."""
    named = element.get("face")
    if named is None and (match := FONT_FAMILY.search(element.get("style") or "")):
        named = match[1]
    return named.split(",")[0].strip(" \t\"'") if named else None


def reference_in(value: str) -> str:
    r"""The reference that an attribute holds, as browsers read it: without spaces around it, ``\a\b`` as ``/a/b``.

    Windows paths get into links; before the query, a backslash is a slash (WHATWG URL Standard, section 4.4).
    """
    value = value.strip()
    if "\\" not in value:
        return value
    path = BEFORE_QUERY.match(value)
    assert path is not None  # it matches nothing, too
    return path[0].replace("\\", "/") + value[path.end() :]


def _joined(url: str, reference: str) -> str:
    try:
        return urljoin(url, reference_in(reference))
    except ValueError:  # "http://[bad": the page's own address serves
        return url
