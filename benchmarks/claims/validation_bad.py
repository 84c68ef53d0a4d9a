"""A table of which every row fails, beside one of as many rows of which nearly none does."""

from __future__ import annotations

from functools import partial

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of
from benchmarks.generated import BYTES_PER_ROW, COLUMNS, Table, write_bad_table, write_table
from benchmarks.validating import MEMORY, WALL, Case, figures, in_turn, ours, room_for

_AIMS = {WALL: Aim(Of.RATIO, 2), MEMORY: Aim(Of.RATIO, 1.1)}
# Both files, and the bad rows with their reasons, ten times compressed and more.
_ROOM = 3


def measure(bench: Bench) -> list[Figure]:
    """Medians; the peer is the command itself, on the good table."""
    rows = bench.scale.validation_bad_rows
    room_for(bench, rows * BYTES_PER_ROW * _ROOM)
    cases = {
        "all bad": _case(write_bad_table(bench.scratch / "bad.csv", rows)),
        "good": _case(write_table(bench.scratch / "good.csv", rows)),
    }
    uses = in_turn(bench, f"{rows:,} rows", {name: partial(ours, case) for name, case in cases.items()})
    for case in cases.values():
        case.source.unlink()
    return figures("verdict", uses["all bad"], uses["good"], _AIMS, rows=rows)


def _case(table: Table) -> Case:
    return Case(table.path, COLUMNS, list(COLUMNS), [""], table.rows, table.bad)


CLAIM = Claim(
    "validation-bad", "ingest validate, every row too short", "the same with good rows", measure, needs_servers=False
)
