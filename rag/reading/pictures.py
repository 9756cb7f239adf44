"""Where a quote stands in a PDF, and a picture of that page with the quote marked.

    quote in its passage ──> letters and digits ──> the same on the pages ──> lines ──> picture

The text of a report is not the text of its file: words are joined over line ends, columns put in
order, running heads dropped, ligatures and spaces made plain. So letters and digits alone are
compared, and where a passage does not stand on a page in one piece, the pieces of it that do are
taken; where there are none of any length (the cells of a table), words that stand together. The
page that is cited is the printed number, which need not be the count of pages: it says where to
look first, no more. A scan has no text of its own, so that nothing can be marked on it.
"""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Sequence
from ctypes import c_int
from dataclasses import dataclass, field, replace
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from rag.reading.lines import lines_of
from rag.reading.pdfium import MOST_CHARACTERS, Opened, sheet_of
from rag.reading.quotes import Letters, Run, Stretch, letters_of, runs_of, together, words_of
from rag.reading.runningheads import split_furniture
from rag.reading.tables import with_tables

WIDTH = 1000
"""Pixels across a picture, unless the page is very small or very long."""
MOST_PIXELS = 4_000_000
"""Pixels of a picture: a page nearly three times as long as A4."""
MOST_PAGES = 500
"""Pages looked at for one quote, those nearest to the cited one first."""
_NUMBERED = 100
"""Pages of which the printed numbers are looked up for a quote that no page holds."""
_CLOSEST = 5.0
"""Most pixels to a point; more would only show how coarse a picture in the page is."""
_LONGEST = 20_000
"""Characters of a passage that are looked for."""
_ENOUGH = 0.97
"""Share of a passage beyond which no other page is looked at: footnote marks may differ."""
_LEAST = 0.5
"""Share of a passage, or of the words of a quote, below which it is taken to stand elsewhere."""
_NEARLY_ALL = 0.8
"""Share of the words of a quote that stand together where they are marked."""
_FEW_WORDS = 3
"""A quote of fewer is not looked for word by word."""
_OPENING, _CLOSING = "([‘“'\"£", ".,;:!?)]%’”'\""
_WIDEST_GAP = 2.0
"""Between two words of one line, in its heights; cells of a table are further apart."""
_LEADING = 0.12
"""Room above and below a marked line, in its heights: the lines of a paragraph meet."""
_YELLOW, _DARK = (255, 236, 110), (92, 64, 0)
_EDGE = 2
"""Pixels of the line around what is marked, so that it is not told by colour alone."""
_FEW_COLOURS = 4096
"""A page with no more is print, of which a palette makes a picture a third of the size."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What is looked for: a quote, the passage that it stands in, and the page that is cited."""

    passage: str
    quote: str
    page: int | None = None
    """The printed number, where the file prints numbers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote starts: a page of the file, from 0, and the quote's stretches on it."""

    page: int
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as it is printed, with the quote marked on it."""

    png: bytes
    page: int
    """Page of the file, from 1; not the printed number."""
    width: int
    """Pixels."""
    height: int
    marked: int
    """How many lines are marked; 0 when the quote is not found in the text of the page."""


# --- the quote on the pages -----------------------------------------------------------------


def place_of(document: Opened, quoted: Quoted) -> Place | None:
    """Where a quote starts, and what of it stands on that page.

    A page without stretches where the quote is known to be but not to the letter, as in a scan;
    None when nothing tells the page.
    """
    return _Search(document, quoted).place()


@dataclass(slots=True)
class _Search:
    """One search; the text of a page is read when it is first looked at."""

    document: Opened
    quoted: Quoted
    _texts: dict[int, str] = field(default_factory=dict)
    _letters: dict[int, Letters] = field(default_factory=dict)

    def place(self) -> Place | None:
        """Where the quote starts, by its letters, else by its words, else by the cited page."""
        order = self._order()
        if not order:
            return None
        found = self._by_letters(order)
        if found is not None and found.stretches:
            return found
        return self._by_words(order) or found or self._as_cited()

    def _order(self) -> list[int]:
        """Pages as they are looked at: that of the cited label, then the nearest to its number."""
        hint = self.quoted.page or 1
        pages = sorted(range(len(self.document)), key=lambda n: (abs(n + 1 - hint), n + 1 < hint))
        named = str(self.quoted.page)
        return sorted(pages[:MOST_PAGES], key=lambda n: self.document.get_page_label(n) != named)

    def _by_letters(self, order: list[int]) -> Place | None:
        """The first two pages that hold next to all of the passage, or those that hold most."""
        sought = _sought(self.quoted)
        if sought.start >= sought.end:
            return None
        best, most = None, _LEAST
        for page in order:
            both = f"{self.letters(page).text}\n{self.letters(page + 1).text}"
            runs = runs_of(sought.letters.text, both)
            share = sum(run.length for run in runs) / len(sought.letters.text)
            if share > most:
                best, most = (page, runs), share
            if share >= _ENOUGH:
                break
        return self._placed(*best, sought) if best is not None else None

    def _placed(self, page: int, runs: list[Run], sought: _Sought) -> Place:
        """The pieces of the quote on the page where it starts; none when few of it are found."""
        behind = len(self.letters(page).text) + 1
        sides: tuple[list[Stretch], list[Stretch]] = ([], [])
        found = []
        for piece in sought.of_quote(runs):
            side = int(piece.there >= behind)
            there = replace(piece, there=piece.there - side * behind)
            run = self._trimmed(page + side, there, sought)
            if run.length > 0:
                found.append(run)
                sides[side].append(self._stretch(page + side, run))
        if sum(run.length for run in found) < _LEAST * (sought.end - sought.start):
            return Place(page)
        side = 0 if sides[0] else 1
        more, _ = together(sought.without(found), self.text(page + side), sides[side])
        return Place(page + side, tuple(sorted([*sides[side], *more])))

    def _trimmed(self, page: int, run: Run, sought: _Sought) -> Run:
        """A piece without the part of a word that it has by chance, at an end inside the quote."""
        text, places = self.text(page), self.letters(page).places
        first, last = run.there, run.there + run.length
        if run.start > sought.start:
            while first < last and _within_word(text, places[first]):
                first += 1
        if run.start + run.length < sought.end:
            while first < last and _within_word(text, places[last - 1] + 1):
                last -= 1
        return Run(run.start + first - run.there, first, last - first)

    def _stretch(self, page: int, run: Run) -> Stretch:
        """A piece of a page with the brackets, quotation marks and stops at its ends."""
        text = self.text(page)
        start, end = self.letters(page).stretch(run.there, run.there + run.length)
        while start > 0 and text[start - 1] in _OPENING:
            start -= 1
        while end < len(text) and text[end] in _CLOSING:
            end += 1
        return start, end

    def _by_words(self, order: list[int]) -> Place | None:
        """The page with most words of the quote, marked if it has nearly all of them together."""
        words = words_of(self.quoted.quote[:_LONGEST])
        if len(words) < _FEW_WORDS:
            return None
        best, most = None, _NEARLY_ALL * len(words)
        for page in order:
            stretches, there = together(words, self.text(page))
            if len(there) > most:
                best, most = Place(page, tuple(stretches)), len(there)
        if best is not None:
            return best
        shares = {page: len(words & words_of(self.text(page))) / len(words) for page in order}
        page = max(order, key=lambda page: shares[page])
        return Place(page) if shares[page] > _LEAST else None

    def _as_cited(self) -> Place | None:
        """The page that carries the cited number in print, else the one of that count."""
        cited, count = self.quoted.page, len(self.document)
        if cited is None:
            return None
        for page in range(min(count, MOST_PAGES)):
            if self.document.get_page_label(page) == str(cited):
                return Place(page)
        sheets = [sheet_of(self.document, page) for page in range(min(count, _NUMBERED))]
        lines = [lines_of(sheet, with_tables(sheet)) for sheet in sheets]
        printed = split_furniture(lines, sheets)[1]
        page = printed.index(cited) if cited in printed else cited - 1
        return Place(page) if 0 <= page < count else None

    def letters(self, page: int) -> Letters:
        """The letters of a page; none for one that is not there."""
        if page not in self._letters:
            self._letters[page] = letters_of(self.text(page))
        return self._letters[page]

    def text(self, page: int) -> str:
        """The characters of a page, in the order and with the count of pdfium."""
        if page not in self._texts:
            self._texts[page] = _text_of(self.document, page)
        return self._texts[page]


@dataclass(frozen=True, slots=True)
class _Sought:
    """A passage as it is looked for, and where among its letters those of the quote are."""

    text: str
    letters: Letters
    start: int
    end: int

    def of_quote(self, runs: Sequence[Run]) -> list[Run]:
        """What of some pieces of the passage is the quote's."""
        cut = ((max(run.start, self.start), run) for run in runs)
        kept = ((at, run, min(run.start + run.length, self.end) - at) for at, run in cut)
        return [Run(at, run.there + at - run.start, n) for at, run, n in kept if n > 0]

    def without(self, runs: Sequence[Run]) -> frozenset[str]:
        """The words of the quote that are not whole in any of these pieces of it."""
        ends = [self.start, *(run.start + run.length for run in runs)]
        starts = [*(run.start for run in runs), self.end]
        gaps = [self.letters.stretch(a, b) for a, b in zip(ends, starts, strict=True) if a < b]
        return frozenset[str]().union(*(words_of(self._with_whole_words(*gap)) for gap in gaps))

    def _with_whole_words(self, start: int, end: int) -> str:
        while start > 0 and self.text[start - 1].isalnum():
            start -= 1
        while end < len(self.text) and self.text[end].isalnum():
            end += 1
        return self.text[start:end]


def _within_word(text: str, place: int) -> bool:
    """True when letters of one word stand on both sides of a place."""
    return 0 < place < len(text) and text[place - 1 : place + 1].isalpha()


def _sought(quoted: Quoted) -> _Sought:
    """The quote in its passage, or by itself when it does not stand there."""
    passage, quote = quoted.passage[:_LONGEST], quoted.quote[:_LONGEST]
    letters, sought = letters_of(passage), letters_of(quote)
    at = passage.find(quote)
    start = len(letters_of(passage[:at]).text) if at >= 0 else letters.text.find(sought.text)
    if start < 0:
        return _Sought(quote, sought, 0, len(sought.text))
    return _Sought(passage, letters, start, start + len(sought.text))


def _text_of(document: Opened, number: int) -> str:
    """The characters of a page; none for a page that is not there or cannot be loaded."""
    if number >= len(document):
        return ""
    try:
        page = document[number]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        return ""
    count = min(textpage.count_chars(), MOST_CHARACTERS)
    codes = (pdfium.FPDFText_GetUnicode(textpage.raw, i) for i in range(count))
    text = "".join(chr(code) if code <= sys.maxunicode else " " for code in codes)
    textpage.close()
    page.close()
    return text


# --- the picture ----------------------------------------------------------------------------


def drawn(document: Opened, place: Place) -> PagePicture | None:
    """A picture of a page with the lines of the quote marked; None when it cannot be drawn."""
    from PIL import Image

    page = document[place.page]
    try:
        width, height = page.get_size()
        most = math.sqrt(MOST_PIXELS / max(width * height, 1.0))
        scale = min((WIDTH - 0.5) / max(width, 1.0), most, _CLOSEST)
        if min(width, height) * scale < 1:
            return None
        image = page.render(scale=scale, rev_byteorder=True).to_pil()
        lines = _lines(page, place.stretches, image.size) if place.stretches else []
    finally:
        page.close()
    _mark(image, lines)
    if image.getcolors(_FEW_COLOURS) is not None:
        image = image.quantize(256, Image.Quantize.MAXCOVERAGE)
    png = io.BytesIO()
    image.save(png, "PNG")
    return PagePicture(png.getvalue(), place.page + 1, image.width, image.height, len(lines))


def _lines(page: Any, stretches: Sequence[Stretch], size: tuple[int, int]) -> list[Box]:
    """The lines, in pixels, that stretches of a page's characters stand on."""
    textpage = page.get_textpage()
    turned = page.get_rotation()
    lines: list[Box] = []
    upright = False
    try:
        for i in sorted({i for stretch in stretches for i in range(*stretch)}):
            box = _box(page, textpage.raw, i, size)
            if box is None:
                continue
            before = upright
            angle = math.degrees(pdfium.FPDFText_GetCharAngle(textpage.raw, i))
            upright = round((angle + turned) / 90) % 2 == 1
            if lines and before == upright and _goes_on(lines[-1], box, int(upright)):
                lines[-1] = _around(lines[-1], box)
            else:
                lines.append(box)
    finally:
        textpage.close()
    return lines


def _box(page: Any, raw: Any, i: int, size: tuple[int, int]) -> Box | None:
    """Where a character is on the picture; None for a blank, or one that is not printed."""
    if not pdfium.FPDFText_GetTextObject(raw, i) or pdfium.FPDFText_GetUnicode(raw, i) <= ord(" "):
        return None
    loose = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(raw, i, loose)
    corners = []
    for x, y in ((loose.left, loose.bottom), (loose.right, loose.top)):
        across, down = c_int(), c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
        corners.append((across.value, down.value))
    (left, right), (top, bottom) = (sorted(values) for values in zip(*corners, strict=True))
    inside = left < size[0] and right > 0 and top < size[1] and bottom > 0
    return (left, top, right, bottom) if inside and left < right and top < bottom else None


def _around(one: Box, other: Box) -> Box:
    left, top, right, bottom = other
    return min(one[0], left), min(one[1], top), max(one[2], right), max(one[3], bottom)


def _goes_on(line: Box, box: Box, along: int) -> bool:
    """True when a character stands on a line, which runs ``along`` x (0) or y (1)."""
    high = 1 - along
    shared = min(line[high + 2], box[high + 2]) - max(line[high], box[high])
    height = min(line[high + 2] - line[high], box[high + 2] - box[high])
    gap = max(box[along] - line[along + 2], line[along] - box[along + 2])
    return shared >= 0.5 * height and gap <= _WIDEST_GAP * height


def _mark(image: Any, lines: Sequence[Box]) -> None:
    """Colour lines so that the print stays as dark as it is, and draw a line around them."""
    from PIL import Image, ImageChops, ImageDraw

    inner, outer = Image.new("L", image.size), Image.new("L", image.size)
    for left, top, right, bottom in lines:
        room = _LEADING * min(right - left, bottom - top)
        for mask, grown in ((inner, room), (outer, room + _EDGE)):
            box = left - grown, top - grown, right + grown, bottom + grown
            ImageDraw.Draw(mask).rectangle(box, fill=255)
    yellow = ImageChops.multiply(image, Image.new("RGB", image.size, _YELLOW))
    image.paste(_DARK, mask=ImageChops.subtract(outer, inner))
    image.paste(yellow, mask=inner)
