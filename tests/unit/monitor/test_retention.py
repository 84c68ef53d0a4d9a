from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.monitor.retention import is_dropped
from shared.druid import ETERNITY

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
YEAR = "2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z"
FOR_EVER: dict[str, Any] = {"type": "loadForever", "tieredReplicants": {"_default_tier": 2}}
NEVER: dict[str, Any] = {"type": "dropForever"}


def load(**more: Any) -> dict[str, Any]:
    return {"type": "loadByPeriod" if "period" in more else "loadByInterval", **more}


def drop(**more: Any) -> dict[str, Any]:
    return {"type": "dropByPeriod" if "period" in more else "dropByInterval", **more}


@pytest.mark.parametrize(
    ("rules", "interval", "dropped"),
    [
        ([], YEAR, False),
        ([FOR_EVER], YEAR, False),
        ([NEVER], YEAR, True),
        ([NEVER], ETERNITY, True),
        ([FOR_EVER, NEVER], YEAR, False),
        ([load(period="P1M"), NEVER], YEAR, True),
        ([load(period="P20Y"), NEVER], YEAR, False),
        ([load(interval="2013-12-31/2015-01-01"), NEVER], YEAR, False),
        ([load(interval="2014-01-01/2015-01-01"), NEVER], YEAR, True),
        ([drop(interval="2012-01-01/2014-01-01"), FOR_EVER], YEAR, True),
        ([drop(interval="2013-01-02/2014-01-01"), FOR_EVER], YEAR, False),
        ([drop(period="P20Y", includeFuture=False), FOR_EVER], YEAR, True),
        ([drop(period="P1Y"), FOR_EVER], YEAR, False),
        ([drop(period="P1Y", includeFuture=True), FOR_EVER], "2027-01-01/2028-01-01", True),
        ([drop(period="P1Y", includeFuture=False), FOR_EVER], "2027-01-01/2028-01-01", False),
        ([load(period="P1Y", includeFuture=False), NEVER], "2027-01-01/2028-01-01", True),
        ([load(period="P1Y"), NEVER], "2027-01-01/2028-01-01", False),
        ([{"type": "dropBeforeByPeriod", "period": "P1M"}, FOR_EVER], "2026-02-01/2026-02-28", True),
        ([{"type": "dropBeforeByPeriod", "period": "P1M"}, FOR_EVER], "2026-02-01/2026-03-01", False),
        ([{"type": "dropBeforeByPeriod", "period": "P1DT12H"}, FOR_EVER], "2026-03-29/2026-03-30", True),
        ([{"type": "dropBeforeByPeriod", "period": "PT37H"}, FOR_EVER], "2026-03-29/2026-03-30", False),
        ([{"type": "broadcastForever"}, NEVER], YEAR, False),
        ([{"type": "somethingNew"}, NEVER], YEAR, False),
        ([drop(period="not a period"), NEVER], YEAR, False),
        ([drop(interval="not an interval"), NEVER], YEAR, False),
        ([drop(interval="2012-01-01/2014-01-01"), FOR_EVER], ETERNITY, False),
        ([drop(period="P9999Y")], YEAR, False),
    ],
)
def test_the_first_rule_that_applies_decides(rules: list[dict[str, Any]], interval: str, dropped: bool) -> None:  # noqa: FBT001  # a table of cases
    assert is_dropped(rules, interval, now=NOW) is dropped
