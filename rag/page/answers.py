"""An answer as it stands in the conversation: every quote with a numbered mark that opens it.

What a language model wrote is a message of its own above it, so that the quotes stay as they are,
with whatever is focused or read in them, while sentences are added. All of it is text: nothing
that a model writes becomes markup, and the only links are those to the quotes.

A message stays short enough to be read and sent: of very many quotes, and of very many reports
without one, it shows the first and counts the others, which the comparison shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rag.model import Model
from rag.page.compare import counted
from rag.page.links import read_link
from rag.places import report_name
from rag.records import Answer, Citation, Coverage, Sentence, Understood, Written
from rag.rendering import Markup, render
from rag.wording import (
    MOST_LISTED,
    OWN_WORDS,
    by_reason,
    left_out,
    listed,
    listed_rows,
    names_of,
    withheld,
    without_quotes,
    written_by_report,
)

_PIECES = 4
"""In so many pieces at most an answer is streamed."""
_QUOTES_PER_PIECE = 3
_MOST_QUOTES = 500
"""Quotes of a message; the reports behind them are counted."""
_MOST_REASONS = 20
_MOST_NAMED = 12
"""Reports named for each reason, where there are more than have a line each."""


def searching(understood: Understood, asked: str, reports: int) -> Markup:
    """The first words: what is looked for, while it is looked for."""
    return render("searching.html", looked_for=looked_for(understood), asked=asked, reports=reports)


Fold = Literal["", "open", "closed"]
"""Whether the quotes can be folded away, and are: they can where a written text stands above."""


def pieces(found: Answer, asked: str, fold: Fold = "") -> list[Markup]:
    """The answer as it grows, each piece holding the ones before it; the last is the whole."""
    groups = _groups(found)
    step = max(_QUOTES_PER_PIECE, -(-len(groups) // _PIECES))
    cuts = [*range(step, len(groups), step), len(groups)]
    return [_message(found, asked, groups[:cut], fold, whole=cut == len(groups)) for cut in cuts]


def whole(found: Answer, asked: str, fold: Fold = "") -> Markup:
    """The answer as it stays."""
    return _message(found, asked, _groups(found), fold, whole=True)


Group = tuple[str, list[tuple[Citation, str]]]


def _groups(found: Answer) -> list[Group]:
    """Name of each report that speaks, with its citations and their addresses."""
    groups, quotes = list[Group](), 0
    for report, several in groupby(found.citations, key=lambda c: c.report):
        cited = list(several)
        quotes += len(cited)
        if groups and quotes > _MOST_QUOTES:
            break
        name = report_name(cited[0].council, cited[0].date, report)
        groups.append((name, [(c, read_link(c)) for c in cited]))
    return groups


def _message(found: Answer, asked: str, groups: list[Group], fold: Fold, *, whole: bool) -> Markup:
    return render(
        "answer.html",
        found=found,
        asked=asked,
        groups=groups,
        behind=_behind(found, groups) if whole else "",
        closest=[(c, read_link(c)) for c in found.closest],
        unquoted=[(name, _told(rows)) for name, rows in without_quotes(found.coverage)]
        if whole
        else [],
        fold=fold if groups else "",
        own_words=OWN_WORDS,
        whole=whole,
    )


def _behind(found: Answer, groups: list[Group]) -> str:
    """How much is quoted besides what is shown, and where it stands."""
    quotes = len(found.citations) - sum(len(cited) for _, cited in groups)
    reports = len({c.report for c in found.citations}) - len(groups)
    more = f"{counted(reports, 'more report speaks', 'more reports speak')}"
    where = "all of it stands under Compare, and in what you take away"
    return f"{more}, with {counted(quotes, 'quote')}: {where}." if quotes else ""


def _told(rows: list[Coverage]) -> list[tuple[str, str]]:
    """Each report with its reason; of many, each reason with some of the reports that share it."""
    if len(rows) <= MOST_LISTED:
        return listed_rows(rows)
    groups = by_reason(rows)
    rest = [row for _, alike in groups[_MOST_REASONS:] for row in alike]
    shown = [*groups[:_MOST_REASONS], *([("other reasons", rest)] if rest else [])]
    return [(f"{why} ({counted(len(alike), 'report')})", _some(alike)) for why, alike in shown]


def _some(rows: list[Coverage]) -> str:
    names, more = "; ".join(names_of(rows[:_MOST_NAMED])), len(rows) - _MOST_NAMED
    return f"{names}; and {more:,} more, under Compare" if more > 0 else names


# --- what a language model wrote --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with the quotes that it rests on and their addresses."""

    sentence: Sentence
    cited: list[tuple[Citation, str]]


def written(found: Answer, asked: str, *, growing: bool = False, failed: bool = False) -> Markup:
    """The written text of an answer, or why there is none; ``failed`` shows what was left out.

    While it is ``growing`` screen readers are not told it anew with each sentence.
    """
    assert found.written is not None
    used = {n for said in found.written.sentences for n in said.citations}
    used.update(found.written.withheld)
    by_number = {c.n: (c, read_link(c)) for c in found.citations if c.n in used}
    groups = [
        (about, [_line(sentence, by_number) for sentence in sentences])
        for about, sentences in written_by_report(found)
        if failed or any(sentence.kept for sentence in sentences)
    ]
    return render(
        "written.html",
        written=found.written,
        asked=asked,
        groups=groups,
        growing=growing,
        failed=failed,
        left_out=left_out(found.written) if found.written.failed else "",
        withheld=[_withheld(*by_number[n]) for n in found.written.withheld if n in by_number],
    )


def nothing_written(note: str, asked: str) -> Markup:
    """Why there is no written text above an answer, in one sentence."""
    return render("unwritten.html", note=note, asked=asked, waiting=False)


def about_to_write(model: str, asked: str) -> Markup:
    """What stands above an answer until the first sentence about it is written."""
    return render("unwritten.html", note=f"{model} is writing this up…", asked=asked, waiting=True)


def is_good(text: Written | None) -> bool:
    """True when something was written that may stand for the quotes below it."""
    return text is not None and not text.note and bool(text.kept)


def where_it_goes(model: Model) -> str:
    """Where a question and its quotes are sent to be written up, and what is not sent."""
    if model.is_here:
        to = "a program on this machine"
    else:
        way = "encrypted" if model.address.lower().startswith("https:") else "not encrypted"
        to = f"{model.where} (another machine, {way})"
    return (
        f"Your questions and the quotes found are sent to {to}. The reports themselves are not"
        " sent. Every sentence is checked against the quotes; what fails is left out."
    )


def _withheld(citation: Citation, link: str) -> tuple[str, int, str, str]:
    """What stands before a number, the number and its address, and what stands after it."""
    before, _, after = withheld(citation.n).partition(f"[{citation.n}]")
    return before, citation.n, link, f"{after}."


def _line(sentence: Sentence, by_number: dict[int, tuple[Citation, str]]) -> Line:
    return Line(sentence, [by_number[n] for n in sentence.citations if n in by_number])


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
