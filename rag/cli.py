"""The command. Answers go to stdout, everything else to stderr. The owner of click and rich.

Exit codes: 0 all went well, 1 something failed (a file, a check), 2 the input cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from rag.assistant import Assistant
from rag.dates import date_in_words
from rag.errors import InputError, RagError
from rag.records import Added, Hit

_STDERR = Console(stderr=True, highlight=False, soft_wrap=True)

index_option = click.option(
    "--index",
    default="index",
    show_default=True,
    metavar="DIR",
    help="Folder that holds the index.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Command(click.Group):
    """Shows every RagError as one sentence on stderr; no traceback reaches a user."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RagError as error:
            _STDERR.print(Text(f"rag: {error}"))
            ctx.exit(error.exit_code)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="council-reports-rag")
def main() -> None:
    """Ask questions over a shelf of reports; every answer names every report."""


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@index_option
@json_option
def add(paths: tuple[str, ...], index: str, as_json: bool) -> None:
    """Add report files, or folders of them. What is there already is left alone."""
    if _add_all(paths, index, as_json=as_json):
        raise click.exceptions.Exit(1)


def _add_all(paths: Iterable[str], index: str, *, as_json: bool = False) -> int:
    """Add with a progress bar and a line a file; how many failed."""
    failed = 0
    with Assistant.open(index, create=True) as assistant, _progress() as progress:
        for outcome in assistant.adding(paths, progress):
            failed += outcome.outcome == "failed"
            if as_json:
                _print_json(outcome)
            else:
                _STDERR.print(Text(_outcome_line(outcome)))
    return failed


def _outcome_line(outcome: Added) -> str:
    line = f"{outcome.outcome}: {Path(outcome.path).name}"
    if outcome.report:
        line += f" as {outcome.report}"
    if outcome.passages:
        line += f", {outcome.passages} passages"
    return f"{line} ({outcome.detail})" if outcome.detail else line


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_STDERR, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def update(name: str, done: int, total: int) -> None:
            for other in [n for n in tasks if n != name]:
                bar.remove_task(tasks.pop(other))
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        yield update


@main.command()
@click.argument("question", required=False)
@click.option(
    "--batch",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help='JSON lines {"id", "question"} to answer, one answer a line; - is stdin.',
)
@index_option
@json_option
def ask(question: str | None, batch: IO[str] | None, index: str, as_json: bool) -> None:
    """Answer a question with exact quotes, and say which reports do not mention it."""
    with Assistant.open(index) as assistant:
        for where, id_, text in _questions(question, batch):
            with _line_named(where):
                found = assistant.ask(text, id_)
            if as_json or batch:
                _print_json(found)
            else:
                click.echo(found.text)


@main.command()
@click.argument("question", required=False)
@click.option(
    "-k", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many passages."
)
@click.option(
    "--batch",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help='JSON lines {"id", "question"}; one line {"id", "question", "hits"} each.',
)
@index_option
@json_option
def search(question: str | None, k: int, batch: IO[str] | None, index: str, as_json: bool) -> None:
    """Print the passages that fit a question best."""
    with Assistant.open(index) as assistant:
        for where, id_, text in _questions(question, batch):
            with _line_named(where):
                hits = assistant.search(text, k)
            if batch:
                _print_json({"id": id_, "question": text, "hits": [asdict(h) for h in hits]})
            elif as_json:
                _print_json([asdict(h) for h in hits])
            else:
                _print_hits(hits)


@main.command()
@index_option
@json_option
def reports(index: str, as_json: bool) -> None:
    """List the reports on the shelf."""
    with Assistant.open(index) as assistant:
        shelf = assistant.reports()
    if as_json:
        _print_json([asdict(info) for info in shelf])
        return
    rows = (
        (
            i.report,
            i.council or "not known",
            date_in_words(i.date),
            i.kind or "",
            i.form,
            str(i.passages),
        )
        for i in shelf
    )
    _print_table(("report", "council", "date", "kind", "form", "passages"), rows)


@main.command()
@click.argument("report")
@index_option
def remove(report: str, index: str) -> None:
    """Take a report off the shelf."""
    with Assistant.open(index) as assistant:
        assistant.remove(report)
    _STDERR.print(Text(f"removed: {report}"))


@main.command()
@index_option
@json_option
def verify(index: str, as_json: bool) -> None:
    """Check that the index agrees with itself."""
    with Assistant.open(index) as assistant:
        problems = assistant.verify()
        built, shelf = assistant.built_with(), assistant.reports()
    if as_json:
        _print_json({"problems": problems, "built_with": built, "reports": len(shelf)})
    else:
        passages = sum(info.passages for info in shelf)
        click.echo(f"{len(shelf)} reports, {passages} passages.")
        for key, value in sorted(built.items()):
            click.echo(f"{key}: {value}")
        for problem in problems:
            click.echo(f"problem: {problem}")
        click.echo("Nothing is wrong." if not problems else "Restore a copy, or build it again.")
    if problems:
        raise click.exceptions.Exit(1)


@main.command(name="eval")
@click.option("--reports", "folder", metavar="DIR", help="Folder with the five reports.")
@click.option("--write/--no-write", default=False, help="Write evals/results/<commit>.json.")
@click.option("--page", metavar="FILE", help="Write a web page to read the answers, misses first.")
def evaluate(folder: str | None, write: bool, page: str | None) -> None:
    """Score the gold questions and the plain stack beside them."""
    from evals.run import run

    run(Path(folder) if folder else None, write=write, page=None if page is None else Path(page))


@main.command()
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535))
@click.option("--corpus", metavar="DIR", help="Added when there is no index yet.")
@index_option
def serve(port: int, corpus: str | None, index: str) -> None:
    """Open the web page on 127.0.0.1."""
    from app import serve as serve_page

    if corpus and not Path(index, "rag.sqlite").is_file():
        _add_all([corpus], index)
    with Assistant.open(index) as assistant:
        serve_page(assistant, port)


def _questions(
    question: str | None, batch: IO[str] | None
) -> Iterator[tuple[str, str | None, str]]:
    """Where each question stands in a batch, its id and its text, checked as it is read."""
    if (question is None) == (batch is None):
        raise InputError("Give a question, or a file with --batch.", "See: rag ask --help")
    if batch is None:
        yield "", None, question or ""
        return
    try:
        for number, line in enumerate(batch, start=1):
            if line.strip():
                where = f"Line {number} of the batch"
                yield where, *_batch_line(where, line)
    except UnicodeDecodeError:
        raise InputError(
            "The batch is not UTF-8 text.", "Save it as UTF-8 and try again."
        ) from None


def _batch_line(where: str, line: str) -> tuple[str | None, str]:
    form = 'Write {"id": "1", "question": "…"} on each line.'
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise InputError(f"{where} is not JSON.", form) from None
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        raise InputError(f"{where} has no question.", form)
    id_ = row.get("id")
    return None if id_ is None else str(id_), row["question"]


@contextmanager
def _line_named(where: str) -> Iterator[None]:
    """Say which line of a batch an error is about."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{where}: {error.what}" if where else error.what, error.next_step
        ) from None


def _print_json(value: Any) -> None:
    if not isinstance(value, dict | list):
        value = asdict(value)
    click.echo(json.dumps(value, ensure_ascii=False))


def _print_hits(hits: Iterable[Hit]) -> None:
    for rank, hit in enumerate(hits, start=1):
        where = " › ".join(hit.section)
        number = f", paragraph {hit.paragraph}" if hit.paragraph else ""
        click.echo(f"{rank}. {hit.report}, “{where}”{number} ({hit.score:.4f})\n{hit.text}\n")


def _print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else 140
    Console(highlight=False, width=width).print(table)
