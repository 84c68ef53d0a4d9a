"""Any contract on any table: the rows that were broken are rejected, for what was broken, and no other.

What was accepted is read back from the parts and given to plain Pandera with the schema of the same contract.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from services.validator.engine import source
from shared.contract import Contract, read_contract
from shared.contract.compiled import compile_contract
from shared.contract.pandera_schema import pandera_schema
from tests.verdicts.judging import Judge, Outcome

NULL = "-"
BUSY_MACHINE = [HealthCheck.too_slow]


@dataclass(frozen=True)
class Kind:
    """A column of a contract, the cells that it takes by number, and cells that break it, each with what it breaks."""

    stated: str
    cell: Callable[[int], str]
    broken: tuple[tuple[str, tuple[str, str | None]], ...]


MISFIT, MIN, MAX = ("type-error", None), ("constraint-error", "min"), ("constraint-error", "max")
NOT_NULL, MEMBER, PATTERN = (("constraint-error", name) for name in ("nullable", "enum", "pattern"))
KINDS = [
    Kind("type: long, checks: {min: 0, max: 5000}", str, (("-1", MIN), ("5001", MAX), ("x", MISFIT), ("01", MISFIT))),
    Kind("type: long, nullable: false", str, ((NULL, NOT_NULL), ("1.5", MISFIT), ("9223372036854775808", MISFIT))),
    Kind("type: double, checks: {max: 9.5}", lambda n: f"{n % 9}.25", (("9.75", MAX), ("1,5x", MISFIT))),
    Kind("type: decimal, scale: 2, checks: {min: 0.10}", lambda n: f"{n}.10", (("0.09", MIN), ("1.001", MISFIT))),
    Kind("type: boolean", lambda n: "true" if n % 2 else "False", (("yes", MISFIT),)),
    Kind(
        "type: date, format: '%d.%m.%Y', checks: {min: 2020-01-01}",
        lambda n: f"{n % 28 + 1:02d}.02.2024",
        (("31.12.2019", MIN), ("30.02.2024", MISFIT)),
    ),
    Kind(
        "type: timestamp, zone: Europe/Berlin, format: iso, checks: {max: 2025-01-01}",
        lambda n: f"2024-05-{n % 28 + 1:02d}T10:00:00",
        (("2025-01-01T01:00:00.001", MAX), ("2024-03-31T02:30:00", MISFIT)),
    ),
    Kind("type: text, checks: {enum: [NO, SE]}", lambda n: "NO" if n % 3 else "SE", (("DK", MEMBER),)),
    Kind(
        "type: text, nullable: false, checks: {pattern: 'a[0-9]+'}",
        lambda n: f"a{n}",
        (("", NOT_NULL), ("b1", PATTERN)),
    ),
    Kind("type: json", lambda n: f'{{"n":{n}}}', (("{n", MISFIT),)),
]

BREAKS_THE_RULE = 9
COLUMNS = st.lists(st.sampled_from(KINDS), min_size=1, max_size=5)
BREAKS = st.lists(st.none() | st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=25)
DRAWN: dict[str, st.SearchStrategy[Any]] = {
    "columns": COLUMNS,
    "breaks": BREAKS,
    "repeats": st.sets(st.integers(0, 24), max_size=3),
    "nulls": st.sets(st.tuples(st.integers(0, 24), st.integers(0, 4)), max_size=4),
    "chunk": st.sampled_from([64, source.CHUNK_BYTES]),
    "delimiter": st.sampled_from(["|", ";", "\t"]),
}


def what_is_broken_is_rejected(  # what is drawn
    columns: list[Kind],
    breaks: list[tuple[int, int] | None],
    repeats: set[int],
    nulls: set[tuple[int, int]],
    chunk: int,
    delimiter: str,
) -> None:
    stated = contract_of(columns)
    rows, wanted = table(columns, breaks, repeats, nulls)
    names = ["at", "id", "twice", *(f"c{place}" for place in range(len(columns)))]
    content = "".join(delimiter.join(cells) + "\n" for cells in [names, *rows])
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        judge = Judge(Path(folder))
        request = judge.request(content, delimiter=delimiter, max_rejected_ratio=1)
        outcome = judge.outcome(request.model_copy(update={"contract": stated}))
        found = {
            row["record"]: sorted((error["code"], error.get("constraint") or "") for error in row["errors"])
            for row in outcome.rejects
        }
        assert found == {record: sorted((code, name or "") for code, name in kinds) for record, kinds in wanted.items()}
        if len(wanted) == len(rows):
            assert outcome.code == "no_valid_rows"
            return
        assert outcome.accepted.rows_read == outcome.accepted.second_count == len(rows)
        assert [row["id"] for row in outcome.rows] == [
            int(cells[1]) for record, cells in enumerate(rows, 1) if record not in wanted
        ]
        frame = read_back(outcome, stated)
        assert not compile_contract(stated).failures(frame).select(pl.any_horizontal(pl.all()).any()).item()
        pandera_schema(stated).validate(frame, lazy=True)


def contract_of(columns: list[Kind]) -> Contract:
    listed = "".join(f"  - {{name: c{place}, {kind.stated}}}\n" for place, kind in enumerate(columns))
    return read_contract(
        "format_version: 1\ndatasource: d\ncolumns:\n"
        "  - {name: at, type: timestamp, role: time, format: iso}\n"
        "  - {name: id, type: long, unique: true}\n"
        "  - {name: twice, type: long}\n"
        f"{listed}"
        "rules:\n  - {name: double, expression: twice = id * 2}\n"
        "keys:\n  - [at, twice]\n"
        f"null_markers: ['{NULL}']\n"
    )


def table(
    columns: list[Kind], breaks: list[tuple[int, int] | None], repeats: set[int], nulls: set[tuple[int, int]]
) -> tuple[list[list[str]], dict[int, list[tuple[str, str | None]]]]:
    """Rows of text cells, and what each record breaks."""
    rows: list[list[str]] = []
    wanted: dict[int, list[tuple[str, str | None]]] = {}
    for number, broken in enumerate(breaks):
        cells = [kind.cell(number) for kind in columns]
        for row, place in nulls:
            if row == number and place < len(columns) and "nullable" not in columns[place].stated:
                cells[place] = "" if columns[place].stated.startswith(("type: text", "type: json")) else NULL
        faults: list[tuple[str, str | None]] = []
        key = number - 1 if number in repeats and number else number
        twice = key * 2
        if broken is not None:
            place, (cell, fault) = broken[0] % len(columns), _break(columns[broken[0] % len(columns)], broken[1])
            cells[place] = cell
            faults.append(fault)
        if broken is not None and broken[1] == BREAKS_THE_RULE:
            twice += 1
            faults.append(("row-constraint", "double"))
        # The first of a key is good, whatever else is wrong with it.
        faults += [("unique-error", "unique")] * any(other[1] == str(key) for other in rows)
        faults += [("primary-key", "at, twice")] * any(other[2] == str(twice) for other in rows)
        rows.append(["2024-01-01T00:00:00Z", str(key), str(twice), *cells])
        if faults:
            wanted[number + 1] = faults
    return rows, wanted


def _break(kind: Kind, which: int) -> tuple[str, tuple[str, str | None]]:
    return kind.broken[which % len(kind.broken)]


def read_back(outcome: Outcome, stated: Contract) -> pl.DataFrame:
    """The accepted rows from the parts, in the types that plain Pandera is to have."""
    rows = outcome.rows
    series = []
    for one in compile_contract(stated).expected:
        values = [row["__time"] if one.is_time else row[one.name] for row in rows]
        match one.type:
            case "boolean":
                found = pl.Series([None if value is None else value == "true" for value in values], dtype=pl.Boolean)
            case "decimal":
                found = pl.Series([None if value is None else Decimal(value) for value in values], dtype=one.dtype)
            case "date":
                found = pl.Series(values, dtype=pl.String).str.to_date("%Y-%m-%d")
            case "timestamp" if not one.is_time:
                found = pl.Series(values, dtype=pl.String).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC")
            case _:
                found = pl.Series(values, dtype=None if one.is_time else one.dtype)
        series.append(found.cast(one.dtype).alias(one.name))
    return pl.DataFrame(series)


@settings(max_examples=60, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**DRAWN)
def test_what_is_broken_is_rejected(**drawn: Any) -> None:
    what_is_broken_is_rejected(**drawn)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.stated)
def test_plain_pandera_finds_the_same_rows(judge: Judge, kind: Kind) -> None:
    """What the engine rejects for a check, the schema rejects, too: on the cells that are of their type."""
    stated = contract_of([kind])
    bad = [cell for cell, fault in kind.broken if fault != MISFIT]
    rows = [["2024-01-01T00:00:00Z", str(n), str(n * 2), cell] for n, cell in enumerate([kind.cell(1), *bad])]
    content = "".join("|".join(cells) + "\n" for cells in [["at", "id", "twice", "c0"], *rows])
    loose = stated.model_copy(
        update={
            "columns": tuple(
                one.model_copy(update={"nullable": True, "checks": type(one.checks)()}) for one in stated.columns
            )
        }
    )
    request = judge.request(content, delimiter="|", max_rejected_ratio=1)
    everything = judge.outcome(request.model_copy(update={"contract": loose}))
    frame = read_back(everything, stated)
    strict = judge.outcome(
        judge.request(content, delimiter="|", max_rejected_ratio=1).model_copy(update={"contract": stated})
    )
    assert [row["record"] for row in strict.rejects] == list(range(2, len(bad) + 2))
    if not bad:
        pandera_schema(stated).validate(frame, lazy=True)
        return
    with pytest.raises(SchemaErrors) as found:
        pandera_schema(stated).validate(frame, lazy=True)
    assert sorted(set(found.value.failure_cases["index"].drop_nulls())) == list(range(1, len(bad) + 1))
