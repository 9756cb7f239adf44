"""Pieces of print to elements: what is a heading, how deep, what is title, contents, footnote.

A heading is type larger or heavier than running text that is not a sentence; its depth follows
from the order of sizes and weights used for headings, or from the outline that the file carries.
What stands on the first page above the first sentence is the title block, except lines that say
something of the report ("Lead inspector: …") or give a verdict: these are content.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from rag.reading.alignment import with_aligned
from rag.reading.elements import Element, Kind
from rag.reading.headings import is_capitals, is_heading_name
from rag.reading.lines import joined
from rag.reading.pieces import Body, Gathering, Piece, body_of, footnotes_of, split_footnotes
from rag.reading.typeset import SOFT_HYPHEN, Line

_LEADERS = re.compile(r"(?:\.\s?){4,}\s*(?:\d{1,4}|[ivxl]+)?$|…{2,}\s*\d{0,4}$|_{4,}\s*\d{1,4}$")
_CONTENTS = re.compile(r"(?:table of )?contents(?: page)?:?", re.I)
_ENTRY = re.compile(r"\s(?:\d{1,4}|[ivxl]{1,6})$")
_STATES = re.compile(r"^[A-Z][\w’' -]{2,40}:\s*\S|\b\d{1,2} (?:[A-Z][a-z]+ )?(?:19|20)\d\d\b")
_VERDICT = re.compile(
    r"\b(?:is|are|was|were|requires?)\b.*\b(?:outstanding|good|improvement|inadequate)\b", re.I
)
_NUMBERED = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s")
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_LONGEST_HEADING = 220
_DEEPEST = 6
_SAME_SIZE = 0.8
"""Points by which headings of one depth may differ."""


def elements_of(
    pages: Sequence[list[Line]],
    printed: Sequence[int | None],
    outline: Mapping[str, int] | None = None,
) -> list[Element]:
    """The elements of a document from the lines of its pages, furniture already taken out.

    ``printed`` is the number that each page carries, ``outline`` the depth of the headings that
    the file's own outline names, in small letters.
    """
    known = _words(pages)
    body = body_of(pages)
    gathering = Gathering(body)
    contents: set[int] = set()
    for page in pages:
        lines, notes = split_footnotes(page, body)
        contents |= {id(line) for line in _contents(lines)}
        gathering.page(with_aligned(lines, contents))
        if notes and gathering.done:
            gathering.done[-1].notes.extend(footnotes_of(notes))
        elif notes:
            gathering.page(notes)
    if not gathering.done:
        return []
    numbers = [number or position + 1 for position, number in enumerate(printed)]
    return _Sorting(gathering.done, body, known, contents, outline or {}).elements(numbers)


def _words(pages: Sequence[list[Line]]) -> frozenset[str]:
    """The words of a document as they stand inside lines, in small letters."""
    found: set[str] = set()
    for lines in pages:
        for line in lines:
            text = line.text
            if text.endswith((SOFT_HYPHEN, "-")):
                text = text.rpartition(" ")[0]
            found.update(word.lower() for word in _WORD.findall(text.replace(SOFT_HYPHEN, "-")))
    return frozenset(found)


def _contents(lines: list[Line]) -> list[Line]:
    """The lines of a table of contents: below its heading, or with leaders to a page number."""
    leaders = [line for line in lines if _LEADERS.search(line.text[-120:])]
    heading = next((i for i, line in enumerate(lines) if _CONTENTS.fullmatch(line.text)), None)
    if heading is None:
        return leaders if len(leaders) >= 3 else []
    entries = [
        i
        for i, line in enumerate(lines[heading + 1 :], heading + 1)
        if _ENTRY.search(line.text) or _LEADERS.search(line.text[-120:])
    ]
    if not entries:
        return []
    return lines[heading : entries[-1] + 1]


class _Sorting:
    """Tells pieces apart, once all of them are known."""

    def __init__(
        self,
        pieces: list[Piece],
        body: Body,
        known: frozenset[str],
        contents: set[int],
        outline: Mapping[str, int],
    ) -> None:
        self.pieces = pieces
        self.body = body
        self.known = known
        self.contents = contents
        self.outline = outline
        self.texts: dict[int, str] = {}

    def elements(self, numbers: Sequence[int]) -> list[Element]:
        """All elements in reading order, footnotes after the paragraph and list they follow.

        ``numbers`` are those of the pages, as they are cited.
        """
        kinds = [self._kind(piece) for piece in self.pieces]
        self._title(kinds)
        self._plain_headings(kinds)
        levels = self._levels(kinds)
        found: list[Element] = []
        waiting: list[Element] = []
        for i, (piece, kind) in enumerate(zip(self.pieces, kinds, strict=True)):
            if kind not in ("item", "row"):
                found.extend(waiting)
                waiting = []
            page = numbers[piece.page]
            if piece.rows:
                found.extend(Element("row", row.text, page=page) for row in piece.rows)
            else:
                found.append(self._element(piece, kind, levels.get(i, 1), page))
            waiting.extend(
                Element("paragraph", self._text(note), page=numbers[note.page])
                for note in piece.notes
            )
        return [e for e in [*found, *waiting] if e.text]

    def _element(self, piece: Piece, kind: Kind, level: int, page: int) -> Element:
        text = self._text(piece)
        if piece.label is None or kind in ("paragraph", "item"):
            return Element(kind, text, level, piece.label, page=page)
        return Element(kind, f"{piece.label}. {text}", level, page=page)

    def _text(self, piece: Piece) -> str:
        if id(piece) not in self.texts:
            self.texts[id(piece)] = joined(piece.texts, self.known)
        return self.texts[id(piece)]

    def _kind(self, piece: Piece) -> Kind:
        if piece.rows:
            return "row"
        if any(id(line) in self.contents for line in piece.lines):
            return "front"
        if piece.item:
            return "item"
        return "heading" if self._is_heading(piece) else "paragraph"

    def _is_display(self, piece: Piece) -> bool:
        return piece.bold or piece.size > self.body.size + _SAME_SIZE

    def _is_heading(self, piece: Piece) -> bool:
        text = self._text(piece)
        if piece.label is not None or len(text) < 3 or not any(c.isalpha() for c in text):
            return False
        if not self._is_display(piece):
            return len(piece.lines) == 1 and is_heading_name(text)
        sentence = re.search(r"[.,;]$", text) is not None and len(text.split()) > 6
        return len(text) <= _LONGEST_HEADING and not sentence and not re.search(r"[,;]$", text)

    def _title(self, kinds: list[Kind]) -> None:
        """Mark the title block: headings of the first page above its first content."""
        above = True
        for i, piece in enumerate(self.pieces):
            if piece.page != self.pieces[0].page:
                break
            text = self._text(piece)
            short = len(text) <= 90 and not piece.rows and not piece.item
            verdict = kinds[i] == "heading" and _VERDICT.search(text) is not None
            if verdict:
                kinds[i], above = "paragraph", False
            elif kinds[i] == "heading" and _NUMBERED.match(text):
                above = False
            elif above and (kinds[i] == "heading" or (short and _leads(kinds, i))):
                kinds[i] = "paragraph" if _STATES.search(text) else "front"
            else:
                if above and i and kinds[i - 1] == "front" and self._below_title(kinds, i - 1):
                    kinds[i - 1] = "heading"
                above = False

    def _below_title(self, kinds: list[Kind], i: int) -> bool:
        """True when a line of the title block is set smaller than the title above it."""
        sizes = [p.size for p, kind in zip(self.pieces, kinds, strict=True) if kind == "front"]
        return self._is_display(self.pieces[i]) and self.pieces[i].size < max(sizes) - _SAME_SIZE

    def _plain_headings(self, kinds: list[Kind]) -> None:
        """A short line set as text that stands alone above a list or a paragraph heads it."""
        first = self.pieces[0].page
        for i, piece in enumerate(self.pieces[:-1]):
            following = self.pieces[i + 1]
            capital = len(piece.lines) == 1 and len(piece.texts[0]) > 5 and not piece.item
            if capital and is_capitals(piece.texts[0]) and _reads_as_heading(piece):
                kinds[i] = "heading" if kinds[i] == "paragraph" else kinds[i]
                continue
            heads = following.item or following.label is not None or len(following.lines) > 2
            if (
                kinds[i] == "paragraph"
                and piece.page > first
                and heads
                and kinds[i + 1] in ("item", "paragraph")
                and _reads_as_heading(piece)
                and not (
                    i and kinds[i - 1] == "paragraph" and _reads_as_heading(self.pieces[i - 1])
                )
            ):
                kinds[i] = "heading"

    def _levels(self, kinds: list[Kind]) -> dict[int, int]:
        """Depth of each heading, by position: larger type first, of one size the bold first.

        Headings of the same words are at the same depth, the one most of them have; the file's
        own outline wins over type.
        """
        headings = [i for i, kind in enumerate(kinds) if kind == "heading"]
        ranks: list[tuple[float, bool]] = []
        styles: dict[int, int] = {}
        for i in sorted(headings, key=self._style, reverse=True):
            size, bold = self._style(i)
            if not ranks or ranks[-1][0] - size > _SAME_SIZE or ranks[-1][1] != bold:
                ranks.append((size, bold))
            styles[i] = min(len(ranks), _DEEPEST)
        votes: dict[str, Counter[int]] = {}
        for i in headings:
            votes.setdefault(self._name(i), Counter())[styles[i]] += 1
        return {
            i: self.outline.get(self._name(i)) or votes[self._name(i)].most_common(1)[0][0]
            for i in headings
        }

    def _style(self, i: int) -> tuple[float, bool]:
        piece = self.pieces[i]
        display = self._is_display(piece)
        return (max(piece.size, self.body.size) if display else 0.0), piece.bold

    def _name(self, i: int) -> str:
        return self._text(self.pieces[i]).rstrip(": ").lower()


def _reads_as_heading(piece: Piece) -> bool:
    """True for one short line that neither ends nor runs into a sentence."""
    line, text = piece.lines[0], piece.lines[0].text
    return (
        len(piece.lines) == 1
        and piece.label is None
        and not piece.rows
        and 1 <= len(text.split()) <= 12
        and len(line.cells) == 1
        and line.right < line.column[0] + 0.8 * (line.column[1] - line.column[0])
        and text[0].isupper()
        and not re.search(r"[.,;:!?]['\"’”)]*$|@|https?:|www\.|: |\d{4}$", text)
    )


def _leads(kinds: list[Kind], i: int) -> bool:
    """True when a heading follows soon: a short line between two titles ("and")."""
    return "heading" in kinds[i + 1 : i + 3] and all(
        kind in ("front", "paragraph") for kind in kinds[:i]
    )
