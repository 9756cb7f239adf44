"""Parsers of PDF, Word and web pages compared: ``python -m evals.parsers --write``.

PDF: 43 inspection reports of 2014 to 2025, of which 14 are marked by eye, with two pages of
tables; and the awkward files of other parsers' test suites. Word and web pages: samples made for
this, see ``words`` and ``pages``. Every parser runs in a process of its own and as its
documentation shows first; none is tuned. Ours was written with these very files at hand, so its
own figures say that it does what it was made for, not how it does on files never seen; and the
samples were made by those who made the reader.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from evals.parsers.measures import (
    Words,
    follows,
    has_heading,
    is_labelled,
    on_one_line,
    share,
    strange_and_missing,
    words_of,
)
from evals.parsers.pages import PAGES, Sample
from evals.parsers.process import STATES, Parser
from evals.parsers.words import WORDS
from evals.run import ROOT, commit_id, write_results

SHARED = ROOT.parent / "shared"
"""Where the files lie on the machines that develop this; used only when they exist."""
TRUTH = Path(__file__).with_name("truth.json")
FORMATS: Mapping[str, tuple[str, ...]] = {
    "pdf": (
        *("ours", "pypdf", "pypdfium2", "pdfplumber", "pdfminer.six", "PyMuPDF", "pdf_oxide"),
        *("kreuzberg", "docling-parse"),
    ),
    "docx": ("ours", "docx2python", "python-docx", "mammoth"),
    "html": ("ours", "trafilatura", "resiliparse", "selectolax", "lxml"),
}
SUFFIXES = {".pdf": "pdf", ".docx": "docx", ".zip": "docx", ".html": "html"}
LIMIT, HOSTILE_LIMIT = 120.0, 20.0
"""Seconds that a parser has for a report, and for an awkward file."""
COLUMNS = {
    "pdf": (
        *("order", "numbers", "headings", "not headings", "cells", "rows", "strange", "missing"),
        "seconds",
    ),
    "docx": ("kept", "left out", "numbers", "rows", "headings"),
    "html": ("kept", "left out", "numbers", "rows", "headings"),
}
MEANING = {
    "order": "words that follow each other on the page do so in the text, across lines and pages",
    "numbers": "printed paragraph numbers that begin the line of their paragraph",
    "headings": "headings that are told as headings; - where a parser tells none",
    "not headings": "numbered paragraphs that are not taken for headings",
    "cells": "what a table says of a label comes right after it",
    "rows": "rows of a table that are one line",
    "strange": "words that no two other parsers read in the file: joined or split wrongly",
    "missing": "different words that three other parsers read in the file and this one nowhere",
    "seconds": "to read all 43 reports",
    "kept": "marked paragraphs, items, notes and cells that are in the text",
    "left out": "navigation, banners, deleted and hidden text that are not in the text",
}

Results = dict[str, Any]


def truth(path: Path = TRUTH) -> list[dict[str, Any]]:
    """The marks: for each PDF what follows what, numbers, headings, cells and rows."""
    return list(json.loads(path.read_text("utf-8")))


def marks_met(marked: Mapping[str, Any], text: str, headings: list[str] | None) -> Results:
    """For each measure, one True or False a mark; headings are None where none are told."""
    words = words_of(text)
    numbered = [tuple(mark) for mark in marked["numbered"]]
    told = None if headings is None else [words_of(h).words for h in headings]
    starts = [words_of(right).words for _, _, right in numbered]
    return {
        "order": [
            *(follows(words, left, right) for left, right in marked["next"]),
            *(follows(words, left, right, label) for left, label, right in numbered),
        ],
        "numbers": [is_labelled(words, label, right) for _, label, right in numbered],
        "headings": None
        if headings is None
        else [has_heading(headings, name) for name in marked["headings"]],
        "not headings": None
        if told is None
        else [not any(_begins(name, start) for name in told) for start in starts],
        "cells": [follows(words, label, value) for label, value in marked["cells"]],
        "rows": [on_one_line(text, cells) for cells in marked.get("rows", ())],
    }


def _begins(words: tuple[str, ...], start: tuple[str, ...]) -> bool:
    """True when the words begin so, with a number before it at the most."""
    return start in (words[: len(start)], words[1 : 1 + len(start)])


def sample_met(sample: Sample, text: str, headings: list[str] | None) -> Results:
    """The same for a sample made here; what must be out is met when it is not in the text."""
    words = words_of(text)
    return {
        "kept": [bool(words.find(words_of(part).words)) for part in sample.kept],
        "left out": [not words.find(words_of(part).words) for part in sample.out],
        "numbers": [is_labelled(words, label, first) for label, first in sample.numbers],
        "rows": [on_one_line(text, cells) for cells in sample.rows],
        "headings": None
        if headings is None
        else [has_heading(headings, name) for name in sample.headings],
    }


def shares(met: Sequence[Results], names: Iterable[str]) -> Results:
    """The share of marks met over all files, for each measure; None where it does not apply."""
    found: Results = {}
    for name in names:
        told = [marks[name] for marks in met if name in marks]
        found[name] = None if None in told else share(mark for marks in told for mark in marks)
    return found


def hostile_outcomes(parser: Parser, files: Sequence[Path]) -> Results:
    """How often each outcome came, and which files were not read."""
    states = {path.name: parser.read(path, HOSTILE_LIMIT)[0] for path in files}
    counts = Counter(states.values())
    return {
        **{state: counts[state] for state in STATES},
        "hung or crashed": sorted(n for n, s in states.items() if s in ("hang", "crash")),
    }


def read_reports(parser: Parser, marked: Sequence[dict[str, Any]]) -> tuple[Results, list[Words]]:
    """One parser over all reports: marks met, time, and the words of the marked ones."""
    answers = {
        path: parser.read(path, LIMIT)[1] for path in sorted((SHARED / "ofsted").glob("*.pdf"))
    }
    seconds = sum(answer.get("seconds", LIMIT) for answer in answers.values())
    met, words = [], []
    for entry in marked:
        path = SHARED / entry.get("folder", "ofsted") / entry["file"]
        answer = answers[path] if path in answers else parser.read(path, LIMIT)[1]
        text = answer.get("text", "")
        met.append(marks_met(entry, text, answer.get("headings")))
        words.append(words_of(text))
    names = ("order", "numbers", "headings", "not headings", "cells", "rows")
    return {**shares(met, names), "seconds": round(seconds, 1)}, words


def compare(format: str, pythons: Sequence[str], hostile: Sequence[Path]) -> Results:
    """All parsers of one format; those that are not installed are left out, saying so."""
    marked = truth() if format == "pdf" else []
    samples = {"docx": WORDS, "html": PAGES}.get(format, ())
    results: Results = {}
    words: dict[str, list[Words]] = {}
    for name in FORMATS[format]:
        with Parser(name, pythons) as parser:
            if parser.version is None:
                print(f"{name} is not installed, and is left out: see the group parsers.")
                continue
            if format == "pdf":
                figures, words[name] = read_reports(parser, marked)
            else:
                figures = _read_samples(parser, samples, COLUMNS[format])
            awkward = hostile_outcomes(parser, hostile) if hostile else None
            results[name] = {"version": parser.version, **figures, "hostile": awkward}
            print(f"{name} {parser.version} done", file=sys.stderr, flush=True)
    for position in range(len(marked)):
        told = strange_and_missing({name: texts[position] for name, texts in words.items()})
        for name, (strange, missing) in told.items():
            results[name].setdefault("strange", []).append(strange)
            results[name].setdefault("missing", []).append(missing)
    for name in words:
        for measure in ("strange", "missing"):
            results[name][measure] = round(mean(results[name][measure]), 4)
    return results


def _read_samples(parser: Parser, samples: Sequence[Sample], columns: Sequence[str]) -> Results:
    met: list[Results] = []
    with tempfile.TemporaryDirectory() as folder:
        for sample in samples:
            path = Path(folder) / sample.name.replace(" ", "-")
            path.write_bytes(sample.data())
            answer = parser.read(path, LIMIT)[1]
            met.append(sample_met(sample, answer.get("text", ""), answer.get("headings")))
    return shares(met, columns)


def evaluate(pythons: Sequence[str], formats: Sequence[str]) -> Results:
    """All formats that can be compared on this machine."""
    results: Results = {"commit": commit_id(), "limits": [LIMIT, HOSTILE_LIMIT], "formats": {}}
    awkward = sorted((SHARED / "hostile").glob("*"))
    for format in formats:
        if format == "pdf" and not (SHARED / "ofsted").is_dir():
            print("The reports (../shared/ofsted) are not on this machine: PDF is left out.")
            continue
        hostile = [path for path in awkward if SUFFIXES.get(path.suffix) == format]
        results["formats"][format] = compare(format, pythons, hostile)
    marked = truth()
    results["marks"] = {
        "files": len(marked),
        **{k: sum(len(m.get(k, ())) for m in marked) for k in ("next", "numbered", "headings")},
        **{k: sum(len(m.get(k, ())) for m in marked) for k in ("cells", "rows")},
    }
    return results


def render(results: Results) -> str:
    """The tables in Markdown, one for each format, and what their columns mean."""
    lines: list[str] = []
    for format, parsers in results["formats"].items():
        columns = COLUMNS[format]
        lines += [
            "",
            f"| {format} | {' | '.join(columns)} | awkward files |",
            "|---" * (len(columns) + 2) + "|",
        ]
        for name, figures in parsers.items():
            cells = [_cell(column, figures[column]) for column in columns]
            label = f"**{name}**" if name == "ours" else f"{name} {figures['version']}"
            lines.append(f"| {label} | {' | '.join(cells)} | {_awkward(figures['hostile'])} |")
    used = {column for format in results["formats"] for column in COLUMNS[format]}
    lines += ["", *(f"- {name}: {text}" for name, text in MEANING.items() if name in used)]
    return "\n".join(lines[1:])


def _cell(column: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if column == "seconds" else f"{100 * value:.1f} %"


def _awkward(counts: Mapping[str, Any] | None) -> str:
    if counts is None:
        return "-"
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])


def run(
    *, write: bool, pythons: Sequence[str] = (), formats: Sequence[str] = tuple(FORMATS)
) -> None:
    """Compare, print the tables and, if asked, keep the results."""
    results = evaluate([sys.executable, *pythons], formats)
    print(render(results))
    if write:
        write_results("parsers", results)
