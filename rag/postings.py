"""Which passages hold which terms, as sorted arrays: keyword search by BM25.

For every term the passages that hold it, ascending, and how often. The arrays of a large shelf stay
in their file and only what a question needs is read. The scores are those of SQLite's full text
(S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework", 2009; k1 1.2, b 0.75; a term
in the headings counts half), which a test holds them to; SQLite itself needs a second for a common
word on a million passages.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.lib.format import read_array_header_1_0, read_magic
from numpy.typing import NDArray

K1, B = 1.2, 0.75
"""Of BM25: how soon more occurrences stop counting, and how much long passages are marked down."""
_IN_TEXT, _IN_HEADINGS = 2, 1
"""What an occurrence adds to a count, which is of halves."""
_CHUNK = 50_000
"""Passages whose terms are sorted at once: what building needs of memory."""
_RUNS = re.compile(r"[^\W_]+")

Places = NDArray[np.uint32]
"""Positions of passages, ascending."""


def terms_of(stems: str) -> list[str]:
    """The terms of blank-separated stems: runs of letters and digits, without accents."""
    if not stems.isascii():
        split = unicodedata.normalize("NFKD", stems)
        stems = "".join(c for c in split if not unicodedata.combining(c))
    return _RUNS.findall(stems)


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of n passages, at positions 0 to n - 1."""

    hashes: NDArray[np.uint64]
    """64 bits of each term's hash, ascending, shape (terms,)."""
    starts: NDArray[np.int64]
    """Where the passages of each term start, and the end of the last, shape (terms + 1,)."""
    places: Places
    """The passages of all terms, term after term."""
    counts: NDArray[np.uint8]
    """How often each of them holds its term: 2 for each time in the text, 1 in the headings."""
    lengths: NDArray[np.uint16]
    """Terms in each passage and its headings, shape (n,)."""

    @classmethod
    def build(cls, passages: Iterable[tuple[str, str]]) -> Postings:
        """Of the stems of the text and of the headings of each passage, in order."""
        numbers: defaultdict[str, int] = defaultdict(lambda: len(numbers))
        runs = [_sorted_run(chunk) for chunk in _chunks(passages, numbers)]
        lengths = np.concatenate([run.lengths for run in runs] or [np.zeros(0, np.uint16)])
        hashes = np.array([_hash(term) for term in numbers], dtype=np.uint64)
        order = np.argsort(hashes)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        sizes = np.zeros((len(runs), len(order)), dtype=np.int64)
        for number, run in enumerate(runs):
            sizes[number, rank[run.terms]] = run.sizes
        starts = np.concatenate([[0], np.cumsum(sizes.sum(axis=0))]).astype(np.int64)
        places = np.empty(int(starts[-1]), dtype=np.uint32)
        counts = np.empty(int(starts[-1]), dtype=np.uint8)
        free = starts[:-1].copy()
        first = 0
        for number, run in enumerate(runs):
            mine = rank[run.terms]
            within = np.arange(len(run.places)) - np.repeat(
                np.cumsum(run.sizes) - run.sizes, run.sizes
            )
            into = np.repeat(free[mine], run.sizes) + within
            places[into] = run.places + np.uint32(first)
            counts[into] = run.counts
            free += sizes[number]
            first += len(run.lengths)
        return cls(hashes[order], starts, places, counts, lengths)

    def write(self, path: Path) -> None:
        """Keep the arrays in one file, one after the other in NumPy's own format."""
        with path.open("wb") as file:
            for name in _KINDS:
                np.save(file, getattr(self, name))

    @classmethod
    def read(cls, path: Path) -> Postings | None:
        """The arrays of a file, mapped: only what is used is read. None when it holds others."""
        found = []
        try:
            with path.open("rb") as file:
                for kind in _KINDS.values():
                    read_magic(file)
                    shape, _, dtype = read_array_header_1_0(file)
                    if dtype != kind or len(shape) != 1:
                        return None
                    mapped = np.memmap(path, dtype, "r", file.tell(), shape) if shape[0] else None
                    found.append(np.zeros(0, dtype) if mapped is None else mapped)
                    file.seek(shape[0] * dtype.itemsize, os.SEEK_CUR)
        except ValueError:  # not of NumPy's format
            return None
        return cls(*found)

    def find(self, term: str) -> tuple[Places, NDArray[np.uint8]]:
        """The passages that hold a term, and their counts."""
        wanted = np.uint64(_hash(term))
        at = int(np.searchsorted(self.hashes, wanted))
        if at == len(self.hashes) or self.hashes[at] != wanted:
            return self.places[:0], self.counts[:0]
        part = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.places[part], self.counts[part]

    def norms(self, average: float) -> NDArray[np.float64]:
        """What BM25 marks each passage down by for its length, shape (n,), where passages have
        ``average`` terms.
        """
        lengths = self.lengths.astype(np.float64)
        return K1 * ((1 - B) + B * lengths / average)

    def add_scores(
        self,
        scores: NDArray[np.float64],
        term: str,
        idf: float,
        norms: NDArray[np.float64],
        among: NDArray[np.bool_] | None = None,
    ) -> None:
        """Add the score of one term to ``scores``, shape (n,); only to those ``among`` the
        passages that may be found, if given, shape (n,).
        """
        places, counts = self.find(term)
        if among is not None:
            may = among[places]
            places, counts = places[may], counts[may]
        often = counts / float(_IN_TEXT)
        scores[places] += idf * often * (K1 + 1) / (often + norms[places])


_KINDS = {"hashes": "<u8", "starts": "<i8", "places": "<u4", "counts": "|u1", "lengths": "<u2"}
"""The arrays in the order in which they are kept."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The sorted terms of some passages."""

    terms: NDArray[np.int64]
    sizes: NDArray[np.int64]
    places: Places
    counts: NDArray[np.uint8]
    lengths: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Occurrences of terms in some passages, unsorted."""

    terms: list[int]
    sizes: list[tuple[int, int]]
    """How many of the terms stand in the text and in the headings of each passage."""


def _chunks(passages: Iterable[tuple[str, str]], numbers: Mapping[str, int]) -> Iterator[_Chunk]:
    number: Callable[[str], int] = numbers.__getitem__
    chunk = _Chunk([], [])
    for text, headings in passages:
        in_text, in_headings = terms_of(text), terms_of(headings)
        chunk.terms.extend(map(number, in_text))
        chunk.terms.extend(map(number, in_headings))
        chunk.sizes.append((len(in_text), len(in_headings)))
        if len(chunk.sizes) == _CHUNK:
            yield chunk
            chunk = _Chunk([], [])
    if chunk.sizes:
        yield chunk


def _sorted_run(chunk: _Chunk) -> _Run:
    sizes = np.array(chunk.sizes, dtype=np.int64)
    lengths = sizes.sum(axis=1)
    place = np.repeat(np.arange(len(sizes), dtype=np.uint64), lengths)
    weight = np.repeat(np.tile(np.array([_IN_TEXT, _IN_HEADINGS]), len(sizes)), sizes.ravel())
    keys = np.array(chunk.terms, dtype=np.uint64) * np.uint64(len(sizes)) + place
    order = np.argsort(keys, kind="stable")
    keys, weight = keys[order], weight[order]
    firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    found = keys[firsts]
    counts = np.minimum(np.add.reduceat(weight, firsts), 255) if len(keys) else weight
    terms, sizes_of = np.unique(found // np.uint64(len(sizes)), return_counts=True)
    return _Run(
        terms.astype(np.int64),
        sizes_of.astype(np.int64),
        (found % np.uint64(len(sizes))).astype(np.uint32),
        counts.astype(np.uint8),
        np.minimum(lengths, 65_535).astype(np.uint16),
    )


@lru_cache(maxsize=100_000)
def _hash(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")
