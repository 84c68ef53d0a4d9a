"""What is written in the first pass is what a second one would write; where that is not so, there is a second one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.validator.engine import source
from services.validator.engine.block import Block
from services.validator.engine.parse import _Parse
from services.validator.engine.records import DelimitedReader
from tests.verdicts.judging import Judge, Outcome

CHUNK = 64
GOOD = "2024-01-01T00:00:00Z"
# What the first block shows, and what stands behind it.
HOLDS = {
    "all rows alike": ("ts,a,b\n", f"{GOOD},1,x\n", f"{GOOD},2,y\n"),
    "bad times and short rows": ("ts,a\n", f"{GOOD},1\n", f"{GOOD},4\n" * 20 + f"2024-13-01,1\n{GOOD}\n\n"),
    "nothing is good": ("ts,a\n", f"{GOOD}\n", f"{GOOD},1,2\n"),
    "good rows behind bad ones": ("ts,a\n", f"{GOOD}\n", f"{GOOD},1.5\n"),
    "local times": ("ts,a\n", "2024-01-01 00:00:00,1\n", "2024-07-01 00:00:00,1\n2024-03-31 02:30:00,1\n"),
    "nulls": ("ts,a\n", f"{GOOD},NA\n{GOOD},1\n", f"{GOOD},-\n{GOOD},2\n"),
    "grouped numbers": ("ts|a\n", f'{GOOD}|"1,234.5"\n', f"{GOOD}|1.5\n"),
}
CHANGES = {
    "wider numbers": ("ts,a\n", f"{GOOD},1\n", f"{GOOD},1.5\n"),
    "text": ("ts,a\n", f"{GOOD},1\n", f"{GOOD},x\n"),
    "a type for a column of nulls": ("ts,a\n", f"{GOOD},\n", f"{GOOD},7\n"),
    "dates with a time of day": ("ts,a\n", f"{GOOD},2024-01-01\n", f"{GOOD},{GOOD}\n"),
    "another column is the time": ("first,second\n", f"{GOOD},1\n", f"x,{GOOD}\n" * 40),
    "a value in the last column, which has no name": ("ts,a,\n", f"{GOOD},1,\n", f"{GOOD},1,x\n"),
    "decimal commas": ("ts;a\n", f"{GOOD};1\n", f"{GOOD};1,5\n"),
    "the order of day and month": ("ts,a\n", "01/02/2024,1\n", "31/12/2024,1\n"),
    "no time after all": ("ts,a\n", f"{GOOD},1\n", "x,1\n" * 60),
}


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that the records are read."""
    seen: list[str] = []
    read = DelimitedReader.blocks

    def blocks(reader: DelimitedReader) -> Iterator[Block]:
        seen.append("read")
        return read(reader)

    monkeypatch.setattr(DelimitedReader, "blocks", blocks)
    return seen


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("case", [*HOLDS, *CHANGES])
def test_what_is_written_at_once_is_what_a_second_pass_writes(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, readings: list[str], case: str, zone: str
) -> None:
    header, first, later = (HOLDS | CHANGES)[case]
    text = header + first * (CHUNK // len(first) + 2) + later * (2 * CHUNK // len(later) + 2)
    monkeypatch.setattr(source, "CHUNK_BYTES", CHUNK)
    once = judge(text, max_rejected_ratio=1.0, time_zone=zone)
    assert len(readings) == (1 if case in HOLDS else 2)
    monkeypatch.setattr(_Parse, "_at_once", lambda _self, _named: None)
    twice = judge(text, max_rejected_ratio=1.0, time_zone=zone)
    assert once.verdict.model_dump() == twice.verdict.model_dump()
    assert contents(once) == contents(twice)


def test_a_limit_that_ends_the_reading_leaves_what_was_found_before(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, readings: list[str]
) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", CHUNK)
    shape = judge("ts,a\n" + f"{GOOD},1\nx,1\n{GOOD}\n" * 20, max_rejected_rows=4)
    assert shape.code == "too_many_rejected"
    assert {error["code"] for row in shape.rejects for error in row["errors"]} == {"field_count"}
    assert len(readings) == 2
    time = judge("ts,a\n" + f"{GOOD},1\n{GOOD},1\nx,1\n" * 20, max_rejected_rows=4, timestamp_column="ts")
    assert time.code == "too_many_rejected"
    assert len(readings) == 3
    assert [files(one) for one in (shape, time)] == [["rejects.ndjson.gz", "report.json"]] * 2


def test_a_file_that_turns_out_unreadable_leaves_no_part(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", CHUNK)
    outcome = judge("ts,a\n" + f"{GOOD},1\n2024-13-01,1\n" * 20 + f'{GOOD},"open\n' * 3, max_rejected_ratio=1.0)
    assert outcome.code == "quote"
    assert files(outcome) == ["report.json"]


def files(outcome: Outcome) -> list[str]:
    return sorted(path.name for path in outcome.folder.iterdir())


def contents(outcome: Outcome) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in outcome.folder.iterdir()}
