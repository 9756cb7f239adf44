"""What a language model makes of the answers, unchecked and checked: ``rag eval --model NAME``.

Every gold question of the test half that is answered is written up by the model, once. From that
one run three texts are scored: the answer in the reports' own words, everything the model wrote as
it wrote it, and what is left of it after the checks with what is added in the reports' words.

Citation recall and precision are those of ALCE (T. Gao, H. Yen, J. Yu and D. Chen, "Enabling Large
Language Models to Generate Text with Citations", EMNLP 2023). A sentence counts for recall when its
citations together bear it out; a citation counts for precision when its sentence is borne out, and
either the citation alone does it or the others do not without it. There, a language model of 11
billion parameters decides what bears out what; here, the checks of ``rag.checking`` do, so that of
a checked text they say how it is cited, not whether the checks are right. Whether they are right is
measured apart: in ``evals.claims`` on claims made by hand, and here on sentences of the weak model
that a person has judged (``evals/judged.jsonl``: digests of sentence and quotes, no words).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

from evals.gold import GoldQuestion, Half, load_gold
from evals.metrics import share
from evals.run import built_index, commit_id, shelf_at, write_results, write_table
from rag.assistant import Assistant
from rag.briefing import evidence_of
from rag.checking import Checker
from rag.figures import figures
from rag.model import Model
from rag.records import Answer, Citation, Sentence

JUDGED = Path(__file__).with_name("judged.jsonl")
MARKS = ("<!-- written -->", "<!-- /written -->")
SYSTEMS = ("reports’ own words", "unchecked", "checked")

COUNTED = "sentences judged by hand"

Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """One text over one answer: its sentences with their citations, whoever wrote them."""

    question: GoldQuestion
    answer: Answer
    sentences: tuple[Sentence, ...]
    bears: Bears


Bears = Callable[[Sentence, Sequence[Citation]], bool]
"""True when citations bear a sentence out."""


# --- the measures, one definition a function -----------------------------------------------------


def citation_recall(sentence: Sentence, cited: Sequence[Citation], bears: Bears) -> bool:
    """ALCE: all citations of a sentence together bear it out; without any, none does."""
    return bool(cited) and bears(sentence, cited)


def citation_precision(sentence: Sentence, cited: Sequence[Citation], bears: Bears) -> list[bool]:
    """ALCE, for each citation: the sentence is borne out, and this one is not beside the point.

    Beside the point is a citation that does not bear the sentence out alone while the others do.
    """
    recalled = citation_recall(sentence, cited, bears)
    found = []
    for one in cited:
        others = [c for c in cited if c is not one]
        needless = not bears(sentence, [one]) and bool(others) and bears(sentence, others)
        found.append(recalled and not needless)
    return found


def numbers_right(sentence: Sentence, cited: Sequence[Citation]) -> bool | None:
    """All figures of a sentence stand in its citations; None when it has none."""
    said = {figure.key for figure in figures(sentence.text)}
    held = {figure.key for c in cited for figure in figures(f"{c.quote} {c.date or ''}")}
    return said <= held if said else None


def coverage_kept(text: Text) -> list[bool]:
    """For each report with evidence: whether a sentence cites it."""
    by_number = {c.n: c.report for c in text.answer.citations}
    told = {by_number[n] for s in text.sentences for n in s.citations}
    return [row.report in told for row in text.answer.coverage if row.status == "evidence"]


def figure_told(text: Text) -> bool | None:
    """A question for a figure, name or date: all of it stands in the text; None for others."""
    if text.question.kind != "figure":
        return None
    said = " ".join(s.text for s in text.sentences)
    return all(re.search(pattern, said, re.IGNORECASE) for pattern in text.question.answer)


def measured(texts: Sequence[Text], judged: Mapping[str, bool]) -> dict[str, float]:
    """All measures over the texts of one system."""
    recalled: list[bool] = []
    precise: list[bool] = []
    numbers: list[bool | None] = []
    by_hand: list[bool] = []
    for text in texts:
        for sentence in text.sentences:
            cited = cited_by(text.answer, sentence)
            recalled.append(citation_recall(sentence, cited, text.bears))
            precise += citation_precision(sentence, cited, text.bears)
            numbers.append(numbers_right(sentence, cited))
            if sentence.by == "report" or not cited:
                by_hand.append(bool(cited))
            elif (key := digest(sentence, cited)) in judged:
                by_hand.append(judged[key])
    values = {
        "citation precision": share(precise),
        "citation recall": share(recalled),
        "sentences supported, judged by hand": share(by_hand),
        "sentences with figures: all of them right": share(n for n in numbers if n is not None),
        "figure, name or date in the text": share(
            f for text in texts if (f := figure_told(text)) is not None
        ),
        "reports with evidence that are told": share(
            k for text in texts for k in coverage_kept(text)
        ),
        "sentences an answer": mean(len(text.sentences) for text in texts),
        COUNTED: len(by_hand),
    }
    return {name: round(value, 4) for name, value in values.items()}


def cited_by(answer: Answer, sentence: Sentence) -> list[Citation]:
    """The citations that a sentence rests on."""
    return [c for c in answer.citations if c.n in sentence.citations]


def digest(sentence: Sentence, cited: Sequence[Citation]) -> str:
    """Names a sentence with its quotes, without holding a word of either."""
    said = "\n".join([sentence.text, *(c.quote for c in cited)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def load_judged(path: Path = JUDGED) -> dict[str, bool]:
    """By digest, whether a person found the sentence supported by its quotes."""
    rows = map(json.loads, path.read_text("utf-8").splitlines() if path.is_file() else ())
    return {row["digest"]: row["supported"] for row in rows}


# --- the run --------------------------------------------------------------------------------


def texts_of(question: GoldQuestion, answer: Answer) -> dict[str, Text]:
    """The three texts over one written answer."""
    assert answer.written is not None
    own = [Sentence(c.quote, (c.n,), c.report, True, by="report") for c in answer.citations]
    wrote = [s for s in answer.written.sentences if s.by == "model"]
    kept = answer.written.kept if not answer.written.note else own
    bears = bears_out(answer)
    return {
        name: Text(question, answer, tuple(said), bears)
        for name, said in zip(SYSTEMS, (own, wrote, kept), strict=True)
    }


def bears_out(answer: Answer) -> Bears:
    """The checks on what a sentence says, as the judge of what bears out what."""
    checker = Checker(evidence_of(answer))

    def bears(sentence: Sentence, cited: Sequence[Citation]) -> bool:
        if sentence.by == "report":
            return any(sentence.text == c.quote for c in cited)
        return next(checker.unsupported(sentence.text, sentence.report, cited), None) is None

    return bears


def run(model: Model, folder: Path | None, *, write: bool, half: Half = "test") -> Results:
    """Write up the gold questions of one half, score the three texts, print and write the table."""
    gold = [q for q in load_gold() if q.half == half and q.evidence]
    shelf, called = shelf_at(folder)
    with built_index(shelf) as index:
        answers = written_up(Assistant(index, model=model), gold)
    results: Results = {"commit": commit_id(), "model": model.name, "shelf": called, "half": half}
    results |= scored(answers, load_judged())
    print(render(results))
    if write:
        write_results("written", results)
        write_table(render(results), MARKS)
    return results


def scored(answers: Sequence[tuple[GoldQuestion, Answer]], judged: Mapping[str, bool]) -> Results:
    """The measures of the three texts over written answers."""
    texts = [texts_of(question, answer) for question, answer in answers]
    seconds = [answer.written.seconds for _, answer in answers if answer.written]
    return {
        "questions": len(answers),
        "systems": {name: measured([t[name] for t in texts], judged) for name in SYSTEMS},
        "nothing kept": sum(bool(a.written and a.written.note) for _, a in answers),
        "why left out": _reasons(a for _, a in answers),
        "seconds p50": round(median(seconds), 1),
        "seconds p95": round(quantiles(seconds * 2, n=20)[-1], 1),
    }


def written_up(
    assistant: Assistant, gold: Sequence[GoldQuestion]
) -> list[tuple[GoldQuestion, Answer]]:
    """Every question that is answered, with its answer written up."""
    found = []
    for n, question in enumerate(gold, start=1):
        answer = assistant.ask(question.question, question.id)
        if not answer.refused:
            *_, answer = assistant.writing(answer)
            found.append((question, answer))
        print(f"\r{n} of {len(gold)} questions", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def _reasons(answers: Iterable[Answer]) -> dict[str, int]:
    """How many sentences failed for what; names and figures of a reason left out."""
    failed = [s.reason for a in answers if a.written for s in a.written.failed]
    shapes = [re.sub(r"“.*”", "“…”", re.sub(r"names .*", "names …", why)) for why in failed]
    return dict(Counter(shapes).most_common())


def render(results: Results) -> str:
    """The measures of the three texts as a Markdown table."""
    systems = results["systems"]
    lines = [
        f"{results['questions']} answered gold questions ({results['half']} half) over"
        f" {results['shelf']}, written up by {results['model']}, commit {results['commit']}.",
        "",
        f"| measure | {' | '.join(systems)} |",
        "|---" * (len(systems) + 1) + "|",
    ]
    for name in systems[SYSTEMS[0]]:
        figures_ = " | ".join(_cell(name, system[name]) for system in systems.values())
        lines.append(f"| {name} | {figures_} |")
    lines += [
        "",
        f"Nothing passed for {results['nothing kept']} questions; those were answered in the"
        f" reports’ own words. Seconds for writing: p50 {results['seconds p50']},"
        f" p95 {results['seconds p95']}.",
    ]
    return "\n".join(lines)


def _cell(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if name == COUNTED else f"{value:.2f}"
