"""PDF to elements.

    pdfium ──> sheets ──> tables ──> lines ──> running heads out ──> pieces ──> elements
               scans ──> OCR ──┘

The page of an element is the number printed on the page, where the file prints numbers that rise
by one from page to page; else the page's count from 1. A page that holds a picture and no text is
a scan and is read by OCR where Tesseract is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.errors import ReadingError
from rag.reading import ocr
from rag.reading.elements import Document
from rag.reading.flow import elements_of
from rag.reading.lines import lines_of
from rag.reading.pdfium import Opened, opened, outline_of, picture_of, sheet_of
from rag.reading.runningheads import split_furniture
from rag.reading.tables import with_tables
from rag.reading.typeset import Sheet

MOST_PAGES = 3000
MOST_SCANS = 100
"""Scanned pages that are read by OCR; the rest of a longer scan is named in a note."""
_MANY_PAGES = 100
_SECONDS_A_PAGE = 0.2
"""Most time that a page takes on a slow machine; usual is a tenth of it."""
_FEW_LETTERS = 20
_SOME_LETTERS = 100
"""Letters of a stamp or a running head on top of a scan."""
_INSTALL = (
    "Install Tesseract (Debian or Ubuntu: apt-get install tesseract-ocr; Windows and macOS: see"
    " its site) and add it again."
)


def read_pdf(data: bytes, name: str, more_time: Callable[[float], None] | None = None) -> Document:
    """The elements of a PDF in reading order.

    ``more_time`` is told how many seconds more may be needed when there are many pages, or pages
    to be read by OCR.

    Raises ReadingError for a file that needs a password, is damaged, has too many pages, holds no
    text, or is a scan where no OCR is installed.
    """
    with opened(data, name) as document:
        count = len(document)
        if count > MOST_PAGES:
            raise ReadingError(
                f"{name} has {count:,} pages; at most {MOST_PAGES:,} are read.",
                "Split it, or leave out what is not needed.",
            )
        if more_time is not None and count > _MANY_PAGES:
            more_time(_SECONDS_A_PAGE * count)
        outline = outline_of(document)
        sheets = [sheet_of(document, number) for number in range(count)]
        scans = [sheet.number for sheet in sheets if is_scan(sheet)]
        read: list[int] = []
        if scans and ocr.available():
            if more_time is not None:
                more_time(2.0 * ocr.SECONDS_A_SCANNED_PAGE * min(len(scans), MOST_SCANS))
            read = _read_scans(document, sheets, scans)
    pages = [lines_of(sheet, with_tables(sheet)) for sheet in sheets]
    kept, printed = split_furniture(pages, sheets)
    elements = elements_of(kept, printed, outline)
    if not any(c.isalnum() for e in elements for c in e.text):
        if scans and not ocr.available():
            raise ReadingError(f"{name} is a scan (pictures of pages, no text).", _INSTALL)
        raise ReadingError(f"{name} holds no text.", "Nothing was added for it.")
    return Document(elements=elements, pages=count, notes=_notes(scans, read, printed))


def is_scan(sheet: Sheet) -> bool:
    """True for a page that shows a picture, or drawn letters, and has next to no text."""
    letters = sheet.letters
    bare = letters < _FEW_LETTERS and (sheet.pictures > 0.25 or (not letters and sheet.drawn))
    return bare or (letters < _SOME_LETTERS and sheet.pictures > 0.7)


def _read_scans(document: Opened, sheets: list[Sheet], scans: list[int]) -> list[int]:
    """Put the type of scanned pages on their sheets; the pages on which there was some."""
    read = []
    for number in scans[:MOST_SCANS]:
        sheet = sheets[number]
        picture = picture_of(document, number, ocr.DPI)
        scan = ocr.read_scan(*picture) if picture is not None else None
        if scan is not None:
            sheet.spans, sheet.width, sheet.height = scan.spans, scan.width, scan.height
            sheet.rules = []
            read.append(number)
    return read


def _notes(scans: list[int], read: list[int], printed: Sequence[int | None]) -> tuple[str, ...]:
    """What a reader of the report should know of its scanned pages."""
    notes = []
    if read:
        place = "page" if len(read) == 1 else "pages"
        notes.append(f"{_pages(read, printed)} read by OCR: check quotes against the {place}.")
    unread = [number for number in scans if number not in read]
    if unread and not ocr.available():
        notes.append(f"{_pages(unread, printed)} not read: Tesseract is not installed.")
    elif len(scans) > MOST_SCANS:
        late = scans[MOST_SCANS:]
        notes.append(f"{_pages(late, printed)} not read: too many scanned pages.")
    return tuple(notes)


def _pages(numbers: list[int], printed: Sequence[int | None]) -> str:
    """The beginning of a note: Pages 3 and 7 are scans and were …"""
    names = [str(printed[number] or number + 1) for number in numbers]
    if len(names) == 1:
        return f"Page {names[0]} is a scan and was"
    return f"Pages {', '.join(names[:-1])} and {names[-1]} are scans and were"
