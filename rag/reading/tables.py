"""Tables to rows that can be read by themselves: "Overall effectiveness: Good".

Two kinds are found. Where lines are ruled, they make the grid: a cell reaches as far as no rule
stops it. Where none are, lines with cells that stand below each other make one. A box with one
cell is no table, nor is a page laid out in a frame: their text is read as text. Merged cells at
the left are repeated, so that each row says what it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.reading.elements import Element
from rag.reading.lines import joined, line_of, rows_of
from rag.reading.rows import row_texts
from rag.reading.typeset import Rule, Sheet, Span

_SNAP = 3.5
"""Rules nearer to each other than this, in points, are one."""
_LEAST_SIDE = 12.0
_MOST_GRID = 400
"""Rules in one direction; more are a drawing, not a table."""
_LONG_TEXT = 200
"""Characters of a cell that is a text of its own."""
_ABOVE = 1.0
"""Points by which the title of a box counts as larger: what stands in the box is below it."""
_LONG_CELL = 700
"""Characters; a table of one or two rows of such cells is a layout."""

Grid = list[list[str]]
Key = tuple[int, int]
"""The first row and column of a cell, which may reach over several."""
Band = list[list[Key]]
Cells = dict[Key, list[Span]]


@dataclass(slots=True)
class _Frame:
    """The grid of a ruled table: where its rows and columns part, and which cells are one."""

    xs: list[float]
    ys: list[float]
    owner: list[list[Key]]
    """For each row and column the first row and column of the cell it belongs to."""


def with_tables(sheet: Sheet) -> list[Span]:
    """The spans of a page; those of each ruled table replaced by one that holds its rows."""
    spans = sheet.spans
    for rules in _clusters(sheet.rules):
        frame = _frame(rules)
        if frame is not None:
            spans = _replaced(spans, frame, sheet.number)
    return spans


def _clusters(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules that touch each other, directly or through others."""
    kept = [r for r in rules if max(r.right - r.left, r.bottom - r.top) > 2.0]
    if len(kept) > 4 * _MOST_GRID:
        return []
    groups: list[tuple[list[float], list[Rule]]] = []
    for rule in kept:
        box = [rule.left - _SNAP, rule.top - _SNAP, rule.right + _SNAP, rule.bottom + _SNAP]
        members = [rule]
        apart: list[tuple[list[float], list[Rule]]] = []
        for other_box, others in groups:
            if _meet(box, other_box) and any(_touch(rule, other) for other in others):
                box = [*map(min, box[:2], other_box[:2]), *map(max, box[2:], other_box[2:])]
                members = others + members
            else:
                apart.append((other_box, others))
        groups = [*apart, (box, members)]
    return [members for _, members in groups if len(members) >= 5]


def _meet(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _touch(a: Rule, b: Rule) -> bool:
    return (
        a.left - _SNAP <= b.right
        and b.left - _SNAP <= a.right
        and a.top - _SNAP <= b.bottom
        and b.top - _SNAP <= a.bottom
    )


def _snapped(values: list[float]) -> list[float]:
    """Positions in order, those that lie close together as one."""
    found: list[list[float]] = []
    for value in sorted(values):
        if found and value - found[-1][-1] <= _SNAP:
            found[-1].append(value)
        else:
            found.append([value])
    return [sum(group) / len(group) for group in found]


def _frame(rules: list[Rule]) -> _Frame | None:
    """The grid that rules draw; None when they draw none, or a single box."""
    flat = [r for r in rules if r.flat and r.right - r.left > _LEAST_SIDE]
    upright = [r for r in rules if not r.flat and r.bottom - r.top > _SNAP]
    ys = _snapped([(r.top + r.bottom) / 2 for r in flat])
    xs = _snapped([(r.left + r.right) / 2 for r in upright])
    if not (3 <= len(xs) <= 40 and 2 <= len(ys) <= _MOST_GRID):
        return None
    rows, columns = len(ys) - 1, len(xs) - 1
    owner = [[(i, j) for j in range(columns)] for i in range(rows)]
    for i in range(rows):
        for j in range(columns):
            if j and not _ruled(upright, xs[j], (ys[i], ys[i + 1]), flat=False):
                owner[i][j] = owner[i][j - 1]
            elif i and not _ruled(flat, ys[i], (xs[j], xs[j + 1]), flat=True):
                owner[i][j] = owner[i - 1][j]
    return _Frame(xs, ys, owner)


def _ruled(rules: list[Rule], at: float, between: tuple[float, float], *, flat: bool) -> bool:
    """True when rules at one position cover most of a stretch."""
    start, end = between
    covered = 0.0
    for rule in rules:
        middle = (rule.top + rule.bottom) / 2 if flat else (rule.left + rule.right) / 2
        if abs(middle - at) <= _SNAP:
            a, b = (rule.left, rule.right) if flat else (rule.top, rule.bottom)
            covered += max(0.0, min(b, end) - max(a, start))
    return covered >= 0.6 * (end - start)


def _replaced(spans: list[Span], frame: _Frame, page: int) -> list[Span]:
    """Spans with those inside the frame made to tables, where they are cells of one."""
    inside: Cells = {}
    outside: list[Span] = []
    for span in spans:
        place = _place(span, frame)
        if place is None or span.rows:
            outside.append(span)
        else:
            inside.setdefault(frame.owner[place[0]][place[1]], []).append(span)
    bands = _bands(frame, inside)
    header = bands.pop(0)[0] if _opens_with_header(bands, inside) else []
    for band in bands:
        title = _titles_a_box(frame, band, inside)
        table = _table(frame, header, band, inside, page, title=title)
        if table is not None:
            outside.extend(table)
            for key in {key for row in band for key in row}:
                inside.pop(key, None)
    for key in header:
        inside.pop(key, None)
    return outside + [span for found in inside.values() for span in found]


def _opens_with_header(bands: list[Band], inside: Cells) -> bool:
    """True when one row of three cells and more stands above the other parts of a table."""
    return len(bands) > 1 and len(bands[0]) == 1 and len(_filled(bands[0], inside)) > 2


def _filled(band: Band, inside: Cells) -> list[Key]:
    """The cells of a band that hold something, each once, in order."""
    return [key for key in dict.fromkeys(key for row in band for key in row) if key in inside]


def _titles_a_box(frame: _Frame, band: Band, inside: Cells) -> bool:
    """True for one or two rows on top of a cell of text as wide as the frame."""
    below = [row[0] for row in frame.owner if len(set(row)) == 1 and row[0][0] > band[-1][0][0]]
    text = inside.get(below[0], []) if below else []
    return len(band) <= 2 and sum(len(span.text) for span in text) > _LONG_TEXT


def _table(
    frame: _Frame, header: list[Key], band: Band, inside: Cells, page: int, *, title: bool
) -> list[Span] | None:
    """One band as a table, with its last row as a bold line where that is a title; None for text.

    A single bold row is a title too: a bar across the page.
    """
    cells = _filled(band, inside)
    texts = {key: _text(inside[key], page) for key in _filled([header, *band], inside)}
    grid = _grid([header, *band] if header else band, texts)
    if not is_table(grid):
        return None
    bold = {key: all(span.bold for span in inside[key]) for key in cells}
    left, right = frame.xs[0], frame.xs[-1]
    found: list[Span] = []
    if title or (len(band) == 1 and not header and all(bold.values())):
        bar = ": ".join(cell.rstrip(":") for cell in grid.pop() if cell)
        last = [span for key in band[-1] for span in inside.get(key, ())]
        top = min(span.base for span in last)
        size = last[0].size + (_ABOVE if title else 0.0)
        found.append(Span(bar, left, right, top, size, bold=True))
    if grid:
        first = [bold[key] for key in band[0] if key in bold]
        below = [bold[key] for row in band[1:] for key in row if key in bold]
        headed = True if header or (all(first) and below and not all(below)) else None
        rows = [Element("row", text) for text in row_texts(grid, headed)]
        top, size = frame.ys[band[0][0][0]] + 1.0, inside[cells[0]][0].size
        found.insert(0, Span("", left, right, top, size, bold=False, rows=rows))
    return found


def _place(span: Span, frame: _Frame) -> tuple[int, int] | None:
    """Row and column of the grid that a span starts in."""
    x, y = min(span.left + 2.0, span.right), span.base - 0.3 * span.size
    if not (frame.xs[0] <= x <= frame.xs[-1] and frame.ys[0] <= y <= frame.ys[-1]):
        return None
    column = max(j for j, edge in enumerate(frame.xs[:-1]) if edge <= x)
    row = max(i for i, edge in enumerate(frame.ys[:-1]) if edge <= y)
    return row, column


def _bands(frame: _Frame, inside: Cells) -> list[Band]:
    """Runs of grid rows with at least two cells; a cell as wide as the table parts them."""
    bands: list[Band] = []
    open_ = False
    for keys in frame.owner:
        if len(set(keys)) < 2:
            open_ = False
        elif any(inside.get(key) for key in keys):
            if not open_:
                bands.append([])
                open_ = True
            bands[-1].append(keys)
    return bands


def _grid(band: Band, texts: dict[Key, str]) -> Grid:
    """The texts of a band; of a table that has two cells in each row, just these two."""
    filled = [[texts[key] for key in dict.fromkeys(row) if texts.get(key)] for row in band]
    if all(len(row) <= 2 for row in filled):
        return filled
    return [[texts.get(key, "") for key in row] for row in band]


def _text(spans: list[Span], page: int) -> str:
    lines = [line_of(row, page, (0.0, 0.0)) for row in rows_of(spans)]
    return joined([line.text for line in lines if line is not None])


def is_table(grid: Grid) -> bool:
    """True unless the cells are the columns of a layout, or all stand in one column."""
    filled = [[cell for cell in row if cell] for row in grid]
    widest = max((len(row) for row in filled), default=0)
    longest = max((len(cell) for row in filled for cell in row), default=0)
    return widest >= 2 and not (len(grid) <= 2 and longest > _LONG_CELL)
