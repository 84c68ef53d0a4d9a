"""How a page of the list of tasks is answered: as JSON, as CSV, and where the next one is. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

COLUMNS = (
    "task_id",
    "status",
    "status_reason",
    "datasource_name",
    "original_filename",
    "user_id",
    "mode",
    "file_size",
    "attempt",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "ledger_status",
    "error_message",
    "created_at",
    "updated_at",
    "completed_at",
    "corrects",
    "undoes",
)
"""What a summary of a task has, in the order of the CSV's columns."""


def summary_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A task in short, for JSON."""
    return {name: _plain(row[name]) for name in COLUMNS}


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The tasks as CSV by RFC 4180, with a header; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_plain(row[name]) for name in COLUMNS] for row in rows)
    return text.getvalue()


def next_page(path: str, said: Iterable[tuple[str, str]], cursor: object) -> str:
    """The address of the next page: the same question, after the cursor."""
    kept = [(name, value) for name, value in said if name != "cursor"]
    return f"{path}?{urlencode([*kept, ('cursor', str(cursor))])}"


def link_to(where: str) -> str:
    """The header `Link` that leads to the next page (RFC 8288)."""
    return f'<{where}>; rel="next"'


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
