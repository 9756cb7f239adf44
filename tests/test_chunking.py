"""The chunking benchmark is scored as it defines itself, in characters of its own files."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

import pytest
from conftest import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from evals import chunking
from evals.chunking import FOLDER, MEASURES, Asked, Score, by_text, evaluate, load, render, score
from evals.spans import Alignment, Span, length, overlap, union
from rag.index import Index
from rag.passages import cut_passages
from rag.reading import read_file

SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda s: (s[0], s[0] + s[1])), max_size=6
)


@pytest.fixture(scope="module")
def benchmark() -> Path:
    if not FOLDER.is_dir():
        pytest.skip("the benchmark (../shared/benchmarks/chunking) is not on this machine")
    return FOLDER


# --- spans ----------------------------------------------------------------------------------


def characters(spans: list[Span]) -> set[int]:
    return {i for start, end in spans for i in range(start, end)}


@given(SPANS, SPANS)
def test_union_and_overlap_are_those_of_sets_of_characters(a: list[Span], b: list[Span]) -> None:
    assert length(union(a)) == len(characters(a))
    assert characters(overlap(a, b)) == characters(a) & characters(b)
    assert length(overlap(a, b)) == len(characters(a) & characters(b))


def test_what_reading_drops_and_adds_is_stepped_over() -> None:
    original = "One <unk> two\nthree.\n\n- four\n[email] five"
    cleaned = "One two three.\n\n• four five"
    alignment = Alignment(original, cleaned)
    start = cleaned.index("two")
    assert alignment.span(start, start + len("two three")) == (10, 19)
    assert original[slice(*alignment.span(0, len("One two")))] == "One <unk> two"
    assert alignment.at[cleaned.index("•")] is None
    assert original.index("u") not in alignment.read()
    assert alignment.span(3, 4) == (0, 0)


@given(st.lists(st.text("abc.-*", min_size=1, max_size=5), max_size=30), st.data())
def test_places_rise_and_hold_the_same_character(words: list[str], data: st.DataObject) -> None:
    kept = [word for word in words if data.draw(st.booleans())]
    original, cleaned = "  ".join(words), " ".join(kept)
    places = Alignment(original, cleaned).at
    found = [(i, place) for i, place in enumerate(places) if place is not None]
    assert all(original[place] == cleaned[i] for i, place in found)
    assert [place for _, place in found] == sorted({place for _, place in found})


@given(st.lists(st.text("abc<>*", min_size=1, max_size=8), max_size=30))
def test_a_text_that_only_lost_its_line_breaks_is_placed_whole(words: list[str]) -> None:
    original = "\n\n".join(words)
    assert len(Alignment(original, " ".join(words)).read()) == len("".join(words))


# --- measures -------------------------------------------------------------------------------


def test_every_retrieved_chunk_counts_in_full_and_every_excerpt_character_once() -> None:
    asked = Asked("?", "a", ((10, 20), (40, 50)))
    found = [("a", (0, 15)), ("a", (10, 30)), ("b", (0, 100))]
    chunks = [(0, 15), (15, 30), (35, 60), (70, 80)]
    got = score(asked, found, chunks)
    retrieved = 15 + 20 + 100
    assert got.recall == 10 / (10 + 10)
    assert got.precision == 10 / retrieved
    assert got.iou == 10 / (retrieved + 10)
    assert got.omega == 20 / (30 + 25)


def test_nothing_retrieved_scores_nothing() -> None:
    assert score(Asked("?", "a", ((0, 9),)), [], [(0, 18)]) == Score(0.0, 0.0, 9 / 18, 0.0)


def test_all_of_the_excerpts_and_nothing_else_scores_one() -> None:
    got = score(Asked("?", "a", ((0, 9), (20, 25))), [("a", (0, 9)), ("a", (20, 25))], [(0, 9)])
    assert (got.recall, got.precision, got.iou) == (1.0, 1.0, 1.0)


def test_means_and_deviations_are_over_questions() -> None:
    asked = [Asked("?", corpus, ((0, 1),)) for corpus in ("a", "a", "b")]
    scores = [Score(1.0, 0.2, 0.5, 0.1), Score(0.0, 0.0, 0.5, 0.0), Score(1.0, 0.1, 0.5, 0.1)]
    found = by_text(asked, scores)
    assert found["a"]["recall"] == 50.0
    assert found["a"]["recall sd"] == 50.0
    assert found["all"]["recall"] == round(200 / 3, 2)
    assert found["all"]["precision"] == 10.0
    assert found["all"]["precision sd"] == round(100 * math.sqrt((0.01 + 0.01 + 0) / 3), 2)
    assert found["b"]["IoU"] == 10.0


# --- the whole ------------------------------------------------------------------------------


def test_it_runs_over_a_small_benchmark(tmp_path: Path, encoder: WordEncoder) -> None:
    corpora = tmp_path / "corpora"
    corpora.mkdir()
    text = "Foxes live in *dens* near water.\n\nOwls hunt at night.\n\nBees make honey in hives."
    (corpora / "wood_life.md").write_text(text, "utf-8")
    (corpora / "sea.md").write_text("Whales sing.\n\nCrabs walk sideways on sand.", "utf-8")
    excerpt = text.index("Owls")
    references = json.dumps([{"content": "", "start_index": excerpt, "end_index": excerpt + 19}])
    with (tmp_path / "questions_df.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["question", "references", "corpus_id"])
        rows.writerow(["when do owls hunt at night", references, "wood_life"])
    index = Index(tmp_path / "index", create=True, encoder=encoder)
    assert {a.outcome for a in index.add([corpora])} == {"added"}
    results = evaluate(index, load(tmp_path), tmp_path)
    index.close()
    assert len(results["systems"]) == 4
    assert [m["all"]["recall"] for m in results["systems"].values()] == [100.0] * 4
    assert results["systems"]["ours: search"]["wood_life"]["omega"] == 100.0
    assert all(f["excerpts not wholly read"] == 0 for f in results["chunks"].values())
    assert "| published: Cluster 200 | 75.2 ± 39.9 |" in render(results)
    assert set(MEASURES) <= results["systems"]["ours: search"]["all"].keys()


def test_without_the_benchmark_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chunking, "FOLDER", tmp_path / "absent")
    monkeypatch.setattr(sys, "argv", ["chunking", "--write"])
    chunking.main()
    assert "is not on this machine" in capsys.readouterr().out


def test_every_excerpt_is_the_text_at_its_offsets(benchmark: Path) -> None:
    questions = load(benchmark)
    assert len(questions) == 472
    assert sum(len(q.excerpts) for q in questions) == 790
    files = {p.stem: p.read_bytes().decode() for p in (benchmark / "corpora").glob("*.md")}
    with (benchmark / "questions_df.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for r in json.loads(row["references"]):
                span = slice(r["start_index"], r["end_index"])
                assert files[row["corpus_id"]][span] == r["content"]


@pytest.mark.parametrize("name", ["chatlogs", "state_of_the_union", "pubmed"])
def test_passages_are_found_in_the_files_they_come_from(benchmark: Path, name: str) -> None:
    path = benchmark / "corpora" / f"{name}.md"
    report = read_file(path)
    alignment = Alignment(path.read_bytes().decode(), report.text)
    passages = cut_passages(report, 160)
    assert len(passages) > 50
    for passage in passages[:: len(passages) // 50]:
        start, end = alignment.span(passage.start, passage.end)
        here = [place for place in alignment.at[passage.start : passage.end] if place is not None]
        assert len(here) >= 0.95 * len("".join(passage.text.split()))
        assert end - start <= 1.2 * len(passage.text) + 40
