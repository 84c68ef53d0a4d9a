"""Every record is handled or lies whole in the dead letters, and the next one is through within five seconds."""

from __future__ import annotations

import gzip
import json
import logging
import time
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from aiokafka.errors import MessageSizeTooLargeError

from shared import events
from shared.kafka.admin import admin_client
from shared.kafka.envelope import Subject
from shared.kafka.topics import topic_name
from tests.integration.kafka.hostile import LARGEST, Hostile, all_hostile, update
from tests.integration.kafka.rig import Rig, an_update, reading

SECONDS_FOR_THE_NEXT = 5.0
ALL = all_hostile()
log = logging.getLogger(__name__)


def test_there_are_enough_kinds() -> None:
    assert len({one.name for one in ALL}) == len(ALL) >= 14


@pytest.mark.parametrize("hostile", ALL, ids=lambda one: one.name)
async def test_it_is_handled_or_parked_and_the_next_is_through(shared_rig: Rig, hostile: Hostile) -> None:
    rig = shared_rig
    offset = await rig.send(hostile.topic, value=hostile.value, headers=hostile.headers, key=hostile.key)
    sent = time.monotonic()
    await _next_is_through(rig, hostile.topic)
    log.info("the next record was handled after %.3f s", time.monotonic() - sent)
    if hostile.fate == "handled":
        await rig.handled.until(lambda one: one.event.key == hostile.task_id)
    else:
        await _lies_whole(rig, hostile, offset)
    if hostile.fate == "parked and told" and hostile.task_id is not None:
        event = (await rig.told(hostile.task_id)).event
        assert isinstance(event, events.TaskUpdated)
        assert (event.status, event.attempt, event.problems[0].code) == ("FAILED", 1, "parked")


async def test_nobody_is_answered(rig: Rig) -> None:
    replies = topic_name(rig.settings, "replies")
    async with admin_client(rig.settings) as client:
        await client.create_topics([NewTopic(replies, 1, 1)])
    try:
        async with reading(rig.settings, replies) as answers:
            for asking in (update("good", "handled"), update("bad", "parked", value=b"?")):
                headers = [*asking.headers, ("reply_to", replies.encode())]
                await rig.send("task.updated", value=asking.value, headers=headers)
            await _next_is_through(rig, "task.updated")
            assert not answers.items
    finally:
        async with admin_client(rig.settings) as client:
            await client.delete_topics([replies])


async def test_the_attempt_of_a_parked_record_is_the_one_that_fails(rig: Rig) -> None:
    late = update("attempt 3", "parked and told", body={"attempt": 3, "status": "ASLEEP"})
    await rig.send("task.updated", value=late.value, headers=late.headers)
    assert late.task_id is not None
    assert (await rig.told(late.task_id)).subject == Subject(late.task_id, 3)


async def test_a_compressed_record_is_read(rig: Rig) -> None:
    good = update("compressed", "handled")
    assert await _send_compressed(rig, good.value or b"", good.headers) == 0
    await rig.handled.until(lambda one: one.event.key == good.task_id)


async def test_a_small_record_that_unpacks_to_a_large_one_is_refused_by_the_broker(rig: Rig) -> None:
    bomb = b"0" * (8 * LARGEST)
    assert len(gzip.compress(bomb)) < LARGEST / 10
    with pytest.raises(MessageSizeTooLargeError):
        await _send_compressed(rig, bomb, ())
    await _next_is_through(rig, "task.updated")


@pytest.mark.parametrize("topic", ["task.updated", "file.uploaded"])
async def test_a_header_whose_name_is_not_utf8_does_not_stop_the_partition(rig: Rig, topic: str) -> None:
    first, last = an_update(), an_update()
    await rig.publish(first)
    offset = await rig.send_with_header_name(topic, b"\xff\xfe")
    await rig.publish(last)
    sent = time.monotonic()
    await _next_is_through(rig, topic)
    log.info("the next record was handled after %.3f s", time.monotonic() - sent)
    letter = dict((await rig.letter(topic, offset)).headers)
    assert letter["dlq_error"] == b"the record has a header whose name is not UTF-8"
    await rig.handled.until(lambda one: one.event == last)
    assert sum(one.event == first for one in rig.handled.items) == 1


async def _send_compressed(rig: Rig, value: bytes, headers: Any) -> int:
    sender = AIOKafkaProducer(
        bootstrap_servers=rig.settings.bootstrap_servers, compression_type="gzip", max_request_size=2**24
    )
    async with sender:
        metadata = await sender.send_and_wait(
            topic_name(rig.settings, "task.updated"), value=value, headers=list(headers), partition=0
        )
    offset: int = metadata.offset
    return offset


async def _next_is_through(rig: Rig, topic: str) -> None:
    if topic == "file.uploaded":
        body = {"file_uri": f"s3://lake/{time.monotonic_ns()}.csv", "datasource_name": "sales"}
        await rig.send(topic, value=json.dumps(body).encode())
        await rig.handled.until(
            lambda one: isinstance(one.event, events.FileUploaded) and one.event.file_uri == body["file_uri"],
            seconds=SECONDS_FOR_THE_NEXT,
        )
        return
    good = an_update()
    await rig.publish(good)
    await rig.handled.until(lambda one: one.event == good, seconds=SECONDS_FOR_THE_NEXT)


async def _lies_whole(rig: Rig, hostile: Hostile, offset: int) -> None:
    letter = await rig.letter(hostile.topic, offset)
    assert letter.value == hostile.value
    assert letter.key == (b"" if hostile.key is None and hostile.value is None else hostile.key)
    count = len(hostile.headers)
    assert list(letter.headers[:count]) == list(hostile.headers)
    added = {name: (raw or b"").decode() for name, raw in letter.headers[count:]}
    reason = added.pop("dlq_error")
    assert 0 < len(reason) <= 500
    assert added == {
        "dlq_topic": topic_name(rig.settings, hostile.topic),
        "dlq_partition": "0",
        "dlq_offset": str(offset),
        "dlq_attempts": "1",
        "dlq_service": "projector",
    }
