"""What a file is, its first bytes say; its name is only asked where they do not."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from printed import Sheet, pdf

from rag.errors import ReadingError, UnknownKindError
from rag.reading import KINDS, read_file, read_text
from rag.records import Report

LINE = "Carers wait for an assessment of their needs."
PAGE = f"<!DOCTYPE html><html><body><main><h1>A review</h1><p>{LINE}</p></main></body></html>"


def printed() -> bytes:
    sheet = Sheet()
    sheet.type(LINE, 100)
    return pdf([sheet])


def read(folder: Path, name: str, data: bytes) -> Report:
    path = folder / name
    path.write_bytes(data)
    return read_file(path)


@pytest.mark.parametrize("name", ["report.pdf", "report.docx", "report.aspx", "report"])
@pytest.mark.parametrize("kind", ["PDF", "web page"])
def test_a_file_under_another_name_is_read_as_what_it_is(
    tmp_path: Path, name: str, kind: str
) -> None:
    report = read(tmp_path, name, printed() if kind == "PDF" else PAGE.encode())
    assert LINE in report.text
    called = KINDS.get(Path(name).suffix)
    told = [note for note in report.notes if f"is a {kind}" in note]
    assert len(told) == (called not in (None, kind))


def test_a_pdf_may_start_late_and_a_text_may_speak_of_it(tmp_path: Path) -> None:
    late = read(tmp_path, "late.pdf", b"\n\n" * 40 + printed())
    assert (late.pages, LINE in late.text) == (1, True)
    text = read(tmp_path, "about.txt", b"The mark %PDF-1.7 stands at the start of a PDF file.")
    assert (text.pages, text.notes) == (None, ())


def test_an_archive_is_told_and_not_opened(tmp_path: Path) -> None:
    empty = b"PK\x05\x06" + bytes(18)
    with pytest.raises(ReadingError, match=r"report\.pdf"):
        read(tmp_path, "report.pdf", empty)


def test_what_no_reader_knows_is_refused_with_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownKindError) as refused:
        read(tmp_path, "picture.jpg", b"\xff\xd8\xff\xe0 and so on")
    assert all(ending in refused.value.next_step for ending in KINDS)


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=400))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any", numbered=True)
    with contextlib.suppress(ReadingError):
        assert read(folder, f"report{suffix}", data).text.strip()


def test_a_text_already_decoded_is_read_by_its_ending() -> None:
    assert read_text(LINE, Path("a.txt"), LINE.encode()).text == LINE
