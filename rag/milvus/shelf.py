"""Which editions in Milvus are the shelf, and that one program writes at a time.

Milvus has no transactions. One row of ``NAME_meta`` is the whole truth instead: readers see the
editions up to ``last`` that are not ``hidden``. What is being written is hidden until it is all
there; one write of that row then shows it, and hides what it replaces, at once.

A writer puts a claim into ``NAME_meta`` and reads all claims again: what was acknowledged is read
by all ("Strong"), so of two writers at least one sees the other, and whoever sees another steps
back. A claim of a program that ended ends with it on its own machine, and after ``LEASE_SECONDS``
elsewhere: clocks should agree to a minute.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rag.errors import RagError
from rag.milvus.client import Milvus, wait_until
from rag.milvus.layout import Described, described, meta_row
from rag.schema import WAIT_SECONDS

LEASE_SECONDS = 600
"""After so long a writer on another machine is taken to have ended. Every report renews it."""

_STATE = "shelf"
_CLAIM = "claim-"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class State:
    """The row that says what the shelf is."""

    built: dict[str, str]
    """Settings, dimension and the store's own name."""
    generation: int = 0
    changes: int = 0
    """How often a description was changed in its place."""
    last: int = 0
    """The newest edition."""
    hidden: tuple[int, ...] = ()
    """Editions that are being written or deleted."""
    reports: int = 0
    """How many there are."""


@dataclass(frozen=True)
class Shelf:
    """The reports of one state, in order."""

    state: State
    reports: tuple[Described, ...]

    @classmethod
    def of(cls, state: State, reports: Iterable[Described]) -> Shelf:
        """In the order of the shelf: by council, date and id; unknown councils last."""
        return cls(state, tuple(sorted(reports, key=lambda report: report.order)))

    @cached_property
    def by_id(self) -> dict[str, Described]:
        """Reports by their ids."""
        return {report.report: report for report in self.reports}

    @cached_property
    def by_digest(self) -> dict[str, Described]:
        """Reports by the digests of their files."""
        return {report.digest: report for report in self.reports}

    @cached_property
    def place(self) -> dict[int, int]:
        """Where the report of each edition stands on the shelf."""
        return {report.edition: place for place, report in enumerate(self.reports)}

    def where(self, editions: Sequence[int] | None = None) -> str:
        """The expression for rows of the shelf, or of these editions of it."""
        if editions is None:
            return _but(f"edition <= {self.state.last}", self.state.hidden)
        if len(editions) * 2 > len(self.reports):
            others = self.place.keys() - set(editions)
            return _but(f"edition <= {self.state.last}", (*self.state.hidden, *others))
        return f"edition in {sorted(editions)}"

    def changed(self, added: Sequence[Described], gone: Iterable[int]) -> Shelf:
        """With reports added and editions gone."""
        left = [report for report in self.reports if report.edition not in set(gone)]
        return Shelf.of(self.state, [*left, *added])


def _but(where: str, hidden: Iterable[int]) -> str:
    hidden = sorted(set(hidden))
    return f"{where} and edition not in {hidden}" if hidden else where


class Keeper:
    """Reads the shelf, keeping what did not change since, and lets one writer write."""

    def __init__(self, milvus: Milvus) -> None:
        self._milvus = milvus
        self._kept: Shelf | None = None
        self._claim = ""
        with _ALL:
            self._one = _ONE_WRITER.setdefault(milvus.address.shown, threading.RLock())

    def state(self) -> State | None:
        """What the shelf is now; None when there is none."""
        rows = list(self._milvus.rows("meta", f'id == "{_STATE}"', ["value"]))
        if not rows:
            return None
        try:
            found: dict[str, Any] = json.loads(rows[0]["value"])
            return State(**{**found, "hidden": tuple(found["hidden"])})
        except (ValueError, TypeError, KeyError):
            raise self._milvus.damaged("it does not say which index it is") from None

    def now(self) -> State:
        """What the shelf is now; raises DamagedIndexError when there is none."""
        state = self.state()
        if state is None:
            raise self._milvus.damaged("it holds nothing")
        return state

    def shelf(self) -> Shelf:
        """The shelf as it is now. Raises DamagedIndexError when reports of it are missing."""
        kept = self._kept
        for _ in range(_TRIES):  # a report may be deleted between the two readings
            state = self.now()
            if kept is not None and kept.state == state:
                return kept
            reports = self._read(state, kept)
            if len(reports) == state.reports:
                self._kept = Shelf.of(state, reports)
                return self._kept
            kept = None
        raise self._milvus.damaged(f"it has {len(reports)} of its {state.reports} reports")

    def _read(self, state: State, kept: Shelf | None) -> list[Described]:
        """The reports of a state; only those that are not known yet are asked for."""
        first = 0
        reports: dict[int, Described] = {}
        if kept is not None and _same(kept.state, state):
            first = min((*kept.state.hidden, kept.state.last + 1))
            reports = {r.edition: r for r in kept.reports if r.edition < first}
        if first <= state.last:
            where = f"id >= {first} and id <= {state.last}"
            for row in self._milvus.rows("reports", where, ["row", "checksum"]):
                report = described(self._milvus, row)
                reports[report.edition] = report
        return [r for edition, r in reports.items() if edition not in state.hidden]

    def write(self, state: State) -> None:
        """Make this the shelf, unless another program writes by now."""
        if self._claim and self._claim not in self._claims():
            raise RagError(
                f"Writing to {self._milvus.address.shown} took too long, and another program"
                " began to write.",
                "Nothing was changed. Try again.",
            )
        value = {**_fields(state), "hidden": list(state.hidden)}
        self._milvus.upsert("meta", meta_row(_STATE, value))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one that writes. Raises RagError when another one does not end."""
        with self._one:
            self._claim = f"{_CLAIM}{uuid.uuid4().hex}"
            try:
                if not wait_until(self._claimed, WAIT_SECONDS):
                    raise RagError(
                        f"Another program is writing to {self._milvus.address.shown}.",
                        "Nothing was changed. Try again when it has ended; one that broke off on"
                        f" another machine is passed over after {LEASE_SECONDS // 60} minutes.",
                    )
                yield
            finally:
                with suppress(RagError):  # it ends by itself
                    self._milvus.delete("meta", f'id == "{self._claim}"')
                self._claim = ""

    def renew(self) -> None:
        """Say that this program goes on writing."""
        if self._claim:
            until = time.time() + LEASE_SECONDS
            claim = {"until": until, "machine": socket.gethostname(), "process": os.getpid()}
            self._milvus.upsert("meta", meta_row(self._claim, claim))

    def _claimed(self) -> bool:
        """One try to be the only one that claims."""
        if self._others():
            return False
        self.renew()
        if self._others():
            self._milvus.delete("meta", f'id == "{self._claim}"')
            return False
        return True

    def _others(self) -> bool:
        """True when others claim; claims of programs that ended are deleted."""
        claims = self._claims()
        claims.pop(self._claim, None)
        for claim, value in list(claims.items()):
            if _ended(value):
                self._milvus.delete("meta", f'id == "{claim}"')
                del claims[claim]
        return bool(claims)

    def _claims(self) -> dict[str, dict[str, Any]]:
        rows = self._milvus.rows("meta", f'id like "{_CLAIM}%"', ["value"])
        return {row["id"]: json.loads(row["value"]) for row in rows}


_ALL = threading.Lock()
_ONE_WRITER: dict[str, threading.RLock] = {}
"""Of the threads of this program, by address."""


def _same(before: State, now: State) -> bool:
    """True when no description can have changed in its place."""
    return (before.changes, before.built) == (now.changes, now.built)


def _fields(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in State.__slots__}


def _ended(claim: dict[str, Any]) -> bool:
    """True of a claim that nobody holds any more."""
    if claim["until"] < time.time():
        return True
    if claim["machine"] != socket.gethostname():
        return False
    if claim["process"] == os.getpid():
        return True  # threads of one program wait for each other before they claim
    try:
        os.kill(claim["process"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def shown(state: State) -> dict[str, str]:
    """What it was built with, as ``Engine.built_with`` says it."""
    return state.built | {"generation": str(state.generation)}


def begun(state: State) -> State:
    """With one edition more, which is hidden."""
    edition = state.last + 1
    return replace(state, last=edition, hidden=(*state.hidden, edition))
