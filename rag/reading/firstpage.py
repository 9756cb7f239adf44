"""What a printed report says of itself on its first page, and who speaks on its last.

Each function answers one question and returns None when the page does not say, or says two
things: a wrong council, date or grade in a citation is worse than none.

    judgement_of    "Overall effectiveness: Good", "Children’s services in X are inadequate"
    place_named_in  the one place of England's councils that the title block is about
    published_on    "Report published: …", else the date in the file's name, else the visit's end
    publisher_of    who gives an address for enquiries, or holds the copyright
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence

from rag.councils import PLACES, places_named
from rag.dates import MONTHS
from rag.reading.elements import Element

_FIRST_LETTERS = 3000
"""Characters looked at of a format without pages."""
_LONGEST_DELAY = datetime.timedelta(days=548)
"""A report is out within 18 months of the visit, or the date in its name means something else."""
_MONTH = "|".join(MONTHS)
_DAY = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH})(?:,?\s+((?:19|20)\d\d))?\b", re.IGNORECASE
)
_PUBLISHED = re.compile(
    r"(?:(?:report|first) )?(?:published|publication date|date of publication|date published)"
    r"(?: on)?\s*:?\s*",
    re.IGNORECASE,
)
_VISIT = re.compile(
    r"(?:on[- ]site )?(?:(?:inspection|visit|review|assessment|fieldwork) dates?"
    r"|dates? of (?:the )?(?:inspection|visit|review|assessment))\s*:?\s*(?:from )?(?=\d)",
    re.IGNORECASE,
)
_NAME_DATE = re.compile(rf"(\d{{1,2}})[-_ ]({_MONTH})[-_ ]((?:19|20)\d\d)", re.IGNORECASE)
_NAME_ISO_DATE = re.compile(r"((?:19|20)\d\d)[-_](\d\d)[-_](\d\d)")
GRADE = r"requires? improvement(?: to be good)?|outstanding|inadequate|good|satisfactory|adequate"
_OVERALL = re.compile(
    rf"overall (?:effectiveness|judgement|judgment|grade|rating)\s*(?:is|:)?\s*({GRADE})\.?",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    rf"(?P<of>.{{3,120}}?)\s(?:(?:is|are)\s)?(?P<grade>(?<=is )(?:{GRADE})|(?<=are )(?:{GRADE})"
    r"|requires? improvement(?: to be good)?)\.?",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\boverall judge?ment\b|\bservices\b", re.IGNORECASE)
_BOARD = re.compile(r"\bboard\b", re.IGNORECASE)
_BODIES = {
    "Ofsted": "ofsted.gov.uk",
    "Care Quality Commission": "cqc.org.uk",
    "Local Government Association": "local.gov.uk",
    "Local Government and Social Care Ombudsman": "lgo.org.uk",
    "Housing Ombudsman": "housing-ombudsman.org.uk",
    "National Audit Office": "nao.org.uk",
    "HM Inspectorate of Probation": "hmiprobation.gov.uk",
    "Social Care Institute for Excellence": "scie.org.uk",
    "Healthwatch England": "healthwatch.co.uk",
}
"""Public bodies that report on councils, and where they get their post."""
_MAILBOX = r"\b(?:enquir(?:y|ies)|info|contact|feedback|general)[\w.-]{0,30}@(?:[\w-]{1,30}\.){0,3}"


def first_page(elements: Sequence[Element]) -> list[Element]:
    """The elements of the first page; of a format without pages, those it begins with."""
    found: list[Element] = []
    letters = 0
    for element in elements:
        if element.page != elements[0].page or (element.page is None and letters > _FIRST_LETTERS):
            break
        found.append(element)
        letters += len(element.text)
    return found


def judgement_of(page: Iterable[Element]) -> str | None:
    """The overall judgement in the report's words: "Good", "Requires improvement to be good".

    That of the council's services counts before that of a board beside it.
    """
    of_board: list[str] = []
    verdicts: list[str] = []
    for element in page:
        text = " ".join(element.text.split())
        if match := _OVERALL.fullmatch(text):
            return _grade(match.group(1))
        match = _VERDICT.fullmatch(text)
        if match is None or element.kind in ("row", "item"):
            continue
        subject = match.group("of")
        if _BOARD.search(subject):
            of_board.append(_grade(match.group("grade")))
        elif _WHOLE.search(subject):
            verdicts.append(_grade(match.group("grade")))
    found = verdicts or of_board
    return found[0] if len(set(found)) == 1 else None


def _grade(words: str) -> str:
    """A grade as it is written by itself: small letters but the first."""
    return re.sub(r"^require\b", "requires", words.lower()).capitalize()


def place_named_in(texts: Sequence[str]) -> str | None:
    """The one place of a council that lines of a title block name, in full or by a usual name."""
    text = "\n".join(texts)[:_FIRST_LETTERS]
    printed = [p for p in PLACES if re.search(rf"(?<![\w-]){re.escape(p)}(?![\w-])", text)]
    longest = [p for p in printed if not any(p != other and p in other for other in printed)]
    if not longest:
        longest = places_named(text)
    return longest[0] if len(longest) == 1 else None


def published_on(page: Iterable[Element], stem: str) -> str | None:
    """ISO date of publication, from what is printed or from the file's name without its ending.

    The date in a name counts only where it fits the visit: not before its last day, and within
    18 months of it. Without either, the last day of the visit.
    """
    visit: datetime.date | None = None
    for element in page:
        if (match := _PUBLISHED.match(element.text)) and (
            printed := _DAY.match(element.text, match.end())
        ):
            day = _date(printed.group(1), printed.group(2), printed.group(3))
            if day is not None:
                return day.isoformat()
        if visit is None and (match := _VISIT.match(element.text)):
            days = [_date(*found) for found in _DAY.findall(element.text, match.end())]
            visit = max((day for day in days if day is not None), default=None)
    if visit is None:
        return None
    named = _named_date(stem)
    fits = named is not None and visit <= named <= visit + _LONGEST_DELAY
    return (named if named is not None and fits else visit).isoformat()


def _named_date(stem: str) -> datetime.date | None:
    """The full date that a file's name ends in or holds."""
    if match := _NAME_DATE.search(stem):
        return _date(*match.groups())
    if match := _NAME_ISO_DATE.search(stem):
        year, month, day = match.groups()
        name = MONTHS[int(month) - 1] if 1 <= int(month) <= 12 else ""
        return _date(day, name, year)
    return None


def _date(day: str, month: str, year: str | None) -> datetime.date | None:
    """A date from its printed parts; None when the year is not printed or no such day exists."""
    if not year or month.capitalize() not in MONTHS:
        return None
    try:
        return datetime.date(int(year), MONTHS.index(month.capitalize()) + 1, int(day))
    except ValueError:
        return None


def publisher_of(elements: Iterable[Element]) -> str | None:
    """The one public body that holds the copyright or gives its address for enquiries."""
    text = "\n".join(element.text for element in elements)
    found = [
        name
        for name, domain in _BODIES.items()
        if re.search(rf"{_MAILBOX}{re.escape(domain)}|©\s*{name}\b", text, re.IGNORECASE)
    ]
    return found[0] if len(found) == 1 else None
