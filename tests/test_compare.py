"""The comparison: one row per report whatever the view, and counts that add up."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import get_args

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_answers import (
    HOSTILE,
    answer_of,
    answers,
    assert_only_text,
    find,
    parsed,
    report,
    text_of,
    texts,
)

from rag.errors import InputError
from rag.page.answers import whole
from rag.page.charts import matrix, timeline
from rag.page.compare import Group, Show, Sort, View, compare_page, compare_table, counted
from rag.page.links import read_link
from rag.records import Answer, Decided, Status
from rag.wording import decided_in_words

KENT_OLD = report("Kent Council", "2019-05", "Trams are late.", "Trams are full.")
KENT_NEW = report("Kent Council", "2021")
LEEDS = report("Leeds City Council", "2020-03-09", "Leeds wants trams.")
SUTTON = report("London Borough of Sutton", "2022-07", status="not asked")
SUTTON_OLD = report("Sutton Council", "2018")
UNKNOWN = report(None, None, id="file-7")
SHELF = answer_of(UNKNOWN, KENT_NEW, SUTTON, KENT_OLD, LEEDS, SUTTON_OLD)
VIEWS = st.builds(
    View,
    group=st.sampled_from(get_args(Group)),
    sort=st.sampled_from(get_args(Sort)),
    show=st.sampled_from(get_args(Show)),
    containing=st.sampled_from(["", "kent", "TRAM", "sutton trams", "nowhere"]),
)
SHOWN: dict[str, Status] = {
    "speaks": "evidence",
    "not read": "not read",
    "no mention": "no mention",
    "not asked": "not asked",
}


PLAIN = View()
QUOTES = tuple(
    f"Trams {n} are late, and people in the area told us of long waits." for n in range(3)
)


def table(answer: Answer, view: View = PLAIN, **page: int) -> lxml.html.HtmlElement:
    return parsed(compare_table(answer, view, **page))


def rows(tree: lxml.html.HtmlElement) -> list[lxml.html.HtmlElement]:
    return find(tree, "tr.report")


def names(tree: lxml.html.HtmlElement) -> list[str]:
    """Council and date of each row, in order."""
    return [
        f"{text_of(find(row, 'th bdi')[0])}, {text_of(find(row, 'td.date')[0])}"
        for row in rows(tree)
    ]


def headings(tree: lxml.html.HtmlElement) -> list[str]:
    return texts(find(tree, "tr.group th"))


def evidence(row: lxml.html.HtmlElement) -> str:
    return text_of(find(row, "td.evidence")[0])


def expected(answer: Answer, view: View) -> list[tuple[str, ...]]:
    """The slow obvious twin of the filter: council, reason and quotes of each row that fits."""
    found = []
    for row in answer.coverage:
        quotes = [c.quote for c in answer.citations if c.report == row.report]
        said = " ".join([row.council or "", row.title or "", row.reason, *quotes]).lower()
        if view.show != "all" and row.status != SHOWN[view.show]:
            continue
        if all(word in said for word in view.containing.lower().split()):
            found.append((row.council or "Council not known", row.report, *quotes))
    return sorted(found)


@settings(deadline=None)
@given(answers(), VIEWS)
def test_every_report_that_fits_stands_in_exactly_one_row_with_all_its_quotes(
    answer: Answer, view: View
) -> None:
    answer = replace(answer, coverage=tuple(replace(r, title=r.report) for r in answer.coverage))
    shown = [
        (
            text_of(find(row, "th bdi")[0]),
            text_of(find(row, ".title")[0]),
            *(text_of(find(quote, "bdi")[0]) for quote in find(row, "p.quote")),
        )
        for row in rows(table(answer, view))
    ]
    assert sorted(shown) == expected(answer, view)


@settings(deadline=None)
@given(answers(), VIEWS)
def test_the_counts_of_the_groups_add_up_to_the_rows(answer: Answer, view: View) -> None:
    tree = table(answer, view)
    counts = [int(re.findall(r": (\d+) reports?\b", heading)[-1]) for heading in headings(tree)]
    if view.group == "nothing":
        assert counts == []
    else:
        assert sum(counts) == len(rows(tree))
        assert counts == [len(find(body, "tr.report")) for body in find(tree, "tbody")]


@settings(deadline=None)
@given(answers(), VIEWS)
def test_the_count_above_the_table_is_of_the_whole_shelf_whatever_is_hidden(
    answer: Answer, view: View
) -> None:
    line = text_of(find(table(answer, view), ".count")[0])
    assert line == text_of(find(table(answer), ".count")[0])
    statuses = [row.status for row in answer.coverage]
    if len(statuses) > statuses.count("not asked"):
        numbers = list(map(int, re.findall(r"\d+", line)))
        silent, left_out = statuses.count("no mention"), statuses.count("not asked")
        speaking, unread = statuses.count("evidence"), statuses.count("not read")
        told = [n for n in (unread, left_out) if n]
        assert numbers == [speaking + unread + silent, speaking, silent, *told]


@settings(deadline=None)
@given(answers(), VIEWS)
def test_reports_of_one_council_stand_in_order_of_time_wherever_rows_are_by_council(
    answer: Answer, view: View
) -> None:
    if view.group != "council" and view.sort not in ("shelf", "council"):
        return
    if view.group in ("year", "outcome"):
        return
    dated = {row.report: row.date or "9999" for row in answer.coverage}
    titled = replace(answer, coverage=tuple(replace(r, title=r.report) for r in answer.coverage))
    seen: dict[str, list[str]] = {}
    for row in rows(table(titled, view)):
        council = text_of(find(row, "th bdi")[0])
        place = "Sutton" if "Sutton" in council else council
        seen.setdefault(place, []).append(dated[text_of(find(row, ".title")[0])])
    assert [dates for dates in seen.values() if dates != sorted(dates)] == []
    assert "Council not known" not in list(seen)[:-1]


@settings(deadline=None)
@given(answers(), VIEWS, st.randoms(use_true_random=False))
def test_the_order_depends_on_the_view_and_not_on_the_order_of_the_shelf(
    answer: Answer, view: View, rnd: random.Random
) -> None:
    shuffled = list(answer.coverage)
    rnd.shuffle(shuffled)
    if view.sort != "shelf":
        other = replace(answer, coverage=tuple(shuffled))
        assert compare_table(other, view) == compare_table(answer, view)


@settings(deadline=None)
@given(answers(), VIEWS, st.integers(1, 7))
def test_the_pages_together_are_the_whole_table(answer: Answer, view: View, most: int) -> None:
    whole = [lxml.html.tostring(row) for row in rows(table(answer, view))]
    pages = [
        lxml.html.tostring(row)
        for first in range(0, len(whole), most)
        for row in rows(table(answer, view, first=first, most=most))
    ]
    assert pages == whole


def test_rows_on_the_shelf_stand_by_council_then_time_and_the_unknown_last() -> None:
    assert names(table(SHELF)) == [
        "Kent Council, May 2019",
        "Kent Council, 2021",
        "Sutton Council, 2018",
        "London Borough of Sutton, July 2022",
        "Leeds City Council, 9 March 2020",
        "Council not known, date not known",
    ]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("council", "Kent Council, May 2019", "Council not known, date not known"),
        ("newest", "London Borough of Sutton, July 2022", "Council not known, date not known"),
        ("oldest", "Sutton Council, 2018", "Council not known, date not known"),
        ("outcome", "Kent Council, May 2019", "London Borough of Sutton, July 2022"),
        ("quotes", "Kent Council, May 2019", "Council not known, date not known"),
    ],
)
def test_each_sort_begins_and_ends_as_its_name_says(sort: Sort, first: str, last: str) -> None:
    shown = names(table(SHELF, View(sort=sort)))
    assert (shown[0], shown[-1]) == (first, last)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (
            View(group="council"),
            [
                "Kent Council: 2 reports, 1 speaks",
                "Sutton Council / London Borough of Sutton: 2 reports, 0 speak",
                "Leeds City Council: 1 report, 1 speaks",
                "Council not known: 1 report, 0 speak",
            ],
        ),
        (
            View(group="year", sort="newest"),
            [
                "2022: 1 report, 0 speak",
                "2021: 1 report, 0 speak",
                "2020: 1 report, 1 speaks",
                "2019: 1 report, 1 speaks",
                "2018: 1 report, 0 speak",
                "Date not known: 1 report, 0 speak",
            ],
        ),
        (
            View(group="outcome"),
            ["Speaks: 2 reports", "No mention found: 3 reports", "Not asked: 1 report"],
        ),
    ],
)
def test_a_group_is_headed_by_its_name_and_count(view: View, said: list[str]) -> None:
    tree = table(SHELF, view)
    assert headings(tree) == said
    assert {th.get("scope") for th in find(tree, "tr.group th")} == {"rowgroup"}


def test_years_rise_unless_the_newest_is_wanted_first() -> None:
    assert headings(table(SHELF, View(group="year")))[0].startswith("2018")


@pytest.mark.parametrize(
    ("reports", "line"),
    [
        ((KENT_OLD, LEEDS, KENT_NEW), "Searched 3 reports: 2 mention it, 1 does not."),
        ((KENT_OLD,), "Searched 1 report: 1 mentions it, 0 do not."),
        ((KENT_NEW, SUTTON), "Searched 1 report: 0 mention it, 1 does not. 1 was not asked."),
        (
            (KENT_OLD, SUTTON, report("Leeds", "2020", status="not asked")),
            "Searched 1 report: 1 mentions it, 0 do not. 2 were not asked.",
        ),
        ((SUTTON,), "Searched no report: 1 was not asked."),
        (
            (KENT_OLD, KENT_NEW, report("Leeds", "2020", status="not read")),
            "Searched 3 reports: 1 mentions it, 1 does not. 1 was not read closely.",
        ),
    ],
)
def test_the_count_is_right_in_singular_and_plural(
    reports: tuple[tuple[object, tuple[str, ...]], ...], line: str
) -> None:
    assert text_of(find(table(answer_of(*reports)), ".count")[0]) == line  # type: ignore[arg-type]


def test_numbers_have_their_thousands_told_apart() -> None:
    assert [counted(1, "report"), counted(10_412, "report")] == ["1 report", "10,412 reports"]


def test_a_quote_stands_in_quotation_marks_with_a_link_and_its_place_in_the_report() -> None:
    (row,) = rows(table(answer_of(LEEDS)))
    assert evidence(row) == ("Speaks of trams. “Leeds wants trams.” [1] “Transport”, paragraph 1")
    (link,) = find(row, "a.cite")
    assert (link.text, link.get("href")) == ("[1]", read_link(answer_of(LEEDS).citations[0]))


def test_a_repetition_is_told_with_its_place() -> None:
    answer = answer_of(LEEDS)
    again = replace(answer.citations[0], also=("Leeds City Council, 9 March 2020, page 9",))
    (row,) = rows(table(replace(answer, citations=(again,))))
    assert evidence(row).endswith("Nearly the same: page 9")


def test_an_outcome_is_words_and_a_sign_that_is_not_read_out() -> None:
    shelf = answer_of(LEEDS, KENT_NEW, SUTTON, report("Bury Council", "2020", status="not read"))
    outcomes = find(table(shelf, View(sort="outcome")), ".outcome")
    assert texts(outcomes) == [
        *("● Speaks", "◐ Not read closely", "○ No mention found", "– Not asked")
    ]
    assert [find(o, ".sign")[0].get("aria-hidden") for o in outcomes] == ["true"] * 4


def test_a_silent_report_says_what_was_looked_for_and_one_left_out_says_why() -> None:
    shown = rows(table(answer_of(KENT_NEW, SUTTON)))
    assert [evidence(row) for row in shown] == [
        "Nothing on trams.",
        "Left out: it asks for reports since 2020.",
    ]


def test_a_date_is_written_in_words_and_for_machines() -> None:
    (time,) = find(table(answer_of(LEEDS, UNKNOWN)), "time")
    assert (time.get("datetime"), time.text) == ("2020-03-09", "9 March 2020")


def test_a_filter_looks_for_every_word_anywhere_in_the_row_and_says_what_it_hides() -> None:
    tree = table(SHELF, View(containing="  FULL kent "))
    assert names(tree) == ["Kent Council, May 2019"]
    assert "“Trams are late.”" in evidence(rows(tree)[0])
    assert texts(find(tree, ".note")) == ["Showing 1 of 6."]


def test_a_filter_that_nothing_fits_leaves_no_table() -> None:
    tree = table(SHELF, View(containing="kent leeds"))
    assert texts(find(tree, ".note")) == ["Showing 0 of 6.", "No report fits this filter."]
    assert find(tree, "table") == []


def test_an_empty_shelf_is_one_sentence() -> None:
    assert text_of(table(answer_of())) == "There is no report on the shelf."


def test_a_refused_answer_has_every_row_and_no_quote() -> None:
    answer = answer_of(KENT_NEW, SUTTON_OLD)
    closest = answer_of(LEEDS).citations
    tree = table(replace(answer, closest=closest))
    assert len(rows(tree)) == 2
    assert find(tree, ".quote") == []
    assert "Leeds" not in text_of(tree)


LONG = answer_of(
    *(report(f"Spoken {n:03} Council", "2021", "Trams.") for n in range(130)),
    *(report(f"Unread {n:03} Council", "2021", status="not read") for n in range(15)),
    *(report(f"Silent {n:03} Council", "2021") for n in range(240)),
    *((replace(one[0], reason=f"mentions depot {n}"), one[1])
      for n in range(30) for one in [report(f"Odd {n:03} Council", "2021")]),
    *((replace(one[0], reason="mentions trams only"), one[1])
      for n in range(20) for one in [report(f"Even {n:03} Council", "2021")]),
    *(report(f"Unasked {n:03} Council", "2021", status="not asked") for n in range(5)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "words", "count"),
    [
        (0, "Page 1 of 5, rows 1 to 100 of 440", 100),
        (100, "Page 2 of 5, rows 101 to 200 of 440", 100),
        (400, "Page 5 of 5, rows 401 to 440 of 440", 40),
        (9_999, "Page 5 of 5, rows 401 to 440 of 440", 40),
        (-5, "Page 1 of 5, rows 1 to 100 of 440", 100),
    ],
)
def test_a_long_table_is_shown_in_pages_that_say_where_they_are(
    first: int, words: str, count: int
) -> None:
    for group in get_args(Group):
        page = compare_page(LONG, View(group=group), first)
        assert (page.words, page.several) == (words, True)
        assert len(rows(parsed(page.html))) == count


def test_a_table_that_fits_says_nothing_of_pages() -> None:
    page = compare_page(SHELF)
    assert (page.words, page.several) == ("", False)


@pytest.mark.parametrize(("group", "most"), [("nothing", 7), ("outcome", 100), ("year", 100)])
def test_the_pages_of_a_long_table_show_every_report_once(group: Group, most: int) -> None:
    shown = [
        council
        for first in range(0, len(LONG.coverage), most)
        for council in names(table(LONG, View(group=group), first=first, most=most))
    ]
    assert sorted(shown) == sorted(f"{row.council}, 2021" for row in LONG.coverage)


def folded(tree: lxml.html.HtmlElement) -> list[tuple[str, bool, int]]:
    """What each section that folds is called, whether it is open, and how many rows are in it."""
    return [
        (text_of(find(each, "summary")[0]), each.get("open") is not None, len(rows(each)))
        for each in find(tree, "details")
    ]


def test_a_long_table_folds_by_outcome_and_by_the_reasons_that_many_share() -> None:
    assert folded(table(LONG, first=100)) == [
        ("● Speaks: 130 reports", True, 30),
        ("◐ Not read closely: 15 reports", True, 15),
        ("○ No mention found: 290 reports", True, 55),
        ("Nothing on trams: 240 reports", True, 55),
        ("Mentions trams only: 20 reports", False, 0),
        ("Other reasons: 30 reports", False, 0),
        ("– Not asked: 5 reports", False, 0),
    ]
    assert folded(table(LONG, View(group="year"))) == []
    assert folded(table(SHELF, View(group="outcome"))) == []


def test_a_section_that_stands_on_other_pages_too_says_on_which() -> None:
    sections = find(table(LONG, first=100), "details")
    told = [texts(section.xpath("./p[@class='note']")) for section in sections]
    assert told == [
        *(["On pages 1 to 2."], [], ["On pages 2 to 5."], ["On pages 2 to 4."]),
        *(["On pages 4 to 5."], ["On page 5."], ["On page 5."]),
    ]


def test_every_box_of_a_long_table_that_can_be_scrolled_has_a_name_of_its_own() -> None:
    labels = [box.get("aria-label") for box in find(table(LONG, first=380), ".wide")]
    assert len(labels) > 2
    assert len(set(labels)) == len(labels)


def test_what_the_decisions_rest_on_stands_above_the_table() -> None:
    decided = Decided(searched=440, silent=240, weak=50, close=135, speak=130, unread=15)
    notes = texts(find(table(replace(LONG, decided=decided)), ".note"))
    assert decided_in_words(decided) in notes


def test_a_page_of_ten_thousand_reports_is_small_and_every_chart_too() -> None:
    shelf = answer_of(
        *(report(f"Place {n % 317} Council", f"{1990 + n % 37}", *QUOTES[: 3 * (n % 50 == 0)],
                 id=f"r{n}") for n in range(10_000))
    )  # fmt: skip
    drawn = [compare_table(shelf, View(group=group)) for group in get_args(Group)]
    drawn += [matrix(shelf), timeline(shelf), whole(shelf, "")]
    assert max(len(html.encode()) for html in drawn) < 400_000


def test_a_group_that_goes_on_over_the_page_keeps_its_count_and_says_so() -> None:
    tree = table(SHELF, View(group="council"), first=1, most=2)
    assert headings(tree) == [
        "Kent Council: 2 reports, 1 speaks, continued",
        "Sutton Council / London Borough of Sutton: 2 reports, 0 speak",
    ]
    assert len(rows(tree)) == 2


def test_the_table_has_a_caption_headings_with_scopes_and_a_box_that_can_be_scrolled_by_key() -> (
    None
):
    tree = table(SHELF)
    assert text_of(find(tree, "caption")[0]) == "What each report says: what do they say of trams?"
    assert [th.get("scope") for th in find(tree, "thead th")] == ["col"] * 4
    assert all(find(row, "th")[0].get("scope") == "row" for row in rows(tree))
    (box,) = find(tree, ".wide")
    assert (box.get("tabindex"), box.get("role")) == ("0", "region")
    assert box.get("aria-label")


@pytest.mark.parametrize("group", get_args(Group))
def test_nothing_that_a_report_or_a_question_says_becomes_markup(group: Group) -> None:
    row, quotes = report(HOSTILE, "2020", HOSTILE, id=HOSTILE)
    row = replace(row, title=HOSTILE, reason=HOSTILE)
    answer = answer_of((row, quotes), report(None, None, id=HOSTILE), question=HOSTILE)
    html = compare_table(answer, View(group=group))
    assert_only_text(html, HOSTILE)
    strangers = [e for e in parsed(html).iter() if "\u202e" in (e.text or "")]
    assert [e for e in parsed(html).iter() if "\u202e" in (e.tail or "")] == []
    assert {element.tag for element in strangers} == {"bdi"}


@pytest.mark.parametrize("choice", [{"group": "colour"}, {"sort": "size"}, {"show": "none"}])
def test_a_view_that_there_is_not_is_refused_with_those_that_there_are(
    choice: dict[str, str],
) -> None:
    with pytest.raises(InputError, match="Choose one of: "):
        View(**choice)  # type: ignore[arg-type]
