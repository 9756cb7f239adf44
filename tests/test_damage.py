"""Real damage, byte by byte: an index works right or says so, and never quotes anything else.

The file is damaged as disks and people do it: bytes turned over, pages zeroed, the end or the log
lost, another file in its place, no room, no right to write.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import CORPUS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from keeping import (
    QUESTION,
    in_child,
    opened,
    shape,
    small_shelf,
    state,
    with_files_of_at_most,
    write,
)

from rag.caches import KINDS
from rag.errors import DamagedIndexError, RagError
from rag.schema import PAGE


@dataclass(frozen=True, repr=False)
class Sound:
    """A closed index of three reports with its cache, and what is in it. Read only."""

    folder: Path
    written: dict[str, str]
    """The texts that were stored."""
    answers: object
    content: bytes

    def __repr__(self) -> str:
        return "Sound()"  # or hypothesis prints all of it


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    folder = small_shelf(tmp_path_factory.mktemp("sound"))
    answers = state(folder)
    with opened(folder) as shelf:
        store = shelf._index.store
        written = {i.report: store.report_text(i.report) or "" for i in shelf.reports()}
    return Sound(folder, written, answers, (folder / "rag.sqlite").read_bytes())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where copies are damaged, one after another."""
    return tmp_path_factory.mktemp("damaged") / "index"


def damaged_copy(
    sound: Sound, place: Path, content: bytes | None = None, *, cache: bool = False
) -> Path:
    """The index anew, with other bytes in its file if asked."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "rag.sqlite").write_bytes(sound.content if content is None else content)
    if cache:
        for kind in KINDS:
            for file in sound.folder.glob(kind):
                shutil.copy(file, place)
    return place


def use(folder: Path, sound: Sound) -> None:
    """Ask and verify: right, or a sentence; where verify is silent, everything is as it was."""
    answered: object = None
    with contextlib.suppress(RagError), opened(folder) as shelf:
        reports = shelf.reports()
        answer = shelf.ask(QUESTION)
        answered = reports, shape(answer)
        for citation in answer.citations:
            assert sound.written[citation.report][citation.start : citation.end] == citation.quote
    try:
        with opened(folder) as shelf:
            found = shelf.verify()
    except RagError as error:
        found = [str(error)]
    assert found or answered == sound.answers


# --- bytes ------------------------------------------------------------------------------------


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cache=st.booleans())
@settings(
    max_examples=120,
    deadline=None,
)
@example(at=0.0, bit=0, cache=False)
def test_a_bit_that_turned_over_anywhere_is_harmless_or_told(
    sound: Sound, place: Path, at: float, bit: int, cache: bool
) -> None:
    content = bytearray(sound.content)
    content[int(at * len(content))] ^= 1 << bit
    use(damaged_copy(sound, place, bytes(content), cache=cache), sound)


@given(at=st.floats(0, 1, exclude_max=True), noise=st.binary(min_size=2, max_size=64))
@settings(max_examples=60, deadline=None)
def test_bytes_written_over_anywhere_are_harmless_or_told(
    sound: Sound, place: Path, at: float, noise: bytes
) -> None:
    content = sound.content
    start = int(at * len(content))
    changed = (content[:start] + noise + content[start + len(noise) :])[: len(content)]
    use(damaged_copy(sound, place, changed), sound)


def pages(content: bytes) -> Iterator[slice]:
    for start in range(0, len(content), PAGE):
        yield slice(start, start + PAGE)


def test_every_page_that_is_zeroed_is_told(sound: Sound, place: Path) -> None:
    content = sound.content
    for page in pages(content):
        changed = bytearray(content)
        changed[page] = bytes(PAGE)
        use(damaged_copy(sound, place, bytes(changed)), sound)


def test_a_file_that_was_cut_at_any_page_is_told(sound: Sound, place: Path) -> None:
    content = sound.content
    for length in range(PAGE, len(content), PAGE):
        for cut in (length, length - 1000):
            folder = damaged_copy(sound, place, content[:cut])
            with contextlib.suppress(DamagedIndexError), opened(folder) as shelf:
                assert shelf.verify() != []
            use(folder, sound)


@pytest.mark.parametrize(
    ("stored", "changed"),
    [
        (b"used by 40 people", b"used by 70 people"),
        (b"Carers wait.", b"Carers wail."),
        (b"Trams are rare", b"Trans are rare"),
    ],
)
def test_a_word_that_changed_on_the_disk_is_never_quoted_and_verify_names_it(
    sound: Sound, place: Path, stored: bytes, changed: bytes
) -> None:
    content = sound.content
    start, places = content.find(stored), 0
    while start >= 0:
        places += 1
        folder = damaged_copy(
            sound, place, content[:start] + changed + content[start + len(stored) :]
        )
        use(folder, sound)
        with opened(folder) as shelf:
            assert any("not what was stored" in problem for problem in shelf.verify())
        start = content.find(stored, start + 1)
    assert places >= 2  # the report's text and the passage


# --- whole files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"These are my notes.\n", b"SQLite format 3\0" + bytes(84), os.urandom(3 * PAGE)],
    ids=["empty", "notes", "header only", "noise"],
)
def test_another_file_in_its_place_is_told_with_both_ways_back_and_left_alone(
    sound: Sound, place: Path, content: bytes
) -> None:
    folder = damaged_copy(sound, place, content)
    with pytest.raises(DamagedIndexError) as raised:
        opened(folder)
    assert f"rag restore FILE --index {folder}" in str(raised.value)
    assert "rag add PATH" in str(raised.value)
    assert (folder / "rag.sqlite").read_bytes() == content


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "rag.sqlite").mkdir()
    for create in (False, True):
        with pytest.raises(RagError) as raised:
            opened(tmp_path, create=create)
        assert raised.value.next_step


def test_a_lost_log_loses_the_last_commits_and_nothing_else(
    sound: Sound, place: Path, tmp_path: Path
) -> None:
    folder = damaged_copy(sound, place)
    fourth = write(tmp_path / "fourth.md", "Housing is scarce.")
    lost = tmp_path / "lost"
    lost.mkdir()
    with opened(folder) as shelf:
        shelf.add(fourth)
        shutil.copy(folder / "rag.sqlite", lost)  # without rag.sqlite-wal
    assert state(lost) == sound.answers


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_log_with_a_bit_turned_over_is_played_back_up_to_there(
    sound: Sound, place: Path, at: float, bit: int
) -> None:
    folder = damaged_copy(sound, place)
    crashed = place.with_name("crashed")
    shutil.rmtree(crashed, ignore_errors=True)
    crashed.mkdir()
    with opened(folder) as shelf:
        shelf.remove("first")
        after = shelf.reports()
        for name in ("rag.sqlite", "rag.sqlite-wal"):
            shutil.copy(folder / name, crashed)
    log = bytearray((crashed / "rag.sqlite-wal").read_bytes())
    log[int(at * len(log))] ^= 1 << bit
    (crashed / "rag.sqlite-wal").write_bytes(log)
    with opened(crashed) as shelf:
        assert shelf.verify() == []
        assert len(shelf.reports()) in (len(after), len(after) + 1)


SMALL = [kind for kind in KINDS if not kind.startswith("words")]
"""Of a shelf that is not large; see tests/test_searching.py for the other."""


# --- the cache --------------------------------------------------------------------------------


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), kind=st.sampled_from(SMALL))
@settings(max_examples=90, deadline=None)
def test_a_cache_with_a_bit_turned_over_is_built_again(
    sound: Sound, place: Path, at: float, bit: int, kind: str
) -> None:
    folder = damaged_copy(sound, place, cache=True)
    (cache,) = folder.glob(kind)
    whole = cache.read_bytes()
    changed = bytearray(whole)
    changed[int(at * len(whole))] ^= 1 << bit
    cache.write_bytes(changed)
    assert state(folder) == sound.answers
    assert cache.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"x", b"notes on vectors", os.urandom(1000)])
def test_a_damaged_cache_is_told_once_and_a_missing_one_is_not(
    sound: Sound, place: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folder = damaged_copy(sound, place, cache=True)
    (cache,) = folder.glob("*.faiss")
    cache.write_bytes(content)
    for _ in range(2):
        state(folder)
    assert [record.name for record in caplog.records] == ["rag"]
    assert "built again" in caplog.text
    cache.unlink()
    caplog.clear()
    state(folder)
    assert caplog.records == []


def test_the_cache_of_another_shelf_under_this_one_s_name_is_found_by_verify(
    sound: Sound, place: Path, tmp_path: Path
) -> None:
    folder = damaged_copy(sound, place, cache=True)
    (cache,) = folder.glob("*.faiss")
    file = write(tmp_path / "other.md", *(f"Sentence {n} of another shelf." for n in "abcdef"))
    with opened(tmp_path / "other", create=True) as other:
        other.add(file)
        other.ask(QUESTION)
    (foreign,) = (tmp_path / "other").glob("*.faiss")
    shutil.copy(foreign, cache)
    with opened(folder) as shelf:
        assert any("cache" in problem for problem in shelf.verify())


# --- no room, no right ------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 100, 20_000, 60_000])
def test_adding_on_a_full_disk_fails_that_file_in_a_sentence_and_changes_nothing(
    sound: Sound, place: Path, tmp_path: Path, room: int
) -> None:
    folder = damaged_copy(sound, place)
    size = (folder / "rag.sqlite").stat().st_size

    def add() -> None:
        with opened(folder) as shelf:
            (outcome,) = shelf.add(CORPUS / "somerset-2024.md")
        assert outcome.outcome == "failed"
        raise RagError(outcome.detail)

    code, said = in_child(with_files_of_at_most(room if room < size else size, add))
    assert (code, "disk" in said, "Traceback" in said) == (1, True, False), said
    assert state(folder) == sound.answers


def test_an_index_that_cannot_be_written_says_so(sound: Sound, place: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere")
    folder = damaged_copy(sound, place)
    (folder / "rag.sqlite").chmod(0o444)
    folder.chmod(0o555)
    try:
        with pytest.raises(RagError), opened(folder) as shelf:
            shelf.remove("first")
    finally:
        folder.chmod(0o755)
