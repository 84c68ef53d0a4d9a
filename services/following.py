"""Sending a file and following its task to the end, on the command line."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from rich.console import Console

from services import display
from shared.events import TaskStatus

if TYPE_CHECKING:
    from services.gateway_client import GatewayClient, OnProgress

T = TypeVar("T")

STANDARD_INPUT = Path("-")
EXIT_REJECTED = 3
EXIT_FAILED = 4
EXIT_TIMEOUT = 5
POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 1.0

_errors = Console(stderr=True, highlight=False)


def exit_code(task: Mapping[str, Any]) -> int:
    """What the command line's exit says about a task; 0 for one that is still under way."""
    return {TaskStatus.REJECTED: EXIT_REJECTED, TaskStatus.COMPLETED: 0}.get(
        TaskStatus(task["status"]), EXIT_FAILED if TaskStatus(task["status"]).is_end else 0
    )


def readable(files: list[Path]) -> list[Path]:
    """Refuse what cannot be read, before anything is sent; `-` is standard input."""
    for path in files:
        if path != STANDARD_INPUT and (path.is_dir() or not os.access(path, os.R_OK)):
            why = "is a folder" if path.is_dir() else "cannot be read" if path.exists() else "does not exist"
            msg = f"{path} {why}"
            raise typer.BadParameter(msg)
    return files


def upload(path: Path, send: Callable[[OnProgress], dict[str, Any]]) -> dict[str, Any]:
    """Send a file under a progress bar; `send` is told what to call with the bytes that were read."""
    return transferred(path.name, path.stat().st_size, send)


def transferred(name: str, size_bytes: int | None, transfer: Callable[[OnProgress], T]) -> T:
    """Do something under a progress bar; without `size_bytes` nobody knows how much there is."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=_errors, transient=True, disable=not _errors.is_terminal) as bar:
        shown = bar.add_task(name, total=size_bytes)
        return transfer(lambda done: bar.update(shown, advance=done))


def put(client: GatewayClient, path: Path, said: Mapping[str, str], filename: str | None) -> dict[str, Any]:
    """Send a file, or standard input, which may have a name."""
    if path != STANDARD_INPUT:
        return upload(path, partial(client.upload, path, said))
    named = {**said, "filename": filename} if filename else said
    return transferred("standard input", None, partial(client.put, sys.stdin.buffer, named))


def follow(client: GatewayClient, task_id: str, timeout: float, output: str, *, attempt: int = 1) -> int:
    """Show each state from this attempt on until the end; the exit code of the task, or of the time-out."""
    shown: list[str] | None = [] if output == "text" else None
    task = until(client, task_id, timeout, has_ended, shown, attempt=attempt)
    return EXIT_TIMEOUT if task is None else conclude(task, output)


def has_ended(task: Mapping[str, Any]) -> bool:
    """Whether nothing more will become of the attempt that is shown."""
    return TaskStatus(task["status"]).is_end


def until(  # each is another part of what is waited for
    client: GatewayClient,
    task_id: str,
    timeout: float,
    wanted: Callable[[Mapping[str, Any]], bool],
    shown: list[str] | None,
    *,
    attempt: int = 1,
) -> Mapping[str, Any] | None:
    """The task once it is as wanted, from this attempt on; None, and said so, at the time-out.

    `shown` collects the lines that are shown; with None there are none.
    """
    deadline, pause = time.monotonic() + timeout, POLL_SECONDS
    while True:
        task = client.task(task_id)
        has_begun = task["attempt"] >= attempt
        if shown is not None:
            is_news = has_begun and _show_news(task, shown)
            pause = POLL_SECONDS if is_news else min(pause * 1.2, LONGEST_POLL_SECONDS)
        if has_begun and wanted(task):
            return task
        if time.monotonic() > deadline:
            say(f"task {task_id} is still {task['status']} after {timeout:g} s: `ingest status {task_id} -w` goes on")
            return None
        time.sleep(pause)


def _show_news(task: Mapping[str, Any], shown: list[str]) -> bool:
    """Print the lines about the task that were not printed yet; whether there were any."""
    head = f"{display.name_of(task)} -> {task['datasource_name']}  task {task['task_id']}"
    progress = display.progress_line(task)
    news = [line for line in (head, *display.state_lines(task), progress) if line and line not in shown]
    for line in news:
        typer.echo(line)
    shown.extend(news)
    return bool(news)


def conclude(task: Mapping[str, Any], output: str) -> int:
    """Show how a task has ended; its exit code."""
    proof = [*display.ledger_lines(task), *display.undone_lines(task), *display.plan_lines(task)]
    show(task, output, [*proof, *display.notice_lines(task)])
    code = exit_code(task)
    if code:
        for line in display.problem_lines(task):
            say(line)
    elif task["ledger"]["rows_rejected"]:
        ledger = task["ledger"]
        say(f"{ledger['rows_rejected']:,} of {ledger['rows_read']:,} rows were rejected")
        if task.get("rejects_key"):
            say(f"`ingest problems {task['task_id']}` says why")
            say(f"`ingest rejects {task['task_id']} --fix` writes them to be corrected")
    return code


def show(document: Mapping[str, Any], output: str, lines: list[str]) -> None:
    """Print a document as JSON, or the lines that say the same."""
    text = json.dumps(document, indent=2) if output == "json" else "\n".join(lines)
    if text:
        typer.echo(text)


def say(message: str) -> None:
    """One line on stderr, from the command line itself."""
    print(f"ingest: {message}", file=sys.stderr)


def known_output(output: str) -> None:
    """Refuse a form of output that there is not."""
    if output not in {"text", "json"}:
        msg = f"--output is text or json, not {output!r}"
        raise typer.BadParameter(msg)
