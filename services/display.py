"""How the command line shows a task: one line per state, then the ledger as a small table of equal figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

LEDGER_LINES = (
    ("read", "rows_read", "by two readers"),
    ("accepted", "rows_accepted", "written into canonical parts"),
    ("rejected", "rows_rejected", "kept with their reasons"),
    ("processed", "rows_processed", "by Druid's own report"),
    ("counted", "rows_counted", "by a query of Druid"),
)


def state_lines(task: Mapping[str, Any]) -> list[str]:
    """Every state that the task has entered: seconds since it was accepted, which, why."""
    states = task.get("states") or [{"status": task["status"], "at": task["created_at"], "reason": None}]
    accepted = datetime.fromisoformat(task["created_at"] or states[0]["at"])
    return [
        f"  {(datetime.fromisoformat(state['at']) - accepted).total_seconds():6.1f} s  {state['status']}"
        + (f"  ({state['reason']})" if state["reason"] else "")
        for state in states
    ]


def progress_line(task: Mapping[str, Any]) -> str | None:
    """How many rows Druid has taken so far, while it loads."""
    rows = task.get("rows_so_far")
    return f"            {rows:,} rows so far" if rows and task["status"] == "RUNNING" else None


def ledger_lines(task: Mapping[str, Any]) -> list[str]:
    """The ledger's five figures, its verdict, and the query behind it; empty when the task has none."""
    ledger = task.get("ledger") or {}
    if not ledger.get("status"):
        return []
    lines = [
        f"  {name:<9} {'unknown' if ledger.get(field) is None else format(ledger[field], ','):>13}  {meaning}"
        for name, field, meaning in LEDGER_LINES
    ]
    reason = f": {ledger['reason']}" if ledger.get("reason") else ""
    lines.append(f"  {'ledger':<9} {ledger['status']:>13}{reason}")
    return lines


def verified_lines(task: Mapping[str, Any]) -> list[str]:
    """What the last later count of the task's rows said; empty when there was none."""
    verified = task.get("verified")
    if not verified:
        return []
    counted = "unknown" if verified.get("rows_counted") is None else format(verified["rows_counted"], ",")
    reason = f": {verified['reason']}" if verified.get("reason") else ""
    return [f"  {'verified':<9} {counted:>13}  {verified['status']} at {verified['counted_at']}{reason}"]


def correction_lines(task: Mapping[str, Any]) -> list[str]:
    """What became of the rejected rows: the gap and what closed it, and the corrections; empty when none were."""
    corrections = task.get("corrections")
    if not corrections or not corrections["rejected"]:
        return [f"  corrects task {task['corrects']}"] if task.get("corrects") else []
    figures = ", ".join(f"{corrections[name]:,} {name}" for name in ("rejected", "corrected", "waived"))
    return [
        f"  {'gap':<9} {corrections['gap']:>13,}  {figures}",
        *(
            f"    correction  task {child['task_id']}  {child['status']}"
            + (f"  {child['rows_accepted']:,} rows" if child["rows_accepted"] is not None else "")
            for child in corrections["children"]
        ),
    ]


def name_of(task: Mapping[str, Any]) -> str:
    """What the task is about: its file, or the load that it takes back."""
    if task.get("undoes"):
        return f"undo of {task['undoes']}"
    return str(task.get("original_filename") or task.get("file_uri") or "a file")


def undone_lines(task: Mapping[str, Any]) -> list[str]:
    """What taking a load back has changed, or who has taken this one back; empty when neither is so."""
    if task.get("undone_by"):
        return [f"  taken back by task {task['undone_by']}"]
    undone = task.get("undone")
    if not undone:
        return []
    after = "unknown" if undone.get("rows_after") is None else format(undone["rows_after"], ",")
    return [
        f"  {'before':<9} {undone['rows_before']:>13,}  rows in the time of the load",
        f"  {'removed':<9} {undone['rows_removed']:>13,}  rows, {undone['segments_removed']:,} segments out of use",
        f"  {'restored':<9} {undone['rows_restored']:>13,}  rows, {undone['segments_restored']:,} segments used again",
        f"  {'after':<9} {after:>13}  rows, by a query of Druid",
    ]


def plan_lines(task: Mapping[str, Any]) -> list[str]:
    """What a load would do, chunk by chunk, in at most 80 columns; empty when the task has no plan."""
    plan = task.get("plan")
    if not plan:
        return []
    lines = [f"  {'time chunk':<42} {'rows now':>11} {'coming':>11} {'gone':>11}"]
    for chunk in plan["chunks"]:
        gone = chunk["rows_now"] if chunk["replaced"] else 0
        lines.append(
            f"  {_chunk(chunk['interval']):<42} {chunk['rows_now']:>11,} {chunk['rows_coming']:>11,} {gone:>11,}"
        )
    totals = f"{plan['rows_now']:>11,} {plan['rows_coming']:>11,} {plan['rows_vanishing']:>11,}"
    lines.append(f"  {'all':<42} {totals}")
    if plan["chunks_vanishing"]:
        lines.append(f"  {plan['chunks_vanishing']:,} chunks would have no rows any more")
    return [*lines, f"  token {plan['token']}"]


def notice_lines(task: Mapping[str, Any]) -> list[str]:
    """How the file differs from what its datasource has, a line each; empty when it does not."""
    return [f"  {notice['code']}: {notice['message']}" for notice in task.get("notices") or ()]


def _chunk(interval: str) -> str:
    """An interval as short as it can be said: `2013-01-01/2014-01-01`, with the hour where there is one."""
    moments = (
        moment.removesuffix("Z").removesuffix(":00.000").removesuffix("T00:00") for moment in interval.split("/")
    )
    said = "/".join(moments)
    return said if len(said) <= 42 else "all of time"  # noqa: PLR2004  # only the eternal interval is as long


def problem_lines(task: Mapping[str, Any]) -> list[str]:
    """What is wrong with the task, a line each."""
    problems = task.get("validation_errors") or []
    if problems:
        return [f"{problem['code']}: {problem['message']}" for problem in problems]
    return [task["error_message"]] if task.get("error_message") else []


def task_lines(task: Mapping[str, Any]) -> list[str]:
    """A task for people: what, where to, state, ledger, problems."""
    head = f"{name_of(task)} -> {task.get('datasource_name')}  task {task['task_id']}  {task['status']}"
    proof = [*ledger_lines(task), *verified_lines(task), *undone_lines(task), *plan_lines(task)]
    told = [*notice_lines(task), *(f"  {line}" for line in problem_lines(task))]
    return [head, *proof, *correction_lines(task), *told]
