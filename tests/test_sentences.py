"""Sentences: spans in order that hold everything but white space and bullets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import CORPUS, FIVE
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.reading import read_file
from rag.sentences import sentence_spans

WORDS = st.sampled_from(
    "The team of Dr. Smith e.g. found (see p. 3) that 1.5 per cent, i.e. £2.5m, is good! Why? "
    "“Yes.” No. St. Helens A.B. 5th–7th July 2022. don’t … 👩‍👧 é ةُ 中文。 [a] x; - • – … ."
    "".split()
)
PROSE = st.lists(st.lists(WORDS, max_size=20).map(" ".join), max_size=5).map("\n".join)
ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


def check(text: str) -> None:
    """The three laws: in order and apart, without white space around, nothing left out."""
    spans = sentence_spans(text)
    last = 0
    for start, end in spans:
        assert last <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert "\n" not in text[start:end]
        last = end
    held = {at for start, end in spans for at in range(start, end)}
    rest = "".join("\n" if c == "\n" else " " if at in held else c for at, c in enumerate(text))
    for line in rest.split("\n"):
        assert re.fullmatch(r"\s*|[•▪●◦‣·–-]\s+", line)


def words_on_every_line(text: str) -> bool:
    return all(any(c.isalnum() for c in line) for line in text.split("\n") if line)


@given(PROSE.filter(words_on_every_line) | ODD.filter(words_on_every_line))
@settings(deadline=None)
@example("• One. Two.\n- Three\n\n")
@example("")
@example("Seen by Dr. Smith. Then by others.")
def test_sentences_are_in_order_and_leave_out_only_blanks_and_bullets(text: str) -> None:
    check(text)


@pytest.mark.parametrize("name", FIVE)
def test_sentences_hold_all_of_a_full_report(reports_folder: Path, name: str) -> None:
    report = read_file(reports_folder / f"{name}.txt")
    check(report.text)


@pytest.mark.parametrize("name", FIVE)
def test_sentences_hold_all_of_a_brief(name: str) -> None:
    check(read_file(CORPUS / f"{name}.md").text)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize("blank", [" ", "• ", "\u200b", "\xa0"])
def test_a_line_without_words_breaks_nothing(blank: str) -> None:
    text = f"One.\n{blank}\nTwo."
    assert [s for s in sentences(text) if s != "\u200b"] == ["One.", "Two."]


def test_two_sentences_on_one_line_are_two() -> None:
    assert sentences("Staff are proud. Carers wait too long.") == [
        "Staff are proud.",
        "Carers wait too long.",
    ]


def test_each_line_ends_a_sentence_because_items_stand_on_their_own_lines() -> None:
    text = "They found:\n• good practice\n• a strong team"
    assert sentences(text) == ["They found:", "good practice", "a strong team"]


@pytest.mark.parametrize(
    "text",
    [
        "Spending rose to £111.5m in 2018/19.",
        "The wait, e.g. for an assessment, is long.",
        "The team (see Appendix 1) met Dr. Smith.",
        "Some people, i.e. carers, were not asked.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(text: str) -> None:
    assert sentences(text) == [text]
