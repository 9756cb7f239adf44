"""One generation of a shelf in Milvus, searched by words and by meaning; see ``rag.engine``.

By words: Milvus' own BM25 finds more than is asked for, and these are scored again from their
stored terms with the formula of ``rag.postings``, so that scores and order are those of a shelf in
a file. Two differences remain. Milvus' inverse document frequency is ln(1 + x) where SQLite's is
ln(x), never below 10⁻⁶, and milvus-lite counts frequencies by segment: a passage at the very end of
what is found may be another one. And no search finds more than 16,384 passages.

By meaning: HNSW on a server, which may miss some; exact in a plain file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from rag.embedding import Vectors
from rag.engine import Ranking, Within
from rag.milvus.client import MOST_FOUND, Milvus, Row
from rag.milvus.contents import gone, matching, vectors_of
from rag.milvus.layout import edition_of
from rag.milvus.shelf import Shelf
from rag.postings import K1, B, terms_of

_LEAST_IDF = 1e-6
"""Of a term that most passages hold, as in SQLite's full text."""
_MORE = 200
"""So many more than asked for are found, and scored again."""


class MilvusSearcher:
    """See ``rag.engine.Searcher``. What is taken off the shelf meanwhile is found no more."""

    def __init__(self, milvus: Milvus, shelf: Shelf, dimension: int) -> None:
        self._milvus = milvus
        self._shelf = shelf
        self._dimension = dimension
        self._frequencies: dict[str, int] = {}
        ordered = sorted(shelf.reports, key=lambda report: report.report)
        self._editions = [report.edition for report in ordered]
        self._place = {edition: place for place, edition in enumerate(self._editions)}
        self.generation = shelf.state.generation
        self.reports = tuple(report.report for report in ordered)
        self.passages = sum(report.passages for report in shelf.reports)

    def __str__(self) -> str:
        how = "exact" if self._milvus.lite else "HNSW"
        return f"Milvus, {how}, {self.passages} passages"

    @cached_property
    def _average(self) -> float:
        """Mean length of the passages, in terms."""
        return sum(report.terms for report in self._shelf.reports) / max(1, self.passages)

    def keyword(self, stems: Iterable[str], k: int, within: Within | None = None) -> Ranking:
        """See Searcher."""
        terms = sorted(searched_for(stems))
        self._count(terms)
        idfs = {term: self._idf(term) for term in terms}
        query = " ".join(term for term, idf in idfs.items() if idf)
        if not query or k < 1 or (within is not None and not within.any()):
            return self._ranking([])
        found = self._milvus.search(
            *("passages", "sparse", query, min(2 * k + _MORE, MOST_FOUND), self._where(within)),
            output_fields=["searched", "length"],
            search_params={"metric_type": "BM25"},
        )
        return self._ranking([(row["id"], self._score(row, idfs)) for row, _ in found], k)

    def _idf(self, term: str) -> float:
        """Inverse document frequency; 0 when no passage holds the term."""
        df = self._held_by(term)
        if not df:
            return 0.0
        return max(math.log((self.passages - df + 0.5) / (df + 0.5)), _LEAST_IDF)

    def _score(self, row: Row, idfs: dict[str, float]) -> float:
        """BM25 as in ``rag.postings``; ``searched`` holds the text twice, the headings once."""
        terms = row["searched"].split()
        longer = (1 - B) + B * row["length"] / self._average
        score = 0.0
        for term, idf in idfs.items():
            often = min(terms.count(term), 255) / 2
            score += idf * often * (K1 + 1) / (often + K1 * longer)
        return score

    def nearest(self, query: Vectors, k: int, within: Within | None = None) -> Ranking:
        """See Searcher."""
        if k < 1 or not self.passages or (within is not None and not within.any()):
            return self._ranking([])
        most = min(self.passages, MOST_FOUND)
        size = min(k, most)
        where = self._where(within)
        while True:
            params: dict[str, Any] = {"metric_type": "IP"}
            if not self._milvus.lite:
                params["params"] = {"ef": max(2 * size, 128)}
            what = np.asarray(query, dtype=np.float32).tolist()
            found = self._milvus.search(
                *("passages", "dense", what, size, where),
                output_fields=["edition"],
                search_params=params,
            )
            scores = [round(score, 6) for _, score in found]
            if len(found) < size or size == most or scores[-1] < scores[k - 1]:
                break
            size = min(2 * size + 16, most)  # ties may go on behind the k-th place
        return self._ranking([(row["id"], score) for row, score in found], k)

    def _ranking(self, found: Sequence[tuple[int, float]], k: int = 0) -> Ranking:
        """The k best of them that are on this shelf, and score at all; ties by report and place."""
        known = [(i, self._place.get(edition_of(i), -1), score) for i, score in found]
        known = [each for each in known if each[1] >= 0]
        ids = np.array([i for i, _, _ in known], dtype=np.int64)
        reports = np.array([number for _, number, _ in known], dtype=np.int32)
        scores = np.array([score for _, _, score in known], dtype=np.float64).round(6)
        order = np.lexsort((ids, reports, -scores))[:k]
        return Ranking(ids[order], reports[order], scores[order])

    def cosines(self, query: Vectors, ids: Sequence[int]) -> list[float]:
        """See Searcher."""
        found = vectors_of(self._milvus, ids, self._dimension)
        missing = set(ids) - found.keys()
        if missing:
            raise gone(self._milvus)
        return [
            float(np.float64(np.dot(found[i], np.asarray(query, np.float32))).round(6)) for i in ids
        ]

    def frequency(self, stem: str) -> int:
        """See Searcher."""
        return sum(self._held_by(term) for term in searched_for([stem]))

    def _held_by(self, term: str) -> int:
        self._count([term])
        return self._frequencies[term]

    def _count(self, terms: Iterable[str]) -> None:
        """Count the passages that hold each of these terms, once for this generation."""
        new = [term for term in terms if term not in self._frequencies]
        here = self._shelf.where()
        if self._milvus.lite and new:  # it looks at every passage for every question
            where = f"{here} and {matching('searched', new)}"
            found = self._milvus.rows("passages", where, ["searched"], MOST_FOUND)
            counts = Counter(term for row in found for term in set(row["searched"].split()))
        else:
            each = {term: f"{here} and {matching('searched', [term])}" for term in new}
            counts = Counter({t: self._milvus.count("passages", w) for t, w in each.items()})
        self._frequencies.update((term, counts[term]) for term in new)

    def holding(self, stems: Iterable[str]) -> Within:
        """See Searcher."""
        held = np.zeros(len(self.reports), dtype=np.bool_)
        terms = sorted(searched_for(stems))
        if terms:
            where = f'kind == "terms" and {self._shelf.where()} and {matching("terms", terms)}'
            for row in self._milvus.rows("parts", where, ["edition"], batch=MOST_FOUND):
                place = self._place.get(row["edition"])
                if place is not None:
                    held[place] = True
        return held

    def _where(self, within: Within | None) -> str:
        if within is None or within.all():
            return self._shelf.where()
        return self._shelf.where([self._editions[place] for place in np.flatnonzero(within)])


def searched_for(stems: Iterable[str]) -> set[str]:
    """Terms of stems; one that is not one run of letters and digits is passed over."""
    return {terms_of(stem)[0] for stem in stems if stem.isalnum()}
