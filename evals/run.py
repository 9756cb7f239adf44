"""The evaluation: our assistant and the plain stack on the same questions, shelf and machine.

Asks the full reports when their folder is given (or found beside the project), otherwise the
briefs in ``corpus/``, and says which. Writes ``evals/results/<commit>.json``; the tables in the
README are rendered from such a file by ``render``.
"""

from __future__ import annotations

import json
import math
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evals import metrics
from evals.baseline import REFUSAL, PlainStack
from evals.gold import GoldQuestion, Resolver, load_gold
from evals.metrics import Cited, Outcome
from rag.assistant import Assistant
from rag.index import Index

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results")
CORPUS = ROOT / "corpus"
REPORTS = ROOT.parent / "shared" / "reports"
"""Where the full reports lie on the machines that develop this; used only when it exists."""
README = ROOT / "README.md"
MARKS = ("<!-- results -->", "<!-- /results -->")
DEPTH = 20

Results = dict[str, Any]


def run(folder: Path | None, *, write: bool) -> Results:
    """Score both systems, print the tables, and write the results file if asked."""
    shelf = folder or (REPORTS if REPORTS.is_dir() else CORPUS)
    with built_index(shelf) as index:
        results = evaluate(index, load_gold())
    results["shelf"] = "the five full reports" if shelf != CORPUS else "the five briefs of corpus/"
    print(render(results))
    if write:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{results['commit']}.json"
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
        write_table(render(results))
        print(f"\nWritten to {path.relative_to(ROOT)} and README.md")
    return results


@contextmanager
def built_index(shelf: Path) -> Iterator[Index]:
    """A fresh index of a folder of reports, deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder), create=True)
        try:
            for outcome in index.add([shelf]):
                if outcome.outcome == "failed":
                    raise RuntimeError(outcome.detail)
            yield index
        finally:
            index.close()


def evaluate(index: Index, gold: Sequence[GoldQuestion]) -> Results:
    """Both systems over all questions: measures for each half, and every outcome."""
    resolver = Resolver(index)
    systems = {"ours": _ours(index, gold, resolver), "plain stack": _plain(index, gold, resolver)}
    results: Results = {
        "commit": _commit(),
        "machine": platform.machine(),
        "questions": len(gold),
        "index": index.settings.fingerprint(),
        "systems": {},
        "rows": [],
    }
    for name, (outcomes, found) in systems.items():
        chunks = name != "ours"
        results["systems"][name] = {
            half: _measured(
                [o for o in outcomes if half in ("all", o.question.half)], found, chunks
            )
            for half in ("dev", "test", "all")
        }
    results["rows"] = [_row(o) for o in systems["ours"][0]]
    return results


Answers = tuple[list[Outcome], dict[str, list[Cited]]]
Said = tuple[list[Cited], Iterable[str], bool]
"""What was cited, the reports said to speak, and whether the question was refused."""


def _asked(
    index: Index,
    gold: Sequence[GoldQuestion],
    resolver: Resolver,
    say: Callable[[str], Said],
    search: Callable[[str], list[Cited]],
    *,
    whole_chunks: bool = False,
) -> Answers:
    """One system over all questions; only ``say`` is timed. Every citation is an exact slice."""
    outcomes: list[Outcome] = []
    found: dict[str, list[Cited]] = {}
    for question in gold:
        started = time.perf_counter()
        cited, speaking, refused = say(question.question)
        elapsed = time.perf_counter() - started
        for c in cited:
            text = index.store.report_text(c.report) or ""
            if text[c.start : c.end] != c.text:
                raise AssertionError(f"{question.id}: a quote is not an exact slice")
        outcomes.append(
            Outcome(
                question,
                tuple(resolver.spans(question)),
                tuple(cited),
                frozenset(speaking),
                question.asked or frozenset(resolver.reports),
                refused,
                elapsed,
                whole_chunks,
            )
        )
        found[question.id] = search(question.question)
    return outcomes, found


def _ours(index: Index, gold: Sequence[GoldQuestion], resolver: Resolver) -> Answers:
    assistant = Assistant(index)
    assistant.ask(gold[0].question)

    def say(question: str) -> Said:
        answer = assistant.ask(question)
        cited = [Cited(c.report, c.start, c.end, c.quote) for c in answer.citations]
        speaking = [c.report for c in answer.coverage if c.status == "evidence"]
        return cited, speaking, answer.refused

    def search(question: str) -> list[Cited]:
        hits = assistant.search(question, DEPTH)
        return [Cited(h.report, h.start, h.end, h.text) for h in hits]

    return _asked(index, gold, resolver, say, search)


def _plain(index: Index, gold: Sequence[GoldQuestion], resolver: Resolver) -> Answers:
    stack = PlainStack(index, index.encoder)

    def say(question: str) -> Said:
        chunks = stack.search(question)
        refused = chunks[0].score < REFUSAL
        cited = [] if refused else [Cited(c.report, c.start, c.end, c.text) for c in chunks]
        return cited, [c.report for c in cited], refused

    def search(question: str) -> list[Cited]:
        return [Cited(c.report, c.start, c.end, c.text) for c in stack.search(question, DEPTH)]

    return _asked(index, gold, resolver, say, search, whole_chunks=True)


def _measured(
    outcomes: Sequence[Outcome], found: dict[str, list[Cited]], chunks: bool
) -> dict[str, float]:
    values = {name: measure(outcomes) for name, measure in metrics.ANSWER_MEASURES}
    values |= metrics.retrieval(found, outcomes, whole_chunks=chunks)
    values |= {f"seconds {k}": v for k, v in metrics.seconds(outcomes).items()}
    return {name: round(value, 4) for name, value in values.items()}


def _row(o: Outcome) -> dict[str, Any]:
    return {
        "id": o.question.id,
        "half": o.question.half,
        "kind": o.question.kind,
        "question": o.question.question,
        "refused": o.refused,
        "speaking": sorted(o.speaking),
        "with evidence": sorted({s.report for s in o.evidence if s.grade == 2}),
        "cited": [
            {**{k: v for k, v in asdict(c).items() if k != "text"}, "right": o.hits(c)}
            for c in o.cited
        ],
    }


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "no-commit"


def render(results: Results) -> str:
    """The results as a Markdown table: each measure for both systems, by half."""
    ours, plain = results["systems"]["ours"], results["systems"]["plain stack"]
    lines = [
        f"{results['questions']} gold questions over {results['shelf']},"
        f" commit {results['commit']}.",
        "",
        "| measure | ours, dev | ours, test | plain stack, dev | plain stack, test |",
        "|---|---|---|---|---|",
    ]
    for name in ours["all"]:
        cells = [
            f"{_cell(system[half][name])}" for system in (ours, plain) for half in ("dev", "test")
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_table(table: str) -> None:
    """Put a rendered table into the README, between its two marks."""
    text = README.read_text("utf-8")
    before, rest = text.split(MARKS[0], 1)
    _, after = rest.split(MARKS[1], 1)
    README.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}", "utf-8")


def _cell(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"
