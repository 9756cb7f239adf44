"""Files onto the shelf: which are new, read by workers, embedded, committed one by one.

What is there already is told by content, not by name, and is not even read again. Reading runs
ahead in other processes while this one embeds, or both on a cluster (``rag.cluster``); this
process alone writes. Every report is a transaction of its own, so whatever stops this, what was
reported as added is there and the next run goes on from it.

A file that changed, or another file of what seems the same report, is another version: both stand
with their dates, unless replacing was asked for. A brief always gives way to the full report.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag import packing
from rag.cluster import Cluster
from rag.embedding import Encoder
from rag.engine import Engine
from rag.errors import DamagedIndexError, IndexMismatchError, InputError, RagError
from rag.packing import Known
from rag.reading import CATALOGUE_NAME, load_catalogue, load_file, printable
from rag.records import Added, Metadata, Outcome, Report
from rag.settings import IndexSettings, ReadingLimits
from rag.workers import File, Prepared, Preparing, Readers, Work

_HIDDEN = (".", "~$")
"""How names begin that people do not see: hidden files, and what Word leaves beside open ones."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far adding has come. Bytes tell the time that is left better than files do."""

    name: str
    """The file that is being embedded, or was finished last."""
    files: int
    of_files: int
    bytes: float
    of_bytes: int
    passages: int
    """Embedded so far, of all files together."""


Progress = Callable[[Step], None]


class Adding:
    """One run over some files."""

    def __init__(
        self,
        store: Engine,
        encoder: Encoder,
        settings: IndexSettings,
        limits: ReadingLimits,
        *,
        replacing: bool = False,
        progress: Progress | None = None,
        ray: str | None = None,
        workers: int | None = None,
    ) -> None:
        """On the cluster at ``ray`` when there is one (see ``Cluster``), else on this machine.

        ``workers`` is how many files are read at a time here. Raises InputError when either
        cannot be.
        """
        self._store = store
        work = Work(settings, limits, encoder, self._already_there, store.missing_vectors)
        self._preparing: Preparing = (
            Readers(work, workers) if ray is None else Cluster(ray, work, workers)
        )
        self._replacing = replacing
        self._progress = progress
        self._step = Step("", 0, 0, 0, 0, 0)

    def run(self, files: list[File]) -> Iterator[Added]:
        """One outcome a file, in order, each report committed before it is told."""
        sizes = [_size(file.path) for file in files]
        self._step = Step("", 0, len(files), 0, sum(sizes), 0)
        with self._preparing as preparing:
            done = 0
            for (file, found), size in zip(preparing.prepare(files), sizes, strict=True):
                if isinstance(found, Prepared):
                    outcome = self._put(file, found, size)
                elif isinstance(found, RagError):
                    outcome = Added(printable(file.path), "failed", None, 0, str(found))
                else:
                    outcome = found
                done += size
                self._tell(name=file.path.name, files=self._step.files + 1, bytes=done)
                yield outcome

    def _already_there(self, file: File) -> Added | None:
        """What can be said of a file without reading it; it is on the shelf, or not wanted."""
        name = printable(file.path)
        if file.found and file.path.is_symlink():
            return Added(name, "skipped", None, 0, "a symbolic link: give the file it points to")
        try:
            digest = hashlib.sha256(load_file(file.path)).hexdigest()
        except RagError as error:
            return Added(name, "failed", None, 0, str(error))
        same = self._store.with_digest(digest)
        if same is None:
            return None
        here = same.origin == printable(file.path.resolve())
        if here and same.catalogued != _written(file.catalogued):
            return None
        return _unchanged(name, same, here=here)

    def _put(self, file: File, prepared: Prepared, size: int) -> Added:
        started = time.perf_counter()
        name = printable(file.path)
        try:
            outcome = self._placed(name, file, prepared, size)
        except (DamagedIndexError, IndexMismatchError):
            raise  # no other file can be added either
        except RagError as error:
            return Added(name, "failed", None, 0, str(error))
        seconds = prepared.seconds + time.perf_counter() - started
        return replace(outcome, pages=prepared.report.pages, seconds=round(seconds, 3))

    def _placed(self, name: str, file: File, prepared: Prepared, size: int) -> Added:
        place = self._place(prepared.report, name)
        if isinstance(place, Added):
            with self._store.writing():
                return self._described(place, prepared.report, file)
        texts = prepared.texts
        vectors = self._embedded(texts, file.path.name, size)
        with self._store.writing():
            # Another process may have changed the shelf while this one was embedding.
            place = self._place(prepared.report, name)
            if isinstance(place, Added):
                return self._described(place, prepared.report, file)
            vectors |= self._embedded({k: t for k, t in texts.items() if k not in vectors})
            self._store.put(
                place.report,
                prepared.indexed,
                vectors,
                prepared.acronyms,
                replaces=place.replaces,
                catalogued=_written(file.catalogued),
            )
        detail = " ".join([*([place.detail] if place.detail else []), *place.report.notes])
        outcome: Outcome = "replaced" if place.replaces else "added"
        return Added(name, outcome, place.report.id, len(prepared.indexed), detail)

    def _place(self, report: Report, name: str) -> _Place | Added:
        return _place(report, self._store.related(report), name, replacing=self._replacing)

    def _described(self, outcome: Added, report: Report, file: File) -> Added:
        """Remember what the catalogue says now of a file that is there already."""
        known = self._store.with_digest(report.digest)
        if known is not None and known.origin == report.origin:
            self._store.recatalogue(known.report, _written(file.catalogued))
        return outcome

    def _embedded(
        self, texts: dict[bytes, str], name: str | None = None, size: int = 0
    ) -> dict[bytes, bytes]:
        """The vectors that the store does not have yet, packed, by their keys."""
        missing = sorted(self._store.missing_vectors(texts))
        finished = len(texts) - len(missing)
        before = self._step

        def done(count: int) -> None:
            nonlocal finished
            finished += count
            if name is not None:
                share = finished / max(1, len(texts))
                passages = before.passages + finished
                self._tell(name=name, bytes=before.bytes + size * share, passages=passages)

        done(0)
        if not missing:
            return {}
        return packing.vectors(missing, self._preparing.embed([texts[k] for k in missing], done))

    def _tell(self, **changes: object) -> None:
        self._step = replace(self._step, **changes)  # type: ignore[arg-type]
        if self._progress is not None:
            self._progress(self._step)


def collect_files(paths: Iterable[Path]) -> list[File]:
    """The files to read, each with its catalogue entry; folders are walked in name order.

    In folders, hidden files, catalogues and README files are passed over: they describe the
    folder. Raises InputError for a path that does not exist, or a catalogue that cannot be used.
    """
    chosen: dict[Path, bool] = {}
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                hidden = any(p.startswith(_HIDDEN) for p in file.relative_to(path).parts)
                about = file.name == CATALOGUE_NAME or file.stem.lower() == "readme"
                if not hidden and not about and (file.is_file() or file.is_symlink()):
                    chosen.setdefault(file, True)
        elif path.exists():
            chosen[path] = False
        else:
            raise InputError(f"{path} does not exist.", "Give a file or a folder.")
    catalogues: dict[Path, dict[Path, Metadata]] = {}
    for file in chosen:
        if file.parent not in catalogues:
            catalogues[file.parent] = load_catalogue(file.parent)
    return [
        File(file, catalogues[file.parent].get(file.resolve()), found)
        for file, found in chosen.items()
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _written(catalogued: Metadata | None) -> str:
    """A catalogue entry as it is kept, to see later whether it has changed."""
    return "" if catalogued is None else json.dumps(asdict(catalogued), sort_keys=True)


# --- where a report goes --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    report: Report
    """With its final id."""
    replaces: str | None = None
    detail: str = ""


def _place(report: Report, shelf: list[Known], name: str, *, replacing: bool) -> _Place | Added:
    """The final id of a report and what it replaces, or why it is left out.

    ``shelf`` are the reports that ``Engine.related`` gives.
    """
    same = next((k for k in shelf if k.digest == report.digest), None)
    if same is not None:
        here = same.origin == report.origin
        if here and same.metadata != replace(report.metadata, id=None):
            return _in_place_of(same, report, shelf)
        return _unchanged(name, same, here=here)
    namesake = next((k for k in shelf if k.report == report.id), None)
    if namesake is not None and report.metadata.form == "brief":
        if namesake.metadata.form == "full":
            return Added(name, "skipped", report.id, 0, "the full report is on the shelf")
        return _Place(report, namesake.report)
    if namesake is not None and namesake.metadata.form == "brief":
        return _Place(report, namesake.report)
    versions = [k for k in shelf if _is_version(k, report)]
    other = max(versions, key=lambda k: (k.metadata.date or "", k.report), default=None)
    if other is not None and replacing:
        return _in_place_of(other, report, shelf)
    placed = replace(report, id=_free_id(report.id, shelf))
    if other is None:
        return _Place(placed)
    advice = f"another version of {other.report}, which stays; to replace it: rag add --replace"
    return _Place(placed, detail=advice)


def _in_place_of(known: Known, report: Report, shelf: list[Known]) -> _Place:
    placed = replace(report, id=_free_id(report.id, shelf, besides=known.report))
    detail = f"in place of {known.report}" if known.report != placed.id else ""
    return _Place(placed, known.report, detail)


def _unchanged(name: str, same: Known, *, here: bool) -> Added:
    detail = "" if here else f"same content as {same.report}"
    return Added(name, "unchanged", same.report, 0, detail)


def _is_version(known: Known, report: Report) -> bool:
    """True when both are the same report: the same file, or the same id and title."""
    titled = report.metadata.title is not None and known.metadata.title == report.metadata.title
    return known.origin == report.origin or (known.report == report.id and titled)


def _free_id(wanted: str, shelf: list[Known], besides: str | None = None) -> str:
    taken = {k.report for k in shelf} - {besides}
    number, free = 2, wanted
    while free in taken:
        free = f"{wanted}-{number}"
        number += 1
    return free
