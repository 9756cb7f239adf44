"""Where everything stands in a picture of reports by date: marks on a line of time, or bars.

Promises that no two marks or labels of a lane overlap, and that every dated report is drawn once.
A date that is only a year or a month stands in the middle of it. Widths of letters are guessed, on
the wide side, since no font is known here. Left out: SVG itself, which the template writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.councils import place_of
from rag.page.compare import OUTCOMES, Outcome, counted, time_key
from rag.places import report_name
from rag.records import Coverage, Status

WIDTH = 720.0
"""Of a picture, in its own units; 13 of them are the height of a letter."""
BAR_START = 48.0
"""Where bars begin; the year stands before them."""
_BAR_WIDTH, _BAR_ROW = 400.0, 26.0
"""Of the longest bar, and the height of a row; the words have the rest of the width."""
_SIDE, _TOP, _LANE, _AXIS = 10.0, 8.0, 24.0, 26.0
"""Margin at the sides, room above the lanes, height of a lane and of the axis beneath them."""
_RADIUS, _GAP = 5.5, 9.5
"""Half of a mark's width, and from its middle to its label."""
_LETTER, _WIDE_LETTER = 8.4, 13.5
"""Widths of a bold letter of ASCII, and of any other."""
_LONGEST_LABEL = 30
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Years between the labels of the axis."""
_MOST_TICKS = 14
_MOST_YEARS = 60
"""Years in a row that are drawn with those between them that have no report."""
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Characters that turn the direction of what follows; a drawing has no other guard against them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One report on the line of time."""

    x: float
    y: float
    outcome: Outcome
    label: str
    label_x: float
    anchor: str
    """``start`` or ``end``: on which side of ``label_x`` the label stands."""
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A year: stretches of a bar with their outcomes, and what they say."""

    year: str
    y: float
    stretches: tuple[tuple[Outcome, float, float], ...]
    """Outcome, left edge and width."""
    words: str
    words_x: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, in its own units: marks over an axis with its ticks, or bars."""

    height: float
    marks: tuple[Mark, ...] = ()
    axis: float = 0.0
    """Height at which the axis is drawn."""
    ticks: tuple[tuple[float, str], ...] = ()
    bars: tuple[Bar, ...] = ()


def year_of(row: Coverage) -> str | None:
    return row.date[:4] if row.date else None


def count_by_status(rows: Iterable[Coverage]) -> dict[Status, int]:
    """How many of each status, in the order in which they are shown."""
    found = Counter(row.status for row in rows)
    return {status: found[status] for status in OUTCOMES}


def statuses_of(rows: Iterable[Coverage]) -> tuple[Status, ...]:
    """Those that are shown of these reports: "not read" only where there is one."""
    unread = any(row.status == "not read" for row in rows)
    return tuple(status for status in OUTCOMES if status != "not read" or unread)


def by_year(rows: Sequence[Coverage]) -> dict[str | None, list[Coverage]]:
    """Reports by year, unknown last, with the years between them where these are not too many."""
    years = sorted({year_of(row) for row in rows}, key=time_key)
    known = [int(year) for year in years if year]
    if known and known[-1] - known[0] < _MOST_YEARS:
        filled: list[str | None] = [f"{n:04}" for n in range(known[0], known[-1] + 1)]
        years = filled + [year for year in years if year is None]
    found: dict[str | None, list[Coverage]] = {year: [] for year in years}
    for row in rows:
        found[year_of(row)].append(row)
    return found


def draw_marks(dated: Sequence[Coverage]) -> Drawing:
    """Reports in order of date, each in the lowest lane with room for its mark and label."""
    bounds, ends = _bounds(dated), list[float]()
    placed: list[tuple[int, float, Coverage]] = []
    for row in dated:
        x = _x(_moment(row.date or ""), bounds)
        left, right = _extent(x, row)
        lane = next((n for n, end in enumerate(ends) if end + _RADIUS <= left), len(ends))
        ends[lane : lane + 1] = [right]
        placed.append((lane, x, row))
    axis = _TOP + _LANE * len(ends)
    marks = tuple(_mark(x, axis - _LANE * (lane + 0.5), row) for lane, x, row in placed)
    return Drawing(axis + _AXIS, marks, axis, _ticks(bounds))


def draw_bars(dated: Sequence[Coverage]) -> Drawing:
    """A bar for each year, as long as it has reports, in stretches by outcome."""
    years = by_year(dated)
    most = max(len(rows) for rows in years.values())
    bars = []
    for n, (year, rows) in enumerate(years.items()):
        x, stretches = BAR_START, []
        for status, count in count_by_status(rows).items():
            width = round(_BAR_WIDTH * count / most, 1)
            if count:
                stretches.append((OUTCOMES[status], round(x, 1), width))
            x += width
        y, words = _TOP + _BAR_ROW * n, _bar_words(rows)
        bars.append(Bar(year or "", y, tuple(stretches), words, round(x + 8, 1)))
    return Drawing(2 * _TOP + _BAR_ROW * len(bars), bars=tuple(bars))


def _moment(date: str) -> float:
    """A date as a year with its fraction; the middle of it when no month or day is told."""
    year, *rest = (int(part) for part in date.split("-"))
    if not rest:
        return year + 0.5
    month, day = rest[0], rest[1] if len(rest) > 1 else None
    return year + (month - 1 + (0.5 if day is None else (day - 0.5) / 31)) / 12


def _bounds(dated: Sequence[Coverage]) -> tuple[int, int]:
    """First year of the axis, and the year that it ends before."""
    years = [int(row.date[:4]) for row in dated if row.date]
    return min(years), max(years) + 1


def _x(moment: float, bounds: tuple[int, int]) -> float:
    first, end = bounds
    return round(_SIDE + (WIDTH - 2 * _SIDE) * (moment - first) / (end - first), 1)


def _extent(x: float, row: Coverage) -> tuple[float, float]:
    """Left and right end of a mark with its label, which stands before it near the right border."""
    wide = _GAP + sum(_LETTER if letter.isascii() else _WIDE_LETTER for letter in _label(row))
    return (x - wide, x + _RADIUS) if x + wide > WIDTH else (x - _RADIUS, x + wide)


def _mark(x: float, y: float, row: Coverage) -> Mark:
    before = _extent(x, row)[0] < x - _RADIUS
    words = f"{_unturned(report_name(row.council, row.date, row.report))}:"
    words += f" {OUTCOMES[row.status].words.lower()}"
    return Mark(
        x=x,
        y=y,
        outcome=OUTCOMES[row.status],
        label=_label(row),
        label_x=round(x - _GAP if before else x + _GAP, 1),
        anchor="end" if before else "start",
        words=words + (f", {counted(len(row.citations), 'quote')}" if row.citations else ""),
    )


def _label(row: Coverage) -> str:
    name = _unturned(place_of(row.council or "") or row.council or row.report)
    return name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1].rstrip()}…"


def _unturned(text: str) -> str:
    return text.translate(_TURNING)


def _ticks(bounds: tuple[int, int]) -> tuple[tuple[float, str], ...]:
    """Beginnings of years with their labels, so few that the labels have room."""
    first, end = bounds
    step = next((n for n in _STEPS if (end - first) <= n * _MOST_TICKS), _STEPS[-1])
    years = (year for year in range(first, end + 1) if step == 1 or year % step == 0)
    return tuple((_x(year, bounds), str(year) if year < end else "") for year in years)


def _bar_words(rows: Sequence[Coverage]) -> str:
    if not rows:
        return "no report"
    speaking, unread, silent, unasked = count_by_status(rows).values()
    parts = [
        counted(speaking, "speaks", "speak") if speaking else "",
        counted(silent, "does not", "do not") if silent else "",
        f"{unread:,} not read closely" if unread else "",
        f"{unasked:,} not asked" if unasked else "",
    ]
    return ", ".join(part for part in parts if part)
