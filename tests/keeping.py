"""What the tests of the store's safety share: small shelves, what they answer, limited children."""

from __future__ import annotations

import os
import resource
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from conftest import WordEncoder

from rag.assistant import Assistant
from rag.errors import RagError
from rag.records import Answer, ReportInfo
from rag.reranking import Scores

QUESTION = "who uses direct payments?"


class WordReranker:
    """A pure function of the text: sure of texts with a longer word of the question."""

    def score(self, question: str, texts: Sequence[str]) -> Scores:
        words = [word for word in question.lower().strip("?").split() if len(word) > 4]
        sure = [any(word in text.lower() for word in words) for text in texts]
        return np.where(np.array(sure, dtype=bool), 9.0, -9.0).astype(np.float32)


def opened(folder: Path, encoder: WordEncoder | None = None, *, create: bool = False) -> Assistant:
    """An assistant without learnt models."""
    encoder = encoder or WordEncoder()
    return Assistant.open(folder, create=create, encoder=encoder, reranker=WordReranker())


def write(path: Path, *paragraphs: str) -> Path:
    """A report of one section."""
    path.write_text("\n\n".join(["## Strengths", *paragraphs]), encoding="utf-8")
    return path


def small_shelf(home: Path) -> Path:
    """A closed index of three reports, two of which share a passage."""
    files = [
        write(home / "first.md", "Direct payments are used by 40 people.", "Carers wait."),
        write(home / "second.md", "Carers wait.", "Reablement is quick."),
        write(home / "third.md", "Direct payments (DP) are slow.", "Trams are rare, see DP."),
    ]
    with opened(home / "index", create=True) as shelf:
        assert [o.outcome for o in shelf.add(files)] == ["added"] * 3
    return home / "index"


def shape(answer: Answer) -> object:
    """What an answer says, without how long it took."""
    return answer.text, answer.citations, answer.coverage


def state(folder: Path, encoder: WordEncoder | None = None) -> tuple[list[ReportInfo], object]:
    """What a reader gets of an index, which must also be sound."""
    with opened(folder, encoder) as shelf:
        assert shelf.verify() == []
        return shelf.reports(), shape(shelf.ask(QUESTION))


def in_child(task: Callable[[], object]) -> tuple[int, str]:
    """Run a task in a process of its own, as a command would: its exit code and its message."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            task()
            code, said = 0, ""
        except RagError as error:
            code, said = error.exit_code, str(error)
        except BaseException:  # noqa: BLE001  a fork must never come back to pytest
            code, said = 99, traceback.format_exc()
        os.write(writing, said.encode()[:4000])
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def with_files_of_at_most(size: int, task: Callable[[], object]) -> Callable[[], object]:
    """The task on a disk where no file can grow beyond ``size`` bytes."""

    def limited() -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return task()

    return limited
