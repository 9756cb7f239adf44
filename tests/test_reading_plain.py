"""Reading a file: its bytes, what cannot be read, and the layout of plain text."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ReadingError, UnknownKindError
from rag.reading import KINDS, read_file, read_text
from rag.records import Block, Report
from rag.settings import LARGEST_FILE

LINE = "Peers’ view – it costs £5 in a café."


def plain(text: str) -> Report:
    return read_text(text, Path("report.txt"), text.encode())


def told(report: Report) -> list[tuple[str, str | None, str]]:
    """Kind, printed number and text of every block."""
    return [(b.kind, b.paragraph, report.text[b.start : b.end]) for b in report.blocks]


def block_with(report: Report, words: str) -> Block:
    (found,) = [b for b in report.blocks if words in report.text[b.start : b.end]]
    return found


# --- bytes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"], ids=str)
@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_a_file_of_any_known_encoding_gives_the_same_text(
    tmp_path: Path, encoding: str, suffix: str
) -> None:
    path = tmp_path / f"report{suffix}"
    path.write_bytes(LINE.encode(encoding))
    assert read_file(path).text == LINE


def test_utf_16_of_either_byte_order_is_told_by_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"\xfe\xff" + LINE.encode("utf-16-be"))
    assert read_file(path).text == LINE


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x0b", "\x1b", "\x1f", "\x7f", "\ufeff"])
def test_control_characters_are_left_out(tmp_path: Path, control: str) -> None:
    path = tmp_path / "report.txt"
    path.write_text(f"Sta{control}ff are{control} proud.{LINE * 5}", encoding="utf-8")
    assert read_file(path).text == f"Staff are proud.{LINE * 5}"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_of_any_system_read_alike(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(ending.join(["Staff are", "proud.", "", "Carers wait."]).encode())
    assert read_file(path).text == "Staff are proud.\n\nCarers wait."


def test_the_digest_is_that_of_the_bytes_and_the_origin_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(LINE.encode("utf-16"))
    report = read_file(path)
    assert report.digest == hashlib.sha256(LINE.encode("utf-16")).hexdigest()
    assert report.origin == str(path.resolve())


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(data)
    try:
        text = read_file(path).text
    except ReadingError as error:
        text = error.what
    assert text.strip()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)


# --- files that cannot be read ---------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\x00\x00", b"\xef\xbb\xbf", b"\xff\xfe"])
@pytest.mark.parametrize("suffix", sorted(KINDS))
def test_a_file_without_text_is_refused(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"empty{suffix}"
    path.write_bytes(data)
    with pytest.raises(ReadingError, match=f"empty{suffix} holds no text"):
        read_file(path)


@pytest.mark.parametrize("name", ["report.xlsx", "report", ".txt", "report.txt.bak"])
def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(LINE, encoding="utf-8")
    with pytest.raises(UnknownKindError) as refused:
        read_file(path)
    assert name in str(refused.value)
    assert all(ending in refused.value.next_step for ending in KINDS)


@pytest.mark.parametrize("name", ["REPORT.TXT", "Report.Md"])
def test_an_ending_in_capitals_is_known(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(LINE, encoding="utf-8")
    assert read_file(path).text == LINE


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(ReadingError, match=r"large\.txt is larger than 50 MiB"):
        read_file(path)


def test_a_folder_given_as_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "folder.txt"
    path.mkdir()
    with pytest.raises(ReadingError, match=r"folder\.txt is not a regular file"):
        read_file(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match=r"gone\.txt cannot be opened: No such file"):
        read_file(tmp_path / "gone.txt")


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.txt"
    path.symlink_to(path)
    with pytest.raises(ReadingError, match=r"loop\.txt cannot be opened: "):
        read_file(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "closed.txt"
    path.write_text(LINE, encoding="utf-8")
    path.chmod(0)
    with pytest.raises(ReadingError, match=r"closed\.txt cannot be opened: Permission denied"):
        read_file(path)


# --- layout ----------------------------------------------------------------------------------


def test_a_year_or_a_date_at_the_start_of_a_line_is_no_paragraph_number() -> None:
    text = "Background\n\n1. The team met in\n2019. It met again on\n14 May.\n\n2. It left."
    report = plain(text)
    assert [b.paragraph for b in report.blocks if b.kind == "paragraph"] == ["1", "2"]


def test_numbers_rise_and_may_leave_a_small_gap() -> None:
    report = plain(
        "1. First one.\n\n2. Second one.\n\n4. Fourth one.\n\n40. Fortieth one.\n\n3. Third."
    )
    numbered = [p for k, p, _ in told(report) if k == "paragraph"]
    assert numbered == ["1", "2", "4"]
    assert block_with(report, "Fortieth").paragraph == "4"


def test_letters_below_a_number_are_its_items() -> None:
    report = plain("1. The team saw:\n\na. good work\n\nb. poor work\n\n2. The team left.")
    assert told(report) == [
        ("paragraph", "1", "The team saw:"),
        ("item", "1a", "good work"),
        ("item", "1b", "poor work"),
        ("paragraph", "2", "The team left."),
    ]


def test_labels_and_bullets_stand_in_the_text_in_front_of_their_block() -> None:
    report = plain("1. The team saw:\n\na. good work\n\n• more work.")
    assert report.text == "1. The team saw:\na. good work\n• more work."


@pytest.mark.parametrize("bullet", ["•", "▪", "‣", "-", "–", "*", "\uf0b7", "o"])
def test_a_bullet_of_any_form_makes_an_item(bullet: str) -> None:
    report = plain(f"The team saw:\n\n{bullet} Good work\n{bullet} Poor work\n\nThe team left.")
    assert [text for kind, _, text in told(report) if kind == "item"] == ["Good work", "Poor work"]


def test_a_form_feed_starts_the_next_page_and_page_numbers_go() -> None:
    report = plain("The first page.\n\n1\n\fThe second page.\n\nPage 2 of 2\n\fThe third page.")
    assert [b.page for b in report.blocks] == [1, 2, 3]
    assert "Page 2" not in report.text


def test_pages_are_not_known_without_form_feeds() -> None:
    assert {b.page for b in plain("One sentence.\n\nAnother sentence.").blocks} == {None}


def test_lines_of_an_address_only_are_left_out_but_not_addresses_in_sentences() -> None:
    report = plain("See https://a.example/x for more.\n\nhttps://a.example/x\n\nThe end is here.")
    assert report.text == "See https://a.example/x for more.\n\nThe end is here."


def test_a_banner_is_left_out_at_the_top_only() -> None:
    report = plain("Skip to main content\n\nOne.\n\nTwo.\n\nThree.\n\nFour.\n\nVisit our hub.")
    assert report.text == "One.\n\nTwo.\n\nThree.\n\nFour.\n\nVisit our hub."


WORDS = st.text(st.characters(categories=["Ll", "Lo"]), min_size=2, max_size=9)
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), min_size=1, max_size=12)


@given(LINES, st.sampled_from(["\n", "\n\n", "\r\n", "\n\f", "\n\n\n    "]))
@settings(deadline=None)
def test_no_word_of_a_plain_text_is_lost_or_moved(lines: list[str], joint: str) -> None:
    text = joint.join(["The first line of it.", *lines, "The last line of it."])
    report = plain(text)
    assert report.text.replace("• ", " ").split() == text.split()


def test_a_line_that_shows_nothing_is_no_paragraph() -> None:
    report = plain("The team left.\n\n\u200b\n\nThe end is here.")
    assert report.text == "The team left.\n\nThe end is here."
