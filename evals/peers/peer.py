"""What every peer offers, and what is done before its library is imported.

A peer is built from the texts of the reports and answers a question with its nearest chunks. The
step of its quick start that calls a language model is left out: nothing here may need a key, a
hub or a network.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from evals.baseline import Chunk
from evals.peers.locating import locate_all

Texts = Mapping[str, str]
"""The text of each report, by its id."""

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "POSTHOG_DISABLED": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""Reporting to anybody is off, and so is looking anything up."""


class Peer(Protocol):
    """A pipeline over the texts that it was built from."""

    name: str
    package: str
    """The distribution whose version is named."""
    top: int
    """How many chunks its quick start hands to the language model."""
    settings: str
    chunks: int
    """How many chunks the texts were cut into."""

    def search(self, question: str, k: int) -> list[Chunk]:
        """The k nearest chunks, best first; each is an exact slice of a report."""
        ...


Build = Callable[[Texts], Peer]


def be_quiet() -> None:
    """Switch off telemetry, tracing and the hub; called before a library is imported."""
    os.environ.update(QUIET)


def placed(
    texts: Texts, pieces: Mapping[str, Sequence[str]], *, overlapping: bool
) -> dict[str, list[Chunk]]:
    """The pieces of each report as chunks with their offsets, in the same order.

    Raises LookupError for a piece that is not in its report.
    """
    return {
        report: [
            Chunk(report, start, end, texts[report][start:end])
            for start, end in locate_all(texts[report], parts, overlapping=overlapping)
        ]
        for report, parts in pieces.items()
    }


def scored(chunk: Chunk, score: float) -> Chunk:
    """A chunk with its score for a question."""
    return Chunk(chunk.report, chunk.start, chunk.end, chunk.text, score)
