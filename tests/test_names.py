from __future__ import annotations

import pytest

from rag.names import names, strange_names


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The council asked Jane Smith to lead.", ["Jane", "Smith"]),
        ("Exampleton Council does well.", ["Exampleton", "Council"]),
        ("Peers praised the staff.", []),
        ("However, it uses DoLS and the NHS.", ["DoLS", "NHS"]),
        ("In March 2021 it began.", []),
        ("The Council is well led.", ["Council"]),
        ("Saints City Council is well led.", ["Saints", "City", "Council"]),
        ("It has three hubs; Two of them are new.", []),
        ("Staff in Q1 met the O’Connor family.", ["Q1", "O’Connor"]),
    ],
)
def test_names_are_capitals_where_none_must_stand_short_forms_and_unknown_words(
    sentence: str, found: list[str]
) -> None:
    assert names(sentence) == found


def test_a_name_that_the_quote_holds_in_any_case_is_not_strange() -> None:
    quote = "the adult social care team at St Mary’s hospital, led by Ms Patel"
    said = "Adult Social Care at St Mary’s Hospital is led by Patel."
    assert strange_names(said, [quote], []) == []


def test_a_name_that_the_quote_does_not_hold_is_strange() -> None:
    assert strange_names("It is led by Jane Smith.", ["It is led by Jane Patel."], []) == ["Smith"]


def test_a_short_form_stands_for_its_long_form_only_where_that_is_known() -> None:
    quote = ["people wait for deprivation of liberty safeguards"]
    pairs = [("DoLS", "Deprivation of Liberty Safeguards")]
    assert strange_names("There are waits for DoLS.", quote, []) == ["DoLS"]
    assert strange_names("There are waits for DoLS.", quote, pairs) == []
    assert strange_names("The Deprivation of Liberty is slow.", ["DoLS"], pairs) == []


def test_general_words_with_a_capital_are_no_names_by_themselves() -> None:
    assert strange_names("The Council and the Report agree.", ["nothing of it"], []) == []
