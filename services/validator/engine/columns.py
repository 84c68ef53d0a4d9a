"""What the first pass learns about one column, and what the report says about it."""

from __future__ import annotations

import polars as pl
from pydantic import JsonValue

from .block import DeclaredType
from .canonical import ColumnWriter
from .formats.declared import column_type
from .infer import NUMBER_TYPES, CellType, RecordOf, Refusal, TypeTally
from .patterns import ISO
from .suggest import suggest_number
from .timescore import TimeTally, why_not_time
from .verdict import LogicalType

_SHOWN_CHARS = 80
_ORDER: tuple[CellType, ...] = ("boolean", *NUMBER_TYPES)


class ColumnSurvey:
    """One column over all rows: what type it can be, and how it reads as a time.

    `declared` is what the format says of it, which may be known only when all rows were seen.
    """

    def __init__(self, times: TimeTally) -> None:
        self.types = TypeTally()
        self.times = times
        self.declared: DeclaredType | None = None

    def add(self, values: pl.Series, sure: pl.Series | None, record_of: RecordOf) -> None:
        """Take a block's values; `sure` tells which match `types.sure_pattern`, and is None once that is settled."""
        plain = sure is not None and self.types.add(values, sure, record_of)
        self.times.add(values, record_of, plain_numbers=plain, filled_all=sure is not None and bool(sure.all()))

    @property
    def logical_type(self) -> LogicalType:
        """The narrowest type of all values that the format allows; text when there is none."""
        kind = self.times.kind()
        return column_type(self.declared, self.types.type, kind[0] if kind else None, empty=not self.times.filled)

    @property
    def time_format(self) -> str:
        """How every value is written, when the type is date or timestamp."""
        kind = self.times.kind()
        return kind[1] if kind else ISO

    def refusals(self) -> dict[LogicalType, Refusal]:
        """The first value that refused each narrower type that any value of the column is of."""
        found: dict[LogicalType, Refusal] = {}
        if self.declared == "text":
            return found
        if self.declared != "quoted":
            found |= {
                kind: self.types.refusals[kind]
                for kind in _ORDER
                if kind in self.types.refusals and kind in self.types.supported
            }
        if self.logical_type == "timestamp":
            score = self.times.scores.get(self.time_format)
            if score and score.first_clock:
                found["date"] = score.first_clock
        elif self.logical_type == "text" and (refusal := why_not_time(self.times)):
            best = max(self.times.scores.values(), key=lambda score: score.parsed)
            found["timestamp" if best.first_clock else "date"] = refusal
        return found


def describe(column: ColumnWriter, survey: ColumnSurvey) -> dict[str, JsonValue]:
    """The column for the report: facts of `document.ReportColumn`.

    `why_not` is about the type that held longest, of those the narrowest. A decimal column has no range, because as
    text 10 stands before 9.
    """
    described: dict[str, JsonValue] = {
        "name": column.name,
        "type": column.type,
        "logical_type": column.logical_type,
        "nulls": column.nulls,
        "distinct": column.distinct.count,
        "distinct_exact": column.distinct.is_exact,
    }
    if column.low is not None and column.high is not None:
        described |= {"min": _shown(column.low), "max": _shown(column.high)}
    if column.logical_type == "decimal":
        described["scale"] = column.scale
    described["samples"] = column.samples
    if column.logical_type in ("date", "timestamp"):
        described["written_as"] = survey.time_format
    elif survey.times.ambiguous_days and column.logical_type == "text" and survey.declared != "text":
        described["note"] = "dates, but whether the day or the month stands first is not settled by any value"
    if column.style is not None:
        described |= {"decimal_mark": column.style.decimal_mark, "thousands": column.style.thousands}
        described["number_evidence"] = column.style.evidence
    elif column.number_note is not None:
        described["number_evidence"] = column.number_note
    described |= _why_not_each(column.logical_type, survey)
    narrower = {kind: why for kind, why in survey.refusals().items() if not _wider(kind, column.logical_type)}
    if narrower:
        held, refusal = max(narrower.items(), key=lambda entry: entry[1].record)
        described["why_not"] = {"type": held, **_why(refusal)}
    return described


def _why_not_each(logical_type: LogicalType, survey: ColumnSurvey) -> dict[str, JsonValue]:
    """What kept a column of text or numbers from each type that would have been chosen before its own."""
    told: dict[str, JsonValue] = {}
    refusals = survey.types.refusals
    if "boolean" in survey.types.supported and "boolean" in refusals:
        told["why_not_boolean"] = _why(refusals["boolean"])
    for kind in NUMBER_TYPES if logical_type in (*NUMBER_TYPES, "text") else ():
        if kind in refusals and not _wider(kind, logical_type):
            told[f"why_not_{kind}"] = _why(refusals[kind])
        elif logical_type == "text":
            has_numbers = survey.types.has_numbers
            told[f"why_not_{kind}"] = "the file says that it is text" if has_numbers else "the column has no number"
    return told


def _wider(kind: LogicalType, than: LogicalType) -> bool:
    """Whether a type could not have been the narrower choice: a double column is not one of decimals."""
    return than in NUMBER_TYPES and kind in NUMBER_TYPES and NUMBER_TYPES.index(kind) > NUMBER_TYPES.index(than)


def _why(refusal: Refusal) -> dict[str, JsonValue]:
    described: dict[str, JsonValue] = {"value": refusal.value, "record": refusal.record}
    if suggestion := suggest_number(refusal.value):
        described["suggestion"] = suggestion
    return described


def _shown(value: float | str | None) -> JsonValue:
    return value[:_SHOWN_CHARS] if isinstance(value, str) else value
