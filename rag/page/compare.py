"""The comparison: one row per report on the shelf, grouped, sorted, filtered and paged.

Promises that every report that is not filtered out stands in exactly one row of exactly one
group, that the count above the table is that of the whole shelf whatever is hidden, and that the
same answer and view give the same bytes. Two reports of one council stand in order of time
wherever rows are by council, because that is how they are read. A filter hides rows, never quotes
within a row: what a report says is shown whole or not at all.

A long table that is not wanted by council or year stands in sections that fold, by outcome and,
where many reports share one, by reason; each says how many reports it has and on which pages.

Names are compared by place, so that "Sutton Council" and "London Borough of Sutton" are one
council. Left out: the controls, which belong to the page, and files, which belong to the export.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rag.councils import place_of
from rag.errors import InputError
from rag.page.links import read_link
from rag.places import report_name
from rag.records import Answer, Citation, Coverage, Status
from rag.rendering import Markup, render
from rag.wording import OUTCOMES as IN_WORDS
from rag.wording import by_reason, decided_in_words

Group = Literal["nothing", "council", "year", "outcome"]
Sort = Literal["shelf", "council", "newest", "oldest", "outcome", "quotes"]
Show = Literal["all", "speaks", "not read", "no mention", "not asked"]

PAGE = 100
"""Rows of a page."""
FEW = 50
"""So many rows stand in one table; more stand in sections."""
_MANY_ALIKE = 10
"""Reports that share a reason have a section of their own from this number on."""
_MOST_REASONS = 20
"""Reasons of one outcome that have a section of their own."""
_OTHER_REASONS = "Other reasons"

UNKNOWN_COUNCIL = "Council not known"
UNKNOWN_DATE = "Date not known"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A status as it is shown: a sign and words, so that nothing depends on colour."""

    sign: str
    words: str
    name: str
    """Of its CSS class."""


OUTCOMES: Mapping[Status, Outcome] = {
    "evidence": Outcome("●", IN_WORDS["evidence"], "speaks"),
    "not read": Outcome("◐", IN_WORDS["not read"], "unread"),
    "no mention": Outcome("○", IN_WORDS["no mention"], "silent"),
    "not asked": Outcome("–", IN_WORDS["not asked"], "unasked"),
}
"""In the order in which they are shown."""
_SHOWN: Mapping[Show, Status] = {
    "speaks": "evidence",
    "not read": "not read",
    "no mention": "no mention",
    "not asked": "not asked",
}


@dataclass(frozen=True, slots=True)
class View:
    """How the table is wanted. Raises InputError for a choice that there is not."""

    group: Group = "nothing"
    sort: Sort = "shelf"
    show: Show = "all"
    containing: str = ""
    """Words that a row must all have, in its council, title, quotes or reason; case is ignored."""

    def __post_init__(self) -> None:
        for name, kind in (("group", Group), ("sort", Sort), ("show", Show)):
            value, allowed = getattr(self, name), get_args(kind)
            if value not in allowed:
                raise InputError(
                    f"The table has no {name} {value!r}.", f"Choose one of: {', '.join(allowed)}."
                )


@dataclass(frozen=True, slots=True)
class Row:
    """A report with what is quoted from it."""

    coverage: Coverage
    quotes: tuple[Citation, ...]

    @property
    def outcome(self) -> Outcome:
        return OUTCOMES[self.coverage.status]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows under one heading: a name, and what is counted of it. No name, no heading."""

    name: str
    tally: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of a long table that fold away together: those of one outcome, or of one reason."""

    outcome: Outcome
    reason: str
    """What its reports share besides; empty where it is the whole of an outcome."""
    reports: int
    pages: tuple[int, int]
    """The first and the last page on which it has rows, from 1."""
    rows: tuple[Row, ...]
    """Those on this page."""
    reasons: tuple[Section, ...] = ()
    """What it consists of, where several reasons are told apart."""

    @property
    def name(self) -> str:
        return f"{self.outcome.words}, {self.reason}" if self.reason else self.outcome.words


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the table."""

    html: Markup
    first: int
    """The first of its rows, counted from 0."""
    last: int
    """The row behind its last one."""
    fitting: int
    """Rows of all pages."""
    most: int
    """Rows of a page."""

    @property
    def several(self) -> bool:
        """True where there are other pages."""
        return self.fitting > self.most

    @property
    def words(self) -> str:
        """Where the page stands: "Page 2 of 99, rows 101 to 200 of 9,871"; else empty."""
        number, pages = self.first // self.most + 1, -(-self.fitting // self.most)
        rows = f"rows {self.first + 1:,} to {self.last:,} of {self.fitting:,}"
        return f"Page {number:,} of {pages:,}, {rows}" if self.several else ""


def compare_table(answer: Answer, view: View = View(), first: int = 0, most: int = PAGE) -> Markup:
    """The table on one page of it, as in ``compare_page``."""
    return compare_page(answer, view, first, most).html


def compare_page(answer: Answer, view: View = View(), first: int = 0, most: int = PAGE) -> Page:
    """Every report on the shelf that fits the view as a table, with the count of all above it.

    ``first`` counts rows from 0, ``most`` is the number of rows of a page, at least 1. A ``first``
    beyond the last row shows the last page: the filter may have been narrowed since.
    """
    rows = rows_of(answer)
    groups = _arranged(rows, view)
    fitting = sum(len(group.rows) for group in groups)
    most = max(1, most)
    first = max(0, first if first < fitting else (fitting - 1) // most * most)
    last = min(first + most, fitting)
    in_sections = fitting > FEW and view.group in ("nothing", "outcome")
    showing = f"Showing {fitting:,} of {len(rows):,}." if fitting < len(rows) else ""
    html = render(
        "compare.html",
        question=answer.question,
        count=count_in_words(answer.coverage),
        notes=[note for note in (decided_in_words(answer.decided), showing) if note],
        groups=[] if in_sections else _paged(groups, first, last),
        sections=_sections(groups, first, last, most) if in_sections else [],
        empty=not rows,
        read_link=read_link,
        place_within=place_within,
        unknown_council=UNKNOWN_COUNCIL,
        as_sentence=_as_sentence,
        counted=counted,
    )
    return Page(html, first, last, fitting, most)


def rows_of(answer: Answer) -> tuple[Row, ...]:
    """The rows of the shelf, in its order: each report once."""
    by_number = {citation.n: citation for citation in answer.citations}
    return tuple(
        Row(coverage, tuple(by_number[n] for n in coverage.citations if n in by_number))
        for coverage in answer.coverage
    )


def count_in_words(coverage: Sequence[Coverage]) -> str:
    """How many reports were searched, and how many of them mention it."""
    if not coverage:
        return "There is no report on the shelf."
    found = Counter(row.status for row in coverage)
    counts = {status: found[status] for status in OUTCOMES}
    speaking, unread, silent, unasked = counts.values()
    left_out = f"{unasked:,} {'was' if unasked == 1 else 'were'} not asked."
    if unasked == len(coverage):
        return f"Searched no report: {left_out}"
    text = f"Searched {counted(speaking + unread + silent, 'report')}:"
    text += f" {counted(speaking, 'mentions', 'mention')} it,"
    text += f" {counted(silent, 'does', 'do')} not."
    text += f" {counted(unread, 'was', 'were')} not read closely." if unread else ""
    return f"{text} {left_out}" if unasked else text


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun or verb: "1 report", "10,412 reports"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def council_key(council: str | None) -> tuple[bool, str]:
    """What makes two names the same council, and its place in the alphabet; unknown is last."""
    return council is None, (place_of(council or "") or council or "").casefold()


def time_key(date: str | None) -> tuple[bool, str]:
    """A date's place in time, from the oldest; an unknown one is last."""
    return date is None, date or ""


def place_within(citation: Citation, place: str = "") -> str:
    """A place in the citation's report without the report's name, which its row already says."""
    name = report_name(citation.council, citation.date, citation.report)
    return (place or citation.place).removeprefix(f"{name}, ")


def _as_sentence(reason: str) -> str:
    text = reason[:1].upper() + reason[1:]
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."


def _by_council(row: Row) -> tuple[object, ...]:
    own = row.coverage
    return *council_key(own.council), *time_key(own.date), own.report


def _fits(row: Row, view: View) -> bool:
    own = row.coverage
    if view.show != "all" and own.status != _SHOWN[view.show]:
        return False
    texts = (own.council or "", own.title or "", own.reason, *(c.quote for c in row.quotes))
    said = "\n".join(texts).casefold()
    return all(word in said for word in view.containing.casefold().split())


def _sorted(rows: Sequence[Row], sort: Sort) -> list[Row]:
    """Ties stand by council, date and report: the second sort keeps the order of the first."""
    councils = dict.fromkeys(council_key(row.coverage.council) for row in rows)
    on_shelf = {council: (council[0], n) for n, council in enumerate(councils)}
    order = list(OUTCOMES)
    keys: Mapping[Sort, Callable[[Row], object]] = {
        "shelf": lambda row: on_shelf[council_key(row.coverage.council)],
        "council": _by_council,
        "newest": lambda row: row.coverage.date or "",
        "oldest": lambda row: time_key(row.coverage.date),
        "outcome": lambda row: order.index(row.coverage.status),
        "quotes": lambda row: -len(row.quotes),
    }
    key: Callable[..., object] = keys[sort]
    ties = sorted(rows, key=_by_council)
    return sorted(ties, key=key, reverse=sort == "newest")  # type: ignore[arg-type]


def _arranged(rows: Sequence[Row], view: View) -> list[Grouped]:
    """The rows that fit, in groups: councils as the sort has them, years and outcomes in order."""
    fitting = [row for row in _sorted(rows, view.sort) if _fits(row, view)]
    found: dict[object, list[Row]] = {}
    for row in fitting:
        found.setdefault(_group_of(row, view.group), []).append(row)
    if view.group == "council":
        councils = sorted(found.values(), key=lambda mine: mine[0].coverage.council is None)
        return [_of_council(sorted(mine, key=_by_council)) for mine in councils]
    if view.group == "year":
        years = sorted(year for year in found if isinstance(year, str))
        ordered = [*(reversed(years) if view.sort == "newest" else years), None]
        return [_of_year(year, found[year]) for year in ordered if year in found]
    if view.group == "outcome":
        return [_of_outcome(found[status]) for status in OUTCOMES if status in found]
    return [Grouped("", "", tuple(fitting))] if fitting else []


def _group_of(row: Row, group: Group) -> object:
    own = row.coverage
    if group == "council":
        return council_key(own.council)
    if group == "year":
        return own.date[:4] if own.date else None
    return own.status if group == "outcome" else None


def _of_council(rows: Sequence[Row]) -> Grouped:
    names = council_names(row.coverage.council for row in rows)
    return Grouped(names, _of_which(rows), tuple(rows))


def council_names(councils: Iterable[str | None]) -> str:
    """The names under which one council goes on the shelf."""
    return " / ".join(dict.fromkeys(council or UNKNOWN_COUNCIL for council in councils))


def _of_year(year: str | None, rows: Sequence[Row]) -> Grouped:
    return Grouped(year or UNKNOWN_DATE, _of_which(rows), tuple(rows))


def _of_outcome(rows: Sequence[Row]) -> Grouped:
    return Grouped(rows[0].outcome.words, counted(len(rows), "report"), tuple(rows))


def _of_which(rows: Sequence[Row]) -> str:
    speaking = sum(row.coverage.status == "evidence" for row in rows)
    return f"{counted(len(rows), 'report')}, {counted(speaking, 'speaks', 'speak')}"


def _paged(groups: Sequence[Grouped], first: int, last: int) -> list[Grouped]:
    """The groups that have rows on this page; a heading that was on the page before says so."""
    shown, start = list[Grouped](), 0
    for group in groups:
        rows = group.rows[max(0, first - start) : max(0, last - start)]
        again = ", continued" if start < first else ""
        if rows:
            shown.append(Grouped(group.name, group.tally + again, rows))
        start += len(group.rows)
    return shown


def _sections(groups: Sequence[Grouped], first: int, last: int, most: int) -> list[Section]:
    """A long table in sections; those that are not on this page tell where they are."""
    by_status: dict[Status, list[Row]] = {}
    for row in (row for group in groups for row in group.rows):
        by_status.setdefault(row.coverage.status, []).append(row)
    shown, start = list[Section](), 0
    for status, outcome in OUTCOMES.items():
        rows = by_status.get(status, [])
        of_reasons = [("", rows)] if status == "evidence" else _by_reason(rows)
        parts = list[Section]()
        for reason, mine in of_reasons:
            here = tuple(mine[max(0, first - start) : max(0, last - start)])
            pages = (start // most + 1, (start + len(mine) - 1) // most + 1)
            parts.append(Section(outcome, _as_heading(reason), len(mine), pages, here))
            start += len(mine)
        if rows:
            pages = (parts[0].pages[0], parts[-1].pages[1])
            here = tuple(row for part in parts for row in part.rows)
            several = tuple(parts) if parts[1:] else ()
            shown.append(Section(outcome, "", len(rows), pages, here, several))
    return shown


def _by_reason(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The rows by the reason that they share, the commonest first, and the other ones together."""
    shared = by_reason(row.coverage for row in rows)[:_MOST_REASONS]
    found = {reason: list[Row]() for reason, alike in shared if len(alike) >= _MANY_ALIKE}
    others = list[Row]()
    for row in rows:
        found.get(row.coverage.reason, others).append(row)
    return [*found.items(), *([(_OTHER_REASONS, others)] if others else [])]


def _as_heading(reason: str) -> str:
    return _as_sentence(reason).removesuffix(".")
