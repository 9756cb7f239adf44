from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.figures import dates, figures, years


def keys(text: str) -> set[tuple[Decimal, str]]:
    return {figure.key for figure in figures(text)}


@pytest.mark.parametrize(
    "ways",
    [
        ("80%", "80 %", "80 per cent", "eighty percent", "eighty per cent"),
        ("£1.2m", "£1.2 million", "£1,200,000"),
        ("1,200 people", "1200 people", "twelve hundred people", "one thousand two hundred people"),
        ("205", "two hundred and five"),
        ("45 days", "forty-five days", "forty five days", "45.0 days"),
        ("half of them", "50% of them", "fifty per cent"),
        ("a quarter", "25 per cent"),
        ("3 teams", "three teams", "Three teams"),
        ("1.5 million", "1,500,000"),
        ("one million", "1,000,000"),
    ],
)
def test_one_figure_written_in_several_ways_is_one_figure(ways: tuple[str, ...]) -> None:
    assert len({frozenset(keys(way)) for way in ways}) == 1
    assert len(keys(ways[0])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("80%", "80"),
        ("£80", "80"),
        ("8", "80"),
        ("eight", "eighty"),
        ("1.2m", "12m"),
        ("six", "sixty"),
        ("1,200", "200"),
        ("2.5", "25"),
        ("£5m", "£5bn"),
    ],
)
def test_figures_that_differ_in_value_or_unit_are_not_taken_for_each_other(
    one: str, other: str
) -> None:
    assert keys(one).isdisjoint(keys(other))


@pytest.mark.parametrize(
    "text", ["one of the best", "the first and second reviews", "someone often attends", "no one"]
)
def test_words_that_hold_a_number_but_count_nothing_are_no_figures(text: str) -> None:
    assert figures(text) == []


@given(st.integers(0, 999_999))
def test_a_number_is_read_back_with_and_without_commas(number: int) -> None:
    assert keys(f"There were {number} cases") == keys(f"There were {number:,} cases")
    assert keys(f"There were {number} cases") == {(Decimal(number).normalize(), "")}


def test_a_date_is_told_with_the_parts_that_stand_beside_its_month() -> None:
    found = dates("From 12 March 2021 to July 5, 2022, then in June, and May 2020; on 3rd of April")
    assert [(d.day, d.month, d.year) for d in found] == [
        *[(12, 3, 2021), (5, 7, 2022), (None, 6, None)],
        *[(None, 5, 2020), (3, 4, None)],
    ]


@pytest.mark.parametrize("text", ["It may help", "May I ask", "March on", "they march in 2021"])
def test_months_that_are_also_words_are_dates_only_beside_a_day_or_year(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize(
    ("said", "told", "holds"),
    [
        ("March 2021", "12 March 2021", True),
        ("12 March 2021", "March 2021", False),
        ("March 2021", "March 2020", False),
        ("June", "June 2020", True),
        ("12 March", "13 March", False),
    ],
)
def test_a_date_stands_in_another_when_all_its_parts_do(said: str, told: str, holds: bool) -> None:
    assert dates(said)[0].within(dates(told)[0]) is holds


def test_years_are_those_of_the_last_and_this_century() -> None:
    assert years("in 2019 and 2022/23, 1999; not 1850, 20190 or 2100s") == {
        *("2019", "2022", "1999"),
    }
