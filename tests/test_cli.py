"""The command as a user meets it: answers on stdout, sentences on stderr, exit codes."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import ROOT

from rag.cli import main

ANSWER = """
    id question refused reason text citations coverage seconds understood decided closest without
    more written
""".split()
CITATION = """
    n report title council date form source section paragraph ordinal page quote passage start end
    score place also
""".split()
COVERAGE = "report title council date status reason citations probability".split()
HIT = """
    report title council date form section paragraph ordinal page role text start end score
""".split()
QUESTION = "who uses direct payments?"
COMMANDS = """
    add ask search reports remove verify eval serve password fetch backup restore reindex
""".split()
BATCH = """{"id": "first", "question": "who uses direct payments?"}

{"id": 2, "question": "is reablement quick?"}
{"question": "potholes?"}
"""


def rag(*arguments: str | Path, input: str | bytes | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(a) for a in arguments], input=input)


def real(*arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    command = [sys.executable, "-m", "rag", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def refused(result: Result, *said: str, code: int = 2) -> None:
    """The command said why in words on stderr, and nothing else."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for words in said:
        assert words in result.stderr


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two reports and a file that cannot be read."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "ambridge.md").write_text(
        "---\ncouncil: Ambridge Council\ndate: 2022-05\n---\n\n"
        "## Strengths\n\nDirect payments are used by 40 people.\n\nCarers are heard.\n",
        encoding="utf-8",
    )
    (folder / "borchester.md").write_text(
        "---\ncouncil: Borchester Council\ndate: 2023\n---\n\n"
        "## For consideration\n\nReablement is quick.\n",
        encoding="utf-8",
    )
    (folder / "picture.png").write_bytes(b"no report")
    return folder


@pytest.fixture(scope="module")
def index(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of those reports, built by a real process. Read only."""
    folder = tmp_path_factory.mktemp("cli") / "index"
    added = real("add", reports, "--index", folder)
    assert added.returncode == 1
    assert added.stdout == ""
    assert "added: ambridge.md as ambridge-2022, 2 passages" in added.stderr
    assert "failed: picture.png" in added.stderr
    assert "Traceback" not in added.stderr
    return folder


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text(BATCH, encoding="utf-8")
    return path


def test_files_that_can_be_read_go_in_beside_one_that_cannot(index: Path) -> None:
    result = rag("reports", "--json", "--index", index)
    assert result.exit_code == 0
    assert [row["report"] for row in json.loads(result.stdout)] == [
        "ambridge-2022",
        "borchester-2023",
    ]


def test_adding_again_says_so_file_by_file(index: Path, reports: Path) -> None:
    result = rag("add", reports, "--json", "--index", index)
    assert result.exit_code == 1
    assert [row["outcome"] for row in lines(result.stdout)] == ["unchanged", "unchanged", "failed"]
    assert rag("add", reports / "ambridge.md", "--index", index).exit_code == 0


def test_an_answer_in_words_quotes_and_names_every_report(index: Path) -> None:
    result = rag("ask", QUESTION, "--index", index)
    assert result.exit_code == 0
    assert "“Direct payments are used by 40 people.”" in result.stdout
    assert "Ambridge Council, May 2022" in result.stdout
    assert "Borchester Council, 2023" in result.stdout
    assert result.stderr == ""


def test_an_answer_in_json_has_the_documented_fields_and_no_others(index: Path) -> None:
    (answer,) = lines(rag("ask", QUESTION, "--json", "--index", index).stdout)
    assert list(answer) == ANSWER
    assert (answer["id"], answer["question"], answer["refused"]) == (None, QUESTION, False)
    assert list(answer["citations"][0]) == CITATION
    assert [list(row) for row in answer["coverage"]] == [COVERAGE, COVERAGE]
    assert [row["report"] for row in answer["coverage"]] == ["ambridge-2022", "borchester-2023"]


def test_a_batch_is_answered_one_line_each_with_its_ids(index: Path, batch: Path) -> None:
    result = rag("ask", "--batch", batch, "--json", "--index", index)
    assert result.exit_code == 0
    answers = lines(result.stdout)
    assert [answer["id"] for answer in answers] == ["first", "2", None]
    assert [answer["question"] for answer in answers] == [
        "who uses direct payments?",
        "is reablement quick?",
        "potholes?",
    ]
    assert all(list(answer) == ANSWER for answer in answers)
    piped = rag("ask", "--batch", "-", "--json", "--index", index, input=BATCH)
    assert [answer["text"] for answer in lines(piped.stdout)] == [a["text"] for a in answers]


def test_parts_are_taken_out_and_more_is_asked_for(index: Path) -> None:
    question = "what did Ambridge say about direct payments?"
    (found,) = lines(rag("ask", question, "--json", "--index", index).stdout)
    key = "council: Ambridge Council"
    parts = [f"{part['kind']}: {part['value']}" for part in found["understood"]["parts"]]
    assert key in parts
    options = ("--without", key, "--more", "--json", "--index", index)
    (wider,) = lines(rag("ask", question, *options).stdout)
    assert (wider["without"], wider["more"]) == ([key], True)
    assert "not asked" in {row["status"] for row in found["coverage"]}
    assert "not asked" not in {row["status"] for row in wider["coverage"]}
    refused(rag("ask", question, "--without", "Ambridge", "--index", index), "KIND: VALUE")


@pytest.mark.parametrize("ending", ["docx", "md", "csv", "html", "DOCX"])
def test_an_answer_is_written_as_a_paper(ending: str, index: Path, tmp_path: Path) -> None:
    paper = tmp_path / f"answer.{ending}"
    result = rag("ask", QUESTION, "--out", paper, "--index", index)
    assert result.exit_code == 0
    assert "Written:" in result.stderr
    assert paper.stat().st_size > 500


def test_a_paper_needs_a_known_ending_a_place_and_one_question(
    index: Path, batch: Path, tmp_path: Path
) -> None:
    refused(rag("ask", QUESTION, "--out", tmp_path / "a.odt", "--index", index), ".docx, .md")
    nowhere = tmp_path / "none" / "a.md"
    refused(rag("ask", QUESTION, "--out", nowhere, "--index", index), "cannot be written")
    refused(rag("ask", "--batch", batch, "--out", "a.md", "--index", index), "not a batch")


def test_a_search_gives_at_most_k_hits_with_the_documented_fields(index: Path) -> None:
    hits = json.loads(rag("search", QUESTION, "-k", "2", "--json", "--index", index).stdout)
    assert [list(hit) for hit in hits] == [HIT, HIT]
    assert hits[0]["text"] == "Direct payments are used by 40 people."
    assert hits[0]["score"] >= hits[1]["score"]
    every = json.loads(rag("search", QUESTION, "-k", "1000", "--json", "--index", index).stdout)
    assert len(every) == 3
    assert "1. ambridge-2022" in rag("search", QUESTION, "--index", index).stdout


def test_a_batch_is_searched_one_line_each_with_its_ids(index: Path, batch: Path) -> None:
    found = lines(rag("search", "--batch", batch, "-k", "1", "--index", index).stdout)
    assert [list(row) for row in found] == [["id", "question", "hits"]] * 3
    assert [row["id"] for row in found] == ["first", "2", None]
    assert [len(row["hits"]) for row in found] == [1, 1, 1]


def test_the_shelf_is_listed_in_words(index: Path) -> None:
    result = rag("reports", "--index", index)
    assert result.exit_code == 0
    assert "ambridge-2022" in result.stdout
    assert "May 2022" in result.stdout


def test_a_report_is_removed_and_an_unknown_one_is_named(reports: Path, tmp_path: Path) -> None:
    assert rag("add", reports / "ambridge.md", "--index", tmp_path).exit_code == 0
    refused(rag("remove", "absent", "--index", tmp_path), "'absent'", "ambridge-2022")
    result = rag("remove", "ambridge-2022", "--index", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(rag("reports", "--json", "--index", tmp_path).stdout) == []
    (answer,) = lines(rag("ask", QUESTION, "--json", "--index", tmp_path).stdout)
    assert (answer["refused"], answer["citations"], answer["coverage"]) == (True, [], [])


def test_verify_reports_a_good_index_and_fails_on_a_bad_one(reports: Path, tmp_path: Path) -> None:
    rag("add", reports / "ambridge.md", "--index", tmp_path)
    good = rag("verify", "--index", tmp_path)
    assert good.exit_code == 0
    assert "1 reports, 2 passages" in good.stdout
    with contextlib.closing(sqlite3.connect(tmp_path / "rag.sqlite")) as db, db:
        db.execute("DELETE FROM vectors")
    bad = rag("verify", "--json", "--index", tmp_path)
    assert bad.exit_code == 1
    checked = json.loads(bad.stdout)
    assert list(checked) == ["problems", "built_with", "reports", "vectors"]
    assert checked["problems"] == ["2 passages without a vector."]


@pytest.mark.parametrize(
    "arguments", [("ask", "x"), ("search", "x"), ("reports",), ("remove", "x"), ("verify",)]
)
def test_without_an_index_the_command_says_how_to_build_one(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    refused(rag(*arguments, "--index", tmp_path / "none"), "There is no index", "rag add PATH")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_that_cannot_be_used_is_refused(command: str, index: Path, batch: Path) -> None:
    refused(rag(command, "", "--index", index), "empty")
    refused(rag(command, " \n\t", "--index", index), "empty")
    refused(rag(command, "why? " * 500, "--index", index), "2499", "2000")
    refused(rag(command, "--index", index), "--batch")
    refused(rag(command, QUESTION, "--batch", batch, "--index", index), "--batch")
    refused(rag(command, "--batch", batch.parent / "absent", "--index", index), "absent")
    refused(rag("search", QUESTION, "-k", "0", "--index", index), "-k")


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[1, 2]",
        '{"id": "x"}',
        '{"question": 7}',
        "null",
        pytest.param('{"question": " "}', id="empty"),
        pytest.param(json.dumps({"question": "why? " * 500}), id="long"),
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_bad_line_of_a_batch_is_named_by_its_number(line: str, index: Path) -> None:
    text = f'{{"id": "good", "question": "{QUESTION}"}}\n\n{line}\n'
    result = rag("ask", "--batch", "-", "--index", index, input=text)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "Line 3" in result.stderr
    assert [row["id"] for row in lines(result.stdout)] == ["good"]


def test_a_batch_that_is_no_utf8_is_refused(index: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes('{"question": "Fürsorge?"}'.encode("latin-1"))
    refused(rag("ask", "--batch", tmp_path / "latin.jsonl", "--index", index), "UTF-8")


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    refused(rag("add", tmp_path / "absent", "--index", tmp_path), "does not exist")
    refused(rag("add", "--index", tmp_path), "PATH")


def test_a_damaged_index_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rag.sqlite").write_bytes(b"no store" * 1000)
    for arguments in (("ask", "x"), ("verify",), ("add", str(tmp_path))):
        refused(rag(*arguments, "--index", tmp_path), "is damaged", "rag add", code=1)


@pytest.mark.parametrize("name", ["[bold].md", "[x] 100%.md", "naïve 福祉.md", "{0}.md"])
def test_any_file_name_is_shown_as_it_is(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("Reablement is quick.", encoding="utf-8")
    result = rag("add", tmp_path / name, "--index", tmp_path / "index")
    assert result.exit_code == 0, result.output
    assert f"added: {name} as" in result.stderr


def test_every_command_explains_itself() -> None:
    every = rag("--help")
    assert every.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in every.stdout
        result = rag(command, "--help")
        assert result.exit_code == 0
        assert f"Usage: main {command}" in result.stdout
        assert "  -h, --help" in result.stdout
    assert sorted(main.commands) == sorted(COMMANDS)


def test_as_a_process_only_the_answer_is_on_stdout(index: Path, tmp_path: Path) -> None:
    answered = real("ask", QUESTION, "--json", "--index", index)
    assert (answered.returncode, len(lines(answered.stdout)), answered.stderr) == (0, 1, "")
    nothing = real("ask", QUESTION, "--index", tmp_path / "none")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert nothing.stderr.startswith("rag: There is no index")
    assert nothing.stderr.count("\n") == 1
