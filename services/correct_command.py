"""`ingest correct` and `ingest waive`: what becomes of the rejected rows of a task."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from services import following, validate_command
from services.installed import connect

_Task = Annotated[str, typer.Argument(help="The id of the task whose rows were rejected.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(correct)
    app.command()(waive)


def correct(  # noqa: PLR0913, PLR0917  # typer makes an option of each parameter
    task_id: _Task,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="The corrected rows: the rejects with corrected fields, or a file with the same columns.",
        ),
    ],
    delimiter: Annotated[str | None, typer.Option(help=validate_command.HINTS["delimiter"])] = None,
    quote: Annotated[str | None, typer.Option(help=validate_command.HINTS["quote"])] = None,
    encoding: Annotated[str | None, typer.Option(help=validate_command.HINTS["encoding"])] = None,
    sheet: Annotated[str | None, typer.Option(help=validate_command.HINTS["sheet"])] = None,
    file_format: Annotated[str | None, typer.Option("--format", help=validate_command.HINTS["format"])] = None,
    user: Annotated[str | None, typer.Option(help="Who sends it.")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Follow the correction to its end.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.", min=0.1)] = 3600.0,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
) -> None:
    """Load corrected rows of a task; they are added, and read as the task's file was."""
    following.known_output(output)
    fields = {
        "delimiter": delimiter,
        "quote": quote,
        "encoding": encoding,
        "sheet": sheet,
        "format": file_format,
        "user_id": user,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    with connect() as client:
        accepted = following.upload(file, partial(client.correct, task_id, file, said))
        if wait:
            raise typer.Exit(following.follow(client, accepted["task_id"], timeout, output))
        line = f"{file.name} corrects task {task_id}  task {accepted['task_id']}  {accepted['status']}"
        following.show(accepted, output, [line])


def waive(
    task_id: _Task,
    reason: Annotated[str, typer.Option(help="Why they will not be corrected; it is kept.")],
    record: Annotated[list[int] | None, typer.Option(help="A record that will not be corrected; repeat it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All rows that are still open.")] = False,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
) -> None:
    """Say that rejected rows will not be corrected: they leave the gap."""
    following.known_output(output)
    if every == bool(record):
        msg = "say --all, or each --record"
        raise typer.BadParameter(msg)
    with connect() as client:
        waived = client.waive(task_id, "all" if every else list(record or ()), reason)
        following.show(waived, output, [f"{waived['rows_waived']:,} rows of task {task_id} are waived"])
