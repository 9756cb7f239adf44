"""The searchable parts of a shelf: terms and vectors of some reports, kept beside the store.

A segment holds the reports that it was built from and never changes. Reports that are new make a
segment of their own; reports that went are passed over. A segment grows into the one before it once
it is a fourth of its size, so there are few, and adding to a large shelf costs little (the
logarithmic method: J. Bentley and J. Saxe, "Decomposable searching problems", 1980). Its name is a
hash of what it holds, so a segment of another shelf or another time is never taken for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag import caches
from rag.caches import IsSound
from rag.embedding import Vectors
from rag.postings import Postings
from rag.store import Held, Store
from rag.vectors import VectorIndex

MANIFEST = "segments.json"
_TERMS, _VECTORS, _WORDS = "terms-{}.bin", "vectors-{}.faiss", "words-{}.json"
_GROWS = 4
"""How many times larger than what comes behind it a segment has to be to stay as it is."""
_BATCH = 10_000
"""Passages read from the store at once."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Terms and vectors of the passages of some reports, in the order of their ids."""

    held: tuple[Held, ...]
    postings: Postings
    vectors: VectorIndex
    name: str

    @property
    def ids(self) -> NDArray[np.int64]:
        """Passage id at each position, shape (n,)."""
        return _ids(self.held)


def bring_up(
    folder: Path,
    store: Store,
    shelf: Sequence[Held],
    dimension: int,
    before: Sequence[Segment] | None = None,
    *,
    is_sound: IsSound = caches.is_sound,
) -> list[Segment]:
    """The segments of the shelf as it is now; what is not at hand is built, and kept.

    ``shelf`` is what ``Store.held`` gives. ``before`` are those of an earlier generation; without,
    they come from their files; ``is_sound`` tells whether one is. Within ``reading``.
    """
    name = store.built_with()["store"]
    there = _manifest(folder) if before is None else [segment.held for segment in before]
    plan = _planned(shelf, there)
    ready = {segment.name: segment for segment in before or ()}
    segments = []
    for held in plan:
        key = _name(name, held)
        segment = ready.get(key) or _load(folder, held, key, dimension, is_sound)
        if segment is None:
            segment = _build(store, held, key, dimension)
            if _save(folder, segment) and not segment.vectors.exact:
                # From its files, a large one is mapped and takes no memory of its own.
                segment = _load(folder, held, key, dimension, caches.is_sound) or segment
                word_counts(folder, store, segment)
        segments.append(segment)
    if [list(held) for held in there] != [list(s.held) for s in segments]:
        _keep_manifest(folder, segments)
    return segments


def word_counts(folder: Path, store: Store, segment: Segment) -> dict[str, int]:
    """In how many of its reports each of their words stands, as ``Store.word_counts``; those of a
    large one are kept, since the store needs seconds to count them.
    """
    path = folder / _WORDS.format(segment.name)
    if not segment.vectors.exact and (kept := caches.content(path)) is not None:
        counts: dict[str, int] = json.loads(kept)
        return counts
    counts = store.word_counts([h.report for h in segment.held])
    if not segment.vectors.exact:
        caches.save_text(path, json.dumps(counts))
    return counts


def _planned(shelf: Sequence[Held], there: Sequence[Sequence[Held]]) -> list[tuple[Held, ...]]:
    """Which reports stand together: what is there stays, as far as it is of use."""
    now = set(shelf)
    kept = [
        tuple(held)
        for held in sorted(there, key=_size, reverse=True)
        if held and 2 * _size([h for h in held if h in now]) >= _size(held)
    ]
    covered = {h for held in kept for h in held}
    fresh = [h for h in shelf if h not in covered]
    if not fresh:
        return kept
    while kept and _size(kept[-1]) < _GROWS * _size(fresh):
        fresh += [h for h in kept.pop() if h in now]
    return [*kept, tuple(sorted(fresh, key=lambda h: h.first))]


def _row(held: Held) -> tuple[str, str, int, int]:
    return held.report, held.checksum, held.first, held.passages


def _size(held: Sequence[Held]) -> int:
    return sum(h.passages for h in held)


def _name(store: str, held: Sequence[Held]) -> str:
    content = json.dumps([store, [_row(h) for h in held]])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _build(store: Store, held: tuple[Held, ...], name: str, dimension: int) -> Segment:
    ids = _ids(held)

    def vectors(at: range) -> Vectors:
        return store.vectors_of(ids[at.start : at.stop : at.step].tolist(), dimension)

    def terms() -> Iterator[tuple[str, str]]:
        for first in range(0, len(ids), _BATCH):
            some = ids[first : first + _BATCH].tolist()
            found = store.stems(some)
            yield from (found[i] for i in some)

    postings = Postings.build(terms())
    return Segment(held, postings, VectorIndex.of(len(ids), dimension, vectors), name)


def _ids(held: Sequence[Held]) -> NDArray[np.int64]:
    empty = np.zeros(0, dtype=np.int64)
    return np.concatenate([empty, *(np.array(h.ids, dtype=np.int64) for h in held)])


# --- the files --------------------------------------------------------------------------------


def _manifest(folder: Path) -> list[tuple[Held, ...]]:
    """What the segments in the folder hold; nothing when that cannot be read."""
    path = folder / MANIFEST
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return [tuple(Held(*row) for row in held) for held in listed]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError):
        caches.warn(path)
        return []


def _keep_manifest(folder: Path, segments: Sequence[Segment]) -> None:
    listed = json.dumps([[_row(h) for h in segment.held] for segment in segments])
    kept = {MANIFEST}
    for segment in segments:
        kept |= {kind.format(segment.name) for kind in (_TERMS, _VECTORS, _WORDS)}
    if caches.save_text(folder / MANIFEST, listed, checked=False):
        caches.drop(folder, frozenset(kept))


def _save(folder: Path, segment: Segment) -> bool:
    kept = caches.save(folder / _TERMS.format(segment.name), segment.postings.write)
    return segment.vectors.save(folder / _VECTORS.format(segment.name)) and kept


def _load(
    folder: Path,
    held: tuple[Held, ...],
    name: str,
    dimension: int,
    is_sound: IsSound,
) -> Segment | None:
    terms, vectors_at = folder / _TERMS.format(name), folder / _VECTORS.format(name)
    if not is_sound(terms) or not is_sound(vectors_at):
        return None
    postings = Postings.read(terms)
    vectors = VectorIndex.load(vectors_at, (_size(held), dimension))
    if postings is None or vectors is None or len(postings.lengths) != _size(held):
        return None
    return Segment(held, postings, vectors, name)
