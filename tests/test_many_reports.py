"""What is said of reports that are too many to look at one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from rag.assistant import Assistant
from rag.bounding import bounds, nearest_of_each
from rag.fusion import Found
from rag.question import understand
from rag.records import Answer
from rag.retrieval import OPEN, retrieve, shelf_of
from rag.settings import SearchSettings

QUESTIONS = (
    "how did councils handle DoLS backlogs?",
    "who uses direct payments?",
    "what do the reports say about carers?",
    "strengths in safeguarding adults",
    "how many people wait for an assessment?",
    "what did the peers recommend on housing?",
    "trams",
)
FEW = replace(SearchSettings(), candidates=4, candidates_per_report=2, rounds=1)
"""As if two reports were as many as can be looked at."""


def ask(shelf: Assistant, question: str, settings: SearchSettings) -> Answer:
    return Assistant(shelf._index, settings, shelf._reranker).ask(question)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_passage_is_likelier_than_its_report_could_be(
    brief_shelf: Assistant, question: str
) -> None:
    """The bound is one: so a report below the line can be decided without being read."""
    index, settings = brief_shelf._index, replace(SearchSettings(), candidates=10_000)
    snapshot = index.snapshot()
    read = understand(question, shelf_of(snapshot))
    query = index.query_encoder.encode([read.topic])[0]
    searcher = snapshot.searcher
    found = Found.of(searcher.keyword(read.stems, 9_999), searcher.nearest(query, 9_999), query, 60)
    bound, _ = bounds(searcher, read, nearest_of_each(searcher, found))
    candidates = retrieve(index, question, replace(settings, candidates_per_report=999)).candidates
    assert set(candidates) == set(searcher.reports)
    for report, several in candidates.items():
        assert len(several) > 10
        most = max(c.probability for c in several)
        assert bound[searcher.reports.index(report)] >= most - 1e-9


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_numbers_of_reports_add_up_and_no_status_is_a_lie(
    brief_shelf: Assistant, question: str
) -> None:
    whole, few = brief_shelf.ask(question), ask(brief_shelf, question, FEW)
    decided = few.decided
    assert decided.searched == 5 == len(few.coverage)
    assert decided.silent + decided.weak + decided.close + decided.unread == 5
    assert decided.read <= decided.close <= 2
    counts = Counter(row.status for row in few.coverage)
    assert (counts["evidence"], counts["not read"]) == (decided.speak, decided.unread)
    speaks = {row.report for row in whole.coverage if row.status == "evidence"}
    for row in few.coverage:
        if row.status == "not read":
            assert "not read closely" in row.reason
        if row.status == "no mention" and row.reason.startswith("nothing on"):
            assert row.report not in speaks
    assert str(decided.searched) in few.reason


def test_where_every_report_is_looked_at_nothing_else_is_told(brief_shelf: Assistant) -> None:
    decided = brief_shelf.ask(QUESTIONS[0]).decided
    assert (decided.searched, decided.close) == (5, 5)
    assert (decided.silent, decided.weak, decided.unread) == (0, 0, 0)


def test_a_report_that_could_speak_and_was_not_looked_at_is_told_as_such(
    brief_shelf: Assistant,
) -> None:
    few = ask(brief_shelf, "what do the reports say about carers?", FEW)
    assert few.decided.unread > 0
    assert "may speak" in few.reason
    assert "may speak" in few.text


def test_what_no_report_holds_is_silent_without_being_read(brief_shelf: Assistant) -> None:
    few = ask(brief_shelf, "zeppelin hangars", FEW)
    assert few.refused
    assert few.decided.unread == 0
    assert {row.status for row in few.coverage} == {"no mention"}


def test_search_on_a_large_shelf_ranks_what_comes_first(brief_shelf: Assistant) -> None:
    settings = replace(FEW, searched=2, ranked=50, ranked_when_more=20)
    few = Assistant(brief_shelf._index, settings, brief_shelf._reranker)
    hits = few.search(QUESTIONS[0], 5)
    assert len(hits) == 5
    assert (np.diff([hit.score for hit in hits]) <= 0).all()
    assert hits[0].report in {hit.report for hit in brief_shelf.search(QUESTIONS[0], 5)}
    assert 0 < OPEN < 1
