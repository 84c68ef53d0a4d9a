"""DuckDB's reject tables lose rows without a word; the count of reader 2 is there so that a loss is seen.

How many it loses depends on the query: a column that the query does not need is not cast, and what does not cast is
then no reject. So its tables are no ledger, and a reader that lost rows as they do must end in `count_mismatch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from services.validator.engine import ParseLimits, records
from services.validator.engine.block import Block
from services.validator.engine.recount import count_records
from tests.verdicts.judging import Judge

BAD_ROWS = 200_000
# How many of them an earlier DuckDB recorded.
RECORDED = 103_837
CONTENT = "t,n\n2024-01-01,1\n" + "soon,2\n" * BAD_ROWS


def recorded_by_duckdb(path: Path) -> int:
    """The rows in DuckDB's table of rejects after it has counted the file's rows."""
    with duckdb.connect() as connection:
        connection.execute(
            "select count(*) from read_csv("
            "?, header=true, columns={'t': 'TIMESTAMP', 'n': 'BIGINT'}, store_rejects=true)",
            [str(path)],
        ).fetchall()
        row = connection.execute("select count(*) from reject_errors").fetchone()
    assert row is not None
    return int(row[0])


def test_every_bad_row_is_counted_where_duckdb_loses_them(judge: Judge, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(CONTENT)
    assert recorded_by_duckdb(path) < BAD_ROWS
    outcome = judge(CONTENT, timestamp_column="t", max_rejected_ratio=1.0)
    verdict = outcome.accepted
    assert (verdict.rows_accepted, verdict.rows_rejected) == (1, BAD_ROWS)
    assert verdict.second_count == BAD_ROWS + 1
    assert verdict.rejects is not None
    assert verdict.rejects.rows == len(outcome.rejects) == BAD_ROWS
    (problem,) = outcome.report["problems"]
    assert problem["count"] == BAD_ROWS


def test_a_reader_that_lost_rejects_is_not_believed(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "t,n\n2024-01-01,1\n" + "short\n" * 5_000
    whole = records.DelimitedReader.blocks

    def losing(reader: records.DelimitedReader) -> Iterator[Block]:
        for block in whole(reader):
            kept = len(block.bad) * RECORDED // BAD_ROWS
            lost = {bad.ordinal for bad in block.bad[kept:]}
            block.bad = block.bad[:kept]
            block.starts = [start for ordinal, start in enumerate(block.starts) if ordinal not in lost]
            block.ends = [end for ordinal, end in enumerate(block.ends) if ordinal not in lost]
            yield block

    assert judge(content, limits=ParseLimits(), max_rejected_ratio=1.0).accepted.rows_rejected == 5_000
    monkeypatch.setattr(records.DelimitedReader, "blocks", losing)
    outcome = judge(content)
    assert outcome.code == "count_mismatch"
    assert outcome.detail["second_count"] == 5_001
    assert outcome.detail["first_count"] < 5_001
    assert not list(outcome.folder.glob("part-*"))


@pytest.mark.parametrize("what", ["blank_lines", "comment_lines"])
def test_readers_that_disagree_on_what_is_no_record_are_not_believed(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    content = "t,n\n\n#\n2024-01-01,1\n"
    assert judge(content, comment="#").accepted.rows_read == 1

    def other(*arguments: object, **options: object) -> object:
        count = count_records(*arguments, **options)  # type: ignore[arg-type] # handed on as they are
        setattr(count, what, getattr(count, what) + 1)
        return count

    monkeypatch.setattr(records, "count_records", other)
    outcome = judge(content, comment="#")
    assert outcome.code == "count_mismatch"
    assert (outcome.detail["first_count"], outcome.detail["second_count"]) == (1, 2)
    assert not list(outcome.folder.glob("part-*"))
