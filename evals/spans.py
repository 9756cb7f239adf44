"""Spans of characters, and where the words of a cleaned text stand in the file it was read from.

A reader may join lines, drop marks and add bullets, so an offset into a report's text is not one
into its file. ``Alignment`` walks both texts once, white space left out: what is dropped or added
by reading is stepped over, everything else is matched character by character, in order.
"""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]

_PROBES = ((12, 300), (5, 40), (24, 20000))
"""Length of text looked for after a difference, and how far ahead, in the order tried."""


def length(spans: Iterable[Span]) -> int:
    """Characters in spans; what stands in two of them counts twice."""
    return sum(end - start for start, end in spans)


def union(spans: Iterable[Span]) -> list[Span]:
    """The same characters, each once, in order."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged


def overlap(first: Iterable[Span], second: Iterable[Span]) -> list[Span]:
    """The characters that stand in both, each once."""
    others = list(second)
    return union(
        (max(a, c), min(b, d)) for a, b in first for c, d in others if max(a, c) < min(b, d)
    )


class Alignment:
    """Where each character of a cleaned text stands in its original."""

    def __init__(self, original: str, cleaned: str) -> None:
        self.original = original
        self.at: list[int | None] = [None] * len(cleaned)
        """For each character of the cleaned text its place in the original, where it has one."""
        kept = [i for i, c in enumerate(original) if not c.isspace()]
        words = [i for i, c in enumerate(cleaned) if not c.isspace()]
        source = "".join(original[i] for i in kept)
        target = "".join(cleaned[i] for i in words)
        for t, s in _matched(source, target):
            self.at[words[t]] = kept[s]

    def span(self, start: int, end: int) -> Span:
        """A span of the cleaned text in the original; an empty one when nothing of it is there."""
        places = [place for place in self.at[start:end] if place is not None]
        return (places[0], places[-1] + 1) if places else (0, 0)

    def read(self) -> frozenset[int]:
        """Every place of the original that stands in the cleaned text."""
        return frozenset(place for place in self.at if place is not None)


def _matched(source: str, target: str) -> Iterable[Span]:
    """Pairs of places in ``target`` and ``source`` that hold the same character, both rising."""
    s = t = 0
    while s < len(source) and t < len(target):
        if source[s] == target[t]:
            yield t, s
            s, t = s + 1, t + 1
            continue
        for size, reach in _PROBES:
            found = source.find(target[t : t + size], s, s + reach)
            if found >= 0:
                s = found
                break
        else:
            t += 1
