"""Scanned pages: read by OCR where it is installed, told apart where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from printed import Sheet, pdf, photographed

from rag.errors import ReadingError
from rag.reading import ocr
from rag.reading.elements import Document
from rag.reading.pdf import read_pdf

LINES = (
    "The council knows its strengths and has a plan",
    "for each weakness that people could explain.",
    "Carers told the team that somebody always",
    "answered when they called.",
)
needs_tesseract = pytest.mark.skipif(
    not ocr.available(), reason="tesseract and its English data are not installed on this machine"
)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Tesseract."""
    monkeypatch.setattr(ocr, "available", lambda: False)


def scan(turned: int = 0) -> Sheet:
    return Sheet(picture=photographed(LINES).rotate(turned, expand=True))


def typed() -> Sheet:
    sheet = Sheet()
    sheet.lines("This page has text of its own, and nothing of it has to be guessed.", 100)
    return sheet


def words(found: Document) -> str:
    return " ".join(e.text for e in found.elements)


@needs_tesseract
def test_a_scan_is_read_and_says_so() -> None:
    found = read_pdf(pdf([scan()]), "scan.pdf")
    assert words(found) == " ".join(LINES)
    assert found.notes == ("Page 1 is a scan and was read by OCR: check quotes against the page.",)


@needs_tesseract
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_scan_that_lies_on_its_side_is_turned(turned: int) -> None:
    found = read_pdf(pdf([scan(turned)]), "scan.pdf")
    assert "knows its strengths and has a plan for each weakness" in words(found)


@needs_tesseract
def test_scans_among_other_pages_are_named() -> None:
    found = read_pdf(pdf([typed(), scan(), typed(), scan()]), "mixed.pdf")
    assert found.notes == (
        "Pages 2 and 4 are scans and were read by OCR: check quotes against the pages.",
    )
    assert {e.page for e in found.elements} == {1, 2, 3, 4}


@needs_tesseract
def test_more_time_is_asked_for_scans_only() -> None:
    asked: list[float] = []
    read_pdf(pdf([typed()]), "typed.pdf", asked.append)
    assert asked == []
    read_pdf(pdf([scan(), typed()]), "mixed.pdf", asked.append)
    assert asked == [2.0 * ocr.SECONDS_A_SCANNED_PAGE]


@needs_tesseract
def test_a_picture_without_words_gives_none() -> None:
    noise = np.random.default_rng(7).integers(0, 255, (90, 64), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((1240, 1754))
    with pytest.raises(ReadingError, match=r"photo\.pdf holds no text"):
        read_pdf(pdf([Sheet(picture=picture)]), "photo.pdf")


@needs_tesseract
def test_a_picture_beside_text_is_not_read() -> None:
    sheet = typed()
    for y in range(130, 300, 14):
        sheet.lines("There is a lot of text on this page that has a picture behind it.", y)
    sheet.picture = photographed(LINES)
    assert read_pdf(pdf([sheet]), "poster.pdf").notes == ()


@pytest.mark.usefixtures("without")
def test_without_tesseract_a_scan_is_refused_with_what_to_install() -> None:
    with pytest.raises(ReadingError, match=r"scan\.pdf is a scan") as refused:
        read_pdf(pdf([scan(), scan()]), "scan.pdf")
    assert "apt-get install tesseract-ocr" in refused.value.next_step


@pytest.mark.usefixtures("without")
def test_without_tesseract_the_other_pages_are_read_and_the_scans_named() -> None:
    found = read_pdf(pdf([typed(), scan(), scan()]), "mixed.pdf")
    assert {e.page for e in found.elements} == {1}
    assert found.notes == (
        "Pages 2 and 3 are scans and were not read: Tesseract is not installed.",
    )
