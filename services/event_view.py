"""How the command line shows events and lists of tasks: a line each, in at most 80 columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

COLUMNS = 80
TASK_HEAD = f"{'TASK':<22}  {'STATUS':<10}  {'ACCEPTED':<16}  {'DATASOURCE':<12}  FILE"


def task_line(task: Mapping[str, Any]) -> str:
    """A listed task: id, state, when it was accepted in UTC, its datasource and its file."""
    accepted = f"{_utc(task['created_at']):%Y-%m-%d %H:%M}" if task["created_at"] else ""
    name = task["original_filename"] or (f"undo of {task['undoes']}" if task["undoes"] else "")
    datasource = _cut(task["datasource_name"] or "", 12)
    return _cut(f"{task['task_id']:<22}  {task['status']:<10}  {accepted:<16}  {datasource:<12}  {name}", COLUMNS)


def event_line(event: Mapping[str, Any]) -> str:
    """An event of a task that is watched: when in UTC, the state, and what was said."""
    return _cut(f"{_when(event)}  {event['status'] or '':<10}  {_said(event)}", COLUMNS)


def feed_line(event: Mapping[str, Any]) -> str:
    """An event among those of all tasks: when in UTC, whose, the state, and the datasource."""
    state = event["status"] or event["data"].get("command") or "counted"
    return _cut(f"{_when(event)}  {event['task_id']:<22}  {state:<10}  {event['datasource_name'] or ''}", COLUMNS)


def _said(event: Mapping[str, Any]) -> str:
    """The words of an event that matter most."""
    data = event["data"]
    words: dict[str, Callable[[], str]] = {
        "verified": lambda: f"counted again: {data['verified']['status']}",
        "problems": lambda: f"{data['problems'][0]['code']}: {data['problems'][0]['message']}",
        "ledger": lambda: f"ledger {data['ledger']['status']}",
        "rows_so_far": lambda: f"{data['rows_so_far']:,} rows so far",
        "druid_task_id": lambda: data["druid_task_id"],
        "time_column": lambda: f"{data['rows_accepted']:,} of {data['rows_read']:,} rows accepted",
        "rows": lambda: f"{data['rows']:,} rows will not be corrected",
        "reason": lambda: data["reason"],
        "original_filename": lambda: data["original_filename"],
    }
    return next((say() for name, say in words.items() if data.get(name)), "")


def _when(event: Mapping[str, Any]) -> str:
    return f"{_utc(event['at']):%Y-%m-%d %H:%M:%S}"


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _cut(text: str, width: int) -> str:
    """One line of that width at most; a name may have any character."""
    line = " ".join(text.splitlines()).rstrip()
    return line if len(line) <= width else line[: width - 1] + "…"
