"""The plain stack that most tools start from, for comparison in the same run.

Text cut recursively into 1,000 characters with 200 overlapping, embedded by the same MiniLM,
nearest four by FAISS. The four chunks are its citations; a report speaks when one of them is its
own; a question is refused when the best similarity is below ``REFUSAL``, set on the development
half so that about three in a hundred answerable questions are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.embedding import Encoder
from rag.index import Index
from rag.vectors import VectorIndex

SIZE, OVERLAP, TOP = 1000, 200, 4
REFUSAL = 0.36
_SEPARATORS = ("\n\n", "\n", " ", "")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a report's text and its similarity to the question."""

    report: str
    start: int
    end: int
    text: str
    score: float = 0.0


class PlainStack:
    """Recursive splitting, MiniLM, FAISS, top four."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self._encoder = encoder
        self._chunks: list[Chunk] = []
        for info in index.store.reports():
            text = index.store.report_text(info.report) or ""
            for start, end in split(text):
                self._chunks.append(Chunk(info.report, start, end, text[start:end]))
        self._vectors = VectorIndex.build(encoder.encode([c.text for c in self._chunks]))

    def search(self, question: str, k: int = TOP) -> list[Chunk]:
        """The k nearest chunks, best first."""
        scores, positions = self._vectors.search(self._encoder.encode([question])[0], k)
        found = (self._chunks[p] for p in positions)
        return [
            Chunk(c.report, c.start, c.end, c.text, float(s))
            for c, s in zip(found, scores, strict=True)
        ]


def split(text: str, size: int = SIZE, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """Spans of at most ``size`` characters, consecutive ones sharing up to ``overlap``."""
    pieces = list(_pieces(text, 0, len(text), size, 0))
    spans: list[tuple[int, int]] = []
    first = 0
    for i in range(1, len(pieces) + 1):
        if i < len(pieces) and pieces[i][1] - pieces[first][0] <= size:
            continue
        spans.append((pieces[first][0], pieces[i - 1][1]))
        if i < len(pieces):
            while first < i and (
                pieces[i - 1][1] - pieces[first][0] > overlap
                or pieces[i][1] - pieces[first][0] > size
            ):
                first += 1
    return spans


def _pieces(text: str, start: int, end: int, size: int, level: int) -> Iterator[tuple[int, int]]:
    """Cut at the coarsest separator that gives pieces of at most ``size``."""
    if end - start <= size and level:
        yield start, end
        return
    separator = _SEPARATORS[level]
    if not separator:
        for cut in range(start, end, size):
            yield cut, min(cut + size, end)
        return
    at = start
    while at < end:
        found = text.find(separator, at, end)
        stop = end if found < 0 else found + len(separator)
        if stop - at <= size:
            yield at, stop
        else:
            yield from _pieces(text, at, stop, size, level + 1)
        at = stop
