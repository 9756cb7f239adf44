"""What is said to those who are not let through: one plain sentence, and what to do next."""

from __future__ import annotations

import math

from rag.gate.asgi import JSONResponse, PlainTextResponse, Response


class RefusedError(Exception):
    """A request that goes no further. ``headers`` are written with ``_`` for ``-``."""

    def __init__(self, status: int, error: str, then: str = "", **headers: str) -> None:
        super().__init__(f"{error} {then}".strip())
        self.status = status
        self.error = error
        self.then = then
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class StrangerError(Exception):
    """Somebody who has to log in first."""


def told(refused: RefusedError, *, in_json: bool) -> Response:
    """The refusal as an answer, in JSON or in plain text."""
    if in_json:
        content = {"error": refused.error, "next": refused.then}
        return JSONResponse(content, refused.status, refused.headers)
    return PlainTextResponse(f"{refused}\n", refused.status, refused.headers)


def too_large() -> RefusedError:
    return RefusedError(413, "This is too much at once.", "Send fewer or smaller files.")


def too_often(wait: float) -> RefusedError:
    """``wait`` in seconds."""
    seconds = max(1, math.ceil(wait))
    return RefusedError(
        429,
        "This is too often.",
        f"Try again in {seconds} second{'' if seconds == 1 else 's'}.",
        retry_after=str(seconds),
    )


def closed() -> RefusedError:
    """The password file went missing or bad while the page was running."""
    return RefusedError(503, "Nobody can be let in just now.", "Tell whoever runs this page.")
