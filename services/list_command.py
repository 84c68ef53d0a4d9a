"""`ingest ls`: which tasks there are."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services import event_view, following
from services.installed import connect

if TYPE_CHECKING:
    from services.gateway_client import GatewayClient

PAGE_TASKS = 100
FORMS = ("table", "json", "csv")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("ls")(list_tasks)


def list_tasks(
    datasource: Annotated[str | None, typer.Option("--datasource", "-d", help="Of this datasource only.")] = None,
    status: Annotated[str | None, typer.Option("--status", "-s", help="In this state; several with commas.")] = None,
    user: Annotated[str | None, typer.Option(help="Sent by this user.")] = None,
    text: Annotated[str | None, typer.Option("-q", help="With this in file name, id or error message.")] = None,
    after: Annotated[
        str | None, typer.Option("--created-after", help="Accepted later, as 2026-03-01 or 2026-03-01T09:30:00Z.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most.", min=1)] = 20,
    output: Annotated[str, typer.Option("--output", "-o", help="table, json or csv.")] = "table",
) -> None:
    """List tasks, the newest first."""
    if output not in FORMS:
        msg = f"--output is {', '.join(FORMS)}, not {output!r}"
        raise typer.BadParameter(msg)
    said = {"datasource": datasource, "status": status, "user": user, "q": text, "created_after": after}
    params = {name: value for name, value in said.items() if value is not None}
    with connect() as client:
        tasks = list(_tasks(client, params, limit))
    if output == "json":
        typer.echo(json.dumps(tasks, indent=2))
    elif output == "csv":
        _write_csv(tasks)
    else:
        for line in [event_view.TASK_HEAD, *map(event_view.task_line, tasks)] if tasks else []:
            typer.echo(line)
    if not tasks:
        following.say("no tasks")


def _tasks(client: GatewayClient, params: Mapping[str, str], limit: int) -> Iterator[Mapping[str, Any]]:
    page = client.tasks({**params, "limit": str(min(limit, PAGE_TASKS))})
    while True:
        yield from page["tasks"][:limit]
        limit -= len(page["tasks"])
        if limit <= 0 or page["next"] is None:
            return
        page = client.page(page["next"])


def _write_csv(tasks: list[Mapping[str, Any]]) -> None:
    columns = [name for name in tasks[0] if name != "links"] if tasks else []
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    if columns:
        writer.writeheader()
    writer.writerows(tasks)
