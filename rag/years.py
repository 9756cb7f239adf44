"""Years and ranges in a question, and the reports that they leave."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.dates import MONTHS
from rag.records import ReportInfo

_YEAR = r"(20\d\d)"
_MONTH = rf"(?:(?:{'|'.join(MONTHS)})\s+)?"
_SINCE = re.compile(rf"\b(since|from|after)\s+{_MONTH}{_YEAR}(?:\s+onwards?)?\b", re.IGNORECASE)
_UNTIL = re.compile(rf"\b(before|until|up to|till)\s+{_MONTH}{_YEAR}\b", re.IGNORECASE)
_BETWEEN = re.compile(rf"\b(?:between|from)\s+{_YEAR}\s+(?:and|to|-)\s+{_YEAR}\b", re.IGNORECASE)
_LATEST = re.compile(r"\b(?:the )?(?:latest|newest|most recent)\b", re.IGNORECASE)
_DOCUMENT = r"(?:reports?|reviews?|reviewers?|challenges?|inspections?|papers?|peers?|findings)"
_OF_REPORT = re.compile(
    rf"\b{_YEAR}\W+(?:\w+\W+){{0,2}}?{_DOCUMENT}\b|\b{_DOCUMENT}\W+(?:\w+\W+){{0,3}}?{_YEAR}\b",
    re.IGNORECASE,
)
_ANY = re.compile(rf"(?:\b(?:in|of|since|from|after|before|until|by) )?\b{_YEAR}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a question's years do: the reports kept, the reason, and what to take out of it."""

    kept: frozenset[str]
    reason: str = ""
    """Empty when the years restrict nothing."""
    words: tuple[str, ...] = ()
    pattern: re.Pattern[str] = _ANY


def restrict_by_date(
    text: str, reports: Sequence[ReportInfo], *, council_named: bool
) -> Restriction:
    """The reports that fit the years of a question; a report without a date always stays.

    A bare year only restricts when it is said of a report ("the 2019 review"), or beside a
    council that has a report of that year: "what happened in 2018" may well stand in a report
    of 2019.
    """
    years = tuple(dict.fromkeys(re.findall(rf"\b{_YEAR}\b", text)))

    def keep(first: str, last: str, reason: str, pattern: re.Pattern[str]) -> Restriction:
        kept = {i.report for i in reports if i.date is None or first <= i.date[:4] <= last}
        return Restriction(frozenset(kept), reason, years, pattern)

    if match := _BETWEEN.search(text):
        first, last = sorted(match.groups())
        return keep(first, last, f"it asks for reports from {first} to {last}", _BETWEEN)
    if match := _SINCE.search(text):
        year = str(int(match.group(2)) + (match.group(1).lower() == "after"))
        return keep(year, "9999", f"it asks for reports since {year}", _SINCE)
    if match := _UNTIL.search(text):
        year = str(int(match.group(2)) - (match.group(1).lower() == "before"))
        return keep("0000", year, f"it asks for reports up to {year}", _UNTIL)
    if _LATEST.search(text) and reports:
        newest: dict[str | None, ReportInfo] = {}
        for info in reports:
            best = newest.get(info.council)
            if best is None or (info.date or "") > (best.date or ""):
                newest[info.council] = info
        kept = frozenset(info.report for info in newest.values())
        return Restriction(kept, "it asks for the latest report", years, _LATEST)
    dated = _dated(reports, years)
    if years and (_OF_REPORT.search(text) or (council_named and dated)):
        return Restriction(
            frozenset(dated), f"it asks for reports of {' and '.join(years)}", years, _ANY
        )
    return Restriction(frozenset(i.report for i in reports), "", years)


def _dated(reports: Sequence[ReportInfo], years: Sequence[str]) -> set[str]:
    """Reports of these years; of several councils, one without such a report keeps all of its."""
    fitting = [i for i in reports if i.date is not None and i.date[:4] in years]
    councils = {i.council for i in fitting}
    others = [i for i in reports if i.council not in councils] if fitting else []
    return {i.report for i in [*fitting, *others]}
