"""The shelf as it is shown: what is on it, what became of files, how much room it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.page.reader import source_link
from rag.records import Added, ReportInfo
from rag.rendering import Markup, render

MOST_ROWS = 500
"""Reports that are shown; the filter finds the others."""
OUTCOMES = {
    "added": "✓ added",
    "replaced": "✓ replaced",
    "unchanged": "= there already",
    "skipped": "– left out",
    "failed": "✗ failed",
}


def welcome(shelf: Sequence[ReportInfo], title: str, *, log_out: bool = False) -> Markup:
    """The head of the page: how many reports, and how many of them are briefs."""
    briefs = sum(info.form == "brief" for info in shelf)
    return render("welcome.html", title=title, reports=len(shelf), briefs=briefs, log_out=log_out)


def shelf_table(
    shelf: Sequence[ReportInfo], containing: str = "", storage: tuple[int, int] | None = None
) -> Markup:
    """Every report whose details hold all words of the filter, each with its details.

    Of more than ``MOST_ROWS`` the first are shown, and how many fit is told.
    """
    wanted = containing.casefold().split()
    shown = [info for info in shelf if all(word in _said(info) for word in wanted)]
    rows = [(info, source_link(info, "", None)) for info in shown[:MOST_ROWS]]
    room = None if storage is None else [f"{size / 2**20:,.1f} MiB" for size in storage]
    return render(
        "shelf.html", rows=rows, fit=len(shown), of=len(shelf), filtered=bool(wanted), room=room
    )


def _said(info: ReportInfo) -> str:
    told = (info.report, info.council, info.date, info.title, info.kind, info.publisher)
    return " ".join(part for part in (*told, info.judgement, info.form) if part).casefold()


def outcomes_table(outcomes: Sequence[Added], of: int) -> Markup:
    """What became of each file so far, failures first, with the reason."""
    order = sorted(outcomes, key=lambda outcome: outcome.outcome != "failed")
    rows = [(Path(o.path).name, OUTCOMES[o.outcome], o) for o in order]
    failed = sum(outcome.outcome == "failed" for outcome in outcomes)
    return render("outcomes.html", rows=rows, done=len(outcomes), of=of, failed=failed)


def told(text: str) -> Markup:
    """One sentence that a screen reader says at once."""
    return render("told.html", text=text)
