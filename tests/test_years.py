"""Years: which reports a question's dates leave, and that undated reports always stay."""

from __future__ import annotations

import pytest

from rag.records import ReportInfo
from rag.years import Restriction, restrict_by_date


def info(report: str, council: str | None, date: str | None) -> ReportInfo:
    return ReportInfo(report, None, council, date, None, None, None, "full", 1, 100)


ELM_2019 = info("elm-2019", "Elm Council", "2019-05")
ELM_2020 = info("elm-2020", "Elm Council", "2020-12-01")
OAK_2022 = info("oak-2022", "Oak Council", "2022")
ASH_2024 = info("ash-2024", "Ash Council", "2024-03")
UNDATED = info("undated", "Fir Council", None)
SHELF = (ELM_2019, ELM_2020, OAK_2022, ASH_2024, UNDATED)
ALL = {i.report for i in SHELF}


def left(text: str, *reports: ReportInfo, named: bool = False) -> set[str]:
    return set(restrict_by_date(text, reports or SHELF, council_named=named).kept)


def rest(text: str, restriction: Restriction) -> str:
    return " ".join(restriction.pattern.sub(" ", text).split())


@pytest.mark.parametrize(
    ("text", "kept", "reason"),
    [
        ("since 2022", {"oak-2022", "ash-2024"}, "since 2022"),
        ("from 2022 onwards", {"oak-2022", "ash-2024"}, "since 2022"),
        ("SINCE July 2022", {"oak-2022", "ash-2024"}, "since 2022"),
        ("after 2022", {"ash-2024"}, "since 2023"),
        ("after 2019", {"elm-2020", "oak-2022", "ash-2024"}, "since 2020"),
        ("before 2020", {"elm-2019"}, "up to 2019"),
        ("before 2019", set(), "up to 2018"),
        ("until 2020", {"elm-2019", "elm-2020"}, "up to 2020"),
        ("up to 2022", {"elm-2019", "elm-2020", "oak-2022"}, "up to 2022"),
        ("till 2019", {"elm-2019"}, "up to 2019"),
        ("between 2020 and 2022", {"elm-2020", "oak-2022"}, "from 2020 to 2022"),
        ("from 2020 to 2022", {"elm-2020", "oak-2022"}, "from 2020 to 2022"),
        ("between 2022 and 2020", {"elm-2020", "oak-2022"}, "from 2020 to 2022"),
        ("between 2015 and 2018", set(), "from 2015 to 2018"),
    ],
)
def test_a_range_keeps_the_reports_within_it_and_those_without_a_date(
    text: str, kept: set[str], reason: str
) -> None:
    found = restrict_by_date(f"carers {text}", SHELF, council_named=False)
    assert set(found.kept) == {*kept, "undated"}
    assert found.reason == f"it asks for reports {reason}"
    assert rest(f"carers {text}", found) == "carers"


@pytest.mark.parametrize(
    "text",
    ["from May 2019 to December 2020", "between May 2019 and December 2020"],
)
def test_a_range_of_months_has_both_its_ends(text: str) -> None:
    assert left(text) == {"elm-2019", "elm-2020", "undated"}


def test_after_one_year_and_before_another_has_both_its_ends() -> None:
    assert left("after 2019 and before 2023") == {"elm-2020", "oak-2022", "undated"}


def test_since_a_review_means_the_reports_that_came_after_it() -> None:
    assert "elm-2020" in left("what has Elm done since the 2019 review", ELM_2019, ELM_2020)


@pytest.mark.parametrize("word", ["latest", "the newest", "the most recent"])
def test_the_latest_is_one_report_of_each_council(word: str) -> None:
    found = restrict_by_date(f"{word} report on carers", SHELF, council_named=False)
    assert found.kept == {"elm-2020", "oak-2022", "ash-2024", "undated"}
    assert found.reason == "it asks for the latest report"
    assert rest(f"{word} report on carers", found) == "report on carers"


def test_a_month_makes_a_report_newer_than_its_year_alone() -> None:
    may, june = info("may", "Elm Council", "2019-05"), info("june", "Elm Council", "2019-06")
    assert left("the latest", may, june, named=True) == {"june"}
    assert left("the latest", june, may, named=True) == {"june"}


@pytest.mark.parametrize(
    "text",
    [
        "the 2019 review",
        "the 2019 peer challenge",
        "the report of 2019",
        "reviewers in May 2019",
        "what the peers said in 2019",
    ],
)
def test_a_year_said_of_a_report_leaves_out_the_other_reports_of_that_council(text: str) -> None:
    assert left(text, ELM_2019, ELM_2020, named=True) == {"elm-2019"}


def test_a_year_said_of_a_report_leaves_out_the_reports_of_other_years() -> None:
    assert left("the 2019 review") == {"elm-2019", "undated"}


def test_a_year_said_of_a_report_that_is_not_there_leaves_no_dated_report() -> None:
    found = restrict_by_date("the 2017 review", (ELM_2019, OAK_2022), council_named=True)
    assert found.kept == set()
    assert found.reason == "it asks for reports of 2017"


def test_a_bare_year_beside_a_council_with_a_report_of_it_restricts() -> None:
    found = restrict_by_date("elm 2019 carers", (ELM_2019, ELM_2020), council_named=True)
    assert found.kept == {"elm-2019"}
    assert found.reason == "it asks for reports of 2019"
    assert found.words == ("2019",)


@pytest.mark.parametrize(
    ("text", "named"),
    [("what happened in 2019", False), ("elm 2018", True), ("budget by 2030", True)],
)
def test_another_bare_year_restricts_nothing_but_is_shown(text: str, named: bool) -> None:
    found = restrict_by_date(text, SHELF, council_named=named)
    assert set(found.kept) == ALL
    assert found.reason == ""
    assert len(found.words) == 1


def test_a_question_without_a_year_restricts_nothing() -> None:
    found = restrict_by_date("carers on the A2019 road, 12019 of them", SHELF, council_named=True)
    assert set(found.kept) == ALL
    assert (found.reason, found.words) == ("", ())


def test_of_two_councils_and_one_year_the_other_council_keeps_its_reports() -> None:
    asked = (ELM_2019, ELM_2020, ASH_2024)
    assert left("compare elm 2019 and ash", *asked, named=True) == {"elm-2019", "ash-2024"}


def test_two_years_beside_a_council_keep_both_of_its_reports() -> None:
    asked = (ELM_2019, ELM_2020, info("elm-2023", "Elm Council", "2023"))
    assert left("elm 2019 and 2020", *asked, named=True) == {"elm-2019", "elm-2020"}


OLD_ELM = info("elm-undated", "Elm Council", None)


@pytest.mark.parametrize(
    "text",
    [
        "since 2020",
        "before 2001",
        "between 2001 and 2002",
        pytest.param("the 2019 review"),
        pytest.param("the 2017 review"),
        pytest.param("elm 2019"),
        pytest.param("the latest"),
    ],
)
def test_a_report_without_a_date_always_stays(text: str) -> None:
    assert "elm-undated" in left(text, ELM_2019, ELM_2020, OLD_ELM, named=True)


def test_the_latest_does_not_merge_reports_of_unknown_councils() -> None:
    first, second = info("first", None, None), info("second", None, None)
    assert left("the latest", first, second) == {"first", "second"}


def test_a_shelf_without_reports_has_nothing_to_keep() -> None:
    assert restrict_by_date("the latest since 2019", (), council_named=False).kept == set()
    assert restrict_by_date("the latest", (), council_named=False).kept == set()
