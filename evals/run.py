"""The evaluation: our assistant and the plain stack on the same questions, shelf and machine.

Asks the full reports when their folder is given (or found beside the project), otherwise the
briefs in ``corpus/``, and says which. Writes ``evals/results/<commit>.json``; the tables in the
README are rendered from such a file by ``render``. What was answered quotes the
reports and goes into no such file: it can be read on a page of its own, see ``evals/page.py``.
"""

from __future__ import annotations

import json
import math
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from evals import metrics
from evals.baseline import REFUSAL, PlainStack
from evals.gold import GoldQuestion, Resolver, load_gold
from evals.metrics import Cited, Outcome
from rag.assistant import Assistant
from rag.errors import InputError
from rag.index import Index
from rag.records import Answer

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results")
CORPUS = ROOT / "corpus"
REPORTS = ROOT.parent / "shared" / "reports"
"""Where the full reports lie on the machines that develop this; used only when it exists."""
README = ROOT / "README.md"
MARKS = ("<!-- results -->", "<!-- /results -->")
DEPTH = 20

Results = dict[str, Any]


def run(folder: Path | None, *, write: bool, page: Path | None = None) -> Results:
    """Score both systems, print the tables, and write the results file and the page if asked.

    Raises InputError, before anything is asked, when the page cannot be put where it is wanted.
    """
    if page is not None:
        _check_place(page)
    shelf, called = shelf_at(folder)
    with built_index(shelf) as index:
        gold = load_gold()
        systems = ask_both(index, gold)
        results = scored(index, gold, systems)
    results["shelf"] = called
    print(render(results))
    if write:
        write_results(results["commit"], results)
        write_table(render(results))
        print("The table is written to README.md")
    if page is not None:
        from evals.page import render_page

        try:
            page.write_text(render_page(results, systems["ours"][0]), "utf-8")
        except OSError as error:
            raise InputError(
                f"The page cannot be written to {page}: {error.strerror}.",
                "Name a file in a folder that can be written to.",
            ) from None
        print(f"\nQuestion by question: {page.resolve()}")
    return results


def shelf_at(folder: Path | None) -> tuple[Path, str]:
    """The reports to ask, and what they are called: the full ones, or the briefs."""
    shelf = folder or (REPORTS if REPORTS.is_dir() else CORPUS)
    return shelf, "the five full reports" if shelf != CORPUS else "the five briefs of corpus/"


def _check_place(page: Path) -> None:
    if page.is_dir():
        raise InputError(f"{page} is a folder.", "Name a file: rag eval --page results.html")
    if not page.parent.is_dir():
        raise InputError(
            f"There is no folder {page.parent} to write the page to.",
            "Make it first, or name a file in a folder that exists.",
        )


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
    return scored(index, gold, ask_both(index, gold))


def ask_both(index: Index, gold: Sequence[GoldQuestion]) -> dict[str, Answers]:
    """What ours and the plain stack say to all questions."""
    resolver = Resolver(index)
    return {
        "ours": ask_ours(index, gold, resolver),
        "plain stack": ask_plain(index, gold, resolver),
    }


def scored(index: Index, gold: Sequence[GoldQuestion], systems: Mapping[str, Answers]) -> Results:
    """The measures of each system by half, and every outcome of ours, without a report's words."""
    results: Results = {
        "commit": commit_id(),
        "machine": platform.machine(),
        "questions": len(gold),
        "index": index.settings.fingerprint(),
        "systems": {},
        "rows": [],
    }
    for name, (outcomes, found) in systems.items():
        chunks = name != "ours"
        results["systems"][name] = {
            half: measured([o for o in outcomes if half in ("all", o.question.half)], found, chunks)
            for half in ("dev", "test", "all")
        }
    results["rows"] = [_row(o) for o in systems["ours"][0]]
    return results


Answers = tuple[list[Outcome], dict[str, list[Cited]]]
Said = tuple[list[Cited], Iterable[str], bool]
"""What was cited, the reports said to speak, and whether the question was refused."""


def ask_all(
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
        said = (cited, speaking, refused)
        outcomes.append(outcome(question, resolver, said, elapsed, whole_chunks=whole_chunks))
        found[question.id] = search(question.question)
    return outcomes, found


def outcome(
    question: GoldQuestion,
    resolver: Resolver,
    said: Said,
    seconds: float,
    *,
    whole_chunks: bool = False,
) -> Outcome:
    """What a system said to one question, beside what it should have said."""
    cited, speaking, refused = said
    return Outcome(
        question,
        tuple(resolver.spans(question)),
        tuple(cited),
        frozenset(speaking),
        question.asked or frozenset(resolver.reports),
        refused,
        seconds,
        whole_chunks,
    )


def said_in(answer: Answer) -> Said:
    """What an answer of ours says, in the terms common to all systems."""
    cited = [Cited(c.report, c.start, c.end, c.quote) for c in answer.citations]
    speaking = [c.report for c in answer.coverage if c.status == "evidence"]
    return cited, speaking, answer.refused


def ask_ours(index: Index, gold: Sequence[GoldQuestion], resolver: Resolver) -> Answers:
    """Ours over all questions; each outcome keeps the whole answer."""
    assistant = Assistant(index)
    assistant.ask(gold[0].question)
    answers: list[Answer] = []

    def say(question: str) -> Said:
        answer = assistant.ask(question)
        answers.append(answer)
        return said_in(answer)

    def search(question: str) -> list[Cited]:
        hits = assistant.search(question, DEPTH)
        return [Cited(h.report, h.start, h.end, h.text) for h in hits]

    outcomes, found = ask_all(index, gold, resolver, say, search)
    return [replace(o, answer=a) for o, a in zip(outcomes, answers, strict=True)], found


def ask_plain(index: Index, gold: Sequence[GoldQuestion], resolver: Resolver) -> Answers:
    """The plain stack over all questions."""
    stack = PlainStack(index, index.encoder)

    def say(question: str) -> Said:
        chunks = stack.search(question)
        refused = chunks[0].score < REFUSAL
        cited = [] if refused else [Cited(c.report, c.start, c.end, c.text) for c in chunks]
        return cited, [c.report for c in cited], refused

    def search(question: str) -> list[Cited]:
        return [Cited(c.report, c.start, c.end, c.text) for c in stack.search(question, DEPTH)]

    return ask_all(index, gold, resolver, say, search, whole_chunks=True)


def measured(
    outcomes: Sequence[Outcome], found: dict[str, list[Cited]], chunks: bool
) -> dict[str, float]:
    """All measures of one system, rounded."""
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


def commit_id() -> str:
    """The commit checked out, shortened, or ``no-commit``."""
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


def write_results(name: str, results: Results) -> None:
    """Write ``results/<name>.json`` and say so."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"\nWritten to {path.relative_to(ROOT)}")


def write_table(table: str, marks: tuple[str, str] = MARKS) -> None:
    """Put a rendered table into the README, between two marks."""
    text = README.read_text("utf-8")
    before, rest = text.split(marks[0], 1)
    _, after = rest.split(marks[1], 1)
    README.write_text(f"{before}{marks[0]}\n{table}\n{marks[1]}{after}", "utf-8")


def _cell(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"
