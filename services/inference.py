"""What the validator found in a file, in the words of contracts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.validator.engine.document import FileReport, Refusal, ReportColumn, TimeEvidence
from shared.contract import write_contract
from shared.contract.column_types import COLUMN_TYPES, DECIMAL_DIGITS, ColumnType
from shared.contract.from_report import InferredColumn, InferredTime, datasource_of, inferred_contract
from shared.contract.suggestions import Figures
from shared.file_options import delimiter_of

_CUT_CHARACTERS = 80  # samples of the report are cut there
_UTF_8 = frozenset({"utf-8", "ascii"})


def contract_text(report: FileReport, file_name: str, *, datasource: str | None = None) -> str:
    """A contract of what was found, as YAML with comments that say why; without a datasource, for one like the file."""
    evidence = report.timestamp.evidence if report.timestamp else ()
    columns = [
        InferredColumn(
            column.name,
            _type(column),
            column.nulls,
            tuple(_reasons(column)),
            column.written_as,
            column.scale,
            _figures(column, report.rows.accepted),
        )
        for column in report.columns
    ]
    contract, comments = inferred_contract(
        datasource or datasource_of(file_name),
        columns,
        _time(report),
        file=file_name,
        rows=report.rows.accepted,
        dialect=_dialect(report),
        possible_times=[_said(one) for one in evidence if one.standing == "possible"],
    )
    return write_contract(contract, comments)


def _time(report: FileReport) -> InferredTime | None:
    stamp = report.timestamp
    if stamp is None or stamp.column is None:
        return None
    chosen = [_said(one) for one in stamp.evidence if one.standing == "chosen"]
    zone = None if stamp.zone == "as written" else stamp.zone
    return InferredTime(stamp.column, stamp.format, zone, (*chosen, *((stamp.note,) if stamp.note else ())))


def _said(one: TimeEvidence) -> str:
    written = " or ".join(one.timestamp_format)
    return f"{one.timestamp_column} as {written}: {one.parsed:,} of {one.of:,} values, for example {one.example}"


def _type(column: ReportColumn) -> ColumnType:
    if column.scale is not None and column.scale > DECIMAL_DIGITS:
        return "text"  # more digits than a decimal of a contract has
    return next((kind for kind in COLUMN_TYPES if kind == column.logical_type), "text")


def _figures(column: ReportColumn, rows: int | None) -> Figures | None:
    if not rows or column.nulls is None:
        return None
    low, high = (one if isinstance(one, int | float) else None for one in (column.min, column.max))
    texts = tuple(one for one in column.samples if isinstance(one, str) and len(one) < _CUT_CHARACTERS)
    return Figures(rows, column.nulls, column.distinct if column.distinct_exact else None, low, high, texts)


def _reasons(column: ReportColumn) -> Iterator[str]:
    if column.renamed:
        yield f"In the header it is called {column.source_name!r}: {column.renamed}."
    why = column.why_not or (column.why_not_double if column.logical_type == "decimal" else None)
    if isinstance(why, Refusal):
        narrower = column.why_not.type if column.why_not else "double"
        yield f"No {narrower}: record {why.record} has {why.value!r}."
    if column.note:
        yield f"{column.note[0].upper()}{column.note[1:]}."


def _dialect(report: FileReport) -> dict[str, Any]:
    """What a reader of the next file need not look for."""
    encoding = report.encoding if report.encoding and report.encoding.lower() not in _UTF_8 else None
    delimiter = report.dialect.delimiter
    return {
        "format": report.format if report.format and not report.dialect.archive else None,
        "encoding": encoding if not report.dialect.byte_order_mark else None,
        "delimiter": {"\t": r"\t"}.get(delimiter, delimiter) if delimiter and delimiter_of(delimiter) else None,
        "quote": None if report.dialect.quote == '"' else report.dialect.quote,  # never found, always stated
        "sheet": report.dialect.sheet,
    }
