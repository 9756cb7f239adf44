"""Names of people, bodies and places in a sentence that a language model wrote.

A name is a word with a capital where no capital must stand, a short form, or a word that no
dictionary holds. Which names stand in a text is asked word by word, in any case: "adult social
care" lets "Adult Social Care" pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.dates import MONTHS
from rag.spelling import is_english
from rag.terms import STOP_WORDS, stems_of

_WORD = re.compile(r"[^\W\d_][\w’'&]*(?:[/‐‑-][^\W_][\w’'&]*)*")
_OPENS = re.compile(r"(?:^|[.!?:;]\s|[“‘\"(])\s*$")
_LEADS = re.compile(r" [^\W\d_a-z]")
_ENDING = re.compile(r"['’]s?$")
_GENERAL = frozenset("council councils authority authorities report reports i".split())
"""Words that are written with a capital without being a name by themselves."""
_MONTHS = frozenset(month.lower() for month in MONTHS)


def names(sentence: str) -> list[str]:
    """Words of ``sentence`` that name something, in order; months are dates, not names."""
    found = []
    for match in _WORD.finditer(sentence):
        word = _ENDING.sub("", match.group())
        opens = _OPENS.search(sentence, 0, match.start()) is not None
        leads = _LEADS.match(sentence, match.end()) is not None
        if word.lower() not in _MONTHS and _is_name(word, opens=opens, leads=leads):
            found.append(word)
    return found


def _is_name(word: str, *, opens: bool, leads: bool) -> bool:
    """``opens``: a capital must stand here; ``leads``: another capital follows at once."""
    if any(c.isupper() for c in word[1:]) or any(c.isdigit() for c in word):
        return True
    plain = opens and _is_known(word) and (not leads or word.lower() in STOP_WORDS)
    return word[:1].isupper() and not plain


def _is_known(word: str) -> bool:
    return all(is_english(part) for part in re.split(r"[/‐‑'’-]", word) if len(part) > 1)


def strange_names(
    sentence: str, texts: Iterable[str], short_forms: Iterable[tuple[str, str]]
) -> list[str]:
    """Names of ``sentence`` that none of ``texts`` holds, in order, each once.

    A short form stands for its long form where ``short_forms`` (short, long) says so, and the
    other way round.
    """
    held = {form for text in texts for form in _forms(text)}
    for short, long in short_forms:
        long_forms = _forms(long)
        if _forms(short) & held:
            held |= long_forms
        elif long_forms <= held:
            held |= _forms(short)
    found = [name for name in names(sentence) if name.lower() not in _GENERAL]
    return [name for name in dict.fromkeys(found) if not _parts(name) <= held]


def _forms(text: str) -> set[str]:
    """The stems of a text, and its words in small letters, those with a hyphen in parts too."""
    return {form for match in _WORD.finditer(text) for form in _parts(match.group())}


def _parts(word: str) -> set[str]:
    word = _ENDING.sub("", word)
    parts = re.split(r"[/‐‑-]", word) if re.search(r"[/‐‑-]", word) else [word]
    return {form for part in parts if part for form in stems_of(part)}
