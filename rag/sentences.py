"""Where sentences start and end. The owner of syntok.

Chosen over pysbd on the five reports: the same boundaries six times as fast, and it keeps
offsets. What it leaves joined is mended here: each line is taken by itself, because the items
of a list stand on their own lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from syntok import segmenter

_LINE = re.compile(r"[^\n]+")
_BULLET = re.compile(r"[•▪●◦‣·–-]\s+")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every sentence of ``text``, without the white space around it.

    The spans are in order, do not overlap, and hold every character that is not white space or
    the bullet that opens a line.
    """
    return list(_spans(text))


@lru_cache(maxsize=4096)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    """Kept, because question after question meets the same passages."""
    spans: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        spans.extend((line.start() + a, line.start() + b) for a, b in _line_spans(line.group()))
    return tuple(spans)


def _line_spans(line: str) -> Iterator[tuple[int, int]]:
    bullet = _BULLET.match(line)
    base = bullet.end() if bullet else 0
    content = line[base:]
    starts: list[int] = []
    for paragraph in segmenter.analyze(content):
        for sentence in paragraph:
            tokens = list(sentence)
            if tokens:
                starts.append(tokens[0].offset)
    starts = [0, *starts[1:]]
    for start, end in zip(starts, [*starts[1:], len(content)], strict=True):
        piece = content[start:end]
        stripped = piece.strip()
        if stripped:
            left = start + len(piece) - len(piece.lstrip())
            yield base + left, base + left + len(stripped)
