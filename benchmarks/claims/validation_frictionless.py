"""`ingest validate` on 10 MB of the generated table, beside Frictionless, which is too slow for more."""

from __future__ import annotations

from benchmarks import frictionless
from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Figure
from benchmarks.generated import BYTES_PER_ROW, COLUMNS, write_table
from benchmarks.validating import Case, figures, in_turn, ours, peer

SIZE_BYTES = 10_000_000


def measure(bench: Bench) -> list[Figure]:
    """Medians."""
    python = frictionless.interpreter(bench)
    table = write_table(bench.scratch / "table.csv", round(SIZE_BYTES / BYTES_PER_ROW))
    case = Case(table.path, COLUMNS, list(COLUMNS), [""], table.rows, table.bad)
    uses = in_turn(
        bench,
        f"{case.rows:,} rows",
        {"ours": lambda: ours(case), "Frictionless": lambda: peer("frictionless_validate", case, python=python)},
    )
    table.path.unlink()
    return figures("verdict", uses["ours"], uses["Frictionless"], {}, rows=table.rows)


CLAIM = Claim(
    "validation-frictionless", "ingest validate, 10 MB", "Frictionless 5 with a schema", measure, needs_servers=False
)
