"""Laws of the password file."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from rag.errors import InputError
from rag.passwords import PasswordFile

GOOD = "correct horse battery"


@pytest.fixture
def file(tmp_path: Path) -> PasswordFile:
    return PasswordFile.open(tmp_path / "users", create=True)


def test_a_password_that_was_set_is_right_and_any_other_is_wrong(file: PasswordFile) -> None:
    file.set("ann", GOOD)
    assert file.check("ann", GOOD)
    assert not file.check("ann", GOOD + " ")
    assert not file.check("ann", "")


def test_there_is_no_first_user_and_no_first_password(file: PasswordFile) -> None:
    assert file.users() == []
    assert not any(file.check(user, user) for user in ("", "admin", "rag", "#"))
    assert any("no users" in problem for problem in file.problems())


def test_capital_letters_of_a_user_name_count(file: PasswordFile) -> None:
    file.set("ann", GOOD)
    assert not file.check("Ann", GOOD)


def test_the_same_letters_from_another_keyboard_are_the_same_password(file: PasswordFile) -> None:
    file.set("ann", "caf\u00e9 cr\u00e8me time")
    assert file.check("ann", "cafe\u0301 cre\u0300me time")


def test_the_file_holds_argon2id_hashes_and_never_a_password(file: PasswordFile) -> None:
    file.set("ann", GOOD)
    text = file.path.read_text("utf-8")
    assert "ann:$argon2id$" in text
    assert GOOD not in text


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_the_file_is_for_its_owner_only_after_every_change(file: PasswordFile) -> None:
    file.path.chmod(0o644)
    assert any("chmod 600" in problem for problem in file.problems())
    file.set("ann", GOOD)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.problems() == []


def test_a_change_leaves_comments_and_others_where_they_are(file: PasswordFile) -> None:
    for user in ("ann", "bob", "cy"):
        file.set(user, GOOD)
    file.path.write_text("# the night shift\n" + file.path.read_text("utf-8"), "utf-8")
    before = file.path.read_text("utf-8").splitlines()
    file.set("bob", GOOD + GOOD)
    file.remove("cy")
    after = file.path.read_text("utf-8").splitlines()
    assert [line for line in after if "bob" not in line] == [
        line for line in before if "bob" not in line and "cy" not in line
    ]
    assert file.users() == ["ann", "bob"]
    assert list(file.path.parent.iterdir()) == [file.path]


def test_what_another_program_changes_is_seen_at_once(file: PasswordFile) -> None:
    other = PasswordFile(file.path)
    other.set("ann", GOOD)
    assert file.check("ann", GOOD)
    other.remove("ann")
    assert not file.check("ann", GOOD)


def test_the_mark_changes_with_the_password_and_goes_with_the_user(file: PasswordFile) -> None:
    marks = [file.mark("ann")]
    for password in (GOOD, GOOD):
        file.set("ann", password)
        marks.append(file.mark("ann"))
    file.remove("ann")
    marks.append(file.mark("ann"))
    assert marks[0] == marks[3] == ""
    assert "" != marks[1] != marks[2] != ""


def test_an_unknown_user_takes_as_long_as_a_wrong_password(file: PasswordFile) -> None:
    file.set("ann", GOOD)

    def fastest(user: str) -> float:
        times = []
        for _ in range(4):
            begun = time.perf_counter()
            file.check(user, "not the password")
            times.append(time.perf_counter() - begun)
        return min(times)

    assert 0.4 < fastest("nobody") / fastest("ann") < 2.5


@pytest.mark.parametrize(
    ("user", "password", "told"),
    [
        ("", GOOD, "not a user name"),
        ("a b", GOOD, "not a user name"),
        ("a:b", GOOD, "not a user name"),
        ("ann\nbob", GOOD, "not a user name"),
        ("#ann", GOOD, "not a user name"),
        ("a" * 65, GOOD, "not a user name"),
        ("ann", "eleven char", "11 characters"),
        ("ann", "é" * 513, "1026 bytes"),
    ],
)
def test_unfit_names_and_passwords_are_refused_and_nothing_is_written(
    file: PasswordFile, user: str, password: str, told: str
) -> None:
    before = file.path.read_bytes()
    with pytest.raises(InputError, match=told) as refused:
        file.set(user, password)
    assert password not in str(refused.value)
    assert file.path.read_bytes() == before


def test_the_longest_password_is_taken_and_a_longer_one_is_wrong(file: PasswordFile) -> None:
    file.set("ann", "x" * 1024)
    assert file.check("ann", "x" * 1024)
    assert not file.check("ann", "x" * 1025)


def test_a_missing_file_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        PasswordFile(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["ann", "ann:secret", "a b:HASH", "ann:HASHx$", ":HASH"])
def test_a_line_that_is_not_understood_is_named_and_no_hash_is_shown(
    file: PasswordFile, line: str
) -> None:
    file.set("bob", GOOD)
    known = file.path.read_text("utf-8").splitlines()[-1].partition(":")[2]
    with file.path.open("a", encoding="utf-8") as text:
        text.write(line.replace("HASH", known) + "\n")
    with pytest.raises(InputError, match="Line 3 of") as refused:
        PasswordFile(file.path)
    assert "$" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_user_who_stands_twice_is_refused(file: PasswordFile) -> None:
    file.set("ann", GOOD)
    text = file.path.read_text("utf-8")
    file.path.write_text(text + text, "utf-8")
    with pytest.raises(InputError, match="ann once more"):
        PasswordFile(file.path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        PasswordFile(tmp_path / "users")


def test_a_file_that_goes_bad_lets_nobody_in(file: PasswordFile) -> None:
    file.set("ann", GOOD)
    file.path.write_text("ann:\n", "utf-8")
    with pytest.raises(InputError, match="Line 1"):
        file.check("ann", GOOD)


def test_removing_somebody_who_is_not_there_names_who_is(file: PasswordFile) -> None:
    file.set("ann", GOOD)
    with pytest.raises(InputError, match="There are: ann"):
        file.remove("bob")
