"""Places in words: what a reader needs to find a passage in the printed report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.dates import MONTHS, date_in_words
from rag.places import place_in_words, report_name
from rag.records import Passage, ReportInfo

INFO = ReportInfo("elm-2019", None, "Elm Council", "2019-05", None, None, None, "full", 9, 900)
PASSAGE = Passage("elm-2019", 0, 0, 5, "Words", ("Carers", "Strengths"), "18c", 4, 7)
HEAD = "Elm Council, May 2019, “Carers › Strengths”"


def test_the_printed_number_comes_before_the_page_and_the_page_before_the_ordinal() -> None:
    unnumbered = replace(PASSAGE, paragraph=None)
    unpaged = replace(unnumbered, page=None)
    assert place_in_words(INFO, PASSAGE) == f"{HEAD}, paragraph 18c"
    assert place_in_words(INFO, unnumbered) == f"{HEAD}, page 7"
    assert place_in_words(INFO, unpaged) == f"{HEAD}, 4th paragraph of the section"


def test_a_passage_without_headings_has_no_section_in_its_place() -> None:
    passage = replace(PASSAGE, section=())
    assert place_in_words(INFO, passage) == "Elm Council, May 2019, paragraph 18c"


def test_a_quote_from_a_brief_says_so_at_the_end() -> None:
    brief = replace(INFO, form="brief")
    note = "quoted from a brief, see the source"
    assert place_in_words(brief, PASSAGE) == f"{HEAD}, paragraph 18c, {note}"
    assert note not in place_in_words(INFO, PASSAGE)


@pytest.mark.parametrize(
    ("ordinal", "words"),
    [
        *((1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (10, "10th")),
        *((11, "11th"), (12, "12th"), (13, "13th"), (14, "14th"), (20, "20th")),
        *((21, "21st"), (22, "22nd"), (23, "23rd"), (101, "101st")),
        *((111, "111th"), (112, "112th"), (113, "113th"), (121, "121st")),
    ],
)
def test_an_ordinal_is_written_as_it_is_spoken(ordinal: int, words: str) -> None:
    passage = replace(PASSAGE, paragraph=None, page=None, ordinal=ordinal)
    assert place_in_words(INFO, passage) == f"{HEAD}, {words} paragraph of the section"


def test_a_report_goes_by_its_council_or_else_by_its_id() -> None:
    assert report_name("Elm Council", "2019-05", "elm-2019") == "Elm Council, May 2019"
    assert report_name(None, "2019", "minutes") == "minutes, 2019"
    assert report_name(None, None, "minutes") == "minutes, date not known"
    assert report_name("Elm Council", None, "elm") == "Elm Council, date not known"


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("2022", "2022"),
        ("2022-07", "July 2022"),
        ("2022-07-05", "5 July 2022"),
        ("2022-12-31", "31 December 2022"),
        ("", "date not known"),
        (None, "date not known"),
    ],
)
def test_a_date_is_as_exact_in_words_as_it_is_in_iso_form(date: str | None, words: str) -> None:
    assert date_in_words(date) == words


def test_each_month_has_its_name() -> None:
    assert len(MONTHS) == 12
    for number, month in enumerate(MONTHS, start=1):
        assert date_in_words(f"2020-{number:02}") == f"{month} 2020"
