from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from services.gateway.datasource_rows import PostgresDatasourceRows
from services.gateway.rows import PostgresUploadRows
from shared import ids
from shared.db.engine import Database
from shared.db.models import OutboxRow
from shared.events import DEFAULT_TENANT, Correction, LoadMode, LoadOptions
from tests.unit.gateway.contracts_suite import DatasourceRowsSuite, after, contract_of, new_name
from tests.unit.gateway.rows_suite import UploadRowsSuite, begun, event_of


@pytest.fixture
def rows(database: Database) -> PostgresUploadRows:
    return PostgresUploadRows(database)


@pytest.fixture
def contracts(database: Database) -> PostgresDatasourceRows:
    return PostgresDatasourceRows(database)


class TestPostgresDatasourceRows(DatasourceRowsSuite):
    """Likewise."""


class TestPostgresUploadRows(UploadRowsSuite):
    """The real table passes the suite of the double."""


async def test_row_and_promise_are_one_transaction(rows: PostgresUploadRows, database: Database) -> None:
    claim = await begun(rows)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert await rows.store(claim, event_of(claim.upload), traceparent=trace)
    await rows.store(claim, event_of(claim.upload), traceparent=trace)
    async with database.transaction() as connection:
        asking = select(OutboxRow.__table__).where(OutboxRow.key == claim.upload.task_id)
        [promised] = (await connection.execute(asking)).all()
    assert promised.topic == "file.uploaded"
    assert promised.headers["traceparent"] == trace
    assert promised.headers["ce_source"] == "/ingest/gateway"


async def test_an_upload_names_the_latest_contract_and_is_told_after_it(
    rows: PostgresUploadRows, contracts: PostgresDatasourceRows, database: Database
) -> None:
    name = new_name()
    stored = []
    for number in range(3):
        claim = await begun(rows)
        event = event_of(claim.upload).model_copy(update={"datasource_name": name})
        stored.append(await rows.store(claim, event, traceparent=None))
        await contracts.add(contract_of(name, str(number)), after(number))
    assert [event.contract_version for event in stored if event] == [0, 1, 2]
    assert [await rows.has_contract(DEFAULT_TENANT, name, number) for number in range(5)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    found = await rows.find(claim.upload.task_id)
    assert found is not None
    assert found.contract_version == 2
    keys = [f"default/{name}/{number}" for number in (1, 2)]
    async with database.transaction() as connection:
        asking = select(OutboxRow.key).order_by(OutboxRow.position)
        told = list((await connection.execute(asking)).scalars())
    assert [key for key in told if key in {*keys, claim.upload.task_id}] == [*keys, claim.upload.task_id]


async def test_an_upload_may_name_a_contract_itself(
    rows: PostgresUploadRows, contracts: PostgresDatasourceRows
) -> None:
    name = new_name()
    for number in range(2):
        await contracts.add(contract_of(name, str(number)), after(number))
    claim = await begun(rows)
    event = event_of(claim.upload).model_copy(update={"datasource_name": name, "contract_version": 1})
    assert await rows.store(claim, event, traceparent=None) == event


async def test_an_upload_without_a_mode_has_that_of_its_contract(
    rows: PostgresUploadRows, contracts: PostgresDatasourceRows
) -> None:
    """A contract that says nothing appends; a mode that is named wins; a correction is appended, whatever is said."""
    name = new_name()
    for number, document in enumerate(('{"loading": {"mode": "replace"}}', '{"loading": {"rollup": true}}', "{}")):
        await contracts.add(replace(contract_of(name, str(number)), document=document), after(number))
    correction = Correction(parent_task_id=ids.fresh_task_id(), rows=1)
    cases: list[tuple[int, LoadOptions, Correction | None]] = [
        (1, LoadOptions(), None),
        (2, LoadOptions(), None),
        (3, LoadOptions(), None),
        (0, LoadOptions(), None),
        (1, LoadOptions(mode=LoadMode.APPEND), None),
        (3, LoadOptions(mode=LoadMode.REPLACE), None),
        (1, LoadOptions(), correction),
    ]
    modes = []
    for version, options, corrects in cases:
        claim = await begun(rows)
        said = {"datasource_name": name, "contract_version": version, "options": options, "correction": corrects}
        stored = await rows.store(claim, event_of(claim.upload).model_copy(update=said), traceparent=None)
        assert stored is not None
        modes.append(stored.options.mode.value)
    assert modes == ["replace", "append", "append", "append", "append", "replace", "append"]


async def test_version_and_promise_are_one_transaction(
    contracts: PostgresDatasourceRows, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_name()

    async def defect(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("services.gateway.datasource_rows.promise", defect)
        with pytest.raises(ZeroDivisionError):
            await contracts.add(contract_of(name), after(0))
    assert await contracts.history(DEFAULT_TENANT, name) == []
    await contracts.add(contract_of(name), after(0))
    async with database.transaction() as connection:
        asking = select(OutboxRow.__table__).where(OutboxRow.key == f"default/{name}/1")
        [promised] = (await connection.execute(asking)).all()
    assert promised.topic == "datasource.updated"
    assert json.loads(promised.body)["contract"] == contract_of(name).content.decode()
