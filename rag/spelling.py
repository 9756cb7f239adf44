"""Misspelt words of a question, read as words of the shelf. Owner of spellchecker and rapidfuzz.

A word is only corrected when it is neither on the shelf nor an English word, and when one word of
the shelf is near enough: a question about prisons is not turned into one about persons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from spellchecker import SpellChecker

SHORTEST = 5
"""Characters; shorter words have too many neighbours."""


@cache
def _english() -> SpellChecker:
    from spellchecker import SpellChecker

    return SpellChecker(language="en")


def is_english(word: str) -> bool:
    """True for words of the English dictionary, in any case."""
    return word.lower() in _english()


class Vocabulary:
    """Words that may be meant, at hand by their first letter and length."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = list(words)
        self._alike: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for number, word in enumerate(self._words):
            self._alike[word[:1], len(word)].append(number)

    def near(self, word: str, edits: int) -> list[str]:
        """Those with its first letter that are not longer or shorter by more, in their order."""
        lengths = range(len(word) - edits, len(word) + edits + 1)
        numbers = [n for length in lengths for n in self._alike.get((word[:1], length), ())]
        return [self._words[n] for n in sorted(numbers)]


def correct(word: str, vocabulary: Vocabulary) -> str | None:
    """The word of ``vocabulary`` that ``word`` is a slip of; None when it is left as it is.

    One edit (optimal string alignment: insert, delete, replace, swap neighbours) in words of up
    to seven letters, two in longer ones; the first letter must agree. Ties go to the first word.
    """
    lower = word.lower()
    if len(lower) < SHORTEST or not lower.isalpha() or is_english(lower):
        return None
    edits = 1 if len(lower) <= 7 else 2
    near = vocabulary.near(lower, edits)
    found = process.extractOne(lower, near, scorer=OSA.distance, score_cutoff=edits)
    return found[0] if found else None
