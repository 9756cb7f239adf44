"""Word files to elements: headings, numbered paragraphs, lists, tables and notes, as Word shows.

Read straight from the XML, because the libraries for it lose what a citation needs: numbers
that come from styles and of several levels (docx2python), or all of them (python-docx, mammoth).
What an element is can depend on the whole document, so it is told at the end: whether a list
numbers paragraphs or points, and where the cover ends.
"""

from __future__ import annotations

import re
from collections import defaultdict
from statistics import median

from rag.errors import ReadingError
from rag.reading.elements import Document, Element
from rag.reading.labels import is_leftover, reads_as_heading, typed
from rag.reading.numbering import Numbering
from rag.reading.wordbody import Paragraph, Reader, local_name, printed
from rag.reading.wordfile import WordFile, looks_like_docx
from rag.reading.wordnumbers import Number
from rag.records import Metadata

__all__ = ["looks_like_docx", "read_docx"]

_LONG_ITEM = 20
"""Words from which on the items of a numbered list are paragraphs with printed numbers."""
_LONG_HEADING = 12
"""Words from which on a heading that ends as a sentence does is one."""
_LONG_COVER, _MOST_COVER = 110, 12


def read_docx(data: bytes, name: str) -> Document:
    """The text of a Word file, in reading order, with what its properties state.

    Raises ReadingError for a file that is encrypted, in the old format, larger than it says,
    dangerous or damaged, and for a zip archive that is no Word file.
    """
    try:
        word = WordFile(data)
        reader = Reader(word)
        reader.read()
        title = _title(word)
    except ReadingError as error:
        what = error.what
        if not what.startswith(("is ", "would ", "holds ")):
            what = f"is not a readable Word file ({what.rstrip('.')})."
        raise ReadingError(f"{name} {what}", error.next_step) from None
    elements = _resolved(reader.paragraphs)
    pages = reader.page if reader.paged else None
    return Document(elements, Metadata(title=title), pages)


def _resolved(paragraphs: list[Paragraph]) -> list[Element]:
    """Say what each paragraph is, now that all of them are known."""
    words: dict[tuple[str, int], list[int]] = defaultdict(list)
    for p in paragraphs:
        if p.number is not None and not _is_heading(p):
            words[p.number.list, p.number.depth].append(len(p.text.split()))
    long = {place: median(counts) >= _LONG_ITEM for place, counts in words.items()}
    numbering = Numbering()
    elements: list[Element] = []
    styled, begun = 0, False
    for p in paragraphs:
        if p.row:
            element = Element("row", p.text)
        elif _is_heading(p):
            styled = p.level or 1
            element = Element("heading", printed(p), level=styled)
        elif p.style.is_named("title", "subtitle") and not begun:
            element = Element("front", p.text)
        elif p.number is not None:
            is_long = long[p.number.list, p.number.depth]
            element = _numbered(p, p.number, numbering, is_long=is_long)
        elif p.bold and reads_as_heading(p.text):
            element = Element("heading", p.text, level=styled + 1)
        else:
            element = typed(p.text, numbering)
            if p.style.is_named("list bullet") and element.kind == "paragraph":
                element.kind = "item"
        begun = begun or element.kind in ("paragraph", "item", "row")
        element.page = p.page
        elements.append(element)
    _take_front(elements, [p.level is not None for p in paragraphs])
    return elements


def _is_heading(p: Paragraph) -> bool:
    """False for whole paragraphs in the style of a heading, which is how some get numbers."""
    sentence = p.text.endswith((".", ";")) and len(p.text.split()) > _LONG_HEADING
    return p.level is not None and len(p.text) <= 300 and not sentence


def _take_front(elements: list[Element], styled: list[bool]) -> None:
    """The lines of a cover above the first marked heading, or that heading if it is the title.

    Without marked headings nothing is taken for a cover: what stands on it is never a passage.
    """
    first = next((n for n, is_styled in enumerate(styled) if is_styled), 0)
    above = elements[:first]
    if above and first <= _MOST_COVER and all(_may_be_cover(e) for e in above):
        for element in above:
            element.kind = "front"
    if any(e.kind == "front" for e in elements) or first or not any(styled):
        return
    levels = [e.level for e, told in zip(elements, styled, strict=True) if told]
    if levels.count(1) == 1 and levels[0] == 1 and 2 in levels:
        elements[0].kind = "front"


def _may_be_cover(element: Element) -> bool:
    plain = element.kind in ("paragraph", "heading", "front") and element.label is None
    short = len(element.text) <= _LONG_COVER
    return plain and short and not element.text.endswith((".", ",", ":", ";"))


def _numbered(p: Paragraph, number: Number, numbering: Numbering, *, is_long: bool) -> Element:
    """A paragraph with its printed number, or an item with its bullet, letter or number."""
    bare = number.printed.strip("().: ")
    if number.format == "bullet" or not number.printed:
        return Element("item", p.text)
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,3})+", bare):
        return Element("paragraph", p.text, label=bare)
    if (
        bare.isdigit()
        and (is_long or numbering.expects(int(bare)))
        and numbering.accepts(int(bare))
    ):
        return Element("paragraph", p.text, label=bare)
    if re.fullmatch("[a-z]", bare) and number.format == "lowerLetter":
        return Element("item", p.text, label=bare)
    if re.fullmatch("[ivx]+", bare) and number.format == "lowerRoman":
        return Element("item", p.text, label=f"({bare})")
    return Element("item", printed(p))


def _title(word: WordFile) -> str | None:
    """The title in the file's properties, unless a template or another program left it there."""
    for name in word.related("", "core-properties"):
        root = word.part(name)
        for node in () if root is None else root.iter():
            if local_name(node) == "title" and (
                text := re.sub(r"\s+", " ", node.text or "").strip()
            ):
                return None if is_leftover(text) else text
    return None
