"""The command. Answers go to stdout, everything else to stderr. With ``options`` owner of click.

Exit codes: 0 all went well, 1 something failed (a file, a check), 2 the input cannot be used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from rag.assistant import Assistant
from rag.dates import date_in_words
from rag.errors import InputError, RagError
from rag.index import is_there
from rag.model import Model
from rag.options import index_option, json_option, model_options
from rag.records import Answer
from rag.terminal import (
    Tally,
    adding_bar,
    counting_bar,
    followed,
    outcome_line,
    print_hits,
    print_json,
    print_table,
    print_text,
    say,
)
from rag.wording import as_written


class _Command(click.Group):
    """Shows every RagError as one sentence on stderr; no traceback reaches a user."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RagError as error:
            say(f"rag: {error}")
            ctx.exit(error.exit_code)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="council-reports-rag")
def main() -> None:
    """Ask questions over a shelf of reports; every answer names every report."""


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--replace", "replacing", is_flag=True, help="Newer versions replace older ones.")
@click.option("--report", metavar="FILE.csv", help="Write a table of what became of each file.")
@click.option("--workers", type=click.IntRange(1, 64), help="Files read at a time here.")
@click.option(
    "--ray", metavar="ADDRESS", help="Read and embed on a Ray cluster: local, auto or HOST:PORT."
)
@index_option
@json_option
def add(
    *,
    paths: tuple[str, ...],
    replacing: bool,
    report: str | None,
    workers: int | None,
    ray: str | None,
    index: str,
    as_json: bool,
) -> None:
    """Add report files, or folders of them. What is there already is left alone."""
    if _add_all(
        paths,
        index,
        as_json=as_json,
        replacing=replacing,
        report=report,
        workers=workers,
        ray=ray,
    ):
        raise click.exceptions.Exit(1)


def _add_all(
    paths: Iterable[str],
    index: str,
    *,
    as_json: bool = False,
    replacing: bool = False,
    report: str | None = None,
    workers: int | None = None,
    ray: str | None = None,
) -> int:
    """Add with a progress bar and a line a file; how many failed."""
    with (
        Tally(Path(report) if report else None) as tally,
        Assistant.open(index, create=True) as assistant,
    ):
        with adding_bar() as progress:
            for outcome in assistant.adding(
                paths, progress, replace_older=replacing, ray=ray, workers=workers
            ):
                tally.count(outcome)
                if as_json:
                    print_json(outcome)
                else:
                    say(outcome_line(outcome))
        say(tally.line())
        return tally.failed


@main.command()
@click.argument("question", required=False)
@click.option(
    "--batch",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help='JSON lines {"id", "question"} to answer, one answer a line; - is stdin.',
)
@click.option(
    "--without",
    multiple=True,
    metavar="PART",
    help="Take out a part of what is understood: 'council: Sefton Council'.",
)
@click.option("--more", is_flag=True, help="Quote every passage that speaks, not only the best.")
@click.option("--out", metavar="FILE", help="Write a paper: .docx, .md, .csv or .html.")
@click.option("--show-failed", is_flag=True, help="Show what the model wrote and failed checks.")
@model_options
@index_option
@json_option
def ask(
    *,
    model: Model | None,
    show_failed: bool,
    question: str | None,
    batch: IO[str] | None,
    without: tuple[str, ...],
    more: bool,
    out: str | None,
    index: str,
    as_json: bool,
) -> None:
    """Answer a question with exact quotes, and say which reports do not mention it."""
    if batch and out:
        raise InputError("--out writes one answer, not a batch.", "Use --json for a batch.")
    with Assistant.open(index, model=model) as assistant:
        for where, id_, text in _questions(question, batch):
            with _line_named(where):
                found = assistant.ask(text, id_, without=without, more=more)
            if model is not None:
                try:
                    found = followed(assistant.writing(found))
                except KeyboardInterrupt:
                    say("Stopped. This is the answer without the language model.")
            if out is not None:
                _write_paper(Path(out), found, assistant)
                say(f"Written: {out}")
            if as_json or batch:
                print_json(found)
            else:
                print_text(as_written(found, show_failed=show_failed) + found.text)


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
                print_json({"id": id_, "question": text, "hits": [asdict(h) for h in hits]})
            elif as_json:
                print_json([asdict(h) for h in hits])
            else:
                print_hits(hits)


@main.command()
@index_option
@json_option
def reports(index: str, as_json: bool) -> None:
    """List the reports on the shelf."""
    with Assistant.open(index) as assistant:
        shelf = assistant.reports()
    if as_json:
        print_json([asdict(info) for info in shelf])
        return
    rows = (
        (
            *(i.report, i.council or "not known", date_in_words(i.date), i.kind or ""),
            *(i.judgement or "", i.form, str(i.pages or ""), str(i.passages)),
        )
        for i in shelf
    )
    columns = "report council date kind judgement form pages passages"
    print_table(columns.split(), rows)
    for info in shelf:
        for note in info.notes:
            say(f"{info.report}: {note}")


@main.command()
@click.argument("report")
@index_option
def remove(report: str, index: str) -> None:
    """Take a report off the shelf."""
    with Assistant.open(index) as assistant:
        assistant.remove(report)
    say(f"removed: {report}")


@main.command()
@click.option("--corpus", default="corpus", show_default=True, metavar="DIR")
@click.option(
    "--into", default="reports", show_default=True, metavar="DIR", help="Where the files are kept."
)
@index_option
def fetch(corpus: str, into: str, index: str) -> None:
    """Get the reports of corpus/ from their publishers, and add them over their briefs."""
    from rag.fetching import fetch_all

    missing = 0
    fetched: list[str] = []
    for name, what, path in fetch_all(Path(corpus), Path(into)):
        missing += path is None
        fetched += [] if path is None else [str(path)]
        say(f"{name}: {what}")
    if (fetched and _add_all(fetched, index)) or missing:
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("file")
@click.option("--overwrite", is_flag=True, help="Write over an older backup.")
@index_option
def backup(file: str, overwrite: bool, index: str) -> None:
    """Copy the index into one checked file; others may go on using it."""
    done = Assistant.backup(index, file, overwrite=overwrite)
    size = done.bytes / 2**20
    say(f"{done.file}: {done.reports} reports, {done.passages} passages, {size:.1f} MiB.")


@main.command()
@click.argument("file")
@index_option
def restore(file: str, index: str) -> None:
    """Put a backup in place; the index that is there is kept aside."""
    done = Assistant.restore(index, file)
    say(f"Restored: {done.reports} reports, {done.passages} passages.")
    if done.kept is not None:
        say(f"What was there is kept as {done.kept}.")
    if done.outdated:
        say(f"The backup is of an older format. Now run: rag reindex --index {index}")


@main.command()
@index_option
def reindex(index: str) -> None:
    """Cut and embed all reports anew, without reading their files again."""
    with counting_bar("embedding") as progress:
        done = Assistant.reindex(index, progress)
    say(f"{done.reports} reports, {done.passages} passages; {done.embedded} texts embedded.")


@main.command()
@index_option
@json_option
def verify(index: str, as_json: bool) -> None:
    """Check that the index agrees with itself."""
    with Assistant.open(index) as assistant:
        problems = assistant.verify()
        built, shelf = assistant.built_with(), assistant.reports()
        vectors = "" if problems else assistant.searched_by()
    if as_json:
        told = {"problems": problems, "built_with": built, "reports": len(shelf)}
        print_json(told | {"vectors": vectors})
    else:
        passages = sum(info.passages for info in shelf)
        print_text(f"{len(shelf)} reports, {passages} passages.")
        for key, value in sorted(built.items()):
            print_text(f"{key}: {value}")
        if vectors:
            print_text(f"vectors: {vectors}")
        for problem in problems:
            print_text(f"problem: {problem}")
        way_back = (
            f"rag restore FILE --index {index}, or move the folder away and run: rag add PATH"
        )
        print_text(f"The way back: {way_back}" if problems else "Nothing is wrong.")
    if problems:
        raise click.exceptions.Exit(1)


@main.command(name="eval")
@click.option("--reports", "folder", metavar="DIR", help="Folder with the five reports.")
@click.option("--write/--no-write", default=False, help="Write evals/results/<commit>.json.")
@click.option("--page", metavar="FILE", help="Write a web page to read the answers, misses first.")
@model_options
def evaluate(model: Model | None, folder: str | None, write: bool, page: str | None) -> None:
    """Score the gold questions and the plain stack; with --model, what it makes of the answers."""
    if model is not None:
        from evals.generation import run as run_model

        run_model(model, Path(folder) if folder else None, write=write)
        return
    from evals.run import run

    run(Path(folder) if folder else None, write=write, page=None if page is None else Path(page))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Others need --auth.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535))
@click.option("--auth", metavar="FILE", help="Users and hashed passwords; see: rag password.")
@click.option("--read-only", is_flag=True, help="Nobody changes the shelf on the page.")
@click.option("--https", is_flag=True, help="Behind a proxy that speaks https.")
@click.option("--corpus", metavar="DIR", help="Added when there is no index yet.")
@model_options
@index_option
def serve(
    *,
    model: Model | None,
    host: str,
    port: int,
    auth: str | None,
    read_only: bool,
    https: bool,
    corpus: str | None,
    index: str,
) -> None:
    """Open the web page, on this machine only unless there are passwords."""
    from app import Serving
    from app import serve as serve_page

    if corpus and not is_there(index):
        _add_all([corpus], index)
    serving = Serving(host, port, None if auth is None else Path(auth), read_only, https)
    with Assistant.open(index, model=model) as assistant:
        serve_page(assistant, serving, say)


@main.command()
@click.argument("user")
@click.option("--auth", required=True, metavar="FILE", help="Made when it is not there.")
@click.option("--remove", is_flag=True, help="Take the user out of the file.")
def password(user: str, auth: str, remove: bool) -> None:
    """Set a user's password for rag serve --auth; only its hash is kept."""
    from rag.passwords import PasswordFile

    users = PasswordFile.open(Path(auth), create=not remove)
    if remove:
        users.remove(user)
        say(f"{user} can no longer log in.")
        return
    users.set(user, click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    say(f"{user} can log in with: rag serve --auth {auth}")


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


def _write_paper(file: Path, found: Answer, assistant: Assistant) -> None:
    from rag.export import FORMATS, Taken, export

    form = next((form for form in FORMATS if file.suffix.lower() == f".{form}"), None)
    if form is None:
        endings = ", ".join(f".{form}" for form in FORMATS)
        raise InputError(f"{file.name} has no ending that is known.", f"Endings: {endings}.")
    asked = datetime.now(UTC).isoformat("T", "minutes")
    try:
        file.write_bytes(export(Taken(found, asked, assistant.shelf_version()), form))
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.") from None


@contextmanager
def _line_named(where: str) -> Iterator[None]:
    """Say which line of a batch an error is about."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{where}: {error.what}" if where else error.what, error.next_step
        ) from None
