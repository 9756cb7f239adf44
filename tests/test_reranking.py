"""The real cross-encoder, from its wheel."""

from __future__ import annotations

import numpy as np
import pytest

from rag.reranking import CrossEncoder

QUESTION = "who uses direct payments?"
TEXTS = (
    "One in five people with a care package pays for it with a direct payment.",
    "The library opens late.",
    "Direct payments are used by 412 people, fewer than a year ago, and most of them employ an"
    " assistant of their own; the rest buy from agencies that the council knows.",
)


@pytest.fixture(scope="module")
def encoder() -> CrossEncoder:
    return CrossEncoder()


def test_what_answers_scores_above_what_does_not(encoder: CrossEncoder) -> None:
    near, far, also_near = encoder.score(QUESTION, TEXTS)
    assert far < 0 < near
    assert far < also_near


def test_a_score_is_the_texts_own_whatever_is_scored_beside_it(encoder: CrossEncoder) -> None:
    together = encoder.score(QUESTION, TEXTS)
    alone = np.array([encoder.score(QUESTION, [text])[0] for text in TEXTS])
    assert together.tolist() == alone.tolist()


def test_a_long_question_leaves_room_for_the_text(encoder: CrossEncoder) -> None:
    long = f"{QUESTION} {'and why is that so ' * 200}"
    assert encoder.score(long, TEXTS)[0] != encoder.score(long, ["The library opens late."])[0]


def test_no_texts_have_no_scores(encoder: CrossEncoder) -> None:
    assert encoder.score(QUESTION, []).shape == (0,)
