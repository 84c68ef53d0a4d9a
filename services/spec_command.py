"""`ingest spec`: what Druid was asked for to load a task."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from services.installed import connect


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(spec)


def spec(task_id: Annotated[str, typer.Argument(help="The id that `put` printed.")]) -> None:
    """Print the spec with which a task is loaded, as JSON, without secrets."""
    with connect() as client:
        typer.echo(json.dumps(client.spec(task_id), indent=2, ensure_ascii=False))
