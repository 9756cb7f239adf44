"""Word files: what Word prints is read, what it hides is not, dangerous archives are refused."""

from __future__ import annotations

import contextlib
import io
import struct
import time
import zipfile

import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.parsers.pages import Sample
from evals.parsers.words import (
    NUMBERING,
    STYLES,
    WORDS,
    footnote,
    listed_report,
    numbered_report,
    paragraph,
    run,
    table,
    text_box,
    word_file,
)
from rag.errors import ReadingError
from rag.reading import wordfile
from rag.reading.docx import looks_like_docx, read_docx
from rag.reading.elements import Document, Element, compose
from rag.reading.wordnumbers import Lists, figure, roman

LONG = " ".join(["The panel heard from carers in every one of the four localities"] * 2)


def read(body: str, **more: object) -> Document:
    return read_docx(word_file(body, **more), "report.docx")  # type: ignore[arg-type]


def brief(body: str, **more: object) -> list[tuple[str, str | None, str]]:
    return [(e.kind, e.label, e.text) for e in read(body, **more).elements]


def printed(elements: list[Element]) -> str:
    return compose(elements)[0]


def numbered(*depths: int, list: int = 20, definition: str = "") -> list[str]:
    """What is printed in front of paragraphs at these depths of a list defined for the test."""
    levels = f'<w:abstractNum w:abstractNumId="20">{definition}</w:abstractNum>'
    number = f'<w:num w:numId="{list}"><w:abstractNumId w:val="20"/></w:num>'
    body = "".join(paragraph(f"p{n}", "", (list, depth)) for n, depth in enumerate(depths))
    text = printed(read(body, numbering=levels + number).elements)
    return [line.rsplit(" ", 1)[0] for line in text.split("\n") if line]


def level(depth: int, format: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{format}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


@pytest.mark.parametrize("report", WORDS, ids=lambda report: report.name)
def test_nothing_is_lost_and_what_was_deleted_or_hidden_is_out(report: Sample) -> None:
    elements = read_docx(report.data(), report.name).elements
    text = printed(elements)
    assert [words for words in report.kept if words not in text] == []
    assert [words for words in report.out if words in text] == []
    rows = [e.text for e in elements if e.kind == "row"]
    for cells in report.rows:
        assert any(all(cell in row for cell in cells) for row in rows), cells


def test_numbers_are_those_that_word_prints() -> None:
    text = printed(read_docx(numbered_report(), "a.docx").elements)
    for line in ("1. Carers told", "2. The council", "a. breaks", "b. transport", "4. Officers"):
        assert f"\n{line}" in text
    text = printed(read_docx(listed_report(), "b.docx").elements)
    for line in (
        "1. Introduction", "1.1. The board", "1.2. It covers", "2. Findings", "2.1. Most files",
        "3. Conclusions", "Recommendation 1: Name", "Recommendation 2: Read",
    ):  # fmt: skip
        assert line in text
    assert text.count("1) ") == 2


def test_deeper_levels_start_again_unless_the_list_says_otherwise() -> None:
    deep = level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2")
    assert numbered(0, 1, 1, 0, 1, definition=deep) == ["• 1.", "1.1.", "1.2.", "• 2.", "2.1."]
    on = level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2", '<w:lvlRestart w:val="0"/>')
    assert numbered(0, 1, 0, 1, definition=on) == ["• 1.", "1.1.", "• 2.", "2.2."]
    legal = level(0, "upperRoman", "%1") + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    assert numbered(0, 0, 1, definition=legal) == ["• I", "• II", "2.1."]


def test_letters_and_roman_figures_are_labels() -> None:
    assert numbered(0, 0, definition=level(0, "lowerLetter", "(%1)")) == ["a.", "b."]
    assert numbered(0, 0, definition=level(0, "lowerRoman", "%1.")) == ["(i)", "(ii)"]
    assert numbered(0, definition=level(0, "upperLetter", "%1.")) == ["• A."]
    assert [figure(n, "lowerLetter") for n in (1, 26, 27)] == ["a", "z", "aa"]
    assert [roman(n) for n in (4, 9, 14, 40, 1999)] == ["iv", "ix", "xiv", "xl", "mcmxcix"]


def test_short_numbered_points_are_points_and_long_ones_paragraphs_with_numbers() -> None:
    body = paragraph("Ask first.", "", (4, 0)) + paragraph(LONG, "", (1, 0)) * 2
    assert brief(body) == [
        ("item", None, "1) Ask first."), ("paragraph", "1", LONG), ("paragraph", "2", LONG)
    ]  # fmt: skip


def test_numbers_of_a_list_that_is_not_defined_are_not_invented() -> None:
    assert brief(paragraph("One", "", (99, 0)) + paragraph("Two", "", (1, 8))) == [
        ("paragraph", None, "One"), ("paragraph", None, "Two")
    ]  # fmt: skip
    assert Lists(None).count("1", 0) is None


def test_numbers_typed_by_hand_are_labels_too() -> None:
    body = "".join(map(paragraph, ["1. First", "2.\tSecond", "2.1 Deeper", "12 May was fine"]))
    assert [label for _, label, _ in brief(body)] == ["1", "2", "2.1", None]


@pytest.mark.parametrize(
    ("style", "level"),
    [
        ('<w:name w:val="heading 3"/>', 3),
        ('<w:name w:val="Überschrift 2"/>', 2),
        ('<w:name w:val="Whatever"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>', 2),
        ('<w:name w:val="Whatever"/><w:basedOn w:val="Heading2"/>', 2),
        ('<w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr>', None),
        ('<w:name w:val="loop"/><w:basedOn w:val="X"/>', None),
    ],
)
def test_headings_are_told_by_their_style_in_any_language(style: str, level: int | None) -> None:
    styles = f'{STYLES}<w:style w:type="paragraph" w:styleId="X">{style}</w:style>'
    body = paragraph("Some words.") + paragraph("What was found", "X")
    found = read(body, styles=styles).elements[1]
    assert found.kind == ("paragraph" if level is None else "heading")
    assert level is None or found.level == level


def test_a_bold_line_is_a_heading_below_the_one_above_and_a_sentence_is_not() -> None:
    found = read(
        paragraph("Theme", "berschrift1")
        + paragraph("Strengths", bold=True)
        + paragraph("This has to stop.", bold=True)
        + paragraph("", inner=run("Partly", bold=True) + run(" bold"))
        + paragraph(LONG, "Heading2", (1, 0)).replace("localities</", "localities.</")
    ).elements
    assert [(e.kind, e.level) for e in found] == [
        ("heading", 1), ("heading", 2), ("paragraph", 1), ("paragraph", 1), ("paragraph", 1)
    ]  # fmt: skip
    assert found[-1].label == "1"


def test_a_cover_is_front_matter_only_where_headings_follow_it() -> None:
    cover = paragraph("Northshire County Council") + paragraph("March 2023")
    rest = paragraph("Summary", "berschrift1") + paragraph(LONG)
    kinds = [e.kind for e in read(cover + rest).elements]
    assert kinds == ["front", "front", "heading", "paragraph"]
    assert [e.kind for e in read(cover).elements] == ["paragraph", "paragraph"]
    only = paragraph("The title", "berschrift1") + paragraph("Part", "Heading2") + paragraph(LONG)
    assert [e.kind for e in read(only).elements] == ["front", "heading", "paragraph"]


def test_notes_follow_their_paragraph_or_table_and_are_not_glued_in() -> None:
    notes = {1: "First note.", 2: "Second note."}
    body = (
        paragraph("Said", inner=footnote(1) + run(" so."))
        + table([["Cell", "5"], [paragraph("Noted", inner=footnote(2)), "6"]])
        + paragraph("After.")
    )
    assert [text for _, _, text in brief(body, notes=notes)] == [
        "Said so.", "First note.", "Cell: 5", "Noted: 6", "Second note.", "After."
    ]  # fmt: skip


def test_notes_that_refer_to_each_other_without_end_are_each_read_once() -> None:
    chain = "".join(
        f'<w:footnote w:id="{n}">{paragraph(f"n{n}", inner=footnote(n % 3000 + 1))}</w:footnote>'
        for n in range(1, 3001)
    )
    part = word_file(paragraph("Start.", inner=footnote(1)), notes={1: "CHAIN"})
    with zipfile.ZipFile(io.BytesIO(part)) as archive:
        root = archive.read("word/footnotes.xml").decode()
    start, end = root.index(">") + 1, root.rindex("</")
    found = read(
        paragraph("Start.", inner=footnote(1)),
        parts={"word/footnotes.xml": root[:start] + chain + root[end:]},
    ).elements
    assert [e.text for e in found] == ["Start.", *(f"n{n}" for n in range(1, 3001))]


def test_a_box_is_read_once_after_its_paragraph() -> None:
    body = paragraph("Text.", inner=text_box(paragraph("In a box.") + table([["a", "1"]])))
    assert [text for _, _, text in brief(body)] == ["Text.", "In a box.", "a: 1"]


def test_a_paragraph_whose_end_was_deleted_runs_on_into_the_next() -> None:
    mark = '<w:rPr><w:del w:id="1" w:author="A"/></w:rPr>'
    body = paragraph("One half ", marks=mark) + paragraph("and the other.") + paragraph("Next.")
    assert [text for _, _, text in brief(body)] == ["One half and the other.", "Next."]


def test_signs_breaks_and_links_are_read_and_instructions_of_fields_are_not() -> None:
    inner = (
        "<w:r><w:t>non</w:t><w:noBreakHyphen/><w:t>stop so</w:t><w:softHyphen/><w:t>ft\u00ad"
        "ly</w:t><w:br/><w:t>Line</w:t></w:r>"
        '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGEREF x</w:instrText></w:r>'
        "<w:hyperlink><w:r><w:tab/><w:t>linked</w:t></w:r></w:hyperlink>"
        '<w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t xml:space="preserve"> chosen</w:t></w:r>'
        "</w:sdtContent></w:sdt>"
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Click here</w:t></w:r>"
        "</w:sdtContent></w:sdt>"
    )
    assert [t for _, _, t in brief(paragraph(inner=inner))] == [
        "non-stop softly\nLine linked chosen"
    ]


def test_tables_inside_tables_and_tables_as_layout() -> None:
    nested = table([["Kind", table([["x", "1"], ["y", "2"]])], ["Other", "3"]])
    assert [t for _, _, t in brief(nested)] == ["Kind: x: 1; y: 2", "Other: 3"]
    layout = table([[paragraph("Left", "Heading2") + paragraph(LONG), "Right column."]])
    assert [(k, t) for k, _, t in brief(layout)] == [
        ("heading", "Left"), ("paragraph", LONG), ("paragraph", "Right column.")
    ]  # fmt: skip
    box = table([[paragraph("In a frame.") + paragraph("Second.")]])
    assert [k for k, _, _ in brief(box)] == ["paragraph", "paragraph"]


def test_pages_are_told_only_where_word_left_marks_of_them() -> None:
    mark = "<w:r><w:lastRenderedPageBreak/><w:t>Two</w:t></w:r>"
    over = "<w:r><w:t>a</w:t><w:lastRenderedPageBreak/><w:t>b</w:t></w:r>"
    cells = table([[paragraph(inner=over), paragraph(inner=over)], ["c", "d"]])
    found = read(paragraph("One") + paragraph(inner=mark) + cells + paragraph("Three"))
    assert found.pages == 3
    assert [e.page for e in found.elements] == [1, 2, 2, 3, 3]
    turned = read(paragraph("One", inner='<w:r><w:br w:type="page"/></w:r>') + paragraph("Two"))
    assert (turned.pages, [e.page for e in turned.elements]) == (None, [None, None])


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Review of Support for Carers", True),
        ("Microsoft Word - final.doc", False),
        ("Document1", False),
        ("[Title]", False),
        ("final_v3.docx", False),
        ("", False),
    ],
)
def test_a_title_that_a_program_left_behind_is_not_the_title(title: str, known: bool) -> None:
    assert read(paragraph(LONG), title=title).stated.title == (title if known else None)


def archive(**parts: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return data.getvalue()


def with_document(xml: bytes) -> bytes:
    return word_file("", parts={"word/document.xml": xml})


def lying(size: int) -> bytes:
    """A Word file that says its document is ``size`` bytes long when unpacked."""
    data = bytearray(word_file(paragraph(LONG)))
    at = data.index(b"word/document.xml", data.index(b"PK\x01\x02"))
    data[at - 46 + 24 : at - 46 + 28] = struct.pack("<I", size)
    return bytes(data)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>'
REFUSED = {
    "password": (OLE + "EncryptedPackage".encode("utf-16-le"), "needs a password"),
    "old format": (OLE + "WordDocument".encode("utf-16-le"), r"old binary format \(\.doc\)"),
    "zip": (archive(**{"notes.txt": b"x", "../../up.pl": b"x"}), "zip archive.*[Uu]npack"),
    "excel": (archive(**{"[Content_Types].xml": b"x", "xl/workbook.xml": b"x"}), "Excel workbook"),
    "powerpoint": (archive(**{"[Content_Types].xml": b"", "ppt/a.xml": b""}), "PowerPoint"),
    "opendocument": (archive(**{"content.xml": b"", "mimetype": b""}), "OpenDocument"),
    "no zip": (b"PK\x03\x04 and no more", "not a readable Word file"),
    "text": (b"Just words", "not a Word file"),
    "cut short": (word_file(paragraph(LONG))[:-300], "not a readable Word file"),
    "laughs": (with_document(LAUGHS), "document type"),
    "fetch": (with_document(b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>'), "document type"),
    "deep": (with_document(b"<a>" * 5_000 + b"</a>" * 5_000), "depth"),
    "no xml": (with_document(b"Just words"), "XML that cannot be read"),
    "empty": (with_document(b""), "XML that cannot be read"),
    "ratio": (word_file("", parts={"word/media/a": bytes(11 * 2**20)}), "would unpack to"),
    "lying small": (lying(10), "not a readable Word file|XML that cannot be read"),
    "lying large": (lying(2**32 - 2), "would unpack to"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_or_should_not_be_read_is_refused_by_name_with_a_next_step(name: str) -> None:
    data, pattern = REFUSED[name]
    with pytest.raises(ReadingError, match=rf"^report\.docx .*(?:{pattern})"):
        read_docx(data, "report.docx")


def test_an_archive_with_too_many_or_too_large_parts_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wordfile, "MOST_PARTS", 20)
    many = word_file(paragraph(LONG), parts={f"word/media/{n}": b"" for n in range(20)})
    with pytest.raises(ReadingError, match="would unpack"):
        read_docx(many, "report.docx")
    monkeypatch.setattr(wordfile, "LARGEST_PART", 500)
    with pytest.raises(ReadingError, match="holds a part of more than"):
        read_docx(word_file(paragraph(LONG * 9)), "report.docx")
    monkeypatch.setattr(wordfile, "LARGEST_TOTAL", 1_000)
    with pytest.raises(ReadingError, match="would unpack"):
        read_docx(word_file(paragraph(LONG * 9)), "report.docx")


@pytest.mark.parametrize(
    ("data", "looks"),
    [(word_file(""), True), (OLE, True), (b"%PDF-1.7", False), (b"", False), (b"PK", False)],
)
def test_a_word_file_is_told_by_its_first_bytes(data: bytes, looks: bool) -> None:
    assert looks_like_docx(data) is looks


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_damaged_file_is_read_or_refused_and_never_anything_else(
    changes: list[tuple[int, int]],
) -> None:
    data = bytearray(listed_report())
    for place, byte in changes:
        data[place % len(data)] = byte
    with contextlib.suppress(ReadingError):
        assert compose(read_docx(bytes(data), "report.docx").elements)


TAGS = "p r tbl tr tc tcPr ins del sdt sdtContent pPr rPr numPr hyperlink".split()
_INNER = st.recursive(
    st.sampled_from(["<w:t>x</w:t>", "<w:br/>", "<w:lastRenderedPageBreak/>", footnote(1)]),
    lambda inner: st.builds(
        "<w:{0}>{1}</w:{0}>".format,
        st.sampled_from(
            "p r tbl tr tc tcPr ins del sdt sdtContent pPr rPr numPr hyperlink".split()
        ),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(_INNER)
def test_any_nesting_of_parts_is_read_without_an_error(body: str) -> None:
    assert all(e.text.strip() for e in read(body, notes={1: "A note."}).elements)


def test_values_that_are_no_numbers_or_far_too_large_do_no_harm() -> None:
    odd = ("", "x", "-1", "9" * 5_000, "٣")
    for value in odd:
        cell = {(0, 0): f'<w:gridSpan w:val="{value}"/><w:vMerge w:val="{value}"/>'}
        body = (
            f'<w:p><w:pPr><w:outlineLvl w:val="{value}"/><w:numPr><w:ilvl w:val="{value}"/>'
            f'<w:numId w:val="1"/></w:numPr></w:pPr>{run("x")}'
            f'<w:r><w:sym w:char="{value}"/><w:sz w:val="{value}"/></w:r></w:p>'
            + table([["a", "b"]], cell)
        )
        numbering = NUMBERING.replace('w:start w:val="1"', f'w:start w:val="{value}"')
        assert len(read(body, numbering=numbering).elements) == 2


def test_two_hundred_pages_are_read_in_a_few_seconds() -> None:
    page = paragraph(LONG, "NumberedPara") * 8 + table([["Team", "A", "B"], ["x", "1", "2"]] * 5)
    data = word_file(page * 200)
    begun = time.process_time()
    elements = read_docx(data, "report.docx").elements
    assert time.process_time() - begun < 5
    assert len(elements) == 200 * (8 + 10)
    assert elements == read_docx(data, "report.docx").elements


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("docx--docx_rich_cells.docx", "Table with nested table"),
        ("docx--equations.docx", "From Eq. 36.1.3"),
        ("docx--testWORD_missing_text.docx", "Rich_text_in_cell"),
        ("docx--testWORD_docSecurity.docx", "Testing"),
        ("docx-or-zip-bad--testWORD_embedded_pdf.docx", "Bye for real."),
    ],
)
def test_files_of_other_parsers_tests_are_read(name: str, pattern: str) -> None:
    path = SHARED / "hostile" / name
    if not path.is_file():
        pytest.skip("the awkward documents (../shared/hostile) are not on this machine")
    assert pattern in printed(read_docx(path.read_bytes(), name).elements)


@pytest.mark.parametrize(
    "name", ["testZIP_corrupted_oom.zip", "testZip_absolutePath.zip", "testZip_relative.zip"]
)
def test_archives_of_other_parsers_tests_are_refused(name: str) -> None:
    path = SHARED / "hostile" / f"docx-or-zip-bad--{name}"
    if not path.is_file():
        pytest.skip("the awkward documents (../shared/hostile) are not on this machine")
    with pytest.raises(ReadingError):
        read_docx(path.read_bytes(), name)
