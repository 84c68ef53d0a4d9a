"""Whether columns fit how their datasource is loaded, and what is handed on when they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from shared import loading as handed_on
from shared.loading import COUNT_METRIC, DimensionType, Number, ValueType

from .column_types import ColumnType
from .faults import Path
from .loading import Loading, Metric, Transform

_NUMBERS: frozenset[ColumnType] = frozenset({"long", "double", "decimal"})
# How a column of each type stands in the canonical parts, unless a dimension says otherwise; json is parsed by Druid.
_STANDS_AS: dict[ColumnType, DimensionType] = {"long": "long", "double": "double", "json": "json"}
_TYPES_OF: dict[ColumnType, frozenset[DimensionType]] = {
    "long": frozenset({"long", "string", "double", "float"}),
    "double": frozenset({"double", "string", "float"}),
    "decimal": frozenset({"string", "double", "float"}),
    "json": frozenset({"json", "string"}),
}
_TEXT_ONLY: frozenset[DimensionType] = frozenset({"string"})
_OF_VALUES: dict[ValueType, ColumnType] = {"string": "text", "long": "long", "double": "double"}


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit: the field of `loading`, the column that it is about, and what was expected."""

    path: Path
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are loaded beside the time, by name in the order of the file, with their types in the contract.

    `summed` are those of the role metric. `never` are known and not loaded under their names: the time, and those of
    the role ignore. `complete` says that there are no others: where there may be, an unknown name is no misfit.
    """

    types: Mapping[str, ColumnType]
    summed: frozenset[str]
    never: frozenset[str]
    complete: bool


def misfits(loading: Loading, columns: Columns) -> Iterator[Misfit]:
    """Everything in `loading` that those columns do not bear."""
    for number, transform in enumerate(loading.transforms):
        yield from _transform(transform, columns, ("transforms", number))
    made = {one.name: _OF_VALUES[_returns(one, columns)] for one in loading.transforms}
    whole = replace(columns, types={**columns.types, **made})
    for number, metric in enumerate(loading.metrics):
        yield from _metric(metric, whole, ("metrics", number))
    for number, one in enumerate(loading.dimensions):
        kind = whole.types.get(one.name)
        place: Path = ("dimensions", number)
        yield from _absent(one.name, whole, (*place, "name"))
        if one.name in loading.leave_out:
            yield Misfit((*place, "name"), one.name, f"{one.name!r} is left out by leave_out, and a dimension here")
        if kind and one.type and one.type not in (allowed := _TYPES_OF.get(kind, _TEXT_ONLY)):
            said = f"must be {' or '.join(sorted(allowed))}: the column {one.name!r} is {kind}"
            yield Misfit((*place, "type"), one.name, said)
    for number, name in enumerate(loading.leave_out):
        yield from _absent(name, whole, ("leave_out", number))
    yield from _names(loading, whole)
    yield from _partitions(loading, whole)


def settled(loading: Loading, columns: Columns) -> handed_on.Loading:
    """The loading of a file whose columns fit, with everything that depended on them."""
    made = {one.name: _returns(one, columns) for one in loading.transforms}
    types: dict[str, ColumnType] = {**columns.types, **{name: _OF_VALUES[kind] for name, kind in made.items()}}
    metrics = _metrics(loading, types, columns.summed)
    left_out = _left_out(loading, types, columns.summed)
    stated = {one.name: one.type for one in loading.dimensions if one.type is not None}
    implied = {name: _STANDS_AS[kind] for name, kind in types.items() if kind in _STANDS_AS}
    differing = [
        handed_on.DimensionTyped(name=name, type=kind)
        for name, kind in {**implied, **stated}.items()
        if name in types and name not in left_out and kind != _in_parts(name, columns, made)
    ]
    return handed_on.Loading(
        mode=loading.mode,
        replace=loading.replace,
        segment_granularity=loading.segment_granularity,
        query_granularity=loading.query_granularity,
        partitioning=handed_on.Partitioning(**loading.partitioning.model_dump()),
        rollup=loading.rollup,
        metrics=metrics,
        dimensions=tuple(one.name for one in loading.dimensions),
        dimension_types=tuple(differing),
        left_out=left_out,
        transforms=tuple(_handed_on(one, made[one.name]) for one in loading.transforms),
        task_id_column=loading.task_id_column,
        duplicates=loading.duplicates,
    )


def _in_parts(name: str, columns: Columns, made: Mapping[str, ValueType]) -> DimensionType | None:
    """The type that a dimension gets from its column alone; None for a column that a transform makes."""
    if name in made:
        return None
    kind = columns.types[name]
    return "string" if kind not in {"long", "double"} else _STANDS_AS[kind]


def _metrics(loading: Loading, types: Mapping[str, ColumnType], summed: frozenset[str]) -> tuple[handed_on.Metric, ...]:
    if not loading.rollup:
        return ()
    stated = [
        handed_on.Metric(name=one.name, type=one.type, column=one.column, number=_number(one, types))
        for one in loading.metrics
    ]
    sums = [Metric(name=name, type="sum", column=name) for name in types if name in _summed(loading, summed)]
    more = [handed_on.Metric(name=one.name, type="sum", column=one.column, number=_number(one, types)) for one in sums]
    return (*stated, *more)


def _summed(loading: Loading, summed: frozenset[str]) -> set[str]:
    """The columns of the role metric that nothing else in `loading` speaks of."""
    if not loading.rollup:
        return set()
    spoken = {one.column for one in loading.metrics} | {one.name for one in loading.dimensions}
    return set(summed - spoken - set(loading.leave_out))


def _left_out(loading: Loading, types: Mapping[str, ColumnType], summed: frozenset[str]) -> tuple[str, ...]:
    named = {one.name for one in loading.dimensions}
    read = {one.column for one in loading.metrics if one.column is not None} - named
    out = read | set(loading.leave_out) | _summed(loading, summed)
    return tuple(name for name in types if name in out)


def _number(metric: Metric, types: Mapping[str, ColumnType]) -> Number | None:
    if metric.type not in {"sum", "min", "max"} or metric.column is None:
        return None
    return "long" if types.get(metric.column) == "long" else "double"


def _returns(transform: Transform, columns: Columns) -> ValueType:
    match transform.type:
        case "json_value":
            return transform.returns or "string"
        case "bucket":
            whole = transform.size is not None and transform.size == int(transform.size)
            return "long" if whole and columns.types.get(transform.column or "") == "long" else "double"
        case "constant":
            value = transform.value
            return "string" if isinstance(value, str) else "long" if isinstance(value, int) else "double"
        case _:
            return "string"


def _handed_on(one: Transform, returns: ValueType) -> handed_on.Transform:
    value = one.value if one.value is None or isinstance(one.value, int | str) else float(one.value)
    return handed_on.Transform(
        name=one.name,
        type=one.type,
        columns=one.reads,
        returns=returns,
        granularity=one.granularity,
        zone=one.zone,
        separator=one.separator,
        size=None if one.size is None else float(one.size),
        value=value,
        path=one.path,
    )


def _transform(transform: Transform, columns: Columns, place: Path) -> Iterator[Misfit]:
    for position, name in enumerate(transform.reads):
        field: Path = (*place, "columns", position) if transform.columns else (*place, "column")
        yield from _absent(name, columns, field)
        kind = columns.types.get(name)
        if kind is None:
            continue
        if transform.type == "json_value" and kind != "json":
            yield Misfit(field, name, f"must be a json column, and {name!r} is {kind}")
        elif transform.type != "json_value" and kind == "json":
            yield Misfit(field, name, f"must be a column that is not json, and {name!r} is: use json_value")
        elif transform.type == "bucket" and kind not in _NUMBERS:
            yield Misfit(field, name, f"must be a number, and {name!r} is {kind}")
        elif transform.type in {"lower", "upper", "trim"} and kind != "text":
            yield Misfit(field, name, f"must be text, and {name!r} is {kind}")


def _metric(metric: Metric, columns: Columns, place: Path) -> Iterator[Misfit]:
    if metric.column is None:
        return
    yield from _absent(metric.column, columns, (*place, "column"))
    kind = columns.types.get(metric.column)
    if kind is None:
        return
    if metric.type in {"hll", "theta"}:
        if kind == "json":
            yield Misfit((*place, "column"), metric.column, f"must not be json, and {metric.column!r} is")
    elif kind not in _NUMBERS:
        said = f"must be long, double or decimal, because {metric.type} is of numbers, and {metric.column!r} is {kind}"
        yield Misfit((*place, "column"), metric.column, said)


def _names(loading: Loading, columns: Columns) -> Iterator[Misfit]:
    """Names that two columns in Druid would have."""
    kept = set(columns.types) - set(_left_out(loading, columns.types, columns.summed))
    for number, metric in enumerate(loading.metrics):
        if metric.name in kept | _summed(loading, columns.summed):
            said = f"is taken: {metric.name!r} is a column that is loaded; name the metric otherwise, or leave that out"
            yield Misfit(("metrics", number, "name"), metric.name, said)
    if loading.rollup and COUNT_METRIC in kept:
        said = f"the column {COUNT_METRIC!r} has the name of the count that rollup adds: rename it, or leave it out"
        yield Misfit(("rollup",), COUNT_METRIC, said)


def _partitions(loading: Loading, columns: Columns) -> Iterator[Misfit]:
    out = _left_out(loading, columns.types, columns.summed)
    types = {one.name: one.type for one in loading.dimensions}
    for number, name in enumerate(loading.partitioning.columns):
        place: Path = ("partitioning", "columns", number)
        yield from _absent(name, columns, place)
        kind = columns.types.get(name)
        if name in out:
            yield Misfit(place, name, f"must be a dimension, and {name!r} is not loaded as one")
        elif kind == "json":
            yield Misfit(place, name, f"must be a column that is not json, and {name!r} is")
        elif kind and loading.partitioning.type == "range":
            in_druid = types.get(name) or _STANDS_AS.get(kind, "string")
            if in_druid != "string":
                said = f"must be a dimension of type string, and {name!r} is {in_druid}: say its type in dimensions"
                yield Misfit(place, name, said)


def _absent(name: str, columns: Columns, path: Path) -> Iterator[Misfit]:
    if name not in columns.types and (columns.complete or name in columns.never):
        yield Misfit(path, name, f"must be a column that is loaded, and {name!r} is none")
