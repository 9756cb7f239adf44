"""Each measure on outcomes made by hand, with the arithmetic in the expected value."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from evals.gold import GoldQuestion, Span
from evals.metrics import (
    ANSWER_MEASURES,
    Cited,
    Outcome,
    across_coverage,
    citation_precision,
    figures_right,
    first_right,
    refused_rightly,
    refused_wrongly,
    retrieval,
    seconds,
    silence_precision,
    silence_recall,
    single_recall,
)

ALL = ("a", "b", "c", "d")


def span(report: str, start: int, grade: int = 2) -> Span:
    """A paragraph of 100 characters; its pattern stands from 40 to 50."""
    return Span(report, start, start + 100, start + 40, start + 50, grade)


def cited(report: str, start: int, end: int | None = None, text: str = "") -> Cited:
    return Cited(report, start, start + 20 if end is None else end, text)


def outcome(
    kind: str,
    evidence: Iterable[Span] = (),
    quotes: Iterable[Cited] = (),
    *,
    name: str = "q",
    speaking: Iterable[str] = (),
    asked: Iterable[str] = ALL,
    answer: tuple[str, ...] = (),
    refused: bool = False,
    time: float = 1.0,
    whole_chunks: bool = False,
) -> Outcome:
    question = GoldQuestion(name, "dev", kind, "topic", "?", frozenset(), answer, ())
    return Outcome(
        question,
        tuple(evidence),
        tuple(quotes),
        frozenset(speaking),
        frozenset(asked),
        refused,
        time,
        whole_chunks,
    )


def test_a_quote_hits_when_it_overlaps_a_marked_paragraph_of_its_own_report() -> None:
    marked = outcome("across", [span("a", 100, grade=1)])
    assert marked.hits(cited("a", 100))
    assert marked.hits(cited("a", 90))  # 90 to 110
    assert marked.hits(cited("a", 199))
    assert not marked.hits(cited("a", 80))  # 80 to 100 only touches
    assert not marked.hits(cited("a", 200))
    assert not marked.hits(cited("b", 100))
    assert not marked.hits(cited("a", 100), least=2)


def test_a_whole_chunk_hits_only_when_it_holds_the_pattern_itself() -> None:
    chunks = outcome("across", [span("a", 100)], whole_chunks=True)
    assert chunks.hits(cited("a", 0, 150))
    assert chunks.hits(cited("a", 140, 900))
    assert not chunks.hits(cited("a", 0, 149))
    assert not chunks.hits(cited("a", 141, 900))
    assert not chunks.hits(cited("b", 0, 900))


def test_across_coverage_is_the_share_of_reports_with_an_answer_that_are_cited_rightly() -> None:
    first = outcome(
        "across",
        [span("a", 0), span("b", 0), span("b", 500), span("c", 0, grade=1)],
        [cited("a", 0), cited("b", 300), cited("c", 0)],
    )
    second = outcome("stance", [span("d", 0), span("d", 100, grade=1)], [cited("d", 150)])
    elsewhere = outcome("one report", [span("a", 0)])
    # a yes, b no (c has no answer) and d yes, by a related paragraph.
    assert across_coverage([first, second, elsewhere]) == pytest.approx((1 + 0 + 1) / 3)


def test_single_recall_asks_for_a_paragraph_that_answers_at_any_rank() -> None:
    outcomes = [
        outcome("one report", [span("a", 0)], [cited("a", 900), cited("a", 10)]),
        outcome("figure", [span("a", 0), span("a", 100, grade=1)], [cited("a", 110)]),
        outcome("figure", [span("a", 0)]),
        outcome("across", [span("a", 0)], [cited("a", 0)]),
    ]
    assert single_recall(outcomes) == pytest.approx((1 + 0 + 0) / 3)


def test_first_right_looks_at_the_first_citation_of_answerable_questions() -> None:
    outcomes = [
        outcome("one report", [span("a", 0, grade=1)], [cited("a", 0), cited("a", 900)]),
        outcome("across", [span("a", 0)], [cited("a", 900), cited("a", 0)]),
        outcome("figure", [span("a", 0)]),
        outcome("stance", [span("a", 0)], [cited("a", 50)]),
        outcome("unanswerable", [], [cited("a", 0)]),
    ]
    assert first_right(outcomes) == pytest.approx((1 + 0 + 0 + 1) / 4)


def test_figures_right_needs_every_pattern_in_some_quote() -> None:
    quotes = [cited("a", 0, text="There were 12 in"), cited("b", 0, text="APRIL of that year")]
    outcomes = [
        outcome("figure", [], quotes, answer=("12", "April")),
        outcome("figure", [], quotes, answer=("12", "May")),
        outcome("figure", [], [], answer=("12",)),
        outcome("one report", [], [], answer=("12",)),
    ]
    assert figures_right(outcomes) == pytest.approx((1 + 0 + 0) / 3)


def test_refusals_are_right_on_unanswerable_and_wrong_on_answerable_questions() -> None:
    outcomes = [
        outcome("unanswerable", refused=True),
        outcome("unanswerable", refused=True),
        outcome("unanswerable"),
        outcome("one report", refused=True),
        *(outcome(kind) for kind in ("figure", "across", "stance")),
    ]
    assert refused_rightly(outcomes) == pytest.approx(2 / 3)
    assert refused_wrongly(outcomes) == pytest.approx(1 / 4)


SILENCE = [
    outcome("across", [span("a", 0), span("b", 0, grade=1)], speaking="ac"),
    outcome("stance", [span("a", 0), span("b", 0)], speaking="b", asked="abc"),
    outcome("one report", [span("a", 0)], speaking="a"),
]


def test_silence_recall_is_over_the_asked_reports_without_any_evidence() -> None:
    # First question: c speaks, d is silent. Second: c is silent, d is not asked.
    assert silence_recall(SILENCE) == pytest.approx((0 + 1 + 1) / 3)


def test_silence_precision_is_over_the_asked_reports_that_are_said_to_be_silent() -> None:
    # First: b (only related) and d are right. Second: a has an answer, c is right.
    assert silence_precision(SILENCE) == pytest.approx((1 + 1 + 0 + 1) / 4)


def test_citation_precision_counts_citations_not_questions() -> None:
    outcomes = [
        outcome("across", [span("a", 0)], [cited("a", 0), cited("a", 500), cited("b", 0)]),
        outcome("figure", [span("b", 0, grade=1)], [cited("b", 0)]),
        outcome("stance", [span("b", 0)]),
        outcome("unanswerable", [], [cited("b", 0)]),
    ]
    assert citation_precision(outcomes) == pytest.approx((1 + 0 + 0 + 1) / 4)


def test_a_measure_without_a_question_of_its_kind_is_not_a_number() -> None:
    assert len(ANSWER_MEASURES) == 9
    assert all(math.isnan(measure([])) for _, measure in ANSWER_MEASURES)


def test_seconds_are_the_median_and_the_95th_percentile() -> None:
    outcomes = [outcome("across", time=float(n)) for n in range(21)]
    assert seconds(outcomes) == {"p50": 10.0, "p95": 19.0}
    two = [outcome("across", time=1.0), outcome("across", time=3.0)]
    assert seconds(two) == {"p50": 2.0, "p95": pytest.approx(1 + 0.95 * 2)}


def measured(
    found: dict[str, list[Cited]], outcomes: list[Outcome], *, whole_chunks: bool = False
) -> list[float]:
    """nDCG@10, reciprocal rank, and recall of answers at 5, 10 and 20."""
    scores = retrieval(found, outcomes, whole_chunks=whole_chunks)
    return [scores[m] for m in ("nDCG@10", "RR@10", "R(rel=2)@5", "R(rel=2)@10", "R(rel=2)@20")]


def test_retrieval_counts_grades_ranks_and_answers() -> None:
    marked = outcome("across", [span("a", 0), span("b", 0, grade=1)])
    ranked = [cited("c", 0), cited("b", 0), cited("a", 0)]
    gain = 1 / math.log2(3) + 2 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    assert measured({"q": ranked}, [marked]) == pytest.approx([gain / ideal, 1 / 2, 1, 1, 1])


def test_a_paragraph_counts_once_where_it_is_found_first() -> None:
    marked = outcome("across", [span("a", 0), span("b", 0)])
    ranked = [cited("a", 0), cited("a", 20), cited("a", 40), cited("b", 0)]
    # The second and third stand in the first paragraph again, so b comes second.
    assert measured({"q": ranked}, [marked]) == pytest.approx([1, 1, 1, 1, 1])
    graded = outcome("across", [span("a", 0, grade=2), span("b", 0, grade=1)])
    again = [cited("a", 0), cited("b", 0), cited("a", 20)]  # does not put a behind b
    assert measured({"q": again}, [graded])[0] == pytest.approx(1)


def test_recall_of_answers_depends_on_the_depth() -> None:
    marked = outcome("across", [span("a", 0), span("b", 0), span("b", 200, grade=1)])
    other = [cited("d", 100 * n) for n in range(8)]
    ranked = [cited("a", 0), *other, cited("b", 0)]  # ranks 1 and 10
    found = measured({"q": ranked}, [marked])
    assert found[1:] == pytest.approx([1, 1 / 2, 1, 1])


def test_retrieval_is_the_mean_of_the_questions_with_evidence_found_or_not() -> None:
    outcomes = [
        outcome("across", [span("a", 0)], name="right"),
        outcome("across", [span("a", 0)], name="missed"),
        outcome("across", [span("a", 0)], name="nothing"),
        outcome("unanswerable", name="none"),
    ]
    found = {
        "right": [cited("a", 0)],
        "missed": [cited("b", 0)],
        "nothing": [],
        "none": [cited("a", 0)],
    }
    third = (1 + 0 + 0) / 3
    assert measured(found, outcomes) == pytest.approx([third] * 5)


def test_a_chunk_is_ranked_for_the_pattern_that_it_holds() -> None:
    marked = outcome("across", [span("a", 0)])
    ranked = [cited("a", 0, 45), cited("a", 35, 900)]
    assert measured({"q": ranked}, [marked], whole_chunks=True)[1] == pytest.approx(1 / 2)
    assert measured({"q": ranked}, [marked])[1] == pytest.approx(1)
