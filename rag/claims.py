"""What a sentence says and what of it stands in quotes, word by word: no model is asked.

A word is found when a quote has its stem, another word for it, its long or short form, or another
way to say the phrase that it stands in. Words that only say who reports, and names of places, are
not looked for. Also here: clauses, and how far a denying word reaches. There is no parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from rag.councils import PLACES
from rag.terms import Said, stems_of, telling_stems, words
from rag.vocabulary import LONGEST_PHRASE, other_ways, sector_acronyms

_SAME = """
    clear clarity
    know aware awareness understand understood understanding recognise recognised
    finish finished complete completed
    easy easily ready readily
    problem problematic
    join joined joint jointly together
    good well strong strongly effective effectively positive positively
    significant serious major great considerable
    few low small limited little
    worry concern concerned fear
    lack shortage insufficient
    way route pathway path
    anxious anxiety
    divide divided split
    start begin begun commence restart resume resumed recommence
    help support assist
    need require
    better improve improved improvement
    big large
    use used using usage
    quick quickly fast rapid rapidly prompt timely
    purchase buy bought
    involve involved involvement engage engaged engagement
    show shown demonstrate evidence evident
    advise advice recommend recommendation suggest
    chance opportunity
    praise praised commend commended impressed compliment complimentary
    more additional further increase
    reach contact
    choose choice
    nationally national nationwide country countrywide
    location located premises site
    happen happens occur
    worth value valuable valued
"""
"""Words of plain English, one line a group, that report and paraphrase use for each other."""
_FRAME = """
    according authority believe borough challenge city council county department described describe
    directorate felt feel find found hear heard noted note noticed peer peers report reported
    review reviewer reviewers said saw say see seen service spoke stated team thought think told
    view
"""
"""Words that say who speaks: they need not stand in a quote."""
_DENYING = re.compile(
    r"not|no|never|nobody|none|neither|nor|nothing|without|cannot|rather|unable|lack(?:s|ed|ing)?"
    r"|fail(?:s|ed)?"
    r"|\w+n['’]t",
    re.IGNORECASE,
)
_UN = re.compile(r"un(?=available|aware|certain|clear|completed|finished|happy|likely|sure)")
_DOUBTING = re.compile(
    r"""barely | burden | challeng\w* | concern\w* | delay\w* | difficult\w* | few(?:er)? | gaps?
    | hard(?:ly)? | hinder\w* | in(?:ability|adequate|appropriate|consistent|sufficient)
    | instead | issues? | less | limited | little | low | miss\w* | onerous | patchy | poor
    | problem\w* | rare\w* | shortage | short | too | weak | worried | wrongly
    | un(?!der|it|i[oqv]|less|til)\w+""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words with something of a denial in them, by which a paraphrase may render a "not"."""
_MORE_THAN = frozenset("just merely only".split())
"""Words that take the denial out of "not only"."""
CONTRAST = re.compile(r"\b(?:but|although|though|however|whilst|while)\b|;", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[,;:()–—]|\b(?:but|although|though|however|which|whilst|while)\b"
    r"|\band (?=consider|could|it|may|should|that|there|this|will|would)",
    re.IGNORECASE,
)
DANGLING = frozenset("a an and because if nor or than the their whose".split())
"""No sentence ends on one of these."""
PREPOSITIONS = frozenset(
    "are as at between by for from in into is its of on that to was were which with".split()
)
"""A sentence may end on one of these, a piece of one often does."""


@cache
def _same() -> dict[str, str]:
    """For the stem of each word with a group, the name of its group."""
    lines = _SAME.strip().splitlines()
    return {s: f"={n}" for n, line in enumerate(lines) for w in line.split() for s in stems_of(w)}


@cache
def _frame() -> frozenset[str]:
    return frozenset(stem for word in _FRAME.split() for stem in stems_of(word))


@cache
def long_forms() -> dict[str, tuple[tuple[str, ...], ...]]:
    """For the stem of each short form, the stems of its long forms."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for short, long in sector_acronyms():
        for stem in stems_of(short):
            found.setdefault(stem, []).append(tuple(telling(long)))
    return {stem: tuple(several) for stem, several in found.items()}


@cache
def _of_places() -> frozenset[str]:
    return frozenset(p for name in PLACES for p in re.split(r"[\s-]", name.lower()) if len(p) > 3)


def telling(text: str) -> list[str]:
    return [stem for word in words(text) for stem in telling_stems(word)]


def _group(stem: str) -> str:
    return _same().get(stem, stem)


def among(stem: str, stems: Iterable[str]) -> bool:
    """True when a stem is there, or another that begins with the same five letters."""
    return any(stem == s or (len(stem) > 4 and len(s) > 4 and stem[:5] == s[:5]) for s in stems)


@dataclass(frozen=True)
class Text:
    """A sentence or a quote, with what the rules ask of it, each worked out once."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        return words(self.text)

    @cached_property
    def own(self) -> list[tuple[str, str]]:
        """Words that carry what is said, with a stem each: no frame, no place, no figure."""
        return [
            (word, stem)
            for word in self.words
            if not (word[0].isupper() and re.split(r"['’]", word.lower())[0] in _of_places())
            for stem in telling_stems(word)
            if stem not in _frame() and not stem[:1].isdigit()
        ]

    @cached_property
    def groups(self) -> list[str]:
        return [_group(stem) for _, stem in self.own]

    @cached_property
    def said(self) -> Said:
        return Said(tuple(telling(self.text)))

    @cached_property
    def stems(self) -> frozenset[str]:
        """All that it says: stems, their groups, and the long forms of its short forms."""
        stems = set(self.said.stems)
        stems |= {s for stem in self.said.stems for way in long_forms().get(stem, ()) for s in way}
        return frozenset(stems | {_group(stem) for stem in stems})

    @cached_property
    def clauses(self) -> list[tuple[int, int]]:
        """Start and end of its clauses that say something."""
        ends = [match.start() for match in _CLAUSE.finditer(self.text)]
        pairs = zip([0, *ends], [*ends, len(self.text)], strict=True)
        return [(a, b) for a, b in pairs if len(telling(self.text[a:b])) > 1]

    @cached_property
    def doubts(self) -> bool:
        """True when it denies or doubts anything."""
        return any(
            _DENYING.fullmatch(w) or _DOUBTING.fullmatch(w) or _UN.match(w.lower())
            for w in self.words
        )

    def denied(self, reach: int) -> list[tuple[str, list[str]]]:
        """Each denying word with the groups of the ``reach`` telling words behind it."""
        found: list[tuple[str, list[str]]] = []
        after = [*self.words[1:], ""]
        for place, word in enumerate(self.words):
            if _UN.match(word.lower()):
                found.append((word, [_group(s) for s in stems_of(word[2:])]))
            elif _DENYING.fullmatch(word) and after[place] not in _MORE_THAN:
                rest = " ".join(self.words[place + 1 :])
                cut = CONTRAST.search(rest)
                behind = Text(rest[: cut.start()] if cut else rest).groups
                found.append((word, behind[:reach]))
        return found


@lru_cache(maxsize=256)
def text_of(text: str) -> Text:
    return Text(" ".join(text.split()))


def missing(sentence: Text, quotes: Sequence[Text]) -> list[str]:
    """The telling words of the sentence that no quote expresses, in order."""
    own = [stem for _, stem in sentence.own]
    stems = frozenset(s for quote in quotes for s in quote.stems)
    return [
        word
        for place, (word, stem) in enumerate(sentence.own)
        if not (
            among(stem, stems)
            or _group(stem) in stems
            or any(all(s in stems for s in way) for way in long_forms().get(stem, ()))
            or _said_otherwise(own, place, quotes)
        )
    ]


def _said_otherwise(own: Sequence[str], place: int, quotes: Sequence[Text]) -> bool:
    """True when a phrase around a word is said in one of its other ways."""
    for start in range(max(0, place - LONGEST_PHRASE + 1), place + 1):
        for end in range(place + 1, min(len(own), start + LONGEST_PHRASE) + 1):
            ways = other_ways(tuple(own[start:end]))
            if any(quote.said.has(way) for way in ways for quote in quotes):
                return True
    return False


def nearest(sentence: Text, quotes: Sequence[Text]) -> list[tuple[Text, int, int]]:
    """The clauses that share the most with the sentence."""
    wanted = set(sentence.groups)
    shared = [
        (len(wanted & set(Text(quote.text[a:b]).groups)), quote, a, b)
        for quote in quotes
        for a, b in quote.clauses
    ]
    most = max((count for count, *_ in shared), default=0)
    return [(quote, a, b) for count, quote, a, b in shared if count == most]
