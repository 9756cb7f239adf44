"""Answers on a small shelf with a reranker that is a function of the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import WordEncoder

from rag.assistant import Assistant
from rag.records import Answer
from rag.reranking import Scores

REPEATED = "The council should offer all its carers a short break each year."
REPORTS = {
    "ambridge": (
        "council: Ambridge Council\ndate: 2022",
        f"## Summary\n\n{REPEATED}\n\n## Carers\n\nThe tram is late.\n\n{REPEATED}\n\n"
        "## Roads\n\nThe depot is full. Its potholes are many.\n",
    ),
    "borchester": (
        "council: Borchester Council\ndate: 2023",
        f"## Carers\n\n{REPEATED}\n\nThe Borchester tram is early.\n",
    ),
}


class Knowing:
    """Sure that a text answers when it has one of the question's longer words, else that not."""

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        words = [word for word in question.lower().strip("?").split() if len(word) > 4]
        sure = [any(word in text.lower() for word in words) for text in texts]
        return np.where(np.array(sure, dtype=bool), 1000.0, -1000.0).astype(np.float32)


class Doubting:
    """Finds that nothing answers, and leaves the rest to the other signals."""

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        return np.full(len(texts), -20.0, dtype=np.float32)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of two small reports. Read only."""
    folder = tmp_path_factory.mktemp("reports")
    for name, (front, text) in REPORTS.items():
        (folder / f"{name}.md").write_text(f"---\n{front}\n---\n\n{text}", encoding="utf-8")
    found = tmp_path_factory.mktemp("answering") / "index"
    with Assistant.open(found, create=True, encoder=WordEncoder()) as assistant:
        assert {added.outcome for added in assistant.add(folder)} == {"added"}
    return found


@pytest.fixture
def knowing(index: Path) -> Iterator[Assistant]:
    with Assistant.open(index, encoder=WordEncoder(), reranker=Knowing()) as assistant:
        yield assistant


@pytest.fixture
def doubting(index: Path) -> Iterator[Assistant]:
    with Assistant.open(index, encoder=WordEncoder(), reranker=Doubting()) as assistant:
        yield assistant


def statuses(answer: Answer) -> dict[str, str]:
    return {row.report: row.status for row in answer.coverage}


def test_a_repeated_paragraph_is_cited_once_with_its_other_place(knowing: Assistant) -> None:
    answer = knowing.ask("short breaks for carers in Ambridge")
    cited = [c for c in answer.citations if c.report == "ambridge-2022" and c.quote == REPEATED]
    (citation,) = cited
    (also,) = citation.also
    assert {"“Summary”" in citation.place, "“Carers”" in citation.place} == {True, False}
    assert {"“Summary”" in also, "“Carers”" in also} == {True, False}
    assert also != citation.place
    assert also in answer.text


def test_what_two_reports_say_is_cited_from_both(knowing: Assistant) -> None:
    answer = knowing.ask("short breaks for carers in Ambridge and Borchester")
    assert statuses(answer) == {"ambridge-2022": "evidence", "borchester-2023": "evidence"}
    assert {c.report for c in answer.citations if c.quote == REPEATED} == set(statuses(answer))


def test_a_report_is_not_said_to_lack_what_two_reports_say(knowing: Assistant) -> None:
    for row in knowing.ask("short breaks for carers").coverage:
        assert "but not together" not in row.reason


def test_a_report_that_is_silent_is_named_beside_one_that_speaks(knowing: Assistant) -> None:
    answer = knowing.ask("potholes")
    assert statuses(answer) == {"ambridge-2022": "evidence", "borchester-2023": "no mention"}
    assert [c.quote for c in answer.citations] == ["The depot is full. Its potholes are many."]
    assert answer.closest == ()
    speaking, silent = answer.coverage
    assert 0 <= silent.probability < speaking.probability <= 1


def test_a_refusal_has_no_citations_names_what_was_looked_for_and_shows_the_closest(
    doubting: Assistant,
) -> None:
    answer = doubting.ask("potholes and xylophones")
    assert answer.refused
    assert answer.citations == ()
    assert set(statuses(answer).values()) == {"no mention"}
    assert "potholes and xylophones" in answer.reason
    (closest,) = answer.closest
    assert "potholes" in closest.quote
    assert closest.report == "ambridge-2022"
    assert closest.quote in answer.text
    assert doubting.surroundings(closest).passage == closest.passage


def test_nothing_is_closest_when_nothing_is_shared(doubting: Assistant) -> None:
    assert doubting.ask("xylophones").closest == ()
    assert doubting.ask("what did they say").closest == ()


def test_a_report_that_is_not_asked_has_no_probability(knowing: Assistant) -> None:
    left_out, asked = knowing.ask("carers since 2023").coverage
    assert (left_out.status, left_out.probability) == ("not asked", 0)
    assert asked.probability > 0
