"""Tables to sentences: one text a row, which says by itself what each of its cells means.

A passage is found and quoted on its own, so a row must carry its headers with it. Every cell that
holds text stands in the result at least once: what is left out of a table would make "no mention"
a lie. Where cells end up is a matter of the readers of each format; here they are already a grid.

    two columns     Overall effectiveness: Good
    more, headed    Council: Northshire. 2021: 12; 2022: 15
    more, not       Northshire. 12; 15
"""

from __future__ import annotations

import re
from itertools import pairwise

from rag.reading.numbering import STOP

_SPACE = re.compile(r"\s+")
_YEAR = re.compile(r"(?:19|20)\d\d(?:\s?[-–/]\s?\d{2,4})?")
_FIGURE = re.compile(r"[£$€]?\s?[\d.,]+\s?(?:%|k|m|bn|million)?", re.IGNORECASE)
_LONGEST_HEADER = 80
_MERGED_WORDS = 4
"""Two neighbouring cells with the same words are one merged cell from this length on; shorter
ones ("Yes", "Good", "3") may well be two answers."""


def row_texts(table: list[list[str]], header: bool | int | None = None) -> list[str]:
    """One text for each row of ``table``, in order; rows without text give none.

    ``table`` holds the cells' texts row by row, as long as they are: short rows are filled up.
    ``header`` says how many first rows are headings of columns (True is one, False none); None
    leaves it to the look of the first row. A cell that spans columns may be repeated or be
    followed by empty ones; one that spans rows should be repeated in each.
    """
    return [text for _, text in placed_row_texts(table, header)]


def placed_row_texts(
    table: list[list[str]], header: bool | int | None = None
) -> list[tuple[int, str]]:
    """The same, each text with the row of ``table`` that it comes from."""
    places = [place for place, row in enumerate(table) if any(cell.strip() for cell in row)]
    grid = _grid([table[place] for place in places])
    width = len(grid[0]) if grid else 0
    if width <= 2:
        pairs = [_pair(row[0], row[-1] if width == 2 else "") for row in grid]
        return [(place, text) for place, text in zip(places, pairs, strict=True) if text]
    count = int(_looks_like_header(grid)) if header is None else min(int(header), len(grid))
    names = _names(grid[:count], width)
    body = [_without_repeats(row) for row in grid[count:]]
    texts = [_headed(names, row) if any(names) else _bare(row) for row in body]
    found = list(zip(places[count:], texts, strict=True))
    used = [any(row[column] and not _alone(row) for row in body) for column in range(width)]
    if any(name and not used[column] for column, name in enumerate(names)):
        found.insert(0, (places[0], _bare(_without_repeats(names))))
    return [(place, text) for place, text in found if text]


def _grid(table: list[list[str]]) -> list[list[str]]:
    """Cells with single spaces, rows of one length, empty columns left out."""
    width = max(map(len, table), default=0)
    rows = [[_SPACE.sub(" ", cell).strip() for cell in row] for row in table]
    rows = [row + [""] * (width - len(row)) for row in rows]
    filled = [column for column in range(width) if any(row[column] for row in rows)]
    return [[row[column] for column in filled] for row in rows]


def _looks_like_header(grid: list[list[str]]) -> bool:
    """True when the first row can only be read as the names of the columns.

    Short, all different, no figures but years, and nothing of it comes back below.
    """
    first, body = grid[0], grid[1:]
    names = first[1:] if not first[0] else first
    if not body or not all(names) or len(set(names)) < len(names):
        return False
    plain = all(
        len(name) <= _LONGEST_HEADER
        and not name.endswith((".", ";"))
        and (_YEAR.fullmatch(name) or not _FIGURE.fullmatch(name))
        for name in names
    )
    return plain and not any(
        cell and row[column] == cell for row in body for column, cell in enumerate(first)
    )


def _names(rows: list[list[str]], width: int) -> list[str]:
    """The name of each column; of several rows of headings the outer one stands first."""
    names = []
    for column in range(width):
        parts = list(dict.fromkeys(row[column] for row in rows if row[column]))
        names.append(" ".join(parts))
    return names


def _without_repeats(row: list[str]) -> list[str]:
    """A merged cell that was repeated in each of its columns stands in the first only."""
    texts = {cell for cell in row if cell}
    if len(texts) == 1 and all(row):
        return [row[0]] + [""] * (len(row) - 1)
    kept = row[:1]
    for before, cell in pairwise(row):
        merged = cell == before and len(cell.split()) >= _MERGED_WORDS
        kept.append("" if merged else cell)
    return kept


def _pair(left: str, right: str) -> str:
    if not left or not right or (left == right and len(left.split()) >= _MERGED_WORDS):
        return left or right
    return _labelled(left, right)


def _labelled(label: str, text: str) -> str:
    """``label: text``; a label that is a question or a sentence keeps its own end."""
    label = label.rstrip(" :") or label
    return f"{label} {text}" if label.endswith((".", "?", "!")) else f"{label}: {text}"


def _headed(names: list[str], row: list[str]) -> str:
    cells = [(name, cell) for name, cell in zip(names, row, strict=True) if cell]
    if _alone(row):
        return row[0]
    texts = [_labelled(name, cell) if name else cell for name, cell in cells]
    return _bare(texts, labelled=bool(row[0]))


def _alone(row: list[str]) -> bool:
    """True for a row that is one cell at its start: the name of what follows, under no header."""
    return bool(row[0]) and not any(row[1:])


def _bare(row: list[str], *, labelled: bool | None = None) -> str:
    """The cells of a row one after the other; the first, if there is one, is its label."""
    cells = [cell for cell in row if cell]
    labelled = bool(row and row[0]) if labelled is None else labelled
    text = cells[0] if cells else ""
    for position, cell in enumerate(cells[1:]):
        joint = ". " if position == 0 and labelled else "; "
        text += (" " if STOP.search(text) else joint) + cell
    return text


def cell_text(blocks: list[str]) -> str:
    """The paragraphs and list items of one cell as one text; they stay told apart."""
    text = ""
    for block in filter(None, blocks):
        text += ("" if not text else " " if STOP.search(text) else "; ") + block
    return text
