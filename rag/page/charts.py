"""Pictures of an answer: its reports on a line of time, and its quotes by council and year.

Promises that a picture says nothing that is not also there in words: beneath the line of time the
same stands as a table, and every cell of the matrix has its words. Outcomes differ by shape
(filled, half, hollow, dash), never by colour alone. Of fewer than three reports a picture would say
less than a sentence, so there is a sentence instead.

Left out: marks that are links, because a picture is one thing to a screen reader; the table of the
comparison has the links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.dates import date_in_words
from rag.page.compare import (
    OUTCOMES,
    UNKNOWN_COUNCIL,
    UNKNOWN_DATE,
    Outcome,
    council_key,
    council_names,
    count_in_words,
    counted,
    time_key,
)
from rag.page.drawing import (
    WIDTH,
    by_year,
    count_by_status,
    draw_bars,
    draw_marks,
    statuses_of,
    year_of,
)
from rag.records import Answer, Coverage
from rag.rendering import Markup, render

FEWEST = 3
"""Reports from which on a picture is drawn."""
MOST_MARKS = 60
"""Reports with a date that are drawn one by one; more are counted by year."""
FEW_COUNCILS = 12
"""So many rows of the matrix are all shown, whether they have evidence or not."""
_MOST_COUNCILS = 60
"""Rows of councils with evidence; those with the fewest quotes are counted together beyond it."""
_MOST_NAMED = 12
"""Reports without a date that are named beneath the picture; the others are counted."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What the reports of one council, or several, say in one year."""

    quotes: int = 0
    speaking: int = 0
    silent: int = 0
    unasked: int = 0
    unread: int = 0

    def __add__(self, other: Cell) -> Cell:
        return Cell(
            self.quotes + other.quotes,
            self.speaking + other.speaking,
            self.silent + other.silent,
            self.unasked + other.unasked,
            self.unread + other.unread,
        )

    @property
    def reports(self) -> int:
        return self.searched + self.unasked

    @property
    def searched(self) -> int:
        return self.speaking + self.silent + self.unread

    @property
    def outcome(self) -> Outcome | None:
        """The outcome that the cell stands for; None without any report."""
        if self.speaking:
            return OUTCOMES["evidence"]
        if self.unread:
            return OUTCOMES["not read"]
        if self.silent:
            return OUTCOMES["no mention"]
        return OUTCOMES["not asked"] if self.unasked else None

    @property
    def words(self) -> str:
        """The cell in words, for those who do not see its sign and bar."""
        several = self.reports > 1
        parts = []
        if self.speaking:
            parts.append(f"{counted(self.quotes, 'quote')} in {counted(self.speaking, 'report')}")
        if self.silent:
            searched = "" if self.speaking else "searched, "
            many = f" in {counted(self.silent, 'report')}" if several else ""
            parts.append(f"{searched}no mention{many}")
        if self.unread:
            many = f" in {counted(self.unread, 'report')}" if several else ""
            parts.append(f"not read closely{many}")
        if self.unasked:
            many = f"{counted(self.unasked, 'report')} " if several else ""
            parts.append(f"{many}not asked")
        return "; ".join(parts) or "no report"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the matrix: a council, or several that are counted together."""

    name: str
    tally: str
    """What councils counted together have in common; empty for one council."""
    cells: tuple[Cell, ...]

    @property
    def total(self) -> Cell:
        return sum(self.cells, Cell())


def timeline(answer: Answer) -> Markup:
    """The reports of the shelf by their dates, each with its outcome, as a figure of SVG.

    Up to ``MOST_MARKS`` dated reports are marks of their own; of more, each year is a bar.
    """
    dated = sorted(
        (row for row in answer.coverage if row.date),
        key=lambda row: (row.date or "", council_key(row.council), row.report),
    )
    if len(dated) < FEWEST:
        return _missing(_too_few(len(answer.coverage), len(dated)))
    undated = sorted(
        (row for row in answer.coverage if not row.date),
        key=lambda row: (council_key(row.council), row.report),
    )
    single = len(dated) <= MOST_MARKS
    reports = counted(len(dated), "report")
    return render(
        "timeline.html",
        question=answer.question,
        title=f"{reports} on a line of time" if single else f"{reports} by year",
        span=f"From {date_in_words(dated[0].date)} to {date_in_words(dated[-1].date)}.",
        count=count_in_words(answer.coverage),
        drawing=draw_marks(dated) if single else draw_bars(dated),
        width=WIDTH,
        legend=[(OUTCOMES[s], n) for s, n in count_by_status(dated).items() if n],
        undated=undated,
        most_named=_MOST_NAMED,
        rows=[*dated, *undated] if single else (),
        years=() if single else _year_rows(answer.coverage),
        columns=[OUTCOMES[status] for status in statuses_of(answer.coverage)],
        outcomes=OUTCOMES,
        unknown_council=UNKNOWN_COUNCIL,
    )


def matrix(answer: Answer, *, every_council: bool = False) -> Markup:
    """How many quotes were found by council and year, as a table with a bar in each cell.

    Of more than ``FEW_COUNCILS`` councils those without evidence are counted in one row, and so are
    those with the fewest quotes of very many, unless ``every_council``. Years without any report
    are left out.
    """
    shelf = len(answer.coverage)
    if shelf < FEWEST:
        return _missing(_too_few(shelf, shelf))
    if not any(row.status == "evidence" for row in answer.coverage):
        nothing = "There are no quotes to count by council and year."
        return _missing(f"{count_in_words(answer.coverage)} {nothing}")
    years = sorted({year_of(row) for row in answer.coverage}, key=time_key)
    lines = _lines(answer.coverage, years, every=every_council)
    columns = [sum(cells, Cell()) for cells in zip(*(line.cells for line in lines), strict=True)]
    return render(
        "matrix.html",
        question=answer.question,
        years=[year or UNKNOWN_DATE for year in years],
        lines=lines,
        columns=columns,
        total=sum(columns, Cell()),
        any_unread=any(row.status == "not read" for row in answer.coverage),
        most=max(1, *(cell.quotes for line in lines for cell in line.cells)),
    )


def _missing(reason: str) -> Markup:
    return render("chart_missing.html", reason=reason)


def _too_few(shelf: int, usable: int) -> str:
    if not shelf:
        return "There is no report on the shelf, so there is nothing to draw."
    if usable == shelf:
        return f"A picture needs at least {FEWEST} reports; there is too little here to draw."
    return (
        f"A line of time needs at least {FEWEST} reports with a date;"
        f" of {counted(shelf, 'report')} {usable or 'none'} {'has' if usable < 2 else 'have'} one."
    )


def _year_rows(rows: Sequence[Coverage]) -> list[tuple[str, int, list[int]]]:
    """Year, reports and their number by outcome: what the bars show, and those without a date."""
    shown = statuses_of(rows)
    counts = [(year, len(mine), count_by_status(mine)) for year, mine in by_year(rows).items()]
    return [(year or UNKNOWN_DATE, n, [found[s] for s in shown]) for year, n, found in counts]


def _lines(coverage: Sequence[Coverage], years: Sequence[str | None], *, every: bool) -> list[Line]:
    """The councils with evidence by name, then the others, or these counted together."""
    councils: dict[tuple[bool, str], list[Coverage]] = {}
    for row in coverage:
        councils.setdefault(council_key(row.council), []).append(row)
    lines = [_line(councils[key], years) for key in sorted(councils)]
    speaking = [line for line in lines if line.total.speaking]
    others = [line for line in lines if not line.total.speaking]
    if every or len(lines) <= FEW_COUNCILS:
        return speaking + others
    most = sorted(speaking, key=lambda line: -line.total.quotes)[:_MOST_COUNCILS]
    shown = {id(line) for line in most}
    return [
        *(line for line in speaking if id(line) in shown),
        *_together([line for line in speaking if id(line) not in shown], "fewer quotes each"),
        *_together([line for line in others if line.total.unread], "not read closely"),
        *_together([n for n in others if n.total.silent and not n.total.unread], "no mention"),
        *_together([line for line in others if not line.total.searched], "not asked"),
    ]


def _line(rows: Sequence[Coverage], years: Sequence[str | None]) -> Line:
    cells = dict.fromkeys(years, Cell())
    for row in rows:
        cells[year_of(row)] += Cell(
            quotes=len(row.citations),
            speaking=int(row.status == "evidence"),
            silent=int(row.status == "no mention"),
            unasked=int(row.status == "not asked"),
            unread=int(row.status == "not read"),
        )
    oldest_first = sorted(rows, key=lambda row: (time_key(row.date), row.report))
    return Line(council_names(row.council for row in oldest_first), "", tuple(cells.values()))


def _together(lines: Sequence[Line], tally: str) -> list[Line]:
    if not lines:
        return []
    columns = zip(*(line.cells for line in lines), strict=True)
    cells = tuple(sum(column, Cell()) for column in columns)
    return [Line(counted(len(lines), "council"), tally, cells)]
