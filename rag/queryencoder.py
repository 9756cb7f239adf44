"""One question to a unit vector, without torch: a question should not wait for an import.

The same model, weights and word pieces as ``rag.embedding``, worked out in NumPy in single
precision (J. Devlin and others, "BERT", 2019; mean of the tokens, then length one). Importing the
library that embeds reports takes longer than answering and twice the memory. For many texts it is
many times as fast, so reports are not embedded here. The owner of safetensors: of the table of word
pieces only the rows that are used are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.embedding import MODEL_FILE, WHEEL, Vectors, model_folder
from rag.settings import MODEL_NAME, MODEL_SHA256
from rag.weights import check_weights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LAYERS, _HEADS = 6, 12
_LONGEST = 256
"""Word pieces that are read of a text."""
_TINY = 1e-12
"""Added to a variance, as in training."""

Weights = dict[str, NDArray[np.float32]]


class QuestionEncoder:
    """all-MiniLM-L6-v2 for a few short texts; see ``rag.embedding.Encoder``."""

    name = MODEL_NAME
    dimension = 384

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_LONGEST)
        return tokenizer

    @cached_property
    def _file(self) -> Any:
        from safetensors import safe_open

        path = model_folder() / MODEL_FILE
        check_weights(path, MODEL_SHA256, WHEEL)
        return safe_open(path, framework="np")

    @cached_property
    def _weights(self) -> Weights:
        names = [name for name in self._file.keys() if "word_embeddings" not in name]  # noqa: SIM118
        return {name: self._file.get_tensor(name) for name in names}

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        """See Encoder."""
        rows = [self._vector(text) for text in texts]
        if done is not None:
            done(len(rows))
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimension)

    def _vector(self, text: str) -> Vectors:
        pieces = self._tokenizer.encode(text).ids
        weights = self._weights
        table = self._file.get_slice("embeddings.word_embeddings.weight")
        words = np.concatenate([table[piece : piece + 1] for piece in pieces])
        places = weights["embeddings.position_embeddings.weight"][: len(pieces)]
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        states = _normalised(words + places + kind, weights, "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            states = _layer(states, weights, f"encoder.layer.{layer}.")
        mean = states.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def _layer(states: Vectors, weights: Weights, name: str) -> Vectors:
    """One layer: what the words have to do with each other, then each word by itself."""

    def linear(states: Vectors, of: str) -> Vectors:
        return states @ weights[f"{name}{of}.weight"].T + weights[f"{name}{of}.bias"]

    query, key, value = (
        linear(states, f"attention.self.{of}").reshape(len(states), _HEADS, -1).swapaxes(0, 1)
        for of in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(1, 2) / np.float32(query.shape[-1] ** 0.5)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    heard = (shares @ value).swapaxes(0, 1).reshape(len(states), -1)
    states = _normalised(
        linear(heard, "attention.output.dense") + states,
        weights,
        f"{name}attention.output.LayerNorm",
    )
    inner = _gelu(linear(states, "intermediate.dense"))
    return _normalised(linear(inner, "output.dense") + states, weights, f"{name}output.LayerNorm")


def _normalised(states: Vectors, weights: Weights, name: str) -> Vectors:
    centred = states - states.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(variance + np.float32(_TINY))
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _gelu(x: Vectors) -> Vectors:
    """X times the normal distribution's share below x, by M. Abramowitz and I. Stegun, 7.1.26."""
    size = np.abs(x) / np.float32(2**0.5)
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
    tail = t * sum(np.float32(c) * t**power for power, c in enumerate(series))
    error = np.copysign(1 - tail * np.exp(-size * size), x)
    return np.asarray(0.5 * x * (1 + error), dtype=np.float32)
