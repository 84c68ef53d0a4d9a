"""The report on one file: what `report.json` holds and `ingest validate -o json` prints.

`docs/report.schema.json` is written from these models by `make docs`. It loads no Polars, so that whoever reads a
report need not either.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from .verdict import ColumnType, LogicalType

Conclusion = Literal["accepted", "accepted_with_rejects", "rejected"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Rows(_Model):
    """How many rows; read = accepted + rejected. null where the file was not read far enough to know."""

    read: int | None
    """Data records in the file: neither the header nor blank lines."""
    accepted: int | None
    """Rows without a fault."""
    rejected: int | None
    """Rows with a fault."""


class Member(_Model):
    """A member of an archive."""

    name: str
    """Its name in the archive."""
    records: int
    """How many data records it has."""


class ReportDialect(_Model):
    """How the file was read beyond format, compression and encoding. Which facts there are depends on the format."""

    disagreement: str | None = None
    """Where the file's name or the declared format says something else than the content, in a sentence."""
    delimiter: str | None = None
    """The character between fields."""
    delimiter_evidence: str | None = None
    """What speaks for it."""
    quote: str | None = None
    """The character around fields; the empty text where nothing quotes them."""
    escape: str | None = None
    """The character before a quote that belongs to the text; without it such a quote is doubled."""
    escape_evidence: str | None = None
    """What speaks for it."""
    header: bool | None = None
    """Whether the first record has the names; null where the file does not tell."""
    header_evidence: str | None = None
    """What speaks for it."""
    header_text: str | None = None
    """The header as it stands in the text, without its line end."""
    skip_rows: int | None = None
    """How many lines before the header are no part of the table, such as titles."""
    skip_rows_evidence: str | None = None
    """What speaks for it."""
    comment: str | None = None
    """How lines begin that are no records."""
    comment_lines: int | None = None
    """How many such lines there were."""
    overruled: tuple[str, ...] = ()
    """Where a sent option and the contract differ, a sentence for each. The option wins, except for the time."""
    trailing_delimiter: str | None = None
    """What was made of delimiters at the ends of lines."""
    encoding_evidence: str | None = None
    """What speaks for the encoding: a byte order mark, strict UTF-8, or that it was declared."""
    byte_order_mark: bool | None = None
    """Whether the text begins with one."""
    blank_lines: int | None = None
    """How many lines were blank, and are no rows."""
    sheet: str | None = None
    """The sheet that was read."""
    other_sheets: tuple[str, ...] = ()
    """The sheets that were not read."""
    row_groups: int | None = None
    """How many row groups a Parquet file has."""
    stripes: int | None = None
    """How many stripes an ORC file has."""
    codec: str | None = None
    """The compression of the blocks of an Avro file."""
    archive: Literal["zip", "tar"] | None = None
    """The kind of archive; the other facts are those of its first member."""
    members: tuple[Member, ...] = ()
    """The members that were read, in their order."""
    skipped_members: tuple[str, ...] = ()
    """The hidden members, which were not read."""


class Refusal(_Model):
    """The first value that did not fit a type."""

    value: str
    """The text of the value."""
    record: int
    """The record it stands in."""
    suggestion: str | None = None
    """The number that must have been meant, where that is certain."""


class NearestType(Refusal):
    """The first value that did not fit the type that held longest."""

    type: LogicalType
    """That type."""


class ReportColumn(_Model):
    """A column. Figures are over the accepted rows, the type is over all rows of the right shape.

    In a file without a time the figures are over all rows of the right shape, too. The column that became the time is
    not among them: see `timestamp`.
    """

    name: str
    """Its name in the rows."""
    source_name: str
    """Its cell in the header."""
    renamed: str | None
    """Why the name is not the cell as it stands."""
    type: ColumnType | None
    """Its type in Druid; null where no row was judged."""
    logical_type: LogicalType | None
    """What its values mean: the narrowest type that holds all of them; null where no row was judged."""
    nulls: int | None
    """How many values count as null."""
    distinct: int | None = None
    """How many different values it has."""
    distinct_exact: bool | None = None
    """Whether that is counted; else it is estimated, with a standard error of 1.6 %."""
    min: int | float | str | None = None
    """The least number, the earliest date or time, the first text; text is cut at 80 characters."""
    max: int | float | str | None = None
    """The greatest number, the latest date or time, the last text."""
    scale: int | None = None
    """The most digits behind the point of a decimal."""
    written_as: str | None = None
    """The format in which the file writes its dates or times; in the rows they are ISO 8601."""
    note: str | None = None
    """What kept dates from being dates, in a sentence."""
    why_not: NearestType | None = None
    """Of the narrower types that some of its values have, the one that held longest, and what ended it."""
    why_not_boolean: Refusal | None = None
    """What kept a column with `true` or `false` from being boolean."""
    why_not_long: Refusal | str | None = None
    """What kept text or numbers from being whole numbers."""
    why_not_double: Refusal | str | None = None
    """What kept text or numbers from being numbers that a double keeps."""
    why_not_decimal: Refusal | str | None = None
    """What kept text from being decimals."""
    decimal_mark: str | None = None
    """The character before the decimals, where the numbers are not written as the rows have them."""
    thousands: str | None = None
    """The character between groups of three digits, where there is one."""
    number_evidence: str | None = None
    """What speaks for them; or, in a column that stays text, why its numbers cannot be read."""
    samples: tuple[JsonValue, ...] = ()
    """A few different values, as they stand in the rows."""


class TimeEvidence(_Model):
    """What speaks for a column and a format to be the time."""

    timestamp_column: str
    """The column, by the name to send."""
    timestamp_format: tuple[str, ...]
    """The formats that are possible, by the names to send; several where no value settles which is meant."""
    standing: Literal["chosen", "possible", "runner_up"]
    """Whether it is the time, may be it if the sender says so, or reads too few values, or fewer than another."""
    parsed: int
    """How many values can be read so."""
    of: int
    """How many values are not null."""
    example: str | None
    """One of the values."""
    ambiguous_days: int
    """How many of them are another date where the month stands first."""
    zone: Literal["named", "named by some", "none"]
    """Whether they name their zone."""
    first: str | None
    """The earliest in ISO 8601; times that name no zone are read as UTC here."""
    last: str | None
    """The latest, likewise."""
    plausible: float | None
    """The share of them that lies between 1990 and 2100."""
    ascending: float | None
    """The share of neighbours that stand in the order of time."""


class Timestamp(_Model):
    """Where the time of the rows comes from. Fields are null while it is open which column or format is meant."""

    column: str | None
    """The column in the header. In the rows it is called `__time`, in milliseconds since 1970 in UTC."""
    format: str | None
    """How its values are written."""
    zone: str | None
    """The zone that was taken, `UTC` unless the sender named one; `as written` where the values name their own."""
    note: str | None
    """What was assumed, in a sentence."""
    first: str | None
    """The earliest time of the accepted rows, in ISO 8601 and UTC."""
    last: str | None
    """The latest."""
    evidence: tuple[TimeEvidence, ...]
    """The columns and formats that read any value: the chosen one or those that are possible, then the rest."""


class Sample(_Model):
    """One case of a problem. `record` counts data records from 1, `line` physical lines from 1."""

    record: int | None
    """The record; null where the file as a whole is meant."""
    line: int | None
    """The line the record begins in, the row of a workbook's sheet; null in formats that have none."""
    value: str | None
    """The value at fault; the text of the record where that is at fault."""
    message: str
    """What is wrong."""
    suggestion: str | None
    """What must have been meant, or which option to send, where that is certain."""
    member: str | None = None
    """The member of an archive that the line counts in."""


class FoundProblem(_Model):
    """One kind of fault, in one column or in whole records."""

    rule: str
    """A stable code."""
    frictionless: str | None = None
    """The type of error that Frictionless has for it; null where it has none."""
    column: str | None
    """The column; null for a fault of whole records, or of the file."""
    constraint: str | None = None
    """The check of the contract that is broken, as `min`, or the name of its rule."""
    count: int
    """How many rows were rejected for it, exactly; 0 for a fault of the file, or a question that costs no row.

    Where reading stopped at `max_rejected_rows` it counts the rows up to there."""
    samples: tuple[Sample, ...]
    """A few of them."""


class Drift(_Model):
    """A difference between the columns of the file and those of its datasource's contract."""

    kind: Literal["new_column", "missing_column", "wider_type", "narrower_type"]
    """What differs."""
    column: str
    """The column."""
    decision: Literal["evolve", "ignore", "reject"]
    """What the contract says about it."""
    rule: str
    """The name of such a difference."""
    type: str | None
    """The narrowest type of all its values; null where it has none."""
    message: str
    """What differs and what comes of it, in a sentence."""


class FileReport(_Model):
    """The report on one file."""

    verdict: Conclusion
    """Whether the rows can be used: all of them, all but the rejected ones, or none."""
    rows: Rows
    """How many rows."""
    format: str | None
    """The format, by the content; null where the file could not be opened."""
    compression: str | None
    """The compression that was taken off."""
    encoding: str | None
    """The encoding of the text."""
    dialect: ReportDialect
    """How the file was read beyond that, with the evidence."""
    columns: tuple[ReportColumn, ...]
    """The columns in the order of the file."""
    drift: tuple[Drift, ...] = ()
    """What differs from the columns of the contract; only where the file is judged by one."""
    timestamp: Timestamp | None
    """The time; null where no value of any column can be read as one."""
    problems: tuple[FoundProblem, ...]
    """What is wrong, faults of the file first, then those of rows by their number."""

    def to_json(self) -> str:
        """The report as it is stored and printed; facts that a column does not have are left out."""
        return self.model_dump_json(indent=2, exclude_unset=True) + "\n"
