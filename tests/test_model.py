"""Which language models are asked at all, and what an address or a key may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import InputError
from rag.model import Model, model_of

KEY = "sk-never-shown-0123456789"


@pytest.mark.parametrize(
    ("address", "where", "is_here"),
    [
        ("http://127.0.0.1:11434/v1", "this machine", True),
        ("http://localhost:8080/v1", "this machine", True),
        ("http://[::1]:8080/v1", "this machine", True),
        ("https://api.openai.com/v1", "api.openai.com", False),
        ("https://GPU.council.example:8443/v1", "gpu.council.example:8443", False),
        ("http://my_box:8000", "my_box:8000", False),
        ("http://localhost.example/v1", "localhost.example", False),
        ("http://127.1/v1", "127.1", False),
        ("http://0.0.0.0:8000/v1", "0.0.0.0:8000", False),
    ],
)
def test_an_address_is_told_as_a_host_and_a_port(address: str, where: str, is_here: bool) -> None:
    model = Model("made", address)
    assert (model.where, model.is_here) == (where, is_here)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:11434",
        "ftp://127.0.0.1/v1",
        "file:///etc/passwd",
        "http://",
        "http:///v1",
        "http://:80/v1",
        "http://me:secret@127.0.0.1/v1",
        "http://me@127.0.0.1/v1",
        "http://127.0.0.1\\@evil.example/v1",
        "http://127.0.0.1/v1?api-version=1",
        "http://127.0.0.1/v1#x",
        "http://127.0.0.1:port/v1",
        "http://127.0.0.1:99999/v1",
        "http://[::1/v1",
        "http://1２7.0.0.1/v1",
        "http://%31.example/v1",
        "http://a b/v1",
        "http://127.0.0.1/v1\r\nX: y",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(InputError) as caught:
        Model("made", address)
    assert "secret" not in str(caught.value)
    assert caught.value.next_step


@given(st.text(max_size=40))
def test_an_address_is_used_or_refused_in_plain_words(text: str) -> None:
    try:
        model = Model("made", f"http://{text}")
    except InputError:
        return
    assert model.host
    assert "@" not in model.where


@pytest.mark.parametrize(
    "address", ["http://models.council.example/v1", "HTTP://10.0.0.5:8000/v1", "http://127.1/v1"]
)
def test_a_key_is_not_sent_in_the_clear_to_another_machine(address: str) -> None:
    with pytest.raises(InputError, match="in the clear") as caught:
        Model("made", address, key=KEY)
    assert KEY not in str(caught.value)
    assert Model("made", address).key is None
    assert Model("made", address.lower().replace("http:", "https:"), key=KEY).key == KEY


@pytest.mark.parametrize("key", ["", " ", "a b", "a\nX-Other: y", "kéy", "k" + chr(0)])
def test_a_key_that_no_header_holds_is_refused(key: str) -> None:
    with pytest.raises(InputError, match="The key"):
        Model("made", key=key)


@pytest.mark.parametrize(
    "settings",
    [
        {"context": 0},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 300},
        {"context": 1023},
        {"patience": 0},
        {"longest": float("inf")},
        {"longest": float("nan")},
    ],
)
def test_other_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Model(**{"name": "made", **settings})


def test_without_a_name_there_is_no_model() -> None:
    assert model_of(None, environ={}) is None
    assert model_of(None, "http://127.0.0.1:1/v1", environ={"RAG_MODEL": " "}) is None


def test_an_option_comes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file \nsecond line\n", "utf-8")
    (tmp_path / "key").chmod(0o600)
    environ = {
        "RAG_MODEL": "llama3.2",
        "RAG_MODEL_ADDRESS": "https://models.example/v1",
        "RAG_MODEL_KEY": "from-environment",
        "RAG_MODEL_CONTEXT": "4096",
    }
    found = model_of(None, environ=environ)
    assert found == Model("llama3.2", "https://models.example/v1", "from-environment", 4096)
    found = model_of("gpt", "http://localhost:1/v1", tmp_path / "key", 2048, environ)
    assert found == Model("gpt", "http://localhost:1/v1", "from-file", 2048)
    named = {"RAG_MODEL": "llama3.2", "RAG_MODEL_KEY_FILE": str(tmp_path / "key")}
    assert model_of(None, environ=named) == Model("llama3.2", key="from-file")


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"a b"])
def test_a_key_file_that_holds_no_key_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(InputError):
        model_of("made", key_file=path, environ={})


def test_a_key_file_that_others_can_read_is_used_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "key"
    path.write_text(KEY, "utf-8")
    path.chmod(0o644)
    found = model_of("made", key_file=path, environ={})
    assert found is not None
    assert found.key == KEY
    assert "Others can read the key file key" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("context", ["many", "-1", "1e9", "²", "12"])
def test_a_context_that_is_no_number_of_tokens_is_refused(context: str) -> None:
    with pytest.raises(InputError):
        model_of("made", environ={"RAG_MODEL_CONTEXT": context})
