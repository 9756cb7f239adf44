"""Answers made by hand, without a shelf: what the table, the charts and their tests are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import get_args

import lxml.html
from hypothesis import strategies as st

from rag.places import report_name
from rag.records import Answer, Citation, Coverage, Sentence, Status, Written, WrittenBy

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}{% x %}\u202eabc\u200f"
REASONS: dict[Status, str] = {
    "evidence": "speaks of trams",
    "no mention": "nothing on trams",
    "not read": "may speak: mentions some of it; not read closely",
    "not asked": "left out: it asks for reports since 2020",
}


def citation(n: int, row: Coverage, quote: str, *also: str) -> Citation:
    name = report_name(row.council, row.date, row.report)
    return Citation(
        n=n, report=row.report, title=row.title, council=row.council, date=row.date, form="full",
        source=None, section=("Transport",), paragraph=str(n), ordinal=1, page=None, quote=quote,
        passage=quote, start=7, end=7 + len(quote), score=0.9,
        place=f"{name}, “Transport”, paragraph {n}", also=tuple(f"{name}, {p}" for p in also),
    )  # fmt: skip


def report(
    council: str | None, date: str | None, *quotes: str, status: Status | None = None, id: str = ""
) -> tuple[Coverage, tuple[str, ...]]:
    """A row of the shelf with what is quoted of it; with quotes it speaks, else it is silent."""
    status = status or ("evidence" if quotes else "no mention")
    name = id or f"{council}-{date}".lower().replace(" ", "-")
    return Coverage(name, "A review", council, date, status, REASONS[status]), quotes


def answer_of(
    *reports: tuple[Coverage, Sequence[str]], question: str = "what do they say of trams?"
) -> Answer:
    citations: list[Citation] = []
    coverage = []
    for row, quotes in reports:
        numbers = range(len(citations) + 1, len(citations) + 1 + len(quotes))
        citations += [citation(n, row, quote) for n, quote in zip(numbers, quotes, strict=True)]
        coverage.append(replace(row, citations=tuple(numbers)))
    return Answer("a", question, not citations, "", "", tuple(citations), tuple(coverage), 0.1)


def said(
    text: str,
    *citations: int,
    report: str | None = None,
    failed: str = "",
    by: WrittenBy = "model",
) -> Sentence:
    """A sentence as it comes out of the checks; ``failed`` says why it failed."""
    return Sentence(text, citations, report, not failed, failed, by)


def written_up(
    answer: Answer, *sentences: Sentence, note: str = "", withheld: tuple[int, ...] = ()
) -> Answer:
    """An answer with what the model "scribe" wrote of it."""
    written = Written("scribe", "http://127.0.0.1:9/v1", sentences, note, withheld, 1.5)
    return replace(answer, written=written)


def parsed(html: str) -> lxml.html.HtmlElement:
    return lxml.html.fragment_fromstring(html, create_parent="div")


def find(tree: lxml.html.HtmlElement, path: str) -> list[lxml.html.HtmlElement]:
    """Elements by tag and class, one within the other: ``tr.report th``."""
    steps = (step.partition(".") for step in path.split())
    xpath = "".join(
        f"//{tag or '*'}" + (f"[contains(concat(' ', @class, ' '), ' {name} ')]" if name else "")
        for tag, _, name in steps
    )
    found: list[lxml.html.HtmlElement] = tree.xpath(f".{xpath}")
    return found


def text_of(element: lxml.html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def texts(elements: Iterable[lxml.html.HtmlElement]) -> list[str]:
    return [text_of(element) for element in elements]


def assert_only_text(html: str, said: str) -> None:
    """Nothing in what a report or a question says became markup, and all of it is there."""
    tree = parsed(html)
    assert said in tree.text_content()
    assert tree.xpath(".//script | .//img | .//style | .//iframe") == []
    names = {name for element in tree.iter() for name in element.attrib}
    assert [name for name in names if name == "style" or name == "id" or name[:2] == "on"] == []
    assert all(link.get("href").startswith("/read/") for link in tree.xpath(".//a"))


_COUNCILS = st.sampled_from(
    [None, "Kent Council", "Sutton Council", "London Borough of Sutton", "Leeds City Council"]
)
_DATES = st.one_of(
    st.none(),
    st.integers(1999, 2026).map(str),
    st.dates(min_value=date(1990, 1, 1)).map(date.isoformat),
    st.sampled_from(["2020-01", "2020-12", "2021-06"]),
)


@st.composite
def answers(draw: st.DrawFn, most: int = 25) -> Answer:
    """Shelves of any mixture of councils, dates and outcomes."""
    statuses: tuple[Status, ...] = get_args(Status)
    reports = []
    for n in range(draw(st.integers(0, most))):
        status = draw(st.sampled_from(statuses))
        quotes = draw(st.integers(1, 3)) if status == "evidence" else 0
        row, _ = report(draw(_COUNCILS), draw(_DATES), status=status, id=f"r{n}")
        reports.append((row, [f"Tram {n}-{k} is late." for k in range(quotes)]))
    return answer_of(*reports)
