"""Which tables hold data, and which are there for the layout.

Both are written with the same tags. Old portals set the whole page, or a picture with its caption, in a table; articles
show lists of candidates, budgets, schedules in one. (Wang and Hu 2002, "A Machine Learning Based Approach for Table
Detection on the Web", call the two kinds genuine and non-genuine.)
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from portal_crawler.extraction.page import Element

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from portal_crawler.extraction.blocks import Block

# A cell that holds more than this share of a table's characters, in several runs, holds a text and no figure.
MOST = 0.8
CELLS = ("td", "th")


class DataTables(dict[Element, bool]):
    """Which tables hold data, decided once for each.

    A table of data has at least two rows, more than one cell in most of them, and no other table inside. Where the kept
    text is known it has to fill the table: what stands in one cell, or in but one of each row, is set in it for the
    layout.
    """

    def __init__(self, kept: Sequence[Block] | None = None) -> None:
        """Decide by their markup and, if given, by the text that was kept."""
        super().__init__()
        self._filled = None if kept is None else _filled(kept)

    def __missing__(self, table: Element) -> bool:
        rows = [row for part in table if part.tag in ("tbody", "thead", "tfoot", "tr") for row in _rows(part)]
        cells = [sum(cell.tag in CELLS for cell in row) for row in rows]
        regular = len(rows) >= 2 and sum(count > 1 for count in cells) * 2 >= len(rows)
        self[table] = regular and next(table.iterdescendants("table"), None) is None and self._is_filled(table)
        return self[table]

    def _is_filled(self, table: Element) -> bool:
        """Whether the kept text stands in several cells of a row, and not nearly all in one that has its row alone."""
        if self._filled is None:
            return True
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
