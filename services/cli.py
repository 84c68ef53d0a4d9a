"""`ingest`: load files, follow tasks, validate without a server, prepare and check an installation.

Exit codes: 0 done (rejected rows are told on stderr), 1 error, 2 wrong usage, 3 the file was rejected,
4 the ingestion failed, 5 time-out.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console
from typer.exceptions import TyperException

from services import contract_command, datasource_command, display, supervisor, validate_command
from shared.errors import IngestError
from shared.events import LoadMode, TaskStatus

# A command loads what it needs when it runs: `validate` on a small file is mostly the time of these imports.
if TYPE_CHECKING:
    from services.gateway_client import GatewayClient
    from shared.settings import SettingsGroup

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_REJECTED = 3
EXIT_FAILED = 4
EXIT_TIMEOUT = 5
EXIT_INTERRUPTED = 130
POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 1.0

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
topics = typer.Typer(no_args_is_help=True, help="Kafka topics.")
db = typer.Typer(no_args_is_help=True, help="PostgreSQL.")
app.add_typer(topics, name="topics")
app.add_typer(db, name="db")
app.add_typer(contract_command.app, name="contract")
app.add_typer(datasource_command.app, name="datasource")
validate_command.register(app)
_errors = Console(stderr=True, highlight=False)
S = TypeVar("S", bound="SettingsGroup")


def main() -> None:
    """Run the command line; every expected error is one line on stderr."""
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        message = error.format_message()
        _say(message if "\n" not in message else f"\n{message}")  # no command at all: the help
        code = EXIT_USAGE
    except IngestError as error:
        _say(str(error))
        code = EXIT_ERROR
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    sys.exit(code or 0)


@app.command()
def put(  # noqa: PLR0913, PLR0917  # typer makes an option of each parameter
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="The files to load.")],
    datasource: Annotated[str, typer.Option("--datasource", "-d", help="Where the rows go.")],
    mode: Annotated[
        LoadMode, typer.Option(help="Add to the datasource, or replace all that it holds.")
    ] = LoadMode.APPEND,
    timestamp_column: Annotated[str | None, typer.Option(help=validate_command.HINTS["timestamp_column"])] = None,
    timestamp_format: Annotated[str | None, typer.Option(help=validate_command.HINTS["timestamp_format"])] = None,
    time_zone: Annotated[
        str | None, typer.Option(validate_command.ZONE_OPTION, help=validate_command.HINTS["time_zone"])
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help=validate_command.HINTS["delimiter"])] = None,
    encoding: Annotated[str | None, typer.Option(help=validate_command.HINTS["encoding"])] = None,
    sheet: Annotated[str | None, typer.Option(help=validate_command.HINTS["sheet"])] = None,
    file_format: Annotated[str | None, typer.Option("--format", help=validate_command.HINTS["format"])] = None,
    contract_version: Annotated[
        int | None, typer.Option(help="The version of the contract that judges them; the latest if left out.", min=1)
    ] = None,
    user: Annotated[str | None, typer.Option(help="Who loads it.")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Follow each file to its end.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for one file.", min=0.1)] = 3600.0,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
) -> None:
    """Load files into a datasource."""
    _known_output(output)
    fields = {
        "datasource_name": datasource,
        "mode": mode.value,
        "timestamp_column": timestamp_column,
        "timestamp_format": timestamp_format,
        "time_zone": time_zone,
        "delimiter": delimiter,
        "encoding": encoding,
        "sheet": sheet,
        "format": file_format,
        "contract_version": None if contract_version is None else str(contract_version),
        "user_id": user,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    code = 0
    with _client() as client:
        for path in files:
            accepted = _upload(client, path, said)
            task_id = accepted["task_id"]
            if wait:
                code = max(code, _follow(client, task_id, timeout, output))
            else:
                _print(accepted, output, [f"{path.name} -> {datasource}  task {task_id}  {accepted['status']}"])
    raise typer.Exit(code)


@app.command()
def status(
    task_id: Annotated[str, typer.Argument(help="The id that `put` printed.")],
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow the task to its end.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to watch.", min=0.1)] = 3600.0,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
) -> None:
    """Show a task and its ledger."""
    _known_output(output)
    with _client() as client:
        if watch:
            raise typer.Exit(_follow(client, task_id, timeout, output))
        task = client.task(task_id)
        _print(task, output, display.task_lines(task))
        raise typer.Exit(exit_code(task))


@app.command()
def setup() -> None:
    """Prepare an installation: tables, topics and bucket of this release; what is there already stays."""
    db_upgrade()
    topics_create()
    _create_bucket()


def _create_bucket() -> None:
    from shared.storage.s3 import S3ObjectStore
    from shared.storage.settings import S3Settings

    async def create(settings: S3Settings) -> None:
        store = S3ObjectStore(settings)
        try:
            await store.ensure_bucket()
        finally:
            await store.close()

    settings = _settings(S3Settings)
    asyncio.run(create(settings))
    typer.echo(f"bucket     {settings.s3_bucket_name}")


@topics.command("create")
def topics_create() -> None:
    """Make every missing topic with its partitions, replication and retention."""
    from shared.kafka import admin
    from shared.kafka.settings import KafkaSettings

    created, existing = asyncio.run(admin.create_topics(_settings(KafkaSettings)))
    typer.echo(f"topics     {len(created)} made, {len(existing)} there before")


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables to this release's form."""
    from shared.db import migrate
    from shared.db.engine import DatabaseSettings

    settings = _settings(DatabaseSettings)
    revision = asyncio.run(migrate.upgrade(settings))
    typer.echo(f"database   at revision {revision}")


@app.command()
def run(service: Annotated[str, typer.Argument(help="One of the five services, or all.")]) -> None:
    """Run a service, or all five, until stopped."""
    if service != "all" and service not in supervisor.SERVICES:
        _usage(f"there is no service {service!r}: say one of {', '.join(supervisor.SERVICES)}, or all")
    names = supervisor.SERVICES if service == "all" else (service,)
    raise typer.Exit(supervisor.run(names, _environment()))


@app.command("doctor")
def doctor_command() -> None:
    """Ask every server and service for its version and state; one red line for each that is down."""
    from services import doctor

    findings = asyncio.run(doctor.examine(_profile()))
    for finding in findings:
        style = "green" if finding.good else "red"
        _out().print(
            f"[{style}]{'up' if finding.good else 'DOWN':<4}[/] {finding.name:<11} {finding.said}", soft_wrap=True
        )
    raise typer.Exit(0 if all(finding.good for finding in findings) else EXIT_ERROR)


def exit_code(task: Mapping[str, Any]) -> int:
    """What the command line's exit says about a task; 0 for one that is still under way."""
    return {TaskStatus.REJECTED: EXIT_REJECTED, TaskStatus.COMPLETED: 0}.get(
        TaskStatus(task["status"]), EXIT_FAILED if TaskStatus(task["status"]).is_end else 0
    )


def _upload(client: GatewayClient, path: Path, fields: Mapping[str, str]) -> dict[str, Any]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=_errors, transient=True, disable=not _errors.is_terminal) as bar:
        shown = bar.add_task(path.name, total=path.stat().st_size)
        return client.upload(path, fields, lambda read: bar.update(shown, advance=read))


def _follow(client: GatewayClient, task_id: str, timeout: float, output: str) -> int:
    """Show each state until the end; the exit code of the task, or of the time-out."""
    deadline, pause = time.monotonic() + timeout, POLL_SECONDS
    shown: list[str] = []
    while True:
        task = client.task(task_id)
        if output == "text":
            pause = POLL_SECONDS if _show_news(task, shown) else min(pause * 1.2, LONGEST_POLL_SECONDS)
        if TaskStatus(task["status"]).is_end:
            return _conclude(task, output)
        if time.monotonic() > deadline:
            _say(f"task {task_id} is still {task['status']} after {timeout:g} s: `ingest status {task_id} -w` goes on")
            return EXIT_TIMEOUT
        time.sleep(pause)


def _show_news(task: Mapping[str, Any], shown: list[str]) -> bool:
    """Print the lines about the task that were not printed yet; whether there were any."""
    head = f"{task.get('original_filename') or task['file_uri']} -> {task['datasource_name']}  task {task['task_id']}"
    progress = display.progress_line(task)
    news = [line for line in (head, *display.state_lines(task), progress) if line and line not in shown]
    for line in news:
        typer.echo(line)
    shown.extend(news)
    return bool(news)


def _conclude(task: Mapping[str, Any], output: str) -> int:
    _print(task, output, display.ledger_lines(task))
    code = exit_code(task)
    if code:
        for line in display.problem_lines(task):
            _say(line)
    elif task["ledger"]["rows_rejected"]:
        ledger = task["ledger"]
        where = f"; they are in {task['rejects_key']}" if task.get("rejects_key") else ""
        _say(f"{ledger['rows_rejected']:,} of {ledger['rows_read']:,} rows were rejected{where}")
    return code


def _print(document: Mapping[str, Any], output: str, lines: list[str]) -> None:
    text = json.dumps(document, indent=2) if output == "json" else "\n".join(lines)
    if text:
        typer.echo(text)


def _client() -> GatewayClient:
    from services.gateway_client import connect

    return connect()


def _settings(group: type[S]) -> S:
    from shared.settings import load

    return load(group, profile=_profile())


def _profile() -> Path | None:
    from shared.settings import find_profile

    return find_profile(Path.cwd())


def _environment() -> dict[str, str]:
    """This process's environment, with what only the profile says filled in."""
    from dotenv import dotenv_values

    profile = _profile()
    said = {name: value for name, value in dotenv_values(profile).items() if value} if profile else {}
    return {**said, **os.environ}


def _known_output(output: str) -> None:
    if output not in {"text", "json"}:
        _usage(f"--output is text or json, not {output!r}")


def _usage(message: str) -> None:
    _say(message)
    raise typer.Exit(EXIT_USAGE)


def _say(message: str) -> None:
    print(f"ingest: {message}", file=sys.stderr)


def _out() -> Console:
    return Console(highlight=False)


if __name__ == "__main__":
    main()
