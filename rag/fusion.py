"""Two rankings of passages joined, overall and within each report.

Reciprocal rank fusion (G. Cormack, C. Clarke and S. Büttcher, SIGIR 2009): a passage's score is
the sum of 1 / (k + rank) over the rankings it appears in. Fusing again within each report asks
every report, not only those that win overall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Vectors
from rag.engine import Ranking


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that either search found, in no order; arrays of one length."""

    ids: NDArray[np.int64]
    reports: NDArray[np.int32]
    """As places in ``Searcher.reports``."""
    cosines: NDArray[np.float64]
    """NaN where only the keyword search found it."""
    overall: NDArray[np.float64]
    """Reciprocal rank fusion of both rankings."""
    order: NDArray[np.intp]
    """Places in the arrays above, best first overall; ties in the order of the reports' ids."""
    within: NDArray[np.intp]
    """The same, report after report: by reciprocal rank fusion within each."""
    query: Vectors
    """What was embedded, shape (dimension,)."""

    @classmethod
    def of(cls, keyword: Ranking, nearest: Ranking, query: Vectors, k: int) -> Found:
        """Both rankings joined, overall and within each report."""
        ids, places = np.unique(np.concatenate([keyword.ids, nearest.ids]), return_inverse=True)
        mine = (places[: len(keyword)], places[len(keyword) :])
        reports = np.zeros(len(ids), dtype=np.int32)
        overall, within = np.zeros(len(ids)), np.zeros(len(ids))
        cosines = np.full(len(ids), np.nan)
        for ranking, at in zip((keyword, nearest), mine, strict=True):
            reports[at] = ranking.reports
            overall[at] += 1 / (k + 1 + np.arange(len(ranking)))
            within[at] += 1 / (k + 1 + _ranks_within(ranking.reports))
        cosines[mine[1]] = nearest.scores
        return cls(
            ids,
            reports,
            cosines,
            overall,
            np.lexsort((ids, reports, -overall)),
            np.lexsort((ids, -within, reports)),
            query,
        )

    def best_of_each(self, most: int, reports: int | None = None) -> dict[int, NDArray[np.intp]]:
        """The first passages within each report, as places; the report of the best comes first.

        With ``reports``, of no more than so many that come first.
        """
        ordered = self.reports[self.within]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        ends = np.append(starts[1:], len(ordered))
        _, first = np.unique(self.reports[self.order], return_index=True)
        wanted = self.reports[self.order[np.sort(first)]][:reports]
        at = np.searchsorted(ordered[starts], wanted)
        stops = np.minimum(ends[at], starts[at] + most)
        groups = zip(wanted.tolist(), starts[at].tolist(), stops.tolist(), strict=True)
        return {report: self.within[start:stop] for report, start, stop in groups}


def _ranks_within(reports: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many passages of the same report stand before each one of a ranking."""
    order = np.argsort(reports, kind="stable")
    ordered = reports[order]
    firsts = np.flatnonzero(np.diff(ordered, prepend=-1))
    sizes = np.diff(firsts, append=len(ordered))
    ranks = np.empty(len(reports), dtype=np.int64)
    ranks[order] = np.arange(len(ordered)) - np.repeat(firsts, sizes)
    return ranks
