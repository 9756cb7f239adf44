"""Each part switched off in turn: ``python -m evals.ablation [--write]``.

A part is switched off by replacing one function for the length of a run over all gold questions;
the product itself has no switches. Vectors of questions and readings of the cross-encoder are
remembered between runs, so that only what a part changes is computed again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from evals import metrics
from evals.gold import GoldQuestion, Resolver, load_gold
from evals.metrics import Outcome
from evals.run import (
    REPORTS,
    built_index,
    commit_id,
    outcome,
    said_in,
    write_results,
    write_table,
)
from rag.assistant import Assistant
from rag.decision import UNREAD, UNREAD_WHEN_FEW
from rag.embedding import Encoder, Vectors
from rag.engine import Ranking
from rag.index import Index
from rag.reranking import CrossEncoder, Reranker, Scores
from rag.years import Restriction

MARKS = ("<!-- ablation -->", "<!-- /ablation -->")
SHOWN = (
    metrics.across_coverage,
    metrics.single_recall,
    metrics.first_right,
    metrics.figures_right,
    metrics.refused_rightly,
    metrics.refused_wrongly,
    metrics.silence_recall,
    metrics.citation_precision,
)
HEADS = "across | one report | first | figure | refused | by mistake | silent | relevant"
NOTHING = Ranking(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0))
Swap = tuple[str, Any]
"""The dotted name of what is replaced, and what stands there instead."""


class Remembering:
    """A reranker that reads each pair once."""

    def __init__(self, inner: Reranker) -> None:
        self._inner = inner
        self._known: dict[tuple[str, str], float] = {}

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        """See Reranker."""
        missing = [t for t in dict.fromkeys(texts) if (question, t) not in self._known]
        if missing:
            scores = self._inner.score(question, missing)
            self._known |= {(question, t): float(s) for t, s in zip(missing, scores, strict=True)}
        return np.array([self._known[question, t] for t in texts], dtype=np.float32)


class RememberingEncoder:
    """An encoder that embeds each question once."""

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self.name, self.dimension = inner.name, inner.dimension
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        """See Encoder."""
        if len(texts) != 1:
            return self._inner.encode(texts, done)
        if texts[0] not in self._known:
            self._known[texts[0]] = self._inner.encode(texts)
        return self._known[texts[0]]


class Unread:
    """No cross-encoder: every logit is zero."""

    def score(self, _: str, texts: Sequence[str]) -> Scores:
        """See Reranker."""
        return np.zeros(len(texts), dtype=np.float32)


def _no_years(_: str, reports: Sequence[Any], **__: bool) -> Restriction:
    return Restriction(frozenset(info.report for info in reports))


PARTS: tuple[tuple[str, tuple[Swap, ...]], ...] = (
    ("everything on", ()),
    (
        "cross-encoder",
        (
            ("rag.decision.READ", UNREAD),
            ("rag.decision.READ_WHEN_FEW", UNREAD_WHEN_FEW),
            ("evals.ablation.Remembering.score", Unread.score),
        ),
    ),
    ("keyword search", (("rag.searching.FileSearcher.keyword", lambda *_: NOTHING),)),
    ("search by meaning", (("rag.searching.FileSearcher.nearest", lambda *_: NOTHING),)),
    ("council names", (("rag.asked.places_named", lambda *_: []),)),
    ("years", (("rag.asked.restrict_by_date", _no_years),)),
    ("spelling", (("rag.question._corrections", lambda *_: []),)),
    ("acronyms defined on the shelf", (("rag.store.Store.acronyms", lambda _: []),)),
    (
        "the sector's acronyms",
        (("rag.question.sector_acronyms", tuple), ("rag.concepts.sector_acronyms", tuple)),
    ),
    ("other ways to say it", (("rag.concepts.other_ways", lambda _: ()),)),
    ("praise and advice", (("rag.question.role_of", lambda _: None),)),
    ("council's own paper", (("rag.signals.is_own_paper", lambda _: False),)),
    ("kind of answer", (("rag.question.kind_wanted", lambda _: None),)),
)
"""What is switched off, and how."""


@contextmanager
def switched_off(swaps: Sequence[Swap]) -> Iterator[None]:
    """Replace what is named for as long as the context lasts."""
    with ExitStack() as stack:
        for name, instead in swaps:
            stack.enter_context(patch(name, instead))
        yield


def ablate(index: Index, gold: Sequence[GoldQuestion]) -> dict[str, dict[str, dict[str, float]]]:
    """For each part the measures by half, with that part switched off."""
    index.encoder = RememberingEncoder(index.encoder)
    resolver, reranker = Resolver(index), Remembering(CrossEncoder())
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for name, swaps in PARTS:
        with switched_off(swaps):
            outcomes = list(_outcomes(Assistant(index, reranker=reranker), gold, resolver))
        rows[name] = {
            half: {
                measure.__name__: round(
                    measure([o for o in outcomes if half in ("all", o.question.half)]), 3
                )
                for measure in SHOWN
            }
            for half in ("dev", "test", "all")
        }
        print(name, rows[name], flush=True)
    return rows


def _outcomes(
    assistant: Assistant, gold: Sequence[GoldQuestion], resolver: Resolver
) -> Iterator[Outcome]:
    for question in gold:
        answer = assistant.ask(question.question)
        yield outcome(question, resolver, said_in(answer), answer.seconds)


def render(rows: dict[str, dict[str, dict[str, float]]]) -> str:
    """A Markdown table: one row a part, both halves in each cell."""
    lines = [
        f"Dev / test half, commit {commit_id()}.",
        "",
        f"| switched off | {HEADS} |",
        "|---|" + "---|" * len(SHOWN),
    ]
    for name, halves in rows.items():
        cells = [
            f"{halves['dev'][m.__name__]:.2f} / {halves['test'][m.__name__]:.2f}" for m in SHOWN
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run all parts over the five full reports and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write results/ablation.json, README")
    write = parser.parse_args().write
    if not REPORTS.is_dir():
        print("The ablation needs the five full reports, which are not on this machine.")
        return
    with built_index(REPORTS) as index:
        rows = ablate(index, load_gold())
    print(render(rows))
    if write:
        results = {
            "commit": commit_id(),
            "questions": len(load_gold()),
            "shelf": "the five full reports",
            "systems": rows,
            "rows": [],
        }
        write_results("ablation", results)
        write_table(render(rows), MARKS)


if __name__ == "__main__":
    main()
