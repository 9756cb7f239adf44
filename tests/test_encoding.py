"""Bytes to text: the right encoding for what offices write, and a refusal for what is no text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SHARED
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ReadingError
from rag.reading.encoding import decode

ENGLISH = "The council’s £5m – “good” practice"
RUSSIAN = "Привет, это обычный русский текст о городском совете"
POLISH = "Zażółć gęślą jaźń, proszę bardzo to jest tekst"
MARKED = ("utf-8-sig", "utf-16", "utf-32")
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_a_text_with_a_mark_at_its_start_comes_back_as_it_was(text: str) -> None:
    for encoding in MARKED:
        assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", [*WIDE, *MARKED, "utf-8", "cp1252"])
@pytest.mark.parametrize("text", [ENGLISH, "£5", "café", "Ynys Môn", "a", "Two\r\nlines"])
def test_english_text_is_read_in_every_usual_encoding_however_short(
    encoding: str, text: str
) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "mac_roman"),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        ("Καλημέρα σας, αυτό είναι κείμενο", "cp1253"),
        ("これは日本語のテキストです。議会の報告書。", "shift_jis"),
    ],
)
def test_text_that_is_nonsense_in_windows_1252_is_read_in_its_own_encoding(
    text: str, encoding: str
) -> None:
    assert decode(text.encode(encoding)) == text


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_a_plain_refusal_and_always_the_same(data: bytes) -> None:
    def outcome() -> str:
        try:
            return decode(data)
        except ReadingError as error:
            return str(error)

    assert outcome() == outcome()


def test_a_few_broken_bytes_do_not_spoil_utf_8() -> None:
    data = "Größe – naïve café “quoted” ".encode() * 3 + b"it\x92s" + "é".encode()[:1]
    text = decode(data)
    assert text.startswith("Größe – naïve café “quoted” ")
    assert "it’s" in text


def test_a_page_is_believed_what_it_declares_only_if_its_bytes_agree() -> None:
    page = '<meta charset="windows-1251"><p>{}</p>'
    assert RUSSIAN in decode(page.format(RUSSIAN).encode("cp1251"), page=True)
    assert ENGLISH in decode(page.format(ENGLISH).encode("utf-8"), page=True)
    latin = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>£5 – “x”'
    assert decode(latin.encode("cp1252"), page=True) == latin
    for wrong in ("utf-16", "utf-8", "no-such-thing", "hex", "rot13"):
        odd = f"<meta charset={wrong}><p>{ENGLISH}"
        assert decode(odd.encode("cp1252"), page=True) == odd


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x03\0>\0\x01\0\0\0",
        Path(sys.executable).read_bytes()[:200_000],
        bytes(range(256)) * 4,
        b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(range(256)),
    ],
    ids=["header", "program", "all bytes", "archive"],
)
def test_what_is_not_text_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(ReadingError, match="not text") as caught:
        decode(data)
    assert caught.value.next_step


def test_zeros_at_the_end_are_left_out_and_nothing_is_nothing() -> None:
    assert decode(b"A report." + b"\0" * 500) == "A report."
    assert decode(b"") == ""


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("fake-text-utf-16-be.txt", "fuzzy blankets"),
        ("testTXT_win-1252.txt", "“windows”"),
        ("resume.html", "Здравствуйте"),
        ("testHTMLNoisyMetaEncoding_3.html", "الاتحاد"),
        ("testHTMLNoisyMetaEncoding_4.html", "الاتحاد"),
        ("test_ignore_IBM420.html", "good morning"),
    ],
)
def test_texts_from_the_suites_of_other_parsers_are_read_as_they_should_be(
    name: str, pattern: str
) -> None:
    path = SHARED / "hostile" / f"odd-encoding-text--{name}"
    if not path.is_file():
        pytest.skip("the awkward documents (../shared/hostile) are not on this machine")
    assert pattern in decode(path.read_bytes(), page=name.endswith("html"))


def test_detecting_is_not_loaded_until_a_text_needs_it() -> None:
    code = (
        "import sys; from rag.reading.encoding import decode;"
        " decode('£5 – “good”'.encode('cp1252')); print('charset_normalizer' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"
