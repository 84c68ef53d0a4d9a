"""What the validator found in a file, in the words of contracts."""

from __future__ import annotations

from typing import Any

from services.validator.engine.document import FileReport, ReportColumn
from shared.contract import FileColumn, write_contract
from shared.contract.column_types import COLUMN_TYPES, ColumnType
from shared.contract.from_report import InferredColumn, InferredTime, datasource_of, inferred_contract
from shared.file_options import delimiter_of

_OF_DRUID: dict[str, ColumnType] = {"long": "long", "double": "double", "string": "text"}
_UTF_8 = frozenset({"utf-8", "ascii"})


def file_columns(report: FileReport) -> list[FileColumn]:
    """The columns of a file, its time among them; a column of nothing but nulls has no type."""
    found = [FileColumn(column.name, _type_unless_empty(column, report)) for column in report.columns]
    if report.timestamp and report.timestamp.column:
        found.insert(0, FileColumn(report.timestamp.column, "timestamp"))
    return found


def contract_text(report: FileReport, file_name: str) -> str:
    """A contract of what was found, as YAML with comments that say why."""
    time = None
    if report.timestamp and report.timestamp.column:
        stamp = report.timestamp
        zone = None if stamp.zone == "as written" else stamp.zone
        said = tuple(
            f"{one.parsed:,} of {one.of:,} values are written as {' or '.join(one.timestamp_format)}: {one.example}"
            for one in stamp.evidence
        )
        time = InferredTime(stamp.column or "", stamp.format, zone, (*said, *((stamp.note,) if stamp.note else ())))
    columns = [
        InferredColumn(column.name, _type(column), column.nulls, tuple(_reasons(column)), _fact(column, "written_as"))
        for column in report.columns
    ]
    contract, comments = inferred_contract(
        datasource_of(file_name), columns, time, file=file_name, rows=report.rows.accepted, dialect=_dialect(report)
    )
    return write_contract(contract, comments)


def _type(column: ReportColumn) -> ColumnType:
    named = _fact(column, "logical_type") or column.type
    known = _OF_DRUID.get(named or "", named)
    return next((kind for kind in COLUMN_TYPES if kind == known), "text")


def _type_unless_empty(column: ReportColumn, report: FileReport) -> ColumnType | None:
    return None if column.type is None or column.nulls == report.rows.accepted else _type(column)


def _fact(column: ReportColumn, name: str) -> Any:
    """A fact that not every report has."""
    return column.model_dump().get(name)


def _reasons(column: ReportColumn) -> list[str]:
    said = [f"In the header it is called {column.source_name!r}: {column.renamed}."] if column.renamed else []
    kind = _type(column)
    refusals = [
        (narrower, refusal)
        for narrower in ("boolean", "long", "double")
        if isinstance(refusal := _fact(column, f"why_not_{narrower}"), dict) and narrower != kind
    ]
    numbers = [refusal for narrower, refusal in refusals if narrower != "boolean"]
    if len(numbers) == len(("long", "double")) and numbers[0] == numbers[1]:
        refusals = [*(one for one in refusals if one[0] == "boolean"), ("number", numbers[0])]
    return [*said, *(f"No {name}: record {why['record']} has {why['value']!r}." for name, why in refusals)]


def _dialect(report: FileReport) -> dict[str, Any]:
    """What a reader of the next file need not look for."""
    encoding = report.encoding if report.encoding and report.encoding.lower() not in _UTF_8 else None
    delimiter = report.dialect.delimiter
    return {
        "format": report.format if report.format and not report.dialect.archive else None,
        "encoding": encoding if not report.dialect.byte_order_mark else None,
        "delimiter": {"\t": r"\t"}.get(delimiter, delimiter) if delimiter and delimiter_of(delimiter) else None,
        "sheet": report.dialect.sheet,
    }
