"""The same command over a folder, over Milvus, and with a Ray cluster; real engines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CORPUS, ROOT

QUESTION = "how did councils handle DoLS backlogs?"
BRIEFS = [str(path) for path in sorted(CORPUS.glob("*.md"))[:3]]


def rag(*arguments: object, expect: int = 0) -> str:
    """What the command prints, as a user runs it."""
    run = subprocess.run(
        [sys.executable, "-m", "rag", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert run.returncode == expect, run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout if expect == 0 else run.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("folder") / "index"
    rag("add", *BRIEFS, "--index", place)
    return place


def answer(index: object) -> dict[str, object]:
    found = json.loads(rag("ask", QUESTION, "--json", "--index", index))
    return {key: value for key, value in found.items() if key != "seconds"}


def test_milvus_gives_the_answer_of_a_folder(folder: Path, tmp_path: Path) -> None:
    milvus = f"milvus:{tmp_path / 'shelf.db'}"
    rag("add", *BRIEFS, "--index", milvus)
    assert answer(milvus) == answer(folder)
    hits = json.loads(rag("search", QUESTION, "-k", 5, "--json", "--index", milvus))
    assert hits == json.loads(rag("search", QUESTION, "-k", 5, "--json", "--index", folder))
    assert rag("reports", "--json", "--index", milvus) == rag(
        "reports", "--json", "--index", folder
    )
    assert "exact" in rag("verify", "--index", milvus)
    gone = json.loads(rag("reports", "--json", "--index", milvus))[0]["report"]
    rag("remove", gone, "--index", milvus)
    left = [row["report"] for row in json.loads(rag("reports", "--json", "--index", milvus))]
    assert len(left) == 2
    assert gone not in left


def test_a_ray_cluster_gives_the_shelf_that_this_machine_does(folder: Path, tmp_path: Path) -> None:
    rag("add", *BRIEFS, "--ray", "local", "--index", tmp_path / "index")
    assert answer(tmp_path / "index") == answer(folder)


def test_verify_says_how_vectors_are_searched(folder: Path) -> None:
    assert "each compared" in rag("verify", "--index", folder)
    assert "each compared" in json.loads(rag("verify", "--json", "--index", folder))["vectors"]


@pytest.mark.parametrize("command", ["backup", "restore", "reindex"])
def test_what_only_a_folder_can_do_is_refused_in_words(command: str, tmp_path: Path) -> None:
    file = [] if command == "reindex" else [tmp_path / "file"]
    said = rag(command, *file, "--index", f"milvus:{tmp_path / 'shelf.db'}", expect=2)
    assert "not in a folder" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ask", "x", "--index", "milvus://127.0.0.1:9/shelf"), "127.0.0.1:9"),
        (("ask", "x", "--index", "milvus:nowhere"), "milvus:"),
        (("add", BRIEFS[0], "--ray", "127.0.0.1:9"), "127.0.0.1:9"),
    ],
)
def test_what_cannot_be_reached_is_told_in_words(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    if "--index" not in arguments:
        arguments = (*arguments, "--index", str(tmp_path / "index"))
    run = subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (1, 2)
    assert said in run.stderr
    assert "Traceback" not in run.stderr
