"""The kind of answer a question wants, and whether a text holds one of that kind.

"How many weeks do people wait?" is not answered by a paragraph on waiting that gives no time. The
kind is told by the words of the question and looked for by the shape of the text.
"""

from __future__ import annotations

import re
from itertools import pairwise

from rag.dates import MONTHS
from rag.records import AnswerKind

KIND_NAMES: dict[AnswerKind, str] = {
    "number": "number",
    "money": "sum of money",
    "percentage": "percentage",
    "duration": "length of time",
    "date": "date",
    "person": "name",
}
"""Each kind as it is named to people."""

_WORDS = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    thousand million dozen half
""".split()
_COUNT = rf"(?:\d+(?:[.,]\d+)*|(?<!no )(?:{'|'.join(_WORDS)})(?:-\w+)?)\b"
_UNIT = r"(?:minutes?|hours?|days?|weeks?|months?|years?)"
_NAME = r"[A-ZÀ-Þ](?:[’'][A-ZÀ-Þ])?[^\W\d_]+(?:[’'-][^\W\d_]+)*"
_MONTH = "|".join(month.capitalize() for month in MONTHS)

_OFFICE = (
    r"(?:chair|director|lead|leader|head|manager|officer|councillor|cllr|inspector|member|executive"
    r"|psw|dass|dcs|ceo|sponsor|commissioner)"
)

_ASKS: tuple[tuple[AnswerKind, str], ...] = (
    ("duration", rf"\bhow long\b|\bhow many {_UNIT}\b"),
    (
        "money",
        r"\bhow much\b(?=.*\b(?:spen\w+|cost\w*|pa(?:y|id)|sav\w+|fund\w*|budget\w*|money))"
        r"|\bwhat (?:did|does|do) .* cost\b(?! of living)|£"
        r"|\bhow (?:big|large) .* (?:fund|budget|grant)\b"
        r"|\b(?:savings?|budget) (?:figure|target|total)\b|\b(?:hourly|fee) rates?\b",
    ),
    (
        "percentage",
        r"%|\bper ?cent\b|\bpercentage\b|\bproportion\b|\bshare of\b"
        r"|\b(?:vacancy|turnover|sickness|take-?up|response|transfer of care|completion) rates?\b",
    ),
    ("number", r"\bhow many\b|\bnumber of\b|\bno\. of\b|\bratio\b"),
    (
        "date",
        r"\bwhen (?:did|does|do|is|was|were|will|are|has|have|had|should)\b"
        r"|\b(?:which|what) (?:\w+ )?(?:month|date|year|day)s?\b"
        r"(?! (?:service|centre|care|opportunit))|\b(?:start|end) dates?\b",
    ),
    (
        "person",
        rf"\bwho(?:['’]?s)?(?: (?:is|was))? (?:the |its |their )?(?:\w+ ){{0,3}}?{_OFFICE}\b"
        r"|\bwho (?:chair(?:s|ed)|leads?|led|commissioned|runs|wrote|signed)\b"
        rf"|\bnames? of the (?:\w+ )*?{_OFFICE}\b",
    ),
)
_HOLDS: dict[AnswerKind, str] = {
    "duration": rf"\b{_COUNT}[- ](?:to \w+ )?(?:(?:working|calendar) )?{_UNIT}\b",
    "money": r"£\s?\d|\b\d+(?:\.\d+)?\s?(?:m|k|bn|million|pounds?)\b",
    "percentage": rf"\b{_COUNT}\.?\s?(?:%|per\s?cent)",
    "number": rf"(?<![/\d])\b(?!(?:19|20)\d\d\b){_COUNT}",
    "date": rf"\b(?:{_MONTH}|(?:19|20)\d\d|\d+(?:st|nd|rd|th))\b",
    "person": rf"\b{_NAME}(?: {_NAME})+\b",
}
_NOT_NAMES = frozenset(
    """
    Act Adult Adults Agency Approved Area Assessment Assistant Association Authority Best Better
    Board Borough Cabinet Care Chair Chief Child Children City Clinical Commission Commissioner
    Commissioning Committee Community Corporate Council Councillor County Deputy Development
    Digital Director District East England English Executive Family Foundation Framework Fund
    General Government Group Head Health Home Hospital Housing Human Improvement Independent
    Integrated Interim Key Lead Leader Leadership Learning Liberty Local London Making Manager
    March Market Medical Member Mental Metropolitan National New North Occupational Officer
    Operations Overview Panel Partnership Peer People Performance Personal Plan Policy Portfolio
    Practice Primary Principal Programme Public Quality Regional Report Resources Royal
    Safeguarding Safeguards Scrutiny Senior Service Services Shared Social South Staff Standards
    Strategic Strategy Support Survey System Team Technology The Trust Unit United University West
    Worker Workers Workforce Young
    """.split()
)
"""Capitalised words of offices, bodies and places, which are not part of a person's name."""

_ASKING = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKS)
_HOLDING = {
    kind: re.compile(pattern, 0 if kind in ("date", "person") else re.IGNORECASE)
    for kind, pattern in _HOLDS.items()
}
_COUNTS_REPORTS = re.compile(
    r"\bhow many (?:of the )?(?:councils|reports|reviews)\b", re.IGNORECASE
)


def kind_wanted(question: str) -> AnswerKind | None:
    """The kind of answer a question asks for; None when any will do."""
    if _COUNTS_REPORTS.search(question):
        return None
    return next((kind for kind, asks in _ASKING if asks.search(question)), None)


def holds(text: str, kind: AnswerKind) -> bool:
    """True when ``text`` has something of that kind."""
    found = _HOLDING[kind].finditer(text)
    if kind == "person":
        return any(_names(match.group().split()) for match in found)
    return next(found, None) is not None


def _names(capitalised: list[str]) -> bool:
    """True when two words in a row can be parts of a name."""
    able = [word not in _NOT_NAMES for word in capitalised]
    return any(first and second for first, second in pairwise(able))
