"""Pictures of pages to type, by Tesseract where it is installed. The owner of pytesseract.

Tesseract is a program of its own, not a Python package, and need not be there: then a scan cannot
be read, and the caller says so. Words it is not sure of are left out, and a page on which it is
sure of hardly any gives none: a photograph must not become text.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any

from rag.reading.typeset import Span

DPI = 200
"""Dots an inch at which a page is rendered for OCR."""
SECONDS_A_SCANNED_PAGE = 20
"""Most time that one page may take; a page that takes longer is not read."""
_SURE = 40
"""Confidence, of 100, from which on a word is taken."""
_QUITE_SURE = 75
_FEWEST_WORDS = 3
"""Words of three letters and more that have to be quite sure for a page to count as read."""
_SHARE = 0.5
"""Share of the letters found that have to be quite sure."""
_HIGH = frozenset("bdfhklt!?/|'\"“”‘’")
_DEEP = frozenset("gjpqyQ,;()[]|/")
_CAPITAL, _SMALL, _DEPTH = 0.72, 0.52, 0.21
"""Height of capitals and of small letters, and depth of descenders, to the size of the type."""


@cache
def available() -> bool:
    """True where Tesseract and its English data are installed."""
    import pytesseract

    try:
        return "eng" in pytesseract.get_languages()
    except (pytesseract.TesseractNotFoundError, pytesseract.TesseractError, OSError):
        return False


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read of a page, and its size in points, turned so that it can be read."""

    spans: list[Span]
    width: float
    height: float


def read_scan(image: Any, points: float) -> Scan | None:
    """The type of a page, given as a Pillow image with ``points`` to a pixel.

    None when the page shows no words, or none that can be relied on, or takes too long.
    """
    words = _words(image)
    if (_on_its_side(words) or not _reliable(words)) and (angle := _turn(image)):
        image = image.rotate(-angle, expand=True)
        words = _words(image)
    if not _reliable(words):
        return None
    return Scan(_spans(words, points), image.width * points, image.height * points)


def _words(image: Any) -> list[dict[str, Any]]:
    """Words with place, line and confidence; none when Tesseract fails or takes too long."""
    import pytesseract

    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # its threads wait for each other more than run
    try:
        table = pytesseract.image_to_data(
            image,
            lang="eng",
            config=f"--dpi {DPI}",
            output_type=pytesseract.Output.DICT,
            timeout=SECONDS_A_SCANNED_PAGE,
        )
    except (RuntimeError, OSError):
        return []
    names = ("text", "conf", "left", "top", "width", "height", "block_num", "par_num", "line_num")
    rows = [
        dict(zip(names, row, strict=True))
        for row in zip(*(table.get(name, []) for name in names), strict=True)
    ]
    return [row for row in rows if str(row["text"]).strip() and float(row["conf"]) >= 0]


def _turn(image: Any) -> int:
    """How far, clockwise, a page has to be turned to be read: 0, 90, 180 or 270."""
    import pytesseract

    try:
        found = pytesseract.image_to_osd(
            image,
            config="--psm 0",
            output_type=pytesseract.Output.DICT,
            timeout=SECONDS_A_SCANNED_PAGE,
        )
    except (RuntimeError, OSError):
        return 0
    return int(found.get("rotate", 0)) % 360


def _reliable(words: list[dict[str, Any]]) -> bool:
    """True when enough of what was found is quite sure to be text."""
    letters = sum(len(str(word["text"])) for word in words)
    sure = [str(word["text"]) for word in words if float(word["conf"]) >= _QUITE_SURE]
    long = sum(sum(c.isalpha() for c in word) >= 3 for word in sure)
    return long >= _FEWEST_WORDS and sum(map(len, sure)) >= _SHARE * letters


def _on_its_side(words: list[dict[str, Any]]) -> bool:
    """True when most longer words are higher than wide: Tesseract also reads along the edge."""
    long = [word for word in words if len(str(word["text"])) >= 4]
    return sum(bool(word["height"] > word["width"]) for word in long) > len(long) / 2


def _spans(words: list[dict[str, Any]], scale: float) -> list[Span]:
    """Words that are sure enough, those of one line with usual spaces as one span.

    The height of a line depends on its letters; lines nearly as high as most are set in the
    same size, so that no heading is seen where only an ascender is missing.
    """
    lines: dict[tuple[int, int, int], list[dict[str, Any]]] = {}
    for word in words:
        if float(word["conf"]) >= _SURE:
            place = (word["block_num"], word["par_num"], word["line_num"])
            lines.setdefault(place, []).append(word)
    sizes = {place: median(_type(w)[0] for w in found) for place, found in lines.items()}
    usual = median(sizes.values()) if sizes else 0.0
    spans: list[Span] = []
    for place, found in lines.items():
        near = 0.6 * usual < sizes[place] < 1.5 * usual
        size = (usual if near else sizes[place]) * scale
        base = median(_type(w)[1] for w in found) * scale
        last: Span | None = None
        for word in found:
            left, right = word["left"] * scale, (word["left"] + word["width"]) * scale
            text = str(word["text"]).strip()
            if last is not None and left - last.right < 1.2 * size:
                last.text += f" {text}"
                last.right = right
            else:
                last = Span(text, left, right, base, size, bold=False)
                spans.append(last)
    return spans


def _type(word: dict[str, Any]) -> tuple[float, float]:
    """Size of a word's type and its baseline, in pixels, from its box and its letters."""
    text = str(word["text"])
    high = any(c.isupper() or c.isdigit() or c in _HIGH for c in text)
    depth = _DEPTH if any(c in _DEEP for c in text) else 0.0
    size = word["height"] / ((_CAPITAL if high else _SMALL) + depth)
    return size, word["top"] + word["height"] - depth * size
