"""``--model`` as a user meets it: the text, what failed, what went wrong, and where the key is."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import ROOT
from made_models import misbehaving, speaking

from rag.assistant import Assistant
from rag.cli import main
from rag.languagemodel import Model

QUESTION = "who uses direct payments?"
WRITTEN = "model address sentences note withheld seconds".split()
SENTENCE = "text citations report kept reason by".split()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small reports that speak of direct payments, in an index."""
    folder = tmp_path_factory.mktemp("model")
    for place, said in (("Ambridge", "used by 40 people"), ("Borchester", "offered to all carers")):
        (folder / f"{place}.md").write_text(
            f"---\ncouncil: {place} Council\ndate: 2022-05\n---\n\n"
            f"## Strengths\n\nDirect payments are {said}.\n",
            encoding="utf-8",
        )
    with Assistant.open(folder / "index", create=True) as assistant:
        assistant.add(sorted(folder.glob("*.md")))
    return folder / "index"


def says(messages: list[dict[str, str]]) -> str:
    """One right sentence on each report, one without a mark; no comparison."""
    quotes = re.findall(r"^\[(\d+)\] (.+)\.$", messages[-1]["content"], re.MULTILINE)
    return " ".join(f"{said} [{mark}]. Nobody knows why." for mark, said in quotes)


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for something that is about to be true."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def ask(index: Path, *arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    said = ["ask", QUESTION, "--index", index, *arguments]
    return CliRunner(env=env).invoke(main, [str(a) for a in said])


def test_the_written_text_comes_first_and_the_answer_in_the_reports_words_after_it(
    index: Path,
) -> None:
    plain = ask(index)
    with speaking(says) as server:
        found = ask(index, "--model", "made", "--model-address", server.address)
        shown = ask(index, "--model", "made", "--model-address", server.address, "--show-failed")
    assert found.exit_code == 0
    assert found.stdout.startswith("Written by made. Every sentence was checked")
    assert found.stdout.endswith(plain.stdout)
    assert "Direct payments are used by 40 people. [1]" in found.stdout
    assert "2 sentences failed the checks and were left out." in found.stdout
    assert "Nobody knows why." not in found.stdout
    assert shown.stdout.count("(failed: it cites nothing) Nobody knows why.") == 2


def test_json_is_the_same_answer_with_what_was_written_of_it(index: Path) -> None:
    plain = json.loads(ask(index, "--json").stdout)
    with speaking(says) as server:
        env = {"RAG_MODEL": "made", "RAG_MODEL_ADDRESS": server.address}
        found = json.loads(ask(index, "--json", env=env).stdout)
    assert plain["written"] is None
    written = found.pop("written")
    assert list(written) == WRITTEN
    assert [list(s) for s in written["sentences"]] == [SENTENCE] * 4
    del plain["written"], plain["seconds"], found["seconds"]
    assert found == plain


def test_a_batch_and_a_paper_hold_the_written_text(index: Path, tmp_path: Path) -> None:
    (tmp_path / "batch.jsonl").write_text(f'{{"id": 1, "question": "{QUESTION}"}}\n', "utf-8")
    with speaking(says) as server:
        model = ["--model", "made", "--model-address", server.address]
        batch = CliRunner().invoke(
            main, ["ask", "--batch", str(tmp_path / "batch.jsonl"), "--index", str(index), *model]
        )
        paper = ask(index, *model, "--out", tmp_path / "answer.md")
    assert json.loads(batch.stdout)["written"]["note"] == ""
    assert paper.exit_code == 0
    assert "Written by made" in (tmp_path / "answer.md").read_text("utf-8")


@pytest.mark.parametrize("kind", ["500", "garbage", "cut in the middle", "401"])
def test_when_the_model_fails_one_sentence_says_so_before_the_answer(
    index: Path, kind: str
) -> None:
    plain = ask(index)
    with misbehaving(kind) as server:
        found = ask(index, "--model", "made", "--model-address", server.address)
    assert found.exit_code == 0
    first, _, rest = found.stdout.partition("\n\n")
    assert first.endswith("This is the answer without it.")
    assert "\n" not in first
    assert rest == plain.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "x", "--model-address", "ftp://h/v1"), "starts with http:// or https://"),
        (("--model", "x", "--model-address", "http://a:b@h/v1"), "user name"),
        (("--model", "x", "--model-context", "12"), "from 1024"),
        (("--model", "x", "--model-key", "no-such-file"), "no-such-file"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_before_anything_is_asked(
    index: Path, options: tuple[str, ...], said: str
) -> None:
    found = ask(index, *options)
    assert found.exit_code == 2
    assert said in found.stderr
    assert found.stdout == ""


def test_control_c_while_it_writes_ends_the_writing_and_gives_the_answer(index: Path) -> None:
    plain = ask(index)
    with misbehaving("silent") as server:
        command = [sys.executable, "-m", "rag", "ask", QUESTION, "--index", str(index)]
        command += ["--model", "made", "--model-address", server.address]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as asking:
            assert until(lambda: bool(server.requests))
            asking.send_signal(signal.SIGINT)
            stdout, stderr = asking.communicate(timeout=20)
        assert server.requests[0].left.wait(5)
    assert asking.returncode == 0
    assert "Stopped." in stderr
    assert stdout == plain.stdout


def test_the_key_reaches_the_server_and_is_shown_nowhere(index: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-very-secret\n", "utf-8")
    (tmp_path / "key").chmod(0o600)
    with speaking(says) as server:
        found = ask(
            *(index, "--model", "made", "--model-address", server.address),
            *("--model-key", tmp_path / "key", "--json"),
        )
        sent = server.requests[0]
    assert sent.headers["authorization"] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in found.output + json.dumps(sent.body)
    assert "sk-very-secret" not in repr(Model("made", key="sk-very-secret"))


def test_the_evaluation_and_the_page_take_the_same_options() -> None:
    for command in ("ask", "eval", "serve"):
        told = CliRunner().invoke(main, [command, "--help"]).stdout
        for option in ("--model NAME", "--model-address URL", "--model-key FILE"):
            assert option in told
    assert "--model NAME" in (ROOT / "README.md").read_text("utf-8")
