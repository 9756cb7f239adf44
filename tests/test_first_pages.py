"""What 43 inspection reports say of themselves: council, date of publication, overall judgement.

The place and the date are those of the files' names, given by their publisher; the judgements
were looked up by eye on the first pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
from conftest import SHARED

from rag.councils import place_of
from rag.dates import MONTHS
from rag.reading.elements import Document
from rag.reading.metadata import metadata_from_text, report_id, slug
from rag.reading.pdf import read_pdf
from rag.records import Metadata

FOLDER = SHARED / "ofsted"
GOOD, OUTSTANDING, INADEQUATE = "Good", "Outstanding", "Inadequate"
REQUIRES, TO_BE_GOOD = "Requires improvement", "Requires improvement to be good"
JUDGEMENTS = {
    "bath-and-north-east-somerset-07-july-2017": GOOD,
    "bath-and-north-east-somerset-19-april-2022": GOOD,
    "blackburn-with-darwen-08-december-2017": GOOD,
    "blackburn-with-darwen-18-march-2022": TO_BE_GOOD,
    "bolton-12-june-2018": GOOD,
    "bolton-21-march-2014": REQUIRES,
    "bolton-27-october-2023": GOOD,
    "bristol-05-december-2014": REQUIRES,
    "bristol-10-march-2023": TO_BE_GOOD,
    "bristol-22-october-2018": TO_BE_GOOD,
    "buckinghamshire-08-august-2014": INADEQUATE,
    "buckinghamshire-11-february-2022": TO_BE_GOOD,
    "buckinghamshire-29-january-2018": INADEQUATE,
    "central-bedfordshire-04-march-2022": GOOD,
    "central-bedfordshire-25-august-2017": GOOD,
    "cheshire-west-and-chester-08-may-2019": GOOD,
    "cheshire-west-and-chester-19-february-2016": GOOD,
    "cheshire-west-and-chester-28-august-2024": TO_BE_GOOD,
    "east-riding-of-yorkshire-13-february-2017": GOOD,
    "east-riding-of-yorkshire-13-march-2020": INADEQUATE,
    "east-riding-of-yorkshire-24-march-2023": GOOD,
    "kingston-upon-thames-03-august-2015": GOOD,
    "kingston-upon-thames-19-december-2019": OUTSTANDING,
    "kingston-upon-thames-29-january-2025": OUTSTANDING,
    "leicestershire-04-november-2019": TO_BE_GOOD,
    "leicestershire-12-july-2024": OUTSTANDING,
    "leicestershire-13-february-2017": TO_BE_GOOD,
    "north-east-lincolnshire-25-september-2017": GOOD,
    "north-east-lincolnshire-26-november-2021": INADEQUATE,
    "oldham-03-august-2015": TO_BE_GOOD,
    "oldham-04-march-2019": TO_BE_GOOD,
    "oldham-12-july-2024": GOOD,
    "redcar-and-cleveland-07-april-2017": TO_BE_GOOD,
    "redcar-and-cleveland-22-september-2022": TO_BE_GOOD,
    "surrey-03-august-2015": REQUIRES,  # a review of the safeguarding board alone
    "surrey-03-june-2015": INADEQUATE,
    "surrey-09-march-2022": TO_BE_GOOD,
    "surrey-16-may-2018": INADEQUATE,
    "sutton-01-february-2022": GOOD,
    "sutton-13-february-2017": GOOD,
    "warrington-12-may-2015": REQUIRES,
    "warrington-19-august-2019": GOOD,
    "warrington-30-july-2024": GOOD,
}
NEARLY_ALL = 0.95


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    if not FOLDER.is_dir():
        pytest.skip("the inspection reports (../shared/ofsted) are not on this machine")
    found = {path.stem: read_pdf(path.read_bytes(), path.name) for path in FOLDER.glob("*.pdf")}
    assert set(found) == set(JUDGEMENTS)
    return found


@pytest.fixture(scope="module")
def stated(documents: dict[str, Document]) -> dict[str, Metadata]:
    return {stem: metadata_from_text(d.elements, stem) for stem, d in documents.items()}


def known(stem: str) -> tuple[str, str]:
    """Place and ISO date that the publisher put in a file's name."""
    match = re.fullmatch(r"(.+)-(\d\d)-([a-z]+)-(\d{4})", stem)
    assert match is not None
    place, day, month, year = match.groups()
    return place, f"{year}-{MONTHS.index(month.capitalize()) + 1:02d}-{day}"


def wrong(found: dict[str, object], expected: dict[str, object]) -> dict[str, object]:
    return {stem: found[stem] for stem, value in expected.items() if found[stem] != value}


def few(missed: dict[str, object]) -> bool:
    return len(missed) <= (1 - NEARLY_ALL) * len(JUDGEMENTS)


def test_the_council_is_the_one_that_the_report_is_about(stated: dict[str, Metadata]) -> None:
    found: dict[str, object] = {s: slug(place_of(m.council or "")) for s, m in stated.items()}
    missed = wrong(found, {stem: known(stem)[0] for stem in stated})
    assert few(missed), missed


def test_the_date_is_that_of_publication(stated: dict[str, Metadata]) -> None:
    missed = wrong({s: m.date for s, m in stated.items()}, {s: known(s)[1] for s in stated})
    assert few(missed), missed


def test_a_name_without_a_date_leaves_what_the_page_says(documents: dict[str, Document]) -> None:
    for stem, document in documents.items():
        found = metadata_from_text(document.elements, "report").date
        assert found is not None
        published = known(stem)[1]
        assert found[:4] in (published[:4], str(int(published[:4]) - 1))
        assert found <= published


def test_the_judgement_is_the_overall_one(stated: dict[str, Metadata]) -> None:
    missed = wrong({s: m.judgement for s, m in stated.items()}, dict(JUDGEMENTS))
    assert few(missed), missed


def test_publisher_kind_and_title_are_told(stated: dict[str, Metadata]) -> None:
    assert {m.publisher for m in stated.values()} == {"Ofsted"}
    kinds = {stem: m.kind for stem, m in stated.items()}
    assert kinds.pop("surrey-03-august-2015") == "review"
    assert set(kinds.values()) == {"inspection"}
    assert all(
        (m.title or "").startswith(("Inspection", "Re-inspection", "Review"))
        for m in stated.values()
    )


def test_a_report_keeps_the_name_of_its_file(stated: dict[str, Metadata]) -> None:
    assert all(report_id(m, Path(f"{stem}.pdf")) == stem for stem, m in stated.items())
    ids = {report_id(stated[stem], Path("report.pdf")) for stem in stated}
    assert "bolton-2023" in ids


def test_grades_dates_and_inspectors_are_content(documents: dict[str, Document]) -> None:
    for stem, document in documents.items():
        page = [e.text for e in document.elements if e.page == 1 and e.kind in ("paragraph", "row")]
        assert any(re.match("Inspection dates?:", text) for text in page), stem
        assert any(re.search("good|outstanding|inadequate|improvement", t, re.I) for t in page), (
            stem
        )


def test_the_printed_numbers_run_without_a_gap(documents: dict[str, Document]) -> None:
    for stem, document in documents.items():
        labels = [e.label for e in document.elements if e.kind == "paragraph" and e.label]
        assert labels == [str(n) for n in range(1, len(labels) + 1)], stem
        assert len(labels) >= 17, stem


def test_no_text_is_lost_but_page_numbers(documents: dict[str, Document]) -> None:
    """Held against pdfium's own text, in which the order may differ but not the letters."""
    for stem in ("bolton-21-march-2014", "warrington-12-may-2015", "oldham-04-march-2019"):
        with pypdfium2.PdfDocument((FOLDER / f"{stem}.pdf").read_bytes()) as pdf:
            printed = [page.get_textpage().get_text_range() for page in pdf]
        got = "".join(
            re.findall(r"\w", "".join(e.text + (e.label or "") for e in documents[stem].elements))
        )
        whole = "".join(re.findall(r"\w", "".join(printed)))
        assert 0.995 * len(whole) <= len(got) <= len(whole)
