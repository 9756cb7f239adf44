"""Dates as reports state them: a year, a month or a day, in ISO form."""

from __future__ import annotations

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def date_in_words(date: str | None) -> str:
    """``2022-07`` as "July 2022"; an unknown date as "date not known"."""
    if not date:
        return "date not known"
    year, _, rest = date.partition("-")
    month, _, day = rest.partition("-")
    words = [str(int(day))] if day else []
    if month:
        words.append(MONTHS[int(month) - 1])
    return " ".join([*words, year])
