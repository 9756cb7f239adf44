"""Which reports a question asks: by its councils, years and kinds of report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.councils import PLACES, place_of, places_named
from rag.records import Part, ReportInfo
from rag.years import Restriction, restrict_by_date


@dataclass(frozen=True, slots=True)
class Asked:
    """The reports that are asked, and what in the question decided it."""

    reports: frozenset[str]
    councils: tuple[str, ...]
    """Named and on the shelf."""
    absent: tuple[str, ...]
    """Places of councils that are named and not on the shelf."""
    named: tuple[str, ...]
    """Every place named, also those that the asker took out."""
    kinds: tuple[str, ...]
    years: Restriction
    """What the years restrict, also when the asker took it out: its words are no topic."""
    restricted: bool
    """True when the years were heeded."""
    why: str
    """Why the other reports are left out."""


def asked_of(text: str, reports: Sequence[ReportInfo], without: frozenset[str]) -> Asked:
    """Read which reports a question asks; parts whose keys are in ``without`` are not heeded."""
    by_place = _names_by_place(reports)
    named = places_named(text, list(dict.fromkeys([*by_place, *PLACES])))
    heeded = [p for p in named if Part("council", by_place.get(p, p)).key not in without]
    councils = [by_place[place] for place in heeded if place in by_place]
    absent = [place for place in heeded if place not in by_place]
    asked = list(reports)
    reasons: list[str] = []
    kinds: list[str] = []
    if councils:
        asked = [i for i in asked if i.council and place_of(i.council) in heeded]
        reasons.append(f"the question is about {' and '.join(councils)}")
        kinds = sorted({i.kind for i in asked if i.kind and i.kind.lower() in text.lower()})
        kinds = [kind for kind in kinds if Part("kind of report", kind).key not in without]
        if kinds and any(i.kind not in kinds for i in asked):
            asked = [info for info in asked if info.kind in kinds]
            reasons.append(f"it asks for the {' and '.join(kinds)}")
        else:
            kinds = []
    elif absent:
        asked = []
        reasons.append(f"the question is about {' and '.join(absent)}")
    years = restrict_by_date(text, asked, council_named=bool(councils))
    heed_years = bool(years.reason) and Part("years", years.period).key not in without
    if heed_years:
        asked = [info for info in asked if info.report in years.kept]
        reasons.append(years.reason)
    return Asked(
        reports=frozenset(i.report for i in asked),
        councils=tuple(councils),
        absent=tuple(absent),
        named=tuple(named),
        kinds=tuple(kinds),
        years=years,
        restricted=heed_years,
        why=" and ".join(reasons),
    )


def _names_by_place(reports: Sequence[ReportInfo]) -> dict[str, str]:
    """Each place on the shelf with the name that most of its reports give their council."""
    names = Counter(info.council for info in reports if info.council is not None)
    return {place_of(name): name for name, _ in reversed(names.most_common())}
