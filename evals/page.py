"""The results as one HTML file that a person reads question by question, misses first.

It quotes the reports, so it is made when the questions are asked and never committed. It holds no
script, no outside font and no seconds: the same answers give the same bytes. Whatever comes from a
question or a report is escaped. The owner of jinja2.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from evals import metrics
from evals.gold import SINGLE, Half, Pointer
from evals.metrics import Cited, Outcome
from evals.reliability import (
    Bin,
    bins_of,
    brier_score,
    diagram,
    expected_calibration_error,
    pairs_of,
)
from rag.places import report_name
from rag.records import Answer, Citation, Coverage, Understood

TEMPLATE = Path(__file__).with_name("page.html.j2")
HALVES: dict[Half, str] = {"dev": "Development half", "test": "Test half"}
KINDS = {
    "one report": "One report",
    "figure": "A figure, name or date",
    "across": "Across reports",
    "stance": "Praise against recommendation",
    "unanswerable": "Not answerable",
}
GOALS = {
    "evidence found, across reports": 0.97,
    "right paragraph cited, one report": 0.98,
    "first citation right": 0.92,
    "figure, name or date in the answer": 0.95,
    "unanswerable refused": 0.95,
    "answerable refused by mistake": 0.03,
    "“no mention” found, of silent reports": 0.90,
    "citations that are relevant": 0.90,
}
"""What the project wants to reach, whatever is reached today."""
AT_MOST = ("answerable refused by mistake",)
"""Goals that are not to be exceeded; of the others more is better."""
Measured = Callable[[Sequence[Outcome]], float]
REFUSED = "refused, though the shelf answers it"
MISSES: tuple[tuple[str, Measured, float], ...] = (
    (REFUSED, metrics.refused_wrongly, 0.0),
    ("not refused, though the shelf does not answer it", metrics.refused_rightly, 1.0),
    ("no right paragraph is cited", metrics.single_recall, 1.0),
    ("the answer is not in the quotes", metrics.figures_right, 1.0),
    ("the evidence of a report is missing", metrics.across_coverage, 1.0),
    ("a silent report is said to speak", metrics.silence_recall, 1.0),
    ("the first citation is wrong", metrics.first_right, 1.0),
)
"""What can go wrong: in words, the measure that sees it in one question, and what it should be."""


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One line of the table of measures."""

    name: str
    values: tuple[float, ...]
    """Ours on dev and test, then the plain stack."""
    goal: str
    reached: bool | None
    """By ours on the test half; None without a goal."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the probabilities fare on one half."""

    half: str
    pairs: int
    bins: tuple[Bin, ...]
    error: float
    brier: float
    svg: str
    """Markup made of numbers and words of ours, the only such on the page."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One paragraph that the gold file marks."""

    place: str
    pattern: str
    grade: int
    cited: bool


@dataclass(frozen=True, slots=True)
class Quoted:
    """One citation and its grade: 2 answers, 1 is related, 0 is wrong."""

    citation: Citation
    grade: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What was said of one report, and what should have been."""

    name: str
    said: Coverage
    should: str
    right: bool | None
    """None where the gold file leaves it open."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One question with all that the page says of it."""

    outcome: Outcome
    answer: Answer
    misses: tuple[str, ...]
    understood: tuple[tuple[str, str], ...]
    expected: tuple[Expected, ...]
    quotes: tuple[Quoted, ...]
    closest: tuple[Quoted, ...]
    reports: tuple[ReportRow, ...]


Kinds = dict[str, list[Shown]]


def render_page(results: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
    """The page of one run: its results, and the outcomes of ours with their answers."""
    shown = [_shown(o) for o in sorted(outcomes, key=_by_kind)]
    missed = [s for s in shown if s.misses]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"two": _two}
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        results=results,
        halves=HALVES,
        measures=_measures(results),
        calibrations=[_calibration(half, outcomes) for half in HALVES],
        reasons=_reasons(missed),
        missed={half: sum(s.outcome.question.half == half for s in missed) for half in HALVES},
        parts=(
            ("misses", "Questions with a miss", _grouped(missed)),
            ("hits", "Questions without a miss", _grouped(s for s in shown if not s.misses)),
        ),
    )


def misses_of(outcome: Outcome) -> tuple[str, ...]:
    """What went wrong with one question, in words; empty when nothing did.

    A measure over one question is not a number when it does not concern it. What follows from a
    mistaken refusal is not said again.
    """
    values = ((words, measure([outcome]), wanted) for words, measure, wanted in MISSES)
    found = tuple(words for words, value, wanted in values if abs(value - wanted) > 0)
    return (REFUSED,) if REFUSED in found else found


def reaches(name: str, value: float) -> bool | None:
    """Whether a measure reaches its goal; None when it has none."""
    if name not in GOALS:
        return None
    return value <= GOALS[name] if name in AT_MOST else value >= GOALS[name]


def _by_kind(outcome: Outcome) -> int:
    return list(KINDS).index(outcome.question.kind)


def _grouped(shown: Iterable[Shown]) -> Kinds:
    groups: Kinds = {}
    for each in shown:
        groups.setdefault(KINDS[each.outcome.question.kind], []).append(each)
    return groups


def _reasons(missed: Sequence[Shown]) -> list[tuple[str, list[int]]]:
    """Every reason with its questions in each half."""
    counts = Counter((words, s.outcome.question.half) for s in missed for words in s.misses)
    return [(words, [counts[words, half] for half in HALVES]) for words, _, _ in MISSES]


def _measures(results: Mapping[str, Any]) -> list[MeasureRow]:
    ours, plain = results["systems"]["ours"], results["systems"]["plain stack"]
    rows: list[MeasureRow] = []
    for name in ours["all"]:
        if name.startswith("seconds"):
            continue
        goal = f"{'at most' if name in AT_MOST else 'at least'} {GOALS.get(name, 0):.2f}"
        values = tuple(system[half][name] for system in (ours, plain) for half in HALVES)
        reached = reaches(name, ours["test"][name])
        rows.append(MeasureRow(name, values, goal if name in GOALS else "–", reached))
    return rows


def _calibration(half: Half, outcomes: Iterable[Outcome]) -> Calibration:
    pairs = pairs_of(o for o in outcomes if o.question.half == half)
    bins = tuple(bins_of(pairs))
    title = f"Reliability diagram, {HALVES[half].lower()}: the table that follows gives its numbers"
    return Calibration(
        HALVES[half],
        len(pairs),
        bins,
        expected_calibration_error(bins),
        brier_score(pairs),
        diagram(bins, half, title),
    )


def _shown(o: Outcome) -> Shown:
    if o.answer is None:
        raise ValueError(f"{o.question.id}: the outcome was kept without its answer")
    names = {
        row.report: report_name(row.council, row.date, row.report) for row in o.answer.coverage
    }
    expected = [
        Expected(
            _place(names[pointer.report], pointer),
            pointer.pattern,
            pointer.grade,
            any(span.overlaps(c.report, c.start, c.end) for c in o.cited),
        )
        for pointer, span in zip(o.question.evidence, o.evidence, strict=True)
    ]
    return Shown(
        o,
        o.answer,
        misses_of(o),
        tuple(_understood(o.answer.understood)),
        tuple(sorted(expected, key=lambda e: -e.grade)),
        tuple(_quoted(o, c) for c in o.answer.citations),
        tuple(_quoted(o, c) for c in o.answer.closest),
        tuple(_report_row(o, row, names[row.report]) for row in o.answer.coverage),
    )


def _place(report: str, pointer: Pointer) -> str:
    if pointer.paragraph is not None:
        return f"{report}, paragraph {pointer.paragraph}"
    return f"{report}, “{' › '.join(pointer.section)}”, paragraph {pointer.ordinal} of the section"


def _understood(how: Understood) -> Iterable[tuple[str, str]]:
    """What was read into the question: a label and a text for each part that is there."""
    parts = (
        ("Looked for", how.terms),
        ("Widened", [f"{short} = {long}" for short, long in how.expansions]),
        ("Read as", [f"{typed} → {read}" for typed, read in how.corrections]),
        ("Councils", how.councils),
        ("Not on the shelf", how.absent),
        ("Years", how.years),
        ("Only", [how.role] if how.role else []),
        ("Kind of answer", [how.wants] if how.wants else []),
    )
    return ((label, ", ".join(several)) for label, several in parts if several)


def _quoted(o: Outcome, c: Citation) -> Quoted:
    cited = Cited(c.report, c.start, c.end, c.quote)
    return Quoted(c, 2 if o.hits(cited, 2) else int(o.hits(cited)))


def _report_row(o: Outcome, row: Coverage, name: str) -> ReportRow:
    speaks = row.status == "evidence"
    grade = max((s.grade for s in o.evidence if s.report == row.report), default=0)
    if grade == 2:
        rightly = any(c.report == row.report and o.hits(c) for c in o.cited)
        return ReportRow(name, row, "evidence", rightly)
    if grade == 1:
        return ReportRow(name, row, "evidence or no mention", None)
    if row.report not in o.asked:
        return ReportRow(name, row, "not asked", not speaks)
    if o.question.kind in SINGLE:
        return ReportRow(name, row, "nothing marked", None)
    return ReportRow(name, row, "no mention", not speaks)


def _two(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
