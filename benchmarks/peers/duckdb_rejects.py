"""DuckDB reads every value of a CSV file in its type and keeps what it rejects; nothing is written."""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb

TYPES = {"long": "BIGINT", "double": "DOUBLE", "string": "VARCHAR", "time": "TIMESTAMPTZ"}


def judge(request: dict[str, Any]) -> dict[str, int]:
    """Rows read, and those with a reject. All columns are counted: one that nobody asks for is not cast."""
    connection = duckdb.connect()
    types = ", ".join(f"'{name}': '{TYPES[kind]}'" for name, kind in request["columns"].items())
    nulls = ", ".join(f"'{text}'" for text in request["null_values"])
    query = f"""
        SELECT COUNT(*), COUNT(COLUMNS(*))
        FROM read_csv('{request["source"]}', header = true, columns = {{{types}}}, store_rejects = true,
                      rejects_limit = 0, nullstr = [{nulls}])
    """  # noqa: S608  # paths and names made by the benchmark
    # All is fetched, because the rejects are there only when the query has come to its end.
    (accepted, *_), *_ = connection.execute(query).fetchall()
    ((rejected,),) = connection.execute("SELECT COUNT(DISTINCT line) FROM reject_errors").fetchall()
    return {"rows": accepted + rejected, "rejected": rejected}


if __name__ == "__main__":
    json.dump(judge(json.load(sys.stdin)), sys.stdout)
