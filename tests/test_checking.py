from __future__ import annotations

import pytest
from made_answers import answer_of, report

from rag.briefing import evidence_of
from rag.checking import Checker
from rag.dictation import dictated
from rag.records import Answer

SEFTON = report(
    "Sefton Council",
    "2022-07",
    "By March 2021 the council had 45 people waiting for a review, 12% fewer than before.",
    "Peers recommend that the council works with Liverpool on short breaks for carers.",
    id="sefton-2022",
)
SOMERSET = report(
    "Somerset Council", "2024-03", "People wait for reviews, and waits are monitored.", id="som"
)
EARLIER = report("Sefton Council", "2019", "Reviews were late in 2018.", id="sefton-2019")
SILENT = report("Southend-on-Sea City Council", "2023-06")
ANSWER = answer_of(SEFTON, SOMERSET, EARLIER, SILENT, question="how long do people wait?")


@pytest.fixture
def without_support(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last check passes everything, so that each of the others is seen alone."""
    monkeypatch.setattr("rag.checking.support", lambda *_: 1.0)


def verdict(text: str, report: str | None = "sefton-2022", answer: Answer = ANSWER) -> str:
    """Why a sentence fails, empty when it passes; ``{1}`` stands for the mark of quote 1."""
    evidence = evidence_of(answer)
    for citation in answer.citations:
        text = text.replace(f"{{{citation.n}}}", f"[{evidence.mark(citation.n)}]")
    given = [m for m, c in evidence.by_mark.items() if report in (None, c.report)]
    (said,) = dictated([text])
    sentence = Checker(evidence).check(said, report, given)
    assert sentence.kept == (not sentence.reason)
    return sentence.reason


@pytest.mark.usefixtures("without_support")
@pytest.mark.parametrize(
    "text",
    [
        "45 people were waiting for a review in March 2021 {1}.",
        "Sefton had forty-five people waiting, 12 per cent fewer {1}.",
        "In its report of July 2022, Sefton is advised to work with Liverpool {2}.",
        "The council of Sefton had waits in 2021 {1}{2}.",
    ],
)
def test_a_sentence_on_one_report_passes_with_its_own_figures_names_and_council(text: str) -> None:
    assert verdict(text) == ""


@pytest.mark.usefixtures("without_support")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("45 people were waiting.", "cites nothing"),
        ("45 people were waiting [99].", "was not given"),
        ("45 people were waiting {1}[99].", "was not given"),
        ("People wait for reviews {3}.", "was not given"),
        ("45 people were waiting for {1}", "breaks off"),
        ("46 people were waiting {1}.", "“46”"),
        ("450 people were waiting {1}.", "“450”"),
        ("12 people were waiting {1}.", "“12”"),
        ("Twelve more were waiting {1}.", "“Twelve”"),
        ("45 people were waiting in March 2020 {1}.", "“March 2020”"),
        ("45 people were waiting in 2019 {1}.", "“2019”"),
        ("Somerset had 45 people waiting {1}.", "names Somerset"),
        ("Leeds had 45 people waiting {1}.", "names Leeds"),
        ("Sefton and Somerset had 45 people waiting {1}.", "names Somerset"),
        ("It should offer breaks for carers with Liverpool {2}.", "cites a quote about Sefton"),
        ("Liverpool has short breaks for carers {2}.", "cites a quote about Sefton"),
        ("Exampleton Council had 45 people waiting {1}.", "“Exampleton”"),
        ("Ms Smith said that 45 people were waiting {1}.", "“Ms”"),
        ("45 people were waiting for DoLS {1}.", "“DoLS”"),
        ("See https://example.org/x for 45 people {1}.", "link or markup"),
        ("![45 people](x) were waiting {1}.", "link or markup"),
        ("<b>45 people</b> were waiting {1}.", "link or markup"),
    ],
)
def test_a_sentence_on_one_report_fails_with_the_reason_in_words(text: str, why: str) -> None:
    assert why in verdict(text)


@pytest.mark.usefixtures("without_support")
@pytest.mark.parametrize(
    "text",
    [
        "Sefton and Somerset both have waits for reviews {1}{3}.",
        "Two councils have waits for reviews {1}{3}.",
        "Two of the three councils have waits for reviews {1}{3}.",
        "Three of the four reports speak of reviews {1}{3}{4}.",
        "Sefton had 45 people waiting in 2021 {1}.",
        "People wait for reviews {1}{3}.",
    ],
)
def test_a_comparison_passes_when_it_names_or_counts_what_it_cites(text: str) -> None:
    assert verdict(text, None) == ""


@pytest.mark.usefixtures("without_support")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Sefton has waits for reviews {1}{3}.", "cites a quote about Somerset"),
        ("Three councils have waits for reviews {1}{3}.", "Three councils"),
        ("Two of the nine councils have waits {1}{3}.", "nine councils"),
        ("All councils have waits for reviews {1}{3}.", "all reports"),
        ("Every report speaks of waits {1}{3}{4}.", "all reports"),
        ("Only Somerset monitors its waits {3}.", "all reports"),
        ("Somerset is the only one to monitor its waits {3}.", "all reports"),
        ("Most councils have waits {1}{3}.", "all reports"),
        ("No other council has waits {1}{3}.", "all reports"),
        ("Both councils have waits {1}{3}{4}.", ""),
        ("Both of the councils in Somerset monitor waits {3}.", "both"),
        ("The council monitors its waits {3}.", "does not name"),
    ],
)
def test_a_comparison_fails_when_it_counts_wrong_or_speaks_for_all(text: str, why: str) -> None:
    assert why in verdict(text, None)
    assert bool(why) == bool(verdict(text, None))


def test_a_label_with_council_and_date_needs_no_support() -> None:
    assert verdict("Somerset Council, March 2024: waits for reviews are monitored {3}.", None) == ""


@pytest.mark.usefixtures("without_support")
def test_the_date_of_another_report_of_the_same_council_is_not_taken_for_its_own() -> None:
    assert "2022" in verdict("Sefton had late reviews in 2022 {4}.", "sefton-2019")
    assert verdict("Sefton had late reviews in 2018 {4}.", "sefton-2019") == ""
    assert verdict("In 2019 Sefton had late reviews {4}.", "sefton-2019") == ""
