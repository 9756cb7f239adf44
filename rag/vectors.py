"""Nearest vectors by inner product, exact. The owner of FAISS.

The index is a cache: it is built from the store's vectors, kept beside the store under a
key of the store and its generation, and built again whenever the file is missing, damaged or
kept under another key. Positions are rows of the matrix it was built from.
"""

from __future__ import annotations

import contextlib
import logging
import os
import zlib
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.embedding import Vectors

_NAME = "vectors-{key}.faiss"
_TRAILER = 4
"""Bytes of CRC-32 behind what FAISS writes: FAISS itself does not notice a byte turned over."""

_LOG = logging.getLogger("rag")


class VectorIndex:
    """Unit vectors, so that the inner product is the cosine."""

    def __init__(self, index: faiss.IndexFlatIP) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """An index of the rows of ``vectors``, shape (n, d), float32."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """The k best rows for one query of shape (d,): scores and positions, best first.

        Scores are rounded to six places and ties go to the lower position, so that a shelf gives
        the same order however its vectors were batched.
        """
        k = size = min(k, len(self))
        if k == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        while True:
            scores, positions = self._index.search(query.reshape(1, -1), size)
            rounded = scores[0].round(6)
            if size == len(self) or rounded[-1] < rounded[k - 1]:
                break
            size = min(2 * size + 16, len(self))  # ties may go on behind the k-th place
        order = np.lexsort((positions[0], -rounded))[:k]
        return rounded[order], positions[0][order]

    def save(self, folder: Path, key: str) -> None:
        """Keep this index under ``key`` and drop others; a full disk is no error."""
        name = folder / _NAME.format(key=key)
        temporary = name.with_suffix(f".{os.getpid()}.tmp")
        with contextlib.suppress(OSError, RuntimeError):
            content = faiss.serialize_index(self._index).tobytes()
            temporary.write_bytes(content + _checksum(content))
            temporary.replace(name)
            drop_caches(folder, besides=name)
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, key: str, shape: tuple[int, int]) -> VectorIndex | None:
        """The index kept under ``key``, or None when it has to be built.

        A file that is there and is not what was saved is told as a warning of the logger ``rag``.
        """
        name = folder / _NAME.format(key=key)
        try:
            content = name.read_bytes()
        except OSError:
            return None
        index = None
        if content[-_TRAILER:] == _checksum(content[:-_TRAILER]):
            # What was saved whole can still be of another version of FAISS.
            with contextlib.suppress(RuntimeError):
                index = faiss.deserialize_index(np.frombuffer(content[:-_TRAILER], np.uint8))
        if not isinstance(index, faiss.IndexFlatIP) or (index.ntotal, index.d) != shape:
            _LOG.warning("%s is damaged. It is only a cache and is built again.", name.name)
            return None
        return cls(index)


def drop_caches(folder: Path, besides: Path | None = None) -> None:
    """Delete the caches in an index folder; they are built again when they are needed."""
    for other in folder.glob(_NAME.format(key="*")):
        if other != besides:
            other.unlink(missing_ok=True)


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(_TRAILER, "little")
