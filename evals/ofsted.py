"""A second shelf, of another kind: ``python -m evals.ofsted --write``.

43 inspection reports of children's services, PDFs of several layouts, 2014 to 2025: to see that
nothing is fitted to the five reports that the rules were written on. They are added as they are:
what they are, whose and of when, the product finds on their first pages. Nothing is tuned on these
questions. A pattern is a few words that a right answer quotes, on the page that it names.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import pypdfium2

from evals.run import ROOT, built_index, commit_id, write_results
from rag.assistant import Assistant
from rag.records import Answer

FOLDER = ROOT.parent / "shared" / "ofsted"
"""Where the reports lie on the machines that develop this; used only when it exists."""
QUESTIONS = Path(__file__).with_name("ofsted.jsonl")
KINDS = ("first page", "across", "detail", "unanswerable")
_LINE_END_HYPHEN = "\ufffe"
"""What pypdfium2 gives for a hyphen at the end of a line."""

Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: the reports with evidence, and for each what a right quote holds."""

    id: str
    kind: str
    question: str
    reports: tuple[str, ...]
    patterns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said to one question; reports with evidence by how far it was shown."""

    asked: Asked
    refused: bool
    speaking: frozenset[str]
    """Reports said to speak."""
    quoted: frozenset[str]
    """Reports with evidence of which a quote holds the pattern."""
    shown: frozenset[str]
    """The same, of a quote or the passage around it."""
    paged: frozenset[str]
    """The same, where the page that is named holds the pattern too."""
    silent: int
    """How many reports on the shelf have no evidence."""
    seconds: float

    @property
    def missed(self) -> frozenset[str]:
        """Reports whose evidence is in no quote and no passage around one."""
        return frozenset(self.asked.reports) - self.shown

    @property
    def wrong(self) -> bool:
        """True when something was missed, answered for nothing, or spoke without evidence."""
        if self.asked.kind == "unanswerable":
            return not self.refused
        across = self.asked.kind == "across"
        return bool(self.missed) or (across and bool(self.speaking - set(self.asked.reports)))


def load(path: Path = QUESTIONS) -> list[Asked]:
    """The questions, in file order."""
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [
        Asked(r["id"], r["kind"], r["question"], tuple(r["reports"]), r["patterns"]) for r in rows
    ]


# --- the shelf ------------------------------------------------------------------------------


@cache
def page_texts(pdf: Path) -> tuple[str, ...]:
    """The text of each page of a PDF as pdfium gives it, to check the product's page numbers."""
    with pypdfium2.PdfDocument(pdf) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    return tuple(text.replace(_LINE_END_HYPHEN, "-") for text in texts)


def on_page(report: str, page: int | None, pattern: str) -> bool:
    """True when a pattern stands on a page of a report's file, counted from 1."""
    pdf = FOLDER / f"{report}.pdf"
    texts = page_texts(pdf) if pdf.is_file() else ()
    return page is not None and 0 < page <= len(texts) and holds(texts[page - 1], pattern)


# --- asking ---------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A text as patterns see it: no bullets or colons, straight apostrophes, single blanks."""
    return " ".join(re.sub("[•▪●◼:]", " ", text).replace("’", "'").split())


def holds(text: str, pattern: str) -> bool:
    """True when a pattern stands in a text, whatever its capitals and line breaks."""
    return re.search(pattern, plain(text), re.IGNORECASE) is not None


def outcome(asked: Asked, answer: Answer) -> Outcome:
    """An answer held against what was known before."""
    quoted: set[str] = set()
    shown: set[str] = set()
    paged: set[str] = set()
    for citation in answer.citations:
        pattern = asked.patterns.get(citation.report)
        if pattern is not None and holds(citation.quote, pattern):
            quoted.add(citation.report)
        if pattern is not None and holds(f"{citation.quote}\n{citation.passage}", pattern):
            shown.add(citation.report)
            if on_page(citation.report, citation.page, pattern):
                paged.add(citation.report)
    return Outcome(
        asked=asked,
        refused=answer.refused,
        speaking=frozenset(row.report for row in answer.coverage if row.status == "evidence"),
        quoted=frozenset(quoted),
        shown=frozenset(shown),
        paged=frozenset(paged),
        silent=len(answer.coverage) - len(asked.reports),
        seconds=answer.seconds,
    )


def measures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Every measure of the table."""
    of = {kind: [o for o in outcomes if o.asked.kind == kind] for kind in KINDS}
    found: dict[str, float] = {}
    for kind in ("first page", "detail"):
        found[f"{kind}: answer in the quotes"] = _share(bool(o.quoted) for o in of[kind])
        found[f"{kind}: answer in the quoted passages"] = _share(bool(o.shown) for o in of[kind])
    across = of["across"]
    right = [(o, report) for o in across for report in o.asked.reports]
    spoke = [(o, report) for o in across for report in sorted(o.speaking)]
    wrongly = sum(report not in o.asked.reports for o, report in spoke)
    found["across: evidence shown, of reports with evidence"] = _share(
        r in o.shown for o, r in right
    )
    found["across: said to speak, of reports with evidence"] = _share(
        r in o.speaking for o, r in right
    )
    found["across: wrongly said to speak, of silent reports"] = _ratio(
        wrongly, sum(o.silent for o in across)
    )
    found["across: right, of reports said to speak"] = _ratio(len(spoke) - wrongly, len(spoke))
    places = [(o, report) for o in outcomes for report in o.shown]
    found["page right, of reports shown"] = _share(report in o.paged for o, report in places)
    found["unanswerable refused"] = _share(o.refused for o in of["unanswerable"])
    answerable = [o for o in outcomes if o.asked.kind != "unanswerable"]
    found["answerable refused by mistake"] = _share(o.refused for o in answerable)
    times = [o.seconds for o in outcomes]
    cuts = quantiles(times * 2 if len(times) == 1 else times, n=20, method="inclusive")
    return {k: round(v, 4) for k, v in found.items()} | {
        "seconds p50": round(cuts[9], 3),
        "seconds p95": round(cuts[18], 3),
    }


def _share(values: Iterable[bool]) -> float:
    found = [float(v) for v in values]
    return mean(found) if found else 0.0


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def evaluate(assistant: Assistant, questions: Sequence[Asked]) -> Results:
    """All questions asked of a shelf: the measures, and a row for each question."""
    assistant.warm_up()
    outcomes = [outcome(q, assistant.ask(q.question)) for q in questions]
    shelf = assistant.reports()
    return {
        "commit": commit_id(),
        "shelf": f"{len(shelf)} inspection reports of children’s services",
        "passages": sum(info.passages for info in shelf),
        "questions": len(questions),
        "systems": {"ours": {"all": measures(outcomes)}},
        "rows": [_row(o) for o in sorted(outcomes, key=lambda o: not o.wrong)],
    }


def _row(o: Outcome) -> Results:
    return {
        "id": o.asked.id,
        "kind": o.asked.kind,
        "question": o.asked.question,
        "wrong": o.wrong,
        "refused": o.refused,
        "seconds": o.seconds,
        "with evidence": list(o.asked.reports),
        "in quotes": sorted(o.quoted),
        "only in passages": sorted(o.shown - o.quoted),
        "missed": sorted(o.missed),
        "spoke without": sorted(o.speaking - set(o.asked.reports)),
    }


def render(results: Results) -> str:
    """The results as Markdown: the measures, then every question, misses first."""
    lines = [f"{results['questions']} questions over {results['shelf']}.", ""]
    lines += ["| measure | ours |", "|---|---|"]
    lines += [f"| {k} | {v:.2f} |" for k, v in results["systems"]["ours"]["all"].items()]
    lines.append("")
    for row in results["rows"]:
        state = "miss " if row["wrong"] else "right"
        shown = len(row["with evidence"]) - len(row["missed"])
        facts = [f"shown {shown} of {len(row['with evidence'])}"]
        facts += ["refused"] if row["refused"] else []
        facts += [f"missed {', '.join(row['missed'])}"] if row["missed"] else []
        facts += [f"{len(row['spoke without'])} without evidence"] if row["spoke without"] else []
        lines.append(f"{state} {row['id']} {row['kind']}: {row['question']} [{'; '.join(facts)}]")
    return "\n".join(lines)


def main() -> None:
    """Read the PDFs, index, ask, print, and write the results file if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.ofsted", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write evals/results/ofsted.json")
    write = parser.parse_args().write
    if not FOLDER.is_dir():
        print("The inspection reports (../shared/ofsted) are not on this machine.")
        return
    with built_index(FOLDER) as index:
        results = evaluate(Assistant(index), load())
    print(render(results))
    if write:
        write_results("ofsted", results)


if __name__ == "__main__":
    main()
