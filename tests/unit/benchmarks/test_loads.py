from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks import ten_years
from benchmarks.files import FLIGHTS_COLUMNS, FLIGHTS_TIME, SMALL_COLUMNS, SMALL_ROWS, write_small
from benchmarks.handmade import Handmade
from benchmarks.stays import in_words, mean_stays, stays
from demo import data

HOURS = 200


@pytest.fixture
def flights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file like the flights, one every hour, the last first; `arr_time` is empty in all of them."""
    path = tmp_path / "flights.csv"
    at = [datetime(2013, 12, 30) + timedelta(hours=hour) for hour in reversed(range(HOURS))]  # noqa: DTZ001  # text
    columns = {name: pl.Series(["7"] * HOURS) for name in FLIGHTS_COLUMNS} | {
        "year": pl.Series([str(one.year) for one in at]),
        "arr_time": pl.Series([None] * HOURS, dtype=pl.String),
        FLIGHTS_TIME: pl.Series([f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in at]),
    }
    pl.DataFrame(columns).write_csv(path)
    monkeypatch.setattr(data, "fetch", lambda: (path, path))
    return path


def times(path: Path) -> list[datetime]:
    text = pl.read_csv(path, infer_schema=False)[FLIGHTS_TIME]
    return [datetime.fromisoformat(one) for one in text]


def test_every_copy_of_the_flights_is_a_year_later(flights: Path) -> None:
    path = ten_years.ordered(3)
    found = times(path)
    assert found == sorted(found)
    assert Counter(found) == Counter(one.replace(year=one.year + n) for one in times(flights) for n in range(3))
    assert path.read_text().splitlines()[1] == "2013,7,7,7,7,7,,7,7,7,7,7,7,7,7,7,7,7,2013-12-30T00:00:00Z"


def test_late_flights_are_the_same_at_most_three_days_late(flights: Path) -> None:
    path = ten_years.late(1)
    found = times(path)
    assert sorted(found) == sorted(times(flights))
    assert found != sorted(found)
    latest = found[0]
    for one in found:
        assert latest - one < timedelta(days=ten_years.LATEST_DAYS)
        latest = max(latest, one)


@pytest.mark.usefixtures("flights")
def test_a_file_that_was_made_is_kept() -> None:
    path = ten_years.late(2)
    path.write_text("kept")
    assert ten_years.late(2).read_text() == "kept"


def test_small_files_follow_each_other(tmp_path: Path) -> None:
    first, second = (pl.read_csv(write_small(tmp_path, number)) for number in range(2))
    assert first.columns == list(SMALL_COLUMNS)
    assert first["id"].to_list() + second["id"].to_list() == list(range(2 * SMALL_ROWS))
    assert first["time"].max() < second["time"].min()  # type: ignore[operator]  # ISO 8601


def test_a_handmade_task_says_the_types_and_shares_its_time_only_when_told() -> None:
    task = Handmade("d", "b", "k", SMALL_COLUMNS).task()
    assert task["spec"]["dataSchema"]["timestampSpec"]["column"] == "time"
    assert task["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"] == [
        {"type": "long", "name": "id"},
        {"type": "double", "name": "value"},
    ]
    shared = Handmade("d", "b", "k", SMALL_COLUMNS, beside_others=True).task()
    for one, told in ((task, False), (shared, True)):
        assert one["spec"]["ioConfig"]["appendToExisting"] is told
        assert one["context"]["useConcurrentLocks"] is told


def test_a_stay_lasts_until_the_next_state() -> None:
    def task(*states: tuple[str, str]) -> dict[str, object]:
        return {"states": [{"status": name, "at": f"2024-01-01T00:00:{at}+00:00"} for name, at in states]}

    one = task(("PENDING", "00"), ("QUEUED", "01.5"), ("COMPLETED", "04"))
    other = task(("PENDING", "00"), ("COMPLETED", "02"))
    assert stays(one) == {"PENDING": 1.5, "QUEUED": 2.5}
    means = mean_stays([one, other])
    assert means == {"PENDING": 1.75, "QUEUED": 1.25}
    assert in_words(means) == "PENDING 1.75, QUEUED 1.25"
