"""Spelling: a slip is mended to the nearest word, English and far words stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.spelling import SHORTEST, Vocabulary, correct, is_english

WORDS = ("safeguarding", "reablement", "carers", "strategy", "person", "health", "hoarding")
SHELF = Vocabulary(WORDS)


def distance(a: str, b: str) -> int:
    """Optimal string alignment, written out: insert, delete, replace, swap neighbours."""
    table = [[i + j if not i * j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@pytest.mark.parametrize(
    ("typed", "meant", "edits"),
    [
        ("helth", "health", 1),
        ("haelth", "health", 1),
        ("healtth", "health", 1),
        ("heakth", "health", 1),
        ("safegaurding", "safeguarding", 1),
        ("safegarding", "safeguarding", 1),
        ("SafeGarding", "safeguarding", 1),
        ("saefgaurding", "safeguarding", 2),
        ("reablment", "reablement", 1),
        ("raeblment", "reablement", 2),
    ],
)
def test_a_slip_is_mended_to_the_word_of_the_shelf(typed: str, meant: str, edits: int) -> None:
    assert distance(typed.lower(), meant) == edits
    assert correct(typed, SHELF) == meant


@pytest.mark.parametrize(
    ("typed", "near", "edits"),
    [
        ("heltj", "health", 2),  # up to seven letters, one edit
        ("stratgi", "strategy", 2),
        ("saefgaurdnig", "safeguarding", 3),  # longer, two edits
        ("jealth", "health", 1),  # another first letter
        ("zafeguarding", "safeguarding", 1),
    ],
)
def test_a_word_that_is_too_far_or_begins_otherwise_stays(
    typed: str, near: str, edits: int
) -> None:
    assert distance(typed, near) == edits
    assert not is_english(typed)
    assert correct(typed, SHELF) is None


def test_eight_letters_may_have_two_edits_and_seven_only_one() -> None:
    assert correct("stratgy", Vocabulary(["strategy"])) == "strategy"
    assert correct("strqtegq", Vocabulary(["strategy"])) == "strategy"
    assert correct("strqteg", Vocabulary(["strategy"])) is None


@pytest.mark.parametrize("word", ["prison", "Prison", "prisons", "carer", "boarding", "stratagem"])
def test_an_english_word_is_never_mended(word: str) -> None:
    assert is_english(word)
    assert correct(word, Vocabulary([*WORDS, "persons", "prism"])) is None


@pytest.mark.parametrize("word", ["", "dol", "helt", "h3alth", "so:linked", "co-prodction", "2019"])
def test_short_words_and_words_with_other_signs_are_never_mended(word: str) -> None:
    assert correct(word, Vocabulary([*WORDS, "dols", "help", "co-production"])) is None


def test_the_nearest_word_wins_and_of_equally_near_words_the_first() -> None:
    assert (
        correct("culturaly", Vocabulary(["culturel", "cultural"])) == "cultural"
    )  # 2 edits against 1
    assert correct("culturaly", Vocabulary(["cultural", "culturally"])) == "cultural"
    assert correct("culturaly", Vocabulary(["culturally", "cultural"])) == "culturally"


def test_nothing_is_mended_by_an_empty_vocabulary() -> None:
    assert correct("safegaurding", Vocabulary([])) is None


LETTERS = st.text("abe", min_size=1, max_size=10)


@settings(deadline=None)
@given(LETTERS, st.lists(LETTERS, max_size=12))
def test_what_is_mended_agrees_with_the_rule_spelt_out(word: str, vocabulary: list[str]) -> None:
    allowed = 1 if len(word) <= 7 else 2
    near = [w for w in vocabulary if w[0] == word[0] and distance(word, w) <= allowed]
    if len(word) < SHORTEST or is_english(word) or not near:
        assert correct(word, Vocabulary(vocabulary)) is None
    else:
        assert correct(word, Vocabulary(vocabulary)) == min(near, key=lambda w: distance(word, w))
