"""Rows and files under a contract: keys, row rules, limits, drift of every kind with every decision; every format."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from tests.verdicts.writing import avro, orc_of, parquet, xlsx

from .case import Bad, Case
from .delimited import text
from .stated import stated

A = "  - {name: a, type: long}\n"
AB = f"{A}  - {{name: b, type: long}}\n"
RULE = "rules:\n  - {name: less, expression: a < b}\n"
UNIQUE = "  - {name: a, type: long, unique: true}\n"
KEY = "keys:\n  - [a, b]\n"

ROWS = (
    Case(
        "a contract: keys",
        "a unique column",
        text("ts,a", "D,1", "D,2", "D,1", "D,", "D,"),
        rows=((1,), (2,), (None,), (None,)),
        bad=(Bad("unique-error", 3, 4, "unique"),),
        contract=stated(UNIQUE),
    ),
    Case(
        "a contract: keys",
        "two columns",
        text("ts,a,b", "D,1,1", "D,1,2", "D,1,1", "D,1,", "D,1,"),
        rows=((1, 1), (1, 2), (1, None), (1, None)),
        bad=(Bad("primary-key", 3, 4, "a, b"),),
        contract=stated(AB, KEY),
    ),
    Case(
        "a contract: keys",
        "the first of them is rejected for something else",
        text("ts,a", "x,1", "D,1", "D,2"),
        rows=((2,),),
        bad=(Bad("timestamp_invalid", 1, 2), Bad("unique-error", 2, 3, "unique")),
        contract=stated(UNIQUE),
    ),
    Case(
        "a contract: row rules",
        "one that is false",
        text("ts,a,b", "D,1,2", "D,2,1", "D,,1"),
        rows=((1, 2), (None, 1)),
        bad=(Bad("row-constraint", 2, 3, "less"),),
        contract=stated(AB, RULE),
    ),
    Case(
        "a contract: row rules",
        "a value that cannot be read",
        text("ts,a,b", "D,1,2", "D,x,1"),
        rows=((1, 2),),
        bad=(Bad("type-error", 2, 3),),
        contract=stated(AB, RULE),
    ),
    Case(
        "a contract: limits",
        "more bad rows than it allows",
        text("ts,a", "D,1", "D,x", "D,y"),
        code="too_many_rejected",
        contract=stated(A, "limits: {max_rejected_rows: 1}\n"),
    ),
    Case(
        "a contract: its time",
        "one that cannot be read",
        text("ts,a", "D,1", "soon,2", ",3"),
        rows=((1,),),
        bad=(Bad("timestamp_invalid", 2, 3), Bad("timestamp_missing", 3, 4)),
        contract=stated(A),
    ),
    Case(
        "a contract: its time",
        "a date whose format no value settles",
        text("ts,a", "D,01/02/2024"),
        code="timestamp_ambiguous",
        contract=stated("  - {name: a, type: date}\n"),
    ),
)


def _drifted(kind: str, decision: str, found: str, **case: Any) -> Case:
    """A file in which `a` drifts, or the new `b`; `beside` is what the contract says besides its decision."""
    columns = case.pop("columns", A)
    fault = f"{kind}: {decision}" + case.pop("beside", "")
    column = "b" if kind == "new_column" else "a"
    told = ((kind, column, case.pop("decided", decision)),)
    contract = stated(columns, f"drift: {{{kind}: {decision}}}\n")
    return Case("a contract: drift", fault, text(*found.split()), drift=told, contract=contract, **case)


WIDE = "ts,a D,1 D,1.5 D,3"
WIDE_BAD = (Bad("type-error", 2, 3),)
B = "  - {name: b, type: long}\n"
NOT_NULL = "  - {name: a, type: long, nullable: false}\n"
DOUBLE = "  - {name: a, type: double}\n"
DRIFTS = (
    _drifted("new_column", "evolve", "ts,a,b D,1,2", rows=((1, 2),), loaded={"a": "long", "b": "long"}),
    _drifted("new_column", "ignore", "ts,a,b D,1,2", rows=((1,),), loaded={"a": "long"}),
    _drifted("new_column", "reject", "ts,a,b D,1,2", code="extra-label", detail={"columns": ["b"]}),
    _drifted("missing_column", "evolve", "ts,b D,1", columns=A + B, rows=((1,),), loaded={"b": "long"}),
    _drifted(
        "missing_column",
        "evolve",
        "ts,b D,1",
        beside=", and it is not nullable",
        columns=NOT_NULL + B,
        rows=((1,),),
        loaded={"b": "long"},
    ),
    _drifted("missing_column", "ignore", "ts,b D,1", columns=A + B, rows=((1,),), loaded={"b": "long"}),
    _drifted(
        "missing_column",
        "ignore",
        "ts,b D,1",
        beside=", and it is not nullable",
        columns=NOT_NULL + B,
        decided="reject",
        code="missing-label",
    ),
    _drifted("missing_column", "reject", "ts,b D,1", columns=A + B, code="missing-label", detail={"columns": ["a"]}),
    *(
        Case(
            "a contract: drift",
            f"missing_column: {decision}, and it is the time",
            text("at,a", "D,1"),
            code="missing-label",
            detail={"columns": ["ts"]},
            drift=(("new_column", "at", "ignore"), ("missing_column", "ts", "reject")),
            contract=stated(A, f"drift: {{missing_column: {decision}, new_column: ignore}}\n"),
        )
        for decision in ("evolve", "ignore", "reject")
    ),
    _drifted("wider_type", "evolve", WIDE, rows=((1.0,), (1.5,), (3.0,)), loaded={"a": "double"}),
    _drifted("wider_type", "ignore", WIDE, rows=((1,), (3,)), bad=WIDE_BAD, loaded={"a": "long"}),
    _drifted("wider_type", "reject", WIDE, rows=((1,), (3,)), bad=WIDE_BAD, loaded={"a": "long"}),
    _drifted(
        "wider_type",
        "evolve",
        "ts,a D,1 D,x",
        beside=", and its checks do not go with text",
        columns="  - {name: a, type: long, checks: {min: 0}}\n",
        decided="reject",
        rows=((1,),),
        bad=WIDE_BAD,
        loaded={"a": "long"},
    ),
    Case(
        "a contract: drift",
        "wider_type: reject, more rows than the limits allow",
        text(*WIDE.split()),
        code="too_many_rejected",
        drift=(("wider_type", "a", "reject"),),
        contract=stated(A, "drift: {wider_type: reject}\nlimits: {max_rejected_rows: 0}\n"),
    ),
    _drifted("narrower_type", "evolve", "ts,a D,1 D,2", columns=DOUBLE, rows=((1,), (2,)), loaded={"a": "long"}),
    _drifted("narrower_type", "ignore", "ts,a D,1 D,2", columns=DOUBLE, rows=((1.0,), (2.0,)), loaded={"a": "double"}),
    _drifted("narrower_type", "reject", "ts,a D,1 D,2", columns=DOUBLE, code="narrower-type"),
)

NOON = dt.datetime(2024, 1, 2, 12, tzinfo=dt.UTC)


def _formats() -> Iterator[Case]:
    """A range, a key and a rule in every format that is not delimited text."""
    pairs = ((1, 2), (7, 9), (1, 3), (5, 4))
    contract = stated("  - {name: a, type: long, unique: true, checks: {max: 6}}\n" + B, RULE)
    table = pa.table(
        {
            "ts": pa.array([NOON] * len(pairs), pa.timestamp("ms", "UTC")),
            "a": [one for one, _ in pairs],
            "b": [two for _, two in pairs],
        }
    )
    objects = [{"ts": "2024-01-02", "a": one, "b": two} for one, two in pairs]
    day = dt.datetime(2024, 1, 2)  # noqa: DTZ001 - a workbook knows no zone
    contents: Iterable[tuple[str, bytes, int | None]] = (
        ("ndjson", "".join(json.dumps(one) + "\n" for one in objects).encode(), 0),
        ("json", ("[\n" + ",\n".join(json.dumps(one) for one in objects) + "]").encode(), 1),
        ("parquet", parquet(table), None),
        ("orc", orc_of(table), None),
        ("avro", avro(table), None),
        ("xlsx", xlsx([["ts", "a", "b"], *([day, *pair] for pair in pairs)]), 1),
    )
    for name, content, lines_before in contents:
        lines = [None if lines_before is None else record + lines_before for record in (2, 3, 4)]
        bad = (
            Bad("constraint-error", 2, lines[0], "max"),
            Bad("unique-error", 3, lines[1], "unique"),
            Bad("row-constraint", 4, lines[2], "less"),
        )
        yield Case(
            "a contract", "a range, a key, a rule", content, rows=((1, 2),), bad=bad, format=name, contract=contract
        )


CASES = (*ROWS, *DRIFTS, *_formats())
