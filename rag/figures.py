"""Numbers and dates of a text, as values: what a sentence says must stand in what it cites.

``80 %``, ``80 per cent`` and ``eighty percent`` are the same figure, ``80`` is another; so are
``£1.2m`` and ``£1,200,000``. "One" alone is no figure, since it is a pronoun more often than a
number, and neither are "first" and "second". What a number counts is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from rag.dates import MONTHS

_SCALES = {
    "k": 1_000,
    "thousand": 1_000,
    "m": 1_000_000,
    "million": 1_000_000,
    "bn": 1_000_000_000,
    "billion": 1_000_000_000,
}
_PERCENT = r"\s?(?P<percent>%|per\s?cent\b|percentage points?\b)"
_SCALE = rf"(?P<scale>{'|'.join(_SCALES)})\b"
_DIGITS = re.compile(
    r"(?P<pound>£\s?)?(?<![\w.,])(?P<digits>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?:(?:st|nd|rd|th)\b|\s?{_SCALE})?(?:{_PERCENT})?",
    re.IGNORECASE,
)
_UNITS = dict(
    zip(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
            " fifteen sixteen seventeen eighteen nineteen"
        ).split(),
        range(20),
        strict=True,
    )
)
_TENS = dict(
    zip(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        range(20, 100, 10),
        strict=True,
    )
)
_LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SHARES = {"half": Decimal(50), "quarter": Decimal(25), "three-quarters": Decimal(75)}
_NUMBER_WORD = rf"\b(?:{'|'.join([*_UNITS, *_TENS, *_LARGE])})\b"
_WORDS = re.compile(
    rf"{_NUMBER_WORD}(?:[\s-]+(?:and\s+)?{_NUMBER_WORD})*(?:{_PERCENT})?"
    rf"|\b(?:{'|'.join(_SHARES)})\b",
    re.IGNORECASE,
)
_MONTH = "|".join(MONTHS)
_DATE = re.compile(
    rf"(?:\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?\b(?P<month>{_MONTH})\b"
    r"(?: (?P<later>\d{1,2})(?:st|nd|rd|th)?\b(?!\d),?)?(?:,? (?P<year>(?:19|20)\d\d)\b)?"
)
_ALSO_WORDS = ("May", "March")
"""Months that are words too: they are dates only beside a day or a year."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a text."""

    value: Decimal
    unit: str
    """``%``, ``£`` or empty."""
    text: str
    """As it is written."""

    @property
    def key(self) -> tuple[Decimal, str]:
        """What two ways to write one figure have in common."""
        return self.value, self.unit


@dataclass(frozen=True, slots=True)
class Date:
    """A month, with the day and year that stand beside it."""

    day: int | None
    month: int
    year: int | None
    text: str

    def within(self, other: Date) -> bool:
        """True when the other date says all that this one says."""
        mine, its = (self.day, self.month, self.year), (other.day, other.month, other.year)
        return all(m is None or m == i for m, i in zip(mine, its, strict=True))


def figures(text: str) -> list[Figure]:
    """Every number of ``text``, those in digits first, then those in words."""
    return [*_in_digits(text), *_in_words(_DIGITS.sub("#", text))]


def _in_digits(text: str) -> Iterator[Figure]:
    for match in _DIGITS.finditer(text):
        value = Decimal(match["digits"].replace(",", ""))
        value *= _SCALES[match["scale"].lower()] if match["scale"] else 1
        unit = "%" if match["percent"] else "£" if match["pound"] else ""
        yield Figure(value.normalize(), unit, match.group().strip())


def _in_words(text: str) -> Iterator[Figure]:
    for match in _WORDS.finditer(text):
        said = match.group()
        if said.lower() in _SHARES:
            yield Figure(_SHARES[said.lower()].normalize(), "%", said)
            continue
        words = re.findall(_NUMBER_WORD, said.lower())
        if words != ["one"]:
            unit = "%" if match["percent"] else ""
            yield Figure(Decimal(_value(words)).normalize(), unit, said)


def _value(words: Iterable[str]) -> int:
    """``two hundred and five`` as 205."""
    total = current = 0
    for word in words:
        if word in _LARGE:
            current = max(current, 1) * _LARGE[word]
            if _LARGE[word] > 100:
                total, current = total + current, 0
        else:
            current += _UNITS.get(word, 0) + _TENS.get(word, 0)
    return total + current


def dates(text: str) -> list[Date]:
    """Every month of ``text`` that is a date, with its day and year."""
    found = []
    for match in _DATE.finditer(text):
        day, year = match["day"] or match["later"], match["year"]
        if match["month"] in _ALSO_WORDS and not (day or year):
            continue
        month = MONTHS.index(match["month"]) + 1
        found.append(
            Date(int(day) if day else None, month, int(year) if year else None, match.group())
        )
    return found


def years(text: str) -> frozenset[str]:
    """Years of the last and this century that stand in ``text``."""
    return frozenset(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", text))
