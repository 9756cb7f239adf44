"""What a question was understood as, part by part, and each part taken out again."""

from __future__ import annotations

import pytest
from test_question import ALL, SHELF

from rag.errors import InputError
from rag.question import understand
from rag.records import Part


def keys(text: str, *without: str) -> set[str]:
    return {part.key for part in understand(text, SHELF, without).understood.parts}


def test_every_part_is_named() -> None:
    assert keys("what did Sefton recommend on DoLS since 2020?") == {
        "council: Sefton Council",
        "years: since 2020",
        "stance: recommendations",
        "acronym: DoLS = Deprivation of Liberty Safeguards",
    }
    assert keys("how many carers are there?") == {"answer: number"}
    assert keys("Southampton scrutiny report on carers") >= {"kind of report: scrutiny report"}
    assert keys("who helps carerz in Leeds?") == {"council: Leeds", "spelling: carerz → carers"}


@pytest.mark.parametrize(
    "text",
    [
        "what did Sefton recommend on DoLS since 2020?",
        "how many carers are there in Sefton and Somerset?",
        "Southampton scrutiny report on carers",
        "who helps carerz in Leeds?",
    ],
)
def test_a_part_taken_out_is_gone_and_the_others_stay(text: str) -> None:
    every = keys(text)
    for key in every:
        left = keys(text, key)
        # A kind of report is only heeded beside a council.
        kept = {k for k in every - {key} if not k.startswith("kind of report")}
        assert kept <= left <= every - {key}
    assert keys(text, *every) == set()


def test_with_everything_taken_out_every_report_is_asked_about_the_topic_alone() -> None:
    text = "what did Sefton recommend on carers since 2020?"
    bare = understand(text, SHELF, keys(text))
    assert bare.asked == ALL
    assert bare.understood.terms == ("carers",)
    assert "Sefton" not in bare.topic
    assert "2020" not in bare.topic


def test_a_part_of_another_question_is_passed_over() -> None:
    there = understand("who helps carers?", SHELF, ["council: Sefton Council"])
    assert there == understand("who helps carers?", SHELF)


@pytest.mark.parametrize("key", ["Sefton", "council:", "council: ", "colour: red", ""])
def test_what_is_no_key_is_told_with_what_keys_are(key: str) -> None:
    with pytest.raises(InputError, match="KIND: VALUE"):
        understand("who helps carers?", SHELF, [key])


def test_the_key_of_a_part_says_kind_and_value() -> None:
    assert Part("council", "Sefton Council").key == "council: Sefton Council"
