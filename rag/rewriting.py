"""A question with other councils, other years or another topic, its own words kept otherwise.

A council is changed where it stands: "how did Sefton handle", "Sefton's carers", "in Sefton". Taken
out, it leaves "councils" where the sentence needs a subject and nothing elsewhere. What has no
place in the sentence yet is put behind it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence, Set

from rag.councils import naming
from rag.terms import STOP_WORDS, stems_of, words
from rag.years import Restriction

QUESTION_WORDS = frozenset("how what when where which who whom whose why wat wich".split())
_SINGULAR = frozenset("does has is was what's how's who's where's what’s how’s".split())
HELPING = _SINGULAR | frozenset(
    "did do have had are were can could should would will must may might".split()
)
PREPOSITIONS = frozenset(
    "about at by concerning for from in into of on over regarding to toward towards with".split()
)
_BEFORE_TOPIC = PREPOSITIONS | frozenset(
    """
    address addressed addresses compare cover covered covers describe described describes discuss
    discussed discusses explain find found get give got handle handled handles handling have has
    improve list manage managed many mention mentioned mentions much provide run runs see support
    tackle tackled tackling use used uses using
    """.split()
)
"""Words behind which a topic may be changed for another without breaking the sentence."""
_SUBJECTS = frozenset(
    "authorities council councils inspectors people peers reviewers teams they we".split()
)

BODIES = frozenset("cqc lga ofsted".split())
"""Who may speak in a question, and be its topic in "CQC ratings"."""

_BETWEEN = re.compile(
    r"""(?:\s | , | & | / | \+ | - | \bvs?\. | \b20\d\d\b
    | \b(?:and|or|vs?|versus|with|to|against|than|as\ well\ as|compared|in|at)\b )*""",
    re.IGNORECASE | re.VERBOSE,
)
"""What may stand between the places of one list."""
_IN_FRONT = re.compile(
    r"\b(?:both\s+)?(?:in|at|from|for|by|of|on|across|within|around|about|between|to)\s+"
    r"(?:both\s+|the\s+)?$",
    re.IGNORECASE,
)
_PREDICATE = re.compile(
    r"\w+(?:ed|ing)\b|(?:good|better|bad|worse|told|known|seen|not|one)\b", re.IGNORECASE
)
_PUT_IN = re.compile(
    r"\s*\bin the (?:20\d\d(?:(?:, | and )20\d\d)*|latest) reports?\b", re.IGNORECASE
)
"""Years as ``year_phrase`` says them."""
_ENDING = re.compile(r"(?:\s*:\s(?:how|why|when|where|who|which|what)\b[^:]{0,60})?[\s?.!]*$", re.I)
"""Where what is put behind a question goes: before a short question behind a colon."""


def joined(names: Sequence[str]) -> str:
    """Names as a sentence lists them: "Sefton, Somerset and Southend-on-Sea"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def put_behind(text: str, phrase: str) -> str:
    """``phrase`` at the end of a question, before its question mark."""
    if not phrase:
        return text
    end = _ending(text)
    return f"{text[:end].rstrip(' ,;:-–')} {phrase}{text[end:]}"


def _ending(text: str) -> int:
    found = _ENDING.search(text)
    return found.start() if found else len(text)


def tidy(text: str) -> str:
    """Without the spaces and commas that are left when words are taken out."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([?.,;:!])", r"\1", text)
    text = re.sub(r",(?:\s*,)+", ",", text)
    text = re.sub(r"[\s,;:–-]+(?=[?.!]*$)", "", text)
    return re.sub(r"^[\s,;:.–-]+", "", text).strip()


# --- councils -------------------------------------------------------------------------------


def place_spans(text: str, named: Collection[str]) -> list[tuple[int, int, str]]:
    """Where the places that are named stand, in order; of overlapping ones the longest."""
    spans = [(*m.span(), place) for place in named for m in naming(place).finditer(text)]
    spans.sort(key=lambda span: (span[0] - span[1], span))
    kept: list[tuple[int, int, str]] = []
    for start, end, place in spans:
        if all(end <= s or start >= e for s, e, _ in kept):
            kept.append((start, end, place))
    return sorted(kept)


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text of the same length with blanks in those places."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def with_places(text: str, named: Collection[str], places: Sequence[str]) -> str:
    """A question that names ``named``, about ``places`` instead; about all when there are none."""
    lists = list(_lists(text, place_spans(text, named)))
    if not lists:
        return put_behind(text, f"in {joined(places)}") if places else text
    for number in reversed(range(len(lists))):
        start, end, possessive = lists[number]
        before, after = text[:start], text[end:]
        if number == 0 and places:
            text = f"{before}{joined(places)}{'’s' if possessive else ''}{after}"
        else:
            text = _without_place(before, after, possessive=possessive)
    return tidy(text)


def _lists(text: str, spans: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, bool]]:
    """Places that stand in one list: its start, its end, and whether it ends in a possessive."""
    first = 0
    for number, (start, end, place) in enumerate(spans):
        following = spans[number + 1][0] if number + 1 < len(spans) else None
        if following is not None and _BETWEEN.fullmatch(text, end, following):
            continue
        typed = text[start:end].lower()
        bare_s = typed.endswith("s") and naming(place).fullmatch(text, start, end - 1) is not None
        yield spans[first][0], end, bare_s or typed.endswith(("'", "’", "'s", "’s"))
        first = number + 1


def _without_place(before: str, after: str, *, possessive: bool) -> str:
    """A sentence without the place between its two parts."""
    if possessive:
        return f"{before}councils’{after}"
    if found := _IN_FRONT.search(before):
        return before[: found.start()] + after
    previous, following = _last(before), _first(after)
    states = previous in ("is", "was", "are", "were")
    describes = _PREDICATE.match(after.lstrip()) or following in PREPOSITIONS
    if (previous in HELPING | {"how", "why", "what", "whether"}) and (describes or not states):
        return f"{before}{'each council' if previous in _SINGULAR else 'councils'}{after}"
    if not previous and following in HELPING:
        return f"{'each council' if following in _SINGULAR else 'councils'}{after}"
    return f"{before}councils{after}" if previous.startswith("compar") else f"{before} {after}"


def _last(text: str) -> str:
    found = re.search(r"([\w'’]+)\s*$", text)
    return found.group(1).lower() if found else ""


def _first(text: str) -> str:
    found = re.match(r"\s*([\w'’]+)", text)
    return found.group(1).lower() if found else ""


# --- years ----------------------------------------------------------------------------------


def year_phrase(years: Sequence[str]) -> str:
    """Years of reports, as a question says that it means the reports and not what they tell."""
    return f"in the {joined(years)} report{'s' if len(years) > 1 else ''}"


def without_years(text: str, years: Restriction) -> str:
    """A question without the years that restrict which reports it asks."""
    if not years.reason:
        return text
    text = _PUT_IN.sub("", text)
    return tidy(years.pattern.sub(lambda m: "the " if m[0].lower()[:4] == "the " else " ", text))


# --- topic ----------------------------------------------------------------------------------


def tokens(text: str) -> list[tuple[int, int, str]]:
    """Every word with where it starts and ends, in small letters."""
    found, at = list[tuple[int, int, str]](), 0
    for word in words(text):
        start = text.index(word, at)
        at = start + len(word)
        found.append((start, at, word.lower()))
    return found


def stretch(text: str, stems: Set[str], aside: Set[str] = frozenset()) -> tuple[int, int] | None:
    """From the first to the last word of the topic; stems ``aside`` count when there are no others.

    ``stems`` express the topic, as ``understand`` finds it.
    """
    told = [
        (start, end, stems_of(word))
        for start, end, word in tokens(text)
        if word not in STOP_WORDS and word != "councils" and stems & set(stems_of(word))
    ]
    inner = [t for t in told if not set(t[2]) <= aside] or told
    if not inner:
        return None
    body = [s for s, e, forms in told if forms[0] in BODIES and text[e : inner[0][0]].isspace()]
    return (body or [inner[0][0]])[0], inner[-1][1]


def as_noun(text: str, span: tuple[int, int]) -> str:
    """The topic as it stands after a preposition: "recruit from abroad" as "recruiting …"."""
    topic, before = text[span[0] : span[1]], [word for _, _, word in tokens(text[: span[0]])]
    verb, space, rest = topic.partition(" ")
    before = [word for word in before if word != "each"]
    subject = re.search(r"\w\s*$", text[: span[0]]) and before[-1:] and before[-1] in _SUBJECTS
    asks = subject and before[-2:-1] and before[-2] in HELPING | {"which"}
    if not asks or not space or not re.fullmatch("[a-z]{3,}", verb) or verb.endswith(("ly", "ing")):
        return topic
    base = verb
    if re.fullmatch("[^aeiou]+[aeiou][bdgmnprt]", verb):
        base += verb[-1]
    elif verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        base = verb[:-1]
    same = stems_of(f"{base}ing") == stems_of(verb)
    return f"{base}ing {rest}" if same else topic


def with_topic(text: str, span: tuple[int, int], topic: str, preposition: str) -> str | None:
    """A question about another topic in the same words; None where it would not read.

    A topic that came with a preposition takes the place of what follows the same one: "and for
    equipment?" after "how long do people wait for an assessment?".
    """
    start, end = span
    inner = [t for t in tokens(text) if start <= t[0] < end and t[2] == preposition]
    if inner:
        return f"{text[: inner[-1][1]]} {topic}{text[end:]}"
    before = re.sub(r"\b(?:an?|the|any|some|their|its)\s+$", "", text[:start], flags=re.IGNORECASE)
    previous = _last(before)
    behind = {word for _, _, word in tokens(text[end:])}
    if previous and behind & HELPING and not behind <= {"is", "are", "there"}:
        return None
    if previous and previous not in _BEFORE_TOPIC and re.search(r"[\w'’]\s*$", before):
        return None
    return before + topic + text[end:]
