"""Whether support for a sentence is told from its absence: ``python -m evals.claims [--write]``.

Each claim of ``claims.jsonl`` is a sentence as a model might write it, with the pieces of a gold
question's evidence that it cites. The quote is the sentence of the report in which the evidence's
pattern stands, found anew in every run, so that nothing of the reports is kept here. A claim is
faithful or has one kind of fault. The halves are those of the gold questions and share no topic.
One writer wrote the claims of both halves before any rule, and the rules with the development half
alone.

Three more sets are made by code, so that nobody chose them. Every faithful claim beside other
quotes of its report. The briefs of ``corpus/``, which tell the same reports paragraph by paragraph
in other words and were written long before: each of their sentences beside the paragraph that it
retells, and the same with a "not" put in. And sentences of the inspection reports, on which nothing
was tuned, as they stand and turned round.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from evals.gold import GoldQuestion, Half, Resolver, Span, load_gold
from evals.ofsted import FOLDER
from evals.run import CORPUS, REPORTS, built_index, commit_id, write_results
from rag.claims import text_of
from rag.embedding import Encoder, MiniLM
from rag.figures import figures
from rag.index import Index
from rag.reranking import CrossEncoder, Reranker
from rag.sentences import sentence_spans
from rag.support import SUPPORTED, share_found, support
from rag.terms import words
from rag.twists import contradiction

CLAIMS = Path(__file__).with_name("claims.jsonl")
Fault = Literal[
    "faithful",
    "negated",
    "reversed",
    "stronger",
    "other subject",
    "cause",
    "added",
    "number",
    "other topic",
    "broken",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
HALVES: tuple[Half, ...] = ("dev", "test")
OTHERS = 3
"""Other quotes that a faithful claim is set beside."""
PENALTY = 100
"""Inverse strength of the ridge penalty."""
SAMPLE = 150
"""Sentences of the inspection reports that are turned round."""

Results = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, the evidence that it cites, and whether that supports it."""

    id: str
    half: Half
    question: str
    evidence: tuple[int, ...]
    """Positions in the gold question's evidence."""
    claim: str
    fault: Fault
    supported: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A claim beside its quotes."""

    claim: Claim
    topic: str
    report: str
    quotes: tuple[str, ...]


def load(path: Path = CLAIMS) -> list[Claim]:
    """The claims, in file order."""
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [Claim(**row | {"evidence": tuple(row["evidence"])}) for row in rows]


# --- quotes ---------------------------------------------------------------------------------


def cases_of(claims: Iterable[Claim], index: Index) -> list[Case]:
    """Claims with the sentences that they cite; LookupError when one is not on the shelf."""
    resolver = Resolver(index)
    gold = {question.id: question for question in load_gold()}
    found: list[Case] = []
    for claim in claims:
        question = gold[claim.question]
        quotes = tuple(_quote(question, n, resolver, index) for n in claim.evidence)
        report = question.evidence[claim.evidence[0]].report
        found.append(Case(claim, question.topic, report, quotes))
    return found


def _quote(question: GoldQuestion, place: int, resolver: Resolver, index: Index) -> str:
    span = resolver.span(question.evidence[place])
    text = (index.store.report_text(span.report) or "")[span.start : span.end]
    at = span.found_start - span.start
    start, end = next((a, b) for a, b in sentence_spans(text) if a <= at < b)
    return text[start:end]


def beside_others(cases: Sequence[Case]) -> list[Case]:
    """Faithful claims beside quotes that other claims of the same report and half cite."""
    made: list[Case] = []
    for case in cases:
        if not case.claim.supported:
            continue
        others = {
            c.quotes
            for c in cases
            if c.report == case.report and c.claim.half == case.claim.half and c.topic != case.topic
        }
        chosen = drawn(others, OTHERS, case.claim.id)
        claim = replace(case.claim, fault="other topic", supported=False)
        made += [replace(case, claim=claim, quotes=quotes) for quotes in chosen]
    return made


def retold(half: Half, reports: Index, briefs: Index) -> list[Case]:
    """Sentences of the briefs beside the paragraph of the report that the same evidence points to.

    Only where half of the words are found, since some paragraphs of a brief are placed otherwise,
    and only paragraphs of up to six sentences, since nobody cites longer ones whole.
    """
    in_report, in_brief = Resolver(reports), Resolver(briefs)
    pairs: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    for question in load_gold():
        for pointer in question.evidence if question.half == half else ():
            try:
                span, brief = in_report.span(pointer), in_brief.span(pointer)
            except LookupError:
                continue
            quotes = _sentences(reports, span)
            if len(quotes) <= _LONGEST:
                pairs.setdefault(quotes, (span.report, []))[1].extend(_sentences(briefs, brief))
    made: list[Case] = []
    for quotes, (report, retelling) in pairs.items():
        for text in dict.fromkeys(retelling):
            if len(words(text)) >= _SHORTEST and share_found(text, quotes) >= 0.5:
                cases = denied([text])
                made += [
                    Case(
                        Claim("", half, "", (), told, fault, fault == "faithful"),
                        "",
                        report,
                        quotes,
                    )
                    for told, fault in cases
                ]
    return made


_LONGEST, _SHORTEST = 6, 8
"""Sentences of a paragraph at most; words of a sentence at least."""


def _sentences(index: Index, span: Span) -> tuple[str, ...]:
    text = (index.store.report_text(span.report) or "")[span.start : span.end]
    return tuple(text[a:b] for a, b in sentence_spans(text))


def drawn(things: Iterable[T], most: int, salt: str = "") -> list[T]:
    """Some of many, drawn as if by lot, and the same ones every time."""
    lots = {thing: hashlib.sha256(f"{salt}{thing}".encode()).hexdigest() for thing in things}
    return sorted(lots, key=lots.__getitem__)[:most]


_CAN_BE_DENIED = re.compile(r"\b(is|are|was|were|has|have|had|can|could|will|should)\b(?! not\b)")
_DENIAL = re.compile(r"\b(?:not|no|never|none|nor|neither|without|cannot|only)\b|n['’]t\b", re.I)
_SOME = re.compile(r"\b(?:some|many|most|several|a few)\b", re.I)


def denied(sentences: Iterable[str]) -> Iterator[tuple[str, Fault]]:
    """Sentences as they stand and, where they deny nothing, with a "not" behind the first verb."""
    for text in sentences:
        yield text, "faithful"
        if not _DENIAL.search(text) and _CAN_BE_DENIED.search(text):
            yield _CAN_BE_DENIED.sub(r"\1 not", text, count=1), "negated"


def turned(sentences: Sequence[str]) -> list[Case]:
    """Sentences as they stand, denied, made stronger, and beside the one five sentences on."""
    made: list[tuple[str, Fault, str]] = []
    for place, text in enumerate(sentences):
        made += [(told, fault, text) for told, fault in denied([text])]
        if _SOME.search(text) and not re.search(r"\ball\b|\bevery\b", text, re.IGNORECASE):
            made.append((_SOME.sub("all", text, count=1), "stronger", text))
        made.append((text, "other topic", sentences[(place + 5) % len(sentences)]))
    return [
        Case(Claim("", "test", "", (), text, fault, fault == "faithful"), "", "", (quote,))
        for text, fault, quote in made
    ]


def sample(index: Index) -> list[str]:
    """Sentences of 10 to 40 words of a shelf's reports, drawn once and for all."""
    found: list[str] = []
    for info in index.store.reports():
        for block in index.store.blocks(info.report):
            if block.kind == "paragraph":
                text = (index.store.report_text(info.report) or "")[block.start : block.end]
                found += [text[a:b] for a, b in sentence_spans(text)]
    whole = [s for s in found if 10 <= len(words(s)) <= 40 and s[0].isupper() and s[-1] == "."]
    return drawn(set(whole), SAMPLE)


# --- measures -------------------------------------------------------------------------------


Way = Callable[[Case], float]


def ways(reranker: Reranker, encoder: Encoder) -> dict[str, Way]:
    """What was tried, each as a number that should be higher for supported claims."""

    def near(case: Case) -> float:
        vectors = encoder.encode([case.claim.claim, *case.quotes])
        return float(max(vectors[1:] @ vectors[0]))

    return {
        "support": lambda c: support(c.claim.claim, c.quotes),
        "rules alone": lambda c: float(not contradiction(c.claim.claim, c.quotes)),
        "share of words found": lambda c: share_found(c.claim.claim, c.quotes),
        "cross-encoder": lambda c: float(max(reranker.score(c.claim.claim, c.quotes))),
        "embedding": near,
    }


def area(cases: Sequence[Case], scores: Sequence[float]) -> float:
    """Area under the curve: how often a supported claim has the higher score; 0.5 is chance."""
    return round(float(roc_auc_score([c.claim.supported for c in cases], scores)), 3)


def measured(cases: Sequence[Case], scores: Sequence[float], threshold: float) -> Results:
    """At a threshold: how many are right, let through by mistake, refused by mistake."""
    kept = [score >= threshold for score in scores]
    right = [k == c.claim.supported for k, c in zip(kept, cases, strict=True)]
    passed = [k for k, c in zip(kept, cases, strict=True) if not c.claim.supported]
    faithful = [k for k, c in zip(kept, cases, strict=True) if c.claim.supported]
    by_fault: dict[str, dict[str, float]] = {}
    for fault in FAULTS:
        of_fault = [k for k, c in zip(kept, cases, strict=True) if c.claim.fault == fault]
        if of_fault:
            by_fault[fault] = {"claims": len(of_fault), "kept": round(mean(of_fault), 3)}
    return {
        "claims": len(cases),
        "area": area(cases, scores),
        "accuracy": round(mean(right), 3),
        "unsupported let through": round(mean(passed), 3),
        "faithful refused": round(1 - mean(faithful), 3),
        "by fault": by_fault,
    }


def strange_figure(case: Case) -> bool:
    """True when a figure of the claim stands in no quote: what another check stops before."""
    quoted = {f.key for quote in case.quotes for f in figures(quote)}
    return any(f.key not in quoted for f in figures(case.claim.claim))


def run() -> Results:
    """Every way over both halves, and what support makes of the sets made by code."""
    tried = ways(CrossEncoder(), MiniLM())
    shelf = FOLDER if FOLDER.is_dir() else CORPUS
    results: Results = {"commit": commit_id(), "threshold": SUPPORTED, "areas": {}, "halves": {}}
    results |= {"with figures checked": {}, "beside other quotes": {}, "retold": {}, "rows": []}
    with built_index(REPORTS) as reports, built_index(CORPUS) as briefs:
        cases = cases_of(load(), reports)
        for half in HALVES:
            made = retold(half, reports, briefs)
            results["retold"][half] = measured(made, _scores(made), SUPPORTED)["by fault"]
    for half in HALVES:
        of_half = [c for c in cases if c.claim.half == half]
        scores = _scores(of_half)
        checked = [s * (not strange_figure(c)) for s, c in zip(scores, of_half, strict=True)]
        results["areas"][half] = {n: area(of_half, [*map(w, of_half)]) for n, w in tried.items()}
        results["halves"][half] = measured(of_half, scores, SUPPORTED)
        results["with figures checked"][half] = measured(of_half, checked, SUPPORTED)
        beside = beside_others(of_half)
        results["beside other quotes"][half] = measured_one(beside, _scores(beside))
        results["rows"] += [
            {"id": c.claim.id, "half": half, "fault": c.claim.fault, "claim": c.claim.claim}
            for c, score in zip(of_half, checked, strict=True)
            if (score >= SUPPORTED) != c.claim.supported
        ]
    with built_index(shelf) as index:
        made = turned(sample(index))
    results["turned"] = measured(made, _scores(made), SUPPORTED)["by fault"]
    results["turned shelf"] = "inspection reports" if shelf == FOLDER else "the briefs of corpus/"
    results["milliseconds p50"] = round(1000 * median(map(_seconds, cases)), 2)
    return results


def _scores(cases: Iterable[Case]) -> list[float]:
    return [support(case.claim.claim, case.quotes) for case in cases]


def _seconds(case: Case) -> float:
    text_of.cache_clear()
    started = time.perf_counter()
    support(case.claim.claim, case.quotes)
    return time.perf_counter() - started


def measured_one(cases: Sequence[Case], scores: Sequence[float]) -> dict[str, float]:
    """How many cases there are, and the share that is kept."""
    kept = mean(score >= SUPPORTED for score in scores)
    return {"claims": len(cases), "kept": round(kept, 3)}


def fit() -> None:
    """Print the weights of rag/support.py, from the development half alone, and what they trade."""
    with built_index(REPORTS) as index:
        cases = [c for c in cases_of(load(), index) if c.claim.half == "dev"]
    others = beside_others(cases)
    weighed = [c for c in [*cases, *others] if not contradiction(c.claim.claim, c.quotes)]
    found = np.array([[share_found(c.claim.claim, c.quotes)] for c in weighed])
    marked = np.array([c.claim.supported for c in weighed])
    model = LogisticRegression(C=PENALTY).fit(found, marked)
    print(f"# {len(weighed)} claims that break no rule, {int(marked.sum())} of them faithful")
    print(f'{{"bias": {model.intercept_[0]:.2f}, "found": {model.coef_[0][0]:.2f}}}')
    print("threshold, unsupported let through, faithful refused, let through beside other quotes")
    scores = [support(c.claim.claim, c.quotes) for c in cases]
    beside = [support(c.claim.claim, c.quotes) for c in others]
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        m = measured(cases, scores, threshold)
        through = mean(score >= threshold for score in beside)
        print(threshold, m["unsupported let through"], m["faithful refused"], round(through, 3))


# --- showing --------------------------------------------------------------------------------


def render(results: Results) -> str:
    """The measures as tables, in Markdown."""
    halves, areas = results["halves"], results["areas"]
    checked = results["with figures checked"]
    lines = ["| area under the curve | dev | test |", "|---|---:|---:|"]
    lines += [f"| {n} | {areas['dev'][n]:.2f} | {areas['test'][n]:.2f} |" for n in areas["dev"]]
    lines += ["", f"| kept at {results['threshold']} | dev | test |", "|---|---:|---:|"]
    for fault in FAULTS:
        lines.append(_row(fault, [halves[half]["by fault"].get(fault) for half in HALVES]))
    lines.append(
        _row("number, figures checked", [checked[h]["by fault"]["number"] for h in HALVES])
    )
    lines.append(_row("beside other quotes", [results["beside other quotes"][h] for h in HALVES]))
    for fault in ("faithful", "negated"):
        cells = [results["retold"][half].get(fault) for half in HALVES]
        lines.append(_row(f"retold in the briefs, {fault}", cells))
    lines += ["", "| with figures checked | dev | test |", "|---|---:|---:|"]
    for name in ("unsupported let through", "faithful refused", "accuracy"):
        lines.append(f"| {name} | {checked['dev'][name]:.2f} | {checked['test'][name]:.2f} |")
    lines += ["", f"| made of {results['turned shelf']} | kept |", "|---|---:|"]
    lines += [_row(fault, [cell]) for fault, cell in results["turned"].items()]
    return "\n".join(lines)


def _row(name: str, cells: Iterable[Results | None]) -> str:
    shown = (f"{cell['kept']:.2f} of {cell['claims']}" if cell else "" for cell in cells)
    return f"| {name} | {' | '.join(shown)} |"


def main() -> None:
    """Run, print, and write the results file if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.claims", description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print the weights, do not measure")
    parser.add_argument("--write", action="store_true", help="write evals/results/claims.json")
    asked = parser.parse_args()
    if asked.fit:
        fit()
        return
    results = run()
    print(render(results))
    print(f"\n{results['milliseconds p50']} ms a sentence (median)")
    if asked.write:
        write_results("claims", results)


if __name__ == "__main__":
    main()
