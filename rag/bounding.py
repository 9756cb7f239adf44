"""What a report could be worth at most, from the terms it holds anywhere and its nearest passage.

On a shelf of thousands not every report can be looked at closely. This is the probability of a
passage that says everything in one place that its report says in any: no passage of it can reach
more, by words and meaning. A report below the line is decided without being read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rag.concepts import OTHER_WAY, SCATTERED, Concept
from rag.decision import UNREAD
from rag.engine import Searcher
from rag.fusion import Found
from rag.question import Question

Reports = NDArray[np.float64]
"""A number for each report, shape (reports,), as in ``Searcher.reports``."""


def bounds(searcher: Searcher, question: Question, nearest: Reports) -> tuple[Reports, Reports]:
    """The most that the best passage of each report can reach, 0 to 1; and the share of the
    question's concepts, by weight, that each report holds. ``nearest`` is of ``nearest_of_each``.
    """
    strengths = [_strength(searcher, concept) for concept in question.concepts]
    empty = np.zeros(len(searcher.reports))
    met = sum((c.weight * s for c, s in zip(question.concepts, strengths, strict=True)), empty)
    covered = met / question.weight if question.weight else empty
    held = sum(((strength > 0).astype(int) for strength in strengths), empty)
    values: dict[str, Reports | float] = {
        "cosine": nearest,
        "coverage": covered,
        "adjacent": ((held >= min(2, len(strengths))) & (held > 0)).astype(float),
        "met": met,
        "fits": 1.0,
        "concepts": float(len(strengths)),
        "together": covered,
        "wants": float(question.understood.wants is not None),
    }
    odds = UNREAD["bias"] + sum((UNREAD[name] * value for name, value in values.items()), empty)
    return 1 / (1 + np.exp(-odds)), covered


def nearest_of_each(searcher: Searcher, found: Found) -> Reports:
    """The highest cosine of a passage of each report; where none was found, the lowest found."""
    known = ~np.isnan(found.cosines)
    least = float(found.cosines[known].min()) if known.any() else 0.0
    nearest = np.full(len(searcher.reports), least)
    np.maximum.at(nearest, found.reports[known], found.cosines[known])
    return nearest


def _strength(searcher: Searcher, concept: Concept) -> Reports:
    """How fully each report can express a concept at most."""
    strength = np.zeros(len(searcher.reports))
    for ways, partly, fully in (
        (concept.alternatives, SCATTERED, 1.0),
        (concept.others, 0.0, OTHER_WAY),
    ):
        for way in ways:
            holding = [searcher.holding([stem]) for stem in way]
            np.maximum(strength, partly * np.logical_or.reduce(holding), out=strength)
            np.maximum(strength, fully * np.logical_and.reduce(holding), out=strength)
    return strength
