"""A task's kept spec against its own parts, with a Druid that reads what it is sent, and a fault planted into it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from services.spec_check import sample
from services.spec_check.checking import Checked, check_task
from services.spec_check.errors import CannotCheckError
from services.spec_check.request import Part
from services.spec_check.sampler import Sampler
from services.submitter.live_types import TypeDrift
from services.submitter.spec import Load, freeze, without_signatures
from shared.druid import DruidSettings
from shared.loading import DimensionTyped, Loading
from shared.storage.memory import InMemoryObjectStore
from tests.unit.submitter import druid_loads

ROWS = [
    {"__time": number, "delay": number, "ratio": number / 4, "a.b": f"{number}", "ingest_task_id": "T"}
    for number in range(9)
]
TYPES = {"__time": "LONG", "delay": "LONG", "ratio": "DOUBLE", "a.b": "STRING", "ingest_task_id": "STRING"}


class Druid:
    """Answers like the sampler, with the rows of the store or of the request; `spoil` may change them."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row
        self.answer: httpx.Response | Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/druid/indexer/v1/sampler"
        body = json.loads(request.content)
        self.asked.append(body)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        source = body["spec"]["ioConfig"]["inputSource"]
        rows = list(map(json.loads, source["data"].split("\n"))) if source["type"] == "inline" else ROWS
        data = [{"input": row, "parsed": self.spoil(row)} for row in rows[: body["samplerConfig"]["numRows"]]]
        schema = [{"name": name, "type": kind} for name, kind in TYPES.items()]
        return httpx.Response(200, json={"logicalSegmentSchema": schema, "data": data})


@pytest.fixture
def druid() -> Druid:
    return Druid()


async def empty(bucket: str) -> InMemoryObjectStore:
    store = InMemoryObjectStore(bucket)
    await store.ensure_bucket()
    return store


async def stored(load: Load) -> InMemoryObjectStore:
    """A store that has the rows, in as many parts as the load has keys."""
    store = await empty(load.bucket)
    size = -(-len(ROWS) // len(load.keys))
    for number, key in enumerate(load.keys):
        lines = "".join(json.dumps(row) + "\n" for row in ROWS[number * size : (number + 1) * size])
        await store.put_bytes(key, gzip.compress(lines.encode()))
    return store


async def check(druid: Druid, load: Load, *, store: InMemoryObjectStore | None = None, rows: int = 500) -> Checked:
    sampler = Sampler(DruidSettings(url="http://druid.invalid"), transport=httpx.MockTransport(druid))
    spec = without_signatures(freeze(load).spec)
    try:
        return await check_task(spec, store or await stored(load), contract=None, sampler=sampler, rows=rows)
    finally:
        await sampler.close()


async def test_the_specs_own_parts_are_sampled(druid: Druid) -> None:
    checked = await check(druid, druid_loads.MANY_PARTS)
    assert checked.comparison.equal
    assert (checked.comparison.rows, checked.numbered, checked.notes) == (9, "row", ())
    (asked,) = druid.asked
    assert asked["spec"]["ioConfig"]["inputSource"]["type"] == "s3"
    assert asked["samplerConfig"] == {"numRows": 9, "timeoutMs": 21_000}


async def test_no_more_rows_are_compared_than_asked_for(druid: Druid) -> None:
    assert (await check(druid, druid_loads.MANY_PARTS, rows=4)).comparison.rows == 4


async def test_parts_that_were_signed_are_sent(druid: Druid) -> None:
    checked = await check(druid, druid_loads.HTTP)
    assert checked.comparison.equal
    assert druid.asked[0]["spec"]["ioConfig"]["inputSource"]["type"] == "inline"
    assert "signed addresses, which are not kept" in checked.notes[0]


async def test_a_planted_fault_is_found_in_its_row(druid: Druid) -> None:
    druid.spoil = lambda row: {**row, "ratio": 0.3} if row["delay"] == 5 else row
    (cell,) = [cell for column in (await check(druid, druid_loads.APPEND)).comparison.columns for cell in column.first]
    assert (cell.record, cell.ours, cell.druid) == (6, 1.25, 0.3)


async def test_what_was_written_with_the_datasources_own_type_is_compared_as_that(
    druid: Druid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TYPES, "delay", "STRING")
    druid.spoil = lambda row: {**row, "delay": str(row["delay"])}
    drift = TypeDrift("delay", "narrower_type", ("STRING",), "LONG", "STRING", "ignore")
    own = replace(
        druid_loads.APPEND,
        drift=(drift,),
        loading=Loading(dimension_types=(DimensionTyped(name="delay", type="string"),)),
    )
    assert (await check(druid, own)).comparison.equal
    assert not (await check(druid, replace(own, drift=()))).comparison.equal


async def test_rollup_and_granularity_that_are_off_are_told(druid: Druid) -> None:
    assert (await check(druid, druid_loads.GRANULARITY)).notes == (
        "off for the comparison: query granularity SIX_HOUR",
    )


async def test_parts_that_are_gone_are_told_before_druid_is_asked(druid: Druid) -> None:
    with pytest.raises(CannotCheckError, match=r"no longer in the object store .*check the file itself"):
        await check(druid, druid_loads.APPEND, store=await empty("ingest"))
    assert druid.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.ConnectError("refused"), "at http://druid.invalid does not answer: .*ConnectError.*DRUID_URL"),
        (httpx.Response(503), "does not answer: Druid answered 503"),
        (httpx.Response(404, html="<h1>no</h1>"), "refused the sample: HTTP 404"),
        (httpx.Response(200, text="pong"), "is no JSON"),
        (httpx.Response(200, json={"hello": 1}), "is no sampler of Druid's"),
        (httpx.Response(400, json={"error": "Failed to sample data: no"}), "refused the sample: Failed to sample data"),
    ],
)
async def test_a_druid_that_does_not_answer_is_one_clear_line(
    druid: Druid, answer: httpx.Response | Exception, words: str
) -> None:
    druid.answer = answer
    with pytest.raises(CannotCheckError, match=words) as raised:
        await check(druid, druid_loads.APPEND)
    assert "\n" not in str(raised.value)


async def test_rows_are_cut_where_the_sampler_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MOST_BYTES", sum(len(json.dumps(row)) + 1 for row in ROWS[:3]))
    store = await stored(druid_loads.APPEND)
    part = Part(None, druid_loads.APPEND.keys[0])
    assert len((await sample.of_objects(store, [part], 9)).rows) == 3


async def test_a_first_row_that_is_too_large_is_told(druid: Druid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MOST_BYTES", 10)
    with pytest.raises(CannotCheckError, match="the first row has more than the 10 bytes"):
        await check(druid, druid_loads.APPEND)


@pytest.mark.parametrize(
    ("rejected", "records"), [("", (1, 2, 3)), ("1,3-4", (2, 5, 6)), (None, None)], ids=["none", "some", "not told"]
)
def test_rows_have_the_numbers_of_their_records(rejected: str | None, records: tuple[int, ...] | None) -> None:
    assert sample.records_of(3, rejected) == records
