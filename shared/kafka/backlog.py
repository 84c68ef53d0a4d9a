"""Whether a consumer group has seen what was in a topic when somebody asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.errors import TransientError

LOOK = timedelta(milliseconds=50)


class BacklogUnknownError(TransientError):
    """Kafka cannot say at the moment how far the group is."""


async def is_settled(consumer: AIOKafkaConsumer, topic: str, *, patience: timedelta) -> bool:
    """Wait until the whole group has committed every record that the topic holds now; False if `patience` runs out.

    Records that arrive later are not waited for, so the answer comes under any load. The group's members share the
    partitions; each commit counts, whoever made it.

    Raises:
        BacklogUnknownError: Kafka does not answer, or does not know the topic yet.
    """
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        if not partitions:
            msg = f"Kafka does not know the topic {topic} yet"
            raise BacklogUnknownError(msg)
        ends = await consumer.end_offsets(partitions)
        async with asyncio.timeout(patience.total_seconds()):
            for partition, end in ends.items():
                while await _committed(consumer, partition) < end:  # noqa: ASYNC110  # other members commit too
                    await asyncio.sleep(LOOK.total_seconds())
    except TimeoutError:
        return False
    except KafkaError as error:
        msg = f"Kafka does not say how far the group is in {topic}: {error}"
        raise BacklogUnknownError(msg) from error
    return True


async def _committed(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    offset: int | None = await consumer.committed(partition)
    return offset or 0
