"""A report to passages: exact slices of its text, cut where the report itself has joints.

A passage never reaches across a heading or from one paragraph into the next. A paragraph and its
list stay together when they fit the budget; otherwise the list is cut between items, each
lettered item (18c) by itself, and what introduces the list goes along as ``lead``. A paragraph
that is too long is cut between sentences into parts of even size, a sentence that is too long
between tokens. No overlap: what a reader needs around a passage, the page shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from rag.reading.firstpage import GRADE
from rag.reading.headings import role_of
from rag.records import Block, BlockKind, Passage, Report
from rag.sentences import sentence_spans
from rag.tokens import count_tokens, token_starts

_STATEMENT = re.compile(
    rf"\w \w+ (?:is|are|was|were|has|have|requires?)\b(?= \w|:)|: (?:{GRADE})$", re.IGNORECASE
)
_QUESTION = re.compile(r"\?|^(?:what|how|who|why|where|when|which)\b", re.IGNORECASE)
_JOINING: Mapping[BlockKind, tuple[BlockKind, ...]] = {
    "heading": (),
    "paragraph": ("item",),
    "item": ("item",),
    "row": ("row",),
}
"""What may follow in the same unit: a list its paragraph, a row only a row."""


@dataclass(frozen=True, slots=True)
class _Atom:
    """A span that is not cut any further."""

    start: int
    end: int
    block: Block
    opens: bool
    """True when a passage must start here."""


def cut_passages(report: Report, budget: int) -> tuple[Passage, ...]:
    """Cut ``report`` into passages of at most ``budget`` cl100k tokens, in reading order."""
    passages: list[Passage] = []
    for unit in paragraphs_of(report.blocks):
        for start, end, block in _cut_unit(report.text, unit, budget):
            lead = _lead(report.text, unit[0]) if start >= unit[0].end else ""
            passages.append(
                Passage(
                    report=report.id,
                    seq=len(passages),
                    start=start,
                    end=end,
                    text=report.text[start:end],
                    section=block.section if block.kind != "heading" else block.section[:-1],
                    paragraph=block.paragraph,
                    ordinal=block.ordinal,
                    page=block.page,
                    role=role_of(block.section),
                    lead=lead,
                    kind=block.kind,
                )
            )
    return tuple(passages)


def paragraphs_of(blocks: Iterable[Block]) -> list[list[Block]]:
    """Each paragraph with the list it introduces, each table by itself; of headings, statements."""
    units: list[list[Block]] = []
    joins: tuple[BlockKind, ...] = ()
    for block in blocks:
        if block.kind in joins:
            units[-1].append(block)
        elif block.kind != "heading" or _states(block):
            units.append([block])
        joins = _JOINING[block.kind]
    return units


def _states(heading: Block) -> bool:
    """True for a heading that says something by itself: "Adoption performance is outstanding"."""
    text = heading.section[-1] if heading.section else ""
    return bool(_STATEMENT.search(text)) and not _QUESTION.search(text)


def search_prefix(passage: Passage, budget: int, title: str | None = None) -> str:
    """What is searched and embedded in front of a passage, never quoted: headings and lead.

    Where no heading stands above it, the report's ``title`` does.
    """
    above = passage.section or ((title,) if title else ())
    prefix = ". ".join([*above, passage.lead] if passage.lead else above)
    while len(starts := token_starts(prefix)) > budget:
        prefix = prefix[starts[-budget] or 1 :].lstrip()
    return prefix


def _lead(text: str, first: Block) -> str:
    """The last sentence of the paragraph that introduces a list."""
    if first.kind != "paragraph":
        return ""
    spans = sentence_spans(text[first.start : first.end])
    start, end = spans[-1] if spans else (0, 0)
    return text[first.start + start : first.start + end]


def _cut_unit(text: str, unit: list[Block], budget: int) -> Iterator[tuple[int, int, Block]]:
    """Spans of at most ``budget`` tokens, each with the block that it starts in."""
    whole = (unit[0].start, unit[-1].end)
    if count_tokens(text[slice(*whole)]) <= budget:
        yield (*whole, unit[0])
        return
    atoms = [atom for block in unit for atom in _atoms(text, block, unit[0], budget)]
    runs: list[list[_Atom]] = []
    for atom in atoms:
        if atom.opens or not runs:
            runs.append([])
        runs[-1].append(atom)
    for run in runs:
        yield from _pack(text, run, budget)


def _atoms(text: str, block: Block, first: Block, budget: int) -> Iterator[_Atom]:
    lettered = block.kind == "item" and block.paragraph != first.paragraph
    if count_tokens(text[block.start : block.end]) <= budget:
        yield _Atom(block.start, block.end, block, opens=lettered)
        return
    opens = lettered
    for a, b in sentence_spans(text[block.start : block.end]):
        for start, end in _cut_sentence(text, block.start + a, block.start + b, budget):
            yield _Atom(start, end, block, opens=opens)
            opens = False


def _cut_sentence(text: str, start: int, end: int, budget: int) -> Iterator[tuple[int, int]]:
    """A sentence longer than the budget, cut at token starts, at a blank where there is one."""
    while count_tokens(text[start:end]) > budget:
        starts = token_starts(text[start:end])
        limit = start + starts[budget]
        blank = text.rfind(" ", start + 1, limit + 1)
        cut = blank if blank > start else max(limit, start + 1)
        yield start, cut
        start = cut + (len(text[cut:end]) - len(text[cut:end].lstrip()))
    if start < end:
        yield start, end


def _pack(text: str, run: list[_Atom], budget: int) -> Iterator[tuple[int, int, Block]]:
    """Neighbouring atoms joined to passages of nearly even size."""

    def size(first: int, last: int) -> int:
        return count_tokens(text[run[first].start : run[last].end])

    total = size(0, len(run) - 1)
    target = total / ceil(total / budget)
    first = 0
    for i in range(1, len(run) + 1):
        if i < len(run):
            shorter, longer = size(first, i - 1), size(first, i)
            if longer <= budget and longer - target <= target - shorter:
                continue
        yield run[first].start, run[i - 1].end, run[first].block
        first = i
