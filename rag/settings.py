"""The few settings, and the fingerprint of those that change what an index holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

VERSION = "0.1.0"
"""Of this program, as in pyproject.toml."""

FORMAT_VERSION = 3
"""Raised whenever the store's tables, or the way text is cut or stemmed, change."""

MODEL_NAME = "sentence-transformers/all-MiniLM-L6-v2"
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of model.safetensors; other weights are refused."""

RERANKER_SHA256 = "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1"
"""sha256 of the cross-encoder's model.onnx."""

LARGEST_FILE = 50 * 1024 * 1024
"""Bytes of a file to read, to fetch or to drop on the page."""

MOST_UPLOADS = 100
"""Files dropped on the page at once; more go in with the command."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading one file may take; a file that needs more fails by itself."""

    seconds: float = 30
    """A file with scans gets more, page by page."""
    memory: int = 2 * 1024**3
    """Bytes of address space of the process that reads."""


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What an index was built with. Another value needs another index."""

    format_version: int = FORMAT_VERSION
    model: str = MODEL_NAME
    model_sha256: str = MODEL_SHA256
    passage_tokens: int = 160
    """Most cl100k tokens of a passage. The model reads 256 word pieces; prefix and passage fit."""
    prefix_tokens: int = 48
    """Most cl100k tokens of the report and headings put in front when a passage is embedded."""

    def fingerprint(self) -> str:
        """Short hash of all settings, written beside the figures measured with them."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How a question is answered; may change without rebuilding anything."""

    rrf_k: int = 60
    """Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
    ranked: int = 20_000
    """Passages in each ranking; on shelves of no more, all of them."""
    ranked_when_more: int = 5_000
    """The same on larger shelves."""
    candidates: int = 600
    """Passages looked at for one question by words and meaning, shared among the reports asked."""
    candidates_per_report: int = 14
    """The most of one report, unless few reports are asked."""
    rounds: int = 3
    """How often as many passages may be looked at where the reports are more than that."""
    searched: int = 50
    """Reports looked at closely for a search alone, where they are many."""
    candidates_when_few: int = 30
    """Passages looked at when the councils that are named leave at most two reports."""
    read: int = 20
    """Passages that the cross-encoder reads for one question."""
    read_per_report: int = 6
    """The most of one report, unless the councils named leave few reports."""
    read_when_few: int = 30
    sentences: int = 60
    """Sentences that the cross-encoder reads to choose quotes, those of the best passages; in the
    rest the words of the question decide."""
    quotes_per_report: int = 3
    quotes_when_more: int = 10
    """The most of one report when more is asked for; twice as many passages are read then."""
    longest_question: int = 2000
    """Characters."""


@dataclass(frozen=True, slots=True)
class WritingSettings:
    """How a language model is asked to write an answer up."""

    tokens_per_report: int = 220
    """The most that it may write on one report."""
    tokens_together: int = 400
    """The most that it may write on several reports."""
    sentences_per_report: int = 3
    sentences_together: int = 5
    at_once: int = 4
    """Reports written up at the same time by a model on another machine."""
    at_once_here: int = 1
    """By a model on this machine, where one report after the other is as quick."""
