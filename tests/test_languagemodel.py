"""The client of the language model, against real HTTP servers that behave, and that do not."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from made_models import (
    KINDS,
    OVERFLOWS,
    SECRET,
    MadeModel,
    Visit,
    doing,
    misbehaving,
    piece,
    speaking,
    status,
)

from rag.errors import LanguageModelError, TooLongError
from rag.languagemodel import LanguageModel, Message, Model

ASKED: list[Message] = [("system", "Be brief."), ("user", "Who waits?")]
KEY = "sk-never-shown-0123456789"
SOON = 30.0
AMBIENT = {
    "OPENAI_API_KEY": "ambient-key",
    "OPENAI_ADMIN_KEY": "ambient-admin",
    "OPENAI_ORG_ID": "ambient-organisation",
    "OPENAI_PROJECT_ID": "ambient-project",
    "OPENAI_WEBHOOK_SECRET": "ambient-secret",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/ambient",
    "OPENAI_CUSTOM_HEADERS": "X-Ambient: ambient\nAuthorization: Bearer ambient",
    "OPENAI_LOG": "debug",
    "HTTP_PROXY": "http://ambient:ambient@127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
}
BY_KIND = {
    "silent": "did not say a word for 0.2 seconds",
    "only alive": "did not say a word for 0.2 seconds",
    "endless head": "did not say a word for 0.2 seconds",
    "silent in the middle": "fell silent for 1.5 seconds",
    "cut before the reply": "broke the connection off",
    "cut before the first word": "broke the connection off",
    "cut in the middle": "broke the connection off",
    "no finish": "stopped before it had finished",
    "error in the middle": "failed while it was writing",
    "400": "refused the request (HTTP 400)",
    "401": "wants a key (HTTP 401)",
    "403": "wants a key (HTTP 403)",
    "404": "There is no language model made on this machine (HTTP 404)",
    "429": "has too much to do, or its allowance is used up (HTTP 429)",
    "429 for an hour": "has too much to do, or its allowance is used up (HTTP 429)",
    "500": "failed (HTTP 500)",
    "redirect": "leads to another address, which is not followed (HTTP 307)",
    "refused": "refused to write",
    "filtered": "refused to write",
    "refusal": "refused to write",
    "endless": "sent far more than it was asked for",
    "endless line": "sent far more than it was asked for",
    "endless refusal": "refused the request (HTTP 400)",
    **dict.fromkeys(
        "HTML|no stream|garbage|no text|deep|odd choices|choices no list|squeezed".split("|"),
        "does not speak as a language model does",
    ),
    "no HTTP": "broke the connection off",
}
FINE = [
    "fine",
    "a number",
    "thinking",
    "without choices",
    "429 once",
    "500 once",
    "503 once",
    "cut once",
    "no max_tokens",
    "no temperature",
]


TOO_LONG = "more than the language model can read at once"


def model_at(server: MadeModel, **settings: Any) -> LanguageModel:
    return LanguageModel(Model("made", server.address, **settings))


def heard(model: LanguageModel, tokens: int = 50, seconds: float = SOON) -> str:
    return "".join(model.stream(ASKED, tokens, time.monotonic() + seconds))


def failure(model: LanguageModel, tokens: int = 50, seconds: float = SOON) -> LanguageModelError:
    with pytest.raises(LanguageModelError) as caught:
        heard(model, tokens, seconds)
    return caught.value


def no_one() -> str:
    """An address of this machine where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


# --- what is said, and what is heard ----------------------------------------------------------


def test_the_text_comes_in_pieces_and_follows_from_the_messages() -> None:
    def said(messages: list[dict[str, str]]) -> str:
        return " ".join(f"{m['role']}: {m['content']}" for m in messages)

    with speaking(said) as server:
        pieces = list(model_at(server).stream(ASKED, 50, time.monotonic() + SOON))
    assert "".join(pieces) == "system: Be brief. user: Who waits?"
    assert len(pieces) == 6


def test_the_likeliest_words_are_asked_for_and_no_more_of_them_than_wanted() -> None:
    with speaking(lambda _: "Yes.") as server:
        heard(model_at(server), tokens=7)
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].body == {
        "model": "made",
        "messages": [{"role": role, "content": text} for role, text in ASKED],
        "stream": True,
        "temperature": 0,
        "seed": 7,
        "max_tokens": 7,
    }


@pytest.mark.parametrize("kind", FINE)
def test_what_passes_or_does_not_matter_is_not_noticed(kind: str) -> None:
    with misbehaving(kind) as server:
        assert heard(model_at(server)) == "One two."


def test_a_text_that_was_cut_at_its_length_is_no_failure() -> None:
    with misbehaving("length") as server:
        assert heard(model_at(server)) == "One "


def test_thoughts_are_a_sign_of_life_and_not_of_the_text() -> None:
    enough = time.monotonic() + 1.5

    def thinks(visit: Visit) -> None:
        visit.open()
        while time.monotonic() < enough and not visit.left_within(0.05):
            visit.event(piece(reasoning_content="Let me think."))
        visit.pieces("Yes.")
        visit.close()

    with doing(thinks) as server:
        assert heard(model_at(server, patience=1.0)) == "Yes."


def test_a_model_that_does_not_know_a_parameter_is_asked_without_it_from_then_on() -> None:
    with misbehaving("no temperature") as server:
        model = model_at(server)
        heard(model)
        assert len(server.requests) == 4
        heard(model)
    assert len(server.requests) == 5
    assert not {"temperature", "seed", "max_tokens"} & set(server.requests[-1].body)
    assert server.requests[-1].body["max_completion_tokens"] == 50


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(FINE) - {"length"}))
def test_every_failure_is_one_plain_sentence_in_our_words(kind: str) -> None:
    expected = BY_KIND.get(kind, TOO_LONG if kind.startswith("overflow") else "")
    with misbehaving(kind) as server:
        patience = next((n for n in (0.2, 1.5) if f"{n} seconds" in expected), SOON)
        error = failure(model_at(server, patience=patience))
    assert expected
    assert expected in error.what
    assert error.what.endswith(".")
    assert ". " not in error.what
    assert error.next_step
    assert SECRET not in str(error)


@pytest.mark.parametrize("server_kind", OVERFLOWS)
def test_more_than_the_model_reads_is_told_from_other_failures(server_kind: str) -> None:
    with misbehaving(f"overflow: {server_kind}") as server:
        assert isinstance(failure(model_at(server)), TooLongError)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("kind", "requests"),
    [
        ("cut before the reply", 2),
        ("cut before the first word", 2),
        ("500", 2),
        ("429", 2),
        ("429 for an hour", 1),
        ("cut in the middle", 1),
        ("error in the middle", 1),
        ("401", 1),
        ("404", 1),
        ("400", 1),
    ],
)
def test_what_may_pass_is_tried_once_more_and_only_before_the_first_word(
    kind: str, requests: int
) -> None:
    with misbehaving(kind) as server:
        failure(model_at(server))
        assert len(server.requests) == requests


def test_no_second_try_is_made_that_the_deadline_leaves_no_time_for() -> None:
    with doing(status(503, Retry_After="20")) as server:
        failure(model_at(server), seconds=10)
        assert len(server.requests) == 1


def test_the_words_before_a_failure_are_given() -> None:
    with misbehaving("cut in the middle") as server:
        stream = model_at(server).stream(ASKED, 50, time.monotonic() + SOON)
        assert [next(stream), next(stream)] == ["One ", "two"]
        with pytest.raises(LanguageModelError):
            next(stream)


def test_where_nothing_listens_it_says_so() -> None:
    error = failure(LanguageModel(Model("made", no_one())))
    assert error.what == "No language model answers on this machine."


def test_a_name_that_leads_nowhere_is_named() -> None:
    error = failure(LanguageModel(Model("made", "http://models.invalid/v1")))
    assert error.what == "The name models.invalid cannot be found."


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    "choices delta content finish_reason error refusal index x".split()
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_reply_whatever_it_holds_breaks_more_than_the_call(payload: object) -> None:
    def send(visit: Visit) -> None:
        visit.open()
        visit.event(payload)
        visit.close()

    with doing(send) as server, suppress(LanguageModelError):
        assert isinstance(heard(model_at(server)), str)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_more_than_the_call(data: bytes) -> None:
    def send(visit: Visit) -> None:
        visit.open()
        visit.send(b"data: " + data + b"\n\n")
        visit.close(None)

    with doing(send) as server:
        assert failure(model_at(server)).what


# --- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["silent", "silent in the middle", "endless head", "only alive"])
def test_the_deadline_holds_however_the_server_drags_it_out(kind: str) -> None:
    with misbehaving(kind) as server:
        model = model_at(server)
        heard_of_it(server, model)
        error = failure(model, seconds=1.0)
        assert error.what.startswith("The time for writing was over")
        assert server.requests[-1].left.wait(SOON)


def heard_of_it(server: MadeModel, model: LanguageModel) -> None:
    """The library imports itself at the first call, which is not what is timed here."""
    failure(model, seconds=0.0001)
    assert model._certificates
    server.requests.clear()


def test_one_answer_takes_no_longer_than_the_model_may() -> None:
    with misbehaving("silent") as server:
        error = failure(model_at(server, longest=0.3))
    assert error.what.startswith("The time for writing was over")


def test_nothing_is_sent_when_the_time_is_over_before_it_began() -> None:
    with speaking(lambda _: "Yes.") as server:
        failure(model_at(server), seconds=-1)
        assert server.requests == []


def test_the_time_that_the_caller_takes_is_not_the_models() -> None:
    asked_again = threading.Event()

    def waits(messages: list[dict[str, str]]) -> Iterator[str]:
        yield "One "
        asked_again.wait()
        yield "two."

    with speaking(waits) as server:
        stream = model_at(server, patience=1.0).stream(ASKED, 50, time.monotonic() + SOON)
        assert next(stream) == "One "
        threading.Event().wait(1.2)
        asked_again.set()
        assert next(stream) == "two."
        stream.close()


# --- hanging up -------------------------------------------------------------------------------


def test_closing_the_stream_hangs_up_at_once() -> None:
    with misbehaving("silent in the middle") as server:
        stream = model_at(server).stream(ASKED, 50, time.monotonic() + SOON)
        assert next(stream) == "One "
        assert not server.requests[0].left.is_set()
        stream.close()
        assert server.requests[0].left.wait(SOON)


@pytest.mark.parametrize("kind", ["silent", "silent in the middle"])
def test_a_call_can_be_stopped_while_it_waits(kind: str) -> None:
    with misbehaving(kind) as server:
        stream = model_at(server).stream(
            ASKED, 50, time.monotonic() + SOON, stopped=lambda: bool(server.requests)
        )
        with pytest.raises(LanguageModelError, match=r"^The writing was stopped\.$"):
            list(stream)
        assert server.requests[0].left.wait(SOON)


def test_no_thread_is_left_behind() -> None:
    with misbehaving("silent in the middle") as server:
        stream = model_at(server).stream(ASKED, 50, time.monotonic() + SOON)
        next(stream)
        assert "language-model" in {thread.name for thread in threading.enumerate()}
        stream.close()
    assert "language-model" not in {thread.name for thread in threading.enumerate()}


# --- what leaves this machine -----------------------------------------------------------------


def sent(server: MadeModel) -> dict[str, str]:
    """Headers as they came, without those that say how long it is and where it goes."""
    headers = dict(server.requests[-1].headers)
    assert headers.pop("host") == server.address.split("/")[2]
    assert headers.pop("content-length").isdigit()
    return headers


OURS = {
    "content-type": "application/json",
    "accept": "text/event-stream, application/json",
    "accept-encoding": "identity",
    "user-agent": "council-reports-rag",
}


def test_nothing_of_the_environment_or_the_system_is_sent() -> None:
    code = (
        "import sys, time; from rag.languagemodel import LanguageModel, Model\n"
        "model = LanguageModel(Model('made', sys.argv[1]))\n"
        "print(''.join(model.stream([('user', 'Who?')], 9, time.monotonic() + 60)))"
    )
    with speaking(lambda _: "Yes.") as server:
        run = subprocess.run(
            [sys.executable, "-c", code, server.address],
            cwd=ROOT,
            env={**os.environ, **AMBIENT},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (run.stdout, run.stderr) == ("Yes.\n", "")
        assert sent(server) == OURS
        assert "ambient" not in json.dumps(server.requests[0].body)
        assert [request.path for request in server.requests] == ["/v1/chat/completions"]


def test_of_keys_only_the_models_own_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AMBIENT.items():
        monkeypatch.setenv(name, value)
    with speaking(lambda _: "Yes.") as server:
        heard(model_at(server, key=KEY))
        assert sent(server) == {**OURS, "authorization": f"Bearer {KEY}"}


def test_a_redirect_is_not_followed() -> None:
    with speaking(lambda _: "Yes.") as elsewhere:
        leads = status(307, Location=f"{elsewhere.address}/chat/completions")
        with doing(leads) as server:
            assert "not followed" in failure(model_at(server)).what
        assert elsewhere.requests == []


def test_a_proxy_is_used_for_other_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking(lambda _: "Yes.") as proxy, speaking(lambda _: "No.") as server:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.address)
        assert heard(LanguageModel(Model("made", "http://models.example/v1"))) == "Yes."
        assert proxy.requests[0].path == "http://models.example/v1/chat/completions"
        assert heard(model_at(server)) == "No."
        assert len(proxy.requests) == 1


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nothing://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_said_to_be_in_the_way(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    error = failure(LanguageModel(Model("made", "http://models.example/v1")))
    assert error.what == "The proxy on the way to models.example cannot be used."


@pytest.mark.parametrize("kind", ["fine", "500", "cut in the middle", "garbage"])
def test_neither_key_nor_prompt_nor_reply_is_logged(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with misbehaving(kind) as server:
        model = model_at(server, key=KEY)
        said = heard(model) if kind == "fine" else str(failure(model))
    everything = caplog.text + said + repr(model.model)
    assert "POST" in everything
    for secret in (KEY, "Who waits?", SECRET):
        assert secret not in everything


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tls: ssl.SSLContext) -> None:
    with misbehaving("fine", tls) as server:
        error = failure(model_at(server))
        assert server.requests == []
    assert error.what == "The certificate of this machine is not trusted."
    assert "SSL_CERT_FILE" in error.next_step


def test_a_councils_own_root_certificate_can_be_named(
    authority: trustme.CA,
    tls: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "root.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    with misbehaving("fine", tls) as server:
        assert heard(model_at(server)) == "One two."
    with misbehaving("silent in the middle", tls) as server:
        model = model_at(server, patience=1.5)
        assert "fell silent for 1.5 seconds" in failure(model).what
        assert server.requests[0].left.wait(SOON)


def test_https_to_a_server_that_speaks_http_is_told_from_no_server() -> None:
    with misbehaving("fine") as server:
        address = server.address.replace("http:", "https:")
        error = failure(LanguageModel(Model("made", address)))
    assert error.what == "No secure connection to this machine could be made."


def test_the_clients_library_is_imported_at_the_first_call_only() -> None:
    code = "import sys, rag.languagemodel; print({'openai', 'httpx2'} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"
