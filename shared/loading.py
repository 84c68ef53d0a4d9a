"""How a datasource is loaded, as the validator hands it on with a verdict: nothing in it is left to be found out.

A person writes it as the section `loading` of a contract (`shared/contract/loading.py`); what that leaves to the
columns of a file is settled in `shared/contract/loading_fit.py`. A body without it is loaded by the defaults here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.event_model import Model
from shared.granularity import Granularity, QueryGranularity

COUNT_METRIC = "ingest_row_count"
"""With rollup, the metric that counts rows where the datasource has none of its own."""

Mode = Literal["append", "replace"]
ReplaceScope = Literal["whole", "touched"]
PartitioningType = Literal["dynamic", "hashed", "range"]
MetricType = Literal["count", "sum", "min", "max", "hll", "theta", "quantiles"]
SKETCHES: frozenset[MetricType] = frozenset({"hll", "theta", "quantiles"})
Number = Literal["long", "double"]
DimensionType = Literal["string", "long", "double", "float", "json"]
ValueType = Literal["long", "double", "string"]  # ordered as elsewhere: typing keeps one Union for equal sets
TransformType = Literal["time_floor", "lower", "upper", "trim", "concat", "bucket", "constant", "json_value"]
Duplicates = Literal["reject", "load"]
DriftDecision = Literal["evolve", "ignore", "reject"]


class Partitioning(Model):
    """How the rows of a time chunk are shared among segments."""

    type: PartitioningType = "dynamic"
    """`dynamic`, `hashed` or `range`; what is appended is always dynamic."""
    columns: tuple[str, ...] = ()
    """The columns that decide; for `hashed` none is all dimensions."""
    rows_per_segment: Annotated[int, Field(ge=1)] | None = None
    """How many rows a segment should have; the submitter's own figure if absent."""


class Metric(Model):
    """A figure that rollup keeps for each group of rows."""

    name: str
    """Its column in Druid."""
    type: MetricType
    """What it is."""
    column: str | None = None
    """What it is taken of; absent for a count."""
    number: Number | None = None
    """The type of a sum, a least or a greatest value."""


class Transform(Model):
    """A column that is made of others when the rows are read. Which fields there are depends on the type."""

    name: str
    """The column that it makes, which may be one of the file's."""
    type: TransformType
    """How it is made."""
    columns: tuple[str, ...] = ()
    """What it is made of."""
    returns: ValueType = "string"
    """The type of its values."""
    granularity: Granularity | None = None
    """With `time_floor`: the length of the chunks."""
    zone: str | None = None
    """With `time_floor`: the IANA zone whose boundaries count."""
    separator: str | None = None
    """With `concat`: what stands between two values."""
    size: float | None = None
    """With `bucket`: the width of a bucket."""
    value: int | float | str | None = None
    """With `constant`: the value."""
    path: str | None = None
    """With `json_value`: where in the value, as `$.a.b[0]`."""


class DimensionTyped(Model):
    """A dimension whose type in Druid is not that of its column in the parts."""

    name: str
    """The dimension."""
    type: DimensionType
    """Its type in Druid."""


class Loading(Model):
    """How the rows get into their datasource."""

    mode: Mode = "append"
    """The mode of an upload that names none; what holds for this file stands in its options."""
    replace: ReplaceScope = "whole"
    """What a replace empties: the whole datasource, or the time chunks that have rows of the file."""
    segment_granularity: Granularity | None = None
    """The length of the time chunks; found by the number of rows and their time if absent."""
    query_granularity: QueryGranularity = "none"
    """To which boundary the time of each row is cut."""
    partitioning: Partitioning = Partitioning()
    """How a time chunk is shared among segments."""
    rollup: bool = False
    """Whether rows of one time with the same dimensions become one."""
    metrics: tuple[Metric, ...] = ()
    """What rollup keeps of them."""
    dimensions: tuple[str, ...] = ()
    """The dimensions that stand first, in their order; the others follow in that of the file."""
    dimension_types: tuple[DimensionTyped, ...] = ()
    """The dimensions whose type differs from that of their column."""
    left_out: tuple[str, ...] = ()
    """The columns that are read by metrics and transforms only."""
    transforms: tuple[Transform, ...] = ()
    """The columns that are made of others."""
    task_id_column: bool = True
    """Whether every row carries its task's id."""
    duplicates: Duplicates = "reject"
    """What happens to bytes that the datasource has loaded before and that are appended again."""
    wider_type: DriftDecision = "reject"
    """What happens to a column whose type does not fit into the one that the datasource has it in."""
    narrower_type: DriftDecision = "ignore"
    """What happens to a column whose values would all fit the type that the datasource has it in."""
