"""A question to hits: keyword and embedding search, joined, overall and within each report.

Reciprocal rank fusion (G. Cormack, C. Clarke and S. Büttcher, SIGIR 2009): a passage's score is
the sum of 1 / (k + rank) over the rankings it appears in. Fusing again within each report asks
every report, not only those that win overall.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.index import Index, Snapshot
from rag.question import Question, Shelf, understand
from rag.records import Hit, Passage, ReportInfo
from rag.settings import SearchSettings

FEW = 2
"""So many reports or fewer are asked when a question names its council."""
PREFIX_WEIGHT = 0.5
"""Weight of a term in the headings against one in the text, in BM25."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage considered for one report, with the signals that decide on it."""

    passage: Passage
    cosine: float
    coverage: float
    """Share of the question's weighted concepts that text and headings express."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Everything found for one question."""

    question: Question
    shelf: tuple[ReportInfo, ...]
    hits: tuple[Hit, ...]
    candidates: Mapping[str, tuple[Candidate, ...]]
    """For every report that is asked, its best passages, best first."""


def fuse(rankings: Iterable[Sequence[int]], k: int) -> dict[int, float]:
    """Reciprocal rank fusion of rankings of passage ids; ranks count from 1."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (k + rank)
    return scores


def candidates_each(reports: int, settings: SearchSettings) -> int:
    """How many passages of each report are looked at closely when so many reports are asked."""
    shared = settings.candidates // max(reports, 1)
    return shared if reports <= FEW else max(1, min(shared, settings.candidates_per_report))


def retrieve(index: Index, text: str, settings: SearchSettings, k: int = 10) -> Retrieved:
    """Find the k best passages overall, and the best of every report that is asked."""
    store = index.store
    with store.reading():
        shelf = tuple(store.reports())
        question = understand(
            text, Shelf(shelf, store.acronyms(), store.document_frequency, store.words)
        )
        found = _Found.search(index, question)
        overall = found.fused(settings.rrf_k)
        best = found.order(overall)[:k]
        most = candidates_each(len(question.asked), settings)
        within = {
            report: found.order(found.fused(settings.rrf_k, report))[:most]
            for report in sorted(question.asked)
        }
        wanted = sorted({*best, *(i for ids in within.values() for i in ids)})
        passages, stems = store.passages(wanted), store.stems(wanted)
    infos = {info.report: info for info in shelf}

    def candidate(id_: int) -> Candidate:
        present = frozenset(" ".join(stems[id_]).split())
        return Candidate(passages[id_], found.cosine[id_], question.coverage(present))

    return Retrieved(
        question,
        shelf,
        tuple(_hit(passages[i], infos[passages[i].report], overall[i]) for i in best),
        {report: tuple(map(candidate, ids)) for report, ids in within.items()},
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """Two rankings of the passages of the reports that are asked, best first."""

    snapshot: Snapshot
    keyword: list[int]
    nearest: list[int]
    cosine: dict[int, float]

    @classmethod
    def search(cls, index: Index, question: Question) -> _Found:
        """Search by words and by meaning."""
        snapshot = index.snapshot()
        if not question.asked:
            return cls(snapshot, [], [], {})
        keyword = index.store.search_terms(question.stems, PREFIX_WEIGHT)
        query = index.encoder.encode([question.topic])[0]
        cosines, positions = snapshot.vectors.search(query, len(snapshot.vectors))
        near = {int(snapshot.ids[p]): float(c) for p, c in zip(positions, cosines, strict=True)}

        def is_asked(id_: int) -> bool:
            return snapshot.reports[snapshot.position[id_]] in question.asked

        return cls(
            snapshot,
            [i for i, _ in keyword if is_asked(i)],
            [i for i in near if is_asked(i)],
            near,
        )

    def fused(self, k: int, report: str | None = None) -> dict[int, float]:
        """Reciprocal rank fusion of both rankings, overall or within one report."""
        if report is None:
            return fuse((self.keyword, self.nearest), k)
        of = self.snapshot.position
        reports = self.snapshot.reports
        return fuse(
            (
                [i for i in ranking if reports[of[i]] == report]
                for ranking in (self.keyword, self.nearest)
            ),
            k,
        )

    def order(self, scores: Mapping[int, float]) -> list[int]:
        """Ids by score; ties in the order of the shelf."""
        return sorted(scores, key=lambda i: (-scores[i], self.snapshot.position[i]))


def _hit(passage: Passage, info: ReportInfo, score: float) -> Hit:
    return Hit(
        report=info.report,
        title=info.title,
        council=info.council,
        date=info.date,
        form=info.form,
        section=passage.section,
        paragraph=passage.paragraph,
        ordinal=passage.ordinal,
        page=passage.page,
        role=passage.role,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        score=round(score, 6),
    )
