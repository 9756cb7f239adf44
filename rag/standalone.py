"""A follow-up made to stand alone by a language model, and taken only when it adds nothing.

The rules of ``followups`` are asked first, since they are right on 19 of 20 measured follow-ups.
The model is asked where the rules find nothing to carry over, as after "and last year?". What it
writes is one question of words that the conversation holds: no council, year, number, name or other
telling word may be new, and what was typed may not lose a council, a number or its telling words.
Else the text stands as it was typed. See evals/followups.py for what either way is worth.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import closing

from rag.concepts import ASKING_WORDS
from rag.councils import places_named
from rag.errors import LanguageModelError
from rag.figures import figures
from rag.followups import LONGEST, FollowUp
from rag.languagemodel import LanguageModel
from rag.names import strange_names
from rag.orders import plain
from rag.prompts import STANDALONE, STANDALONE_QUESTION
from rag.rewriting import HELPING, QUESTION_WORDS
from rag.terms import telling_stems, words
from rag.vocabulary import sector_acronyms

_TOKENS = 80
"""The longest question that a model may write."""
_PATIENCE = 20.0
"""Seconds; a follow-up is not worth a longer wait."""
_LABEL = re.compile(r"^(?:[\w ]{0,30}question[\w ,]{0,20}:|\W)*\s*", re.IGNORECASE)
_POINTING = frozenset(
    """
    also else elsewhere everywhere instead last latest next previous earlier later same second third
    first other others another more further rest again still too then okay ok yes right so
    """.split()
)
"""Words of a follow-up that point back, and that a question standing alone need not hold."""


def standing_alone(model: LanguageModel, found: FollowUp, before: Sequence[str]) -> FollowUp:
    """What the rules found, or the model's question where they found nothing and it adds nothing.

    ``before`` holds the questions asked so far, the oldest first. A model that fails is not heard.
    """
    if found.follows or found.empty or not before:
        return found
    written = written_by(model, found.question, before)
    if adds(written, [found.question, *before]) or loses(written, found.question):
        return found
    return FollowUp(written, True, found.more, (f"by {model.model.name}",))


def written_by(model: LanguageModel, question: str, before: Sequence[str]) -> str:
    """What the model makes of a question, unchecked; nothing when it fails."""
    asked = [("system", STANDALONE), ("user", _prompt(question, before))]
    deadline = time.monotonic() + _PATIENCE
    try:
        with closing(model.stream(asked, _TOKENS, deadline)) as pieces:
            return _one_question("".join(pieces))
    except LanguageModelError:
        return ""


def _prompt(question: str, before: Sequence[str]) -> str:
    lines = "\n".join(f"- {plain(text)}" for text in before)
    return STANDALONE_QUESTION.format(before=lines, question=plain(question))


def _one_question(text: str) -> str:
    """The first line that a model wrote, without label and quotation marks."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return _LABEL.sub("", line.strip()).strip("\"'“”‘’* ")[: LONGEST + 1]


def adds(written: str, said: Sequence[str]) -> str:
    """What a question holds that none of the texts said: the first such thing, or nothing."""
    text = " ".join(said)
    held = {figure.key for figure in figures(text)}
    new = [place for place in places_named(written) if place not in places_named(text)]
    new += [figure.text for figure in figures(written) if figure.key not in held]
    new += strange_names(written, said, sector_acronyms())
    known = _telling(text) | _ASKING
    new += [word for word in words(written) if not set(telling_stems(word)) <= known]
    return new[0] if new else ""


def loses(written: str, typed: str) -> str:
    """What was typed and is not in the question: the first such word, or nothing."""
    kept = _telling(written)
    if not words(written) or len(written) > LONGEST:
        return typed
    missing = [place for place in places_named(typed) if place not in places_named(written)]
    missing += [
        word
        for word in words(typed)
        if word.lower() not in _POINTING | ASKING_WORDS and not set(telling_stems(word)) <= kept
    ]
    return missing[0] if missing else ""


def _telling(text: str) -> set[str]:
    return {stem for word in words(text) for stem in telling_stems(word)}


_ASKING = _telling(" ".join([*ASKING_WORDS, *HELPING, *QUESTION_WORDS]))
"""Stems that a question may add: words that ask, and say nothing about what is looked for."""
