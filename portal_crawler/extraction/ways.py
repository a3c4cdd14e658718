"""Ways from the root of a page down to an element, with all that depends on nothing but the markup along them.

Menus, frames and lists have the same ways on every page of a site, so each is worked out once and looked up from then
on: what the element is called, what that says of it, and whether its text is shown, linked, or running text at all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from zlib import crc32

from portal_crawler.extraction.page import NOT_TEXT, PHRASING
from portal_crawler.extraction.widgets import named_so

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal_crawler.extraction.page import Element

# What is no part of the running text though it holds text.
_NO_RUN = NOT_TEXT | {
    "select",
    "option",
    "textarea",
    "button",
    "iframe",
    "object",
    "audio",
    "video",
    "canvas",
    "map",
    "mat-icon",
}
# Classes of the fonts that draw a word as a picture: "schedule" is a clock.
_ICONS = re.compile(r"(?:^|\s)(?:mat-icon|material-(?:icons|symbols)[\w-]*)(?:$|\s)")
# So many ways are remembered, some ten MB of them; a site has hundreds. The same for the bytes of parts that recur.
_MOST_WAYS = 20_000
_MOST_BYTES = 16_000_000
# A part that is another each time is looked up again after twice as many others of its way, but not after more.
_LONGEST_WAIT = 512
# Of the parts of a way that were met once so many checksums are kept.
_MOST_ONCE = 200
_DIGITS = re.compile(r"\d+")
# These tell nothing of where a cell stands: those of an article's table and those of a calendar have the same.
_ROWS = frozenset(("tr", "tbody", "thead", "tfoot"))
# Classes by which style sheets in wide use hide an element (Bootstrap's among them), unless another shows it again.
_HIDING = frozenset(("d-none", "hidden", "hide", "visually-hidden", "sr-only"))
_SHOWING = re.compile(r"\b(?:d-\w+-(?:block|flex|inline|grid|table)|visible-\w+|show)\b")
# What text and boilerplate are called, after Readability, with the words of Vietnamese portals.
_POSITIVE = re.compile(
    r"article|body|content|entry|hentry|main|post|text|story|noi-?_?dung|detail|chi-?_?tiet|journal|news|sapo|tom-?_?tat",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"comment|foot|masthead|media|meta|related|scroll|shoutbox|sidebar|sponsor|shopping|widget|menu|nav|banner|tool"
    r"|promo|hidden|author-?_?(?:box|bio|desc)",
    re.IGNORECASE,
)
# Classes of style sheets in wide use (Bootstrap, Tailwind) that tell how an element looks, not what it is.
_LOOKS = re.compile(
    r"(?<![\w-])(?:[a-z]+:)*(?:text-(?:center|left|right|justify|start|end|muted|truncate|nowrap|wrap|break|body|white|black"
    r"|(?:upper|lower)case|capitalize|ellipsis[\w-]*|xs|sm|base|lg|\d?xl|[a-z]+-\d{2,3}|primary|secondary|success|danger"
    r"|warning|info|light|dark)|(?:justify|align|place)-content-[\w-]+|overflow-[\w-]+)(?![\w-])",
    re.IGNORECASE,
)
_TITLE = re.compile(r"title|head-?line|tieu-?_?de", re.IGNORECASE)
# What an element's name says counts for those inside it as well, but not more than this.
_MOST_HINTS = 3
_LEFT_OF_MOST = 2

# Names of an opening paragraph that is set apart.
LEAD_HINT = re.compile(
    r"(?:\b|_|(?-i:(?<=[a-z])(?=[A-Z])))"
    r"(?:sapo|hometext|lead|summary|abstract|tom-?tat|trich-?dan|mo-?ta|short-?(?:desc\w*|content)|intro(?:text)?|description)(?:\b|_)",
    re.IGNORECASE,
)

# What schema.org calls the text of an article.
ARTICLE_BODY = "articleBody"

# What a way depends on at each step: tag, class, id, style and whether it is called the text of an article; the tag
# alone where an element has none of these.
Look: TypeAlias = str | tuple[str, str | None, str | None, str | None, bool]


class Way:
    """A way from the root down to an element.

    Attributes:
        above: The way to its parent; None above the root.
        below: Ways to children, by what they look like.
        holder: The way to the innermost block-level element: itself, unless it is inline.
        depth: Number of elements above it; 0 is the root.
        path: Checksum of tags, classes and ids (digits masked) of the four innermost block-level elements, 16 bits
            each; rows and bodies of tables are passed over, as they are the same in any table.
        signature: The same of the four innermost elements of any kind.
        inline: Whether the element begins no block: its text belongs to the one around it.
        linked: Whether the text stands in a link.
        hidden: Whether it is hidden.
        mute: Whether it is no running text.
        widget: The widget that it, or the nearest element around it, is called.
        levels: How many levels above that element is.
        hint: How much what it and those around it are called speaks for text (positive) or boilerplate.
        own_hint: The same of its own name: 1, 0 or -1.
        titled: Whether its class speaks of a title.
        in_row: Whether it is a table's row or stands in one.
        parts: What was found in parts of pages that recur at the end of this way, by their markup.
        wait: So many of its parts are not looked up, as it was in vain before.
        misses: How often in a row it was.
    """

    __slots__ = (
        "_once", "above", "below", "depth", "hidden", "hint", "holder", "in_row", "inline", "levels", "linked",
        "misses", "mute", "own_hint", "parts", "path", "signature", "tag", "titled", "wait", "widget",
    )  # fmt: skip

    def __init__(self) -> None:
        self.above: Way | None = None
        self.below: dict[Look, Way] = {}
        self.holder = self
        self.tag = ""
        self.depth = -1
        self.path = self.signature = self.levels = self.hint = self.own_hint = 0
        self.inline = self.linked = self.hidden = self.mute = self.titled = self.in_row = False
        self.widget: str | None = None
        self.parts: dict[bytes, Any] = {}
        self._once: set[int] = set()
        self.wait = self.misses = 0

    def recurs(self, markup: bytes) -> bool:
        """Whether a part with this markup was met before; one that was not is noted, and fewer are looked up."""
        mark = hash(markup)
        if mark in self._once:
            return True
        if len(self._once) >= _MOST_ONCE:
            self._once.clear()
        self._once.add(mark)
        self.misses += 1
        self.wait = min(1 << self.misses, _LONGEST_WAIT) - 1
        return False

    def go(self, look: Look) -> Way:
        """The way to a child that looks so, worked out and remembered."""
        tag, classes, name, style, body = look if isinstance(look, tuple) else (look, None, None, None, False)
        way = self.below[look] = Way()
        way.above, way.tag, way.depth = self, tag, self.depth + 1
        way.inline = tag in PHRASING
        way.linked = self.linked or tag == "a"
        way.hidden = self.hidden or hides(style, classes)
        way.mute = self.mute or tag in _NO_RUN or (classes is not None and _ICONS.search(classes) is not None)
        way.in_row = self.in_row or tag == "tr"
        if way.inline:
            way.holder = self.holder
        way.path = self.path
        if not way.inline and tag not in _ROWS:
            way.path = _appended(self.path, f"{classes or ''}#{name or ''}" if classes or name else "", tag)
        marks = f"{classes or ''} {name or ''}"
        way.signature = _appended(self.signature, marks if marks != " " else "", tag)
        way.widget = named_so(tag, classes, name)
        if way.widget is None and self.widget is not None:
            way.widget, way.levels = self.widget, self.levels + 1
        way.own_hint = 1 if body else _hint(marks) if marks != " " else 0
        left = _LEFT_OF_MOST if self.hint > 0 else -_LEFT_OF_MOST
        way.hint = way.own_hint + (self.hint if abs(self.hint) < _MOST_HINTS else left)
        way.titled = classes is not None and _TITLE.search(classes) is not None
        return way


class Ways:
    """The ways met so far.

    Attributes:
        top: Above the root.
        weight: Bytes of the markup that is kept with them.
    """

    def __init__(self) -> None:
        self.top = Way()
        self.weight = 0
        self._known = 0

    def begin_page(self) -> None:
        """Forget them all once there are too many."""
        if self._known > _MOST_WAYS or self.weight > _MOST_BYTES:
            self.top, self._known, self.weight = Way(), 0, 0

    def child(self, above: Way, element: Element) -> Way:
        """The way to a child at the end of a way."""
        # One call for all attributes: many elements have none, most none of these, and asking for each costs as much.
        attributes: Any = element.items()  # always str for HTML
        look = _look_of(element.tag, attributes) if attributes else element.tag
        way = above.below.get(look)
        if way is None:
            self._known += 1
            way = above.go(look)
        return way


def _look_of(tag: str, attributes: Iterable[tuple[str, str]]) -> Look:
    """What the way to an element depends on."""
    classes = name = style = None
    body = unseen = False
    for key, value in attributes:
        if key == "class":
            classes = value
        elif key == "id":
            name = value
        elif key == "style":
            style = value
        elif key == "itemprop":
            body = value == ARTICLE_BODY
        elif key == "hidden":
            unseen = True
    if unseen:
        style = "display:none"  # browsers' own style sheet says so
    if classes is None and name is None and style is None and not body:
        return tag
    return tag, classes, name, style, body


@lru_cache(maxsize=20_000)
def _level(tag: str, marks: str) -> int:
    """Checksum of one level, 16 bits, digits masked."""
    return crc32(f"{tag}.{_DIGITS.sub('0', marks)}".encode("utf-8", "replace")) & 0xFFFF


def _appended(levels: int, marks: str, tag: str) -> int:
    """Checksums of the nearest four levels in one number, with another level appended."""
    return (levels & 0xFFFFFFFFFFFF) << 16 | _level(tag, marks)


@lru_cache(maxsize=20_000)
def _hint(marks: str) -> int:
    marks = _LOOKS.sub("", marks)
    return (1 if _POSITIVE.search(marks) else 0) - (1 if _NEGATIVE.search(marks) else 0)


@lru_cache(maxsize=20_000)
def hides(style: str | None, classes: str | None) -> bool:
    """Whether an element's own style or classes hide it."""
    if style and "display:none" in style.replace(" ", "").lower():
        return True
    return bool(classes and not _HIDING.isdisjoint(classes.split()) and not _SHOWING.search(classes))
