"""The sector's words: short forms that stand for their long forms, and ways to say one thing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from rag.question import OTHER_WAY, Question, Shelf, understand
from rag.terms import STOP_WORDS, Said, stems, words
from rag.vocabulary import ACRONYMS, ENGLISH_TOO, WAYS_TO_SAY, other_ways, sector_acronyms

SHORT_FORMS = [(short, long.strip()) for short, long in (
    line.split(None, 1) for line in ACRONYMS.strip().splitlines()
)]  # fmt: skip
GROUPS = [
    tuple(phrase.strip() for phrase in line.split(",")) for line in WAYS_TO_SAY.strip().splitlines()
]
NOT_BY_INITIALS = {
    "CEO": "chief executive",  # officer is not said
    "CHC": "continuing healthcare",
    "DASS": "director of adult social care",  # services and care are both used
    "EqIA": "equality impact assessment",
    "NEET": "not in education, employment or training",
    "OPFCC": "police, fire and crime commissioner",
    "SENCO": "special educational needs coordinator",
    "WFD": "workforce development",
}
SMALL = {"and", "for", "in", "of", "or", "the", "to", "with"}


def read(text: str) -> Question:
    """A question to a shelf on which every word stands."""
    return understand(text, Shelf((), (), lambda stem: 1, list))


def initials(long: str, *, small: bool, apart: bool) -> str:
    """First letters, with or without function words and the parts of hyphenated words."""
    found = [w for w in words(long) if small or w.lower() not in SMALL]
    parts = [part for w in found for part in (w.split("-") if apart else [w])]
    return "".join(part[0].lower() for part in parts)


@pytest.mark.parametrize(("short", "long"), SHORT_FORMS)
def test_a_short_form_is_the_initials_of_its_long_form_or_a_known_exception(
    short: str, long: str
) -> None:
    ways = {initials(long, small=s, apart=a) for s in (True, False) for a in (True, False)}
    assert {short.lower(), short.removesuffix("s").lower()} & ways or (
        NOT_BY_INITIALS.get(short) == long
    )


def test_the_exceptions_are_in_use_and_no_pair_is_listed_twice() -> None:
    assert set(NOT_BY_INITIALS.items()) <= set(SHORT_FORMS) <= set(sector_acronyms())
    pairs = Counter((short, long.lower()) for short, long in sector_acronyms())
    assert [pair for pair, count in pairs.items() if count > 1] == []


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_a_line_holds_several_phrases_and_none_twice(group: tuple[str, ...]) -> None:
    assert len(group) > 1
    assert all(group)
    assert len({phrase.lower() for phrase in group}) == len(group)


def test_no_line_is_written_twice() -> None:
    assert len(set(GROUPS)) == len(GROUPS)


def test_any_phrase_of_a_line_may_stand_for_any_other() -> None:
    assert other_ways(("flu",)) == (("influenza",),)
    assert other_ways(("influenza",)) == (("flu",),)
    assert ("delay", "transfer") in other_ways(("hospit", "discharg"))
    assert other_ways(("pothol", "flu")) == other_ways(()) == ()


def test_a_phrase_is_no_other_way_to_say_itself() -> None:
    for group in GROUPS:
        for phrase in group:
            own = tuple(Said.of(stems(phrase)).order)
            assert own not in other_ways(own)


def test_a_phrase_is_found_in_its_own_words() -> None:
    lost = [
        other
        for group in GROUPS
        for phrase in group
        for other in other_ways(Said.of(stems(phrase)).order)
        if not any(Said.of(stems(p)).has(other) for g in GROUPS for p in g)
    ]
    assert lost == []


@pytest.mark.parametrize("stem", ["carer", "hour", "speak"])
def test_a_phrase_does_not_shrink_to_a_general_word(stem: str) -> None:
    assert other_ways((stem,)) == ()


def test_a_system_is_no_software() -> None:
    assert ("softwar",) not in other_ways(("system",))


def test_a_short_form_and_its_long_form_are_the_same_thing() -> None:
    for short, long in (("DFG", "disabled facilities grant"), ("CQC", "Care Quality Commission")):
        (by_short,), (by_long,) = read(short).concepts, read(long).concepts
        assert (by_short.name, by_long.name) == (short, long)
        assert by_short == replace(by_long, name=short)


def test_a_short_form_is_met_by_the_other_ways_to_say_it() -> None:
    assert read("CCG").coverage(Said.of(stems("the ICB"))) == OTHER_WAY
    assert read("clinical commissioning group").coverage(Said.of(stems("the NHS"))) == OTHER_WAY


@pytest.mark.parametrize(
    "short",
    [short for short, _ in SHORT_FORMS if short.lower() in ENGLISH_TOO],
)
def test_an_english_word_is_a_short_form_only_when_typed_in_capitals(short: str) -> None:
    assert [found for found, _ in read(short).understood.expansions] == [short]
    assert read(short.lower()).understood.expansions == ()


@pytest.mark.parametrize(
    "text",
    [*dict.fromkeys(form for pair in SHORT_FORMS for form in pair)],
)
def test_every_short_form_asks_for_one_thing_in_either_form(text: str) -> None:
    assert len(read(text).understood.terms) == 1


def is_whole(phrase: str) -> bool:
    """False when only one of several words is left without function words."""
    return len(words(phrase)) == 1 or sum(w.lower() not in STOP_WORDS for w in words(phrase)) > 1


@pytest.mark.parametrize(
    "widened",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.xfail(
                strict=True,
                reason="the word of a short form (dom, hosp, resi, CQC) is taken out of its phrase",
            ),
        ),
    ],
)
def test_a_phrase_that_is_asked_is_met_by_every_other_of_its_line(widened: bool) -> None:
    """Left out are words of praise and advice, and phrases that would lose words to one stem."""
    asked = {
        phrase: question
        for phrase in dict.fromkeys(phrase for group in GROUPS for phrase in group)
        if (question := read(phrase)).understood.role is None and is_whole(phrase)
    }
    written = {phrase: Said.of(stems(phrase)) for phrase in asked}
    unmet = [
        (one, other)
        for group in GROUPS
        for one in asked.keys() & set(group)
        for other in asked.keys() & set(group)
        if bool(asked[one].understood.expansions) == widened
        and asked[one].coverage(written[other]) == 0
    ]
    assert unmet == []


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("flu jabs", "the influenza vaccination"),
        ("telecare", "technology-enabled care"),
        ("newly qualified staff", "the assessed and supported year in employment"),
        ("home care", "domiciliary care"),
        ("backlogs", "people on the waiting list"),
        ("council tax", "the precept"),
    ],
)
def test_other_ways_are_found_in_a_sentence(asked: str, written: str) -> None:
    assert read(asked).coverage(Said.of(stems(written))) > 0
