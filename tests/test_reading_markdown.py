"""Markdown: marks tell headings, lists and tables; a brief tells where its paragraphs stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CORPUS, FIVE
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ReadingError
from rag.reading import load_catalogue, read_file, read_text
from rag.records import Report


def markdown(text: str) -> Report:
    return read_text(text, Path("report.md"), text.encode())


def brief(text: str) -> Report:
    return markdown(f"---\nform: brief\n---\n{text}")


def content(report: Report) -> list[tuple[str, str | None, int, str]]:
    """Kind, printed number, ordinal and text of every block that is not a heading."""
    return [
        (b.kind, b.paragraph, b.ordinal, report.text[b.start : b.end])
        for b in report.blocks
        if b.kind != "heading"
    ]


def texts(report: Report) -> list[str]:
    return [text for *_, text in content(report)]


# --- marks -----------------------------------------------------------------------------------


def test_headings_nest_by_their_level() -> None:
    report = markdown("## A\n\na.\n\n### B\n\nb.\n\n#### C\n\nc.\n\n### D\n\nd.\n\n## E\n\ne.")
    found = [b.section for b in report.blocks if b.kind == "paragraph"]
    assert found == [("A",), ("A", "B"), ("A", "B", "C"), ("A", "D"), ("E",)]


def test_a_single_heading_of_the_first_level_is_the_title_and_no_section() -> None:
    report = markdown("# Adult social care peer review\n\n## A\n\nOne.")
    assert report.metadata.title == "Adult social care peer review"
    assert [b.section for b in report.blocks if b.kind == "paragraph"] == [("A",)]


def test_several_headings_of_the_first_level_are_sections() -> None:
    report = markdown("# A\n\nOne.\n\n# B\n\nTwo.")
    assert [b.section for b in report.blocks if b.kind == "paragraph"] == [("A",), ("B",)]


def test_emphasis_links_and_code_give_their_words_only() -> None:
    report = markdown("Some **bold** and _soft_ [words](http://a.example) in `code` \\* here.")
    assert texts(report) == ["Some bold and soft words in code * here."]


def test_wrapped_lines_quotes_and_fences_are_paragraphs() -> None:
    report = markdown("One line\nwrapped here.\n\n> A quote\n> goes on.\n\n```\nA fence.\n```\n")
    assert texts(report) == ["One line wrapped here.", "A quote goes on.", "A fence."]


def test_items_share_the_ordinal_of_the_paragraph_above_them() -> None:
    report = markdown("## A\n\nFirst.\n\nThey saw:\n\n- one\n  - two\n\n- three\n\nLast.")
    assert content(report) == [
        ("paragraph", None, 1, "First."),
        ("paragraph", None, 2, "They saw:"),
        ("item", None, 2, "one"),
        ("item", None, 2, "two"),
        ("item", None, 2, "three"),
        ("paragraph", None, 3, "Last."),
    ]


def test_rising_numbers_are_printed_numbers_and_a_second_list_is_not() -> None:
    report = markdown("1. One.\n\n2. Two.\n\nThey saw:\n\n1. alpha\n2. beta\n\nText.\n\n3. Three.")
    assert [(kind, number) for kind, number, _, _ in content(report)] == [
        ("paragraph", "1"),
        ("paragraph", "2"),
        ("paragraph", "2"),
        ("item", "2"),
        ("item", "2"),
        ("paragraph", "2"),
        ("paragraph", "3"),
    ]
    assert "1. alpha" in texts(report)


def test_an_image_gives_its_words_once() -> None:
    assert texts(markdown("See ![the map](map.png) here.")) == ["See the map here."]


def test_a_line_break_in_html_parts_two_words() -> None:
    assert texts(markdown("Carers<br>wait.")) == ["Carers wait."]


def test_the_words_of_a_block_of_html_are_not_lost() -> None:
    report = markdown("One.\n\n<p>Backlogs fell.</p>\n\nTwo.")
    assert "Backlogs fell." in report.text


# --- tables ----------------------------------------------------------------------------------


def test_a_table_is_read_row_by_row_with_its_headers() -> None:
    head = "| Area | Grade | Date |\n|---|:-:|--:|\n"
    rows = "| Front door | good | May |\n| Home care | poor | |\n"
    report = markdown(f"## Grades\n\nAs follows:\n\n{head}{rows}\nThe end.")
    assert content(report) == [
        ("paragraph", None, 1, "As follows:"),
        ("row", None, 1, "Area: Front door. Grade: good; Date: May"),
        ("row", None, 1, "Area: Home care. Grade: poor"),
        ("paragraph", None, 2, "The end."),
    ]


def test_two_columns_are_read_as_pairs_and_marks_are_taken_off() -> None:
    report = markdown("| | Grade |\n|---|---|\n| **Sefton** | a \\| b |\n| | |\n")
    assert texts(report) == ["Grade", "Sefton: a | b"]


# --- front matter ----------------------------------------------------------------------------


def test_front_matter_is_metadata_and_no_text() -> None:
    report = markdown(
        "---\ntitle: 'Care: a review'\ncouncil: Sefton Council\ndate: 2022-07\nother: 1\n---\nOne."
    )
    assert report.text == "One."
    assert (report.metadata.title, report.metadata.council) == ("Care: a review", "Sefton Council")
    assert report.metadata.date == "2022-07"


@pytest.mark.parametrize(("written", "read"), [("2022", "2022"), ("2022-07-05", "2022-07-05")])
def test_a_date_that_yaml_knows_stays_as_written(written: str, read: str) -> None:
    assert markdown(f"---\ndate: {written}\n---\nOne.").metadata.date == read


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("title: care: a review", 2),
        ("title: ok\ncouncil: care: a review", 3),
        ("title: ok\ndate: 2022\nkind: a: b", 4),
    ],
)
def test_front_matter_that_cannot_be_read_is_refused_with_its_line(front: str, line: int) -> None:
    with pytest.raises(ReadingError, match=f"not valid YAML near line {line}") as refused:
        markdown(f"---\n{front}\n---\nOne.")
    assert "quotation marks" in refused.value.next_step


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("date: July 2022", "'July 2022'"),
        ("date: 2022-13", "'2022-13'"),
        ("form: short", "'short'"),
        ("id: Sefton 2022", "'Sefton 2022'"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_as_written(front: str, words: str) -> None:
    with pytest.raises(ReadingError, match=words) as refused:
        markdown(f"---\n{front}\n---\nOne.")
    assert refused.value.next_step


@pytest.mark.parametrize("date", ["2022-02-30", "2022-13-01"])
def test_a_day_that_does_not_exist_is_refused_in_words(date: str) -> None:
    with pytest.raises(ReadingError, match=date):
        markdown(f"---\ndate: {date}\n---\nOne.")


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert texts(markdown("***\n\nOne.\n\n---\n\nTwo.")) == ["One.", "Two."]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
@settings(deadline=None)
def test_any_markdown_is_read_or_refused_in_words(text: str) -> None:
    try:
        pieces = texts(markdown(text))
    except ReadingError as error:
        pieces = [error.next_step]
    assert pieces
    assert all(piece.strip() for piece in pieces)


# --- briefs ----------------------------------------------------------------------------------


def test_the_marks_of_a_brief_say_where_its_paragraphs_stand_in_the_report() -> None:
    report = brief(
        "## A\n\n(3) Third of A.\n\n## B\n\n1. First.\n\n2. Second.\n\n2a. An item.\n\n2c. Another."
    )
    assert content(report) == [
        ("paragraph", None, 3, "Third of A."),
        ("paragraph", "1", 1, "First."),
        ("paragraph", "2", 2, "Second."),
        ("item", "2a", 2, "An item."),
        ("item", "2c", 2, "Another."),
    ]


def test_the_count_of_a_brief_does_not_stand_in_its_text_but_numbers_do() -> None:
    report = brief("## A\n\n(3) Third of A.\n\n1. First.\n\n1a. An item.")
    assert report.text == "A\n\nThird of A.\n\n1. First.\n1a. An item."


def test_a_count_in_brackets_is_text_where_the_file_is_no_brief() -> None:
    assert texts(markdown("(3) Third of A.")) == ["(3) Third of A."]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("29. One.", ["29"]),
        ("29. One.\n\n18a. Two.\n\n31. Three.", ["29", "18a", "31"]),
        ("1. One.\n\n12. Two.", ["1", "12"]),
    ],
)
def test_a_brief_may_leave_out_any_paragraph_of_the_report(text: str, numbers: list[str]) -> None:
    assert [number for _, number, _, _ in content(brief(text))] == numbers


@pytest.mark.parametrize("name", FIVE)
def test_every_brief_is_a_brief_with_the_id_of_its_report(name: str) -> None:
    report = read_file(CORPUS / f"{name}.md")
    assert report.id == name
    assert report.metadata.form == "brief"


@pytest.mark.parametrize("name", FIVE)
def test_a_brief_states_only_numbers_that_its_full_report_prints(
    reports_folder: Path, name: str
) -> None:
    catalogue = load_catalogue(reports_folder)
    path = reports_folder / f"{name}.txt"
    full = read_file(path, catalogue[path.resolve()])
    short = read_file(CORPUS / f"{name}.md")
    assert full.id == short.id
    assert {b.paragraph for b in short.blocks} <= {b.paragraph for b in full.blocks}
