"""Which rows of the datasource stay beside a load, and what the load becomes by their types."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.submitter.comparing import Comparing
from services.submitter.intervals import beside
from services.submitter.live_types import written
from services.submitter.load import Load
from services.submitter.spec import freeze
from shared.druid import ETERNITY, DruidAwayError
from shared.loading import Transform
from tests.unit.druid.scripted_columns import ScriptedColumns
from tests.unit.submitter import druid_loads

BEFORE = "-146136543-09-08T08:23:32.096Z/2013-03-04T00:00:00.000Z"
AFTER = "2013-03-07T00:00:00.000Z/146140482-04-24T15:36:27.903Z"


@pytest.mark.parametrize(
    ("load", "staying"),
    [
        (druid_loads.APPEND, (ETERNITY,)),
        (druid_loads.REPLACE, ()),
        (druid_loads.TOUCHED, (BEFORE, AFTER)),
    ],
)
async def test_only_what_stays_is_compared(load: Load, staying: tuple[str, ...]) -> None:
    columns = ScriptedColumns()
    columns.has(delay="STRING")
    compared = await Comparing(columns)(load)
    assert columns.asked == [staying]
    assert bool(compared.drift) == bool(staying)


def test_nothing_is_beside_all_of_time() -> None:
    assert beside(ETERNITY) == ()


async def test_the_load_is_written_as_it_was_decided() -> None:
    columns = ScriptedColumns()
    columns.has(delay="STRING", ratio="DOUBLE")
    compared = await Comparing(columns)(druid_loads.APPEND)
    spec = freeze(compared).spec
    assert (written(spec)["delay"], written(spec)["ratio"]) == ("STRING", "DOUBLE")
    assert [one["live"] for one in spec["context"]["ingest_live_types"]] == [["STRING"]]


async def test_a_datasource_without_those_columns_changes_nothing() -> None:
    assert await Comparing(ScriptedColumns())(druid_loads.APPEND) is druid_loads.APPEND


async def test_what_a_transform_makes_of_an_empty_column_is_compared() -> None:
    columns = ScriptedColumns()
    columns.has(**{"a.b": "LONG"})
    empty = tuple(one.model_copy(update={"empty": True}) for one in druid_loads.COLUMNS)
    load = replace(druid_loads.APPEND, columns=empty)
    assert (await Comparing(columns)(load)).drift == ()
    made = load.loading.model_copy(update={"transforms": (Transform(name="a.b", type="constant", value="x"),)})
    (drift,) = (await Comparing(columns)(replace(load, loading=made))).drift
    assert (drift.column, drift.file) == ("a.b", "STRING")


async def test_a_druid_that_is_away_is_told_so() -> None:
    with pytest.raises(DruidAwayError):
        await Comparing(ScriptedColumns(away=DruidAwayError("x")))(druid_loads.APPEND)
