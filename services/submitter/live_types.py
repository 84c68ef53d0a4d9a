"""The types that a load would write against those that its datasource has in Druid, and what its policy says of them.

Pure. A type is wider when it holds every value of the other: LONG < DOUBLE < STRING, FLOAT < DOUBLE, json < STRING;
types that are unrelated count as wider, as between a file and its contract. What a column is for queries is Druid's
least restrictive type of all its segments, so a load of a type that is there, with none wider beside it, changes
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import JsonValue

from shared.druid_columns import LiveTypes
from shared.events import Problem
from shared.loading import DimensionType, DimensionTyped, DriftDecision, Loading

CODE = "live_type"
DRIFT_KEY = "ingest_live_types"
Kind = Literal["wider_type", "narrower_type"]

_JSON = "COMPLEX<json>"
_AS_DRUID_WRITES: dict[DimensionType, str] = {
    "string": "STRING",
    "long": "LONG",
    "double": "DOUBLE",
    "float": "FLOAT",
    "json": _JSON,
}
_DIMENSIONS = {told: kind for kind, told in _AS_DRUID_WRITES.items()}
_SKETCHES = {
    "HLLSketchBuild": "COMPLEX<HLLSketch>",
    "thetaSketch": "COMPLEX<thetaSketch>",
    "quantilesDoublesSketch": "COMPLEX<quantilesDoublesSketch>",
}
_WIDER: dict[str, frozenset[str]] = {
    "LONG": frozenset({"DOUBLE", "STRING"}),
    "FLOAT": frozenset({"DOUBLE", "STRING"}),
    "DOUBLE": frozenset({"STRING"}),
    _JSON: frozenset({"STRING"}),
}
# A long of more than 53 bits loses digits as a double: it stays one, and queries see DOUBLE as before.
_TAKES_OVER = {("LONG", "STRING"), ("FLOAT", "STRING"), ("DOUBLE", "STRING"), (_JSON, "STRING"), ("FLOAT", "DOUBLE")}
# A sketch is of one kind, whether a segment says that it was built or merged: each is read as the other.
_BUILT_OR_MERGED = re.compile(r"(?:Build|Merge)>$")
_MOST_NAMED = 5
_MOST_TOLD = 100


@dataclass(frozen=True)
class TypeDrift:
    """A column whose type would differ from the one that is there.

    Attributes:
        column: its name in Druid.
        kind: whether the file's type holds more than the live one.
        live: the types that its segments have it in.
        file: the type that the verdict and the contract give it.
        written: the type that the load writes.
        decision: what the contract says of such drift.
    """

    column: str
    kind: Kind
    live: tuple[str, ...]
    file: str
    written: str
    decision: DriftDecision

    @property
    def rejects(self) -> bool:
        """Whether nothing is loaded: rows that do not fit a live type cannot be put aside any more, so `ignore` too."""
        return self.decision == "reject" or (self.decision == "ignore" and self.kind == "wider_type")

    @property
    def sentence(self) -> str:
        """Both types, in words."""
        return f"`{self.column}` is {' and '.join(self.live)} in the datasource and {self.file} in the file"


def written(spec: Mapping[str, Any]) -> dict[str, str]:
    """The columns that a Druid task writes beside the time, with their types as Druid tells them."""
    schema = spec["spec"]["dataSchema"]
    dimensions = {one["name"]: _AS_DRUID_WRITES[one["type"]] for one in schema["dimensionsSpec"]["dimensions"]}
    metrics = {one["name"]: _of_metric(one["type"]) for one in schema["metricsSpec"]}
    return dimensions | metrics


def compare(
    spec: Mapping[str, Any], live: LiveTypes, loading: Loading, *, empty: frozenset[str] = frozenset()
) -> tuple[TypeDrift, ...]:
    """Every column whose type is not the one that is there, in the order of the spec.

    Args:
        spec: the Druid task of the load as it would be without a look at Druid.
        live: the types that are there.
        loading: has the policy.
        empty: columns that have no value in any row: they fit every type.
    """
    schema = spec["spec"]["dataSchema"]
    dimensions = {one["name"] for one in schema["dimensionsSpec"]["dimensions"]}
    found = []
    for column, file in written(spec).items():
        there = frozenset(_BUILT_OR_MERGED.sub(">", told) for told in live.get(column, ()))
        kind = None if column in empty else _kind(file, there)
        if kind is None:
            continue
        decision = loading.wider_type if kind == "wider_type" else loading.narrower_type
        takes = _takes_over(file, there) if decision == "ignore" and column in dimensions else None
        found.append(TypeDrift(column, kind, tuple(sorted(there)), file, takes or file, decision))
    return tuple(found)


def differing(spec: Mapping[str, Any], other: Mapping[str, Any], *, empty: frozenset[str]) -> str | None:
    """A column that two tasks write in different types, beside those that are `empty` in the first; None without."""
    theirs = written(other)
    return next(
        (name for name, kind in written(spec).items() if name not in empty and theirs.get(name, kind) != kind), None
    )


def retyped(loading: Loading, drifts: tuple[TypeDrift, ...], live: LiveTypes, empty: frozenset[str]) -> Loading:
    """The loading that writes each dimension as it was decided, and columns without a value as they are there.

    A column by which segments are partitioned keeps its type: the partitioning was checked against it.
    """
    kinds = {drift.column: _DIMENSIONS[drift.written] for drift in drifts if drift.written != drift.file}
    for column in sorted(empty - set(loading.partitioning.columns)):
        there = [kind for told, kind in _DIMENSIONS.items() if told in live.get(column, frozenset())]
        kinds |= {column: there[0]} if there else {}
    if not kinds:
        return loading
    kept = [one for one in loading.dimension_types if one.name not in kinds]
    stated = [DimensionTyped(name=name, type=kind) for name, kind in kinds.items()]
    return loading.model_copy(update={"dimension_types": (*kept, *stated)})


def problem(datasource: str, drifts: tuple[TypeDrift, ...]) -> Problem | None:
    """What is told of a load that is refused for its types; None when it is not."""
    refusing = [drift for drift in drifts if drift.rejects]
    if not refusing:
        return None
    first, more = refusing[0], len(refusing) - _MOST_NAMED
    named = "; ".join(drift.sentence for drift in refusing[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    message = (
        f"Columns have another type in {datasource!r} than in the file, so nothing was loaded: {named}. Send "
        f"`{first.column}` as {' or '.join(first.live)}, load the file into another datasource, or have it take the "
        f"place of all rows (mode replace). To let columns change, say {_remedies(refusing)} in `drift` of the "
        "datasource's contract; without a contract the defaults count (`ingest datasource create` makes one)."
    )
    return Problem(code=CODE, message=message, detail={"columns": [_detail(drift) for drift in refusing[:_MOST_TOLD]]})


def notices(drifts: tuple[TypeDrift, ...]) -> tuple[Problem, ...]:
    """What is kept with a task of each difference, or shown in its plan; of the first 100 only, for a record's sake."""
    return tuple(Problem(code=CODE, message=_noticed(one), detail=_detail(one)) for one in drifts[:_MOST_TOLD])


def as_json(drifts: tuple[TypeDrift, ...]) -> list[dict[str, Any]]:
    """As it stands in the context of the frozen task."""
    return [_detail(drift) for drift in drifts]


def noted_in(spec: Mapping[str, Any]) -> tuple[TypeDrift, ...]:
    """The differences that stand in a frozen task; it is as frozen as the rest."""
    return tuple(TypeDrift(**{**told, "live": tuple(told["live"])}) for told in spec["context"].get(DRIFT_KEY, ()))


def _of_metric(aggregator: str) -> str:
    if aggregator in _SKETCHES:
        return _SKETCHES[aggregator]
    return "DOUBLE" if aggregator.startswith("double") else "LONG"


def _kind(file: str, there: frozenset[str]) -> Kind | None:
    if not there:
        return None
    if there & _WIDER.get(file, frozenset()):
        return "narrower_type"
    return None if file in there else "wider_type"


def _takes_over(file: str, there: frozenset[str]) -> str | None:
    """The live type that the column is written with instead of its own; the widest, which is what queries see."""
    return next((told for told in ("STRING", "DOUBLE") if told in there and (file, told) in _TAKES_OVER), None)


def _noticed(drift: TypeDrift) -> str:
    if drift.rejects:
        return f"{drift.sentence}: the load would be rejected, because `{drift.kind}` is {drift.decision}."
    return f"{drift.sentence}: it is written as {drift.written}, because `{drift.kind}` is {drift.decision}."


def _remedies(drifts: list[TypeDrift]) -> str:
    return " and ".join(f"`{kind}: evolve`" for kind in dict.fromkeys(drift.kind for drift in drifts))


def _detail(drift: TypeDrift) -> dict[str, JsonValue]:
    return {**asdict(drift), "live": list(drift.live)}
