"""What is measured, one definition a function. Retrieval measures come from ir_measures.

An outcome is what a system said to one question, in terms common to ours and the baselines:
which spans it cited in order, which reports it said speak or are silent, whether it refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, quantiles

import ir_measures
from ir_measures import RR, R, ScoredDoc, nDCG

from evals.gold import ACROSS, SINGLE, GoldQuestion, Span
from rag.records import Answer

RETRIEVAL = (nDCG @ 10, RR @ 10, R(rel=2) @ 5, R(rel=2) @ 10, R(rel=2) @ 20)


@dataclass(frozen=True, slots=True)
class Cited:
    """A span that was cited or found, and its text."""

    report: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one system said to one question."""

    question: GoldQuestion
    evidence: tuple[Span, ...]
    cited: tuple[Cited, ...]
    speaking: frozenset[str]
    asked: frozenset[str]
    """The reports of the shelf that the question is about, by the gold file."""
    refused: bool
    seconds: float
    whole_chunks: bool = False
    """True where a citation is a chunk: it must then hold the evidence itself."""
    answer: Answer | None = None
    """What ours said in full. It quotes the reports, so it is never written to a results file."""

    def hits(self, cited: Cited, least: int = 1) -> bool:
        """True when a citation stands in a marked paragraph of at least this grade."""
        graded = (span for span in self.evidence if span.grade >= least)
        return any(_meets(cited, span, whole_chunks=self.whole_chunks) for span in graded)


def _meets(cited: Cited, span: Span, *, whole_chunks: bool) -> bool:
    """True when a cited span stands in the evidence; a chunk must hold the evidence itself."""
    test = span.found_in if whole_chunks else span.overlaps
    return test(cited.report, cited.start, cited.end)


Measure = tuple[str, Callable[[Sequence[Outcome]], float]]


def share(values: Iterable[bool | float]) -> float:
    """Their mean; not a number when there are none."""
    found = [float(v) for v in values]
    return mean(found) if found else float("nan")


def _of(outcomes: Sequence[Outcome], kinds: tuple[str, ...]) -> list[Outcome]:
    return [o for o in outcomes if o.question.kind in kinds]


def across_coverage(outcomes: Sequence[Outcome]) -> float:
    """Of the reports with evidence, over questions across reports: whose evidence is cited."""
    return share(
        any(c.report == report and o.hits(c) for c in o.cited)
        for o in _of(outcomes, ACROSS)
        for report in sorted({s.report for s in o.evidence if s.grade == 2})
    )


def single_recall(outcomes: Sequence[Outcome]) -> float:
    """Questions about one report: a paragraph that answers is cited."""
    return share(any(o.hits(c, 2) for c in o.cited) for o in _of(outcomes, SINGLE))


def first_right(outcomes: Sequence[Outcome]) -> float:
    """Answerable questions: the first citation stands in a marked paragraph."""
    return share(bool(o.cited) and o.hits(o.cited[0]) for o in _of(outcomes, SINGLE + ACROSS))


def figures_right(outcomes: Sequence[Outcome]) -> float:
    """Questions for a figure, name or date: all of it stands in the quotes."""
    return share(
        all(
            re.search(p, " ".join(c.text for c in o.cited), re.IGNORECASE)
            for p in o.question.answer
        )
        for o in _of(outcomes, ("figure",))
    )


def refused_rightly(outcomes: Sequence[Outcome]) -> float:
    """Unanswerable questions that are refused."""
    return share(o.refused for o in _of(outcomes, ("unanswerable",)))


def refused_wrongly(outcomes: Sequence[Outcome]) -> float:
    """Answerable questions that are refused."""
    return share(o.refused for o in _of(outcomes, SINGLE + ACROSS))


def silence_recall(outcomes: Sequence[Outcome]) -> float:
    """Of the asked reports without any evidence: said to have no mention."""
    return share(
        report not in o.speaking
        for o in _of(outcomes, ACROSS)
        for report in sorted(o.asked - {s.report for s in o.evidence})
    )


def silence_precision(outcomes: Sequence[Outcome]) -> float:
    """Of the asked reports said to have no mention: those that have no evidence that answers."""
    return share(
        report not in {s.report for s in o.evidence if s.grade == 2}
        for o in _of(outcomes, ACROSS)
        for report in sorted(o.asked - o.speaking)
    )


def citation_precision(outcomes: Sequence[Outcome]) -> float:
    """Citations of answerable questions that stand in a marked paragraph."""
    return share(o.hits(c) for o in _of(outcomes, SINGLE + ACROSS) for c in o.cited)


ANSWER_MEASURES: tuple[Measure, ...] = (
    ("evidence found, across reports", across_coverage),
    ("right paragraph cited, one report", single_recall),
    ("first citation right", first_right),
    ("figure, name or date in the answer", figures_right),
    ("unanswerable refused", refused_rightly),
    ("answerable refused by mistake", refused_wrongly),
    ("“no mention” found, of silent reports", silence_recall),
    ("“no mention” right, of those said", silence_precision),
    ("citations that are relevant", citation_precision),
)


def seconds(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Median and 95th percentile of seconds a question."""
    found = [o.seconds for o in outcomes]
    cuts = quantiles(found * 2 if len(found) == 1 else found, n=20, method="inclusive")
    return {"p50": cuts[9], "p95": cuts[18]}


def retrieval(
    found: Mapping[str, Sequence[Cited]], outcomes: Sequence[Outcome], *, whole_chunks: bool
) -> dict[str, float]:
    """nDCG, reciprocal rank and recall of ranked spans, judged by marked paragraph.

    A paragraph counts once, at the rank where its first span is found.
    """
    qrels: dict[str, dict[str, int]] = {}
    run: list[ScoredDoc] = []
    for o in outcomes:
        if not o.evidence:
            continue
        id_ = o.question.id
        qrels[id_] = {_name(s): s.grade for s in o.evidence}
        seen: set[str] = set()
        for rank, cited in enumerate(found[id_]):
            met = [s for s in o.evidence if _meets(cited, s, whole_chunks=whole_chunks)]
            names = [_name(s) for s in met] or [f"{cited.report}:{cited.start}-{cited.end}"]
            for name in names:
                if name not in seen:
                    seen.add(name)
                    run.append(ScoredDoc(id_, name, 1000.0 - rank))
    scores = ir_measures.calc_aggregate(RETRIEVAL, qrels, run)
    return {str(measure): float(scores[measure]) for measure in RETRIEVAL}


def _name(span: Span) -> str:
    return f"{span.report}:{span.start}-{span.end}"
