"""Originals: kept copies, found by content, and pictures drawn where a bomb costs one picture."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st
from printed import Sheet, pdf
from test_workers import children

from rag import originals
from rag.errors import InputError, ReadingError
from rag.originals import FOLDER, Originals, PagePicture
from rag.reading import read_file
from rag.reading.pictures import MOST_PIXELS
from rag.settings import ReadingLimits
from rag.workers import Child

PROSE = (
    "Carers wait for an assessment, and some of them wait for a year; the council knows this and"
    " has set money aside for more staff from the spring."
)
HOSTILE = sorted((SHARED / "hostile").glob("*.pdf"))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Originals]:
    with closing(Originals(tmp_path / "index")) as made:
        yield made


def printed(path: Path, *texts: str) -> Path:
    sheets = []
    for text in texts:
        sheets.append(Sheet())
        sheets[-1].lines(text, 100)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pdf(sheets))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shown(made: Originals, path: Path, quote: str = PROSE) -> PagePicture | None:
    return made.picture(str(path), digest(path), quote, quote, 1)


# --- kept copies ----------------------------------------------------------------------------


def test_a_kept_file_stands_under_its_digest_with_its_name_and_content(
    kept: Originals, tmp_path: Path
) -> None:
    file = printed(tmp_path / "dropped" / "Peer review (final) 2022.pdf", PROSE)
    copy = kept.keep(file)
    assert copy == tmp_path / "index" / FOLDER / digest(file)[:16] / file.name
    assert copy.read_bytes() == file.read_bytes()
    assert kept.size() == file.stat().st_size


def test_the_path_of_a_copy_is_the_origin_of_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = printed(tmp_path / "a.pdf", PROSE)
    (tmp_path / "real").mkdir()
    (tmp_path / "index").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    with closing(Originals(Path("index"))) as made:
        copy = made.keep(file)
    assert read_file(copy).origin == str(copy)


def test_keeping_twice_changes_nothing(kept: Originals, tmp_path: Path) -> None:
    file = printed(tmp_path / "a.pdf", PROSE)
    copy = kept.keep(file)
    before = copy.stat()
    assert kept.keep(file) == kept.keep(copy) == copy
    assert copy.stat() == before
    assert [path.name for path in copy.parent.iterdir()] == ["a.pdf"]


def test_a_damaged_copy_is_made_good(kept: Originals, tmp_path: Path) -> None:
    file = printed(tmp_path / "a.pdf", PROSE)
    kept.keep(file).write_bytes(b"half of ")
    assert kept.keep(file).read_bytes() == file.read_bytes()


def test_two_files_of_one_name_are_kept_beside_each_other(kept: Originals, tmp_path: Path) -> None:
    one, other = (printed(tmp_path / n / "report.pdf", PROSE, n) for n in ("one", "other"))
    assert kept.keep(one) != kept.keep(other)
    assert kept.size() == one.stat().st_size + other.stat().st_size


def test_what_cannot_be_kept_is_an_error_of_ours(kept: Originals, tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="cannot be opened"):
        kept.keep(tmp_path / "absent.pdf")
    (tmp_path / "index").write_text("not a folder")
    with pytest.raises(InputError, match=r"a\.pdf cannot be kept"):
        kept.keep(printed(tmp_path / "a.pdf", PROSE))


@given(st.text(max_size=300) | st.sampled_from(["..", ".", "", "a/../b", "\ud800.pdf", "CON:x"]))
def test_a_safe_name_is_one_visible_name_and_stays_as_it_is(name: str) -> None:
    safe = originals._safe(name)
    assert Path(safe).name == safe
    assert not safe.startswith(".")
    assert not set(safe) & set('/\\:*?"<>|\0\n')
    assert len(safe.encode()) <= 200
    assert originals._safe(safe) == safe


@pytest.mark.parametrize("name", ["Sefton 2022.pdf", "Bücher & Söhne – v1.2 (final).docx", "x.md"])
def test_a_usual_name_is_kept_as_it_is(name: str) -> None:
    assert originals._safe(name) == name


def test_forgetting_deletes_a_kept_copy_and_its_folder(kept: Originals, tmp_path: Path) -> None:
    file = printed(tmp_path / "a.pdf", PROSE)
    copy = kept.keep(file)
    kept.forget(str(copy))
    kept.forget(str(copy))
    assert not copy.parent.exists()
    assert kept.size() == 0
    assert file.exists()


def test_forgetting_never_touches_another_file(kept: Originals, tmp_path: Path) -> None:
    kept.keep(printed(tmp_path / "a.pdf", PROSE))
    key = "0123456789abcdef"
    there = [
        tmp_path / "a.pdf",
        tmp_path / "index" / "rag.sqlite",
        tmp_path / "index" / FOLDER / "notes.txt",
        tmp_path / "elsewhere" / FOLDER / key / "a.pdf",
    ]
    for path in there:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    inside = tmp_path / "index" / FOLDER / key
    inside.mkdir()
    for origin in [*map(str, there), f"{inside}/../../rag.sqlite", f"{inside}/..", "", ".", "\0"]:
        kept.forget(origin)
    assert all(path.exists() for path in there)


def test_after_the_index_has_moved_a_kept_copy_is_found_and_forgotten(tmp_path: Path) -> None:
    with closing(Originals(tmp_path / "old")) as before:
        file = printed(tmp_path / "a.pdf", PROSE)
        was = before.keep(file)
    shutil.move(tmp_path / "old", tmp_path / "new")
    with closing(Originals(tmp_path / "new")) as after:
        found = after.find(str(was), digest(file))
        assert found is not None
        assert found.is_relative_to(tmp_path / "new")
        after.forget(str(was))
        assert after.size() == 0


# --- the file of a report -------------------------------------------------------------------


def test_a_file_is_found_as_long_as_its_content_is_what_was_read(
    kept: Originals, tmp_path: Path
) -> None:
    file = printed(tmp_path / "a.pdf", PROSE)
    was = digest(file)
    assert kept.find(str(file), was) == file
    printed(file, PROSE, PROSE)
    assert kept.find(str(file), was) is None
    assert kept.find(str(file), digest(file)) == file
    file.unlink()
    assert kept.find(str(file), was) is None


@pytest.mark.parametrize("origin", ["", ".", "/", "\0", "absent.pdf", "x" * 5000])
def test_what_is_no_file_is_not_found(origin: str, kept: Originals) -> None:
    assert kept.find(origin, "0" * 64) is None
    assert kept.picture(origin, "0" * 64, PROSE, PROSE, 1) is None


def test_a_file_is_hashed_once(
    kept: Originals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = printed(tmp_path / "a.pdf", PROSE)
    assert kept.find(str(file), digest(file)) == file
    monkeypatch.setattr(originals, "load_file", None)
    assert kept.find(str(file), digest(file)) == file


# --- its pages ------------------------------------------------------------------------------


def test_a_quote_is_shown_on_its_page_and_the_page_is_told_without_a_picture(
    kept: Originals, tmp_path: Path
) -> None:
    file = printed(tmp_path / "a.pdf", "Contents of all kinds.", PROSE)
    asked = str(file), digest(file), PROSE, "some of them wait for a year", 1
    made = kept.picture(*asked)
    assert made is not None
    assert (made.page, made.marked) == (2, 1)
    assert kept.page_of(*asked) == 2
    assert made.png.startswith(b"\x89PNG\r\n\x1a\n")


def test_what_is_no_pdf_has_no_pages_and_starts_no_process(
    kept: Originals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.pdf"
    file.write_text(PROSE, encoding="utf-8")
    monkeypatch.setattr(Child, "call", None)
    assert shown(kept, file) is None
    assert kept.page_of(str(file), digest(file), PROSE, PROSE, 1) is None


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every call to the child, as it happens."""
    calls: list[object] = []
    call = Child.call

    def counting(child: Child, function: Callable[..., object], *arguments: object) -> object:
        calls.append(function)
        return call(child, function, *arguments)

    monkeypatch.setattr(Child, "call", counting)
    return calls


def test_a_picture_is_drawn_once_for_all_who_ask(
    kept: Originals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    file = printed(tmp_path / "a.pdf", PROSE)
    together = threading.Barrier(6)

    def ask(_: int) -> PagePicture | None:
        together.wait()
        return shown(kept, file)

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(ask, range(6)))
    assert made[0] is not None
    assert all(one is made[0] for one in made)
    assert len(calls) == 1


def test_the_pictures_asked_for_last_are_remembered_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "_PICTURES", 2)
    calls = counted(monkeypatch)
    quotes = [f"Part {n} of the report is on this page." for n in range(3)]
    file = printed(tmp_path / "a.pdf", *quotes)
    with closing(Originals(tmp_path / "index")) as made:
        for n in (0, 1, 0, 2, 0, 1):
            found = shown(made, file, quotes[n])
            assert found is not None
            assert found.page == n + 1
    assert len(calls) == 4


def test_a_file_that_changed_unnoticed_is_not_shown(kept: Originals, tmp_path: Path) -> None:
    """With the size and the time that it had."""
    file = printed(tmp_path / "a.pdf", PROSE)
    was, about = digest(file), file.stat()
    assert kept.find(str(file), was) == file
    file.write_bytes(file.read_bytes().replace(b"Courier", b"courier"))
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert file.stat().st_size == about.st_size
    assert kept.find(str(file), was) == file
    assert kept.picture(str(file), was, PROSE, PROSE, 1) is None


def test_after_its_process_was_killed_the_next_picture_is_drawn(
    kept: Originals, tmp_path: Path
) -> None:
    one, other = printed(tmp_path / "a.pdf", PROSE), printed(tmp_path / "b.pdf", PROSE, PROSE)
    before = children(os.getpid())
    assert shown(kept, one) is not None
    (process,) = children(os.getpid()) - before
    os.kill(process, signal.SIGKILL)
    assert shown(kept, other) is not None


def test_nothing_is_drawn_after_closing_and_no_process_is_left(tmp_path: Path) -> None:
    before = children(os.getpid())
    made = Originals(tmp_path / "index")
    file = printed(tmp_path / "a.pdf", PROSE)
    assert shown(made, file) is not None
    made.close()
    made.close()
    assert children(os.getpid()) == before
    assert shown(made, file, PROSE[:40]) is None


# --- files made to do harm ------------------------------------------------------------------


def laughing(path: Path, levels: int = 12) -> Path:
    """A page that draws a form that draws ten forms that draw ten forms and so on."""
    data = pdf([Sheet()])
    forms = []
    for level in range(levels):
        content = b"/F Do " * 10 if level + 1 < levels else b"0 0 m 9 9 l S"
        inner = (
            f"/Resources << /XObject << /F {200 + level} 0 R >> >>" if level + 1 < levels else ""
        )
        head = f"{199 + level} 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] {inner}"
        forms.append(f"{head} /Length {len(content)} >>\nstream\n".encode() + content)
        forms.append(b"\nendstream\nendobj\n")
    fonts = b"/Resources << /Font << /R 3 0 R /B 4 0 R >>"
    empty = zlib.compress(b"")
    drawing = zlib.compress(b"/F Do", 0)
    data = data.replace(fonts, fonts + b" /XObject << /F 199 0 R >>")
    data = data.replace(f"/Length {len(empty)} ".encode(), f"/Length {len(drawing)} ".encode())
    data = data.replace(empty, drawing)
    start = data.index(b"xref")
    path.write_bytes(data[:start] + b"".join(forms) + b"trailer << /Root 1 0 R >>\n%%EOF")
    return path


def test_a_page_that_draws_for_ever_costs_its_picture_and_the_next_is_drawn(
    tmp_path: Path,
) -> None:
    bomb = laughing(tmp_path / "bomb.pdf")
    file = printed(tmp_path / "a.pdf", PROSE)
    with closing(Originals(tmp_path / "index", ReadingLimits(seconds=3))) as made:
        assert shown(made, bomb) is None
        assert shown(made, file) is not None
        assert shown(made, bomb) is None


@pytest.mark.skipif(not HOSTILE, reason="the awkward files (../shared/hostile) are not here")
def test_awkward_files_have_a_picture_or_none_and_a_sound_one_has_its_own(tmp_path: Path) -> None:
    limits = ReadingLimits(seconds=6)
    sound = printed(tmp_path / "a.pdf", PROSE)
    with closing(Originals(tmp_path / "index", limits)) as made:
        for path in HOSTILE:
            started = time.monotonic()
            found = shown(made, path)
            assert time.monotonic() - started < limits.seconds + 4, path.name
            assert found is None or found.width * found.height <= 1.01 * MOST_PIXELS
        assert shown(made, sound) is not None


# --- real reports ---------------------------------------------------------------------------


def test_a_real_report_is_kept_read_from_there_and_shown(kept: Originals) -> None:
    folder = SHARED / "ofsted"
    if not folder.is_dir():
        pytest.skip("the inspection reports (../shared/ofsted) are not on this machine")
    report = read_file(kept.keep(next(folder.glob("*.pdf"))))
    block = max(report.blocks, key=lambda block: block.end - block.start)
    text = report.text[block.start : block.end]
    made = kept.picture(report.origin, report.digest, text, text, block.page)
    assert made is not None
    assert made.marked > 5
    kept.forget(report.origin)
    assert kept.picture(report.origin, report.digest, text, text, block.page) is None
