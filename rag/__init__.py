"""Questions over a shelf of public reports, answered with exact quotes. See README.md.

Importing this package is light: models and FAISS are loaded when the first question is asked.
"""

from __future__ import annotations

from importlib import import_module
from os import environ
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

# NumPy's OpenBLAS keeps its threads busy for a while after each product, on processors that the
# search needs: a fifth of its time. It reads this once, when NumPy is imported.
environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")


def __getattr__(name: str) -> object:
    if name == "Assistant":
        return import_module("rag.assistant").Assistant
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
