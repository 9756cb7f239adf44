"""Concepts: what a text has to say to express what a question looks for, and how fully it does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import OTHER_WAY, SCATTERED, Concept, Question, Shelf, understand
from rag.records import ReportInfo
from rag.terms import Said, stems

SIX = ReportInfo("six", None, None, None, None, None, None, "full", 6, 100)
"""A report of six passages."""


def read(
    text: str,
    acronyms: Sequence[tuple[str, str]] = (("AMHPs", "Approved Mental Health Professionals"),),
    frequency: Mapping[str, int] | None = None,
) -> Question:
    """A question to a shelf where every stem is in one passage, or in so many as are given."""

    def in_passages(stem: str) -> int:
        return 1 if frequency is None else frequency.get(stem, 0)

    return understand(text, Shelf([SIX], acronyms, in_passages, list))


def idf(df: int, size: int = 6) -> float:
    return math.log(1 + (size - df + 0.5) / (df + 0.5))


FEW = {"amhp": 1, "carer": 3}
WORDS = "amhp approved mental health professionals carers wait in care at home nursing".split()


@pytest.mark.parametrize("word", ["carers", "safeguarding"])
def test_a_word_is_named_as_typed(word: str) -> None:
    assert read(word).understood.terms == (word,)


def test_a_phrase_with_other_ways_to_say_it_is_one_concept() -> None:
    (concept,) = read("care home").concepts
    assert concept.name == "care home"
    assert concept.alternatives == (("care", "home"),)
    assert ("nurs", "home") in concept.others
    assert concept.strength(Said.of(stems("at home with no care"))) == SCATTERED
    assert concept.strength(Said.of(stems("a nursing home"))) == OTHER_WAY
    assert concept.strength(Said.of(stems("nursing at home"))) == OTHER_WAY  # "at" tells nothing


def test_other_ways_that_the_shelf_never_uses_are_left_out() -> None:
    (concept,) = read("care home", frequency={"care": 1, "home": 1, "nurs": 1}).concepts
    assert concept.others == (("nurs", "home"),)


def test_a_short_form_may_be_defined_by_words_that_tell_nothing() -> None:
    question = read("the WAWY scheme", acronyms=[("WAWY", "We Are With You")])
    assert 0 <= question.coverage(Said.of(stems("We Are With You helps carers"))) <= 1


@pytest.mark.parametrize(
    "asked", ["co-production", "coproduction", "Co‑production", "CO-PRODUCTION"]
)
@pytest.mark.parametrize("written", ["co-production", "coproduction", "Co‐production"])
def test_hyphens_make_no_difference(asked: str, written: str) -> None:
    assert read(asked).coverage(Said.of(stems(written))) == pytest.approx(1)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("strengths-based", "strengths based"),
        ("link-worker", "link worker"),
        ("in-house", "in house"),
        ("sign-off", "sign off"),
        ("drop-in", "drop in"),
        ("face-to-face", "face to face"),
    ],
)
def test_a_hyphen_or_a_space_make_no_difference(asked: str, written: str) -> None:
    assert read(asked).coverage(Said.of(stems(written))) == pytest.approx(1)
    assert read(asked).coverage(Said.of(stems(asked))) == pytest.approx(1)


@pytest.mark.parametrize(
    "word", ["carers", "potholes", "lettings", "owned", "pleased", "willing", "mining"]
)
def test_a_word_that_is_looked_for_is_met_by_itself(word: str) -> None:
    assert len(read(word).concepts) == 1
    assert read(word).coverage(Said.of(stems(word))) == pytest.approx(1)


def test_strength_is_whole_for_a_phrase_and_less_for_its_words_scattered() -> None:
    concept = Concept("x", (("a", "b"), ("c", "d")), ((3.0, 1.0), (2.0, 2.0)), 2.0, (("o", "p"),))

    def strength(*stems: str) -> float:
        return concept.strength(Said(stems))

    assert strength("a", "b", "e") == strength("a", "e", "b") == strength("d", "c", "d") == 1
    assert strength("a", "e", "e", "b") == strength("b", "a") == SCATTERED
    assert strength("a") == pytest.approx(SCATTERED * 3 / (3 + 1))
    assert strength("b") == 0  # 1 of 4
    assert strength("c") == strength("b", "d") == pytest.approx(SCATTERED * 2 / (2 + 2))
    assert strength("a", "c") == pytest.approx(SCATTERED * max(3 / 4, 2 / 4))
    assert strength("o", "p") == OTHER_WAY
    assert strength("o") == strength("p", "o") == strength() == 0
    assert strength("o", "p", "c", "d") == 1
    assert 0 < SCATTERED < 1
    assert 0 < OTHER_WAY < 1


def test_a_concept_weighs_as_much_as_its_commonest_way_of_being_said() -> None:
    amhp, carers = read("amhp for carers", frequency=FEW).concepts
    # "amhp" is in 1 of 6 passages, the four stems of its long form in none; "carer" in 3.
    assert amhp.weights == ((idf(1),), (idf(0), idf(0), idf(0), idf(0)))
    assert amhp.weight == min(idf(1), idf(0)) == idf(1)
    assert carers.weight == idf(3) < idf(1)


def test_coverage_is_the_share_of_weight_that_is_met() -> None:
    question = read("amhp for carers", frequency=FEW)
    total = idf(1) + idf(3)

    def coverage(*stems: str) -> float:
        return question.coverage(Said(stems))

    assert coverage("amhp") == pytest.approx(idf(1) / total)
    assert coverage("carer") == pytest.approx(idf(3) / total)
    assert coverage("amhp", "carer") == pytest.approx(1)
    assert coverage("approv", "mental") == pytest.approx(idf(1) * SCATTERED * (2 / 4) / total)
    assert coverage("mental") == 0  # 1 of 4
    assert read("what did they say").coverage(Said(("say",))) == 0


@given(*[st.lists(st.sampled_from(WORDS)).map(" ".join)] * 3)
def test_a_longer_text_expresses_no_less(text: str, more: str, asked: str) -> None:
    question = read(asked)
    said, further = Said.of(stems(text)), Said.of(stems(more))
    both = Said((*said.order, *further.order))
    assert question.coverage(both) >= question.coverage(said) - 1e-9
    assert question.coverage(both) >= question.coverage(further) - 1e-9
