"""What a report is: title, council, date, kind, from a catalogue, front matter or the text.

A catalogue entry wins over front matter, and that over the text. What none of them says stays
unknown: a wrong council or date in a citation is worse than none.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from rag.councils import PLACES, place_of
from rag.dates import MONTHS
from rag.errors import InputError, ReadingError
from rag.reading.elements import Element
from rag.reading.firstpage import (
    first_page,
    judgement_of,
    place_named_in,
    published_on,
    publisher_of,
)
from rag.records import Form, Metadata

CATALOGUE_NAME = "catalogue.toml"

_FIELDS = tuple(field.name for field in fields(Metadata))
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MONTH_YEAR = re.compile(rf"\b({'|'.join(MONTHS)})\s+((?:19|20)\d\d)\b", re.IGNORECASE)
_NAME = r"[A-Z][a-z’'-]+(?:[ -](?:[A-Z][a-z’'-]+|of|and|upon|on|in|with|the))*"
_COUNCIL = re.compile(
    rf"\b((?:London Borough of|Royal Borough of|City of) {_NAME}|{_NAME}"
    r"(?: (?:City|County|Borough|District|Metropolitan))* Council)\b"
)
_KINDS = (
    "peer challenge",
    "peer review",
    "focused visit",
    "monitoring visit",
    "inspection",
    "scrutiny",
    "annual report",
    "review",
)
_BOROUGH = re.compile(r"(?:(?:London|Royal|Metropolitan) )?Borough of $|City of $")
_GENERIC = re.compile(r"^(?:adult social care|the|this|every|each|our|your)\b", re.IGNORECASE)


def load_catalogue(folder: Path) -> dict[Path, Metadata]:
    """What a folder's ``catalogue.toml`` says of its files; empty when there is none.

    Raises InputError when the catalogue cannot be used: half a catalogue is none.
    """
    path = folder / CATALOGUE_NAME
    if not path.is_file():
        return {}
    form = 'Each report is a [[report]] table with file = "name.txt" and what is known of it.'
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("report")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.", form) from None
    if not isinstance(entries, list):
        raise InputError(f"{path} has no [[report]] tables.", form)
    found: dict[Path, Metadata] = {}
    for entry in entries:
        name = entry.get("file") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise InputError(f"{path} has a [[report]] without a file.", 'Add file = "name.txt".')
        values = {k: v for k, v in entry.items() if k != "file"}
        try:
            found[(folder / name).resolve()] = metadata_from(values)
        except ReadingError as error:
            raise InputError(f"{path}, entry for {name}: {error}") from None
    return found


def metadata_from(values: Mapping[str, object]) -> Metadata:
    """Metadata from named values; names that are not known are left aside.

    Raises ReadingError for a date, form or id that is not of its form.
    """
    known = {k: str(v).strip() for k, v in values.items() if k in _FIELDS and v not in (None, "")}
    date, form, id_ = known.get("date"), known.get("form", "full"), known.get("id")
    if date is not None and not _is_date(date):
        raise ReadingError(
            f"The date {date!r} is not understood.", "Write 2022, 2022-07 or 2022-07-05."
        )
    if form not in ("full", "brief"):
        raise ReadingError(f"The form {form!r} is not known.", 'It is "full" or "brief".')
    if id_ is not None and not _ID.fullmatch(id_):
        raise ReadingError(
            f"The id {id_!r} cannot be used.", "Use small letters, digits and single hyphens."
        )
    checked: Form = "brief" if form == "brief" else "full"
    texts = {k: v for k, v in known.items() if k != "form"}
    return Metadata(**texts, form=checked)


def _is_date(text: str) -> bool:
    """True for a year, a month of a year, or a day that exists."""
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True


def merge(first: Metadata, second: Metadata) -> Metadata:
    """``first``, with what it does not know taken from ``second``."""
    gaps = {
        name: getattr(second, name)
        for name in _FIELDS
        if name != "form" and getattr(first, name) is None
    }
    form: Form = "brief" if "brief" in (first.form, second.form) else "full"
    return replace(first, **gaps, form=form)


def metadata_from_text(elements: list[Element], stem: str = "") -> Metadata:
    """What the first page and the title block say, and nothing that they do not.

    ``stem`` is the file's name without its ending: publishers put the date of publication there.
    """
    front = [e.text for e in elements if e.kind == "front"]
    page = first_page(elements)
    title = _title(front)
    dates = {_iso(m) for text in front for m in _MONTH_YEAR.finditer(text)}
    body = "\n".join(e.text for e in elements if e.kind != "front")[:3000]
    return Metadata(
        title=title,
        council=_council_of(front, body),
        date=published_on(page, stem) or (dates.pop() if len(dates) == 1 else None),
        kind=_kind(title or ""),
        publisher=publisher_of(elements),
        judgement=judgement_of(page),
    )


def _title(front: list[str]) -> str | None:
    """The first line that says what kind of report it is, else the first of several words."""
    lines = [t for t in front if len(t.split()) > 2 and not (_only_date(t) or _only_place(t))]
    return next((t for t in lines[:3] if _kind(t)), lines[0] if lines else None)


def _kind(title: str) -> str | None:
    return next((k for k in _KINDS if re.search(rf"\b{k}\b", title, re.IGNORECASE)), None)


def _council_of(front: list[str], body: str) -> str | None:
    """The council as it is printed, else the one place that the title block names."""
    printed = _council("\n".join(front)[:3000])
    place = None if printed else place_named_in(front)
    if printed or place is None:
        return printed or _council(body)
    in_body = _council(body)
    return in_body if in_body and place_of(in_body) == place else f"{place} Council"


def _only_place(text: str) -> bool:
    """True for a line that holds a council's name and nothing else."""
    name = re.sub(r" City of$", "", text.strip())
    return place_of(re.sub(r"^Borough of ", "", name)) in PLACES


def _only_date(text: str) -> bool:
    return len(_MONTH_YEAR.sub("", text).split()) <= 3 and bool(_MONTH_YEAR.search(text))


def _iso(match: re.Match[str]) -> str:
    return f"{match.group(2)}-{MONTHS.index(match.group(1).capitalize()) + 1:02d}"


def _council(text: str) -> str | None:
    """The one council that a text is about: named first, and no other named as often."""
    found = (_named(m.group(1)) for m in _COUNCIL.finditer(text))
    names = [name for name in found if not _GENERIC.match(name)]
    if not names:
        return None
    ranked = Counter(names).most_common()
    alone = len(ranked) == 1 or ranked[0][1] > ranked[1][1]
    return names[0] if alone and ranked[0][0] == names[0] else None


def _named(name: str) -> str:
    """A council's name without what runs into it: "Inspection of Leeds City Council"."""
    places = [place for place in PLACES if re.search(rf"\b{re.escape(place)}\b", name)]
    if not places:
        return name
    place = max(places, key=len)
    before, after = name[: name.index(place)], name[name.index(place) :]
    borough = _BOROUGH.search(before)
    if borough is None:
        return after
    return borough.group() + re.sub(r" Council$", "", after)


def report_id(metadata: Metadata, path: Path) -> str:
    """A short stable id: what the catalogue says, else ``sefton-2022`` from what is known.

    A file name that itself names the council and the year is kept, since that is what people
    already call the report; a name such as ``report.pdf`` never becomes an id of its own when
    council and year are known.
    """
    if metadata.id:
        return metadata.id
    stem = slug(path.stem)
    year = metadata.date[:4] if metadata.date else ""
    council = slug(place_of(metadata.council)) if metadata.council else ""
    words = stem.split("-")
    tells_council = not council or max(council.split("-"), key=len) in words
    if stem and tells_council and (not year or year in words):
        return stem
    parts = [council, year] if council else [stem]
    return "-".join(part for part in parts if part) or "report"


def slug(text: str) -> str:
    """Small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-")
