"""Paragraphs of the five full reports, worked out by eye: number, place and role of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import FIVE

from rag.passages import cut_passages
from rag.reading import load_catalogue, read_file
from rag.reading.headings import role_of
from rag.records import Block, Report, Role

SEFTON, SOMERSET, SOTON_2019, SOTON_2020, SOUTHEND = FIVE
SUMMARY_SUPPORT = ("Executive summary", "Providing support")
PEOPLE = ("Working with people",)
PEOPLE_STRENGTHS = ("Working with people", "Strengths")
PEOPLE_CONSIDER = ("Working with people", "For consideration")
SAFETY_STRENGTHS = ("Ensuring safety", "Strengths")
SAFETY_CONSIDER = ("Ensuring safety", "For consideration")
LEADERSHIP_CONSIDER = ("Leadership", "For consideration")
OUTCOMES = ("Outcomes for people to improve independence and wellbeing",)
APPENDIX = ("Appendix 1 – Key Areas of Focus benchmark questions",)
NEXT_STEPS = ("Recommendations for next steps",)
POLITICAL = ("Political recommendations",)
DETAIL = "DETAIL (Including consultation carried out)"
WITH_HEALTH = (
    DETAIL,
    "Integrated working with Health colleagues – Adult Social Care priorities",
)
TECHNOLOGY = (DETAIL, "Transformation & Technology Developments")
CLAIMED_STRENGTHS = "The strengths you identified in your self-assessment and our comments"
CLAIMED_RELATIONAL = (
    "Working with people",
    CLAIMED_STRENGTHS + ":",
    "Assessing Needs - Quality of our relational practice with people",
)
CLAIMED_CHALLENGES = (
    "Providing support",
    CLAIMED_STRENGTHS,
    "Care provision, integration and continuity – a clear understanding of the challenges facing "
    "the local care market and planning to address these challenges.",
)
CLAIMED_ENGAGEMENT = (
    "Providing support",
    "Areas for improvement and direction of travel you identified in your self-assessment",
    "Care provision, integration and continuity – to look at providing additional methods for "
    "provider engagement to inform key commissioning decisions.",
)


class Known(NamedTuple):
    """One paragraph: a few words that stand in it alone, and what a reader finds it to be."""

    report: str
    words: str
    printed: str | int
    """The number printed in front of it; where none is, which paragraph of its heading it is."""
    section: tuple[str, ...]
    role: Role | None


KNOWN = [
    Known(SEFTON, "identify and embed strengths based", 2, SUMMARY_SUPPORT, None),
    Known(SEFTON, "Councillor Khevyn Limbajee", "4", ("Background",), "context"),
    Known(SEFTON, "compassionate and inclusive leaders", "6", ("Background",), "context"),
    Known(SEFTON, "including that of unpaid carers", 1, PEOPLE, None),
    Known(SEFTON, "drop-in sessions for all staff", "22", PEOPLE_STRENGTHS, "strength"),
    Known(SEFTON, "integrate with community health", "30", PEOPLE_CONSIDER, "consideration"),
    Known(SEFTON, "based on the Three Conversations", "31", PEOPLE_CONSIDER, "consideration"),
    Known(SEFTON, "four Merseyside areas", "64", SAFETY_STRENGTHS, "strength"),
    Known(SEFTON, "number of inappropriate referrals", "73", SAFETY_CONSIDER, "consideration"),
    Known(SEFTON, "emerging neurodiversity agenda", "90", LEADERSHIP_CONSIDER, "consideration"),
    Known(SOTON_2019, "file audit and a self-assessment", "5", ("Report", "Background"), "context"),
    Known(SOTON_2019, "culture, within the adult", "13", ("Context",), "context"),
    Known(SOTON_2019, "Create a base budget", 1, ("Key Messages",), None),
    Known(SOTON_2019, "Adult Social Services with statutory", "15", ("Key Messages",), None),
    Known(SOTON_2019, "exemplar of integration", "18c", ("Key Messages",), None),
    Known(SOTON_2019, "adult social care is working with", "22", POLITICAL, "recommendation"),
    Known(SOTON_2019, "managing risk and the allocation", "40b", OUTCOMES, None),
    Known(SOTON_2019, "sometimes scuppered by a lack", "42", OUTCOMES, None),
    Known(SOTON_2019, "Commissioning and Market Shaping", 4, APPENDIX, "context"),
    Known(
        SOTON_2020, "impact this continues to have", "(i)", ("RECOMMENDATIONS:",), "recommendation"
    ),
    Known(
        SOTON_2020, "of designated beds required", "6", (*WITH_HEALTH, "Intermediate Care"), None
    ),
    Known(
        SOTON_2020,
        "implementation of national discharge",
        "8",
        (*WITH_HEALTH, "Care home and home care"),
        None,
    ),
    Known(
        SOTON_2020,
        "regular respite stays but",
        "10",
        (*WITH_HEALTH, "Support for unpaid carers"),
        None,
    ),
    Known(SOTON_2020, "Access to general housing", "11", (*WITH_HEALTH, "Mental health"), None),
    Known(SOTON_2020, "tight oversight of the demand", "17", TECHNOLOGY, None),
    Known(
        SOTON_2020, "Risks are proactively managed", "22", ("RISK MANAGEMENT IMPLICATIONS",), None
    ),
    Known(SOUTHEND, "review your evidence library", 2, ("Our findings and key messages",), None),
    Known(SOUTHEND, "positive, and dedicated staff team", 1, PEOPLE_STRENGTHS, "strength"),
    Known(SOUTHEND, "3-conversation model has been pulled", 4, CLAIMED_RELATIONAL, None),
    Known(SOUTHEND, "shared chairing", 2, CLAIMED_ENGAGEMENT, None),
    Known(
        SOUTHEND,
        "very poor experiences",
        3,
        ("Providing support", "For Consideration"),
        "consideration",
    ),
    Known(SOMERSET, "1: Working with People", 6, ("Background",), "context"),
    Known(
        SOMERSET,
        "uses artificial intelligence",
        8,
        ("1. How the Local Authority works with people",),
        None,
    ),
    Known(
        SOMERSET,
        "micro-provider market is thriving",
        9,
        ("2. How the Local Authority provides support",),
        None,
    ),
    Known(SOMERSET, "Transformation Steering Group", 8, ("4. Leadership",), None),
    Known(SOMERSET, "value of the new unitary", 4, NEXT_STEPS, "recommendation"),
]

MISREAD = [
    pytest.param(
        Known(SOUTHEND, "still face huge challenges", 1, CLAIMED_CHALLENGES, None),
        id="claim with challenges",
    ),
    pytest.param(
        Known(
            SOTON_2020, "To update the Chair", "1", ("REASONS FOR REPORT RECOMMENDATIONS",), None
        ),
        id="reasons for recommendations",
    ),
    pytest.param(
        Known(
            SOTON_2020,
            "Budget Challenge Sessions",
            "17",
            (*TECHNOLOGY, "Demand management and growth:"),
            None,
        ),
        id="sub-heading with a colon",
    ),
]


@pytest.fixture(scope="module")
def reports(reports_folder: Path) -> dict[str, Report]:
    catalogue = load_catalogue(reports_folder)
    files = sorted(reports_folder.glob("*.txt"))
    read = [read_file(file, catalogue[file.resolve()]) for file in files]
    return {report.id: report for report in read}


def blocks_of(report: Report) -> list[Block]:
    return [block for block in report.blocks if block.kind != "heading"]


@pytest.mark.parametrize(
    "known", [*(pytest.param(k, id=f"{k.report} {k.words}") for k in KNOWN), *MISREAD]
)
def test_a_known_paragraph_has_its_number_place_and_role(
    reports: dict[str, Report], known: Known
) -> None:
    report = reports[known.report]
    places = [b for b in blocks_of(report) if known.words in report.text[b.start : b.end]]
    assert len(places) == 1
    (block,) = places
    printed = block.paragraph if block.paragraph is not None else block.ordinal
    assert (printed, block.section) == (known.printed, known.section)
    assert role_of(block.section) == known.role


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: f"{k.report} {k.words}")
def test_a_passage_is_cited_under_the_heading_of_its_paragraph(
    reports: dict[str, Report], known: Known
) -> None:
    report = reports[known.report]
    at = report.text.index(known.words, min(b.start for b in blocks_of(report)))
    (passage,) = [p for p in cut_passages(report, 160) if p.start <= at < p.end]
    assert (passage.section, passage.role) == (known.section, known.role)


@pytest.mark.parametrize("name", FIVE)
def test_each_report_is_read_under_its_known_name(reports: dict[str, Report], name: str) -> None:
    assert name in reports
    assert len(reports) == len(FIVE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (SEFTON, list(range(1, 90 + 1))),
        (SOTON_2019, [n for n in range(1, 76 + 1) if n != 14]),
        (SOTON_2020, list(range(1, 23 + 1))),
        (SOMERSET, []),
        (SOUTHEND, []),
    ],
)
def test_the_printed_numbers_are_those_of_the_report_in_order(
    reports: dict[str, Report], name: str, expected: list[int]
) -> None:
    whole = [b.paragraph for b in reports[name].blocks if (b.paragraph or "").isdigit()]
    assert list(dict.fromkeys(whole)) == [str(n) for n in expected]
    assert whole == sorted(whole, key=lambda n: int(n or 0))


def test_the_lettered_items_of_southampton_2019_are_those_printed(
    reports: dict[str, Report],
) -> None:
    found = [b.paragraph for b in reports[SOTON_2019].blocks if b.paragraph]
    lettered = [p for p in found if re.fullmatch(r"\d+[a-z]", p)]
    assert lettered == [
        *(f"18{c}" for c in "abcdefghi"),
        *(f"19{c}" for c in "abcde"),
        "40a",
        "40b",
        "40c",
    ]


def test_a_form_field_is_no_item_of_the_paragraph_above(reports: dict[str, Report]) -> None:
    report = reports[SOTON_2020]
    (block,) = [b for b in report.blocks if "KEY DECISION" in report.text[b.start : b.end]]
    assert block.paragraph != "23"


@pytest.mark.parametrize("name", FIVE)
def test_no_block_starts_or_ends_with_white_space(reports: dict[str, Report], name: str) -> None:
    report = reports[name]
    for block in report.blocks:
        text = report.text[block.start : block.end]
        assert text
        assert text == text.strip()


@pytest.mark.parametrize("name", FIVE)
def test_furniture_of_web_pages_is_nowhere_in_the_text(
    reports: dict[str, Report], name: str
) -> None:
    text = reports[name].text
    assert "[email" not in text
    assert "devolution and LGR hub" not in text
    assert not re.search(r"^\s*https?://\S+\s*$", text, re.MULTILINE)


def test_an_address_inside_a_sentence_is_kept(reports: dict[str, Report]) -> None:
    text = reports[SOTON_2019].text
    (block,) = [
        b
        for b in reports[SOTON_2019].blocks
        if "attendance at the National" in text[b.start : b.end]
    ]
    assert "(https://www.local.gov.uk/NCASC-2019)" in text[block.start : block.end]
    assert block.paragraph == "29"


def test_the_contents_list_of_somerset_makes_no_headings(reports: dict[str, Report]) -> None:
    headings = [s for b in reports[SOMERSET].blocks for s in b.section]
    assert "Safeguarding" not in headings
    assert "Partnerships and communities" not in headings
    assert "4. Leadership" in headings


def test_the_summary_and_the_theme_of_one_name_are_two_places(reports: dict[str, Report]) -> None:
    sections = {b.section for b in reports[SEFTON].blocks}
    for theme in ("Working with people", "Providing support", "Ensuring safety", "Leadership"):
        assert ("Executive summary", theme) in sections
        assert (theme, "Strengths") in sections
        assert (theme, "For consideration") in sections
