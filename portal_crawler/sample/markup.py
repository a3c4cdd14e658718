"""Prints the body of a story in the kinds of HTML that editors paste into a portal."""

from __future__ import annotations

import unicodedata
from html import escape

from portal_crawler.sample.story import Part, Story

PADDING = "&nbsp;" * 72
WORD = 'class="MsoNormal" style="margin:6.0pt 0cm;text-align:justify;text-indent:36.0pt;line-height:120%"'
FONT = (
    'lang="VI" style="font-size:14.0pt;line-height:120%;font-family:&quot;Times New Roman&quot;,&quot;serif&quot;;'
    'mso-ansi-language:VI"'
)


def text(value: str) -> str:
    """Text made safe for HTML."""
    return escape(value, quote=False)


def body(story: Story, *, signatures: bool = True) -> str:
    """The body of a story as HTML.

    Args:
        story: The story.
        signatures: Whether its signature and credit stand in it; some portals print them in fields of their own.
    """
    skipped = () if signatures else ("signature", "padded", "credit")
    parts = [part for part in story.parts if part.role not in skipped]
    printed = [_part(part, story.markup, place) for place, part in enumerate(parts)]
    html = "\n".join(printed)
    if story.markup == "word":
        html = html.replace("\n", '\n<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n', 2)
    if story.markup == "justified":
        html = html.replace("\n", "\n<p>&nbsp;</p>\n", 3)
    return unicodedata.normalize("NFD", html) if story.decomposed else html


def _part(part: Part, markup: str, place: int) -> str:  # noqa: PLR0911 - one for each role
    if part.role == "caption":
        return _picture(part, markup)
    if part.role == "list":
        items = "".join(f"<li>{text(item)}</li>" for item in part.items)
        return f"<ul>{items}</ul>"
    if part.role == "table":
        return _table(part)
    if part.role == "padded":
        return f"<p>{PADDING}<strong>{text(part.text)}</strong></p>"
    if part.role in ("signature", "credit"):
        return f'<p style="text-align: right;"><strong><em>{text(part.text)}</em></strong></p>'
    inner = f"<strong>{text(part.text)}</strong>" if part.role == "heading" else text(part.text)
    if markup == "word":
        return f"<p {WORD}><span {FONT}>{inner}<o:p></o:p></span></p>"
    if markup == "justified":
        return f'<p style="text-align: justify;"><span style="font-size: 14px;">{inner}</span></p>'
    if markup == "divisions":
        return f'<div style="text-align: justify;">{inner}</div>' + ("<div>&nbsp;</div>" if place % 2 else "")
    return f"{inner}<br />\n<br />" if markup == "breaks" else f"<p>{inner}</p>"


def _picture(part: Part, markup: str) -> str:
    image = f'<img alt="" src="/uploads/{part.image}" width="560" height="350" />'
    if markup == "word":
        return (
            '<table align="center" border="0" cellpadding="3" cellspacing="0"><tbody>'
            f'<tr><td style="text-align: center;">{image}</td></tr>'
            f'<tr><td style="text-align: center;"><em>{text(part.text)}</em></td></tr></tbody></table>'
        )
    if markup == "divisions":
        return f'<figure class="image">{image}<figcaption>{text(part.text)}</figcaption></figure>'
    return f'<p style="text-align: center;">{image}</p>\n<p style="text-align: center;"><em>{text(part.text)}</em></p>'


def _table(part: Part) -> str:
    rows = []
    for place, row in enumerate(part.rows):
        tag = "th" if place == 0 else "td"
        rows.append("<tr>" + "".join(f"<{tag}>{text(cell)}</{tag}>" for cell in row) + "</tr>")
    return (
        f'<table border="1" cellpadding="4" cellspacing="0" style="width: 100%;"><tbody>{"".join(rows)}</tbody></table>'
    )


def blocks(story: Story, *, signatures: bool = True) -> list[str]:
    """The text of the body as a reader would copy it, block by block."""
    found: list[str] = []
    for part in story.parts:
        if part.role == "padded" or (part.role in ("signature", "credit") and not signatures):
            continue
        found += part.items or [" | ".join(row) for row in part.rows] or [part.text]
    return found
