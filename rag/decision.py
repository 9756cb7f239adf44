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
    "bias": -5.1638,
    "cosine": 2.6918,
    "coverage": 2.6160,
    "adjacent": 0.1232,
    "met": 0.3800,
    "fits": 1.3944,
    "context": -2.6254,
    "common": -5.5967,
    "concepts": -0.6239,
    "together": 1.0583,
    "wants": -1.2265,
    "own": -4.7565,
}
READ: Weights = {
    "bias": -2.9745,
    "cosine": 0.3096,
    "coverage": 2.2155,
    "adjacent": 0.1137,
    "met": 0.3591,
    "fits": 1.4195,
    "context": -2.6579,
    "common": -5.5033,
    "concepts": -0.6300,
    "together": 0.9042,
    "wants": -1.4260,
    "own": -4.6577,
    "logit": 0.1390,
}
UNREAD_WHEN_FEW: Weights = {
    "bias": -4.6154,
    "cosine": 4.1567,
    "coverage": 4.1567,
    "adjacent": 1.0392,
}
READ_WHEN_FEW: Weights = {
    "bias": -0.5648,
    "cosine": 1.1007,
    "coverage": 1.1007,
    "logit": 0.2752,
}


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
