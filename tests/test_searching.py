"""Keyword and vector search over segments, against SQLite's own full text and plain arithmetic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import CORPUS, WordEncoder

from rag import segments as segments_module
from rag.assistant import Assistant
from rag.postings import Postings, terms_of
from rag.searching import FileSearcher
from rag.segments import bring_up
from rag.settings import IndexSettings
from rag.store import FILE_NAME, Store
from rag.terms import stems
from rag.vectors import VectorIndex

QUESTIONS = (
    "deprivation of liberty safeguards backlog",
    "direct payments",
    "the council and its partners",
    "carers of people with dementia in 2020",
    "café",
    "nothing zzz",
)
DIMENSION = WordEncoder.dimension


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The briefs, added in two runs, so that they stand in two segments."""
    place = tmp_path_factory.mktemp("searched")
    files = sorted(CORPUS.glob("*.md"))
    with Assistant.open(place, create=True, encoder=WordEncoder()) as shelf:
        shelf.add(files[:-1])
        shelf.search("carers")
        shelf.add(files[-1:])
    return place


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with closing(Store(folder / FILE_NAME, _settings(folder), create=False)) as found:
        yield found


def _settings(folder: Path) -> IndexSettings:
    with Assistant.open(folder, encoder=WordEncoder()) as shelf:
        return shelf._index.settings


def searcher_of(store: Store, folder: Path) -> FileSearcher:
    held = store.held()
    segments = bring_up(folder, store, held, DIMENSION)
    return FileSearcher(store, held, segments, store.generation(), DIMENSION)


def full_text(folder: Path, wanted: Sequence[str], gone: str = "") -> list[tuple[int, float]]:
    """The oracle: SQLite's own BM25, best first, ties by report and passage."""
    query = " OR ".join(f'"{stem}"' for stem in sorted(set(wanted)) if stem.isalnum())
    with closing(sqlite3.connect(folder / FILE_NAME)) as database:
        found = database.execute(
            """SELECT p.id, round(-bm25(terms, 1.0, 0.5), 6) AS score
               FROM terms JOIN passages p ON p.id = terms.rowid
               WHERE terms MATCH ? AND p.report != ? ORDER BY score DESC, p.report, p.seq""",
            (query, gone),
        )
        return [(id_, score) for id_, score in found]


@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_are_those_of_sqlites_full_text(store: Store, folder: Path, question: str) -> None:
    searcher = searcher_of(store, folder)
    found = searcher.keyword(stems(question), 10_000)
    expected = full_text(folder, stems(question))
    assert len(searcher.segments) == 2
    assert found.ids.tolist() == [id_ for id_, _ in expected]
    assert found.scores == pytest.approx([score for _, score in expected], abs=2e-6)


@pytest.mark.parametrize("k", [1, 3, 50])
def test_the_best_k_are_the_first_of_all(store: Store, folder: Path, k: int) -> None:
    searcher = searcher_of(store, folder)
    query = np.random.default_rng(1).normal(size=DIMENSION).astype(np.float32)
    query /= np.linalg.norm(query)
    wanted = stems("carers people council")
    words, all_words = searcher.keyword(wanted, k), searcher.keyword(wanted, 10_000)
    assert words.ids.tolist() == all_words.ids.tolist()[:k]
    near, all_near = searcher.nearest(query, k), searcher.nearest(query, 10_000)
    assert near.ids.tolist() == all_near.ids.tolist()[:k]


def test_every_vector_is_compared_and_cosines_agree(store: Store, folder: Path) -> None:
    searcher = searcher_of(store, folder)
    ids = [id_ for held in store.held() for id_ in held.ids]
    query = WordEncoder().encode(["carers are heard"])[0]
    found = searcher.nearest(query, 10_000)
    assert sorted(found.ids.tolist()) == sorted(ids)
    exact = dict(zip(ids, store.vectors_of(ids, DIMENSION) @ query, strict=True))
    assert found.scores == pytest.approx([exact[i] for i in found.ids.tolist()], abs=2e-6)
    assert searcher.cosines(query, ids) == pytest.approx([exact[i] for i in ids], abs=2e-6)


def test_only_the_reports_that_are_wanted_are_found(store: Store, folder: Path) -> None:
    searcher = searcher_of(store, folder)
    within = np.zeros(len(searcher.reports), dtype=np.bool_)
    within[1] = True
    query = WordEncoder().encode(["carers are heard"])[0]
    for found in (
        searcher.keyword(stems("carers"), 100, within),
        searcher.nearest(query, 100, within),
    ):
        assert len(found) > 0
        assert set(found.reports.tolist()) == {1}
        of = {p.report for p in store.passages(found.ids.tolist()).values()}
        assert of == {searcher.reports[1]}


def test_which_reports_hold_a_term_is_known_of_each(store: Store, folder: Path) -> None:
    searcher = searcher_of(store, folder)
    for term in ("dol", "carer", "zzz"):
        holding = {searcher.reports[n] for n in np.flatnonzero(searcher.holding([term]))}
        ids = [id_ for id_, _ in full_text(folder, [term])]
        assert holding == {p.report for p in store.passages(ids).values()}
        assert searcher.frequency(term) == len(ids)


def test_a_report_that_was_removed_is_passed_over_without_building_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Assistant.open(tmp_path, create=True, encoder=WordEncoder()) as shelf:
        shelf.add(CORPUS)
        shelf.search("carers")
        monkeypatch.setattr(segments_module, "_build", None)  # would fail
        shelf.remove("sefton-2022")
        store, searcher = shelf._index.store, shelf._index.snapshot().searcher
        assert isinstance(searcher, FileSearcher)
        assert "sefton-2022" not in searcher.reports
        found = searcher.keyword(stems("carers people"), 10_000)
        of = store.passages(found.ids.tolist()).values()
        assert "sefton-2022" not in {p.report for p in of}
    expected = full_text(tmp_path, stems("carers people"))
    assert found.ids.tolist() == [id_ for id_, _ in expected]
    assert found.scores == pytest.approx([score for _, score in expected], abs=2e-6)


@pytest.fixture
def by_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small shelves are searched as large ones are."""
    of = VectorIndex.of
    monkeypatch.setattr(
        VectorIndex, "of", lambda count, dimension, rows: of(count, dimension, rows, exact=10)
    )


def test_words_are_those_of_the_reports_that_are_there(tmp_path: Path) -> None:
    files = sorted(CORPUS.glob("*.md"))
    with Assistant.open(tmp_path, create=True, encoder=WordEncoder()) as shelf:
        for some in (files[:-1], files[-1:]):
            shelf.add(some)
            assert list(shelf._index.snapshot().words()) == shelf._index.store.words()
        before = shelf._index.store.words()
        shelf.remove("sefton-2022")
        after = list(shelf._index.snapshot().words())
        assert after == shelf._index.store.words()
        assert set(after) < set(before)


@pytest.mark.usefixtures("by_lists")
def test_the_words_of_a_large_shelf_are_counted_once_and_again_when_that_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Sequence[str]] = []
    count = Store.word_counts

    def counting(store: Store, reports: Sequence[str]) -> dict[str, int]:
        counted.append(reports)
        return count(store, reports)

    monkeypatch.setattr(Store, "word_counts", counting)
    with Assistant.open(tmp_path, create=True, encoder=WordEncoder()) as shelf:
        shelf.add(CORPUS)
    assert len(counted) == 1
    for damage in (None, lambda kept: kept.write_bytes(b"{}"), Path.unlink):
        (kept,) = tmp_path.glob("words-*.json")
        if damage is not None:
            damage(kept)
        for again in (damage is not None, False):
            counted.clear()
            with Assistant.open(tmp_path, encoder=WordEncoder()) as shelf:
                assert list(shelf._index.snapshot().words()) == shelf._index.store.words()
            assert bool(counted) == again


@pytest.mark.usefixtures("by_lists")
def test_a_large_shelf_gives_the_answers_of_a_small_one(
    brief_shelf: Assistant, tmp_path: Path
) -> None:
    """The same shelf searched by lists: what is found by meaning is nearly the same."""
    with Assistant.open(tmp_path, create=True) as shelf:
        shelf.add(CORPUS)
        assert "looked into" in str(shelf._index.snapshot().searcher)
        for question in ("how did councils handle DoLS backlogs?", "who uses direct payments?"):
            small, large = brief_shelf.ask(question), shelf.ask(question)
            assert [(c.report, c.quote) for c in large.citations] == [
                (c.report, c.quote) for c in small.citations
            ]
            assert [row.status for row in large.coverage] == [row.status for row in small.coverage]


def test_postings_come_back_from_their_file(tmp_path: Path) -> None:
    built = Postings.build([("carer wait carer", "strength"), ("", ""), ("wait", "carer")])
    built.write(tmp_path / "kept")
    read = Postings.read(tmp_path / "kept")
    assert read is not None
    for postings in (built, read):
        places, counts = postings.find("carer")
        assert (places.tolist(), counts.tolist()) == ([0, 2], [4, 1])
        assert postings.find("absent")[0].tolist() == []
        assert postings.lengths.tolist() == [4, 0, 2]


def test_postings_built_in_pieces_are_those_built_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passages = [(f"carer number {n % 7}", f"part {n % 3}") for n in range(50)]
    whole = Postings.build(passages)
    monkeypatch.setattr("rag.postings._CHUNK", 8)
    pieces = Postings.build(passages)
    for name in Postings.__slots__:
        assert np.array_equal(getattr(whole, name), getattr(pieces, name))


def test_a_file_of_something_else_is_no_postings(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not of NumPy's format, and long enough to be read")
    np.save(tmp_path / "other.npy", np.zeros((3, 3)))
    assert Postings.read(tmp_path / "text") is None
    assert Postings.read(tmp_path / "other.npy") is None


def test_terms_are_runs_of_letters_and_digits_without_accents() -> None:
    assert terms_of("café 12.5 co-op a_b dol") == ["cafe", "12", "5", "co", "op", "a", "b", "dol"]
