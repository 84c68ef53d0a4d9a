"""`ingest validate` on a generated table of 1 GB, verdict alone and with rows written, beside Pandera and DuckDB."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of
from benchmarks.generated import BYTES_PER_ROW, COLUMNS, write_table
from benchmarks.measured import Use
from benchmarks.validating import MEMORY, WALL, Case, figures, in_turn, middle, ours, peer, room_for

SMALL_MEMORY = Aim(Of.OURS, 700)
AS_LITTLE_MEMORY = Aim(Of.RATIO, 1.1)
VERDICT_AIMS = {WALL: Aim(Of.RATIO, 1.3), MEMORY: SMALL_MEMORY}
PARTS_AIMS = {WALL: Aim(Of.RATIO, 3), MEMORY: SMALL_MEMORY}
# Beside the file: the parts, the file that they become, and half as much again.
_ROOM = 2.5


def measure(bench: Bench) -> list[Figure]:
    """Medians; then the memory on a file of four times the size, where one was asked for."""
    case = _written(bench, bench.scale.validation_rows)
    uses = in_turn(
        bench,
        f"{case.rows:,} rows",
        {
            "verdict": lambda: ours(case),
            "with parts": lambda: ours(case, rows_out=case.source.parent / "rows.ndjson.gz"),
            "Pandera": lambda: peer("pandera_eager", case),
            "DuckDB": lambda: peer("duckdb_rejects", case),
        },
    )
    size_bytes = case.source.stat().st_size
    case.source.unlink()
    found = [
        *figures("verdict", uses["verdict"], uses["Pandera"], VERDICT_AIMS, rows=case.rows, file_bytes=size_bytes),
        *figures("parts", uses["with parts"], uses["Pandera"], PARTS_AIMS),
        *figures("verdict/DuckDB", uses["verdict"], uses["DuckDB"], {}),
    ]
    if bench.scale.validation_large_rows:
        found += _large(bench, {"verdict": uses["verdict"], "parts": uses["with parts"]})
    return found


def _large(bench: Bench, small: dict[str, list[Use]]) -> list[Figure]:
    """The memory that each of our ways takes for a large file, beside what it took for the small one."""
    case = _written(bench, bench.scale.validation_large_rows)
    uses = in_turn(
        bench,
        f"{case.rows:,} rows",
        {
            "verdict": lambda: ours(case),
            "parts": lambda: ours(case, rows_out=case.source.parent / "rows.ndjson.gz"),
        },
        runs=1,
    )
    case.source.unlink()
    return [
        Figure(
            f"large: {name}, RSS, MiB",
            middle(uses[name], MEMORY),
            middle(small[name], MEMORY),
            AS_LITTLE_MEMORY,
            {"rows": case.rows, "wall_s": middle(uses[name], WALL)},
        )
        for name in uses
    ]


def _written(bench: Bench, rows: int) -> Case:
    room_for(bench, rows * BYTES_PER_ROW * _ROOM)
    table = write_table(Path(bench.scratch) / "table.csv", rows)
    return Case(table.path, COLUMNS, list(COLUMNS), [""], table.rows, table.bad)


CLAIM = Claim(
    "validation",
    "ingest validate, 8 columns, 1 row in 10,000 bad",
    "Pandera (eager), DuckDB",
    measure,
    needs_servers=False,
)
