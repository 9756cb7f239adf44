"""Killed at random moments, adding ends with the same shelf; the small form of the measurement."""

from __future__ import annotations

from conftest import CORPUS

from evals.kills import run


def test_killed_again_and_again_the_shelf_ends_as_one_that_was_built_in_peace() -> None:
    questions = ["how did councils handle DoLS backlogs?", "who uses direct payments?"]
    found = run(CORPUS, kills=6, longest=1.5, seed=7, questions=questions)
    assert found["files"] == 5
    assert found["before the run had ended"] >= 3
    assert found["shelves that did not pass verify"] == 0
    assert found["reports told as added and lost"] == 0
    assert all(found["the same in the end"].values()), found["the same in the end"]
