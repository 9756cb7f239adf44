"""A question to hits: keyword and embedding search, joined, overall and within each report.

Reciprocal rank fusion (G. Cormack, C. Clarke and S. Büttcher, SIGIR 2009): a passage's score is
the sum of 1 / (k + rank) over the rankings it appears in. Fusing again within each report asks
every report, not only those that win overall.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.index import Index
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
    score: float
    """Fused score within its report."""
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
    with index.store.reading():
        shelf = tuple(index.store.reports())
        store = index.store
        known = Shelf(shelf, store.acronyms(), store.document_frequency, store.words)
        question = understand(text, known)
        snapshot = index.snapshot()
        keyword = [i for i, _ in index.store.search_terms(question.stems, PREFIX_WEIGHT)]
        query = index.encoder.encode([question.topic])[0]
        cosines, positions = snapshot.vectors.search(query, len(snapshot.vectors))
        nearest = [int(snapshot.ids[p]) for p in positions]
        cosine = dict(zip(nearest, (float(c) for c in cosines), strict=True))
        report_of = {i: snapshot.reports[p] for i, p in snapshot.position.items()}
        asked = question.asked
        keyword = [i for i in keyword if report_of[i] in asked]
        nearest = [i for i in nearest if report_of[i] in asked]

        def order(scores: dict[int, float]) -> list[int]:
            return sorted(scores, key=lambda i: (-scores[i], snapshot.position[i]))

        overall = fuse((keyword, nearest), settings.rrf_k)
        best = order(overall)[:k]
        most = candidates_each(len(asked), settings)
        within: dict[str, list[tuple[int, float]]] = {}
        for report in sorted(asked):
            scores = fuse(
                (
                    [i for i in keyword if report_of[i] == report],
                    [i for i in nearest if report_of[i] == report],
                ),
                settings.rrf_k,
            )
            top = order(scores)[:most]
            within[report] = [(i, scores[i]) for i in top]
        wanted = sorted({*best, *(i for pairs in within.values() for i, _ in pairs)})
        passages = index.store.passages(wanted)
        stems = index.store.stems(wanted)
    infos = {info.report: info for info in shelf}
    return Retrieved(
        question,
        shelf,
        tuple(_hit(passages[i], infos[report_of[i]], overall[i]) for i in best),
        {
            report: tuple(
                Candidate(
                    passages[i],
                    score,
                    cosine[i],
                    question.coverage(frozenset(" ".join(stems[i]).split())),
                )
                for i, score in pairs
            )
            for report, pairs in within.items()
        },
    )


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
