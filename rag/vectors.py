"""Nearest vectors by inner product: exact on shelves of usual size, by lists on large ones.

The owner of FAISS. Up to ``EXACT`` vectors every one is compared. Beyond, they are kept in inverted
lists, each number in eight bits, and a question looks into the lists nearest to it (H. Jégou, M.
Douze and C. Schmid, "Product quantization for nearest neighbor search", 2011, for the lists); the
caller compares the best of them again with the vectors as they are stored. Such an index stays in
its file, and what is read of it is mapped. Positions are rows of what it was built from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from rag import caches
from rag.embedding import Vectors

EXACT = 50_000
"""So many vectors or fewer are compared one by one: some 5 ms and 77 MB."""
_PER_LIST = 40
"""Vectors of the sample for each list: fewer give poor lists, more take longer and gain little."""
_READ = 1 / 5
"""Share of the lists that a question looks into: with fewer, more is missed than is saved. A larger
one where that leaves fewer vectors than are compared without lists."""
_ROUNDS = 10
"""Of k-means, for the lists."""
_AT_ONCE = 10_000
"""Vectors read and put into the index together."""

Among = NDArray[np.bool_]
"""Which positions may be found, shape (n,)."""
Rows = Callable[[range], Vectors]
"""The vectors at some positions, shape (len(positions), d)."""


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """Unit vectors, so that the inner product is the cosine."""

    _index: Any
    """faiss.IndexFlatIP or faiss.IndexIVFScalarQuantizer, whose types FAISS does not declare."""

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """An exact index of the rows of ``vectors``, shape (n, d), float32."""
        count, dimension = vectors.shape
        return cls.of(count, dimension, lambda at: vectors[at.start : at.stop], exact=count)

    @classmethod
    def of(cls, count: int, dimension: int, rows: Rows, exact: int = EXACT) -> VectorIndex:
        """An index of ``count`` vectors, float32; compared one by one up to ``exact``.

        They are asked for some thousands at a time; the lists are made from a sample of them.
        """
        index: Any
        if count <= exact:
            index = faiss.IndexFlatIP(dimension)
        else:
            lists = int(4 * count**0.5)
            name = f"IVF{lists},SQ8"
            index = faiss.index_factory(dimension, name, faiss.METRIC_INNER_PRODUCT)
            index.cp.niter = _ROUNDS
            index.cp.min_points_per_centroid = 1
            step = max(1, count // (_PER_LIST * lists))
            index.train(np.ascontiguousarray(rows(range(0, count, step))))
        for first in range(0, count, _AT_ONCE):
            some = rows(range(first, min(first + _AT_ONCE, count)))
            index.add(np.ascontiguousarray(some, dtype=np.float32))
        return cls._ready(index)

    @classmethod
    def _ready(cls, index: Any) -> VectorIndex:
        """An index as it is searched, however it was come by."""
        if isinstance(index, faiss.IndexIVFScalarQuantizer):
            share = max(_READ, EXACT / max(1, index.ntotal))
            index.nprobe = round(index.nlist * min(share, 1.0))
        return cls(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def exact(self) -> bool:
        """True when every vector is compared."""
        return isinstance(self._index, faiss.IndexFlatIP)

    def __str__(self) -> str:
        if self.exact:
            return f"{len(self):,} vectors, each compared"
        lists, read = self._index.nlist, self._index.nprobe
        return f"{len(self):,} vectors of 8 bits in {lists:,} lists, the nearest {read} looked into"

    def search(
        self, query: Vectors, k: int, among: Among | None = None, *, ties: bool = False
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """The k best rows for one query of shape (d,): scores and positions, best first.

        Scores are rounded to six places and ties go to the lower position, so that a shelf gives
        the same order however its vectors were batched. With ``ties`` all rows come that are as
        good as the k-th, so that the caller can tell which are the first.
        """
        most = len(self) if among is None else int(among.sum())
        k = size = min(k, most)
        if k == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        parameters = self._parameters(among, most)
        while True:
            found = self._index.search(query.reshape(1, -1), size, params=parameters)
            there = found[1][0] >= 0
            scores, positions = found[0][0][there].round(6), found[1][0][there]
            if not self.exact or size == most or scores[-1] < scores[k - 1]:
                break
            size = min(2 * size + 16, most)  # ties may go on behind the k-th place
        order = np.lexsort((positions, -scores))
        if not ties or len(order) <= k:
            order = order[:k]
        else:
            order = order[scores[order] >= scores[order[k - 1]]]
        return scores[order], positions[order]

    def _parameters(self, among: Among | None, most: int) -> Any:
        """What to search: the fewer may be found, the more lists are looked into."""
        if among is None:
            return None
        bits: Any = np.packbits(among, bitorder="little")
        chosen = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg]
        if self.exact:
            return faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
        wider = round(self._index.nprobe * len(self) / max(1, most))
        lists = min(wider, self._index.nlist)
        return faiss.SearchParametersIVF(sel=chosen, nprobe=lists)  # type: ignore[call-arg]

    def save(self, path: Path) -> bool:
        """Keep this index in a file; False when it cannot be."""
        return caches.save(path, lambda name: faiss.write_index(self._index, str(name)))

    @classmethod
    def load(cls, path: Path, shape: tuple[int, int]) -> VectorIndex | None:
        """The index kept in a sound file, or None when it has to be built."""
        try:
            flags = faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY
            index: Any = faiss.read_index(str(path), flags)
        except RuntimeError:  # saved whole, by another version of FAISS
            index = None
        known = isinstance(index, faiss.IndexFlatIP | faiss.IndexIVFScalarQuantizer)
        if not known or (index.ntotal, index.d) != shape:
            caches.warn(path)
            return None
        return cls._ready(index)
