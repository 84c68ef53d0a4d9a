"""A date of a workbook in every declared format: what is written is what the engine reads back."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from services.validator.engine.formats.date_cells import DateFormat
from services.validator.engine.patterns import COMPACT_DAY, FORMATS
from services.validator.engine.timestamps import parse_times

DAY = datetime(2024, 2, 3)  # noqa: DTZ001 - a workbook knows no zone
NOON = DAY.replace(hour=12, minute=30, second=5)
PRECISE = NOON.replace(microsecond=250_000)
OWN = ("%d.%m.%Y", "%d.%m.%Y %H:%M:%S.%f", "%B %d %Y %I:%M:%S %p", "%a %d %b %Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f%z")


def read_back(text: str, time_format: str, zone: str) -> datetime | None:
    ms = parse_times(pl.Series([text]), time_format, zone).ms[0]
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


@pytest.mark.parametrize("time_format", [*(name for name in FORMATS if name != "iso"), *OWN])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
@pytest.mark.parametrize("value", [DAY, NOON, PRECISE])
def test_what_is_written_is_read_back_or_nothing_is_written(value: datetime, zone: str, time_format: str) -> None:
    text = DateFormat(time_format, zone).text(value)
    local = value.replace(tzinfo=UTC)
    meant = local if zone == "UTC" else datetime.fromtimestamp(local.timestamp() - 19_800, UTC)
    if text is None:
        assert value != DAY
    else:
        assert read_back(text, time_format, zone) == meant


@pytest.mark.parametrize(
    ("time_format", "value", "text"),
    [
        ("dd/MM/yyyy", DAY, "03/02/2024"),
        ("dd/MM/yyyy", NOON, "03/02/2024 12:30:05"),
        ("yyyyMMddHHmmss", NOON, "20240203123005"),
        ("epoch_s", NOON, "1706963405"),
        ("epoch_s", PRECISE, None),
        ("epoch_ms", PRECISE, "1706963405250"),
        (COMPACT_DAY, NOON, None),
        ("%d.%m.%Y", NOON, None),
        ("%d.%m.%Y %H:%M", NOON, None),
    ],
)
def test_nothing_of_a_time_is_left_out(time_format: str, value: datetime, text: str | None) -> None:
    assert DateFormat(time_format).text(value) == text


@pytest.mark.parametrize("hour", [2, 3])
def test_an_hour_that_the_clocks_skipped_or_repeated_has_no_count(hour: int) -> None:
    skipped = datetime(2024, 3, 31, hour)  # noqa: DTZ001 - a workbook knows no zone
    repeated = datetime(2024, 10, 27, hour)  # noqa: DTZ001
    written = DateFormat("epoch_s", "Europe/Berlin")
    assert (written.text(skipped), written.text(repeated)) == (
        (None, None) if hour == 2 else ("1711846800", "1729994400")
    )
