"""Whether a consumer group has seen what was in a topic when somebody asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.errors import TransientError
from shared.kafka.settings import KafkaSettings

LOOK = timedelta(milliseconds=50)


class BacklogUnknownError(TransientError):
    """Kafka cannot say at the moment how far the group is."""


class TopicEnds:
    """Asks where topics end, on a connection of its own, made when first asked.

    On the connection of a consumer that reads, the question waits behind the fetch before it: half a second where
    nothing arrives, and that in every load.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._asker: AIOKafkaConsumer | None = None
        self._starting = asyncio.Lock()

    async def of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The end of each partition, as `read_committed` sees it.

        Raises:
            KafkaError: no broker answers.
        """
        async with self._starting:
            if self._asker is None:
                asker = AIOKafkaConsumer(isolation_level="read_committed", **self._settings.client_arguments())
                try:
                    await asker.start()
                except BaseException:
                    await asker.stop()
                    raise
                self._asker = asker
        ends: dict[TopicPartition, int] = await self._asker.end_offsets(partitions)
        return ends

    async def stop(self) -> None:
        """Close the connection, if there is one."""
        asker, self._asker = self._asker, None
        if asker is not None:
            await asker.stop()


async def is_settled(consumer: AIOKafkaConsumer, ends: TopicEnds, topic: str, *, patience: timedelta) -> bool:
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
        wanted = await ends.of(partitions)
        async with asyncio.timeout(patience.total_seconds()):
            for partition, end in wanted.items():
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
