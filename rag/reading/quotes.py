"""The same words in two texts that are not the same: letters and digits, and runs of them.

What a report quotes and what its file holds differ in everything but the letters: spaces, hyphens
at line ends, ligatures, capitals of a heading, the order of columns, what stands in between. So
letters and digits alone are compared, each knows its place in the text that it is from, and what
is looked for may be found in pieces. Nothing is forgiven within a piece: no letter is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

_SEED = 12
"""Letters that a piece has at least."""
_ALONE = 40
"""Letters of a piece that counts wherever it stands; a shorter one stands near the longest."""
_NEAR = 1500
"""Characters between two pieces of one passage: a footnote or a table may part them."""
_MOST_SEEDS = 40
"""Places with the same few letters that are tried."""
_LINE = re.compile(r"[^\r\n]+")
_APART = 30
"""Characters between two cells of a table, blanks all of them."""
_WORD = re.compile(r"\w+(?:[.,]\d+)*")

Stretch = tuple[int, int]
"""The first character and the one after the last."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters and digits of a text, each with the place of its character in the text."""

    text: str
    places: Sequence[int]

    def stretch(self, start: int, end: int) -> Stretch:
        """Where in the text these letters stand; ``start`` is before ``end``."""
        return self.places[start], self.places[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Run:
    """Letters that stand both in what is looked for and in what is looked at."""

    start: int
    """In what is looked for."""
    there: int
    length: int


def letters_of(text: str) -> Letters:
    """Letters and digits alone, in small letters, without accents and ligatures."""
    found: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in _plain(character):
            found.append(letter)
            places.append(place)
    return Letters("".join(found), places)


def _plain(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    folded = unicodedata.normalize("NFKD", character).casefold()
    return "".join(c for c in folded if c.isalnum())


def runs_of(sought: str, there: str) -> list[Run]:
    """The pieces of ``sought`` that stand in ``there``, long ones and those near the longest.

    Each is as long as it can be; in ``sought`` they follow one another and never overlap.
    """
    if len(sought) < _SEED:
        place = there.find(sought) if sought else -1
        return [Run(0, place, len(sought))] if place >= 0 else []
    runs: list[Run] = []
    at = last = done = 0
    while at + _SEED <= len(sought):
        places = list(islice(_all(there, sought[at : at + _SEED]), _MOST_SEEDS))
        if not places:
            at += 1
            continue
        found = [(_common(sought, at, there, place), -abs(place - last), place) for place in places]
        length, _, place = max(found)
        led = _led(sought, at, there, place, done)
        runs.append(Run(at - led, place - led, length + led))
        at = done = at + length
        last = place + length
    near = max(runs, key=lambda run: run.length, default=Run(0, 0, 0)).there
    return [run for run in runs if run.length >= _ALONE or abs(run.there - near) <= _NEAR]


def _all(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _common(one: str, i: int, other: str, j: int) -> int:
    """How many letters are the same from here on."""
    length = 0
    most = min(len(one) - i, len(other) - j)
    while length < most and one[i + length] == other[j + length]:
        length += 1
    return length


def _led(one: str, i: int, other: str, j: int, floor: int) -> int:
    """How many letters in front of here are the same, as far back as ``floor``."""
    length = 0
    most = min(i - floor, j)
    while length < most and one[i - length - 1] == other[j - length - 1]:
        length += 1
    return length


def words_of(text: str) -> frozenset[str]:
    """The different words and figures of a text, folded."""
    return frozenset(_folded(match[0]) for match in _WORD.finditer(text))


def together(
    words: frozenset[str], text: str, beside: Sequence[Stretch] = ()
) -> tuple[list[Stretch], frozenset[str]]:
    """Few stretches of a text that are made of ``words``, and which of ``words`` were found so.

    As for a row of a table, of which a report repeats the heads of the columns: the stretch with
    most words first, then what adds most to it (greedy set cover, so that the same figures in
    another row add nothing). A stretch stands ``beside`` what is known already, or has two words
    at least, and half of ``words`` where something is known. One of which there is a like is no
    evidence for either and is left out, though its words count as found.
    """
    for start, end in beside:
        text = f"{text[:start]}{'_' * (end - start)}{text[end:]}"
    runs = list(_runs_of_words(words, text))
    found: list[Stretch] = []
    missing = words
    while True:
        known = [*beside, *found]
        best, adjoins, most = None, False, 0.0
        for stretch, there in runs:
            added = len(there & missing)
            near = any(_adjoin(stretch, other, text) for other in known)
            alone = len(there) > 1 and (not beside or 2 * added >= len(missing))
            close = not known or min(abs(stretch[0] - other[0]) for other in known) <= _NEAR
            if added and (near or (alone and close)) and added + 0.5 * near > most:
                best, adjoins, most = (stretch, there), near, added + 0.5 * near
        if best is None:
            return sorted(found), words - missing
        if adjoins or sum(there & missing == best[1] & missing for _, there in runs) == 1:
            found.append(best[0])
        missing -= best[1]


def _runs_of_words(words: frozenset[str], text: str) -> Iterator[tuple[Stretch, frozenset[str]]]:
    """Where words of these stand one after the other on a line, as long as it goes on."""
    for line in _LINE.finditer(text):
        in_line = _WORD.finditer(text, *line.span())
        for known, group in groupby(in_line, lambda match: _folded(match[0]) in words):
            if known:
                matches = list(group)
                stretch = matches[0].start(), matches[-1].end()
                yield stretch, frozenset(_folded(match[0]) for match in matches)


def _adjoin(one: Stretch, other: Stretch, text: str) -> bool:
    """True when no letter stands between two stretches."""
    start, end = min(one[1], other[1]), max(one[0], other[0])
    return end - start < _APART and not any(c.isalnum() for c in text[start:end])


def _folded(word: str) -> str:
    """A word by its letters; a figure as it is, so that 6.3 is not 63."""
    return word.lower() if any(map(str.isdigit, word)) else letters_of(word).text
