"""Bad rows are put aside; too many of them refuse the file."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.validator.engine import Accepted, ParseLimits
from services.validator.engine.conformity import Conformity
from services.validator.engine.formats.compression import Inflated
from services.validator.engine.request import MIB
from services.validator.engine.source import CHUNK_BYTES
from shared.contract import Contract
from tests.verdicts.judging import Judge, Outcome

GOOD, SHORT, LATE = "2024-01-01,1\n", "1\n", "soon,1\n"


def text(good: int, short: int = 0, late: int = 0) -> str:
    return "ts,a\n" + GOOD * good + SHORT * short + LATE * late


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("part-")]


@pytest.mark.parametrize(("short", "late"), [(5, 0), (0, 5), (2, 3)])
def test_five_in_a_hundred_are_put_aside(judge: Judge, short: int, late: int) -> None:
    outcome = judge(text(95, short, late))
    assert (outcome.accepted.rows_accepted, outcome.accepted.rows_rejected) == (95, 5)


@pytest.mark.parametrize(("short", "late"), [(6, 0), (0, 6), (3, 3)])
def test_six_in_a_hundred_refuse_the_file_and_leave_no_part(judge: Judge, short: int, late: int) -> None:
    outcome = judge(text(94, short, late))
    assert outcome.code == "too_many_rejected"
    assert (outcome.rejected.rows_read, outcome.rejected.rows_accepted, outcome.rejected.rows_rejected) == (100, 94, 6)
    assert parts(outcome.folder) == []
    assert len(outcome.rejects) == 6
    assert outcome.report["rows"] == {"read": 100, "accepted": 94, "rejected": 6}
    assert next(one["rule"] for one in outcome.report["problems"]) == "too_many_rejected"


def test_the_causes_are_told_by_rule_and_column(judge: Judge) -> None:
    outcome = judge(text(80, 12, 8))
    assert outcome.detail["causes"] == [
        {"rule": "field_count", "column": None, "count": 12},
        {"rule": "timestamp_invalid", "column": "ts", "count": 8},
    ]
    assert "20 of 100 rows are bad (20.0%)" in outcome.message


@pytest.mark.parametrize("good", [1, 5])
def test_one_bad_row_in_a_small_file_is_put_aside(judge: Judge, good: int) -> None:
    assert judge(text(good, 1)).accepted.rows_rejected == 1


def test_a_ratio_that_is_said_holds_for_a_small_file_too(judge: Judge) -> None:
    assert judge(text(9, 1), max_rejected_ratio=0.05).code == "too_many_rejected"
    assert judge(text(9, 1), max_rejected_ratio=0.1).accepted.rows_rejected == 1


def test_a_higher_ratio_takes_what_the_default_refuses(judge: Judge) -> None:
    assert judge(text(50, 50), max_rejected_ratio=0.5).accepted.rows_rejected == 50


def test_no_good_row_is_told_as_that(judge: Judge) -> None:
    assert judge(text(0, 100)).code == "no_valid_rows"


def test_too_many_bad_rows_are_told_before_a_question_of_the_time(judge: Judge) -> None:
    outcome = judge("ts,a\n" + "x,y\n" * 2 + SHORT * 98)
    assert outcome.code == "too_many_rejected"
    assert len(outcome.rejects) == 98


def test_a_number_of_rows_is_a_limit_of_its_own(judge: Judge) -> None:
    assert judge(text(97, 3), max_rejected_rows=3).accepted.rows_rejected == 3
    outcome = judge(text(96, 4), max_rejected_rows=3)
    assert outcome.code == "too_many_rejected"
    assert (outcome.rejected.rows_read, outcome.rejected.rows_rejected) == (100, 4)
    assert "4 of 100 rows are bad (4.0%), and 3 may be (max_rejected_rows)" in outcome.message


class Reads:
    """How far a file was read."""

    furthest = 0


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    seen, chunks = Reads(), Inflated.chunks

    def watched(self: Inflated, start: int, *sizes: int) -> Iterator[bytes]:
        for chunk in chunks(self, start, *sizes):
            start += len(chunk)
            seen.furthest = max(seen.furthest, start)
            yield chunk

    monkeypatch.setattr(Inflated, "chunks", watched)
    return seen


LONG = "x" * 1_000
ROWS = 4 * CHUNK_BYTES // len(LONG)


@pytest.mark.parametrize("line", [f"{LONG}\n", f"soon,{LONG}\n"])
def test_reading_stops_where_the_number_of_bad_rows_decides(judge: Judge, line: str) -> None:
    good = f"2024-01-01,{LONG}\n"
    outcome = judge("ts,a\n" + good * 100 + line * 100 + good * ROWS, max_rejected_rows=10)
    assert outcome.code == "too_many_rejected"
    assert "Reading stopped after" in outcome.message
    assert outcome.detail["rows_read_so_far"] < ROWS / 2
    assert outcome.rejected.rows_rejected is None
    assert outcome.report["rows"]["rejected"] is None
    assert len(outcome.rejects) == outcome.detail["rows_rejected"] == 100
    assert parts(outcome.folder) == []


@pytest.mark.parametrize(
    ("options", "content"),
    [
        ({}, "ts,a\n" + f"{LONG}\n" * ROWS),
        ({"format": "ndjson"}, '{"ts": "2024-01-01"}\n' + f"{LONG}\n" * ROWS),
        ({"encoding": "cp1252"}, "ts,a\n" + f"\xe4{LONG}\n" * ROWS),
    ],
    ids=["delimited", "ndjson", "another encoding"],
)
@pytest.mark.parametrize(("limit", "read_bytes"), [(10, MIB), (900, 2 * MIB)])
def test_mostly_bad_is_noticed_in_the_first_mebibyte(
    judge: Judge, options: dict[str, Any], content: str, limit: int, read_bytes: int, reads: Reads
) -> None:
    encoded = content.encode(options.get("encoding", "utf-8"))
    outcome = judge(encoded, max_rejected_rows=limit, **options)
    assert outcome.code == "too_many_rejected"
    assert outcome.detail["stopped"] is True
    assert reads.furthest <= read_bytes < len(encoded)


def of_numbers(kind: str = "long", **more: Any) -> Contract:
    columns = [{"name": "ts", "type": "timestamp", "role": "time"}, {"name": "n", "type": kind}]
    columns.append({"name": "a", "type": "text"})
    return Contract.model_validate({"format_version": 1, "datasource": "d", "columns": columns, **more})


@pytest.mark.parametrize(("limit", "read_bytes"), [(10, MIB), (900, 2 * MIB)])
def test_words_for_numbers_are_noticed_as_early_under_a_contract(
    judge: Judge, limit: int, read_bytes: int, reads: Reads
) -> None:
    content = "ts,n,a\n" + f"2024-01-01,many,{LONG}\n" * ROWS
    contract = of_numbers(limits={"max_rejected_rows": limit}, drift={"wider_type": "ignore"})
    outcome = judge(content, contract=contract)
    assert outcome.code == "too_many_rejected"
    assert outcome.detail["stopped"] is True
    assert (outcome.rejected.rows_read, outcome.report["rows"]["read"]) == (None, None)
    assert outcome.detail["rows_rejected"] == len(outcome.rejects) > limit
    assert reads.furthest <= read_bytes < len(content)


@pytest.mark.parametrize("decision", ["evolve", "ignore", "reject"])
@pytest.mark.parametrize("cell", ["many", "NA", "1.5", "", "1e5", "7", "inf"])
@pytest.mark.parametrize("kind", ["long", "double", "boolean"])
def test_a_contract_says_the_same_however_early_it_decides(
    judge: Judge, decision: str, cell: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "ts,n,a\n" + f"2024-01-01,{cell},{LONG}\n" * 2_000
    contract = of_numbers(kind, limits={"max_rejected_rows": 10}, drift={"wider_type": decision})
    early = judge(content, contract=contract)
    monkeypatch.setattr(Conformity, "certainly_bad", 0)
    late = judge(content, contract=contract)
    assert said(early) == said(late)


def said(outcome: Outcome) -> tuple[Any, ...]:
    """All but how many rows were read before it was said."""
    if isinstance(outcome.verdict, Accepted):
        return (outcome.verdict.rows_accepted,)
    return (outcome.code, outcome.detail.get("rows_rejected"), outcome.rejects)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_it_is_noticed_behind_a_compression_as_well(judge: Judge, compress: Callable[[bytes], bytes]) -> None:
    outcome = judge(compress(("ts,a\n" + f"{LONG}\n" * ROWS).encode()), max_rejected_rows=10)
    assert outcome.detail["rows_read_so_far"] * len(LONG) <= MIB


def test_a_total_that_no_one_has_counted_is_not_told(judge: Judge) -> None:
    outcome = judge("ts,a\n" + f"{LONG}\n" * ROWS, max_rejected_rows=10, limits=ParseLimits(max_problem_samples=1))
    assert outcome.rejected.rows_read is None
    assert outcome.report["rows"] == {"read": None, "accepted": None, "rejected": None}


def test_lines_that_are_no_json_end_the_reading_too(judge: Judge) -> None:
    outcome = judge('{"ts": "2024-01-01"}\n' + f"{LONG}\n" * ROWS, max_rejected_rows=10, format="ndjson")
    assert outcome.code == "too_many_rejected"
    assert outcome.detail["rows_read_so_far"] < ROWS / 2
