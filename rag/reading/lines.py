"""Type on a page to lines in reading order: superscripts, columns, cells.

Columns are read one after the other; what reaches across them (a heading, a table) divides the
page into zones. A column has to look like running text, line by line nearly as wide as it can be,
so that the cells of a table are not read as columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from rag.reading.typeset import SOFT_HYPHEN, Cell, Line, Sheet, Span, right_to_left
from rag.spelling import is_english

_FOOTNOTE_MARK = re.compile(r"\(?(?:\d{1,3}|[*†‡§]{1,3}|[a-z])\)?(?:\s?,\s?\d{1,3})*")
_WIDE_GAP = 1.4
"""Gap between two cells of a line, in font sizes."""
_GUTTER = 8.0
"""Narrowest white strip between two columns, in points."""
_COLUMN_LINES = 5
"""Fewest lines of a column."""
_FILL = 0.68
"""How full the lines of a column are, on average."""
_WIDEST = 20_000
"""Points; pages of that width are drawings."""
_DEEPEST = 3
"""Halvings of a page: up to eight columns."""


def lines_of(sheet: Sheet, spans: list[Span]) -> list[Line]:
    """The lines of a page in reading order; tables among the spans become lines of their own."""
    _attach_superscripts(spans)
    return list(_zone(spans, sheet, 0))


def _attach_superscripts(spans: list[Span]) -> None:
    """A small span beside a larger one and above its baseline belongs to that line."""
    for one, other in pairwise(spans):
        for small, large in ((one, other), (other, one)):
            lift = large.base - small.base
            near = one.right - 0.3 * large.size <= other.left <= one.right + 0.8 * large.size
            if small.size < 0.8 * large.size and near and 0 < lift < 0.75 * large.size:
                small.raised, small.base = True, large.base
                break


def rows_of(spans: list[Span]) -> list[list[Span]]:
    """Spans on the same baseline, from top to bottom, each row in reading direction."""
    rows: list[list[Span]] = []
    for span in sorted(spans, key=lambda s: (s.base, s.left)):
        near = rows and span.base - rows[-1][-1].base <= 0.25 * min(span.size, rows[-1][-1].size)
        if near and not span.rows and not rows[-1][-1].rows:
            rows[-1].append(span)
        else:
            rows.append([span])
    for row in rows:
        leftward = sum(len(s.text) if right_to_left(s.text) else -len(s.text) for s in row) > 0
        row.sort(key=lambda s: -s.right if leftward else s.left)
    return rows


def _zone(spans: list[Span], sheet: Sheet, depth: int) -> Iterator[Line]:
    """Lines of a part of the page, column by column where there are columns."""
    if not spans:
        return
    rows = rows_of(spans)
    gutter = _gutter(rows) if depth < _DEEPEST else None
    if gutter is None:
        edges = (min(s.left for s in spans), max(s.right for s in spans))
        for row in rows:
            if (line := line_of(row, sheet.number, edges)) is not None:
                yield line
        return
    for columns, part in _parts(rows, gutter):
        if columns:
            for side in _sides(part, gutter):
                yield from _zone(side, sheet, depth + 1)
        else:
            yield from _zone([s for row in part for s in row], sheet, _DEEPEST)


def _sides(rows: list[list[Span]], gutter: float) -> tuple[list[Span], list[Span]]:
    flat = [s for row in rows for s in row]
    return [s for s in flat if s.right <= gutter + 1], [s for s in flat if s.right > gutter + 1]


def _crosses(row: list[Span], gutter: float) -> bool:
    return any(s.left < gutter - 1 and s.right > gutter + 1 for s in row)


def _parts(rows: list[list[Span]], gutter: float) -> Iterator[tuple[bool, list[list[Span]]]]:
    """Runs of rows that do or do not stand in columns."""
    run: list[list[Span]] = []
    for row in rows:
        if run and _crosses(row, gutter) != _crosses(run[-1], gutter):
            yield _are_columns(run, gutter), run
            run = []
        run.append(row)
    if run:
        yield _are_columns(run, gutter), run


def _gutter(rows: list[list[Span]]) -> float | None:
    """Where a white strip parts two columns of running text; None where there is none."""
    if len(rows) < _COLUMN_LINES:
        return None
    left = min(row[0].left for row in rows)
    right = max(s.right for row in rows for s in row)
    width = right - left
    if not 150 <= width <= _WIDEST:
        return None
    crossed = [0] * (int(width) + 2)
    for row in rows:
        for span in row:
            for x in range(int(max(span.left - left, 0)), int(span.right - left) + 1):
                crossed[x] += 1
    first, last = int(0.2 * width), int(0.8 * width)
    least = min(crossed[first:last])
    candidates: list[tuple[int, float]] = []
    start: int | None = None
    for x in range(first, last + 1):
        open_ = x < last and crossed[x] <= least + len(rows) // 20
        if open_ and start is None:
            start = x
        elif not open_ and start is not None:
            candidates.append((x - start, left + (start + x) / 2))
            start = None
    for strip, gutter in sorted(candidates, reverse=True)[:3]:
        if strip >= _GUTTER - 4 and any(columns for columns, _ in _parts(rows, gutter)):
            return gutter
    return None


def _are_columns(rows: list[list[Span]], gutter: float) -> bool:
    """True when both sides of the gutter hold several lines that fill their column."""
    if _crosses(rows[0], gutter):
        return False
    for side in _sides(rows, gutter):
        lines = rows_of(side)
        if len(lines) < _COLUMN_LINES:
            return False
        left, right = min(s.left for s in side), max(s.right for s in side)
        fills = [(line[-1].right - line[0].left) / max(right - left, 1.0) for line in lines]
        letters = median(sum(len(s.text) for s in line) for line in lines)
        if sum(fills) / len(fills) < _FILL or letters < 18 or right - left < 80:
            return False
    return True


def line_of(row: list[Span], page: int, column: tuple[float, float]) -> Line | None:
    """One line from the spans of a row; marks of footnotes are taken out of it."""
    if row[0].rows:
        table = row[0]
        place = (table.left, table.right, table.base, table.size)
        return Line("", *place, False, page, [], column=column, rows=table.rows)
    note = None
    cells: list[Cell] = []
    kept: list[Span] = []
    for position, span in enumerate(row):
        if span.raised and _FOOTNOTE_MARK.fullmatch(span.text.strip()):
            if position == 0:
                note = span.text.strip()
            elif span.text.endswith(" ") and cells:
                cells[-1].text += " "
            continue
        kept.append(span)
        gap = max(span.left - cells[-1].right, cells[-1].left - span.right) if cells else 0.0
        if not cells or gap > _WIDE_GAP * max(span.size, 6.0):
            cells.append(Cell(span.text, span.left, span.right))
            continue
        spaced = gap > 0.2 * span.size and not cells[-1].text.endswith(" ")
        cells[-1].text += (" " if spaced else "") + span.text
        cells[-1].left = min(cells[-1].left, span.left)
        cells[-1].right = max(cells[-1].right, span.right)
    for cell in cells:
        cell.text = " ".join(cell.text.split())
    cells = [cell for cell in cells if cell.text]
    if not cells:
        return None
    main = max(kept, key=lambda s: len(s.text.strip()))
    letters = sum(len(s.text.strip()) for s in kept)
    bold = sum(len(s.text.strip()) for s in kept if s.bold) > 0.7 * letters
    text = " ".join(cell.text for cell in cells)
    return Line(
        text=text,
        left=min(cell.left for cell in cells),
        right=max(cell.right for cell in cells),
        base=main.base,
        size=main.size,
        bold=bold,
        page=page,
        cells=cells,
        note=note,
        column=column,
    )


def joined(lines: list[str], known: frozenset[str] = frozenset()) -> str:
    """Lines as running text. A hyphen at a line's end stays when it belongs to the word.

    ``known`` are the words, in small letters, that the document has inside its lines. What it
    has both with a hyphen and without, or neither way, keeps the hyphen unless the two halves
    make an English word: "self-esteem", but "information".
    """
    parts: list[str] = []
    for line in lines:
        last = parts[-1] if parts else ""
        if last.endswith((SOFT_HYPHEN, "-")) and len(last) > 1 and not last[-2].isspace():
            parts[-1] = _mended(last, line, known)
        elif last.endswith("/") and not last.endswith(" /"):
            parts[-1] += line
        else:
            parts.append(line)
    return " ".join(parts).replace(SOFT_HYPHEN, "-").strip()


def _mended(text: str, line: str, known: frozenset[str]) -> str:
    """Two halves of a word put together, with or without the hyphen between them."""
    first = re.search(r"[\w’'-]*$", text[-80:-1])
    second = re.match(r"[\w’'-]{0,80}", line)
    a = first.group().lower() if first else ""
    b = second.group().lower() if second else ""
    b = re.sub(r"[’']s?$", "", b)
    plain, hyphened = f"{a}{b}" in known, f"{a}-{b}" in known
    if plain != hyphened:
        keep = hyphened
    elif not (a and b and a[-1].isalpha() and b[0].isalpha()) or "-" in a or line[0].isupper():
        keep = True
    else:
        keep = not is_english(a + b)
    return f"{text[:-1]}{'-' if keep else ''}{line}"
