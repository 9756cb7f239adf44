"""What a question asks for, by rules and lists: no language model.

A question becomes concepts, see ``rag.concepts``. Councils, years and kinds of report decide which
reports are asked, see ``rag.asked``, and are then taken out, since they would pull passages that
merely name them. Everything that was understood is a part that the asker may take out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from rag.asked import Asked, asked_of
from rag.concepts import (
    ASKING_WORDS,
    OTHER_WAY,
    SCATTERED,
    Concept,
    Shelf,
    concepts_of,
    expansions_of,
    in_full,
    role_of,
)
from rag.councils import PLACES, naming, shortened_places
from rag.errors import InputError
from rag.kinds import KIND_NAMES, kind_wanted
from rag.records import AnswerKind, Part, PartKind, Role, Understood
from rag.spelling import correct
from rag.terms import STOP_WORDS, Said, stems_of, words
from rag.vocabulary import sector_acronyms

__all__ = [
    "ASKING_WORDS",
    "FEW",
    "OTHER_WAY",
    "SCATTERED",
    "Concept",
    "Question",
    "Shelf",
    "mended_by",
    "understand",
]

FEW = 2
"""So many reports or fewer are asked when a question names its council."""
STANCES: dict[Role, str] = {"strength": "praise", "recommendation": "recommendations"}
"""What is asked for besides the topic, in words to show."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is searched."""

    text: str
    concepts: tuple[Concept, ...]
    topic: str
    """The question for the models: spelling mended, councils and years taken out, long forms
    added."""
    asked: frozenset[str]
    """Ids of the reports that are asked."""
    why_left_out: str
    """Why the other reports are not asked."""
    understood: Understood

    @property
    def narrow(self) -> bool:
        """True when it names councils that leave at most ``FEW`` reports: an answer is expected."""
        return bool(self.understood.councils) and len(self.asked) <= FEW

    @property
    def stems(self) -> tuple[str, ...]:
        """Every stem that can express a concept."""
        return tuple(s for c in self.concepts for a in (*c.alternatives, *c.others) for s in a)

    @property
    def weight(self) -> float:
        """Weight of all concepts."""
        return sum(c.weight for c in self.concepts)

    def met(self, said: Said) -> float:
        """Weight of what a text expresses."""
        return sum(c.weight * c.strength(said) for c in self.concepts)

    def coverage(self, said: Said) -> float:
        """Share of the concepts' weight that a text expresses: 0 to 1."""
        return self.met(said) / self.weight if self.weight else 0.0


def understand(text: str, shelf: Shelf, without: Iterable[str] = ()) -> Question:
    """Read a question against the shelf, but for the parts that the asker took out.

    ``without`` holds keys of parts as ``Understood.parts`` gave them; a part that this question
    does not have is passed over. Raises InputError for what is no key.
    """
    taken = checked_keys(without)
    corrections = _kept(shortened_places(text), taken)
    mended = mended_by(text, corrections)
    slips = _kept(_corrections(mended, shelf), taken)
    mended = mended_by(mended, slips)
    corrections += slips
    asked = asked_of(mended, shelf.reports, taken)
    stance, wants = role_of(mended), kind_wanted(mended)
    role = stance if stance and Part("stance", STANCES[stance]).key not in taken else None
    kind = wants if wants and Part("answer", KIND_NAMES[wants]).key not in taken else None
    topic = _topic(mended, asked)
    expansions = [e for e in expansions_of(topic, shelf) if _acronym(e).key not in taken]
    concepts = concepts_of(topic, expansions, stance, shelf)
    longs = [long for _, long in expansions if not in_full(long).search(mended)]
    return Question(
        text=text,
        concepts=concepts,
        topic=f"{topic} ({', '.join(longs)})" if longs else topic,
        asked=asked.reports,
        why_left_out=asked.why,
        understood=Understood(
            terms=tuple(c.name for c in concepts),
            expansions=tuple(expansions),
            corrections=tuple(corrections),
            councils=asked.councils,
            absent=asked.absent,
            years=asked.years.words if asked.restricted else (),
            role=role,
            wants=kind,
            kinds=asked.kinds,
            period=asked.years.period if asked.restricted else "",
            parts=tuple(_parts(asked, role, kind, expansions, corrections)),
        ),
    )


# --- parts that can be taken out --------------------------------------------------------------


def checked_keys(without: Iterable[str]) -> frozenset[str]:
    """The keys of parts; raises InputError for one that no part could have."""
    taken = frozenset(without)
    kinds = get_args(PartKind)
    for key in sorted(taken):
        kind, _, value = key.partition(": ")
        if kind not in kinds or not value:
            raise InputError(
                f"{key!r} is no part of what a question was understood as.",
                f"Write KIND: VALUE, where KIND is one of: {', '.join(kinds)}.",
            )
    return taken


def _parts(
    asked: Asked,
    role: Role | None,
    kind: AnswerKind | None,
    expansions: Sequence[tuple[str, str]],
    corrections: Sequence[tuple[str, str]],
) -> list[Part]:
    parts = [Part("council", name) for name in (*asked.councils, *asked.absent)]
    parts += [Part("years", asked.years.period)] if asked.restricted else []
    parts += [Part("kind of report", name) for name in asked.kinds]
    parts += [Part("stance", STANCES[role])] if role in STANCES else []
    parts += [Part("answer", KIND_NAMES[kind])] if kind else []
    parts += [_acronym(pair) for pair in expansions]
    return parts + [_spelling(pair) for pair in corrections]


def _acronym(pair: tuple[str, str]) -> Part:
    return Part("acronym", " = ".join(pair))


def _spelling(pair: tuple[str, str]) -> Part:
    return Part("spelling", " → ".join(pair))


def _kept(corrections: Sequence[tuple[str, str]], taken: frozenset[str]) -> list[tuple[str, str]]:
    return [pair for pair in corrections if _spelling(pair).key not in taken]


# --- spelling -------------------------------------------------------------------------------


def mended_by(text: str, corrections: Sequence[tuple[str, str]]) -> str:
    """A text with the spelling that it was read with."""
    for typed, meant in corrections:
        text = re.sub(rf"\b{re.escape(typed)}\b", meant, text)
    return text


def _corrections(text: str, shelf: Shelf) -> list[tuple[str, str]]:
    """Words as typed and as meant, for those that are neither on the shelf nor English."""
    found: dict[str, str] = {}
    shorts = {short.lower().removesuffix("s") for short, _ in sector_acronyms()}
    for word in words(text):
        lower = word.lower()
        known = lower in STOP_WORDS or lower in ASKING_WORDS or lower.removesuffix("s") in shorts
        if known or not word.isalpha() or any(shelf.frequency(s) for s in stems_of(word)):
            continue
        if any(naming(place).fullmatch(word) for place in PLACES):
            continue
        meant = correct(word, shelf.vocabulary)
        if meant is not None and meant != lower.removesuffix("s"):
            found[word] = meant
    return list(found.items())


def _topic(text: str, asked: Asked) -> str:
    """What is left of a question when places and years are taken out; never empty."""
    topic = text
    for place in asked.named:
        topic = naming(place).sub(" ", topic)
    if asked.years.reason:
        topic = asked.years.pattern.sub(" ", topic)
    return " ".join(topic.split()) if words(topic) else text
