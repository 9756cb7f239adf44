"""Short forms and their long forms, found where a report defines one in brackets.

"Deprivation of Liberty Safeguards (DoLS)" and "DoLS (Deprivation of Liberty Safeguards)". Where
the words in front begin with the letters of the short form, those words are taken. Otherwise the
letters must be found in them from the right, the first one at the start of a word: A. Schwartz
and M. Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text",
Pacific Symposium on Biocomputing, 2003.
"""

from __future__ import annotations

import re

_BRACKET = re.compile(r"\(([^()]{2,60})\)")
_SHORT = re.compile(r"[A-Z][A-Za-z0-9&/-]{1,9}")
_WORDS_BEFORE = re.compile(r"[\w’'&/-]+")
_SMALL = frozenset({"and", "of", "for", "the", "to", "in", "on", "with"})


def find_acronyms(text: str) -> list[tuple[str, str]]:
    """Pairs of short and long form defined in ``text``, in order, each once."""
    found: dict[tuple[str, str], None] = {}
    for match in _BRACKET.finditer(text):
        inside = match.group(1).strip()
        before = text[max(0, match.start() - 120) : match.start()].rsplit("\n", 1)[-1]
        if is_short_form(inside):
            long = _long_form(inside, before)
            if long:
                found[(inside, long)] = None
        else:
            last = before.split()[-1] if before.split() else ""
            long = _long_form(last, inside) if is_short_form(last) else None
            if long and len(long) >= 0.8 * len(inside):
                found[(last, long)] = None
    return list(found)


def is_short_form(text: str) -> bool:
    """True for what looks like an acronym: two to ten characters, at least two capitals."""
    return bool(_SHORT.fullmatch(text)) and sum(c.isupper() for c in text) >= 2


def _long_form(short: str, before: str) -> str | None:
    """The shortest run of words at the end of ``before`` that ``short`` can stand for."""
    letters = [c.lower() for c in short.rstrip("s") if c.isalnum()]
    found = list(_WORDS_BEFORE.finditer(before))[-min(len(letters) + 5, 2 * len(letters)) :]
    text = before.rstrip()
    for word in reversed(found):
        if _initials(text[word.start() :]) == letters:
            return _tidy(text[word.start() :])
    start = _match_letters(letters, text, found[0].start() if found else len(text))
    if start is None:
        return None
    long = _tidy(text[start:])
    content = [word for word in long.lower().split() if word not in _SMALL]
    fits = 2 <= len(content) <= len(letters) and short.lower() not in content
    return long if fits and len(long) > len(short) + 2 else None


def _initials(long: str) -> list[str]:
    return [word[0] for word in long.lower().split() if word not in _SMALL]


def _match_letters(letters: list[str], text: str, base: int) -> int | None:
    """Where the first letter is met, when all are met from the right; None when one is missing."""
    position = len(text)
    for i in range(len(letters) - 1, -1, -1):
        position -= 1
        while position >= base and (
            text[position].lower() != letters[i]
            or (i == 0 and position > 0 and text[position - 1].isalnum())
        ):
            position -= 1
        if position < base:
            return None
    return position


def _tidy(long: str) -> str:
    return re.sub(r"['’]s$", "", long.strip())
