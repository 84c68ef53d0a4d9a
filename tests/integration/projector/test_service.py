from __future__ import annotations

import random
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.projector.app import create_app
from services.projector.handlers import TOPICS
from services.projector.settings import ProjectorSettings
from shared import ids
from shared.db.engine import Database
from shared.events import TaskEvent, TaskStatus
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import group_name, topic_name
from tests.integration.projector.rows import checksum, forget, history_count, until
from tests.unit.projector.histories import loaded, updated, uploaded


async def publish(producer: EventProducer, events: Iterable[TaskEvent]) -> None:
    for event in events:
        await producer.emit(event)


async def rewind(settings: KafkaSettings) -> None:
    """Put the projector's group back to the beginning of its topics, as an operator would."""
    consumer = AIOKafkaConsumer(
        group_id=group_name(settings, "projector"), enable_auto_commit=False, **settings.client_arguments()
    )
    await consumer.start()
    partitions = [
        TopicPartition(topic_name(settings, topic), number) for topic in TOPICS for number in range(settings.partitions)
    ]
    consumer.assign(partitions)
    await consumer.commit(dict.fromkeys(partitions, 0))
    await consumer.stop()


async def test_the_tables_can_be_built_again_from_the_topics(
    projector_settings: ProjectorSettings, producer: EventProducer, database: Database
) -> None:
    tasks = [ids.fresh_task_id() for _ in range(5)]
    events = [event for task_id in tasks for event in loaded(task_id)]
    for task_id in tasks[:2]:
        events += [
            updated(TaskStatus.QUEUED, 70, task_id, attempt=2),
            updated(TaskStatus.FAILED, 71, task_id, attempt=2, reason="again"),
        ]
    random.Random(7).shuffle(events)  # noqa: S311  # an order that repeats
    await publish(producer, events + events[:10])

    async def all_there() -> bool:
        return sum([await history_count(database, task_id) for task_id in tasks]) == len(events)

    async with create_app(projector_settings).running():
        await until(all_there)
    before = await checksum(database, tasks)
    assert [count for count, _ in before] == [5, 7, 49]

    await forget(database)
    await rewind(projector_settings.kafka)
    async with create_app(projector_settings).running():
        await until(all_there)
    assert await checksum(database, tasks) == before


async def test_a_record_that_is_no_event_does_not_stop_the_next(
    projector_settings: ProjectorSettings, producer: EventProducer, database: Database
) -> None:
    task_id = ids.fresh_task_id()
    topic = topic_name(projector_settings.kafka, "file.uploaded")
    await producer.send(topic, key=task_id.encode(), value=b"\xff{", headers=[("ce_type", None)])
    await publish(producer, [uploaded(task_id)])

    async def there() -> bool:
        return await history_count(database, task_id) == 1

    async with create_app(projector_settings).running():
        await until(there)
