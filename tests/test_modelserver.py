"""A real language model, asked through our client: SmolLM2 behind llama.cpp."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from conftest import ROOT

from evals import modelserver
from evals.modelserver import served_model
from rag.errors import LanguageModelError, ModelError, TooLongError
from rag.languagemodel import LanguageModel, Model

SECONDS = 120.0


@pytest.fixture(scope="module")
def served() -> Iterator[Model]:
    with served_model(context=2048) as model:
        yield model


def said(model: Model, prompt: str, tokens: int) -> str:
    deadline = time.monotonic() + SECONDS
    return "".join(LanguageModel(model).stream([("user", prompt)], tokens, deadline))


def test_the_same_messages_get_the_same_text(served: Model) -> None:
    first = said(served, "Write one sentence about councils.", 40)
    said(served, "Write one sentence about carers.", 10)
    assert said(served, "Write one sentence about councils.", 40) == first
    assert re.search(r"[Cc]ouncil", first)


def test_no_more_tokens_are_written_than_were_asked_for(served: Model) -> None:
    prompt = "Write a long story about a council."
    assert said(served, prompt, 200).startswith(brief := said(served, prompt, 5))
    assert 1 <= len(brief.split()) <= 5


def test_more_than_it_reads_is_said_to_be_too_long(served: Model) -> None:
    with pytest.raises(TooLongError):
        said(served, "Who waits for whom? " * 600, 10)
    assert said(served, "Say yes.", 3)


def test_a_stream_that_is_closed_frees_the_server_for_the_next(served: Model) -> None:
    prompt, tokens = "Write a long story about a council.", 150
    started = time.monotonic()
    said(served, prompt, tokens)
    whole = time.monotonic() - started
    stream = LanguageModel(served).stream([("user", prompt)], tokens, started + SECONDS)
    next(stream)
    stream.close()
    started = time.monotonic()
    said(served, "Say yes.", 1)
    assert time.monotonic() - started < whole / 2


def test_the_server_writes_nothing_of_its_own_and_ends_with_its_block(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with served_model(context=1024) as model:
        assert said(model, "Say yes.", 1)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(LanguageModelError, match="No language model answers"):
        said(model, "Say yes.", 1)


def test_the_server_ends_when_nobody_holds_it_any_more() -> None:
    command = [sys.executable, "-m", "evals.modelserver", "1024"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("http://127.0.0.1:")
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(timeout=SECONDS) == 0


def test_weights_that_are_not_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelserver, "_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the pinned ones"), served_model():
        pytest.fail("the server was started")
