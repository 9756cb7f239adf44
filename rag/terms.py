"""Words as they are compared: small letters, stemmed, stop words left out. Owner of Snowball.

The same function serves the full-text index and the question, so that both agree on what a term
is. Hyphens are where writers differ (co-production, coproduction), so a hyphenated word gives its
parts and the joined form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

import snowballstemmer

_WORD = re.compile(r"[^\W\d_]+(?:[-‐‑][^\W\d_]+)+|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")
_HYPHEN = re.compile(r"[-‐‑]")
_ONE_AT_A_TIME = Lock()
"""A stemmer keeps the word that it works on in itself; the page asks from several threads."""
_INITIALS = re.compile(r"[^aeiouy\W\d_]{2,}s")
_NUMBERS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve".split(),
        map(str, range(2, 13)),
        strict=True,
    )
)

STOP_WORDS = frozenset(
    """
    a about above across after against all also am among an and any are as at be because
    been before being below between both but by can could did do does doing done down during
    each few for from further get give given gives had has have having he her here hers him
    his how i if in into is it its itself just let may me might mine more most must my no
    nor not of off on once only or other our out over own per please s same shall she should
    so some such t tell than that the their them then there these they this those through to
    too under until up upon us very was we were what when where whether which while whilst
    who whom whose why will with would you your
    """.split()
)
"""Function words of English. They are left out of questions, not out of the index."""


def _stem(word: str) -> str:
    with _ONE_AT_A_TIME:
        return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


def words(text: str) -> list[str]:
    """The words and numbers of ``text`` as written, in order."""
    return _WORD.findall(text)


@lru_cache(maxsize=200_000)
def stems_of(word: str) -> tuple[str, ...]:
    """The comparable forms of one word: its stem, or the parts and the join of a hyphenated one."""
    word = word.lower().replace("’", "'")
    if word.endswith("'s"):
        word = word[:-2]
    parts = _HYPHEN.split(word.replace("'", ""))
    if len(parts) == 1:
        return (_form(parts[0]),)
    return (*(_form(part) for part in parts), _form("".join(parts)))


def _form(word: str) -> str:
    """The stem; a number word as its digits, a short form such as ``dfgs`` without its plural s."""
    if word in _NUMBERS:
        return _NUMBERS[word]
    return word[:-1] if _INITIALS.fullmatch(word) else _stem(word)


def stems(text: str) -> list[str]:
    """All stems of ``text``, in order, stop words included."""
    return list(_stems(text))


@lru_cache(maxsize=4096)
def _stems(text: str) -> tuple[str, ...]:
    """Kept, because question after question meets the same passages."""
    return tuple(stem for word in words(text) for stem in stems_of(word))


_SHARED = frozenset({"let", "mine", "own", "pleas", "will"})
"""Stems of function words that are stems of telling words too: lettings, mining, owned, willing."""


def telling_stems(word: str) -> tuple[str, ...]:
    """The stem of a word; of a hyphenated one, of each part, function words left out."""
    forms = stems_of(word)
    parts = forms if len(forms) == 1 else forms[:-1]
    return tuple(part for part in parts if part not in _stop_stems())


@dataclass(frozen=True)
class Said:
    """What a text says, as stems in order without function words: for finding words and phrases."""

    order: tuple[str, ...]

    @classmethod
    def of(cls, stems: Iterable[str]) -> Said:
        """From the stems of a text, function words included."""
        functional = _stop_stems()
        return cls(tuple(s for s in stems if s not in functional))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Every stem, for membership."""
        return frozenset(self.order)

    def _places(self, wanted: str) -> list[int]:
        return [place for place, stem in enumerate(self.order) if stem == wanted]

    def ends(self, phrase: tuple[str, ...]) -> list[int]:
        """Where ``phrase`` ends: its stems in this order, with at most one other between two."""
        if not phrase or not self.stems.issuperset(phrase):
            return []
        ends = self._places(phrase[0])
        for stem in phrase[1:]:
            ends = [p for p in self._places(stem) if p - 1 in ends or p - 2 in ends]
        return ends

    def has(self, phrase: tuple[str, ...]) -> bool:
        """True when ``phrase`` occurs."""
        return bool(self.ends(phrase))


@lru_cache(maxsize=1)
def _stop_stems() -> frozenset[str]:
    return frozenset(s for word in STOP_WORDS for s in stems_of(word)) - _SHARED
