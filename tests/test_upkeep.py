"""What backup, restore and reindex promise: the index is whole at every moment."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import CORPUS, WordEncoder
from keeping import (
    QUESTION,
    WordReranker,
    in_child,
    opened,
    shape,
    small_shelf,
    state,
    with_files_of_at_most,
    write,
)

from rag import reindexing, upkeep
from rag.assistant import Assistant
from rag.embedding import Vectors
from rag.errors import DamagedIndexError, IndexMismatchError, InputError, RagError
from rag.index import Index
from rag.reindexing import SIDE_NAME, Reindexed, reindex
from rag.settings import IndexSettings
from rag.store import Store
from rag.upkeep import backup, restore


class OtherWords(WordEncoder):
    """Another model: other words in other places."""

    name = "other words"
    dimension = 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed index of three reports."""
    return small_shelf(tmp_path)


# --- backup -----------------------------------------------------------------------------------


def test_a_backup_is_one_file_that_answers_as_the_index_does(folder: Path, tmp_path: Path) -> None:
    made = backup(folder, tmp_path / "copy.sqlite")
    assert (made.reports, made.passages, made.bytes) == (
        3,
        6,
        (tmp_path / "copy.sqlite").stat().st_size,
    )
    copied = tmp_path / "by hand"
    copied.mkdir()
    shutil.copy(tmp_path / "copy.sqlite", copied / "rag.sqlite")
    assert state(copied) == state(folder)
    assert sorted(p.name for p in tmp_path.glob("*copy*")) == ["copy.sqlite"]


def test_an_index_that_was_copied_by_hand_can_be_read_while_it_is_written(
    folder: Path, tmp_path: Path
) -> None:
    backup(folder, tmp_path / "copy.sqlite")
    shutil.copy(tmp_path / "copy.sqlite", folder / "rag.sqlite")
    with (
        opened(folder) as reader,
        opened(folder) as writer,
        writer._index.store.writing(),
    ):
        assert len(reader.reports()) == 3


def test_a_backup_of_an_index_in_use_holds_what_was_committed(folder: Path, tmp_path: Path) -> None:
    fourth = write(tmp_path / "fourth.md", "Housing is scarce.")
    with opened(folder) as shelf:
        store = shelf._index.file
        with store.writing():
            store._delete("first")
            assert backup(folder, tmp_path / "before.sqlite").reports == 3
            store._db.execute("INSERT INTO reports SELECT * FROM reports WHERE 0")
            store._db.execute("ROLLBACK")
            store._db.execute("BEGIN")
        shelf.add(fourth)  # stands in the log only
        assert backup(folder, tmp_path / "after.sqlite").reports == 4


def test_a_backup_never_overwrites_unasked(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.sqlite"
    there.write_text("Somebody's work.", encoding="utf-8")
    with pytest.raises(InputError, match="there already"):
        backup(folder, there)
    assert there.read_text(encoding="utf-8") == "Somebody's work."
    assert backup(folder, there, overwrite=True).reports == 3


@pytest.mark.parametrize("target", ["index/rag.sqlite", "index", "absent/copy.sqlite"])
def test_a_backup_is_not_written_where_it_would_do_harm(folder: Path, target: str) -> None:
    before = state(folder)
    with pytest.raises(InputError):
        backup(folder, folder.parent / target, overwrite=True)
    assert state(folder) == before


def test_a_backup_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no index"):
        backup(tmp_path, tmp_path / "copy.sqlite")


def flip(file: Path, wanted: bytes) -> None:
    """Turn over one bit of the first place where these bytes stand, and of every other."""
    content = file.read_bytes()
    assert wanted in content
    file.write_bytes(content.replace(wanted, bytes([wanted[0] ^ 1]) + wanted[1:]))


def test_a_backup_of_a_text_that_changed_on_the_disk_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    flip(folder / "rag.sqlite", b"Trams are rare,")
    with pytest.raises(DamagedIndexError, match="third is not what was stored"):
        backup(folder, tmp_path / "copy.sqlite")
    assert list(tmp_path.glob("*copy*")) == []


def test_a_backup_that_finds_no_room_says_so_before_it_begins(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(RagError, match="0 MiB free"):
        backup(folder, tmp_path / "copy.sqlite")
    assert list(tmp_path.glob("*copy*")) == []


@pytest.mark.parametrize("size", [0, 4096, 50_000])
def test_a_backup_on_a_full_disk_is_told_in_a_sentence_and_leaves_nothing(
    folder: Path, tmp_path: Path, size: int
) -> None:
    before = state(folder)
    code, said = in_child(
        with_files_of_at_most(size, lambda: backup(folder, tmp_path / "copy.sqlite"))
    )
    assert (code, "disk" in said) == (1, True), said
    assert list(tmp_path.glob("*copy*")) == []
    assert state(folder) == before


# --- restore ----------------------------------------------------------------------------------


def test_a_restored_index_is_the_one_that_was_backed_up_and_the_other_is_kept(
    folder: Path, tmp_path: Path
) -> None:
    before = state(folder)
    backup(folder, tmp_path / "copy.sqlite")
    with opened(folder) as shelf:
        shelf.remove("first")
    changed = state(folder)
    done = restore(folder, tmp_path / "copy.sqlite")
    assert (done.reports, done.passages, done.outdated) == (3, 6, False)
    assert done.kept == folder / "rag.sqlite.before-restore-1"
    assert state(folder) == before
    aside = tmp_path / "aside"
    aside.mkdir()
    shutil.copy(done.kept, aside / "rag.sqlite")
    assert state(aside) == changed
    assert restore(folder, tmp_path / "copy.sqlite").kept == folder / "rag.sqlite.before-restore-2"


def test_a_backup_can_be_restored_where_there_is_no_index(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy.sqlite")
    done = restore(tmp_path / "new" / "place", tmp_path / "copy.sqlite")
    assert done.kept is None
    assert state(tmp_path / "new" / "place") == state(folder)


@pytest.mark.parametrize("damaged", [b"", b"no index", os.urandom(9000)])
def test_the_log_of_a_damaged_index_is_kept_with_it_and_never_played_into_the_restored_one(
    folder: Path, tmp_path: Path, damaged: bytes
) -> None:
    before = state(folder)
    backup(folder, tmp_path / "copy.sqlite")
    with opened(folder) as shelf:
        shelf.remove("first")
        log = (folder / "rag.sqlite-wal").read_bytes()
    assert len(log) > 4096
    (folder / "rag.sqlite").write_bytes(damaged)
    (folder / "rag.sqlite-wal").write_bytes(log)
    done = restore(folder, tmp_path / "copy.sqlite")
    assert state(folder) == before
    assert done.kept is not None
    assert done.kept.read_bytes() == damaged
    assert done.kept.with_name(done.kept.name + "-wal").read_bytes() == log


def test_a_folder_in_the_place_of_the_index_is_kept_too(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy.sqlite")
    other = tmp_path / "other"
    (other / "rag.sqlite").mkdir(parents=True)
    (other / "rag.sqlite" / "note").touch()
    assert (restore(other, tmp_path / "copy.sqlite").kept or other).is_dir()
    assert state(other) == state(folder)


def test_an_index_that_another_process_has_open_is_not_replaced(
    folder: Path, tmp_path: Path
) -> None:
    backup(folder, tmp_path / "copy.sqlite")
    before = (folder / "rag.sqlite").read_bytes()
    with opened(folder) as shelf:
        shelf.reports()
        # The child opens nothing of the index itself, so the parent's lock is what it meets.
        code, said = in_child(lambda: restore(folder, tmp_path / "copy.sqlite"))
    assert (code, "open" in said) == (1, True), said
    assert (folder / "rag.sqlite").read_bytes() == before
    assert restore(folder, tmp_path / "copy.sqlite").reports == 3


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", DamagedIndexError), (b"text", DamagedIndexError), (os.urandom(5000), DamagedIndexError)],
)
def test_what_is_no_backup_is_refused_and_the_index_stays(
    folder: Path, tmp_path: Path, content: bytes, error: type[RagError]
) -> None:
    before = state(folder)
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(error):
        restore(folder, tmp_path / "bad")
    with pytest.raises(InputError):
        restore(folder, tmp_path / "absent")
    with pytest.raises(InputError):
        restore(folder, folder / "rag.sqlite")
    assert state(folder) == before
    assert list(folder.glob("*before*")) == []


def test_a_backup_whose_text_changed_on_the_disk_is_refused(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy.sqlite")
    flip(tmp_path / "copy.sqlite", b"Trams are rare,")
    before = state(folder)
    with pytest.raises(DamagedIndexError, match="not what was stored"):
        restore(folder, tmp_path / "copy.sqlite")
    assert state(folder) == before


@pytest.mark.parametrize("size", [0, 4096, 50_000])
def test_restoring_on_a_full_disk_leaves_the_index_as_it_was(
    folder: Path, tmp_path: Path, size: int
) -> None:
    before = state(folder)
    backup(folder, tmp_path / "copy.sqlite")
    code, said = in_child(
        with_files_of_at_most(size, lambda: restore(folder, tmp_path / "copy.sqlite"))
    )
    assert (code, "disk" in said) == (1, True), said
    assert state(folder) == before


def test_a_restored_index_does_not_meet_the_cache_of_the_one_before(
    folder: Path, tmp_path: Path
) -> None:
    backup(folder, tmp_path / "copy.sqlite")
    state(folder)
    assert len(list(folder.glob("*.faiss"))) == 1
    restore(folder, tmp_path / "copy.sqlite")
    assert list(folder.glob("*.faiss")) == []


def test_a_restore_that_is_killed_before_the_last_step_keeps_the_index_and_can_be_run_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(folder)
    backup(folder, tmp_path / "copy.sqlite")
    keep = upkeep._keep_aside

    def killed(path: Path) -> Path | None:
        keep(path)
        os._exit(9)

    monkeypatch.setattr(upkeep, "_keep_aside", killed)
    assert in_child(lambda: restore(folder, tmp_path / "copy.sqlite"))[0] == 9
    monkeypatch.undo()
    assert state(folder) == before
    assert restore(folder, tmp_path / "copy.sqlite").reports == 3
    assert state(folder) == before


# --- reindex ----------------------------------------------------------------------------------


def test_a_reindexed_shelf_is_as_if_it_had_been_added_with_the_new_settings(
    folder: Path, tmp_path: Path
) -> None:
    settings = IndexSettings(passage_tokens=5, prefix_tokens=3)
    encoder = OtherWords()
    done = reindex(folder, encoder, settings)
    assert done == Reindexed(3, done.passages, len(encoder.texts))
    assert done.passages > 6
    files = [tmp_path / f"{name}.md" for name in ("first", "second", "third")]
    fresh = Index(tmp_path / "fresh", create=True, settings=settings, encoder=OtherWords())
    with Assistant(fresh, reranker=WordReranker()) as added:
        added.add(files)
        rebuilt = Index(folder, settings=settings, encoder=OtherWords())
        with Assistant(rebuilt, reranker=WordReranker()) as shelf:
            assert shelf.reports() == added.reports()
            assert shape(shelf.ask(QUESTION)) == shape(added.ask(QUESTION))
            assert shelf.verify() == []
            assert shelf.built_with()["generation"] == "4"
    assert sorted(p.suffix for p in folder.iterdir()) == [".bin", ".faiss", ".json", ".sqlite"]


def test_reindexing_for_the_same_model_embeds_nothing(folder: Path) -> None:
    before, encoder = state(folder), WordEncoder()
    assert reindex(folder, encoder).embedded == 0
    assert encoder.texts == []
    assert state(folder) == before


def test_progress_names_every_report_and_counts_to_its_end(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    reindex(folder, OtherWords(), progress=lambda *step: told.append(step))
    assert [step for step in told if step[1] == step[2]] == [
        ("first", 2, 2),
        ("second", 2, 2),
        ("third", 2, 2),
    ]


class Meanwhile(OtherWords):
    """Does something each time before it encodes."""

    def __init__(self, happens: Callable[[int], object]) -> None:
        super().__init__()
        self.happens, self.calls = happens, 0

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        self.calls += 1
        self.happens(self.calls)
        return super().encode(texts, done)


def test_the_old_index_answers_until_the_new_one_is_whole_and_then_says_start_again(
    folder: Path, tmp_path: Path
) -> None:
    fourth = write(tmp_path / "fourth.md", "Housing is scarce.")
    with opened(folder) as reader:
        before, answers = shape(reader.ask(QUESTION)), []
        reindex(folder, Meanwhile(lambda _: answers.append(shape(reader.ask(QUESTION)))))
        assert answers == [before] * 3
        uses: tuple[Callable[[], object], ...] = (
            lambda: reader.ask(QUESTION),
            lambda: reader.remove("first"),
            lambda: reader.add(fourth),
        )
        for use in uses:
            with pytest.raises(IndexMismatchError, match=r"while it was open.*again"):
                use()
    assert len(state(folder, OtherWords())[0]) == 3


def test_who_reads_while_the_new_tables_are_moved_in_goes_on_reading_the_old_shelf(
    folder: Path,
) -> None:
    with opened(folder) as reader:
        store = reader._index.file
        with store.reading():
            before = (
                reader.reports(),
                store.passages([1, 2, 3]),
                store.vectors_of([1, 2, 3], 64).tobytes(),
            )
            found = store.count_phrase(["payment"])
            assert found[1]
            reindex(folder, OtherWords(), IndexSettings(passage_tokens=5))
            after = (
                reader.reports(),
                store.passages([1, 2, 3]),
                store.vectors_of([1, 2, 3], 64).tobytes(),
            )
            assert (after, store.count_phrase(["payment"])) == (before, found)
        with pytest.raises(IndexMismatchError):
            store.generation()


def test_a_reader_of_the_same_model_goes_on_over_a_reindex(folder: Path) -> None:
    with opened(folder) as reader:
        before = shape(reader.ask(QUESTION))
        reindex(folder, WordEncoder())
        assert shape(reader.ask(QUESTION)) == before


def test_what_is_added_changed_and_removed_meanwhile_is_taken_along(
    folder: Path, tmp_path: Path
) -> None:
    def happens(call: int) -> None:
        if call == 2:
            with opened(folder) as other:
                other.remove("first")
                other.remove("second")
                write(tmp_path / "second.md", "Reablement is slow now.")
                other.add([write(tmp_path / "fourth.md", "Housing is scarce.")])
                other.add([tmp_path / "second.md"])

    reindex(folder, Meanwhile(happens))
    with opened(folder, OtherWords()) as shelf:
        assert [info.report for info in shelf.reports()] == ["fourth", "second", "third"]
        assert "slow now" in (shelf._index.store.report_text("second") or "")
        assert shelf.verify() == []


def test_a_writer_that_never_rests_is_made_to_wait_and_nothing_of_it_is_lost(
    folder: Path, tmp_path: Path
) -> None:
    refused: list[str | None] = []

    def happens(call: int) -> None:
        file = write(tmp_path / f"more-{call}.md", f"The {call}. tram is late.")
        with opened(folder) as other:
            other._index.file._db.execute("PRAGMA busy_timeout = 0")
            refused.extend(o.path for o in other.add(file) if o.outcome == "failed")

    reindex(folder, Meanwhile(happens))
    assert len(refused) >= 1
    added = len(list(tmp_path.glob("more-*.md"))) - len(refused)
    with opened(folder, OtherWords()) as shelf:
        assert len(shelf.reports()) == 3 + added
        assert shelf.verify() == []


def test_only_one_reindex_runs_at_a_time(folder: Path) -> None:
    told = []

    def happens(_: int) -> None:
        for second in (
            lambda: reindex(folder, WordEncoder()),
            lambda: restore(folder, CORPUS / "absent"),
        ):
            with pytest.raises(RagError) as raised:
                second()
            told.append(str(raised.value))

    reindex(folder, Meanwhile(happens))
    assert "Another reindex or restore" in told[0]


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_killed_reindex_leaves_the_old_index_and_the_next_one_goes_on(
    folder: Path, call: int
) -> None:
    before = state(folder)
    killer = Meanwhile(lambda now: os._exit(9) if now == call else None)
    assert in_child(lambda: reindex(folder, killer))[0] == 9
    assert state(folder) == before
    assert (folder / SIDE_NAME).is_file()
    encoder = OtherWords()
    assert reindex(folder, encoder).embedded == len(encoder.texts)
    whole = 5  # texts of the shelf; two reports share one
    assert len(encoder.texts) == whole - [0, 2, 3][call - 1]
    assert len(state(folder, OtherWords())[0]) == 3


@pytest.mark.parametrize("moment", ["before the move", "before the commit", "after the commit"])
def test_a_reindex_killed_at_the_swap_leaves_one_whole_index(
    folder: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    before = state(folder)
    move = reindexing._move_in

    def killed(*arguments: object) -> None:
        if moment == "before the commit":
            move(*arguments)  # type: ignore[arg-type]
        os._exit(9)

    name = "delete_database" if moment == "after the commit" else "_move_in"
    monkeypatch.setattr(reindexing, name, killed)
    assert in_child(lambda: reindex(folder, OtherWords()))[0] == 9
    monkeypatch.undo()
    if moment == "after the commit":
        assert len(state(folder, OtherWords())[0]) == 3
    else:
        assert state(folder) == before
    assert reindex(folder, OtherWords()).embedded == 0
    assert not (folder / SIDE_NAME).exists()


@pytest.mark.parametrize("content", [b"", b"no index", os.urandom(9000)])
def test_a_damaged_side_file_is_begun_again(folder: Path, content: bytes) -> None:
    (folder / SIDE_NAME).write_bytes(content)
    assert reindex(folder, OtherWords()).embedded == 5
    assert len(state(folder, OtherWords())[0]) == 3


def test_a_side_file_of_another_model_is_begun_again(folder: Path) -> None:
    Store(folder / SIDE_NAME, IndexSettings(model="a third"), create=True).close()
    assert reindex(folder, OtherWords()).embedded == 5


def test_a_text_that_changed_on_the_disk_gets_no_new_checksum(folder: Path) -> None:
    flip(folder / "rag.sqlite", b"Trams are rare,")
    with pytest.raises(DamagedIndexError, match="third is not what was stored"):
        reindex(folder, OtherWords())


@pytest.mark.parametrize("size", [0, 4096, 40_000, 90_000, 110_000])
def test_a_reindex_on_a_full_disk_leaves_the_old_index_and_can_go_on_later(
    folder: Path, size: int
) -> None:
    before = state(folder)
    code, said = in_child(with_files_of_at_most(size, lambda: reindex(folder, OtherWords())))
    assert (code, "disk" in said) == (1, True), said
    assert state(folder) == before
    reindex(folder, OtherWords())
    assert len(state(folder, OtherWords())[0]) == 3


def test_there_must_be_an_index_to_reindex(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        reindex(tmp_path, WordEncoder())
    with pytest.raises(RagError):
        reindex(tmp_path / "absent", WordEncoder())
    sqlite3.connect(tmp_path / "rag.sqlite").close()
    (tmp_path / "rag.sqlite").touch()
    with pytest.raises(DamagedIndexError):
        reindex(tmp_path, WordEncoder())
