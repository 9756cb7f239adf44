"""All systems on the same questions, texts and machine: ours, the plain stack and the peers.

Citations of a peer are the chunks that its quick start hands to a language model; a report speaks
when one of them is its own; nothing is ever refused, since no quick start does. A chunk counts
where it holds the evidence itself. A quote of ours is short and counts where it stands in the
marked paragraph; the column ``STRICT`` scores the same answers of ours by the test for chunks.
"""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from statistics import mean
from typing import Any, TypeVar

from evals.baseline import OVERLAP, SIZE, TOP, PlainStack, split
from evals.gold import GoldQuestion, Resolver, load_gold
from evals.metrics import Cited, Outcome
from evals.peers.haystack_peer import HaystackPeer
from evals.peers.langchain_peer import LangChainPeer
from evals.peers.llamaindex_peer import LlamaIndexPeer
from evals.peers.peer import Build, Peer, Texts, be_quiet
from evals.peers.txtai_peer import TxtaiPeer
from evals.run import (
    DEPTH,
    REPORTS,
    Answers,
    Results,
    Said,
    ask_all,
    ask_ours,
    ask_plain,
    built_index,
    commit_id,
    measured,
    write_results,
    write_table,
)
from rag import __version__
from rag.embedding import MiniLM
from rag.errors import InputError
from rag.index import Index

PEERS: tuple[Build, ...] = (LangChainPeer, LlamaIndexPeer, HaystackPeer, TxtaiPeer)
MARKS = ("<!-- peers -->", "<!-- /peers -->")
HALVES = ("dev", "test", "all")
OURS, STRICT, PLAIN = "ours", "ours, by the test for chunks", "plain stack"
PROJECT = f"this project {__version__}"
WARM = {"warm": "A short text, so that what is imported late is imported before the clock runs."}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class System:
    """One system, what it was built with, and what it said."""

    name: str
    version: str
    """The package and its version."""
    settings: str
    chunks: int
    indexing: float
    """Seconds from texts to something that can be asked, reading the model included."""
    answers: Answers
    whole_chunks: bool = True


def run(*, write: bool) -> Results:
    """Score every system, print both halves, and write the results file and README if asked."""
    if not REPORTS.is_dir():
        raise InputError("The full reports are not on this machine.", "They are asked, not briefs.")
    be_quiet()
    MiniLM().encode(["warm"])
    started = time.perf_counter()
    with built_index(REPORTS) as index:
        results = evaluate(index, load_gold(), time.perf_counter() - started)
    for half in ("test", "dev"):
        print(render(results, half), end="\n\n")
    if write:
        write_results("peers", results)
        write_table(render(results), MARKS)
        print("The table is written to README.md")
    return results


def evaluate(
    index: Index, gold: Sequence[GoldQuestion], indexing: float, peers: Sequence[Build] = PEERS
) -> Results:
    """Every system over all questions; ``indexing`` is how many seconds ours took to build."""
    resolver = Resolver(index)
    texts = {report: index.store.report_text(report) or "" for report in resolver.reports}
    systems = [
        *_own(index, gold, resolver, indexing),
        _plain_stack(index, gold, resolver, texts),
        *(_peer(build, index, gold, resolver, texts) for build in peers),
    ]
    return {
        "commit": commit_id(),
        "machine": platform.machine(),
        "questions": len(gold),
        "shelf": "the five full reports",
        "systems": {system.name: _scored(system) for system in systems},
        "rows": list(_rows(systems)),
    }


def _own(
    index: Index, gold: Sequence[GoldQuestion], resolver: Resolver, indexing: float
) -> Iterator[System]:
    """Ours, and the same answers by the test for chunks."""
    outcomes, found = ask_ours(index, gold, resolver)
    ours = System(
        OURS,
        PROJECT,
        "passages of at most"
        f" {index.settings.passage_tokens} tokens; keywords, vectors, cross-encoder, one decision"
        " for each report",
        index.snapshot().searcher.passages,
        indexing,
        (outcomes, found),
        whole_chunks=False,
    )
    yield ours
    strict = [replace(o, whole_chunks=True) for o in outcomes]
    yield replace(ours, name=STRICT, answers=(strict, found), whole_chunks=True)


def _plain_stack(
    index: Index, gold: Sequence[GoldQuestion], resolver: Resolver, texts: Texts
) -> System:
    _, seconds = _timed(lambda: PlainStack(index, MiniLM()))
    return System(
        PLAIN,
        PROJECT,
        f"recursive splitting {SIZE:,}/{OVERLAP} characters, FAISS, top {TOP}; refuses below a"
        " similarity set on dev",
        sum(len(split(text)) for text in texts.values()),
        seconds,
        ask_plain(index, gold, resolver),
    )


def _peer(
    build: Build, index: Index, gold: Sequence[GoldQuestion], resolver: Resolver, texts: Texts
) -> System:
    build(WARM)
    peer, seconds = _timed(lambda: build(texts))
    answers = _asked(peer, index, gold, resolver)
    named = f"{peer.package} {version(peer.package)}"
    return System(peer.name, named, peer.settings, peer.chunks, seconds, answers)


def _asked(peer: Peer, index: Index, gold: Sequence[GoldQuestion], resolver: Resolver) -> Answers:
    peer.search(gold[0].question, peer.top)

    def search(question: str, k: int = DEPTH) -> list[Cited]:
        return [Cited(c.report, c.start, c.end, c.text) for c in peer.search(question, k)]

    def say(question: str) -> Said:
        cited = search(question, peer.top)
        return cited, [c.report for c in cited], False

    return ask_all(index, gold, resolver, say, search, whole_chunks=True)


def _timed(build: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    built = build()
    return built, time.perf_counter() - started


def _scored(system: System) -> dict[str, Any]:
    """What a system is, and its measures for each half."""
    outcomes, found = system.answers
    about: dict[str, Any] = {
        "version": system.version,
        "settings": system.settings,
        "chunks": system.chunks,
    }
    for half in HALVES:
        part = [o for o in outcomes if half in ("all", o.question.half)]
        about[half] = measured(part, found, system.whole_chunks) | _amounts(part)
        about[half]["seconds to index"] = round(system.indexing, 1)
    return about


def _amounts(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """How much a reader is given for a question: citations, and characters in them."""
    return {
        "citations a question": round(mean(len(o.cited) for o in outcomes), 2),
        "characters cited a question": round(
            mean(sum(c.end - c.start for c in o.cited) for o in outcomes)
        ),
    }


def _rows(systems: Sequence[System]) -> Iterator[dict[str, Any]]:
    """For each question: how many citations of each system are right, of how many."""
    for outcomes in zip(*(system.answers[0] for system in systems), strict=True):
        question = outcomes[0].question
        yield {
            "id": question.id,
            "half": question.half,
            "kind": question.kind,
            "right": {
                system.name: f"{sum(map(o.hits, o.cited))} of {len(o.cited)}"
                for system, o in zip(systems, outcomes, strict=True)
            },
        }


def render(results: Results, half: str = "test") -> str:
    """One half as a Markdown table, a system a column, and what each system is below it."""
    systems = results["systems"]
    count = sum(row["half"] == half for row in results["rows"])
    lines = [
        f"{count} gold questions ({half} half) over {results['shelf']},"
        f" commit {results['commit']}.",
        "",
        f"| measure | {' | '.join(systems)} |",
        "|---|" + "---|" * len(systems),
    ]
    for name in systems[OURS][half]:
        cells = (_cell(name, system[half][name]) for system in systems.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "| system | version | chunks | settings |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {about['version']} | {about['chunks']} | {about['settings']} |"
        for name, about in systems.items()
        if name != STRICT
    ]
    return "\n".join(lines)


def _cell(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    if name.startswith("characters"):
        return f"{value:,.0f}"
    return f"{value:.0f}" if name == "seconds to index" else f"{value:.2f}"
