"""HTML to elements: the article of a page with its headings, lists and tables.

What is certainly not the article is left out (see ``furniture``). Whatever might be the article
stays, since a lost paragraph would make "no mention found" untrue, and a line too many does
little harm. Nothing that the page links to is ever fetched.
"""

from __future__ import annotations

import re
from statistics import median

from rag.errors import ReadingError
from rag.reading.elements import TITLE_LEVEL, Document, Element
from rag.reading.encoding import decode
from rag.reading.furniture import article_of
from rag.reading.labels import reads_as_heading, typed, with_lines
from rag.reading.markup import Node, parse_html, walk
from rag.reading.numbering import Numbering
from rag.reading.pagehead import stated_by
from rag.reading.rows import cell_text, row_texts
from rag.reading.wordnumbers import figure, roman

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre"
    " section summary table tbody td tfoot th thead tr ul".split()
)
_BOLD = re.compile(r"font-weight:\s*(?:bold|[6-9]00)")
_BLOCK_STYLE = re.compile(r"display:\s*(?:block|flex|grid|table|list-item)")
_ACTION = re.compile(
    r"(?:back to (?:top|contents)|return to|print this|share (?:this|on)|skip to|email this"
    r"|(?:previous|next)(?: page| chapter)?$|download (?:this|pdf)|(?:post|tweet) (?:this|on)|↩"
    r"|\[?edit\]?$|top$)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡a-z]|(?:foot|end)?note \d+)[\])]?", re.IGNORECASE)
_CONTROL = dict.fromkeys(c for c in range(32) if chr(c) not in "\t\n\r") | {0x7F: None}
_LARGEST_SPAN = 100
_MOST_ABOVE_TITLE, _LEAD = 4, 80
_LONG_ITEM = 20
"""Words from which on the items of an ordered list are paragraphs with printed numbers."""


def read_html(data: bytes, name: str) -> Document:
    """The article of a page, in reading order, with what the page states of itself.

    Raises ReadingError for data that is no text and for a page nested too deeply.
    """
    try:
        root = parse_html(decode(data, page=True).translate(_CONTROL))
    except ReadingError as error:
        raise ReadingError(f"{name}: {error.what}", error.next_step) from None
    stated = stated_by(root)
    elements = _Reader(Numbering()).read(article_of(root))
    _take_title(elements)
    return Document(elements, stated)


def _take_title(elements: list[Element]) -> None:
    """A single heading of the first level with nothing but short lines above it is the title."""
    tops = [n for n, e in enumerate(elements) if e.kind == "heading" and e.level == 1]
    titled = any(e.kind == "front" for e in elements)
    if len(tops) == 1 and not titled and tops[0] <= _MOST_ABOVE_TITLE:
        above = elements[: tops[0] + 1]
        if all(e.kind in ("heading", "paragraph") and len(e.text) <= _LEAD for e in above[:-1]):
            for element in above:
                element.kind = "front"


class _Reader:
    """Goes through the tree once, without recursion, and gathers text until a block ends."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.elements: list[Element] = []
        self.pieces: list[str] = []
        self.bold = self.linked = 0
        """How many bold elements and links are open."""
        self.loud = self.clickable = 0
        """How many characters of the block so far are bold, and how many are links."""
        self.heading: int | None = None
        self.mark: Element | None = None
        """The item that has begun and has no text yet."""
        self.lists: list[tuple[Node, int, bool]] = []
        """Open lists: the element, the next number, and whether they number paragraphs."""
        self.marked_up = 1
        """Level of the last heading that was marked up as one."""
        self.kept = 0
        """How many elements that keep line breaks are open."""

    def read(self, root: Node) -> list[Element]:
        steps = walk(root)
        for event, node in steps:
            if event == "start":
                if self._is_skipped(node):
                    steps.skip_subtree()
                else:
                    self._start(node)
                    self._say(node.text)
            else:
                self._end(node)
                if node is not root:
                    self._say(node.tail)
        self._flush()
        return self.elements

    def _is_skipped(self, node: Node) -> bool:
        """True for what is read as a whole, or not at all."""
        if node.tag == "table" and (grid := _data_table(node)) is not None:
            self._flush()
            self._table(node, *grid)
            return True
        if node.tag == "dl" and (pairs := _pairs(node)):
            self._flush()
            self.elements += [Element("row", text) for text in row_texts(pairs)]
            return True
        if node.tag in ("sup", "a") and self.pieces:
            links = list(node.iter("a"))
            fragment = bool(links) and all("#" in a.get("href", "") for a in links)
            return fragment and bool(_REFERENCE.fullmatch(_plain(node)))
        return False

    def _start(self, node: Node) -> None:
        tag, style = node.tag, node.get("style", "")
        if tag in _BLOCKS or _BLOCK_STYLE.search(style):
            self._flush()
        if tag in ("ul", "ol", "dir"):
            self.lists.append((node, _start_of(node), self._numbers_paragraphs(node)))
        elif tag == "li":
            self.mark = self._marked(node)
        elif (level := _level(node)) is not None:
            self.heading = self.marked_up = level
        elif tag == "summary":
            self.heading = self._below()
        elif node.get("class", "") == "MsoTitle":
            self.heading = TITLE_LEVEL
        elif tag == "br":
            self.pieces.append("\n")
        elif tag == "pre":
            self.kept += 1
        self.bold += tag in ("b", "strong") or bool(_BOLD.search(style))
        self.linked += tag == "a"

    def _end(self, node: Node) -> None:
        tag, style = node.tag, node.get("style", "")
        if tag in _BLOCKS or _BLOCK_STYLE.search(style):
            self._flush()
        if tag in ("ul", "ol", "dir") and self.lists and self.lists[-1][0] is node:
            self.lists.pop()
        elif tag == "li":
            self.mark = None
        elif _level(node) is not None or tag == "summary" or node.get("class", "") == "MsoTitle":
            self.heading = None
        elif tag == "pre":
            self.kept -= 1
        self.bold -= tag in ("b", "strong") or bool(_BOLD.search(style))
        self.linked -= tag == "a"

    def _say(self, text: str | None) -> None:
        if not text:
            return
        size = len(text.strip())
        self.loud += size if self.bold else 0
        self.clickable += size if self.linked else 0
        self.pieces.append(text if self.kept else re.sub(r"\s+", " ", text))

    def _flush(self) -> None:
        """Turn the text gathered so far into elements; two line breaks end a paragraph."""
        whole = "".join(self.pieces)
        size = len(re.sub(r"\s", "", whole))
        bold = self.loud and self.loud >= 0.95 * len(whole.strip())
        linked = self.clickable and self.clickable >= 0.95 * size
        self.pieces, self.loud, self.clickable = [], 0, 0
        for part in re.split(r"\n\s*\n", whole):
            text = with_lines(part)
            if text and not (linked and _ACTION.match(text)):
                self.elements.append(self._element(text, bold=bool(bold)))

    def _element(self, text: str, *, bold: bool) -> Element:
        if self.heading == TITLE_LEVEL:
            return Element("front", text)
        if self.heading is not None:
            return Element("heading", text, level=self.heading)
        if self.mark is not None:
            mark, self.mark = self.mark, None
            mark.text += text
            return mark
        element = typed(text, self.numbering)
        if bold and element.kind == "paragraph" and reads_as_heading(text):
            return Element("heading", text, level=self._below())
        return element

    def _below(self) -> int:
        """The level of a bold line: one below the last heading that was marked up as one."""
        return min(self.marked_up + 1, 7)

    def _marked(self, node: Node) -> Element:
        """An item without its text yet; numbers of an ordered list count on."""
        if not self.lists or self.lists[-1][0].tag != "ol":
            return Element("item", "")
        around, number, paragraphs = self.lists[-1]
        value = node.get("value", "")
        number = int(value) if re.fullmatch(r"\d{1,4}", value) else number
        self.lists[-1] = (around, number + 1, paragraphs)
        style = around.get("type", "") or around.get("style", "")
        if "none" in style:
            return Element("item", "")
        if style in ("a", "A") or "alpha" in style:
            return Element("item", "", label=figure(number, "lowerLetter"))
        if style in ("i", "I") or "roman" in style:
            return Element("item", "", label=f"({roman(number)})")
        if paragraphs and self.numbering.accepts(number):
            return Element("paragraph", "", label=str(number))
        return Element("item", f"{number}. ")

    def _numbers_paragraphs(self, node: Node) -> bool:
        """True for an outermost ordered list whose numbers are those of the report's paragraphs."""
        if node.tag != "ol" or self.lists:
            return False
        words = [len(_plain(item).split()) for item in node if item.tag == "li"]
        carries_on = _start_of(node) > 1 and self.numbering.expects(_start_of(node))
        return carries_on or (bool(words) and median(words) >= _LONG_ITEM)

    def _table(self, node: Node, grid: list[list[Node | None]], header: int | None) -> None:
        for caption in node.iter("caption"):
            if text := _plain(caption):
                self.elements.append(Element("paragraph", text))
        texts = [[self._cell(cell) for cell in row] for row in grid]
        self.elements += [Element("row", text) for text in row_texts(texts, header)]

    def _cell(self, cell: Node | None) -> str:
        if cell is None:
            return ""
        return cell_text([e.text for e in _Reader(Numbering()).read(cell)])


def _level(node: Node) -> int | None:
    if re.fullmatch("h[1-6]", node.tag):
        return int(node.tag[1])
    level = node.get("aria-level", "")
    return int(level) if node.get("role", "") == "heading" and level.isdigit() else None


def _start_of(node: Node) -> int:
    start = node.get("start", "")
    return int(start) if re.fullmatch(r"\d{1,4}", start) else 1


def _data_table(table: Node) -> tuple[list[list[Node | None]], int | None] | None:
    """The cells of a table and how many rows of headings it has; None for a table as layout."""
    if table.get("role", "") in ("presentation", "none"):
        return None
    inner = [n.tag for n in table.iter()][1:]
    if "table" in inner:
        return None
    grid, heads = _grid(table)
    width = max(map(len, grid), default=0)
    marked = "th" in inner or "caption" in inner
    if not marked and (width < 2 or len(grid) < 2 or any(t in inner for t in ("h1", "h2", "h3"))):
        return None
    return grid, (heads or None)


def _grid(table: Node) -> tuple[list[list[Node | None]], int]:
    """Cells in their columns: one that spans rows stands in each, one that spans columns once.

    Headings stand in every column that they span, so that each column has its name.
    """
    grid: list[list[Node | None]] = []
    reaching: dict[int, tuple[Node, int]] = {}
    heads = 0
    for row in table.iter("tr"):
        cells = [c for c in row if c.tag in ("td", "th")]
        parent = row.getparent()
        is_head = parent is not None and parent.tag == "thead"
        is_head = is_head or (bool(cells) and all(c.tag == "th" for c in cells))
        heads += is_head and heads == len(grid)
        line: list[Node | None] = []
        for cell in cells:
            while len(line) in reaching:
                line.append(_take(reaching, len(line)))
            across = min(_span(cell, "colspan"), _LARGEST_SPAN)
            down = min(_span(cell, "rowspan"), _LARGEST_SPAN) - 1
            for step in range(across):
                if down:
                    reaching[len(line)] = (cell, down)
                line.append(cell if step == 0 or is_head else None)
        while len(line) in reaching:
            line.append(_take(reaching, len(line)))
        grid.append(line)
    return grid, heads


def _take(reaching: dict[int, tuple[Node, int]], column: int) -> Node:
    cell, rows = reaching.pop(column)
    if rows > 1:
        reaching[column] = (cell, rows - 1)
    return cell


def _span(cell: Node, name: str) -> int:
    value = cell.get(name, "")
    return max(int(value), 1) if re.fullmatch(r"\d{1,6}", value) else 1


def _pairs(node: Node) -> list[list[str]]:
    """Terms and what is said of them; empty when they hold more than a line or two of text."""
    pairs: list[list[str]] = []
    for child in node.iter("dt", "dd"):
        text = _plain(child)
        if child.tag == "dt":
            pairs.append([text, ""])
        elif pairs:
            pairs[-1][1] = cell_text([pairs[-1][1], text])
        if len(text) > 400 or (child.tag == "dd" and not pairs):
            return []
    return pairs


def _plain(node: Node) -> str:
    pieces = [node.text or ""]
    for child in node.iter():
        if child is not node:
            gap = " " if child.tag in _BLOCKS or child.tag == "br" else ""
            pieces += [gap, child.text or "", gap, child.tail or ""]
    return re.sub(r"\s+", " ", "".join(pieces)).strip()
