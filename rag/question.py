"""What a question asks for, by rules and lists: no language model.

A question becomes concepts. A concept is one thing that has to be spoken of, with the different
stems that can express it: ``dols`` is met by "dol" or by "depriv liberti safeguard". Each has a
weight, its inverse document frequency on this shelf, so that a rare word counts for more.
Councils, years and kinds of report decide which reports are asked and are then taken out, since
they would pull passages that merely name them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

from rag.acronyms import is_short_form
from rag.councils import PLACES, naming, place_of, places_named, shortened_places
from rag.kinds import kind_wanted
from rag.records import ReportInfo, Role, Understood
from rag.spelling import correct
from rag.terms import STOP_WORDS, Said, stems_of, telling_stems, words
from rag.vocabulary import ENGLISH_TOO, LONGEST_PHRASE, other_ways, sector_acronyms, shortened
from rag.years import Restriction, restrict_by_date

ASKING_WORDS = frozenset(
    """
    anybody anyone anything anywhere appear appears approach approaches around asked aspects
    authorities authority back bit bits challenge challenges compare compared comparison
    concerning cope council councils cover covered deal dealing dealt describe described
    describing did differ difference differences different discuss discussed does doing done
    ever every everybody everyone example examples explain find finding findings five found get
    give go going got handle handled handling happen happened happening heard hold hows info
    information issue issues kind kinds know known like list long look looked looking made make
    many mention mentioned mentioning mentions much name named names now number part parts peer
    peers play playing plays please position ppl problem problems progress put puts read refer
    reference referred refers regarding report reported reports reveal revealed review reviewed
    reviewer reviewers role roles run running runs said say saying says see seem seems shelf
    show shows since situation somebody something sort sorts state stated stuff suggest
    suggested take taken takes talk talked talking talks team teams tell thing things think told
    type types use used uses using versus view views vs want wants wat way ways well whats whens
    wheres whos year years
    """.split()
)
"""Words that people use to ask; they say nothing about what is looked for."""

_PRAISE = re.compile(
    r"""\b(?:prais\w+ | commend\w* | strengths?(?![- ](?:based|focus)) | strong(?:\ points?)?
    | (?:get|gets|got|given)\ credit | credited | did\ well | does\ well | doing\ well
    | came\ out\ well | good\ at | what(?:'s|’s|\ is)\ good | good\ practice
    | impress\w* | liked?\ about | proud | positives?)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ADVICE = re.compile(
    r"""\b(?:recommend\w* | recs? | suggest\w* | advis(?:e[ds]?|ing) | what\ advice
    | areas?\ (?:for|of)\ (?:improvement|development) | needs?\ to\ (?:improve|change)
    | to\ (?:improve|strengthen) | improvements? | weaknesses | strengthen | what\ should
    | should(?:\ \w+){0,3}?\ (?:do|fix|change|improve|strengthen) | asked\ to | told\ to
    | do\ better)\b""",
    re.IGNORECASE | re.VERBOSE,
)


FEW = 2
"""So many reports or fewer are asked when a question names its council."""
SCATTERED = 0.6
"""Strength of a phrase whose words all occur, but not side by side."""
OTHER_WAY = 0.7
"""Strength of a concept that a passage says in another of the sector's ways."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing a question speaks of, and the stems that express it."""

    name: str
    alternatives: tuple[tuple[str, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    """Inverse document frequency of each stem of each alternative."""
    weight: float
    others: tuple[tuple[str, ...], ...] = ()
    """Other ways to say it; each counts when its stems stand side by side."""

    def strength(self, said: Said) -> float:
        """How fully a text expresses this concept: 0 to 1."""
        best = 0.0
        for alternative, weights in zip(self.alternatives, self.weights, strict=True):
            if said.has(alternative):
                return 1.0
            met = sum(w for s, w in zip(alternative, weights, strict=True) if s in said.stems)
            total = sum(weights)
            if total and met / total >= 0.5:
                best = max(best, SCATTERED * met / total)
        if best < OTHER_WAY and any(said.has(other) for other in self.others):
            best = OTHER_WAY
        return best


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


@dataclass(frozen=True, slots=True)
class Shelf:
    """What reading a question needs to know of the shelf."""

    reports: Sequence[ReportInfo]
    acronyms: Sequence[tuple[str, str]]
    frequency: Callable[[str], int]
    """In how many passages a stem occurs."""
    vocabulary: Callable[[], Sequence[str]]
    """Every word on the shelf, in small letters."""

    def idf(self, stem: str) -> float:
        """Inverse document frequency, as in BM25."""
        size = sum(info.passages for info in self.reports) or 1
        df = self.frequency(stem)
        return math.log(1 + (size - df + 0.5) / (df + 0.5))


def understand(text: str, shelf: Shelf) -> Question:
    """Read a question against the shelf."""
    corrections = shortened_places(text)
    mended = _mended(text, corrections)
    slips = _corrections(mended, shelf)
    mended = _mended(mended, slips)
    corrections += slips
    councils, absent = _councils(mended, shelf.reports)
    asked, years, why = _reports_asked(mended, shelf.reports, councils, absent)
    role = _role(mended)
    topic = _topic(mended, [*map(place_of, councils), *absent], years)
    expansions = _expansions(topic, [*shelf.acronyms, *_sector_acronyms(topic, shelf)])
    concepts = _concepts(topic, expansions, role, shelf)
    longs = [long for _, long in expansions if not _in_full(long).search(mended)]
    return Question(
        text=text,
        concepts=concepts,
        topic=f"{topic} ({', '.join(longs)})" if longs else topic,
        asked=asked,
        why_left_out=why,
        understood=Understood(
            terms=tuple(c.name for c in concepts),
            expansions=tuple(expansions),
            corrections=tuple(corrections),
            councils=tuple(councils),
            absent=tuple(absent),
            years=tuple(years.words),
            role=role,
            wants=kind_wanted(mended),
        ),
    )


def _mended(text: str, corrections: Sequence[tuple[str, str]]) -> str:
    for typed, meant in corrections:
        text = re.sub(rf"\b{re.escape(typed)}\b", meant, text)
    return text


# --- spelling -------------------------------------------------------------------------------


def _corrections(text: str, shelf: Shelf) -> list[tuple[str, str]]:
    """Words as typed and as meant, for those that are neither on the shelf nor English."""
    found: dict[str, str] = {}
    vocabulary: Sequence[str] | None = None
    shorts = {short.lower().removesuffix("s") for short, _ in sector_acronyms()}
    for word in words(text):
        lower = word.lower()
        known = lower in STOP_WORDS or lower in ASKING_WORDS or lower.removesuffix("s") in shorts
        if known or not word.isalpha() or any(shelf.frequency(s) for s in stems_of(word)):
            continue
        if any(naming(place).fullmatch(word) for place in PLACES):
            continue
        vocabulary = vocabulary or [*shelf.vocabulary(), *sorted(ASKING_WORDS)]
        meant = correct(word, vocabulary)
        if meant is not None and meant != lower.removesuffix("s"):
            found[word] = meant
    return list(found.items())


# --- which reports are asked ----------------------------------------------------------------


def _councils(text: str, reports: Sequence[ReportInfo]) -> tuple[list[str], list[str]]:
    """Councils on the shelf that are named, and places of councils that are not on it."""
    by_place = _names_by_place(reports)
    named = places_named(text, list(dict.fromkeys([*by_place, *PLACES])))
    covered = [place for place in named if place in by_place]
    return [by_place[place] for place in covered], [p for p in named if p not in by_place]


def _names_by_place(reports: Sequence[ReportInfo]) -> dict[str, str]:
    """Each place on the shelf with the name that most of its reports give their council."""
    names = Counter(info.council for info in reports if info.council is not None)
    return {place_of(name): name for name, _ in reversed(names.most_common())}


def _reports_asked(
    text: str, reports: Sequence[ReportInfo], councils: list[str], absent: list[str]
) -> tuple[frozenset[str], Restriction, str]:
    """The reports that a question asks, the years in it, and why the others are left out."""
    asked = list(reports)
    reasons: list[str] = []
    if councils:
        places = set(map(place_of, councils))
        asked = [info for info in asked if info.council and place_of(info.council) in places]
        reasons.append(f"the question is about {' and '.join(councils)}")
        kinds = {i.kind for i in asked if i.kind and i.kind.lower() in text.lower()}
        if kinds and any(i.kind not in kinds for i in asked):
            asked = [info for info in asked if info.kind in kinds]
            reasons.append(f"it asks for the {' and '.join(sorted(map(str, kinds)))}")
    elif absent:
        asked = []
        reasons.append(f"the question is about {' and '.join(absent)}")
    years = restrict_by_date(text, asked, council_named=bool(councils))
    if years.reason:
        asked = [info for info in asked if info.report in years.kept]
        reasons.append(years.reason)
    return frozenset(i.report for i in asked), years, " and ".join(reasons)


def _topic(text: str, places: Sequence[str], years: Restriction) -> str:
    """What is left of a question when places and years are taken out; never empty."""
    topic = text
    for place in places:
        topic = naming(place).sub(" ", topic)
    if years.reason:
        topic = years.pattern.sub(" ", topic)
    return " ".join(topic.split()) if words(topic) else text


# --- what is looked for ---------------------------------------------------------------------


def _role(text: str) -> Role | None:
    if _ADVICE.search(text):
        return "recommendation"
    return "strength" if _PRAISE.search(text) else None


def _expansions(text: str, acronyms: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Acronym pairs that the question uses in one form or the other, the commonest first."""
    typed = words(text)
    lowered = {w.lower() for w in typed}
    shorts = {short.lower() for short, _ in acronyms}
    found: dict[tuple[str, str], tuple[str, str]] = {}
    in_full: list[tuple[str, str]] = []
    for short, long in acronyms:
        base = _singular(short)
        plural = {f"{base}s"} - shorts
        uses_short = lowered & {base, short.lower(), *plural} and base not in STOP_WORDS
        if uses_short and (base not in ENGLISH_TOO or short in typed):
            found.setdefault((base, long.lower().rstrip("s")), (short, long))
        elif short not in shortened() and _in_full(long).search(text):
            in_full.append((short, long))
    for short, long in sorted(in_full, key=lambda pair: -len(pair[1])):
        known = [other.lower() for _, other in found.values()]
        if not any(long.lower().rstrip("s") in other for other in known):
            found[_singular(short), long.lower().rstrip("s")] = (short, long)
    return list(found.values())


def _sector_acronyms(text: str, shelf: Shelf) -> list[tuple[str, str]]:
    """The sector's short forms in a question, in one form or the other, that no report here
    defines but whose words all occur here.
    """
    defined = {_singular(short) for short, _ in shelf.acronyms}
    lowered = {w.lower() for w in words(text)}
    return [
        (short, long)
        for short, long in sector_acronyms()
        if (_short_forms(short) & lowered or _in_full(long).search(text))
        and _singular(short) not in defined
        and all(shelf.frequency(s) for w in words(long) for s in stems_of(w)[:1])
    ]


@cache
def _in_full(long: str) -> re.Pattern[str]:
    """A long form in a question, in the singular or the plural."""
    return re.compile(rf"\b{re.escape(long.removesuffix('s'))}s?\b", re.IGNORECASE)


def _singular(short: str) -> str:
    """``amhp`` for AMHPs; ``dols`` stays, its s is a letter of its own."""
    bare = short.removesuffix("s")
    return bare.lower() if is_short_form(bare) and bare.isupper() else short.lower()


def _short_forms(short: str) -> frozenset[str]:
    """A short form as it is typed in small letters, in the singular and the plural."""
    base = _singular(short)
    return frozenset({base, f"{base}s", short.lower()})


def _concepts(
    text: str, expansions: list[tuple[str, str]], role: Role | None, shelf: Shelf
) -> tuple[Concept, ...]:
    patterns = {"recommendation": _ADVICE, "strength": _PRAISE}
    stripped = patterns[role].sub(" ", text) if role in patterns else text
    covered: set[str] = set()
    names: dict[str, str] = {}
    shorts: dict[str, list[tuple[str, ...]]] = {}
    typed = {w.lower() for w in words(text)}
    for short, long in expansions:
        small = _short_forms(short)
        covered |= small
        written = _in_full(long).search(text)
        if written:
            covered |= {w.lower().replace("’", "'") for w in words(written.group())}
        used = typed & small
        names[short] = short if used or not written else written.group()
        ways = shorts.setdefault(short, [stems_of(short)])
        in_full = tuple(s for w in words(long) for s in telling_stems(w))
        ways += [in_full] if in_full else []
    concepts = {
        tuple(ways): _concept(names[short], tuple(ways), shelf, _others(ways, shelf))
        for short, ways in shorts.items()
    }
    said = [w for w in words(stripped) if _tells(w, covered)]
    first = 0
    while first < len(said):
        length, phrase = _longest_phrase(said[first:])
        asks = length == 1 and said[first].lower() in ASKING_WORDS
        forms = stems_of(said[first])
        together = [forms[-1:]] if length == 1 and len(forms) > 1 else []
        ways = list(dict.fromkeys(way for way in (*together, phrase) if way))
        if ways and not asks:
            name = " ".join(said[first : first + length])
            concept = _concept(name, tuple(ways), shelf, _others(ways, shelf))
            concepts.setdefault(tuple(ways), concept)
        first += length
    return tuple(concepts.values())


def _others(ways: Sequence[tuple[str, ...]], shelf: Shelf) -> tuple[tuple[str, ...], ...]:
    """The sector's other ways to say the same whose words all occur on the shelf."""
    found = dict.fromkeys(other for way in ways for other in other_ways(way) if other not in ways)
    return tuple(other for other in found if all(shelf.frequency(stem) for stem in other))


def _tells(word: str, covered: Collection[str]) -> bool:
    """True for a word that may say what is looked for."""
    lower = word.lower().replace("’", "'").removesuffix("'s")
    single = len(lower) == 1 and not lower.isdigit()
    known = {lower, f"{lower}'s"}
    return not (single or lower in STOP_WORDS or known & set(covered))


def _longest_phrase(said: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """How many of the next words are a phrase of the sector, else one, and their stems."""
    for length in range(min(LONGEST_PHRASE, len(said)), 1, -1):
        phrase = tuple(s for w in said[:length] for s in telling_stems(w))
        if other_ways(phrase):
            return length, phrase
    return 1, telling_stems(said[0])


def _concept(
    name: str,
    alternatives: tuple[tuple[str, ...], ...],
    shelf: Shelf,
    others: tuple[tuple[str, ...], ...] = (),
) -> Concept:
    weights = tuple(tuple(shelf.idf(s) for s in a) for a in alternatives)
    return Concept(name, alternatives, weights, min(max(w) for w in weights if w), others)
