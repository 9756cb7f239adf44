"""PDF pages to type, ruled lines and pictures. The owner of pypdfium2.

Of the text, what runs in the page's main direction is taken: watermarks and labels set at an
angle are left out, and so is what lies outside the page. Everything is bounded (characters and
drawn objects a page, pixels of a rendered page), because a file may be made to exhaust a reader.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import pypdfium2
import pypdfium2.raw as pdfium

from rag.errors import ReadingError
from rag.reading.typeset import SOFT_HYPHEN, Rule, Sheet, Span, right_to_left

MOST_CHARACTERS = 60_000
"""Characters read of one page; a page of small newsprint has about 20,000."""
MOST_OBJECTS = 8_000
"""Drawn objects looked at on one page."""
MOST_PIXELS = 9_000_000
"""Pixels of a rendered page: A4 at 300 dots an inch."""
Opened: TypeAlias = pypdfium2.PdfDocument
"""An open document; for annotations of other modules."""
_LINE_END_HYPHENS = (0x02, 0xFFFE)
_GENERATED = {32: " ", 0x02: SOFT_HYPHEN, 0xFFFE: SOFT_HYPHEN}
"""What pdfium puts between characters; anything else ends a run."""
_AT_AN_ANGLE = -1
_SYMBOLS = ("wingdings", "webdings", "dingbats")
_BOLD_NAMES = ("bold", "black", "heavy", "semibold", "demi")
_THIN = 3.0
_MANY_PATHS = 300
"""A page without text and with so many drawn shapes may have its letters drawn."""


@contextmanager
def opened(data: bytes, name: str) -> Iterator[Opened]:
    """An open document. Raises ReadingError, also for what pdfium finds wrong later on."""
    try:
        with pypdfium2.PdfDocument(data) as document:
            yield document
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ReadingError(
                f"{name} needs a password to be opened.",
                "Save a copy without a password and add that.",
            ) from None
        raise ReadingError(
            f"{name} is not a readable PDF: it is damaged or not a PDF at all.",
            "Open it in a PDF viewer, print or save it as a new PDF, and add that.",
        ) from None


def sheet_of(document: Opened, number: int) -> Sheet:
    """Page ``number`` (from 0) of a document; an empty sheet for a page that cannot be loaded."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return Sheet(number, 0.0, 0.0)
    try:
        return _Reading(page, number).sheet()
    finally:
        page.close()


def outline_of(document: Opened) -> dict[str, int]:
    """Depth of each heading, 1 outermost, that the file's outline names, in small letters."""
    found: dict[str, int] = {}
    for position, entry in enumerate(document.get_toc(max_depth=6)):
        if position >= MOST_OBJECTS:
            break
        title = " ".join(entry.get_title().split()).rstrip(": ").lower()
        if title:
            found.setdefault(title, entry.level + 1)
    return found


def picture_of(document: Opened, number: int, dpi: int) -> tuple[Any, float] | None:
    """The page as a grey Pillow image, and points to a pixel; None when it cannot be rendered.

    A page that is too large is rendered with fewer dots an inch.
    """
    page = document[number]
    try:
        width, height = page.get_size()
        scale = min(dpi / 72, math.sqrt(MOST_PIXELS / max(width * height, 1.0)))
        if min(width, height) * scale < 1:
            return None
        image = page.render(scale=scale, grayscale=True).to_pil()
    except pypdfium2.PdfiumError:
        return None
    finally:
        page.close()
    return image, 1 / scale


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool
    symbol: bool
    turn: int
    """Direction in quarter turns against the clock, or ``_AT_AN_ANGLE``."""
    base: float


class _Reading:
    """Reads one page; what pdfium calls return is kept in buffers made once."""

    def __init__(self, page: Any, number: int) -> None:
        self.page = page
        left, bottom, right, top = page.get_bbox()
        self.box = (left, bottom, right, top)
        self.number = number
        self._loose = pdfium.FS_RECTF()
        self._matrix = pdfium.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()

    def sheet(self) -> Sheet:
        """Everything of the page, turned so that its main text reads from left to right."""
        textpage = self.page.get_textpage()
        try:
            found = list(self._runs(textpage.raw))
        finally:
            textpage.close()
        turns = Counter[int]()
        for turn, span in found:
            turns[turn] += len(span.text)
        main = turns.most_common(1)[0][0] if turns else 0
        left, bottom, right, top = self.box
        across, down = right - left, top - bottom
        if main % 2:
            across, down = down, across
        sheet = Sheet(self.number, across, down)
        inside = (s for turn, s in found if turn == main and self._inside(s, across, down))
        sheet.spans = _printed_once(inside)
        self._objects(sheet, main)
        return sheet

    @staticmethod
    def _inside(span: Span, across: float, down: float) -> bool:
        return bool(span.text.strip()) and (
            span.right > 0 and span.left < across and 0 < span.base < down + span.size
        )

    def _runs(self, raw: Any) -> Iterator[tuple[int, Span]]:
        """Spans in the order in which they are written, each with its direction."""
        styles: dict[int, _Style] = {}
        run: tuple[_Style, Span] | None = None
        for i in range(min(pdfium.FPDFText_CountChars(raw), MOST_CHARACTERS)):
            code = pdfium.FPDFText_GetUnicode(raw, i)
            handle = pdfium.FPDFText_GetTextObject(raw, i)
            if not handle:
                if run is not None and code in _GENERATED:
                    run[1].text += _GENERATED[code]
                elif run is not None:
                    yield run[0].turn, run[1]
                    run = None
                continue
            key = ctypes.addressof(handle.contents)
            if key not in styles:
                styles[key] = self._style(raw, i)
            character = self._character(raw, i, code, styles[key])
            if character is None:
                continue
            if run is not None and _joins(run, styles[key], character):
                _append(run[1], character)
                continue
            if run is not None:
                yield run[0].turn, run[1]
            run = styles[key], character
        if run is not None:
            yield run[0].turn, run[1]

    def _character(self, raw: Any, i: int, code: int, style: _Style) -> Span | None:
        """One character at its place; None for one that is not printed, or set at an angle."""
        if style.turn == _AT_AN_ANGLE or style.size < 0.5:
            return None
        if style.symbol and code > 32:
            text = "•"
        elif code in _LINE_END_HYPHENS:
            text = SOFT_HYPHEN
        elif code < 33 or code == 0xA0:
            text = " " if code in (9, 10, 13, 32, 0xA0) else ""
        else:
            text = "" if code == 0xAD or code > 0x10FFFF or 0xD800 <= code < 0xE000 else chr(code)
        if not text:
            return None
        pdfium.FPDFText_GetLooseCharBox(raw, i, self._loose)
        box = self._loose
        left, _, right, _ = self._turned(box.left, box.bottom, box.right, box.top, style.turn)
        return Span(text, left, right, style.base, style.size, style.bold)

    def _style(self, raw: Any, i: int) -> _Style:
        pdfium.FPDFText_GetMatrix(raw, i, self._matrix)
        m = self._matrix
        size = pdfium.FPDFText_GetFontSize(raw, i) * math.hypot(m.c, m.d)
        length = pdfium.FPDFText_GetFontInfo(raw, i, self._name, 128, self._flags)
        font = self._name.value.decode("utf-8", "replace").lower() if 0 < length <= 128 else ""
        bold = pdfium.FPDFText_GetFontWeight(raw, i) >= 600 or any(n in font for n in _BOLD_NAMES)
        angle = math.degrees(math.atan2(m.b, m.a)) / 90
        turn = round(angle) % 4 if abs(angle - round(angle)) < 0.06 else _AT_AN_ANGLE
        pdfium.FPDFText_GetCharOrigin(raw, i, self._x, self._y)
        x, y = self._x.value, self._y.value
        _, base, _, _ = self._turned(x, y, x, y, turn)
        return _Style(size, bold, any(n in font for n in _SYMBOLS), turn, base)

    def _turned(
        self, left: float, bottom: float, right: float, top: float, turn: int
    ) -> tuple[float, float, float, float]:
        """A box of the file as left, top, right, bottom from the top left of the turned page."""
        x0, y0, x1, y1 = self.box
        if turn == 0:
            return left - x0, y1 - top, right - x0, y1 - bottom
        if turn == 1:
            return bottom - y0, left - x0, top - y0, right - x0
        if turn == 2:
            return x1 - right, bottom - y0, x1 - left, top - y0
        return y1 - top, x1 - right, y1 - bottom, x1 - left

    def _objects(self, sheet: Sheet, turn: int) -> None:
        """Ruled lines, and how much of the page pictures cover."""
        kinds = (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE)
        area = max(sheet.width * sheet.height, 1.0)
        paths = 0
        for position, thing in enumerate(self.page.get_objects(filter=kinds, max_depth=4)):
            if position >= MOST_OBJECTS:
                break
            try:
                bounds = thing.get_bounds()
            except pypdfium2.PdfiumError:
                continue
            x0, y0, x1, y1 = bounds
            left, top, right, bottom = self._turned(x0, y0, x1, y1, turn)
            paths += thing.type == pdfium.FPDF_PAGEOBJ_PATH
            if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE:
                across = min(right, sheet.width) - max(left, 0.0)
                down = min(bottom, sheet.height) - max(top, 0.0)
                sheet.pictures += max(across, 0.0) * max(down, 0.0) / area
            elif min(right - left, bottom - top) <= _THIN:
                sheet.rules.append(Rule(left, top, right, bottom))
            elif self._is_stroked(thing.raw):
                sheet.rules.extend(_outline(left, top, right, bottom))
        sheet.pictures = min(sheet.pictures, 1.0)
        sheet.drawn = paths >= _MANY_PATHS

    def _is_stroked(self, raw: Any) -> bool:
        """True for a drawn rectangle: a box of which the four sides are ruled lines."""
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(raw, fill, stroke)
        return bool(stroke.value) and 4 <= pdfium.FPDFPath_CountSegments(raw) <= 5


def _printed_once(spans: Iterable[Span]) -> list[Span]:
    """Spans without those printed again a hair beside themselves, to look bold or shaded."""
    kept: list[Span] = []
    seen: set[tuple[str, int, int]] = set()
    for span in spans:
        step = 0.5 * span.size
        x, y = round(span.left / step), round(span.base / step)
        near = ((span.text.strip(), x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        if span.right - span.left < step or seen.isdisjoint(near):
            kept.append(span)
        seen.add((span.text.strip(), x, y))
    return kept


def _joins(run: tuple[_Style, Span], style: _Style, character: Span) -> bool:
    """True when a character goes on with a run: same style and line, no wide gap."""
    before, span = run
    same = (
        before.turn == style.turn
        and before.symbol == style.symbol
        and before.bold == style.bold
        and abs(before.size - style.size) < 0.6
        and abs(span.base - character.base) < 0.15 * span.size
    )
    if _leftward(span, character):
        near = character.right > span.left - 0.9 * span.size
        return same and near and character.left < span.right + 0.9 * span.size
    return same and -0.6 * span.size < character.left - span.right < 0.9 * span.size


def _leftward(span: Span, character: Span) -> bool:
    """True when a script that is written from right to left goes on."""
    last = span.text[-1]
    return (character.text > "\u058f" and right_to_left(character.text)) or (
        last > "\u058f" and right_to_left(last)
    )


def _append(span: Span, character: Span) -> None:
    gap = character.left - span.right
    if gap > 0.2 * span.size and not span.text.endswith(" ") and not _leftward(span, character):
        span.text += " "
    span.text += character.text
    span.left, span.right = min(span.left, character.left), max(span.right, character.right)


def _outline(left: float, top: float, right: float, bottom: float) -> Iterator[Rule]:
    yield Rule(left, top, right, top)
    yield Rule(left, bottom, right, bottom)
    yield Rule(left, top, left, bottom)
    yield Rule(right, top, right, bottom)
