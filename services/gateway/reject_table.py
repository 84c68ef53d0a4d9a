"""Rejected rows as a table that a person edits and sends back: which columns it has, and what stands in them. Pure."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.gateway.rejected_rows import RejectedRow
from shared.rejects_table import ERRORS_COLUMN, OPEN, RECORD_COLUMN

# Stands in a line of the rejects whose fields are by column, and in no text within one: there a quote is escaped.
_HAS_COLUMNS = (b',"fields":{', b', "fields": {')
_RAW_CHARACTERS = 2_000


def columns_in(lines: Iterable[bytes]) -> list[str] | None:
    """The columns of the first row that has them; None when none has."""
    for line in lines:
        if any(mark in line for mark in _HAS_COLUMNS):
            fields = RejectedRow.read(line).fields
            return list(fields) if isinstance(fields, Mapping) else None
    return None


def columns_by(report: Mapping[str, Any]) -> list[str]:
    """The columns by the validator's report: those that are loaded, with the time where the header has it.

    Where it is not known where the time stands, it is the first.
    """
    known = [(one["source_name"], _label(one)) for one in report["columns"]]
    time = (report["timestamp"] or {}).get("column")
    if time is None or any(source == time for source, _ in known):
        return [label for _, label in known]
    before = 0
    for cell in _header(report["dialect"]):
        if cell == time:
            break
        before += before < len(known) and known[before][0] == cell
    else:
        before = 0
    labels = [label for _, label in known]
    return [*labels[:before], time.strip(), *labels[before:]]


def header_of(columns: Sequence[str]) -> list[str]:
    """The first row of the table."""
    return [RECORD_COLUMN, *columns, ERRORS_COLUMN]


def can_stand_in(columns: Sequence[str]) -> str | None:
    """Why there can be no such table of these columns, as the end of a sentence; None when there can."""
    taken = {RECORD_COLUMN, ERRORS_COLUMN} & {column.strip() for column in columns}
    return f"has a column of its own that is called {min(taken)}" if taken else None


def cells_of(row: RejectedRow, columns: Sequence[str], *, why_open: str | None = None) -> tuple[int, list[str], str]:
    """Its record, the cells in the order of the columns, and what is wrong.

    A row that does not have the header's shape is left open, with its text in the errors; so is one with `why_open`.
    The record is that of the file which a correction of these rows corrects.
    """
    record = row.record if row.corrects is None else row.corrects
    said = "; ".join(_said(error) for error in row.errors)
    if isinstance(row.fields, Mapping):
        cells = [row.fields.get(column, "") for column in columns]
        return record, cells, said if why_open is None else f"{OPEN}{why_open}; {said}"
    raw = row.raw if len(row.raw) <= _RAW_CHARACTERS else row.raw[:_RAW_CHARACTERS] + "…"
    return record, _placed(row, columns), f"{OPEN}{said}; the row was: {raw}"


def _placed(row: RejectedRow, columns: Sequence[str]) -> list[str]:
    """What of a row of another shape may be meant for which column: a help for whoever puts it right."""
    if row.raw.startswith("{"):  # a row of a format that has no text: its cells by column
        try:
            named = json.loads(row.raw)
        except ValueError:
            named = {}
        if isinstance(named, dict):
            return [value if isinstance(value := named.get(column), str) else "" for column in columns]
    cells = list(row.fields)[: len(columns)]
    return cells + [""] * (len(columns) - len(cells))


def _said(error: Mapping[str, Any]) -> str:
    where = "" if error["column"] is None else f" in {error['column']}"
    meant = "" if error["suggestion"] is None else f" (meant: {error['suggestion']})"
    return f"{error['code']}{where}: {error['message']}{meant}"


def _label(column: Mapping[str, Any]) -> str:
    """The name under which rejected rows have a column; see `fields` in the validator."""
    return str(column["source_name"].strip() if column["renamed"] == "reserved name" else column["name"])


def _header(dialect: Mapping[str, Any]) -> list[str]:
    text, quote = dialect.get("header_text"), dialect.get("quote")
    if text is None:
        return []
    quoting = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    return next(csv.reader([text], delimiter=dialect["delimiter"], **quoting), [])
