"""Where a chunk stands in the text that it was cut from, whatever became of its white space."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator


def locate(text: str, piece: str, after: int = 0) -> tuple[int, int]:
    """The first span from ``after`` on that reads as the piece does; white space counts as equal.

    The span starts and ends with a word. Raises LookupError when there is none.
    """
    words = piece.split()
    if not words:
        raise LookupError("A blank chunk stands nowhere.")
    found = re.compile(r"\s+".join(map(re.escape, words))).search(text, after)
    if found is None:
        raise LookupError(f"This chunk is not in the text after {after}: {piece[:60]!r}")
    return found.span()


def locate_all(
    text: str, pieces: Iterable[str], *, overlapping: bool = False
) -> Iterator[tuple[int, int]]:
    """The spans of pieces that were cut from the text in order.

    A piece is looked for after the end of the one before, or after its start where neighbours may
    overlap, so that a repeated line is found at its own place.
    """
    after = 0
    for piece in pieces:
        start, end = locate(text, piece, after)
        yield start, end
        after = start + 1 if overlapping else end
