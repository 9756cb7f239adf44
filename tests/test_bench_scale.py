"""Derived shelves are the same everywhere and like real ones, and what is measured is drawn."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from evals import bench_scale
from evals.derived import Source, derive, grow, source
from rag.assistant import Assistant
from rag.settings import IndexSettings
from rag.store import FILE_NAME, Store

RESULTS = ROOT / "evals" / "results" / "scale.json"


@pytest.fixture(scope="module")
def real(brief_shelf: Assistant) -> Source:
    return source(brief_shelf._index.folder)


@pytest.fixture(scope="module")
def grown(real: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grown")
    with closing(Store(folder / FILE_NAME, IndexSettings(), create=True)) as store:
        held = list(grow(store, real, 450))
        assert held == sorted(held)
        assert 450 <= held[-1] < 550
        again = list(grow(store, real, 450))
        assert again == []
    return folder


def test_a_number_always_gives_the_same_report(real: Source) -> None:
    assert derive(real, 7) == derive(real, 7)
    assert derive(real, 7)[0].text != derive(real, 7 + len(real.reports))[0].text


@pytest.mark.parametrize("number", range(6))
def test_a_derived_report_is_sound(real: Source, number: int) -> None:
    report, cut, vectors = derive(real, number)
    assert len(cut) == len(report.blocks) == len(vectors) > 10
    for item in cut:
        passage = item.passage
        assert report.text[passage.start : passage.end] == passage.text != ""
        vector = np.frombuffer(vectors[item.vector_key], dtype="<f4")
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_grown_shelf_has_nothing_wrong(grown: Path) -> None:
    with Assistant.open(grown) as shelf:
        assert shelf.verify() == []


def test_everything_that_is_shown_is_measured_and_drawn(grown: Path, tmp_path: Path) -> None:
    row = bench_scale.measure(grown, ["how is care assessed?", "who uses direct payments?"])
    row |= {"storing 1,000 passages": 1.0, "building caches": 1.0}
    results = {"rows": [row], "questions": 2, "cores": 2}
    assert row[f"recall at {bench_scale.NEAREST}"] == 1.0
    assert "| answer, p95, seconds |" in bench_scale.readable(results)
    assert "each compared" in bench_scale.render(results)
    bench_scale.draw(results, tmp_path / "drawn.svg")
    assert (tmp_path / "drawn.svg").read_text("utf-8").count("<svg") == 1


def test_the_table_of_the_readme_is_that_of_the_results() -> None:
    before, after = bench_scale.MARKS
    shown = (ROOT / "README.md").read_text("utf-8").split(before)[1].split(after)[0]
    assert shown.strip() == bench_scale.readable(json.loads(RESULTS.read_text("utf-8")))
