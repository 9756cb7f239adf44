"""Options that several commands share. With ``cli`` the owner of click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rag.model import model_of

Command = Callable[..., Any]

index_option = click.option(
    "--index",
    default="index",
    show_default=True,
    metavar="DIR",
    help="Folder that holds the index, or an address of Milvus.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def model_options(command: Command) -> Command:
    """``--model`` and what belongs to it, handed to the command as one ``model``."""

    def with_model(
        *,
        model: str | None,
        model_address: str | None,
        model_key: str | None,
        model_context: int | None,
        **others: Any,
    ) -> Any:
        key_file = None if model_key is None else Path(model_key)
        found = model_of(model, model_address, key_file, model_context)
        return command(model=found, **others)

    with_model.__name__, with_model.__doc__ = command.__name__, command.__doc__
    with_model.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(_MODEL):
        with_model = option(with_model)
    return with_model


_MODEL = (
    click.option(
        "--model",
        metavar="NAME",
        help="Let this language model write the answer up; every sentence is checked. RAG_MODEL.",
    ),
    click.option(
        "--model-address",
        metavar="URL",
        help="Of its OpenAI-compatible server; default: Ollama on this machine. RAG_MODEL_ADDRESS.",
    ),
    click.option(
        "--model-key",
        metavar="FILE",
        help="File with the key, if it wants one. RAG_MODEL_KEY_FILE, or the key in RAG_MODEL_KEY.",
    ),
    click.option(
        "--model-context",
        type=int,
        metavar="TOKENS",
        help="What it reads and writes in one call; default 8192. RAG_MODEL_CONTEXT.",
    ),
)
