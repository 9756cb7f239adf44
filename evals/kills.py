"""Killed again and again while adding: ``python -m evals.kills [FOLDER] [--kills 100] [--write]``.

``rag add`` over a folder is killed (SIGKILL, it and its readers) at random moments. After each
kill the index must open, pass ``verify`` and hold every report that was told as added. Then one
run goes to its end, and the shelf is compared with one that was built without a kill: the same
reports, passages and vectors, and the same answers to the questions of the second shelf.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.ofsted import FOLDER, load
from evals.run import ROOT, commit_id, write_results
from rag.assistant import Assistant
from rag.records import Answer

Results = dict[str, Any]


def killed_once(
    folder: Path, index: Path, seconds: float, *, first: bool = False
) -> tuple[set[str], bool]:
    """Add for so long, then kill; what was told as being on the shelf, and whether it ended.

    With ``first`` the seconds count from the first report that is added, else from the start of
    the program, which takes a while to load its model.
    """
    command = [sys.executable, "-m", "rag", "add", str(folder), "--json", "--index", str(index)]
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as adding:
        written = b""
        for line in adding.stdout if first and adding.stdout is not None else ():
            written += line
            if b'"added"' in line:
                break
        try:
            adding.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(adding.pid, signal.SIGKILL)
        written += adding.stdout.read() if adding.stdout is not None else b""
    lines = [line for line in written.split(b"\n")[:-1] if line]
    told = {row["report"] for row in map(json.loads, lines) if row["report"]}
    return told, adding.returncode != -signal.SIGKILL


def contents(index: Path) -> Results:
    """Reports, passages and vectors of a shelf, to be compared."""
    with Assistant.open(index) as assistant:
        store = assistant._index.file
        held = sorted(store.held(), key=lambda h: h.report)
        ids = [id_ for report in held for id_ in report.ids]
        passages = store.passages(ids)
        return {
            "reports": assistant.reports(),
            "passages": sorted((p.report, p.seq, p) for p in passages.values()),
            "vectors": store.vectors_of(ids, assistant._index.encoder.dimension).tobytes(),
        }


def answers(index: Path, questions: Sequence[str]) -> list[Answer]:
    """The answers of a shelf, without the seconds they took."""
    with Assistant.open(index) as assistant:
        return [replace(assistant.ask(question), seconds=0.0) for question in questions]


def run(folder: Path, kills: int, longest: float, seed: int, questions: Sequence[str]) -> Results:
    """Kill, look, and compare in the end."""
    chance = random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as place:
        whole, broken = Path(place, "whole"), Path(place, "broken")
        started = time.monotonic()
        _, ended = killed_once(folder, whole, 3600)
        if not ended:
            raise RuntimeError("The clean build did not end.")
        clean = round(time.monotonic() - started, 1)
        landed = unopened = lost = damaged = 0
        told: set[str] = set()
        for number in range(kills):
            first = number % 5 < 2
            seconds = chance.uniform(0.0, longest if first else 2 * longest)
            more, ended = killed_once(folder, broken, seconds, first=first)
            landed += not ended
            told |= more
            if not (broken / "rag.sqlite").is_file():
                unopened += 1
                continue
            with Assistant.open(broken, create=True) as assistant:
                damaged += bool(assistant.verify())
                held = {info.report for info in assistant.reports()}
            lost += len(told - held)
            print(f"{number + 1} kills, {len(held)} reports", file=sys.stderr)
        killed_once(folder, broken, 3600)
        one, other = contents(whole), contents(broken)
        same = {what: one[what] == other[what] for what in one}
        same["answers"] = answers(whole, questions) == answers(broken, questions)
        return {
            "commit": commit_id(),
            "files": len(one["reports"]),
            "passages": len(one["passages"]),
            "seconds of the clean build": clean,
            "kills": kills,
            "before the run had ended": landed,
            "before there was an index": unopened,
            "shelves that did not pass verify": damaged,
            "reports told as added and lost": lost,
            "the same in the end": same,
        }


def main() -> None:
    """Run, print, and write the results file if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.kills", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="a folder of reports")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds before a kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write evals/results/kills.json")
    asked = parser.parse_args()
    if not asked.folder.is_dir():
        print(f"{asked.folder.name} is not on this machine.")
        return
    questions = [each.question for each in load()]
    results = run(asked.folder, asked.kills, asked.longest, asked.seed, questions)
    print(json.dumps(results, indent=1))
    if asked.write:
        write_results("kills", results)


if __name__ == "__main__":
    main()
