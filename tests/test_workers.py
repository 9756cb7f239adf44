"""Reading in other processes: a limit of time and memory a file, and nobody left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, WordEncoder

from rag.errors import InputError, ReadingError
from rag.settings import IndexSettings, ReadingLimits
from rag.workers import File, Found, Prepared, Readers, Work

LIMITS = ReadingLimits()
LONG = "Carers wait for an assessment, and some of them wait for a year.\n\n"


@contextmanager
def readers(limits: ReadingLimits = LIMITS, workers: int = 1) -> Iterator[Readers]:
    work = Work(IndexSettings(), limits, WordEncoder(), lambda _: None, set)
    with Readers(work, workers) as started:
        yield started


def read(paths: list[Path], limits: ReadingLimits = LIMITS) -> list[Found]:
    with readers(limits) as started:
        return [found for _, found in started.prepare(map(File, paths))]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def children(of: int) -> set[int]:
    """Processes that name ``of`` as their parent."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(") ", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == of:
            found.add(int(stat.parent.name))
    return found


def alive(process: int) -> bool:
    """True while a process runs; one that waits to be buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_file_comes_out_read_cut_and_with_its_texts_to_embed(tmp_path: Path) -> None:
    (found,) = read([written(tmp_path / "a.txt", LONG * 3)])
    assert isinstance(found, Prepared)
    assert found.report.origin == str(tmp_path / "a.txt")
    assert found.indexed
    assert {item.vector_key for item in found.indexed} == set(found.texts)


def test_files_come_out_in_the_order_in_which_they_went_in(tmp_path: Path) -> None:
    sizes = [400, 1, 200, 1, 1, 100, 1, 1, 1, 1]
    paths = [written(tmp_path / f"{n}.txt", LONG * size) for n, size in enumerate(sizes)]
    with readers(workers=2) as started:
        found = [(file.path, type(what)) for file, what in started.prepare(map(File, paths))]
    assert found == [(path, Prepared) for path in paths]


def test_there_is_at_least_one_reader() -> None:
    with pytest.raises(InputError, match="0 workers cannot read"), readers(workers=0):
        pass


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_read(tmp_path: Path) -> None:
    slow = written(tmp_path / "slow.txt", LONG * 400_000)
    quick = written(tmp_path / "quick.txt", LONG)
    started = time.monotonic()
    given_up, found = read([slow, quick], ReadingLimits(seconds=4))
    assert isinstance(given_up, ReadingError)
    assert "slow.txt took longer than 4 seconds" in str(given_up)
    assert isinstance(found, Prepared)
    assert time.monotonic() - started < 25


def test_a_file_that_needs_too_much_memory_is_given_up_and_the_next_is_read(
    tmp_path: Path,
) -> None:
    big = written(tmp_path / "big.txt", LONG * 800_000)
    small = written(tmp_path / "small.txt", LONG)
    given_up, found = read([big, small], ReadingLimits(memory=300 * 2**20))
    assert isinstance(given_up, ReadingError)
    assert "memory" in str(given_up) or "MiB" in str(given_up)
    assert isinstance(found, Prepared)


def test_a_reader_that_is_killed_costs_one_file(tmp_path: Path) -> None:
    """As the kernel does when memory runs out."""
    script = f"""
import os, signal, sys, threading, time
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tests")!r})
from test_workers import children, readers
from rag.workers import File
paths = [Path(path) for path in sys.argv[1:]]
def kill():
    while not (there := children(os.getpid())):
        time.sleep(0.01)
    time.sleep(1)
    for process in there:
        os.kill(process, signal.SIGKILL)
threading.Thread(target=kill).start()
with readers() as started:
    for file, found in started.prepare(map(File, paths)):
        print(file.path.name, type(found).__name__, flush=True)
"""
    paths = [written(tmp_path / "a.txt", LONG * 400_000), written(tmp_path / "b.txt", LONG)]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, paths)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["a.txt ReadingError", "b.txt Prepared"]


def test_no_process_is_left_when_the_one_that_adds_is_killed(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from test_workers import readers
from rag.workers import File
with readers() as started:
    list(started.prepare(map(File, map(Path, sys.argv[1:]))))
    print("read", flush=True)
    sys.stdin.read()
"""
    path = written(tmp_path / "a.txt", LONG)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as adding:  # fmt: skip
        assert adding.stdout is not None
        assert adding.stdout.readline() == "read\n"
        workers = children(adding.pid)
        assert len(workers) == 1
        adding.kill()
    deadline = time.monotonic() + 20
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, workers))


def test_a_script_without_a_main_guard_may_add(tmp_path: Path) -> None:
    script = written(
        tmp_path / "script.py",
        "import sys\n"
        "from test_workers import read, written\n"
        "from pathlib import Path\n"
        "print('started')\n"
        f"print(len(read([written(Path({str(tmp_path)!r}) / 'a.txt', 'Carers wait.')])))\n",
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["started", "1"]


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_file_that_cannot_be_read_is_an_error_of_ours(text: str, tmp_path: Path) -> None:
    (found,) = read([written(tmp_path / "empty.txt", text)])
    assert isinstance(found, ReadingError)
    assert "holds no text" in str(found)
