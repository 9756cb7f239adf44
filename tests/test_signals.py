"""Signals: what is known of each passage that a report offers for a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

import pytest
from conftest import WordEncoder

from rag.index import Index
from rag.question import FEW, Question, Shelf, understand
from rag.records import ReportInfo
from rag.retrieval import Candidate, candidates_each, retrieve
from rag.settings import SearchSettings
from rag.signals import Signals, is_own_paper

REPORTS = {
    "ambridge": (
        "council: Ambridge Council\npublisher: Local Government Association\ndate: 2022",
        "## Strengths\n\nDirect payments for carers are a strong point.\n\n"
        "## Recommendations\n\nCarers wait, and payments made direct should rise.\n\n"
        "## Other\n\nThe depot repairs potholes.\n",
    ),
    "borchester": (
        "council: Borchester Council\npublisher: Borchester City Council\ndate: 2023",
        "## Our year\n\nCarers are proud of a good service.\n\nThe tram is late.\n\n"
        "Thank you to all who helped.\n",
    ),
    "felpersham": (
        "council: Felpersham Council\npublisher: Local Government Association\ndate: 2024",
        "## Findings\n\nThe tram is early.\n\n## Thanks\n\nThank you to all who helped.\n",
    ),
}
SETTINGS = SearchSettings()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Three small reports, one of them a council's own. Read only."""
    folder = tmp_path_factory.mktemp("signals")
    for name, (front, text) in REPORTS.items():
        (folder / f"{name}.md").write_text(f"---\n{front}\n---\n\n{text}", encoding="utf-8")
    found = Index(tmp_path_factory.mktemp("index"), create=True, encoder=WordEncoder())
    assert {added.outcome for added in found.add([folder])} == {"added"}
    yield found
    found.close()


def offered(index: Index, question: str) -> Mapping[str, tuple[Candidate, ...]]:
    return retrieve(index, question, SETTINGS).candidates


def signals(index: Index, question: str, words: str) -> Signals:
    """The signals of the one passage that has these words."""
    (found,) = (
        c.signals for cs in offered(index, question).values() for c in cs if words in c.passage.text
    )
    return found


@pytest.mark.parametrize(
    "question",
    ["carers", "who praised direct payments for carers", "how many trams are late", "xylophones"],
)
def test_shares_are_between_0_and_1_and_flags_are_0_or_1(index: Index, question: str) -> None:
    for candidates in offered(index, question).values():
        for found in (candidate.signals for candidate in candidates):
            for share in (found.coverage, found.adjacent, found.together):
                assert 0 <= share <= 1 + 1e-9
            assert {found.fits, found.wants, found.own} <= {0.0, 1.0}
            assert found.met >= 0
            assert -1.001 <= found.cosine <= 1.001


def test_every_report_that_is_asked_offers_passages_and_no_other_report_does(index: Index) -> None:
    assert set(offered(index, "carers")) == {"ambridge-2022", "borchester-2023", "felpersham-2024"}
    assert set(offered(index, "carers since 2023")) == {"borchester-2023", "felpersham-2024"}
    for report, candidates in offered(index, "carers").items():
        assert candidates
        assert {c.passage.report for c in candidates} == {report}


def test_a_passage_that_says_all_is_covered_and_one_that_says_nothing_is_not(index: Index) -> None:
    asked = "trams that are late"
    assert signals(index, asked, "tram is late").coverage == pytest.approx(1)
    assert 0 < signals(index, asked, "tram is early").coverage < 1
    nothing = signals(index, asked, "potholes")
    assert (nothing.coverage, nothing.met, nothing.adjacent) == (0, 0, 0)


def test_rare_words_in_common_count_for_more(index: Index) -> None:
    # "carer" stands in three passages, "pothol" in one.
    rare = signals(index, "potholes", "potholes").met
    assert rare > signals(index, "carers", "proud").met > 0


def test_what_all_passages_of_a_report_say_together_is_no_less_than_what_one_says(
    index: Index,
) -> None:
    candidates = offered(index, "potholes for carers")["ambridge-2022"]
    (together,) = {candidate.signals.together for candidate in candidates}
    assert together == pytest.approx(1)
    assert max(candidate.signals.coverage for candidate in candidates) < 1


def test_neighbours_of_the_question_may_be_neighbours_in_the_passage(index: Index) -> None:
    near = signals(index, "the depot repairs trams", "depot repairs")
    assert near.adjacent > signals(index, "the depot repairs trams", "tram is late").adjacent == 0
    assert signals(index, "potholes", "potholes").adjacent == 1  # nothing beside it is asked


def test_a_passage_fits_the_stance_that_is_asked_for(index: Index) -> None:
    strong, advice = "strong point", "should rise"
    assert signals(index, "who was praised on carers", strong).fits == 1
    assert signals(index, "who was praised on carers", advice).fits == 0
    assert signals(index, "recommendations on carers", strong).fits == 0
    assert signals(index, "recommendations on carers", advice).fits == 1
    assert signals(index, "carers", strong).fits == signals(index, "carers", advice).fits == 1


def test_the_question_is_known_to_want_a_kind_of_answer(index: Index) -> None:
    assert signals(index, "how many carers wait", "Carers wait").wants == 1
    assert signals(index, "do carers wait", "Carers wait").wants == 0


def test_a_councils_own_paper_counts_as_own_where_outsiders_are_asked_for(index: Index) -> None:
    assert signals(index, "who was praised on carers", "proud").own == 1
    assert signals(index, "who was praised on carers", "strong point").own == 0
    assert signals(index, "carers", "proud").own == 0


def test_the_same_words_in_two_reports_are_a_formula(index: Index) -> None:
    found = [c for cs in offered(index, "carers").values() for c in cs]
    formula = {c.passage.report for c in found if c.signals.common}
    assert formula == {"borchester-2023", "felpersham-2024"}
    assert {c.passage.text for c in found if c.signals.common} == {"Thank you to all who helped."}


INFO = ReportInfo("r", None, "Ambridge Council", "2022", None, None, None, "full", 1, 10)


@pytest.mark.parametrize(
    ("council", "publisher", "own"),
    [
        ("Ambridge Council", "Ambridge Council", True),
        ("Ambridge Council", "Ambridge City Council", True),
        ("Ambridge Council", "Borchester Council", False),
        ("Ambridge Council", "Local Government Association", False),
        ("Ambridge Council", None, False),
        (None, "Ambridge Council", False),
        (None, None, False),
    ],
)
def test_a_paper_is_a_councils_own_when_it_publishes_it(
    council: str | None, publisher: str | None, own: bool
) -> None:
    assert is_own_paper(replace(INFO, council=council, publisher=publisher)) == own


def to(reports: int, text: str) -> Question:
    """A question to so many reports of one council."""
    shelf = [replace(INFO, report=str(n)) for n in range(reports)]
    return understand(text, Shelf(shelf, (), lambda stem: 1, list))


@pytest.mark.parametrize(
    ("reports", "text", "narrow"),
    [
        (1, "carers in Ambridge", True),
        (FEW, "carers in Ambridge", True),
        (FEW + 1, "carers in Ambridge", False),
        (FEW + 1, "carers in Ambridge and Leeds", False),
        (1, "carers", False),
        (1, "carers since 2020", False),
        (1, "carers in Leeds", False),
    ],
)
def test_a_question_is_narrow_when_its_councils_leave_few_reports(
    reports: int, text: str, narrow: bool
) -> None:
    assert to(reports, text).narrow == narrow


@pytest.mark.parametrize("reports", [1, 2, 3, 10, 100, 10_000])
def test_no_report_is_left_out_however_many_are_asked(reports: int) -> None:
    wide = candidates_each(to(reports, "carers"), SETTINGS)
    assert 2 <= wide <= SETTINGS.candidates_per_report
    assert wide == 2 or wide * reports <= SETTINGS.candidates
    named = candidates_each(to(reports, "carers in Ambridge"), SETTINGS)
    assert named == (SETTINGS.candidates_when_few // reports if reports <= FEW else wide)


def test_the_same_question_gives_the_same_signals(index: Index) -> None:
    first, second = (
        [asdict(c.signals) for cs in offered(index, "carers").values() for c in cs] for _ in "ab"
    )
    assert first == second
