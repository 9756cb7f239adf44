"""The gold questions, and where in a shelf's reports their evidence stands.

A question points at evidence: report, printed paragraph (or section and ordinal where none is
printed), and a short pattern found in that paragraph. ``grade`` 2 answers the question, 1 is
related. Nothing of the reports is quoted. The halves are split by topic, so that what is tuned on
``dev`` has not seen the topics of ``test``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from rag.index import Index
from rag.passages import paragraphs_of
from rag.records import Block

GOLD_FILE = Path(__file__).with_name("gold.jsonl")
SINGLE = ("one report", "figure")
ACROSS = ("across", "stance")
Half = Literal["dev", "test"]


@dataclass(frozen=True, slots=True)
class Pointer:
    """One piece of evidence as the gold file states it."""

    report: str
    paragraph: str | None
    section: tuple[str, ...]
    ordinal: int
    pattern: str
    grade: int


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """One question with its evidence; no evidence means that it cannot be answered."""

    id: str
    half: Half
    kind: str
    topic: str
    question: str
    asked: frozenset[str]
    """Reports the question restricts itself to; empty means all."""
    answer: tuple[str, ...]
    """Patterns that all stand in a right answer's quotes."""
    evidence: tuple[Pointer, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Evidence on a shelf: a paragraph with its list, and where the pattern stands in it."""

    report: str
    start: int
    end: int
    found_start: int
    found_end: int
    grade: int

    def overlaps(self, report: str, start: int, end: int) -> bool:
        """True when the paragraph overlaps a span of a report."""
        return report == self.report and start < self.end and end > self.start

    def found_in(self, report: str, start: int, end: int) -> bool:
        """True when the pattern itself stands within a span of a report."""
        return report == self.report and start <= self.found_start and end >= self.found_end


def load_gold(path: Path = GOLD_FILE) -> list[GoldQuestion]:
    """All gold questions, in file order."""
    return [_question(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _question(row: Mapping[str, Any]) -> GoldQuestion:
    evidence = tuple(
        Pointer(
            e["report"],
            e.get("paragraph"),
            tuple(e.get("section", ())),
            e.get("ordinal", 0),
            e["pattern"],
            e["grade"],
        )
        for e in row["evidence"]
    )
    return GoldQuestion(
        row["id"],
        row["half"],
        row["kind"],
        row["topic"],
        row["question"],
        frozenset(row["asked"]),
        tuple(row["answer"]),
        evidence,
    )


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A gold pattern as a regular expression; blanks and bullets match any white space."""
    if re.fullmatch(r"[\w ,.'’/&-]+", pattern):
        words = (re.escape(word).replace("’", "['’]") for word in pattern.split())
        pattern = r"\s+(?:•\s+)?".join(words)
    return re.compile(pattern, re.IGNORECASE)


class Resolver:
    """Finds the paragraphs that pointers mean in the reports of one index."""

    def __init__(self, index: Index) -> None:
        self.reports = {info.report: info for info in index.store.reports()}
        self._texts = {report: index.store.report_text(report) or "" for report in self.reports}
        self._units = {report: _units(index.store.blocks(report)) for report in self.reports}

    def spans(self, question: GoldQuestion) -> list[Span]:
        """The evidence of a question; raises LookupError for a pointer that points nowhere."""
        return [self.span(pointer) for pointer in question.evidence]

    def span(self, pointer: Pointer) -> Span:
        """The paragraph that one pointer means.

        The pattern may also stand in the heading above. In a brief, which words things anew, only
        number and heading are looked at.
        """
        units = self._units[pointer.report]
        text = self._texts[pointer.report]
        brief = self.reports[pointer.report].form == "brief"
        pattern = compile_pattern(pointer.pattern)
        for unit in _placed(units, pointer, loosely=brief):
            start, end = unit[0].start, unit[-1].end
            found = pattern.search(text, start, end)
            if found:
                return Span(pointer.report, start, end, *found.span(), pointer.grade)
            in_heading = any(pattern.search(heading) for heading in unit[0].section)
            if brief or in_heading:
                return Span(pointer.report, start, end, start, start, pointer.grade)
        raise LookupError(f"{pointer} is not found on this shelf")


def _units(blocks: Iterable[Block]) -> list[list[Block]]:
    """Paragraphs with their lists; a lettered item, which has its own number, by itself."""
    return [
        list(unit)
        for paragraph in paragraphs_of(blocks)
        for _, unit in groupby(paragraph, key=lambda b: b.paragraph)
    ]


def _placed(units: list[list[Block]], pointer: Pointer, *, loosely: bool) -> list[list[Block]]:
    if pointer.paragraph is not None:
        return [u for u in units if any(b.paragraph == pointer.paragraph for b in u)]
    same = [u for u in units if u[0].ordinal == pointer.ordinal]
    if not loosely:
        return [u for u in same if u[0].section == pointer.section]
    wanted = " ".join(pointer.section).lower()

    def likeness(unit: list[Block]) -> float:
        return SequenceMatcher(None, " ".join(unit[0].section).lower(), wanted).ratio()

    return sorted(same, key=likeness, reverse=True)[:1]
