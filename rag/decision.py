"""Signals to a probability: does this passage answer the question? Logistic regressions.

Fitted on the development half of the gold questions by ``python -m evals.calibrate``, which prints
these tables: before the cross-encoder has read a passage and after it, and both for when at most
two reports are asked, where an answer is expected. Those two are scaled as in J. Platt,
"Probabilistic outputs for support vector machines", 1999.
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
    "bias": -5.7048,
    "cosine": 3.2427,
    "coverage": 2.6307,
    "adjacent": 0.8408,
    "met": 0.2712,
    "fits": 1.2761,
    "context": -2.1198,
    "common": -5.4523,
    "concepts": -0.4536,
    "together": 1.1165,
    "wants": 1.1579,
    "own": -4.7591,
}
READ: Weights = {
    "bias": -3.0404,
    "cosine": 0.1273,
    "coverage": 2.1560,
    "adjacent": 0.8283,
    "met": 0.2748,
    "fits": 1.3604,
    "context": -2.2421,
    "common": -5.5656,
    "concepts": -0.4792,
    "together": 0.9235,
    "wants": 0.7094,
    "own": -4.7084,
    "logit": 0.1667,
}
UNREAD_WHEN_FEW: Weights = {
    "bias": -4.6595,
    "cosine": 4.1606,
    "coverage": 4.1606,
    "adjacent": 1.0402,
}
READ_WHEN_FEW: Weights = {
    "bias": -0.5502,
    "cosine": 1.1229,
    "coverage": 1.1229,
    "logit": 0.2807,
}

REPORT: Weights = {"bias": 1.5217, "logit": 1.2231}
REPORT_WHEN_FEW: Weights = {"bias": 1.2776, "logit": 0.7254}


def of_report(best: float, *, few: bool) -> float:
    """Probability that a report has evidence, from that of its best passage.

    Several passages may speak, so it is higher; the order of reports stays the same.
    """
    weights = REPORT_WHEN_FEW if few else REPORT
    odds = math.log(max(best, 1e-6) / max(1 - best, 1e-6))
    return 1 / (1 + math.exp(-(weights["bias"] + weights["logit"] * odds)))


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
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))
