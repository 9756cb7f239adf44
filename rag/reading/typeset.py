"""What a printed page is made of: stretches of type, lines, ruled lines. Geometry without a parser.

Distances are in points; x grows to the right and y downwards from the page's top left corner, in
the direction in which most of the page's text is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.reading.elements import Element

SOFT_HYPHEN = "\xad"
"""Stands for a hyphen at the end of a line, of which it is not known whether it belongs."""


def right_to_left(text: str) -> bool:
    """True when a text has letters of a script that is written from right to left."""
    return any(
        "\u0590" <= c <= "\u08ff" or "\ufb1d" <= c <= "\ufdff" or "\ufe70" <= c <= "\ufefc"
        for c in text
    )


@dataclass(slots=True)
class Span:
    """Characters of one style on one baseline, without a gap wider than a word space or two."""

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    raised: bool = False
    """A superscript: the mark of a footnote, mostly."""
    rows: Sequence[Element] = ()
    """A table, put among the spans at its place; it has no text of its own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn straight line, horizontal or vertical."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def flat(self) -> bool:
        """True when it is horizontal."""
        return self.right - self.left >= self.bottom - self.top


@dataclass(slots=True)
class Cell:
    """Words of a line up to the next wide gap."""

    text: str
    left: float
    right: float


@dataclass(slots=True)
class Line:
    """One printed line of one column."""

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    page: int
    """Position of its page in the file, from 0."""
    cells: list[Cell]
    note: str | None = None
    """The raised mark that opens the line: a footnote starts here."""
    column: tuple[float, float] = (0.0, 0.0)
    """Left and right edge of the column it stands in."""
    rows: Sequence[Element] = ()


@dataclass(slots=True)
class Sheet:
    """One page as it is drawn."""

    number: int
    """Position in the file, from 0."""
    width: float
    height: float
    spans: list[Span] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    pictures: float = 0.0
    """Share of the page's area that pictures cover, 0 to 1."""
    drawn: bool = False
    """True when very many shapes are drawn on it."""

    @property
    def letters(self) -> int:
        """Number of letters and digits printed on the page."""
        return sum(c.isalnum() for span in self.spans for c in span.text)
