"""Makes the topics, as often as one likes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError

from shared.errors import PermanentError, TransientError
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import TopicSpec, all_topics


class KafkaAwayError(TransientError):
    """No broker answers at the configured address."""


class TopicCreationError(PermanentError):
    """Kafka refused to make a topic; the message has the topic and Kafka's reason."""


@asynccontextmanager
async def admin_client(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client.

    Raises:
        KafkaAwayError: if no broker answers.
    """
    client = AIOKafkaAdminClient(client_id="ingest-admin", **settings.client_arguments())
    try:
        await client.start()
    except (KafkaConnectionError, OSError) as error:
        await client.close()
        msg = f"Kafka does not answer at {settings.bootstrap_servers}"
        raise KafkaAwayError(msg) from error
    try:
        yield client
    finally:
        await client.close()


async def create_topics(settings: KafkaSettings) -> tuple[list[str], list[str]]:
    """Make each missing topic with its partitions, replication and retention.

    Returns:
        The names that were made now, and those that existed before (left as they are).

    Raises:
        KafkaAwayError: if no broker answers.
        TopicCreationError: if Kafka refuses one, for example for want of replicas.
    """
    created: list[str] = []
    existing: list[str] = []
    async with admin_client(settings) as client:
        present = set(await client.list_topics())
        for topic in all_topics(settings):
            made = topic.name not in present and await _create(client, topic)
            (created if made else existing).append(topic.name)
    return created, existing


async def _create(client: AIOKafkaAdminClient, topic: TopicSpec) -> bool:
    request = NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=topic.replication_factor,
        topic_configs=topic.config,
    )
    try:
        response = await client.create_topics([request])
    except TopicAlreadyExistsError:
        return False
    except KafkaError as error:
        msg = f"topic {topic.name} was not made: {error}"
        raise TopicCreationError(msg) from error
    for _, code, *rest in response.topic_errors:
        if code == TopicAlreadyExistsError.errno:
            return False
        if code:
            msg = f"topic {topic.name} was not made: Kafka error {code} {rest[0] if rest else ''}"
            raise TopicCreationError(msg)
    return True


async def ping(settings: KafkaSettings) -> None:
    """Answer when a broker answers; raise `KafkaAwayError` when none does."""
    async with admin_client(settings):
        pass
