"""One SQLite file: its transactions, its rows as they were stored, and what it was built with."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rag import packing
from rag.errors import IndexMismatchError
from rag.schema import check_settings, damaged, errors_in_words, open_database
from rag.settings import IndexSettings


class Database:
    """An index file. Safe to use from several threads and processes."""

    def __init__(self, path: Path, settings: IndexSettings, *, create: bool) -> None:
        self.path = path
        self._settings = settings
        self._lock = threading.RLock()
        self._db = open_database(path, settings, create=create)

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One write transaction: all of it is committed, or none of it."""
        with self._lock, errors_in_words(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self.check_settings()
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One read transaction: every query inside sees the same shelf."""
        with self._lock, errors_in_words(self.path):
            nested = self._db.in_transaction
            if not nested:
                self._db.execute("BEGIN")
            try:
                yield
            finally:
                if not nested:
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")

    def _rows(self, sql: str, values: Sequence[Any] = (), *kinds: Any) -> list[tuple[Any, ...]]:
        """All rows; of these ``kinds``, a type a column, or the file is damaged."""
        with self._lock, errors_in_words(self.path):
            found = self._db.execute(sql, values).fetchall()
        if kinds and not all(all(map(isinstance, row, kinds)) for row in found):
            raise damaged(self.path, "a row is not of the kind that was stored")
        return found

    def _whole(self, row: packing.Row, checksum: object) -> packing.Row:
        """A row as it was stored; raises DamagedIndexError when it is not."""
        if packing.checksum(row) != checksum:
            raise damaged(self.path, "a row is not what was stored")
        return row

    def built_with(self) -> dict[str, str]:
        """What the index was built with, and its generation."""
        built = dict(self._rows("SELECT key, value FROM meta", (), str, str))
        if not built.get("generation", "").isdecimal() or "store" not in built:
            raise damaged(self.path, "it does not say which index it is")
        return built

    def check_settings(self) -> None:
        """Raise IndexMismatchError when the index was built anew while it was open here."""
        try:
            check_settings(self._db, self.path, self._settings)
        except IndexMismatchError as error:
            raise IndexMismatchError(
                f"{error.what} That was done while it was open here.",
                "Start this program again with the settings of the index.",
            ) from None
