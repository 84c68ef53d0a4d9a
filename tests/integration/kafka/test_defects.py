"""A handler that fails for good: the record is put aside, its task is told, and the rest goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared import events
from shared.backoff import Backoff
from shared.errors import PermanentError, TransientError
from shared.kafka.consumer import Handler
from shared.kafka.envelope import Received, Subject, decode
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from tests.integration.kafka.rig import Record, Rig, an_update, make_consumer, new_task_id, rig_on

QUICK = Backoff(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=50))


@pytest_asyncio.fixture
async def rig(topics: KafkaSettings) -> AsyncIterator[Rig]:
    async with rig_on(topics, backoff=QUICK) as running:
        yield running


async def test_a_defect_is_tried_three_times_then_parked(rig: Rig) -> None:
    bad, good = an_update(), an_update()
    rig.before = _failing_on(bad, RuntimeError("secret of the defect"))
    offset = await rig.publish(bad)
    await rig.publish(good)
    await rig.handled.until(lambda one: one.event == good)
    headers = dict((await rig.letter("task.updated", offset)).headers)
    assert headers["dlq_attempts"] == b"3"
    assert headers["dlq_error"] == b"RuntimeError"
    assert _tries(rig, bad) == 3
    assert (await rig.told(bad.task_id)).subject == Subject(bad.task_id, bad.attempt)


async def test_a_handler_may_refuse_for_good(rig: Rig) -> None:
    bad = an_update()
    rig.before = _failing_on(bad, PermanentError("no such datasource: \udcff" + "x" * 10_000))
    offset = await rig.publish(bad)
    headers = dict((await rig.letter("task.updated", offset)).headers)
    assert headers["dlq_attempts"] == b"1"
    assert (headers["dlq_error"] or b"").startswith(b"no such datasource: ?")
    assert len(headers["dlq_error"] or b"") == 500
    assert _tries(rig, bad) == 1
    await rig.told(bad.task_id)


async def test_waiting_for_a_dependency_is_no_defect(rig: Rig) -> None:
    bad = an_update()
    outcomes: list[Exception] = [TransientError("away"), TransientError("away"), TransientError("away")]
    outcomes += [RuntimeError("defect"), TransientError("away"), RuntimeError("defect")]

    async def fail_six_times(received: Received) -> None:
        if received.event == bad and outcomes:
            raise outcomes.pop(0)

    rig.before = fail_six_times
    await rig.publish(bad)
    await rig.handled.until(lambda one: one.event == bad)
    assert _tries(rig, bad) == 7
    assert not rig.letters.items


async def test_a_task_that_cannot_be_handled_at_all_is_told_once(rig: Rig) -> None:
    task_id, good = new_task_id(), an_update()

    async def choke(received: Received) -> None:
        if received.event.key == task_id:
            msg = "chokes on every message of this task"
            raise RuntimeError(msg)

    rig.before = choke
    first = await rig.publish(an_update(task_id))
    await rig.letter("task.updated", first)
    told = await rig.tried.until(lambda one: one.event.key == task_id and _is_parked(one.event), count=3)
    await rig.letter("task.updated", first + 1)
    last = await rig.publish(good)
    await rig.handled.until(lambda one: one.event == good)
    assert last == first + 2
    assert len({one.event_id for one in told}) == 1


async def test_a_letter_that_does_not_fit_says_where_the_record_is(topics: KafkaSettings) -> None:
    async with rig_on(topics, backoff=QUICK) as eyes:
        refusing = EventProducer(topics.model_copy(update={"max_record_bytes": 1024}), source="projector")
        consumer = make_consumer(topics.model_copy(), eyes.handle, refusing, backoff=QUICK)
        large = b"?" * 300_000
        record = await _in_hand(eyes, large)
        await consumer._park(record, "too large", tries=1, told=None)
        letter = (await eyes.letters.until(lambda one: "dlq_left_out_bytes" in dict(one.headers)))[0]
        await refusing.stop()
    assert letter.value is None
    assert dict(letter.headers)["dlq_left_out_bytes"] == b"300000"
    assert dict(letter.headers)["dlq_offset"] == b"0"


async def test_a_defect_outside_the_handler_parks_the_record_too(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = an_update(), an_update()

    def choke(*, value: bytes | None, **arguments: Any) -> Received:
        if bad.task_id.encode() in (value or b""):
            msg = "secret of the defect"
            raise ZeroDivisionError(msg)
        return decode(value=value, **arguments)

    monkeypatch.setattr("shared.kafka.consumer.decode", choke)
    offset = await rig.publish(bad)
    await rig.publish(good)
    await rig.handled.until(lambda one: one.event == good)
    letter = await rig.letter("task.updated", offset)
    assert bad.task_id.encode() in (letter.value or b"")
    assert dict(letter.headers)["dlq_error"] == b"ZeroDivisionError"


async def _in_hand(eyes: Rig, value: bytes) -> Record:
    await eyes.send("task.updated", value=value)
    return await eyes.letter("task.updated", 0)


def _failing_on(bad: events.AnyEvent, error: Exception) -> Handler:
    async def fail(received: Received) -> None:
        if received.event == bad:
            raise error

    return fail


def _tries(rig: Rig, event: events.AnyEvent) -> int:
    return sum(one.event == event for one in rig.tried.items)


def _is_parked(event: events.AnyEvent) -> bool:
    return isinstance(event, events.TaskUpdated) and event.reason == "parked"
