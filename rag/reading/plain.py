"""Plain text: lines to elements, for web text and for the text of a PDF alike.

What makes plain text awkward is that layout is all there is: lines are broken in the middle of
sentences, pages in the middle of paragraphs, headings are just short lines and bullets may have
lost their mark. The rules below look at line widths, indents, numbering and neighbours, never at
particular documents. Three passes: lines to pieces, pieces to elements, headings to levels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.reading.elements import Element, Kind
from rag.reading.headings import is_capitals, is_heading_name, is_role_heading, set_levels
from rag.reading.numbering import (
    BARE_NUMBER,
    BULLET,
    DEEP_NUMBER,
    END,
    LETTER,
    NUMBER,
    ROMAN,
    STOP,
    Numbering,
)

_URL_LINE = re.compile(r"https?://\S+")
_BANNER = re.compile(
    r"(?:skip to|visit our|we use cookies|accept (?:all )?cookies|cookies? (?:policy|settings)"
    r"|sign (?:in|up)|log ?in|subscribe|share (?:this|on)|print this|back to top|menu$|search$)",
    re.IGNORECASE,
)
_PAGE_NUMBER = re.compile(r"(?:page\s+)?\d{1,4}(?:\s+of\s+\d{1,4})?", re.IGNORECASE)
_HIDDEN_ADDRESS = re.compile(r"\s?\[email\s+protected\]")
_DATED = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r"\s+\d{4}$"
)
_CONTACT = re.compile(r"@|https?://|www\.|\b(?:tel|telephone|email|e-mail)\b\s*:?", re.IGNORECASE)
_LONGEST_HEADING = 110
_WRAP_WIDTH = 100


@dataclass(slots=True)
class _Line:
    text: str
    indented: bool
    after_blank: bool
    page: int


@dataclass(slots=True)
class _Piece:
    """Lines that belong together: a heading, a paragraph or an item, not yet told apart."""

    text: str
    lines: int
    last: int
    """Length of the last line."""
    widest: int
    label: str | None
    item: bool
    indented: bool
    page: int


def read_plain(text: str) -> list[Element]:
    """The elements of a plain text, in reading order."""
    lines, pages = _lines(text)
    pieces = _Grouping(lines, _wrap_width([line.text for line in lines])).pieces()
    elements = _elements(pieces, pages=pages)
    set_levels(elements)
    return elements


def _lines(text: str) -> tuple[list[_Line], bool]:
    """Lines with content, furniture left out; and whether pages could be counted."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").lstrip("\ufeff")
    found: list[_Line] = []
    blank, page = True, 1
    for raw in text.split("\n"):
        page += raw.count("\f")
        stripped = re.sub(r"\s+", " ", _HIDDEN_ADDRESS.sub("", raw.replace("\f", " "))).strip()
        if not stripped:
            blank = True
            continue
        indented = raw[:1] in (" ", "\f", "\t")
        found.append(_Line(stripped, indented, blank, page))
        blank = False
    opening = {id(line) for line in found[:5]}
    kept = [
        line
        for line in found
        if not (
            _URL_LINE.fullmatch(line.text)
            or (id(line) in opening and _BANNER.match(line.text))
            or (page > 1 and _PAGE_NUMBER.fullmatch(line.text))
        )
    ]
    return kept, page > 1


def _wrap_width(lines: list[str]) -> int:
    """The width that lines were broken to, in characters; 0 when they were not broken."""
    lengths = sorted(map(len, lines))
    if len(lengths) <= 20:
        return 0
    width = lengths[len(lengths) * 9 // 10]
    return width if width <= _WRAP_WIDTH else 0


class _Grouping:
    """Joins lines to pieces; knows the numbering so far, so that a date is not a number."""

    def __init__(self, lines: list[_Line], width: int) -> None:
        self.lines = lines
        self.width = width
        self.numbering = Numbering()
        self.done: list[_Piece] = []

    def pieces(self) -> list[_Piece]:
        for position, line in enumerate(self.lines):
            label, item, rest = self._marker(line)
            if label is None and not item and self._is_lost_bullet(position):
                item = True
            if label is None and not item and self.done and self._continues(line):
                self._append(line)
                continue
            length = len(line.text)
            self.done.append(_Piece(rest, 1, length, length, label, item, line.indented, line.page))
        return self.done

    def _append(self, line: _Line) -> None:
        piece = self.done[-1]
        short = piece.last < 60 and not self.width and not line.after_blank
        if piece.text.endswith(("-", "/")) and not piece.text.endswith((" -", " /")):
            joint = ""
        else:
            joint = "\n" if short and line.text[0].isupper() else " "
        piece.text += joint + line.text
        piece.lines += 1
        piece.last = len(line.text)
        piece.widest = max(piece.widest, piece.last)

    def _marker(self, line: _Line) -> tuple[str | None, bool, str]:
        """Printed label, whether it is a list item, and the text after the mark."""
        text = line.text
        if match := BULLET.match(text):
            return None, True, text[match.end() :]
        if match := DEEP_NUMBER.match(text):
            return match.group(1), False, text[match.end() :]
        match = NUMBER.match(text)
        if match is None and line.after_blank and (bare := BARE_NUMBER.match(text)):
            match = bare if self.numbering.expects(int(bare.group(1))) else None
        if match and self.numbering.accepts(int(match.group(1))):
            return match.group(1), False, text[match.end() :]
        if match and line.after_blank:
            return None, True, text
        if match := ROMAN.match(text):
            return match.group(1), True, text[match.end() :]
        match = LETTER.match(text)
        if match and self.numbering.accepts_letter(match.group(1)):
            return match.group(1), True, text[match.end() :]
        return None, False, text

    def _is_lost_bullet(self, position: int) -> bool:
        """An indented line in a list whose bullets were lost on the way to plain text."""
        line = self.lines[position]
        if not (self.width and line.indented and line.text[0].isupper() and self.done):
            return False
        previous = self.done[-1]
        if previous.text.endswith(":") or (previous.item and previous.indented):
            return not BARE_NUMBER.match(line.text)
        following = [n for n in self.lines[position + 1 : position + 4] if n.indented]
        return (
            not END.search(previous.text)
            and len(previous.text) < _LONGEST_HEADING
            and bool(following)
        )

    def _continues(self, line: _Line) -> bool:
        """True when ``line`` carries on the piece before it."""
        piece = self.done[-1]
        first = line.text.split(" ", 1)[0]
        lower = line.text[0].islower() or line.text[0] in "(&,;–-"
        if END.search(piece.text) and (line.after_blank or line.indented):
            return lower and line.text[0].islower() and not line.after_blank
        if lower:
            return not (line.after_blank and piece.text.endswith(":"))
        if not self.width:
            return not line.after_blank and not END.search(piece.text)
        if line.after_blank or line.indented:
            open_item = piece.item and not STOP.search(piece.text)
            open_text = piece.lines > 1 and not STOP.search(piece.text) and not piece.item
            full = piece.last >= 0.8 * max(piece.widest, 60)
            fits = not line.indented and len(line.text) <= 1.2 * self.width
            return (open_item or open_text) and full and fits
        plain = piece.label is None and not piece.item
        if piece.lines == 1 and plain and piece.last + 1 + len(first) < 0.75 * self.width:
            return False
        ended = bool(END.search(piece.text)) and piece.last + 1 + len(first) < 0.9 * piece.widest
        return not ended


def _elements(pieces: list[_Piece], *, pages: bool) -> list[Element]:
    candidate = [_may_be_heading(piece) for piece in pieces]
    prose = next((i for i, is_heading in enumerate(candidate) if not is_heading), 0)
    _drop_captions(pieces, candidate, prose)
    _drop_runs(pieces, candidate, prose)
    _drop_announced_lists(pieces, candidate)
    elements: list[Element] = []
    for i, piece in enumerate(pieces):
        page = piece.page if pages else None
        if i < prose - 1:
            elements.append(Element("front", piece.text, page=page))
        elif candidate[i]:
            indented = piece.indented
            elements.append(Element("heading", piece.text, indented=indented, page=page))
        elif _is_run_in_title(pieces, candidate, i):
            elements.append(Element("heading", piece.text, label=piece.label, page=page))
        else:
            kind: Kind = "item" if piece.item else "paragraph"
            elements.append(Element(kind, piece.text, label=piece.label, page=page))
    return _numbered_headings(elements)


def _may_be_heading(piece: _Piece) -> bool:
    text = piece.text
    return (
        not piece.item
        and piece.label is None
        and piece.lines <= 2
        and len(text) <= _LONGEST_HEADING
        and len(text.split()) <= 16
        and (text[0].isupper() or text[0].isdigit())
        and len(text) > 3
        and not re.search(r"[.,;!?]$", text)
        and not _CONTACT.search(text)
    )


def _drop_captions(pieces: list[_Piece], candidate: list[bool], prose: int) -> None:
    """A line that ends in month and year is a source or a date, one with a colon opens a list.

    A short label with a colon between two lists of a numbered paragraph heads the second.
    """
    numbered = False
    for i, piece in enumerate(pieces):
        numbered |= piece.label is not None and not piece.item
        following = pieces[i + 1] if i + 1 < len(pieces) else None
        if following is None or (i >= prose and _DATED.search(piece.text)):
            candidate[i] = False
        elif piece.text.endswith(":"):
            known = is_role_heading(piece.text) or is_capitals(piece.text)
            between_lists = pieces[i - 1].item and following.item and len(piece.text.split()) <= 5
            heads_list = numbered and between_lists
            candidate[i] &= known or heads_list or following.label is not None


def _drop_runs(pieces: list[_Piece], candidate: list[bool], prose: int) -> None:
    """Three short pieces in a row are a contents list or a flattened table, not headings."""
    i = prose
    while i < len(pieces):
        j = i
        while j < len(pieces) and (candidate[j] or _is_table_cell(pieces[j])):
            j += 1
        run = range(i, j)
        if len(run) >= 3 and not all(is_capitals(pieces[k].text) for k in run):
            for k in run:
                last_and_known = k == j - 1 and is_heading_name(pieces[k].text)
                if not last_and_known and not is_capitals(pieces[k].text):
                    candidate[k] = False
                    pieces[k].item = True
        i = max(j, i + 1)


def _is_table_cell(piece: _Piece) -> bool:
    return (
        piece.label is None
        and not piece.item
        and len(piece.text) <= 2 * _LONGEST_HEADING
        and piece.widest <= 45
        and not piece.text.endswith((".", ":"))
    )


def _drop_announced_lists(pieces: list[_Piece], candidate: list[bool]) -> None:
    """Short lines and bullets right after a colon are the announced list, not headings."""
    announced = False
    for i, piece in enumerate(pieces):
        if candidate[i] and not is_heading_name(piece.text) and not is_capitals(piece.text):
            announced = announced or (i > 0 and pieces[i - 1].text.endswith(":"))
            if announced:
                candidate[i], piece.item = False, True
        elif not piece.item or piece.label is not None:
            announced = False


def _is_run_in_title(pieces: list[_Piece], candidate: list[bool], i: int) -> bool:
    """``6. Intermediate Care`` above the text of paragraph 6."""
    piece = pieces[i]
    if piece.label is None or piece.item or i + 1 >= len(pieces):
        return False
    following = pieces[i + 1]
    short = len(piece.text) <= 80 and piece.lines == 1 and not STOP.search(piece.text)
    prose = following.label is None and not following.item and not candidate[i + 1]
    return short and prose


def _numbered_headings(elements: list[Element]) -> list[Element]:
    """Where all printed numbers stand on headings, they number the headings themselves."""
    numbered = [e for e in elements if e.label is not None and e.kind != "item"]
    if numbered and all(e.kind == "heading" for e in numbered) and len(numbered) < 15:
        for element in numbered:
            element.text = f"{element.label}. {element.text}"
            element.label = None
    return elements
