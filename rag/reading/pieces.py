"""Printed lines to pieces: headings, paragraphs, list items and tables, still as lines.

What joins lines is type (size and weight), distance to the line above, indents and how a line
ends; what parts them is a mark (bullet, printed number, letter) or a change of any of these. A
piece goes on across a column or a page when its last line does not end a sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from rag.reading.elements import Element
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
from rag.reading.typeset import SOFT_HYPHEN, Line

_LONE_MARK = re.compile(r"(?:[•▪●◦‣·∙\ue000-\uf8ff\u2500-\u25ff\u2700-\u27bf]|[-–—−*o])")
_RARE_BULLET = re.compile(r"[−\u2500-\u25ff\u2700-\u27bf]\s*(?=\S)|[+~»]\s+(?=[A-Z])")
_GLUED_NUMBER = re.compile(r"(\d{1,3})[.)](?=[A-Z][a-z ])")
_MARKED = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]+)[.)]\s|\W{1,2}\s")
_SAME_SIZE = 0.8
"""Points by which type of one size may differ."""
_INDENT = 7.0
"""Points by which a line stands further in or out than another to count as indented."""


@dataclass(frozen=True, slots=True)
class Body:
    """How running text is set in a document."""

    size: float
    pitch: float
    """Distance between baselines, in font sizes."""


@dataclass(slots=True)
class Piece:
    """Lines that belong together, and the mark that opens them."""

    lines: list[Line]
    texts: list[str]
    label: str | None = None
    item: bool = False
    left: float = 0.0
    """Where the mark, or the first line, starts."""
    hang: float = 0.0
    """Where the text after the mark starts."""
    rows: Sequence[Element] = ()
    note: bool = False
    """True for a footnote."""
    notes: list[Piece] = field(default_factory=list)

    @property
    def page(self) -> int:
        return self.lines[0].page

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)


def body_of(pages: Iterable[list[Line]]) -> Body:
    """The size most letters are set in, and the most common distance between its lines."""
    letters = Counter[float]()
    lines = [[line for line in page if not line.rows] for page in pages]
    for page in lines:
        for line in page:
            letters[round(line.size * 2) / 2] += len(line.text)
    size = letters.most_common(1)[0][0] if letters else 10.0
    pitches = Counter[float]()
    for page in lines:
        for one, other in pairwise(page):
            down = (other.base - one.base) / size
            if abs(one.size - size) < _SAME_SIZE and abs(other.size - size) < _SAME_SIZE:
                pitches[round(down * 20) / 20] += 0.9 < down < 2.6
    return Body(size, pitches.most_common(1)[0][0] if +pitches else 1.2)


def split_footnotes(lines: list[Line], body: Body) -> tuple[list[Line], list[Line]]:
    """The lines of a page and those of its footnotes: small type below a raised mark."""
    start = next(
        (
            i
            for i, line in enumerate(lines)
            if line.note is not None
            and line.size < 0.95 * body.size
            and not any(x.base > line.base and x.size > 0.95 * body.size for x in lines[i:])
        ),
        None,
    )
    return (lines, []) if start is None else (lines[:start], lines[start:])


def footnotes_of(lines: list[Line]) -> list[Piece]:
    """One piece for each footnote."""
    found: list[Piece] = []
    for line in lines:
        if line.note is not None or not found:
            found.append(Piece([line], [line.text], left=line.left, hang=line.left, note=True))
        else:
            found[-1].lines.append(line)
            found[-1].texts.append(line.text)
    return found


def _hang(line: Line, following: Line | None) -> float:
    """Where the text of a marked line goes on: after the gap, else where the next line starts."""
    if len(line.cells) > 1:
        return line.cells[1].left
    if following is None or _MARKED.match(following.text):
        return line.left
    return following.left


class Gathering:
    """Joins the lines of a document to pieces; knows the numbering so far."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.numbering = Numbering()
        self.done: list[Piece] = []
        self.label_left: float | None = None

    def page(self, lines: list[Line]) -> None:
        """Take the lines of the next page, in reading order."""
        for position, line in enumerate(lines):
            if line.rows:
                self.done.append(Piece([line], [""], rows=line.rows, left=line.left))
                continue
            following = lines[position + 1] if position + 1 < len(lines) else None
            piece = self._marked(line, following)
            if piece is not None:
                self.done.append(piece)
            elif self.done and self._continues(self.done[-1], line):
                self.done[-1].lines.append(line)
                self.done[-1].texts.append(line.text)
            else:
                self.done.append(Piece([line], [line.text], left=line.left, hang=line.left))

    def _marked(self, line: Line, following: Line | None) -> Piece | None:
        """A new piece when a mark opens the line."""
        text, cells = line.text, line.cells
        hang = _hang(line, following)
        if len(cells) > 1 and _LONE_MARK.fullmatch(cells[0].text):
            rest = " ".join(cell.text for cell in cells[1:])
            return Piece([line], [rest], item=True, left=line.left, hang=hang)
        if match := BULLET.match(text) or _RARE_BULLET.match(text):
            return Piece([line], [text[match.end() :]], item=True, left=line.left, hang=hang)
        if self._is_display(line) or self._is_wrapped(line):
            return None
        if match := DEEP_NUMBER.match(text):
            return self._labelled(line, match, hang, item=False)
        match = NUMBER.match(text)
        if match is None and len(cells) > 1 and cells[0].text.isdigit():
            match = BARE_NUMBER.match(text)
        if match is None and (glued := _GLUED_NUMBER.match(text)):
            match = glued if self.numbering.expects(int(glued.group(1))) else None
        if match is not None:
            if self.numbering.accepts(int(match.group(1))):
                self.label_left = line.left
                return self._labelled(line, match, hang, item=False)
            opens = len(cells) > 1 or self._parts_from_above(line)
            return Piece([line], [text], item=True, left=line.left, hang=hang) if opens else None
        if match := ROMAN.match(text):
            return self._labelled(line, match, hang, item=True)
        match = LETTER.match(text)
        if match and self.numbering.accepts_letter(match.group(1)):
            return self._labelled(line, match, hang, item=True)
        return None

    @staticmethod
    def _labelled(line: Line, match: re.Match[str], hang: float, *, item: bool) -> Piece:
        rest = line.text[match.end() :]
        return Piece([line], [rest], match.group(1), item=item, left=line.left, hang=hang)

    def _is_display(self, line: Line) -> bool:
        """True for type that is larger or heavier than running text."""
        return line.bold or line.size > self.body.size + _SAME_SIZE

    def _is_wrapped(self, line: Line) -> bool:
        """True when the line stands where the text of the piece above goes on, not its mark."""
        if not self.done or not self.done[-1].lines or self.done[-1].rows:
            return False
        piece = self.done[-1]
        marked = piece.label is not None or piece.item
        hanging = piece.hang > piece.left + _INDENT / 2
        there = abs(line.left - piece.hang) < 3.0
        return marked and hanging and there and not self._parts_from_above(line)

    def _parts_from_above(self, line: Line) -> bool:
        """True when more white stands above the line than between lines of a paragraph."""
        if not self.done or self.done[-1].rows:
            return True
        last = self.done[-1].lines[-1]
        if last.page != line.page or line.base < last.base:
            return bool(END.search(last.text))
        return line.base - last.base > 1.18 * self._pitch(self.done[-1]) * line.size

    def _pitch(self, piece: Piece) -> float:
        """Distance between the lines of a piece, in font sizes."""
        gaps = [
            (b.base - a.base) / b.size
            for a, b in pairwise(piece.lines[-12:])
            if a.page == b.page and b.base > a.base
        ]
        return median(gaps) if gaps else min(max(self.body.pitch, 1.1), 1.8)

    def _continues(self, piece: Piece, line: Line) -> bool:
        """True when ``line`` carries on ``piece``."""
        last = piece.lines[-1]
        lower = line.text[0].islower() or line.text[0] in "(&,;"
        ended = bool(END.search(last.text))
        if piece.rows or abs(line.size - last.size) > _SAME_SIZE:
            return False
        if line.bold != last.bold and not (lower and not ended):
            return False
        if last.text.endswith(SOFT_HYPHEN):
            return True
        if last.page != line.page or line.base <= last.base:
            return self._goes_on(piece, line, lower=lower)
        if self._parts_from_above(line):
            return False
        marked = piece.item or piece.label is not None
        if marked and line.left < min(piece.hang, piece.lines[-1].left) - _INDENT:
            return len(piece.lines) == 1 and not ended and (lower or line.left >= piece.left - 2)
        if not marked and line.left > last.left + _INDENT:
            return not ended and not last.text.endswith(":")
        room = last.column[1] - last.right
        first = len(line.text.split(" ", 1)[0]) * 0.5 * line.size
        short = room > first + 0.12 * (last.column[1] - last.column[0])
        return lower or not (short and STOP.search(last.text))

    def _goes_on(self, piece: Piece, line: Line, *, lower: bool) -> bool:
        """True when a piece goes on in the next column or on the next page."""
        last = piece.lines[-1]
        if STOP.search(last.text):
            return lower and not last.text.endswith((".", "!", "?"))
        if self._is_display(line) and not lower:
            return False
        if lower:
            return True
        marked = piece.item or piece.label is not None
        same_place = abs(line.left - (piece.hang if marked else piece.left)) < 3 * _INDENT
        full = last.right > last.column[1] - 0.25 * (last.column[1] - last.column[0])
        return full and (same_place or line.column != last.column)
