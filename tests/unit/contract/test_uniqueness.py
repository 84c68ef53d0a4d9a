from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import uniqueness
from shared.contract.uniqueness import Duplicates, KeyTally, UniqueKey, unique_keys
from tests.unit.contract.contracts import contract, full

KEY = UniqueKey("primary-key", ("a", "b"))
ROWS = st.lists(st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from(["", "x", "y"])), max_size=40)


def tallied(rows: list[tuple[Any, Any]], batch: int, spill: Path, buffer_bytes: int) -> Duplicates:
    tally = KeyTally(KEY, spill, buffer_bytes=buffer_bytes)
    for begin in range(0, len(rows), batch):
        frame = pl.DataFrame(rows[begin : begin + batch], {"a": pl.Int64, "b": pl.String}, orient="row")
        tally.add(frame, begin + 1)
    return tally.duplicates()


def by_python(rows: list[tuple[Any, Any]]) -> dict[int, int]:
    """Each later record, with the first that has its key."""
    seen: dict[tuple[Any, Any], int] = {}
    found = {}
    for record, row in enumerate(rows, start=1):
        if None not in row and seen.setdefault(row, record) != record:
            found[record] = seen[row]
    return found


@given(ROWS, st.integers(1, 9), st.sampled_from([0, 200, 10**9]))
def test_the_later_rows_of_a_key_are_found(rows: list[tuple[Any, Any]], batch: int, buffer_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        spill = Path(folder, "keys")
        found = tallied(rows, batch, spill, buffer_bytes)
        assert not spill.exists()
    expected = by_python(rows)
    assert (found.count, found.earlier.keys()) == (len(expected), expected.keys())
    assert all(rows[record - 1] == rows[earlier - 1] and earlier < record for record, earlier in found.earlier.items())
    for first in range(1, len(rows) + 1):
        span = len(rows) + 1 - first
        assert found.among(first, span).to_list() == [record in expected for record in range(first, first + span)]


def test_a_collision_of_hashes_costs_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uniqueness, "BUCKETS", 1)  # all hashes are the same now
    rows = [(n % 50, "x") for n in range(100)]
    assert tallied(rows, 7, tmp_path / "keys", 0).count == 50


def test_zero_has_one_sign(tmp_path: Path) -> None:
    tally = KeyTally(UniqueKey("unique-error", ("x",)), tmp_path / "keys", buffer_bytes=0)
    for record, value in enumerate([0.0, -0.0, 1.0], start=1):
        tally.add(pl.DataFrame({"x": [value]}), record)
    assert tally.duplicates().earlier == {2: 1}


def test_the_earlier_record_is_known_for_the_first_duplicates_of_the_file(tmp_path: Path) -> None:
    rows = [(0, "x")] + [(n % 4_000, "x") for n in range(8_000)]
    found = tallied(rows, 1_000, tmp_path / "keys", 1_000)
    assert found.count == 4_001
    assert list(found.earlier) == [2, *range(4_002, 5_001)]


def test_unique_columns_and_keys_are_each_looked_at_once() -> None:
    assert [(key.rule, key.columns) for key in unique_keys(full())] == [
        ("unique-error", ("receipt",)),
        ("primary-key", ("sold_at", "country")),
        ("primary-key", ("country", "due")),
    ]
    one = contract({"name": "a", "type": "long", "unique": True}, keys=[["a"]])
    assert [key.columns for key in unique_keys(one)] == [("a",)]


def test_messages_name_the_columns() -> None:
    assert KEY.message(7) == "`a`, `b` must be unique, and record 7 has the same"
    assert KEY.message() == "`a`, `b` must be unique, and an earlier record has the same"
