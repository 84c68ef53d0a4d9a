"""`ingest spec`: what Druid was asked for to load a task, or would be for a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from services import following, report_view
from services.installed import connect
from services.validate_command import EXIT_REJECTED, ContractOption, Request, show, with_hints
from services.validator.engine import Accepted
from shared.datasource_name import problem_with


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(with_hints(spec))


def spec(
    target: Annotated[
        str, typer.Argument(metavar="ID|FILE", help="The id that `put` printed; with --datasource, a file.")
    ],
    datasource: Annotated[
        str | None, typer.Option("--datasource", "-d", help="Where the rows of the file would go.")
    ] = None,
    contract: ContractOption = None,
    **hints: str | None,
) -> None:
    """Print the spec of a task as it was posted to Druid, without secrets; or that of a file, with no server.

    A file's is the one that it would be loaded with; words stand in for the task, the bucket and the parts. Exit 3 if
    the file is rejected.
    """
    if datasource is not None:
        _print(_planned(Path(target), datasource, contract, hints))
        return
    if contract is not None or any(value is not None for value in hints.values()):
        msg = "options about a file need --datasource: without it the spec of a task is shown"
        raise typer.BadParameter(msg)
    if Path(target).is_file():
        msg = f"{target} is a file: say with --datasource where its rows would go"
        raise typer.BadParameter(msg)
    with connect() as client:
        _print(client.spec(target))


def _planned(file: Path, datasource: str, contract: Path | None, hints: dict[str, str | None]) -> Mapping[str, Any]:
    from services import spec_preview

    if fault := problem_with(datasource):
        msg = f"--datasource {fault}"
        raise typer.BadParameter(msg)
    request = Request(file, "text", hints, contract=contract)
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        # The rows are written for the sake of the parts, which the spec names.
        verdict, report = request.judge(Path(folder), write_rows=True)
    if not isinstance(verdict, Accepted):
        show(report_view.validation_lines(report, str(file), said=request.said))
        raise typer.Exit(EXIT_REJECTED)
    if verdict.rows_rejected:
        following.say(f"{verdict.rows_rejected:,} of {verdict.rows_read:,} rows are rejected")
    planned = spec_preview.spec_of(verdict, datasource=datasource, contract=request.contract)
    if missing := spec_preview.left_open(planned):
        following.say(missing)
    return planned


def _print(spec: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(spec, indent=2, ensure_ascii=False))
