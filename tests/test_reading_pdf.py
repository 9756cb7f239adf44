"""PDF to elements: made pages of every layout, 43 real reports, and files made to do harm."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SHARED
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import HEIGHT, LEFT, WIDE, Sheet, pdf, wrapped

from rag.errors import ReadingError
from rag.reading import pdf as reader
from rag.reading.elements import Element, compose
from rag.reading.pdf import read_pdf

PROSE = (
    "The council knows its strengths well and has a plan for each weakness that people who work"
    " there could explain to the team when it met them in the spring of that year."
)
OTHER = (
    "Staff were proud of their work and spoke with warmth of the people whom they support, and"
    " carers told the team that somebody always answered when they called."
)
HOSTILE = sorted((SHARED / "hostile").glob("*.pdf"))


def elements(*sheets: Sheet) -> list[Element]:
    return read_pdf(pdf(sheets), "made.pdf").elements


def kinds(found: list[Element]) -> list[tuple[str, str]]:
    return [(e.kind, e.text) for e in found]


def texts(found: list[Element], kind: str) -> list[str]:
    return [e.text for e in found if e.kind == kind]


# --- paragraphs and lists ---------------------------------------------------------------------


def test_lines_are_joined_to_the_paragraphs_they_make() -> None:
    sheet = Sheet()
    below = sheet.lines(PROSE, 100)
    sheet.lines(OTHER, below + 10)
    assert kinds(elements(sheet)) == [("paragraph", PROSE), ("paragraph", OTHER)]


def test_a_paragraph_goes_on_over_the_page_and_is_cited_by_its_first() -> None:
    first, second = Sheet(), Sheet()
    lines = wrapped(f"{PROSE} {OTHER}", WIDE)
    first.lines(" ".join(lines[:3]), 740)
    second.lines(" ".join(lines[3:]), 100)
    (found,) = elements(first, second)
    assert (found.text, found.page) == (f"{PROSE} {OTHER}", 1)


def test_a_new_sentence_on_a_new_page_is_a_new_paragraph() -> None:
    first, second = Sheet(), Sheet()
    first.lines(PROSE, 740)
    second.lines(OTHER, 100)
    assert [(e.text, e.page) for e in elements(first, second)] == [(PROSE, 1), (OTHER, 2)]


@pytest.mark.parametrize("bullet", ["•", "-", "–", "·", "o"])
def test_bullets_make_items_with_their_wrapped_lines(bullet: str) -> None:
    sheet = Sheet()
    y = sheet.lines("The team heard that:", 100)
    for text in (PROSE, OTHER):
        sheet.type(bullet, y + 6, x=LEFT + 18)
        y = sheet.lines(text, y + 6, x=LEFT + 36, wide=60)
    assert kinds(elements(sheet)) == [
        ("paragraph", "The team heard that:"),
        ("item", PROSE),
        ("item", OTHER),
    ]


def test_printed_numbers_become_labels_and_wrapped_numbers_do_not() -> None:
    sheet = Sheet()
    y = 100.0
    for number in (1, 2, 3):
        sheet.type(f"{number}.", y)
        aged = (
            "It supports people who are aged over 65 and it has done so for years, at least since"
        )
        y = sheet.lines(f"{aged} 2. May of that year. {PROSE}", y, x=LEFT + 30, wide=62) + 8
    found = elements(sheet)
    assert [e.label for e in found] == ["1", "2", "3"]
    assert len({e.text for e in found}) == 1


def test_a_number_set_without_a_space_is_a_number_in_its_turn() -> None:
    sheet = Sheet()
    y = 100.0
    for number in range(1, 12):
        y = sheet.lines(f"{number}.{' ' if number < 10 else ''}Staff are proud of it.", y) + 8
    assert [e.label for e in elements(sheet)] == [str(n) for n in range(1, 12)]


def test_letters_and_roman_numbers_are_items_with_their_labels() -> None:
    sheet = Sheet()
    y = sheet.lines("1. The team asked the council to do three things before the winter:", 100)
    for mark in ("a)", "b)", "(i)"):
        sheet.type(mark, y + 6, x=LEFT + 20)
        y = sheet.lines("Ask people what they think of it.", y + 6, x=LEFT + 45)
    found = elements(sheet)
    assert [(e.kind, e.label) for e in found[1:]] == [
        ("item", "a"),
        ("item", "b"),
        ("item", "(i)"),
    ]


@pytest.mark.parametrize(
    ("one", "two", "word"),
    [
        ("The team asked for more infor-", "mation.", "information."),
        ("It helps people with their self-", "esteem.", "self-esteem."),
        ("It supports 16- and 17-", "year-olds.", "17-year-olds."),
        ("It spoke to the north-", "Western office.", "north-Western"),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_stays_where_it_belongs(
    one: str, two: str, word: str
) -> None:
    sheet = Sheet()
    sheet.type(one, 100)
    sheet.type(two, 112)
    (found,) = elements(sheet)
    assert word in found.text.split()


def test_the_document_itself_says_how_a_word_is_written() -> None:
    sheet = Sheet()
    sheet.lines("Their wellbeing matters more than anything else that was spoken of.", 100)
    sheet.type("The plan is about the well-", 140)
    sheet.type("being of all people who live there.", 152)
    assert elements(sheet)[-1].text == (
        "The plan is about the wellbeing of all people who live there."
    )


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_that_is_shown_turned_is_read_along_its_lines(turn: int) -> None:
    sheet = Sheet(turn=turn)
    sheet.lines(PROSE, 100)
    assert [e.text for e in elements(sheet)] == [PROSE]


# --- headings ---------------------------------------------------------------------------------


def test_headings_are_told_by_type_and_their_depth_by_its_order() -> None:
    cover, sheet = Sheet(), Sheet()
    cover.type("Northshire Council", 200, size=24)
    sheet.type("Leadership", 100, size=16, bold=True)
    sheet.type("Strengths", 130, size=12, bold=True)
    y = sheet.lines(PROSE, 150)
    sheet.type("For consideration", y + 10, size=12, bold=True)
    sheet.lines(OTHER, y + 30)
    found = elements(cover, sheet)
    assert [(e.kind, e.level, e.text) for e in found if e.kind in ("front", "heading")] == [
        ("front", 1, "Northshire Council"),
        ("heading", 1, "Leadership"),
        ("heading", 2, "Strengths"),
        ("heading", 2, "For consideration"),
    ]


def test_a_heading_of_two_lines_is_one() -> None:
    first, sheet = Sheet(), Sheet()
    first.lines(PROSE, 100)
    sheet.type("The experiences and progress of people", 100, size=14, bold=True)
    sheet.type("who need care: good", 117, size=14, bold=True)
    sheet.lines(OTHER, 150)
    assert texts(elements(first, sheet), "heading") == [
        "The experiences and progress of people who need care: good"
    ]


def test_a_bold_sentence_is_a_paragraph() -> None:
    sheet = Sheet()
    sheet.lines(PROSE, 100)
    sheet.type("Nobody should have to wait for longer than that.", 180, bold=True)
    sheet.lines(OTHER, 210)
    assert [e.kind for e in elements(sheet)] == ["paragraph"] * 3


def test_facts_and_verdicts_of_a_first_page_are_content_and_its_titles_are_not() -> None:
    sheet = Sheet()
    sheet.type("Northshire Council", 100, size=22)
    sheet.type("Inspection of adult social care", 130, size=14, bold=True)
    sheet.type("Inspection dates: 3 to 7 May 2021", 150, size=14, bold=True)
    sheet.type("Services in Northshire are good", 180, size=14, bold=True)
    sheet.lines(PROSE, 220)
    assert kinds(elements(sheet)) == [
        ("front", "Northshire Council"),
        ("front", "Inspection of adult social care"),
        ("paragraph", "Inspection dates: 3 to 7 May 2021"),
        ("paragraph", "Services in Northshire are good"),
        ("paragraph", PROSE),
    ]


def test_a_table_of_contents_is_kept_out_of_the_passages() -> None:
    cover, contents, sheet = Sheet(), Sheet(), Sheet()
    cover.lines(PROSE, 100)
    contents.type("Contents", 100, size=14, bold=True)
    for i, title in enumerate(("Leadership", "Working with people", "Next steps")):
        contents.type(f"{title} {'.' * 30} {i + 3}", 130 + 20 * i)
    sheet.type("Leadership", 100, size=14, bold=True)
    sheet.lines(OTHER, 130)
    found = elements(cover, contents, sheet)
    assert {e.kind for e in found if e.page == 2} == {"front"}
    assert texts(found, "heading") == ["Leadership"]


# --- furniture and footnotes ------------------------------------------------------------------


def numbered(first: int, foot: str = "Peer challenge of Northshire | {}") -> list[Sheet]:
    """Six pages of text with a running foot; the number printed on the first of them."""
    sheets = []
    for position in range(6):
        sheet = Sheet()
        sheet.lines(PROSE.replace("spring", f"spring {position}"), 100)
        sheet.type(foot.format(first + position), HEIGHT - 40)
        sheets.append(sheet)
    return sheets


@pytest.mark.parametrize("foot", ["Peer challenge of Northshire | {}", "{}", "Page {} of 40"])
def test_running_feet_are_left_out_and_give_the_pages_their_printed_numbers(foot: str) -> None:
    found = elements(*numbered(7, foot))
    assert [e.page for e in found] == [7, 8, 9, 10, 11, 12]
    assert all(e.text.endswith("of that year.") for e in found)


def test_pages_are_counted_where_no_numbers_are_printed() -> None:
    found = elements(*numbered(1, "Peer challenge of May 2021"))
    assert [e.page for e in found] == [1, 2, 3, 4, 5, 6]
    assert "challenge" not in " ".join(e.text for e in found)


def test_a_running_head_that_changes_is_told_by_the_number_of_its_page() -> None:
    sheets = numbered(1, "")
    for number, sheet in enumerate(sheets, start=1):
        sheet.type(f"Chapter {'one two three'.split()[number // 3]} {number}", 60)
    found = elements(*sheets)
    assert [e.page for e in found] == [1, 2, 3, 4, 5, 6]
    assert "Chapter" not in " ".join(e.text for e in found)


def test_text_that_happens_to_end_with_the_number_of_its_page_is_kept() -> None:
    sheets = numbered(1)
    sheets[2].type("There were many of them, and more than 3", HEIGHT - 80)
    assert any("and more than 3" in e.text for e in elements(*sheets))


def test_a_line_that_recurs_in_the_text_itself_is_kept() -> None:
    sheets = numbered(1)
    for sheet in sheets:
        sheet.lines("The team thanks everyone.", 300)
    assert sum(e.text == "The team thanks everyone." for e in elements(*sheets)) == len(sheets)


def test_a_footnote_follows_the_paragraph_it_interrupts_and_its_mark_is_dropped() -> None:
    first, second = Sheet(), Sheet()
    lines = wrapped(PROSE, WIDE)
    first.type(f"{lines[0]}", 740)
    first.type("1", 736, x=LEFT + 6 * len(lines[0]), size=6)
    first.type("1", 776, size=5)
    first.type("This was before the council had moved.", 780, x=LEFT + 5, size=8)
    second.lines(" ".join(lines[1:]), 100)
    second.lines(OTHER, 160)
    assert kinds(elements(first, second)) == [
        ("paragraph", PROSE),
        ("paragraph", "This was before the council had moved."),
        ("paragraph", OTHER),
    ]


# --- columns and tables -----------------------------------------------------------------------


def test_columns_are_read_one_after_the_other_below_a_heading_over_both() -> None:
    sheet = Sheet()
    sheet.type("A heading that reaches over both of the columns", 90, size=16, bold=True)
    left = " ".join([PROSE, OTHER, PROSE])
    right = " ".join([OTHER, PROSE, OTHER])
    sheet.lines(left, 130, wide=34)
    sheet.lines(right, 130, x=LEFT + 240, wide=34)
    assert [e.text for e in elements(sheet)][1:] == [left, right]


def test_a_ruled_table_of_two_columns_is_read_row_by_row() -> None:
    sheet = Sheet()
    y = sheet.lines(PROSE, 100) + 10
    ys = [y, y + 20, y + 50, y + 70]
    sheet.grid([LEFT, LEFT + 220, LEFT + 420], ys)
    for x, text, down in (
        (0, "Judgement", 14),
        (220, "Grade", 14),
        (0, "The experiences of people", 32),
        (0, "who need care", 44),
        (220, "Good", 38),
        (0, "Overall effectiveness", 64),
        (220, "Outstanding", 64),
    ):
        sheet.type(text, y + down, x=LEFT + 5 + x, bold=down == 14)
    found = elements(sheet)
    assert texts(found, "row") == [
        "Judgement: Grade",
        "The experiences of people who need care: Good",
        "Overall effectiveness: Outstanding",
    ]
    assert found[0].text == PROSE


def test_rows_of_more_columns_say_which_column_each_cell_is_in() -> None:
    sheet = Sheet()
    sheet.lines(PROSE, 100)
    sheet.grid([LEFT, LEFT + 150, LEFT + 250, LEFT + 350], [200, 220, 240, 260])
    for row, cells in enumerate(
        (("Council", "2021", "2022"), ("North", "14", "17"), ("South", "9", "8"))
    ):
        for column, cell in enumerate(cells):
            x = LEFT + 5 + (0, 150, 250)[column]
            sheet.type(cell, 214 + 20 * row, x=x, bold=row == 0)
    rows = texts(elements(sheet), "row")
    assert len(rows) == 2
    assert re.fullmatch(r".*North.*2021: 14.*2022: 17", rows[0])


def test_cells_that_stand_below_each_other_make_a_table_without_rules() -> None:
    sheet = Sheet()
    y = sheet.lines(PROSE, 100) + 20
    for left, right in (("Leadership", "Good"), ("Practice", "Good"), ("Overall", "Inadequate")):
        sheet.type(left, y)
        sheet.type(right, y, x=LEFT + 300)
        y += 18
    sheet.lines(OTHER, y + 20)
    found = elements(sheet)
    assert texts(found, "row") == ["Leadership: Good", "Practice: Good", "Overall: Inadequate"]
    assert texts(found, "paragraph") == [PROSE, OTHER]


def test_a_box_around_text_is_no_table() -> None:
    sheet = Sheet()
    sheet.lines(PROSE, 100)
    sheet.grid([LEFT - 5, 540], [180, 260])
    sheet.lines(OTHER, 200)
    assert kinds(elements(sheet)) == [("paragraph", PROSE), ("paragraph", OTHER)]


def test_a_bold_bar_with_a_title_and_a_grade_is_a_heading() -> None:
    first, sheet = Sheet(), Sheet()
    first.lines(PROSE, 100)
    sheet.grid([LEFT, LEFT + 300, LEFT + 420], [100, 130])
    sheet.type("Leadership and management", 118, x=LEFT + 5, size=12, bold=True)
    sheet.type("Good", 118, x=LEFT + 305, size=12, bold=True)
    sheet.lines(OTHER, 160)
    assert texts(elements(first, sheet), "heading") == ["Leadership and management: Good"]


def test_rows_stand_on_lines_of_their_own_below_an_empty_one() -> None:
    text, blocks = compose(
        [Element("paragraph", "Grades."), Element("row", "A: good"), Element("row", "B: poor")]
    )
    assert text == "Grades.\n\nA: good\nB: poor"
    assert [b.kind for b in blocks] == ["paragraph", "row", "row"]


# --- any text ---------------------------------------------------------------------------------

WORD = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzABC'(),;.é£%&\\"), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORD.filter(lambda w: any(c.isalnum() for c in w)), min_size=1, max_size=120))
def test_no_word_of_a_page_is_lost_and_none_is_made_up(words: list[str]) -> None:
    sheet = Sheet()
    sheet.lines(" ".join(words), 100, wide=60)
    found = elements(sheet)
    got = " ".join((f"{e.label} " if e.label else "") + e.text for e in found)
    letters = re.compile(r"[^\W\d_]+")
    assert sorted(letters.findall(got)) == sorted(letters.findall(" ".join(words)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=12), st.booleans())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(at: int, put: bytes, cut: bool) -> None:
    sheet = Sheet()
    sheet.lines(PROSE, 100)
    whole = pdf([sheet])
    place = at % len(whole)
    damaged = whole[:place] + put + (b"" if cut else whole[place + len(put) :])
    try:
        found = read_pdf(damaged, "damaged.pdf")
    except ReadingError:
        return
    assert found.elements


def test_the_same_bytes_give_the_same_elements() -> None:
    data = pdf(numbered(1))
    assert read_pdf(data, "a.pdf") == read_pdf(data, "b.pdf")


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"<html>", b"%PDF-1.7\n1 0 obj\n<<>>\n%%EOF"])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(ReadingError, match=r"x\.pdf is not a readable PDF") as refused:
        read_pdf(data, "x.pdf")
    assert refused.value.next_step


def test_a_pdf_without_text_is_refused() -> None:
    with pytest.raises(ReadingError, match=r"x\.pdf holds no text"):
        read_pdf(pdf([Sheet(), Sheet()]), "x.pdf")


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_PAGES", 2)
    with pytest.raises(ReadingError, match="6 pages; at most 2 are read") as refused:
        read_pdf(pdf(numbered(1)), "x.pdf")
    assert "Split it" in refused.value.next_step


# --- real files -------------------------------------------------------------------------------

CHILD = """
import sys
from rag.errors import ReadingError
from rag.reading.pdf import read_pdf
try:
    found = read_pdf(open(sys.argv[1], "rb").read(), "given.pdf")
except ReadingError as refused:
    print("refused:", refused)
else:
    print("read:", found.pages, "|", " ".join(e.text for e in found.elements))
"""


def in_a_child(path: Path) -> str:
    """What reading says in a process of its own, with 30 seconds and 2 GB."""
    limit = 2 * 2**30
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(not HOSTILE, reason="the hostile files are not on this machine")
@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_hostile_file_is_read_or_refused_within_its_limits(path: Path) -> None:
    said = in_a_child(path)
    assert said.startswith(("read: ", "refused: "))
    if "password" in path.name and "empty" not in path.name:
        assert "needs a password" in said


@pytest.mark.skipif(not HOSTILE, reason="the hostile files are not on this machine")
def test_arabic_is_read_in_its_own_order() -> None:
    (path,) = [p for p in HOSTILE if "ArabicCID" in p.name]
    assert "الخطوط العربية" in in_a_child(path)
