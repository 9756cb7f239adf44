"""What the store promises when it is damaged, shared, interrupted or built by something else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CORPUS, WordEncoder

from rag.assistant import Assistant
from rag.embedding import Vectors
from rag.errors import DamagedIndexError, IndexMismatchError, RagError
from rag.index import Index
from rag.indexing import indexed
from rag.records import Block, Metadata, Report
from rag.schema import PAGE
from rag.settings import IndexSettings
from rag.store import Known, Store

QUESTION = "who uses direct payments?"


def write(path: Path, *paragraphs: str) -> Path:
    path.write_text("\n\n".join(["## Strengths", *paragraphs]), encoding="utf-8")
    return path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return write(tmp_path / "first.md", "Direct payments are used by 40 people.", "Carers wait.")


@pytest.fixture
def folder(tmp_path: Path, first: Path) -> Path:
    """A closed index of two reports that share one passage."""
    second = write(tmp_path / "second.md", "Carers wait.", "Reablement is quick.")
    with Assistant.open(tmp_path / "index", create=True, encoder=WordEncoder()) as shelf:
        assert [o.outcome for o in shelf.add([first, second])] == ["added", "added"]
    return tmp_path / "index"


def problems(folder: Path) -> list[str]:
    with Assistant.open(folder, encoder=WordEncoder()) as shelf:
        return shelf.verify()


def damage(folder: Path, sql: str) -> None:
    db = sqlite3.connect(folder / "rag.sqlite")
    with db:
        assert db.execute(sql).rowcount > 0
    db.close()


# --- verify -----------------------------------------------------------------------------------


def test_nothing_is_wrong_with_a_good_index(folder: Path) -> None:
    assert problems(folder) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM vectors WHERE key = (SELECT min(key) FROM vectors)", "without a vector"),
        ("UPDATE vectors SET vector = x'00000000'", "3 vectors of a wrong size"),
        ("UPDATE passages SET end_at = 9999 WHERE seq = 0", "2 passages outside their report"),
        ("UPDATE passages SET start_at = end_at WHERE seq = 0", "2 passages outside their report"),
        ("DELETE FROM reports WHERE id = 'first'", "reference"),
        ("DELETE FROM passages WHERE report = 'first'", "1 reports without passages"),
        ("DELETE FROM terms_data WHERE id > 10", "full text"),
        pytest.param(
            "UPDATE passages SET stems = 'other words' WHERE seq = 0",
            "full text",
        ),
        pytest.param(
            "UPDATE passages SET start_at = start_at + 1 WHERE seq = 0",
            "passage",
        ),
    ],
)
def test_verify_says_what_is_wrong(folder: Path, sql: str, said: str) -> None:
    damage(folder, sql)
    assert any(said in problem for problem in problems(folder))


# --- what comes back ---------------------------------------------------------------------------


def a_report(number: int, paragraphs: int = 3) -> Report:
    texts = [f"Paragraph {i} of {number} tells of trams." for i in range(paragraphs)]
    blocks, start = [], 0
    for i, text in enumerate(texts):
        end = start + len(text)
        blocks.append(Block("paragraph", start, end, ("A", "B"), f"{i}", i + 1, page=i))
        start = end + 2
    metadata = Metadata(
        *("A title", f"Council {number}", "2022-05", "inspection", "A publisher", "https://x"),
        *("brief", None, "Requires improvement"),
    )
    notes = ("Pages 3 and 7 are scans, read by OCR.",)
    return Report(
        *(f"report-{number}", metadata, "\n\n".join(texts), tuple(blocks)),
        *(f"digest-{number}", f"/reports/{number}.pdf", 12, notes),
    )


def put(store: Store, report: Report, catalogued: str = "", replaces: str | None = None) -> None:
    cut, texts = indexed(report, IndexSettings())
    rows = WordEncoder().encode(list(texts.values()))
    vectors = {key: row.tobytes() for key, row in zip(texts, rows, strict=True)}
    with store.writing():
        store.put(report, cut, vectors, [], catalogued=catalogued, replaces=replaces)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(Store(tmp_path / "rag.sqlite", IndexSettings(), create=True)) as made:
        yield made


def test_everything_that_is_known_of_a_report_comes_back(store: Store) -> None:
    report = a_report(1)
    put(store, report, catalogued='{"date": "2022-05"}')
    assert store.known() == [
        Known("report-1", report.digest, report.origin, report.metadata, '{"date": "2022-05"}')
    ]
    (info,) = store.reports()
    assert (info.judgement, info.pages, info.notes) == ("Requires improvement", 12, report.notes)
    assert (info.passages, info.words, info.form) == (3, 21, "brief")
    assert store.blocks("report-1") == list(report.blocks)
    assert store.report_text("report-1") == report.text
    assert [p.text for p in store.passages([1, 2, 3]).values()] == report.text.split("\n\n")
    assert store.problems(64) == []


def test_the_catalogue_s_entry_can_change_by_itself(store: Store) -> None:
    put(store, a_report(1), catalogued="before")
    generation = store.generation()
    with store.writing():
        store.recatalogue("report-1", "after")
    assert [known.catalogued for known in store.known()] == ["after"]
    assert store.problems(64) == []
    assert store.generation() == generation


def test_vectors_that_no_passage_uses_are_dropped_and_shared_ones_stay(store: Store) -> None:
    put(store, a_report(1, paragraphs=2))
    put(store, replace(a_report(1, paragraphs=3), id="copy", digest="other"))
    assert len(store._rows("SELECT key FROM vectors")) == 3
    put(store, a_report(1, paragraphs=1), replaces="report-1")
    assert len(store._rows("SELECT key FROM vectors")) == 3
    store.remove("copy")
    assert len(store._rows("SELECT key FROM vectors")) == 1
    store.remove("report-1")
    assert store._rows("SELECT key FROM vectors") == []
    assert store.problems(64) == []


def test_missing_vectors_are_those_that_are_not_stored(store: Store) -> None:
    _, texts = indexed(a_report(1), IndexSettings())
    assert store.missing_vectors(texts) == set(texts)
    put(store, a_report(1, paragraphs=2))
    assert store.missing_vectors(texts) == {list(texts)[2]}
    assert store.missing_vectors([]) == set()


def test_putting_one_more_report_does_as_much_work_on_a_large_shelf_as_on_a_small_one(
    store: Store,
) -> None:
    def steps(number: int) -> int:
        count = 0

        def step() -> int:
            nonlocal count
            count += 1
            return 0

        store._db.set_progress_handler(step, 10)
        put(store, a_report(number))
        store._db.set_progress_handler(None, 0)
        return count

    few = steps(0)
    for number in range(1, 150):
        put(store, a_report(number))
    assert steps(150) < 2 * few


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "differs"),
    [
        (IndexSettings(passage_tokens=100), "passage_tokens 160, now 100"),
        (IndexSettings(format_version=99), "format_version"),
        (IndexSettings(model="another"), "now another"),
        (IndexSettings(model_sha256="0" * 64), "model_sha256"),
        pytest.param(
            IndexSettings(prefix_tokens=7),
            "prefix_tokens",
        ),
    ],
)
def test_an_index_of_other_settings_is_refused_and_left_as_it_is(
    folder: Path, settings: IndexSettings, differs: str
) -> None:
    before = (folder / "rag.sqlite").read_bytes()
    with pytest.raises(IndexMismatchError, match="rag reindex") as raised:
        Index(folder, create=True, settings=settings, encoder=WordEncoder())
    assert (folder / "rag.sqlite").read_bytes() == before
    assert "Nothing was changed" in str(raised.value)
    assert differs in str(raised.value)


def test_an_index_of_another_encoder_is_refused(folder: Path) -> None:
    class Other(WordEncoder):
        name = "other words"

    with (
        pytest.raises(IndexMismatchError, match="words"),
        Assistant.open(folder, encoder=Other()) as shelf,
    ):
        shelf.search(QUESTION)


# --- damage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [os.urandom(8192), b"SQLite format 3\0" + bytes(100), b"text"])
def test_a_file_that_is_no_store_is_called_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rag.sqlite").write_bytes(content)
    with pytest.raises(DamagedIndexError, match="rag add"):
        Assistant.open(tmp_path, encoder=WordEncoder())
    assert (tmp_path / "rag.sqlite").read_bytes() == content


def test_an_empty_store_is_filled_by_adding(tmp_path: Path, first: Path) -> None:
    (tmp_path / "rag.sqlite").touch()
    with pytest.raises(DamagedIndexError, match="rag add"):
        Assistant.open(tmp_path, encoder=WordEncoder())
    with Assistant.open(tmp_path, create=True, encoder=WordEncoder()) as shelf:
        assert [o.outcome for o in shelf.add(first)] == ["added"]


def damaged_copies(folder: Path, copies: Path) -> Iterator[Path]:
    sound = (folder / "rag.sqlite").read_bytes()
    for start in range(0, len(sound), PAGE):
        copy = copies / str(start)
        copy.mkdir(parents=True)
        noise = sound[:start] + b"\xa5" * PAGE + sound[start + PAGE :]
        (copy / "rag.sqlite").write_bytes(noise)
        yield copy


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda shelf: shelf.search(QUESTION), id="search"),
        pytest.param(lambda shelf: shelf.ask(QUESTION), id="ask"),
        pytest.param(lambda shelf: shelf.add(CORPUS / "sefton-2022.md"), id="add"),
        pytest.param(lambda shelf: shelf.remove("second"), id="remove"),
        pytest.param(lambda shelf: shelf.reports(), id="reports"),
        pytest.param(lambda shelf: shelf.verify(), id="verify"),
    ],
)
def test_damage_on_any_page_is_told_in_a_sentence_and_never_a_crash(
    folder: Path, tmp_path: Path, use: Callable[[Assistant], object]
) -> None:
    for copy in damaged_copies(folder, tmp_path / "copies"):
        with contextlib.suppress(RagError), Assistant.open(copy, encoder=WordEncoder()) as shelf:
            use(shelf)


def test_verify_finds_damage_on_any_page(folder: Path, tmp_path: Path) -> None:
    for copy in damaged_copies(folder, tmp_path / "copies"):
        try:
            found = problems(copy)
        except DamagedIndexError as error:
            found = [str(error)]
        assert found


# --- several at once --------------------------------------------------------------------------


def test_an_open_reader_sees_what_another_writer_adds(folder: Path, tmp_path: Path) -> None:
    third = write(tmp_path / "third.md", "Direct payments are rare.")
    with (
        Assistant.open(folder, encoder=WordEncoder()) as reader,
        Assistant.open(folder, encoder=WordEncoder()) as writer,
    ):
        assert "third" not in {hit.report for hit in reader.search(QUESTION)}
        writer.add(third)
        assert "third" in {hit.report for hit in reader.search(QUESTION)}
        assert [row.report for row in reader.ask(QUESTION).coverage] == ["first", "second", "third"]


class Meanwhile(WordEncoder):
    """Lets another writer do something once, before it encodes."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens = happens

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        happens, self.happens = self.happens, lambda: None
        happens()
        return super().encode(texts, done)


def test_a_vector_that_another_writer_drops_meanwhile_is_not_missing(
    folder: Path, tmp_path: Path
) -> None:
    third = write(tmp_path / "third.md", "Reablement is quick.", "Housing is scarce.")
    with Assistant.open(folder, encoder=WordEncoder()) as other:
        meanwhile = Meanwhile(lambda: other.remove("second"))
        with Assistant.open(folder, encoder=meanwhile) as shelf:
            assert [o.outcome for o in shelf.add(third)] == ["added"]
    assert problems(folder) == []


def test_a_file_that_another_writer_adds_meanwhile_is_on_the_shelf_once(
    folder: Path, tmp_path: Path
) -> None:
    third = write(tmp_path / "third.md", "Housing is scarce.")
    with Assistant.open(folder, encoder=WordEncoder()) as other:
        with Assistant.open(folder, encoder=Meanwhile(lambda: other.add(third))) as shelf:
            assert [(o.outcome, o.report) for o in shelf.add(third)] == [("unchanged", "third")]
        assert [info.report for info in other.reports()] == ["first", "second", "third"]


def test_two_writers_of_reports_with_one_id_both_succeed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    third = write(tmp_path / "third.md", "Housing is scarce.")
    namesake = write(tmp_path / "elsewhere" / "third.md", "Trams are rare.")
    with Assistant.open(folder, encoder=WordEncoder()) as other:
        with Assistant.open(folder, encoder=Meanwhile(lambda: other.add(third))) as shelf:
            assert [o.report for o in shelf.add(namesake)] == ["third-2"]
        assert [info.report for info in other.reports()] == ["first", "second", "third", "third-2"]


def add_at_once(folder: Path, file: Path, ready: threading.Barrier) -> None:
    ready.wait(30)
    with Assistant.open(folder, create=True, encoder=WordEncoder()) as shelf:
        (outcome,) = shelf.add(file)
    sys.exit(outcome.outcome != "added")


def test_processes_that_add_different_files_at_once_all_succeed(tmp_path: Path) -> None:
    Assistant.open(tmp_path / "index", create=True, encoder=WordEncoder()).close()
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(4)
    files = sorted(CORPUS.glob("*.md"))[:4]
    arguments = [(tmp_path / "index", file, ready) for file in files]
    workers = [spawn.Process(target=add_at_once, args=a) for a in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    with Assistant.open(tmp_path / "index", encoder=WordEncoder()) as shelf:
        assert sorted(info.report for info in shelf.reports()) == [file.stem for file in files]
        assert shelf.built_with()["generation"] == "4"
        assert shelf.verify() == []


def test_a_new_index_waits_for_another_writer_that_creates_it(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "rag.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.execute, ["COMMIT"])
    release.start()
    try:
        Assistant.open(tmp_path, create=True, encoder=WordEncoder()).close()
    finally:
        release.join()
        other.close()
