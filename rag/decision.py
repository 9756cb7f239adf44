"""Signals to a probability: does this passage answer the question? Logistic regressions.

Fitted on the development half of the gold questions by ``python -m evals.calibrate``, which prints
these tables: before the cross-encoder has read a passage and after it, and both for when a council
is named that leaves at most two reports, where an answer is expected. Those two are scaled as in
J. Platt, "Probabilistic outputs for support vector machines", 1999.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields

from rag.signals import Signals

SIGNALS = tuple(f.name for f in fields(Signals))
Weights = Mapping[str, float]
"""Weight of each signal by name, ``logit`` for the cross-encoder's score, and ``bias``."""

UNREAD: Weights = {
    "bias": -5.5149,
    "cosine": 3.3990,
    "coverage": 2.5815,
    "adjacent": 0.8339,
    "met": 0.2778,
    "fits": 1.2393,
    "context": -2.1322,
    "common": -5.4830,
    "concepts": -0.5060,
    "together": 1.0386,
    "wants": 1.1389,
    "own": -4.4043,
}
READ: Weights = {
    "bias": -2.6999,
    "cosine": 0.1158,
    "coverage": 2.0492,
    "adjacent": 0.8665,
    "met": 0.2861,
    "fits": 1.3174,
    "context": -2.2679,
    "common": -5.6633,
    "concepts": -0.5326,
    "together": 0.8250,
    "wants": 0.6485,
    "own": -4.4188,
    "logit": 0.1755,
}
UNREAD_WHEN_FEW: Weights = {
    "bias": -4.6337,
    "cosine": 4.1454,
    "coverage": 4.1454,
    "adjacent": 1.0363,
}
READ_WHEN_FEW: Weights = {
    "bias": -0.5487,
    "cosine": 1.1178,
    "coverage": 1.1178,
    "logit": 0.2795,
}

REPORT: Weights = {"bias": 1.6464, "logit": 1.2416}
REPORT_WHEN_FEW: Weights = {"bias": 1.2837, "logit": 0.7269}


def of_report(best: float, *, few: bool) -> float:
    """Probability that a report has evidence, from that of its best passage.

    Several passages may speak, so it is higher; the order of reports stays the same.
    """
    weights = REPORT_WHEN_FEW if few else REPORT
    odds = math.log(max(best, 1e-6) / max(1 - best, 1e-6))
    return _logistic(weights["bias"] + weights["logit"] * odds)


def unread(signals: Signals, *, few: bool) -> float:
    """Probability that a passage answers, from words and meaning alone."""
    return probability(signals, UNREAD_WHEN_FEW if few else UNREAD)


def read(signals: Signals, logit: float, *, few: bool) -> float:
    """Probability that a passage answers, once the cross-encoder has read it."""
    return probability(signals, READ_WHEN_FEW if few else READ, logit)


def probability(signals: Signals, weights: Weights, logit: float = 0.0) -> float:
    """Probability that a passage with these signals answers: 0 to 1."""
    total = weights["bias"] + weights.get("logit", 0.0) * logit
    total += sum(weights.get(name, 0.0) * float(getattr(signals, name)) for name in SIGNALS)
    return _logistic(total)


def _logistic(odds: float) -> float:
    """The probability of logarithmic odds, kept where floats can hold it."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))
