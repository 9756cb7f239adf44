"""The labelled claims and their measures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import WordEncoder

from evals.claims import (
    FAULTS,
    HALVES,
    Case,
    Claim,
    Fault,
    area,
    beside_others,
    cases_of,
    denied,
    drawn,
    load,
    measured,
    render,
    strange_figure,
)
from evals.gold import load_gold
from evals.run import RESULTS
from rag.index import Index
from rag.terms import words

LONGEST_COPY = 9
"""Words in a row that a claim may share with what it cites."""


def case(claim: str, quote: str, fault: Fault = "faithful") -> Case:
    made = Claim("", "dev", "", (), claim, fault, fault == "faithful")
    return Case(made, "", "", (quote,))


@pytest.fixture(scope="module")
def reports(reports_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The five full reports, without the embedding model, which resolving quotes does not need."""
    index = Index(tmp_path_factory.mktemp("claims"), create=True, encoder=WordEncoder())
    assert all(added.outcome == "added" for added in index.add([reports_folder]))
    yield index
    index.close()


def test_a_claim_is_supported_exactly_when_it_has_no_fault() -> None:
    claims = load()
    assert len(claims) > 300
    assert [c.id for c in claims if c.supported != (c.fault == "faithful")] == []
    assert len({c.id for c in claims}) == len(claims)


def test_a_claim_belongs_to_the_half_of_its_gold_question_and_to_evidence_of_one_report() -> None:
    gold = {question.id: question for question in load_gold()}
    for claim in load():
        question = gold[claim.question]
        assert claim.half == question.half
        assert len({question.evidence[n].report for n in claim.evidence}) == 1


def test_each_half_has_every_fault() -> None:
    for half in HALVES:
        assert {c.fault for c in load() if c.half == half} == set(FAULTS)


def test_every_claim_finds_what_it_cites_and_copies_no_long_run_of_it(reports: Index) -> None:
    for found in cases_of(load(), reports):
        said = [word.lower() for word in words(found.claim.claim)]
        runs = [" ".join(said[n : n + LONGEST_COPY + 1]) for n in range(len(said) - LONGEST_COPY)]
        quoted = " ".join(word.lower() for quote in found.quotes for word in words(quote))
        assert [run for run in runs if run in quoted] == [], found.claim.id


def test_a_claim_beside_other_quotes_is_not_supported_and_never_has_its_own(
    reports: Index,
) -> None:
    cases = cases_of(load(), reports)
    own = {(c.claim.id, c.quotes) for c in cases}
    made = beside_others(cases)
    assert made
    assert all(not c.claim.supported and (c.claim.id, c.quotes) not in own for c in made)


def test_a_lot_is_drawn_the_same_way_every_time() -> None:
    assert drawn("abcdef", 3) == drawn("fedcba", 3)
    assert len(drawn("abcdef", 3)) == 3
    assert drawn("abcdef", 6) != drawn("abcdef", 6, salt="other")


def test_a_denial_is_put_behind_the_first_verb_and_not_where_one_stands() -> None:
    assert list(denied(["Staff are well and were seen.", "Nobody is not seen."])) == [
        ("Staff are well and were seen.", "faithful"),
        ("Staff are not well and were seen.", "negated"),
        ("Nobody is not seen.", "faithful"),
    ]


def test_the_measures_count_what_is_kept() -> None:
    cases = [case("a", "q"), case("b", "q"), case("c", "q", "cause"), case("d", "q", "added")]
    found = measured(cases, [0.9, 0.3, 0.6, 0.1], threshold=0.5)
    assert found["accuracy"] == 2 / 4
    assert found["unsupported let through"] == 1 / 2
    assert found["faithful refused"] == 1 / 2
    assert found["area"] == 3 / 4
    assert found["by fault"]["cause"] == {"claims": 1, "kept": 1}
    assert found["by fault"]["added"] == {"claims": 1, "kept": 0}
    assert "negated" not in found["by fault"]


def test_the_area_is_a_half_when_nothing_is_told_apart() -> None:
    assert area([case("a", "q"), case("b", "q", "cause")], [0.4, 0.4]) == 0.5


def test_a_figure_is_strange_when_no_quote_has_it() -> None:
    assert strange_figure(case("It took 12 weeks.", "It took weeks."))
    assert not strange_figure(case("It took twelve weeks.", "It took 12 weeks."))


def test_the_written_results_meet_what_was_set_and_are_of_these_claims() -> None:
    results = json.loads((RESULTS / "claims.json").read_text("utf-8"))
    for half in HALVES:
        assert results["halves"][half]["claims"] == sum(c.half == half for c in load())
    development = results["with figures checked"]["dev"]
    assert development["unsupported let through"] <= 0.1
    assert development["faithful refused"] <= 0.4
    assert all(
        results["areas"][half]["support"] > max(v for k, v in ways.items() if k != "support")
        for half, ways in results["areas"].items()
    )
    rows = render(results).splitlines()
    assert all(
        line.count("|") == other.count("|") for line, other in pairwise(rows) if other and line
    )
