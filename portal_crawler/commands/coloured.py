"""Pages with what was kept and what was removed in colours, for the eyes of whoever checks an extraction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from zlib import crc32

from lxml import etree

from portal_crawler.commands.typeset import safe
from portal_crawler.extraction.article import EXTRACTOR_VERSION, Explanation
from portal_crawler.extraction.page import NOT_TEXT
from portal_crawler.items import Article, Rejected

if TYPE_CHECKING:
    from portal_crawler.extraction.blocks import Block
    from portal_crawler.extraction.page import Element
    from portal_crawler.extraction.verdicts import Selection

# The structure that is shown; of an element's attributes none is, but for the spans of cells.
STRUCTURE = frozenset(
    "div p section article main header footer nav aside ul ol li dl dt dd table tbody thead tfoot tr td th caption "
    "blockquote pre figure figcaption h1 h2 h3 h4 h5 h6 b strong i em u sub sup br hr".split()
)
# How many of them may be open at once: browsers stop at some hundreds.
DEEPEST = 200
VOID = frozenset(("br", "hr"))
# Fields that are printed on the page, each marked where its words stand.
PRINTED = ("title", "subtitle", "lead", "published_raw", "author", "source")
SHOWN = (
    "title", "lead", "published_at", "modified_at", "author", "source", "section", "tags", "kind", "language",
    "canonical_url",
)  # fmt: skip

STYLE = """
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.5rem; color: #1a1a1a; background: #fff; }
h1.name { font-size: 1.2rem; overflow-wrap: anywhere; margin: 2.5rem 0 .5rem; padding-top: 1rem;
  border-top: 2px solid #1a1a1a; }
table.fields { border-collapse: collapse; font-size: .9rem; }
table.fields th { text-align: left; font-weight: 600; padding: .1rem 1rem .1rem 0; vertical-align: top;
  white-space: nowrap; }
table.fields td { overflow-wrap: anywhere; }
.legend { margin: 1rem 0; font-size: .85rem; display: flex; flex-wrap: wrap; gap: .3rem .5rem; }
.page { border: 1px solid #bbb; padding: 1rem; overflow: auto; }
.page table { border-collapse: collapse; }
.page td, .page th { border: 1px dotted #ccc; vertical-align: top; padding: 2px 4px; }
.page h1, .page h2, .page h3, .page h4, .page h5, .page h6 { font-size: 1.05rem; margin: .4rem 0; }
.page p { margin: .3rem 0; } .page ul, .page ol { margin: .2rem 0; padding-left: 1.4rem; }
mark { color: inherit; border-radius: 2px; padding: 0 2px; position: relative; cursor: help; }
mark.kept { background: #c9f2cf; }
mark.gone { background: var(--hue); }
mark.gone.hidden { opacity: .55; text-decoration: line-through; }
mark[data-field] { outline: 2px solid #1457b8; outline-offset: 1px; }
mark:hover::after { content: attr(data-why); position: absolute; left: 0; top: 100%; z-index: 9;
  background: #222; color: #fff; font: 13px/1.4 system-ui, sans-serif; padding: .3rem .6rem; border-radius: 3px;
  width: max-content; max-width: 28rem;
  text-decoration: none; white-space: normal; pointer-events: none; }
.image { border: 1px solid #999; color: #666; font-size: .8rem; padding: 0 .3rem; }
.note { color: #555; font-size: .9rem; }
.why { font-weight: 600; color: #a11; }
input.only:checked ~ .page mark.gone { display: none; }
"""
HEAD = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>What was kept, what was removed</title>'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    f'<meta name="referrer" content="no-referrer"><style>{STYLE}</style></head><body>'
    "<p class='note'>Green was kept as the article's text; every other colour is a class of boilerplate. Point at a "
    "block for its class and the reason. Blocks in a blue frame hold a field. Pictures, links and scripts of the pages "
    "are left out.</p>"
)


@dataclass(slots=True)
class _Marks:
    """What each text node of a page belongs to: the block, its verdict, the field that it holds."""

    slots: dict[tuple[Element, bool], int] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    verdicts: list[tuple[str, str] | None] = field(default_factory=list)
    fields: dict[int, str] = field(default_factory=dict)


def coloured(pages: Iterable[Explanation]) -> Iterator[str]:
    """The whole document in pieces: a head, then page by page fields, legend and the page in colours.

    Nothing of the pages is taken over but their text and the bare names of harmless elements, so that the document
    loads nothing and runs nothing, whatever they hold.
    """
    yield HEAD
    for number, told in enumerate(pages, 1):
        yield from _page(told, number)
    yield "</body></html>\n"


def _page(told: Explanation, number: int) -> Iterator[str]:
    found = told.found
    yield f'<h1 class="name" id="page{number}">{number}. {_said(found.url)} <a href="#page{number + 1}">next</a></h1>'
    if isinstance(found, Rejected):
        yield f'<p class="why">Rejected ({_said(found.reason)}): {_said(found.detail or "")}</p>'
    else:
        yield _fields(found)
    if told.page is None or told.selection is None:
        return
    marks = _marks(told.selection, found if isinstance(found, Article) else None)
    yield _legend(marks, told.selection)
    yield f'<input class="only" type="checkbox" id="only{number}"><label for="only{number}"> only what was kept</label>'
    yield '<div class="page">'
    yield from _body(told.page.root, marks)
    yield "</div>"


def _fields(article: Article) -> str:
    how = article.extraction
    rows: dict[str, object] = {name: getattr(article, name) for name in SHOWN}
    rows["section"] = " › ".join(article.section)
    rows["tags"] = ", ".join(article.tags)
    rows["pictures"] = "; ".join(image.caption or image.url for image in article.images)
    rows["files"] = "; ".join(one.name or one.url for one in article.attachments)
    rows["decided by"] = f"{how.method}, confidence {how.confidence:.2f}, extractor version {EXTRACTOR_VERSION}"
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{_said(value or '–')}</td></tr>" for name, value in rows.items())
    return f'<table class="fields">{cells}</table>'


def _marks(selection: Selection, article: Article | None) -> _Marks:
    marks = _Marks(blocks=selection.blocks, verdicts=selection.verdicts)
    wanted = _wanted(article) if article is not None else {}
    for place, block in enumerate(selection.blocks):
        for slot in block.slots:
            marks.slots[slot] = place
        if name := next(
            (name for text, name in wanted.items() if text == block.text or _holds(block.text, text)), None
        ):
            marks.fields[place] = name
    return marks


def _wanted(article: Article) -> dict[str, str]:
    """The texts of fields that the page prints."""
    wanted = {value: name for name in PRINTED if (value := getattr(article, name))}
    return wanted | {image.caption: "caption" for image in article.images if image.caption}


def _holds(block: str, text: str) -> bool:
    """Whether a short block says little more than a field: "Ngày đăng: 05/03/2024"."""
    return len(text) > 4 and text in block and len(block) < 2 * len(text) + 30


def _legend(marks: _Marks, selection: Selection) -> str:
    words: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for block, verdict in zip(marks.blocks, marks.verdicts, strict=True):
        name = "kept" if verdict is None else verdict[0]
        words[name] += block.words
        count[name] += 1
    items = [
        f"<mark{_look(name)}>{_said(name)}: {count[name]:,} blocks, {words[name]:,} words</mark>"
        for name, _ in count.most_common()
    ]
    return f'<div class="legend">{"".join(items)}</div><p class="note">Evidence: {_said(selection.method)}.</p>'


def _look(name: str) -> str:
    """Class and colour of a mark; no widget has the green of what was kept."""
    if name == "kept":
        return ' class="kept"'
    hue = (170 + crc32(name.encode()) % 260) % 360
    return f' class="gone" style="--hue: hsl({hue} 85% 86%)"'


def _body(root: Element, marks: _Marks) -> Iterator[str]:
    """The page's structure and text in document order; iterative, as pages nest deeply."""
    skipped: Element | None = None
    opened: list[Element] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            if skipped is None and node.tag in NOT_TEXT:
                skipped = node
            if skipped is None:
                yield _start(node, opened)
                yield _text(node, marks, is_tail=False)
            continue
        if opened and opened[-1] is node:
            opened.pop()
            yield f"</{node.tag}>"
        if skipped is node:
            skipped = None
        if skipped is None and node is not root:
            yield _text(node, marks, is_tail=True)


def _start(node: Element, opened: list[Element]) -> str:
    if node.tag == "img":
        return f'<span class="image">picture{" " + _said(node.get("alt")) if node.get("alt") else ""}</span>'
    if node.tag in VOID:
        return f"<{node.tag}>"
    if node.tag not in STRUCTURE or len(opened) >= DEEPEST:
        return ""
    opened.append(node)
    spans = "".join(
        f' {name}="{value}"'
        for name in ("colspan", "rowspan")
        if (value := node.get(name) or "").isascii() and value.isdigit() and len(value) < 3
    )
    return f"<{node.tag}{spans}>"


def _text(node: Element, marks: _Marks, *, is_tail: bool) -> str:
    text = (node.tail if is_tail else node.text) or ""
    place = marks.slots.get((node, is_tail))
    if place is None or not text.strip():
        return " " if text and not text.strip() else _said(text)
    verdict = marks.verdicts[place]
    what = f"{marks.fields[place]} — " if place in marks.fields else ""
    why = f"{what}kept" if verdict is None else f"{what}{verdict[0]}: {verdict[1]}"
    look = _look("kept" if verdict is None else verdict[0])
    if marks.blocks[place].hidden:
        look = look.replace('"gone"', '"gone hidden"')
    named = f' data-field="{_said(marks.fields[place])}"' if place in marks.fields else ""
    return f'<mark{look}{named} data-why="{_said(why)}">{_said(text)}</mark>'


def _said(value: object) -> str:
    """A text for HTML: nothing in it acts, in text and in attributes alike."""
    return escape(safe(value), quote=True)
