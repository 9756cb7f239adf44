"""An answer as it stands in the conversation: every quote with a numbered mark that opens it."""

from __future__ import annotations

from itertools import groupby

from rag.page.links import read_link
from rag.places import report_name
from rag.records import Answer, Citation, Understood
from rag.rendering import Markup, render
from rag.wording import listed

_PIECES = 4
"""In so many pieces at most an answer is streamed."""
_QUOTES_PER_PIECE = 3


def searching(understood: Understood, asked: str, reports: int) -> Markup:
    """The first words: what is looked for, while it is looked for."""
    return render("searching.html", looked_for=looked_for(understood), asked=asked, reports=reports)


def pieces(found: Answer, asked: str) -> list[Markup]:
    """The answer as it grows, each piece holding the ones before it; the last is the whole."""
    groups = _groups(found)
    step = max(_QUOTES_PER_PIECE, -(-len(groups) // _PIECES))
    cuts = [*range(step, len(groups), step), len(groups)]
    return [_message(found, asked, groups[:cut], whole=cut == len(groups)) for cut in cuts]


Group = tuple[str, list[tuple[Citation, str]]]


def _groups(found: Answer) -> list[Group]:
    """Name of each report that speaks, with its citations and their addresses."""
    return [
        (report_name(first.council, first.date, report), [(c, read_link(c)) for c in cited])
        for report, several in groupby(found.citations, key=lambda c: c.report)
        for cited in [list(several)]
        for first in cited[:1]
    ]


def _message(found: Answer, asked: str, groups: list[Group], *, whole: bool) -> Markup:
    silent = [row for row in found.coverage if row.status == "no mention"]
    return render(
        "answer.html",
        found=found,
        asked=asked,
        groups=groups,
        closest=[(c, read_link(c)) for c in found.closest],
        silent=[(report_name(r.council, r.date, r.report), r.reason) for r in silent],
        whole=whole,
    )


def looked_for(understood: Understood) -> str:
    """The words looked for, with those that widened them."""
    widened = dict(understood.expansions)
    terms = [f"{t} ({widened[t]})" if t in widened else t for t in understood.terms]
    return listed(terms)


def choices(understood: Understood, without: tuple[str, ...]) -> list[tuple[str, str]]:
    """Label and key of every part of a question, those taken out included."""
    keys = dict.fromkeys([*(part.key for part in understood.parts), *without])
    return [(_label(key), key) for key in keys]


_KINDS: dict[str, str] = {
    "council": "Council",
    "years": "Reports",
    "kind of report": "Kind of report",
    "stance": "Only",
    "acronym": "Also",
    "spelling": "Read as",
    "answer": "Must give a",
}


def _label(key: str) -> str:
    kind, _, value = key.partition(": ")
    return f"{_KINDS.get(kind, kind)}: {value}"
