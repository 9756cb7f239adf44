"""What is known of a passage for a question, as named numbers: the signals that decide on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.councils import place_of
from rag.question import Question
from rag.records import Passage, ReportInfo
from rag.stance import fits
from rag.terms import Said


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals of one passage; the last four are the same for all passages of a report."""

    cosine: float
    coverage: float
    """Share of the question's weighted concepts that text and headings express: 0 to 1."""
    adjacent: float
    """Share of the question's neighbouring concepts that are neighbours here too: 0 to 1."""
    met: float
    """Inverse document frequency of what is expressed, summed: rare words in common."""
    fits: float
    """1 when the passage holds the stance that is asked for, or none is."""
    context: float
    """1 when the heading says that the report speaks of itself: background, team, method."""
    common: float
    """1 when another report has the same words: a formula of its publisher."""
    concepts: float
    """How many concepts the question has."""
    together: float
    """Coverage of the question by all candidates of the report taken together: 0 to 1."""
    wants: float
    """1 when the question wants a number, a date, a name or another kind of answer."""
    own: float
    """1 when outsiders' praise or advice is asked for and this is the council's own paper."""


def signals_of(
    question: Question,
    info: ReportInfo,
    passages: Sequence[Passage],
    said: Sequence[Said],
    *,
    cosines: Sequence[float],
    common: Sequence[bool],
) -> list[Signals]:
    """The signals of the candidates of one report, in their order."""
    role = question.understood.role
    together = question.coverage(Said(tuple(s for each in said for s in each.order)))
    own = float(role is not None and is_own_paper(info))
    wants = float(question.understood.wants is not None)
    found: list[Signals] = []
    for passage, each, cosine, shared in zip(passages, said, cosines, common, strict=True):
        met = question.met(each)
        found.append(
            Signals(
                cosine=cosine,
                coverage=met / question.weight if question.weight else 0.0,
                adjacent=_adjacent(question, each),
                met=met,
                fits=float(fits(passage.text, passage.role, role)),
                context=float(passage.role == "context"),
                common=float(shared),
                concepts=float(len(question.concepts)),
                together=together,
                wants=wants,
                own=own,
            )
        )
    return found


def is_own_paper(info: ReportInfo) -> bool:
    """True when a council reports on itself: nobody from outside speaks in it."""
    if info.council is None or info.publisher is None:
        return False
    return place_of(info.publisher) == place_of(info.council)


def _adjacent(question: Question, said: Said) -> float:
    places = [_places(concept.alternatives, said) for concept in question.concepts]
    if len(places) < 2:
        return float(bool(places and places[0]))
    met = total = 0.0
    for (one, first), (other, second) in pairwise(zip(question.concepts, places, strict=True)):
        weight = min(one.weight, other.weight)
        total += weight
        if any(abs(a - b) <= _NEAR for a in first for b in second):
            met += weight
    return met / total if total else 0.0


_NEAR = 3
"""Neighbours stand at most so many telling words apart."""


def _places(alternatives: Sequence[tuple[str, ...]], said: Said) -> list[int]:
    """Where one of the alternatives ends."""
    return [place for alternative in alternatives for place in said.ends(alternative)]
