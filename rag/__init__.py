"""Questions over a shelf of public reports, answered with exact quotes. See README.md.

Importing this package is light: models and FAISS are loaded when the first question is asked.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.model import Model
from rag.records import (
    Added,
    Answer,
    Citation,
    Coverage,
    Hit,
    ReportInfo,
    Sentence,
    Surroundings,
    Written,
)
from rag.settings import VERSION

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = [
    "Added",
    "Answer",
    "Assistant",
    "Citation",
    "Coverage",
    "Hit",
    "Model",
    "RagError",
    "ReportInfo",
    "Sentence",
    "Surroundings",
    "Written",
    "__version__",
]
__version__ = VERSION


def __getattr__(name: str) -> object:
    if name == "Assistant":
        return import_module("rag.assistant").Assistant
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
