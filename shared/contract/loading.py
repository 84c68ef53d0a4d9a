"""How a datasource is loaded into Druid: what a contract says of it, as far as it can be judged without the columns.

Whether the columns fit says `loading_fit`. The words are those of `shared.loading`, in which a verdict hands it on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from shared.granularity import Granularity, QueryGranularity, fits_into
from shared.loading import (
    COUNT_METRIC,
    SKETCHES,
    DimensionType,
    Duplicates,
    MetricType,
    Mode,
    PartitioningType,
    ReplaceScope,
    TransformType,
    ValueType,
)

from .column import OWN_COLUMNS, is_zone
from .faults import refuse
from .part import Part

MOST_CONCATENATED = 20
_Name = Annotated[str, Field(min_length=1, max_length=1_000)]
# What Druid's json_value takes of JSONPath: members and elements, one after the other.
_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\[(?:0|[1-9][0-9]{0,5})\]|\['[^'\\\x00-\x1f]{1,200}'\])*")
# The fields of each kind of transform, beside its name and type: those that must be there, and those that may.
_FIELDS: dict[TransformType, tuple[frozenset[str], frozenset[str]]] = {
    "time_floor": (frozenset({"granularity"}), frozenset({"zone"})),
    "lower": (frozenset({"column"}), frozenset()),
    "upper": (frozenset({"column"}), frozenset()),
    "trim": (frozenset({"column"}), frozenset()),
    "concat": (frozenset({"columns"}), frozenset({"separator"})),
    "bucket": (frozenset({"column", "size"}), frozenset()),
    "constant": (frozenset({"value"}), frozenset()),
    "json_value": (frozenset({"column", "path"}), frozenset({"returns"})),
}


def _no_name_twice(names: Sequence[str], *path: str, step: str | None = None) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            more: tuple[Any, ...] = () if step is None else (step,)
            refuse(f"is taken: {name[:80]!r} stands in the list before", *path, position, *more)


def _refuse_reserved(name: str) -> None:
    if name in {*OWN_COLUMNS, COUNT_METRIC}:
        refuse("is a column that the loader makes itself: take another name", "name")


class Partitioning(Part):
    """How the rows of a time chunk are shared among segments."""

    type: PartitioningType = "dynamic"
    """`dynamic` by number only, `hashed` by the values of columns, `range` by their order. What is appended is always
    dynamic: the other two are for `mode: replace`."""
    columns: tuple[_Name, ...] = Field(default=(), max_length=20)
    """The columns that decide, most important first: for `range` those that queries filter by; for `hashed` all
    dimensions if not said."""
    rows_per_segment: int | None = Field(default=None, ge=1, le=2**31 - 1, strict=True)
    """How many rows a segment should have; the service's own figure, 5 million, if not said."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.type == "dynamic" and self.columns:
            refuse("is for hashed and range: dynamic partitions look at no column", "columns")
        if self.type == "range" and not self.columns:
            refuse("must be there: range needs the columns by whose values the rows are put into order", "columns")
        _no_name_twice(self.columns, "columns")
        return self


class Metric(Part):
    """A figure that rollup keeps for each group of rows."""

    name: _Name
    """Its column in Druid; may be the name of the column that it is taken of."""
    type: MetricType
    """`count`, `sum`, `min` or `max`; or a sketch, which needs Druid's extension `druid-datasketches`: `hll` or `theta`
    for how many different values there are, `quantiles` for their distribution."""
    column: _Name | None = None
    """What it is taken of: a number, and for `hll` and `theta` any column that is not json; not for `count`. Decimals
    are taken as double."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.type == "count" and self.column is not None:
            refuse("is not for a count, which counts rows", "column")
        if self.type != "count" and self.column is None:
            refuse(f"must be there: a {self.type} is taken of a column", "column")
        _refuse_reserved(self.name)
        return self


class Dimension(Part):
    """A dimension whose place or type is said."""

    name: _Name
    """A column of the file, or one that a transform makes."""
    type: DimensionType | None = None
    """Its type in Druid: `string`, `long`, `double`, `float` or `json`; that of the column if not said."""


class Transform(Part):
    """A column that is made of others. Transforms read the file's columns, not each other's."""

    name: _Name
    """The column that it makes; where it has the name of one of the file's, it takes its place."""
    type: TransformType
    """`time_floor`: the beginning of the chunk that the row's time is in, as text. `lower`, `upper`, `trim`: the text
    of `column`. `concat`: the texts of `columns`, null where one is. `bucket`: the beginning of the bucket of width
    `size` that the number is in. `constant`: `value`. `json_value`: what stands at `path` in a json column."""
    column: _Name | None = None
    """The column that it reads."""
    columns: tuple[_Name, ...] | None = Field(default=None, min_length=1, max_length=MOST_CONCATENATED)
    """The columns that `concat` reads."""
    separator: str | None = Field(default=None, max_length=100)
    """What `concat` puts between two values; nothing if not said."""
    granularity: Granularity | None = None
    """The length of the chunks of `time_floor`, as `segment_granularity`."""
    zone: str | None = None
    """The IANA zone whose days and hours `time_floor` means; UTC if not said."""
    size: StrictInt | Decimal | None = None
    """The width of a bucket, above 0."""
    value: StrictInt | Decimal | StrictStr | None = None
    """The value of `constant`: a text or a number."""
    path: str | None = Field(default=None, max_length=1_000)
    """Where `json_value` looks: `$.customer.tags[0]`, and `$['odd name']`."""
    returns: ValueType | None = None
    """The type of what `json_value` finds: `string`, `long` or `double`; `string` if not said."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        needed, allowed = _FIELDS[self.type]
        for name in type(self).model_fields:
            stated = name not in {"name", "type"} and getattr(self, name) is not None
            if stated and name not in needed | allowed:
                refuse(f"is not for {self.type}", name)
            if name in needed and not stated:
                refuse(f"must be there: {self.type} needs it", name)
        if self.size is not None and not 0 < self.size < Decimal("1e15"):
            refuse(f"must be above 0 and below 1e15, not {self.size}", "size")
        if self.granularity == "all":
            refuse("must be a length of time: all rows have the beginning of all time in common", "granularity")
        if self.zone is not None and not is_zone(self.zone):
            refuse(f"must be the IANA name of a zone, such as Europe/Berlin, not {self.zone[:40]!r}", "zone")
        if self.path is not None and not _PATH.fullmatch(self.path):
            refuse(f"must be a path such as $.a.b[0] or $['a b'], not {self.path[:80]!r}", "path")
        if isinstance(self.value, int) and abs(self.value) >= 2**63:
            refuse("must be a long, between -2^63 and 2^63", "value")
        _refuse_reserved(self.name)
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return self.columns or (() if self.column is None else (self.column,))


class Loading(Part):
    """How the rows get into their datasource."""

    mode: Mode = "append"
    """What an upload does that names no mode: `append` its rows, or `replace` those that are there."""
    replace: ReplaceScope = "whole"
    """What a replace empties: the `whole` datasource, or the time chunks that are `touched`, because the file has rows
    in them; their length must be said by `segment_granularity` then."""
    segment_granularity: Granularity | None = None
    """The length of the time chunks that segments are cut by; if not said it is found for each file, so that segments
    come near 5 million rows and there are never more than 1,000 chunks."""
    query_granularity: QueryGranularity = "none"
    """To which boundary the time of each row is cut; not at all with `none`."""
    partitioning: Partitioning = Partitioning()
    """How a time chunk is shared among segments."""
    rollup: StrictBool = False
    """Whether rows of one time (see `query_granularity`) with the same dimensions become one. Columns of the role
    metric are summed then, unless a metric or `dimensions` names them."""
    metrics: tuple[Metric, ...] = Field(default=(), max_length=500)
    """What rollup keeps of such rows. A column that a metric reads is no dimension unless `dimensions` names it.
    Without a count one is added: the proof counts by it."""
    dimensions: tuple[Dimension, ...] = Field(default=(), max_length=2_000)
    """The dimensions that stand first, in this order; those not named follow in the order of the file. Druid sorts rows
    by them, so those that queries filter by belong to the front."""
    leave_out: tuple[_Name, ...] = Field(default=(), max_length=2_000)
    """Columns that metrics and transforms read, and that are not loaded themselves."""
    transforms: tuple[Transform, ...] = Field(default=(), max_length=200)
    """Columns that are made of others."""
    task_id_column: StrictBool = True
    """Whether every row carries the id of its task, by which its load is counted. Without it rollup works across files;
    the load is then proven by the count of its interval before and after, and nothing else is loaded meanwhile."""
    duplicates: Duplicates = "reject"
    """What becomes of a file whose bytes were loaded before by the same contract, and that is appended again: `reject`
    it, or `load` it once more."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode == "append" and self.partitioning.type != "dynamic":
            said = f"{self.partitioning.type} needs mode: replace, because Druid appends dynamic partitions only"
            refuse(said, "partitioning", "type")
        if self.replace == "touched":
            if self.segment_granularity is None:
                refuse("must be said with replace: touched, because it is what a chunk is", "segment_granularity")
            if not self.task_id_column:
                refuse("must be true with replace: touched: the chunks between are not counted", "task_id_column")
        if self.segment_granularity is not None and not fits_into(self.query_granularity, self.segment_granularity):
            said = f"must lie within {self.segment_granularity}, the segment_granularity, and {self.query_granularity}"
            refuse(f"{said} does not", "query_granularity")
        if self.metrics and not self.rollup:
            refuse("are for rollup: true; without it every row is kept as it is", "metrics")
        for name in ("metrics", "transforms", "dimensions"):
            _no_name_twice([one.name for one in getattr(self, name)], name, step="name")
        _no_name_twice(self.leave_out, "leave_out")
        return self

    @property
    def sketches(self) -> tuple[Metric, ...]:
        """The metrics that Druid needs an extension for."""
        return tuple(metric for metric in self.metrics if metric.type in SKETCHES)
