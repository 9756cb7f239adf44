"""Whether the quotes that a sentence cites say what it says: a probability, and the reason.

First come the rules of rag/twists.py. A sentence that breaks one is hardly believed, however near
its words are: such twins have nearly all words of what they twist, so that the share of words
found, the cross-encoder and the embedding do no better than chance on them. What breaks none is
weighed by the share of its words that the quotes express, which catches what comes from elsewhere.
No model is asked. Cross-encoder and embedding told no more than the words (see evals/LOG.md).

A wrong sentence that is shown does more harm than a right one that is dropped, so doubt drops.
Marks, names, dates and whose council it is are checked elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from rag.claims import missing, text_of
from rag.terms import words
from rag.twists import contradiction

SUPPORTED = 0.4
"""A sentence with less is not believed. Chosen on the development half: a higher threshold refuses
more that is faithful and stops nothing more of what is not."""

WEIGHTS = {"bias": -3.24, "found": 6.11}
"""Of the share of words found. Fitted by ``python -m evals.claims --fit`` on the development half:
its claims that break no rule, and its faithful claims beside other quotes of the same report."""

_CLAUSE = re.compile(
    r"[;:(–—]\s*|\s-\s|,\s+(?:and|but|while|so)\s+(?=\S+ \S+ \S+)|\)\s*", re.IGNORECASE
)
"""Where another clause of a sentence begins."""

BROKEN = 0.2
"""What is left of the probability when a rule is broken."""


def share_found(sentence: str, quotes: Sequence[str]) -> float:
    """Share of the telling words that the quotes express, in these words or others: 0 to 1.

    Of a sentence with several clauses, that of the worst, so that nothing false rides on what is
    true. Names of councils and words that only say who reports are not counted.
    """
    read = text_of(sentence)
    if not read.own:
        return 0.0
    quoted = [text_of(quote) for quote in quotes]
    clauses = [text_of(clause) for clause in _CLAUSE.split(sentence)]
    told = [clause for clause in clauses if len(clause.own) > 1] if len(clauses) > 1 else []
    return min(1 - len(missing(part, quoted)) / len(part.own) for part in told or [read])


def support(sentence: str, quotes: Sequence[str]) -> float:
    """How likely the quotes support a sentence, 0 to 1; ``SUPPORTED`` and above is believed.

    The same sentence and quotes give the same number; without quotes or words it is 0.
    """
    if not quotes or not words(sentence):
        return 0.0
    likely = 1 / (1 + math.exp(-WEIGHTS["bias"] - WEIGHTS["found"] * share_found(sentence, quotes)))
    return likely * BROKEN if contradiction(sentence, quotes) else likely


def why_unsupported(sentence: str, quotes: Sequence[str]) -> str:
    """Why a sentence with less than ``SUPPORTED`` is not believed, in a few words for a reader."""
    if not quotes:
        return "it cites no quote"
    if reason := contradiction(sentence, quotes):
        return reason
    absent = missing(text_of(sentence), [text_of(quote) for quote in quotes])
    named = [f"“{word}”" for word in dict.fromkeys(absent)][:_NAMED]
    if not named:
        return "the quote speaks of something else"
    if len(named) == 1:
        return f"{named[0]} does not stand in the quote"
    return f"{', '.join(named[:-1])} and {named[-1]} do not stand in the quote"


_NAMED = 3
"""Missing words that a reason names at most."""
