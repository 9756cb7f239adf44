"""What the command shows: answers on stdout, everything else on stderr. The owner of rich."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from rag.adding import Step
from rag.errors import InputError
from rag.export import as_cell
from rag.records import Added, Answer, Hit

_STDERR = Console(stderr=True, highlight=False, soft_wrap=True)
_COLUMNS = ("file", "outcome", "report", "pages", "passages", "seconds", "detail")


def say(text: str) -> None:
    """One line to the person at the command, not part of the answer."""
    _STDERR.print(Text(text))


def print_json(value: Any) -> None:
    """A record, or a list or dictionary, as one line of JSON on stdout."""
    if not isinstance(value, dict | list):
        value = asdict(value)
    print_text(json.dumps(value, ensure_ascii=False))


def print_text(text: str) -> None:
    """A text on stdout, as it is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_hits(hits: Iterable[Hit]) -> None:
    """Passages with their places, best first."""
    for rank, hit in enumerate(hits, start=1):
        where = " › ".join(hit.section)
        number = f", paragraph {hit.paragraph}" if hit.paragraph else ""
        page = f", page {hit.page}" if hit.page is not None else ""
        print_text(f"{rank}. {hit.report}, “{where}”{number}{page} ({hit.score:.4f})\n{hit.text}\n")


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A table on stdout."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else 140
    Console(highlight=False, width=width).print(table)


# --- adding ---------------------------------------------------------------------------------


def outcome_line(outcome: Added) -> str:
    """What became of one file, on one line."""
    line = f"{outcome.outcome}: {Path(outcome.path).name}"
    if outcome.report:
        line += f" as {outcome.report}"
    if outcome.passages:
        line += f", {outcome.passages} passages"
    return f"{line} ({outcome.detail})" if outcome.detail else line


class Tally:
    """Outcomes counted as they come, and written to a CSV file if one is asked for."""

    def __init__(self, report: Path | None) -> None:
        self._started = time.monotonic()
        self._counts: Counter[str] = Counter()
        self._passages = 0
        self._file = None if report is None else _opened(report)
        if self._file is not None:
            csv.writer(self._file).writerow(_COLUMNS)

    def __enter__(self) -> Tally:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def failed(self) -> int:
        """How many files failed."""
        return self._counts["failed"]

    def count(self, outcome: Added) -> None:
        """Count one; its row is on the disk when this returns."""
        self._counts[outcome.outcome] += 1
        if outcome.outcome in ("added", "replaced"):
            self._passages += outcome.passages
        if self._file is not None:
            csv.writer(self._file).writerow(map(as_cell, _values(outcome)))
            self._file.flush()

    def line(self) -> str:
        """All of it in one line."""
        counts = ", ".join(f"{n} {name}" for name, n in sorted(self._counts.items()))
        seconds = time.monotonic() - self._started
        rate = f"; {self._passages} passages in {seconds:.0f} s" if self._passages else ""
        return f"{counts or 'no files'}{rate}."


def _opened(report: Path) -> Any:
    try:
        return report.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InputError(
            f"{report} cannot be written: {error.strerror}.", "Name another file."
        ) from None


def _values(outcome: Added) -> tuple[object, ...]:
    return (
        *(outcome.path, outcome.outcome, outcome.report or "", outcome.pages),
        *(outcome.passages, outcome.seconds, outcome.detail),
    )


@contextmanager
def adding_bar() -> Iterator[Callable[[Step], None]]:
    """A bar over all files, by their bytes, with the rate and the time that is left."""
    columns = (
        TextColumn("{task.fields[files]}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    started = time.monotonic()
    with Progress(*columns, console=_STDERR, transient=True) as bar:
        task = bar.add_task("", total=None, files="", rate="")

        def update(step: Step) -> None:
            rate = step.passages / max(0.001, time.monotonic() - started)
            bar.update(
                task,
                description=step.name,
                completed=step.bytes,
                total=step.of_bytes,
                files=f"{step.files} of {step.of_files} files",
                rate=f"{step.passages:,} passages, {rate:.0f} a second",
            )

        yield update


@contextmanager
def counting_bar(description: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for one report after another: its name, how much is done, and of how much."""
    columns = (
        TextColumn(description + " {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
    )
    with Progress(*columns, console=_STDERR, transient=True) as bar:
        task = bar.add_task("", total=None)

        def update(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        yield update


def followed(writing: Iterable[Answer]) -> Answer:
    """The last of an answer that grows, with a bar: reports written on, of those that speak."""
    found, speaking = None, 0
    with counting_bar("writing") as bar:
        for found in writing:
            reports = {s.report for s in found.written.sentences} if found.written else set()
            speaking = speaking or sum(row.status == "evidence" for row in found.coverage)
            bar("the comparison" if None in reports else "", len(reports - {None}), speaking)
    assert found is not None
    return found
