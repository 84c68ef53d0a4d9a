from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.druid import ETERNITY, DruidRefusedError, DruidSettings, HttpDruid
from shared.events import DruidSubmitted, ProofBy
from shared.row_count import RowCount, count_rows, proof_of

OURS = RowCount("d", ("a/b",), task_id="t")
LOAD = DruidSubmitted(
    task_id="dSXkVh3PurvQXCK83h2Tmp",
    datasource_name="d",
    druid_task_id="ingest_dSXkVh3PurvQXCK83h2Tmp_1",
    spec_hash="h",
    intervals=("a/b",),
    rows_read=9,
    rows_accepted=9,
    rows_rejected=0,
    submitted_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def druid(status: int, body: Any, seen: list[dict[str, Any]] | None = None) -> HttpDruid:
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(json.loads(request.content))
        return httpx.Response(status, json=body)

    return HttpDruid(DruidSettings(url="http://druid.test"), transport=httpx.MockTransport(answer))


def refusing(message: str) -> HttpDruid:
    return druid(400, {"error": "druidException", "errorCode": "invalidInput", "errorMessage": message})


async def test_a_count_takes_parameters_and_can_be_read() -> None:
    seen: list[dict[str, Any]] = []
    wanted = RowCount('o"d = ?', ("a/b", "c/d"), task_id="it's")
    counted = await count_rows(druid(200, [{"rows": 7}], seen), wanted)
    assert counted.rows == 7
    assert counted.query == (
        'SELECT COUNT(*) AS "rows" FROM "o""d = ?" WHERE "ingest_task_id" = \'it\'\'s\' '
        "AND (TIME_IN_INTERVAL(\"__time\", 'a/b') OR TIME_IN_INTERVAL(\"__time\", 'c/d'))"
    )
    assert [one["value"] for one in seen[0]["parameters"]] == ["it's", "a/b", "c/d"]
    assert "it's" not in seen[0]["query"]
    assert not any(seen[0]["context"].values())


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        (
            replace(OURS, metric='n"'),
            (
                """SELECT COALESCE(SUM("n\"\""), 0) AS "rows" FROM "d" WHERE "ingest_task_id" = 't' """
                """AND (TIME_IN_INTERVAL("__time", 'a/b'))"""
            ),
        ),
        (
            replace(OURS, task_id=None, before=40),
            """SELECT COUNT(*) - 40 AS "rows" FROM "d" WHERE (TIME_IN_INTERVAL("__time", 'a/b'))""",
        ),
        (
            RowCount("d", (ETERNITY,), metric="n", before=2),
            'SELECT COALESCE(SUM("n"), 0) - 2 AS "rows" FROM "d"',
        ),
        (replace(OURS, intervals=(ETERNITY,)), """SELECT COUNT(*) AS "rows" FROM "d" WHERE "ingest_task_id" = 't'"""),
    ],
    ids=["the sum of a metric", "less those of before", "all of time, rolled up", "all of time"],
)
async def test_every_way_to_count(wanted: RowCount, query: str) -> None:
    assert (await count_rows(druid(200, [{"rows": 1}]), wanted)).query == query


def test_what_proves_a_load() -> None:
    assert proof_of(LOAD) == RowCount("d", ("a/b",), task_id=LOAD.task_id)
    rolled = LOAD.model_copy(update={"count_metric": "n"})
    assert proof_of(rolled) == RowCount("d", ("a/b",), task_id=LOAD.task_id, metric="n")
    without = rolled.model_copy(update={"proof_by": ProofBy.DIFFERENCE, "rows_before": 40})
    assert proof_of(without) == RowCount("d", ("a/b",), metric="n", before=40)


@pytest.mark.parametrize(
    "message",
    [
        "Object 'd' not found (line [1], column [22])",
        "Column 'ingest_task_id' not found in any table (line [1])",
        "Column 'n' not found in any table (line [1])",
    ],
)
async def test_a_table_that_sql_does_not_know_yet_is_no_zero(message: str) -> None:
    assert (await count_rows(refusing(message), replace(OURS, metric="n"))).rows is None


async def test_another_refusal_of_a_count_is_said() -> None:
    with pytest.raises(DruidRefusedError, match="Column 'v' not found"):
        await count_rows(refusing("Column 'v' not found"), OURS)
