"""What a page carries besides its text: running heads and feet, page numbers.

A line is furniture when it stands near the upper or lower edge and recurs at the same height on
many pages, its numbers aside, or when it begins or ends with the number of its page. The numbers
in such lines that rise by one from page to page are the printed page numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rag.reading.typeset import Line, Sheet

_EDGE = 0.13
"""Share of the page's height that counts as its upper or lower edge."""
_OUTERMOST = 4
"""Lines looked at from each edge of a page."""
_HEIGHT = 6.0
"""Recurring lines stand at the same height, give or take this many points."""
_LEAST_PAGES = 3
_SHARE = 0.25
"""Share of the pages on which a line recurs."""
_NUMBER_ALONE = re.compile(
    r"(?:page\s*)?[-–—|]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–—|]?(?:\s*(?:of|/)\s*\d{1,4})?", re.I
)
_INTEGER = re.compile(r"(?<![\d.,/£%])\d{1,4}(?![\d%/]|[.,]\d)")


def split_furniture(
    pages: Sequence[list[Line]], sheets: Sequence[Sheet]
) -> tuple[list[list[Line]], list[int | None]]:
    """The lines of each page without its furniture, and each page's printed number or None.

    A page has a printed number when most pages with furniture agree how far the printed numbers
    are ahead of the count; then every page from number 1 on has one.
    """
    edges = [_edge_lines(lines, sheet) for lines, sheet in zip(pages, sheets, strict=True)]
    recurring = _recurring(edges)
    carrying = _carrying_numbers(edges)
    kept: list[list[Line]] = []
    dropped: list[list[Line]] = []
    for number, lines in enumerate(pages):
        found = {
            id(line)
            for line in edges[number]
            if _is_recurring(line, recurring, len(pages))
            or _is_page_number(line, sheets[number])
            or id(line) in carrying
        }
        kept.append([line for line in lines if id(line) not in found])
        dropped.append([line for line in lines if id(line) in found])
    return kept, _printed(dropped)


def _edge_lines(lines: list[Line], sheet: Sheet) -> list[Line]:
    by_height = sorted((line for line in lines if not line.rows), key=lambda line: line.base)
    top = [x for x in by_height[:_OUTERMOST] if x.base < _EDGE * sheet.height]
    foot = [x for x in by_height[-_OUTERMOST:] if x.base > (1 - _EDGE) * sheet.height]
    return [*top, *(line for line in foot if not any(line is other for other in top))]


def _key(line: Line) -> str:
    return re.sub(r"\d+", "#", " ".join(line.text.lower().split()))


def _recurring(edges: list[list[Line]]) -> dict[str, list[float]]:
    """Texts that recur at the edges of pages, with the heights at which they do."""
    places: dict[str, list[float]] = {}
    for lines in edges:
        for line in lines:
            places.setdefault(_key(line), []).append(line.base)
    least = max(_LEAST_PAGES, _SHARE * len(edges))
    return {key: bases for key, bases in places.items() if len(bases) >= least}


def _is_recurring(line: Line, recurring: dict[str, list[float]], pages: int) -> bool:
    """True for a recurring text at its usual height, or words that half of the pages carry."""
    key = _key(line)
    bases = recurring.get(key, [])
    if len(bases) >= pages / 2 and len(bases) >= _LEAST_PAGES and any(c.isalpha() for c in key):
        return True
    near = sum(abs(base - line.base) <= _HEIGHT for base in bases)
    return near >= max(_LEAST_PAGES - 1, 0.3 * len(bases)) and near > 0


def _carrying_numbers(edges: list[list[Line]]) -> set[int]:
    """The identities of lines that open or close with the number of their page.

    None unless half of the pages agree how far these numbers are ahead of the count, and only
    those at the height at which most such lines stand: text may end with any number.
    """
    found: dict[int, list[Line]] = {}
    for page, lines in enumerate(edges):
        for line in lines:
            for number in _outer_numbers(line):
                found.setdefault(number - page, []).append(line)
    lines = max(found.values(), key=len, default=[])
    if len(lines) < max(_LEAST_PAGES, len(edges) / 2):
        return set()
    usual = Counter(round(line.base / _HEIGHT) for line in lines).most_common(1)[0][0] * _HEIGHT
    return {id(line) for line in lines if abs(line.base - usual) <= _HEIGHT}


def _outer_numbers(line: Line) -> set[int]:
    """The numbers that stand alone at the start or the end of a line."""
    words = line.text.split()
    return {int(word) for word in (words[0], words[-1]) if word.isdecimal() and len(word) <= 4}


def _is_page_number(line: Line, sheet: Sheet) -> bool:
    """A number alone in the margin of a page."""
    outer = line.base < 0.07 * sheet.height or line.base > 0.93 * sheet.height
    return outer and bool(_NUMBER_ALONE.fullmatch(line.text))


def _printed(dropped: list[list[Line]]) -> list[int | None]:
    """Printed page numbers, where they rise by one with the pages."""
    votes = Counter[int]()
    numbered = 0
    for page, lines in enumerate(dropped):
        ahead = {int(m) - page for line in lines for m in _INTEGER.findall(line.text)}
        votes.update(ahead)
        numbered += bool(ahead)
    if not votes:
        return [None] * len(dropped)
    offset, support = max(votes.items(), key=lambda vote: (vote[1], -abs(vote[0] - 1)))
    if support < max(_LEAST_PAGES, 0.6 * numbered):
        return [None] * len(dropped)
    return [page + offset if page + offset > 0 else None for page in range(len(dropped))]
