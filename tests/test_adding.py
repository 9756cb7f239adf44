"""Many files onto the shelf: what is left unread, what is told, and where it goes on."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, WordEncoder

from rag import workers
from rag.adding import Step, collect_files
from rag.assistant import Assistant
from rag.cli import main
from rag.records import Added

FIRST = "Direct payments are used by 40 people."
SECOND = "Reablement is quick."


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A folder of two reports and one file that is none."""
    folder = tmp_path / "reports"
    written(folder / "a.txt", FIRST)
    written(folder / "b.txt", SECOND * 3)
    written(folder / "c.txt", "")
    return folder


@pytest.fixture
def shelf(tmp_path: Path, encoder: WordEncoder) -> Iterator[Assistant]:
    with Assistant.open(tmp_path / "index", create=True, encoder=encoder) as assistant:
        yield assistant


def told(outcomes: list[Added]) -> dict[str, str]:
    return {Path(o.path).name: o.outcome for o in outcomes}


def test_what_is_there_already_is_not_read_again(
    reports: Path, shelf: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.add(reports)
    (reports / "c.txt").unlink()

    def start(_: object) -> None:
        raise AssertionError("a reader was started")

    monkeypatch.setattr(workers.Reader, "_start", start)
    assert told(shelf.add(reports)) == {"a.txt": "unchanged", "b.txt": "unchanged"}


def test_two_files_of_one_name_from_two_folders_are_two_reports(
    tmp_path: Path, shelf: Assistant
) -> None:
    one = written(tmp_path / "one" / "report.txt", FIRST)
    other = written(tmp_path / "other" / "report.txt", SECOND)
    assert [o.outcome for o in shelf.add([one, other])] == ["added", "added"]
    assert len(shelf.reports()) == 2


def test_the_same_content_twice_in_one_run_is_one_report(reports: Path, shelf: Assistant) -> None:
    shutil.copy(reports / "a.txt", reports / "z.txt")
    *_, last = shelf.add(reports)
    assert (last.outcome, last.detail) == ("unchanged", "same content as a")


def test_progress_ends_with_all_files_all_bytes_and_all_passages(
    reports: Path, shelf: Assistant
) -> None:
    steps: list[Step] = []
    outcomes = shelf.add(reports, steps.append)
    size = sum(path.stat().st_size for path in reports.iterdir())
    passages = sum(o.passages for o in outcomes)
    assert steps[-1] == Step("c.txt", 3, 3, size, size, passages)
    assert [s.bytes for s in steps] == sorted(s.bytes for s in steps)
    assert [s.passages for s in steps] == sorted(s.passages for s in steps)


def test_symbolic_links_in_a_folder_are_left_alone_and_named_ones_are_followed(
    reports: Path, tmp_path: Path, shelf: Assistant
) -> None:
    outside = written(tmp_path / "outside" / "secret.txt", "Somebody else's paper.")
    (reports / "link.txt").symlink_to(outside)
    (reports / "folder").symlink_to(outside.parent)
    outcomes = {Path(o.path).name: o for o in shelf.add(reports)}
    assert outcomes["link.txt"].outcome == outcomes["folder"].outcome == "skipped"
    assert "symbolic link" in outcomes["link.txt"].detail
    (named,) = shelf.add(reports / "link.txt")
    assert named.outcome == "added"


def test_what_people_do_not_see_is_passed_over(reports: Path) -> None:
    written(reports / "~$a.docx", "Word leaves this beside an open file.")
    written(reports / ".hidden.txt", "Hidden.")
    assert [file.path.name for file in collect_files([reports])] == ["a.txt", "b.txt", "c.txt"]


def test_a_pipe_is_no_report_and_nobody_waits_for_it(tmp_path: Path, shelf: Assistant) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (outcome,) = shelf.add(tmp_path / "pipe.txt")
    assert (outcome.outcome, "not a regular file" in outcome.detail) == ("failed", True)


def test_the_table_of_a_run_has_a_row_a_file_with_its_reason(
    reports: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    written(reports / "=cmd.txt", "A name that a spreadsheet could take for a formula.")
    where = ["--index", str(tmp_path / "index"), "--report", str(table)]
    with pytest.raises(SystemExit) as ended:
        main(["add", str(reports), *where])
    assert ended.value.code == 1
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = {Path(row["file"]).name: row for row in csv.DictReader(file)}
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "=cmd.txt": "added", "a.txt": "added", "b.txt": "added", "c.txt": "failed",
    }  # fmt: skip
    assert "holds no text" in rows["c.txt"]["detail"]
    assert float(rows["a.txt"]["seconds"]) > 0
    assert "3 added, 1 failed; 3 passages" in capfd.readouterr().err


def test_a_cell_is_never_a_formula(tmp_path: Path) -> None:
    from rag.terminal import Tally

    with Tally(tmp_path / "table.csv") as tally:
        tally.count(Added("=HYPERLINK(1).pdf", "failed", None, 0, "@risk"))
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["detail"]) == ("'=HYPERLINK(1).pdf", "'@risk")


def test_a_table_that_cannot_be_written_is_told_before_anything_is_added(
    reports: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    where = ["--index", str(tmp_path / "index"), "--report", str(tmp_path / "no" / "table.csv")]
    with pytest.raises(SystemExit) as ended:
        main(["add", str(reports), *where])
    assert ended.value.code == 2
    assert "cannot be written" in capfd.readouterr().err
    assert not (tmp_path / "index").exists()


def test_the_vector_of_a_text_does_not_depend_on_what_was_added_before(tmp_path: Path) -> None:
    """Each report is embedded by itself, so a run that was stopped ends with the same bytes."""
    from rag.store import FILE_NAME

    corpus = sorted((ROOT / "corpus").glob("*.md"))[:2]
    vectors = []
    for order in (corpus, corpus[::-1]):
        index = tmp_path / order[0].stem
        with Assistant.open(index, create=True) as assistant:
            assistant.add(order)
            store = assistant._index.file
            assert store.path == index / FILE_NAME
            held = sorted(store.held(), key=lambda h: h.report)
            ids = [i for h in held for i in h.ids]
            vectors.append(store.vectors_of(ids, 384).tobytes())
    assert vectors[0] == vectors[1]
