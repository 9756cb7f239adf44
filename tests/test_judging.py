"""Judging: which passages are read, which reports have evidence, and which words are quoted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.decision import SIGNALS
from rag.judging import NEIGHBOUR, Choice, Judged, best_first, choose, judge, quotes, slice_of
from rag.question import FEW, Question, Shelf, understand
from rag.records import Passage, ReportInfo
from rag.reranking import Scores
from rag.retrieval import Candidate, Retrieved
from rag.settings import SearchSettings
from rag.signals import Signals

SETTINGS = SearchSettings()
SURE = 1000.0
"""A logit that decides by itself, whatever the weights."""


class Pure:
    """A reranker that is a function of the text; it notes what it was given."""

    def __init__(self, logit: Callable[[str], float]) -> None:
        self.logit = logit
        self.read: list[str] = []

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        self.read.extend(texts)
        return np.array([self.logit(text) for text in texts], dtype=np.float32)


def says(word: str) -> Pure:
    """Sure that a text answers when it has the word, and else that it does not."""
    return Pure(lambda text: SURE if word in text else -SURE)


def ask(text: str) -> Question:
    """A question to a shelf of one report; it is narrow when it names Sefton."""
    info = ReportInfo("r", None, "Sefton Council", None, None, None, None, "full", 9, 99)
    return understand(text, Shelf([info], (), lambda stem: 1, list))


def candidate(
    text: str, report: str = "r", seq: int = 0, probability: float = 0.9, **values: float
) -> Candidate:
    """A passage that starts at a hundred characters for each before it."""
    passage = Passage(report, seq, 100 * seq, 100 * seq + len(text), text, ordinal=seq + 1)
    signals = Signals(**(dict.fromkeys(SIGNALS, 0.0) | {"fits": 1.0} | values))
    return Candidate(passage, signals, probability)


def found(question: str, offered: Mapping[str, Sequence[Candidate]]) -> Retrieved:
    each = {report: tuple(candidates) for report, candidates in offered.items()}
    return Retrieved(ask(question), (), (), each, {})


def judged(*texts: str, report: str = "r", score: float = 1.0) -> tuple[Judged, ...]:
    return tuple(Judged(candidate(text, report, n), score) for n, text in enumerate(texts))


def chosen(question: str, *texts: str, reranker: Pure | None = None) -> list[str]:
    """The quotes of one report whose passages all answer for certain."""
    each = choose(ask(question), {"r": judged(*texts)}, reranker or says("carers"), SETTINGS)
    return [slice_of(choice) for choice in each.get("r", [])]


MANY = tuple(f"report{n}" for n in range(FEW + 3))
SHELF = {
    report: [candidate(f"{report} {seq}", report, seq, 0.9 - seq / 10 - n / 9) for seq in range(3)]
    for n, report in enumerate(MANY)
}


def test_every_reports_best_passage_is_read_before_any_reports_second() -> None:
    reranker = Pure(lambda text: 0.0)
    judge(found("carers", SHELF), reranker, SearchSettings(read=100, read_per_report=3))
    ranks = [text.split()[1] for text in reranker.read]
    assert ranks == [rank for rank in "012" for _ in MANY]
    first = {text.split()[0] for text in reranker.read[: len(MANY)]}
    assert first == set(MANY)


@pytest.mark.parametrize("read", [1, len(MANY), len(MANY) + 1])
def test_no_more_is_read_than_the_budget(read: int) -> None:
    reranker = Pure(lambda text: 0.0)
    judge(found("carers", SHELF), reranker, SearchSettings(read=read))
    assert len(reranker.read) == read


def test_no_more_of_a_report_is_read_than_its_share() -> None:
    reranker = Pure(lambda text: 0.0)
    judge(found("carers", SHELF), reranker, SearchSettings(read=100, read_per_report=2))
    assert sorted(reranker.read) == sorted(f"{report} {rank}" for report in MANY for rank in "01")


def test_all_passages_are_read_when_the_councils_of_few_reports_are_named() -> None:
    reranker = Pure(lambda text: 0.0)
    few = {report: SHELF[report] for report in MANY[:FEW]}
    judge(found("carers in Sefton", few), reranker, SearchSettings(read=100, read_per_report=1))
    assert sorted(reranker.read) == sorted(c.passage.text for cs in few.values() for c in cs)


def test_a_hopeless_passage_is_not_read_but_its_report_is_judged() -> None:
    hopeless = candidate("hopeless", "silent", probability=0.0)
    reranker = Pure(lambda text: 0.0)
    result = judge(found("carers", {**SHELF, "silent": [hopeless]}), reranker, SETTINGS)
    assert "hopeless" not in reranker.read
    (only,) = result["silent"]
    assert only.score == hopeless.probability


@pytest.mark.parametrize("question", ["carers", "carers in Sefton"])
@pytest.mark.parametrize("reports", [1, FEW, len(MANY)])
def test_every_report_has_its_passages_with_a_probability_best_first(
    reports: int, question: str
) -> None:
    offered = {**dict(list(SHELF.items())[:reports]), "nothing": []}
    result = judge(found(question, offered), Pure(lambda text: float(text[-1])), SETTINGS)
    assert set(result) == set(offered)
    assert result["nothing"] == ()
    for ranked in result.values():
        assert list(ranked) == sorted(ranked, key=best_first)
        assert all(0 <= each.score <= 1 for each in ranked)


def test_the_sentence_above_a_list_is_read_with_its_item() -> None:
    item = candidate("carers.")
    item = replace(item, passage=replace(item.passage, lead="We praise"))
    reranker = Pure(lambda text: 0.0)
    judge(found("carers", {"r": [item]}), reranker, SETTINGS)
    assert reranker.read == ["We praise carers."]


@pytest.mark.parametrize("question", ["carers", "carers in Sefton"])
@pytest.mark.parametrize("reports", [MANY, MANY[:1]])
def test_a_report_has_evidence_when_its_best_passage_answers(
    reports: Sequence[str], question: str
) -> None:
    texts = {report: "carers wait" if n % 2 == 0 else "pots" for n, report in enumerate(reports)}
    offered = {report: [candidate(text, report)] for report, text in texts.items()}
    reranker = says("carers")
    ranked = judge(found(question, offered), reranker, SETTINGS)
    evidence = choose(ask(question), ranked, reranker, SETTINGS)
    assert set(evidence) == {report for report, text in texts.items() if "carers" in text}


def test_nothing_is_quoted_when_nothing_is_looked_for() -> None:
    assert chosen("what did they say", "carers wait") == []


def test_the_likeliest_report_comes_first() -> None:
    ranked = {
        report: judged("carers wait", report=report, score=score)
        for report, score in (("a", 0.8), ("b", 0.99), ("c", 0.9), ("d", 0.0))
    }
    assert list(choose(ask("carers"), ranked, says("carers"), SETTINGS)) == ["b", "c", "a"]


def test_a_repeated_paragraph_is_quoted_once_and_its_other_place_is_kept() -> None:
    text = "The council should offer all its carers a short break each year."
    choices = choose(
        ask("carers"),
        {"r": judged(text, "Many carers wait.", f"Again: {text}")},
        says("carers"),
        SETTINGS,
    )["r"]
    assert [slice_of(choice) for choice in choices] == [text, "Many carers wait."]
    assert [[p.seq for p in choice.also] for choice in choices] == [[2], []]


def test_the_same_words_in_two_reports_are_quoted_from_both() -> None:
    text = "The council should offer all its carers a short break."
    ranked = {report: judged(text, report=report) for report in ("a", "b")}
    choices = choose(ask("carers"), ranked, says("carers"), SETTINGS)
    assert {report: [c.also for c in mine] for report, mine in choices.items()} == {
        "a": [()],
        "b": [()],
    }


@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_more_is_quoted_than_the_settings_say(most: int) -> None:
    texts = [f"{word} carers wait." for word in "Many Some Few Older Young".split()]
    settings = SearchSettings(quotes_per_report=most)
    choices = choose(ask("carers"), {"r": judged(*texts)}, says("carers"), settings)
    assert len(choices["r"]) == most


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("The depot is full. Many carers wait. The tram is late.", "Many carers wait."),
        ("The depot is full. However, carers wait.", "The depot is full. However, carers wait."),
        ("These carers wait. The tram is late.", "These carers wait."),
        ("carers", "carers"),
    ],
)
def test_the_sentence_that_answers_is_quoted_with_the_one_it_leans_on(
    text: str, quote: str
) -> None:
    assert chosen("carers", text) == [quote]


NEAR, FAR = 10 - NEIGHBOUR, 10 - NEIGHBOUR - 1


@pytest.mark.parametrize(
    ("logits", "quote"),
    [
        ((10, NEAR, 10), "Aged carers wait. Busy carers wait."),
        ((10, FAR, 10), "Aged carers wait."),
        ((NEAR, 10, FAR), "Aged carers wait. Busy carers wait."),
        ((NEAR, 10, NEAR), "Busy carers wait. Calm carers wait."),  # the next is preferred
        ((FAR, 10, FAR), "Busy carers wait."),
        ((10, 10, 10), "Aged carers wait. Busy carers wait."),
    ],
)
def test_a_neighbour_that_is_nearly_as_telling_is_quoted_too(
    logits: tuple[float, ...], quote: str
) -> None:
    telling = dict(zip("ABC", logits, strict=True))
    text = "Aged carers wait. Busy carers wait. Calm carers wait."
    assert chosen("carers", text, reranker=Pure(lambda each: telling[each[0]])) == [quote]


@pytest.mark.parametrize(
    ("text", "told"), [("Some 40 carers wait.", True), ("Some carers wait.", False)]
)
def test_a_question_for_a_number_to_one_council_is_answered_by_a_number(
    text: str, told: bool
) -> None:
    assert bool(chosen("how many carers wait in Sefton", text)) == told


def test_a_number_that_is_not_to_the_point_is_no_answer() -> None:
    assert (
        chosen("how many carers wait in Sefton", "Some carers wait. The depot has 40 pots.") == []
    )


@given(st.text(min_size=1, max_size=120).filter(str.strip), st.integers(0, 10**6))
def test_every_quote_is_an_exact_slice_of_its_passage(text: str, start: int) -> None:
    passage = Passage("r", 0, start, start + len(text), text)
    picked = [Judged(replace(candidate(""), passage=passage), 1.0)]
    (choice,) = quotes(ask("carers"), picked, Pure(lambda each: len(each) % 3))
    assert isinstance(choice, Choice)
    assert start <= choice.start < choice.end <= start + len(text)
    assert slice_of(choice) == text[choice.start - start : choice.end - start]
    assert slice_of(choice)
