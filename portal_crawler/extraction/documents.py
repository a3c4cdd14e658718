"""The type and the text of files that portals offer: PDF, DOC, DOCX, XLS, XLSX, RTF.

Run as a program (``python -m portal_crawler.extraction.documents MEGABYTES SECONDS < FILE``) it prints the text as
JSON: documents come from strangers, so that whoever reads many of them reads each in a process of its own.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import asdict, dataclass
from typing import Any

import puremagic

from portal_crawler.extraction.decode import composed, is_legacy_text, to_unicode_legacy

OFFICE = "application/vnd.openxmlformats-officedocument."
PDF, DOC, XLS, RTF = "application/pdf", "application/msword", "application/vnd.ms-excel", "application/rtf"
DOCX, XLSX = f"{OFFICE}wordprocessingml.document", f"{OFFICE}spreadsheetml.sheet"
# Which part makes a ZIP container, and which stream a compound file, a document of that type.
PARTS = {"word/": DOCX, "xl/": XLSX, "ppt/": f"{OFFICE}presentationml.presentation"}
STREAMS = {"WordDocument": DOC, "Workbook": XLS, "PowerPoint Document": "application/vnd.ms-powerpoint"}
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# File name endings of types that are common on portals.
ENDINGS = {
    PDF: ".pdf",
    DOC: ".doc",
    XLS: ".xls",
    RTF: ".rtf",
    DOCX: ".docx",
    XLSX: ".xlsx",
    "application/zip": ".zip",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
}
READABLE = frozenset((PDF, DOC, XLS, RTF, DOCX, XLSX))
LARGEST_LIBRARY = 64 << 20  # bytes
UNKNOWN = "application/octet-stream"
HTML = "text/html"

# A page of a scan shows at most a stamp or the line of a digital signature as text.
LETTERS_OF_A_PAGE = 50

# So many words with letters beyond ASCII tell whether a document is in the letters of an old font: of fonts its reader
# says nothing.
TELLING_WORDS = 10

# A document of more characters is no document.
LONGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What a document says.

    Attributes:
        text: Its text; None where it holds none.
        scanned: Whether it is a PDF of pictures: pages with next to no letters.
    """

    text: str | None
    scanned: bool


def media_type(body: bytes) -> str:
    """The media type of a file by its bytes alone; ``application/octet-stream`` where they tell none."""
    head = body[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<script", b"<body")):
        return HTML
    if body.startswith(b"PK\x03\x04"):
        return _zipped(body)
    if body.startswith(COMPOUND):
        # The directory of a compound file names its streams in UTF-16.
        return next((kind for name, kind in STREAMS.items() if name.encode("utf-16-le") in body), "application/x-ole")
    if b"%PDF-" in body[:1024]:
        return PDF
    try:
        return puremagic.from_string(body[:65_536], mime=True) or UNKNOWN
    except (puremagic.PureError, ValueError):
        return UNKNOWN


def _zipped(body: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "application/zip"
    return next(
        (kind for part, kind in PARTS.items() if any(name.startswith(part) for name in names)), "application/zip"
    )


def document_text(body: bytes, kind: str) -> DocumentText:
    """The text of a document.

    Args:
        body: The file.
        kind: Its media type, one of ``READABLE``.

    Raises:
        ImportError: without the extra ``documents``.
        ValueError: if the document cannot be read.
    """
    import kreuzberg  # noqa: PLC0415 - heavy, and of an extra

    try:
        read = kreuzberg.extract_bytes_sync(body, kind)
    except kreuzberg.KreuzbergError as error:
        raise ValueError(str(error) or type(error).__name__) from error
    text = as_shown(read.content.replace("\r\n", "\n").strip()[:LONGEST])
    if kind != PDF:
        return DocumentText(text or None, scanned=False)
    metadata: Any = read.metadata or {}
    pages = max(1, int(dict(metadata).get("page_count") or 1))
    return DocumentText(text or None, scanned=sum(map(str.isalpha, text)) < LETTERS_OF_A_PAGE * pages)


def as_shown(text: str) -> str:
    """A document's text composed (NFC), and as its readers see it where it is set in the fonts of TCVN3 or VNI.

    Such text stands as Latin-1 characters ("céng hßa"). It is read anew as a whole or not at all: one Vietnamese letter
    that Latin-1 lacks says that it is Unicode.
    """
    if sum(not word.isascii() for word in text.split()) >= TELLING_WORDS:
        for encoding in ("tcvn3", "vni"):
            if is_legacy_text(text, encoding):
                return composed(to_unicode_legacy(text, encoding))
    return composed(text)


def limit(megabytes: int, seconds: int) -> None:
    """Bound what this process may use; where the system knows no such bounds, its parent's clock alone does."""
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    # It has nothing to write, but for a library that its reader of PDF files unpacks the first time.
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_LIBRARY, LARGEST_LIBRARY))


def main() -> None:
    """Print the text of the file on standard input, or why there is none."""
    megabytes, seconds = map(int, sys.argv[1:3])
    limit(megabytes, seconds)
    body = sys.stdin.buffer.read()
    try:
        answer = asdict(document_text(body, media_type(body)))
    except ImportError:
        answer = {"error": "no_reader"}
    except (ValueError, MemoryError) as error:
        answer = {"error": f"unreadable: {error or type(error).__name__}"[:300]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
