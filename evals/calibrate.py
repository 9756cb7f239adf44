"""Fits the decision's weights on the development half: ``python -m evals.calibrate``.

Prints the tables of ``rag/decision.py`` and, for each, how well it tells passages that are
marked from those that are not, with the topics left out in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from evals.gold import GoldQuestion, Resolver, load_gold
from evals.run import REPORTS, built_index
from rag.decision import SIGNALS, read
from rag.index import Index
from rag.judging import read_text
from rag.reranking import CrossEncoder
from rag.retrieval import retrieve
from rag.settings import SearchSettings
from rag.signals import Signals

PENALTY = 0.3
"""Inverse strength of the ridge penalty."""


FIXED_UNREAD, FIXED = (4.0, 4.0, 1.0), (4.0, 4.0, 1.0)
"""Weights of cosine, coverage and adjacency (or logit) among each other when few reports are asked:
they put the right passage first more often than weights fitted freely; only scale and bias are
fitted."""


@dataclass(frozen=True, slots=True)
class Example:
    """One candidate passage of one development question."""

    question: str
    report: str
    topic: str
    few: bool
    values: tuple[float, ...]
    """The signals in order, then the cross-encoder's logit."""
    marked: bool


def main() -> None:
    """Fit and print."""
    with built_index(REPORTS) as index:
        examples = collect(index, [q for q in load_gold() if q.half == "dev"])
    many = [e for e in examples if not e.few]
    few = [e for e in examples if e.few]
    _show("UNREAD", many, SIGNALS)
    _show("READ", many, (*SIGNALS, "logit"))
    _show("UNREAD_WHEN_FEW", few, ("cosine", "coverage", "adjacent"), FIXED_UNREAD)
    _show("READ_WHEN_FEW", few, ("cosine", "coverage", "logit"), FIXED)
    _show_report("REPORT", many)
    _show_report("REPORT_WHEN_FEW", few)


def collect(index: Index, gold: Sequence[GoldQuestion]) -> list[Example]:
    """The candidates of every question, with signals, logit and mark."""
    resolver, reranker = Resolver(index), CrossEncoder()
    found: list[Example] = []
    for question in gold:
        evidence = resolver.spans(question)
        retrieved = retrieve(index, question.question, SearchSettings(), 1)
        flat = [c for several in retrieved.candidates.values() for c in several]
        logits = reranker.score(retrieved.question.topic, [read_text(c.passage) for c in flat])
        for c, logit in zip(flat, logits, strict=True):
            p = c.passage
            values = (*(float(getattr(c.signals, name)) for name in SIGNALS), float(logit))
            marked = any(s.overlaps(p.report, p.start, p.end) for s in evidence)
            narrow = retrieved.question.narrow
            found.append(Example(question.id, p.report, question.topic, narrow, values, marked))
    return found


def _show(
    name: str,
    examples: Sequence[Example],
    signals: Sequence[str],
    fixed: Sequence[float] | None = None,
) -> None:
    columns = [(*SIGNALS, "logit").index(signal) for signal in signals]
    x: NDArray[np.float64] = np.array([[e.values[c] for c in columns] for e in examples])
    if fixed is not None:
        x = x @ np.array(fixed)[:, None]
    y = np.array([e.marked for e in examples])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=3000))
    groups = [e.topic for e in examples]
    out = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(6), method="predict_proba")
    model.fit(x, y)
    print(f"# {len(examples)} passages, area under the curve {roc_auc_score(y, out[:, 1]):.3f}")
    print(f"{name}: Weights = {{")
    for key, weight in _weights(model, signals, fixed or [1.0] * len(signals)).items():
        print(f'    "{key}": {weight:.4f},')
    print("}")


def _show_report(name: str, examples: Sequence[Example]) -> None:
    """Odds of a report from those of its best passage, as the weights in use give them."""
    best: dict[tuple[str, str], tuple[float, bool]] = {}
    for e in examples:
        signals = Signals(*e.values[:-1])
        likely = min(max(read(signals, e.values[-1], few=e.few), 1e-6), 1 - 1e-6)
        before, marked = best.get((e.question, e.report), (0.0, False))
        best[e.question, e.report] = (max(before, likely), marked or e.marked)
    x = np.array([[math.log(p / (1 - p))] for p, _ in best.values()])
    model = LogisticRegression(C=100).fit(x, np.array([marked for _, marked in best.values()]))
    bias, logit = float(model.intercept_[0]), float(model.coef_[0][0])
    print(f"# {len(best)} reports, with the weights in use: paste the tables above first")
    print(f'{name}: Weights = {{"bias": {bias:.4f}, "logit": {logit:.4f}}}')


def _weights(model: Pipeline, signals: Sequence[str], fixed: Sequence[float]) -> dict[str, float]:
    """Weights for signals as they come, the scaling multiplied in."""
    scaler, regression = model[0], model[1]
    scaled = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - (scaled * scaler.mean_).sum())
    weights = scaled * np.array(fixed)
    return {"bias": bias} | {n: float(w) for n, w in zip(signals, weights, strict=True)}


if __name__ == "__main__":
    main()
