"""`ingest undo`: take a load back."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from services import following
from services.gateway_client import GatewayClient, GatewayError
from services.installed import connect

NOT_FOUND = 404
KNOWN_WITHIN_SECONDS = 30.0


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(undo)


def undo(
    task_id: Annotated[str, typer.Argument(help="The task whose rows are taken out of Druid again.")],
    reason: Annotated[str | None, typer.Option(help="Why; it is kept with the command.")] = None,
    user: Annotated[str | None, typer.Option(help="Who asks for it.")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until it is done.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.", min=0.1)] = 3600.0,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
) -> None:
    """Take a load back: its rows go, and what it had replaced is there again."""
    following.known_output(output)
    said = {name: value for name, value in {"reason": reason, "user_id": user}.items() if value is not None}
    with connect() as client:
        asked = client.undo(task_id, said)
        if not wait:
            following.show(asked, output, [f"task {task_id} is taken back by task {asked['task_id']}"])
            return
        _until_known(client, asked["task_id"])
        raise typer.Exit(following.follow(client, asked["task_id"], timeout, output))


def _until_known(client: GatewayClient, task_id: str) -> None:
    """Its state can be asked for once its command has come through Kafka."""
    deadline = time.monotonic() + KNOWN_WITHIN_SECONDS
    while True:
        try:
            client.task(task_id)
        except GatewayError as error:
            if error.status != NOT_FOUND or time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(following.POLL_SECONDS)
