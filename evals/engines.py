"""The same answers from a folder and from Milvus? ``python -m evals.engines [--write]``.

The gold questions are asked of the reports in a folder and of the same reports in a plain file of
Milvus (milvus-lite), and every difference is listed: coverage, quotes, refusals, the words of the
answer. Nothing is scored here; the folder's answers are those of ``rag eval``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.gold import load_gold
from evals.run import CORPUS, REPORTS, commit_id, write_results
from rag.assistant import Assistant
from rag.records import Answer

Results = dict[str, Any]


def compare(folder: Path, questions: Sequence[tuple[str, str]], place: Path) -> Results:
    """Ask both; ``questions`` are ids and texts."""
    with (
        Assistant.open(place / "index", create=True) as file,
        Assistant.open(f"milvus:{place / 'shelf.db'}", create=True) as milvus,
    ):
        for shelf in (file, milvus):
            failed = [o.detail for o in shelf.add(folder) if o.outcome == "failed"]
            if failed:
                raise RuntimeError(failed[0])
        rows = []
        for id_, text in questions:
            one, other = file.ask(text), milvus.ask(text)
            rows += [{"id": id_, "question": text, "different": d} for d in differences(one, other)]
        return {
            "commit": commit_id(),
            "questions": len(questions),
            "reports": len(file.reports()),
            "the same": len(questions) - len({row["id"] for row in rows}),
            "rows": rows,
        }


def differences(one: Answer, other: Answer) -> list[str]:
    """What two answers do not have in common, by name."""
    return [
        name
        for name in ("refused", "coverage", "citations", "closest", "understood", "text")
        if getattr(one, name) != getattr(other, name)
    ]


def main() -> None:
    """Ask, print, and write the results file if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.engines", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write evals/results/engines.json")
    write = parser.parse_args().write
    questions = [(q.id, q.question) for q in load_gold()]
    with tempfile.TemporaryDirectory() as place:
        results = compare(REPORTS if REPORTS.is_dir() else CORPUS, questions, Path(place))
    print(f"{results['the same']} of {results['questions']} answers are the same in every part.")
    for row in results["rows"]:
        print(f"{row['id']}: {row['different']} differs: {row['question']}")
    if write:
        write_results("engines", results)


if __name__ == "__main__":
    main()
