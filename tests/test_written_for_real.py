"""A real, very weak model behind a real llama.cpp server: what its text is worth, checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from evals.generation import SYSTEMS, Text, measured, texts_of, written_up
from evals.gold import load_gold
from evals.modelserver import served_model
from rag.assistant import Assistant
from rag.records import Answer

QUESTIONS = 6


@pytest.fixture(scope="module")
def assistant(brief_shelf: Assistant) -> Iterator[Assistant]:
    """The shelf of briefs with the model."""
    with served_model() as model, Assistant.open(brief_shelf._index.folder, model=model) as found:
        yield found


@pytest.fixture(scope="module")
def texts(assistant: Assistant) -> dict[str, list[Text]]:
    """Some questions across reports, answered and written up."""
    gold = [q for q in load_gold() if q.half == "dev" and q.kind == "across"][:QUESTIONS]
    found = [texts_of(*each) for each in written_up(assistant, gold)]
    return {name: [text[name] for text in found] for name in SYSTEMS}


def test_unchecked_it_invents_and_checked_it_does_not(texts: dict[str, list[Text]]) -> None:
    own, unchecked, checked = (measured(texts[name], {}) for name in SYSTEMS)
    assert unchecked["citation recall"] < 0.8
    assert checked["citation recall"] == 1.0
    assert checked["citation precision"] > unchecked["citation precision"]
    assert checked["reports with evidence that are told"] == 1.0
    assert own["reports with evidence that are told"] == 1.0


def test_some_of_what_it_writes_passes_and_all_that_does_cites_only_its_own_report(
    texts: dict[str, list[Text]],
) -> None:
    by_model = 0
    for text in texts["checked"]:
        reports = {c.n: c.report for c in text.answer.citations}
        for sentence in text.sentences:
            by_model += sentence.by == "model"
            assert sentence.citations
            if sentence.report is not None:
                assert {reports[n] for n in sentence.citations} == {sentence.report}
    assert by_model > 0


def test_nothing_of_the_answer_but_the_writing_changes(assistant: Assistant) -> None:
    question = "how did councils handle DoLS backlogs?"
    plain, written = assistant.ask(question), assistant.ask(question, write=True)
    assert written.written is not None
    assert replace(written, written=None, seconds=0.0) == replace(plain, seconds=0.0)


def test_the_same_question_is_written_up_in_the_same_words(assistant: Assistant) -> None:
    def told() -> Answer:
        found = assistant.ask("who uses direct payments?", write=True)
        assert found.written is not None
        return replace(found, seconds=0.0, written=replace(found.written, seconds=0.0))

    assert told() == told()
