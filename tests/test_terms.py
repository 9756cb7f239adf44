"""Terms: the same words, however they are written, are the same stems."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.terms import STOP_WORDS, stems, stems_of, words

PLAIN_WORD = st.text(string.ascii_letters, min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("safeguard", "safeguarding"),
        ("carer", "carers"),
        ("carer", "carer's"),
        ("carer's", "carer’s"),
        ("backlog", "Backlogs"),
        ("DoLS", "dols"),
        ("co-production", "co‑production"),
        ("assess", "assessed"),
    ],
)
def test_forms_of_one_word_share_their_stem(one: str, other: str) -> None:
    assert stems(one) == stems(other)


@pytest.mark.parametrize(
    ("one", "other"), [("care", "council"), ("housing", "hospital"), ("12", "120"), ("31", "3.1")]
)
def test_different_words_have_different_stems(one: str, other: str) -> None:
    assert not set(stems(one)) & set(stems(other))


@pytest.mark.parametrize("hyphen", ["-", "‐", "‑"])
def test_a_hyphenated_word_gives_its_parts_and_the_joined_form(hyphen: str) -> None:
    found = stems_of(f"co{hyphen}production")
    assert found == (*stems_of("co"), *stems_of("production"), *stems_of("coproduction"))


def test_a_word_with_two_hyphens_gives_three_parts_and_one_join() -> None:
    assert len(stems_of("face-to-face")) == 3 + 1
    assert stems_of("face-to-face")[-1] == stems_of("facetoface")[0]


def test_numbers_keep_their_decimals_and_are_found_beside_words() -> None:
    assert words("£111.5M of 1,200 people in 2018/19") == [
        "111.5", "M", "of", "1,200", "people", "in", "2018", "19",
    ]  # fmt: skip


def test_an_apostrophe_is_part_of_a_word_but_not_of_its_stem() -> None:
    assert words("Sefton’s carers don't") == ["Sefton’s", "carers", "don't"]
    assert stems("Sefton’s") == stems("Sefton")


def test_stop_words_stay_in_the_stems() -> None:
    assert stems("the team of the council") == [
        *stems("the"), *stems("team"), *stems("of"), *stems("the"), *stems("council"),
    ]  # fmt: skip
    assert {"the", "of"} <= STOP_WORDS
    assert not {"care", "council", "good", "need"} & STOP_WORDS


@given(st.text(max_size=200))
def test_words_stand_in_the_text_in_order(text: str) -> None:
    at = 0
    for word in words(text):
        at = text.index(word, at) + len(word)


@given(st.text(max_size=200))
def test_the_stems_of_a_text_are_those_of_its_words(text: str) -> None:
    assert stems(text) == [stem for word in words(text) for stem in stems_of(word)]
    assert all(stem and not stem.isspace() for stem in stems(text))


@given(st.lists(PLAIN_WORD))
def test_capitals_do_not_matter(found: list[str]) -> None:
    text = " ".join(found)
    assert stems(text.upper()) == stems(text.lower()) == stems(text)


@given(st.lists(PLAIN_WORD), st.lists(PLAIN_WORD))
def test_the_stems_of_two_texts_are_the_stems_of_both(one: list[str], other: list[str]) -> None:
    first, second = " ".join(one), " ".join(other)
    assert stems(f"{first} {second}") == stems(first) + stems(second)
