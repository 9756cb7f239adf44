"""Pictures of pages: a quote is found where it is printed, marked there, and nowhere else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from printed import HEIGHT, LEFT, WIDE, WIDTH, Sheet, pdf, photographed, wrapped

from rag.reading import pictures, read_file
from rag.reading.pdf import read_pdf
from rag.reading.pdfium import opened
from rag.reading.pictures import PagePicture, Place, Quoted, drawn, place_of
from rag.reading.quotes import letters_of, runs_of, together, words_of
from rag.sentences import sentence_spans

PROSE = (
    "The council knows its strengths well and has a plan for each weakness that people who work"
    " there could explain to the team when it met them in the spring of that year."
)
OTHER = (
    "Staff were proud of their work and spoke with warmth of the people whom they support, and"
    " carers told the team that somebody always answered when they called."
)
THIRD = (
    "Reviews are late in two of the three localities, which leaders put down to vacancies that"
    " had lasted since the autumn and to a system that nobody had been trained in."
)
SCALE = pictures.WIDTH / WIDTH
"""Pixels to a point on the pages that these tests print."""

Box = tuple[int, int, int, int]


def place(data: bytes, quote: str, page: int | None = None, passage: str = "") -> Place | None:
    with opened(data, "made.pdf") as document:
        return place_of(document, Quoted(passage or quote, quote, page))


def picture(data: bytes, quote: str, page: int | None = None, passage: str = "") -> PagePicture:
    with opened(data, "made.pdf") as document:
        found = place_of(document, Quoted(passage or quote, quote, page))
        assert found is not None
        made = drawn(document, found)
    assert made is not None
    return made


def marked(data: bytes, quote: str, page: int | None = None, passage: str = "") -> list[str]:
    """What is marked of a page, by the text that pdfium has for it."""
    found = place(data, quote, page, passage)
    assert found is not None
    with opened(data, "made.pdf") as document:
        text = pictures._text_of(document, found.page)
    return [" ".join(text[start:end].split()) for start, end in found.stretches]


def image(made: PagePicture) -> Image.Image:
    with Image.open(io.BytesIO(made.png)) as png:
        return png.convert("RGB")


def coloured(shown: Image.Image) -> Box | None:
    """The box around all that is neither black, grey nor white."""
    red, _, blue = shown.split()
    return ImageChops.difference(red, blue).point(lambda value: 255 * (value > 60)).getbbox()


def two(first: str = PROSE, second: str = OTHER) -> Sheet:
    sheet = Sheet()
    sheet.lines(second, sheet.lines(first, 100) + 20)
    return sheet


# --- what is marked -------------------------------------------------------------------------


def test_the_lines_of_a_quote_are_marked_and_no_others() -> None:
    sheet = Sheet()
    below = sheet.lines(PROSE, 100)
    sheet.lines(OTHER, below + 40)
    made = picture(pdf([sheet]), OTHER)
    lines = wrapped(OTHER, WIDE)
    assert (made.page, made.marked) == (1, len(lines))
    box = coloured(image(made))
    longest = max(map(len, lines)) * 6
    wanted = (LEFT, below + 40 - 9, LEFT + longest, below + 40 + 12 * (len(lines) - 1) + 4)
    assert box == pytest.approx([SCALE * edge for edge in wanted], abs=8)


def test_a_quote_within_its_passage_is_marked_alone() -> None:
    data = pdf([two(f"{PROSE} {OTHER}", THIRD)])
    assert marked(data, OTHER, passage=f"{PROSE} {OTHER}") == [OTHER]
    assert marked(data, PROSE, passage=f"{PROSE} {OTHER}") == [PROSE]


def test_words_that_stand_twice_are_marked_where_the_passage_has_them() -> None:
    again = f"{THIRD} Staff were proud."
    data = pdf([two(OTHER, again)])
    found = place(data, "Staff were proud.", passage=again)
    assert found is not None
    (stretch,) = found.stretches
    assert stretch[0] > len(OTHER)


def test_print_stays_as_dark_as_it_is_under_a_mark_with_a_line_around_it() -> None:
    data = pdf([two()])
    shown, plain = image(picture(data, PROSE)), image(picture(data, "Not here.", page=1))
    box = coloured(shown)
    assert box is not None
    line = shown.crop(box).getpixel((0, 20))
    assert line == pictures._DARK
    first = box[0] + 5, box[1] + 5, box[2] - 100, box[1] + 18
    red, was = (side.crop(first).split()[0] for side in (shown, plain))
    assert was.histogram()[:100] != [0] * 100
    assert ImageChops.difference(red, was).point(lambda value: 255 * (value > 2)).getbbox() is None
    assert contrast(pictures._DARK, pictures._YELLOW) > 4.5
    assert contrast((0, 0, 0), pictures._YELLOW) > 7


def contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """Contrast ratio of WCAG 2.2."""
    linear = [
        [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in x)]
        for x in (one, other)
    ]
    light, dark = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_what_the_reader_made_of_the_print_is_still_found() -> None:
    """Words joined over line ends, another dash and other quotation marks, no footnote mark."""
    sheet = Sheet()
    for number, line in enumerate(
        ["The ´plan´ for re-", "ablement was late3 and", "it was - they said - well known."]
    ):
        sheet.type(line, 100 + 12 * number)
    data = pdf([sheet])
    quote = "The ‘plan’ for reablement was late and it was – they said – well known."
    assert picture(data, quote).marked == 3


def test_the_report_of_a_made_file_is_marked_from_its_own_paragraphs() -> None:
    sheets = [two(PROSE, OTHER), two(THIRD, f"{PROSE} {THIRD}")]
    data = pdf(sheets)
    for element in read_pdf(data, "made.pdf").elements:
        assert marked(data, element.text, element.page) == [element.text]


# --- columns and tables ---------------------------------------------------------------------


def columns() -> bytes:
    """Two columns, written line by line across both."""
    sheet = Sheet()
    left, right = wrapped(f"{PROSE} {THIRD}", 34), wrapped(OTHER, 34)
    for row in range(max(len(left), len(right))):
        for lines, x in ((left, LEFT), (right, 320.0)):
            if row < len(lines):
                sheet.type(lines[row], 100 + 12 * row, x=x)
    return pdf([sheet])


def test_a_quote_is_marked_in_its_column_when_the_file_writes_across_the_columns() -> None:
    data = columns()
    assert " ".join(marked(data, OTHER)) == OTHER
    box = coloured(image(picture(data, OTHER)))
    assert box is not None
    assert box[0] > SCALE * 310


ROWS = (
    ("Council", "In 2021", "In 2022", "In 2023"),
    ("Sefton", "45", "50", "61"),
    ("Southend", "50", "61", "45"),
    ("Somerset", "41", "57", "62"),
    ("Torbay", "38", "39", "40"),
)


def table() -> bytes:
    sheet = Sheet()
    sheet.lines(PROSE, 100)
    xs, ys = [70, 170, 270, 370, 470], [180 + 30 * n for n in range(6)]
    sheet.grid(xs, ys)
    for row, y in zip(ROWS, ys, strict=False):
        for cell, x in zip(row, xs, strict=False):
            sheet.type(cell, y + 18, x=x + 5)
    sheet.lines(OTHER, 400)
    return pdf([sheet])


@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: row[0])
def test_of_a_table_the_row_and_the_heads_are_marked_and_no_other_row(row: tuple[str, ...]) -> None:
    data = table()
    rows = [e.text for e in read_pdf(data, "made.pdf").elements if e.kind == "row"]
    (text,) = (text for text in rows if row[0] in text)
    assert marked(data, text, 1) == [" ".join(ROWS[0]), " ".join(row)]


def test_figures_that_two_rows_have_are_no_evidence_for_either() -> None:
    text = "Lead sentence here\nAlpha 7 9\nBeta 7 9\n"
    stretches, found = together(frozenset(("lead", "sentence", "7", "9")), text)
    assert [text[a:b] for a, b in stretches] == ["Lead sentence"]
    assert found == {"lead", "sentence", "7", "9"}


# --- which page -----------------------------------------------------------------------------


def numbered(texts: Sequence[str], ahead: int = 0) -> bytes:
    """Pages with a running head and their number, which is ``ahead`` of the count."""
    sheets = []
    for number, text in enumerate(texts, 1):
        sheet = Sheet()
        sheet.type("Peer challenge report", 40)
        sheet.lines(text, 100)
        if number + ahead > 0:
            sheet.type(f"Page {number + ahead}", HEIGHT - 30)
        sheets.append(sheet)
    return pdf(sheets)


def test_a_quote_over_a_page_break_is_shown_where_it_starts() -> None:
    first, second = Sheet(), Sheet()
    lines = wrapped(PROSE, WIDE)
    first.lines(" ".join(lines[:1]), 780)
    first.type("Page 1", 820)
    second.type("Peer challenge report", 40)
    second.lines(" ".join(lines[1:]), 100)
    data = pdf([first, second])
    made = picture(data, PROSE)
    assert (made.page, made.marked) == (1, 1)
    later = lines[1]
    assert picture(data, later, passage=PROSE).page == 2


def test_a_word_at_the_edge_of_a_page_is_whole() -> None:
    lines = wrapped(PROSE, WIDE)
    first, second = Sheet(), Sheet()
    first.lines(" ".join(lines[:2]), 780)
    second.lines(" ".join(lines[2:]), 100)
    data = pdf([first, second])
    assert marked(data, PROSE) == [" ".join(lines[:2])]
    rest = " ".join([lines[1][-9:], *lines[2:]])
    assert marked(data, rest, passage=PROSE) == [lines[1][-9:]]


def test_the_page_is_found_when_the_printed_number_is_not_the_count() -> None:
    texts = [OTHER, THIRD, PROSE]
    data = numbered([*texts, *(f"{text} Again in the body." for text in texts)], ahead=-2)
    quote = f"{PROSE} Again in the body."
    assert picture(data, quote, page=4).page == 6
    assert picture(data, THIRD, page=None).page == 2


def test_of_two_pages_with_the_same_words_the_cited_one_is_shown() -> None:
    data = numbered([PROSE, OTHER, THIRD, OTHER, PROSE])
    assert [picture(data, OTHER, page).page for page in (1, 2, 4, 5)] == [2, 2, 4, 4]


def test_a_page_with_the_cited_label_goes_first() -> None:
    labels = b"/Pages 2 0 R /PageLabels << /Nums [0 << /S /r >> 3 << /S /D >>] >> >>"
    data = numbered([OTHER, PROSE, THIRD, OTHER, THIRD])
    assert picture(data, OTHER, page=1).page == 1
    assert picture(data.replace(b"/Pages 2 0 R >>", labels, 1), OTHER, page=1).page == 4


def test_a_quote_that_is_nowhere_is_not_marked() -> None:
    data = numbered([PROSE, OTHER, THIRD])
    nowhere = "Nothing of the kind was ever printed on any sheet."
    assert place(data, nowhere, page=2) == Place(1)
    assert place(data, nowhere, page=None) is None
    assert place(data, nowhere, page=9) is None


def test_the_page_with_most_words_of_a_quote_is_shown_unmarked() -> None:
    """As when the letters of a page come in another order than its words are read."""
    sheet = Sheet()
    for number, word in enumerate(reversed(PROSE.split())):
        sheet.type(f"{word} ++", 100 + 20 * number)
    found = place(pdf([two(OTHER, THIRD), sheet]), PROSE)
    assert found is not None
    assert found.page == 1


def test_a_scan_is_shown_without_marks_by_the_number_that_its_neighbours_print() -> None:
    texts = [f"{PROSE} Part {number}." for number in range(1, 7)]
    sheets = []
    for number, text in enumerate(texts, 1):
        sheet = Sheet()
        if number == 5:
            sheet.picture = photographed(wrapped(OTHER, 50))
        else:
            sheet.lines(text, 100)
            sheet.type(f"Page {number - 2}" if number > 2 else "Contents", HEIGHT - 30)
        sheets.append(sheet)
    made = picture(pdf(sheets), OTHER, page=3)
    assert (made.page, made.marked) == (5, 0)
    assert coloured(image(made)) is None


# --- the picture ----------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_marked_at_the_same_words(turn: int) -> None:
    upright, turned = two(), two()
    turned.turn = turn
    made = picture(pdf([turned]), OTHER)
    assert made.marked == picture(pdf([upright]), OTHER).marked
    back = image(made).rotate(turn, expand=True)
    wanted = coloured(image(picture(pdf([upright]), OTHER)))
    assert wanted is not None
    grown = back.width / pictures.WIDTH
    assert coloured(back) == pytest.approx([grown * edge for edge in wanted], abs=6)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((0, 0, 595, 842), (1000, 1415)),
        ((0, 0, 100, 100), (500, 500)),
        ((0, 0, 14400, 14400), (1000, 1000)),
        ((0, 0, 100, 14400), (166, 24000)),
    ],
)
def test_a_picture_is_as_wide_as_a_column_and_has_a_limit_of_pixels(
    box: tuple[int, ...], size: tuple[int, int]
) -> None:
    new = f"/MediaBox [{' '.join(map(str, box))}]".encode()
    data = pdf([two()]).replace(f"/MediaBox [0 0 {WIDTH} {HEIGHT}]".encode(), new)
    made = picture(data, "Nothing of the kind was printed.", page=1)
    assert (made.width, made.height) == pytest.approx(size, rel=0.01)
    assert made.width * made.height <= 1.01 * pictures.MOST_PIXELS
    assert image(made).size == (made.width, made.height)


def test_a_page_that_is_a_hair_wide_has_no_picture() -> None:
    data = pdf([two()]).replace(f"[0 0 {WIDTH} {HEIGHT}]".encode(), b"[0 0 0.1 14400]")
    with opened(data, "made.pdf") as document:
        assert drawn(document, Place(0)) is None


def test_words_outside_the_visible_part_of_a_page_are_not_marked() -> None:
    cropped = f"[0 0 {WIDTH} {HEIGHT}] /CropBox [0 0 {WIDTH} {HEIGHT - 400}]".encode()
    data = pdf([two()]).replace(f"[0 0 {WIDTH} {HEIGHT}]".encode(), cropped)
    assert picture(data, OTHER).marked == 0


# --- letters --------------------------------------------------------------------------------


@given(st.text(max_size=60))
@example("ﬁnance in Bäckermühle: ½ of 1,250")
def test_letters_know_where_they_stand(text: str) -> None:
    letters = letters_of(text)
    assert len(letters.text) == len(letters.places)
    for at in range(len(letters.text)):
        start, end = letters.stretch(at, at + 1)
        assert end == start + 1
        assert letters.text[at] in letters_of(text[start]).text


@given(st.lists(st.sampled_from(PROSE.split()), min_size=1), st.data())
def test_blanks_hyphens_and_capitals_do_not_matter(words: list[str], data: st.DataObject) -> None:
    blanks = st.sampled_from([" ", "-\n", "", " – ", "\u00ad", "\t", "’ "])
    spread = "".join(word.upper() + data.draw(blanks) for word in words)
    assert letters_of(spread).text == letters_of(" ".join(words)).text


def test_ligatures_and_accents_are_plain_letters() -> None:
    assert letters_of("ﬁnance, e\u0301lan, élan").text == "financeelanelan"


ALPHABET = st.text(st.sampled_from("abc1"), max_size=80)


@given(ALPHABET, ALPHABET, ALPHABET)
def test_a_run_is_in_both_texts_and_runs_follow_one_another(one: str, two: str, it: str) -> None:
    sought, there = f"{one}{it}{two}", f"{two}{it}\n{one}"
    end = 0
    for run in runs_of(sought, there):
        assert run.length > 0
        assert run.start >= end
        end = run.start + run.length
        assert sought[run.start : end] == there[run.there : run.there + run.length]


@given(ALPHABET.filter(bool), ALPHABET, ALPHABET)
def test_what_stands_there_whole_is_one_run(sought: str, before: str, after: str) -> None:
    (run,) = runs_of(sought, f"{before}{sought}{after}")
    assert (run.start, run.length) == (0, len(sought))


@given(
    st.lists(st.sampled_from(["7", "9", "alpha", "Beta", "\n", "gamma"]), max_size=30),
    st.sets(st.sampled_from(["7", "9", "alpha", "beta"])),
)
def test_what_stands_together_is_made_of_the_words(there: list[str], words: set[str]) -> None:
    text = " ".join(there)
    stretches, found = together(frozenset(words), text)
    assert found <= words & words_of(text)
    for start, end in stretches:
        assert words_of(text[start:end]) <= words


# --- real reports ---------------------------------------------------------------------------


def test_the_passages_of_real_reports_are_marked_on_the_page_that_is_cited() -> None:
    folder = SHARED / "ofsted"
    if not folder.is_dir():
        pytest.skip("the inspection reports (../shared/ofsted) are not on this machine")
    found = [one for path in sorted(folder.glob("*.pdf"))[::10] for one in _found(path)]
    assert len(found) > 150
    assert sum(found) / len(found) >= 0.98


def _found(path: Path) -> list[bool]:
    """Of every other paragraph, whether its middle sentence is marked, with just its letters."""
    report = read_file(path)
    found = []
    with opened(path.read_bytes(), path.name) as document:
        for block in [block for block in report.blocks if block.kind != "heading"][::2]:
            paragraph = report.text[block.start : block.end]
            spans = sentence_spans(paragraph)
            start, end = spans[len(spans) // 2]
            quote = paragraph[start:end]
            place = place_of(document, Quoted(paragraph, quote, block.page))
            assert place is not None
            text = pictures._text_of(document, place.page)
            shown = "".join(letters_of(text[a:b]).text for a, b in place.stretches)
            whole, near = letters_of(quote).text, place.page + 1 - (block.page or 1) in (0, 1)
            over = len(shown) > 3 and whole.startswith(shown) and place.page + 1 < len(document)
            found.append(near and (shown == whole or over))
    return found
