"""Where something stands, in words that a person can look up."""

from __future__ import annotations

from rag.dates import date_in_words
from rag.records import Passage, ReportInfo


def report_name(council: str | None, date: str | None, report: str) -> str:
    """A report as people call it: council and date, else its id."""
    return f"{council}, {date_in_words(date)}" if council else f"{report}, {date_in_words(date)}"


def place_in_words(info: ReportInfo, passage: Passage) -> str:
    """Council, date, section, then printed paragraph, else page, else ordinal in the section."""
    parts = [report_name(info.council, info.date, info.report)]
    if passage.section:
        parts.append(f"“{' › '.join(passage.section)}”")
    if passage.paragraph:
        parts.append(f"paragraph {passage.paragraph}")
    elif passage.page:
        parts.append(f"page {passage.page}")
    else:
        parts.append(f"{_nth(passage.ordinal)} paragraph of the section")
    if info.form == "brief":
        parts.append("quoted from a brief, see the source")
    return ", ".join(parts)


def _nth(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
