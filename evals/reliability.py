"""Whether the probabilities can be believed: bins, two errors and a diagram. Owner of matplotlib.

An assistant that says 0.8 of many reports should be right about eight in ten of them. A pair is one
question and one report that was asked: the probability that the answer gives for the report, and
whether the gold file marks evidence in it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from evals.metrics import Outcome

BINS = 10
INK, LINE, ACCENT = "#010101", "#020202", "#030303"
"""Stand for colours of the page, which differ by day and by night, until the diagram is drawn."""
_COLOURS = {INK: "currentColor", LINE: "var(--line)", ACCENT: "var(--link)"}
_DRAWING: dict[Any, Any] = {
    "svg.hashsalt": "reliability",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}

Pair = tuple[float, bool]
"""The probability given, and whether there is evidence."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs whose probability lies from ``low`` to below ``high`` (the last: to 1)."""

    low: float
    high: float
    pairs: int
    probability: float
    """Mean of those given; 0 when there are no pairs, as is ``share``."""
    share: float
    """Of the pairs, those with evidence."""


def pairs_of(outcomes: Iterable[Outcome]) -> list[Pair]:
    """Every question with every report that it asks, by the gold file and as it was read.

    A report that was left out was given no probability. One with only related paragraphs (grade 1)
    is left out too: whether it speaks can be argued either way.
    """
    found: list[Pair] = []
    for o in outcomes:
        answers = {s.report for s in o.evidence if s.grade == 2}
        related = {s.report for s in o.evidence} - answers
        found += [
            (row.probability, row.report in answers)
            for row in (o.answer.coverage if o.answer else ())
            if row.status not in ("not asked", "not read") and row.report in o.asked - related
        ]
    return found


def bins_of(pairs: Sequence[Pair], bins: int = BINS) -> list[Bin]:
    """Pairs in bins of equal width; a probability on a border belongs to the bin above."""
    sorted_in: list[list[Pair]] = [[] for _ in range(bins)]
    for pair in pairs:
        sorted_in[min(int(pair[0] * bins), bins - 1)].append(pair)
    return [
        Bin(
            n / bins,
            (n + 1) / bins,
            len(found),
            mean(p for p, _ in found) if found else 0.0,
            mean(float(true) for _, true in found) if found else 0.0,
        )
        for n, found in enumerate(sorted_in)
    ]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance of probability and share, bins weighted by their pairs; 0 is best.

    M. P. Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", 2015. Not a number when there are no pairs.
    """
    total = sum(b.pairs for b in bins)
    if not total:
        return float("nan")
    return sum(b.pairs * abs(b.probability - b.share) for b in bins) / total


def brier_score(pairs: Sequence[Pair]) -> float:
    """Mean squared distance of probability and truth (1 or 0); 0 is best, always saying 0.5: 0.25.

    G. W. Brier, "Verification of forecasts expressed in terms of probability", 1950. Not a number
    when there are no pairs.
    """
    return mean((p - float(true)) ** 2 for p, true in pairs) if pairs else float("nan")


def diagram(bins: Sequence[Bin], name: str, title: str) -> str:
    """A reliability diagram as an ``<svg>`` element to stand in a page: same bins, same bytes.

    ``name`` starts the ids in it, so that several may stand in one page.
    """
    full = [b for b in bins if b.pairs]
    most = max((b.pairs for b in full), default=1)
    with mpl.rc_context(_DRAWING):
        figure = Figure(figsize=(4, 4), layout="tight")
        axes = figure.add_subplot()
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.set(xlabel="mean probability given", ylabel="share with evidence")
        axes.set_xticks([n / 5 for n in range(6)])
        axes.set_yticks([n / 5 for n in range(6)])
        axes.grid(color=LINE, linewidth=0.4)
        axes.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1)
        x, y = [b.probability for b in full], [b.share for b in full]
        axes.plot(x, y, color=ACCENT, linewidth=1.5)
        sizes = [20 + 180 * b.pairs / most for b in full]
        axes.scatter(x, y, sizes, color=ACCENT, zorder=3, clip_on=False)
        drawn = io.StringIO()
        FigureCanvasSVG(figure)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(drawn, format="svg", transparent=True, metadata=nothing)
    return _for_a_page(drawn.getvalue(), name, title)


def _for_a_page(svg: str, name: str, title: str) -> str:
    """Without the file's head, with ids of its own, the page's colours and a spoken title."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for stand_in, colour in _COLOURS.items():
        svg = svg.replace(stand_in, colour)
    return svg.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)
