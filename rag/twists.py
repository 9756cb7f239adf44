"""What turns a quote round though most of its words stay: rules of English, one a kind of twist.

A denial, "all" for "some", advice told as a deed and a deed as advice, a plan told as done, an
invented because, another doer, a text that loops or breaks off. Each rule says in a few words what
is wrong. They speak of grammar and of who acts in public services,
never of one report. Left out: swaps that need a parse, and what only knowledge refutes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from rag.claims import (
    CONTRAST,
    DANGLING,
    PREPOSITIONS,
    Text,
    among,
    long_forms,
    missing,
    nearest,
    text_of,
)
from rag.sentences import sentence_spans
from rag.terms import stems_of


def _broken_off(sentence: Text, quotes: Sequence[Text]) -> str:
    if not sentence.said.order:
        return "the sentence says nothing"
    last = sentence.words[-1].lower()
    whole = sentence.text.rstrip("\"'”’)] ").endswith((".", "!", "?"))
    if last in DANGLING or (last in PREPOSITIONS and not whole):
        return "the sentence breaks off"
    said = Counter(sentence.said.order)
    if 10 * len(said) < 7 * said.total():
        quoted = [Counter(quote.said.order) for quote in quotes]
        if any(n > 1 and all(n > each[stem] for each in quoted) for stem, n in said.items()):
            return "the sentence goes round in circles"
    return ""


def _denies(sentence: Text, quotes: Sequence[Text]) -> str:
    """A denial of what a quote says, or what a quote denies said without the denial."""
    said = frozenset(g for quote in quotes for g in quote.groups)
    denied = [group for quote in quotes for _, groups in quote.denied(6) for group in groups]
    for word, groups in sentence.denied(2):
        known = [group for group in groups if among(group, said)]
        if known and not any(among(group, denied) for group in known):
            return f"the quote does not say “{word.lower()}”"
        if not known and not any(quote.doubts for quote in quotes):
            return f"the quote does not say “{word.lower()}”"
    if not sentence.doubts:
        for quote in {quote.text: quote for quote, _, _ in nearest(sentence, quotes)}.values():
            for word, groups in quote.denied(1):
                if groups and among(groups[0], sentence.groups):
                    return f"the quote says “{word.lower()}”, the sentence does not"
    return ""


_STRONG = tuple(
    (re.compile(rf"\b(?:{said})\b", re.IGNORECASE), re.compile(rf"\b(?:{by})\b", re.IGNORECASE))
    for said, by in (
        (
            r"all|any|always|complete(?:ly)?|each|entire(?:ly)?|every(?:body|one|where)?|fully"
            r"|throughout|universal(?:ly)?|whole",
            r"across|all|always|any|complete(?:ly)?|each|entire(?:ly)?|every(?:body|one|where)?"
            r"|fully|overall|throughout|universal(?:ly)?|whole",
        ),
        ("never", "never"),
        (
            "must|requires?",
            r"crucial|essential|ha(?:d|s|ve|ving)\ to|important|key|must|need(?:s|ed)?|required?"
            "|requires|should|statutory",
        ),
        (
            r"best|biggest|guarantees?|highest|largest|lowest|only|refuse[sd]?|worst",
            r"best|biggest|guarantees?|highest|largest|lowest|only|refuse[sd]?|worst",
        ),
        ("ensures?", "ensur(?:e[sd]?|ing)|mak(?:e|es|ing) sure"),
    )
)
"""Strong words, and those of which a quote must have one."""
_NOT_STRONG = re.compile(
    r"\bnot (?:all|always|completely|every|fully|only)\b|\bone of the \w+|\bamong\b.*|\babove all\b"
    r"|\bonly where\b|\bat all\b|\ball (?:the )?\w+'?s? best\b",
    re.IGNORECASE,
)


def _too_strong(sentence: Text, quotes: Sequence[Text]) -> str:
    text = _NOT_STRONG.sub("", sentence.text)
    quoted = " ".join(quote.text for quote in quotes)
    for pattern, by in _STRONG:
        found = pattern.search(text)
        if found and not by.search(quoted):
            return f"the quote does not go as far as “{found.group().lower()}”"
    return ""


_ADVICE = re.compile(
    r"""\b(?:advi[cs]e\w* | ask(?:s|ed)? | better | called\ for | chance | consider\w*
    | could | encourag\w* | expect\w* | ha(?:s|ve)\ to | (?:is|are|was|were)\ to\ be
    | looking\ for | help(?:s|ful)? | important | may | might | must | need(?:s|ed)? | opportunity
    | propos\w* | recommend\w* | requir\w* | should | suggest\w* | told\b.*\bto | urged? | want\w*
    | worth\w* | would | seek\w* | aim\w*)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_PLAIN_ADVICE = re.compile(
    r"\b(?:advised?|asked to|ha(?:s|ve) to|must|needs? to|ought|recommend\w*|should|suggested"
    r"|urged)\b",
    re.IGNORECASE,
)
_QUOTED_ADVICE = re.compile(
    r"""\b(?:advi[sc]e\w* | consider(?!ed|abl)\w* | could | helpful | important\ to
    | may\ (?:benefit|help|need|want|wish) | might | must | needs?\ (?:for|to) | need
    | (?<!had\ the\ )opportunity | recommend\w* | should | strongly\ encouraged
    | suggest(?!ed|ion)\w* | would\ (?:be|benefit|like|recommend|suggest|welcome))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ORDER = re.compile(
    r"""(?:secondly|also|and)?[,\s]*(?:address|agree|appoint|build|clarify|consider|continue|create
    |develop|encourage|engage|ensure|establish|explore|focus|identify|implement|improve|increase
    |introduce|invest|make|promote|provide|reduce|review|revisit|seek|set|strengthen|support|train
    |update|use|work)\b(?!\ (?:by|for|from|had|has|have|is|are|of|to|was|were|will|with)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
"""A verb that opens a recommendation: "Review the process"."""


def _advises(quote: Text, start: int, end: int) -> bool:
    """True when a clause advises, by itself or by what came before it without a contrast."""
    breaks = [match.start() for match in CONTRAST.finditer(quote.text[: start + 1])]
    since = breaks[-1] if breaks else 0
    return bool(_QUOTED_ADVICE.search(quote.text[since:end]) or _ORDER.match(quote.text))


def _gives_advice(text: str) -> bool:
    return bool(_QUOTED_ADVICE.search(text) or _ORDER.match(text))


def _advice_for_deed(sentence: Text, quotes: Sequence[Text]) -> str:
    closest = nearest(sentence, quotes)
    if closest and all(_advises(*clause) for clause in closest):
        if not (_ADVICE.search(sentence.text) or _gives_advice(sentence.text)):
            return "the quote advises it or thinks it possible, it does not say that it is so"
    elif _PLAIN_ADVICE.search(sentence.text) and not any(
        _gives_advice(quote.text) or _PLAIN_ADVICE.search(quote.text) for quote in quotes
    ):
        return "the quote says that it is so, it does not advise it"
    return ""


_DONE = re.compile(
    r"\b(?:has|have|had)\s+(?:been\s+)?(?:\w+ly\s+)?(?:\w+ed|set|built|made|taken|begun|given|put"
    r"|grown|led|written|become)\b|\bnow\b",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"""\b(?:about\ to | aim\w* | aware\ of\ the\ need | being\ [\w-]+ed | considering | developing
    | draft | encourag\w+ | explor\w+ | in\ progress | inten\w+ | looking\ to | need\ to
    | plan(?:s|ned)? | propos\w+ | soon | under\ (?:way|development) | underway | will)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def _plan_for_deed(sentence: Text, quotes: Sequence[Text]) -> str:
    if not _DONE.search(sentence.text) or sentence.denied(1):
        return ""
    if _TO_COME.search(sentence.text) or _ADVICE.search(sentence.text):
        return ""
    closest = [quote.text for quote, _, _ in nearest(sentence, quotes)]
    planned = any(map(_TO_COME.search, closest)) and not any(map(_DONE.search, closest))
    return "the quote plans it, it does not say that it is done" if planned else ""


_CAUSE = re.compile(
    r"\b(?:as a result|because|cause[sd]?(?! for)|causing|due to|l(?:ed|eads|eading) to|owing to"
    r"|result(?:s|ed|ing)? (?:from|in)|since|thanks to|therefore)\b",
    re.IGNORECASE,
)
_QUOTED_CAUSE = re.compile(
    r"""\b(?:because | by\ \w+ing | caus\w+ | due\ to | enabl\w* | given | help\w* | hinder\w*
    | impact\w* | l(?:ed|eads|eading)\ to | legacy | owing\ to | reasons? | result\w* | since | so
    | thanks\ to | thereby | therefore | thus)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def _invented_cause(sentence: Text, quotes: Sequence[Text]) -> str:
    found = _CAUSE.search(sentence.text)
    if not found:
        return ""
    behind = text_of(sentence.text[found.end() :])
    unknown = 2 * len(missing(behind, quotes)) > len(behind.own)
    if unknown or not any(_QUOTED_CAUSE.search(quote.text) for quote in quotes):
        return f"the quote does not say “{found.group().lower()}”"
    return ""


_DOERS = """
    staff workforce employees officers colleagues workers practitioners team teams they people
    leaders leadership managers management manager lead
    providers provider
    carers carer
    councillors members politicians opposition cabinet
    partners partnership partnerships
    commissioners commissioner
    nhs
    hospital
    young youth
    users residents customers citizens public people use
    chief
    police
    trust
"""
"""Who does something in such reports, one line a kind; any of a line may stand for any other."""
_LOOSE = frozenset(
    stem for word in "lead partnership people team they use".split() for stem in stems_of(word)
)
"""Words that answer for doers in a quote ("those who use it"), and are not asked for themselves."""


@cache
def _kinds_of_doers() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for kind, line in enumerate(_DOERS.strip().splitlines()):
        for word in line.split():
            for stem in stems_of(word):
                found.setdefault(stem, set()).add(kind)
    return {stem: frozenset(kinds) for stem, kinds in found.items()}


def _doers(text: Text, *, loosely: bool) -> list[tuple[int, str, frozenset[int]]]:
    """Place, word and kinds of everybody who is named; short forms by their long form."""
    known = _kinds_of_doers()
    found: list[tuple[int, str, frozenset[int]]] = []
    for place, word in enumerate(text.words):
        for stem in stems_of(word):
            if stem in _LOOSE and not loosely:
                continue
            also = [s for way in long_forms().get(stem, ()) for s in way] if loosely else []
            kinds = frozenset(kind for s in (stem, *also) for kind in known.get(s, ()))
            if kinds:
                found.append((place, word, kinds))
    return found


def _another_doer(sentence: Text, quotes: Sequence[Text]) -> str:
    named = {k for q in quotes for _, _, kinds in _doers(q, loosely=True) for k in kinds}
    doers = _doers(sentence, loosely=False)
    strangers = [word for _, word, kinds in doers if not kinds & named]
    return f"the quote does not speak of “{strangers[0].lower()}”" if strangers else ""


def _swapped(sentence: Text, quotes: Sequence[Text]) -> str:
    """The doer that opens the sentence comes after the other one in the quote, and in no list."""
    if re.search(r"\bby\b|according to", sentence.text, re.IGNORECASE):
        return ""
    doers = _doers(sentence, loosely=False)
    if not doers or doers[0][0] > _OPENING:
        return ""
    order = list(dict.fromkeys(min(kinds) for _, _, kinds in doers))
    for quote in quotes:
        places: dict[int, int] = {}
        for place, _, kinds in reversed(_doers(quote, loosely=False)):
            places |= dict.fromkeys(kinds, place)
        first, second = (places.get(kind) for kind in (*order, -1)[:2])
        if first is not None and second is not None and first - second > _LIST:
            return "the quote has it the other way round"
    return ""


_OPENING = 2
"""Words before the doer that opens a sentence, at most: "the senior officers"."""
_LIST = 3
"""Words between two doers of a list at most: "providers and unpaid carers"."""

_RULES: tuple[Callable[[Text, Sequence[Text]], str], ...] = (
    _broken_off,
    _denies,
    _advice_for_deed,
    _plan_for_deed,
    _too_strong,
    _invented_cause,
    _another_doer,
    _swapped,
)


def contradiction(sentence: str, quotes: Sequence[str]) -> str:
    """What is wrong with a sentence by the rules, in a few words; empty when nothing is found."""
    read = text_of(sentence)
    said = [text_of(quote[a:b]) for quote in quotes for a, b in sentence_spans(quote)]
    return next((reason for rule in _RULES if (reason := rule(read, said))), "")
