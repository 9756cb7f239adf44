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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from rag.acronyms import find_acronyms
from rag.embedding import Encoder, Vectors
from rag.errors import InputError, RagError, ReadingError
from rag.indexing import indexed
from rag.packing import Indexed
from rag.reading import MoreTime, read_file
from rag.records import Added, Metadata, Report
from rag.settings import IndexSettings, ReadingLimits

_T = TypeVar("_T")
_START = "import sys; from rag.workers import work; work(int(sys.argv[1]))"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"), "1")
_SAVE_AGAIN = "Nothing was added for it. Print it to a new PDF, or save it as text, and add that."
_GRACE = 5
"""Seconds of processor time beyond the limit, after which a worker ends by itself."""
_CORES_A_READER = 4
"""Embedding was measured to take six times the processor time of reading; PDFs vary."""


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


@dataclass(frozen=True, slots=True)
class Work:
    """What is done to every file, and what is asked about it, wherever it is read."""

    settings: IndexSettings
    limits: ReadingLimits
    encoder: Encoder
    skip: Callable[[File], Added | None]
    """What becomes of a file that need not be read; asked from several threads."""
    missing: Callable[[Iterable[bytes]], set[bytes]]
    """Those keys of texts that have no vector yet."""


class Preparing(Protocol):
    """Reads files and embeds their texts: ``Readers`` on this machine, ``rag.cluster`` on many."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def prepare(self, files: Iterable[File]) -> Iterator[tuple[File, Found]]:
        """Each file with what became of it, in order; some are read ahead, never all."""
        ...

    def embed(self, texts: Sequence[str], done: Callable[[int], None]) -> Vectors:
        """As ``Encoder.encode``, for the file that came out of ``prepare`` last."""
        ...


class Readers:
    """A few worker processes; files go in, and come out prepared in the same order."""

    def __init__(self, work: Work, workers: int | None = None) -> None:
        """``workers`` is how many files are read at a time. Raises InputError for less than one."""
        if workers is not None and workers < 1:
            raise InputError(f"{workers} workers cannot read.", "Give at least 1.")
        workers = workers or max(2, (os.cpu_count() or 1) // _CORES_A_READER)
        self._work = work
        self._ahead = 2 * workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="reader")
        self._own = threading.local()
        self._started: list[Reader] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for reader in self._started:
            reader.end()
        self._pool.shutdown()

    def prepare(self, files: Iterable[File]) -> Iterator[tuple[File, Found]]:
        """See Preparing."""
        pending: deque[tuple[File, Future[Found]]] = deque()
        for file in files:
            pending.append((file, self._pool.submit(self._one, file)))
            if len(pending) > self._ahead:
                first, future = pending.popleft()
                yield first, future.result()
        while pending:
            first, future = pending.popleft()
            yield first, future.result()

    def embed(self, texts: Sequence[str], done: Callable[[int], None]) -> Vectors:
        """In this process, on all its cores: processes of one core each were not faster, see
        evals/bench_ingest.py, and each of them would hold the model.
        """
        return self._work.encoder.encode(texts, done)

    def _one(self, file: File) -> Found:
        settled = self._work.skip(file)
        if settled is not None:
            return settled
        reader: Reader | None = getattr(self._own, "reader", None)
        if reader is None:
            reader = self._own.reader = Reader(self._work.settings, self._work.limits)
            self._started.append(reader)
        return reader.prepare(file)


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


class Reader(Child):
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
