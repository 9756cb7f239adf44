"""How fast files become passages: ``python -m evals.bench_ingest [FOLDER] [--write]``.

The plain loop reads each PDF with pypdf, cuts it recursively into 1,000 characters with 200
overlapping, and gives the chunks of each file to ``encode`` as it comes. Ours is ``rag add``.
Both run alone, one after the other in the same run, each in a process of its own, with the models
loaded before the clock starts. Passages of ours are shorter than chunks, so pages and tokens a
second are printed beside passages a second. The peak is a float32 matrix multiplication of the
shape that the model's widest layer has, on all cores. Then reading and embedding alone, without
the store, by numbers of processes: readers on this machine, where this process embeds on all its
cores, and a Ray cluster on this machine, whose workers read and embed on one core each; as ratios
to the first, after each has warmed up on the same files.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evals.baseline import split
from evals.ofsted import FOLDER, load
from evals.run import ROOT, commit_id, write_results
from rag.assistant import Assistant
from rag.cluster import LOCAL, Cluster
from rag.embedding import MiniLM, model_folder
from rag.indexing import indexed
from rag.reading import read_file
from rag.settings import IndexSettings, ReadingLimits
from rag.vectors import VectorIndex
from rag.workers import File, Prepared, Preparing, Readers, Work

Results = dict[str, Any]

_LAYERS, _WIDTH, _WIDEST = 6, 384, 1536
FLOPS_A_TOKEN = 2 * _LAYERS * (4 * _WIDTH**2 + 2 * _WIDTH * _WIDEST)
"""Multiplications and additions of the linear layers; attention itself is left out."""
_ROWS, _ROUNDS = 2048, 60
_SAMPLED, _NEAREST = 8, 10


def plain(pdfs: Sequence[Path]) -> Results:
    """pypdf, recursive splitting, ``encode`` file by file."""
    import pypdf
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder()), device="cpu", local_files_only=True)
    model.encode(["warm up"])
    pages = 0
    texts: list[str] = []
    started = time.perf_counter()
    for pdf in pdfs:
        reader = pypdf.PdfReader(pdf)
        pages += len(reader.pages)
        text = "\n".join(page.extract_text() for page in reader.pages)
        chunks = [text[start:end] for start, end in split(text)]
        model.encode(chunks, normalize_embeddings=True)
        texts += chunks
    return _measured(time.perf_counter() - started, pages, texts)


def ours(pdfs: Sequence[Path]) -> Results:
    """``rag add``, from the first file to the last commit."""
    encoder = _Counting()
    encoder.encode(["warm up"])
    encoder.texts, encoder.seconds = [], 0.0
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, create=True, encoder=encoder) as assistant,
    ):
        started = time.perf_counter()
        outcomes = assistant.add(pdfs)
        seconds = time.perf_counter() - started
    pages = sum(outcome.pages or 0 for outcome in outcomes)
    found = _measured(seconds, pages, encoder.texts)
    rate = found["tokens"] / encoder.seconds
    return found | {
        "passages": sum(outcome.passages for outcome in outcomes),
        "embedding seconds": round(encoder.seconds, 2),
        "GFLOP/s while embedding": round(rate * FLOPS_A_TOKEN / 1e9, 1),
    }


class _Counting(MiniLM):
    """Keeps what it was given and how long it took."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.seconds = 0.0

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Any:
        started = time.perf_counter()
        found = super().encode(texts, done)
        self.seconds += time.perf_counter() - started
        self.texts += texts
        return found


def _measured(seconds: float, pages: int, texts: list[str]) -> Results:
    usage = [
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return {
        "seconds": round(seconds, 2),
        "pages": pages,
        "passages": len(texts),
        "tokens": _tokens(texts),
        "peak MiB": round(usage[0] / 1024),
        "peak MiB of a reader": round(usage[1] / 1024),
    }


def _tokens(texts: list[str]) -> int:
    """Word pieces that the model reads of these texts, at most 256 each."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(model_folder()), local_files_only=True)
    read = tokenizer(texts, truncation=True, max_length=256)["input_ids"]
    return sum(map(len, read))


def peak(_: Sequence[Path]) -> Results:
    """The machine's best rate of multiplying matrices, in both number formats."""
    import torch

    found: Results = {}
    for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        left, right = torch.randn(_ROWS, _WIDEST).to(kind), torch.randn(_WIDEST, _WIDTH).to(kind)
        best = 0.0
        for _round in range(_ROUNDS):
            started = time.perf_counter()
            torch.mm(left, right)
            rate = 2 * _ROWS * _WIDEST * _WIDTH / (time.perf_counter() - started)
            best = max(best, rate)
        found[f"{name} GFLOP/s"] = round(best / 1e9, 1)
    found["AMX"] = bool(torch.cpu.get_capabilities()["amx_bf16"])
    return found


def precision(pdfs: Sequence[Path]) -> Results:
    """What bfloat16 changes: cosines to float32, and the ten nearest passages of each question."""
    texts: dict[bytes, str] = {}
    for pdf in pdfs[:: max(1, len(pdfs) // _SAMPLED)]:
        texts |= indexed(read_file(pdf), IndexSettings())[1]
    questions = [asked.question for asked in load()]
    found = []
    for half in (False, True):
        encoder = MiniLM(half=half)
        rows = encoder.encode([texts[key] for key in sorted(texts)])
        found.append((rows, VectorIndex.build(rows), encoder.encode(questions)))
    (whole, one, asked_of_one), (halves, other, asked_of_other) = found
    shared = [
        len({*one.search(a, _NEAREST)[1]} & {*other.search(b, _NEAREST)[1]}) / _NEAREST
        for a, b in zip(asked_of_one, asked_of_other, strict=True)
    ]
    cosines = (whole * halves).sum(axis=1)
    return {
        "passages": len(texts),
        "lowest cosine": round(float(cosines.min()), 4),
        "mean cosine": round(float(cosines.mean()), 5),
        "shared of the ten nearest": round(sum(shared) / len(shared), 3),
    }


def workers(pdfs: Sequence[Path]) -> Results:
    """Passages a second, read and embedded, by where and by how many processes."""
    encoder = MiniLM()
    work = Work(IndexSettings(), ReadingLimits(), encoder, lambda _: None, set)
    kinds: dict[str, Callable[[int], Preparing]] = {
        "readers here": lambda number: Readers(work, number),
        "Ray on this machine": lambda number: Cluster(LOCAL, work, number),
    }
    rates = {}
    for kind, start in kinds.items():
        for number in (1, 2):
            with start(number) as preparing:
                _pass(preparing, pdfs[: 4 * number])
                started = time.perf_counter()
                passages = _pass(preparing, pdfs)
                rates[f"{kind}, {number}"] = passages / (time.perf_counter() - started)
    first = next(iter(rates.values()))
    return {
        "passages a second": {what: round(rate, 1) for what, rate in rates.items()},
        "ratio to the first": {what: round(rate / first, 2) for what, rate in rates.items()},
    }


def _pass(preparing: Preparing, pdfs: Sequence[Path]) -> int:
    """Read and embed all; how many passages."""
    passages = 0
    for _, found in preparing.prepare(map(File, pdfs)):
        if isinstance(found, Prepared):
            preparing.embed([found.texts[key] for key in sorted(found.texts)], lambda _: None)
            passages += len(found.indexed)
    return passages


PARTS = {"plain": plain, "ours": ours, "peak": peak, "precision": precision, "workers": workers}


def _run(part: str, folder: Path) -> Results:
    command = [sys.executable, "-m", "evals.bench_ingest", str(folder), "--part", part]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    found: Results = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(folder: Path) -> Results:
    """All parts in turn, and what follows from them."""
    found = {part: _run(part, folder) for part in PARTS}
    rates = {
        what: {part: found[part][what] / found[part]["seconds"] for part in ("plain", "ours")}
        for what in ("passages", "tokens", "pages")
    }
    share = found["ours"]["GFLOP/s while embedding"] / found["peak"]["float32 GFLOP/s"]
    return {
        "commit": commit_id(),
        "files": len(list(folder.glob("*.pdf"))),
        **found,
        "a second": {w: {p: round(v, 1) for p, v in r.items()} for w, r in rates.items()},
        "ratio": {w: round(r["ours"] / r["plain"], 2) for w, r in rates.items()},
        "share of the float32 peak while embedding": round(share, 2),
    }


def render(results: Results) -> str:
    """The results as Markdown."""
    lines = [f"{results['files']} PDFs.", "", "| a second | plain loop | ours | ratio |"]
    lines.append("|---|---|---|---|")
    for what, rates in results["a second"].items():
        ratio = results["ratio"][what]
        lines.append(f"| {what} | {rates['plain']:,} | {rates['ours']:,} | {ratio} |")
    share = results["share of the float32 peak while embedding"]
    lines += ["", f"Embedding at {share:.0%} of the float32 peak {results['peak']}."]
    memory = {part: results[part]["peak MiB"] for part in ("plain", "ours")}
    reader = results["ours"]["peak MiB of a reader"]
    by_number = results["workers"]["passages a second"]
    lines.append(f"Passages a second, read and embedded, by processes: {by_number}.")
    lines.append(f"bfloat16 beside float32: {results['precision']}.")
    lines.append(f"Peak memory, MiB: {memory}; the largest reader of ours {reader}.")
    return "\n".join(lines)


def main() -> None:
    """Run, print, and write the results file if asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench_ingest", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="a folder of PDFs")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="write evals/results/ingest.json")
    asked = parser.parse_args()
    if not asked.folder.is_dir():
        print(f"{asked.folder.name} is not on this machine.")
    elif asked.part:
        print(json.dumps(PARTS[asked.part](sorted(asked.folder.glob("*.pdf")))))
    else:
        results = compare(asked.folder)
        print(render(results))
        if asked.write:
            write_results("ingest", results)


if __name__ == "__main__":
    main()
