"""Which language model may be asked, and how: an address, a key, and what it reads.

Whatever cannot be used is refused here, before anything is sent: an address that is none or holds a
password, a key that would go to another machine in the clear. A key stands in no message and in no
repr. The environment is read only by ``model_of``, and only what it names.
"""

from __future__ import annotations

import logging
import math
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rag.errors import InputError

LEAST_CONTEXT = 1024
_LOG = logging.getLogger("rag")
_NETLOC = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d+)?", re.ASCII | re.IGNORECASE)
_ODD = re.compile(r"[\s\\?#@%]|[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Model:
    """Which model, and how it may be used. Raises InputError for what cannot be used."""

    name: str
    address: str = "http://127.0.0.1:11434/v1"
    key: str | None = field(default=None, repr=False)
    context: int = 8192
    """Tokens that it reads and writes in one call."""
    patience: float = 60
    """Seconds until its first word, and between two pieces."""
    longest: float = 600
    """Seconds for one whole answer."""

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > 200:
            raise InputError(
                "The name of the language model cannot be used.",
                "Give it as its server lists it, such as llama3.2.",
            )
        _check_address(self.address)
        if self.key is not None and not re.fullmatch(r"[\x21-\x7e]+", self.key):
            raise InputError(
                "The key for the language model is empty or holds characters that no key has.",
                "Give it again, without spaces or line breaks.",
            )
        if self.key is not None and not self.is_here and self.address.lower().startswith("http:"):
            raise InputError(
                f"A key is not sent to {self.where} in the clear.",
                "Use an https address, or leave the key out.",
            )
        if self.context < LEAST_CONTEXT:
            raise InputError(
                f"A language model that reads {self.context} tokens cannot be used.",
                f"The context is a number from {LEAST_CONTEXT}.",
            )
        if not all(0 < seconds < math.inf for seconds in (self.patience, self.longest)):
            raise InputError("The times for a language model are seconds above 0.", "")

    @property
    def host(self) -> str:
        """The name or number of the machine, in small letters."""
        return urlsplit(self.address).hostname or ""

    @property
    def is_here(self) -> bool:
        """True for an address of this machine. An unusual way of writing one does not count."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def where(self) -> str:
        """The address as people are told it: ``this machine``, or host and port."""
        return "this machine" if self.is_here else urlsplit(self.address).netloc.lower()


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if "@" in address:
        raise InputError(
            "An address with a user name is not used.",
            "Give the key by itself, and the address without the part before @.",
        )
    if (
        parts.scheme not in ("http", "https")
        or _ODD.search(address)
        or not _NETLOC.fullmatch(parts.netloc)
        or not parts.hostname
    ):
        raise InputError(
            "The address of the language model cannot be used.",
            "It starts with http:// or https://, has no ? in it, and mostly ends in /v1.",
        )


def model_of(
    name: str | None,
    address: str | None = None,
    key_file: Path | None = None,
    context: int | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Model | None:
    """The model of the options, or of the environment where an option is not given.

    RAG_MODEL, RAG_MODEL_ADDRESS, RAG_MODEL_CONTEXT, and for the key RAG_MODEL_KEY or
    RAG_MODEL_KEY_FILE, whose first line is read. None when no name is given anywhere. Raises
    InputError for what cannot be used.
    """
    name = name or environ.get("RAG_MODEL", "").strip()
    if not name:
        return None
    key = environ.get("RAG_MODEL_KEY", "").strip() or None
    if key_file is None and key is None and (named := environ.get("RAG_MODEL_KEY_FILE")):
        key_file = Path(named)
    if key_file is not None:
        key = _key_in(key_file)
    if context is None and (text := environ.get("RAG_MODEL_CONTEXT", "").strip()):
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
            raise InputError("RAG_MODEL_CONTEXT is not a number of tokens.", "Such as 8192.")
        context = int(text)
    given: dict[str, Any] = {"address": address or environ.get("RAG_MODEL_ADDRESS", "").strip()}
    if not given["address"]:
        del given["address"]
    if context is not None:
        given["context"] = context
    return Model(name, key=key, **given)


def _key_in(path: Path) -> str:
    try:
        with path.expanduser().open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            line = file.read(4096).decode("utf-8-sig").partition("\n")[0].strip()
    except (OSError, ValueError):
        raise InputError(
            f"The key file {path.name} cannot be read.", "Check its name and its permissions."
        ) from None
    if not line:
        raise InputError(f"The key file {path.name} is empty.", "Write the key on its first line.")
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        _LOG.warning("Others can read the key file %s; run: chmod 600 FILE", path.name)
    return line
