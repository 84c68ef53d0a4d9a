"""`ingest problems` and `ingest rejects`: what is wrong with the rejected rows of a task, and the rows themselves."""

from __future__ import annotations

import csv
import json
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from services import following, problem_table
from services.gateway_client import GatewayClient, OnProgress
from services.gateway_results import Rejects, problems_of, rejects_of
from services.installed import connect
from services.row_files import WholeFile

_FORMS = ("ndjson", "original", "csv", "xlsx")
_TO_FIX = ("csv", "xlsx", "ndjson")
_MOST_OF_A_PAGE = 1_000
_SHOWN = 100
_CSV = ("record", "line", "column", "rule", "value", "message", "suggestion")
_Task = Annotated[str, typer.Argument(help="The id that `put` printed.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(problems)
    app.command()(rejects)


def problems(
    task_id: _Task,
    rule: Annotated[str | None, typer.Option(help="Only problems of this rule, such as timestamp_invalid.")] = None,
    column: Annotated[str | None, typer.Option(help="Only problems of this column.")] = None,
    limit: Annotated[
        int | None, typer.Option(help="How many; 100 in a table if left out, else all; 0 is all.", min=0)
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="table, json or csv.")] = "table",
) -> None:
    """Show what is wrong with the rejected rows of a task, in the order of its file."""
    if output not in _PRINTED:
        msg = f"--output is table, json or csv, not {output!r}"
        raise typer.BadParameter(msg)
    most = (_SHOWN if output == "table" else 0) if limit is None else limit
    page = min(most + 1, _MOST_OF_A_PAGE) if most else _MOST_OF_A_PAGE
    wanted = {"rule": rule, "column": column, "limit": str(page)}
    with connect() as client:
        found = problems_of(client, task_id, {name: said for name, said in wanted.items() if said is not None})
        first = next(found, None)  # before anything is printed: there may be none
        if first is not None:
            found = _again(first, found)
        _PRINTED[output](islice(found, most) if most else found)
        if first is None:
            following.say("no rejected row has such a problem")
        elif most and next(found, None) is not None:
            following.say(f"these are the first {most:,}: --limit 0 shows all")


def rejects(
    task_id: _Task,
    form: Annotated[
        str | None, typer.Option("--format", help="ndjson (the default), original, csv or xlsx; with --fix csv.")
    ] = None,
    place: Annotated[
        Path | None, typer.Option("--output-file", "-O", help="The file to write; standard output if left out.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write a file to edit, and say how to send it back corrected.")
    ] = False,
) -> None:
    """Get the rejected rows of a task."""
    form = form or (_TO_FIX[0] if fix else _FORMS[0])
    if form not in (_TO_FIX if fix else _FORMS):
        msg = f"--format is {', '.join(_TO_FIX if fix else _FORMS)}, not {form!r}"
        raise typer.BadParameter(msg)
    if form == "xlsx" and place is None and not fix and sys.stdout.isatty():
        msg = "a workbook is nothing to look at here: say with -O where it goes"
        raise typer.BadParameter(msg)
    with connect() as client:
        if fix:
            _prepare(client, task_id, form, place)
            return
        with rejects_of(client, task_id, form) as found:
            if place is None:
                _copy(found, sys.stdout.buffer)
            else:
                _write(found, place)


def _prepare(client: GatewayClient, task_id: str, form: str, place: Path | None) -> None:
    """Write a file to edit. One that is there already may have been edited, and is never replaced."""
    task = client.task(task_id)
    with rejects_of(client, task_id, form) as found:
        place = place or Path(found.name)
        if place.exists():
            msg = f"{place} is there already, maybe with corrections: name another file with -O"
            raise typer.BadParameter(msg)
        _write(found, place)
    typer.echo(place)
    following.say(f"{task['ledger']['rows_rejected']:,} rejected rows are in {place}")
    if form == "ndjson":
        following.say("put their fields right; leave out rows that you do not correct")
    else:
        following.say("put them right, and leave ingest_record as it is")
        following.say("where ingest_errors begins with !, empty it once the row is right")
    parent = task.get("corrects") or task_id
    following.say(f"then: ingest correct {parent} {shlex.quote(str(place))} --wait")


def _write(found: Rejects, place: Path) -> None:
    with WholeFile(place) as file:

        def transfer(on_progress: OnProgress) -> None:
            for piece in found.pieces:
                file.write(piece)
                on_progress(len(piece))

        following.transferred(place.name, None, transfer)
        file.keep()


def _copy(found: Rejects, target: IO[bytes]) -> None:
    for piece in found.pieces:
        target.write(piece)
    target.flush()


def _again(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest


def _table(found: Iterable[Mapping[str, Any]]) -> None:
    is_first = True
    for problem in found:
        if is_first:
            typer.echo(problem_table.head())
            is_first = False
        for line in problem_table.lines(problem):
            typer.echo(line)


def _json(found: Iterable[Mapping[str, Any]]) -> None:
    lead = "[\n"
    for problem in found:
        typer.echo(f"{lead}  {json.dumps(problem, ensure_ascii=False)}", nl=False)
        lead = ",\n"
    typer.echo("[]" if lead == "[\n" else "\n]")


def _csv(found: Iterable[Mapping[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_CSV)
    writer.writerows([problem[name] for name in _CSV] for problem in found)


_PRINTED = {"table": _table, "json": _json, "csv": _csv}
