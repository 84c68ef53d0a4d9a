"""A batch that is damaged on the broker's disk is never skipped, and the health page says that it stands."""

from __future__ import annotations

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException, KafkaError

from shared import health
from shared.events import FileUploaded
from shared.kafka.topics import topic_name
from tests.integration.kafka.rig import Rig, an_update, until

SECONDS_UNTIL_STUCK = 6.0


async def test_a_damaged_batch_stands_and_is_told_while_the_rest_goes_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = topic_name(rig.settings, "task.updated")
    unpack = fetcher.PartitionRecords._unpack_records

    def damaged_disk(records: fetcher.PartitionRecords) -> object:
        if records._tp.topic == damaged:
            msg = "Invalid CRC"
            raise CorruptRecordException(msg)
        yield from unpack(records)

    reading = rig.consumer.reading
    with monkeypatch.context() as broken:
        broken.setattr(health, "STUCK_AFTER_SECONDS", SECONDS_UNTIL_STUCK)
        broken.setattr(fetcher.PartitionRecords, "_unpack_records", damaged_disk)
        event = an_update()
        await rig.publish(event)
        await until(lambda: reading.report()["busy_seconds"] is not None)
        for number in range(3):
            uri = f"s3://lake/{number}.csv"
            body = f'{{"file_uri": "{uri}", "datasource_name": "sales"}}'
            await rig.send("file.uploaded", value=body.encode())
            await rig.handled.until(lambda one: isinstance(one.event, FileUploaded), count=number + 1)
        await until(lambda: bool(reading.report()["stuck"]))
        assert not health.live([rig.consumer.progress, reading])[0]
        assert event not in [one.event for one in rig.handled.items]
    await rig.handled.until(lambda one: one.event == event)
    await until(lambda: reading.report()["busy_seconds"] is None)
    assert not rig.letters.items


async def test_one_error_is_forgotten_on_quiet_topics(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    subscriber = rig.consumer._subscriber
    assert subscriber is not None
    assert subscriber.consumer is not None
    next_record = subscriber.consumer._fetcher.next_record
    errors = [KafkaError("for a moment")]

    async def fail_once(places: object) -> object:
        if errors:
            raise errors.pop()
        return await next_record(places)

    monkeypatch.setattr(subscriber.consumer._fetcher, "next_record", fail_once)
    await until(lambda: rig.consumer.reading.report()["busy_seconds"] is not None)
    await until(lambda: rig.consumer.reading.report()["busy_seconds"] is None)
    assert not rig.tried.items
