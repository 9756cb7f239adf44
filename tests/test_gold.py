"""The gold file keeps to its own rules, and every pointer finds its paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import CORPUS, FIVE, WordEncoder

from evals.gold import (
    ACROSS,
    SINGLE,
    GoldQuestion,
    Pointer,
    Resolver,
    compile_pattern,
    load_gold,
)
from rag.index import Index
from rag.reading import read_file
from rag.terms import words

GOLD = load_gold()
KINDS = (*SINGLE, *ACROSS, "unanswerable")


def broken(rule: Iterator[GoldQuestion]) -> list[str]:
    """Ids of the questions that break a rule, for a message that can be read."""
    return [question.id for question in rule]


def test_ids_and_questions_are_unique() -> None:
    assert len({q.id for q in GOLD}) == len(GOLD)
    assert len({q.question.lower() for q in GOLD}) == len(GOLD)


def test_there_are_enough_questions_of_every_kind_in_both_halves() -> None:
    assert len(GOLD) >= 60
    assert {q.half for q in GOLD} == {"dev", "test"}
    assert {(q.half, q.kind) for q in GOLD} == {(h, k) for h in ("dev", "test") for k in KINDS}


def test_the_halves_share_no_topic() -> None:
    dev, test = ({q.topic for q in GOLD if q.half == half} for half in ("dev", "test"))
    assert dev & test == set()


def test_evidence_is_missing_exactly_where_there_is_no_answer() -> None:
    assert broken(q for q in GOLD if bool(q.evidence) == (q.kind == "unanswerable")) == []


def test_every_answerable_question_has_evidence_that_answers() -> None:
    pointers = [p for q in GOLD for p in q.evidence]
    assert {p.grade for p in pointers} == {1, 2}
    answerable = (q for q in GOLD if q.kind != "unanswerable")
    assert broken(q for q in answerable if all(p.grade < 2 for p in q.evidence)) == []


def test_exactly_the_questions_for_a_figure_state_their_answer() -> None:
    assert broken(q for q in GOLD if bool(q.answer) != (q.kind == "figure")) == []


def test_evidence_stands_in_the_five_reports_and_in_those_that_are_asked() -> None:
    assert {p.report for q in GOLD for p in q.evidence} == set(FIVE)
    assert all(q.asked <= set(FIVE) for q in GOLD)
    outside = (q for q in GOLD if q.asked and {p.report for p in q.evidence} - q.asked)
    assert broken(outside) == []


def test_evidence_is_pointed_at_by_number_or_by_ordinal_and_not_twice_alike() -> None:
    for question in GOLD:
        assert len(set(question.evidence)) == len(question.evidence), question.id
        for pointer in question.evidence:
            assert (pointer.paragraph is None) == (pointer.ordinal > 0), question.id


def test_patterns_are_at_most_six_words() -> None:
    assert broken(q for q in GOLD if any(len(p.pattern.split()) > 6 for p in q.evidence)) == []


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Every run of so many words of a text, in small letters."""
    found = [word.lower() for word in words(text)]
    return {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}


def test_no_question_quotes_eight_words_of_a_report(reports_folder: Path) -> None:
    printed = {
        run for name in FIVE for run in runs(read_file(reports_folder / f"{name}.txt").text, 8)
    }
    assert len(printed) > 10_000
    assert broken(q for q in GOLD if runs(q.question, 8) & printed) == []


def test_no_question_gives_away_a_pattern_of_four_words_or_more() -> None:
    long = [(q, p.pattern) for q in GOLD for p in q.evidence if len(p.pattern.split()) >= 4]
    assert broken(q for q, pattern in long if compile_pattern(pattern).search(q.question)) == []


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("carers have rest", "Carers have\n  rest", True),
        ("carers have rest", "carers\n• have rest", True),
        ("carers' rest", "carers' rest", True),
        ("carers’ rest", "carers' rest", True),
        ("carers have rest", "carers haverest", False),
        ("2.6", "2x6", False),
        ("average of 2\\.6", "average of 2.6", True),
        ("average of 2\\.6", "average of 2x6", False),
    ],
)
def test_a_pattern_matches_over_line_ends_bullets_and_cases(
    pattern: str, text: str, matches: bool
) -> None:
    assert bool(compile_pattern(pattern).search(text)) == matches


# --- on a shelf -----------------------------------------------------------------------------


@contextmanager
def resolver_over(folder: Path, reports: Path) -> Iterator[Resolver]:
    index = Index(folder, create=True, encoder=WordEncoder())
    try:
        assert {o.outcome for o in index.add([reports])} == {"added"}
        yield Resolver(index)
    finally:
        index.close()


@pytest.fixture(scope="module")
def full(reports_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resolver]:
    with resolver_over(tmp_path_factory.mktemp("gold-full"), reports_folder) as resolver:
        yield resolver


@pytest.fixture(scope="module")
def briefs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resolver]:
    with resolver_over(tmp_path_factory.mktemp("gold-briefs"), CORPUS) as resolver:
        yield resolver


def lost(resolver: Resolver, report: str) -> list[str]:
    """The pointers to a report that find nothing, with their question."""
    found: list[str] = []
    for question in GOLD:
        for pointer in (p for p in question.evidence if p.report == report):
            try:
                resolver.span(pointer)
            except LookupError:
                where = pointer.paragraph or f"{pointer.section} {pointer.ordinal}"
                found.append(f"{question.id}: {where}")
    return found


@pytest.mark.parametrize("report", FIVE)
def test_every_pointer_finds_its_paragraph_in_the_full_reports(full: Resolver, report: str) -> None:
    assert lost(full, report) == []


@pytest.mark.parametrize(
    "report", [pytest.param(r) if r == "southampton-2020" else r for r in FIVE]
)
def test_every_pointer_finds_its_paragraph_in_the_briefs(briefs: Resolver, report: str) -> None:
    assert lost(briefs, report) == []


def test_spans_lie_in_their_reports_and_hold_their_pattern(
    full: Resolver, reports_folder: Path
) -> None:
    texts = {name: read_file(reports_folder / f"{name}.txt").text for name in FIVE}
    in_headings = 0
    for question in GOLD:
        for pointer, span in zip(question.evidence, full.spans(question), strict=True):
            text = texts[span.report]
            assert 0 <= span.start <= span.found_start <= span.found_end <= span.end <= len(text)
            assert span.grade == pointer.grade
            quoted = text[span.found_start : span.found_end]
            in_headings += not quoted
            assert not quoted or compile_pattern(pointer.pattern).fullmatch(quoted)
    assert in_headings <= 0.02 * sum(len(q.evidence) for q in GOLD)


def test_the_evidence_for_a_figure_holds_the_figure(full: Resolver, reports_folder: Path) -> None:
    texts = {name: read_file(reports_folder / f"{name}.txt").text for name in FIVE}
    for question in (q for q in GOLD if q.kind == "figure"):
        spans = [span for span in full.spans(question) if span.grade == 2]
        evidence = " ".join(texts[s.report][s.start : s.end] for s in spans)
        for answer in question.answer:
            assert re.search(answer, evidence, re.IGNORECASE), (question.id, answer)


@pytest.mark.parametrize(
    "pointer",
    [
        Pointer("sefton-2022", "1", (), 0, "zebras in the council chamber", 2),
        Pointer("sefton-2022", "999", (), 0, "Sefton", 2),
        Pointer("somerset-2024", None, ("No such heading",), 1, "Somerset", 2),
    ],
)
def test_a_pointer_that_points_nowhere_is_an_error(full: Resolver, pointer: Pointer) -> None:
    with pytest.raises(LookupError, match="not found on this shelf"):
        full.span(pointer)
