"""Numbers and bullets typed in front of a paragraph, and bold lines that stand for headings.

Formats that mark lists and headings up are often written without these marks: the number is
typed, the heading is a bold line. HTML and Word readers ask here what was meant.
"""

from __future__ import annotations

import re

from rag.reading.elements import Element
from rag.reading.headings import is_heading_name
from rag.reading.numbering import BARE_NUMBER, BULLET, DEEP_NUMBER, LETTER, NUMBER, ROMAN, Numbering

_CAPITAL = re.compile(r"[A-Z“‘\"'(£]")
_LEFTOVER = re.compile(
    r"microsoft word\b|document ?\d*$|untitled|title$|presentation ?\d*$|template|draft ?\d*$|home$"
    r"|.*\.(?:docx?|dotx?|rtf|pdf|odt|html?)$|slide \d|click (?:here|to)|\W*$",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.,;!?]['\"’”)\]]*$")
_LONGEST_HEADING = 110
_SHORT_LINE = 60


def typed(text: str, numbering: Numbering) -> Element:
    """A paragraph or item with the number or bullet that is typed in front of it taken off.

    ``numbering`` follows the numbers of the document: a date or a figure is not mistaken for one.
    """
    if match := BULLET.match(text):
        return Element("item", text[match.end() :])
    if (match := DEEP_NUMBER.match(text)) and _CAPITAL.match(text[match.end() :]):
        return Element("paragraph", text[match.end() :], label=match[1])
    match = NUMBER.match(text)
    if match is None and (bare := BARE_NUMBER.match(text)):
        match = bare if numbering.expects(int(bare[1])) else None
    if match and numbering.accepts(int(match[1])):
        return Element("paragraph", text[match.end() :], label=match[1])
    if match := ROMAN.match(text):
        return Element("item", text[match.end() :], label=match[1])
    match = LETTER.match(text)
    if match and numbering.accepts_letter(match[1]):
        return Element("item", text[match.end() :], label=match[1])
    return Element("paragraph", text)


def reads_as_heading(text: str) -> bool:
    """True for a line that, set in bold throughout, is a heading and not a stressed sentence."""
    short = 3 < len(text) <= _LONGEST_HEADING and len(text.split()) <= 16
    starts = text[:1].isupper() or text[:1].isdigit()
    return short and starts and (not _STOP.search(text) or is_heading_name(text))


def with_lines(text: str) -> str:
    """The text of a block with its line breaks: short lines, as of an address, stay lines."""
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.split("\n")]
    joined = ""
    for line in filter(None, lines):
        short = len(joined.rsplit("\n", 1)[-1]) < _SHORT_LINE and line[0].isupper()
        joined += ("" if not joined else "\n" if short else " ") + line
    return joined


def is_leftover(title: str) -> bool:
    """True for the title of a file that a program, a template or an earlier file left there."""
    return bool(_LEFTOVER.match(title)) or len(title.split()) < 2
