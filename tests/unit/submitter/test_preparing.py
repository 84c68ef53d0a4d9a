"""What a load takes from Druid before its spec is made, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.submitter.capabilities import KnownCapabilities
from services.submitter.comparing import Comparing
from services.submitter.preparing import Preparing
from services.submitter.spec import Load, freeze, proof_of, slots_of
from shared.druid import Capabilities, DruidRefusedError
from shared.events import FileValidated, LoadMode, Problem, ProofBy
from shared.loading import Loading, Metric, Partitioning
from shared.storage.memory import InMemoryObjectStore
from tests.contracts.golden import all_golden
from tests.unit.druid.scripted import ScriptedDruid
from tests.unit.druid.scripted_columns import ScriptedColumns

ROLLUP = Loading(rollup=True, task_id_column=False, metrics=(Metric(name="n", type="count"),))
USED = ("2010-01-01T00:00:00.000Z/2011-01-01T00:00:00.000Z",)


def verdict(loading: Loading | None) -> FileValidated:
    golden = next(one for one in all_golden() if one.kind == FileValidated.event_type and one.name == "contract")
    event = golden.read().event
    assert isinstance(event, FileValidated)
    return event.model_copy(update={"loading": loading})


async def prepared(
    druid: ScriptedDruid,
    loading: Loading | None = None,
    mode: LoadMode = LoadMode.APPEND,
    columns: ScriptedColumns | None = None,
) -> Load | Problem:
    preparing = Preparing(
        druid,
        druid.capabilities,
        Comparing(columns or ScriptedColumns()),
        InMemoryObjectStore(),
        lifetime=timedelta(days=7),
        rows_per_segment=5,
    )
    return await preparing(verdict(loading), mode, most_sub_tasks=1)


async def load_for(*arguments: Any) -> Load:
    load = await prepared(*arguments)
    assert isinstance(load, Load)
    return load


async def test_without_a_definition_nothing_but_the_verdict_counts() -> None:
    load = await load_for(ScriptedDruid(used=USED))
    assert (load.loading, load.used, load.urls, load.rows_before) == (Loading(), (), (), None)
    proof = proof_of(freeze(load).spec)
    assert (proof.mode, proof.by, proof.count_metric, proof.rows_before) == (
        LoadMode.APPEND,
        ProofBy.TASK_ID,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("loading", "used"), [(None, USED), (Loading(replace="touched", segment_granularity="day"), ())]
)
async def test_only_a_replace_of_the_whole_covers_what_is_there(loading: Loading | None, used: tuple[str, ...]) -> None:
    load = await load_for(ScriptedDruid(used=USED), loading, LoadMode.REPLACE)
    assert load.used == used
    io_config = freeze(load).spec["spec"]["ioConfig"]
    assert (io_config["appendToExisting"], io_config["dropExisting"]) == (False, bool(used))


async def test_the_rows_before_stand_in_the_frozen_spec() -> None:
    load = await load_for(ScriptedDruid(counts=[41]), ROLLUP)
    proof = proof_of(freeze(load).spec)
    assert (proof.mode, proof.by, proof.count_metric, proof.rows_before) == (
        LoadMode.APPEND,
        ProofBy.DIFFERENCE,
        "n",
        41,
    )
    replacing = await load_for(ScriptedDruid(counts=[41]), ROLLUP, LoadMode.REPLACE)
    assert proof_of(freeze(replacing).spec).rows_before == 0


async def test_a_datasource_that_is_not_there_has_no_rows() -> None:
    druid = ScriptedDruid(counts=[DruidRefusedError("Object 'flights' not found within 'druid'")])
    assert (await load_for(druid, ROLLUP)).rows_before == 0
    with pytest.raises(DruidRefusedError, match="Cannot parse"):
        await prepared(ScriptedDruid(counts=[DruidRefusedError("Cannot parse")]), ROLLUP)


async def test_without_the_s3_extension_every_part_has_an_address_that_the_hash_does_not_know() -> None:
    load = await load_for(ScriptedDruid(extensions=frozenset()))
    assert [url.partition("?")[2] for url in load.urls] == ["signed-for=604800"] * 2
    source = freeze(load).spec["spec"]["ioConfig"]["inputSource"]
    assert source == {"type": "http", "uris": list(load.urls)}
    later = replace(load, urls=tuple(f"{url}&later=1" for url in load.urls))
    elsewhere = replace(load, urls=tuple(url.replace(".invalid/", ".invalid/x/") for url in load.urls))
    assert freeze(later).spec_hash == freeze(load).spec_hash != freeze(elsewhere).spec_hash


async def test_a_missing_extension_is_named() -> None:
    sketches = Loading(rollup=True, metrics=(Metric(name="people", type="hll", column="carrier"),))
    found = await prepared(ScriptedDruid(), sketches)
    assert isinstance(found, Problem)
    assert found.code == "druid_lacks_extension"
    assert "`people`" in found.message
    assert "druid-datasketches" in found.message
    there = ScriptedDruid(extensions=frozenset({"druid-s3-extensions", "druid-datasketches"}))
    assert isinstance(await prepared(there, sketches), Load)


async def test_a_spec_of_an_earlier_release_is_proven_by_the_id() -> None:
    spec = dict(freeze(await load_for(ScriptedDruid())).spec)
    spec["context"] = {key: value for key, value in spec["context"].items() if key != "ingest_proof"}
    assert proof_of(spec).by is ProofBy.TASK_ID


@pytest.mark.parametrize(("partitioning", "slots"), [("dynamic", 1), ("hashed", 1), ("range", 2)])
async def test_slots_are_counted_as_druid_takes_them(partitioning: Any, slots: int) -> None:
    """Range partitions are made by sub-tasks only, even where one alone may run."""
    columns = () if partitioning == "dynamic" else ("carrier",)
    loading = Loading(partitioning=Partitioning(type=partitioning, columns=columns))
    assert slots_of(freeze(await load_for(ScriptedDruid(), loading, LoadMode.REPLACE)).spec) == slots


async def test_capabilities_are_asked_once_in_a_while() -> None:
    druid, now = ScriptedDruid(), [datetime(2026, 1, 1, tzinfo=UTC)]
    known = KnownCapabilities(druid, keep_for=timedelta(minutes=10), clock=lambda: now[0])
    assert (await known()).has("druid-s3-extensions")
    druid.extensions = frozenset()
    now[0] += timedelta(minutes=9)
    assert (await known()).has("druid-s3-extensions")
    now[0] += timedelta(minutes=1)
    assert await known() == Capabilities("scripted", frozenset())
