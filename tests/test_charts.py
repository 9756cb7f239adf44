"""The charts: nothing in a picture that is not in words, shapes before colours, sums that agree."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import lxml.html
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT
from hypothesis import given, settings
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
from playwright.sync_api import Browser

from rag.page.charts import FEW_COUNCILS, FEWEST, MOST_MARKS, Cell, matrix, timeline
from rag.page.compare import OUTCOMES, View, compare_table
from rag.page.drawing import WIDTH, draw_bars, draw_marks
from rag.records import Answer, Coverage

KENT_OLD = report("Kent Council", "2019-05", "Trams are late.", "Trams are full.")
KENT_NEW = report("Kent Council", "2021")
LEEDS = report("Leeds City Council", "2021-03-09", "Leeds wants trams.")
SUTTON = report("Sutton Council", "2021-07", status="not asked")
UNKNOWN = report(None, None, id="file-7")
SHELF = answer_of(KENT_OLD, KENT_NEW, LEEDS, SUTTON, UNKNOWN)
MANY = answer_of(
    *(report(f"Place {n:02} Council", f"{2010 + n % 3}-0{1 + n % 9}") for n in range(MOST_MARKS)),
    *(report("Kent Council", "2012-05", "Trams are late.") for _ in range(2)),
)
STYLES = "".join(
    (ROOT / "rag" / "page" / "static" / name).read_text(encoding="utf-8")
    for name in ("page.css", "compare.css")
)


def dated(answer: Answer) -> list[Coverage]:
    return sorted((row for row in answer.coverage if row.date), key=lambda row: row.date or "")


def picture(answer: Answer) -> lxml.html.HtmlElement:
    (svg,) = find(parsed(timeline(answer)), "svg")
    return svg


def body(tree: lxml.html.HtmlElement) -> list[list[str]]:
    """The texts of a table, row by row."""
    return [texts(row) for row in find(tree, "tbody tr")]


def cells(tree: lxml.html.HtmlElement) -> dict[str, list[str]]:
    """The cells of a matrix in words, by council; those of the foot under its heading."""
    rows = [*find(tree, "tbody tr"), *find(tree, "tfoot tr")]
    return {text_of(row[0]): texts(row[1:]) for row in rows}


@pytest.mark.parametrize("count", range(FEWEST))
def test_of_fewer_than_three_reports_a_chart_is_one_sentence(count: int) -> None:
    shelf = answer_of(*[KENT_OLD, LEEDS][:count])
    for html in (timeline(shelf), matrix(shelf)):
        tree = parsed(html)
        assert [element.tag for element in tree] == ["p"]
        assert text_of(tree).endswith(".")


def test_a_line_of_time_needs_three_dates() -> None:
    tree = parsed(timeline(answer_of(LEEDS, UNKNOWN, report("Bury Council", None))))
    assert text_of(tree).endswith("of 3 reports 1 has one.")


@settings(deadline=None)
@given(answers())
def test_every_dated_report_is_one_mark_and_every_report_one_line_of_the_table(
    answer: Answer,
) -> None:
    if len(dated(answer)) < FEWEST:
        return
    tree = parsed(timeline(answer))
    shapes = Counter(mark.get("class").split()[1] for mark in find(tree, "svg .mark"))
    assert shapes == Counter(OUTCOMES[row.status].name for row in dated(answer))
    assert len(find(tree, "svg g")) == len(find(tree, "g title")) == shapes.total()
    rows = body(tree)
    assert len(rows) == len(answer.coverage)
    assert sum(int(row[3]) for row in rows) == len(answer.citations)
    outcomes = Counter(row[2].split(" ", 1)[1] for row in rows)
    assert outcomes == Counter(OUTCOMES[row.status].words for row in answer.coverage)


@settings(deadline=None)
@given(answers(most=MOST_MARKS))
def test_no_two_marks_overlap_and_none_leaves_the_picture(answer: Answer) -> None:
    if not dated(answer):
        return
    drawing = draw_marks(dated(answer))
    spans = sorted(
        (mark.y, *sorted((mark.x, mark.label_x + sign * 6 * len(mark.label))))
        for mark in drawing.marks
        for sign in [-1 if mark.anchor == "end" else 1]
    )
    for (y, _, end), (other_y, start, _) in pairwise(spans):
        assert y < other_y or end < start
    assert all(start >= 0 and end <= WIDTH and 0 < y < drawing.axis for y, start, end in spans)


@settings(deadline=None)
@given(answers())
def test_marks_stand_in_order_of_time(answer: Answer) -> None:
    rows = dated(answer)
    if rows:
        places = dict(zip((row.date for row in rows), draw_marks(rows).marks, strict=False))
        days = {day: mark.x for day, mark in places.items() if day and len(day) == 10}
        assert [days[day] for day in sorted(days)] == sorted(days.values())


def test_a_date_without_its_month_stands_in_the_middle_of_its_year() -> None:
    rows = [replace(KENT_OLD[0], date=date) for date in ("2020", "2020-01-01", "2021-01-01")]
    year, start, end = (mark.x for mark in draw_marks(rows).marks)
    assert year == pytest.approx((start + end) / 2, abs=1)


def test_outcomes_differ_by_shape_and_the_legend_tells_them_in_words() -> None:
    svg = picture(SHELF)
    speaks, silent, unasked = (
        find(svg, f"g .{name}")[0] for name in ("speaks", "silent", "unasked")
    )
    assert (speaks.tag, speaks.get("fill")) == ("circle", "currentColor")
    assert (silent.tag, silent.get("fill")) == ("circle", "none")
    assert unasked.tag == "path"
    legend = texts(find(parsed(timeline(SHELF)), "ul.legend li"))
    assert legend == ["● Speaks (2)", "○ No mention found (1)", "– Not asked (1)"]


def test_a_picture_has_a_title_and_a_description_and_scales() -> None:
    svg = picture(SHELF)
    assert svg.get("role") == "img"
    assert text_of(find(svg, "title")[0]) == "4 reports on a line of time"
    assert text_of(find(svg, "desc")[0]).startswith(
        "From May 2019 to July 2021. Searched 4 reports: 2 mention it, 2 do not. 1 was not asked."
    )
    assert svg.get("viewbox").startswith(f"0 0 {WIDTH}")


def test_a_mark_says_which_report_it_is_and_what_it_says() -> None:
    assert texts(find(picture(SHELF), "g title")) == [
        "Kent Council, May 2019: speaks, 2 quotes",
        "Kent Council, 2021: no mention found",
        "Leeds City Council, 9 March 2021: speaks, 1 quote",
        "Sutton Council, July 2021: not asked",
    ]
    assert texts(find(picture(SHELF), "text.label")) == ["Kent", "Kent", "Leeds", "Sutton"]


def test_reports_without_a_date_are_named_beneath() -> None:
    note = text_of(find(parsed(timeline(SHELF)), "p.note")[0])
    assert note == "Without a known date, and so not in the picture: file-7 (no mention found)"
    some = (report(f"Place {n:02} Council", None) for n in range(20))
    note = text_of(find(parsed(timeline(answer_of(*some, KENT_OLD, KENT_NEW, LEEDS))), "p.note")[0])
    assert note.endswith("Place 11 Council (no mention found) and 8 more")


def test_the_axis_has_room_for_its_labels_however_long_it_is() -> None:
    for years in (1, 5, 14, 40, 1000):
        rows = [replace(KENT_OLD[0], date=f"{year:04}") for year in (2020 - years, 2020)]
        labelled = [x for x, label in draw_marks(rows).ticks if label]
        assert labelled
        assert all(b - a > 40 for a, b in pairwise(labelled))


def test_more_reports_than_can_be_marked_are_counted_by_year_as_bars() -> None:
    tree = parsed(timeline(MANY))
    assert texts(find(tree, "svg .label")) == ["20 do not", "20 do not", "2 speak, 20 do not"]
    assert body(tree) == [
        ["2010", "20", "0", "20", "0"],
        ["2011", "20", "0", "20", "0"],
        ["2012", "22", "2", "20", "0"],
    ]
    assert texts(find(tree, "ul.legend li")) == [
        "● Speaks: filled (2)",
        "○ No mention found: outlined (60)",
    ]


@settings(deadline=None)
@given(answers(most=40))
def test_bars_are_as_long_as_they_have_reports_and_years_between_are_there(
    answer: Answer,
) -> None:
    if not (rows := dated(answer)):
        return
    bars = draw_bars(rows).bars
    counts = Counter(row.date[:4] for row in rows if row.date)
    first, last = int(min(counts)), int(max(counts))
    between = map(str, range(first, last + 1)) if last - first < 60 else sorted(counts)
    assert [bar.year for bar in bars] == list(between)
    unit = 400 / max(counts.values())
    for bar in bars:
        length = sum(width for _, _, width in bar.stretches)
        assert length == pytest.approx(unit * counts[bar.year], abs=0.2)
        assert (
            bar.words == "no report"
            or sum(map(int, re.findall(r"\d+", bar.words))) == (counts[bar.year])
        )


def test_the_cells_of_the_matrix_are_told_apart_in_words_and_without_colour() -> None:
    tree = parsed(matrix(SHELF))
    assert texts(find(tree, "thead th")) == [
        "Council",
        "2019",
        "2021",
        "Date not known",
        "All years",
    ]
    two, one, searched = "2 quotes in 1 report", "1 quote in 1 report", "○ searched, no mention"
    none, unasked = "no report", "– not asked"
    assert cells(tree) == {
        "Kent Council": [two, searched, none, "2 in 1 of 2 reports"],
        "Leeds City Council": [none, one, none, "1 in 1 of 1 reports"],
        "Sutton Council": [none, unasked, none, "0 not asked"],
        "Council not known": [none, none, searched, "0 in 0 of 1 reports"],
        "All councils": [
            "2 in 1 of 1 reports",
            "1 in 1 of 2 reports",
            "0 in 0 of 1 reports",
            "3 in 2 of 4 reports",
        ],
    }
    bars = [len(find(cell, "rect")) for cell in find(tree, "tbody td")]
    assert sum(bars) == 2
    seen = {_seen(cell) for cell in find(tree, "tbody td")[:3]}
    assert seen == {"2", "○", ""}


def _seen(cell: lxml.html.HtmlElement) -> str:
    """What of a cell is for the eye."""
    for hidden in find(cell, ".sr"):
        hidden.text = ""
    return text_of(cell)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(), "no report"),
        (Cell(3, 1), "3 quotes in 1 report"),
        (Cell(1, 1, 2), "1 quote in 1 report; no mention in 2 reports"),
        (Cell(silent=1), "searched, no mention"),
        (Cell(silent=3), "searched, no mention in 3 reports"),
        (Cell(silent=1, unasked=1), "searched, no mention in 1 report; 1 report not asked"),
        (Cell(unasked=1), "not asked"),
        (Cell(unasked=2), "2 reports not asked"),
        (Cell(unread=1), "not read closely"),
        (
            Cell(silent=2, unread=3),
            "searched, no mention in 2 reports; not read closely in 3 reports",
        ),
    ],
)
def test_a_cell_in_words_says_all_that_it_counts(cell: Cell, words: str) -> None:
    assert cell.words == words


def test_a_bar_is_as_long_as_its_share_of_the_most_quotes() -> None:
    rects = find(parsed(matrix(SHELF)), "rect")
    assert [rect.get("width") for rect in rects] == ["100.0", "50.0"]


@settings(deadline=None)
@given(answers())
def test_the_sums_of_the_matrix_are_those_of_the_answer_with_and_without_the_silent(
    answer: Answer,
) -> None:
    if answer.refused or len(answer.coverage) < FEWEST:
        return
    for every in (True, False):
        tree = parsed(matrix(answer, every_council=every))
        totals = [int(text_of(find(td, ".found")[0])) for td in find(tree, "tfoot td")]
        rows = [int(text_of(find(td, ".found")[0])) for td in find(tree, "tbody td.total")]
        found = [int(text_of(span).replace(",", "")) for span in find(tree, "tbody .found")]
        assert totals[-1] == sum(totals[:-1]) == sum(rows) == len(answer.citations)
        assert sum(found) == 2 * len(answer.citations)
        years = {row.date[:4] if row.date else "Date not known" for row in answer.coverage}
        assert texts(find(tree, "thead th"))[1:-1] == sorted(years)


def test_of_many_councils_the_silent_are_counted_in_one_row_unless_all_are_wanted() -> None:
    silent = [report(f"Place {n:02} Council", f"20{20 + n % 2}") for n in range(FEW_COUNCILS)]
    shelf = answer_of(*silent, KENT_OLD, SUTTON)
    few = cells(parsed(matrix(shelf)))
    assert list(few) == [
        "Kent Council", "12 councils: no mention", "1 council: not asked", "All councils",
    ]  # fmt: skip
    assert few["12 councils: no mention"] == [
        "no report",
        "○ 6 searched, no mention in 6 reports",
        "○ 6 searched, no mention in 6 reports",
        "0 in 0 of 12 reports",
    ]
    every = cells(parsed(matrix(shelf, every_council=True)))
    assert len(every) == FEW_COUNCILS + 3
    assert every["All councils"] == few["All councils"]
    assert next(iter(every)) == "Kent Council"


UNREAD = report("Bury Council", "2020-02", status="not read")


def test_a_report_that_was_not_read_closely_has_a_mark_and_words_of_its_own() -> None:
    shelf = answer_of(KENT_OLD, KENT_NEW, SUTTON, UNREAD)
    tree = parsed(timeline(shelf))
    assert len(find(tree, "svg path.half")) == 1
    assert "◐ Not read closely (1)" in texts(find(tree, "ul.legend li"))
    assert ["February 2020", "Bury Council", "◐ Not read closely", "0"] in body(tree)
    tree = parsed(matrix(shelf))
    assert cells(tree)["Bury Council"] == [
        "no report",
        "◐ not read closely",
        "no report",
        "0 in 0 of 1 reports",
    ]
    assert "half circle: searched, not read closely" in text_of(find(tree, "p.note")[0])
    assert "half circle" not in matrix(SHELF)


def test_the_bars_and_the_table_of_many_reports_count_those_not_read_closely() -> None:
    unread = [report(f"Bury {n} Council", "2012", status="not read") for n in range(5)]
    rows = [(row, [c.quote for c in MANY.citations if c.report == row.report][:1])
            for row in MANY.coverage[:-2]]  # fmt: skip
    tree = parsed(timeline(answer_of(*rows, *unread)))
    assert texts(find(tree, "thead th"))[2:] == [
        *("Speaks", "Not read closely", "No mention found", "Not asked")
    ]
    assert body(tree)[2] == ["2012", "25", "0", "5", "20", "0"]
    assert texts(find(tree, "svg .label"))[2] == "20 do not, 5 not read closely"
    assert "◐ Not read closely: half filled (5)" in texts(find(tree, "ul.legend li"))


def test_of_very_many_councils_with_evidence_those_with_the_fewest_quotes_are_one_row() -> None:
    spoken = [report(f"Place {n:03} Council", "2020", "Trams.") for n in range(70)]
    shelf = answer_of(*spoken, KENT_OLD, KENT_NEW)
    few = cells(parsed(matrix(shelf)))
    assert few["11 councils: fewer quotes each"][1] == "11 quotes in 11 reports"
    assert "Kent Council" in few
    assert few["All councils"][-1] == "72 in 71 of 72 reports"
    assert few["All councils"] == cells(parsed(matrix(shelf, every_council=True)))["All councils"]


def test_of_many_councils_those_not_read_closely_are_not_counted_among_the_silent() -> None:
    silent = [report(f"Place {n:02} Council", "2019") for n in range(FEW_COUNCILS)]
    few = cells(parsed(matrix(answer_of(*silent, KENT_OLD, UNREAD, SUTTON))))
    assert list(few)[1:-1] == [
        "1 council: not read closely", "12 councils: no mention", "1 council: not asked",
    ]  # fmt: skip


def test_names_of_one_place_are_one_row() -> None:
    shelf = answer_of(SUTTON, report("London Borough of Sutton", "2019", "Trams."), LEEDS)
    assert "London Borough of Sutton / Sutton Council" in cells(parsed(matrix(shelf)))


def test_where_nothing_speaks_there_is_a_sentence_and_no_matrix() -> None:
    shelf = answer_of(KENT_NEW, SUTTON, UNKNOWN)
    assert text_of(parsed(matrix(shelf))) == (
        "Searched 2 reports: 0 mention it, 2 do not. 1 was not asked."
        " There are no quotes to count by council and year."
    )


@pytest.mark.parametrize("chart", [timeline, matrix])
def test_nothing_that_a_report_or_a_question_says_becomes_markup(chart: object) -> None:
    assert callable(chart)
    row, _ = report(HOSTILE, "2020", HOSTILE, id=HOSTILE)
    rows = [replace(row, date=date) for date in ("2020", "2021-01", "2022-02-03", None)]
    html = chart(answer_of(*((row, [HOSTILE]) for row in rows), question=HOSTILE))
    assert_only_text(html, HOSTILE)
    turned = [e.tag for e in parsed(html).iter() if "\u202e" in (e.text or "") + (e.tail or "")]
    assert set(turned) == {"bdi"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_table_and_charts_fit_a_narrow_screen_and_have_no_violation(
    browser: Browser, scheme: str
) -> None:
    parts = (compare_table(SHELF, View(group="council")), timeline(SHELF), matrix(SHELF))
    look = "dark" if scheme == "dark" else ""
    html = (
        f'<!doctype html><html lang="en"><head><title>Charts</title><style>{STYLES}'
        f"body {{ background: var(--paper) }}</style></head><body class='{look}'>"
        f'<main class="rag"><h1>Charts</h1>{"".join(parts)}</main></body></html>'
    )
    with browser.new_page(viewport={"width": 320, "height": 640}) as page:
        page.set_content(html)
        page.get_by_text("The same as a table").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert Axe().run(page).response["violations"] == []
