"""The body of a Word file, gone through once: paragraphs with their numbers, tables, notes, boxes.

Insertions that were tracked are in and deletions out, notes follow the paragraph that they belong
to (or the table). Headers, footers, comments, contents lists and hidden text are left out. A page
is only given where Word left a mark of it when it last saved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rag.reading.labels import with_lines
from rag.reading.markup import Node
from rag.reading.rows import cell_text, placed_row_texts
from rag.reading.wordfile import WordFile
from rag.reading.wordnumbers import Lists, Number, integer
from rag.reading.wordstyles import Style, Styles

_PASS = frozenset(
    "ins moveTo customXml smartTag sdt sdtContent hyperlink fldSimple dir bdo Choice body"
    " txbxContent footnote endnote oMath oMathPara r e num den sub sup deg fName d f rad nary sSub"
    " sSup sSubSup box borderBox acc bar eqArr func groupChr limLow limUpp m mr phant sPre".split()
)
_LARGEST_SPAN = 100
_LONG_CELL = 1500
"""Characters from which on a table is layout: its cells are read as text, not as rows."""


@dataclass(slots=True)
class Paragraph:
    """One paragraph, note or row as found; what it is can only be told from all of them."""

    text: str
    style: Style = field(default_factory=Style)
    level: int | None = None
    number: Number | None = None
    bold: bool = False
    row: bool = False
    page: int | None = None


class Reader:
    """Goes through the document once, in order; counts numbers and pages."""

    def __init__(self, word: WordFile) -> None:
        root = word.part(word.main)
        assert root is not None
        self.w = root.tag.rpartition("}")[0] + "}"
        self.root = root
        self.styles = Styles(_first(word, "styles"))
        self.lists = Lists(_first(word, "numbering"))
        self.notes = {
            (kind, node.get(f"{self.w}id", "")): node
            for kind in ("footnote", "endnote")
            if (part := _first(word, f"{kind}s")) is not None
            for node in part.iter(f"{self.w}{kind}")
            if node.get(f"{self.w}type", "normal") == "normal"
        }
        self.paged = next(root.iter(f"{self.w}lastRenderedPageBreak"), None) is not None
        self.page = 1
        self.paragraphs: list[Paragraph] = []
        self.waiting: list[tuple[str, str]] = []
        """Notes that were referred to and not yet put."""
        self.within = 0
        """How many tables and notes are open: notes wait until the last is closed."""
        self.carried = ""
        """Text of a paragraph whose end was deleted: it runs on into the next one."""

    def read(self) -> None:
        """Fill ``paragraphs``."""
        for body in self.root.iter(f"{self.w}body"):
            self._blocks(body)
        if self.carried:
            self.paragraphs.append(Paragraph(self.carried))

    def _blocks(self, node: Node) -> None:
        for child in node:
            tag = local_name(child)
            if tag == "p":
                self._paragraph(child)
            elif tag == "tbl":
                self._table(child)
            elif tag == "AlternateContent":
                self._blocks(_choice(child))
            elif tag in _PASS and not _is_placeholder(child):
                self._blocks(child)

    def _paragraph(self, node: Node) -> None:
        properties = _child(node, "pPr")
        style = self.styles.of(self._value(properties, "pStyle"))
        text = _Text(self, start=self.page, style=style)
        text.read(node)
        whole = self.carried + text.joined()
        self.carried = ""
        if self._is_deleted(properties) and not text.boxes:
            self.carried = whole
            return
        if re.sub(r"\s", "", whole) and not self._is_contents(style):
            outline = self._value(properties, "outlineLvl")
            level = int(outline) + 1 if outline in set("012345678") else style.level
            self.paragraphs.append(
                Paragraph(
                    with_lines(whole),
                    style,
                    None if outline == "9" else level,
                    self._number(properties, style),
                    bold=text.is_bold(),
                    page=text.page if self.paged else None,
                )
            )
        for box in text.boxes:
            self._blocks(box)
        self.waiting += text.notes
        if not self.within:
            self._put_notes()

    def _is_deleted(self, properties: Node | None) -> bool:
        marks = _child(properties, "rPr")
        return _child(marks, "del") is not None or _child(marks, "moveFrom") is not None

    def _is_contents(self, style: Style) -> bool:
        return style.is_named("toc ", "table of figures", "toc heading")

    def _put_notes(self) -> None:
        """Put the notes that were referred to; a note may refer to another."""
        self.within += 1
        while self.waiting:
            note = self.notes.pop(self.waiting.pop(0), None)
            if note is not None:
                self._blocks(note)
        self.within -= 1

    def _number(self, properties: Node | None, style: Style) -> Number | None:
        """Count the paragraph in its list: its own, or that of its style."""
        own = _child(properties, "numPr")
        number = self._value(own, "numId") or style.list
        if not number or number == "0":
            return None
        depth = self._value(own, "ilvl")
        if depth:
            return self.lists.count(number, integer(depth))
        if style.depth is not None:
            return self.lists.count(number, style.depth)
        return self.lists.count(number, self.lists.level_of(number, style.id))

    def _value(self, node: Node | None, tag: str) -> str:
        child = _child(node, tag)
        return "" if child is None else child.get(f"{self.w}val", "")

    def _table(self, node: Node) -> None:
        """A table row by row; one that only places text on the page is read as text."""
        before = len(self.paragraphs)
        rows: list[list[str]] = []
        pages: list[int] = []
        above: dict[int, str] = {}
        layout, heads = False, 0
        self.within += 1
        for row in _within(node, "tr"):
            properties = _child(row, "trPr")
            if _child(properties, "del") is not None:
                continue
            pages.append(self.page)
            heads += _child(properties, "tblHeader") is not None and heads == len(rows)
            cells, reads_as_text = self._row(row, above)
            layout = layout or reads_as_text
            rows.append(cells)
        self.within -= 1
        if not layout and max(map(len, rows), default=0) > 1:
            self.paragraphs[before:] = [
                Paragraph(text, row=True, page=pages[place] if self.paged else None)
                for place, text in placed_row_texts(rows, heads or None)
            ]
        if not self.within:
            self._put_notes()

    def _row(self, row: Node, above: dict[int, str]) -> tuple[list[str], bool]:
        """The cells' texts in their columns, and whether they read as text rather than a row.

        What stands in the cells is also left in ``paragraphs``, in case the table is layout.
        """
        cells = [""] * min(integer(self._value(_child(row, "trPr"), "gridBefore")), _LARGEST_SPAN)
        layout, begun, furthest = False, self.page, self.page
        for cell in _within(row, "tc"):
            properties = _child(cell, "tcPr")
            merge = _child(properties, "vMerge")
            first = len(self.paragraphs)
            self.page = begun
            self._blocks(cell)
            furthest = max(furthest, self.page)
            inside = self.paragraphs[first:]
            text = cell_text([printed(p) for p in inside])
            layout = layout or len(text) > _LONG_CELL or any(p.level for p in inside)
            if merge is not None and merge.get(f"{self.w}val", "continue") == "continue":
                text = text or above.get(len(cells), "")
            above[len(cells)] = text
            span = min(integer(self._value(properties, "gridSpan"), 1), _LARGEST_SPAN)
            cells += [text] + [""] * (span - 1)
        self.page = furthest
        return cells, layout


class _Text:
    """The text of one paragraph, with the notes and boxes that hang on it."""

    def __init__(self, reader: Reader, start: int, style: Style) -> None:
        self.reader = reader
        self.page = start
        self.style = style
        self.pieces: list[str] = []
        self.loud = 0
        self.boxes: list[Node] = []
        self.notes: list[tuple[str, str]] = []

    def joined(self) -> str:
        return "".join(self.pieces)

    def is_bold(self) -> bool:
        whole = len(self.joined().strip())
        return whole > 0 and self.loud >= 0.95 * whole

    def read(self, node: Node, *, bold: bool = False) -> None:
        """Gather the text below ``node``: runs, links, insertions; not what was deleted."""
        for child in node:
            tag = local_name(child)
            if tag == "r":
                properties = _child(child, "rPr")
                if not self._is_unseen(properties):
                    self.read(child, bold=self._is_on(properties, "b", default=self.style.bold))
            elif tag == "t":
                self._say(child.text or "", bold)
            elif tag in ("tab", "ptab", "br", "cr", "noBreakHyphen", "sym"):
                self._say(self._sign(child, tag), bold)
            elif tag == "lastRenderedPageBreak":
                self.reader.page += 1
                if not self.joined().strip():
                    self.page = self.reader.page
            elif tag in ("footnoteReference", "endnoteReference"):
                id = child.get(f"{self.reader.w}id", "")
                self.notes.append((tag.removesuffix("Reference"), id))
            elif tag == "AlternateContent":
                self.read(_choice(child), bold=bold)
            elif tag in ("drawing", "pict"):
                self.boxes += _outermost_boxes(child)
            elif tag in _PASS and not _is_placeholder(child):
                self.read(child, bold=bold)

    def _say(self, text: str, bold: bool) -> None:
        text = text.replace("\xad", "")
        self.pieces.append(text)
        self.loud += len(text) if bold else 0

    def _sign(self, node: Node, tag: str) -> str:
        w = self.reader.w
        if tag in ("br", "cr"):
            return "" if node.get(f"{w}type", "") == "page" else "\n"
        if tag == "sym":
            code = node.get(f"{w}char", "")
            code = code if re.fullmatch(r"[0-9A-Fa-f]{4}", code) else "20"
            return chr(int(code, 16)) if not 0xD800 <= int(code, 16) < 0xE000 else ""
        return "-" if tag == "noBreakHyphen" else "\t"

    def _is_on(self, properties: Node | None, tag: str, *, default: bool = False) -> bool:
        child = _child(properties, tag)
        if child is None:
            return default
        return child.get(f"{self.reader.w}val", "1") not in ("0", "false", "off", "none")

    def _is_unseen(self, properties: Node | None) -> bool:
        """Hidden by its format, too small to see, or white on the white of the page."""
        if self._is_on(properties, "vanish", default=self.style.hidden):
            return True
        size = self.reader._value(properties, "sz")
        return size.isdigit() and int(size) <= 4


def printed(p: Paragraph) -> str:
    """The text with the number that is printed in front of it."""
    return f"{p.number.printed} {p.text}" if p.number is not None and p.number.printed else p.text


def _first(word: WordFile, kind: str) -> Node | None:
    return next((word.part(name) for name in word.related(word.main, kind)), None)


def local_name(node: Node) -> str:
    """The tag of an element without its name space."""
    return node.tag.rpartition("}")[2]


def _child(node: Node | None, tag: str) -> Node | None:
    return None if node is None else next((n for n in node if local_name(n) == tag), None)


def _is_placeholder(node: Node) -> bool:
    """A content control that nobody filled in: "Click or tap here to enter text"."""
    return _child(_child(node, "sdtPr"), "showingPlcHdr") is not None


def _choice(node: Node) -> Node:
    """The first of several ways to write the same thing; the others repeat it."""
    return next(iter(node), node)


def _within(node: Node, tag: str) -> list[Node]:
    """Rows or cells, also those inside content controls and insertions."""
    found: list[Node] = []
    for child in node:
        if local_name(child) == tag:
            found.append(child)
        elif local_name(child) in ("sdt", "sdtContent", "ins", "customXml", "smartTag"):
            found += _within(child, tag)
    return found


def _outermost_boxes(node: Node) -> list[Node]:
    boxes = [n for n in node.iter() if local_name(n) == "txbxContent"]
    inner = {id(n) for box in boxes for n in list(box.iter())[1:]}
    return [box for box in boxes if id(box) not in inner]
