"""Years and ranges in a question, and the reports that they leave."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.dates import MONTHS
from rag.records import ReportInfo

_YEAR = r"(20\d\d)"
_MONTH = rf"(?:(?:{'|'.join(MONTHS)})\s+)?"
_SINCE = re.compile(
    rf"\b(since|from|after)\s+(?:the\s+)?{_MONTH}{_YEAR}(?:\s+onwards?)?\b", re.IGNORECASE
)
_UNTIL = re.compile(rf"\b(before|until|up to|till)\s+{_MONTH}{_YEAR}\b", re.IGNORECASE)
_BETWEEN = re.compile(
    rf"\b(?:between|from)\s+{_MONTH}{_YEAR}\s*(?:and|to|-|–)\s*{_MONTH}{_YEAR}\b", re.IGNORECASE
)
_LATEST = re.compile(r"\b(?:the )?(?:latest|newest|most recent)\b", re.IGNORECASE)
_DOCUMENT = r"(?:reports?|reviews?|reviewers?|challenges?|inspections?|papers?|peers?|findings)"
_OF_REPORT = re.compile(
    rf"\b{_YEAR}\W+(?:\w+\W+){{0,2}}?{_DOCUMENT}\b|\b{_DOCUMENT}\W+(?:\w+\W+){{0,3}}?{_YEAR}\b",
    re.IGNORECASE,
)
_ANY = re.compile(rf"(?:\b(?:in|of|since|from|after|before|until|by) )?\b{_YEAR}\b", re.IGNORECASE)
_RANGE = re.compile("|".join(p.pattern for p in (_BETWEEN, _SINCE, _UNTIL)), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a question's years do: the reports kept, the reason, and what to take out of it."""

    kept: frozenset[str]
    reason: str = ""
    """Empty when the years restrict nothing."""
    words: tuple[str, ...] = ()
    pattern: re.Pattern[str] = _ANY
    period: str = ""
    """The restriction in words: ``since 2022``, ``2019``, ``the latest``."""


def restrict_by_date(
    text: str, reports: Sequence[ReportInfo], *, council_named: bool
) -> Restriction:
    """The reports that fit the years of a question; a report without a date always stays.

    A bare year only restricts when it is said of a report ("the 2019 review"), or beside a
    council that has a report of that year: "what happened in 2018" may well stand in a report
    of 2019.
    """
    years = tuple(dict.fromkeys(re.findall(rf"\b{_YEAR}\b", text)))
    undated = {i.report for i in reports if i.date is None}
    first, last, reasons = "0000", "9999", list[str]()
    if match := _BETWEEN.search(text):
        first, last = sorted(match.groups())
        reasons.append(f"from {first} to {last}")
    else:
        if match := _SINCE.search(text):
            first = str(int(match.group(2)) + (match.group(1).lower() == "after"))
            reasons.append(f"since {first}")
        if match := _UNTIL.search(text):
            last = str(int(match.group(2)) - (match.group(1).lower() == "before"))
            reasons.append(f"up to {last}")
    if reasons:
        kept = {i.report for i in reports if i.date is None or first <= i.date[:4] <= last}
        period = " ".join(reasons)
        why = f"it asks for reports {period}"
        return Restriction(frozenset(kept), why, years, _RANGE, period)
    if _LATEST.search(text) and reports:
        kept = _latest(reports) | undated
        why = "it asks for the latest report"
        return Restriction(frozenset(kept), why, years, _LATEST, "the latest")
    fitting = [i for i in reports if i.date is not None and i.date[:4] in years]
    if years and (_OF_REPORT.search(text) or (council_named and fitting)):
        kept = {i.report for i in fitting} | undated
        if council_named and fitting:  # "Southampton 2019 and Somerset": the year is not Somerset's
            councils = {i.council for i in fitting}
            kept |= {i.report for i in reports if i.council not in councils}
        period = " and ".join(years)
        why = f"it asks for reports of {period}"
        return Restriction(frozenset(kept), why, years, period=period)
    return Restriction(frozenset(i.report for i in reports), "", years)


def _latest(reports: Sequence[ReportInfo]) -> set[str]:
    """The newest dated report of each council; one whose council is unknown stands alone."""
    newest: dict[str, ReportInfo] = {}
    for info in reports:
        council = info.council or info.report
        best = newest.get(council)
        if info.date is not None and (best is None or info.date > (best.date or "")):
            newest[council] = info
    return {info.report for info in newest.values()}
