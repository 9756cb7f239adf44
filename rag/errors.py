"""The errors of this package, each with what to do next.

    RagError                    anything a user should read as one plain sentence
    ├── InputError              what was typed or handed over cannot be used
    ├── ReadingError            one file cannot be read; other files are not touched
    │   └── UnknownKindError    no reader for this kind of file
    ├── FetchError              an address is refused, or its report cannot be had
    ├── ModelError              weights are missing or are not the expected ones
    ├── LanguageModelError      a language model cannot be reached, or broke off
    │   └── TooLongError        the prompt is longer than it can read
    ├── IndexMismatchError      the index was built by another version or with other settings
    └── DamagedIndexError       the store cannot be opened or does not pass its checks

Every error carries ``next_step``: a command or an action. Front ends catch ``RagError`` in one
place and show ``str(error)``; nothing else is expected to be shown to a user.
"""

from __future__ import annotations


class RagError(Exception):
    """Base class. ``exit_code`` is what the command returns for it."""

    exit_code = 1

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what} {self.next_step}".strip()


class InputError(RagError):
    """What was typed or handed over cannot be used."""

    exit_code = 2


class ReadingError(RagError):
    """One file cannot be read; the others are not touched."""


class UnknownKindError(ReadingError):
    """There is no reader for this kind of file."""


class FetchError(RagError):
    """An address is refused, or its report cannot be had; nothing was kept of it."""


class ModelError(RagError):
    """Model weights are missing, or are not the ones that were pinned."""


class LanguageModelError(RagError):
    """A language model cannot be reached, refuses, or broke off; the answer stands without it."""


class TooLongError(LanguageModelError):
    """The prompt is longer than the language model can read."""


class IndexMismatchError(RagError):
    """The index was built by another version, model or passage settings."""


class DamagedIndexError(RagError):
    """The store cannot be opened, or what it holds does not agree with itself."""
