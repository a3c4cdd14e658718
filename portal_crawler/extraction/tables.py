"""Which tables hold data, and which are there for the layout.

Both are written with the same tags. Old portals set the whole page, or a picture with its caption, in a table; articles
show lists of candidates, budgets, schedules in one. (Wang and Hu 2002, "A Machine Learning Based Approach for Table
Detection on the Web", call the two kinds genuine and non-genuine.)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from portal_crawler.extraction.dates import is_stamp
from portal_crawler.extraction.page import PHRASING, Element, says_only, squeeze
from portal_crawler.extraction.widgets import TOOLS, named, says, says_surely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from portal_crawler.extraction.blocks import Block

# A cell that holds more than this share of a table's characters, in several runs, holds a text and no figure.
MOST = 0.8
CELLS = ("td", "th")
ROWS = ("tr", "tbody", "thead", "tfoot")
# So many cells has the table around a picture and its caption at most.
FRAME_CELLS = 4
# More than half of a table's words in one cell, and so many, are a text with something beside it.
LONG_CELL = 60
# A table of which more is links is a list of links.
LINKED = 0.4
# So many cells that count on from the one before are the days of a month.
DAYS = 20
CONTROLS = ("input", "select", "textarea", "button")
# Around a table without links these names say nothing: "slide", "header", "form".
VAGUE = frozenset(("banner", "menu", "form"))
# What a cell, or the line above a table, says of these is no heading of an article's table; "Năm 2023" is, and so is
# one of the words that polls have.
LABELS = frozenset(("perpetual_calendar", "weather", "exchange_rate", "utilities", "login", "link_box", "poll"))
RESULTS = "kết quả"


class DataTables(dict[Element, bool]):
    """Which tables hold data, decided once for each.

    A table of data has at least two rows, more than one cell in most of them, and no other table inside. Where the kept
    text is known it has to fill the table: what stands in one cell, or in but one of each row, is set in it for the
    layout.
    """

    def __init__(self, kept: Sequence[Block] | None = None) -> None:
        """Decide by their markup and, if given, by the text that was kept."""
        super().__init__()
        self._kept = kept
        self._filled: dict[Element, dict[Element, tuple[int, int]]] | None = None

    def __missing__(self, table: Element) -> bool:
        rows = [row for part in table if part.tag in ("tbody", "thead", "tfoot", "tr") for row in _rows(part)]
        cells = [sum(cell.tag in CELLS for cell in row) for row in rows]
        regular = len(rows) >= 2 and sum(count > 1 for count in cells) * 2 >= len(rows)
        self[table] = regular and next(table.iterdescendants("table"), None) is None and self._is_filled(table)
        return self[table]

    def _is_filled(self, table: Element) -> bool:
        """Whether the kept text stands in several cells of a row, and not nearly all in one that has its row alone."""
        if self._kept is None:
            return True
        if self._filled is None:
            self._filled = _filled(self._kept)
        cells = self._filled.get(table, {})
        rows = Counter(cell.getparent() for cell in cells)
        total = sum(size for size, _ in cells.values())
        return len(cells) > len(rows) and not any(
            runs > 1 and size > MOST * total and rows[cell.getparent()] == 1 for cell, (size, runs) in cells.items()
        )

    def row(self, element: Element) -> Element | None:
        """The row of a data table that an element stands in, if it does."""
        row = element if element.tag == "tr" else next(element.iterancestors("tr"), None)
        table = None if row is None else table_of(row)
        return row if table is not None and self[table] else None


def _filled(kept: Iterable[Block]) -> dict[Element, dict[Element, tuple[int, int]]]:
    """For each table its cells that hold text of their own: how many characters, and in how many runs."""
    tables: dict[Element, dict[Element, tuple[int, int]]] = {}
    for block in kept:
        cell = cell_of(block.element) if block.way.in_row else None
        table = None if cell is None else table_of(cell)
        if cell is not None and table is not None:
            cells = tables.setdefault(table, {})
            size, runs = cells.get(cell, (0, 0))
            cells[cell] = size + len(block.text), runs + 1
    return tables


def cell_of(element: Element) -> Element | None:
    """The cell that an element is or stands in."""
    return element if element.tag in CELLS else next(element.iterancestors(*CELLS), None)


def table_of(element: Element) -> Element | None:
    """The table that a row or cell stands in."""
    return next(element.iterancestors("table"), None)


def _rows(part: Element) -> list[Element]:
    return [part] if part.tag == "tr" else [row for row in part if row.tag == "tr"]


# -------------------------------------------------------------- tables of a text


@dataclass(slots=True)
class Table:
    """A table of data inside a region.

    Attributes:
        element: The ``table``.
        places: Places of its blocks, hidden ones left out; never empty.
    """

    element: Element
    places: list[int]


def tables_inside(region: Element, found: Sequence[Block]) -> list[Table]:
    """The tables of data inside a region that hold text, in the order of the page."""
    data = DataTables()
    told = {table: Table(table, []) for table in region.iter("table") if table is not region and data[table]}
    if not told:
        return []
    for place, block in enumerate(found):
        if block.way.in_row and not block.hidden:
            around = next(block.element.iterancestors("table"), None)
            if around is not None and around in told:
                told[around].places.append(place)
    return [table for table in told.values() if table.places]


def around_table(region: Element) -> Element:
    """The element around the table of data that a region is or stands in; else the region itself."""
    table = region if region.tag == "table" else table_of(region)
    above = table.getparent() if table is not None and DataTables()[table] else None
    return region if above is None else above


def around_rows(region: Element) -> Element:
    """The table around a cell that is a paragraph, where a text is set in rows of one cell; else the region itself."""
    row = region.getparent() if region.tag in CELLS else None
    if row is None or len(row) > 1 or any(child.tag not in PHRASING and child.tag != "br" for child in region):
        return region
    table = table_of(row)
    return region if table is None or DataTables()[table] else table


def holder(element: Element) -> Element | None:
    """The next element up that holds more than this one, where a table counts once, not row by row.

    A text in a cell of a row of its own stands in the table as well as the name in the next row does.
    """
    node = element.getparent()
    while node is not None and node.tag not in ("body", "html"):
        single = len(node) == 1 and not squeeze(node.text or "") and not squeeze(node[0].tail or "")
        if not single and node.tag not in ROWS:
            return node
        node = node.getparent()
    return node


def is_framed(block: Block) -> bool:
    """Whether a block stands alone in a small table with a picture, as captions did before there were figures."""
    table = table_of(block.element)
    if table is None or len(list(islice(table.iter(*CELLS), FRAME_CELLS + 1))) > FRAME_CELLS:
        return False
    return says_only(table, block.text) and table.find(".//img") is not None


def is_widget(table: Table, region: Element, found: Sequence[Block]) -> bool:
    """Whether a table is a calendar, a poll, a box of links, a form, or a text with something beside it.

    A table with one date and its time is the page's record of the article, when it was put there; a schedule has more.
    """
    cells = [found[place] for place in table.places]
    linked = sum(block.linked for block in cells)
    if linked > LINKED * sum(len(block.text) for block in cells) or _is_named(table.element, region, linked > 0):
        return True
    if next(table.element.iterdescendants(*CONTROLS), None) is not None:
        return True
    if any(_is_label(block.text) for block in cells) or sum(is_stamp(block.text) for block in cells) == 1:
        return True
    above = found[table.places[0] - 1].text if table.places[0] > 0 else ""
    # Nor is what tells its own figure: "Lượt xem: 215", "215 lượt xem".
    heads = _is_label(above) and says_surely(above) not in TOOLS and not any(map(str.isdigit, above))
    return heads or is_month(cells) or _is_text(cells)


def _is_label(text: str) -> bool:
    """Whether a text is the label of a widget, and no heading that an article's table may have."""
    return says_surely(text) is not None or (says(text) in LABELS and text.lower() != RESULTS)


def _is_named(element: Element, region: Element, linked: bool) -> bool:
    """Whether an element, or one around it inside the region, is called a widget."""
    node: Element | None = element
    while node is not None and node is not region:
        if (widget := named(node)) is not None and (linked or widget not in VAGUE):
            return True
        node = node.getparent()
    return False


def is_month(cells: Iterable[Block]) -> bool:
    """Whether the cells of a table count the days of a month."""
    days = [int(block.text) if block.text.isdecimal() and len(block.text) <= 2 else 0 for block in cells]
    return sum(0 < day == following - 1 for day, following in pairwise(days)) >= DAYS


def _is_text(cells: Iterable[Block]) -> bool:
    """Whether one cell holds most of the words."""
    words: Counter[Element | None] = Counter()
    for block in cells:
        words[cell_of(block.element)] += block.words
    most = max(words.values())
    return most >= LONG_CELL and 2 * most > words.total()
