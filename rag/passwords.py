"""Who may log in: a text file of users and argon2id hashes. The owner of argon2-cffi.

One ``user:hash`` a line, lines that start with ``#`` are comments. There is no first user and no
first password; nobody gets in until somebody is written down. The file is written to one side and
moved into place, for its owner's eyes only. It is read again when it changes, so that a user who
is taken off it is out at once, without a restart.

An unknown user takes as long to refuse as a wrong password. No message shows a hash. Left out:
rules about which signs a password has; length is what counts (NIST SP 800-63B).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import tempfile
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError, VerifyMismatchError

from rag.errors import InputError

SHORTEST_PASSWORD = 12
"""Characters."""
LONGEST_PASSWORD = 1024
"""Bytes of UTF-8."""
_USER = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_USER_RULE = "A user name is 1 to 64 of the letters A to Z, digits, dots, and the signs _ - @."
_HASH = re.compile(r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}(?:\$[A-Za-z0-9+/]{11,128}){2}")
_NOTE = "# user:argon2id hash, one a line. Changed with: rag password\n"

_Stamp = tuple[int, int, int]


class PasswordFile:
    """The users of one file; several threads may check at once.

    Raises InputError when the file is missing, cannot be read or has a line that is not understood.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_bytes(16))
        self._known: tuple[_Stamp, dict[str, str]] = self._read()

    @classmethod
    def open(cls, path: str | Path, *, create: bool = False) -> PasswordFile:
        """The same, where a file that is missing may be begun without anybody in it."""
        if create and not Path(path).exists():
            _write(Path(path), [_NOTE])
        return cls(path)

    def users(self) -> list[str]:
        """Everybody who may log in, in the order of the file."""
        return list(self._hashes())

    def check(self, user: str, password: str) -> bool:
        """Whether this is the user's password. Takes some 50 ms and 64 MiB, on purpose."""
        secret = _bytes(password)
        known = self._hashes().get(user)
        fits = len(secret) <= LONGEST_PASSWORD
        try:
            self._hasher.verify(known or self._nobody, secret if fits else b"")
        except VerifyMismatchError:
            return False
        except VerificationError:
            raise InputError(
                "The password could not be checked.", "Is there memory left on this machine?"
            ) from None
        return known is not None and fits

    def mark(self, user: str) -> str:
        """Changes with the user's password; empty when there is no such user."""
        known = self._hashes().get(user)
        return "" if known is None else hashlib.sha256(known.encode()).hexdigest()[:16]

    def set(self, user: str, password: str) -> None:
        """Write a user down, or give one another password. Raises InputError for unfit ones."""
        if not _USER.fullmatch(user):
            raise InputError(f"{user[:80]!r} is not a user name.", _USER_RULE)
        _check_length(password)
        line = f"{user}:{self._hasher.hash(_bytes(password))}\n"
        lines, where = self._lines(), self._line_of(user)
        if where is None:
            lines.append(line)
        else:
            lines[where] = line
        _write(self.path, lines)

    def remove(self, user: str) -> None:
        """Take a user off. Raises InputError when there is none of this name."""
        lines, where = self._lines(), self._line_of(user)
        if where is None:
            raise InputError(
                f"{user[:80]!r} is not in {self.path.name}.",
                f"There are: {', '.join(self.users()) or 'no users'}.",
            )
        del lines[where]
        _write(self.path, lines)

    def problems(self) -> list[str]:
        """What the owner of the file should know, a sentence each; empty when all is well."""
        found = [] if self.users() else [f"{self.path.name} has no users; nobody can log in."]
        if os.name == "posix":
            mode = self.path.stat().st_mode
            others = mode & (stat.S_IRWXG | stat.S_IRWXO)
            if others:
                found.append(
                    f"Others on this machine may use {self.path.name} (mode {mode & 0o777:o})."
                    f" Now run: chmod 600 {self.path}"
                )
            folder = self.path.resolve().parent.stat().st_mode
            if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
                found.append(
                    f"Everybody on this machine may replace {self.path.name}: its folder can be"
                    " written by others. Move it to a folder of your own."
                )
        return found

    def _hashes(self) -> dict[str, str]:
        stamp, hashes = self._known
        if stamp != self._stamp():
            self._known = self._read()
            hashes = self._known[1]
        return hashes

    def _stamp(self) -> _Stamp:
        try:
            now = self.path.stat()
        except OSError as error:
            raise self._unreadable(error) from None
        return now.st_mtime_ns, now.st_size, now.st_ino

    def _lines(self) -> list[str]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from None
        return [f"{line}\n" for line in text.splitlines()]

    def _unreadable(self, error: Exception) -> InputError:
        if isinstance(error, FileNotFoundError):
            why, then = "is missing", "Begin it with: rag password NAME --auth FILE"
        else:
            why, then = "cannot be read", "It has to be UTF-8 text that you may read."
        return InputError(f"The password file {self.path} {why}.", then)

    def _read(self) -> tuple[_Stamp, dict[str, str]]:
        """The stamp is taken first: a change while reading is seen the next time."""
        stamp = self._stamp()
        hashes: dict[str, str] = {}
        for number, line in enumerate(self._lines(), start=1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            user, _, known = text.partition(":")
            where = f"Line {number} of {self.path}"
            if not _USER.fullmatch(user) or not _HASH.fullmatch(known):
                raise InputError(
                    f"{where} is not a user name, a colon and an argon2id hash.",
                    "Take the line out, and set the password with: rag password NAME --auth FILE",
                )
            if user in hashes:
                raise InputError(f"{where} has {user} once more.", "Take one of the lines out.")
            hashes[user] = known
        return stamp, hashes

    def _line_of(self, user: str) -> int | None:
        starts = (line.lstrip().startswith(f"{user}:") for line in self._lines())
        return next((at for at, found in enumerate(starts) if found), None)


def _write(path: Path, lines: list[str]) -> None:
    """All or nothing; mkstemp makes the new file for its owner only."""
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        aside = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"The password file {path} cannot be written: {error.strerror}.",
            "Give a file in a folder of your own.",
        ) from None


def _bytes(password: str) -> bytes:
    """Composed letters: keyboards send the same ``é`` in two ways."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _check_length(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise InputError(
            f"The password has {len(password)} characters.",
            f"Take at least {SHORTEST_PASSWORD}; a few words that you can remember are good.",
        )
    if len(_bytes(password)) > LONGEST_PASSWORD:
        raise InputError(
            f"The password has {len(_bytes(password))} bytes.",
            f"Take at most {LONGEST_PASSWORD}.",
        )
