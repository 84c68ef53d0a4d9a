"""`ingest spec`: what Druid was asked for to load a task, or would be for a file, and whether it reads the rows so."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services import following, report_view
from services.installed import connect, settings_of
from services.validate_command import EXIT_REJECTED, ContractOption, Request, show, with_hints
from services.validator.engine import Accepted
from shared.datasource_name import problem_with

if TYPE_CHECKING:
    from services.gateway_client import GatewayClient
    from services.spec_check.checking import Checked
    from services.spec_check.sampler import Sampler
    from shared.contract import Contract

ROWS_SAMPLED = 500


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
    check: Annotated[
        bool, typer.Option("--check", help="Have Druid's sampler read rows by the spec, and compare each cell.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(help=f"With --check: the most rows to compare; {ROWS_SAMPLED} if left out.", min=1, max=5000),
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json; a spec is always JSON.")] = "text",
    **hints: str | None,
) -> None:
    """Print the spec of a task as it was posted to Druid, without secrets; or that of a file, with no server.

    A file's is the one that it would be loaded with; words stand in for the task, the bucket and the parts. Exit 3 if
    the file is rejected. With --check: exit 0 if Druid reads every cell as we do, 4 if not, 1 if it could not be asked.
    """
    following.known_output(output)
    if sample is not None and not check:
        msg = "--sample is the number of rows that --check compares: say --check too"
        raise typer.BadParameter(msg)
    rows = (sample or ROWS_SAMPLED) if check else None
    if datasource is not None:
        _of_file(Path(target), datasource, Request(Path(target), "text", hints, contract=contract), rows, output)
        return
    if contract is not None or any(value is not None for value in hints.values()):
        msg = "options about a file need --datasource: without it the spec of a task is shown"
        raise typer.BadParameter(msg)
    if Path(target).is_file():
        msg = f"{target} is a file: say with --datasource where its rows would go"
        raise typer.BadParameter(msg)
    _of_task(target, rows, output)


def _of_file(file: Path, datasource: str, request: Request, rows: int | None, output: str) -> None:
    """Print the spec of a file, or compare as many `rows`."""
    from services import spec_preview

    if fault := problem_with(datasource):
        msg = f"--datasource {fault}"
        raise typer.BadParameter(msg)
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        # The rows are written for the sake of the parts, which the spec names.
        verdict, report = request.judge(Path(folder), write_rows=True)
        if not isinstance(verdict, Accepted):
            show(report_view.validation_lines(report, str(file), said=request.said))
            raise typer.Exit(EXIT_REJECTED)
        if verdict.rows_rejected:
            following.say(f"{verdict.rows_rejected:,} of {verdict.rows_read:,} rows are rejected")
        planned = spec_preview.spec_of(verdict, datasource=datasource, contract=request.contract)
        if rows is not None:
            checked = _checked_file(planned, verdict, Path(folder), request.contract, rows)
            _conclude(checked, file.name, output)
    if missing := spec_preview.left_open(planned):
        following.say(missing)
    _print(planned)


def _of_task(task_id: str, rows: int | None, output: str) -> None:
    """Print the spec of a task, or compare as many `rows`."""
    with connect() as client:
        kept = client.spec(task_id)
        if rows is None:
            _print(kept)
            return
        contract = _contract_of(client, task_id)
    _conclude(_checked_task(kept, contract, rows), f"task {task_id}", output)


def _contract_of(client: GatewayClient, task_id: str) -> Contract | None:
    """The version of the contract that a task was judged by."""
    from shared.contract import read_contract

    task = client.task(task_id)
    version = task["contract_version"]
    if version is None:
        return None
    return read_contract(client.contract(task["datasource_name"], version=version, media_type="application/yaml"))


def _checked_file(
    planned: Mapping[str, Any], verdict: Accepted, folder: Path, contract: Contract | None, rows: int
) -> Checked:
    from services.spec_check.checking import check_file

    async def check() -> Checked:
        async with _sampler() as sampler:
            return await check_file(planned, verdict, folder, contract=contract, sampler=sampler, rows=rows)

    return asyncio.run(check())


def _checked_task(kept: Mapping[str, Any], contract: Contract | None, rows: int) -> Checked:
    from services.spec_check.checking import check_task
    from shared.storage.s3 import S3ObjectStore
    from shared.storage.settings import S3Settings

    async def check() -> Checked:
        store = S3ObjectStore(settings_of(S3Settings))
        try:
            async with _sampler() as sampler:
                return await check_task(kept, store, contract=contract, sampler=sampler, rows=rows)
        finally:
            await store.close()

    return asyncio.run(check())


@asynccontextmanager
async def _sampler() -> AsyncIterator[Sampler]:
    from services.spec_check.sampler import Sampler
    from shared.druid import DruidSettings

    sampler = Sampler(settings_of(DruidSettings))
    try:
        yield sampler
    finally:
        await sampler.close()


def _conclude(checked: Checked, name: str, output: str) -> None:
    """Show what came out, and exit with what it means."""
    from services.spec_check.lines import check_document, check_lines

    if output == "json":
        _print(check_document(checked))
    else:
        show(check_lines(checked, name))
    raise typer.Exit(0 if checked.comparison.equal else following.EXIT_FAILED)


def _print(document: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
