"""Tables without ruled lines: lines whose cells stand below each other.

At least three lines in a row have to have cells in the same columns; a single cell below one of
them is the rest of a wrapped one. A list with tabs after its numbers is no table.
"""

from __future__ import annotations

import re
from itertools import pairwise

from rag.reading.elements import Element
from rag.reading.lines import joined
from rag.reading.rows import row_texts
from rag.reading.typeset import Line

_FEWEST = 3
"""Lines with cells side by side that make a table."""
_MARK = re.compile(r"\W{1,2}|\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,5})[.)]?|o")
_LEADING = 1.75
"""Most distance between the lines of a table's rows, in font sizes."""
_WRAPPED = 1.32
"""Most distance between the lines of one wrapped cell, in font sizes."""
_LONGEST = 120
"""Lines of one table on one page."""
_MOST_LINES = 1000
"""Lines of a page; more are a drawing."""
_MOST_LETTERS = 90
"""Mean length of a table's cells; more are columns of text."""

Columns = list[tuple[float, float]]


def with_aligned(lines: list[Line], leave: set[int]) -> list[Line]:
    """Lines of a page, each run that makes a table replaced by one that holds its rows.

    ``leave`` are the identities of lines that are something else: a table of contents.
    """
    found: list[Line] = []
    if len(lines) > _MOST_LINES:
        return lines
    i = 0
    while i < len(lines):
        end = _run(lines, i, leave)
        table = _table(lines[i:end]) if end - i >= _FEWEST else None
        if table is None:
            found.append(lines[i])
            i += 1
        else:
            found.append(table)
            i = end
    return found


def _is_row(line: Line) -> bool:
    """True for a line of several cells that is not a mark and its text."""
    marked = len(line.cells) == 2 and _MARK.fullmatch(line.cells[0].text) is not None
    return len(line.cells) >= 2 and not marked and not line.rows


def _run(lines: list[Line], start: int, leave: set[int]) -> int:
    """Where a run of table lines that starts at ``start`` ends; ``start`` when there is none."""
    if not _is_row(lines[start]) or id(lines[start]) in leave:
        return start
    end = start + 1
    for above, line in pairwise(lines[start : start + _LONGEST]):
        down = line.base - above.base
        if not down > 0 or line.rows or id(line) in leave or line.column != lines[start].column:
            break
        columns = _columns([x for x in lines[start:end] if _is_row(x)])
        leading = _LEADING if _is_row(line) else _WRAPPED
        if down > leading * 1.6 * line.size or (not _is_row(line) and down > _WRAPPED * line.size):
            break
        if not _fits(line, columns):
            break
        end += 1
    while end > start and not _is_row(lines[end - 1]) and end - start < 2:
        end -= 1
    return end


def _columns(rows: list[Line]) -> Columns:
    """Stretches of the line that the cells of several lines take up, from left to right."""
    columns: Columns = []
    for left, right in sorted((cell.left, cell.right) for row in rows for cell in row.cells):
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _fits(line: Line, columns: Columns) -> bool:
    """True when each cell of a line stands in a column of its own, or widens one."""
    taken = [_column_of(cell.left, cell.right, columns) for cell in line.cells]
    return None not in taken and len(set(taken)) == len(taken)


def _column_of(left: float, right: float, columns: Columns) -> int | None:
    """The one column that a cell stands in; None when it reaches into two, or into none."""
    over = [i for i, (a, b) in enumerate(columns) if left < b + 2.0 and right > a - 2.0]
    return over[0] if len(over) == 1 else None


def _table(lines: list[Line]) -> Line | None:
    """A run of lines as a table; None when its cells do not line up or are running text."""
    rows = [line for line in lines if _is_row(line)]
    columns = _columns(rows)
    if len(rows) < _FEWEST or len(columns) < 2 or not _lined_up(rows, columns):
        return None
    grid: list[list[list[str]]] = []
    for position, line in enumerate(lines):
        above = lines[position - 1] if position else None
        if above is None or not _carries_on(line, above, len(columns)):
            grid.append([[] for _ in columns])
        for cell in line.cells:
            place = _column_of(cell.left, cell.right, columns)
            if place is not None:
                grid[-1][place].append(cell.text)
    texts = [[joined(cell) for cell in row] for row in grid]
    letters = [len(cell) for row in texts for cell in row if cell]
    if sum(letters) > _MOST_LETTERS * len(letters):
        return None
    first = lines[0]
    bold = first.bold and not all(line.bold for line in lines[1:])
    elements = [Element("row", text) for text in row_texts(texts, True if bold else None)]
    edges = (min(line.left for line in lines), max(line.right for line in lines))
    return Line(
        "", *edges, first.base, first.size, False, first.page, [],
        column=first.column, rows=elements,
    )  # fmt: skip


def _lined_up(rows: list[Line], columns: Columns) -> bool:
    """True when in a column after the first most cells start, or end, at the same place."""
    for a, b in columns[1:]:
        cells = [c for row in rows for c in row.cells if c.left < b + 2.0 and c.right > a - 2.0]
        starts = sum(abs(c.left - a) < 4.0 for c in cells)
        ends = sum(abs(c.right - b) < 4.0 for c in cells)
        middles = sum(abs((c.left + c.right) - (a + b)) < 8.0 for c in cells)
        if len(cells) >= _FEWEST and max(starts, ends, middles) >= 0.6 * len(cells):
            return True
    return False


def _carries_on(line: Line, above: Line, columns: int) -> bool:
    """True when a line is the rest of the row above it."""
    if not _is_row(line):
        return True
    near = line.base - above.base <= _WRAPPED * line.size
    return near and (
        len(line.cells) < columns and all(cell.text[0].islower() for cell in line.cells)
    )
