"""A contract of what was found in one file, with comments that say why: where a person begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .column_types import ColumnType
from .faults import Path
from .model import OWN_COLUMNS, Contract
from .suggestions import Figures, suggestions

_HEAD = """Inferred from {file}: it says what that file has, and no more.
Look at it, state what must be so (nullable, checks, rules, keys), and keep it with your code."""


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A column as the validator found it.

    `reasons` are sentences about its type, `format` is that of a date or time, `scale` the most digits behind the
    point of a decimal.
    """

    name: str
    type: ColumnType
    nulls: int | None = None
    reasons: tuple[str, ...] = ()
    format: str | None = None
    scale: int | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class InferredTime:
    """The column that is the time of the rows, with how it is written and what was assumed. `zone` None is UTC."""

    name: str
    format: str | None
    zone: str | None
    reasons: tuple[str, ...] = ()


def inferred_contract(
    datasource: str,
    columns: Sequence[InferredColumn],
    time: InferredTime | None,
    *,
    file: str,
    rows: int | None = None,
    dialect: dict[str, Any] | None = None,
    possible_times: Sequence[str] = (),
) -> tuple[Contract, dict[Path, str]]:
    """The contract, and a comment for each field that has something behind it.

    The time stands first. Columns may be null: that one file has no null is no promise, so it is a comment. Without a
    time, the comment has `possible_times`, sentences about columns that may be it. What the figures of a column suggest
    is a comment, too. A column that is called as one of the loader's own is left out.
    """
    comments: dict[Path, str] = {(): _HEAD.format(file=file)}
    parts: list[dict[str, Any]] = []
    if time is not None:
        comments["columns", 0] = "\n".join(("The time of the rows.", *time.reasons))
        zone = {} if time.zone in {None, "UTC"} else {"zone": time.zone}
        written = {"format": time.format} if time.format else {}
        parts.append({"name": time.name, "type": "timestamp", "nullable": False, "role": "time", **written, **zone})
    else:
        asked = "No column is the time for certain; Druid needs one: give it `role: time`."
        comments["columns",] = "\n".join((asked, *(f"Possible: {one}" for one in possible_times)))
    for column in columns:
        if column.name in OWN_COLUMNS or (time is not None and column.name == time.name):
            continue
        if why := _why(column, rows):
            comments["columns", len(parts)] = why
        if column.figures and (suggested := "\n".join(suggestions(column.type, column.figures))):
            comments["columns", len(parts), "type"] = suggested
        written = {"format": column.format} if column.format and column.type in {"date", "timestamp"} else {}
        scale = {"scale": column.scale} if column.scale is not None and column.type == "decimal" else {}
        parts.append({"name": column.name, "type": column.type, **written, **scale})
    stated = {name: value for name, value in (dialect or {}).items() if value is not None}
    if stated:
        comments["dialect",] = "As this file is written. What is left out is found in each file."
    said = {"format_version": 1, "datasource": datasource, "columns": parts, "dialect": stated}
    return Contract.model_validate(said), comments


def datasource_of(file_name: str) -> str:
    """A name for the datasource by that of a file, for people to change."""
    stem = file_name.rsplit("/", 1)[-1].split(".", 1)[0]
    return re.sub(r"[^0-9A-Za-z_-]+", "_", stem).strip("_")[:100] or "datasource"


def _why(column: InferredColumn, rows: int | None) -> str:
    said = list(column.reasons)
    if column.nulls is not None and rows:
        said.append(f"{column.nulls:,} of {rows:,} rows have none." if column.nulls else "No row is without it.")
    return "\n".join(said)
