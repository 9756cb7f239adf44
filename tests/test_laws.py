"""Laws of the whole: imports go down the street, one owner a library, nothing names a machine."""

from __future__ import annotations

import ast
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import rag
from rag.assistant import Assistant

STREET = """
    errors records settings dates councils tokens sentences terms spelling years reading
    passages acronyms vocabulary kinds weights embedding queryencoder reranking caches vectors
    schema packing engine database store postings segments searching milvus indexing reindexing
    upkeep workers remote cluster adding index asked concepts question stance signals decision
    fusion bounding retrieval places judging wording answering rewriting cues followups prompts
    model modelfailures modelwatch languagemodel orders figures names briefing dictation claims
    twists support checking generation standalone passwords originals web robots fetching
    assistant rendering word commonmark export gate page __init__ app terminal options cli
    __main__
""".split()
READING = """
    elements headings numbering encoding rows plain markdown typeset lines tables alignment
    runningheads pieces flow ocr pdfium quotes pictures pdf labels markup furniture pagehead
    wordnumbers html wordfile wordstyles wordbody docx firstpage metadata __init__
""".split()
GATE = """
    asgi refusals policy arrivals rates bodies sessions login reply gate __init__
""".split()
PAGE = """
    links compare drawing charts reader answers shelf examples conversations doors site asking tabs
    managing __init__
""".split()
MILVUS = """
    client layout shelf contents search store __init__
""".split()
HOUSES = {"milvus": MILVUS, "reading": READING, "gate": GATE, "page": PAGE}
OWNERS = {
    "tiktoken": "rag.tokens",
    "sentence_transformers": "rag.embedding",
    "torch": "rag.embedding",
    "transformers": "rag.embedding",
    "onnxruntime": "rag.reranking",
    "tokenizers": ("rag.queryencoder", "rag.reranking"),
    "safetensors": "rag.queryencoder",
    "faiss": "rag.vectors",
    "sqlite3": ("rag.schema", "rag.packing", "rag.database", "rag.reindexing", "rag.upkeep"),
    "pymilvus": ("rag.milvus.client", "rag.milvus.layout"),
    "milvus_lite": "rag.milvus.client",
    "grpc": "rag.milvus.client",
    "ray": "rag.cluster",
    "spellchecker": "rag.spelling",
    "rapidfuzz": "rag.spelling",
    "snowballstemmer": "rag.terms",
    "syntok": "rag.sentences",
    "charset_normalizer": "rag.reading.encoding",
    "lxml": "rag.reading.markup",
    "pypdfium2": ("rag.reading.pdfium", "rag.reading.pictures"),
    "pytesseract": "rag.reading.ocr",
    "PIL": "rag.reading.pictures",
    "markdown_it": "rag.reading.markdown",
    "frontmatter": "rag.reading.markdown",
    "yaml": "rag.reading.markdown",
    "click": ("rag.cli", "rag.options"),
    "openai": "rag.languagemodel",
    "httpx2": "rag.languagemodel",
    "rich": "rag.terminal",
    "httpcore2": "rag.web",
    "argon2": "rag.passwords",
    "docx": "rag.word",
    "jinja2": "rag.rendering",
    "markupsafe": "rag.rendering",
    "starlette": "rag.gate.asgi",
    "anyio": ("rag.gate.asgi", "rag.page.doors"),
    "mcp": "rag.page.doors",
    "pydantic": "rag.page.doors",
    "fastapi": ("rag.page.doors", "rag.page.site"),
    "uvicorn": "rag.page.site",
    "gradio": ("rag.page.asking", "rag.page.tabs", "rag.page.managing", "app"),
}
PUBLIC = """
    Added Answer Assistant Citation Coverage Hit Model RagError ReportInfo Sentence Surroundings
    Written __version__
""".split()
OPTIONAL = ("ray", "pymilvus", "milvus_lite", "grpc", "pyarrow", "msgpack", "cachetools")
"""What a cluster needs and a laptop does not."""
HEAVY = ("torch", "faiss", "gradio", "sentence_transformers", "numpy", "onnxruntime")
PLACES = (
    "/work/",
    "/root/",
    "/opt/",
    "pypi.org",
    "files.pythonhosted",
    "download.pytorch",
    "huggingface.co",
)
FILES = sorted([*(ROOT / "rag").rglob("*.py"), ROOT / "app.py"])


def module_of(path: Path) -> str:
    """``rag.reading.plain``; a package's own file ends in ``__init__``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file imports, anywhere in it, and whether inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    within = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in within) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            inside = id(node) in within
            if node.module in ("rag", "evals", *(f"rag.{house}" for house in HOUSES)):
                yield from ((_named(node.module, alias.name), inside) for alias in node.names)
            else:
                yield node.module or "", inside


def _named(package: str, name: str) -> str:
    """A name of a package is one of its modules, or stands in the package's own file."""
    folder = ROOT / package.replace(".", "/")
    there = (folder / f"{name}.py").is_file() or (folder / name).is_dir()
    return f"{package}.{name}" if there else f"{package}.__init__"


def place(module: str) -> tuple[int, int]:
    """Where a module of ours stands: on the street, and in its house there."""
    parts = [part for part in module.split(".") if part != "rag"]
    within = parts[1] if len(parts) > 1 else "__init__"
    house = HOUSES.get(parts[0])
    return STREET.index(parts[0]), house.index(within) if house else 0


def ours(path: Path) -> list[str]:
    return [name for name, _ in imports(path) if name.split(".")[0] in ("rag", "app")]


def third_party(path: Path) -> set[str]:
    known = sys.stdlib_module_names - {"sqlite3"} | {"rag", "app", "evals"}
    return {name.split(".")[0] for name, _ in imports(path)} - known


def test_every_file_has_its_place_on_the_street() -> None:
    places = [place(module_of(path)) for path in FILES]
    assert len(set(places)) == len(FILES)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=module_of(path)) for path in FILES],
)
def test_a_file_imports_only_from_files_above_it(path: Path) -> None:
    module = module_of(path)
    below = [name for name in ours(path) if place(name) >= place(module)]
    assert below == []


def test_the_import_law_sees_imports() -> None:
    assert {"rag.index", "rag.records"} <= set(ours(ROOT / "rag" / "retrieval.py"))
    assert ("evals.run", True) in set(imports(ROOT / "rag" / "cli.py"))
    assert "rag.reading.__init__" in ours(ROOT / "rag" / "adding.py")


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_only_functions_of_the_command_import_the_page_or_the_evaluation(path: Path) -> None:
    outside = {
        (name, inside) for name, inside in imports(path) if name.split(".")[0] in ("app", "evals")
    }
    if module_of(path) == "rag.cli":
        assert all(inside for _, inside in outside)
    else:
        assert outside == set()


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_library_is_imported_by_its_owner_only(path: Path) -> None:
    strangers = {
        library
        for library in third_party(path) - {"numpy"}
        if module_of(path) not in ((o,) if isinstance(o := OWNERS.get(library), str) else o or ())
    }
    assert strangers == set()


def test_the_evaluation_brings_its_own_measures_and_the_libraries_of_the_plain_loop() -> None:
    used = {name for path in (ROOT / "evals").glob("*.py") for name in third_party(path)}
    measures = {"ir_measures", "jinja2", "matplotlib", "numpy", "playwright", "sklearn"}
    measures |= {"pypdfium2", "xllamacpp"}
    plain_loop = {"pypdf", "sentence_transformers", "torch", "transformers"}
    assert used <= measures | plain_loop


def test_importing_the_package_is_light() -> None:
    code = f"import sys, rag; print([m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_the_command_starts_without_the_models() -> None:
    heavy = tuple(set(HEAVY) - {"numpy", "faiss"})
    code = f"import sys, rag.cli; print([m for m in {heavy!r} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_a_laptop_installs_nothing_of_what_a_cluster_needs() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8").lower().replace("-", "_")
    names = {line.split("==")[0] for line in lock.split()}
    assert names & {*OPTIONAL, "grpcio"} == set()
    assert "torch" in names


def test_a_laptop_starts_nothing_of_what_a_cluster_needs(brief_shelf: Assistant) -> None:
    code = (
        "import sys, rag; shelf = rag.Assistant.open(sys.argv[1]);"
        "assert not shelf.ask('who uses direct payments?').refused;"
        f"print([m for m in {OPTIONAL!r} if m in sys.modules])"
    )
    folder = str(brief_shelf._index.folder)
    run = subprocess.run(
        [sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_the_public_names_are_the_documented_ones_and_resolve() -> None:
    assert rag.__all__ == PUBLIC
    assert [name for name in PUBLIC if not hasattr(rag, name)] == []
    with pytest.raises(AttributeError, match="absent"):
        _ = rag.absent


def test_nothing_in_the_package_prints() -> None:
    calls = [
        f"{module_of(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert calls == []


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_no_file_is_long_and_every_file_says_what_it_promises(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 450
    assert ast.get_docstring(ast.parse(text))


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert ROOT / "rag" / "cli.py" in paths
    named = [
        (str(path.relative_to(ROOT)), place)
        for path in paths
        if path.is_file() and ROOT / "tests" not in path.parents
        for place in PLACES
        if place.encode() in path.read_bytes()
    ]
    assert named == []


def test_killed_at_any_moment_the_index_opens_and_verifies(tmp_path: Path) -> None:
    reports, folder = tmp_path / "reports", tmp_path / "index"
    reports.mkdir()
    for number in range(40):
        paragraphs = [f"Council {number} has {n} teams and {n} beds." for n in range(4)]
        (reports / f"r{number:02}.md").write_text("\n\n".join(paragraphs), "utf-8")
    command = [sys.executable, "-m", "rag", "add", str(reports), "--json", "--index", str(folder)]
    told: set[str] = set()
    for more, delay in ((0, 0.0), (2, 0.0), (2, 0.1)):
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as adding:
            assert adding.stdout is not None
            while not _has_tables(folder):
                time.sleep(0.005)
            wanted = len(told) + more
            while len(told) < wanted:
                outcome = json.loads(adding.stdout.readline())
                told.add(outcome["report"])
            time.sleep(delay)
            adding.kill()
        assert adding.returncode == -signal.SIGKILL
        with Assistant.open(folder) as shelf:
            assert shelf.verify() == []
            assert told <= {info.report for info in shelf.reports()}
            told = {info.report for info in shelf.reports()}
    assert 4 <= len(told) < 40


def _has_tables(folder: Path) -> bool:
    """True from the moment that the store's first transaction is committed."""
    if not (folder / "rag.sqlite").is_file():
        return False
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(folder / "rag.sqlite")) as db,
    ):
        return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchall())
    return False
