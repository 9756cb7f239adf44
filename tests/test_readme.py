"""What the README says is true: its code runs, its commands exist, its files are there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import FIVE, ROOT

from evals.modelserver import served_model
from rag.assistant import Assistant
from rag.cli import main

README = (ROOT / "README.md").read_text("utf-8")


EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def run_example(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_python_example_names_every_report(tmp_path: Path) -> None:
    shown = run_example(EXAMPLES[0].replace('"my-shelf"', repr(str(tmp_path))))
    row = re.compile(r"^\w.* \d{4}-\d\d (?:evidence|no mention) ")
    rows = [line for line in shown.splitlines() if row.match(line)]
    assert len(rows) == len(FIVE)
    assert "paragraph 29" in shown


@pytest.mark.parametrize("door", ["/api/ask", "/mcp"])
def test_the_examples_of_the_other_doors_run_in_a_dozen_lines(address: str, door: str) -> None:
    (code,) = [example for example in EXAMPLES if door in example]
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 12
    shown = run_example(code.replace("http://127.0.0.1:7860/", address))
    assert shown.startswith("Searched 5 reports: ")


def test_the_example_with_a_language_model_runs_with_a_real_one(brief_shelf: Assistant) -> None:
    (code,) = [example for example in EXAMPLES if "Model(" in example]
    code = code.replace('"my-shelf"', repr(str(brief_shelf._index.folder)))
    with served_model() as model:
        code = code.replace('"llama3.1"', repr(model.name))
        shown = run_example(code.replace("http://127.0.0.1:11434/v1", model.address))
    *sentences, told = shown.splitlines()
    assert re.fullmatch(r"\d+ sentences failed the checks", told)
    assert sentences
    assert all(re.search(r"\((?:\d+,? ?)+\)$", sentence) for sentence in sentences)


def test_every_command_is_in_the_readme() -> None:
    assert [name for name in main.commands if f"rag {name}" not in README] == []


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


def test_every_file_of_the_map_exists() -> None:
    table = README.split("| file | its one job |")[1].split("\n\n")[0]
    for cell in re.findall(r"^\| (.*?) \|", table, flags=re.M):
        names = re.findall(r"`([^`]+)`", cell)
        folder = ""
        for name in names:
            found = [ROOT / name, ROOT / folder / name]
            assert any(path.exists() for path in found), name
            folder = str(Path(name).parent) if "/" in name else folder


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    reasons = README.split("## Why each dependency")[1].split("## ")[0]
    assert [w for w in wanted if w.split("==")[0] not in reasons] == []
    assert all("==" in w for w in wanted)


def test_the_lock_holds_what_the_project_asks_for_and_no_cuda() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text("utf-8").lower().replace("_", "-").split()
    missing = [w for w in project["dependencies"] if w.lower().replace("_", "-") not in lock]
    assert missing == []
    assert [name for name in lock if name.startswith(("nvidia", "triton", "cuda"))] == []
