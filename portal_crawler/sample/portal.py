"""A portal of the sample province: what all families have in common."""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal
from urllib.parse import parse_qsl, unquote

from portal_crawler.sample import markup
from portal_crawler.sample.departments import DEPARTMENTS
from portal_crawler.sample.grammar import stories
from portal_crawler.sample.story import Story
from portal_crawler.sample.truth import PortalTruth, TruthArticle, TruthFile
from portal_crawler.sample.widgets import MENUS, STRINGS, WIDGET_PAGES, Widgets

if TYPE_CHECKING:
    from portal_crawler.sample.hazards.base import Hazard

PAGE_SIZE = 10
MEDIA_TYPES = {
    "png": "image/png",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "css": "text/css; charset=utf-8",
}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
NOT_FOUND = "<html><head><title>404</title></head><body><h1>404 - Không tìm thấy trang</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: method, decoded path, query and form fields (the first of each name)."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, method: str, target: str, body: bytes = b"", content_type: str = "") -> Asked:
        """Read a request's target and body; a form comes in either of the two ways that browsers have."""
        path, _, query = target.partition("?")
        if content_type.startswith("multipart/form-data"):
            form = _parts(content_type, body)
        else:
            form = _pairs(body.decode("utf-8", "replace"))
        return cls(method, unquote(path), _pairs(query), form)

    def at(self, path: str) -> Asked:
        """The same request for another path."""
        return replace(self, path=path)


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, value)
    return found


def _parts(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a multipart form (RFC 7578, in the syntax of MIME)."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields = (
        (part.get_param("name", header="content-disposition"), part.get_content()) for part in message.iter_parts()
    )
    return {str(name): str(value).removesuffix("\r\n") for name, value in fields}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says, and how it says it.

    Attributes:
        headers: More headers.
        manner: ``whole``, as it should be; ``cut``: half of the body and the connection is closed; ``reset``: the
            connection is reset before the first byte; ``drip``: a byte at a time; ``endless``: the body over and over.
    """

    body: bytes
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    location: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    manner: Literal["whole", "cut", "reset", "drip", "endless"] = "whole"

    def saying(self, html: str) -> Answer:
        """The same answer with another body."""
        return replace(self, body=html.encode())


def page(html: str, status: int = 200) -> Answer:
    """An HTML page."""
    return Answer(html.encode(), status)


def redirect(location: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(b"", status, location=location)


def slug(text: str) -> str:
    """A title as part of an address: small letters without marks, joined by hyphens."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(letter for letter in bare if not unicodedata.combining(letter)).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:90].rstrip("-")


@cache
def picture(name: str) -> bytes:
    """A PNG of 160 x 100 pixels in a colour drawn from its name, with a darker band below: a landscape of sorts."""
    red, green, blue = (64 + byte % 160 for byte in zlib.crc32(name.encode()).to_bytes(4)[:3])
    rows = bytearray()
    for y in range(100):
        shade = 100 - y // 3 if y < 60 else 45
        rows += b"\0" + bytes((red * shade // 100, green * shade // 100, blue * shade // 100)) * 160

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 160, 100, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    )


class SamplePortal(ABC):
    """One department's portal.

    Class attributes say what differs; ``answer`` is the whole server, so that tests need no socket.

    Attributes:
        page_size: How many stories one page of a list shows.
        related: Whether articles link to their neighbours.
        menus: What every page's menu names besides the sections.
        hazards: What makes it hard to crawl.
    """

    family: ClassVar[str]
    spider: ClassVar[str]
    name: ClassVar[str]
    css: ClassVar[str] = ""
    widget_strings: ClassVar[tuple[str, ...]] = ()
    signatures_in_text: ClassVar[bool] = True

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.base = "http://127.0.0.1"
        self.department = DEPARTMENTS[self.name]
        self.widgets = Widgets(self.department, clock)
        self.stories = stories(self.name)
        self.by_number = {story.number: story for story in self.stories}
        self.bodies: dict[int, str] = {}
        entries = [*(entry for entries in MENUS.values() for entry in entries), *WIDGET_PAGES]
        self.static = {f"/{self.menu_path(entry)}": entry for entry in entries}
        self.hidden = self.hidden_stories()
        self.page_size = PAGE_SIZE
        self.related = True
        self.menus = MENUS
        self.hazards: list[Hazard] = []

    def shrink(self, limit: int) -> None:
        """Keep so many pieces of news and nothing else: for crawls that shall be short."""
        self.stories = tuple(story for story in self.stories if story.kind == "article")[:limit]
        self.by_number = {story.number: story for story in self.stories}
        self.hidden = frozenset()
        self.menus = {}

    def face(self, hazard: Hazard) -> None:
        """Put a hazard onto this portal."""
        hazard.join(self)
        self.hazards.append(hazard)

    # What a family says

    @abstractmethod
    def respond(self, asked: Asked) -> Answer | None:
        """Answer a request for a page; None if there is none."""

    @abstractmethod
    def path(self, story: Story) -> str:
        """Canonical path (and query) of a story."""

    @abstractmethod
    def key_of(self, url: str) -> str | None:
        """The number of the story that an address of this portal shows, whatever the form of the address."""

    def hidden_stories(self) -> frozenset[int]:
        """Numbers of the stories that no list shows."""
        return frozenset()

    def broken(self) -> dict[str, str]:
        """Paths that lists link to and that hold no article, with the reason that a crawl should give."""
        return {}

    def aliases(self, story: Story) -> list[str]:  # noqa: ARG002 - for those families that have some
        """Other paths of a story."""
        return []

    # Serving

    def answer(self, asked: Asked) -> Answer:
        """Answer a request, by way of the hazards that the portal has been given."""
        answers = (hazard.answer(self, asked) for hazard in self.hazards)
        found = next(filter(None, answers), None) or self.plain(asked)
        for hazard in self.hazards:
            found = hazard.change(self, asked, found)
        planted = "".join(hazard.planted(self) for hazard in self.hazards)
        if planted and found.status == 200 and found.body.rstrip().endswith(b"</html>"):
            box = f'<div class="tienich">{planted}</div></body>'.encode()
            found = replace(found, body=box.join(found.body.rsplit(b"</body>", 1)))
        return found

    def plain(self, asked: Asked) -> Answer:
        """Answer a request as a portal without hazards does."""
        if asked.path == "/robots.txt":
            return Answer(self.robots_file().encode(), content_type="text/plain; charset=utf-8")
        if (found := self.respond(asked)) is not None:
            return found
        ending = asked.path.rpartition(".")[2].lower()
        if ending in ("png", "gif"):
            return Answer(picture(asked.path), content_type=MEDIA_TYPES[ending])
        if ending in ("pdf", "docx"):
            return Answer(PDF, content_type=MEDIA_TYPES[ending])
        if ending == "css":
            return Answer(self.css.encode(), content_type=MEDIA_TYPES["css"])
        return page(NOT_FOUND, 404)

    def robots_file(self) -> str:
        """The robots.txt, with what the hazards add to it."""
        return self.robots() + "".join(hazard.robots(self) for hazard in self.hazards)

    def robots(self) -> str:
        """The robots.txt of the portal itself."""
        return "User-agent: *\nDisallow: /admin/\n"

    # Lists

    def listed(self, section: int) -> list[Story]:
        """The stories of a section that its lists show, newest first."""
        return [story for story in self.stories if story.section == section and story.number not in self.hidden]

    def pages(self, section: int) -> int:
        """Number of pages of a section's list."""
        return max(1, -(-len(self.listed(section)) // self.page_size))

    def on_page(self, section: int, number: int) -> list[Story]:
        """The stories on one page of a section's list; empty past its end."""
        return self.listed(section)[(number - 1) * self.page_size : number * self.page_size]

    def neighbours(self, story: Story, count: int = 6) -> list[Story]:
        """Stories of the same section that stand near a story; none where articles do not name each other."""
        if not self.related:
            return []
        listed = self.listed(story.section)
        place = next((i for i, other in enumerate(listed) if other.number == story.number), 0)
        start = max(0, min(place - count // 2, len(listed) - count - 1))
        return [other for other in listed[start : start + count + 1] if other.number != story.number][:count]

    def body(self, story: Story) -> str:
        """The HTML of a story's body, made once."""
        if story.number not in self.bodies:
            self.bodies[story.number] = markup.body(story, signatures=self.signatures_in_text)
        return self.bodies[story.number]

    def menu(self, sections: str) -> str:
        """About a hundred links: the portal's sections, then what every portal has."""
        found = [f'<li class="active"><a href="/">Trang chủ</a></li>{sections}']
        for title, entries in self.menus.items():
            inner = "".join(f'<li><a href="/{self.menu_path(entry)}">{entry}</a></li>' for entry in entries)
            found.append(f'<li><a href="#">{title}</a><ul>{inner}</ul></li>')
        return "".join(found)

    def menu_path(self, entry: str) -> str:
        """Path of a page that the menu names, without the leading slash."""
        return slug(entry)

    def menu_page(self, path: str) -> str | None:
        """The static page that a path belongs to: a menu entry, or what the widgets' links lead to."""
        return self.static.get(path)

    # Truth

    def truth(self) -> PortalTruth:
        """What the portal holds, with the addresses that it has now."""
        return PortalTruth(
            portal=self.spider,
            articles=[self.truth_of(story) for story in self.stories],
            widgets=STRINGS + self.widget_strings,
            broken={self.base + path: reason for path, reason in self.broken().items()},
        )

    def truth_of(self, story: Story) -> TruthArticle:
        """What one page should be read as."""
        return TruthArticle(
            portal=self.spider,
            key=str(story.number),
            url=self.base + self.path(story),
            also_at=[self.base + path for path in self.aliases(story)],
            kind=story.kind,
            title=story.title,
            lead=story.lead,
            blocks=markup.blocks(story, signatures=self.signatures_in_text),
            captions=story.captions,
            author=story.author,
            source=story.source,
            published_at=self.shown_date(story),
            section=[self.department.sections[story.section].title],
            attachments=[
                TruthFile(url=self.base + self.file_path(story, i), name=f.name) for i, f in enumerate(story.files)
            ],
        )

    def shown_date(self, story: Story) -> str | None:
        """The date of publication as the page prints it; of a document, the date of issue, which is all that is shown."""
        if story.record:
            return f"{story.record.issued_on:%Y-%m-%d}"
        return story.published.isoformat() if story.published else None

    def file_path(self, story: Story, place: int) -> str:
        """Path of one of a story's files."""
        return f"/uploads/{story.files[place].name}"

    def record(self, story: Story) -> dict[str, str]:
        """The record of a legal document as its page shows it."""
        assert story.record is not None
        return {
            "number": story.record.number,
            "type": story.record.type,
            "issuer": story.record.issuer,
            "signer": story.record.signer,
            "issued_on": f"{story.record.issued_on:%Y-%m-%d}",
            "effective_on": f"{story.record.effective_on:%Y-%m-%d}",
            "field_of_law": story.record.field_of_law,
            "summary": story.record.summary,
        }

    def record_rows(self, story: Story) -> list[tuple[str, str]]:
        """The record as label and value."""
        record = story.record
        assert record is not None
        return [
            ("Số ký hiệu", record.number),
            ("Ngày ban hành", f"{record.issued_on:%d/%m/%Y}"),
            ("Ngày có hiệu lực", f"{record.effective_on:%d/%m/%Y}"),
            ("Người ký", record.signer),
            ("Trích yếu", record.summary),
            ("Cơ quan ban hành", record.issuer),
            ("Thể loại", record.type),
            ("Lĩnh vực", record.field_of_law),
        ]
