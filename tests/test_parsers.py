"""The comparison of parsers: what its measures count, and that a parser's fate is told truly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SHARED
from hypothesis import given
from hypothesis import strategies as st

from evals.parsers import child
from evals.parsers.measures import (
    follows,
    has_heading,
    is_labelled,
    on_one_line,
    share,
    strange_and_missing,
    words_of,
)
from evals.parsers.pages import PAGES, SAMPLES, Sample
from evals.parsers.process import Parser
from evals.parsers.run import (
    COLUMNS,
    FORMATS,
    MEANING,
    SUFFIXES,
    marks_met,
    render,
    sample_met,
    shares,
    truth,
)
from evals.parsers.words import WORDS
from evals.run import RESULTS

TEXT = """12
Findings
1. Staff told us that
the wait had grown.
2 ■ Plans are “clear” – and multi-
agency. **Good**
Overall: Good"""
LIBRARIES = {"pypdf", "pdfplumber", "pdfminer", "pymupdf", "docx", "mammoth", "trafilatura"}


def test_words_follow_each_other_across_lines_and_marks_and_not_across_other_words() -> None:
    words = words_of(TEXT)
    assert follows(words, "told us that", "the wait")
    assert follows(words, "multi", "agency")
    assert follows(words, "had grown", "Plans are", "2")
    assert follows(words, "plans are clear", "and")
    assert not follows(words, "had grown", "Plans are")
    assert not follows(words, "12", "Staff told")
    assert not follows(words, "the wait had", "had grown")


def test_a_label_counts_only_at_the_beginning_of_its_line_before_its_paragraph() -> None:
    words = words_of(TEXT)
    assert is_labelled(words, "1", "Staff told")
    assert is_labelled(words, "2", "Plans are")
    assert not is_labelled(words, "1", "told us")
    assert not is_labelled(words, "3", "Staff told")
    assert not is_labelled(words_of("see 1. Staff told"), "1", "Staff told")
    assert is_labelled(words_of("2.1. Deeper"), "2.1", "Deeper")


def test_a_heading_may_carry_a_number_or_a_mark_and_nothing_more() -> None:
    assert has_heading(["Findings"], "Findings")
    assert has_heading(["2. **Findings**"], "Findings")
    assert has_heading(["Findings:2"], "findings")
    assert not has_heading(["The main findings of this team"], "Findings")
    assert not has_heading(["Finding"], "Findings")
    assert not has_heading(None, "Findings")


def test_cells_of_a_row_stand_on_one_line() -> None:
    assert on_one_line("| North | 12 |\n| South | 3 |", ("North", "12"))
    assert not on_one_line("North\n12", ("North", "12"))


@given(st.text(alphabet="aB1 \n’'-–ﬁ", max_size=40))
def test_every_line_begins_where_its_words_begin(text: str) -> None:
    words = words_of(text)
    assert all(words.words[place] == word for word, at in words.places.items() for place in at)
    assert sum(map(len, words.places.values())) == len(words.words)
    assert words.find(()) == []
    for line in text.splitlines():
        told = words_of(line).words
        assert not told or set(words.find(told)) & words.first


def test_words_joined_or_split_are_strange_and_what_they_spoilt_is_missing() -> None:
    right = words_of("the wait had grown")
    found = strange_and_missing(
        {"a": right, "b": right, "c": right, "joined": words_of("thewait had grown")}
    )
    assert found["a"] == (0, 0)
    assert found["joined"] == (1 / 3, 2 / 4)


def test_a_share_of_nothing_is_not_a_share() -> None:
    assert share([]) is None
    assert share([True, True, False, False]) == 0.5
    assert shares([{"a": [True]}, {"a": [False, False]}], "a") == {"a": 0.3333}
    assert shares([{"a": [True]}, {"a": None}], "a") == {"a": None}


def test_marks_are_met_by_the_text_they_were_made_from_and_not_by_another() -> None:
    marked = {
        "next": [["told us that", "the wait"]],
        "numbered": [["had grown", "2", "Plans are"]],
        "headings": ["Findings"],
        "cells": [["Overall", "Good"]],
        "rows": [["Overall", "Good"]],
    }
    met = marks_met(marked, TEXT, ["Findings"])
    assert {name: set(told) for name, told in met.items()} == {name: {True} for name in met}
    missed = marks_met(marked, "Plans are nothing", ["2. Plans are"])
    assert {name: set(told) for name, told in missed.items()} == {name: {False} for name in met}
    assert marks_met(marked, TEXT, None)["headings"] is None


@pytest.mark.parametrize("sample", [*PAGES, *WORDS], ids=lambda sample: sample.name)
def test_an_empty_text_keeps_nothing_of_a_sample_and_lets_nothing_in(sample: Sample) -> None:
    met = sample_met(sample, "", [])
    assert not any(met["kept"] + met["numbers"] + met["rows"] + met["headings"])
    assert all(met["left out"])


def test_samples_are_all_described_and_the_marks_are_pointers_and_no_sentences() -> None:
    assert {page.name for page in PAGES} == {path.name for path in SAMPLES.iterdir()}
    marked = truth()
    assert len({entry["file"] for entry in marked}) == len(marked) >= 12
    parts = [part for entry in marked for pair in entry["next"] for part in pair]
    parts += [part for entry in marked for mark in entry["numbered"] for part in mark]
    assert max(len(part.split()) for part in parts) <= 8


def test_every_parser_of_the_table_has_a_reader_and_every_column_a_meaning() -> None:
    assert {name for names in FORMATS.values() for name in names} == set(child.READERS)
    assert set(SUFFIXES.values()) == set(FORMATS) == set(COLUMNS)
    assert {column for columns in COLUMNS.values() for column in columns} <= set(MEANING)


def test_reading_the_comparison_imports_none_of_the_parsers() -> None:
    code = f"import sys, evals.parsers.run; print(sorted({LIBRARIES!r} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_ours_reads_in_a_process_of_its_own_and_tells_errors() -> None:
    with Parser("ours") as parser:
        state, answer = parser.read(SAMPLES / "association.html", 60)
        assert state == "text"
        assert "Executive summary" in answer["headings"]
        state, answer = parser.read(SAMPLES / "absent.html", 60)
        assert state == "error"
        assert "absent.html" in answer["error"]


def test_a_parser_that_is_not_installed_has_no_version(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c \'print("{{}}")\'\n', "utf-8")
    bare.chmod(0o755)
    with Parser("pypdf", [str(bare)]) as parser:
        assert parser.version is None


def play(tmp_path: Path, script: str) -> Parser:
    """A parser played by a script: it says that it is ready, then does what it is told to."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho \'{{"version": "1"}}\'\n{script}\n', "utf-8")
    python.chmod(0o755)
    return Parser("pypdf", [str(python)])


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ('read line; echo \'{"text": "x", "headings": null, "seconds": 0}\'', "text"),
        ('read line; echo \'{"text": " ", "headings": null, "seconds": 0}\'', "empty"),
        ('read line; echo \'{"error": "x"}\'', "error"),
        ("read line; kill -9 $$", "crash"),
        ("read line; printf '{\"text'", "crash"),
        ("exec sleep 60", "hang"),
    ],
)
def test_what_becomes_of_a_file_is_told_and_the_next_file_is_read(
    tmp_path: Path, script: str, state: str
) -> None:
    with play(tmp_path, script) as parser:
        assert parser.version == "1"
        assert parser.read(Path("a.pdf"), 0.5)[0] == state
        parser.restart()
        assert parser.read(Path("b.pdf"), 0.5)[0] == state


def test_whatever_a_parser_raises_is_its_answer() -> None:
    def fails(path: str) -> child.Read:
        raise KeyError(path)

    def reads(path: str) -> child.Read:
        return f"{path} \ud800", None

    assert child.outcome(fails, "a.pdf") == {"error": "KeyError: 'a.pdf'"}
    assert child.outcome(reads, "a.pdf")["text"] == "a.pdf ?"


@pytest.mark.parametrize("name", [n for n in FORMATS["docx"] if n != "ours"])
def test_each_parser_of_word_files_reads_a_sample_where_it_is_installed(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "sample.docx"
    path.write_bytes(WORDS[1].data())
    with Parser(name) as parser:
        if parser.version is None:
            pytest.skip(f"{name} is not installed: see the group parsers")
        state, answer = parser.read(path, 60)
    assert state == "text"
    assert "Most files were in good order" in answer["text"]


@pytest.mark.parametrize("name", [n for n in FORMATS["pdf"] if n != "ours"])
def test_each_parser_of_pdf_reads_a_report_where_it_is_installed(name: str) -> None:
    path = SHARED / "ofsted" / "sutton-01-february-2022.pdf"
    if not path.is_file():
        pytest.skip("the inspection reports (../shared/ofsted) are not on this machine")
    with Parser(name) as parser:
        if parser.version is None:
            pytest.skip(f"{name} is not installed: see the group parsers")
        state, answer = parser.read(path, 60)
    assert state == "text"
    assert "What needs to improve" in answer["text"]


def test_the_results_that_are_kept_have_all_columns_and_ours_in_each_table() -> None:
    path = RESULTS / "parsers.json"
    if not path.is_file():
        pytest.skip("python -m evals.parsers --write has not been run")
    results = json.loads(path.read_text("utf-8"))
    for format, parsers in results["formats"].items():
        assert "ours" in parsers
        for figures in parsers.values():
            assert set(COLUMNS[format]) <= set(figures)
    table = render(results)
    assert table.count("**ours**") == len(results["formats"])
    assert "/" + "work" not in json.dumps(results)
