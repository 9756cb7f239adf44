"""Rows of tables: each says by itself what its cells mean, and no cell is lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.reading.rows import cell_text, placed_row_texts, row_texts

CELL = st.text(alphabet="ab .:;?£1", max_size=8)
TABLE = st.lists(st.lists(CELL, max_size=5), max_size=6)
HEADED = [["Council", "2021", "2022"], ["Northshire", "12", "15"], ["Eastborough", "", "4"]]


@example(table=[["11"], ["1", "1", "1"]], header=True)
@given(TABLE, st.sampled_from([None, True, False, 0, 1, 2, 9]))
def test_every_cell_of_a_table_stands_in_its_rows(
    table: list[list[str]], header: bool | int | None
) -> None:
    whole = "\n".join(row_texts(table, header))
    for row in table:
        for cell in row:
            assert " ".join(cell.split()).rstrip(" :") in whole


@given(TABLE, st.sampled_from([None, True, False, 2]))
def test_rows_come_in_order_with_their_places_and_hold_text(
    table: list[list[str]], header: bool | int | None
) -> None:
    found = placed_row_texts(table, header)
    places = [place for place, _ in found]
    assert places == sorted(set(places))
    assert all(0 <= place < len(table) for place in places)
    assert [text for _, text in found] == row_texts(table, header)
    assert all(text and text == " ".join(text.split()) for _, text in found)


def test_two_columns_are_a_label_and_what_is_said_of_it() -> None:
    table = [["Judgement", "Grade"], ["Overall\neffectiveness:", "Good"], ["Is it safe?", "Yes"]]
    rows = ["Judgement: Grade", "Overall effectiveness: Good", "Is it safe? Yes"]
    assert row_texts(table) == row_texts(table, True) == rows
    assert row_texts([["Left only", ""], ["", "Right only"]]) == ["Left only", "Right only"]


def test_headings_of_columns_stand_in_every_row() -> None:
    rows = ["Council: Northshire. 2021: 12; 2022: 15", "Council: Eastborough. 2022: 4"]
    assert row_texts(HEADED) == row_texts(HEADED, True) == rows
    blank = [["", "A", "B"], ["North", "Yes", "Yes"]]
    assert row_texts(blank) == ["North. A: Yes; B: Yes"]
    sentences = [["Ref", "Action", "Owner"], ["1", "The council should act.", "Director"]]
    assert row_texts(sentences) == ["Ref: 1. Action: The council should act. Owner: Director"]


@pytest.mark.parametrize(
    "table",
    [
        [["North", "12", "15"], ["South", "13", "4"]],
        [["North", "Yes", "No"], ["South", "Yes", "Yes"]],
        [["It is late.", "Not so.", "It is."], ["a", "b", "c"]],
        [["a", "b", "c"]],
    ],
    ids=["figures", "values", "sentences", "alone"],
)
def test_a_first_row_that_may_be_one_of_many_is_not_taken_for_headings(
    table: list[list[str]],
) -> None:
    assert len(row_texts(table)) == len(table)
    assert row_texts(table) == row_texts(table, False)


def test_several_rows_of_headings_are_read_together() -> None:
    table = [["Team", "Visits", "Visits"], ["Team", "2021", "2022"], ["North", "1", "2"]]
    assert row_texts(table, 2) == ["Team: North. Visits 2021: 1; Visits 2022: 2"]


def test_merged_cells_stand_once_and_equal_answers_stay_apart() -> None:
    wide = "All of the teams were read twice"
    assert row_texts([*HEADED, [wide] * 3])[-1] == wide
    assert row_texts([*HEADED, [wide, "", ""]])[-1] == wide
    assert row_texts([["North", "Yes", "Yes"], ["South", "Yes", "No"]])[0] == "North. Yes; Yes"


def test_headings_of_empty_columns_are_kept_and_empty_rows_and_columns_are_not() -> None:
    table = [["Name", "Role", "Notes"], ["", "", ""], ["Ann", "Lead", ""]]
    assert row_texts(table) == ["Name. Role; Notes", "Name: Ann. Role: Lead"]
    assert row_texts([["a", "", "1"], ["b", "", "2"]]) == ["a: 1", "b: 2"]
    assert row_texts([]) == row_texts([[]]) == row_texts([[" "], [""]]) == []


def test_paragraphs_of_a_cell_stay_told_apart() -> None:
    assert cell_text(["One", "Two", "", "Three."]) == "One; Two; Three."
    assert cell_text(["one", "two:", "It ends. Then", "x"]) == "one; two: It ends. Then; x"
    assert cell_text([]) == ""
