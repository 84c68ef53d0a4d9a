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
from .number_style import NumberStyle
from .verdict import ColumnType

_SAMPLES = 3
_SAMPLE_CHARS = 80


class ColumnWriter:
    """Casts one column, block by block, and keeps its figures over the accepted rows for the report."""

    def __init__(
        self,
        index: int,
        name: str,
        column_type: ColumnType,
        style: NumberStyle | None = None,
        number_note: str | None = None,
    ) -> None:
        self.source = f"c{index}"
        self.name = name
        self.type = column_type
        self.style = style
        self.number_note = number_note
        self.nulls = 0
        self.low: int | float | None = None
        self.high: int | float | None = None
        self.samples: list[JsonValue] = []

    def expression(self) -> pl.Expr:
        """The column as it stands in the parts; inference has shown that only null markers do not cast."""
        text = pl.col(self.source)
        if self.type == "string":
            return pl.when(text != "").then(text).alias(self.name)
        if self.style is not None:
            text = self.style.canonical(text)
        if self.type == "long":
            return text.cast(pl.Int64, strict=False).alias(self.name)
        return text.cast(pl.Float64, strict=False).fill_nan(None).alias(self.name)

    def take(self, text: pl.Series, cast: pl.Series) -> None:
        """Check a block's cast against its text, and add it to the figures.

        Raises AssertionError when a value would be lost: that is a fault of ours, and nothing may be loaded.
        """
        self.nulls += cast.null_count()
        if cast.null_count() == cast.len():
            return
        if self.type != "string":
            self._take_numbers(text, cast)
        if len(self.samples) < _SAMPLES:
            self._take_samples(cast)

    def _take_numbers(self, text: pl.Series, cast: pl.Series) -> None:
        lost = text.filter(cast.is_null())
        if not is_null(lost).all():
            msg = f"a value of column {self.name!r} was lost in the cast to {self.type}"
            raise AssertionError(msg)
        low, high = cast.min(), cast.max()
        if isinstance(low, int | float) and isinstance(high, int | float):
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)

    def _take_samples(self, cast: pl.Series) -> None:
        for value in cast.drop_nulls().head(1_000).unique(maintain_order=True).head(_SAMPLES):
            shown = value[:_SAMPLE_CHARS] if isinstance(value, str) else value
            if shown not in self.samples and len(self.samples) < _SAMPLES:
                self.samples.append(shown)


def cast_columns(frame: pl.DataFrame, columns: Sequence[ColumnWriter]) -> pl.DataFrame:
    """The columns of `frame` in their types, checked and added to their figures."""
    typed = frame.select([column.expression() for column in columns])
    for column in columns:
        column.take(frame[column.source], typed[column.name])
    return typed


def canonical_lines(
    frame: pl.DataFrame, ms: pl.Series | None, columns: Sequence[ColumnWriter], task_id: str | None
) -> bytes:
    """The rows of `frame` as NDJSON. Nulls are written as `null`, which Druid reads like a field left out."""
    typed = cast_columns(frame, columns)
    time = [] if ms is None else [ms.alias(TIME)]
    task = [] if task_id is None else [pl.lit(task_id).alias(TASK_ID)]
    out = BytesIO()
    typed.select(*time, pl.all(), *task).write_ndjson(out)
    return out.getvalue()
