"""Files read and embedded by the machines of a Ray cluster. The owner of ray.

    here:  told by digest ──> bytes ─┐            ┌─> missing texts ─┐            ┌─> store
    there:                           └─> Prepared ┘                  └─> vectors ─┘

The same functions that run here are mapped over the cluster, and give the same shelf to the byte:
a file is read in a ``Child`` of the Ray worker, under the same limits, and the texts of a report
are embedded in one call, since the last bits of a vector depend on the texts beside it. Only this
process opens the store. A worker that is lost costs what it had in hand: Ray does that again
elsewhere, and after ``_TRIES`` the file alone is failed. A few files for each processor are on
their way at a time, and never more than ``_MOST_BYTES`` of them.

Every machine needs this program and its model installed: code is not shipped, and a worker with
other code is refused. Ray's usage statistics are off and no dashboard is started.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rag.embedding import Vectors
from rag.errors import InputError, RagError, ReadingError
from rag.reading import load_file, printable
from rag.remote import INSTALL, Errand, embed_there, greeted, own_code, read_there
from rag.workers import File, Found, Prepared, Work

if TYPE_CHECKING:
    from ray import ObjectRef

LOCAL = "local"
"""Address of a cluster that is started on this machine, and ended with the run."""

_TRIES = 3
_FILES_A_PROCESSOR = 3
"""One that is read, one that is embedded, one that waits to be written."""
_MOST_BYTES = 256 * 2**20
_STORE_BYTES = 512 * 2**20
"""Shared memory of a cluster that is started here."""
_REACHED_WITHIN, _CONNECTED_WITHIN, _STARTED_WITHIN = 5, 30, 90
"""Seconds for the port to answer, for Ray to connect, and for the first worker to start."""
_ADDRESSES = 'Addresses: "local", "auto", "HOST:PORT" or "ray://HOST:PORT".'
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".|^$",  # all that Ray itself would print on stdout
}
_TRIAL = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False); ray.shutdown()"


@dataclass(slots=True)
class _Job:
    """A file on its way."""

    file: File
    size: int = 0
    """Of its bytes, while they are on their way too."""
    found: Found | None = None
    texts: list[str] = field(default_factory=list)
    """Those that are being embedded."""
    waits_for: ObjectRef[Any] | None = None
    vectors: ObjectRef[Any] | None = None


class Cluster:
    """A Ray cluster as ``Preparing``; its connection is open while the object is entered."""

    def __init__(self, address: str, work: Work, workers: int | None = None) -> None:
        """``workers`` is how many processors a cluster on this machine has; others know theirs.

        Raises InputError when that is asked of another cluster, or the address cannot be one.
        """
        if workers is not None and address != LOCAL:
            raise InputError(
                "A Ray cluster says itself how many workers it has.",
                f'Leave --workers out, or give it with --ray "{LOCAL}".',
            )
        if workers is not None and workers < 1:
            raise InputError(f"{workers} workers cannot read.", "Give at least 1.")
        if address not in (LOCAL, "auto"):
            _host_and_port(address)
        self._address = address
        self._work = work
        self._workers = workers
        self._encoder = pickle.dumps(work.encoder)
        self._ends = contextlib.ExitStack()
        self._processors = 0
        self._embedded: _Job | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            self._connect(ends)
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of the cluster: it ends what it is still doing for this run."""
        self._ends.close()

    # --- connecting -----------------------------------------------------------------------

    def _connect(self, ends: contextlib.ExitStack) -> None:
        """Raises InputError in bounded time when there is no cluster that can do the work."""
        environment = _ENVIRONMENT | (_own_token() if self._address == LOCAL else {})
        ends.enter_context(_environment(environment))
        try:
            import ray
        except ImportError:
            raise InputError(
                "Ray is not installed.", "Install it: pip install 'council-reports-rag[ray]'"
            ) from None
        if ray.is_initialized():
            raise InputError(
                "This process is connected to Ray already.", "End that with: ray.shutdown()"
            )
        options: dict[str, Any] = {}
        if self._address == LOCAL:
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="rag-"))
            options = {
                "_temp_dir": folder,
                "_node_ip_address": "127.0.0.1",
                "num_cpus": self._workers or os.cpu_count(),
                "object_store_memory": _STORE_BYTES,
            }
        else:
            _try_out(self._address)
        ends.enter_context(_same_signals())
        ends.callback(ray.shutdown)
        try:
            ray.init(
                self._address,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                **options,
            )
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise _not_reached(self._address, str(error)) from None
        self._greet()

    def _greet(self) -> None:
        """See that a worker starts, and has the same program."""
        import ray

        resources: Callable[[], dict[str, float]] = ray.cluster_resources
        self._processors = int(resources().get("CPU", 0))
        if self._processors < 1:
            raise InputError(f"The Ray cluster at {self._address} has no processors.")
        try:
            refused = ray.get(self._submit(greeted, own_code()), timeout=_STARTED_WITHIN)
        except ray.exceptions.GetTimeoutError:
            raise InputError(
                f"The Ray cluster at {self._address} started no worker within"
                f" {_STARTED_WITHIN} seconds.",
                "It may be busy: see `ray status` there.",
            ) from None
        except ray.exceptions.RayError as error:
            raise InputError(
                f"The workers of the Ray cluster at {self._address} cannot run this program"
                f" ({_last_line(str(error))}).",
                INSTALL,
            ) from None
        if refused is not None:
            raise InputError(refused.what, refused.next_step)

    # --- files ----------------------------------------------------------------------------

    def prepare(self, files: Iterable[File]) -> Iterator[tuple[File, Found]]:
        """See Preparing. What was read out of turn is embedded while earlier files are read."""
        coming = iter(files)
        line: deque[_Job] = deque()
        while self._fill(line, coming) or line:
            self._advance(line, wait=line[0].waits_for is not None)
            while line and line[0].waits_for is None:
                self._embedded = job = line.popleft()
                if job.found is None:
                    raise AssertionError(job.file)
                yield job.file, job.found
                self._embedded = None

    def _fill(self, line: deque[_Job], coming: Iterator[File]) -> bool:
        """Send off as many files as there is room for; False when none came."""
        before = len(line)
        while (
            len(line) < _FILES_A_PROCESSOR * self._processors + 1
            and sum(job.size for job in line) < _MOST_BYTES
            and (file := next(coming, None)) is not None
        ):
            line.append(self._sent(file))
        return len(line) > before

    def _sent(self, file: File) -> _Job:
        settled = self._work.skip(file)
        if settled is not None:
            return _Job(file, found=settled)
        try:
            data = load_file(file.path)
        except RagError as error:
            return _Job(file, found=error)
        origin = printable(file.path.resolve())
        work = self._work
        errand = Errand(file, origin, work.settings, work.limits, own_code())
        return _Job(file, size=len(data), waits_for=self._submit(read_there, data, errand))

    def _advance(self, line: Iterable[_Job], *, wait: bool) -> None:
        """Take what has come back; with ``wait``, something must."""
        import ray

        jobs = {job.waits_for: job for job in line if job.waits_for is not None}
        if not jobs:
            return
        refs = list(jobs)
        back, _ = ray.wait(refs, num_returns=len(refs), timeout=0, fetch_local=False)
        if wait and not back:
            back, _ = ray.wait(refs, num_returns=1, fetch_local=False)
        for ref in back:
            job = jobs[ref]
            job.waits_for = None
            if job.found is None:
                self._read(job, ref)
            else:
                job.vectors = ref

    def _read(self, job: _Job, ref: ObjectRef[Any]) -> None:
        job.size = 0
        try:
            found: Found = _fetched(ref, job.file.path.name)
        except RagError as error:
            found = error
        job.found = found
        if isinstance(found, Prepared):
            missing = sorted(self._work.missing(found.texts))
            job.texts = [found.texts[key] for key in missing]
            if missing:
                job.waits_for = self._embedding(job.texts)

    def embed(self, texts: Sequence[str], done: Callable[[int], None]) -> Vectors:
        """See Preparing. They are under way already, unless the shelf got some of them since."""
        job = self._embedded
        name = "A report" if job is None else job.file.path.name
        under_way = job.vectors if job is not None and job.texts == list(texts) else None
        ref = self._embedding(texts) if under_way is None else under_way
        vectors: Vectors = _fetched(ref, name)
        done(len(texts))
        return vectors

    def _embedding(self, texts: Sequence[str]) -> ObjectRef[Any]:
        return self._submit(embed_there, list(texts), self._encoder, own_code())

    def _submit(self, function: Callable[..., Any], *arguments: object) -> ObjectRef[Any]:
        import ray

        task = ray.remote(num_cpus=1, max_retries=_TRIES - 1, retry_exceptions=False)(function)
        ref: ObjectRef[Any] = task.remote(*arguments)
        return ref


def _fetched(ref: ObjectRef[Any], name: str) -> Any:
    """What a task gave; raises the RagError that it gave instead, or that it was lost."""
    import ray

    try:
        given = ray.get(ref)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError):
        raise ReadingError(
            f"{name} was given up: {_TRIES} workers of the cluster were lost over it.",
            "Nothing was added for it. Add it again.",
        ) from None
    except ray.exceptions.RayError as error:
        raise ReadingError(
            f"{name} was given up by the cluster ({_last_line(str(error))}).",
            "Nothing was added for it. Add it again.",
        ) from None
    if isinstance(given, RagError):
        raise given
    return given


# --- addresses ------------------------------------------------------------------------------


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InputError(f"{address!r} is no address of a Ray cluster.", _ADDRESSES)
    return host.strip("[]"), int(port)


def _try_out(address: str) -> None:
    """Connect from a process that can be given up: Ray waits minutes for what does not answer."""
    if address != "auto":
        try:
            socket.create_connection(_host_and_port(address), _REACHED_WITHIN).close()
        except OSError as error:
            raise _not_reached(address, error.strerror or str(error)) from None
    try:
        done = subprocess.run(  # noqa: S603 (our own code, no shell)
            [sys.executable, "-c", _TRIAL, address],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_CONNECTED_WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        why = f"nothing that speaks Ray answered within {_CONNECTED_WITHIN} seconds"
        raise _not_reached(address, why) from None
    if done.returncode != 0:
        raise _not_reached(address, done.stderr)


def _not_reached(address: str, why: str) -> InputError:
    return InputError(
        f"The Ray cluster {address!r} cannot be used: {_last_line(why)}.",
        f"Start one with `ray start --head`, or take another address. {_ADDRESSES}",
    )


def _last_line(text: str) -> str:
    """What an error comes down to, without where it came from."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else "no reason was given"


@cache
def _own_token() -> dict[str, str]:
    """Lets in only who started the cluster; one a process, since Ray keeps the first it sees."""
    return {"RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextlib.contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _same_signals() -> Iterator[None]:
    """Ray takes SIGTERM for itself; afterwards it is as it was."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
