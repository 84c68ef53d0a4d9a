"""Which contract judges a file, and how long it is waited for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.validator.contract_rows import ContractRows
from services.validator.pinning import Awaited, Pinned, Pinning
from shared import ids
from shared.events import FileUploaded, Problem
from shared.inbox import Inbox, Job

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PATIENCE = timedelta(minutes=10)
TEXT = "format_version: 1\ndatasource: sales\ncolumns: [{name: n, type: long}]\n"


@dataclass
class Bench:
    """The versions that were heard of, and the row of one job."""

    heard: dict[int, str] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=lambda: {"contract_version": None, "contract_missed_at": None})
    now: datetime = NOW
    all_heard: bool = True
    arrives: dict[int, str] = field(default_factory=dict)

    async def latest(self, tenant: str, datasource_name: str) -> int:
        assert (tenant, datasource_name) == ("default", "sales")
        return max(self.heard, default=0)

    async def find(self, tenant: str, datasource_name: str, version: int) -> bytes | None:
        assert (tenant, datasource_name) == ("default", "sales")
        return self.heard[version].encode() if version in self.heard else None

    async def update(self, _: Job, **columns: Any) -> None:
        self.columns.update(columns)

    async def is_all_heard(self) -> bool:
        self.heard.update(self.arrives)
        return self.all_heard

    async def look(self, contract_version: int | None = None) -> Pinned | Awaited | Problem:
        """What the next lease of the job finds."""
        pinning = Pinning(
            cast("ContractRows", self),
            cast("Inbox", self),
            lambda: self.now,
            patience=PATIENCE,
            all_heard=self.is_all_heard,
        )
        event = FileUploaded(
            task_id=ids.fresh_task_id(),
            datasource_name="sales",
            file_uri="s3://ingest/x",
            accepted_at=NOW,
            contract_version=contract_version,
        )
        job = Job(
            event_id=uuid.uuid4(),
            task_id=event.task_id,
            attempt=1,
            event={},
            traceparent=None,
            lane=0,
            tries=1,
            deaths=0,
            wait_reason=None,
            columns=dict(self.columns),
        )
        return await pinning(job, event)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_version_that_the_gateway_names_judges(bench: Bench) -> None:
    bench.heard = {1: TEXT, 2: TEXT.replace("long", "double"), 3: TEXT}
    found = await bench.look(2)
    assert isinstance(found, Pinned)
    assert found.version == 2
    assert found.contract is not None
    assert found.contract.columns[0].type == "double"


async def test_a_file_that_was_sent_before_the_first_contract_has_none(bench: Bench) -> None:
    bench.heard = {1: TEXT}
    assert await bench.look(0) == Pinned(None, None)
    assert bench.columns["contract_version"] == 0


async def test_a_record_that_names_no_version_keeps_the_first_that_it_was_given(bench: Bench) -> None:
    bench.heard = {1: TEXT}
    for _ in range(2):
        found = await bench.look()
        assert isinstance(found, Pinned)
        assert found.version == 1
        bench.heard[2] = TEXT


async def test_no_contract_is_kept_too(bench: Bench) -> None:
    assert await bench.look() == Pinned()
    bench.heard = {1: TEXT}
    assert await bench.look() == Pinned()


async def test_the_latest_is_not_chosen_before_all_is_heard(bench: Bench) -> None:
    bench.heard, bench.all_heard = {1: TEXT}, False
    assert await bench.look() == Awaited()
    assert bench.columns["contract_version"] is None
    bench.heard[2], bench.all_heard = TEXT, True
    found = await bench.look()
    assert isinstance(found, Pinned)
    assert found.version == 2


async def test_a_late_version_is_waited_for(bench: Bench) -> None:
    assert await bench.look(1) == Awaited()
    assert bench.columns["contract_missed_at"] == NOW
    bench.now += PATIENCE - timedelta(seconds=1)
    assert await bench.look(1) == Awaited()
    bench.heard = {1: TEXT}
    assert isinstance(await bench.look(1), Pinned)


async def test_a_version_that_never_comes_is_our_fault(bench: Bench) -> None:
    await bench.look(7)
    bench.now += PATIENCE
    found = await bench.look(7)
    assert isinstance(found, Problem)
    assert (found.code, found.detail) == ("contract_missing", {"datasource_name": "sales", "contract_version": 7})
    assert "version 7 of the contract of 'sales'" in found.message
    assert "600 s (setting VALIDATOR_CONTRACT_PATIENCE)" in found.message
    assert "no fault of the file" in found.message


async def test_nobody_gives_up_while_something_is_unheard(bench: Bench) -> None:
    await bench.look(1)
    bench.now, bench.all_heard = NOW + 2 * PATIENCE, False
    assert await bench.look(1) == Awaited()
    bench.all_heard, bench.arrives = True, {1: TEXT}
    assert isinstance(await bench.look(1), Pinned)


async def test_a_contract_of_a_later_release_is_our_fault(bench: Bench) -> None:
    bench.heard = {1: TEXT.replace("format_version: 1", "format_version: 2")}
    found = await bench.look(1)
    assert isinstance(found, Problem)
    assert found.code == "contract_unreadable"
    assert "line 1, column 1: format_version" in found.message
