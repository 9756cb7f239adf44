"""Passages and blocks: laws that hold for any text, for the five reports and for their briefs."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import CORPUS, FIVE
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.passages import cut_passages, search_prefix
from rag.reading import read_file
from rag.reading import read_text as read_report
from rag.reading.elements import Element, compose
from rag.records import Block, Metadata, Passage, Report
from rag.tokens import count_tokens

BUDGETS = (30, 55, 160, 300)

WORD = st.sampled_from(
    "the council staff DoLS carers naïve £111.5M 24/7 co-production (SAB) e.g. people’s “three "
    "👩‍👧 ةُ 中文报告 e\u0301 supercalifragilisticexpialidocious\U0001f600\U0001f600 x".split()
)
SENTENCE = st.lists(WORD, min_size=1, max_size=25).map(lambda found: " ".join(found) + ".")
PROSE = st.lists(SENTENCE, min_size=1, max_size=5).map(" ".join)
ODD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(
    lambda text: any(character.isalnum() for character in text)
)
PART = st.one_of(
    st.tuples(
        st.just("heading"), st.sampled_from(["Strengths", "For consideration", "Leadership"])
    ),
    st.tuples(st.sampled_from(["prose", "number", "bullet", "letter", "odd"]), PROSE | ODD),
)
PARTS = st.lists(PART, min_size=1, max_size=12)


def wrapped(text: str, width: int) -> str:
    """Broken between words into lines of at most ``width`` characters where that is possible."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def written(parts: list[tuple[str, str]], heading: str, bullet: str, width: int) -> str:
    """A document of the parts: headings, rising numbers, lettered items, bullets, paragraphs."""
    pieces, number, letters = ["Somebody wrote a report about the council."], 0, 0
    for position, (kind, text) in enumerate(parts):
        if kind == "heading":
            pieces.append(f"{heading}{text} {position}")
        elif kind == "number":
            number, letters = number + 1, 0
            pieces.append(wrapped(f"{number}. {text}", width))
        elif kind == "letter":
            letters += 1
            pieces.append(wrapped(f"{chr(96 + letters % 26)}. {text}", width))
        elif kind == "bullet":
            pieces.append(wrapped(f"{bullet} {text}", width))
        else:
            pieces.append(wrapped(text, width))
    return "\n\n".join([*pieces, "That is the end of the report."])


def report_of(text: str, name: str) -> Report:
    return read_report(text, Path(name), text.encode())


PLAIN = st.builds(
    lambda parts, width: report_of(written(parts, "", "•", width), "report.txt"),
    PARTS,
    st.sampled_from([40, 80, 10_000]),
)
MARKDOWN = st.builds(
    lambda parts, width: report_of(written(parts, "## ", "-", width), "report.md"),
    PARTS,
    st.sampled_from([40, 80, 10_000]),
)


def headings_differ(report: Report) -> bool:
    """False where one heading follows another of the same words; see the test that says so."""
    found = [block.section for block in report.blocks if block.kind == "heading"]
    return all(one != other for one, other in pairwise(found))


REPORT = (PLAIN | MARKDOWN).filter(headings_differ)


def content_of(report: Report) -> list[Block]:
    return [block for block in report.blocks if block.kind != "heading"]


def blocks_are_slices_in_order(report: Report) -> None:
    last = 0
    for block in report.blocks:
        assert last <= block.start < block.end <= len(report.text)
        assert report.text[block.start : block.end].strip() == report.text[block.start : block.end]
        last = block.end


def passages_are_slices_in_order(report: Report, passages: tuple[Passage, ...]) -> None:
    last = 0
    for seq, passage in enumerate(passages):
        assert passage.report == report.id
        assert passage.seq == seq
        assert passage.text == report.text[passage.start : passage.end]
        assert passage.text == passage.text.strip()
        assert last <= passage.start < passage.end
        last = passage.end


def passages_stay_between_headings_and_numbers(
    report: Report, passages: tuple[Passage, ...]
) -> None:
    for passage in passages:
        held = [b for b in report.blocks if b.start < passage.end and passage.start < b.end]
        if passage.kind == "heading":
            (heading,) = held
            assert (heading.kind, heading.section[:-1]) == ("heading", passage.section)
            continue
        assert "heading" not in {block.kind for block in held}
        assert len({re.sub(r"\D", "", block.paragraph or "") for block in held}) == 1
        assert {block.section for block in held} == {passage.section}
        assert passage.paragraph == held[0].paragraph


def passages_hold_every_word(report: Report, passages: tuple[Passage, ...]) -> None:
    held = {at for passage in passages for at in range(passage.start, passage.end)}
    for block in content_of(report):
        words = re.finditer(r"\w+", report.text[block.start : block.end])
        for word in words:
            assert set(range(block.start + word.start(), block.start + word.end())) <= held


def laws(report: Report, budget: int) -> None:
    blocks_are_slices_in_order(report)
    passages = cut_passages(report, budget)
    passages_are_slices_in_order(report, passages)
    passages_stay_between_headings_and_numbers(report, passages)
    passages_hold_every_word(report, passages)
    assert max(count_tokens(passage.text) for passage in passages) <= budget


@given(REPORT, st.sampled_from(BUDGETS))
@settings(deadline=None)
def test_passages_of_any_text_keep_the_laws(report: Report, budget: int) -> None:
    laws(report, budget)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", FIVE)
def test_passages_of_the_full_reports_keep_the_laws(
    reports_folder: Path, name: str, budget: int
) -> None:
    laws(read_file(reports_folder / f"{name}.txt"), budget)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", FIVE)
def test_passages_of_the_briefs_keep_the_laws(name: str, budget: int) -> None:
    laws(read_file(CORPUS / f"{name}.md"), budget)


def test_a_heading_printed_twice_still_parts_two_passages() -> None:
    report = report_of("## Staff\n\nFirst.\n\n## Staff\n\nSecond.", "report.md")
    assert [p.text for p in cut_passages(report, 160)] == ["First.", "Second."]


def test_a_counted_paragraph_of_a_brief_is_not_joined_to_the_numbered_one_before() -> None:
    brief = "---\nform: brief\n---\n(1) First.\n\n1. Numbered.\n\n(2) Second."
    passages = cut_passages(report_of(brief, "brief.md"), 160)
    assert [(p.paragraph, p.text) for p in passages] == [
        (None, "First."),
        ("1", "Numbered."),
        (None, "Second."),
    ]


def test_a_paragraph_and_its_list_stay_together_when_they_fit() -> None:
    report = report_of("## A\n\nThey found:\n\n- one\n- two\n\nNext one.", "report.md")
    passages = cut_passages(report, 160)
    assert [p.text for p in passages] == ["They found:\n• one\n• two", "Next one."]
    assert [p.lead for p in passages] == ["", ""]


def test_a_list_that_does_not_fit_is_cut_between_items_and_takes_its_lead_along() -> None:
    items = "".join(f"- item {n} of the list with a few more words in it\n" for n in range(1, 9))
    report = report_of(f"## A\n\nOne thing first. They found:\n\n{items}", "report.md")
    first, *others = cut_passages(report, 60)
    assert first.text.startswith("One thing first. They found:")
    assert first.lead == ""
    assert others
    for passage in others:
        assert passage.lead == "They found:"
        assert passage.text.startswith("item ")
        assert passage.text.endswith("in it")


def test_a_long_list_below_a_line_that_shows_nothing_is_cut() -> None:
    items = "".join(f"- item {n} of the list\n" for n in range(1, 21))
    passages = cut_passages(report_of(f"\u200b\n\n{items}", "report.md"), 40)
    assert passages[-1].text.endswith("item 20 of the list")


def test_each_lettered_item_of_a_long_list_is_a_passage_of_its_own(reports_folder: Path) -> None:
    report = read_file(reports_folder / "southampton-2019.txt")
    passages = cut_passages(report, 160)
    for letter in "abcdefghi":
        (block,) = [b for b in report.blocks if b.paragraph == f"18{letter}"]
        found = [p for p in passages if p.paragraph == f"18{letter}"]
        assert (found[0].start, found[-1].end) == (block.start, block.end)
        assert all("really good work" in p.lead for p in found)


def test_a_long_paragraph_is_cut_between_sentences_into_nearly_even_parts() -> None:
    sentence = "The council has a plan for the care of its people."
    report = report_of(" ".join([sentence] * 12), "report.txt")
    passages = cut_passages(report, 100)
    assert count_tokens(sentence) * 12 > 100
    sizes = [p.text.count(sentence) for p in passages]
    assert sum(sizes) == 12
    assert max(sizes) - min(sizes) <= 1
    assert all(p.text == " ".join([sentence] * n) for p, n in zip(passages, sizes, strict=True))


def test_a_sentence_without_blanks_is_cut_inside_but_never_inside_a_character() -> None:
    text = "👩‍👧中文" * 60
    report = report_of(f"{text}.", "report.md")
    passages = cut_passages(report, 30)
    assert len(passages) > 1
    assert "".join(p.text for p in passages) == f"{text}."


@pytest.mark.parametrize("budget", [20, 48])
@pytest.mark.parametrize("name", FIVE)
def test_a_search_prefix_ends_with_the_nearest_heading(name: str, budget: int) -> None:
    for passage in cut_passages(read_file(CORPUS / f"{name}.md"), 160):
        prefix = search_prefix(passage, budget)
        whole = ". ".join([*passage.section, *([passage.lead] if passage.lead else [])])
        assert whole.endswith(prefix)
        assert prefix == whole or count_tokens(whole) > budget


def test_a_search_prefix_fits_its_budget() -> None:
    report = report_of("## Support during the Covid-19 Pandemic\n\nFirst.", "report.md")
    (passage,) = cut_passages(report, 160)
    assert count_tokens(" Covid-19 Pandemic") == 5
    assert count_tokens(search_prefix(passage, 5)) <= 5


# --- tables ----------------------------------------------------------------------------------


def composed(elements: list[Element]) -> Report:
    text, blocks = compose(elements)
    return Report("made", Metadata(), text, blocks, "0")


def test_a_table_is_one_passage_apart_from_the_paragraph_and_the_list_around_it() -> None:
    report = composed(
        [
            Element("paragraph", "The grades are these."),
            Element("row", "Leadership: good"),
            Element("row", "Practice: poor"),
            Element("paragraph", "They had been better."),
            Element("item", "Once"),
            Element("row", "Year: 2019"),
        ]
    )
    assert [p.text for p in cut_passages(report, 160)] == [
        "The grades are these.",
        "Leadership: good\nPractice: poor",
        "They had been better.\n• Once",
        "Year: 2019",
    ]


def test_a_long_table_is_cut_between_its_rows() -> None:
    rows = [f"Row {n}: so many people were asked in the year and answered" for n in range(20)]
    report = composed([Element("heading", "Figures"), *(Element("row", row) for row in rows)])
    passages = cut_passages(report, 60)
    assert len(passages) > 3
    assert "\n".join(p.text for p in passages) == "\n".join(rows)
    assert {p.section for p in passages} == {("Figures",)}


@pytest.mark.parametrize(
    ("heading", "states"),
    [
        ("The graded judgement for adoption performance is that it is outstanding", True),
        ("Children’s services in Ambridge are inadequate", True),
        ("Experiences of children in care: requires improvement to be good", True),
        ("Leadership, management and governance: Good", True),
        ("What is it like to live here?", False),
        ("How the council is managed", False),
        ("Theme 1: Working with people", False),
        ("Strengths", False),
        ("Who is who", False),
    ],
)
def test_a_heading_is_a_passage_when_it_says_something_by_itself(
    heading: str, states: bool
) -> None:
    report = composed([Element("heading", heading), Element("paragraph", "Carers wait.")])
    first, *rest = cut_passages(report, 160)
    assert (first.kind == "heading", len(rest)) == (states, int(states))
    if states:
        assert (first.text, first.section) == (heading, ())


ELEMENT = st.builds(
    Element,
    st.sampled_from(["heading", "paragraph", "item", "row"]),
    PROSE,
    page=st.none() | st.integers(1, 9),
)
MADE = st.lists(ELEMENT, min_size=1, max_size=12).filter(
    lambda found: any(e.kind != "heading" for e in found)
)


@given(MADE.map(composed).filter(headings_differ), st.sampled_from(BUDGETS))
@settings(deadline=None)
def test_passages_of_any_elements_keep_the_laws(report: Report, budget: int) -> None:
    laws(report, budget)
    for passage in cut_passages(report, budget):
        kinds = {b.kind for b in report.blocks if b.start < passage.end and passage.start < b.end}
        assert kinds == {"row"} or "row" not in kinds
