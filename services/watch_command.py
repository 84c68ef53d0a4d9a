"""`ingest watch` and `ingest events`: what happens to a task, and to all of them, as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services import event_view, following
from services.installed import connect

if TYPE_CHECKING:
    from services.gateway_client import GatewayClient

_Output = Annotated[str, typer.Option("--output", "-o", help="text, or json: one object a line.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(watch)
    app.command()(events)


def watch(
    task_id: Annotated[str, typer.Argument(help="The id that `put` printed.")],
    timeout: Annotated[float, typer.Option(help="Seconds to watch.", min=0.1)] = 3600.0,
    output: _Output = "text",
) -> None:
    """Show every event of a task as it happens, until the task has ended; the exit code says how."""
    from services import event_client
    from services.gateway_client import TASKS_PATH

    following.known_output(output)
    with connect() as client:
        try:
            for event in event_client.follow(client, f"{TASKS_PATH}/{task_id}/events", timeout=timeout):
                _show(event, output, event_view.event_line(event))
        except event_client.TimeIsUpError:
            following.say(f"task {task_id} has not ended after {timeout:g} s: `ingest watch {task_id}` goes on")
            raise typer.Exit(following.EXIT_TIMEOUT) from None
        task = client.task(task_id)
        raise typer.Exit(following.conclude(task, output) if output == "text" else following.exit_code(task))


def events(
    datasource: Annotated[str | None, typer.Option("--datasource", "-d", help="Of this datasource only.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens from now on.")] = False,
    after: Annotated[str | None, typer.Option(help="Begin after the event with this id; 0 is the first.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most, without --follow.", min=1)] = 100,
    output: _Output = "text",
) -> None:
    """Show what has happened to all tasks, the oldest first; with --follow what happens, until you stop it."""
    from services import event_client
    from services.gateway_client import EVENTS_PATH

    following.known_output(output)
    params = {} if datasource is None else {"datasource": datasource}
    with connect() as client:
        if follow:
            found: Iterable[dict[str, Any]] = event_client.follow(client, EVENTS_PATH, params, after=after)
        else:
            found = _earlier(client, params, after, limit)
        for event in found:
            _show(event, output, event_view.feed_line(event))


def _earlier(
    client: GatewayClient, params: Mapping[str, str], after: str | None, limit: int
) -> Iterable[dict[str, Any]]:
    page_size = min(limit, 500)
    cursor = after or "0"
    while True:
        page = client.events({**params, "cursor": cursor, "limit": str(min(page_size, limit))})
        yield from page["events"]
        limit -= len(page["events"])
        cursor = page["cursor"]
        if page["next"] is None:
            return
        if limit <= 0:
            following.say(f"there are more: --after {cursor} goes on")
            return


def _show(event: Mapping[str, Any], output: str, line: str) -> None:
    typer.echo(json.dumps(event) if output == "json" else line)
