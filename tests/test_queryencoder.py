"""Questions are embedded as reports are, by less."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

from rag.assistant import Assistant
from rag.embedding import MiniLM
from rag.queryencoder import QuestionEncoder

TEXTS = (
    "how did councils handle DoLS backlogs?",
    "x",
    "",
    "Sefton’s £2.5m café – 12% of carers",
    "carers " * 400,
)


@pytest.fixture(scope="module")
def encoder() -> QuestionEncoder:
    return QuestionEncoder()


def test_vectors_are_those_of_the_library_in_single_precision(encoder: QuestionEncoder) -> None:
    theirs = MiniLM(half=False).encode(TEXTS)
    assert np.abs(encoder.encode(TEXTS) - theirs).max() < 2e-6


def test_vectors_are_near_those_that_reports_have(encoder: QuestionEncoder) -> None:
    cosines = (encoder.encode(TEXTS) * MiniLM().encode(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.999


def test_a_vector_does_not_depend_on_the_texts_beside_it(encoder: QuestionEncoder) -> None:
    alone = [encoder.encode([text])[0] for text in TEXTS]
    assert np.array_equal(encoder.encode(TEXTS), alone)
    assert encoder.encode([]).shape == (0, 384)


def test_a_question_is_answered_without_torch(brief_shelf: Assistant) -> None:
    code = (
        "import sys, rag; shelf = rag.Assistant.open(sys.argv[1]);"
        "assert not shelf.ask('who uses direct payments?').refused;"
        "print([m for m in ('torch', 'sentence_transformers', 'sklearn') if m in sys.modules])"
    )
    folder = str(brief_shelf._index.folder)
    run = subprocess.run(
        [sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"
