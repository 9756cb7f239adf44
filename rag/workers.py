"""Files read in processes of their own, each file with a limit of time and memory.

A hang, a bomb or a crash in a parser costs that one file. ``Child`` calls any function of ours in
such a process, ``Readers`` are a few of them that read files. The processes are started as plain
programs with a pipe, not by multiprocessing or a pool on top of it: those import the caller's
script again in each worker, and a script without a ``__main__`` guard is what our users write. A
worker ends when its pipe closes, and has a limit of processor time in case nobody is left to
close it. This needs POSIX.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from rag.acronyms import find_acronyms
from rag.errors import RagError, ReadingError
from rag.indexing import indexed
from rag.reading import MoreTime, read_file
from rag.records import Added, Metadata, Report
from rag.settings import IndexSettings, ReadingLimits
from rag.store import Indexed

_T = TypeVar("_T")
_START = "import sys; from rag.workers import work; work(int(sys.argv[1]))"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"), "1")
_SAVE_AGAIN = "Nothing was added for it. Print it to a new PDF, or save it as text, and add that."
_GRACE = 5
"""Seconds of processor time beyond the limit, after which a worker ends by itself."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to read, and what a catalogue says of it."""

    path: Path
    catalogued: Metadata | None = None
    found: bool = False
    """True when it was found in a folder, not named by the user."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A report as read, cut, and ready to be embedded and stored."""

    report: Report
    indexed: list[Indexed]
    texts: dict[bytes, str]
    """What is to be embedded, by its key."""
    acronyms: list[tuple[str, str]]
    seconds: float


Found = Prepared | Added | RagError
"""What became of a file: read, settled without reading, or why it could not be read."""


class Readers:
    """A few worker processes; files go in, and come out prepared in the same order."""

    def __init__(
        self,
        settings: IndexSettings,
        limits: ReadingLimits,
        skip: Callable[[File], Added | None],
        workers: int = 2,
    ) -> None:
        """``skip`` says what becomes of a file that need not be read; it is asked in threads."""
        self._settings = settings
        self._limits = limits
        self._skip = skip
        self._ahead = 2 * workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="reader")
        self._own = threading.local()
        self._started: list[_Worker] = []

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for worker in self._started:
            worker.end()
        self._pool.shutdown()

    def prepare(self, files: Iterable[File]) -> Iterator[tuple[File, Found]]:
        """Each file with what became of it, in order; a few are read ahead, never all."""
        pending: deque[tuple[File, Future[Found]]] = deque()
        for file in files:
            pending.append((file, self._pool.submit(self._one, file)))
            if len(pending) > self._ahead:
                first, future = pending.popleft()
                yield first, future.result()
        while pending:
            first, future = pending.popleft()
            yield first, future.result()

    def _one(self, file: File) -> Found:
        settled = self._skip(file)
        if settled is not None:
            return settled
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            worker = self._own.worker = _Worker(self._settings, self._limits)
            self._started.append(worker)
        return worker.prepare(file)


class Child:
    """One process that calls functions of ours, started again after a call has ended it.

    For one thread at a time; ``end`` may come from another.
    """

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._ended = False

    def call(self, function: Callable[..., _T], *arguments: object) -> _T:
        """What ``function(*arguments, more_time)`` returns in the process, within the limits.

        ``function`` stands at the top of a module of ours and returns no float: a float is how
        ``more_time`` asks for more seconds. Raises TimeoutError when it takes too long, EOFError
        or another OSError when it ended the process.
        """
        try:
            pipe = self._pipe or self._start()
            pipe.send((function, arguments, self._limits))
            answer: _T = self._answer(pipe)
        except (EOFError, OSError):
            self._stop()
            raise
        return answer

    def _answer(self, pipe: Connection) -> Any:
        deadline = time.monotonic() + self._limits.seconds
        while pipe.poll(max(0.0, deadline - time.monotonic())):
            said = pipe.recv()
            if not isinstance(said, float):
                return said
            deadline += said
        raise TimeoutError

    def _start(self) -> Connection:
        if self._ended:
            raise EOFError
        ours, theirs = Pipe()
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own code, no shell)
                [sys.executable, "-c", _START, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": paths, **_ONE_THREAD},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._pipe = ours
        return ours

    def end(self) -> None:
        """Stop for good, also while a file is being read."""
        self._ended = True
        self._stop()

    def _stop(self) -> None:
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if pipe is not None:
            pipe.close()


class _Worker(Child):
    """A process that reads files."""

    def __init__(self, settings: IndexSettings, limits: ReadingLimits) -> None:
        super().__init__(limits)
        self._settings = settings

    def prepare(self, file: File) -> Prepared | RagError:
        """The file prepared, or why not."""
        name = file.path.name
        memory = self._limits.memory // 2**20
        try:
            return self.call(_prepared, file, self._settings)
        except TimeoutError:
            what = f"{name} took longer than {self._limits.seconds:.0f} seconds to read."
        except (EOFError, OSError):
            what = f"{name} made its reader stop (it is damaged, or needs more than {memory} MiB)."
        return ReadingError(what, _SAVE_AGAIN)


# --- in the worker --------------------------------------------------------------------------


def work(descriptor: int) -> None:
    """Answer calls on a pipe until it closes; a worker's whole life."""
    with Connection(descriptor) as pipe, contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            function, arguments, limits = pipe.recv()
            ends = _Ends(pipe, limits)
            pipe.send(function(*arguments, ends.later))


class _Ends:
    """The limits of this process while it answers one call."""

    def __init__(self, pipe: Connection, limits: ReadingLimits) -> None:
        self._pipe = pipe
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self._seconds = usage.ru_utime + usage.ru_stime + _GRACE
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._allow(limits.seconds)

    def later(self, seconds: float) -> None:
        """Take so many seconds more, and tell the process that waits."""
        self._allow(seconds)
        self._pipe.send(float(seconds))

    def _allow(self, seconds: float) -> None:
        self._seconds += seconds
        resource.setrlimit(resource.RLIMIT_CPU, (ceil(self._seconds), resource.RLIM_INFINITY))


def _prepared(file: File, settings: IndexSettings, more_time: MoreTime) -> Prepared | RagError:
    started = time.perf_counter()
    try:
        report = read_file(file.path, file.catalogued, more_time)
        passages, texts = indexed(report, settings)
        acronyms = find_acronyms(report.text)
    except RagError as error:
        return error
    except (MemoryError, RecursionError) as error:
        what = "memory" if isinstance(error, MemoryError) else "nesting"
        return ReadingError(
            f"{file.path.name} needs more {what} than a report should.", _SAVE_AGAIN
        )
    return Prepared(report, passages, texts, acronyms, time.perf_counter() - started)
