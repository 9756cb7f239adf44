"""The words by which a text follows a question: what it brings of its own, and what it points to.

Lists and patterns of English usage, not of particular questions. A cue leads in ("and", "what
about", "only"), a pronoun points back ("it" and "that" to the topic, "they" and "there" to the
councils), and some words say nothing without a topic from before ("costs", "outcomes", "which
paragraph"). A text with none of these and a topic of its own follows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.asked import asked_of
from rag.concepts import ASKING_WORDS, Shelf
from rag.question import Question, mended_by, understand
from rag.records import Role
from rag.rewriting import (
    HELPING,
    PREPOSITIONS,
    QUESTION_WORDS,
    masked,
    place_spans,
    stretch,
    tokens,
)
from rag.terms import STOP_WORDS, stems_of

_POINTING = frozenset(
    """
    again another anything come else elsewhere everything everywhere exactly instead nothing one
    ones other others q rest same something then there yet
    """.split()
)
"""Words that point back; they are never a topic."""
_SOURCES = frozenset(
    """
    citation citations evidence page pages para paragraph paragraphs paras quote quotes section
    sections source sources
    """.split()
)
_IDLE = frozenset("case correct exact next similar still true wording".split())
"""Words that are no topic when nothing else is."""
_NUMBERS = frozenset("amount count figure figures number numbers statistics stats".split())
_DOCUMENTS = frozenset("document documents inspection inspections paper papers".split())
ASPECTS = frozenset(
    stem
    for word in """
    achieve aim auditor bad barrier begin benefit best better big cause change concern
    consequence cost cqc criticise criticism deadline detail effect effective end fail failure
    finish first fund good hard help impact important improve inspector invest key last later
    learn lesson lga main mean money ofsted opinion outcome overview paid pay people price prove
    reaction reason responsible result right small solution spend spent start success successful
    summarise summary target timescale trend went work worked worry worse worst wrong
    """.split()
    for stem in stems_of(word)
)
"""Stems of what can only be said of something, and of who says it: costs, outcomes, what went
wrong, inspectors. A text with nothing else in it has no topic of its own."""

_CHAT = re.compile(
    r"""(?:(?:many\ )?thank(?:s|\ you|\ u)(?:\ (?:a\ lot|(?:very|so)\ much))? | thx | cheers | ta
    | ok(?:ay)? | hmm+ | u[mh]+ | oh | sorry | actually | please | pls | plz | yes | yeah | no
    | nope | in\ that\ case
    | (?:can|could|would|will)\ you\ (?:please\ )?(?:tell|show|give|find|list)(?:\ me|\ us)?
      (?:\ about)?(?!\ (?:more|everything|all|the\ rest)\b)
    | so | now | then | hi | hello | hey
    | (?:great|good|nice|right|well|fine|sure|perfect|lovely|brilliant|excellent|interesting
      |helpful|really)(?=\s*(?:[,.!;:?–-]|$)))
    (?!\w)[\s,.!;:–-]*""",
    re.IGNORECASE | re.VERBOSE,
)
_CUE = re.compile(
    r"""(?: (?P<adds>also|plus|add|include|including|together\ with|as\ well\ as|vs|versus
        |compared?(?:\ (?:it|this|that|them))?\ (?:with|to|against))
    | (?P<narrows>only|just|solely
        |(?:limit|restrict|narrow|filter|focus)(?:\ (?:it|this|that))?(?:\ down)?
         (?=\ (?:to|by|on)\b))
    | and | but | or | (?:what|wat|how)\ (?:about|abt|of)
    | (?:(?:do|ask|repeat|try|run)\ )?(?:the\ )?same(?:\ (?:again|question|thing|query|q))?
      (?=\s*(?:$|[?.!,]|\b(?:for|in|at|with|on|of|to|about|but|as)\b))(?:\ (?:for|with|as|but))?
    | (?:likewise|ditto|similarly)
    | (?:do|repeat|try|ask)\ (?:it|that|this)(?:\ again)?\ (?:for|with)
    | (?:i|we)\ mean(?:t)? )
    (?!\w)[\s,:–-]*""",
    re.IGNORECASE | re.VERBOSE,
)
_MORE = re.compile(
    r"""(?:(?:can|could|would|will|may)\ (?:you|i|we)\ )?(?:please\ )?
    (?:(?:(?:show|tell|give|get|find|list|see|read|want|like|need|any|some|even|is|are|there|have|do
       |you|got|me|us|i|i['’]d|would|to|what|anything|something|let)\ )*
      (?:(?:more|further|else|everything|all\ of\ (?:it|them|that)|(?:the\ )?full\ list
        |(?<=\w\ )the\ rest)
      (?:\ (?:details?|examples?|passages?|quotes?|results|evidence|info|information
        |of\ (?:it|them)))?)
      (?=\s*(?:$|[?.!,]|\b(?:about|on|of|in|at|from|for|by|like|since|before|after|until)\b))
    | (?:go\ on|carry\ on|continue|keep\ going|elaborate|expand|(?:in\ )?(?:more|full)\ details?
      |(?:show\ )?(?:me\ )?all\ (?:the\ )?(?:passages|quotes|paragraphs))
      (?=\s*(?:$|[?.!,]|\bon\b)))
    [\s,]*(?:(?:about|on|of)\ (?!(?:it|this|that|them)\b))?""",
    re.IGNORECASE | re.VERBOSE,
)
_ELSE = re.compile(r"\b(?:what|anything|something) else\b", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:^|[\s,]+)(?:please|pls|plz|thanks|thank you|thx|cheers|ta|(?P<adds>too|as well|also)"
    r"|(?P<instead>instead)|(?P<only>only)|though|then|again)(?=[\s?.!]*$)",
    re.IGNORECASE,
)
_EVERYWHERE = re.compile(
    r"""\b(?:everywhere | elsewhere | anywhere(?:\ else)? | nationally | across\ the\ board
    | (?:the\ )?others | (?:any|every)(?:one|body)(?:\ else)? | who\ else
    | the\ rest(?:\ of\ (?:them|the\ councils|the\ reports))?(?!\ \w) | all\ of\ them
    | in\ general | generally | (?<!at\ )all(?=[\s?.!]*$)
    | (?:(?:all|any|every|each|which|other|what|remaining)\ (?:of\ )?(?:the\ )?)+
      (?:councils?|authorit(?:y|ies)|reports|areas|places|boroughs|counties) )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ANY_YEAR = re.compile(
    r"""\b(?:(?:from|in|of|for|over)\ )?(?:any|all|every|whatever|whichever|other)
      (?:\ (?:of\ the|the|other))?\ (?:years?|dates?|times?|periods?)\b
    | \b(?:(?:it\ )?(?:does\ ?n['’]?t|does\ not)\ matter|no\ matter|regardless\ of)
      (?:\ (?:what|which|the))*\ (?:years?|dates?|periods?|when)\b
    | \b(?:drop|remove|ignore|forget|lift|without)\ the\ (?:years?|dates?|periods?)\b
    | \bwhenever\b""",
    re.IGNORECASE | re.VERBOSE,
)
_EXCEPT = re.compile(
    r"""\b(?:(?:but\ )?not(?:\ (?:just|only))? | without | except(?:ing)?(?:\ for)?
    | exclud(?:e|ing) | apart\ from | other\ than | minus | besides | leav(?:e|ing)\ out | drop
    | remove | ignor(?:e|ing) | instead\ of | rather\ than | forget )\s+
    (?:(?:in|from|for|at|the)\s+)*$""",
    re.IGNORECASE | re.VERBOSE,
)
_YEARS_SAID = (
    (
        re.compile(r"\b(?:from )?(20\d\d) (?:onwards?|(?:and|or) (?:later|after|newer))\b", re.I),
        r"since \1",
    ),
    (re.compile(r"\b(20\d\d) ?(?:-|–|to|until) ?(20\d\d)\b", re.I), r"between \1 and \2"),
)
"""Ranges as a short text says them, and as questions are read."""
_SAYING = r"(?:say|said|mention|recommend|suggest|find|found|report|conclude|describe|cover)\w*"
_WHERE_SAID = re.compile(
    rf"\bwhere\b.*\b(?:{_SAYING}|stated?|written|from)\b|\bhow do you know\b", re.I
)
_OF_COUNCILS = (
    r"(?:peer\ )?(?:council|authority|report|review|area|place|county|borough|city|one)s?\b"
)
_IT = re.compile(
    rf"""(?:\b(?<!make\ )(?<!makes\ )(?<!find\ )[Ii]t(?!\ {_SAYING})
      (?!\ (?:\w+\ ){{0,2}}?(?:to|that)\b)
      (?!\ (?:systems?|teams?|department|support|services?|skills|staff|infrastructure|strategy)\b)
    | \b(?i:this|that)\ (?:topic|issue|subject|question)
    | \b(?P<pointing>(?i:this|that|these|those))(?!\ {_OF_COUNCILS})
    | (?<!\bany\ of\ )(?<!some\ of\ )(?<!all\ of\ )(?<!each\ of\ )(?<!which\ of\ )(?<!one\ of\ )
      (?<!none\ of\ )(?<!most\ of\ )(?<!many\ of\ )(?<!both\ of\ )(?<!tell\ )(?<!told\ )(?<!ask\ )
      (?<!asked\ )(?<!advise\ )(?<!advised\ )(?<!want\ )(?<!wanted\ )\b(?i:them)
    )(?![\w’'])""",
    re.VERBOSE,
)
_ASKS_ANEW = QUESTION_WORDS | frozenset("and but hows whats whens wheres whos".split())
"""Words behind which "it" may mean the topic that was named just before."""
_BEFORE_THAT = PREPOSITIONS | HELPING | frozenset("like than handle use used using handled".split())
_THEY = re.compile(
    rf"\b(?:they|theirs?|them|(?:this|that|the\ same)\ {_OF_COUNCILS}|it\ {_SAYING})(?!\w)",
    re.IGNORECASE | re.VERBOSE,
)
_THERE = re.compile(
    r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )(?<!been )"
    r"\bthere\b(?!['’]|\s(?:is|are|was|were|be|any)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a text says when it is read as following another."""

    rest: str
    """Spelling mended, without the words that lead in or out."""
    cue: bool
    adds: bool
    """"Also Sefton": to the councils from before."""
    narrows: bool
    """"Only young carers": the topic from before, and this."""
    more: bool
    everywhere: bool
    any_year: bool
    places: tuple[str, ...]
    without: tuple[str, ...]
    """Places that are named to be left out."""
    period: str
    """Years of reports, in words that a question may use."""
    years: tuple[str, ...]
    """Years that are named and restrict nothing as they are said here."""
    kind: str
    """A kind of report that is named."""
    role: Role | None
    topic: str
    """Of its own, as typed; empty when it has none."""
    preposition: str
    """Before the topic."""
    aspect: str
    """What can only be said of something, as typed."""
    numbers: bool
    source: bool
    """True when it asks where something is said, which every answer tells."""
    asks: bool
    """True when it has a question word."""
    sentence: bool
    """True when it has a question word or a verb."""
    it: tuple[tuple[int, int], ...]
    """Where words in ``rest`` point to the topic."""
    they: bool
    """True when words point to the councils."""
    there: tuple[int, int] | None

    @property
    def empty(self) -> bool:
        """True for "thanks": it brings nothing and points to nothing."""
        return not (self.rest.strip(" ?.!,") or self.cue or self.more)


def told_stems(question: Question) -> tuple[frozenset[str], frozenset[str]]:
    """Stems that express the concepts of a question, and those that are only an aspect of one."""
    ways = [way for concept in question.concepts for way in concept.alternatives]
    stems = {stem for way in ways for stem in way}
    for short, _ in question.understood.expansions:
        stems |= {*stems_of(short), *stems_of(f"{short}s")}
    phrases = {stem for way in ways if len(way) > 1 for stem in way}
    return frozenset(stems), ASPECTS - phrases


def read_turn(text: str, shelf: Shelf) -> Turn:
    """Read a text as one that may follow a question."""
    question = understand(text, shelf)
    rest, lead = _led_in(" ".join(mended_by(text, question.understood.corrections).split()))
    for years, meant in _YEARS_SAID:
        rest = years.sub(meant, rest)
    asked = asked_of(rest, shelf.reports, frozenset())
    places = place_spans(rest, asked.named)
    out = {place for start, _, place in places if _EXCEPT.search(rest[:start])}
    dates = [m.span() for m in asked.years.pattern.finditer(rest)]
    not_then = any(_EXCEPT.search(rest[:start]) for start, _ in dates)
    lifts = [m.span() for m in _ANY_YEAR.finditer(rest)]
    bare = masked(rest, [(s, e) for s, e, _ in places] + dates + lifts)
    everywhere = [m.span() for m in _EVERYWHERE.finditer(bare)]
    named = {info.kind for info in shelf.reports if info.kind}
    kinds = [m for kind in sorted(named) for m in re.finditer(re.escape(kind), bare, re.IGNORECASE)]
    bare = masked(bare, [m.span() for m in kinds])
    plain = masked(bare, everywhere + [m.span() for m in _EXCEPT.finditer(bare)])
    said = [word for _, _, word in tokens(plain)]
    topic, aspect = _topics(plain, *told_stems(question), dated=bool(dates))
    before = [word for _, _, word in tokens(plain[: topic[0]])] if topic else []
    they = _THEY.search(bare) is not None
    sentence = they or not (QUESTION_WORDS | HELPING).isdisjoint(said)
    last = not sentence and topic is not None and not rest[topic[1] :].strip(" ?.!")
    dated = bool(asked.years.reason) and not not_then
    return Turn(
        rest=rest,
        cue=not lead.isdisjoint(("cue", "adds"))
        or (last and not lead.isdisjoint(("only", "instead"))),
        adds="adds" in lead,
        narrows="narrows" in lead or ("only" in lead and last),
        more="more" in lead or _ELSE.search(rest) is not None,
        everywhere=bool(everywhere),
        any_year=bool(lifts) or not_then,
        places=tuple(dict.fromkeys(p for _, _, p in places if p not in out)),
        without=tuple(dict.fromkeys(p for _, _, p in places if p in out)),
        period=asked.years.period if dated else "",
        years=() if dated or not_then else asked.years.words,
        kind=kinds[0].group().lower() if kinds else "",
        role=question.understood.role,
        topic=rest[slice(*topic)] if topic else "",
        preposition=next((w for w in reversed(before) if w not in ("a", "an", "the")), ""),
        aspect=rest[slice(*aspect)] if aspect else "",
        numbers=topic is None and not _NUMBERS.isdisjoint(said),
        source=topic is None
        and (not _SOURCES.isdisjoint(said) or _WHERE_SAID.search(plain) is not None),
        asks=not QUESTION_WORDS.isdisjoint(said),
        sentence=sentence,
        it=tuple(_pointing_to_topic(rest, topic)),
        they=they,
        there=found.span() if (found := _THERE.search(rest)) else None,
    )


def _led_in(text: str) -> tuple[str, frozenset[str]]:
    """A text without the words that lead in or out, and what they were."""
    found = set[str]()
    while match := _TAIL.search(text):
        found |= {name for name, value in match.groupdict().items() if value}
        text = text[: match.start()] + text[match.end() :]
    text = text.strip()
    while match := _CHAT.match(text) or _CUE.match(text) or _MORE.match(text):
        found |= {name for name, value in match.groupdict().items() if value}
        found |= {"cue"} if match.re is _CUE else {"more"} if match.re is _MORE else set()
        text = text[match.end() :]
    return text.strip(), frozenset(found)


def _topics(
    text: str, stems: frozenset[str], aside: frozenset[str], *, dated: bool
) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Where a text's own topic stands, and where what can only be said of a topic."""
    idle = _POINTING | (_DOCUMENTS if dated else frozenset())
    kept = masked(text, [(s, e) for s, e, word in tokens(text) if word in idle])
    alone = masked(kept, [(s, e) for s, e, w in tokens(kept) if w in _SOURCES | _NUMBERS | _IDLE])
    if stretch(alone, stems - aside) is not None:
        return stretch(kept, stems), None
    return None, stretch(alone, stems)


def _pointing_to_topic(text: str, topic: tuple[int, int] | None) -> Iterator[tuple[int, int]]:
    """Where "it", "that" or "them" stands for a topic that is not in the text itself."""
    found = list(_IT.finditer(text))
    several = any(match.group().lower() != "them" for match in found)
    for match in found:
        if several and match.group().lower() == "them":
            continue  # "how long did it take them": the councils
        start, end = match.span()
        before, after = tokens(text[:start]), [word for _, _, word in tokens(text[end:])]
        if match["pointing"]:
            known = STOP_WORDS | ASKING_WORDS
            noun = after and after[0] not in known and not set(stems_of(after[0])) & ASPECTS
            loose = match["pointing"].lower() == "that" and before and after
            if noun or (loose and before[-1][2] not in _BEFORE_THAT):
                continue
        if topic and topic[0] < start:
            between = text[topic[0] : start]
            asked = any(word in _ASKS_ANEW for _, _, word in tokens(between))
            told = (
                after and after[0] not in STOP_WORDS | {"up", "out"} and before[-1][1] <= topic[1]
            )
            if asked or told or re.search(r",|\s[-–]\s", between):
                continue
        yield start, end
