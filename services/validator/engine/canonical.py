"""Text columns to canonical rows: `__time` first, the typed columns in file order, `ingest_task_id` last.

The first is left out where no time was found, the last where there is no task.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import polars as pl
from pydantic import JsonValue

from .header import TASK_ID, TIME
from .infer import is_null
from .isotext import iso_text
from .number_style import NumberStyle
from .patterns import ISO
from .repeats import Repeats
from .sketch import DistinctSketch
from .verdict import ColumnType, LogicalType

_SAMPLES = 3
_SAMPLE_CHARS = 80
_DRUID_TYPES: dict[LogicalType, ColumnType] = {"long": "long", "double": "double"}


class ColumnWriter:
    """Casts one column, block by block, and keeps its figures for the report.

    `index` is its position in the file, and `source` its name in a block. `time_format` is how a date or timestamp is
    written, `style` how numbers are where it is not as Polars reads them; `number_note` says why text that looks like
    numbers is none.
    """

    def __init__(
        self,
        index: int,
        name: str,
        logical_type: LogicalType,
        time_format: str = ISO,
        *,
        style: NumberStyle | None = None,
        number_note: str | None = None,
    ) -> None:
        self.index = index
        self.source = f"c{index}"
        self.name = name
        self.logical_type = logical_type
        self.style = style
        self.number_note = number_note
        self.type: ColumnType = _DRUID_TYPES.get(logical_type, "string")
        self.nulls = 0
        self.low: int | float | str | None = None
        self.high: int | float | str | None = None
        self.scale = 0
        self.samples: list[JsonValue] = []
        self.distinct = DistinctSketch()
        self._repeats = Repeats()
        self._time_format = time_format

    def writes_like(self, other: ColumnWriter) -> bool:
        """Whether both write the same for every value."""
        return self._manner() == other._manner()

    def explain(self, other: ColumnWriter) -> None:
        """Take over why the column is read so: `other` writes like this one, and has seen more rows."""
        self.style, self.number_note = other.style, other.number_note

    def _manner(self) -> tuple[object, ...]:
        dated = self.logical_type in ("date", "timestamp")
        # Plain numbers may have been told from a style or by themselves.
        marks = (".", None) if self.style is None else (self.style.decimal_mark, self.style.thousands)
        return self.source, self.name, self.logical_type, self._time_format if dated else None, marks

    def keeps(self, text: pl.Series) -> bool:
        """Whether these values stand in the parts as they are."""
        if self.logical_type != "text" or self.style is not None:
            return False
        shortest = text.str.len_bytes().min()
        return isinstance(shortest, int) and shortest > 0

    def expression(self) -> pl.Expr:
        """The column as it stands in the parts; inference has shown that only null markers do not cast."""
        text = pl.col(self.source)
        return self._cast(self.style.canonical(text) if self.style else text).alias(self.name)

    def _cast(self, text: pl.Expr) -> pl.Expr:
        match self.logical_type:
            case "text":
                return pl.when(text != "").then(text)
            case "long":
                return text.cast(pl.Int64, strict=False)
            case "double":
                return text.cast(pl.Float64, strict=False).fill_nan(None)
            case "boolean":
                lower = text.str.to_lowercase()
                return pl.when(lower.is_in(["true", "false"])).then(lower)
            case "decimal":
                return pl.when(text.str.contains("[0-9]")).then(text)
            case "date" | "timestamp":
                return text.map_batches(self._iso_text, return_dtype=pl.String)

    def _iso_text(self, values: pl.Series) -> pl.Series:
        return iso_text(values, self._time_format, "date" if self.logical_type == "date" else "timestamp")

    def take(self, text: pl.Series, cast: pl.Series) -> None:
        """Check a block's cast against its text, and add it to the figures.

        Raises AssertionError when a value would be lost: that is a fault of ours, and nothing may be loaded.
        """
        nulls = cast.null_count()
        self.nulls += nulls
        if nulls and self.logical_type != "text" and not is_null(text.filter(cast.is_null())).all():
            msg = f"a value of column {self.name!r} was lost in the cast to {self.logical_type}"
            raise AssertionError(msg)
        if nulls == cast.len():
            return
        different = self._repeats.of(cast) if self.type == "string" else cast
        self.distinct.add(different)
        if self.logical_type == "decimal":
            self._take_scale(different)
        else:
            self._take_range(different)
        if len(self.samples) < _SAMPLES:
            self._take_samples(cast)

    def _take_scale(self, cast: pl.Series) -> None:
        digits = cast.str.extract(r"\.([0-9]+)$").str.len_bytes().max()
        self.scale = max(self.scale, digits if isinstance(digits, int) else 0)

    def _take_range(self, cast: pl.Series) -> None:
        low, high = cast.min(), cast.max()
        if isinstance(low, str) and isinstance(high, str):
            self.low = low if self.low is None else min(str(self.low), low)
            self.high = high if self.high is None else max(str(self.high), high)
        elif isinstance(low, int | float) and isinstance(high, int | float):
            self.low = low if not isinstance(self.low, int | float) else min(self.low, low)
            self.high = high if not isinstance(self.high, int | float) else max(self.high, high)

    def _take_samples(self, cast: pl.Series) -> None:
        for value in cast.drop_nulls().head(1_000).unique(maintain_order=True).head(_SAMPLES):
            shown = value[:_SAMPLE_CHARS] if isinstance(value, str) else value
            if shown not in self.samples and len(self.samples) < _SAMPLES:
                self.samples.append(shown)


def typed_columns(frame: pl.DataFrame, columns: Sequence[ColumnWriter]) -> pl.DataFrame:
    """The columns of `frame` in their types, checked and added to their figures."""
    typed = frame.select(
        [
            pl.col(column.source).alias(column.name) if column.keeps(frame[column.source]) else column.expression()
            for column in columns
        ]
    )
    for column in columns:
        column.take(frame[column.source], typed[column.name])
    return typed


def canonical_lines(
    frame: pl.DataFrame, ms: pl.Series | None, columns: Sequence[ColumnWriter], task_id: str | None
) -> bytes:
    """The rows of `frame` as NDJSON. Nulls are written as `null`, which Druid reads like a field left out."""
    typed = typed_columns(frame, columns)
    time = [] if ms is None else [ms.alias(TIME)]
    task = [] if task_id is None else [pl.lit(task_id).alias(TASK_ID)]
    out = BytesIO()
    typed.select(*time, pl.all(), *task).write_ndjson(out)
    return out.getvalue()
