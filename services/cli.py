"""`ingest`: load files, follow tasks, validate without a server, prepare and check an installation.

Exit codes: 0 done (rejected rows are told on stderr), 1 error, 2 wrong usage, 3 the file was rejected,
4 the ingestion failed or a check found a difference, 5 time-out.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.exceptions import TyperException

from services import (
    contract_command,
    correct_command,
    datasource_command,
    display,
    following,
    spec_command,
    supervisor,
    task_command,
    undo_command,
    validate_command,
)
from services.installed import connect, profile, settings_of
from shared.errors import IngestError
from shared.events import LoadMode, StopAfter

# A command loads what it needs when it runs: `validate` on a small file is mostly the time of these imports.
EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
topics = typer.Typer(no_args_is_help=True, help="Kafka topics.")
db = typer.Typer(no_args_is_help=True, help="PostgreSQL.")
app.add_typer(topics, name="topics")
app.add_typer(db, name="db")
app.add_typer(contract_command.app, name="contract")
app.add_typer(datasource_command.app, name="datasource")
validate_command.register(app)
correct_command.register(app)
undo_command.register(app)
task_command.register(app)
spec_command.register(app)


def main() -> None:
    """Run the command line; every expected error is one line on stderr."""
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        message = error.format_message()
        following.say(message if "\n" not in message else f"\n{message}")  # no command at all: the help
        code = EXIT_USAGE
    except IngestError as error:
        following.say(str(error))
        code = EXIT_ERROR
    except ModuleNotFoundError as error:
        if str(error.name).startswith(("services", "shared")):
            raise
        # The commands that talk to servers are installed without what reads files.
        following.say(f"this command needs {error.name}: install what requirements/validator.txt lists")
        code = EXIT_ERROR
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    sys.exit(code or 0)


@app.command()
def put(  # noqa: PLR0913, PLR0917  # typer makes an option of each parameter
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="The files to load.")],
    datasource: Annotated[str, typer.Option("--datasource", "-d", help="Where the rows go.")],
    mode: Annotated[
        LoadMode | None,
        typer.Option(help="Add to the datasource, or replace what it holds; what its contract says if left out."),
    ] = None,
    timestamp_column: Annotated[str | None, typer.Option(help=validate_command.HINTS["timestamp_column"])] = None,
    timestamp_format: Annotated[str | None, typer.Option(help=validate_command.HINTS["timestamp_format"])] = None,
    time_zone: Annotated[
        str | None, typer.Option(validate_command.ZONE_OPTION, help=validate_command.HINTS["time_zone"])
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help=validate_command.HINTS["delimiter"])] = None,
    encoding: Annotated[str | None, typer.Option(help=validate_command.HINTS["encoding"])] = None,
    sheet: Annotated[str | None, typer.Option(help=validate_command.HINTS["sheet"])] = None,
    file_format: Annotated[str | None, typer.Option("--format", help=validate_command.HINTS["format"])] = None,
    header: Annotated[str | None, typer.Option(help=validate_command.HINTS["header"])] = None,
    skip_rows: Annotated[str | None, typer.Option(help=validate_command.HINTS["skip_rows"])] = None,
    comment: Annotated[str | None, typer.Option(help=validate_command.HINTS["comment"])] = None,
    quote: Annotated[str | None, typer.Option(help=validate_command.HINTS["quote"])] = None,
    escape: Annotated[str | None, typer.Option(help=validate_command.HINTS["escape"])] = None,
    decimal_mark: Annotated[str | None, typer.Option(help=validate_command.HINTS["decimal_mark"])] = None,
    thousands: Annotated[str | None, typer.Option(help=validate_command.HINTS["thousands"])] = None,
    max_rejected_rows: Annotated[str | None, typer.Option(help=validate_command.HINTS["max_rejected_rows"])] = None,
    max_rejected_ratio: Annotated[str | None, typer.Option(help=validate_command.HINTS["max_rejected_ratio"])] = None,
    contract_version: Annotated[
        int | None, typer.Option(help="The version of the contract that judges them; the latest if left out.", min=1)
    ] = None,
    user: Annotated[str | None, typer.Option(help="Who loads it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Add rows that the datasource has already once more.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Load nothing: show what would change, chunk by chunk, and a token for it.")
    ] = False,
    confirm: Annotated[
        str | None, typer.Option(help="The token of a plan: load only if the load would do what the plan showed.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Follow each file to its end.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for one file.", min=0.1)] = 3600.0,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
) -> None:
    """Load files into a datasource."""
    following.known_output(output)
    fields = {
        "datasource_name": datasource,
        "mode": mode,
        "timestamp_column": timestamp_column,
        "timestamp_format": timestamp_format,
        "time_zone": time_zone,
        "delimiter": delimiter,
        "encoding": encoding,
        "sheet": sheet,
        "format": file_format,
        "header": header,
        "skip_rows": skip_rows,
        "comment": comment,
        "quote": quote,
        "escape": escape,
        "decimal_mark": decimal_mark,
        "thousands": thousands,
        "max_rejected_rows": max_rejected_rows,
        "max_rejected_ratio": max_rejected_ratio,
        "contract_version": None if contract_version is None else str(contract_version),
        "user_id": user,
        "force": "true" if force else None,
        "confirm": confirm,
        "stop_after": StopAfter.PLAN.value if plan else None,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    code = 0
    with connect() as client:
        for path in files:
            accepted = following.upload(path, partial(client.upload, path, said))
            task_id = accepted["task_id"]
            if wait or plan:
                code = max(code, following.follow(client, task_id, timeout, output))
                if plan and output == "text":
                    _show_confirmation(client.task(task_id))
            else:
                following.show(accepted, output, [f"{path.name} -> {datasource}  task {task_id}  {accepted['status']}"])
    raise typer.Exit(code)


def _show_confirmation(task: Mapping[str, Any]) -> None:
    """How to go on from a plan: the same command, bound to what the plan has shown."""
    if task.get("plan"):
        words = [word for word in sys.argv[1:] if word != "--plan"]
        typer.echo(f"to load exactly that:\n  ingest {shlex.join(words)} --confirm {task['plan']['token']}")


@app.command()
def status(
    task_id: Annotated[str, typer.Argument(help="The id that `put` printed.")],
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow the task to its end.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to watch.", min=0.1)] = 3600.0,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
) -> None:
    """Show a task and its ledger."""
    following.known_output(output)
    with connect() as client:
        if watch:
            raise typer.Exit(following.follow(client, task_id, timeout, output))
        task = client.task(task_id)
        following.show(task, output, display.task_lines(task))
        raise typer.Exit(following.exit_code(task))


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

    settings = settings_of(S3Settings)
    asyncio.run(create(settings))
    typer.echo(f"bucket     {settings.s3_bucket_name}")


@topics.command("create")
def topics_create() -> None:
    """Make every missing topic with its partitions, replication and retention."""
    from shared.kafka import admin
    from shared.kafka.settings import KafkaSettings

    created, existing = asyncio.run(admin.create_topics(settings_of(KafkaSettings)))
    typer.echo(f"topics     {len(created)} made, {len(existing)} there before")


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables to this release's form."""
    from shared.db import migrate
    from shared.db.engine import DatabaseSettings

    settings = settings_of(DatabaseSettings)
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

    findings = asyncio.run(doctor.examine(profile()))
    for finding in findings:
        style = "green" if finding.good else "red"
        _out().print(
            f"[{style}]{'up' if finding.good else 'DOWN':<4}[/] {finding.name:<11} {finding.said}", soft_wrap=True
        )
    raise typer.Exit(0 if all(finding.good for finding in findings) else EXIT_ERROR)


def _environment() -> dict[str, str]:
    """This process's environment, with what only the profile says filled in."""
    from dotenv import dotenv_values

    found = profile()
    said = {name: value for name, value in dotenv_values(found).items() if value} if found else {}
    return {**said, **os.environ}


def _usage(message: str) -> None:
    following.say(message)
    raise typer.Exit(EXIT_USAGE)


def _out() -> Console:
    return Console(highlight=False)


if __name__ == "__main__":
    main()
