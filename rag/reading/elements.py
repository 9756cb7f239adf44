"""What a format reader hands over: the elements of a document in reading order.

A reader of any format (plain text, Markdown, later PDF and others) only has to say what each
element is; numbering, headings above and ordinals are worked out once, in ``compose``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rag.records import Block, Metadata

Kind = Literal["front", "heading", "paragraph", "item", "row"]

TITLE_LEVEL = 0


@dataclass(slots=True)
class Element:
    """One element. ``front`` is the title block: kept in the text, never a passage.

    ``level`` is the depth of a heading, 1 outermost. ``label`` is the number printed in front of
    a paragraph or item (``29``, ``c``, ``(ii)``), ``counted`` an ordinal that a brief states.
    """

    kind: Kind
    text: str
    level: int = 1
    label: str | None = None
    counted: int | None = None
    page: int | None = None
    indented: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What a format reader hands over for one file."""

    elements: list[Element]
    stated: Metadata = field(default_factory=Metadata)
    """What the file's own properties or front matter say; only what can be relied on."""
    pages: int | None = None
    notes: tuple[str, ...] = ()
    """See ``Report.notes``."""


def compose(elements: list[Element]) -> tuple[str, tuple[Block, ...]]:
    """Join elements into one text, and say where each stands and under which headings.

    A printed number holds for the unnumbered paragraphs that follow it, until the next number
    or a heading that is not below the one above the number. A lettered item of paragraph 18
    becomes ``18c``. Labels and bullets stand in the text, in front of their block; the rows of a
    table stand on lines of their own, without a mark.
    """
    pieces: list[str] = []
    blocks: list[Block] = []
    headings: list[tuple[int, str]] = []
    number: str | None = None
    numbered_at = 0
    ordinal = 0
    length = 0
    previous: Kind = "front"
    for element in elements:
        if element.kind == "heading":
            while headings and headings[-1][0] >= element.level:
                headings.pop()
            headings.append((element.level, element.text))
            if element.level <= numbered_at:
                number = None
            ordinal = 0
        elif element.kind == "paragraph":
            ordinal = element.counted or ordinal + 1
        elif element.kind in ("item", "row"):
            ordinal = ordinal or 1
        paragraph = number
        if element.counted is not None:
            paragraph = number = None
        elif element.label is not None and element.kind == "item":
            whole = element.label[0].isdigit()
            paragraph = element.label if whole else f"{number or ''}{element.label}"
        elif element.label is not None:
            paragraph = number = element.label
            numbered_at = headings[-1][0] if headings else 1
        mark = _mark(element)
        if pieces:
            opens = element.kind == "row" and previous != "row"
            joint = "\n" if element.kind in ("item", "row") and not opens else "\n\n"
            pieces.append(joint)
            length += len(joint)
        pieces.append(mark + element.text)
        start = length + len(mark)
        length = start + len(element.text)
        blocks.append(
            Block(
                kind="heading" if element.kind == "front" else element.kind,
                start=start,
                end=length,
                section=tuple(text for _, text in headings),
                paragraph=None if element.kind == "front" else paragraph,
                ordinal=0 if element.kind in ("front", "heading") else ordinal,
                page=element.page,
            )
        )
        previous = element.kind
    return "".join(pieces), tuple(blocks)


def _mark(element: Element) -> str:
    if element.counted is not None or element.kind == "front":
        return ""
    if element.label is not None:
        return f"{element.label} " if element.label.endswith(")") else f"{element.label}. "
    return "• " if element.kind == "item" else ""
