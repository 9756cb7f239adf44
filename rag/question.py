"""What a question asks for, by rules and lists: no language model.

A question becomes concepts. A concept is one thing that has to be spoken of, with the different
stems that can express it: ``dols`` is met by "dol" or by "depriv liberti safeguard". Each has a
weight, its inverse document frequency on this shelf, so that a rare word counts for more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rag.acronyms import is_short_form
from rag.councils import place_of
from rag.records import ReportInfo, Role, Understood
from rag.terms import STOP_WORDS, stems_of, words

ASKING_WORDS = frozenset(
    """
    authorities authority council councils report reports reported say says said mention
    mentions mentioned mentioning discuss discussed describe described tell told show find
    found handle handled handling deal dealt dealing cope compare compared comparison versus
    vs across shelf anything anyone any much many number list example examples name names
    know known happen happened happening approach approaches thing things way ways like get
    got make made look looked does did peer peers team teams challenge challenges reviewer
    reviewers review regarding concerning covered cover view views finding findings year
    years since
    """.split()
)
"""Words that people use to ask; they say nothing about what is looked for."""

_PRAISE = re.compile(
    r"\b(?:prais\w+|commend\w+|strengths?|strong points?|credit\w*|did well|does well|doing well"
    r"|came out well|good at|what(?:'s|s| is) good|good practice|impress\w+|like about|liked about"
    r"|proud)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:recommend\w*|recs?\b|suggest\w*|advi[sc]e\w*|advised|areas? (?:for|of) (?:improvement"
    r"|development)|needs? to (?:improve|change)|to improve|should (?:\w+ ){0,3}?(?:do|fix|change"
    r"|improve|strengthen)|asked to|told to|do better|ask(?:ed)? for|what should)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(20[0-4]\d)\b")
_SINCE = re.compile(r"\b(?:since|from|after)\s+(20[0-4]\d)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing a question speaks of, and the stems that express it."""

    name: str
    alternatives: tuple[tuple[str, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    """Inverse document frequency of each stem of each alternative."""
    weight: float

    def strength(self, present: Collection[str]) -> float:
        """How fully ``present`` stems express this concept: 0 to 1."""
        best = 0.0
        for alternative, weights in zip(self.alternatives, self.weights, strict=True):
            met = sum(w for s, w in zip(alternative, weights, strict=True) if s in present)
            total = sum(weights)
            if total and met / total >= 0.5:
                best = max(best, met / total)
        return best


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is searched."""

    text: str
    concepts: tuple[Concept, ...]
    topic: str
    """The question for the models: without the councils and years that already decide which
    reports are asked (they would pull passages that merely name them), with long forms added."""
    asked: frozenset[str]
    """Ids of the reports that the question is about; empty means all."""
    why_asked: str
    understood: Understood

    @property
    def stems(self) -> tuple[str, ...]:
        """Every stem that can express a concept."""
        return tuple(s for c in self.concepts for a in c.alternatives for s in a)

    def coverage(self, present: Collection[str]) -> float:
        """Share of the concepts' weight that ``present`` stems express: 0 to 1."""
        total = sum(c.weight for c in self.concepts)
        met = sum(c.weight * c.strength(present) for c in self.concepts)
        return met / total if total else 0.0


def understand(
    text: str,
    shelf: Sequence[ReportInfo],
    acronyms: Sequence[tuple[str, str]],
    frequency: Callable[[str], int],
) -> Question:
    """Read a question against the shelf. ``frequency`` gives a stem's document frequency."""
    size = sum(info.passages for info in shelf) or 1

    def idf(stem: str) -> float:
        df = frequency(stem)
        return math.log(1 + (size - df + 0.5) / (df + 0.5))

    councils = councils_named(text, shelf)
    years, asked, why = _reports_asked(text, shelf, councils)
    expansions = _expansions(text, acronyms)
    role = _role(text)
    left_out = {w.lower() for name in councils for w in words(name)} | set(years)
    concepts = _concepts(text, expansions, left_out, role, idf)
    longs = [long for short, long in expansions if long.lower() not in text.lower()]
    understood = Understood(
        terms=tuple(c.name for c in concepts),
        expansions=tuple(expansions),
        councils=tuple(councils),
        years=tuple(years),
        role=role,
    )
    topic = _topic(text, councils, years)
    topic = f"{topic} ({', '.join(longs)})" if longs else topic
    return Question(text, concepts, topic, asked, why, understood)


def councils_named(text: str, shelf: Sequence[ReportInfo]) -> list[str]:
    """Councils on the shelf that a question names, by their place name or its first part."""
    councils = dict.fromkeys(info.council for info in shelf if info.council is not None)
    return [council for council in councils if _naming(council).search(text)]


def _naming(council: str) -> re.Pattern[str]:
    """How a question names a council: "Southend-on-Sea City Council", "southend", "southends"."""
    place = place_of(council)
    first = re.split(r"[- ](?:on|upon|under|in|and|of|with)[- ]", place)[0]
    names = "|".join(re.escape(name) for name in (council, place, first))
    return re.compile(rf"\b(?:{names})(?:['’]?s)?(?: (?:city |county )?council)?\b", re.IGNORECASE)


def _topic(text: str, councils: Sequence[str], years: Sequence[str]) -> str:
    """What is left of a question when councils and years are taken out; never empty."""
    topic = text
    for council in councils:
        topic = _naming(council).sub(" ", topic)
    if councils or _SINCE.search(text):
        topic = _SINCE.sub(" ", topic)
        for year in years:
            topic = re.sub(rf"\b{year}\b", " ", topic)
    return " ".join(topic.split()) or text


def _reports_asked(
    text: str, shelf: Sequence[ReportInfo], councils: list[str]
) -> tuple[list[str], frozenset[str], str]:
    """Years in the question, the reports it asks, and why the others are not asked."""
    since = _SINCE.search(text)
    years = _YEAR.findall(text)
    asked = {i.report for i in shelf if not councils or i.council in councils}
    reasons = [f"the question is about {' and '.join(councils)}"] if councils else []
    if since:
        year = since.group(1)
        kept = {i.report for i in shelf if i.date is None or i.date[:4] >= year}
        reasons.append(f"the question asks for reports since {year}")
        asked &= kept
    elif councils and years:
        kept = {i.report for i in shelf if i.date and i.date[:4] in years}
        if asked & kept:
            reasons.append(f"the question names {' and '.join(years)}")
            asked &= kept
    if not reasons:
        return years, frozenset(), ""
    return years, frozenset(asked), " and ".join(reasons)


def _expansions(text: str, acronyms: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Acronym pairs that the question uses in one form or the other, the commonest first."""
    lowered = {w.lower() for w in words(text)}
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for short, long in acronyms:
        base = short.rstrip("s").lower() if is_short_form(short.rstrip("s")) else short.lower()
        uses_short = lowered & {base, f"{base}s", short.lower()} and base not in STOP_WORDS
        if uses_short or long.lower() in text.lower():
            found.setdefault((base, long.lower()), (short, long))
    return list(found.values())


def _role(text: str) -> Role | None:
    if _ADVICE.search(text):
        return "recommendation"
    if _PRAISE.search(text):
        return "strength"
    return None


def _concepts(
    text: str,
    expansions: list[tuple[str, str]],
    left_out: Collection[str],
    role: Role | None,
    idf: Callable[[str], float],
) -> tuple[Concept, ...]:
    stripped = _ADVICE.sub(" ", text) if role == "recommendation" else text
    stripped = _PRAISE.sub(" ", stripped) if role == "strength" else stripped
    covered: set[str] = set()
    concepts: dict[tuple[tuple[str, ...], ...], Concept] = {}
    for short, long in expansions:
        base = short.lower().rstrip("s")
        longs = [w for w in words(long) if w.lower() not in STOP_WORDS]
        covered |= {base, f"{base}s", short.lower()}
        if long.lower() in text.lower():
            covered |= {w.lower() for w in longs}
        long_stems = tuple(s for w in longs for s in stems_of(w))
        same = next((c for c in concepts.values() if c.name == short), None)
        alternatives = (*(same.alternatives if same else (stems_of(short),)), long_stems)
        if same:
            del concepts[same.alternatives]
        concepts[alternatives] = _concept(short, alternatives, idf)
    for word in words(stripped):
        lower = word.lower().replace("’", "'").removesuffix("'s")
        skip = lower in STOP_WORDS or lower in ASKING_WORDS or lower in covered
        if skip or lower in left_out or lower.rstrip("s") in left_out:
            continue
        forms = stems_of(word)
        alternatives = ((forms[-1],), forms[:-1]) if len(forms) > 1 else ((forms[0],),)
        concepts.setdefault(alternatives, _concept(word, alternatives, idf))
    return tuple(concepts.values())


def _concept(
    name: str, alternatives: tuple[tuple[str, ...], ...], idf: Callable[[str], float]
) -> Concept:
    weights = tuple(tuple(idf(s) for s in a) for a in alternatives)
    best = min(max(w) for w in weights if w)
    return Concept(name, alternatives, weights, best)
