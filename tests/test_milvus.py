"""What only Milvus has: addresses, servers that go away, writers elsewhere, and its own damage."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from test_engines import CARERS, DIMENSION, SETTINGS, SHELF, TRAMS, cut, put, searcher_of

from rag.errors import DamagedIndexError, IndexMismatchError, InputError, RagError
from rag.milvus import MilvusStore
from rag.milvus import client as milvusclient
from rag.milvus import shelf as milvusshelf
from rag.milvus.client import TOKEN, is_milvus, parse_address
from rag.milvus.layout import Parts, part_of
from rag.milvus.shelf import _ended

if importlib.util.find_spec("pymilvus") is None:
    pytest.skip("Milvus' client is not installed: pip install '.[milvus]'", allow_module_level=True)


def opened(folder: Path, **options: Any) -> MilvusStore:
    return MilvusStore(
        f"milvus:{folder / 'shelf.db'}",
        **{"settings": SETTINGS, "create": True, "dimension": DIMENSION, **options},
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MilvusStore]:
    with contextlib.closing(opened(tmp_path)) as made:
        for report in SHELF:
            put(made, report)
        yield made


def free_port() -> int:
    with contextlib.closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


# --- addresses ------------------------------------------------------------------------------------


def test_a_path_is_no_address_of_milvus_and_asking_imports_nothing() -> None:
    assert not any(map(is_milvus, ("index", "/a/milvus", "./milvus:x", "")))
    assert all(map(is_milvus, ("milvus:x.db", "milvus://h:1/n", "milvus+tls://h:1/n", "milvus:")))
    code = (
        "import sys, rag.milvus; rag.milvus.is_milvus('milvus:x.db');"
        "print([m for m in ('pymilvus', 'grpc', 'milvus_lite', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_an_address_says_where_and_under_which_name() -> None:
    server = parse_address("milvus://milvus.example:19530/council_reports")
    assert (server.uri, server.name) == ("http://milvus.example:19530", "council_reports")
    assert (server.path, server.here) == (None, False)
    assert parse_address("milvus+tls://h:443/n").uri == "https://h:443"
    assert all(parse_address(f"milvus://{h}:1/n").here for h in ("localhost", "127.0.0.1"))
    file = parse_address("milvus:some/shelf.db")
    assert (file.path, file.here) == (Path("some/shelf.db").absolute(), True)


@pytest.mark.parametrize(
    "address",
    [
        *("milvus:", "milvus://", "milvus://host/name", "milvus://host:19530", "milvus:shelf"),
        *("milvus://host:0/n", "milvus://host:99999/n", "milvus://host:1/1n", "milvus://h:1/a-b"),
        *("milvus://user:secret@host:19530/n", "milvus+tls:x.db", "milvus://host:1/n/more"),
    ],
)
def test_a_malformed_address_is_refused_with_the_forms_that_are_known(address: str) -> None:
    with pytest.raises(InputError, match="milvus://HOST:PORT/NAME") as raised:
        MilvusStore(address, SETTINGS, create=True, dimension=DIMENSION)
    assert "secret" not in str(raised.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        opened(tmp_path / "absent")


def test_without_the_extra_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(InputError, match=r"council-reports-rag\[milvus\]"):
        opened(tmp_path)


# --- servers that do not answer -------------------------------------------------------------------


def test_a_server_that_is_away_is_told_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(RagError, match="no Milvus answers there") as raised:
        MilvusStore(
            f"milvus://127.0.0.1:{free_port()}/shelf", SETTINGS, create=True, dimension=DIMENSION
        )
    assert time.monotonic() - started < milvusclient.CONNECT_SECONDS + 2
    assert "check the address" in str(raised.value)


@contextlib.contextmanager
def refusing(code: str) -> Iterator[int]:
    """A gRPC server that refuses every call with a status."""
    import grpc

    def refuse(request: object, context: grpc.ServicerContext) -> None:
        context.abort(getattr(grpc.StatusCode, code), "whatever it was")

    class Refusing(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: object) -> Any:
            return grpc.unary_unary_rpc_method_handler(refuse)

    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((Refusing(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize(
    ("code", "said"),
    [("UNAUTHENTICATED", TOKEN), ("PERMISSION_DENIED", TOKEN), ("UNIMPLEMENTED", "version 2.6")],
)
def test_a_server_that_refuses_is_told_with_what_to_do_and_never_with_the_token(
    code: str, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(TOKEN, "somebody:very-secret")
    with refusing(code) as port, pytest.raises(RagError, match=said) as raised:
        MilvusStore(f"milvus://127.0.0.1:{port}/shelf", SETTINGS, create=True, dimension=DIMENSION)
    assert "very-secret" not in str(raised.value) + caplog.text
    assert "Traceback" not in str(raised.value) + caplog.text


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """milvus-lite as a server of its own; its address, and what stops it."""
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, database, port = start_server_in_thread(str(folder / "served"))
    try:
        yield f"milvus://127.0.0.1:{port}/first", lambda: server.stop(None).wait()
    finally:
        server.stop(None).wait()
        database.close()


def test_several_shelves_stand_in_one_server(tmp_path: Path) -> None:
    with serving(tmp_path) as (address, _):
        first = MilvusStore(address, SETTINGS, create=True, dimension=DIMENSION)
        other = address.replace("first", "second")
        with contextlib.closing(first):
            put(first, TRAMS)
            second = MilvusStore(other, SETTINGS, create=True, dimension=DIMENSION)
            with contextlib.closing(second):
                put(second, CARERS)
                assert [info.report for info in second.reports()] == ["carers"]
            assert [info.report for info in first.reports()] == ["trams"]
            assert first.problems(DIMENSION) == []


def test_a_server_that_goes_away_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvusclient, "READ_SECONDS", 0.5)
    monkeypatch.setattr(milvusclient, "WRITE_SECONDS", 0.5)
    with serving(tmp_path) as (address, stop):
        store = MilvusStore(address, SETTINGS, create=True, dimension=DIMENSION)
        with contextlib.closing(store):
            put(store, TRAMS)
            searcher = store.searcher()
            stop()
            for use in (
                store.reports,
                lambda: store.report_text("trams"),
                lambda: searcher.keyword(["tram"], 5),
                lambda: searcher.nearest(np.ones(DIMENSION, np.float32), 5),
                lambda: put(store, CARERS),
                lambda: store.remove("trams"),
            ):
                with pytest.raises(RagError, match="there as before"):
                    use()


# --- writes that break off ------------------------------------------------------------------------


def failing_after(number: int, call: Callable[..., Any]) -> Callable[..., Any]:
    """The call, which fails as pymilvus fails once it has worked so often."""
    from pymilvus.exceptions import MilvusException

    left = [number]

    def fails(*arguments: Any, **options: Any) -> Any:
        if not left[0]:
            raise MilvusException(message="server unavailable: node 7 was lost")
        left[0] -= 1
        return call(*arguments, **options)

    return fails


def everything_stored(store: MilvusStore) -> dict[str, int]:
    """How many rows there are, seen or hidden."""
    return {kind: store._milvus.count(kind, "id >= 0") for kind in ("passages", "parts", "reports")}


@pytest.mark.parametrize("lost", ["insert", "insert, delete", "insert, delete, upsert"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_write_that_fails_half_way_is_not_seen_and_succeeds_when_it_is_tried_again(
    store: MilvusStore, number: int, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, before, generation = everything_stored(store), store.known(), store.generation()
    searcher = searcher_of(store)
    client = store._milvus._client
    new = TRAMS.__class__(
        *("new", TRAMS.metadata, TRAMS.text, TRAMS.blocks, "another", "/elsewhere.md"),
        *(None, ()),
    )
    upserts = 2  # the claim, and that an edition is begun
    with monkeypatch.context() as broken:
        for call in lost.split(", "):
            after = {"insert": number, "upsert": upserts + 1, "delete": 0}[call]
            broken.setattr(client, call, failing_after(after, getattr(client, call)))
        with pytest.raises(RagError, match="no Milvus answers") as raised:
            put(store, new, replaces="carers")
        assert "node 7" not in str(raised.value)
        assert store.known() == before
        assert store.generation() == generation
        assert searcher_of(store).frequency("tram") == searcher.frequency("tram")
        assert store.problems(DIMENSION) == []
    put(store, new, replaces="carers")
    assert sorted(k.report for k in store.known()) == ["cafes", "new", "trams"]
    assert store.generation() == generation + 1
    after_ = everything_stored(store)
    assert (after_["passages"], after_["reports"]) == (stored["passages"] + 1, stored["reports"])
    assert store.problems(DIMENSION) == []


def test_rows_that_milvus_loses_are_noticed_before_they_are_shown(
    store: MilvusStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, insert = store._milvus._client, store._milvus._client.insert
    monkeypatch.setattr(
        client, "insert", lambda name, rows, **options: insert(name, rows[:-1], **options)
    )
    store.remove("trams")
    with pytest.raises(RagError, match="did not keep all of trams"):
        put(store, TRAMS)
    assert store.report_text("trams") is None


def test_a_program_that_is_killed_while_it_writes_leaves_the_shelf_as_it_was(
    tmp_path: Path,
) -> None:
    code = f"""
import os, signal, sys
sys.path.insert(0, "tests")
from pathlib import Path
from test_engines import CARERS, TRAMS, cut, put
from test_milvus import opened
store = opened(Path({str(tmp_path)!r}))
put(store, TRAMS)
passages, vectors = cut(CARERS)
with store.writing():
    store.put(CARERS, passages, {{k: v.tobytes() for k, v in vectors.items()}}, [])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    with contextlib.closing(opened(tmp_path)) as store:
        assert [info.report for info in store.reports()] == ["trams"]
        assert searcher_of(store).frequency("carer") == 0
        assert everything_stored(store)["reports"] == 2
        put(store, CARERS)
        assert [info.report for info in store.reports()] == ["trams", "carers"]
        assert everything_stored(store)["reports"] == 2
        assert store.problems(DIMENSION) == []


# --- other writers, other readers -----------------------------------------------------------------


def claimed(store: MilvusStore, **about: object) -> None:
    """As if another program had begun to write."""
    claim = {"until": time.time() + 100, "machine": "another", "process": 1} | about
    row = {"id": "claim-x", "value": json.dumps(claim), "nothing": [1.0, 0.0]}
    store._milvus.upsert("meta", row)


def test_while_another_machine_writes_nothing_is_written(
    store: MilvusStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvusshelf, "WAIT_SECONDS", 0.1)
    claimed(store)
    with pytest.raises(RagError, match="Another program is writing"):
        store.remove("trams")
    assert len(store.reports()) == 3
    store._milvus.delete("meta", 'id == "claim-x"')
    assert store.remove("trams")


def test_a_writer_that_ended_is_passed_over(
    store: MilvusStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvusshelf, "WAIT_SECONDS", 0.1)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    claimed(store, until=time.time() - 1)
    assert store.remove("trams")
    claimed(store, machine=socket.gethostname(), process=ended.pid)
    assert store.remove("carers")
    alive = {"until": time.time() + 9, "machine": socket.gethostname(), "process": os.getppid()}
    assert not _ended(alive)


def test_a_writer_that_was_passed_over_does_not_commit(store: MilvusStore) -> None:
    before = store.known()
    passages, vectors = cut(TRAMS)
    packed = {key: vector.tobytes() for key, vector in vectors.items()}
    with pytest.raises(RagError, match="another program began"), store.writing():  # noqa: PT012
        store.put(TRAMS, passages, packed, [], replaces="trams")
        store._milvus.delete("meta", 'id like "claim-%"')
    assert store.known() == before
    assert store.remove("trams")


def test_threads_that_write_at_once_all_succeed(tmp_path: Path) -> None:
    with (
        contextlib.closing(opened(tmp_path)) as one,
        contextlib.closing(opened(tmp_path)) as other,
        futures.ThreadPoolExecutor(3) as pool,
    ):
        done = [
            pool.submit(put, store, report)
            for store, report in zip((one, other, one), SHELF, strict=True)
        ]
        for each in done:
            each.result()
        assert len(other.reports()) == 3
        assert one.generation() == other.generation() == 3
        assert one.problems(DIMENSION) == other.problems(DIMENSION) == []


def test_a_reader_sees_what_another_writer_adds_takes_away_and_describes(tmp_path: Path) -> None:
    with (
        contextlib.closing(opened(tmp_path)) as reader,
        contextlib.closing(opened(tmp_path)) as writer,
    ):
        assert reader.reports() == []
        for report in SHELF:
            put(writer, report)
        assert reader.known() == writer.known()
        assert reader.words() == writer.words()
        with writer.writing():
            writer.recatalogue("carers", "anew")
        assert reader.known() == writer.known()
        writer.remove("trams")
        assert reader.known() == writer.known()
        assert reader.words() == writer.words()


def test_while_a_report_is_written_readers_see_the_one_it_replaces(tmp_path: Path) -> None:
    with (
        contextlib.closing(opened(tmp_path)) as reader,
        contextlib.closing(opened(tmp_path)) as writer,
    ):
        put(writer, TRAMS)
        before = reader.known()
        passages, vectors = cut(CARERS)
        with writer.writing():
            packed = {key: vector.tobytes() for key, vector in vectors.items()}
            writer.put(CARERS, passages, packed, [], replaces="trams")
            assert [k.report for k in writer.known()] == ["carers"]
            assert reader.known() == before
            assert reader.report_text("trams") == TRAMS.text
            assert searcher_of(reader).frequency("carer") == 0
        assert [k.report for k in reader.known()] == ["carers"]


def test_what_goes_while_it_is_read_is_told_as_that_and_not_as_damage(tmp_path: Path) -> None:
    with (
        contextlib.closing(opened(tmp_path)) as reader,
        contextlib.closing(opened(tmp_path)) as writer,
    ):
        put(writer, TRAMS)
        searcher = searcher_of(reader)
        found = searcher.keyword(["tram"], 5).ids.tolist()
        with reader.reading():
            reader.known()
            writer.remove("trams")
            for use in (
                lambda: reader.passages(found),
                lambda: reader.report_text("trams"),
                lambda: reader.passages_of("trams"),
                lambda: searcher.cosines(np.ones(DIMENSION, np.float32), found),
            ):
                with pytest.raises(RagError, match="changed while it was being read") as raised:
                    use()
                assert not isinstance(raised.value, DamagedIndexError)
        assert len(searcher.keyword(["tram"], 5)) == 0


def test_a_file_that_another_program_has_open_is_told(tmp_path: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from test_milvus import opened
from rag.errors import RagError
try:
    opened(Path({str(tmp_path)!r}))
except RagError as error:
    print(error)
"""
    with contextlib.closing(opened(tmp_path)):
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert "open in another program" in run.stdout
    assert run.stderr == ""


def test_what_milvus_lite_indexed_is_found_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = np.ones(DIMENSION, np.float32)
    found = []
    for often in (1, 1_000):
        monkeypatch.setattr("rag.milvus.store._SETTLE", often)
        (tmp_path / str(often)).mkdir()
        with contextlib.closing(opened(tmp_path / str(often))) as store:
            for report in SHELF:
                put(store, report)
            searcher = searcher_of(store)
            rankings = searcher.nearest(query, 9), searcher.keyword(["tram", "carer"], 9)
            found += [list(zip(r.ids.tolist(), r.scores, strict=True)) for r in rankings]
            store.remove("carers")
            assert store.problems(DIMENSION) == []
    assert found[:2] == found[2:]


# --- damage ---------------------------------------------------------------------------------------


def changed(store: MilvusStore, kind: str, where: str, **values: Any) -> None:
    """Change stored values behind the store's back."""
    client = store._milvus._client
    name = store._milvus.collection(kind)
    rows = client.query(name, filter=where, output_fields=["*"])
    for row in rows:
        row.pop("sparse", None)
        client.upsert(name, [dict(row) | values])
    assert rows


@pytest.mark.parametrize(
    ("kind", "where", "values", "said"),
    [
        ("passages", "edition == 1", {"row": '["x"]'}, "a passage is not what was stored"),
        ("passages", "edition == 1", {"searched": "other | words"}, "words in the full text"),
        ("passages", "edition == 1", {"dense": [1.0] + [0.0] * 63}, "vector that is not what"),
        ("parts", 'kind == "text"', {"value": "x"}, "a part of a report is not what was stored"),
        ("reports", "id == 1", {"row": "[]"}, "a row is not what was stored"),
        ("reports", "id == 1", {"checksum": 5}, "a row is not what was stored"),
    ],
)
def test_verify_finds_what_is_not_what_was_stored(
    store: MilvusStore, kind: str, where: str, values: dict[str, Any], said: str, tmp_path: Path
) -> None:
    changed(store, kind, where, **values)
    store.close()
    with contextlib.closing(opened(tmp_path)) as again:
        assert any(said in problem for problem in again.problems(DIMENSION))


@pytest.mark.parametrize(
    ("kind", "where", "said"),
    [
        ("passages", "edition == 2", "lacks passages"),
        ("parts", 'edition == 2 and kind == "blocks"', "part of a report"),
        ("parts", 'edition == 2 and kind == "terms"', "rows of parts"),
        ("reports", "id == 2", "2 of its 3 reports"),
        ("meta", 'id == "shelf"', "holds nothing"),
    ],
)
def test_verify_finds_what_is_missing(
    store: MilvusStore, kind: str, where: str, said: str, tmp_path: Path
) -> None:
    store._milvus.delete(kind, where)
    store._keeper._kept = None
    assert any(said in problem for problem in store.problems(DIMENSION))


def test_a_passage_that_was_changed_is_never_shown(store: MilvusStore) -> None:
    ids = searcher_of(store).keyword(["tram"], 5).ids.tolist()
    for i in ids:
        row = next(iter(store._milvus.rows("passages", f"id == {i}", ["row"])))["row"]
        changed(store, "passages", f"id == {i}", row=row.replace("ten", "two"))
    with pytest.raises(DamagedIndexError, match="rag add"):
        store.passages(ids)


def test_a_file_that_is_no_shelf_is_called_damaged_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shelf.db").write_bytes(b"no database")
    with pytest.raises(DamagedIndexError):
        opened(tmp_path)
    assert (tmp_path / "shelf.db").read_bytes() == b"no database"


def test_vectors_of_another_length_are_refused(store: MilvusStore, tmp_path: Path) -> None:
    with pytest.raises(IndexMismatchError, match="dimension 64, now 384"):
        opened(tmp_path, dimension=384)
    assert len(store.reports()) == 3


# --- what is stored -------------------------------------------------------------------------------


def test_a_long_report_is_cut_into_pieces_that_fit_and_comes_back_whole(
    store: MilvusStore,
) -> None:
    words = [f"wörd{n}" for n in range(40_000)]
    parts = Parts(" ".join(words), [], [("A", "b")], words, words)
    rows = parts.rows(9)
    assert all(len(row["value"].encode()) <= 65_535 for row in rows)
    assert all(len(row["terms"].encode()) <= 65_535 for row in rows)
    assert len({row["id"] for row in rows}) == len(rows) > 8
    assert " ".join(row["terms"] for row in rows if row["kind"] == "terms").split() == words
    for kind, wanted in (("text", parts.text), ("words", words), ("acronyms", [["A", "b"]])):
        mine = [row for row in rows if row["kind"] == kind]
        assert part_of(store._milvus, reversed(mine)) == wanted


def test_more_rows_than_fit_in_one_answer_all_come(store: MilvusStore) -> None:
    everything = {row["id"] for row in store._milvus.rows("passages", "id >= 0", ["edition"])}
    paged = [row["id"] for row in store._milvus.rows("passages", "id >= 0", ["edition"], batch=3)]
    assert len(everything) == 7
    assert sorted(paged) == sorted(everything)


def test_milvus_itself_can_be_asked_by_report_council_and_date(store: MilvusStore) -> None:
    for where, count in (
        ('report == "trams"', 3),
        ('council == "Borchester Council"', 2),
        ('date == "2022-05"', 5),
    ):
        assert store._milvus.count("passages", where) == count


def test_a_plain_file_talks_to_this_machine_only(tmp_path: Path) -> None:
    if not Path("/proc/self/net/tcp").exists():
        pytest.skip("this system does not list its connections in /proc")
    code = f"""
import os, re, sys
sys.path.insert(0, "tests")
from pathlib import Path
from test_engines import SHELF, put, searcher_of
from test_milvus import opened
store = opened(Path({str(tmp_path)!r}))
for report in SHELF:
    put(store, report)
searcher_of(store).keyword(["tram"], 5)
held = {{os.readlink(f"/proc/self/fd/{{fd}}") for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{{fd}}")}}
ends = set()
for table in ("tcp", "tcp6", "udp", "udp6"):
    for line in Path(f"/proc/self/net/{{table}}").read_text().splitlines()[1:]:
        fields = line.split()
        if f"socket:[{{fields[9]}}]" in held:
            ends |= {{end.split(":")[0] for end in fields[1:3]}}
print(sorted(ends))
print("PYTHON_DOTENV_DISABLED" in os.environ)
store.close()
"""
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    environment |= {"http_proxy": f"http://127.0.0.1:{free_port()}"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        *(),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    ends, dotenv = run.stdout.splitlines()
    here = {"0100007F", "00000000", "0000000000000000FFFF00000100007F", "0" * 32}
    assert "0100007F" in ends or "FFFF00000100007F" in ends
    assert set(json.loads(ends.replace("'", '"'))) <= here
    assert dotenv == "False"
    assert run.stderr == ""
