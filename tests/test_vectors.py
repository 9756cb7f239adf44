"""Nearest vectors against a slow twin, and the files that they are kept in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rag.embedding import Vectors
from rag.vectors import VectorIndex

SMALL = st.integers(-2, 2)
"""Whole numbers, so that sums are exact and ties are many."""


def slow_search(vectors: Vectors, query: Vectors, k: int) -> tuple[list[float], list[int]]:
    """The obvious twin: every score, sorted by score, then by position."""
    scores = [sum(float(a) * float(b) for a, b in zip(row, query, strict=True)) for row in vectors]
    best = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]
    return [scores[i] for i in best], best


def unit_vectors(n: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, 16)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@settings(deadline=None)
@given(
    vectors=arrays(np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=SMALL),
    query=arrays(np.float32, 3, elements=SMALL),
)
def test_a_whole_search_is_that_of_the_slow_twin_with_ties_to_the_lower_position(
    vectors: Vectors, query: Vectors
) -> None:
    scores, positions = VectorIndex.build(vectors).search(query, len(vectors))
    expected_scores, expected = slow_search(vectors, query, len(vectors))
    assert positions.tolist() == expected
    assert scores.tolist() == expected_scores


@settings(deadline=None)
@given(
    vectors=arrays(np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=SMALL),
    query=arrays(np.float32, 3, elements=SMALL),
    k=st.integers(1, 40),
)
def test_the_first_k_are_those_of_the_slow_twin(vectors: Vectors, query: Vectors, k: int) -> None:
    scores, positions = VectorIndex.build(vectors).search(query, k)
    expected_scores, expected = slow_search(vectors, query, k)
    assert positions.tolist() == expected
    assert scores.tolist() == expected_scores


@pytest.mark.parametrize("k", [1, 7, 500])
def test_unit_vectors_are_found_by_cosine(k: int) -> None:
    vectors, query = unit_vectors(500), unit_vectors(1, seed=1)[0]
    scores, positions = VectorIndex.build(vectors).search(query, k)
    expected_scores, expected = slow_search(vectors, query, k)
    assert positions.tolist() == expected
    assert np.allclose(scores, expected_scores, atol=2e-6)


def test_scores_that_differ_by_rounding_only_are_ties() -> None:
    vectors = np.array([[0.5, 0], [0.5 + 1e-7, 0], [0.5 - 1e-7, 0]], dtype=np.float32)
    scores, positions = VectorIndex.build(vectors).search(np.array([1, 0], np.float32), 3)
    assert positions.tolist() == [0, 1, 2]
    assert scores.tolist() == [0.5, 0.5, 0.5]


def test_asking_for_more_than_there_are_gives_all_once() -> None:
    scores, positions = VectorIndex.build(unit_vectors(3)).search(unit_vectors(1)[0], 10)
    assert sorted(positions.tolist()) == [0, 1, 2]
    assert scores.shape == (3,)


def test_an_empty_index_finds_nothing() -> None:
    index = VectorIndex.build(np.zeros((0, 16), dtype=np.float32))
    scores, positions = index.search(unit_vectors(1)[0], 5)
    assert len(index) == 0
    assert (scores.shape, positions.shape) == ((0,), (0,))


def test_a_saved_index_comes_back_and_finds_the_same(tmp_path: Path) -> None:
    index = VectorIndex.build(unit_vectors(50))
    index.save(tmp_path, "a-7")
    loaded = VectorIndex.load(tmp_path, "a-7", (50, 16))
    assert loaded is not None
    for query in unit_vectors(5, seed=2):
        scores, positions = loaded.search(query, 9)
        expected_scores, expected = index.search(query, 9)
        assert np.array_equal(scores, expected_scores)
        assert np.array_equal(positions, expected)


def test_an_empty_index_comes_back_too(tmp_path: Path) -> None:
    VectorIndex.build(np.zeros((0, 16), dtype=np.float32)).save(tmp_path, "a-1")
    loaded = VectorIndex.load(tmp_path, "a-1", (0, 16))
    assert loaded is not None
    assert len(loaded) == 0


def test_saving_a_generation_removes_the_files_of_all_others(tmp_path: Path) -> None:
    index = VectorIndex.build(unit_vectors(3))
    (tmp_path / "vectors.txt").touch()
    for key in ("a-1", "b-11", "a-2"):
        index.save(tmp_path, key)
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == [f"vectors-{key}.faiss", "vectors.txt"]
    assert VectorIndex.load(tmp_path, "a-1", (3, 16)) is None


@pytest.mark.parametrize("shape", [(4, 16), (3, 15), (0, 16)])
def test_an_index_of_another_shape_is_not_loaded(tmp_path: Path, shape: tuple[int, int]) -> None:
    VectorIndex.build(unit_vectors(3)).save(tmp_path, "a-1")
    assert VectorIndex.load(tmp_path, "a-1", shape) is None


def test_where_nothing_can_be_written_saving_is_no_error(tmp_path: Path) -> None:
    VectorIndex.build(unit_vectors(3)).save(tmp_path / "absent", "a-1")
    assert VectorIndex.load(tmp_path / "absent", "a-1", (3, 16)) is None


def test_a_search_leaves_its_query_as_it_was() -> None:
    query = unit_vectors(1)[0]
    before = query.copy()
    VectorIndex.build(unit_vectors(3)).search(query, 2)
    assert np.array_equal(query, before)
