"""A parser in its own process, asked for one file at a time, with a limit of time.

What kills the process or outlasts the limit is an outcome like any other: the process is started
anew for the next file.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from evals.run import ROOT

State = Literal["text", "empty", "error", "hang", "crash"]
STATES: tuple[State, ...] = ("text", "empty", "error", "hang", "crash")
_START = 60.0


class Parser:
    """One parser, ready to read; ``version`` is None where it is not installed."""

    def __init__(self, name: str, pythons: Sequence[str] = (sys.executable,)) -> None:
        """Start it with the first Python that has it."""
        self.name = name
        self.version: str | None = None
        self._process: subprocess.Popen[str] | None = None
        for python in (sys.executable,) if name == "ours" else pythons:
            self._python = python
            self.version = self.restart().get("version")
            if self.version is not None:
                break

    def __enter__(self) -> Parser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def read(self, path: Path, limit: float) -> tuple[State, dict[str, Any]]:
        """What became of the file, and its text, headings and seconds where it was read."""
        if self._process is None:
            self.restart()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{path}\n")
            self._process.stdin.flush()
            answer = self._answer(limit)
        except BrokenPipeError:
            answer = {}
        if answer is None or not answer:
            self._stop()
            return ("hang" if answer is None else "crash"), {}
        if "error" in answer:
            return "error", answer
        return ("text" if answer["text"].strip() else "empty"), answer

    def restart(self) -> dict[str, Any]:
        """Start it anew; what it says when it is ready."""
        self._stop()
        self._process = subprocess.Popen(  # noqa: S603 - this module, by the Python that was named
            [self._python, "-m", "evals.parsers.child", self.name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        return self._answer(_START) or {}

    def _answer(self, limit: float) -> dict[str, Any] | None:
        """The next line of the process: None when it takes too long, empty when it is dead."""
        assert self._process is not None
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], limit)
        if not ready:
            return None
        line = self._process.stdout.readline()
        return dict(json.loads(line)) if line.endswith("\n") else {}

    def _stop(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        process.wait()
