"""What of a file's text a parser got right, word by word, against marks made by eye.

Texts are compared as lists of words in small letters: white space, quotation marks, dashes and
the marks of Markdown do not count, so that no parser loses by its style.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_HYPHEN = dict.fromkeys(map(ord, "\xad\u2060\u200b'’ʼ`"))
_KNOWN_BY = 3
"""A word is known when this many parsers read it in the file."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as words, and which of them begin a line."""

    words: tuple[str, ...]
    first: frozenset[int]
    places: Mapping[str, tuple[int, ...]]

    def find(self, wanted: Sequence[str]) -> list[int]:
        """Where a run of words begins; nowhere for no words."""
        size = len(wanted)
        return [
            place
            for place in self.places.get(wanted[0] if wanted else "", ())
            if self.words[place : place + size] == tuple(wanted)
        ]


def words_of(text: str) -> Words:
    """The words of a text; ligatures are taken apart, the hyphen at a line's end is a gap."""
    words: list[str] = []
    first: set[int] = set()
    places: dict[str, list[int]] = {}
    for line in unicodedata.normalize("NFKC", text).translate(_HYPHEN).lower().splitlines():
        first.add(len(words))
        for word in _WORD.findall(line):
            places.setdefault(word, []).append(len(words))
            words.append(word)
    return Words(tuple(words), frozenset(first), {w: tuple(p) for w, p in places.items()})


def follows(text: Words, left: str, right: str, label: str = "") -> bool:
    """True when ``right`` comes next after ``left``, with nothing but its label between."""
    before, after, mark = (list(words_of(part).words) for part in (left, right, label))
    return bool(text.find(before + after) or (mark and text.find(before + mark + after)))


def is_labelled(text: Words, label: str, first_words: str) -> bool:
    """True when a line begins with the label and the first words of its paragraph."""
    wanted = words_of(f"{label} {first_words}").words
    return any(place in text.first for place in text.find(wanted))


def has_heading(headings: Iterable[str] | None, wanted: str) -> bool:
    """True when one of the headings is the wanted one, with its number or a mark at the most."""
    name = words_of(wanted).words
    for heading in headings or ():
        words = words_of(heading).words
        extra = len(words) - len(name)
        if words == name or (extra in (1, 2) and (words[:-extra] == name or words[extra:] == name)):
            return True
    return False


def on_one_line(text: str, cells: Sequence[str]) -> bool:
    """True when all cells stand on one line of the text."""
    wanted = [words_of(cell).words for cell in cells]
    for line in text.splitlines():
        words = words_of(line)
        if all(words.find(cell) for cell in wanted):
            return True
    return False


def strange_and_missing(texts: Mapping[str, Words]) -> dict[str, tuple[float, float]]:
    """For each parser, the share of its words that others do not know, and of known words it lacks.

    Words joined or split wrongly are strange, as often as they stand. Missing are words that at
    least _KNOWN_BY others read in the file and that stand nowhere in this text: figures are not
    counted, so that leaving out page numbers and running heads, which is right, costs nothing.
    """
    counts = {name: Counter(words.words) for name, words in texts.items()}
    found: dict[str, tuple[float, float]] = {}
    for name, mine in counts.items():
        others = Counter(word for other in counts if other != name for word in counts[other])
        strange = sum(n for word, n in mine.items() if others[word] < _KNOWN_BY - 1)
        common = {word for word, n in others.items() if n >= _KNOWN_BY and word.isalpha()}
        found[name] = (
            strange / max(sum(mine.values()), 1),
            len(common - mine.keys()) / max(len(common), 1),
        )
    return found


def share(outcomes: Iterable[bool]) -> float | None:
    """The share of what went well; None where nothing was marked."""
    told = list(outcomes)
    return round(sum(told) / len(told), 4) if told else None
