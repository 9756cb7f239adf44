"""An index that an earlier version built is refused with the command that brings it up to date.

``data/index-format-*.sqlite`` were built by those versions from two small texts, with the real
model; only the folder in front of each origin was taken out.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import ROOT, WordEncoder

from rag.assistant import Assistant
from rag.embedding import MiniLM, Vectors
from rag.errors import DamagedIndexError, IndexMismatchError
from rag.index import Index
from rag.reindexing import reindex
from rag.settings import FORMAT_VERSION
from rag.upkeep import backup, restore

FORMATS = ("1", "2")
TEXT = "SELECT id, text, digest, council, date, kind FROM reports ORDER BY id"


class Unused(MiniLM):
    """The real model by its name; nothing may be embedded again."""

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Vectors:
        raise AssertionError(texts)


@pytest.fixture(params=FORMATS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with an index of an earlier format."""
    folder = tmp_path / "index"
    folder.mkdir()
    data = ROOT / "tests" / "data" / f"index-format-{request.param}.sqlite"
    shutil.copy(data, folder / "rag.sqlite")
    return folder


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "rag.sqlite") as db:
        found = db.execute(sql).fetchall()
    db.close()
    return found


@pytest.mark.parametrize("create", [False, True])
def test_an_old_index_is_refused_with_the_command_to_run_and_left_as_it_is(
    old: Path, create: bool
) -> None:
    before = (old / "rag.sqlite").read_bytes()
    with pytest.raises(IndexMismatchError, match=f"rag reindex --index {old}"):
        Assistant.open(old, create=create)
    assert (old / "rag.sqlite").read_bytes() == before


def test_an_old_index_is_brought_up_to_date_without_reading_or_embedding_again(old: Path) -> None:
    before = rows(old, TEXT)
    blocks = rows(old, "SELECT * FROM blocks ORDER BY report, seq")
    done = reindex(old, Unused())
    assert (done.reports, done.passages, done.embedded) == (2, 6, 0)
    assert rows(old, TEXT) == before
    assert rows(old, "SELECT * FROM blocks ORDER BY report, seq") == blocks
    index = Index(old, encoder=Unused())
    assert index.store.built_with()["format_version"] == str(FORMAT_VERSION)
    assert index.problems() == []
    index.close()


def test_an_old_index_answers_once_it_is_up_to_date(old: Path) -> None:
    reindex(old, MiniLM())
    with Assistant.open(old) as shelf:
        assert [info.report for info in shelf.reports()] == ["ambridge-2022", "borchester-2024"]
        answer = shelf.ask("how long do carers wait for an assessment?")
        assert "eleven weeks" in answer.citations[0].quote
        assert answer.citations[0].paragraph == "3"


def test_an_old_index_can_be_rebuilt_for_another_model(old: Path) -> None:
    done = reindex(old, WordEncoder())
    assert done.embedded == done.passages == 6
    with Assistant.open(old, encoder=WordEncoder()) as shelf:
        assert shelf.verify() == []
        assert "Carers wait" in shelf.search("how long do carers wait?")[0].text


def test_an_old_index_is_backed_up_as_it_is_and_restoring_it_asks_for_reindex(
    old: Path, tmp_path: Path
) -> None:
    before = rows(old, TEXT)
    assert backup(old, tmp_path / "copy.sqlite").reports == 2
    done = restore(tmp_path / "new", tmp_path / "copy.sqlite")
    assert (done.reports, done.outdated) == (2, True)
    assert rows(tmp_path / "new", TEXT) == before
    assert reindex(tmp_path / "new", Unused()).embedded == 0


def test_an_index_of_a_later_format_is_left_alone_by_every_command(
    old: Path, tmp_path: Path
) -> None:
    with sqlite3.connect(old / "rag.sqlite") as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'format_version'")
    db.close()
    shutil.copy(old / "rag.sqlite", tmp_path / "later.sqlite")
    for command in (
        lambda: Assistant.open(old),
        lambda: reindex(old, Unused()),
        lambda: backup(old, tmp_path / "copy.sqlite"),
        lambda: restore(tmp_path / "new", tmp_path / "later.sqlite"),
    ):
        with pytest.raises(IndexMismatchError, match="later version"):
            command()


def test_a_damaged_old_index_is_told(old: Path, tmp_path: Path) -> None:
    content = (old / "rag.sqlite").read_bytes()
    (old / "rag.sqlite").write_bytes(content[:1024] + bytes(len(content) - 1024))
    with pytest.raises(DamagedIndexError, match="rag restore"):
        reindex(old, Unused())
    with pytest.raises(DamagedIndexError, match="rag restore"):
        backup(old, tmp_path / "copy.sqlite")
