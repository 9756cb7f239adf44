"""What adding, replacing and removing do to the shelf, and that the FAISS cache only follows it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from conftest import WordEncoder

from rag.assistant import Assistant
from rag.embedding import Vectors
from rag.errors import InputError, ModelError

TABLES = ("meta", "reports", "blocks", "passages", "vectors", "acronyms")
QUESTION = "who uses direct payments?"


def write(
    path: Path, *paragraphs: str, council: str = "Ambridge Council", form: str = "full"
) -> Path:
    """A small report of May 2022; its id is the council's place and the year."""
    head = f"---\ntitle: A review of care\ncouncil: {council}\ndate: 2022-05\nform: {form}\n---\n"
    body = "\n\n".join(["# A review of care", "## Strengths", *paragraphs])
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{head}\n{body}\n", encoding="utf-8")
    return path


def rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the store, read without any of our code."""
    with sqlite3.connect(folder / "rag.sqlite") as db:
        found = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    db.close()
    return found


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A folder of two reports."""
    folder = tmp_path / "reports"
    write(folder / "a.md", "Direct payments are used by 40 people.", "Carers are heard.")
    write(folder / "b.md", "Reablement is quick.", council="Borchester Council")
    return folder


@pytest.fixture
def shelf(tmp_path: Path, encoder: WordEncoder) -> Iterator[Assistant]:
    """An empty shelf in ``tmp_path / "index"``."""
    with Assistant.open(tmp_path / "index", create=True, encoder=encoder) as assistant:
        yield assistant


def ids(shelf: Assistant) -> list[str]:
    return [info.report for info in shelf.reports()]


def test_adding_a_folder_twice_changes_nothing_and_embeds_nothing(
    reports: Path, shelf: Assistant, encoder: WordEncoder, tmp_path: Path
) -> None:
    assert [o.outcome for o in shelf.add(reports)] == ["added", "added"]
    before, embedded = rows(tmp_path / "index"), len(encoder.texts)
    assert [(o.outcome, o.report) for o in shelf.add(reports)] == [
        ("unchanged", "ambridge-2022"),
        ("unchanged", "borchester-2022"),
    ]
    assert rows(tmp_path / "index") == before
    assert shelf.built_with()["generation"] == "2"
    assert len(encoder.texts) == embedded


def test_the_same_content_under_another_name_is_one_report(reports: Path, shelf: Assistant) -> None:
    shelf.add(reports)
    copy = Path(shutil.copy(reports / "a.md", reports.parent / "other name.md"))
    (outcome,) = shelf.add(copy)
    assert (outcome.outcome, outcome.report) == ("unchanged", "ambridge-2022")
    assert ids(shelf) == ["ambridge-2022", "borchester-2022"]


def test_a_changed_file_stands_beside_the_older_version_unless_replacing_is_asked_for(
    reports: Path, shelf: Assistant
) -> None:
    shelf.add(reports)
    write(reports / "a.md", "Direct payments are used by 40 people.", "Carers wait a year.")
    first, second = shelf.add(reports)
    assert (first.outcome, first.report) == ("added", "ambridge-2022-2")
    assert "another version of ambridge-2022" in first.detail
    assert "--replace" in first.detail
    assert second.outcome == "unchanged"
    assert ids(shelf) == ["ambridge-2022", "ambridge-2022-2", "borchester-2022"]
    write(reports / "a.md", "Direct payments are used by 50 people.")
    (newest,) = shelf.add(reports / "a.md", replace_older=True)
    assert (newest.outcome, newest.report) == ("replaced", "ambridge-2022-2")
    assert "40 people" in (shelf._index.store.report_text("ambridge-2022") or "")
    assert "50 people" in (shelf._index.store.report_text("ambridge-2022-2") or "")


def test_replacing_embeds_only_the_new_passages(
    reports: Path, shelf: Assistant, encoder: WordEncoder
) -> None:
    shelf.add(reports)
    encoder.texts.clear()
    write(reports / "a.md", "Direct payments are used by 40 people.", "Carers wait a year.")
    outcomes = shelf.add(reports, replace_older=True)
    assert [o.outcome for o in outcomes] == ["replaced", "unchanged"]
    assert encoder.texts == ["Strengths. Carers wait a year."]
    text = shelf._index.store.report_text("ambridge-2022") or ""
    assert "Carers wait" in text
    assert "Carers are heard" not in text
    assert shelf.verify() == []


def test_what_the_catalogue_says_anew_replaces_the_description_and_embeds_nothing(
    reports: Path, shelf: Assistant, encoder: WordEncoder
) -> None:
    shelf.add(reports)
    encoder.texts.clear()
    entry = '[[report]]\nfile = "a.md"\ncouncil = "Felpersham City Council"\n'
    (reports / "catalogue.toml").write_text(entry, encoding="utf-8")
    assert [(o.outcome, o.report) for o in shelf.add(reports)] == [
        ("replaced", "felpersham-2022"),
        ("unchanged", "borchester-2022"),
    ]
    assert ids(shelf) == ["borchester-2022", "felpersham-2022"]
    assert encoder.texts == []


def test_a_full_report_replaces_its_brief_and_a_brief_never_a_full_report(
    tmp_path: Path, shelf: Assistant
) -> None:
    brief = write(tmp_path / "brief.md", "(1) Payments go to 40.", form="brief")
    full = write(tmp_path / "full.md", "Direct payments are used by 40 people.")
    assert [o.outcome for o in shelf.add(brief)] == ["added"]
    assert [o.outcome for o in shelf.add(full)] == ["replaced"]
    (outcome,) = shelf.add(brief)
    assert (outcome.outcome, outcome.report) == ("skipped", "ambridge-2022")
    assert "full report" in outcome.detail
    assert [(info.report, info.form) for info in shelf.reports()] == [("ambridge-2022", "full")]


def test_two_reports_of_one_council_and_year_both_stand(tmp_path: Path, shelf: Assistant) -> None:
    first = write(tmp_path / "first.md", "Reablement is quick.")
    second = write(tmp_path / "second.md", "Housing is scarce.")
    assert [o.report for o in shelf.add([first, second])] == ["ambridge-2022", "ambridge-2022-2"]
    assert ids(shelf) == ["ambridge-2022", "ambridge-2022-2"]


def test_a_file_of_an_unknown_kind_fails_and_the_others_go_in(
    reports: Path, shelf: Assistant
) -> None:
    (reports / "aa.xyz").write_text("No reader knows this ending.", encoding="utf-8")
    (reports / "empty.txt").write_text(" \n", encoding="utf-8")
    outcomes = {Path(o.path).name: o for o in shelf.add(reports)}
    assert {name: o.outcome for name, o in outcomes.items()} == {
        "a.md": "added",
        "aa.xyz": "failed",
        "b.md": "added",
        "empty.txt": "failed",
    }
    assert ".xyz" in outcomes["aa.xyz"].detail
    assert ".md" in outcomes["aa.xyz"].detail


def test_catalogues_readmes_and_hidden_files_of_a_folder_are_passed_over(
    reports: Path, shelf: Assistant
) -> None:
    (reports / "catalogue.toml").write_text('[[report]]\nfile = "a.md"\n', encoding="utf-8")
    (reports / ".hidden").mkdir()
    for name in ("README.md", "readme.txt", ".note.txt", ".hidden/deep.txt"):
        (reports / name).write_text("This file is no report.", encoding="utf-8")
    assert [Path(o.path).name for o in shelf.add(reports)] == ["a.md", "b.md"]


def test_a_path_that_does_not_exist_is_refused_before_anything_is_added(
    reports: Path, shelf: Assistant
) -> None:
    with pytest.raises(InputError, match="does not exist"):
        shelf.add([reports, reports / "absent.txt"])
    assert ids(shelf) == []


def test_a_file_whose_name_is_not_utf8_costs_nothing_but_itself(
    reports: Path, shelf: Assistant
) -> None:
    odd = Path(os.fsdecode(bytes(reports) + b"/aa\xff.md"))
    try:
        write(odd, "Housing is scarce.", council="Felpersham Council")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    outcomes = shelf.add(reports)
    assert [o.outcome for o in outcomes] == ["added", "added", "added"]


def test_every_outcome_names_the_path_that_was_given(
    reports: Path, shelf: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reports)
    given = [Path("a.md"), Path("b.md")]
    assert [o.path for o in shelf.add(given)] == ["a.md", "b.md"]
    assert [o.path for o in shelf.add(given)] == ["a.md", "b.md"]


def test_a_file_that_cannot_be_read_any_more_leaves_its_old_version(
    reports: Path, shelf: Assistant, tmp_path: Path
) -> None:
    shelf.add(reports)
    before = rows(tmp_path / "index")
    (reports / "a.md").write_text("---\ntitle: [broken\n---\nText.\n", encoding="utf-8")
    assert [o.outcome for o in shelf.add(reports)] == ["failed", "unchanged"]
    assert rows(tmp_path / "index") == before


@pytest.mark.parametrize("error", [ModelError("gone"), MemoryError("full"), KeyboardInterrupt()])
def test_an_encoder_that_breaks_down_leaves_the_old_version(
    reports: Path, shelf: Assistant, tmp_path: Path, error: BaseException
) -> None:
    class Broken(WordEncoder):
        def encode(
            self, texts: Sequence[str], done: Callable[[int], None] | None = None
        ) -> Vectors:
            raise error

    shelf.add(reports)
    before = rows(tmp_path / "index")
    write(reports / "a.md", "Carers wait a year.")
    with Assistant.open(tmp_path / "index", encoder=Broken()) as other:
        if isinstance(error, ModelError):
            assert [o.outcome for o in other.add(reports / "a.md")] == ["failed"]
        else:
            with pytest.raises(type(error)):
                other.add(reports / "a.md")
    assert rows(tmp_path / "index") == before


def test_a_removed_report_is_gone_from_every_table_and_every_search(
    reports: Path, shelf: Assistant, tmp_path: Path
) -> None:
    shelf.add(reports / "b.md")
    before = rows(tmp_path / "index")
    shelf.add(reports / "a.md")
    assert "ambridge-2022" in {hit.report for hit in shelf.search(QUESTION)}
    shelf.remove("ambridge-2022")
    after = rows(tmp_path / "index")
    assert {t: after[t] for t in TABLES[1:]} == {t: before[t] for t in TABLES[1:]}
    assert {hit.report for hit in shelf.search(QUESTION)} == {"borchester-2022"}
    assert shelf.verify() == []
    with pytest.raises(InputError, match="borchester-2022"):
        shelf.remove("ambridge-2022")


def _cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _header_and_noise(content: bytes) -> bytes:
    return content[:4] + bytes(range(255, 0, -1)) * 4


@pytest.mark.parametrize("name", ["vectors-*.faiss", "terms-*.bin", "segments.json"])
@pytest.mark.parametrize(
    "damage", [None, lambda _: b"", lambda _: os.urandom(5000), _cut_short, _header_and_noise]
)
def test_a_lost_or_damaged_cache_is_built_again_and_finds_the_same(
    reports: Path,
    shelf: Assistant,
    tmp_path: Path,
    damage: Callable[[bytes], bytes] | None,
    name: str,
) -> None:
    shelf.add(reports)
    found = shelf.search(QUESTION)
    (cache,) = (tmp_path / "index").glob(name)
    sound = cache.read_bytes()
    if damage is None:
        cache.unlink()
    else:
        cache.write_bytes(damage(sound))
    with Assistant.open(tmp_path / "index", encoder=WordEncoder()) as again:
        assert again.search(QUESTION) == found
        assert again.verify() == []
    assert cache.read_bytes() == sound


def test_the_cache_of_another_generation_is_not_used_and_does_not_stay(
    reports: Path, shelf: Assistant, tmp_path: Path
) -> None:
    shelf.add(reports / "a.md")
    shelf.search(QUESTION)
    before = set((tmp_path / "index").glob("*.faiss"))
    shelf.add(reports / "b.md")
    assert len(shelf.search(QUESTION)) == 2 + 1
    after = set((tmp_path / "index").glob("*.faiss"))
    assert (len(before), len(after), before & after) == (1, 1, set())


def test_a_cache_of_the_same_size_left_by_another_store_is_not_used(
    reports: Path, tmp_path: Path
) -> None:
    write(reports / "b.md", "Carers are heard.", "Direct payments are used by 40 people.")
    with Assistant.open(tmp_path / "one", create=True, encoder=WordEncoder()) as one:
        one.add(reports / "a.md")
        found = one.search(QUESTION)
    with Assistant.open(tmp_path / "two", create=True, encoder=WordEncoder()) as two:
        two.add(reports / "b.md")
        two.search(QUESTION)
    (other,) = (tmp_path / "two").glob("*.faiss")
    shutil.copy(other, tmp_path / "one" / other.name)
    with Assistant.open(tmp_path / "one", encoder=WordEncoder()) as again:
        assert again.search(QUESTION) == found
