"""What the engine answers: the file was accepted, with its canonical files, or rejected, with the reasons."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

ColumnType = Literal["long", "double", "string"]
LogicalType = Literal["boolean", "long", "double", "decimal", "date", "timestamp", "text"]


class Code(StrEnum):
    """Every reason against a file or a row. These are contract: reports, events and clients name them."""

    # the file
    EMPTY = "empty"
    NO_ROWS = "no_rows"
    ENCODING = "encoding"
    GZIP_DAMAGED = "gzip_damaged"
    COMPRESSION_DAMAGED = "compression_damaged"
    NOT_DELIMITED = "not_delimited"
    FORMAT_DAMAGED = "format_damaged"
    FORMAT_UNSUPPORTED = "format_unsupported"
    ARCHIVE_MEMBER = "archive_member"
    ARCHIVE_MIXED = "archive_mixed"
    HEADER_INVALID = "header_invalid"
    OPTION_INVALID = "option_invalid"
    TIMESTAMP_AMBIGUOUS = "timestamp_ambiguous"
    NO_VALID_ROWS = "no_valid_rows"
    TOO_MANY_REJECTED = "too_many_rejected"
    COLUMNS_DIFFER = "columns_differ"
    MORE_THAN_THE_GAP = "more_than_the_gap"
    COUNT_MISMATCH = "count_mismatch"
    LIMIT_INFLATED = "limit_inflated"
    LIMIT_INFLATE_RATIO = "limit_inflate_ratio"
    LIMIT_RECORD = "limit_record"
    LIMIT_COLUMNS = "limit_columns"
    LIMIT_MEMORY = "limit_memory"
    LIMIT_TIME = "limit_time"
    LIMIT_OUTPUT = "limit_output"
    # a row, and in the first two cases the file too
    QUOTE = "quote"
    TIMESTAMP_MISSING = "timestamp_missing"
    TIMESTAMP_INVALID = "timestamp_invalid"
    TIMESTAMP_NONEXISTENT = "timestamp_nonexistent"
    TIMESTAMP_REPEATED = "timestamp_repeated"
    FIELD_COUNT = "field_count"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    JSON_DEPTH = "json_depth"
    # a row, by the contract of its datasource or by the file that it corrects
    TYPE_ERROR = "type-error"
    CONSTRAINT_ERROR = "constraint-error"
    UNIQUE_ERROR = "unique-error"
    PRIMARY_KEY = "primary-key"
    ROW_CONSTRAINT = "row-constraint"
    # the file, by the contract of its datasource
    MISSING_LABEL = "missing-label"
    EXTRA_LABEL = "extra-label"
    WIDER_TYPE = "wider-type"
    NARROWER_TYPE = "narrower-type"
    LOADING = "loading"
    # a corrected row
    COLUMN_UNKNOWN = "column_unknown"
    RECORD_NOT_REJECTED = "record_not_rejected"
    RECORD_SETTLED = "record_settled"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(_Model):
    """One reason against a file: a stable code, a sentence for its sender, and the facts behind it."""

    code: str
    message: str
    detail: dict[str, JsonValue] = {}


class Part(_Model):
    """One canonical object: gzipped NDJSON. `bytes` is its size on disk, compressed."""

    name: str
    rows: int
    bytes: int
    uncompressed_bytes: int
    sha256: str


class RejectsFile(_Model):
    """Every bad row of the file, as gzipped NDJSON."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Column(_Model):
    """A column as it stands in the parts; `source_name` is its name in the file's header.

    `logical_type` is what its values mean. Only long and double are numbers in the parts: a boolean is the text `true`
    or `false`, because Druid has no such dimension and 0 and 1 would read as a quantity; a decimal keeps its digits as
    text; dates and timestamps are ISO 8601. `empty` says that no row in the parts has a value in it.
    """

    name: str
    type: ColumnType
    source_name: str
    logical_type: LogicalType | None = None
    empty: bool | None = None


class ExpectedColumn(_Model):
    """A column as a file has to have it, or as one was read: `time` is the type of the column that becomes `__time`.

    `time_format` is how a time, date or timestamp is written; `zone` is that of times that name none, where it is said:
    a timestamp that has one is an instant, and stands in the rows in UTC. `scale` is how many digits a decimal has
    behind the point at most, None for any number. `decimal_mark` and `thousands` are how numbers are written.
    `null_markers` count as null beside the empty text, None for the engine's own.
    """

    name: str
    source_name: str
    type: LogicalType | Literal["time", "json"]
    time_format: str | None = None
    zone: str | None = None
    scale: int | None = None
    decimal_mark: Literal[".", ","] = "."
    thousands: str | None = None
    null_markers: tuple[str, ...] | None = None


class TimeColumn(_Model):
    """Where `__time` came from, how it was written, and what was assumed about its zone."""

    source_name: str
    format: str
    zone: str
    note: str


class _Judged(_Model):
    """Every row has its verdict. `rows_read` = `rows_accepted` + `rows_rejected` = `second_count`, always.

    There is no part where no rows were to be written.
    """

    rows_read: int
    rows_accepted: int = Field(gt=0)
    rows_rejected: int
    second_count: int
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]
    reject_counts: dict[str, int] = {}
    rejects: RejectsFile | None = None
    report: str


class Accepted(_Judged):
    """The file can be loaded.

    `reading` has all columns in the order of the file: by it corrected rows can be read in the same way.
    `rows_by_time` are begins in milliseconds and rows, where that was asked.
    `rejected_records` are the bad ones, None when they are too scattered to be told; `corrected_records` are, for a
    correction, the parent's records that its good rows stand for, None when not all of them say so. Both are written
    as `3,77,100-101`.
    """

    outcome: Literal["accepted"] = "accepted"
    time_column: TimeColumn
    time_min_ms: int
    time_max_ms: int
    rows_by_time: tuple[tuple[int, int], ...] | None = None
    reading: tuple[ExpectedColumn, ...]
    rejected_records: str | None = None
    corrected_records: str | None = None


class Untimed(_Judged):
    """The rows are good, but which time they have is still a question; only where no time was required."""

    outcome: Literal["untimed"] = "untimed"
    question: Problem


class Rejected(_Model):
    """The file cannot be loaded. Figures are None where the file was not read far enough to know them."""

    outcome: Literal["rejected"] = "rejected"
    problems: tuple[Problem, ...] = Field(min_length=1)
    rows_read: int | None = None
    rows_accepted: int | None = None
    rows_rejected: int | None = None
    second_count: int | None = None
    reject_counts: dict[str, int] = {}
    rejects: RejectsFile | None = None
    report: str | None = None


Verdict = Accepted | Untimed | Rejected
VERDICT: TypeAdapter[Verdict] = TypeAdapter(Annotated[Verdict, Field(discriminator="outcome")])


class BadFile(Exception):  # noqa: N818 - it is no error of the program, and never leaves the engine
    """Unwinds the readers when a file cannot be read on; `parse` turns it into `Rejected`."""

    def __init__(self, code: Code, message: str, **detail: JsonValue) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message, detail=detail)
