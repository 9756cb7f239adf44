"""The page of results: sums by hand, misses first, every question once, nothing unescaped."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import ROOT

from evals import run as running
from evals.gold import GoldQuestion, Half, Pointer, Span, load_gold
from evals.metrics import ANSWER_MEASURES, Cited, Outcome
from evals.page import GOALS, KINDS, REFUSED, TEMPLATE, misses_of, reaches, render_page
from evals.reliability import (
    bins_of,
    brier_score,
    diagram,
    expected_calibration_error,
    pairs_of,
)
from rag.cli import main
from rag.errors import InputError
from rag.records import Answer, Citation, Coverage, Understood

SHELF = ("a", "b", "c", "d")
MARKUP = "<script>alert('1 & 2')</script>"
VOID = {"meta", "br", "link"}


def citation(report: str, start: int, quote: str = "They do.") -> Citation:
    return Citation(
        n=1,
        report=report,
        title=None,
        council=report.upper(),
        date="2022",
        form="full",
        source=None,
        section=("Care",),
        paragraph="7",
        ordinal=1,
        page=None,
        quote=quote,
        passage=quote,
        start=start,
        end=start + len(quote),
        score=0.5,
        place=f"{report.upper()}, 2022, “Care”, paragraph 7",
    )


def outcome(
    name: str,
    kind: str = "across",
    *,
    half: Half = "test",
    marked: dict[str, int] | None = None,
    cited: Iterable[Citation] = (),
    given: dict[str, float] | None = None,
    left_out: str = "",
    question: str = "who cares?",
    answer: tuple[str, ...] = (),
) -> Outcome:
    """Reports marked (with their grade) are marked from 0 to 100; ``given`` are probabilities."""
    pointers = tuple(Pointer(r, "7", (), 0, "care", g) for r, g in (marked or {}).items())
    spans = tuple(Span(p.report, 0, 100, 10, 20, p.grade) for p in pointers)
    quotes = tuple(cited)
    speaking = {c.report for c in quotes}
    coverage = tuple(
        Coverage(
            r,
            None,
            r.upper(),
            "2022",
            "not asked" if r in left_out else "evidence" if r in speaking else "no mention",
            "because",
            probability=(given or {}).get(r, 0.0),
        )
        for r in SHELF
    )
    return Outcome(
        GoldQuestion(name, half, kind, "topic", question, frozenset(), answer, pointers),
        spans,
        tuple(Cited(c.report, c.start, c.end, c.quote) for c in quotes),
        frozenset(speaking),
        frozenset(SHELF),
        not quotes,
        1.0,
        answer=Answer(
            name,
            question,
            not quotes,
            "because of this",
            "",
            quotes,
            coverage,
            1.0,
            Understood(terms=("cares",)),
        ),
    )


RIGHT = [
    outcome("r1", "across", marked={"a": 2}, cited=[citation("a", 0)], half="dev"),
    outcome("r2", "one report", marked={"a": 2}, cited=[citation("a", 0)]),
    outcome("r3", "unanswerable"),
]
WRONG = [
    outcome("w1", "figure", marked={"a": 2}, cited=[citation("a", 0)], answer=("12",), half="dev"),
    outcome("w2", "across", marked={"a": 2, "b": 2}, cited=[citation("a", 0)]),
    outcome("w3", "stance", marked={"a": 2}, cited=[citation("a", 0), citation("b", 0)]),
    outcome("w4", "unanswerable", cited=[citation("a", 0)]),
    outcome("w5", "one report", marked={"a": 2}),
    outcome("w6", "one report", marked={"a": 2}, cited=[citation("a", 500), citation("a", 9)]),
    outcome("w7", "one report", marked={"a": 1}, cited=[citation("a", 9)]),
]


def results(outcomes: list[Outcome]) -> dict[str, Any]:
    names = [*(name for name, _ in ANSWER_MEASURES), "nDCG@10", "seconds p50"]
    values = {half: dict.fromkeys(names, 0.9512) for half in ("dev", "test", "all")}
    return {
        "commit": "abc123",
        "questions": len(outcomes),
        "shelf": "four reports",
        "systems": {"ours": values, "plain stack": values},
    }


def page(outcomes: list[Outcome]) -> str:
    return render_page(results(outcomes), outcomes)


def test_a_pair_is_an_asked_report_whose_evidence_is_not_in_doubt() -> None:
    given = {"a": 0.9, "b": 0.4, "c": 0.1, "d": 0.7}
    # a answers, b is only related, c has nothing, d was left out by the reading of the question.
    one = outcome("q", marked={"a": 2, "b": 1}, given=given, left_out="d")
    assert pairs_of([one]) == [(0.9, True), (0.1, False)]
    of_two = replace(one, asked=frozenset("ab"))
    assert pairs_of([one, of_two]) == [(0.9, True), (0.1, False), (0.9, True)]
    both = replace(one, evidence=(*one.evidence, Span("b", 200, 300, 210, 220, 2)))
    assert (0.4, True) in pairs_of([both])


def test_bins_are_of_equal_width_and_hold_their_lower_border() -> None:
    pairs = [(0.0, False), (0.05, False), (0.1, True), (0.3, True), (0.95, True), (1.0, False)]
    bins = bins_of(pairs)
    assert [b.pairs for b in bins] == [2, 1, 0, 1, 0, 0, 0, 0, 0, 2]
    assert (bins[0].low, bins[0].high, bins[9].high) == (0.0, 0.1, 1.0)
    assert bins[0].probability == pytest.approx((0.0 + 0.05) / 2)
    assert bins[9].share == pytest.approx((1 + 0) / 2)
    assert sum(b.pairs for b in bins_of([(n / 10, True) for n in range(11)])[:9]) == 9


def test_calibration_error_is_the_distance_weighted_by_pairs() -> None:
    pairs = [(0.2, False), (0.2, True), (0.2, False), (0.9, True)]
    # Bin 0.2: three pairs, share 1/3; bin 0.9: one pair, share 1.
    wanted = 3 / 4 * abs(0.2 - 1 / 3) + 1 / 4 * abs(0.9 - 1)
    assert expected_calibration_error(bins_of(pairs)) == pytest.approx(wanted)
    assert expected_calibration_error(bins_of([(1.0, True), (0.0, False)])) == 0
    assert math.isnan(expected_calibration_error(bins_of([])))


def test_the_brier_score_is_the_mean_squared_distance() -> None:
    wanted = ((0.2 - 0) ** 2 + (0.7 - 1) ** 2 + (0.6 - 0) ** 2) / 3
    assert brier_score([(0.2, False), (0.7, True), (0.6, False)]) == pytest.approx(wanted)
    assert math.isnan(brier_score([]))


def test_the_diagram_is_the_same_in_every_process_and_its_ids_are_its_own() -> None:
    bins = bins_of([(0.2, False), (0.7, True)])
    here = diagram(bins, "dev", "By half")
    code = (
        "from evals.reliability import bins_of, diagram; import sys;"
        "sys.stdout.write(diagram(bins_of([(0.2, False), (0.7, True)]), 'dev', 'By half'))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert there.stdout == here
    assert here.startswith('<svg role="img" aria-label="By half"')
    assert "<text" in here  # words stay words
    assert not re.search("#0[123]0[123]0[123]", here)  # the stand-ins are gone
    ids = re.findall(r' id="([^"]+)"', here)
    assert len(ids) == len(set(ids))
    assert {i.split("-")[0] for i in ids} == {"dev"}
    referred = re.findall(r'(?:url\(#|href="#)([^")]+)', here)
    assert referred
    assert set(referred) <= set(ids)


@pytest.mark.parametrize("one", RIGHT, ids=lambda o: o.question.id)
def test_what_is_right_is_no_miss(one: Outcome) -> None:
    assert misses_of(one) == ()


@pytest.mark.parametrize(
    ("one", "reasons"),
    list(
        zip(
            WRONG,
            [
                ("the answer is not in the quotes",),
                ("the evidence of a report is missing",),
                ("a silent report is said to speak",),
                ("not refused, though the shelf does not answer it",),
                (REFUSED,),
                ("the first citation is wrong",),
                ("no right paragraph is cited",),
            ],
            strict=True,
        )
    ),
)
def test_a_miss_is_named(one: Outcome, reasons: tuple[str, ...]) -> None:
    assert misses_of(one) == reasons


def test_misses_stand_before_hits_and_every_question_once() -> None:
    shown = re.findall(r'<details id="question-(\w+)"', page([*RIGHT, *WRONG]))
    assert shown == ["w5", "w6", "w7", "w1", "w2", "w3", "w4", "r2", "r1", "r3"]
    assert {o.question.id for o in [*RIGHT, *WRONG]} == set(shown)


def test_every_kind_of_the_gold_questions_has_its_heading() -> None:
    assert {q.kind for q in load_gold()} == set(KINDS)


def test_a_question_is_shown_with_what_was_expected_and_what_was_said() -> None:
    text = page([outcome("q", marked={"a": 2, "b": 1, "c": 2}, cited=[citation("a", 9)])])
    assert "A, 2022, paragraph 7" in text
    assert "<code>care</code>" in text
    assert "✓ right</span>, score 0.50: A, 2022, “Care”, paragraph 7" in text
    said = re.findall(r'<th scope="row">(\w), 2022</th>(.*?)</tr>', text, flags=re.DOTALL)
    verdicts = {name: re.findall(r"✓ yes|✗ no|left open", cells) for name, cells in said}
    assert verdicts == {"A": ["✓ yes"], "B": ["left open"], "C": ["✗ no"], "D": ["✓ yes"]}


def test_markup_in_a_question_or_a_quote_is_shown_as_text() -> None:
    quote = citation("a", 0, MARKUP)
    one = outcome("q", "figure", cited=[quote], question=MARKUP, answer=(MARKUP,))
    assert one.answer is not None
    said = replace(
        one.answer,
        reason=MARKUP,
        closest=(replace(quote, place=MARKUP, also=(MARKUP,)),),
        understood=Understood(terms=(MARKUP,), expansions=((MARKUP, MARKUP),)),
    )
    text = page([replace(one, answer=said)])
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(") >= 8
    assert TEMPLATE.read_text("utf-8").count("safe") == 1  # the diagram only


def test_the_same_outcomes_give_the_same_page_however_long_they_took() -> None:
    slower = [replace(o, seconds=9.0) for o in [*RIGHT, *WRONG]]
    assert page([*RIGHT, *WRONG]) == page(slower)
    assert "seconds p50" not in page(slower)


def test_goals_are_of_measures_and_some_are_not_to_be_exceeded() -> None:
    assert GOALS.keys() <= dict(ANSWER_MEASURES).keys()
    assert reaches("first citation right", 0.92) is True
    assert reaches("first citation right", 0.91) is False
    assert reaches("answerable refused by mistake", 0.03) is True
    assert reaches("answerable refused by mistake", 0.04) is False
    assert reaches("nDCG@10", 1.0) is None


class _Outline(HTMLParser):
    """Tags that are left open, headings in order, cells of heads without a scope, ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.unscoped = 0
        self.ids: list[str] = []
        self.outside: list[str] = []
        self.drawn = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.unscoped += tag == "th" and "scope" not in found
        self.drawn += tag == "svg"
        self.ids += [value for name, value in attrs if name == "id" and value]
        links = (found.get(name) or "#" for name in ("href", "src", "xlink:href"))
        self.outside += [link for link in links if not link.startswith("#")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_in_order_and_loads_nothing() -> None:
    text = page([*RIGHT, *WRONG])
    outline = _Outline()
    outline.feed(text)
    assert outline.open == []
    assert outline.headings[0] == 1
    steps = zip(outline.headings, outline.headings[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps)
    assert (outline.unscoped, outline.outside, outline.drawn) == (0, [], 2)
    assert len(outline.ids) == len(set(outline.ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(outline.ids)
    assert '<html lang="en-GB">' in text
    assert '<a class="skip" href="#main">' in text
    assert "prefers-color-scheme: dark" in text


def test_colours_are_told_apart_by_day_and_by_night() -> None:
    css = TEMPLATE.read_text("utf-8")
    day, night = css.split("prefers-color-scheme: dark")
    for part in (day, night.split("}")[0]):
        colours = dict(re.findall(r"--(\w+): #(\w{6});", part))
        for name in ("ink", "soft", "link", "good", "bad"):
            for ground in ("back", "panel"):
                assert _contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        assert _contrast(colours["line"], colours["back"]) >= 3


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_an_outcome_without_its_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="w5"):
        page([replace(WRONG[4], answer=None)])


def test_a_run_without_a_page_needs_no_drawing() -> None:
    code = "import sys, evals.run; print({'matplotlib', 'evals.page'} & sys.modules.keys())"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"


def test_a_place_that_cannot_hold_the_page_is_named_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the questions were asked")

    monkeypatch.setattr(running, "built_index", fail)
    absent = CliRunner().invoke(main, ["eval", "--page", str(tmp_path / "absent" / "p.html")])
    assert absent.exit_code == 2
    assert "There is no folder" in absent.stderr
    folder = CliRunner().invoke(main, ["eval", "--page", str(tmp_path)])
    assert folder.exit_code == 2
    assert "is a folder" in folder.stderr


def test_a_run_writes_the_page_and_its_results_quote_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quote, sentence = citation("a", 0, "A telling sentence."), "A telling sentence."
    halves: tuple[Half, ...] = ("dev", "test")
    outcomes = [outcome(h, marked={"a": 2}, cited=[quote], half=h) for h in halves]
    found = {half: [Cited("a", 0, 19, sentence)] for half in halves}

    class Settings:
        def fingerprint(self) -> str:
            return "made up"

    class Shelf:
        settings = Settings()

    class Built:
        def __enter__(self) -> Shelf:
            return Shelf()

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

    monkeypatch.setattr(running, "built_index", lambda _: Built())
    both = {"ours": (outcomes, found), "plain stack": (outcomes, found)}
    monkeypatch.setattr(running, "ask_both", lambda *_: both)
    monkeypatch.setattr(running, "RESULTS", tmp_path)
    monkeypatch.setattr(running, "ROOT", tmp_path)
    monkeypatch.setattr(running, "write_table", lambda _: None)
    file = tmp_path / "page.html"
    results = running.run(tmp_path, write=True, page=file)
    assert sentence in file.read_text("utf-8")
    assert sentence not in (tmp_path / f"{results['commit']}.json").read_text("utf-8")
    assert str(file) in capsys.readouterr().out
    monkeypatch.setattr(Path, "write_text", _full)
    with pytest.raises(InputError, match="No space left"):
        running.run(tmp_path, write=False, page=file)


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
