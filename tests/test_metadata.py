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
from rag.reading.elements import Element, Kind
from rag.reading.metadata import merge, metadata_from, metadata_from_text, report_id
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


# --- from a first page -----------------------------------------------------------------------


def page(*lines: str, front: tuple[str, ...] = (), kind: Kind = "paragraph") -> list[Element]:
    """A first page: its title block, then lines of one kind."""
    return [Element("front", t, page=1) for t in front] + [Element(kind, t, page=1) for t in lines]


@pytest.mark.parametrize(
    ("front", "council"),
    [
        (("Bolton",), "Bolton Council"),
        (("Bristol City of",), "Bristol Council"),
        (("Borough of Redcar and Cleveland",), "Redcar and Cleveland Council"),
        (
            ("Inspection of Leicestershire County Council services",),
            "Leicestershire County Council",
        ),
        (("Royal Borough of Greenwich",), "Royal Borough of Greenwich"),
        (("Review of the London Borough of Sutton Council",), "London Borough of Sutton"),
        (("Inspection of East Riding services",), "East Riding of Yorkshire Council"),
        (("Inspection of North East Lincolnshire services",), "North East Lincolnshire Council"),
        (("Leeds and Bradford", "A joint review"), None),
        (("A review of services for people",), None),
    ],
)
def test_a_place_that_alone_heads_the_page_names_its_council(
    front: tuple[str, ...], council: str | None
) -> None:
    assert metadata_from_text(page(front=front)).council == council


def test_the_council_s_full_name_is_taken_from_the_page_where_it_is_printed() -> None:
    found = metadata_from_text(page("Surrey County Council is large.", front=("Surrey",)))
    assert found.council == "Surrey County Council"
    found = metadata_from_text(page("Kent County Council is large.", front=("Surrey",)))
    assert found.council == "Surrey Council"


def test_a_line_with_nothing_but_a_council_is_not_the_title() -> None:
    front = ("Bath and North East Somerset", "Inspection of services for children")
    assert metadata_from_text(page(front=front)).title == "Inspection of services for children"


@pytest.mark.parametrize(
    ("lines", "stem", "date"),
    [
        (("Report published: 7 July 2017", "Inspection date: 1 May 2017"), "x", "2017-07-07"),
        (("Published on 7th July 2017",), "x", "2017-07-07"),
        (("Inspection dates: 11 to 15 September 2023",), "report", "2023-09-15"),
        (("Inspection dates: 24 January to 4 February 2022",), "", "2022-02-04"),
        (("Inspection date: 14 January – 5 February 2014",), "", "2014-02-05"),
        (("Inspection date: 26 February 2018–22 March 2018",), "", "2018-03-22"),
        (("Visit dates: 11 to 15 September 2023",), "bolton-27-october-2023", "2023-10-27"),
        (("Visit dates: 11 to 15 September 2023",), "bolton_2023-10-27_final", "2023-10-27"),
        (("Visit dates: 11 to 15 September 2023",), "bolton-27-october-2022", "2023-09-15"),
        (("Visit dates: 11 to 15 September 2023",), "bolton-27-october-2025", "2023-09-15"),
        (("Visit dates: 11 to 15 September 2023",), "bolton-31-november-2023", "2023-09-15"),
        (("The visit dates back to 7 July 2017.",), "bolton-27-october-2017", None),
        (("It was published: 7 July 2017",), "", None),
        (("Inspection date: 31 June 2017",), "", None),
    ],
)
def test_publication_goes_before_the_name_and_that_before_the_visit(
    lines: tuple[str, ...], stem: str, date: str | None
) -> None:
    assert metadata_from_text(page(*lines), stem).date == date


@pytest.mark.parametrize(
    ("line", "judgement"),
    [
        ("Overall effectiveness: Good", "Good"),
        ("Overall rating: Requires improvement", "Requires improvement"),
        ("Overall judgement is outstanding", "Outstanding"),
        ("The overall judgement is that children’s services are inadequate", "Inadequate"),
        ("Services in Oldham require improvement to be Good", "Requires improvement to be good"),
        ("Services in Oldham are not yet good", None),
        ("Children in care: Good", None),
        ("Overall effectiveness: not judged", None),
        ("Services in Oldham are good and people know it", None),
    ],
)
def test_the_overall_judgement_is_found_in_the_words_of_the_report(
    line: str, judgement: str | None
) -> None:
    assert metadata_from_text(page(line)).judgement == judgement


def test_the_judgement_of_the_services_counts_before_that_of_a_board() -> None:
    board = "The Local Safeguarding Children Board requires improvement"
    assert metadata_from_text(page(board)).judgement == "Requires improvement"
    found = metadata_from_text(page(board, "Children’s services in Leeds are good"))
    assert found.judgement == "Good"


def test_two_verdicts_that_disagree_are_none() -> None:
    lines = ("Services for adults are good", "Services for children are inadequate")
    assert metadata_from_text(page(*lines)).judgement is None


def test_a_judgement_further_on_is_not_that_of_the_first_page() -> None:
    later = [*page("It came in May."), Element("row", "Overall effectiveness: Good", page=2)]
    assert metadata_from_text(later).judgement is None


@pytest.mark.parametrize(
    ("line", "publisher"),
    [
        ("Write to enquiries@ofsted.gov.uk for a copy.", "Ofsted"),
        ("E: enquiries@cqc.org.uk", "Care Quality Commission"),
        ("© Local Government Association, June 2023", "Local Government Association"),
        ("Email: someone.else@local.gov.uk", None),
        ("Ofsted came in 2019 and the Care Quality Commission in 2021.", None),
        ("enquiries@ofsted.gov.uk or enquiries@cqc.org.uk", None),
        ("enquiries@notofsted.gov.uk", None),
    ],
)
def test_the_publisher_is_who_holds_the_copyright_or_takes_enquiries(
    line: str, publisher: str | None
) -> None:
    assert metadata_from_text(page(line)).publisher == publisher


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
