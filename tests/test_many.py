"""The real command over many files: stopped and started again, two at once, on a full disk."""

from __future__ import annotations

import csv
import json
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from rag.assistant import Assistant

FILES = 500


def command(folder: Path, index: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "rag", "add", str(folder), "--index", str(index), *more]


def written(folder: Path, numbers: range, words: int = 12) -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        text = f"Council {number} has {number} teams. " + "Carers wait for a review. " * words
        (folder / f"report {number:03}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_of_five_hundred_is_stopped_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder, index = written(tmp_path / "reports", range(FILES - 1)), tmp_path / "index"
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing more")
    told: list[dict[str, str]] = []
    with subprocess.Popen(
        command(folder, index, "--json"),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as adding:  # fmt: skip
        assert adding.stdout is not None
        while len(told) < 60:
            told.append(json.loads(adding.stdout.readline()))
        adding.send_signal(signal.SIGINT)
        rest = adding.stdout.read().splitlines()
    told += map(json.loads, rest)
    assert adding.returncode != 0
    table = tmp_path / "table.csv"
    again = subprocess.run(
        command(folder, index, "--report", str(table)),
        check=False, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    outcomes = Counter(row["outcome"] for row in rows)
    before = sum(row["outcome"] == "added" for row in told)
    assert before >= 59
    assert outcomes["failed"] == 1
    assert outcomes["unchanged"] >= before
    assert outcomes["unchanged"] + outcomes["added"] == FILES - 1
    with Assistant.open(index) as shelf:
        assert len(shelf.reports()) == FILES - 1
        assert shelf.verify() == []


def test_two_that_add_at_once_both_succeed_and_share_what_both_have(tmp_path: Path) -> None:
    index = tmp_path / "index"
    one, other = (
        written(tmp_path / "one", range(30)), written(tmp_path / "other", range(20, 50)),
    )  # fmt: skip
    running = [
        subprocess.Popen(command(folder, index), cwd=ROOT, stderr=subprocess.DEVNULL)
        for folder in (one, other)
    ]
    assert [process.wait() for process in running] == [0, 0]
    with Assistant.open(index) as shelf:
        assert len(shelf.reports()) == 50
        assert shelf.verify() == []


def limited(size: int) -> Callable[[], None]:
    """A disk that takes no file of more than so many bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("more", [40_000, 200_000, 600_000])
def test_on_a_full_disk_what_was_told_is_there_and_the_reason_is_plain(
    more: int, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    first = written(tmp_path / "first", range(3))
    subprocess.run(command(first, index), cwd=ROOT, check=True, capture_output=True)
    size = (index / "rag.sqlite").stat().st_size
    folder = written(tmp_path / "reports", range(3, 40), words=1500)
    full = subprocess.run(
        command(folder, index, "--json"),
        check=False, cwd=ROOT, capture_output=True, text=True,
        preexec_fn=limited(size + more),
    )  # fmt: skip
    assert full.returncode == 1
    assert "Traceback" not in full.stderr
    outcomes = [json.loads(line) for line in full.stdout.splitlines()]
    failed = [o for o in outcomes if o["outcome"] == "failed"]
    assert failed
    assert all("disk" in o["detail"] for o in failed)
    with Assistant.open(index) as shelf:
        assert shelf.verify() == []
        held = {info.report for info in shelf.reports()}
    assert {o["report"] for o in outcomes if o["outcome"] == "added"} <= held
    assert len(held) >= 3
