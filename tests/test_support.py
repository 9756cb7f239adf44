"""Whether quotes support a sentence: twists that are caught, and retellings that are not."""

from __future__ import annotations

import pytest
from conftest import CORPUS
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import sentence_spans
from rag.support import SUPPORTED, share_found, support, why_unsupported
from rag.terms import words
from rag.twists import contradiction

ADVICE = "The council should review the way in which home care is bought."
ORDER = "Review the induction of new managers so that they know their budgets."
DEED = "Carers rate the drop-in sessions highly and managers visit them every month."
SOME = "Some providers have improved their training."
PLAN = "A new housing strategy is being developed with tenants."
DENIAL = "Staff were not clear about the reasons for the change."
DOERS = "Providers told us that commissioners had not answered their letters."


def sentences_of_the_briefs() -> list[str]:
    texts = [path.read_text("utf-8") for path in sorted(CORPUS.glob("*.md"))]
    found = [text[a:b] for text in texts for a, b in sentence_spans(text)]
    return [s for s in found if len(words(s)) >= 8 and s[0].isupper() and s.endswith(".")]


def test_what_a_quote_says_in_so_many_words_is_supported() -> None:
    sentences = sentences_of_the_briefs()
    assert len(sentences) > 500
    assert [s for s in sentences if support(s, [s]) < SUPPORTED] == []


def test_a_sentence_from_elsewhere_is_not_supported() -> None:
    sentences = sentences_of_the_briefs()
    pairs = zip(sentences, sentences[200:] + sentences[:200], strict=True)
    supported = [s for s, quote in pairs if support(s, [quote]) >= SUPPORTED]
    assert len(supported) < 0.02 * len(sentences)


@pytest.mark.parametrize(
    ("quote", "sentence"),
    [
        (ADVICE, "Peers advised the council to look at how it buys home care."),
        (ADVICE, "A review of the way home care is bought was recommended."),
        (ORDER, "New managers' induction should be reviewed, the peers thought."),
        (DEED, "The drop-in sessions are valued highly by carers."),
        (DEED, "Every month managers visit the sessions."),
        (SOME, "Training has improved at some providers."),
        (PLAN, "Tenants help to develop a new strategy for housing."),
        (DENIAL, "The reasons for the change were unclear to staff."),
        (DENIAL, "Staff did not understand the reasons for the change."),
        (DOERS, "According to providers, commissioners did not answer letters."),
        ("The DASS leads the work on DoLS.", "The director of adult social services leads it."),
    ],
)
def test_a_retelling_in_other_words_is_supported(quote: str, sentence: str) -> None:
    assert contradiction(sentence, [quote]) == ""
    assert support(sentence, [quote]) >= SUPPORTED


@pytest.mark.parametrize(
    ("quote", "sentence", "reason"),
    [
        (ADVICE, "The council has reviewed the way in which home care is bought.", "advises it"),
        (ORDER, "The council reviews the induction of new managers.", "advises it"),
        (DEED, "Managers should visit the drop-in sessions every month.", "does not advise it"),
        (DEED, "Carers do not rate the drop-in sessions highly.", "not say “not”"),
        (DENIAL, "Staff were clear about the reasons for the change.", "quote says “not”"),
        (SOME, "All providers have improved their training.", "as far as “all”"),
        (SOME, "Some providers must improve their training.", "does not advise it"),
        (PLAN, "A new housing strategy has been developed with tenants.", "plans it"),
        (SOME, "Some providers improved their training because fees rose.", "not say “because”"),
        (SOME, "Some councillors have improved their training.", "not speak of “councillors”"),
        (DOERS, "Commissioners said that providers had not answered letters.", "other way round"),
        (SOME, "Some providers have improved the training of the", "breaks off"),
        (
            SOME,
            "Providers improved training of training of providers of training of training.",
            "round in circles",
        ),
        (SOME, "They are as they were.", "says nothing"),
        (SOME, "Libraries open on Sundays.", "“Libraries”, “open” and “Sundays” do not stand"),
        (SOME, "Some providers closed many wards.", "“closed”, “many” and “wards” do not"),
    ],
)
def test_a_twist_is_refused_and_the_reason_is_named(quote: str, sentence: str, reason: str) -> None:
    assert support(sentence, [quote]) < SUPPORTED
    assert reason in why_unsupported(sentence, [quote])


def test_one_of_several_quotes_is_enough_for_each_part_of_a_sentence() -> None:
    sentence = "Some providers have better training, and carers value the drop-in sessions."
    assert support(sentence, [SOME, DEED]) >= SUPPORTED > support(sentence, [PLAN])


def test_councils_figures_and_those_who_report_need_not_stand_in_a_quote() -> None:
    sentence = (
        "In 2019 the peer team reported that some of Southampton's providers improved training."
    )
    assert share_found(sentence, [SOME]) == 1


def test_half_of_the_words_found_is_half_of_the_words() -> None:
    assert share_found("Providers training wards ambulances.", [SOME]) == 2 / 4


def test_a_short_form_is_found_by_its_long_form_and_the_other_way_round() -> None:
    long = "The backlog of Deprivation of Liberty Safeguards assessments grew."
    assert share_found("The DoLS backlog grew.", [long]) == 1
    assert share_found("The deprivation of liberty backlog grew.", ["The DoLS backlog grew."]) == 1


def test_without_quotes_nothing_is_supported() -> None:
    assert support("Some providers improved.", []) == 0
    assert why_unsupported("Some providers improved.", []) == "it cites no quote"


@given(st.text(max_size=120), st.lists(st.text(max_size=120), max_size=3))
def test_any_texts_give_a_probability_the_same_one_every_time(
    sentence: str, quotes: list[str]
) -> None:
    likely = support(sentence, quotes)
    assert 0 <= likely <= 1
    assert likely == support(sentence, quotes)
    assert why_unsupported(sentence, quotes)
