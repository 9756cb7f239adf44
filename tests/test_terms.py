"""Terms: the same words, however they are written, are the same stems."""

from __future__ import annotations

import itertools
import string
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer
from hypothesis import given
from hypothesis import strategies as st

from rag.terms import STOP_WORDS, Said, stems, stems_of, words

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
        ("DFG", "DFGs"),
        ("GP", "GPs"),
        ("two", "2"),
        ("Twelve", "12"),
    ],
)
def test_forms_of_one_word_share_their_stem(one: str, other: str) -> None:
    assert stems(one) == stems(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("care", "council"), ("housing", "hospital"), ("12", "120"), ("31", "3.1"), ("two", "twelve")],
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


def said(text: str) -> Said:
    return Said.of(stems(text))


def test_a_text_says_its_words_in_order_without_function_words() -> None:
    assert said("The carers of the council wait").order == ("carer", "council", "wait")
    assert said("the of and").order == ()
    assert said("Carers wait; carers").stems == {"carer", "wait"}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("direct payments", True),
        ("Direct, if late, payments", True),  # "if" tells nothing, "late" is the one between
        ("direct and paid payments", True),
        ("direct late weekly payments", False),  # two between
        ("payments that are direct", False),
        ("direct", False),
        ("payments", False),
        ("", False),
        ("direct help: payments, direct payment", True),
    ],
)
def test_a_phrase_is_met_when_its_words_follow_with_at_most_one_between(
    text: str, met: bool
) -> None:
    assert said(text).has(("direct", "payment")) == met


def test_each_gap_of_a_phrase_may_hold_one_word() -> None:
    assert Said(("a", "x", "b", "x", "c")).has(("a", "b", "c"))
    assert not Said(("a", "x", "x", "b", "c")).has(("a", "b", "c"))


def test_every_place_where_a_phrase_ends_is_given() -> None:
    assert Said(("a", "b", "x", "a", "x", "b")).ends(("a", "b")) == [1, 5]
    assert Said(("a", "b", "b")).ends(("a", "b")) == [1, 2]
    assert Said(("a", "b", "a")).ends(("a",)) == [0, 2]


STEM = st.sampled_from("abcd")


@given(st.lists(STEM), st.lists(STEM, min_size=1), st.lists(STEM))
def test_a_phrase_is_met_in_any_text_around_it(
    before: list[str], phrase: list[str], after: list[str]
) -> None:
    assert Said((*before, *phrase, *after)).has(tuple(phrase))
    assert not Said((*before, *after)).has((*phrase, "e"))


@given(st.lists(STEM), st.lists(STEM, min_size=1, max_size=4))
def test_a_phrase_ends_on_its_last_word(order: list[str], phrase: list[str]) -> None:
    ends = Said(tuple(order)).ends(tuple(phrase))
    assert ends == sorted(set(ends))
    assert all(order[end] == phrase[-1] for end in ends)
    assert all(end >= len(phrase) - 1 for end in ends)


@given(st.text(max_size=200))
def test_what_is_said_stands_in_the_text_in_order(text: str) -> None:
    left = iter(stems(text))
    assert all(stem in left for stem in said(text).order)


def test_threads_that_stem_at_the_same_time_do_not_disturb_each_other() -> None:
    made = [f"{''.join(letters)}ational" for letters in itertools.product("bcdfgh", repeat=4)]
    alone = snowballstemmer.stemmer("english")
    expected = [(alone.stemWord(word),) for word in made]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(stems_of, made)) == expected
    finally:
        sys.setswitchinterval(before)
