"""What canonical rows should be in Druid, by how their datasource is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from services.spec_check.cells import NOT_COMPARED
from services.spec_check.expecting import expected, types_in
from services.spec_check.transforming import transformed
from shared.loading import COUNT_METRIC, DimensionTyped, Loading, Metric, Transform

ROW: dict[str, Any] = {
    "__time": 1_362_373_200_123,  # 2013-03-04T05:00:00.123Z
    "delay": -13,
    "ratio": 0.75,
    "city": " Straße ",
    "price": "1.50",
    "basket": '{"items": [{"name": "n1"}], "the sum": 10, "tax": 0.125, "none": null, "yes": true}',
    "nothing": None,
}


def one(loading: Loading) -> dict[str, Any]:
    (row,) = expected([ROW], [1], loading).rows
    return dict(row)


def test_without_more_they_are_as_they_are() -> None:
    ours = expected([ROW, {**ROW, "delay": None}], [1, 4], Loading())
    assert ours.rows == [ROW, {**ROW, "delay": None}]
    assert ours.records == [1, 4]
    assert (
        ours.asked
        == ours.types
        == {
            "__time": "long",
            "delay": "long",
            "ratio": "double",
            "city": "string",
            "price": "string",
            "basket": "string",
        }
    )


def test_stated_types_are_asked_for_and_json_is_parsed() -> None:
    stated = (DimensionTyped(name="basket", type="json"), DimensionTyped(name="price", type="double"))
    ours = expected([ROW], [1], Loading(dimension_types=(*stated, DimensionTyped(name="nothing", type="long"))))
    assert ours.rows[0]["basket"]["items"] == [{"name": "n1"}]
    assert (ours.types["price"], ours.asked["price"], ours.rows[0]["price"]) == ("string", "double", "1.50")
    assert ours.asked["basket"] == "json"
    assert "nothing" not in ours.asked


def test_what_is_left_out_is_not_expected() -> None:
    assert "city" not in one(Loading(left_out=("city",)))


def test_metrics_are_those_of_one_row() -> None:
    metrics = (
        Metric(name="delay", type="sum", column="delay", number="long"),
        Metric(name="paid", type="sum", column="price", number="double"),
        Metric(name="least", type="min", column="nothing", number="long"),
        Metric(name="people", type="hll", column="city"),
    )
    row = one(Loading(rollup=True, metrics=metrics, left_out=("delay", "price", "nothing")))
    wanted = {"delay": -13, "paid": 1.5, "least": None, "people": NOT_COMPARED, COUNT_METRIC: 1}
    assert {name: row[name] for name in wanted} == wanted
    assert "price" not in row
    counted = one(Loading(rollup=True, metrics=(Metric(name="trips", type="count"),)))
    assert (counted["trips"], COUNT_METRIC in counted) == (1, False)


def test_a_metric_reads_what_a_transform_makes() -> None:
    loading = Loading(
        rollup=True,
        transforms=(Transform(name="tens", type="bucket", columns=("delay",), size=10, returns="long"),),
        metrics=(Metric(name="most", type="max", column="tens", number="long"),),
    )
    assert one(loading)["most"] == -20


def test_a_column_of_whole_numbers_and_others_is_double() -> None:
    assert types_in([{"a": 1, "b": None}, {"a": 1.5, "b": None}]) == {"a": "double"}
    assert types_in([{"a": 1}, {"a": "x"}]) == {"a": "string"}


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"type": "time_floor", "granularity": "day"}, "2013-03-04T00:00:00.000Z"),
        ({"type": "time_floor", "granularity": "six_hour"}, "2013-03-04T00:00:00.000Z"),
        ({"type": "time_floor", "granularity": "month", "zone": "Europe/Berlin"}, "2013-03-01T00:00:00.000+01:00"),
        ({"type": "time_floor", "granularity": "week", "zone": "Europe/London"}, "2013-03-04T00:00:00.000+00:00"),
        ({"type": "time_floor", "granularity": "hour", "zone": "Europe/Berlin"}, NOT_COMPARED),
        ({"type": "lower", "columns": ("city",)}, " straße "),
        ({"type": "upper", "columns": ("city",)}, " STRASSE "),
        ({"type": "trim", "columns": ("city",)}, "Straße"),
        ({"type": "upper", "columns": ("nothing",)}, None),
        ({"type": "concat", "columns": ("city", "delay"), "separator": "|"}, " Straße |-13"),
        ({"type": "concat", "columns": ("city", "nothing")}, None),
        ({"type": "concat", "columns": ("city", "ratio")}, NOT_COMPARED),
        ({"type": "bucket", "columns": ("delay",), "size": 10, "returns": "long"}, -20),
        ({"type": "bucket", "columns": ("ratio",), "size": 0.5, "returns": "double"}, 0.5),
        ({"type": "bucket", "columns": ("price",), "size": 1, "returns": "double"}, 1.0),
        ({"type": "constant", "value": "x"}, "x"),
        ({"type": "constant"}, ""),
        ({"type": "json_value", "columns": ("basket",), "path": "$.items[0].name"}, "n1"),
        ({"type": "json_value", "columns": ("basket",), "path": "$['the sum']", "returns": "long"}, 10),
        ({"type": "json_value", "columns": ("basket",), "path": "$.tax", "returns": "double"}, 0.125),
        ({"type": "json_value", "columns": ("basket",), "path": "$.items[7].name"}, None),
        ({"type": "json_value", "columns": ("basket",), "path": "$.tax.more"}, None),
        ({"type": "json_value", "columns": ("basket",), "path": "$.none"}, None),
        ({"type": "json_value", "columns": ("basket",), "path": "$['the sum']"}, NOT_COMPARED),
        ({"type": "json_value", "columns": ("basket",), "path": "$.yes", "returns": "long"}, NOT_COMPARED),
    ],
)
def test_a_transform_is_worked_out(fields: dict[str, Any], value: Any) -> None:
    assert transformed(Transform(name="made", **fields), ROW) == value


def test_a_midnight_that_is_skipped_is_left_to_druid() -> None:
    skipped = {"__time": 1_726_000_000_000 - 1_726_000_000_000 % 86_400_000}  # any day
    floor = Transform(name="day", type="time_floor", granularity="day", zone="America/Santiago")
    assert transformed(floor, skipped) is not NOT_COMPARED
    # Chile puts its clocks on at midnight of 8 September 2024: that day begins at one.
    assert transformed(floor, {"__time": 1_725_800_000_000}) is NOT_COMPARED


def test_a_time_beyond_the_calendar_is_left_to_druid() -> None:
    floor = Transform(name="day", type="time_floor", granularity="day")
    assert transformed(floor, {"__time": 10**15}) is NOT_COMPARED
