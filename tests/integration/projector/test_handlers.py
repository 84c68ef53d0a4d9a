from __future__ import annotations

import asyncio
import dataclasses
import itertools
import random
import uuid
from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.projector.handlers import Handlers
from services.projector.projection import project
from shared import ids
from shared.db.engine import Database, DatabaseAwayError, DatabaseSettings
from shared.events import CommandName, Problem, TaskEvent, TaskStatus
from shared.kafka.envelope import Received
from tests.integration.projector.rows import checksum, forget, history_count, task_row
from tests.unit.projector.histories import RECONCILED, at, histories, loaded, updated, uploaded, waived


def received(event: TaskEvent) -> Received:
    return Received(event, event.event_id, None)


async def feed(database: Database, events: Iterable[TaskEvent]) -> None:
    handlers = Handlers(database)
    for event in events:
        await handlers.on_event(received(event))


async def test_a_load_is_shown_as_the_fold_says(database: Database) -> None:
    task_id = ids.fresh_task_id()
    await feed(database, loaded(task_id))
    assert await task_row(database, task_id) == dataclasses.asdict(project(task_id, loaded(task_id)).task)


async def test_any_order_and_any_copies_leave_the_same_rows(database: Database) -> None:
    task_id = ids.fresh_task_id()
    sums = []
    for seed in range(6):
        await forget(database, task_id)
        events = loaded(task_id) * (1 + seed % 2)
        random.Random(seed).shuffle(events)  # noqa: S311  # an order that repeats
        await feed(database, events)
        sums.append(await checksum(database, [task_id]))
    assert [count for count, _ in sums[0]] == [1, 1, 9]
    assert sums == [sums[0]] * 6


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_postgresql_keeps_what_the_fold_gives(database_settings: DatabaseSettings, data: st.DataObject) -> None:
    task_id = ids.task_id_of(uuid.uuid4())
    history = data.draw(histories(task_id))
    shuffled = data.draw(st.permutations(history + history[:3]))

    async def run() -> None:
        database = Database(database_settings)
        try:
            await feed(database, shuffled)
            assert await task_row(database, task_id) == dataclasses.asdict(project(task_id, history).task)
            assert await history_count(database, task_id) == len(history)
        finally:
            await database.close()

    asyncio.run(run())


async def test_events_of_one_task_at_the_same_time_are_all_folded(database: Database) -> None:
    task_id = ids.fresh_task_id()
    handlers = Handlers(database)
    await asyncio.gather(*(handlers.on_event(received(event)) for event in loaded(task_id) * 2))
    assert await task_row(database, task_id) == dataclasses.asdict(project(task_id, loaded(task_id)).task)


async def test_nothing_is_kept_when_the_rows_cannot_be_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = ids.fresh_task_id()

    def defect(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("services.projector.handlers.project", defect)
        with pytest.raises(ZeroDivisionError):
            await feed(database, [uploaded(task_id)])
    assert await history_count(database, task_id) == 0
    await feed(database, [uploaded(task_id)])
    assert await history_count(database, task_id) == 1


async def test_postgresql_away_is_an_error_to_wait_for(database_settings: DatabaseSettings) -> None:
    away = Database(database_settings.model_copy(update={"port": 1}))
    with pytest.raises(DatabaseAwayError):
        await feed(away, [uploaded()])
    await away.close()


async def test_waivers_in_any_order_close_the_same_gap(database: Database) -> None:
    task_id = ids.fresh_task_id()
    waivers: list[TaskEvent] = [waived(task_id, rows=2, records="3,77"), waived(task_id, rows=1, sequence=1)]
    events = [*loaded(task_id), *waivers]
    sums = []
    for order in (events, events[::-1], [*waivers, *loaded(task_id), *waivers]):
        await forget(database, task_id)
        await feed(database, order)
        sums.append(await checksum(database, [task_id]))
    assert sums == [sums[0]] * 3
    row = await task_row(database, task_id)
    assert row is not None
    assert (row["status"], row["rows_waived"], row["waived_records"]) == ("COMPLETED", 3, "3,77")


async def test_a_waiver_that_comes_first_waits_for_its_task(database: Database) -> None:
    task_id = ids.fresh_task_id()
    await feed(database, [waived(task_id, rows=2)])
    assert await task_row(database, task_id) is None
    assert await history_count(database, task_id) == 1


async def test_other_commands_leave_no_trace(database: Database) -> None:
    task_id = ids.fresh_task_id()
    await feed(database, [uploaded(task_id), waived(task_id, rows=2, command=CommandName.REPOST)])
    assert await history_count(database, task_id) == 1


async def test_of_an_upstreams_retries_the_earliest_is_shown_in_any_order(database: Database) -> None:
    for order in itertools.permutations(range(3)):
        task_id = ids.fresh_task_id()
        copies = [uploaded(task_id, accepted_at=at(0) + timedelta(milliseconds=number)) for number in order]
        await feed(database, copies)
        row = await task_row(database, task_id)
        assert row is not None
        assert row["created_at"] == at(0)
        assert await history_count(database, task_id) == 1


async def test_of_other_copies_the_first_stays(database: Database) -> None:
    task_id = ids.fresh_task_id()
    await feed(database, [updated(TaskStatus.VALIDATING, 5, task_id), updated(TaskStatus.VALIDATING, 3, task_id)])
    row = await task_row(database, task_id)
    assert row is not None
    assert row["started_at"] == at(5)


async def test_a_problem_may_quote_any_bytes_of_a_file(database: Database) -> None:
    task_id = ids.fresh_task_id()
    problem = Problem(
        code="no_timestamp", message="saw a\x00b", detail={"columns": ["\x00\x01", "ü\U0001f600"], "n": float("nan")}
    )
    await feed(database, [updated(TaskStatus.REJECTED, 1, task_id, problems=(problem,))])
    row = await task_row(database, task_id)
    assert row is not None
    assert row["error_message"] == "saw a\ufffdb"
    assert row["validation_errors"][0]["detail"] == {"columns": ["\ufffd\x01", "ü\U0001f600"], "n": None}


async def test_what_is_not_known_is_null_and_not_a_json_null(database: Database) -> None:
    task_id = ids.fresh_task_id()
    await feed(database, [uploaded(task_id)])
    async with database.transaction() as connection:
        found = await connection.execute(
            text("SELECT ledger IS NULL AND validation_errors IS NULL FROM ingestion_tasks WHERE task_id = :task_id"),
            {"task_id": task_id},
        )
        assert found.scalar_one() is True


async def test_a_count_beyond_integer_is_in_the_ledger(database: Database) -> None:
    task_id = ids.fresh_task_id()
    ledger = RECONCILED.model_copy(update={"rows_counted": 2**63 - 1})
    await feed(database, [updated(TaskStatus.COMPLETED, 1, task_id, ledger=ledger)])
    row = await task_row(database, task_id)
    assert row is not None
    assert (row["row_count"], row["ledger"]["rows_counted"]) == (None, 2**63 - 1)
