"""A watch on one connection: it cuts it when a wait is over, however the server drags it out.

A time limit of a socket starts anew with every byte, so that a server which sends a header or a
comment now and then is waited for without end. This limit does not: it runs in a thread of its own
while the server is waited for, and shuts the socket down, which ends the wait.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Self

from rag.errors import LanguageModelError
from rag.modelfailures import Failures

_LOOK = 0.1
"""Seconds between two looks whether anybody still waits."""
Stopped = Callable[[], bool]
"""True as soon as nobody waits for the text any more."""


class Watch:
    """Used with ``with`` around one call. ``over`` is why the connection was cut, if it was."""

    def __init__(
        self, failures: Failures, patience: float, deadline: float, stopped: Stopped | None
    ) -> None:
        self.spoke = False
        self.over: LanguageModelError | None = None
        self._failures = failures
        self._patience = patience
        self._deadline = deadline
        self._stopped = stopped
        self._state = threading.Condition()
        self._wire: socket.socket | None = None
        self._limit: float | None = None
        self._closed = False
        self._heard = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="language-model", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with self._state:
            self._closed = True
            self._state.notify()
        self._thread.join()

    def heard(self) -> None:
        """The model said something just now, or was not asked to until now."""
        self._heard = time.monotonic()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the server is waited for. Raises what is the case when it is over already."""
        limit = min(self._deadline, self._heard + self._patience)
        if over := self.over or self._why(limit):
            raise over
        with self._state:
            self._limit = limit
            self._state.notify()
        try:
            yield
        finally:
            with self._state:
                self._limit = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by httpcore2 what it does: a wire that was laid is the one to cut."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._state:
                self._wire = info["return_value"].get_extra_info("socket")
                if self.over:
                    self._cut()

    def _run(self) -> None:
        with self._state:
            while not self._closed:
                if self._limit is None:
                    self._state.wait()
                elif over := self._why(self._limit):
                    self.over, self._limit = over, None
                    self._cut()
                else:
                    left = max(0.0, self._limit - time.monotonic())
                    self._state.wait(min(left, _LOOK) if self._stopped else left)

    def _why(self, limit: float) -> LanguageModelError | None:
        """Why a wait until ``limit`` is over, if it is."""
        now = time.monotonic()
        if self._stopped and self._stopped():
            return self._failures.stopped()
        if now >= self._deadline:
            return self._failures.late()
        return self._failures.silent(spoke=self.spoke) if now >= limit else None

    def _cut(self) -> None:
        if self._wire is not None:
            with suppress(OSError):
                # Of the socket below TLS: its own would take the session from under the reader.
                socket.socket.shutdown(self._wire, socket.SHUT_RDWR)
