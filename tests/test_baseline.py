"""The plain stack's splitter against the usual algorithm written out on strings, and its search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from evals.baseline import OVERLAP, SIZE, TOP, PlainStack, split
from rag.index import Index
from rag.reading import read_file


def pieces(text: str, size: int, separators: tuple[str, ...] = ("\n\n", "\n", " ")) -> list[str]:
    """Text cut after each separator, the coarsest first, until every piece fits."""
    if not separators:
        return [text[i : i + size] for i in range(0, len(text), size)]
    mark = re.escape(separators[0])
    parts = re.findall(rf"(?s).*?{mark}|.+", text)
    fine = separators[1:]
    return [
        short
        for part in parts
        for short in ([part] if len(part) <= size else pieces(part, size, fine))
    ]


def slow_split(text: str, size: int, overlap: int) -> list[str]:
    """Pieces gathered in a window; when the next does not fit, the window is given out, and its
    oldest pieces are dropped until the rest is within the overlap and leaves room."""
    chunks: list[str] = []
    window: list[str] = []
    for piece in pieces(text, size):
        if window and len("".join(window)) + len(piece) > size:
            chunks.append("".join(window))
            while window and (
                len("".join(window)) > overlap or len("".join(window)) + len(piece) > size
            ):
                window.pop(0)
        window.append(piece)
    return [*chunks, "".join(window)] if window else chunks


TEXTS = st.text(alphabet="ab \n", max_size=200) | st.lists(
    st.sampled_from(["word", "a", "longerword", " ", " ", "\n", "\n\n", ". "]), max_size=80
).map("".join)
SIZES = st.integers(1, 30).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


@given(TEXTS, SIZES)
def test_splitting_agrees_with_the_algorithm_written_out(text: str, sizes: tuple[int, int]) -> None:
    assert [text[a:b] for a, b in split(text, *sizes)] == slow_split(text, *sizes)


def laws(text: str, spans: list[tuple[int, int]], size: int, overlap: int) -> Iterator[bool]:
    """What every cut must keep to."""
    yield bool(spans) == bool(text)
    held = {i for start, end in spans for i in range(start, end)}
    yield held == set(range(len(text)))
    for start, end in spans:
        yield 0 < end - start <= size
    for (first, last), (start, end) in pairwise(spans):
        yield first < start
        yield last < end
        yield 0 <= last - start <= overlap


@given(TEXTS, SIZES)
def test_spans_cover_the_text_fit_the_size_and_overlap_no_more_than_allowed(
    text: str, sizes: tuple[int, int]
) -> None:
    assert all(laws(text, split(text, *sizes), *sizes))


@pytest.mark.parametrize(
    "name", ["sefton-2022", "somerset-2024", "southampton-2019", "southampton-2020"]
)
def test_a_report_is_cut_into_a_thousand_characters_with_two_hundred_overlapping(
    reports_folder: Path, name: str
) -> None:
    text = read_file(reports_folder / f"{name}.txt").text
    spans = split(text)
    assert (SIZE, OVERLAP, TOP) == (1000, 200, 4)
    assert all(laws(text, spans, 1000, 200))
    assert [text[a:b] for a, b in spans] == slow_split(text, 1000, 200)
    assert len(text) / 1000 <= len(spans) <= len(text) / 400


def test_neighbours_share_whole_pieces_up_to_the_overlap() -> None:
    text = "aaa bbb ccc ddd"
    assert split(text, size=12, overlap=4) == [(0, 12), (8, 15)]
    assert split(text, size=12, overlap=3) == [(0, 12), (12, 15)]
    assert split(text, size=15, overlap=4) == [(0, 15)]


def test_a_word_longer_than_the_size_is_cut_inside() -> None:
    assert split("abcdefg", size=3, overlap=0) == [(0, 3), (3, 6), (6, 7)]


def test_an_empty_text_has_no_span() -> None:
    assert split("") == []


def test_the_search_gives_the_nearest_chunks_as_exact_slices_best_first(
    tmp_path: Path, encoder: WordEncoder
) -> None:
    topics = ("carers rest", "roads mended", "homes bought", "buses run", "parks open", "bins gone")
    body = "\n\n".join((f"{topic}. " * 70).strip() for topic in topics)
    (tmp_path / "elm.md").write_text(f"# Elm\n\n{body}\n", "utf-8")
    index = Index(tmp_path / "index", create=True, encoder=encoder)
    try:
        assert [o.outcome for o in index.add([tmp_path / "elm.md"])] == ["added"]
        text = index.store.report_text("elm") or ""
        found = PlainStack(index, encoder).search("carers rest")
    finally:
        index.close()
    assert len(found) == TOP
    assert "carers rest" in found[0].text
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert all(c.text == text[c.start : c.end] for c in found)
