"""Acronyms: what a report defines in brackets is found, what only stands in brackets is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import FIVE
from hypothesis import given
from hypothesis import strategies as st

from rag.acronyms import find_acronyms, is_short_form
from rag.reading import read_file

PRINTED = [
    ("sefton-2022", "DoLS", "Deprivation of Liberty Safeguards"),
    ("sefton-2022", "TEC", "Technology Enabled Care"),
    ("sefton-2022", "OT", "Occupational Therapy"),
    ("sefton-2022", "CVS", "Council for Voluntary Service"),
    ("sefton-2022", "AMHPs", "Approved Mental Health Professionals"),
    ("sefton-2022", "PSW", "Principal Social Worker"),
    ("sefton-2022", "SAB", "Safeguarding Adults Board"),
    ("somerset-2024", "CQC", "Care Quality Commission"),
    ("somerset-2024", "EDI", "equality, diversity and inclusion"),
    ("somerset-2024", "MPS", "Market Position Statement"),
    ("somerset-2024", "ICB", "Integrated Care Board"),
    ("somerset-2024", "EqIA", "Equality Impact Assessments"),
    ("somerset-2024", "SARs", "safeguarding adults reviews"),
    ("somerset-2024", "SILCs", "Somerset Independent Living Centres"),
    ("somerset-2024", "DFG", "Disabled Facilities Grants"),
    ("somerset-2024", "CHIA", "Care and Health Improvement Advisor"),
    ("southampton-2019", "DASS", "Director of Adult Social Services"),
    ("southampton-2019", "DoLS", "Deprivation of Liberty Safeguards"),
    ("southampton-2019", "DToC", "Delayed Transfers of Care"),
    ("southampton-2019", "ICU", "Integrated Commissioning Unit"),
    ("southampton-2020", "PPE", "Personal Protective Equipment"),
    ("southampton-2020", "HIOW", "Hampshire and Isle of Wight"),
    ("southampton-2020", "MOFD", "Medically Optimised for Discharge"),
    ("southampton-2020", "EHCH", "Enhanced Health in Care Homes"),
    ("southampton-2020", "SMI", "severe mental illness"),
    ("southend-2023", "SAVS", "Southend Association of Voluntary Services"),
]


@pytest.fixture(scope="module")
def found(reports_folder: Path) -> dict[str, list[tuple[str, str]]]:
    return {name: find_acronyms(read_file(reports_folder / f"{name}.txt").text) for name in FIVE}


@pytest.mark.parametrize(("report", "short", "long"), PRINTED)
def test_a_pair_that_a_report_prints_is_found(
    found: dict[str, list[tuple[str, str]]], report: str, short: str, long: str
) -> None:
    assert (short, long) in found[report]


@pytest.mark.parametrize("name", FIVE)
def test_each_long_form_of_a_report_begins_with_the_letter_of_its_short_form(
    found: dict[str, list[tuple[str, str]]], name: str
) -> None:
    assert found[name]
    assert len(found[name]) == len(set(found[name]))
    for short, long in found[name]:
        assert short[0].lower() == long[0].lower()


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("sefton-2022", "DASS"),  # there the words in front are another title
        ("sefton-2022", "NHS"),
        ("somerset-2024", "Eclipse"),
        ("somerset-2024", "SILC"),
        ("somerset-2024", "MCA"),
        ("southampton-2019", "IBCF"),
        ("southampton-2020", "MCA"),
        ("southend-2023", "SEDS"),
    ],
)
def test_a_short_form_that_a_report_never_spells_out_has_no_pair(
    found: dict[str, list[tuple[str, str]]], name: str, short: str
) -> None:
    assert short not in dict(found[name])


@pytest.mark.parametrize(
    "text",
    [
        "the Deprivation of Liberty Safeguards (DoLS) were late",
        "the DoLS (Deprivation of Liberty Safeguards) were late",
        "DoLS (Deprivation of Liberty Safeguards)",
        "the team's Deprivation of Liberty Safeguards ( DoLS )",
    ],
)
def test_both_orders_of_the_brackets_give_the_same_pair(text: str) -> None:
    assert find_acronyms(text) == [("DoLS", "Deprivation of Liberty Safeguards")]


@pytest.mark.parametrize(
    "text",
    [
        "the Care Act (2010) asks for it",
        "a Transitions to Adulthood Team (16 - 25) is planned",
        "a Transitions to Adulthood Team (16 – 25) is planned",
        "the Safeguarding Adults Board (see point 52) agreed",
        "the electronic system (Eclipse) is slow",
        "the Chief Executive (Ms Hopkins) spoke",
        "Care home staff (and the NHS) agreed",
        "the NHS (which was not asked) agreed",
        "the panel met () twice",
        "(DoLS) comes first",
        "",
    ],
)
def test_what_only_stands_in_brackets_is_no_pair(text: str) -> None:
    assert find_acronyms(text) == []


def test_a_pair_defined_twice_is_given_once_and_pairs_keep_their_order() -> None:
    text = "Principal Social Worker (PSW), Better Care Fund (BCF), Principal Social Worker (PSW)"
    assert find_acronyms(text) == [
        ("PSW", "Principal Social Worker"),
        ("BCF", "Better Care Fund"),
    ]


def test_a_long_form_does_not_reach_over_a_line() -> None:
    assert find_acronyms("Principal Social\nWorker (PSW)") == []


@pytest.mark.parametrize("text", ["OT", "DoLS", "SARs", "EqIA", "RESTORE2", "P&V"])
def test_an_acronym_looks_like_one(text: str) -> None:
    assert is_short_form(text)


@pytest.mark.parametrize("text", ["A", "Care", "2010", "16-25", "see", "ABCDEFGHIJK", "A B", ""])
def test_other_words_do_not(text: str) -> None:
    assert not is_short_form(text)


NAME = st.sampled_from("Adult Board Care Discharge Equality Fund Grant Health Joint Social".split())


@given(st.lists(NAME, min_size=2, max_size=6))
def test_capital_words_and_their_initials_in_brackets_are_a_pair(names: list[str]) -> None:
    long, short = " ".join(names), "".join(name[0] for name in names)
    assert (short, long) in find_acronyms(f"They met. The {long} ({short}) agreed.")
    assert (short, long) in find_acronyms(f"They met. The {short} ({long}) agreed.")


@given(st.text(max_size=150) | st.from_regex(r"[A-Za-z ()]{0,80}", fullmatch=True))
def test_both_forms_of_a_pair_stand_in_the_text(text: str) -> None:
    for short, long in find_acronyms(text):
        assert short in text
        assert long in text
        assert is_short_form(short)
