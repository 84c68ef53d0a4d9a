"""What the engine is asked: one file on local disk, hints about it, and the limits it must keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from shared.file_options import MAX_COMMENT, MAX_SKIP_ROWS

from .verdict import ExpectedColumn

if TYPE_CHECKING:
    from shared.contract import Contract

MIB = 1024 * 1024


def _read_contract(value: Any) -> Any:
    """A contract comes into the child as its YAML: its models are loaded only where there is one."""
    from shared.contract import Contract, read_contract  # noqa: PLC0415

    if isinstance(value, str):
        return read_contract(value)
    if value is None or isinstance(value, Contract):
        return value
    msg = "must be a contract, or its text"
    raise ValueError(msg)


def _write_contract(contract: Any) -> str | None:
    from shared.contract import write_contract  # noqa: PLC0415

    return None if contract is None else write_contract(contract)


if not TYPE_CHECKING:
    Contract = Annotated[Any, BeforeValidator(_read_contract), PlainSerializer(_write_contract)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ParseOptions(_Model):
    """Hints of the sender; each is optional, and what is not said is found in the file.

    `timestamp_column` is a name of the header. `timestamp_format` is one of `patterns.FORMATS`, or a pattern such as
    `%d.%m.%Y`. `time_zone` is the IANA name for times that name no zone. `delimiter` is one character, neither a quote
    nor a line end. `encoding` is any of Python's text encodings and counts where the text is not UTF-8. `sheet` is the
    name of a workbook's sheet or its number from 1; without it the first is read. `format` is one of
    `shared.file_options.FORMATS`; where the content says otherwise the content counts, and the report says so.

    The others are for delimited text. `header` says whether the first record has the names; without one they are
    `column_1`, `column_2` and so on. `skip_rows` lines stand before it. Lines that begin with `comment` are no records.
    `quote` is the character around fields, `"` if it is not said, and "" says that there is none. `escape` is the
    character before a quote that belongs to the text. `decimal_mark` and `thousands` say how numbers are written.
    `max_rejected_rows` and `max_rejected_ratio` bound the bad rows: `reject_limits`.
    """

    timestamp_column: str | None = None
    timestamp_format: str | None = None
    time_zone: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: str | None = None
    sheet: str | None = None
    format: str | None = None
    header: bool | None = None
    skip_rows: int | None = Field(default=None, ge=0, le=MAX_SKIP_ROWS)
    comment: str | None = Field(default=None, min_length=1, max_length=MAX_COMMENT)
    quote: str | None = Field(default=None, max_length=1)
    escape: str | None = Field(default=None, min_length=1, max_length=1)
    decimal_mark: Literal[".", ","] | None = None
    thousands: str | None = None
    max_rejected_rows: int | None = Field(default=None, ge=0)
    max_rejected_ratio: float | None = Field(default=None, ge=0, le=1)


class ParseLimits(_Model):
    """Bounds on what a file may ask of the parser. Sizes are bytes.

    `max_inflated_bytes` and `max_inflate_ratio` hold for compressed files only; the ratio is judged once 64 MiB have
    been inflated. `max_record_bytes` bounds a record of delimited text: a longer one is a bad row, and one of 16 times
    that rejects the file. In other text a longer line or element rejects the file. `part_bytes` is the size of a
    canonical part before compression.
    `max_problem_samples` bounds the samples per error code in the report; the rejects file always has every bad row.
    """

    max_inflated_bytes: int = Field(default=64 * 1024 * MIB, gt=0)
    max_inflate_ratio: int = Field(default=300, gt=0)
    max_record_bytes: int = Field(default=MIB, gt=0)
    max_columns: int = Field(default=2_000, gt=0)
    part_bytes: int = Field(default=128 * MIB, gt=0)
    max_problem_samples: int = Field(default=20, ge=0)


class Correction(_Model):
    """The file holds corrected rows of another one, its parent, and is read as that was read: nothing is inferred.

    `columns` are the parent's in the order of its file, the time among them. At most `rows` rows are taken.
    `parent_rejects` is the parent's rejects object, and `settled` are its records that are corrected or waived already,
    as in `3,77,100-101`; both count for rows that say which record they correct.
    """

    columns: tuple[ExpectedColumn, ...] = Field(min_length=1)
    rows: int = Field(ge=0)
    parent_rejects: Path
    settled: str = ""


class ParseRequest(_Model):
    """One file to judge. `output_dir` must exist and be writable.

    `task_id` stands in every canonical row, unless it is None. Without `require_time` a file whose time is missing or
    ambiguous is judged all the same: the verdict is `Untimed`, and the report says what ingestion would ask. Without
    `write_rows` there are no parts, which saves their time and their place. With a `contract` the columns, their types,
    the dialect and the limits are those that it states, except for what the options say. With `count_times` the verdict
    says where in time the rows lie.
    """

    source_path: Path
    original_filename: str
    output_dir: Path
    task_id: str | None = Field(min_length=1)
    options: ParseOptions = ParseOptions()
    limits: ParseLimits = ParseLimits()
    correction: Correction | None = None
    contract: Contract | None = None
    require_time: bool = True
    write_rows: bool = True
    count_times: bool = False
