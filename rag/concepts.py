"""What a question looks for: its concepts, and the short and long forms that widen them.

A concept is one thing that has to be spoken of, with the different stems that can express it:
``dols`` is met by "dol" or by "depriv liberti safeguard". Each has a weight, its inverse document
frequency on this shelf, so that a rare word counts for more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from rag.acronyms import is_short_form
from rag.records import ReportInfo, Role
from rag.spelling import Vocabulary
from rag.terms import STOP_WORDS, Said, stems_of, telling_stems, words
from rag.vocabulary import ENGLISH_TOO, LONGEST_PHRASE, other_ways, sector_acronyms, shortened

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

SCATTERED = 0.6
"""Strength of a phrase whose words all occur, but not side by side."""
_LONG_FORMS = 8
"""So many ways to write one acronym in full are looked for, those that most reports define."""
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


@dataclass(frozen=True)
class Shelf:
    """What reading a question needs to know of the shelf."""

    reports: Sequence[ReportInfo]
    acronyms: Sequence[tuple[str, str]]
    frequency: Callable[[str], int]
    """In how many passages a stem occurs."""
    words: Callable[[], Sequence[str]]
    """Every word on the shelf, in small letters, those of most reports first."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What a misspelt word may mean; read when there is one."""
        return Vocabulary([*self.words(), *sorted(ASKING_WORDS)])

    @cached_property
    def passages(self) -> int:
        """How many passages there are."""
        return sum(info.passages for info in self.reports)

    def idf(self, stem: str) -> float:
        """Inverse document frequency, as in BM25."""
        size, df = self.passages or 1, self.frequency(stem)
        return math.log(1 + (size - df + 0.5) / (df + 0.5))


def role_of(text: str) -> Role | None:
    """Whether a question asks for praise or for recommendations only."""
    if _ADVICE.search(text):
        return "recommendation"
    return "strength" if _PRAISE.search(text) else None


def expansions_of(text: str, shelf: Shelf) -> list[tuple[str, str]]:
    """Acronym pairs that the question uses in one form or the other, the commonest first."""
    acronyms = [*shelf.acronyms, *_sector_acronyms(text, shelf)]
    typed = words(text)
    small = text.lower()
    lowered = {w.lower() for w in typed}
    shorts = {short.lower() for short, _ in acronyms}
    found: dict[tuple[str, str], tuple[str, str]] = {}
    long_typed: list[tuple[str, str]] = []
    for short, long in acronyms:
        base = _singular(short)
        in_full_here = long.lower().removesuffix("s") in small
        if not in_full_here and base not in small:  # quick, and mostly so
            continue
        plural = {f"{base}s"} - shorts
        uses_short = lowered & {base, short.lower(), *plural} and base not in STOP_WORDS
        if uses_short and (base not in ENGLISH_TOO or short in typed):
            if sum(known == base for known, _ in found) < _LONG_FORMS:
                found.setdefault((base, long.lower().rstrip("s")), (short, long))
        elif in_full_here and short not in shortened() and in_full(long).search(text):
            long_typed.append((short, long))
    for short, long in sorted(long_typed, key=lambda pair: -len(pair[1])):
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
        if (_short_forms(short) & lowered or in_full(long).search(text))
        and _singular(short) not in defined
        and all(shelf.frequency(s) for w in words(long) for s in stems_of(w)[:1])
    ]


@cache
def in_full(long: str) -> re.Pattern[str]:
    """A long form in a question, in the singular or the plural."""
    return re.compile(rf"\b{re.escape(long.removesuffix('s'))}s?\b", re.IGNORECASE)


@lru_cache(maxsize=100_000)
def _singular(short: str) -> str:
    """``amhp`` for AMHPs; ``dols`` stays, its s is a letter of its own."""
    bare = short.removesuffix("s")
    return bare.lower() if is_short_form(bare) and bare.isupper() else short.lower()


def _short_forms(short: str) -> frozenset[str]:
    """A short form as it is typed in small letters, in the singular and the plural."""
    base = _singular(short)
    return frozenset({base, f"{base}s", short.lower()})


def concepts_of(
    text: str, expansions: Sequence[tuple[str, str]], role: Role | None, shelf: Shelf
) -> tuple[Concept, ...]:
    """What has to be spoken of, in the order of the question; ``role`` says which words ask."""
    patterns = {"recommendation": _ADVICE, "strength": _PRAISE}
    stripped = patterns[role].sub(" ", text) if role in patterns else text
    covered: set[str] = set()
    names: dict[str, str] = {}
    shorts: dict[str, list[tuple[str, ...]]] = {}
    typed = {w.lower() for w in words(text)}
    for short, long in expansions:
        small = _short_forms(short)
        covered |= small
        written = in_full(long).search(text)
        if written:
            covered |= {w.lower().replace("’", "'") for w in words(written.group())}
        used = typed & small
        names[short] = short if used or not written else written.group()
        ways = shorts.setdefault(short, [stems_of(short)])
        spelt_out = tuple(s for w in words(long) for s in telling_stems(w))
        ways += [spelt_out] if spelt_out else []
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
