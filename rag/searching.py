"""One generation of a shelf in a file, searched by words and by meaning; see ``rag.engine``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Vectors
from rag.engine import Ranking, Within
from rag.postings import terms_of
from rag.segments import Segment, word_counts
from rag.store import Held, Store

RESCORED = 50
"""Of what a search by lists finds, so many are compared again with the vectors as stored."""
_FEW = 500
"""Passages that are compared one by one when a filter leaves no more."""
_LEAST_IDF = 1e-6
"""Of a term that most passages hold, as in SQLite's full text."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment on the shelf as it is now."""

    segment: Segment
    ids: NDArray[np.int64]
    of: NDArray[np.int32]
    """Each of its reports, as its place in ``FileSearcher.reports``; -1 when it is gone."""
    counts: NDArray[np.int64]
    """Passages of each."""
    numbers: NDArray[np.int32]
    """The report of each position."""
    all_here: bool
    """True when none of its reports is gone."""

    def among(self, within: Within | None) -> NDArray[np.bool_] | None:
        """Which positions may be found; None for all of them."""
        if within is None:
            return None if self.all_here else self.numbers >= 0
        return np.repeat(np.append(within, False)[self.of], self.counts)


class FileSearcher:
    """See ``rag.engine.Searcher``."""

    def __init__(
        self,
        store: Store,
        held: Sequence[Held],
        segments: Sequence[Segment],
        generation: int,
        dimension: int,
    ) -> None:
        """``held`` is what ``Store.held`` gives, in the generation of ``segments``."""
        self._store = store
        self._dimension = dimension
        self.generation = generation
        now = set(held)
        self.reports = tuple(sorted(h.report for h in held))
        numbers = {report: number for number, report in enumerate(self.reports)}
        self.passages = sum(h.passages for h in held)
        self.segments = tuple(segments)
        self._parts = []
        for segment in segments:
            known = [numbers[h.report] if h in now else -1 for h in segment.held]
            of = np.array(known, dtype=np.int32)
            counts = np.array([h.passages for h in segment.held], dtype=np.int64)
            each, all_here = np.repeat(of, counts), min(known, default=0) >= 0
            self._parts.append(_Part(segment, segment.ids, of, counts, each, all_here))

    def __str__(self) -> str:
        return "; ".join(str(part.segment.vectors) for part in self._parts)

    @cached_property
    def _average(self) -> float:
        """Mean length of the passages, in terms."""
        total = 0
        for part in self._parts:
            lengths = part.segment.postings.lengths
            total += int((lengths if part.all_here else lengths[part.numbers >= 0]).sum(dtype=int))
        return total / max(1, self.passages)

    @cached_property
    def _norms(self) -> list[NDArray[np.float64]]:
        return [part.segment.postings.norms(self._average) for part in self._parts]

    def keyword(self, stems: Iterable[str], k: int, within: Within | None = None) -> Ranking:
        """See Searcher."""
        found = []
        idfs = {term: self._idf(term) for term in sorted(_terms(stems))}
        for part, norms in zip(self._parts, self._norms, strict=True):
            postings, among = part.segment.postings, part.among(within)
            scores = np.zeros(len(norms))
            for term, idf in idfs.items():
                if idf is not None:
                    postings.add_scores(scores, term, idf, norms, among)
            at = np.flatnonzero(scores)
            if len(at) > k:
                least = np.partition(scores[at], len(at) - k)[len(at) - k]
                at = at[scores[at] >= least - 1e-6]
            found.append(Ranking(part.ids[at], part.numbers[at], scores[at].round(6)))
        return _best(found, k)

    def _idf(self, term: str) -> float | None:
        """Inverse document frequency; None when no passage holds the term."""
        df = self._held_by(term)
        if not df:
            return None
        return max(math.log((self.passages - df + 0.5) / (df + 0.5)), _LEAST_IDF)

    def nearest(self, query: Vectors, k: int, within: Within | None = None) -> Ranking:
        """See Searcher."""
        found = []
        for part in self._parts:
            vectors = part.segment.vectors
            among = part.among(within)
            if among is not None and not vectors.exact and among.sum() <= _FEW:
                at = np.flatnonzero(among)
                scores = self._compared(query, part.ids[at])
            else:
                most = k if vectors.exact else max(k, RESCORED)
                single, at = vectors.search(query, most, among, ties=True)
                # By way of the digits: 0.1 in single precision is another number in double.
                scores = single.astype(np.float64).round(6)
                if not vectors.exact:
                    again = self._compared(query, part.ids[at[:RESCORED]])
                    scores = np.concatenate([again, scores[RESCORED:]])
            found.append(Ranking(part.ids[at], part.numbers[at], scores))
        return _best(found, k)

    def cosines(self, query: Vectors, ids: Sequence[int]) -> list[float]:
        """See Searcher."""
        return [float(c) for c in self._compared(query, np.asarray(ids, dtype=np.int64))]

    def _compared(self, query: Vectors, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        vectors = self._store.vectors_of(ids.tolist(), self._dimension)
        return np.asarray(vectors @ query, dtype=np.float64).round(6)

    def frequency(self, stem: str) -> int:
        """See Searcher."""
        return sum(self._held_by(term) for term in _terms([stem]))

    def words(self) -> list[str]:
        """As ``Engine.words``, in this generation."""
        several = [self._words_of(part) for part in self._parts]
        if len(several) == 1:
            return list(several[0])
        found: Counter[str] = Counter()
        for counts in several:
            found.update(counts)
        return sorted(found, key=lambda word: (-found[word], word))

    def _words_of(self, part: _Part) -> dict[str, int]:
        if part.all_here:
            return word_counts(self._store.path.parent, self._store, part.segment)
        here = zip(part.segment.held, part.of, strict=True)
        return self._store.word_counts([held.report for held, number in here if number >= 0])

    def holding(self, stems: Iterable[str]) -> Within:
        """See Searcher."""
        held = np.zeros(len(self.reports) + 1, dtype=np.bool_)
        for term in _terms(stems):
            for part in self._parts:
                held[part.numbers[part.segment.postings.find(term)[0]]] = True
        return held[:-1]

    def _held_by(self, term: str) -> int:
        count = 0
        for part in self._parts:
            places, _ = part.segment.postings.find(term)
            here = len(places) if part.all_here else int((part.numbers[places] >= 0).sum())
            count += here
        return count


def _terms(stems: Iterable[str]) -> set[str]:
    """What is searched for: a stem that is not one run of letters and digits is passed over."""
    return {terms_of(stem)[0] for stem in stems if stem.isalnum()}


def _best(found: Sequence[Ranking], k: int) -> Ranking:
    """The k best of several rankings; ties by report and passage."""
    ids = np.concatenate([r.ids for r in found] or [np.zeros(0, np.int64)])
    reports = np.concatenate([r.reports for r in found] or [np.zeros(0, np.int32)])
    scores = np.concatenate([r.scores for r in found] or [np.zeros(0)])
    order = np.lexsort((ids, reports, -scores))[:k]
    return Ranking(ids[order], reports[order], scores[order])
