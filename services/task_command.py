"""`ingest cancel`, `ingest retry` and `ingest verify`: end a task, try it again, count its rows again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from services import display, following
from services.installed import connect
from shared.events import LedgerStatus, Stage, TaskStatus

EXIT_ERROR = 1

_Task = Annotated[str, typer.Argument(help="The id that `put` printed.")]
_Reason = Annotated[str | None, typer.Option(help="Why; it is kept with the command.")]
_User = Annotated[str | None, typer.Option(help="Who asks for it.")]
_Timeout = Annotated[float, typer.Option(help="Seconds to wait.", min=0.1)]
_Output = Annotated[str, typer.Option("--output", "-o", help="text or json.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(cancel)
    app.command()(retry)
    app.command()(verify)


def cancel(
    task_id: _Task,
    reason: _Reason = None,
    user: _User = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until it has ended.")] = False,
    timeout: _Timeout = 3600.0,
    output: _Output = "text",
) -> None:
    """End a task that is under way; 0 means that it was cancelled, if it is waited for."""
    following.known_output(output)
    with connect() as client:
        given = client.command(task_id, "cancel", _form(reason=reason, user_id=user))
        if not wait:
            following.show(given, output, [f"task {task_id} is being cancelled"])
            return
        shown: list[str] | None = [] if output == "text" else None
        task = following.until(client, task_id, timeout, following.has_ended, shown)
        raise typer.Exit(following.EXIT_TIMEOUT if task is None else _conclude_cancel(task, output))


def retry(
    task_id: _Task,
    start: Annotated[
        Stage | None,
        typer.Option("--from", help="Where to begin; submission if its rows were handed on, else validation."),
    ] = None,
    reason: _Reason = None,
    user: _User = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Follow the new attempt to its end.")] = False,
    timeout: _Timeout = 3600.0,
    output: _Output = "text",
) -> None:
    """Try a task again that is FAILED, REJECTED or CANCELLED; nothing is loaded twice."""
    following.known_output(output)
    with connect() as client:
        form = _form(reason=reason, user_id=user, **({"from": start.value} if start else {}))
        given = client.command(task_id, "retry", form)
        if wait:
            raise typer.Exit(following.follow(client, task_id, timeout, output, attempt=given["attempt"]))
        line = f"task {task_id} is tried again from {given['from']}, attempt {given['attempt']}"
        following.show(given, output, [line])


def verify(
    task_id: _Task,
    user: _User = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the count.")] = False,
    timeout: _Timeout = 300.0,
    output: _Output = "text",
) -> None:
    """Count the rows of a COMPLETED task again; 0 means that they are all there, if it is waited for."""
    following.known_output(output)
    with connect() as client:
        before = client.task(task_id).get("verified")
        given = client.command(task_id, "verify", _form(user_id=user))
        if not wait:
            following.show(given, output, [f"the rows of task {task_id} are being counted"])
            return
        task = following.until(client, task_id, timeout, lambda task: task.get("verified") != before, None)
        raise typer.Exit(following.EXIT_TIMEOUT if task is None else _conclude_verify(task, output))


def _form(**said: str | None) -> dict[str, str]:
    return {name: value for name, value in said.items() if value is not None}


def _conclude_cancel(task: Mapping[str, Any], output: str) -> int:
    status = TaskStatus(task["status"])
    if status is TaskStatus.CANCELLED:
        following.show(task, output, display.ledger_lines(task))
        return 0
    code = following.conclude(task, output)
    following.say(f"it was too late to cancel task {task['task_id']}: it is {status}")
    return code or EXIT_ERROR


def _conclude_verify(task: Mapping[str, Any], output: str) -> int:
    following.show(task, output, display.verified_lines(task))
    return 0 if task["verified"]["status"] == LedgerStatus.RECONCILED else following.EXIT_FAILED
