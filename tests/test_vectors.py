"""Nearest vectors against a slow twin, and the files that they are kept in."""

from __future__ import annotations

from collections.abc import Iterator
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
    assert index.save(tmp_path / "kept")
    loaded = VectorIndex.load(tmp_path / "kept", (50, 16))
    assert loaded is not None
    for query in unit_vectors(5, seed=2):
        scores, positions = loaded.search(query, 9)
        expected_scores, expected = index.search(query, 9)
        assert np.array_equal(scores, expected_scores)
        assert np.array_equal(positions, expected)


def test_an_empty_index_comes_back_too(tmp_path: Path) -> None:
    VectorIndex.build(np.zeros((0, 16), dtype=np.float32)).save(tmp_path / "kept")
    loaded = VectorIndex.load(tmp_path / "kept", (0, 16))
    assert loaded is not None
    assert len(loaded) == 0


@pytest.mark.parametrize("shape", [(4, 16), (3, 15), (0, 16)])
def test_an_index_of_another_shape_is_not_loaded(tmp_path: Path, shape: tuple[int, int]) -> None:
    VectorIndex.build(unit_vectors(3)).save(tmp_path / "kept")
    assert VectorIndex.load(tmp_path / "kept", shape) is None


def test_where_nothing_can_be_written_saving_is_no_error(tmp_path: Path) -> None:
    assert not VectorIndex.build(unit_vectors(3)).save(tmp_path / "absent" / "kept")
    assert VectorIndex.load(tmp_path / "absent" / "kept", (3, 16)) is None


def test_a_search_leaves_its_query_as_it_was() -> None:
    query = unit_vectors(1)[0]
    before = query.copy()
    VectorIndex.build(unit_vectors(3)).search(query, 2)
    assert np.array_equal(query, before)


# --- large ones -------------------------------------------------------------------------------


def clustered(n: int, seed: int = 0) -> Vectors:
    """Unit vectors around a hundred directions, as texts stand around topics."""
    chance = np.random.default_rng(seed)
    topics = np.random.default_rng(99).normal(size=(100, 16))
    vectors = topics[chance.integers(100, size=n)] + 0.4 * chance.normal(size=(n, 16))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(unit, dtype=np.float32)


@pytest.fixture(scope="module")
def large() -> Iterator[tuple[Vectors, VectorIndex]]:
    vectors = clustered(5_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.vectors.EXACT", 1_000)
        yield vectors, listed(vectors)


def listed(vectors: Vectors) -> VectorIndex:
    rows = lambda at: vectors[at.start : at.stop : at.step]  # noqa: E731
    return VectorIndex.of(len(vectors), vectors.shape[1], rows, exact=1_000)


def test_as_many_are_looked_into_as_would_be_compared_without_lists() -> None:
    assert "5,000 vectors of 8 bits in 282 lists, the nearest 282" in str(listed(clustered(5_000)))


def test_a_large_index_is_searched_by_lists_and_says_so(large: tuple[Vectors, VectorIndex]) -> None:
    _, index = large
    assert not index.exact
    assert "5,000 vectors of 8 bits in 282 lists, the nearest 56" in str(index)
    assert VectorIndex.build(clustered(10)).exact


def test_a_large_index_finds_nearly_all_of_the_nearest(large: tuple[Vectors, VectorIndex]) -> None:
    vectors, index = large
    shared = 0
    for query in clustered(50, seed=1):
        exact = set(np.argsort(-(vectors @ query))[:10].tolist())
        shared += len(exact & set(index.search(query, 10)[1].tolist()))
    assert shared >= 0.98 * 500


def test_what_is_searched_among_is_all_that_is_found(large: tuple[Vectors, VectorIndex]) -> None:
    vectors, index = large
    among = np.zeros(5_000, dtype=np.bool_)
    among[::50] = True
    for some in (index, VectorIndex.build(vectors)):
        scores, positions = some.search(clustered(1, seed=2)[0], 500, among)
        assert sorted(positions.tolist()) == list(range(0, 5_000, 50))
        assert (np.diff(scores) <= 0).all()


def test_a_large_index_comes_back_from_its_file(
    large: tuple[Vectors, VectorIndex], tmp_path: Path
) -> None:
    _, index = large
    assert index.save(tmp_path / "kept")
    loaded = VectorIndex.load(tmp_path / "kept", (5_000, 16))
    assert loaded is not None
    assert str(loaded) == str(index)
    query = clustered(1, seed=3)[0]
    (scores, positions), expected = loaded.search(query, 99), index.search(query, 99)
    assert np.array_equal(scores, expected[0])
    assert np.array_equal(positions, expected[1])
