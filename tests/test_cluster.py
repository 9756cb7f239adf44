"""Adding over a real Ray cluster: the same shelf to the byte, and what a lost worker costs."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CORPUS, ROOT, WordEncoder

from rag import cluster
from rag.adding import Adding, collect_files
from rag.cluster import Cluster
from rag.embedding import Encoder, MiniLM
from rag.errors import InputError, RagError, ReadingError
from rag.index import Index
from rag.records import Added
from rag.remote import Errand, embed_there, greeted, own_code, read_there
from rag.settings import IndexSettings, ReadingLimits
from rag.workers import File, Prepared, Work

pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
# Ray leaves the log files of its own processes to the collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

LONG = "Carers wait for an assessment, and some of them wait for a year.\n\n"
SLOW = LONG * 400_000
QUICK = ReadingLimits(seconds=3)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of two processors, as ``ray start`` makes one."""
    folder = Path(tempfile.mkdtemp(prefix="rag-test-"))  # short: sockets stand in it
    ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    ray += ["--port=0", f"--ray-client-server-port={free_port()}", "--num-cpus=2"]
    ray += ["--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}"]
    ray += ["--object-store-memory=200000000"]
    environment = {
        **os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "RAY_AUTH_MODE": "disabled",
    }  # fmt: skip
    with subprocess.Popen(
        ray, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as head:  # fmt: skip
        deadline = time.monotonic() + 60
        while not (told := folder / "ray_current_cluster").is_file():
            assert head.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield told.read_text().strip()
        head.terminate()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def near(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, without the trial that other tests have seen it pass."""
    monkeypatch.setattr(cluster, "_try_out", lambda _: None)
    return address


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def added(
    index: Path, paths: list[Path], ray: str | None, encoder: Encoder | None = None,
    limits: ReadingLimits | None = None, workers: int | None = None,
) -> list[Added]:  # fmt: skip
    shelf = Index(index, create=True, encoder=encoder or WordEncoder(), limits=limits)
    with contextlib.closing(shelf):
        adding = Adding(
            shelf.store, shelf.encoder, shelf.settings, shelf.limits, ray=ray, workers=workers
        )
        return list(adding.run(collect_files(paths)))


def tables(index: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that the store holds but its own name."""
    with contextlib.closing(sqlite3.connect(index / "rag.sqlite")) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        found = {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    found["meta"] = [row for row in found["meta"] if row[0] != "store"]
    return found


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def work(encoder: Encoder | None = None, limits: ReadingLimits | None = None) -> Work:
    return Work(
        IndexSettings(), limits or ReadingLimits(), encoder or WordEncoder(), lambda _: None, set
    )


def test_the_shelf_is_the_same_to_the_byte_as_when_it_is_added_here(
    tmp_path: Path, address: str
) -> None:
    (tmp_path / "more").mkdir()
    written(tmp_path / "more" / "empty.txt", "")
    written(tmp_path / "more" / "picture.gif", "GIF89a")
    briefs = sorted(CORPUS.glob("*.md"))[:2]
    paths = [*briefs, tmp_path / "more", Path(shutil.copy(briefs[0], tmp_path / "copy.md"))]
    here = added(tmp_path / "here", paths, None)
    there = added(tmp_path / "there", paths, address)
    assert [(o.path, o.outcome, o.report, o.passages, o.detail, o.pages) for o in there] == [
        (o.path, o.outcome, o.report, o.passages, o.detail, o.pages) for o in here
    ]
    assert {o.outcome for o in there} == {"added", "failed", "unchanged"}
    assert tables(tmp_path / "there") == tables(tmp_path / "here")
    again = added(tmp_path / "there", paths, address)
    assert {o.outcome for o in again} == {"unchanged", "failed"}
    assert tables(tmp_path / "there") == tables(tmp_path / "here")


def test_the_vectors_of_the_real_model_are_the_same_to_the_bit(tmp_path: Path, near: str) -> None:
    brief = min(CORPUS.glob("*.md")).read_text("utf-8")
    paths = [written(tmp_path / "part.md", brief[:10_000])]
    added(tmp_path / "here", paths, None, MiniLM())
    added(tmp_path / "there", paths, near, MiniLM())
    vectors = tables(tmp_path / "there")["vectors"]
    assert len(vectors) > 8
    assert vectors == tables(tmp_path / "here")["vectors"]


def test_a_file_that_hangs_costs_only_itself(tmp_path: Path, near: str) -> None:
    paths = [
        written(tmp_path / "a.txt", LONG), written(tmp_path / "slow.txt", SLOW),
        written(tmp_path / "z.txt", LONG * 2),
    ]  # fmt: skip
    outcomes = added(tmp_path / "index", paths, near, limits=QUICK)
    assert [o.outcome for o in outcomes] == ["added", "failed", "added"]
    assert "slow.txt took longer than 3 seconds" in outcomes[1].detail


def test_a_lost_worker_is_replaced_and_after_three_the_file_alone_is_given_up(
    tmp_path: Path, near: str
) -> None:
    killed: list[int] = []
    killers = [threading.Thread(target=kill_readers, args=(n, killed)) for n in (cluster._TRIES, 1)]
    often, once, never = (
        written(tmp_path / f"{name}.txt", LONG * 10_000) for name in ("often", "once", "never")
    )

    def files() -> Iterator[File]:
        for killer, path in zip(killers, (often, once), strict=True):
            killer.start()
            yield File(path)
            killer.join()
        yield File(never)

    with Cluster(near, work()) as there:
        found = [what for _, what in there.prepare(files())]
    assert len(killed) == 1 + cluster._TRIES
    assert isinstance(found[0], ReadingError)
    assert "often.txt was given up: 3 workers of the cluster were lost over it" in str(found[0])
    assert isinstance(found[1], Prepared)
    assert isinstance(found[2], Prepared)
    assert list(Path(tempfile.gettempdir()).glob("rag-read-*")) == []


def kill_readers(times: int, killed: list[int]) -> None:
    """Kill the one Ray worker that reads a file, as the kernel does when memory runs out."""
    last = len(killed) + times
    while len(killed) < last:
        time.sleep(0.02)
        for process in filter(reads_there, Path("/proc").glob("[0-9]*")):
            if int(process.name) not in killed:
                killed.append(int(process.name))
                os.kill(killed[-1], signal.SIGKILL)


def reads_there(process: Path) -> bool:
    """True for a Ray worker that is reading a file."""
    try:
        return b"ray::read_there" in (process / "cmdline").read_bytes()
    except OSError:
        return False


def test_a_run_that_is_stopped_leaves_no_task_behind(tmp_path: Path, near: str) -> None:
    paths = [written(tmp_path / "a.txt", LONG), written(tmp_path / "slow.txt", SLOW)]
    with Cluster(near, work()) as there:
        first = next(there.prepare(map(File, paths)))[1]
        assert isinstance(first, Prepared)
    deadline = time.monotonic() + 20
    while any(map(reads_there, Path("/proc").glob("[0-9]*"))):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_a_few_files_are_on_their_way(tmp_path: Path, near: str) -> None:
    asked: list[str] = []

    def skip(file: File) -> None:
        asked.append(file.path.name)

    paths = [written(tmp_path / f"{n:02}.txt", LONG) for n in range(20)]
    mine = Work(IndexSettings(), ReadingLimits(), WordEncoder(), skip, set)
    with Cluster(near, mine) as there:
        for number, (file, _) in enumerate(there.prepare(map(File, paths))):
            assert file.path == paths[number]
            assert len(asked) - number <= 2 * cluster._FILES_A_PROCESSOR + 1
    assert len(asked) == 20


def test_a_cluster_on_this_machine_is_started_and_ended(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", LONG * 3)
    script = f"""
import signal, sys
from pathlib import Path
from test_cluster import added
import os
before = signal.getsignal(signal.SIGTERM)
print([o.outcome for o in added(Path({str(tmp_path)!r}, "index"), [Path({str(path)!r})], "local",
    workers=1)])
print(signal.getsignal(signal.SIGTERM) == before, os.environ.get("RAY_AUTH_TOKEN"))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("['added']\nTrue None\n", "")
    assert not (tmp_path / ".ray").exists()


@pytest.mark.parametrize("address", ["nonsense", "host:", "ray://host", ":6379", "host:99999"])
def test_what_is_no_address_is_said_before_anything_is_read(address: str) -> None:
    with pytest.raises(InputError, match="no address of a Ray cluster"):
        Cluster(address, work())


def test_workers_are_for_a_cluster_of_this_machine() -> None:
    with pytest.raises(InputError, match="says itself how many workers"):
        Cluster("auto", work(), workers=2)
    with pytest.raises(InputError, match="0 workers"):
        Cluster("local", work(), workers=0)


def test_where_nobody_listens_is_said_in_words_and_soon() -> None:
    port = free_port()
    started = time.monotonic()
    for kind in ("", "ray://"):
        with pytest.raises(InputError, match="refused"), Cluster(f"{kind}127.0.0.1:{port}", work()):
            pass
    assert time.monotonic() - started < cluster._REACHED_WITHIN


def test_what_listens_but_does_not_speak_ray_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECTED_WITHIN", 3)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match="nothing that speaks Ray"):
            Cluster(f"127.0.0.1:{port}", work()).__enter__()


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"Ray is not installed.*pip install"):
        Cluster("local", work()).__enter__()


def test_a_worker_with_another_version_of_the_program_refuses(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", LONG)
    errand = Errand(File(path), str(path), IndexSettings(), ReadingLimits(), "another")
    for refused in (
        greeted("another"), read_there(b"", errand), embed_there([], b"", "another"),
    ):  # fmt: skip
        assert isinstance(refused, ReadingError)
        assert "another version of this program" in str(refused)
    assert greeted(own_code()) is None


def test_errors_of_ours_travel_whole() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ReadingError("It is damaged.", "Save it again.")))
    assert isinstance(error, RagError)
    assert (error.what, error.next_step) == ("It is damaged.", "Save it again.")
