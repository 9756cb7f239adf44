"""What a report is: from a catalogue, front matter or its own words, and its id."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from conftest import FIVE
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import InputError, ReadingError
from rag.reading import CATALOGUE_NAME, load_catalogue, read_file, read_text
from rag.reading.metadata import merge, metadata_from, report_id
from rag.records import Metadata


def stated(text: str) -> Metadata:
    """What a plain text says of itself."""
    return read_text(text, Path("report.txt"), text.encode()).metadata


def catalogue(folder: Path, text: str) -> dict[Path, Metadata]:
    (folder / CATALOGUE_NAME).write_text(text, encoding="utf-8")
    return load_catalogue(folder)


# --- from the text ---------------------------------------------------------------------------

BODY = "\n\nBackground\n\nThe team met many people there and thanks them all. It then left.\n"


def test_the_title_block_gives_title_council_date_and_kind() -> None:
    found = stated(f"Sefton Council adult social care peer challenge report\n\nJuly 2022{BODY}")
    assert found == Metadata(
        title="Sefton Council adult social care peer challenge report",
        council="Sefton Council",
        date="2022-07",
        kind="peer challenge",
    )


@pytest.mark.parametrize(
    "council",
    [
        "Sefton Council",
        "Southampton City Council",
        "Southend-on-Sea City Council",
        "Essex County Council",
        "Brighton and Hove City Council",
        "Wigan Metropolitan Borough Council",
        "London Borough of Croydon",
    ],
)
def test_a_council_is_named_as_it_is_printed(council: str) -> None:
    assert stated(f"{council}: adult social care inspection\n\nMay 2021{BODY}").council == council


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("July 2022", "2022-07"),
        ("Final report - June 2023", "2023-06"),
        ("JANUARY 1999", "1999-01"),
        ("Feedback report: March 2024", "2024-03"),
    ],
)
def test_month_and_year_of_the_title_block_are_the_date(printed: str, date: str) -> None:
    assert stated(f"An adult social care review\n\n{printed}{BODY}").date == date


def test_two_dates_in_the_title_block_leave_the_date_unknown() -> None:
    text = f"An adult social care review of May 2021\n\nPrinted in July 2022{BODY}"
    assert stated(text).date is None


def test_a_date_in_the_body_is_not_the_date_of_the_report() -> None:
    assert stated("Background\n\nThe team came in July 2022 and left.\n\nIt was long.").date is None


def test_what_the_text_does_not_say_stays_unknown() -> None:
    assert stated("The team met many people.\n\nIt then left.") == Metadata()


def test_two_councils_named_as_often_leave_the_council_unknown() -> None:
    assert stated("Leeds City Council met Essex County Council.\n\nThey left.").council is None


@pytest.mark.parametrize("words", ["The Council", "Every Council", "Your Council", "Our Council"])
def test_a_council_without_a_name_is_no_council(words: str) -> None:
    assert stated(f"{words} asked for a review.\n\n{words} was glad.").council is None


@pytest.mark.parametrize(
    ("name", "council", "date"),
    [
        ("sefton-2022", "Sefton Council", "2022-07"),
        ("somerset-2024", "Somerset Council", "2024-03"),
        ("southampton-2019", "Southampton City Council", None),
        ("southampton-2020", None, None),
        ("southend-2023", "Southend City Council", "2023-06"),
    ],
)
def test_the_five_reports_say_no_more_than_is_printed_in_them(
    reports_folder: Path, name: str, council: str | None, date: str | None
) -> None:
    found = read_file(reports_folder / f"{name}.txt").metadata
    assert (found.council, found.date, found.publisher) == (council, date, None)


# --- which source wins -----------------------------------------------------------------------


def test_the_catalogue_wins_over_front_matter_and_that_over_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "---\ncouncil: Leeds City Council\ndate: 2020\n---\n# Sefton Council peer review\n\nOne.",
        encoding="utf-8",
    )
    found = read_file(path, Metadata(date="2021-05")).metadata
    assert (found.date, found.council) == ("2021-05", "Leeds City Council")
    assert (found.title, found.kind) == ("Sefton Council peer review", "peer review")


VALUE = st.none() | st.sampled_from(["a", "b"])
FORM = st.sampled_from(["full", "brief"])
ANY = st.builds(Metadata, title=VALUE, council=VALUE, date=VALUE, form=FORM)


@given(ANY, ANY)
def test_merging_keeps_the_first_and_fills_its_gaps(first: Metadata, second: Metadata) -> None:
    merged = merge(first, second)
    for name in ("title", "council", "date"):
        expected = (
            getattr(first, name) if getattr(first, name) is not None else getattr(second, name)
        )
        assert getattr(merged, name) == expected
    assert (merged.form == "brief") == ("brief" in (first.form, second.form))


def test_empty_and_unknown_names_are_left_aside() -> None:
    assert metadata_from({"title": "", "date": None, "colour": "red"}) == Metadata()
    assert metadata_from({"title": " A  ", "date": 2022}) == Metadata(title="A", date="2022")


@pytest.mark.parametrize(
    "date", ["22", "2022-7", "2022-13", "2022-00", "2022-07-32", "July", "2022/07"]
)
def test_a_date_of_another_form_is_refused(date: str) -> None:
    with pytest.raises(ReadingError, match=date) as refused:
        metadata_from({"date": date})
    assert "2022-07-05" in refused.value.next_step


# --- the catalogue ---------------------------------------------------------------------------


def test_a_folder_without_catalogue_has_an_empty_one(tmp_path: Path) -> None:
    assert load_catalogue(tmp_path) == {}


def test_each_entry_is_found_by_the_path_of_its_file(tmp_path: Path) -> None:
    found = catalogue(
        tmp_path,
        '[[report]]\nfile = "a.txt"\ndate = 2022-07-05\n'
        '[[report]]\nfile = "b/c.txt"\ntitle = "C"\n',
    )
    assert found == {
        (tmp_path / "a.txt").resolve(): Metadata(date="2022-07-05"),
        (tmp_path / "b" / "c.txt").resolve(): Metadata(title="C"),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[report]\nfile = "a.txt"', "is not valid TOML: .*line 1"),
        ('[[report]]\nfile = "a.txt"\ntitle = A review\n', "is not valid TOML: .*line 3"),
        ('[[report]]\ntitle = "A"\n', r"has a \[\[report\]\] without a file"),
        ("[[report]]\nfile = 7\n", r"has a \[\[report\]\] without a file"),
        ('[[report]]\nfile = "a.txt"\ndate = "July"\n', "entry for a.txt: The date 'July'"),
        ('[[report]]\nfile = "a.txt"\nform = "short"\n', "entry for a.txt: The form 'short'"),
        ('[[report]]\nfile = "a.txt"\nid = "A b"\n', "entry for a.txt: The id 'A b'"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_refused_by_name_and_place(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as refused:
        catalogue(tmp_path, text)
    assert CATALOGUE_NAME in str(refused.value)


def test_a_catalogue_of_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / CATALOGUE_NAME).write_bytes('[[report]]\ntitle = "Café"'.encode("cp1252"))
    with pytest.raises(InputError, match="is not valid TOML"):
        load_catalogue(tmp_path)


@pytest.mark.parametrize("table", ["[report]", "[[reports]]", "[[Report]]"])
def test_a_catalogue_without_a_list_of_reports_is_refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(InputError, match=CATALOGUE_NAME):
        catalogue(tmp_path, f'{table}\nfile = "a.txt"\n')


# --- ids -------------------------------------------------------------------------------------

SEFTON = Metadata(council="Sefton Council", date="2022-07")
SOUTHEND = Metadata(council="Southend-on-Sea City Council", date="2023")


@pytest.mark.parametrize(
    ("metadata", "name", "id"),
    [
        (SEFTON, "report.pdf", "sefton-2022"),
        (SEFTON, "download (3).txt", "sefton-2022"),
        (SEFTON, "sefton-2022.txt", "sefton-2022"),
        (SEFTON, "Sefton peer challenge 2022.txt", "sefton-peer-challenge-2022"),
        (SEFTON, "sefton.txt", "sefton-2022"),
        (SEFTON, "2022.txt", "sefton-2022"),
        (Metadata(council="Southampton City Council", date="2019"), "x.txt", "southampton-2019"),
        (Metadata(council="London Borough of Croydon", date="2021-05-01"), "x.md", "croydon-2021"),
        (SOUTHEND, "x.md", "southend-on-sea-2023"),
        (SOUTHEND, "southend-2023.txt", "southend-2023"),
        (Metadata(council="Sefton Council"), "sefton-peers.txt", "sefton-peers"),
        (Metadata(), "southampton-2020.txt", "southampton-2020"),
        (Metadata(), "Peer Review (final).txt", "peer-review-final"),
        (Metadata(id="my-own"), "sefton-2022.txt", "my-own"),
        (Metadata(), "报告.txt", "report"),
    ],
)  # fmt: skip
def test_an_id_tells_council_and_year(metadata: Metadata, name: str, id: str) -> None:
    assert report_id(metadata, Path(name)) == id


@pytest.mark.parametrize("name", ["report", "download", "document-1", "final", "a"])
def test_a_name_that_tells_nothing_is_not_used_when_council_and_year_are_known(name: str) -> None:
    assert report_id(SEFTON, Path(f"{name}.pdf")) == "sefton-2022"


@pytest.mark.parametrize(
    ("council", "name", "id"),
    [
        ("St Helens Council", "latest-2022.txt", "st-helens-2022"),
        ("North Tyneside Council", "northern-reviews-2022.txt", "north-tyneside-2022"),
    ],
)
def test_a_name_tells_the_council_only_in_whole_words(council: str, name: str, id: str) -> None:
    assert report_id(Metadata(council=council, date="2022"), Path(name)) == id


@pytest.mark.parametrize("name", FIVE)
def test_each_report_of_a_catalogued_folder_has_its_known_id(
    reports_folder: Path, name: str
) -> None:
    path = reports_folder / f"{name}.txt"
    assert read_file(path, load_catalogue(reports_folder)[path.resolve()]).id == name


@given(st.text(max_size=100), st.none() | st.text(max_size=40), st.none() | st.just("2022"))
def test_an_id_is_never_empty_and_made_of_plain_characters(
    stem: str, council: str | None, date: str | None
) -> None:
    name = stem.replace("/", "").replace("\0", "") or "x"
    found = report_id(Metadata(council=council, date=date), Path(f"{name}.txt"))
    assert found
    assert set(found) <= set(string.ascii_lowercase + string.digits + "-")
    assert "--" not in f"-{found}-"
