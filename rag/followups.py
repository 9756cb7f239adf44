"""A follow-up in a conversation, made into one question that stands alone: no language model.

"and in Somerset?" after "how did councils handle DoLS backlogs?" becomes "how did councils handle
DoLS backlogs in Somerset?". The result is shown, can be edited, and by itself gives the answer:
nothing else is remembered. A text may have a topic, councils, years and a stance of its own. What
it lacks is taken from the question before when its words say that it follows (see ``rag.cues``);
a question with a topic of its own and no such words is taken as it is.

The words that were typed are kept, since the models read them: a council or a year changes where it
stands, "it" becomes the topic, and only where that would not read does the result fall back on
"TOPIC in PLACE since YEAR". Left out: years without digits ("last year"), choosing among quotes
("the second one"), and questions about the conversation. "Not Sefton" takes Sefton from the
councils named before; questions know no "all but Sefton", so where it was the only one, every
council is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.asked import Asked, asked_of
from rag.concepts import Shelf, role_of
from rag.councils import place_of
from rag.cues import Turn, read_turn, told_stems
from rag.question import STANCES, mended_by, understand
from rag.records import Role
from rag.rewriting import (
    HELPING,
    PREPOSITIONS,
    QUESTION_WORDS,
    as_noun,
    joined,
    masked,
    place_spans,
    put_behind,
    stretch,
    tidy,
    tokens,
    with_places,
    with_topic,
    without_years,
    year_phrase,
)
from rag.settings import SearchSettings
from rag.terms import stems_of, words

LONGEST = SearchSettings().longest_question
"""Characters; a follow-up that would be longer carries nothing."""
_STANCES: dict[Role, str] = {"strength": "praise for", "recommendation": "recommendations on"}
_COMPARES = re.compile(r"\b(?:compar\w+|differ\w*|versus|vs?|between|both)\b", re.IGNORECASE)
_POINTING_BACK = re.compile(r"\s*\b(?:else|instead|as well|elsewhere|everywhere)\b", re.IGNORECASE)
_THEM = re.compile(r"(?<!of )\bthem\b", re.IGNORECASE)
_THEY_SAY = re.compile(
    r"(?<!were )(?<!are )(?<!been )\bthey"
    r"(?= (?:say|said|mention|recommend|suggest|advise|find|found|report|praise|conclude))",
    re.IGNORECASE,
)
_THEY_ARE = (
    (re.compile(r"\b(?:the )?others\b", re.IGNORECASE), "councils"),
    (re.compile(r"\bof them\b", re.IGNORECASE), "of the councils"),
    (re.compile(r"\b(?:they|them|theirs)\b", re.IGNORECASE), "councils"),
    (re.compile(r"\btheir\b", re.IGNORECASE), "councils’"),
)
"""Where no council is named, the words that would point to one."""
_SHORT = frozenset(
    "come council councils exactly far long many much often ones report reports so years".split()
)
"""What a question word may stand with and still be no sentence: "how many?", "which councils?"."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a text asks when it is read after a question."""

    question: str
    """Standing alone; the text as typed when it does not follow."""
    follows: bool
    """True when something was carried over."""
    more: bool
    """True when every passage that speaks is asked for, not only the best of each report."""
    carried: tuple[str, ...]
    """What was carried over, in words to show: ``topic: DoLS backlogs``, ``period: since 2022``."""
    empty: bool = False
    """True for "thanks": it asks nothing."""


@dataclass(frozen=True, slots=True)
class _Before:
    """The question before."""

    text: str
    asked: Asked
    role: Role | None
    topic: str
    """As it stands behind a preposition; empty when there is none."""
    span: tuple[int, int] | None
    """Where the topic stands; None when a council or a year stands within."""
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Target:
    """The councils and years that the question is to ask."""

    places: tuple[str, ...]
    period: str
    """As a question says it: "since 2022", "in the 2019 report"; empty for any."""
    kind: str = ""
    """Of report, where the text names one that those councils have beside others."""

    @property
    def where(self) -> str:
        """As a question says it: "in Sefton"; empty for every council."""
        return f"in {joined(self.places)}" if self.places else ""


def follow_up(text: str, before: str, shelf: Shelf) -> FollowUp:
    """The standalone question that ``text`` asks after ``before``, "" when nothing was asked."""
    if not words(text) or len(text) > LONGEST:
        return FollowUp(text, False, False, ())
    turn = read_turn(text, shelf)
    as_typed = FollowUp(text, False, turn.more, (), turn.empty)
    if turn.empty or not words(before) or len(before) > LONGEST:
        return as_typed
    old = _read_before(before, shelf)
    places = _places(turn, old)
    kind = _kind(turn, places, shelf)
    target = _Target(places, _period(turn, old, places, shelf, other_kind=bool(kind)), kind)
    composed = _composed(turn, old, target)
    if composed is None:
        return as_typed
    question, keeps = composed
    named = asked_of(question, shelf.reports, frozenset()).named
    if set(named) != set(places):  # two words met that name another place: "north" and "Somerset"
        question = _plain(turn.topic or old.topic or turn.rest, target, turn.role or old.role)
        named = asked_of(question, shelf.reports, frozenset()).named
    if not set(named) <= {*turn.places, *old.asked.named} or len(question) > LONGEST:
        return as_typed
    if text[:1].isupper():
        question = question[:1].upper() + question[1:]
    carried = _carried(turn, old, target, question, keeps=keeps)
    return FollowUp(question, True, turn.more, carried)


def _read_before(text: str, shelf: Shelf) -> _Before:
    question = understand(text, shelf)
    whole = " ".join(mended_by(text, question.understood.corrections).split())
    turn = read_turn(whole, shelf)
    whole = turn.rest if turn.cue and turn.rest else whole
    asked = asked_of(whole, shelf.reports, frozenset())
    stems, aside = told_stems(question)
    frame = without_years(with_places(whole, asked.named, ()), asked.years)
    spans = [(start, end) for start, end, _ in place_spans(whole, asked.named)]
    spans += [m.span() for m in asked.years.pattern.finditer(whole) if asked.years.reason]
    inside = stretch(masked(whole, spans + _kind_spans(whole, asked.kinds)), stems, aside)
    if inside and any(inside[0] < start < inside[1] for start, _ in spans):
        inside = None
    span = stretch(masked(frame, _kind_spans(frame, asked.kinds)), stems, aside)
    topic = as_noun(frame, span) if span else ""
    return _Before(whole, asked, question.understood.role, topic, inside, stems)


def _kind_spans(text: str, kinds: Sequence[str]) -> list[tuple[int, int]]:
    return [m.span() for k in kinds for m in re.finditer(re.escape(k), text, re.IGNORECASE)]


# --- which councils and years -----------------------------------------------------------------


def _places(turn: Turn, old: _Before) -> tuple[str, ...]:
    """The places that the question is to name."""
    if turn.places:
        beside = old.asked.named if _joins(turn) else ()
        return tuple(dict.fromkeys((*beside, *turn.places)))
    if turn.everywhere:
        return ()
    return tuple(place for place in old.asked.named if place not in turn.without)


def _period(
    turn: Turn, old: _Before, places: Sequence[str], shelf: Shelf, *, other_kind: bool
) -> str:
    """The years that the question is to name, as a phrase; empty when it asks for any."""
    dated = {
        info.date[:4]
        for info in shelf.reports
        if info.date and (not places or (info.council and place_of(info.council) in places))
    }
    if turn.period:
        return _phrase(turn.period, places)
    if turn.years:
        return year_phrase(turn.years) if dated & set(turn.years) else f"in {joined(turn.years)}"
    period = old.asked.years.period
    if turn.any_year or not period or (other_kind and _is_years(period)):
        return ""
    years = re.findall(r"20\d\d", period)
    if _is_years(period) and set(places) != set(old.asked.named):
        return _phrase(period, places) if places and set(years) <= dated else ""
    return _phrase(period, places)


def _kind(turn: Turn, places: Sequence[str], shelf: Shelf) -> str:
    """The kind of report that a text names, where questions heed it; empty elsewhere."""
    asked = [info for info in shelf.reports if place_of(info.council or "") in places]
    kinds = {(info.kind or "").lower() for info in asked}
    return turn.kind if turn.kind in kinds and len(kinds) > 1 else ""


def _is_years(period: str) -> bool:
    return period[:2] == "20"


def _phrase(period: str, places: Sequence[str]) -> str:
    if _is_years(period):
        return year_phrase(re.findall(r"20\d\d", period))
    if period == "the latest":
        return f"in the latest report{'' if len(places) == 1 else 's'}"
    return period


# --- composing --------------------------------------------------------------------------------


def _composed(turn: Turn, old: _Before, target: _Target) -> tuple[str, bool] | None:
    """The question, and whether it keeps the topic from before; None when it does not follow."""
    if turn.topic and not (turn.it and old.topic):
        return _of_its_own(turn, old, target)
    if turn.topic:
        return _asking(turn, old, target, keeps=True), True
    if turn.source or _joins(turn) or not (turn.asks or turn.role or turn.aspect or turn.numbers):
        return _moved(old.text, old.topic, turn, old, target), True
    of_kind = _Target(target.places, _reports(old, target))
    if old.topic and turn.numbers and not turn.role:
        return f"{_plain(old.topic, of_kind, old.role)}: how many?", True
    if old.topic and turn.aspect and not (turn.sentence or turn.it or turn.role):
        return _plain(f"{turn.aspect} of {old.topic}", of_kind, None), True
    if old.topic and _is_short(turn):
        rest = _POINTING_BACK.sub("", turn.rest).strip(" ?.!")
        return f"{_plain(old.topic, of_kind, old.role)}: {rest}?", True
    return _asking(turn, old, target, keeps=True), True


def _of_its_own(turn: Turn, old: _Before, target: _Target) -> tuple[str, bool] | None:
    """A text with another topic, after the question before; None when it stands alone."""
    points = (turn.more or turn.they or turn.there) and target.places and not turn.places
    if not turn.cue and not points:
        return None
    if not turn.cue or turn.sentence or turn.role:
        return _asking(turn, old, target, keeps=False), False
    if turn.narrows:
        return _narrowed(turn, old, target)
    return _about(turn, old, target), False


def _joins(turn: Turn) -> bool:
    """True when the places of a text are to stand beside those from before."""
    compares = not turn.topic and _COMPARES.search(turn.rest) is not None
    return bool(turn.places) and (turn.adds or compares)


def _is_short(turn: Turn) -> bool:
    """True for a question word that is no sentence: "how many?", "why so long?"."""
    said = {word for _, _, word in tokens(turn.rest)}
    return said <= QUESTION_WORDS | _SHORT and not (turn.role or turn.places)


def _moved(text: str, topic: str, turn: Turn, old: _Before, target: _Target) -> str:
    """A question about the councils and years from before, about others."""
    was = old.asked.years.period
    other_places = set(target.places) != set(old.asked.named)
    other_years = target.period != (_phrase(was, target.places) if was else "")
    other_kind = bool(target.kind) and target.kind not in text.lower()
    if other_places and len(target.places) == 1 and topic and _COMPARES.search(text):
        return _plain(topic, target, old.role)
    for kind in old.asked.kinds if other_places or turn.years or other_kind else ():
        text = re.sub(re.escape(kind), "report", text, flags=re.IGNORECASE)
    if other_years or other_kind:
        text = without_years(text, old.asked.years)
    if other_places:
        text = with_places(text, old.asked.named, target.places)
    if other_kind:
        return put_behind(text, _of_kind(target.period, target.kind))
    return put_behind(text, target.period) if other_years else text


def _asking(turn: Turn, old: _Before, target: _Target, *, keeps: bool) -> str:
    """The text in its own words, with what it points to."""
    text, topic = turn.rest, old.topic if keeps else ""
    where = "" if turn.places else target.where
    marks = [(span, topic) for span in turn.it if topic]
    marks += [(turn.there, where)] if turn.there and where else []
    for (start, end), meant in sorted(marks, reverse=True):
        text = text[:start] + meant + text[end:]
    text = _POINTING_BACK.sub("", text).rstrip(" ?.!,")
    if topic and target.places:
        text = _THEM.sub("the council" if len(target.places) == 1 else "the councils", text)
    if topic and not turn.it:
        text = put_behind(text, f"{_link(turn, text)} {topic}".strip())
    if not target.places:
        text = _THEY_SAY.sub("reports", text)
        for pattern, meant in _THEY_ARE:
            text = pattern.sub(meant, text)
    text = put_behind(text, "" if turn.there else where)
    told = target.period if target.kind else _reports(old, target)
    text = tidy(put_behind(text, "" if turn.period or turn.years else told))
    first = [word for _, _, word in tokens(text)][:1]
    asks = "?" in turn.rest or not (QUESTION_WORDS | HELPING).isdisjoint(first)
    return f"{text}?" if asks else text


def _link(turn: Turn, text: str) -> str:
    """The word that puts a topic behind a text."""
    last = "".join([word for _, _, word in tokens(text)][-1:])
    if last in PREPOSITIONS:
        return ""
    return "for" if turn.role == "strength" and last.startswith(("prais", "commend")) else "on"


def _about(turn: Turn, old: _Before, target: _Target) -> str:
    """The question before about another topic, or the topic alone."""
    text = old.span and with_topic(old.text, old.span, turn.topic, turn.preposition)
    if not text:
        return _plain(turn.topic, _Target(target.places, _reports(old, target)), old.role)
    return _moved(text, turn.topic, turn, old, target)


def _narrowed(turn: Turn, old: _Before, target: _Target) -> tuple[str, bool]:
    """The question before, about a part of its topic."""
    told = {stem for _, _, word in tokens(old.topic) for stem in stems_of(word)} & old.stems
    if told <= {stem for _, _, word in tokens(turn.topic) for stem in stems_of(word)}:
        return _about(turn, old, target), False
    link = turn.preposition if turn.preposition in PREPOSITIONS - {"to"} else "for"
    text = _moved(old.text, old.topic, turn, old, target)
    return put_behind(text, f"{link} {turn.topic}"), True


def _plain(topic: str, target: _Target, role: Role | None) -> str:
    """A question in the fewest words: "recommendations on DoLS backlogs in Sefton since 2022"."""
    stance = _STANCES.get(role, "") if role else ""
    return " ".join(part for part in (stance, topic, target.where, target.period) if part)


def _reports(old: _Before, target: _Target) -> str:
    """Years and, for the same councils, the kind of report from before, as one phrase."""
    same = set(target.places) == set(old.asked.named)
    return _of_kind(target.period, "".join(old.asked.kinds[:1]) if same else "")


def _of_kind(period: str, kind: str) -> str:
    if not kind or re.search(r"\breports?\b", period):
        return re.sub(r"\breport\b", kind or "report", period)
    return f"in the {kind} {period}".strip()


def _carried(
    turn: Turn, old: _Before, target: _Target, question: str, *, keeps: bool
) -> tuple[str, ...]:
    """What a question has from the one before, in words."""
    names = {place_of(name): name for name in old.asked.councils}
    found = [f"topic: {old.topic}"] if keeps and old.topic else []
    found += [f"council: {names.get(p, p)}" for p in target.places if p not in turn.places]
    if target.period and not (turn.period or turn.years):
        found.append(f"period: {old.asked.years.period}")
    role = role_of(question)
    if role and role == old.role and turn.role is None:
        found.append(f"stance: {STANCES[role]}")
    return tuple(found)
