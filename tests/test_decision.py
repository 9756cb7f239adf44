"""The decision: a probability that grows with the score of the cross-encoder."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.decision import (
    READ,
    READ_WHEN_FEW,
    SIGNALS,
    UNREAD,
    UNREAD_WHEN_FEW,
    Weights,
    probability,
    read,
    unread,
)
from rag.signals import Signals

TABLES = {
    "UNREAD": UNREAD,
    "READ": READ,
    "UNREAD_WHEN_FEW": UNREAD_WHEN_FEW,
    "READ_WHEN_FEW": READ_WHEN_FEW,
}
tables = pytest.mark.parametrize("weights", TABLES.values(), ids=TABLES)
afterwards = pytest.mark.parametrize("weights", [READ, READ_WHEN_FEW], ids=("READ", "FEW"))

NUMBER = st.floats(-100, 100)
signals = st.builds(Signals, **dict.fromkeys(SIGNALS, NUMBER))


@tables
def test_every_signal_that_is_weighed_exists(weights: Weights) -> None:
    assert set(weights) - {"bias", "logit"} <= {field.name for field in fields(Signals)}
    assert "bias" in weights


def test_only_what_was_read_is_weighed_by_the_cross_encoder() -> None:
    assert "logit" not in {*UNREAD, *UNREAD_WHEN_FEW}
    assert READ["logit"] > 0
    assert READ_WHEN_FEW["logit"] > 0


def test_every_signal_is_weighed_before_and_after_reading() -> None:
    assert set(SIGNALS) == set(UNREAD) - {"bias"} == set(READ) - {"bias", "logit"}


@tables
@given(signals, NUMBER)
def test_a_probability_is_between_0_and_1(weights: Weights, found: Signals, logit: float) -> None:
    assert 0 <= probability(found, weights, logit) <= 1


@afterwards
@given(signals, NUMBER, NUMBER)
def test_a_probability_never_falls_when_the_logit_grows(
    weights: Weights, found: Signals, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert probability(found, weights, low) <= probability(found, weights, high)


@afterwards
def test_a_higher_logit_makes_an_answer_likelier(weights: Weights) -> None:
    nothing = Signals(**dict.fromkeys(SIGNALS, 0.0))
    rising = [probability(nothing, weights, logit) for logit in (-10, -1, 0, 1, 10)]
    assert rising == sorted(set(rising))


@given(signals, NUMBER)
def test_the_tables_are_those_of_many_or_few_reports_before_or_after_reading(
    found: Signals, logit: float
) -> None:
    assert unread(found, few=False) == probability(found, UNREAD)
    assert unread(found, few=True) == probability(found, UNREAD_WHEN_FEW)
    assert read(found, logit, few=False) == probability(found, READ, logit)
    assert read(found, logit, few=True) == probability(found, READ_WHEN_FEW, logit)


@pytest.mark.parametrize("name", ["coverage", "together", "met", "fits"])
def test_what_speaks_for_a_passage_never_makes_it_less_likely(name: str) -> None:
    none = Signals(**dict.fromkeys(SIGNALS, 0.0))
    more = replace(none, **{name: 1.0})
    assert probability(more, UNREAD) >= probability(none, UNREAD)
    assert probability(more, READ) >= probability(none, READ)


def test_even_odds_without_signals_or_bias() -> None:
    none = Signals(**dict.fromkeys(SIGNALS, 0.0))
    assert probability(none, {"bias": 0.0}) == 1 / (1 + 1)
    assert probability(none, {"bias": 0.0, "logit": 1.0}, 1e9) == pytest.approx(1)
    assert probability(none, {"bias": 0.0, "logit": 1.0}, -1e9) == pytest.approx(0)
