"""The types of a load against those that are there: tables of what differs, what is written, and what is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.submitter.live_types import (
    TypeDrift,
    compare,
    differing,
    noted_in,
    notices,
    problem,
    retyped,
    written,
)
from services.submitter.spec import Load, freeze
from shared.druid_columns import LiveTypes
from shared.events import Column
from shared.loading import DimensionTyped, Loading, Metric, Partitioning
from tests.unit.submitter import druid_loads

TYPES: dict[str, Any] = {"STRING": "string", "LONG": "long", "DOUBLE": "double", "FLOAT": "float", "json": "json"}
JSON = "COMPLEX<json>"


def load_of(*, empty: bool = False, **types: str) -> Load:
    """A load of columns of these Druid types."""
    columns = [
        Column(name=name, type=TYPES[kind] if kind in {"LONG", "DOUBLE"} else "string", source_name=name, empty=empty)
        for name, kind in types.items()
    ]
    odd = tuple(
        DimensionTyped(name=name, type=TYPES[kind]) for name, kind in types.items() if kind in {"FLOAT", "json"}
    )
    return replace(druid_loads.APPEND, columns=tuple(columns), loading=Loading(dimension_types=odd))


def live_of(**types: str) -> LiveTypes:
    return {name: frozenset(told.split()) for name, told in types.items()}


def drift_of(file: str, there: str, **policy: Any) -> TypeDrift | None:
    load = load_of(x=file)
    found = compare(freeze(load).spec, live_of(x=there), load.loading.model_copy(update=policy))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("file", "there", "kind"),
    [
        ("LONG", "LONG", None),
        ("STRING", "STRING", None),
        ("json", JSON, None),
        ("STRING", "LONG", "wider_type"),
        ("DOUBLE", "LONG", "wider_type"),
        ("FLOAT", "LONG", "wider_type"),
        ("LONG", "FLOAT", "wider_type"),  # a float keeps 24 bits
        ("DOUBLE", "FLOAT", "wider_type"),
        ("STRING", JSON, "wider_type"),
        ("LONG", JSON, "wider_type"),
        ("json", "LONG", "wider_type"),
        ("STRING", "ARRAY<STRING>", "wider_type"),
        ("LONG", "ARRAY<LONG>", "wider_type"),
        ("STRING", "COMPLEX<hyperUnique>", "wider_type"),
        ("LONG", "DOUBLE", "narrower_type"),
        ("LONG", "STRING", "narrower_type"),
        ("DOUBLE", "STRING", "narrower_type"),
        ("FLOAT", "DOUBLE", "narrower_type"),
        ("json", "STRING", "narrower_type"),
        # several over time: the widest is what queries see
        ("STRING", "LONG STRING", None),
        ("DOUBLE", "LONG DOUBLE", None),
        ("LONG", "LONG STRING", "narrower_type"),
        ("DOUBLE", "LONG STRING", "narrower_type"),
        ("STRING", "LONG DOUBLE", "wider_type"),
        ("STRING", "ARRAY<STRING> STRING", None),
    ],
)
def test_what_a_difference_is(file: str, there: str, kind: str | None) -> None:
    found = drift_of(file, there)
    assert (found and found.kind) == kind
    if found:
        assert (found.live, found.file) == (tuple(sorted(there.split())), JSON if file == "json" else file)


@pytest.mark.parametrize(
    ("decision", "rejects", "text"),
    [
        ("reject", True, "the load would be rejected, because `wider_type` is reject"),
        ("ignore", True, "the load would be rejected, because `wider_type` is ignore"),
        ("evolve", False, "it is written as STRING, because `wider_type` is evolve"),
    ],
)
def test_what_becomes_of_a_wider_type(decision: str, rejects: bool, text: str) -> None:  # noqa: FBT001  # a column of the table
    found = drift_of("STRING", "LONG", wider_type=decision, narrower_type="evolve")
    assert found is not None
    assert (found.decision, found.rejects, found.written) == (decision, rejects, "STRING")
    (noticed,) = notices((found,))
    assert noticed.message == f"`x` is LONG in the datasource and STRING in the file: {text}."
    assert (problem("d", (found,)) is not None) == rejects


@pytest.mark.parametrize(
    ("decision", "file", "there", "as_written"),
    [
        ("reject", "LONG", "STRING", "LONG"),
        ("evolve", "LONG", "STRING", "LONG"),
        ("ignore", "LONG", "STRING", "STRING"),
        ("ignore", "DOUBLE", "STRING", "STRING"),
        ("ignore", "json", "STRING", "STRING"),
        ("ignore", "FLOAT", "DOUBLE", "DOUBLE"),
        ("ignore", "LONG", "DOUBLE", "LONG"),  # a double has fewer digits than a long
        ("ignore", "LONG", "DOUBLE STRING", "STRING"),
        ("ignore", "FLOAT", "DOUBLE STRING", "STRING"),
    ],
)
def test_what_becomes_of_a_narrower_type(decision: str, file: str, there: str, as_written: str) -> None:
    found = drift_of(file, there, narrower_type=decision, wider_type="evolve")
    assert found is not None
    assert (found.rejects, found.written) == (decision == "reject", as_written)
    load = load_of(x=file)
    loading = retyped(load.loading, (found,), live_of(x=there), frozenset())
    assert written(freeze(replace(load, loading=loading)).spec)["x"] == as_written


def test_what_is_in_one_only_is_no_difference() -> None:
    load = load_of(new="LONG", x="LONG")
    assert compare(freeze(load).spec, live_of(gone="LONG", x="LONG"), load.loading) == ()
    assert compare(freeze(load).spec, {}, load.loading) == ()


def test_a_column_without_a_value_fits_every_type_and_takes_the_one_that_is_there() -> None:
    load = load_of(a="STRING", b="STRING", c="STRING", d="STRING", empty=True)
    live, empty = live_of(a="LONG", b=JSON, c="ARRAY<STRING>"), frozenset("abcd")
    assert compare(freeze(load).spec, live, load.loading, empty=empty) == ()
    spec = freeze(replace(load, loading=retyped(load.loading, (), live, empty))).spec
    assert written(spec) == {"a": "LONG", "b": JSON, "c": "STRING", "d": "STRING", "ingest_task_id": "STRING"}


def test_a_column_that_partitions_keeps_its_type() -> None:
    loading = Loading(partitioning=Partitioning(type="range", columns=("a",)))
    assert retyped(loading, (), live_of(a="LONG"), frozenset("a")) is loading


def test_metrics_are_compared_and_never_retyped() -> None:
    metrics = (
        Metric(name="n", type="count"),
        Metric(name="s", type="sum", column="delay", number="long"),
        Metric(name="d", type="max", column="ratio", number="double"),
        Metric(name="people", type="hll", column="a.b"),
        Metric(name="buyers", type="theta", column="a.b"),
        Metric(name="delays", type="quantiles", column="delay"),
    )
    load = replace(
        druid_loads.APPEND,
        loading=Loading(rollup=True, metrics=metrics, left_out=("delay", "ratio", "a.b"), narrower_type="ignore"),
    )
    spec = freeze(load).spec
    same = live_of(
        n="LONG",
        s="LONG",
        d="DOUBLE",
        people="COMPLEX<HLLSketchBuild>",
        buyers="COMPLEX<thetaSketchMerge>",
        delays="COMPLEX<quantilesDoublesSketch>",
    )
    assert compare(spec, same, load.loading) == ()
    other = live_of(s="STRING", d="LONG", people="COMPLEX<thetaSketch>")
    found = compare(spec, other, load.loading)
    assert [(one.column, one.kind, one.written) for one in found] == [
        ("s", "narrower_type", "LONG"),
        ("d", "wider_type", "DOUBLE"),
        ("people", "wider_type", "COMPLEX<HLLSketch>"),
    ]


def test_a_refusal_names_every_column_both_types_and_what_to_do() -> None:
    many: dict[str, Any] = {f"c{number}": "STRING" for number in range(7)}
    load = load_of(**many, ok="LONG", small="LONG")
    live = live_of(**dict.fromkeys(many, "LONG"), ok="STRING", small="DOUBLE")
    drifts = compare(freeze(load).spec, live, load.loading.model_copy(update={"narrower_type": "reject"}))
    told = problem('it\'s "Δ"', drifts)
    assert told is not None
    assert told.code == "live_type"
    assert "`c0` is LONG in the datasource and STRING in the file; `c1` is" in told.message
    assert "; and 4 more. Send `c0` as LONG" in told.message
    assert "say `wider_type: evolve` and `narrower_type: evolve` in `drift`" in told.message
    columns = told.detail["columns"]
    assert isinstance(columns, list)
    assert len(columns) == 9
    assert columns[0] == {
        "column": "c0", "kind": "wider_type", "live": ["LONG"], "file": "STRING", "written": "STRING",
        "decision": "reject",
    }  # fmt: skip
    assert problem("d", ()) is None


def test_what_was_found_is_frozen_with_the_spec_and_read_from_it() -> None:
    load = load_of(x="STRING")
    assert noted_in(freeze(load).spec) == ()
    drifts = compare(freeze(load).spec, live_of(x="LONG"), load.loading)
    frozen = freeze(replace(load, drift=drifts))
    assert noted_in(frozen.spec) == drifts
    assert frozen.spec_hash != freeze(load).spec_hash


def test_of_two_tasks_the_first_column_that_differs_is_named() -> None:
    one, other = (freeze(load_of(a=a, b="LONG", c="LONG")).spec for a in ("STRING", "LONG"))
    assert differing(one, other, empty=frozenset()) == "a"
    assert differing(one, other, empty=frozenset("a")) is None
    assert differing(one, one, empty=frozenset()) is None
    assert differing(one, freeze(load_of(z="LONG")).spec, empty=frozenset()) is None
