"""The second shelf: its questions are sound, its patterns stand in the reports, its sums add up."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from evals import ofsted
from evals.ofsted import FOLDER, Asked, Outcome, holds, load, measures, outcome, render
from rag.assistant import Assistant
from rag.reading import read_file
from rag.records import Answer, Citation, Coverage, Status

QUESTIONS = load()


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The text of every report, as the product reads it, by the id that the product gives."""
    if not FOLDER.is_dir():
        pytest.skip("the inspection reports (../shared/ofsted) are not on this machine")
    reports = [read_file(path) for path in sorted(FOLDER.glob("*.pdf"))]
    return {report.id: report.text for report in reports}


# --- the questions --------------------------------------------------------------------------


def test_there_are_forty_questions_of_four_kinds() -> None:
    counts = Counter(q.kind for q in QUESTIONS)
    assert counts == {"first page": 14, "across": 10, "detail": 10, "unanswerable": 6}
    assert len({q.id for q in QUESTIONS}) == len({q.question for q in QUESTIONS}) == 40


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q.id)
def test_a_question_is_well_formed(asked: Asked) -> None:
    assert list(asked.reports) == sorted(asked.patterns)
    fewest, most = {"unanswerable": (0, 0), "across": (2, 12)}.get(asked.kind, (1, 1))
    assert fewest <= len(asked.reports) <= most
    for pattern in asked.patterns.values():
        re.compile(pattern)
        assert all(len(part.split()) <= 6 for part in pattern.split("|"))


@pytest.mark.parametrize("asked", [q for q in QUESTIONS if q.reports], ids=lambda q: q.id)
def test_every_pattern_stands_in_its_report(asked: Asked, texts: dict[str, str]) -> None:
    for report, pattern in asked.patterns.items():
        found = re.search(pattern, ofsted.plain(texts[report]), re.IGNORECASE)
        assert found is not None, report
        assert len(found.group().split()) <= 6


def test_every_pdf_becomes_a_report_under_its_own_name(texts: dict[str, str]) -> None:
    assert set(texts) == {path.stem for path in FOLDER.glob("*.pdf")}
    assert min(map(len, texts.values())) > 10_000


# --- the shelf ------------------------------------------------------------------------------


def test_patterns_do_not_mind_bullets_colons_line_breaks_and_capitals() -> None:
    assert holds("The overall\n• effectiveness\nGood", "overall effectiveness good")
    assert holds("Children’s Services", "children's services")
    assert holds("Overall effectiveness: good", "overall effectiveness good")
    assert not holds("Overall effectiveness is good", "overall effectiveness good")


def test_whose_when_and_how_judged_is_answered_with_the_page(tmp_path: Path) -> None:
    pdfs = sorted(FOLDER.glob("bolton-*.pdf"))
    if not pdfs:
        pytest.skip("the inspection reports (../shared/ofsted) are not on this machine")
    with Assistant.open(tmp_path / "index", create=True) as shelf:
        shelf.add(pdfs)
        judged = {i.report: (i.council, i.date, i.judgement) for i in shelf.reports()}
        answer = shelf.ask("what was Bolton's overall effectiveness judged in 2023?")
    assert judged == {
        "bolton-12-june-2018": ("Bolton Council", "2018-06-12", "Good"),
        "bolton-21-march-2014": ("Bolton Council", "2014-03-21", "Requires improvement"),
        "bolton-27-october-2023": ("Bolton Council", "2023-10-27", "Good"),
    }
    places = {
        (c.report, c.page) for c in answer.citations if holds(c.passage, "effectiveness good")
    }
    assert places == {("bolton-27-october-2023", 1)}


# --- the measures ---------------------------------------------------------------------------


def answer(quotes: dict[str, tuple[str, str]], silent: tuple[str, ...]) -> Answer:
    """An answer with one quote and its passage from each report that speaks."""
    citations = [
        Citation(
            *(n, report, None, None, None, "full", None, (), None, 1, None),
            *(quote, passage, 0, len(quote), 1.0, ""),
        )
        for n, (report, (quote, passage)) in enumerate(quotes.items(), start=1)
    ]
    speaks: list[tuple[str, Status]] = [(report, "evidence") for report in quotes]
    rows = [*speaks, *((report, "no mention") for report in silent)]
    coverage = tuple(Coverage(r, None, None, None, status, "") for r, status in rows)
    return Answer(None, "?", not quotes, "", "", tuple(citations), coverage, 0.5)


def test_an_answer_is_held_against_quote_and_passage() -> None:
    asked = Asked("x", "across", "?", ("a", "b", "c"), {"a": "fish", "b": "fish", "c": "fish"})
    quotes = {"a": ("Fish.", "Fish."), "b": ("It.", "Fish. It."), "d": ("Fish.", "Fish.")}
    got = outcome(asked, answer(quotes, silent=("c", "e", "f")))
    assert sorted(got.quoted) == ["a"]
    assert sorted(got.shown) == ["a", "b"]
    assert sorted(got.speaking) == ["a", "b", "d"]
    assert sorted(got.missed) == ["c"]
    assert (got.silent, got.wrong) == (3, True)


def made(
    kind: str, reports: str, *, speaking: str, shown: str, quoted: str = "", paged: str = ""
) -> Outcome:
    asked = Asked("x", kind, "?", tuple(reports), dict.fromkeys(reports, "x"))
    sets = (frozenset(speaking), frozenset(quoted), frozenset(shown), frozenset(paged))
    return Outcome(asked, not speaking, *sets, silent=10 - len(reports), seconds=1.0)


def test_the_sums() -> None:
    found = measures(
        [
            made("first page", "a", speaking="a", shown="a", quoted="a", paged="a"),
            made("first page", "a", speaking="a", shown="a"),
            made("detail", "a", speaking="", shown=""),
            made("across", "abc", speaking="abde", shown="a"),
            made("across", "a", speaking="a", shown="a"),
            made("unanswerable", "", speaking="a", shown=""),
            made("unanswerable", "", speaking="", shown=""),
        ]
    )
    assert found["first page: answer in the quotes"] == 1 / 2
    assert found["first page: answer in the quoted passages"] == 1.0
    assert found["detail: answer in the quotes"] == 0.0
    assert found["across: evidence shown, of reports with evidence"] == 2 / 4
    assert found["across: said to speak, of reports with evidence"] == 3 / 4
    assert found["across: wrongly said to speak, of silent reports"] == 2 / (7 + 9)
    assert found["across: right, of reports said to speak"] == 3 / 5
    assert found["page right, of reports shown"] == 1 / 4
    assert found["unanswerable refused"] == 1 / 2
    assert found["answerable refused by mistake"] == 1 / 5
    assert found["seconds p50"] == 1.0


def test_misses_come_first() -> None:
    right = made("detail", "a", speaking="a", shown="a")
    wrong = made("detail", "a", speaking="a", shown="")
    rows = [ofsted._row(o) for o in sorted([right, wrong], key=lambda o: not o.wrong)]
    results = {
        "questions": 2,
        "shelf": "two",
        "systems": {"ours": {"all": measures([right, wrong])}},
        "rows": rows,
    }
    lines = render(results).splitlines()[-2:]
    assert [line.split()[0] for line in lines] == ["miss", "right"]


def test_without_the_reports_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ofsted, "FOLDER", tmp_path / "absent")
    monkeypatch.setattr(sys, "argv", ["ofsted", "--write"])
    ofsted.main()
    assert "are not on this machine" in capsys.readouterr().out
