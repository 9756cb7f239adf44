"""The public chunking benchmark, by its own definitions: ``python -m evals.chunking --write``.

"Evaluating Chunking Strategies for Retrieval" (B. Smith and A. Troynikov, Chroma technical report,
July 2024): 472 questions over five texts in one index, five passages a question, scored in
characters of the original files. Reported, never tuned on. The texts are read as they come; what
the reader changes is mapped back by ``evals.spans``, so nothing depends on how a text is cleaned.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

from evals.baseline import PlainStack, split
from evals.run import ROOT, built_index, commit_id, write_results
from evals.spans import Alignment, Span, length, overlap, union
from rag.assistant import Assistant
from rag.index import Index
from rag.records import Hit, Passage
from rag.reranking import CrossEncoder
from rag.tokens import count_tokens

FOLDER = ROOT.parent / "shared" / "benchmarks" / "chunking"
"""Where the benchmark lies on the machines that develop this; used only when it exists."""
RETRIEVED, READ = 5, 40
MEASURES = ("recall", "precision", "omega", "IoU")
PUBLISHED: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("Recursive 250, overlap 125", (78.7, 39.2, 4.9, 4.5, 21.9, 14.9, 4.9, 4.4)),
    ("TokenText 250, overlap 125", (82.4, 36.2, 3.6, 3.1, 11.4, 6.6, 3.5, 3.1)),
    ("Recursive 250", (78.5, 39.5, 5.4, 4.9, 26.7, 18.3, 5.4, 4.9)),
    ("TokenText 250", (77.1, 39.3, 3.3, 3.0, 16.4, 10.3, 3.3, 3.0)),
    ("Recursive 200", (75.7, 40.7, 6.5, 6.2, 31.2, 18.4, 6.5, 6.1)),
    ("TokenText 200", (76.6, 38.8, 4.1, 3.7, 19.1, 11.0, 4.1, 3.6)),
    ("Cluster 250", (77.3, 38.6, 6.1, 5.1, 28.6, 16.7, 6.0, 5.1)),
    ("Cluster 200", (75.2, 39.9, 7.2, 6.1, 33.6, 20.0, 7.2, 6.0)),
)
"""Published figures for all-MiniLM-L6-v2: mean and deviation of each of ``MEASURES``, per cent."""

Results = dict[str, Any]
Found = tuple[str, Span]
"""A text and a span of its file."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the benchmark, the text it is about and its excerpts."""

    question: str
    corpus: str
    excerpts: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One question's four measures, from 0 to 1."""

    recall: float
    precision: float
    omega: float
    iou: float


def score(asked: Asked, found: Sequence[Found], chunks: Iterable[Span]) -> Score:
    """The measures of one question; ``chunks`` are all chunks of the question's own text.

    Every retrieved chunk counts in full in the denominators, also twice and of another text.
    Precision-omega is what returning exactly the chunks that touch an excerpt would give.
    """
    mine = [span for corpus, span in found if corpus == asked.corpus]
    met = length(overlap(asked.excerpts, mine))
    retrieved = length(span for _, span in found)
    missed = length(union(asked.excerpts)) - met
    touching = union(c for c in chunks if any(c[0] <= b and a <= c[1] for a, b in asked.excerpts))
    best = length(overlap(asked.excerpts, touching))
    return Score(
        recall=met / length(asked.excerpts),
        precision=met / retrieved if retrieved else 0.0,
        omega=best / length(union([*touching, *asked.excerpts])),
        iou=met / (retrieved + missed),
    )


def load(folder: Path = FOLDER) -> list[Asked]:
    """The questions, in file order."""
    with (folder / "questions_df.csv").open(encoding="utf-8", newline="") as file:
        return [
            Asked(
                row["question"],
                row["corpus_id"],
                tuple((r["start_index"], r["end_index"]) for r in json.loads(row["references"])),
            )
            for row in csv.DictReader(file)
        ]


class Texts:
    """The five files, and the way back to them from the reports of an index."""

    def __init__(self, index: Index, folder: Path = FOLDER) -> None:
        self.files = {
            path.stem: path.read_bytes().decode("utf-8")
            for path in sorted((folder / "corpora").glob("*.md"))
        }
        digests = {known.origin: known.report for known in index.store.known()}
        self.report = {
            name: next(r for origin, r in digests.items() if Path(origin).stem == name)
            for name in self.files
        }
        self.corpus = {report: name for name, report in self.report.items()}
        self.alignments = {
            name: Alignment(text, index.store.report_text(self.report[name]) or "")
            for name, text in self.files.items()
        }

    def found(self, report: str, start: int, end: int) -> Found:
        """A span of a report as a span of its file."""
        name = self.corpus[report]
        return name, self.alignments[name].span(start, end)


Retriever = Callable[[str], list[Hit | Passage]]


class OurWays:
    """Three ways of getting five of our passages."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._assistant = Assistant(index)
        self._reranker = CrossEncoder()
        held = [id_ for report in index.file.held() for id_ in report.ids]
        self._by_id = index.store.passages(held)
        self.passages = [self._by_id[id_] for id_ in held]

    def search(self, question: str) -> list[Hit | Passage]:
        """What the product's own search finds."""
        return list(self._assistant.search(question, RETRIEVED))

    def nearest(self, question: str) -> list[Hit | Passage]:
        """The nearest by embedding alone, the question as it is typed."""
        vector = self._index.encoder.encode([question])[0]
        found = self._index.snapshot().searcher.nearest(vector, RETRIEVED)
        return [self._by_id[id_] for id_ in found.ids.tolist()]

    def reread(self, question: str) -> list[Hit | Passage]:
        """The best after the cross-encoder has read the first that search finds."""
        hits = self._assistant.search(question, READ)
        scores = self._reranker.score(question, [hit.text for hit in hits])
        order = sorted(range(len(hits)), key=lambda i: (-scores[i], i))
        return [hits[i] for i in order[:RETRIEVED]]


Way = Callable[[str], list[Found]]


def ways(index: Index, texts: Texts) -> dict[str, tuple[Way, list[Found]]]:
    """Every way of retrieving, and all the chunks that it chooses from."""
    ours, plain = OurWays(index), PlainStack(index, index.encoder)

    def mapped(retrieve: Retriever) -> Way:
        return lambda question: [texts.found(p.report, p.start, p.end) for p in retrieve(question)]

    def plainly(question: str) -> list[Found]:
        chunks = plain.search(question, RETRIEVED)
        return [texts.found(c.report, c.start, c.end) for c in chunks]

    whole = [texts.found(p.report, p.start, p.end) for p in ours.passages]
    chunks = [
        texts.found(report, start, end)
        for report in texts.corpus
        for start, end in split(index.store.report_text(report) or "")
    ]
    return {
        "ours: search": (mapped(ours.search), whole),
        "ours: nearest by embedding": (mapped(ours.nearest), whole),
        f"ours: cross-encoder over {READ}": (mapped(ours.reread), whole),
        "plain stack: 1,000 characters, 200 shared": (plainly, chunks),
    }


def evaluate(index: Index, questions: Sequence[Asked], folder: Path = FOLDER) -> Results:
    """All ways over all questions: measures overall and by text, and every question's scores."""
    texts = Texts(index, folder)
    results: Results = {
        "commit": commit_id(),
        "index": index.settings.fingerprint(),
        "questions": len(questions),
        "shelf": "the five texts of the public chunking benchmark",
        "systems": {},
        "chunks": {},
        "rows": [{"corpus": q.corpus, "question": q.question} for q in questions],
    }
    for name, (retrieve, chunks) in ways(index, texts).items():
        found = [retrieve(q.question) for q in questions]
        scores = _scored(questions, found, chunks)
        results["systems"][name] = by_text(questions, scores)
        results["chunks"][name] = {
            **_sizes(chunks, texts),
            **_unreachable(questions, chunks, texts),
            "questions with fewer than five": sum(len(f) < RETRIEVED for f in found),
        }
        for row, one in zip(results["rows"], scores, strict=True):
            row[name] = [round(one.recall, 4), round(one.iou, 4)]
    return results


def _scored(
    questions: Sequence[Asked], found: Sequence[Sequence[Found]], chunks: Sequence[Found]
) -> list[Score]:
    spans = _by_corpus(chunks)
    return [score(q, f, spans[q.corpus]) for q, f in zip(questions, found, strict=True)]


def _by_corpus(chunks: Iterable[Found]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for corpus, span in chunks:
        spans.setdefault(corpus, []).append(span)
    return spans


def by_text(questions: Sequence[Asked], scores: Sequence[Score]) -> dict[str, dict[str, float]]:
    """Means and standard deviations over questions, per cent: of all, and of each text."""
    groups: dict[str, list[Score]] = {"all": list(scores)}
    for question, one in zip(questions, scores, strict=True):
        groups.setdefault(question.corpus, []).append(one)
    return {name: _summary(found) for name, found in groups.items()}


def _summary(scores: Sequence[Score]) -> dict[str, float]:
    summary: dict[str, float] = {}
    for name in MEASURES:
        values = [100 * float(getattr(one, name.lower())) for one in scores]
        summary[name] = round(mean(values), 2)
        summary[f"{name} sd"] = round(pstdev(values), 2)
    return summary


def _sizes(chunks: Sequence[Found], texts: Texts) -> dict[str, float]:
    tokens = [count_tokens(texts.files[corpus][a:b]) for corpus, (a, b) in chunks]
    return {"chunks": len(chunks), "mean tokens": round(mean(tokens), 1), "most": max(tokens)}


def _unreachable(
    questions: Sequence[Asked], chunks: Iterable[Found], texts: Texts
) -> dict[str, int]:
    """Excerpts with letters or digits that reading did not keep, or that stand in no chunk."""
    unread = outside = 0
    spans = _by_corpus(chunks)
    held = {
        name: {i for a, b in union(found) for i in range(a, b)} for name, found in spans.items()
    }
    read = {name: alignment.read() for name, alignment in texts.alignments.items()}
    for question in questions:
        text = texts.files[question.corpus]
        for start, end in question.excerpts:
            letters = {i for i in range(start, end) if text[i].isalnum()}
            unread += not letters <= read[question.corpus]
            outside += not letters <= held[question.corpus]
    return {"excerpts not wholly read": unread, "excerpts not wholly in chunks": outside}


def render(results: Results) -> str:
    """The results as Markdown: overall beside the published rows, then recall and IoU by text."""
    lines = [
        f"{results['questions']} questions, five passages each, per cent ± standard deviation.",
        "",
        "| all-MiniLM-L6-v2 | recall | precision | precision Ω | IoU |",
        "|---|---|---|---|---|",
    ]
    for name, measured in results["systems"].items():
        values = [v for m in MEASURES for v in (measured["all"][m], measured["all"][f"{m} sd"])]
        lines.append(_line(name, values))
    lines += [_line(f"published: {name}", values) for name, values in PUBLISHED]
    corpora = [name for name in next(iter(results["systems"].values())) if name != "all"]
    lines += ["", f"| recall / IoU | {' | '.join(corpora)} |", "|---" * (len(corpora) + 1) + "|"]
    for name, measured in results["systems"].items():
        cells = [f"{measured[c]['recall']:.1f} / {measured[c]['IoU']:.1f}" for c in corpora]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    for name, facts in results["chunks"].items():
        lines.append(f"- {name}: {', '.join(f'{k} {v}' for k, v in facts.items())}")
    return "\n".join(lines)


def _line(name: str, values: Sequence[float]) -> str:
    pairs = zip(values[::2], values[1::2], strict=True)
    return f"| {name} | {' | '.join(f'{value:.1f} ± {sd:.1f}' for value, sd in pairs)} |"


def main() -> None:
    """Build the index, ask, print, and write the results file if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.chunking", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write evals/results/chunking.json")
    write = parser.parse_args().write
    if not FOLDER.is_dir():
        print("The benchmark (../shared/benchmarks/chunking) is not on this machine.")
        return
    with built_index(FOLDER / "corpora") as index:
        results = evaluate(index, load())
    print(render(results))
    if write:
        write_results("chunking", results)


if __name__ == "__main__":
    main()
