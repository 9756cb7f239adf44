"""How time and memory grow with the shelf: ``python -m evals.bench_scale [--sizes N,N] [--write]``.

The inspection reports are indexed, then the shelf grows by reports derived from them (see
``evals.derived``) from one size to the next. At each size a process of its own opens it and asks:
so memory is that of this shelf alone. Times are of one machine in one run; what counts is how they
grow. ``--write`` keeps the figures and draws them, both axes logarithmic. The exact neighbours that
recall is measured against are found by comparing every vector.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.derived import grow, source
from evals.gold import load_gold
from evals.ofsted import FOLDER, load
from evals.run import RESULTS, ROOT, commit_id, write_results, write_table
from rag.assistant import Assistant
from rag.embedding import Vectors
from rag.question import understand
from rag.retrieval import retrieve, shelf_of
from rag.settings import IndexSettings, SearchSettings
from rag.store import FILE_NAME, Store

SIZES = (1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
NEAREST = 10
PICTURE = "scale.svg"
GOALS = {"search p95": 0.1, "answer p95": 1.5, "resident MB": 2048.0, "opening": 3.0}
"""At a million passages on two cores: seconds, and MB."""
_CURVES = {
    "seconds": (
        "storing 1,000 passages",
        "opening",
        "keyword p95",
        "vectors p95",
        "search p95",
        "deciding p95",
        "answer p95",
    ),
    "MB": ("resident MB", "caches MB", "store MB"),
}
Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the README's table."""

    said: str
    places: int
    of: float = 1.0


_SHOWN = {
    "opening": Shown("opening, seconds", 1),
    "search p50": Shown("search, median, milliseconds", 0, 0.001),
    "search p95": Shown("search, p95, milliseconds", 0, 0.001),
    "answer p50": Shown("answer, median, seconds", 2),
    "answer p95": Shown("answer, p95, seconds", 2),
    "resident MB": Shown("resident memory, MB", 0),
    f"recall at {NEAREST}": Shown(f"recall at {NEAREST} of the nearest vectors", 3),
    "store MB": Shown("store, MB", 0),
    "caches MB": Shown("caches, MB", 0),
    "storing 1,000 passages": Shown("storing 1,000 embedded passages, seconds", 2),
    "building caches": Shown("building the caches of what came since the size before, seconds", 1),
}
PICTURE_NOTE = "all of it, drawn: [evals/results/scale.svg](evals/results/scale.svg)"
MARKS = ("<!-- scale -->", "<!-- /scale -->")


def questions() -> list[str]:
    """The questions over the inspection reports, and every twelfth of the gold questions."""
    return [q.question for q in load()] + [q.question for q in load_gold()[::12]]


def measure(folder: Path, asked: Sequence[str]) -> Results:
    """One shelf, opened and asked in this process."""
    started = time.perf_counter()
    with Assistant.open(folder) as assistant:
        snapshot = assistant._index.snapshot()
        opening = time.perf_counter() - started
        opened = _resident()
        assistant.warm_up()
        searcher = snapshot.searcher
        index = assistant._index
        read = [understand(text, shelf_of(snapshot)) for text in asked]
        vectors = index.query_encoder.encode([q.topic for q in read])
        settings = SearchSettings()
        found: Results = {
            "passages": searcher.passages,
            "reports": len(searcher.reports),
            "vectors": str(searcher),
            "opening": round(opening, 3),
        }
        calls: dict[str, Callable[[int], object]] = {
            "keyword": lambda n: searcher.keyword(read[n].stems, settings.ranked_when_more),
            "vectors": lambda n: searcher.nearest(vectors[n], settings.ranked_when_more),
            "search": lambda n: assistant.search(asked[n]),
            "deciding": lambda n: retrieve(index, asked[n], settings),
            "answer": lambda n: assistant.ask(asked[n]),
        }
        for name, call in calls.items():
            call(0)
            times = [_timed(call, n) for n in range(len(asked))]
            found[f"{name} p50"], found[f"{name} p95"] = _at(times, 50), _at(times, 95)
        found["opened MB"], found["resident MB"] = opened, _resident()
        found[f"recall at {NEAREST}"] = _recall(folder, searcher.nearest, vectors)
    files = {path: path.stat().st_size / 2**20 for path in folder.iterdir()}
    store = sum(size for path, size in files.items() if path.name.startswith(FILE_NAME))
    return found | {"store MB": round(store), "caches MB": round(sum(files.values()) - store)}


def _timed(call: Callable[[int], object], n: int) -> float:
    started = time.perf_counter()
    call(n)
    return time.perf_counter() - started


def _at(seconds: Sequence[float], percentile: int) -> float:
    return round(float(np.percentile(seconds, percentile)), 4)


def _resident() -> float:
    """Resident memory of this process in MB, mapped files and all."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _recall(folder: Path, nearest: Callable[..., Any], queries: Vectors) -> float:
    """Share of the exactly nearest passages that are among as many found."""
    with closing(Store(folder / FILE_NAME, IndexSettings(), create=False)) as store:
        ids = np.concatenate([np.array(h.ids) for h in store.held()])
        best = np.full((len(queries), 0), 0.0)
        of = np.zeros((len(queries), 0), dtype=np.int64)
        for first in range(0, len(ids), 10_000):
            some = ids[first : first + 10_000]
            cosines = queries @ store.vectors_of(some.tolist(), queries.shape[1]).T
            best = np.concatenate([best, cosines], axis=1)
            of = np.concatenate([of, np.tile(some, (len(queries), 1))], axis=1)
            order = np.argsort(-best, axis=1)[:, :NEAREST]
            best = np.take_along_axis(best, order, axis=1)
            of = np.take_along_axis(of, order, axis=1)
    shared = [
        len(set(exact.tolist()) & set(nearest(query, NEAREST).ids.tolist()))
        for exact, query in zip(of, queries, strict=True)
    ]
    return round(sum(shared) / (NEAREST * len(shared)), 4)


def run(sizes: Sequence[int], folder: Path) -> list[Results]:
    """Grow a shelf in ``folder`` and measure it at each size."""
    real, shelf = folder / "real", folder / "shelf"
    if not (real / FILE_NAME).is_file():
        with Assistant.open(real, create=True) as assistant:
            assistant.add(sorted(FOLDER.glob("*.pdf")))
    found = source(real)
    shelf.mkdir(exist_ok=True)
    rows: list[Results] = []
    for size in sizes:
        with closing(Store(shelf / FILE_NAME, IndexSettings(), create=True)) as store:
            started, before = time.perf_counter(), sum(i.passages for i in store.reports())
            after = before
            for after in grow(store, found, size):
                print(f"\r{after:,} passages", end="", file=sys.stderr)
            storing = (time.perf_counter() - started) * 1000 / max(1, after - before)
        started = time.perf_counter()
        with Assistant.open(shelf) as assistant:
            assistant._index.snapshot()
        caching = time.perf_counter() - started
        command = [sys.executable, "-m", "evals.bench_scale", "--measure", str(shelf)]
        done = subprocess.run(  # noqa: S603 (our own code, no shell)
            command, cwd=ROOT, check=True, capture_output=True, text=True
        )
        row = json.loads(done.stdout)
        row |= {"storing 1,000 passages": round(storing, 3), "building caches": round(caching, 1)}
        rows.append(row)
        print(f"\r{json.dumps(row)}", file=sys.stderr)
    return rows


def render(results: Results) -> str:
    """The figures as a table, a column a size."""
    rows = results["rows"]
    lines = ["| | " + " | ".join(f"{row['passages']:,}" for row in rows) + " |"]
    lines.append("|---|" + "---|" * len(rows))
    names = [name for name in rows[0] if name not in ("passages", "vectors")]
    lines += [f"| {n} | " + " | ".join(f"{row[n]:,}" for row in rows) + " |" for n in names]
    lines += [f"{row['passages']:,}: {row['vectors']}" for row in rows]
    return "\n".join(lines)


def readable(results: Results) -> str:
    """What the README shows of it."""
    rows = results["rows"]
    lines = ["| passages | " + " | ".join(f"{row['passages']:,}" for row in rows) + " |"]
    lines.append("|---|" + "---|" * len(rows))
    lines.append("| reports | " + " | ".join(f"{row['reports']:,}" for row in rows) + " |")
    for name, shown in _SHOWN.items():
        values = " | ".join(f"{row[name] / shown.of:,.{shown.places}f}" for row in rows)
        lines.append(f"| {shown.said} | {values} |")
    asked = f"{results['questions']} questions, {results['cores']} cores, no GPU; {PICTURE_NOTE}"
    return "\n".join([*lines, "", asked])


def draw(results: Results, path: Path) -> None:
    """Time and memory against passages, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"
    from matplotlib import pyplot as plt

    rows = results["rows"]
    figure, axes = plt.subplots(1, len(_CURVES), figsize=(11, 4.5))
    for axis, (unit, names) in zip(axes, _CURVES.items(), strict=True):
        for name in names:
            axis.loglog(
                [row["passages"] for row in rows], [row[name] for row in rows], "o-", label=name
            )
        axis.set_xlabel("passages")
        axis.set_ylabel(unit)
        axis.grid(visible=True, which="both", alpha=0.2)
        axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Run, print, and write the figures and the picture if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench_scale", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="passages, ascending")
    parser.add_argument("--folder", help="where the shelf grows; kept")
    parser.add_argument("--measure", metavar="INDEX", help="only measure this one")
    parser.add_argument("--write", action="store_true", help="write evals/results/scale.json")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(Path(arguments.measure), questions())))
        return
    if not FOLDER.is_dir():
        print("The inspection reports (../shared/ofsted) are not on this machine.")
        return
    sizes = [int(size) for size in arguments.sizes.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        rows = run(sizes, Path(arguments.folder or temporary))
    results = {
        "commit": commit_id(),
        "cores": os.cpu_count(),
        "questions": len(questions()),
        "rows": rows,
    }
    print(render(results))
    if arguments.write:
        write_results("scale", results)
        draw(results, RESULTS / PICTURE)
        write_table(readable(results), MARKS)


if __name__ == "__main__":
    main()
